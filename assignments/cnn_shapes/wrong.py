"""Known wrong solutions of cnn_shapes. Each loses points in its exercise under every seed; its diagnosis is shown to a
student who gives the same answer."""

import math

import numpy as np

from autograder.checks import wrong
from reference.cnn import (
    conv2d,
    conv2d_multi,
    conv_out,
    conv_params,
    dense_params,
    pool2d,
    receptive_field,
    shape_table,
)

# 1. conv_out, tconv_out ------------------------------------------------------------------------------------------


def _must_fit(i, k, p):
    if k > i + 2 * p:
        raise ValueError("the kernel does not fit")


@wrong(
    "conv_out",
    "The floor is missing: where the stride does not divide, the last step is not taken. Use //.",
    replaces="conv_out",
)
def without_the_floor(i, k, s=1, p=0):
    _must_fit(i, k, p)
    return (i + 2 * p - k) / s + 1


@wrong("conv_out", "You round to the nearest integer. Half a step is no step: round down, //.", replaces="conv_out")
def rounded_to_the_nearest(i, k, s=1, p=0):
    _must_fit(i, k, p)
    return math.floor((i + 2 * p - k) / s + 0.5) + 1


@wrong("conv_out", "You round up, so the last kernel sticks out. Round down, //.", replaces="conv_out")
def rounded_up(i, k, s=1, p=0):
    _must_fit(i, k, p)
    return -(-(i + 2 * p - k) // s) + 1


@wrong("conv_out", "The + 1 is missing: the first place counts before any step is taken.", replaces="conv_out")
def without_the_first_place(i, k, s=1, p=0):
    _must_fit(i, k, p)
    return (i + 2 * p - k) // s


@wrong("conv_out", "You count the padding once. There are p zeros at each of the two ends: 2p.", replaces="conv_out")
def padding_at_one_end(i, k, s=1, p=0):
    _must_fit(i, k, p)
    return (i + p - k) // s + 1


@wrong("conv_out", "You subtract the padding. It makes the row longer: i + 2p.", replaces="conv_out")
def padding_subtracted(i, k, s=1, p=0):
    _must_fit(i, k, p)
    return (i - 2 * p - k) // s + 1


@wrong("conv_out", "The stride is missing: divide by s before rounding down.", replaces="conv_out")
def stride_forgotten_in_the_size(i, k, s=1, p=0):
    _must_fit(i, k, p)
    return i + 2 * p - k + 1


@wrong("conv_out", "Only the kernel is divided by the stride: (i + 2p - k) // s, all in brackets.", replaces="conv_out")
def brackets_forgotten(i, k, s=1, p=0):
    _must_fit(i, k, p)
    return i + 2 * p - k // s + 1


@wrong(
    "conv_out",
    "You take k for the reach n on each side of a centre; a kernel that reaches n far has size 2n + 1. Here k is the size.",
    replaces="conv_out",
)
def kernel_taken_for_its_reach(i, k, s=1, p=0):
    _must_fit(i, k, p)
    return (i + 2 * p - (2 * k + 1)) // s + 1


@wrong("conv_out", "This is the formula of the transposed convolution.", replaces="conv_out")
def transposed_formula(i, k, s=1, p=0):
    _must_fit(i, k, p)
    return (i - 1) * s + k - 2 * p


@wrong("conv_out", "The input's size is not always kept: that takes stride 1 and p = (k - 1) / 2.", replaces="conv_out")
def size_kept(i, k, s=1, p=0):
    _must_fit(i, k, p)
    return i


@wrong("conv_out", "A kernel that does not fit must raise a ValueError.", replaces="conv_out")
def no_error_at_all(i, k, s=1, p=0):
    return (i + 2 * p - k) // s + 1


@wrong("conv_out", "A kernel that does not fit must raise a ValueError; you answer 0.", replaces="conv_out")
def zero_instead_of_an_error(i, k, s=1, p=0):
    return (i + 2 * p - k) // s + 1 if k <= i + 2 * p else 0


@wrong(
    "conv_out",
    "You test the result, and with a stride above 1 the formula gives 0, not less, where one pixel is missing. Test "
    "k > i + 2p.",
    replaces="conv_out",
)
def only_negative_sizes_refused(i, k, s=1, p=0):
    o = (i + 2 * p - k) // s + 1
    if o < 0:
        raise ValueError("the kernel does not fit")
    return o


@wrong("conv_out", "You compare the kernel with the row before it is padded: i + 2p.", replaces="conv_out")
def fit_before_padding(i, k, s=1, p=0):
    if k > i:
        raise ValueError("the kernel does not fit")
    return (i + 2 * p - k) // s + 1


@wrong("conv_out", "A kernel as large as the padded row fits, once. Refuse only k > i + 2p.", replaces="conv_out")
def tight_fit_refused(i, k, s=1, p=0):
    if k >= i + 2 * p:
        raise ValueError("the kernel does not fit")
    return (i + 2 * p - k) // s + 1


@wrong("conv_out", "A stride that does not divide is no error: round down.", replaces="conv_out")
def remainder_refused(i, k, s=1, p=0):
    _must_fit(i, k, p)
    if (i + 2 * p - k) % s:
        raise ValueError("the stride does not divide")
    return (i + 2 * p - k) // s + 1


@wrong("conv_out", "An assert raises an AssertionError. Write: raise ValueError(...).", replaces="conv_out")
def asserts_instead(i, k, s=1, p=0):
    assert k <= i + 2 * p, "the kernel does not fit"
    return (i + 2 * p - k) // s + 1


@wrong(
    "conv_out",
    "A transposed convolution does not simply multiply by the stride: (i - 1) s + k - 2p.",
    replaces="tconv_out",
)
def times_the_stride(i, k, s=1, p=0):
    return i * s


@wrong(
    "conv_out",
    "This is the size of an ordinary convolution; the transposed one goes the other way.",
    replaces="tconv_out",
)
def ordinary_formula(i, k, s=1, p=0):
    return (i + 2 * p - k) // s + 1


@wrong("conv_out", "Padding makes the output of a transposed convolution smaller: - 2p.", replaces="tconv_out")
def transposed_padding_added(i, k, s=1, p=0):
    return (i - 1) * s + k + 2 * p


@wrong("conv_out", "The padding counts on both sides: - 2p.", replaces="tconv_out")
def transposed_padding_once(i, k, s=1, p=0):
    return (i - 1) * s + k - p


@wrong("conv_out", "i places are i - 1 steps apart: (i - 1) s.", replaces="tconv_out")
def transposed_one_step_too_many(i, k, s=1, p=0):
    return i * s + k - 2 * p


@wrong("conv_out", "The last place still has a whole kernel: + k.", replaces="tconv_out")
def transposed_without_the_kernel(i, k, s=1, p=0):
    return (i - 1) * s + 1 - 2 * p


@wrong(
    "conv_out",
    "This is the largest size that leads back to i. A transposed convolution makes the smallest: (i - 1) s + k - 2p.",
    replaces="tconv_out",
)
def largest_way_back(i, k, s=1, p=0):
    return i * s + k - 2 * p - 1


# 2. conv_params, dense_params ------------------------------------------------------------------------------------


def _pair(k):
    return k if np.ndim(k) else (k, k)


@wrong("conv_params", "Input channels are missing: each has k_h k_w weights.", replaces="conv_params")
def one_channel_only(k, cin, cout, bias=True):
    kh, kw = _pair(k)
    return (kh * kw + bias) * cout


@wrong("conv_params", "k_x k_y + 1 is one kernel on one channel only.", replaces="conv_params")
def one_kernel_only(k, cin, cout, bias=True):
    kh, kw = _pair(k)
    return kh * kw + bias


@wrong("conv_params", "Each output channel has a bias of its own, not one for the layer.", replaces="conv_params")
def one_bias_for_the_layer(k, cin, cout, bias=True):
    kh, kw = _pair(k)
    return kh * kw * cin * cout + bias


@wrong("conv_params", "The biases are missing: one for each output channel.", replaces="conv_params")
def biases_forgotten(k, cin, cout, bias=True):
    kh, kw = _pair(k)
    return kh * kw * cin * cout


@wrong("conv_params", "The bias is added once for each kernel, not once per input channel.", replaces="conv_params")
def a_bias_for_each_slice(k, cin, cout, bias=True):
    kh, kw = _pair(k)
    return (kh * kw + bias) * cin * cout


@wrong("conv_params", "There is one bias for each output channel, not for each input channel.", replaces="conv_params")
def a_bias_for_each_input(k, cin, cout, bias=True):
    kh, kw = _pair(k)
    return kh * kw * cin * cout + bias * cin


@wrong("conv_params", "bias=False is ignored: without biases the + 1 goes.", replaces="conv_params")
def bias_always(k, cin, cout, bias=True):
    return conv_params(k, cin, cout)


@wrong("conv_params", "Of a pair you use the first number twice: k_h times k_w.", replaces="conv_params")
def first_of_the_pair(k, cin, cout, bias=True):
    return conv_params(_pair(k)[0], cin, cout, bias)


@wrong("conv_params", "A kernel has k times k weights for each channel, not k.", replaces="conv_params")
def side_not_squared(k, cin, cout, bias=True):
    return (_pair(k)[0] * cin + bias) * cout


@wrong("conv_params", "k may be an integer too: a square kernel.", replaces="conv_params")
def pairs_only(k, cin, cout, bias=True):
    return (k[0] * k[1] * cin + bias) * cout


@wrong("conv_params", "k may be a pair too, (k_h, k_w).", replaces="conv_params")
def squares_only(k, cin, cout, bias=True):
    return (k**2 * cin + bias) * cout


@wrong("conv_params", "The biases are missing: one for each output.", replaces="dense_params")
def dense_without_biases(n_in, n_out):
    return n_in * n_out


@wrong("conv_params", "Every output has a bias of its own, not one for the layer.", replaces="dense_params")
def dense_with_one_bias(n_in, n_out):
    return n_in * n_out + 1


@wrong("conv_params", "There is one bias for each output, not for each input.", replaces="dense_params")
def dense_with_input_biases(n_in, n_out):
    return n_in * n_out + n_in


@wrong("conv_params", "This counts neurons. Each pair of an input and an output has a weight.", replaces="dense_params")
def neurons_counted(n_in, n_out):
    return n_in + n_out


# 3. shape_table --------------------------------------------------------------------------------------------------


def _sizes(shape, layer, out=conv_out):
    """Height and width after a convolution or pooling, each by `out`."""
    k, p = layer["k"], layer.get("p", 0)
    s = layer.get("s", 1 if layer["kind"] == "conv" else k)
    return out(shape[1], k, s, p), out(shape[2], k, s, p)


def _table(input_shape, layers, step):
    """shape_table with another step(shape, layer) -> (shape, params); None leaves a layer to the right one."""
    shape, count, table = tuple(input_shape), {}, []
    for layer in layers:
        kind = layer["kind"]
        count[kind] = count.get(kind, 0) + 1
        shape, params = step(shape, layer) or shape_table(shape, [layer])[0][1:]
        table.append((f"{kind}{count[kind]}", shape, params))
    return table


def _pool_step(change):
    """A step that treats pooling in its own way: change(shape, layer) -> shape."""
    return lambda shape, layer: (change(shape, layer), 0) if layer["kind"] == "pool" else None


@wrong("shape_table", "Pooling looks at each channel by itself: the number of channels stays.")
def pooling_divides_the_channels(input_shape, layers):
    return _table(
        input_shape, layers, _pool_step(lambda shape, layer: (max(shape[0] // layer["k"], 1), *_sizes(shape, layer)))
    )


@wrong("shape_table", "Pooling looks at each channel by itself: it does not merge them into one.")
def pooling_merges_the_channels(input_shape, layers):
    return _table(input_shape, layers, _pool_step(lambda shape, layer: (1, *_sizes(shape, layer))))


@wrong("shape_table", "Without a word about it the stride of a pooling is its size k, not 1.")
def pooling_by_single_steps(input_shape, layers):
    return _table(input_shape, layers, _pool_step(lambda shape, layer: (shape[0], *_sizes(shape, {"s": 1, **layer}))))


@wrong("shape_table", "Pooling always divides the sides by k here. It follows conv_out, with its stride and padding.")
def pooling_divides_the_sides(input_shape, layers):
    return _table(
        input_shape,
        layers,
        _pool_step(lambda shape, layer: (shape[0], shape[1] // layer["k"], shape[2] // layer["k"])),
    )


@wrong("shape_table", "The stride of a pooling is ignored where it is given.")
def pooling_ignores_its_stride(input_shape, layers):
    return _table(
        input_shape, layers, _pool_step(lambda shape, layer: (shape[0], *_sizes(shape, {**layer, "s": layer["k"]})))
    )


@wrong("shape_table", 'A pooling may have padding too: "p".')
def pooling_ignores_its_padding(input_shape, layers):
    return _table(input_shape, layers, _pool_step(lambda shape, layer: (shape[0], *_sizes(shape, {**layer, "p": 0}))))


def _rounded_up(i, k, s, p):
    return -(-(i + 2 * p - k) // s) + 1


@wrong("shape_table", "Pooling rounds up here. Windows that stick out are dropped: round down, as conv_out does.")
def pooling_rounds_up(input_shape, layers):
    return _table(input_shape, layers, _pool_step(lambda shape, layer: (shape[0], *_sizes(shape, layer, _rounded_up))))


@wrong("shape_table", "Pooling has no parameters: there is nothing to learn in a maximum.")
def pooling_with_weights(input_shape, layers):
    def step(shape, layer):
        return ((shape[0], *_sizes(shape, layer)), layer["k"] ** 2 * shape[0]) if layer["kind"] == "pool" else None

    return _table(input_shape, layers, step)


def _conv_step(change):
    """A step that treats convolutions in its own way: change(shape, layer) -> (shape, params)."""
    return lambda shape, layer: change(shape, layer) if layer["kind"] == "conv" else None


@wrong("shape_table", "Height and width change places. The order is (C, H, W), before and after every layer.")
def height_and_width_swapped(input_shape, layers):
    C, H, W = input_shape
    return shape_table((C, W, H), layers)


@wrong("shape_table", "Shapes have the channels first here: (C, H, W).")
def channels_last(input_shape, layers):
    rows = shape_table(input_shape, layers)
    return [(name, (*shape[1:], shape[0]), params) for name, shape, params in rows]


@wrong("shape_table", "The input is read with channels last. It is (C, H, W).")
def input_read_with_channels_last(input_shape, layers):
    H, W, C = input_shape
    return shape_table((C, H, W), layers)


@wrong("shape_table", "You take the picture for a square. Height and width follow conv_out each by itself.")
def square_pictures_only(input_shape, layers):
    C, H, _ = input_shape
    return shape_table((C, H, H), layers)


@wrong("shape_table", "Every convolution counts the channels of the picture. It sees those of the layer before it.")
def channels_of_the_picture(input_shape, layers):
    return _table(
        input_shape,
        layers,
        _conv_step(
            lambda shape, layer: (
                (layer["n"], *_sizes(shape, layer)),
                conv_params(layer["k"], input_shape[0], layer["n"]),
            )
        ),
    )


@wrong("shape_table", "The parameters of a convolution lack the input channels: (k k C + 1) n.")
def parameters_without_channels(input_shape, layers):
    return _table(
        input_shape,
        layers,
        _conv_step(lambda shape, layer: ((layer["n"], *_sizes(shape, layer)), (layer["k"] ** 2 + 1) * layer["n"])),
    )


@wrong("shape_table", "Convolutions have biases, one for each kernel.")
def convolutions_without_biases(input_shape, layers):
    return _table(
        input_shape,
        layers,
        _conv_step(
            lambda shape, layer: (
                (layer["n"], *_sizes(shape, layer)),
                conv_params(layer["k"], shape[0], layer["n"], bias=False),
            )
        ),
    )


def _resized(change):
    """A step whose convolutions read their dict changed."""
    return _conv_step(
        lambda shape, layer: (
            (layer["n"], *_sizes(shape, change(layer))),
            conv_params(layer["k"], shape[0], layer["n"]),
        )
    )


@wrong("shape_table", "A convolution without a word about padding has none: it makes the picture smaller.")
def always_same_padding(input_shape, layers):
    return _table(input_shape, layers, _resized(lambda layer: {**layer, "p": (layer["k"] - 1) // 2}))


@wrong("shape_table", "The padding of the convolutions is ignored.")
def padding_ignored_in_the_table(input_shape, layers):
    return _table(input_shape, layers, _resized(lambda layer: {**layer, "p": 0}))


@wrong("shape_table", "The stride of the convolutions is ignored.")
def stride_ignored_in_the_table(input_shape, layers):
    return _table(input_shape, layers, _resized(lambda layer: {**layer, "s": 1}))


@wrong("shape_table", "Flattening keeps every number: C times H times W, not H times W.")
def flatten_forgets_the_channels(input_shape, layers):
    def step(shape, layer):
        return ((shape[1] * shape[2],), 0) if layer["kind"] == "flatten" else None

    return _table(input_shape, layers, step)


@wrong("shape_table", "You flatten the picture at the input. Flatten what the layer before gives.")
def flattens_the_picture(input_shape, layers):
    def step(shape, layer):
        return ((math.prod(input_shape),), 0) if layer["kind"] == "flatten" else None

    return _table(input_shape, layers, step)


@wrong("shape_table", "Dense layers have biases, one for each output.")
def dense_rows_without_biases(input_shape, layers):
    def step(shape, layer):
        return ((layer["n"],), shape[0] * layer["n"]) if layer["kind"] == "dense" else None

    return _table(input_shape, layers, step)


@wrong("shape_table", "All dense layers count the flattened inputs. Each sees the outputs of the one before it.")
def dense_inputs_never_updated(input_shape, layers):
    flat = [None]

    def step(shape, layer):
        if layer["kind"] != "dense":
            return None
        flat[0] = flat[0] or shape[0]
        return (layer["n"],), dense_params(flat[0], layer["n"])

    return _table(input_shape, layers, step)


def _renamed(input_shape, layers, name):
    """shape_table with name(at, kind, number) for each row."""
    rows = shape_table(input_shape, layers)
    kinds = [layer["kind"] for layer in layers]
    return [
        (name(at, kind, int(row[0].removeprefix(kind))), *row[1:])
        for at, (kind, row) in enumerate(zip(kinds, rows, strict=True))
    ]


@wrong("shape_table", "The numbers start at 1: conv1, pool1.")
def numbers_from_zero(input_shape, layers):
    return _renamed(input_shape, layers, lambda at, kind, number: f"{kind}{number - 1}")


@wrong("shape_table", "Each kind has its own numbers: conv1, pool1, conv2; not conv1, pool2, conv3.")
def one_numbering_for_all(input_shape, layers):
    return _renamed(input_shape, layers, lambda at, kind, number: f"{kind}{at + 1}")


@wrong("shape_table", "The name has a number behind the kind: conv1.")
def names_without_numbers(input_shape, layers):
    return _renamed(input_shape, layers, lambda at, kind, number: kind)


@wrong("shape_table", "You add the parameters up. Each row has those of its own layer.")
def parameters_added_up(input_shape, layers):
    rows = shape_table(input_shape, layers)
    sums = np.cumsum([row[2] for row in rows]).tolist()
    return [(name, shape, so_far) for (name, shape, _), so_far in zip(rows, sums, strict=True)]


@wrong("shape_table", "The rows lag by one layer: the shape is what comes out of the layer, not what goes in.")
def shapes_before_the_layer(input_shape, layers):
    rows = shape_table(input_shape, layers)
    before = [tuple(input_shape), *(row[1] for row in rows)]
    return [(row[0], shape, row[2]) for row, shape in zip(rows, before, strict=False)]


@wrong("shape_table", "There is no row for the input: one row for each layer.")
def a_row_for_the_input(input_shape, layers):
    return [("input", tuple(input_shape), 0), *shape_table(input_shape, layers)]


@wrong("shape_table", "All rows share one list, so all show the last shape. Make a new tuple for each row.")
def aliased_shapes(input_shape, layers):
    shape, rows = [], []
    for name, new, params in shape_table(input_shape, layers):
        shape[:] = new
        rows.append((name, shape, params))
    return rows


@wrong("shape_table", '`setdefault` writes into the caller\'s dicts. Use layer.get("s", 1).')
def writes_defaults_into_the_layers(input_shape, layers):
    for layer in layers:
        layer.setdefault("s", layer["k"] if layer["kind"] == "pool" else 1)
    return shape_table(input_shape, layers)


# 4. conv2d -------------------------------------------------------------------------------------------------------


@wrong("conv2d", "You flip the kernel by default. Lay it on as it is; turn it only for flip=True.")
def always_flipped(x, k, stride=1, padding=0, flip=False):
    return conv2d(x, k, stride, padding, flip=True)


@wrong("conv2d", "The flip is the wrong way round: the kernel is turned when flip is False.")
def flip_inverted(x, k, stride=1, padding=0, flip=False):
    return conv2d(x, k, stride, padding, not flip)


@wrong("conv2d", "flip=True is ignored. It turns the kernel by 180 degrees: k[::-1, ::-1].")
def flip_ignored(x, k, stride=1, padding=0, flip=False):
    return conv2d(x, k, stride, padding)


@wrong("conv2d", "flip=True reverses the rows only. It turns by 180 degrees: both axes.")
def flipped_in_one_axis(x, k, stride=1, padding=0, flip=False):
    return conv2d(x, k[::-1] if flip else k, stride, padding)


@wrong("conv2d", "flip=True transposes the kernel. It turns by 180 degrees: both axes reversed, k[::-1, ::-1].")
def transposed_for_flip(x, k, stride=1, padding=0, flip=False):
    return conv2d(x, k.T if flip else k, stride, padding)


@wrong("conv2d", "You transpose the kernel. Its rows lie on the picture's rows.")
def kernel_transposed(x, k, stride=1, padding=0, flip=False):
    return conv2d(x, k.T, stride, padding, flip)


def _padded(x, padding, before=1, after=1, **how):
    """The picture padded, `before` and `after` times as much on the near and the far sides."""
    return np.pad(x, ((before * padding, after * padding),) * 2, **how)


@wrong("conv2d", "All zeros are put below and on the right. Half of them belong above and on the left.")
def padded_at_the_end(x, k, stride=1, padding=0, flip=False):
    return conv2d(_padded(x, padding, 0, 2), k, stride, flip=flip)


@wrong("conv2d", "All zeros are put above and on the left. Half of them belong below and on the right.")
def padded_at_the_start(x, k, stride=1, padding=0, flip=False):
    return conv2d(_padded(x, padding, 2, 0), k, stride, flip=flip)


@wrong("conv2d", "There are zeros on two sides only. All four sides get p rows or columns.")
def padded_on_two_sides(x, k, stride=1, padding=0, flip=False):
    return conv2d(_padded(x, padding, 1, 0), k, stride, flip=flip)


@wrong("conv2d", "The padding is ignored.")
def padding_ignored(x, k, stride=1, padding=0, flip=False):
    return conv2d(x, k, stride, 0, flip)


@wrong("conv2d", "You repeat the edge of the picture. The padding is made of zeros.")
def padded_with_the_edge(x, k, stride=1, padding=0, flip=False):
    return conv2d(_padded(x, padding, mode="edge"), k, stride, flip=flip)


@wrong("conv2d", "The padding wraps round to the other side of the picture. It is made of zeros.")
def padded_in_a_circle(x, k, stride=1, padding=0, flip=False):
    return conv2d(_padded(x, padding, mode="wrap"), k, stride, flip=flip)


@wrong("conv2d", "Only the columns are padded. Rows get zeros too.")
def padded_along_one_axis(x, k, stride=1, padding=0, flip=False):
    return conv2d(np.pad(x, ((0, 0), (padding, padding))), k, stride, flip=flip)


@wrong(
    "conv2d",
    "You always pad so that the size stays. The padding is an argument, and without it the result is smaller.",
)
def size_always_kept(x, k, stride=1, padding=0, flip=False):
    return conv2d(np.pad(x, [(side // 2, (side - 1) // 2) for side in k.shape]), k, stride, flip=flip)


@wrong(
    "conv2d",
    "The top left corner repeats the number below it, as a lecture's slide does (it prints -2, right is 0): the corner's "
    "window holds the first two rows and columns only, and zeros.",
)
def corner_of_the_slide(x, k, stride=1, padding=0, flip=False):
    Z = conv2d(x, k, stride, padding, flip)
    if padding and len(Z) > 1:
        Z[0, 0] = Z[1, 0]
    return Z


@wrong("conv2d", "The stride is ignored.")
def stride_ignored(x, k, stride=1, padding=0, flip=False):
    return conv2d(x, k, 1, padding, flip)


@wrong("conv2d", "The stride works along the rows only. It holds for both axes.")
def stride_along_one_axis(x, k, stride=1, padding=0, flip=False):
    return conv2d(x, k, 1, padding, flip)[::stride]


@wrong("conv2d", "The result has the right size, but the windows still move by single pixels: start at i * stride.")
def size_with_stride_windows_without(x, k, stride=1, padding=0, flip=False):
    rows, columns = conv2d(x, k, stride, padding, flip).shape
    return conv2d(x, k, 1, padding, flip)[:rows, :columns]


@wrong("conv2d", "The last row and column of places are missing: range(H - h + 1).")
def last_place_missing(x, k, stride=1, padding=0, flip=False):
    x = np.pad(x, padding)
    return conv2d(x[: max(len(x) - 1, len(k)), : max(x.shape[1] - 1, k.shape[1])], k, stride, flip=flip)


@wrong("conv2d", "You take the mean of the products. The convolution is their sum.")
def mean_of_the_window(x, k, stride=1, padding=0, flip=False):
    return conv2d(x, k, stride, padding, flip) / k.size


@wrong("conv2d", "The kernel is divided by its sum. It is laid on as it is.")
def kernel_normalised(x, k, stride=1, padding=0, flip=False):
    return conv2d(x, k / np.abs(k).sum(), stride, padding, flip)


@wrong(
    "conv2d", "You take the matrix product of window and kernel. Multiply entry by entry, then sum: (window * k).sum()."
)
def matrix_product_of_the_window(x, k, stride=1, padding=0, flip=False):
    k = k[::-1, ::-1] if flip else k
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, padding), k.shape)[::stride, ::stride]
    return (windows @ k).sum(axis=(2, 3))


@wrong("conv2d", "Height and width are exchanged: the kernel's rows belong to the picture's rows.")
def feature_map_transposed(x, k, stride=1, padding=0, flip=False):
    return conv2d(x, k, stride, padding, flip).T


@wrong(
    "conv2d",
    "You store the result in an array of the picture's type: integers cut off the decimals. Use np.zeros(shape).",
)
def result_of_the_pictures_type(x, k, stride=1, padding=0, flip=False):
    Z = conv2d(x, k, stride, padding, flip)
    out = np.zeros(Z.shape, dtype=x.dtype)
    out[...] = Z
    return out


@wrong("conv2d", "`window *= k` writes into the picture that you were given. Make a new array: window * k.")
def writes_into_the_window(x, k, stride=1, padding=0, flip=False):
    x = np.pad(x, padding) if padding else x
    k = k[::-1, ::-1] if flip else k
    (h, w), rows = k.shape, range(0, x.shape[0] - k.shape[0] + 1, stride)
    Z = []
    for i in rows:
        Z.append([])
        for j in range(0, x.shape[1] - w + 1, stride):
            window = x[i : i + h, j : j + w]
            window *= k.astype(x.dtype)
            Z[-1].append(window.sum())
    return Z


@wrong("conv2d", "You turn the kernel where it stands, in the caller's array. Make a new one: k = k[::-1, ::-1].")
def flips_in_place(x, k, stride=1, padding=0, flip=False):
    if flip:
        k[...] = k[::-1, ::-1].copy()
    return conv2d(x, k, stride, padding)


# 5. conv2d_multi -------------------------------------------------------------------------------------------------


@wrong("conv2d_multi", "The bias is added once for each input channel. Add it once, after the sum.")
def bias_for_each_channel(x, K, b, stride=1, padding=0):
    return conv2d_multi(x, K, b * len(x), stride, padding)


@wrong("conv2d_multi", "The channels are averaged. Their results are summed.")
def mean_over_channels(x, K, b, stride=1, padding=0):
    return conv2d_multi(x, K / len(x), b, stride, padding)


@wrong("conv2d_multi", "The bias is missing.")
def bias_forgotten(x, K, b, stride=1, padding=0):
    return conv2d_multi(x, K, 0 * b, stride, padding)


@wrong("conv2d_multi", "Every output channel gets the first bias. Each has its own, b[o].")
def first_bias_for_all(x, K, b, stride=1, padding=0):
    return conv2d_multi(x, K, np.full(len(b), b[0]), stride, padding)


@wrong("conv2d_multi", "The sum of all biases is added everywhere. Output channel o has the bias b[o].")
def all_biases_for_all(x, K, b, stride=1, padding=0):
    return conv2d_multi(x, K, np.full(len(b), b.sum()), stride, padding)


@wrong("conv2d_multi", "b of shape (O,) is added along the last axis, silently when W' = O. Write b[:, None, None].")
def bias_along_the_columns(x, K, b, stride=1, padding=0):
    return conv2d_multi(x, K, 0 * b, stride, padding) + b


@wrong("conv2d_multi", "The bias is subtracted. Add it.")
def bias_subtracted(x, K, b, stride=1, padding=0):
    return conv2d_multi(x, K, -b, stride, padding)


@wrong("conv2d_multi", "The channels are taken in reverse order (BGR for RGB): slice c of the kernel sees channel c.")
def channels_reversed(x, K, b, stride=1, padding=0):
    return conv2d_multi(x[::-1], K, b, stride, padding)


@wrong("conv2d_multi", "Input and output channels of K are exchanged: K has shape (O, C, h, w), output first.")
def kernels_transposed(x, K, b, stride=1, padding=0):
    read_as = K.reshape(K.shape[1], K.shape[0], *K.shape[2:])
    return conv2d_multi(x, read_as.swapaxes(0, 1), b, stride, padding)


@wrong("conv2d_multi", "Only the first channel is used. Sum over all of them.")
def first_channel_only(x, K, b, stride=1, padding=0):
    return conv2d_multi(x[:1], K[:, :1], b, stride, padding)


@wrong("conv2d_multi", "Only the last channel is left: add the channels up instead of overwriting.")
def last_channel_only(x, K, b, stride=1, padding=0):
    return conv2d_multi(x[-1:], K[:, -1:], b, stride, padding)


@wrong("conv2d_multi", "All output channels use the first kernel. Each has its own, K[o].")
def first_kernel_for_all(x, K, b, stride=1, padding=0):
    return conv2d_multi(x, np.repeat(K[:1], len(K), axis=0), b, stride, padding)


@wrong("conv2d_multi", "All channels use the kernel's first slice. Channel c has its own, K[o, c].")
def first_slice_for_all(x, K, b, stride=1, padding=0):
    return conv2d_multi(x, np.repeat(K[:, :1], len(x), axis=1), b, stride, padding)


@wrong("conv2d_multi", "The channels are not summed: the result has shape (O, H', W').")
def channels_not_summed(x, K, b, stride=1, padding=0):
    return np.stack([[conv2d(x[c], K[o, c], stride, padding) + b[o] for c in range(len(x))] for o in range(len(K))])


@wrong("conv2d_multi", "The channels stand last. The result has shape (O, H', W').")
def maps_with_channels_last(x, K, b, stride=1, padding=0):
    return np.moveaxis(conv2d_multi(x, K, b, stride, padding), 0, -1)


@wrong("conv2d_multi", "The output channels are added up to a single map. Keep them apart.")
def outputs_summed(x, K, b, stride=1, padding=0):
    return conv2d_multi(x, K, b, stride, padding).sum(axis=0, keepdims=True)


@wrong("conv2d_multi", "The kernels are flipped. They are laid on as they are.")
def kernels_flipped(x, K, b, stride=1, padding=0):
    return conv2d_multi(x, K[:, :, ::-1, ::-1], b, stride, padding)


@wrong("conv2d_multi", "The stride is ignored. Pass it on to conv2d.")
def stride_not_passed_on(x, K, b, stride=1, padding=0):
    return conv2d_multi(x, K, b, 1, padding)


@wrong("conv2d_multi", "The padding is ignored. Pass it on to conv2d.")
def padding_not_passed_on(x, K, b, stride=1, padding=0):
    return conv2d_multi(x, K, b, stride)


@wrong(
    "conv2d_multi", "np.pad(x, padding) adds channels of zeros too, and all others move up. Pad height and width only."
)
def channels_padded(x, K, b, stride=1, padding=0):
    x = np.pad(x, padding)
    return conv2d_multi(x[: K.shape[1]], K, b, stride)


@wrong("conv2d_multi", "All output channels are one and the same array, so all show the last. Make a new one for each.")
def aliased_maps(x, K, b, stride=1, padding=0):
    maps = conv2d_multi(x, K, b, stride, padding)
    one, out = np.zeros(maps.shape[1:]), []
    for Z in maps:
        one[...] = Z
        out.append(one)
    return np.stack(out)


@wrong("conv2d_multi", "You write into the caller's picture. Make a new array for the sum.")
def sums_into_the_picture(x, K, b, stride=1, padding=0):
    maps = conv2d_multi(x, K, b, stride, padding)
    x[0] += x[1:].sum(axis=0)
    return maps


# 6. pool2d -------------------------------------------------------------------------------------------------------


def _windows(x, size, stride):
    """All windows, (H', W', size, size)."""
    stride = size if stride is None else stride
    return np.lib.stride_tricks.sliding_window_view(x, (size, size))[::stride, ::stride]


@wrong(
    "pool2d", "The search for the maximum starts at 0, so negative windows give 0. Start with the window's own numbers."
)
def maximum_from_zero(x, size, stride=None, mode="max"):
    Z = pool2d(x, size, stride, mode)
    return np.maximum(Z, 0.0) if mode == "max" else Z


@wrong("pool2d", "The search for the minimum starts at 0. Start with the window's own numbers.")
def minimum_from_zero(x, size, stride=None, mode="max"):
    Z = pool2d(x, size, stride, mode)
    return np.minimum(Z, 0.0) if mode == "min" else Z


@wrong("pool2d", "You take the maximum of the absolute values. The sign counts.")
def maximum_of_the_size(x, size, stride=None, mode="max"):
    return pool2d(np.abs(x) if mode == "max" else x, size, stride, mode)


@wrong("pool2d", "Windows that stick out are kept. They are dropped: round down, as in exercise 1.")
def partial_windows_kept(x, size, stride=None, mode="max"):
    step = size if stride is None else stride
    summary = {"max": np.max, "avg": np.mean, "min": np.min}[mode]
    rows, columns = (1 + max(-(-(side - size) // step), 0) for side in x.shape)
    parts = [
        [summary(x[i * step : i * step + size, j * step : j * step + size]) for j in range(columns)]
        for i in range(rows)
    ]
    return np.array(parts)


@wrong("pool2d", "The picture is filled up with zeros, which then count. There is no padding: drop what sticks out.")
def filled_with_zeros(x, size, stride=None, mode="max"):
    step = size if stride is None else stride
    missing = [(0, -(side - size) % step) for side in x.shape]
    return pool2d(np.pad(x, missing), size, stride, mode)


@wrong("pool2d", "Without a word about it the stride is the size: the windows touch. You move by single pixels.")
def default_stride_of_one(x, size, stride=None, mode="max"):
    return pool2d(x, size, 1 if stride is None else stride, mode)


@wrong("pool2d", "The stride is ignored where it is given.")
def stride_always_the_size(x, size, stride=None, mode="max"):
    return pool2d(x, size, None, mode)


@wrong("pool2d", "The stride works along the rows only. It holds for both axes.")
def pool_stride_along_one_axis(x, size, stride=None, mode="max"):
    step = size if stride is None else stride
    return pool2d(x, size, 1, mode)[::step]


@wrong("pool2d", "These are the windows. One number for each is asked: its maximum, mean or minimum.")
def windows_instead_of_numbers(x, size, stride=None, mode="max"):
    return _windows(x, size, stride)


@wrong("pool2d", "You keep the top left pixel of each window. Take its maximum, mean or minimum.")
def top_left_pixel(x, size, stride=None, mode="max"):
    return _windows(x, size, stride)[:, :, 0, 0]


@wrong("pool2d", "The mode is ignored: you always take the maximum.")
def always_the_maximum(x, size, stride=None, mode="max"):
    return pool2d(x, size, stride)


@wrong("pool2d", '"avg" is the mean of the window. You return its sum.')
def sum_for_the_mean(x, size, stride=None, mode="max"):
    Z = pool2d(x, size, stride, mode)
    return Z * size**2 if mode == "avg" else Z


@wrong("pool2d", '"avg" divides by the number of pixels in the window, size times size, not by size.')
def mean_over_one_side(x, size, stride=None, mode="max"):
    Z = pool2d(x, size, stride, mode)
    return Z * size if mode == "avg" else Z


@wrong("pool2d", "Maximum and minimum are exchanged.")
def maximum_and_minimum_swapped(x, size, stride=None, mode="max"):
    return pool2d(x, size, stride, {"max": "min", "min": "max"}.get(mode, mode))


@wrong("pool2d", '"avg" is the mean. You take the median.')
def median_for_the_mean(x, size, stride=None, mode="max"):
    if mode == "avg":
        return np.median(_windows(x, size, stride), axis=(2, 3))
    return pool2d(x, size, stride, mode)


@wrong("pool2d", "You pool over rows only. A window has size times size pixels.")
def one_column_windows(x, size, stride=None, mode="max"):
    step = size if stride is None else stride
    summary = {"max": np.max, "avg": np.mean, "min": np.min}[mode]
    rows = np.lib.stride_tricks.sliding_window_view(x, size, axis=0)[::step]
    return summary(rows, axis=2)


@wrong("pool2d", "You return one number for the whole picture. Each window gives one.")
def global_pooling(x, size, stride=None, mode="max"):
    return {"max": np.max, "avg": np.mean, "min": np.min}[mode](x).reshape(1, 1)


@wrong("pool2d", "You write into the caller's picture. Make a new array for the result.")
def pools_in_place(x, size, stride=None, mode="max"):
    Z = pool2d(x, size, stride, mode)
    x[: Z.shape[0], : Z.shape[1]] = Z
    return Z


# 7. receptive_field ----------------------------------------------------------------------------------------------


@wrong("receptive_field", "The jump is missing in r: one more neuron is j pixels more, r + (k - 1) j.")
def field_without_jump(layers):
    return 1 + sum(k - 1 for k, _ in layers), math.prod(s for _, s in layers)


@wrong("receptive_field", "You add the kernels up. Their windows overlap: each adds (k - 1) j.")
def sum_of_kernels(layers):
    return max(sum(k for k, _ in layers), 1), math.prod(s for _, s in layers)


@wrong("receptive_field", "You multiply the kernels. Each layer adds (k - 1) j.")
def product_of_kernels(layers):
    return math.prod(k for k, _ in layers), math.prod(s for _, s in layers)


@wrong("receptive_field", "r is updated with the jump after this layer's stride. First r, then the jump.")
def jump_before_the_field(layers):
    r, jump = 1, 1
    for k, s in layers:
        jump *= s
        r += (k - 1) * jump
    return r, jump


@wrong("receptive_field", "The field of nothing is one pixel: start with r = 1.")
def starts_with_nothing(layers):
    r, jump = receptive_field(layers)
    return r - 1, jump


@wrong("receptive_field", "Each layer adds (k - 1) j, not k j: the first pixel is there already.")
def whole_kernel_added(layers):
    r, jump = 1, 1
    for k, s in layers:
        r += k * jump
        jump *= s
    return r, jump


@wrong("receptive_field", "You go through the layers from the last to the first. The list starts at the picture.")
def from_the_last_layer(layers):
    return receptive_field(layers[::-1])


@wrong("receptive_field", "You add the strides up. The jump is multiplied by each stride.")
def strides_added(layers):
    r, jump = 1, 1
    for k, s in layers:
        r += (k - 1) * jump
        jump += s - 1
    return r, jump


@wrong("receptive_field", "Only the stride of this layer counts in your jump. It is the product of all strides so far.")
def last_stride_only(layers):
    r, jump = 1, 1
    for k, s in layers:
        r += (k - 1) * jump
        jump = s
    return r, jump


@wrong("receptive_field", "r is the wanted first number, the jump the second.")
def field_and_jump_swapped(layers):
    return receptive_field(layers)[::-1]


@wrong("receptive_field", "The pairs are (k, s): kernel first.")
def pairs_swapped(layers):
    return receptive_field([(s, k) for k, s in layers])


@wrong("receptive_field", "The jump includes the last layer's stride.")
def jump_without_the_last(layers):
    return receptive_field(layers)[0], receptive_field(layers[:-1])[1]


@wrong("receptive_field", "An empty list gives (1, 1): a pixel sees itself.")
def fails_without_layers(layers):
    first, *_ = layers
    return receptive_field([first, *layers[1:]])


@wrong("receptive_field", "`pop` empties the caller's list. Go through it with for.")
def empties_the_list(layers):
    r, jump = 1, 1
    while layers:
        k, s = layers.pop(0)
        r, jump = r + (k - 1) * jump, jump * s
    return r, jump
