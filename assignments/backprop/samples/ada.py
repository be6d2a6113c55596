# A first-year student: a loop for everything, prints to see what happens.
# expect: full

# %% softmax
def softmax(z):
    """Softmax along the last axis.  z (K,) or (N, K) -> same shape."""
    # one row first, then a loop if there are several rows
    if len(z.shape) == 1:
        biggest = z[0]
        for number in z:
            if number > biggest:
                biggest = number
        exps = []
        for number in z:
            exps.append(np.exp(number - biggest))
        total = sum(exps)
        result = []
        for e in exps:
            result.append(e / total)
        return np.array(result)
    rows = []
    for row in z:
        rows.append(softmax(row))
    return np.array(rows)

# %% after softmax
print("testing my softmax:", softmax(np.array([1.0, 2.0, 3.0])))
print("sum is", softmax(np.array([1.0, 2.0, 3.0])).sum(), "yes!!")

# %% cross_entropy
def cross_entropy(S, P):
    """Mean over the rows of -sum_k P_k ln S_k, with 0 ln 0 = 0.  S, P (N, K) -> float."""
    N = S.shape[0]
    K = S.shape[1]
    total = 0
    for n in range(N):
        for k in range(K):
            if P[n, k] != 0:
                total = total - P[n, k] * np.log(S[n, k])
    return total / N

# %% softmax_ce_grad
def softmax_ce_grad(Y, P):
    """Gradient of cross_entropy(softmax(Y), P) with respect to Y.  Y, P (N, K) -> (N, K)."""
    S = softmax(Y)
    dY = np.zeros(Y.shape)
    N = Y.shape[0]
    for n in range(N):
        p_sum = 0
        for k in range(Y.shape[1]):
            p_sum = p_sum + P[n, k]
        for j in range(Y.shape[1]):
            dY[n, j] = (S[n, j] * p_sum - P[n, j]) / N
    return dY

# %% relu_backward
def relu_backward(dY, Yt, at_zero=1.0):
    """dYt of Y = relu(Yt): dY where Yt > 0, at_zero * dY where Yt = 0, 0 where Yt < 0."""
    if dY.ndim == 1:
        out = []
        for i in range(len(dY)):
            if Yt[i] > 0:
                out.append(dY[i])
            elif Yt[i] == 0:
                out.append(at_zero * dY[i])
            else:
                out.append(0.0)
        return np.array(out)
    return np.array([relu_backward(dY[n], Yt[n], at_zero) for n in range(len(dY))])

# %% linear_backward
def linear_backward(dYt, W, Y):
    """Back through Yt = Y W^T + b.  dYt (N, o), W (o, i), Y (N, i) -> {"dY": (N, i), "dW": (o, i), "db": (o,)}."""
    dY = np.zeros(Y.shape)
    dW = np.zeros(W.shape)
    db = np.zeros(W.shape[0])
    # every sample adds its part
    for n in range(Y.shape[0]):
        for o in range(W.shape[0]):
            db[o] += dYt[n, o]
            dW[o] += dYt[n, o] * Y[n]
            dY[n] += dYt[n, o] * W[o]
    return {"dY": dY, "dW": dW, "db": db}

# %% mlp_grads
def mlp_grads(params, X, P, lam=0.0):
    """Loss and gradients.  params [(W, b), ...], X (N, n_0), P (N, n_L) -> {"loss": float, "grads": [(dW, db), ...]}."""
    # forward, I keep everything in lists
    all_Y = [X]
    all_Yt = []
    number = 0
    for (W, b) in params:
        number = number + 1
        Yt = all_Y[-1] @ W.T + b
        all_Yt.append(Yt)
        if number < len(params):
            all_Y.append(np.where(Yt > 0, Yt, 0))
    loss = cross_entropy(softmax(all_Yt[-1]), P)
    for (W, b) in params:
        loss = loss + lam * (W * W).sum()
    # backward
    grads = []
    dYt = softmax_ce_grad(all_Yt[-1], P)
    l = len(params) - 1
    while l >= 0:
        W = params[l][0]
        r = linear_backward(dYt, W, all_Y[l])
        grads.insert(0, (r["dW"] + 2 * lam * W, r["db"]))
        if l > 0:
            dYt = relu_backward(r["dY"], all_Yt[l - 1])
        l = l - 1
    return {"loss": loss, "grads": grads}

# %% train
def train(params, X, P, lr, batches):
    """SGD, one update per batch of row numbers -> (params after the last update, loss of each batch before its update)."""
    losses = []
    for batch in batches:
        r = mlp_grads(params, X[batch], P[batch])
        losses.append(r["loss"])
        new_params = []
        for i in range(len(params)):
            W, b = params[i]
            dW, db = r["grads"][i]
            new_params.append((W - lr * dW, b - lr * db))
        params = new_params
    return params, losses

# %% train_mlp
def train_mlp(Xtr, ytr, Xte, seed):
    """Train on Xtr (N, d), ytr (N,) in 0..K-1; logits of the rows of Xte (M, d) -> (M, K)."""
    # my loops are slow so: a small network, one hidden layer, few epochs but a bigger step
    rng = np.random.default_rng(seed)
    K = max(ytr) + 1
    P = np.zeros((len(ytr), K))
    for n in range(len(ytr)):
        P[n, ytr[n]] = 1
    params = [
        (rng.normal(size=(12, Xtr.shape[1])) * 0.5, rng.normal(size=12) * 0.5),
        (rng.normal(size=(K, 12)) * 0.3, np.zeros(K)),
    ]
    batches = []
    for epoch in range(15):
        order = rng.permutation(len(ytr))
        for start in range(0, len(ytr), 20):
            batches.append(order[start:start + 20])
    params, losses = train(params, Xtr, P, 0.4, batches)
    (W1, b1), (W2, b2) = params
    hidden = Xte @ W1.T + b1
    hidden[hidden < 0] = 0
    return hidden @ W2.T + b2

# %% proof
I computed dS_k/dY_j in the two cases k = j and k ≠ j with the quotient rule: S_k(1-S_k) and -S_k S_j.
Then the chain rule over all k gives S_j * (sum of P) - P_j and the sum is 1, so S_j - P_j.
