"""Quiz templates: generative adversarial networks.  D is the probability of being real, a its logit; logarithms are natural."""

import math

import numpy as np

from autograder.quiz import (
    Choice,
    Formula,
    Number,
    Numbers,
    Ordering,
    Question,
    Redraw,
    Slip,
    figures,
    plain,
    template,
    tex,
)
from reference import gan


@template(technique="value of the game", tags=["loss", "logarithm"], difficulty=2, syllabus="Q14.4")
def value_of_the_game(rng):
    real = rng.choice([0.5, 0.6, 0.7, 0.8, 0.9], size=2, replace=False)
    fake = rng.choice([0.1, 0.2, 0.3, 0.4, 0.6], size=2, replace=False)
    V = gan.value(real, fake)
    logs = np.log(real).mean(), np.log(1 - fake).mean()
    return Question(
        prompt=rf"A discriminator gives two real images the probabilities $D(x) = {tex(real[0])}$ and ${tex(real[1])}$, and two generated "
        rf"ones $D(G(z)) = {tex(fake[0])}$ and ${tex(fake[1])}$. What is the GAN value "
        r"$V = E[\ln D(x)] + E[\ln(1 - D(G(z)))]$, with means for the expectations?",
        answer=Number(V),
        slips=[
            Slip(
                logs[0] + np.log(fake).mean(),
                r"The second term is $\ln(1 - D)$: it is large when the fakes are recognised.",
            ),
            Slip(-V, "The sign: logarithms of probabilities are negative. (The discriminator's loss is $-V$.)"),
            Slip(2 * V, "Each term is a mean over its two images, not a sum."),
            Slip(V / 2, "Two means, each over its own images; they are added, not averaged once more."),
            Slip(V / math.log(10), "This takes logarithms to base 10; $\\ln$ is the natural one."),
        ],
        explanation=rf"$\frac{{1}}{{2}}(\ln {tex(real[0])} + \ln {tex(real[1])}) = {tex(logs[0], 4)}$ and "
        rf"$\frac{{1}}{{2}}(\ln {tex(1 - fake[0])} + \ln {tex(1 - fake[1])}) = {tex(logs[1], 4)}$; together ${tex(V, 4)}$.",
        hints=["One mean over the real images, one over the generated ones.", r"For a fake it is $\ln(1 - D)$."],
        again=math.log(math.prod([*real, *(1 - fake)])) / 2,
    )


@template(technique="value of the game", tags=["optimal discriminator"], difficulty=1, syllabus="Q14.5")
def optimal_discriminator(rng):
    p, q = (float(v) for v in rng.choice([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 0.9, 1.2], size=2, replace=False))
    best = gan.optimal_discriminator(np.array([p]), np.array([q]))[0]
    return Question(
        prompt=r"At a point $x$ the density of the data is "
        rf"$p_{{\mathrm{{data}}}}(x) = {tex(p)}$ and that of the generator $p_g(x) = {tex(q)}$. What does the best discriminator answer "
        "there (its probability that $x$ is real, real and generated samples being equally many)?",
        answer=Number(best),
        slips=[
            Slip(q / (p + q), "This is the probability that $x$ was *generated*."),
            Slip(p / q, "This is the ratio of the densities (the odds). The probability divides by their sum."),
            Slip(0.5, "1/2 is right only where both densities are equal, as at the end of a perfect training."),
            Slip(p, "This is the density of the data; how much the generator puts there matters too."),
        ],
        explanation=rf"$D^*(x) = p_{{\mathrm{{data}}}} / (p_{{\mathrm{{data}}}} + p_g) = {tex(p)} / {tex(p + q)} = {tex(best, 4)}$. "
        r"(With $p_g = p_{\mathrm{data}}$ it is 1/2 everywhere and $V = -\ln 4$.)",
        hints=[
            "Of all samples that fall there, which share is real?",
            r"$p_{\mathrm{data}} / (p_{\mathrm{data}} + p_g)$.",
        ],
        again=1 / (1 + q / p),
    )


@template(technique="gradients of the two networks", tags=["saturation", "sigmoid"], difficulty=2, syllabus="Q14.6")
def gradients_of_two_generator_losses(rng):
    D = int(rng.choice([*range(1, 50), *range(55, 100, 5)])) / 100
    minimax, other = gan.generator_grad(D)
    return Question(
        prompt=rf"The discriminator gives a fake $D = \sigma(a) = {tex(D)}$. What is the derivative by the logit $a$ of the generator's saturating loss "
        r"$\ln(1 - D)$, and of its non-saturating loss $-\ln D$?",
        answer=Numbers([minimax, other], labels=("saturating", "non-saturating")),
        slips=[
            Slip([other, minimax], "The two are swapped: the saturating one is the one that vanishes with $D$."),
            Slip([-minimax, -other], "The signs: raising the logit of a fake lowers both losses."),
            Slip([minimax, minimax], "The two losses have different gradients: that is why the second was invented."),
            Slip(
                [-1 / (1 - D), -1 / D],
                r"These are the derivatives by $D$. By the logit, multiply by $\sigma'(a) = D (1 - D)$.",
            ),
        ],
        explanation=r"By the chain rule with $D' = D (1 - D)$: $-D' / (1 - D) = -D$ and $-D' / D = -(1 - D)$, that is "
        rf"${tex(minimax)}$ and ${tex(other)}$."
        + (" The fake is recognised: only the second loss still has a gradient to learn from." if D < 0.3 else ""),
        hints=["First by $D$, then times the derivative of the sigmoid.", r"$\sigma' = D (1 - D)$."],
        again=[-D * (1 - D) / (1 - D), -D * (1 - D) / D],
    )


@template(technique="gradients of the two networks", tags=["derivative", "formula", "sigmoid"], difficulty=2)
def loss_by_the_logit(rng):
    whose, loss, (answer, again), slips = _loss(rng)
    return Question(
        prompt=rf"A discriminator's logit is $a$, and $D = \sigma(a)$ is its probability that a sample is real. {whose} is ${loss}$"
        f"{' (natural logarithm)' if 'ln' in loss else ''}. What is the derivative of this loss by $a$, as a formula in $a$? (The sigmoid is typed as `sigmoid(a)`.)",
        answer=Formula(answer, {"a": (-2.5, 2.5)}),
        slips=[Slip(gives, why) for gives, why in slips],
        explanation=f"First the derivative by $D$, then times $D' = D (1 - D)$. What remains is `{answer}`.",
        hints=["Chain rule: first the derivative by $D$.", r"$\sigma'(a) = \sigma(a)\, (1 - \sigma(a))$."],
        again=again,
    )


@template(technique="cycle consistency", tags=["loss"], difficulty=1, syllabus="Q14.7")
def cycle_loss(rng):
    x, y = rng.integers(-4, 6, size=(2, 2))
    there, back = rng.integers(-3, 4, size=(2, 2))
    if not there.any() or not back.any():
        raise Redraw
    fgx, gfy = x + there, y + back
    loss = gan.cycle_loss(x, fgx, y, gfy)
    first, second = int(np.abs(there).sum()), int(np.abs(back).sum())
    return Question(
        prompt=rf"A CycleGAN has the generators $G$ from $X$ to $Y$ and $F$ from $Y$ to $X$. For $x = {tex(x)}$ it gives "
        rf"$F(G(x)) = {tex(fgx)}$, for $y = {tex(y)}$ it gives $G(F(y)) = {tex(gfy)}$. What is the cycle loss "
        r"$\|F(G(x)) - x\|_1 + \|G(F(y)) - y\|_1$?",
        answer=Number(loss),
        slips=[
            Slip((there**2).sum() + (back**2).sum(), "These are squares: the norm with index 1 adds absolute values."),
            Slip(first, "The way back and forth from $y$ counts too."),
            Slip(
                there.sum() + back.sum(), "The differences of different signs cancel here: take absolute values first."
            ),
            Slip(loss / 2, "The norm adds the coordinates; it does not average them."),
            Slip(
                float(np.hypot(*there) + np.hypot(*back)),
                "These are Euclidean lengths: the norm with index 1 adds absolute values.",
            ),
        ],
        explanation=rf"$|{tex(there[0])}| + |{tex(there[1])}| = {first}$ and $|{tex(back[0])}| + |{tex(back[1])}| = {second}$; "
        f"together ${tex(loss)}$.",
        hints=["Two differences of vectors, one for each direction.", "Add the absolute values of all entries."],
        again=first + second,
    )


@template(technique="training a gan", tags=["mode collapse"], difficulty=1, fixed=True, syllabus="Q14.12")
def mode_collapse(rng):
    K = int(rng.integers(6, 11))
    found = int(rng.integers(1, 4))
    N = 10 * int(rng.integers(5, 16))
    counts = np.zeros(K, int)
    where = rng.choice(K, size=found, replace=False)
    counts[where] = N // found
    counts[where[0]] += N - counts.sum()
    centers = np.arange(K)[:, None].astype(float)
    seen = gan.mode_coverage(np.repeat(centers, counts, axis=0), centers, 0.1)["covered"]
    reached = f"{seen} of {K} modes {'is' if seen == 1 else 'are'} covered"
    return Question(
        prompt=f"The data have {K} modes of equal weight. {N} generated samples are counted by the mode that they belong to, and the "
        "discriminator cannot tell these samples from real ones. Which failure is it, and what shows it?",
        answer=Choice(f"mode collapse: {reached}"),
        slips=[
            Slip(
                "vanishing gradient: the discriminator's probability for fakes is near 0",
                "Here it *cannot* tell them from real samples, so its probability for fakes is near 1/2.",
            ),
            Slip(
                "overfitting of the discriminator: its accuracy on new real images is low",
                "The discriminator does what it can: each sample looks real. What is missing is variety.",
            ),
            Slip(
                "no failure: the discriminator's accuracy is near 50 %",
                "Each sample looks real, but most modes of the data never appear. A good generator covers them all.",
            ),
            Slip(
                "underfitting of the generator: its samples lie far from every mode",
                "Each sample belongs to a mode and looks real. It is modes that are missing.",
            ),
        ],
        explanation=f"{reached[0].upper()}{reached[1:]}: the generator makes a few kinds of samples very well and leaves the others out. "
        "The discriminator judges one sample at a time and does not see this; counting the covered modes does.",
        hints=["Is each single sample good? Are all of them together like the data?"],
        figure=figures.cells(
            counts[None], rows=["samples"], columns=[str(k) for k in range(1, K + 1)], column_title="mode"
        ),
        again=f"mode collapse: {found} of {K} modes {'is' if found == 1 else 'are'} covered",
    )


@template(technique="training a gan", tags=["training loop", "code"], difficulty=2)
def order_of_a_gan_step(rng):
    k, generator_first = int(rng.integers(1, 3)), bool(rng.integers(2))
    of_d, of_g = _IN_CODE[int(rng.integers(len(_IN_CODE)))]
    steps = {"discriminator": _discriminator_steps(k, of_d), "generator": _generator_steps(of_g)}
    first, second = ("generator", "discriminator") if generator_first else ("discriminator", "generator")
    order = (*steps[first], *steps[second])
    swapped = list(order)
    place = order.index("`opt_G.step()`")
    swapped[place - 1 : place + 1] = reversed(swapped[place - 1 : place + 1])
    times = {
        "generator": "one step",
        "discriminator": f"{k} steps, first on `x1`, then on `x2`" if k > 1 else "one step",
    }
    return Question(
        prompt=f"One round of training a GAN: first the {first} ({times[first]}), then the {second} ({times[second]}). A step is finished "
        f"before the next begins. {'`x1`, `x2` are batches' if k > 1 else '`x` is a batch'} of real images, `z…` noise; $D$ gives "
        "probabilities of being real. In which order do these lines stand?",
        answer=Ordering(order),
        slips=[
            Slip((*steps[second], *steps[first]), f"Here the {first} is trained before the {second}."),
            Slip(tuple(swapped), "`step()` uses the gradients that `backward()` computes: it comes after."),
        ],
        explanation=f"All lines of the {first}, then all of the {second}; for each step: loss, backward, step. "
        "`detach()` keeps the discriminator's loss from reaching the generator; the generator's gradient goes through the discriminator "
        "as it is then.",
        hints=[
            f"Collect the lines of the {first} first: those with its loss and its optimizer.",
            "For each step: loss, backward, step.",
        ],
    )


_TURNED = "The sign is turned: does this loss rise or fall when $a$, and with it $D$, rises?"
_BY_D = "This is the derivative by $D$. Multiply by the derivative of the sigmoid, $D (1 - D)$."

#: whose loss, the loss in TeX, its derivative by the logit and the same typed otherwise, wrong ones with what is wrong
_LOSSES = (
    (
        "The generator's saturating loss for one fake",
        r"\ln(1 - D)",
        ("-sigmoid(a)", "-exp(a)/(1 + exp(a))"),
        (
            ("sigmoid(a)", _TURNED),
            ("-1/(1 - sigmoid(a))", _BY_D),
            ("sigmoid(a) - 1", r"This belongs to $-\ln D$, the non-saturating loss."),
        ),
    ),
    (
        "The generator's non-saturating loss for one fake",
        r"-\ln D",
        ("sigmoid(a) - 1", "-1/(1 + exp(a))"),
        (
            ("1 - sigmoid(a)", _TURNED),
            ("-1/sigmoid(a)", _BY_D),
            ("-sigmoid(a)", r"This belongs to $\ln(1 - D)$, the saturating loss."),
        ),
    ),
    (
        "The discriminator's loss for one real sample",
        r"-\ln D",
        ("sigmoid(a) - 1", "-sigmoid(-a)"),
        (
            ("1 - sigmoid(a)", _TURNED),
            ("-1/sigmoid(a)", _BY_D),
            ("sigmoid(a)", r"This belongs to a fake, whose loss is $-\ln(1 - D)$."),
        ),
    ),
    (
        "The discriminator's loss for one fake",
        r"-\ln(1 - D)",
        ("sigmoid(a)", "1 - sigmoid(-a)"),
        (
            ("-sigmoid(a)", _TURNED),
            ("1/(1 - sigmoid(a))", _BY_D),
            ("sigmoid(a) - 1", r"This belongs to a real sample, whose loss is $-\ln D$."),
        ),
    ),
    (
        "The generator's least-squares loss for one fake",
        "(D - 1)^2",
        ("2*(sigmoid(a) - 1)*sigmoid(a)*(1 - sigmoid(a))", "-2*sigmoid(a)*sigmoid(-a)^2"),
        (
            ("2*(sigmoid(a) - 1)", _BY_D),
            ("(sigmoid(a) - 1)*sigmoid(a)*(1 - sigmoid(a))", "The factor 2 of the square is missing."),
            ("2*(sigmoid(a) - 1)*sigmoid(a)", r"$\sigma' = \sigma (1 - \sigma)$ has two factors."),
        ),
    ),
    (
        "The discriminator's least-squares loss for one fake",
        "D^2",
        ("2*sigmoid(a)^2*(1 - sigmoid(a))", "2*sigmoid(a)*sigmoid(a)*sigmoid(-a)"),
        (
            ("2*sigmoid(a)", _BY_D),
            ("sigmoid(a)^2*(1 - sigmoid(a))", "The factor 2 of the square is missing."),
            ("2*sigmoid(a)^2", r"$\sigma' = \sigma (1 - \sigma)$ has two factors."),
        ),
    ),
)


def _loss(rng):
    """Whose loss, in TeX, its derivative by the logit in two forms, and wrong ones: one of _LOSSES or with a smoothed label."""
    drawn = int(rng.integers(len(_LOSSES) + 2))
    if drawn < len(_LOSSES):
        return _LOSSES[drawn]
    t = int(rng.choice([60, 65, 70, 75, 80, 85, 90, 95])) / 100
    label, rest = plain(t), plain(1 - t)
    return (
        f"With the smoothed label {label}, the discriminator's loss for one real sample",
        rf"-{label} \ln D - {rest} \ln(1 - D)",
        (f"sigmoid(a) - {label}", f"{rest}*sigmoid(a) - {label}*sigmoid(-a)"),
        (
            (f"{label} - sigmoid(a)", _TURNED),
            ("sigmoid(a) - 1", f"The label is {label}, not 1."),
            (f"{rest}/(1 - sigmoid(a)) - {label}/sigmoid(a)", _BY_D),
            (f"-{label}*(1 - sigmoid(a))", r"The second term, with $\ln(1 - D)$, has a derivative too."),
        ),
    )


def _discriminator_steps(k, loss):
    """Lines that train the discriminator, k times; `loss` has the lines' real and fake batch still open."""
    if k == 1:
        return (
            "`fake = G(z)`",
            f"`loss_D = {loss.format(real='x', fake='fake')}`",
            "`opt_D.zero_grad(); loss_D.backward()`",
            "`opt_D.step()`",
        )
    return tuple(
        line
        for j in range(1, k + 1)
        for line in (
            f"`loss_{j} = {loss.format(real=f'x{j}', fake=f'G(z{j})')}`",
            f"`opt_D.zero_grad(); loss_{j}.backward(); opt_D.step()`",
        )
    )


def _generator_steps(loss):
    """Lines that train the generator, once, on noise of its own."""
    return f"`loss_G = {loss}`", "`opt_G.zero_grad(); loss_G.backward()`", "`opt_G.step()`"


#: the discriminator's loss and the generator's, in code; D is a probability
_IN_CODE = (
    ("bce(D({real}), 1) + bce(D({fake}.detach()), 0)", "bce(D(G(z0)), 1)"),
    ("-log(D({real})).mean() - log(1 - D({fake}.detach())).mean()", "-log(D(G(z0))).mean()"),
    ("((D({real}) - 1)**2 + D({fake}.detach())**2).mean()", "((D(G(z0)) - 1)**2).mean()"),
)
