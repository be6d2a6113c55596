"""Hidden tests of cnn_shapes. Points per exercise: 3, 2, 4, 4, 3, 2, 2 = 20.

Sizes are fixed or drawn such that every known slip shows, values are drawn: so a right solution passes and a known wrong
one fails under every seed. The smallest case comes last where a snippet to try at home (at most 50 numbers) is drawn.
"""

import numpy as np

from autograder.checks import agree, check, picture, raises, untouched
from reference import cnn
from reference import random as draw

EDGES = np.array([[1.0, 0, -1], [1, 0, -1], [1, 0, -1]])


# 1. conv_out, tconv_out ------------------------------------------------------------------------------------------


@check("conv_out", points=0.5)
def test_conv_out_where_the_stride_fits(student, rng):
    """Sizes where the stride divides: nothing to round."""
    for i, k, s, p in ((227, 11, 4, 0), (27, 5, 1, 2), (32, 3, 1, 0), (9, 5, 3, 1)):
        agree(student.conv_out(i, k, s, p), cnn.conv_out(i, k, s, p), profile="exact")
    k, s, p, steps = _kernel(rng)
    i = k - 2 * p + steps * s
    agree(student.conv_out(i, k, s, p), cnn.conv_out(i, k, s, p), profile="exact")


@check("conv_out", points=0.5)
def test_conv_out_rounds_down(student, rng):
    """Sizes where the last step would stick out: the floor, however close the next integer is."""
    # Remainders below and above one half: rounding is wrong above only.
    for i, k, s, p in ((224, 11, 4, 0), (6, 3, 2, 1), (10, 3, 4, 0), (11, 2, 5, 0), (54, 3, 2, 0)):
        agree(student.conv_out(i, k, s, p), cnn.conv_out(i, k, s, p), profile="exact")
    k, s, p, steps = _kernel(rng)
    i = k - 2 * p + steps * s + s - 1
    agree(student.conv_out(i, k, s, p), cnn.conv_out(i, k, s, p), profile="exact")


@check("conv_out", points=0.25)
def test_conv_out_by_default(student, rng):
    """Without a word about them the stride is 1 and the padding 0; each may be named."""
    i, k = int(rng.integers(20, 40)), int(rng.integers(2, 8))
    agree(student.conv_out(i, k, p=3), cnn.conv_out(i, k, p=3), profile="exact")
    agree(student.conv_out(i, k, s=3), cnn.conv_out(i, k, s=3), profile="exact")
    agree(student.conv_out(i, k), cnn.conv_out(i, k), profile="exact")


@check("conv_out", points=0.5)
def test_conv_out_that_does_not_fit(student, rng):
    """A kernel larger than the padded row raises a ValueError; one that just fits has one place."""
    i, p = int(rng.integers(3, 12)), int(rng.integers(1, 4))
    # With one pixel too few, a stride of 2 or more makes the plain formula 0 instead of negative: no error by itself.
    for s in (1, 2, 5):
        agree(student.conv_out(i, i + 2 * p, s, p), 1, profile="exact")
        raises(ValueError, student.conv_out, i, i + 2 * p + 1, s, p)
        raises(ValueError, student.conv_out, i, 2 * i + 2 * p + 3, s, p)
    raises(ValueError, student.conv_out, i, i + 1)


@check("conv_out", points=0.75)
def test_tconv_out(student, rng):
    """Sizes of transposed convolutions."""
    # The first sizes tell all known slips apart.
    for i, k, s, p in ((4, 6, 3, 1), (3, 3, 2, 1), (7, 4, 2, 1), (13, 4, 1, 1), (1, 7, 3, 0)):
        agree(student.tconv_out(i, k, s, p), cnn.tconv_out(i, k, s, p), profile="exact")
    i, k, s, p = int(rng.integers(3, 20)), int(rng.integers(3, 6)), int(rng.integers(2, 5)), 1
    agree(student.tconv_out(i, k), cnn.tconv_out(i, k), profile="exact")
    agree(student.tconv_out(i, k, s, p), cnn.tconv_out(i, k, s, p), profile="exact")


@check("conv_out", points=0.5)
def test_there_and_back(student, rng):
    """`conv_out` of `tconv_out` is where one came from."""
    i, k, s, p = int(rng.integers(3, 20)), int(rng.integers(3, 6)), int(rng.integers(2, 5)), 1
    size = student.tconv_out(i, k, s, p)
    agree(size, cnn.tconv_out(i, k, s, p), profile="exact")
    agree(student.conv_out(cnn.tconv_out(i, k, s, p), k, s, p), i, profile="exact")


def _kernel(rng):
    """k, s >= 3, p >= 1 with k > 2p, and some steps."""
    p = int(rng.integers(1, 4))
    return int(rng.integers(2 * p + 2, 2 * p + 8)), int(rng.integers(3, 6)), p, int(rng.integers(2, 9))


# 2. conv_params, dense_params ------------------------------------------------------------------------------------


@check("conv_params", points=0.5)
def test_conv_params_of_a_square_kernel(student, rng):
    """Square kernels, biases included: one for each output channel."""
    for k, cin, cout in ((3, 3, 32), (3, 32, 64), (3, 64, 64), (5, 1, 20), (1, 256, 16)):
        agree(student.conv_params(k, cin, cout), cnn.conv_params(k, cin, cout), profile="exact")
    k, cin, cout = (int(n) for n in rng.integers(2, 12, size=3))
    agree(student.conv_params(k, cin, cout + 12), cnn.conv_params(k, cin, cout + 12), profile="exact")


@check("conv_params", points=0.5)
def test_conv_params_of_a_rectangular_kernel(student, rng):
    """Kernels given as a pair, height and width."""
    h, cin, cout = (int(n) for n in rng.integers(2, 12, size=3))
    agree(student.conv_params((h, h), cin, cout), cnn.conv_params((h, h), cin, cout), profile="exact")
    agree(student.conv_params((1, h), cin, cout), cnn.conv_params((1, h), cin, cout), profile="exact")
    agree(student.conv_params((h, h + 2), cin, cout), cnn.conv_params((h, h + 2), cin, cout), profile="exact")


@check("conv_params", points=0.5)
def test_conv_params_without_biases(student, rng):
    """bias=False leaves the biases out, for both forms of k."""
    k, cin, cout = (int(n) for n in rng.integers(2, 12, size=3))
    agree(
        student.conv_params((k, 3), cin, cout, bias=False), cnn.conv_params((k, 3), cin, cout, False), profile="exact"
    )
    agree(student.conv_params(k, cin, cout, bias=False), cnn.conv_params(k, cin, cout, False), profile="exact")


@check("conv_params", points=0.5)
def test_dense_params(student, rng):
    """Dense layers, small and very large."""
    for n_in, n_out in ((28 * 28, 30), (7 * 7 * 512, 4096), (400 * 400 * 3, 1000), (1, 1)):
        agree(student.dense_params(n_in, n_out), cnn.dense_params(n_in, n_out), profile="exact")
    n_in, n_out = int(rng.integers(20, 60)), int(rng.integers(2, 20))
    agree(student.dense_params(n_in, n_out), cnn.dense_params(n_in, n_out), profile="exact")


# 3. shape_table --------------------------------------------------------------------------------------------------

ALEXNET = [
    {"kind": "conv", "n": 96, "k": 11, "s": 4},
    {"kind": "pool", "k": 3, "s": 2},
    {"kind": "conv", "n": 256, "k": 5, "p": 2},
    {"kind": "pool", "k": 3, "s": 2},
    {"kind": "conv", "n": 384, "k": 3, "p": 1},
    {"kind": "conv", "n": 384, "k": 3, "p": 1},
    {"kind": "conv", "n": 256, "k": 3, "p": 1},
    {"kind": "pool", "k": 3, "s": 2},
    {"kind": "flatten"},
    {"kind": "dense", "n": 4096},
    {"kind": "dense", "n": 4096},
    {"kind": "dense", "n": 1000},
]


@check("shape_table", points=0.5)
def test_table_of_alexnet(student):
    """AlexNet on 227 by 227 pixels, as in the lecture: the whole table."""
    agree(student.shape_table((3, 227, 227), ALEXNET), cnn.shape_table((3, 227, 227), ALEXNET), profile="exact")


@check("shape_table", points=0.5)
def test_table_names(student, rng):
    """The names: each kind has its own numbers, from 1."""
    _column(student, 0, *_stack(rng), "the names")


@check("shape_table", points=0.5)
def test_table_shapes_of_alexnet(student):
    """AlexNet on the 224 by 224 pixels of the paper: the shapes, rounded down."""
    _column(student, 1, (3, 224, 224), ALEXNET, "the shapes")


@check("shape_table", points=0.5)
def test_table_shapes_of_a_wide_picture(student, rng):
    """Pictures wider than high, or higher than wide: the shapes."""
    for turned in (False, True):
        (C, H, W), layers = _stack(rng)
        _column(student, 1, (C, W, H) if turned else (C, H, W), layers, "the shapes")


@check("shape_table", points=0.5)
def test_table_pools(student, rng):
    """Pooling alone: its stride is its size unless it is given, and the channels stay."""
    C, H = int(rng.integers(4, 9)), int(rng.integers(30, 40))
    layers = [{"kind": "pool", "k": 3, "p": 1}, {"kind": "pool", "k": 2, "s": 1}, {"kind": "pool", "k": 3}]
    agree(student.shape_table((C, H, H + 7), layers), cnn.shape_table((C, H, H + 7), layers), profile="exact")
    layers = [{"kind": "pool", "k": 2}]
    agree(student.shape_table((C, H, H + 7), layers), cnn.shape_table((C, H, H + 7), layers), profile="exact")


@check("shape_table", points=0.5)
def test_table_parameters(student, rng):
    """The numbers of parameters, layer by layer."""
    _column(student, 2, (3, 227, 227), ALEXNET, "the parameters")
    _column(student, 2, *_stack(rng), "the parameters")


@check("shape_table", points=0.5)
def test_table_of_convolutions(student, rng):
    """Convolutions only, with and without stride and padding."""
    C, H, n = int(rng.integers(2, 5)), int(rng.integers(24, 32)), int(rng.integers(5, 9))
    layers = [
        {"kind": "conv", "n": n, "k": 5, "s": 2, "p": 1},
        {"kind": "conv", "n": 2 * n, "k": 3},
        {"kind": "conv", "n": n + 1, "k": 3, "p": 1},
    ]
    agree(student.shape_table((C, H, H + 3), layers), cnn.shape_table((C, H, H + 3), layers), profile="exact")


@check("shape_table", points=0.5)
def test_table_of_dense_layers(student, rng):
    """Flattening a picture, and dense layers one after the other."""
    C, H, n = int(rng.integers(2, 5)), int(rng.integers(4, 9)), int(rng.integers(10, 20))
    layers = [{"kind": "flatten"}, {"kind": "dense", "n": n}, {"kind": "dense", "n": 7}]
    agree(student.shape_table((C, H, H + 2), layers), cnn.shape_table((C, H, H + 2), layers), profile="exact")


@check("shape_table", takes=0.5)
def test_table_leaves_its_inputs(student, rng):
    """`shape_table` does not change the layers that it is given."""
    untouched(student.shape_table, *_stack(rng))


def _stack(rng):
    """A picture that is wider than high, and a small network of all kinds; every kernel fits, either way round."""
    C, H, W = int(rng.integers(2, 5)), int(rng.integers(40, 48)), int(rng.integers(60, 70))
    n, m = int(rng.integers(5, 9)), int(rng.integers(10, 15))
    layers = [
        {"kind": "conv", "n": n, "k": 3, "p": 1},
        {"kind": "conv", "n": m, "k": 5, "s": 2},
        {"kind": "pool", "k": 2},
        {"kind": "conv", "n": m + 3, "k": 2, "p": 1},
        {"kind": "pool", "k": 3, "s": 2},
        {"kind": "flatten"},
        {"kind": "dense", "n": 20},
        {"kind": "dense", "n": 3},
    ]
    return (C, H, W), layers


def _column(student, at, input_shape, layers, what):
    """One column of the table; a row too many or too few is no column."""
    table, expected = student.shape_table(input_shape, layers), cnn.shape_table(input_shape, layers)
    agree([row[at] for row in table], [row[at] for row in expected], profile="exact", what=what)


# 4. conv2d -------------------------------------------------------------------------------------------------------

#: The 5 x 5 picture of Belhafaoui's "Filtering an image".
SLIDE = np.array(
    [[1.0, 0, 0, 0, 0], [3, 0, 2, 0, 0], [10, 2, 0, 1, 0], [0, 1, 0, 20, 0], [0, 0, 0, 0, 0]],
)


@check("conv2d", points=0.5)
def test_conv2d_by_hand(student):
    """Two pictures of the lectures, by hand."""
    agree(student.conv2d(SLIDE, EDGES), cnn.conv2d(SLIDE, EDGES))
    x = np.array([[1.0, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]])
    cross = np.array([[1.0, 0, 1], [0, 1, 0], [1, 0, 1]])
    agree(student.conv2d(x, cross), cnn.conv2d(x, cross))


@check("conv2d", points=0.5)
def test_conv2d_of_the_padded_slide(student):
    """The lecture's picture padded with zeros, the corner included."""
    agree(student.conv2d(SLIDE, EDGES, padding=1), cnn.conv2d(SLIDE, EDGES, padding=1))


@check("conv2d", points=0.5)
def test_conv2d_of_any_shape(student, rng):
    """Kernels of any shape on pictures of any shape, down to one place."""
    for shape, size in (((6, 8), (3, 3)), ((7, 5), (2, 4)), ((5, 4), (5, 4)), ((4, 4), (1, 1)), ((4, 5), (3, 2))):
        x, k = draw.away_from_zero(rng, *shape), draw.away_from_zero(rng, *size)
        agree(student.conv2d(x, k), cnn.conv2d(x, k))


@check("conv2d", points=0.5)
def test_conv2d_in_one_dimension(student, rng):
    """A kernel of one row on a picture of one row, and the same in columns: a convolution in 1-D."""
    x, k = draw.away_from_zero(rng, 1, 9), draw.away_from_zero(rng, 1, 4)
    agree(student.conv2d(x.T, k.T), cnn.conv2d(x.T, k.T))
    agree(student.conv2d(x, k), cnn.conv2d(x, k))


@check("conv2d", points=0.5)
def test_conv2d_with_stride(student, rng):
    """Strides, along both axes, also where the last step would stick out."""
    for shape, stride in (((9, 12), 3), ((8, 7), 2), ((5, 6), 2)):
        x, k = draw.away_from_zero(rng, *shape), draw.away_from_zero(rng, 2, 3)
        agree(student.conv2d(x, k, stride=stride), cnn.conv2d(x, k, stride))


@check("conv2d", points=0.5)
def test_conv2d_with_padding(student, rng):
    """Zeros on all four sides, alone and with a stride."""
    for shape, stride, padding in (((5, 6), 1, 1), ((4, 7), 1, 2), ((5, 8), 2, 2), ((4, 5), 2, 1)):
        x, k = draw.away_from_zero(rng, *shape), draw.away_from_zero(rng, 3, 2)
        agree(student.conv2d(x, k, stride, padding), cnn.conv2d(x, k, stride, padding))


@check("conv2d", points=0.5)
def test_conv2d_flipped(student, rng):
    """flip=True turns the kernel by 180 degrees."""
    for shape, size in (((5, 6), (3, 3)), ((5, 5), (2, 3)), ((4, 5), (3, 2))):
        x, k = draw.away_from_zero(rng, *shape), draw.away_from_zero(rng, *size)
        # Both at once: a flip that is ignored and one the wrong way round differ only together.
        both = [student.conv2d(x, k), student.conv2d(x, k, flip=True)]
        agree(both, [cnn.conv2d(x, k), cnn.conv2d(x, k, flip=True)], what="as it is, and flipped")
    agree(student.conv2d(x, k, flip=True), cnn.conv2d(x, k, flip=True))


@check("conv2d", points=0.5)
def test_conv2d_of_grey_values(student, rng):
    """A picture of integers, grey values, and a kernel that blurs: nothing is rounded."""
    # An odd sum of the first window: a sixteenth of something odd is never an integer.
    x = rng.integers(0, 255, size=(5, 6))
    blur = np.array([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16
    x[0, 0] += (x[0, 0] + x[0, 2] + x[2, 0] + x[2, 2] + 1) % 2
    agree(student.conv2d(x, blur), cnn.conv2d(x, blur))


@check("conv2d", takes=0.5)
def test_conv2d_leaves_its_inputs(student, rng):
    """`conv2d` does not change picture or kernel."""
    x, k = draw.away_from_zero(rng, 4, 5), draw.away_from_zero(rng, 2, 3)
    untouched(student.conv2d, x, k)
    untouched(student.conv2d, x, k, 2, 1, True)


@picture("conv2d", kind="heatmap", x_label="two maps side by side", y_label="pixels")
def feature_maps_of_the_house(student):
    """The house through four kernels: vertical edges and outline above, Gaussian blur and diagonal edges below."""
    outline = np.array([[-1.0, -1, -1], [-1, 8, -1], [-1, -1, -1]])
    blur = np.array([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16
    diagonal = np.array([[1.0, 0, -1], [0, 0, 0], [-1, 0, 1]])

    def maps(conv2d):
        # Each map by its own largest entry, so that the faint ones show.
        Z = [_scaled(conv2d(_house(), k)) for k in (EDGES, outline, blur, diagonal)]
        return np.concatenate([np.concatenate(Z[:2], axis=1), np.concatenate(Z[2:], axis=1)])

    return maps(student.conv2d), maps(cnn.conv2d)


def _scaled(Z):
    return Z / np.max(np.abs(Z))


def _house():
    """The notebook's picture: a roof, walls and a door, 16 by 16."""
    x = np.zeros((16, 16))
    for row in range(6):
        x[2 + row, 7 - row : 9 + row] = 1.0
    x[8:15, 3:13] = 0.6
    x[10:15, 7:10] = 0.0
    return x


# 5. conv2d_multi -------------------------------------------------------------------------------------------------


@check("conv2d_multi", points=0.5)
def test_multi_of_the_lecture(student):
    """Three colours, one kernel, bias 1: the numbers of the lecture."""
    # The padded pictures as the slide shows them: zeros above and on the left.
    red = [[156, 155, 156, 158, 158], [153, 154, 157, 159, 159], [149, 151, 155, 158, 159]]
    red += [[146, 146, 149, 153, 158], [145, 143, 143, 148, 158]]
    green = [[167, 166, 167, 169, 169], [164, 165, 168, 170, 170], [160, 162, 166, 169, 170]]
    green += [[156, 156, 159, 163, 168], [155, 153, 153, 158, 168]]
    blue = [[163, 162, 163, 165, 165], [160, 161, 164, 166, 166], [156, 158, 162, 165, 166]]
    blue += [[155, 155, 158, 162, 167], [154, 152, 152, 157, 167]]
    x = np.pad(np.array([red, green, blue], dtype=float), ((0, 0), (1, 0), (1, 0)))
    K = np.array(
        [
            [
                [[-1, -1, 1], [0, 1, -1], [0, 1, 1]],
                [[1, 0, 0], [1, -1, -1], [1, 0, -1]],
                [[0, 1, 1], [0, 1, 0], [1, -1, 1]],
            ]
        ],
        dtype=float,
    )
    agree(student.conv2d_multi(x, K, np.array([1.0])), cnn.conv2d_multi(x, K, np.array([1.0])))


@check("conv2d_multi", points=0.5)
def test_multi_of_one_kernel(student, rng):
    """Several channels in, one out: their results are summed."""
    for C, W, size in ((3, 5, (3, 2)), (4, 5, (1, 1)), (2, 3, (2, 2))):
        x, K = draw.away_from_zero(rng, C, 4, W), draw.away_from_zero(rng, 1, C, *size)
        agree(student.conv2d_multi(x, K, np.zeros(1)), cnn.conv2d_multi(x, K, np.zeros(1)))


@check("conv2d_multi", points=0.5)
def test_multi_of_many_kernels(student, rng):
    """Several channels in, several out: each output channel has its own kernel and its own bias."""
    for C, O, H in ((2, 3, 5), (1, 4, 5), (3, 2, 5), (2, 2, 3)):
        x, K, b = _layer(rng, C, O, H, 3)
        agree(student.conv2d_multi(x, K, b), cnn.conv2d_multi(x, K, b))


@check("conv2d_multi", points=0.5)
def test_multi_where_sizes_agree(student, rng):
    """As many channels out as in, and as many as columns: no shape gives a slip away."""
    for C, O, H, W in ((3, 3, 4, 6), (2, 4, 4, 5), (3, 3, 4, 4), (2, 2, 3, 3)):
        x, K, b = _layer(rng, C, O, H, W)
        agree(student.conv2d_multi(x, K, b), cnn.conv2d_multi(x, K, b))


@check("conv2d_multi", points=0.5)
def test_multi_with_stride(student, rng):
    """With a stride."""
    for C, O, H, stride in ((3, 2, 7, 3), (2, 3, 7, 2), (1, 2, 4, 2)):
        x, K, b = _layer(rng, C, O, H, 5)
        agree(student.conv2d_multi(x, K, b, stride=stride), cnn.conv2d_multi(x, K, b, stride))


@check("conv2d_multi", points=0.5)
def test_multi_with_padding(student, rng):
    """With padding, alone and with a stride: height and width are padded, the channels are not."""
    for C, O, H, stride, padding in ((3, 2, 4, 1, 2), (2, 3, 4, 2, 1), (2, 1, 2, 1, 1)):
        x, K, b = _layer(rng, C, O, H, 3)
        agree(student.conv2d_multi(x, K, b, stride, padding), cnn.conv2d_multi(x, K, b, stride, padding))


@check("conv2d_multi", takes=0.5)
def test_multi_leaves_its_inputs(student, rng):
    """`conv2d_multi` does not change its inputs."""
    x, K, b = _layer(rng, 2, 2, 4, 4)
    untouched(student.conv2d_multi, x, K, b)
    untouched(student.conv2d_multi, x, K, b, 1, 1)


def _layer(rng, C, O, H, W, side=2):
    """A picture, kernels and biases as large as what the kernels give."""
    x, K = draw.away_from_zero(rng, C, H, W), draw.away_from_zero(rng, O, C, side, side)
    return x, K, 3 * draw.away_from_zero(rng, O)


@picture("conv2d_multi", kind="heatmap", x_label="column", y_label="row")
def edges_of_what_is_red(student):
    """Edges of what is red: a red house on a green meadow through one kernel with a slice for each colour."""
    red = _house()
    green = np.where(red > 0, 0.2, 0.0)
    green[12:] = np.maximum(green[12:], 0.8 * (red[12:] == 0))
    x, K = np.stack([red, green, np.zeros((16, 16))]), np.stack([EDGES, -EDGES, 0 * EDGES])[None]
    b = np.zeros(1)
    return student.conv2d_multi(x, K, b, padding=1)[0], cnn.conv2d_multi(x, K, b, padding=1)[0]


# 6. pool2d -------------------------------------------------------------------------------------------------------


@check("pool2d", points=0.5)
def test_pool_maximum(student, rng):
    """The maximum, of the lecture's map and of numbers of both signs or all negative."""
    x = np.array([[5.0, 2, 1, 3], [4, 3, 2, 7], [0, 2, 1, 2], [4, 3, 2, 3]])
    agree(student.pool2d(x, 2), cnn.pool2d(x, 2))
    # The largest absolute value is negative in at least one window.
    x = draw.away_from_zero(rng, 6, 9)
    x[0, 0] = -3.0
    agree(student.pool2d(x, 3), cnn.pool2d(x, 3))
    x = -np.abs(draw.away_from_zero(rng, 4, 6))
    agree(student.pool2d(x, 2, mode="max"), cnn.pool2d(x, 2))


@check("pool2d", points=0.5)
def test_pool_mean_and_minimum(student, rng):
    """The mean and the minimum of each window."""
    x = draw.away_from_zero(rng, 6, 9)
    agree(student.pool2d(x, 3, mode="avg"), cnn.pool2d(x, 3, mode="avg"))
    agree(student.pool2d(np.abs(x), 3, mode="min"), cnn.pool2d(np.abs(x), 3, mode="min"))
    x = draw.away_from_zero(rng, 4, 6)
    agree(student.pool2d(x, 2, mode="min"), cnn.pool2d(x, 2, mode="min"))


@check("pool2d", points=0.5)
def test_pool_with_a_stride(student, rng):
    """Windows that overlap, and windows with gaps between them."""
    for mode, size, stride, W in (("max", 3, 2, 8), ("avg", 2, 1, 8), ("min", 2, 3, 8), ("max", 2, 1, 4)):
        x = draw.away_from_zero(rng, 5, W)
        agree(student.pool2d(x, size, stride=stride, mode=mode), cnn.pool2d(x, size, stride, mode))


@check("pool2d", points=0.5)
def test_pool_where_something_is_left_over(student, rng):
    """Windows that would stick out are dropped, in every mode."""
    for mode in ("avg", "min", "max"):
        x = draw.away_from_zero(rng, 7, 5)
        agree(student.pool2d(x, 3, 3, mode), cnn.pool2d(x, 3, 3, mode))
        agree(student.pool2d(x, 2, mode=mode), cnn.pool2d(x, 2, mode=mode))


@check("pool2d", takes=0.5)
def test_pool_leaves_its_input(student, rng):
    """`pool2d` does not change its input."""
    x = draw.away_from_zero(rng, 5, 4)
    for mode in ("max", "avg", "min"):
        untouched(student.pool2d, x, 2, None, mode)


@picture("pool2d", kind="heatmap", x_label="column", y_label="row")
def edges_after_pooling(student):
    """The left edges of the house after the three stages: convolution, ReLU, maximum of 2 by 2."""
    detected = np.maximum(-cnn.conv2d(_house(), EDGES), 0.0)
    return student.pool2d(detected, 2), cnn.pool2d(detected, 2)


# 7. receptive_field ----------------------------------------------------------------------------------------------

CIFAR_LAYERS = [(3, 1), (2, 2), (3, 1), (2, 2), (3, 1)]
ALEXNET_LAYERS = [(11, 4), (3, 2), (5, 1), (3, 2), (3, 1), (3, 1), (3, 1), (3, 2)]


@check("receptive_field", points=0.5)
def test_field_without_strides(student, rng):
    """Convolutions of stride 1 stacked on each other, and no layer at all."""
    agree(student.receptive_field([]), (1, 1), profile="exact")
    agree(student.receptive_field([(3, 1)] * 3), (7, 1), profile="exact")
    layers = [(int(k), 1) for k in rng.integers(2, 8, size=4)]
    agree(student.receptive_field(layers), cnn.receptive_field(layers), profile="exact")


@check("receptive_field", points=0.5)
def test_field_of_known_networks(student):
    """The lectures' network for CIFAR, and AlexNet up to the last pooling."""
    for layers in (CIFAR_LAYERS, ALEXNET_LAYERS):
        agree(student.receptive_field(layers), cnn.receptive_field(layers), profile="exact")


@check("receptive_field", points=0.5)
def test_field_of_any_stack(student, rng):
    """Any stack: the receptive field."""
    for depth in (6, 3):
        layers = _strided(rng, depth)
        agree(student.receptive_field(layers)[0], cnn.receptive_field(layers)[0], profile="exact", what="r")


@check("receptive_field", points=0.5)
def test_jump_of_any_stack(student, rng):
    """Any stack: the jump."""
    for depth in (6, 3):
        layers = _strided(rng, depth)
        agree(student.receptive_field(layers)[1], cnn.receptive_field(layers)[1], profile="exact", what="jump")


@check("receptive_field", takes=0.5)
def test_field_leaves_its_input(student, rng):
    """`receptive_field` does not change the list that it is given."""
    untouched(student.receptive_field, _strided(rng, 4))


def _strided(rng, depth):
    """Layers with strides of 2 and 3 in other places than kernels of 3 to 7; no two layers are alike."""
    strides = rng.permutation([2, 3, *[1] * (depth - 2)])
    return [(int(k), int(s)) for k, s in zip(rng.permutation(np.arange(3, 3 + depth)), strides, strict=True)]


@picture("receptive_field", x_label="layers", y_label="receptive field (pixels)")
def field_of_vgg16(student):
    """The receptive field through VGG-16, layer by layer, yours and ours."""
    layers = [layer for convs in (2, 2, 3, 3, 3) for layer in [*[(3, 1)] * convs, (2, 2)]]
    stacks = [layers[:depth] for depth in range(len(layers) + 1)]
    return [student.receptive_field(each)[0] for each in stacks], [cnn.receptive_field(each)[0] for each in stacks]
