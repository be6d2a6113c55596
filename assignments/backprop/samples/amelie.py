# French names and helper functions in cells of her own; handed in as a zip made on a Mac.
# saved by: mac zip
# expect: full

# %% after code-1
# Fonctions auxiliaires
def decaler(scores):
    """Soustrait le maximum de chaque ligne : évite les débordements."""
    return scores - scores.max(axis=-1, keepdims=True)


def relu(t):
    return (t + np.abs(t)) / 2


def propagation(parametres, entrees):
    """Les entrées de chaque couche et ses pré-activations."""
    sorties, avant = [entrees], []
    for poids, biais in parametres:
        avant.append(sorties[-1] @ poids.T + biais)
        sorties.append(relu(avant[-1]))
    return sorties[:-1], avant

# %% softmax
def softmax(z):
    """Softmax along the last axis.  z (K,) or (N, K) -> same shape."""
    exponentielles = np.exp(decaler(z))
    somme = exponentielles.sum(axis=-1, keepdims=True)
    return exponentielles / somme

# %% cross_entropy
def cross_entropy(S, P):
    """Mean over the rows of -sum_k P_k ln S_k, with 0 ln 0 = 0.  S, P (N, K) -> float."""
    logarithmes = np.zeros_like(S)
    np.log(S, out=logarithmes, where=P > 0)
    par_ligne = -(P * logarithmes).sum(axis=1)
    return par_ligne.mean()

# %% softmax_ce_grad
def softmax_ce_grad(Y, P):
    """Gradient of cross_entropy(softmax(Y), P) with respect to Y.  Y, P (N, K) -> (N, K)."""
    masses = P.sum(axis=1)[:, np.newaxis]
    return (masses * softmax(Y) - P) / Y.shape[0]

# %% relu_backward
def relu_backward(dY, Yt, at_zero=1.0):
    """dYt of Y = relu(Yt): dY where Yt > 0, at_zero * dY where Yt = 0, 0 where Yt < 0."""
    pente = (Yt > 0) + at_zero * (Yt == 0)
    return pente * dY

# %% linear_backward
def linear_backward(dYt, W, Y):
    """Back through Yt = Y W^T + b.  dYt (N, o), W (o, i), Y (N, i) -> {"dY": (N, i), "dW": (o, i), "db": (o,)}."""
    gradients = {}
    gradients["dY"] = np.dot(dYt, W)
    gradients["dW"] = np.dot(dYt.transpose(), Y)
    gradients["db"] = np.ones(len(dYt)) @ dYt
    return gradients

# %% mlp_grads
def mlp_grads(params, X, P, lam=0.0):
    """Loss and gradients.  params [(W, b), ...], X (N, n_0), P (N, n_L) -> {"loss": float, "grads": [(dW, db), ...]}."""
    entrees, avant = propagation(params, X)
    perte = cross_entropy(softmax(avant[-1]), P) + sum(lam * np.square(poids).sum() for poids, _ in params)
    gradients = [None for _ in params]
    erreur = softmax_ce_grad(avant[-1], P)
    for couche in range(len(params))[::-1]:
        poids = params[couche][0]
        retour = linear_backward(erreur, poids, entrees[couche])
        gradients[couche] = retour["dW"] + 2 * lam * poids, retour["db"]
        if couche != 0:
            erreur = relu_backward(retour["dY"], avant[couche - 1])
    return {"loss": perte, "grads": gradients}

# %% train
def train(params, X, P, lr, batches):
    """SGD, one update per batch of row numbers -> (params after the last update, loss of each batch before its update)."""
    pertes = []
    courant = list(params)
    for lot in batches:
        resultat = mlp_grads(courant, X[lot], P[lot])
        pertes.append(resultat["loss"])
        courant = [
            (poids - lr * d_poids, biais - lr * d_biais)
            for (poids, biais), (d_poids, d_biais) in zip(courant, resultat["grads"])
        ]
    return courant, pertes

# %% train_mlp
def train_mlp(Xtr, ytr, Xte, seed):
    """Train on Xtr (N, d), ytr (N,) in 0..K-1; logits of the rows of Xte (M, d) -> (M, K)."""
    hasard = np.random.default_rng(seed)
    n_classes = ytr.max() + 1
    tailles = (Xtr.shape[1], 32, 16, n_classes)
    parametres = []
    for n_entrees, n_sorties in zip(tailles[:-1], tailles[1:]):
        borne = np.sqrt(6 / (n_entrees + n_sorties))
        parametres.append((hasard.uniform(-borne, borne, (n_sorties, n_entrees)), np.zeros(n_sorties)))
    cibles = (ytr[:, None] == np.arange(n_classes)).astype(float)
    for _ in range(100):
        ordre = hasard.permutation(len(Xtr))
        lots = [ordre[debut:debut + 16] for debut in range(0, len(ordre), 16)]
        parametres, _ = train(parametres, Xtr, cibles, 0.05, lots)
    return propagation(parametres, Xte)[1][-1]

# %% proof
Règle de la chaîne : $\partial L/\partial Y_j = -\sum_k P_k\, \partial \ln S_k/\partial Y_j = -\sum_k P_k (1_{k=j} - S_j) = S_j \sum_k P_k - P_j$.
Comme $\sum_k P_k = 1$, on obtient $S_j - P_j$.
