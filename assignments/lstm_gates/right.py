"""Other right solutions of lstm_gates, written as students write: the audit wants full points for each.

Those called ..._from_the_text were written from the released notebook alone.
"""

import math

import numpy as np
import torch

from autograder.checks import right
from reference.activations import sigmoid
from reference.lstm import adding_forward, adding_grads, lstm_step

# 1. lstm_step ----------------------------------------------------------------------------------------------------


@right("lstm_step")
def step_from_the_text(x, h, c, p):
    def pre(k):
        return np.dot(p[f"W_{k}"], x) + np.dot(p[f"U_{k}"], h) + p[f"b_{k}"]

    out = {k: sigmoid(pre(k)) for k in ("f", "i", "o")}
    out["g"] = np.tanh(pre("c"))
    out["c"] = out["f"] * c + out["i"] * out["g"]
    out["h"] = out["o"] * np.tanh(out["c"])
    return out


@right("lstm_step")
def step_unit_by_unit(x, h, c, p):
    out = {key: [] for key in "hcfiog"}
    for k in range(len(h)):
        a = {}
        for gate in "fioc":
            a[gate] = p["b_" + gate][k]
            a[gate] += sum(w * value for w, value in zip(p["W_" + gate][k], x, strict=True))
            a[gate] += sum(u * value for u, value in zip(p["U_" + gate][k], h, strict=True))
        for gate in "fio":
            # e^-a overflows in math.exp for a below about -700: there the gate is shut.
            out[gate].append(1 / (1 + math.exp(-a[gate])) if a[gate] > -700 else 0.0)
        out["g"].append(math.tanh(a["c"]))
        out["c"].append(out["f"][k] * c[k] + out["i"][k] * out["g"][k])
        out["h"].append(out["o"][k] * math.tanh(out["c"][k]))
    return out


@right("lstm_step")
def step_concatenated(x, h, c, p):
    hx = np.concatenate([h, x])
    a = np.stack([np.einsum("nk,k->n", np.hstack([p["U_" + k], p["W_" + k]]), hx) + p["b_" + k] for k in "fioc"])
    with np.errstate(over="ignore"):
        f, i, o = 1 / (1 + np.exp(-a[:3]))
    g = np.tanh(a[3])
    new = np.add(f * c, i * g)
    return {"g": g, "o": o, "i": i, "f": f, "c": new, "h": np.tanh(new) * o}


# 2. lstm_forward -------------------------------------------------------------------------------------------------


@right("lstm_forward")
def forward_from_the_text(X, p, h0=None, c0=None):
    n = p["U_c"].shape[0]
    if h0 is None:
        h0 = np.zeros(n)
    if c0 is None:
        c0 = np.zeros(n)
    states = [{"h": h0, "c": c0}]
    for t in range(X.shape[0]):
        states.append(lstm_step(X[t], states[-1]["h"], states[-1]["c"], p))
    return [state["h"] for state in states[1:]], states[-1]["h"], states[-1]["c"]


@right("lstm_forward")
def forward_by_recursion(X, p, h0=None, c0=None):
    zero = 0 * p["b_o"]
    step = lstm_step(X[0], zero if h0 is None else h0, zero if c0 is None else c0, p)
    if len(X) == 1:
        return np.atleast_2d(step["h"]), step["h"], step["c"]
    H, h, c = forward_by_recursion(X[1:], p, step["h"], step["c"])
    return np.vstack([step["h"], H]), h, c


@right("lstm_forward")
def forward_stacked(X, p, h0=None, c0=None):
    W, U, b = (np.concatenate([p[f"{kind}_{k}"] for k in "ifoc"]) for kind in "WUb")
    inputs, n = np.einsum("td,kd->tk", X, W) + b, len(U) // 4
    state = np.zeros((2, n))
    state[0] = 0 if h0 is None else h0
    state[1] = 0 if c0 is None else c0
    H = np.empty((len(X), n))
    for t in range(len(X)):
        a = inputs[t] + state[0] @ U.T
        i, f, o = sigmoid(a[: 3 * n]).reshape(3, n)
        state[1] = f * state[1] + i * np.tanh(a[3 * n :])
        H[t] = state[0] = o * np.tanh(state[1])
    return H, H[-1], state[1]


# 3. to_pytorch ---------------------------------------------------------------------------------------------------


@right("to_pytorch")
def pytorch_from_the_text(p):
    return {
        "weight_ih": np.vstack([p["W_i"], p["W_f"], p["W_c"], p["W_o"]]),
        "weight_hh": np.vstack([p["U_i"], p["U_f"], p["U_c"], p["U_o"]]),
        "bias_ih": np.hstack([p["b_i"], p["b_f"], p["b_c"], p["b_o"]]),
        "bias_hh": np.zeros(4 * len(p["b_i"])),
    }


@right("to_pytorch")
def pytorch_row_by_row(p):
    q = {"weight_ih": [], "weight_hh": [], "bias_ih": [], "bias_hh": []}
    for k in ("i", "f", "c", "o"):
        q["weight_ih"] += list(p["W_" + k])
        q["weight_hh"] += p["U_" + k].tolist()
        q["bias_ih"] += list(p["b_" + k])
        q["bias_hh"] += [0] * len(p["b_" + k])
    return q


@right("to_pytorch")
def pytorch_into_blocks(p):
    n, d = p["W_f"].shape
    q = {"weight_ih": np.zeros((4, n, d)), "weight_hh": np.zeros((4, n, n)), "bias_ih": np.zeros((4, n))}
    for key, kind in (("weight_ih", "W"), ("weight_hh", "U"), ("bias_ih", "b")):
        for at, k in enumerate("ifco"):
            q[key][at] = p[f"{kind}_{k}"]
        q[key] = q[key].reshape(4 * n, *q[key].shape[2:])
    return {**q, "bias_hh": np.zeros(4 * n)}


# 4. lstm_variant_step --------------------------------------------------------------------------------------------


@right("lstm_variant_step")
def variant_from_the_text(x, h, c, p, variant):
    def pre(k):
        return p["W_" + k] @ x + p["U_" + k] @ h + p["b_" + k]

    g = np.tanh(pre("c"))
    if variant == "peephole":
        f = sigmoid(pre("f") + p["V_f"] @ c)
        i = sigmoid(pre("i") + p["V_i"] @ c)
        new = f * c + i * g
        o = sigmoid(pre("o") + p["V_o"] @ new)
        h_new = o * np.tanh(new)
    elif variant == "coupled":
        f = sigmoid(pre("f"))
        i = 1 - f
        new = f * c + i * g
        o = sigmoid(pre("o"))
        h_new = o * np.tanh(new)
    else:
        step = lstm_step(x, h, c, p)
        f, i, o, new = step["f"], step["i"], step["o"], step["c"]
        h_new = o * new
    return {"h": h_new, "c": new, "f": f, "i": i, "o": o, "g": g}


@right("lstm_variant_step")
def variant_through_the_biases(x, h, c, p, variant):
    """A peephole is a bias that depends on the cell; a coupled input gate is the forget gate's, negated."""
    if variant == "linear_out":
        step = lstm_step(x, h, c, p)
        return {**step, "h": step["o"] * step["c"]}
    if variant == "coupled":
        return lstm_step(x, h, c, p | {key[:-1] + "i": -value for key, value in p.items() if key.endswith("_f")})
    q = p | {"b_f": p["b_f"] + p["V_f"] @ c, "b_i": p["b_i"] + p["V_i"] @ c}
    return lstm_step(x, h, c, q | {"b_o": p["b_o"] + p["V_o"] @ lstm_step(x, h, c, q)["c"]})


@right("lstm_variant_step")
def variant_in_loops(x, h, c, p, variant):
    n = len(c)

    def pre(k, cell):
        looks = variant == "peephole" and k != "c"
        rows = range(n)
        a = [p["b_" + k][r] + sum(p["W_" + k][r] * x) + sum(p["U_" + k][r] * h) for r in rows]
        return np.array([a[r] + sum(p["V_" + k][r] * cell) for r in rows] if looks else a)

    f, g = sigmoid(pre("f", c)), np.tanh(pre("c", c))
    i = 1 - f if variant == "coupled" else sigmoid(pre("i", c))
    new = np.array([f[r] * c[r] + i[r] * g[r] for r in range(n)])
    o = sigmoid(pre("o", new))
    shown = new if variant == "linear_out" else np.tanh(new)
    return {"h": list(o * shown), "c": list(new), "f": list(f), "i": list(i), "o": list(o), "g": list(g)}


# 5. gru_step -----------------------------------------------------------------------------------------------------


@right("gru_step")
def gru_from_the_text(x, h, p, convention="update", reset="before", candidate="tanh"):
    z = sigmoid(p["W_z"] @ x + p["U_z"] @ h + p["b_z"])
    r = sigmoid(p["W_r"] @ x + p["U_r"] @ h + p["b_r"])
    if reset == "after":
        a = p["W_h"] @ x + r * (p["U_h"] @ h + p["b_h"])
    elif reset == "before":
        a = p["W_h"] @ x + p["U_h"] @ (r * h) + p["b_h"]
    if candidate == "tanh":
        h_tilde = np.tanh(a)
    elif candidate == "sigmoid":
        h_tilde = sigmoid(a)
    if convention == "update":
        return (1 - z) * h + z * h_tilde
    if convention == "keep":
        return z * h + (1 - z) * h_tilde
    raise ValueError(convention)


@right("gru_step")
def gru_by_einsum(x, h, p, convention="update", reset="before", candidate="tanh"):
    W, U, b = (np.stack([p[f"{kind}_{k}"] for k in "zrh"]) for kind in "WUb")
    inputs = np.einsum("knd,d->kn", W, x)
    z, r = sigmoid(inputs[:2] + np.einsum("knm,m->kn", U[:2], h) + b[:2])
    past = r * (U[2] @ h + b[2]) if reset == "after" else np.einsum("nm,m,m->n", U[2], r, h) + b[2]
    new = {"tanh": np.tanh, "sigmoid": sigmoid}[candidate](inputs[2] + past)
    keep = z if convention == "keep" else 1 - z
    return new + keep * (h - new)


@right("gru_step")
def gru_unit_by_unit(x, h, p, convention="update", reset="before", candidate="tanh"):
    def row(k, at, state):
        return float(np.dot(p["W_" + k][at], x)), float(np.dot(p["U_" + k][at], state)), float(p["b_" + k][at])

    r = [sigmoid(sum(row("r", at, h))) for at in range(len(h))]
    out = []
    for at in range(len(h)):
        z = sigmoid(sum(row("z", at, h)))
        if reset == "before":
            a = sum(row("h", at, [r[k] * h[k] for k in range(len(h))]))
        else:
            w, u, b = row("h", at, h)
            a = w + r[at] * (u + b)
        new = math.tanh(a) if candidate == "tanh" else 1 / (1 + math.exp(-a))
        out.append(z * h[at] + (1 - z) * new if convention == "keep" else (1 - z) * h[at] + z * new)
    return out


# 6. convert_gru --------------------------------------------------------------------------------------------------


@right("convert_gru")
def convert_from_the_text(p):
    q = dict(p)
    for key in ("W_z", "U_z", "b_z"):
        q[key] = -p[key]
    return q


@right("convert_gru")
def convert_with_factors(p):
    return {
        f"{kind}_{k}": (p[f"{kind}_{k}"] * sign).tolist()
        for k, sign in (("z", -1), ("r", 1), ("h", 1))
        for kind in "WUb"
    }


@right("convert_gru")
def convert_deep_copies(p):
    q = {key: value.copy() for key, value in p.items()}
    for key in q:
        if key[-1] == "z":
            np.negative(q[key], out=q[key])
    return q


# 7. train_adding -------------------------------------------------------------------------------------------------


@right("train_adding", replaces="adding_step")
def step_in_float32(p, X, y, lr):
    names = sorted(p)
    values = [torch.tensor(np.asarray(p[name]), dtype=torch.float32, requires_grad=True) for name in names]
    q = dict(zip(names, values, strict=True))
    n = len(p["w_y"])
    W, U, b = (torch.cat([q[f"{kind}_{k}"] for k in "ifoc"]) for kind in "WUb")
    h, c = torch.zeros(len(X), n), torch.zeros(len(X), n)
    for x in torch.from_numpy(X).float().unbind(1):
        i, f, o, g = torch.nn.functional.linear(torch.cat([x, h], 1), torch.cat([W, U], 1), b).chunk(4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
    loss = torch.nn.functional.mse_loss(h @ q["w_y"] + q["b_y"], torch.from_numpy(y).float())
    grads = torch.autograd.grad(loss, values)
    return [
        {name: (value - lr * grad).detach() for name, value, grad in zip(names, values, grads, strict=True)},
        float(loss),
    ]


@right("train_adding", replaces="adding_step")
def step_by_an_optimizer_from_the_text(p, X, y, lr):
    q = {key: torch.nn.Parameter(torch.as_tensor(value, dtype=torch.float64).clone()) for key, value in p.items()}
    optimizer = torch.optim.SGD(q.values(), lr=lr)
    states = [(torch.zeros(X.shape[0], len(p["w_y"])).double(),) * 2]
    for t in range(X.shape[1]):
        x, (h, c) = torch.tensor(X[:, t]), states[-1]
        f, i, o = (torch.sigmoid(x @ q[f"W_{k}"].T + h @ q[f"U_{k}"].T + q[f"b_{k}"]) for k in "fio")
        c = f * c + i * torch.tanh(x @ q["W_c"].T + h @ q["U_c"].T + q["b_c"])
        states.append((o * torch.tanh(c), c))
    loss = torch.mean((torch.mv(states[-1][0], q["w_y"]) + q["b_y"] - torch.tensor(y)).square())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return {key: value.detach().numpy() for key, value in q.items()}, loss.detach()


@right("train_adding", replaces="adding_step")
def step_by_hand(p, X, y, lr):
    loss, grads = adding_grads(p, X, y)
    return {key: np.asarray(p[key]) - lr * grads[key] for key in p}, loss


class Memory(torch.nn.Module):
    """An LSTM as many would write it: one Linear for all gates, its usual start, forget gates half open."""

    def __init__(self, n):
        super().__init__()
        self.n, self.gates, self.out = n, torch.nn.Linear(2 + n, 4 * n), torch.nn.Linear(n, 1)
        with torch.no_grad():
            self.gates.bias[:n] += 1.0

    def forward(self, X):
        h = c = X.new_zeros(len(X), self.n)
        for x in X.unbind(1):
            f, i, o, g = self.gates(torch.cat([x, h], dim=1)).chunk(4, dim=1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
        return self.out(h).squeeze(1)


@right("train_adding", replaces="train_adding")
def module_with_its_usual_start(Xtr, ytr, Xte, seed):
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    X, y = torch.tensor(Xtr, dtype=torch.float32), torch.tensor(ytr, dtype=torch.float32)
    net, middle = Memory(16), y.mean()
    optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
    for _ in range(25):
        for rows in torch.randperm(len(X)).split(50):
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(net(X[rows]), y[rows] - middle).backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
    with torch.no_grad():
        return (net(torch.tensor(Xte, dtype=torch.float32)) + middle).tolist()


@right("train_adding", replaces="train_adding")
def adam_by_hand_in_numpy(Xtr, ytr, Xte, seed):
    rng, n = np.random.default_rng(seed), 8
    p = {}
    for k in "fioc":
        p |= {f"W_{k}": rng.uniform(-2, 2, (n, 2)), f"U_{k}": rng.uniform(-0.1, 0.1, (n, n)), f"b_{k}": np.zeros(n)}
    p |= {"b_f": np.full(n, 3.0), "b_i": np.full(n, -1.0), "w_y": rng.uniform(-0.25, 0.25, n), "b_y": ytr.mean()}
    m, v = ({key: 0 * np.asarray(value) for key, value in p.items()} for _ in range(2))
    batches = [
        order[at : at + 50] for order in (rng.permutation(len(Xtr)) for _ in range(12)) for at in range(0, len(Xtr), 50)
    ]
    for t, rows in enumerate(batches, 1):
        _, grads = adding_grads(p, Xtr[rows], ytr[rows])
        norm = max(1.0, np.sqrt(sum(np.sum(g**2) for g in grads.values())))
        for key, g in grads.items():
            m[key] = 0.9 * m[key] + 0.1 * g / norm
            v[key] = 0.999 * v[key] + 0.001 * (g / norm) ** 2
            step = m[key] / (1 - 0.9**t) / (np.sqrt(v[key] / (1 - 0.999**t)) + 1e-8)
            p[key] = p[key] - 0.05 * (1 - (t - 1) / len(batches)) * step
    return adding_forward(p, Xte)[0]


@right("train_adding", replaces="train_adding")
def recipe_from_the_text(Xtr, ytr, Xte, seed):
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    n, N, epochs = 16, len(Xtr), 10
    X, y, Z = (torch.from_numpy(each).float() for each in (Xtr, ytr, Xte))
    start = {"W": torch.empty(4 * n, 2).uniform_(-2, 2), "U": torch.empty(4 * n, n).uniform_(-0.1, 0.1)}
    start |= {"b": torch.tensor([3.0] * n + [-1.0] * n + [0.0] * 2 * n)}
    start |= {"w_y": torch.empty(n).uniform_(-0.25, 0.25), "b_y": y.mean()}
    p = {key: torch.nn.Parameter(value) for key, value in start.items()}

    def model(X):
        a_x = X.transpose(0, 1) @ p["W"].T + p["b"]
        h, c = torch.zeros(X.shape[0], n), torch.zeros(X.shape[0], n)
        for t in range(X.shape[1]):
            f, i, o, g = torch.split(a_x[t] + h @ p["U"].T, n, dim=1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
        return h @ p["w_y"] + p["b_y"]

    optimizer = torch.optim.Adam(p.values(), lr=0.04)
    updates = epochs * math.ceil(N / 50)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda k: 1 - k / updates)
    for _ in range(epochs):
        order = torch.randperm(N)
        for at in range(0, N, 50):
            rows = order[at : at + 50]
            optimizer.zero_grad()
            torch.mean((model(X[rows]) - y[rows]) ** 2).backward()
            torch.nn.utils.clip_grad_norm_(p.values(), 1.0)
            optimizer.step()
            schedule.step()
    with torch.no_grad():
        return model(Z)
