"""reference.diffusion against simulation, closed forms and the lectures' numbers."""

import numpy as np
import pytest

from reference import diffusion as D

BETAS = [0.1, 0.2, 0.3]


def near(got, expected, rtol=1e-12, atol=1e-13):
    """Closed forms in float64: rounding in the 15th digit."""
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=atol)


def test_golden_coefficients():
    """betas .1, .2, .3: abar .9, .72, .504, coefficients .7099296 and .7042727 (A144); Q14.11: .848528, .52915."""
    near(D.alpha_bar(BETAS), [0.9, 0.72, 0.504])
    near(D.q_coefficients(BETAS), (0.7099296, 0.7042727), rtol=1e-6)
    near(D.q_coefficients([0.1, 0.2]), (0.848528, 0.52915), rtol=1e-5)
    near(D.q_coefficients(BETAS, 2), D.q_coefficients([0.1, 0.2]))


def test_squares_of_the_coefficients_sum_to_one():
    """A standard normal x_0 stays standard normal at every t."""
    for t in (1, 2, 3):
        near(np.square(D.q_coefficients(BETAS, t)).sum(), 1)


def test_all_steps_at_once_are_the_steps_one_by_one(rng):
    """x_t = sqrt(1 - beta_t) x_(t-1) + sqrt(beta_t) noise, 40,000 times: mean and deviation within 5 standard errors."""
    n, x0 = 40_000, 1.5
    x = np.full(n, x0)
    for t, beta in enumerate(BETAS, 1):
        x = np.sqrt(1 - beta) * x + np.sqrt(beta) * rng.normal(size=n)
        signal, noise = D.q_coefficients(BETAS, t)
        assert abs(x.mean() - signal * x0) < 5 * noise / np.sqrt(n)
        assert abs(x.std() - noise) < 5 * noise / np.sqrt(2 * n)


@pytest.mark.parametrize("t", [1, 2, 3])
def test_known_noise_is_undone(rng, t):
    """predict_x0 is the inverse of q_sample."""
    x0, eps = rng.normal(size=(4, 5)), rng.normal(size=(4, 5))
    near(D.predict_x0(D.q_sample(x0, eps, BETAS, t), eps, BETAS, t), x0)


@pytest.mark.parametrize("t", [2, 3])
def test_a_step_back_is_bayes_rule(rng, t):
    """x_(t-1) given x_t and x_0 is normal; its law by the product of two densities on a grid, renormalised."""
    x0, xt, beta = 0.7, -0.4, BETAS[t - 1]
    signal, noise = D.q_coefficients(BETAS, t - 1)
    x = np.linspace(-8, 8, 8001)
    log = -((x - signal * x0) ** 2) / (2 * noise**2) - (xt - np.sqrt(1 - beta) * x) ** 2 / (2 * beta)
    law = np.exp(log - log.max())
    law /= law.sum()
    mean = (law * x).sum()
    deviation = np.sqrt((law * (x - mean) ** 2).sum())
    signal, noise = D.q_coefficients(BETAS, t)
    eps = (xt - signal * x0) / noise
    near(D.p_sample(xt, eps, BETAS, t, 0.0), mean, rtol=1e-9)
    near(D.p_sample(xt, eps, BETAS, t, 1.0) - mean, deviation, rtol=1e-7)


def test_the_last_step_back_adds_no_noise():
    """At t = 1 the true noise leads to x_0 itself, whatever is drawn."""
    x0, eps = np.array([0.3, -2.0]), np.array([1.0, 0.5])
    near(D.p_sample(D.q_sample(x0, eps, BETAS, 1), eps, BETAS, 1, np.array([5.0, -5.0])), x0)


def test_what_is_erased_comes_from_the_nearest():
    """Nearest on the observed pixels alone; they stay; a tie goes to the first."""
    data = np.array([[0.0, 9, 5], [1.0, 1, 6], [1.0, 1, 7]])
    x = np.array([1.0, 0.9, -100.0])
    near(D.masked_fill_sample(x, np.array([1, 1, 0]), data), [1.0, 0.9, 6.0])
    near(D.masked_fill_sample(x, np.array([True, False, False]), data), [1.0, 1.0, 6.0])
    near(D.masked_fill_sample(x, np.array([1, 1, 1]), data), x)


def test_a_sample_of_the_data_is_found_again(rng):
    """Half of its pixels are enough."""
    data = rng.normal(size=(20, 10))
    for n in (0, 7, 19):
        mask = rng.permutation(10) < 5
        near(D.masked_fill_sample(np.where(mask, data[n], 0), mask, data), data[n])
