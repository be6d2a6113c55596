"""LSTM and GRU, one step and one sequence, by hand.  [Hochreiter 1997, Gers 2000, Cho 2014]

One sequence, no batch: x (d,), h and c (n,).  Parameters are dicts: W_* (n, d), U_* (n, n), b_* (n,) for * in f, i, o, c
(LSTM: forget, input, output gate, candidate) or z, r, h (GRU: update, reset gate, candidate).  g names the LSTM's
candidate, as on Boyer's last LSTM slide; Belhafaoui writes it C~, Turinici c~.
"""

from __future__ import annotations

import numpy as np

from reference.activations import sigmoid

Array = np.ndarray
Params = dict[str, Array]


def gate(a: Array) -> Array:
    """How far a gate with pre-activation a is open: sigmoid, in (0, 1).  a any shape -> same shape."""
    return sigmoid(a)


def cell_update(f: Array, i: Array, g: Array, c: Array) -> Array:
    """f c + i g, entry by entry.  Boyer's builds print f c + g: the input gate is unused there (E19).  [Belhafaoui]"""
    return f * c + i * g


def output(o: Array, c: Array) -> Array:
    """o tanh(c), entry by entry; Boyer's builds print o c (E19).  [Belhafaoui]"""
    return o * np.tanh(c)


def lstm_step(x: Array, h: Array, c: Array, p: Params) -> dict[str, Array]:
    """One LSTM step.  x (d,), h and c (n,) -> the new h and c, and the gates f, i, o and candidate g, each (n,).

    [Gers 2000; Turinici, "LSTM with a forget gate"; Boyer's slide gives h and c different sizes, they have one (E20)]
    """
    f = sigmoid(p["W_f"] @ x + p["U_f"] @ h + p["b_f"])
    i = sigmoid(p["W_i"] @ x + p["U_i"] @ h + p["b_i"])
    o = sigmoid(p["W_o"] @ x + p["U_o"] @ h + p["b_o"])
    g = np.tanh(p["W_c"] @ x + p["U_c"] @ h + p["b_c"])
    # Every gate saw the old h; only now the state moves on.
    c = f * c + i * g
    h = o * np.tanh(c)
    return {"h": h, "c": c, "f": f, "i": i, "o": o, "g": g}


def lstm_forward(X: Array, p: Params, h0: Array | None = None, c0: Array | None = None) -> tuple[Array, Array, Array]:
    """A whole sequence.  X (T, d), h0 and c0 (n,), zero where None -> all states H (T, n), the last h and c (n,)."""
    n = len(p["b_f"])
    h = np.zeros(n) if h0 is None else h0
    c = np.zeros(n) if c0 is None else c0
    H = []
    for x in X:
        step = lstm_step(x, h, c, p)
        h, c = step["h"], step["c"]
        H.append(h)
    return np.array(H), h, c


def to_pytorch(p: Params) -> Params:
    """As torch.nn.LSTM keeps them: weight_ih (4n, d), weight_hh (4n, n), bias_ih, bias_hh (4n,); gates in order i, f, g, o.

    PyTorch adds two biases; ours goes into the first.  [torch.nn.LSTM]
    """
    order = ["i", "f", "c", "o"]
    bias = np.concatenate([p["b_" + k] for k in order])
    return {
        "weight_ih": np.concatenate([p["W_" + k] for k in order]),
        "weight_hh": np.concatenate([p["U_" + k] for k in order]),
        "bias_ih": bias,
        "bias_hh": np.zeros_like(bias),
    }


def pytorch_forward(X: Array, q: Params) -> Array:
    """What torch.nn.LSTM computes from weights of its own form and a zero start.  X (T, d) -> H (T, n).  [torch.nn.LSTM]"""
    n = q["weight_hh"].shape[1]
    h, c, H = np.zeros(n), np.zeros(n), []
    for x in X:
        a = q["weight_ih"] @ x + q["bias_ih"] + q["weight_hh"] @ h + q["bias_hh"]
        i, f, g, o = sigmoid(a[:n]), sigmoid(a[n : 2 * n]), np.tanh(a[2 * n : 3 * n]), sigmoid(a[3 * n :])
        c = f * c + i * g
        h = o * np.tanh(c)
        H.append(h)
    return np.array(H)


def lstm_variant_step(x: Array, h: Array, c: Array, p: Params, variant: str) -> dict[str, Array]:
    """One step of a variant, as lstm_step.  "peephole" has V_f, V_i, V_o (n, n) too; "coupled" has no W_i, U_i, b_i.

    peephole: f and i also see the old c, o the new one (Belhafaoui, "Others": full matrices; diagonal in Gers 2000).
    coupled: i = 1 - f (Belhafaoui).  linear_out: h = o c (Turinici's sigma_h(x) = x).
    """
    peephole = variant == "peephole"
    a_f = p["W_f"] @ x + p["U_f"] @ h + p["b_f"]
    if peephole:
        a_f = a_f + p["V_f"] @ c
    f = sigmoid(a_f)
    if variant == "coupled":
        i = 1 - f
    else:
        a_i = p["W_i"] @ x + p["U_i"] @ h + p["b_i"]
        if peephole:
            a_i = a_i + p["V_i"] @ c
        i = sigmoid(a_i)
    g = np.tanh(p["W_c"] @ x + p["U_c"] @ h + p["b_c"])
    c = f * c + i * g
    # The output gate comes last: its peephole looks at the new cell state.
    a_o = p["W_o"] @ x + p["U_o"] @ h + p["b_o"]
    if peephole:
        a_o = a_o + p["V_o"] @ c
    o = sigmoid(a_o)
    h = o * (c if variant == "linear_out" else np.tanh(c))
    return {"h": h, "c": c, "f": f, "i": i, "o": o, "g": g}


def gru_step(
    x: Array, h: Array, p: Params, convention: str = "update", reset: str = "before", candidate: str = "tanh"
) -> Array:
    """One GRU step.  x (d,), h (n,) -> the new h (n,).  Every choice in which the lectures differ is an argument (E21).

    convention: what z = 1 does: "update" takes the candidate (Belhafaoui), "keep" keeps the old state (Boyer, PyTorch).
    reset: "before" the matrix U_h (both lectures), "after" it and after b_h (PyTorch).  candidate: "tanh", or Boyer's
    "sigmoid".  [Cho 2014]
    """
    z = sigmoid(p["W_z"] @ x + p["U_z"] @ h + p["b_z"])
    r = sigmoid(p["W_r"] @ x + p["U_r"] @ h + p["b_r"])
    # After: b_h stands inside the bracket, it is PyTorch's bias_hh.
    past = p["U_h"] @ (r * h) + p["b_h"] if reset == "before" else r * (p["U_h"] @ h + p["b_h"])
    a = p["W_h"] @ x + past
    new = np.tanh(a) if candidate == "tanh" else sigmoid(a)
    if convention == "keep":
        return z * h + (1 - z) * new
    return (1 - z) * h + z * new


def convert_gru(p: Params) -> Params:
    """Parameters with which "keep" gives what "update" gives with p: 1 - sigmoid(a) = sigmoid(-a), so z's change sign."""
    return {key: -value if key.endswith("_z") else value for key, value in p.items()}


def cell_path_gradient(f: float, T: int) -> float:
    """dc_T / dc_0 along the cell path, every forget gate being f and the gates held fixed: f^T.  [Michel]"""
    return f**T


def param_count(
    kind: str,
    d: int,
    h: int,
    biases: int = 1,
    peephole: str | None = None,
    layers: int = 1,
    bidirectional: bool = False,
) -> int:
    """Parameters of a recurrent layer with d inputs and h units; the number of time steps plays no part.

    kind: "rnn", "gru", "lstm", with 1, 3, 4 sets of W (h, d), U (h, h) and `biases` (h,): 2 in PyTorch.  peephole: "full"
    adds 3 matrices (Belhafaoui), "diagonal" 3 vectors.  A further layer sees h inputs, or 2h from both directions.
    """
    sets = {"rnn": 1, "gru": 3, "lstm": 4}[kind]
    looks = {None: 0, "diagonal": 3 * h, "full": 3 * h * h}[peephole]
    directions = 2 if bidirectional else 1
    inputs = [d] + [directions * h] * (layers - 1)
    return sum(directions * (sets * h * (each + h + biases) + looks) for each in inputs)


# The adding problem ----------------------------------------------------------------------------------------------


def adding_forward(
    p: Params, X: Array, h: Array | None = None, c: Array | None = None
) -> tuple[Array, list[dict[str, Array]]]:
    """An LSTM over a batch, read out at the last step: w_y . h_T + b_y.  X (N, T, d) -> predictions (N,), what each step saw.

    p also holds w_y (n,) and b_y, a number.  h, c (N, n): the start, zero where None.
    """
    zero = np.zeros((len(X), len(p["w_y"])))
    h, c = zero if h is None else h, zero if c is None else c
    steps = []
    for t in range(X.shape[1]):
        x = X[:, t]
        a = {k: x @ p[f"W_{k}"].T + h @ p[f"U_{k}"].T + p[f"b_{k}"] for k in "fioc"}
        step = {"x": x, "h": h, "c": c, "f": sigmoid(a["f"]), "i": sigmoid(a["i"]), "o": sigmoid(a["o"])}
        step["g"] = np.tanh(a["c"])
        c = cell_update(step["f"], step["i"], step["g"], c)
        h = output(step["o"], c)
        steps.append(step | {"c_new": c, "h_new": h})
    return h @ p["w_y"] + p["b_y"], steps


def adding_grads(
    p: Params, X: Array, y: Array, h: Array | None = None, c: Array | None = None
) -> tuple[float, dict[str, Array]]:
    """Mean squared error of adding_forward and its gradient by backpropagation through time.  y (N,) -> loss, a dict like p."""
    predicted, steps = adding_forward(p, X, h, c)
    error = predicted - y
    dy = 2 * error / len(y)
    grads = {key: np.zeros(np.shape(value)) for key, value in p.items()}
    grads["w_y"], grads["b_y"] = dy @ steps[-1]["h_new"], dy.sum()
    dh, dc = np.outer(dy, p["w_y"]), 0.0
    for s in reversed(steps):
        squashed = np.tanh(s["c_new"])
        dc = dc + dh * s["o"] * (1 - squashed**2)
        slopes = {
            "o": dh * squashed * s["o"] * (1 - s["o"]),
            "f": dc * s["c"] * s["f"] * (1 - s["f"]),
            "i": dc * s["g"] * s["i"] * (1 - s["i"]),
            "c": dc * s["i"] * (1 - s["g"] ** 2),
        }
        for k, da in slopes.items():
            grads[f"W_{k}"] += da.T @ s["x"]
            grads[f"U_{k}"] += da.T @ s["h"]
            grads[f"b_{k}"] += da.sum(axis=0)
        # One step back: h through the four matrices, c through the forget gate alone.
        dh = sum(da @ p[f"U_{k}"] for k, da in slopes.items())
        dc = dc * s["f"]
    return float(np.mean(error**2)), grads


def adding_update(p: Params, X: Array, y: Array, lr: float) -> tuple[Params, float]:
    """One step of gradient descent on adding_grads -> the new parameters, and the loss before the step."""
    loss, grads = adding_grads(p, X, y)
    return {key: value - lr * grads[key] for key, value in p.items()}, loss
