"""Quiz templates: sizes and counts of convolutions, filtering by hand, pooling, receptive fields."""

import numpy as np

from autograder.quiz import (
    Choice,
    Integer,
    Number,
    Numbers,
    Question,
    Redraw,
    Shape,
    Slip,
    figures,
    line_options,
    numbered,
    plus,
    template,
    tex,
)
from reference import cnn


@template(technique="sizes of convolutions", tags=["output size"], difficulty=1, syllabus="Q08.1")
def output_of_a_convolution(rng):
    i, k, s, p = (
        int(rng.integers(20, 120)),
        int(rng.choice([3, 5, 7, 11])),
        int(rng.integers(1, 5)),
        int(rng.integers(0, 4)),
    )
    out = cnn.conv_out(i, k, s, p)
    exact = (i + 2 * p - k) / s
    return Question(
        prompt=f"An image of side {i} is convolved with a kernel of {k} × {k}, stride {s}, padding {p} on each side. What is the side of the result?",
        answer=Integer(out),
        slips=[
            Slip(int(exact), "The first position counts too: plus 1."),
            Slip(int(np.ceil(exact)) + 1, "A kernel that does not fit any more is left out: round down."),
            Slip((i + p - k) // s + 1, "The padding is on both sides."),
            Slip(cnn.tconv_out(i, k, s, p), "This is the transposed convolution."),
        ],
        explanation=rf"$\lfloor ({i} + 2 \cdot {p} - {k}) / {s} \rfloor + 1 = {out}$.",
        hints=["How many positions are there for the kernel?", r"$\lfloor (i + 2p - k) / s \rfloor + 1$."],
        again=len(range(0, i + 2 * p - k + 1, s)),
    )


@template(technique="sizes of convolutions", tags=["transposed convolution"], difficulty=2, syllabus="Q08.2")
def output_of_a_transposed_convolution(rng):
    i, k, s, p = int(rng.integers(4, 20)), int(rng.integers(2, 6)), int(rng.integers(1, 4)), int(rng.integers(0, 2))
    if s == 1 and k == 2 * p + 1:
        raise Redraw
    out = cnn.tconv_out(i, k, s, p)
    return Question(
        prompt=f"A map of side {i} goes through a transposed convolution with kernel {k}, stride {s}, padding {p}. What is the side of the result?",
        answer=Integer(out),
        slips=[
            Slip(i * s, "That holds only for the right kernel and padding."),
            Slip((i + 2 * p - k) // s + 1, "This is the ordinary convolution; the transposed one makes maps larger."),
            Slip((i - 1) * s + k + 2 * p, "Padding is cut off here: minus, not plus."),
            Slip(i * s + k - 2 * p, "The first kernel stands at the beginning: $i - 1$ steps follow."),
        ],
        explanation=rf"$({i} - 1) \cdot {s} + {k} - 2 \cdot {p} = {out}$.",
        hints=["Every input pixel stamps a kernel, one stride apart."],
        again=len(range(p, s * (i - 1) + k - p)),
    )


@template(technique="sizes of convolutions", tags=["padding"], difficulty=1, syllabus="Q08.3")
def padding_that_keeps_the_size(rng):
    k = 2 * int(rng.integers(1, 13)) + 1
    p = cnn.same_padding(k)
    return Question(
        prompt=f"Which padding (on each side) keeps the size of an image under a convolution with a kernel of {k} × {k} and stride 1?",
        answer=Integer(p),
        slips=[
            Slip(k // 2 + 1, "One too many: the result would be larger."),
            Slip(k - 1, "This is what both sides need together."),
            Slip(1, "That is enough for 3 × 3 alone."),
            Slip(0, "Without padding a border is lost."),
        ],
        explanation=rf"$2p = k - 1$, so $p = {p}$.",
        hints=["How many pixels are lost without padding?"],
        again=next(p for p in range(k) if 50 + 2 * p - k + 1 == 50),
    )


@template(technique="parameter counts", tags=["convolution"], difficulty=1, syllabus="Q08.4")
def parameters_of_a_convolution(rng):
    k, a, b = (
        int(rng.choice([1, 3, 5, 7])),
        int(rng.choice([1, 3, 16, 32, 64, 128])),
        int(rng.choice([8, 16, 24, 32, 48, 64, 96])),
    )
    count = cnn.conv_params(k, a, b)
    return Question(
        prompt=f"A convolution has {b} filters of {k} × {k} on {a} input channel{'s' * (a > 1)}, with biases. How many parameters?",
        answer=Integer(count),
        slips=[
            Slip(k * k + 1, "This is one filter on one channel; some slides stop there."),
            Slip((k * k + 1) * b, f"Each filter reaches through all {a} channels."),
            Slip(k * k * a * b + 1, "Each filter has a bias of its own."),
            Slip(k * k * a * b, "The biases are missing."),
            Slip((k * a + 1) * b, "A kernel has two sides: square it."),
        ],
        explanation=rf"$({k}^2 \cdot {a} + 1) \cdot {b} = {count}$.",
        hints=["How many numbers does one filter have?"],
        again=np.zeros((b, a, k, k)).size + b,
    )


@template(technique="parameter counts", tags=["dense", "convolution"], difficulty=2, syllabus="Q08.5")
def dense_against_convolution(rng):
    H, n, m, k = (
        int(rng.choice([20, 24, 28, 32])),
        int(rng.choice([10, 20, 30, 50])),
        int(rng.choice([8, 10, 16, 20])),
        int(rng.choice([3, 5])),
    )
    dense, conv = cnn.dense_params(H * H, n), cnn.conv_params(k, 1, m)
    return Question(
        prompt=f"A grey image of {H} × {H}: how many parameters has a dense layer of {n} units on all pixels, and how many a convolution with {m} maps of {k} × {k} kernels "
        "(both with biases)?",
        answer=Numbers([dense, conv], labels=("dense", "convolution"), whole=True),
        slips=[
            Slip([H * H * n, k * k * m], "The biases are missing."),
            Slip([H * H * n + 1, k * k * m + 1], "Each unit and each map has its own bias."),
            Slip([(H + 1) * n, conv], f"The image has {H * H} pixels, not {H}."),
            Slip([conv, dense], "Swapped: the dense layer has far more."),
        ],
        explanation=rf"$({H}^2 + 1) \cdot {n} = {dense}$ and $({k}^2 + 1) \cdot {m} = {conv}$.",
        hints=["How many inputs has a dense unit, how many a kernel?"],
        again=[n * (H * H + 1), m * (k * k + 1)],
    )


@template(technique="parameter counts", tags=["dense"], difficulty=1, syllabus="Q08.6")
def first_dense_layer_on_an_image(rng):
    H, N = int(rng.choice([64, 100, 128, 200, 224, 256])), int(rng.choice([100, 200, 500, 1000]))
    count = cnn.dense_params(3 * H * H, N)
    return Question(
        prompt=f"A colour image of {H} × {H} goes straight into a dense layer of {N} units with biases. How many parameters has that layer, exactly?",
        answer=Integer(count),
        slips=[
            Slip((H * H + 1) * N, "A colour image has three channels."),
            Slip(3 * H * H * N, "The biases are missing."),
            Slip(int(round(count, -6)), "Exactly: do not round."),
            Slip((3 * H + 1) * N, "An image has two sides."),
        ],
        explanation=rf"$(3 \cdot {H}^2 + 1) \cdot {N} = {count}$.",
        hints=["How many numbers are in the image?"],
        again=3 * H * H * N + N,
    )


@template(technique="filtering by hand", tags=["convolution"], difficulty=2, syllabus="Q08.7")
def entry_of_a_filtered_image(rng):
    x = rng.integers(0, 8, size=(5, 5))
    k = _KERNELS[int(rng.integers(len(_KERNELS)))]
    i, j = (int(v) for v in rng.integers(3, size=2))
    out = cnn.conv2d(x.astype(float), k.astype(float))
    flipped = cnn.conv2d(x.astype(float), k.astype(float), flip=True)
    window = x[i : i + 3, j : j + 3]
    return Question(
        prompt=f"The image is filtered with the kernel, without padding and without turning the kernel (as networks do). What is entry ({i}, {j}) of the result, counted from 0?",
        figure=figures.side_by_side(figures.cells(x, title="image"), figures.cells(k, title="kernel")),
        answer=Number(float(out[i, j]), tolerance="exact", digits=6),
        slips=[
            Slip(float(flipped[i, j]), "This turns the kernel by 180 degrees, as mathematicians do; networks do not."),
            Slip(float(out[j, i]), "Row first, then column."),
            Slip(float(out[min(i + 1, 2), min(j + 1, 2)]), "The window of entry (0, 0) begins in the corner."),
            Slip(float(window.sum()), "Each pixel is multiplied by the kernel's entry."),
        ],
        explanation=f"The window of rows {i} to {i + 2} and columns {j} to {j + 2}, entry by entry times the kernel, added: ${tex(float(out[i, j]))}$.",
        hints=["Lay the kernel's corner on that entry."],
        again=float((window * k).sum()),
    )


@template(technique="filtering by hand", tags=["channels"], difficulty=1, syllabus="Q08.8")
def multichannel_output(rng):
    a, b = rng.integers(-300, 301, size=3), int(rng.choice([-5, -3, -2, -1, 1, 2, 3, 4, 5]))
    value = float(
        cnn.conv2d_multi(a[:, None, None].astype(float), np.ones((1, 3, 1, 1)), np.array([float(b)]))[0, 0, 0]
    )
    return Question(
        prompt=f"A filter on three channels: at one place the sums of the channels are ${tex(a)}$, and the bias is {b}. What is the output there?",
        answer=Number(value, tolerance="exact", digits=6),
        slips=[
            Slip(float(a.sum() + 3 * b), "The filter has one bias, not one for each channel."),
            Slip(float(a.sum()), "The bias is missing."),
            Slip(float(a.mean() + b), "The channels are added, not averaged."),
            Slip(float(a.max() + b), "The channels are added; a maximum is pooling."),
        ],
        explanation=rf"${' '.join([tex(int(a[0])), plus(int(a[1])), plus(int(a[2])), plus(b)])} = {tex(value)}$.",
        hints=["One filter gives one number at each place."],
        again=float(int(a[0]) + int(a[1]) + int(a[2]) + b),
    )


@template(technique="pooling", tags=["max pooling"], difficulty=1, syllabus="Q08.9")
def max_pooling(rng):
    x = rng.integers(0, 10, size=(4, 4))
    out = cnn.pool2d(x.astype(float), 2)
    return Question(
        prompt="What does 2 × 2 max pooling with stride 2 make of this map? (Row by row.)",
        figure=figures.cells(x),
        answer=Numbers(out, digits=4, tolerance="exact"),
        slips=[
            Slip(cnn.pool2d(x.astype(float), 2, mode="avg"), "These are means; the largest of each window is taken."),
            Slip(cnn.pool2d(x.astype(float), 2, mode="min"), "These are the smallest ones."),
            Slip(x[::2, ::2], "This takes the first pixel of each window."),
            Slip([[x[:2].max(), x[:2].max()], [x[2:].max(), x[2:].max()]], "Four windows of 2 × 2, not two of 2 × 4."),
        ],
        explanation=f"The largest of each of the four windows: ${tex(out)}$.",
        hints=["Cut the map into four squares."],
        again=[[int(x[i : i + 2, j : j + 2].max()) for j in (0, 2)] for i in (0, 2)],
    )


@template(technique="sizes of convolutions", tags=["alexnet", "pooling"], difficulty=2, syllabus="Q08.10")
def convolution_then_pooling(rng):
    i, k, s, p = (
        int(rng.choice([224, 227, 200, 192, 160, 128])),
        int(rng.choice([5, 7, 11])),
        int(rng.choice([2, 4])),
        int(rng.integers(0, 4)),
    )
    table = cnn.shape_table(
        (3, i, i), [{"kind": "conv", "n": 8, "k": k, "s": s, "p": p}, {"kind": "pool", "k": 3, "s": 2}]
    )
    conv, out = table[0][1][1], table[1][1][1]
    up = int(np.ceil((int(np.ceil((i + 2 * p - k) / s)) + 1 - 3) / 2)) + 1
    return Question(
        prompt=f"An image of side {i} goes through a convolution (kernel {k}, stride {s}, padding {p}), then max pooling (size 3, stride 2). What is the side at the end?",
        answer=Integer(out),
        slips=[
            Slip(up, "Round down in each step: a window that does not fit is left out."),
            Slip(conv, "The pooling is missing."),
            Slip(conv // 2, "A window of 3 with stride 2 does not simply halve."),
            Slip((conv - 2) // 2 if (conv - 2) // 2 != out else out - 1, "The first position counts too: plus 1."),
        ],
        explanation=rf"Convolution: $\lfloor ({i} + {2 * p} - {k}) / {s} \rfloor + 1 = {conv}$; pooling: $\lfloor ({conv} - 3) / 2 \rfloor + 1 = {out}$.",
        hints=["The same formula twice."],
        again=len(range(0, len(range(0, i + 2 * p - k + 1, s)) - 2, 2)),
    )


@template(technique="receptive fields", tags=["stride"], difficulty=2, syllabus="Q08.11")
def receptive_field(rng):
    layers = [
        (3, 1) if rng.random() < 0.6 else (2, 2) if rng.random() < 0.6 else (5, 1)
        for _ in range(int(rng.integers(3, 7)))
    ]
    if all(s == 1 for _, s in layers) or all(k == 2 for k, _ in layers):
        raise Redraw
    r, _ = cnn.receptive_field(layers)
    told = ", ".join(f"({k}, {s})" for k, s in layers)
    return Question(
        prompt=f"Layers (kernel, stride) from the input on: {told}. How many pixels of the input, in one direction, does one output see?",
        answer=Integer(r),
        slips=[
            Slip(sum(k for k, _ in layers), "Neighbouring kernels overlap: each adds $k - 1$."),
            Slip(1 + sum(k - 1 for k, _ in layers), "Behind a stride of 2 each step is two pixels of the input wide."),
            Slip(int(np.prod([k for k, _ in layers])), "The kernels do not multiply."),
        ],
        explanation=f"Each layer adds (kernel − 1) × the product of the strides before it: 1{''.join(_added(layers))} = {r}.",
        hints=["Begin with 1, and go from the input on.", "Behind each stride a step is worth more pixels."],
        again=_walked(layers),
    )


@template(technique="sizes of convolutions", tags=["flatten"], difficulty=1, syllabus="Q08.12")
def place_after_flattening(rng):
    H, W = (int(v) for v in rng.choice(np.arange(3, 8), size=2, replace=False))
    t = int(rng.integers(2, H * W - 1))
    x = np.arange(H * W, dtype=float).reshape(H, W)
    i, j = (int(v[0]) for v in np.nonzero(x == cnn.flatten(x)[t]))
    if i == j or j == 0:
        raise Redraw
    return Question(
        prompt=f"A map of {H} rows and {W} columns is flattened row by row. Which row and column (from 0) does element {t} (from 0) of the vector come from?",
        answer=Numbers([i, j], labels=("row", "column"), whole=True),
        slips=[
            Slip([t % H, t // H], "This goes down the columns; networks go along the rows."),
            Slip([(t - 1) // W, (t - 1) % W], "Elements are counted from 0."),
            Slip([j, i], "Swapped: row first."),
        ],
        explanation=f"${t} = {i} \\cdot {W} + {j}$: row {i}, column {j}.",
        hints=["How many elements has a row?"],
        again=list(divmod(t, W)),
    )


# Of other kinds ---------------------------------------------------------------------------------------------------


@template(technique="filtering by hand", tags=["feature map", "picture"], difficulty=2)
def kernel_behind_a_map(rng):
    names = list(_NAMED)
    right, other, third = (names[int(i)] for i in rng.choice(len(names), size=3, replace=False))
    x = np.zeros((6, 6))
    top, left = (int(v) for v in rng.integers(1, 3, size=2))
    x[top : top + 3, left : left + 3] = int(rng.integers(3, 10))
    out = cnn.conv2d(x, _NAMED[right])
    return Question(
        prompt="Which kernel has made the right-hand map of the left-hand image (no padding, kernel not turned)?",
        figure=figures.side_by_side(figures.cells(x, title="image"), figures.cells(out, title="map")),
        answer=Choice(_drawn(right)),
        slips=[Slip(_drawn(name), f"This one {_DOES[name]}.") for name in (other, third)],
        explanation=f"The map shows what the kernel does: it {_DOES[right]}.",
        hints=["Where is the map large, where 0, where negative?", "Try one entry by hand."],
    )


@template(technique="sizes of convolutions", tags=["code", "torch", "shapes"], difficulty=2)
def shapes_through_torch_code(rng):
    side, a, b = int(rng.choice([28, 32, 48, 64])), int(rng.choice([4, 8, 16])), int(rng.choice([16, 24, 32]))
    N, C = int(rng.integers(2, 17)), int(rng.choice([1, 3]))
    p = int(rng.integers(2))
    layers = [
        {"kind": "conv", "n": a, "k": 3, "p": p},
        {"kind": "pool", "k": 2},
        {"kind": "conv", "n": b, "k": 5},
        {"kind": "flatten"},
    ]
    table = cnn.shape_table((C, side, side), layers)
    cut = int(rng.integers(2, 5))
    code = [f"nn.Conv2d({C}, {a}, 3, padding={p})", "nn.MaxPool2d(2)", f"nn.Conv2d({a}, {b}, 5)", "nn.Flatten()"][:cut]
    right = (N, *table[cut - 1][1])
    same = cnn.shape_table((C, side, side), [{**layers[0], "p": 1}, layers[1], {**layers[2], "p": 2}, layers[3]])[
        cut - 1
    ][1]
    newline = ",\n    "
    return Question(
        prompt=f"What shape is printed?\n\n```python\nnet = nn.Sequential(\n    {newline.join(code)})\nx = torch.zeros({N}, {C}, {side}, {side})\nprint(net(x).shape)\n```",
        answer=Shape(right),
        slips=[
            Slip((N, *same), "This keeps the size in each convolution; without padding a border is lost."),
            Slip(tuple(table[cut - 1][1]), "The batch is the first axis, and stays."),
            Slip((N, *table[cut - 2][1]), "The last layer is missing."),
            Slip(
                (N, *table[cut - 1][1][1:], table[cut - 1][1][0]) if cut < 4 else (N, b),
                "PyTorch has the channels before the sides."
                if cut < 4
                else "Flatten multiplies channels and both sides.",
            ),
        ],
        explanation=f"After each layer: {'; '.join(str((N, *row[1])) for row in table[:cut])}.",
        hints=["Follow the side, layer by layer."],
        again=right,
    )


@template(technique="filtering by hand", tags=["bug", "code"], difficulty=2)
def bug_in_a_convolution(rng):
    right = {
        "H, W = x.shape": "it reads the image's size.",
        "h, w = k.shape": "it reads the kernel's size.",
        "out = np.zeros((H - h + 1, W - w + 1))": "there are so many positions.",
        "for i in range(out.shape[0]):": "it goes down.",
        "    for j in range(out.shape[1]):": "it goes to the right.",
        "        out[i, j] = (x[i:i+h, j:j+w] * k).sum()": "window times kernel, added.",
    }
    bugs = [
        ("out = np.zeros((H - h + 1, W - w + 1))", "out = np.zeros((H - h, W - w))", "the first position counts too"),
        ("out = np.zeros((H - h + 1, W - w + 1))", "out = np.zeros((W - w + 1, H - h + 1))", "rows come first"),
        (
            "        out[i, j] = (x[i:i+h, j:j+w] * k).sum()",
            "        out[i, j] = (x[i:i+h, j:j+w] @ k).sum()",
            "entry by entry, not a matrix product",
        ),
        (
            "        out[i, j] = (x[i:i+h, j:j+w] * k).sum()",
            "        out[i, j] = (x[i:i+w, j:j+h] * k).sum()",
            "rows of the window go with the kernel's rows",
        ),
        (
            "        out[i, j] = (x[i:i+h, j:j+w] * k).sum()",
            "        out[i, j] = (x[i:i+h, j:j+w] * k).mean()",
            "a convolution adds",
        ),
        ("    for j in range(out.shape[1]):", "    for j in range(out.shape[0]):", "it must go through all columns"),
        ("h, w = k.shape", "w, h = k.shape", "the first number of a shape is the number of rows"),
    ]
    line, text, why = bugs[int(rng.integers(len(bugs)))]
    lines = list(right)
    place = lines.index(line)
    shown = [text if each == line else each for each in lines]
    options = line_options(shown)
    others = sorted(int(i) for i in rng.choice([i for i in range(len(lines)) if i != place], size=3, replace=False))
    return Question(
        prompt=f"This is to filter an image `x` with a kernel `k`, both of any size, without padding. One line is wrong. Which?\n\n{numbered(shown)}",
        answer=Choice(options[place]),
        slips=[Slip(options[i], f"This line is right: {right[lines[i]]}") for i in others],
        explanation=f"Line {place + 1} must be `{line.strip()}`: {why}.",
        hints=["Try a kernel of 1 × 2 on an image of 2 × 3."],
    )


_KERNELS = [np.array(k) for k in ([[1, 0, -1]] * 3, [[1, 2, 1], [0, 0, 0], [-1, -2, -1]], [[0, 1, 2], [-1, 0, 1], [-2, -1, 0]], [[1, 0, 0], [0, 2, 0], [0, 0, -1]], [[0, -1, 0], [-1, 5, 0], [0, 1, 0]])]  # fmt: skip
_NAMED = {
    "vertical": np.array([[1.0, 0, -1]] * 3),
    "horizontal": np.array([[1.0, 1, 1], [0, 0, 0], [-1, -1, -1]]),
    "sum": np.ones((3, 3)),
    "sharp": np.array([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    "shift": np.array([[0.0, 0, 0], [0, 0, 1], [0, 0, 0]]),
}
_DOES = {
    "vertical": "is 0 on even ground and answers to vertical edges, with both signs",
    "horizontal": "is 0 on even ground and answers to horizontal edges, with both signs",
    "sum": "adds the nine pixels: a blur that is nowhere negative",
    "sharp": "keeps even ground as it is and exaggerates the border of the square",
    "shift": "only moves the image by one pixel",
}


def _drawn(name):
    return "`" + " | ".join(" ".join(f"{int(v)}" for v in row) for row in _NAMED[name]) + "`"


def _added(layers):
    jump = 1
    for k, s in layers:
        yield f" + {k - 1} · {jump}" if jump > 1 else f" + {k - 1}"
        jump *= s


def _walked(layers):
    """From the output back: how far the windows reach."""
    low, high = 0, 0
    for k, s in reversed(layers):
        low, high = low * s, high * s + k - 1
    return high - low + 1
