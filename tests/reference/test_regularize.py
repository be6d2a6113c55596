"""reference.regularize against PyTorch, finite differences, simulations and the lectures' numbers."""

import numpy as np
import pytest
import torch

from reference import random as draw
from reference import regularize as r


def near(got, expected, rtol=1e-12, atol=1e-14):
    """Closed forms in float64: some units in the 16th digit."""
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=atol)


def fresh(D):
    """Running statistics before the first batch."""
    return {"mean": np.zeros(D), "var": np.ones(D), "count": 0}


# Penalties and dropout -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "theirs"), [("l2", lambda W: (W**2).sum()), ("l1", lambda W: W.abs().sum())])
def test_penalty_is_autograds(kind, theirs, rng):
    """Value and gradients over two layers, one weight exactly 0; the biases are free."""
    params = draw.mlp_params(rng, (3, 4, 2))
    params[0][0][0, 0] = 0.0
    tensors = [torch.from_numpy(W.copy()).requires_grad_() for W, _ in params]
    loss = 0.3 * sum(theirs(W) for W in tensors)
    loss.backward()
    value, grads = r.penalty(params, 0.3, kind)
    near(value, loss.item())
    for (dW, db), (_, b), W in zip(grads, params, tensors, strict=True):
        near(dW, W.grad.numpy())
        assert db.shape == b.shape
        assert not db.any()


def test_penalty_of_the_lecture():
    """W = 2, lam = .1: value .4, gradient .4 (A37); an unknown kind is refused."""
    value, [(dW, _)] = r.penalty([(np.array([[2.0]]), np.array([7.0]))], 0.1)
    near([value, dW[0, 0]], [0.4, 0.4])
    with pytest.raises(ValueError):
        r.penalty([], 0.1, "l3")


def test_dropout_drops_and_rescales():
    """u >= p is kept and divided by 1 - p; u = p itself is kept; nothing happens at inference or for p = 0."""
    x, u = np.array([1.0, 2.0, 3.0, 5.0]), np.array([0.1, 0.4, 0.39, 0.9])
    near(r.dropout(x, u, 0.4), [0, 2 / 0.6, 0, 8.333333333333334])
    near(r.dropout(x, u, 0.4, train=False), x)
    near(r.dropout(x, u, 0.0), x)
    near(r.dropout(np.array([np.inf]), np.array([0.1]), 0.4), [0.0])


def test_dropout_keeps_the_mean(rng):
    """200,000 units of 1 at p = .3: mean 1, its deviation sqrt(p / (1 - p) / n) = .0015; five of them allowed."""
    y = r.dropout(np.ones(200_000), rng.random(200_000), 0.3)
    assert abs(y.mean() - 1) < 5 * np.sqrt(0.3 / 0.7 / 200_000)
    assert abs((y == 0).mean() - 0.3) < 5 * np.sqrt(0.3 * 0.7 / 200_000)


def test_two_kinds_of_dropout_agree():
    """Inverted: the mean in training is x.  Classic: the mean in training is (1 - p) x, the factor of test time."""
    x, u = np.full(1000, 3.0), (np.arange(1000) + 0.5) / 1000
    classic = np.where(u >= 0.2, x, 0.0).mean()
    near(classic, r.dropout_test_factor(0.2) * 3.0)
    near(r.dropout(x, u, 0.2).mean(), 3.0)


# Initialisation --------------------------------------------------------------------------------------------------


def test_glorots_bound():
    """A57's numbers; the bound as printed (E6) is too small by sqrt(fan_in + fan_out)."""
    near(r.glorot_bound(100, 100), 0.173205, rtol=0, atol=5e-7)
    near(r.glorot_bound(784, 32), 0.085749, rtol=0, atol=5e-7)
    near(r.glorot_bound(100, 10), 0.23355, rtol=0, atol=5e-6)
    near(r.glorot_bound(100, 100) / (np.sqrt(6) / 200), np.sqrt(200))
    near(np.sqrt(6) / 816, 0.003002, rtol=0, atol=5e-7)


def test_glorot_is_torchs(rng):
    """The same uniform numbers: torch fills with 2 c u - c in the order of the array."""
    W = torch.empty(30, 20, dtype=torch.float64)
    torch.nn.init.xavier_uniform_(W, generator=torch.Generator().manual_seed(7))
    u = torch.rand(30, 20, dtype=torch.float64, generator=torch.Generator().manual_seed(7)).numpy()
    near(r.glorot_uniform(u, 20, 30), W.numpy())


def test_glorots_variance(rng):
    """2 / (a + b) over 60,000 draws; the variance of a uniform sample has relative deviation sqrt(.8 / n) = .4 %."""
    W = r.glorot_uniform(rng.random((200, 300)), 300, 200)
    assert W.shape == (200, 300)
    assert np.abs(W).max() <= r.glorot_bound(300, 200)
    assert abs(W.var() / (2 / 500) - 1) < 5 * np.sqrt(0.8 / W.size)


def test_printed_bound_kills_the_signal(rng):
    """Ten tanh layers of width 100: deviation of the activations about .2 with the right bound, 1e-11 with E6's (A57)."""
    right = wrong = rng.normal(size=(100, 500))
    for _ in range(10):
        W = r.glorot_uniform(rng.random((100, 100)), 100, 100)
        right, wrong = np.tanh(W @ right), np.tanh(W / np.sqrt(200) @ wrong)
    assert 0.15 < right.std() < 0.3
    assert wrong.std() < 1e-10


# Normalisation ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(4, 3), (2, 1), (7, 2), (3, 2, 4, 5), (1, 3, 2, 2)])
def test_batchnorm_is_torchs(shape, rng):
    """Three batches in training, then one row at inference: values and running statistics."""
    D = shape[1]
    gamma, beta, running = rng.normal(size=D), rng.normal(size=D), fresh(D)
    layer = (torch.nn.BatchNorm1d if len(shape) == 2 else torch.nn.BatchNorm2d)(D, eps=0.1, momentum=0.3)
    layer.double()
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(gamma))
        layer.bias.copy_(torch.from_numpy(beta))
        for _ in range(3):
            x = rng.normal(2.0, 3.0, size=shape)
            y, running = r.batchnorm(x, gamma, beta, running, 0.3, 0.1)
            near(y, layer(torch.from_numpy(x)).numpy())
            near(running["mean"], layer.running_mean.numpy())
            near(running["var"], layer.running_var.numpy())
        layer.eval()
        one = rng.normal(size=(1, *shape[1:]))
        y, after = r.batchnorm(one, gamma, beta, running, 0.3, 0.1, train=False)
        near(y, layer(torch.from_numpy(one)).numpy())
    assert running["count"] == layer.num_batches_tracked == 3
    assert all((after[key] == running[key]).all() for key in ("mean", "var"))


def test_batchnorm_of_the_lecture():
    """x = (1, 2, 3, 6) (A58): xhat, and PyTorch's running statistics .3 and 1.366667; 6.20713 is Q06.6's."""
    x = np.array([[1.0], [2], [3], [6]])
    y, running = r.batchnorm(x, np.ones(1), np.zeros(1), fresh(1), eps=0.0)
    near(y[:, 0], [-1.069045, -0.534522, 0, 1.603567], rtol=0, atol=5e-7)
    near(r.batchnorm_train(x[:, 0]), [-1.069043, -0.534522, 0, 1.603565], rtol=0, atol=6e-7)
    near([running["mean"][0], running["var"][0]], [0.3, 1.366667], rtol=0, atol=5e-7)
    near(r.batchnorm_train(x[:, 0], 2.0, 3.0)[3], 6.20713, rtol=0, atol=5e-6)


def test_average_of_the_batches(rng):
    """Update "average" (Belhafaoui) is PyTorch's momentum=None for the means, and the mean of the biased variances."""
    batches = rng.normal(1.0, 2.0, size=(4, 6, 3))
    running = fresh(3)
    for x in batches:
        y, running = r.batchnorm(x, np.ones(3), np.zeros(3), running, update="average")
        near(y, r.batchnorm(x, np.ones(3), np.zeros(3), fresh(3))[0])
    near(running["mean"], batches.mean(axis=(0, 1)))
    near(running["var"], [np.mean([x[:, d].var() for x in batches]) for d in range(3)])
    layer = torch.nn.BatchNorm1d(3, momentum=None).double()
    for x in batches:
        layer(torch.from_numpy(x))
    near(running["mean"], layer.running_mean.numpy())
    near(running["var"], layer.running_var.numpy() * 5 / 6)


def test_batchnorm_refuses_what_has_no_answer():
    """One value per feature has no unbiased variance; options have two names; the running given is not written to."""
    running = fresh(2)
    with pytest.raises(ValueError):
        r.batchnorm(np.ones((1, 2)), np.ones(2), np.zeros(2), running)
    with pytest.raises(ValueError):
        r.batchnorm(np.ones((3, 2)), np.ones(2), np.zeros(2), running, update="sum")
    r.batchnorm(np.full((3, 2), 5.0), np.ones(2), np.zeros(2), running)
    assert (running["mean"].tolist(), running["var"].tolist(), running["count"]) == ([0, 0], [1, 1], 0)


def test_running_mean_of_the_quiz():
    """Batch means 1 and 8: .89 by PyTorch, 4.5 by the plain average (Q06.7)."""
    near(r.bn_running([1, 8]), 0.89)
    near(r.bn_running([1, 8], "average"), 4.5)


@pytest.mark.parametrize("shape", [(4, 3), (1, 5), (2, 3, 4)])
def test_layernorm_is_torchs(shape, rng):
    """Over the last axis, at any depth of arrays."""
    x, gamma, beta = rng.normal(2.0, 3.0, size=shape), rng.normal(size=shape[-1]), rng.normal(size=shape[-1])
    tensors = [torch.from_numpy(v) for v in (x, gamma, beta)]
    theirs = torch.nn.functional.layer_norm(tensors[0], shape[-1:], tensors[1], tensors[2], eps=0.1)
    near(r.layernorm(x, gamma, beta, 0.1), theirs.numpy())


def test_layernorm_of_the_lecture():
    """Row (0, 1, 2) with eps = 1e-5 (A59), whatever the other rows are."""
    x = np.array([[0.0, 1, 2], [50, -3, 8]])
    near(r.layernorm(x, np.ones(3), np.zeros(3))[0], [-1.224736, 0, 1.224736], rtol=0, atol=5e-7)


def test_numbers_of_statistics():
    """The keepdims shapes of the means themselves: layer norm one per row, batch norm one per feature (Q06.8)."""
    x = np.zeros((17, 115))
    assert r.norm_stats_count(17, 115) == (x.mean(axis=1).size, x.mean(axis=0).size) == (17, 115)


def test_affine_map_onto_a_range():
    """(-1, 1) goes to (lo, hi); ratings 1..5 need gamma 2, beta 3 (A58)."""
    assert r.range_affine(1, 5) == (2, 3)
    gamma, beta = r.range_affine(2, 9)
    near([gamma * -1 + beta, gamma * 1 + beta], [2, 9])
    near([gamma, beta], [3.5, 5.5])


# When to stop ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("val", "patience", "min_delta", "expected"),
    [
        ([9.2, 6.8, 5.8, 6.7, 5.3, 5.0, 6.1, 5.2, 3.5], 2, 0.0, (5, 7)),  # Q06.11: the lower 3.5 is never seen
        ([3.0, 2.0, 1.0], 1, 0.0, (2, 2)),  # never stopped
        ([1.0, 1.0, 1.0, 0.5], 2, 0.0, (0, 2)),  # a plateau is no improvement
        ([1.0, 2.0, 3.0, 4.0], 3, 0.0, (0, 3)),
        ([5.0, np.nan, np.nan, 1.0], 2, 0.0, (0, 2)),  # NaN never improves
        ([np.nan, 5.0, 4.0], 2, 0.0, (2, 2)),
        ([np.nan, np.nan, 1.0], 2, 0.0, (-1, 1)),  # nothing was worth keeping
        ([2.0, 1.75, 1.5, 1.0], 2, 0.5, (0, 2)),  # exactly min_delta better is not enough
        ([2.0, 1.75, 1.25, 1.0], 2, 0.5, (2, 3)),
        ([1.0], 1, 0.0, (0, 0)),
    ],
)
def test_early_stopping(val, patience, min_delta, expected):
    """Best and last epoch, by hand."""
    assert r.early_stopping(val, patience, min_delta) == expected


def test_early_stopping_is_like_ridge(rng):
    """Least squares in two dimensions: gradient descent from 0 and ridge reach these shares of the solution (A62)."""
    eigenvalues, target = np.array([0.5, 8.0]), np.array([3.0, -2.0])
    w = np.zeros(2)
    for _ in range(10):
        w -= 0.1 * eigenvalues * (w - target)
    near(r.gd_shrinkage(eigenvalues, 0.1, 10), w / target)
    ridge = np.linalg.solve(np.diag(eigenvalues) + np.eye(2), eigenvalues * target)
    near(r.ridge_shrinkage(eigenvalues, 1.0), ridge / target)
    near(r.gd_shrinkage(eigenvalues, 0.1, 10), [0.401, 1.000], rtol=0, atol=5e-4)
    near(r.ridge_shrinkage(eigenvalues, 1.0), [0.333, 0.889], rtol=0, atol=5e-4)


# Gradients in depth ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ["sigmoid", "tanh", "relu", "linear"])
@pytest.mark.parametrize("L", [1, 4])
def test_chain_gradients_are_autograds(act, L, rng):
    """The derivative of the last unit by every bias."""
    w, b = rng.normal(size=L), np.abs(rng.normal(size=L))
    biases = torch.from_numpy(b.copy()).requires_grad_()
    a = torch.tensor(0.7, dtype=torch.float64)
    for l in range(L):
        z = w[l] * a + biases[l]
        a = z if act == "linear" else getattr(torch, act)(z)
    a.backward()
    near(r.chain_gradients(w, b, 0.7, act), biases.grad.numpy())


def test_gradients_vanish_as_in_the_lecture():
    """w = 1, b = 0, x = 0: dC/db_1 is .05875 of dC/db_3, at most 1/16 (A56)."""
    grads = r.chain_gradients(np.ones(4), np.zeros(4), 0.0)
    near(grads[0] / grads[2], 0.05875, rtol=0, atol=5e-6)
    assert grads[0] / grads[2] <= 1 / 16
    with pytest.raises(ValueError):
        r.chain_gradients(np.ones(1), np.zeros(1), 0.0, "step")


def test_bound_of_the_first_gradient(rng):
    """(1/4)^L holds for |w| <= 1, is reached where every z is 0, and fails for larger w (E33)."""
    for L in (1, 3, 5):
        w, b = rng.uniform(-1, 1, size=L), rng.normal(size=L)
        assert abs(r.chain_gradients(w, b, 0.3)[0]) <= r.vanishing_bound(L)
        near(r.chain_gradients(np.ones(L), np.array([0.0, *[-0.5] * (L - 1)]), 0.0)[0], r.vanishing_bound(L))
    near(r.vanishing_bound(5), 0.000976562, rtol=1e-6)
    assert r.chain_gradients(np.full(2, 8.0), np.array([0.0, -4.0]), 0.0)[0] > r.vanishing_bound(2)


def test_three_relus_are_one_for_weight_one_only():
    """relu(relu(relu(x))) = relu(x) for w = 1, b = 0 (slope 1); relu(-relu(2)) is dead (A27, E34)."""
    assert r.chain_gradients(np.ones(3), np.zeros(3), 2.0, "relu") == [1.0, 1.0, 1.0]
    assert r.chain_gradients(np.array([1.0, -1.0]), np.zeros(2), 2.0, "relu") == [0.0, 0.0]


# Augmentation ----------------------------------------------------------------------------------------------------


def test_augmentations_by_hand():
    """A 2 x 3 picture, each operation written out; the crop at (pad, pad) is the picture itself."""
    img = np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
    near(r.augment(img, "flip"), [[0.3, 0.2, 0.1], [0.6, 0.5, 0.4]])
    near(r.augment(img, "rot90"), [[0.3, 0.6], [0.2, 0.5], [0.1, 0.4]])
    near(r.augment(img, "crop", pad=1, at=(0, 2)), [[0, 0, 0], [0.2, 0.3, 0]])
    near(r.augment(img, "crop", pad=1, at=(1, 1)), img)
    near(r.augment(img, "crop"), img)
    near(r.augment(img, "grey"), img)
    noise = np.array([[-0.5, 0.1, 0.9], [0, 0, 0]])
    near(r.augment(img, "noise", noise=noise), [[0, 0.3, 1], [0.4, 0.5, 0.6]])


def test_augmentations_of_colour_are_torchs(rng):
    """(H, W, 3) against torch's flips and turns; grey is the same in all three channels and keeps the brightness."""
    img = rng.random((4, 5, 3))
    tensor = torch.from_numpy(img)
    near(r.augment(img, "flip"), torch.flip(tensor, (1,)).numpy())
    near(r.augment(img, "rot90"), torch.rot90(tensor, 1, (0, 1)).numpy())
    padded = torch.nn.functional.pad(tensor.permute(2, 0, 1), (2, 2, 2, 2)).permute(1, 2, 0)
    near(r.augment(img, "crop", pad=2, at=(4, 1)), padded[4:8, 1:6].numpy())
    grey = r.augment(img, "grey")
    assert grey.shape == img.shape
    assert np.ptp(grey, axis=2).max() < 1e-15
    near(grey.mean(axis=2), img.mean(axis=2))


def test_augmentation_gives_a_new_picture(rng):
    """Writing to the result does not reach the original; four quarter turns give it back."""
    img = rng.random((3, 3, 2))
    before = img.copy()
    for op in ("flip", "rot90", "crop", "grey", "noise"):
        r.augment(img, op)[:] = 7.0
        assert (img == before).all()
    turned = img
    for _ in range(4):
        turned = r.augment(turned, "rot90")
    assert (turned == img).all()


@pytest.mark.parametrize(
    ("op", "settings"), [("blur", {}), ("crop", {"pad": 1, "at": (3, 0)}), ("crop", {"at": (-1, 0)})]
)
def test_augmentation_refuses(op, settings):
    """An unknown operation, and a window that leaves the padded picture."""
    with pytest.raises(ValueError):
        r.augment(np.zeros((2, 2)), op, **settings)
