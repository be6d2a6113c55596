"""Right solutions of the bench's unit, in other styles; the bench's submissions are made of them."""

import math

import numpy as np

from autograder.checks import right


@right("softmax")
def softmax_row_by_row(z):
    if z.ndim == 1:
        e = np.exp(z - max(z))
        return [float(v / sum(e)) for v in e]
    return [softmax_row_by_row(row) for row in z]


@right("softmax")
def softmax_by_logarithms(z):
    m = np.max(z, axis=-1, keepdims=True)
    log_sum = m + np.log(np.sum(np.exp(z - m), axis=-1, keepdims=True))
    return np.exp(z - log_sum)


@right("softmax")
def softmax_with_plain_python(z):
    rows = np.atleast_2d(z).tolist()
    out = []
    for row in rows:
        top = max(row)
        powers = [math.exp(v - top) for v in row]
        total = math.fsum(powers)
        out.append([p / total for p in powers])
    return np.array(out).reshape(z.shape)


@right("gradients")
def gradients_with_one_hot_labels(X, y, W1, b1, W2, b2):
    P = np.eye(len(b2))[y]
    A = X.dot(W1) + b1
    H = np.tanh(A)
    Z = H.dot(W2) + b2
    Z = Z - Z.max(axis=1, keepdims=True)
    L = Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))
    dZ = (np.exp(L) - P) / X.shape[0]
    dA = dZ.dot(W2.T) / np.cosh(A) ** 2
    return {"loss": -(P * L).sum() / len(X), "W1": X.T.dot(dA), "b1": sum(dA), "W2": H.T.dot(dZ), "b2": sum(dZ)}


@right("gradients")
def gradients_sample_by_sample(X, y, W1, b1, W2, b2):
    out = {
        "loss": 0.0,
        "W1": np.zeros_like(W1),
        "b1": np.zeros_like(b1),
        "W2": np.zeros_like(W2),
        "b2": np.zeros_like(b2),
    }
    for x, label in zip(X, y, strict=True):
        h = np.tanh(x @ W1 + b1)
        z = h @ W2 + b2
        e = np.exp(z - z.max())
        p = e / e.sum()
        out["loss"] += -np.log(p[label]) / len(X)
        dz = p.copy()
        dz[label] -= 1
        da = (W2 @ dz) * (1 - h * h)
        for name, value in (("W1", np.outer(x, da)), ("b1", da), ("W2", np.outer(h, dz)), ("b2", dz)):
            out[name] += value / len(X)
    return out
