"""Data as numbers: classes as vectors, sequences as tables, a series as windows.  [Belhafaoui, "Tout n'est que nombres"]"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

Array = np.ndarray


def one_hot(labels: Sequence[Hashable], classes: Sequence[Hashable]) -> Array:
    """Row n has a 1 in the column of labels[n]; columns in the order of `classes`.  N labels, K classes -> (N, K).

    ValueError for a label that is no class.  Classes are taken as given, not sorted, and counted from 0 (Michel: from 1).
    [Belhafaoui, "1 parmi n"; Michel, e(y)]
    """
    column = {name: k for k, name in enumerate(classes)}
    P = np.zeros((len(labels), len(classes)))
    for n, label in enumerate(labels):
        if label not in column:
            raise ValueError(f"{label!r} is none of the classes {list(classes)}")
        P[n, column[label]] = 1.0
    return P


def windows(series: Array, L: int, H: int = 1, stride: int = 1) -> tuple[Array, Array]:
    """Inputs of length L and the H values that follow each.  series (N,) or (N, d) -> X (n, L), y (n, H), plus (d,) each.

    n = floor((N - L - H) / stride) + 1, and 0 if the series is too short.  Order is kept, and no value of y is in its own
    X: the past tells the future.  [Boyer, "Preparation of sequence data"]
    """
    starts = np.arange(0, len(series) - L - H + 1, stride)[:, None]
    return series[starts + np.arange(L)], series[starts + L + np.arange(H)]


def window_count(N: int, L: int, H: int = 1, stride: int = 1) -> int:
    """How many windows: floor((N - L - H) / stride) + 1, at least 0."""
    return len(windows(np.zeros(N), L, H, stride)[0])


def pad_sequences(seqs: Sequence[Sequence[float]], value: float = 0, side: str = "right") -> tuple[Array, Array]:
    """Sequences of different lengths as one table, and where it is real.  B sequences, the longest T -> (B, T), (B, T) bool.

    side: where `value` is put, "right" (the end) or "left".  Integers stay integers.  [Belhafaoui, "Padding"]
    """
    T = max(len(s) for s in seqs)
    kind = np.result_type(value, *(np.asarray(s).dtype for s in seqs if len(s)))
    padded = np.full((len(seqs), T), value, dtype=kind)
    mask = np.zeros((len(seqs), T), dtype=bool)
    for n, s in enumerate(seqs):
        at = 0 if side == "right" else T - len(s)
        padded[n, at : at + len(s)] = s
        mask[n, at : at + len(s)] = True
    return padded, mask
