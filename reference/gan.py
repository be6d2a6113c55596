"""Generative adversarial networks, by hand.  [Goodfellow 2014; Belhafaoui, "Generative Adversarial Networks (GAN)"; Turinici]

D is the probability that a sample is real, a its logit, D = sigmoid(a).  V is what D raises and G lowers:
V = E[log D(x)] + E[log(1 - D(G(z)))], with natural logarithms.  Samples are rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from reference.activations import sigmoid
from reference.mlp import Params, forward, linear_backward

Array = np.ndarray
#: a and b of G(z) = a z + b, u and v of D(x) = sigmoid(u x + v).
Line = Sequence[Any]


# The game --------------------------------------------------------------------------------------------------------


def gan_value(d_real: Array, d_fake: Array) -> float:
    """V = mean log D(x) + mean log(1 - D(G(z))): two means, each over its own samples.  (n,), (m,) probabilities -> a number.

    The argument of each logarithm is clipped from below at 1e-12.  [Belhafaoui, GAN; Goodfellow 2014, eq. 1]
    """
    real = np.log(np.maximum(d_real, 1e-12))
    fake = np.log(np.maximum(1 - d_fake, 1e-12))
    return float(real.mean() + fake.mean())


def value(d_real: Sequence[float], d_fake: Sequence[float]) -> float:
    """gan_value of lists."""
    return gan_value(np.asarray(d_real, dtype=float), np.asarray(d_fake, dtype=float))


def d_loss(d_real: Array, d_fake: Array) -> float:
    """What the discriminator lowers: -V.  d_real (n,), d_fake (m,) -> a number."""
    return -gan_value(d_real, d_fake)


def g_loss(d_fake: Array, kind: str) -> float:
    """What the generator lowers.  d_fake (m,) -> a number.

    "minimax": mean log(1 - D), its part of V; "nonsaturating": -mean log D.  Clipped as in gan_value.  [Goodfellow 2014, 3]
    """
    if kind == "minimax":
        return float(np.log(np.maximum(1 - d_fake, 1e-12)).mean())
    return float(-np.log(np.maximum(d_fake, 1e-12)).mean())


def g_logit_grad(a: Array, kind: str) -> Array:
    """Derivative of one sample's generator loss with respect to its logit a, D = sigmoid(a).  Any shape -> same shape.

    "minimax": -D, which vanishes where D is sure that the sample is fake; "nonsaturating": -(1 - D), which does not.
    """
    if kind == "minimax":
        return -sigmoid(a)
    # 1 - sigmoid(a) = sigmoid(-a).
    return -sigmoid(-a)


def generator_grad(D: float) -> tuple[float, float]:
    """g_logit_grad of both kinds, from the probability: (-D, -(1 - D))."""
    return -D, -(1 - D)


def optimal_discriminator(p: Array, q: Array) -> Array:
    """D* = p / (p + q), and 1/2 where neither law ever is.  Discrete laws p (data), q (generator) (K,) -> (K,).

    [Goodfellow 2014, proposition 1]
    """
    best = np.full(len(p), 0.5)
    seen = p + q > 0
    best[seen] = p[seen] / (p + q)[seen]
    return best


def value_at_optimum(p: Array, q: Array) -> float:
    """max_D V = sum p log D* + q log(1 - D*) = -log 4 + 2 JS(p, q), with 0 log 0 = 0.  p, q (K,) -> a number."""
    # Where p is 0, log D* is not looked at; 1 - D* is D* of the swapped laws.
    real = p * np.log(np.where(p > 0, optimal_discriminator(p, q), 1))
    fake = q * np.log(np.where(q > 0, optimal_discriminator(q, p), 1))
    return float((real + fake).sum())


# How it moves ----------------------------------------------------------------------------------------------------


def gan_steps(params: Line, real: Array, noise: Array, lr: float, k: int) -> Array:
    """The smallest GAN, G(z) = a z + b against D(x) = sigmoid(u x + v): k steps of D, one of G, n times -> (n, 4), a b u v.

    params (a, b, u, v); real (n, B), one batch for all k steps of D; noise (n, k + 1, B), rows 0..k-1 for D and row k for
    G.  D raises V, G lowers the non-saturating loss, both by plain gradient steps lr.  [Goodfellow 2014, Algorithm 1]
    """
    a, b, u, v = params
    path = []
    for x, z in zip(real, noise):  # noqa: B905
        for j in range(k):
            # New fakes for each step of D; V falls with the logit of a fake.
            fake = a * z[j] + b
            up, down = 1 - sigmoid(u * x + v), sigmoid(u * fake + v)
            du = np.mean(up * x) - np.mean(down * fake)
            dv = np.mean(up) - np.mean(down)
            u, v = u + lr * du, v + lr * dv
        # The generator's gradient goes through the discriminator as it is now.
        pull = -(1 - sigmoid(u * (a * z[k] + b) + v)) * u
        a, b = a - lr * np.mean(pull * z[k]), b - lr * np.mean(pull)
        path.append([a, b, u, v])
    return np.array(path)


def bilinear_game(x0: float, y0: float, lr: float, n: int, mode: str) -> Array:
    """min_x max_y x y by gradient steps: the path, start included.  -> (n + 1, 2)

    "simultaneous": both from the old point, the radius^2 grows by 1 + lr^2 each step; "alternating": x first, y answers
    the new x, the path stays bounded for lr < 2.  [Turinici, "mode collapse"; Mescheder 2017]
    """
    x, y = x0, y0
    path = [(x, y)]
    for _ in range(n):
        new = x - lr * y
        y = y + lr * (x if mode == "simultaneous" else new)
        x = new
        path.append((x, y))
    return np.array(path)


def mode_coverage(samples: Array, centers: Array, radius: float) -> dict[str, Any]:
    """Which modes a generator reaches.  samples (N, d), centers (K, d) -> covered, share (K,), kl_to_uniform.

    A sample belongs to its nearest center (the first of equals) if it is within the radius, border included.
    covered: centers with a sample; share: fractions of *all* samples; kl_to_uniform: sum s log(K s) of the shares
    normalised to sum 1, with 0 log 0 = 0, inf if there is no sample near any center.  [mode collapse: Turinici, GAN]
    """
    K = len(centers)
    distance = np.sqrt(((samples[:, None] - centers) ** 2).sum(axis=2))
    nearest = distance.argmin(axis=1)
    near = nearest[distance.min(axis=1) <= radius]
    counts = np.bincount(near, minlength=K)
    kl = np.inf
    if len(near):
        s = counts / len(near)
        kl = float((s * np.log(np.where(s > 0, K * s, 1))).sum())
    return {"covered": int((counts > 0).sum()), "share": counts / len(samples), "kl_to_uniform": kl}


# Relatives -------------------------------------------------------------------------------------------------------


def cgan_input(x: Array, y: Array, K: int) -> Array:
    """What a conditional GAN's networks see: x with the one-hot label behind it.  x (N, d), y (N,) in 0..K-1 -> (N, d + K).

    [Belhafaoui, CGAN: "x and z are conditioned on some label y"]
    """
    return np.concatenate([x, np.eye(K)[y]], axis=1)


def cycle_loss(x: Array, fgx: Array, y: Array, gfy: Array) -> float:
    """E|F(G(x)) - x|_1 + E|G(F(y)) - y|_1: sums over coordinates, means over samples.  x, fgx (N, d), y, gfy (M, e) -> a number.

    One sample may be given as a vector.  [Belhafaoui, CycleGAN]
    """
    there = np.abs(np.subtract(fgx, x)).sum(axis=-1)
    back = np.abs(np.subtract(gfy, y)).sum(axis=-1)
    return float(there.mean() + back.mean())


def cyclegan_total(dy_real: Array, dy_fake: Array, dx_real: Array, dx_fake: Array, cycle: float, lam: float) -> float:
    """V of G against D_Y + V of F against D_X + lam cycle_loss.  [Belhafaoui, CycleGAN]

    dy_real D_Y(y) (M,), dy_fake D_Y(G(x)) (N,), dx_real D_X(x) (N,), dx_fake D_X(F(y)) (M,).
    E35: the slide calls D_X and D_Y generators; they are the discriminators of the domains X and Y.
    """
    return gan_value(dy_real, dy_fake) + gan_value(dx_real, dx_fake) + lam * cycle


# Networks --------------------------------------------------------------------------------------------------------


def gan_update(G: Params, D: Params, X: Array, Z: Array, lr: float) -> tuple[Params, Params, float, float]:
    """One step of D, then one of G against the new D, for networks of ReLUs; D's output is a logit.

    G, D as reference.mlp.forward's; X (N, d); Z (2, N, k), Z[0] for D's step and Z[1] for G's -> G, D, and the losses d
    and g before their steps: d_loss, and the non-saturating g_loss.
    """
    fake = forward(G, Z[0])
    real_logit, fake_logit = forward(D, X), forward(D, fake)
    # Up on the real ones, down on the fakes, each a mean over its batch.
    on_real, _ = _backward(D, X, -sigmoid(-real_logit) / len(X))
    on_fake, _ = _backward(D, fake, sigmoid(fake_logit) / len(fake))
    d = np.logaddexp(0, -real_logit).mean() + np.logaddexp(0, fake_logit).mean()
    D = [(W - lr * (r[0] + f[0]), b - lr * (r[1] + f[1])) for (W, b), r, f in zip(D, on_real, on_fake, strict=True)]
    fake = forward(G, Z[1])
    logit = forward(D, fake)
    _, dfake = _backward(D, fake, -sigmoid(-logit) / len(fake))
    grads, _ = _backward(G, Z[1], dfake)
    G = [(W - lr * dW, b - lr * db) for (W, b), (dW, db) in zip(G, grads, strict=True)]
    return G, D, float(d), float(np.logaddexp(0, -logit).mean())


def _backward(params: Params, X: Array, dY: Array) -> tuple[Params, Array]:
    """Through forward(params, X), from dY at its output -> [(dW, db), ...] and dX."""
    Ys = [X]
    for W, b in params[:-1]:
        Ys.append(np.maximum(Ys[-1] @ W.T + b, 0.0))
    grads = []
    for (W, _), Y in zip(reversed(params), reversed(Ys), strict=True):
        back = linear_backward(dY, W, Y)
        grads.append((back["dW"], back["db"]))
        # A ReLU's output is positive just where its slope is 1; the first Y is no ReLU's.
        dY = back["dY"] * (Y > 0)
    return grads[::-1], back["dY"]
