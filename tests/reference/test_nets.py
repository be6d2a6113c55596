"""reference.nets against PyTorch's layers and autograd, and the lectures' numbers."""

import numpy as np
import pytest
import torch

from reference import cnn, nets
from reference import random as draw
from reference.mlp import numeric_grad


def near(got, expected, rtol=1e-11, atol=1e-12):
    """Sums of some hundreds of products in float64."""
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=atol)


def tensors(*arrays):
    return [torch.from_numpy(np.ascontiguousarray(a)) for a in arrays]


@pytest.mark.parametrize(("k", "stride", "padding"), [(3, 1, None), (1, 1, None), (5, 2, None), (2, 1, 0), (3, 2, 2)])
def test_conv_is_torchs_and_conv2d_multi(k, stride, padding, rng):
    """A batch, with k // 2 zeros where nothing is said; and picture by picture the function that students build."""
    x, W, b = rng.normal(size=(2, 3, 7, 6)), rng.normal(size=(4, 3, k, k)), rng.normal(size=4)
    X, K, B = tensors(x, W, b)
    p = k // 2 if padding is None else padding
    Z = nets.conv(x, W, b, stride, padding)
    near(Z, torch.conv2d(X, K, B, stride, p))
    near(Z[1], cnn.conv2d_multi(x[1], W, b, stride, p))
    near(nets.conv(x, W, None, stride, padding), torch.conv2d(X, K, None, stride, p))


def test_residual_block_is_torchs(rng):
    """With equal shapes, and with a projection to more channels."""
    x, b1, b2 = rng.normal(size=(2, 3, 5, 6)), rng.normal(size=4), rng.normal(size=4)
    W1, W2, Wp = rng.normal(size=(4, 3, 3, 3)), rng.normal(size=(4, 4, 3, 3)), rng.normal(size=(4, 3, 1, 1))
    X, A1, B1, A2, B2, Ap = tensors(x, W1, b1, W2, b2, Wp)
    inner = torch.conv2d(torch.relu(torch.conv2d(X, A1, B1, padding=1)), A2, B2, padding=1)
    near(nets.residual_block(x, W1, b1, W2, b2, Wp), torch.relu(torch.conv2d(X, Ap) + inner))
    square = rng.normal(size=(3, 3, 3, 3))
    (S,) = tensors(square)
    inner = torch.conv2d(torch.relu(torch.conv2d(X, S, B1[:3], padding=1)), S, B2[:3], padding=1)
    near(nets.residual_block(x, square, b1[:3], square, b2[:3]), torch.relu(X + inner))


def test_a_block_of_zeros_passes_its_input(rng):
    """Zero weights: relu(x), whatever the depth."""
    x, W, b = rng.normal(size=(1, 2, 4, 4)), np.zeros((2, 2, 3, 3)), np.zeros(2)
    near(nets.residual_block(x, W, b, W, b), np.maximum(x, 0))


def test_golden_residual_numbers(rng):
    """Two 3 x 3 x 64 convolutions hold 73,856 parameters (A78); Q09.6's 1.01; the Jacobian of a layer by differences."""
    assert 2 * cnn.conv_params(3, 64, 64) == 73_856
    near(nets.residual_jacobian(0.01), 1.01)
    h, W = rng.normal(size=3), rng.normal(size=(3, 3))
    inner = (1 - np.tanh(W @ h) ** 2)[:, None] * W
    rows = [numeric_grad(lambda v, at=at: float(nets.residual_layer(v, W)[at]), h) for at in range(3)]
    near(nets.residual_jacobian(inner), rows, rtol=0, atol=1e-8)


def test_inception_block_is_torchs(rng):
    """1 x 1, 1 x 1 then 5 x 5, and pooling then 1 x 1, in this order."""
    x = rng.normal(size=(2, 4, 6, 5))
    kernels = [rng.normal(size=size) for size in ((3, 4, 1, 1), (2, 4, 1, 1), (5, 2, 5, 5), (1, 4, 1, 1))]
    out = nets.inception_block(x, [[kernels[0]], [kernels[1], kernels[2]], ["pool", kernels[3]]])
    X, one, reduce, five, after = tensors(x, *kernels)
    F = torch.nn.functional
    wide = torch.relu(F.conv2d(torch.relu(F.conv2d(X, reduce)), five, padding=2))
    pooled = torch.relu(F.conv2d(F.max_pool2d(X, 3, 1, 1), after))
    assert out.shape == (2, 3 + 5 + 1, 6, 5)
    near(out, torch.cat([torch.relu(F.conv2d(X, one)), wide, pooled], dim=1))


def test_pooling_that_keeps_the_size(rng):
    """Windows of 5; negative pictures stay negative at the rim."""
    x = -np.abs(rng.normal(size=(1, 2, 6, 7)))
    (X,) = tensors(x)
    near(nets.same_max_pool(x, 5), torch.max_pool2d(X, 5, 1, 2))


def test_inception_losses_are_weighted():
    """Three softmaxes enter the loss with different weights."""
    near(nets.inception_loss([1.0, 2.0, 3.0]), 0.3 + 0.6 + 3.0)
    near(nets.inception_loss([1.0, 2.0], (0.5, 1.0)), 2.5)


def test_golden_stages():
    """Q09.7: 128 pixels and 16 channels become 16 pixels and 128 channels; ResNet's 512 at the end."""
    assert nets.stage_shapes(128, 16, 3) == [(128, 16), (64, 32), (32, 64), (16, 128)]
    assert nets.stage_shapes(56, 64, 3)[-1] == (7, 512)


def test_golden_unet():
    """572 -> 568, 280, 136, 64, 28 at the bottom, 388 at the end (A80); with padding the side comes back."""
    assert nets.unet_shapes(572) == [568, 280, 136, 64, 28, 52, 100, 196, 388]
    assert nets.unet_shapes(64, 2, valid=False) == [64, 32, 16, 32, 64]
    assert nets.unet_shapes(6, 1, valid=False) == [6, 3, 6], "the bottom is not pooled: it may be odd"
    with pytest.raises(ValueError):
        nets.unet_shapes(571)


def test_unet_sizes_are_those_of_torch():
    """The same layers, depth 2, on zeros."""
    x, sides, one = torch.zeros(1, 1, 44, 44), [], torch.zeros(1, 1, 3, 3)
    for level in range(5):
        x = torch.conv2d(torch.conv2d(x, one), one)
        sides.append(x.shape[-1])
        x = torch.max_pool2d(x, 2) if level < 2 else torch.conv_transpose2d(x, one[:, :, :2, :2], stride=2)
    assert nets.unet_shapes(44, 2) == sides


def test_resnet_50_is_counted():
    """A64, E41: without and with the head, and the layers counted by torch."""
    assert nets.resnet50_params() == 23_508_032
    assert nets.resnet50_params(1000) == 25_557_032
    nn, cin = torch.nn, 64
    layers = [nn.Conv2d(3, 64, 7, bias=False), nn.BatchNorm2d(64)]
    for blocks, m in zip((3, 4, 6, 3), (64, 128, 256, 512), strict=True):
        layers += [nn.Conv2d(cin, 4 * m, 1, bias=False), nn.BatchNorm2d(4 * m)]
        for _ in range(blocks):
            for a, b, k in ((cin, m, 1), (m, m, 3), (m, 4 * m, 1)):
                layers += [nn.Conv2d(a, b, k, bias=False), nn.BatchNorm2d(b)]
            cin = 4 * m
    assert sum(p.numel() for layer in layers for p in layer.parameters()) == 23_508_032


def test_golden_heads():
    """Q09.8's 2,562, and 12,810 for MNIST on MobileNetV2 (B17)."""
    assert nets.trainable_params(1280, 2) == 2_562
    assert nets.trainable_params(1280, 10) == 12_810


def test_freezing_from_the_bottom():
    """All, all but the top, none."""
    names = ["conv1", "conv2", "dense"]
    assert nets.freeze(names, "all") == dict.fromkeys(names, True)
    assert nets.freeze(names, "top", 2) == {"conv1": True, "conv2": False, "dense": False}
    assert nets.freeze(names, "none") == dict.fromkeys(names, False)
    with pytest.raises(KeyError):
        nets.freeze(names, "bottom")


def test_training_a_head_is_torchs(rng):
    """Twenty steps of torch.optim.SGD on a linear layer; features and start stay as they were."""
    F, y = rng.normal(size=(12, 4)), rng.integers(3, size=12)
    W, b = draw.away_from_zero(rng, 3, 4), draw.away_from_zero(rng, 3)
    before = [a.copy() for a in (F, W, b)]
    layer = torch.nn.Linear(4, 3, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(W))
        layer.bias.copy_(torch.from_numpy(b))
    optimiser = torch.optim.SGD(layer.parameters(), lr=0.3)
    for _ in range(20):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(layer(torch.from_numpy(F)), torch.from_numpy(y)).backward()
        optimiser.step()
    after = nets.train_head(F, y, W, b, 0.3, 20)
    near(after[0], layer.weight.detach(), rtol=1e-9)
    near(after[1], layer.bias.detach(), rtol=1e-9)
    for a, old in zip((F, W, b), before, strict=True):
        assert (a == old).all()


def test_digits_for_mobilenet():
    """Three equal channels, black around, values from -1 to 1, the digit in the middle."""
    x = np.zeros((2, 28, 28))
    x[0, 0, 0], x[1, 27, 27] = 255, 127.5
    z = nets.mnist_to_mobilenet(x)
    assert z.shape == (2, 3, 32, 32)
    assert (z.min(), z.max()) == (-1.0, 1.0)
    assert (z[0, :, 2, 2] == 1).all()
    assert (z[1, :, 29, 29] == 0).all()
    assert nets.mnist_to_mobilenet(x, 96).shape == (2, 3, 96, 96)
    for side in (28, 33):
        with pytest.raises(ValueError):
            nets.mnist_to_mobilenet(x, side)
