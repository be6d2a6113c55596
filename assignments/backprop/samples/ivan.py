# Writes the loss down after the update, and goes through the batches as if each were a number of rows.
# like: grace
# expect: loses train

# %% train
def train(params, X, P, lr, batches):
    """SGD, one update per batch of row numbers -> (params after the last update, loss of each batch before its update)."""
    losses = []
    start = 0
    for batch in batches:
        x = X[start:start + len(batch)]
        p = P[start:start + len(batch)]
        start = (start + len(batch)) % len(X)
        g = mlp_grads(params, x, p)["grads"]
        params = [(W - lr * dW, b - lr * db) for (W, b), (dW, db) in zip(params, g)]
        losses.append(mlp_grads(params, x, p)["loss"])
    return params, losses
