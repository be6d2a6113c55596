"""Known wrong solutions of self_attention. Each loses points in its exercise under every seed; its diagnosis is shown to a
student who gives the same answer."""

from functools import partial

import numpy as np

from autograder.checks import wrong
from reference.attention import (
    attention,
    causal_mask,
    context,
    multi_head,
    padding_mask,
    positional_encoding,
    scores,
    self_attention_toy,
)


def softmax(z):
    """Along the rows, without overflow."""
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


# 1. self_attention_toy -------------------------------------------------------------------------------------------

toy_slip = partial(wrong, "self_attention_toy")


@toy_slip(
    "Your columns sum to one instead of your rows: W is transposed. Sum along the second index, axis=1, and keep the axis: "
    "keepdims=True (without it the sums meet the wrong axis, silently, since W is square).",
)
def toy_softmax_over_columns(X):
    W = softmax(X @ X.T).T
    return W @ X, W


@toy_slip("W is right, but Y is made of its transpose: y_i is the sum over j of W[i, j] x_j, W @ X.")
def toy_weights_transposed_in_the_sum(X):
    _, W = self_attention_toy(X)
    return W.T @ X, W


@toy_slip("You divide by the square root of d. The toy scales nothing; that comes in exercise 2.")
def toy_scaled(X):
    W = softmax(X @ X.T / np.sqrt(X.shape[1]))
    return W @ X, W


@toy_slip("You normalise over the whole matrix. Each row of W by itself sums to one.")
def toy_softmax_over_everything(X):
    S = X @ X.T
    e = np.exp(S - S.max())
    W = e / e.sum()
    return W @ X, W


@toy_slip(
    "Every word gets the same output. Self-attention is not invariant (a slip on a slide): it is equivariant, each word has a "
    "row of weights of its own.",
)
def toy_same_output_for_all(X):
    W = np.full((len(X), len(X)), 1 / len(X))
    return W @ X, W


@toy_slip("The softmax is missing: your weights are the scores themselves.")
def toy_without_softmax(X):
    W = X @ X.T
    return W @ X, W


@toy_slip("The exponential is missing: you divide the scores by their sum. Take exp of them first.")
def toy_without_exp(X):
    W = X @ X.T
    W = W / W.sum(axis=1, keepdims=True)
    return W @ X, W


@toy_slip(
    "These are scores between columns: X.T @ X. Words are rows, so their dot products are X @ X.T.",
)
def toy_between_columns(X):
    W = softmax(X.T @ X)
    return X @ W.T, W


@toy_slip("exp overflows for large scores. Subtract the largest score of each row first: it cancels.")
def toy_overflow(X):
    with np.errstate(all="ignore"):
        e = np.exp(X @ X.T)
        W = e / e.sum(axis=1, keepdims=True)
        return W @ X, W


@toy_slip(
    "You subtract one maximum from all scores, so that rows of much smaller scores vanish. Take each row's own maximum.",
)
def toy_one_maximum_for_all(X):
    S = X @ X.T
    e = np.exp(S - S.max())
    with np.errstate(all="ignore"):
        W = e / e.sum(axis=1, keepdims=True)
        return W @ X, W


@toy_slip("A word looks at itself too: the diagonal of the scores takes part.")
def toy_without_the_diagonal(X):
    if len(X) == 1:
        return np.zeros(X.shape), np.zeros((1, 1))
    S = X @ X.T
    np.fill_diagonal(S, -np.inf)
    W = softmax(S)
    return W @ X, W


@toy_slip(
    "You divide the vectors by their lengths first (cosines). The scores are the plain dot products.",
)
def toy_cosines(X):
    U = X / np.linalg.norm(X, axis=1, keepdims=True)
    W = softmax(U @ U.T)
    return W @ X, W


@toy_slip("The pair is in the wrong order: first Y, then W.")
def toy_results_swapped(X):
    Y, W = self_attention_toy(X)
    return W, Y


@toy_slip(
    "The outputs are sums, not means: softmax weights, not their exponentials, multiply the words.",
)
def toy_sum_not_normalised(X):
    S = X @ X.T
    e = np.exp(S - S.max(axis=1, keepdims=True))
    return e @ X, e / e.sum(axis=1, keepdims=True)


@toy_slip("You write the outputs into the caller's X. Make a new array.")
def toy_in_place(X):
    Y, W = self_attention_toy(X)
    X[:] = Y
    return X, W


# 2. attention ----------------------------------------------------------------------------------------------------

attention_slip = partial(wrong, "attention")


def _finish(S, V, mask=None):
    """Masked softmax of the scores, and the outputs."""
    if mask is not None:
        S = np.where(mask, S, -np.inf)
    top = S.max(axis=1, keepdims=True)
    e = np.exp(S - np.where(np.isinf(top), 0, top))
    W = e / np.maximum(e.sum(axis=1, keepdims=True), 1e-300)
    return W @ V, W


def _scaled(Q, K, scale):
    S = Q @ K.T
    return S / np.sqrt(Q.shape[1]) if scale else S


@attention_slip("You divide by k. It is the square root of k that keeps the spread of the scores at 1.")
def attention_divided_by_k(Q, K, V, mask=None, scale=True):
    return _finish(Q @ K.T / (Q.shape[1] if scale else 1), V, mask)


@attention_slip("You take the root of the length of the values. Scores come from queries and keys: the root of k.")
def attention_root_of_the_value_size(Q, K, V, mask=None, scale=True):
    return _finish(Q @ K.T / (np.sqrt(V.shape[1]) if scale else 1), V, mask)


@attention_slip("You take the root of the number of keys. It is the root of the length k of one query.")
def attention_root_of_the_number_of_keys(Q, K, V, mask=None, scale=True):
    return _finish(Q @ K.T / (np.sqrt(len(K)) if scale else 1), V, mask)


@attention_slip("The scaling is missing: divide the scores by the square root of k, unless scale is False.")
def attention_never_scaled(Q, K, V, mask=None, scale=True):
    return _finish(Q @ K.T, V, mask)


@attention_slip("You always scale. With scale=False the dot products stay as they are.")
def attention_always_scaled(Q, K, V, mask=None, scale=True):
    return attention(Q, K, V, mask)


@attention_slip("You multiply the scores by the root of k. Divide.")
def attention_multiplied_by_the_root(Q, K, V, mask=None, scale=True):
    return _finish(Q @ K.T * (np.sqrt(Q.shape[1]) if scale else 1), V, mask)


@attention_slip("You divide the weights by the root of k, after softmax. The scores are divided, before it.")
def attention_scaled_after_softmax(Q, K, V, mask=None, scale=True):
    _, W = _finish(Q @ K.T, V, mask)
    W = W / (np.sqrt(Q.shape[1]) if scale else 1)
    return W @ V, W


@attention_slip(
    "You mask after softmax, so rows no longer sum to one. Set forbidden scores to minus infinity before softmax.",
)
def attention_masked_after_softmax(Q, K, V, mask=None, scale=True):
    W = softmax(_scaled(Q, K, scale))
    W = W if mask is None else np.where(mask, W, 0.0)
    return W @ V, W


@attention_slip("A forbidden score of 0 is no ban: e^0 = 1. Set it to minus infinity.")
def attention_masked_with_zero(Q, K, V, mask=None, scale=True):
    S = _scaled(Q, K, scale)
    return _finish(S if mask is None else S * mask, V)


@attention_slip("You set values to zero instead of forbidding the key: it still takes its share of the weights.")
def attention_masked_values(Q, K, V, mask=None, scale=True):
    W = softmax(_scaled(Q, K, scale))
    return (W if mask is None else W * mask) @ V, W


@attention_slip("The mask is inverted: True (or 1) means that looking is allowed.")
def attention_inverted_mask(Q, K, V, mask=None, scale=True):
    return attention(Q, K, V, None if mask is None else ~np.asarray(mask, dtype=bool), scale)


@attention_slip("The mask is transposed: its rows are queries, its columns keys.")
def attention_transposed_mask(Q, K, V, mask=None, scale=True):
    return attention(Q, K, V, None if mask is None else mask.T, scale)


@attention_slip("The mask is not used. Where it is False the score becomes minus infinity.")
def attention_without_mask(Q, K, V, mask=None, scale=True):
    return attention(Q, K, V, None, scale)


@attention_slip(
    "A query that may look at nothing looks at everything: with one large negative number in all places softmax gives equal "
    "weights. Its rows of W and Y are zeros.",
)
def attention_uniform_where_nothing_is_allowed(Q, K, V, mask=None, scale=True):
    S = _scaled(Q, K, scale)
    W = softmax(S if mask is None else np.where(mask, S, -1e9))
    return W @ V, W


@attention_slip(
    "You write -100 where looking is forbidden. Scores may be smaller than that: use minus infinity, -np.inf.",
)
def attention_masked_with_minus_hundred(Q, K, V, mask=None, scale=True):
    S = _scaled(Q, K, scale)
    return _finish(S if mask is None else np.where(mask, S, -100.0), V)


@attention_slip(
    "A query that may look at nothing gives nan: minus infinity less minus infinity. Its rows of W and Y are zeros.",
)
def attention_nan_where_nothing_is_allowed(Q, K, V, mask=None, scale=True):
    S = _scaled(Q, K, scale)
    with np.errstate(all="ignore"):
        W = softmax(S if mask is None else np.where(mask, S, -np.inf))
        return W @ V, W


@attention_slip("W has zeros where nothing is allowed, Y has not: it is W @ V with the final W.")
def attention_output_of_unmasked_weights(Q, K, V, mask=None, scale=True):
    _, W = attention(Q, K, V, mask, scale)
    return attention(Q, K, V, None, scale)[0], W


@attention_slip(
    "You subtract the largest score before masking. If a forbidden score is far larger, all allowed ones vanish: mask first.",
)
def attention_maximum_before_the_mask(Q, K, V, mask=None, scale=True):
    S = _scaled(Q, K, scale)
    e = np.exp(S - S.max(axis=1, keepdims=True))
    e = e if mask is None else np.where(mask, e, 0.0)
    total = e.sum(axis=1, keepdims=True)
    W = e / np.where(total > 0, total, 1.0)
    return W @ V, W


@attention_slip("You normalise over the queries, so columns sum to one. Each query's row does: axis=1.")
def attention_softmax_over_queries(Q, K, V, mask=None, scale=True):
    S = _scaled(Q, K, scale)
    S = S if mask is None else np.where(mask, S, -np.inf)
    top = S.max(axis=0)
    e = np.exp(S - np.where(np.isinf(top), 0, top))
    W = e / np.maximum(e.sum(axis=0), 1e-300)
    return W @ V, W


@attention_slip(
    "Sums of shape (N,) divide along the wrong axis, silently when N = M. Keep the axis: keepdims=True.",
)
def attention_without_keepdims(Q, K, V, mask=None, scale=True):
    S = _scaled(Q, K, scale)
    S = S if mask is None else np.where(mask, S, -np.inf)
    e = np.exp(S - S.max(axis=1, keepdims=True))
    W = e / e.sum(axis=1)
    return W @ V, W


@attention_slip("exp overflows for large scores. Subtract the largest score of each row first: it cancels.")
def attention_overflow(Q, K, V, mask=None, scale=True):
    with np.errstate(all="ignore"):
        e = np.exp(_scaled(Q, K, scale))
        e = e if mask is None else np.where(mask, e, 0.0)
        total = e.sum(axis=1, keepdims=True)
        W = e / np.where(total == 0, 1.0, total)
        return W @ V, W


@attention_slip(
    "You subtract one maximum from all scores, so that rows of much smaller scores vanish. Take each row's own maximum.",
)
def attention_one_maximum_for_all(Q, K, V, mask=None, scale=True):
    S = _scaled(Q, K, scale)
    S = S if mask is None else np.where(mask, S, -np.inf)
    e = np.exp(S - S.max())
    total = e.sum(axis=1, keepdims=True)
    W = e / np.where(total > 0, total, 1.0)
    return W @ V, W


@attention_slip("K is not transposed: the score of query i and key j is Q[i] . K[j], so Q @ K.T.")
def attention_keys_not_transposed(Q, K, V, mask=None, scale=True):
    return _finish(Q @ K / (np.sqrt(Q.shape[1]) if scale else 1), V, mask)


@attention_slip("Queries and keys are swapped: rows of W are queries, Q @ K.T, not K @ Q.T.")
def attention_queries_and_keys_swapped(Q, K, V, mask=None, scale=True):
    return _finish(_scaled(K, Q, scale), V, mask)


@attention_slip("You mix the keys. The weights multiply the values, V.")
def attention_mixes_the_keys(Q, K, V, mask=None, scale=True):
    return attention(Q, K, K, mask, scale)


@attention_slip("The pair is in the wrong order: first Y, then W.")
def attention_results_swapped(Q, K, V, mask=None, scale=True):
    Y, W = attention(Q, K, V, mask, scale)
    return W, Y


@attention_slip("Only the outputs come back. Return the pair (Y, W).")
def attention_without_the_weights(Q, K, V, mask=None, scale=True):
    return attention(Q, K, V, mask, scale)[0]


@attention_slip(
    "A mask of numbers is not understood: ~1 is -2 and still counts as true. Write mask == 0, or np.where(mask, ...).",
)
def attention_tilde_of_numbers(Q, K, V, mask=None, scale=True):
    return attention(Q, K, V, None if mask is None else np.where(~mask, False, True), scale)


@attention_slip("A mask of shape (1, M) holds for every query; yours serves the first one only.")
def attention_one_mask_for_the_first_query(Q, K, V, mask=None, scale=True):
    if mask is not None and len(mask) < len(Q):
        mask = np.vstack([mask, np.ones((len(Q) - 1, mask.shape[1]), dtype=bool)])
    return attention(Q, K, V, mask, scale)


@attention_slip("`Q /= ...` writes into the caller's array. Divide the scores, or make a new array.")
def attention_in_place(Q, K, V, mask=None, scale=True):
    if scale:
        Q /= np.sqrt(Q.shape[1])
    return attention(Q, K, V, mask, scale=False)


# 3. masks --------------------------------------------------------------------------------------------------------

causal_slip = partial(wrong, "masks", replaces="causal_mask")
padding_slip = partial(wrong, "masks", replaces="padding_mask")


@causal_slip("The diagonal is missing: a position may look at itself, or the first one could look at nothing.")
def causal_strict(N):
    return np.tril(np.ones((N, N), dtype=bool), -1)


@causal_slip(
    "Transposed: here each position sees the future. Row i is who looks, so the allowed part is below the diagonal."
)
def causal_transposed(N):
    return causal_mask(N).T


@causal_slip("Inverted: you mark what is forbidden. True means allowed.")
def causal_inverted(N):
    return ~causal_mask(N)


@causal_slip("Each position also sees the next one. Position i sees j <= i, not j <= i + 1.")
def causal_one_too_many(N):
    return np.tril(np.ones((N, N), dtype=bool), 1)


@causal_slip("Everything is allowed: the future must be hidden.")
def causal_all_allowed(N):
    return np.ones((N, N), dtype=bool)


@causal_slip("Only the diagonal is allowed: a position also sees all those before it.")
def causal_diagonal_only(N):
    return np.eye(N, dtype=bool)


@causal_slip("These are numbers to add to the scores, 0 and minus infinity. A mask holds True (allowed) and False.")
def causal_to_be_added(N):
    return np.where(causal_mask(N), 0.0, -np.inf)


@causal_slip("A mask for a batch of one: the shape is (N, N), without another axis.")
def causal_with_another_axis(N):
    return causal_mask(N)[None]


@padding_slip("Inverted: you mark the padding. True is a real word.")
def padding_inverted(lengths, N):
    return ~padding_mask(lengths, N)


@padding_slip("You mask the queries, shape (B, N, 1). The keys are forbidden, whoever asks: shape (B, 1, N).")
def padding_of_queries(lengths, N):
    return padding_mask(lengths, N).transpose(0, 2, 1)


@padding_slip("The axis for the queries is missing: shape (B, 1, N), not (B, N).")
def padding_without_the_query_axis(lengths, N):
    return padding_mask(lengths, N)[:, 0]


@padding_slip("One word too many: with the first index 0, j < length, not j <= length.")
def padding_one_too_many(lengths, N):
    return np.arange(N) <= lengths[:, None, None]


@padding_slip("One word too few: the last real word has index length - 1 and counts.")
def padding_one_too_few(lengths, N):
    return np.arange(N) < lengths[:, None, None] - 1


@padding_slip("Your real words stand at the end. Sentences begin at 0, the padding fills up the end.")
def padding_in_front(lengths, N):
    return padding_mask(lengths, N)[:, :, ::-1]


@padding_slip("The mask is cut to the longest sentence. It has N columns, whatever the lengths.")
def padding_cut_to_the_longest(lengths, N):
    return padding_mask(lengths, int(max(lengths)))


@padding_slip("You forbid the padding both as keys and as queries, shape (B, N, N). Only the keys: shape (B, 1, N).")
def padding_of_queries_and_keys(lengths, N):
    mask = padding_mask(lengths, N)
    return mask & mask.transpose(0, 2, 1)


@padding_slip("Every sentence gets the mask of the first one.")
def padding_of_the_first_sentence(lengths, N):
    return padding_mask(np.full(len(lengths), lengths[0]), N)


@padding_slip("`lengths -= ...` changes the caller's array. Make a new one.")
def padding_in_place(lengths, N):
    mask = padding_mask(lengths, N)
    lengths -= 1
    return mask


# 4. multi_head ---------------------------------------------------------------------------------------------------

heads_slip = partial(wrong, "multi_head")


def _outputs(X, Wq, Wk, Wv, mask, scale=True):
    """The output of every head, (H, N, k)."""
    return np.stack([attention(X @ q.T, X @ k.T, X @ v.T, mask, scale)[0] for q, k, v in zip(Wq, Wk, Wv, strict=True)])


@heads_slip(
    "The heads are interleaved: a reshape from (H, N, k) or (N, k, H) mixes them. Concatenate head after head, along the last "
    "axis.",
)
def heads_interleaved(X, Wq, Wk, Wv, Wy, mask=None):
    return _outputs(X, Wq, Wk, Wv, mask).transpose(1, 2, 0).reshape(len(X), -1) @ Wy.T


@heads_slip(
    "A reshape from (H, N, k) straight to (N, H k) mixes words: bring the words to the front first, transpose(1, 0, 2).",
)
def heads_reshaped_across_words(X, Wq, Wk, Wv, Wy, mask=None):
    return _outputs(X, Wq, Wk, Wv, mask).reshape(len(X), -1) @ Wy.T


@heads_slip("You average the heads. They are laid end to end, so that Wy can tell them apart.")
def heads_averaged(X, Wq, Wk, Wv, Wy, mask=None):
    mean = _outputs(X, Wq, Wk, Wv, mask).mean(axis=0)
    return np.tile(mean, (1, len(Wq))) @ Wy.T


@heads_slip(
    "You divide by the root of d, the size of a word. A head's scores are divided by the root of its own k.",
)
def heads_scaled_by_the_model(X, Wq, Wk, Wv, Wy, mask=None):
    k, d = Wq.shape[1:]
    return multi_head(X, Wq * np.sqrt(k / d), Wk, Wv, Wy, mask)


@heads_slip("You divide by the root of H k, the size of all heads together. It is the root of k, the size of one.")
def heads_scaled_by_all_heads(X, Wq, Wk, Wv, Wy, mask=None):
    return multi_head(X, Wq / np.sqrt(len(Wq)), Wk, Wv, Wy, mask)


@heads_slip("The scaling is missing: each head divides its scores by the root of k.")
def heads_not_scaled(X, Wq, Wk, Wv, Wy, mask=None):
    Y = _outputs(X, Wq, Wk, Wv, mask, scale=False)
    return np.concatenate(list(Y), axis=1) @ Wy.T


@heads_slip("The last matrix is transposed: y = Wy concat(...) for one word is concat @ Wy.T for rows.")
def heads_last_matrix_transposed(X, Wq, Wk, Wv, Wy, mask=None):
    return np.concatenate(list(_outputs(X, Wq, Wk, Wv, mask)), axis=1) @ Wy


@heads_slip("The projections are transposed: q_i = Wq x_i for one word is X @ Wq[r].T for rows.")
def heads_projections_transposed(X, Wq, Wk, Wv, Wy, mask=None):
    return multi_head(X, *(W.transpose(0, 2, 1) for W in (Wq, Wk, Wv)), Wy, mask)


@heads_slip("The last matrix is missing: mix the concatenated heads with Wy.")
def heads_without_the_last_matrix(X, Wq, Wk, Wv, Wy, mask=None):
    return np.concatenate(list(_outputs(X, Wq, Wk, Wv, mask)), axis=1)


@heads_slip("All your heads use the weights of the first one. Head r has Wq[r], Wk[r], Wv[r].")
def heads_all_alike(X, Wq, Wk, Wv, Wy, mask=None):
    return multi_head(X, *(np.repeat(W[:1], len(W), axis=0) for W in (Wq, Wk, Wv)), Wy, mask)


@heads_slip("The heads are concatenated in reverse order.")
def heads_reversed(X, Wq, Wk, Wv, Wy, mask=None):
    return multi_head(X, Wq[::-1], Wk[::-1], Wv[::-1], Wy, mask)


@heads_slip("The mask is not used. It holds for every head.")
def heads_without_mask(X, Wq, Wk, Wv, Wy, mask=None):
    return multi_head(X, Wq, Wk, Wv, Wy)


@heads_slip("The mask reaches the first head only. It holds for every head.")
def heads_mask_for_the_first(X, Wq, Wk, Wv, Wy, mask=None):
    Y = _outputs(X, Wq, Wk, Wv, None)
    Y[0] = _outputs(X, Wq[:1], Wk[:1], Wv[:1], mask)[0]
    return np.concatenate(list(Y), axis=1) @ Wy.T


@heads_slip("The mask is inverted: True means that looking is allowed.")
def heads_inverted_mask(X, Wq, Wk, Wv, Wy, mask=None):
    return multi_head(X, Wq, Wk, Wv, Wy, None if mask is None else np.asarray(mask) == 0)


@heads_slip("Query and key matrices are swapped: rows of the scores are queries, made with Wq.")
def heads_queries_and_keys_swapped(X, Wq, Wk, Wv, Wy, mask=None):
    return multi_head(X, Wk, Wq, Wv, Wy, mask)


@heads_slip("Your values are made with the key matrices. Head r takes X @ Wv[r].T.")
def heads_values_from_keys(X, Wq, Wk, Wv, Wy, mask=None):
    return multi_head(X, Wq, Wk, Wk, Wy, mask)


@heads_slip("The scores of all heads are added before one common softmax. Each head has a softmax of its own.")
def heads_with_one_softmax(X, Wq, Wk, Wv, Wy, mask=None):
    S = sum((X @ q.T) @ (X @ k.T).T for q, k in zip(Wq, Wk, strict=True)) / np.sqrt(Wq.shape[1])
    return np.concatenate([_finish(S, X @ v.T, mask)[0] for v in Wv], axis=1) @ Wy.T


@heads_slip(
    "The words themselves are added (a residual connection). That belongs to the transformer's block, not here.",
)
def heads_with_a_residual(X, Wq, Wk, Wv, Wy, mask=None):
    return X + multi_head(X, Wq, Wk, Wv, Wy, mask)


@heads_slip("You write the result into the caller's X. Make a new array.")
def heads_in_place(X, Wq, Wk, Wv, Wy, mask=None):
    X[:] = multi_head(X, Wq, Wk, Wv, Wy, mask)
    return X


# 5. scores and context -------------------------------------------------------------------------------------------

score_slip = partial(wrong, "scores", replaces="scores")
context_slip = partial(wrong, "scores", replaces="context")


@score_slip('"additive": tanh is outside. v_a multiplies the tanh: v_a . tanh(W_1 h + W_2 s).')
def additive_tanh_outside(kind, H, s, params):
    if kind != "additive":
        return scores(kind, H, s, params)
    return np.tanh((H @ params["W_1"].T + params["W_2"] @ s) @ params["v_a"])


@score_slip('"additive": two separate tanh are added. There is one tanh, of the sum W_1 h + W_2 s.')
def additive_two_tanh(kind, H, s, params):
    if kind != "additive":
        return scores(kind, H, s, params)
    return (np.tanh(H @ params["W_1"].T) + np.tanh(params["W_2"] @ s)) @ params["v_a"]


@score_slip('"additive": tanh is missing: v_a . tanh(W_1 h + W_2 s).')
def additive_without_tanh(kind, H, s, params):
    if kind != "additive":
        return scores(kind, H, s, params)
    return (H @ params["W_1"].T + params["W_2"] @ s) @ params["v_a"]


@score_slip('"additive": the decoder state is left out: W_2 s belongs inside the tanh.')
def additive_without_s(kind, H, s, params):
    return scores(kind, H, s if s is None or kind != "additive" else 0 * s, params)


@score_slip('"additive": W_1 and W_2 are swapped. W_1 belongs to the states h_i, W_2 to s.')
def additive_matrices_swapped(kind, H, s, params):
    if kind == "additive":
        params = {"W_1": params["W_2"], "W_2": params["W_1"], "v_a": params["v_a"]}
    return scores(kind, H, s, params)


@score_slip('"additive": the matrices are transposed: W_1 h for one state is H @ W_1.T for rows.')
def additive_matrices_transposed(kind, H, s, params):
    if kind == "additive":
        params = {"W_1": params["W_1"].T, "W_2": params["W_2"].T, "v_a": params["v_a"]}
    return scores(kind, H, s, params)


@score_slip('"multiplicative": W_a is transposed: h . (W_a s), in rows H @ (W_a @ s).')
def multiplicative_transposed(kind, H, s, params):
    if kind == "multiplicative":
        params = {"W_a": params["W_a"].T}
    return scores(kind, H, s, params)


@score_slip('"multiplicative": the score is divided by a root. Nothing is scaled here.')
def multiplicative_scaled(kind, H, s, params):
    e = scores(kind, H, s, params)
    return e / np.sqrt(len(s)) if kind == "multiplicative" else e


@score_slip('"multiplicative": a tanh has slipped in. The score is h . W_a s, nothing else.')
def multiplicative_with_tanh(kind, H, s, params):
    e = scores(kind, H, s, params)
    return np.tanh(e) if kind == "multiplicative" else e


@score_slip('"self": tanh is outside. v_a multiplies the tanh: v_a . tanh(W_a h).')
def self_tanh_outside(kind, H, s, params):
    if kind != "self":
        return scores(kind, H, s, params)
    return np.tanh(H @ params["W_a"].T @ params["v_a"])


@score_slip('"self": tanh is missing: v_a . tanh(W_a h).')
def self_without_tanh(kind, H, s, params):
    if kind != "self":
        return scores(kind, H, s, params)
    return H @ params["W_a"].T @ params["v_a"]


@score_slip('"self": W_a is transposed: W_a h for one state is H @ W_a.T for rows.')
def self_transposed(kind, H, s, params):
    if kind == "self":
        params = params | {"W_a": params["W_a"].T}
    return scores(kind, H, s, params)


@score_slip(
    '"self" is the self-attention of exercise 1 in your code. Here it is one score for each state: v_a . tanh(W_a h).'
)
def self_as_in_the_transformer(kind, H, s, params):
    return softmax(H @ H.T) @ H if kind == "self" else scores(kind, H, s, params)


@score_slip("These are the weights already: softmax belongs to `context`, `scores` returns the scores themselves.")
def scores_after_softmax(kind, H, s, params):
    return softmax(scores(kind, H, s, params))


@score_slip("The result has a column too many: shape (T,), one number per state.")
def scores_as_a_column(kind, H, s, params):
    return scores(kind, H, s, params)[:, None]


@score_slip("You write into the caller's states. Make a new array.")
def scores_in_place(kind, H, s, params):
    e = scores(kind, H, s, params)
    H *= 0.5
    return e


@context_slip("The softmax is missing: the scores themselves are used as weights.")
def context_without_softmax(e, H):
    return e @ H, e


@context_slip("The scores are divided by their sum without exp. Take exp of them first.")
def context_without_exp(e, H):
    alpha = e / e.sum()
    return alpha @ H, alpha


@context_slip("The weights are right, but the context is the plain mean of the states. Weight it with alpha.")
def context_plain_mean(e, H):
    _, alpha = context(e, H)
    return H.mean(axis=0), alpha


@context_slip("You take the state with the largest score only. All states count, each with its weight.")
def context_hard(e, H):
    alpha = np.eye(len(e))[e.argmax()]
    return alpha @ H, alpha


@context_slip("The context is not normalised: you weight with exp(e) instead of alpha.")
def context_not_normalised(e, H):
    _, alpha = context(e, H)
    return np.exp(e - e.max()) @ H, alpha


@context_slip(
    "exp overflows (or all of them round to 0) for large scores. Subtract the largest score first: it cancels."
)
def context_overflow(e, H):
    with np.errstate(all="ignore"):
        alpha = np.exp(e) / np.exp(e).sum()
        return alpha @ H, alpha


@context_slip("The sum runs over the wrong axis: c adds up the states (rows of H), alpha @ H.")
def context_over_the_wrong_axis(e, H):
    _, alpha = context(e, H)
    return H @ alpha if len(e) == H.shape[1] else (H * alpha[:, None]).sum(axis=1), alpha


@context_slip("The pair is in the wrong order: first c, then alpha.")
def context_results_swapped(e, H):
    c, alpha = context(e, H)
    return alpha, c


@context_slip("Only the context comes back. Return the pair (c, alpha).")
def context_without_the_weights(e, H):
    return context(e, H)[0]


@context_slip("`e -= ...` writes into the caller's array. Make a new one: e = e - ...")
def context_in_place(e, H):
    e -= e.max()
    return context(e, H)


# 6. positional_encoding ------------------------------------------------------------------------------------------

position_slip = partial(wrong, "positional_encoding")


def _pairs(T, d, t=0, exponent=None, slow=10000.0):
    """The original code from position t on, with another exponent if given."""
    k = np.arange(d)
    exponent = 2 * (k // 2) / d if exponent is None else exponent
    angle = np.arange(t, T + t)[:, None] / slow**exponent
    return np.where(k % 2 == 0, np.sin(angle), np.cos(angle))


def _sines(T, d, t=0, first=1):
    """The lecture's code from position t on, columns counted from `first`."""
    return np.sin(np.arange(t, T + t)[:, None] / 10000.0 ** (np.arange(first, d + first) / d))


@position_slip('"all_sine": you count the columns from 0. On the slide k runs from 1 to d.')
def positions_all_sine_from_zero(T, d, variant):
    return _sines(T, d, first=0) if variant == "all_sine" else positional_encoding(T, d, variant)


@position_slip(
    'This is the original code (or are the variants swapped?). "all_sine" has sines only, with an exponent k/d of its own.',
)
def positions_always_vaswani(T, d, variant):
    return positional_encoding(T, d, "vaswani")


@position_slip(
    'These are the slide\'s sines (or are the variants swapped?). The original, "vaswani", has pairs of a sine and a cosine.',
)
def positions_always_all_sine(T, d, variant):
    return positional_encoding(T, d, "all_sine")


@position_slip("The angles are taken as degrees. They are in radians, as np.sin takes them.")
def positions_in_degrees(T, d, variant):
    if variant == "all_sine":
        return np.sin(np.radians(np.arange(T)[:, None] / 10000.0 ** (np.arange(1, d + 1) / d)))
    k = np.arange(d)
    angle = np.radians(np.arange(T)[:, None] / 10000.0 ** (2 * (k // 2) / d))
    return np.where(k % 2 == 0, np.sin(angle), np.cos(angle))


@position_slip(
    '"vaswani": first all sines, then all cosines. Sine and cosine of one frequency stand side by side.',
)
def positions_in_halves(T, d, variant):
    P = positional_encoding(T, d, variant)
    return P if variant == "all_sine" else np.hstack([P[:, 0::2], P[:, 1::2]])


@position_slip("You count positions from 1. The first position is t = 0.")
def positions_from_one(T, d, variant):
    return _sines(T, d, t=1) if variant == "all_sine" else _pairs(T, d, t=1)


@position_slip(
    '"vaswani": every column has a frequency of its own. Columns 2i and 2i + 1 share 10000^(2i/d).',
)
def positions_without_pairs(T, d, variant):
    return positional_encoding(T, d, variant) if variant == "all_sine" else _pairs(T, d, exponent=np.arange(d) / d)


@position_slip('"vaswani": the factor 2 is missing: the exponent of pair i is 2i/d, not i/d.')
def positions_without_the_two(T, d, variant):
    return positional_encoding(T, d, variant) if variant == "all_sine" else _pairs(T, d, exponent=np.arange(d) // 2 / d)


@position_slip(
    '"vaswani": you use the column in place of the pair: exponent 2k/d for column k. Columns 2i and 2i + 1 have 2i/d.',
)
def positions_column_for_pair(T, d, variant):
    return positional_encoding(T, d, variant) if variant == "all_sine" else _pairs(T, d, exponent=2 * np.arange(d) / d)


@position_slip('"vaswani": sine and cosine are swapped. Even columns are sines.')
def positions_cosine_first(T, d, variant):
    P = positional_encoding(T, d, variant)
    k = np.arange(d)
    angle = np.arange(T)[:, None] / 10000.0 ** (2 * (k // 2) / d)
    return P if variant == "all_sine" else np.where(k % 2 == 0, np.cos(angle), np.sin(angle))


@position_slip("You multiply the position by 10000^..., so that the waves get faster. Divide.")
def positions_multiplied(T, d, variant):
    if variant == "all_sine":
        return np.sin(np.arange(T)[:, None] * 10000.0 ** (np.arange(1, d + 1) / d))
    return _pairs(T, d, slow=1 / 10000.0)


@position_slip("Another constant: the waves slow down with powers of 10000.")
def positions_with_a_hundred(T, d, variant):
    if variant == "all_sine":
        return np.sin(np.arange(T)[:, None] / 100.0 ** (np.arange(1, d + 1) / d))
    return _pairs(T, d, slow=100.0)


@position_slip("An odd d is rounded up in the exponent. It is 2i/d with the d that was given.")
def positions_with_d_rounded_up(T, d, variant):
    exponent = 2 * (np.arange(d) // 2) / (d + d % 2)
    return positional_encoding(T, d, variant) if variant == "all_sine" else _pairs(T, d, exponent=exponent)


@position_slip('"vaswani" with an odd d: the last column is missing (or zero). It ends with a sine.')
def positions_without_the_last_sine(T, d, variant):
    P = positional_encoding(T, d, variant)
    if variant == "vaswani" and d % 2:
        P[:, -1] = 0
    return P


@position_slip("Transposed: rows are positions, columns the d numbers of a code: shape (T, d).")
def positions_transposed(T, d, variant):
    return positional_encoding(T, d, variant).T


@position_slip("An integer division in the exponent makes it 0 or 1. Divide with /, not with //.")
def positions_with_integer_division(T, d, variant):
    if variant == "all_sine":
        return np.sin(np.arange(T)[:, None] / 10000.0 ** (np.arange(1, d + 1) // d))
    return _pairs(T, d, exponent=2 * (np.arange(d) // 2) // d)
