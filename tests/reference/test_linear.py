"""reference.linear against PyTorch, numpy's lstsq, finite differences and the lectures' numbers."""

import numpy as np
import pytest
import torch

from reference import linear
from reference.losses import bce
from reference.mlp import numeric_grad


def near(got, expected, rtol=1e-10, atol=1e-12):
    """Closed forms, and some tens of steps, in float64."""
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=atol)


# A line through points -------------------------------------------------------------------------------------------


def test_golden_step():
    """Q01.2: slope 4, intercept -3, points (1, 9) and (4, 26), rate .01 give slope 4.6."""
    near(linear.gd_step([-3, 4], np.array([1.0, 4]), np.array([9.0, 26]), 0.01)[1], 4.6)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_step_is_torchs(reduction, rng):
    """Autograd of mse_loss with either reduction."""
    x, y = rng.normal(size=6), rng.normal(size=6)
    w = torch.tensor([0.3, -1.2], dtype=torch.float64, requires_grad=True)
    loss = torch.nn.functional.mse_loss(w[0] + w[1] * torch.from_numpy(x), torch.from_numpy(y), reduction=reduction)
    loss.backward()
    near(linear.gd_step([0.3, -1.2], x, y, 0.05, reduction), (w - 0.05 * w.grad).detach().numpy())


def test_path_leads_to_least_squares(rng):
    """The start first, n + 1 rows, each step that of gd_step; after many steps the minimiser."""
    x, y = rng.normal(size=8), rng.normal(size=8)
    path = linear.fit_line(x, y, np.array([5.0, -5.0]), 0.1, 1000)
    assert path.shape == (1001, 2)
    near(path[0], [5, -5])
    near(path[3], linear.gd_step(path[2], x, y, 0.1))
    near(path[-1], linear.least_squares(x[:, None], y))


@pytest.mark.parametrize("case", ["tall", "equal columns", "wide", "constant column"])
def test_least_squares_is_lstsq(case, rng):
    """numpy's lstsq (another algorithm: SVD of the system) gives the minimum-norm solution too."""
    X = rng.normal(size=(4, 6) if case == "wide" else (9, 3))
    if case == "equal columns":
        X[:, 1] = X[:, 0]
    if case == "constant column":
        X[:, 2] = 2.0
    y = rng.normal(size=len(X))
    A = np.column_stack([np.ones(len(X)), X])
    near(linear.least_squares(X, y), np.linalg.lstsq(A, y, rcond=None)[0], rtol=1e-8, atol=1e-10)


def test_least_squares_of_an_exact_line():
    """Points on y = 2 - 3 x give intercept 2 and slope -3."""
    x = np.array([0.0, 1, 5])
    near(linear.least_squares(x[:, None], 2 - 3 * x), [2, -3])


def test_minimum_norm_counts_the_intercept():
    """A constant column shares the weight with the intercept: 5 = b + 2 a is met by (1, 2), the shortest."""
    near(linear.least_squares(np.full((3, 1), 2.0), np.full(3, 5.0)), [1, 2])


# Logistic regression ---------------------------------------------------------------------------------------------


def test_golden_probability():
    """Q01.3: sigma(2) = .880797; Boyer's misprint would give 1.156518 (E1)."""
    near(linear.logistic_predict(np.array([1.0, 1]), 0.5, np.array([0.5, 1])), 0.880797, rtol=0, atol=5e-7)


def test_probabilities_do_not_overflow():
    """Scores of a thousand are certain, without a warning."""
    with np.errstate(all="raise"):
        p = linear.logistic_predict(np.array([1.0]), 0.0, np.array([[1000.0], [-1000.0], [0.0]]))
    near(p, [1, 0, 0.5])


@pytest.mark.parametrize("labels", ["01", "pm1"])
def test_logistic_gradient_is_autograds(labels, rng):
    """binary_cross_entropy_with_logits, and centred differences of our own bce."""
    X, w, b, y = rng.normal(size=(7, 3)), rng.normal(size=3), 0.4, np.array([0.0, 1, 1, 0, 1, 0, 0])
    told = y if labels == "01" else 2 * y - 1
    dw, db = linear.logistic_grad(w, b, X, told, labels)
    tw, tb = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (w, b))
    logits = torch.from_numpy(X) @ tw + tb
    torch.nn.functional.binary_cross_entropy_with_logits(logits, torch.from_numpy(y)).backward()
    near(dw, tw.grad.numpy())
    near(db, tb.grad.item())
    near(dw, numeric_grad(lambda v: bce(linear.logistic_predict(v, b, X), y), w), rtol=0, atol=1e-8)


# The perceptron --------------------------------------------------------------------------------------------------


def test_step_is_strict():
    """Exactly 0 is class 0, or -1 (A17, Q01.4)."""
    w, x = np.array([1.0, -2]), np.array([[2.0, 1], [2, 0.5], [0, 1]])
    assert linear.perceptron_predict(w, 0.0, x).tolist() == [0, 1, 0]
    assert linear.perceptron_predict(w, 0.0, x, "pm1").tolist() == [-1, 1, -1]
    assert linear.perceptron_predict(w, 0.0, x[0]) == 0
    assert linear.perceptron_predict(w, 1.5, x).tolist() == [1, 1, 0]


def test_three_points_by_hand():
    """(1, 2) of class 1 is missed at 0 and added; (3, 1) of class 0 is taken for 1 and subtracted; (.5, .5) is missed."""
    X, y = np.array([[1.0, 2], [3, 1], [0.5, 0.5]]), np.array([1, 0, 1])
    w, b = linear.perceptron_train(X, y, 1)
    near([*w, b], [-1.5, 1.5, 1])
    # With -1 and 1 every difference is twice as large, and so is the result.
    w, b = linear.perceptron_train(X, 2 * y - 1, 1, "pm1")
    near([*w, b], [-3, 3, 2])


def test_three_epochs_by_hand():
    """Point 1 of class 0, point 2 of class 1: (w, b) is (2, 1), (1, 0), (2, 0) after the epochs."""
    X, y = np.array([[1.0], [2.0]]), np.array([0, 1])
    for epochs, expected in ((1, (2, 1)), (2, (1, 0)), (3, (2, 0))):
        w, b = linear.perceptron_train(X, y, epochs)
        near([*w, b], expected)


@pytest.mark.parametrize("labels", ["01", "pm1"])
def test_separable_points_are_learnt(labels, rng):
    """Novikoff: at most |(x, 1)|^2 / margin^2 <= 9 / .35^2 < 75 updates, so 80 epochs are enough, and then nothing moves."""
    X = rng.uniform(-2, 2, size=(60, 2))
    score = X @ [0.6, 0.8] - 1.0
    X, score = X[np.abs(score) > 0.5], score[np.abs(score) > 0.5]
    y = np.where(score > 0, 1, 0 if labels == "01" else -1)
    w, b = linear.perceptron_train(X, y, 80, labels)
    assert (linear.perceptron_predict(w, b, X, labels) == y).all()
    again = linear.perceptron_train(X, y, 81, labels)
    assert (again[0] == w).all()
    assert again[1] == b


def test_xor_is_not_learnt():
    """No line separates it: some point is wrong after any number of epochs (A17)."""
    X, y = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
    for epochs in (1, 10, 100):
        w, b = linear.perceptron_train(X, y, epochs)
        assert (linear.perceptron_predict(w, b, X) != y).any()
