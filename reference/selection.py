"""Evaluation and model selection: splits, searches, bias and variance, least squares past the interpolation threshold.

[Boyer, "Hold-out validation", "K-fold cross-validation", "Bias-variance tradeoff"; Belhafaoui, "Toujours évaluer sur un jeu de
données à part", "Play with hyper-parameters through grid search"]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

Array = np.ndarray


# Splits ----------------------------------------------------------------------------------------------------------


def split(perm: Array, f_train: float, f_val: float) -> tuple[Array, Array, Array]:
    """Row numbers for training, validation and test.  perm (n,), f_train + f_val <= 1 -> three arrays, in perm's order.

    The first floor(f_train n), the next floor(f_val n), the rest; f n is rounded up if it misses an integer by < 1e-9.
    """
    n = len(perm)
    n_train, n_val = int(f_train * n + 1e-9), int(f_val * n + 1e-9)
    return perm[:n_train], perm[n_train : n_train + n_val], perm[n_train + n_val :]


def kfold(n: int, K: int, perm: Array | None = None) -> list[tuple[Array, Array]]:
    """(train, test) row numbers of K folds, 2 <= K <= n; the first n mod K test sets have one row more.

    The test sets are consecutive blocks of perm (default 0..n-1); train is the rest, in the same order.  [Boyer]
    """
    rows = np.arange(n) if perm is None else np.asarray(perm)
    folds = []
    start = 0
    for k in range(K):
        stop = start + n // K + (1 if k < n % K else 0)
        folds.append((np.concatenate([rows[:start], rows[stop:]]), rows[start:stop]))
        start = stop
    return folds


def timeseries_split(n: int, K: int, mode: str = "expanding") -> list[tuple[Array, Array]]:
    """(train, test) time indices of K folds, training always before test, nothing shuffled; 1 <= K < n.

    With s = n // (K + 1) the last K s times are K test sets of s each; the first block has the n - K s before them.
    "expanding": train is everything before the test set.  "rolling": the n - K s times just before it.
    [Boyer, "Cross-validation for time series"]
    """
    if mode not in ("expanding", "rolling"):
        raise ValueError(f"mode must be 'expanding' or 'rolling', not {mode!r}")
    s = n // (K + 1)
    first = n - K * s
    folds = []
    for k in range(K):
        stop = first + k * s
        start = 0 if mode == "expanding" else stop - first
        folds.append((np.arange(start, stop), np.arange(stop, stop + s)))
    return folds


# Hyper-parameters ------------------------------------------------------------------------------------------------


def grid(params: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """All combinations of the values, the last name changing fastest.  {"a": [1, 2], "b": [3, 4]} -> (1, 3), (1, 4), (2, 3), ..."""
    return [dict(zip(params, values)) for values in product(*params.values())]  # noqa: B905


def grid_cost(sizes: Sequence[int], K: int, refit: bool = True) -> int:
    """Fits of a grid search with K folds: K times the number of combinations, plus one on all data."""
    return len(grid({str(at): range(size) for at, size in enumerate(sizes)})) * K + int(refit)


def random_search(u: Array, space: Mapping[str, tuple[float, float, str]]) -> list[dict[str, float]]:
    """Uniform numbers as settings.  u (n, d) in [0, 1), space name -> (lo, hi, scale), column j for the j-th name -> n dicts.

    scale "linear": lo + (hi - lo) u;  "log": lo (hi / lo)^u, uniform in the logarithm, 0 < lo.  [Bergstra 2012]
    """
    trials = []
    for row in u:
        trial = {}
        for u_j, (name, (lo, hi, scale)) in zip(row, space.items()):  # noqa: B905
            if scale == "linear":
                trial[name] = float(lo + (hi - lo) * u_j)
            elif scale == "log":
                trial[name] = float(lo * (hi / lo) ** u_j)
            else:
                raise ValueError(f"scale must be 'linear' or 'log', not {scale!r}")
        trials.append(trial)
    return trials


def random_search_prob(n: int, q: float) -> float:
    """Probability that at least one of n random trials is in the best fraction q: 1 - (1 - q)^n."""
    return 1.0 - (1.0 - q) ** n


def trials_needed(q: float, conf: float) -> int:
    """The smallest n with 1 - (1 - q)^n >= conf, 0 < q < 1, 0 <= conf < 1.  q = .05, conf = .95: 59."""
    # Where n solves it exactly, rounding must not ask for one more.
    return max(0, int(np.ceil(np.log(1 - conf) / np.log(1 - q) - 1e-9)))


# Bias, variance, double descent ----------------------------------------------------------------------------------


def bias_variance(preds: Array, truth: Array, noise: float = 0.0) -> tuple[float, float, float, float]:
    """Bias^2, variance, noise and their sum, as means over the points.  preds (R, N) of R fits, truth (N,), noise = sigma^2.

    Bias: mean fit - truth.  Variance: divided by R, so that bias^2 + variance is the mean of (preds - truth)^2, exactly.
    """
    mean = preds.mean(axis=0)
    bias2 = float(np.mean((mean - truth) ** 2))
    variance = float(np.mean((preds - mean) ** 2))
    return bias2, variance, noise, bias2 + variance + noise


def min_norm_ls(X: Array, y: Array) -> Array:
    """The beta of smallest norm among the minimisers of |X beta - y|^2.  X (n, p), y (n,) -> (p,); no intercept."""
    return np.linalg.pinv(X) @ y


def ls_risk(n: int, p: int, s2: float) -> float:
    """Mean of |betahat - beta|^2 of min_norm_ls: n standard Gaussian rows, p >= 1 features, noise variance s2, |beta| = 1.

    s2 p / (n - p - 1) for p < n - 1;  (1 - n / p) + s2 n / (p - n - 1) for p > n + 1;  inf between.  It is the excess risk on
    new rows.  [Hastie 2022; Boyer, "Going beyond the traditional bias-variance tradeoff"]
    """
    if p < n - 1:
        return s2 * p / (n - p - 1)
    if p > n + 1:
        return (1 - n / p) + s2 * n / (p - n - 1)
    return float("inf")


def ls_excess_risk(n: int, p: int, s2: float) -> float:
    """ls_risk on the classical side, p < n - 1: s2 p / (n - p - 1)."""
    if p >= n - 1:
        raise ValueError(f"p = {p} features are too many for n = {n}: p < n - 1 is needed")
    return ls_risk(n, p, s2)


def interpolation_threshold(n: int) -> int:
    """The number of features p at which least squares on n samples peaks: p = n, where the fit just becomes exact."""
    return n


# Before and after training ---------------------------------------------------------------------------------------


def standardize(train: Array, test: Array) -> tuple[Array, Array]:
    """(x - mean) / deviation per column, both from the training rows alone.  train (n, d), test (m, d) -> same shapes.

    The deviation divides by n; a column that is constant in training is only centred.
    """
    mean, std = train.mean(axis=0), train.std(axis=0)
    # Compare values: the deviation of equal numbers can be 1e-17 instead of 0.
    std = np.where((train == train[0]).all(axis=0), 1.0, std)
    return (train - mean) / std, (test - mean) / std


def diagnose(tr: float, te: float, target: float, gap: float = 0.1) -> str:
    """What the errors say: "underfit" if tr - target > gap, else "overfit" if te - tr > gap, else "just right".

    tr, te: errors on training and test data, target: what is achievable.  [Boyer, "Bias-variance tradeoff"]
    """
    if tr - target > gap:
        return "underfit"
    if te - tr > gap:
        return "overfit"
    return "just right"
