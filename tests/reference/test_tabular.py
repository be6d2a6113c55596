"""Embeddings for tables, against one-hot rows and PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reference import tabular


def test_an_embedding_is_a_linear_layer_on_one_hot_rows(rng):
    """Look-up and product give the same."""
    looked_up, multiplied = tabular.entity_embedding_equiv(
        np.array([2, 0, 2, 3]), rng.normal(size=(4, 3)), rng.normal(size=(5, 3))
    )
    assert looked_up.shape == (4, 5)
    np.testing.assert_allclose(looked_up, multiplied)


def test_ratings_stay_in_their_range(rng):
    """The golden value, the middle of the range at a score of 0, and never beyond the stars."""
    assert tabular.collab_predict(np.array([1.0]), np.array([-1.0]), 0, 0, 0.5, 5.5) == pytest.approx(1.84471, abs=5e-6)
    assert tabular.collab_predict(np.zeros(2), np.zeros(2), 0.0, 0.0, 1, 5) == 3
    for scale in (1, 100, 10_000):
        u, v = rng.normal(size=(2, 6)) * scale
        assert 1 <= tabular.collab_predict(u, v, 1.0, -1.0, 1, 5) <= 5


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
