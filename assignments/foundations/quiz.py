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
            Slip([c + 1, K], "This counts from 1."),
            Slip([c, K - 1], "Leaving one category out is dummy coding; one-hot has a place for each."),
            Slip([c, 1], "A single number would be an ordinal code: it invents distances between categories."),
        ],
        explanation=f"“{names[c]}” is number {c} from 0, and each of the {K} categories has its place.",
        hints=["One place for each category."],
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
            Slip(a - lr * g / 2, "The derivative of a square brings a factor 2."),
            Slip(a + lr * g, "Descent goes against the gradient."),
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
    p = float(linear.logistic_predict(w.astype(float), b, x.astype(float)))
    z = z_wanted
    return Question(
        prompt=rf"A logistic neuron has $w = {tex(w)}$ and $b = {tex(b)}$. Which probability does it give for $x = {tex(x)}$?",
        answer=Number(p),
        slips=[
            Slip(1 / (1 - np.exp(-z)), r"Some slides print $1 / (1 - e^{-z})$; it is $1 / (1 + e^{-z})$."),
            Slip(1 - p, r"The sign of $z$ is turned: $e^{-z}$ stands below."),
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
    if (z == 0).sum() != 1 or not (z > 0).any():
        raise Redraw
    out = np.array([int(linear.perceptron_predict(w.astype(float), b, row.astype(float))) for row in X])
    return Question(
        prompt=rf"A perceptron gives $1$ where $w \cdot x + b > 0$, else $0$. With $w = {tex(w)}$ and $b = {b}$: what are its outputs for "
        f"$x = {tex(X[0])}$, ${tex(X[1])}$, ${tex(X[2])}$?",
        answer=Numbers(out, whole=True),
        slips=[
            Slip((z >= 0) * 1, "Exactly 0 is not above 0: the output is 0 there."),
            Slip(np.where(z > 0, 1, -1), "This perceptron's classes are 1 and 0."),
            Slip(1 - out, "The classes are swapped."),
            Slip(((X @ w) > 0) * 1, "The bias is missing."),
        ],
        explanation=rf"$w \cdot x + b = {tex(z)}$, of which {int(out.sum())} {'is' if out.sum() == 1 else 'are'} above 0; 0 itself is not.",
        hints=["Compute $w \\cdot x + b$ for each.", "What about exactly 0?"],
        again=(z > 0) * 1,
    )


@template(technique="metrics", tags=["confusion matrix", "sensitivity"], difficulty=1, syllabus="Q01.5")
def sensitivity(rng):
    tp, fn, fp, tn = _table(rng)
    return Question(
        prompt="A test for a disease gave this table. What is its sensitivity?",
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
        prompt="A test for a disease gave this table. What is its specificity?",
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
            Slip(C[other, other] / C[:, other].sum(), f"This is class {other}."),
            Slip(C[k, k] / C.sum(), f"Divide by the samples that are of class {k}, not by all."),
        ],
        explanation=f"Column {k} holds the samples of class {k}: {int(C[:, k].sum())}, of which {C[k, k]} were found: ${tex(recall, 4)}$.",
        hints=["Where are the samples that really are of this class?"],
        again=C[k, k] / C.sum(axis=0)[k],
    )


@template(technique="metrics", tags=["regression", "mape"], difficulty=1, syllabus="Q01.8")
def mean_relative_error(rng):
    y = rng.integers(2, 9, size=2) * 5
    h = y + rng.choice([-8, -6, -4, -3, 3, 4, 6, 8], size=2)
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
        hints=["One ratio for each value."],
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
        ("a program that plays chess against itself and learns whether it won", "reinforcement"),
        ("a robot that gets a point for each metre that it walks", "reinforcement"),
        ("texts in which words are hidden and must be guessed", "self-supervised"),
        ("photographs whose turned copies must be told apart by their angle", "self-supervised"),
    ]
    scene, right = scenes[int(rng.integers(len(scenes)))]
    return Question(
        prompt=f"Which kind of learning is this: {scene}?",
        answer=Choice(right),
        slips=[Slip(name, f"In {name} learning {what}.") for name, what in kinds.items() if name != right],
        explanation=f"{right.capitalize()}: {kinds[right]}.",
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
        hints=["Square, mean, root, in this order."],
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
            Slip(-value, "The minus is missing: the loss of a probability is never negative."),
            Slip(float(-np.log2(given)), "This is the logarithm to base 2."),
            Slip((y - q) ** 2, "This is the squared error."),
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
    return Question(
        prompt=f"A network gives the classes the probabilities ${tex(p)}$; the true class is number {k}, counted from 0. What is the "
        "cross-entropy (natural logarithm)?",
        answer=Number(value),
        slips=[
            Slip(-value, "The minus is missing."),
            Slip(float(-np.log(p).sum()), "Only the true class counts: the label is 0 for all others."),
            Slip(1 - p[k], "It is the logarithm of the probability, not its distance to 1."),
            Slip(float(-np.log(p[k - 1])), f"This is class {(k - 1) % K}: they are counted from 0."),
        ],
        explanation=rf"$-\ln {tex(p[k])} = {tex(value, 4)}$.",
        hints=["Which probability has the true class?"],
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
        hints=["What does softmax make of equal logits?"],
        again=float(np.log(K)),
    )


@template(technique="softmax", tags=["softmax"], difficulty=2, syllabus="Q02.5")
def softmax_component(rng):
    z = rng.choice(np.arange(-2, 5), size=3, replace=False)
    k = int(rng.integers(3))
    S = activations.softmax(z.astype(float))
    linear_share = z[k] / z.sum() if z.sum() else 0.5
    return Question(
        prompt=f"The logits are $z = {tex(z)}$. What is component {k} (counted from 0) of their softmax?",
        answer=Number(float(S[k])),
        slips=[
            Slip(float(2.0 ** z[k] / (2.0**z).sum()), "The base is $e$, not 2."),
            Slip(float(linear_share), "Not the logits are divided by their sum, but their exponentials."),
            Slip(
                float(activations.sigmoid(float(z[k]))), "The sigmoid looks at one logit alone; softmax compares them."
            ),
            Slip(float(np.exp(z[k])), "Divide by the sum of all exponentials."),
        ],
        explanation=rf"$e^{{{z[k]}}} / (e^{{{z[0]}}} + e^{{{z[1]}}} + e^{{{z[2]}}}) = {tex(float(S[k]), 4)}$.",
        hints=["Exponentials over their sum."],
        again=float(1 / np.exp(z - z[k]).sum()),
    )


@template(technique="softmax", tags=["softmax", "shift"], difficulty=2, syllabus="Q02.6")
def softmax_of_shifted_logits(rng):
    a, b = (int(v) for v in rng.choice(np.arange(-3, 4), size=2, replace=False))
    c = int(rng.choice([100, 300, 500, 1000, -1000]))
    value = float(activations.softmax(np.array([a + c, b + c], float))[0])
    return Question(
        prompt=f"What is the first component of the softmax of $({a + c},\\ {b + c})$? (No computer can compute $e^{{{abs(c)}}}$.)",
        answer=Number(value),
        slips=[
            Slip(
                (a + c) / (a + b + 2 * c),
                "The shares of the numbers themselves are something else: exponentials are compared.",
            ),
            Slip(1.0 if a < b else 0.0, "Only the difference counts, and it is not that large."),
            Slip(1 - value, "This is the other component."),
            Slip(0.5, "The two are not equal: their difference counts, not their size."),
        ],
        explanation=rf"The same number may be taken from all logits: $({a},\ {b})$ has the same softmax, $1 / (1 + e^{{{b - a}}}) = {tex(value, 4)}$.",
        hints=["What happens if you subtract the same number from both?"],
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
            Slip(1 - s * s, "This is the rule for tanh."),
            Slip(s, "This is the value itself."),
            Slip(0.25, r"1/4 is the largest slope, where $\sigma = 1/2$."),
            Slip(1 - s, r"Multiply by $\sigma$ too."),
        ],
        explanation=rf"$\sigma' = \sigma (1 - \sigma) = {tex(s)} \cdot {tex(1 - s)} = {tex(value)}$.",
        hints=[r"$\sigma'$ can be written with $\sigma$ alone."],
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
            Slip(t * (1 - t), "This is the rule for the sigmoid."),
            Slip(1 - t, "The value is squared."),
            Slip(1 + t * t, "Minus, not plus: the slope is at most 1."),
            Slip(t, "This is the value itself."),
        ],
        explanation=rf"$1 - \tanh^2 = 1 - {tex(t * t)} = {tex(value)}$.",
        hints=[r"$\tanh'$ can be written with $\tanh$ alone."],
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
        hints=["Is $x$ above or below 0?"],
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
            Slip(0.0, "This is ReLU."),
            Slip(-value, "It is negative below 0."),
        ],
        explanation=rf"$\alpha (e^x - 1) = {tex(a)} \cdot (e^{{{x}}} - 1) = {tex(value, 4)}$.",
        hints=[r"$\alpha (e^x - 1)$ below 0."],
        again=a * float(np.expm1(x)),
    )


@template(technique="losses", tags=["output layer"], difficulty=1, fixed=True, syllabus="Q02.11")
def output_layer_and_loss(rng):
    rights = {
        "a price (any real number)": "one linear unit, mean squared error",
        "whether a mail is spam": "one sigmoid unit, binary cross-entropy",
        "which of ten digits an image shows": "ten softmax units, cross-entropy",
        "which of twenty topics a text has; several may fit": "twenty sigmoid units, a binary cross-entropy each",
    }
    task = list(rights)[int(rng.integers(4))]
    why = {
        "one linear unit, mean squared error": "A linear unit gives any number: no probability.",
        "one sigmoid unit, binary cross-entropy": "One sigmoid tells two classes apart, not more, and gives no number beyond 0 to 1.",
        "ten softmax units, cross-entropy": "Softmax shares one unit of probability among classes of which exactly one is true.",
        "twenty sigmoid units, a binary cross-entropy each": "Independent sigmoids are for labels of which several may hold.",
        "one softmax unit, cross-entropy": "Softmax over a single unit is always 1.",
        "one ReLU unit, mean squared error": "ReLU never gives a negative number.",
    }
    others = [each for each in why if each != rights[task]]
    picked = [others[int(i)] for i in rng.choice(len(others), size=4, replace=False)]
    return Question(
        prompt=f"A network is to predict {task}. Which output layer and loss fit?",
        answer=Choice(rights[task]),
        slips=[Slip(each, why[each]) for each in picked],
        explanation=f"{task.capitalize()}: {rights[task]}.",
        hints=["How many things may be true at once?"],
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
            Slip(C[k, k] / C[k].sum(), "This reads the row, the samples that are so: it is the recall."),
            Slip(np.trace(C) / C.sum(), "This is the accuracy, over all classes."),
            Slip(1 - value, "This is the share of false alarms among what was called so."),
            Slip(C[k, k] / C.sum(), "Divide by what was called so, not by all."),
        ],
        explanation=f"Column “{names[k]}”: {int(C[:, k].sum())} were called so, {C[k, k]} of them are: ${tex(value, 4)}$.",
        hints=["Of what was *called* so, how much is so?"],
        again=C[k, k] / C[:, k].sum(),
    )


@template(technique="activations", tags=["formula", "derivative"], difficulty=2)
def derivative_of_an_activation(rng):
    a = int(rng.integers(2, 6))
    name, right, wrong = [
        (
            rf"\sigma({a} x)",
            f"{a}*sigmoid({a}*x)*(1 - sigmoid({a}*x))",
            [f"sigmoid({a}*x)*(1 - sigmoid({a}*x))", f"{a}*(1 - sigmoid({a}*x)^2)"],
        ),
        (rf"\tanh({a} x)", f"{a}*(1 - tanh({a}*x)^2)", [f"1 - tanh({a}*x)^2", f"{a}*tanh({a}*x)*(1 - tanh({a}*x))"]),
        (rf"\ln(1 + e^{{{a} x}})", f"{a}*sigmoid({a}*x)", [f"sigmoid({a}*x)", f"{a}/(1 + exp({a}*x))"]),
        (
            rf"x\,\sigma({a} x)",
            f"sigmoid({a}*x) + {a}*x*sigmoid({a}*x)*(1 - sigmoid({a}*x))",
            [f"{a}*x*sigmoid({a}*x)*(1 - sigmoid({a}*x))", f"sigmoid({a}*x) + x*sigmoid({a}*x)*(1 - sigmoid({a}*x))"],
        ),
    ][int(rng.integers(4))]
    return Question(
        prompt=f"Enter the derivative of $f(x) = {name}$ as a formula (`sigmoid` is known).",
        answer=Formula(right, {"x": (-1.5, 1.5)}),
        slips=[
            Slip(
                wrong[0],
                "A part of the chain or product rule is missing: what stands inside, and are there two factors?",
            ),
            Slip(wrong[1], "This is not the rule of this function."),
        ],
        explanation=f"With the chain rule (and the product rule where $x$ stands before): `{right}`.",
        hints=[r"$\sigma' = \sigma (1 - \sigma)$, $\tanh' = 1 - \tanh^2$.", f"The inner derivative is {a}."],
    )


@template(technique="losses", tags=["bug", "code"], difficulty=2)
def bug_in_a_loss(rng):
    name, lines, wrong, text, why = _BUGS[int(rng.integers(len(_BUGS)))]
    shown = [text if i == wrong else line for i, line in enumerate(lines)]
    options = line_options(shown)
    return Question(
        prompt=f"This is to be {name}. One line is wrong. Which?\n\n{numbered(shown)}",
        answer=Choice(options[wrong]),
        slips=[Slip(option, "This line does what it should.") for i, option in enumerate(options) if i != wrong],
        explanation=f"Line {wrong + 1} must be `{lines[wrong].strip()}`: {why}.",
        hints=["Try it by hand on two samples."],
    )


@template(technique="encoding of data", tags=["code", "numpy"], difficulty=2)
def what_numpy_prints(rng):
    z = rng.choice(np.arange(1, 10), size=(2, 3), replace=False)
    kind = int(rng.integers(3))
    line, right, wrong, why = [
        (
            "print(z.argmax(axis=1))",
            z.argmax(axis=1),
            z.argmax(axis=0),
            "axis=1 goes along each row: one answer for each row.",
        ),
        (
            "print(z.max(axis=0))",
            z.max(axis=0),
            z.max(axis=1),
            "axis=0 goes down each column: one answer for each column.",
        ),
        ("print(z.sum(axis=1))", z.sum(axis=1), z.sum(axis=0), "axis=1 goes along each row: one sum for each row."),
    ][kind]
    flat = {0: z.argmax(), 1: z.max(), 2: z.sum()}[kind]
    return Question(
        prompt=f"What does this print?\n\n```python\nz = np.array({z.tolist()})\n{line}\n```",
        answer=Output(str(right)),
        slips=[
            Slip(str(wrong), why),
            Slip(str(flat), "With an axis there is one answer for each row or column, not one for all."),
        ],
        explanation=f"{why} `{right}`.",
        hints=["Which axis goes, which stays?"],
        again=str(np.array([{0: np.argmax, 1: np.max, 2: np.sum}[kind](v) for v in (z.T if kind == 1 else z)])),
    )


_BUGS = [
    ("the mean squared error", ["def f(y, h):", "    e = y - h", "    return (e ** 2).mean()"], 2, "    return e.mean() ** 2", "first each square, then the mean: else errors cancel"),
    ("the mean absolute error", ["def f(y, h):", "    e = y - h", "    return abs(e).mean()"], 2, "    return abs(e.mean())", "first the absolute values, then the mean"),
    ("softmax of each row", ["def f(z):", "    e = np.exp(z - z.max(axis=1, keepdims=True))", "    return e / e.sum(axis=1, keepdims=True)"], 2, "    return e / e.sum()", "each row by itself sums to 1, not the whole table"),
    ("softmax of each row", ["def f(z):", "    e = np.exp(z - z.max(axis=1, keepdims=True))", "    return e / e.sum(axis=1, keepdims=True)"], 1, "    e = np.exp(z) - z.max(axis=1, keepdims=True)", "the maximum is taken from the logits, before the exponential"),
    ("the cross-entropy of labels `k`", ["def f(S, k):", "    p = S[np.arange(len(k)), k]", "    return -np.log(p).mean()"], 1, "    p = S[:, k]", "each row has its own label: `S[:, k]` takes whole columns"),
    ("the cross-entropy of labels `k`", ["def f(S, k):", "    p = S[np.arange(len(k)), k]", "    return -np.log(p).mean()"], 2, "    return -np.log(p.mean())", "the mean of the losses, not the loss of the mean"),
    ("the accuracy of logits `z`", ["def f(z, k):", "    p = z.argmax(axis=1)", "    return (p == k).mean()"], 1, "    p = z.argmax(axis=0)", "the largest logit of each row, along axis 1"),
    ("the recall of class 1", ["def f(y, p):", "    found = ((y == 1) & (p == 1)).sum()", "    return found / (y == 1).sum()"], 2, "    return found / (p == 1).sum()", "of the samples that are so: this is the precision"),
]  # fmt: skip


def _mape(y, h):
    """metrics.mape of integers."""
    return metrics.mape(y.astype(float), h.astype(float))


def _table(rng):
    tp, fn, fp, tn = (int(rng.integers(*span)) for span in ((20, 60), (3, 20), (4, 40), (50, 120)))
    return tp, fn, fp, tn


def _two_by_two(tp, fn, fp, tn):
    return figures.cells(
        [[tp, fn], [fp, tn]], rows=["ill", "healthy"], columns=["called ill", "called healthy"], row_title="really"
    )


def _probabilities(rng, K):
    """K different ones in steps of .05 that sum to 1."""
    cuts = np.sort(rng.choice(np.arange(1, 20), size=K - 1, replace=False))
    p = np.diff([0, *cuts, 20]) / 20
    if len(set(p)) < K:
        raise Redraw
    return p
