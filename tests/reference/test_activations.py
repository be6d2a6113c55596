"""reference.activations against PyTorch, closed forms and the lectures' numbers."""

import numpy as np
import pytest
import torch

from reference import activations as a

X = np.array([-800.0, -5.0, -1.0, -0.3, 0.0, 0.3, 1.0, 3.0, 5.0, 800.0])


def near(got, expected, rtol=1e-12, atol=1e-15):
    """Closed forms in float64: some units in the 16th digit."""
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=atol)


def test_softmax_is_the_lectures():
    """softmax(1, 2, 3) as printed; the lecture gives six digits."""
    near(a.softmax(np.array([1.0, 2.0, 3.0])), [0.090031, 0.244728, 0.665241], rtol=0, atol=5e-7)


@pytest.mark.parametrize("shape", [(1,), (4,), (1, 5), (5, 1), (3, 3), (4, 6)])
def test_softmax_is_torchs(shape, rng):
    """Rows of every shape, small scores and huge ones."""
    for scale in (1.0, 1000.0):
        z = rng.normal(size=shape) * scale
        near(a.softmax(z), torch.softmax(torch.from_numpy(z), -1).numpy(), atol=1e-300)


def test_softmax_survives_where_the_naive_form_does_not():
    """z = (1000, 0) gives NaN without the shift (E49)."""
    near(a.softmax(np.array([1000.0, 0.0])), [1.0, 0.0])
    with np.errstate(all="ignore"):
        naive = np.exp(np.array([1000.0, 0.0])) / np.exp(np.array([1000.0, 0.0])).sum()
    assert np.isnan(naive[0])


def test_second_print_of_the_softmax_is_wrong():
    """1 / sum e^z_k has equal entries, which do not sum to one (E4)."""
    z = np.array([1.0, 2.0, 3.0])
    assert abs(3 / np.exp(z).sum() - 1) > 0.8
    near(a.softmax(z).sum(), 1.0)


def test_softmax_jacobian_is_autograds(rng):
    """diag(S) - S S^T."""
    z = rng.normal(size=5)
    expected = torch.autograd.functional.jacobian(lambda t: torch.softmax(t, -1), torch.from_numpy(z))
    near(a.softmax_jacobian(z), expected.numpy())


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (a.relu, torch.relu),
        (a.leaky_relu, torch.nn.functional.leaky_relu),
        (a.elu, torch.nn.functional.elu),
        (a.sigmoid, torch.sigmoid),
    ],
)
def test_activation_is_torchs(ours, theirs):
    """From -800 to 800; e^-800 is 0 in float64, hence the absolute tolerance."""
    near(ours(X), theirs(torch.from_numpy(X)).numpy(), atol=1e-15)


@pytest.mark.parametrize(("ours", "theirs"), [(a.sigmoid_deriv, torch.sigmoid), (a.tanh_deriv, torch.tanh)])
def test_derivative_is_autograds(ours, theirs):
    """Autograd computes s (1 - s): right to a unit of 1, 1e-16, in the tails; ours keeps its digits there."""
    x = torch.from_numpy(X.copy()).requires_grad_()
    theirs(x).sum().backward()
    near(ours(X), x.grad.numpy(), rtol=1e-11, atol=1e-15)


def test_numbers_of_the_lectures():
    """A21, A22, A24 and E1, with the digits printed there."""
    near(a.sigmoid(2.0), 0.880797, rtol=0, atol=5e-7)
    near(a.sigmoid_deriv(np.array([0.0, 3.0, 5.0])), [0.25, 0.04518, 0.00665], rtol=0, atol=5e-6)
    near(a.tanh_deriv(np.array([3.0])), [0.00987], rtol=0, atol=5e-6)
    near(a.leaky_relu(np.array([-1.0])), [-0.01])
    near(a.elu(np.array([-1.0])), [-0.632121], rtol=0, atol=5e-7)
    assert 1 / (1 - np.exp(-2.0)) > 1.156, "the misprint of E1 is no probability"


def test_leaky_relu_is_no_maximum_above_one():
    """max(alpha z, z) fails for alpha = 2 (A24)."""
    near(a.leaky_relu(np.array([-1.0, 1.0]), alpha=2.0), [-2.0, 1.0])
    near(np.maximum(2 * np.array([-1.0, 1.0]), np.array([-1.0, 1.0])), [-1.0, 2.0])
