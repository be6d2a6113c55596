"""Stochastic gradient descent and why it converges.  [Turinici, "Convergence du SGD"; Michel, Algorithm 4]

The toy problem: find the mean m of Y ~ N(m, sigma^2) by SGD on L(Y, X) = (X - Y)^2 / 2.  X_n is the parameter (the
lecture's letter), Y_0, Y_1, ... independent samples, rho_n the learning rate of the step from X_n to X_(n+1).
A trailing (n+1,) always holds the start first: entry k belongs to X_k.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Array = np.ndarray


# The path --------------------------------------------------------------------------------------------------------


def sgd_path(x0: float, Y: Array, rho: float | Array) -> Array:
    """X_0 .. X_n with X_(k+1) = (1 - rho_k) X_k + rho_k Y_k.  Y (n,), rho a number or (n,) -> (n+1,).

    [Turinici, "Exo 1": the gradient of (X - Y)^2 / 2 is X - Y]
    """
    rates = np.broadcast_to(rho, len(Y))
    X = np.empty(len(Y) + 1)
    X[0] = x0
    for k in range(len(Y)):
        X[k + 1] = (1 - rates[k]) * X[k] + rates[k] * Y[k]
    return X


def ema_weights(rho: float, n: int) -> Array:
    """Weights of Y_(n-1), ..., Y_0 and X_0 in X_n at constant rho, newest first -> (n+1,), sum 1.

    rho (1 - rho)^j for Y_(n-1-j), and (1 - rho)^n for X_0.  [Turinici, "Exo 1 - corrigé", whose expansion ends in
    (1 - rho)^2 X_(n-2): it is X_(n-1)]
    """
    weights = [rho * (1 - rho) ** j for j in range(n)]
    return np.array([*weights, (1.0 - rho) ** n])


# Its law at a constant rate --------------------------------------------------------------------------------------


def ema_moments(x0: float, m: float, s2: float, rho: float, n: int) -> tuple[Array, Array]:
    """Means and variances of X_0 .. X_n at constant rho from the fixed start x0; s2 = sigma^2 -> (n+1,), (n+1,).

    m_(k+1) = (1 - rho) m_k + rho m,  v_(k+1) = (1 - rho)^2 v_k + rho^2 s2.  Each X_k is normal.  [Turinici, "Exo 1"]
    """
    means, variances = [float(x0)], [0.0]
    for _ in range(n):
        means.append((1 - rho) * means[-1] + rho * m)
        variances.append((1 - rho) ** 2 * variances[-1] + rho**2 * s2)
    return np.array(means), np.array(variances)


def ema_mean(x0: float, m: float, rho: float, n: int) -> float:
    """E X_n = m + (1 - rho)^n (x0 - m), by its recursion."""
    return float(ema_moments(x0, m, 1.0, rho, n)[0][-1])


def ema_variance(rho: float, s2: float, n: int, v0: float = 0.0) -> float:
    """Var X_n = rho s2 / (2 - rho) (1 - (1 - rho)^(2n)) + (1 - rho)^(2n) v0, by its recursion; v0 = Var X_0."""
    return float(ema_moments(0.0, 0.0, s2, rho, n)[1][-1] + (1 - rho) ** (2 * n) * v0)


def limit_variance(rho: float, s2: float) -> float:
    """lim Var X_n = rho s2 / (2 - rho) for 0 <= rho < 2 (0 for rho = 0: X never moves), inf from 2 on.  s2 > 0.

    Not 0: at a constant rate X_n converges in law only.  [Turinici, "Exo 1 - corrigé", c]
    """
    if rho >= 2:
        return np.inf
    return rho * s2 / (2 - rho)


def stability_limit(c: float = 1.0) -> float:
    """The rate 2 / c under which E X_n -> m and Var X_n stays bounded, for the loss c (X - Y)^2 / 2, c > 0.

    The error is multiplied by 1 - c rho in each step.  [Turinici, "Exo 1 - corrigé": 0 < rho < 2 for c = 1]
    """
    return 2.0 / c


def simulate(x0: float, m: float, s2: float, rho: float, n: int, reps: int, seed: int) -> tuple[float, float]:
    """Mean and variance (over reps, divided by reps) of X_n, from reps independent runs of n steps each."""
    rng = np.random.default_rng(seed)
    X = np.full(reps, float(x0))
    for _ in range(n):
        Y = rng.normal(m, np.sqrt(s2), size=reps)
        X = (1 - rho) * X + rho * Y
    return float(X.mean()), float(X.var())


# Decreasing rates ------------------------------------------------------------------------------------------------


def running_mean_schedule(n: int) -> Array:
    """rho_k = 1 / (k + 1) for k = 0 .. n-1: then X_k = (Y_0 + ... + Y_(k-1)) / k, whatever X_0.  -> (n,)

    [Turinici, "Exo 2"]
    """
    return 1.0 / np.arange(1, n + 1)


def rho_running_mean(n: int) -> float:
    """The rate of the step from X_n to X_(n+1), counted from 0, that makes X_(n+1) the mean of Y_0 .. Y_n: 1 / (n + 1)."""
    return float(running_mean_schedule(n + 1)[n])


def running_mean_variance(s2: float, n: int) -> float:
    """Var X_n = s2 / n with that schedule, n >= 1.

    The mean is m exactly from n = 1 on and the limit is the constant m: Turinici's "cv. exp" and "loi normale" hold for
    Exo 1, not for Exo 2.
    """
    return s2 / n


def schedule_ok(name: str) -> bool:
    """rho_n -> 0 and sum rho_n = infinity, what the theorem asks of a schedule; c > 0, 0 < q < 1.

    name: "c/n", "c/sqrt(n)", "c/n^2", "const", "c/log(n+2)" or "q^n".  That sum rho_n^2 be finite (Robbins and Monro
    1951, for almost sure convergence) is not asked: the theorem is about the mean square.  [Turinici, "Théorème"]
    """
    goes_to_zero = ["c/n", "c/sqrt(n)", "c/n^2", "c/log(n+2)", "q^n"]
    infinite_sum = ["c/n", "c/sqrt(n)", "const", "c/log(n+2)"]
    return name in goes_to_zero and name in infinite_sum


# The theorem -----------------------------------------------------------------------------------------------------


def theorem_bound(d0: float, rho: Array, mu: float, c0: float, c1: float) -> Array:
    """Bounds d_0 .. d_n of E|X_k - X*|^2: d_(k+1) = (1 - rho_k mu + rho_k^2 c1) d_k + rho_k^2 c0.  rho (n,) -> (n+1,).

    mu: the constant of strong convexity (the lecture's "strictement convexe" is not enough), and
    E|grad L|^2 <= c0 + c1 |X - X*|^2.  [Turinici, "Théorème"; arXiv:2103.14350]
    """
    d = [float(d0)]
    for r in rho:
        d.append((1 - r * mu + r**2 * c1) * d[-1] + r**2 * c0)
    return np.array(d)


def theorem_step(d: float, rho: float, mu: float, c0: float, c1: float) -> float:
    """One iteration of the theorem's bound."""
    return float(theorem_bound(d, np.array([rho]), mu, c0, c1)[1])


def theorem_limit(rho: float, mu: float, c0: float, c1: float) -> float:
    """The limit of the bound at a constant rho: rho c0 / (mu - rho c1) while rho c1 < mu, else inf.  c0 > 0, rho > 0."""
    if rho * c1 >= mu:
        return np.inf
    return rho * c0 / (mu - rho * c1)


def toy_error(d0: float, rho: Array, s2: float) -> Array:
    """E(X_k - m)^2 of the toy problem, exactly: d_(k+1) = (1 - rho_k)^2 d_k + rho_k^2 s2.  rho (n,) -> (n+1,).

    d0 = E(X_0 - m)^2.  The theorem's bound with mu = c1 = 1, c0 = s2 lies above it by rho_k d_k in each step.
    """
    return theorem_bound(d0, rho, 2.0, s2, 1.0)


# Mini-batches ----------------------------------------------------------------------------------------------------


def minibatch_sgd(
    X: Array,
    y: Array,
    w0: Array,
    lr: float,
    batches: Sequence[Array],
    reduction: str = "mean",
    lam: float = 0.0,
) -> Array:
    """Least squares by SGD, one step per batch of row numbers.  X (N, d), y (N,), w0 (d,) -> w_0 .. w_T, (T+1, d).

    w <- w - lr (g + 2 lam w), g the mean (Boyer, Michel) or the sum (Savinien) over the batch of 2 (x.w - y) x: the loss
    of a batch is the mean or sum of (x.w - y)^2, plus lam |w|^2 once.  reduction: "mean" or "sum".  [Michel, Algorithm 4]
    """
    path = [w0]
    for batch in batches:
        w = path[-1]
        residuals = X[batch] @ w - y[batch]
        g = 2 * residuals @ X[batch]
        if reduction == "mean":
            g = g / len(batch)
        path.append(w - lr * (g + 2 * lam * w))
    return np.array(path)


def epoch_batches(order: Array, m: int) -> list[Array]:
    """One epoch: the row numbers in this order, cut into batches of m; the last one may be smaller.  order (n,).

    [Michel, Algorithm 4, whose loops should run to E epochs and ceil(n / m) batches]
    """
    return [order[at : at + m] for at in range(0, len(order), m)]


def steps_per_epoch(n: int, m: int) -> int:
    """Updates in one epoch of n samples in batches of m, the last partial batch kept: ceil(n / m)."""
    return len(epoch_batches(np.arange(n), m))


def rescale_lr(lr: float, m: int, to: str = "mean") -> float:
    """The rate that makes the same step with the other reduction, batches of m: lr m towards "mean", lr / m to "sum"."""
    return lr * m if to == "mean" else lr / m
