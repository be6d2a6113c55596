import numpy as np


def conv_out(i, k, s=1, p=0):
    if k > i + 2 * p:
        raise ValueError("the kernel does not fit")
    return (i + 2 * p - k) // s + 1


def tconv_out(i, k, s=1, p=0):
    return (i - 1) * s + k - 2 * p


def conv_params(k, cin, cout, bias=True):
    kh, kw = (k, k) if np.ndim(k) == 0 else k
    return (kh * kw * cin + (1 if bias else 0)) * cout


def dense_params(n_in, n_out):
    return n_in * n_out + n_out


def shape_table(input_shape, layers):
    shape = tuple(input_shape)
    count = {}
    rows = []
    for layer in layers:
        kind = layer["kind"]
        count[kind] = count.get(kind, 0) + 1
        params = 0
        if kind == "conv":
            c, h, w = shape
            n, k, s, p = layer["n"], layer["k"], layer.get("s", 1), layer.get("p", 0)
            params = conv_params(k, c, n)
            shape = (n, conv_out(h, k, s, p), conv_out(w, k, s, p))
        elif kind == "pool":
            c, h, w = shape
            k = layer["k"]
            s, p = layer.get("s", k), layer.get("p", 0)
            shape = (c, conv_out(h, k, s, p), conv_out(w, k, s, p))
        elif kind == "flatten":
            c, h, w = shape
            shape = (c * h * w,)
        elif kind == "dense":
            params = dense_params(shape[0], layer["n"])
            shape = (layer["n"],)
        else:
            raise ValueError(f"unknown kind {kind}")
        rows.append((f"{kind}{count[kind]}", shape, params))
    return rows


def conv2d(x, k, stride=1, padding=0, flip=False):
    x, k = np.asarray(x), np.asarray(k)
    if flip:
        k = k[::-1, ::-1]
    x = np.pad(x, padding)
    h, w = k.shape
    Z = np.zeros((conv_out(x.shape[0], h, stride), conv_out(x.shape[1], w, stride)))
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            Z[i, j] = (x[i * stride : i * stride + h, j * stride : j * stride + w] * k).sum()
    return Z


def conv2d_multi(x, K, b, stride=1, padding=0):
    maps = []
    for o in range(len(K)):
        Z = b[o]
        for c in range(len(x)):
            Z = Z + conv2d(x[c], K[o, c], stride, padding)
        maps.append(Z)
    return np.stack(maps)


def pool2d(x, size, stride=None, mode="max"):
    x = np.asarray(x)
    if stride is None:
        stride = size
    summary = {"max": np.max, "avg": np.mean, "min": np.min}[mode]
    Z = np.zeros((conv_out(x.shape[0], size, stride), conv_out(x.shape[1], size, stride)))
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            Z[i, j] = summary(x[i * stride : i * stride + size, j * stride : j * stride + size])
    return Z


def receptive_field(layers):
    r, jump = 1, 1
    for k, s in layers:
        r += (k - 1) * jump
        jump *= s
    return r, jump
