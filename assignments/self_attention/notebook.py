# ruff: noqa: E501 (a header is one line)
# %% [markdown]
# # Self-attention
#
# A recurrent network reads word after word and carries the past along in its state. Attention drops the queue: every word
# looks at every other word at once, and takes from each as much as fits. Here you build it piece by piece: the lecture's
# toy, then queries, keys and values, the masks that hide the future and the padding, several heads side by side, the
# older scores from translation, and the codes that tell a word where it stands.
#
# **How it is graded.** Under each exercise there is a *visible test*: it catches slips early and shows one example.
# After you hand in, *hidden tests* call your functions with other numbers. Everything they check is written in this
# text. Partial work earns partial points. Plan for two to three hours; most functions take fewer than ten lines.
#
# **Conventions that hold everywhere**
#
# * One sequence at a time, words are **rows**: `X` of shape `(N, d)` holds $N$ words of $d$ numbers, $x_i$ is row $i$.
#   Every size ($N$, $M$, $d$, $k$ ...) may be 1, and any two may be equal.
# * Weights stand in a matrix `W` of shape (who looks, at whom): $w_{ij}$ is how much word $i$ takes from word $j$. **Each
#   row sums to one**, columns need not.
# * *softmax* of a row of scores $s$ is $e^{s_j} / \sum_{j'} e^{s_{j'}}$. Scores may be as large as $\pm 1000$, where
#   $e^s$ overflows: subtract the largest score of **each row** first, it cancels.
# * A **mask** is `True` where looking is **allowed** and `False` where it is not. Masks that you are given may hold
#   True/False or the numbers 1/0; so may those that you return.
# * All float inputs are `float64` arrays. In what you return, lists, tuples and arrays are equal, a 0-d array is a
#   number, and where integers are asked any integer-valued number counts.
# * **Do not change your inputs**: a function that writes into the arrays it was given loses points.
# * **Write it yourself, with numpy.** All of `torch`, `scipy`, `sklearn` and other libraries with ready-made attention are
#   forbidden here; a forbidden call costs the exercise. Later functions may (and should) call your earlier ones,
#   and helpers of your own.
# * Results are compared to about seven digits. One call may take 5 seconds.
#
# **In the lectures**: Boyer, "Transformers" (from "A preliminary version of self-attention" to "The original
# transformer"); Belhafaoui, "Attention mechanism" to "Positional encoding". They do not agree on everything, and some of
# their sentences are slips. What holds here is stated here, and the differences are named.

# %%
import numpy as np

# %% [markdown]
# ## 1. The toy
#
# The whole idea without anything to learn. Two words that point the same way have a large dot product; so let the dot
# product say how much they have to do with each other, and let each word become a weighted average of all words:
#
# $$w'_{ij} = x_i^\top x_j \qquad w_{ij} = \frac{e^{w'_{ij}}}{\sum_{j'=1}^{N} e^{w'_{ij'}}} \qquad
# y_i = \sum_{j=1}^{N} w_{ij}\, x_j$$
#
# The sum in the denominator runs over **the second index**: each *row* of $W$ sums to one. A word looks at itself too
# ($j = i$), and nothing is scaled here.
#
# *A slip in print.* One slide calls this "permutation-invariant", a later one "equivariant". The second is right: if you
# shuffle the words, the outputs are **the same vectors, shuffled in the same way**. You will prove it in the last question,
# and a hidden test shuffles your words.
#
# Write `self_attention_toy(X)`. `X` has shape `(N, d)`. Return a pair `(Y, W)`: first `Y` of shape `(N, d)`, then `W` of
# shape `(N, N)`.
#
# *Example.* Two words, $d = 1$: `X = [[0], [ln 3]]`, with $\ln 3 \approx 1.099$. Word 0 has the scores $(0, 0)$, so it
# looks at both alike: weights $(\frac12, \frac12)$, $y_0 = \frac12 \ln 3 \approx 0.549$. Word 1 has the scores
# $(0, (\ln 3)^2) \approx (0, 1.207)$: weights $(0.230, 0.770)$, $y_1 \approx 0.846$.


# %% exercise="self_attention_toy" source="attention.self_attention_toy" forbid=["torch", "scipy", "sklearn", "jax", "tensorflow"]
def self_attention_toy(X):
    """Self-attention with nothing to learn.  X (N, d) -> (Y (N, d), W (N, N)), rows of W sum to one."""
    ### BEGIN SOLUTION
    ### END SOLUTION


# %% test="self_attention_toy"
Y, W = self_attention_toy(np.array([[0.0], [np.log(3)]]))
assert np.shape(Y) == (2, 1), f"two words of one number give Y of shape (2, 1), not {np.shape(Y)}"
w = 3 ** np.log(3) / (1 + 3 ** np.log(3))
np.testing.assert_allclose(W, [[0.5, 0.5], [1 - w, w]], rtol=1e-7, err_msg="each row of W sums to one")
np.testing.assert_allclose(Y, [[np.log(3) / 2], [w * np.log(3)]], rtol=1e-7)

# %% [markdown]
# Who looks at whom? Seven words with vectors set by hand: the first number says "animal", the second "action", the third
# "place". The row of a word shows where it looks. (The same picture comes back with your feedback, next to ours.)

# %% run=false
import matplotlib.pyplot as plt

words = ["the", "dog", "sleeps", "on", "the", "soft", "couch"]
X = np.array([[0, 0, 0.2], [2, 1, 0], [1, 2, 0], [0, 0, 1], [0, 0, 0.2], [0, 0.5, 1], [0, 1, 2]])


def show(W, rows, columns):
    """A weight matrix as a picture."""
    plt.imshow(W, cmap="viridis", vmin=0)
    plt.xticks(range(len(columns)), columns, rotation=45)
    plt.yticks(range(len(rows)), rows)
    plt.xlabel("at whom")
    plt.ylabel("who looks")
    plt.colorbar()
    plt.show()


show(self_attention_toy(X)[1], words, words)

# %% [markdown]
# ## 2. Queries, keys, values
#
# In the toy each word plays three roles: it *asks* (row $i$), it *is asked* (column $j$), and it *gives* (the sum). Real
# attention gives each role a vector of its own. Think of a look-up: a **query** is compared with all **keys**, and the
# **values** of the keys that fit are mixed.
#
# $$w'_{ij} = \frac{q_i^\top k_j}{\sqrt{k}} \qquad w_{ij} = \frac{e^{w'_{ij}}}{\sum_{j'=1}^{M} e^{w'_{ij'}}} \qquad
# y_i = \sum_{j=1}^{M} w_{ij}\, v_j$$
#
# $k$ under the root is the length of a query (and of a key), **not** of a value. *Why the root?* The dot product of
# two vectors with $k$ independent components of mean 0 and variance 1 has mean 0 and standard deviation $\sqrt k$: it is the
# *spread* that grows with $k$ (not the "average value", as a slide says). Scores that lie far apart make softmax look at
# one key only, and its gradient vanishes; divided by $\sqrt k$, they have deviation 1 whatever $k$ is.
#
# **Masks.** Where a query may not look, its score becomes $-\infty$ **before** softmax, so that the weight is exactly 0 and
# the others still sum to one. A score of 0 is no ban ($e^0 = 1$), and setting weights to 0 *after* softmax leaves a row that
# no longer sums to one. A query that may look at **no key at all** gets zeros: its row of $W$ and its row of $Y$ are 0 (in
# numpy $-\infty - (-\infty)$ and $0 / 0$ are `nan`: avoid them).
#
# Write `attention(Q, K, V, mask=None, scale=True)`. `Q` has shape `(N, k)`, `K` `(M, k)`, `V` `(M, v)`. `mask` is `None`
# (all is allowed) or has shape `(N, M)`, or `(1, M)`: then its one row holds for all queries; True (or 1) is allowed. With
# `scale=False` the division by $\sqrt k$ is left out. Return a pair `(Y, W)`: first `Y` of shape `(N, v)`, then `W` of shape
# `(N, M)`. It must be exact for scores of $\pm 1000$, also where a *forbidden* score is much larger than all allowed ones.
#
# *Example.* One query, two keys, $k = 4$, $v = 1$: `Q = [[2, 0, 0, 0]]`, `K = [[ln 3, 0, 0, 0], [0, 5, 0, 0]]`,
# `V = [[8], [4]]`. The dot products are $(2 \ln 3, 0)$, the scores $(\ln 3, 0)$, the weights $(\frac34, \frac14)$, so
# `Y = [[7]]`. With `scale=False` the weights are $(\frac{9}{10}, \frac{1}{10})$ and `Y = [[7.6]]`. With
# `mask = [[False, True]]` they are $(0, 1)$ and `Y = [[4]]`; with `[[False, False]]`, $(0, 0)$ and `[[0]]`.


# %% exercise="attention" source="attention.attention" forbid=["torch", "scipy", "sklearn", "jax", "tensorflow"]
def attention(Q, K, V, mask=None, scale=True):
    """Scaled dot-product attention.  Q (N, k), K (M, k), V (M, v), mask (N, M) or (1, M) -> (Y (N, v), W (N, M))."""
    ### BEGIN SOLUTION
    ### END SOLUTION


# %% test="attention"
Q, K = np.array([[2.0, 0.0, 0.0, 0.0]]), np.array([[np.log(3), 0.0, 0.0, 0.0], [0.0, 5.0, 0.0, 0.0]])
V = np.array([[8.0], [4.0]])
Y, W = attention(Q, K, V)
assert np.shape(W) == (1, 2), f"one query and two keys give W of shape (1, 2), not {np.shape(W)}"
np.testing.assert_allclose(W, [[0.75, 0.25]], rtol=1e-7)
np.testing.assert_allclose(Y, [[7]], rtol=1e-7)
np.testing.assert_allclose(attention(Q, K, V, scale=False)[1], [[0.9, 0.1]], rtol=1e-7, err_msg="scale=False")
Y, W = attention(Q, K, V, mask=np.array([[False, True]]))
np.testing.assert_allclose(W, [[0, 1]], err_msg="the mask is True where looking is allowed")
Y, W = attention(Q, K, V, mask=np.array([[False, False]]))
np.testing.assert_allclose(Y, [[0]], err_msg="a query that may look at nothing gets zeros")

# %% [markdown]
# ## 3. Two masks
#
# **The causal mask.** A model that writes word after word must not see the words to come. Position $i$ may look at itself
# and at everything before it:
#
# $$\mathrm{mask}_{ij} = \big(j \le i\big)$$
#
# The slide says "elements that precede them"; taken by the letter that would leave the first word with nothing to look
# at. **The diagonal is allowed.**
#
# Write `causal_mask(N)`: $N \ge 1$, result of shape `(N, N)`.
#
# **The padding mask.** Sentences of different lengths go into one batch by filling the short ones up with empty words *at
# the end*. Nobody should look at those, so they are forbidden as **keys**, whoever asks:
#
# $$\mathrm{mask}_{b0j} = \big(j < \mathrm{length}_b\big)$$
#
# Write `padding_mask(lengths, N)`: `lengths` is an integer array of shape `(B,)`, each between 0 and `N`; the result
# has shape `(B, 1, N)`, True where the word is **real**. The axis of size 1 stands for the queries:
# `padding_mask(lengths, N)[b]` has shape `(1, N)` and is just what your `attention` takes as a mask for sentence $b$.
#
# *Example.* `causal_mask(2)` is `[[True, False], [True, True]]`. `padding_mask([2, 0], 3)` is
# `[[[True, True, False]], [[False, False, False]]]`.


# %% exercise="masks" source=["attention.causal_mask", "attention.padding_mask"] forbid=["torch", "scipy", "sklearn", "jax", "tensorflow"]
def causal_mask(N):
    """Each position may look at itself and at those before it.  -> (N, N), True = allowed."""
    ### BEGIN SOLUTION
    ### END SOLUTION


def padding_mask(lengths, N):
    """Which words are real.  lengths (B,) integers in 0..N -> (B, 1, N), True = a real word."""
    ### BEGIN SOLUTION
    ### END SOLUTION


# %% test="masks"
mask = causal_mask(2)
assert np.shape(mask) == (2, 2), f"two words give a mask of shape (2, 2), not {np.shape(mask)}"
np.testing.assert_array_equal(mask, [[1, 0], [1, 1]])
mask = padding_mask(np.array([2, 0]), 3)
assert np.shape(mask) == (2, 1, 3), f"two sentences of up to three words give a mask of shape (2, 1, 3), not {np.shape(mask)}"
np.testing.assert_array_equal(mask, [[[1, 1, 0]], [[0, 0, 0]]])

# %% [markdown]
# The same sentence, each word seeing only what came before it: nothing above the diagonal, and each row still sums to one.

# %% run=false
show(attention(X, X, X, causal_mask(len(X)))[1], words, words)

# %% [markdown]
# ## 4. Several heads
#
# One attention asks one question ("who does it?"). A **head** is one attention with projections of its own; several heads
# ask several questions at once, like the filters of a convolution. Head $r$ has three matrices of shape `(k, d)`:
#
# $$q_i^r = W_q^r x_i \qquad k_i^r = W_k^r x_i \qquad v_i^r = W_v^r x_i$$
#
# Each head runs the scaled attention of exercise 2 by itself (divide by $\sqrt k$, the size **of a head**, not by
# $\sqrt d$) and gives $y_i^r$ of length $k$. Then the outputs of all heads are laid **end to end, head after head**, and
# mixed by one last matrix $W_y$ of shape `(d, H k)`:
#
# $$y_i = W_y\, \mathrm{concat}(y_i^1, y_i^2, \dots, y_i^H)$$
#
# Note that $W x$ for one word (a column) is `X @ W.T` for all words as rows.
#
# Write `multi_head(X, Wq, Wk, Wv, Wy, mask=None)`. `X` has shape `(N, d)`; `Wq`, `Wk`, `Wv` have shape `(H, k, d)`, one
# matrix for each of the $H$ heads; `Wy` has shape `(d, H * k)`. $H k$ need not be $d$. `mask` is as in exercise 2 and
# holds for every head. The result has shape `(N, d)`.
#
# *Example.* One word ($N = 1$) looks at itself only, so its weights are 1 and queries and keys play no part: with $H = 2$,
# $k = 1$, $d = 2$, `X = [[1, 2]]`, `Wv = [[[3, 0]], [[0, 5]]]` the heads give 3 and 10. With `Wy = [[1, 0], [1, 1]]` the
# result is `[[3, 13]]`.


# %% exercise="multi_head" source="attention.multi_head" forbid=["torch", "scipy", "sklearn", "jax", "tensorflow"]
def multi_head(X, Wq, Wk, Wv, Wy, mask=None):
    """H heads of self-attention.  X (N, d), Wq, Wk, Wv (H, k, d), Wy (d, H k), mask (N, N) or (1, N) -> (N, d)."""
    ### BEGIN SOLUTION
    ### END SOLUTION


# %% test="multi_head"
Wv, Wy = np.array([[[3.0, 0.0]], [[0.0, 5.0]]]), np.array([[1.0, 0.0], [1.0, 1.0]])
Y = multi_head(np.array([[1.0, 2.0]]), np.ones((2, 1, 2)), np.ones((2, 1, 2)), Wv, Wy)
assert np.shape(Y) == (1, 2), f"the result has the shape of X, (1, 2), not {np.shape(Y)}"
np.testing.assert_allclose(Y, [[3, 13]], rtol=1e-7)

# %% [markdown]
# ## 5. Where it came from: scores and context
#
# Attention was invented for translation (Bahdanau, Cho and Bengio, 2014). A recurrent encoder leaves one state $h_i$ for
# each word of the source; before it writes the next word, the decoder, in state $s$, gives each $h_i$ a score $e_i$ and
# reads a weighted mean, the **context**: one vector cannot hold a whole sentence, but it can hold what is needed *now*.
# Three scores are on the slides:
#
# | `kind` | score of state $h_i$ | `params` |
# |---|---|---|
# | `"additive"` | $e_i = v_a^\top \tanh(W_1 h_i + W_2 s)$ | `"W_1"` `(a, h)`, `"W_2"` `(a, n)`, `"v_a"` `(a,)` |
# | `"multiplicative"` | $e_i = h_i^\top W_a\, s$ | `"W_a"` `(h, n)` |
# | `"self"` | $e_i = v_a^\top \tanh(W_a h_i)$ | `"W_a"` `(a, h)`, `"v_a"` `(a,)` |
#
# There are no biases, and nothing is divided by a root. The third, called "self-attention" there, has no $s$: it asks "how
# important is this word?" once for the whole text, to classify it. It is *not* the self-attention of exercise 1.
#
# **a.** Write `scores(kind, H, s, params)`. `H` has shape `(T, h)`, one state per row (here $H$ is not a number of heads);
# `s` has shape `(n,)`, and is `None` for `"self"`; `params` is a dict with the keys of the table. The result has shape
# `(T,)`: the scores themselves, no softmax yet.
#
# **b.** Write `context(e, H)`, which takes scores `e` of shape `(T,)` and states `H` of shape `(T, h)`:
#
# $$\alpha_i = \frac{e^{e_i}}{\sum_{j=1}^{T} e^{e_j}} \qquad c = \sum_{i=1}^{T} \alpha_i\, h_i$$
#
# Return a pair `(c, alpha)`: `c` of shape `(h,)`, then `alpha` of shape `(T,)`. Scores may be $\pm 1000$ here too.
#
# *Example.* `H = [[1, 0], [0, 2]]`, `s = [3]`: `scores("multiplicative", H, s, {"W_a": [[1], [-1]]})` is `[3, -6]`
# ($W_a s = (3, -3)$). And `context([0, ln 3], H)` has `alpha = [1/4, 3/4]` and `c = [1/4, 3/2]`.


# %% exercise="scores" source=["attention.scores", "attention.context"] forbid=["torch", "scipy", "sklearn", "jax", "tensorflow"]
def scores(kind, H, s, params):
    """The score of each state.  kind "additive", "multiplicative" or "self"; H (T, h), s (n,) or None -> (T,)."""
    ### BEGIN SOLUTION
    ### END SOLUTION


def context(e, H):
    """The mean of the states, weighted with softmax(e).  e (T,), H (T, h) -> (c (h,), alpha (T,))."""
    ### BEGIN SOLUTION
    ### END SOLUTION


# %% test="scores"
H, s = np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([3.0])
np.testing.assert_allclose(scores("multiplicative", H, s, {"W_a": np.array([[1.0], [-1.0]])}), [3, -6], rtol=1e-7)
params = {"W_1": np.array([[1.0, 0.0]]), "W_2": np.array([[1.0]]), "v_a": np.array([2.0])}
np.testing.assert_allclose(scores("additive", H, s, params), [2 * np.tanh(4), 2 * np.tanh(3)], rtol=1e-7)
params = {"W_a": np.array([[1.0, 1.0]]), "v_a": np.array([2.0])}
np.testing.assert_allclose(scores("self", H, None, params), [2 * np.tanh(1), 2 * np.tanh(2)], rtol=1e-7)
c, alpha = context(np.array([0.0, np.log(3)]), H)
np.testing.assert_allclose(alpha, [0.25, 0.75], rtol=1e-7)
np.testing.assert_allclose(c, [0.25, 1.5], rtol=1e-7)

# %% [markdown]
# ## 6. Where a word stands
#
# Attention does not see order: "The dog chases the cat" and "The cat chases the dog" give the same set of output vectors. So
# one *adds* to each word a vector that tells its position. Counting $t = 0, 1, 2, \dots$ itself would grow without bound;
# instead, use waves from fast to slow, like the hands of a clock. Two versions are about:
#
# **`"all_sine"`**, as on the lecture's slide. Only sines, with the columns counted from **one**:
#
# $$P_{t,k} = \sin(\omega_k t) \qquad \omega_k = \frac{1}{10000^{k/d}} \qquad k = 1, \dots, d$$
#
# (in the array, $k = 1$ is column 0.)
#
# **`"vaswani"`**, the original transformer. Columns come in **pairs**: a sine and a cosine of the same frequency
# side by side, pairs counted from **zero**:
#
# $$P_{t,\,2i} = \sin\!\Big(\frac{t}{10000^{2i/d}}\Big) \qquad P_{t,\,2i+1} = \cos\!\Big(\frac{t}{10000^{2i/d}}\Big)
# \qquad i = 0, 1, 2, \dots$$
#
# Where $d$ is odd the last pair has its sine only; the exponent is $2i/d$ with the $d$ that was given. *Why pairs?*
# A shift by $s$ positions turns each pair by the same angle, wherever it starts: a linear map, easy to learn. Sines alone
# do not have this.
#
# Write `positional_encoding(T, d, variant)`, where `variant` is one of these two strings: the codes of the positions
# $t = 0, \dots, T - 1$, an array of shape `(T, d)`. Angles are in radians.
#
# *Example.* $d = 2$: row $t$ of `"vaswani"` is $(\sin t, \cos t)$; row $t$ of `"all_sine"` is
# $(\sin \frac{t}{100}, \sin \frac{t}{10000})$. Row 0 is $(0, 1)$ and $(0, 0)$.


# %% exercise="positional_encoding" source="attention.positional_encoding" forbid=["torch", "scipy", "sklearn", "jax", "tensorflow"]
def positional_encoding(T, d, variant):
    """Codes of the positions 0..T-1.  variant "all_sine" or "vaswani" -> (T, d)."""
    ### BEGIN SOLUTION
    ### END SOLUTION


# %% test="positional_encoding"
P = positional_encoding(3, 2, "vaswani")
assert np.shape(P) == (3, 2), f"three positions of two numbers give shape (3, 2), not {np.shape(P)}"
np.testing.assert_allclose(P, [[0, 1], [np.sin(1), np.cos(1)], [np.sin(2), np.cos(2)]], rtol=1e-7, atol=1e-12)
P = positional_encoding(2, 2, "all_sine")
np.testing.assert_allclose(P, [[0, 0], [np.sin(0.01), np.sin(0.0001)]], rtol=1e-7, atol=1e-12)

# %% [markdown]
# Each row is the code of one position. The left columns change from word to word, the right ones hardly at all. (This
# picture comes back with your feedback, too.)

# %% run=false
for variant in ("vaswani", "all_sine"):
    plt.imshow(positional_encoding(50, 32, variant), cmap="RdBu", aspect="auto")
    plt.title(variant)
    plt.xlabel("column")
    plt.ylabel("position")
    plt.colorbar()
    plt.show()

# %% [markdown] manual="equivariance" points=3
# ## 7. Invariant or equivariant?
#
# Let $f(X)$ be the output $Y$ of `self_attention_toy`, and $P$ a permutation matrix, so that $PX$ holds the same words in
# another order.
#
# **(a)** Prove that $f(PX) = P f(X)$ for every $X$ and every $P$. (Use that a permutation matrix has $P^\top P = I$.)
# **(b)** Give two words in numbers, and a $P$, for which $f(PX) \ne f(X)$, so that "invariant" is false.
# **(c)** A classifier takes the mean of the rows of $f(X)$. What does it make of "The dog chases the cat" and "The cat
# chases the dog", and what changes in general when the positional code of exercise 6 is added to
# the words?
#
# ### BEGIN MARK SCHEME
# **1½ points** (a): the scores become $(PX)(PX)^\top = P (X X^\top) P^\top$ (½); softmax along the rows only moves
# along with the entries, $\mathrm{softmax}(P S P^\top) = P\,\mathrm{softmax}(S)\,P^\top$, since each row keeps the same
# entries in another order and so the same sum (½); $f(PX) = P W P^\top P X = P W X = P f(X)$ (½). A proof with indices
# $\pi(i)$ instead of matrices is as good. A numerical check is no proof: 0 points.
#
# **½ point** (b): any two different words with their outputs, such as $X = (0, 1)^\top$ with
# $f(X) \approx (0.5, 0.73)^\top$, and the swap. That the outputs differ must be said or shown.
#
# **1 point** (c): without positions both sentences get the same mean, hence the same class, because the same rows come in
# another order (½); with the code added, the word vectors themselves differ ("dog" at position 1 is not "dog" at position 4),
# so the rows are no longer the same set and the sentences can be told apart (½).
# ### END MARK SCHEME

# %% [markdown] answer="equivariance"
# ### BEGIN SOLUTION
# **(a)** Let $S = X X^\top$ and $W$ its softmax along the rows. For $PX$ the scores are $(PX)(PX)^\top = P S P^\top$:
# row and column $i$ moved together. Row $i$ of $P S P^\top$ holds the entries of a row of $S$ in another order; its sum
# of exponentials is the same, so each entry gets the same weight as before, at its new place: the weights are
# $P W P^\top$. Hence $f(PX) = P W P^\top P X = P W X = P f(X)$.
#
# **(b)** $X = (0, 1)^\top$: word 0 has the scores $(0, 0)$, so $y_0 = \frac12$; word 1 has $(0, 1)$, so
# $y_1 = e / (1 + e) \approx 0.73$. With the words swapped the outputs are $(0.73, 0.5)^\top \ne (0.5, 0.73)^\top$.
#
# **(c)** The two sentences hold the same words, so without positions the rows of $f(X)$ are the same in another order.
# Their mean, and the class, is the same. With the code added, $x_t + p_t$ depends on where the word stands; the two
# sentences are no longer permutations of each other, and the classifier can tell who chases whom.
# ### END SOLUTION
