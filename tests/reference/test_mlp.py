"""reference.mlp against PyTorch's autograd, finite differences and the lectures' numbers."""

import numpy as np
import pytest
import torch

from reference import mlp
from reference import random as draw
from reference.losses import cross_entropy


def near(got, expected, rtol=1e-10, atol=1e-12):
    """A few layers in float64: rounding in the 14th digit or so."""
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=atol)


def autograd(params, X, P, lam=0.0):
    """Loss and gradients by PyTorch."""
    tensors = [[torch.from_numpy(part.copy()).requires_grad_() for part in layer] for layer in params]
    Y = torch.from_numpy(X)
    for W, b in tensors[:-1]:
        Y = torch.relu(Y @ W.T + b)
    W, b = tensors[-1]
    loss = torch.nn.functional.cross_entropy(Y @ W.T + b, torch.from_numpy(P))
    loss = loss + lam * sum((W**2).sum() for W, _ in tensors)
    loss.backward()
    return loss.item(), [tuple(part.grad.numpy() for part in layer) for layer in tensors]


def test_golden_example_of_the_lecture():
    """A40, with the eight digits printed there."""
    W1, b1 = np.array([[1, -1], [0.5, 1]]), np.array([0.0, -1])
    W2, b2 = np.array([[1.0, 2], [0, -1], [1, 1]]), np.array([0, 0.5, -0.5])
    X, P = np.array([[1.0, 2]]), np.array([[0.0, 1, 0]])
    out = mlp.mlp_grads([(W1, b1), (W2, b2)], X, P)
    (dW1, db1), (dW2, db2) = out["grads"]
    printed = {"rtol": 0, "atol": 5e-9}
    near(mlp.forward([(W1, b1), (W2, b2)], X), [[3, -1, 1]])
    near(out["loss"], 4.14293163, **printed)
    near(db2, [0.86681333, -0.98412376, 0.11731043], **printed)
    near(dW2, [[0, 1.30022], [0, -1.47618564], [0, 0.17596564]], **printed)
    near(db1, [0, 2.83506085], **printed)
    near(dW1, [[0, 0], [2.83506085, 5.6701217]], **printed)
    back = mlp.linear_backward(np.array([db2]), W2, np.array([[0, 1.5]]))
    near(back["dY"], [[0.98412376, 2.83506085]], **printed)
    near(mlp.linear_backward(np.array([db1]), W1, X)["dY"], [[1.41753043, 2.83506085]], **printed)


def test_softmax_gradient_without_rows_that_sum_to_one():
    """z = (1, 2, 3), P = (.2, .2, .2): S sum P - P, not S - P (A39, E47), with the digits printed there."""
    z, P = np.array([[1.0, 2, 3]]), np.full((1, 3), 0.2)
    near(mlp.softmax_ce_grad(z, P), [[-0.1460, -0.0532, 0.1991]], rtol=0, atol=5e-5)


@pytest.mark.parametrize("targets", [draw.one_hot, draw.soft_targets, draw.weighted_targets])
def test_softmax_gradient_is_autograds(targets, rng):
    """Labels, soft labels, and rows that sum to anything."""
    Y, P = draw.logits(rng, 4, 3), targets(rng, 4, 3)
    tensor = torch.from_numpy(Y.copy()).requires_grad_()
    torch.nn.functional.cross_entropy(tensor, torch.from_numpy(P)).backward()
    near(mlp.softmax_ce_grad(Y, P), tensor.grad.numpy())


def test_relu_gate_at_zero():
    """1 in the lecture, 0 in PyTorch (E48), and any number between."""
    dY, Yt = np.array([5.0, -6, 7]), np.array([-1.0, 2, 0])
    tensor = torch.from_numpy(Yt.copy()).requires_grad_()
    torch.relu(tensor).backward(torch.from_numpy(dY))
    near(mlp.relu_backward(dY, Yt, at_zero=0.0), tensor.grad.numpy())
    near(mlp.relu_backward(dY, Yt), [0, -6, 7])
    near(mlp.relu_backward(dY, Yt, 0.5), [0, -6, 3.5])


@pytest.mark.parametrize(("N", "o", "i"), [(1, 2, 3), (4, 1, 3), (4, 3, 1), (3, 3, 3)])
def test_linear_backward_is_autograds(N, o, i, rng):
    """Every shape that an exercise may meet."""
    dYt, W, Y = rng.normal(size=(N, o)), rng.normal(size=(o, i)), rng.normal(size=(N, i))
    tensors = [torch.from_numpy(x.copy()).requires_grad_() for x in (W, Y, np.zeros(o))]
    torch.nn.functional.linear(tensors[1], tensors[0], tensors[2]).backward(torch.from_numpy(dYt))
    back = mlp.linear_backward(dYt, W, Y)
    for name, tensor in zip(("dW", "dY", "db"), tensors, strict=True):
        near(back[name], tensor.grad.numpy())


@pytest.mark.parametrize("sizes", [(3, 2), (3, 4, 2), (3, 5, 4, 4, 3)])
@pytest.mark.parametrize("lam", [0.0, 0.3])
def test_gradients_are_autograds(sizes, lam, rng):
    """One, two and four layers, with and without penalty."""
    params, X = draw.mlp_params(rng, sizes), rng.normal(size=(6, sizes[0]))
    P = draw.soft_targets(rng, 6, sizes[-1])
    loss, grads = autograd(params, X, P, lam)
    out = mlp.mlp_grads(params, X, P, lam)
    near(out["loss"], loss)
    for ours, theirs in zip(out["grads"], grads, strict=True):
        for mine, expected in zip(ours, theirs, strict=True):
            near(mine, expected)


def test_gradients_are_finite_differences(rng):
    """Centred differences with h = 1e-5: their own error is about 1e-9."""
    params, X, P = draw.mlp_params(rng, (2, 3, 2)), rng.normal(size=(4, 2)), draw.one_hot(rng, 4, 2)
    for l, k in ((0, 0), (0, 1), (1, 0), (1, 1)):

        def loss(part, l=l, k=k):
            layer = tuple(part if at == k else old for at, old in enumerate(params[l]))
            return mlp.mlp_grads([*params[:l], layer, *params[l + 1 :]], X, P, 0.1)["loss"]

        ours = mlp.mlp_grads(params, X, P, 0.1)["grads"][l][k]
        near(ours, mlp.numeric_grad(loss, params[l][k]), rtol=0, atol=1e-8)


def test_numeric_grad_of_a_known_function():
    """The gradient of sum x^3 is 3 x^2; the error of centred differences is h^2 = 1e-10 there, plus rounding."""
    x = np.array([[1.0, -2.0], [0.5, 3.0]])
    near(mlp.numeric_grad(lambda v: float((v**3).sum()), x), 3 * x**2, rtol=0, atol=1e-8)


def test_numeric_grad_costs_two_evaluations_per_parameter():
    """numeric_grad_cost tells what numeric_grad does."""
    calls = []
    mlp.numeric_grad(lambda v: float(len(calls.append(1) or calls)), np.zeros((3, 4)))
    assert len(calls) == mlp.numeric_grad_cost(12) == 24


def test_training_is_torchs_sgd(rng):
    """Fifty updates of torch.optim.SGD, losses before each; rounding grows a little over the steps."""
    params, X, P = draw.mlp_params(rng, (3, 5, 3)), rng.normal(size=(20, 3)), draw.one_hot(rng, 20, 3)
    batches = draw.batches(rng, 20, [6] * 50)
    after, losses = mlp.train(params, X, P, 0.1, batches)
    tensors = [torch.from_numpy(part.copy()).requires_grad_() for layer in params for part in layer]
    optimiser = torch.optim.SGD(tensors, lr=0.1)
    expected = []
    for batch in batches:
        W1, b1, W2, b2 = tensors
        Y = torch.relu(torch.from_numpy(X[batch]) @ W1.T + b1) @ W2.T + b2
        loss = torch.nn.functional.cross_entropy(Y, torch.from_numpy(P[batch]))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        expected.append(loss.item())
    near(losses, expected, rtol=1e-9)
    for mine, theirs in zip([part for layer in after for part in layer], tensors, strict=True):
        near(mine, theirs.detach().numpy(), rtol=1e-9, atol=1e-11)


def test_training_leaves_its_start(rng):
    """The parameters given are not written to."""
    params, X, P = draw.mlp_params(rng, (2, 3, 2)), rng.normal(size=(4, 2)), draw.one_hot(rng, 4, 2)
    before = [(W.copy(), b.copy()) for W, b in params]
    mlp.train(params, X, P, 0.5, [np.arange(4)] * 3)
    for (W, b), (old_W, old_b) in zip(params, before, strict=True):
        assert (old_W == W).all()
        assert (b == old_b).all()


def test_parameters_are_counted():
    """784-32-10: 25,450; iris 4-32-16-3: 739; wine 13-32-16-3: 1,027 (A26)."""
    assert [mlp.param_count(s) for s in ((784, 32, 10), (4, 32, 16, 3), (13, 32, 16, 3))] == [25_450, 739, 1_027]
    layers = mlp.init_dense((4, 32, 16, 3), np.random.default_rng(0))
    assert sum(W.size + b.size for W, b in layers) == 739


def test_glorots_start(rng):
    """Uniform in +-sqrt(6 / (in + out)): deviation sqrt(2 / (in + out)), and no weight beyond; biases 0."""
    [(W, b)] = mlp.init_dense((300, 200), rng)
    assert np.abs(W).max() <= np.sqrt(6 / 500)
    # 60,000 draws: the deviation's own error is about 0.2 %.
    np.testing.assert_allclose(W.std(), np.sqrt(2 / 500), rtol=0.02)
    assert not b.any()


def test_turinicis_start(rng):
    """0.1 * np.random.rand: all weights in [0, .1), their mean .05; another kind is refused."""
    [(W, b)] = mlp.init_dense((300, 200), rng, kind="positive")
    assert W.shape == (200, 300)
    assert 0 <= W.min() <= W.max() < 0.1
    # 60,000 draws of deviation .029: four standard errors are .0005.
    np.testing.assert_allclose(W.mean(), 0.05, rtol=0, atol=5e-4)
    assert not b.any()
    with pytest.raises(ValueError, match="not 'zeros'"):
        mlp.init_dense((2, 1), rng, kind="zeros")


def test_xor_by_hand():
    """h = (relu(x1 + x2), relu(x1 + x2 - 1)), output h1 - 2 h2, gives 0, 1, 1, 0 (A17)."""
    params = [(np.ones((2, 2)), np.array([0.0, -1])), (np.array([[1.0, -2]]), np.zeros(1))]
    near(mlp.forward(params, np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]))[:, 0], [0, 1, 1, 0])


def test_training_the_rings():
    """A fresh problem is learnt; ln 2 = 0.69 is guessing, and 50 seeds stay below 0.03 (measure_train.md)."""
    Xtr, ytr, Xte, yte = draw.rings_split(np.random.default_rng(5), 200, 200)
    Y = mlp.train_mlp(Xtr, ytr, Xte, 1)
    S = torch.softmax(torch.from_numpy(Y), 1).numpy()
    assert cross_entropy(S, np.eye(2)[yte]) < 0.1
    assert (mlp.train_mlp(Xtr, ytr, Xte, 1) == Y).all()


def test_three_units_make_a_hat():
    """r(t) - 2 r(t - 1) + r(t - 2) is max(0, 1 - |t - 1|)."""
    t = np.linspace(-1, 3, 41)
    np.testing.assert_allclose(mlp.relu_hat(t), np.maximum(0, 1 - abs(t - 1)), atol=1e-12)
    printed = mlp.relu_hat(np.array([-1, 0, 0.5, 1, 1.5, 2, 3]))
    np.testing.assert_allclose(printed, [0, 0, 0.5, 1, 0.5, 0, 0], atol=1e-15)
    # Q03.11.
    assert mlp.relu_hat(np.array(1.25)) == 0.75


def test_one_hidden_layer_is_the_net_without_output_bias(rng):
    """With ReLU it is forward; with the identity it is linear (E12), whatever the number of units."""
    X, W, b, v = rng.normal(size=(6, 3)), rng.normal(size=(5, 3)), rng.normal(size=5), rng.normal(size=5)
    relu = mlp.one_hidden_layer(X, W, b, v, lambda z: np.maximum(z, 0))
    near(relu, mlp.forward([(W, b), (v[None], np.zeros(1))], X)[:, 0])
    near(mlp.one_hidden_layer(X, W, b, v, lambda z: z), X @ (W.T @ v) + b @ v)


def test_sigmoids_make_a_staircase_to_any_function():
    """Hornik by hand: m steep sigmoids, each a step of the sine, come closer as m grows: within twice the largest step."""
    t = np.linspace(0, 3, 301)
    for m in (10, 100):
        knots = (np.arange(m) + 0.5) * 3 / m
        steps = np.diff(np.sin(np.linspace(0, 3, m + 1)))
        W, b = np.full((m, 1), 1e4), -1e4 * knots
        F = mlp.one_hidden_layer(t[:, None], W, b, steps, lambda z: 0.5 * (1 + np.tanh(z / 2)))
        assert np.abs(F - np.sin(t)).max() < 2 * np.abs(steps).max()
