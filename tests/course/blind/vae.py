import numpy as np
import torch


def sigmoid(a):
    """1 / (1 + e^-a), entry by entry, for any size of a (given in the notebook)."""
    return 0.5 * (1.0 + np.tanh(0.5 * np.asarray(a)))


# 1
def reparameterize(mu, logvar, eps):
    return mu + np.exp(logvar / 2) * eps


# 2
def kl_standard_normal(mu, logvar):
    return 0.5 * np.sum(mu**2 + np.expm1(logvar) - logvar, axis=1)


# 3
def elbo_loss(X, logits, mu, logvar, rec, beta=1.0):
    if rec == "bernoulli":
        error = np.maximum(logits, 0) + np.log1p(np.exp(-np.abs(logits))) - X * logits
    elif rec == "mse":
        error = (X - sigmoid(logits)) ** 2
    else:
        raise ValueError(f"unknown rec {rec!r}")
    return float(np.mean(error.sum(axis=1) + beta * kl_standard_normal(mu, logvar)))


# 4
def elbo_grads(mu, logvar, eps, dz, beta=1.0):
    N = mu.shape[0]
    return {
        "dmu": dz + beta / N * mu,
        "dlogvar": dz * eps * np.exp(logvar / 2) / 2 + beta / (2 * N) * np.expm1(logvar),
    }


# 5
def mean_distance(A, B):
    squares = np.zeros((A.shape[0], B.shape[0]))
    for j in range(A.shape[1]):
        squares += (A[:, j][:, None] - B[:, j][None, :]) ** 2
    return np.sqrt(squares).mean()


def energy_distance(A, B):
    return float(2 * mean_distance(A, B) - mean_distance(A, A) - mean_distance(B, B))


def turinici_loss(X, Xrec, Z, T, C):
    return float(np.mean(np.sum((X - Xrec) ** 2, axis=1)) + C * energy_distance(Z, T))


# 6
def vae_forward(X, eps, params):
    mu = X @ params["W_mu"].T + params["b_mu"]
    logvar = X @ params["W_logvar"].T + params["b_logvar"]
    z = reparameterize(mu, logvar, eps)
    return {"mu": mu, "logvar": logvar, "z": z, "xhat": z @ params["W_x"].T + params["b_x"]}


# 7
def encode(p, X):
    h = np.maximum(X @ p["W_h"].T + p["b_h"], 0)
    return h @ p["W_mu"].T + p["b_mu"], h @ p["W_logvar"].T + p["b_logvar"]


def decode(p, Z):
    return np.maximum(Z @ p["W_d"].T + p["b_d"], 0) @ p["W_x"].T + p["b_x"]


def torch_loss(p, X, eps):
    """Negative ELBO of the batch, in torch."""
    h = torch.relu(X @ p["W_h"].T + p["b_h"])
    mu = h @ p["W_mu"].T + p["b_mu"]
    logvar = h @ p["W_logvar"].T + p["b_logvar"]
    z = mu + torch.exp(logvar / 2) * eps
    logits = torch.relu(z @ p["W_d"].T + p["b_d"]) @ p["W_x"].T + p["b_x"]
    rec = torch.nn.functional.binary_cross_entropy_with_logits(logits, X, reduction="sum")
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum()
    return (rec + kl) / X.shape[0]


def vae_step(p, X, eps, lr):
    q = {key: torch.tensor(value, dtype=torch.float64, requires_grad=True) for key, value in p.items()}
    X, eps = torch.tensor(X, dtype=torch.float64), torch.tensor(eps, dtype=torch.float64)
    loss = torch_loss(q, X, eps)
    loss.backward()
    new = {key: (value - lr * value.grad).detach().numpy() for key, value in q.items()}
    return new, loss.item()


def train_vae(Xtr, seed):
    generator = torch.Generator().manual_seed(int(seed))
    X = torch.tensor(Xtr, dtype=torch.float32)
    N, d = X.shape
    k, n, m, batch, epochs = 2, 128, 128, 100, 30
    p = {}
    for name, rows, cols in (("h", n, d), ("mu", k, n), ("logvar", k, n), ("d", m, k), ("x", d, m)):
        bound = (6 / (rows + cols)) ** 0.5
        p["W_" + name] = ((2 * torch.rand(rows, cols, generator=generator) - 1) * bound).requires_grad_()
        p["b_" + name] = torch.zeros(rows, requires_grad=True)
    optimiser = torch.optim.Adam(p.values(), lr=0.01)
    updates = epochs * -(-N // batch)
    step = 0
    for _ in range(epochs):
        order = torch.randperm(N, generator=generator)
        for start in range(0, N, batch):
            rows = X[order[start : start + batch]]
            optimiser.param_groups[0]["lr"] = 0.01 * (1 - step / updates)
            eps = torch.randn(len(rows), k, generator=generator)
            optimiser.zero_grad()
            torch_loss(p, rows, eps).backward()
            optimiser.step()
            step += 1
    return {key: value.detach().numpy().astype(float) for key, value in p.items()}
