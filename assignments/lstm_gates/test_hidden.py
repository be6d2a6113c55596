"""Hidden tests of lstm_gates. Points per exercise: 4, 3, 2, 3, 4, 2, 2 = 20.

Shapes are fixed, values are drawn: so a right solution passes and a known wrong one fails under every seed. The smallest
shape comes last where a snippet to try at home (at most 50 numbers) is drawn from the check. What is expected comes from
numpy alone: nothing here needs torch. Thresholds of train_adding come from measure_train.md.
"""

import numpy as np

from autograder.checks import agree, award, check, numbers, picture, untouched
from reference import lstm
from reference import random as draw

#: (d, n): more inputs than units, fewer, as many (nothing but a value gives a transposition away), and a small one.
SHAPES = ((3, 2), (2, 4), (3, 3), (1, 2))


def _lstm(rng, d, n, peepholes=""):
    """x, h, c and parameters of an LSTM."""
    x, h, c = (draw.away_from_zero(rng, size) for size in (d, n, n))
    return x, h, c, draw.gated_params(rng, d, n, "fioc", peepholes)


def _gru(rng, d, n):
    """x, h and parameters of a GRU."""
    x, h = (draw.away_from_zero(rng, size) for size in (d, n))
    return x, h, draw.gated_params(rng, d, n, "zrh")


def _with_biases(p, **biases):
    """The parameters with some biases replaced: b_f=50.0 for all entries of b_f."""
    return p | {key: np.full(p[key].shape, value) for key, value in biases.items()}


# 1. lstm_step ----------------------------------------------------------------------------------------------------


@check("lstm_step", points=0.5)
def test_step_by_hand(student):
    """Two units by hand, other weights in every gate: all six results."""
    rows = {
        "f": ([[1, 0], [0.5, -1]], [[0, 1], [0.5, 0]], [0.5, 1]),
        "i": ([[0, 2], [1, 1]], [[-1, 0], [0, 0.5]], [0, -0.5]),
        "o": ([[0.5, 0.5], [-1, 0]], [[1, 1], [0, -1]], [-1, 0.5]),
        "c": ([[1, -1], [0, 0.5]], [[0.5, 0], [1, -0.5]], [0, 0.5]),
    }
    p = {
        f"{kind}_{k}": np.array(part, dtype=float)
        for k, parts in rows.items()
        for kind, part in zip("WUb", parts, strict=True)
    }
    x, h, c = np.array([0.5, -1]), np.array([0.5, -0.25]), np.array([1.0, -2])
    agree(student.lstm_step(x, h, c, p), lstm.lstm_step(x, h, c, p))


@check("lstm_step", points=1)
def test_step_gates(student, rng):
    """The three gates f, i and o."""
    for d, n in SHAPES:
        x, h, c, p = _lstm(rng, d, n)
        step, expected = student.lstm_step(x, h, c, p), lstm.lstm_step(x, h, c, p)
        agree([step[k] for k in "fio"], [expected[k] for k in "fio"], what="f, i, o")


@check("lstm_step", points=0.5)
def test_step_candidate(student, rng):
    """The candidate g."""
    for d, n in SHAPES:
        x, h, c, p = _lstm(rng, d, n)
        agree(student.lstm_step(x, h, c, p)["g"], lstm.lstm_step(x, h, c, p)["g"], what="g")


@check("lstm_step", points=0.5)
def test_step_cell(student, rng):
    """The new cell state: what is kept plus what is written."""
    for d, n in SHAPES:
        x, h, c, p = _lstm(rng, d, n)
        agree(student.lstm_step(x, h, c, p)["c"], lstm.lstm_step(x, h, c, p)["c"], what="c")


@check("lstm_step", points=0.5)
def test_step_whole(student, rng):
    """Everything at once, the new h included."""
    for d, n in SHAPES:
        x, h, c, p = _lstm(rng, d, n)
        agree(student.lstm_step(x, h, c, p), lstm.lstm_step(x, h, c, p))


@check("lstm_step", points=0.5)
def test_step_keeps_the_cell(student, rng):
    """With the forget gate wide open and the input gate shut, the cell stays as it was, exactly."""
    for far in (50.0, 1000.0):
        x, h, c, p = _lstm(rng, 2, 3)
        agree(student.lstm_step(x, h, c, _with_biases(p, b_f=far, b_i=-far))["c"], c, what="c")


@check("lstm_step", points=0.5)
def test_step_shut_output(student, rng):
    """With the output gate shut nothing is shown, h = 0, and yet the cell moves on as ever."""
    for far in (50.0, 1000.0):
        x, h, c, p = _lstm(rng, 2, 3)
        p = _with_biases(p, b_o=-far)
        step = student.lstm_step(x, h, c, p)
        agree([step["h"], step["c"]], [np.zeros(3), lstm.lstm_step(x, h, c, p)["c"]], what="h, c")


@check("lstm_step", takes=0.5)
def test_step_leaves_its_inputs(student, rng):
    """`lstm_step` does not change its inputs."""
    untouched(student.lstm_step, *_lstm(rng, 2, 3))


@picture("lstm_step", x_label="step", y_label="gate or candidate")
def gates_of_the_latch(student):
    """Gates f, i, o and candidate g of the notebook's cell: at both marks f shuts and i opens for one step."""
    p, X = _latch()
    yours, reference, h, c, h0, c0 = [], [], np.zeros(1), np.zeros(1), np.zeros(1), np.zeros(1)
    for x in X:
        mine, ours = student.lstm_step(x, h, c, p), lstm.lstm_step(x, h0, c0, p)
        yours.append([mine[k][0] for k in "fiog"])
        reference.append([ours[k][0] for k in "fiog"])
        h, c, h0, c0 = mine["h"], mine["c"], ours["h"], ours["c"]
    return np.array(numbers(yours)).T, np.array(reference).T


def _latch():
    """The public cell of the notebook's picture, with the same numbers."""
    p = {f"U_{k}": np.zeros((1, 1)) for k in "fioc"} | {f"b_{k}": np.zeros(1) for k in "fioc"}
    p |= {
        "W_f": np.array([[0, -8.0]]),
        "W_i": np.array([[0, 8.0]]),
        "W_o": np.zeros((1, 2)),
        "W_c": np.array([[1.0, 0]]),
    }
    p |= {"b_f": np.array([4.0]), "b_i": np.array([-4.0]), "b_o": np.array([4.0])}
    values = [0.3, -0.6, 0.9, 0.1, -0.4, 0.5, -0.2, -0.9, 0.7, 0.2, -0.1, 0.6]
    return p, np.stack([values, np.eye(12)[2] + np.eye(12)[7]], axis=1)


# 2. lstm_forward -------------------------------------------------------------------------------------------------


def _sequence(rng, T, d, n):
    """X, the parameters, h0 and c0."""
    h, c = draw.away_from_zero(rng, n), draw.away_from_zero(rng, n)
    return draw.away_from_zero(rng, T, d), draw.gated_params(rng, d, n, "fioc"), h, c


@check("lstm_forward", points=0.5)
def test_forward_from_zero(student, rng):
    """Without h0 and c0 both states start at zero: all states and the last two."""
    for T, d, n in ((4, 2, 3), (3, 3, 2), (3, 1, 2)):
        X, p, _, _ = _sequence(rng, T, d, n)
        agree(student.lstm_forward(X, p), lstm.lstm_forward(X, p), profile="recurrence")


@check("lstm_forward", points=0.5)
def test_forward_from_a_given_start(student, rng):
    """h0 and c0 are where the sequence starts; each may be given without the other."""
    X, p, h, c = _sequence(rng, 4, 2, 3)
    for start in ({"h0": h, "c0": c}, {"h0": h}, {"c0": c}):
        agree(student.lstm_forward(X, p, **start), lstm.lstm_forward(X, p, **start), profile="recurrence")


@check("lstm_forward", points=0.5)
def test_forward_all_states(student, rng):
    """H holds the short-term state after every step, one row each; T may equal n."""
    for T, d, n in ((5, 3, 2), (3, 2, 3), (4, 1, 1)):
        X, p, h, c = _sequence(rng, T, d, n)
        H, _, _ = student.lstm_forward(X, p, h, c)
        agree(H, lstm.lstm_forward(X, p, h, c)[0], profile="recurrence", what="H")


@check("lstm_forward", points=0.5)
def test_forward_last_states(student, rng):
    """The second and third result are the last h and the last c."""
    X, p, _, _ = _sequence(rng, 5, 2, 3)
    _, h, c = student.lstm_forward(X, p)
    agree([h, c], list(lstm.lstm_forward(X, p)[1:]), profile="recurrence", what="h, c")


@check("lstm_forward", points=0.5)
def test_forward_one_step(student, rng):
    """A sequence of one step: H has one row."""
    for d, n in ((2, 3), (2, 1)):
        X, p, h, c = _sequence(rng, 1, d, n)
        agree(student.lstm_forward(X, p, h, c), lstm.lstm_forward(X, p, h, c), profile="recurrence")


@check("lstm_forward", points=0.5)
def test_forward_of_a_long_sequence(student, rng):
    """Forty steps: what was remembered early is still there."""
    X, p, _, _ = _sequence(rng, 40, 2, 4)
    p = _with_biases(p, b_f=3.0)
    agree(student.lstm_forward(X, p), lstm.lstm_forward(X, p), profile="recurrence")


@check("lstm_forward", takes=0.5)
def test_forward_leaves_its_inputs(student, rng):
    """`lstm_forward` does not change its inputs."""
    untouched(student.lstm_forward, *_sequence(rng, 4, 2, 3))


@picture("lstm_forward", kind="heatmap", x_label="unit", y_label="step")
def states_over_time(student):
    """H of six units over twelve steps of a public sequence; the input comes at the first three steps only."""
    rng = np.random.default_rng(5)
    p = {f"W_{k}": rng.normal(size=(6, 2)) for k in "fioc"} | {f"U_{k}": rng.normal(size=(6, 6)) / 3 for k in "fioc"}
    p |= {f"b_{k}": np.zeros(6) for k in "ioc"} | {"b_f": np.linspace(-1, 4, 6)}
    X = np.concatenate([np.array([[2.0, -1], [1, 2], [-2, 1]]), np.zeros((9, 2))])
    return student.lstm_forward(X, p)[0], lstm.lstm_forward(X, p)[0]


# 3. to_pytorch ---------------------------------------------------------------------------------------------------


def _stacked(student, rng, keys):
    for d, n in ((3, 2), (2, 2), (2, 1)):
        p = draw.gated_params(rng, d, n, "fioc")
        found, expected = student.to_pytorch(p), lstm.to_pytorch(p)
        for key in keys:
            agree(found[key], expected[key], profile="exact", what=key)


@check("to_pytorch", points=0.5)
def test_pytorch_input_weights(student, rng):
    """weight_ih stacks the four W in PyTorch's order."""
    _stacked(student, rng, ["weight_ih"])


@check("to_pytorch", points=0.5)
def test_pytorch_state_weights(student, rng):
    """weight_hh stacks the four U in PyTorch's order."""
    _stacked(student, rng, ["weight_hh"])


@check("to_pytorch", points=0.5)
def test_pytorch_biases(student, rng):
    """bias_ih holds the four b in PyTorch's order, bias_hh zeros."""
    _stacked(student, rng, ["bias_ih", "bias_hh"])


@check("to_pytorch", points=0.5)
def test_pytorch_whole(student, rng):
    """Four arrays under the right names, with which PyTorch's layer computes the same states."""
    for d, n in ((3, 2), (2, 1)):
        p, X = draw.gated_params(rng, d, n, "fioc"), draw.away_from_zero(rng, 5, d)
        found = student.to_pytorch(p)
        agree(found, lstm.to_pytorch(p), profile="exact")
        weights = {key: numbers(found[key]) for key in lstm.to_pytorch(p)}
        agree(
            lstm.pytorch_forward(X, weights), lstm.lstm_forward(X, p)[0], profile="recurrence", what="PyTorch's states"
        )


@check("to_pytorch", takes=0.5)
def test_pytorch_leaves_its_inputs(student, rng):
    """`to_pytorch` does not change its input."""
    untouched(student.to_pytorch, draw.gated_params(rng, 2, 3, "fioc"))


# 4. lstm_variant_step --------------------------------------------------------------------------------------------


@check("lstm_variant_step", points=0.5)
def test_peephole_of_forget_and_input(student, rng):
    """Peephole: f and i look at the old cell state, g does not."""
    for d, n in SHAPES:
        x, h, c, p = _lstm(rng, d, n, "fio")
        step, expected = (
            student.lstm_variant_step(x, h, c, p, "peephole"),
            lstm.lstm_variant_step(x, h, c, p, "peephole"),
        )
        agree([step[k] for k in "fig"], [expected[k] for k in "fig"], what="f, i, g")


@check("lstm_variant_step", points=0.5)
def test_peephole_of_output(student, rng):
    """Peephole: o looks at the new cell state."""
    for d, n in SHAPES:
        x, h, c, p = _lstm(rng, d, n, "fio")
        step = student.lstm_variant_step(x, h, c, p, "peephole")
        agree(step["o"], lstm.lstm_variant_step(x, h, c, p, "peephole")["o"], what="o")


@check("lstm_variant_step", points=0.5)
def test_peephole_whole(student, rng):
    """Peephole: all six results."""
    for d, n in ((2, 3), (3, 3), (2, 1)):
        x, h, c, p = _lstm(rng, d, n, "fio")
        agree(student.lstm_variant_step(x, h, c, p, "peephole"), lstm.lstm_variant_step(x, h, c, p, "peephole"))


@check("lstm_variant_step", points=0.5)
def test_coupled_over_two_steps(student):
    """Coupled, one unit, all weights one half, inputs 1 and 1 from zero: h and c after the second step."""
    p = {f"{kind}_{k}": np.full(shape, 0.5) for k in "foc" for kind, shape in (("W", (1, 1)), ("U", (1, 1)))}
    p |= {f"b_{k}": np.zeros(1) for k in "foc"}
    x, first = np.ones(1), lstm.lstm_variant_step(np.ones(1), np.zeros(1), np.zeros(1), p, "coupled")
    agree(student.lstm_variant_step(x, np.zeros(1), np.zeros(1), p, "coupled"), first)
    second = lstm.lstm_variant_step(x, first["h"], first["c"], p, "coupled")
    agree(student.lstm_variant_step(x, first["h"], first["c"], p, "coupled"), second)


@check("lstm_variant_step", points=0.5)
def test_coupled(student, rng):
    """Coupled: i = 1 - f, without parameters of its own."""
    for d, n in ((2, 3), (3, 3), (1, 2)):
        x, h, c, _ = _lstm(rng, d, n)
        p = draw.gated_params(rng, d, n, "foc")
        agree(student.lstm_variant_step(x, h, c, p, "coupled"), lstm.lstm_variant_step(x, h, c, p, "coupled"))


@check("lstm_variant_step", points=0.5)
def test_linear_output(student, rng):
    """linear_out: no tanh between cell and output, all else as ever."""
    for d, n in ((2, 3), (3, 3), (1, 2)):
        x, h, c, p = _lstm(rng, d, n)
        agree(student.lstm_variant_step(x, h, c, p, "linear_out"), lstm.lstm_variant_step(x, h, c, p, "linear_out"))


@check("lstm_variant_step", takes=0.5)
def test_variant_leaves_its_inputs(student, rng):
    """`lstm_variant_step` does not change its inputs."""
    untouched(student.lstm_variant_step, *_lstm(rng, 2, 3, "fio"), "peephole")


# 5. gru_step -----------------------------------------------------------------------------------------------------


def _gru_agrees(student, rng, **choices):
    for d, n in ((1, 3), (4, 2), (3, 3), (3, 2)):
        x, h, p = _gru(rng, d, n)
        agree(student.gru_step(x, h, p, **choices), lstm.gru_step(x, h, p, **choices))


@check("gru_step", points=1)
def test_gru_by_default(student, rng):
    """Without further arguments: z takes the candidate, reset before the matrix, tanh."""
    _gru_agrees(student, rng)


@check("gru_step", points=0.5)
def test_gru_keep(student, rng):
    """convention="keep": z keeps the old state."""
    _gru_agrees(student, rng, convention="keep")


@check("gru_step", points=0.5)
def test_gru_sigmoid(student, rng):
    """candidate="sigmoid", in both conventions."""
    _gru_agrees(student, rng, convention="keep", candidate="sigmoid")
    _gru_agrees(student, rng, candidate="sigmoid")


@check("gru_step", points=0.5)
def test_gru_reset_after(student, rng):
    """reset="after": r multiplies the whole bracket, b_h included."""
    _gru_agrees(student, rng, reset="after")


@check("gru_step", points=0.5)
def test_gru_of_pytorch(student, rng):
    """ "keep" with "after" is PyTorch's GRU; with a sigmoid too."""
    _gru_agrees(student, rng, convention="keep", reset="after", candidate="sigmoid")
    _gru_agrees(student, rng, convention="keep", reset="after")


@check("gru_step", points=0.5)
def test_gru_update_gate_at_its_ends(student, rng):
    """z = 1 and z = 0 in both conventions: the old state, exactly, or the candidate alone."""
    for far in (50.0, -50.0):
        for convention in ("keep", "update"):
            x, h, p = _gru(rng, 2, 3)
            p = _with_biases(p, b_z=far)
            agree(student.gru_step(x, h, p, convention=convention), lstm.gru_step(x, h, p, convention))


@check("gru_step", points=0.5)
def test_gru_reset_gate_at_its_ends(student, rng):
    """r = 0: the candidate does not see the past; r = 1: it sees all of it, and before and after are the same."""
    for far in (50.0, -50.0):
        for reset in ("after", "before"):
            x, h, p = _gru(rng, 2, 3)
            p = _with_biases(p, b_r=far, b_z=0.5)
            agree(student.gru_step(x, h, p, reset=reset), lstm.gru_step(x, h, p, reset=reset))


@check("gru_step", takes=0.5)
def test_gru_leaves_its_inputs(student, rng):
    """`gru_step` does not change its inputs."""
    untouched(student.gru_step, *_gru(rng, 2, 3))


@picture("gru_step", x_label="step", y_label="state")
def fading_memory(student):
    """The states of the notebook's GRU in the "keep" convention: input 1 for four steps, then 0; b_z = -1, 1 and 3."""
    curves = [(_fading(student.gru_step, b_z), _fading(lstm.gru_step, b_z)) for b_z in (-1.0, 1.0, 3.0)]
    return [yours for yours, _ in curves], [ours for _, ours in curves]


def _fading(step, b_z):
    """The public GRU of the notebook's picture, with the same numbers; half as many steps."""
    p = {f"{kind}_{k}": np.zeros(shape) for k in "zrh" for kind, shape in (("W", (1, 1)), ("U", (1, 1)), ("b", 1))}
    p |= {"W_h": np.array([[2.0]]), "b_z": np.array([b_z])}
    h, states = np.zeros(1), []
    for x in [1.0] * 4 + [0.0] * 6:
        h = step(np.array([x]), h, p, convention="keep")
        states.append(h[0])
    return states


# 6. convert_gru --------------------------------------------------------------------------------------------------


@check("convert_gru", points=1)
def test_converted_gru_computes_the_same(student, rng):
    """Twenty random steps: "keep" with your parameters equals "update" with the old ones."""
    _, _, p = _gru(rng, 2, 3)
    found = student.convert_gru(p)
    q = {key: numbers(found[key], value.shape, what=key) for key, value in p.items()}
    steps = [_gru(rng, 2, 3)[:2] for _ in range(20)]
    agree(
        [lstm.gru_step(x, h, q, "keep") for x, h in steps],
        [lstm.gru_step(x, h, p) for x, h in steps],
        what="the states",
    )


@check("convert_gru", points=0.5)
def test_converted_parameters(student, rng):
    """All nine arrays, whatever the number of inputs and units."""
    for d, n in ((3, 2), (3, 3), (1, 2)):
        _, _, p = _gru(rng, d, n)
        agree(student.convert_gru(p), lstm.convert_gru(p))


@check("convert_gru", points=0.5)
def test_converted_gru_with_other_choices(student, rng):
    """Reset after the matrix, sigmoid candidate: the same parameters serve there too."""
    _, _, p = _gru(rng, 3, 2)
    found = student.convert_gru(p)
    q = {key: numbers(found[key], value.shape, what=key) for key, value in p.items()}
    x, h, _ = _gru(rng, 3, 2)
    for choices in (("after", "tanh"), ("before", "sigmoid"), ("after", "sigmoid")):
        agree(lstm.gru_step(x, h, q, "keep", *choices), lstm.gru_step(x, h, p, "update", *choices), what="the state")


@check("convert_gru", takes=0.5)
def test_convert_leaves_its_inputs(student, rng):
    """`convert_gru` does not change its input."""
    untouched(student.convert_gru, _gru(rng, 2, 3)[2])


# 7. train_adding -------------------------------------------------------------------------------------------------

#: Held-out mean squared error up to which a full point, three quarters, a half, a quarter is given: measure_train.md.
LEVELS = (0.01, 0.02, 0.05, 0.10)

#: To try at home instead of a drawn problem: an LSTM has too many numbers.
STEP_TWIN = """
import numpy as np
gates = {f"W_{k}": np.array([[0.5, w]]) for k, w in zip("fioc", [1.0, -1.0, 2.0, 0.5])}
gates |= {f"U_{k}": np.array([[0.5]]) for k in "fioc"} | {f"b_{k}": np.array([0.25]) for k in "fioc"}
X = np.array([[[0.5, 1.0], [0.25, 0.0], [0.75, 1.0]], [[0.5, 0.0], [1.0, 1.0], [0.5, 1.0]]])
new, loss = adding_step(gates | {"w_y": np.array([1.5]), "b_y": 0.5}, X, np.array([2.25, 0.5]), 0.5)
# expected, to four digits: loss 0.8794
# b_y 0.4001, w_y [1.3994], b_c [0.2572], W_f [[0.4951, 0.9809]], U_i [[0.4773]]
"""


def _step(rng, N, T, d, n):
    """Parameters, a batch of sequences and targets that no other row has."""
    p = draw.gated_params(rng, d, n, "fioc") | {"w_y": draw.away_from_zero(rng, n), "b_y": float(rng.uniform(0.5, 1))}
    return p, draw.away_from_zero(rng, N, T, d), rng.permutation(N) + rng.uniform(1, 1.5, size=N)


@check("train_adding", points=0.25, twin=STEP_TWIN)
def test_step_loss(student, rng):
    """`adding_step`: the loss is the mean squared error before the step."""
    for N, T, d, n in ((1, 3, 2, 2), (4, 5, 2, 3), (3, 1, 1, 3)):
        p, X, y = _step(rng, N, T, d, n)
        _, loss = student.adding_step(p, X, y, 0.5)
        agree(loss, lstm.adding_grads(p, X, y)[0], profile="float32", what="the loss")


@check("train_adding", points=0.75, twin=STEP_TWIN)
def test_step_through_time(student, rng):
    """`adding_step`: every parameter moves against its gradient, through all steps back in time."""
    for N, T, d, n in ((1, 3, 2, 2), (4, 6, 2, 3), (3, 3, 3, 3), (2, 2, 1, 1)):
        p, X, y = _step(rng, N, T, d, n)
        lr = float(rng.uniform(0.3, 0.9))
        new, _ = student.adding_step(p, X, y, lr)
        agree(new, lstm.adding_update(p, X, y, lr)[0], profile="float32", what="the new parameters")


@check("train_adding", points=1, twin=None)
def test_train_on_the_adding_problem(student, rng):
    """`train_adding`: mean squared error on 500 fresh sequences of length 20."""
    Xtr, ytr = draw.adding_problem(rng, 1000, 20)
    Xte, yte = draw.adding_problem(rng, 500, 20)
    answer = student.train_adding(Xtr, ytr, Xte, int(rng.integers(2**31)))
    predicted = numbers(answer, shape=(500,), what="the predictions")
    error = float(np.mean((predicted - yte) ** 2))
    # The error itself stays here: over many attempts it would tell about targets that are not the student's.
    told = f"a full point needs a mean squared error of at most {LEVELS[0]:g}.{_slip(predicted, Xte, yte)}"
    award(sum(error <= level for level in LEVELS) / 4, told)


@check("train_adding", takes=0.5, twin=None)
def test_train_is_repeatable(student, rng):
    """`train_adding`: the same seed gives the same predictions, on fewer and shorter sequences too."""
    (Xtr, ytr), (Xte, _), seed = (
        draw.adding_problem(rng, 60, 4),
        draw.adding_problem(rng, 7, 4),
        int(rng.integers(1000)),
    )
    first = numbers(student.train_adding(Xtr, ytr, Xte, seed), shape=(7,), what="the predictions")
    agree(student.train_adding(Xtr, ytr, Xte, seed), first, what="the second run")


@check("train_adding", takes=0.5)
def test_adding_step_leaves_its_inputs(student, rng):
    """`adding_step` does not change its inputs."""
    untouched(student.adding_step, *_step(rng, 3, 3, 2, 2), 0.5)


@check("train_adding", takes=0.5, twin=None)
def test_train_leaves_its_inputs(student, rng):
    """`train_adding` does not change its inputs."""
    (Xtr, ytr), (Xte, _) = draw.adding_problem(rng, 60, 4), draw.adding_problem(rng, 7, 4)
    untouched(student.train_adding, Xtr, ytr, Xte, 3)


def _slip(predicted, X, y):
    """What the predictions themselves give away."""
    if np.ptp(predicted) < 0.1:
        return " Every sequence gets nearly the same answer: do shapes (N, 1) and (N,) meet in your loss?"
    first, second = (np.sum(half[:, :, 0] * half[:, :, 1], axis=1) for half in (X[:, :10], X[:, 10:]))
    seen = [abs(np.corrcoef(predicted, each)[0, 1]) for each in (first, second)]
    if max(seen) < 0.2:
        return " Your answers have nothing to do with the marked values: do rows of X and y still belong together?"
    if seen[0] < 0.3 < 0.7 < seen[1]:
        return " Your answers follow the second number only: the first is forgotten on the way."
    return ""
