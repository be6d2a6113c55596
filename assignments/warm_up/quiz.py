"""Quiz templates: what came before, costs and practice of deep learning; arrays and tensors in NumPy and PyTorch."""

from itertools import pairwise

import numpy as np

from autograder.quiz import (
    Choice,
    Matching,
    Number,
    Ordering,
    Output,
    Question,
    Redraw,
    Several,
    Shape,
    Slip,
    plain,
    template,
    tex,
)
from reference import context


@template(technique="history of deep learning", tags=["dates"], difficulty=1, fixed=True, syllabus="Q15.1")
def in_order_of_time(rng):
    names = [list(_EVENTS)[int(n)] for n in rng.choice(len(_EVENTS), size=4, replace=False)]
    names.sort(key=context.YEARS.__getitem__)
    events = [_EVENTS[name] for name in names]
    slips = []
    for place, (earlier, later) in enumerate(pairwise(names)):
        swapped = [*events[:place], events[place + 1], events[place], *events[place + 2 :]]
        dates = f"{context.YEARS[earlier]}, before {_EVENTS[later]} ({context.YEARS[later]})"
        slips.append(Slip(tuple(swapped), f"One pair is swapped: {_EVENTS[earlier]} came in {dates}."))
    return Question(
        prompt="Put these into the order in which they appeared, the oldest first.",
        answer=Ordering(tuple(events)),
        slips=slips,
        explanation=f"{'; '.join(f'{_EVENTS[name]}: {context.YEARS[name]}' for name in names)}.",
        hints=["Which of them could be done by hand, which need a computer, which need very large ones?"],
    )


@template(technique="parameters and hyper-parameters", tags=["terms"], difficulty=1, fixed=True, syllabus="Q15.2")
def parameter_or_setting(rng):
    item = list(_ITEMS)[int(rng.integers(len(_ITEMS)))]
    right, why = _ITEMS[item]
    told = {
        _PARAMETER: "Parameters are the numbers that the training itself adjusts.",
        _TRAINING: "Hyper-parameters are set by hand or by a search; they say how the training goes.",
        _ARCHITECTURE: "The architecture says which layers there are and how they are connected, before any training.",
    }
    return Question(
        prompt=f"A neural network is to be trained. Does {item} belong to its parameters, to its architecture, or to the "
        "hyper-parameters of the training?",
        answer=Choice(right),
        slips=[Slip(kind, f"{said} {why}") for kind, said in told.items() if kind != right],
        explanation=f"It belongs to {right}. {why}",
        hints=["Does the training change it? If not: does it describe the network, or the way it is trained?"],
    )


@template(technique="cost of large models", tags=["energy", "units"], difficulty=1, syllabus="Q15.3")
def energy_of_a_training(rng):
    E, c = float(rng.choice([0.3, 0.6, 0.9, 1.2, 1.5, 2.4, 3.0])), float(rng.choice([2.2, 4.0, 5.0, 6.0, 6.7, 7.5]))
    people = context.people_equivalent(E * 1e6, c * 1e3)
    return Question(
        prompt=f"Training a large model took ${tex(E)}$ GWh of electricity. One person uses ${tex(c)}$ MWh in a year. For about how "
        "many people would that have been a year's electricity?",
        answer=Number(people, tolerance="percent"),
        slips=[
            Slip(people / 1000, "1 GWh is 1000 MWh: a factor of 1000 is missing."),
            Slip(people * 1000, "1 GWh is 1000 MWh, not a million: you went from GWh to kWh and stayed with MWh."),
            Slip(c / (E * 1000), "Turned round: divide the energy of the training by the energy of one person."),
            Slip(
                E * 1000 * c, "You multiplied. How many times does one person's energy fit into that of the training?"
            ),
        ],
        explanation=rf"${tex(E)}$ GWh are ${tex(E * 1000)}$ MWh, and ${tex(E * 1000)} / {tex(c)} = {tex(people, 4)}$.",
        hints=["Bring both energies to the same unit.", "1 GWh = 1000 MWh. Then divide."],
        again=E / (c / 1000),
    )


@template(technique="cost of large models", tags=["memory", "float16", "float32"], difficulty=1, syllabus="Q15.4")
def memory_of_parameters(rng):
    P, (many, unit) = int(rng.choice([2, 3, 7, 8, 13, 30, 65, 70, 110, 175])), _SCALES[int(rng.integers(2))]
    dtype = str(rng.choice(["float16", "float32"]))
    size = np.dtype(dtype).itemsize
    other, bits = 6 - size, 8 * size
    return Question(
        prompt=f"A model has {P} {many} parameters, each stored as {dtype}. How many {unit} of memory do they take? (1 GB = $10^9$ "
        "bytes, 1 MB = $10^6$ bytes.)",
        answer=Number(context.param_bytes(P, dtype), tolerance="exact", unit=unit),
        slips=[
            Slip(P * other, f"You counted {other} bytes, as for float{8 * other}. A {dtype} has {bits} bits."),
            Slip(P * 8, f"8 bytes are a float64, the default in NumPy. A {dtype} has {bits} bits."),
            Slip(P * bits, "These are bits: 8 of them make a byte."),
            Slip(P / size, f"You divided: each parameter takes {size} bytes, so multiply."),
            Slip(P, f"That would be one byte for each parameter. A {dtype} has {bits} bits."),
        ],
        explanation=rf"A {dtype} has {bits} bits, that is {size} bytes: ${P} \cdot {size} = {P * size}$ {unit}.",
        hints=[f"How many bits does a {dtype} have, and how many bytes are that?"],
        again=size * P,
    )


@template(technique="data sets", tags=["benchmarks"], difficulty=1, fixed=True, syllabus="Q15.5")
def data_sets_and_their_tasks(rng):
    names = [list(_TASKS)[int(n)] for n in rng.permutation(len(_TASKS))]
    picked, extra = names[:4], names[4]
    right = {name: _TASKS[name] for name in picked}
    slips = [
        Slip({**right, a: _TASKS[b], b: _TASKS[a]}, f"Two are swapped. {a}: {_TASKS[a]}; {b}: {_TASKS[b]}.")
        for a, b in pairwise(picked)
    ]
    return Question(
        prompt="What is each of these data sets used for? (One use is left over.)",
        answer=Matching(right, extra=[_TASKS[extra]]),
        slips=slips,
        explanation=f"{'; '.join(f'{name}: {task}' for name, task in right.items())}.",
        hints=[
            "Which of them hold images, which text?",
            "Of the images: how large, how many classes, whole images or objects?",
        ],
    )


@template(
    technique="life cycle of a model", tags=["deployment", "monitoring"], difficulty=1, fixed=True, syllabus="Q15.6"
)
def life_cycle(rng):
    goal, data = _PROJECTS[int(rng.integers(len(_PROJECTS)))]
    steps = [step.format(data=data) for step in _STEPS]
    left_out = int(rng.integers(1, len(steps) - 1))
    kept = [n for n in range(len(steps)) if n != left_out]
    slips = []
    for place, (a, b) in enumerate(pairwise(kept)):
        order = [*kept[:place], b, a, *kept[place + 2 :]]
        slips.append(Slip(tuple(steps[n] for n in order), f"“{steps[a]}” comes before “{steps[b]}”: {_NEEDS[b]}."))
    return Question(
        prompt=f"{goal} Put the steps of the project into order.",
        answer=Ordering(tuple(steps[n] for n in kept)),
        slips=slips,
        explanation=f"{' → '.join(steps[n] for n in kept)}.",
        hints=[
            "Ask for each step what must be there before it can begin.",
            "Nothing is put into use before it was tested.",
        ],
    )


@template(technique="history of deep learning", tags=["strong and weak AI"], difficulty=1, fixed=True, syllabus="Q15.7")
def strong_or_weak(rng):
    weak = bool(rng.integers(2))
    statements = _WEAK if weak else _STRONG
    said = statements[int(rng.integers(len(statements)))]
    narrow, general = (
        "Weak AI solves one given task, however well.",
        "Strong AI would understand and learn whatever a human can.",
    )
    right, wrong = ("weak AI", "strong AI") if weak else ("strong AI", "weak AI")
    here = "Here it is one task." if weak else "Here it is every task, or a mind of its own."
    return Question(
        prompt=f"“{said}.” What is this about?",
        answer=Choice(right),
        slips=[
            Slip(wrong, f"{general if weak else narrow} {here}"),
            Slip("no AI at all", "Whatever does what seems to need intelligence is called AI: weak or strong."),
            Slip("both at once", f"One is for a single task, the other has no such limit. {here}"),
        ],
        explanation=f"{narrow if weak else general} {here}",
        hints=["One task, or anything that a human can do?"],
    )


@template(
    technique="remedies in training", tags=["overfitting", "dead units"], difficulty=2, fixed=True, syllabus="Q15.8"
)
def remedies(rng):
    too_much = bool(rng.integers(2))
    right, wrong = (
        (_AGAINST_OVERFITTING, _AGAINST_STANDSTILL) if too_much else (_AGAINST_STANDSTILL, _AGAINST_OVERFITTING)
    )
    good = [list(right)[int(n)] for n in rng.choice(len(right), size=3, replace=False)]
    bad = [list(wrong)[int(n)] for n in rng.choice(len(wrong), size=2, replace=False)]
    if too_much:
        low, high = round(float(rng.uniform(0.01, 0.06)), 2), round(float(rng.uniform(0.9, 1.8)), 2)
        case = f"After 50 epochs the training loss is ${tex(low)}$, but the validation loss is ${tex(high)}$ and still rises."
        name = "It learns too much: it learns its training set by heart."
    else:
        K = int(rng.choice([3, 5, 10, 20, 100]))
        loss = tex(float(np.log(K)), 3)
        case = (
            rf"A classifier of {K} classes begins with a training loss of ${loss}$ (that is $\ln {K}$, plain guessing), and after "
            "50 epochs it still has it."
        )
        name = "It learns nothing."
    return Question(
        prompt=f"{case} Which of these are remedies?",
        answer=Several(tuple(good)),
        slips=[Slip(each, wrong[each]) for each in bad],
        explanation=f"{name} What helps: {'; '.join(good)}.",
        hints=["Does it learn too little or too much?", "Does it need help to learn at all, or a brake?"],
    )


# Arrays and tensors ----------------------------------------------------------------------------------------------


@template(technique="broadcasting", tags=["shapes", "numpy"], difficulty=2)
def shape_of_a_broadcast(rng):
    code, a, b, right, why = _broadcast(rng)
    # For real, on arrays that take no memory.
    computed = np.broadcast(*(np.broadcast_to(0, shape) for shape in (a, b))).shape
    first, second = code[1]
    return Question(
        prompt=f"```python\n{code[0]}\n```\n\nWhat is the shape of `y`?",
        answer=Shape(computed),
        slips=[
            Slip(a, f"This is the shape of `{first}`. It is stretched too, where it has length 1 or no axis at all."),
            Slip(b, f"This is the shape of `{second}`. It is stretched too, where it has length 1 or no axis at all."),
            Slip((*a, *b), "Broadcasting lays the axes over each other; it does not put them one behind the other."),
            Slip(tuple(reversed(right)), "The axes keep their order. Align the shapes on the right."),
        ],
        explanation=f"`{first}` has the shape `{a}`, `{second}` has `{b}`. {why} The result is `{right}`.",
        hints=[
            "Write the two shapes below each other, aligned on the right.",
            "In each column: equal lengths stay, length 1 (or nothing) is stretched to the other.",
        ],
        again=right,
    )


@template(technique="broadcasting", tags=["errors", "numpy"], difficulty=2)
def broadcast_or_error(rng):
    n, m, k = _sizes(rng)
    code, a, b = [
        (f"x = np.ones(({n}, {m}))\ny = x - x.mean(axis=1)", (n, m), (n,)),
        (f"x = np.ones(({n}, {m}))\ny = x - x.mean(axis=0)", (n, m), (m,)),
        (f"x = np.ones(({n}, {m}))\ny = x / x.sum(axis=1, keepdims=True)", (n, m), (n, 1)),
        (f"X = np.ones(({n}, {m}))\nb = np.ones({n})\ny = X + b", (n, m), (n,)),
        (f"X = np.ones(({n}, {m}))\nb = np.ones({m})\ny = X + b", (n, m), (m,)),
        (f"predicted = np.ones(({n}, 1))\ntarget = np.ones({n})\ny = predicted - target", (n, 1), (n,)),
        (f"a = np.ones(({k}, {n}, {m}))\nb = np.ones(({k}, {n}))\ny = a * b", (k, n, m), (k, n)),
        (f"a = np.ones(({k}, {n}, {m}))\nb = np.ones(({n}, 1))\ny = a * b", (k, n, m), (n, 1)),
        (f"a = np.ones(({n}, {m}))\nb = np.ones(({m}, {n}))\ny = a + b", (n, m), (m, n)),
        (f"a = np.ones(({n}, 1, {m}))\nb = np.ones(({k}, 1))\ny = a * b", (n, 1, m), (k, 1)),
    ][int(rng.integers(10))]
    try:
        shape = np.broadcast_shapes(a, b)
    except ValueError:
        shape = None
    aligned = f"Aligned on the right, the shapes are {_aligned(a, b)}."
    larger = max(a, b, key=len)
    slips = [Slip(_option(larger), f"You took the shape of the larger one. {aligned}")]
    if shape:
        slips.append(
            Slip("an error", f"In each column the lengths are equal, or one of them is 1 or missing. {aligned}")
        )
        verdict = f"Each column fits, and the result is `{shape}`."
    else:
        slips.append(
            Slip(_option((*a[:-1], b[-1])), f"A column has two different lengths, neither of them 1. {aligned}")
        )
        verdict = "One column has two different lengths, and neither is 1: NumPy raises a ValueError."
    slips += [
        Slip(_option((*a, *b)), f"The axes are laid over each other, not put one behind the other. {aligned}"),
        Slip(_option((n, n)), f"Only a row and a column of length {n} would make such a square. {aligned}"),
        Slip(_option((n,)), f"The result has as many axes as the longer shape. {aligned}"),
    ]
    return Question(
        prompt=f"```python\n{code}\n```\n\nWhat does the last line give?",
        answer=Choice(_option(shape)),
        slips=slips,
        explanation=f"{aligned} {verdict}",
        hints=[
            "Write the shapes of both sides below each other, aligned on the right.",
            "Every column must fit, or have a 1.",
        ],
    )


@template(technique="tensors", tags=["sums", "axes", "code", "torch"], difficulty=2)
def what_torch_prints(rng):
    x = rng.choice(10, size=6, replace=False).reshape(2, 3)
    t = int(rng.integers(2, 7))
    code, right, why, slips = _reductions(x, t)[int(rng.integers(9))]
    if (">" in code and right in (0, 6)) or ("mean" in code and x.sum() % 3):
        raise Redraw
    return Question(
        prompt=f"What does this print?\n\n```python\nx = torch.tensor({x.tolist()})\nprint({code})\n```",
        answer=Output(str(right)),
        slips=[Slip(str(wrong), told) for wrong, told in slips],
        explanation=f"{why} So it prints `{right}`.",
        hints=[
            "Write the tensor down as two rows of three.",
            "`dim` names the axis that goes away: 0 runs down, 1 along a row.",
        ],
    )


@template(technique="tensors", tags=["reshape", "transpose", "code", "torch"], difficulty=2)
def what_a_reshape_prints(rng):
    start, step = int(rng.integers(0, 8)), int(rng.integers(1, 4))
    numbers = np.arange(start, start + 6 * step, step)
    made = (
        f"torch.arange({start}, {start + 6 * step})"
        if step == 1
        else f"torch.arange({start}, {start + 6 * step}, {step})"
    )
    rows, columns = (2, 3) if rng.integers(2) else (3, 2)
    x = numbers.reshape(rows, columns)
    code, right, wrong, why = [
        (
            "x.T",
            x.T,
            x.reshape(columns, rows),
            "`.T` makes rows of the columns; it does not read the numbers row by row.",
        ),
        (
            f"x.reshape({columns}, {rows})",
            x.reshape(columns, rows),
            x.T,
            "`reshape` reads the numbers row by row and fills the new rows; it does not transpose.",
        ),
        ("x[:, 1]", x[:, 1], x[1], "`[:, 1]` is the column with index 1."),
        ("x[1]", x[1], x[:, 1], "`[1]` is the row with index 1."),
        (
            "x.T.reshape(-1)",
            x.T.reshape(-1),
            numbers,
            "The transposed tensor is read row by row, so the old one by columns.",
        ),
        ("x.T[1]", x.T[1], x[1], "Row 1 of the transposed tensor is column 1 of the old one."),
        ("x[:, -1]", x[:, -1], x[-1], "`[:, -1]` is the last column."),
    ][int(rng.integers(7))]
    return Question(
        prompt=f"What does this print?\n\n```python\nx = {made}.reshape({rows}, {columns})\nprint({code}.tolist())\n```",
        answer=Output(str(right.tolist())),
        slips=[
            Slip(str(wrong.tolist()), why),
            Slip(str(numbers.tolist()), f"This is the vector before it is reshaped. {why}"),
            Slip(str(x.tolist()), f"This is `x` itself. {why}"),
            Slip(str((right + step).tolist()), f"`torch.arange` begins with its first number, {start}."),
        ],
        explanation=f"`x` is `{x.tolist()}`. {why} So it prints `{right.tolist()}`.",
        hints=["Write `x` down in rows: `reshape` fills them one after the other.", "Indices begin at 0."],
    )


@template(technique="tensors", tags=["dtype", "code", "torch"], difficulty=2)
def what_a_dtype_prints(rng):
    a, b = (int(v) for v in rng.choice(np.arange(1, 20, 2), size=2, replace=False))
    code, right, why, slips = _dtypes(a, b, int(rng.integers(20, 60)))[int(rng.integers(7))]
    return Question(
        prompt=f"What does this print?\n\n```python\n{code}\nprint(y.tolist(), y.dtype)\n```",
        answer=Output(right),
        slips=[Slip(wrong, told) for wrong, told in slips],
        explanation=f"{why} So it prints `{right}`.",
        hints=[
            "First the numbers, then their type: whole, real or boolean?",
            "Whole numbers are int64. Real ones are float32 in PyTorch and float64 in NumPy.",
        ],
    )


@template(technique="tensors", tags=["views", "copies", "numpy"], difficulty=2)
def view_or_copy(rng):
    a, b, c = (int(v) for v in rng.choice(np.arange(1, 10), size=3, replace=False))
    new = int(rng.integers(10, 50))
    line, shared, why = [
        ("y = x[:2]", True, "A slice is a view: it looks at the same numbers."),
        ("y = x[:2].copy()", False, "`copy()` makes numbers of its own."),
        ("y = x[[0, 1]]", False, "A list of indices makes a copy."),
        ("y = x[x > 0]", False, "A mask makes a copy."),
        ("y = x", True, "This is a second name for the same array."),
        ("y = x + 0", False, "A computation makes a new array."),
        ("y = x.reshape(3, 1)[:, 0]", True, "`reshape` and slices give views of the same numbers here."),
        ("y = np.array(x)", False, "`np.array` makes a copy."),
        ("y = np.asarray(x)", True, "`np.asarray` gives the array itself where it is one already."),
    ][int(rng.integers(9))]
    changed, kept = [new, b, c], [a, b, c]
    right, wrong = (changed, kept) if shared else (kept, changed)
    return Question(
        prompt=f"What does this print?\n\n```python\nx = np.array({kept})\n{line}\ny[0] = {new}\nprint(x.tolist())\n```",
        answer=Output(str(right)),
        slips=[
            Slip(str(wrong), f"{why} So writing into `y` {'changes' if shared else 'does not change'} `x`."),
            Slip(str([new, b]), "`x` is printed, not `y`, and it keeps its three numbers."),
            Slip(str([a, new, c]), "Indices begin at 0: `y[0]` is the first number."),
        ],
        explanation=f"{why} So it prints `{right}`.",
        hints=["Do `x` and `y` share their numbers, or does `y` have its own?"],
    )


#: Names of context.YEARS -> as it is said in a sentence.
_EVENTS = {
    "least squares": "the method of least squares",
    "gradient descent": "gradient descent",
    "perceptron": "the perceptron",
    "backpropagation": "training networks by backpropagation",
    "LeNet-5": "LeNet-5",
    "GAN": "GANs",
    "transformer": "the transformer",
    "BERT": "BERT",
}

_PARAMETER, _TRAINING, _ARCHITECTURE = "the parameters", "the hyper-parameters of the training", "the architecture"
_ITEMS = {
    "a weight of the second layer": (_PARAMETER, "The training adjusts each weight."),
    "the bias of a unit": (_PARAMETER, "The training adjusts biases as it does weights."),
    "a number in an embedding table": (_PARAMETER, "Embeddings are learnt like any other weight."),
    "an entry of a convolution's kernel": (_PARAMETER, "Kernels are learnt; nobody types them in."),
    "the scale (gamma) of a batch norm layer": (_PARAMETER, "Its scale and shift are learnt with the weights."),
    "the learning rate": (_TRAINING, "It is chosen before, and says how long the steps are."),
    "the batch size": (_TRAINING, "It is chosen before, and says how many samples make a step."),
    "the factor of the L2 penalty": (
        _TRAINING,
        "It is chosen before, and says how strongly large weights are punished.",
    ),
    "the number of epochs": (_TRAINING, "It says how long the training goes on."),
    "the momentum of the optimiser": (_TRAINING, "It is chosen before, and says how much of the old step is kept."),
    "the number of layers": (_ARCHITECTURE, "It says how the network is built."),
    "the number of units in a layer": (_ARCHITECTURE, "It says how the network is built."),
    "the choice of ReLU as activation": (_ARCHITECTURE, "It says which function each unit computes."),
    "the size of a convolution's kernel": (
        _ARCHITECTURE,
        "It says how the layer is built; its entries are what is learnt.",
    ),
    "the kind of a layer, dense or convolutional": (_ARCHITECTURE, "It says what is connected with what."),
}

_SCALES = [("billion", "GB"), ("million", "MB")]

_TASKS = {
    "MNIST": "small grey images of handwritten digits",
    "CIFAR-10": "small colour photos in ten classes",
    "ImageNet": "large photos in a thousand classes",
    "MS-COCO": "finding and outlining objects in photos",
    "IMDb": "telling good film reviews from bad ones",
    "Wikipedia dumps": "training language models on plain text",
}

_PROJECTS = [
    ("A parcel service wants to spot damaged parcels.", "photos of parcels"),
    ("A clinic wants to pre-sort X-rays.", "X-rays"),
    ("A town wants to count bicycles at crossings.", "videos of crossings"),
    ("A bank wants to read handwritten forms.", "scanned forms"),
    ("A helpdesk wants to sort incoming mails.", "old mails"),
    ("A farm wants to find weeds between its plants.", "photos of its fields"),
    ("A radio station wants its interviews as text.", "recorded interviews"),
    ("A shop wants to answer reviews that complain.", "old reviews"),
]

#: The steps in their order; and why each cannot come before the one before it.
_STEPS = (
    "annotate {data}",
    "explore the data and train models",
    "test the best model on data kept aside",
    "deploy the model on a server",
    "serve it to users through an API",
    "monitor its answers in daily use",
)
_NEEDS = (
    "nothing comes before the data",
    "without labels there is nothing to learn from",
    "testing needs labelled data and a trained model",
    "only a model that was trained and tested goes into use",
    "users get a model that is tested and running",
    "there is nothing to watch before the model is in use",
)

_WEAK = (
    "A program that beats every human at chess, and can do nothing else",
    "A program that finds faces in photos",
    "A translator that has learnt from millions of pairs of sentences",
    "A network that finds tumours in X-rays better than most doctors",
    "A car that keeps its lane by itself",
    "A speaker that understands twenty spoken commands",
)
_STRONG = (
    "A machine that understands whatever a human understands, and is aware of itself",
    "A machine that could learn any task that a human can, by itself",
    "A machine with feelings and aims of its own",
    "A robot that runs a household, then studies law, then writes novels, without being rebuilt",
    "A machine that really thinks, and does not only behave as if it did",
)

#: Remedies, each with why it does not help in the other case.  Normalisation helps in both, so it is in neither.
_AGAINST_STANDSTILL = {
    "look for dead ReLU units, and try a LeakyReLU": "Units that never fire pass no gradient on; but this network does learn.",
    "try learning rates ten times larger and ten times smaller": "A wrong rate keeps the training loss up; here it is low.",
    "look for vanishing gradients, and try another initialisation": "Vanishing gradients stop the learning; this network learns.",
    "check that the weights are updated at all": "The training loss is low: the weights are updated.",
    "replace sigmoids in the hidden layers by ReLUs": "That helps gradients through many layers; here they arrive.",
}
_AGAINST_OVERFITTING = {
    "add dropout": "Dropout makes learning harder: it is a brake, and this network does not even move.",
    "add weight decay (an L2 penalty)": "A penalty holds the weights back; this network does not even move.",
    "augment the training data": "More varied data help a network that learns its data by heart; this one learns nothing.",
    "stop early, by the validation loss": "Stopping earlier does not help a network that has not begun to learn.",
    "collect more training data": "It does not even fit the data it has.",
}


def _sizes(rng):
    return (int(n) for n in rng.choice(np.arange(2, 10), size=3, replace=False))


def _broadcast(rng):
    """Code and the two operands in it; their shapes, the result's shape typed out, and why."""
    n, m, k = _sizes(rng)
    right = "Missing axes count as length 1, which is stretched."
    ones = "Axes of length 1 are stretched to the other's length."
    return [
        ((f"a = np.ones(({n}, {m}))\nb = np.ones({m})\ny = a + b", "ab"), (n, m), (m,), (n, m), right),
        ((f"a = np.ones(({n}, 1))\nb = np.ones((1, {m}))\ny = a * b", "ab"), (n, 1), (1, m), (n, m), ones),
        (
            (f"a = np.ones({n})\nb = np.ones(({n}, 1))\ny = a - b", "ab"),
            (n,),
            (n, 1),
            (n, n),
            f"The vector is a row: each of its entries meets each of the column's, which silently makes {n} × {n} differences.",
        ),
        (
            (f"a = np.ones(({k}, {n}, {m}))\nb = np.ones(({n}, 1))\ny = a * b", "ab"),
            (k, n, m),
            (n, 1),
            (k, n, m),
            right,
        ),
        ((f"a = np.ones(({n}, 1, {m}))\nb = np.ones(({k}, 1))\ny = a + b", "ab"), (n, 1, m), (k, 1), (n, k, m), ones),
        (
            (f"a = np.ones({n})\nb = np.ones({m})\ny = a[:, None] - b", ("a[:, None]", "b")),
            (n, 1),
            (m,),
            (n, m),
            "`None` adds an axis of length 1, and makes a column of the vector.",
        ),
        (
            (f"X = np.ones(({n}, {m}))\nC = np.ones(({k}, {m}))\ny = X[:, None] - C", ("X[:, None]", "C")),
            (n, 1, m),
            (k, m),
            (n, k, m),
            "`None` adds an axis of length 1: each row of `X` meets each row of `C`.",
        ),
        (
            (
                f"x = np.ones(({n}, {m}))\nm = x.mean(axis=1, keepdims=True)\ny = x - m",
                "xm",
            ),
            (n, m),
            (n, 1),
            (n, m),
            "`keepdims=True` keeps the summed axis with length 1, so each row loses its own mean.",
        ),
    ][int(rng.integers(8))]


def _option(shape):
    return f"an array of shape `{shape}`" if shape else "an error"


def _aligned(a, b):
    """Both shapes, the shorter one filled on the left."""
    width = max(len(a), len(b))
    return " and ".join(f"`({', '.join(['–'] * (width - len(shape)) + [str(n) for n in shape])})`" for shape in (a, b))


def _reductions(x, t):
    """What is printed; the result, why, and slips."""
    rows, columns = x.sum(axis=1).tolist(), x.sum(axis=0).tolist()
    down = "`dim=0` runs down the rows, so there is one number for each column."
    along = "`dim=1` runs along a row, so there is one number for each row."
    top, best = x.max(axis=1).tolist(), x.argmax(axis=1).tolist()
    mean = float(x.mean())
    kept = [[each] for each in rows]
    product = [row[0] * row[1] for row in x.T.tolist()]
    return [
        ("x.sum(dim=0).tolist()", columns, down, [(rows, down), (int(x.sum()), down)]),
        ("x.sum(dim=1).tolist()", rows, along, [(columns, along), (int(x.sum()), along)]),
        (
            "x.sum(dim=1, keepdim=True).tolist()",
            kept,
            f"{along} `keepdim` keeps the axis with length 1: each sum is a row of its own.",
            [(rows, "With `keepdim=True` the axis stays: each sum has brackets of its own."), ([columns], along)],
        ),
        (
            "x.max(dim=1).values.tolist()",
            top,
            along,
            [(x.max(axis=0).tolist(), along), (best, "`.values` are the numbers; `.indices` would be their places.")],
        ),
        (
            "x.argmax(dim=1).tolist()",
            best,
            f"{along} `argmax` tells the place of the largest number, counted from 0.",
            [
                ([n + 1 for n in best], "Places are counted from 0."),
                (top, "`argmax` gives the place of the largest number, not the number."),
                (x.argmax(axis=0).tolist(), along),
            ],
        ),
        (
            f"(x > {t}).sum().item()",
            int((x > t).sum()),
            "True counts as 1, so the sum tells how many entries are larger.",
            [
                (int(x[x > t].sum()), "The entries themselves are not added: each True counts as 1."),
                (int((x >= t).sum()), "Greater, not greater or equal."),
                (int((x < t).sum()), "These are the entries that are smaller."),
            ],
        ),
        (
            "(x[0] * x[1]).tolist()",
            product,
            "`*` multiplies entry by entry.",
            [
                (sum(product), "`*` multiplies entry by entry and adds nothing; `@` would give the sum."),
                ((x[0] + x[1]).tolist(), "This is the sum of the two rows."),
            ],
        ),
        (
            "(x[0] @ x[1]).item()",
            sum(product),
            "`@` of two vectors multiplies entry by entry and adds.",
            [
                (product, "`@` also adds the products; `*` would leave them as they are."),
                (int(x[0].sum() * x[1].sum()), "Multiply entry by entry first, then add."),
            ],
        ),
        (
            "x.float().mean().item()",
            plain(mean) if mean % 1 else f"{int(mean)}.0",
            "Without `dim` all six numbers are averaged.",
            [
                (x.mean(axis=0).tolist(), "Without `dim` everything is averaged."),
                (int(x.sum()), "This is the sum: divide by 6."),
            ],
        ),
    ]


def _dtypes(a, b, c):
    """Code that makes y from odd numbers a and b; what is printed, why, and slips."""
    halves, floors, sums = [a / 2, b / 2], [a // 2, b // 2], [a + c, b + c]
    reals, real_sums = [float(a), float(b)], [float(a + c), float(b + c)]
    default = "PyTorch's real numbers are float32 unless stated; float64 is NumPy's default."
    long = "`.long()` makes whole numbers (int64), and cuts the decimals off."
    return [
        (
            f"y = torch.tensor([{a}, {b}]) / 2",
            f"{halves} torch.float32",
            f"`/` divides exactly and gives real numbers. {default}",
            [
                (f"{floors} torch.int64", "`/` divides exactly, also whole numbers; `//` rounds down."),
                (f"{halves} torch.float64", default),
                (f"{halves} torch.int64", "Halves are not whole: the dtype changes."),
            ],
        ),
        (
            f"y = torch.tensor([{a}, {b}]) // 2",
            f"{floors} torch.int64",
            "`//` rounds down, and whole numbers stay whole.",
            [
                (f"{halves} torch.float32", "`//` rounds down, and whole numbers stay whole; `/` would give this."),
                (f"{floors} torch.float32", "Whole numbers divided by `//` stay whole numbers, int64."),
                (f"{[a // 2 + 1, b // 2 + 1]} torch.int64", "`//` rounds down."),
            ],
        ),
        (
            f"y = torch.tensor([{a}, {b}.0])",
            f"{reals} torch.float32",
            f"A tensor has one dtype: one real number makes all of them real. {default}",
            [
                (f"[{a}, {b}.0] torch.float32", "A tensor has one dtype: one real number makes all of them real."),
                (f"{[a, b]} torch.int64", f"`{b}.0` is a real number, and makes all of them real."),
                (f"{reals} torch.float64", default),
            ],
        ),
        (
            f"x = torch.tensor([{a}, {b}])\ny = x > {min(a, b)}",
            f"{[a > b, b > a]} torch.bool",
            "A comparison gives True or False for each entry.",
            [
                (
                    f"{[int(a > b), int(b > a)]} torch.int64",
                    "A comparison gives booleans: True and False, not 1 and 0.",
                ),
                (f"{[True, True]} torch.bool", "Greater, not greater or equal."),
                (
                    f"{[max(a, b)]} torch.int64",
                    "The comparison tells which entries are greater. `x[x > ...]` picks them.",
                ),
            ],
        ),
        (
            f"y = torch.tensor([{a}, {b}]) + torch.tensor([{c}.0])",
            f"{real_sums} torch.float32",
            f"Whole plus real is real, and the single number is added to both. {default}",
            [
                (f"{sums} torch.int64", "Whole plus real is real."),
                (
                    f"{[*reals, float(c)]} torch.float32",
                    "`+` adds tensors; it does not join them, as it does with lists.",
                ),
                (f"{real_sums} torch.float64", default),
            ],
        ),
        (
            f"y = torch.from_numpy(np.array([{a}.0, {b}.0])) + {c}",
            f"{real_sums} torch.float64",
            "`from_numpy` keeps the array's dtype, and NumPy's real numbers are float64.",
            [
                (f"{real_sums} torch.float32", "`from_numpy` keeps NumPy's dtype, which is float64."),
                (f"{sums} torch.int64", "Real plus whole is real."),
            ],
        ),
        (
            f"y = torch.tensor([{a}.9, {b}.9]).long()",
            f"{[a, b]} torch.int64",
            long,
            [
                (f"{[a + 1, b + 1]} torch.int64", "`.long()` cuts the decimals off; it does not round."),
                (f"{reals} torch.float32", "The decimals are cut off, but the numbers are then whole: int64."),
                (f"[{a}.9, {b}.9] torch.float32", long),
            ],
        ),
    ]
