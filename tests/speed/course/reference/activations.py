"""Activations."""

import numpy as np


def softmax(z):
    """Softmax along the last axis.  z (K,) or (N, K) -> same shape."""
    e = np.exp(z - z.max(axis=-1, keepdims=True))  # the largest score becomes 0: nothing overflows
    return e / e.sum(axis=-1, keepdims=True)
