# ruff: noqa: E501 (a header is one line)
# %% [markdown]
# # Convolutional networks: sizes, counts, feature maps
#
# What does a convolution compute, how large is what comes out, and what does it cost? Here you first predict sizes and
# parameter counts with pencil-and-paper formulas, up to a table for a whole network; then you build convolution and
# pooling themselves, with nothing but numpy, and look at a small picture through your own kernels. (You train such a
# network in a later notebook.)
#
# **How it is graded.** Under each exercise there is a *visible test*: it catches slips early and shows one example.
# After you hand in, *hidden tests* call your functions with other numbers. Everything they check is written in this
# text. Partial work earns partial points. Plan for an afternoon; exercises 1, 2 and 7 take a few lines each, 3 and 5 take
# the most thought.
#
# **Conventions that hold everywhere**
#
# * A grey picture is an array of shape `(H, W)`, rows first; a picture with $C$ channels has shape `(C, H, W)`, channels
#   first, as in PyTorch (Keras puts them last). $H$ and $W$ may differ, and each may be 1.
# * $k$ is the size of a kernel, $s$ the **stride** (how many pixels it moves at a time), $p$ the **padding** (how many rows
#   and columns of zeros are put on *each* of the four sides). One stride and one padding serve both axes. Always
#   $k \ge 1$, $s \ge 1$, $p \ge 0$.
# * "Convolution" means what all lectures and all libraries compute: the kernel is laid on the picture **as it is**, not
#   flipped.
# * All float inputs are `float64` arrays. In what you return, lists, tuples and arrays are equal, a 0-d array is a
#   number, and where integers are asked any integer-valued number counts (`24.0` for `24`).
# * **Do not change your inputs**: a function that writes into the arrays, lists or dicts it was given loses points.
# * **Write it yourself.** In exercises 4 to 6 all of `torch`, `scipy`, `sklearn`, `skimage`, `cv2`, `PIL` and other
#   libraries with ready-made filters or layers are forbidden; a forbidden call costs the exercise. Later functions may (and
#   should) call your earlier ones.
# * Results are compared to about seven digits, integers exactly. One call may take 5 seconds; our pictures have at most
#   a few hundred pixels, so plain loops are fast enough.
#
# **In the lectures**: Boyer, "A 2D convolution", "Parameters of a convolution layer", "Max pooling"; Belhafaoui, "Filtering
# an image" and "Pooling / subsampling"; Michel, "Convolution Networks (CNNs)"; Turinici, "Réseaux convolutifs: CNN";
# Savinien, "CNN - feature maps". They do not agree on every formula. What holds here is stated here, and the
# differences are named.

# %%
import numpy as np

# %% [markdown]
# ## 1. How large is what comes out?
#
# Lay a kernel of $k$ pixels on a row of $i$ pixels, with $p$ zeros at each end, and move it $s$ pixels at a time. It finds
#
# $$o = \left\lfloor \frac{i + 2p - k}{s} \right\rfloor + 1$$
#
# places. The **floor** matters: where the last step would stick out, it is not taken, and the pixels left over are never
# seen. (One lecture prints the formula without the floor; it is right only where $s$ divides $i + 2p - k$.) A kernel
# larger than the padded row, $k > i + 2p$, does not fit at all.
#
# A **transposed convolution** goes the other way, from small to large, in the decoder of an autoencoder for example:
#
# $$o = (i - 1)\,s + k - 2p$$
#
# From that size, `conv_out` with the same $k$, $s$, $p$ always leads back to $i$. The other way round it need not: sizes
# that the floor had made equal cannot be told apart any more.
#
# Write two functions of integers, each for one axis and returning one integer.
#
# * `conv_out(i, k, s=1, p=0)`. When the kernel does not fit it must `raise ValueError(...)`, with any message of yours;
#   when it fits, however tightly, it must not.
# * `tconv_out(i, k, s=1, p=0)`. (Nobody asks for sizes below 1.)
#
# *Example.* `conv_out(8, 3, 2)`: $\lfloor 5 / 2 \rfloor + 1 = 3$, and the last pixel is never seen. `tconv_out(3, 3, 2)`:
# $2 \cdot 2 + 3 = 7$, not 8. `conv_out(2, 5, 1, 1)`: the kernel of 5 does not fit into $2 + 2$ pixels.

# %% exercise="conv_out" source=["cnn.conv_out", "cnn.tconv_out"]
def conv_out(i, k, s=1, p=0):
    """Output size of a convolution along one axis: input i, kernel k, stride s, padding p -> int; ValueError if k > i + 2p."""
    ### BEGIN SOLUTION
    ### END SOLUTION


def tconv_out(i, k, s=1, p=0):
    """Output size of a transposed convolution along one axis: input i, kernel k, stride s, padding p -> int."""
    ### BEGIN SOLUTION
    ### END SOLUTION

# %% test="conv_out"
assert conv_out(8, 3, 2) == 3, "the last step would stick out: round down"
assert conv_out(28, 5) == 24
assert conv_out(28, 5, p=2) == 28, "padding (k - 1) / 2 keeps the size"
assert conv_out(2, 5, p=2) == 2
assert tconv_out(3, 3, 2) == 7
assert tconv_out(14, 4, 2, 1) == 28
try:
    conv_out(2, 5, p=1)
except ValueError:
    pass
else:
    raise AssertionError("a kernel of 5 does not fit into 2 + 2 pixels: raise a ValueError")

# %% [markdown]
# ## 2. What does a layer cost?
#
# A dense layer has one weight for each pair of an input and an output, and one bias for each output. A convolution is
# thriftier: it slides **one** kernel over the whole picture, whatever the picture's size. One kernel looks at all
# $C_\mathrm{in}$ channels at once, so it has $k_h \cdot k_w \cdot C_\mathrm{in}$ weights, and one bias; each of the
# $C_\mathrm{out}$ output channels has a kernel of its own.
#
# $$\#\mathrm{conv} = (k_h k_w C_\mathrm{in} + 1)\, C_\mathrm{out} \qquad
# \#\mathrm{dense} = n_\mathrm{in} n_\mathrm{out} + n_\mathrm{out}$$
#
# (One lecture counts $k_x k_y + 1$: that is a single kernel on a single channel.)
#
# * `conv_params(k, cin, cout, bias=True)`: `k` is an integer for a square kernel, or a pair `(k_h, k_w)`; with `bias=False`
#   there are no biases.
# * `dense_params(n_in, n_out)`: always with biases.
#
# *Example.* `conv_params(5, 3, 4)` is $(75 + 1) \cdot 4 = 304$; without biases 300. `conv_params((1, 5), 3, 4)` is
# $(15 + 1) \cdot 4 = 64$. `dense_params(100, 10)` is 1010.

# %% exercise="conv_params" source=["cnn.conv_params", "cnn.dense_params"]
def conv_params(k, cin, cout, bias=True):
    """Number of parameters of a convolution: k an integer or a pair (k_h, k_w), cin -> cout channels."""
    ### BEGIN SOLUTION
    ### END SOLUTION


def dense_params(n_in, n_out):
    """Number of parameters of a dense layer, biases included."""
    ### BEGIN SOLUTION
    ### END SOLUTION

# %% test="conv_params"
assert conv_params(5, 3, 4) == 304
assert conv_params(5, 3, 4, bias=False) == 300
assert conv_params((1, 5), 3, 4) == 64
assert dense_params(100, 10) == 1010

# %% [markdown]
# ## 3. A whole network as a table
#
# Before anyone trains a network one wants to know: does it fit together, and how large is it? `model.summary()` in Keras
# prints such a table; here you compute it.
#
# Write `shape_table(input_shape, layers)`. `input_shape` is `(C, H, W)`. `layers` is a list of dicts, one for each layer,
# first layer first:
#
# | `"kind"` | other keys | what comes out | parameters |
# |---|---|---|---|
# | `"conv"` | `"n"`: number of kernels, `"k"`: their side; optional `"s"` (default 1), `"p"` (default 0) | `(n, H', W')`, each axis by `conv_out` | `conv_params` |
# | `"pool"` | `"k"`: side of the window; optional `"s"` (default: **the same as** `"k"`), `"p"` (default 0) | `(C, H', W')`, each axis by `conv_out`; the channels stay | 0 |
# | `"flatten"` | | `(C·H·W,)`, from `(C, H, W)` | 0 |
# | `"dense"` | `"n"`: number of outputs | `(n,)`, from `(n_in,)` | `dense_params` |
#
# Convolutions have biases. What comes out of one layer goes into the next. `dense` only follows `flatten` or `dense`, and
# everything fits.
#
# Return a list with one row for each layer, in order (none for the input): a triple `(name, shape, params)`. The name is
# the kind followed by a number that counts **the layers of this kind**, from 1: `"conv1"`, `"pool1"`, `"conv2"`, ... The
# shape is a tuple of integers, `(C, H, W)` or `(n,)`; `params` is the number of parameters of this layer alone.
#
# *Example.* `input_shape = (3, 8, 11)`:
#
# | layer | row |
# |---|---|
# | `{"kind": "conv", "n": 4, "k": 3, "p": 1}` | `("conv1", (4, 8, 11), 112)` |
# | `{"kind": "pool", "k": 2}` | `("pool1", (4, 4, 5), 0)` |
# | `{"kind": "conv", "n": 6, "k": 3, "s": 2}` | `("conv2", (6, 1, 2), 222)` |
# | `{"kind": "flatten"}` | `("flatten1", (12,), 0)` |
# | `{"kind": "dense", "n": 10}` | `("dense1", (10,), 130)` |

# %% exercise="shape_table" source="cnn.shape_table"
def shape_table(input_shape, layers):
    """One row (name, shape, params) for each layer.  input_shape (C, H, W), layers a list of dicts with "kind", n, k, s, p."""
    ### BEGIN SOLUTION
    ### END SOLUTION

# %% test="shape_table"
layers = [
    {"kind": "conv", "n": 4, "k": 3, "p": 1},
    {"kind": "pool", "k": 2},
    {"kind": "conv", "n": 6, "k": 3, "s": 2},
    {"kind": "flatten"},
    {"kind": "dense", "n": 10},
]
rows = shape_table((3, 8, 11), layers)
assert len(rows) == 5, f"one row for each of the 5 layers, not {len(rows)}"
expected = [("conv1", (4, 8, 11), 112), ("pool1", (4, 4, 5), 0), ("conv2", (6, 1, 2), 222), ("flatten1", (12,), 0)]
for row, wanted in zip(rows, [*expected, ("dense1", (10,), 130)], strict=True):
    assert (row[0], tuple(row[1]), row[2]) == wanted, f"the row should be {wanted}, not {row}"

# %% [markdown]
# Your table shows at once where a network keeps its parameters. This one is Turinici's for CIFAR-10, with a dense layer of
# 64 units put before the last: more than half of all parameters sit in the one dense layer that looks at the flattened maps.

# %% run=false
cifar = [
    {"kind": "conv", "n": 32, "k": 3},
    {"kind": "pool", "k": 2},
    {"kind": "conv", "n": 64, "k": 3},
    {"kind": "pool", "k": 2},
    {"kind": "conv", "n": 64, "k": 3},
    {"kind": "flatten"},
    {"kind": "dense", "n": 64},
    {"kind": "dense", "n": 10},
]
rows = shape_table((3, 32, 32), cifar)
for name, shape, params in rows:
    print(f"{name:10}{shape!s:16}{params:8,}")
print(f"{'together':26}{sum(row[2] for row in rows):8,}")

# %% [markdown]
# ## 4. Convolution
#
# Now the layer itself. Lay the kernel on the picture, multiply what lies on top of each other, add it all up, write down
# one number, move on:
#
# $$Z_{ij} = \sum_{u=0}^{h-1} \sum_{v=0}^{w-1} x_{i s + u,\; j s + v}\; k_{uv}$$
#
# where $x$ has been padded with $p$ rows and columns of zeros on each side first. The result is called a **feature map**.
# Its height and width follow from exercise 1, each axis by itself. (Some books centre the kernel, with $u$ and $v$ from
# $-n_1$ to $n_1$: then its size is $2 n_1 + 1$, not $n_1$. Only the numbering differs.)
#
# In mathematics a convolution turns the kernel by 180 degrees first, both axes reversed; for a kernel that is learnt this
# makes no difference, for a given one it does. `flip=True` asks for that.
#
# Write `conv2d(x, k, stride=1, padding=0, flip=False)`: `x` has shape `(H, W)`, `k` has shape `(h, w)`, and $h$ and $w$ may
# differ (a kernel of shape `(1, n)` on a picture of one row is a convolution in 1-D, as for sound or text). `stride` and
# `padding` are integers and hold for both axes. The result has shape `(H', W')`. The kernel always fits. `x` may also be an
# array of integers (grey values from 0 to 255, type `int64`); the result is not rounded.
#
# *Example.* $x = \begin{pmatrix} 1 & 2 & 0 \\ 0 & 1 & 3 \end{pmatrix}$ and $k = \begin{pmatrix} 1 & -1 \end{pmatrix}$ give
# $\begin{pmatrix} -1 & 2 \\ -1 & -2 \end{pmatrix}$: each pixel minus its neighbour on the right. With `flip=True` all signs
# change. With `stride=2` only $\begin{pmatrix} -1 \end{pmatrix}$ is left. With `padding=1` the shape is `(4, 4)`, and the
# second row is $(-1, -1, 2, 0)$.

# %% exercise="conv2d" source="cnn.conv2d" forbid=["torch", "scipy", "sklearn", "skimage", "cv2", "PIL", "jax", "tensorflow"]
def conv2d(x, k, stride=1, padding=0, flip=False):
    """The feature map of kernel k on picture x.  x (H, W), k (h, w) -> (H', W'); flip=True turns k by 180 degrees first."""
    ### BEGIN SOLUTION
    ### END SOLUTION

# %% test="conv2d"
x, k = np.array([[1.0, 2.0, 0.0], [0.0, 1.0, 3.0]]), np.array([[1.0, -1.0]])
Z = conv2d(x, k)
assert np.shape(Z) == (2, 2), f"a kernel of (1, 2) on (2, 3) gives (2, 2), not {np.shape(Z)}"
np.testing.assert_allclose(Z, [[-1, 2], [-1, -2]])
np.testing.assert_allclose(conv2d(x, k, flip=True), [[1, -2], [1, 2]], err_msg="flip=True")
np.testing.assert_allclose(conv2d(x, k, stride=2), [[-1]], err_msg="stride=2")
padded = [[0, 0, 0, 0], [-1, -1, 2, 0], [0, -1, -2, 3], [0, 0, 0, 0]]
np.testing.assert_allclose(conv2d(x, k, padding=1), padded, err_msg="padding=1")

# %% [markdown]
# What does a kernel see? Below, a house of 16 by 16 pixels, and its feature maps for four kernels of the lecture. The
# first answers to vertical edges only, and tells a left edge from a right one by the sign; the third blurs. (The same maps
# come back with your feedback, next to ours.)
#
# *Something to find:* Belhafaoui's slides compute, step by step, the zero-padded feature map of the "vertical edges" kernel
# on a 5 by 5 picture. One of the 25 printed numbers is wrong. Your function finds it.

# %% run=false
import matplotlib.pyplot as plt


def house():
    """A roof, walls and a door, 16 by 16."""
    x = np.zeros((16, 16))
    for row in range(6):
        x[2 + row, 7 - row : 9 + row] = 1.0
    x[8:15, 3:13] = 0.6
    x[10:15, 7:10] = 0.0
    return x


kernels = {
    "vertical edges": np.array([[1.0, 0, -1], [1, 0, -1], [1, 0, -1]]),
    "outline": np.array([[-1.0, -1, -1], [-1, 8, -1], [-1, -1, -1]]),
    "Gaussian blur": np.array([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16,
    "diagonal edges": np.array([[1.0, 0, -1], [0, 0, 0], [-1, 0, 1]]),
}
figure, axes = plt.subplots(1, 5, figsize=(15, 3))
maps = {"the house": house()} | {name: conv2d(house(), k) for name, k in kernels.items()}
for axis, (name, Z) in zip(axes, maps.items(), strict=True):
    axis.imshow(Z, cmap="gray")
    axis.set_title(name)
plt.show()

# %% [markdown]
# Move the house one pixel to the right, and its feature map moves one pixel to the right: the kernel is the same
# everywhere, so it finds a roof wherever it is. This is called **equivariance** (not *in*variance: the map does change).

# %% run=false
moved = np.roll(house(), 1, axis=1)
before, after = conv2d(house(), kernels["outline"]), conv2d(moved, kernels["outline"])
print("largest difference:", np.abs(after[:, 1:] - before[:, :-1]).max())

# %% [markdown]
# ## 5. Many channels in, many out
#
# A colour picture has three channels, and the layers inside a network have hundreds. Each output channel $o$ has a kernel
# with one slice for **every** input channel. All slices work at the same place, their results are **summed**, and the
# bias is added **once**:
#
# $$Z_o = b_o + \sum_{c=1}^{C} \mathrm{conv2d}(x_c, K_{oc})$$
#
# Write `conv2d_multi(x, K, b, stride=1, padding=0)`: `x` has shape `(C, H, W)`, `K` has shape `(O, C, h, w)`, `b` has shape
# `(O,)`; the result has shape `(O, H', W')`. Any of these numbers may be 1, and some may be equal. The height and width are
# padded, never the channels; no kernel is flipped.
#
# *Example.* Two channels $\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}$ and $\begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix}$, one
# kernel with the slices $\begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix}$ and $\begin{pmatrix} 2 & 2 \\ 2 & 2 \end{pmatrix}$,
# bias 10: the channels give 5 and 4, and $Z = 5 + 4 + 10 = 19$, of shape `(1, 1, 1)`.

# %% exercise="conv2d_multi" source="cnn.conv2d_multi" forbid=["torch", "scipy", "sklearn", "skimage", "cv2", "PIL", "jax", "tensorflow"]
def conv2d_multi(x, K, b, stride=1, padding=0):
    """A convolution layer on one picture.  x (C, H, W), K (O, C, h, w), b (O,) -> (O, H', W')."""
    ### BEGIN SOLUTION
    ### END SOLUTION

# %% test="conv2d_multi"
x = np.array([[[1.0, 2.0], [3.0, 4.0]], [[1.0, 0.0], [0.0, 1.0]]])
K = np.array([[[[1.0, 0.0], [0.0, 1.0]], [[2.0, 2.0], [2.0, 2.0]]]])
Z = conv2d_multi(x, K, np.array([10.0]))
assert np.shape(Z) == (1, 1, 1), f"one output channel of one pixel has shape (1, 1, 1), not {np.shape(Z)}"
np.testing.assert_allclose(Z, [[[19]]])

# %% [markdown]
# Colour at work: a red house on a green meadow. The kernel with the slices red +1, green -1, blue 0 (a 1 by 1 kernel!) finds
# what is red; with the "vertical edges" kernel in place of the 1 it finds the edges of what is red.

# %% run=false
def meadow():
    """The house in red, green around and below it: (3, 16, 16)."""
    red = house()
    green = np.where(red > 0, 0.2, 0.0)
    green[12:] = np.maximum(green[12:], 0.8 * (red[12:] == 0))
    return np.stack([red, green, np.zeros((16, 16))])


edges = np.array([[1.0, 0, -1], [1, 0, -1], [1, 0, -1]])
red_edges = np.stack([edges, -edges, 0 * edges])[None]
plt.imshow(conv2d_multi(meadow(), red_edges, np.zeros(1), padding=1)[0], cmap="gray")
plt.title("edges of what is red")
plt.show()

# %% [markdown]
# ## 6. Pooling
#
# Pooling shrinks a feature map: each window of `size` by `size` pixels is replaced by a summary of it, its maximum for
# example. A pixel more or less to the left then matters little.
#
# Write `pool2d(x, size, stride=None, mode="max")`: `x` has shape `(H, W)`, and `mode` is `"max"`, `"avg"` (the mean) or
# `"min"`. The windows start every `stride` pixels along both axes; `None` means `stride = size`, so that they touch. There
# is **no padding**: windows that would stick out are dropped, as in exercise 1, and the last rows or columns may never be
# seen. The window always fits at least once. `x` may hold numbers of both signs, or negative ones only. The result has
# shape `(H', W')`.
#
# *Example.* $x = \begin{pmatrix} 1 & -2 & 3 \\ -4 & 5 & -6 \\ 7 & 8 & 9 \end{pmatrix}$ with size 2 has a single window: the
# maximum is 5, the mean 0, the minimum $-4$, each in an array of shape `(1, 1)`. With `stride=1` there are four, and the
# maxima are $\begin{pmatrix} 5 & 5 \\ 8 & 9 \end{pmatrix}$. (One lecture's slides show, behind "Max()", the *windows*; what
# comes out is one number for each.)

# %% exercise="pool2d" source="cnn.pool2d" forbid=["torch", "scipy", "sklearn", "skimage", "cv2", "PIL", "jax", "tensorflow"]
def pool2d(x, size, stride=None, mode="max"):
    """Summary ("max", "avg" or "min") of each window of size x size, one every `stride` pixels.  x (H, W) -> (H', W')."""
    ### BEGIN SOLUTION
    ### END SOLUTION

# %% test="pool2d"
x = np.array([[1.0, -2.0, 3.0], [-4.0, 5.0, -6.0], [7.0, 8.0, 9.0]])
Z = pool2d(x, 2)
assert np.shape(Z) == (1, 1), f"one window gives shape (1, 1), not {np.shape(Z)}"
np.testing.assert_allclose(Z, [[5]])
np.testing.assert_allclose(pool2d(x, 2, mode="avg"), [[0]], atol=1e-12)
np.testing.assert_allclose(pool2d(x, 2, mode="min"), [[-4]])
np.testing.assert_allclose(pool2d(x, 2, stride=1), [[5, 5], [8, 9]])

# %% [markdown]
# The three stages of a typical layer, on the house: convolution, detector (here ReLU: only what the kernel finds, not its
# opposite), pooling.

# %% run=false
Z = conv2d(house(), kernels["vertical edges"])
figure, axes = plt.subplots(1, 3, figsize=(9, 3))
for axis, stage in zip(axes, [Z, np.maximum(Z, 0), pool2d(np.maximum(Z, 0), 2)], strict=True):
    axis.imshow(stage, cmap="gray")
plt.show()

# %% [markdown]
# ## 7. How far does a neuron see?
#
# A neuron of the first layer sees 3 by 3 pixels, say. One of the second layer sees 3 by 3 neurons of the first, and so more
# pixels; the deeper, the wider. The side of the square of pixels that can reach a neuron is its **receptive field** $r$.
# Along with it goes the **jump** $j$: how many pixels apart the fields of two neighbours start. Start at the picture
# with $r = 1$ and $j = 1$ and go through the layers, first layer first, each with its kernel (or pooling window) $k$ and
# its stride $s$:
#
# $$r \leftarrow r + (k - 1)\, j \qquad\text{then}\qquad j \leftarrow j\, s$$
#
# Padding plays no part.
#
# Write `receptive_field(layers)`. `layers` is a list of pairs `(k, s)` of integers, first layer first. It returns the pair
# `(r, jump)` after the last layer; for an empty list `(1, 1)`.
#
# *Example.* `[(3, 1), (2, 2), (3, 1)]`: $r = 3$, $j = 1$; then $r = 4$, $j = 2$; then $r = 4 + 2 \cdot 2 = 8$, $j = 2$.

# %% exercise="receptive_field" source="cnn.receptive_field"
def receptive_field(layers):
    """(r, jump) after the last layer.  layers [(k, s), ...], the one next to the picture first."""
    ### BEGIN SOLUTION
    ### END SOLUTION

# %% test="receptive_field"
assert tuple(receptive_field([(3, 1), (2, 2), (3, 1)])) == (8, 2)
assert tuple(receptive_field([(5, 2)])) == (5, 2)
assert tuple(receptive_field([])) == (1, 1)

# %% [markdown]
# The convolutions of VGG-16 are all 3 by 3. See how each pooling makes the curve steeper.

# %% run=false
def vgg16():
    """Kernel and stride of VGG-16's layers, up to the last pooling."""
    return [layer for convs in (2, 2, 3, 3, 3) for layer in [*[(3, 1)] * convs, (2, 2)]]


plt.plot([receptive_field(vgg16()[:depth])[0] for depth in range(19)])
plt.xlabel("layers")
plt.ylabel("receptive field (pixels)")
plt.show()

# %% [markdown] manual="sharing" points=3
# ## 8. Two questions
#
# **(a)** The paper on AlexNet says that its pictures have 224 by 224 pixels; Turinici's slide says that this must be a
# typing error, and that 227 is meant. The first layer has kernels of 11 by 11, stride 4, no padding. Explain, with numbers,
# what is odd about 224, what your `conv_out` makes of it, and which pixels are not used then. Name one change, of the kernel, the
# stride or the padding, with which no pixel of the picture is left unused.
#
# **(b)** Somebody shuffles the pixels of all pictures of a data set, training and test, by one and the same permutation. One
# slide says that the output of a dense network "would be the same". In which sense is this true, and in which is it
# not? And why does the same shuffling ruin a convolutional network?
#
# ### BEGIN MARK SCHEME
# **1 point** (a): $(224 - 11) / 4 + 1 = 54.25$ is no integer, while $(227 - 11) / 4 + 1 = 55$ is (½). The floor makes it 54;
# the kernels then reach pixel $53 \cdot 4 + 11 = 223$, so one row and one column are never seen (½).
#
# **½ point** (a): a change that works, checked by a number: a stride of 1 or 3 ($213 = 3 \cdot 71$), a kernel of 8 or 12, padding
# of 3 on one side, or of 2 or 3 on both (the division leaves a rest, but only padding is left over).
#
# **½ point** (b): true after *relearning* (or when the columns of the first weight matrix are permuted likewise): a dense
# layer does not know which pixels are neighbours, so training on shuffled pictures can give the same function.
#
# **½ point** (b): not true for an already trained network that is shown shuffled pictures: its weights belong to the old
# places.
#
# **½ point** (b): a convolution connects neighbouring pixels only and uses the same weights everywhere. After shuffling,
# neighbours have nothing to do with each other, and no choice of small shared kernels gives back the old function.
# ### END MARK SCHEME

# %% [markdown] answer="sharing"
# ### BEGIN SOLUTION
# **(a)** $(224 - 11)/4 + 1 = 54.25$ is not an integer, $(227 - 11)/4 + 1 = 55$ is. `conv_out` rounds down to 54. The last
# of the 54 windows ends at pixel $53 \cdot 4 + 11 = 223$: one row and one column are never looked at. With a stride of 3,
# for example, $213 / 3 + 1 = 72$ windows use every pixel. (A padding of 2 on both sides
# works too: 55 windows reach place 227 of 228, and what is left over is padding.)
#
# **(b)** If the columns of the first weight matrix are permuted in the same way, every neuron of the first layer computes what
# it did before: so a dense network that is *trained again* on shuffled pictures can reach the very same outputs. A network
# already trained, shown shuffled pictures, gives something else. A convolution has small kernels, the same at all places:
# it relies on neighbouring pixels belonging together. Shuffling destroys neighbourhood, an edge is no edge any more, and no
# choice of small shared kernels undoes it.
# ### END SOLUTION
