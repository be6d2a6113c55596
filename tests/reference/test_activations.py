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


NAMES = ("step", "linear", "sigmoid", "tanh", "relu", "leaky", "elu")


def slope(theirs, x):
    """The derivative by autograd."""
    tensor = torch.from_numpy(x.copy()).requires_grad_()
    theirs(tensor).sum().backward()
    return tensor.grad.numpy()


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (a.relu_deriv, torch.relu),
        (lambda x: a.leaky_relu_deriv(x, 0.2), lambda t: torch.nn.functional.leaky_relu(t, 0.2)),
        (lambda x: a.elu_deriv(x, 1.5), lambda t: torch.nn.functional.elu(t, 1.5)),
    ],
)
def test_kinked_derivative_is_autograds(ours, theirs):
    """From -800 to 800, and 0 among them: PyTorch's value at the kink is the default."""
    near(ours(X), slope(theirs, X))


def test_derivatives_of_the_lectures_at_minus_one():
    """.01 and .367879 (A24); relu'(0) is 1 in Turinici's convention (E48)."""
    near(a.leaky_relu_deriv(np.array([-1.0])), [0.01])
    near(a.elu_deriv(np.array([-1.0])), [0.367879], rtol=0, atol=5e-7)
    near(a.relu_deriv(np.array([-1.0, 0.0, 2.0]), at_zero=1.0), [0, 1, 1])


def test_dead_unit_of_the_lecture():
    """Weight -1.1851254, bias 0: output and gradient 0 for x > 0, alive for x < 0 (A23)."""
    x = np.array([0.5, 3.0, -2.0])
    z = -1.1851254 * x
    near(a.relu(z), [0, 0, 2.3702508])
    near(a.relu_deriv(z) * -1.1851254, [0, 0, -1.1851254])


def test_step_is_strict():
    """0 at exactly 0 (A17, A19)."""
    near(a.step(np.array([-1.0, -0.0, 0.0, 1e-300, 2.0])), [0, 0, 0, 1, 1])


def test_three_forms_of_tanh():
    """(e^z - e^-z) / (e^z + e^-z) and the two with e^(+-2z) are one (A22); the one with e^(2z) fails at 1000."""
    z = np.array([-3.0, -0.5, 0.2, 4.0])
    ours = a.activations("tanh", z, 1.0)
    for form in (
        (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z)),
        (np.exp(2 * z) - 1) / (np.exp(2 * z) + 1),
        (1 - np.exp(-2 * z)) / (1 + np.exp(-2 * z)),
    ):
        near(ours, form, rtol=1e-14)
    with np.errstate(all="ignore"):
        assert np.isnan((np.exp(2000.0) - 1) / (np.exp(2000.0) + 1))
    assert a.activations("tanh", np.array([1000.0]), 1.0)[0] == 1.0


def test_slope_from_the_value():
    """s (1 - s) and 1 - t^2 are the slopes at the x that gave s and t; .16 and .84 are Q02.7's and Q02.8's."""
    x = np.array([-4.0, -0.1, 0.0, 2.5])
    near(a.sigmoid_deriv_of_value(a.sigmoid(x)), a.sigmoid_deriv(x))
    near(a.tanh_deriv_of_value(np.tanh(x)), a.tanh_deriv(x), rtol=1e-11)
    near([a.sigmoid_deriv_of_value(0.2), a.tanh_deriv_of_value(0.4)], [0.16, 0.84])


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("step", lambda t: torch.heaviside(t, torch.zeros((), dtype=t.dtype))),
        ("linear", lambda t: t),
        ("sigmoid", torch.sigmoid),
        ("tanh", torch.tanh),
        ("relu", torch.relu),
        ("leaky", lambda t: torch.nn.functional.leaky_relu(t, 0.3)),
        ("elu", lambda t: torch.nn.functional.elu(t, 0.3)),
    ],
)
def test_named_activation_is_torchs(name, theirs):
    """Value and slope, kinks included, from -1000 to 1000 without a warning; s (1 - s) rounds to a unit of 1."""
    x = np.concatenate([X, [-1000.0, 1000.0]]).reshape(3, 4)
    with np.errstate(all="raise", under="ignore"):
        value, grad = a.activations(name, x, 0.3), a.activation_grad(name, x, 0.3)
    near(value, theirs(torch.from_numpy(x)).numpy())
    expected = np.zeros_like(x) if name == "step" else slope(theirs, x)
    near(grad, expected, atol=3e-16)


@pytest.mark.parametrize("name", NAMES)
def test_named_slope_is_finite_differences(name):
    """Away from the kink; centred differences with h = 1e-5 err by about 1e-10."""
    x, h = np.array([-2.0, -0.7, 0.4, 3.0]), 1e-5
    numeric = (a.activations(name, x + h, 0.3) - a.activations(name, x - h, 0.3)) / (2 * h)
    near(a.activation_grad(name, x, 0.3), numeric, rtol=0, atol=1e-9)


def test_named_activations_are_the_functions():
    """One formula, said twice in the module, is one."""
    near(a.activations("step", X, 0.3), a.step(X))
    near(a.activations("sigmoid", X, 0.3), a.sigmoid(X))
    near(a.activations("relu", X, 0.3), a.relu(X))
    for name, value, derivative in (("leaky", a.leaky_relu, a.leaky_relu_deriv), ("elu", a.elu, a.elu_deriv)):
        for alpha in (0.01, 1.0, 2.0):
            near(a.activations(name, X, alpha), value(X, alpha))
            near(a.activation_grad(name, X, alpha), derivative(X, alpha))


def test_named_activations_of_integers_and_numbers():
    """Integers give floats, a number gives a number; an unknown name is refused."""
    for name in NAMES:
        for f in (a.activations, a.activation_grad):
            assert f(name, np.array([-2, 1]), 0.5).dtype == float
            assert np.shape(f(name, -2.0, 0.5)) == ()
    for f in (a.activations, a.activation_grad):
        with pytest.raises(ValueError):
            f("swish", X, 1.0)


def test_sum_of_relus_is_the_lectures_hat():
    """r(t) - 2 r(t - 1) + r(t - 2) at seven points (A27), and .75 at 1.25 (Q03.11)."""
    t = np.array([-1, 0, 0.5, 1, 1.5, 2, 3])
    near(a.relu_sum(t, [1, -2, 1], [0, 1, 2]), [0, 0, 0.5, 1, 0.5, 0, 0])
    near(a.relu_sum(1.25, [1, -2, 1], [0, 1, 2]), 0.75)


def test_sum_of_relus_interpolates(rng):
    """Slopes that change by coefs at the knots: numpy's linear interpolation, right of the first knot."""
    knots, coefs = np.sort(rng.uniform(-2, 2, size=5)), rng.normal(size=5)
    corners = [*knots, 10.0]
    heights = [0.0]
    for at in range(5):
        heights.append(heights[-1] + coefs[: at + 1].sum() * (corners[at + 1] - corners[at]))
    t = rng.uniform(-3, 9, size=(4, 5))
    near(a.relu_sum(t, coefs, knots), np.interp(t, corners, heights), atol=1e-13)


def test_samples_of_the_quiz():
    """Q02.5, Q02.6, Q02.9, Q02.10, Q03.4, with the digits printed there."""
    near(a.softmax(np.array([0.0, 1.0, 3.0]))[2], 0.843795, rtol=0, atol=5e-7)
    near(a.softmax(np.array([0.0, 1.0, 3.0]) + 385), a.softmax(np.array([0.0, 1.0, 3.0])))
    near(a.leaky_relu(np.array([-7.0]), 0.2), [-1.4])
    near(a.elu(np.array([-1.0]), 0.5), [-0.31606], rtol=0, atol=5e-6)
    near(a.softmax_jacobian(np.array([0.0, 2.0, -1.0]))[2, 2], 0.0402452, rtol=0, atol=5e-8)
