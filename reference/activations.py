"""Activations and their derivatives.  z is any float array unless a shape is given; all but softmax work entry by entry."""

from __future__ import annotations

import numpy as np

Array = np.ndarray


def softmax(z: Array) -> Array:
    """Softmax along the last axis.  z (K,) or (N, K) -> same shape.  [Turinici, "Backprop: formules"; Michel, "Softmax"]"""
    # The largest score becomes 0: exp cannot overflow, and the common factor cancels.
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_jacobian(z: Array) -> Array:
    """dS_k / dz_j of softmax.  z (K,) -> (K, K), symmetric: S_k (1 - S_k) on the diagonal, -S_k S_j off it.  [Michel]"""
    S = softmax(z)
    return np.diag(S) - np.outer(S, S)


def relu(z: Array) -> Array:
    """max(0, z).  [Michel, "Activation functions"]"""
    return np.maximum(z, 0.0)


def leaky_relu(z: Array, alpha: float = 0.01) -> Array:
    """z where z >= 0, alpha z below.  Michel's max(alpha z, z) is the same for 0 <= alpha <= 1 only."""
    return np.where(z >= 0, z, alpha * z)


def elu(z: Array, alpha: float = 1.0) -> Array:
    """z where z >= 0, alpha (e^z - 1) below.  [Clevert 2016]"""
    # The branch not taken must not overflow.
    return np.where(z >= 0, z, alpha * np.expm1(np.minimum(z, 0.0)))


def sigmoid(x: Array) -> Array:
    """1 / (1 + e^-x), for any size of x.  [Belhafaoui, "Sigmoid"; Boyer's slide 17 misprints the sign]"""
    # tanh saturates without overflow: sigmoid(x) = (1 + tanh(x / 2)) / 2.
    return 0.5 * (1.0 + np.tanh(0.5 * np.asarray(x)))


def sigmoid_deriv(x: Array) -> Array:
    """sigmoid(x) (1 - sigmoid(x)): at most 1/4, at x = 0.  [Belhafaoui]"""
    # 1 - sigmoid(x) would lose its digits for large x; sigmoid(-x) is the same number.
    return sigmoid(x) * sigmoid(-np.asarray(x))


def tanh_deriv(x: Array) -> Array:
    """1 - tanh(x)^2.  [Belhafaoui, "tanh"]"""
    # 4 e^(-2|x|) / (1 + e^(-2|x|))^2 keeps its digits where 1 - tanh^2 would round to 0.
    e = np.exp(-2.0 * np.abs(x))
    return 4.0 * e / (1.0 + e) ** 2
