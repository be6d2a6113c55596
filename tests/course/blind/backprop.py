import numpy as np


def softmax(z):
    """Softmax along the last axis.  z (K,) or (N, K) -> same shape."""
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def cross_entropy(S, P):
    """Mean over the rows of -sum_k P_k ln S_k, with 0 ln 0 = 0.  S, P (N, K) -> float."""
    used = P != 0
    return float(-np.sum(P[used] * np.log(S[used])) / len(S))


def softmax_ce_grad(Y, P):
    """Gradient of cross_entropy(softmax(Y), P) with respect to Y.  Y, P (N, K) -> (N, K)."""
    return (softmax(Y) * P.sum(axis=1, keepdims=True) - P) / len(Y)


def relu_backward(dY, Yt, at_zero=1.0):
    """dYt of Y = relu(Yt): dY where Yt > 0, at_zero * dY where Yt = 0, 0 where Yt < 0."""
    return np.where(Yt > 0, dY, np.where(Yt == 0, at_zero * dY, 0.0))


def linear_backward(dYt, W, Y):
    """Back through Yt = Y W^T + b.  dYt (N, o), W (o, i), Y (N, i) -> {"dY": (N, i), "dW": (o, i), "db": (o,)}."""
    return {"dY": dYt @ W, "dW": dYt.T @ Y, "db": dYt.sum(axis=0)}


def forward(params, X):
    """Inputs Y_0 .. Y_{L-1} of the layers and pre-activations Yt_1 .. Yt_L."""
    Ys, Yts = [X], []
    for l, (W, b) in enumerate(params):
        Yts.append(Ys[-1] @ W.T + b)
        if l < len(params) - 1:
            Ys.append(np.maximum(Yts[-1], 0.0))
    return Ys, Yts


def mlp_grads(params, X, P, lam=0.0):
    """Loss and gradients.  params [(W, b), ...], X (N, n_0), P (N, n_L) -> {"loss": float, "grads": [(dW, db), ...]}."""
    Ys, Yts = forward(params, X)
    loss = cross_entropy(softmax(Yts[-1]), P) + lam * sum(np.sum(W**2) for W, _ in params)
    grads = [None] * len(params)
    dYt = softmax_ce_grad(Yts[-1], P)
    for l in reversed(range(len(params))):
        W = params[l][0]
        back = linear_backward(dYt, W, Ys[l])
        grads[l] = (back["dW"] + 2 * lam * W, back["db"])
        if l > 0:
            dYt = relu_backward(back["dY"], Yts[l - 1])
    return {"loss": float(loss), "grads": grads}


def train(params, X, P, lr, batches):
    """SGD, one update per batch of row numbers -> (params after the last update, loss of each batch before its update)."""
    params = [(W.copy(), b.copy()) for W, b in params]
    losses = []
    for rows in batches:
        out = mlp_grads(params, X[rows], P[rows])
        losses.append(out["loss"])
        params = [(W - lr * dW, b - lr * db) for (W, b), (dW, db) in zip(params, out["grads"])]
    return params, losses


def train_mlp(Xtr, ytr, Xte, seed):
    """Train on Xtr (N, d), ytr (N,) in 0..K-1; logits of the rows of Xte (M, d) -> (M, K)."""
    rng = np.random.default_rng(seed)
    N, d = Xtr.shape
    K = int(np.max(ytr)) + 1
    P = np.eye(K)[ytr]
    sizes = [d, 32, 16, K]
    params = []
    for n_in, n_out in zip(sizes[:-1], sizes[1:]):
        a = np.sqrt(6 / (n_in + n_out))
        params.append((rng.uniform(-a, a, (n_out, n_in)), np.zeros(n_out)))
    batches = []
    for _ in range(100):
        order = rng.permutation(N)
        batches += [order[at : at + 16] for at in range(0, N, 16)]
    params, _ = train(params, Xtr, P, 0.05, batches)
    return forward(params, Xte)[1][-1]
