"""reference.cnn against PyTorch's layers, scipy's correlation, counting, and the lectures' numbers."""

import numpy as np
import pytest
import torch
from scipy.signal import convolve2d, correlate2d

from reference import cnn
from reference import random as draw


def near(got, expected, rtol=1e-12, atol=1e-12):
    """Sums of some tens of products in float64."""
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=atol)


def tensors(*arrays):
    return [torch.from_numpy(np.ascontiguousarray(a)) for a in arrays]


# Sizes and counts


@pytest.mark.parametrize(
    ("arguments", "size"),
    [((227, 11, 4, 0), 55), ((224, 11, 4, 0), 54), ((6, 3, 2, 1), 3), ((10, 3, 4, 0), 2), ((48, 7, 2, 2), 23)],
)
def test_golden_sizes(arguments, size):
    """A69, A75, the ruling that separates rounding, and Q08.1."""
    assert cnn.conv_out(*arguments) == size


def test_golden_transposed_sizes():
    """A135's (3, 3, 2, 1) -> 5, Q08.2, and the decoder of Q14.10: 7, 14, 28, 28."""
    assert cnn.tconv_out(3, 3, 2, 1) == 5
    assert cnn.tconv_out(13, 4, 1, 1) == 14
    side = 7
    for k, s, p in [(4, 2, 1), (4, 2, 1), (3, 1, 1)]:
        side = cnn.tconv_out(side, k, s, p)
    assert side == 28


def test_sizes_are_those_of_torch():
    """Every small case that fits, both ways."""
    for i, k, s, p in np.ndindex(7, 5, 4, 3):
        i, k, s = i + 1, k + 1, s + 1
        row, kernel = torch.zeros(1, 1, i), torch.zeros(1, 1, k)
        if k <= i + 2 * p:
            assert cnn.conv_out(i, k, s, p) == torch.conv1d(row, kernel, stride=s, padding=p).shape[-1]
        if cnn.tconv_out(i, k, s, p) > 0:
            out = torch.conv_transpose1d(row, kernel, stride=s, padding=p)
            assert cnn.tconv_out(i, k, s, p) == out.shape[-1]


def test_the_transposed_size_leads_back():
    """conv_out undoes tconv_out; the other way only where the floor drops nothing (E23)."""
    assert all(
        cnn.conv_out(cnn.tconv_out(i, k, s, 1), k, s, 1) == i for i in range(2, 9) for k in (3, 4) for s in (1, 2, 3)
    )
    assert cnn.tconv_out(cnn.conv_out(8, 3, 2), 3, 2) == 7


@pytest.mark.parametrize("stride", [1, 2, 5])
def test_a_kernel_that_does_not_fit(stride):
    """One pixel too few is an error, whatever the stride; none too few is one place."""
    assert cnn.conv_out(3, 7, stride, 2) == 1
    with pytest.raises(ValueError):
        cnn.conv_out(3, 8, stride, 2)


def test_same_padding():
    """Q08.3's k = 11 -> 5; the size stays for every odd k; an even one has no such padding."""
    assert cnn.same_padding(11) == 5
    assert all(cnn.conv_out(20, k, 1, cnn.same_padding(k)) == 20 for k in (1, 3, 5, 7))
    with pytest.raises(ValueError):
        cnn.same_padding(4)


def test_golden_parameters():
    """A70, E22, E54 and the layer table of A70: all the lectures' numbers."""
    assert [cnn.conv_params(3, *c) for c in [(3, 32), (32, 64), (64, 64)]] == [896, 18_496, 36_928]
    assert cnn.conv_params(5, 1, 20) == 520
    assert cnn.conv_params(3, 512, 512) == 2_359_808
    assert cnn.dense_params(784, 30) == 23_550
    assert cnn.dense_params(7 * 7 * 512, 4096) == 102_764_544
    assert cnn.dense_params(400 * 400 * 3, 1000) == 480_001_000
    assert cnn.dense_params(400 * 400 * 3, 1000) + cnn.dense_params(1000, 10) == 480_011_010
    assert [cnn.conv_params(3, 3, 1), cnn.conv_params(3, 3, 3)] == [28, 84]
    assert cnn.conv_params(3, 64, 96) == 55_392


def test_two_small_kernels_are_cheaper_than_a_large_one():
    """Two 3 x 3 layers cost 18 C^2 weights, one 5 x 5 costs 25 C^2 (A77)."""
    assert 25 * 2 * cnn.conv_params(3, 64, 64, bias=False) == 18 * cnn.conv_params(5, 64, 64, bias=False)


@pytest.mark.parametrize("k", [3, (1, 5), [4, 2], np.array([2, 3])])
@pytest.mark.parametrize("bias", [True, False])
def test_parameters_are_those_of_torch(k, bias):
    """Counted in PyTorch's own layers."""
    size = k if isinstance(k, int) else tuple(int(side) for side in k)
    layer = torch.nn.Conv2d(3, 4, size, bias=bias)
    assert cnn.conv_params(k, 3, 4, bias) == sum(w.numel() for w in layer.parameters())
    assert cnn.dense_params(5, 7) == sum(w.numel() for w in torch.nn.Linear(5, 7).parameters())


def test_multiplications_of_inception():
    """5 x 5 on 28 x 28 x 256 -> 32 directly, and by way of a 1 x 1 to 16 channels (A79); Q09.5's saving."""
    assert cnn.mult_count(28, 28, 5, 256, 32) == 160_563_200
    assert cnn.mult_count(28, 28, 1, 256, 16) + cnn.mult_count(28, 28, 5, 16, 32) == 13_246_464
    reduced = cnn.mult_count(14, 14, 1, 256, 32) + cnn.mult_count(14, 14, 5, 32, 32)
    assert cnn.mult_count(14, 14, 5, 256, 32) - reduced == 33_517_568


ALEXNET = [
    {"kind": "conv", "n": 96, "k": 11, "s": 4},
    {"kind": "pool", "k": 3, "s": 2},
    {"kind": "conv", "n": 256, "k": 5, "p": 2},
    {"kind": "pool", "k": 3, "s": 2},
    *[{"kind": "conv", "n": n, "k": 3, "p": 1} for n in (384, 384, 256)],
    {"kind": "pool", "k": 3, "s": 2},
    {"kind": "flatten"},
    *[{"kind": "dense", "n": n} for n in (4096, 4096, 1000)],
]
CIFAR = [
    {"kind": "conv", "n": 32, "k": 3},
    {"kind": "pool", "k": 2},
    {"kind": "conv", "n": 64, "k": 3},
    {"kind": "pool", "k": 2},
    {"kind": "conv", "n": 64, "k": 3},
]


def vgg(*convs):
    """VGG with that many 3 x 3 convolutions in each of its five stages."""
    layers = []
    for many, n in zip(convs, (64, 128, 256, 512, 512), strict=True):
        layers += [*[{"kind": "conv", "n": n, "k": 3, "p": 1}] * many, {"kind": "pool", "k": 2}]
    return [*layers, {"kind": "flatten"}, *[{"kind": "dense", "n": n} for n in (4096, 4096, 1000)]]


def test_golden_table_of_alexnet():
    """A75: every shape and count, and the total 62,378,344."""
    assert cnn.shape_table((3, 227, 227), ALEXNET) == [
        ("conv1", (96, 55, 55), 34_944),
        ("pool1", (96, 27, 27), 0),
        ("conv2", (256, 27, 27), 614_656),
        ("pool2", (256, 13, 13), 0),
        ("conv3", (384, 13, 13), 885_120),
        ("conv4", (384, 13, 13), 1_327_488),
        ("conv5", (256, 13, 13), 884_992),
        ("pool3", (256, 6, 6), 0),
        ("flatten1", (9216,), 0),
        ("dense1", (4096,), 37_752_832),
        ("dense2", (4096,), 16_781_312),
        ("dense3", (1000,), 4_097_000),
    ]
    assert sum(row[2] for row in cnn.shape_table((3, 227, 227), ALEXNET)) == 62_378_344


def test_224_pixels_lose_some_on_the_way():
    """With floors 54, 26, 26, 12, ..., 5 (A75)."""
    sides = [shape[1] for _, shape, _ in cnn.shape_table((3, 224, 224), ALEXNET)[:8]]
    assert sides == [54, 26, 26, 12, 12, 12, 12, 5]


def test_golden_tables_of_cifar_and_vgg():
    """A76: 30, 15, 13, 6, 4 and 56,320 parameters; A77: VGG-16 and VGG-19."""
    table = cnn.shape_table((3, 32, 32), CIFAR)
    assert [shape for _, shape, _ in table] == [(32, 30, 30), (32, 15, 15), (64, 13, 13), (64, 6, 6), (64, 4, 4)]
    assert sum(row[2] for row in table) == 56_320
    for convs, total in [((2, 2, 3, 3, 3), 138_357_544), ((2, 2, 4, 4, 4), 143_667_240)]:
        assert sum(row[2] for row in cnn.shape_table((3, 224, 224), vgg(*convs))) == total


def test_golden_tables_of_the_exercises():
    """B13: the head as a 4 x 4 convolution, 66,570; B14: 75,648 and 57,856 for wider and larger first filters."""
    last = {"kind": "conv", "n": 10, "k": 4}
    table = cnn.shape_table((3, 32, 32), [*CIFAR, last])
    assert (table[-1][1:], sum(row[2] for row in table)) == (((10, 1, 1), 10_250), 66_570)
    for first, total in [({"n": 64, "k": 3}, 75_648), ({"n": 32, "k": 5}, 57_856)]:
        table = cnn.shape_table((3, 32, 32), [{"kind": "conv", **first}, *CIFAR[1:]])
        assert sum(row[2] for row in table) == total


def test_a_table_is_what_torch_builds():
    """The same layers as modules: shapes of what flows, numbers of what is learnt."""
    layers = [
        {"kind": "conv", "n": 4, "k": 3, "s": 2, "p": 1},
        {"kind": "pool", "k": 3, "s": 2, "p": 1},
        {"kind": "pool", "k": 2, "s": 1},
        {"kind": "conv", "n": 5, "k": 2},
        {"kind": "pool", "k": 2},
        {"kind": "flatten"},
        {"kind": "dense", "n": 6},
        {"kind": "dense", "n": 2},
    ]
    modules = [
        torch.nn.Conv2d(3, 4, 3, 2, 1),
        torch.nn.MaxPool2d(3, 2, 1),
        torch.nn.MaxPool2d(2, 1),
        torch.nn.Conv2d(4, 5, 2),
        torch.nn.MaxPool2d(2),
        torch.nn.Flatten(0),
        torch.nn.LazyLinear(6),
        torch.nn.Linear(6, 2),
    ]
    x = torch.zeros(3, 21, 34)
    for (_, shape, params), module in zip(cnn.shape_table((3, 21, 34), layers), modules, strict=True):
        x = module(x)
        assert shape == tuple(x.shape)
        assert params == sum(w.numel() for w in module.parameters())


def test_a_table_refuses_what_it_does_not_know():
    """A kind that is misspelt, a kernel that does not fit."""
    for layer, error in (({"kind": "dropout"}, KeyError), ({"kind": "conv", "n": 1, "k": 9}, ValueError)):
        with pytest.raises(error):
            cnn.shape_table((1, 8, 8), [layer])


@pytest.mark.parametrize(
    ("layers", "field"),
    [
        ([], (1, 1)),
        ([(3, 1)] * 3, (7, 1)),
        ([(3, 1), (2, 2), (3, 1), (2, 2), (3, 1)], (18, 4)),
        ([(11, 4), (3, 2), (5, 1), (3, 2), (3, 1), (3, 1), (3, 1), (3, 2)], (195, 32)),
        ([(3, 1), (3, 1), (3, 1), (2, 2), (3, 1), (3, 1)], (16, 2)),
    ],
)
def test_golden_receptive_fields(layers, field):
    """A71's 7, 18 and 195, and Q08.11."""
    assert cnn.receptive_field(layers) == field


def test_the_receptive_field_is_what_a_gradient_reaches():
    """Autograd through kernels of ones: one output's gradient is r pixels wide, the next one's lies a jump further."""
    layers = [(3, 1), (2, 2), (4, 1), (3, 3)]
    r, jump = cnn.receptive_field(layers)
    x = torch.zeros(1, 1, 60, requires_grad=True)
    z = x
    for k, s in layers:
        z = torch.conv1d(z, torch.ones(1, 1, k), stride=s)
    reached = [torch.autograd.grad(z[0, 0, at], x, retain_graph=True)[0][0, 0].nonzero()[:, 0] for at in (0, 1)]
    assert len(reached[0]) == r
    assert reached[1][0] - reached[0][0] == jump


# The layers themselves

SLIDE = np.array([[1.0, 0, 0, 0, 0], [3, 0, 2, 0, 0], [10, 2, 0, 1, 0], [0, 1, 0, 20, 0], [0, 0, 0, 0, 0]])
EDGES = cnn.KERNELS["vertical edges"]


def test_golden_example_of_the_lecture():
    """A66, valid and padded; the slide prints -2 in the corner (E24)."""
    near(cnn.conv2d(SLIDE, EDGES), [[12, 1, 2], [11, -18, 2], [10, -18, 0]])
    padded = [[0, 2, 0, 2, 0], [-2, 12, 1, 2, 1], [-3, 11, -18, 2, 21], [-3, 10, -18, 0, 21], [-1, 0, -19, 0, 20]]
    near(cnn.conv2d(SLIDE, EDGES, padding=1), padded)
    near(cnn.conv2d(SLIDE, EDGES, flip=True), -cnn.conv2d(SLIDE, EDGES))


def test_golden_windows():
    """A67: the full map of Belhafaoui's image, and Boyer's window with 10."""
    x = np.array([[1.0, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]])
    cross = np.array([[1.0, 0, 1], [0, 1, 0], [1, 0, 1]])
    near(cnn.conv2d(x, cross), [[4, 3, 4], [2, 4, 3], [2, 3, 4]])
    near(cnn.conv2d(np.array([[5.0, 2, 1], [4, 3, 2], [0, 2, 1]]), cross), [[10]])
    # Q08.7
    x = np.array([[3.0, 0, 4, 0, 0], [4, 2, 7, 3, 7], [6, 7, 3, 1, 3], [3, 3, 0, 7, 4], [0, 1, 4, 5, 2]])
    assert cnn.conv2d(x, EDGES)[0, 2] == 4


@pytest.mark.parametrize(("shape", "size"), [((6, 8), (3, 3)), ((7, 5), (2, 4)), ((1, 9), (1, 4)), ((3, 4), (3, 4))])
@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (2, 0), (3, 1), (1, 2)])
def test_conv2d_is_torchs_and_scipys(shape, size, stride, padding, rng):
    """Cross-correlation by default, convolution with flip."""
    x, k = draw.away_from_zero(rng, *shape), draw.away_from_zero(rng, *size)
    X, K = tensors(x[None, None], k[None, None])
    near(cnn.conv2d(x, k, stride, padding), torch.conv2d(X, K, stride=stride, padding=padding)[0, 0])
    padded = np.pad(x, padding)
    near(cnn.conv2d(x, k, stride, padding), correlate2d(padded, k, "valid")[::stride, ::stride])
    near(cnn.conv2d(x, k, stride, padding, flip=True), convolve2d(padded, k, "valid")[::stride, ::stride])


def test_michels_centred_sum_is_the_same(rng):
    """sum over |u| <= n1, |v| <= n2 of I(i + u, j + v) K(u, v): a kernel of 2 n1 + 1 by 2 n2 + 1 (E15)."""
    n1, n2 = 1, 2
    x, k = rng.normal(size=(5, 6)), rng.normal(size=(2 * n1 + 1, 2 * n2 + 1))
    Z = np.zeros(x.shape)
    for i, j in np.ndindex(*x.shape):
        for u in range(-n1, n1 + 1):
            for v in range(-n2, n2 + 1):
                if 0 <= i + u < 5 and 0 <= j + v < 6:
                    Z[i, j] += x[i + u, j + v] * k[u + n1, v + n2]
    near(cnn.conv2d(np.pad(x, ((n1, n1), (n2, n2))), k), Z)


def test_kernels_do_what_their_names_say():
    """Blurs sum to one and keep a flat picture, the others sum to zero and see nothing in it; the identity copies."""
    flat, x = np.full((5, 5), 3.0), np.arange(25.0).reshape(5, 5) ** 2
    for name, k in cnn.KERNELS.items():
        keeps = name in ("identity", "box blur", "Gaussian blur")
        near(cnn.conv2d(flat, k), np.full((3, 3), 3.0 if keeps else 0.0))
    near(cnn.conv2d(x, cnn.KERNELS["identity"]), x[1:-1, 1:-1])


def test_one_dimension_is_numpys_correlate(rng):
    """conv1d beside np.correlate, which does not flip."""
    x, k = rng.normal(size=11), rng.normal(size=4)
    near(cnn.conv1d(x, k), np.correlate(x, k, "valid"))
    near(cnn.conv1d(x, k, stride=3, padding=2), np.correlate(np.pad(x, 2), k, "valid")[::3])


def test_circular_convolution_commutes_with_shifts(rng):
    """A71: shift then filter is filter then shift, exactly in theory; and it is a product of Fourier transforms."""
    x, k = rng.normal(size=(6, 7)), rng.normal(size=(3, 2))
    shifted = np.roll(x, (2, -3), axis=(0, 1))
    near(cnn.circular_conv2d(shifted, k), np.roll(cnn.circular_conv2d(x, k), (2, -3), axis=(0, 1)))
    near(cnn.circular_conv2d(x, k)[:4, :6], cnn.conv2d(x, k))
    fourier = np.fft.ifft2(np.fft.fft2(x) * np.conj(np.fft.fft2(k, s=x.shape))).real
    near(cnn.circular_conv2d(x, k), fourier)


def test_golden_colours_of_the_lecture():
    """A68: 308 - 498 + 164 + 1 = -25, and the 4 x 4 block around it."""
    red = [[156, 155, 156, 158, 158], [153, 154, 157, 159, 159], [149, 151, 155, 158, 159]]
    red += [[146, 146, 149, 153, 158], [145, 143, 143, 148, 158]]
    green = [[167, 166, 167, 169, 169], [164, 165, 168, 170, 170], [160, 162, 166, 169, 170]]
    green += [[156, 156, 159, 163, 168], [155, 153, 153, 158, 168]]
    blue = [[163, 162, 163, 165, 165], [160, 161, 164, 166, 166], [156, 158, 162, 165, 166]]
    blue += [[155, 155, 158, 162, 167], [154, 152, 152, 157, 167]]
    slices = [
        [[-1, -1, 1], [0, 1, -1], [0, 1, 1]],
        [[1, 0, 0], [1, -1, -1], [1, 0, -1]],
        [[0, 1, 1], [0, 1, 0], [1, -1, 1]],
    ]
    x, K = np.array([red, green, blue], dtype=float), np.array([slices], dtype=float)
    assert [cnn.conv2d(x[c], K[0, c], padding=1)[0, 0] for c in range(3)] == [308, -498, 164]
    block = [[-25, 466, 466, 475], [295, 787, 798, 812], [291, 776, 784, 800], [293, 771, 773, 782]]
    near(cnn.conv2d_multi(x, K, np.array([1.0]), padding=1)[0, :4, :4], block)


@pytest.mark.parametrize(("C", "O", "stride", "padding"), [(1, 1, 1, 0), (3, 2, 1, 1), (2, 4, 2, 0), (3, 3, 3, 2)])
def test_conv2d_multi_is_torchs(C, O, stride, padding, rng):
    """PyTorch's layer with the same kernels and biases."""
    x, K, b = rng.normal(size=(C, 6, 7)), rng.normal(size=(O, C, 3, 2)), rng.normal(size=O)
    X, W, B = tensors(x[None], K, b)
    near(cnn.conv2d_multi(x, K, b, stride, padding), torch.conv2d(X, W, B, stride, padding)[0])


def test_golden_pooling():
    """A72's map: maximum [[5, 7], [4, 3]] (E55), average, and stride 1; Q08.9."""
    x = np.array([[5.0, 2, 1, 3], [4, 3, 2, 7], [0, 2, 1, 2], [4, 3, 2, 3]])
    near(cnn.pool2d(x, 2), [[5, 7], [4, 3]])
    near(cnn.pool2d(x, 2, mode="avg"), [[3.5, 3.25], [2.25, 2]])
    near(cnn.pool2d(x, 2, stride=1), [[5, 3, 7], [4, 3, 7], [4, 3, 3]])
    near(cnn.pool2d(np.array([[8.0, 6, 9, 6], [9, 6, 3, 6], [9, 7, 3, 5], [6, 3, 3, 8]]), 2), [[9, 9], [9, 8]])


@pytest.mark.parametrize(("size", "stride"), [(2, None), (3, None), (3, 2), (2, 1), (2, 3)])
def test_pooling_is_torchs(size, stride, rng):
    """Sizes that leave something over; negative numbers; the L2 norm by PyTorch's power pooling."""
    x = draw.away_from_zero(rng, 7, 8)
    (X,) = tensors(x[None, None])
    F = torch.nn.functional
    near(cnn.pool2d(x, size, stride), F.max_pool2d(X, size, stride)[0, 0])
    near(cnn.pool2d(x, size, stride, "avg"), F.avg_pool2d(X, size, stride)[0, 0])
    near(cnn.pool2d(x, size, stride, "min"), -F.max_pool2d(-X, size, stride)[0, 0])
    near(cnn.l2_pool(x, size, stride), F.lp_pool2d(X, 2.0, size, stride)[0, 0])


def test_a_small_shift_hardly_moves_the_maximum():
    """Boyer's figure: the input moves by one, only half of the pooled outputs change (stride 2, single bright pixels)."""
    x = np.zeros((1, 8))
    x[0, [0, 3, 4, 7]] = 1.0
    pooled = [cnn.pool2d(np.repeat(np.roll(x, by, axis=1), 2, axis=0), 2) for by in (0, 1)]
    assert np.mean(pooled[0] != pooled[1]) <= 0.5


def test_golden_flatten():
    """A73's matrix, row after row; Q08.12."""
    x = np.array([[1, 1, 0], [4, 2, 1], [0, 2, 1]])
    assert cnn.flatten(x).tolist() == [1, 1, 0, 4, 2, 1, 0, 2, 1]
    assert cnn.flatten(x)[3] == x[1, 0]


def test_the_three_stages_are_torchs(rng):
    """Convolution, ReLU, pooling."""
    x, K, b = rng.normal(size=(2, 9, 8)), rng.normal(size=(3, 2, 3, 3)), rng.normal(size=3)
    X, W, B = tensors(x[None], K, b)
    expected = torch.nn.functional.max_pool2d(torch.relu(torch.conv2d(X, W, B, padding=1)), 2)[0]
    near(cnn.conv_stage(x, K, b, 2, padding=1), expected)


def test_inputs_stay_as_they_were(rng):
    """Nothing writes into what it is given."""
    x, K, b = rng.normal(size=(2, 5, 5)), rng.normal(size=(3, 2, 2, 2)), rng.normal(size=3)
    before = [a.copy() for a in (x, K, b)]
    cnn.conv2d_multi(x, K, b, 1, 1)
    cnn.conv2d(x[0], K[0, 0], flip=True)
    cnn.pool2d(x[0], 2)
    for a, old in zip((x, K, b), before, strict=True):
        assert (a == old).all()
