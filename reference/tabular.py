"""Embeddings for tables: categories as vectors, users and items as vectors.  [Savinien; Boyer; Guo and Berkhahn 2016]"""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.activations import sigmoid
from reference.data import one_hot

Array = np.ndarray


def entity_embedding_equiv(codes: Array, E: Array, W: Array) -> tuple[Array, Array]:
    """A dense layer on embedded categories, by look-up and by one-hot rows: the same.  codes (N,), E (K, n), W (o, n).

    An embedding is one more linear layer, without a bias, on one-hot input.  -> both (N, o)  [Savinien]
    """
    return E[codes] @ W.T, (one_hot(list(codes), range(len(E))) @ E) @ W.T


def collab_predict(u: Array, v: Array, bu: float, bv: float, lo: float, hi: float) -> float:
    """A rating from a user's and an item's vector: lo + (hi - lo) sigma(u.v + b_u + b_v).  u, v (n,)

    The sigmoid keeps it in the range of the stars, without the flat ends of clipping.  [Savinien; fast.ai]
    """
    return float(lo + (hi - lo) * sigmoid(np.array(u @ v + bu + bv)))


def collab_grad(u: Array, v: Array, bu: float, bv: float, lo: float, hi: float, rating: float) -> dict[str, Any]:
    """Gradients of (prediction - rating)^2.  -> du, dv (n,), dbu, dbv"""
    s = float(sigmoid(np.array(u @ v + bu + bv)))
    d = 2 * (lo + (hi - lo) * s - rating) * (hi - lo) * s * (1 - s)
    return {"du": d * v, "dv": d * u, "dbu": d, "dbv": d}
