"""Quiz templates: autoencoders, denoising, and the noise of diffusion."""

import math

import numpy as np

from autograder.quiz import Integer, Number, Numbers, Question, Redraw, Slip, figures, par, plain, template, tex
from reference import autoencoder, diffusion


@template(technique="architecture of autoencoders", tags=["parameters", "tied weights"], difficulty=2, syllabus="Q14.8")
def tied_parameters(rng):
    d = int(rng.choice([20, 30, 50, 64, 100, 200, 784]))
    h, k = int(rng.integers(8, min(d, 60))), int(rng.integers(2, 8))
    count = autoencoder.param_count([d, h, k], tied=True)
    weights = d * h + h * k
    return Question(
        prompt=f"A symmetric autoencoder has layers of {d}, {h}, {k}, {h} and {d} units. Its weights are tied: the decoder uses the "
        "transposed matrices of the encoder. Every layer behind the input has biases of its own. How many parameters must be learnt?",
        answer=Integer(count),
        slips=[
            Slip(
                2 * weights + 2 * h + k + d,
                "This counts the decoder's matrices again: they are the encoder's, transposed.",
            ),
            Slip(weights + h + k, "Only the weights are tied: the decoder's layers have biases of their own."),
            Slip(weights, f"The biases are missing: those of the layers of {h}, {k}, {h} and {d} units."),
            Slip(count + d, "The input has no bias: it is given, not computed."),
        ],
        explanation=rf"Weights once: ${d} \cdot {h} + {h} \cdot {k} = {weights}$. Biases of all four layers: "
        f"${h} + {k} + {h} + {d} = {2 * h + k + d}$. Together {count}.",
        hints=[
            "Which matrices are there that are not another one transposed?",
            "Weights of the encoder, biases of both halves.",
        ],
        figure=figures.network([d, h, k, h, d]),
        again=weights + 2 * h + k + d,
    )


@template(technique="denoising", tags=["loss"], difficulty=1, syllabus="Q14.9")
def denoising_error(rng):
    x = rng.integers(0, 9, size=2)
    noisy = x + rng.choice([-3, -2, -1, 1, 2, 3], size=2)
    r = x + rng.choice([-5, -4, -3, -2, -1, 1, 2, 3, 4, 5], size=2)
    loss = autoencoder.denoising_loss(x[None].astype(float), r[None].astype(float))
    first, second = (f"({tex(a)} - {par(b)})^2" for a, b in zip(x, r, strict=True))
    return Question(
        prompt=rf"A denoising autoencoder is trained on the image $x = {tex(x)}$ of two pixels. It is fed the noisy "
        rf"$\tilde x = {tex(noisy)}$ and gives back $r = {tex(r)}$. What is its squared error, summed over the pixels?",
        answer=Number(loss),
        slips=[
            Slip(
                ((noisy - r) ** 2).sum(), r"The target is the clean $x$, not what was fed in: it must remove the noise."
            ),
            Slip(
                ((noisy - x) ** 2).sum(),
                "This is the size of the noise. The error compares the *output* with the clean image.",
            ),
            Slip(np.abs(x - r).sum(), "These are absolute differences; the error is of their squares."),
            Slip(loss / 2, "This is the mean over the pixels; asked is the sum."),
            Slip(math.sqrt(loss), "This is the distance; asked is its square."),
        ],
        explanation=rf"The target is the clean image: ${first} + {second} = {tex(loss)}$.",
        hints=["What should come out: the noisy image or the clean one?", r"$\sum_i (x_i - r_i)^2$."],
        again=sum((int(a) - int(b)) ** 2 for a, b in zip(x, r, strict=True)),
    )


@template(technique="diffusion", tags=["noise schedule"], difficulty=2, syllabus="Q14.11")
def forward_diffusion(rng):
    betas = [float(b) for b in rng.choice([0.05, 0.1, 0.2, 0.3, 0.4, 0.5], size=int(rng.integers(2, 4)), replace=False)]
    T = len(betas)
    signal, noise = diffusion.q_coefficients(betas)
    keep, total, last = math.prod(1 - b for b in betas), sum(betas), betas[-1]
    factors = r" \cdot ".join(plain(1 - b) for b in betas)
    slips = [
        Slip([keep, 1 - keep], "The roots are missing: these are the squared coefficient and the variance."),
        Slip(
            [math.sqrt(1 - last), math.sqrt(last)],
            f"This is the last step alone, from $x_{T - 1}$ to $x_{T}$. The shares $1 - \\beta_s$ of all steps multiply.",
        ),
        Slip([noise, signal], "The two are swapped: the first belongs to the image, the second to the noise."),
    ]
    if total < 1:
        slips.insert(
            0,
            Slip(
                [math.sqrt(1 - total), math.sqrt(total)],
                r"The $\beta$ are not added up: the shares $1 - \beta_s$ multiply.",
            ),
        )
    return Question(
        prompt=r"In forward diffusion each step is $x_s = \sqrt{1 - \beta_s}\, x_{s-1} + \sqrt{\beta_s}\, \varepsilon_s$ with fresh standard "
        rf"normal noise. With $\beta = {tex(betas)}$ for the steps 1 to {T}: after step {T}, what is the coefficient of $x_0$, and what is "
        "the standard deviation of all the noise?",
        answer=Numbers([signal, noise], labels=("coefficient", "deviation")),
        slips=slips,
        explanation=rf"$\bar\alpha_{T} = {factors} = {tex(keep)}$; the coefficient is $\sqrt{{{plain(keep)}}} = {tex(signal, 4)}$, the "
        rf"deviation $\sqrt{{1 - {plain(keep)}}} = {tex(noise, 4)}$.",
        hints=[
            "By what factor does each step shrink the image?",
            r"$\bar\alpha_t$ is the product of the $1 - \beta_s$.",
            r"$x_t = \sqrt{\bar\alpha_t}\, x_0 + \sqrt{1 - \bar\alpha_t}\, \varepsilon$.",
        ],
        again=[math.exp(sum(math.log(1 - b) for b in betas) / 2), math.sqrt(1 - keep)],
    )


@template(technique="linear autoencoders", tags=["principal components", "curve"], difficulty=2)
def components_for_a_share(rng):
    share = int(rng.choice([75, 90]))
    spectrum, least = _spectrum(rng, 8)
    errors, left = [float(sum(spectrum[k:])) for k in range(9)], 1 - share / 100
    near = _below(errors, left)
    # The curve must cross its line clearly between two whole numbers.
    crossing = (errors[near - 1] - left * errors[0]) / (errors[near - 1] - errors[near])
    if near < 2 or not 0.2 < crossing < 0.8:
        raise Redraw
    count = next(k for k in (near - 1, near, near + 1) if least(k) <= left * least(0))
    limits = {f"{level} %": [level / 100 * errors[0]] * 9 for level in (50, 25, 10)}
    figure = figures.curves({"error": errors, **limits}, x_label="numbers in the code", y_label="error")
    told = "error for codes of 0 to 8 numbers: " + ", ".join(plain(e, 3) for e in errors)
    return Question(
        prompt="The curve shows the least reconstruction error of a linear autoencoder for codes of 0, 1, 2, … numbers; with 0 it can only "
        "give back the mean. The level lines are at 50 %, 25 % and 10 % of the first error. How many numbers must the code have at "
        f"least to keep {share} % of the variance?",
        answer=Integer(count),
        slips=[
            Slip(
                _below(errors, share / 100),
                f"Here the error is below {share} % of the first one: it must be below {100 - share} %, as {share} % is *kept*.",
            ),
            Slip(
                _below(errors, 0.25 if share == 90 else 0.1),
                f"This is another line: {share} % kept means {100 - share} % left.",
            ),
            Slip(
                _below(errors, 0.5),
                f"Here half of the variance is still lost; {share} % kept means {100 - share} % left.",
            ),
            Slip(count - 1, f"Just before, more than {100 - share} % of the first error is left: one number too few."),
            Slip(count + 1, "This is enough, but one fewer is enough too. (The curve begins at 0 numbers.)"),
        ],
        explanation=f"Keeping {share} % of the variance leaves an error of at most {100 - share} % of the first one. "
        f"The curve is below that line from {count} on.",
        hints=[
            "What is lost when that share is kept?",
            f"Where does the curve first lie below the {100 - share} % line?",
        ],
        figure=figures.Figure(figure.svg, f"{figure.text}\n{told}"),
        again=int(np.argmax(np.cumsum(spectrum) / sum(spectrum) >= share / 100)) + 1,
    )


@template(technique="linear autoencoders", tags=["principal components", "eigenvalues"], difficulty=2)
def error_of_a_linear_autoencoder(rng):
    k = int(rng.integers(1, 4))
    spectrum, least = _spectrum(rng, 5)
    error = least(k)
    lost = spectrum[k:]
    return Question(
        prompt=f"The covariance matrix (mean of $x x^T$) of centred data has the eigenvalues {', '.join(map(str, spectrum))}. What is the least mean squared error "
        r"(mean of $|x - \hat x|^2$, summed over the coordinates) that a linear autoencoder with a code of "
        f"{k} number{'s' * (k > 1)} can reach?",
        answer=Number(error),
        slips=[
            Slip(
                sum(spectrum[:k]),
                "This is what the code keeps. The error is the variance along the directions that it drops.",
            ),
            Slip(sum(lost) / len(lost), "The variances of the dropped directions add up; they are not averaged."),
            Slip(sum(lost) / 5, "The squares are summed over the coordinates, not averaged."),
            Slip(spectrum[k], "This is the first dropped direction alone; all dropped ones add up."),
            Slip(math.sqrt(sum(lost)), "Eigenvalues of a covariance matrix are variances: squares already."),
            Slip(
                sum(spectrum[: 5 - k]),
                "The code keeps the directions of the *largest* eigenvalues; the smallest are lost.",
            ),
        ],
        explanation=f"The best code keeps the {_largest(k)}. Lost: ${' + '.join(map(str, lost))} = {sum(lost)}$. "
        "This is the subspace that PCA finds.",
        hints=["Which directions does the code keep?", "The variance along the dropped directions is lost."],
        again=sum(spectrum) - sum(spectrum[:k]),
    )


def _spectrum(rng, d):
    """Falling eigenvalues, and the least error of a linear autoencoder with a code of k numbers."""
    fall = rng.uniform(0.4, 0.95)
    spectrum = [max(1, int(n)) for n in rng.integers(10, 40) * fall ** np.arange(d) * rng.uniform(0.85, 1.15, size=d)]
    spectrum.sort(reverse=True)

    def least(k):
        # Two opposite points on each axis have just these variances.
        axes = np.diag(np.sqrt(d * np.array(spectrum, float)))
        return autoencoder.linear_ae_optimum(np.vstack([axes, -axes]), k)

    return spectrum, least


def _below(errors, left):
    return next(k for k, error in enumerate(errors) if error <= left * errors[0])


def _largest(k):
    return f"directions of the {k} largest eigenvalues" if k > 1 else "direction of the largest eigenvalue"
