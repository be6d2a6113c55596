"""reference.attention against PyTorch, closed forms, simulation and the lectures' numbers."""

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from reference import attention as att
from reference import random as draw

THREE = np.array([[1.0, 0], [0, 1], [1, 1]])


def near(got, expected, rtol=1e-12, atol=1e-13):
    """Closed forms in float64: rounding in the 15th digit."""
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=atol)


def printed(got, expected, digits):
    """As printed in the syllabus, with that many digits behind the point."""
    np.testing.assert_allclose(got, expected, rtol=0, atol=0.51 * 10.0**-digits)


def torch_attention(Q, K, V, mask=None, scale=None):
    """PyTorch's own."""
    allowed = None if mask is None else torch.from_numpy(np.broadcast_to(mask, (len(Q), len(K))).copy())
    tensors = [torch.from_numpy(x)[None] for x in (Q, K, V)]
    return scaled_dot_product_attention(*tensors, attn_mask=allowed, scale=scale)[0].numpy()


# The toy ---------------------------------------------------------------------------------------------------------


def test_golden_toy():
    """A119."""
    Y, W = att.self_attention_toy(THREE)
    a, b, c = 0.422319, 0.155362, 0.211942
    printed(W, [[a, b, a], [b, a, a], [c, c, 0.576117]], 6)
    printed(Y, [[0.844638, 0.577681], [0.577681, 0.844638], [0.788058, 0.788058]], 6)


@pytest.mark.parametrize("shape", [(1, 3), (4, 1), (3, 3), (5, 2)])
def test_toy_is_torchs_softmax(shape, rng):
    """W by torch, rows that sum to one, Y = W X; also with scores of thousands."""
    for size in (1.0, 40.0):
        X = rng.normal(size=shape) * size
        Y, W = att.self_attention_toy(X)
        near(W, torch.softmax(torch.from_numpy(X @ X.T), dim=1).numpy(), rtol=1e-10)
        near(W.sum(axis=1), np.ones(len(X)))
        near(Y, W @ X)


def test_toy_is_equivariant_and_not_invariant(rng):
    """E50: f(P X) = P f(X), which is not f(X)."""
    X, order = rng.normal(size=(5, 3)), np.array([3, 0, 4, 1, 2])
    Y, W = att.self_attention_toy(X)
    moved, weights = att.self_attention_toy(X[order])
    near(moved, Y[order])
    near(weights, W[order][:, order])
    assert np.abs(moved - Y).max() > 0.1


# Attention -------------------------------------------------------------------------------------------------------


def test_golden_scaled():
    """A121: Q = K = V = X."""
    Y, _ = att.attention(THREE, THREE, THREE)
    printed(Y, [[0.802224, 0.598888], [0.598888, 0.802224], [0.751745, 0.751745]], 6)


def test_golden_causal():
    """A123; masked after softmax the rows would sum to .401, .599, 1."""
    Y, W = att.attention(THREE, THREE, THREE, att.causal_mask(3))
    printed(Y, [[1, 0], [0.330238, 0.669762], [0.751745, 0.751745]], 6)
    near(W.sum(axis=1), np.ones(3))
    _, free = att.attention(THREE, THREE, THREE)
    printed((free * att.causal_mask(3)).sum(axis=1), [0.401, 0.599, 1.0], 3)


@pytest.mark.parametrize(("N", "M", "k", "v"), [(1, 1, 1, 1), (2, 5, 3, 4), (5, 2, 4, 1), (3, 3, 3, 3), (4, 6, 1, 2)])
@pytest.mark.parametrize("masked", [False, True])
def test_attention_is_torchs(N, M, k, v, masked, rng):
    """Any shape, with and without mask, scaled and not."""
    Q, K, V = rng.normal(size=(N, k)), rng.normal(size=(M, k)), rng.normal(size=(M, v))
    mask = draw.attention_mask(rng, N, M) if masked and M > 1 else None
    Y, W = att.attention(Q, K, V, mask)
    near(Y, torch_attention(Q, K, V, mask), rtol=1e-10)
    near(W @ V, Y)
    near(att.attention(Q, K, V, mask, scale=False)[0], torch_attention(Q, K, V, mask, scale=1.0), rtol=1e-10)
    if mask is not None:
        assert (W[~mask] == 0).all()
        near(att.attention(Q, K, V, mask.astype(int))[0], Y)


def test_a_mask_for_all_queries(rng):
    """(1, M) is as good as its rows repeated, and as leaving the keys out."""
    Q, K, V = rng.normal(size=(4, 2)), rng.normal(size=(5, 2)), rng.normal(size=(5, 3))
    mask = att.padding_mask([3], 5)[0]
    near(att.attention(Q, K, V, mask)[0], att.attention(Q, K[:3], V[:3])[0])
    near(att.attention(Q, K, V, np.repeat(mask, 4, axis=0))[0], att.attention(Q, K, V, mask)[0])


def test_a_query_that_may_look_at_nothing(rng):
    """Zeros in its rows, and nothing odd in the others."""
    Q, V = rng.normal(size=(3, 2)), rng.normal(size=(3, 4))
    mask = np.array([[True, False, True], [False, False, False], [True, True, True]])
    Y, W = att.attention(Q, Q, V, mask)
    assert (Y[1] == 0).all()
    assert (W[1] == 0).all()
    near(Y[[0, 2]], torch_attention(Q, Q, V, mask)[[0, 2]], rtol=1e-10)


def test_huge_scores():
    """Scores of +-1000: finite, all weight on the largest allowed key, even where a forbidden one is far larger."""
    Q, K, V = np.array([[1000.0], [-1000.0]]), np.array([[1.0], [0.0], [-1.0]]), np.eye(3)
    near(att.attention(Q, K, V)[1], [[1, 0, 0], [0, 0, 1]])
    # A row of small scores beside one of huge ones keeps its own weights.
    near(att.attention(np.array([[1000.0], [0.0]]), K, V)[1], [[1, 0, 0], [1 / 3, 1 / 3, 1 / 3]])
    near(att.attention(Q, K, V, np.array([[False, True, True], [True, True, False]]))[1], [[0, 1, 0], [0, 1, 0]])


def test_score_std_by_simulation():
    """E53: 40,000 products of 64 components; the deviation of their deviation is 8 / sqrt(80000) = 0.03, of their mean 0.04."""
    rng = np.random.default_rng(11)
    products = (rng.normal(size=(40_000, 64)) * rng.normal(size=(40_000, 64))).sum(axis=1)
    raw, scaled = att.score_std(64)
    assert (raw, scaled) == (8.0, 1.0)
    assert abs(products.std() - raw) < 0.15
    assert abs((products / 8).std() - scaled) < 0.15 / 8
    assert abs(products.mean()) < 0.2


# Masks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("N", [1, 2, 3, 8, 11])
def test_causal_mask(N):
    """Position i sees j <= i, itself included: N (N + 1) / 2 pairs, 66 for N = 11."""
    mask = att.causal_mask(N)
    assert mask.dtype == bool
    assert mask.tolist() == [[j <= i for j in range(N)] for i in range(N)]
    assert mask.sum() == N * (N + 1) // 2


def test_causal_weights_of_equal_scores():
    """Row i is 1 / (i + 1): for N = 8, i = 1 one half."""
    _, W = att.attention(np.zeros((8, 2)), np.zeros((8, 2)), np.zeros((8, 1)), att.causal_mask(8))
    near(W, np.tril(np.ones((8, 8))) / np.arange(1, 9)[:, None])


def test_the_future_changes_nothing_earlier(rng):
    """Under the causal mask a changed last word moves the last row only."""
    X = rng.normal(size=(4, 3))
    other = X.copy()
    other[-1] += 1
    Y, moved = (att.attention(each, each, each, att.causal_mask(4))[0] for each in (X, other))
    near(moved[:-1], Y[:-1])
    assert np.abs(moved[-1] - Y[-1]).max() > 0.1


def test_padding_mask():
    """(B, 1, N), True where a word is real; lengths may be a list, zero or full."""
    mask = att.padding_mask([2, 0, 3], 3)
    assert mask.dtype == bool
    assert mask.tolist() == [[[True, True, False]], [[False, False, False]], [[True, True, True]]]
    assert att.padding_mask(np.array([1]), 4).shape == (1, 1, 4)


# Heads -----------------------------------------------------------------------------------------------------------


def heads(rng, H, k, d):
    """Wq, Wk, Wv (H, k, d), Wy (d, H k)."""
    return [rng.normal(size=(H, k, d)) for _ in range(3)] + [rng.normal(size=(d, H * k))]


@pytest.mark.parametrize(("H", "k", "d"), [(1, 3, 3), (2, 2, 4), (3, 2, 4), (2, 3, 2)])
def test_multi_head_in_single_sums(H, k, d, rng):
    """Every sum written out: y_i = sum over heads r and units u of Wy[:, r k + u] sum_j w^r_ij (Wv[r] x_j)_u."""
    X, (Wq, Wk, Wv, Wy) = rng.normal(size=(4, d)), heads(rng, H, k, d)
    Y = np.zeros((4, d))
    for i in range(4):
        for r in range(H):
            a = [np.exp((Wq[r] @ X[i]) @ (Wk[r] @ X[j]) / np.sqrt(k)) for j in range(4)]
            mixed = sum(a[j] / sum(a) * (Wv[r] @ X[j]) for j in range(4))
            Y[i] += sum(Wy[:, r * k + u] * mixed[u] for u in range(k))
    near(att.multi_head(X, Wq, Wk, Wv, Wy), Y, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("masked", [False, True])
def test_multi_head_is_torchs_layer(masked, rng):
    """torch.nn.MultiheadAttention without biases, whose heads have size d / H."""
    H, k, d, N = 2, 3, 6, 5
    X, (Wq, Wk, Wv, Wy) = rng.normal(size=(N, d)), heads(rng, H, k, d)
    layer = torch.nn.MultiheadAttention(d, H, bias=False, dtype=torch.float64)
    stacked = np.concatenate([W.reshape(H * k, d) for W in (Wq, Wk, Wv)])
    layer.load_state_dict({"in_proj_weight": torch.from_numpy(stacked), "out_proj.weight": torch.from_numpy(Wy)})
    mask = att.causal_mask(N) if masked else None
    forbidden = None if mask is None else torch.from_numpy(~mask)
    x = torch.from_numpy(X)
    expected, _ = layer(x, x, x, attn_mask=forbidden)
    near(att.multi_head(X, Wq, Wk, Wv, Wy, mask), expected.detach().numpy(), rtol=1e-9, atol=1e-11)


def test_one_head_is_attention(rng):
    """H = 1 with Wy = 1: attention of the projected rows."""
    X, (Wq, Wk, Wv, _) = rng.normal(size=(4, 3)), heads(rng, 1, 3, 3)
    Y, _ = att.attention(X @ Wq[0].T, X @ Wk[0].T, X @ Wv[0].T)
    near(att.multi_head(X, Wq, Wk, Wv, np.eye(3)), Y)


def test_golden_parameter_counts():
    """A122 and Q13.5; a torch layer of that size counts the same."""
    assert att.mha_params(512, 8) == 1_050_624
    assert att.mha_params(512, 8, wide=True, bias=False) == 8_388_608
    assert att.mha_params(128, 8) == 66_048
    for bias in (True, False):
        layer = torch.nn.MultiheadAttention(12, 3, bias=bias)
        assert att.mha_params(12, 3, bias=bias) == sum(p.numel() for p in layer.parameters())
    # Wide heads by hand: three (8, 4) matrices with biases, then (4, 8) with its bias.
    assert att.mha_params(4, 2, wide=True) == 3 * (8 * 4 + 8) + 4 * 8 + 4
    # There is nothing to share: d need not be a multiple.
    assert att.mha_params(3, 2, wide=True, bias=False) == 4 * 6 * 3
    with pytest.raises(ValueError, match="multiple"):
        att.mha_params(10, 3)


# Scores for translation ------------------------------------------------------------------------------------------

HALF, EYE, V = np.array([0.5, 0.5]), np.eye(2), np.array([1.0, -1.0])
GOLDEN = {
    "additive": (HALF, {"W_1": EYE, "W_2": EYE, "v_a": V}, [0.48676883, 0.20068312, 0.31254805]),
    "multiplicative": (HALF, {"W_a": np.diag([1.0, 2])}, [0.18632372, 0.30719589, 0.50648039]),
    "self": (None, {"W_a": EYE, "v_a": V}, [0.59349394, 0.12939098, 0.27711507]),
}


@pytest.mark.parametrize("kind", GOLDEN)
def test_golden_scores(kind):
    """A118: h = (1,0), (0,1), (1,1), s = (.5,.5)."""
    s, params, alpha = GOLDEN[kind]
    e = att.scores(kind, THREE, s, params)
    if kind != "self":
        printed(e, {"additive": [0.4430311, -0.4430311, 0], "multiplicative": [0.5, 1, 1.5]}[kind], 7)
    c, found = att.context(e, THREE)
    printed(found, alpha, 8)
    near(c, found @ THREE)


def test_scores_state_by_state(rng):
    """One state after the other, with sizes that all differ."""
    H, s, a = rng.normal(size=(4, 3)), rng.normal(size=2), 5
    W_1, W_2, v_a, W_a, M = (rng.normal(size=shape) for shape in ((a, 3), (a, 2), a, (a, 3), (3, 2)))
    additive = [v_a @ np.tanh(W_1 @ h + W_2 @ s) for h in H]
    near(att.scores("additive", H, s, {"W_1": W_1, "W_2": W_2, "v_a": v_a}), additive)
    near(att.additive_scores(H, s, v_a, W_1, W_2), additive)
    near(att.scores("multiplicative", H, s, {"W_a": M}), [h @ M @ s for h in H])
    near(att.scores("self", H, None, {"W_a": W_a, "v_a": v_a}), [v_a @ np.tanh(W_a @ h) for h in H])


def test_golden_quiz_numbers():
    """Q13.1, Q13.7, Q13.8."""
    s, V = np.array([[2.0], [1], [0]]), np.array([[2.0], [5], [7]])
    Y, _ = att.attention(np.array([[1.0, 0, 0, 0]]), np.hstack([s, np.zeros((3, 3))]), V)
    printed(Y, [[3.85321]], 5)
    one = np.ones(1)
    printed(att.additive_scores(np.array([[1.0]]), -0.5 * one, 2 * one, np.eye(1), np.eye(1)), [0.924234], 6)
    printed(att.context(np.array([2.0, 1, 0]), np.array([[1.0], [5], [8]]))[0], [2.60913], 5)


def test_context_of_huge_scores():
    """No overflow: all weight on the largest."""
    c, alpha = att.context(np.array([1000.0, -1000.0]), np.array([[1.0, 2], [3, 4]]))
    near(alpha, [1, 0])
    near(c, [1, 2])


# Positions -------------------------------------------------------------------------------------------------------


def test_golden_positions():
    """A125 at d = 4, t = 1 and Q13.6."""
    printed(att.positional_encoding(2, 4, "all_sine")[1], [0.0998334, 0.0099998, 0.0010000, 0.0001000], 7)
    printed(att.positional_encoding(2, 4, "vaswani")[1], [0.8414710, 0.5403023, 0.0099998, 0.9999500], 7)
    printed(att.positional_encoding(4, 4, "all_sine")[3, 1], 0.0299955, 7)


@pytest.mark.parametrize("d", [1, 2, 3, 6, 7])
def test_positions_one_by_one(d):
    """Every entry by the formula in plain Python; t = 0 is zeros, or zeros and ones."""
    sines = [[math.sin(t / 10000 ** (k / d)) for k in range(1, d + 1)] for t in range(9)]
    near(att.positional_encoding(9, d, "all_sine"), sines)
    pairs = [[(math.cos if k % 2 else math.sin)(t / 10000 ** (2 * (k // 2) / d)) for k in range(d)] for t in range(9)]
    near(att.positional_encoding(9, d, "vaswani"), pairs)
    near(att.positional_encoding(1, d, "vaswani")[0], np.arange(d) % 2)


def test_a_shift_is_a_rotation():
    """Position t + 5 is position t with each pair turned by 5 / 10000^(2i/d): linear, the same for every t."""
    P = att.positional_encoding(20, 6, "vaswani")
    for i in range(3):
        w = 5 / 10000 ** (2 * i / 6)
        turn = np.array([[np.cos(w), np.sin(w)], [-np.sin(w), np.cos(w)]])
        near(P[:-5, 2 * i : 2 * i + 2] @ turn.T, P[5:, 2 * i : 2 * i + 2])


# Inputs ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("N", "M"), [(1, 2), (4, 5), (3, 3), (6, 2)])
def test_attention_masks(N, M):
    """Every query may look at something and not at everything; a square one is not symmetric."""
    for seed in range(50):
        mask = draw.attention_mask(np.random.default_rng(seed), N, M)
        assert mask.shape == (N, M)
        assert mask.dtype == bool
        assert mask.any(axis=1).all()
        assert not mask.all(axis=1).any()
        assert N != M or (mask != mask.T).any()
