"""Convolution, pooling, and what they do to shapes and parameter counts.  [Boyer, "Convolutional NN"; Belhafaoui,
"Convolutional neural networks"; Michel, "Convolution Networks (CNNs)"; Turinici, "Réseaux convolutifs: CNN"; Savinien,
"CNN - feature maps"; Dumoulin and Visin 2016]

A picture is x (H, W), or x (C, H, W) with its channels first.  "Convolution" is the lectures' (and PyTorch's)
cross-correlation: no lecture flips the kernel; flip=True does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Array = np.ndarray

#: Kernels of Belhafaoui's "Filtering an image"; the table leaves the matrix of "Sharpen" out.
KERNELS: Mapping[str, Array] = {
    "identity": np.array([[0.0, 0, 0], [0, 1, 0], [0, 0, 0]]),
    "vertical edges": np.array([[1.0, 0, -1], [1, 0, -1], [1, 0, -1]]),
    "diagonal edges": np.array([[1.0, 0, -1], [0, 0, 0], [-1, 0, 1]]),
    "Laplacian": np.array([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]),
    "outline": np.array([[-1.0, -1, -1], [-1, 8, -1], [-1, -1, -1]]),
    "box blur": np.full((3, 3), 1 / 9),
    "Gaussian blur": np.array([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16,
}


# Sizes and counts ------------------------------------------------------------------------------------------------


def conv_out(i: int, k: int, s: int = 1, p: int = 0) -> int:
    """Output size floor((i + 2p - k) / s) + 1 along one axis, in pixels.  [Boyer, "Parameters of a convolution layer"]

    i input, k kernel, s stride, p zeros on each of the two sides.  Belhafaoui's (i + 2p - k)/s + 1 has no floor (E23).
    ValueError when the kernel does not fit, k > i + 2p.
    """
    if k > i + 2 * p:
        raise ValueError(f"a kernel of {k} does not fit into {i} pixels with {p} zeros on each side")
    return (i + 2 * p - k) // s + 1


def tconv_out(i: int, k: int, s: int = 1, p: int = 0) -> int:
    """Output size (i - 1) s + k - 2p of a transposed convolution.  [Belhafaoui, "how to reconstruct the image?"]

    conv_out(tconv_out(i)) is i; tconv_out(conv_out(i)) is i only where the floor drops nothing (E23).
    """
    return (i - 1) * s + k - 2 * p


def same_padding(k: int) -> int:
    """The padding (k - 1) / 2 that keeps the size when the stride is 1.  ValueError for an even k.  [Michel, "Padding"]"""
    if k % 2 == 0:
        raise ValueError(f"no symmetric padding keeps the size for an even kernel ({k})")
    return (k - 1) // 2


def conv_params(k: Any, cin: int, cout: int, bias: bool = True) -> int:
    """Parameters (k_h k_w cin + 1) cout of a convolution; k an integer or a pair.  [Turinici, "Exemple de vérification"]

    Boyer's k_x k_y + 1 is one kernel on one channel (E22).
    """
    kh, kw = k if np.ndim(k) else (k, k)
    return (kh * kw * cin + int(bias)) * cout


def dense_params(n_in: int, n_out: int) -> int:
    """Parameters n_in n_out + n_out of a dense layer.  [Belhafaoui, "Advantage 2"]"""
    return n_in * n_out + n_out


def mult_count(h: int, w: int, k: int, cin: int, cout: int) -> int:
    """Multiplications h w k^2 cin cout of a k x k convolution whose output is h x w.  [Turinici, Inception's 1 x 1 trick]"""
    return h * w * k * k * cin * cout


def shape_table(input_shape: Sequence[int], layers: Sequence[Mapping[str, Any]]) -> list[Any]:
    """One row (name, shape, parameters) for each layer.  [Turinici, "exemple de calcul de tailles des tenseurs"]

    input_shape (C, H, W).  A layer is a dict with "kind": "conv" (n, k, s = 1, p = 0), "pool" (k, s = k, p = 0),
    "flatten", or "dense" (n).  Names count each kind from 1.  KeyError for another kind, ValueError
    for a kernel that does not fit.
    """
    shape, table = tuple(input_shape), []
    count = {"conv": 0, "pool": 0, "flatten": 0, "dense": 0}
    for layer in layers:
        kind, params = layer["kind"], 0
        count[kind] += 1
        if kind == "conv":
            C, H, W = shape
            n, k, s, p = layer["n"], layer["k"], layer.get("s", 1), layer.get("p", 0)
            shape = (n, conv_out(H, k, s, p), conv_out(W, k, s, p))
            params = conv_params(k, C, n)
        elif kind == "pool":
            C, H, W = shape
            k, p = layer["k"], layer.get("p", 0)
            s = layer.get("s", k)
            shape = (C, conv_out(H, k, s, p), conv_out(W, k, s, p))
        elif kind == "flatten":
            shape = (int(np.prod(shape)),)
        else:
            params = dense_params(shape[0], layer["n"])
            shape = (layer["n"],)
        table.append((f"{kind}{count[kind]}", shape, params))
    return table


def receptive_field(layers: Sequence[Sequence[int]]) -> tuple[int, int]:
    """(r, jump): side of what one output sees, and pixels between neighbours' fields.  layers [(k, s), ...], input first.

    r <- r + (k - 1) jump, then jump <- jump s, from (1, 1).  [Michel, "Receptive field of the units in the deeper layer"]
    """
    r, jump = 1, 1
    for k, s in layers:
        r = r + (k - 1) * jump
        jump = jump * s
    return r, jump


# The layers themselves -------------------------------------------------------------------------------------------


def conv2d(x: Array, k: Array, stride: int = 1, padding: int = 0, flip: bool = False) -> Array:
    """Z_ij = sum_uv x_(i s + u, j s + v) k_uv on the zero-padded x.  x (H, W), k (h, w) -> (H', W').

    flip=True rotates the kernel by 180 degrees: the mathematicians' convolution.  Michel's centred sum over |u| <= n_1,
    |v| <= n_2 is the same with h = 2 n_1 + 1, w = 2 n_2 + 1 and padding (n_1, n_2) (E15).  H', W' by conv_out.
    [Belhafaoui, "Filtering an image"; Boyer, "A 2D convolution"]
    """
    if flip:
        k = k[::-1, ::-1]
    x = np.pad(x, padding)
    h, w = k.shape
    Z = np.zeros((conv_out(x.shape[0], h, stride), conv_out(x.shape[1], w, stride)))
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            window = x[i * stride : i * stride + h, j * stride : j * stride + w]
            Z[i, j] = np.sum(window * k)
    return Z


def conv1d(x: Array, k: Array, stride: int = 1, padding: int = 0) -> Array:
    """z_i = sum_u x_(i s + u) k_u.  x (T,), k (n,) -> (T',).  [Belhafaoui, "About 1D convolutions"]"""
    return conv2d(np.pad(x, padding)[None, :], k[None, :], stride)[0]


def circular_conv2d(x: Array, k: Array) -> Array:
    """Z_ij = sum_uv x_((i + u) mod H, (j + v) mod W) k_uv.  x (H, W), k (h, w) -> (H, W); commutes with np.roll exactly.

    [Boyer: "resulting in a shift-invariant output"; the word is equivariant]
    """
    Z = np.zeros(x.shape)
    for (u, v), weight in np.ndenumerate(k):
        Z += weight * np.roll(x, (-u, -v), axis=(0, 1))
    return Z


def conv2d_multi(x: Array, K: Array, b: Array, stride: int = 1, padding: int = 0) -> Array:
    """Z_o = b_o + sum_c conv2d(x_c, K_oc).  x (C, H, W), K (O, C, h, w), b (O,) -> (O, H', W').

    The bias is added once, not per channel.  [Turinici, "Réseaux convolutifs: CNN"; Michel, "Multichannel convolution",
    whose K(u, v, l, w) has output l and input w]
    """
    maps = []
    for o in range(len(K)):
        per_channel = [conv2d(x[c], K[o, c], stride, padding) for c in range(len(x))]
        maps.append(sum(per_channel) + b[o])
    return np.stack(maps)


def pool2d(x: Array, size: int, stride: int | None = None, mode: str = "max") -> Array:
    """Summary ("max", "avg" or "min") of each size x size window; stride None is size.  x (H, W) -> (H', W').

    No padding: windows that do not fit are dropped (the floor of conv_out).  [Boyer, "Max pooling", which shows the windows and not
    their maxima (E55); Belhafaoui, "Pooling / subsampling"]
    """
    stride = size if stride is None else stride
    Z = np.zeros((conv_out(x.shape[0], size, stride), conv_out(x.shape[1], size, stride)))
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            window = x[i * stride : i * stride + size, j * stride : j * stride + size]
            Z[i, j] = {"max": np.max(window), "avg": np.mean(window), "min": np.min(window)}[mode]
    return Z


def l2_pool(x: Array, size: int, stride: int | None = None) -> Array:
    """The L2 norm of each window.  x (H, W) -> (H', W').  [Michel, "Pooling"]

    Michel's third kind, a weighted average, is conv2d with a kernel that sums to 1.
    """
    return size * np.sqrt(pool2d(x**2, size, stride, "avg"))


def flatten(x: Array) -> Array:
    """Row after row (and channel after channel), as one vector.  x any shape -> (x.size,).  [Belhafaoui, "Flatten"]"""
    return x.reshape(-1)


def conv_stage(x: Array, K: Array, b: Array, size: int, stride: int = 1, padding: int = 0) -> Array:
    """The three stages: convolution, detector (ReLU), max pooling.  x (C, H, W) -> (O, H'', W'').  [Michel, "CNN
    architectures"]
    """
    detected = np.maximum(conv2d_multi(x, K, b, stride, padding), 0.0)
    return np.stack([pool2d(Z, size) for Z in detected])
