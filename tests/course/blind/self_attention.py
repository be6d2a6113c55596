import numpy as np


# ---- exercise 1
def _softmax_rows(S):
    E = np.exp(S - S.max(axis=-1, keepdims=True))
    return E / E.sum(axis=-1, keepdims=True)


def self_attention_toy(X):
    """Self-attention with nothing to learn.  X (N, d) -> (Y (N, d), W (N, N)), rows of W sum to one."""
    X = np.asarray(X, dtype=float)
    W = _softmax_rows(X @ X.T)
    return W @ X, W


# ---- exercise 2
def attention(Q, K, V, mask=None, scale=True):
    """Scaled dot-product attention.  Q (N, k), K (M, k), V (M, v), mask (N, M) or (1, M) -> (Y (N, v), W (N, M))."""
    Q, K, V = (np.asarray(A, dtype=float) for A in (Q, K, V))
    S = Q @ K.T
    if scale:
        S = S / np.sqrt(Q.shape[1])
    if mask is None:
        W = _softmax_rows(S)
        return W @ V, W
    allowed = np.broadcast_to(np.asarray(mask).astype(bool), S.shape)
    S = np.where(allowed, S, -np.inf)
    top = S.max(axis=1, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)  # a row without any allowed key
    E = np.exp(S - top)  # exp(-inf) = 0
    total = E.sum(axis=1, keepdims=True)
    W = E / np.where(total > 0, total, 1.0)
    return W @ V, W


# ---- exercise 3
def causal_mask(N):
    """Each position may look at itself and at those before it.  -> (N, N), True = allowed."""
    i = np.arange(N)
    return i[None, :] <= i[:, None]


def padding_mask(lengths, N):
    """Which words are real.  lengths (B,) integers in 0..N -> (B, 1, N), True = a real word."""
    return np.arange(N)[None, None, :] < np.asarray(lengths)[:, None, None]


# ---- exercise 4
def multi_head(X, Wq, Wk, Wv, Wy, mask=None):
    """H heads of self-attention.  X (N, d), Wq, Wk, Wv (H, k, d), Wy (d, H k), mask (N, N) or (1, N) -> (N, d)."""
    X, Wq, Wk, Wv, Wy = (np.asarray(A, dtype=float) for A in (X, Wq, Wk, Wv, Wy))
    heads = [attention(X @ q.T, X @ k.T, X @ v.T, mask)[0] for q, k, v in zip(Wq, Wk, Wv)]
    return np.concatenate(heads, axis=1) @ Wy.T


# ---- exercise 5
def scores(kind, H, s, params):
    """The score of each state.  kind "additive", "multiplicative" or "self"; H (T, h), s (n,) or None -> (T,)."""
    H = np.asarray(H, dtype=float)
    p = {name: np.asarray(value, dtype=float) for name, value in params.items()}
    if kind == "additive":
        return np.tanh(H @ p["W_1"].T + p["W_2"] @ np.asarray(s, dtype=float)) @ p["v_a"]
    if kind == "multiplicative":
        return H @ (p["W_a"] @ np.asarray(s, dtype=float))
    if kind == "self":
        return np.tanh(H @ p["W_a"].T) @ p["v_a"]
    raise ValueError(f"unknown kind {kind!r}")


def context(e, H):
    """The mean of the states, weighted with softmax(e).  e (T,), H (T, h) -> (c (h,), alpha (T,))."""
    alpha = _softmax_rows(np.asarray(e, dtype=float))
    return alpha @ np.asarray(H, dtype=float), alpha


# ---- exercise 6
def positional_encoding(T, d, variant):
    """Codes of the positions 0..T-1.  variant "all_sine" or "vaswani" -> (T, d)."""
    t = np.arange(T)[:, None]
    if variant == "all_sine":
        return np.sin(t / 10000.0 ** (np.arange(1, d + 1) / d))
    if variant == "vaswani":
        column = np.arange(d)
        angle = t / 10000.0 ** ((column - column % 2) / d)
        return np.where(column % 2 == 0, np.sin(angle), np.cos(angle))
    raise ValueError(f"unknown variant {variant!r}")
