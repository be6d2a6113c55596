"""The multilayer perceptron with ReLU and softmax, by hand.  [Turinici, "Backprop: formules"; Michel, Algorithms 2, 3, 4]

Samples are rows.  Layer l = 1..L computes Yt_l = Y_(l-1) W_l^T + b_l with W_l (n_l, n_(l-1)) and b_l (n_l,);
Y_0 = X, Y_l = relu(Yt_l) for l < L, and Yt_L are the logits.  d<name> is the derivative of the loss with respect to <name>.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from reference.activations import relu_sum, softmax
from reference.losses import cross_entropy

Array = np.ndarray
Params = list[tuple[Array, Array]]


def init_dense(sizes: Sequence[int], rng: np.random.Generator, kind: str = "glorot") -> Params:
    """Random weights W_l and b_l = 0 to start from.  sizes (n_0, ..., n_L) -> [(W_1, b_1), ...].

    kind: "glorot", uniform in +-sqrt(6 / (n_l + n_(l-1))) [Glorot 2010; Michel, E6], or "positive", uniform in [0, .1)
    [Turinici's code], which learns worse: wine, standardised, .74 correct against .96 (E46).
    """
    if kind == "positive":
        return [(0.1 * rng.random((o, i)), np.zeros(o)) for i, o in pairwise(sizes)]
    if kind != "glorot":
        raise ValueError(f"kind must be 'glorot' or 'positive', not {kind!r}")
    bounds = [(o, i, np.sqrt(6 / (i + o))) for i, o in pairwise(sizes)]
    return [(rng.uniform(-c, c, size=(o, i)), np.zeros(o)) for o, i, c in bounds]


def param_count(sizes: Sequence[int]) -> int:
    """Weights and biases of a dense net n_0-n_1-...-n_L: sum of n_l (n_(l-1) + 1)."""
    return sum(o * (i + 1) for i, o in pairwise(sizes))


def forward(params: Params, X: Array) -> Array:
    """The logits Yt_L.  X (N, n_0) -> (N, n_L)."""
    Y = X
    for W, b in params[:-1]:
        Y = np.maximum(Y @ W.T + b, 0.0)
    W, b = params[-1]
    return Y @ W.T + b


def softmax_ce_grad(Y: Array, P: Array) -> Array:
    """Gradient of cross_entropy(softmax(Y), P) with respect to Y.  Y, P (N, K) -> (N, K).

    (S sum_k P_k - P) / N; where the rows of P sum to one this is Turinici's (S - P) / N.
    """
    S = softmax(Y)
    return (S * P.sum(axis=1, keepdims=True) - P) / len(P)


def relu_backward(dY: Array, Yt: Array, at_zero: float = 1.0) -> Array:
    """dYt of Y = relu(Yt): dY where Yt > 0, at_zero dY where Yt = 0, 0 below.  dY, Yt of one shape -> same shape.

    at_zero: 1 in Turinici's 1_{Yt >= 0}, 0 in PyTorch.
    """
    slope = np.where(Yt > 0, 1.0, 0.0)
    slope[Yt == 0] = at_zero
    return dY * slope


def linear_backward(dYt: Array, W: Array, Y: Array) -> dict[str, Array]:
    """Through Yt = Y W^T + b.  dYt (N, o), W (o, i), Y (N, i) -> dY (N, i), dW (o, i), db (o,), sums over the rows."""
    return {"dY": dYt @ W, "dW": dYt.T @ Y, "db": dYt.sum(axis=0)}


def mlp_grads(params: Params, X: Array, P: Array, lam: float = 0.0) -> dict[str, Any]:
    """Loss and gradients of the whole net.  X (N, n_0), P (N, n_L) -> loss (float), grads [(dW_1, db_1), ...].

    loss = cross_entropy(softmax(Yt_L), P) + lam sum_l sum W_l^2; biases are not penalised.
    """
    # Forward: keep every layer's input Y and pre-activation Yt, the way back needs them.
    Ys, Yts = [X], []
    for W, b in params:
        Yts.append(Ys[-1] @ W.T + b)
        Ys.append(np.maximum(Yts[-1], 0.0))
    penalty = lam * sum(np.sum(W**2) for W, _ in params)
    loss = float(cross_entropy(softmax(Yts[-1]), P) + penalty)
    # Backward: from the logits down to the first layer.
    grads = []
    dYt = softmax_ce_grad(Yts[-1], P)
    for l in reversed(range(len(params))):
        W, _ = params[l]
        back = linear_backward(dYt, W, Ys[l])
        grads.append((back["dW"] + 2 * lam * W, back["db"]))
        if l > 0:
            dYt = relu_backward(back["dY"], Yts[l - 1])
    return {"loss": loss, "grads": grads[::-1]}


def train(params: Params, X: Array, P: Array, lr: float, batches: Sequence[Array]) -> tuple[Params, list[float]]:
    """Plain SGD, one update per batch of row numbers; losses[t] is the loss of batch t before update t.  [Michel, Alg. 4]"""
    losses = []
    for batch in batches:
        step = mlp_grads(params, X[batch], P[batch])
        losses.append(step["loss"])
        # New arrays: the caller's parameters stay as they were.
        params = [(W - lr * dW, b - lr * db) for (W, b), (dW, db) in zip(params, step["grads"])]  # noqa: B905
    return params, losses


def train_mlp(Xtr: Array, ytr: Array, Xte: Array, seed: int) -> Array:
    """Train a net d-32-16-K; logits of new rows.  Xtr (N, d), ytr (N,) in 0..K-1, Xte (M, d) -> (M, K)."""
    rng = np.random.default_rng(seed)
    N, d = Xtr.shape
    K = int(ytr.max()) + 1
    params = []
    for i, o in [(d, 32), (32, 16), (16, K)]:
        c = np.sqrt(6 / (i + o))
        params.append((rng.uniform(-c, c, size=(o, i)), np.zeros(o)))
    batches = []
    for _ in range(100):
        order = rng.permutation(N)
        batches += [order[at : at + 16] for at in range(0, N, 16)]
    params, _ = train(params, Xtr, np.eye(K)[ytr], 0.05, batches)
    # Forward once more, on the rows never seen.
    Y = Xte
    for W, b in params[:-1]:
        Y = np.maximum(Y @ W.T + b, 0.0)
    W, b = params[-1]
    return Y @ W.T + b


def relu_hat(t: Array) -> Array:
    """r(t) - 2 r(t - 1) + r(t - 2): three units side by side make a hat, 1 at t = 1 and 0 up to 0 and from 2 on.

    Width adds; depth composes.  [Belhafaoui, "Learnings of the workshop"]
    """
    return relu_sum(t, np.array([1.0, -2.0, 1.0]), np.array([0.0, 1.0, 2.0]))


def one_hidden_layer(X: Array, W: Array, b: Array, v: Array, g: Callable[[Array], Array]) -> Array:
    """F(x) = sum_j v_j g(w_j . x + b_j).  X (N, d), W (m, d), b and v (m,) -> (N,).

    For a bounded, non-constant, continuous g such sums come as near as you like to any continuous function on a compact set;
    with a linear g they are linear.  How to find the weights is not said.  [Hornik 1991; Michel, whose b lacks its j (E11)]
    """
    return g(X @ W.T + b) @ v


def numeric_grad(f: Callable[[Array], float], x: Array, h: float = 1e-5) -> Array:
    """Centred differences (f(x + h e) - f(x - h e)) / 2h, entry by entry.  x any shape -> same shape.  [CS231n]"""
    grad = np.zeros(x.shape)
    for at in np.ndindex(*x.shape):
        up, down = x.astype(float), x.astype(float)
        up[at] += h
        down[at] -= h
        grad[at] = (f(up) - f(down)) / (2 * h)
    return grad


def numeric_grad_cost(parameters: int) -> int:
    """How often numeric_grad evaluates the loss: twice per parameter; backprop needs one pass each way.  [Turinici]"""
    return 2 * parameters
