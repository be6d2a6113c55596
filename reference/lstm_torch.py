"""The torch twin of reference.lstm: training on the adding problem with autograd.  [Hochreiter 1997, Experiment 4]

torch is imported where it runs: hidden tests compare with reference.lstm, so a grader need not wait for it.
"""

from __future__ import annotations

import numpy as np

Array = np.ndarray
Params = dict[str, Array]


def adding_step(p: Params, X: Array, y: Array, lr: float) -> tuple[Params, float]:
    """One step of gradient descent.  p as adding_forward's, X (N, T, d), y (N,) -> the new parameters, the loss before."""
    import torch

    # Copies: torch must not write into the caller's arrays.
    q = {key: torch.tensor(value, dtype=torch.float64, requires_grad=True) for key, value in p.items()}
    X, y = torch.tensor(X), torch.tensor(y)
    h = c = torch.zeros(len(X), len(p["w_y"]), dtype=torch.float64)
    for t in range(X.shape[1]):
        a = {k: X[:, t] @ q["W_" + k].T + h @ q["U_" + k].T + q["b_" + k] for k in "fioc"}
        c = torch.sigmoid(a["f"]) * c + torch.sigmoid(a["i"]) * torch.tanh(a["c"])
        h = torch.sigmoid(a["o"]) * torch.tanh(c)
    loss = ((h @ q["w_y"] + q["b_y"] - y) ** 2).mean()
    loss.backward()
    return {key: (value - lr * value.grad).detach().numpy() for key, value in q.items()}, loss.item()


def train_adding(Xtr: Array, ytr: Array, Xte: Array, seed: int) -> Array:
    """Train an LSTM of 16 units; sums predicted for new sequences.  Xtr (N, T, 2), ytr (N,), Xte (M, T, 2) -> (M,)."""
    import torch

    # Matrices this small are done before a second thread has woken up.
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(seed)
    n, lr, epochs, size = 16, 0.04, 10, 50
    X, y = torch.tensor(Xtr, dtype=torch.float32), torch.tensor(ytr, dtype=torch.float32)

    def uniform(bound: float, *shape: int) -> torch.Tensor:
        return bound * (2 * torch.rand(*shape, generator=generator) - 1)

    # The four layers stacked, in the order f, i, o, c. Forget gates begin open, input gates half shut.
    W, U, b = uniform(2.0, 4 * n, X.shape[2]), uniform(0.1, 4 * n, n), torch.zeros(4 * n)
    b[:n], b[n : 2 * n] = 3.0, -1.0
    # The first prediction is the mean target: the LSTM need only learn what differs from it.
    w_y, b_y = uniform(0.25, n), y.mean()
    params = [W, U, b, w_y, b_y]
    for each in params:
        each.requires_grad_()

    def predict(X: torch.Tensor) -> torch.Tensor:
        h = c = torch.zeros(len(X), n)
        for a_x in (X @ W.T + b).unbind(dim=1):
            f, i, o, g = torch.addmm(a_x, h, U.T).chunk(4, dim=1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
        return h @ w_y + b_y

    batches = [rows for _ in range(epochs) for rows in torch.randperm(len(X), generator=generator).split(size)]
    optimizer = torch.optim.Adam(params, lr=lr)
    for step, rows in enumerate(batches):
        # The step size falls in a straight line to 0.
        optimizer.param_groups[0]["lr"] = lr * (1 - step / len(batches))
        loss = ((predict(X[rows]) - y[rows]) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        optimizer.step()
    with torch.no_grad():
        return predict(torch.tensor(Xte, dtype=torch.float32)).numpy()
