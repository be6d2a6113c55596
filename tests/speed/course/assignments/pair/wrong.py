"""Known slips of the bench's unit; the bench's submissions are made of them too."""

import numpy as np

from autograder.checks import wrong


@wrong("softmax", "You normalise over the whole array. Each row by itself: axis=-1.")
def softmax_over_the_whole_array(z):
    e = np.exp(z - z.max())
    return e / e.sum()


@wrong("softmax", "exp of a large score overflows. Subtract the row's largest score first.")
def softmax_that_overflows(z):
    e = np.exp(z)
    return e / e.sum(axis=-1, keepdims=True)


@wrong("softmax", "You normalise along the first axis. Shares belong to a row: axis=-1.")
def softmax_along_the_columns(z):
    e = np.exp(z - z.max(axis=0, keepdims=True))
    return e / e.sum(axis=0, keepdims=True)


@wrong("gradients", "You sum over the batch. The loss is a mean: divide by N.")
def gradients_summed_over_the_batch(X, y, W1, b1, W2, b2):
    H = np.tanh(X @ W1 + b1)
    Z = H @ W2 + b2
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    G = e / e.sum(axis=1, keepdims=True)
    loss = -np.log(G[np.arange(len(y)), y]).sum()
    G[np.arange(len(y)), y] -= 1.0
    D = (G @ W2.T) * (1.0 - H**2)
    return {"loss": loss, "W1": X.T @ D, "b1": D.sum(axis=0), "W2": H.T @ G, "b2": G.sum(axis=0)}


@wrong("gradients", "The derivative of tanh is missing: 1 - tanh^2.")
def gradients_without_the_slope_of_tanh(X, y, W1, b1, W2, b2):
    H = np.tanh(X @ W1 + b1)
    Z = H @ W2 + b2
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    G = e / e.sum(axis=1, keepdims=True)
    loss = -np.log(G[np.arange(len(y)), y]).mean()
    G[np.arange(len(y)), y] -= 1.0
    G /= len(y)
    D = G @ W2.T
    return {"loss": loss, "W1": X.T @ D, "b1": D.sum(axis=0), "W2": H.T @ G, "b2": G.sum(axis=0)}
