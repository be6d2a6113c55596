"""Regularisation, initialisation, normalisation, augmentation, and how gradients fade with depth.

[Michel, "Penalized empirical risk", "Regularization: dropout", "Gradient instability"; Belhafaoui, "Batch normalization",
"Vanishing gradient problem", "Dataset Augmentation"; Savinien, "Batchnorm"]
Gradient clipping stands in reference.rnn, layer norm inside a transformer in reference.transformer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray
Params = list[tuple[Array, Array]]
Running = dict[str, Any]


# Penalties and dropout -------------------------------------------------------------------------------------------


def penalty(params: Params, lam: float, kind: str = "l2") -> tuple[float, Params]:
    """Value and gradients of lam sum over the layers of sum W^2 ("l2", no 1/2) or sum |W| ("l1").

    params [(W, b), ...] -> value, [(dW, db), ...] of the same shapes.  dW is 2 lam W, or lam sign(W) with sign(0) = 0; biases
    are not penalised, db = 0.  [Michel; Belhafaoui's lam |w| lacks the square]
    """
    if kind not in ("l1", "l2"):
        raise ValueError(f"kind must be 'l1' or 'l2', not {kind!r}")
    value, grads = 0.0, []
    for W, b in params:
        if kind == "l2":
            value += lam * np.sum(W**2)
            dW = 2 * lam * W
        else:
            value += lam * np.sum(np.abs(W))
            dW = lam * np.sign(W)
        grads.append((dW, np.zeros(np.shape(b))))
    return float(value), grads


def dropout(x: Array, u: Array, p: float, train: bool = True) -> Array:
    """Inverted dropout: a unit is dropped with probability p, 0 <= p < 1.  x, u of one shape, u uniform in [0, 1) -> same.

    In training x / (1 - p) where u >= p, else 0, so that the mean stays x; at inference x.  [Srivastava 2014, where p is the
    probability to keep; Michel, where nothing is rescaled]
    """
    if not train:
        return x * 1.0
    return np.where(u >= p, x / (1 - p), 0.0)


def dropout_test_factor(p: float) -> float:
    """Without rescaling in training, activations are multiplied by 1 - p at test time; p = probability to drop."""
    return 1.0 - p


# Initialisation --------------------------------------------------------------------------------------------------


def glorot_bound(fan_in: int, fan_out: int) -> float:
    """c = sqrt(6 / (fan_in + fan_out)); Michel's sqrt(6) / (fan_in + fan_out) is far too small.  [Glorot 2010]"""
    return float(np.sqrt(6 / (fan_in + fan_out)))


def glorot_uniform(u: Array, fan_in: int, fan_out: int) -> Array:
    """Weights uniform in [-c, c), of variance 2 / (fan_in + fan_out).  u (fan_out, fan_in), in [0, 1) -> same shape."""
    c = np.sqrt(6 / (fan_in + fan_out))
    return c * (2 * u - 1)


# Normalisation ---------------------------------------------------------------------------------------------------


def batchnorm(
    x: Array,
    gamma: Array,
    beta: Array,
    running: Running,
    momentum: float = 0.1,
    eps: float = 1e-5,
    train: bool = True,
    update: str = "ema",
) -> tuple[Array, Running]:
    """gamma (x - mean) / sqrt(var + eps) + beta, per feature or per channel.  [Ioffe 2015; Belhafaoui; Savinien]

    x (N, D) or (N, C, H, W); gamma, beta (D,) or (C,); running {"mean", "var", "count"}, at first 0, 1, 0 -> y of x's shape,
    new running.  In training mean and biased variance (1/m) are the batch's, over all axes but the second; at inference
    they are the running ones, which then stay.  update:
    "ema":     running = (1 - momentum) running + momentum batch, with the unbiased variance, 1/(m - 1)  [PyTorch]
    "average": the plain mean over all batches so far, of means and of biased variances  [Belhafaoui]
    count is the number of batches seen.  "ema" in training needs m >= 2 values per feature (else ValueError).
    """
    axes = (0, *range(2, x.ndim))
    shape = (1, -1) + (1,) * (x.ndim - 2)
    mean, var = running["mean"], running["var"]
    if train:
        m = x.size // x.shape[1]
        mean, var = x.mean(axis=axes), x.var(axis=axes)
        if update == "ema":
            if m < 2:
                raise ValueError("one value per feature has no unbiased variance")
            share, var_seen = momentum, var * m / (m - 1)
        elif update == "average":
            share, var_seen = 1 / (running["count"] + 1), var
        else:
            raise ValueError(f"update must be 'ema' or 'average', not {update!r}")
        running = {
            "mean": (1 - share) * running["mean"] + share * mean,
            "var": (1 - share) * running["var"] + share * var_seen,
            "count": running["count"] + 1,
        }
    xhat = (x - np.reshape(mean, shape)) / np.sqrt(np.reshape(var, shape) + eps)
    return np.reshape(gamma, shape) * xhat + np.reshape(beta, shape), running


def batchnorm_train(x: Array, gamma: float = 1.0, beta: float = 0.0, eps: float = 1e-5) -> Array:
    """Batch norm of one feature in training.  x (N,) -> (N,)."""
    running = {"mean": np.zeros(1), "var": np.ones(1), "count": 0}
    y, _ = batchnorm(np.reshape(x, (-1, 1)), np.array([gamma]), np.array([beta]), running, eps=eps, update="average")
    return y[:, 0]


def bn_running(means: Sequence[float], update: str = "ema", momentum: float = 0.1) -> float:
    """The running mean of one feature, from 0, after batches with these means."""
    running: Running = {"mean": np.zeros(1), "var": np.ones(1), "count": 0}
    for mean in means:
        _, running = batchnorm(np.full((2, 1), mean), np.ones(1), np.zeros(1), running, momentum, update=update)
    return float(running["mean"][0])


def layernorm(x: Array, gamma: Array, beta: Array, eps: float = 1e-5) -> Array:
    """gamma (x - mean) / sqrt(var + eps) + beta, mean and biased variance over the last axis.  x (..., D), gamma, beta (D,).

    Each row by itself, in training and at inference alike.  [Ba 2016; Boyer, "over the embedding dimension only"]
    """
    mean = x.mean(axis=-1, keepdims=True)
    var = x.var(axis=-1, keepdims=True)
    return gamma * (x - mean) / np.sqrt(var + eps) + beta


def norm_stats_count(N: int, D: int) -> tuple[int, int]:
    """(Mean, variance) pairs for N rows of D features: layer norm N, one per row; batch norm D, one per feature."""
    return N, D


def range_affine(lo: float, hi: float) -> tuple[float, float]:
    """gamma and beta that map (-1, 1) onto (lo, hi): half the width, and the middle.  [Savinien: ratings 1..5 -> 2, 3]"""
    return (hi - lo) / 2, (hi + lo) / 2


# When to stop ----------------------------------------------------------------------------------------------------


def early_stopping(val: Sequence[float], patience: int, min_delta: float = 0.0) -> tuple[int, int]:
    """The epoch whose weights are kept, and the last epoch run, both 0-based.  val (E,) losses, patience >= 1.

    An epoch improves if its loss < best - min_delta (NaN never does, the first number always); training stops after the
    epoch that is the patience-th in a row without improvement, or runs to the end.  -1 is kept if no epoch improved.
    [Michel, "Regularization: early stopping"]
    """
    best, best_epoch, waited = np.inf, -1, 0
    for epoch, loss in enumerate(val):
        if loss < best - min_delta:
            best, best_epoch, waited = loss, epoch, 0
        else:
            waited += 1
        if waited == patience:
            return best_epoch, epoch
    return best_epoch, len(val) - 1


def gd_shrinkage(eigenvalues: Array, lr: float, t: int) -> Array:
    """Share of the least-squares solution that t steps of gradient descent from 0 reach, per eigenvalue of the Hessian.

    1 - (1 - lr lambda)^t.  eigenvalues (d,) -> (d,).  [Michel, "early stopping": much like ridge]
    """
    return 1 - (1 - lr * np.asarray(eigenvalues)) ** t


def ridge_shrinkage(eigenvalues: Array, alpha: float) -> Array:
    """The same share for ridge regression with Hessian + alpha I: lambda / (lambda + alpha).  eigenvalues (d,) -> (d,)."""
    return np.asarray(eigenvalues) / (np.asarray(eigenvalues) + alpha)


# Gradients in depth ----------------------------------------------------------------------------------------------


def chain_gradients(w: Array, b: Array, x: float, act: str = "sigmoid") -> list[float]:
    """dC/db_l for l = 1..L of a chain of single units, C = a_L.  w, b (L,), act "sigmoid", "tanh", "relu" or "linear".

    a_0 = x, z_l = w_l a_(l-1) + b_l, a_l = act(z_l);  dC/db_l = act'(z_l) w_(l+1) act'(z_(l+1)) ... w_L act'(z_L), relu'(0) = 0.
    [Belhafaoui, "Vanishing gradient problem", whose |w act'(z)| < 1/4 needs |w| < 1]
    """
    if act not in ("sigmoid", "tanh", "relu", "linear"):
        raise ValueError(f"unknown activation {act!r}")
    a, slopes = x, []
    for w_l, b_l in zip(w, b):  # noqa: B905
        z = w_l * a + b_l
        if act == "sigmoid":
            a = 0.5 * (1 + np.tanh(0.5 * z))
            slopes.append(a * (1 - a))
        elif act == "tanh":
            a = np.tanh(z)
            slopes.append(1 - a**2)
        elif act == "relu":
            a = max(z, 0.0)
            slopes.append(1.0 if z > 0 else 0.0)
        else:
            a = z
            slopes.append(1.0)
    grads = []
    back = 1.0
    for w_l, slope in zip(w[::-1], slopes[::-1]):  # noqa: B905
        back = back * slope
        grads.append(float(back))
        back = back * w_l
    return grads[::-1]


def vanishing_bound(L: int) -> float:
    """Largest |dC/db_1| / |dC/da_L| of L sigmoid units with |w| <= 1: (1/4)^L.  [Belhafaoui]"""
    return 0.25**L


# Augmentation ----------------------------------------------------------------------------------------------------


def augment(img: Array, op: str, pad: int = 0, at: tuple[int, int] = (0, 0), noise: Array | float = 0.0) -> Array:
    """One change that keeps the label.  img (H, W) or (H, W, C) in [0, 1] -> same shape (rot90: H and W change places).

    "flip":  left and right change places.            "rot90": a quarter turn counter-clockwise.
    "crop":  `pad` zeros on all four sides, then the (H, W) window whose upper left corner is `at`, 0 <= at <= 2 pad.
    "grey":  every channel becomes the mean of the channels (an (H, W) image stays).
    "noise": noise (of img's shape) is added, the result clipped to [0, 1].
    [Belhafaoui, "Dataset Augmentation"; Savinien]
    """
    H, W = img.shape[:2]
    if op == "flip":
        return img[:, ::-1].copy()
    if op == "rot90":
        return np.rot90(img).copy()
    if op == "crop":
        top, left = at
        if not (0 <= top <= 2 * pad and 0 <= left <= 2 * pad):
            raise ValueError(f"the window at {at} leaves an image padded by {pad}")
        wide = np.pad(img, [(pad, pad), (pad, pad)] + [(0, 0)] * (img.ndim - 2))
        return wide[top : top + H, left : left + W]
    if op == "grey":
        if img.ndim == 2:
            return img.copy()
        return np.repeat(img.mean(axis=2, keepdims=True), img.shape[2], axis=2)
    if op == "noise":
        return np.clip(img + noise, 0.0, 1.0)
    raise ValueError(f"unknown operation {op!r}")
