# Writes C in any language: indices, preallocated arrays, semicolons. Hands in a plain .py without a single cell mark.
# saved by: one script
# expect: full

# %% softmax
def softmax(z):
    """Softmax along the last axis.  z (K,) or (N, K) -> same shape."""
    rank1 = (z.ndim == 1);
    a = z.reshape(1, -1) if rank1 else z;
    N, K = a.shape;
    out = np.empty((N, K), dtype=np.float64);
    for i in range(0, N):
        m = -np.inf;
        for j in range(0, K):
            if (a[i, j] > m): m = a[i, j];
        s = 0.0;
        for j in range(0, K):
            out[i, j] = np.exp(a[i, j] - m);
            s += out[i, j];
        for j in range(0, K):
            out[i, j] /= s;
    return out[0] if rank1 else out;

# %% cross_entropy
def cross_entropy(S, P):
    """Mean over the rows of -sum_k P_k ln S_k, with 0 ln 0 = 0.  S, P (N, K) -> float."""
    N, K = S.shape;
    acc = 0.0;
    i = 0;
    while i < N:
        j = 0;
        while j < K:
            if (P[i, j] > 0.0): acc -= P[i, j] * np.log(S[i, j]);
            j += 1;
        i += 1;
    return acc / N;

# %% softmax_ce_grad
def softmax_ce_grad(Y, P):
    """Gradient of cross_entropy(softmax(Y), P) with respect to Y.  Y, P (N, K) -> (N, K)."""
    N, K = Y.shape;
    g = softmax(Y);
    for i in range(0, N):
        s = 0.0;
        for j in range(0, K): s += P[i, j];
        for j in range(0, K): g[i, j] = (g[i, j] * s - P[i, j]) / N;
    return g;

# %% relu_backward
def relu_backward(dY, Yt, at_zero=1.0):
    """dYt of Y = relu(Yt): dY where Yt > 0, at_zero * dY where Yt = 0, 0 where Yt < 0."""
    out = dY.copy();
    flat, t = out.ravel(), Yt.ravel();          # views into out
    for i in range(0, flat.size):
        flat[i] *= 1.0 if t[i] > 0 else (at_zero if t[i] == 0 else 0.0);
    return out;

# %% linear_backward
def linear_backward(dYt, W, Y):
    """Back through Yt = Y W^T + b.  dYt (N, o), W (o, i), Y (N, i) -> {"dY": (N, i), "dW": (o, i), "db": (o,)}."""
    # three GEMMs; no sense in writing those by hand
    dY = np.empty(Y.shape); dW = np.empty(W.shape); db = np.empty(W.shape[0]);
    np.matmul(dYt, W, out=dY);
    np.matmul(dYt.T, Y, out=dW);
    np.add.reduce(dYt, axis=0, out=db);
    return {"dY": dY, "dW": dW, "db": db};

# %% mlp_grads
def mlp_grads(params, X, P, lam=0.0):
    """Loss and gradients.  params [(W, b), ...], X (N, n_0), P (N, n_L) -> {"loss": float, "grads": [(dW, db), ...]}."""
    L = len(params);
    A = [None] * (L + 1);      # A[l]: input of layer l
    T = [None] * L;            # T[l]: before the ReLU
    G = [None] * L;
    A[0] = X;
    loss = 0.0;
    for l in range(0, L):
        T[l] = A[l] @ params[l][0].T + params[l][1];
        A[l + 1] = np.where(T[l] > 0, T[l], 0);
        loss += lam * (params[l][0] ** 2).sum();
    loss += cross_entropy(softmax(T[L - 1]), P);
    d = softmax_ce_grad(T[L - 1], P);
    for l in range(L - 1, -1, -1):
        r = linear_backward(d, params[l][0], A[l]);
        G[l] = (r["dW"] + 2.0 * lam * params[l][0], r["db"]);
        if (l): d = relu_backward(r["dY"], T[l - 1]);
    return {"loss": loss, "grads": G};

# %% train
def train(params, X, P, lr, batches):
    """SGD, one update per batch of row numbers -> (params after the last update, loss of each batch before its update)."""
    p = [(W.copy(), b.copy()) for (W, b) in params];      # own memory, then update in place
    losses = [0.0] * len(batches);
    for t in range(0, len(batches)):
        r = mlp_grads(p, X[batches[t]], P[batches[t]]);
        losses[t] = r["loss"];
        for l in range(0, len(p)):
            W, b = p[l];
            W -= lr * r["grads"][l][0];
            b -= lr * r["grads"][l][1];
    return p, losses;

# %% train_mlp
def train_mlp(Xtr, ytr, Xte, seed):
    """Train on Xtr (N, d), ytr (N,) in 0..K-1; logits of the rows of Xte (M, d) -> (M, K)."""
    rng = np.random.default_rng(seed);
    N, d = Xtr.shape;
    K = int(ytr.max()) + 1;
    H = 24;
    P = np.zeros((N, K));
    P[np.arange(N), ytr] = 1.0;
    c1, c2 = np.sqrt(6.0 / (d + H)), np.sqrt(6.0 / (H + K));
    p = [(rng.uniform(-c1, c1, (H, d)), np.zeros(H)), (rng.uniform(-c2, c2, (K, H)), np.zeros(K))];
    # full speed here: my element loops above are for one call, not for thousands
    for epoch in range(0, 80):
        order = rng.permutation(N);
        for s in range(0, N, 16):
            x, y = Xtr[order[s:s + 16]], P[order[s:s + 16]];
            (W1, b1), (W2, b2) = p;
            t = x @ W1.T + b1;
            h = np.maximum(t, 0);
            e = np.exp((q := h @ W2.T + b2) - q.max(axis=1, keepdims=True));
            g = (e / e.sum(axis=1, keepdims=True) - y) / len(x);
            gh = (g @ W2) * (t > 0);
            p = [(W1 - 0.1 * gh.T @ x, b1 - 0.1 * gh.sum(0)), (W2 - 0.1 * g.T @ h, b2 - 0.1 * g.sum(0))];
    (W1, b1), (W2, b2) = p;
    return np.maximum(Xte @ W1.T + b1, 0) @ W2.T + b2;
