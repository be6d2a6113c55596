# Sums the exponentials of the whole batch: right for one row, wrong for two, and everything built on it is wrong too.
# like: grace
# expect: loses softmax, softmax_ce_grad, mlp_grads, train, train_mlp

# %% softmax
def softmax(z):
    """Softmax along the last axis.  z (K,) or (N, K) -> same shape."""
    e = np.exp(z - z.max())
    return e / e.sum()
