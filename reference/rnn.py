"""Recurrent networks: one sequence at a time, rows are steps.  [Elman 1990; Belhafaoui, Boyer, Michel, "Recurrent neural networks"]

X (T, d) holds T inputs, states H (T, n).  Parameters are dicts: W_x (n, d), W_h (n, n), b_h (n,), and for the output
W_y (K, n), b_y (K,).  The same weights serve every step:

    h_t = tanh(W_x x_t + W_h h_(t-1) + b_h)        logits_t = W_y h_t + b_y

Belhafaoui leaves the biases out; Turinici counts h_(t+1) = f(h_t, x_t), which is the same with the index shifted (E61).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import numpy as np

from reference import lstm
from reference.activations import softmax

Array = np.ndarray
Params = dict[str, Array]


# One layer -------------------------------------------------------------------------------------------------------


def forward(X: Array, p: Params, h0: Array | None = None) -> Array:
    """All states h_1 .. h_T.  X (T, d), h0 (n,), zeros where None -> (T, n)."""
    h = np.zeros(len(p["b_h"])) if h0 is None else h0
    H = np.zeros((len(X), len(h)))
    for t, x in enumerate(X):
        h = np.tanh(p["W_x"] @ x + p["W_h"] @ h + p["b_h"])
        H[t] = h
    return H


def rnn_forward(X: Array, h0: Array, p: Params) -> tuple[Array, Array]:
    """States and logits of every step.  X (T, d), h0 (n,) -> H (T, n), logits (T, K); no softmax yet.  [Boyer]"""
    H = forward(X, p, h0)
    return H, H @ p["W_y"].T + p["b_y"]


def rnn_backward(X: Array, h0: Array, p: Params, labels: Array) -> Params:
    """Backpropagation through time.  X (T, d), h0 (n,), labels (T,) in 0..K-1 -> gradients, a dict like p.

    Of the *sum* over the steps of -ln softmax(logits_t)[label_t].  Each weight is used T times: its gradient is the sum of
    T terms (E37: one lecture prints a single one).  [Werbos 1990; Boyer; Michel]
    """
    H, logits = rnn_forward(X, h0, p)
    dlogits = softmax(logits)
    dlogits[np.arange(len(X)), labels] -= 1
    grads = {key: np.zeros(value.shape) for key, value in p.items()}
    grads["W_y"], grads["b_y"] = dlogits.T @ H, dlogits.sum(axis=0)
    dh = np.zeros(len(h0))
    for t in reversed(range(len(X))):
        # What this step's own output wants, and what the step after it asked for.
        da = (p["W_y"].T @ dlogits[t] + dh) * (1 - H[t] ** 2)
        grads["W_x"] += np.outer(da, X[t])
        grads["W_h"] += np.outer(da, H[t - 1] if t > 0 else h0)
        grads["b_h"] += da
        dh = p["W_h"].T @ da
    return grads


def linear_bptt(w: float, T: int) -> float:
    """dh_T / dw of h_t = w h_(t-1) + 1, h_0 = 0: the sum over t = 1..T of w^(T - t) h_(t-1).

    T = 3, w = .5: 2.0; the last term alone 1.5, the product through all steps alone 0 (E37).
    """
    h, dh = 0.0, 0.0
    for _ in range(T):
        # The product rule: w stands in this step, and h carries all earlier uses of it.
        h, dh = w * h + 1, h + w * dh
    return dh


def bptt(w: float, T: int, steps: int | None = None) -> float:
    """The same, through the last `steps` steps only where that is given: truncated backpropagation through time.

    w = 3, T = 4: 34; truncated to 2 steps 13 + 12 = 25.  [Werbos 1990; Boyer; Michel; truncated: Williams 1990]
    """
    if steps is not None and steps < 1:
        raise ValueError(f"steps must be at least 1, or None for all, not {steps}")
    if steps is None or steps >= T:
        return linear_bptt(w, T)
    h = [0.0]
    for _ in range(T):
        h.append(w * h[-1] + 1)
    return float(sum(w ** (T - t) * h[t - 1] for t in range(T - steps + 1, T + 1)))


def output_fed_layer(X: Array, W_X: Array, W_Y: Array, b: Array) -> Array:
    """A layer fed by its own last output, a batch of m sequences at a time.  X (T, m, d) -> Y (T, m, n).

    Y(t) = tanh(X(t) W_X + Y(t-1) W_Y + b), Y(0) = 0, W_X (d, n), W_Y (n, n), b (n,): weights from the right, one sample a
    row.  X(t) is (m, d), not the (n, m) printed there (E16).  [Michel, "Layer of recurrent neurons"]
    """
    Y, last = [], np.zeros((X.shape[1], len(b)))
    for x in X:
        last = np.tanh(x @ W_X + last @ W_Y + b)
        Y.append(last)
    return np.array(Y)


# More layers and directions --------------------------------------------------------------------------------------


def birnn(X: Array, pf: Params, pb: Params) -> Array:
    """Two independent layers, one from each end; row t is (forward h_t, backward h_t), both of step t.  X (T, d) -> (T, 2n).

    Boyer's single state that needs both its neighbours cannot be computed (E18).  [Schuster 1997]
    """
    # The backward layer reads the reversed sequence; its states are put back into the order of time.
    return np.concatenate([forward(X, pf), forward(X[::-1], pb)[::-1]], axis=1)


def deep_rnn(X: Array, layers: Sequence[Params]) -> Array:
    """Layers on top of each other, each fed with the states of the one below.  X (T, d) -> top states (T, n)."""
    H = X
    for p in layers:
        H = forward(H, p)
    return H


def seq2seq(X: Array, Y_in: Array, encoder: Params, decoder: Params) -> Array:
    """Encoder-decoder: the encoder's last state is all that the decoder starts from.  X (T, d), Y_in (S, m) -> (S, K) logits.

    Y_in: the decoder's inputs, in training the true previous targets (teacher forcing).  [Sutskever 2014; Michel]
    """
    last = forward(X, encoder)[-1]
    _, logits = rnn_forward(Y_in, last, decoder)
    return logits


def seq2vec(H: Array, mask: Array, how: str) -> Array:
    """One vector for each padded sequence.  H (B, T, n), mask (B, T), True or 1 = a real step -> (B, n).

    how: "last", the state of the last real step; "mean", over the real steps.  A sequence without a real step gives zeros.
    """
    if how == "mean":
        count = mask.sum(axis=1, keepdims=True)
        return (H * mask[:, :, None]).sum(axis=1) / np.maximum(count, 1)
    # The last True of a row is the first one from the end.
    last = mask.shape[1] - 1 - mask[:, ::-1].argmax(axis=1)
    return H[np.arange(len(H)), last] * mask.any(axis=1, keepdims=True)


def pattern(inputs: int, outputs: int, aligned: bool = False) -> str:
    """The pattern of a task by its numbers of inputs and outputs; aligned: an output for each input, at once.

    "one-to-one", "one-to-many" (captions), "many-to-one" (sentiment), "many-to-many (delayed)" (translation),
    "many-to-many (aligned)" (a label for each frame).  ValueError where aligned numbers differ.  [Boyer, "Different uses"]
    """
    if aligned and inputs != outputs:
        raise ValueError(f"{inputs} inputs and {outputs} outputs cannot be aligned: their numbers must be equal.")
    if inputs > 1 and outputs > 1:
        return f"many-to-many ({'aligned' if aligned else 'delayed'})"
    return f"{'many' if inputs > 1 else 'one'}-to-{'many' if outputs > 1 else 'one'}"


def param_count(d: int, h: int, V: int = 0, layers: int = 1, bidirectional: bool = False) -> int:
    """Parameters of `layers` plain layers of h units on d inputs, and of a head with V outputs.  [Boyer; Michel]

    h (d + h + 1) + (layers - 1) h (2h + 1) + V (h + 1); both directions have weights of their own, and 2h features.
    """
    features = 2 * h if bidirectional else h
    head = V * (features + 1)
    return lstm.param_count("rnn", d, h, layers=layers, bidirectional=bidirectional) + head


# Gradients through time ------------------------------------------------------------------------------------------


def jacobian_norms(W: Array, states: Array) -> Array:
    """How strongly h_T still depends on h_k: spectral norms of J_T ... J_(k+1) for k = 0 .. T-1.  -> (T,)

    J_t = dh_t / dh_(t-1) = diag(1 - h_t^2) W of a tanh layer; W (n, n), states (T, n) hold h_1 .. h_T.  [Boyer; Pascanu 2013]
    """
    product = np.eye(len(W))
    norms = []
    for h in states[::-1]:
        # One step further back: its Jacobian comes in from the right.
        product = product @ ((1 - h**2)[:, None] * W)
        norms.append(np.linalg.norm(product, 2))
    return np.array(norms[::-1])


def gradient_norm_bound(eta: float, T: int, k: int) -> float:
    """Norm of the product of dh_t / dh_(t-1) over t = k+1 .. T, each factor having norm eta: eta^(T - k).  [Boyer]"""
    return eta ** (T - k)


@overload
def clip_by_norm(g: Array, c: float) -> Array: ...
@overload
def clip_by_norm(g: list[Array], c: float) -> list[Array]: ...
def clip_by_norm(g: Array | list[Array], c: float) -> Array | list[Array]:
    """The gradient, shortened to norm c where it is longer; the direction stays.  g an array, or a list with one global norm.

    (3, 4) at c = 1: (.6, .8).  [Pascanu 2013; Belhafaoui, "Exploding gradient"]
    """
    parts = g if isinstance(g, list) else [g]
    norm = np.sqrt(sum(np.sum(part**2) for part in parts))
    factor = c / norm if norm > c else 1.0
    if isinstance(g, list):
        return [part * factor for part in g]
    return g * factor


def clip_by_value(g: Array, c: float) -> Array:
    """Every entry cut to -c .. c, which may turn the gradient.  (3, 4) at c = 1: (1, 1).  g any shape -> same shape."""
    return np.clip(g, -c, c)
