"""Quiz templates: recurrent networks, backpropagation through time, and series made into examples."""

import numpy as np

from autograder.quiz import (
    Choice,
    Formula,
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
from reference import data, rnn


@template(technique="recurrent networks", tags=["forward pass", "tanh"], difficulty=2, syllabus="Q10.1")
def two_steps_of_a_cell(rng):
    w, u = (float(v) for v in rng.choice([-1.0, -0.5, 0.5, 1.0, 1.5], size=2))
    x = rng.choice([-2.0, -1.0, 0.5, 1.0, 2.0], size=2)
    cell = {"W_x": np.array([[w]]), "W_h": np.array([[u]]), "b_h": np.zeros(1)}
    h = rnn.forward(x[:, None], cell)[:, 0]
    first, raw = w * x[0], w * x[1] + u * w * x[0]
    return Question(
        prompt=rf"A recurrent cell computes $h_t = \tanh(w x_t + u h_{{t-1}})$ with $w = {tex(w)}$, $u = {tex(u)}$ and $h_0 = 0$. The "
        f"inputs are $x_1 = {tex(x[0])}$ and $x_2 = {tex(x[1])}$. What is $h_2$?",
        answer=Number(h[1]),
        slips=[
            Slip(float(np.tanh(w * x[1])), "The state of the step before is missing: $u h_1$."),
            Slip(float(np.tanh(raw)), "What is carried on is $h_1$, after the tanh."),
            Slip(raw, "There is no tanh in this."),
            Slip(h[0], "This is $h_1$; one more step."),
        ],
        explanation=rf"$h_1 = \tanh({tex(first)}) = {tex(h[0], 4)}$, then $h_2 = \tanh({tex(w * x[1])} {plus(u * h[0], 4)}) = {tex(h[1], 4)}$.",
        hints=["First $h_1$, with $h_0 = 0$.", r"$h_2 = \tanh(w x_2 + u h_1)$."],
        again=float(np.tanh(w * x[1] + u * np.tanh(first))),
    )


@template(technique="parameters of recurrent layers", tags=["parameters"], difficulty=2, syllabus="Q10.2")
def parameters_with_a_head(rng):
    d, h, V, T = (int(rng.integers(*span)) for span in ((4, 80), (8, 120), (10, 300), (5, 40)))
    count = rnn.param_count(d, h, V=V)
    return Question(
        prompt=f"A simple recurrent layer with one bias has {h} units and reads sequences of {T} vectors of length {d}; a dense layer with "
        f"biases makes {V} logits from each state. How many parameters are there?",
        answer=Integer(count),
        slips=[
            Slip(count * T, "The weights are the same in every step: the length of the sequence does not count."),
            Slip((d + 1) * h + (h + 1) * V, "The recurrent matrix from state to state is missing."),
            Slip(4 * h * (d + h + 1) + V * (h + 1), "Four gates are those of an LSTM."),
            Slip(h * (d + h) + h * V, "Both layers have biases."),
        ],
        explanation=rf"Layer: ${h} \cdot ({d} + {h} + 1) = {h * (d + h + 1)}$; head: $({h} + 1) \cdot {V} = {(h + 1) * V}$; together {count}.",
        hints=["What does one unit receive: inputs, states, a bias."],
        again=h * (d + h + 1) + V * (h + 1),
    )


@template(technique="backpropagation through time", tags=["gradient"], difficulty=3, syllabus="Q10.3")
def derivative_through_time(rng):
    w, T = int(rng.choice([-2, 2, 3, 4, 5])), int(rng.integers(3, 6))
    total = float(rnn.linear_bptt(w, T))
    h = [0.0]
    for _ in range(T):
        h.append(w * h[-1] + 1)
    terms = [w ** (T - t) * h[t - 1] for t in range(1, T + 1)]
    return Question(
        prompt=f"Let $h_t = w h_{{t-1}} + 1$ with $h_0 = 0$ and $w = {w}$. What is $\\partial h_{T} / \\partial w$, through all steps?",
        answer=Number(total),
        slips=[
            Slip(h[T - 1], "This is the last step alone: $w$ also acts in all steps before."),
            Slip(
                float(w ** (T - 1)),
                "This is how $h_1$ acts on the end; each step's own derivative and their sum are missing.",
            ),
            Slip(terms[-1] + terms[-2], "This stops after two steps, as truncated backpropagation would."),
            Slip(float(h[T]), f"This is $h_{T}$ itself."),
        ],
        explanation=rf"Each step adds $w^{{{T}-t}} h_{{t-1}}$: ${' + '.join(par(v) for v in terms)} = {tex(total)}$ "
        f"(states {', '.join(tex(v) for v in h[:-1])}).",
        hints=[
            "Write $h_t$ as a polynomial in $w$, or add what each step contributes.",
            rf"$\sum_t w^{{{T}-t}} h_{{t-1}}$.",
        ],
        again=float(sum(k * w ** (k - 1) for k in range(1, T))),
    )


@template(technique="vanishing and exploding gradients", tags=["gradient"], difficulty=1, syllabus="Q10.4")
def norm_over_many_steps(rng):
    eta, T = float(rng.choice([0.5, 0.8, 0.9, 0.95, 1.1, 1.2, 1.5])), int(rng.integers(8, 25))
    k = int(rng.integers(1, T - 4))
    bound = rnn.gradient_norm_bound(eta, T, k)
    return Question(
        prompt=rf"Each factor $\partial h_t / \partial h_{{t-1}}$ has norm ${tex(eta)}$ (and the norms multiply). What is the norm of the "
        rf"product over $t = {k + 1}, \ldots, {T}$?",
        answer=Number(bound),
        slips=[
            Slip(eta ** (T - k - 1), f"From {k + 1} to {T}, both counted, there are {T - k} factors."),
            Slip(eta * (T - k), "The norms multiply; they are not added."),
            Slip(eta**T, f"The product begins at $t = {k + 1}$, not at 1."),
            Slip(eta ** (T - k + 1), f"From {k + 1} to {T}, both counted, there are {T - k} factors."),
        ],
        explanation=rf"{T - k} factors: ${tex(eta)}^{{{T - k}}} = {tex(bound, 4)}$.",
        hints=["How many factors are there?"],
        again=float(np.exp((T - k) * np.log(eta))),
    )


@template(
    technique="parameters of recurrent layers", tags=["bidirectional", "parameters"], difficulty=2, syllabus="Q10.5"
)
def bidirectional_layer(rng):
    d, h = int(rng.integers(4, 60)), int(rng.integers(8, 130))
    count = rnn.param_count(d, h, bidirectional=True)
    one = h * (d + h + 1)
    return Question(
        prompt=f"A bidirectional simple recurrent layer has {h} units for each direction and reads vectors of length {d} (one bias for each "
        "unit). How long is its output in each step (both states one behind the other), and how many parameters has it?",
        answer=Numbers([2 * h, count], labels=("output size", "parameters"), whole=True),
        slips=[
            Slip([h, count], "The two states are put one behind the other, not added."),
            Slip([2 * h, one], "Each direction has weights of its own."),
            Slip(
                [2 * h, h * (d + 2 * h + 1)],
                "Some lectures draw one state with two recurrent matrices; here each direction is a whole layer.",
            ),
            Slip([2 * h, 2 * h * (d + h)], "Each unit also has a bias."),
        ],
        explanation=rf"Two layers of ${h} \cdot ({d} + {h} + 1) = {one}$ parameters: {count}; two states of {h}: {2 * h}.",
        hints=["It is two layers that do not know of each other."],
        again=[2 * h, 2 * one],
    )


@template(technique="vanishing and exploding gradients", tags=["clipping"], difficulty=2, syllabus="Q10.6")
def clipping_by_the_norm(rng):
    a, b = [(3, 4), (6, 8), (5, 12), (8, 15), (9, 12)][int(rng.integers(5))]
    g = np.array([a, b], float) * rng.choice([-1, 1], size=2)
    norm = float(np.hypot(a, b))
    c = float(rng.choice([1.0, 2.0, 2.5, 4.0]))
    clipped = rnn.clip_by_norm(g, c)
    return Question(
        prompt=f"The gradient $g = {tex(g)}$ is clipped by its global norm to at most ${tex(c)}$. What is used?",
        answer=Numbers(clipped),
        slips=[
            Slip(
                np.clip(g, -c, c),
                "This clips each entry and turns the gradient; clipping by the norm keeps its direction.",
            ),
            Slip(g / norm, f"This has norm 1: the limit is ${tex(c)}$."),
            Slip(g, f"Its norm is ${tex(norm)}$, which is more than ${tex(c)}$."),
            Slip(g / c, "Divide by the norm and multiply by the limit."),
        ],
        explanation=rf"The norm is ${tex(norm)}$, so all is multiplied by ${tex(c)} / {tex(norm)}$: ${tex(clipped, 4)}$.",
        hints=["What is the norm of $g$?", r"$g \cdot c / \|g\|$ where the norm is larger than $c$."],
        again=g * (c / norm),
    )


@template(technique="vanishing and exploding gradients", tags=["clipping"], difficulty=1, syllabus="Q10.7")
def clipping_a_short_gradient(rng):
    a, b = [(0.3, 0.4), (0.6, 0.8), (0.5, 1.2), (1.5, 2.0), (0.9, 1.2)][int(rng.integers(5))]
    g = np.array([a, b]) * rng.choice([-1, 1], size=2)
    c = float(rng.choice([3.0, 4.0, 5.0]))
    same = rnn.clip_by_norm(g, c)
    norm = float(np.hypot(a, b))
    return Question(
        prompt=f"Gradients are clipped by their global norm to at most ${tex(c)}$. This step's gradient is $g = {tex(g)}$. What is used?",
        answer=Numbers(same),
        slips=[
            Slip(g * c / norm, f"Its norm is ${tex(norm)}$, below the limit: clipping never makes a gradient longer."),
            Slip([0.0, 0.0], "A short gradient is not thrown away."),
            Slip(g / norm, "It is not normalised either: the limit is not reached."),
        ],
        explanation=rf"$\|g\| = {tex(norm)} \leq {tex(c)}$: it stays as it is.",
        hints=["Is the norm above the limit at all?"],
        again=np.array(g),
    )


@template(technique="series as examples", tags=["windows"], difficulty=2, syllabus="Q10.8")
def number_of_windows(rng):
    N, L = int(rng.integers(60, 300)), int(rng.integers(4, 25))
    H, s = int(rng.integers(1, 6)), int(rng.integers(1, 6))
    count = data.window_count(N, L, H, s)
    return Question(
        prompt=f"A series of {N} values is cut into examples: {L} values in a row as input, the next {H} as target; the next example begins "
        f"{s} later. How many whole examples are there?",
        answer=Integer(count),
        slips=[
            Slip(N - L, "This forgets the step and the targets."),
            Slip((N - L) // s + 1, "The last targets must lie inside the series too."),
            Slip((N - L - H) // s, "The first one counts: plus 1."),
            Slip((N - L - H) + 1 if s > 1 else N // (L + H), "Mind the step between two examples."),
        ],
        explanation=rf"$\lfloor ({N} - {L} - {H}) / {s} \rfloor + 1 = {count}$.",
        hints=["Where may the last example begin?", "It is the formula of a convolution's size."],
        again=len(range(0, N - L - H + 1, s)),
    )


@template(technique="parameters of recurrent layers", tags=["stacked", "parameters"], difficulty=2, syllabus="Q10.9")
def stacked_layers(rng):
    d, h, L = int(rng.integers(4, 80)), int(rng.integers(8, 100)), int(rng.integers(2, 6))
    if d == h:
        raise Redraw
    count = rnn.param_count(d, h, layers=L)
    first, other = h * (d + h + 1), h * (2 * h + 1)
    return Question(
        prompt=f"{L} simple recurrent layers of {h} units (one bias each) are stacked; the lowest reads vectors of length {d}. How many "
        "parameters are there?",
        answer=Integer(count),
        slips=[
            Slip(L * first, f"Only the first layer reads {d} inputs; the others read {h} states."),
            Slip(first + (L - 1) * h * (h + 1), "The upper layers have recurrent matrices too."),
            Slip(L * other, f"The first layer reads {d} inputs, not {h}."),
        ],
        explanation=rf"First: ${h} ({d} + {h} + 1) = {first}$; each other: ${h} ({h} + {h} + 1) = {other}$; together ${first} + {L - 1} \cdot {other} = {count}$.",
        hints=["What does the second layer read?"],
        again=first + (L - 1) * other,
    )


@template(technique="patterns of input and output", tags=["sequences"], difficulty=1, fixed=True, syllabus="Q10.10")
def pattern_of_a_task(rng):
    tasks = {
        "writing a caption for an image": rnn.pattern(1, 8),
        "the sentiment of a film review": rnn.pattern(50, 1),
        "translating a sentence": rnn.pattern(12, 10),
        "labelling each frame of a video": rnn.pattern(30, 30, aligned=True),
        "composing a tune from one chord": rnn.pattern(1, 40),
        "who is speaking, from ten seconds of sound": rnn.pattern(1000, 1),
        "the part of speech of each word": rnn.pattern(12, 12, aligned=True),
        "summing up an article in three sentences": rnn.pattern(800, 60),
    }
    task = list(tasks)[int(rng.integers(len(tasks)))]
    why = {
        "one-to-many": "One input starts it, and many outputs follow: here that does not fit.",
        "many-to-one": "A whole sequence is read for a single output: here that does not fit.",
        "many-to-many (delayed)": "All is read before the first output comes: here that does not fit.",
        "many-to-many (aligned)": "Each input has its own output, at once: here that does not fit.",
    }
    kinds = sorted(set(tasks.values()))
    return Question(
        prompt=f"Which pattern of inputs and outputs has this task: {task}?",
        answer=Choice(tasks[task]),
        slips=[
            Slip(kind, why.get(kind, "Count the inputs, then the outputs, and ask when the first output can come."))
            for kind in kinds
            if kind != tasks[task]
        ],
        explanation=f"{task.capitalize()}: {tasks[task]}.",
        hints=["How many inputs, how many outputs, and does each input have its own output?"],
    )


@template(technique="recurrent networks", tags=["shapes", "code", "torch"], difficulty=2)
def shapes_through_rnn_code(rng):
    N, T, d, h = (int(v) for v in rng.choice(np.arange(2, 40), size=4, replace=False))
    layers, both, first = int(rng.integers(1, 4)), bool(rng.integers(2)), bool(rng.integers(2))
    ways = 2 if both else 1
    ask_state = bool(rng.integers(2))
    out = (N, T, ways * h) if first else (T, N, ways * h)
    state = (ways * layers, N, h)
    x = (N, T, d) if first else (T, N, d)
    options = f"{d}, {h}, num_layers={layers}" + ", batch_first=True" * first + ", bidirectional=True" * both
    code = (
        f"net = nn.RNN({options})\nx = torch.zeros{x}\nout, h_n = net(x)\nprint({'h_n' if ask_state else 'out'}.shape)"
    )
    right = state if ask_state else out
    swapped = (right[1], right[0], right[2])
    return Question(
        prompt=f"What shape is printed?\n\n```python\n{code}\n```",
        answer=Shape(right),
        slips=[
            Slip(
                out if ask_state else state,
                "`out` has the top layer's states of all steps; `h_n` the last state of each layer and direction.",
            ),
            Slip(swapped, "Look at `batch_first`: it holds for `x` and `out`, never for `h_n`."),
            Slip((*right[:2], d), f"States have {h} entries, not {d}."),
            Slip(
                (*right[:2], h) if not ask_state else (layers, N, ways * h),
                "Mind the two directions, and where they go: to the features of `out`, to the rows of `h_n`.",
            ),
        ],
        explanation=f"`out`: {out}; `h_n`: {state} (layers × directions, batch, units).",
        hints=["What are the three axes of `x` here?", "Which of the two is asked?"],
        again=right,
    )


@template(technique="backpropagation through time", tags=["formula", "derivative"], difficulty=2)
def jacobian_of_a_cell(rng):
    kind = int(rng.integers(3))
    a = int(rng.integers(2, 8))
    name, by, right, wrong = [
        (
            rf"\tanh({a} x + u h)",
            "h",
            "u*(1 - tanh({a}*x + u*h)^2)",
            ["1 - tanh({a}*x + u*h)^2", "{a}*(1 - tanh({a}*x + u*h)^2)", "u*tanh({a}*x + u*h)"],
        ),
        (
            rf"\sigma({a} x + u h)",
            "h",
            "u*sigmoid({a}*x + u*h)*(1 - sigmoid({a}*x + u*h))",
            [
                "sigmoid({a}*x + u*h)*(1 - sigmoid({a}*x + u*h))",
                "u*(1 - sigmoid({a}*x + u*h)^2)",
                "{a}*sigmoid({a}*x + u*h)*(1 - sigmoid({a}*x + u*h))",
            ],
        ),
        (
            rf"\tanh(u h + {a} x)",
            "x",
            "{a}*(1 - tanh(u*h + {a}*x)^2)",
            ["u*(1 - tanh(u*h + {a}*x)^2)", "1 - tanh(u*h + {a}*x)^2", "{a}*tanh(u*h + {a}*x)"],
        ),
    ][kind]
    why = [
        "The chain rule's inner derivative is not right: what stands before the variable?",
        "This is not the rule of this activation, or the factor of the other variable.",
        "This is not the derivative of the activation, or not with the right factor.",
    ]
    return Question(
        prompt=f"A cell computes $f = {name}$ with numbers $x$, $u$, $h$. Enter $\\partial f / \\partial {by}$ as a formula.",
        answer=Formula(right.format(a=a), {"x": (-0.5, 0.5), "u": (-1.5, 1.5), "h": (-0.9, 0.9)}),
        slips=[Slip(each.format(a=a), reason) for each, reason in zip(wrong, why, strict=True)],
        explanation=f"The activation's derivative times the inner one: `{right.format(a=a)}`.",
        hints=[r"$\tanh' = 1 - \tanh^2$ and $\sigma' = \sigma (1 - \sigma)$.", f"What is the factor of ${by}$ inside?"],
    )


@template(technique="vanishing and exploding gradients", tags=["picture"], difficulty=2, fixed=True)
def read_gradient_norms(rng):
    eta = float(rng.choice([0.6, 0.7, 0.8, 1.15, 1.25, 1.35]))
    T = 20
    norms = [eta ** (T - t) for t in range(1, T + 1)]
    steady = [float(v) for v in 1 + 0.03 * rng.normal(size=T)]
    vanishing = eta < 1
    right = (
        "clip the gradient's norm"
        if not vanishing
        else "use gates (LSTM, GRU), so that the path through the cell is nearly the identity"
    )
    options = {
        "clip the gradient's norm": "Clipping shortens long gradients; it cannot lengthen short ones.",
        "use gates (LSTM, GRU), so that the path through the cell is nearly the identity": "Gates help against vanishing; what explodes in the earliest steps is cut by clipping.",
        "raise the learning rate": "That helps neither: the early steps still count far less or far more than the late ones.",
        "use longer sequences": "Longer sequences make it worse: more factors multiply.",
    }
    return Question(
        prompt="The picture shows how large the gradient of the loss at the last step is with respect to the state of each step, for this "
        "network and for one without the trouble. What helps most directly?",
        answer=Choice(right),
        slips=[Slip(option, why) for option, why in options.items() if option != right],
        explanation=f"The gradient {'vanishes' if vanishing else 'explodes'} towards the first steps: each step multiplies it by about ${tex(eta)}$.",
        hints=["Read the curve from the right, the last step, to the left."],
        figure=figures.curves(
            {"network": norms, "without": steady}, x=list(range(1, T + 1)), x_label="step", y_label="gradient norm"
        ),
    )


@template(technique="recurrent networks", tags=["bug", "code"], difficulty=2)
def bug_in_a_recurrent_forward_pass(rng):
    right = {
        "h = np.zeros(n)": "the first state is zero.",
        "for x in X:": "it goes over the steps.",
        "    a = W @ x + U @ h + b": "input, state and bias enter.",
        "    h = np.tanh(a)": "the state is the activation.",
        "    H.append(h)": "every state is kept.",
        "return np.array(H), V @ h + c": "the logits come from the last state.",
    }
    bugs = {
        "h = np.zeros(n)": [("h = np.zeros(len(X))", "a state has $n$ entries, not one for each step")],
        "    a = W @ x + U @ h + b": [
            ("    a = W @ x + b", "the state of the step before is missing"),
            ("    a = W @ h + U @ x + b", "the matrices are swapped: $W$ is for the input, $U$ for the state"),
        ],
        "    h = np.tanh(a)": [("    y = np.tanh(a)", "the new state is never carried to the next step")],
        "    H.append(h)": [("    H.append(x)", "the inputs are kept instead of the states")],
        "return np.array(H), V @ h + c": [("return np.array(H), V @ H[0] + c", "the logits come from the first state")],
    }
    lines = list(right)
    wrong = list(bugs)[int(rng.integers(len(bugs)))]
    text, why = bugs[wrong][int(rng.integers(len(bugs[wrong])))]
    shown = ["H = []", *(text if line == wrong else line for line in lines)]
    place = lines.index(wrong) + 1
    picked = [i + 1 for i, line in enumerate(lines) if line in bugs and i + 1 != place]
    picked = sorted(int(i) for i in rng.choice(picked, size=3, replace=False))
    options = line_options(shown)
    return Question(
        prompt=r"`X` holds the inputs of $h_t = \tanh(W x_t + U h_{t-1} + b)$, which has $n$ units; the logits come from the last state. One "
        f"line is wrong. Which?\n\n{numbered(shown)}",
        answer=Choice(options[place]),
        slips=[Slip(options[i], f"This line is right: {right[lines[i - 1]]}") for i in picked],
        explanation=f"Line {place + 1} must be `{wrong.strip()}`: {why}.",
        hints=["Follow one state from step to step."],
    )
