"""Embeddings for tables: categories as vectors, users and items as vectors.  [Savinien; Boyer; Guo and Berkhahn 2016]"""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.activations import sigmoid, sigmoid_deriv
from reference.data import one_hot

Array = np.ndarray


def entity_embedding_equiv(codes: Array, E: Array, W: Array) -> tuple[Array, Array]:
    """A dense layer on embedded categories, by look-up and by one-hot rows: the same.  codes (N,), E (K, n), W (o, n).

    An embedding is one more linear layer, without a bias, on one-hot input.  -> both (N, o).  ValueError for a code outside
    0..K-1.  [Savinien, entity embeddings; Guo and Berkhahn 2016]
    """
    # First the one-hot rows, which refuse a code that is no row of E; E[-1] would be the last one.
    multiplied = (one_hot(np.asarray(codes).tolist(), range(len(E))) @ E) @ W.T
    return E[codes] @ W.T, multiplied


def collab_predict(u: Array, v: Array, bu: float, bv: float, lo: float, hi: float) -> float:
    """A rating from a user's and an item's vector: lo + (hi - lo) sigma(u.v + b_u + b_v).  u, v (n,)

    The sigmoid keeps it in the range of the stars, without the flat ends of clipping.  ValueError unless lo < hi.  [Savinien,
    collaborative filtering; Boyer's score is u.v alone]
    """
    if not lo < hi:
        raise ValueError(f"the range must go up, not from lo = {lo} to hi = {hi}")
    return float(lo + (hi - lo) * sigmoid(np.array(u @ v + bu + bv)))


def collab_grad(
    u: Array, v: Array, bu: float, bv: float, lo: float, hi: float, rating: float | None = None
) -> dict[str, Any]:
    """Gradients of the prediction or, given the rating, of (prediction - rating)^2.  u, v (n,) -> du, dv (n,), dbu, dbv"""
    # With s the score, d prediction / ds = (hi - lo) sigma(s) (1 - sigma(s)), and s is u.v + b_u + b_v.
    d = float((hi - lo) * sigmoid_deriv(np.array(u @ v + bu + bv)))
    if rating is not None:
        d = 2 * (collab_predict(u, v, bu, bv, lo, hi) - rating) * d
    return {"du": d * v, "dv": d * u, "dbu": d, "dbv": d}
