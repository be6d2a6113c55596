# A while loop whose counter never grows: the exercise times out twice, then its other checks are not run.
# like: emmy
# expect: loses cross_entropy (timed out)

# %% cross_entropy
def cross_entropy(S, P):
    """Mean over the rows of -sum_k P_k ln S_k, with 0 ln 0 = 0.  S, P (N, K) -> float."""
    n = 0
    total = 0.0
    while n < len(S):
        for k in range(S.shape[1]):
            if P[n, k] == 0:
                continue
            total -= P[n, k] * np.log(S[n, k])
        # n += 1   <- was commented out while debugging
    return total / len(S)
