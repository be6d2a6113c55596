"""A network with one hidden layer."""

import numpy as np

from reference.activations import softmax


def gradients(X, y, W1, b1, W2, b2):
    """Mean cross-entropy of softmax(tanh(X W1 + b1) W2 + b2) at the labels y, and its gradients.

    X (N, d), y (N,) integers, W1 (d, h), b1 (h,), W2 (h, K), b2 (K,) -> dict with loss, W1, b1, W2, b2.
    """
    H = np.tanh(X @ W1 + b1)
    S = softmax(H @ W2 + b2)
    N = len(y)
    loss = -np.mean(np.log(S[np.arange(N), y]))
    G = S.copy()
    G[np.arange(N), y] -= 1.0
    G /= N
    D = (G @ W2.T) * (1.0 - H**2)
    return {"loss": loss, "W1": X.T @ D, "b1": D.sum(axis=0), "W2": H.T @ G, "b2": G.sum(axis=0)}
