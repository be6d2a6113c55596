# Keeps to the columns of another book: db comes back as (o, 1), and the batch as the second axis. Exported by nbconvert.
# like: ada
# saved by: nbconvert
# expect: loses linear_backward, mlp_grads, train, train_mlp

# %% linear_backward
def linear_backward(dYt, W, Y):
    """Back through Yt = Y W^T + b.  dYt (N, o), W (o, i), Y (N, i) -> {"dY": (N, i), "dW": (o, i), "db": (o,)}."""
    delta = dYt.T                                  # (o, N)
    return {
        "dY": W.T @ delta,
        "dW": delta @ Y,
        "db": delta.sum(axis=1, keepdims=True),
    }
