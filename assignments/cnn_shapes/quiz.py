"""Quiz templates: sizes and counts of convolutions, filtering by hand, feature maps, pooling, receptive fields.

Conventions: indices from 0, row first; "convolution" does not turn the kernel; padding is zeros on each side; channels come
before the sides, (C, H, W), as in PyTorch.
"""

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
    par,
    plus,
    template,
    tex,
)
from reference import cnn


@template(technique="output sizes", tags=["convolution", "stride", "padding"], difficulty=1, syllabus="Q08.1")
def output_of_a_convolution(rng):
    i, k = int(rng.integers(20, 120)), int(rng.choice([3, 5, 7, 11]))
    s, p = int(rng.integers(1, 5)), int(rng.integers(0, 4))
    out = cnn.conv_out(i, k, s, p)
    steps = (i + 2 * p - k) / s
    return Question(
        prompt=f"An image of {i} × {i} pixels is convolved with a kernel of {k} × {k}, stride {s}, {_padding(p)}. What is the side "
        "of the result?",
        answer=Integer(out),
        slips=[
            Slip(int(steps), "These are the steps of the kernel. Its first position counts too: add 1."),
            Slip(
                int(np.ceil(steps)) + 1,
                "You rounded up, or used a formula without rounding: a kernel that does not fit any more is left out.",
            ),
            Slip((i + p - k) // s + 1, "The padding stands on both sides: it adds $2p$."),
            Slip(
                cnn.tconv_out(i, k, s, p), "This is the side after a *transposed* convolution, which makes maps larger."
            ),
        ],
        explanation=rf"$\lfloor ({i} + 2 \cdot {p} - {k}) / {s} \rfloor + 1 = {out}$.",
        hints=[
            "How many positions are there for the kernel along one side?",
            r"$\lfloor (i + 2p - k) / s \rfloor + 1$.",
        ],
        again=len(range(0, i + 2 * p - k + 1, s)),
    )


@template(technique="output sizes", tags=["transposed convolution"], difficulty=2, syllabus="Q08.2")
def output_of_a_transposed_convolution(rng):
    i, k = int(rng.integers(4, 20)), int(rng.integers(2, 6))
    s, p = int(rng.integers(1, 4)), int(rng.integers(0, 2))
    if s == 1 and k == 2 * p + 1:
        raise Redraw
    out = cnn.tconv_out(i, k, s, p)
    slips = [
        Slip(i * s, "The stride alone gives the side only if kernel and padding happen to fit: $k - 2p = s$."),
        Slip((i - 1) * s + k + 2 * p, "The padding is cut off here, on both sides: minus $2p$, not plus."),
        Slip(i * s + k - 2 * p, "One stride too many: between $i$ stamps there are $i - 1$ steps."),
    ]
    if i + 2 * p >= k:
        slips.insert(1, Slip((i + 2 * p - k) // s + 1, "This is the ordinary convolution, which makes maps smaller."))
    return Question(
        prompt=f"A map of {i} × {i} goes through a *transposed* convolution with a kernel of {k} × {k}, stride {s}, {_padding(p)} (and no "
        "output padding). What is the side of the result?",
        answer=Integer(out),
        slips=slips,
        explanation=rf"$({i} - 1) \cdot {s} + {k} - 2 \cdot {p} = {out}$.",
        hints=["Each input pixel stamps a whole kernel; the stamps are one stride apart.", "$(i - 1) s + k - 2p$."],
        again=len(range(p, s * (i - 1) + k - p)),
    )


@template(technique="output sizes", tags=["padding"], difficulty=1, syllabus="Q08.3")
def padding_that_keeps_the_size(rng):
    k = 2 * int(rng.integers(1, 13)) + 1
    p = cnn.same_padding(k)
    return Question(
        prompt=f"An image is convolved with a kernel of {k} × {k} and stride 1. Which padding, on each side, keeps its size?",
        answer=Integer(p),
        slips=[
            Slip(k // 2 + 1, "One too many: the result would be 2 pixels larger than the image."),
            Slip(k - 1, "This is what both sides need together: half of it on each."),
            Slip(1, f"Padding 1 is right for a kernel of 3 × 3; here {k - 1} pixels are lost."),
            Slip(0, f"Without padding {k - 1} {'pixel is' if k == 2 else 'pixels are'} lost along each side."),
        ],
        explanation=rf"Without padding $k - 1 = {k - 1}$ pixels are lost, so $2p = {k - 1}$ and $p = {p}$.",
        hints=["How many pixels are lost without padding?", "$2p = k - 1$."],
        again=next(p for p in range(k) if 50 + 2 * p - k + 1 == 50),
    )


@template(technique="parameter counts", tags=["convolution", "channels"], difficulty=1, syllabus="Q08.4")
def parameters_of_a_convolution(rng):
    k, a = int(rng.choice([1, 3, 5, 7])), int(rng.choice([1, 3, 16, 32, 64, 128]))
    b = int(rng.choice([8, 16, 24, 32, 48, 64, 96]))
    count = cnn.conv_params(k, a, b)
    inputs = f"{a} input {'channel' if a == 1 else 'channels'}"
    return Question(
        prompt=f"A convolutional layer has {inputs} and {b} output channels, kernels of {k} × {k}, and biases. How many parameters "
        "does it have?",
        answer=Integer(count),
        slips=[
            Slip(
                k * k + 1,
                "This is one kernel on one channel, where some lectures stop. Count input and output channels.",
            ),
            Slip((k * k + 1) * b, f"Each filter has a kernel for each of the {inputs}, not just one."),
            Slip(k * k * a * b + 1, f"Each of the {b} output channels has a bias of its own."),
            Slip(k * k * a * b, f"These are the kernels alone: the {b} biases are missing."),
            Slip((k * a + 1) * b, f"A kernel of {k} × {k} has {k * k} entries, not {k}."),
        ],
        explanation=rf"Each filter has ${k}^2 \cdot {a}$ weights and a bias: $({k}^2 \cdot {a} + 1) \cdot {b} = {count}$.",
        hints=["How many numbers does one filter have?", r"$(k^2 C_{in} + 1) \cdot C_{out}$."],
        again=np.zeros((b, a, k, k)).size + b,
    )


@template(technique="parameter counts", tags=["dense", "convolution"], difficulty=2, syllabus="Q08.5")
def dense_against_convolution(rng):
    H, n = int(rng.choice([20, 24, 28, 32])), int(rng.choice([10, 20, 30, 50]))
    m, k = int(rng.choice([8, 10, 16, 20])), int(rng.choice([3, 5]))
    dense, conv = cnn.dense_params(H * H, n), cnn.conv_params(k, 1, m)
    return Question(
        prompt=f"A grey image has {H} × {H} pixels. How many parameters has a dense layer of {n} units on all pixels, and how many a "
        f"convolution with {m} output channels and kernels of {k} × {k}? Both have biases.",
        answer=Numbers([dense, conv], labels=("dense", "convolution"), whole=True),
        slips=[
            Slip([H * H * n, k * k * m], "The biases are missing in both."),
            Slip(
                [H * H * n + 1, k * k * m + 1],
                "One bias for the whole layer is too few: each unit and each output channel has its own.",
            ),
            Slip([(H + 1) * n, conv], f"The image has {H} × {H} = {H * H} pixels, and each unit sees all of them."),
            Slip([conv, dense], "Swapped: the dense layer has far more parameters."),
        ],
        explanation=rf"Dense: $({H}^2 + 1) \cdot {n} = {dense}$. Convolution: $({k}^2 \cdot 1 + 1) \cdot {m} = {conv}$, whatever "
        "the size of the image.",
        hints=["How many inputs has a dense unit, and how many a kernel?", "(inputs + 1) × outputs, in both cases."],
        again=[np.zeros((n, H * H)).size + n, np.zeros((m, 1, k, k)).size + m],
    )


@template(technique="parameter counts", tags=["dense"], difficulty=1, syllabus="Q08.6")
def first_dense_layer_on_an_image(rng):
    H, N = int(rng.choice([64, 100, 128, 200, 224, 256])), int(rng.choice([100, 200, 500, 1000]))
    count = cnn.dense_params(3 * H * H, N)
    return Question(
        prompt=f"A colour image of {H} × {H} pixels goes straight into a dense layer of {N} units with biases. How many parameters "
        "does the layer have, exactly?",
        answer=Integer(count),
        slips=[
            Slip((H * H + 1) * N, "A colour image has three numbers for each pixel: multiply by 3."),
            Slip(3 * H * H * N, f"The {N} biases are missing."),
            Slip(int(round(count, -6)), "This is rounded to millions; the exact number is asked."),
            Slip((3 * H + 1) * N, f"An image has {H} × {H} pixels, not {H}."),
        ],
        explanation=rf"Each unit has ${3 * H * H}$ weights and a bias: $(3 \cdot {H}^2 + 1) \cdot {N} = {count}$.",
        hints=["How many numbers is the image made of?", "(inputs + 1) × units."],
        again=3 * H * H * N + N,
    )


@template(technique="filtering by hand", tags=["convolution"], difficulty=2, syllabus="Q08.7")
def entry_of_a_filtered_image(rng):
    x, k = rng.integers(0, 8, size=(5, 5)), _LOPSIDED[int(rng.integers(len(_LOPSIDED)))]
    i, j = (int(v) for v in rng.integers(3, size=2))
    out = cnn.conv2d(x, k)
    entry, window = int(out[i, j]), x[i : i + 3, j : j + 3]
    centred = np.pad(x, 1)[i : i + 3, j : j + 3]
    used = [rf"{value} \cdot {par(int(weight))}" for value, weight in zip(window.flat, k.flat, strict=True) if weight]
    slips = [
        Slip(
            int((window * k[::-1, ::-1]).sum()),
            "You turned the kernel by 180 degrees, as in mathematics. Networks do not.",
        ),
        Slip(
            int((centred * k).sum()),
            f"You centred the kernel on pixel ({i}, {j}). Without padding its corner lies there.",
        ),
        Slip(
            int(window.sum()), "These are the pixels of the window, added. Multiply each by the kernel's entry first."
        ),
    ]
    if i != j:
        slips.insert(1, Slip(int(out[j, i]), f"This is entry ({j}, {i}): the row comes first."))
    return Question(
        prompt="The image is filtered with the kernel: stride 1, no padding, and the kernel is not turned (as in neural networks). "
        f"What is the entry in row {i} and column {j} of the result, counted from 0?",
        answer=Integer(entry),
        slips=slips,
        explanation=f"The window has rows {i} to {i + 2} and columns {j} to {j + 2}. Where the kernel is not 0: "
        f"${' + '.join(used)} = {entry}$.",
        hints=[
            f"Lay the kernel on the image so that its upper left corner is on pixel ({i}, {j}).",
            "Multiply the nine pairs that lie on each other, and add.",
        ],
        figure=figures.side_by_side(figures.cells(x, title="image"), figures.cells(k, title="kernel")),
        again=int((window * k).sum()),
    )


@template(technique="filtering by hand", tags=["channels", "bias"], difficulty=1, syllabus="Q08.8")
def multichannel_output(rng):
    a, b = [int(v) for v in rng.integers(-300, 301, size=3)], int(rng.choice([-5, -3, -2, -1, 1, 2, 3, 4, 5]))
    # Maps of one pixel, and kernels of a single 1: what each channel gives is given.
    value = float(cnn.conv2d_multi(np.array(a, float)[:, None, None], np.ones((1, 3, 1, 1)), np.array([b]))[0, 0, 0])
    total = sum(a)
    return Question(
        prompt=f"One filter of a convolution goes over an image with three channels. At one place the window times the kernel gives "
        f"${tex(a[0])}$, ${tex(a[1])}$ and ${tex(a[2])}$ in the three channels; the bias is ${tex(b)}$. What is the filter's output there?",
        answer=Number(value, tolerance="exact", digits=6),
        slips=[
            Slip(total + 3 * b, "You added the bias in each channel. The filter has one bias, added once."),
            Slip(total, "The bias is missing."),
            Slip(total / 3 + b, "You took the mean of the channels. They are added."),
            Slip(max(a) + b, "You took the largest channel. The channels are added; a maximum is for pooling."),
        ],
        explanation=rf"${a[0]} {plus(a[1])} {plus(a[2])} {plus(b)} = {tex(value)}$.",
        hints=["One filter gives one number at each place.", "Add over the channels, then add the bias."],
        again=total + b,
    )


@template(technique="pooling", tags=["max pooling"], difficulty=1, syllabus="Q08.9")
def max_pooling(rng):
    x = rng.integers(0, 10, size=(4, 4))
    out = cnn.pool2d(x, 2)
    return Question(
        prompt="What does max pooling of 2 × 2 with stride 2 make of this map? Enter the result row by row.",
        answer=Numbers(out, digits=4, tolerance="exact"),
        slips=[
            Slip(_windows(x, "mean"), "These are the means of the windows. Take the largest number of each."),
            Slip(x[::2, ::2], "This is the upper left number of each window. Take the largest one."),
            Slip(_windows(x, "min"), "These are the smallest numbers of the windows."),
            Slip(x[:2, :2], "This is the first window itself. Each window becomes one number."),
            Slip(
                [[x[i : i + 2, j : j + 2].max() for j in (0, 1)] for i in (0, 1)],
                "Here the windows overlap, with stride 1. With stride 2 the next one begins two pixels further.",
            ),
        ],
        explanation=f"The largest number of each of the four windows: ${tex(out)}$.",
        hints=["Cut the map into four squares of 2 × 2.", "Each square becomes one number."],
        figure=figures.cells(x, title="map"),
        again=_windows(x, "max"),
    )


@template(technique="output sizes", tags=["pooling", "alexnet"], difficulty=2, syllabus="Q08.10")
def convolution_then_pooling(rng):
    i, k = int(rng.choice([227, 224, 200, 192, 160, 128])), int(rng.choice([5, 7, 11]))
    s, p = int(rng.choice([2, 4])), int(rng.integers(0, 4))
    layers = [{"kind": "conv", "n": 8, "k": k, "s": s, "p": p}, {"kind": "pool", "k": 3, "s": 2}]
    (_, (_, _, conv), _), (_, (_, _, out), _) = cnn.shape_table((3, i, i), layers)
    up = -((3 - 1 + (k - i - 2 * p) // s) // 2) + 1  # both quotients rounded up
    return Question(
        prompt=f"As in AlexNet, an image of {i} × {i} goes through a convolution (kernel {k}, stride {s}, {_padding(p)}) and then "
        "max pooling (window 3, stride 2, no padding). What is the side at the end?",
        answer=Integer(out),
        slips=[
            Slip(up, "Round down in both steps: a window that does not fit any more is left out."),
            Slip(conv, "This is the side after the convolution. The pooling is missing."),
            Slip(conv // 2, "Windows of 3 with stride 2 do not simply halve: use the formula of the convolution."),
            Slip(out - 1, "The first position of the window counts too: add 1."),
        ],
        explanation=rf"Convolution: $\lfloor ({i} + 2 \cdot {p} - {k}) / {s} \rfloor + 1 = {conv}$. Pooling: "
        rf"$\lfloor ({conv} - 3) / 2 \rfloor + 1 = {out}$.",
        hints=["The same formula twice, first for the convolution.", r"$\lfloor (i + 2p - k) / s \rfloor + 1$."],
        again=len(range(0, len(range(0, i + 2 * p - k + 1, s)) - 2, 2)),
    )


@template(technique="receptive fields", tags=["stride"], difficulty=2, syllabus="Q08.11")
def receptive_field(rng):
    kinds = [(3, 1), (2, 2), (5, 1), (3, 2)]
    layers = [kinds[int(n)] for n in rng.choice(4, size=int(rng.integers(3, 7)), p=[0.5, 0.25, 0.15, 0.1])]
    if all(s == 1 for _, s in layers[:-1]) or all(k == 2 for k, _ in layers):
        raise Redraw
    side, _ = cnn.receptive_field(layers)
    early = 1 + sum((k - 1) * s * jump for (k, s), jump in zip(layers, _jumps(layers), strict=True))
    sums = " ".join(rf"+ {k - 1} \cdot {jump}" for (k, _), jump in zip(layers, _jumps(layers), strict=True))
    return Question(
        prompt=f"A stack of layers, from the input on, each as (kernel, stride): {', '.join(map(str, layers))}. How many pixels of "
        "the input does one output see, along one side?",
        answer=Integer(side),
        slips=[
            Slip(
                sum(k for k, _ in layers), "You added the kernels. They overlap: begin with 1, and each adds $k - 1$."
            ),
            Slip(
                1 + sum(k - 1 for k, _ in layers),
                "You left out the strides: behind a stride of 2 a step is 2 pixels wide.",
            ),
            Slip(early, "A layer's own stride counts only for the layers behind it."),
            Slip(int(np.prod([k for k, _ in layers])), "You multiplied the kernels: each layer *adds* to the field."),
        ],
        explanation=rf"Each layer adds $(k - 1)$ times the product of the strides before it: $1 {sums} = {side}$.",
        hints=[
            "Begin with 1, and go from the input on.",
            "Each layer adds $k - 1$ steps. How many pixels wide is a step?",
        ],
        again=_walked_back(layers),
    )


@template(technique="output sizes", tags=["flatten"], difficulty=1, syllabus="Q08.12")
def place_after_flattening(rng):
    H, W = (int(v) for v in rng.choice(np.arange(3, 8), size=2, replace=False))
    t = int(rng.integers(2, H * W))
    x = np.arange(H * W).reshape(H, W)
    i, j = np.argwhere(x == cnn.flatten(x)[t])[0].tolist()
    full = "There is no full row" if i == 0 else "There is 1 full row" if i == 1 else f"There are {i} full rows"
    return Question(
        prompt=f"A map of {H} rows and {W} columns is flattened row by row into a vector. From which row and column of the map does "
        f"element {t} of the vector come? Everything is counted from 0.",
        answer=Numbers([i, j], labels=("row", "column"), whole=True),
        slips=[
            Slip([t % H, t // H], "You went down the columns. Flattening goes along the rows."),
            Slip([(t - 1) // W, (t - 1) % W], "You counted from 1: element 0 is the first one."),
            Slip([j, i], "Swapped: the row comes first."),
            Slip([t // H, t % H], f"You divided by the number of rows. A row has {W} elements."),
        ],
        explanation=rf"${t} = {i} \cdot {W} + {j}$. {full} of {W} before it, so it is in row {i}, column {j}.",
        hints=["How many elements does a row have?", f"Divide {t} by that, with remainder."],
        again=list(divmod(t, W)),
    )


# Of other kinds --------------------------------------------------------------------------------------------------


@template(technique="feature maps", tags=["picture", "edges", "blur"], difficulty=2)
def kernel_behind_a_map(rng):
    right, *others = (list(_FILTERS)[int(n)] for n in rng.choice(len(_FILTERS), size=3, replace=False))
    shape = _SHAPES[int(rng.integers(len(_SHAPES)))]
    top, left = (int(rng.integers(1, 6 - size)) for size in shape.shape)
    x = np.zeros((6, 6))
    x[top : top + shape.shape[0], left : left + shape.shape[1]] = 9 * shape
    out = cnn.conv2d(x, _FILTERS[right][0])
    slips = [Slip(_shown(name), _tell_apart(x, out, name)) for name in others]
    return Question(
        prompt="The left picture was filtered with a kernel (stride 1, no padding, kernel not turned): the right picture is the "
        "feature map. Which kernel was it?",
        answer=Choice(_shown(right)),
        slips=slips,
        explanation=f"This kernel {_FILTERS[right][1]}. That is what the map shows.",
        hints=[
            "Where is the map 0, where positive, where negative: on even ground, or at which edges?",
            "Compute one entry by hand for each kernel.",
        ],
        figure=figures.side_by_side(figures.cells(x, title="image"), figures.cells(out, title="feature map")),
    )


@template(technique="output sizes", tags=["shapes", "code", "torch"], difficulty=2)
def shapes_through_torch_code(rng):
    N, C, side = int(rng.integers(2, 17)), int(rng.choice([1, 3])), int(rng.choice([28, 32, 40, 48, 64]))
    layers = _network(rng)
    shapes = [(C, side, side), *(shape for _, shape, _ in cnn.shape_table((C, side, side), layers))]
    at = int(rng.choice(len(layers), p=[0.12, 0.17, 0.23, 0.17, 0.23, 0.08]))
    layer, shape, before = layers[at], shapes[at + 1], shapes[at]
    code = []
    for n, each in enumerate(layers):
        code.append(
            f"    {_torch_layer(each, shapes[n], hidden=layers[at]['kind'] == 'flatten')},{_MARK if n == at else ''}"
        )
        if each["kind"] == "conv":
            code.append("    nn.ReLU(),")
    code = "\n".join(["net = nn.Sequential(", *code, ")", f"y = net(torch.zeros({N}, {C}, {side}, {side}))"])
    return Question(
        prompt=f"A batch goes through a network. What is the shape of the output of the marked line?\n\n```python\n{code}\n```",
        answer=Shape((N, *shape)),
        slips=[
            Slip(shape, f"The batch of {N} images is missing: it is the first axis all the way."),
            Slip((N, *before), "This is the *input* of the marked line."),
            *_shape_slips(N, layer, before, shape),
        ],
        explanation=f"Line by line: {' → '.join(f'`{(N, *each)}`' for each in shapes[: at + 2])}. (The ReLU changes no shape.)",
        hints=[
            "Write the shape of the output beside each line, from the top.",
            r"Along each side: $\lfloor (i + 2p - k) / s \rfloor + 1$. The stride of `nn.MaxPool2d` is its window unless stated.",
        ],
        again=(N, *_traced((C, side, side), layers[: at + 1])),
    )


@template(technique="filtering in code", tags=["bug", "code"], difficulty=3)
def bug_in_a_convolution(rng):
    told, lines, bugs = _PROGRAMS[int(rng.integers(len(_PROGRAMS)))]
    place, wrong, why = bugs[int(rng.integers(len(bugs)))]
    indent = " " * (len(lines[place][0]) - len(lines[place][0].lstrip()))
    shown = [line for line, _ in lines]
    shown[place] = indent + wrong
    options = line_options(shown)
    others = [n for n, (_, reason) in enumerate(lines) if reason and n != place]
    others = sorted(int(n) for n in rng.choice(others, size=4, replace=False))
    return Question(
        prompt=f"{told} One line is wrong. Which one?\n\n{numbered(shown)}",
        answer=Choice(options[place]),
        slips=[Slip(options[n], f"This line is right: {lines[n][1]}.") for n in others],
        explanation=f"Line {place + 1} is wrong: {why}. Right is `{lines[place][0].strip()}`.",
        hints=[
            "Go through it with a small image that is not square, and a window that is not square either.",
            "Which numbers belong to rows, which to columns? How many positions are there?",
        ],
    )


_MARK = "  # <-- this line"

#: Kernels that are not symmetric under a turn by 180 degrees.
_LOPSIDED = [
    np.array(kernel)
    for kernel in (
        [[1, 0, -1], [1, 0, -1], [1, 0, -1]],
        [[1, 2, 1], [0, 0, 0], [-1, -2, -1]],
        [[0, 1, 2], [-1, 0, 1], [-2, -1, 0]],
        [[1, 0, 0], [0, 2, 0], [0, 0, -1]],
        [[0, -1, 0], [-1, 5, 0], [0, 1, 0]],
        [[2, 1, 0], [1, 0, 0], [0, 0, -1]],
    )
]

#: name -> (kernel, what it does)
_FILTERS = {
    "vertical": (
        cnn.KERNELS["vertical edges"],
        "gives 0 on even ground and along horizontal edges, and answers to vertical edges with both signs",
    ),
    "horizontal": (
        cnn.KERNELS["vertical edges"].T,
        "gives 0 on even ground and along vertical edges, and answers to horizontal edges with both signs",
    ),
    "diagonal": (cnn.KERNELS["diagonal edges"], "gives 0 along straight edges and answers to corners"),
    "laplacian": (cnn.KERNELS["Laplacian"], "gives 0 on even ground, minus inside an edge and plus outside"),
    "outline": (cnn.KERNELS["outline"], "gives 0 on even ground, large plus inside an edge and minus outside"),
    "blur": (
        cnn.KERNELS["box blur"],
        "takes the mean of nine pixels: never negative, never above the image, with soft edges",
    ),
    "sharpen": (
        np.array([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
        "keeps even ground as it is and exaggerates the edges: above the image inside, below 0 outside",
    ),
}

_SHAPES = [
    np.array(shape)
    for shape in (
        [[1, 1, 1], [1, 1, 1], [1, 1, 1]],
        [[1, 1, 1, 1], [1, 1, 1, 1]],
        [[1, 1], [1, 1], [1, 1], [1, 1]],
        [[1, 0, 0], [1, 0, 0], [1, 1, 1]],
        [[0, 1, 0], [1, 1, 1], [0, 1, 0]],
        [[1, 1, 1], [0, 1, 0], [0, 1, 0]],
        [[1, 1], [1, 1]],
        [[1], [1], [1], [1]],
    )
]

#: What a function is to do; its lines, each with why it is right ("" where it is no option); bugs: line, wrong text, why.
_PROGRAMS = [
    (
        "`filtered(x, k)` is to filter an image `x` with a kernel `k`, both of any size: stride 1, no padding, kernel not turned.",
        (
            ("def filtered(x, k):", ""),
            ("    H, W = x.shape", "an array's shape is rows, then columns"),
            ("    h, w = k.shape", "an array's shape is rows, then columns"),
            ("    out = np.zeros((H - h + 1, W - w + 1))", "that is the number of positions of the kernel"),
            ("    for i in range(H - h + 1):", "it goes through all rows of the result"),
            ("        for j in range(W - w + 1):", "it goes through all columns of the result"),
            ("            window = x[i:i + h, j:j + w]", "the window has the kernel's size, its corner is at (i, j)"),
            ("            out[i, j] = np.sum(window * k)", "entry by entry, then the sum"),
            ("    return out", ""),
        ),
        (
            (2, "w, h = k.shape", "the first number of a shape is the number of rows"),
            (3, "out = np.zeros((W - w + 1, H - h + 1))", "the rows come first"),
            (3, "out = np.zeros((H - h, W - w))", "the first position counts too"),
            (4, "for i in range(h):", "i goes through the rows of the result, not of the kernel"),
            (5, "for j in range(H - h + 1):", "j goes through the columns, and the image need not be square"),
            (5, "for j in range(W - w):", "the last column is left out"),
            (6, "window = x[i:i + w, j:j + h]", "the window has as many rows as the kernel"),
            (6, "window = x[i:h, j:w]", "a slice ends where its second number says, and the window moves"),
            (7, "out[i, j] = np.sum(window @ k)", "`@` is a matrix product; here entries are multiplied one by one"),
            (7, "out[i, j] = np.mean(window * k)", "the products are added, not averaged"),
        ),
    ),
    (
        "`max_pool(x, k, s)` is to pool an image `x` of any size: windows of k × k, stride s, no padding.",
        (
            ("def max_pool(x, k, s):", ""),
            ("    H, W = x.shape", "an array's shape is rows, then columns"),
            ("    rows = (H - k) // s + 1", "that is the number of positions, rounded down"),
            ("    columns = (W - k) // s + 1", "that is the number of positions, rounded down"),
            ("    out = np.zeros((rows, columns))", "one number for each window"),
            ("    for i in range(rows):", "it goes through all rows of the result"),
            ("        for j in range(columns):", "it goes through all columns of the result"),
            ("            a, b = i * s, j * s", "the windows' corners are one stride apart"),
            ("            out[i, j] = x[a:a + k, b:b + k].max()", "the largest number of a window of k × k"),
            ("    return out", ""),
        ),
        (
            (1, "W, H = x.shape", "the first number of a shape is the number of rows"),
            (2, "rows = (H - k) // s", "the first position counts too"),
            (2, "rows = H // s", "the window must fit: with k > s this goes over the border"),
            (3, "columns = (H - k) // s + 1", "the image need not be square: columns come from W"),
            (4, "out = np.zeros((columns, rows))", "the rows come first"),
            (7, "a, b = i * k, j * k", "windows are a stride apart, which need not be their size"),
            (7, "a, b = i, j", "windows are a stride apart"),
            (8, "out[i, j] = x[a:a + k, b:b + k].mean()", "max pooling takes the largest number"),
            (8, "out[i, j] = x[a:a + s, b:b + s].max()", "the window has k rows and columns; s is the stride"),
            (8, "out[i, j] = x[a:k, b:k].max()", "a slice ends where its second number says, and the window moves"),
        ),
    ),
    (
        "`layer(x, K, b)` is to be a convolutional layer: `x` is (C, H, W), the kernels `K` are (O, C, k, k) with k odd, the biases "
        "`b` are (O,). Stride 1, and zero padding that keeps H and W.",
        (
            ("def layer(x, K, b):", ""),
            ("    C, H, W = x.shape", "channels, rows, columns"),
            ("    O, k = K.shape[0], K.shape[2]", "the first axis of K is the output channels, the last two are k"),
            ("    p = (k - 1) // 2", "k - 1 pixels would be lost, half of them on each side"),
            ("    x = np.pad(x, ((0, 0), (p, p), (p, p)))", "rows and columns are padded, the channels are not"),
            ("    out = np.zeros((O, H, W))", "one map for each output channel, of the image's size"),
            ("    for o, i, j in np.ndindex(O, H, W):", "it goes through every entry of the result"),
            ("        window = x[:, i:i + k, j:j + k]", "the window goes through all channels"),
            ("        out[o, i, j] = np.sum(window * K[o]) + b[o]", "the sum over all channels, plus one bias"),
            ("    return out", ""),
        ),
        (
            (2, "O, k = K.shape[1], K.shape[2]", "the output channels are the first axis of K"),
            (3, "p = k - 1", "that is what both sides need together"),
            (3, "p = 1", "that is right for k = 3 alone"),
            (4, "x = np.pad(x, p)", "this pads the channels too"),
            (5, "out = np.zeros((C, H, W))", "there is one map for each *output* channel"),
            (7, "window = x[o, i:i + k, j:j + k]", "each filter looks at all input channels"),
            (7, "window = x[:, i - p:i + p, j - p:j + p]", "x is padded, so the window of (i, j) begins at (i, j)"),
            (8, "out[o, i, j] = np.sum(window * K[o] + b[o])", "the bias would be added once for each product"),
            (8, "out[o, i, j] = np.mean(window * K[o]) + b[o]", "the products are added, not averaged"),
        ),
    ),
]


def _padding(p):
    return f"padding {p} on each side" if p else "no padding"


def _windows(x, what):
    """`what` ("max", ...) of each of the four windows of 2 x 2."""
    return getattr(x.reshape(2, 2, 2, 2), what)(axis=(1, 3))


def _jumps(layers):
    """For each layer the product of the strides before it."""
    return [int(np.prod([s for _, s in layers[:n]])) for n in range(len(layers))]


def _walked_back(layers):
    """From the output back to the input: which indices one output reaches."""
    low, high = 0, 0
    for k, s in reversed(layers):
        low, high = low * s, high * s + k - 1
    return high - low + 1


def _shown(name):
    """A kernel as an option."""
    kernel = _FILTERS[name][0]
    if name == "blur":
        return rf"$\frac{{1}}{{9}} {tex(np.ones((3, 3), int))}$"
    return f"${tex(kernel.astype(int))}$"


def _tell_apart(x, out, name):
    """Why the kernel of this name is wrong: what it does, and an entry at which it gives something else."""
    kernel, does = _FILTERS[name]
    for i, j in np.ndindex(out.shape):
        entry = round(float((x[i : i + 3, j : j + 3] * kernel).sum()), 9)
        if abs(entry - out[i, j]) > 0.5:
            return (
                f"This kernel {does}. In row {i} and column {j} (from 0) it would give ${tex(entry)}$, and the map has "
                f"${tex(round(float(out[i, j]), 9))}$."
            )
    raise Redraw


def _network(rng):
    """Conv, pool, conv, pool, flatten, dense, as dicts of the reference."""
    k, s, p = [(3, 1, 0), (3, 1, 1), (5, 1, 0), (5, 1, 2), (5, 2, 0), (3, 2, 1), (5, 2, 2)][int(rng.integers(7))]
    size, stride = [(2, 2), (2, 2), (3, 2)][int(rng.integers(3))]
    a, b = (int(n) for n in rng.choice([4, 6, 8, 12, 16, 24, 32], size=2, replace=False))
    return [
        {"kind": "conv", "n": a, "k": k, "s": s, "p": p},
        {"kind": "pool", "k": size, "s": stride},
        {"kind": "conv", "n": b, "k": 3, "s": 1, "p": int(rng.integers(2))},
        {"kind": "pool", "k": 2, "s": 2},
        {"kind": "flatten"},
        {"kind": "dense", "n": int(rng.choice([5, 10, 20]))},
    ]


def _torch_layer(layer, before, hidden):
    """A layer as a line of PyTorch.  hidden: whether the size after flattening must not be read off the next line."""
    if layer["kind"] == "conv":
        stride = f", stride={layer['s']}" if layer["s"] > 1 else ""
        padding = f", padding={layer['p']}" if layer["p"] else ""
        return f"nn.Conv2d({before[0]}, {layer['n']}, {layer['k']}{stride}{padding})"
    if layer["kind"] == "pool":
        return f"nn.MaxPool2d({layer['k']}{'' if layer['s'] == layer['k'] else ', stride=' + str(layer['s'])})"
    if layer["kind"] == "flatten":
        return "nn.Flatten()"
    return f"nn.Linear({'...' if hidden else before[0]}, {layer['n']})"


def _shape_slips(N, layer, before, shape):
    """What goes wrong at a layer of this kind."""
    kind = layer["kind"]
    if kind == "dense":
        return [Slip((N, *before, *shape), "The linear layer replaces the features by its outputs.")]
    if kind == "flatten":
        C, H, W = before
        return [
            Slip((N * shape[0],), "`nn.Flatten` keeps the batch and flattens each image on its own."),
            Slip((N, C), f"Each channel still has {H} × {W} numbers: multiply all three."),
            Slip((N, C, H * W), "`nn.Flatten` joins the channels with the sides, to one axis."),
        ]
    C, H, W = shape
    last = Slip((N, H, W, C), "PyTorch puts the channels before the sides.")
    if kind == "pool":
        halved = before[1] // 2
        return [
            Slip(
                (N, C, before[1] - layer["k"] + 1, before[2] - layer["k"] + 1),
                f"This is for stride 1. Here the windows are {layer['s']} pixels apart.",
            ),
            Slip((N, C, halved, halved), "A window of 3 with stride 2 does not simply halve."),
            Slip((N, C // 2, H, W), "Pooling works on each channel by itself: their number stays."),
            last,
        ]
    side, k, s, p = before[1], layer["k"], layer["s"], layer["p"]
    wrong = (side + p - k) // s + 1 if p else side // s
    told = "The padding stands on both sides." if p else "There is no padding here: the kernel must fit into the image."
    return [
        Slip((N, C, wrong, wrong), told),
        Slip((N, before[0], H, W), "The second number of `nn.Conv2d` is the number of output channels."),
        Slip((N, C, side + 2 * p - k + 1, side + 2 * p - k + 1), f"The stride of {s} is missing."),
        last,
    ]


def _traced(shape, layers):
    """The shape behind these layers, positions counted one by one."""
    for layer in layers:
        if layer["kind"] in ("conv", "pool"):
            C, *sides = shape
            last = 2 * layer.get("p", 0) - layer["k"]
            shape = (layer.get("n", C), *(len(range(0, side + last + 1, layer["s"])) for side in sides))
        else:
            shape = (layer["n"],) if layer["kind"] == "dense" else (shape[0] * shape[1] * shape[2],)
    return shape
