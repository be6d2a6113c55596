"""reference.gan and its torch twin against PyTorch, a search on a grid, closed forms and the syllabus's numbers."""

import numpy as np
import pytest
import torch

from reference import gan, gan_torch
from reference import random as draw
from reference.mlp import forward


def near(got, expected, rtol=1e-12, atol=1e-13):
    """Closed forms in float64: rounding in the 15th digit."""
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=atol)


# The game --------------------------------------------------------------------------------------------------------


def test_golden_values():
    """A140 and Q14.4. (A140's 1.75327833 is off in the 7th digit: (ln(10/3) + ln 10) / 2 = 1.75327895.)"""
    near(gan.value([0.9, 0.8], [0.3, 0.1]), -0.39526976, rtol=1e-7)
    near(gan.g_loss(np.array([0.3, 0.1]), "minimax"), -0.23101773, rtol=1e-7)
    near(gan.g_loss(np.array([0.3, 0.1]), "nonsaturating"), (np.log(10 / 3) + np.log(10)) / 2)
    near(gan.value([0.9, 0.6], [0.2, 0.4]), -0.675078, rtol=1e-6)


def test_losses_are_torchs_binary_cross_entropies(rng):
    """D's loss is the sum of two; the generator's is one with labels 1."""
    real, fake = rng.uniform(0.05, 0.95, size=5), rng.uniform(0.05, 0.95, size=3)
    bce = torch.nn.functional.binary_cross_entropy
    x, z = torch.from_numpy(real), torch.from_numpy(fake)
    near(gan.d_loss(real, fake), (bce(x, torch.ones_like(x)) + bce(z, torch.zeros_like(z))).item())
    near(gan.g_loss(fake, "nonsaturating"), bce(z, torch.ones_like(z)).item())
    near(gan.g_loss(fake, "minimax"), -bce(z, torch.zeros_like(z)).item())


def test_sure_answers_are_clipped():
    """log 1e-12 in place of log 0, and nothing else changes."""
    near(gan.value([0.0, 1.0], [1.0]), 1.5 * np.log(1e-12))
    near(gan.g_loss(np.array([0.0]), "nonsaturating"), -np.log(1e-12))


@pytest.mark.parametrize("kind", ["minimax", "nonsaturating"])
def test_logit_gradient_is_autograds(rng, kind):
    """Of each sample's loss."""
    a = torch.tensor(draw.away_from_zero(rng, 3, 4), requires_grad=True)
    D = torch.sigmoid(a)
    (torch.log(1 - D) if kind == "minimax" else -torch.log(D)).sum().backward()
    near(gan.g_logit_grad(a.detach().numpy(), kind), a.grad.numpy())


def test_generator_gradients_from_a_probability():
    """Q14.6: D = 0.05 gives -0.05 and -0.95; far logits stay finite."""
    near(gan.generator_grad(0.05), (-0.05, -0.95))
    near(gan.g_logit_grad(np.array([40.0, -1000.0]), "nonsaturating"), [0.0, -1.0])


def test_best_discriminator_beats_a_grid(rng):
    """No D on a grid of 999 has a larger V, sample by sample."""
    p, q = draw.soft_targets(rng, 2, 6)
    D = np.linspace(0.001, 0.999, 999)[:, None]
    best = (p * np.log(D) + q * np.log(1 - D)).max(axis=0).sum()
    at_best = gan.value_at_optimum(p, q)
    assert best <= at_best < best + 1e-5
    near(gan.optimal_discriminator(p, q), p / (p + q))


def test_value_at_the_best():
    """-log 4 for equal laws, 0 for disjoint ones, A140's -1.1705328, Q14.5, and 1/2 where nothing is."""
    near(gan.value_at_optimum(np.array([0.3, 0.7]), np.array([0.3, 0.7])), -np.log(4))
    near(gan.value_at_optimum(np.array([1.0, 0.0]), np.array([0.0, 1.0])), 0.0)
    near(gan.value_at_optimum(np.array([0.5, 0.5, 0]), np.array([0.25, 0.5, 0.25])), -1.1705328, rtol=1e-7)
    near(gan.optimal_discriminator(np.array([0.1, 0.0, 0.9]), np.array([0.4, 0.0, 0.6])), [0.2, 0.5, 0.6])


def test_value_at_the_best_is_a_divergence(rng):
    """-log 4 + 2 JS, with zeros in both laws."""
    p, q = np.array([0.2, 0, 0.5, 0.3, 0]), np.array([0, 0.4, 0.1, 0.5, 0])
    m = (p + q) / 2
    js = sum(x * np.log(x / y) for law in (p, q) for x, y in zip(law, m, strict=True) if x > 0) / 2
    near(gan.value_at_optimum(p, q), -np.log(4) + 2 * js)


# How it moves ----------------------------------------------------------------------------------------------------


def test_small_gan_is_torchs(rng):
    """Autograd plays the same rounds, k = 3."""
    n, B, k, lr = 5, 4, 3, 0.2
    real, noise = 1 + draw.away_from_zero(rng, n, B), draw.away_from_zero(rng, n, k + 1, B)
    p = torch.tensor([1.0, 0.3, -0.4, 0.2], dtype=torch.float64, requires_grad=True)
    path = []
    for x, z in zip(torch.from_numpy(real), torch.from_numpy(noise), strict=True):
        for j in range(k + 1):
            fake = torch.sigmoid(p[2] * (p[0] * z[j] + p[1]) + p[3])
            V = torch.log(torch.sigmoid(p[2] * x + p[3])).mean() + torch.log(1 - fake).mean()
            loss = -V if j < k else -torch.log(fake).mean()
            (grad,) = torch.autograd.grad(loss, p)
            mask = torch.tensor([0.0, 0, 1, 1] if j < k else [1.0, 1, 0, 0], dtype=torch.float64)
            p = (p - lr * mask * grad).detach().requires_grad_()
        path.append(p.detach().numpy())
    near(gan.gan_steps((1.0, 0.3, -0.4, 0.2), real, noise, lr, k), path)


def test_small_gan_finds_the_mean(rng):
    """Rounds with small steps bring the fakes' mean b from 0 to within 1 of the data's 3."""
    n = 1500
    real, noise = 3 + 0.5 * rng.normal(size=(n, 32)), rng.normal(size=(n, 2, 32))
    path = gan.gan_steps((1.0, 0.0, 0.0, 0.0), real, noise, 0.1, 1)
    assert abs(path[-500:, 1].mean() - 3) < 1


def test_bilinear_game():
    """A141: 2 -> 5.409628 after 100 simultaneous steps of 0.1, as (1 + lr^2)^n; alternating keeps x^2 + y^2 - lr x y."""
    path = gan.bilinear_game(1.0, 1.0, 0.1, 100, "simultaneous")
    radius = (path**2).sum(axis=1)
    near(radius, 2 * 1.01 ** np.arange(101))
    near(radius[-1], 5.409628, rtol=1e-6)
    x, y = gan.bilinear_game(1.0, 2.0, 0.3, 500, "alternating").T
    near(x**2 + y**2 - 0.3 * x * y, np.full(501, 4.4), rtol=1e-10)


def test_coverage_of_a_perfect_a_collapsed_and_a_stray_set():
    """All modes alike: KL 0; one mode: log K; nothing near: inf, and shares 0."""
    centers = draw.ring_centers(0.2)
    perfect = gan.mode_coverage(np.repeat(centers, 3, axis=0) + 0.01, centers, 0.1)
    near(perfect["share"], np.full(8, 1 / 8))
    assert perfect["covered"] == 8
    near(perfect["kl_to_uniform"], 0.0)
    collapsed = gan.mode_coverage(np.tile(centers[3], (5, 1)), centers, 0.1)
    assert collapsed["covered"] == 1
    near(collapsed["kl_to_uniform"], np.log(8))
    stray = gan.mode_coverage(np.zeros((4, 2)), centers, 0.1)
    assert (stray["covered"], stray["kl_to_uniform"], stray["share"].sum()) == (0, np.inf, 0)


def test_coverage_counts_strays_in_the_shares():
    """The notebook's example: samples 0, 1 (on the border), 9.5 and the stray 5."""
    found = gan.mode_coverage(np.array([[0.0], [1], [9.5], [5]]), np.array([[0.0], [10]]), 1.0)
    near(found["share"], [0.5, 0.25])
    near(found["kl_to_uniform"], 2 / 3 * np.log(4 / 3) + 1 / 3 * np.log(2 / 3))


def test_ring_has_its_modes(rng):
    """gaussian_ring: every sample within 6 deviations of a center, eight modes alike within 5 standard errors."""
    found = gan.mode_coverage(draw.gaussian_ring(rng, 8000, 0.7), draw.ring_centers(0.7), 0.6)
    assert found["share"].sum() == 1
    assert np.abs(found["share"] - 1 / 8).max() < 5 * np.sqrt(7 / 64 / 8000)


# Relatives -------------------------------------------------------------------------------------------------------


def test_conditional_input():
    """The sample, then the one-hot label."""
    near(gan.cgan_input(np.array([[7.0, 8], [1, 2]]), np.array([1, 0]), 3), [[7, 8, 0, 1, 0], [1, 2, 1, 0, 0]])


def test_cycle_losses():
    """A143: x = (1, 2), F(G(x)) = (1.5, 1): 1.5; torch's L1 with sums over coordinates."""
    near(gan.cycle_loss([1, 2], [1.5, 1], [0, 0], [0, 0]), 1.5)
    x, y = np.array([[1.0, 2], [0, 0]]), np.array([[1.0]])
    near(gan.cycle_loss(x, x + np.array([1, -2]), y, y - 0.5), 3.5)
    half = np.array([0.5])
    near(gan.cyclegan_total(half, half, half, half, 3.5, 10.0), 35 - 2 * np.log(4))


def test_cycle_loss_is_torchs(rng):
    """l1_loss summed, over the number of samples."""
    x, fgx, y, gfy = (draw.away_from_zero(rng, *shape) for shape in ((4, 3), (4, 3), (2, 5), (2, 5)))
    l1 = torch.nn.functional.l1_loss
    there = l1(torch.from_numpy(fgx), torch.from_numpy(x), reduction="sum").item() / 4
    back = l1(torch.from_numpy(gfy), torch.from_numpy(y), reduction="sum").item() / 2
    near(gan.cycle_loss(x, fgx, y, gfy), there + back)


# Networks --------------------------------------------------------------------------------------------------------


def test_step_is_the_twins(rng):
    """By hand and by autograd: both networks and both losses."""
    for k, n, d, m in ((2, 5, 3, 4), (3, 3, 3, 3), (1, 2, 1, 2)):
        G, D = draw.mlp_params(rng, (k, n, d)), draw.mlp_params(rng, (d, m, m, 1))
        X, Z = draw.away_from_zero(rng, 4, d), draw.away_from_zero(rng, 2, 4, k)
        mine, twin = gan.gan_update(G, D, X, Z, 0.4), gan_torch.gan_step(G, D, X, Z, 0.4)
        near(mine[2:], twin[2:])
        for net, other in zip(mine[:2], twin[:2], strict=True):
            for (W, b), (V, c) in zip(net, other, strict=True):
                near(W, V)
                near(b, c)


def test_losses_of_a_step(rng):
    """d is d_loss of the probabilities, g the non-saturating loss against the new discriminator."""
    G, D = draw.mlp_params(rng, (2, 4, 3)), draw.mlp_params(rng, (3, 4, 1))
    X, Z = draw.away_from_zero(rng, 5, 3), draw.away_from_zero(rng, 2, 5, 2)
    _, new, d, g = gan.gan_update(G, D, X, Z, 0.4)
    near(d, gan.d_loss(*(gan.sigmoid(forward(D, Y)) for Y in (X, forward(G, Z[0])))))
    near(g, gan.g_loss(gan.sigmoid(forward(new, forward(G, Z[1]))), "nonsaturating"))


def test_training_reaches_the_modes():
    """At least 7 of 8 modes and 45 % near them (all 50 seeds of measure_train.md: 8 modes, 57 % and more)."""
    rng = np.random.default_rng(11)
    G = gan_torch.train_gan(draw.gaussian_ring(rng, 2000, 0.4), 3)
    share = gan.mode_coverage(forward(G, rng.normal(size=(2000, 8))), draw.ring_centers(0.4), 0.5)["share"]
    assert (share >= 0.02).sum() >= 7
    assert share.sum() >= 0.45


def test_training_is_repeatable():
    """The same seed gives the same generator, another seed another."""
    X = draw.gaussian_ring(np.random.default_rng(2), 100, 0.1)
    first, again, other = (gan_torch.train_gan(X, seed, 5)[0][0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
