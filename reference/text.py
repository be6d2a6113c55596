"""Words, n-grams, embeddings and language models.  [Belhafaoui, Boyer, Michel, the lectures on text]

A token is a string, a vocabulary a sequence of tokens, an embedding table E (V, n) has a row for each token: looking a token up
is multiplying its one-hot row by E (Michel writes x_t = E w_t, which needs E transposed: E17).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from reference.activations import sigmoid, softmax
from reference.cnn import dense_params

Array = np.ndarray


# Tokens ----------------------------------------------------------------------------------------------------------


def tokenize(text: str, lower: bool = True, punct: str = "drop") -> list[str]:
    """The words of a text, in order.  A word is a longest run of letters, digits and apostrophes that is not all apostrophes.

    punct: every other visible character is left out, "drop", or is a token by itself, "token".  An apostrophe is ' or ’.
    [Belhafaoui, "Tokenization", "Normalization"; "but" and "??" may carry the meaning: normalising can delete it]
    """
    if punct not in ("drop", "token"):
        raise ValueError(f"punct must be 'drop' or 'token', not {punct!r}")
    # A letter or digit is what \w matches, less the underscore.
    word = r"['\u2019]*[^\W_](?:[^\W_]|['\u2019])*"
    pattern = word if punct == "drop" else rf"{word}|[^\w\s]|_"
    return re.findall(pattern, text.lower() if lower else text)


def ngrams(tokens: Sequence[str], n: int) -> list[tuple[str, ...]]:
    """All n tokens in a row, none if there are fewer.  "a swimmer likes swimming thus he swims": 7, 6 and 5.  [Michel]"""
    if n < 1:
        raise ValueError(f"n must be at least 1, not {n}")
    return [tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)]


def bow(tokens: Sequence[Any], vocab: Sequence[Any]) -> Array:
    """How often each entry of the vocabulary occurs; unknown tokens are not counted.  -> (V,) integers

    Order is lost: "le chat attrape la souris" and "la souris attrape le chat" are the same bag.  [Belhafaoui]
    ValueError for a vocabulary that lists a token twice.
    """
    if len(set(vocab)) < len(vocab):
        raise ValueError(f"the vocabulary lists {len(vocab) - len(set(vocab))} token(s) twice: each needs one column")
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
    if w < 1:
        raise ValueError(f"the window w must be at least 1, not {w}")
    if kind not in ("skipgram", "cbow"):
        raise ValueError(f"kind must be 'skipgram' or 'cbow', not {kind!r}")
    pairs: list[tuple[Any, Any]] = []
    for i, centre in enumerate(tokens):
        around = [tokens[j] for j in range(max(0, i - w), min(len(tokens), i + w + 1)) if j != i]
        if kind == "skipgram":
            pairs += [(centre, context) for context in around]
        elif around:
            pairs.append((tuple(around), centre))
    return pairs


def sgns_loss(positive: float, negatives: Sequence[float] | Array) -> float:
    """-log sigma(s+) - sum of log sigma(-s-), of the scores of one true pair and k drawn ones.  negatives (k,) -> a number.

    [Mikolov 2013; Michel, "sample negative words at random instead of the full softmax"]
    """
    # -log sigma(s) = log(1 + e^-s), and no e^-s may overflow.
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
    """Numbers in a table of V vectors of length n: those of a dense layer on one-hot words, without a bias.  [Michel]"""
    return V * n


def char_ngrams(word: str, n: int, marks: bool = True) -> list[str]:
    """Character n-grams of a word, in order, with < and > around it: `Tennis` has 7 bigrams.  [fastText; Belhafaoui]"""
    whole = f"<{word}>" if marks else word
    return ["".join(gram) for gram in ngrams(whole, n)]


def fasttext_vector(word: str, table: Mapping[str, Array], n: int = 3, marks: bool = True) -> Array:
    """The sum of the vectors of a word's n-grams; those that the table lacks add nothing.  table: n-gram -> (d,).  -> (d,)

    An n-gram that stands twice counts once: the paper sums over a *set* (and puts the whole word in it, too).  A word that
    was never seen has a vector all the same.  ValueError for an empty table.  [Bojanowski 2017, 3.2; Belhafaoui on fastText]
    """
    if not table:
        raise ValueError("the table has no vectors: it needs at least one, to tell their length")
    known = [np.asarray(table[gram], float) for gram in dict.fromkeys(char_ngrams(word, n, marks)) if gram in table]
    return np.sum(known, axis=0) if known else np.zeros_like(np.asarray(next(iter(table.values())), float))


def jaccard(a: Iterable[Any], b: Iterable[Any]) -> float:
    """Shared entries over all entries, each counted once; 1 for two empty sets.  [Jaccard 1901]

    Bigrams of tennis and tischtennis: 5 of 9.
    """
    one, other = set(a), set(b)
    return len(one & other) / len(one | other) if one | other else 1.0


def masked_mean(X: Array, mask: Array) -> Array:
    """The mean over real tokens alone.  X (..., T, n), mask (..., T), True or 1 = a real token -> (..., n).

    X may hold one coordinate, of mask's shape -> (...).  Whatever stands in the padding plays no part.  ValueError where a
    sequence has no real token.  [Belhafaoui, "Padding", "What if you take the average?"]
    """
    X, keep = np.asarray(X, float), np.asarray(mask, bool)
    if X.shape == keep.shape:
        return masked_mean(X[..., None], keep)[..., 0]
    # Shapes first: numpy would stretch a mask that does not fit.
    if X.shape[:-1] != keep.shape:
        raise ValueError(f"mask must have shape {X.shape[:-1]} (all axes of X but the last), not {keep.shape}")
    if not keep.any(axis=-1).all():
        raise ValueError("a sequence has no real token, so its mean is not defined: leave it out")
    # np.where and not a product: 0 times nan is nan.
    return np.where(keep[..., None], X, 0.0).sum(axis=-2) / keep.sum(axis=-1, keepdims=True)


def avg_classifier_forward(ids: Array, mask: Array, E: Array, W: Array, b: Array) -> dict[str, Array]:
    """Mean of embeddings, dense layer, softmax.  ids, mask (N, T), E (V, n), W (K, n), b (K,) -> h (N, n), P (N, K).

    [Michel, "Embedding for text classification"; Joulin 2017]
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


def avg_classifier_params(V: int, n: int, K: int) -> int:
    """Parameters of the averaged classifier: V n + (n + 1) K, and none for the length of the text.  [Michel]"""
    return embedding_params(V, n) + dense_params(n, K)


# Language models -------------------------------------------------------------------------------------------------


def lm_sample(p: Array, u: float) -> int:
    """The token drawn by u in [0, 1): the first whose cumulated probability is above u.  p (V,) -> an index.

    It inverts the distribution function.  [Boyer, "Language generating NN"]
    """
    if not 0 <= u < 1:
        raise ValueError(f"u must lie in [0, 1), not be {u}")
    # Rounding may leave the last sum a little below 1, and u above it: then the last token that is possible at all.
    return int(min((np.cumsum(p) <= u).sum(), np.flatnonzero(p)[-1]))


def lm_step(token: int, h: Array, p: Mapping[str, Array]) -> tuple[Array, Array]:
    """One step of an RNN language model: h = tanh(W_h h + E[token] + b_h), then softmax(W_o h + b_o).  [Michel; Boyer]

    h (n,); p holds E (V, n), W_h (n, n), b_h (n,), W_o (V, n), b_o (V,): the embedding is added to the state, so it must be as
    long (E17).  -> new h (n,), probabilities of the next token (V,)
    """
    h = np.tanh(p["W_h"] @ h + p["E"][token] + p["b_h"])
    return h, softmax(p["W_o"] @ h + p["b_o"])


def lm_generate(
    p: Mapping[str, Array], u: Sequence[float] | Array, max_len: int, start: int = 0, stop: int = 1
) -> list[int]:
    """Tokens drawn one after the other, each fed back; u holds a draw for each step.  p as in lm_step -> the tokens.

    The first state is zero, the first token fed is START.  It ends at STOP, after max_len tokens, or when u is used up.
    START and STOP are left out; a START drawn on the way (b_o = -inf prevents it) is fed back, too.  [Boyer, "Language
    generating NN"]
    """
    tokens: list[int] = []
    h, token = np.zeros(len(p["b_h"])), start
    for draw in u:
        if len(tokens) >= max_len:
            break
        h, probabilities = lm_step(token, h, p)
        token = lm_sample(probabilities, draw)
        if token == stop:
            break
        if token != start:
            tokens.append(token)
    return tokens


def lm_probabilities(p: Mapping[str, Array], tokens: Sequence[int], start: int = 0, stop: int = 1) -> Array:
    """What the model gave to each token of a sentence and, last, to STOP, having read START and the true tokens before.

    tokens (T,) without START and STOP -> (T + 1,).  sequence_nll of it is the loss in training.  [Boyer; Michel]
    """
    h, given = np.zeros(len(p["b_h"])), []
    for token, following in pairwise([start, *tokens, stop]):
        h, probabilities = lm_step(token, h, p)
        given.append(probabilities[following])
    return np.array(given)


def sequence_nll(p: Sequence[float] | Array) -> float:
    """Total cross-entropy of a sentence: the sum of -log of what each of its words was given.  p (T,) in (0, 1] -> a number.

    It is -log of the sentence's probability, the product.  [Boyer, "Language generating NN"]
    """
    p = np.asarray(p, float)
    if not ((p > 0) & (p <= 1)).all():
        raise ValueError(f"probabilities must lie in (0, 1], not {p.tolist()}")
    return float(-np.log(p).sum())
