"""Losses, as means over the rows, and penalties."""

from __future__ import annotations

import numpy as np

Array = np.ndarray


def cross_entropy(S: Array, P: Array) -> float:
    """Mean over the rows of -sum_k P_k log S_k, with 0 log 0 = 0.  S, P (N, K) -> float.  [Belhafaoui; Michel, "MLE"]"""
    # Where P is 0 the term is 0, whatever S is: take log 1 there.
    logs = np.log(np.where(P > 0, S, 1.0))
    return float(-(P * logs).sum() / len(P))


def bce(p: Array, y: Array) -> float:
    """Binary cross-entropy, -mean(y log p + (1 - y) log(1 - p)).  p in (0, 1), y in {0, 1}, (N,) -> float.

    [Belhafaoui; Michel's second line has (y - 1) for (1 - y)]
    """
    return cross_entropy(np.stack([p, 1.0 - p], axis=-1), np.stack([y, 1.0 - y], axis=-1))


def mse(y: Array, yhat: Array) -> float:
    """Mean of (y - yhat)^2.  y, yhat of one shape -> float.  [Belhafaoui, "MSE"]"""
    return float(np.mean((y - yhat) ** 2))


def rmse(y: Array, yhat: Array) -> float:
    """Root of the mean square; a root per sample, as Boyer prints it, would be the mean absolute error."""
    return float(np.sqrt(mse(y, yhat)))


def mae(y: Array, yhat: Array) -> float:
    """Mean of |y - yhat|.  [Belhafaoui, "MAE"]"""
    return float(np.mean(np.abs(y - yhat)))


def l2_penalty(W: Array, lam: float) -> float:
    """lam sum W^2, without 1/2.  [Michel, "Penalized empirical risk"]"""
    return float(lam * np.sum(W**2))


def l2_penalty_grad(W: Array, lam: float) -> Array:
    """The gradient of lam sum W^2: 2 lam W.  [Michel]"""
    return 2.0 * lam * W


def l1_penalty(W: Array, lam: float) -> float:
    """lam sum |W|.  [Michel]"""
    return float(lam * np.sum(np.abs(W)))


def l1_penalty_grad(W: Array, lam: float) -> Array:
    """A subgradient of lam sum |W|: lam sign W, 0 at 0."""
    return lam * np.sign(W)


def zero_one(y: Array, yhat: Array) -> float:
    """Share of wrong classes, mean of 1_{y != yhat}.  y, yhat (N,) -> float.  [Boyer, "How to measure the performance"]"""
    return float(np.mean(np.asarray(y) != np.asarray(yhat)))


def bayes_predictor(P: Array, values: Array, loss: str) -> Array:
    """What minimises the risk E loss(Y, f(x)) at each x.  P (N, K), P[n, k] = P(Y = values[k] | x_n), values (K,) -> (N,).

    "zero_one": the most probable value, the first of equals; "mse": the mean of Y.  [Boyer, "How to measure the performance"]
    """
    if loss == "zero_one":
        return values[P.argmax(axis=1)]
    if loss == "mse":
        return P @ values
    raise ValueError(f"loss must be 'zero_one' or 'mse', not {loss!r}")


# The next one says all losses again, in one place: its body is the solution of an exercise and stands alone there.


def losses(name: str, y: Array, p: Array) -> float:
    """The mean over the samples of a loss between labels y and predictions p.  y, p of one shape -> float.

    "mse" (y - p)^2;  "mae" |y - p|;  "rmse" the root of "mse";  "mape" |(y - p) / y|, a fraction, no y = 0;
    "bce" -(y log p + (1 - y) log(1 - p)), y in {0, 1}, p in [0, 1], both (N,);
    "ce" -sum_k y_k log p_k, one-hot rows y and probabilities p, both (N, K);  "zero_one" 1 where y != p, else 0.
    0 log 0 = 0.
    """
    if name == "mse":
        return float(np.mean((y - p) ** 2))
    if name == "mae":
        return float(np.mean(np.abs(y - p)))
    if name == "rmse":
        return float(np.sqrt(np.mean((y - p) ** 2)))
    if name == "mape":
        return float(np.mean(np.abs((y - p) / y)))
    if name == "bce":
        # Where a label is 0 its term is 0, whatever the probability: take log 1 there.
        ones = y * np.log(np.where(y > 0, p, 1.0))
        zeros = (1 - y) * np.log(np.where(y < 1, 1 - p, 1.0))
        return float(-np.mean(ones + zeros))
    if name == "ce":
        logs = np.log(np.where(y > 0, p, 1.0))
        return float(-np.sum(y * logs) / len(y))
    if name == "zero_one":
        return float(np.mean(y != p))
    raise ValueError(f"unknown loss {name!r}")
