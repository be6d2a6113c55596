"""Other right solutions of self_attention, written as students write: the audit wants full points for each.

Those called ..._from_the_text were written from the released notebook alone.
"""

import math

import numpy as np

from autograder.checks import right
from reference.attention import attention

# 1. self_attention_toy -------------------------------------------------------------------------------------------


@right("self_attention_toy")
def toy_from_the_text(X):
    N = X.shape[0]
    W = np.zeros((N, N))
    for i in range(N):
        s = np.array([X[i] @ X[j] for j in range(N)])
        s = np.exp(s - np.max(s))
        W[i] = s / np.sum(s)
    return np.dot(W, X), W


@right("self_attention_toy")
def toy_in_lists(X):
    X = X.tolist()
    Y, W = [], []
    for x in X:
        s = [sum(a * b for a, b in zip(x, other, strict=True)) for other in X]
        top = max(s)
        parts = [math.exp(each - top) for each in s]
        W.append([part / sum(parts) for part in parts])
        Y.append([sum(w * other[c] for w, other in zip(W[-1], X, strict=True)) for c in range(len(x))])
    return Y, W


@right("self_attention_toy")
def toy_by_einsum(X):
    S = np.einsum("id,jd->ij", X, X)
    logs = S - S.max(-1)[:, None]
    W = np.exp(logs - np.log(np.exp(logs).sum(-1))[:, None])
    return np.einsum("ij,jd->id", W, X), W


@right("self_attention_toy")
def toy_as_attention(X):
    return attention(X, X, X, scale=False)


# 2. attention ----------------------------------------------------------------------------------------------------


@right("attention")
def attention_from_the_text(Q, K, V, mask=None, scale=True):
    S = Q @ K.T
    if scale:
        S = S / np.sqrt(Q.shape[1])
    if mask is None:
        mask = np.ones(S.shape)
    allowed = np.broadcast_to(np.asarray(mask) == 1, S.shape)
    W = np.zeros(S.shape)
    for i in range(len(Q)):
        if allowed[i].any():
            s = S[i][allowed[i]]
            e = np.exp(s - s.max())
            W[i, allowed[i]] = e / e.sum()
    return W @ V, W


@right("attention")
def attention_query_by_query(Q, K, V, mask=None, scale=True):
    N, M, root = len(Q), len(K), math.sqrt(Q.shape[1]) if scale else 1.0
    Y, W = [[0.0] * V.shape[1] for _ in range(N)], [[0.0] * M for _ in range(N)]
    for i in range(N):
        row = None if mask is None else mask[i if len(mask) == N else 0]
        keys = [j for j in range(M) if row is None or row[j]]
        s = {j: sum(a * b for a, b in zip(Q[i], K[j], strict=True)) / root for j in keys}
        e = {j: math.exp(s[j] - max(s.values())) for j in keys}
        for j in keys:
            W[i][j] = e[j] / sum(e.values())
            for c in range(V.shape[1]):
                Y[i][c] += W[i][j] * V[j][c]
    return Y, W


@right("attention")
def attention_by_einsum(Q, K, V, mask=None, scale=True):
    S = np.einsum("nk,mk->nm", Q / np.sqrt(K.shape[-1]) if scale else Q, K)
    allowed = np.ones(S.shape, dtype=bool) if mask is None else np.ones(S.shape, dtype=bool) & (mask != 0)
    S = np.ma.masked_array(S, ~allowed)
    e = np.where(allowed, np.exp((S - S.max(axis=1, keepdims=True)).filled(-np.inf)), 0.0)
    total = np.einsum("nm->n", e)[:, None]
    W = np.divide(e, total, out=np.zeros(e.shape), where=total > 0)
    return [np.einsum("nm,mv->nv", W, V), W]


@right("attention")
def attention_with_a_large_negative_number(Q, K, V, mask=None, scale=True):
    S = (Q @ K.T) / (np.sqrt(K.shape[1]) if scale else 1)
    if mask is not None:
        S = S + (1 - 1.0 * mask) * -1e9
    e = np.exp(S - S.max(axis=1, keepdims=True))
    W = e / e.sum(axis=1, keepdims=True)
    if mask is not None:
        W = W * mask
    return W @ V, W


# 3. masks --------------------------------------------------------------------------------------------------------


@right("masks", replaces="causal_mask")
def causal_from_the_text(N):
    return [[j <= i for j in range(N)] for i in range(N)]


@right("masks", replaces="causal_mask")
def causal_by_comparison(N):
    t = np.arange(N)
    return t[:, None] >= t


@right("masks", replaces="causal_mask")
def causal_in_numbers(N):
    return np.ones((N, N)) - np.triu(np.ones((N, N)), k=1)


@right("masks", replaces="padding_mask")
def padding_from_the_text(lengths, N):
    mask = np.zeros((len(lengths), 1, N), dtype=bool)
    for b in range(len(lengths)):
        mask[b, 0, : lengths[b]] = True
    return mask


@right("masks", replaces="padding_mask")
def padding_in_lists(lengths, N):
    return [[[1] * int(n) + [0] * (N - int(n))] for n in lengths]


@right("masks", replaces="padding_mask")
def padding_by_comparison(lengths, N):
    return (lengths.reshape(-1, 1) > np.arange(N)[None])[:, np.newaxis, :]


# 4. multi_head ---------------------------------------------------------------------------------------------------


@right("multi_head")
def heads_from_the_text(X, Wq, Wk, Wv, Wy, mask=None):
    H, k, _ = Wq.shape
    y = np.zeros((len(X), H * k))
    for r in range(H):
        Q, K, V = X @ Wq[r].T, X @ Wk[r].T, X @ Wv[r].T
        y[:, r * k : (r + 1) * k] = attention(Q, K, V, mask=mask)[0]
    return y @ Wy.T


@right("multi_head")
def heads_all_at_once(X, Wq, Wk, Wv, Wy, mask=None):
    Q, K, V = (np.einsum("nd,hkd->hnk", X, W) for W in (Wq, Wk, Wv))
    S = Q @ K.transpose(0, 2, 1) / Wq.shape[1] ** 0.5
    allowed = np.ones((len(X), len(X)), dtype=bool)
    if mask is not None:
        allowed = allowed & np.asarray(mask, dtype=bool)
    e = np.exp(S - S.max(axis=-1, keepdims=True)) * allowed
    total = e.sum(axis=-1, keepdims=True)
    y = e / np.where(total == 0, 1, total) @ V
    return y.transpose(1, 0, 2).reshape(len(X), -1) @ Wy.T


@right("multi_head")
def heads_added_up(X, Wq, Wk, Wv, Wy, mask=None):
    k, Y = Wq.shape[1], np.zeros(X.shape)
    for r, (q, key, v) in enumerate(zip(Wq, Wk, Wv, strict=True)):
        out, _ = attention(X @ q.T, X @ key.T, X @ v.T, mask)
        Y += out @ Wy[:, r * k : (r + 1) * k].T
    return Y.tolist()


# 5. scores and context -------------------------------------------------------------------------------------------


@right("scores", replaces="scores")
def scores_from_the_text(kind, H, s, params):
    e = np.zeros(len(H))
    for i in range(len(H)):
        if kind == "additive":
            e[i] = params["v_a"].T @ np.tanh(params["W_1"] @ H[i] + params["W_2"] @ s)
        elif kind == "multiplicative":
            e[i] = H[i].T @ params["W_a"] @ s
        elif kind == "self":
            e[i] = params["v_a"].T @ np.tanh(params["W_a"] @ H[i])
    return e


@right("scores", replaces="scores")
def scores_by_einsum(kind, H, s, params):
    if kind == "multiplicative":
        return np.einsum("th,hn,n->t", H, params["W_a"], s)
    inside = np.einsum("ah,th->ta", params["W_1" if kind == "additive" else "W_a"], H)
    if kind == "additive":
        inside = inside + np.einsum("an,n->a", params["W_2"], s)
    return np.einsum("a,ta->t", params["v_a"], np.tanh(inside))


@right("scores", replaces="scores")
def scores_in_columns(kind, H, s, params):
    h = H.T
    if kind == "multiplicative":
        return (s[None] @ params["W_a"].T @ h)[0]
    if kind == "self":
        return np.tanh(params["W_a"] @ h).T @ params["v_a"]
    return list(params["v_a"] @ np.tanh(params["W_1"] @ h + (params["W_2"] @ s)[:, None]))


@right("scores", replaces="context")
def context_from_the_text(e, H):
    alpha = np.exp(e - np.max(e))
    alpha = alpha / np.sum(alpha)
    c = np.zeros(H.shape[1])
    for i in range(len(e)):
        c = c + alpha[i] * H[i]
    return c, alpha


@right("scores", replaces="context")
def context_by_logarithms(e, H):
    alpha = np.exp(e - np.logaddexp.reduce(e))
    return [(alpha[:, None] * H).sum(axis=0), alpha.tolist()]


@right("scores", replaces="context")
def context_as_attention(e, H):
    c, alpha = attention(np.ones((1, 1)), e[:, None], H, scale=False)
    return c[0], alpha[0]


# 6. positional_encoding ------------------------------------------------------------------------------------------


@right("positional_encoding")
def positions_from_the_text(T, d, variant):
    P = np.zeros((T, d))
    for t in range(T):
        if variant == "all_sine":
            for k in range(1, d + 1):
                P[t, k - 1] = np.sin(t / 10000 ** (k / d))
        else:
            i = 0
            while 2 * i < d:
                P[t, 2 * i] = np.sin(t / 10000 ** (2 * i / d))
                if 2 * i + 1 < d:
                    P[t, 2 * i + 1] = np.cos(t / 10000 ** (2 * i / d))
                i += 1
    return P


@right("positional_encoding")
def positions_by_slices(T, d, variant):
    t = np.arange(T, dtype=float).reshape(-1, 1)
    if variant == "all_sine":
        return np.sin(t * np.exp(-np.log(10000.0) * np.arange(1, d + 1) / d))
    angle = t * np.exp(-np.log(10000.0) * np.arange(0, d, 2) / d)
    P = np.empty((T, d))
    P[:, 0::2] = np.sin(angle)
    P[:, 1::2] = np.cos(angle[:, : d // 2])
    return P


@right("positional_encoding")
def positions_as_shifted_sines(T, d, variant):
    k = np.arange(d)
    if variant == "all_sine":
        slow, shift = (k + 1) / d, 0.0
    else:
        # A cosine is a sine a quarter of a turn ahead.
        slow, shift = (k - k % 2) / d, (k % 2) * np.pi / 2
    return np.sin(np.outer(np.arange(T), 1 / np.power(10000.0, slow)) + shift).tolist()
