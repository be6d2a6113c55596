"""Diffusion: add noise step by step, learn to take it away; and filling in what is missing.

[Turinici, "Stable Diffusion", "sampling conditionnel par régularisation": the idea; the formulas are those of Ho 2020]

Steps are t = 1..T; betas (T,) are the variances of the noise added, abar_t = product of (1 - beta_s) over s <= t.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Array = np.ndarray
Betas = Sequence[float] | Array


def alpha_bar(betas: Betas) -> Array:
    """abar_1, ..., abar_T.  betas (T,) -> (T,)"""
    return np.cumprod(1 - np.asarray(betas, dtype=float))


def q_coefficients(betas: Betas, t: int | None = None) -> tuple[float, float]:
    """What x_t is made of: sqrt(abar_t) of x_0, and noise of deviation sqrt(1 - abar_t).  t: the last step where None."""
    abar = alpha_bar(betas)[-1 if t is None else t - 1]
    return float(np.sqrt(abar)), float(np.sqrt(1 - abar))


def q_sample(x0: Array, eps: Array, betas: Betas, t: int) -> Array:
    """x_t = sqrt(abar_t) x_0 + sqrt(1 - abar_t) eps, t steps at once.  x0, eps of one shape -> same shape.  [Ho 2020, (4)]"""
    signal, noise = q_coefficients(betas, t)
    return signal * x0 + noise * eps


def predict_x0(xt: Array, eps: Array, betas: Betas, t: int) -> Array:
    """x_0 from x_t and the noise in it: q_sample undone.  xt, eps of one shape -> same shape.  [Ho 2020, (15)]"""
    signal, noise = q_coefficients(betas, t)
    return (xt - noise * eps) / signal


def p_sample(xt: Array, eps: Array, betas: Betas, t: int, noise: Array) -> Array:
    """One step back, x_(t-1), from the noise eps that a network finds in x_t and a fresh draw.  [Ho 2020, Algorithm 2]

    Mean (x_t - beta_t / sqrt(1 - abar_t) eps) / sqrt(1 - beta_t), variance beta_t (1 - abar_(t-1)) / (1 - abar_t): 0 at
    t = 1.  xt, eps, noise of one shape -> same shape.
    """
    abar, beta = np.append(1.0, alpha_bar(betas)), betas[t - 1]
    mean = (xt - beta / np.sqrt(1 - abar[t]) * eps) / np.sqrt(1 - beta)
    return mean + np.sqrt(beta * (1 - abar[t - 1]) / (1 - abar[t])) * noise


def masked_fill_sample(x: Array, mask: Array, dataset: Array) -> Array:
    """x with its erased pixels taken from the sample that is nearest on the observed ones.  x, mask (d,), dataset (n, d) -> (d,)

    mask is 1 where x is observed; ties go to the first sample.  [Turinici, "Devinez": conditional sampling, the crudest]
    """
    seen = np.asarray(mask, dtype=bool)
    nearest = ((dataset[:, seen] - x[seen]) ** 2).sum(axis=1).argmin()
    return np.where(seen, x, dataset[nearest])
