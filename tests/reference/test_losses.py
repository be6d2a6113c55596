"""reference.losses against PyTorch, closed forms and the lectures' numbers."""

import numpy as np
import pytest
import torch
from sklearn.metrics import (
    log_loss,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    root_mean_squared_error,
    zero_one_loss,
)

from reference import losses as L
from reference import metrics


def near(got, expected, rtol=1e-12):
    """Closed forms in float64: some units in the 16th digit."""
    np.testing.assert_allclose(got, expected, rtol=rtol)


def test_guessing_costs_log_k():
    """Equal probabilities over ten classes cost ln 10 = 2.302585 (A36)."""
    near(L.cross_entropy(np.full((3, 10), 0.1), np.eye(10)[:3]), np.log(10))
    assert round(float(np.log(10)), 6) == 2.302585


def test_cross_entropy_is_torchs(rng):
    """Labels and soft labels, from the logits of the same probabilities."""
    Y = rng.normal(size=(5, 4))
    S = torch.softmax(torch.from_numpy(Y), 1).numpy()
    soft = rng.dirichlet(np.ones(4), size=5)
    for P in (np.eye(4)[[0, 3, 1, 1, 2]], soft):
        near(L.cross_entropy(S, P), torch.nn.functional.cross_entropy(torch.from_numpy(Y), torch.from_numpy(P)).item())


def test_zero_times_log_zero_is_zero():
    """S = 0 where P = 0 adds nothing, and no NaN."""
    assert L.cross_entropy(np.array([[0.0, 1.0]]), np.array([[0.0, 1.0]])) == 0.0
    near(L.cross_entropy(np.array([[0.0, 0.5, 0.5]]), np.array([[0.0, 1.0, 0.0]])), np.log(2))


def test_binary_cross_entropy(rng):
    """PyTorch's, and -ln 0.2 = 1.609 for y = 0, q = 0.8; the misprint of E5 gives the negative."""
    p, y = rng.uniform(0.05, 0.95, size=7), rng.integers(2, size=7).astype(float)
    expected = torch.nn.functional.binary_cross_entropy(torch.from_numpy(p), torch.from_numpy(y)).item()
    near(L.bce(p, y), expected)
    near(L.bce(np.array([0.8]), np.array([0.0])), 1.6094379124341003)
    misprint = -((0 - 1) * np.log(1 - 0.8))
    near(misprint, -1.6094379124341003)


def test_squares_and_absolute_values():
    """Residuals (0, 0, 0, 4): MSE 4, RMSE 2, MAE 1; a root per sample, averaged, is the MAE (E3)."""
    y, yhat = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2.0, 3.0, 8.0])
    assert (L.mse(y, yhat), L.rmse(y, yhat), L.mae(y, yhat)) == (4.0, 2.0, 1.0)
    assert np.mean(np.sqrt((y - yhat) ** 2)) == L.mae(y, yhat)


@pytest.mark.parametrize(
    ("value", "grad", "theirs"),
    [
        (L.l2_penalty, L.l2_penalty_grad, lambda W: (W**2).sum()),
        (L.l1_penalty, L.l1_penalty_grad, lambda W: W.abs().sum()),
    ],
)
def test_penalties_are_autograds(value, grad, theirs, rng):
    """lam times the sum, without 1/2, and its gradient."""
    W = rng.normal(size=(3, 2))
    tensor = torch.from_numpy(W.copy()).requires_grad_()
    penalty = 0.3 * theirs(tensor)
    penalty.backward()
    near(value(W, 0.3), penalty.item())
    near(grad(W, 0.3), tensor.grad.numpy())


def test_penalty_of_the_lecture():
    """W = 2, lam = 0.1: gradient 0.4 (A37)."""
    near(L.l2_penalty_grad(np.array([2.0]), 0.1), [0.4])


def test_zero_one_is_one_minus_the_accuracy(rng):
    """scikit-learn's zero_one_loss (A34), for numbers and for names of classes."""
    y, yhat = rng.integers(3, size=20), rng.integers(3, size=20)
    near(L.zero_one(y, yhat), zero_one_loss(y, yhat))
    assert L.zero_one(["cat", "dog", "cat", "cat"], ["cat", "cat", "cat", "cat"]) == 0.25


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("mse", mean_squared_error),
        ("mae", mean_absolute_error),
        ("rmse", root_mean_squared_error),
        ("mape", mean_absolute_percentage_error),
    ],
)
def test_named_regression_loss_is_scikit_learns(name, theirs, rng):
    """Several sizes, one sample among them."""
    for N in (1, 2, 9):
        y, p = rng.normal(size=N), rng.normal(size=N)
        near(L.losses(name, y, p), theirs(y, p))


def test_named_classification_losses(rng):
    """PyTorch's binary cross-entropy, scikit-learn's log loss and zero-one loss; N and K differ."""
    y, p = rng.integers(2, size=7).astype(float), rng.uniform(0.05, 0.95, size=7)
    expected = torch.nn.functional.binary_cross_entropy(torch.from_numpy(p), torch.from_numpy(y)).item()
    near(L.losses("bce", y, p), expected)
    labels, S = rng.integers(3, size=5), rng.dirichlet(np.ones(3), size=5)
    near(L.losses("ce", np.eye(3)[labels], S), log_loss(labels, S, labels=range(3)))
    near(L.losses("zero_one", labels, S.argmax(axis=1)), zero_one_loss(labels, S.argmax(axis=1)))


def test_named_losses_are_the_functions(rng):
    """One formula, said twice in the module, is one; soft labels too."""
    y, p = rng.uniform(0.1, 0.9, size=6), rng.uniform(0.1, 0.9, size=6)
    for name, f in (("mse", L.mse), ("mae", L.mae), ("rmse", L.rmse), ("zero_one", L.zero_one)):
        near(L.losses(name, y, p), f(y, p))
    near(L.losses("mape", y, p), metrics.mape(y, p))
    near(L.losses("bce", y, p), L.bce(p, y))
    P, S = rng.dirichlet(np.ones(4), size=3), rng.dirichlet(np.ones(4), size=3)
    near(L.losses("ce", P, S), L.cross_entropy(S, P))


def test_named_losses_of_the_lecture():
    """Residuals (0, 0, 0, 4): 4, 2, 1 (A33); y = 0, q = .8: +1.6094 (E5); equal rows over ten classes: ln 10 (E2, A36)."""
    y, p = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2.0, 3.0, 8.0])
    assert [L.losses(name, y, p) for name in ("mse", "rmse", "mae", "mape")] == [4.0, 2.0, 1.0, 0.25]
    near(L.losses("bce", np.array([0.0]), np.array([0.8])), np.log(5))
    near(L.losses("ce", np.eye(10)[:3], np.full((3, 10), 0.1)), np.log(10))


def test_certainty_costs_nothing_if_right():
    """Probabilities of exactly 0 and 1 where they belong: 0, no NaN; integers are labels too."""
    with np.errstate(all="raise"):
        assert L.losses("bce", np.array([0, 1]), np.array([0.0, 1.0])) == 0.0
        assert L.losses("ce", np.array([[0, 1]]), np.array([[0.0, 1.0]])) == 0.0


def test_unknown_loss_is_refused():
    """A misspelt name is an error."""
    with pytest.raises(ValueError):
        L.losses("hinge", np.ones(1), np.ones(1))


def test_samples_of_the_quiz():
    """Q02.1 to Q02.4, Q06.1, Q06.2, with the digits printed there."""
    near(L.rmse(np.array([1.0, 4.0, 7.0]), np.zeros(3)), 4.69042, rtol=3e-6)
    near(L.bce(np.array([0.1]), np.array([1.0])), 2.30259, rtol=3e-6)
    near(L.cross_entropy(np.array([[0.25, 0.45, 0.3]]), np.array([[0.0, 1.0, 0.0]])), 0.798508, rtol=1e-6)
    near(L.l2_penalty_grad(np.array([2.0, -5.0]), 0.01)[1], -0.1)
    near(L.l1_penalty(np.array([3.0, -4.0]), 0.1), 0.7)


def test_bayes_predictor_has_the_least_risk(rng):
    """A5: no prediction on a fine grid, the values among them, has a lower expected loss."""
    values, P = np.array([-1.0, 0.0, 2.5]), rng.dirichlet(np.ones(3), size=6)
    tried = np.concatenate([np.linspace(-2, 3, 1001), values])
    for loss, cost in (("zero_one", lambda y, f: (y != f) * 1.0), ("mse", lambda y, f: (y - f) ** 2)):
        best = L.bayes_predictor(P, values, loss)
        risk = (P * cost(values, best[:, None])).sum(axis=1)
        others = (P[:, None] * cost(values, tried[:, None])).sum(axis=2)
        assert (risk <= others.min(axis=1) + 1e-12).all()
    with pytest.raises(ValueError, match="not 'mae'"):
        L.bayes_predictor(P, values, "mae")
