"""Hidden tests of the bench's unit; asserts.py holds the same ten checks as nbgrader would have them."""

import numpy as np

from autograder.checks import agree, check, picture
from reference import activations, network


def small(rng, N=6, d=3, h=4, K=3):
    """Inputs of `gradients` for N samples."""
    X, y = rng.normal(size=(N, d)), rng.integers(0, K, size=N)
    return X, y, rng.normal(size=(d, h)), rng.normal(size=h), rng.normal(size=(h, K)), rng.normal(size=K)


@check("softmax", points=1)
def test_one_row(student, rng):
    """A single row of scores gives a single row of shares."""
    z = rng.normal(size=5)
    agree(student.softmax(z), activations.softmax(z))


@check("softmax", points=1)
def test_several_rows(student, rng):
    """Each row of a batch is normalised by itself."""
    z = rng.normal(size=(4, 6))
    agree(student.softmax(z), activations.softmax(z))


@check("softmax", points=1)
def test_large_scores(student, rng):
    """Scores in the thousands do not overflow."""
    z = rng.normal(size=(5, 7)) * 2000
    agree(student.softmax(z), activations.softmax(z))


@check("softmax", points=1)
def test_rows_sum_to_one(student, rng):
    """Every row sums to one."""
    z = rng.normal(size=(8, 3)) * 10
    agree(student.softmax(z).sum(axis=-1), np.ones(8), what="row sums")


@check("softmax", points=1)
def test_a_shift_changes_nothing(student, rng):
    """The same constant on every score leaves the shares as they are."""
    z = rng.normal(size=(3, 5))
    agree(student.softmax(z + 700.0), activations.softmax(z), profile="recurrence")


@check("gradients", points=1)
def test_loss(student, rng):
    """The loss is the mean cross-entropy."""
    given = small(rng)
    agree(student.gradients(*given)["loss"], network.gradients(*given)["loss"])


@check("gradients", points=1)
def test_output_layer(student, rng):
    """The gradients of the output layer's weights and biases."""
    given = small(rng)
    got, expected = student.gradients(*given), network.gradients(*given)
    agree(got["W2"], expected["W2"], what="W2")
    agree(got["b2"], expected["b2"], what="b2")


@check("gradients", points=1)
def test_hidden_layer(student, rng):
    """The gradients of the hidden layer's weights and biases."""
    given = small(rng)
    got, expected = student.gradients(*given), network.gradients(*given)
    agree(got["W1"], expected["W1"], what="W1")
    agree(got["b1"], expected["b1"], what="b1")


@check("gradients", points=1)
def test_one_sample(student, rng):
    """A batch of one."""
    given = small(rng, N=1)
    agree(student.gradients(*given)["W1"], network.gradients(*given)["W1"])


@check("gradients", points=1)
def test_many_samples(student, rng):
    """A batch of two hundred."""
    given = small(rng, N=200, d=20, h=16, K=10)
    agree(student.gradients(*given)["b1"], network.gradients(*given)["b1"], profile="recurrence")


@picture("softmax", kind="lines", x_label="score", y_label="share")
def share(student):
    """The share of the first of two scores, while it grows from -4 to 4."""
    z = np.stack([np.linspace(-4.0, 4.0, 33), np.zeros(33)], axis=1)
    return student.softmax(z)[:, 0], activations.softmax(z)[:, 0]
