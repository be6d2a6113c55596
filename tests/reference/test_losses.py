"""reference.losses against PyTorch, closed forms and the lectures' numbers."""

import numpy as np
import pytest
import torch

from reference import losses as L


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
