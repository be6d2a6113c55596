"""What a convolutional network looks at: feature maps, occlusion, saliency, adversarial pictures.  [Belhafaoui, "Advantage
1: a bit of interpretability"; Savinien, "visualizing activations in CONVnets"; Turinici, "adversarial examples"]

The network here is a small one: p holds K (O, C, k, k) and b (O,) of a convolution without padding, then ReLU, the mean
over all places, and a dense layer V (classes, O), c (classes,).  A picture is x (C, H, W).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from reference.activations import relu
from reference.cnn import conv_out
from reference.nets import conv

Array = np.ndarray
Params = Mapping[str, Array]


def feature_maps(x: Array, p: Params) -> Array:
    """What each kernel finds, after ReLU.  x (C, H, W) -> (O, H', W').  [Zeiler and Fergus 2014]"""
    return relu(conv(x[None], p["K"], p["b"], padding=0)[0])


def class_scores(x: Array, p: Params) -> Array:
    """The logits of the network above.  x (C, H, W) -> (classes,)"""
    return p["V"] @ feature_maps(x, p).mean(axis=(1, 2)) + p["c"]


def occlusion_map(x: Array, p: Params, label: int, patch: int, stride: int = 1, fill: float = 0.0) -> Array:
    """How much the label's score drops, base - occluded, when a patch is filled.  x (C, H, W) -> (H', W') by conv_out.

    Entry (i, j) has the patch's top left pixel at (i stride, j stride).  [Belhafaoui, "(occlusion)"]
    """
    _, H, W = x.shape
    base = class_scores(x, p)[label]
    drop = np.zeros((conv_out(H, patch, stride), conv_out(W, patch, stride)))
    for i in range(drop.shape[0]):
        for j in range(drop.shape[1]):
            occluded = x.astype(float)
            occluded[:, i * stride : i * stride + patch, j * stride : j * stride + patch] = fill
            drop[i, j] = base - class_scores(occluded, p)[label]
    return drop


def occlusion_positions(H: int, W: int, patch: int, stride: int = 1) -> int:
    """How many entries occlusion_map has."""
    return conv_out(H, patch, stride) * conv_out(W, patch, stride)


def input_gradient(x: Array, p: Params, label: int) -> Array:
    """d score_label / dx by hand, back through mean, ReLU and convolution.  x (C, H, W) -> (C, H, W)"""
    Z = conv(x[None], p["K"], p["b"], padding=0)[0]
    dZ = (Z > 0) * p["V"][label][:, None, None] / (Z.shape[1] * Z.shape[2])
    dx = np.zeros(x.shape)
    for u, v in np.ndindex(*p["K"].shape[2:]):
        # Pixel (i + u, j + v) meets the kernel's entry (u, v) at place (i, j).
        dx[:, u : u + Z.shape[1], v : v + Z.shape[2]] += np.einsum("oij,oc->cij", dZ, p["K"][:, :, u, v])
    return dx


def saliency(x: Array, p: Params, label: int) -> Array:
    """|d score_label / dx|, the largest over the channels.  x (C, H, W) -> (H, W).  [Belhafaoui, "(saliency maps)"]"""
    return np.abs(input_gradient(x, p, label)).max(axis=0)


def fgsm(x: Array, grad: Array, eps: float, lo: float = -np.inf, hi: float = np.inf) -> Array:
    """x + eps sign(grad), clipped to [lo, hi]; grad is the loss's.  x, grad of one shape -> same shape; sign(0) = 0.

    A linear logit w.x with grad = -w drops by eps |w|_1.  [Goodfellow 2015; Turinici's last slide]
    """
    return np.clip(x + eps * np.sign(grad), lo, hi)
