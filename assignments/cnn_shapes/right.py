"""Other right solutions of cnn_shapes, written as students write: the audit wants full points for each.

Those called ..._from_the_text were written from the released notebook alone.
"""

import math
from itertools import product

import numpy as np

from autograder.checks import right
from reference.cnn import conv2d, conv_out, conv_params, dense_params

# 1. conv_out, tconv_out ------------------------------------------------------------------------------------------


@right("conv_out", replaces="conv_out")
def conv_out_by_counting(i, k, s=1, p=0):
    starts = [start for start in range(0, i + 2 * p, s) if start + k <= i + 2 * p]
    if not starts:
        raise ValueError("no place for the kernel")
    return len(starts)


@right("conv_out", replaces="conv_out")
def conv_out_as_a_range(i, k, s=1, p=0):
    o = np.floor((i + 2 * p - k) / s + 1)
    if i + 2 * p - k < 0:
        raise ValueError(i, k, s, p)
    return o


@right("conv_out", replaces="conv_out")
def conv_out_from_the_text(i, k, s=1, p=0):
    padded = i + 2 * p
    if padded < k:
        raise ValueError("the kernel is larger than the padded row")
    return math.floor((padded - k) / s) + 1


@right("conv_out", replaces="tconv_out")
def tconv_out_step_by_step(i, k, s=1, p=0):
    size = k
    for _ in range(i - 1):
        size += s
    return size - p - p


@right("conv_out", replaces="tconv_out")
def tconv_out_by_search(i, k, s=1, p=0):
    size = max(k - 2 * p, 0)
    while (size + 2 * p - k) // s + 1 < i:
        size += 1
    return np.float64(size)


@right("conv_out", replaces="tconv_out")
def tconv_out_from_the_text(i, k, s=1, p=0):
    return s * (i - 1) - 2 * p + k


# 2. conv_params, dense_params ------------------------------------------------------------------------------------


@right("conv_params", replaces="conv_params")
def conv_params_from_arrays(k, cin, cout, bias=True):
    W = np.empty((cout, cin, *np.broadcast_to(k, 2)))
    return W.size + (len(W) if bias else 0)


@right("conv_params", replaces="conv_params")
def conv_params_kernel_by_kernel(k, cin, cout, bias=True):
    sides = [k, k] if isinstance(k, int) else list(k)
    total = 0
    for _ in range(cout):
        total += sides[0] * sides[1] * cin
        if bias:
            total += 1
    return total


@right("conv_params", replaces="conv_params")
def conv_params_from_the_text(k, cin, cout, bias=True):
    try:
        k_h, k_w = k
    except TypeError:
        k_h = k_w = k
    if bias:
        return (k_h * k_w * cin + 1) * cout
    return k_h * k_w * cin * cout


@right("conv_params", replaces="dense_params")
def dense_params_with_a_one_added(n_in, n_out):
    return (n_in + 1) * n_out


@right("conv_params", replaces="dense_params")
def dense_params_as_a_float(n_in, n_out):
    return math.fsum([float(n_in) * n_out, n_out])


@right("conv_params", replaces="dense_params")
def dense_params_from_the_text(n_in, n_out):
    weights, biases = n_in * n_out, n_out
    return weights + biases


# 3. shape_table --------------------------------------------------------------------------------------------------


@right("shape_table")
def table_by_recursion(input_shape, layers):
    if not layers:
        return []
    *before, layer = layers
    rows = table_by_recursion(input_shape, before)
    shape = rows[-1][1] if rows else input_shape
    kind = layer["kind"]
    name = kind + str(1 + sum(other["kind"] == kind for other in before))
    params = 0
    if kind == "flatten":
        new = (math.prod(shape),)
    elif kind == "dense":
        new, params = (layer["n"],), dense_params(shape[0], layer["n"])
    else:
        stride = layer["s"] if "s" in layer else {"conv": 1, "pool": layer["k"]}[kind]
        channels = layer["n"] if kind == "conv" else shape[0]
        new = (channels, *(conv_out(side, layer["k"], stride, layer.get("p", 0)) for side in shape[1:]))
        params = conv_params(layer["k"], shape[0], channels) if kind == "conv" else 0
    return [*rows, (name, new, params)]


@right("shape_table")
def table_on_real_arrays(input_shape, layers):
    x, numbers, rows = np.zeros(input_shape, dtype=np.int8), {}, []
    for layer in layers:
        kind, params = layer["kind"], 0
        numbers.setdefault(kind, []).append(kind)
        if kind in ("conv", "pool"):
            k, p = layer["k"], layer.get("p", 0)
            stride = layer.get("s", k if kind == "pool" else 1)
            padded = np.pad(x, ((0, 0), (p, p), (p, p)))
            places = padded[:, : padded.shape[1] - k + 1 : stride, : padded.shape[2] - k + 1 : stride]
            if kind == "conv":
                params = layer["n"] * (x.shape[0] * k * k + 1)
                places = np.zeros((layer["n"], *places.shape[1:]), dtype=np.int8)
            x = places
        elif kind == "flatten":
            x = x.ravel()
        else:
            params = (x.size + 1) * layer["n"]
            x = np.zeros(layer["n"], dtype=np.int8)
        rows.append([f"{kind}{len(numbers[kind])}", np.array(x.shape), float(params)])
    return rows


@right("shape_table")
def table_from_the_text(input_shape, layers):
    rows = []
    shape = input_shape
    n_conv = n_pool = n_flatten = n_dense = 0
    for layer in layers:
        if layer["kind"] == "conv":
            n_conv += 1
            s = layer.get("s", 1)
            p = layer.get("p", 0)
            params = conv_params(layer["k"], shape[0], layer["n"])
            shape = (layer["n"], conv_out(shape[1], layer["k"], s, p), conv_out(shape[2], layer["k"], s, p))
            rows.append((f"conv{n_conv}", shape, params))
        if layer["kind"] == "pool":
            n_pool += 1
            s = layer.get("s", layer["k"])
            p = layer.get("p", 0)
            shape = (shape[0], conv_out(shape[1], layer["k"], s, p), conv_out(shape[2], layer["k"], s, p))
            rows.append((f"pool{n_pool}", shape, 0))
        if layer["kind"] == "flatten":
            n_flatten += 1
            shape = (shape[0] * shape[1] * shape[2],)
            rows.append((f"flatten{n_flatten}", shape, 0))
        if layer["kind"] == "dense":
            n_dense += 1
            params = dense_params(shape[0], layer["n"])
            shape = (layer["n"],)
            rows.append((f"dense{n_dense}", shape, params))
    return rows


# 4. conv2d -------------------------------------------------------------------------------------------------------


@right("conv2d")
def conv2d_by_windows(x, k, stride=1, padding=0, flip=False):
    k = np.flip(k) if flip else k
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, padding), k.shape)
    return np.einsum("ijuv,uv->ij", windows[::stride, ::stride], k)


@right("conv2d")
def conv2d_as_a_sum_of_shifted_pictures(x, k, stride=1, padding=0, flip=False):
    x = np.pad(x, padding)
    (H, W), (h, w) = x.shape, k.shape
    Z = 0.0
    for u, v in product(range(h), range(w)):
        weight = k[h - 1 - u, w - 1 - v] if flip else k[u, v]
        Z = Z + weight * x[u : H - h + u + 1, v : W - w + v + 1]
    return Z[::stride, ::stride]


@right("conv2d")
def conv2d_without_a_padded_copy(x, k, stride=1, padding=0, flip=False):
    H, W, h, w = *x.shape, *k.shape
    rows = []
    for top in range(-padding, H + padding - h + 1, stride):
        row = []
        for left in range(-padding, W + padding - w + 1, stride):
            total = 0.0
            for u in range(h):
                for v in range(w):
                    i, j = top + u, left + v
                    if 0 <= i < H and 0 <= j < W:
                        total += float(x[i, j]) * (k[-1 - u, -1 - v] if flip else k[u, v])
            row.append(total)
        rows.append(row)
    return rows


@right("conv2d")
def conv2d_as_one_matrix_product(x, k, stride=1, padding=0, flip=False):
    x, k = np.pad(x, padding), k[::-1, ::-1] if flip else k
    H, W = conv_out(x.shape[0], k.shape[0], stride), conv_out(x.shape[1], k.shape[1], stride)
    rows = stride * np.arange(H)[:, None, None, None] + np.arange(k.shape[0])[:, None]
    columns = stride * np.arange(W)[:, None, None] + np.arange(k.shape[1])
    return (x[rows, columns].reshape(H * W, -1) @ k.reshape(-1)).reshape(H, W)


@right("conv2d")
def conv2d_from_the_text(x, k, stride=1, padding=0, flip=False):
    H, W = x.shape
    h, w = k.shape
    padded = np.zeros((H + 2 * padding, W + 2 * padding))
    padded[padding : padding + H, padding : padding + W] = x
    if flip:
        k = k[::-1, ::-1]
    H_out = conv_out(H, h, stride, padding)
    W_out = conv_out(W, w, stride, padding)
    Z = np.zeros((H_out, W_out))
    for i in range(H_out):
        for j in range(W_out):
            for u in range(h):
                for v in range(w):
                    Z[i, j] += padded[i * stride + u, j * stride + v] * k[u, v]
    return Z


# 5. conv2d_multi -------------------------------------------------------------------------------------------------


@right("conv2d_multi")
def multi_by_einsum(x, K, b, stride=1, padding=0):
    x = np.pad(x, ((0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(x, K.shape[2:], axis=(1, 2))[:, ::stride, ::stride]
    return np.einsum("cijuv,ocuv->oij", windows, K) + b.reshape(-1, 1, 1)


@right("conv2d_multi")
def multi_channel_by_channel(x, K, b, stride=1, padding=0):
    maps = []
    for kernel, bias in zip(K, b, strict=True):
        Z = bias
        for channel, part in zip(x, kernel, strict=True):
            Z = Z + conv2d(channel, part, stride=stride, padding=padding)
        maps.append(Z)
    return maps


@right("conv2d_multi")
def multi_as_a_dense_layer_at_each_place(x, K, b, stride=1, padding=0):
    C, H, W = x.shape
    O, _, h, w = K.shape
    padded = np.zeros((C, H + 2 * padding, W + 2 * padding))
    padded[:, padding : padding + H, padding : padding + W] = x
    matrix = K.reshape(O, C * h * w)
    columns = [
        [matrix @ padded[:, i : i + h, j : j + w].ravel() + b for j in range(0, W + 2 * padding - w + 1, stride)]
        for i in range(0, H + 2 * padding - h + 1, stride)
    ]
    return np.transpose(columns, (2, 0, 1))


@right("conv2d_multi")
def multi_from_the_text(x, K, b, stride=1, padding=0):
    O, C = K.shape[0], K.shape[1]
    Z = []
    for o in range(O):
        total = conv2d(x[0], K[o, 0], stride, padding)
        for c in range(1, C):
            total = total + conv2d(x[c], K[o, c], stride, padding)
        Z.append(total + b[o])
    return np.array(Z)


# 6. pool2d -------------------------------------------------------------------------------------------------------


@right("pool2d")
def pool_by_windows(x, size, stride=None, mode="max"):
    step = stride or size
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size))[::step, ::step]
    return getattr(windows, {"max": "max", "avg": "mean", "min": "min"}[mode])(axis=(-2, -1))


@right("pool2d")
def pool_in_loops(x, size, stride=None, mode="max"):
    stride = size if stride is None else stride
    rows = []
    for i in range(0, len(x) - size + 1, stride):
        rows.append([])
        for j in range(0, len(x[0]) - size + 1, stride):
            best, total = x[i, j], 0.0
            for u in range(size):
                for v in range(size):
                    value = x[i + u, j + v]
                    total += value
                    if (mode == "max" and value > best) or (mode == "min" and value < best):
                        best = value
            rows[-1].append(total / size**2 if mode == "avg" else best)
    return rows


@right("pool2d")
def pool_over_shifted_pictures(x, size, stride=None, mode="max"):
    stride = size if stride is None else stride
    H, W = x.shape[0] - size + 1, x.shape[1] - size + 1
    shifted = np.stack([x[u : u + H, v : v + W] for u in range(size) for v in range(size)])
    if mode == "min":
        return -(-shifted).max(axis=0)[::stride, ::stride]
    return (shifted.max(axis=0) if mode == "max" else shifted.sum(axis=0) / len(shifted))[::stride, ::stride]


@right("pool2d")
def pool_from_the_text(x, size, stride=None, mode="max"):
    if stride is None:
        stride = size
    H, W = x.shape
    H_out, W_out = conv_out(H, size, stride), conv_out(W, size, stride)
    Z = np.zeros((H_out, W_out))
    for i in range(H_out):
        for j in range(W_out):
            window = x[i * stride : i * stride + size, j * stride : j * stride + size]
            if mode == "max":
                Z[i, j] = window.max()
            elif mode == "avg":
                Z[i, j] = window.mean()
            else:
                Z[i, j] = window.min()
    return Z


# 7. receptive_field ----------------------------------------------------------------------------------------------


@right("receptive_field")
def field_from_the_last_layer_back(layers):
    r = 1
    for k, s in reversed(layers):
        r = (r - 1) * s + k
    return r, math.prod(s for _, s in layers)


@right("receptive_field")
def field_as_a_sum(layers):
    jumps = np.cumprod([1, *(s for _, s in layers)])
    return [1 + sum((k - 1) * int(j) for (k, _), j in zip(layers, jumps, strict=False)), jumps[-1]]


@right("receptive_field")
def field_by_recursion(layers):
    if not layers:
        return 1, 1
    r, jump = field_by_recursion(layers[:-1])
    k, s = layers[-1]
    return r + (k - 1) * jump, jump * s


@right("receptive_field")
def field_from_the_text(layers):
    r = 1
    j = 1
    for layer in layers:
        r = r + (layer[0] - 1) * j
        j = j * layer[1]
    return (r, j)
