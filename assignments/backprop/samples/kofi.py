# Trains on a graphics card at work, so everything is float32 to save memory: four digits too few.
# like: niels
# expect: loses softmax, cross_entropy, softmax_ce_grad, linear_backward, mlp_grads, train

# %% softmax
def softmax(z):
    """Softmax along the last axis.  z (K,) or (N, K) -> same shape."""
    z = z.astype(np.float32)
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)

# %% cross_entropy
def cross_entropy(S, P):
    """Mean over the rows of -sum_k P_k ln S_k, with 0 ln 0 = 0.  S, P (N, K) -> float."""
    S, P = np.float32(S), np.float32(P)
    return -np.mean(np.sum(P * np.log(S + np.float32(1e-7)), axis=1))

# %% linear_backward
def linear_backward(dYt, W, Y):
    """Back through Yt = Y W^T + b.  dYt (N, o), W (o, i), Y (N, i) -> {"dY": (N, i), "dW": (o, i), "db": (o,)}."""
    dYt, W, Y = (a.astype("float32") for a in (dYt, W, Y))
    return {"dY": dYt @ W, "dW": dYt.T @ Y, "db": dYt.sum(axis=0)}
