"""Known wrong solutions of gan. Each loses points in its exercise under every seed; its diagnosis is shown to a student who
gives the same answer."""

from functools import partial
from itertools import pairwise

import numpy as np

from autograder.checks import wrong
from reference.activations import sigmoid
from reference.gan import (
    bilinear_game,
    cgan_input,
    cycle_loss,
    d_loss,
    g_logit_grad,
    g_loss,
    gan_steps,
    gan_update,
    gan_value,
    mode_coverage,
    optimal_discriminator,
    value_at_optimum,
)
from reference.mlp import forward, linear_backward

# 1. gan_value ----------------------------------------------------------------------------------------------------

value_slip = partial(wrong, "gan_value", replaces="gan_value")
d_slip = partial(wrong, "gan_value", replaces="d_loss")
g_slip = partial(wrong, "gan_value", replaces="g_loss")


def _log(d):
    return np.log(np.maximum(d, 1e-12))


@value_slip("The fakes count with log D(G(z)). It is log(1 - D(G(z))).")
def fakes_taken_for_real(d_real, d_fake):
    return float(_log(d_real).mean() + _log(d_fake).mean())


@value_slip("Real and fake are swapped: log D belongs to the real samples, log(1 - D) to the fakes.")
def value_with_roles_swapped(d_real, d_fake):
    return gan_value(d_fake, d_real)


@value_slip("You sum over the samples. V is made of means.")
def value_summed(d_real, d_fake):
    return float(_log(d_real).sum() + _log(1 - d_fake).sum())


@value_slip("You take one mean over all samples together. Real and fake samples have a mean each; add the two.")
def one_mean_for_both(d_real, d_fake):
    return float(np.concatenate([_log(d_real), _log(1 - d_fake)]).mean())


@value_slip("The two means are averaged. Add them: no factor 1/2.")
def value_halved(d_real, d_fake):
    return gan_value(d_real, d_fake) / 2


@value_slip("The sign is wrong: this is the discriminator's loss, V itself is negative.")
def value_negative(d_real, d_fake):
    return -gan_value(d_real, d_fake)


@value_slip("The logarithm of the mean is not the mean of the logarithms. Take logarithms first.")
def log_of_the_mean(d_real, d_fake):
    return float(_log(d_real.mean()) + _log((1 - d_fake).mean()))


@value_slip("These are logarithms to base 2. Use natural ones, np.log.")
def value_in_bits(d_real, d_fake):
    return gan_value(d_real, d_fake) / np.log(2)


@value_slip("Nothing is clipped: D = 0 or 1 makes the value infinite. Clip each logarithm's argument at 1e-12.")
def value_not_clipped(d_real, d_fake):
    with np.errstate(all="ignore"):
        return float(np.log(d_real).mean() + np.log(1 - d_fake).mean())


@value_slip("1e-12 is added, to every probability. Clip instead: np.maximum(..., 1e-12) changes nothing above.")
def value_with_an_epsilon_added(d_real, d_fake):
    return float(np.log(d_real + 1e-7).mean() + np.log(1 - d_fake + 1e-7).mean())


@value_slip("Only the real samples count here. Add the mean over the fakes.")
def real_alone(d_real, d_fake):
    return float(_log(d_real).mean())


@value_slip("Only the fakes count here. Add the mean over the real samples.")
def fake_alone(d_real, d_fake):
    return float(_log(1 - d_fake).mean())


@value_slip("You subtract the second mean. V is the sum of both.")
def value_as_a_difference(d_real, d_fake):
    return float(_log(d_real).mean() - _log(1 - d_fake).mean())


@value_slip("`d_real[...] = ` writes into the caller's array. np.maximum makes a new one.")
def value_in_place(d_real, d_fake):
    np.maximum(d_real, 1e-12, out=d_real)
    return gan_value(d_real, d_fake)


@d_slip("The sign is wrong: the discriminator raises V, so its loss is -V.")
def d_loss_with_the_wrong_sign(d_real, d_fake):
    return gan_value(d_real, d_fake)


@d_slip("The fakes count with log D(G(z)): the discriminator would call them real.")
def d_loss_calls_fakes_real(d_real, d_fake):
    return float(-_log(d_real).mean() - _log(d_fake).mean())


@d_slip("The discriminator's loss is halved. It is -V, without a factor.")
def d_loss_halved(d_real, d_fake):
    return d_loss(d_real, d_fake) / 2


@d_slip("You sum over the samples. The loss is made of means.")
def d_loss_summed(d_real, d_fake):
    return float(-_log(d_real).sum() - _log(1 - d_fake).sum())


@g_slip("The two kinds are swapped.")
def kinds_of_loss_swapped(d_fake, kind):
    return g_loss(d_fake, "minimax" if kind == "nonsaturating" else "nonsaturating")


@g_slip("The minimax loss has the wrong sign: it is mean log(1 - D), which falls as D rises.")
def minimax_negative(d_fake, kind):
    return -g_loss(d_fake, kind) if kind == "minimax" else g_loss(d_fake, kind)


@g_slip("The non-saturating loss has the wrong sign: it is -mean log D.")
def nonsaturating_negative(d_fake, kind):
    return g_loss(d_fake, kind) if kind == "minimax" else -g_loss(d_fake, kind)


@g_slip("kind is ignored: both give the minimax loss.")
def always_minimax(d_fake, kind):
    return g_loss(d_fake, "minimax")


@g_slip("kind is ignored: both give the non-saturating loss.")
def always_nonsaturating(d_fake, kind):
    return g_loss(d_fake, "nonsaturating")


@g_slip("The generator wants its fakes called fake: -log(1 - D). It wants them called real: -log D.")
def wants_to_be_found_out(d_fake, kind):
    return g_loss(d_fake, "minimax") if kind == "minimax" else float(-_log(1 - d_fake).mean())


@g_slip("You sum over the fakes. Take the mean.")
def g_loss_summed(d_fake, kind):
    return len(d_fake) * g_loss(d_fake, kind)


@g_slip("Nothing is clipped: D = 0 or 1 makes the loss infinite.")
def g_loss_not_clipped(d_fake, kind):
    with np.errstate(all="ignore"):
        return float(np.log(1 - d_fake).mean() if kind == "minimax" else -np.log(d_fake).mean())


@g_slip("One loss for each fake is given. Take their mean: one number.")
def g_loss_of_each(d_fake, kind):
    return _log(1 - d_fake) if kind == "minimax" else -_log(d_fake)


@g_slip("`d_fake[...] = ` writes into the caller's array. np.maximum makes a new one.")
def g_loss_in_place(d_fake, kind):
    np.clip(d_fake, 1e-12, 1 - 1e-12, out=d_fake)
    return g_loss(d_fake, kind)


# 2. g_logit_grad -------------------------------------------------------------------------------------------------


@wrong("g_logit_grad", "The two kinds are swapped: minimax gives -D, nonsaturating -(1 - D).")
def kinds_of_gradient_swapped(a, kind):
    return g_logit_grad(a, "minimax" if kind == "nonsaturating" else "nonsaturating")


@wrong("g_logit_grad", "That is the derivative with respect to D. Go on to the logit: times D (1 - D).")
def gradient_by_the_probability(a, kind):
    with np.errstate(all="ignore"):
        D = sigmoid(a)
        return -1 / (1 - D) if kind == "minimax" else -1 / D


@wrong("g_logit_grad", "The sign is wrong: both losses fall as the logit rises, so both derivatives are negative.")
def gradient_with_the_wrong_sign(a, kind):
    return -g_logit_grad(a, kind)


@wrong("g_logit_grad", "The derivative of the logistic function is taken twice: one factor D or 1 - D is too many.")
def chain_rule_twice(a, kind):
    D = sigmoid(a)
    return -D * D * (1 - D) if kind == "minimax" else -(1 - D) * D * (1 - D)


@wrong("g_logit_grad", "The derivative of the logistic function alone is not enough: the logarithm has one too.")
def slope_of_the_sigmoid(a, kind):
    D = sigmoid(a)
    return -D * (1 - D)


@wrong("g_logit_grad", "You divide by the number of samples. The derivative of each sample's own loss is asked.")
def gradient_averaged(a, kind):
    return g_logit_grad(a, kind) / max(np.size(a), 1)


@wrong("g_logit_grad", "The logit itself is taken for the probability. Apply the sigmoid first.")
def logit_taken_for_probability(a, kind):
    return -np.asarray(a) if kind == "minimax" else -(1 - np.asarray(a))


@wrong("g_logit_grad", "kind is ignored: both give -D.")
def gradient_always_minimax(a, kind):
    return g_logit_grad(a, "minimax")


@wrong("g_logit_grad", "kind is ignored: both give -(1 - D).")
def gradient_always_nonsaturating(a, kind):
    return g_logit_grad(a, "nonsaturating")


@wrong("g_logit_grad", "Far logits give NaN: e^a overflows in e^a / (1 + e^a). Use the sigmoid that is given.")
def gradient_overflows(a, kind):
    with np.errstate(all="ignore"):
        D = np.exp(a) / (1 + np.exp(a))
    return -D if kind == "minimax" else -(1 - D)


@wrong("g_logit_grad", "The mean over the samples is given. Give each sample's own derivative, in the shape of a.")
def mean_gradient(a, kind):
    return g_logit_grad(a, kind).mean()


@wrong("g_logit_grad", "The logits are overwritten. Work on a copy.")
def logits_in_place(a, kind):
    a *= 1 if kind == "minimax" else -1
    return -sigmoid(a)


# 3. optimal_discriminator ----------------------------------------------------------------------------------------

best_slip = partial(wrong, "optimal_discriminator", replaces="optimal_discriminator")
optimum_slip = partial(wrong, "optimal_discriminator", replaces="value_at_optimum")


@best_slip("Where neither law has the sample you divide 0 by 0. The text asks for 1/2 there.")
def best_is_nan(p, q):
    with np.errstate(all="ignore"):
        return p / (p + q)


@best_slip("Where neither law has the sample you answer 0. The text asks for 1/2 there.")
def best_is_zero(p, q):
    return np.where(p + q > 0, optimal_discriminator(p, q), 0.0)


@best_slip("The laws are swapped: D is the probability of being real, p / (p + q).")
def best_for_the_fakes(p, q):
    return optimal_discriminator(q, p)


@best_slip("That is the ratio p / q, no probability. Divide by p + q.")
def ratio_of_the_laws(p, q):
    with np.errstate(all="ignore"):
        return p / q


@best_slip("You normalise over all samples. Each sample has its own answer, p_i / (p_i + q_i).")
def normalised_over_all(p, q):
    return p / (p + q).sum()


@best_slip("The best discriminator is not a yes or no: it is the probability p / (p + q).")
def best_decides(p, q):
    return np.where(p == q, 0.5, (p > q).astype(float))


@best_slip("1/2 everywhere is the answer for p = q only.")
def best_always_guesses(p, q):
    return np.full(len(p), 0.5)


@best_slip("p + q is formed in the caller's array (`p += q`). Make a new one.")
def best_in_place(p, q):
    best = optimal_discriminator(p, q)
    q += p
    return best


@optimum_slip("0 log 0 gives NaN. A sample with probability 0 adds nothing: leave it out.")
def optimum_is_nan(p, q):
    with np.errstate(all="ignore"):
        best = optimal_discriminator(p, q)
        return float((p * np.log(best) + q * np.log(1 - best)).sum())


@optimum_slip("JS counts twice: V = -log 4 + 2 JS.")
def optimum_with_one_divergence(p, q):
    return float((value_at_optimum(p, q) - np.log(4)) / 2)


@optimum_slip("-log 4 is missing: this is 2 JS.")
def divergence_alone(p, q):
    return float(value_at_optimum(p, q) + np.log(4))


@optimum_slip("The mean over the samples is not weighted: sum p log D + q log(1 - D).")
def optimum_not_weighted(p, q):
    return gan_value(optimal_discriminator(p, q), optimal_discriminator(p, q))


@optimum_slip("The sign is wrong: V is never positive.")
def optimum_negative(p, q):
    return -value_at_optimum(p, q)


@optimum_slip("Only the real samples count here. Add q log(1 - D).")
def optimum_of_the_real(p, q):
    return float((p * np.log(np.where(p > 0, optimal_discriminator(p, q), 1))).sum())


@optimum_slip("You average over the K samples. The laws are the weights: sum.")
def optimum_averaged(p, q):
    return value_at_optimum(p, q) / len(p)


@optimum_slip("-log 4 is the value for p = q only.")
def always_log_four(p, q):
    return float(-np.log(4))


@optimum_slip("The laws are normalised in the caller's arrays (`p /= ...`). Make new ones.")
def optimum_in_place(p, q):
    best = value_at_optimum(p, q)
    p /= 2
    return best


# 4. gan_steps ----------------------------------------------------------------------------------------------------


def _played(params, real, noise, lr, k, d_sign=1, g_sign=-1, fresh=True, own=True, at_once=False, kind="nonsaturating",
            total=False, fakes=True, through=True, sequential=False, last=None):  # fmt: skip
    """The rounds, but for what a slip changes."""
    a, b, u, v = params
    path, mean = [], np.sum if total else np.mean
    for x, z in zip(real, noise, strict=True):
        before, first = (u, v), a * z[0] + b
        for j in range(k):
            fake = a * z[j] + b if fresh else first
            up, down = 1 - sigmoid(u * x + v), sigmoid(u * fake + v) * fakes
            du, dv = mean(up * x) - mean(down * fake), mean(up) - mean(down)
            u = u + d_sign * lr * du
            if sequential:
                dv = mean(1 - sigmoid(u * x + v)) - mean(sigmoid(u * fake + v))
            v = v + d_sign * lr * dv
        z = z[k if own else 0]
        s, t = before if at_once else (u, v)
        pull = g_logit_grad(s * (a * z + b) + t, kind) * (s if through else 1)
        a, b = a + g_sign * lr * mean(pull * z), b + g_sign * lr * mean(pull)
        path.append([a, b, u, v])
    return np.array(path)


_rounds_slip = partial(wrong, "gan_steps")


@_rounds_slip("G moves against the old D: both sides move at once. G's step uses the u, v that D's steps left.")
def both_at_once(params, real, noise, lr, k):
    return _played(params, real, noise, lr, k, at_once=True)


@_rounds_slip("D goes down V. It goes up: u + lr ..., v + lr ....")
def discriminator_downhill(params, real, noise, lr, k):
    return _played(params, real, noise, lr, k, d_sign=-1)


@_rounds_slip("G goes up its loss. It goes down: a - lr ..., b - lr ....")
def generator_uphill(params, real, noise, lr, k):
    return _played(params, real, noise, lr, k, g_sign=1)


@_rounds_slip("The fakes are made once a round. Each step of D gets new ones, from its own row of noise.")
def fakes_not_made_anew(params, real, noise, lr, k):
    return _played(params, real, noise, lr, k, fresh=False)


@_rounds_slip("G uses D's first row of noise. Its own is the last one, noise[t, k].")
def noise_used_again(params, real, noise, lr, k):
    return _played(params, real, noise, lr, k, own=False)


@_rounds_slip("G goes down the minimax loss. The non-saturating one is asked: its pull is -(1 - D) u.")
def saturating_generator(params, real, noise, lr, k):
    return _played(params, real, noise, lr, k, kind="minimax")


@_rounds_slip("You sum over the batch. Every gradient is a mean.")
def gradients_summed(params, real, noise, lr, k):
    return _played(params, real, noise, lr, k, total=True)


@_rounds_slip("D learns from the real samples only. The fakes pull it down.")
def discriminator_without_the_fakes(params, real, noise, lr, k):
    return _played(params, real, noise, lr, k, fakes=False)


@_rounds_slip("The factor u is missing in G's gradient: it goes back through the logit u f + v.")
def generator_without_the_chain_rule(params, real, noise, lr, k):
    return _played(params, real, noise, lr, k, through=False)


@_rounds_slip("v is moved with the new u. Both are moved from where they were before the step.")
def discriminator_one_by_one(params, real, noise, lr, k):
    return _played(params, real, noise, lr, k, sequential=True)


@_rounds_slip("D makes one step a round, whatever k is. It makes k.")
def one_step_of_the_discriminator(params, real, noise, lr, k):
    return _played(params, real, noise[:, [0, k]], lr, 1)


@_rounds_slip("D makes k + 1 steps a round: the last row of noise is for G alone.")
def one_step_too_many(params, real, noise, lr, k):
    return _played(params, real, np.concatenate([noise, noise[:, -1:]], axis=1), lr, k + 1)


@_rounds_slip("Every round has the first batch of real samples. Round t has real[t].")
def always_the_first_batch(params, real, noise, lr, k):
    return gan_steps(params, np.tile(real[:1], (len(real), 1)), noise, lr, k)


@_rounds_slip("G moves before D. First the k steps of D, then G.")
def generator_first(params, real, noise, lr, k):
    a, b, u, v = params
    path = []
    for x, z in zip(real, noise, strict=True):
        pull = g_logit_grad(u * (a * z[k] + b) + v, "nonsaturating") * u
        a, b = a - lr * np.mean(pull * z[k]), b - lr * np.mean(pull)
        for row in z[:k]:
            _, _, u, v = gan_steps((a, b, u, v), x[None], np.stack([row, 0 * row])[None], lr, 1)[0]
        path.append([a, b, u, v])
    return np.array(path)


@_rounds_slip("The path begins with the start. Row t holds the parameters after round t: n rows.")
def path_with_its_start(params, real, noise, lr, k):
    return np.vstack([params, gan_steps(params, real, noise, lr, k)])


@_rounds_slip("Only the last parameters are given. The whole path is asked, a row for each round.")
def end_of_the_path(params, real, noise, lr, k):
    return gan_steps(params, real, noise, lr, k)[-1]


@_rounds_slip("All rows are the last one: the same array was appended again and again. Append a copy.")
def path_of_one_array(params, real, noise, lr, k):
    path = gan_steps(params, real, noise, lr, k)
    return np.repeat(path[-1:], len(path), axis=0)


@_rounds_slip("The columns are u, v, a, b. The order is a, b, u, v.")
def columns_swapped(params, real, noise, lr, k):
    return gan_steps(params, real, noise, lr, k)[:, [2, 3, 0, 1]]


@_rounds_slip("`params[...] = ` writes into the caller's array. Work on copies.")
def parameters_in_place(params, real, noise, lr, k):
    path = gan_steps(params, real, noise, lr, k)
    if isinstance(params, np.ndarray):
        params[:] = path[-1]
    return path


# 5. bilinear_game ------------------------------------------------------------------------------------------------


@wrong("bilinear_game", 'y answers the new x in both modes. In "simultaneous" it answers the old one.')
def always_alternating(x0, y0, lr, n, mode):
    return bilinear_game(x0, y0, lr, n, "alternating")


@wrong("bilinear_game", 'y answers the old x in both modes. In "alternating" it answers the new one.')
def always_simultaneous(x0, y0, lr, n, mode):
    return bilinear_game(x0, y0, lr, n, "simultaneous")


@wrong("bilinear_game", "The two modes are swapped.")
def modes_swapped(x0, y0, lr, n, mode):
    return bilinear_game(x0, y0, lr, n, "alternating" if mode == "simultaneous" else "simultaneous")


@wrong("bilinear_game", "Both go down. x lowers xy, y raises it: y + lr x.")
def both_go_down(x0, y0, lr, n, mode):
    path = [(x0, y0)]
    for _ in range(n):
        x, y = path[-1]
        new = x - lr * y
        path.append((new, y - lr * (x if mode == "simultaneous" else new)))
    return np.array(path)


@wrong("bilinear_game", "The roles are swapped: x lowers xy, y raises it.")
def roles_swapped(x0, y0, lr, n, mode):
    return bilinear_game(x0, y0, -lr, n, mode)


@wrong("bilinear_game", "Each moves along its own value. The derivative of xy by x is y, by y it is x.")
def derivatives_swapped(x0, y0, lr, n, mode):
    t = np.arange(n + 1)
    return np.stack([x0 * (1 - lr) ** t, y0 * (1 + lr) ** t], axis=1)


@wrong("bilinear_game", "y moves first. Alternating means x first, then y from the new x.")
def y_first(x0, y0, lr, n, mode):
    if mode == "simultaneous":
        return bilinear_game(x0, y0, lr, n, mode)
    path = [(x0, y0)]
    for _ in range(n):
        x, y = path[-1]
        path.append((x - lr * (y + lr * x), y + lr * x))
    return np.array(path)


@wrong("bilinear_game", "The start is missing in the path: n + 1 rows.")
def start_forgotten(x0, y0, lr, n, mode):
    return bilinear_game(x0, y0, lr, n, mode)[1:]


@wrong("bilinear_game", "The path is one step short: the start and n steps.")
def one_step_short(x0, y0, lr, n, mode):
    return bilinear_game(x0, y0, lr, n, mode)[:-1]


@wrong("bilinear_game", "All rows are the last point: the same array was appended again and again. Append a copy.")
def game_of_one_array(x0, y0, lr, n, mode):
    return np.repeat(bilinear_game(x0, y0, lr, n, mode)[-1:], n + 1, axis=0)


@wrong("bilinear_game", "The path is turned: points are rows, shape (n + 1, 2).")
def path_turned(x0, y0, lr, n, mode):
    return bilinear_game(x0, y0, lr, n, mode).T


@wrong("bilinear_game", "Coordinates are swapped: rows are (x, y).")
def coordinates_swapped(x0, y0, lr, n, mode):
    return bilinear_game(x0, y0, lr, n, mode)[:, ::-1]


# 6. mode_coverage ------------------------------------------------------------------------------------------------


def _coverage(counts, N):
    """The dict, from the numbers of samples that belong to each center."""
    counts = np.asarray(counts)
    kl = np.inf
    if counts.sum():
        s = counts / counts.sum()
        kl = float((s * np.log(np.where(s > 0, len(s) * s, 1))).sum())
    return {"covered": int((counts > 0).sum()), "share": counts / N, "kl_to_uniform": kl}


def _distance(samples, centers):
    return np.sqrt(((samples[:, None] - centers) ** 2).sum(axis=2))


@wrong("mode_coverage", "The radius is ignored: a sample far from every center belongs to none.")
def nearest_without_radius(samples, centers, radius):
    return mode_coverage(samples, centers, np.inf)


@wrong("mode_coverage", "covered counts samples. Count modes: centers with at least one sample.")
def samples_counted(samples, centers, radius):
    found = mode_coverage(samples, centers, radius)
    return found | {"covered": round(found["share"].sum() * len(samples))}


@wrong("mode_coverage", "The shares are fractions of the samples near a mode. They are fractions of all samples.")
def shares_of_the_near(samples, centers, radius):
    found = mode_coverage(samples, centers, radius)
    return found | {"share": found["share"] / max(found["share"].sum(), 1e-300)}


@wrong("mode_coverage", "share holds counts. Divide by the number of samples.")
def counts_for_shares(samples, centers, radius):
    found = mode_coverage(samples, centers, radius)
    return found | {"share": found["share"] * len(samples)}


@wrong("mode_coverage", "covered is a fraction. It is a count of modes.")
def covered_as_a_fraction(samples, centers, radius):
    found = mode_coverage(samples, centers, radius)
    return found | {"covered": found["covered"] / len(centers)}


@wrong("mode_coverage", "The border does not count here. A sample at exactly the radius belongs: <=.")
def border_left_out(samples, centers, radius):
    distance = _distance(samples, centers)
    nearest = distance.argmin(axis=1)[distance.min(axis=1) < radius]
    return _coverage(np.bincount(nearest, minlength=len(centers)), len(samples))


@wrong("mode_coverage", "Where circles overlap a sample counts for several modes. It belongs to the nearest one only.")
def every_center_within_the_radius(samples, centers, radius):
    return _coverage((_distance(samples, centers) <= radius).sum(axis=0), len(samples))


@wrong("mode_coverage", "Where circles overlap a sample goes to the first center within the radius. Take the nearest.")
def first_center_within_the_radius(samples, centers, radius):
    within = _distance(samples, centers) <= radius
    return _coverage((within & (within.cumsum(axis=1) == 1)).sum(axis=0), len(samples))


@wrong("mode_coverage", "The squared distance is compared with the radius. Take its root, or square the radius.")
def distance_squared(samples, centers, radius):
    return mode_coverage(samples, centers, np.sqrt(radius))


@wrong("mode_coverage", "The distance is the sum of absolute differences. Take the Euclidean one.")
def distance_along_the_axes(samples, centers, radius):
    distance = np.abs(samples[:, None] - centers).sum(axis=2)
    nearest = distance.argmin(axis=1)[distance.min(axis=1) <= radius]
    return _coverage(np.bincount(nearest, minlength=len(centers)), len(samples))


@wrong("mode_coverage", "The shares are not normalised in the KL. Divide them by their sum first.")
def divergence_of_raw_shares(samples, centers, radius):
    found = mode_coverage(samples, centers, radius)
    s = found["share"]
    if not s.any():
        return found
    return found | {"kl_to_uniform": float((s * np.log(np.where(s > 0, len(s) * s, 1))).sum())}


@wrong("mode_coverage", "A mode without samples makes the KL NaN. 0 log 0 counts as 0.")
def divergence_is_nan(samples, centers, radius):
    found = mode_coverage(samples, centers, radius)
    with np.errstate(all="ignore"):
        s = found["share"] / found["share"].sum()
        return found | {"kl_to_uniform": float((s * np.log(len(s) * s)).sum())}


@wrong("mode_coverage", "The KL runs the other way round: s is the first law, the uniform one the second.")
def divergence_reversed(samples, centers, radius):
    found = mode_coverage(samples, centers, radius)
    with np.errstate(all="ignore"):
        s = found["share"] / found["share"].sum()
        return found | {"kl_to_uniform": float(-np.log(len(s) * s).mean())}


@wrong("mode_coverage", "This is the negative entropy, sum s log s. log K is missing.")
def negative_entropy(samples, centers, radius):
    found = mode_coverage(samples, centers, radius)
    return found | {"kl_to_uniform": found["kl_to_uniform"] - np.log(len(centers))}


@wrong("mode_coverage", "Uniform over the covered modes is not uniform over all K: the KL is to 1 / K.")
def uniform_over_the_covered(samples, centers, radius):
    found = mode_coverage(samples, centers, radius)
    return found | {"kl_to_uniform": found["kl_to_uniform"] + np.log(max(found["covered"], 1) / len(centers))}


@wrong("mode_coverage", "Without any sample near a mode the KL is 0 here. The text asks for np.inf.")
def nothing_is_uniform(samples, centers, radius):
    found = mode_coverage(samples, centers, radius)
    return found if found["covered"] else found | {"kl_to_uniform": 0.0}


@wrong("mode_coverage", "Trailing modes without samples are missing in share: np.bincount needs minlength=K.")
def trailing_modes_forgotten(samples, centers, radius):
    found = mode_coverage(samples, centers, radius)
    return found | {"share": found["share"][found["share"] > 0]}


@wrong("mode_coverage", "The samples are moved in place. Make a new array.")
def samples_in_place(samples, centers, radius):
    found = mode_coverage(samples, centers, radius)
    samples -= centers[0]
    return found


# 7. cycle_loss ---------------------------------------------------------------------------------------------------

label_slip = partial(wrong, "cycle_loss", replaces="cgan_input")
cycle_slip = partial(wrong, "cycle_loss", replaces="cycle_loss")
total_slip = partial(wrong, "cycle_loss", replaces="cyclegan_total")


@label_slip("The label stands in front. It follows the sample.")
def label_first(x, y, K):
    return np.concatenate([np.eye(K)[y], x], axis=1)


@label_slip("The label is appended as a number. Append its one-hot code.")
def label_as_a_number(x, y, K):
    return np.column_stack([x, y])


@label_slip("Labels start at 0: label 0 has its 1 in the first place.")
def labels_from_one(x, y, K):
    return np.concatenate([x, np.eye(K)[y - 1]], axis=1)


@label_slip("The code is as long as the largest label here. It has K places.")
def code_too_short(x, y, K):
    return np.concatenate([x, np.eye(y.max() + 1)[y]], axis=1)


@label_slip("All rows get the label of the first sample.")
def one_label_for_all(x, y, K):
    return np.concatenate([x, np.eye(K)[np.full(len(y), y[0])]], axis=1)


@label_slip("Label and sample are added. Put them side by side.")
def label_alone(x, y, K):
    return np.eye(K)[y]


@label_slip("The caller's array is written to. Make a new one.")
def labelled_in_place(x, y, K):
    given = cgan_input(x, y, K)
    x *= 0
    return given


@cycle_slip("The differences are squared. The norm is the sum of absolute values.")
def cycle_squared(x, fgx, y, gfy):
    return float(((fgx - x) ** 2).sum(axis=1).mean() + ((gfy - y) ** 2).sum(axis=1).mean())


@cycle_slip("The Euclidean norm is taken. The 1-norm is the sum of absolute values.")
def cycle_euclidean(x, fgx, y, gfy):
    return float(np.linalg.norm(fgx - x, axis=1).mean() + np.linalg.norm(gfy - y, axis=1).mean())


@cycle_slip("Only the way x -> y -> x counts here. Add the other way.")
def only_one_way(x, fgx, y, gfy):
    return float(np.abs(fgx - x).sum(axis=1).mean())


@cycle_slip("Only the way y -> x -> y counts here. Add the other way.")
def only_the_other_way(x, fgx, y, gfy):
    return float(np.abs(gfy - y).sum(axis=1).mean())


@cycle_slip("The absolute values are missing: errors of both signs cancel.")
def cycle_signed(x, fgx, y, gfy):
    return float((fgx - x).sum(axis=1).mean() + (gfy - y).sum(axis=1).mean())


@cycle_slip("You average over the coordinates. Sum over them, average over samples.")
def mean_over_coordinates(x, fgx, y, gfy):
    return float(np.abs(fgx - x).mean() + np.abs(gfy - y).mean())


@cycle_slip("You sum over the samples. Take the mean over samples.")
def sum_over_samples(x, fgx, y, gfy):
    return float(np.abs(fgx - x).sum() + np.abs(gfy - y).sum())


@cycle_slip("Both ways are averaged. Add them.")
def cycle_halved(x, fgx, y, gfy):
    return cycle_loss(x, fgx, y, gfy) / 2


@cycle_slip("The difference is formed in the caller's array (`fgx -= x`). Make a new one.")
def cycle_in_place(x, fgx, y, gfy):
    fgx -= x
    return float(np.abs(fgx).sum(axis=1).mean() + np.abs(gfy - y).sum(axis=1).mean())


@total_slip("The slide calls D_X, D_Y generators, and you treat them so: real and fake are swapped.")
def judges_taken_for_generators(dy_real, dy_fake, dx_real, dx_fake, cycle, lam):
    return gan_value(dy_fake, dy_real) + gan_value(dx_fake, dx_real) + lam * cycle


@total_slip("Only the game in the domain Y counts here. Add that in X.")
def only_one_game(dy_real, dy_fake, dx_real, dx_fake, cycle, lam):
    return gan_value(dy_real, dy_fake) + lam * cycle


@total_slip("Only the game in the domain X counts here. Add that in Y.")
def only_the_other_game(dy_real, dy_fake, dx_real, dx_fake, cycle, lam):
    return gan_value(dx_real, dx_fake) + lam * cycle


@total_slip("lambda is missing.")
def cycle_not_weighted(dy_real, dy_fake, dx_real, dx_fake, cycle, lam):
    return gan_value(dy_real, dy_fake) + gan_value(dx_real, dx_fake) + cycle


@total_slip("lambda multiplies the games. It weighs the cycle loss.")
def games_weighted(dy_real, dy_fake, dx_real, dx_fake, cycle, lam):
    return lam * (gan_value(dy_real, dy_fake) + gan_value(dx_real, dx_fake)) + cycle


@total_slip("The cycle loss is missing.")
def cycle_forgotten(dy_real, dy_fake, dx_real, dx_fake, cycle, lam):
    return gan_value(dy_real, dy_fake) + gan_value(dx_real, dx_fake)


@total_slip("The discriminators' losses -V are added. L is made of V itself.")
def losses_for_values(dy_real, dy_fake, dx_real, dx_fake, cycle, lam):
    return d_loss(dy_real, dy_fake) + d_loss(dx_real, dx_fake) + lam * cycle


@total_slip("The caller's arrays are clipped in place. Make new ones.")
def total_in_place(dy_real, dy_fake, dx_real, dx_fake, cycle, lam):
    total = gan_value(dy_real, dy_fake) + gan_value(dx_real, dx_fake) + lam * cycle
    dy_real *= 0.5
    return total


# 8. train_gan: one step ------------------------------------------------------------------------------------------

step_slip = partial(wrong, "train_gan", replaces="gan_step")


def _backward(params, X, dY):
    """Gradients of every layer, and of X, from dY at the output."""
    Ys, grads = [X], []
    for W, b in params[:-1]:
        Ys.append(np.maximum(Ys[-1] @ W.T + b, 0))
    for (W, _), Y in zip(params[::-1], Ys[::-1], strict=True):
        back = linear_backward(dY, W, Y)
        grads.append((back["dW"], back["db"]))
        dY = back["dY"] * (Y > 0)
    return grads[::-1], back["dY"]


def _moved(params, grads, lr):
    return [(W - lr * dW, b - lr * db) for (W, b), (dW, db) in zip(params, grads, strict=True)]


def _stepped(G, D, X, Z, lr, at_once=False, up=1, g_up=1, again=False, kind="nonsaturating", weight=1.0, total=False):
    """Both steps, but for what a slip changes."""
    old, fake = D, forward(G, Z[0])
    N = 1 if total else len(X)
    real_logit, fake_logit = forward(D, X), forward(D, fake)
    on_real, _ = _backward(D, X, -weight * sigmoid(-real_logit) / N)
    on_fake, _ = _backward(D, fake, weight * sigmoid(fake_logit) / N)
    d = np.logaddexp(0, -real_logit).mean() + np.logaddexp(0, fake_logit).mean()
    grads = [(r[0] + f[0], r[1] + f[1]) for r, f in zip(on_real, on_fake, strict=True)]
    D = _moved(D, grads, up * lr)
    z, judge = Z[0] if again else Z[1], old if at_once else D
    fake = forward(G, z)
    logit = forward(judge, fake)
    g = np.logaddexp(0, -logit).mean() if kind == "nonsaturating" else -np.logaddexp(0, logit).mean()
    _, dfake = _backward(judge, fake, g_logit_grad(logit, kind) / N)
    grads, _ = _backward(G, z, dfake)
    return _moved(G, grads, g_up * lr), D, weight * float(d), float(g)


@step_slip("G is judged by the old D. It is judged by the D that step 1 has made.")
def generator_judged_by_the_old(G, D, X, Z, lr):
    return _stepped(G, D, X, Z, lr, at_once=True)


@step_slip("D goes up its loss. Both networks go down theirs.")
def discriminator_up_its_loss(G, D, X, Z, lr):
    return _stepped(G, D, X, Z, lr, up=-1)


@step_slip("G goes up its loss: it learns to be found out.")
def generator_up_its_loss(G, D, X, Z, lr):
    return _stepped(G, D, X, Z, lr, g_up=-1)


@step_slip("Z[0] serves both steps. The fakes of G's step come from Z[1].")
def noise_of_the_first_step_again(G, D, X, Z, lr):
    return _stepped(G, D, X, Z, lr, again=True)


@step_slip("G goes down the minimax loss. The non-saturating one is asked.")
def step_with_the_minimax_loss(G, D, X, Z, lr):
    return _stepped(G, D, X, Z, lr, kind="minimax")


@step_slip("The loss of D is halved. It is the sum of two means.")
def step_with_half_the_loss(G, D, X, Z, lr):
    return _stepped(G, D, X, Z, lr, weight=0.5)


@step_slip("The gradients are sums over the batch. The losses are means.")
def step_with_summed_gradients(G, D, X, Z, lr):
    return _stepped(G, D, X, Z, lr, total=True)


@step_slip("D stays as it was. Step 1 moves it.")
def discriminator_not_moved(G, D, X, Z, lr):
    new, _, d, g = _stepped(G, D, X, Z, lr)
    return new, D, d, g


@step_slip("G stays as it was: in step 2 the fakes must not be detached, or no gradient reaches G.")
def generator_not_moved(G, D, X, Z, lr):
    _, new, d, g = gan_update(G, D, X, Z, lr)
    return G, new, d, g


@step_slip("Step 2 moves D as well. It moves G only.")
def discriminator_moved_twice(G, D, X, Z, lr):
    new_G, new, d, g = gan_update(G, D, X, Z, lr)
    fake = forward(G, Z[1])
    grads, _ = _backward(new, fake, -sigmoid(-forward(new, fake)) / len(fake))
    return new_G, _moved(new, grads, lr), d, g


@step_slip(
    "The gradient of D's loss piles up in G's step: fakes must be detached in step 1, or call zero_grad before step 2."
)
def generator_hears_the_loss_of_the_discriminator(G, D, X, Z, lr):
    new_G, new, d, g = gan_update(G, D, X, Z, lr)
    fake = forward(G, Z[0])
    _, dfake = _backward(D, fake, sigmoid(forward(D, fake)) / len(fake))
    grads, _ = _backward(G, Z[0], dfake)
    return _moved(new_G, grads, lr), new, d, g


@step_slip("D has its labels swapped: real samples count as fake.")
def step_with_swapped_labels(G, D, X, Z, lr):
    fake = forward(G, Z[0])
    real_logit, fake_logit = forward(D, X), forward(D, fake)
    on_real, _ = _backward(D, X, sigmoid(real_logit) / len(X))
    on_fake, _ = _backward(D, fake, -sigmoid(-fake_logit) / len(X))
    grads = [(r[0] + f[0], r[1] + f[1]) for r, f in zip(on_real, on_fake, strict=True)]
    new = _moved(D, grads, lr)
    new_G, _, _, g = _stepped(G, new, X, Z, lr, at_once=True)
    return new_G, new, float(np.logaddexp(0, real_logit).mean() + np.logaddexp(0, -fake_logit).mean()), g


@step_slip("The biases stay. Every parameter moves.")
def biases_not_moved(G, D, X, Z, lr):
    new_G, new, d, g = gan_update(G, D, X, Z, lr)
    kept = [[(W, b) for (W, _), (_, b) in zip(moved, net, strict=True)] for moved, net in ((new_G, G), (new, D))]
    return *kept, d, g


@step_slip("The losses are those after the steps. Give those before.")
def losses_after_the_steps(G, D, X, Z, lr):
    new_G, new, _, _ = gan_update(G, D, X, Z, lr)
    _, _, d, _ = gan_update(G, new, X, Z, lr)
    return new_G, new, d, float(np.logaddexp(0, -forward(new, forward(new_G, Z[1]))).mean())


@step_slip("The two networks are swapped in the answer: first G, then D.")
def networks_swapped(G, D, X, Z, lr):
    new_G, new, d, g = gan_update(G, D, X, Z, lr)
    return new, new_G, d, g


@step_slip("The losses are swapped in the answer: first that of D.")
def losses_swapped(G, D, X, Z, lr):
    new_G, new, d, g = gan_update(G, D, X, Z, lr)
    return new_G, new, g, d


@step_slip("The caller's arrays are moved: torch.from_numpy shares memory. Use torch.tensor, which copies.")
def networks_moved_in_place(G, D, X, Z, lr):
    new_G, new, d, g = gan_update(G, D, X, Z, lr)
    for net, moved in ((G, new_G), (D, new)):
        for (W, b), (W_moved, b_moved) in zip(net, moved, strict=True):
            W[:], b[:] = W_moved, b_moved
    return new_G, new, d, g


# 8. train_gan: training ------------------------------------------------------------------------------------------

training_slip = partial(wrong, "train_gan", replaces="train_gan")


def _d_loss(real, fake):
    """From logits."""
    import torch

    return torch.nn.functional.softplus(-real).mean() + torch.nn.functional.softplus(fake).mean()


def _g_loss(fake):
    import torch

    return torch.nn.functional.softplus(-fake).mean()


def _trained(
    Xtr, seed, steps, d_loss=_d_loss, g_loss=_g_loss, noise="normal", clear=True, blur=0.6, start=1.0, d_lr=0.01,
    momentum=0.5, size=128, outputs=2,
):  # fmt: skip
    """A GAN trained by the recipe, but for what a slip changes -> the generator."""
    import torch

    torch.set_num_threads(1)
    if seed is None:
        torch.seed()
    else:
        torch.manual_seed(seed)
    X = torch.tensor(Xtr, dtype=torch.float32)

    def net(*sizes):
        p = []
        for i, o in pairwise(sizes):
            p += [(start * (6 / (o + i)) ** 0.5 * (2 * torch.rand(o, i) - 1)).requires_grad_()]
            p += [torch.zeros(o, requires_grad=True)]
        return p

    def run(p, Y):
        for W, b in zip(p[:-2:2], p[1:-2:2], strict=True):
            Y = torch.relu(torch.addmm(b, Y, W.T))
        return torch.addmm(p[-1], Y, p[-2].T)

    draws = {
        "normal": lambda: torch.randn(size, 8),
        "none": lambda: torch.zeros(size, 8),
        "uniform": lambda: torch.rand(size, 8),
        "same": lambda: torch.randn(1, 8).expand(size, 8),
    }
    G, D = net(8, 32, 32, outputs), net(outputs, 32, 32, 1)
    g_opt = torch.optim.Adam(G, lr=0.01, betas=(momentum, 0.999))
    d_opt = torch.optim.Adam(D, lr=d_lr, betas=(momentum, 0.999))
    for t in range(steps):
        left = 1 - t / steps
        g_opt.param_groups[0]["lr"], d_opt.param_groups[0]["lr"] = 0.01 * left, d_lr * left
        fake = run(G, draws[noise]())
        real = X[torch.randint(len(X), (size,))]
        if blur:
            real, fake = (Y + blur * left * torch.randn(size, outputs) for Y in (real, fake))
        if clear:
            d_opt.zero_grad()
        d_loss(run(D, real), run(D, fake.detach())).backward()
        d_opt.step()
        if clear:
            g_opt.zero_grad()
        g_loss(run(D, fake)).backward()
        g_opt.step()
    return [(W.detach().numpy(), b.detach().numpy()) for W, b in zip(G[::2], G[1::2], strict=True)]


@training_slip(
    "The generator's fakes are labelled 0 in its own step: it learns to be found out. It wants D to say real."
)
def generator_with_the_wrong_label(Xtr, seed, steps=500):
    return _trained(Xtr, seed, steps, g_loss=lambda fake: _g_loss(-fake))


@training_slip(
    "The discriminator's labels are swapped: it calls real what is fake, and your generator runs from the data."
)
def discriminator_with_swapped_labels(Xtr, seed, steps=500):
    return _trained(Xtr, seed, steps, d_loss=lambda real, fake: _d_loss(fake, real))


@training_slip("The discriminator is never trained, so the generator learns to please its first opinion.")
def discriminator_never_trained(Xtr, seed, steps=500):
    return _trained(Xtr, seed, steps, d_lr=0.0)


@training_slip("The discriminator sees real samples only. It must see fakes too, and call them fake.")
def discriminator_without_fakes(Xtr, seed, steps=500):
    return _trained(Xtr, seed, steps, d_loss=lambda real, fake: _g_loss(real) + 0 * fake.mean())


@training_slip("The generator gets no noise: it can make one sample only. Draw z anew for each batch.")
def generator_without_noise(Xtr, seed, steps=500):
    return _trained(Xtr, seed, steps, noise="none")


@training_slip("All samples of a batch share one z. Draw one for each row.")
def one_noise_for_the_batch(Xtr, seed, steps=500):
    return _trained(Xtr, seed, steps, noise="same")


@training_slip("All weights start at zero: no gradient reaches the first layers. Draw them at random.")
def starts_at_zero(Xtr, seed, steps=500):
    return _trained(Xtr, seed, steps, start=0.0)


@training_slip("Fifty steps are too few. Train until the fakes lie on the data.")
def fifty_steps(Xtr, seed, steps=500):
    return _trained(Xtr, seed, min(steps, 50))


@training_slip("The networks are never trained: they stay as they were drawn.")
def never_trained(Xtr, seed, steps=500):
    return _trained(Xtr, seed, 0)


@training_slip("You return the discriminator. Return the generator: its last layer has two outputs.")
def returns_the_discriminator(Xtr, seed, steps=500):
    G = _trained(Xtr, seed, 1)
    return [*G[:-1], (G[-1][0][:1], G[-1][1][:1])]


@training_slip("Matrices are stored as (in, out). They have shape (out, in), as torch.nn.Linear keeps them.")
def matrices_turned(Xtr, seed, steps=500):
    return [(W.T, b) for W, b in _trained(Xtr, seed, 1)]


@training_slip("Your random numbers ignore `seed`, so no run can be repeated. Use torch.manual_seed(seed).")
def ignores_the_seed(Xtr, seed, steps=500):
    return _trained(Xtr, None, min(steps, 20))


@training_slip("You write into the caller's points. Scale a copy, if at all.")
def points_scaled_in_place(Xtr, seed, steps=500):
    G = _trained(Xtr, seed, 1)
    Xtr /= 2
    return G
