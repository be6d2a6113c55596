# Averages db over the batch a second time, and multiplies the two factors of dW until the shapes fit.
# like: niels
# expect: loses linear_backward, mlp_grads, train

# %% linear_backward
def linear_backward(dYt, W, Y):
    """Back through Yt = Y W^T + b.  dYt (N, o), W (o, i), Y (N, i) -> {"dY": (N, i), "dW": (o, i), "db": (o,)}."""
    dW = Y.T @ dYt
    if dW.shape != W.shape:
        dW = dW.T
    return {"dY": dYt @ W, "dW": dW, "db": dYt.mean(axis=0)}
