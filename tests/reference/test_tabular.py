"""Embeddings for tables, against one-hot rows and PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reference import tabular
from reference.mlp import numeric_grad


def test_an_embedding_is_a_linear_layer_on_one_hot_rows(rng):
    """Look-up and product give the same."""
    looked_up, multiplied = tabular.entity_embedding_equiv(
        np.array([2, 0, 2, 3]), rng.normal(size=(4, 3)), rng.normal(size=(5, 3))
    )
    assert looked_up.shape == (4, 5)
    np.testing.assert_allclose(looked_up, multiplied)


def test_an_embedding_is_torchs(rng):
    """torch.nn.functional.embedding, then linear; a code that is no row is refused, also -1."""
    codes, E, W = np.array([1, 1, 0]), rng.normal(size=(3, 2)), rng.normal(size=(4, 2))
    embedded = torch.nn.functional.embedding(torch.from_numpy(codes), torch.from_numpy(E))
    theirs = torch.nn.functional.linear(embedded, torch.from_numpy(W)).numpy()
    for ours in tabular.entity_embedding_equiv(codes, E, W):
        np.testing.assert_allclose(ours, theirs)
    for code in (3, -1):
        with pytest.raises(ValueError, match=f"{code} is none of"):
            tabular.entity_embedding_equiv(np.array([0, code]), E, W)


def test_ratings_stay_in_their_range(rng):
    """Q12.10's 1.84471, the middle of the range at a score of 0, and never beyond the stars."""
    assert tabular.collab_predict(np.array([1.0]), np.array([-1.0]), 0, 0, 0.5, 5.5) == pytest.approx(1.84471, abs=5e-6)
    assert tabular.collab_predict(np.zeros(2), np.zeros(2), 0.0, 0.0, 1, 5) == 3
    for scale in (1, 100, 10_000):
        u, v = rng.normal(size=(2, 6)) * scale
        assert 1 <= tabular.collab_predict(u, v, 1.0, -1.0, 1, 5) <= 5
    with pytest.raises(ValueError, match="lo = 5 to hi = 1"):
        tabular.collab_predict(np.ones(2), np.ones(2), 0.0, 0.0, 5, 1)


def test_biases_and_the_product_are_one_score(rng):
    """u.v + b_u + b_v decides alone, and a higher score is a higher rating: 1 + 4 / (1 + e^-s)."""
    u, v = rng.normal(size=(2, 3))
    for bu, bv in ((0.0, 0.0), (0.7, -0.2), (-3.0, 1.0)):
        s = u @ v + bu + bv
        assert tabular.collab_predict(u, v, bu, bv, 1, 5) == pytest.approx(1 + 4 / (1 + np.exp(-s)))


def test_gradients_of_a_rating_against_autograd(rng):
    """Both vectors and both biases."""
    u, v = rng.normal(size=(2, 4))
    tu, tv = torch.tensor(u, requires_grad=True), torch.tensor(v, requires_grad=True)
    tb = torch.tensor([0.3, -0.2], dtype=torch.float64, requires_grad=True)
    ((0.5 + 5 * torch.sigmoid(tu @ tv + tb.sum()) - 4.0) ** 2).backward()
    grads = tabular.collab_grad(u, v, 0.3, -0.2, 0.5, 5.5, 4.0)
    np.testing.assert_allclose(grads["du"], tu.grad.numpy())
    np.testing.assert_allclose(grads["dv"], tv.grad.numpy())
    np.testing.assert_allclose([grads["dbu"], grads["dbv"]], tb.grad.numpy())


@pytest.mark.parametrize("rating", [None, 4.5])
def test_gradients_of_a_prediction_against_finite_differences(rating, rng):
    """Of the prediction itself, and of its squared error; centred differences with h = 1e-5 are off by about 1e-9."""
    u, v, bu, bv = rng.normal(size=3), rng.normal(size=3), 0.4, -0.9

    def f(u, v, bu, bv):
        prediction = tabular.collab_predict(u, v, float(bu), float(bv), 1, 5)
        return prediction if rating is None else (prediction - rating) ** 2

    grads = tabular.collab_grad(u, v, bu, bv, 1, 5, rating)
    near = {"rtol": 0, "atol": 1e-8}
    np.testing.assert_allclose(grads["du"], numeric_grad(lambda z: f(z, v, bu, bv), u), **near)
    np.testing.assert_allclose(grads["dv"], numeric_grad(lambda z: f(u, z, bu, bv), v), **near)
    np.testing.assert_allclose(grads["dbu"], numeric_grad(lambda z: f(u, v, z, bv), np.array(bu)), **near)
    np.testing.assert_allclose(grads["dbv"], numeric_grad(lambda z: f(u, v, bu, z), np.array(bv)), **near)
