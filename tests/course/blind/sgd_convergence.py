import numpy as np


def sgd_path(x0, Y, rho):
    """X_0 .. X_n of SGD on (X - Y)^2 / 2.  Y (n,), rho a number or (n,) -> (n+1,)."""
    Y = np.asarray(Y, dtype=np.float64)
    n = len(Y)
    rates = np.broadcast_to(np.asarray(rho, dtype=np.float64), (n,))
    path = np.empty(n + 1)
    path[0] = x0
    for k in range(n):
        path[k + 1] = path[k] - rates[k] * (path[k] - Y[k])
    return path


def ema_weights(rho, n):
    """Weights of Y_(n-1), ..., Y_0 and X_0 in X_n -> (n+1,)."""
    rho = float(rho)
    weights = (1.0 - rho) ** np.arange(n + 1)
    weights[:n] *= rho
    return weights


def ema_moments(x0, m, s2, rho, n):
    """Means and variances of X_0 .. X_n at a constant rate -> (n+1,), (n+1,)."""
    x0, m, s2, rho = float(x0), float(m), float(s2), float(rho)
    # closed form: for rho > 2 the recursion of the means would blow up rounding errors when x0 == m
    means = m + (1.0 - rho) ** np.arange(n + 1) * (x0 - m)
    variances = np.zeros(n + 1)
    for k in range(n):  # recursion: also right at rho = 2
        variances[k + 1] = (1.0 - rho) ** 2 * variances[k] + rho**2 * s2
    return means, variances


def limit_variance(rho, s2):
    """The limit of Var X_n for rho >= 0; np.inf where there is none -> float."""
    if rho >= 2:
        return np.inf
    return float(rho * s2 / (2.0 - rho))


def running_mean_schedule(n):
    """The rates with which SGD computes the running mean -> (n,)."""
    return 1.0 / np.arange(1, n + 1)


def theorem_bound(d0, rho, mu, c0, c1):
    """The bounds d_0 .. d_n of the mean squared error.  rho (n,) -> (n+1,)."""
    rho = np.asarray(rho, dtype=np.float64)
    d = np.empty(len(rho) + 1)
    d[0] = d0
    for k, r in enumerate(rho):
        d[k + 1] = (1.0 - r * mu + r**2 * c1) * d[k] + r**2 * c0
    return d


def schedule_ok(name):
    """Do the rates go to zero while their sum is infinite?  -> True or False."""
    # c/n: harmonic series; c/sqrt(n) and c/log(n+2) are even larger; all go to 0.
    # c/n^2 and q^n have finite sums; const does not go to 0.
    return name in ("c/n", "c/sqrt(n)", "c/log(n+2)")


def minibatch_sgd(X, y, w0, lr, batches, reduction="mean", lam=0.0):
    """Least squares by SGD, one step per batch.  X (N, d), y (N,), w0 (d,) -> the path (T+1, d)."""
    w = np.array(w0, dtype=np.float64)
    path = [w]
    for rows in batches:
        rows = np.asarray(rows, dtype=int)
        Xb, yb = X[rows], y[rows]
        g = 2.0 * (Xb.T @ (Xb @ w - yb))
        if reduction == "mean":
            g = g / len(rows)
        w = w - lr * (g + 2.0 * lam * w)
        path.append(w)
    return np.array(path)


def simulate(x0, m, s2, rho, n, reps, seed):
    """Mean and variance over reps independent runs of X_n -> (float, float)."""
    rng = np.random.default_rng(seed)
    x = np.full(reps, float(x0))
    for _ in range(n):
        x = x - rho * (x - rng.normal(m, np.sqrt(s2), size=reps))
    return float(np.mean(x)), float(np.var(x))


# Exercise 8 (by hand).
# 1. X_n is a weighted sum of independent normals plus a constant, so normal: N(m_n, v_n) with the formulas of exercise 3.
#    |1 - rho| < 1, so in law X_n -> N(m, rho s2 / (2 - rho)).
# 2. No. X_(n+1) - X_n = rho (Y_n - X_n), Y_n independent of X_n, has variance >= rho^2 s2 > 0 at every step;
#    if X_n settled (even only in probability) the increments would go to 0 in probability, but they tend in law to
#    a normal of positive variance. Only the LAW converges.
# 3. X_n is the mean of n samples: N(m, s2 / n). The mean is exactly m from n = 1 on (no exponential approach), the
#    variance goes to 0 like 1/n, and the limit law is the point mass at m (X_n -> m almost surely), not a normal of
#    positive variance; only sqrt(n) (X_n - m) is N(0, s2), for every n.
