# A mathematician: the Jacobian of softmax, sample by sample; answers are lists; worked and saved in Colab, which drops our marks.
# saved by: colab
# expect: full

# %% after code-1
def J(s):
    """Jacobian of softmax at a point with value s: diag(s) - s s^T."""
    return np.diag(s) - np.outer(s, s)

def log_softmax(z):
    m = np.max(z)
    return z - m - np.log(np.sum(np.exp(z - m)))

# %% softmax
def softmax(z):
    """Softmax along the last axis.  z (K,) or (N, K) -> same shape."""
    if z.ndim == 2:
        return [softmax(row) for row in z]
    return np.exp(log_softmax(z)).tolist()

# %% cross_entropy
def cross_entropy(S, P):
    """Mean over the rows of -sum_k P_k ln S_k, with 0 ln 0 = 0.  S, P (N, K) -> float."""
    losses = []
    for s, p in zip(S, P):
        support = [k for k in range(len(p)) if p[k] > 0]
        losses.append(-sum(p[k] * np.log(s[k]) for k in support))
    return np.mean(losses)

# %% softmax_ce_grad
def softmax_ce_grad(Y, P):
    """Gradient of cross_entropy(softmax(Y), P) with respect to Y.  Y, P (N, K) -> (N, K)."""
    # d loss / d S_k = -P_k / S_k is unbounded; with log S the Jacobian is I - 1 s^T, which is harmless
    rows = []
    for y, p in zip(Y, P):
        s = np.exp(log_softmax(y))
        D = np.eye(len(y)) - np.outer(np.ones(len(y)), s)      # D[k, j] = d ln S_k / d Y_j
        rows.append((-(p @ D) / len(Y)).tolist())
    return rows

# %% relu_backward
def relu_backward(dY, Yt, at_zero=1.0):
    """dYt of Y = relu(Yt): dY where Yt > 0, at_zero * dY where Yt = 0, 0 where Yt < 0."""
    slope = np.array((np.sign(Yt) + 1) / 2)       # 1, 1/2, 0
    slope[slope == 0.5] = at_zero
    return (slope * dY).tolist()

# %% linear_backward
def linear_backward(dYt, W, Y):
    """Back through Yt = Y W^T + b.  dYt (N, o), W (o, i), Y (N, i) -> {"dY": (N, i), "dW": (o, i), "db": (o,)}."""
    dW = sum(np.outer(d, y) for d, y in zip(dYt, Y))
    dY = [W.T @ d for d in dYt]
    return {"dY": [row.tolist() for row in dY], "dW": dW.tolist(), "db": np.sum(dYt, 0).tolist()}

# %% mlp_grads
def mlp_grads(params, X, P, lam=0.0):
    """Loss and gradients.  params [(W, b), ...], X (N, n_0), P (N, n_L) -> {"loss": float, "grads": [(dW, db), ...]}."""
    N, L = len(X), len(params)
    total = lam * sum(np.trace(W @ W.T) for W, _ in params)        # squared Frobenius norms
    dWs = [2 * lam * W for W, _ in params]
    dbs = [np.zeros(len(b)) for _, b in params]
    for x, p in zip(X, P):                                         # the loss is a mean of losses, so is its gradient
        ys, ts = [x], []
        for W, b in params:
            ts.append(W @ ys[-1] + b)
            ys.append(np.maximum(ts[-1], 0))
        total -= p @ log_softmax(ts[-1]) / N
        d = (np.exp(log_softmax(ts[-1])) - p) / N
        for l in range(L - 1, -1, -1):
            dWs[l] = dWs[l] + np.outer(d, ys[l])
            dbs[l] = dbs[l] + d
            if l:
                d = (params[l][0].T @ d) * (ts[l - 1] >= 0)
    return {"loss": total, "grads": [[dW.tolist(), db.tolist()] for dW, db in zip(dWs, dbs)]}

# %% train
def train(params, X, P, lr, batches):
    """SGD, one update per batch of row numbers -> (params after the last update, loss of each batch before its update)."""
    losses = []
    for B in batches:
        out = mlp_grads(params, [X[i] for i in B], [P[i] for i in B])
        losses.append(float(out["loss"]))
        params = [(W - lr * np.array(dW), b - lr * np.array(db)) for (W, b), (dW, db) in zip(params, out["grads"])]
    return [[W.tolist(), b.tolist()] for W, b in params], losses

# %% train_mlp
def train_mlp(Xtr, ytr, Xte, seed):
    """Train on Xtr (N, d), ytr (N,) in 0..K-1; logits of the rows of Xte (M, d) -> (M, K)."""
    rng = np.random.default_rng(seed)
    K = int(max(ytr)) + 1
    P = np.array([[1.0 if k == y else 0.0 for k in range(K)] for y in ytr])
    W1, b1 = rng.normal(size=(16, Xtr.shape[1])) / np.sqrt(Xtr.shape[1]), np.zeros(16)
    W2, b2 = rng.normal(size=(K, 16)) / 4, np.zeros(K)
    params, _ = train([(W1, b1), (W2, b2)], Xtr, P, 0.3, [b for _ in range(25) for b in np.array_split(rng.permutation(len(P)), 8)])
    (W1, b1), (W2, b2) = [(np.array(W), np.array(b)) for W, b in params]
    return [(W2 @ np.maximum(W1 @ x + b1, 0) + b2).tolist() for x in Xte]

# %% proof
By the quotient rule $\partial S_k/\partial Y_j = S_k(1_{k=j} - S_j)$. Hence $\partial\,\mathrm{loss}/\partial Y_j = -\sum_k \frac{P_k}{S_k} S_k (1_{k=j} - S_j) = S_j\sum_k P_k - P_j$. Q.E.D. with $\sum P_k = 1$.
