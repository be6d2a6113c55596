"""reference.sgd against closed forms, PyTorch, simulation and the lectures' numbers."""

import math

import numpy as np
import pytest
import torch

from reference import sgd


def near(got, expected, rtol=1e-10, atol=1e-12):
    """Some tens of steps in float64: rounding in the 14th digit or so."""
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=atol)


# The path --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rho", [0.0, 0.3, 1.0, 2.0])
def test_path_is_torchs_sgd(rho, rng):
    """torch.optim.SGD on (X - Y)^2 / 2, one sample a step."""
    Y = rng.normal(size=12)
    X = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    optimiser, expected = torch.optim.SGD([X], lr=rho), [0.7]
    for y in Y:
        optimiser.zero_grad()
        ((X - y) ** 2 / 2).backward()
        optimiser.step()
        expected.append(X.item())
    near(sgd.sgd_path(0.7, Y, rho), expected)


def test_path_with_a_rate_for_each_step(rng):
    """Equal rates as an array are the number; an integer start is a float; no samples leave the start."""
    Y = rng.normal(size=5)
    near(sgd.sgd_path(1.0, Y, np.full(5, 0.2)), sgd.sgd_path(1.0, Y, 0.2))
    near(sgd.sgd_path(0, Y, np.array([0.5, 0, 0, 0, 0])), [0, *np.full(5, Y[0] / 2)])
    near(sgd.sgd_path(3, Y[:0], 0.2), [3.0])


@pytest.mark.parametrize("rho", [0.0, 0.3, 1.0, 2.0])
@pytest.mark.parametrize("n", [0, 1, 7])
def test_weights_are_those_of_the_path(rho, n, rng):
    """The path is linear in the samples and the start: its weights are its values at unit vectors."""
    units = np.eye(n + 1)
    expected = [sgd.sgd_path(unit[-1], unit[:-1][::-1], rho)[-1] for unit in units]
    near(sgd.ema_weights(rho, n), expected)
    near(sgd.ema_weights(rho, n).sum(), 1)


def test_the_lectures_expansion_lags():
    """E42: (1 - rho)^2 multiplies X_(n-1), not X_(n-2); with the misprint the path is another."""
    rho, Y, x0 = 0.3, np.array([-0.5, 0.4, 1.1, -0.7]), 0.2
    X = sgd.sgd_path(x0, Y, rho)
    right = rho * Y[3] + (1 - rho) * rho * Y[2] + (1 - rho) ** 2 * X[2]
    printed = rho * Y[3] + (1 - rho) * rho * Y[2] + (1 - rho) ** 2 * X[1]
    near(X[4], right)
    assert abs(X[4] - printed) > 0.05


def test_golden_weight():
    """Q04.4: the fourth-last sample but one weighs .3 * .7^4."""
    near(sgd.ema_weights(0.3, 6)[4], 0.07203)


# Its law ---------------------------------------------------------------------------------------------------------


def test_golden_moments():
    """A45, with the digits printed there: rho = .3, m = 3, sigma^2 = 4, X_0 = 0."""
    means, variances = sgd.ema_moments(0, 3, 4, 0.3, 5)
    near(means, [0, 0.9, 1.53, 1.971, 2.2797, 2.49579])
    near(variances, [0, 0.36, 0.5364, 0.622836, 0.66518964, 0.685942924], rtol=0, atol=5e-10)


@pytest.mark.parametrize("rho", [0.1, 0.5, 1.0, 1.5, 2.5])
def test_moments_are_the_closed_forms(rho):
    """m + (1 - rho)^k (x0 - m) and rho s2 / (2 - rho) (1 - (1 - rho)^(2k))."""
    k = np.arange(9)
    means, variances = sgd.ema_moments(-1.0, 2.0, 3.0, rho, 8)
    near(means, 2 + (1 - rho) ** k * -3)
    near(variances, rho * 3 / (2 - rho) * (1 - (1 - rho) ** (2 * k)))
    near(sgd.ema_mean(-1.0, 2.0, rho, 8), means[-1])
    near(sgd.ema_variance(rho, 3.0, 8), variances[-1])
    near(sgd.ema_variance(rho, 3.0, 8, v0=5.0), variances[-1] + (1 - rho) ** 16 * 5)


def test_variance_is_the_sum_of_squared_weights():
    """Independent samples: Var X_n = s2 times the sum of their squared weights."""
    near(sgd.ema_variance(0.4, 2.5, 7), 2.5 * (sgd.ema_weights(0.4, 7)[:-1] ** 2).sum())


def test_golden_quiz_numbers():
    """Q04.1 to Q04.3."""
    near(sgd.limit_variance(0.3, 2), 0.352941, rtol=0, atol=5e-7)
    near(sgd.ema_variance(0.8, 1, 2), 0.6656)
    near(sgd.ema_mean(9, 3, 0.6, 3), 3.384)


def test_limit_variance():
    """The fixed point of the recursion; nothing at 0, and without bound from 2 on."""
    for rho in (0.1, 0.5, 1.0, 1.9):
        near(sgd.ema_variance(rho, 4.0, 500), sgd.limit_variance(rho, 4.0))
    assert sgd.limit_variance(0.0, 4.0) == 0
    assert [sgd.limit_variance(rho, 4.0) for rho in (2.0, 2, 2.5)] == [math.inf] * 3
    near(np.diff(sgd.ema_moments(0, 0, 1.0, 2.0, 20)[1]), 4)  # at 2 each step adds rho^2 s2, for ever


def test_stability_limit():
    """For c (X - Y)^2 / 2 the error is multiplied by 1 - c rho: within (-1, 1) exactly below 2 / c (Q04.5)."""
    assert sgd.stability_limit(2) == 1
    for c in (0.5, 1.0, 4.0):
        for factor in (0.99, 1.01):
            rho = factor * sgd.stability_limit(c)
            assert (abs(1 - c * rho) < 1) == (factor < 1)


@pytest.mark.parametrize("rho", [0.1, 0.5, 1.5])
def test_simulation_meets_the_formulas(rho):
    """20,000 runs, five standard errors: the mean's is sqrt(v / reps), the variance's v sqrt(2 / reps) (A45's table)."""
    reps, n = 20_000, 60
    mean, variance = sgd.simulate(1.0, 3.0, 4.0, rho, n, reps, seed=8)
    v = sgd.ema_variance(rho, 4.0, n)
    assert abs(mean - sgd.ema_mean(1.0, 3.0, rho, n)) < 5 * math.sqrt(v / reps)
    assert abs(variance / v - 1) < 5 * math.sqrt(2 / reps)


def test_simulation_of_paths(rng):
    """One run is a path of sgd_path with the same samples; the same seed gives the same numbers."""
    Y = np.random.default_rng(3).normal(2.0, 0.5, size=6)
    mean, variance = sgd.simulate(1, 2.0, 0.25, 0.3, 6, 1, seed=3)
    near(mean, sgd.sgd_path(1, Y, 0.3)[-1])
    assert variance == 0
    assert sgd.simulate(0, 2, 1, 0.3, 6, 10, seed=3) == sgd.simulate(0, 2, 1, 0.3, 6, 10, seed=3)
    assert sgd.simulate(0, 2, 1, 0.3, 6, 10, seed=3) != sgd.simulate(0, 2, 1, 0.3, 6, 10, seed=4)


# Decreasing rates ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("x0", [0.0, -50.0])
def test_schedule_of_the_running_mean(x0, rng):
    """X_k is the mean of the first k samples, whatever the start."""
    Y = rng.normal(size=20)
    X = sgd.sgd_path(x0, Y, sgd.running_mean_schedule(20))
    near(X[1:], np.cumsum(Y) / np.arange(1, 21))


def test_rate_and_variance_of_the_running_mean():
    """Q04.6, Q04.7, and the exact variances of the path: s2 / n from the first step on (E44)."""
    near(sgd.rho_running_mean(14), 1 / 15)
    near([sgd.rho_running_mean(k) for k in range(9)], sgd.running_mean_schedule(9))
    near(sgd.running_mean_variance(3, 36), 1 / 12)
    exact = sgd.toy_error(7.0, sgd.running_mean_schedule(9), 3.0)
    near(exact[1:], [sgd.running_mean_variance(3.0, n) for n in range(1, 10)])


@pytest.mark.parametrize(
    ("name", "rate", "good"),
    [
        ("c/n", lambda n: 1 / n, True),
        ("c/sqrt(n)", lambda n: n**-0.5, True),
        ("c/n^2", lambda n: n**-2.0, False),
        ("const", lambda n: 0.2 + 0 * n, False),
        ("c/log(n+2)", lambda n: 1 / np.log(n + 2), True),
        ("q^n", lambda n: 0.9**n, False),
    ],
)
def test_schedules(name, rate, good):
    """As numbers: small at 2^40, and the doubling blocks 2^j .. 2^(j+1) do not shrink faster than 1 / (j + 1)."""
    assert sgd.schedule_ok(name) is good
    # Each block's sum is at least its length times its last rate: blocks bounded below by const / j sum to infinity.
    j = np.arange(20.0, 40)
    blocks = 2**j * rate(2 ** (j + 1))
    infinite = bool((blocks * j >= 0.4).all())
    small = bool(rate(2.0**40) < 0.04)
    assert (small and infinite) is good


# The theorem -----------------------------------------------------------------------------------------------------


def test_golden_bound():
    """Q04.8 and Q04.9; A47: .1111 against the toy's exact .0526."""
    near(sgd.theorem_step(2, 0.2, 0.5, 0.5, 1), 1.9)
    near(sgd.theorem_limit(0.3, 1, 3, 2), 2.25)
    near(sgd.theorem_limit(0.1, 1, 1, 1), 1 / 9)
    near(sgd.limit_variance(0.1, 1), 0.0526, rtol=0, atol=5e-5)


def test_limit_of_the_bound(rng):
    """The bound's iteration ends at its limit, or grows where there is none."""
    near(sgd.theorem_bound(5.0, np.full(2000, 0.1), 1.0, 2.0, 3.0)[-1], sgd.theorem_limit(0.1, 1.0, 2.0, 3.0))
    assert sgd.theorem_limit(0.5, 1.0, 1.0, 2.0) == math.inf
    assert (np.diff(sgd.theorem_bound(5.0, np.full(50, 0.6), 1.0, 1.0, 2.0)) > 0).all()


def test_bound_holds_for_the_toy(rng):
    """mu = c1 = 1, c0 = s2: above the exact error at every step, for any rates up to 2."""
    for _ in range(20):
        rho, d0, s2 = rng.uniform(0, 2, size=10), rng.uniform(0, 4), rng.uniform(0.1, 4)
        exact, bound = sgd.toy_error(d0, rho, s2), sgd.theorem_bound(d0, rho, 1.0, s2, 1.0)
        assert (bound >= exact - 1e-12).all()
        near(bound[1] - exact[1], rho[0] * d0)


def test_toy_error_is_bias_squared_plus_variance():
    """From a fixed start."""
    means, variances = sgd.ema_moments(5.0, 2.0, 3.0, 0.4, 8)
    near(sgd.toy_error(9.0, np.full(8, 0.4), 3.0), (means - 2) ** 2 + variances)


def test_bound_of_a_good_schedule_goes_to_zero():
    """rho_n = 1 / (n + 2): about 1 / n; with 1 / (n + 2)^2, whose sum is finite, it stays up."""
    k = np.arange(20_000)
    assert sgd.theorem_bound(4.0, 1 / (k + 2), 1.0, 1.0, 0.5)[-1] < 1e-3
    assert sgd.theorem_bound(4.0, 1 / (k + 2) ** 2, 1.0, 1.0, 0.5)[-1] > 1


# Mini-batches ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("lam", [0.0, 0.3])
def test_minibatch_is_torchs_sgd(reduction, lam, rng):
    """torch's autograd and SGD, batches of different sizes; weight decay 2 lam is the penalty lam |w|^2."""
    X, y, w0 = rng.normal(size=(9, 3)), rng.normal(size=9), rng.normal(size=3)
    batches = [rng.permutation(9)[:size] for size in (4, 1, 9, 3)]
    w = torch.from_numpy(w0.copy()).requires_grad_()
    optimiser, expected = torch.optim.SGD([w], lr=0.05, weight_decay=2 * lam), [w0]
    for batch in batches:
        optimiser.zero_grad()
        target = torch.from_numpy(y[batch])
        torch.nn.functional.mse_loss(torch.from_numpy(X[batch]) @ w, target, reduction=reduction).backward()
        optimiser.step()
        expected.append(w.detach().numpy().copy())
    near(sgd.minibatch_sgd(X, y, w0, 0.05, batches, reduction, lam), expected)


def test_sum_and_mean_differ_by_the_batch(rng):
    """E40: the sum's rate is the mean's over m, while batches are equal (Q04.12)."""
    X, y, w0 = rng.normal(size=(8, 2)), rng.normal(size=8), rng.normal(size=2)
    batches = sgd.epoch_batches(rng.permutation(8), 4)
    by_sum = sgd.minibatch_sgd(X, y, w0, 0.02, batches, "sum")
    near(by_sum, sgd.minibatch_sgd(X, y, w0, sgd.rescale_lr(0.02, 4), batches))
    near(sgd.rescale_lr(0.02, 32), 0.64)
    near(sgd.rescale_lr(0.64, 32, to="sum"), 0.02)


def test_batch_gradients_are_unbiased(rng):
    """The mean of the one-sample steps is the whole-batch step: E[grad L(omega, X)] is the gradient of the mean loss."""
    X, y, w0 = rng.normal(size=(6, 2)), rng.normal(size=6), rng.normal(size=2)
    singles = [sgd.minibatch_sgd(X, y, w0, 0.1, [np.array([i])])[1] for i in range(6)]
    near(np.mean(singles, axis=0), sgd.minibatch_sgd(X, y, w0, 0.1, [np.arange(6)])[1])


def test_minibatch_path_leaves_its_start(rng):
    """Every row is its own array, and w0 is not written to."""
    w0 = np.ones(2)
    path = sgd.minibatch_sgd(rng.normal(size=(4, 2)), np.zeros(4), w0, 0.1, [np.arange(4)] * 3)
    assert (path[0] == 1).all()
    assert (w0 == 1).all()
    assert len({tuple(row) for row in path}) == 4


def test_epochs(rng):
    """Every row once, the last batch smaller; Q04.11: 28 updates for 1,760 samples in batches of 64."""
    order = rng.permutation(10)
    batches = sgd.epoch_batches(order, 4)
    assert [len(batch) for batch in batches] == [4, 4, 2]
    assert (np.concatenate(batches) == order).all()
    assert sgd.steps_per_epoch(10, 4) == 3
    assert sgd.steps_per_epoch(8, 4) == 2
    assert sgd.steps_per_epoch(1760, 64) == 28
