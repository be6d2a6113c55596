"""Architectures after AlexNet and how to reuse them: ResNet, Inception, U-Net, stages, frozen layers.  [Savinien, "CNN -
resnets", "CNN - Unets", "CNN - CONVnet"; Turinici, "Inception"; Boyer, "Some famous ConvNets"; Michel, "Reusing
Pre-trained Networks"; Belhafaoui, "Transfer learning"]

Pictures come in batches x (N, C, H, W).  Where nothing is said a convolution has no bias, stride 1 and padding k // 2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from reference import mlp
from reference.activations import relu
from reference.cnn import conv_params, dense_params

Array = np.ndarray


def conv(x: Array, W: Array, b: Array | None = None, stride: int = 1, padding: int | None = None) -> Array:
    """cnn.conv2d_multi for a batch.  x (N, C, H, W), W (O, C, k, k), b (O,) -> (N, O, H', W'); padding None is k // 2."""
    p = W.shape[-1] // 2 if padding is None else padding
    x = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    windows = np.lib.stride_tricks.sliding_window_view(x, W.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    Z = np.einsum("ncijuv,ocuv->noij", windows, W)
    return Z if b is None else Z + b[:, None, None]


# Residual networks -----------------------------------------------------------------------------------------------


def residual_block(x: Array, W1: Array, b1: Array, W2: Array, b2: Array, Wp: Array | None = None) -> Array:
    """relu(x + conv2(relu(conv1(x)))).  x (N, C, H, W), W1 (O, C, k, k), W2 (O, O, k, k), b1 and b2 (O,) -> (N, O, H, W).

    Wp (O, C, 1, 1), without bias, brings x to O channels where O is not C.  [He 2015; Savinien, "CNN - resnets", prints
    x + conv2(conv1(x)) without the ReLUs]
    """
    skip = x if Wp is None else conv(x, Wp)
    return relu(skip + conv(relu(conv(x, W1, b1)), W2, b2))


def residual_layer(h: Array, W: Array, sigma: Callable[[Array], Array] = np.tanh) -> Array:
    """h + sigma(W h).  h (n,), W (n, n) -> (n,).  [Boyer, "Some famous ConvNets"]"""
    return h + sigma(W @ h)


def residual_jacobian(f: float | Array) -> Array:
    """d(x + F(x))/dx = I + F'(x): 1 + f for a number f = F'(x), I + J for a matrix J (n, n)."""
    J = np.asarray(f, dtype=float)
    return J + (np.eye(len(J)) if J.ndim else 1.0)


# Inception -------------------------------------------------------------------------------------------------------


def inception_block(x: Array, branches: Sequence[Sequence[Array | str]]) -> Array:
    """Parallel branches, their channels one behind the other.  x (N, C, H, W) -> (N, sum of O, H, W).

    A branch is a list of steps: a kernel (O, C, k, k) with ReLU, or "pool", 3 x 3 maxima with stride 1 that keep the
    size.  [Szegedy 2015; Turinici, "Inception": 1 x 1 kernels before large ones cut the cost, see cnn.mult_count]
    """
    out = []
    for branch in branches:
        y = x
        for step in branch:
            y = same_max_pool(y) if isinstance(step, str) else relu(conv(y, step))
        out.append(y)
    return np.concatenate(out, axis=1)


def same_max_pool(x: Array, size: int = 3) -> Array:
    """Maxima of size x size windows, stride 1; what lies outside never wins.  x (N, C, H, W) -> same shape, size odd."""
    p = size // 2
    x = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)), constant_values=-np.inf)
    return np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(2, 3)).max(axis=(-2, -1))


def inception_loss(losses: Sequence[float], weights: Sequence[float] = (0.3, 0.3, 1.0)) -> float:
    """The weighted sum of the three softmaxes' losses, auxiliary ones first; at inference only the last one speaks.

    [Turinici, "Inception"; the weights 0.3 are Szegedy's]
    """
    return float(np.dot(losses, weights))


# Sizes -----------------------------------------------------------------------------------------------------------


def stage_shapes(side: int, c: int, n: int) -> list[tuple[int, int]]:
    """(side, channels) before and after each of n stages that halve the side and double the channels -> n + 1 pairs.

    [Savinien, "CNN - CONVnet"]
    """
    return [(side // 2**t, c * 2**t) for t in range(n + 1)]


def unet_shapes(side: int, depth: int = 4, valid: bool = True) -> list[int]:
    """Sides after each pair of 3 x 3 convolutions: depth times on the way down, at the bottom, depth times up.

    Down ends with 2 x 2 pooling, up begins with a transposed convolution of 2 x 2, stride 2.  valid: each convolution
    takes 2 pixels (Ronneberger's 572 -> 388); else padding keeps the side.  ValueError where a side to be pooled is odd.
    [Savinien, "CNN - Unets"; Ronneberger 2015]
    """
    lost, sides = 4 if valid else 0, []
    for level in range(2 * depth + 1):
        side -= lost
        sides.append(side)
        if level < depth and side % 2:
            raise ValueError(f"a side of {side} cannot be halved")
        side = side // 2 if level < depth else side * 2
    return sides


def resnet50_params(classes: int = 0) -> int:
    """Parameters of ResNet-50: 23,508,032, and a head for `classes` on its 2048 features: 25,557,032 for 1000 (E41).

    A 7 x 7 convolution, then 3, 4, 6, 3 blocks of 1 x 1, 3 x 3, 1 x 1 convolutions with m, m, 4 m channels, m = 64, 128, 256, 512.
    No biases: a batch norm with its gamma and beta follows each.  The first block of a stage projects its input.  [He 2015]
    """

    def normed(k: int, cin: int, cout: int) -> int:
        return conv_params(k, cin, cout, bias=False) + 2 * cout

    total, cin = normed(7, 3, 64), 64
    for blocks, m in [(3, 64), (4, 128), (6, 256), (3, 512)]:
        total += normed(1, cin, 4 * m)
        for _ in range(blocks):
            total += normed(1, cin, m) + normed(3, m, m) + normed(1, m, 4 * m)
            cin = 4 * m
    return total + (dense_params(cin, classes) if classes else 0)


# Transfer --------------------------------------------------------------------------------------------------------


def trainable_params(features: int, classes: int) -> int:
    """What is left to learn with the base frozen: a dense head, features * classes + classes.  [Turinici, MobileNetV2]"""
    return dense_params(features, classes)


def freeze(names: Sequence[str], policy: str, k: int = 0) -> dict[str, bool]:
    """Which layers are frozen, input first.  policy "all", "top" (all but the last k), or "none" -> {name: frozen}.

    [Michel, "Frozen layers": freeze all first, then unfreeze the top one or two; more data, more layers]
    """
    open_ = {"all": 0, "top": k, "none": len(names)}[policy]
    return {name: at < len(names) - open_ for at, name in enumerate(names)}


def train_head(F: Array, y: Array, W: Array, b: Array, lr: float, n: int) -> tuple[Array, Array]:
    """n gradient steps on the mean cross-entropy of softmax(F W^T + b), the features F (N, d) fixed -> W (K, d), b (K,).

    y (N,) holds labels 0..K-1.  [Belhafaoui, "Transfer learning": a frozen network as feature extractor]
    """
    [(W, b)], _ = mlp.train([(W, b)], F, np.eye(len(b))[y], lr, [np.arange(len(F))] * n)
    return W, b


def mnist_to_mobilenet(x: Array, side: int = 32) -> Array:
    """Grey digits 0..255 as MobileNetV2 wants them: zeros around, three equal channels, values in [-1, 1].

    x (N, 28, 28) -> (N, 3, side, side), side >= 32.  ValueError for a smaller or odd side.  [Turinici, "A faire"]
    """
    if side < 32 or side % 2:
        raise ValueError(f"side must be even and at least 32, not {side}")
    around = (side - x.shape[1]) // 2
    padded = np.pad(x.astype(float), ((0, 0), (around, around), (around, around)))
    return np.repeat(padded[:, None] / 127.5 - 1.0, 3, axis=1)
