"""Quiz templates: splitting data, searching settings, bias and variance, double descent, leakage."""

import numpy as np

from autograder.quiz import Choice, Integer, Number, Numbers, Question, Redraw, Several, Slip, figures, template, tex
from reference import selection


@template(technique="cross-validation", tags=["k-fold"], difficulty=1, syllabus="Q07.1")
def fold_sizes(rng):
    K = int(rng.integers(3, 7))
    n = int(rng.integers(3, 20)) * K + int(rng.integers(1, K))
    sizes = [len(test) for _, test in selection.kfold(n, K)]
    q, r = divmod(n, K)
    return Question(
        prompt=f"{n} samples are cut into {K} folds for cross-validation; sizes differ by one at most, and the larger folds come first. What are the sizes?",
        answer=Numbers(sizes, whole=True),
        slips=[
            Slip(
                [q] * (K - 1) + [q + r],
                "The remainder is shared out, one to each of the first folds; it does not go into the last one.",
            ),
            Slip([q] * K, f"This leaves {r} samples out."),
            Slip([q + 1] * K, "There are not that many samples."),
            Slip([q] * (K - r) + [q + 1] * r, "The larger folds come first."),
        ],
        explanation=f"${n} = {K} \\cdot {q} + {r}$: the first {r} {'fold has' if r == 1 else 'folds have'} {q + 1}, the others {q}.",
        hints=["Divide, and look at the remainder."],
        again=[len(part) for part in np.array_split(np.arange(n), K)],
    )


@template(technique="search for settings", tags=["grid search"], difficulty=1, syllabus="Q07.2")
def fits_of_a_grid_search(rng):
    sizes, K = [int(v) for v in rng.integers(2, 7, size=int(rng.integers(2, 4)))], int(rng.choice([3, 4, 5, 10]))
    cost, grid = selection.grid_cost(sizes, K), int(np.prod(sizes))
    return Question(
        prompt=f"A grid search tries {', '.join(map(str, sizes[:-1]))} and {sizes[-1]} values of {len(sizes)} settings, each combination with {K}-fold "
        "cross-validation; at the end the best one is fitted once more on all data. How many fits is that?",
        answer=Integer(cost),
        slips=[
            Slip(cost - 1, "The last fit, on all data, counts too."),
            Slip(sum(sizes) * K + 1, "All *combinations* are tried: multiply the numbers of values."),
            Slip(grid + 1, f"Each combination is fitted {K} times, once for each fold."),
            Slip(grid * (K - 1) + 1, f"Each of the {K} folds is left out once."),
        ],
        explanation=f"{grid} combinations, times {K} folds, plus 1: {cost}.",
        hints=["How many combinations are there?"],
        again=len(selection.grid({str(i): list(range(s)) for i, s in enumerate(sizes)})) * K + 1,
    )


@template(technique="search for settings", tags=["random search"], difficulty=2, syllabus="Q07.3")
def chance_of_a_random_search(rng):
    n, q = int(rng.choice([5, 8, 10, 15, 20, 30, 40, 60])), float(rng.choice([0.02, 0.05, 0.1, 0.2]))
    p = selection.random_search_prob(n, q)
    if p > 0.9995:
        raise Redraw
    return Question(
        prompt=f"A random search draws {n} settings independently. With what probability is at least one of them in the best {round(100 * q)} %?",
        answer=Number(p),
        slips=[
            Slip(n * q, "Probabilities of events that can happen together do not simply add."),
            Slip(q**n, "This is the probability that *all* of them are."),
            Slip((1 - q) ** n, "This is the probability that none of them is."),
            Slip(n * q * (1 - q) ** (n - 1), "This is the probability of exactly one."),
        ],
        explanation=rf"None is with probability ${tex(1 - q)}^{{{n}}}$, so $1 - {tex(1 - q)}^{{{n}}} = {tex(p, 4)}$.",
        hints=["What is the probability that none of them is?"],
        again=float(-np.expm1(n * np.log1p(-q))),
    )


@template(technique="cross-validation", tags=["time series"], difficulty=2, syllabus="Q07.4")
def last_training_index(rng):
    K, test = int(rng.integers(3, 7)), int(rng.integers(6, 16))
    n = (K + 1) * test + int(rng.integers(0, K + 1))
    i = int(rng.integers(1, K + 1))
    last = int(selection.timeseries_split(n, K)[i - 1][0][-1])
    return Question(
        prompt=rf"A series of {n} values is validated with {K} expanding folds. Each test block has $\lfloor {n} / {K + 1} \rfloor$ values, the remainder goes "
        f"into the first training block, and each fold trains on all before its test block. Which is the last index (from 0) that fold {i} trains on (folds from 1)?",
        answer=Integer(last),
        slips=[
            Slip(last + 1, "This is the first index of the test block, or a count from 1."),
            Slip(i * (n // K) - 1, f"There are {K + 1} blocks: one to begin with, and one for each fold."),
            Slip(n - 1, "That would train on the future."),
            Slip(last - test, f"Fold {i} has one block more."),
        ],
        explanation=f"Blocks of {n // (K + 1)}, the first of {n - K * (n // (K + 1))}: fold {i} trains on indices 0 to {last}.",
        hints=["How long is a test block?", "How many test blocks come after this fold's training?"],
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
    return Question(
        prompt=f"Three fits on different training sets predict {', '.join(map(str, f))} at a point where {t} is right. What are the squared bias and the variance there "
        "(mean over the three fits)?",
        answer=Numbers([bias2, variance], labels=("squared bias", "variance")),
        slips=[
            Slip(
                [variance, bias2],
                "Swapped: the bias compares the mean with the truth, the variance the fits with their mean.",
            ),
            Slip([mean - t, variance], "The bias is squared."),
            Slip(
                [float(((f - t) ** 2).mean()), variance], "This is the mean squared error, bias and variance together."
            ),
            Slip([bias2, float(f.var(ddof=1))], "The mean over the three fits divides by 3."),
        ],
        explanation=rf"Mean ${tex(mean, 4)}$: bias$^2 = ({tex(mean, 4)} - {t})^2 = {tex(bias2, 4)}$; variance ${tex(variance, 4)}$.",
        hints=["What is the mean of the three predictions?"],
        again=[(mean - t) ** 2, float((f**2).mean() - mean**2)],
    )


@template(technique="bias and variance", tags=["overfitting", "diagnosis"], difficulty=1, syllabus="Q07.6", fixed=True)
def diagnosis_from_errors(rng):
    target = float(rng.choice([0.02, 0.05, 0.1]))
    kind = int(rng.integers(3))
    tr = round(
        target + [float(rng.uniform(0.15, 0.4)), float(rng.uniform(0, 0.06)), float(rng.uniform(0, 0.06))][kind], 2
    )
    te = round(tr + [float(rng.uniform(0, 0.06)), float(rng.uniform(0.15, 0.4)), float(rng.uniform(0, 0.06))][kind], 2)
    names = {
        "underfit": "underfitting: a larger model, longer training",
        "overfit": "overfitting: more data, regularisation, a smaller model",
        "just right": "neither: both gaps are small",
    }
    right = names[selection.diagnose(tr, te, target)]
    why = {
        names["underfit"]: "Then the *training* error would be far above what can be reached.",
        names["overfit"]: "Then the test error would be far above the training error.",
        names["just right"]: "One of the two gaps is larger than 0.1.",
        "the test set is too easy": "A test error below the training error would make one think of that.",
    }
    return Question(
        prompt=f"The training error is ${tex(tr)}$, the test error ${tex(te)}$, and ${tex(target)}$ can be reached (gaps above 0.1 count). What is it, and what helps?",
        answer=Choice(right),
        slips=[Slip(name, told) for name, told in why.items() if name != right],
        explanation=f"Training error minus target: ${tex(tr - target)}$; test minus training: ${tex(te - tr)}$. So: {right}.",
        hints=["Two gaps: target to training, training to test."],
    )


@template(technique="double descent", tags=["interpolation"], difficulty=2, syllabus="Q07.7")
def peak_of_double_descent(rng):
    n = int(rng.integers(2, 40)) * 10
    peak = selection.interpolation_threshold(n)
    return Question(
        prompt=f"Least squares (of minimum norm where there are many solutions) is fitted to {n} samples with more and more random Gaussian features. At how many features "
        "is the test error largest?",
        answer=Integer(peak),
        slips=[
            Slip(2 * n, "The peak is where the fit just becomes exact."),
            Slip(n // 2, "With half as many features as samples the fit is still well determined."),
            Slip(10 * n, "Far beyond the peak the error falls again: that is the second descent."),
        ],
        explanation=f"At $p = n = {n}$ the training set is just fitted exactly, by the only and wildest solution.",
        hints=["Where does the training error reach 0?"],
        again=n,
    )


@template(technique="double descent", tags=["risk", "least squares"], difficulty=2, syllabus="Q07.8")
def excess_risk_of_least_squares(rng):
    n, p = int(rng.integers(3, 12)) * 10, int(rng.integers(2, 20))
    s2 = float(rng.choice([0.25, 0.5, 1.0, 2.0, 4.0]))
    if p >= n - 5:
        raise Redraw
    risk = selection.ls_excess_risk(n, p, s2)
    return Question(
        prompt=rf"Least squares with $p = {p}$ Gaussian features is fitted to $n = {n}$ samples with noise variance $\sigma^2 = {tex(s2)}$ ($p < n - 1$). What is its "
        "excess risk, exactly?",
        answer=Number(risk),
        slips=[
            Slip(s2 * p / n, r"$\sigma^2 p / n$ holds for $n$ far larger than $p$; the exact denominator is smaller."),
            Slip(s2 * n / (n - p - 1), "The number of features stands above, not that of the samples."),
            Slip(s2 / (n - p - 1), "Each feature adds its part: multiply by $p$."),
            Slip(s2 * p / (n - p), "One less below: $n - p - 1$."),
        ],
        explanation=rf"$\sigma^2 p / (n - p - 1) = {tex(s2)} \cdot {p} / {n - p - 1} = {tex(risk, 4)}$.",
        hints=["It is $\\sigma^2 p$ over something that vanishes near $p = n$."],
        again=s2 * p / (n - p - 1),
    )


@template(technique="leakage", tags=["leakage", "pipelines"], difficulty=2, fixed=True, syllabus="Q07.9")
def leaking_pipelines(rng):
    good = [
        "split, then fit the scaler on the training part, then apply it to both",
        "cross-validate a pipeline in which the scaler is fitted in each fold",
        "choose the epoch by a validation set, test once at the end",
        "cut a series at one day: all before it trains, all after it tests",
    ]
    bad = {
        "fit the scaler on all data, then split": "The test rows' mean and deviation have gone into the training.",
        "shuffle a time series, then split": "Then the network has seen the days around each test day.",
        "stop training when the test error is lowest, and report that error": "The test set has chosen the epoch: its error is no longer that of new data.",
        "make turned copies of all images, then split": "Copies of the same image lie on both sides.",
        "choose the features with the highest correlation on all data, then cross-validate": "The labels of each test fold have had a say in the choice.",
    }
    leaks = [list(bad)[int(i)] for i in rng.choice(len(bad), size=2, replace=False)]
    fine = [good[int(i)] for i in rng.choice(len(good), size=2, replace=False)]
    return Question(
        prompt="Which of these pipelines leak (the test result is better than it would be on new data)?",
        answer=Several(tuple(leaks)),
        slips=[Slip(each, "Nothing of the test data has been used before the test.") for each in fine],
        explanation=" ".join(f"“{each}”: {bad[each]}" for each in leaks),
        hints=["What has seen the test data, or their labels, before the test?"],
    )


@template(technique="bias and variance", tags=["learning curve", "picture"], difficulty=2, fixed=True)
def read_a_learning_curve(rng):
    sizes = [50, 100, 200, 400, 800, 1600]
    t = np.arange(6.0)
    shake = 0.006 * rng.normal(size=(2, 6))
    level = float(rng.uniform(0.25, 0.35))
    curves = {
        "underfitting: more data will not help, a larger model may": (
            level - 0.12 * np.exp(-t),
            level + 0.02 + 0.15 * np.exp(-t),
        ),
        "overfitting: more data will help": (0.01 + 0.012 * t, level + 0.16 - 0.035 * t),
        "just right: both errors are low and close": (0.06 - 0.03 * np.exp(-t), 0.075 + 0.2 * np.exp(-t)),
    }
    why = {
        "underfitting: more data will not help, a larger model may": "Then both curves would meet at a *high* error.",
        "overfitting: more data will help": "Then a wide gap between the curves would still be closing.",
        "just right: both errors are low and close": "Look at the level, and at the gap on the right.",
        "the learning rate is too large": "That shows in the loss over the epochs, not over the size of the training set.",
    }
    right = list(curves)[int(rng.integers(3))]
    train, val = (np.clip(c + s, 0, 1) for c, s in zip(curves[right], shake, strict=True))
    return Question(
        prompt="The errors of a model over the number of training samples (from 50 to 1600, doubled each time). What do they tell?",
        answer=Choice(right),
        slips=[Slip(name, told) for name, told in why.items() if name != right],
        explanation=f"{right[0].upper()}{right[1:]}.",
        hints=["Look at the right end: how high, and how far apart?"],
        figure=figures.curves(
            {"training": [float(v) for v in train], "validation": [float(v) for v in val]},
            x_label=f"samples ({sizes[0]} to {sizes[-1]})",
            y_label="error",
        ),
    )
