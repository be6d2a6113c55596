import numpy as np
import torch


def sigmoid(a):
    """1 / (1 + e^-a), entry by entry, for any size of a."""
    return 0.5 * (1.0 + np.tanh(0.5 * np.asarray(a)))


def lstm_step(x, h, c, p):
    a = {k: p[f"W_{k}"] @ x + p[f"U_{k}"] @ h + p[f"b_{k}"] for k in "fioc"}
    f, i, o, g = sigmoid(a["f"]), sigmoid(a["i"]), sigmoid(a["o"]), np.tanh(a["c"])
    new_c = f * c + i * g
    return {"h": o * np.tanh(new_c), "c": new_c, "f": f, "i": i, "o": o, "g": g}


def lstm_forward(X, p, h0=None, c0=None):
    n = len(p["b_f"])
    h = np.zeros(n) if h0 is None else h0
    c = np.zeros(n) if c0 is None else c0
    H = []
    for x in X:
        step = lstm_step(x, h, c, p)
        h, c = step["h"], step["c"]
        H.append(h)
    return np.stack(H), h, c


def to_pytorch(p):
    bias = np.concatenate([p[f"b_{k}"] for k in "ifco"])
    return {
        "weight_ih": np.concatenate([p[f"W_{k}"] for k in "ifco"]),
        "weight_hh": np.concatenate([p[f"U_{k}"] for k in "ifco"]),
        "bias_ih": bias,
        "bias_hh": np.zeros(len(bias)),
    }


def lstm_variant_step(x, h, c, p, variant):
    def pre(k):
        return p[f"W_{k}"] @ x + p[f"U_{k}"] @ h + p[f"b_{k}"]

    peephole = variant == "peephole"
    f = sigmoid(pre("f") + (p["V_f"] @ c if peephole else 0.0))
    if variant == "coupled":
        i = 1.0 - f
    else:
        i = sigmoid(pre("i") + (p["V_i"] @ c if peephole else 0.0))
    g = np.tanh(pre("c"))
    new_c = f * c + i * g
    o = sigmoid(pre("o") + (p["V_o"] @ new_c if peephole else 0.0))
    new_h = o * (new_c if variant == "linear_out" else np.tanh(new_c))
    return {"h": new_h, "c": new_c, "f": f, "i": i, "o": o, "g": g}


def gru_step(x, h, p, convention="update", reset="before", candidate="tanh"):
    z = sigmoid(p["W_z"] @ x + p["U_z"] @ h + p["b_z"])
    r = sigmoid(p["W_r"] @ x + p["U_r"] @ h + p["b_r"])
    if reset == "before":
        a = p["W_h"] @ x + p["U_h"] @ (r * h) + p["b_h"]
    else:
        a = p["W_h"] @ x + r * (p["U_h"] @ h + p["b_h"])
    new = np.tanh(a) if candidate == "tanh" else sigmoid(a)
    return (1 - z) * h + z * new if convention == "update" else z * h + (1 - z) * new


def convert_gru(p):
    return {key: -value if key.endswith("_z") else value for key, value in p.items()}


def _predict(W, U, b, w_y, b_y, X):
    """Stacked LSTM (order i, f, c, o) on X (N, T, d) from zero states -> predictions (N,)."""
    n = U.shape[1]
    A = X @ W.T + b
    h = c = X.new_zeros(X.shape[0], n)
    for t in range(X.shape[1]):
        a = A[:, t] + h @ U.T
        i, f, g, o = a.split(n, dim=1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
    return h @ w_y + b_y


def adding_step(p, X, y, lr):
    q = {key: torch.tensor(np.array(value, dtype=float), requires_grad=True) for key, value in p.items()}
    X, y = (torch.tensor(np.array(v, dtype=float)) for v in (X, y))
    W, U, b = (torch.cat([q[f"{kind}_{k}"] for k in "ifco"]) for kind in "WUb")
    loss = ((_predict(W, U, b, q["w_y"], q["b_y"], X) - y) ** 2).mean()
    loss.backward()
    return {key: (v.detach() - lr * v.grad).numpy() for key, v in q.items()}, loss.item()


def train_adding(Xtr, ytr, Xte, seed):
    gen = torch.Generator().manual_seed(int(seed))
    X, y, X_new = (torch.tensor(np.array(v), dtype=torch.float32) for v in (Xtr, ytr, Xte))
    N, d, n, batch, epochs = X.shape[0], X.shape[2], 16, 50, 10

    def uniform(bound, *shape):
        return bound * (2 * torch.rand(*shape, generator=gen) - 1)

    bias = torch.zeros(4 * n)  # i, f, c, o
    bias[:n], bias[n : 2 * n] = -1.0, 3.0
    params = [uniform(2.0, 4 * n, d), uniform(0.1, 4 * n, n), bias, uniform(0.25, n), y.mean().clone()]
    for v in params:
        v.requires_grad_()
    lr = 0.04
    total, k = epochs * -(-N // batch), 0
    optimiser = torch.optim.Adam(params, lr=lr)
    for _ in range(epochs):
        for rows in torch.randperm(N, generator=gen).split(batch):
            optimiser.param_groups[0]["lr"] = lr * (1 - k / total)
            k += 1
            optimiser.zero_grad()
            loss = ((_predict(*params, X[rows]) - y[rows]) ** 2).mean()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(params, 1.0)
            optimiser.step()
    with torch.no_grad():
        return _predict(*params, X_new).numpy()
