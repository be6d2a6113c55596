# Weight decay from memory: lam W without the 2, and on the biases as well.
# like: dennis
# expect: loses mlp_grads

# %% mlp_grads
def mlp_grads(params, X, P, lam=0.0):
    """Loss and gradients.  params [(W, b), ...], X (N, n_0), P (N, n_L) -> {"loss": float, "grads": [(dW, db), ...]}."""
    Y, kept = X, []
    for i, (W, b) in enumerate(params):
        Yt = Y @ W.T + b
        kept.append((Y, Yt))
        Y = np.maximum(0, Yt) if i + 1 < len(params) else Yt
    S = softmax(Y)
    loss = cross_entropy(S, P)
    dYt = softmax_ce_grad(Y, P)
    grads = []
    for l in range(len(params) - 1, -1, -1):
        W, b = params[l]
        loss += lam * np.sum(W ** 2) + lam * np.sum(b ** 2)
        back = linear_backward(dYt, W, kept[l][0])
        grads = [(back["dW"] + lam * W, back["db"] + lam * b)] + grads
        if l > 0:
            dYt = relu_backward(back["dY"], kept[l - 1][1])
    return {"loss": loss, "grads": grads}
