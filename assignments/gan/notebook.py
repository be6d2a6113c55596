# ruff: noqa: E501 (a header is one line)
# %% [markdown]
# # Generative adversarial networks
#
# Two networks play against each other. The **generator** $G$ turns noise $z$ into samples, fakes. The **discriminator** $D$
# (Turinici: the critic) looks at a sample and says with what probability it is real. $D$ learns to tell them apart, $G$
# learns to fool $D$, and if all goes well the fakes become as good as real. It does not always go well: here you build the
# game piece by piece, see why it turns in circles and why a generator likes to repeat itself, and train one of your own.
#
# **How it is graded.** Under each exercise there is a *visible test*: it catches slips early and shows one example.
# After you hand in, *hidden tests* call your functions with other numbers. Everything they check is written in this
# text. Partial work earns partial points. Plan for an afternoon; exercises 4 and 8 take the most thought. Grading your
# notebook takes some seconds.
#
# **Conventions that hold everywhere**
#
# * Samples are **rows**: `N` points of the plane have shape `(N, 2)`. Any number of samples may be 1.
# * $D$ is a **probability** in $[0, 1]$; its **logit** is called $a$, and $D = \sigma(a) = 1 / (1 + e^{-a})$. Logarithms are natural.
# * Means are means over samples; real and fake samples may differ in number, and each kind has its own mean.
# * **All noise is an argument.** Until exercise 8 none of your functions draws anything.
# * All float inputs are `float64` arrays. In what you return, lists, tuples, arrays and (detached) tensors are equal, a 0-d
#   array is a number. A dict has exactly the keys that are asked.
# * **Do not change your inputs**: a function that writes into the arrays it was given loses points.
# * **What is forbidden.** In exercises 1 to 7: `torch`, `scipy`, `sklearn`, `jax`, `tensorflow`; numpy is enough. In exercise 8
#   all of torch is allowed. A forbidden call costs the exercise. Later functions may call your earlier ones.
# * Results are compared to about seven digits, those of exercise 4 to about five. One call may take 10 seconds.
#
# **In the lectures**: Belhafaoui, "Generative Adversarial Networks (GAN)", "Conditional Generative Adversarial Networks
# (CGAN)", "Cycle Generative Adversarial Networks (CycleGAN)"; Turinici, "Réseaux particuliers: génératifs, GAN, stable
# diffusion". What is not on the slides (the loss that does not saturate, the best discriminator) is stated here (Goodfellow
# and others, "Generative Adversarial Nets", 2014).

# %%
import numpy as np
import torch


def sigmoid(a):
    """1 / (1 + e^-a), entry by entry, for any size of a."""
    return 0.5 * (1.0 + np.tanh(0.5 * np.asarray(a)))


# %% [markdown]
# ## 1. The game and its losses
#
# The lecture's slide writes the whole game in one line: $D$ raises, and $G$ lowers,
#
# $$V = \mathbb{E}_x[\ln D(x)] + \mathbb{E}_z[\ln(1 - D(G(z)))]$$
#
# For samples, each expectation is a mean over its own samples. So that no logarithm becomes infinite, **clip the argument of
# each logarithm from below at $10^{-12}$**: $\ln \max(D, 10^{-12})$ and $\ln \max(1 - D, 10^{-12})$.
#
# Optimisers only go down, so each side gets a *loss*. The discriminator's is $-V$. For the generator there are two:
#
# | `kind` | loss of $G$ | |
# |---|---|---|
# | `"minimax"` | mean of $\ln(1 - D(G(z)))$ | its part of $V$ |
# | `"nonsaturating"` | $-$ mean of $\ln D(G(z))$ | what is used; exercise 2 shows why |
#
# Write `gan_value(d_real, d_fake)`, `d_loss(d_real, d_fake)` and `g_loss(d_fake, kind)`. `d_real` `(n,)` holds $D(x)$, `d_fake`
# `(m,)` holds $D(G(z))$; each result is one number.
#
# *Example.* $D(x) = (\frac12, \frac12)$ and $D(G(z)) = \frac14$: $V = \ln \frac12 + \ln \frac34 = \ln \frac38 \approx -0.981$,
# `d_loss` $0.981$, `g_loss` $\ln \frac34 \approx -0.288$ or $-\ln \frac14 \approx 1.386$.


# %% exercise="gan_value" source=["gan.gan_value", "gan.d_loss", "gan.g_loss"] forbid=["torch", "scipy", "sklearn", "jax", "tensorflow"]
def gan_value(d_real, d_fake):
    """V, each mean over its own samples.  d_real (n,), d_fake (m,) probabilities -> a number."""
    ### BEGIN SOLUTION
    ### END SOLUTION


def d_loss(d_real, d_fake):
    """What the discriminator lowers.  d_real (n,), d_fake (m,) -> a number."""
    ### BEGIN SOLUTION
    ### END SOLUTION


def g_loss(d_fake, kind):
    """What the generator lowers; kind "minimax" or "nonsaturating".  d_fake (m,) -> a number."""
    ### BEGIN SOLUTION
    ### END SOLUTION


# %% test="gan_value"
d_real, d_fake = np.array([0.5, 0.5]), np.array([0.25])
assert np.ndim(gan_value(d_real, d_fake)) == 0, "the value is one number"
np.testing.assert_allclose(gan_value(d_real, d_fake), np.log(3 / 8), rtol=1e-7)
np.testing.assert_allclose(d_loss(d_real, d_fake), np.log(8 / 3), rtol=1e-7)
np.testing.assert_allclose(g_loss(d_fake, "minimax"), np.log(3 / 4), rtol=1e-7)
np.testing.assert_allclose(g_loss(d_fake, "nonsaturating"), np.log(4), rtol=1e-7)
assert np.isfinite(g_loss(np.array([0.0]), "nonsaturating")), "clip: ln 0 must not happen"

# %% [markdown]
# ## 2. Why two losses
#
# Early in the game fakes are poor and $D$ is sure of itself: $D(G(z)) \approx 0$. What does $G$ learn then? Look at **one** fake with
# logit $a$, $D = \sigma(a)$, and use $\sigma' = \sigma (1 - \sigma)$:
#
# $$\frac{\partial}{\partial a} \ln(1 - \sigma(a)) = -D \qquad\qquad \frac{\partial}{\partial a} \big({-\ln \sigma(a)}\big) = -(1 - D)$$
#
# With the first, $G$ gets no gradient just when it is worst: the loss *saturates*. With the second it gets the most.
#
# Write `g_logit_grad(a, kind)`: the derivative of **each sample's** loss with respect to its logit (no mean, no $\frac1m$). `a`
# has any shape, the result has the same. Logits of $\pm 40$ and beyond must give finite answers.
#
# *Example.* $a = \ln 3$, $D = \frac34$: $-\frac34$ and $-\frac14$.


# %% exercise="g_logit_grad" source="gan.g_logit_grad" forbid=["torch", "scipy", "sklearn", "jax", "tensorflow"]
def g_logit_grad(a, kind):
    """Derivative of each sample's generator loss by its logit.  a any shape -> same shape."""
    ### BEGIN SOLUTION
    ### END SOLUTION


# %% test="g_logit_grad"
a = np.array([[np.log(3), 0.0]])
assert np.shape(g_logit_grad(a, "minimax")) == (1, 2), "the result has the shape of a"
np.testing.assert_allclose(g_logit_grad(a, "minimax"), [[-0.75, -0.5]], rtol=1e-7)
np.testing.assert_allclose(g_logit_grad(a, "nonsaturating"), [[-0.25, -0.5]], rtol=1e-7)

# %% [markdown]
# See it. Left of 0 the discriminator is winning: one of the two generators has stopped to learn.

# %% run=false
import matplotlib.pyplot as plt

a = np.linspace(-6, 6, 49)
for kind in ("minimax", "nonsaturating"):
    plt.plot(a, g_logit_grad(a, kind), label=kind)
plt.xlabel("logit of a fake")
plt.ylabel("gradient of the generator's loss")
plt.legend()
plt.show()

# %% [markdown]
# ## 3. The best discriminator
#
# Suppose there are only $K$ possible samples. The data show number $i$ with probability $p_i$, the generator makes it with
# probability $q_i$. Then $V = \sum_i \big( p_i \ln D_i + q_i \ln(1 - D_i) \big)$, and for each $i$ the best answer is
#
# $$D^*_i = \frac{p_i}{p_i + q_i} \qquad \text{and } D^*_i = \tfrac12 \text{ where } p_i = q_i = 0$$
#
# Put in, $V(D^*) = -\ln 4 + 2\, \mathrm{JS}(p, q)$: the generator that faces a perfect discriminator lowers the Jensen-Shannon
# divergence. It is $-\ln 4$ for $p = q$ (then $D^* = \frac12$ everywhere: pure guessing), and 0 if the laws have no
# sample in common.
#
# Write `optimal_discriminator(p, q)`: `p`, `q` `(K,)`, each summing to 1, **zeros allowed**; the result has shape `(K,)`. And
# `value_at_optimum(p, q)`: $V(D^*)$, one number, with $0 \ln 0 = 0$, exact without clipping.
#
# *Example.* $p = (\frac14, \frac34, 0)$, $q = (\frac34, \frac14, 0)$: $D^* = (\frac14, \frac34, \frac12)$ and
# $V = 2 (\frac14 \ln \frac14 + \frac34 \ln \frac34) \approx -1.125$.


# %% exercise="optimal_discriminator" source=["gan.optimal_discriminator", "gan.value_at_optimum"] forbid=["torch", "scipy", "sklearn", "jax", "tensorflow"]
def optimal_discriminator(p, q):
    """The best D for data of law p and fakes of law q.  p, q (K,) -> (K,)."""
    ### BEGIN SOLUTION
    ### END SOLUTION


def value_at_optimum(p, q):
    """V of the best D, 0 log 0 = 0.  p, q (K,) -> a number."""
    ### BEGIN SOLUTION
    ### END SOLUTION


# %% test="optimal_discriminator"
p, q = np.array([0.25, 0.75, 0.0]), np.array([0.75, 0.25, 0.0])
np.testing.assert_allclose(optimal_discriminator(p, q), [0.25, 0.75, 0.5], rtol=1e-7)
np.testing.assert_allclose(value_at_optimum(p, q), 0.5 * np.log(0.25) + 1.5 * np.log(0.75), rtol=1e-7)
np.testing.assert_allclose(value_at_optimum(p, p), -np.log(4), rtol=1e-7)

# %% [markdown]
# ## 4. The smallest GAN
#
# Samples are numbers, $G(z) = az + b$ and $D(x) = \sigma(ux + v)$: four parameters, and the whole algorithm fits on a page. One
# **round** is $k$ steps of $D$, then one step of $G$. With a batch $x_1, \dots, x_B$ of real samples:
#
# 1. $k$ times: **new** fakes $f_i = a z_i + b$ from a new row of noise, and a step **up** $V$ (all right-hand sides with the $u$, $v$
#    from before this step),
#    $$u \leftarrow u + \mathrm{lr} \Big( \tfrac1B \sum_i (1 - D(x_i))\, x_i - \tfrac1B \sum_i D(f_i)\, f_i \Big) \qquad
#      v \leftarrow v + \mathrm{lr} \Big( \tfrac1B \sum_i (1 - D(x_i)) - \tfrac1B \sum_i D(f_i) \Big)$$
# 2. once: fakes $f_i = a z_i + b$ from the last row of noise, and a step **down** the non-saturating loss, with the $u$, $v$ that
#    came out of 1. Going back through the logit $u f_i + v$ (exercise 2), each fake is pulled by $g_i = -(1 - D(f_i))\, u$, and
#    $$a \leftarrow a - \mathrm{lr} \cdot \tfrac1B \sum_i g_i z_i \qquad b \leftarrow b - \mathrm{lr} \cdot \tfrac1B \sum_i g_i$$
#
# Write `gan_steps(params, real, noise, lr, k)`: `params` is $(a, b, u, v)$; `real` `(n, B)` holds one batch for each of $n$ rounds
# (the same batch serves all $k$ steps of $D$ in its round); `noise` `(n, k + 1, B)`: in round $t$, `noise[t, 0]` to
# `noise[t, k-1]` are for the steps of $D$, `noise[t, k]` is for $G$. Return an array `(n, 4)`: row $t$ holds $a, b, u, v$ after
# round $t$.
#
# *Example.* $(a, b, u, v) = (1, 0, 0, 0)$, $n = B = k = 1$, $x = 2$, noise $-1$ for $D$ and $1$ for $G$, lr = 1. All $D$ are
# $\frac12$, the first fake is $-1$: $u = 0 + \frac12 \cdot 2 - \frac12 \cdot (-1) = 1.5$, $v = \frac12 - \frac12 = 0$. The second is
# $1$: $D = \sigma(1.5) \approx 0.8176$, $g \approx -0.1824 \cdot 1.5 = -0.2736$, so $a = 1.2736$ and $b = 0.2736$.


# %% exercise="gan_steps" source="gan.gan_steps" forbid=["torch", "scipy", "sklearn", "jax", "tensorflow"]
def gan_steps(params, real, noise, lr, k):
    """n rounds of k steps of D and one of G.  params (a, b, u, v), real (n, B), noise (n, k + 1, B) -> (n, 4)."""
    ### BEGIN SOLUTION
    ### END SOLUTION


# %% test="gan_steps"
path = gan_steps((1.0, 0.0, 0.0, 0.0), np.array([[2.0]]), np.array([[[-1.0], [1.0]]]), 1.0, 1)
assert np.shape(path) == (1, 4), f"one round gives shape (1, 4), not {np.shape(path)}"
pull = 1.5 * (1 - sigmoid(1.5))
np.testing.assert_allclose(path, [[1 + pull, pull, 1.5, 0.0]], rtol=1e-5, atol=1e-9)

# %% [markdown]
# Let it learn numbers around 3: does $b$, the middle of the fakes, find them? Look how it arrives: it overshoots, and turns back.

# %% run=false
rng = np.random.default_rng(1)
path = gan_steps((1.0, 0.0, 0.0, 0.0), 3 + 0.5 * rng.normal(size=(600, 32)), rng.normal(size=(600, 2, 32)), 0.1, 1)
plt.plot(path, label=["a", "b", "u", "v"])
plt.xlabel("round")
plt.legend()
plt.show()

# %% [markdown]
# ## 5. Running in circles
#
# Why does it overshoot? Take the plainest game of two there is: $x$ **lowers** and $y$ **raises** $xy$. The derivatives are $y$ and
# $x$; the only balance is $(0, 0)$. Do gradient steps find it?
#
# | `mode` | one step |
# |---|---|
# | `"simultaneous"` | $x' = x - \mathrm{lr}\, y$ and $y' = y + \mathrm{lr}\, x$, both from the old point |
# | `"alternating"` | $x' = x - \mathrm{lr}\, y$ first, then $y' = y + \mathrm{lr}\, x'$ from the new $x'$ |
#
# Write `bilinear_game(x0, y0, lr, n, mode)`: the path of $n$ steps **with its start**, an array `(n + 1, 2)` with rows $(x, y)$.
#
# *Example.* From $(1, 2)$ with lr = $\frac12$, one step: simultaneous $(0, 2.5)$; alternating $(0, 2)$.


# %% exercise="bilinear_game" source="gan.bilinear_game" forbid=["torch", "scipy", "sklearn", "jax", "tensorflow"]
def bilinear_game(x0, y0, lr, n, mode):
    """min over x, max over y of x y by gradient steps; mode "simultaneous" or "alternating".  -> the path (n + 1, 2)."""
    ### BEGIN SOLUTION
    ### END SOLUTION


# %% test="bilinear_game"
path = bilinear_game(1.0, 2.0, 0.5, 1, "simultaneous")
assert np.shape(path) == (2, 2), f"one step and its start have shape (2, 2), not {np.shape(path)}"
np.testing.assert_allclose(path, [[1.0, 2.0], [0.0, 2.5]], rtol=1e-7, atol=1e-12)
np.testing.assert_allclose(bilinear_game(1.0, 2.0, 0.5, 1, "alternating"), [[1.0, 2.0], [0.0, 2.0]], rtol=1e-7, atol=1e-12)

# %% [markdown]
# One path runs away in a spiral (its radius grows by $\sqrt{1 + \mathrm{lr}^2}$ a step), the other circles for ever. Neither arrives.

# %% run=false
plt.figure(figsize=(5, 5))
for mode in ("simultaneous", "alternating"):
    path = np.asarray(bilinear_game(1.0, 1.0, 0.2, 60, mode))
    plt.plot(path[:, 0], path[:, 1], ".-", label=mode)
plt.xlabel("x lowers xy")
plt.ylabel("y raises xy")
plt.legend()
plt.show()

# %% [markdown]
# ## 6. Counting modes
#
# The lecture's other warning: *mode collapse*. A generator that always makes one splendid sample fools $D$ for a while, though
# the data have many kinds, *modes*. $V$ does not show it; counting does. Let the modes have centers $c_1, \dots, c_K$. A
# sample **belongs** to its nearest center (Euclidean distance) if it lies within the radius of it, border included;
# otherwise it belongs to none.
#
# Write `mode_coverage(samples, centers, radius)`: `samples` `(N, d)`, `centers` `(K, d)`. Return a dict with exactly
#
# * `"covered"`: the number of modes with at least one sample, an integer;
# * `"share"` `(K,)`: for each mode, the samples that belong to it as a fraction of **all** $N$ samples;
# * `"kl_to_uniform"`: with $s$ the shares divided by their sum, $\sum_j s_j \ln(K s_j)$, where $0 \ln 0 = 0$: 0 if all modes
#   are equally frequent, $\ln K$ if there is only one. If no sample belongs to any mode it is `np.inf`.
#
# No sample of a test is equally far from two centers.
#
# *Example.* Centers $0$ and $10$ of a line, radius 1, samples $0, 1, 9.5, 5$: covered 2, share $(\frac12, \frac14)$, so
# $s = (\frac23, \frac13)$ and the KL is $\frac23 \ln \frac43 + \frac13 \ln \frac23 \approx 0.0566$.


# %% exercise="mode_coverage" source="gan.mode_coverage" forbid=["torch", "scipy", "sklearn", "jax", "tensorflow"]
def mode_coverage(samples, centers, radius):
    """Which modes are reached.  samples (N, d), centers (K, d) -> {"covered": int, "share": (K,), "kl_to_uniform": a number}."""
    ### BEGIN SOLUTION
    ### END SOLUTION


# %% test="mode_coverage"
found = mode_coverage(np.array([[0.0], [1.0], [9.5], [5.0]]), np.array([[0.0], [10.0]]), 1.0)
assert set(found) == {"covered", "share", "kl_to_uniform"}, f"wrong keys: {sorted(found)}"
assert found["covered"] == 2
np.testing.assert_allclose(found["share"], [0.5, 0.25], rtol=1e-7)
np.testing.assert_allclose(found["kl_to_uniform"], 2 / 3 * np.log(4 / 3) + 1 / 3 * np.log(2 / 3), rtol=1e-7)

# %% [markdown]
# ## 7. Relatives: CGAN and CycleGAN
#
# A **conditional** GAN draws what you ask for: both networks also see a label. The usual way is to append its one-hot code to
# the input.
#
# A **CycleGAN** turns horses into zebras without pairs of pictures: $G$ goes from domain $X$ to $Y$, $F$ from $Y$ to $X$. $D_Y$ judges
# whether something is a real sample of $Y$, $D_X$ the same for $X$. (The slide calls $D_X$ and $D_Y$ *generators*; they are the
# **discriminators** of their domains.) And whoever goes there and back must arrive where they started:
#
# $$L_{\mathrm{cyc}} = \mathbb{E}_x \|F(G(x)) - x\|_1 + \mathbb{E}_y \|G(F(y)) - y\|_1$$
# $$L = V(D_Y; \text{real } y, \text{fake } G(x)) + V(D_X; \text{real } x, \text{fake } F(y)) + \lambda L_{\mathrm{cyc}}$$
#
# where $V$ is that of exercise 1. $\|\cdot\|_1$ is the **sum** of the absolute values over the coordinates; $\mathbb{E}$ is a mean
# over samples, each over its own. Write three functions:
#
# * `cgan_input(x, y, K)`: `x` `(N, d)`, labels `y` `(N,)` integers in $0, \dots, K-1$; the result is `(N, d + K)`, each row of `x`
#   **followed** by the one-hot code of its label.
# * `cycle_loss(x, fgx, y, gfy)`: `x` and $F(G(x))$ of shape `(N, d)`, `y` and $G(F(y))$ of shape `(M, e)`; one number.
# * `cyclegan_total(dy_real, dy_fake, dx_real, dx_fake, cycle, lam)`: the probabilities $D_Y(y)$ `(M,)`, $D_Y(G(x))$ `(N,)`, $D_X(x)$
#   `(N,)`, $D_X(F(y))$ `(M,)`, the number $L_{\mathrm{cyc}}$ and $\lambda$; one number, $L$.
#
# *Example.* $x = (1, 3)$, $F(G(x)) = (2, 1)$, $y = 5$, $G(F(y)) = 5.5$: $L_{\mathrm{cyc}} = 3 + 0.5 = 3.5$. With all probabilities
# $\frac12$ and $\lambda = 10$: $L = -2 \ln 4 + 35 \approx 32.23$. And `cgan_input([[7, 8]], [1], 3)` is `[[7, 8, 0, 1, 0]]`.


# %% exercise="cycle_loss" source=["gan.cgan_input", "gan.cycle_loss", "gan.cyclegan_total"] forbid=["torch", "scipy", "sklearn", "jax", "tensorflow"]
def cgan_input(x, y, K):
    """x followed by the one-hot label.  x (N, d), y (N,) integers -> (N, d + K)."""
    ### BEGIN SOLUTION
    ### END SOLUTION


def cycle_loss(x, fgx, y, gfy):
    """There and back, both ways.  x, fgx (N, d), y, gfy (M, e) -> a number."""
    ### BEGIN SOLUTION
    ### END SOLUTION


def cyclegan_total(dy_real, dy_fake, dx_real, dx_fake, cycle, lam):
    """Both games and lam times the cycle loss.  Probabilities (M,), (N,), (N,), (M,), two numbers -> a number."""
    ### BEGIN SOLUTION
    ### END SOLUTION


# %% test="cycle_loss"
np.testing.assert_allclose(cgan_input(np.array([[7.0, 8.0]]), np.array([1]), 3), [[7, 8, 0, 1, 0]])
cycle = cycle_loss(np.array([[1.0, 3.0]]), np.array([[2.0, 1.0]]), np.array([[5.0]]), np.array([[5.5]]))
np.testing.assert_allclose(cycle, 3.5, rtol=1e-7)
half = np.array([0.5])
np.testing.assert_allclose(cyclegan_total(half, half, half, half, 3.5, 10.0), 35 - 2 * np.log(4), rtol=1e-7)

# %% [markdown]
# ## 8. Train one: eight islands
#
# Now two real networks, and torch. The data are 2000 points of the plane: eight small round clouds (deviation 0.1) whose
# centers stand evenly on a circle of radius 2. The circle is **turned** by an angle that differs from call to call.
#
# A network is a list of layers `[(W_1, b_1), ..., (W_L, b_L)]`, `W_l` of shape `(out, in)`, `b_l` `(out,)`, as
# `torch.nn.Linear` keeps them: $Y \leftarrow \mathrm{ReLU}(Y W_l^\top + b_l)$ for all layers but the last, which has no ReLU.
# `run` below computes it in numpy, for looking. $G$ ends with two outputs (a point), $D$ with one, the **logit** $a$. From logits,
# $-\ln \sigma(a) = \ln(1 + e^{-a})$ and $-\ln(1 - \sigma(a)) = \ln(1 + e^{a})$: `torch.nn.functional.softplus`.
#
# **a. One step** (1 point). Write `gan_step(G, D, X, Z, lr)`, with plain gradient descent:
#
# 1. fakes from the noise `Z[0]`; $D$ goes down `d_loss` $= \mathrm{mean}(-\ln D(x)) + \mathrm{mean}(-\ln(1 - D(G(z))))$;
# 2. fakes from the noise `Z[1]`; $G$ goes down the non-saturating loss $\mathrm{mean}(-\ln D(G(z)))$, judged by the **new** $D$.
#
# `G` and `D` are lists as above, of two layers or more, for samples of any length $d$; `X` `(N, d)`, `Z` `(2, N, k)`. Return four
# things: the new $G$, the new $D$ (lists of pairs of the same shapes), and the losses of $D$ before step 1 and of $G$ before step 2.
# float32 will do: these results are compared to four digits. No test hits a kink of ReLU.
#
# *Example.* All numbers are $1 \times 1$: $G = [(1, 0), (1, 0)]$ and $D = [(1, 0), (0, 0)]$, $x = 2$, $z = 1$ in both rows, lr = 1. All
# logits are 0: `d_loss` $= 2 \ln 2$. The last layer of $D$ gets $W = 0 + \frac12 \cdot 2 - \frac12 \cdot 1 = 0.5$ and $b = \frac12 - \frac12
# = 0$, its first layer stays (its gradient passes the old $W = 0$). Now the fake $1$ has the logit $\frac12$: the loss of $G$ is
# $\ln(1 + e^{-1/2}) \approx 0.4741$, its pull $g = \frac12 (1 - \sigma(\frac12)) \approx 0.1888$, and all four numbers of $G$ grow by it:
# $[(1.1888, 0.1888), (1.1888, 0.1888)]$.
#
# **b. Training** (2 points). Write `train_gan(Xtr, seed, steps=500)`: train a GAN on the points `Xtr` `(N, 2)` and return its
# **generator**, a list of pairs of arrays (or detached tensors). *We* feed it noise, rows of standard normal numbers (as many as its
# first layer has inputs), and look where 2000 samples fall.
#
# * `seed` is an integer: **the same seed must give the same generator**, so take *all* your randomness from it, as by
#   `torch.manual_seed(seed)`.
# * `steps` is the number of rounds. Points are given for the default; other checks use few steps and fewer points.
# * At most 5 layers, 128 units in each, 32 noise numbers. Start, optimiser, batches are your choice; a call is stopped after 10
#   seconds, on one processor that may be slower than yours: aim at 2.
#
# A sample counts for a mode if `mode_coverage` with radius 0.5 says so. A mode is *reached* if it holds at least 2 % of all samples.
#
# | | full 2 points from | three quarters | half | a quarter |
# |---|---|---|---|---|
# | modes reached | 7 | 6 | 4 | 3 |
# | and samples near any mode | 45 % | 40 % | 35 % | 30 % |
#
# Ours reaches all eight with about 70 % in less than a second.
#
# *A recipe that works:* $G$ is 8-32-32-2 and $D$ is 2-32-32-1; weights uniform in $\pm\sqrt{6 / (n_\mathrm{in} + n_\mathrm{out})}$, biases
# 0; 500 rounds of one step of $D$ and one of $G$, with batches of 128 real points drawn at random and fresh noise; two Adam
# optimisers with `betas=(0.5, 0.999)` and a step size that falls in a straight line from 0.01 to 0; **blur**: add normal noise to the
# real points *and* the fakes before $D$ sees them, of a deviation that falls in a straight line from 0.6 to 0. *Traps:* a $G$ that
# wants its fakes called *fake* runs away from the data; fakes must be detached in the step of $D$ and must not be in that of $G$;
# `zero_grad` before every `backward`, since the step of $G$ leaves gradients in $D$ too; Adam's usual `betas=(0.9, 0.999)` makes the
# two chase each other in circles, as in exercise 5.


# %%
def run(net, Y):
    """The output of a network.  net [(W, b), ...], Y (N, in) -> (N, out)."""
    for W, b in net[:-1]:
        Y = np.maximum(Y @ np.asarray(W).T + np.asarray(b), 0)
    W, b = net[-1]
    return Y @ np.asarray(W).T + np.asarray(b)


# %% exercise="train_gan" source=["gan_torch.gan_step", "gan_torch.train_gan"] forbid=["sklearn", "jax", "tensorflow"]
def gan_step(G, D, X, Z, lr):
    """One step of D, then one of G.  G, D lists of (W, b), X (N, d), Z (2, N, k) -> new G, new D, the losses before."""
    ### BEGIN SOLUTION
    ### END SOLUTION


def train_gan(Xtr, seed, steps=500):
    """Train a GAN on points of the plane.  Xtr (N, 2) -> the generator, [(W, b), ...]."""
    ### BEGIN SOLUTION
    ### END SOLUTION


# %% run=false
def ring(rng, N, turn):
    """N points around eight centers -> points (N, 2), centers (8, 2)."""
    angle = turn + np.pi / 4 * np.arange(8)
    centers = 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return centers[rng.integers(8, size=N)] + 0.1 * rng.normal(size=(N, 2)), centers


rng = np.random.default_rng(0)
X, centers = ring(rng, 2000, rng.uniform(0, 2 * np.pi))
for steps in (50, 150, 500):
    G = train_gan(X, 1, steps)
    samples = run(G, rng.normal(size=(2000, len(np.asarray(G[0][0])[0]))))
    share = mode_coverage(samples, centers, 0.5)["share"]
    plt.figure(figsize=(4, 4))
    plt.scatter(X[:, 0], X[:, 1], s=2, label="data")
    plt.scatter(samples[:, 0], samples[:, 1], s=2, label="fakes")
    plt.title(f"{steps} rounds: {np.sum(share >= 0.02)} modes, {np.sum(share):.0%} near")
    plt.legend()
    plt.show()

# %% test="train_gan"
one, nothing = np.ones((1, 1)), np.zeros(1)
G, D = [(one, nothing), (one, nothing)], [(one, nothing), (0 * one, nothing)]
new_G, new_D, d, g = gan_step(G, D, np.array([[2.0]]), np.ones((2, 1, 1)), 1.0)
np.testing.assert_allclose([float(d), float(g)], [2 * np.log(2), np.log1p(np.exp(-0.5))], rtol=1e-4)
np.testing.assert_allclose(np.asarray(new_D[1][0]), [[0.5]], rtol=1e-4)
np.testing.assert_allclose(np.asarray(new_G[0][0]), [[1.1888]], rtol=1e-4)
rng = np.random.default_rng(3)
X, centers = ring(rng, 2000, rng.uniform(0, 2 * np.pi))
G = train_gan(X, 5)
assert len(np.asarray(G[-1][1])) == 2, "return the generator: it ends with two outputs"
share = mode_coverage(run(G, rng.normal(size=(2000, len(np.asarray(G[0][0])[0])))), centers, 0.5)["share"]
assert np.sum(share >= 0.02) >= 7, "not all islands are reached yet"
assert np.sum(share) >= 0.45, "too many samples lie between the islands"

# %% [markdown] manual="balance" points=3
# ## 9. When the game is over
#
# **(a)** For one sample that the data show with probability $p > 0$ and the generator makes with probability $q > 0$, show that
# $p \ln D + q \ln(1 - D)$ is largest at $D^* = p / (p + q)$. **(b)** What do $D^*$ and $V$ become when the generator is perfect, and
# what does $G$ learn from $D$ then? **(c)** A friend reports: "The loss of my discriminator has been 1.386 for an hour, so my GAN
# is finished." Name two quite different states of the game in which it is 1.386, and say what you would look at to tell them apart.
#
# ### BEGIN MARK SCHEME
# **1 point** (a): derivative $p / D - q / (1 - D) = 0$ gives $D^*$; second derivative $-p / D^2 - q / (1 - D)^2 < 0$ (or the values
# $-\infty$ at both ends): a maximum. Half a point without a reason for the maximum.
#
# **1 point** (b): $p = q$, $D^* = \frac12$ everywhere, $V = -\ln 4$; $D$ is constant, its slope with respect to the sample is 0, so the
# gradient of $G$ vanishes: the game rests.
#
# **1 point** (c): $2 \ln 2 = 1.386$ is $D = \frac12$ everywhere. Either the generator is perfect, or $D$ has learnt nothing (too small,
# too low a step size, no gradient, weights at 0). Half a point. Look at the samples: count modes and shares, or train a fresh $D$ against
# the fixed $G$. Half a point; any test that does not trust $D$'s loss counts.
# ### END MARK SCHEME

# %% [markdown] answer="balance"
# ### BEGIN SOLUTION
# **(a)** $h(D) = p \ln D + q \ln(1 - D)$ has $h'(D) = p / D - q / (1 - D)$, which is 0 where $p (1 - D) = q D$, that is at
# $D^* = p / (p + q)$. Since $h''(D) = -p / D^2 - q / (1 - D)^2 < 0$ everywhere, this is the maximum.
#
# **(b)** With $p = q$, $D^* = \frac12$ everywhere and $V = \ln \frac12 + \ln \frac12 = -\ln 4$. A constant $D$ has slope 0 at every
# sample, so no gradient reaches $G$: it stays as it is.
#
# **(c)** $1.386 = 2 \ln 2$ is the loss of $D = \frac12$ everywhere. That is so if $G$ is perfect, and also if $D$ has learnt nothing at
# all. Look at the samples (count modes, compare shares), or train a fresh discriminator against the fixed generator: if it
# soon gets below 1.386, the old one had given up.
# ### END SOLUTION
