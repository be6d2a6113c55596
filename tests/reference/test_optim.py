"""reference.optim against torch.optim, torch's schedulers and the lectures' numbers."""

import numpy as np
import pytest
import torch

from reference import optim as o

GRADS = (2.0, -1.0, 0.5)  # the gradients of A48 to A53


def near(got, expected, rtol=1e-12, atol=1e-14):
    """A few updates in float64: rounding in the 15th digit or so."""
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=atol)


def path(step, grads, w=0.0, **settings):
    """w after each of the steps."""
    state, ws = {}, []
    for g in grads:
        w, state = step(w, g, state, **settings)
        ws.append(w)
    return np.array(ws)


def torch_path(make, grads, w):
    """The same by an optimiser of PyTorch that is handed these gradients."""
    tensor = torch.from_numpy(w.copy()).requires_grad_()
    optimiser, ws = make([tensor]), []
    for g in grads:
        tensor.grad = torch.from_numpy(np.array(g))
        optimiser.step()
        ws.append(tensor.detach().numpy().copy())
    return np.array(ws)


PAIRS = {
    "heavy": (o.momentum_step, {"lr": 0.1, "beta": 0.8}, lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.8)),
    "nesterov": (
        o.nesterov_step,
        {"lr": 0.1, "beta": 0.8},
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.8, nesterov=True),
    ),
    "adagrad": (o.adagrad_step, {"lr": 0.1, "eps": 0.1}, lambda p: torch.optim.Adagrad(p, lr=0.1, eps=0.1)),
    "rmsprop": (
        o.rmsprop_step,
        {"lr": 0.1, "beta": 0.8, "eps": 0.1},
        lambda p: torch.optim.RMSprop(p, lr=0.1, alpha=0.8, eps=0.1),
    ),
    "adam": (
        o.adam_step,
        {"lr": 0.1, "b1": 0.8, "b2": 0.95, "eps": 0.1},
        lambda p: torch.optim.Adam(p, lr=0.1, betas=(0.8, 0.95), eps=0.1),
    ),
    "adamax": (
        o.adamax_step,
        {"lr": 0.1, "b1": 0.8, "b2": 0.95, "eps": 0.1},
        lambda p: torch.optim.Adamax(p, lr=0.1, betas=(0.8, 0.95), eps=0.1),
    ),
    "adadelta": (
        o.adadelta_step,
        {"lr": 0.5, "rho": 0.8, "eps": 0.1},
        lambda p: torch.optim.Adadelta(p, lr=0.5, rho=0.8, eps=0.1),
    ),
}
DEFAULTS = {
    "adagrad": (o.adagrad_step, torch.optim.Adagrad),
    "adam": (o.adam_step, torch.optim.Adam),
    "adamax": (o.adamax_step, torch.optim.Adamax),
    "adadelta": (o.adadelta_step, torch.optim.Adadelta),
}


@pytest.mark.parametrize("name", PAIRS)
def test_steps_are_torchs(name, rng):
    """Twenty steps of a (3, 2) array from anywhere; eps = 0.1 shows where it stands, one entry has no gradient."""
    step, settings, make = PAIRS[name]
    grads, w = rng.normal(size=(20, 3, 2)), rng.normal(size=(3, 2))
    grads[:, 1, 1] = 0.0
    near(path(step, grads, w, **settings), torch_path(make, grads, w))


@pytest.mark.parametrize("name", DEFAULTS)
def test_defaults_are_torchs(name, rng):
    """The betas and eps that PyTorch has when nothing is said."""
    step, optimiser = DEFAULTS[name]
    grads, w = rng.normal(size=(5, 4)), rng.normal(size=4)
    near(path(step, grads, w, lr=0.1), torch_path(lambda p: optimiser(p, lr=0.1), grads, w))


@pytest.mark.parametrize(
    ("step", "settings", "printed"),
    [
        (o.momentum_step, {"lr": 0.1, "beta": 0.9}, [-0.2, -0.28, -0.402]),
        (o.nesterov_step, {"lr": 0.1, "beta": 0.9}, [-0.38, -0.352, -0.5118]),
        (o.adagrad_step, {"lr": 0.1}, [-0.1, -0.0552786, -0.0771004]),
        (o.rmsprop_step, {"lr": 0.1, "beta": 0.9}, [-0.3162278, -0.1687858, -0.2442494]),
        (o.adam_step, {"lr": 0.1}, [-0.1, -0.1266337, -0.1606766]),
        (o.adadelta_step, {"lr": 1.0}, [-0.0031623, -0.0010771, -0.0022302]),
        (o.adamax_step, {"lr": 0.1}, [-0.1, -0.1210737, -0.1436280]),
    ],
)
def test_numbers_of_the_lectures(step, settings, printed):
    """A48 to A53, with the seven digits printed there."""
    near(path(step, GRADS, **settings), printed, rtol=0, atol=6e-8)


def test_two_forms_of_momentum_are_one(rng):
    """Form "ema" with lr is form "heavy" with lr (1 - beta), at a constant rate (A48); with the same lr they differ."""
    grads = rng.normal(size=(10, 3))
    ema = path(o.momentum_step, grads, lr=0.1, beta=0.7, form="ema")
    near(ema, path(o.momentum_step, grads, lr=o.momentum_equivalent_lr(0.1, 0.7), beta=0.7, form="heavy"))
    assert not np.allclose(ema, path(o.momentum_step, grads, lr=0.1, beta=0.7, form="heavy"))


def test_ema_is_the_weighted_sum(rng):
    """v_t = (1 - beta) sum_j beta^j g_(t-j), so w_n = -lr sum_k (1 - beta^(n-k)) g_k for k = 0 .. n-1."""
    grads = rng.normal(size=6)
    weights = 1 - 0.7 ** np.arange(6, 0, -1)
    near(o.momentum_ema(grads, 0.1, 0.7), -0.1 * weights @ grads)


def test_nesterov_is_the_gradient_ahead():
    """Nesterov's own form takes the gradient at theta - beta u; its look-ahead points are w of PyTorch's form."""
    lr, beta, slope = 0.1, 0.8, 2.0
    theta, u, ahead = 3.0, 0.0, []
    w, state, ws = 3.0, {}, []
    for _ in range(8):
        u = beta * u + lr * slope * (theta - beta * u)
        theta -= u
        ahead.append(theta - beta * u)
        w, state = o.nesterov_step(w, slope * w, state, lr, beta)
        ws.append(w)
    near(ws, ahead)


@pytest.mark.parametrize("g", [3.0, -3.0, 1e-4])
def test_first_step_forgets_the_size_of_the_gradient(g):
    """lr sign g; lr sign g / sqrt(1 - beta) for RMSProp, lr sign g sqrt(1 - beta) for the simple Adam (A52, E39)."""
    sign = np.sign(g)
    near(o.adagrad([g], 0.1), -0.1 * sign)
    near(o.adam([g], 0.1), -0.1 * sign)
    near(o.rmsprop([g], 0.1, 0.9), -0.1 * sign / np.sqrt(0.1))
    near(o.adam_simple([g], 0.1, 0.9), -0.1 * sign * np.sqrt(0.1))
    near(o.adam_simple([2.0], 0.1, 0.9), -0.0316, rtol=0, atol=5e-5)


def test_simple_adam_has_one_beta():
    """m and s with the same weights, nothing divided by 1 - beta^t: two steps by hand; b2 has no say."""
    m1, s1 = 0.2 * 2.0, 0.2 * 4.0
    m2, s2 = 0.2 * -1.0 + 0.8 * m1, 0.2 * 1.0 + 0.8 * s1
    expected = -0.1 * (m1 / (np.sqrt(s1) + 0.1) + m2 / (np.sqrt(s2) + 0.1))
    near(o.adam_simple([2.0, -1.0], 0.1, 0.8, eps=0.1), expected)
    for b2 in (0.5, 0.999):
        near(path(o.adam_step, [2.0, -1.0], lr=0.1, b1=0.8, b2=b2, eps=0.1, variant="simple")[-1], expected)


def test_adagrads_rate_after_equal_gradients():
    """The t-th of t equal gradients moves w by adagrad_rate times g."""
    ws = path(o.adagrad_step, [-3.0] * 7, lr=0.1, eps=0.0)
    near(ws[6] - ws[5], -o.adagrad_rate(0.1, -3.0, 7) * -3.0)
    near(o.adagrad_rate(0.1, 3, 7), 0.0125988, rtol=0, atol=5e-8)


@pytest.mark.parametrize(("step", "settings"), [(s, k) for s, k, _ in PAIRS.values()])
def test_step_leaves_what_it_is_given(step, settings, rng):
    """w, g and the old state stay as they were, so a step can be taken again; integers are numbers too."""
    w, g = np.array([1, 2]), np.array([3, -4])
    _, state = step(w, g, {}, **settings)
    kept = {key: np.copy(value) for key, value in state.items()}
    first, _ = step(w, g, state, **settings)
    again, _ = step(w, g, state, **settings)
    near(first, again)
    assert w.tolist() == [1, 2]
    assert g.tolist() == [3, -4]
    assert all((state[key] == kept[key]).all() for key in kept)


def test_weight_decay_is_the_gradient_of_the_penalty(rng):
    """PyTorch's weight_decay is that of lam/2 w^2: 2 lam there is lam here.  2.84 is Q06.3's."""
    w, g = rng.normal(size=(3, 2)), rng.normal(size=(3, 2))
    theirs = torch_path(lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.6), [g], w)[0]
    near(o.sgd_l2_step(w, g, 0.1, 0.3), theirs)
    near(o.sgd_l2_step(np.array([3.0, -5.0]), 1.0, 0.1, 0.1)[0], 2.84)


@pytest.mark.parametrize(
    ("got", "printed"),
    [
        (lambda: o.momentum_ema([2.0, -2.0], 0.1, 0.9), -0.018),
        (lambda: o.momentum_heavy([4.0, -1.0], 0.1, 0.8), -0.62),
        (lambda: o.momentum_equivalent_lr(0.01, 0.8), 0.002),
        (lambda: abs(o.adam([2.0], 0.01)), 0.01),
        (lambda: abs(o.adam_simple([2.0], 0.01, 0.99)), 0.001),
        (lambda: o.adagrad([2.0, -2.0], 0.1), -0.0292893),
        (lambda: o.rmsprop([1.0, -3.0], 0.1, 0.8), -0.00932108),
        (lambda: o.discriminative_lrs(0.01, 3, 5)[0], 0.000123457),
        (lambda: o.step_decay(0.1, 0.1, 5, 28), 1e-06),
    ],
)
def test_samples_of_the_quiz(got, printed):
    """Q05.1 to Q05.10, with the six digits printed there."""
    near(got(), printed, rtol=3e-6)


def scheduler_path(make, lr0, epochs):
    """The rates that a scheduler of PyTorch sets, epoch by epoch."""
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr0)
    scheduler, rates = make(optimiser), []
    for _ in range(epochs):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
    return rates


S = torch.optim.lr_scheduler


@pytest.mark.parametrize(
    ("name", "settings", "make", "epochs"),
    [
        ("step", {"gamma": 0.5, "every": 3}, lambda opt: S.StepLR(opt, 3, 0.5), 12),
        ("exponential", {"gamma": 0.8}, lambda opt: S.ExponentialLR(opt, 0.8), 12),
        ("inverse", {"gamma": 0.3}, lambda opt: S.LambdaLR(opt, lambda t: 1 / (1 + 0.3 * t)), 12),
        ("cosine", {"T": 11, "lr_min": 0.02}, lambda opt: S.CosineAnnealingLR(opt, 11, 0.02), 12),
        ("warmup", {"warmup": 4}, lambda opt: S.LinearLR(opt, 1 / 4, 1.0, 3), 12),
    ],
)
def test_schedules_are_torchs(name, settings, make, epochs):
    """From epoch 0 over the boundary and beyond; PyTorch multiplies its way up, hence a little rounding."""
    expected = scheduler_path(make, 0.4, epochs)
    near([o.lr_schedule(name, 0.4, t, **settings) for t in range(epochs)], expected, rtol=1e-10)
    near(o.lr_schedule(name, 0.4, np.arange(epochs), **settings), expected, rtol=1e-10)


def test_boundary_epochs():
    """The step falls at `every`, not before; the cosine ends at T and stays; the warm-up is full in epoch warmup - 1."""
    assert [o.lr_schedule("step", 8.0, t, gamma=0.5, every=10) for t in (0, 9, 10, 19, 20)] == [8, 8, 4, 4, 2]
    near([o.lr_schedule("cosine", 1.0, t, T=10, lr_min=0.2) for t in (0, 5, 10, 15)], [1.0, 0.6, 0.2, 0.2])
    near([o.lr_schedule("warmup", 1.0, t, warmup=4) for t in (0, 2, 3, 4, 50)], [0.25, 0.75, 1, 1, 1])
    near([o.lr_schedule("warmup", 1.0, t, warmup=1) for t in (0, 1)], [1, 1])


def test_early_layers_get_small_rates():
    """The last layer keeps lr, each one below has it divided once more; one layer keeps lr."""
    near(o.discriminative_lrs(0.08, 2, 4), [0.01, 0.02, 0.04, 0.08])
    near(o.discriminative_lrs(0.08, 2, 1), [0.08])


def test_unknown_names_are_refused():
    """A misspelt option is an error, not a default."""
    with pytest.raises(ValueError):
        o.momentum_step(0.0, 1.0, {}, 0.1, form="classic")
    with pytest.raises(ValueError):
        o.adam_step(0.0, 1.0, {}, 0.1, variant="amsgrad")
    with pytest.raises(ValueError):
        o.lr_schedule("poly", 0.1, 0)
