# Knows numpy well: short, vectorised, type hints, a small class of her own, Adam instead of plain SGD.
# expect: full

# %% softmax
def softmax(z: np.ndarray) -> np.ndarray:
    """Softmax along the last axis.  z (K,) or (N, K) -> same shape."""
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)

# %% cross_entropy
def cross_entropy(S: np.ndarray, P: np.ndarray) -> float:
    """Mean over the rows of -sum_k P_k ln S_k, with 0 ln 0 = 0.  S, P (N, K) -> float."""
    return float(-(P * np.log(np.where(P, S, 1))).sum(-1).mean())

# %% softmax_ce_grad
def softmax_ce_grad(Y: np.ndarray, P: np.ndarray) -> np.ndarray:
    """Gradient of cross_entropy(softmax(Y), P) with respect to Y.  Y, P (N, K) -> (N, K)."""
    return (softmax(Y) * P.sum(-1, keepdims=True) - P) / len(Y)

# %% relu_backward
def relu_backward(dY: np.ndarray, Yt: np.ndarray, at_zero: float = 1.0) -> np.ndarray:
    """dYt of Y = relu(Yt): dY where Yt > 0, at_zero * dY where Yt = 0, 0 where Yt < 0."""
    return np.select([Yt > 0, Yt == 0], [dY, at_zero * dY], 0.0)

# %% linear_backward
def linear_backward(dYt: np.ndarray, W: np.ndarray, Y: np.ndarray) -> dict[str, np.ndarray]:
    """Back through Yt = Y W^T + b.  dYt (N, o), W (o, i), Y (N, i) -> {"dY": (N, i), "dW": (o, i), "db": (o,)}."""
    return {"dY": dYt @ W, "dW": dYt.T @ Y, "db": dYt.sum(0)}

# %% mlp_grads
class Tape:
    """What the forward pass leaves behind for the backward pass."""

    def __init__(self, params, X):
        self.params, self.Y, self.Yt = params, [X], []
        for W, b in params:
            self.Yt.append(self.Y[-1] @ W.T + b)
            self.Y.append(self.Yt[-1].clip(min=0))

    @property
    def logits(self):
        return self.Yt[-1]

    def backward(self, dYt, lam):
        grads = []
        for l, (W, _) in reversed(list(enumerate(self.params))):
            g = linear_backward(dYt, W, self.Y[l])
            grads.append((g["dW"] + 2 * lam * W, g["db"]))
            dYt = relu_backward(g["dY"], self.Yt[l - 1]) if l else None
        return grads[::-1]


def mlp_grads(params, X, P, lam=0.0):
    """Loss and gradients.  params [(W, b), ...], X (N, n_0), P (N, n_L) -> {"loss": float, "grads": [(dW, db), ...]}."""
    tape = Tape(params, X)
    penalty = lam * sum(np.vdot(W, W) for W, _ in params)
    return {
        "loss": cross_entropy(softmax(tape.logits), P) + penalty,
        "grads": tape.backward(softmax_ce_grad(tape.logits, P), lam),
    }

# %% train
def train(params, X, P, lr, batches):
    """SGD, one update per batch of row numbers -> (params after the last update, loss of each batch before its update)."""
    losses = []
    for rows in batches:
        out = mlp_grads(params, X[rows], P[rows])
        losses.append(out["loss"])
        params = [(W - lr * dW, b - lr * db) for (W, b), (dW, db) in zip(params, out["grads"], strict=True)]
    return params, losses

# %% train_mlp
def train_mlp(Xtr, ytr, Xte, seed):
    """Train on Xtr (N, d), ytr (N,) in 0..K-1; logits of the rows of Xte (M, d) -> (M, K)."""
    rng = np.random.default_rng(seed)
    K = int(ytr.max()) + 1
    sizes = [Xtr.shape[1], 32, 16, K]
    params = [(rng.normal(0, np.sqrt(2 / i), (o, i)), np.zeros(o)) for i, o in zip(sizes, sizes[1:])]
    P = np.eye(K)[ytr]
    m = [[np.zeros_like(p) for p in layer] for layer in params]
    v = [[np.zeros_like(p) for p in layer] for layer in params]
    for t in range(1, 151):  # Adam, full batches
        grads = mlp_grads(params, Xtr, P, lam=1e-3)["grads"]
        for l, layer in enumerate(grads):
            for i, g in enumerate(layer):
                m[l][i] = 0.9 * m[l][i] + 0.1 * g
                v[l][i] = 0.999 * v[l][i] + 0.001 * g * g
        step = lambda l, i: 0.01 * (m[l][i] / (1 - 0.9**t)) / (np.sqrt(v[l][i] / (1 - 0.999**t)) + 1e-8)
        params = [tuple(p - step(l, i) for i, p in enumerate(layer)) for l, layer in enumerate(params)]
    return Tape(params, Xte).logits

# %% proof
$\partial \ln S_k / \partial Y_j = 1_{k=j} - S_j$ because $\ln S_k = Y_k - \ln\sum_i e^{Y_i}$. Summing over $k$ with weights $-P_k$:
$S_j \sum_k P_k - P_j$, which is $S_j - P_j$ exactly when the row of $P$ sums to one.
