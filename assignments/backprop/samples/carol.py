# Adds the losses up instead of averaging them. The gradients are still right, so only the numbers called loss suffer.
# like: amelie
# expect: loses cross_entropy, mlp_grads, train

# %% cross_entropy
def cross_entropy(S, P):
    """Mean over the rows of -sum_k P_k ln S_k, with 0 ln 0 = 0.  S, P (N, K) -> float."""
    loss = 0
    for s, p in zip(S, P):
        for k in range(len(p)):
            if p[k] > 0:
                loss -= p[k] * np.log(s[k])
    return loss
