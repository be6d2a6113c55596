"""Quiz templates: architectures of convolutional networks, transfer, and looking into them."""

import numpy as np

from autograder.quiz import (
    Choice,
    Integer,
    Matching,
    Number,
    Numbers,
    Output,
    Question,
    Redraw,
    Slip,
    figures,
    line_options,
    numbered,
    template,
    tex,
)
from reference import cnn, interpret, nets


@template(technique="parameters of networks", tags=["convolution", "parameters"], difficulty=2, syllabus="Q09.1")
def parameters_of_three_convolutions(rng):
    f = [int(n) for n in rng.choice([8, 16, 24, 32, 48, 64, 96], size=3)]
    layers = [{"kind": "conv", "n": n, "k": 3} for n in f]
    channels = [3, *f]
    weights = [9 * i * o for i, o in zip(channels, f, strict=False)]
    total = sum(row[2] for row in cnn.shape_table((3, 32, 32), layers))
    counts = " + ".join(rf"({9 * i} + 1) \cdot {o}" for i, o in zip(channels, f, strict=False))
    return Question(
        prompt=f"A network for colour images of 32 × 32 has three 3 × 3 convolutions with {f[0]}, {f[1]} and {f[2]} filters, each "
        "with biases, and 2 × 2 max pooling between them. How many parameters do these layers have together?",
        answer=Integer(total),
        slips=[
            Slip(sum(weights), "Each filter also has a bias."),
            Slip(10 * sum(f), "A filter reaches through all channels of its input: 9 weights for each of them."),
            Slip(total + 2 * 4, "Pooling has nothing to learn."),
            Slip(sum(weights) + 3, "One bias for each *filter*, not one for each layer."),
        ],
        explanation=f"(9 × input channels + 1) × filters for each: ${counts} = {total}$; pooling adds nothing.",
        hints=["Which channels does the second convolution see?", r"$(k^2 C_{in} + 1)\, C_{out}$ for each layer."],
        again=sum(weights) + sum(f),
    )


@template(
    technique="shapes through a network", tags=["convolution", "pooling", "shapes"], difficulty=2, syllabus="Q09.2"
)
def flattened_size(rng):
    s, f = int(rng.integers(18, 65)), int(rng.choice([8, 16, 32, 64]))
    conv, pool = {"kind": "conv", "n": f, "k": 3}, {"kind": "pool", "k": 2}
    rows = cnn.shape_table((3, s, s), [conv, pool, conv, pool, conv, {"kind": "flatten"}])
    sides = [s, *(row[1][1] for row in rows[:-1])]
    same = s // 2 // 2
    return Question(
        prompt=f"An image of 3 × {s} × {s} goes through 3 × 3 convolution, 2 × 2 max pooling, 3 × 3 convolution, 2 × 2 max "
        f"pooling, 3 × 3 convolution; each convolution has {f} filters, stride 1 and no padding, each pooling stride 2. How "
        "many numbers come out when the result is flattened?",
        answer=Integer(rows[-1][1][0]),
        slips=[
            Slip(
                same * same * f,
                "This keeps the size in each convolution, as padding 1 would. Without it 2 pixels are lost.",
            ),
            Slip(sides[-1] * f, "The map has two sides: square it."),
            Slip(sides[-2] ** 2 * f, "The last convolution is missing: it takes 2 pixels more."),
            Slip(sides[-1] ** 2 * 3, f"The channels are those of the last convolution, {f}, not those of the image."),
        ],
        explanation=f"Sides: {' → '.join(map(str, sides))}. Flattened: ${sides[-1]} \\cdot {sides[-1]} \\cdot {f} = {rows[-1][1][0]}$.",
        hints=["Follow the side alone: minus 2, half (rounded down), minus 2, half, minus 2."],
        again=(((s - 2) // 2 - 2) // 2 - 2) ** 2 * f,
    )


@template(technique="parameters of networks", tags=["dense", "vgg", "parameters"], difficulty=1, syllabus="Q09.3")
def first_dense_layer_of_vgg(rng):
    h, c = int(rng.choice([4, 5, 6, 7, 8])), int(rng.choice([64, 128, 256, 512]))
    u = int(rng.choice([256, 512, 1024, 2048, 4096]))
    count = cnn.dense_params(h * h * c, u)
    return Question(
        prompt=f"The convolutions of a VGG-like network end in {c} maps of {h} × {h}. They are flattened and go into a dense layer "
        f"of {u} units with biases. How many parameters does that layer have?",
        answer=Integer(count),
        slips=[
            Slip(h * h * c * u, "Each unit also has a bias."),
            Slip((h * c + 1) * u, "A map has two sides: square its side."),
            Slip((c + 1) * u, "Every *pixel* of every map is an input, not every map."),
        ],
        explanation=f"${h} \\cdot {h} \\cdot {c} = {h * h * c}$ inputs, so $({h * h * c} + 1) \\cdot {u} = {count}$.",
        hints=["How many inputs are there after flattening?"],
        again=(h * h * c + 1) * u,
    )


@template(technique="ideas of architectures", tags=["vgg", "parameters"], difficulty=2, syllabus="Q09.4")
def stacked_small_kernels(rng):
    C, stack = int(rng.choice([16, 32, 64, 128, 256])), int(rng.integers(2, 7))
    side = 2 * stack + 1
    small, large = stack * cnn.conv_params(3, C, C, bias=False), cnn.conv_params(side, C, C, bias=False)
    return Question(
        prompt=f"{stack} convolutions of 3 × 3 one behind the other see as much of the image as one of {side} × {side}. All have {C} "
        "channels in and out and no biases. How many times the parameters of the large one do the small ones have together?",
        answer=Number(small / large),
        slips=[
            Slip(9 / side**2, f"This compares one small layer: there are {stack}."),
            Slip(3 * stack / side, "Compare the areas of the kernels, 9 and its square, not their sides."),
            Slip(1.0, "The same view is not the same number of weights."),
            Slip(large / small, "Turned round: the small ones have fewer."),
        ],
        explanation=rf"${stack} \cdot 9 C^2$ against ${side * side} C^2$: ${tex(small / large, 4)}$, whatever $C$ is.",
        hints=["Count the weights of one kernel of each size; the channels cancel."],
        again=stack * 9 / side**2,
    )


@template(technique="ideas of architectures", tags=["inception", "cost"], difficulty=3, syllabus="Q09.5")
def saved_by_a_1x1_convolution(rng):
    H, a = int(rng.choice([7, 14, 28])), int(rng.choice([64, 128, 192, 256]))
    m, b = int(rng.choice([8, 16, 32])), int(rng.choice([16, 32, 64]))
    direct = cnn.mult_count(H, H, 5, a, b)
    reduced, rest = cnn.mult_count(H, H, 1, a, m), cnn.mult_count(H, H, 5, m, b)
    saved = direct - reduced - rest
    return Question(
        prompt=f"Maps of {H} × {H} with {a} channels go through a 5 × 5 convolution with {b} filters (the size is kept). With a 1 × 1 "
        f"convolution to {m} channels before it, how many multiplications are saved? (Biases do not count.)",
        answer=Integer(saved),
        slips=[
            Slip(direct - rest, "The 1 × 1 convolution costs something too."),
            Slip(H * H * (5 * a * b - a * m - 5 * m * b), "A 5 × 5 kernel has 25 weights for each channel, not 5."),
            Slip(-saved, "The sign is turned: what is saved is before minus after."),
            Slip(reduced + rest, "This is what is still needed, not what is saved."),
        ],
        explanation=f"Before: ${H}^2 \\cdot 25 \\cdot {a} \\cdot {b} = {direct}$. After: ${H}^2 \\cdot {a} \\cdot {m} "
        f"+ {H}^2 \\cdot 25 \\cdot {m} \\cdot {b} = {reduced + rest}$. Saved: {saved}.",
        hints=["Multiplications of a convolution: places × kernel area × channels in × channels out."],
        again=H * H * (25 * a * b - a * m - 25 * m * b),
    )


@template(technique="ideas of architectures", tags=["resnet", "derivative"], difficulty=1, syllabus="Q09.6")
def derivative_of_a_residual_block(rng):
    f = float(rng.choice([-0.9, -0.5, -0.2, 0.01, 0.05, 0.1, 0.3, 0.5, 0.8]))
    L = int(rng.integers(1, 4))
    through = float(nets.residual_jacobian(f)) ** L
    blocks = "a residual block" if L == 1 else f"{L} residual blocks in a row, each"
    return Question(
        prompt=f"The input passes {blocks} $x + F(x)$ (numbers, not vectors) with $F'(x) = {tex(f)}$. What is the derivative of the "
        "output by the input?",
        answer=Number(through),
        slips=[
            Slip(f**L, "The skip connection adds 1 to the derivative of each block: that is what it is for."),
            Slip(1.0, "This is the skip connection alone; the block's own derivative comes on top."),
            Slip((1 - f) ** L, "The two paths are added, so their derivatives are added too."),
            Slip(1 + f * L if L > 1 else 1 + f / 2, "One block gives $1 + F'$; several multiply."),
        ],
        explanation=rf"$1 + F'(x) = {tex(1 + f)}$ for a block"
        + ("." if L == 1 else rf", so ${tex(1 + f)}^{L} = {tex(through, 4)}$."),
        hints=["Derive $x$ and $F(x)$ one by one."],
        again=(1 + f) ** L,
    )


@template(technique="shapes through a network", tags=["shapes", "stages"], difficulty=1, syllabus="Q09.7")
def halve_the_side_double_the_channels(rng):
    n, c = int(rng.integers(2, 6)), int(rng.choice([8, 16, 32, 64]))
    s = int(2**n * rng.integers(2, 9))
    side, channels = nets.stage_shapes(s, c, n)[-1]
    return Question(
        prompt=f"Maps of side {s} with {c} channels pass {n} stages, each of which halves the side and doubles the channels. What are "
        "side and channels at the end?",
        answer=Numbers([side, channels], labels=("side", "channels"), whole=True),
        slips=[
            Slip([side, c], "The channels double in each stage."),
            Slip([s - 2 * n, c + 2 * n], "Halving and doubling, not minus and plus two."),
            Slip([channels, side], "These are swapped: the side shrinks, the channels grow."),
            Slip([s // 2 ** (n - 1), c * 2 ** (n - 1)], "One stage more."),
        ],
        explanation=f"${s} / 2^{n} = {side}$ and ${c} \\cdot 2^{n} = {channels}$.",
        hints=["Powers of two."],
        again=[s // 2**n, c * 2**n],
    )


@template(technique="transfer learning", tags=["parameters", "freezing"], difficulty=1, syllabus="Q09.8")
def trainable_after_freezing(rng):
    F, K = int(rng.choice([256, 512, 960, 1024, 1280, 2048])), int(rng.integers(2, 21))
    base = int(rng.integers(20, 250)) * 10_000
    count = nets.trainable_params(F, K)
    return Question(
        prompt=f"A pretrained base with {base} parameters is frozen. Its {F} features go into a new dense layer with biases for {K} "
        "classes. How many parameters are trained?",
        answer=Integer(count),
        slips=[
            Slip(F * K, "Each class also has a bias."),
            Slip(base + count, "The base is frozen: its parameters are not trained."),
            Slip(F + K, "Each class has a weight for *each* feature."),
        ],
        explanation=f"Only the head: $({F} + 1) \\cdot {K} = {count}$.",
        hints=["What does frozen mean for the count?"],
        again=(F + 1) * K,
    )


@template(technique="looking into networks", tags=["occlusion"], difficulty=2, syllabus="Q09.9")
def occlusion_positions(rng):
    k, s = int(rng.integers(4, 13)), int(rng.integers(1, 7))
    H = int(rng.integers(24, 97))
    count, side = interpret.occlusion_positions(H, H, k, s), (H - k) // s + 1
    return Question(
        prompt=f"For an occlusion map a grey patch of {k} × {k} is moved over an image of {H} × {H} in steps of {s}, always wholly "
        "inside. How many times is the network asked (without the image itself)?",
        answer=Integer(count),
        slips=[
            Slip(side, "This is one side: the patch moves down as well."),
            Slip((H // k) ** 2, "This lays patches side by side; it moves in steps, and patches may overlap."),
            Slip(H * H, "The patch does not start at every pixel."),
            Slip(((H - k) // s) ** 2, "The first position counts too: plus 1 in each direction."),
        ],
        explanation=f"$\\lfloor ({H} - {k}) / {s} \\rfloor + 1 = {side}$ positions in each direction, ${side}^2 = {count}$.",
        hints=["It is the output size of a convolution without padding."],
        again=((H - k) // s + 1) ** 2,
    )


@template(technique="looking into networks", tags=["adversarial", "fgsm"], difficulty=2, syllabus="Q09.10")
def drop_of_a_logit_under_fgsm(rng):
    w = rng.choice([-4, -3, -2, -1, 1, 2, 3, 4], size=3)
    eps = float(rng.choice([0.01, 0.02, 0.05, 0.1, 0.2, 0.5]))
    x = rng.integers(-3, 4, size=3).astype(float)
    drop = float(w @ x - w @ interpret.fgsm(x, -w.astype(float), eps))
    return Question(
        prompt=rf"A classifier has the linear logit $w \cdot x$ with $w = {tex(w)}$. The fast gradient sign method may change each "
        rf"entry of $x$ by at most $\varepsilon = {tex(eps)}$. By how much does it lower the logit?",
        answer=Number(drop),
        slips=[
            Slip(
                eps * float(np.sqrt(w @ w)),
                "The budget holds for each entry, so all move by the full $\\varepsilon$: add absolute values.",
            ),
            Slip(eps * float(w.sum()), "Each entry moves *against* its weight: the signs do not cancel."),
            Slip(eps, "Every weight multiplies the step of its entry."),
            Slip(eps * float(np.abs(w).max()), "All entries move, not only the one with the largest weight."),
        ],
        explanation=rf"Each entry moves by $-\varepsilon\,\mathrm{{sign}}(w_i)$, so the logit falls by $\varepsilon \sum |w_i| = {tex(eps)} \cdot {int(np.abs(w).sum())} = {tex(drop)}$.",
        hints=["In which direction does each entry move?", r"The sum of $\varepsilon\,|w_i|$."],
        again=eps * float(np.abs(w).sum()),
    )


@template(
    technique="ideas of architectures",
    tags=["resnet", "inception", "u-net", "vgg"],
    difficulty=1,
    fixed=True,
    syllabus="Q09.11",
)
def networks_and_their_ideas(rng):
    ideas = {
        "ResNet": "adds its input to the output of a block",
        "Inception": "parallel filters of several sizes, with 1 × 1 convolutions before them",
        "U-Net": "contracts, then expands, with copies from one side to the other",
        "VGG": "stacks of 3 × 3 convolutions, and little else",
        "MobileNet": "one filter for each channel, then 1 × 1 convolutions",
    }
    names = [list(ideas)[i] for i in rng.choice(5, size=4, replace=False)]
    left_out = [idea for name, idea in ideas.items() if name not in names]
    told = "; ".join(f"{name}: {ideas[name]}" for name in names)
    return Question(
        prompt="Which idea made which network known?",
        answer=Matching({name: ideas[name] for name in names}, extra=left_out),
        explanation=f"{told}.",
        hints=["The letters of one of them show its form."],
    )


@template(technique="transfer learning", tags=["freezing", "fine-tuning"], difficulty=1, fixed=True, syllabus="Q09.12")
def freeze_or_fine_tune(rng):
    cases = [
        ("300 photographs, much like those of ImageNet", "freeze the base and train a new head"),
        (
            "5,000 photographs, somewhat unlike those of ImageNet",
            "train a new head, then fine-tune the top layers at a small rate",
        ),
        ("a million X-ray images and a large machine", "fine-tune all layers, or train from scratch"),
    ]
    case, right = cases[int(rng.integers(3))]
    why = {
        cases[0][1]: "With more data than that, or other images, the upper layers should learn too.",
        cases[1][
            1
        ]: "Fine-tuning needs enough data: a few hundred images overfit, and with a million there is no need to hold back.",
        cases[2][1]: "All layers have far more parameters than that much data can fix.",
        "unfreeze everything at once with a large learning rate": "The large rate destroys what the base has learnt, in the first steps.",
    }
    return Question(
        prompt=f"You want to classify images with a network that was trained on ImageNet, and you have {case}. What do you do first?",
        answer=Choice(right),
        slips=[Slip(option, reason) for option, reason in why.items() if option != right],
        explanation="Little and similar data: use the base as it is. More data: let the upper layers adapt, gently. Very much data: "
        "everything may learn.",
        hints=["How many parameters can that much data fix?"],
    )


@template(technique="training loop", tags=["bug", "code"], difficulty=2)
def bug_in_a_training_loop(rng):
    right = {
        "for x, y in train:": "it goes over the batches.",
        "    optimizer.zero_grad()": "it clears the gradients of the last batch.",
        "    loss = F.cross_entropy(model(x), y)": "the loss takes logits.",
        "    loss.backward()": "it fills the gradients.",
        "    optimizer.step()": "it moves the weights.",
        "model.eval()": "it turns dropout off and takes batch norm's running statistics.",
        "with torch.no_grad():": "testing needs no graph.",
        "    right = (model(x_test).argmax(1) == y_test).float().mean()": "the largest logit is the class.",
    }
    bugs = {
        "    optimizer.zero_grad()": (
            "    model.zero_grad  # clear the gradients",
            "it is never called, so the gradients of all batches add up",
        ),
        "    loss = F.cross_entropy(model(x), y)": (
            "    loss = F.cross_entropy(model(x).softmax(1), y)",
            "cross_entropy takes logits: this is softmax twice",
        ),
        "    loss.backward()": ("    loss.detach().backward()", "a detached loss has no graph to go back through"),
        "    optimizer.step()": ("    scheduler.step()", "this changes the rate; nothing moves the weights"),
        "model.eval()": ("model.train()", "dropout stays on and batch norm takes the statistics of the test batch"),
        "    right = (model(x_test).argmax(1) == y_test).float().mean()": (
            "    right = (model(x_test).argmax(0) == y_test).float().mean()",
            "axis 0 is the batch: the largest logit is looked for over the samples",
        ),
    }
    lines = list(right)
    wrong = list(bugs)[int(rng.integers(len(bugs)))]
    shown = [bugs[line][0] if line == wrong else line for line in lines]
    place = lines.index(wrong)
    others = [i for i in range(len(lines)) if i != place and lines[i] in bugs]
    picked = sorted(int(i) for i in rng.choice(others, size=3, replace=False))
    options = line_options(shown)
    return Question(
        prompt=f"`model` has dropout and batch norm. One line is wrong. Which?\n\n{numbered(shown)}",
        answer=Choice(options[place]),
        slips=[Slip(options[i], f"This line is right: {right[lines[i]]}") for i in picked],
        explanation=f"Line {place + 1} must be `{wrong.strip()}`: {bugs[wrong][1]}.",
        hints=["Go through what a training step needs, then what testing needs."],
    )


@template(technique="transfer learning", tags=["freezing", "code", "torch"], difficulty=2)
def what_requires_grad_prints(rng):
    a, b, c = (int(n) for n in rng.integers(2, 12, size=3))
    freeze = bool(rng.integers(2))
    head = cnn.dense_params(b, c)
    base = cnn.dense_params(a, b)
    count = head if freeze else head + base
    line = (
        "for p in net[0].parameters(): p.requires_grad = False"
        if freeze
        else "for p in net[0].parameters(): p.grad = None"
    )
    code = (
        f"net = nn.Sequential(nn.Linear({a}, {b}), nn.ReLU(), nn.Linear({b}, {c}))\n{line}\n"
        "print(sum(p.numel() for p in net.parameters() if p.requires_grad))"
    )
    return Question(
        prompt=f"What does this print?\n\n```python\n{code}\n```",
        answer=Output(str(count)),
        slips=[
            Slip(str(head + base if freeze else head), "Look at the second line once more: does it freeze anything?"),
            Slip(str(a * b + b * c if not freeze else b * c), "Linear layers have biases, unless told otherwise."),
            Slip(str(base), "`net[0]` is the first layer; the last one is counted."),
        ],
        explanation=f"The first layer has $({a} + 1) \\cdot {b} = {base}$ parameters, the last one $({b} + 1) \\cdot {c} = {head}$; "
        + (
            "the first is frozen, so the last one is left."
            if freeze
            else "clearing gradients freezes nothing, so both count."
        ),
        hints=["A linear layer has a matrix and a bias."],
        again=str((b + 1) * c + (0 if freeze else (a + 1) * b)),
    )


@template(technique="looking into networks", tags=["occlusion", "picture"], difficulty=1)
def read_an_occlusion_map(rng):
    drop = np.round(rng.uniform(-0.05, 0.15, size=(4, 4)), 2)
    place = int(rng.integers(16))
    i, j = divmod(place, 4)
    drop[i, j] = round(float(rng.uniform(0.5, 0.9)), 2)
    least = np.unravel_index(drop.argmin(), drop.shape)
    if (i, j) == (j, i):
        raise Redraw
    return Question(
        prompt="The occlusion map shows how much the score of “cat” *drops* when a patch is covered. Where does the network see "
        "the cat? (Row and column of the patch, from 0.)",
        answer=Numbers([i, j], labels=("row", "column"), whole=True),
        slips=[
            Slip([j, i], "Row first, then column."),
            Slip(
                [int(v) for v in least],
                "Covering this patch hardly matters: the score needs the patch whose loss costs most.",
            ),
            Slip([i + 1, j + 1], "Rows and columns are counted from 0."),
        ],
        explanation=f"Covering row {i}, column {j} costs ${tex(drop[i, j])}$, far more than any other: that is what the score rests on.",
        hints=["Where does covering hurt most?"],
        figure=figures.cells(drop, rows=list("0123"), columns=list("0123"), title="drop of the score"),
        again=[int(v) for v in np.unravel_index(drop.argmax(), drop.shape)],
    )
