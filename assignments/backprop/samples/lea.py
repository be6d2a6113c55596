# Everything right but the last: logistic regression, no hidden layer. Iris and wine do not mind, the rings do.
# like: grace
# expect: loses train_mlp

# %% train_mlp
def train_mlp(Xtr, ytr, Xte, seed):
    """Train on Xtr (N, d), ytr (N,) in 0..K-1; logits of the rows of Xte (M, d) -> (M, K)."""
    K = ytr.max() + 1
    params = [(np.zeros((K, Xtr.shape[1])), np.zeros(K))]
    everything = np.arange(len(Xtr))
    params, losses = train(params, Xtr, np.eye(K)[ytr], 0.5, [everything] * 200)
    W, b = params[0]
    return Xte @ W.T + b
