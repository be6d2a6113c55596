"""reference.transformer against PyTorch's layers, properties and the lectures' numbers."""

import numpy as np
import pytest
import torch

from reference import random as draw
from reference import transformer as tr
from reference.attention import causal_mask, padding_mask, positional_encoding


def near(got, expected, rtol=1e-9, atol=1e-11):
    """Some layers in float64: norms and projections round in the 13th digit."""
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=atol)


def heads(rng, d):
    """Projections of one attention."""
    p = {f"W_{k}": rng.normal(size=(d, d)) / np.sqrt(d) for k in "qkvy"}
    return p | {f"b_{k}": rng.normal(size=d) for k in "qkvy"}


def block(rng, d, f, decoder=False):
    """A block's parameters; gains around 1."""
    p = {"self": heads(rng, d), "cross": heads(rng, d)} if decoder else {"attention": heads(rng, d)}
    p |= {
        "W_1": rng.normal(size=(f, d)),
        "b_1": rng.normal(size=f),
        "W_2": rng.normal(size=(d, f)) / f,
        "b_2": rng.normal(size=d),
    }
    for n in range(1, 4 if decoder else 3):
        p |= {f"gamma_{n}": rng.uniform(0.5, 1.5, size=d), f"beta_{n}": rng.normal(size=d)}
    return p


def torch_block(p, H, norm):
    """The same block as a layer of torch."""
    f, d = p["W_1"].shape
    decoder = "cross" in p
    kind = torch.nn.TransformerDecoderLayer if decoder else torch.nn.TransformerEncoderLayer
    layer = kind(d, H, f, dropout=0.0, norm_first=norm == "pre", batch_first=True, dtype=torch.float64)
    state = {"linear1.weight": p["W_1"], "linear1.bias": p["b_1"], "linear2.weight": p["W_2"], "linear2.bias": p["b_2"]}
    attentions = {"self_attn": p["self"], "multihead_attn": p["cross"]} if decoder else {"self_attn": p["attention"]}
    for name, a in attentions.items():
        state[f"{name}.in_proj_weight"] = np.concatenate([a["W_q"], a["W_k"], a["W_v"]])
        state[f"{name}.in_proj_bias"] = np.concatenate([a["b_q"], a["b_k"], a["b_v"]])
        state |= {f"{name}.out_proj.weight": a["W_y"], f"{name}.out_proj.bias": a["b_y"]}
    for n in range(1, 4 if decoder else 3):
        state |= {f"norm{n}.weight": p[f"gamma_{n}"], f"norm{n}.bias": p[f"beta_{n}"]}
    layer.load_state_dict({key: torch.from_numpy(value) for key, value in state.items()})
    # In eval() an encoder layer takes a fused path that has float32 tolerances; dropout is 0, so training mode is the same.
    return layer


def forbidden(mask):
    """torch wants True where looking is not allowed."""
    return None if mask is None else torch.from_numpy(~mask)


# Blocks ----------------------------------------------------------------------------------------------------------


def test_golden_layer_norm():
    """A59, with the digits printed there; each row by itself."""
    one, zero = np.ones(3), np.zeros(3)
    Z = tr.layernorm(np.array([[0.0, 1, 2], [50, 50, 50]]), one, zero)
    np.testing.assert_allclose(Z, [[-1.224736, 0, 1.224736], [0, 0, 0]], rtol=0, atol=5e-7)


@pytest.mark.parametrize("eps", [1e-5, 0.1])
def test_layer_norm_is_torchs(eps, rng):
    """With gain and shift."""
    X, gamma, beta = rng.normal(size=(4, 3)), rng.normal(size=3), rng.normal(size=3)
    tensors = [torch.from_numpy(x) for x in (X, gamma, beta)]
    expected = torch.nn.functional.layer_norm(tensors[0], (3,), tensors[1], tensors[2], eps)
    near(tr.layernorm(X, gamma, beta, eps), expected.numpy())


@pytest.mark.parametrize("norm", ["post", "pre"])
@pytest.mark.parametrize("H", [1, 2, 3])
@pytest.mark.parametrize("masked", [False, True])
def test_encoder_block_is_torchs(norm, H, masked, rng):
    """torch.nn.TransformerEncoderLayer without dropout."""
    p, X = block(rng, 6, 5), rng.normal(size=(4, 6))
    mask = draw.attention_mask(rng, 4, 4) if masked else None
    expected = torch_block(p, H, norm)(torch.from_numpy(X)[None], src_mask=forbidden(mask))[0]
    near(tr.encoder_block(X, p, H, norm, mask), expected.detach().numpy())


@pytest.mark.parametrize("norm", ["post", "pre"])
@pytest.mark.parametrize("padded", [False, True])
def test_decoder_block_is_torchs(norm, padded, rng):
    """torch.nn.TransformerDecoderLayer with its causal mask, memory of another length, padding in memory."""
    p, Y, memory = block(rng, 6, 5, decoder=True), rng.normal(size=(4, 6)), rng.normal(size=(7, 6))
    mask = padding_mask([5], 7)[0] if padded else None
    expected = torch_block(p, 2, norm)(
        torch.from_numpy(Y)[None],
        torch.from_numpy(memory)[None],
        tgt_mask=forbidden(causal_mask(4)),
        memory_key_padding_mask=forbidden(mask),
    )[0]
    near(tr.decoder_block(Y, memory, p, 2, norm, mask), expected.detach().numpy())


@pytest.mark.parametrize("norm", ["post", "pre"])
def test_only_attention_mixes_rows(norm, rng):
    """Without attention's output each row goes its own way; with it, every row feels a changed one."""
    p, X = block(rng, 4, 3), rng.normal(size=(5, 4))
    other = X.copy()
    # Not the whole row: layer norm does not see a shift.
    other[2, 0] += 1.0
    moved = np.abs(tr.encoder_block(other, p, 2, norm) - tr.encoder_block(X, p, 2, norm)).max(axis=1)
    assert (moved > 1e-6).all()
    p["attention"] |= {"W_y": np.zeros((4, 4))}
    moved = np.abs(tr.encoder_block(other, p, 2, norm) - tr.encoder_block(X, p, 2, norm)).max(axis=1)
    assert (moved[[0, 1, 3, 4]] == 0).all()
    assert moved[2] > 1e-6


@pytest.mark.parametrize("norm", ["post", "pre"])
def test_the_decoder_does_not_see_the_future(norm, rng):
    """A changed last word leaves the earlier rows as they were; a changed last memory row leaves none."""
    blocks = [block(rng, 4, 3, decoder=True) for _ in range(2)]
    Y, memory = rng.normal(size=(4, 4)), rng.normal(size=(3, 4))
    before = tr.decode(Y, memory, blocks, 2, norm)
    later = tr.decode(np.vstack([Y[:-1], Y[-1:, ::-1]]), memory, blocks, 2, norm)
    near(later[:-1], before[:-1])
    assert np.abs(later[-1] - before[-1]).max() > 1e-6
    moved = np.abs(tr.decode(Y, np.vstack([memory[:-1], memory[-1:] + 1]), blocks, 2, norm) - before).max(axis=1)
    assert (moved > 1e-6).all()


def test_stacks_are_torchs(rng):
    """Two encoder blocks feed both of two decoder blocks with the last encoder output."""
    X, Y = rng.normal(size=(5, 4)), rng.normal(size=(3, 4))
    encoder, decoder = [block(rng, 4, 3) for _ in range(2)], [block(rng, 4, 3, decoder=True) for _ in range(2)]
    memory, out = torch.from_numpy(X)[None], torch.from_numpy(Y)[None]
    for p in encoder:
        memory = torch_block(p, 2, "post")(memory)
    for p in decoder:
        out = torch_block(p, 2, "post")(out, memory, tgt_mask=forbidden(causal_mask(3)))
    found = tr.encode(X, encoder, 2)
    near(found, memory[0].detach().numpy())
    near(tr.decode(Y, found, decoder, 2), out[0].detach().numpy())


def test_classify_and_the_order_of_words(rng):
    """Without a positional code the order plays no part, with one it does; by hand for no block at all."""
    p = {"blocks": [block(rng, 4, 3)], "W": rng.normal(size=(2, 4)), "b": rng.normal(size=2)}
    X, order, P = rng.normal(size=(5, 4)), np.array([4, 1, 2, 3, 0]), positional_encoding(5, 4, "vaswani")
    near(tr.classify(X[order], p, 2), tr.classify(X, p, 2))
    assert np.abs(tr.classify(X[order] + P, p, 2) - tr.classify(X + P, p, 2)).max() > 1e-4
    near(tr.classify(X, p | {"blocks": []}, 2), p["W"] @ X.sum(axis=0) / 5 + p["b"])


def test_golden_parameter_count(rng):
    """A126 and Q13.9; torch's layer and the dict above count the same."""
    assert tr.block_params(512, 2048) == 3_152_384
    layer = torch.nn.TransformerEncoderLayer(6, 2, 5)
    assert tr.block_params(6, 5) == sum(q.numel() for q in layer.parameters())
    p = block(rng, 6, 5)
    attention = p.pop("attention")
    assert tr.block_params(6, 5) == sum(value.size for value in (*p.values(), *attention.values()))


# Writing word after word -----------------------------------------------------------------------------------------


def test_teacher_forcing():
    """The true targets one place later; the last one is never an input; the targets stay as they were."""
    targets = np.array([[4, 5, 6], [7, 8, 9]])
    assert tr.teacher_forcing_inputs(targets, 1).tolist() == [[1, 4, 5], [1, 7, 8]]
    assert tr.teacher_forcing_inputs(np.array([4]), 0).tolist() == [0]
    assert targets.tolist() == [[4, 5, 6], [7, 8, 9]]


def test_greedy_decode():
    """0 -> 2 -> 1 -> 3 = stop; cut at max_len; stop at once; the first of equal scores; a loop ends at max_len."""
    table = np.array([[0.0, 1, 2, 0], [0, 0, 0, 9], [0, 5, 5, 0], [0, 0, 0, 0]])
    assert tr.greedy_decode(table, 0, 3, 10) == [2, 1]
    assert tr.greedy_decode(table, 0, 3, 1) == [2]
    assert tr.greedy_decode(table, 1, 3, 5) == []
    assert tr.greedy_decode(np.eye(2), 0, 1, 4) == [0, 0, 0, 0]


# BERT ------------------------------------------------------------------------------------------------------------


def test_bert_inputs():
    """The lecture's shape, padded."""
    found = tr.bert_inputs(["the", "man"], ["he", "bought", "milk"], 10)
    assert found["tokens"] == ["[CLS]", "the", "man", "[SEP]", "he", "bought", "milk", "[SEP]", "[PAD]", "[PAD]"]
    assert found["segment"] == [0, 0, 0, 0, 1, 1, 1, 1, 0, 0]
    assert found["position"] == list(range(10))
    assert found["mask"] == [True] * 8 + [False] * 2


@pytest.mark.parametrize(
    ("max_len", "a", "b"),
    [(8, "abcd", "x"), (7, "abc", "x"), (5, "a", "x"), (6, "ab", "x"), (4, "a", ""), (3, "", "")],
)
def test_bert_truncates_the_longer_one(max_len, a, b):
    """Four words and one; where both have one, the second goes first."""
    found = tr.bert_inputs(list("abcd"), list("x"), max_len)
    assert found["tokens"] == ["[CLS]", *a, "[SEP]", *b, "[SEP]"]
    assert {len(value) for value in found.values()} == {max_len}
    with pytest.raises(ValueError, match="at least 3"):
        tr.bert_inputs([], [], 2)


def test_bert_base_is_counted():
    """A64, E41: the encoder, with both pre-training heads, and a small one by torch's layers."""
    assert tr.bert_params() == 109_482_240
    assert tr.bert_params(heads=True) == 110_106_428
    nn, V, d = torch.nn, 50, 8
    tables = [nn.Embedding(V, d), nn.Embedding(16, d), nn.Embedding(2, d), nn.LayerNorm(d), nn.Linear(d, d)]
    blocks = [nn.TransformerEncoderLayer(d, 2, 4 * d) for _ in range(3)]
    heads = [nn.Linear(d, d), nn.LayerNorm(d), nn.Linear(d, 2)]
    size = [sum(p.numel() for part in parts for p in part.parameters()) for parts in (tables + blocks, heads)]
    assert tr.bert_params(V, d, 3, 16) == size[0]
    assert tr.bert_params(V, d, 3, 16, heads=True) == sum(size) + V


def test_bert_embed_is_three_torch_embeddings(rng):
    """Word, position and segment look-ups, added."""
    ids, segment = np.array([3, 0, 3, 1]), np.array([0, 0, 1, 1])
    E, P, S = rng.normal(size=(5, 2)), rng.normal(size=(8, 2)), rng.normal(size=(2, 2))
    one_hot = np.eye(5)[ids] @ E + np.eye(8)[:4] @ P + np.eye(2)[segment] @ S
    near(tr.bert_embed(ids, segment, E, P, S), one_hot)


def test_golden_mlm_counts():
    """A128's 14 words -> 2, Q13.11's 47 -> 7, at least one."""
    assert [tr.mlm_count(n) for n in (14, 47, 1, 3, 20)] == [2, 7, 1, 1, 3]
    assert tr.mlm_count(10, rate=0.5) == 5


def test_mlm_mask_by_hand():
    """Three selected: one masked, one replaced, one kept; [CLS] and [SEP] never, however small their draws."""
    ids = np.array([101, 7, 8, 9, 10, 11, 12, 102])
    u_select = np.array([0.0, 0.3, 0.9, 0.1, 0.8, 0.2, 0.7, 0.0])
    u_kind = np.array([0.5, 0.85, 0.5, 0.79, 0.5, 0.95, 0.5, 0.5])
    rand_ids = np.arange(50, 58)
    inputs, labels = tr.mlm_mask(ids, u_select, u_kind, rand_ids, [101, 102], 103, rate=0.5)
    assert inputs.tolist() == [101, 51, 8, 103, 10, 11, 12, 102]
    assert labels.tolist() == [-100, 7, -100, 9, -100, 11, -100, -100]
    assert ids.tolist() == [101, 7, 8, 9, 10, 11, 12, 102]
    # At the borders themselves: .8 is no longer masked, .9 no longer replaced.
    at_borders, _ = tr.mlm_mask(ids, u_select, np.where(u_kind < 0.9, 0.8, 0.9), rand_ids, [101, 102], 103, rate=0.5)
    assert at_borders.tolist() == [101, 51, 8, 53, 10, 11, 12, 102]
    with pytest.raises(ValueError, match="nothing to mask"):
        tr.mlm_mask(np.array([101]), u_select[:1], u_kind[:1], rand_ids[:1], [101], 103)


def test_mlm_mask_in_shares():
    """Of 40,000 tokens 6,000 are selected; shares .8, .1, .1 of them within four deviations, sqrt(p (1 - p) / 6000)."""
    rng = np.random.default_rng(5)
    ids = rng.integers(10, 1000, size=40_000)
    inputs, labels = tr.mlm_mask(
        ids, rng.random(40_000), rng.random(40_000), rng.integers(2000, 3000, size=40_000), [0, 1], 5
    )
    selected = labels != -100
    assert selected.sum() == 6000
    assert (inputs[~selected] == ids[~selected]).all()
    assert (labels[selected] == ids[selected]).all()
    kinds = [inputs == 5, selected & (inputs >= 2000), selected & (inputs == ids)]
    for kind, share in zip(kinds, (0.8, 0.1, 0.1), strict=True):
        assert abs(kind.sum() / 6000 - share) < 4 * np.sqrt(share * (1 - share) / 6000)


def test_mlm_loss_is_torchs(rng):
    """torch's cross_entropy ignores -100 by default; huge logits stay finite."""
    logits, labels = rng.normal(size=(6, 4)) * 3000, np.array([-100, 2, -100, 0, 3, -100])
    expected = torch.nn.functional.cross_entropy(torch.from_numpy(logits), torch.from_numpy(labels)).item()
    near(tr.mlm_loss(logits, labels), expected)
    with pytest.raises(ValueError, match="no position"):
        tr.mlm_loss(logits, np.full(6, -100))


def test_nsp_pairs():
    """True successors first, then strangers from other documents; a partner from the same document is left out."""
    docs = [["a", "b", "c"], ["x", "y"], ["alone"]]
    follows = [("a", "b", True), ("b", "c", True), ("x", "y", True)]
    assert tr.nsp_pairs(docs, [2, 0, 1]) == [*follows, ("a", "y", False), ("x", "c", False)]
    assert tr.nsp_pairs(docs, [0, 1, 2]) == follows
