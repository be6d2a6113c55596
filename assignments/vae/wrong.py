"""Known wrong solutions of vae. Each loses points in its exercise under every seed; its diagnosis is shown to a student who
gives the same answer."""

from functools import partial

import numpy as np

from autograder.checks import wrong
from reference.activations import sigmoid
from reference.vae import (
    elbo_grads,
    elbo_loss,
    encode,
    energy_distance,
    kl_standard_normal,
    reparameterize,
    turinici_loss,
    vae_forward,
    vae_grads,
    vae_loss,
    vae_update,
)

# 1. reparameterize -----------------------------------------------------------------------------------------------


@wrong("reparameterize", "You stretch by the variance e^logvar. Stretch by its square root: e^(logvar / 2).")
def stretched_by_the_variance(mu, logvar, eps):
    return mu + np.exp(logvar) * eps


@wrong("reparameterize", "logvar itself multiplies the noise. It is a logarithm: sigma = e^(logvar / 2).")
def stretched_by_the_logarithm(mu, logvar, eps):
    return mu + logvar * eps


@wrong("reparameterize", "You draw noise of your own. Use the given eps, or nobody can repeat your result.")
def draws_inside(mu, logvar, eps):
    return mu + np.exp(logvar / 2) * np.random.default_rng(0).normal(size=np.shape(mu))


@wrong("reparameterize", "The noise is left out: z is mu here.")
def no_noise(mu, logvar, eps):
    return np.array(mu)


@wrong("reparameterize", "The noise is not stretched: z = mu + sigma eps, not mu + eps.")
def noise_not_stretched(mu, logvar, eps):
    return mu + eps


@wrong("reparameterize", "mu is missing: z = mu + sigma eps.")
def middle_forgotten(mu, logvar, eps):
    return np.exp(logvar / 2) * eps


@wrong("reparameterize", "The sign of the exponent is wrong: you divide by sigma where you should multiply.")
def divided_by_sigma(mu, logvar, eps):
    return mu + np.exp(-logvar / 2) * eps


@wrong("reparameterize", "You subtract the noise: z = mu + sigma eps.")
def noise_subtracted(mu, logvar, eps):
    return mu - np.exp(logvar / 2) * eps


@wrong("reparameterize", "sigma is the root of e^logvar, not of logvar: e^(logvar / 2).")
def root_of_the_logarithm(mu, logvar, eps):
    return mu + np.sqrt(np.abs(logvar)) * eps


@wrong("reparameterize", "All samples get the noise of the first one. Each row of eps belongs to its own sample.")
def one_noise_for_all(mu, logvar, eps):
    return mu + np.exp(logvar / 2) * eps[:1]


@wrong("reparameterize", "The sum is stretched as a whole. Stretch the noise, then add mu: mu + sigma eps.")
def all_stretched(mu, logvar, eps):
    return np.exp(logvar / 2) * (mu + eps)


@wrong("reparameterize", "`mu += ...` writes into the caller's array. Make a new one.")
def middle_in_place(mu, logvar, eps):
    mu += np.exp(logvar / 2) * eps
    return mu


# 2. kl_standard_normal -------------------------------------------------------------------------------------------


def _terms(mu, logvar):
    """The price number by number, (N, k)."""
    return 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar)


@wrong("kl_standard_normal", "The sign is wrong: a divergence is never negative. Mind the minus before the half.")
def price_negative(mu, logvar):
    return -kl_standard_normal(mu, logvar)


@wrong("kl_standard_normal", "You average over the numbers of the code. Sum over them.")
def price_averaged(mu, logvar):
    return _terms(mu, logvar).mean(axis=1)


@wrong(
    "kl_standard_normal", "logvar is taken for log sigma. It is the log of the variance: e^logvar is sigma^2 already."
)
def price_of_a_log_deviation(mu, logvar):
    return kl_standard_normal(mu, 2 * logvar)


@wrong("kl_standard_normal", "e^(logvar / 2) stands where the variance belongs: e^logvar.")
def price_with_the_deviation(mu, logvar):
    return 0.5 * (mu**2 + np.exp(logvar / 2) - 1 - logvar).sum(axis=1)


@wrong("kl_standard_normal", "The factor 1/2 is missing.")
def price_doubled(mu, logvar):
    return 2 * kl_standard_normal(mu, logvar)


@wrong("kl_standard_normal", "mu is not squared.")
def middle_not_squared(mu, logvar):
    return 0.5 * (mu + np.exp(logvar) - 1 - logvar).sum(axis=1)


@wrong("kl_standard_normal", "mu^2 has the wrong sign: inside the bracket it is - mu^2.")
def middle_with_the_wrong_sign(mu, logvar):
    return -0.5 * (1 + logvar + mu**2 - np.exp(logvar)).sum(axis=1)


@wrong("kl_standard_normal", "logvar has the wrong sign: inside the bracket it is + logvar.")
def logarithm_with_the_wrong_sign(mu, logvar):
    return -0.5 * (1 - logvar - mu**2 - np.exp(logvar)).sum(axis=1)


@wrong("kl_standard_normal", "mu^2 is missing: moving a cloud away from 0 costs too.")
def middle_free(mu, logvar):
    return kl_standard_normal(0 * mu, logvar)


@wrong("kl_standard_normal", "Only mu costs here. A cloud that is too small or too large costs as well.")
def size_free(mu, logvar):
    return kl_standard_normal(mu, 0 * logvar)


@wrong("kl_standard_normal", "The 1 is missing: the standard normal law itself would have a price.")
def one_forgotten(mu, logvar):
    return -0.5 * (logvar - mu**2 - np.exp(logvar)).sum(axis=1)


@wrong("kl_standard_normal", "The 1 is added after the sum. It belongs to each number of the code.")
def one_outside_the_sum(mu, logvar):
    return -0.5 * (1 + (logvar - mu**2 - np.exp(logvar)).sum(axis=1))


@wrong("kl_standard_normal", "The two laws are swapped: that is the divergence of N(0, I) from the cloud.")
def price_reversed(mu, logvar):
    return 0.5 * ((1 + mu**2) * np.exp(-logvar) - 1 + logvar).sum(axis=1)


@wrong("kl_standard_normal", "You sum over the samples too. One price for each sample: sum over axis 1 only.")
def price_of_the_batch(mu, logvar):
    return kl_standard_normal(mu, logvar).sum()


@wrong("kl_standard_normal", "You sum over the samples. Sum over the numbers of the code: axis 1.")
def summed_over_the_samples(mu, logvar):
    return _terms(mu, logvar).sum(axis=0)


@wrong("kl_standard_normal", "The numbers of the code are not summed: one price for each sample, shape (N,).")
def price_of_each_number(mu, logvar):
    return _terms(mu, logvar)


@wrong("kl_standard_normal", "The result has shape (N, 1). It is one number per sample, shape (N,): no keepdims.")
def price_as_a_column(mu, logvar):
    return kl_standard_normal(mu, logvar)[:, None]


@wrong("kl_standard_normal", "`logvar[...] = ` or `*=` writes into the caller's arrays. Work on copies.")
def price_in_place(mu, logvar):
    mu *= mu
    return -0.5 * (1 + logvar - mu - np.exp(logvar)).sum(axis=1)


# 3. elbo_loss ----------------------------------------------------------------------------------------------------


def _pixels(X, logits, rec):
    """The reconstruction error pixel by pixel, (N, d)."""
    if rec == "bernoulli":
        return np.logaddexp(0, logits) - X * logits
    return (X - sigmoid(logits)) ** 2


@wrong("elbo_loss", "You average over the pixels. Sum over them: else the KL is far too strong.")
def mean_over_the_pixels(X, logits, mu, logvar, rec, beta=1.0):
    return (_pixels(X, logits, rec).mean(axis=1) + beta * kl_standard_normal(mu, logvar)).mean()


@wrong("elbo_loss", "The KL is subtracted. In a loss it is added.")
def price_subtracted(X, logits, mu, logvar, rec, beta=1.0):
    return elbo_loss(X, logits, mu, logvar, rec, -beta)


@wrong("elbo_loss", "You return the ELBO. The loss is its negative: lower is better.")
def elbo_instead_of_loss(X, logits, mu, logvar, rec, beta=1.0):
    return -elbo_loss(X, logits, mu, logvar, rec, beta)


@wrong("elbo_loss", "sigmoid first, log afterwards: at logits of 100 that is log 0. Put the logits into the formula.")
def sigmoid_then_log(X, logits, mu, logvar, rec, beta=1.0):
    if rec == "mse":
        return elbo_loss(X, logits, mu, logvar, rec, beta)
    s = sigmoid(logits)
    with np.errstate(all="ignore"):
        pixels = -X * np.log(s) - (1 - X) * np.log(1 - s)
    return (pixels.sum(axis=1) + beta * kl_standard_normal(mu, logvar)).mean()


@wrong("elbo_loss", "The probabilities are clipped: that changes the loss at logits of 100. Put the logits in.")
def clipped(X, logits, mu, logvar, rec, beta=1.0):
    if rec == "mse":
        return elbo_loss(X, logits, mu, logvar, rec, beta)
    s = np.clip(sigmoid(logits), 1e-12, 1 - 1e-12)
    pixels = -X * np.log(s) - (1 - X) * np.log(1 - s)
    return (pixels.sum(axis=1) + beta * kl_standard_normal(mu, logvar)).mean()


@wrong("elbo_loss", "e^logit overflows. Use max(a, 0) + ln(1 + e^-|a|).")
def overflows(X, logits, mu, logvar, rec, beta=1.0):
    if rec == "mse":
        return elbo_loss(X, logits, mu, logvar, rec, beta)
    with np.errstate(all="ignore"):
        pixels = np.log(1 + np.exp(logits)) - X * logits
    return (pixels.sum(axis=1) + beta * kl_standard_normal(mu, logvar)).mean()


@wrong("elbo_loss", "beta is ignored: it multiplies the KL.")
def beta_ignored(X, logits, mu, logvar, rec, beta=1.0):
    return elbo_loss(X, logits, mu, logvar, rec)


@wrong("elbo_loss", "beta multiplies the reconstruction. It belongs to the KL.")
def beta_on_the_reconstruction(X, logits, mu, logvar, rec, beta=1.0):
    return (beta * _pixels(X, logits, rec).sum(axis=1) + kl_standard_normal(mu, logvar)).mean()


@wrong("elbo_loss", "beta multiplies the whole loss. It belongs to the KL alone.")
def beta_on_everything(X, logits, mu, logvar, rec, beta=1.0):
    return beta * elbo_loss(X, logits, mu, logvar, rec)


@wrong("elbo_loss", "The KL is missing.")
def reconstruction_only(X, logits, mu, logvar, rec, beta=1.0):
    return elbo_loss(X, logits, mu, logvar, rec, 0.0)


@wrong("elbo_loss", "The loss is summed over the samples. Take their mean.")
def summed_over_the_batch(X, logits, mu, logvar, rec, beta=1.0):
    return len(X) * elbo_loss(X, logits, mu, logvar, rec, beta)


@wrong("elbo_loss", "The reconstruction is averaged over the samples, the KL is summed. Take the mean of both.")
def price_summed_over_the_batch(X, logits, mu, logvar, rec, beta=1.0):
    return elbo_loss(X, logits, mu, logvar, rec, len(X) * beta)


@wrong("elbo_loss", "The KL is averaged over the numbers of the code. Sum over them.")
def price_averaged_in_the_loss(X, logits, mu, logvar, rec, beta=1.0):
    return elbo_loss(X, logits, mu, logvar, rec, beta / mu.shape[1])


@wrong("elbo_loss", "logvar is taken for log sigma in the KL: e^logvar is sigma^2 already.")
def loss_with_a_log_deviation(X, logits, mu, logvar, rec, beta=1.0):
    return elbo_loss(X, logits, mu, 2 * logvar, rec, beta)


@wrong("elbo_loss", "One loss per sample is returned. The loss of the batch is their mean, one number.")
def loss_of_each_sample(X, logits, mu, logvar, rec, beta=1.0):
    return _pixels(X, logits, rec).sum(axis=1) + beta * kl_standard_normal(mu, logvar)


@wrong("elbo_loss", "The sigmoid is applied twice: what you get are logits, s = sigmoid(logits) is the grey.")
def sigmoid_twice(X, logits, mu, logvar, rec, beta=1.0):
    return elbo_loss(X, sigmoid(logits), mu, logvar, rec, beta)


@wrong("elbo_loss", "For mse you compare the pixels with the logits. Compare them with s = sigmoid(logits).")
def mse_of_the_logits(X, logits, mu, logvar, rec, beta=1.0):
    if rec == "bernoulli":
        return elbo_loss(X, logits, mu, logvar, rec, beta)
    return (((X - logits) ** 2).sum(axis=1) + beta * kl_standard_normal(mu, logvar)).mean()


@wrong("elbo_loss", "mse has a factor 1/2 here that is not asked for.")
def mse_halved(X, logits, mu, logvar, rec, beta=1.0):
    half = 0.5 if rec == "mse" else 1.0
    return (half * _pixels(X, logits, rec).sum(axis=1) + beta * kl_standard_normal(mu, logvar)).mean()


@wrong("elbo_loss", "`rec` is ignored: you always compute bernoulli.")
def always_bernoulli(X, logits, mu, logvar, rec, beta=1.0):
    return elbo_loss(X, logits, mu, logvar, "bernoulli", beta)


@wrong("elbo_loss", "`rec` is ignored: you always compute mse.")
def always_mse(X, logits, mu, logvar, rec, beta=1.0):
    return elbo_loss(X, logits, mu, logvar, "mse", beta)


@wrong("elbo_loss", "The greys are rounded to black and white. Use x as it is, any number in [0, 1].")
def black_and_white(X, logits, mu, logvar, rec, beta=1.0):
    return elbo_loss((X > 0.5).astype(float), logits, mu, logvar, rec, beta)


@wrong("elbo_loss", "Only -x ln s is summed. Dark pixels count too: -(1 - x) ln(1 - s).")
def only_the_white_part(X, logits, mu, logvar, rec, beta=1.0):
    if rec == "mse":
        return elbo_loss(X, logits, mu, logvar, rec, beta)
    return ((X * np.logaddexp(0, -logits)).sum(axis=1) + beta * kl_standard_normal(mu, logvar)).mean()


@wrong("elbo_loss", "`X -= ...` writes into the caller's images. Make a new array.")
def loss_in_place(X, logits, mu, logvar, rec, beta=1.0):
    loss = elbo_loss(X, logits, mu, logvar, rec, beta)
    X -= sigmoid(logits)
    return loss


# 4. elbo_grads ---------------------------------------------------------------------------------------------------


def _grads(mu, logvar, eps, dz, beta, noise=1.0, middle=1.0, size=1.0):
    """Both gradients, with a factor on the path through the noise and on the KL's shares."""
    N, sigma = len(mu), np.exp(logvar / 2)
    return {
        "dmu": dz + middle * beta * mu / N,
        "dlogvar": noise * dz * eps * sigma / 2 + size * beta * (sigma**2 - 1) / (2 * N),
    }


@wrong("elbo_grads", "logvar also acts through the noise: dz * eps * sigma / 2 is missing in dlogvar.")
def no_path_through_the_noise(mu, logvar, eps, dz, beta=1.0):
    return _grads(mu, logvar, eps, dz, beta, noise=0.0)


@wrong("elbo_grads", "The gradient of the KL has the wrong sign in both: it pulls mu to 0 and sigma to 1.")
def price_gradient_upside_down(mu, logvar, eps, dz, beta=1.0):
    return _grads(mu, logvar, eps, dz, beta, middle=-1.0, size=-1.0)


@wrong("elbo_grads", "The KL's share in dlogvar has the wrong sign: (sigma^2 - 1), not (1 - sigma^2).")
def size_gradient_upside_down(mu, logvar, eps, dz, beta=1.0):
    return _grads(mu, logvar, eps, dz, beta, size=-1.0)


@wrong("elbo_grads", "The KL's share is not divided by N. dz is of the mean loss, so the KL must be a mean too.")
def price_not_averaged(mu, logvar, eps, dz, beta=1.0):
    return elbo_grads(mu, logvar, eps, dz, beta * len(mu))


@wrong("elbo_grads", "dz is divided by N again. It is the gradient of the mean already.")
def averaged_twice(mu, logvar, eps, dz, beta=1.0):
    return elbo_grads(mu, logvar, eps, dz / len(mu), beta)


@wrong("elbo_grads", "beta is ignored: it multiplies the KL's shares.")
def gradient_ignores_beta(mu, logvar, eps, dz, beta=1.0):
    return elbo_grads(mu, logvar, eps, dz)


@wrong("elbo_grads", "beta multiplies everything. It belongs to the KL's shares only.")
def beta_on_both_paths(mu, logvar, eps, dz, beta=1.0):
    return {key: beta * value for key, value in elbo_grads(mu, logvar, eps, dz).items()}


@wrong("elbo_grads", "The KL is missing in both gradients.")
def price_has_no_gradient(mu, logvar, eps, dz, beta=1.0):
    return elbo_grads(mu, logvar, eps, dz, 0.0)


@wrong("elbo_grads", "dz is missing: the reconstruction pulls at mu and at logvar too.")
def decoder_not_heard(mu, logvar, eps, dz, beta=1.0):
    return elbo_grads(mu, logvar, eps, 0 * dz, beta)


@wrong("elbo_grads", "The derivative of e^(logvar / 2) has a factor 1/2 of its own: dz * eps * sigma / 2.")
def noise_path_without_the_half(mu, logvar, eps, dz, beta=1.0):
    return _grads(mu, logvar, eps, dz, beta, noise=2.0)


@wrong("elbo_grads", "The KL's share in dlogvar lacks the factor 1/2: beta (sigma^2 - 1) / (2N).")
def size_gradient_without_the_half(mu, logvar, eps, dz, beta=1.0):
    return _grads(mu, logvar, eps, dz, beta, size=2.0)


@wrong("elbo_grads", "The KL's share in dmu is twice what it should be: mu^2 / 2 has the derivative mu.")
def middle_gradient_doubled(mu, logvar, eps, dz, beta=1.0):
    return _grads(mu, logvar, eps, dz, beta, middle=2.0)


@wrong("elbo_grads", "That is the gradient at sigma. By the chain rule times sigma / 2 it is the one at logvar.")
def gradient_at_sigma(mu, logvar, eps, dz, beta=1.0):
    sigma = np.exp(logvar / 2)
    return elbo_grads(mu, logvar, eps, dz, beta) | {"dlogvar": dz * eps + beta * (sigma - 1 / sigma) / len(mu)}


@wrong("elbo_grads", "sigma is taken as e^logvar. That is the variance; sigma = e^(logvar / 2).")
def gradient_with_the_variance(mu, logvar, eps, dz, beta=1.0):
    return elbo_grads(mu, 2 * logvar, eps, dz, beta)


@wrong("elbo_grads", "In the KL's share stands sigma - 1. It is sigma^2 - 1.")
def size_gradient_with_the_deviation(mu, logvar, eps, dz, beta=1.0):
    sigma = np.exp(logvar / 2)
    return elbo_grads(mu, logvar, eps, dz, beta) | {
        "dlogvar": dz * eps * sigma / 2 + beta * (sigma - 1) / (2 * len(mu))
    }


@wrong("elbo_grads", "eps is missing on the way to logvar: how much sigma moves z depends on the noise that was drawn.")
def noise_path_without_the_noise(mu, logvar, eps, dz, beta=1.0):
    return elbo_grads(mu, logvar, np.ones(eps.shape), dz, beta)


@wrong("elbo_grads", "dmu and dlogvar are swapped in the dict.")
def gradients_swapped(mu, logvar, eps, dz, beta=1.0):
    grads = elbo_grads(mu, logvar, eps, dz, beta)
    return {"dmu": grads["dlogvar"], "dlogvar": grads["dmu"]}


@wrong("elbo_grads", "N is the number of samples, len(mu), not the number of entries of mu.")
def averaged_over_all_entries(mu, logvar, eps, dz, beta=1.0):
    return elbo_grads(mu, logvar, eps, dz, beta / mu.shape[1])


@wrong("elbo_grads", "`dz += ...` writes into the caller's array. Make a new one.")
def gradient_in_place(mu, logvar, eps, dz, beta=1.0):
    grads = elbo_grads(mu, logvar, eps, dz, beta)
    dz += beta * mu / len(mu)
    return grads


# 5. energy_distance ----------------------------------------------------------------------------------------------

distance_slip = partial(wrong, "energy_distance", replaces="energy_distance")
loss_slip = partial(wrong, "energy_distance", replaces="turinici_loss")


def _pairs(A, B):
    """Distances of all pairs, (n, m)."""
    return np.sqrt(((A[:, None] - B) ** 2).sum(axis=2))


def _without_the_same(A):
    """The mean distance of two different points."""
    n = len(A)
    return _pairs(A, A).sum() / max(n * (n - 1), 1)


def _reconstruction(X, Xrec):
    return ((X - Xrec) ** 2).sum(axis=1).mean()


@distance_slip("Pairs of a point with itself are left out, or divided by n(n - 1). Take all n^2 pairs.")
def unbiased(A, B):
    return 2 * _pairs(A, B).mean() - _without_the_same(A) - _without_the_same(B)


@distance_slip("The factor 2 before the mixed pairs is missing.")
def mixed_pairs_once(A, B):
    return _pairs(A, B).mean() - _pairs(A, A).mean() - _pairs(B, B).mean()


@distance_slip("You take the root at the end. The energy distance stands for the squared distance: no root.")
def rooted(A, B):
    return np.sqrt(max(energy_distance(A, B), 0.0))


@distance_slip("The distances are squared. |a - b| is the plain Euclidean distance.")
def squared_distances(A, B):
    return 2 * (_pairs(A, B) ** 2).mean() - (_pairs(A, A) ** 2).mean() - (_pairs(B, B) ** 2).mean()


@distance_slip(
    "You sum the absolute differences of the coordinates. |a - b| is Euclidean: the root of the sum of squares."
)
def city_block(A, B):
    def mean(P, Q):
        return np.abs(P[:, None] - Q).sum(axis=2).mean()

    return 2 * mean(A, B) - mean(A, A) - mean(B, B)


@distance_slip("The sign is wrong: mixed pairs are added, pairs inside a sample subtracted.")
def distance_negative(A, B):
    return -energy_distance(A, B)


@distance_slip("Only the mixed pairs are counted. Subtract the mean distances inside each sample.")
def mixed_pairs_only(A, B):
    return 2 * _pairs(A, B).mean()


@distance_slip("The pairs inside the samples are added. Subtract them.")
def inner_pairs_added(A, B):
    return 2 * _pairs(A, B).mean() + _pairs(A, A).mean() + _pairs(B, B).mean()


@distance_slip("You take sums over the pairs. Take means.")
def sums_of_pairs(A, B):
    return 2 * _pairs(A, B).sum() - _pairs(A, A).sum() - _pairs(B, B).sum()


@distance_slip("That is the distance of the two means. Two laws with the same mean may be quite different.")
def distance_of_the_means(A, B):
    return np.linalg.norm(A.mean(axis=0) - B.mean(axis=0))


@distance_slip(
    "Only pairs i < j are summed, each once, but divided by n^2. Each counts twice, as (i, j) and as (j, i)."
)
def inner_pairs_once(A, B):
    return 2 * _pairs(A, B).mean() - _pairs(A, A).mean() / 2 - _pairs(B, B).mean() / 2


@distance_slip("The i-th point of A meets the i-th point of B only. Take all pairs.")
def matched_pairs(A, B):
    n = min(len(A), len(B))
    matched = np.sqrt(((A[:n] - B[:n]) ** 2).sum(axis=1)).mean()
    return 2 * matched - _pairs(A, A).mean() - _pairs(B, B).mean()


@distance_slip("Only the first coordinate is looked at. |a - b| takes them all.")
def first_coordinate_only(A, B):
    return energy_distance(A[:, :1], B[:, :1])


@distance_slip("`A -= ...` writes into the caller's array. Make a new one.")
def distance_in_place(A, B):
    distance = energy_distance(A, B)
    A -= A.mean(axis=0)
    return distance


@loss_slip("C multiplies the reconstruction. It belongs to the distance of the laws.")
def factor_on_the_reconstruction(X, Xrec, Z, T, C):
    return C * _reconstruction(X, Xrec) + energy_distance(Z, T)


@loss_slip("C multiplies everything. It belongs to the distance of the laws alone.")
def factor_on_everything(X, Xrec, Z, T, C):
    return C * turinici_loss(X, Xrec, Z, T, 1.0)


@loss_slip("That is a price for each code, as in exercise 2. Here the law of all codes is compared with the draws T.")
def price_of_each_code(X, Xrec, Z, T, C):
    return _reconstruction(X, Xrec) + C * kl_standard_normal(Z, 0 * Z).mean()


@loss_slip("The energy distance is squared. It is the squared distance already.")
def distance_squared_again(X, Xrec, Z, T, C):
    return _reconstruction(X, Xrec) + C * energy_distance(Z, T) ** 2


@loss_slip("You take the root of the energy distance. It stands for the square of the distance: take it as it is.")
def distance_rooted(X, Xrec, Z, T, C):
    return _reconstruction(X, Xrec) + C * np.sqrt(max(energy_distance(Z, T), 0.0))


@loss_slip("The reconstruction is averaged over the pixels. Sum over the pixels, average over the samples.")
def reconstruction_per_pixel(X, Xrec, Z, T, C):
    return ((X - Xrec) ** 2).mean() + C * energy_distance(Z, T)


@loss_slip("The reconstruction is summed over the samples. Take the mean over them.")
def reconstruction_summed(X, Xrec, Z, T, C):
    return ((X - Xrec) ** 2).sum() + C * energy_distance(Z, T)


@loss_slip("The distance of the images is not squared: |x - xhat|^2 is the sum of the squares.")
def reconstruction_not_squared(X, Xrec, Z, T, C):
    return np.sqrt(((X - Xrec) ** 2).sum(axis=1)).mean() + C * energy_distance(Z, T)


@loss_slip("The two terms are subtracted. Both are errors: add them.")
def distance_rewarded(X, Xrec, Z, T, C):
    return turinici_loss(X, Xrec, Z, T, -C)


@loss_slip("The images are compared as laws. Image by image: |x_n - xhat_n|^2; only the codes are compared as laws.")
def images_as_laws(X, Xrec, Z, T, C):
    return energy_distance(X, Xrec) + C * energy_distance(Z, T)


@loss_slip("`X -= Xrec` writes into the caller's images. Make a new array.")
def images_in_place(X, Xrec, Z, T, C):
    loss = turinici_loss(X, Xrec, Z, T, C)
    X -= Xrec
    return loss


# 6. vae_forward --------------------------------------------------------------------------------------------------


def _decoded(z, params):
    return z @ params["W_x"].T + params["b_x"]


@wrong("vae_forward", "The two heads are swapped: mu comes from W_mu and b_mu, logvar from W_logvar and b_logvar.")
def heads_swapped(X, eps, params):
    swap = {"mu": "logvar", "logvar": "mu", "x": "x"}
    return vae_forward(X, eps, {f"{kind}_{name}": params[f"{kind}_{swap[name]}"] for kind in "Wb" for name in swap})


@wrong("vae_forward", "The decoder is fed mu. It gets the noisy z.")
def decodes_the_middle(X, eps, params):
    out = vae_forward(X, eps, params)
    return out | {"xhat": _decoded(out["mu"], params)}


@wrong("vae_forward", "The decoder is fed the noise. It gets z = mu + sigma eps.")
def decodes_the_noise(X, eps, params):
    return vae_forward(X, eps, params) | {"xhat": _decoded(eps, params)}


@wrong("vae_forward", "You stretch by e^logvar, the variance. Stretch by sigma = e^(logvar / 2).")
def forward_with_the_variance(X, eps, params):
    out = vae_forward(X, eps, params)
    z = out["mu"] + np.exp(out["logvar"]) * eps
    return out | {"z": z, "xhat": _decoded(z, params)}


@wrong("vae_forward", "No noise is added: z is mu here.")
def forward_without_noise(X, eps, params):
    return vae_forward(X, 0 * eps, params)


@wrong("vae_forward", "You draw noise of your own. Use the given eps.")
def forward_draws_inside(X, eps, params):
    return vae_forward(X, np.random.default_rng(0).normal(size=eps.shape), params)


@wrong("vae_forward", "A sigmoid is applied to the output. It is taken as it is.")
def sigmoid_at_the_end(X, eps, params):
    out = vae_forward(X, eps, params)
    return out | {"xhat": sigmoid(out["xhat"])}


@wrong("vae_forward", "The biases are missing.")
def without_biases(X, eps, params):
    return vae_forward(X, eps, {key: value * (key[0] == "W") for key, value in params.items()})


@wrong("vae_forward", "The decoder's bias b_x is missing.")
def decoder_without_bias(X, eps, params):
    return vae_forward(X, eps, params | {"b_x": 0 * params["b_x"]})


@wrong("vae_forward", "In the dict, logvar holds the variance. Return what the head gives, before any exp.")
def returns_the_variance(X, eps, params):
    out = vae_forward(X, eps, params)
    return out | {"logvar": np.exp(out["logvar"])}


@wrong("vae_forward", "In the dict, logvar holds sigma. Return what the head gives, before any exp.")
def returns_the_deviation(X, eps, params):
    out = vae_forward(X, eps, params)
    return out | {"logvar": np.exp(out["logvar"] / 2)}


@wrong("vae_forward", "Both heads use W_mu. logvar has a matrix and a bias of its own.")
def one_head(X, eps, params):
    return vae_forward(X, eps, params | {"W_logvar": params["W_mu"], "b_logvar": params["b_mu"]})


@wrong("vae_forward", "The decoder uses the encoder's matrix, turned over. It has its own, W_x.")
def tied_weights(X, eps, params):
    return vae_forward(X, eps, params | {"W_x": params["W_mu"].T})


@wrong("vae_forward", "Square matrices are applied from the wrong side: it is X W^T, with W of shape (out, in).")
def square_matrices_transposed(X, eps, params):
    return vae_forward(
        X, eps, {key: v.T if v.ndim == 2 and v.shape[0] == v.shape[1] else v for key, v in params.items()}
    )


@wrong("vae_forward", "All samples get the noise of the first one. Each row of eps belongs to its own sample.")
def forward_with_one_noise(X, eps, params):
    return vae_forward(X, np.repeat(eps[:1], len(eps), axis=0), params)


@wrong("vae_forward", "`X -= ...` writes into the caller's images. Work on a copy.")
def forward_in_place(X, eps, params):
    out = vae_forward(X, eps, params)
    X -= out["xhat"]
    return out


# 7. train_vae: one step ------------------------------------------------------------------------------------------

step_slip = partial(wrong, "train_vae", replaces="vae_step")
training_slip = partial(wrong, "train_vae", replaces="train_vae")


def _moved(p, grads, lr):
    return {key: value - lr * grads[key] for key, value in p.items()}


def _step(p, X, eps, lr, noise="half", rec=1.0, beta=1.0, through=True):
    """A step on another loss: sigma = e^(logvar / 2) ("half"), e^logvar ("whole") or none; rec and beta are factors."""
    mu, logvar = encode(p, X)
    sigma = {"half": np.exp(logvar / 2), "whole": np.exp(logvar), "none": 0 * logvar}[noise]
    slope = {"half": sigma / 2, "whole": sigma, "none": sigma}[noise]
    z, h = mu + sigma * eps, np.maximum(X @ p["W_h"].T + p["b_h"], 0)
    e = np.maximum(z @ p["W_d"].T + p["b_d"], 0)
    logits = e @ p["W_x"].T + p["b_x"]
    grads = {}

    def back(name, dY, Y):
        grads["W_" + name], grads["b_" + name] = dY.T @ Y, dY.sum(axis=0)
        return dY @ p["W_" + name]

    N = len(X)
    dz = back("d", back("x", rec * (sigmoid(logits) - X) / N, e) * (e > 0), z)
    dmu, dlogvar = dz + beta * mu / N, through * dz * eps * slope + beta * (np.exp(logvar) - 1) / (2 * N)
    back("h", (back("mu", dmu, h) + back("logvar", dlogvar, h)) * (h > 0), X)
    loss = rec * _pixels(X, logits, "bernoulli").sum(axis=1) + beta * kl_standard_normal(mu, logvar)
    return _moved(p, grads, lr), loss.mean()


@step_slip("The noise is stretched by e^logvar, the variance. sigma is e^(logvar / 2).")
def step_with_the_variance(p, X, eps, lr):
    return _step(p, X, eps, lr, noise="whole")


@step_slip("The noise is left out: the decoder sees mu.")
def step_without_noise(p, X, eps, lr):
    return _step(p, X, eps, lr, noise="none")


@step_slip("The given noise is not used: you draw your own.")
def step_draws_inside(p, X, eps, lr):
    return _step(p, X, np.random.default_rng(0).normal(size=eps.shape), lr)


@step_slip("The KL is missing in the loss.")
def step_without_the_price(p, X, eps, lr):
    return _step(p, X, eps, lr, beta=0.0)


@step_slip("The KL is subtracted. In a loss it is added.")
def step_with_the_price_subtracted(p, X, eps, lr):
    return _step(p, X, eps, lr, beta=-1.0)


@step_slip("The reconstruction is averaged over the pixels. Sum over them.")
def step_with_the_mean_over_pixels(p, X, eps, lr):
    return _step(p, X, eps, lr, rec=1 / X.shape[1])


@step_slip("The KL is averaged over the numbers of the code. Sum over them.")
def step_with_the_price_averaged(p, X, eps, lr):
    return _step(p, X, eps, lr, beta=1 / eps.shape[1])


@step_slip("Both terms are summed over the batch. Take the mean over the samples.")
def step_with_the_sum(p, X, eps, lr):
    return _step(p, X, eps, lr, rec=len(X), beta=len(X))


@step_slip("The loss is right, but the gradient does not reach logvar through the noise: is something detached?")
def noise_detached(p, X, eps, lr):
    return _step(p, X, eps, lr, through=False)


@step_slip("The gradient stops at z: the encoder hears of the KL only. Is z detached, or made a new tensor?")
def codes_detached(p, X, eps, lr):
    new, loss = vae_update(p, X, eps, lr)
    price = _step(p, X, eps, lr, rec=0.0)[0]
    return {key: (new if key[2:] in ("d", "x") else price)[key] for key in p}, loss


@step_slip("You step with the gradient, so the loss grows. Step against it.")
def step_uphill(p, X, eps, lr):
    return vae_update(p, X, eps, -lr)


@step_slip("The loss is the one after the step. Return the loss before it.")
def loss_after_the_step(p, X, eps, lr):
    new, _ = vae_update(p, X, eps, lr)
    return new, vae_loss(new, X, eps)


@step_slip("Only the decoder moves. The encoder's parameters have gradients too.")
def only_the_decoder_moves(p, X, eps, lr):
    new, loss = vae_update(p, X, eps, lr)
    return {key: (new if key[2:] in ("d", "x") else p)[key] for key in p}, loss


@step_slip("The biases do not move. They are parameters like the others.")
def biases_stay(p, X, eps, lr):
    new, loss = vae_update(p, X, eps, lr)
    return {key: (new if key[0] == "W" else p)[key] for key in p}, loss


@step_slip("You return the gradients. Return the parameters after the step: p - lr * gradient.")
def returns_the_gradients(p, X, eps, lr):
    loss, grads = vae_grads(p, X, eps)
    return grads, loss


@step_slip("You return the parameters that you were given. Return those after the step.")
def returns_the_start(p, X, eps, lr):
    return p, vae_loss(p, X, eps)


@step_slip("The decoder has no hidden ReLU.")
def decoder_without_relu(p, X, eps, lr):
    mu, logvar = encode(p, X)
    z, h = reparameterize(mu, logvar, eps), np.maximum(X @ p["W_h"].T + p["b_h"], 0)
    e = z @ p["W_d"].T + p["b_d"]
    logits, grads = e @ p["W_x"].T + p["b_x"], {}

    def back(name, dY, Y):
        grads["W_" + name], grads["b_" + name] = dY.T @ Y, dY.sum(axis=0)
        return dY @ p["W_" + name]

    codes = elbo_grads(mu, logvar, eps, back("d", back("x", (sigmoid(logits) - X) / len(X), e), z))
    back("h", (back("mu", codes["dmu"], h) + back("logvar", codes["dlogvar"], h)) * (h > 0), X)
    return _moved(p, grads, lr), elbo_loss(X, logits, mu, logvar, "bernoulli")


@step_slip("`-=` writes into the parameters that you were given. Work on copies.")
def step_in_place(p, X, eps, lr):
    new, loss = vae_update(p, X, eps, lr)
    for key, value in p.items():
        value[...] = new[key]
    return new, loss


# 7. train_vae: training ------------------------------------------------------------------------------------------


def _loss(logits, X, mu, logvar):
    import torch  # where it runs: a grader does not need it

    pixels = torch.nn.functional.binary_cross_entropy_with_logits(logits, X, reduction="sum")
    return (pixels - 0.5 * (1 + logvar - mu**2 - logvar.exp()).sum()) / len(X)


def _trained(Xtr, seed, epochs=30, loss=_loss, stretch=0.5, clear=True, k=2, n=128, lr=0.01, start=1.0):
    """A VAE trained by the recipe, but for what a slip changes."""
    import torch

    torch.set_num_threads(1)
    if seed is None:
        torch.seed()
    else:
        torch.manual_seed(seed)
    X = torch.tensor(Xtr, dtype=torch.float32)
    d, p = X.shape[1], {}
    for name, o, i in (("h", n, d), ("mu", k, n), ("logvar", k, n), ("d", n, k), ("x", d, n)):
        p["W_" + name] = start * (6 / (o + i)) ** 0.5 * (2 * torch.rand(o, i) - 1)
        p["b_" + name] = torch.zeros(o)
    for value in p.values():
        value.requires_grad_()
    batches = [rows for _ in range(epochs) for rows in torch.randperm(len(X)).split(100)]
    optimizer = torch.optim.Adam(p.values(), lr=lr)
    for t, rows in enumerate(batches):
        optimizer.param_groups[0]["lr"] = lr * (1 - t / len(batches))
        h = torch.relu(X[rows] @ p["W_h"].T + p["b_h"])
        mu, logvar = h @ p["W_mu"].T + p["b_mu"], h @ p["W_logvar"].T + p["b_logvar"]
        z = mu + (stretch * logvar).exp() * torch.randn(mu.shape) if stretch else mu
        logits = torch.relu(z @ p["W_d"].T + p["b_d"]) @ p["W_x"].T + p["b_x"]
        if clear:
            optimizer.zero_grad()
        loss(logits, X[rows], mu, logvar).backward()
        optimizer.step()
    return {key: value.detach().numpy() for key, value in p.items()}


def _price(mu, logvar):
    return -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum()


@training_slip(
    "The noise is left out: the training loss is splendid, but between the points the decoder knows nothing."
)
def trained_without_noise(Xtr, seed):
    return _trained(Xtr, seed, epochs=10, stretch=0.0)


@training_slip("The KL is left out: clouds shrink to points far apart, and the bell curve between them is empty.")
def trained_without_the_price(Xtr, seed):
    return _trained(
        Xtr,
        seed,
        epochs=10,
        loss=lambda logits, X, mu, logvar: _loss(logits, X, mu, logvar) - _price(mu, logvar) / len(X),
    )


@training_slip(
    "The reconstruction is averaged over the pixels: against the KL it is 64 times too weak, the code is ignored."
)
def trained_with_the_mean_over_pixels(Xtr, seed):
    def loss(logits, X, mu, logvar):
        price = _price(mu, logvar) / len(X)
        return (_loss(logits, X, mu, logvar) - price) / X.shape[1] + price

    return _trained(Xtr, seed, epochs=10, loss=loss)


@training_slip("The KL is subtracted: your clouds fly apart. Add it.")
def trained_with_the_price_subtracted(Xtr, seed):
    return _trained(
        Xtr,
        seed,
        epochs=8,
        loss=lambda logits, X, mu, logvar: _loss(logits, X, mu, logvar) - 2 * _price(mu, logvar) / len(X),
    )


@training_slip(
    "The KL is summed over the batch, the reconstruction averaged: the KL is far too strong. Take the mean of both."
)
def trained_with_the_price_summed(Xtr, seed):
    return _trained(
        Xtr,
        seed,
        epochs=10,
        loss=lambda logits, X, mu, logvar: _loss(logits, X, mu, logvar) + (1 - 1 / len(X)) * _price(mu, logvar),
    )


@training_slip("You train with the squared error. The loss here is binary cross-entropy from logits.")
def trained_with_mse(Xtr, seed):
    def loss(logits, X, mu, logvar):
        return (((X - logits.sigmoid()) ** 2).sum() + _price(mu, logvar)) / len(X)

    return _trained(Xtr, seed, loss=loss)


@training_slip("The gradients of all batches pile up. Call zero_grad before every backward.")
def trained_without_zero_grad(Xtr, seed):
    return _trained(Xtr, seed, epochs=10, clear=False)


@training_slip("One epoch is too short. Train until the loss no longer falls.")
def one_epoch(Xtr, seed):
    return _trained(Xtr, seed, epochs=1)


@training_slip("The network is never trained: its parameters stay as they were drawn.")
def never_trained(Xtr, seed):
    return _trained(Xtr, seed, epochs=0)


@training_slip("All weights start at zero: the code never reaches the decoder. Draw them at random.")
def starts_at_zero(Xtr, seed):
    return _trained(Xtr, seed, epochs=3, start=0.0)


@training_slip("The sigmoid is applied twice: your loss takes logits, and you give it greys.")
def trained_on_greys(Xtr, seed):
    return _trained(Xtr, seed, epochs=10, loss=lambda logits, X, mu, logvar: _loss(logits.sigmoid(), X, mu, logvar))


@training_slip("The codes have one number. Train with two.")
def one_number(Xtr, seed):
    return _trained(Xtr, seed, epochs=1, k=1)


@training_slip("Matrices are stored as (in, out). They have shape (out, in), as torch.nn.Linear keeps them.")
def matrices_turned(Xtr, seed):
    return {key: value.T for key, value in _trained(Xtr, seed, epochs=1).items()}


@training_slip("The biases of the two heads are missing in the dict.")
def heads_without_bias(Xtr, seed):
    p = _trained(Xtr, seed, epochs=1)
    return {key: value for key, value in p.items() if key not in ("b_mu", "b_logvar")}


@training_slip("Your random numbers ignore `seed`, so no run can be repeated. Use torch.manual_seed(seed).")
def ignores_the_seed(Xtr, seed):
    return _trained(Xtr, None, epochs=1)


@training_slip("You write into the caller's images. Scale a copy, if at all.")
def images_scaled_in_place(Xtr, seed):
    p = _trained(Xtr, seed, epochs=1)
    Xtr /= Xtr.max()
    return p
