"""Quiz templates: stochastic gradient descent and why it converges.

The toy problem, in the lecture's letters: X_n is the parameter, Y_n the sample of step n, rho_n the learning rate, and
X_(n+1) = (1 - rho_n) X_n + rho_n Y_n.  Everything is counted from 0.
"""

import numpy as np

from autograder.quiz import Choice, Formula, Integer, Number, Question, Several, Slip, figures, par, template, tex
from reference import sgd


@template(technique="sgd as a moving average", tags=["variance", "constant rate"], difficulty=2, syllabus="Q04.1")
def limit_variance(rng):
    rho, s2 = _rate(rng, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.2, 1.5, 1.6), int(rng.integers(1, 7))
    limit = sgd.limit_variance(rho, s2)
    slips = [
        Slip(0.0, "At a constant rate the noise of each new sample stays: the variance does not go to 0."),
        Slip(rho**2 * s2, "This is what one new sample adds. All samples before it count too."),
        Slip(rho * s2, r"The denominator is missing: the limit solves $v = (1 - \rho)^2 v + \rho^2 \sigma^2$."),
        Slip(s2, "This is the variance of one sample. $X_n$ averages over many."),
    ]
    if rho < 1:
        slips.append(
            Slip(rho * s2 / (1 - rho), r"$1 - (1 - \rho)^2 = \rho (2 - \rho)$: the denominator is $2 - \rho$.")
        )
    return Question(
        prompt=f"{_toy(rho, s2)} To which value does the variance of $X_n$ tend?",
        answer=Number(limit),
        slips=slips,
        explanation=rf"The limit solves $v = (1 - \rho)^2 v + \rho^2 \sigma^2$: $v = \rho \sigma^2 / (2 - \rho) "
        rf"= {tex(rho * s2)} / {tex(2 - rho)} = {tex(limit, 4)}$.",
        hints=[
            r"Old value and new sample are independent: $v_{n+1} = (1 - \rho)^2 v_n + \rho^2 \sigma^2$.",
            "In the limit, the variance before and after a step are equal.",
        ],
        again=rho**2 * s2 / (1 - (1 - rho) ** 2),
    )


@template(technique="sgd as a moving average", tags=["variance", "constant rate"], difficulty=3, syllabus="Q04.2")
def variance_after_some_steps(rng):
    rho, s2, n = _rate(rng, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8), int(rng.integers(1, 7)), int(rng.integers(2, 5))
    limit = sgd.limit_variance(rho, s2)
    variance = sgd.ema_variance(rho, s2, n)
    steps = [(1 - rho) ** (2 * k) for k in range(n)]
    terms = " + ".join(["1", *(tex(step) for step in steps[1:])])
    return Question(
        prompt=f"{_toy(rho, s2)} The start $X_0$ is a fixed number. What is the variance of $X_{n}$?",
        answer=Number(variance),
        slips=[
            Slip(
                limit * (1 - (1 - rho) ** n),
                rf"Variances are multiplied by $(1 - \rho)^2$ in each step: the power is $2n = {2 * n}$, not ${n}$.",
            ),
            Slip(limit, f"This is the limit for many steps; after {n} steps it is not reached yet."),
            Slip(s2 / n, "This is the variance of a plain mean. Here newer samples have larger weights."),
            Slip(rho**2 * s2, f"This is the variance after one step; there are {n}."),
        ],
        explanation=rf"$\rho^2 \sigma^2 ({terms}) = {tex(rho**2 * s2)} \cdot {tex(sum(steps))} = {tex(variance, 5)}$, one term "
        rf"for each sample, each $(1 - \rho)^2 = {tex((1 - rho) ** 2)}$ times the one before.",
        hints=[
            r"$v_0 = 0$ and $v_{n+1} = (1 - \rho)^2 v_n + \rho^2 \sigma^2$: go step by step.",
            r"Or at once: $\frac{\rho \sigma^2}{2 - \rho} (1 - (1 - \rho)^{2n})$.",
        ],
        again=limit * (1 - (1 - rho) ** (2 * n)),
    )


@template(technique="sgd as a moving average", tags=["mean", "constant rate"], difficulty=2, syllabus="Q04.3")
def mean_after_some_steps(rng):
    rho, n = _rate(rng, 0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8), int(rng.integers(2, 5))
    m, x0 = (int(number) for number in rng.choice(np.arange(-4, 11), size=2, replace=False))
    mean = sgd.ema_mean(x0, m, rho, n)
    return Question(
        prompt=f"{_toy(rho)} The samples have the mean $m = {m}$, and the start is $X_0 = {x0}$. "
        f"What is the expected value of $X_{n}$?",
        answer=Number(mean),
        slips=[
            Slip(m + rho**n * (x0 - m), rf"The distance to $m$ shrinks by $1 - \rho = {tex(1 - rho)}$, not by $\rho$."),
            Slip(m, f"This is the limit; after {n} steps some of the start is left."),
            Slip((1 - rho) * x0 + rho * m, f"This is the mean after one step; there are {n}."),
            Slip((1 - rho) ** n * x0, "This is the share of the start alone: the samples pull towards $m$."),
        ],
        explanation=rf"$m + (1 - \rho)^n (X_0 - m) = {m} + {tex(1 - rho)}^{n} \cdot {par(x0 - m)} = {tex(mean, 4)}$.",
        hints=[
            "How does one step change the distance of the mean to $m$?",
            r"In each step the distance is multiplied by $1 - \rho$.",
        ],
        again=m + (1 - rho) ** n * (x0 - m),
    )


@template(technique="sgd as a moving average", tags=["weights", "constant rate"], difficulty=2, syllabus="Q04.4")
def weight_of_an_old_sample(rng):
    rho, j = _rate(rng, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9), int(rng.integers(1, 5))
    weight = sgd.ema_weights(rho, j + 1)[j]
    power = f"^{j}" if j > 1 else ""
    return Question(
        prompt=rf"{_toy(rho)} Written out, $X_{{n+1}}$ is a weighted sum of $X_0$ and all samples. "
        rf"What is the weight of $Y_{{n-{j}}}$? ($n$ is large; the newest sample is $Y_n$.)",
        answer=Number(weight),
        slips=[
            Slip((1 - rho) ** j, rf"Each sample enters with the factor $\rho = {tex(rho)}$: it is missing."),
            Slip(rho**j * (1 - rho), r"The roles are swapped: $\rho$ once on entering, $1 - \rho$ in each later step."),
            Slip(rho * (1 - rho) ** (j + 1), f"One step too many: after $Y_{{n-{j}}}$ {_later(j)}."),
            Slip(rho * (1 - rho) ** (j - 1), f"One step too few: after $Y_{{n-{j}}}$ {_later(j)}."),
        ],
        explanation=rf"It enters with $\rho$; after that {_later(j)}, and each multiplies it by $1 - \rho$: "
        rf"${tex(rho)} \cdot {tex(1 - rho)}{power} = {tex(weight, 4)}$.",
        hints=[
            "With which factor does a sample enter? What does each later step do to it?",
            r"$\rho (1 - \rho)^j$ for $Y_{n-j}$.",
        ],
        again=np.prod([rho, *([1 - rho] * j)]),
    )


@template(technique="choice of the learning rate", tags=["stability"], difficulty=2, syllabus="Q04.5")
def largest_stable_rate(rng):
    c = float(rng.choice([0.1, 0.2, 0.25, 0.4, 0.5, 0.8, 1.6, 2, 2.5, 3, 4, 5, 8, 10, 20]))
    limit = sgd.stability_limit(c)
    return Question(
        prompt=rf"SGD at a constant rate $\rho > 0$ on the loss $L = c (X - Y)^2 / 2$ with curvature $c = {tex(c)}$; "
        r"the samples $Y_n$ are independent with mean $m$. Below which $\rho$ does the mean of $X_n$ tend to $m$, with a "
        "bounded variance?",
        answer=Number(limit),
        slips=[
            Slip(
                1 / c,
                r"With this rate the mean is at $m$ after one step. Larger ones overshoot, but may still come closer.",
            ),
            Slip(c, r"A steeper loss needs a *smaller* rate: the limit falls with $c$."),
            Slip(2.0, "This is the limit for $c = 1$. The gradient, and so each step, has the factor $c$."),
            Slip(2 * c, r"A steeper loss needs a *smaller* rate: divide by $c$."),
        ],
        explanation=rf"Each step multiplies the distance to $m$ by $1 - c \rho$, which must lie between $-1$ and 1: "
        rf"$\rho < 2 / c = {tex(limit)}$.",
        hints=[
            r"The gradient is $c (X - Y)$: by which factor does a step multiply the distance to $m$?",
            r"$|1 - c \rho| < 1$.",
        ],
        again=2 / c,
    )


@template(technique="decreasing rates", tags=["running mean"], difficulty=1, syllabus="Q04.6")
def rate_of_the_running_mean(rng):
    n = int(rng.integers(2, 40))
    rate = sgd.rho_running_mean(n)
    return Question(
        prompt=r"SGD on the toy loss makes $X_{n+1} = (1 - \rho_n) X_n + \rho_n Y_n$, and $X_n$ is the plain mean of the samples "
        rf"$Y_0$ to $Y_{{n-1}}$. Which $\rho_n$ makes $X_{{n+1}}$ the plain mean of $Y_0$ to $Y_n$, for $n = {n}$?",
        answer=Number(rate),
        slips=[
            Slip(1 / n, f"Count the samples again: $Y_0$ to $Y_{{{n}}}$ are {n + 1}, because the count starts at 0."),
            Slip(1 / (n + 2), f"Count the samples again: $Y_0$ to $Y_{{{n}}}$ are {n + 1}."),
            Slip(
                1 / np.sqrt(n + 1), "The square root belongs to the standard deviation of the mean, not to its weights."
            ),
            Slip(1 / 2, r"A constant weight of 1/2 forgets old samples. In a plain mean all have the same weight."),
        ],
        explanation=rf"$Y_0$ to $Y_{{{n}}}$ are {n + 1} samples, each of weight $1/{n + 1}$; the new one enters with $\rho_n$: "
        rf"$\rho_n = 1/{n + 1} = {tex(rate, 4)}$.",
        hints=["Which weight has the newest sample in a plain mean?", "How many samples are $Y_0$ to $Y_n$?"],
        again=np.full(n + 1, 1.0).mean() / (n + 1),
    )


@template(technique="decreasing rates", tags=["running mean", "variance"], difficulty=1, syllabus="Q04.7")
def variance_of_the_running_mean(rng):
    s2, n = int(rng.integers(1, 10)), int(rng.integers(3, 41))
    variance = sgd.running_mean_variance(s2, n)
    return Question(
        prompt=r"SGD on the toy loss, $X_{n+1} = (1 - \rho_n) X_n + \rho_n Y_n$ with $\rho_n = 1/(n+1)$ and $n$ from 0. "
        rf"The samples are independent with variance $\sigma^2 = {s2}$. What is the variance of $X_{{{n}}}$?",
        answer=Number(variance),
        slips=[
            Slip(s2 / (n + 1), f"$X_{{{n}}}$ is the mean of $Y_0$ to $Y_{{{n - 1}}}$: these are {n} samples."),
            Slip(s2 / n**2, f"Each term has the variance $\\sigma^2 / {n}^2$, but there are {n} of them."),
            Slip(0.0, "It tends to 0, but after finitely many samples some variance is left."),
            Slip(s2, "This is the variance of one sample; a mean varies less."),
        ],
        explanation=rf"With these rates $X_{{{n}}}$ is the plain mean of {n} samples: "
        rf"$\sigma^2 / n = {s2} / {n} = {tex(variance, 4)}$.",
        hints=["Which mean do these rates make?", "The variance of a plain mean of $n$ independent samples."],
        again=n * (1 / n) ** 2 * s2,
    )


@template(technique="convergence theorem", tags=["bound"], difficulty=1, syllabus="Q04.8")
def step_of_the_bound(rng):
    mu, c1, c0 = _rate(rng, 0.5, 1, 2), _rate(rng, 0.5, 1, 2), _rate(rng, 0.5, 1, 2, 3)
    rho, d = _rate(rng, 0.1, 0.2, 0.3), int(rng.integers(1, 6))
    bound = sgd.theorem_step(d, rho, mu, c0, c1)
    return Question(
        prompt=r"The theorem bounds the mean squared error $d_n$ of SGD: $d_{n+1} = (1 - \rho \mu + \rho^2 c_1) d_n + \rho^2 c_0$. "
        rf"Take $\mu = {tex(mu)}$, $c_1 = {tex(c1)}$, $c_0 = {tex(c0)}$, $\rho = {tex(rho)}$ and $d_0 = {d}$. What is $d_1$?",
        answer=Number(bound),
        slips=[
            Slip(
                (1 - rho * mu + rho**2 * c1) * d + rho * c0,
                r"The noise term has $\rho^2$: a small rate damps noise more than it slows the descent.",
            ),
            Slip(
                (1 - rho * mu) * d + rho**2 * c0, r"The term $\rho^2 c_1$ is missing: gradients grow with the distance."
            ),
            Slip(
                (1 - 2 * rho * mu + rho**2 * c1) * d + rho**2 * c0,
                r"There is no factor 2 at $\mu$ in this bound (some books define $\mu$ differently).",
            ),
            Slip((1 - rho * mu + rho**2 * c1) * d, r"The noise $\rho^2 c_0$ is missing."),
        ],
        explanation=rf"$(1 - {tex(rho * mu)} + {tex(rho**2 * c1)}) \cdot {d} + {tex(rho**2 * c0)} = {tex(bound)}$.",
        hints=[
            "First the bracket, then the noise term.",
            rf"$\rho \mu = {tex(rho * mu)}$ and $\rho^2 = {tex(rho**2)}$.",
        ],
        again=d - rho * mu * d + rho**2 * (c1 * d + c0),
    )


@template(technique="convergence theorem", tags=["bound", "constant rate"], difficulty=2, syllabus="Q04.9")
def limit_of_the_bound(rng):
    mu, c1, c0 = _rate(rng, 1, 1.5, 2, 3), _rate(rng, 0.5, 1, 2), int(rng.integers(1, 6))
    rho = _rate(rng, 0.1, 0.2, 0.3, 0.4)
    limit = sgd.theorem_limit(rho, mu, c0, c1)
    return Question(
        prompt=r"The theorem bounds the mean squared error $d_n$ of SGD: $d_{n+1} = (1 - \rho \mu + \rho^2 c_1) d_n + \rho^2 c_0$. "
        rf"Take $\mu = {tex(mu)}$, $c_1 = {tex(c1)}$, $c_0 = {c0}$ and the constant rate $\rho = {tex(rho)}$. "
        "To which value does the bound tend?",
        answer=Number(limit),
        slips=[
            Slip(0.0, "It would tend to 0 only with decreasing rates. At a constant rate the noise stays."),
            Slip(rho * c0 / mu, r"The term $\rho^2 c_1$ is missing: it weakens the contraction."),
            Slip(rho * c0 / (2 - rho), "This is the exact value of the toy problem; here the bound is asked."),
            Slip(
                c0 / (mu - rho * c1),
                r"A factor $\rho$ is missing: the noise term has $\rho^2$, and only one $\rho$ cancels.",
            ),
            Slip(rho**2 * c0, "This is the noise of one step. It is added in each step."),
        ],
        explanation=rf"In the limit $d = (1 - \rho \mu + \rho^2 c_1) d + \rho^2 c_0$, so $d = \rho c_0 / (\mu - \rho c_1) "
        rf"= {tex(rho * c0)} / ({tex(mu)} - {tex(rho * c1)}) = {tex(limit, 4)}$.",
        hints=["In the limit, $d_n$ and $d_{n+1}$ are equal.", r"Solve $d (\rho \mu - \rho^2 c_1) = \rho^2 c_0$."],
        again=rho**2 * c0 / (1 - (1 - rho * mu + rho**2 * c1)),
    )


@template(technique="decreasing rates", tags=["schedules", "convergence theorem"], difficulty=2, syllabus="Q04.10")
def schedules_that_converge(rng):
    c, q = tex(_rate(rng, 0.1, 0.2, 0.5, 1, 2, 3)), tex(_rate(rng, 0.5, 0.8, 0.9, 0.95, 0.99))
    rates = {
        "c/n": f"{c} / n",
        "c/sqrt(n)": rf"{c} / \sqrt n",
        "c/log(n+2)": rf"{c} / \ln(n + 2)",
        "c/n^2": f"{c} / n^2",
        "const": c,
        "q^n": f"{q}^n",
    }
    whys = {
        "c/n^2": r"The sum of $1/n^2$ is finite: SGD can come to rest before it has arrived.",
        "const": r"A constant rate does not tend to 0: the noise stays.",
        "q^n": r"A geometric series has a finite sum: SGD can come to rest before it has arrived.",
    }
    asked = [list(rates)[place] for place in sorted(rng.choice(6, size=5, replace=False))]
    text = {name: rf"$\rho_n = {rates[name]}$" for name in asked}
    return Question(
        prompt=r"The theorem asks two things of the learning rates of SGD: $\rho_n \to 0$, and $\sum_n \rho_n = \infty$. "
        "Which of these schedules satisfy both? ($n$ counts from 1.)",
        answer=Several(tuple(text[name] for name in asked if sgd.schedule_ok(name))),
        slips=[Slip(text[name], whys[name]) for name in asked if not sgd.schedule_ok(name)],
        explanation=r"$1/n$, $1/\sqrt n$ and $1/\ln(n + 2)$ tend to 0 so slowly that their sums are infinite; $1/n^2$ and "
        r"powers $q^n$ have finite sums; a constant does not tend to 0. (A finite sum of $\rho_n^2$ is not asked here: the theorem "
        "is about the mean square.)",
        hints=[
            r"Anything that tends to 0 at most as fast as $1/n$ has an infinite sum.",
            r"Geometric series and $\sum 1/n^2$ are finite.",
        ],
        again=tuple(text[name] for name in asked if name in ("c/n", "c/sqrt(n)", "c/log(n+2)")),
    )


@template(technique="mini-batches", tags=["epoch"], difficulty=1, syllabus="Q04.11")
def updates_per_epoch(rng):
    n, m = int(rng.integers(100, 3000)), int(rng.choice([8, 16, 20, 32, 50, 64, 100, 128]))
    if rng.integers(4) == 0:
        n = m * (n // m + 1)
    steps = sgd.steps_per_epoch(n, m)
    full, rest = divmod(n, m)
    last = f"and the {rest} samples that are left make one more" if rest else "and nothing is left over"
    return Question(
        prompt=f"A training set has {n} samples, a batch has {m}. The last batch is used even if it is smaller. How many updates "
        "does one epoch make?",
        answer=Integer(steps),
        slips=[
            Slip(full, "The samples that are left over make a smaller batch of their own: round up."),
            Slip(full + 1, f"{m} divides {n}: no smaller batch is left over."),
            Slip(n, "This is one update for each sample; here there is one for each batch."),
            Slip(m, "This is the size of a batch, not the number of batches."),
        ],
        explanation=f"{full} full batches, {last}: {steps} updates.",
        hints=["How many batches are needed to see every sample once?", "Divide and round up."],
        again=-(-n // m),
    )


@template(technique="mini-batches", tags=["learning rate", "sum or mean"], difficulty=2, syllabus="Q04.12")
def rate_for_the_other_reduction(rng):
    lr, m = _rate(rng, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1), int(rng.choice([4, 8, 16, 25, 32, 50, 64, 100]))
    old, new = ("sum", "mean") if rng.integers(2) else ("mean", "sum")
    rate = sgd.rescale_lr(lr, m, to=new)
    up = new == "mean"
    compare = f"The mean's gradient is {m} times smaller" if up else f"The sum's gradient is {m} times larger"
    times = r"\cdot" if up else "/"
    root = lr * np.sqrt(m) if up else lr / np.sqrt(m)
    return Question(
        prompt=f"A net is trained with batches of {m} samples, the loss of a batch is the *{old}* of its samples' losses, and the "
        f"learning rate is {tex(lr)}. Now the *{new}* is used. Which learning rate makes the same steps?",
        answer=Number(rate),
        slips=[
            Slip(lr / m if up else lr * m, f"The wrong way round. {compare}, so the rate must make up for it."),
            Slip(lr, f"{compare}: with the same rate the steps would change."),
            Slip(root, f"The square root is for noise. The gradient itself changes by the factor {m}."),
        ],
        explanation=f"{compare}, so the rate is {'multiplied' if up else 'divided'} by {m}: "
        f"${tex(lr)} {times} {m} = {tex(rate)}$.",
        hints=["How do the gradients of sum and mean differ?", "Rate times gradient must stay the same."],
        again=lr * float(m) ** (1 if up else -1),
    )


@template(technique="update rule", tags=["formula", "l2 penalty"], difficulty=2)
def update_rule(rng):
    losses = _losses(int(rng.integers(2, 6)))
    loss, gradient, lost, why, letters = losses[int(rng.integers(len(losses)))]
    shown, penalty, other, rule = _PENALTIES[int(rng.integers(len(_PENALTIES)))]
    whole, partly = (f"{each} + {penalty}" if penalty else each for each in (gradient, lost))
    slips = [Slip(f"w - rho*({partly})", why)]
    if penalty:
        slips += [
            Slip(f"w - rho*({gradient} + {other})", rule),
            Slip(
                f"w - rho*({gradient}) - {penalty}",
                r"The penalty is a part of the loss: its gradient is multiplied by $\rho$ too.",
            ),
        ]
    else:
        slips += [
            Slip(f"w + rho*({whole})", "This climbs: the step goes against the gradient."),
            Slip(f"-rho*({whole})", "This is the step alone. The new weight is the old one plus the step."),
        ]
    named = r", $\rho$ (typed `rho`) and $\lambda$ (typed `lambda`)" if penalty else r" and $\rho$ (typed `rho`)"
    variables = dict.fromkeys(letters, (-2.0, 2.0)) | {"rho": (0.05, 0.5)}
    remark = (
        "The penalty alone shrinks $w$ a little in each step." if penalty else "The new weight is old weight plus step."
    )
    if whole == "w - y":
        remark = r"Sorted, this is $(1 - \rho) w + \rho y$, a moving average of the samples."
    shrink = {"": "1", "lambda*w": "1 - rho*lambda"}.get(penalty, "1 - 2*rho*lambda")
    return Question(
        prompt=rf"SGD with learning rate $\rho$ takes one step on the loss of one sample, $L(w) = {loss}{shown}$. "
        f"Write the new $w$ as a formula in {', '.join(f'${letter}$' for letter in letters)}{named}.",
        answer=Formula(f"w - rho*({whole})", variables | ({"lambda": (0.05, 0.5)} if penalty else {})),
        slips=slips,
        explanation=rf"The derivative with respect to $w$ is `{whole}`; the step is $-\rho$ times it. {remark}",
        hints=[
            r"$w$ minus $\rho$ times the derivative of the loss with respect to $w$.",
            "The derivative of a sum is the sum of the derivatives." if penalty else "Mind the factors: chain rule.",
        ],
        again=f"({shrink})*w - rho*({gradient})",
    )


@template(technique="choice of the learning rate", tags=["loss curve", "figure"], difficulty=2)
def rates_of_two_curves(rng):
    steps, start = 40, float(rng.integers(6, 30))
    rates = {
        "too large": np.full(steps, rng.uniform(2.02, 2.06)),
        "too small": np.full(steps, rng.uniform(0.002, 0.006)),
        "constant and moderate": np.full(steps, rng.uniform(0.2, 0.4)),
        "decreasing as 1/n": sgd.running_mean_schedule(steps),
    }
    looks = {
        "too large": "rises: each step overshoots by more than the last, so the rate is too large",
        "too small": "falls all the time, but hardly: the rate is too small",
        "constant and moderate": "falls fast and then stays level: the noise of a constant rate remains",
        "decreasing as 1/n": "keeps falling, more and more slowly: decreasing rates average the noise away",
    }
    one, two, third, fourth = (list(rates)[place] for place in rng.permutation(4))
    curves = {name: np.log10(sgd.toy_error(start, rates[kind], 1.0)) for name, kind in (("A", one), ("B", two))}
    return Question(
        prompt="SGD was run from the same start with two different learning rates. The curves show the mean squared error over "
        "the steps, averaged over many runs and as a logarithm (base 10). Which rates belong to them?",
        answer=Choice(_pair(one, two)),
        slips=[
            Slip(_pair(two, one), f"The two are mixed up. Curve A {looks[one]}."),
            Slip(_pair(one, third), f"Look at B again: it {looks[two]}."),
            Slip(_pair(fourth, two), f"Look at A again: it {looks[one]}."),
        ],
        explanation=f"Curve A {looks[one]}. Curve B {looks[two]}.",
        hints=[
            "Does a curve rise, fall, or stay level at the end?",
            "The noise of a constant rate shows as a level end of the curve.",
        ],
        figure=figures.curves(curves, x_label="step", y_label="log10 of the error"),
    )


_INNER = "The inner derivative is missing: $w$ is multiplied by something inside, and that is a factor."

#: A penalty in TeX, its derivative, a wrong derivative, and the right one in words.
_PENALTIES = (
    (r" + \lambda w^2", "2*lambda*w", "lambda*w", r"The derivative of $\lambda w^2$ is $2 \lambda w$."),
    (r" + \lambda w^2 / 2", "lambda*w", "2*lambda*w", r"The derivative of $\lambda w^2 / 2$ is $\lambda w$."),
    ("", "", "", ""),
)


def _losses(c):
    """Losses of one sample in TeX, their derivatives by w, wrong ones with what is wrong about them, and their letters."""
    factor = f"The factor {c} of the loss is in its gradient too."
    turned = "The derivative of $(w - y)^2 / 2$ is $w - y$, not $y - w$."
    return (
        ("(w x - y)^2", "2*(w*x - y)*x", "2*(w*x - y)", _INNER, "wxy"),
        ("(w x - y)^2 / 2", "(w*x - y)*x", "w*x - y", _INNER, "wxy"),
        (f"{c} (w x - y)^2", f"{2 * c}*(w*x - y)*x", f"{2 * c}*(w*x - y)", _INNER, "wxy"),
        (r"\ln(1 + \exp(-y w x))", "-y*x/(1 + exp(y*w*x))", "-y/(1 + exp(y*w*x))", _INNER, "wxy"),
        ("(w - y)^2 / 2", "w - y", "y - w", turned, "wy"),
        (f"{c} (w - y)^2", f"{2 * c}*(w - y)", "2*(w - y)", factor, "wy"),
    )


def _rate(rng, *values):
    return float(rng.choice(values))


def _toy(rho, s2=None):
    variance = rf" of variance $\sigma^2 = {s2}$" if s2 is not None else ""
    return (
        r"SGD on the loss $(X - Y)^2 / 2$ makes $X_{n+1} = (1 - \rho) X_n + \rho Y_n$, here with the constant rate "
        rf"$\rho = {tex(rho)}$ and independent samples $Y_n${variance}."
    )


def _later(steps):
    return "there is 1 step" if steps == 1 else f"there are {steps} steps"


def _pair(one, two):
    return f"A: {one}; B: {two}"
