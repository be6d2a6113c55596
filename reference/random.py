"""Inputs for hidden tests and pictures, drawn from a given generator."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

Array = np.ndarray
Rng = np.random.Generator


def logits(rng: Rng, N: int, K: int, scale: float = 2.0) -> Array:
    """Scores of a size that keeps every softmax entry well above 0.  -> (N, K)"""
    return rng.uniform(-scale, scale, size=(N, K))


def probabilities(rng: Rng, N: int, K: int) -> Array:
    """Rows of a softmax.  -> (N, K), every entry at least e^-4 / K"""
    e = np.exp(logits(rng, N, K))
    return e / e.sum(axis=1, keepdims=True)


def one_hot(rng: Rng, N: int, K: int) -> Array:
    """One-hot rows; the first min(N, K) are different, so that no constant column is right by luck.  -> (N, K)"""
    labels = np.concatenate([rng.permutation(K), rng.integers(K, size=max(N - K, 0))])[:N]
    return np.eye(K)[labels]


def soft_targets(rng: Rng, N: int, K: int) -> Array:
    """Rows that sum to one with no entry near 1.  -> (N, K)"""
    P = rng.uniform(0.5, 1.5, size=(N, K))
    return P / P.sum(axis=1, keepdims=True)


def weighted_targets(rng: Rng, N: int, K: int) -> Array:
    """Rows that sum to anything between 1.5 and 4, never to one.  -> (N, K)"""
    return soft_targets(rng, N, K) * rng.uniform(1.5, 4.0, size=(N, 1))


def away_from_zero(rng: Rng, *shape: int) -> Array:
    """Entries of both signs with 0.1 <= |x| <= 2: no kink and no small number.  -> shape"""
    signs = np.resize([1.0, -1.0], int(np.prod(shape)))
    return (rng.permutation(signs) * rng.uniform(0.1, 2.0, size=signs.size)).reshape(shape)


def mlp_params(rng: Rng, sizes: Sequence[int]) -> list[tuple[Array, Array]]:
    """Weights and biases away from 0, with biases as large as weights: a bias forgotten is a bias seen."""
    return [(away_from_zero(rng, o, i) / np.sqrt(i), away_from_zero(rng, o) / 2) for i, o in pairwise(sizes)]


def batches(rng: Rng, N: int, sizes: Sequence[int]) -> list[Array]:
    """Row numbers without repetition inside a batch, in no order.  -> one (size,) int array per size"""
    return [rng.permutation(N)[:size] for size in sizes]


Split = tuple[Array, Array, Array, Array]


def table_split(file: Path, rng: Rng, train: int) -> Split:
    """A fresh split of a CSV table (one header line, last column the class 0..K-1) -> Xtr, ytr, Xte, yte.

    Columns are standardised with the training rows' mean and deviation. Column order and class numbers are drawn anew,
    so that a table learnt by heart is of no use as it stands.
    """
    table = np.loadtxt(file, delimiter=",", skiprows=1)
    X, y = table[:, :-1], table[:, -1].astype(int)
    X = X[:, rng.permutation(X.shape[1])]
    y = rng.permutation(y.max() + 1)[y]
    return _split(X, y, rng, train)


def rings_split(rng: Rng, train: int, test: int) -> Split:
    """Points of a disc (one class) and of a ring around it (the other) -> Xtr (train, 2), ytr, Xte (test, 2), yte."""
    N = train + test
    y = np.arange(N) % 2
    radius = np.where(y == 0, np.sqrt(rng.uniform(0, 1, size=N)), rng.uniform(1.5, 2.5, size=N))
    angle = rng.uniform(0, 2 * np.pi, size=N)
    X = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return _split(X, y, rng, train)


def _split(X: Array, y: Array, rng: Rng, train: int) -> Split:
    order = rng.permutation(len(X))
    tr, te = order[:train], order[train:]
    mean, deviation = X[tr].mean(axis=0), X[tr].std(axis=0)
    X = (X - mean) / deviation
    return X[tr], y[tr], X[te], y[te]


def gated_params(rng: Rng, d: int, n: int, gates: str, peepholes: str = "") -> dict[str, Array]:
    """W_* (n, d), U_* (n, n), b_* (n,) of an LSTM ("fioc") or a GRU ("zrh"), V_* (n, n) of its peepholes.

    No entry is near 0, and biases are as large as weights: what is left out or transposed shows.
    """
    p = {}
    for k in gates:
        p[f"W_{k}"] = away_from_zero(rng, n, d) / np.sqrt(d)
        p[f"U_{k}"] = away_from_zero(rng, n, n) / np.sqrt(n)
        p[f"b_{k}"] = away_from_zero(rng, n) / 2
    return p | {f"V_{k}": away_from_zero(rng, n, n) / np.sqrt(n) for k in peepholes}


def adding_problem(rng: Rng, N: int, T: int) -> tuple[Array, Array]:
    """Sequences of (value in [0, 1), mark), one mark in each half -> X (N, T, 2), the sums y (N,) of the marked values."""
    values, marks, rows = rng.uniform(size=(N, T)), np.zeros((N, T)), np.arange(N)
    marks[rows, rng.integers(T // 2, size=N)] = 1.0
    marks[rows, rng.integers(T // 2, T, size=N)] = 1.0
    return np.stack([values, marks], axis=2), (values * marks).sum(axis=1)


def attention_mask(rng: Rng, N: int, M: int) -> Array:
    """Every query may look at some keys and not at all of them; a square mask is not symmetric.  -> (N, M) bool, M >= 2"""
    while True:
        mask = rng.random(size=(N, M)) < 0.6
        some = mask.any(axis=1) & ~mask.all(axis=1)
        if some.all() and (N != M or (mask != mask.T).any()):
            return mask


def gaussian_ring(rng: Rng, N: int, turn: float, modes: int = 8, radius: float = 2.0, sigma: float = 0.1) -> Array:
    """Points of round normal laws whose centers stand evenly on a circle, the first at the angle `turn`.  -> (N, 2)"""
    return ring_centers(turn, modes, radius)[rng.integers(modes, size=N)] + sigma * rng.normal(size=(N, 2))


def ring_centers(turn: float, modes: int = 8, radius: float = 2.0) -> Array:
    """The centers of gaussian_ring.  -> (modes, 2)"""
    angle = turn + 2 * np.pi * np.arange(modes) / modes
    return radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
