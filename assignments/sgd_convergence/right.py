"""Other right solutions of sgd_convergence, written as students write: the audit wants full points for each.

Those with `from_the_text` in their name were written from the released notebook alone.
"""

import itertools

import numpy as np

from autograder.checks import right

# 1. sgd_path -----------------------------------------------------------------------------------------------------


@right("sgd_path")
def path_as_a_gradient_step(x0, Y, rho):
    X = [x0]
    for k, y in enumerate(Y):
        rate = rho[k] if np.ndim(rho) else rho
        gradient = X[-1] - y
        X.append(X[-1] - rate * gradient)
    return X


@right("sgd_path")
def path_by_accumulate(x0, Y, rho):
    rates = rho * np.ones(len(Y))
    return list(itertools.accumulate(zip(Y, rates, strict=True), lambda X, s: X + s[1] * (s[0] - X), initial=float(x0)))


@right("sgd_path")
def path_as_a_weighted_sum(x0, Y, rho):
    """Each sample's weight in each later state, from the products of 1 - rho."""
    n = len(Y)
    rates = np.broadcast_to(np.asarray(rho, dtype=float), (n,))
    path = []
    for k in range(n + 1):
        keep = [np.prod(1 - rates[j:k]) for j in range(k + 1)]
        path.append(keep[0] * x0 + sum(rates[j] * keep[j + 1] * Y[j] for j in range(k)))
    return tuple(path)


@right("sgd_path")
def path_from_the_text(x0, Y, rho):
    n = Y.shape[0]
    if isinstance(rho, (int, float)):
        rho = [rho] * n
    result = np.zeros(n + 1)
    result[0] = x0
    for k in range(n):
        result[k + 1] = result[k] - rho[k] * (result[k] - Y[k])
    return result


# 2. ema_weights --------------------------------------------------------------------------------------------------


@right("ema_weights")
def weights_by_the_recursion(rho, n):
    weights = [1.0]
    for _ in range(n):
        weights = [rho, *[(1 - rho) * w for w in weights]]
    return weights


@right("ema_weights")
def weights_by_powers(rho, n):
    powers = np.power(1.0 - rho, np.arange(n + 1))
    powers[:n] *= rho
    return powers


@right("ema_weights")
def weights_by_cumprod(rho, n):
    kept = np.cumprod(np.concatenate([[1.0], np.full(n, 1.0 - rho)]))
    return np.append(rho * kept[:n], kept[n])


@right("ema_weights")
def weights_from_the_text(rho, n):
    weights = np.zeros(n + 1)
    for j in range(n):
        weights[j] = rho * (1 - rho) ** j
    weights[n] = (1 - rho) ** n
    return weights


# 3. ema_moments and limit_variance -------------------------------------------------------------------------------


@right("ema_moments", replaces="ema_moments")
def moments_in_closed_form(x0, m, s2, rho, n):
    k = np.arange(n + 1)
    # The geometric sum 1 + q + ... + q^(k-1) is k where q = (1 - rho)^2 is one.
    q = (1.0 - rho) ** 2
    steps = k if q == 1 else (1 - q**k) / (1 - q)
    return m + (1.0 - rho) ** k * (x0 - m), rho**2 * s2 * steps


@right("ema_moments", replaces="ema_moments")
def moments_from_the_weights(x0, m, s2, rho, n):
    means, variances = [], []
    for k in range(n + 1):
        w = np.array([rho * (1 - rho) ** j for j in range(k)])
        means.append(w.sum() * m + (1 - rho) ** k * x0)
        variances.append(s2 * np.dot(w, w))
    return means, variances


@right("ema_moments", replaces="ema_moments")
def moments_as_a_table(x0, m, s2, rho, n):
    table = np.zeros((2, n + 1))
    table[0, 0] = x0
    for k in range(n):
        table[:, k + 1] = table[:, k] * [1 - rho, (1 - rho) ** 2] + [rho * m, rho**2 * s2]
    return table


@right("ema_moments", replaces="ema_moments")
def moments_from_the_text(x0, m, s2, rho, n):
    means = np.zeros(n + 1)
    variances = np.zeros(n + 1)
    means[0] = x0
    for i in range(n):
        means[i + 1] = (1 - rho) * means[i] + rho * m
        variances[i + 1] = (1 - rho) ** 2 * variances[i] + rho**2 * s2
    return means, variances


@right("ema_moments", replaces="limit_variance")
def limit_as_a_fixed_point(rho, s2):
    if rho == 0:
        return 0
    keep = (1 - rho) ** 2
    return rho**2 * s2 / (1 - keep) if abs(1 - rho) < 1 else float("inf")


@right("ema_moments", replaces="limit_variance")
def limit_from_the_text(rho, s2):
    return np.inf if rho >= 2 else np.array(rho * s2 / (2 - rho))


# 4. running_mean_schedule ----------------------------------------------------------------------------------------


@right("running_mean_schedule")
def schedule_as_a_list(n):
    return [1 / (k + 1) for k in range(n)]


@right("running_mean_schedule")
def schedule_by_its_recursion(n):
    rates = [1.0]
    while len(rates) < n:
        # The weight of the newest sample among k + 1 is that among k, shrunk: rho_k = rho_(k-1) / (1 + rho_(k-1)).
        rates.append(rates[-1] / (1 + rates[-1]))
    return rates


@right("running_mean_schedule")
def schedule_from_the_text(n):
    return 1 / (np.arange(n) + 1)


# 5. theorem_bound and schedule_ok --------------------------------------------------------------------------------


@right("theorem_bound", replaces="theorem_bound")
def bound_in_an_array(d0, rho, mu, c0, c1):
    bounds = np.zeros(len(rho) + 1)
    bounds[0] = d0
    for k in range(len(rho)):
        bounds[k + 1] = bounds[k] - rho[k] * mu * bounds[k] + rho[k] ** 2 * (c1 * bounds[k] + c0)
    return bounds


@right("theorem_bound", replaces="theorem_bound")
def bound_by_accumulate(d0, rho, mu, c0, c1):
    return list(itertools.accumulate(rho, lambda d, r: (1 - r * mu + r * r * c1) * d + r * r * c0, initial=d0))


@right("theorem_bound", replaces="theorem_bound")
def bound_as_a_sum_of_products(d0, rho, mu, c0, c1):
    factors, noise = 1 - rho * mu + rho**2 * c1, rho**2 * c0
    bounds = []
    for k in range(len(rho) + 1):
        bounds.append(np.prod(factors[:k]) * d0 + sum(np.prod(factors[j + 1 : k]) * noise[j] for j in range(k)))
    return bounds


@right("theorem_bound", replaces="theorem_bound")
def bound_from_the_text(d0, rho, mu, c0, c1):
    d = [d0]
    for r in rho:
        d.append((1 - r * mu + r**2 * c1) * d[-1] + r**2 * c0)
    return np.array(d, dtype=float)


@right("theorem_bound", replaces="schedule_ok")
def schedules_in_a_table(name):
    # By the p-series, the geometric series, and 1/log(n+2) > 1/(n+2).
    return {"c/n": 1, "c/sqrt(n)": 1, "c/n^2": 0, "const": 0, "c/log(n+2)": 1, "q^n": 0}[name]


@right("theorem_bound", replaces="schedule_ok")
def schedules_by_cases(name):
    if name == "const":
        return np.False_
    return not (name == "c/n^2" or name.startswith("q"))


@right("theorem_bound", replaces="schedule_ok")
def schedules_from_the_text(name):
    return name in ["c/n", "c/sqrt(n)", "c/log(n+2)"]


# 6. minibatch_sgd ------------------------------------------------------------------------------------------------


@right("minibatch_sgd")
def minibatch_row_by_row(X, y, w0, lr, batches, reduction="mean", lam=0.0):
    w, path = list(w0), [list(w0)]
    for batch in batches:
        g = [0.0] * len(w)
        for i in batch:
            residual = sum(X[i][j] * w[j] for j in range(len(w))) - y[i]
            for j in range(len(w)):
                g[j] += 2 * residual * X[i][j]
        if reduction == "mean":
            g = [each / len(batch) for each in g]
        w = [w[j] - lr * (g[j] + 2 * lam * w[j]) for j in range(len(w))]
        path.append(w)
    return path


@right("minibatch_sgd")
def minibatch_by_einsum(X, y, w0, lr, batches, reduction="mean", lam=0.0):
    path = np.empty((len(batches) + 1, len(w0)))
    path[0] = w0
    reduce = {"mean": np.mean, "sum": np.sum}[reduction]
    for t, batch in enumerate(batches):
        rows = X[batch]
        slopes = np.einsum("n,nd->nd", 2 * (np.einsum("nd,d->n", rows, path[t]) - y[batch]), rows)
        path[t + 1] = (1 - 2 * lr * lam) * path[t] - lr * reduce(slopes, axis=0)
    return path


@right("minibatch_sgd")
def minibatch_with_normal_equations(X, y, w0, lr, batches, reduction="mean", lam=0.0):
    """The gradient as 2 (A w - b) with A = X'X and b = X'y of the batch."""
    w = w0.copy()
    path = [w.copy()]
    for batch in batches:
        size = len(batch) if reduction == "mean" else 1
        A, b = X[batch].T @ X[batch] / size, X[batch].T @ y[batch] / size
        w -= lr * 2 * (A @ w - b + lam * w)
        path.append(w.copy())
    return path


@right("minibatch_sgd")
def minibatch_from_the_text(X, y, w0, lr, batches, reduction="mean", lam=0.0):
    w = w0
    path = [w]
    for B in batches:
        g = (2 * (X[B] @ w - y[B])[:, None] * X[B]).sum(axis=0)
        if reduction == "mean":
            g = g / len(B)
        w = w - lr * (g + 2 * lam * w)
        path.append(w)
    return np.stack(path)


# 7. simulate -----------------------------------------------------------------------------------------------------


@right("simulate")
def simulate_run_by_run(x0, m, s2, rho, n, reps, seed):
    rng = np.random.default_rng(seed)
    noise = rng.normal(m, s2**0.5, size=(reps, n)).tolist()
    ends = []
    for samples in noise:
        X = x0
        for y in samples:
            X -= rho * (X - y)
        ends.append(X)
    mean = sum(ends) / reps
    return mean, sum((X - mean) ** 2 for X in ends) / reps


@right("simulate")
def simulate_by_the_weights(x0, m, s2, rho, n, reps, seed):
    Y = m + np.sqrt(s2) * np.random.default_rng(seed).standard_normal((reps, n))
    weights = rho * (1 - rho) ** np.arange(n)
    X = Y[:, ::-1] @ weights + (1 - rho) ** n * x0
    return [np.mean(X), np.mean((X - np.mean(X)) ** 2)]


@right("simulate")
def simulate_from_the_text(x0, m, s2, rho, n, reps, seed):
    rng = np.random.default_rng(seed)
    finals = np.ones(reps) * x0
    for _ in range(n):
        finals = finals - rho * (finals - rng.normal(m, np.sqrt(s2), reps))
    return np.mean(finals), np.var(finals)
