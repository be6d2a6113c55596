"""reference.autoencoder against PyTorch, scikit-learn, finite differences and the lectures' numbers."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from reference import autoencoder as A
from reference import random as draw
from reference.mlp import numeric_grad

F = torch.nn.functional


def near(got, expected, rtol=1e-12, atol=1e-12):
    """Closed forms in float64: rounding in the 15th digit, a few of them summed."""
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=atol)


def tied(rng, sizes):
    """Ws, bs_enc, bs_dec."""
    Ws = [draw.away_from_zero(rng, o, i) / i for i, o in pairwise(sizes)]
    bs_enc = [draw.away_from_zero(rng, o) / 2 for o in sizes[1:]]
    return Ws, bs_enc, [draw.away_from_zero(rng, o) / 2 for o in reversed(sizes[:-1])]


def mean_error(X, xhat):
    return ((X - xhat) ** 2).sum(axis=1).mean()


# Plain and sparse ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("activation", "squash"), [("identity", lambda a: a), ("relu", torch.relu), ("sigmoid", torch.sigmoid)]
)
def test_forward_is_torchs(rng, activation, squash):
    """Two torch.nn.functional.linear."""
    for N, d, k in ((4, 5, 2), (3, 3, 3), (1, 2, 4)):
        p = {"W_e": rng.normal(size=(k, d)), "b_e": rng.normal(size=k)}
        p |= {"W_d": rng.normal(size=(d, k)), "b_d": rng.normal(size=d)}
        X = rng.normal(size=(N, d))
        q = {key: torch.from_numpy(value) for key, value in p.items()}
        codes = squash(F.linear(torch.from_numpy(X), q["W_e"], q["b_e"]))
        out = A.ae_forward(X, p, activation)
        near(out["codes"], codes.numpy())
        near(out["xhat"], F.linear(codes, q["W_d"], q["b_d"]).numpy())


def test_loss_is_torchs(rng):
    """mse_loss, over entries or summed over the pixels, and the mean absolute code."""
    X, xhat, codes = rng.normal(size=(4, 5)), rng.normal(size=(4, 5)), rng.normal(size=(4, 2))
    mse = F.mse_loss(torch.from_numpy(xhat), torch.from_numpy(X)).item()
    near(A.ae_loss(X, xhat, codes), 5 * mse)
    near(A.ae_loss(X, xhat, codes, reduction="entries"), mse)
    near(A.ae_loss(X, xhat, codes, lam=0.3), 5 * mse + 0.3 * torch.from_numpy(codes).abs().sum().item() / 4)


# Linear ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 2, 4])
def test_optimum_is_that_of_principal_components(rng, k):
    """scikit-learn's PCA rebuilds with this error, and so does linear_ae; data off the origin."""
    X = rng.normal(size=(30, 5)) @ rng.normal(size=(5, 5)) + 3
    pca = PCA(k).fit(X)
    near(A.linear_ae_optimum(X, k), mean_error(X, pca.inverse_transform(pca.transform(X))), rtol=1e-10)
    p = A.linear_ae(X, k)
    near(A.linear_ae_optimum(X, k), mean_error(X, A.ae_forward(X, p, "identity")["xhat"]), rtol=1e-10)


def test_no_linear_autoencoder_is_better(rng):
    """A thousand small moves of the optimal one: none lowers the error; with all numbers kept it is 0."""
    X = rng.normal(size=(20, 4)) @ rng.normal(size=(4, 4))
    p, least = A.linear_ae(X, 2), A.linear_ae_optimum(X, 2)
    for _ in range(1000):
        moved = {key: value + 0.05 * rng.normal(size=value.shape) for key, value in p.items()}
        assert mean_error(X, A.ae_forward(X, moved, "identity")["xhat"]) > least
    near(A.linear_ae_optimum(X, 4), 0)


# Stacked and tied ------------------------------------------------------------------------------------------------


def test_parameters_are_counted():
    """784-38-5-38-784, tied: 30,847 (Q14.8); untied twice the weights."""
    assert A.param_count((784, 38, 5), tied=True) == 30_847
    assert A.param_count((784, 38, 5)) == 30_847 + 784 * 38 + 38 * 5
    Ws, bs_enc, bs_dec = tied(np.random.default_rng(0), (6, 4, 3))
    assert A.param_count((6, 4, 3), tied=True) == sum(each.size for each in (*Ws, *bs_enc, *bs_dec))


@pytest.mark.parametrize("sizes", [(4, 2), (5, 4, 2), (3, 3, 3)])
def test_tied_gradients_are_autograds(rng, sizes):
    """The same matrix in two places of torch's graph: it adds the gradients itself."""
    Ws, bs_enc, bs_dec = tied(rng, sizes)
    X = rng.normal(size=(4, sizes[0]))
    parts = [[torch.from_numpy(each).requires_grad_() for each in group] for group in (Ws, bs_enc, bs_dec)]
    tWs, tbs_enc, tbs_dec = parts
    Y = torch.from_numpy(X)
    for W, b in zip(tWs, tbs_enc, strict=True):
        Y = torch.relu(F.linear(Y, W, b))
    for l, (W, b) in enumerate(zip(reversed(tWs), tbs_dec, strict=True)):
        Y = F.linear(Y, W.T, b)
        Y = torch.relu(Y) if l < len(Ws) - 1 else Y
    loss = ((Y - torch.from_numpy(X)) ** 2).sum(dim=1).mean()
    loss.backward()
    near(A.tied_forward(X, Ws, bs_enc, bs_dec), Y.detach().numpy())
    out = A.tied_grads(X, Ws, bs_enc, bs_dec)
    near(out["loss"], loss.item())
    for key, group in zip(("Ws", "bs_enc", "bs_dec"), parts, strict=True):
        for ours, theirs in zip(out[key], group, strict=True):
            near(ours, theirs.grad.numpy())


def test_tied_gradient_is_a_finite_difference(rng):
    """Both uses of W move at once; centred differences have an error of about 1e-9."""
    (W,), (b_enc,), (b_dec,) = tied(rng, (4, 2))
    X = rng.normal(size=(3, 4))

    def loss(W):
        return mean_error(X, A.tied_forward(X, [W], [b_enc], [b_dec]))

    near(A.tied_grad(X, W, b_enc, b_dec), numeric_grad(loss, W), rtol=0, atol=1e-7)


def test_lower_layers_are_reused():
    """The first two layers as they are, and the new head."""
    layers = [(np.full((1, 1), n), np.zeros(1)) for n in range(4)]
    head = (np.ones((3, 1)), np.zeros(3))
    reused = A.reuse_lower(layers, 2, head)
    assert len(reused) == 3
    assert all(a is b for a, b in zip(reused, (*layers[:2], head), strict=True))


# Denoising -------------------------------------------------------------------------------------------------------


def test_noise_is_for_training_only(rng):
    """gaussian adds, dropout multiplies; at inference the images come through, as a copy."""
    X, noise, keep = rng.normal(size=(3, 4)), rng.normal(size=(3, 4)), (rng.uniform(size=(3, 4)) > 0.5).astype(float)
    near(A.denoise_batch(X, noise, "gaussian", train=True) - X, noise)
    dropped = A.denoise_batch(X, keep, "dropout", train=True)
    assert (dropped[keep == 0] == 0).all()
    assert (dropped[keep == 1] == X[keep == 1]).all()
    for kind in ("gaussian", "dropout"):
        same = A.denoise_batch(X, keep, kind, train=False)
        assert (same == X).all()
        assert same is not X


def test_the_target_is_clean():
    """Clean 3, noisy 6, rebuilt 8: (8 - 3)^2 = 25 (Q14.9)."""
    near(A.denoising_loss(np.array([[3.0]]), np.array([[8.0]])), 25)
    near(A.denoising_loss(np.array([[1.0, 2], [0, 0]]), np.array([[0.0, 0], [3, 4]])), (5 + 25) / 2)


# Convolutional ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("i", "k", "s", "p", "o"), [(2, 3, 1, 0, 4), (2, 3, 2, 0, 5), (3, 3, 2, 1, 5), (4, 3, 1, 1, 4)]
)
def test_transposed_convolution_is_torchs(rng, i, k, s, p, o):
    """The sizes of the lecture (A135), and torch's values."""
    x, kernel = rng.normal(size=(i, i)), rng.normal(size=(k, k))
    expected = F.conv_transpose2d(torch.from_numpy(x)[None, None], torch.from_numpy(kernel)[None, None], None, s, p)
    out = A.tconv2d(x, kernel, s, p)
    assert out.shape == (o, o)
    near(out, expected[0, 0].numpy())


def test_transposed_convolution_of_rectangles(rng):
    """Sides and kernels that differ; a decoder's 7 to 14 by (4, 2, 1)."""
    x, kernel = rng.normal(size=(3, 5)), rng.normal(size=(2, 4))
    expected = F.conv_transpose2d(torch.from_numpy(x)[None, None], torch.from_numpy(kernel)[None, None], None, 3, 1)
    near(A.tconv2d(x, kernel, 3, 1), expected[0, 0].numpy())
    assert A.tconv2d(np.ones((7, 7)), np.ones((4, 4)), 2, 1).shape == (14, 14)


def test_golden_matrix():
    """x = 1 2 / 3 4, k = 1 0 / 0 -1, stride 1 (A135)."""
    out = A.tconv2d(np.array([[1.0, 2], [3, 4]]), np.array([[1.0, 0], [0, -1]]))
    near(out, [[1, 2, 0], [3, 3, -2], [0, -3, -4]])


@pytest.mark.parametrize(("k", "s", "p"), [(3, 1, 0), (3, 2, 1), (2, 2, 0), (4, 2, 1)])
def test_it_is_the_adjoint_of_convolution(rng, k, s, p):
    """<conv(x), y> = <x, tconv(y)> wherever the sizes meet."""
    y, kernel = rng.normal(size=(3, 3)), rng.normal(size=(k, k))
    back = A.tconv2d(y, kernel, s, p)
    x = rng.normal(size=back.shape)
    forth = F.conv2d(torch.from_numpy(x)[None, None], torch.from_numpy(kernel)[None, None], None, s, p)[0, 0].numpy()
    near((forth * y).sum(), (x * back).sum())


def test_it_is_not_the_inverse():
    """6 to 3 by a convolution (3, 2, 1), and back to 5 only: the floor has bitten (A135)."""
    assert F.conv2d(torch.zeros(1, 1, 6, 6), torch.zeros(1, 1, 3, 3), None, 2, 1).shape[-1] == 3
    assert A.tconv2d(np.ones((3, 3)), np.ones((3, 3)), 2, 1).shape == (5, 5)
