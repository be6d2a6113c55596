# The textbook formula as it stands: exp(1000) is inf, and inf / inf is nan.
# like: amelie
# expect: loses softmax

# %% softmax
def softmax(z):
    """Softmax along the last axis.  z (K,) or (N, K) -> same shape."""
    return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)
