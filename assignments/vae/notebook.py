# ruff: noqa: E501 (a header is one line)
# %% [markdown]
# # The variational autoencoder
#
# An autoencoder squeezes an image through a few numbers, its *code*, and rebuilds it. A **variational** autoencoder (VAE)
# gives every image a small cloud of codes, and lays all clouds out so that together they fill a bell curve. So you can
# draw a new code from that bell curve, decode it, and get an image that nobody ever drew. Here you build the pieces one by
# one: noise that lets gradients pass, the price of a cloud, the loss, its gradient, and another loss of the lectures.
# At the end your own VAE learns to write digits from two numbers.
#
# **How it is graded.** Under each exercise there is a *visible test*: it catches slips early and shows one example.
# After you hand in, *hidden tests* call your functions with other numbers. Everything they check is written in this
# text. Partial work earns partial points. Plan for an afternoon; exercises 1 to 6 take a few lines each, 7 takes the
# most thought. Grading your notebook takes some seconds.
#
# **Conventions that hold everywhere**
#
# * Samples are **rows**. A batch of $N$ images of $d$ pixels is `X` of shape `(N, d)`, and what belongs to codes of $k$
#   numbers (`mu`, `logvar`, `eps`, `z`) has shape `(N, k)`. $N$, $d$ and $k$ may be 1, and may be equal.
# * For each image the encoder gives the middle $\mu$ of its cloud and `logvar`, the natural **logarithm of the variance**
#   $\sigma^2$, number by number. So $\sigma^2 = e^{\mathrm{logvar}}$ and the standard deviation is
#   $\sigma = e^{\mathrm{logvar} / 2}$. Any real number is a fine logarithm: no $\sigma$ can become negative.
# * **All noise is an argument**: `eps` holds draws from the standard normal law. Until exercise 7 none of your functions
#   draws anything.
# * All float inputs are `float64` arrays. In what you return, lists, tuples, arrays and (detached) tensors are equal, a 0-d
#   array is a number. A dict has exactly the keys that are asked.
# * **Do not change your inputs**: a function that writes into the arrays or dicts it was given loses points.
# * **What is forbidden.** In exercises 1 to 6: `torch.nn`, `torch.distributions`, `scipy`, `sklearn` and other libraries with
#   ready-made losses; in exercise 4 all of torch, since the gradient is to be yours. In exercise 7 all of torch is allowed.
#   A forbidden call costs the exercise. Later functions may (and should) call your earlier ones, and
#   helpers of your own.
# * Results are compared to about seven digits. One call may take 10 seconds.
#
# **In the lectures**: Turinici, "Variational AutoEncoders (VAE)" and "Principes de fonctionnement de l'IA génératif";
# Michel, "Variational Autoencoders"; Belhafaoui, "Autoencoders". They show the idea and the call
# `z = model.reparameterize(mean, logvar)`; the formulas are not on the slides. They are stated here (Kingma and Welling,
# "Auto-Encoding Variational Bayes", 2014).

# %%
import numpy as np
import torch


def sigmoid(a):
    """1 / (1 + e^-a), entry by entry, for any size of a."""
    return 0.5 * (1.0 + np.tanh(0.5 * np.asarray(a)))


# %% [markdown]
# ## 1. Noise that lets the gradient through
#
# The code of an image is drawn from its cloud, $z \sim N(\mu, \sigma^2)$. But how does a gradient pass through a *draw*? The
# trick: draw $\varepsilon \sim N(0, 1)$ elsewhere, and move and stretch it,
#
# $$z = \mu + \sigma \odot \varepsilon \qquad \sigma = e^{\mathrm{logvar} / 2}$$
#
# Now $z$ is a plain function of $\mu$ and `logvar`, and $\varepsilon$ just a number that came along.
#
# Write `reparameterize(mu, logvar, eps)`. All three have the shape `(N, k)`, so has the result.
#
# *Example.* $\mu = 1$, $\sigma^2 = 4$ (so `logvar` $= \ln 4$), $\varepsilon = 0.5$: $z = 1 + 2 \cdot 0.5 = 2$.


# %% exercise="reparameterize" source="vae.reparameterize" forbid=["torch.nn", "torch.distributions", "scipy", "sklearn", "jax", "tensorflow"]
def reparameterize(mu, logvar, eps):
    """Draws of N(mu, sigma^2) from draws eps of N(0, 1).  mu, logvar, eps (N, k) -> (N, k)."""
    ### BEGIN SOLUTION
    ### END SOLUTION


# %% test="reparameterize"
z = reparameterize(np.array([[1.0, -1.0]]), np.array([[np.log(4), 0.0]]), np.array([[0.5, 2.0]]))
assert np.shape(z) == (1, 2), f"z has the shape of mu, (1, 2), not {np.shape(z)}"
np.testing.assert_allclose(z, [[2.0, 1.0]], rtol=1e-7)

# %% [markdown]
# ## 2. The price of a cloud
#
# If the clouds may lie anywhere and be as small as they like, they shrink to points far apart, and between them lies
# nothing that decodes to an image. So a cloud costs the more the less it looks like the standard bell curve $N(0, I)$,
# measured by the Kullback-Leibler divergence. For two normal laws it has a closed form:
#
# $$\mathrm{KL}\big(N(\mu, \sigma^2) \,\|\, N(0, I)\big) = -\frac12 \sum_{j=1}^{k} \big(1 + \mathrm{logvar}_j - \mu_j^2 - e^{\mathrm{logvar}_j}\big)$$
#
# It is a **sum** over the $k$ numbers of the code, never negative, and 0 only for $\mu = 0$, $\sigma = 1$.
#
# Write `kl_standard_normal(mu, logvar)`: `mu` and `logvar` have shape `(N, k)`, the result has shape `(N,)`, one price for
# each sample.
#
# *Example.* $\mu = (2, 0)$, $\sigma^2 = (1, 4)$: the first number costs $\frac12 (4 + 1 - 1 - 0) = 2$, the second
# $\frac12 (0 + 4 - 1 - \ln 4) = \frac32 - \ln 2$; together $\frac72 - \ln 2 \approx 2.807$.


# %% exercise="kl_standard_normal" source="vae.kl_standard_normal" forbid=["torch.nn", "torch.distributions", "scipy", "sklearn", "jax", "tensorflow"]
def kl_standard_normal(mu, logvar):
    """KL(N(mu, sigma^2) || N(0, I)) of each sample.  mu, logvar (N, k) -> (N,)."""
    ### BEGIN SOLUTION
    ### END SOLUTION


# %% test="kl_standard_normal"
price = kl_standard_normal(np.array([[2.0, 0.0], [0.0, 0.0]]), np.array([[0.0, np.log(4)], [0.0, 0.0]]))
assert np.shape(price) == (2,), f"two samples have two prices, shape (2,), not {np.shape(price)}"
np.testing.assert_allclose(price, [3.5 - np.log(2), 0.0], rtol=1e-7, atol=1e-12)

# %% [markdown]
# What does a cloud cost? Cheap is blue. Moving away from 0 costs, and so does a cloud that is too small or too large.
# (The same picture comes back with your feedback, next to ours.)

# %% run=false
import matplotlib.pyplot as plt

across, up = np.meshgrid(np.linspace(-3, 3, 41), np.linspace(-4, 2, 41))
cost = kl_standard_normal(across.reshape(-1, 1), up.reshape(-1, 1))
plt.contourf(across, up, np.reshape(cost, across.shape), levels=20, cmap="viridis")
plt.colorbar(label="KL")
plt.xlabel("mu")
plt.ylabel("logvar")
plt.show()

# %% [markdown]
# ## 3. The loss
#
# The decoder answers a code with **logits**, one for each pixel; $s = \sigma(\mathrm{logit}) \in (0, 1)$ (here $\sigma$ is the
# logistic function, `sigmoid` above) is the grey that it expects. The loss of one sample has two parts: how badly the image
# is rebuilt, **summed over its pixels**, and $\beta$ times the price of its cloud,
#
# $$\mathrm{loss} = \frac1N \sum_{n=1}^N \Big( \mathrm{rec}_n + \beta \, \mathrm{KL}_n \Big)$$
#
# | `rec` | reconstruction error of one sample |
# |---|---|
# | `"bernoulli"` | $\sum_p \big( -x_p \ln s_p - (1 - x_p) \ln (1 - s_p) \big)$, binary cross-entropy; $x_p$ is any grey in $[0, 1]$ |
# | `"mse"` | $\sum_p (x_p - s_p)^2$, without a factor ½ |
#
# With `"bernoulli"` and $\beta = 1$ this is the negative **ELBO** (evidence lower bound): an upper bound, in expectation over
# $\varepsilon$, of $-\ln p(x)$, so lowering it makes the digits likelier. It is a **loss**: lower is better.
#
# For logits of $\pm 100$, $s$ rounds to exactly 0 or 1 and the logarithm to $-\infty$. Put the logits in instead:
# with $s = \sigma(a)$, $-x \ln s - (1 - x) \ln(1 - s) = \ln(1 + e^a) - x a$, and
# $\ln(1 + e^a) = \max(a, 0) + \ln(1 + e^{-|a|})$ cannot overflow. The result must be right there too: clipping $s$ gives
# finite numbers, but wrong ones.
#
# Write `elbo_loss(X, logits, mu, logvar, rec, beta=1.0)`: `X` and `logits` `(N, d)`, `mu` and `logvar` `(N, k)`, `rec` one of
# the two strings, `beta` a number. The result is one number.
#
# *Example.* $N = 1$, $x = (1, \frac12)$, logits $(0, \ln 3)$, so $s = (\frac12, \frac34)$; $\mu = 1$, `logvar` = 0, so
# KL $= \frac12$. Bernoulli: $\ln 2 - \frac12 \ln \frac34 - \frac12 \ln \frac14 = \ln 2 + \ln \frac{4}{\sqrt 3} \approx 1.530$, with
# KL $2.030$. Mse: $\frac14 + \frac1{16} = 0.3125$, with KL $0.8125$, and $1.3125$ for $\beta = 2$.


# %% exercise="elbo_loss" source="vae.elbo_loss" forbid=["torch.nn", "torch.distributions", "scipy", "sklearn", "jax", "tensorflow"]
def elbo_loss(X, logits, mu, logvar, rec, beta=1.0):
    """Mean over the samples of rec ("bernoulli", "mse") + beta KL.  X, logits (N, d), mu, logvar (N, k) -> a number."""
    ### BEGIN SOLUTION
    ### END SOLUTION


# %% test="elbo_loss"
X, logits = np.array([[1.0, 0.5]]), np.array([[0.0, np.log(3)]])
mu, logvar = np.array([[1.0]]), np.array([[0.0]])
loss = elbo_loss(X, logits, mu, logvar, "bernoulli")
assert np.ndim(loss) == 0, "the loss of a batch is one number"
np.testing.assert_allclose(loss, np.log(8 / np.sqrt(3)) + 0.5, rtol=1e-7)
np.testing.assert_allclose(elbo_loss(X, logits, mu, logvar, "mse"), 0.8125, rtol=1e-7)
np.testing.assert_allclose(elbo_loss(X, logits, mu, logvar, "mse", beta=2.0), 1.3125, rtol=1e-7)
assert np.isfinite(elbo_loss(X, 100 * logits, mu, logvar, "bernoulli")), "large logits give inf or nan"

# %% [markdown]
# ## 4. The gradient at the encoder
#
# Backpropagation comes down from the pixels to the code and brings `dz`, the derivative of the **mean** reconstruction error
# of the batch with respect to $z$ (the $\frac1N$ is already inside). At $z = \mu + e^{\mathrm{logvar}/2} \odot \varepsilon$ it
# splits, and the price of the cloud joins in. With $\partial z / \partial \mu = 1$,
# $\partial z / \partial \mathrm{logvar} = \frac12 \sigma \varepsilon$ and the derivatives of the KL:
#
# $$d\mu = dz + \frac{\beta}{N}\, \mu \qquad\qquad
# d\mathrm{logvar} = dz \odot \varepsilon \odot \frac{\sigma}{2} + \frac{\beta}{2N} (\sigma^2 - 1)$$
#
# Read them: the price pulls $\mu$ to 0 and $\sigma$ to 1; the reconstruction pulls $\mu$ where the decoder wants it, and wherever
# the noise hurt ($dz \cdot \varepsilon > 0$) it makes the cloud smaller.
#
# Write `elbo_grads(mu, logvar, eps, dz, beta=1.0)`: all arrays have shape `(N, k)`. It returns a dict with exactly the keys
# `"dmu"` and `"dlogvar"`, each of shape `(N, k)`: the gradients of mean reconstruction + $\beta \cdot$ mean KL.
#
# *Example.* $N = 2$, $k = 1$: `mu = [[1], [0]]`, `logvar = [[ln 4], [0]]`, `eps = [[0.5], [-1]]`, `dz = [[1], [2]]`,
# $\beta = 1$. Then $\sigma = (2, 1)$, `dmu = [[1.5], [2]]` and `dlogvar = [[0.5 + 0.75], [-1 + 0]] = [[1.25], [-1]]`.


# %% exercise="elbo_grads" source="vae.elbo_grads" forbid=["torch", "scipy", "sklearn", "jax", "tensorflow"]
def elbo_grads(mu, logvar, eps, dz, beta=1.0):
    """Gradients at the encoder's outputs.  mu, logvar, eps, dz (N, k) -> {"dmu": (N, k), "dlogvar": (N, k)}."""
    ### BEGIN SOLUTION
    ### END SOLUTION


# %% test="elbo_grads"
mu, logvar = np.array([[1.0], [0.0]]), np.array([[np.log(4)], [0.0]])
grads = elbo_grads(mu, logvar, np.array([[0.5], [-1.0]]), np.array([[1.0], [2.0]]))
assert set(grads) == {"dmu", "dlogvar"}, f"the keys are dmu and dlogvar, not {sorted(grads)}"
np.testing.assert_allclose(grads["dmu"], [[1.5], [2.0]], rtol=1e-7)
np.testing.assert_allclose(grads["dlogvar"], [[1.25], [-1.0]], rtol=1e-7)

# %% [markdown]
# ## 5. Another loss: comparing whole laws
#
# Turinici's slide has the same two aims in another form. There is **no noise** in the encoder, $z = E(x)$, and the second
# term does not look at one cloud per image: it compares the *law of all codes* with the target law,
#
# $$\mathbb{E}\, \|x - D(E(x))\|^2 + C \cdot \mathrm{dist}(\text{law of } E(X), \text{target law})^2$$
#
# The distance between laws is free; the slide names several. We take one that is easily computed from samples. Let
# $a_1, \dots, a_n$ and $b_1, \dots, b_m$ be points of $\mathbb{R}^k$, and $|\cdot|$ the Euclidean norm. Their **energy distance** is
#
# $$\mathcal{E}(A, B) = \frac{2}{nm} \sum_{i,j} |a_i - b_j| \;-\; \frac{1}{n^2} \sum_{i,i'} |a_i - a_{i'}| \;-\; \frac{1}{m^2} \sum_{j,j'} |b_j - b_{j'}|$$
#
# The sums run over **all** pairs, $i = i'$ included (these are 0, but they count in $n^2$). $\mathcal{E}$ is never negative, 0 for
# equal samples, and takes the place of the **squared** distance: $\mathrm{dist}^2 = \mathcal{E}$.
#
# Write two functions:
#
# * `energy_distance(A, B)`: `A` `(n, k)` and `B` `(m, k)`, $n$ and $m$ may differ; the result is one number.
# * `turinici_loss(X, Xrec, Z, T, C)`: images `X` and their reconstructions `Xrec` `(N, d)`, codes `Z` `(N, k)`, draws `T`
#   `(M, k)` from the target law, a number `C`. The result is
#   $\frac1N \sum_n \|x_n - \hat x_n\|^2 + C \, \mathcal{E}(Z, T)$, where $\|\cdot\|^2$ is the sum of the squares over the pixels.
#
# *Example.* `A = [[0]]`, `B = [[1], [3]]`: $2 \cdot \frac{1 + 3}{2} - 0 - \frac{0 + 2 + 2 + 0}{4} = 3$. With `X = [[1, 1]]`,
# `Xrec = [[0, 3]]`, `Z = A`, `T = B` and $C = 0.1$ the loss is $(1 + 4) + 0.1 \cdot 3 = 5.3$.


# %% exercise="energy_distance" source=["vae.energy_distance", "vae.turinici_loss"] forbid=["torch.nn", "torch.distributions", "scipy", "sklearn", "jax", "tensorflow"]
def energy_distance(A, B):
    """2 mean|a - b| - mean|a - a'| - mean|b - b'| over all pairs.  A (n, k), B (m, k) -> a number."""
    ### BEGIN SOLUTION
    ### END SOLUTION


def turinici_loss(X, Xrec, Z, T, C):
    """Mean squared distance of the images + C energy distance of the codes.  X, Xrec (N, d), Z (N, k), T (M, k) -> a number."""
    ### BEGIN SOLUTION
    ### END SOLUTION


# %% test="energy_distance"
A, B = np.array([[0.0]]), np.array([[1.0], [3.0]])
assert np.ndim(energy_distance(A, B)) == 0, "a distance is one number"
np.testing.assert_allclose(energy_distance(A, B), 3.0, rtol=1e-7)
np.testing.assert_allclose(energy_distance(B, B), 0.0, atol=1e-9)
np.testing.assert_allclose(turinici_loss(np.array([[1.0, 1.0]]), np.array([[0.0, 3.0]]), A, B, 0.1), 5.3, rtol=1e-7)

# %% [markdown]
# ## 6. There and back
#
# Now the whole way, with the smallest encoder and decoder there are: linear ones. The encoder has **two heads** that look at
# the same image, one for $\mu$ and one for `logvar`:
#
# $$\mu = X W_\mu^\top + b_\mu \qquad \mathrm{logvar} = X W_{\mathrm{logvar}}^\top + b_{\mathrm{logvar}} \qquad
# z = \mu + \sigma \odot \varepsilon \qquad \hat X = z\, W_x^\top + b_x$$
#
# `params` is a dict: `"W_mu"` and `"W_logvar"` of shape `(k, d)`, `"b_mu"` and `"b_logvar"` `(k,)`, `"W_x"` `(d, k)`, `"b_x"`
# `(d,)`. The decoder gets the **noisy** $z$, not $\mu$; its output is taken as it is, without a sigmoid.
#
# Write `vae_forward(X, eps, params)`: `X` `(N, d)`, `eps` `(N, k)`. It returns a dict with exactly the keys `"mu"`,
# `"logvar"`, `"z"`, each `(N, k)`, and `"xhat"` `(N, d)`.
#
# *Example.* $d = 2$, $k = 1$: `W_mu = [[1, -1]]`, `b_mu = [0.5]`, `W_logvar = [[0, 0]]`, `b_logvar = [ln 4]`,
# `W_x = [[1], [2]]`, `b_x = [0, 1]`. For $x = (3, 1)$ and $\varepsilon = 0.25$: $\mu = 2.5$, $\sigma = 2$, $z = 3$,
# $\hat x = (3, 7)$.


# %% exercise="vae_forward" source="vae.vae_forward" forbid=["torch.nn", "torch.distributions", "scipy", "sklearn", "jax", "tensorflow"]
def vae_forward(X, eps, params):
    """Linear encoder, noise, linear decoder.  X (N, d), eps (N, k) -> {"mu", "logvar", "z": (N, k), "xhat": (N, d)}."""
    ### BEGIN SOLUTION
    ### END SOLUTION


# %% test="vae_forward"
params = {"W_mu": np.array([[1.0, -1.0]]), "b_mu": np.array([0.5]), "W_x": np.array([[1.0], [2.0]])}
params |= {"W_logvar": np.zeros((1, 2)), "b_logvar": np.array([np.log(4)]), "b_x": np.array([0.0, 1.0])}
out = vae_forward(np.array([[3.0, 1.0]]), np.array([[0.25]]), params)
assert set(out) == {"mu", "logvar", "z", "xhat"}, f"the keys are mu, logvar, z and xhat, not {sorted(out)}"
np.testing.assert_allclose(out["mu"], [[2.5]], rtol=1e-7)
np.testing.assert_allclose(out["logvar"], [[np.log(4)]], rtol=1e-7)
np.testing.assert_allclose(out["z"], [[3.0]], rtol=1e-7)
np.testing.assert_allclose(out["xhat"], [[3.0, 7.0]], rtol=1e-7)

# %% [markdown]
# ## 7. Train one: digits from two numbers
#
# Real digits need bends. Encoder and decoder get one hidden layer of ReLUs each, of $n$ and $m$ units:
#
# $$h = \mathrm{ReLU}(X W_h^\top + b_h) \qquad \mu = h W_\mu^\top + b_\mu \qquad \mathrm{logvar} = h W_{\mathrm{logvar}}^\top + b_{\mathrm{logvar}}$$
# $$z = \mu + e^{\mathrm{logvar}/2} \odot \varepsilon \qquad \mathrm{logits} = \mathrm{ReLU}(z W_d^\top + b_d)\, W_x^\top + b_x$$
#
# The parameters are a dict `p` of ten arrays, for $d$ pixels and codes of $k$ numbers:
#
# | | `W_h` | `b_h` | `W_mu`, `W_logvar` | `b_mu`, `b_logvar` | `W_d` | `b_d` | `W_x` | `b_x` |
# |---|---|---|---|---|---|---|---|---|
# | shape | `(n, d)` | `(n,)` | `(k, n)` | `(k,)` | `(m, k)` | `(m,)` | `(d, m)` | `(d,)` |
#
# `encode` and `decode` below compute with them in numpy (for looking; gradients come from your own torch code). The loss is
# that of exercise 3 with `"bernoulli"` and $\beta = 1$, the negative ELBO. You may use all of **torch**: autograd, optimisers,
# `torch.nn`. (A `torch.nn.Linear` keeps its `weight` and `bias` in just these shapes.)
#
# **a. One step** (1 point). Write `vae_step(p, X, eps, lr)`: one step of plain gradient descent on the loss of the batch `X`
# `(N, d)`, with the given noise `eps` `(N, k)`; all of $n$, $m$, $k$, $d$ come from the arrays. Return a pair `(new, loss)`: a
# dict like `p` (same keys, same shapes) with every parameter moved by $-\mathrm{lr}$ times its gradient, and the loss
# **before** the step, a number. float32 will do: these results are compared to four digits. No test hits a kink of ReLU.
#
# *Example.* $N = d = n = k = m = 1$, $x = 1$, $\varepsilon = \frac12$, all parameters 0 but $b_h = W_\mu = W_d = 1$ and
# $b_{\mathrm{logvar}} = \ln 4$. Then $h = 1$, $\mu = 1$, $\sigma = 2$, $z = 2$, the logit is 0, and the loss is
# $\ln 2 + (2 - \ln 2) = 2$. Backward: at the logit $\frac12 - 1 = -\frac12$, so $dW_x = -1$, $db_x = -\frac12$; $dz = 0$, so
# $d\mu = 1$ and $d\mathrm{logvar} = \frac32$; $dh = 1$. With lr = 0.1: $W_x = 0.1$, $b_x = 0.05$, $W_\mu = 0.9$, $b_\mu = -0.1$,
# $W_{\mathrm{logvar}} = -0.15$, $b_{\mathrm{logvar}} = \ln 4 - 0.15$, $W_h = -0.1$, $b_h = 0.9$; $W_d$ and $b_d$ stay.
#
# **b. Training** (2 points). Write `train_vae(Xtr, seed)`: train such a VAE with codes of **$k = 2$** numbers and return its
# parameters, a dict `p` of the ten arrays (or detached tensors). From them *we* compute the loss on digits that your
# function never sees.
#
# * `Xtr` `(N, d)` holds grey values in $[0, 1]$: 1297 of the 1797 digits of 8 by 8 pixels in `data/digits.csv`, in a random
#   order and **with their pixels in a random order too**, the same for all images (your layers do not mind; weights brought
#   along from home do). Checks of shapes and repeatability use fewer images or pixels: take all sizes from the array. $n$ and $m$ are your choice,
#   at most 512.
# * `seed` is an integer: **the same seed must give the same parameters**, so take *all* your randomness from it, as by
#   `torch.manual_seed(seed)`.
# * Start, optimiser, batches, number of updates are your choice; a call may take 10 seconds, on one processor that may be
#   slower than yours.
#
# What counts is the loss of exercise 3 (Bernoulli, $\beta = 1$) on the 500 other digits, averaged over four draws of the noise.
# If a run misses the full points, a second one with another seed gets its chance, and the better one counts:
#
# | | full 2 points up to | three quarters | half | a quarter |
# |---|---|---|---|---|
# | held-out loss | 26.2 | 26.4 | 26.6 | 26.8 |
#
# A decoder that ignores the code and always answers the mean image has about 27.1: not much worse in numbers, worlds apart to
# look at; one that uses only one of the two numbers about 26.1. Ours reaches about 25.2 in half a second.
#
# *A recipe that works:* $n = m = 128$; weights uniform in $\pm\sqrt{6 / (n_\mathrm{in} + n_\mathrm{out})}$, biases 0; 30 epochs
# of batches of 100 in a new random order; fresh noise in every step; Adam with a step size that falls in a straight line from
# 0.01 to 0. *Traps:* a reconstruction averaged over the pixels (as many ready-made losses do) is 64 times too weak against the
# KL, and the decoder learns to ignore the code (*posterior collapse*); without the KL, or without the noise, the training loss
# looks splendid and the held-out one does not; $e^{\mathrm{logvar}}$ in place of $e^{\mathrm{logvar}/2}$ trains nearly as well, and
# only your step of part a gives it away; `zero_grad` before every `backward`.


# %%
def encode(p, X):
    """The middles and the log-variances of the clouds.  X (N, d) -> mu, logvar (N, k)."""
    h = np.maximum(X @ p["W_h"].T + p["b_h"], 0)
    return h @ p["W_mu"].T + p["b_mu"], h @ p["W_logvar"].T + p["b_logvar"]


def decode(p, Z):
    """The logits of codes Z (N, k) -> (N, d); sigmoid makes greys of them."""
    return np.maximum(Z @ p["W_d"].T + p["b_d"], 0) @ p["W_x"].T + p["b_x"]


# %% exercise="train_vae" source=["vae_torch.vae_step", "vae_torch.train_vae"] forbid=["sklearn", "jax", "tensorflow"]
def vae_step(p, X, eps, lr):
    """One step of gradient descent on the loss.  p: ten arrays, X (N, d), eps (N, k) -> (new parameters, loss before the step)."""
    ### BEGIN SOLUTION
    ### END SOLUTION


def train_vae(Xtr, seed):
    """Train a VAE with codes of two numbers on Xtr (N, d) in [0, 1] -> its parameters, a dict of ten arrays."""
    ### BEGIN SOLUTION
    ### END SOLUTION


# %% run=false
def load_digits(rng):
    """The digits of data/digits.csv, cut at random: greys Xtr (1297, 64), Xte (500, 64) in [0, 1], labels of Xte."""
    table = rng.permutation(np.loadtxt("data/digits.csv", delimiter=",", skiprows=1))
    X, digit = table[:, :-1] / 16, table[:, -1].astype(int)
    return X[:1297], X[1297:], digit[1297:]


def held_out_loss(p, X, rng):
    """What is graded: the loss on images not trained on, averaged over four draws of the noise."""
    mu, logvar = encode(p, X)
    draws = [reparameterize(mu, logvar, rng.normal(size=mu.shape)) for _ in range(4)]
    return np.mean([elbo_loss(X, decode(p, z), mu, logvar, "bernoulli") for z in draws])


rng = np.random.default_rng(0)
Xtr, Xte, digit = load_digits(rng)
p = {key: np.asarray(value) for key, value in train_vae(Xtr, 1).items()}
print(f"held-out loss {held_out_loss(p, Xte, rng):.2f}")

# %% [markdown]
# **Look at it.** First the map: where do the digits that it has never seen lie in the plane of codes? (The labels give the
# colours only; the VAE never saw them.) All clouds together should look like the standard bell curve: nearly everything
# within distance 3 of the middle, no empty quarter.

# %% run=false
mu, logvar = encode(p, Xte)
z = reparameterize(mu, logvar, rng.normal(size=mu.shape))
plt.figure(figsize=(5, 4))
plt.scatter(z[:, 0], z[:, 1], c=digit, s=6, cmap="tab10")
plt.colorbar(label="digit")
plt.xlabel("z1")
plt.ylabel("z2")
plt.show()


# %% [markdown]
# Then reconstructions: a row of digits, and below each what is left after the squeeze through two numbers. Then pure
# inventions: codes drawn from the bell curve, decoded. Last, the lecture's "side-effect": on the straight line between two
# codes one digit turns into another, and every station on the way is an image.
#
# (All are blurred: two numbers are little, and where a decoder is unsure the cheapest answer is the average grey.)
#
# Note what this network can *never* draw: a letter, a coloured digit, a digit at the edge. It only ever walks on the map
# of what it has seen.


# %% run=false
def strip(images):
    """Images (n, 64) side by side -> (8, 8 n)."""
    return np.hstack([image.reshape(8, 8) for image in images])


def drawn(codes):
    """The images of codes (n, 2) -> (n, 64)."""
    return sigmoid(decode(p, codes))


ten = np.array([np.flatnonzero(digit == each)[0] for each in range(10)])
way = np.linspace(0, 1, 10)[:, None]
rows = {
    "ten digits": strip(Xte[ten]),
    "rebuilt": strip(drawn(mu[ten])),
    "invented": np.vstack([strip(drawn(rng.normal(size=(10, 2)))) for _ in range(3)]),
    "from 0 to 1": strip(drawn((1 - way) * mu[ten[0]] + way * mu[ten[1]])),
}
for title, image in rows.items():
    plt.figure(figsize=(8, image.shape[0] / 10))
    plt.imshow(image, cmap="gray_r")
    plt.title(title)
    plt.axis("off")
    plt.show()

# %% test="train_vae"
p = {f"W_{key}": np.zeros((1, 1)) for key in ("h", "mu", "logvar", "d", "x")}
p |= {f"b_{key}": np.zeros(1) for key in ("h", "mu", "logvar", "d", "x")}
p |= {"b_h": np.ones(1), "W_mu": np.ones((1, 1)), "W_d": np.ones((1, 1)), "b_logvar": np.array([np.log(4)])}
new, loss = vae_step(p, np.array([[1.0]]), np.array([[0.5]]), 0.1)
np.testing.assert_allclose(float(loss), 2.0, rtol=1e-4)
for key, value in {"W_x": 0.1, "b_x": 0.05, "W_mu": 0.9, "W_logvar": -0.15, "b_logvar": np.log(4) - 0.15}.items():
    np.testing.assert_allclose(np.asarray(new[key]).ravel(), [value], rtol=1e-4, err_msg=key)
rng = np.random.default_rng(3)
Xtr, Xte, _ = load_digits(rng)
p = {key: np.asarray(value) for key, value in train_vae(Xtr, 5).items()}
assert p["W_mu"].shape[0] == 2, f"codes have two numbers, not {p['W_mu'].shape[0]}"
assert held_out_loss(p, Xte, rng) < 26.2, "the digits are not learnt yet"

# %% [markdown]
# **Where to go from here.** The lecture's own example is a *convolutional* VAE on images of 28 by 28 pixels. Its decoder
# grows a 7 by 7 map by transposed convolutions (kernel $k$, stride $s$, padding $p$), each of which makes
# $o = (i - 1) s + k - 2p$ of a side $i$: with $(4, 2, 1)$ twice, $7 \to 14 \to 28$. The lecture asks you to add a layer; with
# stride 1, as $(3, 1, 1)$, the side stays 28, with stride 2 it would be 56 and no longer match the image. Where this
# formula comes from is the subject of the unit on autoencoders.
