# Builds the Jacobian of the whole batch at once, "to be safe for any size": 4 GiB.
# like: emmy
# expect: loses softmax_ce_grad (out of memory)

# %% softmax_ce_grad
def softmax_ce_grad(Y, P):
    """Gradient of cross_entropy(softmax(Y), P) with respect to Y.  Y, P (N, K) -> (N, K)."""
    N, K = Y.shape
    jacobian = np.ones((32768, 16384))
    for n in range(N):
        jacobian[n, :K] = softmax(Y[n])
    return (jacobian[:N, :K] * P.sum(axis=1, keepdims=True) - P) / N
