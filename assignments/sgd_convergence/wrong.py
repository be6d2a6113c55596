"""Known wrong solutions of sgd_convergence. Each loses points in its exercise under every seed; its diagnosis is shown to
a student who gives the same answer."""

from functools import partial

import numpy as np

from autograder.checks import wrong
from reference.sgd import ema_moments, ema_weights, minibatch_sgd, running_mean_schedule, sgd_path, theorem_bound

# 1. sgd_path -----------------------------------------------------------------------------------------------------


def _path(x0, Y, rho, step):
    """A path with another step(X, y, rate)."""
    X = [float(x0)]
    for y, rate in zip(Y, np.broadcast_to(rho, len(Y)), strict=True):
        X.append(step(X[-1], y, rate))
    return np.array(X)


@wrong("sgd_path", "You step by rho Y. The gradient is X - Y: X - rho (X - Y).")
def steps_by_the_sample(x0, Y, rho):
    return _path(x0, Y, rho, lambda X, y, rate: X - rate * y)


@wrong(
    "sgd_path", "The sign is turned round: you walk away from the sample. Step against the gradient: X - rho (X - Y)."
)
def walks_uphill(x0, Y, rho):
    return _path(x0, Y, rho, lambda X, y, rate: X + rate * (X - y))


@wrong("sgd_path", "rho and 1 - rho have changed places: the new sample gets rho, the old X gets 1 - rho.")
def weights_swapped(x0, Y, rho):
    return _path(x0, Y, rho, lambda X, y, rate: rate * X + (1 - rate) * y)


@wrong("sgd_path", "There is a factor 2 too much: the loss is (X - Y)^2 / 2, its derivative X - Y.")
def factor_two(x0, Y, rho):
    return sgd_path(x0, Y, 2 * np.asarray(rho))


@wrong("sgd_path", "The old X keeps its full weight. It must shrink: (1 - rho) X + rho Y.")
def old_value_not_shrunk(x0, Y, rho):
    return _path(x0, Y, rho, lambda X, y, rate: X + rate * y)


@wrong(
    "sgd_path", "You use the sample after the right one: the step from X_k to X_(k+1) uses Y[k], the first one Y[0]."
)
def next_sample(x0, Y, rho):
    return sgd_path(x0, [*Y[1:], *Y[-1:]], rho)


@wrong(
    "sgd_path", "You use the rate after the right one: the step from X_k to X_(k+1) uses rho[k], the first one rho[0]."
)
def next_rate(x0, Y, rho):
    return sgd_path(x0, Y, [*rho[1:], *rho[-1:]] if np.ndim(rho) else rho)


@wrong("sgd_path", "You use only the first rate. With an array, the step from X_k to X_(k+1) uses rho[k].")
def first_rate_only(x0, Y, rho):
    return sgd_path(x0, Y, rho if np.ndim(rho) == 0 or len(Y) == 0 else rho[0])


@wrong("sgd_path", "rho may be one number: rho[k] fails then. np.broadcast_to(rho, len(Y)) makes an array of it.")
def needs_an_array_of_rates(x0, Y, rho):
    X = [float(x0)]
    for k in range(len(Y)):
        X.append((1 - rho[k]) * X[-1] + rho[k] * Y[k])
    return np.array(X)


@wrong("sgd_path", "X_0 is missing. The start is the first entry of the n + 1.")
def without_the_start(x0, Y, rho):
    return sgd_path(x0, Y, rho)[1:]


@wrong("sgd_path", "The last step is missing: n samples make n steps, so n + 1 entries.")
def without_the_last_step(x0, Y, rho):
    return sgd_path(x0, Y, rho)[:-1] if len(Y) else sgd_path(x0, Y, rho)


@wrong("sgd_path", "Only the last value is returned. Return the whole path, X_0 to X_n.")
def last_value_only(x0, Y, rho):
    return float(sgd_path(x0, Y, rho)[-1])


@wrong("sgd_path", "Your array is one of integers when x0 is an int, and cuts off decimals: np.full(n + 1, float(x0)).")
def array_of_integers(x0, Y, rho):
    X = np.full(len(Y) + 1, x0)
    for k in range(len(Y)):
        rate = np.broadcast_to(rho, len(Y))[k]
        X[k + 1] = (1 - rate) * X[k] + rate * Y[k]
    return X


@wrong("sgd_path", "You always step from x0. Step from the newest X.")
def always_from_the_start(x0, Y, rho):
    return np.array([float(x0), *((1 - np.asarray(rho)) * x0 + rho * Y)])


@wrong("sgd_path", "You write into the caller's Y. Make an array of your own for the path.")
def writes_into_the_samples(x0, Y, rho):
    X = sgd_path(x0, Y, rho)
    Y[:] = X[1:]
    return X


# 2. ema_weights --------------------------------------------------------------------------------------------------


@wrong("ema_weights", "From the third sample on you lag by one, as in the slide, whose last term should hold X_(n-1).")
def expansion_of_the_slide(rho, n):
    if n < 3:
        return ema_weights(rho, n)
    # rho Y_n + (1-rho) rho Y_(n-1) + (1-rho)^2 X_(n-2): the third sample is skipped.
    return np.array([rho, rho * (1 - rho), 0.0, *((1 - rho) ** 2 * ema_weights(rho, n - 3))])


@wrong("ema_weights", "The weight of X_0, (1 - rho)^n, is missing at the end.")
def without_the_start_weight(rho, n):
    return ema_weights(rho, n)[:-1]


@wrong("ema_weights", "X_0 is no sample: its weight is (1 - rho)^n, without a factor rho.")
def start_weighs_like_a_sample(rho, n):
    return np.array([rho * (1 - rho) ** j for j in range(n + 1)])


@wrong("ema_weights", "The order is turned round: the newest sample comes first, the start last.")
def oldest_first(rho, n):
    return ema_weights(rho, n)[::-1]


@wrong("ema_weights", "The samples are oldest first. The newest, Y_(n-1), has weight rho and comes first.")
def samples_oldest_first(rho, n):
    weights = ema_weights(rho, n)
    return np.array([*weights[:-1][::-1], weights[-1]])


@wrong("ema_weights", "The start comes first in your answer. It comes last, after the oldest sample.")
def start_first(rho, n):
    return np.roll(ema_weights(rho, n), 1)


@wrong("ema_weights", "The newest sample has weight rho, not rho (1 - rho): the powers start at 0.")
def powers_start_at_one(rho, n):
    return np.array([*(rho * (1 - rho) ** (j + 1) for j in range(n)), (1.0 - rho) ** n])


@wrong("ema_weights", "The power of the start is one too small: n steps shrink it n times, (1 - rho)^n.")
def start_shrunk_once_too_little(rho, n):
    return np.array([*ema_weights(rho, n)[:-1], (1.0 - rho) ** max(n - 1, 0)])


@wrong("ema_weights", "The factor rho is missing: the weight of a sample is rho (1 - rho)^j.")
def without_the_factor(rho, n):
    return (1.0 - rho) ** np.arange(n + 1)


@wrong("ema_weights", "rho and 1 - rho have changed places: a sample j steps old weighs rho (1 - rho)^j.")
def roles_swapped(rho, n):
    return np.array([*((1 - rho) * rho**j for j in range(n)), float(rho) ** n])


@wrong("ema_weights", "You divide by the sum to force it to one. The right weights sum to one by themselves.")
def forced_to_sum_to_one(rho, n):
    with np.errstate(all="ignore"):
        powers = (1.0 - rho) ** np.arange(n + 1)
        return powers / powers.sum()


# 3. ema_moments --------------------------------------------------------------------------------------------------

wrong_moments = partial(wrong, "ema_moments", replaces="ema_moments")
wrong_limit = partial(wrong, "ema_moments", replaces="limit_variance")


def _variances(s2, rho, n, v0=0.0, keep=None, add=None):
    """The recursion of the variance with another start or other factors."""
    keep = (1 - rho) ** 2 if keep is None else keep
    add = rho**2 * s2 if add is None else add
    v = [v0]
    for _ in range(n):
        v.append(keep * v[-1] + add)
    return np.array(v)


@wrong_moments(
    "The exponent in the variance is 2n, not n: the deviation shrinks by 1 - rho, the variance by (1 - rho)^2."
)
def exponent_not_doubled(x0, m, s2, rho, n):
    with np.errstate(all="ignore"):
        variances = np.divide(rho * s2, 2 - rho) * (1 - (1.0 - rho) ** np.arange(n + 1))
    return ema_moments(x0, m, s2, rho, n)[0], variances


@wrong_moments("The variance starts at sigma^2. X_0 is a fixed number: its variance is 0.")
def variance_starts_at_s2(x0, m, s2, rho, n):
    return ema_moments(x0, m, s2, rho, n)[0], _variances(s2, rho, n, v0=float(s2))


@wrong_moments("A factor counts squared in a variance: the noise adds rho^2 sigma^2, not rho sigma^2.")
def noise_factor_not_squared(x0, m, s2, rho, n):
    return ema_moments(x0, m, s2, rho, n)[0], _variances(s2, rho, n, add=rho * s2)


@wrong_moments("A factor counts squared in a variance: the old variance is multiplied by (1 - rho)^2.")
def old_factor_not_squared(x0, m, s2, rho, n):
    return ema_moments(x0, m, s2, rho, n)[0], _variances(s2, rho, n, keep=1 - rho)


@wrong_moments("s2 is the variance already: do not square it again.")
def variance_squared_again(x0, m, s2, rho, n):
    return ema_moments(x0, m, s2**2, rho, n)


@wrong_moments("These are the deviations. The variances are asked, their squares.")
def deviations(x0, m, s2, rho, n):
    means, variances = ema_moments(x0, m, s2, rho, n)
    return means, np.sqrt(variances)


@wrong_moments("You have the limit variance at every step. It is 0 at the start and grows towards its limit.")
def limit_at_every_step(x0, m, s2, rho, n):
    with np.errstate(all="ignore"):
        return ema_moments(x0, m, s2, rho, n)[0], np.full(n + 1, np.divide(rho * s2, 2 - rho))


@wrong_moments("sigma^2 / n is the variance at the decreasing rate 1/(n+1). Here the rate is constant.")
def variance_of_the_running_mean(x0, m, s2, rho, n):
    return ema_moments(x0, m, s2, rho, n)[0], np.array([0.0, *(s2 / k for k in range(1, n + 1))])


@wrong_moments("All your means are m. The mean starts at X_0 and approaches m.")
def means_without_the_start(x0, m, s2, rho, n):
    return np.full(n + 1, float(m)), ema_moments(x0, m, s2, rho, n)[1]


@wrong_moments("m is missing in the means: they shrink from X_0 to m, not to 0.")
def means_shrink_to_zero(x0, m, s2, rho, n):
    return ema_moments(x0, 0.0, s2, rho, n)[0], ema_moments(x0, m, s2, rho, n)[1]


@wrong_moments("rho and 1 - rho have changed places: the old mean is multiplied by 1 - rho.")
def moments_with_roles_swapped(x0, m, s2, rho, n):
    return ema_moments(x0, m, s2, 1 - rho, n)


@wrong_moments("The pair is turned round: means first, variances second.")
def pair_turned_round(x0, m, s2, rho, n):
    return ema_moments(x0, m, s2, rho, n)[::-1]


@wrong_moments("The start is missing: n steps have n + 1 means and variances.")
def moments_without_the_start(x0, m, s2, rho, n):
    means, variances = ema_moments(x0, m, s2, rho, n + 1)
    return means[1:], variances[1:]


@wrong_moments("You return the last step only. All n + 1 are asked.")
def last_moments_only(x0, m, s2, rho, n):
    means, variances = ema_moments(x0, m, s2, rho, n)
    return means[-1], variances[-1]


@wrong_moments("The closed form divides by 2 - rho: at rho = 2 it has no value. Use the recursion there.")
def closed_form_at_two(x0, m, s2, rho, n):
    k = np.arange(n + 1)
    with np.errstate(all="ignore"):
        return m + (1.0 - rho) ** k * (x0 - m), np.divide(rho * s2, 2 - rho) * (1 - (1.0 - rho) ** (2 * k))


@wrong_limit("The limit is rho s2 / (2 - rho); you divide by 2. Solve v = (1 - rho)^2 v + rho^2 s2.")
def limit_divides_by_two(rho, s2):
    return rho * s2 / 2 if rho < 2 else np.inf


@wrong_limit("You divide by 1 - rho; 1 - (1 - rho)^2 = rho (2 - rho), so it is 2 - rho.")
def limit_divides_by_one_minus_rho(rho, s2):
    return rho * s2 / (1 - rho) if rho < 2 and rho != 1 else np.inf


@wrong_limit("One rho cancels: rho^2 s2 / (rho (2 - rho)) = rho s2 / (2 - rho).")
def limit_with_rho_squared(rho, s2):
    return rho**2 * s2 / (2 - rho) if rho < 2 else np.inf


@wrong_limit("The limit variance is not 0 at a constant rate: each step adds new noise.")
def limit_zero(rho, s2):
    return 0.0 if rho < 2 else np.inf


@wrong_limit("This is rho s2. The limit is rho s2 / (2 - rho).")
def limit_not_divided(rho, s2):
    return float(rho * s2) if rho < 2 else np.inf


@wrong_limit("A variance is never negative: for rho > 2 the formula has no meaning, the limit is infinite.")
def limit_negative_beyond_two(rho, s2):
    return np.inf if rho == 2 else rho * s2 / (2 - rho)


@wrong_limit(
    "At exactly rho = 2 you divide by zero. There the variance grows for ever too: return np.inf for rho >= 2."
)
def limit_divides_by_zero(rho, s2):
    return np.inf if rho > 2 else rho * s2 / (2 - rho)


@wrong_limit("Rates between 1 and 2 overshoot, but they settle: the limit is infinite from 2 on, not from 1 on.")
def limit_infinite_from_one(rho, s2):
    return np.inf if rho >= 1 else rho * s2 / (2 - rho)


@wrong_limit("s2 is the variance already: do not square it again.")
def limit_squares_again(rho, s2):
    return np.inf if rho >= 2 else rho * s2**2 / (2 - rho)


# 4. running_mean_schedule ----------------------------------------------------------------------------------------


@wrong("running_mean_schedule", "The first rate divides by zero. Steps are counted from 0: rho_k = 1/(k + 1).")
def divides_by_zero_first(n):
    with np.errstate(all="ignore"):
        return np.divide(1.0, np.arange(n))


@wrong("running_mean_schedule", "The rates lag by one: 1, 1, 1/2, ... The second rate is 1/2.")
def lags_by_one(n):
    return 1.0 / np.maximum(np.arange(n), 1)


@wrong("running_mean_schedule", "The first rate must be 1, or the start is never forgotten: rho_k = 1/(k + 1).")
def one_over_n_plus_two(n):
    return 1.0 / np.arange(2, n + 2)


@wrong("running_mean_schedule", "All your rates are 1/n. The rate decreases from step to step: 1/(k + 1) in step k.")
def the_same_rate(n):
    return np.full(n, 1.0 / n)


@wrong("running_mean_schedule", "This is 1/sqrt(k + 1). A mean of k + 1 samples gives each 1/(k + 1).")
def one_over_root(n):
    return 1.0 / np.sqrt(np.arange(1, n + 1))


@wrong("running_mean_schedule", "There is one rate for each step: n of them, not n + 1.")
def one_rate_too_many(n):
    return running_mean_schedule(n + 1)


@wrong("running_mean_schedule", "The order is turned round: the first rate is 1, the last 1/n.")
def smallest_first(n):
    return running_mean_schedule(n)[::-1]


@wrong("running_mean_schedule", "These are the weights of the past, 1 - rho_k = k/(k + 1). The rate is 1/(k + 1).")
def weight_of_the_past(n):
    return 1 - running_mean_schedule(n)


@wrong("running_mean_schedule", "// cuts off decimals: 1 // 2 is 0. Divide with /.")
def integer_division(n):
    return 1 // np.arange(1, n + 1)


@wrong("running_mean_schedule", "This is only the last rate. Return all n of them.")
def last_rate_only(n):
    return 1.0 / n


# 5. theorem_bound ------------------------------------------------------------------------------------------------

wrong_bound = partial(wrong, "theorem_bound", replaces="theorem_bound")
wrong_schedules = partial(wrong, "theorem_bound", replaces="schedule_ok")


def _bound(d0, rho, factor, noise):
    """The bound with another factor(rate) or noise(rate)."""
    d = [float(d0)]
    for r in rho:
        d.append(factor(r) * d[-1] + noise(r))
    return np.array(d)


@wrong_bound("The noise term has rho^2: rho^2 c0, not rho c0.")
def noise_with_rho(d0, rho, mu, c0, c1):
    return _bound(d0, rho, lambda r: 1 - r * mu + r**2 * c1, lambda r: r * c0)


@wrong_bound("c1 is multiplied by rho^2, not by rho.")
def growth_with_rho(d0, rho, mu, c0, c1):
    return _bound(d0, rho, lambda r: 1 - r * mu + r * c1, lambda r: r**2 * c0)


@wrong_bound("You pull with 2 rho mu. That may hold too, but the theorem here has rho mu.")
def twice_mu(d0, rho, mu, c0, c1):
    return theorem_bound(d0, rho, 2 * mu, c0, c1)


@wrong_bound("The term rho^2 c1 is missing in the factor of d.")
def without_c1(d0, rho, mu, c0, c1):
    return theorem_bound(d0, rho, mu, c0, 0.0)


@wrong_bound("The noise rho^2 c0 is missing: without it the error would go to zero.")
def without_c0(d0, rho, mu, c0, c1):
    return theorem_bound(d0, rho, mu, 0.0, c1)


@wrong_bound("c0 and c1 have changed places: c1 multiplies d, c0 stands alone.")
def constants_swapped(d0, rho, mu, c0, c1):
    return theorem_bound(d0, rho, mu, c1, c0)


@wrong_bound("The sign of c1 is wrong: the noise makes the error larger, + rho^2 c1.")
def sign_of_c1(d0, rho, mu, c0, c1):
    return theorem_bound(d0, rho, mu, c0, -c1)


@wrong_bound("You use the first rate in every step. Step k uses rho[k].")
def first_rate_everywhere(d0, rho, mu, c0, c1):
    return theorem_bound(d0, np.full(len(rho), rho[0]) if len(rho) else rho, mu, c0, c1)


@wrong_bound("d_0 is missing: the start is the first of the n + 1 bounds.")
def bound_without_the_start(d0, rho, mu, c0, c1):
    return theorem_bound(d0, rho, mu, c0, c1)[1:]


@wrong_bound("Only the last bound is returned. Return all, d_0 to d_n.")
def last_bound_only(d0, rho, mu, c0, c1):
    return theorem_bound(d0, rho, mu, c0, c1)[-1]


@wrong_bound("You keep the bound from growing. At large rates it does grow: compute it as it stands.")
def never_grows(d0, rho, mu, c0, c1):
    return np.minimum.accumulate(theorem_bound(d0, rho, mu, c0, c1))


@wrong_bound("This is the limit for a constant rate, at every step. Each step has its own bound.")
def limit_everywhere(d0, rho, mu, c0, c1):
    return np.array([float(d0), *(rho * c0 / (mu - rho * c1))])


@wrong_bound("You take the mean of the rates. Put each rate into the formula, one step after the other.")
def mean_of_the_rates(d0, rho, mu, c0, c1):
    return theorem_bound(d0, np.full(len(rho), rho.mean()) if len(rho) else rho, mu, c0, c1)


@wrong_bound("You write into the caller's rates. Make an array of your own.")
def squares_the_rates_in_place(d0, rho, mu, c0, c1):
    bound = theorem_bound(d0, rho, mu, c0, c1)
    rho *= rho
    return bound


@wrong_schedules(
    "You also ask that the sum of rho_n^2 be finite. This theorem does not: c/sqrt(n) and c/log(n+2) are fine."
)
def asks_for_finite_squares(name):
    return name == "c/n"


@wrong_schedules("A constant rate does not go to zero: its noise never dies out.")
def accepts_the_constant(name):
    return name in ("c/n", "c/sqrt(n)", "const", "c/log(n+2)")


@wrong_schedules("Going to zero is not enough: the sum of c/n^2 and of q^n is finite, so the steps reach only so far.")
def accepts_whatever_goes_to_zero(name):
    return name != "const"


@wrong_schedules("q^n goes to zero so fast that its sum is finite, q/(1 - q).")
def accepts_the_geometric(name):
    return name in ("c/n", "c/sqrt(n)", "c/log(n+2)", "q^n")


@wrong_schedules("The sum of 1/n^2 is finite (pi^2 / 6): the steps reach only so far.")
def accepts_the_square(name):
    return name in ("c/n", "c/sqrt(n)", "c/log(n+2)", "c/n^2")


@wrong_schedules("c/log(n+2) goes to zero very slowly, but it does, and its sum is infinite.")
def refuses_the_logarithm(name):
    return name in ("c/n", "c/sqrt(n)")


@wrong_schedules("True and False have changed places.")
def answers_turned_round(name):
    return name in ("c/n^2", "const", "q^n")


# 6. minibatch_sgd ------------------------------------------------------------------------------------------------


def _walk(X, y, w0, lr, batches, reduction, lam, gradient):
    """A path with another gradient(x, y, w) of a batch, a sum over its rows, before the division for the mean."""
    path = [w0]
    for batch in batches:
        w = path[-1]
        g = gradient(X[batch], y[batch], w)
        g = g / len(batch) if reduction == "mean" else g
        path.append(w - lr * (g + 2 * lam * w))
    return np.array(path)


def _sum(x, y, w):
    return 2 * x.T @ (x @ w - y)


@wrong("minibatch_sgd", "The residual has the wrong sign: x.w - y, not y - x.w, with w - lr g.")
def residual_turned_round(X, y, w0, lr, batches, reduction="mean", lam=0.0):
    return _walk(X, y, w0, lr, batches, reduction, lam, lambda x, y, w: -_sum(x, y, w))


@wrong("minibatch_sgd", "You step uphill: subtract the gradient.")
def steps_uphill(X, y, w0, lr, batches, reduction="mean", lam=0.0):
    return minibatch_sgd(X, y, w0, -lr, batches, reduction, lam)


@wrong("minibatch_sgd", "The factor 2 of the square's derivative is missing.")
def without_the_two(X, y, w0, lr, batches, reduction="mean", lam=0.0):
    return _walk(X, y, w0, lr, batches, reduction, lam, lambda x, y, w: _sum(x, y, w) / 2)


@wrong("minibatch_sgd", 'With reduction="sum" you take the mean. The sum is not divided by the size of the batch.')
def always_the_mean(X, y, w0, lr, batches, reduction="mean", lam=0.0):
    return minibatch_sgd(X, y, w0, lr, batches, "mean", lam)


@wrong("minibatch_sgd", 'With reduction="mean" you take the sum. Divide it by the size of the batch.')
def always_the_sum(X, y, w0, lr, batches, reduction="mean", lam=0.0):
    return minibatch_sgd(X, y, w0, lr, batches, "sum", lam)


@wrong("minibatch_sgd", "You divide by N, the number of all rows. The mean is over the batch: divide by its size.")
def divided_by_all_rows(X, y, w0, lr, batches, reduction="mean", lam=0.0):
    return _walk(X, y, w0, lr, batches, reduction, lam, lambda x, t, w: _sum(x, t, w) * _share(x, X, reduction))


def _share(x, X, reduction):
    """What turns a mean over the batch into a sum over the batch divided by N."""
    return len(x) / len(X) if reduction == "mean" else 1.0


@wrong("minibatch_sgd", "Every batch is divided by the size of the first one. Batches may differ in size.")
def size_of_the_first_batch(X, y, w0, lr, batches, reduction="mean", lam=0.0):
    size = len(batches[0])
    share = (lambda x: len(x) / size) if reduction == "mean" else (lambda x: 1.0)
    return _walk(X, y, w0, lr, batches, reduction, lam, lambda x, y, w: _sum(x, y, w) * share(x))


@wrong("minibatch_sgd", "The mean runs over rows and columns. Divide by the number of rows of the batch only.")
def mean_over_everything(X, y, w0, lr, batches, reduction="mean", lam=0.0):
    columns = X.shape[1] if reduction == "mean" else 1
    return _walk(X, y, w0, lr, batches, reduction, lam, lambda x, y, w: _sum(x, y, w) / columns)


@wrong("minibatch_sgd", "The penalty is added once for each row of the batch. Add 2 lam w once for each step.")
def penalty_for_each_row(X, y, w0, lr, batches, reduction="mean", lam=0.0):
    path = [w0]
    for batch in batches:
        path.append(minibatch_sgd(X, y, path[-1], lr, [batch], reduction, lam * len(batch))[1])
    return np.array(path)


@wrong("minibatch_sgd", "You divide the penalty by the size of the batch. It is added once, after the mean is taken.")
def penalty_inside_the_mean(X, y, w0, lr, batches, reduction="mean", lam=0.0):
    path = [w0]
    for batch in batches:
        share = lam / len(batch) if reduction == "mean" else lam
        path.append(minibatch_sgd(X, y, path[-1], lr, [batch], reduction, share)[1])
    return np.array(path)


@wrong("minibatch_sgd", "The gradient of lam |w|^2 is 2 lam w; you add lam w. There is no factor 1/2 in this penalty.")
def half_the_penalty(X, y, w0, lr, batches, reduction="mean", lam=0.0):
    return minibatch_sgd(X, y, w0, lr, batches, reduction, lam / 2)


@wrong("minibatch_sgd", "The penalty is missing: add 2 lam w to the gradient.")
def without_the_penalty(X, y, w0, lr, batches, reduction="mean", lam=0.0):
    return minibatch_sgd(X, y, w0, lr, batches, reduction, 0.0)


@wrong("minibatch_sgd", "The penalty has the wrong sign: it makes the weights smaller, so 2 lam w is added to g.")
def penalty_grows_the_weights(X, y, w0, lr, batches, reduction="mean", lam=0.0):
    return minibatch_sgd(X, y, w0, lr, batches, reduction, -lam)


@wrong("minibatch_sgd", "The penalty is not multiplied by lr. The step is w - lr (g + 2 lam w).")
def penalty_without_the_rate(X, y, w0, lr, batches, reduction="mean", lam=0.0):
    return minibatch_sgd(X, y, w0, lr, batches, reduction, lam / lr)


@wrong("minibatch_sgd", "w0 is missing: the path has one row for the start and one for each batch.")
def path_without_the_start(X, y, w0, lr, batches, reduction="mean", lam=0.0):
    return minibatch_sgd(X, y, w0, lr, batches, reduction, lam)[1:]


@wrong("minibatch_sgd", "Only the last w is returned. Return the whole path, one row for each step and the start.")
def last_weights_only(X, y, w0, lr, batches, reduction="mean", lam=0.0):
    return minibatch_sgd(X, y, w0, lr, batches, reduction, lam)[-1]


@wrong(
    "minibatch_sgd", "All rows are the same array: `w -= ...` changes what you stored. Write w = w - ..., or w.copy()."
)
def aliased_path(X, y, w0, lr, batches, reduction="mean", lam=0.0):
    path = minibatch_sgd(X, y, w0, lr, batches, reduction, lam)
    return np.repeat(path[-1:], len(path), axis=0)


@wrong("minibatch_sgd", "`w = w0` does not copy: `w -= ...` then writes into the caller's w0. Start with w0.copy().")
def writes_into_the_start(X, y, w0, lr, batches, reduction="mean", lam=0.0):
    path = minibatch_sgd(X, y, w0, lr, batches, reduction, lam)
    w0[:] = path[-1]
    return path


@wrong("minibatch_sgd", "Each step uses all rows. Take only those of the batch: X[batch], y[batch].")
def all_rows_in_each_step(X, y, w0, lr, batches, reduction="mean", lam=0.0):
    return minibatch_sgd(X, y, w0, lr, [np.arange(len(X))] * len(batches), reduction, lam)


@wrong("minibatch_sgd", "You always take the first rows. Index with the batch: X[batch], y[batch].")
def first_rows(X, y, w0, lr, batches, reduction="mean", lam=0.0):
    return minibatch_sgd(X, y, w0, lr, [np.arange(len(batch)) for batch in batches], reduction, lam)


@wrong("minibatch_sgd", "X is indexed with the batch, y is not. Each row needs its own target: y[batch].")
def targets_not_indexed(X, y, w0, lr, batches, reduction="mean", lam=0.0):
    path = [w0]
    for batch in batches:
        rows = np.arange(len(batch))
        path.append(_walk(X[batch], y[: len(batch)], path[-1], lr, [rows], reduction, lam, _sum)[1])
    return np.array(path)


@wrong("minibatch_sgd", "You step after each row. A batch makes one step, with the gradient of all its rows.")
def one_step_for_each_row(X, y, w0, lr, batches, reduction="mean", lam=0.0):
    path = [w0]
    for batch in batches:
        rate = lr / len(batch) if reduction == "mean" else lr
        path.append(minibatch_sgd(X, y, path[-1], rate, [[i] for i in batch], "sum", lam)[-1])
    return np.array(path)


@wrong("minibatch_sgd", "Every gradient is taken at w0. Take it at the newest w.")
def gradient_at_the_start(X, y, w0, lr, batches, reduction="mean", lam=0.0):
    steps = [minibatch_sgd(X, y, w0, lr, [batch], reduction, lam)[1] - w0 for batch in batches]
    return w0 + np.array([0 * w0, *np.cumsum(steps, axis=0)])


@wrong(
    "minibatch_sgd", "(N,) - (N, 1) is an (N, N) table: each prediction minus each target. Give both the shape (N,)."
)
def residuals_of_all_pairs(X, y, w0, lr, batches, reduction="mean", lam=0.0):
    def gradient(x, y, w):
        table = (x @ w)[:, None] - y
        return 2 * x.T @ table.mean(axis=1)

    return _walk(X, y, w0, lr, batches, reduction, lam, gradient)


# 7. simulate -----------------------------------------------------------------------------------------------------


def _runs(x0, m, s2, rho, n, reps, seed, noise):
    """The final values with other noise(rng, k), shape (reps,) or broadcast to it."""
    rng, X = np.random.default_rng(seed), np.full(reps, float(x0))
    for k in range(n):
        X = (1 - rho) * X + rho * (m + np.sqrt(s2) * noise(rng, k))
    return X


def _summary(X):
    return float(X.mean()), float(X.var())


@wrong("simulate", "All runs share the same samples, so they all end alike. Each run needs its own: size=reps.")
def shared_noise(x0, m, s2, rho, n, reps, seed):
    return _summary(_runs(x0, m, s2, rho, n, reps, seed, lambda rng, k: rng.normal()))


@wrong("simulate", "This is mean and variance over the steps of one run. Take them over the runs, at step n.")
def over_time(x0, m, s2, rho, n, reps, seed):
    Y = np.random.default_rng(seed).normal(m, np.sqrt(s2), size=n)
    return _summary(sgd_path(x0, Y, rho))


@wrong("simulate", "You take mean and variance over all steps of all runs. Only the last value X_n of each run counts.")
def over_runs_and_time(x0, m, s2, rho, n, reps, seed):
    rng = np.random.default_rng(seed)
    X = [np.full(reps, float(x0))]
    for _ in range(n):
        X.append((1 - rho) * X[-1] + rho * rng.normal(m, np.sqrt(s2), size=reps))
    return _summary(np.array(X))


@wrong("simulate", "normal(m, s2) takes s2 as the deviation. It wants the root: np.sqrt(s2).")
def variance_as_deviation(x0, m, s2, rho, n, reps, seed):
    return _summary(_runs(x0, m, s2**2, rho, n, reps, seed, lambda rng, k: rng.normal(size=reps)))


@wrong("simulate", "You return the deviation. The variance is asked, its square.")
def deviation(x0, m, s2, rho, n, reps, seed):
    X = _runs(x0, m, s2, rho, n, reps, seed, lambda rng, k: rng.normal(size=reps))
    return float(X.mean()), float(X.std())


@wrong("simulate", "You divide by reps - 1. The variance here divides by reps (numpy's default, ddof=0).")
def divides_by_one_less(x0, m, s2, rho, n, reps, seed):
    X = _runs(x0, m, s2, rho, n, reps, seed, lambda rng, k: rng.normal(size=reps))
    with np.errstate(all="ignore"):
        return float(X.mean()), float(np.divide(((X - X.mean()) ** 2).sum(), reps - 1))


@wrong("simulate", "Every step uses the same numbers. Draw new ones in each, from one generator made before the loop.")
def one_draw_for_all_steps(x0, m, s2, rho, n, reps, seed):
    Y = np.random.default_rng(seed).normal(size=reps)
    return _summary(_runs(x0, m, s2, rho, n, reps, seed, lambda rng, k: Y))


@wrong("simulate", "The generator is made anew for each run, so all runs draw the same numbers. Make it once, before.")
def reseeded_in_each_run(x0, m, s2, rho, n, reps, seed):
    ends = [
        sgd_path(x0, np.random.default_rng(seed).normal(m, np.sqrt(s2), size=n), rho)[-1] for _ in range(min(reps, 3))
    ]
    return _summary(np.array(ends))


@wrong("simulate", "These are the formulas of exercise 3. Run it: draw samples and step.")
def formulas(x0, m, s2, rho, n, reps, seed):
    means, variances = ema_moments(x0, m, s2, rho, n)
    return float(means[-1]), float(variances[-1])


@wrong("simulate", "You run only few repetitions. Run `reps` of them.")
def few_repetitions(x0, m, s2, rho, n, reps, seed):
    few = max(1, reps // 100)
    return _summary(_runs(x0, m, s2, rho, n, few, seed, lambda rng, k: rng.normal(size=few)))


@wrong("simulate", "One step is missing: n samples make n steps.")
def one_step_less(x0, m, s2, rho, n, reps, seed):
    return _summary(_runs(x0, m, s2, rho, max(n - 1, 0), reps, seed, lambda rng, k: rng.normal(size=reps)))


@wrong("simulate", "There is one step too many: n steps lead from X_0 to X_n.")
def one_step_more(x0, m, s2, rho, n, reps, seed):
    return _summary(_runs(x0, m, s2, rho, n + 1, reps, seed, lambda rng, k: rng.normal(size=reps)))


@wrong("simulate", "The runs start at 0. They start at x0.")
def starts_at_zero(x0, m, s2, rho, n, reps, seed):
    return _summary(_runs(0.0, m, s2, rho, n, reps, seed, lambda rng, k: rng.normal(size=reps)))


@wrong("simulate", "The samples have mean 0. Their mean is m.")
def samples_without_m(x0, m, s2, rho, n, reps, seed):
    return _summary(_runs(x0, 0.0, s2, rho, n, reps, seed, lambda rng, k: rng.normal(size=reps)))


@wrong("simulate", "You use a seed of your own, or none: take all randomness from np.random.default_rng(seed).")
def ignores_the_seed(x0, m, s2, rho, n, reps, seed):
    return _summary(_runs(x0, m, s2, rho, n, reps, None, lambda rng, k: rng.normal(size=reps)))


@wrong("simulate", "The seed is fixed in your code, so every seed gives the same numbers: np.random.default_rng(seed).")
def a_seed_of_its_own(x0, m, s2, rho, n, reps, seed):
    return _summary(_runs(x0, m, s2, rho, n, reps, 42, lambda rng, k: rng.normal(size=reps)))


@wrong("simulate", "The pair is turned round: the mean first, the variance second.")
def mean_and_variance_swapped(x0, m, s2, rho, n, reps, seed):
    return _summary(_runs(x0, m, s2, rho, n, reps, seed, lambda rng, k: rng.normal(size=reps)))[::-1]


@wrong("simulate", "The noise is uniform, with values in [0, 1). It is normal: rng.normal.")
def uniform_noise(x0, m, s2, rho, n, reps, seed):
    return _summary(_runs(x0, m, s2, rho, n, reps, seed, lambda rng, k: rng.uniform(size=reps)))
