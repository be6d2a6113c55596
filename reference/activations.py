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


def step(x: Array) -> Array:
    """1 where x > 0, else 0, also at 0: the perceptron's.  Its slope is 0, nothing is learnt.  [Belhafaoui, "Binary step"]"""
    return np.where(np.asarray(x) > 0, 1.0, 0.0)


def relu_deriv(z: Array, at_zero: float = 0.0) -> Array:
    """1 where z > 0, 0 below, at_zero where z = 0: 0 in PyTorch, 1 in Turinici's 1_{z >= 0}."""
    return np.heaviside(z, at_zero)


def leaky_relu_deriv(z: Array, alpha: float = 0.01) -> Array:
    """1 where z > 0, alpha elsewhere; alpha at 0 is PyTorch's choice."""
    return np.where(np.asarray(z) > 0, 1.0, alpha)


def elu_deriv(z: Array, alpha: float = 1.0) -> Array:
    """1 where z > 0, alpha e^z elsewhere.  [Clevert 2016]"""
    return np.where(np.asarray(z) > 0, 1.0, alpha * np.exp(np.minimum(z, 0.0)))


def sigmoid_deriv_of_value(s: Array) -> Array:
    """The slope of the sigmoid where its value is s: s (1 - s).  What backprop needs is kept from the way forward."""
    return s * (1.0 - s)


def tanh_deriv_of_value(t: Array) -> Array:
    """The slope of tanh where its value is t: 1 - t^2."""
    return 1.0 - t**2


# The next two say all formulas again, in one place: their bodies are the solutions of an exercise and stand alone there.


def activations(name: str, x: Array, alpha: float) -> Array:
    """One of "step", "linear", "sigmoid", "tanh", "relu", "leaky", "elu", entry by entry.  x any shape -> same, floats.

    alpha: slope of "leaky" below 0 (usually .01), alpha (e^x - 1) in "elu" (usually 1); the others do not use it.
    step(0) = 0; no x overflows.
    """
    if name == "step":
        return np.where(x > 0, 1.0, 0.0)
    if name == "linear":
        return 1.0 * x
    if name == "sigmoid":
        return 0.5 * (1.0 + np.tanh(0.5 * x))
    if name == "tanh":
        return np.tanh(x)
    if name == "relu":
        return np.maximum(x, 0.0)
    if name == "leaky":
        return np.where(x >= 0, x, alpha * x)
    if name == "elu":
        # np.where computes both branches: the one not taken must not overflow.
        return np.where(x >= 0, x, alpha * np.expm1(np.minimum(x, 0.0)))
    raise ValueError(f"unknown activation {name!r}")


def activation_grad(name: str, x: Array, alpha: float) -> Array:
    """The derivative at x of activations(name, x, alpha).  x any shape -> same shape.

    At the kink x = 0: "step" 0 (as everywhere), "relu" 0, "leaky" and "elu" alpha, as in PyTorch.
    """
    if name == "step":
        return 0.0 * x
    if name == "linear":
        return 0.0 * x + 1.0
    if name == "sigmoid":
        s = 0.5 * (1.0 + np.tanh(0.5 * x))
        return s * (1.0 - s)
    if name == "tanh":
        return 1.0 - np.tanh(x) ** 2
    if name == "relu":
        return np.where(x > 0, 1.0, 0.0)
    if name == "leaky":
        return np.where(x > 0, 1.0, alpha)
    if name == "elu":
        return np.where(x > 0, 1.0, alpha * np.exp(np.minimum(x, 0.0)))
    raise ValueError(f"unknown activation {name!r}")


def relu_sum(t: Array, coefs: Array, knots: Array) -> Array:
    """sum_i coefs_i relu(t - knots_i), a piecewise linear function.  t any shape, coefs, knots (m,) -> t's shape.

    coefs (1, -2, 1) at knots (0, 1, 2): a hat of height 1 at t = 1.  [Belhafaoui, "Learnings of the workshop"]
    """
    total = 0.0 * t
    for c, k in zip(coefs, knots):  # noqa: B905
        total = total + c * np.maximum(t - k, 0.0)
    return total
