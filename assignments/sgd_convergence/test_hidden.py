"""Hidden tests of sgd_convergence. Points per exercise: 3, 3, 4, 2, 3, 3, 2 = 20.

Shapes are fixed, values are drawn: so a right solution passes and a known wrong one fails under every seed. Rates are
drawn from intervals in which no two formulas meet (at rho = 1/2, rho and 1 - rho are the same number). The smallest shape
comes last where a snippet to try at home is drawn from the check.
"""

import numpy as np

from autograder.checks import agree, check, numbers, picture, statistical, untouched
from reference import random as draw
from reference import sgd


def _rate(rng):
    """A small rate: far from 0, from 1 and from 1/2."""
    return float(rng.uniform(0.15, 0.4))


def _start(rng):
    """A start well away from any mean that is drawn here."""
    return float(rng.uniform(4.0, 8.0))


# 1. sgd_path -----------------------------------------------------------------------------------------------------


@check("sgd_path", points=0.5)
def test_path_by_hand(student):
    """Four steps at a constant rate, by hand."""
    Y = np.array([2.0, -1.0, 4.0, 3.0])
    agree(student.sgd_path(1.0, Y, 0.3), sgd.sgd_path(1.0, Y, 0.3))


@check("sgd_path", points=0.5)
def test_path_at_a_constant_rate(student, rng):
    """Any number of samples, one included."""
    for n in (30, 1, 5):
        x0, Y, rho = _start(rng), draw.away_from_zero(rng, n), _rate(rng)
        agree(student.sgd_path(x0, Y, rho), sgd.sgd_path(x0, Y, rho))


@check("sgd_path", points=1)
def test_path_with_a_rate_for_each_step(student, rng):
    """An array of rates: rho[k] belongs to the step from X_k to X_(k+1)."""
    for n in (12, 1, 4):
        x0, Y, rho = _start(rng), draw.away_from_zero(rng, n), rng.uniform(0.1, 1.9, size=n)
        agree(student.sgd_path(x0, Y, rho), sgd.sgd_path(x0, Y, rho))


@check("sgd_path", points=0.5)
def test_path_at_special_rates(student, rng):
    """Rate 0 stays, rate 1 takes the newest sample, rate 2 jumps to the other side of it."""
    for rho in (0, 1, 2.0):
        x0, Y = _start(rng), draw.away_from_zero(rng, 5)
        agree(student.sgd_path(x0, Y, rho), sgd.sgd_path(x0, Y, rho))


@check("sgd_path", points=0.5)
def test_path_starts_at_x0(student, rng):
    """The start comes first, also as a Python int and without any sample."""
    for n in (0, 4):
        Y, rho = draw.away_from_zero(rng, n), _rate(rng)
        agree(student.sgd_path(3, Y, rho), sgd.sgd_path(3, Y, rho))


@check("sgd_path", takes=0.5)
def test_path_leaves_its_inputs(student, rng):
    """`sgd_path` does not change its inputs."""
    untouched(student.sgd_path, 1.0, draw.away_from_zero(rng, 5), rng.uniform(0.1, 0.9, size=5))


@picture("sgd_path", x_label="step", y_label="X")
def three_rates(student):
    """The notebook's 200 samples at the rates 0.02, 0.1 and 0.5."""
    Y = np.random.default_rng(1).normal(3, 2, size=200)
    yours = [numbers(student.sgd_path(0, Y, rho), shape=(201,)) for rho in (0.02, 0.1, 0.5)]
    return np.array(yours), np.array([sgd.sgd_path(0, Y, rho) for rho in (0.02, 0.1, 0.5)])


# 2. ema_weights --------------------------------------------------------------------------------------------------


@check("ema_weights", points=1)
def test_weights(student, rng):
    """The weights of the samples, newest first, and of the start."""
    for n in (9, 1, 2, 5):
        rho = _rate(rng)
        agree(student.ema_weights(rho, n), sgd.ema_weights(rho, n))


@check("ema_weights", points=1)
def test_weights_give_the_path(student, rng):
    """The weights times samples and start are the end of the path, and their sum is one."""
    for n in (4, 7):
        x0, Y, rho = _start(rng), draw.away_from_zero(rng, n), float(rng.uniform(0.6, 0.9))
        weights = numbers(student.ema_weights(rho, n), shape=(n + 1,), what="the weights")
        agree(weights @ [*Y[::-1], x0], sgd.sgd_path(x0, Y, rho)[-1], what="weights times samples and start")
        agree(weights.sum(), 1.0, what="the sum of the weights")


@check("ema_weights", points=0.5)
def test_weights_at_special_rates(student):
    """Rate 0 keeps only the start, rate 1 only the newest sample; beyond 1 the signs alternate."""
    for rho in (0, 1, 1.5, 2):
        agree(student.ema_weights(rho, 4), sgd.ema_weights(rho, 4))


@check("ema_weights", points=0.5)
def test_weights_without_samples(student, rng):
    """With no sample the start has all the weight, at any rate."""
    for rho in (_rate(rng), 0.0, 1.0):
        agree(student.ema_weights(rho, 0), np.ones(1))


@picture("ema_weights", x_label="how long ago (the last entry is the start)", y_label="weight")
def memory(student):
    """What X_20 remembers, newest sample first, at the rates 0.05, 0.2 and 0.5."""
    yours = [numbers(student.ema_weights(rho, 20), shape=(21,)) for rho in (0.05, 0.2, 0.5)]
    return np.array(yours), np.array([sgd.ema_weights(rho, 20) for rho in (0.05, 0.2, 0.5)])


# 3. ema_moments --------------------------------------------------------------------------------------------------


def _moments(rng):
    """x0, m and s2: three numbers far apart, s2 far from 1 and from its own root."""
    return _start(rng), float(rng.uniform(-3, -1)), float(rng.uniform(2, 4))


@check("ema_moments", points=0.5)
def test_moments_by_hand(student):
    """Means and variances of the first five steps, by hand."""
    agree(student.ema_moments(0, 3, 4, 0.3, 5), sgd.ema_moments(0, 3, 4, 0.3, 5))


@check("ema_moments", points=0.5)
def test_means(student, rng):
    """The means m_0 .. m_n."""
    for n in (20, 1, 4):
        x0, m, s2, rho = *_moments(rng), _rate(rng)
        agree(student.ema_moments(x0, m, s2, rho, n)[0], sgd.ema_moments(x0, m, s2, rho, n)[0], what="means")


@check("ema_moments", points=1)
def test_variances(student, rng):
    """The variances v_0 .. v_n."""
    for n in (20, 1, 4):
        x0, m, s2, rho = *_moments(rng), _rate(rng)
        agree(student.ema_moments(x0, m, s2, rho, n)[1], sgd.ema_moments(x0, m, s2, rho, n)[1], what="variances")


@check("ema_moments", points=0.5)
def test_moments_at_special_rates(student, rng):
    """Rate 0 never moves; at 2 and beyond the variance grows from step to step."""
    for rho in (0, 1, 2, 2.5):
        x0, m, s2 = _moments(rng)
        agree(student.ema_moments(x0, m, s2, rho, 4), sgd.ema_moments(x0, m, s2, rho, 4))


@check("ema_moments", points=0.5)
def test_moments_of_the_start(student, rng):
    """Before the first step: the start itself, without any variance."""
    x0, m, s2 = _moments(rng)
    agree(student.ema_moments(x0, m, s2, _rate(rng), 0), ([x0], [0.0]))


@check("ema_moments", points=0.5)
def test_limit_variance(student, rng):
    """The limit variance for rates between 0 and 2."""
    for low, high in ((0.6, 0.9), (1.2, 1.9), (0.15, 0.4)):
        rho, s2 = float(rng.uniform(low, high)), float(rng.uniform(2, 4))
        agree(student.limit_variance(rho, s2), sgd.limit_variance(rho, s2))


@check("ema_moments", points=0.5)
def test_limit_variance_at_the_borders(student, rng):
    """Rate 0 has limit variance 0; from 2 on it is infinite. All or nothing."""
    s2 = float(rng.uniform(2, 4))
    for rho in (0.0, 0, float(rng.uniform(2.1, 3)), 2, 2.0):
        agree(student.limit_variance(rho, s2), sgd.limit_variance(rho, s2))


@picture("ema_moments", x_label="step", y_label="E X and E X +- 2 deviations")
def band(student):
    """The notebook's band: start -5, m = 3, s2 = 4, rate 0.1."""
    means, variances = (numbers(part, shape=(61,)) for part in student.ema_moments(-5, 3, 4, 0.1, 60))
    spread = 2 * np.sqrt(np.maximum(variances, 0.0))
    m, v = sgd.ema_moments(-5, 3, 4, 0.1, 60)
    return np.stack([means - spread, means, means + spread]), np.stack([m - 2 * np.sqrt(v), m, m + 2 * np.sqrt(v)])


# 4. running_mean_schedule ----------------------------------------------------------------------------------------


@check("running_mean_schedule", points=1)
def test_schedule(student):
    """The rates themselves, one for each step."""
    for n in (1, 2, 10):
        agree(student.running_mean_schedule(n), sgd.running_mean_schedule(n))


@check("running_mean_schedule", points=1)
def test_schedule_averages(student, rng):
    """SGD with these rates gives the mean of the samples so far, whatever the start."""
    Y, n = draw.away_from_zero(rng, 15), 15
    rates = numbers(student.running_mean_schedule(n), shape=(n,), what="the rates")
    for x0 in (0.0, 1000.0):
        agree(sgd.sgd_path(x0, Y, rates)[1:], np.cumsum(Y) / np.arange(1, n + 1), what="the path with your rates")


# 5. theorem_bound ------------------------------------------------------------------------------------------------


def _theorem(rng):
    """d0, mu, c0 and c1, all different and far from 0."""
    return tuple(float(rng.uniform(low, low + 0.4)) for low in (4.0, 1.0, 2.0, 0.5))


@check("theorem_bound", points=0.5)
def test_bound_by_hand(student):
    """Three steps with three rates, by hand."""
    rho = np.array([0.2, 0.1, 0.4])
    agree(student.theorem_bound(3, rho, 1, 2, 0.5), sgd.theorem_bound(3, rho, 1, 2, 0.5))


@check("theorem_bound", points=1)
def test_bound(student, rng):
    """A rate for each step; none at all leaves d_0."""
    for n in (20, 0, 1, 4):
        d0, mu, c0, c1 = _theorem(rng)
        rho = rng.uniform(0.1, 0.5, size=n)
        agree(student.theorem_bound(d0, rho, mu, c0, c1), sgd.theorem_bound(d0, rho, mu, c0, c1))


@check("theorem_bound", points=0.5)
def test_bound_stops_at_its_limit(student, rng):
    """At a constant rate the bound ends at rho c0 / (mu - rho c1)."""
    d0, mu, c0, c1 = _theorem(rng)
    rho = float(rng.uniform(0.2, 0.4))
    bound = numbers(student.theorem_bound(d0, np.full(400, rho), mu, c0, c1), shape=(401,), what="the bound")
    agree(bound[-1], sgd.theorem_limit(rho, mu, c0, c1), profile="recurrence", what="the last bound")


@check("theorem_bound", points=0.5)
def test_bound_may_grow(student, rng):
    """At large rates the bound grows; it is asked as it is."""
    d0, mu, c0, c1 = _theorem(rng)
    rho = rng.uniform(3.5, 5, size=4)
    agree(student.theorem_bound(d0, rho, mu, c0, c1), sgd.theorem_bound(d0, rho, mu, c0, c1))


@check("theorem_bound", points=0.5)
def test_schedules(student):
    """Which of the six schedules meet both conditions. All or nothing."""
    names = ["c/n", "c/sqrt(n)", "c/n^2", "const", "c/log(n+2)", "q^n"]
    agree([student.schedule_ok(name) for name in names], [sgd.schedule_ok(name) for name in names])


@check("theorem_bound", takes=0.5)
def test_bound_leaves_its_rates(student, rng):
    """`theorem_bound` does not change the array of rates."""
    untouched(student.theorem_bound, 4.0, rng.uniform(0.1, 0.5, size=5), 1.0, 2.0, 0.5)


# 6. minibatch_sgd ------------------------------------------------------------------------------------------------


def _problem(rng, N, d):
    """X, y and w0, with targets that are not fitted: residuals of both signs."""
    return draw.away_from_zero(rng, N, d), 3 * draw.away_from_zero(rng, N), draw.away_from_zero(rng, d)


@check("minibatch_sgd", points=0.5)
def test_one_step(student, rng):
    """One step with the mean, the default: rows in any order, one weight or as many weights as rows."""
    for N, d, size in ((6, 3, 4), (3, 3, 3), (5, 1, 3), (4, 2, 2)):
        X, y, w0 = _problem(rng, N, d)
        rows = draw.batches(rng, N, [size])
        agree(student.minibatch_sgd(X, y, w0, 0.1, rows), sgd.minibatch_sgd(X, y, w0, 0.1, rows))


@check("minibatch_sgd", points=0.5)
def test_whole_path(student, rng):
    """Many steps, batches of different sizes down to one row: every w is kept."""
    for sizes in ((5, 1, 3, 7, 2, 4), (3, 2)):
        X, y, w0 = _problem(rng, 8, 2)
        rows = draw.batches(rng, 8, sizes)
        agree(student.minibatch_sgd(X, y, w0, 0.05, rows, "mean"), sgd.minibatch_sgd(X, y, w0, 0.05, rows, "mean"))


@check("minibatch_sgd", points=0.5)
def test_sum(student, rng):
    """The sum over the batch instead of the mean."""
    for N, d, sizes in ((8, 2, (3, 1, 4)), (5, 2, (4,))):
        X, y, w0 = _problem(rng, N, d)
        rows = draw.batches(rng, N, sizes)
        agree(student.minibatch_sgd(X, y, w0, 0.02, rows, "sum"), sgd.minibatch_sgd(X, y, w0, 0.02, rows, "sum"))


@check("minibatch_sgd", points=0.5)
def test_sum_is_mean_at_another_rate(student, rng):
    """Without penalty and with batches of m rows, the sum at rate lr walks the path of the mean at rate lr m."""
    X, y, w0 = _problem(rng, 9, 2)
    rows = draw.batches(rng, 9, [3, 3, 3, 3])
    expected = sgd.minibatch_sgd(X, y, w0, 0.06, rows, "mean")
    agree(student.minibatch_sgd(X, y, w0, 0.02, rows, "sum"), expected, what="the sum's path")
    agree(student.minibatch_sgd(X, y, w0, 0.06, rows, "mean"), expected, what="the mean's path")


@check("minibatch_sgd", points=0.5)
def test_penalty_with_the_mean(student, rng):
    """lam with the mean: once for each batch, whatever its size."""
    for sizes in ((4, 1, 5), (3,)):
        X, y, w0 = _problem(rng, 6, 2)
        rows, lam = draw.batches(rng, 6, sizes), float(rng.uniform(0.3, 0.9))
        expected = sgd.minibatch_sgd(X, y, w0, 0.05, rows, "mean", lam)
        agree(student.minibatch_sgd(X, y, w0, 0.05, rows, "mean", lam), expected)


@check("minibatch_sgd", points=0.5)
def test_penalty_with_the_sum(student, rng):
    """lam with the sum: once for each batch too."""
    for sizes in ((4, 1, 5), (3,)):
        X, y, w0 = _problem(rng, 6, 2)
        rows, lam = draw.batches(rng, 6, sizes), float(rng.uniform(0.3, 0.9))
        expected = sgd.minibatch_sgd(X, y, w0, 0.02, rows, "sum", lam)
        agree(student.minibatch_sgd(X, y, w0, 0.02, rows, reduction="sum", lam=lam), expected)


@check("minibatch_sgd", takes=1)
def test_minibatch_leaves_its_inputs(student, rng):
    """`minibatch_sgd` does not change its inputs, w0 above all."""
    X, y, w0 = _problem(rng, 6, 2)
    untouched(student.minibatch_sgd, X, y, w0, 0.1, draw.batches(rng, 6, [4, 2]), "mean", 0.1)


@picture("minibatch_sgd", x_label="step", y_label="weight")
def weights_of_the_cloud(student):
    """Both weights on the notebook's cloud, batches of 4, rate 0.1: towards 2 and -1."""
    X, y, batches = _cloud()
    path = numbers(student.minibatch_sgd(X, y, np.zeros(2), 0.1, batches), shape=(len(batches) + 1, 2))
    return path.T, sgd.minibatch_sgd(X, y, np.zeros(2), 0.1, batches).T


def _cloud():
    """The public problem of the notebook's picture, with the same numbers, in batches of 4."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(32, 2)) * [1.0, 0.5]
    y = X @ [2.0, -1.0] + 0.5 * rng.normal(size=32)
    orders = [rng.permutation(32) for _ in range(12)]
    return X, y, [order[at : at + 4] for order in orders for at in range(0, 32, 4)]


# 7. simulate -----------------------------------------------------------------------------------------------------

REPS = 20_000
#: Rate and number of steps: few steps, so that the state of the first is not that of the limit.
RUNS = ((0.1, 6), (0.5, 3), (1.5, 4))


def _seed(rng):
    return int(rng.integers(2**31))


@check("simulate", points=0.5, twin=None)
def test_mean_of_many_runs(student, rng):
    """The mean of 20,000 runs, for three rates, within 5 standard errors."""
    for rho, n in RUNS:
        x0, m, s2 = _moments(rng)
        mean, _ = student.simulate(x0, m, s2, rho, n, REPS, _seed(rng))
        # A right answer is normal around m_n: it is further off once in 1.7 million draws.
        bound = 5 * np.sqrt(sgd.ema_variance(rho, s2, n) / REPS)
        agree(mean, sgd.ema_mean(x0, m, rho, n), profile=statistical(float(bound)), what="the mean")


@check("simulate", points=0.5, twin=None)
def test_variance_of_many_runs(student, rng):
    """The variance over 20,000 runs, for three rates, within 5 %."""
    for rho, n in RUNS:
        x0, m, s2 = _moments(rng)
        _, variance = student.simulate(x0, m, s2, rho, n, REPS, _seed(rng))
        # reps var / v is chi-squared with reps - 1 degrees: sqrt(2 / reps) = 1 % of deviation, 5 % once in 1.7 million.
        agree(variance / sgd.ema_variance(rho, s2, n), 1.0, profile=statistical(0.05), what="variance over v_n")


@check("simulate", points=0.5, twin=None)
def test_few_runs_scatter(student, rng):
    """A hundred answers of four runs each: they must scatter as random numbers do."""
    (x0, m, s2), rho, n, reps = _moments(rng), 0.4, 3, 4
    answers = [student.simulate(x0, m, s2, rho, n, reps, _seed(rng)) for _ in range(100)]
    found = np.array([numbers(answer, shape=(2,), what="mean and variance") for answer in answers])
    v = sgd.ema_variance(rho, s2, n)
    spread = ((found[:, 0] - sgd.ema_mean(x0, m, rho, n)) ** 2).mean() / (v / reps)
    # 100 spread is chi-squared with 100 degrees, 300 inner with 300: outside these bounds once in a million draws.
    agree(spread, 1.2, profile=statistical(0.75), what="the scatter of the means, over its expectation")
    inner = found[:, 1].mean() / (v * (reps - 1) / reps)
    agree(inner, 1.0, profile=statistical(0.45), what="the mean of the variances, over its expectation")


@check("simulate", points=0.5)
def test_simulation_without_noise(student, rng):
    """Without noise the runs end at m_n exactly; one run alone, or no step at all, has variance 0."""
    x0, m, s2 = _moments(rng)
    agree(student.simulate(x0, m, s2, 0.3, 0, 50, _seed(rng)), (x0, 0.0), what="no step")
    agree(student.simulate(x0, m, s2, 0.3, 4, 1, _seed(rng))[1], 0.0, what="the variance of one run")
    rho, n = _rate(rng), 5
    agree(student.simulate(x0, m, 0.0, rho, n, 20, _seed(rng)), (sgd.ema_mean(x0, m, rho, n), 0.0), what="no noise")


@check("simulate", takes=0.5, twin=None)
def test_simulation_is_repeatable(student, rng):
    """The same seed gives the same answer, another seed another one."""
    seed = _seed(rng)
    first = numbers(student.simulate(1.0, 2.0, 3.0, 0.3, 3, 20, seed), shape=(2,), what="mean and variance")
    agree(student.simulate(1.0, 2.0, 3.0, 0.3, 3, 20, seed), first, what="the second run")
    other = numbers(student.simulate(1.0, 2.0, 3.0, 0.3, 3, 20, seed + 1), shape=(2,), what="mean and variance")
    agree(bool((other != first).all()), True, what="whether another seed gives another answer")
