"""Hidden tests of vae. Points per exercise: 2, 3, 4, 3, 3, 2, 3 = 20.

Shapes are fixed, values are drawn: so a right solution passes and a known wrong one fails under every seed. The smallest
shape comes last where a snippet to try at home (at most 50 numbers) is drawn from the check. What is expected comes from
numpy alone: nothing here needs torch. Thresholds of train_vae come from measure_train.md.
"""

from pathlib import Path

import numpy as np

from autograder.checks import agree, award, check, numbers, picture, untouched
from reference import random as draw
from reference import vae
from reference.activations import sigmoid

DATA = Path(__file__).parent / "data"

#: (N, k): more samples than numbers in a code, fewer, as many (a sum over the wrong axis shows in its values only).
SHAPES = ((4, 2), (2, 5), (3, 3), (1, 3), (3, 1))


def _clouds(rng, N, k):
    """mu and logvar of N clouds; no entry is near 0."""
    return draw.away_from_zero(rng, N, k), draw.away_from_zero(rng, N, k)


def _noisy_clouds(rng, N, k):
    """mu, logvar, eps."""
    return (*_clouds(rng, N, k), draw.away_from_zero(rng, N, k))


# 1. reparameterize -----------------------------------------------------------------------------------------------


@check("reparameterize", points=1)
def test_noise_is_stretched_and_moved(student, rng):
    """z = mu + sigma eps, with sigma the square root of the variance."""
    for N, k in SHAPES:
        mu, logvar, eps = _noisy_clouds(rng, N, k)
        agree(student.reparameterize(mu, logvar, eps), vae.reparameterize(mu, logvar, eps))


@check("reparameterize", points=0.5)
def test_without_noise_there_is_the_middle(student, rng):
    """eps = 0 gives mu, eps = 1 gives mu + sigma: nothing is drawn inside."""
    for value in (0.0, 1.0):
        mu, logvar, _ = _noisy_clouds(rng, 2, 3)
        eps = np.full((2, 3), value)
        agree(student.reparameterize(mu, logvar, eps), vae.reparameterize(mu, logvar, eps))


@check("reparameterize", points=0.5)
def test_small_and_large_clouds(student, rng):
    """Log-variances from -8 to 8."""
    for k in (5, 2):
        mu, _, eps = _noisy_clouds(rng, 3, k)
        logvar = rng.permuted(np.linspace(-8, 8, 3 * k)).reshape(3, k)
        agree(student.reparameterize(mu, logvar, eps), vae.reparameterize(mu, logvar, eps))


@check("reparameterize", takes=0.5)
def test_reparameterize_leaves_its_inputs(student, rng):
    """`reparameterize` does not change its inputs."""
    untouched(student.reparameterize, *_noisy_clouds(rng, 2, 3))


# 2. kl_standard_normal -------------------------------------------------------------------------------------------


@check("kl_standard_normal", points=0.5)
def test_price_by_hand(student):
    """mu = (1, -1), sigma^2 = (1, 4)."""
    mu, logvar = np.array([[1.0, -1.0]]), np.array([[0.0, np.log(4)]])
    agree(student.kl_standard_normal(mu, logvar), [2.5 - np.log(2)])


@check("kl_standard_normal", points=1)
def test_price_of_each_sample(student, rng):
    """A sum over the numbers of the code, one price for each sample."""
    for N, k in SHAPES:
        mu, logvar = _clouds(rng, N, k)
        agree(student.kl_standard_normal(mu, logvar), vae.kl_standard_normal(mu, logvar))


@check("kl_standard_normal", points=0.5)
def test_price_of_the_standard_normal_law(student, rng):
    """0 for mu = 0 and sigma = 1, and only there."""
    mu, logvar = _clouds(rng, 3, 2)
    mu[1] = logvar[1] = 0
    agree(student.kl_standard_normal(mu, logvar), vae.kl_standard_normal(mu, logvar))


@check("kl_standard_normal", points=0.5)
def test_price_of_being_away(student, rng):
    """sigma = 1: half the square of the distance from 0, on either side."""
    mu, _ = _clouds(rng, 3, 2)
    for side in (mu, -mu):
        agree(student.kl_standard_normal(side, np.zeros((3, 2))), (mu**2).sum(axis=1) / 2)


@check("kl_standard_normal", points=0.5)
def test_price_of_the_size(student, rng):
    """mu = 0: clouds that are far too small and far too large."""
    logvar = rng.permuted(np.linspace(-8, 4, 6)).reshape(3, 2)
    agree(student.kl_standard_normal(np.zeros((3, 2)), logvar), vae.kl_standard_normal(np.zeros((3, 2)), logvar))


@check("kl_standard_normal", takes=0.5)
def test_price_leaves_its_inputs(student, rng):
    """`kl_standard_normal` does not change its inputs."""
    untouched(student.kl_standard_normal, *_clouds(rng, 2, 3))


@picture("kl_standard_normal", kind="heatmap", x_label="mu from -3 to 3", y_label="logvar from -4 to 2")
def price_map(student):
    """The price of a cloud of one number, over its middle and its log-variance, as in the notebook."""
    mu, logvar = np.meshgrid(np.linspace(-3, 3, 25), np.linspace(-4, 2, 25))
    clouds = mu.reshape(-1, 1), logvar.reshape(-1, 1)
    yours = numbers(student.kl_standard_normal(*clouds), shape=(625,))
    return yours.reshape(mu.shape), vae.kl_standard_normal(*clouds).reshape(mu.shape)


# 3. elbo_loss ----------------------------------------------------------------------------------------------------


#: (N, d, k)
BATCHES = ((4, 6, 2), (3, 3, 3), (2, 3, 4), (1, 4, 2), (3, 1, 1))


def _batch(rng, N, d, k):
    """X, logits, mu, logvar; greys strictly between 0 and 1."""
    return rng.uniform(0.05, 0.95, size=(N, d)), draw.away_from_zero(rng, N, d), *_clouds(rng, N, k)


@check("elbo_loss", points=1)
def test_bernoulli(student, rng):
    """rec="bernoulli", beta left out."""
    for N, d, k in BATCHES:
        batch = _batch(rng, N, d, k)
        agree(student.elbo_loss(*batch, "bernoulli"), vae.elbo_loss(*batch, "bernoulli"))


@check("elbo_loss", points=1)
def test_mse(student, rng):
    """rec="mse", beta left out."""
    for N, d, k in BATCHES:
        batch = _batch(rng, N, d, k)
        agree(student.elbo_loss(*batch, "mse"), vae.elbo_loss(*batch, "mse"))


@check("elbo_loss", points=0.5)
def test_beta(student, rng):
    """beta multiplies the price, nothing else; 0 is a beta too."""
    for beta, rec in ((0.0, "mse"), (0.0, "bernoulli"), (4.0, "mse"), (0.5, "bernoulli")):
        batch = _batch(rng, 3, 4, 2)
        agree(student.elbo_loss(*batch, rec, beta), vae.elbo_loss(*batch, rec, beta))


@check("elbo_loss", points=0.5)
def test_reconstruction_alone(student, rng):
    """Clouds that cost nothing: only the reconstruction is left."""
    for rec in ("mse", "bernoulli"):
        X, logits, _, _ = _batch(rng, 3, 5, 2)
        free = np.zeros((3, 2))
        agree(student.elbo_loss(X, logits, free, free, rec), vae.elbo_loss(X, logits, free, free, rec))


@check("elbo_loss", points=1)
def test_far_logits(student, rng):
    """Logits of about 100 and -100, where the sigmoid is 0 or 1, on black, white and grey pixels."""
    for rec in ("mse", "bernoulli"):
        for far in (1000.0, 100.0):
            logits = far * np.array([[1.0, -1, 1, -1, 1, -1]]) * rng.uniform(0.9, 1.0, size=(2, 6))
            X = np.array([[0.0, 0, 1, 1, 0.3, 0.6], [1.0, 1, 0, 0, 0.6, 0.3]])
            clouds = _clouds(rng, 2, 2)
            agree(student.elbo_loss(X, logits, *clouds, rec), vae.elbo_loss(X, logits, *clouds, rec))


@check("elbo_loss", takes=0.5)
def test_loss_leaves_its_inputs(student, rng):
    """`elbo_loss` does not change its inputs."""
    for rec in ("mse", "bernoulli"):
        untouched(student.elbo_loss, *_batch(rng, 3, 4, 2), rec)


@picture("elbo_loss", x_label="logit of the pixel", y_label="loss")
def loss_of_a_pixel(student):
    """One pixel, x = 0.9, over its logit: bernoulli goes on rising where mse is flat and has no gradient left."""
    return [_pixel(student.elbo_loss, rec) for rec in ("bernoulli", "mse")], [
        _pixel(vae.elbo_loss, rec) for rec in ("bernoulli", "mse")
    ]


def _pixel(loss, rec):
    X, free = np.full((1, 1), 0.9), np.zeros((1, 1))
    return [float(numbers(loss(X, np.full((1, 1), a), free, free, rec), shape=())) for a in np.linspace(-8, 4, 25)]


# 4. elbo_grads ---------------------------------------------------------------------------------------------------


def _descent(rng, N, k):
    """mu, logvar, eps, dz."""
    return (*_noisy_clouds(rng, N, k), draw.away_from_zero(rng, N, k))


@check("elbo_grads", points=0.5)
def test_gradient_at_the_middles(student, rng):
    """dmu, for beta = 1."""
    for N, k in SHAPES:
        inputs = _descent(rng, N, k)
        agree(student.elbo_grads(*inputs)["dmu"], vae.elbo_grads(*inputs)["dmu"], what="dmu")


@check("elbo_grads", points=1)
def test_gradient_at_the_log_variances(student, rng):
    """dlogvar, for beta = 1: through the noise, and from the price."""
    for N, k in SHAPES:
        inputs = _descent(rng, N, k)
        agree(student.elbo_grads(*inputs)["dlogvar"], vae.elbo_grads(*inputs)["dlogvar"], what="dlogvar")


@check("elbo_grads", points=0.5)
def test_gradients_with_beta(student, rng):
    """Both gradients for other beta, 0 among them."""
    for beta in (0.0, 4.0, 0.5):
        inputs = _descent(rng, 3, 2)
        agree(student.elbo_grads(*inputs, beta), vae.elbo_grads(*inputs, beta))


@check("elbo_grads", points=0.5)
def test_gradient_of_the_price_alone(student, rng):
    """The decoder wants nothing, dz = 0: mu is pulled to 0 and sigma to 1."""
    for N in (5, 3):
        mu, logvar, eps = _noisy_clouds(rng, N, 2)
        agree(student.elbo_grads(mu, logvar, eps, np.zeros((N, 2))), vae.elbo_grads(mu, logvar, eps, np.zeros((N, 2))))


@check("elbo_grads", points=0.5)
def test_gradient_through_the_noise(student, rng):
    """Clouds that cost nothing, mu = 0 and sigma = 1; without noise the size of a cloud feels nothing."""
    free = np.zeros((3, 2))
    for eps in (free, draw.away_from_zero(rng, 3, 2)):
        dz = draw.away_from_zero(rng, 3, 2)
        agree(student.elbo_grads(free, free, eps, dz), vae.elbo_grads(free, free, eps, dz))


@check("elbo_grads", takes=0.5)
def test_gradients_leave_their_inputs(student, rng):
    """`elbo_grads` does not change its inputs."""
    untouched(student.elbo_grads, *_descent(rng, 3, 2))


# 5. energy_distance ----------------------------------------------------------------------------------------------


@check("energy_distance", points=0.5)
def test_distance_by_hand(student):
    """The points 0, 1 and the points 1, 3 of a line: 2 * 3/2 - 1/2 - 1."""
    agree(student.energy_distance(np.array([[0.0], [1]]), np.array([[1.0], [3]])), 1.5)


@check("energy_distance", points=0.5)
def test_distance_of_samples(student, rng):
    """More points here or there, as many; in the plane, in space, on a line."""
    for n, m, k in ((5, 3, 2), (3, 4, 3), (4, 4, 1), (3, 3, 3), (2, 3, 2)):
        A, B = draw.away_from_zero(rng, n, k), draw.away_from_zero(rng, m, k)
        agree(student.energy_distance(A, B), vae.energy_distance(A, B))


@check("energy_distance", points=0.5)
def test_distance_of_equal_samples(student, rng):
    """Equal samples have distance 0, in any order; a single point is a sample too."""
    A = draw.away_from_zero(rng, 4, 2)
    agree(student.energy_distance(A, A[::-1].copy()), 0.0)
    agree(student.energy_distance(A[:1], A[1:2]), vae.energy_distance(A[:1], A[1:2]))
    agree(student.energy_distance(A, A[:2] + 1), vae.energy_distance(A, A[:2] + 1))


def _codes(rng, N, d, k, M):
    """X, Xrec, Z, T."""
    return (
        rng.uniform(size=(N, d)),
        rng.uniform(size=(N, d)) + 1,
        draw.away_from_zero(rng, N, k),
        draw.away_from_zero(rng, M, k),
    )


@check("energy_distance", points=0.5)
def test_loss_between_laws(student, rng):
    """`turinici_loss`: reconstruction plus C times the energy distance."""
    for N, d, k, M in ((4, 5, 2, 6), (3, 3, 3, 3), (5, 2, 1, 2), (2, 3, 2, 3)):
        inputs, C = _codes(rng, N, d, k, M), float(rng.uniform(1.5, 3))
        agree(student.turinici_loss(*inputs, C), vae.turinici_loss(*inputs, C))


@check("energy_distance", points=0.5)
def test_reconstruction_between_laws(student, rng):
    """`turinici_loss` with C = 0: the mean over the samples of the squared distance."""
    for N, d in ((5, 3), (1, 4), (3, 2)):
        inputs = _codes(rng, N, d, 2, 4)
        agree(student.turinici_loss(*inputs, 0.0), vae.turinici_loss(*inputs, 0.0))


@check("energy_distance", points=0.5)
def test_perfect_reconstruction(student, rng):
    """`turinici_loss` where every image is rebuilt without fault: only the codes' law counts."""
    X, _, Z, T = _codes(rng, 4, 3, 2, 3)
    agree(student.turinici_loss(X, X, Z, T, 2.5), 2.5 * vae.energy_distance(Z, T))


@check("energy_distance", takes=0.5)
def test_distances_leave_their_inputs(student, rng):
    """`energy_distance` and `turinici_loss` do not change their inputs."""
    untouched(student.energy_distance, draw.away_from_zero(rng, 3, 2), draw.away_from_zero(rng, 4, 2))
    untouched(student.turinici_loss, *_codes(rng, 3, 4, 2, 3), 0.5)


@picture("energy_distance", x_label="shift in steps of 0.25", y_label="energy distance")
def distance_of_a_moving_cloud(student):
    """Forty points of the plane and the same cloud, shifted to the right: the distance from 0 on, first slowly, then evenly."""
    A = np.random.default_rng(7).normal(size=(40, 2))
    shifts = [np.array([x, 0.0]) for x in np.arange(0, 4.1, 0.25)]
    yours = [float(numbers(student.energy_distance(A, A + shift), shape=())) for shift in shifts]
    return yours, [vae.energy_distance(A, A + shift) for shift in shifts]


# 6. vae_forward --------------------------------------------------------------------------------------------------


def _linear(rng, N, d, k):
    """X, eps, params."""
    p = {}
    for name, o, i in (("mu", k, d), ("logvar", k, d), ("x", d, k)):
        p |= {f"W_{name}": draw.away_from_zero(rng, o, i) / np.sqrt(i), f"b_{name}": draw.away_from_zero(rng, o) / 2}
    return draw.away_from_zero(rng, N, d), draw.away_from_zero(rng, N, k), p


def _forward_agrees(student, rng, keys):
    for N, d, k in ((4, 5, 2), (2, 3, 3), (3, 2, 4), (3, 3, 3), (1, 3, 2)):
        inputs = _linear(rng, N, d, k)
        out, expected = student.vae_forward(*inputs), vae.vae_forward(*inputs)
        agree([out[key] for key in keys], [expected[key] for key in keys], what=", ".join(keys))


@check("vae_forward", points=0.5)
def test_both_heads(student, rng):
    """The encoder: mu and logvar."""
    _forward_agrees(student, rng, ["mu", "logvar"])


@check("vae_forward", points=0.5)
def test_noisy_codes(student, rng):
    """The codes z."""
    _forward_agrees(student, rng, ["z"])


@check("vae_forward", points=1)
def test_there_and_back(student, rng):
    """All four, the decoder's answer included."""
    for N, d, k in ((4, 5, 2), (2, 3, 3), (3, 3, 3), (3, 1, 1), (1, 3, 2)):
        inputs = _linear(rng, N, d, k)
        agree(student.vae_forward(*inputs), vae.vae_forward(*inputs))


@check("vae_forward", takes=0.5)
def test_forward_leaves_its_inputs(student, rng):
    """`vae_forward` does not change its inputs."""
    untouched(student.vae_forward, *_linear(rng, 3, 4, 2))


@picture("vae_forward", kind="heatmap")
def linear_reconstructions(student):
    """The first ten digits of the data, squeezed through eight numbers by a linear encoder with a little noise, and rebuilt."""
    X, params = _principal(8)
    eps = np.random.default_rng(3).normal(size=(10, 8))
    yours = numbers(student.vae_forward(X[:10], eps, params)["xhat"], shape=(10, 64))
    return _strip(yours), _strip(vae.vae_forward(X[:10], eps, params)["xhat"])


def _principal(k):
    """All digits, and the linear encoder and decoder of their first k principal components, with sigma = e^-1 / 2."""
    X, _ = _digits()
    middle = X.mean(axis=0)
    _, axes = np.linalg.eigh(np.cov(X.T))
    W = axes[:, -k:].T
    params = {"W_mu": W, "b_mu": -W @ middle, "W_x": W.T, "b_x": middle}
    return X, params | {"W_logvar": np.zeros((k, 64)), "b_logvar": np.full(k, -2 - 2 * np.log(2))}


def _digits():
    """Greys (1797, 64) in [0, 1], labels."""
    table = np.loadtxt(DATA / "digits.csv", delimiter=",", skiprows=1)
    return table[:, :-1] / 16, table[:, -1].astype(int)


def _strip(images):
    return np.hstack([image.reshape(8, 8) for image in images])


# 7. train_vae ----------------------------------------------------------------------------------------------------

#: Held-out loss up to which all points, three quarters, a half, a quarter are given: measure_train.md.
LEVELS = (26.2, 26.4, 26.6, 26.8)
#: More units than that are not asked, and would cost time here.
WIDEST = 512

#: To try at home instead of a drawn problem: a VAE has too many numbers.
STEP_TWIN = """
import numpy as np
p = {"W_h": np.array([[1.0, -0.5]]), "b_h": np.array([0.25]), "W_mu": np.array([[0.5]]), "b_mu": np.array([-0.25])}
p |= {"W_logvar": np.array([[-1.0]]), "b_logvar": np.array([0.5]), "W_d": np.array([[2.0]]), "b_d": np.array([1.0])}
p |= {"W_x": np.array([[0.5], [-1.0]]), "b_x": np.array([0.25, 0.5])}
new, loss = vae_step(p, np.array([[0.75, 0.25], [1.0, 0.5]]), np.array([[0.5], [-0.25]]), 0.5)
# expected, to four digits: loss 1.2015
# b_x [0.3161, 0.5610], b_d [0.9720], b_mu [-0.4153], b_logvar [0.5757], b_h [0.0916]
"""


def _step(rng, N, d, n, k, m):
    """Parameters, a batch and noise; no hidden unit is so near its kink that float32 could fall on the other side."""
    while True:
        p = {}
        for name, o, i in (("h", n, d), ("mu", k, n), ("logvar", k, n), ("d", m, k), ("x", d, m)):
            p |= {f"W_{name}": draw.away_from_zero(rng, o, i) / i, f"b_{name}": draw.away_from_zero(rng, o) / 2}
        # The first unit of each layer is on for every sample: a gradient that stops on the way is seen.
        p["W_h"][0], p["b_h"][0] = np.abs(p["W_h"][0]), np.abs(p["b_h"][0])
        p["W_d"][0], p["b_d"][0] = p["W_d"][0] / 10, 3.0
        X, eps = rng.uniform(0.05, 0.95, size=(N, d)), draw.away_from_zero(rng, N, k)
        z = vae.reparameterize(*vae.encode(p, X), eps)
        units = np.concatenate([(X @ p["W_h"].T + p["b_h"]).ravel(), (z @ p["W_d"].T + p["b_d"]).ravel()])
        if np.abs(units).min() > 1e-3:
            return p, X, eps


#: (N, d, n, k, m)
NETS = ((4, 6, 5, 2, 3), (3, 3, 3, 3, 3), (2, 4, 3, 1, 2), (1, 3, 2, 2, 4))


@check("train_vae", points=0.25, twin=STEP_TWIN)
def test_step_loss(student, rng):
    """`vae_step`: the loss is the negative ELBO of the batch, before the step."""
    for net in NETS:
        p, X, eps = _step(rng, *net)
        _, loss = student.vae_step(p, X, eps, 0.1)
        agree(loss, vae.vae_loss(p, X, eps), profile="float32", what="the loss")


@check("train_vae", points=0.75, twin=STEP_TWIN)
def test_step_moves_everything(student, rng):
    """`vae_step`: every parameter moves against its gradient, those of the encoder through the noise."""
    for net in NETS:
        p, X, eps = _step(rng, *net)
        lr = float(rng.uniform(0.3, 0.9))
        new, _ = student.vae_step(p, X, eps, lr)
        agree(new, vae.vae_update(p, X, eps, lr)[0], profile="float32", what="the new parameters")


@check("train_vae", takes=0.5, twin=None)
def test_step_leaves_its_inputs(student, rng):
    """`vae_step` does not change its inputs."""
    untouched(student.vae_step, *_step(rng, 3, 4, 3, 2, 3), 0.1)


@check("train_vae", points=2, twin=None)
def test_train_on_digits(student, rng):
    """`train_vae`: the loss on 500 digits that your VAE has never seen."""
    X, _ = _digits()
    # The digits are public. Another order of the pixels makes weights from home useless, and the 500 never leave this side.
    X = rng.permutation(X)[:, rng.permutation(64)]
    runs = [_run(student, X, rng)]
    if runs[0][0] > LEVELS[0]:
        # One right run in fifty ends with a code that is ignored: another seed has a chance, the better run counts.
        runs.append(_run(student, X, rng))
    loss, p = min(runs, key=lambda run: run[0])
    share = sum(loss <= level for level in LEVELS) / 4
    award(share, f"all points need a held-out loss of at most {LEVELS[0]:g}.{_slip(p, X)}")


@check("train_vae", takes=0.5, twin=None)
def test_train_is_repeatable(student, rng):
    """`train_vae`: the same seed gives the same parameters, on fewer and smaller images too."""
    X, seed = rng.uniform(size=(60, 9)), int(rng.integers(1000))
    first = _network(student.train_vae(X, seed), 9)
    agree(student.train_vae(X, seed), first, what="the second run")


@check("train_vae", takes=0.5, twin=None)
def test_train_leaves_its_inputs(student, rng):
    """`train_vae` does not change its input."""
    untouched(student.train_vae, rng.uniform(size=(60, 9)), 3)


def _network(answer, d, k=2):
    """The ten arrays as numbers; n and m are the student's choice, all shapes must fit."""
    n, m = (numbers(answer[key], what=key).size for key in ("b_h", "b_d"))
    shapes = {"h": (n, d), "mu": (k, n), "logvar": (k, n), "d": (m, k), "x": (d, m)}
    p = {}
    for name, shape in shapes.items():
        p[f"W_{name}"] = numbers(answer[f"W_{name}"], shape, what=f"W_{name}")
        p[f"b_{name}"] = numbers(answer[f"b_{name}"], shape[:1], what=f"b_{name}")
    return p


def _run(student, X, rng):
    """One training -> the loss on the rows from 1297 on, and the parameters."""
    p = _network(student.train_vae(X[:1297], int(rng.integers(2**31))), 64)
    loss = _held_out(p, X[1297:], rng) if len(p["b_h"]) <= WIDEST >= len(p["b_d"]) else np.inf
    return (loss if np.isfinite(loss) else np.inf), p


def _held_out(p, X, rng):
    """The mean loss over four draws of the noise: their deviation is about 0.03."""
    k = len(p["b_mu"])
    with np.errstate(all="ignore"):
        return float(np.mean([vae.vae_loss(p, X, rng.normal(size=(len(X), k))) for _ in range(4)]))


def _slip(p, X):
    """What the parameters themselves give away, on the public digits."""
    with np.errstate(all="ignore"):
        mu, logvar = vae.encode(p, X)
        far, wide = np.mean(mu**2), np.mean(np.exp(logvar))
    if not (np.isfinite(far) and np.isfinite(wide)) or far > 1e4 or wide > 1e4:
        return " Your clouds fly apart: is the KL added, not subtracted?"
    if far < 0.02:
        return " All codes lie at 0, the code is ignored: is the reconstruction a sum over the pixels?"
    if wide < 1e-3:
        return " Your clouds have shrunk to points: is the KL in the loss?"
    if far + wide > 3:
        return " Your clouds do not fill a standard bell curve: does the decoder see the noise, and the loss the KL?"
    return ""


@picture("train_vae", kind="heatmap")
def invented_digits(student):
    """Trained on public digits. Yours: ten digits rebuilt from two numbers, and below them forty digits that your decoder draws
    at forty places of the plane of codes. Beside: the ten digits, and the real digit that is nearest to each drawing."""
    X, digit = _digits()
    p = _network(student.train_vae(X[:1297], 1), 64)
    ten = X[1297:][[np.flatnonzero(digit[1297:] == each)[0] for each in range(10)]]
    places = np.stack(np.meshgrid(np.linspace(-2, 2, 10), np.linspace(-1.5, 1.5, 4)), axis=-1).reshape(40, 2)
    invented = sigmoid(vae.decode(p, places))
    nearest = X[((invented[:, None] - X) ** 2).sum(axis=2).argmin(axis=1)]
    rebuilt = sigmoid(vae.decode(p, vae.encode(p, ten)[0]))
    return _page(rebuilt, invented), _page(ten, nearest)


def _page(first, others):
    return np.vstack([_strip(row) for row in (first, *np.split(others, 4))])
