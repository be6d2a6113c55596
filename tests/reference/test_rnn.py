"""reference.rnn against PyTorch, finite differences, closed forms and the lectures' numbers."""

import numpy as np
import pytest
import torch

from reference import random as draw
from reference import rnn
from reference.mlp import numeric_grad


def near(got, expected, rtol=1e-11, atol=1e-13):
    """Some steps of a recurrence in float64: rounding in the 14th digit."""
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=atol)


def layer(rng, d, n, K=0):
    """Parameters with nothing near 0."""
    p = {
        "W_x": draw.away_from_zero(rng, n, d),
        "W_h": draw.away_from_zero(rng, n, n) / 2,
        "b_h": draw.away_from_zero(rng, n),
    }
    return p | ({"W_y": draw.away_from_zero(rng, K, n), "b_y": draw.away_from_zero(rng, K)} if K else {})


def torch_rnn(layers, bidirectional=False):
    """torch.nn.RNN with these weights; of a bidirectional one, layers holds both directions."""
    d, n = layers[0]["W_x"].shape[1], len(layers[0]["b_h"])
    depth = 1 if bidirectional else len(layers)
    net = torch.nn.RNN(d, n, num_layers=depth, bidirectional=bidirectional, dtype=torch.float64)
    state = {}
    for number, p in enumerate(layers):
        name = ("l0", "l0_reverse")[number] if bidirectional else f"l{number}"
        for key, value in (
            ("weight_ih", p["W_x"]),
            ("weight_hh", p["W_h"]),
            ("bias_ih", p["b_h"]),
            ("bias_hh", 0 * p["b_h"]),
        ):
            state[f"{key}_{name}"] = torch.from_numpy(value)
    net.load_state_dict(state)
    return net


def run(net, X, h0=None):
    """All states of a torch net."""
    start = None if h0 is None else torch.from_numpy(h0)[None]
    return net(torch.from_numpy(X), start)[0].detach().numpy()


# One layer -------------------------------------------------------------------------------------------------------


def test_golden_two_steps():
    """A90: tanh, W_x = I, W_h = .5 I."""
    p = {"W_x": np.eye(2), "W_h": np.eye(2) / 2, "b_h": np.zeros(2)}
    H = rnn.forward(np.eye(2), p)
    np.testing.assert_allclose(H, [[0.76159416, 0], [0.36339948, 0.76159416]], rtol=0, atol=5e-9)


def test_golden_scalars():
    """Q10.1."""
    p = {"W_x": np.array([[0.5]]), "W_h": np.array([[-0.5]]), "b_h": np.zeros(1)}
    np.testing.assert_allclose(rnn.forward(np.array([[1.0], [-2.0]]), p)[-1], [-0.842886], rtol=0, atol=5e-7)


@pytest.mark.parametrize(("T", "d", "n"), [(1, 2, 3), (6, 3, 2), (4, 1, 1), (3, 3, 3)])
def test_forward_is_torchs(T, d, n, rng):
    """torch.nn.RNN, from zero and from a given state; logits are one linear layer."""
    p, X, h0 = layer(rng, d, n, K=4), rng.normal(size=(T, d)), rng.normal(size=n)
    near(rnn.forward(X, p), run(torch_rnn([p]), X))
    H, logits = rnn.rnn_forward(X, h0, p)
    near(H, run(torch_rnn([p]), X, h0))
    near(logits, [p["W_y"] @ h + p["b_y"] for h in H])


def torch_grads(X, h0, p, labels):
    """Summed cross-entropy by autograd, steps written out."""
    q = {key: torch.from_numpy(value.copy()).requires_grad_() for key, value in p.items()}
    h, loss = torch.from_numpy(h0), 0.0
    for x, label in zip(torch.from_numpy(X), labels, strict=True):
        h = torch.tanh(q["W_x"] @ x + q["W_h"] @ h + q["b_h"])
        loss = loss - torch.log_softmax(q["W_y"] @ h + q["b_y"], dim=0)[int(label)]
    loss.backward()
    return {key: value.grad.numpy() for key, value in q.items()}


@pytest.mark.parametrize(("T", "d", "n", "K"), [(1, 2, 3, 2), (7, 3, 2, 4), (5, 1, 1, 2), (3, 3, 3, 3)])
def test_backward_is_autograds(T, d, n, K, rng):
    """Every parameter, one step and many, from a state that is not zero."""
    p, X, h0, labels = layer(rng, d, n, K), rng.normal(size=(T, d)), rng.normal(size=n), rng.integers(K, size=T)
    grads, expected = rnn.rnn_backward(X, h0, p, labels), torch_grads(X, h0, p, labels)
    assert set(grads) == set(p)
    for key in p:
        near(grads[key], expected[key], rtol=1e-9, atol=1e-12)


def test_linear_bptt_goldens():
    """A92 and Q10.3: 2.0, 34; the last term alone would be 1.5."""
    assert rnn.linear_bptt(0.5, 3) == pytest.approx(2.0, abs=1e-15)
    assert rnn.linear_bptt(3, 4) == 34


@pytest.mark.parametrize("w", [0.5, -0.8, 1.0, 3.0])
@pytest.mark.parametrize("T", [1, 2, 6])
def test_linear_bptt_is_the_derivative(w, T):
    """Of h_T = 1 + w + ... + w^(T-1), whose derivative is a sum too."""
    assert rnn.linear_bptt(w, T) == pytest.approx(sum(k * w ** (k - 1) for k in range(1, T)), rel=1e-12, abs=1e-15)


def test_output_fed_layer_is_a_layer_of_states(rng):
    """A91: with transposed weights, each sequence of the batch by itself is an ordinary layer."""
    X, p = rng.normal(size=(5, 4, 3)), layer(rng, 3, 2)
    Y = rnn.output_fed_layer(X, p["W_x"].T, p["W_h"].T, p["b_h"])
    assert Y.shape == (5, 4, 2)
    for m in range(4):
        near(Y[:, m], rnn.forward(X[:, m], p))


# More layers and directions --------------------------------------------------------------------------------------


def test_birnn_is_torchs(rng):
    """Both halves in the order of time; a reversed input with swapped layers swaps the halves."""
    pf, pb, X = layer(rng, 3, 2), layer(rng, 3, 2), rng.normal(size=(5, 3))
    H = rnn.birnn(X, pf, pb)
    near(H, run(torch_rnn([pf, pb], bidirectional=True), X))
    near(rnn.birnn(X[::-1], pb, pf)[::-1], np.hstack([H[:, 2:], H[:, :2]]))


def test_deep_rnn_is_torchs(rng):
    """Three layers, and one, which is the layer itself."""
    layers, X = [layer(rng, 3, 4), layer(rng, 4, 4), layer(rng, 4, 4)], rng.normal(size=(5, 3))
    near(rnn.deep_rnn(X, layers), run(torch_rnn(layers), X))
    near(rnn.deep_rnn(X, layers[:1]), rnn.forward(X, layers[0]))


def test_seq2seq_passes_one_vector(rng):
    """The decoder starts from the encoder's last state: any input with that last state gives the same."""
    encoder, decoder = layer(rng, 2, 3), layer(rng, 4, 3, K=5)
    X, Y_in = rng.normal(size=(6, 2)), rng.normal(size=(4, 4))
    logits = rnn.seq2seq(X, Y_in, encoder, decoder)
    last = run(torch_rnn([encoder]), X)[-1]
    near(logits, run(torch_rnn([decoder]), Y_in, last) @ decoder["W_y"].T + decoder["b_y"])


def test_seq2vec(rng):
    """Against plain slices: padding behind, in front, none, nothing but padding, one real step."""
    H = rng.normal(size=(5, 4, 2))
    mask = np.array([[1, 1, 1, 0], [0, 0, 1, 1], [1, 1, 1, 1], [0, 0, 0, 0], [1, 0, 0, 0]])
    near(rnn.seq2vec(H, mask, "last"), [H[0, 2], H[1, 3], H[2, 3], [0, 0], H[4, 0]])
    means = [H[0, :3].mean(axis=0), H[1, 2:].mean(axis=0), H[2].mean(axis=0), [0, 0], H[4, 0]]
    near(rnn.seq2vec(H, mask, "mean"), means)
    near(rnn.seq2vec(H, mask.astype(bool), "last"), rnn.seq2vec(H, mask, "last"))


def test_patterns():
    """Q10.10's four tasks, and one number to one."""
    assert rnn.pattern(1, 12) == rnn.pattern(1, 2) == "one-to-many"
    assert rnn.pattern(30, 1) == rnn.pattern(2, 1) == "many-to-one"
    assert rnn.pattern(7, 9) == rnn.pattern(2, 2) == "many-to-many (delayed)"
    assert rnn.pattern(24, 24, aligned=True) == "many-to-many (aligned)"
    assert rnn.pattern(1, 1) == "one-to-one"
    with pytest.raises(ValueError, match="3 inputs and 4 outputs"):
        rnn.pattern(3, 4, aligned=True)


def test_golden_parameter_counts():
    """Q10.2, Q10.5, Q10.9; torch keeps one more bias in each layer."""
    assert rnn.param_count(44, 56, V=246) == 19_678
    assert rnn.param_count(19, 106, bidirectional=True) == 26_712
    assert rnn.param_count(34, 74, layers=4) == 41_144
    net = torch.nn.RNN(3, 4, num_layers=2)
    assert rnn.param_count(3, 4, layers=2) + 2 * 4 == sum(p.numel() for p in net.parameters())
    # A head on both directions sees 2h features.
    assert rnn.param_count(3, 4, V=5, bidirectional=True) == 2 * 4 * (3 + 4 + 1) + 5 * 9


# Gradients through time ------------------------------------------------------------------------------------------


def test_jacobian_norms_by_finite_differences(rng):
    """h_T as a function of h_k, differentiated numerically: its matrix has that spectral norm."""
    p, X, h0 = layer(rng, 2, 3), rng.normal(size=(4, 2)), rng.normal(size=3)
    states = rnn.forward(X, p, h0)
    norms = rnn.jacobian_norms(p["W_h"], states)
    assert norms.shape == (4,)
    for k, start in enumerate([h0, *states[:-1]]):

        def entry(h, i, k=k):
            return float(rnn.forward(X[k:], p, h)[-1][i])

        J = np.stack([numeric_grad(lambda h, i=i, entry=entry: entry(h, i), start) for i in range(3)])
        # Centred differences with h = 1e-5: their own error is about 1e-10.
        np.testing.assert_allclose(norms[k], np.linalg.norm(J, 2), rtol=1e-6, atol=1e-9)


def test_jacobian_norms_of_an_orthogonal_matrix():
    """Near zero states J is W: eta^(T - k), A93's .9^50 and 1.1^50 and Q10.4."""
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    for eta in (0.9, 1.1):
        norms = rnn.jacobian_norms(eta * turn, np.zeros((50, 2)))
        near(norms, [rnn.gradient_norm_bound(eta, 50, k) for k in range(50)], rtol=1e-10)
    np.testing.assert_allclose(rnn.gradient_norm_bound(0.9, 50, 0), 0.00515, rtol=0, atol=5e-6)
    np.testing.assert_allclose(rnn.gradient_norm_bound(1.1, 50, 0), 117.4, rtol=0, atol=0.05)
    np.testing.assert_allclose(rnn.gradient_norm_bound(0.9, 19, 6), 0.254187, rtol=0, atol=5e-7)


def test_golden_clipping():
    """A60, Q10.6, Q10.7; a zero gradient stays."""
    g = np.array([3.0, 4.0])
    near(rnn.clip_by_norm(g, 1), [0.6, 0.8])
    near(rnn.clip_by_value(g, 1), [1, 1])
    near(rnn.clip_by_value(-g, 3.5), [-3, -3.5])
    np.testing.assert_allclose(rnn.clip_by_norm(np.array([5.0, 12.0]), 2), [0.769231, 1.84615], rtol=0, atol=5e-6)
    near(rnn.clip_by_norm(np.array([0.3, 0.4]), 1), [0.3, 0.4])
    near(rnn.clip_by_norm(np.zeros(2), 1), [0, 0])


@pytest.mark.parametrize("c", [0.5, 100.0])
def test_a_list_has_one_global_norm(c, rng):
    """torch.nn.utils.clip_grad_norm_ on the same arrays; it adds 1e-6 to the norm."""
    parts = [rng.normal(size=(2, 3)), rng.normal(size=4)]
    tensors = [torch.zeros(part.shape, dtype=torch.float64, requires_grad=True) for part in parts]
    for tensor, part in zip(tensors, parts, strict=True):
        tensor.grad = torch.from_numpy(part.copy())
    torch.nn.utils.clip_grad_norm_(tensors, c)
    for mine, tensor in zip(rnn.clip_by_norm(parts, c), tensors, strict=True):
        near(mine, tensor.grad.numpy(), rtol=1e-5)


def test_bptt_whole_and_truncated():
    """34 for w = 3, T = 4; the whole against the polynomial's derivative, truncated against its last terms."""
    assert rnn.bptt(3, 4) == 34
    assert rnn.bptt(3, 4, steps=2) == 25
    for w in (-1.5, 0.5, 2.0):
        for T in (1, 2, 5):
            # h_T = 1 + w + ... + w^(T-1)
            assert rnn.bptt(w, T) == pytest.approx(sum(k * w ** (k - 1) for k in range(1, T)))
            assert rnn.bptt(w, T, steps=T) == pytest.approx(rnn.bptt(w, T))
    with pytest.raises(ValueError, match="at least 1"):
        rnn.bptt(3, 4, steps=0)


@pytest.mark.parametrize(("w", "T", "steps"), [(3.0, 4, None), (3.0, 4, 2), (0.5, 3, None), (0.5, 3, 1), (-0.7, 6, 3)])
def test_bptt_is_autograds(w, T, steps):
    """Truncated: the state that enters the last `steps` steps is detached."""
    weight, h = torch.tensor(w, dtype=torch.float64, requires_grad=True), torch.zeros((), dtype=torch.float64)
    for t in range(1, T + 1):
        if steps is not None and t == T - steps + 1:
            h = h.detach()
        h = weight * h + 1
    h.backward()
    assert rnn.bptt(w, T, steps) == pytest.approx(weight.grad.item())
