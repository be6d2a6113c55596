# Saves memory: W -= lr * dW writes into the arrays that he was given.
# like: amelie
# expect: loses train

# %% train
def train(params, X, P, lr, batches):
    """SGD, one update per batch of row numbers -> (params after the last update, loss of each batch before its update)."""
    losses = []
    for rows in batches:
        out = mlp_grads(params, X[rows], P[rows])
        losses.append(out["loss"])
        for (W, b), (dW, db) in zip(params, out["grads"]):
            W -= lr * dW
            b -= lr * db
    return params, losses
