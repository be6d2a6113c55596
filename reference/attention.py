"""Attention: one sequence at a time, rows are positions.  [Bahdanau 2014; Vaswani 2017; Boyer, "Transformers"]

X (N, d) holds N words.  Queries Q (N, k) look at keys K (M, k) and take from values V (M, v).  Weights W (N, M): row i says
how much query i takes from each key, and sums to one.  A mask is True (or 1) where a query may look; it has shape (N, M),
or (1, M) where all queries may look at the same keys.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Array = np.ndarray


def self_attention_toy(X: Array) -> tuple[Array, Array]:
    """W = softmax of the rows of X X^T, Y = W X; nothing is learnt, nothing scaled.  X (N, d) -> Y (N, d), W (N, N).

    Equivariant: f(P X) = P f(X) for a permutation P of the rows.  "Permutation-invariant" on the same slide is wrong (E50).
    [Boyer, "A preliminary version of self-attention"]
    """
    scores = X @ X.T
    # The largest score of each row becomes 0: exp cannot overflow.
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    W = e / e.sum(axis=1, keepdims=True)
    return W @ X, W


def attention(Q: Array, K: Array, V: Array, mask: Array | None = None, scale: bool = True) -> tuple[Array, Array]:
    """Scaled dot-product attention.  Q (N, k), K (M, k), V (M, v), mask (N, M) or (1, M) -> Y (N, v), W (N, M).

    Scores Q K^T / sqrt(k); without scale, Q K^T.  A query that may look at nothing gets zeros, in W and in Y.
    [Vaswani 2017, 3.2.1; Boyer, "An attention head"]
    """
    scores = Q @ K.T
    if scale:
        scores = scores / np.sqrt(K.shape[1])
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    top = scores.max(axis=1, keepdims=True)
    # Where nothing is allowed the largest score is -inf, and -inf minus -inf would be nan.
    e = np.exp(scores - np.where(np.isinf(top), 0.0, top))
    total = e.sum(axis=1, keepdims=True)
    W = e / np.where(total > 0, total, 1.0)
    return W @ V, W


def causal_mask(N: int) -> Array:
    """Each position looks at itself and at those before it.  -> (N, N) bool, N (N + 1) / 2 of them True.

    The diagonal belongs to it: Boyer's "elements that precede them" taken by the letter leaves row 0 empty.
    """
    return np.tril(np.ones((N, N), dtype=bool))


def padding_mask(lengths: Sequence[int] | Array, N: int) -> Array:
    """Which keys are real words, for B sentences filled up to N words.  lengths (B,) -> (B, 1, N) bool, True = real.

    The middle axis stands for the queries: mask b, of shape (1, N), holds for every query of sentence b.
    """
    return np.arange(N) < np.asarray(lengths)[:, None, None]


def multi_head(X: Array, Wq: Array, Wk: Array, Wv: Array, Wy: Array, mask: Array | None = None) -> Array:
    """H heads of self-attention side by side.  X (N, d), Wq, Wk, Wv (H, k, d), Wy (d, H k) -> (N, d).

    Head r: q_i = Wq[r] x_i and so on, scaled by sqrt(k); y_i = Wy concat(y_i^1, ..., y_i^H).  [Boyer, "An attention head"]
    """
    heads = []
    for r in range(len(Wq)):
        Y, _ = attention(X @ Wq[r].T, X @ Wk[r].T, X @ Wv[r].T, mask)
        heads.append(Y)
    return np.concatenate(heads, axis=1) @ Wy.T


def scores(kind: str, H: Array, s: Array | None, params: dict[str, Array]) -> Array:
    """One score for each state.  H (T, h), s (n,), None for "self" -> e (T,).  [Belhafaoui, "Different types of attention"]

    "additive": v_a . tanh(W_1 h_i + W_2 s), W_1 (a, h), W_2 (a, n), v_a (a,).  "multiplicative": h_i . W_a s, W_a (h, n).
    "self": v_a . tanh(W_a h_i), W_a (a, h), v_a (a,): a pooling for classification, not the transformer's self-attention.
    """
    if kind == "additive":
        return np.tanh(H @ params["W_1"].T + params["W_2"] @ s) @ params["v_a"]
    if kind == "multiplicative":
        return H @ (params["W_a"] @ s)
    return np.tanh(H @ params["W_a"].T) @ params["v_a"]


def context(e: Array, H: Array) -> tuple[Array, Array]:
    """The weighted mean of the states, weights alpha = softmax(e).  e (T,), H (T, h) -> c (h,), alpha (T,).  [Bahdanau 2014]"""
    alpha = np.exp(e - e.max())
    alpha = alpha / alpha.sum()
    return alpha @ H, alpha


def additive_scores(H: Array, s: Array, v_a: Array, W_1: Array, W_2: Array) -> Array:
    """v_a . tanh(W_1 h_i + W_2 s) for each state.  H (T, h), s (n,), v_a (a,), W_1 (a, h), W_2 (a, n) -> (T,)."""
    return scores("additive", H, s, {"v_a": v_a, "W_1": W_1, "W_2": W_2})


def positional_encoding(T: int, d: int, variant: str) -> Array:
    """A vector for each position t = 0..T-1.  -> (T, d)

    "all_sine": column k = 1..d is sin(t / 10000^(k/d)) (Boyer's slide, E52).  "vaswani": columns 2i and 2i + 1 are sin and cos
    of t / 10000^(2i/d); an odd d ends with a sine.  [Vaswani 2017, 3.5]
    """
    t = np.arange(T)[:, None]
    column = np.arange(d)
    if variant == "all_sine":
        return np.sin(t / 10000.0 ** ((column + 1) / d))
    # Columns 2i and 2i + 1 are a pair with one frequency.
    angle = t / 10000.0 ** (2 * (column // 2) / d)
    return np.where(column % 2 == 0, np.sin(angle), np.cos(angle))


def score_std(d: int) -> tuple[float, float]:
    """Standard deviation of q . k with d independent components of mean 0 and variance 1, and of q . k / sqrt(d): sqrt(d), 1.

    The mean stays 0: it is the spread that grows (E53).  [Vaswani 2017, footnote 4]
    """
    return float(np.sqrt(d)), 1.0


def mha_params(d: int, heads: int, wide: bool = False, bias: bool = True) -> int:
    """Parameters of multi-head attention with model size d: three projections for each head and one for all of them.

    Heads of size d / heads, so that their number plays no part (4 d^2, + 4 d with biases), or, `wide`, of size d each.
    ValueError where d is not a multiple of heads.  [Boyer leaves the size open; Vaswani splits]
    """
    if not wide and d % heads:
        raise ValueError(f"{heads} heads cannot share a model of size {d}: it must be a multiple of the heads.")
    inner = heads * d if wide else d
    return 4 * inner * d + (3 * inner + d if bias else 0)
