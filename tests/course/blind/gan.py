import numpy as np
import torch


def sigmoid(a):
    """1 / (1 + e^-a), entry by entry, for any size of a."""
    return 0.5 * (1.0 + np.tanh(0.5 * np.asarray(a)))


def gan_value(d_real, d_fake):
    """V, each mean over its own samples.  d_real (n,), d_fake (m,) probabilities -> a number."""
    d_real, d_fake = np.asarray(d_real, dtype=float), np.asarray(d_fake, dtype=float)
    return float(np.mean(np.log(np.maximum(d_real, 1e-12))) + np.mean(np.log(np.maximum(1 - d_fake, 1e-12))))


def d_loss(d_real, d_fake):
    """What the discriminator lowers.  d_real (n,), d_fake (m,) -> a number."""
    return -gan_value(d_real, d_fake)


def g_loss(d_fake, kind):
    """What the generator lowers; kind "minimax" or "nonsaturating".  d_fake (m,) -> a number."""
    d_fake = np.asarray(d_fake, dtype=float)
    if kind == "minimax":
        return float(np.mean(np.log(np.maximum(1 - d_fake, 1e-12))))
    if kind == "nonsaturating":
        return float(-np.mean(np.log(np.maximum(d_fake, 1e-12))))
    raise ValueError(f"unknown kind {kind!r}")


def g_logit_grad(a, kind):
    """Derivative of each sample's generator loss by its logit.  a any shape -> same shape."""
    a = np.asarray(a, dtype=float)
    if kind == "minimax":
        return -np.exp(-np.logaddexp(0.0, -a))  # -sigma(a), also exact far out
    if kind == "nonsaturating":
        return -np.exp(-np.logaddexp(0.0, a))  # -(1 - sigma(a)) = -sigma(-a)
    raise ValueError(f"unknown kind {kind!r}")


def optimal_discriminator(p, q):
    """The best D for data of law p and fakes of law q.  p, q (K,) -> (K,)."""
    p, q = np.asarray(p, dtype=float), np.asarray(q, dtype=float)
    total = p + q
    return np.where(total > 0, p / np.where(total > 0, total, 1.0), 0.5)


def value_at_optimum(p, q):
    """V of the best D, 0 log 0 = 0.  p, q (K,) -> a number."""
    p, q = np.asarray(p, dtype=float), np.asarray(q, dtype=float)
    total = p + q
    value = 0.0
    for law in (p, q):
        on = law > 0
        value += np.sum(law[on] * np.log(law[on] / total[on]))
    return float(value)


def gan_steps(params, real, noise, lr, k):
    """n rounds of k steps of D and one of G.  params (a, b, u, v), real (n, B), noise (n, k + 1, B) -> (n, 4)."""
    a, b, u, v = (float(w) for w in params)
    real, noise = np.asarray(real, dtype=float), np.asarray(noise, dtype=float)
    path = np.zeros((len(real), 4))
    for t, x in enumerate(real):
        for j in range(k):
            f = a * noise[t, j] + b
            miss = sigmoid(-(u * x + v))  # 1 - D(x)
            fooled = sigmoid(u * f + v)  # D(f)
            du = np.mean(miss * x) - np.mean(fooled * f)
            dv = np.mean(miss) - np.mean(fooled)
            u, v = u + lr * du, v + lr * dv
        z = noise[t, k]
        g = -sigmoid(-(u * (a * z + b) + v)) * u
        a, b = a - lr * np.mean(g * z), b - lr * np.mean(g)
        path[t] = a, b, u, v
    return path


def bilinear_game(x0, y0, lr, n, mode):
    """min over x, max over y of x y by gradient steps; mode "simultaneous" or "alternating".  -> the path (n + 1, 2)."""
    if mode not in ("simultaneous", "alternating"):
        raise ValueError(f"unknown mode {mode!r}")
    x, y = float(x0), float(y0)
    path = [(x, y)]
    for _ in range(n):
        new_x = x - lr * y
        y = y + lr * (x if mode == "simultaneous" else new_x)
        x = new_x
        path.append((x, y))
    return np.array(path)


def mode_coverage(samples, centers, radius):
    """Which modes are reached.  samples (N, d), centers (K, d) -> {"covered": int, "share": (K,), "kl_to_uniform": a number}."""
    samples, centers = np.asarray(samples, dtype=float), np.asarray(centers, dtype=float)
    K = len(centers)
    distance = np.sqrt(np.sum((samples[:, None, :] - centers[None, :, :]) ** 2, axis=2))
    nearest = np.argmin(distance, axis=1)
    near = distance[np.arange(len(samples)), nearest] <= radius
    counts = np.bincount(nearest[near], minlength=K)
    if counts.sum() == 0:
        kl = np.inf
    else:
        s = counts[counts > 0] / counts.sum()
        kl = float(np.sum(s * np.log(K * s)))
    return {"covered": int(np.sum(counts > 0)), "share": counts / len(samples), "kl_to_uniform": kl}


def cgan_input(x, y, K):
    """x followed by the one-hot label.  x (N, d), y (N,) integers -> (N, d + K)."""
    code = np.asarray(y)[:, None] == np.arange(K)[None, :]
    return np.concatenate([np.asarray(x, dtype=float), code.astype(float)], axis=1)


def cycle_loss(x, fgx, y, gfy):
    """There and back, both ways.  x, fgx (N, d), y, gfy (M, e) -> a number."""
    x, fgx, y, gfy = (np.asarray(w, dtype=float) for w in (x, fgx, y, gfy))
    return float(np.mean(np.sum(np.abs(fgx - x), axis=1)) + np.mean(np.sum(np.abs(gfy - y), axis=1)))


def cyclegan_total(dy_real, dy_fake, dx_real, dx_fake, cycle, lam):
    """Both games and lam times the cycle loss.  Probabilities (M,), (N,), (N,), (M,), two numbers -> a number."""
    return gan_value(dy_real, dy_fake) + gan_value(dx_real, dx_fake) + lam * cycle


def _forward(net, Y):
    for W, b in net[:-1]:
        Y = torch.relu(Y @ W.T + b)
    W, b = net[-1]
    return Y @ W.T + b


def _leaves(net):
    return [tuple(torch.tensor(np.array(w, dtype=np.float64), requires_grad=True) for w in layer) for layer in net]


def _descend(net, loss, lr):
    flat = [w for layer in net for w in layer]
    grads = torch.autograd.grad(loss, flat)
    new = [(w - lr * g).detach().requires_grad_(True) for w, g in zip(flat, grads)]
    return list(zip(new[::2], new[1::2]))


def gan_step(G, D, X, Z, lr):
    """One step of D, then one of G.  G, D lists of (W, b), X (N, d), Z (2, N, k) -> new G, new D, the losses before."""
    softplus = torch.nn.functional.softplus
    G, D = _leaves(G), _leaves(D)
    X, Z = (torch.tensor(np.array(w, dtype=np.float64)) for w in (X, Z))
    loss_d = softplus(-_forward(D, X)).mean() + softplus(_forward(D, _forward(G, Z[0]).detach())).mean()
    D = _descend(D, loss_d, lr)
    loss_g = softplus(-_forward(D, _forward(G, Z[1]))).mean()
    G = _descend(G, loss_g, lr)
    new_G, new_D = ([(W.detach().numpy(), b.detach().numpy()) for W, b in net] for net in (G, D))
    return new_G, new_D, loss_d.item(), loss_g.item()


def train_gan(Xtr, seed, steps=500):
    """Train a GAN on points of the plane.  Xtr (N, 2) -> the generator, [(W, b), ...]."""
    rng = torch.Generator().manual_seed(int(seed))
    softplus = torch.nn.functional.softplus
    X = torch.tensor(np.array(Xtr, dtype=np.float32))
    batch = 128

    def normal(n, d):
        return torch.randn(n, d, generator=rng)

    def start(sizes):
        net = []
        for n_in, n_out in zip(sizes[:-1], sizes[1:]):
            W = (2 * torch.rand(n_out, n_in, generator=rng) - 1) * (6 / (n_in + n_out)) ** 0.5
            net.append((W.requires_grad_(True), torch.zeros(n_out, requires_grad=True)))
        return net

    G, D = start([8, 32, 32, 2]), start([2, 32, 32, 1])
    opt_G, opt_D = (
        torch.optim.Adam([w for layer in net for w in layer], lr=0.01, betas=(0.5, 0.999)) for net in (G, D)
    )
    for t in range(steps):
        left = 1 - t / steps
        for opt in (opt_G, opt_D):
            opt.param_groups[0]["lr"] = 0.01 * left
        blur = 0.6 * left

        real = X[torch.randint(len(X), (batch,), generator=rng)]
        fake = _forward(G, normal(batch, 8)).detach()
        loss = (
            softplus(-_forward(D, real + blur * normal(batch, 2))).mean()
            + softplus(_forward(D, fake + blur * normal(batch, 2))).mean()
        )
        opt_D.zero_grad()
        loss.backward()
        opt_D.step()

        fake = _forward(G, normal(batch, 8))
        loss = softplus(-_forward(D, fake + blur * normal(batch, 2))).mean()
        opt_G.zero_grad()
        loss.backward()
        opt_G.step()
    return [(W.detach().numpy(), b.detach().numpy()) for W, b in G]
