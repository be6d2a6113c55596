"""Other right solutions of backprop, written as students write: the audit wants full points for each."""

from itertools import pairwise

import numpy as np

from autograder.checks import right
from reference.activations import softmax
from reference.losses import cross_entropy
from reference.mlp import linear_backward, mlp_grads, relu_backward, softmax_ce_grad, train

# 1. softmax ------------------------------------------------------------------------------------------------------


@right("softmax")
def softmax_row_by_row(z):
    if z.ndim == 1:
        top = max(z)
        parts = [np.exp(score - top) for score in z]
        return [part / sum(parts) for part in parts]
    return [softmax_row_by_row(row) for row in z]


@right("softmax")
def softmax_through_its_logarithm(z):
    shifted = z - np.max(z, axis=-1, keepdims=True)
    return np.exp(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


@right("softmax")
def softmax_transposed(z):
    e = np.exp(z.T - z.max(-1))
    return (e / e.sum(0)).T


# 2. cross_entropy ------------------------------------------------------------------------------------------------


@right("cross_entropy")
def cross_entropy_in_loops(S, P):
    total = 0.0
    for s_row, p_row in zip(S, P, strict=True):
        for s, p in zip(s_row, p_row, strict=True):
            if p > 0:
                total -= p * np.log(s)
    return total / len(S)


@right("cross_entropy")
def cross_entropy_clipped(S, P):
    return -np.mean(np.sum(P * np.log(np.clip(S, 1e-12, None)), axis=1))


@right("cross_entropy")
def cross_entropy_by_einsum(S, P):
    logs = np.zeros(S.shape)
    np.log(S, out=logs, where=P != 0)
    return np.array(-np.einsum("nk,nk->", P, logs) / S.shape[0])


@right("cross_entropy")
def cross_entropy_without_the_nans(S, P):
    with np.errstate(all="ignore"):
        return -np.nansum(P * np.log(S)) / len(S)


# 3. softmax_ce_grad ----------------------------------------------------------------------------------------------


@right("softmax_ce_grad")
def ce_grad_by_jacobians(Y, P):
    rows = []
    for y, p in zip(Y, P, strict=True):
        S = softmax(y)
        rows.append((np.diag(S) - np.outer(S, S)) @ (-p / S) / len(Y))
    return rows


@right("softmax_ce_grad")
def ce_grad_from_the_logarithm(Y, P):
    N, K = Y.shape
    S = np.exp(Y - np.log(np.exp(Y).sum(axis=1))[:, None])
    return np.einsum("nk,nkj->nj", P, S[:, None, :] - np.eye(K)) / N


@right("softmax_ce_grad")
def ce_grad_in_loops(Y, P):
    S, dY = softmax(Y), np.empty(Y.shape)
    for n in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            dY[n, j] = (S[n, j] * sum(P[n]) - P[n, j]) / Y.shape[0]
    return dY


# 4. relu_backward ------------------------------------------------------------------------------------------------


@right("relu_backward")
def relu_with_three_cases(dY, Yt, at_zero=1.0):
    return np.where(Yt > 0, dY, np.where(Yt < 0, 0.0, at_zero * dY))


@right("relu_backward")
def relu_by_heaviside(dY, Yt, at_zero=1.0):
    return dY * np.heaviside(Yt, at_zero)


@right("relu_backward")
def relu_masked_copy(dY, Yt, at_zero=1.0):
    dYt = dY.copy()
    dYt[Yt < 0] = 0
    dYt[Yt == 0] *= at_zero
    return dYt


# 5. linear_backward ----------------------------------------------------------------------------------------------


@right("linear_backward")
def linear_by_einsum(dYt, W, Y):
    return {
        "dY": np.einsum("no,oi->ni", dYt, W),
        "dW": np.einsum("no,ni->oi", dYt, Y),
        "db": np.einsum("no->o", dYt),
    }


@right("linear_backward")
def linear_sample_by_sample(dYt, W, Y):
    dY, dW, db = [], np.zeros(W.shape), np.zeros(len(W))
    for n in range(len(Y)):
        dY.append(W.T @ dYt[n])
        dW += np.outer(dYt[n], Y[n])
        db += dYt[n]
    return {"db": db.tolist(), "dW": dW.tolist(), "dY": dY}


# 6. mlp_grads ----------------------------------------------------------------------------------------------------


@right("mlp_grads")
def grads_sample_by_sample(params, X, P, lam=0.0):
    N, loss = len(X), lam * sum((W**2).sum() for W, b in params)
    grads = [[2 * lam * W, np.zeros(len(b))] for W, b in params]
    for x, p in zip(X, P, strict=True):
        h, z = [x], []
        for W, b in params:
            z.append(W @ h[-1] + b)
            h.append(z[-1] * (z[-1] >= 0))
        S = softmax(z[-1])
        loss -= p @ np.log(S) / N
        d = (S - p) / N
        for l in range(len(params) - 1, -1, -1):
            grads[l][0] = grads[l][0] + np.outer(d, h[l])
            grads[l][1] = grads[l][1] + d
            if l:
                d = (params[l][0].T @ d) * (z[l - 1] >= 0)
    return {"loss": loss, "grads": grads}


@right("mlp_grads")
def grads_by_recursion(params, X, P, lam=0.0):
    def below(Y, l):
        """The loss from layer l on, dY, and the gradients from layer l on."""
        W, b = params[l]
        Yt = Y @ W.T + b
        if l == len(params) - 1:
            z = Yt - Yt.max(axis=1, keepdims=True)
            logs = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
            loss, dYt, above = -(P * logs).sum() / len(X), (np.exp(logs) - P) / len(X), []
        else:
            loss, dY, above = below(np.maximum(0, Yt), l + 1)
            dYt = np.where(Yt > 0, dY, 0)
        gradient = (np.einsum("no,ni->oi", dYt, Y) + 2 * lam * W, dYt.sum(axis=0))
        return loss + lam * np.square(W).sum(), dYt @ W, [gradient, *above]

    loss, _, grads = below(X, 0)
    return {"loss": loss, "grads": grads}


@right("mlp_grads")
def grads_with_given_pieces(params, X, P, lam=0.0):
    kept, Y = [], X
    for W, b in params:
        Yt = np.dot(Y, W.T) + b
        kept.append((Y, Yt))
        Y = Yt.clip(min=0)
    loss = cross_entropy(softmax(Yt), P)
    grads = [None] * len(params)
    dYt = softmax_ce_grad(Yt, P)
    for l in range(len(params))[::-1]:
        W = params[l][0]
        loss += lam * np.linalg.norm(W) ** 2
        back = linear_backward(dYt, W, kept[l][0])
        grads[l] = [back["dW"] + lam * W + lam * W, back["db"]]
        if l > 0:
            dYt = relu_backward(back["dY"], kept[l - 1][1])
    return {"grads": grads, "loss": np.float64(loss)}


# 7. train --------------------------------------------------------------------------------------------------------


@right("train")
def train_on_copies(params, X, P, lr, batches):
    params, losses = [[W.copy(), b.copy()] for W, b in params], np.zeros(len(batches))
    for t, batch in enumerate(batches):
        out = mlp_grads(params, X[batch], P[batch])
        losses[t] = out["loss"]
        for layer, gradient in zip(params, out["grads"], strict=True):
            for k in (0, 1):
                layer[k] -= lr * gradient[k]
    return params, losses


@right("train")
def train_by_recursion(params, X, P, lr, batches):
    if len(batches) == 0:
        return params, []
    rows = list(batches[0])
    out = mlp_grads(params, np.take(X, rows, axis=0), np.take(P, rows, axis=0))
    moved = []
    for l in range(len(params)):
        moved.append(tuple(params[l][k] - lr * np.asarray(out["grads"][l][k]) for k in range(2)))
    after, losses = train_by_recursion(moved, X, P, lr, batches[1:])
    return after, [out["loss"], *losses]


# 8. train_mlp ----------------------------------------------------------------------------------------------------


def start(sizes, rng, scale):
    """Gaussian weights of deviation scale(inputs, outputs), biases 0."""
    return [(rng.normal(size=(o, i)) * scale(i, o), np.zeros(o)) for i, o in pairwise(sizes)]


def forward(params, X):
    for W, b in params[:-1]:
        X = np.maximum(X @ W.T + b, 0)
    return X @ params[-1][0].T + params[-1][1]


def orders(rng, N, size, epochs):
    return [order[at : at + size] for order in (rng.permutation(N) for _ in range(epochs)) for at in range(0, N, size)]


@right("train_mlp")
def small_net_with_larger_steps(Xtr, ytr, Xte, seed):
    rng = np.random.default_rng(seed)
    K = len(set(ytr.tolist()))
    params = start([Xtr.shape[1], 16, K], rng, lambda i, o: np.sqrt(2 / i))
    params, _ = train(params, Xtr, np.eye(K)[ytr], 0.1, orders(rng, len(Xtr), 16, 100))
    return forward(params, Xte)


@right("train_mlp")
def he_start_and_falling_steps(Xtr, ytr, Xte, seed):
    rng = np.random.default_rng(seed)
    K = ytr.max() + 1
    params = start([Xtr.shape[1], 32, 16, K], rng, lambda i, o: np.sqrt(2 / i))
    for lr in (0.1, 0.05, 0.02):
        params, _ = train(params, Xtr, np.eye(K)[ytr], lr, orders(rng, len(Xtr), 16, 30))
    return forward(params, Xte)


@right("train_mlp")
def whole_batch(Xtr, ytr, Xte, seed):
    rng = np.random.default_rng(seed)
    K = ytr.max() + 1
    params = start([Xtr.shape[1], 24, K], rng, lambda i, o: np.sqrt(2 / (i + o)))
    params, _ = train(params, Xtr, np.eye(K)[ytr], 0.3, [np.arange(len(Xtr))] * 500)
    return forward(params, Xte).tolist()


@right("train_mlp")
def momentum_and_weight_decay(Xtr, ytr, Xte, seed):
    rng = np.random.default_rng(seed)
    K = ytr.max() + 1
    P = np.eye(K)[ytr]
    params = start([Xtr.shape[1], 32, 16, K], rng, lambda i, o: np.sqrt(2 / (i + o)))
    speed = [(0 * W, 0 * b) for W, b in params]
    for batch in orders(rng, len(Xtr), 20, 60):
        grads = mlp_grads(params, Xtr[batch], P[batch], 1e-3)["grads"]
        speed = [(0.9 * v + dW, 0.9 * u + db) for (v, u), (dW, db) in zip(speed, grads, strict=True)]
        params = [(W - 0.02 * v, b - 0.02 * u) for (W, b), (v, u) in zip(params, speed, strict=True)]
    return forward(params, Xte)


@right("train_mlp")
def adam(Xtr, ytr, Xte, seed):
    rng = np.random.default_rng(seed)
    K = ytr.max() + 1
    P = np.eye(K)[ytr]
    flat = [part for layer in start([Xtr.shape[1], 20, K], rng, lambda i, o: np.sqrt(1 / i)) for part in layer]
    m, v = [0 * w for w in flat], [0 * w for w in flat]
    for t, batch in enumerate(orders(rng, len(Xtr), 25, 60), 1):
        pairs = list(zip(flat[::2], flat[1::2], strict=True))
        grads = [part for layer in mlp_grads(pairs, Xtr[batch], P[batch])["grads"] for part in layer]
        for k, g in enumerate(grads):
            m[k] = 0.9 * m[k] + 0.1 * g
            v[k] = 0.999 * v[k] + 0.001 * g**2
            flat[k] = flat[k] - 0.01 * (m[k] / (1 - 0.9**t)) / (np.sqrt(v[k] / (1 - 0.999**t)) + 1e-8)
    return forward(list(zip(flat[::2], flat[1::2], strict=True)), Xte)
