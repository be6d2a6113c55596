"""Quiz templates: the variational autoencoder.  logvar is the natural logarithm of the variance, sigma = exp(logvar / 2)."""

import math

import numpy as np

from autograder.quiz import Formula, Integer, Number, Question, Redraw, Slip, par, plus, template, tex
from reference import cnn, vae


@template(technique="kl divergence", tags=["gaussian"], difficulty=2, syllabus="Q14.1")
def kl_to_the_standard_normal(rng):
    mu = rng.integers(-2, 3, size=2)
    l = rng.choice([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0], size=2, replace=False)
    if not mu.any():
        raise Redraw
    kl = vae.kl(mu, l)
    terms = (mu**2 + np.exp(l) - 1 - l) / 2
    return Question(
        prompt=rf"An encoder gives $\mu = {tex(mu)}$ and $\log \sigma^2 = {tex(l)}$ (natural logarithm) for a code of two numbers. What is "
        r"$\mathrm{KL}(N(\mu, \sigma^2) \,\|\, N(0, I))$, summed over both?",
        answer=Number(kl),
        slips=[
            Slip(
                vae.kl(mu, 2 * l),
                r"This takes the encoder's output for $\log \sigma$. It is $\log \sigma^2$: its exponential is the variance.",
            ),
            Slip(-kl, "The sign: a divergence is never negative."),
            Slip(kl / 2, "This is the mean over the two dimensions; asked is the sum."),
            Slip(2 * kl, "The factor 1/2 is missing."),
            Slip(
                float(((1 + mu**2) * np.exp(-l) - 1 + l).sum() / 2),
                r"This is the divergence the other way round, from $N(0, I)$ to $N(\mu, \sigma^2)$.",
            ),
        ],
        explanation=r"Each dimension gives $\frac{1}{2}(\mu^2 + \sigma^2 - 1 - \log \sigma^2)$: "
        f"${tex(terms[0], 4)} {plus(terms[1], 4)} = {tex(kl, 4)}$.",
        hints=[
            "One dimension after the other, then add.",
            r"$\sigma^2$ is the exponential of the encoder's second output.",
            r"$\frac{1}{2} \sum (\mu^2 + \sigma^2 - 1 - \log \sigma^2)$.",
        ],
        again=float(terms.sum()),
    )


@template(technique="kl divergence", tags=["derivative", "formula"], difficulty=3)
def kl_term_as_a_formula(rng):
    beta = int(rng.integers(1, 7))
    kind = list(_KL)[int(rng.integers(len(_KL)))]
    asked, second, pieces, wrong, way = _KL[kind]
    factor, (right, otherwise) = f"{beta}*" if beta > 1 else "", pieces
    answer = right.format(b=factor)
    variables = {"mu": (-2.0, 2.0), second: (0.3, 2.5) if second == "sigma" else (-2.0, 1.5)}
    names = (
        r"$\sigma$, typed as `sigma`" if second == "sigma" else r"$l = \log \sigma^2$ (natural logarithm), typed as `l`"
    )
    lost = [Slip(right.format(b=""), f"The factor {beta} before the divergence is missing.")] if beta > 1 else []
    return Question(
        prompt=rf"The loss of a VAE with a code of one number contains the term {_term(beta)}, where KL is the divergence of "
        rf"$N(\mu, \sigma^2)$ from $N(0, 1)$. What is {asked.format(term=_term(beta))}, as a formula in $\mu$, typed as `mu`, and {names}?",
        answer=Formula(answer, variables),
        slips=[*(Slip(given.format(b=factor), why) for given, why in wrong), *lost],
        explanation=f"{way} {f'Times {beta}' if beta > 1 else 'In all'}: `{answer}`.",
        hints=[
            r"$\mathrm{KL} = \frac{1}{2}(\mu^2 + \sigma^2 - 1 - \log \sigma^2)$.",
            r"$\sigma^2 = e^l$" + " with $l = \\log \\sigma^2$."
            if second == "l"
            else r"$\log \sigma^2 = 2 \log \sigma$.",
        ],
        again=otherwise.format(b=factor),
    )


@template(technique="reparameterisation", tags=["sampling"], difficulty=1, syllabus="Q14.2")
def reparameterised_draw(rng):
    root = int(rng.integers(2, 7))
    inverse = bool(rng.integers(4) == 0)
    sigma = 1 / root if inverse else root
    mu, eps = int(rng.integers(-4, 5)), float(rng.choice([-2.0, -1.5, -1.0, -0.5, 0.5, 1.0, 1.5, 2.0]))
    l = math.log(sigma**2)
    z = float(vae.reparameterize(mu, l, eps))
    shown = rf"{'-' if inverse else ''}\ln {root**2}"
    return Question(
        prompt=rf"An encoder gives $\mu = {mu}$ and $\log \sigma^2 = {shown} = {tex(l, 4)}$; the noise drawn from $N(0, 1)$ is "
        rf"$\varepsilon = {tex(eps)}$. What is the code $z$ that the decoder gets?",
        answer=Number(z),
        slips=[
            Slip(
                mu + sigma**2 * eps,
                rf"$\exp(\log \sigma^2)$ is the variance. The noise is multiplied by $\sigma = \exp(\log \sigma^2 / 2) = {tex(sigma, 4)}$.",
            ),
            Slip(
                mu + l * eps,
                r"The encoder's second output is a logarithm: take $\sigma = \exp(\log \sigma^2 / 2)$ first.",
            ),
            Slip(mu, "The noise is missing: this is the mean of the codes."),
            Slip(mu + eps, rf"The noise must have deviation $\sigma = {tex(sigma, 4)}$, not 1."),
            Slip(mu - sigma * eps, "The sign of the noise is turned: it is added."),
        ],
        explanation=rf"$\sigma = \exp(\frac{{1}}{{2}} \log \sigma^2) = {tex(sigma, 4)}$, so "
        rf"$z = \mu + \sigma \varepsilon = {mu} + {tex(sigma, 4)} \cdot {par(eps)} = {tex(z, 4)}$.",
        hints=[
            r"First $\sigma$, from its logarithm.",
            r"$z = \mu + \sigma \varepsilon$ with $\sigma = e^{\log \sigma^2 / 2}$.",
        ],
        again=mu + sigma * eps,
    )


@template(technique="loss of a vae", tags=["distance of laws"], difficulty=1, syllabus="Q14.3")
def loss_with_a_distance_of_laws(rng):
    r = [int(n) for n in rng.choice(np.arange(1, 8), size=2, replace=False)]
    C, dist = float(rng.choice([0.1, 0.2, 0.5, 2.0, 4.0, 10.0])), float(rng.choice([0.2, 0.3, 0.5, 1.5, 2.0, 3.0]))
    loss = vae.turinici_value(r, C, dist)
    mean, total = (r[0] ** 2 + r[1] ** 2) / 2, r[0] ** 2 + r[1] ** 2
    return Question(
        prompt=r"A VAE is trained with the loss $E|x - \hat x|^2 + C \cdot \mathrm{dist}^2$: the mean *squared* distance of two samples from their "
        "reconstructions, and the squared distance between the law of the codes and its target. The two samples are at distances "
        rf"{r[0]} and {r[1]} from their reconstructions, $\mathrm{{dist}} = {tex(dist)}$ and $C = {tex(C)}$. What is the loss?",
        answer=Number(loss, digits=4),
        slips=[
            Slip(sum(r) / 2 + C * dist**2, "The distances to the reconstructions are squared before the mean."),
            Slip(total + C * dist**2, "The first term is a mean over the two samples, not a sum."),
            Slip(C * mean + dist**2, "$C$ weighs the distance of the laws, not the reconstruction."),
            Slip(mean + C * dist, "The distance of the laws is squared too."),
            Slip((sum(r) / 2) ** 2 + C * dist**2, "The mean is of the squares, not the square of the mean."),
        ],
        explanation=rf"$({r[0]}^2 + {r[1]}^2) / 2 + {tex(C)} \cdot {tex(dist)}^2 = {tex(mean)} + {tex(C * dist**2)} = {tex(loss)}$.",
        hints=[
            "Two terms: one about the samples, one about the laws.",
            "Square each distance, then take the mean of the samples.",
        ],
        again=mean + C * dist**2,
    )


@template(technique="shapes of a decoder", tags=["transposed convolution", "shapes"], difficulty=2, syllabus="Q14.10")
def side_behind_a_decoder(rng):
    i = int(rng.integers(3, 9))
    layers = [_LAYERS[int(n)] for n in rng.integers(len(_LAYERS), size=int(rng.integers(2, 4)))]
    if all(s == 1 for _, s, _ in layers) or not any(p for _, _, p in layers):
        raise Redraw
    sides = _through(i, layers, cnn.tconv_out)
    listed = ", then ".join(f"kernel {k} (stride {s}, padding {p})" for k, s, p in layers)
    steps = "; ".join(
        rf"$({a} - 1) \cdot {s} + {k} - 2 \cdot {p} = {b}$"
        for a, b, (k, s, p) in zip(sides, sides[1:], layers, strict=False)
    )
    return Question(
        prompt=f"The decoder of a convolutional VAE begins with maps of {i} × {i} and has {len(layers)} transposed convolutions: {listed}. "
        "How long is the side of the maps at its end?",
        answer=Integer(sides[-1]),
        slips=[
            Slip(i * 2 ** len(layers), "Not every layer doubles the side: it depends on kernel, stride and padding."),
            Slip(
                _through(i, layers, lambda o, k, s, p: (o - 1) * s + k)[-1],
                "The padding is missing: a transposed convolution cuts it off on both sides.",
            ),
            Slip(
                _through(i, layers, lambda o, k, s, p: o * s + k - 2 * p)[-1],
                "Between $n$ places there are $n - 1$ steps: $(n - 1) s$, not $n s$.",
            ),
            Slip(
                _through(i, layers, lambda o, k, s, p: (o - 1) * s + k - p)[-1],
                "The padding is cut off on *both* sides: subtract it twice.",
            ),
            Slip(
                math.prod([i, *(s for _, s, _ in layers)]),
                "The strides alone do not do it: kernel and padding count too.",
            ),
        ],
        explanation=f"Each layer makes $(n - 1) s + k - 2p$ of a side $n$: {steps}.",
        hints=["One layer after the other.", "A transposed convolution makes $(n - 1) s + k - 2p$ of a side $n$."],
        again=vae.decoder_shapes(i, layers)[-1],
    )


#: kernel, stride, padding
_LAYERS = ((4, 2, 1), (3, 1, 1), (3, 2, 1), (5, 1, 2), (2, 2, 0), (4, 1, 1), (5, 2, 2), (3, 1, 0), (4, 2, 0))

#: what -> the question; the second variable; the term and the same typed otherwise, {b} a factor; wrong ones with what is wrong; the way
_KL = {
    "term": (
        "{term} itself",
        "l",
        ("{b}(mu^2 + exp(l) - 1 - l)/2", "-{b}0.5*(1 + l - mu^2 - exp(l))"),
        (
            ("{b}(mu^2 + exp(l) - 1 - l)", "The factor 1/2 is missing."),
            (
                "{b}(mu^2 + exp(2*l) - 1 - 2*l)/2",
                r"$l$ is $\log \sigma^2$, so $\sigma^2$ is $e^l$, not $e^{2l}$.",
            ),
            ("{b}(1 + l - mu^2 - exp(l))/2", "The sign is turned: a divergence is never negative."),
        ),
        r"$\mathrm{KL} = \frac{1}{2}(\mu^2 + \sigma^2 - 1 - \log \sigma^2)$ with $\sigma^2 = e^l$.",
    ),
    "term by sigma": (
        "{term} itself",
        "sigma",
        ("{b}(mu^2 + sigma^2 - 1 - 2*log(sigma))/2", "{b}0.5*(mu^2 + sigma^2 - 1 - log(sigma^2))"),
        (
            (
                "{b}(mu^2 + sigma^2 - 1 - log(sigma))/2",
                r"$\log \sigma^2$ is $2 \log \sigma$, and half of it is $\log \sigma$.",
            ),
            ("{b}(mu^2 + sigma^2 - 1 - 2*log(sigma))", "The factor 1/2 is missing."),
            ("{b}(1 - mu^2 - sigma^2 + 2*log(sigma))/2", "The sign is turned: a divergence is never negative."),
        ),
        r"$\mathrm{KL} = \frac{1}{2}(\mu^2 + \sigma^2 - 1 - \log \sigma^2)$ and $\log \sigma^2 = 2 \log \sigma$.",
    ),
    "mu": (
        r"the derivative of {term} by $\mu$",
        "l",
        ("{b}mu", "{b}0.5*2*mu"),
        (
            ("{b}2*mu", r"The factor 1/2 is missing: the term is $\mu^2 / 2$."),
            ("{b}mu/2", r"The derivative of $\mu^2$ is $2 \mu$: the 2 and the 1/2 cancel."),
            ("-{b}mu", r"The sign is turned: moving $\mu$ away from 0 makes the divergence larger."),
        ),
        r"Only $\mu^2 / 2$ depends on $\mu$, and its derivative is $\mu$.",
    ),
    "logvar": (
        r"the derivative of {term} by $l$",
        "l",
        ("{b}(exp(l) - 1)/2", "{b}(0.5*exp(l) - 0.5)"),
        (
            ("{b}(exp(l) - 1)", "The factor 1/2 is missing."),
            ("{b}(1 - exp(l))/2", r"The sign is turned: for $\sigma^2 > 1$ the divergence grows with $l$."),
            ("{b}exp(l)/2", r"The term $-l / 2$ has a derivative too."),
            ("{b}(1 - exp(-l))/2", r"This is the derivative by $\sigma^2$. By $l$, the derivative of $e^l$ is $e^l$."),
        ),
        r"$\frac{1}{2}(e^l - l)$ depends on $l$; the derivative of $e^l$ is $e^l$, that of $l$ is 1.",
    ),
    "sigma": (
        r"the derivative of {term} by $\sigma$",
        "sigma",
        ("{b}(sigma - 1/sigma)", "{b}(sigma^2 - 1)/sigma"),
        (
            ("{b}2*(sigma - 1/sigma)", "The factor 1/2 is missing."),
            ("{b}(sigma^2 - 1)/2", r"This is the derivative by $\log \sigma^2$; asked is the one by $\sigma$."),
            (
                "{b}(sigma - 1/(2*sigma))",
                r"$\frac{1}{2} \log \sigma^2 = \log \sigma$, whose derivative is $1 / \sigma$.",
            ),
            ("{b}sigma", r"The term $-\log \sigma$ has a derivative too."),
        ),
        r"$\sigma^2 / 2 - \log \sigma$ depends on $\sigma$; the derivative is $\sigma - 1 / \sigma$.",
    ),
}


def _term(beta):
    return r"$\mathrm{KL}$" if beta == 1 else rf"${beta}\, \mathrm{{KL}}$"


def _through(i, layers, side):
    """The sides through all layers, the first too."""
    sides = [i]
    for k, s, p in layers:
        sides.append(int(side(sides[-1], k, s, p)))
    return sides
