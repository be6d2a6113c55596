"""Optimisers, one step at a time, and learning rates over time and over layers.

[Savinien, "Learning rates"; Michel, "Extensions and variants of SGD"; Belhafaoui, "Momentum", "Adagrad and RMSProp", "Adam"]

A step takes the parameters w, the gradient g at w (numbers or arrays of one shape), a state and the rate lr, and gives new w
and new state.  The state starts as {} and goes from step to step; all operations work entry by entry.  eps is added
after the root, as in PyTorch; with eps = 0 the adaptive steps are undefined where all gradients so far are 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Array = np.ndarray
State = dict[str, Any]


# Momentum --------------------------------------------------------------------------------------------------------


def momentum_step(
    w: Array, g: Array, state: State, lr: float, beta: float = 0.9, form: str = "heavy"
) -> tuple[Array, State]:
    """SGD with a memory of past gradients.  w, g any shape -> w, state.

    "heavy": v = lr g + beta v, w = w - v, v starting at 0.  [Michel; PyTorch at a constant rate]
    "ema":   v = (1 - beta) g + beta v, w = w - lr v.  [Savinien]  The two agree for lr_heavy = lr_ema (1 - beta).
    """
    v = state.get("v", 0.0)
    if form == "heavy":
        v = lr * g + beta * v
        return w - v, {"v": v}
    if form == "ema":
        v = (1 - beta) * g + beta * v
        return w - lr * v, {"v": v}
    raise ValueError(f"form must be 'heavy' or 'ema', not {form!r}")


def nesterov_step(w: Array, g: Array, state: State, lr: float, beta: float = 0.9) -> tuple[Array, State]:
    """Momentum that looks ahead, in PyTorch's form: v = beta v + g, w = w - lr (g + beta v), with the new v.

    w here is the look-ahead point theta - lr beta v of Nesterov's own form.  [Sutskever 2013; Turinici names it]
    """
    v = g + beta * state.get("v", 0.0)
    return w - lr * (g + beta * v), {"v": v}


def momentum_equivalent_lr(lr: float, beta: float) -> float:
    """The rate with which form "heavy" makes the steps of form "ema" with rate lr: lr (1 - beta)."""
    return lr * (1 - beta)


# A rate for each parameter ---------------------------------------------------------------------------------------


def adagrad_step(w: Array, g: Array, state: State, lr: float, eps: float = 1e-10) -> tuple[Array, State]:
    """s = s + g^2, w = w - lr g / (sqrt(s) + eps): the more updates, the smaller the steps.  [Duchi 2011; Belhafaoui]"""
    s = state.get("s", 0.0) + g**2
    return w - lr * g / (np.sqrt(s) + eps), {"s": s}


def rmsprop_step(
    w: Array, g: Array, state: State, lr: float, beta: float = 0.9, eps: float = 1e-8
) -> tuple[Array, State]:
    """s = (1 - beta) g^2 + beta s, w = w - lr g / (sqrt(s) + eps): Adagrad that forgets.  [Savinien; Hinton 2012]"""
    s = (1 - beta) * g**2 + beta * state.get("s", 0.0)
    return w - lr * g / (np.sqrt(s) + eps), {"s": s}


def adam_step(
    w: Array,
    g: Array,
    state: State,
    lr: float,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
    variant: str = "standard",
) -> tuple[Array, State]:
    """Momentum and RMSProp together.  w, g any shape -> w, state.

    m = (1 - b1) g + b1 m, s = (1 - b2) g^2 + b2 s.  Step t = 1, 2, ... of "standard" [Kingma 2015] is
    w = w - lr mhat / (sqrt(shat) + eps) with mhat = m / (1 - b1^t), shat = s / (1 - b2^t).
    "simple" is w = w - lr m / (sqrt(s) + eps) with b1 in both averages (b2 is not used); Savinien's slide has eps = 0.
    """
    if variant not in ("standard", "simple"):
        raise ValueError(f"variant must be 'standard' or 'simple', not {variant!r}")
    if variant == "simple":
        b2 = b1
    t = state.get("t", 0) + 1
    m = (1 - b1) * g + b1 * state.get("m", 0.0)
    s = (1 - b2) * g**2 + b2 * state.get("s", 0.0)
    new_state = {"t": t, "m": m, "s": s}
    if variant == "simple":
        return w - lr * m / (np.sqrt(s) + eps), new_state
    # The averages start at 0 and are too small at first: divide by the sum of their weights so far.
    mhat = m / (1 - b1**t)
    shat = s / (1 - b2**t)
    return w - lr * mhat / (np.sqrt(shat) + eps), new_state


def adamax_step(
    w: Array, g: Array, state: State, lr: float, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8
) -> tuple[Array, State]:
    """Adam with a maximum for the root: u = max(b2 u, |g| + eps), w = w - lr m / ((1 - b1^t) u).  [Kingma 2015; PyTorch]

    m = (1 - b1) g + b1 m, t = 1, 2, ...; eps stands inside the maximum, PyTorch's place.
    """
    t = state.get("t", 0) + 1
    m = (1 - b1) * g + b1 * state.get("m", 0.0)
    u = np.maximum(b2 * state.get("u", 0.0), np.abs(g) + eps)
    return w - lr / (1 - b1**t) * m / u, {"t": t, "m": m, "u": u}


def adadelta_step(
    w: Array, g: Array, state: State, lr: float = 1.0, rho: float = 0.9, eps: float = 1e-6
) -> tuple[Array, State]:
    """Steps in the units of w: their own root mean square over that of the gradients.  [Zeiler 2012; PyTorch]

    s = rho s + (1 - rho) g^2, d = g sqrt(a + eps) / sqrt(s + eps), a = rho a + (1 - rho) d^2, w = w - lr d; the d of a step
    uses the a before it, and eps stands inside both roots.
    """
    a = state.get("a", 0.0)
    s = rho * state.get("s", 0.0) + (1 - rho) * g**2
    d = g * np.sqrt(a + eps) / np.sqrt(s + eps)
    return w - lr * d, {"s": s, "a": rho * a + (1 - rho) * d**2}


def sgd_l2_step(w: Array, g: Array, lr: float, lam: float) -> Array:
    """One SGD step on loss + lam sum w^2: w - lr (g + 2 lam w), without 1/2 in the penalty.  [Michel, Algorithm 4]"""
    return w - lr * (g + 2 * lam * w)


# Several steps from w = 0 ----------------------------------------------------------------------------------------


def _after(step: Callable[..., tuple[Array, State]], grads: Sequence[Any], **settings: Any) -> Any:
    """w after one step per gradient, from w = 0.  grads (n,) or (n, ...) -> () or (...)."""
    w: Any = 0.0
    state: State = {}
    for g in grads:
        w, state = step(w, g, state, **settings)
    return w


def momentum_ema(grads: Sequence[Any], lr: float, beta: float) -> Any:
    """w after these gradients from w = 0, form "ema"."""
    return _after(momentum_step, grads, lr=lr, beta=beta, form="ema")


def momentum_heavy(grads: Sequence[Any], lr: float, beta: float) -> Any:
    """w after these gradients from w = 0, form "heavy"."""
    return _after(momentum_step, grads, lr=lr, beta=beta, form="heavy")


def adagrad(grads: Sequence[Any], lr: float, eps: float = 0.0) -> Any:
    """w after these gradients from w = 0."""
    return _after(adagrad_step, grads, lr=lr, eps=eps)


def rmsprop(grads: Sequence[Any], lr: float, beta: float, eps: float = 0.0) -> Any:
    """w after these gradients from w = 0."""
    return _after(rmsprop_step, grads, lr=lr, beta=beta, eps=eps)


def adam(grads: Sequence[Any], lr: float, b1: float = 0.9, b2: float = 0.999, eps: float = 0.0) -> Any:
    """w after these gradients from w = 0, variant "standard": the first step is lr, whatever g."""
    return _after(adam_step, grads, lr=lr, b1=b1, b2=b2, eps=eps)


def adam_simple(grads: Sequence[Any], lr: float, beta: float, eps: float = 0.0) -> Any:
    """w after these gradients from w = 0, variant "simple": the first step is lr sqrt(1 - beta), whatever g."""
    return _after(adam_step, grads, lr=lr, b1=beta, eps=eps, variant="simple")


def adagrad_rate(lr: float, g: float, t: int) -> float:
    """What multiplies g in step t = 1, 2, ... of Adagrad if all t gradients are g: lr / (|g| sqrt(t))."""
    return float(lr / (np.abs(g) * np.sqrt(t)))


# Rates -----------------------------------------------------------------------------------------------------------


def lr_schedule(
    name: str,
    lr0: float,
    t: int | Array,
    gamma: float = 0.1,
    every: int = 10,
    T: int = 100,
    lr_min: float = 0.0,
    warmup: int = 5,
) -> Any:
    """The rate of epoch t = 0, 1, ... (an integer, or an array of them: same shape).

    "step":        lr0 gamma^floor(t / every)
    "exponential": lr0 gamma^t
    "inverse":     lr0 / (1 + gamma t)
    "cosine":      lr_min + (lr0 - lr_min) (1 + cos(pi t / T)) / 2, and lr_min after t = T  [Loshchilov 2017]
    "warmup":      lr0 (t + 1) / warmup for t < warmup, then lr0
    [Michel, "SGD: learning rate"; Savinien, "learning rate annealing", a picture]
    """
    if name == "step":
        return lr0 * gamma ** (t // every)
    if name == "exponential":
        return lr0 * gamma**t
    if name == "inverse":
        return lr0 / (1 + gamma * t)
    if name == "cosine":
        return lr_min + (lr0 - lr_min) * (1 + np.cos(np.pi * np.minimum(t, T) / T)) / 2
    if name == "warmup":
        return lr0 * np.minimum(1.0, (t + 1) / warmup)
    raise ValueError(f"unknown schedule {name!r}")


def step_decay(lr0: float, gamma: float, every: int, t: int) -> float:
    """lr0 gamma^floor(t / every)."""
    return lr_schedule("step", lr0, t, gamma=gamma, every=every)


def discriminative_lrs(lr: float, factor: float, L: int) -> Array:
    """One rate per layer, layer 0 nearest the input: lr / factor^(L-1), ..., lr / factor, lr -> (L,).

    Small for early, pretrained layers.  [Savinien, "discriminative learning rate"; Howard 2018]
    """
    return lr / factor ** np.arange(L - 1.0, -1.0, -1.0)
