# %% [markdown]
# # Backpropagation in a softmax network
#
# In this notebook you build a neural network with nothing but numpy: first the pieces (softmax, loss, the way back
# through one layer), then the whole gradient, then training. At the end your own network learns iris, wine and two
# rings.
#
# **How it is graded.** Under each exercise there is a *visible test*: it catches slips early and shows one example.
# After you hand in, *hidden tests* call your functions with other numbers. Everything they check is written in this
# text. Partial work earns partial points. Plan for an afternoon; exercises 1 to 5 take a few lines each.
#
# **Conventions that hold everywhere**
#
# * Samples are **rows**. A batch of $N$ samples is an array of shape `(N, ...)`, also when $N = 1$.
# * Layer $l$ has a weight matrix `W` of shape `(n_out, n_in)` and a bias `b` of shape `(n_out,)`. It computes
#   $\tilde Y_l = Y_{l-1} W_l^\top + b_l$, then $Y_l = \mathrm{ReLU}(\tilde Y_l)$. The network starts with $Y_0 = X$.
#   The last layer has no ReLU: $\tilde Y_L$ are the *logits*, and softmax turns them into probabilities. In code,
#   $\tilde Y$ is called `Yt`.
# * `dY` means "the derivative of the final loss with respect to `Y`" and has the shape of `Y`; the same for `dYt`,
#   `dW`, `db`.
# * All float inputs are `float64` arrays. In what you return, lists, tuples and arrays are equal, a 0-d array is a
#   number, and where integers are asked any integer-valued number counts.
# * **Do not change your inputs**: a function that writes into the arrays it was given loses points.
# * **Write it yourself, with numpy.** All of `torch`, `scipy`, `sklearn`, and other libraries that differentiate or
#   train for you, are forbidden here; a forbidden call costs the exercise. Later functions may (and should) call your
#   earlier ones, and helpers of your own.
# * Results are compared to about seven digits (five after many updates). One call may take 5 seconds.

# %%
import numpy as np

# %% [markdown]
# ## 1. Softmax
#
# Softmax turns a row of $K$ scores into $K$ probabilities:
#
# $$S_k = \frac{e^{z_k}}{\sum_{j=1}^{K} e^{z_j}}$$
#
# **Why care about overflow?** $e^{1000}$ is `inf` in float64, and `inf / inf` is `nan`. But adding the same number to
# all scores of a row changes nothing (the common factor cancels), so you may first shift each row such that its
# largest score is 0.
#
# Write `softmax(z)`. `z` has shape `(K,)` (one row of scores) or `(N, K)` (one row per sample); the result has the
# same shape, each row normalised **by itself**. $K$ or $N$ may be 1. It must be exact for scores as far apart as
# $\pm 10000$, also when different rows have very different sizes.
#
# *Example.* `softmax([0, ln 2, ln 3])` is `[1/6, 2/6, 3/6]`, since $e^0 = 1$, $e^{\ln 2} = 2$, $e^{\ln 3} = 3$ and
# $1 + 2 + 3 = 6$.

# %% exercise="softmax" source="activations.softmax" forbid=["torch", "scipy", "sklearn", "jax", "tensorflow"]
def softmax(z):
    """Softmax along the last axis.  z (K,) or (N, K) -> same shape."""
    ### BEGIN SOLUTION
    ### END SOLUTION

# %% test="softmax"
S = softmax(np.log(np.array([1.0, 2.0, 3.0])))
assert np.shape(S) == (3,), f"one row of 3 scores gives 3 probabilities, not {np.shape(S)}"
np.testing.assert_allclose(S, [1 / 6, 2 / 6, 3 / 6], rtol=1e-7)
S = softmax(np.array([[0.0, 0.0, 0.0, 0.0], [5.0, 5.0, 5.0, 5.0]]))
np.testing.assert_allclose(S, np.full((2, 4), 0.25), rtol=1e-7, err_msg="each row sums to one by itself")

# %% [markdown]
# ## 2. Cross-entropy
#
# How surprised is the network by the truth? `S` holds the predicted probabilities and `P` the target probabilities,
# one row per sample:
#
# $$\mathrm{CE}(S, P) = -\frac{1}{N} \sum_{n=1}^{N} \sum_{k=1}^{K} P_{nk} \ln S_{nk}$$
#
# This is the **mean** over the rows of the natural-log cross-entropy.
#
# Write `cross_entropy(S, P)`: `S` and `P` have shape `(N, K)`, the result is one number. Rows of `P` may be one-hot
# (the label is certain) or *soft* (any probabilities that sum to one): use all of `P`, not only its largest entry.
#
# Where $P_{nk} = 0$ the term counts as 0, **even if** $S_{nk} = 0$ (in numpy `0 * log(0)` is `nan`: avoid it). A zero
# in `S` where `P` is positive is never tested. An exact value is asked: adding something to *all* probabilities
# changes the loss; mask, or clip below 1e-12 (a smaller `S` where `P` is positive is never tested).
#
# *Example.* `S = [[1/2, 1/2], [1/4, 3/4]]`, `P = [[1, 0], [1, 0]]`:
# $-(\ln\frac12 + \ln\frac14) / 2 = \frac32 \ln 2 \approx 1.0397$.

# %% exercise="cross_entropy" source="losses.cross_entropy" forbid=["torch", "scipy", "sklearn", "jax", "tensorflow"]
def cross_entropy(S, P):
    """Mean over the rows of -sum_k P_k ln S_k, with 0 ln 0 = 0.  S, P (N, K) -> float."""
    ### BEGIN SOLUTION
    ### END SOLUTION

# %% test="cross_entropy"
loss = cross_entropy(np.array([[0.5, 0.5], [0.25, 0.75]]), np.array([[1.0, 0.0], [1.0, 0.0]]))
assert np.ndim(loss) == 0, "the loss of a batch is one number"
np.testing.assert_allclose(loss, 1.5 * np.log(2), rtol=1e-7)
np.testing.assert_allclose(cross_entropy(np.array([[0.0, 0.5, 0.5]]), np.array([[0.0, 0.0, 1.0]])), np.log(2), rtol=1e-7)

# %% [markdown]
# ## 3. The gradient at the logits
#
# The first step of backpropagation. Let $S = \mathrm{softmax}(Y)$ and $\mathrm{loss} = \mathrm{CE}(S, P)$, the mean
# loss of exercise 2. Its derivative with respect to the logits $Y$ (not $S$) is surprisingly simple. With the chain
# rule and the Jacobian $\partial S_k / \partial Y_j = S_k (1_{k=j} - S_j)$, each row $n$ gives
#
# $$dY_{nj} = \frac{1}{N} \Big( S_{nj} \sum_{k} P_{nk} - P_{nj} \Big)$$
#
# When a row of $P$ sums to one this is the famous $(S - P)/N$; you will prove it in the last question. Here the rows
# of `P` **need not sum to one** (think of weighted samples: a row may be multiplied by its weight), so keep the sum.
# The division by $N$ belongs to the mean.
#
# Write `softmax_ce_grad(Y, P)`: `Y` (logits) and `P` have shape `(N, K)`, so has the result.
#
# *Example.* `Y = [[0, ln 3]]`, `P = [[1, 0]]`: $S = (\frac14, \frac34)$, so `dY = [[-3/4, 3/4]]`. With
# `P = [[2, 0]]`: `[[-3/2, 3/2]]`.

# %% exercise="softmax_ce_grad" source="mlp.softmax_ce_grad" forbid=["torch", "scipy", "sklearn", "jax", "tensorflow"]
def softmax_ce_grad(Y, P):
    """Gradient of cross_entropy(softmax(Y), P) with respect to Y.  Y, P (N, K) -> (N, K)."""
    ### BEGIN SOLUTION
    ### END SOLUTION

# %% test="softmax_ce_grad"
dY = softmax_ce_grad(np.array([[0.0, np.log(3.0)]]), np.array([[1.0, 0.0]]))
assert np.shape(dY) == (1, 2), f"dY has the shape of Y, (1, 2), not {np.shape(dY)}"
np.testing.assert_allclose(dY, [[-0.75, 0.75]], rtol=1e-7)
dY = softmax_ce_grad(np.array([[0.0, np.log(3.0)]]), np.array([[2.0, 0.0]]))
np.testing.assert_allclose(dY, [[-1.5, 1.5]], rtol=1e-7, err_msg="the row of P sums to 2 here")

# %% [markdown]
# ## 4. Back through ReLU
#
# Forward, $Y = \max(0, \tilde Y)$ entry by entry. Backward, ReLU is a gate: it lets the derivative pass where
# $\tilde Y$ was positive and stops it where $\tilde Y$ was negative, whatever the sign of the derivative itself:
#
# $$d\tilde Y = \begin{cases} dY & \tilde Y > 0 \\ \texttt{at\_zero} \cdot dY & \tilde Y = 0 \\ 0 & \tilde Y < 0 \end{cases}$$
#
# At exactly 0 ReLU has no derivative, and one must choose. The lecture chooses 1, PyTorch 0; your function takes the
# choice as an argument, any number, with the default **1.0**.
#
# Write `relu_backward(dY, Yt, at_zero=1.0)`: `dY` and `Yt` have the same shape, `(n,)` or `(N, n)`, so has the
# result.
#
# *Example.* `dY = [5, -6, 7]`, `Yt = [-1, 2, 0]`: the result is `[0, -6, 7]`, and `[0, -6, 0]` with `at_zero=0.0`.

# %% exercise="relu_backward" source="mlp.relu_backward" forbid=["torch", "scipy", "sklearn", "jax", "tensorflow"]
def relu_backward(dY, Yt, at_zero=1.0):
    """dYt of Y = relu(Yt): dY where Yt > 0, at_zero * dY where Yt = 0, 0 where Yt < 0."""
    ### BEGIN SOLUTION
    ### END SOLUTION

# %% test="relu_backward"
dY, Yt = np.array([5.0, -6.0, 7.0]), np.array([-1.0, 2.0, 0.0])
np.testing.assert_allclose(relu_backward(dY, Yt), [0, -6, 7])
np.testing.assert_allclose(relu_backward(dY, Yt, at_zero=0.0), [0, -6, 0])

# %% [markdown]
# ## 5. Back through a linear layer
#
# Forward, one layer computes $\tilde Y = Y W^\top + b$ for a batch: `Y (N, i)`, `W (o, i)`, `b (o,)`, $\tilde Y$
# `(N, o)`. Given $d\tilde Y$, the derivative of the loss with respect to the layer's output, backward:
#
# $$dY = d\tilde Y\, W \qquad dW = d\tilde Y^\top\, Y \qquad db = \sum_{n=1}^{N} d\tilde Y_n$$
#
# All three are **sums** over the batch, no further division by $N$: the $1/N$ of the mean is already inside
# $d\tilde Y$ (exercise 3). Check the shapes and you cannot go far wrong, except when a matrix is square.
#
# Write `linear_backward(dYt, W, Y)`. It returns a dict with exactly the keys `"dY"` of shape `(N, i)`, `"dW"` of
# shape `(o, i)`, `"db"` of shape `(o,)`. $N$, $o$ and $i$ may be 1.
#
# *Example.* `dYt = [[1], [2]]`, `W = [[3, 4]]`, `Y = [[5, 6], [7, 8]]` (so N = 2, o = 1, i = 2):
# `dY = [[3, 4], [6, 8]]`, `dW = [[1*5 + 2*7, 1*6 + 2*8]] = [[19, 22]]`, `db = [3]`.

# %% exercise="linear_backward" source="mlp.linear_backward" forbid=["torch", "scipy", "sklearn", "jax", "tensorflow"]
def linear_backward(dYt, W, Y):
    """Back through Yt = Y W^T + b.  dYt (N, o), W (o, i), Y (N, i) -> {"dY": (N, i), "dW": (o, i), "db": (o,)}."""
    ### BEGIN SOLUTION
    ### END SOLUTION

# %% test="linear_backward"
back = linear_backward(np.array([[1.0], [2.0]]), np.array([[3.0, 4.0]]), np.array([[5.0, 6.0], [7.0, 8.0]]))
assert set(back) == {"dY", "dW", "db"}, f"the keys are dY, dW and db, not {sorted(back)}"
assert np.shape(back["db"]) == (1,), f"db has the shape of b, (1,), not {np.shape(back['db'])}"
np.testing.assert_allclose(back["dY"], [[3, 4], [6, 8]])
np.testing.assert_allclose(back["dW"], [[19, 22]])
np.testing.assert_allclose(back["db"], [3])

# %% [markdown]
# ## 6. The gradient of the whole network
#
# Now put the pieces together. `params` is a list of $L$ pairs `(W, b)`, first layer first; $L$ may be 1 (no hidden
# layer). The loss is
#
# $$\mathrm{loss} = \mathrm{CE}(\mathrm{softmax}(\tilde Y_L), P) + \lambda \sum_{l=1}^{L} \sum_{ij} (W_l)_{ij}^2$$
#
# The penalty is the plain sum of the squared weights, not divided by $N$, without a factor ½; **biases are not
# penalised**. It adds $2 \lambda W_l$ to $dW_l$.
#
# 1. *Forward*: compute and **keep** every $Y_l$ and $\tilde Y_l$. ReLU after every layer but the last.
# 2. *Backward*: start with `softmax_ce_grad` at $\tilde Y_L$; for $l = L, \dots, 1$: `linear_backward` gives $dW_l$,
#    $db_l$ and $dY_{l-1}$, and if $l > 1$ `relu_backward` turns $dY_{l-1}$ into $d\tilde Y_{l-1}$. (At a
#    pre-activation of exactly 0 the convention is `at_zero = 1`; no test hits it.)
#
# Write `mlp_grads(params, X, P, lam=0.0)`: `X` `(N, n_0)`, `P` `(N, n_L)` with rows that sum to one. It returns a
# dict with exactly two keys: `"loss"` is the number above, penalty included; `"grads"` is a list of $L$ pairs
# `(dW, db)`, **in the order and with the shapes of** `params`.
#
# *Example.* One hidden unit: `params = [([[1, -1]], [0]), ([[1], [0]], [0, 0])]`, `X = [[2, 1]]`, `P = [[0, 1]]`.
# Forward: $\tilde Y_1 = 2 - 1 = 1$, $Y_1 = 1$, $\tilde Y_2 = (1, 0)$, so $S = (s, 1 - s)$ with
# $s = \frac{1}{1 + e^{-1}} \approx 0.731$ and the loss is $-\ln(1 - s) \approx 1.313$. Backward:
# $d\tilde Y_2 = (s, -s)$, $dW_2 = [[s], [-s]]$, $db_2 = [s, -s]$, $dY_1 = s$, $d\tilde Y_1 = s$, $dW_1 = [[2s, s]]$,
# $db_1 = [s]$. With $\lambda = 0.1$ the squares of the weights sum to 3, so the loss grows by 0.3, and $0.2\,W$ is
# added to each $dW$.

# %% exercise="mlp_grads" source="mlp.mlp_grads" forbid=["torch", "scipy", "sklearn", "jax", "tensorflow"]
def mlp_grads(params, X, P, lam=0.0):
    """Loss and gradients.  params [(W, b), ...], X (N, n_0), P (N, n_L) -> {"loss": float, "grads": [(dW, db), ...]}."""
    ### BEGIN SOLUTION
    ### END SOLUTION

# %% test="mlp_grads"
params = [(np.array([[1.0, -1.0]]), np.zeros(1)), (np.array([[1.0], [0.0]]), np.zeros(2))]
X, P, s = np.array([[2.0, 1.0]]), np.array([[0.0, 1.0]]), 1 / (1 + np.exp(-1))
out = mlp_grads(params, X, P)
np.testing.assert_allclose(out["loss"], -np.log(1 - s), rtol=1e-7)
(dW1, db1), (dW2, db2) = out["grads"]
np.testing.assert_allclose(dW1, [[2 * s, s]], rtol=1e-7)
np.testing.assert_allclose(db1, [s], rtol=1e-7)
np.testing.assert_allclose(dW2, [[s], [-s]], rtol=1e-7)
np.testing.assert_allclose(db2, [s, -s], rtol=1e-7)
np.testing.assert_allclose(mlp_grads(params, X, P, lam=0.1)["loss"], 0.3 - np.log(1 - s), rtol=1e-7)

# %% [markdown]
# You have no example for *your* network? There is always one: nudge a weight up and down by a tiny $h$ and watch the
# loss, $\frac{\partial\,\mathrm{loss}}{\partial w} \approx \frac{\mathrm{loss}(w + h) - \mathrm{loss}(w - h)}{2h}$.
# It costs two evaluations per weight, which is why nobody trains that way and everybody checks that way. Below, every
# difference should be under $10^{-8}$.

# %% run=false
def numeric_dW(params, X, P, l, h=1e-5):
    """The gradient of the loss with respect to W of layer l, by centred differences."""
    W, b = params[l]
    dW = np.zeros(W.shape)
    for at in np.ndindex(*W.shape):
        losses = []
        for step in (h, -h):
            moved = W.copy()
            moved[at] += step
            losses.append(mlp_grads([*params[:l], (moved, b), *params[l + 1 :]], X, P)["loss"])
        dW[at] = (losses[0] - losses[1]) / (2 * h)
    return dW

toy = np.random.default_rng(0)
net = [(toy.normal(size=(4, 3)), toy.normal(size=4)), (toy.normal(size=(2, 4)), toy.normal(size=2))]
points, targets = toy.normal(size=(5, 3)), np.eye(2)[[0, 1, 1, 0, 1]]
for l, (dW, _) in enumerate(mlp_grads(net, points, targets)["grads"]):
    print(f"layer {l + 1}: largest difference {np.abs(dW - numeric_dW(net, points, targets, l)).max():.1e}")

# %% [markdown]
# ## 7. Training
#
# Stochastic gradient descent: take a batch, compute the gradient of *its* mean loss, take a small step against it,
# repeat. Which rows form which batch is given, so that your run can be compared with ours.
#
# $$W_l \leftarrow W_l - \mathrm{lr}\; dW_l \qquad b_l \leftarrow b_l - \mathrm{lr}\; db_l$$
#
# Write `train(params, X, P, lr, batches)`. `params`, `X` and `P` are as in exercise 6. `batches` is a list of integer
# arrays: update $t$ uses the rows `X[batches[t]]` and `P[batches[t]]`, exactly one update per batch, in this order;
# batches may differ in size. There is no penalty ($\lambda = 0$). All layers are updated **together**, with gradients
# computed from the parameters before the update.
#
# Return a pair `(params, losses)`: the parameters after the last update, as a list of `(W, b)`, and a list with one
# loss per update, where `losses[t]` is the loss of batch $t$ **before** update $t$. The arrays in the `params` that
# you were given must stay as they were: make new ones (`W - lr * dW`, not `W -= lr * dW`).
#
# *Example.* One layer, all zero, two classes: `params = [(zeros(2, 1), zeros(2))]`, `X = [[1], [3]]`,
# `P = [[1, 0], [0, 1]]`, `lr = 1`, `batches = [[1]]`. Only row 1 is used: $S = (\frac12, \frac12)$, loss $\ln 2$,
# $d\tilde Y = (\frac12, -\frac12)$, $dW = [[\frac32], [-\frac32]]$; afterwards `W = [[-1.5], [1.5]]`,
# `b = [-0.5, 0.5]`.

# %% exercise="train" source="mlp.train" forbid=["torch", "scipy", "sklearn", "jax", "tensorflow"]
def train(params, X, P, lr, batches):
    """SGD, one update per batch of row numbers -> (params after the last update, loss of each batch before its update)."""
    ### BEGIN SOLUTION
    ### END SOLUTION

# %% test="train"
start = [(np.zeros((2, 1)), np.zeros(2))]
after, losses = train(start, np.array([[1.0], [3.0]]), np.eye(2), 1.0, [np.array([1])])
np.testing.assert_allclose(losses, [np.log(2)], rtol=1e-7)
np.testing.assert_allclose(after[0][0], [[-1.5], [1.5]], rtol=1e-7)
np.testing.assert_allclose(after[0][1], [-0.5, 0.5], rtol=1e-7)
assert not start[0][0].any(), "the parameters that you were given must stay as they were"

# %% [markdown]
# Look at your loss. Four clouds in the corners of a square, opposite corners in the same class: no straight line
# separates them, so the curve falls only because of the hidden layer. (The same picture comes back with your
# feedback, next to ours.)

# %% run=false
import matplotlib.pyplot as plt

def corners():
    """A small public problem: params, X (40, 2), P (40, 2), batches."""
    rng = np.random.default_rng(7)
    X = rng.normal(size=(40, 2)) * 0.4 + np.resize([[1, 1], [-1, 1], [-1, -1], [1, -1]], (40, 2))
    P = np.eye(2)[np.arange(40) % 2]
    params = [(rng.uniform(-1, 1, (8, 2)), np.zeros(8)), (rng.uniform(-0.7, 0.7, (2, 8)), np.zeros(2))]
    batches = [order[at : at + 8] for order in [rng.permutation(40) for _ in range(30)] for at in range(0, 40, 8)]
    return params, X, P, batches

start, X, P, batches = corners()
after, losses = train(start, X, P, 0.1, batches)
plt.plot(losses)
plt.xlabel("update")
plt.ylabel("loss of the batch")
plt.show()

# %% [markdown]
# ## 8. Train on real data
#
# Time to be your own engineer. Write `train_mlp(Xtr, ytr, Xte, seed)`: train a network with **at least one hidden
# layer** on the labelled rows, and return its **logits** (the scores before softmax) for the rows of `Xte`, whose
# labels you never see.
#
# * `Xtr` `(N, d)` and `Xte` `(M, d)` are standardised columns (mean 0 and deviation 1 on the training rows). `ytr`
#   `(N,)` holds integer labels $0, \dots, K-1$; every class occurs, so $K$ is `ytr.max() + 1`. $d$ and $K$ differ
#   between data sets. The result has shape `(M, K)`.
# * `seed` is an integer. Take *all* your randomness from `np.random.default_rng(seed)`: **the same seed must give the
#   same logits**.
# * Sizes, start, step size, number of epochs and optimiser (written by you) are your choice.
#
# It is run on fresh random splits of **iris** (100 training rows) and **wine** (120), with columns and class numbers
# in random order, and on **rings** (200 training points: is a point in the inner disc or in the ring around it?). What counts
# is the *held-out cross-entropy*: the mean of $-\ln$ softmax(logits) at the right class, over the rows of `Xte`,
# averaged over four splits of iris, six of wine and one of rings. Unlike accuracy, it also sees whether your
# probabilities can be trusted. Each data set gives one point:
#
# | | full point up to | three quarters | half | a quarter |
# |---|---|---|---|---|
# | iris | 0.45 | 0.55 | 0.70 | 0.90 |
# | wine | 0.25 | 0.35 | 0.50 | 0.70 |
# | rings | 0.20 | 0.30 | 0.45 | 0.60 |
#
# Guessing gives $\ln K$: 1.10 for three classes, 0.69 for two. Ours (below) reaches about 0.1, 0.1 and 0.01 in about
# 0.05 s a run, so there is room for other choices.
#
# *A recipe that works:* two hidden layers of 32 and 16 units; biases 0 and weights by Glorot's rule, uniform in
# $\pm\sqrt{6 / (n_\mathrm{in} + n_\mathrm{out})}$; 100 epochs, each a new random order of the rows cut into batches
# of 16; your `train` with lr = 0.05. *Traps:* weights that all start at 0, or all positive, keep the units of a layer
# alike; weights of variance 1 are too large to begin with; without a hidden layer the rings stay mixed; far too many
# steps make the network too sure of itself; probabilities are not logits.

# %% exercise="train_mlp" source="mlp.train_mlp" forbid=["torch", "scipy", "sklearn", "jax", "tensorflow"]
def train_mlp(Xtr, ytr, Xte, seed):
    """Train on Xtr (N, d), ytr (N,) in 0..K-1; logits of the rows of Xte (M, d) -> (M, K)."""
    ### BEGIN SOLUTION
    ### END SOLUTION

# %% run=false
def load(name, rng, train_rows):
    """A random standardised split of data/<name>.csv -> Xtr, ytr, Xte, yte."""
    table = np.loadtxt(f"data/{name}.csv", delimiter=",", skiprows=1)
    X, y = table[:, :-1], table[:, -1].astype(int)
    return split(X, y, rng, train_rows)

def rings(rng, rows):
    """Points of a disc (class 0) and of a ring around it (class 1), half of them for training -> Xtr, ytr, Xte, yte."""
    y = np.arange(rows) % 2
    radius = np.where(y == 0, np.sqrt(rng.uniform(0, 1, size=rows)), rng.uniform(1.5, 2.5, size=rows))
    angle = rng.uniform(0, 2 * np.pi, size=rows)
    return split(np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), y, rng, rows // 2)

def split(X, y, rng, train_rows):
    """Shuffle, cut, and standardise with the training rows' mean and deviation (the others must not leak in)."""
    order = rng.permutation(len(X))
    tr, te = order[:train_rows], order[train_rows:]
    X = (X - X[tr].mean(axis=0)) / X[tr].std(axis=0)
    return X[tr], y[tr], X[te], y[te]

def held_out(logits, y):
    """The mean cross-entropy of the logits at the right classes."""
    z = logits - logits.max(axis=1, keepdims=True)
    return np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y])

rng = np.random.default_rng(0)
sets = {"iris": load("iris", rng, 100), "wine": load("wine", rng, 120), "rings": rings(rng, 400)}
for name, (Xtr, ytr, Xte, yte) in sets.items():
    logits = train_mlp(Xtr, ytr, Xte, seed=1)
    print(f"{name}: held-out cross-entropy {held_out(logits, yte):.3f}, accuracy {np.mean(logits.argmax(axis=1) == yte):.2f}")

# %% run=false
Xtr, ytr, Xte, yte = sets["rings"]
across, up = np.meshgrid(np.linspace(-2.5, 2.5, 80), np.linspace(-2.5, 2.5, 80))
logits = train_mlp(Xtr, ytr, np.stack([across.ravel(), up.ravel()], axis=1), seed=1)
plt.contourf(across, up, softmax(logits)[:, 1].reshape(across.shape), levels=20, cmap="RdBu_r")
plt.scatter(*Xtr.T, c=ytr, cmap="RdBu_r", edgecolors="k")
plt.title("how sure your network is of the ring")
plt.show()

# %% test="train_mlp"
Xtr, ytr, Xte, yte = rings(np.random.default_rng(3), 400)
logits = train_mlp(Xtr, ytr, Xte, seed=5)
assert np.shape(logits) == (200, 2), f"200 test rows and 2 classes give logits of shape (200, 2), not {np.shape(logits)}"
assert held_out(logits, yte) < 0.2, "the rings are not learnt yet"
np.testing.assert_array_equal(logits, train_mlp(Xtr, ytr, Xte, seed=5), err_msg="the same seed, the same logits")

# %% [markdown] manual="proof" points=3
# ## 9. Proof
#
# Let $Y \in \mathbb{R}^K$ be the logits of one sample, $S = \mathrm{softmax}(Y)$, and
# $\mathrm{loss} = -\sum_k P_k \ln S_k$ with $\sum_k P_k = 1$.
#
# Prove that $\dfrac{\partial\, \mathrm{loss}}{\partial Y_j} = S_j - P_j$ for every $j$. Say where you use
# $\sum_k P_k = 1$, and what the derivative is without it.
#
# ### BEGIN MARK SCHEME
# **1 point**: derivative of softmax, $\partial S_k / \partial Y_j = S_k (1_{k=j} - S_j)$, or of its logarithm,
# $\partial \ln S_k / \partial Y_j = 1_{k=j} - S_j$, both cases $k = j$ and $k \ne j$ derived (quotient rule, or
# $\ln S_k = Y_k - \ln \sum_i e^{Y_i}$), not quoted.
#
# **1 point**: chain rule over *all* $k$ (a common slip keeps only $k = j$):
# $\partial\,\mathrm{loss} / \partial Y_j = -\sum_k P_k (1_{k=j} - S_j) = S_j \sum_k P_k - P_j$.
#
# **1 point**: ½ for naming the step that uses $\sum_k P_k = 1$, ½ for $S_j \sum_k P_k - P_j$ without it.
#
# A proof for one-hot $P$ only: at most 2 points. A numerical check is no proof: 0 points.
# ### END MARK SCHEME

# %% [markdown] answer="proof"
# ### BEGIN SOLUTION
# Since $\ln S_k = Y_k - \ln \sum_i e^{Y_i}$, we have
# $\dfrac{\partial \ln S_k}{\partial Y_j} = 1_{k=j} - \dfrac{e^{Y_j}}{\sum_i e^{Y_i}} = 1_{k=j} - S_j$.
#
# Hence $\dfrac{\partial\,\mathrm{loss}}{\partial Y_j} = -\sum_k P_k (1_{k=j} - S_j) = S_j \sum_k P_k - P_j$. Only now
# $\sum_k P_k = 1$ is used, and it gives $S_j - P_j$; without it the derivative stays $S_j \sum_k P_k - P_j$.
# ### END SOLUTION
