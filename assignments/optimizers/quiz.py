"""Quiz templates: optimisers and learning rates.  Everything starts from w = 0 unless the question says otherwise."""

import numpy as np

from autograder.quiz import (
    Choice,
    Formula,
    Number,
    Output,
    Question,
    Redraw,
    Slip,
    figures,
    line_options,
    numbered,
    par,
    plain,
    plus,
    template,
    tex,
)
from reference import optim


@template(technique="momentum", tags=["ema"], difficulty=2, syllabus="Q05.1")
def momentum_as_a_moving_average(rng):
    g, lr, b = _two_gradients(rng), float(rng.choice([0.1, 0.2, 0.5])), float(rng.choice([0.5, 0.8, 0.9]))
    w = float(optim.momentum_ema(g, lr, b))
    m1 = (1 - b) * g[0]
    m2 = b * m1 + (1 - b) * g[1]
    return Question(
        prompt=rf"Momentum is written as a moving average, $m \leftarrow \beta m + (1 - \beta) g$, $w \leftarrow w - \eta\, m$, with "
        rf"$\beta = {tex(b)}$, $\eta = {tex(lr)}$, from $w = m = 0$. The gradients are ${tex(g[0])}$, then ${tex(g[1])}$. What is $w$ after both steps?",
        answer=Number(w),
        slips=[
            Slip(
                float(optim.momentum_heavy(g, lr, b)),
                r"This is the other form, $m \leftarrow \beta m + g$, without the factor $1 - \beta$.",
            ),
            Slip(-lr * sum(g), "This is plain SGD, without any memory."),
            Slip(
                _ema(g, lr, 1 - b),
                r"The weights are swapped: the old average keeps $\beta$, the new gradient gets $1 - \beta$.",
            ),
            Slip(_nesterov(g, lr, b), "This looks ahead, as Nesterov's form does, and has no factor $1 - \\beta$."),
            Slip(-lr * m2, "This is the second step alone: the first one moved $w$ too."),
        ],
        explanation=rf"$m_1 = {tex(m1)}$, $m_2 = {tex(m2)}$; $w = -{tex(lr)} \cdot ({tex(m1)} {plus(m2)}) = {tex(w, 4)}$.",
        hints=["First $m$ after each gradient, then both steps."],
        again=-lr * (m1 + m2),
    )


@template(technique="momentum", tags=["heavy ball"], difficulty=2, syllabus="Q05.2")
def momentum_as_a_heavy_ball(rng):
    g, lr, b = _two_gradients(rng), float(rng.choice([0.1, 0.2, 0.5])), float(rng.choice([0.5, 0.8, 0.9]))
    w = float(optim.momentum_heavy(g, lr, b))
    return Question(
        prompt=rf"Momentum is written as $\eta_t = \varepsilon g_t + \gamma\, \eta_{{t-1}}$, $w \leftarrow w - \eta_t$, with $\gamma = {tex(b)}$, "
        rf"$\varepsilon = {tex(lr)}$, from $w = \eta_0 = 0$. The gradients are ${tex(g[0])}$, then ${tex(g[1])}$. What is $w$ after both steps?",
        answer=Number(w),
        slips=[
            Slip(
                float(optim.momentum_ema(g, lr, b)),
                r"This has a factor $1 - \gamma$ at the gradient: that is the form with the moving average.",
            ),
            Slip(-lr * sum(g), "This is plain SGD, without any memory."),
            Slip(_nesterov(g, lr, b), "This looks ahead, as Nesterov's form does."),
            Slip(-lr * (b * g[0] + g[1]), "This is the second step alone: the first one moved $w$ too."),
        ],
        explanation=rf"Steps ${tex(lr * g[0])}$ and ${tex(lr * g[1])} {plus(b * lr * g[0])} = {tex(lr * (g[1] + b * g[0]))}$; $w = {tex(w, 4)}$.",
        hints=["What is $\\eta_1$, what is $\\eta_2$?"],
        again=-lr * (g[0] * (1 + b) + g[1]),
    )


@template(technique="momentum", tags=["learning rate"], difficulty=2, syllabus="Q05.3")
def rate_of_the_other_momentum(rng):
    lr, b = float(rng.choice([0.01, 0.02, 0.05, 0.1])), float(rng.choice([0.5, 0.8, 0.9, 0.95, 0.99]))
    eps = optim.momentum_equivalent_lr(lr, b)
    return Question(
        prompt=rf"One program writes momentum as a moving average, $m \leftarrow {tex(b)}\, m + {tex(1 - b)}\, g$ with steps ${tex(lr)}\, m$. Another one "
        rf"writes $v \leftarrow {tex(b)}\, v + g$ with steps $\varepsilon\, v$. For which $\varepsilon$ do both make the same steps?",
        answer=Number(eps),
        slips=[
            Slip(lr / (1 - b), r"Turned round: $v$ is the larger one, so its rate is the smaller one."),
            Slip(lr, r"$v$ adds whole gradients: it is $1 / (1 - \beta)$ times as large as $m$."),
            Slip(lr * b, r"The factor at the new gradient decides, $1 - \beta$."),
        ],
        explanation=rf"$m = (1 - \beta)\, v$, so $\varepsilon = {tex(lr)} \cdot {tex(1 - b)} = {tex(eps)}$.",
        hints=["How much larger is $v$ than $m$?"],
        again=lr - lr * b,
    )


@template(technique="adam", tags=["bias correction"], difficulty=2, syllabus="Q05.4")
def first_step_of_adam(rng):
    g, lr = (
        float(rng.choice([-50, -10, -3, -0.5, 0.01, 0.2, 2, 4, 20, 100])),
        float(rng.choice([0.001, 0.002, 0.005, 0.01, 0.02])),
    )
    step = abs(float(optim.adam([g], lr)))
    return Question(
        prompt=rf"Adam with bias correction ($\beta_1 = 0.9$, $\beta_2 = 0.999$, $\epsilon = 0$) and rate ${tex(lr)}$ gets a first gradient of "
        f"${tex(g)}$. How far does the weight move (as a positive number)?",
        answer=Number(step),
        slips=[
            Slip(lr * abs(g), "This is SGD: Adam divides by the size of the gradient."),
            Slip(
                lr * 0.1 / np.sqrt(0.001),
                r"Without bias correction the averages start too small: $0.1\, g$ and $0.001\, g^2$.",
            ),
            Slip(
                float(abs(optim.adam_simple([g], lr, 0.9))),
                "This has one $\\beta$ for both averages and no correction.",
            ),
        ],
        explanation=rf"Corrected, $\hat m = g$ and $\hat v = g^2$, so the step is $\eta\, g / |g|$: ${tex(lr)}$, whatever the gradient.",
        hints=[r"What are $\hat m$ and $\hat v$ after one gradient?"],
        again=lr,
    )


@template(technique="adam", tags=["bias correction"], difficulty=3, syllabus="Q05.5")
def first_step_without_correction(rng):
    g, lr = float(rng.choice([-5, -2, 0.5, 2, 3, 10])), float(rng.choice([0.001, 0.01, 0.02, 0.1]))
    b = float(rng.choice([0.5, 0.75, 0.9, 0.96, 0.99]))
    step = abs(float(optim.adam_simple([g], lr, b)))
    return Question(
        prompt=rf"A simplified Adam has one $\beta = {tex(b)}$ for both averages, $m = (1 - \beta) g + \beta m$ and $s = (1 - \beta) g^2 + \beta s$ from 0, "
        rf"neither correction nor $\epsilon$, and steps $\eta\, m / \sqrt{{s}}$ with $\eta = {tex(lr)}$. How far does the first gradient, ${tex(g)}$, move the weight?",
        answer=Number(step),
        slips=[
            Slip(lr, "That would be with bias correction."),
            Slip(lr * (1 - b), r"Below stands the *root* of $(1 - \beta) g^2$."),
            Slip(lr / float(np.sqrt(1 - b)), r"$(1 - \beta) / \sqrt{1 - \beta}$ is $\sqrt{1 - \beta}$."),
            Slip(lr * abs(g) * (1 - b), "The gradient's size is divided out."),
        ],
        explanation=rf"$m = {tex((1 - b) * g)}$ and $\sqrt s = {tex(float(np.sqrt(1 - b)) * abs(g), 4)}$: the step is $\eta \sqrt{{1 - \beta}} = {tex(step, 4)}$.",
        hints=["Write $m$ and $s$ after one gradient, and divide."],
        again=lr * float(np.sqrt(1 - b)),
    )


@template(technique="adaptive rates", tags=["adagrad"], difficulty=2, syllabus="Q05.6")
def two_steps_of_adagrad(rng):
    g, lr = _two_gradients(rng), float(rng.choice([0.1, 0.2, 0.5, 1.0]))
    w = float(optim.adagrad(g, lr))
    s = [g[0] ** 2, g[0] ** 2 + g[1] ** 2]
    return Question(
        prompt=rf"Adagrad ($s \leftarrow s + g^2$, $w \leftarrow w - \eta\, g / \sqrt{{s}}$, $\epsilon = 0$) starts at $w = s = 0$ with $\eta = {tex(lr)}$. The "
        f"gradients are ${tex(g[0])}$, then ${tex(g[1])}$. What is $w$?",
        answer=Number(w),
        slips=[
            Slip(float(optim.rmsprop(g, lr, 0.9)), "This forgets, as RMSProp does: Adagrad adds all squares."),
            Slip(-lr * (g[0] / s[0] + g[1] / s[1]), "The root is missing."),
            Slip(-lr * sum(g), "This is plain SGD."),
            Slip(-lr * (np.sign(g[0]) + np.sign(g[1])), "In the second step both squares count."),
        ],
        explanation=rf"$s$: {tex(s[0])}, then {tex(s[1])}. $w = -{tex(lr)} \cdot ({tex(float(np.sign(g[0])))} {plus(g[1] / np.sqrt(s[1]), 4)}) = {tex(w, 4)}$.",
        hints=["What is $s$ in each step?"],
        again=float(-lr * (np.sign(g[0]) + g[1] / np.hypot(*g))),
    )


@template(technique="adaptive rates", tags=["rmsprop"], difficulty=2, syllabus="Q05.7")
def two_steps_of_rmsprop(rng):
    g, lr, b = _two_gradients(rng), float(rng.choice([0.01, 0.1, 0.2])), float(rng.choice([0.5, 0.75, 0.8, 0.9]))
    w = float(optim.rmsprop(g, lr, b))
    s = [(1 - b) * g[0] ** 2, b * (1 - b) * g[0] ** 2 + (1 - b) * g[1] ** 2]
    return Question(
        prompt=rf"RMSProp ($s \leftarrow \beta s + (1 - \beta) g^2$, $w \leftarrow w - \eta\, g / \sqrt{{s}}$, $\epsilon = 0$) starts at $w = s = 0$ with "
        rf"$\eta = {tex(lr)}$, $\beta = {tex(b)}$. The gradients are ${tex(g[0])}$, then ${tex(g[1])}$. What is $w$?",
        answer=Number(w),
        slips=[
            Slip(float(optim.adagrad(g, lr)), "This adds all squares, as Adagrad does."),
            Slip(float(optim.rmsprop(g, lr, 1 - b)), r"The weights are swapped: the old average keeps $\beta$."),
            Slip(-lr * sum(g), "This is plain SGD."),
            Slip(-lr * (g[0] / s[0] + g[1] / s[1]), "The root is missing."),
        ],
        explanation=rf"$s$: {tex(s[0], 4)}, then {tex(s[1], 4)}. $w = -{tex(lr)} \cdot ({tex(g[0] / np.sqrt(s[0]), 4)} {plus(g[1] / np.sqrt(s[1]), 4)}) = {tex(w, 4)}$.",
        hints=["What is $s$ in each step?"],
        again=float(-lr * (g[0] / np.sqrt(s[0]) + g[1] / np.sqrt(s[1]))),
    )


@template(technique="adaptive rates", tags=["adagrad"], difficulty=2, syllabus="Q05.8")
def effective_rate_of_adagrad(rng):
    lr, g, t = (
        float(rng.choice([0.1, 0.2, 0.5, 1.0])),
        int(rng.integers(2, 9)),
        int(rng.choice([4, 7, 9, 16, 25, 36, 50, 100])),
    )
    rate = optim.adagrad_rate(lr, g, t)
    return Question(
        prompt=rf"In Adagrad with $\eta = {tex(lr)}$ ($\epsilon = 0$) the first {t} gradients of a weight are all {g}. What multiplies the gradient in step {t}?",
        answer=Number(rate),
        slips=[
            Slip(lr / (g * t), "The *root* of the sum of squares stands below."),
            Slip(lr / float(np.sqrt(t)), "The size of the gradient is in the sum too."),
            Slip(lr / g, "This is where RMSProp ends; Adagrad's sum goes on growing."),
            Slip(lr, "This is the rate that it started from."),
        ],
        explanation=rf"$s = {t} \cdot {g}^2$, so $\eta / \sqrt{{s}} = {tex(lr)} / ({g} \sqrt{{{t}}}) = {tex(rate, 4)}$.",
        hints=["What is the sum of squares after so many steps?"],
        again=lr / float(np.sqrt(t * g * g)),
    )


@template(technique="learning rates", tags=["discriminative"], difficulty=2, syllabus="Q05.9")
def rate_of_a_lower_layer(rng):
    lr, f, L = float(rng.choice([0.01, 0.02, 0.1])), float(rng.choice([2, 2.6, 3, 4, 10])), int(rng.integers(4, 8))
    l = int(rng.integers(0, L - 2))
    rates = optim.discriminative_lrs(lr, f, L)
    return Question(
        prompt=f"When a pretrained network of {L} layers is fine-tuned, the top one (number {L - 1}) gets the rate ${tex(lr)}$, and each layer "
        f"below it the rate above divided by {tex(f)}. Layer 0 is nearest the input. What is the rate of layer {l}?",
        answer=Number(float(rates[l])),
        slips=[
            Slip(lr / f**l, "Turned round: the layers near the input get the smallest rates."),
            Slip(lr / (f * (L - 1 - l)), "Each layer divides again: a power, not a product."),
            Slip(lr / f ** (L - l), f"From layer {L - 1} to layer {l} there are {L - 1 - l} divisions."),
            Slip(lr, "This is the rate of the top layer."),
        ],
        explanation=rf"${L - 1 - l}$ layers further down: ${tex(lr)} / {tex(f)}^{{{L - 1 - l}}} = {tex(float(rates[l]), 4)}$.",
        hints=["How many layers lie between?"],
        again=lr * f ** (l - L + 1),
    )


@template(technique="learning rates", tags=["decay"], difficulty=1, syllabus="Q05.10")
def step_decay(rng):
    lr, g = float(rng.choice([0.1, 0.2, 0.5, 1.0])), float(rng.choice([0.1, 0.2, 0.5]))
    s = int(rng.choice([5, 10, 20, 30]))
    e = int(rng.integers(s + 1, 4 * s))
    if e % s == 0:
        raise Redraw
    rate, falls = optim.step_decay(lr, g, s, e), e // s
    each_epoch = [Slip(lr * g**e, f"It does not fall in each epoch, only after every {s}.")]
    if lr * g**e < 1e-9:  # nobody would take that for an answer
        each_epoch = []
    times = {1: "once", 2: "twice"}.get(falls, f"{falls} times")
    return Question(
        prompt=f"The rate starts at ${tex(lr)}$ and is multiplied by ${tex(g)}$ after every {s} epochs. What is it in epoch {e} (counted from 0)?",
        answer=Number(rate),
        slips=[
            Slip(lr * g ** (e / s), "It falls in steps: the quotient is rounded down."),
            Slip(lr / (1 + e), r"This is another schedule, $\eta / (1 + t)$."),
            Slip(lr * g ** (falls + 1), f"By epoch {e} it has fallen {times}, not once more."),
            Slip(lr * g ** (falls - 1), f"By epoch {e} it has fallen {times}, not once less."),
            *each_epoch,
        ],
        explanation=rf"It has fallen $\lfloor {e} / {s} \rfloor = {falls}$ {'time' if falls == 1 else 'times'}: "
        rf"${tex(lr)} \cdot {tex(g)}^{{{falls}}} = {tex(rate)}$.",
        hints=["How many times has it fallen?", rf"$\eta_0 \gamma^k$ with $k = \lfloor t / {s} \rfloor$."],
        again=lr * g ** sum(1 for t in range(1, e + 1) if t % s == 0),
    )


@template(technique="learning rates", tags=["loss curve", "picture"], difficulty=1, fixed=True, syllabus="Q05.11")
def symptom_and_cause(rng):
    t = np.arange(40)
    noise = 0.02 * rng.normal(size=40)
    curves = {
        "the rate is too large": 0.8 + 0.25 * np.cos(2.6 * t) * np.exp(-t / 90) + noise,
        "the rate is too small": 1.5 - 0.006 * t + 0.2 * noise,
        "the rate was good at first and is now too large: let it decay": 0.75 + 0.9 * np.exp(-t / 3) + 3.5 * noise,
        "the rate is far too large: the training diverges": 0.7 * 1.06**t + 0.5 * abs(noise),
    }
    why = {
        "the rate is too large": "Then the loss would jump up and down around a level.",
        "the rate is too small": "Then it would fall steadily, but very slowly.",
        "the rate was good at first and is now too large: let it decay": "Then it would fall quickly, and then wobble above the best level.",
        "the rate is far too large: the training diverges": "Then it would grow without end.",
        "there is too little dropout": "Dropout changes the gap between training and validation, not this form.",
        "the batches are too large": "Larger batches make the curve smoother; they do not bend it like this.",
    }
    seen = dict(
        zip(
            curves,
            (
                "It jumps up and down around a level",
                "It falls steadily, but very slowly",
                "It falls quickly, and then wobbles without getting lower",
                "It grows without end",
            ),
            strict=True,
        )
    )
    right = list(curves)[int(rng.integers(4))]
    return Question(
        prompt="What does this training loss tell?",
        answer=Choice(right),
        slips=[Slip(cause, told) for cause, told in why.items() if cause != right],
        explanation=f"{seen[right]}. So {right}.",
        hints=["Does it fall, jump, stand or grow?"],
        figure=figures.curves({"training": [float(v) for v in curves[right]]}),
    )


# Of other kinds ---------------------------------------------------------------------------------------------------


@template(technique="adaptive rates", tags=["formula"], difficulty=2)
def update_as_a_formula(rng):
    lr, b = str(rng.choice(["lr", "eta"])), str(rng.choice(["beta", "rho", "b"]))
    asked, right, again, slips, names = _updates(lr, b)[int(rng.integers(6))]
    old = [name for name in names if name in ("w", "m", "v", "s")]
    return Question(
        prompt=f"{asked} Enter it as a formula in {', '.join(f'`{name}`' for name in names)}, where `g` is the gradient and "
        f"{' and '.join(f'`{name}`' for name in old)} {'is the value' if len(old) == 1 else 'are the values'} before the step.",
        answer=Formula(right, {name: _RANGES.get(name, (0.1, 0.9)) for name in names}),
        slips=[Slip(wrong, why) for wrong, why in slips],
        explanation=f"`{right}`.",
        hints=[
            "Which part is kept from before, and which part is new?",
            "Write what the step follows first, then put it into the step.",
        ],
        again=again,
    )


@template(technique="adam", tags=["bug", "code"], difficulty=3)
def bug_in_an_optimiser(rng):
    title, head, right = _OPTIMISERS[int(rng.integers(len(_OPTIMISERS)))]
    lines = list(right)
    bugs = [(line, wrong, why) for line, (_, found) in right.items() for wrong, why in found]
    line, wrong, why = bugs[int(rng.integers(len(bugs)))]
    shown = [head, *(wrong if each == line else each for each in lines)]
    options = line_options(shown)
    place = lines.index(line)
    others = [i for i in range(len(lines)) if i != place]
    if len(others) > 3:
        others = sorted(int(i) for i in rng.choice(others, size=3, replace=False))
    return Question(
        prompt=f"This is to be one step of {title}. One line is wrong. Which?\n\n{numbered(shown)}",
        answer=Choice(options[place + 1]),
        slips=[Slip(options[i + 1], f"This line is right: {right[lines[i]][0]}.") for i in others],
        explanation=f"Line {place + 2} must be `{line.strip()}`: {why}.",
        hints=["Write the formulas down, and check the lines against them one by one."],
    )


@template(technique="momentum", tags=["code", "torch"], difficulty=2)
def what_torch_prints_after_two_steps(rng):
    lr, start, c = float(rng.choice([0.1, 0.5])), int(rng.integers(1, 6)), int(rng.integers(2, 6))
    b, decay = [(0.5, 0.0), (0.9, 0.0), (0.0, 0.2), (0.0, 1.0), (0.5, 1.0)][int(rng.integers(5))]
    w, state = [np.array(float(start))], {}
    for _ in range(2):
        new, state = optim.momentum_step(w[-1], c + decay * w[-1], state, lr, b, "heavy")
        w.append(new)
    g = [c + decay * float(w[0]), c + decay * float(w[1])]
    after = float(w[2])
    if abs(after) < 0.01 or abs(after * 100 - round(after * 100)) > 0.4:  # two digits must not hang on the last bit
        raise Redraw
    steps = [lr * g[0], lr * (g[1] + b * g[0])]
    settings = f", momentum={plain(b)}" * bool(b) + f", weight_decay={plain(decay)}" * bool(decay)
    slips = [Slip(_two(_decayed_twice(start, c, -lr, b, decay)), "The optimiser goes down, against the gradient.")]
    if b:
        slips += [
            Slip(_two(start - lr * sum(g)), "The second step also carries momentum times the first one."),
            Slip(
                _two(_decayed_twice(start, c, lr * (1 - b), b, decay)),
                "PyTorch's momentum has no factor 1 − β at the gradient.",
            ),
        ]
    if decay:
        slips += [
            Slip(_two(start - lr * c * (2 + b)), "The weight decay is missing: it adds to the gradient in each step."),
            Slip(
                _two(_decayed_twice(start, c, lr, b, 2 * decay)),
                "PyTorch adds `weight_decay` times $w$ to the gradient, without a factor 2.",
            ),
            Slip(
                _two(_decayed_twice(start, c, lr, b, -decay)),
                "The decay pulls $w$ towards 0: it is added to the gradient.",
            ),
        ]
    gradient = f"The gradient is {c} in both steps" + (
        f", and the weight decay adds ${tex(decay)} w$: ${tex(g[0])}$, then ${tex(g[1])}$." if decay else "."
    )
    second = rf"{tex(lr)} \cdot ({tex(g[1])} + {tex(b)} \cdot {par(g[0])})" if b else rf"{tex(lr)} \cdot {par(g[1])}"
    return Question(
        prompt="What does this print?\n\n```python\n"
        f"w = torch.tensor([{start}.0], requires_grad=True)\nopt = torch.optim.SGD([w], lr={plain(lr)}{settings})\nfor _ in range(2):\n"
        f'    opt.zero_grad()\n    ({c} * w).sum().backward()\n    opt.step()\nprint(f"{{w.item():.2f}}")\n```',
        answer=Output(_two(after)),
        slips=slips,
        explanation=rf"{gradient} First step $\eta g = {tex(steps[0])}$, second ${second} = {tex(steps[1])}$: "
        f"${start} {plus(-steps[0])} {plus(-steps[1])} = {tex(after)}$.",
        hints=[
            f"What is the gradient of ${c} w$?",
            r"$g$ is the gradient plus weight decay times $w$; $v \leftarrow \beta v + g$ and $w \leftarrow w - \eta v$.",
        ],
        again=_two(_decayed_twice(start, c, lr, b, decay)),
    )


def _two_gradients(rng):
    g = [float(v) for v in rng.choice([-4, -3, -2, -1, 1, 2, 3, 4], size=2)]
    if g[0] + g[1] == 0 and rng.integers(2):
        raise Redraw
    return g


def _ema(g, lr, b):
    return float(optim.momentum_ema(g, lr, b))


def _nesterov(g, lr, b):
    """w after two of Nesterov's steps from 0, in PyTorch's form."""
    return -lr * (g[0] * (1 + b + b * b) + g[1] * (1 + b))


def _two(value):
    """As `:.2f` prints it; never -0.00."""
    return f"{round(value, 9) + 0.0:.2f}"


def _decayed_twice(w, c, lr, b, decay):
    """w after two steps of PyTorch's SGD on c w, typed out."""
    first = c + decay * w
    then = w - lr * first
    return then - lr * (c + decay * then + b * first)


#: where formulas are compared; all other names run from 0.1 to 0.9
_RANGES = {"w": (-2, 2), "g": (0.2, 2), "m": (-1, 1), "v": (-1, 1), "s": (0.3, 3), "t": (1.2, 6)}


def _updates(lr, b):
    """What is asked, the formula, the same in another form, wrong ones with what is wrong, and the names in it."""
    average, square = f"{b}*m + (1 - {b})*g", f"{b}*s + (1 - {b})*g^2"
    swapped = f"The weights are swapped: the old average keeps `{b}`, the new value gets `1 - {b}`."
    upwards = "The sign: a step goes against the gradient."
    return [
        (
            f"Momentum as a heavy ball: the new step is `{lr}` times the gradient plus `{b}` times the old step `v`, and it is "
            "taken off the weight `w`. What is the new `w`?",
            f"w - ({lr}*g + {b}*v)",
            f"w - {lr}*g - {b}*v",
            [
                (f"w - {lr}*(g + {b}*v)", f"Here the old step `v` has the rate in it already: only `g` gets `{lr}`."),
                (f"w - {lr}*g", "This is plain SGD: the memory is missing."),
                (f"w - {lr}*g + {b}*v", "The whole new step is taken off, its old part too: mind the parentheses."),
            ],
            ["w", "g", "v", lr, b],
        ),
        (
            f"Momentum as a moving average `m` of the gradients, with decay `{b}` and factors that sum to 1: the step is `{lr}` times "
            "the *new* average. What is the new `w`?",
            f"w - {lr}*({average})",
            f"w - {lr}*g - {lr}*{b}*(m - g)",
            [
                (f"w - {lr}*((1 - {b})*m + {b}*g)", swapped),
                (f"w - {lr}*({b}*m + g)", f"The factors sum to 1: the gradient gets `1 - {b}`."),
                (f"w + {lr}*({average})", upwards),
                (f"w - {lr}*m", "This takes the old average; the new gradient comes into it first."),
            ],
            ["w", "g", "m", lr, b],
        ),
        (
            f"RMSProp keeps a moving average `s` of the squared gradients, with decay `{b}` and factors that sum to 1. What is the new `s`?",
            square,
            f"s + (1 - {b})*(g^2 - s)",
            [
                ("s + g^2", "This is Adagrad's sum, which never forgets."),
                (f"(1 - {b})*s + {b}*g^2", swapped),
                (f"{b}*s + (1 - {b})*g", "The *squares* are averaged."),
            ],
            ["g", "s", b],
        ),
        (
            f"RMSProp with decay `{b}` of the average `s` of the squared gradients (factors that sum to 1), rate `{lr}` and $\\epsilon = 0$: "
            "the step uses the *new* average. What is the new `w`?",
            f"w - {lr}*g/sqrt({square})",
            f"w - {lr}*g*(g^2 + {b}*(s - g^2))^(-1/2)",
            [
                (f"w - {lr}*g/({square})", "The gradient is divided by the *root* of the average."),
                (f"w - {lr}*g/sqrt(s)", "This takes the old average; the new gradient comes into it first."),
                (f"w + {lr}*g/sqrt({square})", upwards),
                (f"w - {lr}*g/sqrt(s + g^2)", "This is Adagrad's sum, which never forgets."),
            ],
            ["w", "g", "s", lr, b],
        ),
        (
            f"Adam's first moment `m` is a moving average of the gradients with decay `{b}` (factors that sum to 1). What is it after "
            "the step with gradient `g`, *with* bias correction, if this is step number `t` (from 1)?",
            f"({average})/(1 - {b}^t)",
            f"(g + {b}*(m - g))/(1 - {b}^t)",
            [
                (average, f"The bias correction is missing: divide by `1 - {b}^t`."),
                (f"({average})/(1 - {b})", f"The correction fades: `{b}` to the power of the step number `t`."),
                (f"({average})*(1 - {b}^t)", "The average is too small at first: the correction divides."),
                (f"((1 - {b})*m + {b}*g)/(1 - {b}^t)", swapped),
            ],
            ["g", "m", "t", b],
        ),
        (
            f"SGD with rate `{lr}` on a loss plus the penalty $\\lambda w^2$; type `lam` for $\\lambda$. What is the new `w`?",
            f"w - {lr}*(g + 2*lam*w)",
            f"w*(1 - 2*{lr}*lam) - {lr}*g",
            [
                (f"w - {lr}*(g + lam*w)", "The derivative of the square has a factor 2."),
                (f"w - {lr}*g - 2*lam*w", "The rate multiplies the penalty's gradient too."),
                (f"w - {lr}*(g - 2*lam*w)", "The penalty pulls `w` towards 0: its gradient is added."),
            ],
            ["w", "g", lr, "lam"],
        ),
    ]


#: what it is, the head, and for each line: what it does, and wrong lines with what must be said about them
_OPTIMISERS = [
    (
        "Adam",
        "def step(w, g, m, v, t, lr, b1, b2, eps):",
        {
            "    t = t + 1": ("the correction needs the number of the step", ()),
            "    m = b1 * m + (1 - b1) * g": (
                "it averages the gradients",
                (
                    ("    m = (1 - b1) * m + b1 * g", "the old average keeps b1, the new gradient gets the rest"),
                    ("    m = b1 * m + g", "the factors sum to 1, as the correction below expects"),
                ),
            ),
            "    v = b2 * v + (1 - b2) * g ** 2": (
                "it averages their squares",
                (
                    ("    v = b2 * v + (1 - b2) * g", "the *squares* of the gradients are averaged"),
                    ("    v = v + g ** 2", "Adam forgets old squares; this is Adagrad's sum"),
                ),
            ),
            "    m_hat = m / (1 - b1 ** t)": (
                "it makes up for the start from 0",
                (("    m_hat = m / (1 - b1)", "without the power `t` the correction never fades"),),
            ),
            "    v_hat = v / (1 - b2 ** t)": (
                "it makes up for the start from 0",
                (
                    ("    v_hat = v * (1 - b2 ** t)", "the average is too small at first, so the correction divides"),
                    (
                        "    v_hat = v / (1 - b1 ** t)",
                        "the squares are averaged with b2, so they are corrected with b2",
                    ),
                ),
            ),
            "    w = w - lr * m_hat / (np.sqrt(v_hat) + eps)": (
                "it makes the step",
                (
                    ("    w = w - lr * m_hat / (v_hat + eps)", "the *root* of the average stands below"),
                    ("    w = w - lr * g / (np.sqrt(v_hat) + eps)", "the step follows the averaged gradient"),
                    ("    w = w + lr * m_hat / (np.sqrt(v_hat) + eps)", "the step goes against the gradient"),
                ),
            ),
            "    return w, m, v, t": (
                "the next step needs all four",
                (("    return w, m_hat, v, t", "the average goes on without its correction"),),
            ),
        },
    ),
    (
        "RMSProp",
        "def step(w, g, s, lr, beta, eps):",
        {
            "    s = beta * s + (1 - beta) * g ** 2": (
                "it averages the squares of the gradients",
                (
                    ("    s = s + g ** 2", "RMSProp forgets old squares; this is Adagrad's sum"),
                    ("    s = beta * s + (1 - beta) * g", "the *squares* of the gradients are averaged"),
                    (
                        "    s = (1 - beta) * s + beta * g ** 2",
                        "the old average keeps beta, the new square gets the rest",
                    ),
                ),
            ),
            "    scale = np.sqrt(s) + eps": (
                "the typical size of the gradients",
                (
                    ("    scale = s + eps", "the *root* of the average is the size of the gradients"),
                    ("    scale = np.sqrt(s)", "without `eps` this is 0 where all gradients so far are 0"),
                ),
            ),
            "    w = w - lr * g / scale": (
                "the gradient divided by its typical size",
                (
                    ("    w = w + lr * g / scale", "the step goes against the gradient"),
                    (
                        "    w = w - lr * g * scale",
                        "the gradient is divided by its size, so that the step does not depend on it",
                    ),
                ),
            ),
            "    return w, s": (
                "the next step needs the average",
                (("    return w, scale", "the next step needs the average, not its root"),),
            ),
        },
    ),
    (
        "momentum, with a moving average of the gradients (factors that sum to 1)",
        "def step(w, g, m, lr, beta):",
        {
            "    m = beta * m + (1 - beta) * g": (
                "it averages the gradients",
                (
                    ("    m = (1 - beta) * m + beta * g", "the old average keeps beta, the new gradient gets the rest"),
                    ("    m = beta * m + g", "the factors sum to 1, as in every moving average"),
                ),
            ),
            "    w = w - lr * m": (
                "the step follows the average",
                (
                    ("    w = w + lr * m", "the step goes against the gradient"),
                    ("    w = w - lr * g", "the step follows the average; with `g` the memory is never used"),
                ),
            ),
            "    return w, m": (
                "the next step needs the average",
                (("    return w, g", "the next step needs the average, not the last gradient"),),
            ),
        },
    ),
]
