# A physicist: einsum over named indices, log-sum-exp, comments about units. Downloaded twice and handed in a day late.
# file: niels/backprop (1).ipynb
# late: 1
# expect: full

# %% softmax
def softmax(z):
    """Softmax along the last axis.  z (K,) or (N, K) -> same shape."""
    # Boltzmann weights at kT = 1; the zero of energy is free, choose the ground state
    F = np.max(z, -1, keepdims=True)
    Z = np.einsum("...k->...", np.exp(z - F))[..., None]
    return np.exp(z - F) / Z

# %% cross_entropy
def cross_entropy(S, P):
    """Mean over the rows of -sum_k P_k ln S_k, with 0 ln 0 = 0.  S, P (N, K) -> float."""
    occupied = P != 0
    return -np.sum(P[occupied] * np.log(S[occupied])) / P.shape[0]   # [nats / sample]

# %% softmax_ce_grad
def softmax_ce_grad(Y, P):
    """Gradient of cross_entropy(softmax(Y), P) with respect to Y.  Y, P (N, K) -> (N, K)."""
    S = softmax(Y)
    norm = np.einsum("nk->n", P)
    return (np.einsum("nj,n->nj", S, norm) - P) / len(Y)

# %% relu_backward
def relu_backward(dY, Yt, at_zero=1.0):
    """dYt of Y = relu(Yt): dY where Yt > 0, at_zero * dY where Yt = 0, 0 where Yt < 0."""
    return dY * np.heaviside(Yt, at_zero)

# %% linear_backward
def linear_backward(dYt, W, Y):
    """Back through Yt = Y W^T + b.  dYt (N, o), W (o, i), Y (N, i) -> {"dY": (N, i), "dW": (o, i), "db": (o,)}."""
    return dict(
        dY=np.einsum("no,oi->ni", dYt, W),
        dW=np.einsum("no,ni->oi", dYt, Y),
        db=np.einsum("no->o", dYt),
    )

# %% mlp_grads
def mlp_grads(params, X, P, lam=0.0):
    """Loss and gradients.  params [(W, b), ...], X (N, n_0), P (N, n_L) -> {"loss": float, "grads": [(dW, db), ...]}."""
    # propagate
    trajectory = []
    Y = X
    for W, b in params:
        Yt = np.einsum("ni,oi->no", Y, W) + b
        trajectory.append((Y, Yt))
        Y = Yt * np.heaviside(Yt, 0.0)
    # action: energy + stiffness of the springs that hold each W at 0
    logits = trajectory[-1][1]
    energy = cross_entropy(softmax(logits), P)
    springs = lam * sum(np.einsum("oi,oi->", W, W) for W, _ in params)
    # adjoint, backwards in "time"
    grads = []
    dYt = softmax_ce_grad(logits, P)
    for (W, b), (Y, _), before in zip(params[::-1], trajectory[::-1], [*trajectory[:-1][::-1], None]):
        adj = linear_backward(dYt, W, Y)
        grads.append((adj["dW"] + 2 * lam * W, adj["db"]))
        if before is not None:
            dYt = relu_backward(adj["dY"], before[1])
    return {"loss": energy + springs, "grads": grads[::-1]}

# %% train
def train(params, X, P, lr, batches):
    """SGD, one update per batch of row numbers -> (params after the last update, loss of each batch before its update)."""
    history = np.empty(len(batches))
    for t, rows in enumerate(batches):
        out = mlp_grads(params, X[rows], P[rows])
        history[t] = out["loss"]
        params = [(W - lr * dW, b - lr * db) for (W, b), (dW, db) in zip(params, out["grads"])]
    return params, history

# %% train_mlp
def train_mlp(Xtr, ytr, Xte, seed):
    """Train on Xtr (N, d), ytr (N,) in 0..K-1; logits of the rows of Xte (M, d) -> (M, K)."""
    rng = np.random.default_rng(seed)
    K = ytr.max() + 1
    P = np.eye(K)[ytr]
    widths = [Xtr.shape[1], 32, 16, K]
    # unit variance per layer (He)
    params = [(rng.normal(0, np.sqrt(2 / m), (n, m)), np.zeros(n)) for m, n in zip(widths, widths[1:])]
    for eta in (0.1, 0.05, 0.02):      # annealing
        batches = [b for _ in range(30) for b in np.array_split(rng.permutation(len(P)), len(P) // 16)]
        params, _ = train(params, Xtr, P, eta, batches)
    for W, b in params[:-1]:
        Xte = np.maximum(np.einsum("ni,oi->no", Xte, W) + b, 0)
    W, b = params[-1]
    return np.einsum("ni,oi->no", Xte, W) + b

# %% proof
$\ln S_k = Y_k - \ln Z$, and $\partial \ln Z/\partial Y_j = S_j$ (mean occupation). So $\partial\,\mathrm{loss}/\partial Y_j = -\sum_k P_k(\delta_{kj} - S_j)
= S_j \sum_k P_k - P_j$; with the normalisation of $P$ this is $S_j - P_j$.
