"""Quiz templates: splitting data, hyper-parameter search, bias and variance, double descent, leakage.

Conventions: indices from 0, folds from 1; variances divide by the number of fits; errors are fractions.
"""

import numpy as np

from autograder.quiz import (
    Choice,
    Integer,
    Number,
    Numbers,
    Question,
    Redraw,
    Several,
    Slip,
    figures,
    plus,
    template,
    tex,
)
from reference import selection


@template(technique="cross-validation", tags=["k-fold"], difficulty=1, syllabus="Q07.1")
def fold_sizes(rng):
    K = int(rng.integers(3, 7))
    n = int(rng.integers(3, 20)) * K + int(rng.integers(1, K))
    sizes = [len(test) for _, test in selection.kfold(n, K)]
    q, r = divmod(n, K)
    first, others = ("first fold has", "other folds have") if r == 1 else (f"first {r} folds have", "others have")
    if K - r == 1:
        others = "last one has"
    return Question(
        prompt=f"{n} samples are cut into {K} folds for cross-validation. Sizes differ by one at most, and the larger folds "
        "come first. What are the sizes, in order?",
        answer=Numbers(sizes, whole=True),
        slips=[
            Slip(
                [q] * (K - 1) + [q + r],
                "The remainder does not go into the last fold: it is shared out, one sample for each of the first folds.",
            ),
            Slip([q] * K, f"This leaves out {r} {_samples(r)}: each sample is in exactly one fold."),
            Slip([q + 1] * K, f"These add up to {(q + 1) * K}: you rounded each size up, but there are {n} samples."),
            Slip([q] * (K - r) + [q + 1] * r, "The sizes are right, but here the larger folds come first."),
        ],
        explanation=rf"${n} = {K} \cdot {q} + {r}$, so the {first} {q + 1} samples and the {others} {q}.",
        hints=["Divide, and look at the remainder.", f"How do you share {r} more {_samples(r)} among {K} folds?"],
        again=[len(part) for part in np.array_split(np.arange(n), K)],
    )


@template(technique="hyper-parameter search", tags=["grid search"], difficulty=1, syllabus="Q07.2")
def fits_of_a_grid_search(rng):
    sizes = [int(v) for v in rng.integers(2, 7, size=int(rng.integers(2, 4)))]
    K = int(rng.choice([3, 4, 5, 10]))
    cost, combinations = selection.grid_cost(sizes, K), int(np.prod(sizes))
    listed, product = f"{', '.join(map(str, sizes[:-1]))} and {sizes[-1]}", r" \cdot ".join(map(str, sizes))
    return Question(
        prompt=f"A grid search tries {listed} values of {len(sizes)} hyper-parameters, in all combinations, each with "
        f"{K}-fold cross-validation. At the end the best combination is fitted once more, on all data. How many fits is that?",
        answer=Integer(cost),
        slips=[
            Slip(cost - 1, "The last fit, on all data, counts too."),
            Slip(
                sum(sizes) * K + 1, "You added the numbers of values: all *combinations* are tried, so multiply them."
            ),
            Slip(combinations + 1, f"Cross-validation fits each combination {K} times, once for each fold."),
            Slip(
                combinations * (K - 1) + 1,
                f"Each of the {K} folds is left out once: {K} fits for each combination, not {K - 1}.",
            ),
        ],
        explanation=rf"${product} = {combinations}$ combinations, ${K}$ fits each, and one at the "
        rf"end: ${combinations} \cdot {K} + 1 = {cost}$.",
        hints=["How many combinations are there?", "Combinations times folds, plus the last fit."],
        again=combinations * K + 1,
    )


@template(technique="hyper-parameter search", tags=["random search", "probability"], difficulty=2, syllabus="Q07.3")
def chance_of_a_random_search(rng):
    n = int(rng.choice([3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 40, 60]))
    q = float(rng.choice([0.02, 0.05, 0.1, 0.2]))
    p, none = selection.random_search_prob(n, q), (1 - q) ** n
    if p > 0.9985:
        raise Redraw
    sums = "This sum is even above 1." if n * q > 1 else "Here several trials can succeed at once."
    slips = [
        Slip(n * q, f"Probabilities only add if the events exclude each other. {sums}"),
        Slip(none, "This is the probability that *none* of them is. Take 1 minus it."),
        Slip(n * q * (1 - q) ** (n - 1), "This is the probability that *exactly one* is; more than one is fine too."),
    ]
    if q**n > 1e-7:  # nobody would take less for an answer
        slips.insert(1, Slip(q**n, "This is the probability that *all* of them are. One is enough."))
    return Question(
        prompt=f"A random search draws {n} settings, independently of each other. With what probability is at least one of them "
        f"among the best {round(100 * q)} % of all settings?",
        answer=Number(p),
        slips=slips,
        explanation=rf"Each one misses with probability ${tex(1 - q)}$, all {n} miss with ${tex(1 - q)}^{{{n}}} = "
        rf"{tex(none, 4)}$. So the answer is $1 - {tex(none, 4)} = {tex(p, 4)}$.",
        hints=["What is the probability that none of them is?", "$1 - (1 - q)^n$."],
        again=float(-np.expm1(n * np.log1p(-q))),
    )


@template(technique="cross-validation", tags=["time series"], difficulty=2, syllabus="Q07.4")
def last_training_index(rng):
    K, test = int(rng.integers(3, 7)), int(rng.integers(6, 16))
    n = (K + 1) * test + int(rng.integers(0, K + 1))
    i = int(rng.integers(1, K + 1))
    last = int(selection.timeseries_split(n, K)[i - 1][0][-1])
    first = n - K * test
    return Question(
        prompt=f"A time series has {n} values, with indices from 0. It is validated with {K} expanding folds: each test block has "
        rf"$\lfloor {n} / {K + 1} \rfloor$ values, the first training block has the remainder too, and each fold trains on "
        f"everything before its test block. What is the last index that fold {i} trains on (folds from 1)?",
        answer=Integer(last),
        slips=[
            Slip(last + 1, "This is the first index of the test block: the training ends just before it."),
            Slip(
                i * (n // K) - 1,
                f"You divided by {K}. There are {K + 1} blocks: one to begin with, and one to test for each fold.",
            ),
            Slip(n - 1, "This is the whole series: the fold would train on the values that it is tested on."),
            Slip(
                last - test, f"This is where fold {i - 1} would end. Each fold trains on one block more than the last."
            ),
        ],
        explanation=rf"Test blocks have {test} values, so the first training block has ${n} - {K} \cdot {test} = {first}$. "
        f"Fold {i} trains on {_blocks(i - 1, first, test)}: indices 0 to {last}.",
        hints=[
            "How long is a test block, and how long the first training block?",
            "How many blocks come before the test?",
        ],
        again=n - (K - i + 1) * (n // (K + 1)) - 1,
    )


@template(technique="bias and variance", tags=["bias", "variance"], difficulty=2, syllabus="Q07.5")
def bias_and_variance_at_a_point(rng):
    f = rng.choice(np.arange(1, 11), size=3, replace=False)
    t = int(rng.integers(1, 11))
    mean = float(f.mean())
    bias2, variance, _, _ = selection.bias_variance(f[:, None].astype(float), np.array([float(t)]))
    if bias2 == 0 or abs(bias2 - variance) < 0.05:
        raise Redraw
    squares = " + ".join(rf"({v} - {tex(mean, 4)})^2" for v in f)
    return Question(
        prompt=f"A model is fitted three times, on different training sets. At one point the fits predict {f[0]}, {f[1]} and "
        f"{f[2]}, where {t} is right. What are the squared bias and the variance there? (Divide by the number of fits.)",
        answer=Numbers([bias2, variance], labels=("squared bias", "variance")),
        slips=[
            Slip(
                [variance, bias2],
                "Swapped: the bias compares the mean with the truth, the variance compares the fits with their mean.",
            ),
            Slip([mean - t, variance], "The bias itself: square it."),
            Slip(
                [float(((f - t) ** 2).mean()), variance],
                "The mean squared error holds both parts. For the bias take the mean of the fits first, then the distance.",
            ),
            Slip([bias2, float(f.var(ddof=1))], "You divided by 2. Here the squares are averaged over the three fits."),
        ],
        explanation=rf"The mean is ${tex(mean, 4)}$. Squared bias: $({tex(mean, 4)} - {t})^2 = {tex(bias2, 4)}$. Variance: "
        rf"$({squares}) / 3 = {tex(variance, 4)}$.",
        hints=[
            "What is the mean of the three predictions?",
            "Bias: mean minus truth. Variance: spread around the mean.",
        ],
        again=[(mean - t) ** 2, float((f**2).mean() - mean**2)],
    )


@template(technique="over- and underfitting", tags=["diagnosis"], difficulty=1, syllabus="Q07.6", fixed=True)
def diagnosis_from_errors(rng):
    target = float(rng.choice([0.02, 0.04, 0.05, 0.08, 0.1]))
    gaps = [float(v) for v in rng.uniform(0, 0.06, size=2)]
    kind = int(rng.integers(3))
    if kind < 2:
        gaps[kind] = float(rng.uniform(0.14, 0.35))
    tr = round(target + gaps[0], 2)
    te = round(tr + gaps[1], 2)
    above = f"The training error is ${tex(round(tr - target, 2))}$ above what can be reached"
    apart = f"the test error is ${tex(round(te - tr, 2))}$ above the training error"
    right, slips = _diagnosis(selection.diagnose(tr, te, target), f"{above}, and {apart}.")
    return Question(
        prompt=f"{_model(rng)} has a training error of ${tex(tr)}$ and a test error of ${tex(te)}$; an error of ${tex(target)}$ "
        "can be reached. Call a gap large if it is above $0.1$. What is the diagnosis, and what helps?",
        answer=Choice(right),
        slips=slips,
        explanation=f"{above}, {apart}. So: {right}.",
        hints=[
            "There are two gaps: from what can be reached to the training error, and from there to the test error.",
            "A large first gap is underfitting, a large second one is overfitting.",
        ],
    )


@template(technique="double descent", tags=["interpolation"], difficulty=2, syllabus="Q07.7")
def peak_of_double_descent(rng):
    n = int(rng.integers(2, 40)) * 10
    peak = selection.interpolation_threshold(n)
    return Question(
        prompt=f"Least squares is fitted to {n} samples with more and more random Gaussian features (where there are many "
        "solutions, the one of smallest norm is taken). At how many features does the test error peak?",
        answer=Integer(peak),
        slips=[
            Slip(2 * n, "That is already behind the peak: there are many exact fits, and the smallest one is tame."),
            Slip(n // 2, "Here the training error is not 0 yet, and the fit is still well determined."),
            Slip(10 * n, "Far behind the peak the error falls again: that is the second descent."),
        ],
        explanation=f"At $p = n = {n}$ the training set is just fitted exactly, by a single solution, which is wild. With more "
        "features there are many exact solutions, and the smallest one is better.",
        hints=["Where does the training error just become 0?", "How many unknowns make as many equations solvable?"],
        again=n,
    )


@template(technique="double descent", tags=["risk", "least squares"], difficulty=2, syllabus="Q07.8")
def excess_risk_of_least_squares(rng):
    n, p = int(rng.integers(3, 12)) * 10, int(rng.integers(2, 24))
    s2 = float(rng.choice([0.25, 0.5, 1.0, 2.0, 4.0]))
    risk = selection.ls_excess_risk(n, p, s2)
    below = n - p - 1
    return Question(
        prompt=rf"Least squares with $p = {p}$ standard Gaussian features is fitted to $n = {n}$ samples; the noise has variance "
        rf"$\sigma^2 = {tex(s2)}$. For $p < n - 1$ there is an exact formula for the expected excess risk, which explodes at "
        "$p = n - 1$. What is the excess risk here?",
        answer=Number(risk),
        slips=[
            Slip(s2 * p / n, rf"$\sigma^2 p / n$ is the limit for very large $n$. The exact denominator is {below}."),
            Slip(s2 * n / below, "The number of features stands in the numerator, not the number of samples."),
            Slip(s2 / below, f"This is the part of a single feature: multiply by $p = {p}$."),
            Slip(s2 * p / (n - p), "The denominator is one smaller: $n - p - 1$."),
        ],
        explanation=rf"$\sigma^2 p / (n - p - 1) = {tex(s2)} \cdot {p} / {below} = {tex(risk, 4)}$.",
        hints=[
            r"It is $\sigma^2 p$ divided by something.",
            "The denominator is $n$ for few features, and 0 at $p = n - 1$.",
        ],
        again=1 / (below / (s2 * p)),
    )


@template(technique="leakage", tags=["pipelines", "splitting"], difficulty=2, fixed=True, syllabus="Q07.9")
def leaking_pipelines(rng):
    count = int(rng.integers(2, 4))
    leaks, fine = _drawn(rng, _LEAKS, count), _drawn(rng, _SOUND, 5 - count)
    return Question(
        prompt="A pipeline leaks if the test score looks better than the score on really new data would be. Which of these leak?",
        answer=Several(tuple(leaks)),
        slips=[Slip(each, f"This one is sound: {_SOUND[each]}") for each in fine],
        explanation=" ".join(f"“{each}”: {_LEAKS[each]}" for each in leaks),
        hints=[
            "In each pipeline, when do the test data come into play for the first time?",
            "Statistics, copies, choices: nothing may have seen the test data before the test.",
        ],
    )


@template(technique="over- and underfitting", tags=["learning curve", "picture"], difficulty=2, fixed=True)
def read_a_learning_curve(rng):
    sizes, t = [50, 100, 200, 400, 800, 1600], np.arange(6.0)
    target, level = float(rng.choice([0.02, 0.03, 0.04])), float(rng.uniform(0.22, 0.35))
    shapes = [
        (level - 0.12 * np.exp(-t), level + 0.02 + 0.15 * np.exp(-t)),
        (0.01 + 0.012 * t, level + 0.16 - 0.035 * t),
        (target + 0.03 - 0.025 * np.exp(-t), target + 0.045 + level * np.exp(-t)),
    ]
    train, val = (
        [max(0.0, float(v)) for v in curve + 0.006 * rng.normal(size=6)] for curve in shapes[int(rng.integers(3))]
    )
    seen = (
        f"On the right the training error is about ${tex(train[-1], 2)}$ and the validation error ${tex(val[-1], 2)}$."
    )
    right, slips = _diagnosis(selection.diagnose(train[-1], val[-1], target), seen)
    return Question(
        prompt=f"{_model(rng)} was trained on more and more samples, up to {sizes[-1]}. The picture shows its errors on the "
        f"training set and on a validation set; an error of ${tex(target)}$ can be reached. What does it show, and what helps?",
        answer=Choice(right),
        slips=slips,
        explanation=f"{seen} {right[0].upper()}{right[1:]}.",
        hints=["Look at the right end: how high are the curves, and how far apart?"],
        figure=figures.curves(
            {"training": train, "validation": val}, x=sizes, x_label="training samples", y_label="error"
        ),
    )


_MODELS = (
    "A classifier of road signs",
    "A spam filter",
    "A network that reads handwritten digits",
    "A detector of cracks in photos of bridges",
    "A model that tells birds by their song",
    "A network that sorts film reviews into good and bad",
    "A model that finds pneumonia in X-rays",
    "A classifier of leaves by their photos",
)

#: Pipelines that leak, and how.
_LEAKS = {
    "fit the scaler on all rows, then split": "mean and deviation of the test rows have gone into the training.",
    "shuffle the days of a time series, then split": "the training has seen the days just before and after each test day.",
    "stop training in the epoch with the lowest test error, and report that error": "the test set has chosen the epoch.",
    "add mirrored copies of all images, then cross-validate": "an image and its copy can lie on different sides.",
    "choose the features that correlate best with the labels on all rows, then cross-validate": "the labels of the test folds had a say in the choice.",
    "fill gaps with the mean of all rows, then split": "the mean holds test rows.",
    "try 50 settings, and report the best test error": "the test set has chosen the setting.",
    "split the scans of each patient at random into training and test": "the network can recognise the patient.",
}

#: Pipelines that do not, and why.
_SOUND = {
    "split, then fit the scaler on the training rows, then apply it to all rows": "the scaler has seen training rows alone.",
    "cross-validate scaler and model together, both fitted anew in each fold": "nothing of the test fold goes into the fit.",
    "choose the epoch on a validation set, then test once": "the test set decides nothing.",
    "cut a time series at one day: train on what is before, test on what is after": "the past predicts the future, as in use.",
    "split, then add mirrored copies of the training images": "copies of training images stay on the training side.",
    "choose the setting by cross-validation inside the training set, then test once": "the test set decides nothing.",
    "put all scans of a patient on the same side of the split": "the test is about patients that are really new.",
}

_UNDER, _OVER = "a larger model or longer training", "more data or regularisation"


def _diagnosis(kind, seen):
    """The right option for what `selection.diagnose` says, and slips: wrong diagnoses, and right ones with wrong remedies."""
    names = {
        "underfit": f"underfitting: {_UNDER}",
        "overfit": f"overfitting: {_OVER}",
        "just right": "just right: neither gap is large",
    }
    whys = {
        "underfit": f"Underfitting means that already the *training* error is too high. {seen}",
        "overfit": f"Overfitting means a large gap between training and new data. {seen}",
        "just right": f"One of the two gaps is large. {seen}",
    }
    slips = [Slip(names[name], why) for name, why in whys.items() if name != kind]
    slips += [
        Slip(
            f"underfitting: {_OVER}",
            "More data or regularisation make the task of fitting harder: a model that underfits needs the opposite.",
        ),
        Slip(
            f"overfitting: {_UNDER}", "A larger model or longer training would fit the training set even more closely."
        ),
    ]
    return names[kind], slips


def _model(rng):
    return _MODELS[int(rng.integers(len(_MODELS)))]


def _drawn(rng, names, count):
    return [list(names)[int(i)] for i in rng.choice(len(names), size=count, replace=False)]


def _samples(count):
    return "sample" if count == 1 else "samples"


def _blocks(more, first, test):
    if more == 0:
        return f"the first block of {first} alone"
    return rf"${first} {plus(more * test)}$ values (the first block and {more} more of {test})"
