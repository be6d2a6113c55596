"""The variational autoencoder, by hand.  [Kingma 2014; Turinici, "Variational AutoEncoders (VAE)"; Michel, same heading]

Samples are rows: X (N, d), and mu, logvar, eps, z (N, k).  logvar is the log of the variance, sigma = e^(logvar / 2).
The lectures write neither the KL term nor the ELBO; Turinici's loss compares whole laws instead, see turinici_loss.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reference.activations import sigmoid
from reference.mlp import linear_backward

Array = np.ndarray
Params = dict[str, Array]


def reparameterize(mu: Array, logvar: Array, eps: Array) -> Array:
    """A draw of N(mu, sigma^2) from a draw eps of N(0, 1): mu + sigma eps.  All of one shape -> same shape.  [Kingma 2014]"""
    return mu + np.exp(logvar / 2) * eps


def kl_standard_normal(mu: Array, logvar: Array) -> Array:
    """KL(N(mu, sigma^2) || N(0, I)) = -1/2 sum (1 + logvar - mu^2 - e^logvar).  mu, logvar (N, k) -> (N,).  [Kingma 2014, B]"""
    return -0.5 * (1 + logvar - mu**2 - np.exp(logvar)).sum(axis=1)


def kl(mu: Sequence[float], logvar: Sequence[float]) -> float:
    """kl_standard_normal of one sample.  mu, logvar (k,) -> a number."""
    return float(kl_standard_normal(np.array([mu], dtype=float), np.array([logvar], dtype=float))[0])


def elbo_loss(X: Array, logits: Array, mu: Array, logvar: Array, rec: str, beta: float = 1.0) -> float:
    """-ELBO: mean over the samples of reconstruction (sum over pixels) + beta KL.  X, logits (N, d), mu, logvar (N, k).

    rec: "bernoulli" is the binary cross-entropy of sigmoid(logits) with X in [0, 1], "mse" is (x - sigmoid(logits))^2,
    without 1/2.  beta = 1 is the bound itself.  [Kingma 2014; beta: Higgins 2017]
    """
    if rec == "bernoulli":
        # -x log s - (1 - x) log(1 - s) with s = sigmoid(l) is log(1 + e^l) - x l, and no e^l may overflow.
        pixels = np.maximum(logits, 0) - X * logits + np.log1p(np.exp(-np.abs(logits)))
    else:
        pixels = (X - sigmoid(logits)) ** 2
    return float((pixels.sum(axis=1) + beta * kl_standard_normal(mu, logvar)).mean())


def elbo_grads(mu: Array, logvar: Array, eps: Array, dz: Array, beta: float = 1.0) -> dict[str, Array]:
    """Through z = mu + sigma eps and the KL, back to the encoder.  All (N, k) -> {"dmu", "dlogvar"}, each (N, k).

    dz is the gradient of the *mean* reconstruction, so the KL's share is divided by N here.
    """
    N = len(mu)
    sigma = np.exp(logvar / 2)
    dmu = dz + beta * mu / N
    # sigma depends on logvar: dsigma / dlogvar = sigma / 2.
    dlogvar = dz * eps * sigma / 2 + beta * (sigma**2 - 1) / (2 * N)
    return {"dmu": dmu, "dlogvar": dlogvar}


# A loss between laws ---------------------------------------------------------------------------------------------


def energy_distance(A: Array, B: Array) -> float:
    """2 E|a - b| - E|a - a'| - E|b - b'| of two samples, means over all pairs (V-statistic).  A (n, d), B (m, d) -> >= 0.

    0 only for equal samples; it serves as a *squared* distance of laws.  [Szekely 2013]
    """
    # All pairs at once: (n, 1, k) against (m, k).
    mixed = np.sqrt(((A[:, None] - B) ** 2).sum(axis=2)).mean()
    within_a = np.sqrt(((A[:, None] - A) ** 2).sum(axis=2)).mean()
    within_b = np.sqrt(((B[:, None] - B) ** 2).sum(axis=2)).mean()
    return float(2 * mixed - within_a - within_b)


def turinici_loss(X: Array, Xrec: Array, Z: Array, T: Array, C: float) -> float:
    """E|x - D(E(x))|^2 + C dist(law of the codes, target law)^2, with the energy distance for dist^2.  [Turinici, VAE]

    X, Xrec (N, d); codes Z (N, k) without noise; draws T (M, k) of the target law.  arXiv 1911.13135 has another dist.
    """
    reconstruction = ((X - Xrec) ** 2).sum(axis=1).mean()
    return float(reconstruction + C * energy_distance(Z, T))


def turinici_value(errors: Sequence[float], C: float, dist: float) -> float:
    """turinici_loss from its parts: distances |x - x^| of the samples, and the distance (not squared) of the laws."""
    return float(np.mean(np.square(errors)) + C * dist**2)


# Encoder and decoder ---------------------------------------------------------------------------------------------


def vae_forward(X: Array, eps: Array, params: Params) -> dict[str, Array]:
    """Linear encoder, noise, linear decoder.  X (N, d), eps (N, k) -> mu, logvar, z (N, k) and xhat (N, d).

    params: W_mu, W_logvar (k, d), b_mu, b_logvar (k,), W_x (d, k), b_x (d,).
    """
    mu = X @ params["W_mu"].T + params["b_mu"]
    logvar = X @ params["W_logvar"].T + params["b_logvar"]
    z = mu + np.exp(logvar / 2) * eps
    xhat = z @ params["W_x"].T + params["b_x"]
    return {"mu": mu, "logvar": logvar, "z": z, "xhat": xhat}


def encode(p: Params, X: Array) -> tuple[Array, Array]:
    """The encoder with one hidden layer of ReLUs.  X (N, d) -> mu, logvar (N, k).

    p: W_h (n, d), b_h (n,), W_mu, W_logvar (k, n), b_mu, b_logvar (k,); decode's are W_d (m, k), b_d (m,), W_x (d, m), b_x (d,).
    """
    h = np.maximum(X @ p["W_h"].T + p["b_h"], 0)
    return h @ p["W_mu"].T + p["b_mu"], h @ p["W_logvar"].T + p["b_logvar"]


def decode(p: Params, Z: Array) -> Array:
    """The decoder with one hidden layer of ReLUs.  Z (N, k), p as encode's -> logits (N, d)."""
    return np.maximum(Z @ p["W_d"].T + p["b_d"], 0) @ p["W_x"].T + p["b_x"]


def vae_loss(p: Params, X: Array, eps: Array, beta: float = 1.0) -> float:
    """-ELBO (Bernoulli) of encode and decode, for one draw eps (N, k) of the noise.  X (N, d) in [0, 1] -> a number."""
    mu, logvar = encode(p, X)
    return elbo_loss(X, decode(p, reparameterize(mu, logvar, eps)), mu, logvar, "bernoulli", beta)


def vae_grads(p: Params, X: Array, eps: Array, beta: float = 1.0) -> tuple[float, Params]:
    """vae_loss and its gradient by backpropagation -> loss, a dict like p."""
    mu, logvar = encode(p, X)
    z = reparameterize(mu, logvar, eps)
    h, e = np.maximum(X @ p["W_h"].T + p["b_h"], 0), np.maximum(z @ p["W_d"].T + p["b_d"], 0)
    logits = e @ p["W_x"].T + p["b_x"]
    x = linear_backward((sigmoid(logits) - X) / len(X), p["W_x"], e)
    d = linear_backward(x["dY"] * (e > 0), p["W_d"], z)
    codes = elbo_grads(mu, logvar, eps, d["dY"], beta)
    heads = {name: linear_backward(codes[f"d{name}"], p[f"W_{name}"], h) for name in ("mu", "logvar")}
    # Both heads looked at h: what they ask of it adds up.
    dh = heads["mu"]["dY"] + heads["logvar"]["dY"]
    layers = {"h": linear_backward(dh * (h > 0), p["W_h"], X), "d": d, "x": x} | heads
    grads = {f"{kind}_{name}": back["d" + kind] for name, back in layers.items() for kind in "Wb"}
    return elbo_loss(X, logits, mu, logvar, "bernoulli", beta), grads


def vae_update(p: Params, X: Array, eps: Array, lr: float, beta: float = 1.0) -> tuple[Params, float]:
    """One step of gradient descent on vae_loss -> the new parameters, and the loss before the step."""
    loss, grads = vae_grads(p, X, eps, beta)
    return {key: value - lr * grads[key] for key, value in p.items()}, loss


# What a trained one is for ---------------------------------------------------------------------------------------


def interpolate(z1: Array, z2: Array, n: int) -> Array:
    """n codes on the straight way from z1 to z2, both included.  z1, z2 (k,), n >= 2 -> (n, k).  [Turinici]"""
    t = np.linspace(0, 1, n)[:, None]
    return (1 - t) * z1 + t * z2


def decoder_shapes(i: int, layers: Sequence[tuple[int, int, int]]) -> list[int]:
    """Sides of the images in a decoder of transposed convolutions (k, s, p): o = (i - 1) s + k - 2 p, the first side too.

    Turinici's to-do: a further layer of stride 1 keeps the side.  [Belhafaoui, "how to reconstruct the image?"]
    """
    sides = [i]
    for k, s, p in layers:
        sides.append((sides[-1] - 1) * s + k - 2 * p)
    return sides
