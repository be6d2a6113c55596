# %% [markdown]
# # Does stochastic gradient descent converge?
#
# A network is trained with gradients of a few samples at a time: every step goes in a *roughly* right direction. Why does
# that end anywhere near a minimum? How near? And what must the learning rate do? Here you answer on the smallest problem
# there is, one parameter, where everything can be computed exactly; then you meet the general theorem, and mini-batches.
#
# **Where it stands in the lectures:** Turinici, "Convergence du SGD" (exercises 1 and 2 and the theorem); Michel, "SGD"
# (Algorithm 4, learning rate); Boyer, "Necessary to compute the whole gradient?"; Savinien, "Training".
#
# **How it is graded.** Under each exercise there is a *visible test*: it catches slips early and shows one example.
# After you hand in, *hidden tests* call your functions with other numbers. Everything they check is written in this
# text. Partial work earns partial points. Most functions take three to eight lines; plan for two to three hours.
#
# **Conventions that hold everywhere**
#
# * The toy problem: we want the mean $m$ of a random number $Y$ and minimise the mean of $L(Y, X) = (X - Y)^2 / 2$ over
#   the parameter $X$ (the lecture's letter for what is trained). $Y_0, Y_1, \dots$ are independent samples, normal with
#   mean $m$ and **variance** $\sigma^2$, called `s2` in code.
# * $\rho_n$ is the learning rate of the step from $X_n$ to $X_{n+1}$; numbering starts at 0. In code it is `rho`.
# * A result with $n + 1$ entries holds the start first: entry $k$ belongs to $X_k$, the state **after** $k$ steps.
# * All arrays of floats are `float64`. A plain number such as `x0`, `m`, `s2` or `rho` may also be a Python `int`, such as
#   0, and then means the same as 0.0. In what you return, lists, tuples and arrays are equal, a 0-d array is a number, and
#   where integers are asked any integer-valued number counts.
# * **Do not change your inputs**: a function that writes into the arrays it was given loses points.
# * **Write it yourself, with numpy.** `torch`, `scipy`, `pandas`, `sklearn` and other libraries that average, differentiate
#   or train for you are forbidden; a forbidden call costs the exercise. Later functions may call your earlier ones.
# * Results are compared to about seven digits (five after some hundred steps). One call may take 5 seconds.

# %%
import numpy as np

# %% [markdown]
# ## 1. The path
#
# SGD draws a sample and steps against the gradient of *its* loss: $X_{n+1} = X_n - \rho_n \nabla_X L(Y_n, X_n)$. The
# derivative of $(X - Y)^2 / 2$ with respect to $X$ is $X - Y$ (no factor 2 is left), so
#
# $$X_{n+1} = X_n - \rho_n (X_n - Y_n) = (1 - \rho_n)\, X_n + \rho_n\, Y_n$$
#
# Each step moves the parameter a part of the way to the newest sample: an *exponential moving average* (EMA).
#
# Write `sgd_path(x0, Y, rho)`: `x0` is the number $X_0$, `Y` has shape `(n,)`, and `rho` is either one number (the same
# rate in each step) or an array `(n,)` (`rho[k]` for the step from $X_k$ to $X_{k+1}$, which uses `Y[k]`). The result
# has shape `(n + 1,)` and holds $X_0, X_1, \dots, X_n$. `n` may be 0: then it is just $[X_0]$. `rho` may be any number
# from 0 to 2, both included.
#
# *Example.* $X_0 = 8$, $Y = (4, 0)$, $\rho = \frac14$: $X_1 = 8 - \frac14 (8 - 4) = 7$ and
# $X_2 = 7 - \frac14 (7 - 0) = 5.25$. With rates $(1, \frac12)$: $X_1 = 4$ (the start is forgotten) and $X_2 = 2$.


# %% exercise="sgd_path" source="sgd.sgd_path" forbid=["torch", "scipy", "pandas", "sklearn", "jax"]
def sgd_path(x0, Y, rho):
    """X_0 .. X_n of SGD on (X - Y)^2 / 2.  Y (n,), rho a number or (n,) -> (n+1,)."""
    ### BEGIN SOLUTION
    ### END SOLUTION


# %% test="sgd_path"
X = sgd_path(8, np.array([4.0, 0.0]), 0.25)
assert np.shape(X) == (3,), f"two samples make two steps: X_0, X_1, X_2, shape (3,), not {np.shape(X)}"
np.testing.assert_allclose(X, [8, 7, 5.25], rtol=1e-7)
np.testing.assert_allclose(sgd_path(8, np.array([4.0, 0.0]), np.array([1.0, 0.5])), [8, 4, 2], rtol=1e-7)

# %% [markdown]
# Look at it: the same 200 samples, three constant rates. Small rates are slow but calm, large ones quick but restless.
# (The same picture comes back with your feedback, next to ours.)

# %% run=false
import matplotlib.pyplot as plt

samples = np.random.default_rng(1).normal(3, 2, size=200)
for rate in (0.02, 0.1, 0.5):
    plt.plot(sgd_path(0, samples, rate), label=f"rate {rate}")
plt.axhline(3, color="k", linewidth=0.5)
plt.xlabel("step")
plt.ylabel("X")
plt.legend()
plt.show()

# %% [markdown]
# ## 2. What is remembered
#
# Put the formula for $X_n$ into itself, again and again. At a constant rate $\rho$:
#
# $$X_n = \rho\, Y_{n-1} + (1-\rho) X_{n-1} = \rho\, Y_{n-1} + (1-\rho)\rho\, Y_{n-2} + (1-\rho)^2 X_{n-2} = \dots$$
#
# $$X_n = \sum_{j=0}^{n-1} \rho\,(1-\rho)^j\, Y_{n-1-j} \; + \; (1-\rho)^n X_0$$
#
# Old samples fade geometrically, and so does the start. (Careful when you compare with the slide "Exo 1 – corrigé": there
# the index in the last term of the expansion lags by one.)
#
# Write `ema_weights(rho, n)`: the weights of $Y_{n-1}, Y_{n-2}, \dots, Y_0$ (newest first) and then of $X_0$ in $X_n$, so
# `n + 1` numbers. They sum to one. `n` may be 0 (then $X_0$ has weight 1); `rho` is any number from 0 to 2; in Python
# `0.0 ** 0` is 1, as needed.
#
# *Example.* $\rho = \frac12$, $n = 2$: `[1/2, 1/4, 1/4]`; the last one is the weight of $X_0$.


# %% exercise="ema_weights" source="sgd.ema_weights" forbid=["torch", "scipy", "pandas", "sklearn", "jax"]
def ema_weights(rho, n):
    """Weights of Y_(n-1), ..., Y_0 and X_0 in X_n -> (n+1,)."""
    ### BEGIN SOLUTION
    ### END SOLUTION


# %% test="ema_weights"
weights = ema_weights(0.5, 2)
assert np.shape(weights) == (3,), f"two samples and the start have 3 weights, not shape {np.shape(weights)}"
np.testing.assert_allclose(weights, [0.5, 0.25, 0.25], rtol=1e-7)
np.testing.assert_allclose(ema_weights(0.25, 1), [0.25, 0.75], rtol=1e-7)

# %% [markdown]
# ## 3. Mean and variance
#
# $X_n$ depends on random samples, so it is random itself. Since $Y_n$ is independent of $X_n$ (which has seen only earlier
# samples), means add and variances add with squared factors. With $m_n = \mathbb{E} X_n$ and $v_n = \mathrm{Var} X_n$:
#
# $$m_{n+1} = (1-\rho)\, m_n + \rho\, m \qquad v_{n+1} = (1-\rho)^2\, v_n + \rho^2 \sigma^2$$
#
# The start $X_0$ is a fixed number: $m_0 = X_0$ and $v_0 = 0$. Solved,
#
# $$m_n = m + (1-\rho)^n (X_0 - m) \qquad v_n = \frac{\rho\,\sigma^2}{2-\rho}\Big(1 - (1-\rho)^{2n}\Big)$$
#
# (at $\rho = 2$ the second has no meaning, the recursion has). For $0 < \rho < 2$ the mean arrives at $m$ exponentially
# fast, but **the variance does not go to zero**: it stays at $\rho \sigma^2 / (2 - \rho)$. That is the price of a constant
# rate. From $\rho = 2$ on the variance grows without bound.
#
# Write two functions.
#
# * `ema_moments(x0, m, s2, rho, n)` returns a pair: the means $m_0, \dots, m_n$ and the variances $v_0, \dots, v_n$, each of
#   shape `(n + 1,)`, in this order. `s2` is $\sigma^2$, already squared. Any $\rho$ from 0 to 3 may occur, also 2; `n` may
#   be 0.
# * `limit_variance(rho, s2)` returns the limit of $v_n$ as a number: $\rho \sigma^2 / (2 - \rho)$ for $0 \le \rho < 2$, and
#   `np.inf` for $\rho \ge 2$. (`s2` is positive.)
#
# *Example.* $X_0 = 8$, $m = 4$, $\sigma^2 = 9$, $\rho = \frac12$: means $8, 6, 5, \dots$; variances $0$, then
# $\frac14 \cdot 9 = 2.25$, then $\frac14 \cdot 2.25 + 2.25 = 2.8125$; their limit is $0.5 \cdot 9 / 1.5 = 3$.


# %% exercise="ema_moments" source=["sgd.ema_moments", "sgd.limit_variance"] forbid=["torch", "scipy", "pandas", "sklearn", "jax"]
def ema_moments(x0, m, s2, rho, n):
    """Means and variances of X_0 .. X_n at a constant rate -> (n+1,), (n+1,)."""
    ### BEGIN SOLUTION
    ### END SOLUTION


def limit_variance(rho, s2):
    """The limit of Var X_n for rho >= 0; np.inf where there is none -> float."""
    ### BEGIN SOLUTION
    ### END SOLUTION


# %% test="ema_moments"
means, variances = ema_moments(8, 4, 9, 0.5, 2)
np.testing.assert_allclose(means, [8, 6, 5], rtol=1e-7, err_msg="means")
np.testing.assert_allclose(variances, [0, 2.25, 2.8125], rtol=1e-7, err_msg="variances")
np.testing.assert_allclose(limit_variance(0.5, 9), 3, rtol=1e-7)
assert limit_variance(2, 9) == np.inf, "at rho = 2 the variance grows for ever"

# %% [markdown]
# Two hundred paths, and the band of your mean plus and minus two deviations: about 95 % of the paths should lie inside, at
# every step. The band does not close.

# %% run=false
draws = np.random.default_rng(2).normal(3, 2, size=(200, 60))
for row in draws:
    plt.plot(sgd_path(-5, row, 0.1), color="C0", alpha=0.1)
means, variances = ema_moments(-5, 3, 4, 0.1, 60)
steps, spread = np.arange(61), 2 * np.sqrt(variances)
plt.fill_between(steps, np.asarray(means) - spread, np.asarray(means) + spread, color="C1", alpha=0.4)
plt.plot(steps, means, color="C1")
plt.xlabel("step")
plt.ylabel("X")
plt.show()

# %% [markdown]
# ## 4. The rate that averages
#
# To make the variance vanish the rate must decrease (a *decay schedule*). Which rates turn SGD into the ordinary mean,
# $X_n = \frac1n \sum_{k=0}^{n-1} Y_k$ for every $n \ge 1$? The mean of $n + 1$ samples is
#
# $$X_{n+1} = \frac{n X_n + Y_n}{n + 1} = \Big(1 - \frac{1}{n+1}\Big) X_n + \frac{1}{n+1}\, Y_n$$
#
# so $\rho_n = \frac{1}{n+1}$ for $n = 0, 1, 2, \dots$ The first rate is 1: it erases the start. The variance of $X_n$ is then
# $\sigma^2 / n$, which goes to zero.
#
# Write `running_mean_schedule(n)`: the rates $\rho_0, \dots, \rho_{n-1}$ of the first $n$ steps, shape `(n,)`, with
# $n \ge 1$.
#
# *Example.* `running_mean_schedule(3)` is `[1, 1/2, 1/3]`; with these, $X_3 = (Y_0 + Y_1 + Y_2) / 3$.


# %% exercise="running_mean_schedule" source="sgd.running_mean_schedule" forbid=["torch", "scipy", "pandas", "sklearn", "jax"]
def running_mean_schedule(n):
    """The rates with which SGD computes the running mean -> (n,)."""
    ### BEGIN SOLUTION
    ### END SOLUTION


# %% test="running_mean_schedule"
np.testing.assert_allclose(running_mean_schedule(3), [1, 1 / 2, 1 / 3], rtol=1e-7)
X = sgd_path(100, np.array([6.0, 0.0, 3.0]), np.asarray(running_mean_schedule(3)))
np.testing.assert_allclose(X, [100, 6, 3, 3], rtol=1e-7, err_msg="the means of 6; of 6, 0; of 6, 0, 3")

# %% run=false
for rates, name in ((0.1, "constant 0.1"), (np.asarray(running_mean_schedule(200)), "1 / (n + 1)")):
    plt.plot(sgd_path(0, samples, rates), label=name)
plt.axhline(3, color="k", linewidth=0.5)
plt.xlabel("step")
plt.ylabel("X")
plt.legend()
plt.show()

# %% [markdown]
# ## 5. The theorem
#
# Now any loss, any number of parameters. Let $X_*$ be the minimum of the mean loss. If the mean loss is *strongly convex*
# with constant $\mu > 0$ (it curves upwards at least as $\frac{\mu}{2} \|X\|^2$ does) and the noisy gradients satisfy
# $\mathbb{E} \|\nabla L\|^2 \le c_0 + c_1 \|X - X_*\|^2$, then the mean squared error
# $\mathbb{E} \|X_n - X_*\|^2$ is at most $d_n$, where $d_0$ is its value at the start and
#
# $$d_{n+1} = (1 - \rho_n \mu + \rho_n^2 c_1)\, d_n + \rho_n^2 c_0$$
#
# Read it: $\rho_n \mu$ pulls towards the minimum, the squares are the noise. For small rates the pull wins. (The slide
# says "strictly convex"; the $\mu$ in the formula needs *strong* convexity.)
#
# Two consequences. At a **constant** rate with $\rho c_1 < \mu$ the bound stops at $\rho c_0 / (\mu - \rho c_1)$: near the
# minimum, never at it. If the rates go to zero, $\rho_n \to 0$, **and** their sum is infinite,
# $\sum_n \rho_n = \infty$, then $d_n \to 0$: the noise dies out, and yet the steps reach as far as ever needed. Nothing else
# is required here (in other theorems you may meet $\sum_n \rho_n^2 < \infty$: not in this one).
#
# Write two functions.
#
# * `theorem_bound(d0, rho, mu, c0, c1)` returns $d_0, \dots, d_n$, shape `(n + 1,)`; `rho` is an array `(n,)` with one rate
#   per step, the others are numbers; $n$ may be 0. Compute the formula as it stands, also where the bound grows.
# * `schedule_ok(name)` returns `True` if the schedule meets **both** conditions, $\rho_n \to 0$ and
#   $\sum_n \rho_n = \infty$, else `False`. `name` is one of these strings, where $c > 0$ and $0 < q < 1$ are constants and
#   $n = 1, 2, 3, \dots$:
#   `"c/n"`, `"c/sqrt(n)"`, `"c/n^2"`, `"const"` ($\rho_n = c$), `"c/log(n+2)"`, `"q^n"`. All six are asked in one check, all
#   or nothing. (The answers need no computation; a comment with your reason helps you later.)
#
# *Example.* $d_0 = 2$, $\rho = (\frac12, 1)$, $\mu = 1$, $c_0 = 4$, $c_1 = \frac12$:
# $d_1 = (1 - \frac12 + \frac18) \cdot 2 + \frac14 \cdot 4 = 2.25$ and
# $d_2 = (1 - 1 + \frac12) \cdot 2.25 + 4 = 5.125$.


# %% exercise="theorem_bound" source=["sgd.theorem_bound", "sgd.schedule_ok"] forbid=["torch", "scipy", "pandas", "sklearn", "jax"]
def theorem_bound(d0, rho, mu, c0, c1):
    """The bounds d_0 .. d_n of the mean squared error.  rho (n,) -> (n+1,)."""
    ### BEGIN SOLUTION
    ### END SOLUTION


def schedule_ok(name):
    """Do the rates go to zero while their sum is infinite?  -> True or False."""
    ### BEGIN SOLUTION
    ### END SOLUTION


# %% test="theorem_bound"
d = theorem_bound(2, np.array([0.5, 1.0]), 1, 4, 0.5)
assert np.shape(d) == (3,), f"two steps: d_0, d_1, d_2, shape (3,), not {np.shape(d)}"
np.testing.assert_allclose(d, [2, 2.25, 5.125], rtol=1e-7)
assert schedule_ok("c/n"), "1, 1/2, 1/3, ... go to zero and their sum is infinite"

# %% [markdown]
# How good is the bound? On the toy problem $\mu = c_1 = 1$, $c_0 = \sigma^2$, and the exact error is
# $(m_n - m)^2 + v_n$. Constant rate on the left, a good schedule and one that stops too early on the right.

# %% run=false
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.5))
means, variances = ema_moments(0, 3, 1, 0.1, 100)
left.semilogy((np.asarray(means) - 3) ** 2 + np.asarray(variances), label="exact, rate 0.1")
left.semilogy(theorem_bound(9, np.full(100, 0.1), 1, 1, 1), label="bound")
for name, rates in (("1 / (n + 2)", 1 / np.arange(2, 502)), ("1 / (n + 2)^2", 1 / np.arange(2, 502) ** 2)):
    right.loglog(theorem_bound(9, rates, 1, 1, 1), label=f"bound, {name}")
for axes in (left, right):
    axes.set_xlabel("step")
    axes.legend()
plt.show()

# %% [markdown]
# ## 6. Mini-batches
#
# In practice a step uses a *batch* $B$ of $|B|$ rows. Take least squares: rows $x_i$ of `X`, targets $y_i$, weights $w$,
# and the loss of a row is $(x_i \cdot w - y_i)^2$, whose gradient is $2\,(x_i \cdot w - y_i)\, x_i$. Two conventions are
# around, and mixing them up changes the learning rate by a factor $|B|$:
#
# $$g = \frac{1}{|B|} \sum_{i \in B} 2\,(x_i \cdot w - y_i)\, x_i \;\; \text{("mean")} \qquad
# g = \sum_{i \in B} 2\,(x_i \cdot w - y_i)\, x_i \;\; \text{("sum")}$$
#
# The penalty $\lambda \|w\|^2$ is added **once** to the loss of the batch in both cases, so that a step is
#
# $$w \leftarrow w - \mathrm{lr}\,(g + 2 \lambda w)$$
#
# Write `minibatch_sgd(X, y, w0, lr, batches, reduction="mean", lam=0.0)`: `X` has shape `(N, d)`, `y` `(N,)`, `w0` `(d,)`;
# `batches` is a list of integer arrays, and step $t$ uses the rows `batches[t]`, in this order, exactly one step per batch;
# batches may differ in size. `reduction` is `"mean"` or `"sum"`. The result is the whole path $w_0, w_1, \dots, w_T$, one
# row for each: shape `(T + 1, d)`. $d$ and a batch may have size 1.
#
# Two traps. If all rows of your path look alike, you have stored *the same array* again and again (`w -= ...` changes it
# after you stored it; write `w = w - ...`). And keep shapes in order: `(N,) - (N, 1)` gives an `(N, N)` table without a word.
#
# *Example.* `X = [[1, 0], [1, 2]]`, `y = [1, 4]`, `w0 = [0, 1]`, `lr = 0.1`, `batches = [[0, 1]]`. The residuals
# $x_i \cdot w - y_i$ are $-1$ and $-2$, so $\sum_i 2\,(x_i \cdot w - y_i)\, x_i = (-2, 0) + (-4, -8) = (-6, -8)$.
# With `"sum"` $w_1 = (0.6, 1.8)$; with `"mean"` $w_1 = (0.3, 1.4)$; with `"mean"` and $\lambda = \frac12$,
# $g + w = (-3, -3)$ and $w_1 = (0.3, 1.3)$.


# %% exercise="minibatch_sgd" source="sgd.minibatch_sgd" forbid=["torch", "scipy", "pandas", "sklearn", "jax"]
def minibatch_sgd(X, y, w0, lr, batches, reduction="mean", lam=0.0):
    """Least squares by SGD, one step per batch.  X (N, d), y (N,), w0 (d,) -> the path (T+1, d)."""
    ### BEGIN SOLUTION
    ### END SOLUTION


# %% test="minibatch_sgd"
X, y, w0 = np.array([[1.0, 0.0], [1.0, 2.0]]), np.array([1.0, 4.0]), np.array([0.0, 1.0])
rows = [np.array([0, 1])]
path = minibatch_sgd(X, y, w0, 0.1, rows)
assert np.shape(path) == (2, 2), f"one step and the start: shape (2, 2), not {np.shape(path)}"
np.testing.assert_allclose(path, [[0, 1], [0.3, 1.4]], rtol=1e-7)
np.testing.assert_allclose(minibatch_sgd(X, y, w0, 0.1, rows, "sum")[1], [0.6, 1.8], rtol=1e-7)
np.testing.assert_allclose(minibatch_sgd(X, y, w0, 0.1, rows, lam=0.5)[1], [0.3, 1.3], rtol=1e-7)
np.testing.assert_array_equal(w0, [0, 1], err_msg="w0 must stay as it was")

# %% [markdown]
# The path of $w$ in 12 epochs on a small problem, by batches of 1, 4 and all 32 rows, at the same rate ("mean"). An epoch is
# one pass through all rows: 32, 8 or 1 steps. The whole batch walks smoothly, but 12 steps do not reach the minimum (the
# star is the truth behind the data); single rows arrive early, and then never come to rest.


# %% run=false
def cloud():
    """A small public problem: X (32, 2), y (32,), and an order of the rows for each of 12 epochs."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(32, 2)) * [1.0, 0.5]
    y = X @ [2.0, -1.0] + 0.5 * rng.normal(size=32)
    return X, y, [rng.permutation(32) for _ in range(12)]


X, y, orders = cloud()
for size in (1, 4, 32):
    batches = [order[at : at + size] for order in orders for at in range(0, 32, size)]
    path = np.asarray(minibatch_sgd(X, y, np.zeros(2), 0.1, batches))
    plt.plot(path[:, 0], path[:, 1], ".-", alpha=0.6, label=f"batches of {size}")
plt.plot(2, -1, "k*")
plt.xlabel("first weight")
plt.ylabel("second weight")
plt.legend()
plt.show()

# %% [markdown]
# ## 7. Try it: simulation
#
# Formulas can be wrong; a simulation tells. Run the toy problem `reps` times, **each run with its own samples**, and look at
# the numbers $X_n$ that the runs end with.
#
# Write `simulate(x0, m, s2, rho, n, reps, seed)`: run `reps` independent copies of SGD from $X_0$ = `x0` at the constant
# rate `rho` for `n` steps, with $Y \sim N(m, \sigma^2)$ and `s2` = $\sigma^2$ (numpy's `normal` asks for the *deviation*
# $\sigma$). Return a pair: the mean and the variance of the `reps` final values $X_n$, where the variance divides by `reps`
# (numpy's default), not by `reps - 1`: for one run it is 0. `n` may be 0, `s2` may be 0.
#
# Take *all* your randomness from `np.random.default_rng(seed)`: **the same seed must give the same answer**, another seed
# another one. How you order the draws is your choice.
#
# What is checked: with 20,000 runs the mean lies within 5 standard errors of $m_n$ and the variance within 5 % of $v_n$ (it
# errs by 1 % on average). For a right solution each comparison fails by bad luck once in a million submissions. And with few
# runs the answers must *scatter* as random numbers do: the formulas of exercise 3 are not a simulation.
#
# *Example.* With `s2 = 0` nothing is random: `simulate(8, 4, 0, 0.5, 2, 10, 1)` is `(5, 0)`.


# %% exercise="simulate" source="sgd.simulate" forbid=["torch", "scipy", "pandas", "sklearn", "jax"]
def simulate(x0, m, s2, rho, n, reps, seed):
    """Mean and variance over reps independent runs of X_n -> (float, float)."""
    ### BEGIN SOLUTION
    ### END SOLUTION


# %% test="simulate"
np.testing.assert_allclose(simulate(8, 4, 0, 0.5, 2, 10, 1), [5, 0], atol=1e-9)
mean, variance = simulate(8, 4, 9, 0.5, 2, 20_000, 1)
assert abs(mean - 5) < 0.06, "the mean of X_2 is 5"
assert abs(variance / 2.8125 - 1) < 0.05, "the variance of X_2 is 2.8125"
np.testing.assert_array_equal(simulate(8, 4, 9, 0.5, 2, 50, 1), simulate(8, 4, 9, 0.5, 2, 50, 1), err_msg="same seed")

# %% [markdown] manual="limit" points=3
# ## 8. What does "converge" mean?
#
# Let $Y_0, Y_1, \dots$ be independent and normal with mean $m$ and variance $\sigma^2 > 0$, and let $X_0$ be a fixed number.
#
# 1. At a constant rate $0 < \rho < 2$: what is the law (distribution) of $X_n$, and why? What does it converge to as
#    $n \to \infty$?
# 2. Does $X_n$ itself settle at $m$, or at any number? Give the reason.
# 3. With $\rho_n = 1/(n+1)$: what is the law of $X_n$ for $n \ge 1$, and what is its limit? The slide "Exo 2 – corrigé" says
#    that the mean converges exponentially and that the limit law is normal. What is right instead?
#
# ### BEGIN MARK SCHEME
# **1 point**: ½ for "$X_n$ is a weighted sum of independent normal numbers and a constant, so it is normal" with
# $N\big(m + (1-\rho)^n (X_0 - m),\ \frac{\rho\sigma^2}{2-\rho}(1 - (1-\rho)^{2n})\big)$; ½ for the limit
# $N(m, \frac{\rho \sigma^2}{2-\rho})$, in law, because $|1 - \rho| < 1$.
#
# **1 point**: it does not settle. Reason, any of: the limit variance is not 0; each step adds $\rho\,(Y_n - X_n)$, which
# does not go to 0 (its variance tends to $\rho^2 \sigma^2 (1 + \frac{\rho}{2 - \rho}) > 0$), while a convergent sequence has
# differences that go to 0. Only "there is noise": ½.
#
# **1 point**: ½ for $X_n \sim N(m, \sigma^2/n)$, the mean being *exactly* $m$ from $n = 1$ on (nothing converges
# exponentially: the first rate is 1 and erases $X_0$); ½ for the limit being the constant $m$ (a law without spread; law of
# large numbers), and not a normal law with positive variance.
# ### END MARK SCHEME

# %% [markdown] answer="limit"
# ### BEGIN SOLUTION
# 1. $X_n = \sum_{j<n} \rho (1-\rho)^j Y_{n-1-j} + (1-\rho)^n X_0$ is a sum of independent normal numbers and a constant, so
#    it is normal, with mean $m + (1-\rho)^n (X_0 - m)$ and variance $\frac{\rho\sigma^2}{2-\rho}(1 - (1-\rho)^{2n})$. Since
#    $|1-\rho| < 1$ both converge, and $X_n$ converges in law to $N(m, \frac{\rho\sigma^2}{2-\rho})$.
# 2. No. If $X_n$ converged, $X_{n+1} - X_n = \rho (Y_n - X_n)$ would go to 0. But $Y_n$ is independent of $X_n$, so its
#    variance is $\rho^2 (\sigma^2 + v_n) \ge \rho^2 \sigma^2$: it keeps jumping for ever.
# 3. $X_n$ is the mean of $n$ samples: $N(m, \sigma^2 / n)$ for $n \ge 1$. Its mean is exactly $m$ from the first step on, and
#    the limit is the constant $m$, whose law has no spread.
# ### END SOLUTION
