"""Quiz templates: data, regression, one neuron, metrics; losses, activations, softmax."""

import numpy as np

from autograder.quiz import (
    Choice,
    Formula,
    Number,
    Numbers,
    Output,
    Question,
    Redraw,
    Slip,
    figures,
    line_options,
    numbered,
    par,
    template,
    tex,
)
from reference import activations, data, linear, losses, metrics

# Q01: data, regression, neuron, metrics ---------------------------------------------------------------------------


@template(technique="encoding of data", tags=["one-hot"], difficulty=1, syllabus="Q01.1")
def one_hot_code(rng):
    K = int(rng.integers(4, 10))
    names = ["red", "orange", "yellow", "green", "cyan", "blue", "violet", "pink", "white"][:K]
    c = int(rng.integers(1, K))
    row = data.one_hot([names[c]], names)[0]
    right = [int(row.argmax()), len(row)]
    return Question(
        prompt=f"The {K} categories {', '.join(names)} are coded one-hot, in this order. Where does the code of “{names[c]}” have its 1 "
        "(counted from 0), and how long is the vector?",
        answer=Numbers(right, labels=("place of the 1", "length"), whole=True),
        slips=[
            Slip([c + 1, K], "You counted from 1: the first category has place 0."),
            Slip([c, K - 1], "Leaving one category out is dummy coding; one-hot has a place for each."),
            Slip([c, 1], "A single number would be an ordinal code: it invents distances between categories."),
        ],
        explanation=f"“{names[c]}” is number {c}, counted from 0, and each of the {K} categories has its place.",
        hints=["One place for each category.", "The first place is number 0."],
        again=[names.index(names[c]), len(names)],
    )


@template(technique="linear regression", tags=["gradient descent"], difficulty=2, syllabus="Q01.2")
def step_of_gradient_descent(rng):
    a, b = (int(v) for v in rng.integers(-4, 5, size=2))
    x, e = rng.choice(np.arange(1, 6), size=2, replace=False), rng.integers(-5, 6, size=2)
    lr = float(rng.choice([0.01, 0.02, 0.05, 0.1]))
    y = a * x + b - e
    slope = float(linear.gd_step(np.array([b, a], float), x.astype(float), y.astype(float), lr)[1])
    g = float((e * x).sum())
    if g == 0:
        raise Redraw
    return Question(
        prompt=f"The line $\\hat y = a x + b$ has $a = {a}$, $b = {b}$. For the points $x = {tex(x)}$, $y = {tex(y)}$, one step of gradient "
        rf"descent on the *mean* squared error with rate ${tex(lr)}$ is made. What is the new $a$?",
        answer=Number(slope, tolerance="exact"),
        slips=[
            Slip(a - lr * 2 * g, "This takes the sum of the squares: the mean of two points is half of it."),
            Slip(a - lr * g / 2, "The derivative of a square has a factor 2, which is missing here."),
            Slip(a + lr * g, "The sign: descent goes against the gradient, so subtract."),
            Slip(a - lr * float(e.sum()), r"This is the step of $b$. For $a$, each error is multiplied by its $x$."),
        ],
        explanation=rf"Errors $a x + b - y = {tex(e)}$; the gradient is the mean of $2 \cdot$ error $\cdot x$: ${tex(g)}$. "
        rf"New $a = {a} - {tex(lr)} \cdot {par(g)} = {tex(slope)}$.",
        hints=[
            "First the errors of both points.",
            r"$\partial / \partial a$ of $(a x + b - y)^2$ is $2 (a x + b - y) x$.",
        ],
        again=a - lr * 2 * float(np.mean(e * x)),
    )


@template(technique="one neuron", tags=["logistic regression", "sigmoid"], difficulty=1, syllabus="Q01.3")
def logistic_neuron(rng):
    w, x = rng.integers(-3, 4, size=2), rng.integers(-2, 4, size=2)
    z_wanted = float(rng.choice([-3, -2, -1.5, -1, -0.5, 0.5, 1, 1.5, 2, 3]))
    b = z_wanted - float(w @ x)
    if not (w * x).any():
        raise Redraw
    p = float(linear.logistic_predict(w.astype(float), b, x.astype(float)))
    z = z_wanted
    return Question(
        prompt=rf"A logistic neuron has $w = {tex(w)}$ and $b = {tex(b)}$. Which probability does it give for $x = {tex(x)}$?",
        answer=Number(p),
        slips=[
            Slip(1 / (1 - np.exp(-z)), r"Some lectures print $1 / (1 - e^{-z})$; it is $1 / (1 + e^{-z})$."),
            Slip(1 - p, r"The sign of $z$ is turned: it is $e^{-z}$, with a minus, in the denominator."),
            Slip(float(np.tanh(z)), "tanh gives numbers from $-1$ to $1$: no probabilities."),
            Slip(z, "This is $w \\cdot x + b$; the sigmoid makes a probability of it."),
        ],
        explanation=rf"$z = w \cdot x + b = {tex(z)}$, and $\sigma(z) = 1 / (1 + e^{{{tex(-z)}}}) = {tex(p, 4)}$.",
        hints=[r"First $z = w \cdot x + b$.", r"$\sigma(z) = 1 / (1 + e^{-z})$."],
        again=float(0.5 * (1 + np.tanh(z / 2))),
    )


@template(technique="one neuron", tags=["perceptron"], difficulty=1, syllabus="Q01.4")
def perceptron_outputs(rng):
    w = np.array([int(v) for v in rng.choice([-3, -2, -1, 1, 2, 3], size=2)])
    X = rng.integers(-3, 4, size=(3, 2))
    b = -int(w @ X[int(rng.integers(3))])
    z = X @ w + b
    if not b or (z == 0).sum() != 1 or not (z > 0).any():
        raise Redraw
    out = np.array([int(linear.perceptron_predict(w.astype(float), b, row.astype(float))) for row in X])
    return Question(
        prompt=rf"A perceptron gives $1$ where $w \cdot x + b > 0$, else $0$. With $w = {tex(w)}$ and $b = {b}$: what are its outputs for "
        f"$x = {tex(X[0])}$, ${tex(X[1])}$, ${tex(X[2])}$?",
        answer=Numbers(out, whole=True),
        slips=[
            Slip((z >= 0) * 1, "Exactly 0 is not above 0: the output is 0 there."),
            Slip(np.where(z > 0, 1, -1), "This perceptron's classes are 1 and 0."),
            Slip(1 - out, "Turned round: the output is 1 *above* 0."),
            Slip(((X @ w) > 0) * 1, "The bias is missing: add $b$ before comparing with 0."),
        ],
        explanation=rf"$w \cdot x + b = {tex(z)}$, of which {int(out.sum())} {'is' if out.sum() == 1 else 'are'} above 0; 0 itself is not.",
        hints=["Compute $w \\cdot x + b$ for each.", "The condition says *above* 0. Does 0 itself meet it?"],
        again=(z > 0) * 1,
    )


@template(technique="metrics", tags=["confusion matrix", "sensitivity"], difficulty=1, syllabus="Q01.5")
def sensitivity(rng):
    tp, fn, fp, tn = _table(rng)
    return Question(
        prompt="A test for a disease gave this table: each row is a group of people, each column a result of the test. What is its sensitivity?",
        figure=_two_by_two(tp, fn, fp, tn),
        answer=Number(metrics.sensitivity(tp, fn, fp, tn)),
        slips=[
            Slip(tn / (tn + fp), "This is the specificity: of the healthy, who was recognised."),
            Slip(tp / (tp + fp), "This is the precision: of those called ill, who is."),
            Slip((tp + tn) / (tp + fn + fp + tn), "This is the accuracy, over all."),
            Slip(fn / (tp + fn), "This is the share that was missed."),
        ],
        explanation=rf"Of the {tp + fn} ill, {tp} were found: ${tp} / {tp + fn} = {tex(tp / (tp + fn), 4)}$.",
        hints=["Of the ill, how many were found?", "TP / (TP + FN)."],
        again=1 - fn / (tp + fn),
    )


@template(technique="metrics", tags=["confusion matrix", "specificity"], difficulty=1, syllabus="Q01.6")
def specificity(rng):
    tp, fn, fp, tn = _table(rng)
    return Question(
        prompt="A test for a disease gave this table: each row is a group of people, each column a result of the test. What is its specificity?",
        figure=_two_by_two(tp, fn, fp, tn),
        answer=Number(metrics.specificity(tp, fn, fp, tn)),
        slips=[
            Slip(tp / (tp + fn), "This is the sensitivity: of the ill, who was found."),
            Slip(fp / (tn + fp), "This is the share of false alarms among the healthy: 1 minus the specificity."),
            Slip(tn / (tn + fn), "This asks among those called healthy who is; specificity asks among the healthy."),
            Slip((tp + tn) / (tp + fn + fp + tn), "This is the accuracy, over all."),
        ],
        explanation=rf"Of the {tn + fp} healthy, {tn} were recognised: ${tn} / {tn + fp} = {tex(tn / (tn + fp), 4)}$.",
        hints=["Of the healthy, how many were recognised?", "TN / (TN + FP)."],
        again=1 - fp / (tn + fp),
    )


@template(technique="metrics", tags=["confusion matrix", "recall"], difficulty=2, syllabus="Q01.7")
def recall_of_a_class(rng):
    C = rng.integers(0, 10, size=(3, 3)) + np.diag(rng.integers(6, 15, size=3))
    k = int(rng.integers(3))
    recall = float(metrics.recall(C, rows="pred")[k])
    other = (k + 1) % 3
    return Question(
        prompt=f"Rows are *predicted* classes, columns true ones. What is the recall of class {k} (counted from 0)?",
        figure=figures.cells(C, rows=list("012"), columns=list("012"), row_title="predicted", column_title="true"),
        answer=Number(recall),
        slips=[
            Slip(C[k, k] / C[k].sum(), "This reads the row, the samples *called* so: it is the precision."),
            Slip(np.trace(C) / C.sum(), "This is the accuracy, over all classes."),
            Slip(C[other, other] / C[:, other].sum(), f"This is the recall of class {other}."),
            Slip(C[k, k] / C.sum(), f"Divide by the samples that are of class {k}, not by all."),
        ],
        explanation=f"Column {k} holds the {int(C[:, k].sum())} samples of class {k}, of which {C[k, k]} were found: "
        f"${C[k, k]} / {int(C[:, k].sum())} = {tex(recall, 4)}$.",
        hints=[
            "Rows or columns: where are the samples that really are of this class?",
            "Recall: of the samples of a class, the share that was found.",
        ],
        again=C[k, k] / C.sum(axis=0)[k],
    )


@template(technique="metrics", tags=["regression", "mape"], difficulty=1, syllabus="Q01.8")
def mean_relative_error(rng):
    y = rng.integers(2, 9, size=2) * 5
    h = y + rng.choice([-8, -6, -4, -3, 3, 4, 6, 8], size=2)
    if y[0] == y[1]:
        raise Redraw
    e = abs(y - h)
    value = float(_mape(y, h))
    return Question(
        prompt=rf"Two values $y = {tex(y)}$ were predicted as ${tex(h)}$. What is the mean relative error, the mean of "
        r"$|y - \hat y| / |y|$, as a fraction?",
        answer=Number(value),
        slips=[
            Slip(float(np.mean(e / h)), "Divide by the true value, not by the prediction."),
            Slip(float(np.sum(e / y)), "This is the sum of both; the mean is half."),
            Slip(float(e.mean()), "These are the errors themselves, not relative to anything."),
            Slip(float(e.sum() / y.sum()), "First each ratio, then the mean."),
        ],
        explanation=rf"${e[0]} / {y[0]} = {tex(e[0] / y[0], 4)}$ and ${e[1]} / {y[1]} = {tex(e[1] / y[1], 4)}$; mean ${tex(value, 4)}$.",
        hints=[
            "One ratio for each value, then their mean.",
            "Which of the two is the truth? That one stands in the denominator.",
        ],
        again=(e[0] / y[0] + e[1] / y[1]) / 2,
    )


@template(
    technique="kinds of learning", tags=["supervised", "unsupervised"], difficulty=1, fixed=True, syllabus="Q01.9"
)
def kind_of_learning(rng):
    kinds = {
        "supervised": "each example comes with the answer that is to be predicted",
        "unsupervised": "there are no answers at all: structure is looked for",
        "reinforcement": "actions are followed by rewards, and nobody tells the right action",
        "self-supervised": "the answers are made from the data themselves",
    }
    scenes = [
        ("X-ray images with a doctor's diagnosis for each", "supervised"),
        ("house prices with the size and place of each house", "supervised"),
        ("shopping baskets that are to be sorted into groups nobody has named", "unsupervised"),
        ("log files in which something unusual is looked for, without examples of it", "unsupervised"),
        ("a program that plays chess against itself and is told only who won", "reinforcement"),
        ("a robot that gets a point for each metre that it walks", "reinforcement"),
        ("texts in which words are hidden and must be guessed", "self-supervised"),
        ("photographs whose turned copies must be told apart by their angle", "self-supervised"),
    ]
    scene, right = scenes[int(rng.integers(len(scenes)))]
    return Question(
        prompt=f"Which kind of learning is this: {scene}?",
        answer=Choice(right),
        slips=[
            Slip(name, f"In {name} learning {what}. Here {kinds[right]}.")
            for name, what in kinds.items()
            if name != right
        ],
        explanation=f"It is {right} learning: {kinds[right]}.",
        hints=["Where do the answers come from, if there are any?"],
    )


# Q02: losses, activations, softmax --------------------------------------------------------------------------------


@template(technique="losses", tags=["rmse"], difficulty=1, syllabus="Q02.1")
def root_mean_square_error(rng):
    e = rng.choice(np.arange(1, 10), size=3, replace=False) * rng.choice([-1, 1], size=3)
    value = losses.rmse(e.astype(float), np.zeros(3))
    return Question(
        prompt=f"Three predictions are off by ${tex(e)}$. What is the root mean square error?",
        answer=Number(value),
        slips=[
            Slip(
                float(abs(e).mean()),
                "A root for each sample gives the mean *absolute* error: first the mean of the squares, then one root.",
            ),
            Slip(float((e**2).mean()), "This is the mean square: the root is missing."),
            Slip(float(np.sqrt((e**2).sum())), "This is the root of the *sum*: divide by 3 first."),
            Slip(float(abs(e.mean())), "Positive and negative errors must not cancel: square them first."),
        ],
        explanation=rf"$\sqrt{{({' + '.join(str(v * v) for v in e)}) / 3}} = {tex(value, 4)}$.",
        hints=["The name, read from the back: error, square, mean, root.", "Square, mean, root, in this order."],
        again=float(np.sqrt(np.mean(e**2))),
    )


@template(technique="losses", tags=["binary cross-entropy"], difficulty=1, syllabus="Q02.2")
def binary_cross_entropy(rng):
    y, q = int(rng.integers(2)), int(rng.choice([5, 10, 15, 20, 25, 30, 35, 40, 60, 65, 70, 75, 80, 85, 90, 95])) / 100
    value = losses.bce(np.array([q]), np.array([y]))
    given = q if y else 1 - q
    return Question(
        prompt=f"A sample has the label $y = {y}$, and the network says that class 1 has probability $q = {tex(q)}$. What is the binary "
        "cross-entropy (natural logarithm)?",
        answer=Number(value),
        slips=[
            Slip(
                float(-np.log(1 - given)),
                "The labels are swapped: take the probability that was given to what is true.",
            ),
            Slip(
                -value,
                "The minus is missing: the loss of a probability is never negative."
                if y
                else "Some lectures print $(y - 1)$ for $(1 - y)$, which turns the sign. The loss is never negative.",
            ),
            Slip(float(-np.log2(given)), "This is the logarithm to base 2."),
            Slip((y - q) ** 2, "This is the squared error: cross-entropy takes a logarithm."),
        ],
        explanation=rf"What is true was given ${tex(given)}$: $-\ln {tex(given)} = {tex(value, 4)}$.",
        hints=["Which probability did the network give to what is true?", r"$-y \ln q - (1 - y) \ln (1 - q)$."],
        again=float(-np.log(given)),
    )


@template(technique="losses", tags=["cross-entropy"], difficulty=1, syllabus="Q02.3")
def cross_entropy_of_a_class(rng):
    K = int(rng.integers(3, 6))
    p = _probabilities(rng, K)
    k = int(rng.integers(K))
    value = losses.cross_entropy(p[None], np.eye(K)[[k]])
    near = k - 1 if k else 1
    return Question(
        prompt=f"A network gives the classes the probabilities ${tex(p)}$; the true class is number {k}, counted from 0. What is the "
        "cross-entropy (natural logarithm)?",
        answer=Number(value),
        slips=[
            Slip(-value, "The minus is missing: logarithms of probabilities are negative, the loss is not."),
            Slip(float(-np.log(p).sum()), "Only the true class counts: the label is 0 for all others."),
            Slip(1 - p[k], "It is the logarithm of the probability, not its distance to 1."),
            Slip(float(-np.log(p[near])), f"This is the loss if class {near} were true: classes are counted from 0."),
        ],
        explanation=rf"Class {k} was given ${tex(p[k])}$: $-\ln {tex(p[k])} = {tex(value, 4)}$.",
        hints=["Which probability did the network give to the true class?", "Minus the logarithm of that one."],
        again=float(np.log(1 / p[k])),
    )


@template(technique="losses", tags=["cross-entropy", "initialisation"], difficulty=1, syllabus="Q02.4")
def loss_at_the_start(rng):
    K = int(rng.choice([3, 5, 7, 10, 20, 50, 100, 200, 1000]))
    value = losses.cross_entropy(activations.softmax(np.zeros((1, K))), np.eye(K)[[0]])
    return Question(
        prompt=f"At the start all {K} logits of a classifier are about equal. Which cross-entropy (natural logarithm) should you see?",
        answer=Number(value),
        slips=[
            Slip(1 / K, "This is the probability of each class; the loss is minus its logarithm."),
            Slip(float(np.log2(K)), "This is the logarithm to base 2."),
            Slip(0.0, "0 would mean that it is sure of the true class."),
            Slip(1 - 1 / K, "This is the error rate of guessing."),
        ],
        explanation=rf"Each class has $1/{K}$: $-\ln(1/{K}) = \ln {K} = {tex(value, 4)}$. A first loss that is far from it shows a mistake.",
        hints=[
            "What does softmax make of equal logits?",
            "Minus the logarithm of the probability that each class gets.",
        ],
        again=float(np.log(K)),
    )


@template(technique="softmax", tags=["softmax"], difficulty=2, syllabus="Q02.5")
def softmax_component(rng):
    z = rng.choice(np.arange(-2, 5), size=3, replace=False)
    k = int(rng.integers(3))
    S = activations.softmax(z.astype(float))
    shares = [z[k] / z.sum()] if z.sum() else []
    return Question(
        prompt=f"The logits are $z = {tex(z)}$. What is component {k} (counted from 0) of their softmax?",
        answer=Number(float(S[k])),
        slips=[
            Slip(float(2.0 ** z[k] / (2.0**z).sum()), "The base is $e$, not 2."),
            *(
                Slip(v, "This is a share of the logits. Take exponentials first, then divide by their sum.")
                for v in shares
            ),
            Slip(
                float(activations.sigmoid(float(z[k]))), "The sigmoid looks at one logit alone; softmax compares them."
            ),
            Slip(float(np.exp(z[k])), "Divide by the sum of all exponentials."),
        ],
        explanation=rf"$e^{{{z[k]}}} / (e^{{{z[0]}}} + e^{{{z[1]}}} + e^{{{z[2]}}}) = {tex(float(S[k]), 4)}$.",
        hints=["What makes positive numbers of the logits?", "Exponentials, divided by their sum."],
        again=float(1 / np.exp(z - z[k]).sum()),
    )


@template(technique="softmax", tags=["softmax", "shift"], difficulty=2, syllabus="Q02.6")
def softmax_of_shifted_logits(rng):
    a, b = (int(v) for v in rng.choice(np.arange(-3, 4), size=2, replace=False))
    c = int(rng.choice([800, 1000, 2000, 5000]))
    value = float(activations.softmax(np.array([a + c, b + c], float))[0])
    return Question(
        prompt=f"What is the first component of the softmax of $({a + c},\\ {b + c})$? ($e^{{{c}}}$ is beyond what a computer's floating-point numbers can hold.)",
        answer=Number(value),
        slips=[
            Slip(
                (a + c) / (a + b + 2 * c),
                "These are the shares of the logits themselves. Softmax compares their exponentials.",
            ),
            Slip(
                1.0 if a > b else 0.0,
                f"The logits are large, but their difference is only {abs(a - b)}, and nothing else counts.",
            ),
            Slip(float(np.exp(a - b)), "This is the ratio of the two components, not the share of the first."),
            Slip(1 - value, "This is the other component."),
            Slip(0.5, "Large logits are not equal ones: their difference counts, not their size."),
        ],
        explanation=rf"The same number may be taken from all logits: $({a},\ {b})$ has the same softmax. Its first component "
        rf"is $1 / (1 + e^{{{b - a}}}) = {tex(value, 4)}$.",
        hints=["What happens if you subtract the same number from both?", f"Subtract {c} from both."],
        again=float(1 / (1 + np.exp(b - a))),
    )


@template(technique="activations", tags=["sigmoid", "derivative"], difficulty=1, syllabus="Q02.7")
def slope_of_the_sigmoid(rng):
    s = int(rng.choice([1, 2, 3, 4, 6, 7, 8, 9])) / 10 + float(rng.choice([0, 0.05]))
    value = float(activations.sigmoid_deriv_of_value(np.array(s)))
    return Question(
        prompt=rf"At some $x$ the sigmoid has the value $\sigma(x) = {tex(s)}$. What is $\sigma'(x)$?",
        answer=Number(value, digits=4),
        slips=[
            Slip(1 - s * s, r"$1 - s^2$ is the rule for tanh, not for the sigmoid."),
            Slip(s, r"This is $\sigma(x)$ itself, not its slope."),
            Slip(0.25, r"1/4 is the largest slope, where $\sigma = 1/2$."),
            Slip(1 - s, r"One factor is missing: multiply $1 - \sigma$ by $\sigma$."),
        ],
        explanation=rf"$\sigma' = \sigma (1 - \sigma) = {tex(s)} \cdot {tex(1 - s)} = {tex(value)}$.",
        hints=[r"$\sigma'$ can be written with $\sigma$ alone.", r"$\sigma' = \sigma (1 - \sigma)$."],
        again=float(activations.sigmoid_deriv(np.log(s / (1 - s)))),
    )


@template(technique="activations", tags=["tanh", "derivative"], difficulty=1, syllabus="Q02.8")
def slope_of_tanh(rng):
    t = int(rng.choice([1, 2, 3, 4, 5, 6, 7, 8, 9])) / 10 * int(rng.choice([-1, 1]))
    value = float(activations.tanh_deriv_of_value(np.array(t)))
    return Question(
        prompt=rf"At some $x$ we have $\tanh(x) = {tex(t)}$. What is $\tanh'(x)$?",
        answer=Number(value),
        slips=[
            Slip(t * (1 - t), r"$t (1 - t)$ is the rule for the sigmoid, not for tanh."),
            Slip(1 - t, "The square is missing: 1 minus the *square* of the value."),
            Slip(1 + t * t, "Minus, not plus: the slope is at most 1."),
            Slip(t, r"This is $\tanh(x)$ itself, not its slope."),
        ],
        explanation=rf"$1 - \tanh^2 = 1 - {tex(t * t)} = {tex(value)}$.",
        hints=[r"$\tanh'$ can be written with $\tanh$ alone.", r"$\tanh' = 1 - \tanh^2$."],
        again=float(activations.tanh_deriv(np.arctanh(t))),
    )


@template(technique="activations", tags=["leaky relu"], difficulty=1, syllabus="Q02.9")
def leaky_relu(rng):
    a, x = float(rng.choice([0.01, 0.05, 0.1, 0.2, 0.3])), -int(rng.integers(1, 10))
    value = float(activations.leaky_relu(np.array(float(x)), a))
    return Question(
        prompt=rf"What is LeakyReLU with $\alpha = {tex(a)}$ at $x = {x}$?",
        answer=Number(value),
        slips=[
            Slip(0.0, "This is ReLU: the leaky one has a small slope below 0."),
            Slip(float(x), "Below 0 the slope is $\\alpha$, not 1."),
            Slip(float(activations.elu(np.array(float(x)), a)), "This is ELU, which bends to $-\\alpha$."),
            Slip(-value, "The sign stays: a negative input gives a negative output."),
        ],
        explanation=rf"Below 0 it is $\alpha x = {tex(a)} \cdot ({x}) = {tex(value)}$.",
        hints=["Is $x$ above or below 0?", r"Below 0 the slope is $\alpha$."],
        again=a * x,
    )


@template(technique="activations", tags=["elu"], difficulty=1, syllabus="Q02.10")
def elu(rng):
    a, x = float(rng.choice([0.2, 0.5, 1.0, 1.5, 2.0])), -int(rng.integers(1, 5))
    value = float(activations.elu(np.array(float(x)), a))
    return Question(
        prompt=rf"What is ELU with $\alpha = {tex(a)}$ at $x = {x}$?",
        answer=Number(value),
        slips=[
            Slip(a * x, "This is LeakyReLU; ELU has an exponential below 0."),
            Slip(a * float(np.exp(x)), "The $-1$ is missing: at 0 it must be 0."),
            Slip(0.0, r"This is ReLU: ELU goes on below 0, down to $-\alpha$."),
            Slip(-value, "The sign is turned: ELU is negative below 0, because $e^x$ is below 1 there."),
        ],
        explanation=rf"Below 0 it is $\alpha (e^x - 1) = {tex(a)} \cdot (e^{{{x}}} - 1) = {tex(value, 4)}$.",
        hints=["Is $x$ above or below 0?", r"Below 0 it is $\alpha (e^x - 1)$."],
        again=a * float(np.expm1(x)),
    )


@template(technique="losses", tags=["output layer"], difficulty=1, fixed=True, syllabus="Q02.11")
def output_layer_and_loss(rng):
    K = int(rng.integers(5, 31))
    kind = str(rng.choice(list(_TASKS)))
    task = _TASKS[kind][int(rng.integers(len(_TASKS[kind])))].format(K=K)
    right, why, wrong = _OUTPUTS[kind]
    return Question(
        prompt=f"A network is to predict {task}. Which output layer and loss fit?",
        answer=Choice(right.format(K=K)),
        slips=[Slip(option.format(K=K), told.format(K=K)) for option, told in wrong],
        explanation=f"{right.format(K=K)[0].upper()}{right.format(K=K)[1:]}: {why}",
        hints=["Which values may the prediction take?", "How many things may be true at once?"],
    )


# Of other kinds ---------------------------------------------------------------------------------------------------


@template(technique="metrics", tags=["confusion matrix", "picture"], difficulty=2)
def precision_from_a_matrix(rng):
    C = rng.integers(0, 9, size=(3, 3)) + np.diag(rng.integers(8, 20, size=3))
    names = ["cat", "dog", "fox"]
    k = int(rng.integers(3))
    value = float(metrics.metrics(C)["precision"][k])
    return Question(
        prompt=f"Rows are true classes, columns predicted ones. What is the precision of “{names[k]}”?",
        figure=figures.cells(C, rows=names, columns=names, row_title="true", column_title="predicted"),
        answer=Number(value),
        slips=[
            Slip(C[k, k] / C[k].sum(), f"This reads the row, the true samples of {names[k]}: it is the recall."),
            Slip(np.trace(C) / C.sum(), "This is the accuracy, over all classes."),
            Slip(1 - value, f"This is the share of false alarms among what was called {names[k]}."),
            Slip(C[k, k] / C.sum(), f"Divide by what was called {names[k]}, not by all samples."),
        ],
        explanation=f"Column “{names[k]}”: {int(C[:, k].sum())} samples were called so, and {C[k, k]} of them are: "
        f"${C[k, k]} / {int(C[:, k].sum())} = {tex(value, 4)}$.",
        hints=["Of what was *called* so, how much is so?", "Read the column: the diagonal over the sum."],
        again=C[k, k] / C[:, k].sum(),
    )


@template(technique="activations", tags=["formula", "derivative"], difficulty=2)
def derivative_of_an_activation(rng):
    a = int(rng.integers(2, 7))
    name, right, again, way, wrong = _activation(str(rng.choice(["sigmoid", "tanh", "softplus", "swish"])), a)
    return Question(
        prompt=rf"Enter the derivative of $f(x) = {name}$ as a formula in $x$"
        + (r" ($\sigma$ is the sigmoid)." if r"\sigma" in name else "."),
        answer=Formula(right, {"x": (-1.5, 1.5)}),
        slips=[Slip(formula, why) for formula, why in wrong],
        explanation=f"{way} So the derivative is `{right}`.",
        hints=[
            f"Call the inner part $u = {a} x$. What is its own derivative?",
            r"$\sigma' = \sigma (1 - \sigma)$, $\tanh' = 1 - \tanh^2$, $\ln' u = 1/u$, $(e^u)' = e^u$.",
        ],
        again=again,
    )


@template(technique="losses", tags=["bug", "code"], difficulty=2)
def bug_in_a_loss(rng):
    head, goal, lines, bugs = _PROGRAMS[int(rng.integers(len(_PROGRAMS)))]
    place, wrong, why = bugs[int(rng.integers(len(bugs)))]
    right = [f"    {line}" for line, _ in lines]
    shown = [f"def {head}:", *right[:place], f"    {wrong}", *right[place + 1 :]]
    options = line_options(shown)[1:]
    return Question(
        prompt=f"This function is to return {goal}. One line is wrong. Which one?\n\n{numbered(shown)}",
        answer=Choice(options[place]),
        slips=[
            Slip(option, f"This line is right: {reason}")
            for option, (_, reason) in zip(options, lines, strict=True)
            if option != options[place]
        ],
        explanation=f"Line {place + 2} must be `{lines[place][0]}`: {why}",
        hints=[
            "Follow two samples through it by hand.",
            "Look at signs, at axes, and at what is divided by what.",
        ],
    )


@template(technique="encoding of data", tags=["code", "numpy"], difficulty=2)
def what_numpy_prints(rng):
    code, right, again, why, slips = _SNIPPETS[int(rng.integers(len(_SNIPPETS)))](rng)
    return Question(
        prompt=f"What does this print?\n\n```python\n{code}\n```",
        answer=Output(str(right)),
        slips=[Slip(str(wrong), told) for wrong, told in slips],
        explanation=f"{why} So it prints `{right}`.",
        hints=["Write the arrays down as tables first. What shape has the result?", why],
        again=str(again),
    )


_TASKS = {
    "real": ("tomorrow's temperature in °C, which may be below 0", "a shop's profit next month, which may be a loss"),
    "binary": ("whether a mail is spam", "whether a patient will be ill again within a year"),
    "classes": ("which one of {K} animals a photograph shows", "in which one of {K} languages a text is written"),
    "labels": (
        "which of {K} topics a text has (it may have several)",
        "which of {K} things are in a photograph (several, or none)",
    ),
}
#: kind -> the output layer and loss, why they fit, and others with what is wrong about them
_OUTPUTS = {
    "real": (
        "one linear unit, mean squared error",
        "a linear unit gives any number, and the loss says how far off it is.",
        (
            ("one ReLU unit, mean squared error", "ReLU never gives a negative number, but the target may be one."),
            ("one sigmoid unit, binary cross-entropy", "A sigmoid stays between 0 and 1: it is for yes or no."),
            (
                "one softmax unit, cross-entropy",
                "Softmax over a single unit is always 1, and there are no classes here.",
            ),
            ("one tanh unit, mean squared error", "tanh stays between -1 and 1, and the target does not."),
        ),
    ),
    "binary": (
        "one sigmoid unit, binary cross-entropy",
        "the sigmoid gives the probability of yes; that of no is the rest.",
        (
            ("one softmax unit, cross-entropy", "Softmax over a single unit is always 1, whatever its logit."),
            ("one ReLU unit, binary cross-entropy", "ReLU is not limited to 1, so it gives no probability."),
            ("one linear unit, mean absolute error", "A linear unit gives any number. Here a probability is needed."),
            ("one tanh unit, binary cross-entropy", "tanh may be negative, so it gives no probability."),
        ),
    ),
    "classes": (
        "{K} softmax units, cross-entropy",
        "exactly one class is true, so the probabilities of all must sum to 1.",
        (
            (
                "{K} sigmoid units, a binary cross-entropy for each",
                "Separate sigmoids allow several classes at once, or none. Here exactly one is true.",
            ),
            (
                "one linear unit for the class number, mean squared error",
                "The class numbers are only names: class 3 is not nearer to class 4 than to class 1.",
            ),
            (
                "one softmax unit, cross-entropy",
                "Softmax needs one unit for each class; over a single one it is always 1.",
            ),
            ("{K} ReLU units, cross-entropy", "ReLU gives no probabilities: they need not sum to 1, and may all be 0."),
        ),
    ),
    "labels": (
        "{K} sigmoid units, a binary cross-entropy for each",
        "each label is a yes or no of its own.",
        (
            (
                "{K} softmax units, cross-entropy",
                "Softmax makes the labels compete: their probabilities sum to 1, but several may be true.",
            ),
            ("one sigmoid unit, binary cross-entropy", "One unit answers one yes or no. Here there are {K} of them."),
            (
                "{K} linear units, mean squared error",
                "Linear units give any number. For each label a probability is needed.",
            ),
            ("one softmax unit, cross-entropy", "Softmax over a single unit is always 1, and there are {K} labels."),
        ),
    ),
}

#: For a bug: head; what is to be returned; the lines, with why they are right; (place, wrong line, why it is wrong).
_PROGRAMS = (
    (
        "rmse(y, h)",
        "the root mean square error of the predictions `h` for the values `y`",
        (
            ("e = h - y", "the error of each prediction; its sign goes away with the square."),
            ("s = e ** 2", "each error is squared by itself."),
            ("mse = s.mean()", "the mean over the samples."),
            ("return np.sqrt(mse)", "the root comes last, once."),
        ),
        (
            (0, "e = (h - y).mean()", "averaged first, positive and negative errors cancel."),
            (0, "e = h + y", "the error is a difference."),
            (1, "s = np.abs(e)", "for the mean *square* each error is squared."),
            (2, "mse = s.sum()", "a sum would grow with the number of samples."),
            (3, "return np.sqrt(mse) / len(y)", "the mean is taken already; nothing is left to divide by."),
        ),
    ),
    (
        "softmax(z)",
        "the softmax of each row of `z`",
        (
            ("top = z.max(axis=1, keepdims=True)", "the largest logit of each row; taking it off keeps `exp` small."),
            ("e = np.exp(z - top)", "the same number may be taken from all logits of a row."),
            ("total = e.sum(axis=1, keepdims=True)", "one sum for each row, kept as a column."),
            ("return e / total", "each exponential over the sum of its row."),
        ),
        (
            (1, "e = np.exp(z) - top", "the maximum is taken from the logits, before the exponential."),
            (1, "e = z - top", "without the exponential there are negative numbers."),
            (2, "total = e.sum()", "each row must sum to 1 by itself, not the whole table."),
            (2, "total = e.sum(axis=0, keepdims=True)", "axis 0 sums down the columns; the classes lie along axis 1."),
            (3, "return e / top", "divide by the sum, so that each row sums to 1."),
        ),
    ),
    (
        "cross_entropy(S, k)",
        "the mean cross-entropy, where row `n` of `S` holds the probabilities of sample `n` and `k[n]` is its class",
        (
            ("rows = np.arange(len(k))", "the numbers of the rows, from 0."),
            ("p = S[rows, k]", "from each row the probability of its own class."),
            ("loss = -np.log(p)", "the loss of each sample."),
            ("return loss.mean()", "the mean over the samples."),
        ),
        (
            (0, "rows = np.arange(1, len(k) + 1)", "rows are counted from 0."),
            (1, "p = S[:, k]", "each row has its own class: `S[:, k]` takes whole columns for all rows."),
            (1, "p = S[rows, k].mean()", "first the logarithms, then the mean: the loss of a mean is another number."),
            (2, "loss = np.log(p)", "logarithms of probabilities are negative: the loss has a minus."),
            (2, "loss = -np.log(1 - p)", "the loss must be small where the true class is likely."),
        ),
    ),
    (
        "bce(q, y)",
        "the mean binary cross-entropy, where `q` holds the probabilities of class 1 and `y` the labels, 0 or 1",
        (
            ("ones = y * np.log(q)", "it counts only where the label is 1."),
            ("zeros = (1 - y) * np.log(1 - q)", "it counts only where the label is 0."),
            ("log_likelihood = ones + zeros", "one of the two is 0 for each sample."),
            ("return -log_likelihood.mean()", "minus, because logarithms of probabilities are negative."),
        ),
        (
            (0, "ones = y * np.log(1 - q)", "where the label is 1, the probability of class 1 counts."),
            (1, "zeros = (y - 1) * np.log(1 - q)", "the factor must be 1 where the label is 0, and this one is -1."),
            (1, "zeros = np.log(1 - q)", "this must count only where the label is 0."),
            (2, "log_likelihood = ones * zeros", "one of the two is always 0, so a product is 0."),
            (3, "return log_likelihood.mean()", "logarithms of probabilities are negative: the loss has a minus."),
        ),
    ),
    (
        "accuracy(z, k)",
        "the accuracy, the share of right classes, where row `n` of `z` holds the logits of sample `n` and `k[n]` is its class",
        (
            ("S = softmax(z)", "softmax of each row; the order of the classes stays."),
            ("p = S.argmax(axis=1)", "the most likely class of each row."),
            ("right = p == k", "whether it is the true one."),
            ("return right.mean()", "the mean of 0s and 1s is a share."),
        ),
        (
            (1, "p = S.argmax(axis=0)", "the classes lie along axis 1; this gives a row for each class."),
            (1, "p = S.max(axis=1)", "the place of the largest is asked, not its size."),
            (2, "right = p != k", "this marks the wrong ones."),
            (3, "return right.sum()", "this is a count. A share is the mean."),
        ),
    ),
    (
        "recall(y, p)",
        "the recall of class 1 for labels `y` and predictions `p`, both 0 or 1",
        (
            ("real = y == 1", "the samples that are of class 1."),
            ("found = real & (p == 1)", "those of them that were recognised."),
            ("missed = real & (p == 0)", "those of them that were not."),
            ("return found.sum() / (found.sum() + missed.sum())", "the found ones among all that are of class 1."),
        ),
        (
            (0, "real = p == 1", "what is of class 1 is said by the labels, not by the predictions."),
            (1, "found = y == p", "this counts the right zeros too."),
            (1, "found = p == 1", "this counts false alarms too."),
            (2, "missed = (y == 0) & (p == 1)", "these are false alarms; with them it is the precision."),
            (3, "return found.sum() / len(y)", "divide by the samples of class 1, not by all."),
        ),
    ),
    (
        "f1(y, p)",
        "the F1 score of class 1 for labels `y` and predictions `p`, both 0 or 1",
        (
            ("found = ((y == 1) & (p == 1)).sum()", "the samples of class 1 that were called 1."),
            ("precision = found / (p == 1).sum()", "among those called 1."),
            ("recall = found / (y == 1).sum()", "among those that are 1."),
            ("return 2 * precision * recall / (precision + recall)", "the harmonic mean of the two."),
        ),
        (
            (0, "found = (y == p).sum()", "this counts the right zeros too."),
            (1, "precision = found / len(p)", "precision looks only at those called 1."),
            (2, "recall = found / (y == p).sum()", "recall looks at all that are 1, not at all right ones."),
            (3, "return (precision + recall) / 2", "F1 is the harmonic mean of the two, not the plain one."),
            (
                3,
                "return precision * recall / (precision + recall)",
                "the factor 2 is missing: of 1 and 1 it must be 1.",
            ),
        ),
    ),
    (
        "relative_error(y, h)",
        "the mean relative error of the predictions `h` for the values `y`",
        (
            ("e = np.abs(h - y)", "the absolute error of each prediction."),
            ("size = np.abs(y)", "errors are compared with the true values."),
            ("ratio = e / size", "one ratio for each sample."),
            ("return ratio.mean()", "the mean over the samples."),
        ),
        (
            (0, "e = h - y", "without the absolute value positive and negative errors cancel."),
            (1, "size = np.abs(h)", "relative to the true value, not to the prediction."),
            (2, "ratio = e.sum() / size.sum()", "first one ratio for each sample, then the mean."),
            (2, "ratio = size / e", "turned round: error over size."),
            (3, "return ratio.sum()", "a sum would grow with the number of samples."),
        ),
    ),
)


def _activation(kind, a):
    """f(x) in TeX, its derivative, the same in another form, the way to it, and wrong formulas with what was done."""
    s, t = f"sigmoid({a}*x)", f"tanh({a}*x)"
    inner = f"The inner derivative is missing: the derivative of ${a} x$ is {a}."
    at = f"The slope is taken at the wrong place: at ${a} x$, not at $x$."
    if kind == "sigmoid":
        way = rf"With $u = {a} x$: $\sigma'(u) = \sigma(u) (1 - \sigma(u))$, times the inner derivative {a}."
        wrong = [
            (f"{s}*(1 - {s})", inner),
            (f"{a}*(1 - {s}^2)", r"1 minus the square is the rule for tanh; here it is $\sigma (1 - \sigma)$."),
            (f"{a}*sigmoid(x)*(1 - sigmoid(x))", at),
            (f"{a}*{s}", r"One factor is missing: $\sigma' = \sigma (1 - \sigma)$."),
        ]
        return rf"\sigma({a} x)", f"{a}*{s}*(1 - {s})", f"{a}*exp({a}*x)/(1 + exp({a}*x))^2", way, wrong
    if kind == "tanh":
        way = rf"With $u = {a} x$: $\tanh'(u) = 1 - \tanh^2(u)$, times the inner derivative {a}."
        wrong = [
            (f"1 - {t}^2", inner),
            (f"{a}*{t}*(1 - {t})", r"This is the rule for the sigmoid; here it is $1 - \tanh^2$."),
            (f"{a}*(1 - tanh(x)^2)", at),
            (f"{a}*(1 - {t})", r"The square is missing: $\tanh' = 1 - \tanh^2$."),
        ]
        return rf"\tanh({a} x)", f"{a}*(1 - {t}^2)", f"{a}/cosh({a}*x)^2", way, wrong
    if kind == "softplus":
        e = f"exp({a}*x)"
        way = (
            rf"The logarithm gives $1 / (1 + e^{{{a} x}})$, the exponential inside it ${a} e^{{{a} x}}$; "
            rf"the product is ${a}\,\sigma({a} x)$."
        )
        wrong = [
            (s, inner),
            (f"1/(1 + {e})", "This is the slope of the logarithm alone: what stands inside has a derivative too."),
            (
                f"{a}/(1 + {e})",
                rf"The derivative of the exponential is ${a} e^{{{a} x}}$: its second factor is missing.",
            ),
            (f"{a}*{e}", "This is the derivative of what stands inside. The logarithm has one too, $1/u$."),
        ]
        return rf"\ln(1 + e^{{{a} x}})", f"{a}*{s}", f"{a}*{e}/(1 + {e})", way, wrong
    way = (
        rf"Product rule: $\sigma({a} x)$, plus $x$ times the derivative of $\sigma({a} x)$, "
        rf"which is ${a}\,\sigma({a} x) (1 - \sigma({a} x))$."
    )
    slope = f"{a}*{s}*(1 - {s})"
    wrong = [
        (f"{a}*x*{s}*(1 - {s})", "A product has two terms: the one in which $x$ is differentiated is missing."),
        (s, rf"A product has two terms: the one in which $\sigma({a} x)$ is differentiated is missing."),
        (f"{s} + x*{s}*(1 - {s})", inner),
        (slope, "The derivative of a product is not the product of the derivatives."),
    ]
    return rf"x\,\sigma({a} x)", f"{s} + {a}*x*{s}*(1 - {s})", f"{s}*(1 + {a}*x*sigmoid(-{a}*x))", way, wrong


# Snippets: the code, what it prints, the same by hand, the rule, and wrong outputs with what was done.


def _along_an_axis(rng):
    z = rng.choice(np.arange(1, 10), size=(2, 3), replace=False)
    name, by_hand = [("argmax", lambda v: v.index(max(v))), ("max", max), ("sum", sum)][int(rng.integers(3))]
    axis = int(rng.integers(2))
    along = [list(map(int, v)) for v in (z if axis else z.T)]
    right = getattr(z, name)(axis=axis).tolist()
    why = (
        "`axis=1` goes along each row: one number for each row."
        if axis
        else "`axis=0` goes down each column: one number for each column."
    )
    slips = [
        (getattr(z, name)(axis=1 - axis).tolist(), f"This is the other axis. {why}"),
        (int(getattr(z, name)()), "With an axis there is one number for each row or column, not one for all."),
        (z.max(axis=axis).tolist(), "`argmax` gives the place of the largest number, not the number.")
        if name == "argmax"
        else (z.argmax(axis=axis).tolist(), f"These are the places of the largest numbers: `argmax`, not `{name}`."),
    ]
    if name == "argmax":
        slips.append(([place + 1 for place in right], "Places are counted from 0."))
    return (
        f"z = np.array({z.tolist()})\nprint(z.{name}(axis={axis}).tolist())",
        right,
        [by_hand(v) for v in along],
        why,
        slips,
    )


def _one_hot(rng):
    K = int(rng.integers(3, 5))
    y = rng.choice(K, size=2, replace=False)
    right = np.eye(K, dtype=int)[y]
    shifted = np.eye(K, dtype=int)[(y - 1) % K]
    return (
        f"y = np.array({y.tolist()})\nprint(np.eye({K}, dtype=int)[y].tolist())",
        right.tolist(),
        [[int(k == label) for k in range(K)] for label in y],
        "`np.eye` has a 1 on its diagonal, so its row `k` is the one-hot code of class `k`.",
        [
            (shifted.tolist(), "Places are counted from 0: label 0 has its 1 at the very left."),
            (right.T.tolist(), "This is transposed: one row for each label, one column for each class."),
            (right[::-1].tolist(), "The rows come in the order of the labels in `y`."),
            (right.sum(axis=0).tolist(), "Each label gets a row of its own; they are not put together in one."),
        ],
    )


def _share_of_right_classes(rng):
    z = np.array([rng.choice(np.arange(1, 10), size=3, replace=False) for _ in range(4)])
    y = np.where(rng.integers(3, size=4) > 0, z.argmax(axis=1), rng.integers(3, size=4))
    right = float((z.argmax(axis=1) == y).mean())
    if right in (0, 1):
        raise Redraw
    least = float((z.argmin(axis=1) == y).mean())
    return (
        f"z = np.array({z.tolist()})\ny = np.array({y.tolist()})\nprint((z.argmax(axis=1) == y).mean())",
        right,
        sum(max(row) == row[k] for row, k in zip(z.tolist(), y, strict=True)) / 4,
        "`argmax(axis=1)` gives the place of the largest number of each row, and the mean of `True` and `False` is a share.",
        [
            (round(4 * right), "This is how many are equal. The mean divides by 4."),
            (1 - right, "This is the share that is *not* equal."),
            (float((z.argmax(axis=1) + 1 == y).mean()), "Places are counted from 0."),
            (least, "This takes the smallest number of each row."),
            ((z.argmax(axis=1) == y).tolist(), "This is the comparison; its mean is one number."),
        ],
    )


def _row_and_column(rng):
    a, b = rng.choice(np.arange(1, 10), size=2, replace=False), rng.choice(np.arange(1, 10), size=3, replace=False)
    sign = str(rng.choice(["+", "-", "*"]))
    table = {"+": np.add, "-": np.subtract, "*": np.multiply}[sign].outer(a, b)
    by_hand = {"+": lambda x, y: x + y, "-": lambda x, y: x - y, "*": lambda x, y: x * y}[sign]
    turned = (b - a[:, None]).tolist()
    return (
        f"a = np.array({a.tolist()})\nb = np.array({b.tolist()})\nprint((a[:, None] {sign} b).tolist())",
        table.tolist(),
        [[by_hand(x, y) for y in b.tolist()] for x in a.tolist()],
        "`a[:, None]` is a column of 2 and `b` a row of 3: each number of the column meets each of the row, in 2 rows.",
        [
            (table.T.tolist(), "This is transposed: `a` is the column, so each number of `a` has its row."),
            (table.ravel().tolist(), "The result is a table of 2 rows, not a list."),
            *([(turned, "The sign is turned: `a` minus `b`.")] if sign == "-" else []),
            (
                [by_hand(x, y) for x, y in zip(a.tolist(), b.tolist(), strict=False)],
                "Every pair is taken, not only equal places.",
            ),
        ],
    )


def _below_the_largest(rng):
    z = rng.choice(np.arange(1, 10), size=(2, 3), replace=False)
    axis = int(rng.integers(2))
    right = z - z.max(axis=axis, keepdims=True)
    lines = [[v - max(line) for v in line] for line in (z if axis else z.T).tolist()]
    what = "row" if axis else "column"
    return (
        f"z = np.array({z.tolist()})\nprint((z - z.max(axis={axis}, keepdims=True)).tolist())",
        right.tolist(),
        lines if axis else [list(row) for row in zip(*lines, strict=True)],
        f"`max(axis={axis}, keepdims=True)` is the largest number of each {what}, and it is taken from its whole {what}.",
        [
            (
                (z - z.max(axis=1 - axis, keepdims=True)).tolist(),
                f"This is the other axis: take the largest of each {what}.",
            ),
            ((z - z.max()).tolist(), f"This takes the largest of all; with the axis each {what} has its own."),
            ((-right).tolist(), "The sign is turned: `z` minus the largest, so nothing is above 0."),
            ((z - z.min(axis=axis, keepdims=True)).tolist(), "The largest is taken off, not the smallest."),
        ],
    )


_SNIPPETS = (_along_an_axis, _one_hot, _share_of_right_classes, _row_and_column, _below_the_largest)


def _mape(y, h):
    """metrics.mape of integers."""
    return metrics.mape(y.astype(float), h.astype(float))


def _table(rng):
    tp, fn, fp, tn = (int(rng.integers(*span)) for span in ((20, 60), (3, 20), (4, 40), (50, 120)))
    return tp, fn, fp, tn


def _two_by_two(tp, fn, fp, tn):
    return figures.cells(
        [[tp, fn], [fp, tn]], rows=["ill", "healthy"], columns=["called ill", "called healthy"], row_title="truth"
    )


def _probabilities(rng, K):
    """K different ones in steps of .05 that sum to 1."""
    cuts = np.sort(rng.choice(np.arange(1, 20), size=K - 1, replace=False))
    p = np.diff([0, *cuts, 20]) / 20
    if len(set(p)) < K:
        raise Redraw
    return p
