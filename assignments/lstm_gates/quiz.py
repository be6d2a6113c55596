"""Quiz templates: LSTM and GRU.  Conventions: gates f, i, o, candidate g, old states h and c; W acts on x, U on h."""

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
    par,
    plus,
    template,
    tex,
)
from reference import lstm


@template(technique="parameters of gated layers", tags=["lstm", "parameters"], difficulty=1, syllabus="Q11.1")
def lstm_parameters(rng):
    d, h = (int(n) for n in rng.choice(np.arange(3, 200), size=2, replace=False))
    one = h * (d + h + 1)
    count = lstm.param_count("lstm", d, h)
    return Question(
        prompt=f"An LSTM layer of {h} units reads vectors of length {d}. Each gate and the candidate have one bias vector. "
        "How many parameters does the layer have?",
        answer=Integer(count),
        slips=[
            Slip(4 * h * (d + h + 2), "PyTorch keeps two bias vectors for each gate; here there is one."),
            Slip(3 * one, "Three sets are those of a GRU. An LSTM has three gates *and* a candidate: four."),
            Slip(one, "This is one gate. There are three gates and a candidate, each with weights of its own."),
            Slip(4 * h * (d + h), "The biases are missing: one for each unit, in all four sets."),
            Slip(4 * h * (d + 1), "The matrices from the old state are missing: each gate reads $h_{t-1}$ too."),
        ],
        explanation=rf"One gate: ${h} \cdot ({d} + {h} + 1) = {one}$ for input, old state and bias. Four sets "
        rf"($f$, $i$, $o$, candidate): $4 \cdot {one} = {count}$.",
        hints=[
            "How many values does one unit of one gate read? Do not forget the old state and the bias.",
            r"$4 \, h \, (d + h + 1)$.",
        ],
        again=4 * (h * d + h * h + h),
    )


@template(technique="lstm cell", tags=["lstm", "forward pass"], difficulty=1, syllabus="Q11.2")
def cell_state(rng):
    f, i = _tenths(rng, 1, 9), _tenths(rng, 1, 9)
    g, c = _signed_tenths(rng), int(rng.choice([-3, -2, -1, 1, 2, 3, 4]))
    new = lstm.cell_update(f, i, g, c)
    return Question(
        prompt=f"One slot of an LSTM holds $c_{{t-1}} = {c}$. In this step the forget gate is $f = {tex(f)}$, the input "
        f"gate $i = {tex(i)}$ and the candidate $g = {tex(g)}$. What is $c_t$?",
        answer=Number(new),
        slips=[
            Slip(f * c + g, "The input gate is computed but not used: the candidate enters as $i g$."),
            Slip(i * c + f * g, "The gates are swapped: $f$ belongs to the old content, $i$ to the candidate."),
            Slip(f * c + (1 - f) * g, "This is the coupled variant with $i = 1 - f$. Here $i$ is a gate of its own."),
            Slip(c + i * g, "Nothing is forgotten here: the old content is multiplied by $f$."),
            Slip((1 - f) * c + i * g, "$f$ is the share that *stays*, although it is called the forget gate."),
        ],
        explanation=rf"$c_t = f c_{{t-1}} + i g = {tex(f)} \cdot {par(c)} + {tex(i)} \cdot {par(g)} "
        rf"= {tex(f * c)} {plus(i * g)} = {tex(new)}$.",
        hints=[
            "One gate acts on the old content, the other on the new candidate.",
            r"$c_t = f c_{t-1} + i g$.",
        ],
        again=(round(10 * f) * 10 * c + round(10 * i) * round(10 * g)) / 100,
    )


@template(technique="lstm cell", tags=["lstm", "forward pass", "tanh"], difficulty=1, syllabus="Q11.3")
def hidden_state(rng):
    o, c = _tenths(rng, 1, 9), float(rng.choice([-2.5, -2, -1.5, -1, -0.5, 0.5, 1, 1.5, 2, 2.5]))
    h = float(lstm.output(o, c))
    return Question(
        prompt=f"In an LSTM the output gate is $o = {tex(o)}$ and the new cell state is $c_t = {tex(c)}$. What is $h_t$?",
        answer=Number(h),
        slips=[
            Slip(
                o * c,
                r"The tanh is missing. Some lectures leave it out, but the standard LSTM has $h_t = o \tanh(c_t)$.",
            ),
            Slip(np.tanh(o * c), "The gate acts after the tanh: first squash the cell, then open the gate."),
            Slip(np.tanh(c), "The output gate is missing: only its share of the squashed cell is shown."),
            Slip(o / (1 + np.exp(-c)), "The cell is squashed by tanh, not by the sigmoid."),
        ],
        explanation=rf"$h_t = o \tanh(c_t) = {tex(o)} \cdot {par(np.tanh(c), 4)} = {tex(h, 4)}$.",
        hints=["The cell is squashed first; then the gate decides how much is shown.", r"$h_t = o \tanh(c_t)$."],
        again=o * (1 - 2 / (np.exp(2 * c) + 1)),
    )


@template(technique="gates", tags=["lstm", "sigmoid", "bias"], difficulty=2, syllabus="Q11.4")
def bias_of_the_forget_gate(rng):
    a = int(rng.integers(-40, 31)) / 10
    raised = float(lstm.gate(np.array(a + 1)))
    before = float(lstm.gate(np.array(a)))
    return Question(
        prompt=rf"A forget gate $f = \sigma(a)$ has the pre-activation $a = {tex(a)}$. Its bias $b_f$ is raised by 1, and "
        "nothing else changes. What is $f$ now?",
        answer=Number(raised),
        slips=[
            Slip(before + 1, "The bias acts inside the sigmoid. A gate never leaves the range from 0 to 1."),
            Slip(np.tanh(a + 1), "A gate is a sigmoid; tanh belongs to the candidate and the output."),
            Slip(1 - raised, r"This is $1 - \sigma$, what is forgotten. The gate is the share that stays."),
            Slip(before, "This is the gate before the change."),
            Slip(1 / (1 + np.exp(1 - a)), "The bias was lowered here: raising it opens the gate."),
        ],
        explanation=rf"The new pre-activation is ${tex(a)} + 1 = {tex(a + 1)}$, and $\sigma({tex(a + 1)}) = {tex(raised, 4)}$ "
        f"(before: ${tex(before, 4)}$). A higher $b_f$ keeps more; many start with $b_f = 1$ for that reason.",
        hints=[
            "Is the bias added inside or outside the sigmoid?",
            r"$f = \sigma(a + 1)$, with $\sigma(a) = 1 / (1 + e^{-a})$.",
        ],
        again=(1 + np.tanh((a + 1) / 2)) / 2,
    )


@template(technique="gradient along the cell path", tags=["lstm", "gradient"], difficulty=2, syllabus="Q11.5")
def gradient_over_many_steps(rng):
    f, T = float(rng.choice([0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99])), int(rng.integers(4, 31))
    gradient = lstm.cell_path_gradient(f, T)
    return Question(
        prompt=rf"Along the cell path of an LSTM, with all gates held fixed, every forget gate is $f = {tex(f)}$. "
        rf"What is $\partial c_{{{T}}} / \partial c_0$ for one slot?",
        answer=Number(gradient),
        slips=[
            Slip(1.0, f"This would need $f = 1$. Each step multiplies by ${tex(f)}$."),
            Slip(0.25**T, "1/4 is the largest slope of a sigmoid. Along the cell path the factor is the gate itself."),
            Slip(f, f"This is one step; there are {T}."),
            Slip(f * T, "The steps follow one another: their factors multiply, they are not added."),
            Slip(f ** (T - 1), f"From $c_0$ to $c_{{{T}}}$ there are {T} steps, so {T} factors."),
        ],
        explanation=rf"$c_t = f c_{{t-1}} + i g$ gives $\partial c_t / \partial c_{{t-1}} = f$ in each of the {T} steps: "
        rf"${tex(f)}^{{{T}}} = {tex(gradient, 4)}$.",
        hints=[
            r"What is $\partial c_t / \partial c_{t-1}$ in one step?",
            "The factors of all steps multiply.",
        ],
        again=np.exp(T * np.log(f)),
    )


@template(technique="gru", tags=["gru", "conventions"], difficulty=1, syllabus="Q11.6")
def gru_that_updates(rng):
    z, h, new = _gru_numbers(rng)
    state = _gru(z, h, new, "update")
    return Question(
        prompt=rf"A GRU computes $h_t = (1 - z)\, h_{{t-1}} + z\, \tilde h$, where $z$ is the update gate and $\tilde h$ the candidate. For one unit "
        rf"$h_{{t-1}} = {tex(h)}$, $z = {tex(z)}$ and $\tilde h = {tex(new)}$. What is $h_t$?",
        answer=Number(state),
        slips=[
            Slip(
                z * h + (1 - z) * new,
                r"This is the other convention, PyTorch's, where $z$ keeps the old state. Here $z$ belongs to $\tilde h$.",
            ),
            Slip(z * (h + new), r"The old state gets the other share, $1 - z$: the two shares add up to 1."),
            Slip(h + z * new, "The old state is multiplied by $1 - z$: what is taken in replaces something."),
            Slip(h + new, "This adds the two without any gate: they are mixed, in shares that add up to 1."),
        ],
        explanation=rf"${tex(1 - z)} \cdot {par(h)} + {tex(z)} \cdot {par(new)} = {tex((1 - z) * h)} {plus(z * new)} = {tex(state)}$.",
        hints=[
            "It is a weighted mean of the two values: it lies between them.",
            "Which of the two has the weight $z$ here?",
        ],
        again=h + z * (new - h),
    )


@template(technique="gru", tags=["gru", "conventions"], difficulty=1, syllabus="Q11.7")
def gru_that_keeps(rng):
    z, h, new = _gru_numbers(rng)
    state = _gru(z, h, new, "keep")
    return Question(
        prompt=rf"A GRU computes $h_t = z\, h_{{t-1}} + (1 - z)\, \tilde h$, as PyTorch does, with the candidate $\tilde h$. "
        rf"For one unit $h_{{t-1}} = {tex(h)}$, $z = {tex(z)}$ and $\tilde h = {tex(new)}$. What is $h_t$?",
        answer=Number(state),
        slips=[
            Slip(
                (1 - z) * h + z * new,
                "This is the other convention, where $z$ takes the candidate. Here $z$ keeps the old state.",
            ),
            Slip(new, "This is the candidate alone, which needs $z = 0$."),
            Slip(h, "This is the old state alone, which needs $z = 1$."),
            Slip(z * (h + new), r"The candidate gets the other share, $1 - z$: the two shares add up to 1."),
        ],
        explanation=rf"${tex(z)} \cdot {par(h)} + {tex(1 - z)} \cdot {par(new)} = {tex(z * h)} {plus((1 - z) * new)} = {tex(state)}$.",
        hints=[
            "It is a weighted mean of the two values: it lies between them.",
            "Which of the two has the weight $z$ here?",
        ],
        again=new + z * (h - new),
    )


@template(technique="gru", tags=["gru", "conventions"], difficulty=2, fixed=True, syllabus="Q11.8")
def conversion_between_grus(rng):
    biased, back = bool(rng.integers(2)), bool(rng.integers(2))
    letters = "WUb" if biased else "WU"
    ones = {f"{letter}_{gate}": 1.0 for letter in letters for gate in "zrh"}
    turned = [f"${key}$" for key, value in lstm.convert_gru(ones).items() if value == -1]
    one, other = r"$h_t = (1 - z)\, h_{t-1} + z\, \tilde h$", r"$h_t = z\, h_{t-1} + (1 - z)\, \tilde h$"
    if back:
        one, other = other, one
    wrong = [
        Slip(
            "nothing: both are the same function",
            "With equal weights the two gates take opposite shares: the states differ.",
        ),
        Slip(
            "swap the weights of $z$ and $r$",
            "The reset gate does another job: it acts inside the candidate, in both GRUs alike.",
        ),
        Slip("transpose $W_z$ and $U_z$", "Transposing mixes the units. What is needed is $1 - z$ in each unit."),
        Slip(
            "turn $z$ into $1 / z$",
            r"$1 / z$ is above 1 and no gate. The other share is $1 - z$, and $1 - \sigma(a) = \sigma(-a)$.",
        ),
        Slip(
            "change the sign of all weights",
            r"The reset gate and the candidate are the same in both: only $z$ must become $1 - z$.",
        ),
        Slip(
            "change the sign of $W_z$ only",
            rf"The whole pre-activation must change its sign, so {_listed(turned[1:])} too.",
        ),
    ]
    return Question(
        prompt=f"A trained GRU uses {one}. Its weights are moved to a program that uses {other}; all else is equal, "
        f"{'each gate has a bias' if biased else 'there are no biases'}. What must be done to the weights so that the program computes the same?",
        answer=Choice(f"change the sign of {_listed(turned)}"),
        slips=[wrong[place] for place in sorted(rng.choice(len(wrong), size=4, replace=False))],
        explanation=rf"The new gate must be $1 - z$, and $1 - \sigma(a) = \sigma(-a)$: the pre-activation of $z$ changes its sign, "
        f"that is {_listed(turned)}.",
        hints=["Which value must the gate have in the new program?", r"$1 - \sigma(a) = \sigma(-a)$."],
    )


@template(technique="gru", tags=["gru", "conventions", "matrices"], difficulty=3, syllabus="Q11.9")
def candidate_pre_activation(rng):
    after = bool(rng.integers(2))
    U, h = rng.integers(-2, 4, size=(2, 2)), rng.choice([-4, -2, 2, 4], size=2)
    r, b = rng.choice([0.25, 0.5, 0.75], size=2, replace=False), rng.choice([-4, -2, 2, 4], size=2)
    v = rng.integers(-3, 4, size=2)
    a = _candidate(U, h, r, b, v, "after" if after else "before")
    first, last = v + U @ (r * h) + b, v + r * (U @ h + b)
    rule, other = (r"W x + r \odot (U h + b)", "before") if after else (r"W x + U (r \odot h) + b", "after")
    bracket = U @ h + b if after else r * h
    way = (
        rf"$U h + b = {tex(U @ h)} + {tex(b)} = {tex(bracket)}$, times $r$ it is ${tex(r * bracket)}$; with $W x$"
        if after
        else rf"$r \odot h = {tex(bracket)}$, then $U (r \odot h) = {tex(U @ bracket)}$; with $W x$ and $b$"
    )
    return Question(
        prompt=rf"A GRU's candidate is $\tilde h = \tanh(a)$ with $a = {rule}$: the reset gate acts {'after' if after else 'before'} "
        rf"the matrix ($\odot$ is entry by entry). Given are $W x = {tex(v)}$, $r = {tex(r)}$, $h = {tex(h)}$, $b = {tex(b)}$ and "
        rf"$U = {tex(U)}$. What is $a$?",
        answer=Numbers(a),
        slips=[
            Slip(
                first if after else last,
                f"In this result the reset gate acts {other} the matrix. Follow the formula of the question.",
            ),
            Slip(v + U @ h + b, "The reset gate is missing: this is what $r = (1, 1)$ gives."),
            Slip(
                v + r * (U @ h) + b,
                "The bias stands inside the bracket, so $r$ acts on it too."
                if after
                else "The reset gate acts on $h$, before the matrix mixes its entries.",
            ),
            Slip(r * (v + U @ h + b), "The reset gate acts on the past alone: the input part $W x$ passes freely."),
            Slip(
                v + (U.T @ (r * h) + b if not after else r * (U.T @ h + b)),
                "The matrix was transposed: entry 0 of $U h$ is row 0 of $U$ times $h$.",
            ),
        ],
        explanation=f"{way}: $a = {tex(a)}$.",
        hints=[
            "Which comes first here: the product with $r$, or the matrix?",
            r"Compute $U h + b$, then multiply by $r$." if after else r"Compute $r \odot h$, then multiply by $U$.",
        ],
        again=[
            float(v[k] + (r[k] * (U[k] @ h + b[k]) if after else sum(U[k, j] * r[j] * h[j] for j in range(2)) + b[k]))
            for k in range(2)
        ],
    )


@template(technique="gates", tags=["lstm", "gru", "limits"], difficulty=1, fixed=True, syllabus="Q11.10")
def gates_at_their_limits(rng):
    case, right, why, slips = _limit(rng)
    return Question(
        prompt=f"{case} What happens in this step?",
        answer=Choice(right),
        slips=[Slip(text, reason) for text, reason in slips.items() if text != right],
        explanation=why,
        hints=[
            "Write down the formula of the step and put the numbers in.",
            "A gate of 1 lets all pass, a gate of 0 nothing.",
        ],
    )


@template(technique="parameters of gated layers", tags=["lstm", "peepholes"], difficulty=2, syllabus="Q11.11")
def peephole_parameters(rng):
    h, d = (int(n) for n in rng.choice(np.arange(4, 90), size=2, replace=False))
    plain = lstm.param_count("lstm", d, h)
    full, diagonal = (lstm.param_count("lstm", d, h, peephole=kind) - plain for kind in ("full", "diagonal"))
    return Question(
        prompt=f"An LSTM of {h} units with inputs of length {d} gets peepholes: its gates $f$, $i$ and $o$ also see the cell state, each "
        "with weights of its own. How many parameters are added (a) with full matrices, (b) with diagonal ones?",
        answer=Numbers([full, diagonal], labels=("full", "diagonal"), whole=True),
        slips=[
            Slip([4 * h * h, 4 * h], "There are three gates with peepholes: the candidate gets no peephole."),
            Slip([diagonal, full], "The two are swapped: a full matrix has more entries than a diagonal one."),
            Slip([h * h, h], "This is one gate; three have a peephole."),
            Slip([3 * h * d, 3 * h], f"A peephole looks at the cell with its {h} entries, not at the input with {d}."),
            Slip([full, h], "Each of the three gates has a diagonal of its own."),
        ],
        explanation=rf"Full: three matrices of ${h} \times {h}$, $3 \cdot {h}^2 = {full}$. Diagonal: three vectors, "
        rf"$3 \cdot {h} = {diagonal}$.",
        hints=["Which shape has a matrix from the cell to a gate?", "How many entries of a diagonal matrix are free?"],
        again=[3 * h**2, 3 * h],
    )


@template(technique="gradient along the cell path", tags=["derivative", "formula"], difficulty=2)
def derivative_in_a_cell(rng):
    case = _derivative(rng)
    names = _listed([f"`{name}`" for name in case["variables"]])
    return Question(
        prompt=f"{case['said']} What is ${case['what']}$? Enter it as a formula in {names}{case['note']}.",
        answer=Formula(case["value"], {name: _RANGES[name] for name in case["variables"]}),
        slips=[Slip(wrong, why) for wrong, why in case["slips"]],
        explanation=case["explanation"],
        hints=["Which factors and sums contain the variable? All others are constants.", case["hint"]],
        again=case["again"],
    )


@template(technique="shapes of gated layers", tags=["shapes", "code", "torch"], difficulty=2)
def shapes_through_lstm_code(rng):
    N, T, d, h, K = (int(size) for size in rng.choice(np.arange(3, 14), size=5, replace=False))
    kind = str(rng.choice(["LSTM", "GRU"]))
    layers, ways, first = int(rng.integers(1, 4)), int(rng.integers(1, 3)), bool(rng.integers(2))
    step = bool(rng.integers(2))
    names = ["output", "h_n", "last", "y", *(["c_n"] if kind == "LSTM" else [])]
    asked = str(rng.choice(names))
    arrays = _arrays(kind, (N, T, d, h, K), layers, ways, first, step)
    right, reason, slips = _shape_asked(asked, (N, T, d, h, K), layers, ways, first, step)
    return Question(
        prompt=f"```python\n{_code(kind, (N, T, d, h, K), layers, ways, first, step, asked)}\n```\n\n"
        f"What is the shape of `{asked}` after the marked line?",
        answer=Shape(arrays[asked].shape),
        slips=slips,
        explanation=f"`{asked}` has the shape {right}: {reason}",
        hints=[
            "What are the three axes of `x` here? Look at `batch_first`.",
            "`output`: all steps of the top layer. `h_n`, `c_n`: the last step of each layer and direction.",
        ],
        again=right,
    )


@template(technique="gates", tags=["bug", "code", "lstm", "gru"], difficulty=2)
def bug_in_a_gated_step(rng):
    said, lines, bugs = _lstm_code() if rng.integers(2) else _gru_code(rng)
    places = {name: number for number, name in enumerate(lines, 2)}
    faults = [(name, wrong, why) for name in bugs for wrong, why in bugs[name]]
    name, wrong, why = faults[int(rng.integers(len(faults)))]
    shown = {each: f"{each.split('.')[0]} = {wrong if each == name else right}" for each, (right, _) in lines.items()}
    option = {each: f"line {places[each]}: `{text}`" for each, text in shown.items()}
    others = [each for each in lines if each != name]
    others = [others[k] for k in sorted(rng.choice(len(others), size=min(4, len(others)), replace=False))]
    head, foot = said["code"]
    numbered = [head, *(f"    {text}" for text in shown.values()), f"    {foot}"]
    code = "\n".join(f"{number}  {line}" for number, line in enumerate(numbered, 1))
    return Question(
        prompt=f"{said['prompt']} One line is wrong. Which one?\n\n```python\n{code}\n```",
        answer=Choice(option[name]),
        slips=[Slip(option[each], f"This line is right: {lines[each][1]}") for each in others],
        explanation=f"Line {places[name]} must be `{name.split('.')[0]} = {lines[name][0]}`: {why}",
        hints=[
            "For each line: which activation, which inputs, whose weights?",
            "A gate is a sigmoid of input and old state. Then look at what each gate multiplies.",
        ],
    )


#: where formulas are compared
_RANGES = dict.fromkeys("fioz", (0.1, 0.9)) | {
    "g": (-0.9, 0.9),
    "n": (-0.9, 0.9),
    "h": (-0.9, 0.9),
    "c": (-1.5, 1.5),
}


def _tenths(rng, low, high):
    return int(rng.integers(low, high + 1)) / 10


def _signed_tenths(rng):
    return _tenths(rng, 1, 9) * int(rng.choice([-1, 1]))


def _listed(names):
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([*([", ".join(names[:-1])] if names[:-1] else []), names[-1]])


def _logit(p):
    return np.log(p / (1 - p))


def _gru_numbers(rng):
    z, h, new = _tenths(rng, 1, 9), _signed_tenths(rng), _signed_tenths(rng)
    if h == new or z == 0.5:
        raise Redraw
    return z, h, new


def _gru(z, h, new, convention):
    """The reference's GRU of one unit, with biases that make the gate z and the candidate `new`."""
    p = {f"{letter}_{k}": np.zeros((1, 1)) for letter in "WU" for k in "zrh"}
    p |= {"b_z": np.array([_logit(z)]), "b_r": np.zeros(1), "b_h": np.array([np.arctanh(new)])}
    return float(lstm.gru_step(np.zeros(1), np.array([h]), p, convention=convention)[0])


def _candidate(U, h, r, b, v, reset):
    """The reference's pre-activation: its GRU with z = 1 gives tanh of it, kept near 0 so that nothing is lost."""
    small, zero = 1e-3, np.zeros((2, 2))
    p = {"W_z": zero, "U_z": zero, "b_z": np.full(2, 50.0), "W_r": zero, "U_r": zero, "b_r": _logit(r)}
    p |= {"W_h": np.diag(v) * small, "U_h": U * small, "b_h": b * small}
    return np.round(np.arctanh(lstm.gru_step(np.ones(2), h.astype(float), p, reset=reset)) / small, 9)


def _limit(rng):
    """One case of gates at 0 or 1: what is given, what happens by the reference, why, and what else could happen."""
    kind = str(rng.choice(["cell", "cell", "output", "reset", "update", "update"]))
    if kind == "cell":
        return _cell_limit(*(int(gate) for gate in rng.integers(2, size=2)))
    if kind == "output":
        h = float(lstm.output(0.0, 2.0))
        right = {0.0: "$h_t = 0$, and the cell keeps its content"}[h]
        return (
            r"The output gate of an LSTM is $o = 0$; forget gate and input gate are somewhere between 0 and 1.",
            right,
            r"$h_t = 0 \cdot \tanh(c_t) = 0$. The cell $c_t = f c_{t-1} + i g$ does not contain $o$: it goes on as ever.",
            {
                "$h_t = 0$, and the cell is erased": "Only $f$ can erase the cell. $o$ decides what is shown, not what is kept.",
                "$h_t = h_{t-1}$: the old output is shown again": r"$h_t = o \tanh(c_t)$ has no share of the old $h_{t-1}$.",
                r"$h_t = \tanh(c_t)$: the whole cell is shown": "This is $o = 1$, the open gate.",
            },
        )
    if kind == "reset":
        return (
            r"The reset gate of a GRU is $r = 0$; the update gate is somewhere between 0 and 1.",
            r"the candidate $\tilde h$ does not depend on $h_{t-1}$",
            r"$\tilde h = \tanh(W x + U (r \odot h_{t-1}) + b)$: with $r = 0$ the candidate sees the input alone, as in a dense layer. "
            r"$h_{t-1}$ still enters $h_t$ through the update gate.",
            {
                "$h_t = 0$: the state is reset to zero": "The reset gate acts inside the candidate only; the state is mixed by $z$.",
                "$h_t = h_{t-1}$: the state is kept": "Keeping or replacing is the job of the update gate $z$.",
                r"the candidate $\tilde h$ does not depend on $x_t$": r"$r$ multiplies $h_{t-1}$, not the input.",
                r"$\tilde h$ is that of a plain recurrent network": "This is $r = 1$: then the whole old state enters.",
            },
        )
    return _update_limit(int(rng.integers(2)), str(rng.choice(["update", "keep"])))


def _cell_limit(f, i):
    happens = {
        3.0: "$c_t = c_{t-1}$: the cell is copied",
        0.5: "$c_t = g$: the cell is overwritten by the candidate",
        3.5: "$c_t = c_{t-1} + g$: the candidate is added to the old content",
        0.0: "$c_t = 0$: the cell is erased",
    }
    gates = {3.0: (1, 0), 0.5: (0, 1), 3.5: (1, 1), 0.0: (0, 0)}
    right = happens[float(lstm.cell_update(f, i, 0.5, 3.0))]
    slips = {
        text: f"This is $f = {gates[value][0]}$, $i = {gates[value][1]}$: $f$ keeps the old content, $i$ lets the candidate in."
        for value, text in happens.items()
    }
    if f or i:  # else the cell is 0, and so is what is shown
        slips["$h_t = 0$: nothing is shown"] = "What is shown is decided by the output gate $o$."
    return (
        f"In an LSTM the forget gate is $f = {f}$ and the input gate is $i = {i}$.",
        right,
        rf"$c_t = f c_{{t-1}} + i g = {f} \cdot c_{{t-1}} + {i} \cdot g$, so {right}.",
        slips,
    )


def _update_limit(z, convention):
    formula = r"(1 - z)\, h_{t-1} + z\, \tilde h" if convention == "update" else r"z\, h_{t-1} + (1 - z)\, \tilde h"
    z_near = np.clip(z, 1e-12, 1 - 1e-12)
    old, new = "$h_t = h_{t-1}$: the old state is kept", r"$h_t = \tilde h$: the state is replaced by the candidate"
    kept = abs(_gru(z_near, 0.25, -0.5, convention) - 0.25) < 1e-9
    right, wrong = (old, new) if kept else (new, old)
    return (
        rf"A GRU computes $h_t = {formula}$, and its update gate is $z = {z}$.",
        right,
        rf"Put $z = {z}$ into $h_t = {formula}$: {right}.",
        {
            wrong: "In the other convention it is so. Here look at which of the two is multiplied by $z$.",
            "$h_t = 0$: the state is reset": "One of the two shares, $z$ or $1 - z$, is 1: something stays.",
            r"$h_t = h_{t-1} + \tilde h$": "The two shares add up to 1: only one of them is taken here.",
        },
    )


def _derivative(rng):
    """A derivative in an LSTM or GRU: what is given, the formula in two forms, and slips."""
    make = (_through_tanh, _by_a_gate, _by_a_pre_activation, _through_the_cell, _in_a_gru)[
        int(rng.choice(5, p=[0.15, 0.15, 0.25, 0.25, 0.2]))
    ]
    case = make(rng)
    value = f"$\\;{case['what']}\\;$ is `{case['value']}`"
    return {"note": "", "explanation": f"{case['why']} So {value}."} | case


_LSTM = r"In one slot of an LSTM, $c_t = f c_{t-1} + i g$ and $h_t = o \tanh(c_t)$."
_OLD, _NEW = " (`c` is the old $c_{t-1}$)", " (`c` is the new $c_t$)"


def _through_tanh(rng):
    if rng.integers(2):
        return {
            "said": _LSTM,
            "what": r"\partial h_t / \partial c_t",
            "variables": "oc",
            "note": _NEW,
            "value": "o*(1 - tanh(c)^2)",
            "again": "o/cosh(c)^2",
            "why": r"$o$ is a constant factor, and the derivative of $\tanh$ is $1 - \tanh^2$.",
            "hint": r"$\tanh'(c) = 1 - \tanh(c)^2$.",
            "slips": [
                ("1 - tanh(c)^2", "The gate $o$ is a factor of $h_t$, so it is a factor of the derivative."),
                ("o*tanh(c)", "This is $h_t$ itself, not its derivative."),
                ("o*tanh(c)*(1 - tanh(c))", r"This is the sigmoid's rule. $\tanh$ has $1 - \tanh^2$."),
                ("o*(1 - tanh(c))", r"The square is missing: $1 - \tanh(c)^2$."),
            ],
        }
    return {
        "said": _LSTM,
        "what": r"\partial h_t / \partial o",
        "variables": "oc",
        "note": _NEW,
        "value": "tanh(c)",
        "again": "1 - 2/(exp(2*c) + 1)",
        "why": r"$h_t$ is $o$ times $\tanh(c_t)$, and $c_t$ does not depend on $o$.",
        "hint": "What does $o$ multiply?",
        "slips": [
            ("o*tanh(c)", "This is $h_t$ itself. It is linear in $o$: take what $o$ multiplies."),
            ("1 - tanh(c)^2", r"$\tanh(c_t)$ does not depend on $o$: it stays as it is."),
            ("o*(1 - o)*tanh(c)", "This is the derivative with respect to the gate's pre-activation."),
        ],
    }


def _by_a_gate(rng):
    by, value, other, why = (
        ("f", "c", "f", r"this is $\partial c_t / \partial c_{t-1}$"),
        ("i", "g", "i", r"this is $\partial c_t / \partial g$"),
        ("g", "i", "g", r"this is $\partial c_t / \partial i$"),
    )[int(rng.integers(3))]
    slope = f"(1 - {by}^2)" if by == "g" else f"{by}*(1 - {by})"
    if rng.integers(3) == 0:
        return {
            "said": "An LSTM with coupled gates computes $c_t = f c_{t-1} + (1 - f) g$.",
            "what": r"\partial c_t / \partial f",
            "variables": "fgc",
            "note": _OLD,
            "value": "c - g",
            "again": "-(g - c)",
            "why": "$f$ stands in both terms: with $c_{t-1}$, and with a minus sign with $g$.",
            "hint": "$f$ stands in two places.",
            "slips": [
                ("c", "$f$ is in the second term too, with a minus sign."),
                ("c + g", "In $(1 - f) g$ the gate has a minus sign."),
                ("f*(1 - f)*(c - g)", "This is the derivative with respect to the gate's pre-activation."),
            ],
        }
    return {
        "said": _LSTM,
        "what": rf"\partial c_t / \partial {by}",
        "variables": "figc",
        "note": _OLD,
        "value": value,
        "again": f"({value}*{by})/{by}",
        "why": f"Only one of the two terms contains ${by}$: take what it is multiplied by.",
        "hint": f"In which of the two terms is ${by}$, and what does it multiply?",
        "slips": [
            (other, f"{why.capitalize()}: for ${by}$ take the *other* factor of its term."),
            ("f*c + i*g", "This is $c_t$ itself, not its derivative."),
            (f"{slope}*{value}", "This is the derivative with respect to the pre-activation, one link further back."),
            (f"{value}*{by}", f"This is the term itself. It is linear in ${by}$: the factor ${by}$ goes."),
        ],
    }


def _by_a_pre_activation(rng):
    by, rest, tex_rest, of, note = (
        ("f", "c", "c_{t-1}", "c_t", _OLD),
        ("i", "g", "g", "c_t", ""),
        ("g", "i", "i", "c_t", ""),
        ("o", "tanh(c)", r"\tanh(c_t)", "h_t", _NEW),
    )[int(rng.integers(4))]
    tanh = by == "g"
    slope, other = (f"(1 - {by}^2)", f"{by}*(1 - {by})") if tanh else (f"{by}*(1 - {by})", f"(1 - {by}^2)")
    function, rule = (r"\tanh", r"1 - g^2") if tanh else (r"\sigma", f"{by} (1 - {by})")
    own, whose = ("tanh", "sigmoid") if tanh else ("sigmoid", "tanh")
    return {
        "said": rf"{_LSTM} Here ${by} = {function}(a)$; all other letters are held fixed.",
        "what": rf"\partial {of} / \partial a",
        "variables": "".join(dict.fromkeys([by, *(name for name in "igc" if name in rest.replace("tanh", ""))])),
        "note": note,
        "value": f"{slope}*{rest}",
        "again": f"({rest}) - {by}^2*({rest})" if tanh else f"{by}*({rest}) - {by}^2*({rest})",
        "why": rf"Two links: $\partial {of} / \partial {by} = {tex_rest}$ and ${by}' = {rule}$, from the value of ${by}$.",
        "hint": rf"First $\partial {of} / \partial {by}$, then ${function}'$ written with its value ${by}$.",
        "slips": [
            (rest, rf"This is $\partial {of} / \partial {by}$. One more link: the derivative of ${function}$."),
            (slope, rf"This is the derivative of ${by}$ alone: multiply by $\partial {of} / \partial {by}$."),
            (f"{other}*{rest}", rf"This is the rule of the {whose}; ${by}$ is a {own}."),
        ],
    }


def _through_the_cell(rng):
    by, factor, tex_by = (("f", "c", "f"), ("i", "g", "i"), ("g", "i", "g"), ("c", "f", "c_{t-1}"))[
        int(rng.integers(4))
    ]
    inside = "f*c + i*g"
    slope = f"o*(1 - tanh({inside})^2)"
    return {
        "said": f"{_LSTM} All letters but ${tex_by}$ are held fixed."
        if by != "c"
        else f"{_LSTM} All gates and $g$ are held fixed.",
        "what": rf"\partial h_t / \partial {tex_by}",
        "variables": "figoc",
        "note": _OLD,
        "value": f"{slope}*{factor}",
        "again": f"o*{factor}/cosh({inside})^2",
        "why": rf"Two links: $\partial h_t / \partial c_t = o (1 - \tanh(c_t)^2)$ with $c_t = f c_{{t-1}} + i g$, and "
        rf"$\partial c_t / \partial {tex_by}$ is `{factor}`.",
        "hint": r"$\partial h_t / \partial c_t = o (1 - \tanh(c_t)^2)$; write $c_t$ out.",
        "slips": [
            (slope, rf"This is $\partial h_t / \partial c_t$. One more link: $\partial c_t / \partial {tex_by}$."),
            (f"o*{factor}", r"The derivative of $\tanh$ is missing: $1 - \tanh(c_t)^2$."),
            (
                f"o*(1 - tanh(c)^2)*{factor}",
                r"Inside the $\tanh$ stands the new $c_t = f c_{t-1} + i g$, not the old one.",
            ),
            (factor, rf"This is $\partial c_t / \partial {tex_by}$. The output, $o \tanh(c_t)$, comes behind it."),
        ],
    }


def _in_a_gru(rng):
    update, deep = bool(rng.integers(2)), bool(rng.integers(2))
    formula = r"(1 - z)\, h_{t-1} + z\, n" if update else r"z\, h_{t-1} + (1 - z)\, n"
    value, turned, lone = ("n - h", "h - n", "n") if update else ("h - n", "n - h", "h")
    note = " (`h` is the old $h_{t-1}$)"
    said = f"A GRU computes $h_t = {formula}$ with the candidate $n$."
    if deep:
        return {
            "said": rf"{said} Here $z = \sigma(a)$; $n$ and $h_{{t-1}}$ are held fixed.",
            "what": r"\partial h_t / \partial a",
            "variables": "znh",
            "note": note,
            "value": f"z*(1 - z)*({value})",
            "again": f"(z - z^2)*({value})",
            "why": rf"Two links: $\partial h_t / \partial z$ is `{value}`, and $\sigma' = z (1 - z)$ with its value $z$.",
            "hint": r"$\partial h_t / \partial a = \partial h_t / \partial z \cdot z (1 - z)$.",
            "slips": [
                (value, r"One link is missing: the derivative of the sigmoid, $z (1 - z)$."),
                (f"z*(1 - z)*({turned})", "The sign is turned: look which of the two is multiplied by $1 - z$."),
                (f"(1 - z^2)*({value})", r"This is the rule of $\tanh$; the gate is a sigmoid."),
                (f"z*(1 - z)*{lone}", "$z$ stands in both terms."),
            ],
        }
    return {
        "said": f"{said} $n$ and $h_{{t-1}}$ are held fixed.",
        "what": r"\partial h_t / \partial z",
        "variables": "znh",
        "note": note,
        "value": value,
        "again": f"-({turned})",
        "why": "$z$ stands in both terms, in one of them with a minus sign.",
        "hint": "$z$ stands in two places.",
        "slips": [
            (turned, "The sign is turned: look which of the two is multiplied by $1 - z$ here."),
            (lone, "$z$ is in the other term too, with a minus sign."),
            ("n + h", "In $1 - z$ the gate has a minus sign."),
            (f"z*(1 - z)*({value})", "This is the derivative with respect to the gate's pre-activation."),
        ],
    }


def _arrays(kind, sizes, layers, ways, first, step):
    """What the snippet's variables hold, put together from the reference's states of one sequence."""
    N, T, d, h, K = sizes
    if kind == "LSTM":
        p = {f"W_{k}": np.zeros((h, d)) for k in "fioc"} | {f"U_{k}": np.zeros((h, h)) for k in "fioc"}
        H, end, cell = lstm.lstm_forward(np.zeros((T, d)), p | {f"b_{k}": np.zeros(h) for k in "fioc"})
    else:
        p = {f"W_{k}": np.zeros((h, d)) for k in "zrh"} | {f"U_{k}": np.zeros((h, h)) for k in "zrh"}
        end = lstm.gru_step(np.zeros(d), np.zeros(h), p | {f"b_{k}": np.zeros(h) for k in "zrh"})
        H, cell = np.array([end] * T), end
    output = np.stack([np.concatenate([H] * ways, axis=1)] * N, axis=0 if first else 1)
    ends = {name: np.array([[state] * N] * (layers * ways)) for name, state in (("h_n", end), ("c_n", cell))}
    last = output[:, -1] if step else output[-1]
    return {"output": output, "last": last, "y": last @ np.zeros((ways * h, K)), **ends}


def _code(kind, sizes, layers, ways, first, step, asked):
    N, T, d, h, K = sizes
    options = f"{d}, {h}" + f", num_layers={layers}" * (layers > 1)
    options += ", batch_first=True" * first + ", bidirectional=True" * (ways == 2)
    states = "(h_n, c_n)" if kind == "LSTM" else "h_n"
    lines = {
        "net": f"net = nn.{kind}({options})",
        "head": f"head = nn.Linear({ways * h}, {K})",
        "x": f"x = torch.zeros{(N, T, d) if first else (T, N, d)}  # {'batch, steps' if first else 'steps, batch'}, features",
        "output": f"output, {states} = net(x)",
        "last": f"last = output[{':, ' * step}-1]",
        "y": "y = head(last)",
    }
    marked = asked if asked in lines else "output"
    lines[marked] += "  # <--"
    return "\n".join(lines.values())


def _shape_asked(asked, sizes, layers, ways, first, step):
    """The shape typed out, why it is so, and slips."""
    N, T, d, h, K = sizes
    wide, deep = ways * h, layers * ways
    output = (N, T, wide) if first else (T, N, wide)
    flipped, ends = (output[1], output[0], wide), (deep, N, h)
    both = "the units of both directions" if ways == 2 else "the units"
    if asked == "output":
        order = "batch, steps" if first else "steps, batch"
        return (
            output,
            f"{order}, and {both} in the top layer.",
            [
                Slip(
                    flipped,
                    f"Batch and steps are swapped: `batch_first` is {'set' if first else 'not set, so steps come first'}.",
                ),
                Slip((*output[:2], h if ways == 2 else 2 * h), _directions(ways)),
                Slip(ends, "This is `h_n`, the last state of each layer. `output` has all steps of the top layer."),
                Slip(
                    (*output[:2], layers * wide),
                    "Only the top layer's states are in `output`; those below stay inside.",
                ),
                Slip((*output[:2], d), f"The features of the input were {d}; what comes out are states of {h} units."),
            ],
        )
    if asked in ("h_n", "c_n"):
        per = " and direction" if ways == 2 else ""
        return (
            ends,
            f"one row for each layer{per} ({layers} · {ways} = {deep}), then batch, then units.",
            [
                Slip((N, deep, h), "`batch_first` changes `x` and `output` only: here the layers come first."),
                Slip(output, f"This is `output`, with all steps. `{asked}` has the last state of each layer{per}."),
                Slip((layers, N, h), "Both directions have a last state of their own: twice the rows."),
                Slip((ways, N, h), f"Each of the {layers} layers has a last state, not only the top one."),
                Slip((layers, N, wide), "The directions are rows here; only in `output` they stand side by side."),
                Slip((deep, T, h), "The steps are gone: only the last one is kept. The second axis is the batch."),
            ],
        )
    return _after_the_index(asked, output, (wide, K), ways, first, step)


def _after_the_index(asked, output, sizes, ways, first, step):
    """The same for the variables behind the index."""
    wide, K = sizes
    left, other = output[:2] if step else output[1::-1]
    place, gone = "second" if step else "first", "steps" if first == step else "batch"
    aside = " (the steps of the last sequence: perhaps not what was meant)" if gone == "batch" else ""
    if asked == "last":
        size, features = wide, "values, both directions" if ways == 2 else "values"
        last = Slip((left, wide // 2 if ways == 2 else 2 * wide), _directions(ways))
    else:
        size, features = K, "outputs of the dense layer"
        last = Slip((left, wide), "The dense layer changes the number of features.")
    return (
        (left, size),
        f"the index takes one place of the {place} axis, here of the {gone}; {left} rows are left{aside}, with {size} {features}.",
        [
            Slip(
                (other, size),
                f"The index takes one place of the {place} axis, here of the {gone}: the other one stays.",
            ),
            Slip((left, 1, size), "A single index removes its axis."),
            Slip((*output[:2], size), "One place was taken by the index: that axis is gone."),
            last,
        ],
    )


def _directions(ways):
    return (
        "Both directions stand side by side in the last axis: twice the units."
        if ways == 2
        else "There is one direction: the last axis has the units once."
    )


def _sum_of(k, x="x", h="h"):
    return f"W_{k} @ {x} + U_{k} @ {h} + b_{k}"


def _lstm_code():
    """An LSTM step: its text, its lines with why they are right, and wrong right sides."""
    lines = {
        k: (f"sigmoid({_sum_of(k)})", f"{name} gate: a sigmoid of input, old state and bias.")
        for k, name in _GATES.items()
    }
    lines["g"] = (f"np.tanh({_sum_of('g')})", "the candidate may be negative, so it is a tanh.")
    lines["c"] = ("f * c + i * g", "what stays of the old cell, plus what is let in of the candidate.")
    lines["h"] = ("o * np.tanh(c)", "the new cell is squashed, and the output gate shows its share.")
    bugs = {
        k: (
            (f"np.tanh({_sum_of(k)})", "a gate is a share between 0 and 1: a sigmoid."),
            (f"sigmoid(W_{k} @ x + b_{k})", "the gate must see the old state $h$ too."),
            (f"sigmoid({_sum_of(k, h='c')})", "without peepholes a gate looks at $h$, not at the cell $c$."),
            (f"sigmoid({_sum_of(k, 'h', 'x')})", "`W` belongs to the input and `U` to the old state."),
            (f"sigmoid(W_{k} @ x + U_{other} @ h + b_{k})", "each gate has weights of its own."),
        )
        for k, other in (("f", "i"), ("i", "f"), ("o", "i"))
    }
    bugs["g"] = (
        (f"sigmoid({_sum_of('g')})", "the candidate is a tanh: it must be able to lower the cell."),
        ("np.tanh(W_g @ x + b_g)", "the candidate must see the old state $h$ too."),
        (f"np.tanh({_sum_of('g', h='c')})", "the candidate looks at $h$, not at the cell $c$."),
        (_sum_of("g"), "the tanh is missing: without it the cell could jump by any amount."),
    )
    bugs["c"] = (
        ("f * c + g", "without $i$ the input gate is computed and never used."),
        ("i * c + f * g", "the two gates are swapped."),
        ("f * c + (1 - f) * g", "that is the coupled variant; here the input gate decides."),
        ("f * h + i * g", "the cell goes on from the old cell $c$, not from $h$."),
        ("f * (c + i * g)", "the forget gate acts on the old cell alone."),
        ("(1 - f) * c + i * g", "the forget gate is the share that *stays*."),
    )
    bugs["h"] = (
        ("o * c", "the tanh of the cell is missing."),
        ("np.tanh(o * c)", "the gate acts after the tanh."),
        ("o * np.tanh(g)", "what is shown is the cell, not the candidate."),
        ("o + np.tanh(c)", "a gate multiplies."),
        ("o * sigmoid(c)", "the cell is squashed by tanh."),
    )
    said = {
        "prompt": "One step of a standard LSTM without peepholes: input `x`, states `h` and `c`; `W_f`, `U_f`, `b_f` and so on "
        "are its weights.",
        "code": ("def lstm_step(x, h, c):", "return h, c"),
    }
    return said, lines, bugs


_GATES = {"f": "the forget", "i": "the input", "o": "the output"}


def _gru_code(rng):
    """A GRU step in one of the conventions: its text, its lines with why they are right, and wrong right sides."""
    update, before = bool(rng.integers(2)), bool(rng.integers(2))
    takes, keeps = "(1 - z) * h + z * n", "z * h + (1 - z) * n"
    early, late = "W_n @ x + U_n @ (r * h) + b_n", "W_n @ x + r * (U_n @ h + b_n)"
    mixed, reset = (takes, keeps) if update else (keeps, takes), (early, late) if before else (late, early)
    lines = {
        "z": (f"sigmoid({_sum_of('z')})", "a gate is a sigmoid of input, old state and bias."),
        "r": (f"sigmoid({_sum_of('r')})", "a gate is a sigmoid of input, old state and bias."),
        "n": (
            f"np.tanh({reset[0]})",
            f"the reset gate acts on the past alone, {'before' if before else 'after'} the matrix.",
        ),
        "h": (mixed[0], f"$z = 1$ {'takes the candidate' if update else 'keeps the old state'}, as said."),
    }
    bugs = {
        k: (
            (f"np.tanh({_sum_of(k)})", "a gate is a share between 0 and 1: a sigmoid."),
            (f"sigmoid(W_{k} @ x + b_{k})", "the gate must see the old state $h$ too."),
            (f"sigmoid({_sum_of(k, 'h', 'x')})", "`W` belongs to the input and `U` to the old state."),
            (f"sigmoid(W_{k} @ x + U_{other} @ h + b_{k})", "each gate has weights of its own."),
        )
        for k, other in (("z", "r"), ("r", "z"))
    }
    bugs["n"] = (
        (f"np.tanh({_sum_of('n')})", "without $r$ the reset gate is computed and never used."),
        (f"np.tanh({reset[1]})", f"the reset gate must act {'before' if before else 'after'} the matrix here."),
        (f"sigmoid({reset[0]})", "the candidate is a tanh: a state may be negative."),
        ("np.tanh(W_n @ (r * x) + U_n @ h + b_n)", "the reset gate acts on the old state, not on the input."),
        (f"np.tanh(r * ({_sum_of('n')}))", "the reset gate acts on the past alone: the input passes freely."),
        (f"np.tanh({reset[0].replace('r *', 'z *')})", "the update gate was put where the reset gate belongs."),
    )
    bugs["h"] = (
        (mixed[1], "that is the other convention: the roles of $z$ and $1 - z$ are swapped."),
        ("z * h + z * n", "the two shares must add up to 1."),
        (
            "h + z * n" if update else "h + (1 - z) * n",
            "the old state must be given its share, else it grows and grows.",
        ),
        (mixed[0].replace("z", "r"), "the update gate mixes; the reset gate has done its work in the candidate."),
    )
    said = {
        "prompt": f"One step of a GRU, where $z = 1$ {'takes the candidate' if update else 'keeps the old state'} and the reset gate acts "
        + ("on `h` before the matrix `U_n`." if before else "after the matrix, on `U_n @ h + b_n` (as in PyTorch)."),
        "code": ("def gru_step(x, h):", "return h"),
    }
    return said, lines, bugs
