"""Quiz templates: culture and practice; arrays and tensors."""

import numpy as np

from autograder.quiz import (
    Choice,
    Integer,
    Matching,
    Number,
    Ordering,
    Output,
    Question,
    Redraw,
    Several,
    Shape,
    Slip,
    template,
    tex,
)
from reference import context

YEARS = {
    "least squares": 1795,
    "gradient descent": 1847,
    "the perceptron": 1957,
    "backpropagation becomes known": 1986,
    "LeNet-5": 1998,
    "GANs": 2014,
    "the transformer": 2017,
    "BERT": 2018,
}


@template(technique="history", tags=["dates"], difficulty=1, fixed=True, syllabus="Q15.1")
def in_order_of_time(rng):
    picked = sorted((list(YEARS)[int(i)] for i in rng.choice(len(YEARS), size=4, replace=False)), key=YEARS.__getitem__)
    swapped = (picked[1], picked[0], *picked[2:])
    return Question(
        prompt="Put these into the order in which they appeared, the oldest first.",
        answer=Ordering(tuple(picked)),
        slips=[Slip(swapped, f"{picked[0].capitalize()} came first, in {YEARS[picked[0]]}.")],
        explanation="; ".join(f"{name} {YEARS[name]}" for name in picked) + ".",
        hints=["Which of them need a computer, which need large ones?"],
    )


@template(technique="parts of a model", tags=["hyper-parameter"], difficulty=1, fixed=True, syllabus="Q15.2")
def parameter_or_setting(rng):
    items = {
        "a weight of the second layer": "parameter",
        "the bias of a neuron": "parameter",
        "a number in an embedding table": "parameter",
        "gamma of a batch norm layer": "parameter",
        "the learning rate": "hyper-parameter of the training",
        "the batch size": "hyper-parameter of the training",
        "the factor of the L2 penalty": "hyper-parameter of the training",
        "the number of epochs": "hyper-parameter of the training",
        "the number of layers": "architecture",
        "the number of units in a layer": "architecture",
        "which activation is used": "architecture",
        "the size of a kernel": "architecture",
    }
    why = {
        "parameter": "Parameters are what the training finds.",
        "hyper-parameter of the training": "These are set by a person (or a search) and say how the training goes.",
        "architecture": "The architecture says what the network looks like before anything is trained.",
    }
    item = list(items)[int(rng.integers(len(items)))]
    return Question(
        prompt=f"What is {item}?",
        answer=Choice(items[item]),
        slips=[Slip(kind, told) for kind, told in why.items() if kind != items[item]],
        explanation=f"{item.capitalize()}: {items[item]}. {why[items[item]]}",
        hints=["Who decides on it: the training, or a person?"],
    )


@template(technique="cost of models", tags=["energy"], difficulty=1, syllabus="Q15.3")
def energy_of_a_training(rng):
    E, c = float(rng.choice([0.3, 0.6, 0.9, 1.2, 1.5, 2.4, 3.0])), float(rng.choice([2.2, 4.0, 5.0, 6.0, 6.7, 7.5]))
    people = context.people_equivalent(E * 1e6, c * 1e3)
    return Question(
        prompt=f"Training a large model took ${tex(E)}$ GWh of electricity. If one person uses ${tex(c)}$ MWh a year: for how many people is that a year's use?",
        answer=Number(people, tolerance="percent"),
        slips=[
            Slip(people / 1000, "1 GWh is 1,000 MWh: a factor of 1,000 is missing."),
            Slip(people * 1000, "1 GWh is 1,000 MWh, not a million."),
            Slip(c / E, "Turned round: energy over energy for one person."),
            Slip(E * c, "Divide: how often does one person's use go into it?"),
        ],
        explanation=rf"${tex(E * 1000)}$ MWh $/\ {tex(c)}$ MWh $= {tex(people, 4)}$.",
        hints=["Both in MWh."],
        again=E * 1000 / c,
    )


@template(technique="cost of models", tags=["memory"], difficulty=1, syllabus="Q15.4")
def memory_of_parameters(rng):
    P, half = int(rng.choice([1, 3, 7, 13, 30, 70, 175])), bool(rng.integers(2))
    dtype = "float16" if half else "float32"
    gb = context.param_bytes(P * 10**9, dtype) / 1e9
    return Question(
        prompt=f"A model has {P} billion parameters, stored as {dtype}. How many GB (of $10^9$ bytes) do they take?",
        answer=Integer(int(gb), unit="GB"),
        slips=[
            Slip(8 * P, "8 bytes are a float64."),
            Slip(
                4 * P if half else 2 * P,
                f"{'float32 has 32 bits: 4 bytes' if half else 'float16 has 16 bits: 2 bytes'}; here it is {dtype}.",
            ),
            Slip(P, "One byte each would be 8 bits."),
            Slip(16 * P if half else 32 * P, "These are bits: 8 of them make a byte."),
        ],
        explanation=f"{'2' if half else '4'} bytes each: {int(gb)} GB.",
        hints=["How many bits, how many bytes?"],
        again=np.dtype(dtype).itemsize * P,
    )


@template(technique="data sets", tags=["benchmarks"], difficulty=1, fixed=True, syllabus="Q15.5")
def data_sets_and_their_tasks(rng):
    tasks = {
        "MNIST": "handwritten digits",
        "CIFAR-10": "small photographs in ten classes",
        "ImageNet": "photographs in a thousand classes",
        "MS COCO": "finding and outlining objects in photographs",
        "IMDb": "whether a review is kind or not",
        "Wikipedia dumps": "raw text to train language models on",
    }
    picked = [list(tasks)[int(i)] for i in rng.choice(len(tasks), size=4, replace=False)]
    extra = next(task for name, task in tasks.items() if name not in picked)
    told = "; ".join(f"{name}: {tasks[name]}" for name in picked)
    return Question(
        prompt="Which data set is made for what?",
        answer=Matching({name: tasks[name] for name in picked}, extra=[extra]),
        explanation=f"{told}.",
        hints=["Which of them are images, which are text?"],
    )


@template(technique="life of a model", tags=["deployment"], difficulty=1, fixed=True, syllabus="Q15.6")
def life_cycle(rng):
    steps = (
        "collect and annotate data",
        "explore and train models",
        "deploy the chosen model",
        "serve it by an API",
        "monitor what it does",
    )
    wrong = (steps[0], steps[2], steps[1], *steps[3:])
    return Question(
        prompt="Put the life of a model into order.",
        answer=Ordering(steps),
        slips=[Slip(wrong, "A model is trained and compared before it is deployed.")],
        explanation=" → ".join(steps) + ".",
        hints=["What needs what before it?"],
    )


@template(technique="history", tags=["strong ai", "weak ai"], difficulty=1, fixed=True, syllabus="Q15.7")
def strong_or_weak(rng):
    statements = {
        "A program that plays chess better than any human, and can do nothing else": "weak AI",
        "A program that recognises faces": "weak AI",
        "A translator that has learnt from millions of sentences": "weak AI",
        "A machine that understands whatever a human understands, and is aware of itself": "strong AI",
        "A machine that could learn any task a human can, by itself": "strong AI",
    }
    said = list(statements)[int(rng.integers(len(statements)))]
    why = {
        "weak AI": "Weak AI solves one task, however well.",
        "strong AI": "Strong AI would have general understanding; nobody has built one.",
        "neither: it is statistics": "Statistics may well be what it is made of; the question is what it can do.",
    }
    return Question(
        prompt=f"{said}: which kind of artificial intelligence is meant?",
        answer=Choice(statements[said]),
        slips=[Slip(kind, told) for kind, told in why.items() if kind != statements[said]],
        explanation=why[statements[said]],
        hints=["One task, or all of them?"],
    )


@template(technique="life of a model", tags=["remedies"], difficulty=2, fixed=True, syllabus="Q15.8")
def remedies(rng):
    little = {
        "look for dead units and try another activation": "Units that never fire pass on no gradient: that is for a network that learns nothing.",
        "add batch or layer norm": "Normalisation keeps signals and gradients alive: that is for a network that learns nothing.",
        "try other learning rates": "With a rate far off nothing is learnt at all: that is for a network that learns nothing.",
    }
    much = {
        "add dropout": "Dropout takes something away: that is against learning by heart.",
        "add weight decay": "A penalty holds weights back: that is against learning by heart.",
        "augment the data": "More varied data are against learning by heart.",
    }
    learns_too_much = bool(rng.integers(2))
    right, wrong = (much, little) if learns_too_much else (little, much)
    case = (
        "learns its training set by heart and fails on new data"
        if learns_too_much
        else "learns nothing: even the training loss does not fall"
    )
    return Question(
        prompt=f"A network {case}. Which remedies fit?",
        answer=Several(tuple(right)),
        slips=[Slip(each, why) for each, why in wrong.items()],
        explanation=f"{'; '.join(right)}.".capitalize(),
        hints=["Does it need help to learn, or a brake?"],
    )


# Arrays and tensors -----------------------------------------------------------------------------------------------


@template(technique="arrays", tags=["broadcasting", "shapes", "numpy"], difficulty=2)
def shape_of_a_broadcast(rng):
    n, m, k = (int(v) for v in rng.choice(np.arange(2, 13), size=3, replace=False))
    one, other, right, why = [
        ((n, m), (m,), (n, m), "The vector is added to every row."),
        ((n, 1), (1, m), (n, m), "Axes of length 1 are stretched."),
        (
            (n,),
            (n, 1),
            (n, n),
            "A vector is a row: each entry meets each row of the column. This slip gives a square instead of an error.",
        ),
        ((k, n, m), (n, 1), (k, n, m), "Axes are matched from the right; length 1 is stretched."),
        ((n, 1, m), (k, 1), (n, k, m), "Axes are matched from the right; length 1 is stretched."),
    ][int(rng.integers(5))]
    assert (np.zeros(one) + np.zeros(other)).shape == right
    return Question(
        prompt=f"What is the shape of `a + b` for `a` of shape `{one}` and `b` of shape `{other}`?",
        answer=Shape(right),
        slips=[
            Slip(one, "`b` stretches `a` where `a` has length 1, or is itself stretched."),
            Slip(other, "The result has as many axes as the longer one."),
            Slip((*one, *other), "Broadcasting does not put the axes one behind the other."),
            Slip(tuple(reversed(right)), "Axes keep their order."),
        ],
        explanation=why,
        hints=["Write both shapes below each other, aligned on the right."],
        again=np.broadcast_shapes(one, other),
    )


@template(technique="arrays", tags=["reshape", "code", "torch"], difficulty=2)
def what_torch_prints(rng):
    n = int(rng.integers(1, 6))
    kind = int(rng.integers(4))
    code, right, wrong, why = [
        (
            f"x = torch.arange({n}, {n + 6}).reshape(2, 3)\nprint(x[:, 1].tolist())",
            [n + 1, n + 4],
            [n + 3, n + 4, n + 5],
            "`[:, 1]` is the second *column*; `[1]` would be the second row.",
        ),
        (
            f"x = torch.arange({n}, {n + 6}).reshape(2, 3)\nprint(x.sum(dim=0).tolist())",
            [2 * n + 3, 2 * n + 5, 2 * n + 7],
            [3 * n + 3, 3 * n + 12],
            "`dim=0` is summed away: one sum for each column.",
        ),
        (
            f"x = torch.arange({n}, {n + 6}).reshape(3, 2).T\nprint(x[0].tolist())",
            [n, n + 2, n + 4],
            [n, n + 1],
            "After `.T` the first row is what was the first column.",
        ),
        (
            f"x = torch.arange({n}, {n + 4})\nprint((x > {n + 1}).sum().item())",
            2,
            [False, False, True, True],
            "True counts as 1: so many are larger.",
        ),
    ][kind]
    slips = [
        Slip(str(wrong), why),
        Slip(str(list(range(n, n + 3))), "Follow `reshape` row by row."),
        Slip(str(sum(range(n, n + 6))), "Not everything is added up."),
    ]
    return Question(
        prompt=f"What does this print?\n\n```python\n{code}\n```",
        answer=Output(str(right)),
        slips=slips,
        explanation=f"{why} `{right}`.",
        hints=["Write the tensor down as rows and columns."],
    )


@template(technique="arrays", tags=["copy", "numpy"], difficulty=2)
def view_or_copy(rng):
    a, b, c = (int(v) for v in rng.choice(np.arange(1, 10), size=3, replace=False))
    new = int(rng.integers(10, 50))
    line, view, why = [
        ("y = x[:2]", True, "A slice is a view: it looks at the same numbers."),
        ("y = x[:2].copy()", False, "`copy()` makes numbers of its own."),
        ("y = x[[0, 1]]", False, "A list of places makes a copy."),
        ("y = x", True, "This is a second name for the same array."),
        ("y = x + 0", False, "A computation makes a new array."),
        ("y = x.reshape(3, 1)[:, 0]", True, "`reshape` gives a view where it can."),
    ][int(rng.integers(6))]
    right = [new, b, c] if view else [a, b, c]
    if a == new:
        raise Redraw
    return Question(
        prompt=f"What does this print?\n\n```python\nx = np.array([{a}, {b}, {c}])\n{line}\ny[0] = {new}\nprint(x.tolist())\n```",
        answer=Output(str(right)),
        slips=[
            Slip(str([a, b, c] if view else [new, b, c]), why),
            Slip(str([new, b]), "`x` is printed, not `y`, and keeps its length."),
        ],
        explanation=why,
        hints=["Do `x` and `y` share their numbers?"],
    )
