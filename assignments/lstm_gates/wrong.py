"""Known wrong solutions of lstm_gates. Each loses points in its exercise under every seed; its diagnosis is shown to a
student who gives the same answer."""

from functools import partial

import numpy as np

from autograder.checks import wrong
from reference.activations import sigmoid
from reference.lstm import (
    adding_forward,
    adding_grads,
    adding_update,
    gru_step,
    lstm_forward,
    lstm_step,
    lstm_variant_step,
    to_pytorch,
)

# 1. lstm_step ----------------------------------------------------------------------------------------------------


def _layers(x, h, p):
    """Pre-activations of f, i, o and c."""
    return {k: p["W_" + k] @ x + p["U_" + k] @ h + p["b_" + k] for k in "fioc"}


def _finished(f, i, o, g, c):
    """The dict of a step from its gates."""
    c = f * c + i * g
    return {"h": o * np.tanh(c), "c": c, "f": f, "i": i, "o": o, "g": g}


@wrong("lstm_step", "The input gate is computed and never used: the new cell is f * c + i * g, not f * c + g.")
def input_gate_unused(x, h, c, p):
    step = lstm_step(x, h, c, p)
    c = step["f"] * c + step["g"]
    return step | {"c": c, "h": step["o"] * np.tanh(c)}


@wrong("lstm_step", "tanh is missing on the way out: h is o * tanh(c), with the new c.")
def output_without_tanh(x, h, c, p):
    step = lstm_step(x, h, c, p)
    return step | {"h": step["o"] * step["c"]}


@wrong("lstm_step", "Two slips of one slide: the input gate is never used, and tanh is missing before the output gate.")
def as_printed_on_the_slide(x, h, c, p):
    step = lstm_step(x, h, c, p)
    c = step["f"] * c + step["g"]
    return step | {"c": c, "h": step["o"] * c}


@wrong("lstm_step", "Forget and input gate are swapped: f multiplies the old cell, i the candidate.")
def forget_and_input_swapped(x, h, c, p):
    step = lstm_step(x, h, c, p)
    c = step["i"] * c + step["f"] * step["g"]
    return step | {"c": c, "h": step["o"] * np.tanh(c)}


@wrong("lstm_step", "The parameters of forget and input gate are swapped: f is made of W_f, U_f, b_f.")
def parameters_of_forget_and_input_swapped(x, h, c, p):
    a = _layers(x, h, p)
    return _finished(sigmoid(a["i"]), sigmoid(a["f"]), sigmoid(a["o"]), np.tanh(a["c"]), c)


@wrong(
    "lstm_step", "Parameters of output gate and candidate are swapped: o is made of W_o, U_o, b_o, g of W_c, U_c, b_c."
)
def parameters_of_output_and_candidate_swapped(x, h, c, p):
    a = _layers(x, h, p)
    return _finished(sigmoid(a["f"]), sigmoid(a["i"]), sigmoid(a["c"]), np.tanh(a["o"]), c)


@wrong("lstm_step", "Your gates go through tanh. A gate is a number between 0 and 1: sigmoid.")
def tanh_on_the_gates(x, h, c, p):
    a = {k: np.tanh(v) for k, v in _layers(x, h, p).items()}
    return _finished(a["f"], a["i"], a["o"], a["c"], c)


@wrong("lstm_step", "The candidate goes through sigmoid, so memory could only grow. g is a tanh.")
def sigmoid_on_the_candidate(x, h, c, p):
    a = {k: sigmoid(v) for k, v in _layers(x, h, p).items()}
    return _finished(a["f"], a["i"], a["o"], a["c"], c)


@wrong("lstm_step", "The output gate looks at the new h (or at c). All gates see the old h, as it was given.")
def output_gate_sees_the_new_state(x, h, c, p):
    step = lstm_step(x, h, c, p)
    o = sigmoid(p["W_o"] @ x + p["U_o"] @ step["h"] + p["b_o"])
    return step | {"o": o, "h": o * np.tanh(step["c"])}


@wrong("lstm_step", "h is made of the old cell. First c = f * c + i * g, then h = o * tanh(c) with that new c.")
def output_of_the_old_cell(x, h, c, p):
    step = lstm_step(x, h, c, p)
    return step | {"h": step["o"] * np.tanh(c)}


@wrong("lstm_step", "The old cell is lost: f * c is missing in the new cell.")
def old_cell_forgotten(x, h, c, p):
    step = lstm_step(x, h, c, p)
    c = step["i"] * step["g"]
    return step | {"c": c, "h": step["o"] * np.tanh(c)}


@wrong("lstm_step", "The biases are missing in the gates and in the candidate.")
def without_biases(x, h, c, p):
    return lstm_step(x, h, c, {key: value * (key[0] != "b") for key, value in p.items()})


@wrong("lstm_step", "The old state is not used: U @ h is missing in the gates and in the candidate.")
def without_the_old_state(x, h, c, p):
    return lstm_step(x, np.zeros(len(h)), c, p)


@wrong("lstm_step", "Square matrices are applied transposed, from the wrong side. It is W @ x and U @ h.")
def state_matrices_transposed(x, h, c, p):
    def turned(key, value):
        return value.T if key[0] == "U" or (key[0] == "W" and len(x) == len(h)) else value

    return lstm_step(x, h, c, {key: turned(key, value) for key, value in p.items()})


@wrong("lstm_step", "e^a / (1 + e^a) is inf / inf for a = 1000. Use 1 / (1 + e^-a), or the sigmoid that is given.")
def sigmoid_overflows(x, h, c, p):
    with np.errstate(all="ignore"):
        a = {k: np.exp(v) / (1 + np.exp(v)) for k, v in _layers(x, h, p).items() if k != "c"}
    return _finished(a["f"], a["i"], a["o"], lstm_step(x, h, c, p)["g"], c)


@wrong("lstm_step", "You return the states that you were given. h and c in the dict are the new ones.")
def returns_the_old_states(x, h, c, p):
    return lstm_step(x, h, c, p) | {"h": h, "c": c}


@wrong("lstm_step", "h and c are swapped in the dict. c is the cell f * c + i * g, h what the output gate shows of it.")
def states_swapped(x, h, c, p):
    step = lstm_step(x, h, c, p)
    return step | {"h": step["c"], "c": step["h"]}


@wrong("lstm_step", "The dict holds pre-activations. f, i and o are the gates after sigmoid, g is after tanh.")
def returns_the_pre_activations(x, h, c, p):
    a = _layers(x, h, p)
    return lstm_step(x, h, c, p) | {"f": a["f"], "i": a["i"], "o": a["o"], "g": a["c"]}


@wrong("lstm_step", "i is 1 - f here. In the plain LSTM the input gate has parameters of its own: W_i, U_i, b_i.")
def coupled_by_mistake(x, h, c, p):
    step = lstm_step(x, h, c, p)
    return _finished(step["f"], 1 - step["f"], step["o"], step["g"], c)


@wrong("lstm_step", "`c *= f` writes into the caller's cell. Make a new array: c = f * c + i * g.")
def cell_in_place(x, h, c, p):
    step = lstm_step(x, h, c, p)
    c *= step["f"]
    c += step["i"] * step["g"]
    return step | {"c": c}


# 2. lstm_forward -------------------------------------------------------------------------------------------------


def _along(X, p, h0, c0, carry):
    """All states h, and the last h and c; `carry` picks the states that the next step gets."""
    h = c = np.zeros(len(p["b_f"]))
    h, c = h if h0 is None else h0, c if c0 is None else c0
    H = []
    start = (h, c)
    for x in X:
        step = lstm_step(x, h, c, p)
        H.append(step["h"])
        h, c = carry(step, *start)
    return np.array(H), step["h"], step["c"]


@wrong("lstm_forward", "Every step starts from h0 and c0 again. Carry both states on: h, c = step['h'], step['c'].")
def no_state_carried(X, p, h0=None, c0=None):
    return _along(X, p, h0, c0, lambda step, h, c: (h, c))


@wrong("lstm_forward", "Only h is carried on; the cell starts anew at every step. Carry c too.")
def cell_not_carried(X, p, h0=None, c0=None):
    return _along(X, p, h0, c0, lambda step, h, c: (step["h"], c))


@wrong("lstm_forward", "Only c is carried on; the gates see the first h at every step. Carry h too.")
def state_not_carried(X, p, h0=None, c0=None):
    return _along(X, p, h0, c0, lambda step, h, c: (h, step["c"]))


@wrong("lstm_forward", "h and c are confused between two steps: the next step gets c for h and h for c.")
def states_confused_on_the_way(X, p, h0=None, c0=None):
    return _along(X, p, h0, c0, lambda step, h, c: (step["c"], step["h"]))


@wrong("lstm_forward", "h0 and c0 are confused: h0 is the short-term state before the first step, c0 the cell.")
def starts_confused(X, p, h0=None, c0=None):
    return lstm_forward(X, p, c0, h0)


@wrong("lstm_forward", "h0 and c0 are ignored: the sequence always starts from zero.")
def start_ignored(X, p, h0=None, c0=None):
    return lstm_forward(X, p)


@wrong("lstm_forward", "When one of h0 and c0 is None you ignore the other. Each is zero by itself.")
def start_only_as_a_pair(X, p, h0=None, c0=None):
    return lstm_forward(X, p, h0, c0) if h0 is not None and c0 is not None else lstm_forward(X, p)


@wrong("lstm_forward", "Missing start values are drawn or set to one. Without h0 and c0 both states start at zero.")
def starts_at_one(X, p, h0=None, c0=None):
    one = np.ones(len(p["b_f"]))
    return lstm_forward(X, p, one if h0 is None else h0, one if c0 is None else c0)


@wrong("lstm_forward", "H holds the last h only. Keep the state after every step, one row each.")
def only_the_last_state(X, p, h0=None, c0=None):
    H, h, c = lstm_forward(X, p, h0, c0)
    return H[-1], h, c


@wrong("lstm_forward", "H holds the cells. Its rows are the short-term states h_t.")
def cells_instead_of_states(X, p, h0=None, c0=None):
    cells = [lstm_forward(X[: t + 1], p, h0, c0)[2] for t in range(len(X))]
    return np.array(cells), *lstm_forward(X, p, h0, c0)[1:]


@wrong("lstm_forward", "The last two results are swapped: first h, then c.")
def last_states_swapped(X, p, h0=None, c0=None):
    H, h, c = lstm_forward(X, p, h0, c0)
    return H, c, h


@wrong("lstm_forward", "All rows of H are the last state: the same array was stored again and again. Store copies.")
def rows_all_alike(X, p, h0=None, c0=None):
    _, h, c = lstm_forward(X, p, h0, c0)
    return np.tile(h, (len(X), 1)), h, c


@wrong("lstm_forward", "H begins with the state before the first step and lacks the last one. Row 0 is h after step 1.")
def states_before_the_steps(X, p, h0=None, c0=None):
    H, h, c = lstm_forward(X, p, h0, c0)
    start = np.zeros(len(h)) if h0 is None else h0
    return np.array([start, *H[:-1]]), h, c


@wrong("lstm_forward", "H has a row too many, the state before the first step. It has T rows: h_1 to h_T.")
def start_among_the_states(X, p, h0=None, c0=None):
    H, h, c = lstm_forward(X, p, h0, c0)
    return np.array([np.zeros(len(h)) if h0 is None else h0, *H]), h, c


@wrong("lstm_forward", "You read the sequence from its end. Row 0 of X comes first.")
def read_backwards(X, p, h0=None, c0=None):
    return lstm_forward(X[::-1], p, h0, c0)


@wrong("lstm_forward", "H is transposed. It has shape (T, n): one row per step.")
def states_as_columns(X, p, h0=None, c0=None):
    H, h, c = lstm_forward(X, p, h0, c0)
    return H.T, h, c


@wrong("lstm_forward", "The last input is never read: the loop ends a step too early. There are T steps.")
def a_step_too_few(X, p, h0=None, c0=None):
    n = len(p["b_f"])
    if len(X) == 1:
        h, c = np.zeros(n) if h0 is None else h0, np.zeros(n) if c0 is None else c0
        return np.zeros((1, n)), h, c
    H, h, c = lstm_forward(X[:-1], p, h0, c0)
    return np.array([*H, np.zeros(n)]), h, c


@wrong("lstm_forward", "H is an array of integers, which cuts off decimals. Use np.zeros((T, n)).")
def array_of_integers(X, p, h0=None, c0=None):
    H, h, c = lstm_forward(X, p, h0, c0)
    return H.astype(int), h, c


@wrong(
    "lstm_forward", "You write the running states into the caller's h0 and c0. Start from copies, or make new arrays."
)
def start_overwritten(X, p, h0=None, c0=None):
    H, h, c = lstm_forward(X, p, h0, c0)
    for start, last in ((h0, h), (c0, c)):
        if start is not None:
            start[...] = last
    return H, h, c


# 3. to_pytorch ---------------------------------------------------------------------------------------------------


def _stacked(p, order):
    kinds = {"weight_ih": "W_", "weight_hh": "U_", "bias_ih": "b_"}
    q = {key: np.concatenate([p[kind + k] for k in order]) for key, kind in kinds.items()}
    return q | {"bias_hh": np.zeros(len(q["bias_ih"]))}


@wrong("to_pytorch", "The gates are stacked in the order f, i, o, g. PyTorch's order is i, f, g, o.")
def order_of_the_lectures(p):
    return _stacked(p, "fioc")


@wrong("to_pytorch", "The gates are stacked in the order i, f, o, g. In PyTorch the candidate comes third: i, f, g, o.")
def candidate_last(p):
    return _stacked(p, "ifoc")


@wrong("to_pytorch", "Forget and input gate are swapped. PyTorch's order is i, f, g, o.")
def forget_first(p):
    return _stacked(p, "fico")


@wrong("to_pytorch", "b stands in both biases, and PyTorch adds them: it would count twice. bias_hh is zero.")
def bias_doubled(p):
    q = to_pytorch(p)
    return q | {"bias_hh": q["bias_ih"]}


@wrong("to_pytorch", "b stands in the second bias. Here it belongs in bias_ih, and bias_hh is zero.")
def bias_in_the_second_place(p):
    q = to_pytorch(p)
    return q | {"bias_ih": q["bias_hh"], "bias_hh": q["bias_ih"]}


@wrong("to_pytorch", "The matrices of the input and of the state are swapped: W goes into weight_ih, U into weight_hh.")
def matrices_swapped(p):
    q = to_pytorch(p)
    return q | {"weight_ih": q["weight_hh"], "weight_hh": q["weight_ih"]}


@wrong("to_pytorch", "The four matrices stand side by side. Stack them on top of each other: axis 0, shape (4n, ...).")
def side_by_side(p):
    q = _stacked(p, "ifco")
    return q | {
        key: np.concatenate([p[kind + k] for k in "ifco"], axis=1)
        for key, kind in (("weight_ih", "W_"), ("weight_hh", "U_"))
    }


@wrong("to_pytorch", "The matrices are transposed before they are stacked. W_k is (n, d) already, as PyTorch wants it.")
def transposed(p):
    q = _stacked(p, "ifco")
    for key, kind in (("weight_ih", "W_"), ("weight_hh", "U_")):
        # Where the shape allows it: W is square only if d = n.
        parts = [p[kind + k].T if p[kind + k].shape[0] == p[kind + k].shape[1] else p[kind + k] for k in "ifco"]
        q[key] = np.concatenate(parts)
    return q


@wrong("to_pytorch", "The rows of the gates alternate. All n rows of i come first, then those of f, g and o.")
def rows_alternate(p):
    q = _stacked(p, "ifco")
    for key, kind in (("weight_ih", "W_"), ("weight_hh", "U_"), ("bias_ih", "b_")):
        q[key] = np.stack([p[kind + k] for k in "ifco"], axis=1).reshape(q[key].shape)
    return q


@wrong("to_pytorch", "bias_hh is missing. PyTorch wants two biases; the second one is zero here.")
def one_bias(p):
    return {key: value for key, value in to_pytorch(p).items() if key != "bias_hh"}


@wrong("to_pytorch", "`pop` takes the arrays out of the caller's dict. Read them: p['W_f'].")
def taken_out_of_the_dict(p):
    q = to_pytorch(p)
    for key in ("W_f", "U_f", "b_f"):
        p.pop(key)
    return q


# 4. lstm_variant_step --------------------------------------------------------------------------------------------


def _peephole(x, h, c, p, forget=None, input_=None, out=None, candidate=0.0):
    """A peephole step in which a gate looks at another vector where one is given; `candidate` is added to its own."""
    a = _layers(x, h, p)
    f = sigmoid(a["f"] + p["V_f"] @ (c if forget is None else forget))
    i = sigmoid(a["i"] + p["V_i"] @ (c if input_ is None else input_))
    g = np.tanh(a["c"] + candidate)
    new = f * c + i * g
    o = sigmoid(a["o"] + p["V_o"] @ (new if out is None else out))
    return {"h": o * np.tanh(new), "c": new, "f": f, "i": i, "o": o, "g": g}


@wrong("lstm_variant_step", "Peephole: the output gate looks at the old cell. It acts last and sees the new one.")
def output_peeps_at_the_old_cell(x, h, c, p, variant):
    return _peephole(x, h, c, p, out=c) if variant == "peephole" else lstm_variant_step(x, h, c, p, variant)


@wrong(
    "lstm_variant_step", "Peephole: forget and input gate look at a new cell. They see the old one, which they change."
)
def all_peep_at_the_new_cell(x, h, c, p, variant):
    if variant != "peephole":
        return lstm_variant_step(x, h, c, p, variant)
    new = lstm_step(x, h, c, p)["c"]
    return _peephole(x, h, c, p, forget=new, input_=new)


@wrong("lstm_variant_step", "Peephole: the gates look through V at h. V multiplies the cell c.")
def peepholes_at_the_short_term_state(x, h, c, p, variant):
    if variant != "peephole":
        return lstm_variant_step(x, h, c, p, variant)
    return _peephole(x, h, c, p, forget=h, input_=h, out=h)


@wrong("lstm_variant_step", "Peephole: the output gate has none. It sees the new cell through V_o.")
def output_without_peephole(x, h, c, p, variant):
    if variant != "peephole":
        return lstm_variant_step(x, h, c, p, variant)
    return _peephole(x, h, c, p, out=np.zeros(len(c)))


@wrong("lstm_variant_step", "Peephole: V is used as a diagonal, entry by entry. Here it is a full matrix: V @ c.")
def diagonal_peepholes(x, h, c, p, variant):
    diagonal = {key: np.diag(np.diag(value)) for key, value in p.items() if key[0] == "V"}
    # With one unit there is no difference.
    return lstm_variant_step(x, h, c, p | diagonal, variant)


@wrong("lstm_variant_step", "Peephole: V is transposed. It is V @ c.")
def peepholes_transposed(x, h, c, p, variant):
    return lstm_variant_step(x, h, c, p | {key: value.T for key, value in p.items() if key[0] == "V"}, variant)


@wrong("lstm_variant_step", "Peephole: the candidate looks at the cell too. Only the three gates do.")
def candidate_with_a_peephole(x, h, c, p, variant):
    if variant != "peephole":
        return lstm_variant_step(x, h, c, p, variant)
    return _peephole(x, h, c, p, candidate=p["V_i"] @ c)


@wrong("lstm_variant_step", "linear_out: tanh is still there. h = o * c, with the new c.")
def linear_output_with_tanh(x, h, c, p, variant):
    return lstm_step(x, h, c, p) if variant == "linear_out" else lstm_variant_step(x, h, c, p, variant)


@wrong("lstm_variant_step", "The variant is ignored: this is the plain step of exercise 1.")
def plain_step(x, h, c, p, variant):
    if variant == "coupled":
        p = p | {f"{kind}_i": p[f"{kind}_f"] for kind in "WUb"}
    return lstm_step(x, h, c, p)


@wrong(
    "lstm_variant_step", "Coupled: it is the wrong way round, c = (1 - f) * c + f * g. f still multiplies the old cell."
)
def coupled_the_other_way(x, h, c, p, variant):
    step = lstm_variant_step(x, h, c, p, variant)
    if variant != "coupled":
        return step
    c = (1 - step["f"]) * c + step["f"] * step["g"]
    return step | {"c": c, "h": step["o"] * np.tanh(c)}


@wrong(
    "lstm_variant_step", "Coupled: here f is 1 - i, with i from f's parameters. f has the parameters, and i = 1 - f."
)
def input_gate_leads(x, h, c, p, variant):
    step = lstm_variant_step(x, h, c, p, variant)
    if variant != "coupled":
        return step
    return _finished(1 - step["f"], step["f"], step["o"], step["g"], c)


@wrong("lstm_variant_step", "Coupled: the cell is right, but the dict's i is not 1 - f.")
def coupled_gate_not_returned(x, h, c, p, variant):
    step = lstm_variant_step(x, h, c, p, variant)
    return step | {"i": step["f"]} if variant == "coupled" else step


@wrong("lstm_variant_step", "linear_out: the candidate has lost its tanh as well. Only the one on the way out goes.")
def candidate_linear_too(x, h, c, p, variant):
    if variant != "linear_out":
        return lstm_variant_step(x, h, c, p, variant)
    a = _layers(x, h, p)
    step = _finished(sigmoid(a["f"]), sigmoid(a["i"]), sigmoid(a["o"]), a["c"], c)
    return step | {"h": step["o"] * step["c"]}


@wrong("lstm_variant_step", "linear_out: h = o * c takes the old cell. It is the new one.")
def linear_output_of_the_old_cell(x, h, c, p, variant):
    step = lstm_variant_step(x, h, c, p, variant)
    return step | {"h": step["o"] * c} if variant == "linear_out" else step


@wrong("lstm_variant_step", "linear_out: you changed the other variants too. There h = o * tanh(c).")
def linear_output_everywhere(x, h, c, p, variant):
    step = lstm_variant_step(x, h, c, p, variant)
    return step | {"h": step["o"] * step["c"]}


@wrong("lstm_variant_step", "`c *= f` writes into the caller's cell. Make a new array.")
def variant_in_place(x, h, c, p, variant):
    step = lstm_variant_step(x, h, c, p, variant)
    c[...] = step["c"]
    return step | {"c": c}


# 5. gru_step -----------------------------------------------------------------------------------------------------


def _gru(x, h, p, convention, reset, candidate, z=None, r=None, a=None):
    """A GRU step in which something is replaced: z and r by functions of both gates, a of the candidate by one of r."""
    gates = [sigmoid(p["W_" + k] @ x + p["U_" + k] @ h + p["b_" + k]) for k in "zr"]
    z, r = gates[0] if z is None else z(*gates), gates[1] if r is None else r(*gates)
    if a is None:
        inner = r * (p["U_h"] @ h + p["b_h"]) if reset == "after" else p["U_h"] @ (r * h) + p["b_h"]
        a_h = p["W_h"] @ x + inner
    else:
        a_h = a(r)
    new = sigmoid(a_h) if candidate == "sigmoid" else np.tanh(a_h)
    return z * h + (1 - z) * new if convention == "keep" else (1 - z) * h + z * new


@wrong("gru_step", 'convention is ignored: "keep" is z * h + (1 - z) * candidate.')
def always_update(x, h, p, convention="update", reset="before", candidate="tanh"):
    return gru_step(x, h, p, "update", reset, candidate)


@wrong("gru_step", 'The conventions are turned round: in "update" z takes the candidate, in "keep" the old state.')
def opposite_convention(x, h, p, convention="update", reset="before", candidate="tanh"):
    return gru_step(x, h, p, "update" if convention == "keep" else "keep", reset, candidate)


@wrong("gru_step", 'reset is ignored: "after" multiplies r with the whole bracket U_h @ h + b_h.')
def always_before(x, h, p, convention="update", reset="before", candidate="tanh"):
    return gru_step(x, h, p, convention, "before", candidate)


@wrong("gru_step", 'The default reset is "after" here (PyTorch\'s). It is "before": U_h @ (r * h).')
def always_after(x, h, p, convention="update", reset="before", candidate="tanh"):
    return gru_step(x, h, p, convention, "after", candidate)


@wrong("gru_step", 'candidate is ignored: with "sigmoid" the candidate is sigmoid(a).')
def always_tanh(x, h, p, convention="update", reset="before", candidate="tanh"):
    return gru_step(x, h, p, convention, reset, "tanh")


@wrong("gru_step", "The candidate always goes through sigmoid, as on one slide. The default is tanh.")
def always_sigmoid(x, h, p, convention="update", reset="before", candidate="tanh"):
    return gru_step(x, h, p, convention, reset, "sigmoid")


@wrong("gru_step", "The reset gate multiplies the input's part. It belongs to the past: U_h and h.")
def reset_on_the_input(x, h, p, convention="update", reset="before", candidate="tanh"):
    return _gru(x, h, p, convention, reset, candidate, a=lambda r: r * (p["W_h"] @ x) + p["U_h"] @ h + p["b_h"])


@wrong("gru_step", "The reset gate multiplies the whole pre-activation. W_h @ x stays outside.")
def reset_on_everything(x, h, p, convention="update", reset="before", candidate="tanh"):
    return _gru(x, h, p, convention, reset, candidate, a=lambda r: r * (p["W_h"] @ x + p["U_h"] @ h + p["b_h"]))


@wrong("gru_step", "The reset gate multiplies the candidate after tanh. It acts inside, on the past.")
def reset_on_the_result(x, h, p, convention="update", reset="before", candidate="tanh"):
    a = p["W_h"] @ x + p["U_h"] @ h + p["b_h"]
    z, r = (sigmoid(p["W_" + k] @ x + p["U_" + k] @ h + p["b_" + k]) for k in "zr")
    new = r * (sigmoid(a) if candidate == "sigmoid" else np.tanh(a))
    return z * h + (1 - z) * new if convention == "keep" else (1 - z) * h + z * new


@wrong("gru_step", "The reset gate is not used at all: the candidate sees r * h, not h.")
def without_reset(x, h, p, convention="update", reset="before", candidate="tanh"):
    return _gru(x, h, p, convention, reset, candidate, r=lambda z, r: 1.0)


@wrong("gru_step", "After: b_h stands outside the bracket. It is r * (U_h @ h + b_h), as PyTorch's bias_hh.")
def bias_outside_the_bracket(x, h, p, convention="update", reset="before", candidate="tanh"):
    if reset == "before":
        return gru_step(x, h, p, convention, reset, candidate)
    return _gru(x, h, p, convention, reset, candidate, a=lambda r: p["W_h"] @ x + r * (p["U_h"] @ h) + p["b_h"])


@wrong("gru_step", "Before: r multiplies b_h too. Only h is reset: U_h @ (r * h) + b_h.")
def bias_reset_before(x, h, p, convention="update", reset="before", candidate="tanh"):
    if reset == "after":
        return gru_step(x, h, p, convention, reset, candidate)
    return _gru(x, h, p, convention, reset, candidate, a=lambda r: p["W_h"] @ x + p["U_h"] @ (r * h) + r * p["b_h"])


@wrong("gru_step", "Update and reset gate are swapped: z mixes the states, r acts inside the candidate.")
def gates_swapped(x, h, p, convention="update", reset="before", candidate="tanh"):
    return _gru(x, h, p, convention, reset, candidate, z=lambda z, r: r, r=lambda z, r: z)


@wrong("gru_step", "U_h is missing: the candidate's past is U_h @ (r * h), not r * h.")
def candidate_without_its_matrix(x, h, p, convention="update", reset="before", candidate="tanh"):
    return gru_step(x, h, p | {"U_h": np.eye(len(h))}, convention, reset, candidate)


@wrong("gru_step", "z is applied to both states: the weights are z and 1 - z, together 1.")
def z_on_both(x, h, p, convention="update", reset="before", candidate="tanh"):
    z = sigmoid(p["W_z"] @ x + p["U_z"] @ h + p["b_z"])
    new = _gru(x, h, p, "update", reset, candidate, z=lambda z, r: 1.0)
    return z * h + z * new


@wrong("gru_step", "The old state is lost: this is the candidate's share alone. Add (1 - z) * h, or z * h to keep.")
def old_state_lost(x, h, p, convention="update", reset="before", candidate="tanh"):
    z = sigmoid(p["W_z"] @ x + p["U_z"] @ h + p["b_z"])
    return gru_step(x, h, p, convention, reset, candidate) - (z if convention == "keep" else 1 - z) * h


@wrong("gru_step", "You return the candidate. The new state is its mixture with the old state.")
def returns_the_candidate(x, h, p, convention="update", reset="before", candidate="tanh"):
    return _gru(x, h, p, "update", reset, candidate, z=lambda z, r: 1.0)


@wrong("gru_step", "The state's matrices are transposed. It is U @ h (and U_h @ (r * h)).")
def gru_matrices_transposed(x, h, p, convention="update", reset="before", candidate="tanh"):
    turned = {key: value.T if key[0] == "U" else value for key, value in p.items()}
    return gru_step(x, h, turned, convention, reset, candidate)


@wrong(
    "gru_step", "The biases are missing. The lecture's slide leaves them out; here each gate and the candidate has one."
)
def gru_without_biases(x, h, p, convention="update", reset="before", candidate="tanh"):
    return gru_step(x, h, {key: value * (key[0] != "b") for key, value in p.items()}, convention, reset, candidate)


@wrong("gru_step", "`h *= ...` writes into the caller's state. Make a new array.")
def gru_in_place(x, h, p, convention="update", reset="before", candidate="tanh"):
    h[...] = gru_step(x, h, p, convention, reset, candidate)
    return h


# 6. convert_gru --------------------------------------------------------------------------------------------------


def _negated(p, keys):
    return {key: -value if key in keys else value for key, value in p.items()}


@wrong("convert_gru", "You negate the parameters of all gates. Only the update gate z changes its meaning; r stays.")
def reset_gate_negated_too(p):
    return _negated(p, {f"{kind}_{k}" for kind in "WUb" for k in "zr"})


@wrong("convert_gru", "You negate everything. Only W_z, U_z and b_z change sign.")
def everything_negated(p):
    return _negated(p, set(p))


@wrong("convert_gru", "Only W_z is negated. U_z and b_z belong to the same pre-activation: negate all three.")
def only_the_input_matrix(p):
    return _negated(p, {"W_z"})


@wrong("convert_gru", "b_z keeps its sign. The whole pre-activation must change sign: W_z, U_z and b_z.")
def bias_keeps_its_sign(p):
    return _negated(p, {"W_z", "U_z"})


@wrong("convert_gru", "U_z keeps its sign. The whole pre-activation must change sign: W_z, U_z and b_z.")
def state_matrix_keeps_its_sign(p):
    return _negated(p, {"W_z", "b_z"})


@wrong("convert_gru", "You return the parameters as they were. z has the opposite meaning in the other convention.")
def nothing_changed(p):
    return dict(p)


@wrong("convert_gru", "You swap the parameters of z and r. The gates stay; the pre-activation of z changes sign.")
def gates_exchanged(p):
    return {key.translate(str.maketrans("zr", "rz")): value for key, value in p.items()}


@wrong("convert_gru", "You transpose the update gate's matrices. They change sign, nothing else.")
def update_gate_transposed(p):
    # W_z is not square in general: its negative, so that one of the three is right.
    return _negated(p, {"b_z", "W_z"}) | {"U_z": p["U_z"].T}


@wrong("convert_gru", "You take 1 minus the parameters. The gate becomes 1 - z when its pre-activation changes sign.")
def one_minus_the_parameters(p):
    return {key: 1 - value if key.endswith("_z") else value for key, value in p.items()}


@wrong("convert_gru", "You negate the candidate's parameters. It is the update gate that changes: W_z, U_z, b_z.")
def candidate_negated(p):
    return _negated(p, {"W_h", "U_h", "b_h"})


@wrong("convert_gru", "You return the update gate only. The result has all nine arrays.")
def only_the_update_gate(p):
    return {key: -value for key, value in p.items() if key.endswith("_z")}


@wrong("convert_gru", "`p[...] *= -1` changes the caller's parameters. Make new arrays, and a new dict.")
def converted_in_place(p):
    for key in ("W_z", "U_z", "b_z"):
        p[key] *= -1
    return p


# 7. train_adding: one step ---------------------------------------------------------------------------------------

step_slip = partial(wrong, "train_adding", replaces="adding_step")
training_slip = partial(wrong, "train_adding", replaces="train_adding")


def _moved(p, grads, lr):
    return {key: value - lr * grads[key] for key, value in p.items()}


@step_slip("The gradient stops at the last step: earlier states are detached. Go back through all T steps.")
def only_the_last_step(p, X, y, lr):
    loss, grads = adding_grads(p, X, y)
    if X.shape[1] > 1:
        last = adding_forward(p, X[:, :-1])[1][-1]
        _, grads = adding_grads(p, X[:, -1:], y, last["h_new"], last["c_new"])
    return _moved(p, grads, lr), loss


@step_slip("The loss is the sum over the batch. Take the mean of the squared errors.")
def step_with_the_sum(p, X, y, lr):
    loss, grads = adding_grads(p, X, y)
    return _moved(p, grads, lr * len(y)), loss * len(y)


@step_slip("The loss is right, but the gradient lacks the factor 2 of the square.")
def gradient_without_the_two(p, X, y, lr):
    loss, grads = adding_grads(p, X, y)
    return _moved(p, grads, lr / 2), loss


@step_slip("The loss has a factor 1/2 that is not asked for.")
def step_with_a_half(p, X, y, lr):
    loss, grads = adding_grads(p, X, y)
    return _moved(p, grads, lr / 2), loss / 2


@step_slip("You step with the gradient, so the loss grows. Step against it.")
def step_uphill(p, X, y, lr):
    return adding_update(p, X, y, -lr)


@step_slip("The loss is the one after the step. Return the loss before it.")
def loss_after_the_step(p, X, y, lr):
    new, _ = adding_update(p, X, y, lr)
    return new, adding_grads(new, X, y)[0]


@step_slip("Predictions (N, 1) minus targets (N,) give an (N, N) matrix: every prediction meets every target.")
def errors_broadcast(p, X, y, lr):
    predicted, _ = adding_forward(p, X)
    # The mean over all pairs has the gradient of a loss against the mean target.
    _, grads = adding_grads(p, X, np.full(len(y), y.mean()))
    return _moved(p, grads, lr), np.mean((predicted[:, None] - y) ** 2)


@step_slip("The prediction is read off the first state. Read it off the last one, h_T.")
def reads_the_first_state(p, X, y, lr):
    return adding_update(p, X[:, :1], y, lr)


@step_slip("Only w_y and b_y move. Every parameter of the LSTM has a gradient too.")
def only_the_readout_moves(p, X, y, lr):
    new, loss = adding_update(p, X, y, lr)
    return {key: new[key] if key.endswith("_y") else value for key, value in p.items()}, loss


@step_slip("b_y does not move. It is a parameter like the others.")
def readout_bias_stays(p, X, y, lr):
    new, loss = adding_update(p, X, y, lr)
    return new | {"b_y": p["b_y"]}, loss


@step_slip("b_y is missing in the prediction: w_y . h_T + b_y.")
def readout_without_bias(p, X, y, lr):
    loss, grads = adding_grads(p | {"b_y": 0.0}, X, y)
    return _moved(p, grads | {"b_y": 0.0}, lr), loss


@step_slip("You return the gradients. Return the parameters after the step: p - lr * gradient.")
def returns_the_gradients(p, X, y, lr):
    loss, grads = adding_grads(p, X, y)
    return grads, loss


@step_slip("You return the parameters that you were given. Return those after the step.")
def returns_the_start(p, X, y, lr):
    return p, adding_grads(p, X, y)[0]


@step_slip("The gradient is clipped to norm 1. Here the step is plain: lr times the whole gradient.")
def step_clipped(p, X, y, lr):
    loss, grads = adding_grads(p, X, y)
    norm = np.sqrt(sum(np.sum(each**2) for each in grads.values()))
    return _moved(p, grads, lr / norm), loss


@step_slip("`-=` writes into the parameters that you were given. Work on copies.")
def step_in_place(p, X, y, lr):
    new, loss = adding_update(p, X, y, lr)
    for key, value in p.items():
        if isinstance(value, np.ndarray):
            value[...] = new[key]
    return new, loss


# 7. train_adding: training ---------------------------------------------------------------------------------------


def _lstm_cell(a, U, h, c):
    f, i, o, g = (a + h @ U.T).chunk(4, dim=1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


def _plain_cell(a, U, h, c):
    return (a + h @ U.T).chunk(4, dim=1)[3].tanh(), c


def _squares(predicted, y):
    return ((predicted - y) ** 2).mean()


def _squares_broadcast(predicted, y):
    return ((predicted[:, None] - y) ** 2).mean()


def _trained(Xtr, ytr, seed, cell=_lstm_cell, epochs=10, loss=_squares, lr=0.04, clear=True):
    """An LSTM trained by the recipe, but for what a slip (here or in measure_train.py) changes -> a function of sequences."""
    import torch  # where it runs: a grader does not need it

    torch.set_num_threads(1)
    if seed is None:
        torch.seed()
    else:
        torch.manual_seed(seed)
    n = 16
    X, y = (torch.tensor(each, dtype=torch.float32) for each in (Xtr, ytr))
    W, U, b = 4 * torch.rand(4 * n, X.shape[2]) - 2, (2 * torch.rand(4 * n, n) - 1) / 10, torch.zeros(4 * n)
    b[:n], b[n : 2 * n] = 3.0, -1.0
    params = [W, U, b, (torch.rand(n) - 0.5) / 2, y.mean()]
    for each in params:
        each.requires_grad_()

    def predict(X):
        h = c = torch.zeros(len(X), n)
        for a in (X @ W.T + b).unbind(1):
            h, c = cell(a, U, h, c)
        return h @ params[3] + params[4]

    batches = [rows for _ in range(epochs) for rows in torch.randperm(len(X)).split(50)]
    optimizer = torch.optim.Adam(params, lr=lr)
    for k, rows in enumerate(batches):
        optimizer.param_groups[0]["lr"] = lr * (1 - k / len(batches))
        if clear:
            optimizer.zero_grad()
        loss(predict(X[rows]), y[rows]).backward()
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        optimizer.step()
    return lambda X: predict(torch.tensor(X, dtype=torch.float32)).detach().numpy()


@training_slip("A plain RNN soon forgets the first number. Build an LSTM: gates and a cell.")
def plain_rnn(Xtr, ytr, Xte, seed):
    return _trained(Xtr, ytr, seed, _plain_cell)(Xte)


@training_slip("The prediction is read off the first state, before anything was read. Use the last one.")
def predicts_from_the_first_state(Xtr, ytr, Xte, seed):
    return _trained(Xtr[:, :1], ytr, seed)(Xte[:, :1])


@training_slip("Predictions (N, 1) minus targets (N,) give an (N, N) matrix, and the mean is learnt. Make both (N,).")
def loss_broadcast(Xtr, ytr, Xte, seed):
    return _trained(Xtr, ytr, seed, epochs=3, loss=_squares_broadcast)(Xte)


@training_slip("The states start anew at every step: nothing is remembered. Make them once, before the loop over time.")
def states_made_anew(Xtr, ytr, Xte, seed):
    # The last step is then all that the prediction sees.
    return _trained(Xtr[:, -1:], ytr, seed)(Xte[:, -1:])


@training_slip("X is shuffled and y is not. Take the same rows of both.")
def targets_not_shuffled(Xtr, ytr, Xte, seed):
    return _trained(np.random.default_rng(seed).permutation(Xtr), ytr, seed, epochs=3)(Xte)


@training_slip("One epoch is too short. Train until the error stays small.")
def one_epoch(Xtr, ytr, Xte, seed):
    return _trained(Xtr, ytr, seed, epochs=1)(Xte)


@training_slip("The network is never trained: its parameters stay as they were drawn.")
def never_trained(Xtr, ytr, Xte, seed):
    return _trained(Xtr, ytr, seed, epochs=0)(Xte)


@training_slip("You step with the gradient, so the error grows. Step against it.")
def trained_uphill(Xtr, ytr, Xte, seed):
    return _trained(Xtr, ytr, seed, epochs=1, loss=lambda predicted, y: -_squares(predicted, y))(Xte)


@training_slip("You return the predictions for the training sequences. Return those for Xte.")
def predictions_of_the_training_rows(Xtr, ytr, Xte, seed):
    return _trained(Xtr, ytr, seed, epochs=1)(Xtr)


@training_slip("The result has shape (M, 1). Return one number for each sequence: shape (M,).")
def predictions_as_a_column(Xtr, ytr, Xte, seed):
    return _trained(Xtr, ytr, seed, epochs=1)(Xte)[:, None]


@training_slip("Your random numbers ignore `seed`, so no run can be repeated. Use torch.manual_seed(seed).")
def ignores_the_seed(Xtr, ytr, Xte, seed):
    return _trained(Xtr, ytr, None, epochs=1)(Xte)


@training_slip("You write into the caller's arrays. Centre a copy, if at all.")
def centres_in_place(Xtr, ytr, Xte, seed):
    Xtr[:, :, 0] -= 0.5
    return _trained(Xtr, ytr, seed, epochs=1)(Xte)
