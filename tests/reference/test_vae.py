"""reference.vae and its torch twin against PyTorch, quadrature, finite differences and the lectures' numbers."""

import numpy as np
import pytest
import torch

from reference import random as draw
from reference import vae, vae_torch
from reference.mlp import numeric_grad

SHAPES = [(4, 2), (2, 5), (3, 3), (1, 1)]


def near(got, expected, rtol=1e-12, atol=1e-13):
    """Closed forms in float64: rounding in the 15th digit."""
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=atol)


def clouds(rng, N, k):
    return draw.away_from_zero(rng, N, k), draw.away_from_zero(rng, N, k)


def net(rng, d, n, k, m):
    """The ten arrays of encode and decode."""
    p = {}
    for name, o, i in (("h", n, d), ("mu", k, n), ("logvar", k, n), ("d", m, k), ("x", d, m)):
        p |= {f"W_{name}": draw.away_from_zero(rng, o, i) / i, f"b_{name}": draw.away_from_zero(rng, o) / 2}
    return p


# Noise and price -------------------------------------------------------------------------------------------------


def test_reparameterize_by_hand():
    """mu = 1, sigma^2 = 4, eps = 0.5 gives 2 (Q14.2)."""
    near(vae.reparameterize(np.array([[1.0]]), np.array([[np.log(4)]]), np.array([[0.5]])), [[2.0]])
    near(vae.reparameterize(1.0, 1.386, 0.5), 2.0, rtol=1e-3)


def test_draws_have_the_law_that_is_asked(rng):
    """20,000 draws: mean and deviation within 5 standard errors (a false alarm in a million)."""
    n, mu, sigma = 20_000, 1.5, 0.3
    z = vae.reparameterize(np.full(n, mu), np.full(n, 2 * np.log(sigma)), rng.normal(size=n))
    assert abs(z.mean() - mu) < 5 * sigma / np.sqrt(n)
    assert abs(z.std() - sigma) < 5 * sigma / np.sqrt(2 * n)


@pytest.mark.parametrize(("N", "k"), SHAPES)
def test_price_is_torchs(rng, N, k):
    """torch.distributions knows the divergence of two normal laws."""
    mu, logvar = clouds(rng, N, k)
    law = torch.distributions.Normal(torch.from_numpy(mu), torch.from_numpy(np.exp(logvar / 2)))
    expected = torch.distributions.kl_divergence(law, torch.distributions.Normal(0.0, 1.0)).sum(dim=1)
    near(vae.kl_standard_normal(mu, logvar), expected.numpy())


def test_price_is_an_integral():
    """The integral of q ln(q / p), by the trapezoid rule, which is exact to rounding for such smooth tails."""
    mu, sigma = 0.7, 0.6
    z = np.linspace(mu - 12 * sigma, mu + 12 * sigma, 4001)
    q = np.exp(-(((z - mu) / sigma) ** 2) / 2) / (sigma * np.sqrt(2 * np.pi))
    p = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    near(vae.kl([mu], [2 * np.log(sigma)]), np.trapezoid(q * np.log(q / p), z), rtol=1e-9)


def test_golden_prices():
    """mu = (1, -1), logvar = (0, ln 4): 1.8068528, with logvar taken as log sigma 7.1137 (A137); Q14.1: 1.31815."""
    near(vae.kl([1, -1], [0, np.log(4)]), 1.8068528, rtol=1e-7)
    near(vae.kl([1, -1], [0, 2 * np.log(4)]), 7.1137, rtol=1e-5)
    near(vae.kl([1, -1], [0, -1.3863]), 1.31815, rtol=1e-5)


def test_price_is_zero_only_at_the_standard_law(rng):
    """0 at N(0, I), exactly; positive elsewhere; the same for mu and -mu."""
    mu, logvar = clouds(rng, 50, 3)
    assert (vae.kl_standard_normal(np.zeros((2, 3)), np.zeros((2, 3))) == 0).all()
    assert (vae.kl_standard_normal(mu, logvar) > 0).all()
    near(vae.kl_standard_normal(-mu, logvar), vae.kl_standard_normal(mu, logvar))


# The loss --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rec", ["bernoulli", "mse"])
def test_loss_is_torchs(rng, rec):
    """Reconstructions by torch.nn.functional, greys and several beta."""
    F = torch.nn.functional
    for N, d, k in ((4, 6, 2), (3, 3, 3), (1, 1, 2)):
        X, logits, (mu, logvar) = rng.uniform(size=(N, d)), draw.away_from_zero(rng, N, d), clouds(rng, N, k)
        x, a = torch.from_numpy(X), torch.from_numpy(logits)
        if rec == "bernoulli":
            pixels = F.binary_cross_entropy_with_logits(a, x, reduction="sum")
        else:
            pixels = F.mse_loss(torch.sigmoid(a), x, reduction="sum")
        for beta in (0.0, 1.0, 4.0):
            expected = pixels.item() / N + beta * vae.kl_standard_normal(mu, logvar).mean()
            near(vae.elbo_loss(X, logits, mu, logvar, rec, beta), expected)


def test_loss_by_hand():
    """The notebook's example: ln 2 + ln(4 / sqrt 3) + 1/2, and 0.3125 + 1/2."""
    X, logits, mu, logvar = np.array([[1, 0.5]]), np.array([[0, np.log(3)]]), np.array([[1.0]]), np.array([[0.0]])
    near(vae.elbo_loss(X, logits, mu, logvar, "bernoulli"), np.log(2) + np.log(4 / np.sqrt(3)) + 0.5)
    near(vae.elbo_loss(X, logits, mu, logvar, "mse"), 0.8125)


def test_loss_at_far_logits():
    """At +-1000 a wrong white pixel costs 1000, a right one nothing; no overflow is heard."""
    X, free = np.array([[1.0, 1, 0, 0]]), np.zeros((1, 2))
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        near(vae.elbo_loss(X, np.array([[1000.0, -1000, 1000, -1000]]), free, free, "bernoulli"), 2000.0)


def test_loss_is_a_bound(rng):
    """-ELBO, averaged over the noise, is never below -ln p(x): p(x) by quadrature over a code of one number."""
    p = net(rng, 4, 5, 1, 3)
    X = (rng.uniform(size=(1, 4)) > 0.5).astype(float)
    z = np.linspace(-10, 10, 4001)
    logits = vae.decode(p, z[:, None])
    likelihood = np.exp((X * logits - np.logaddexp(0, logits)).sum(axis=1))
    exact = -np.log(np.trapezoid(likelihood * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi), z))
    mu, logvar = (float(each[0, 0]) for each in vae.encode(p, X))
    # The posterior itself makes the bound tight; any other cloud costs its divergence from it.
    q = np.exp(-((z - mu) ** 2) / (2 * np.exp(logvar))) / np.sqrt(2 * np.pi * np.exp(logvar))
    loss = -np.trapezoid(q * np.log(likelihood), z) + vae.kl([mu], [logvar])
    posterior = likelihood * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) / np.exp(-exact)
    near(loss - exact, np.trapezoid(q * np.log(q / posterior), z), rtol=1e-6)
    assert loss > exact
    draws = np.array([vae.vae_loss(p, X, rng.normal(size=(1, 1))) for _ in range(4000)])
    assert abs(draws.mean() - loss) < 5 * draws.std() / np.sqrt(len(draws))


# Gradients -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("N", "k"), SHAPES)
def test_encoder_gradients_are_autograds(rng, N, k):
    """Through torch's graph, for a reconstruction that is any function of z: here sum of W z."""
    mu, logvar = clouds(rng, N, k)
    eps, dz, beta = draw.away_from_zero(rng, N, k), draw.away_from_zero(rng, N, k), 0.7
    m, v = (torch.from_numpy(each).requires_grad_() for each in (mu, logvar))
    price = -0.5 * (1 + v - m**2 - v.exp()).sum() / N
    ((torch.from_numpy(dz) * (m + (v / 2).exp() * torch.from_numpy(eps))).sum() + beta * price).backward()
    grads = vae.elbo_grads(mu, logvar, eps, dz, beta)
    near(grads["dmu"], m.grad.numpy())
    near(grads["dlogvar"], v.grad.numpy())


def test_gradients_are_finite_differences(rng):
    """Every parameter; centred differences with h = 1e-5 have an error of about 1e-9, and no ReLU is near its kink."""
    p, X, eps = net(rng, 4, 3, 2, 3), rng.uniform(size=(3, 4)), draw.away_from_zero(rng, 3, 2)
    for beta in (1.0, 0.3):
        loss, grads = vae.vae_grads(p, X, eps, beta)
        near(loss, vae.vae_loss(p, X, eps, beta))
        for key, value in p.items():

            def moved(part, key=key, beta=beta):
                return vae.vae_loss(p | {key: part}, X, eps, beta)

            near(grads[key], numeric_grad(moved, value), rtol=0, atol=1e-7)


def test_the_torch_twin_takes_the_same_step(rng):
    """vae_step of reference.vae_torch and vae_update, all parameters and the loss; the inputs stay."""
    for N, d, n, k, m in ((4, 6, 5, 2, 3), (1, 3, 2, 1, 2), (3, 3, 3, 3, 3)):
        p, X, eps = net(rng, d, n, k, m), rng.uniform(size=(N, d)), draw.away_from_zero(rng, N, k)
        before = {key: value.copy() for key, value in p.items()}
        new, loss = vae_torch.vae_step(p, X, eps, 0.3)
        expected, ours = vae.vae_update(p, X, eps, 0.3)
        near(loss, ours)
        assert new.keys() == expected.keys()
        for key, value in expected.items():
            near(new[key], value)
            assert (p[key] == before[key]).all()


# Laws ------------------------------------------------------------------------------------------------------------


def test_energy_distance_by_hand():
    """{0, 1} against {1, 3}: 1.5 (A138); {0} against {1, 3}: 3."""
    near(vae.energy_distance(np.array([[0.0], [1]]), np.array([[1.0], [3]])), 1.5)
    near(vae.energy_distance(np.array([[0.0]]), np.array([[1.0], [3]])), 3.0)


def test_energy_distance_is_an_integral_on_a_line(rng):
    """On a line it is 2 times the integral of (F_A - F_B)^2, the distance of the two staircases.  [Szekely 2013]"""
    A, B = rng.normal(size=(7, 1)), rng.normal(size=(4, 1)) + 1
    steps = np.sort(np.concatenate([A, B])[:, 0])
    F_A, F_B = ((steps[:-1] >= each).mean(axis=0) for each in (A, B))
    near(vae.energy_distance(A, B), 2 * ((F_A - F_B) ** 2 * np.diff(steps)).sum())


def test_energy_distance_is_a_distance(rng):
    """0 for equal samples in any order, symmetric, positive otherwise, blind to shifts and rotations of both."""
    A, B = rng.normal(size=(5, 2)), rng.normal(size=(3, 2))
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    near(vae.energy_distance(A, A[::-1]), 0)
    assert vae.energy_distance(A, B) > 0
    near(vae.energy_distance(B, A), vae.energy_distance(A, B))
    near(vae.energy_distance(A @ turn + 3, B @ turn + 3), vae.energy_distance(A, B), rtol=1e-10)


def test_turinicis_loss():
    """Errors 3 and 5, C = 0.1, dist = 0.5: 17 + 0.025 (Q14.3); from arrays the same, with dist^2 = 1.5."""
    near(vae.turinici_value([3, 5], 0.1, 0.5), 17.025)
    X, Xrec = np.array([[0.0, 3], [0, 4]]), np.array([[0.0, 0], [3, 0]])
    Z, T = np.array([[0.0], [1]]), np.array([[1.0], [3]])
    near(vae.turinici_loss(X, Xrec, Z, T, 0.1), 17 + 0.15)
    near(vae.turinici_loss(X, Xrec, Z, T, 0.1), vae.turinici_value([3, 5], 0.1, np.sqrt(1.5)))


# Encoder and decoder ---------------------------------------------------------------------------------------------


def test_linear_forward_is_torchs(rng):
    """Three torch.nn.functional.linear and the noise."""
    linear = torch.nn.functional.linear
    for N, d, k in ((4, 5, 2), (3, 3, 3), (1, 2, 3)):
        p = {}
        for name, o, i in (("mu", k, d), ("logvar", k, d), ("x", d, k)):
            p |= {f"W_{name}": rng.normal(size=(o, i)), f"b_{name}": rng.normal(size=o)}
        X, eps = rng.normal(size=(N, d)), rng.normal(size=(N, k))
        q = {key: torch.from_numpy(value) for key, value in p.items()}
        mu, logvar = (linear(torch.from_numpy(X), q[f"W_{name}"], q[f"b_{name}"]) for name in ("mu", "logvar"))
        z = torch.addcmul(mu, torch.exp(logvar).sqrt(), torch.from_numpy(eps))
        out = vae.vae_forward(X, eps, p)
        for key, expected in {"mu": mu, "logvar": logvar, "z": z, "xhat": linear(z, q["W_x"], q["b_x"])}.items():
            near(out[key], expected.numpy())


def test_training_beats_the_mean_image():
    """Two kinds of stripes are told apart by the code, and a seed, and only that, repeats its run to the last bit."""
    rng = np.random.default_rng(0)
    kinds = np.array([[0.9, 0.1] * 4, [0.1, 0.9] * 4])
    X = kinds[np.arange(300) % 2]
    p = vae_torch.train_vae(X, 1)
    mean_image = vae.elbo_loss(X, np.zeros(X.shape), np.zeros((300, 2)), np.zeros((300, 2)), "bernoulli")
    # The mean image costs 8 ln 2 = 5.55; the greys' own entropy 2.60 plus ln 2 for the kind would be the least.
    near(mean_image, 8 * np.log(2))
    assert 2.60 + np.log(2) < vae.vae_loss(p, X, rng.normal(size=(300, 2))) < 4.0
    again = vae_torch.train_vae(X, 1)
    assert all((again[key] == value).all() for key, value in p.items())
    assert (vae_torch.train_vae(X, 2)["W_h"] != p["W_h"]).any()
    assert p["W_h"].shape[1] == 8
    assert p["W_mu"].shape[0] == p["W_logvar"].shape[0] == 2


# What a trained one is for ---------------------------------------------------------------------------------------


def test_interpolation_keeps_its_ends():
    """Five codes from (0, 0) to (4, 8), evenly."""
    way = vae.interpolate(np.zeros(2), np.array([4.0, 8]), 5)
    near(way, [[0, 0], [1, 2], [2, 4], [3, 6], [4, 8]])


def test_sides_of_a_decoder_are_torchs():
    """7, 14, 28, and 28 again by a layer of stride 1 (B19); every layer as torch.nn.ConvTranspose2d makes it."""
    layers = [(4, 2, 1), (4, 2, 1), (3, 1, 1)]
    assert vae.decoder_shapes(7, layers) == [7, 14, 28, 28]
    assert vae.decoder_shapes(7, [*layers[:2], (4, 2, 1)]) == [7, 14, 28, 56]
    x = torch.zeros(1, 1, 5, 5)
    for k, s, p in [*layers, (3, 2, 0), (5, 3, 2)]:
        layer = torch.nn.ConvTranspose2d(1, 1, k, stride=s, padding=p)
        assert vae.decoder_shapes(5, [(k, s, p)])[1] == layer(x).shape[-1]
