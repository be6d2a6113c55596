"""Hidden tests of gan. Points per exercise: 4, 2, 3, 4, 2, 2, 3, 3 = 23.

Shapes are fixed, values are drawn: so a right solution passes and a known wrong one fails under every seed. What is
expected comes from numpy alone: nothing here needs torch. Thresholds of train_gan come from measure_train.md.
"""

import numpy as np

from autograder.checks import agree, award, check, numbers, picture, untouched
from reference import gan
from reference import random as draw
from reference.mlp import forward

KINDS = ("minimax", "nonsaturating")
MODES = ("simultaneous", "alternating")
#: Numbers of real and of fake samples: more of these, of those, as many, one.
COUNTS = ((5, 3), (2, 6), (4, 4), (1, 3), (3, 1))


def _answers(rng, n, m):
    """D(x) and D(G(z)), none near 0, 1/2 or 1."""
    side = rng.permutation(np.resize([0.0, 0.5], n + m))
    d = side + rng.uniform(0.06, 0.44, size=n + m)
    return d[:n], d[n:]


# 1. gan_value ----------------------------------------------------------------------------------------------------


@check("gan_value", points=0.5)
def test_value_by_hand(student):
    """D(x) = (0.9, 0.8), D(G(z)) = (0.3, 0.1)."""
    agree(student.gan_value(np.array([0.9, 0.8]), np.array([0.3, 0.1])), np.log(0.9 * 0.8 * 0.7 * 0.9) / 2)


@check("gan_value", points=0.5)
def test_value(student, rng):
    """`gan_value`: two means, each over its own samples."""
    for n, m in COUNTS:
        d = _answers(rng, n, m)
        agree(student.gan_value(*d), gan.gan_value(*d))


@check("gan_value", points=0.5)
def test_discriminator_loss(student, rng):
    """`d_loss`: what the discriminator lowers."""
    for n, m in COUNTS:
        d = _answers(rng, n, m)
        agree(student.d_loss(*d), gan.d_loss(*d))


@check("gan_value", points=0.75)
def test_minimax_loss(student, rng):
    """`g_loss`, "minimax"."""
    for m in (5, 2, 1):
        _, d_fake = _answers(rng, 1, m)
        agree(student.g_loss(d_fake, "minimax"), gan.g_loss(d_fake, "minimax"))


@check("gan_value", points=0.75)
def test_nonsaturating_loss(student, rng):
    """`g_loss`, "nonsaturating"."""
    for m in (5, 2, 1):
        _, d_fake = _answers(rng, 1, m)
        agree(student.g_loss(d_fake, "nonsaturating"), gan.g_loss(d_fake, "nonsaturating"))


@check("gan_value", points=1)
def test_sure_discriminators(student, rng):
    """Probabilities of exactly 0 and 1: each logarithm's argument is clipped at 1e-12, from below only."""
    for _ in range(2):
        d_real, d_fake = _answers(rng, 3, 4)
        d_real[:2], d_fake[:2] = [0.0, 1.0], [0.0, 1.0]
        agree(student.gan_value(d_real, d_fake), gan.gan_value(d_real, d_fake), what="gan_value")
        agree(student.d_loss(d_real, d_fake), gan.d_loss(d_real, d_fake), what="d_loss")
        # Both kinds at once: a kind that is ignored gives another pair than two that are swapped.
        yours, ours = ([g_loss(d_fake, kind) for kind in KINDS] for g_loss in (student.g_loss, gan.g_loss))
        agree(yours, ours, what="g_loss, both kinds")


@check("gan_value", takes=0.5)
def test_losses_leave_their_inputs(student, rng):
    """`gan_value`, `d_loss` and `g_loss` do not change their inputs."""
    d_real, d_fake = np.array([0.0, 1.0, 0.3]), np.array([1.0, 0.0])
    untouched(student.gan_value, d_real, d_fake)
    untouched(student.d_loss, d_real, d_fake)
    for kind in KINDS:
        untouched(student.g_loss, d_fake, kind)


# 2. g_logit_grad -------------------------------------------------------------------------------------------------


@check("g_logit_grad", points=0.75)
def test_saturating_gradient(student, rng):
    """ "minimax", sample by sample, for every shape."""
    for shape in ((3, 4), (2, 2), (5,), (1,), ()):
        a = draw.away_from_zero(rng, *shape)
        agree(student.g_logit_grad(a, "minimax"), gan.g_logit_grad(a, "minimax"))


@check("g_logit_grad", points=0.75)
def test_nonsaturating_gradient(student, rng):
    """ "nonsaturating", sample by sample, for every shape."""
    for shape in ((3, 4), (2, 2), (5,), (1,), ()):
        a = draw.away_from_zero(rng, *shape)
        agree(student.g_logit_grad(a, "nonsaturating"), gan.g_logit_grad(a, "nonsaturating"))


@check("g_logit_grad", points=0.5)
def test_gradients_at_far_logits(student, rng):
    """Logits of about 40 and 1000, on either side."""
    for far in (1000.0, 40.0):
        a = far * np.array([1.0, -1.0]) * rng.uniform(0.9, 1.0, size=2)
        yours, ours = ([grad(a, kind) for kind in KINDS] for grad in (student.g_logit_grad, gan.g_logit_grad))
        agree(yours, ours)


@check("g_logit_grad", takes=0.5)
def test_gradient_leaves_its_input(student, rng):
    """`g_logit_grad` does not change its input."""
    for kind in KINDS:
        untouched(student.g_logit_grad, draw.away_from_zero(rng, 4), kind)


@picture("g_logit_grad", x_label="logit of the fake, from -6 to 6", y_label="gradient")
def two_gradients(student):
    """What a generator learns from one fake, over its logit: minimax and nonsaturating."""
    a = np.linspace(-6, 6, 25)
    return [numbers(student.g_logit_grad(a, kind), (25,)) for kind in KINDS], [
        gan.g_logit_grad(a, kind) for kind in KINDS
    ]


# 3. optimal_discriminator ----------------------------------------------------------------------------------------


def _laws(rng, K):
    """p and q; from K = 3 on one sample only real, one only fake, from K = 5 on one that never is."""
    p, q = draw.soft_targets(rng, 2, K)
    if K >= 3:
        p[0], q[1] = 0, 0
    if K >= 5:
        p[-1] = q[-1] = 0
    order = rng.permutation(K)
    return p[order] / p.sum(), q[order] / q.sum()


@check("optimal_discriminator", points=0.5)
def test_best_answers(student, rng):
    """`optimal_discriminator` where every sample is possible."""
    for K in (6, 2):
        p, q = draw.soft_targets(rng, 2, K)
        agree(student.optimal_discriminator(p, q), gan.optimal_discriminator(p, q))


@check("optimal_discriminator", points=1)
def test_best_answers_with_zeros(student, rng):
    """`optimal_discriminator` with samples that are never real, never fake, or neither."""
    for K in (7, 5, 3):
        p, q = _laws(rng, K)
        agree(student.optimal_discriminator(p, q), gan.optimal_discriminator(p, q))


@check("optimal_discriminator", points=0.5)
def test_value_of_the_best(student, rng):
    """`value_at_optimum` where every sample is possible."""
    for K in (6, 2):
        p, q = draw.soft_targets(rng, 2, K)
        agree(student.value_at_optimum(p, q), gan.value_at_optimum(p, q))


@check("optimal_discriminator", points=0.5)
def test_value_of_the_best_with_zeros(student, rng):
    """`value_at_optimum` with samples that are never real, never fake, or neither."""
    for K in (7, 5, 3):
        p, q = _laws(rng, K)
        agree(student.value_at_optimum(p, q), gan.value_at_optimum(p, q))


@check("optimal_discriminator", points=0.5)
def test_equal_and_disjoint_laws(student, rng):
    """-log 4 for equal laws, 0 for laws with nothing in common; and (1/2, 1/2, 0) against (1/4, 1/2, 1/4)."""
    p, nothing = draw.soft_targets(rng, 1, 3)[0], np.zeros(3)
    agree(student.value_at_optimum(p, p), -np.log(4))
    agree(student.value_at_optimum(np.append(p, nothing), np.append(nothing, p)), 0.0)
    p, q = np.array([0.5, 0.5, 0]), np.array([0.25, 0.5, 0.25])
    agree(student.value_at_optimum(p, q), np.log(2 / 3) / 2 - np.log(2) + np.log(1 / 3) / 4)


@check("optimal_discriminator", takes=0.5)
def test_best_leaves_its_inputs(student, rng):
    """`optimal_discriminator` and `value_at_optimum` do not change their inputs."""
    untouched(student.optimal_discriminator, *_laws(rng, 5))
    untouched(student.value_at_optimum, *_laws(rng, 5))


# 4. gan_steps ----------------------------------------------------------------------------------------------------


def _rounds(rng, n, B, k):
    """params, real, noise, lr, k; nothing is near 0."""
    params = tuple(float(x) for x in draw.away_from_zero(rng, 4))
    real, noise = 1.5 + draw.away_from_zero(rng, n, B) / 2, draw.away_from_zero(rng, n, k + 1, B)
    return params, real, noise, float(rng.uniform(0.1, 0.3)), k


def _steps_agree(student, rng, columns, sizes):
    for size in sizes:
        inputs = _rounds(rng, *size)
        path = numbers(student.gan_steps(*inputs), (size[0], 4), what="the path")
        agree(path[:, columns], gan.gan_steps(*inputs)[:, columns], profile="recurrence")


@check("gan_steps", points=1)
def test_discriminator_steps(student, rng):
    """u and v after one round, for k = 1 and more."""
    _steps_agree(student, rng, [2, 3], ((1, 4, 1), (1, 3, 3), (1, 2, 2)))


@check("gan_steps", points=1)
def test_generator_step(student, rng):
    """One round with k = 1: all four."""
    for B in (4, 3, 1):
        inputs = _rounds(rng, 1, B, 1)
        agree(student.gan_steps(*inputs), gan.gan_steps(*inputs), profile="recurrence")


@check("gan_steps", points=1)
def test_rounds(student, rng):
    """Several rounds, k = 1: every row of the path."""
    for n, B in ((30, 8), (5, 5), (3, 2)):
        inputs = _rounds(rng, n, B, 1)
        agree(student.gan_steps(*inputs), gan.gan_steps(*inputs), profile="recurrence")


@check("gan_steps", points=1)
def test_rounds_of_several_steps(student, rng):
    """Several rounds with k = 2 and 3."""
    for n, B, k in ((20, 8, 3), (4, 4, 3), (2, 3, 2)):
        inputs = _rounds(rng, n, B, k)
        agree(student.gan_steps(*inputs), gan.gan_steps(*inputs), profile="recurrence")


@check("gan_steps", takes=0.5)
def test_steps_leave_their_inputs(student, rng):
    """`gan_steps` does not change its inputs."""
    _, *inputs = _rounds(rng, 3, 4, 2)
    untouched(student.gan_steps, draw.away_from_zero(rng, 4), *inputs)


@picture("gan_steps", x_label="round", y_label="a, b, u, v")
def path_of_the_smallest_gan(student):
    """Numbers around 3 to be imitated, as in the notebook, every sixth round: the fakes' middle b overshoots and turns back."""
    rng = np.random.default_rng(1)
    inputs = (1.0, 0.0, 0.0, 0.0), 3 + 0.5 * rng.normal(size=(600, 32)), rng.normal(size=(600, 2, 32)), 0.1, 1
    return numbers(student.gan_steps(*inputs), (600, 4))[::6].T, gan.gan_steps(*inputs)[::6].T


# 5. bilinear_game ------------------------------------------------------------------------------------------------


def _game(rng):
    """A start away from the axes, and a step size."""
    return *(float(x) for x in draw.away_from_zero(rng, 2)), float(rng.uniform(0.2, 0.6))


@check("bilinear_game", points=0.5)
def test_both_at_once(student, rng):
    """ "simultaneous": the path with its start."""
    for n in (40, 5, 1):
        start = _game(rng)
        agree(student.bilinear_game(*start, n, "simultaneous"), gan.bilinear_game(*start, n, "simultaneous"))


@check("bilinear_game", points=0.5)
def test_one_after_the_other(student, rng):
    """ "alternating": the path with its start."""
    for n in (40, 5, 1):
        start = _game(rng)
        agree(student.bilinear_game(*start, n, "alternating"), gan.bilinear_game(*start, n, "alternating"))


@check("bilinear_game", points=0.5)
def test_two_modes(student, rng):
    """Both modes from the same start."""
    for n in (10, 2):
        start = _game(rng)
        yours, ours = ([game(*start, n, mode) for mode in MODES] for game in (student.bilinear_game, gan.bilinear_game))
        agree(yours, ours)


@check("bilinear_game", points=0.5)
def test_the_spiral_grows(student, rng):
    """Simultaneous steps: the squared radius grows by 1 + lr^2 in every step, 100 times."""
    x, y, lr = _game(rng)
    lr = lr / 4
    path = numbers(student.bilinear_game(x, y, lr, 100, "simultaneous"), (101, 2), what="the path")
    agree((path**2).sum(axis=1), (x**2 + y**2) * (1 + lr**2) ** np.arange(101))


@picture(
    "bilinear_game", kind="heatmap", x_label="x from -3 to 3, simultaneous beside alternating", y_label="y from -3 to 3"
)
def paths_of_the_game(student):
    """Where the two paths of 200 steps come by, from (1, 1) with lr = 0.1: a spiral and a circle."""
    return _visited(student.bilinear_game), _visited(gan.bilinear_game)


def _visited(game):
    maps = []
    for mode in MODES:
        path = numbers(game(1.0, 1.0, 0.1, 200, mode), (201, 2))
        maps.append(_seen_from_above(path, 3.0))
    return np.hstack(maps)


def _seen_from_above(points, edge, cells=48):
    """How many of the points (N, 2) fall on each cell of a square of half-width `edge`, y upwards; the busiest are cut off."""
    counts, _, _ = np.histogram2d(points[:, 1], points[:, 0], bins=cells, range=[[-edge, edge]] * 2)
    return np.minimum(counts[::-1], 4)


# 6. mode_coverage ------------------------------------------------------------------------------------------------


def _near_modes(rng, counts, strays, d=2):
    """samples, centers, radius: counts[j] samples within the radius of center j, and strays outside of every radius."""
    K = len(counts)
    # Centers 8 and more apart along the first axis, radius about 2, which is not its own square root.
    centers = draw.away_from_zero(rng, K, d) / 4
    centers[:, 0] += 9 * rng.permutation(K)
    radius = float(rng.uniform(1.8, 2.2))
    samples = [np.tile(center, (count, 1)) for center, count in zip(centers, counts, strict=True)]
    samples = [*samples, centers[rng.integers(K, size=strays)]]
    way = rng.normal(size=(sum(counts) + strays, d))
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    reach = np.append(rng.permuted(np.linspace(0.1, 0.95, sum(counts))), rng.uniform(1.05, 1.4, size=strays)) * radius
    samples = np.concatenate(samples) + way * reach[:, None]
    return rng.permutation(samples), centers, radius


@check("mode_coverage", points=0.5)
def test_covered_modes(student, rng):
    """`covered`: modes with at least one sample, whatever lies outside."""
    for counts, strays in (([3, 0, 2, 1], 3), ([0, 0, 4], 2), ([1, 0], 1)):
        inputs = _near_modes(rng, counts, strays)
        agree(student.mode_coverage(*inputs)["covered"], sum(count > 0 for count in counts), what="covered")


@check("mode_coverage", points=0.5)
def test_shares(student, rng):
    """`share`: fractions of all samples, those outside included."""
    for counts, strays, d in (([3, 0, 2, 1], 3, 2), ([2, 3, 5], 2, 3), ([0, 1, 2], 1, 1)):
        inputs = _near_modes(rng, counts, strays, d)
        agree(student.mode_coverage(*inputs)["share"], gan.mode_coverage(*inputs)["share"], what="share")


@check("mode_coverage", points=0.5)
def test_divergence(student, rng):
    """`kl_to_uniform`, of the shares divided by their sum."""
    for counts, strays in (([3, 0, 2, 1], 3), ([2, 2, 2], 0), ([2, 2, 2], 1), ([0, 3, 0], 2)):
        inputs = _near_modes(rng, counts, strays)
        agree(student.mode_coverage(*inputs)["kl_to_uniform"], gan.mode_coverage(*inputs)["kl_to_uniform"])


@check("mode_coverage", points=0.5)
def test_border_and_nothing(student, rng):
    """A sample just on the border belongs; no sample near any center; overlapping circles."""
    centers = np.array([[0.0, 0.0], [8.0, 0.0]])
    for samples in (np.array([[0.0, 2.0], [3.0, 0.0], [8.0, 1.0]]), np.array([[4.5, 0.0], [3.0, 0.0], [20.0, 1.0]])):
        agree(student.mode_coverage(samples, centers, 2.0), gan.mode_coverage(samples, centers, 2.0))
    samples, centers = rng.uniform(0.5, 3.5, size=(6, 1)), np.array([[0.0], [4.2]])
    agree(student.mode_coverage(samples, centers, 3.9), gan.mode_coverage(samples, centers, 3.9))


@check("mode_coverage", takes=0.5)
def test_coverage_leaves_its_inputs(student, rng):
    """`mode_coverage` does not change its inputs."""
    untouched(student.mode_coverage, *_near_modes(rng, [3, 0, 2], 2))


# 7. cycle_loss ---------------------------------------------------------------------------------------------------


@check("cycle_loss", points=0.5)
def test_labels_behind_the_samples(student, rng):
    """`cgan_input`: the sample, then the one-hot label."""
    for N, d, K in ((5, 3, 4), (3, 3, 3), (1, 2, 5), (2, 1, 3)):
        x, y = draw.away_from_zero(rng, N, d), rng.permutation(np.resize(np.arange(K), max(N, K)))[:N]
        agree(student.cgan_input(x, y, K), gan.cgan_input(x, y, K))
        # The last label need not be there.
        agree(student.cgan_input(x, y * 0, K), gan.cgan_input(x, y * 0, K))


def _cycles(rng, N, d, M, e):
    """x, F(G(x)), y, G(F(y))."""
    x, y = draw.away_from_zero(rng, N, d), draw.away_from_zero(rng, M, e)
    return x, x + draw.away_from_zero(rng, N, d), y, y + draw.away_from_zero(rng, M, e)


@check("cycle_loss", points=0.5)
def test_cycle_by_hand(student):
    """x = (1, 2) comes back as (1.5, 1), y = (0, 0) as it was: 1.5."""
    nothing = np.zeros((1, 2))
    agree(student.cycle_loss(np.array([[1.0, 2.0]]), np.array([[1.5, 1.0]]), nothing, nothing), 1.5)


@check("cycle_loss", points=1)
def test_there_and_back(student, rng):
    """`cycle_loss`: sums over coordinates, means over samples, both ways."""
    for size in ((4, 3, 2, 5), (3, 3, 3, 3), (1, 2, 3, 1), (2, 1, 1, 2)):
        inputs = _cycles(rng, *size)
        agree(student.cycle_loss(*inputs), gan.cycle_loss(*inputs))


@check("cycle_loss", points=1)
def test_whole_loss(student, rng):
    """`cyclegan_total`: two games and the cycle."""
    for N, M in ((4, 3), (3, 3), (1, 2)):
        dy_real, dy_fake = _answers(rng, M, N)
        dx_real, dx_fake = _answers(rng, N, M)
        inputs = dy_real, dy_fake, dx_real, dx_fake, float(rng.uniform(1, 3)), float(rng.uniform(5, 10))
        agree(student.cyclegan_total(*inputs), gan.cyclegan_total(*inputs))


@check("cycle_loss", takes=0.5)
def test_relatives_leave_their_inputs(student, rng):
    """`cgan_input`, `cycle_loss` and `cyclegan_total` do not change their inputs."""
    untouched(student.cgan_input, draw.away_from_zero(rng, 3, 2), np.array([2, 0, 1]), 3)
    untouched(student.cycle_loss, *_cycles(rng, 3, 2, 2, 4))
    untouched(student.cyclegan_total, *_answers(rng, 2, 3), *_answers(rng, 3, 2), 2.0, 10.0)


# 8. train_gan ----------------------------------------------------------------------------------------------------

#: Modes that hold at least RARE of all samples, and the share of samples near any mode: for all points, three quarters,
#: half, a quarter (measure_train.md).
LEVELS = ((7, 0.45), (6, 0.4), (4, 0.35), (3, 0.3))
RARE, RADIUS = 0.02, 0.5
#: More is not asked, and would cost time here.
LAYERS, WIDEST, MOST_NOISE = 5, 128, 32

#: To try at home instead of a drawn problem: two networks have too many numbers.
STEP_TWIN = """
import numpy as np
G = [(np.array([[1.0]]), np.array([0.5])), (np.array([[2.0]]), np.array([-1.0]))]
D = [(np.array([[0.5]]), np.array([0.25])), (np.array([[1.0]]), np.array([-0.5]))]
new_G, new_D, d, g = gan_step(G, D, np.array([[2.0]]), np.array([[[0.5]], [[1.0]]]), 0.5)
# expected, to four digits: d 1.2128, g 0.4462
# new_G [(1.1923, 0.6923), (2.1442, -0.9039)], new_D [(0.5397, 0.1293), (0.9897, -0.6207)]
"""


def _nets(rng, k, n, d, m):
    """A generator k-n-d and a discriminator d-m-m-1, with units of both signs."""
    return draw.mlp_params(rng, (k, n, d)), draw.mlp_params(rng, (d, m, m, 1))


def _step(rng, N, k, n, d, m):
    """G, D, X, Z, lr; no hidden unit is so near its kink that float32 could fall on the other side, before or after D's step."""
    while True:
        G, D = _nets(rng, k, n, d, m)
        X, Z, lr = draw.away_from_zero(rng, N, d), draw.away_from_zero(rng, 2, N, k), float(rng.uniform(0.3, 0.9))
        _, moved, _, _ = gan.gan_update(G, D, X, Z, lr)
        fakes = [forward(G, z) for z in Z]
        units = [_units(G, z) for z in Z] + [_units(D, X), _units(D, fakes[0]), _units(moved, fakes[1])]
        # Some unit of each layer is on: a gradient that stops on the way is seen.
        alive = all((each.max(axis=1) > 0).all() for net in units[1:] for each in net)
        if alive and min(np.abs(each).min() for net in units for each in net) > 1e-3:
            return G, D, X, Z, lr


def _units(params, X):
    """The pre-activations of the hidden layers."""
    return [forward(params[: l + 1], X) for l in range(len(params) - 1)]


#: (N, k, n, d, m)
NETS = ((4, 2, 5, 3, 4), (3, 3, 3, 3, 3), (1, 2, 4, 2, 3))


@check("train_gan", points=0.25, twin=STEP_TWIN)
def test_step_losses(student, rng):
    """`gan_step`: both losses, D's before its step, G's against the new D."""
    for net in NETS:
        inputs = _step(rng, *net)
        _, _, d, g = student.gan_step(*inputs)
        _, _, d_expected, g_expected = gan.gan_update(*inputs)
        agree([d, g], [d_expected, g_expected], profile="float32", what="the losses")


@check("train_gan", points=0.25, twin=STEP_TWIN)
def test_step_of_the_discriminator(student, rng):
    """`gan_step`: every parameter of the discriminator."""
    for net in NETS:
        inputs = _step(rng, *net)
        _, new, _, _ = student.gan_step(*inputs)
        agree(new, gan.gan_update(*inputs)[1], profile="float32", what="the new D")


@check("train_gan", points=0.5, twin=STEP_TWIN)
def test_step_of_the_generator(student, rng):
    """`gan_step`: every parameter of the generator, through the new discriminator."""
    for net in NETS:
        inputs = _step(rng, *net)
        new, _, _, _ = student.gan_step(*inputs)
        agree(new, gan.gan_update(*inputs)[0], profile="float32", what="the new G")


@check("train_gan", takes=0.5, twin=None)
def test_step_leaves_its_inputs(student, rng):
    """`gan_step` does not change its inputs."""
    untouched(student.gan_step, *_step(rng, 3, 2, 4, 2, 3))


@check("train_gan", points=2, twin=None)
def test_train_on_a_ring(student, rng):
    """`train_gan`: what your generator makes of our noise, on a ring turned as yours never was."""
    turn = float(rng.uniform(0, 2 * np.pi))
    G = _generator(student.train_gan(draw.gaussian_ring(rng, 2000, turn), int(rng.integers(2**31))))
    modes, near = _reached(_made(G, rng, 2000), turn)
    award(sum(modes >= m and near >= s for m, s in LEVELS) / 4, _told(modes, near))


@check("train_gan", takes=0.5, twin=None)
def test_train_is_repeatable(student, rng):
    """`train_gan`: the same seed gives the same generator; after 20 steps, on fewer points."""
    X, seed = draw.gaussian_ring(rng, 60, 0.3), int(rng.integers(1000))
    first = student.train_gan(X, seed, 20)
    _generator(first)
    agree(student.train_gan(X, seed, 20), first, what="the second run")


@check("train_gan", takes=0.5, twin=None)
def test_train_leaves_its_inputs(student, rng):
    """`train_gan` does not change its input."""
    untouched(student.train_gan, draw.gaussian_ring(rng, 60, 0.3), 3, 20)


def _generator(answer):
    """The layers as numbers; depth, widths and the length of the noise are the student's choice, all shapes must fit."""
    numbers(answer[0][0], what="W of layer 1")
    G, wide = [], 0
    for l, pair in enumerate(answer):
        if l == LAYERS:
            break
        W, b = pair
        b = numbers(b, what=f"b of layer {l + 1}")
        W = numbers(W, what=f"W of layer {l + 1}")
        inputs = wide or W.size // b.size
        inputs = min(inputs, WIDEST if l else MOST_NOISE)
        wide = min(b.size, WIDEST)
        G.append((numbers(W, (wide, inputs), what="W"), numbers(b, (wide,), what="b")))
    numbers(G[-1][1], (2,), what="the last b")
    return G


def _made(G, rng, N):
    with np.errstate(all="ignore"):
        return forward(G, rng.normal(size=(N, G[0][0].shape[1])))


def _reached(samples, turn):
    """Modes that hold RARE of the samples, and the share near any mode."""
    share = gan.mode_coverage(samples, draw.ring_centers(turn), RADIUS)["share"]
    return int((share >= RARE).sum()), float(share.sum())


def _told(modes, near):
    m, s = LEVELS[0]
    told = f"all points need {m} modes with {RARE:.0%} of the samples each, and {s:.0%} of the samples near some mode."
    if near < 0.05:
        return told + " Hardly any sample is near the data: does the generator want its fakes to be called real?"
    if modes <= 2:
        return (
            told + " Your generator has collapsed to a few modes: train longer, blur the samples, lower the momentum."
        )
    return told


@picture("train_gan", kind="heatmap", x_label="x from -3 to 3", y_label="y from -3 to 3")
def ring_from_above(student):
    """Trained on a public ring. Yours: 2000 samples of your generator, seen from above; beside it: the data."""
    rng = np.random.default_rng(5)
    X = draw.gaussian_ring(rng, 2000, 0.0)
    G = _generator(student.train_gan(X, 1))
    return _seen_from_above(_made(G, rng, 2000), 3.0), _seen_from_above(X, 3.0)
