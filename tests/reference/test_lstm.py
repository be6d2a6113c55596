"""reference.lstm and its torch twin against PyTorch's own layers, finite differences and the lectures' numbers."""

import numpy as np
import pytest
import torch

from reference import lstm, lstm_torch
from reference import random as draw
from reference.mlp import numeric_grad

SHAPES = [(3, 2), (2, 4), (3, 3), (1, 1)]


def near(got, expected, rtol=1e-12, atol=1e-13):
    """Closed forms and short recurrences in float64: rounding in the 15th digit."""
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=atol)


def halves(gates):
    """One input, one unit, every weight one half, no bias."""
    p = {f"{kind}_{k}": np.full((1, 1), 0.5) for k in gates for kind in "WU"}
    return p | {f"b_{k}": np.zeros(1) for k in gates}


def torch_lstm(p, X, h=None, c=None):
    """All states by torch.nn.LSTM, its weights copied gate by gate: H, last h, last c."""
    n, d = p["W_f"].shape
    layer = torch.nn.LSTM(d, n, dtype=torch.float64)
    with torch.no_grad():
        layer.bias_hh_l0.zero_()
        for at, k in enumerate("ifco"):
            rows = slice(at * n, (at + 1) * n)
            layer.weight_ih_l0[rows] = torch.from_numpy(p[f"W_{k}"])
            layer.weight_hh_l0[rows] = torch.from_numpy(p[f"U_{k}"])
            layer.bias_ih_l0[rows] = torch.from_numpy(p[f"b_{k}"])
        start = None if h is None else (torch.from_numpy(h)[None], torch.from_numpy(c)[None])
        H, (h, c) = layer(torch.from_numpy(X), start)
    return H.numpy(), h[0].numpy(), c[0].numpy()


def problem(rng, d, n, T=6):
    """X, parameters, h0 and c0."""
    p = draw.gated_params(rng, d, n, "fioc")
    return draw.away_from_zero(rng, T, d), p, draw.away_from_zero(rng, n), draw.away_from_zero(rng, n)


# LSTM ------------------------------------------------------------------------------------------------------------


def test_golden_run_of_the_lectures():
    """A96: two steps with every weight one half, ten digits as printed there."""
    printed = {"rtol": 0, "atol": 5e-11}
    H, h, c = lstm.lstm_forward(np.ones((2, 1)), halves("fioc"))
    near(H[:, 0], [0.1742697187, 0.3090589306], **printed)
    near(h, [0.3090589306], **printed)
    near(c, [0.5241157234], **printed)
    near(lstm.lstm_forward(np.ones((1, 1)), halves("fioc"))[2], [0.2876491366], **printed)


def test_the_slides_builds_give_other_numbers():
    """A97, E19: f c + g without the input gate, o c without tanh, as printed there to seven digits."""
    p, h, c, found = halves("fioc"), np.zeros(1), np.zeros(1), []
    for _ in range(2):
        step = lstm.lstm_step(np.ones(1), h, c, p)
        c = step["f"] * c + step["g"]
        h = step["o"] * c
        found.append(h[0])
    near(found, [0.2876491, 0.5706954], rtol=0, atol=5e-8)


@pytest.mark.parametrize(("d", "n"), SHAPES)
def test_the_lstm_is_torchs(d, n, rng):
    """All states, from zero and from a given start."""
    X, p, h, c = problem(rng, d, n)
    for ours, theirs in zip(lstm.lstm_forward(X, p), torch_lstm(p, X), strict=True):
        near(ours, theirs)
    for ours, theirs in zip(lstm.lstm_forward(X, p, h, c), torch_lstm(p, X, h, c), strict=True):
        near(ours, theirs)


def test_each_start_is_zero_by_itself(rng):
    """h0 alone leaves c at zero, c0 alone leaves h at zero."""
    X, p, h, c = problem(rng, 2, 3)
    for ours, start in (({"h0": h}, (h, 0 * c)), ({"c0": c}, (0 * h, c))):
        near(lstm.lstm_forward(X, p, **ours)[0], torch_lstm(p, X, *start)[0])


def test_the_step_in_its_parts(rng):
    """gate, cell_update and output are what a step is made of."""
    X, p, h, c = problem(rng, 3, 2)
    step = lstm.lstm_step(X[0], h, c, p)
    near(step["f"], lstm.gate(p["W_f"] @ X[0] + p["U_f"] @ h + p["b_f"]))
    near(step["c"], lstm.cell_update(step["f"], step["i"], step["g"], c))
    near(step["h"], lstm.output(step["o"], step["c"]))


def test_gates_at_their_ends(rng):
    """f = 1 and i = 0 copy the cell; o = 0 hides it and keeps it; pre-activations of 1000 are no trouble."""
    X, p, h, c = problem(rng, 2, 3)
    for far in (50.0, 1000.0):
        wide = p | {"b_f": np.full(3, far), "b_i": np.full(3, -far), "b_o": np.full(3, -far)}
        step = lstm.lstm_step(X[0], h, c, wide)
        near(step["c"], c)
        near(step["h"], np.zeros(3))


def test_quiz_numbers():
    """Q11.2, Q11.3, Q11.4, Q11.5, as printed there."""
    assert lstm.cell_update(0.9, 0.7, -0.5, 2.0) == pytest.approx(1.45, rel=1e-12)
    assert lstm.output(0.8, 1.5) == pytest.approx(0.724119, abs=5e-7)
    assert lstm.gate(-2.0 + 1.0) == pytest.approx(0.268941, abs=5e-7)
    assert lstm.cell_path_gradient(0.9, 15) == pytest.approx(0.205891, abs=5e-7)


def test_the_cell_path_gradient_is_a_derivative(rng):
    """With gates that see nothing of the state, dc_T / dc_0 is f^T: autograd through T steps."""
    f, T = 0.8, 7
    c = c0 = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    for g in rng.normal(size=T):
        c = f * c + 0.4 * g
    c.backward()
    assert lstm.cell_path_gradient(f, T) == pytest.approx(c0.grad.item(), rel=1e-12)


@pytest.mark.parametrize(("d", "n"), SHAPES)
def test_pytorch_takes_the_weights(d, n, rng):
    """torch.nn.LSTM loads to_pytorch's arrays and gives our states; pytorch_forward is that layer, both biases in use."""
    X, p, _, _ = problem(rng, d, n)
    layer = torch.nn.LSTM(d, n, dtype=torch.float64)
    q = lstm.to_pytorch(p)
    layer.load_state_dict({f"{key}_l0": torch.from_numpy(value) for key, value in q.items()})
    near(layer(torch.from_numpy(X))[0].detach().numpy(), lstm.lstm_forward(X, p)[0])
    near(q["bias_hh"], np.zeros(4 * n))
    q["bias_hh"] = draw.away_from_zero(rng, 4 * n)
    layer.load_state_dict({f"{key}_l0": torch.from_numpy(value) for key, value in q.items()})
    near(layer(torch.from_numpy(X))[0].detach().numpy(), lstm.pytorch_forward(X, q))


# Variants --------------------------------------------------------------------------------------------------------


def test_coupled_golden_run():
    """A99: h after two steps, seven digits as printed there."""
    p, h, c, found = halves("foc"), np.zeros(1), np.zeros(1), []
    for _ in range(2):
        step = lstm.lstm_variant_step(np.ones(1), h, c, p, "coupled")
        h, c = step["h"], step["c"]
        found.append(h[0])
    near(found, [0.1075106, 0.1817843], rtol=0, atol=5e-8)


def test_variants_by_the_plain_step(rng):
    """A peephole is a bias that depends on the cell; a coupled input gate is the forget gate with all signs turned."""
    X, p, h, c = problem(rng, 3, 2)
    x, V = X[0], {f"V_{k}": draw.away_from_zero(rng, 2, 2) for k in "fio"}
    seen = p | {"b_f": p["b_f"] + V["V_f"] @ c, "b_i": p["b_i"] + V["V_i"] @ c}
    seen["b_o"] = p["b_o"] + V["V_o"] @ lstm.lstm_step(x, h, c, seen)["c"]
    turned = p | {f"{kind}_i": -p[f"{kind}_f"] for kind in "WUb"}
    bare = {key: value for key, value in p.items() if not key.endswith("_i")}
    for found, expected in (
        (lstm.lstm_variant_step(x, h, c, p | V, "peephole"), lstm.lstm_step(x, h, c, seen)),
        (lstm.lstm_variant_step(x, h, c, bare, "coupled"), lstm.lstm_step(x, h, c, turned)),
    ):
        assert set(found) == set(expected)
        for key, value in expected.items():
            near(found[key], value)


def test_linear_output(rng):
    """tanh(h / o) undoes nothing here: the plain h is o tanh of what the linear variant shows, over o."""
    X, p, h, c = problem(rng, 3, 2)
    plain, linear = lstm.lstm_step(X[0], h, c, p), lstm.lstm_variant_step(X[0], h, c, p, "linear_out")
    near(plain["h"], linear["o"] * np.tanh(linear["h"] / linear["o"]))
    near(plain["c"], linear["c"])


# GRU -------------------------------------------------------------------------------------------------------------


def test_golden_steps_of_the_lectures():
    """A100: x = 1, h = .5, every weight one half; eight digits, the last of which is printed one too high for "keep"."""
    p, x, h = halves("zrh"), np.ones(1), np.full(1, 0.5)
    printed = {"rtol": 0, "atol": 1e-8}
    near(lstm.gru_step(x, h, p), [0.55762478], **printed)
    near(lstm.gru_step(x, h, p, "keep"), [0.52722003], **printed)
    near(lstm.gru_step(x, h, p, "keep", candidate="sigmoid"), [0.55179890], **printed)


@pytest.mark.parametrize(("d", "n"), SHAPES)
def test_the_gru_is_torchs(d, n, rng):
    """ "keep" with "after" is torch.nn.GRUCell whose candidate has its bias in bias_hh."""
    p, x, h = draw.gated_params(rng, d, n, "zrh"), draw.away_from_zero(rng, d), draw.away_from_zero(rng, n)
    cell = torch.nn.GRUCell(d, n, dtype=torch.float64)
    with torch.no_grad():
        cell.bias_ih.zero_()
        for at, k in enumerate("rzh"):
            rows = slice(at * n, (at + 1) * n)
            cell.weight_ih[rows] = torch.from_numpy(p[f"W_{k}"])
            cell.weight_hh[rows] = torch.from_numpy(p[f"U_{k}"])
            cell.bias_hh[rows] = torch.from_numpy(p[f"b_{k}"])
        theirs = cell(torch.from_numpy(x)[None], torch.from_numpy(h)[None])[0].numpy()
    near(lstm.gru_step(x, h, p, "keep", "after"), theirs)


def test_reset_before_the_matrix(rng):
    """With U_h diagonal and b_h = 0 before and after are the same; with a full matrix they are not."""
    p, x, h = draw.gated_params(rng, 2, 3, "zrh"), draw.away_from_zero(rng, 2), draw.away_from_zero(rng, 3)
    apart = lstm.gru_step(x, h, p) - lstm.gru_step(x, h, p, reset="after")
    assert np.abs(apart).max() > 1e-3
    p |= {"U_h": np.diag(draw.away_from_zero(rng, 3)), "b_h": np.zeros(3)}
    near(lstm.gru_step(x, h, p), lstm.gru_step(x, h, p, reset="after"))


def test_quiz_numbers_of_the_gru():
    """Q11.6, Q11.7, Q11.9 by biases alone: z, r and the candidate are set, the mixture is as printed there."""

    def step(z, h, new, convention):
        """A GRU with one unit whose gate and candidate have these values."""
        p = {f"{kind}_{k}": np.zeros((1, 1)) for k in "zrh" for kind in "WU"} | {"b_r": np.zeros(1)}
        p |= {"b_z": np.log([z / (1 - z)]), "b_h": np.arctanh([new])}
        return lstm.gru_step(np.zeros(1), np.array([h]), p, convention)[0]

    assert step(0.2, 1.0, 0.5, "update") == pytest.approx(0.9, rel=1e-9)
    # tanh cannot reach -1; this near to it the printed -0.7 shows to nine digits.
    assert step(0.1, 2.0, -1 + 1e-12, "keep") == pytest.approx(-0.7, rel=1e-9)
    p = {f"{kind}_{k}": np.zeros((1, 1)) for k in "zrh" for kind in "WU"} | {f"b_{k}": np.zeros(1) for k in "zr"}
    p |= {"U_h": np.array([[2.0]]), "b_h": np.ones(1)}
    # z = r = .5: after gives r (u h + b) = 3.5, before u r h + b = 4.
    for reset, a in (("after", 3.5), ("before", 4.0)):
        near(lstm.gru_step(np.zeros(1), np.array([3.0]), p, reset=reset), [1.5 + 0.5 * np.tanh(a)])


def test_conversion_between_the_conventions(rng):
    """Twenty random steps, all four other choices: "keep" with the converted parameters equals "update"."""
    for _ in range(20):
        p, x, h = draw.gated_params(rng, 2, 3, "zrh"), draw.away_from_zero(rng, 2), draw.away_from_zero(rng, 3)
        for reset in ("before", "after"):
            for candidate in ("tanh", "sigmoid"):
                converted = lstm.gru_step(x, h, lstm.convert_gru(p), "keep", reset, candidate)
                near(converted, lstm.gru_step(x, h, p, "update", reset, candidate))


# Counting --------------------------------------------------------------------------------------------------------


def test_parameters_are_counted():
    """A96, A100 and Q11: 117,248; 134,964; PyTorch's 144 and 108; the lectures' GRU 96."""
    assert lstm.param_count("lstm", 100, 128) == 117_248
    assert lstm.param_count("lstm", 43, 163) == 134_964
    assert lstm.param_count("lstm", 3, 4, biases=2) == 144
    assert lstm.param_count("gru", 3, 4) == 96
    assert lstm.param_count("gru", 3, 4, biases=2) == 108
    extra = [
        lstm.param_count("lstm", 5, 20, peephole=kind) - lstm.param_count("lstm", 5, 20)
        for kind in ("full", "diagonal")
    ]
    assert extra == [1200, 60]


@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize(("layers", "bidirectional"), [(1, False), (3, False), (1, True), (2, True)])
def test_parameters_are_torchs(kind, layers, bidirectional):
    """PyTorch's own layers, stacked and in both directions, have as many."""
    layer = getattr(torch.nn, kind.upper())(3, 4, num_layers=layers, bidirectional=bidirectional)
    theirs = sum(each.numel() for each in layer.parameters())
    assert lstm.param_count(kind, 3, 4, biases=2, layers=layers, bidirectional=bidirectional) == theirs


# The adding problem ----------------------------------------------------------------------------------------------


def adding(rng, N=4, T=5, d=2, n=3):
    """Parameters with a readout, sequences and targets."""
    p = draw.gated_params(rng, d, n, "fioc") | {"w_y": draw.away_from_zero(rng, n), "b_y": 0.7}
    return p, draw.away_from_zero(rng, N, T, d), rng.normal(size=N)


def test_the_batch_is_sequence_by_sequence(rng):
    """adding_forward reads each sequence as lstm_forward does."""
    p, X, _ = adding(rng)
    near(lstm.adding_forward(p, X)[0], [lstm.lstm_forward(x, p)[1] @ p["w_y"] + p["b_y"] for x in X])


@pytest.mark.parametrize(("N", "T", "d", "n"), [(4, 6, 2, 3), (1, 1, 1, 1), (3, 3, 3, 3)])
def test_backpropagation_through_time_is_autograds(N, T, d, n, rng):
    """Loss and all gradients by torch.nn.LSTM and autograd; rounding grows a little over the steps."""
    p, X, y = adding(rng, N, T, d, n)
    layer = torch.nn.LSTM(d, n, batch_first=True, dtype=torch.float64)
    layer.load_state_dict({f"{key}_l0": torch.from_numpy(value) for key, value in lstm.to_pytorch(p).items()})
    w_y, b_y = (
        torch.from_numpy(p["w_y"].copy()).requires_grad_(),
        torch.tensor(p["b_y"], dtype=torch.float64, requires_grad=True),
    )
    loss = ((layer(torch.from_numpy(X))[1][0][0] @ w_y + b_y - torch.from_numpy(y)) ** 2).mean()
    loss.backward()
    found, grads = lstm.adding_grads(p, X, y)
    assert found == pytest.approx(loss.item(), rel=1e-12)
    stacked = lstm.to_pytorch({key: grads[key] for key in grads if not key.endswith("_y")})
    for key in ("weight_ih", "weight_hh", "bias_ih"):
        near(stacked[key], getattr(layer, f"{key}_l0").grad.numpy(), rtol=1e-9)
    near(grads["w_y"], w_y.grad.numpy(), rtol=1e-9)
    near(grads["b_y"], b_y.grad.item(), rtol=1e-9)


def test_backpropagation_through_time_is_finite_differences(rng):
    """Centred differences with h = 1e-5, from a given start too: their own error is about 1e-9."""
    p, X, y = adding(rng, N=2, T=3, n=2)
    for start in ((), (draw.away_from_zero(rng, 2, 2), draw.away_from_zero(rng, 2, 2))):
        _, grads = lstm.adding_grads(p, X, y, *start)
        for key in ("W_f", "U_i", "b_o", "U_c", "w_y"):
            numeric = numeric_grad(
                lambda v, key=key, start=start: lstm.adding_grads(p | {key: v}, X, y, *start)[0], p[key]
            )
            near(grads[key], numeric, rtol=0, atol=1e-8)


def test_the_torch_twin_takes_the_same_step(rng):
    """adding_step in torch and adding_update by hand."""
    p, X, y = adding(rng)
    before = {key: np.copy(value) for key, value in p.items()}
    new, loss = lstm_torch.adding_step(p, X, y, 0.3)
    expected, before_the_step = lstm.adding_update(p, X, y, 0.3)
    assert loss == pytest.approx(before_the_step, rel=1e-12)
    assert set(new) == set(expected)
    for key, value in expected.items():
        near(new[key], value, rtol=1e-10)
        assert (p[key] == before[key]).all()


def test_training_learns_to_add():
    """Fresh sums are learnt: 50 seeds stay below 0.01 (measure_train.md). Guessing costs 1/6, forgetting one number 1/12."""
    rng = np.random.default_rng(5)
    (Xtr, ytr), (Xte, yte) = draw.adding_problem(rng, 1000, 20), draw.adding_problem(rng, 500, 20)
    assert np.mean((lstm_torch.train_adding(Xtr, ytr, Xte, 1) - yte) ** 2) < 0.01
    small = (Xtr[:60, :5], ytr[:60], Xte[:3, :5])
    assert (lstm_torch.train_adding(*small, 1) == lstm_torch.train_adding(*small, 1)).all()
    assert (lstm_torch.train_adding(*small, 1) != lstm_torch.train_adding(*small, 2)).any()


# Inputs ----------------------------------------------------------------------------------------------------------


def test_gated_params(rng):
    """All arrays of the gates asked for, in their shapes, nothing near zero."""
    p = draw.gated_params(rng, 3, 2, "fioc", "fio")
    assert {key: value.shape for key, value in p.items()} == {
        **{f"W_{k}": (2, 3) for k in "fioc"},
        **{f"U_{k}": (2, 2) for k in "fioc"},
        **{f"b_{k}": (2,) for k in "fioc"},
        **{f"V_{k}": (2, 2) for k in "fio"},
    }
    # 0.1 over the root of d, the largest divisor there is.
    assert min(np.abs(value).min() for value in p.values()) >= 0.1 / np.sqrt(3)


@pytest.mark.parametrize("T", [2, 5, 20])
def test_adding_problem(T):
    """One mark in each half, targets the sums of the marked values, guessing 1 costs about 1/6."""
    X, y = draw.adding_problem(np.random.default_rng(3), 4000, T)
    values, marks = X[..., 0], X[..., 1]
    assert set(np.unique(marks)) <= {0.0, 1.0}
    assert (marks[:, : T // 2].sum(axis=1) == 1).all()
    assert (marks[:, T // 2 :].sum(axis=1) == 1).all()
    assert values.min() >= 0
    assert values.max() < 1
    near(y, np.where(marks == 1, values, 0).sum(axis=1))
    # The mean of 4000 squares of deviation 0.17 or so: 0.005 is two of its own deviations.
    np.testing.assert_allclose(np.mean((y - 1) ** 2), 1 / 6, atol=0.01)
