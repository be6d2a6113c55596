"""Autoencoders: plain, sparse, linear, tied, denoising, convolutional.  [Michel, "Introduction to Autoencoders"; Belhafaoui]

Samples are rows.  An error is |x - xhat|^2, summed over the pixels of a sample and averaged over the samples.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from reference import mlp
from reference.activations import relu, sigmoid

Array = np.ndarray
Params = dict[str, Array]

ACTIVATIONS: dict[str, Callable[[Array], Array]] = {"identity": np.asarray, "relu": relu, "sigmoid": sigmoid}


def ae_forward(X: Array, p: Params, activation: str = "relu") -> dict[str, Array]:
    """Codes and reconstructions of an autoencoder d-k-d.  X (N, d) -> codes (N, k), xhat (N, d).

    p: W_e (k, d), b_e (k,), W_d (d, k), b_d (d,).  activation: of the codes, "identity", "relu" or "sigmoid"; the output
    is linear and as wide as the input.  [Michel, "Autoencoder architecture and loss"]
    """
    codes = ACTIVATIONS[activation](X @ p["W_e"].T + p["b_e"])
    return {"codes": codes, "xhat": codes @ p["W_d"].T + p["b_d"]}


def ae_loss(X: Array, xhat: Array, codes: Array, lam: float = 0.0, reduction: str = "samples") -> float:
    """Squared error + lam (mean over the samples of sum |code|): sparse for lam > 0.  X, xhat (N, d), codes (N, k) -> a number.

    reduction: "samples" sums the squares over a sample's pixels, "entries" is the MSE, the mean over all entries too.  The
    penalty is on the codes, not on the weights.  [Michel: "additional regularization lead to a sparse representation"]
    """
    squares = (X - xhat) ** 2
    error = squares.mean() if reduction == "entries" else squares.sum(axis=1).mean()
    return float(error + lam * np.abs(codes).sum(axis=1).mean())


def linear_ae_optimum(X: Array, k: int) -> float:
    """The least error of any linear autoencoder with k numbers: the sum of the discarded eigenvalues of Xc'Xc / n.

    X (n, d), Xc centred.  Not in the lectures.  [Baldi 1989]
    """
    Xc = X - X.mean(axis=0)
    eigenvalues = np.linalg.eigvalsh(Xc.T @ Xc / len(X))
    # Ascending: the first d - k are the discarded ones.
    return float(eigenvalues[: X.shape[1] - k].sum())


def linear_ae(X: Array, k: int) -> Params:
    """A linear autoencoder that reaches linear_ae_optimum: the first k principal axes.  X (n, d) -> p of ae_forward."""
    mean = X.mean(axis=0)
    _, axes = np.linalg.eigh((X - mean).T @ (X - mean) / len(X))
    W = axes[:, X.shape[1] - k :].T
    return {"W_e": W, "b_e": -W @ mean, "W_d": W.T, "b_d": mean}


# Stacked and tied ------------------------------------------------------------------------------------------------


def param_count(sizes: Sequence[int], tied: bool = False) -> int:
    """Parameters of a symmetric autoencoder; sizes (d, h, ..., k) are the encoder's.  Tied: weights once, biases as ever.

    [Michel, "Stacked Autoencoders"]
    """
    whole = [*sizes, *reversed(sizes[:-1])]
    shared = sum(a * b for a, b in pairwise(sizes))
    return mlp.param_count(whole) - (shared if tied else 0)


def _untied(Ws: Sequence[Array], bs_enc: Sequence[Array], bs_dec: Sequence[Array]) -> mlp.Params:
    """The layers of a tied autoencoder one after the other."""
    return [*zip(Ws, bs_enc, strict=True), *zip([W.T for W in reversed(Ws)], bs_dec, strict=True)]


def tied_forward(X: Array, Ws: Sequence[Array], bs_enc: Sequence[Array], bs_dec: Sequence[Array]) -> Array:
    """The reconstruction by a stacked autoencoder with W_(N-L+1) = W_L'.  X (N, d) -> (N, d).

    Ws[l] (n_(l+1), n_l) from d down to the code; the decoder applies their transposes in reverse order.  bs_enc[l] belongs
    to Ws[l], bs_dec[l] to the decoder's layer l, from the code up to d.  ReLU after every layer but the last.  [Michel]
    """
    return mlp.forward(_untied(Ws, bs_enc, bs_dec), X)


def tied_grads(X: Array, Ws: Sequence[Array], bs_enc: Sequence[Array], bs_dec: Sequence[Array]) -> dict[str, Any]:
    """Loss (mean of |x - xhat|^2) and gradients of tied_forward -> loss, and lists Ws, bs_enc, bs_dec of gradients.

    Every W is used twice, so its gradient is the sum of both uses.
    """
    params = _untied(Ws, bs_enc, bs_dec)
    Ys, Yts = [X], []
    for W, b in params:
        Yts.append(Ys[-1] @ W.T + b)
        Ys.append(relu(Yts[-1]))
    dYt = 2 * (Yts[-1] - X) / len(X)
    backs = []
    for l in reversed(range(len(params))):
        back = mlp.linear_backward(dYt, params[l][0], Ys[l])
        backs.append(back)
        if l > 0:
            dYt = mlp.relu_backward(back["dY"], Yts[l - 1])
    # backs[0] is the last layer, which shares its matrix with the first.
    dbs, n = [back["db"] for back in reversed(backs)], len(Ws)
    both = [backs[2 * n - 1 - l]["dW"] + backs[l]["dW"].T for l in range(n)]
    loss = float(((Yts[-1] - X) ** 2).sum(axis=1).mean())
    return {"loss": loss, "Ws": both, "bs_enc": dbs[:n], "bs_dec": dbs[n:]}


def tied_grad(X: Array, W: Array, b_enc: Array, b_dec: Array) -> Array:
    """The gradient at W of a tied autoencoder of one layer each way, through both uses.  X (N, d), W (k, d) -> (k, d)."""
    return tied_grads(X, [W], [b_enc], [b_dec])["Ws"][0]


def reuse_lower(params: mlp.Params, layers: int, head: tuple[Array, Array]) -> mlp.Params:
    """A classifier on the first `layers` of a pretrained autoencoder, with a fresh head (W, b).

    Train the autoencoder on all data, this on the labelled part.  [Michel, "Unsupervised pretraining using Autoencoders"]
    """
    return [*params[:layers], head]


# Denoising -------------------------------------------------------------------------------------------------------


def denoise_batch(X: Array, noise: Array, kind: str, train: bool) -> Array:
    """What a denoising autoencoder is fed.  X, noise (N, d) -> (N, d); X itself, as a copy, when not training.

    kind: "gaussian" adds the noise, "dropout" keeps the entries where noise is 1 and zeroes those where it is 0, without
    rescaling.  [Michel, "Denoising Autoencoders"; Belhafaoui: "prefigures the diffusion models"]
    """
    if not train:
        return X.copy()
    return X + noise if kind == "gaussian" else X * noise


def denoising_loss(X: Array, Xrec: Array) -> float:
    """Mean over the samples of |x - r|^2, r made of the noisy input: the target is the *clean* one.  X, Xrec (N, d)."""
    return float(((X - Xrec) ** 2).sum(axis=1).mean())


# Convolutional ---------------------------------------------------------------------------------------------------


def tconv2d(x: Array, k: Array, stride: int = 1, padding: int = 0) -> Array:
    """Transposed convolution of one channel.  x (h, w), k (a, b) -> ((h - 1) stride + a - 2 padding, the same for w).

    Every entry of x lays down the kernel, times itself, `stride` apart; `padding` rows are cut off all around.  It is the
    adjoint of conv2d with the same k, stride, padding, not its inverse.  [Belhafaoui, "transposed convolution"]
    """
    (h, w), (a, b) = x.shape, k.shape
    out = np.zeros(((h - 1) * stride + a, (w - 1) * stride + b))
    for i in range(h):
        for j in range(w):
            out[i * stride : i * stride + a, j * stride : j * stride + b] += x[i, j] * k
    return out[padding : out.shape[0] - padding, padding : out.shape[1] - padding]
