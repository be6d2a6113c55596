# A bracket is missing in exercise 5, so that cell does not run at all and the exercises that call it cannot work either.
# like: amelie
# expect: loses linear_backward (crashed), mlp_grads (crashed), train (crashed), train_mlp (crashed)

# %% linear_backward
def linear_backward(dYt, W, Y):
    """Back through Yt = Y W^T + b.  dYt (N, o), W (o, i), Y (N, i) -> {"dY": (N, i), "dW": (o, i), "db": (o,)}."""
    dY = dYt @ W
    dW = (dYt.T @ Y
    db = dYt.sum(axis=0)
    return {"dY": dY, "dW": dW, "db": db}
