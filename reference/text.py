"""Words, n-grams, embeddings and language models.  [Belhafaoui, Boyer, Michel, the lectures on text]

A token is a string, a vocabulary a sequence of tokens, an embedding table E (V, n) has a row for each token: looking a token up
is multiplying its one-hot row by E (Michel writes x_t = E w_t, which needs E transposed: E17).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from reference.activations import sigmoid, softmax

Array = np.ndarray
START, STOP = "<", ">"  #: marks around a word in fastText


# Tokens ----------------------------------------------------------------------------------------------------------


def tokenize(text: str, lower: bool = True, punct: str = "drop") -> list[str]:
    """Words of letters, digits and apostrophes, in order.  punct "drop" or "token": what becomes of , . ! and the like.

    [Belhafaoui, "Tokenization", "Normalization"; "but" and "??" may carry the meaning: normalising can delete it]
    """
    if punct not in ("drop", "token"):
        raise ValueError(f"punct is 'drop' or 'token', not {punct!r}")
    word = r"[^\W_]+(?:'[^\W_]+)*'?|'?[^\W_]+"
    pattern = word if punct == "drop" else rf"{word}|[^\w\s]"
    return re.findall(pattern, text.lower() if lower else text)


def ngrams(tokens: Sequence[str], n: int) -> list[tuple[str, ...]]:
    """All n tokens in a row, none if there are fewer.  "a swimmer likes swimming thus he swims": 7, 6 and 5.  [Michel]"""
    if n < 1:
        raise ValueError(f"an n-gram has at least one token, not {n}")
    return [tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)]


def bow(tokens: Sequence[Any], vocab: Sequence[Any]) -> Array:
    """How often each entry of the vocabulary occurs; unknown tokens are not counted.  -> (V,) integers

    Order is lost: "le chat attrape la souris" and "la souris attrape le chat" are the same bag.  [Belhafaoui]
    """
    place = {token: i for i, token in enumerate(vocab)}
    counts = np.zeros(len(vocab), dtype=int)
    for token in tokens:
        if token in place:
            counts[place[token]] += 1
    return counts


# Embeddings ------------------------------------------------------------------------------------------------------


def context_pairs(tokens: Sequence[str], w: int, kind: str = "skipgram") -> list[tuple[Any, Any]]:
    """Training pairs of word2vec, centres from left to right, contexts from left to right.  [Mikolov 2013; Michel]

    "skipgram": (centre, one context token) for each of the at most w tokens on either side.  "cbow": (contexts, centre) for
    each centre that has any.  Eight tokens: 26 pairs for w = 2, 14 for w = 1.
    """
    pairs: list[tuple[Any, Any]] = []
    for i, centre in enumerate(tokens):
        around = [tokens[j] for j in range(max(0, i - w), min(len(tokens), i + w + 1)) if j != i]
        if kind == "skipgram":
            pairs += [(centre, context) for context in around]
        elif kind == "cbow":
            pairs += [(tuple(around), centre)] if around else []
        else:
            raise ValueError(f"kind is 'skipgram' or 'cbow', not {kind!r}")
    return pairs


def sgns_loss(positive: float, negatives: Sequence[float] | Array) -> float:
    """-log sigma(s+) - sum of log sigma(-s-), of the scores of one true pair and some drawn ones.  [Mikolov 2013]"""
    scores = np.concatenate([[positive], -np.asarray(negatives, float)])
    return float(np.logaddexp(0, -scores).sum())


def sgns(v: Array, u_pos: Array, U_neg: Array) -> dict[str, Any]:
    """Skip-gram with negative sampling: the loss of one pair and its gradients.  v, u_pos (n,), U_neg (k, n).

    v = (1, 0), u+ = (1, 1), u- = (0, 1), (-1, 0): 1.31967.  -> loss, dv (n,), du_pos (n,), dU_neg (k, n)
    """
    s_pos, s_neg = float(u_pos @ v), U_neg @ v
    # d/ds of -log sigma(s) is sigma(s) - 1, of -log sigma(-s) it is sigma(s).
    g_pos, g_neg = sigmoid(np.array(s_pos)) - 1, sigmoid(s_neg)
    return {
        "loss": sgns_loss(s_pos, s_neg),
        "dv": g_pos * u_pos + g_neg @ U_neg,
        "du_pos": g_pos * v,
        "dU_neg": np.outer(g_neg, v),
    }


def embedding_params(V: int, n: int) -> int:
    """Numbers in a table of V vectors of length n: those of a dense layer on one-hot words, without a bias."""
    return V * n


def char_ngrams(word: str, n: int, marks: bool = True) -> list[str]:
    """Character n-grams of a word, in order, with < and > around it: `Tennis` has 7 bigrams.  [fastText; Belhafaoui]"""
    whole = f"{START}{word}{STOP}" if marks else word
    return ["".join(gram) for gram in ngrams(whole, n)]


def fasttext_vector(word: str, table: Mapping[str, Array], n: int = 3, marks: bool = True) -> Array:
    """The sum of the vectors of a word's n-grams (each different one once); those that the table lacks add nothing.

    So a word that was never seen has a vector too.  table: n-gram -> (d,); ValueError for an empty table.
    """
    if not table:
        raise ValueError("the table has no vectors")
    known = [np.asarray(table[gram], float) for gram in dict.fromkeys(char_ngrams(word, n, marks)) if gram in table]
    return np.sum(known, axis=0) if known else np.zeros_like(np.asarray(next(iter(table.values())), float))


def jaccard(a: Sequence[Any], b: Sequence[Any]) -> float:
    """Shared entries over all entries, each counted once.  Bigrams of tennis and tischtennis: 5 of 9.  [Belhafaoui]"""
    one, other = set(a), set(b)
    return len(one & other) / len(one | other) if one | other else 1.0


def masked_mean(X: Array, mask: Array) -> Array:
    """The mean over real tokens alone.  X (..., T, n), mask (..., T), True or 1 = a real token -> (..., n).

    ValueError if a sequence has none.
    """
    keep = np.asarray(mask, float)
    total = keep.sum(axis=-1, keepdims=True)
    if (total == 0).any():
        raise ValueError("a sequence has no real token: its mean is not defined")
    return (np.asarray(X, float) * keep[..., None]).sum(axis=-2) / total


def avg_classifier_forward(ids: Array, mask: Array, E: Array, W: Array, b: Array) -> dict[str, Array]:
    """Mean of embeddings, dense layer, softmax.  ids, mask (N, T), E (V, n), W (K, n), b (K,).  [Michel; fastText]

    -> h (N, n), P (N, K)
    """
    h = masked_mean(E[ids], mask)
    return {"h": h, "P": softmax(h @ W.T + b)}


def avg_classifier_grad(ids: Array, mask: Array, labels: Array, E: Array, W: Array, b: Array) -> dict[str, Array]:
    """Gradients of the mean cross-entropy.  As above, labels (N,) in 0..K-1 -> dE (V, n), dW (K, n), db (K,).

    A word that stands twice in a text gets its share twice, padding none.
    """
    out = avg_classifier_forward(ids, mask, E, W, b)
    delta = (out["P"] - np.eye(len(b))[labels]) / len(ids)
    keep = np.asarray(mask, float)
    share = keep / keep.sum(axis=1, keepdims=True)
    dE = np.zeros_like(E, dtype=float)
    # np.add.at adds for every occurrence; dE[ids] += ... would keep only the last one of a repeated word.
    np.add.at(dE, ids, share[..., None] * (delta @ W)[:, None, :])
    return {"dE": dE, "dW": delta.T @ out["h"], "db": delta.sum(axis=0)}


# Language models -------------------------------------------------------------------------------------------------


def lm_sample(p: Array, u: float) -> int:
    """The token drawn by u in [0, 1): the first whose cumulated probability is above u.  p (V,)  [Boyer]"""
    # Rounding may leave the last sum a little below 1, and u above it.
    return min(int((np.cumsum(p) <= u).sum()), len(p) - 1)


def lm_step(token: int, h: Array, p: Mapping[str, Array]) -> tuple[Array, Array]:
    """One step of an RNN language model: h = tanh(W_h h + E[token] + b_h), softmax(W_o h + b_o).  [Michel; Boyer]

    h (n,), E (V, n), W_h (n, n), W_o (V, n): the embedding is as long as the state.  -> new h (n,), probabilities (V,)
    """
    h = np.tanh(p["W_h"] @ h + p["E"][token] + p["b_h"])
    return h, softmax(p["W_o"] @ h + p["b_o"])


def lm_generate(
    p: Mapping[str, Array], u: Sequence[float] | Array, max_len: int, start: int = 0, stop: int = 1
) -> list[int]:
    """Tokens drawn one after the other, each fed back; u holds a draw for each step.  START and STOP are left out.

    The first state is zero.  It ends at STOP, after max_len tokens, or when u is used up.  [Boyer, "Language generating NN"]
    """
    tokens: list[int] = []
    h, token = np.zeros(len(p["b_h"])), start
    for draw in u:
        if len(tokens) == max_len:
            break
        h, probabilities = lm_step(token, h, p)
        token = lm_sample(probabilities, draw)
        if token == stop:
            break
        tokens.append(token)
    return tokens


def sequence_nll(p: Sequence[float] | Array) -> float:
    """Total cross-entropy of a sentence, the sum of -log of what each of its words was given.  p (T,)  [Boyer]"""
    return float(-np.log(np.asarray(p, float)).sum())
