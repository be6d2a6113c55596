"""The transformer, one sequence at a time, rows are positions; and the inputs of BERT.  [Vaswani 2017; Devlin 2019]

X (N, d).  A block's parameters are a dict: "attention" (of an encoder block), or "self" and "cross" (of a decoder block), each
a dict with W_q, W_k, W_v, W_y (d, d) and b_q, b_k, b_v, b_y (d,); W_1 (f, d), b_1 (f,), W_2 (d, f), b_2 (d,) of the MLP;
gamma_1, beta_1, gamma_2, beta_2 (d,) of the layer norms (a decoder block has a third).  Head r of H owns rows r d/H to
(r + 1) d/H of W_q, W_k and W_v.  A mask is True where looking is allowed, as in reference.attention.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from reference.attention import attention, causal_mask, mha_params
from reference.regularize import layernorm

Array = np.ndarray
Params = dict[str, Any]


# Blocks ----------------------------------------------------------------------------------------------------------


def multi_head_attention(X: Array, memory: Array, p: Params, H: int, mask: Array | None = None) -> Array:
    """H heads with biases; queries from X (N, d), keys and values from memory (M, d).  mask (N, M) or (1, M) -> (N, d).

    (b_k adds the same number to all scores of a query and so plays no part; PyTorch has it too.)
    """
    Q, K, V = X @ p["W_q"].T + p["b_q"], memory @ p["W_k"].T + p["b_k"], memory @ p["W_v"].T + p["b_v"]
    # Head by head: each owns d / H neighbouring columns.
    parts = zip(np.split(Q, H, axis=1), np.split(K, H, axis=1), np.split(V, H, axis=1), strict=True)
    heads = [attention(q, k, v, mask)[0] for q, k, v in parts]
    return np.concatenate(heads, axis=1) @ p["W_y"].T + p["b_y"]


def mlp(X: Array, p: Params) -> Array:
    """W_2 relu(W_1 x + b_1) + b_2 for each row by itself.  X (N, d) -> (N, d)."""
    return np.maximum(X @ p["W_1"].T + p["b_1"], 0.0) @ p["W_2"].T + p["b_2"]


def encoder_block(X: Array, p: Params, H: int, norm: str = "post", mask: Array | None = None) -> Array:
    """Self-attention and MLP, each with a residual and a layer norm.  X (N, d), H heads -> (N, d).

    norm: "post" is norm(x + f(x)) (Vaswani), "pre" is x + f(norm(x)); the lectures do not say.  Only attention mixes rows.
    """
    if norm == "post":
        X = layernorm(X + multi_head_attention(X, X, p["attention"], H, mask), p["gamma_1"], p["beta_1"])
        return layernorm(X + mlp(X, p), p["gamma_2"], p["beta_2"])
    Z = layernorm(X, p["gamma_1"], p["beta_1"])
    X = X + multi_head_attention(Z, Z, p["attention"], H, mask)
    return X + mlp(layernorm(X, p["gamma_2"], p["beta_2"]), p)


def decoder_block(Y: Array, memory: Array, p: Params, H: int, norm: str = "post", mask: Array | None = None) -> Array:
    """Causal self-attention, attention to the encoder's output, MLP.  Y (N, d), memory (M, d) -> (N, d).

    In cross-attention the queries come from the decoder, keys and values from memory, and nothing is hidden but what `mask`,
    (1, M), calls padding.
    """
    causal = causal_mask(len(Y))
    if norm == "post":
        Y = layernorm(Y + multi_head_attention(Y, Y, p["self"], H, causal), p["gamma_1"], p["beta_1"])
        Y = layernorm(Y + multi_head_attention(Y, memory, p["cross"], H, mask), p["gamma_2"], p["beta_2"])
        return layernorm(Y + mlp(Y, p), p["gamma_3"], p["beta_3"])
    Z = layernorm(Y, p["gamma_1"], p["beta_1"])
    Y = Y + multi_head_attention(Z, Z, p["self"], H, causal)
    Y = Y + multi_head_attention(layernorm(Y, p["gamma_2"], p["beta_2"]), memory, p["cross"], H, mask)
    return Y + mlp(layernorm(Y, p["gamma_3"], p["beta_3"]), p)


def encode(X: Array, blocks: Sequence[Params], H: int, norm: str = "post", mask: Array | None = None) -> Array:
    """A stack of encoder blocks of the same structure and different weights.  X (N, d) -> (N, d).  [Belhafaoui: six]"""
    for p in blocks:
        X = encoder_block(X, p, H, norm, mask)
    return X


def decode(Y: Array, memory: Array, blocks: Sequence[Params], H: int, norm: str = "post") -> Array:
    """A stack of decoder blocks; every one of them sees the *last* encoder block's output.  Y (N, d) -> (N, d)."""
    for p in blocks:
        Y = decoder_block(Y, memory, p, H, norm)
    return Y


def classify(X: Array, p: Params, H: int, norm: str = "post") -> Array:
    """Blocks, the mean over the positions, one linear layer.  X (N, d) -> logits (K,).  [Boyer, "Simple sequence classification"]

    p: "blocks", a list; W (K, d), b (K,).  Without a positional code the order of the rows plays no part.
    """
    return p["W"] @ encode(X, p["blocks"], H, norm).mean(axis=0) + p["b"]


def block_params(d: int, f: int) -> int:
    """Parameters of an encoder block: attention with biases, MLP d-f-d, two layer norms: 4 d^2 + 4d + 2 d f + f + d + 4d.

    The number of heads plays no part.  d = 512, f = 2048: 3,152,384.
    """
    return mha_params(d, 1) + 2 * d * f + f + d + 4 * d


# Writing word after word -----------------------------------------------------------------------------------------


def teacher_forcing_inputs(targets: Array, start: int) -> Array:
    """The decoder's inputs in training: the true targets, one place later, after `start`.  targets (..., T) -> same shape.

    Teacher forcing is this, not that "the decoder also has access to the input sequence" (E51).  [Williams 1989]
    """
    inputs = np.full(np.shape(targets), start)
    inputs[..., 1:] = np.asarray(targets)[..., :-1]
    return inputs


def greedy_decode(table: Array, start: int, stop: int, max_len: int) -> list[int]:
    """Word after word the one with the largest score.  table (V, V), row `prev` the scores of the next word -> the words.

    Neither start nor stop is among them; at most max_len words.  Of equal scores the first word wins.
    """
    words: list[int] = []
    prev = start
    while len(words) < max_len:
        prev = int(np.argmax(table[prev]))
        if prev == stop:
            break
        words.append(prev)
    return words


# BERT ------------------------------------------------------------------------------------------------------------


def bert_inputs(a: Sequence[str], b: Sequence[str], max_len: int) -> dict[str, list[Any]]:
    """[CLS] a [SEP] b [SEP], filled up with [PAD] -> lists of max_len: tokens, segment, position, mask.  [Devlin 2019]

    segment: 0 up to the first [SEP], 1 from there up to the second, 0 for padding; position counts through; mask is True
    where a token is no padding.  Too long: the last word of the longer sentence goes, of b where they are equally long, until
    all fits.  ValueError where max_len has no room for [CLS] and two [SEP].
    """
    if max_len < 3:
        raise ValueError(f"max_len must be at least 3, for [CLS] and two [SEP]; it is {max_len}.")
    a, b = list(a), list(b)
    while len(a) + len(b) + 3 > max_len:
        longer = a if len(a) > len(b) else b
        longer.pop()
    tokens = ["[CLS]", *a, "[SEP]", *b, "[SEP]"]
    padding = max_len - len(tokens)
    return {
        "tokens": tokens + ["[PAD]"] * padding,
        "segment": [0] * (len(a) + 2) + [1] * (len(b) + 1) + [0] * padding,
        "position": list(range(max_len)),
        "mask": [True] * len(tokens) + [False] * padding,
    }


def bert_embed(ids: Array, segment: Array, E: Array, P: Array, S: Array) -> Array:
    """Word + position + segment.  ids, segment (N,), E (V, d), P (longest, d), learnt as E is, S (2, d) -> (N, d)."""
    return E[ids] + P[: len(ids)] + S[segment]


def bert_params(V: int = 30522, d: int = 768, L: int = 12, longest: int = 512, heads: bool = False) -> int:
    """Parameters of BERT: bert_embed's tables and a norm, L blocks with f = 4d, a dense layer on [CLS].  [Devlin 2019]

    heads: of the pre-training too: a dense layer, a norm and V biases for words (the matrix is E itself), two outputs for the
    next sentence.  BERT-base: 109,482,240 and 110,106,428 (E41).
    """
    encoder = (V + longest + 2) * d + 2 * d + L * block_params(d, 4 * d) + d * d + d
    return encoder + (d * d + d + 2 * d + V + 2 * d + 2 if heads else 0)


def mlm_count(N: int, rate: float = 0.15) -> int:
    """How many of N tokens are selected: rate N, rounded as Python rounds, at least 1.  14 -> 2, 47 -> 7.  [Devlin 2019]"""
    return max(1, round(rate * N))


def mlm_mask(
    ids: Array,
    u_select: Array,
    u_kind: Array,
    rand_ids: Array,
    special_ids: Sequence[int],
    mask_id: int,
    rate: float = 0.15,
) -> tuple[Array, Array]:
    """BERT's masking.  ids (N,), draws u_select, u_kind (N,) in [0, 1), rand_ids (N,) -> inputs (N,), labels (N,).

    Selected: the mlm_count non-special positions with the smallest u_select, of equal ones the first.  A selected token becomes
    mask_id where u_kind < .8, rand_ids[i] where u_kind < .9, and stays otherwise.  Its label is the old id; all others have
    -100, PyTorch's "ignore".  ValueError where every token is special.
    """
    ids = np.asarray(ids)
    candidates = np.flatnonzero(~np.isin(ids, special_ids))
    if not len(candidates):
        raise ValueError("every token is special: there is nothing to mask.")
    order = np.argsort(u_select[candidates], kind="stable")
    selected = candidates[order[: mlm_count(len(candidates), rate)]]
    labels = np.full(ids.shape, -100)
    labels[selected] = ids[selected]
    inputs = ids.copy()
    for i in selected:
        if u_kind[i] < 0.8:
            inputs[i] = mask_id
        elif u_kind[i] < 0.9:
            inputs[i] = rand_ids[i]
    return inputs, labels


def mlm_loss(logits: Array, labels: Array) -> float:
    """Mean cross-entropy over the positions whose label is not -100.  logits (N, V), labels (N,) -> a number.

    ValueError where no position counts.
    """
    at = np.flatnonzero(labels != -100)
    if not len(at):
        raise ValueError("no position has a label: all are -100.")
    z = logits[at] - logits[at].max(axis=1, keepdims=True)
    return float(np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(at)), labels[at]]))


def nsp_pairs(docs: Sequence[Sequence[str]], perm: Sequence[int]) -> list[tuple[str, str, bool]]:
    """Pairs for next-sentence prediction -> (first, second, True for IsNext and False for NotNext).

    IsNext: every sentence with its successor, document after document: n pairs (a_i, b_i).  NotNext: (a_i, b_perm[i]), in the
    same order, where the two come from different documents; others are left out.  perm: a permutation of 0 .. n-1.
    (Devlin draws the second sentence from another document; the lectures do not say how.)
    """
    pairs = [(a, b, number) for number, doc in enumerate(docs) for a, b in pairwise(doc)]
    follows = [(a, b, True) for a, b, _ in pairs]
    strange = [(pairs[i], pairs[j]) for i, j in enumerate(perm)]
    return follows + [(first[0], second[1], False) for first, second in strange if first[2] != second[2]]
