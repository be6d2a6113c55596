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
            Slip(-lr * (g[0] * (1 + b + b * b) + g[1] * (1 + b)), "This looks ahead, as Nesterov's form does."),
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
    rate = optim.step_decay(lr, g, s, e)
    return Question(
        prompt=f"The rate starts at ${tex(lr)}$ and is multiplied by ${tex(g)}$ after every {s} epochs. What is it in epoch {e} (counted from 0)?",
        answer=Number(rate),
        slips=[
            Slip(lr * g ** (e / s), "It falls in steps: the quotient is rounded down."),
            Slip(lr / (1 + e), r"This is the schedule $\eta / (1 + t)$."),
            Slip(lr * g ** (e // s + 1), f"By epoch {e} it has fallen {e // s} times."),
            Slip(
                lr * g,
                "It has fallen more than once, or not only once."
                if e // s > 1
                else "Look once more at how often it fell.",
            )
            if e // s > 1
            else Slip(lr, "It has fallen once."),
        ],
        explanation=rf"$\lfloor {e} / {s} \rfloor = {e // s}$ steps: ${tex(lr)} \cdot {tex(g)}^{{{e // s}}} = {tex(rate)}$.",
        hints=["How many times has it fallen?"],
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
        "there is too much dropout": "Dropout changes the gap between training and validation, not this form.",
    }
    right = list(curves)[int(rng.integers(4))]
    return Question(
        prompt="What does this training loss tell?",
        answer=Choice(right),
        slips=[Slip(cause, told) for cause, told in why.items() if cause != right],
        explanation=f"{right[0].upper()}{right[1:]}.",
        hints=["Does it fall, jump, stand or grow?"],
        figure=figures.curves({"training": [float(v) for v in curves[right]]}),
    )


# Of other kinds ---------------------------------------------------------------------------------------------------


@template(technique="adaptive rates", tags=["formula"], difficulty=2)
def update_as_a_formula(rng):
    lr = float(rng.choice([0.1, 0.01, 0.5]))
    b = float(rng.choice([0.9, 0.8, 0.5]))
    a, c, r = plain(b), plain(1 - b), plain(lr)
    asked, right, wrong = [
        (
            rf"the new average $m$ of momentum as a moving average with $\beta = {a}$",
            f"{a}*m + {c}*g",
            [f"{a}*m + g", f"{c}*m + {a}*g"],
        ),
        (rf"the new $s$ of RMSProp with $\beta = {a}$", f"{a}*s + {c}*g^2", ["s + g^2", f"{a}*s + {c}*g"]),
        (
            rf"the new weight $w$ of RMSProp with rate ${r}$ and $\epsilon = 0$, from the *new* $s$",
            f"w - {r}*g/sqrt(s)",
            [f"w - {r}*g/s", f"w + {r}*g/sqrt(s)"],
        ),
        (
            rf"the new weight $w$ of SGD with rate ${r}$ and weight decay, $g + {c} w$ in place of $g$",
            f"w - {r}*(g + {c}*w)",
            [f"w - {r}*g + {c}*w", f"w - {r}*g - {c}*w"],
        ),
    ][int(rng.integers(4))]
    return Question(
        prompt=f"Enter {asked} as a formula in the old values and the gradient $g$.",
        answer=Formula(right, {"w": (-2, 2), "g": (0.2, 2), "m": (-1, 1), "s": (0.3, 3)}),
        slips=[
            Slip(wrong[0], "Look at the factors and roots: one of them is missing or stands elsewhere."),
            Slip(wrong[1], "A sign, a square or the two weights are exchanged."),
        ],
        explanation=f"`{right}`.",
        hints=["Which part is kept, which is new?"],
    )


@template(technique="adam", tags=["bug", "code"], difficulty=3)
def bug_in_an_optimiser(rng):
    right = {
        "t += 1": "the count is needed by the correction.",
        "m = b1 * m + (1 - b1) * g": "it averages the gradients.",
        "v = b2 * v + (1 - b2) * g ** 2": "it averages their squares.",
        "m_hat = m / (1 - b1 ** t)": "it makes up for the start from 0.",
        "v_hat = v / (1 - b2 ** t)": "it makes up for the start from 0.",
        "w = w - lr * m_hat / (np.sqrt(v_hat) + eps)": "it makes the step.",
    }
    bugs = {
        "m = b1 * m + (1 - b1) * g": (
            "m = (1 - b1) * m + b1 * g",
            "the old average keeps b1, the new gradient gets the rest",
        ),
        "v = b2 * v + (1 - b2) * g ** 2": ("v = b2 * v + (1 - b2) * g", "the squares are averaged"),
        "m_hat = m / (1 - b1 ** t)": (
            "m_hat = m / (1 - b1)",
            "the power counts the steps: without it the correction never ends",
        ),
        "v_hat = v / (1 - b2 ** t)": ("v_hat = v * (1 - b2 ** t)", "the correction divides"),
        "w = w - lr * m_hat / (np.sqrt(v_hat) + eps)": ("w = w - lr * m_hat / (v_hat + eps)", "the root is missing"),
    }
    lines = list(right)
    wrong = list(bugs)[int(rng.integers(len(bugs)))]
    shown = [bugs[line][0] if line == wrong else line for line in lines]
    options = line_options(shown)
    place = lines.index(wrong)
    others = [i for i in range(len(lines)) if i != place]
    picked = sorted(int(i) for i in rng.choice(others, size=3, replace=False))
    return Question(
        prompt=f"This is to be one step of Adam. One line is wrong. Which?\n\n{numbered(shown)}",
        answer=Choice(options[place]),
        slips=[Slip(options[i], f"This line is right: {right[lines[i]]}") for i in picked],
        explanation=f"Line {place + 1} must be `{wrong}`: {bugs[wrong][1]}.",
        hints=["Check each line against the five formulas of Adam."],
    )


@template(technique="momentum", tags=["code", "torch"], difficulty=2)
def what_torch_prints_after_two_steps(rng):
    lr, b, start = float(rng.choice([0.1, 0.5])), float(rng.choice([0.5, 0.9])), int(rng.integers(1, 6))
    c = int(rng.integers(1, 5))
    after = start - lr * c - lr * (c + b * c)
    if abs(after) < 0.01:
        raise Redraw
    return Question(
        prompt="What does this print (rounded to two digits)?\n\n```python\n"
        f"w = torch.tensor([{start}.0], requires_grad=True)\nopt = torch.optim.SGD([w], lr={plain(lr)}, momentum={plain(b)})\nfor _ in range(2):\n"
        f'    opt.zero_grad()\n    ({c} * w).sum().backward()\n    opt.step()\nprint(f"{{w.item():.2f}}")\n```',
        answer=Output(f"{after:.2f}"),
        slips=[
            Slip(f"{start - 2 * lr * c:.2f}", "The second step also carries momentum times the first one."),
            Slip(
                f"{start - lr * c * (1 - b) - lr * c * (1 - b * b):.2f}",
                "PyTorch's momentum has no factor 1 − β at the gradient.",
            ),
            Slip(f"{start + lr * c + lr * (c + b * c):.2f}", "The optimiser goes down, against the gradient."),
        ],
        explanation=f"The gradient is {c} in both steps. First step ${tex(lr * c)}$, second ${tex(lr)} \\cdot ({c} + {tex(b)} \\cdot {c}) = {tex(lr * (c + b * c))}$: "
        f"${start} - {tex(lr * c)} - {tex(lr * (c + b * c))} = {tex(after)}$.",
        hints=["What is the gradient of $c w$?", r"$v \leftarrow \beta v + g$, $w \leftarrow w - \eta v$."],
        again=f"{start - float(-optim.momentum_heavy([c, c], lr, b)):.2f}",
    )


def _two_gradients(rng):
    g = [float(v) for v in rng.choice([-4, -3, -2, -1, 1, 2, 3, 4], size=2)]
    if g[0] + g[1] == 0 and rng.integers(2):
        raise Redraw
    return g


def _ema(g, lr, b):
    return float(optim.momentum_ema(g, lr, b))
