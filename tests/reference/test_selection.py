"""reference.selection against scikit-learn, scipy, simulations and the lectures' numbers."""

import numpy as np
import pytest
import scipy
from sklearn.model_selection import GridSearchCV, KFold, ParameterGrid, TimeSeriesSplit
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from reference import selection as s


def near(got, expected, rtol=1e-12, atol=1e-14):
    """Closed forms in float64: some units in the 16th digit."""
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=atol)


# Splits ----------------------------------------------------------------------------------------------------------


def test_split_cuts_the_permutation(rng):
    """Three parts that put together are the permutation, order kept; .7 and .1 of 10 are 7 and 1, not 6 and 1."""
    for n, f_train, f_val, sizes in [(10, 0.7, 0.1, (7, 1, 2)), (11, 0.5, 0.25, (5, 2, 4)), (1, 0.5, 0.5, (0, 0, 1))]:
        perm = rng.permutation(n)
        parts = s.split(perm, f_train, f_val)
        assert tuple(map(len, parts)) == sizes
        assert (np.concatenate(parts) == perm).all()
    assert 0.29 * 100 < 29, "plain rounding down would lose a row"
    assert len(s.split(np.arange(100), 0.29, 0.1)[0]) == 29


@pytest.mark.parametrize(("n", "K"), [(10, 3), (58, 5), (6, 6), (9, 3), (7, 2)])
def test_folds_are_scikit_learns(n, K, rng):
    """Plain, and along a permutation; every row is tested once."""
    plain = s.kfold(n, K)
    for (train, test), (their_train, their_test) in zip(plain, KFold(K).split(np.zeros(n)), strict=True):
        assert train.tolist() == their_train.tolist()
        assert test.tolist() == their_test.tolist()
    perm = rng.permutation(n)
    for (train, test), (rows, held) in zip(s.kfold(n, K, perm), plain, strict=True):
        assert test.tolist() == perm[held].tolist()
        assert train.tolist() == perm[rows].tolist()


def test_fold_sizes_of_the_lecture():
    """n = 10, K = 3: 4, 3, 3 (A11); n = 58, K = 5: 12, 12, 12, 11, 11 (Q07.1)."""
    assert [len(test) for _, test in s.kfold(10, 3)] == [4, 3, 3]
    assert [len(test) for _, test in s.kfold(58, 5)] == [12, 12, 12, 11, 11]


@pytest.mark.parametrize(("n", "K"), [(60, 5), (10, 3), (11, 3), (3, 2), (7, 6)])
def test_time_splits_are_scikit_learns(n, K):
    """Expanding, and rolling with a window as long as the first block."""
    first = n - K * (n // (K + 1))
    for mode, longest in (("expanding", None), ("rolling", first)):
        theirs = TimeSeriesSplit(K, max_train_size=longest).split(np.zeros(n))
        for (train, test), (their_train, their_test) in zip(s.timeseries_split(n, K, mode), theirs, strict=True):
            assert train.tolist() == their_train.tolist()
            assert test.tolist() == their_test.tolist()
            assert train.max() < test.min()


def test_time_split_of_the_quiz():
    """n = 60, K = 5, third fold: trained up to time 29 (Q07.4); modes have two names."""
    assert s.timeseries_split(60, 5)[2][0][-1] == 29
    with pytest.raises(ValueError):
        s.timeseries_split(60, 5, "sliding")


# Hyper-parameters ------------------------------------------------------------------------------------------------


def test_grid_in_product_order():
    """Names in the order given, the last one fastest; the same settings as scikit-learn's, which sorts the names."""
    params = {"width": [8, 16], "act": ["relu", "tanh"], "lam": [0.0]}
    settings = s.grid(params)
    assert [(p["width"], p["act"]) for p in settings] == [(8, "relu"), (8, "tanh"), (16, "relu"), (16, "tanh")]
    theirs = list(ParameterGrid(params))
    assert len(theirs) == len(settings)
    assert all(p in theirs for p in settings)
    assert s.grid({}) == [{}]


def test_grid_cost_counts_fits(monkeypatch):
    """As many fits as scikit-learn makes; 4 x 3 settings in five folds and the refit are 61 (Q07.2)."""
    fits = []
    fit = DecisionTreeRegressor.fit
    monkeypatch.setattr(DecisionTreeRegressor, "fit", lambda self, *args: fits.append(1) or fit(self, *args))
    X, y = np.arange(12.0)[:, None], np.arange(12.0)
    GridSearchCV(DecisionTreeRegressor(), {"max_depth": [1, 2], "min_samples_leaf": [1, 2, 3]}, cv=4).fit(X, y)
    assert s.grid_cost([2, 3], 4) == len(fits) == 25
    assert s.grid_cost([4, 3], 5) == 61
    assert s.grid_cost([4, 3], 5, refit=False) == 60


def test_random_search_inverts_the_distributions(rng):
    """scipy's uniform and loguniform quantiles, one column per name."""
    u = rng.random((50, 2))
    trials = s.random_search(u, {"lr": (1e-4, 1.0, "log"), "p": (-0.5, 0.5, "linear")})
    near([t["lr"] for t in trials], scipy.stats.loguniform.ppf(u[:, 0], 1e-4, 1.0))
    near([t["p"] for t in trials], scipy.stats.uniform.ppf(u[:, 1], -0.5, 1.0))
    near(s.random_search(np.array([[0.5]]), {"lr": (1e-4, 1.0, "log")})[0]["lr"], 0.01)
    with pytest.raises(ValueError):
        s.random_search(u, {"lr": (1e-4, 1.0, "log2")})


def test_random_search_finds_the_best_part():
    """P(at least one success in n): scipy's binomial; .954 for n = 60, q = .05 (A13), .998203 for q = .1 (Q07.3)."""
    near(s.random_search_prob(17, 0.2), scipy.stats.binom.sf(0, 17, 0.2))
    near(s.random_search_prob(60, 0.05), 0.954, rtol=0, atol=5e-4)
    near(s.random_search_prob(60, 0.1), 0.998203, rtol=0, atol=5e-7)


def test_trials_needed_is_the_smallest(rng):
    """n is enough and n - 1 is not; where the answer is exact, as in 1 - .9^3 = .271, rounding adds no trial."""
    for q, conf in rng.uniform(0.02, 0.98, size=(100, 2)):
        n = s.trials_needed(q, conf)
        assert s.random_search_prob(n, q) >= conf
        assert s.random_search_prob(n - 1, q) < conf
    exact = {(0.05, 0.95): 59, (0.1, 0.271): 3, (0.2, 0.36): 2, (0.5, 0.75): 2, (0.5, 0.0): 0}
    assert {case: s.trials_needed(*case) for case in exact} == exact


# Bias, variance, double descent ----------------------------------------------------------------------------------


def test_bias_and_variance_make_the_error(rng):
    """bias^2 + variance is the mean squared error of these fits, exactly."""
    preds, truth = rng.normal(size=(6, 4)), rng.normal(size=4)
    bias2, variance, noise, total = s.bias_variance(preds, truth, 0.3)
    near(bias2 + variance, np.mean((preds - truth) ** 2))
    near(variance, np.var(preds, axis=0).mean())
    near([noise, total], [0.3, bias2 + variance + 0.3])


def test_bias_and_variance_of_a_known_estimator(rng):
    """Shrunk sample means c ybar of n = 5: bias^2 = (1 - c)^2 mu^2, variance = c^2 sigma^2 / n; new y add sigma^2.

    200,000 fits: deviations of the three are below .004; five of them allowed.
    """
    mu, sigma, c = 2.0, 1.5, 0.8
    fits = c * rng.normal(mu, sigma, size=(200_000, 5)).mean(axis=1)
    bias2, variance, _, total = s.bias_variance(fits[:, None], np.array([mu]), sigma**2)
    near([bias2, variance], [(0.2 * mu) ** 2, c**2 * sigma**2 / 5], rtol=0, atol=0.02)
    near(total, np.mean((fits - rng.normal(mu, sigma, size=fits.size)) ** 2), rtol=0, atol=0.05)


def test_bias_and_variance_of_the_quiz():
    """Predictions 1, 2, 6 of 7: bias^2 16, variance 4.66667 (Q07.5)."""
    near(s.bias_variance(np.array([[1.0], [2.0], [6.0]]), np.array([7.0]))[:2], [16, 14 / 3])


@pytest.mark.parametrize(("n", "p"), [(8, 3), (4, 4), (3, 7)])
def test_least_squares_of_smallest_norm(n, p, rng):
    """scipy's lstsq; past the threshold the fit is exact and lies in the rows' span."""
    X, y = rng.normal(size=(n, p)), rng.normal(size=n)
    beta = s.min_norm_ls(X, y)
    near(beta, scipy.linalg.lstsq(X, y)[0], rtol=1e-9)
    if p > n:
        near(X @ beta, y, rtol=1e-9)
        near(X.T @ np.linalg.solve(X @ X.T, y), beta, rtol=1e-9)


def test_collinear_columns_share_the_weight():
    """Two equal columns: the normal equations are singular, the smallest norm splits the slope in halves."""
    x = np.array([1.0, 2.0, 4.0])
    near(s.min_norm_ls(np.stack([x, x], axis=1), 3 * x), [1.5, 1.5])


@pytest.mark.parametrize("p", [2, 6, 30, 60])
def test_risk_is_simulated(p, rng):
    """n = 12, s2 = .25, 2,000 draws: the mean within five of its own standard errors, on both sides of the peak (A9)."""
    n, s2, draws = 12, 0.25, 2000
    beta = rng.normal(size=p)
    beta /= np.linalg.norm(beta)
    risks = np.empty(draws)
    for draw in range(draws):
        X = rng.normal(size=(n, p))
        y = X @ beta + np.sqrt(s2) * rng.normal(size=n)
        risks[draw] = np.sum((s.min_norm_ls(X, y) - beta) ** 2)
    assert abs(risks.mean() - s.ls_risk(n, p, s2)) < 5 * risks.std() / np.sqrt(draws)


def test_numbers_of_double_descent():
    """n = 40, s2 = .25 (A9), and the peak between."""
    printed = {10: 0.0862, 30: 0.833, 36: 3.00, 60: 0.860, 160: 0.834}
    for p, risk in printed.items():
        near(s.ls_risk(40, p, 0.25), risk, rtol=1e-3)
    assert [s.ls_risk(40, p, 0.25) for p in (39, 40, 41)] == [np.inf] * 3
    assert np.isfinite([s.ls_risk(40, 38, 0.25), s.ls_risk(40, 42, 0.25)]).all()
    near(s.ls_excess_risk(40, 10, 0.25), 0.0862069, rtol=0, atol=5e-8)
    with pytest.raises(ValueError):
        s.ls_excess_risk(40, 39, 0.25)


def test_the_peak_is_at_the_threshold():
    """Over all p the risk is largest around interpolation_threshold, and falls away on both sides."""
    risks = np.array([s.ls_risk(50, p, 1.0) for p in range(1, 100)])
    peaks = np.flatnonzero(np.isinf(risks)) + 1
    assert s.interpolation_threshold(50) == np.median(peaks) == 50


# Before and after training ---------------------------------------------------------------------------------------


def test_standardize_is_scikit_learns(rng):
    """Statistics of the training rows alone, one column constant."""
    train, test = rng.normal(3.0, 2.0, size=(7, 3)), rng.normal(size=(4, 3))
    train[:, 1] = 0.1
    scaler = StandardScaler().fit(train)
    ours = s.standardize(train, test)
    near(ours[0], scaler.transform(train), atol=1e-12)
    near(ours[1], scaler.transform(test), atol=1e-12)


def test_standardize_does_not_see_the_test(rng):
    """The training part stays what it is, whatever the test rows are."""
    train = rng.normal(size=(5, 2))
    assert (s.standardize(train, np.zeros((1, 2)))[0] == s.standardize(train, np.full((3, 2), 1e9))[0]).all()


def test_diagnosis_of_the_table():
    """Boyer's three rows; (.06, .33, target .05) is Q07.6's; both at once: fix the underfit first."""
    cases = [(0.06, 0.33, 0.05), (0.4, 0.42, 0.05), (0.06, 0.08, 0.05), (0.4, 0.9, 0.05)]
    assert [s.diagnose(*case) for case in cases] == ["overfit", "underfit", "just right", "underfit"]
    assert s.diagnose(0.06, 0.33, 0.05, gap=0.3) == "just right"
    for at_the_limit in ((0.0, 0.25, 0.0), (0.25, 0.25, 0.0), (0.25, 0.5, 0.0)):
        assert s.diagnose(*at_the_limit, gap=0.25) == "just right"
