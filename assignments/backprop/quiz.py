"""Quiz templates: the multilayer perceptron and backpropagation.  Conventions: z = W h + b, W is (outputs, inputs)."""

from itertools import pairwise

import numpy as np

from autograder.quiz import (
    Choice,
    Formula,
    Integer,
    Number,
    Numbers,
    Ordering,
    Question,
    Redraw,
    Shape,
    Slip,
    figures,
    par,
    plain,
    plus,
    template,
    tex,
)
from reference import activations, losses, mlp


@template(technique="multilayer perceptron", tags=["parameters"], difficulty=1, syllabus="Q03.1")
def parameters(rng):
    d = [int(n) for n in rng.integers(3, 60, size=4)]
    pairs = list(pairwise(d))
    weights = sum(a * b for a, b in pairs)
    products = " + ".join(rf"({a} + 1) \cdot {b}" for a, b in pairs)
    return Question(
        prompt=f"A multilayer perceptron has layers of {d[0]}, {d[1]}, {d[2]} and {d[3]} units, fully connected, with biases. "
        "How many parameters does it have?",
        answer=Integer(mlp.param_count(d)),
        slips=[
            Slip(weights, "These are the weights alone: each unit behind the input also has a bias."),
            Slip(weights + sum(d), "The inputs have no bias: they are given, not computed."),
            Slip(weights + 3, "A bias for each *unit*, not one for each layer."),
        ],
        explanation=f"Each layer has (inputs + 1) × outputs: ${products} = {mlp.param_count(d)}$.",
        hints=[
            "Count one layer first: a matrix and a vector.",
            r"A layer from $m$ to $n$ units has $(m + 1)\,n$ parameters.",
        ],
        figure=figures.network(d),
        again=weights + sum(d[1:]),
    )


@template(technique="multilayer perceptron", tags=["shapes"], difficulty=1, syllabus="Q03.2")
def weight_matrix_shape(rng):
    n = [int(size) for size in rng.choice(np.arange(2, 41), size=4, replace=False)]
    l = int(rng.integers(1, 4))
    i, o = n[l - 1], n[l]
    off = l + 1 if l < 3 else l - 1
    W, _ = mlp.init_dense((i, o), rng)[0]
    return Question(
        prompt=f"A multilayer perceptron has layers of {n[0]} (the input, layer 0), {n[1]}, {n[2]} and {n[3]} units. Layer "
        rf"$l$ computes $z^{{(l)}} = W^{{(l)}} h^{{(l-1)}} + b^{{(l)}}$ with column vectors. What is the shape of $W^{{({l})}}$?",
        answer=Shape(W.shape),
        slips=[
            Slip(
                (i, o),
                "Some lectures write (inputs, outputs), but then $W h$ does not fit: rows belong to the outputs.",
            ),
            Slip((o, i + 1), f"The bias is a vector of its own, $b^{{({l})}}$: it adds no column to $W^{{({l})}}$."),
            Slip(
                (n[off], n[off - 1]), f"This is $W^{{({off})}}$. $W^{{({l})}}$ leads from layer {l - 1} to layer {l}."
            ),
            Slip((o, o), f"It need not be square: it multiplies the {i} values of the layer before."),
        ],
        explanation=f"$W^{{({l})}}$ takes {i} values (its columns) to {o} values (its rows): the shape is ({o}, {i}).",
        hints=[
            "How long is the vector it multiplies, and how long is the result?",
            "Rows = outputs, columns = inputs.",
        ],
        figure=figures.network(n, labels=["0:", "1:", "2:", "3:"]),
        again=(o, i),
    )


@template(
    technique="softmax and cross-entropy gradient", tags=["backpropagation", "softmax"], difficulty=2, syllabus="Q03.3"
)
def softmax_cross_entropy_gradient(rng):
    z = rng.choice(np.arange(-3, 4), size=3, replace=False)
    k, j = rng.integers(3, size=2)
    S = np.exp(z) / np.exp(z).sum()
    P = np.eye(3)[k]
    gradient = mlp.softmax_ce_grad(z[None].astype(float), P[None])[0]
    return Question(
        prompt=f"Logits $z = {tex(z)}$, true class {k} (counted from 0), loss $L$ = cross-entropy of softmax($z$). "
        rf"What is $\partial L / \partial z_{j}$?",
        answer=Number(gradient[j]),
        slips=[
            Slip(-gradient[j], "The sign is turned: it is $S - P$, so that a step against it raises the true class."),
            Slip(S[j], "This is the softmax alone. The label counts too: subtract 1 at the true class."),
            Slip(S[j] * (1 - S[j]), "This is the derivative of one softmax component, without the loss behind it."),
            Slip(-P[j] / S[k], "This is the derivative of the loss by the probability; the softmax comes before it."),
        ],
        explanation=rf"$\partial L / \partial z = S - P$ with $S = {tex(S, 3)}$ and $P = {tex(P.astype(int))}$: "
        f"component {j} is ${tex(gradient[j], 4)}$.",
        hints=[
            "Softmax and cross-entropy together have a very simple gradient.",
            r"$\partial L / \partial z = S - P$.",
        ],
        again=S[j] - P[j],
    )


@template(
    technique="softmax and cross-entropy gradient", tags=["backpropagation", "softmax"], difficulty=2, syllabus="Q03.4"
)
def softmax_jacobian_entry(rng):
    z = rng.choice(np.arange(-2, 4), size=3, replace=False)
    j, k = (int(place) for place in rng.integers(3, size=2))
    S = np.exp(z) / np.exp(z).sum()
    entry = activations.softmax_jacobian(z.astype(float))[j, k]
    own, cross = S[j] * (1 - S[j]), -S[j] * S[k]
    sigmoid = 1 / (1 + np.exp(-z[j]))
    if j == k:
        rule = f"S_{j} (1 - S_{j})"
        slips = [Slip(cross, rf"$-S_j S_k$ holds for $j \neq k$. Here $j = k$: the numerator depends on $z_{j}$ too.")]
        factors = (S[j], 1 - S[j])
    else:
        rule = f"-S_{j} S_{k}"
        slips = [
            Slip(own, f"$S_j (1 - S_j)$ holds for $j = k$. Here $z_{k}$ stands in the denominator of $S_{j}$ only."),
            Slip(0.0, f"Softmax does not work entry by entry: $z_{k}$ is in the denominator of $S_{j}$."),
        ]
        factors = (-S[j], S[k])
    return Question(
        prompt=rf"Logits $z = {tex(z)}$ and $S$ = softmax($z$), counted from 0. What is $\partial S_{j} / \partial z_{k}$?",
        answer=Number(entry),
        slips=[
            *slips,
            Slip(-entry, "The sign is turned: raising a logit raises its own probability and lowers all others."),
            Slip(S[j], f"This is $S_{j}$ itself, not its derivative."),
            Slip(
                sigmoid * (1 - sigmoid), "This is the sigmoid's derivative: softmax divides by the sum over all logits."
            ),
        ],
        explanation=rf"$S = {tex(S, 4)}$, so $\partial S_{j} / \partial z_{k} = {rule} "
        rf"= {tex(factors[0], 4)} \cdot {tex(factors[1], 4)} = {tex(entry, 4)}$.",
        hints=[
            "Are the two indices equal or not? There is one rule for each case.",
            r"$S_j (1 - S_j)$ for $j = k$, and $-S_j S_k$ for $j \neq k$.",
        ],
        again=S[j] * ((j == k) - S[k]),
    )


@template(technique="backward pass through a layer", tags=["backpropagation"], difficulty=2, syllabus="Q03.5")
def weight_gradient_entry(rng):
    delta = _nonzero(rng, 9, 2)
    y = _nonzero(rng, 9, 3)
    i, j = int(rng.integers(2)), int(rng.integers(3))
    entry = mlp.linear_backward(delta[None], np.zeros((2, 3)), y[None])["dW"][i, j]
    slips = [
        Slip(delta[i] * y[j] / 3, "There is one sample: nothing is averaged, least of all over the inputs."),
        Slip(
            delta.sum() * y[j], f"Only $z_{i}$ depends on $W_{{{i}{j}}}$: take $\\delta_{i}$, not the sum of $\\delta$."
        ),
        Slip(delta[i] * y.sum(), f"$W_{{{i}{j}}}$ multiplies $y_{j}$ alone: take $y_{j}$, not the sum of $y$."),
        Slip(delta[i], rf"This is the gradient of the bias $b_{i}$. For a weight, multiply by its input $y_{j}$."),
    ]
    if j < 2:
        slips.insert(
            0, Slip(y[i] * delta[j], r"This is an entry of $y \delta^T$. $\partial L / \partial W = \delta y^T$.")
        )
    return Question(
        prompt=rf"One sample passes a linear layer $z = W y + b$ with 3 inputs and 2 outputs. $y = {tex(y)}$, and the gradient "
        rf"that arrives is $\delta = \partial L / \partial z = {tex(delta)}$. What is $\partial L / \partial W_{{{i}{j}}}$? "
        "(Row, then column, both counted from 0.)",
        answer=Number(entry),
        slips=slips,
        explanation=rf"$z_{i}$ contains $W_{{{i}{j}}} y_{j}$, so the gradient is $\delta_{i} y_{j} "
        rf"= {tex(delta[i])} \cdot {par(y[j])} = {tex(entry)}$.",
        hints=[
            f"Through which output does $W_{{{i}{j}}}$ act, and what does it multiply?",
            r"$\partial L / \partial W_{ij} = \delta_i y_j$.",
        ],
        again=int(delta[i]) * int(y[j]),
    )


@template(technique="backward pass through a layer", tags=["backpropagation", "relu"], difficulty=1, syllabus="Q03.6")
def relu_backward(rng):
    order = rng.permutation(4)
    t = np.abs(_nonzero(rng, 5, 4) * [1, 1, -1, -1])[order] * np.array([1, 1, -1, -1])[order]
    delta = np.abs(_nonzero(rng, 9, 4))[order] * np.array([1, -1, 1, -1])[order]
    through = mlp.relu_backward(delta.astype(float), t.astype(float))
    return Question(
        prompt=rf"A ReLU layer $y = \max(0, t)$ got $t = {tex(t)}$. On the way back the gradient "
        rf"$\partial L / \partial y = {tex(delta)}$ arrives. What is $\partial L / \partial t$?",
        answer=Numbers(through, whole=True),
        slips=[
            Slip(delta * (delta > 0), "The gate looks at the sign of $t$, not at the sign of the gradient."),
            Slip(delta * np.maximum(t, 0), "Multiply by the derivative of ReLU, 0 or 1, not by its value."),
            Slip(delta * (t < 0), "The gate is inverted: gradients pass where $t > 0$ and stop where $t < 0$."),
            Slip(delta, "This passes everything. Where $t < 0$ the ReLU is flat, and nothing goes through."),
            Slip((t > 0) * 1, "These are the slopes of the ReLU alone: multiply by the gradient that arrives."),
        ],
        explanation=rf"The slope is 1 where $t > 0$, else 0: ${tex((t > 0) * 1)}$. "
        rf"Entry by entry times ${tex(delta)}$ gives ${tex(through)}$.",
        hints=[
            "What is the slope of ReLU to the right of 0, and to the left?",
            r"Keep an entry where $t > 0$, set it to 0 elsewhere.",
        ],
        again=np.where(t > 0, delta, 0),
    )


@template(technique="backward pass through a layer", tags=["backpropagation", "relu"], difficulty=1, syllabus="Q03.7")
def relu_derivative_at_zero(rng):
    torch = bool(rng.integers(2))
    t = rng.permutation([0, *_nonzero(rng, 5, 2)])
    delta = 2 * _nonzero(rng, 6, 3)
    j = int(np.flatnonzero(t == 0)[0])
    rule, other = (r"1_{t > 0}", r"1_{t \geq 0}") if torch else (r"1_{t \geq 0}", r"1_{t > 0}")
    whose = "PyTorch takes" if torch else "The lecture's formulas take"
    at_zero = mlp.relu_backward(delta.astype(float), t.astype(float), at_zero=0.0 if torch else 1.0)[j]
    return Question(
        prompt=rf"At $t = 0$ ReLU has a kink, and its slope is a convention. {whose} ${rule}$ (1 where the "
        rf"condition holds, else 0). With $t = {tex(t)}$ and "
        rf"the gradient $\delta = {tex(delta)}$ arriving, which gradient goes on at entry {j} (counted from 0)?",
        answer=Number(at_zero),
        slips=[
            Slip(0.0 if at_zero else delta[j], f"This is the other convention, ${other}$."),
            Slip(delta[j] / 2, "1/2 is a slope one could choose, but neither convention does."),
            Slip(1.0, "Multiply the gradient that arrives by the slope: 0 or 1."),
        ],
        explanation=rf"${rule}$ is {0 if torch else 1} at $t = 0$, so entry {j} is "
        rf"${tex(delta[j])} \cdot {0 if torch else 1} = {tex(at_zero)}$.",
        hints=[rf"What is ${rule}$ at $t = 0$?"],
        again=delta[j] * np.heaviside(0.0, 0.0 if torch else 1.0),
    )


@template(technique="multilayer perceptron", tags=["forward pass", "cross-entropy"], difficulty=3, syllabus="Q03.8")
def loss_of_a_forward_pass(rng):
    W1, W2 = rng.integers(-1, 3, size=(2, 2)), rng.integers(-1, 2, size=(3, 2))
    b1, b2, x = rng.integers(-1, 2, size=2), rng.integers(-1, 2, size=3), rng.integers(1, 4, size=2)
    k = int(rng.integers(3))
    z1 = W1 @ x + b1
    h = np.maximum(z1, 0)
    z2 = W2 @ h + b2
    if (z1 > 0).sum() != 1 or not b1.any() or not b2.any() or np.ptp(z2) > 5 or np.ptp(z2) == 0:
        raise Redraw
    P = np.eye(3)[[k]]
    net = [(W1, b1), (W2, b2)]
    S = activations.softmax(mlp.forward(net, x[None].astype(float)))
    loss = losses.cross_entropy(S, P)
    no_relu = _minus_log_softmax(W2 @ z1 + b2, k)
    no_bias = _minus_log_softmax(W2 @ np.maximum(W1 @ x, 0), k)
    given = f"W1 = {W1.tolist()}\nb1 = {b1.tolist()}\nW2 = {W2.tolist()}\nb2 = {b2.tolist()}\nx  = {x.tolist()}"
    return Question(
        prompt="A net computes $h = r(W_1 x + b_1)$ with the ReLU $r$, then $z = W_2 h + b_2$ and softmax($z$).\n\n"
        f"```\n{given}\n```\n\n"
        f"The true class is {k} (counted from 0). What is the cross-entropy loss (natural logarithm)?",
        answer=Number(loss),
        slips=[
            Slip(no_relu, rf"The ReLU is missing: $W_1 x + b_1 = {tex(z1)}$ becomes $h = {tex(h)}$."),
            Slip(no_bias, "The biases are missing: add $b_1$ before the ReLU and $b_2$ after the second matrix."),
            Slip(S[0, k], "This is the probability of the true class. The loss is minus its logarithm."),
            Slip(
                -loss, "The sign: probabilities are below 1, their logarithm is negative, and the loss is minus that."
            ),
        ],
        explanation=rf"$W_1 x + b_1 = {tex(z1)}$, $h = {tex(h)}$, $z = {tex(z2)}$; the softmax of class {k} is "
        rf"${tex(S[0, k], 4)}$, and the loss is $-\ln {tex(S[0, k], 4)} = {tex(loss, 4)}$.",
        hints=[
            "Four steps: first layer, ReLU, second layer, softmax. Then one logarithm.",
            "The loss is minus the logarithm of the true class's probability.",
        ],
        again=_minus_log_softmax(z2, k),
    )


@template(technique="numerical gradient", tags=["finite differences"], difficulty=2, syllabus="Q03.9")
def central_difference(rng):
    w = int(rng.choice([-4, -3, -2, -1, 1, 2, 3, 4, 5]))
    h = float(rng.choice([0.5, 1, 2]))
    slope = mlp.numeric_grad(lambda v: float(v[0] ** 3), np.array([float(w)]), h)[0]
    up, down = (w + h) ** 3, (w - h) ** 3
    return Question(
        prompt=f"What is the central finite difference of $f(w) = w^3$ at $w = {w}$ with step $h = {tex(h)}$ on each side?",
        answer=Number(slope, digits=4),
        slips=[
            Slip((up - w**3) / h, "This is the forward difference: it goes to the right only. Go $h$ to each side."),
            Slip((up - down) / h, "The two points are $2h$ apart: divide by $2h$."),
            Slip(3 * w**2, "This is the exact derivative. The finite difference only comes close to it."),
            Slip((w**3 - down) / h, "This is the backward difference: it goes to the left only. Go $h$ to each side."),
        ],
        explanation=rf"$(f({plain(w + h)}) - f({plain(w - h)})) / (2 \cdot {tex(h)}) = ({tex(up)} - {par(down)}) / {tex(2 * h)} "
        rf"= {tex(slope)}$; the exact derivative is ${3 * w**2}$.",
        hints=["A step to the right, a step to the left, and the slope between.", r"$(f(w + h) - f(w - h)) / (2h)$."],
        again=3 * w**2 + h**2,
    )


@template(technique="numerical gradient", tags=["finite differences", "cost"], difficulty=1, syllabus="Q03.10")
def cost_of_a_numerical_gradient(rng):
    P = int(rng.integers(20, 5000))
    return Question(
        prompt=f"A network has {P} parameters. How often must its loss be evaluated to approximate the whole gradient "
        "by central differences?",
        answer=Integer(mlp.numeric_grad_cost(P)),
        slips=[
            Slip(P + 1, "This is the cost of forward differences, which share the middle point."),
            Slip(2, "Two evaluations give one entry of the gradient: each parameter needs its own two."),
            Slip(P, "Each parameter is moved up *and* down: two evaluations each."),
            Slip(P**2, "The parameters are moved one at a time, not in pairs."),
        ],
        explanation=f"Two evaluations for each parameter: $2 \\cdot {P} = {2 * P}$. "
        "Backpropagation gives the same with one pass forward and one back.",
        hints=["How many evaluations does one parameter need?", "Two for each parameter."],
        again=P + P,
    )


@template(technique="multilayer perceptron", tags=["relu", "expressivity"], difficulty=2, syllabus="Q03.11")
def relu_hat(rng):
    t = int(rng.integers(1, 26)) / 10
    value = _rounded(float(activations.relu_sum(t, (1, -2, 1), (0, 1, 2))))
    units = [max(t - knot, 0.0) for knot in range(3)]
    terms = rf"{tex(units[0])} - 2 \cdot {tex(units[1])} + {tex(units[2])}"
    return Question(
        prompt=rf"Three ReLU units side by side are added: $f(t) = r(t) - 2 r(t - 1) + r(t - 2)$ with $r(u) = \max(0, u)$. "
        rf"What is $f({tex(t)})$?",
        answer=Number(value),
        slips=[
            Slip(units[0] - units[1] + units[2], "The middle unit counts twice: its coefficient is $-2$."),
            Slip(
                max(max(t - 1, 0.0) - 2, 0.0), "This puts one unit into the other. Here they stand side by side: add."
            ),
            Slip(
                t,
                "This is the first unit alone. Beyond $t = 1$ the second pulls down, beyond $t = 2$ the third levels out.",
            ),
            Slip(
                abs(t) - 2 * abs(t - 1) + abs(t - 2),
                "This takes absolute values: $r$ of a negative number is 0, not its size.",
            ),
            Slip(units[0] - 2 * units[1], "The third unit is missing: it starts at $t = 2$."),
            Slip(-value, "The signs are turned: the outer units count positively, the middle one negatively."),
        ],
        explanation=rf"$r({tex(t)}) - 2 r({tex(_rounded(t - 1))}) + r({tex(_rounded(t - 2))}) = {terms} = {tex(value)}$: "
        "a hat from 0 to 2 with height 1 at $t = 1$.",
        hints=[
            "Which of the three units are above 0 at this $t$?",
            "Compute each $r$ first; a negative inside gives 0.",
        ],
        again=max(0.0, 1 - abs(t - 1)),
    )


@template(technique="training loop", tags=["backpropagation"], difficulty=1, fixed=True)
def order_of_a_training_step(rng):
    steps = (
        "forward pass: predictions of the batch",
        "loss of the predictions",
        "gradients to zero, then backward pass",
        "optimiser step: new weights",
    )
    return Question(
        prompt="Put the parts of one training step into order.",
        answer=Ordering(steps),
        slips=[
            Slip((steps[0], steps[1], steps[3], steps[2]), "The step needs the gradients: backward comes before it.")
        ],
        explanation="Predict, compare, differentiate, move: " + " → ".join(steps) + ".",
        hints=["What does the optimiser's step need?"],
    )


@template(technique="chain rule", tags=["backpropagation"], difficulty=2)
def order_of_backpropagation(rng):
    depth = int(rng.integers(2, 4))
    letters = [str(letter) for letter in rng.choice(list("acdgkmqrsuv"), size=2 * depth, replace=False)]
    code, chain, entering = [], [], "x"
    for layer in range(1, depth + 1):
        before, after = letters[2 * layer - 2], letters[2 * layer - 1]
        code.append(f"{before} = W{layer} @ {entering} + b{layer}")
        chain.append(before)
        if layer < depth:
            code.append(f"{after} = {rng.choice(['relu', 'tanh', 'sigmoid'])}({before})")
            chain.append(after)
        entering = after
    head = str(rng.choice(["none", "softmax", "sigmoid"]))
    if head != "none":
        code.append(f"{letters[-1]} = {head}({chain[-1]})")
        chain.append(letters[-1])
    code.append(f"L = -log({chain[-1]}[y])" if head == "softmax" else f"L = sum(({chain[-1]} - y) ** 2)")
    weight = str(rng.choice(["W", "b"])) + "_1"
    forward = [rf"$\partial L / \partial {name}$" for name in (weight, *chain)]
    steps = tuple(reversed(forward))
    return Question(
        prompt="The forward pass of a small network:\n\n```\n"
        + "\n".join(code)
        + "\n```\n\nIn which order does backpropagation compute these gradients? Start with the first one.",
        answer=Ordering(steps),
        slips=[
            Slip(
                tuple(forward),
                "This is the order of the forward pass. The chain rule starts at the loss and walks back.",
            ),
            Slip(
                (steps[-1], *steps[:-1]),
                f"${weight}$ acts on the loss through all the others: its gradient comes last.",
            ),
        ],
        explanation="Read the code from the last line up; each gradient needs the one before: "
        + " → ".join(steps)
        + ". (The gradients of the later weights are by-products on the way.)",
        hints=[
            "Which variable stands in the formula of the loss itself?",
            "Go through the code from the last line up.",
        ],
    )


@template(technique="chain rule", tags=["derivative", "formula"], difficulty=2)
def derivative_of_a_loss(rng):
    loss, inside, slope, again, short, why = _scalar_loss(rng)
    note = {"log": " (Natural logarithm.)", "sigma": r" ($\sigma$ is the sigmoid, typed as `sigmoid`.)"}
    note = next((said for word, said in note.items() if "\\" + word in loss), "")
    return Question(
        prompt=rf"The loss of one sample is $L = {loss}$.{note} What is $\partial L / \partial w$, as a formula in $w$ and $x$?",
        answer=Formula(f"{slope}*x", {"w": (-1.5, 1.5), "x": (-1.5, 1.5)}),
        slips=[
            Slip(slope, f"The last link is missing: the derivative of ${inside}$ with respect to $w$ is $x$."),
            Slip(f"{short}*x", why),
            Slip(f"{slope}*w", "This is the derivative with respect to $x$. For $w$ the innermost factor is $x$."),
        ],
        explanation=rf"With $u = {inside}$: $\partial L / \partial u$ is `{slope}`, and $\partial u / \partial w = x$. "
        "Multiply the two.",
        hints=[
            f"Name the inner part: $u = {inside}$.",
            r"$\partial L / \partial w = \partial L / \partial u \cdot \partial u / \partial w$.",
        ],
        again=f"({again})*x",
    )


@template(technique="backward pass through a layer", tags=["backpropagation", "debugging"], difficulty=3)
def bug_in_a_backward_pass(rng):
    kind = str(rng.choice(list(_SLOPES)))
    mean = bool(rng.integers(2))
    forward, backward = _passes(kind, mean)
    bugs = _bugs(kind, mean)
    name = str(rng.choice(list(bugs)))
    wrong, why = bugs[name][int(rng.integers(len(bugs[name])))]
    shown = [*forward, *(f"{left} = {wrong if left == name else right}" for left, (right, _) in backward.items())]
    places = {left: number for number, left in enumerate(backward, len(forward) + 1)}
    option = {left: f"line {number}: `{shown[number - 1]}`" for left, number in places.items()}
    others = [left for left in backward if left != name]
    others = [others[place] for place in sorted(rng.choice(len(others), size=4, replace=False))]
    code = "\n".join(f"{number:2}  {line}" for number, line in enumerate(shown, 1))
    return Question(
        prompt="The rows of `X` are $n$ samples, the rows of `P` their one-hot labels. The loss is the cross-entropy, "
        f"{'averaged' if mean else 'summed'} over the $n$ samples. `dz2` is its gradient with respect to `z2`, and so on. "
        f"One line of the backward pass is wrong. Which one?\n\n```python\n{code}\n```",
        answer=Choice(option[name]),
        slips=[Slip(option[left], f"This line is right: {backward[left][1]}") for left in others],
        explanation=f"Line {places[name]} must be `{name} = {backward[name][0]}`: {why}",
        hints=[
            "Go through the backward pass line by line: what is the forward line it belongs to?",
            "Check signs, which variable a gate looks at, and what is summed or averaged over the batch.",
        ],
    )


@template(technique="multilayer perceptron", tags=["shapes", "code"], difficulty=2)
def shapes_in_code(rng):
    N, d, h, k = (int(size) for size in rng.choice(np.arange(3, 41), size=4, replace=False))
    asked = _shapes(N, d, h, k, rng)
    name = str(rng.choice(list(asked)))
    array, shape, reason, slips = asked[name]
    code, symbols = _torch_code(N, d, h, k) if rng.integers(2) else _numpy_code(N, d, h, k)
    return Question(
        prompt=f"```python\n{code}\n```\n\nWhat is the shape of `{symbols[name]}`?",
        answer=Shape(array.shape),
        slips=[
            *slips,
            Slip((N, d), "This is the shape of the input."),
            Slip((N, h), "This is the shape of the hidden layer."),
        ],
        explanation=f"`{symbols[name]}` has the shape {shape}: {reason}",
        hints=["Write the shape of each variable beside its line.", "A gradient has the shape of its variable."],
        again=shape,
    )


#: activation -> (its forward code, its slope in code, wrong slopes with what is wrong about them)
_SLOPES = {
    "relu": (
        "np.maximum(z1, 0)",
        "(z1 > 0)",
        (
            ("(dh1 > 0)", "the gate looks at the pre-activation, not at the gradient."),
            ("h1", "multiply by the slope of the ReLU, 0 or 1, not by its value."),
            ("(z1 < 0)", "the gate is inverted: gradients pass where the ReLU lets the value pass."),
        ),
    ),
    "tanh": (
        "np.tanh(z1)",
        "(1 - h1 ** 2)",
        (
            ("(1 - z1 ** 2)", "the slope of tanh is 1 minus the square of its *value*."),
            ("h1 * (1 - h1)", "that is the slope of the sigmoid; here the activation is tanh."),
            ("h1", "multiply by the slope of tanh, not by its value."),
        ),
    ),
    "sigmoid": (
        "1 / (1 + np.exp(-z1))",
        "h1 * (1 - h1)",
        (
            ("z1 * (1 - z1)", "the slope of the sigmoid is s (1 - s) with its *value* s."),
            ("(1 - h1 ** 2)", "that is the slope of tanh; here the activation is the sigmoid."),
            ("h1", "multiply by the slope of the sigmoid, not by its value."),
        ),
    ),
}


def _nonzero(rng, most, size):
    """Whole numbers from -most to most without 0."""
    return rng.integers(1, most + 1, size=size) * rng.choice([-1, 1], size=size)


def _rounded(value):
    return round(value, 9)


def _minus_log_softmax(z, k):
    return float(np.log(np.exp(z).sum()) - z[k])


def _scalar_loss(rng):
    """A loss of u = w x + b, in TeX; u in TeX; the derivative by u, in two forms, and with a factor lost; what was lost."""
    b, y = int(rng.integers(-2, 3)), int(rng.choice([-3, -2, -1, 1, 2, 3]))
    kind = str(rng.choice(["square", "logistic", "tanh", "sigmoid", "exp"]))
    shift = f" {plus(b)}" if b and kind != "square" else ""
    u, inside = f"w*x{shift}", f"w x{shift}"
    if kind == "square":
        error = f"{u} {plus(-y)}"
        loss, slope, again, short = rf"({inside} {plus(-y)})^2", f"2*({error})", f"2*w*x {plus(-2 * y)}", f"({error})"
        why = "The factor 2 of the square is missing."
    elif kind == "logistic":
        # log(1 + exp(-y u)) with y = 1 or -1; typed and in TeX.
        turned, straight = (f"-({u})", u) if y > 0 else (u, f"-({u})")
        loss = rf"\log(1 + \exp({(f'-({inside})' if b else f'-{inside}') if y > 0 else inside}))"
        slope, again = f"{'-1' if y > 0 else '1'}/(1 + exp({straight}))", f"{'-' if y > 0 else ''}sigmoid({turned})"
        short = f"1/(1 + exp({turned}))"
        why = "Inside the logarithm stands an exponential: its derivative is a factor too."
    elif kind == "exp":
        error = f"exp({u}) {plus(-y)}"
        loss, slope, again = (
            rf"(\exp({inside}) {plus(-y)})^2",
            f"2*({error})*exp({u})",
            f"2*exp({u})^2 {plus(-2 * y)}*exp({u})",
        )
        short, why = f"2*({error})", r"The derivative of $\exp$ is missing: three links, so three factors."
    elif kind == "tanh":
        error = f"(tanh({u}) {'-' if y > 0 else '+'} 1)"
        loss, slope = rf"(\tanh({inside}) {'-' if y > 0 else '+'} 1)^2 / 2", f"{error}*(1 - tanh({u})^2)"
        again, short = f"{error}/cosh({u})^2", error
        why = r"The derivative of $\tanh$ is missing: multiply by $1 - \tanh^2$."
    else:
        error = f"(sigmoid({u}) - 1)" if y > 0 else f"sigmoid({u})"
        loss = rf"(\sigma({inside}) - 1)^2" if y > 0 else rf"\sigma({inside})^2"
        slope, short = f"2*{error}*sigmoid({u})*(1 - sigmoid({u}))", f"2*{error}"
        again = f"2*{error}*exp({u})/(1 + exp({u}))^2"
        why = r"The derivative of the sigmoid is missing: multiply by $\sigma (1 - \sigma)$."
    return loss, inside, slope, again, short, why


def _passes(kind, mean):
    """The lines of the forward pass; for each variable of the backward pass its right side, and why that is right."""
    value, slope, _ = _SLOPES[kind]
    forward = ["z1 = X @ W1.T + b1", f"h1 = {value}", "z2 = h1 @ W2.T + b2", "S = softmax(z2)"]
    backward = {
        "dz2": (
            "(S - P) / n" if mean else "S - P",
            "softmax minus label"
            + (", divided by n because the loss is a mean." if mean else "; the loss is a sum, so no n."),
        ),
        "dW2": ("dz2.T @ h1", "arriving gradient times the input of the second layer, summed over the batch."),
        "db2": ("dz2.sum(axis=0)", "the bias acts on every sample, so sum over the rows."),
        "dh1": ("dz2 @ W2", "forward multiplies rows by `W2.T`, so backward multiplies them by `W2`."),
        "dz1": (f"dh1 * {slope}", f"arriving gradient times the slope of the {_named(kind)}, entry by entry."),
        "dW1": ("dz1.T @ X", "arriving gradient times the input of the first layer, summed over the batch."),
        "db1": ("dz1.sum(axis=0)", "the bias acts on every sample, so sum over the rows."),
    }
    return forward, backward


def _named(kind):
    return "ReLU" if kind == "relu" else kind


def _bugs(kind, mean):
    """For each variable of the backward pass: wrong right sides, with what is wrong about them."""
    scaled = "the loss is a mean, so divide by n." if mean else "the loss is a sum, so do not divide by n."
    twice = "nothing is averaged here; a division by n belongs into `dz2`, and only where the loss is a mean."
    return {
        "dz2": (
            ("(P - S) / n" if mean else "P - S", "the sign is turned; the gradient is softmax minus label."),
            ("S - P" if mean else "(S - P) / n", scaled),
        ),
        "dW2": (("dz2.T @ z1", "the second layer's input is `h1`, after the activation."),),
        "db2": (
            ("dz2.mean(axis=0)", twice),
            ("dz2.sum(axis=1)", "sum over the samples (axis 0); the bias has one entry for each class."),
        ),
        "dh1": (
            ("dz2 @ W2.T", "forward multiplies by `W2.T`, so backward multiplies by `W2`."),
            ("S @ W2", "the gradient `dz2` goes back, not the probabilities."),
        ),
        "dz1": tuple((f"dh1 * {slope}", why) for slope, why in _SLOPES[kind][2]),
        "dW1": (
            ("dh1.T @ X", "the gradient must pass the activation first: `dz1`, not `dh1`."),
            ("dz1.T @ h1", "the first layer's input is `X`."),
        ),
        "db1": (
            ("dh1.sum(axis=0)", "the gradient must pass the activation first: `dz1`, not `dh1`."),
            ("dz1.mean(axis=0)", twice),
        ),
    }


def _shapes(N, d, h, k, rng):
    """For a net d-h-k and a batch of N: the reference's array, its shape typed out, the reason, and slips."""
    X, H, Z = (np.zeros((N, size)) for size in (d, h, k))
    net = mlp.init_dense((d, h, k), rng)
    (W1, _), (W2, _) = net
    through1, through2 = mlp.linear_backward(H, W1, X), mlp.linear_backward(Z, W2, H)
    rows, like = (
        "one row for each sample, one column for each {}.",
        "a gradient has the shape of its variable, here the {}.",
    )

    def layer(size):
        whys = "Transposed: the rows are the samples.", "The batch is there too: each sample has its own row."
        return [Slip((size, N), whys[0]), Slip((size,), whys[1])]

    def weight(o, i):
        whys = (
            "Transposed: these weights are kept as (outputs, inputs).",
            "The samples' gradients are added up: no axis for them.",
        )
        return [Slip((i, o), whys[0]), Slip((N, o, i), whys[1])]

    def bias(o, i):
        whys = (
            "The samples' gradients are added up: no axis for them.",
            "This is the gradient of the weights of that layer.",
        )
        return [Slip((N, o), whys[0]), Slip((o, i), whys[1])]

    return {
        "hidden": (mlp.forward(net[:1], X), (N, h), rows.format("hidden unit"), layer(h)),
        "dhidden": (through2["dY"], (N, h), like.format("hidden layer"), layer(h)),
        "scores": (mlp.forward(net, X), (N, k), rows.format("class"), layer(k)),
        "dX": (through1["dY"], (N, d), like.format("input"), layer(d)),
        "dW1": (through1["dW"], (h, d), like.format("first matrix, (outputs, inputs)"), weight(h, d)),
        "dW2": (through2["dW"], (k, h), like.format("second matrix, (outputs, inputs)"), weight(k, h)),
        "db1": (through1["db"], (h,), like.format("first bias"), bias(h, d)),
        "db2": (through2["db"], (k,), like.format("second bias"), bias(k, h)),
    }


def _torch_code(N, d, h, k):
    code = (
        f"x = torch.randn({N}, {d}, requires_grad=True)\n"
        f"first = nn.Linear({d}, {h})\n"
        f"second = nn.Linear({h}, {k})\n"
        "a = torch.relu(first(x))\n"
        "a.retain_grad()\n"
        "z = second(a)\n"
        f"loss = F.cross_entropy(z, y)  # y: {N} classes\n"
        "loss.backward()"
    )
    return code, {
        "hidden": "a",
        "dhidden": "a.grad",
        "scores": "z",
        "dX": "x.grad",
        "dW1": "first.weight.grad",
        "dW2": "second.weight.grad",
        "db1": "first.bias.grad",
        "db2": "second.bias.grad",
    }


def _numpy_code(N, d, h, k):
    code = (
        f"X = np.ones(({N}, {d}))  # rows are samples\n"
        f"W1 = np.ones(({h}, {d}))  # (outputs, inputs)\n"
        f"W2 = np.ones(({k}, {h}))\n"
        f"b1, b2 = np.zeros({h}), np.zeros({k})\n"
        "z1 = X @ W1.T + b1  # forward\n"
        "h1 = np.maximum(z1, 0)\n"
        "S = softmax(h1 @ W2.T + b2)  # of each row\n"
        f"dz2 = (S - P) / {N}  # backward; P: one-hot rows\n"
        "dh1 = dz2 @ W2\n"
        "dz1 = dh1 * (z1 > 0)\n"
        "dW2, db2 = dz2.T @ h1, dz2.sum(axis=0)\n"
        "dW1, db1 = dz1.T @ X, dz1.sum(axis=0)\n"
        "dX = dz1 @ W1"
    )
    return code, {
        "hidden": "h1",
        "dhidden": "dh1",
        "scores": "S",
        "dX": "dX",
        "dW1": "dW1",
        "dW2": "dW2",
        "db1": "db1",
        "db2": "db2",
    }
