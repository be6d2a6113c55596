# Functional: lambdas, reduce, accumulate, no loop and no assignment twice. An old Jupyter without cell ids saved it.
# saved by: old jupyter
# expect: full

# %% after code-1
from functools import reduce
from itertools import accumulate
from operator import add, itemgetter

rowwise = lambda f: lambda z: f(z) if np.ndim(z) == 1 else np.array(list(map(f, z)))
compose = lambda *fs: reduce(lambda f, g: lambda x: g(f(x)), fs)

# %% softmax
normalised = lambda v: v / reduce(add, v)
softmax = rowwise(compose(lambda v: v - max(v), np.exp, normalised))

# %% cross_entropy
def cross_entropy(S, P):
    """Mean over the rows of -sum_k P_k ln S_k, with 0 ln 0 = 0.  S, P (N, K) -> float."""
    surprise = lambda s, p: 0.0 if p == 0 else -p * np.log(s)
    return reduce(add, map(surprise, np.ravel(S), np.ravel(P))) / len(S)

# %% softmax_ce_grad
softmax_ce_grad = lambda Y, P: np.array([(s * sum(p) - p) / len(P) for s, p in zip(softmax(Y), P)])

# %% relu_backward
def relu_backward(dY, Yt, at_zero=1.0):
    """dYt of Y = relu(Yt): dY where Yt > 0, at_zero * dY where Yt = 0, 0 where Yt < 0."""
    return np.vectorize(lambda d, t: d if t > 0 else at_zero * d if t == 0 else 0.0, otypes=[float])(dY, Yt)

# %% linear_backward
def linear_backward(dYt, W, Y):
    """Back through Yt = Y W^T + b.  dYt (N, o), W (o, i), Y (N, i) -> {"dY": (N, i), "dW": (o, i), "db": (o,)}."""
    return {"dY": dYt @ W, "dW": reduce(add, map(np.outer, dYt, Y)), "db": reduce(add, dYt)}

# %% mlp_grads
def mlp_grads(params, X, P, lam=0.0):
    """Loss and gradients.  params [(W, b), ...], X (N, n_0), P (N, n_L) -> {"loss": float, "grads": [(dW, db), ...]}."""
    relu = lambda t: np.maximum(t, 0)
    affine = lambda Y, layer: Y @ layer[0].T + layer[1]
    pre = list(accumulate(params[1:], lambda Yt, layer: affine(relu(Yt), layer), initial=affine(X, params[0])))
    inputs = [X, *map(relu, pre[:-1])]

    def back(state, layer):
        (dYt, grads), (W, Y, before) = state, layer
        step = linear_backward(dYt, W, Y)
        onward = None if before is None else relu_backward(step["dY"], before)
        return onward, [(step["dW"] + 2 * lam * W, step["db"]), *grads]

    layers = list(zip(map(itemgetter(0), params), inputs, [None, *pre[:-1]]))
    _, grads = reduce(back, reversed(layers), (softmax_ce_grad(pre[-1], P), []))
    penalty = lam * sum((W**2).sum() for W, _ in params)
    return {"loss": cross_entropy(softmax(pre[-1]), P) + penalty, "grads": grads}

# %% train
def train(params, X, P, lr, batches):
    """SGD, one update per batch of row numbers -> (params after the last update, loss of each batch before its update)."""
    descend = lambda layer, grad: tuple(w - lr * dw for w, dw in zip(layer, grad))

    def update(state, rows):
        (params, losses), out = state, mlp_grads(state[0], X[rows], P[rows])
        return list(map(descend, params, out["grads"])), losses + [out["loss"]]

    return reduce(update, batches, (params, []))

# %% train_mlp
def train_mlp(Xtr, ytr, Xte, seed):
    """Train on Xtr (N, d), ytr (N,) in 0..K-1; logits of the rows of Xte (M, d) -> (M, K)."""
    rng = np.random.default_rng(seed)
    sizes = (Xtr.shape[1], 16, max(ytr) + 1)
    layer = lambda i, o: (rng.normal(size=(o, i)) / np.sqrt(i), np.zeros(o))
    epoch = lambda _: np.array_split(rng.permutation(len(ytr)), len(ytr) // 20)
    batches = reduce(add, map(epoch, range(30)))
    net, _ = train(list(map(layer, sizes, sizes[1:])), Xtr, np.eye(sizes[-1])[ytr], 0.3, batches)
    forward = compose(lambda X: X @ net[0][0].T + net[0][1], lambda Yt: np.maximum(Yt, 0), lambda Y: Y @ net[1][0].T + net[1][1])
    return forward(Xte)
