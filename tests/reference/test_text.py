"""Text, embeddings and language models against counts by hand, PyTorch and finite differences."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest
import torch

from reference import text
from reference.activations import softmax
from reference.mlp import numeric_grad

SWIMMER = "a swimmer likes swimming thus he swims".split()
CARROT = "the carrot is a root vegetable usually orange".split()


def language_model(rng, V, n):
    """Parameters of lm_step."""
    shapes = {"E": (V, n), "W_h": (n, n), "b_h": (n,), "W_o": (V, n), "b_o": (V,)}
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


# Tokens ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "options", "tokens"),
    [
        ("Le chat, ATTRAPE la souris!", {}, ["le", "chat", "attrape", "la", "souris"]),
        ("It's 3 o'clock??", {"punct": "token"}, ["it's", "3", "o'clock", "?", "?"]),
        ("It's", {"lower": False}, ["It's"]),
        ("l'été à 12h30", {}, ["l'été", "à", "12h30"]),
        ("l’été d'hier", {}, ["l’été", "d'hier"]),
        ("'tis the dogs' rock''n'roll", {}, ["'tis", "the", "dogs'", "rock''n'roll"]),
        ("a ' b", {}, ["a", "b"]),
        ("a ' b_c", {"punct": "token"}, ["a", "'", "b", "_", "c"]),
        ("", {}, []),
        (" ... ", {}, []),
        (" ... ", {"punct": "token"}, [".", ".", "."]),
    ],
)
def test_words_hold_letters_digits_and_apostrophes(said, options, tokens):
    """All three, in longest runs; everything else is dropped or stands alone."""
    assert text.tokenize(said, **options) == tokens


def test_no_visible_character_is_lost(rng):
    """Punctuation as tokens: random characters, put together again, are the text without its white space."""
    letters = list("aZé7'’_.,-()?! \n")
    for _ in range(200):
        said = "".join(rng.choice(letters, size=20))
        assert "".join(text.tokenize(said, lower=False, punct="token")) == "".join(said.split())
        words = [t for t in text.tokenize(said, lower=False, punct="token") if any(c.isalnum() for c in t)]
        assert text.tokenize(said, lower=False) == words


def test_tokenize_names_a_wrong_option():
    """What was given, and what may be."""
    with pytest.raises(ValueError, match="'keep'"):
        text.tokenize("a", punct="keep")


def test_the_lectures_counts_of_ngrams():
    """Seven tokens: 7 unigrams, 6 bigrams, 5 trigrams; more than there are tokens: none."""
    assert [len(text.ngrams(SWIMMER, n)) for n in (1, 2, 3, 7, 8)] == [7, 6, 5, 1, 0]
    assert text.ngrams(SWIMMER, 2)[0] == ("a", "swimmer")
    with pytest.raises(ValueError, match="at least 1, not 0"):
        text.ngrams(SWIMMER, 0)


@pytest.mark.parametrize(("N", "n"), [(12, 3), (5, 1), (4, 4), (3, 5), (0, 1)])
def test_ngrams_are_shifted_lists(N, n):
    """As zip pairs a list with itself, one and two places on; Q12.1: 12 tokens have 10 trigrams."""
    tokens = [f"w{i}" for i in range(N)]
    assert text.ngrams(tokens, n) == list(zip(*[tokens[k:] for k in range(n)], strict=False))
    assert len(text.ngrams(tokens, n)) == max(0, N - n + 1)


def test_a_bag_of_words_is_blind_to_order():
    """The cat and the mouse in either order are one bag, but not one bag of bigrams."""
    one, other = text.tokenize("Le chat attrape la souris"), text.tokenize("La souris attrape le chat")
    vocab = sorted(set(one))
    assert (text.bow(one, vocab) == text.bow(other, vocab)).all()
    assert set(text.ngrams(one, 2)) != set(text.ngrams(other, 2))
    bigrams = sorted(set(text.ngrams(one, 2)) | set(text.ngrams(other, 2)))
    assert (text.bow(text.ngrams(one, 2), bigrams) != text.bow(text.ngrams(other, 2), bigrams)).any()


def test_a_bag_of_words_counts(rng):
    """As Counter does, in the vocabulary's order; unknown tokens nowhere, a vocabulary with doubles refused."""
    tokens, vocab = list(rng.choice(list("abcdef"), size=30)), list("fdbx")
    counted = Counter(tokens)
    counts = text.bow(tokens, vocab)
    assert counts.tolist() == [counted[w] for w in vocab]
    assert counts.dtype.kind == "i"
    with pytest.raises(ValueError, match="lists 1 token"):
        text.bow(tokens, ["a", "b", "a"])


# Embeddings ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("w", "pairs"), [(2, 26), (1, 14), (20, 56)])
def test_the_lectures_counts_of_pairs(w, pairs):
    """Eight tokens; the windows end at the borders, and no word is its own context."""
    found = text.context_pairs(CARROT, w)
    assert len(found) == pairs
    assert all(centre != context for centre, context in found)
    assert sum(len(around) for around, _ in text.context_pairs(CARROT, w, "cbow")) == pairs


@pytest.mark.parametrize(("N", "w"), [(14, 1), (6, 2), (5, 3), (3, 9), (1, 1), (0, 2)])
def test_pairs_are_the_neighbours(N, w):
    """All (i, j) with 0 < |i - j| <= w; equal tokens are still different places; Q12.2: 14 tokens have 26 pairs."""
    expected = [(i, j) for i, j in product(range(N), repeat=2) if 0 < abs(i - j) <= w]
    assert text.context_pairs(range(N), w) == expected
    assert len(text.context_pairs(["same"] * N, w)) == len(expected) == sum(2 * max(0, N - k) for k in range(1, w + 1))


def test_pairs_come_in_order():
    """Centres from left to right, and for each its contexts from left to right."""
    assert text.context_pairs("abc", 1) == [("a", "b"), ("b", "a"), ("b", "c"), ("c", "b")]
    assert text.context_pairs("abc", 1, "cbow") == [(("b",), "a"), (("a", "c"), "b"), (("b",), "c")]
    assert text.context_pairs("a", 3, "cbow") == []
    with pytest.raises(ValueError, match="not 'glove'"):
        text.context_pairs("", 1, "glove")
    with pytest.raises(ValueError, match="at least 1, not 0"):
        text.context_pairs("ab", 0)


def test_negative_sampling_has_its_golden_values():
    """1.31967 for vectors, 0.868663 for the scores 3 and -2, 0."""
    out = text.sgns(np.array([1.0, 0]), np.array([1.0, 1]), np.array([[0.0, 1], [-1, 0]]))
    assert out["loss"] == pytest.approx(1.31967, abs=5e-6)
    assert text.sgns_loss(3, [-2.0, 0.0]) == pytest.approx(0.868663, abs=5e-7)
    assert text.sgns_loss(-1000, [1000]) == 2000
    assert text.sgns_loss(0, []) == pytest.approx(np.log(2))


def test_negative_sampling_against_autograd(rng):
    """Loss and all three gradients."""
    v, u, U = rng.normal(size=4), rng.normal(size=4), rng.normal(size=(3, 4))
    tv, tu, tU = (torch.tensor(a, requires_grad=True) for a in (v, u, U))
    loss = -torch.nn.functional.logsigmoid(tu @ tv) - torch.nn.functional.logsigmoid(-(tU @ tv)).sum()
    loss.backward()
    out = text.sgns(v, u, U)
    assert out["loss"] == pytest.approx(loss.item())
    for name, tensor in (("dv", tv), ("du_pos", tu), ("dU_neg", tU)):
        np.testing.assert_allclose(out[name], tensor.grad.numpy(), rtol=1e-10)


def test_character_ngrams_of_the_lecture():
    """Tennis and Tischtennis: shared bigrams 5 of 9, trigrams 4 of 9; with marks 7 of 11 and 5 of 12."""
    for n, marks, share in ((2, False, 5 / 9), (3, False, 4 / 9), (2, True, 7 / 11), (3, True, 5 / 12)):
        one, other = (text.char_ngrams(word, n, marks) for word in ("tennis", "tischtennis"))
        assert text.jaccard(one, other) == pytest.approx(share)
    assert text.char_ngrams("Tennis", 2) == ["<T", "Te", "en", "nn", "ni", "is", "s>"]
    # Q12.5: L + 2 characters with marks, so L + 3 - n of them.
    assert len(text.char_ngrams("abcdefg", 4)) == 6
    assert text.char_ngrams("a", 4) == []


def test_jaccard_does_not_care_for_order_or_doubles():
    """Equal sets 1, disjoint ones 0, also of two empty ones and of one."""
    assert text.jaccard("aab", "ba") == 1
    assert text.jaccard("ab", "cd") == text.jaccard("", "a") == 0
    assert text.jaccard([], []) == 1


def test_a_fasttext_vector_is_the_sum_of_its_ngrams(rng):
    """An unknown n-gram adds nothing, a repeated one counts once; a word without known ones is zero."""
    table = {gram: rng.normal(size=3) for gram in text.char_ngrams("banana", 3)}
    # <ba ban ana nan ana na>
    assert len(table) == 5
    np.testing.assert_allclose(text.fasttext_vector("banana", table), sum(table.values()))
    np.testing.assert_allclose(text.fasttext_vector("ban", table), table["<ba"] + table["ban"])
    assert (text.fasttext_vector("xyz", table) == 0).all()
    with pytest.raises(ValueError, match="no vectors"):
        text.fasttext_vector("a", {})


def test_parameters_are_torchs():
    """Q12.4's 1,278,000 in the table alone; with the dense layer V n + (n + 1) K (A111)."""
    table, dense = torch.nn.Embedding(4260, 300), torch.nn.Linear(300, 7)
    assert text.embedding_params(4260, 300) == table.weight.numel() == 1_278_000
    both = sum(p.numel() for net in (table, dense) for p in net.parameters())
    assert text.avg_classifier_params(4260, 300, 7) == both == 4260 * 300 + 301 * 7


def test_a_masked_mean_leaves_padding_out(rng):
    """Against the mean of the real part; whatever stands in the padding; without real tokens an error."""
    X, mask = rng.normal(size=(2, 5, 3)), np.array([[1, 1, 0, 0, 0], [1, 1, 1, 1, 0]])
    for padding in (1e9, np.nan, np.inf):
        X[mask == 0] = padding
        np.testing.assert_allclose(text.masked_mean(X, mask), [X[0, :2].mean(axis=0), X[1, :4].mean(axis=0)])
    np.testing.assert_allclose(text.masked_mean(X, mask.astype(bool)), text.masked_mean(X, mask))
    with pytest.raises(ValueError, match="no real token"):
        text.masked_mean(X, np.zeros((2, 5)))


def test_a_masked_mean_of_one_coordinate(rng):
    """Q12.7: 1 and 8 beside a padding give 4.5; a mask that does not fit is refused with both shapes."""
    real = np.array([True, True, False])
    assert text.masked_mean(np.array([1.0, 8.0, 99.0]), real) == 4.5
    np.testing.assert_allclose(text.masked_mean(np.array([[1.0], [8.0], [99.0]]), real), [4.5])
    X, mask = rng.normal(size=(4, 3, 5)), rng.random((4, 3)) < 0.5
    mask[:, 0] = True
    for k in range(5):
        np.testing.assert_allclose(text.masked_mean(X[..., k], mask), text.masked_mean(X, mask)[:, k])
    with pytest.raises(ValueError, match=r"shape \(4, 3\).*not \(3, 4\)"):
        text.masked_mean(X, mask.T)


def test_the_averaged_classifier_against_torch(rng):
    """EmbeddingBag's means, a dense layer and cross-entropy; a repeated word accumulates its gradient."""
    E, W, b = rng.normal(size=(6, 4)), rng.normal(size=(3, 4)), rng.normal(size=3)
    ids, mask = np.array([[2, 2, 5, 0], [1, 3, 0, 0]]), np.array([[1, 1, 1, 0], [1, 1, 0, 0]])
    labels = np.array([1, 2])
    tE, tW, tb = (torch.tensor(a, requires_grad=True) for a in (E, W, b))
    h = torch.nn.functional.embedding_bag(torch.tensor([2, 2, 5, 1, 3]), tE, torch.tensor([0, 3]), mode="mean")
    logits = h @ tW.T + tb
    torch.nn.functional.cross_entropy(logits, torch.tensor(labels)).backward()
    out = text.avg_classifier_forward(ids, mask, E, W, b)
    np.testing.assert_allclose(out["h"], h.detach().numpy())
    np.testing.assert_allclose(out["P"], torch.softmax(logits, 1).detach().numpy())
    grads = text.avg_classifier_grad(ids, mask, labels, E, W, b)
    for name, tensor in (("dE", tE), ("dW", tW), ("db", tb)):
        np.testing.assert_allclose(grads[name], tensor.grad.numpy(), atol=1e-12)
    assert (grads["dE"][0] == 0).all()


def test_the_averaged_classifier_against_finite_differences(rng):
    """The table's gradient, entry by entry; centred differences with h = 1e-5 are off by about 1e-9."""
    E, W, b = rng.normal(size=(5, 3)), rng.normal(size=(2, 3)), rng.normal(size=2)
    ids, mask, labels = np.array([[4, 1, 4], [2, 0, 0]]), np.array([[1, 1, 1], [1, 0, 0]]), np.array([0, 1])

    def loss(table):
        P = text.avg_classifier_forward(ids, mask, table, W, b)["P"]
        return float(-np.log(P[[0, 1], labels]).mean())

    grads = text.avg_classifier_grad(ids, mask, labels, E, W, b)
    np.testing.assert_allclose(grads["dE"], numeric_grad(loss, E), rtol=0, atol=1e-8)


def test_an_average_is_blind_to_order(rng):
    """Q12.11: words in another order give the same vector."""
    E, W, b = rng.normal(size=(6, 4)), rng.normal(size=(3, 4)), rng.normal(size=3)
    out = text.avg_classifier_forward(np.array([[0, 1, 2, 0, 3], [0, 3, 2, 0, 1]]), np.ones((2, 5)), E, W, b)
    np.testing.assert_allclose(out["P"][0], out["P"][1])


# Language models -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("u", "token"), [(0.0, 0), (0.0999, 0), (0.1, 1), (0.25, 1), (0.31, 2), (0.99, 3), (np.nextafter(1, 0), 3)]
)
def test_sampling_inverts_the_cumulated_probabilities(u, token):
    """The first token whose cumulated probability is above u."""
    p = np.array([0.1, 0.2, 0.3, 0.4])
    assert text.lm_sample(p, u) == token == np.searchsorted(np.cumsum(p), u, side="right")


def test_impossible_tokens_are_never_drawn():
    """Not where the cumulated probabilities stay below 1 by rounding, nor in front; u outside [0, 1) is refused."""
    p = np.array([0.0] + [0.1] * 10 + [0.0])
    largest = np.nextafter(1, 0)
    assert np.cumsum(p)[-1] <= largest
    assert text.lm_sample(p, largest) == 10
    assert text.lm_sample(p, 0.0) == 1
    for u in (1.0, -0.1):
        with pytest.raises(ValueError, match=f"not be {u}"):
            text.lm_sample(p, u)


def test_a_language_models_step_is_torchs(rng):
    """torch.nn.RNN whose inputs are the embeddings themselves, and a linear layer."""
    V, n, tokens = 6, 4, [0, 3, 5, 3]
    p = language_model(rng, V, n)
    net = torch.nn.RNN(n, n, dtype=torch.float64)
    weights = {"weight_ih_l0": np.eye(n), "weight_hh_l0": p["W_h"], "bias_ih_l0": p["b_h"], "bias_hh_l0": 0 * p["b_h"]}
    net.load_state_dict({key: torch.from_numpy(value) for key, value in weights.items()})
    H = net(torch.from_numpy(p["E"][tokens]))[0].detach().numpy()
    h = np.zeros(n)
    for t, token in enumerate(tokens):
        h, probabilities = text.lm_step(token, h, p)
        np.testing.assert_allclose(h, H[t])
        np.testing.assert_allclose(probabilities, softmax(p["W_o"] @ H[t] + p["b_o"]))
    given = text.lm_probabilities(p, tokens[1:])
    expected = softmax(H @ p["W_o"].T + p["b_o"])[np.arange(4), [3, 5, 3, 1]]
    np.testing.assert_allclose(given, expected)


def test_all_sentences_together_are_certain(rng):
    """Every sentence of at most 4 tokens, and all longer ones by their first 5, have probability 1 in all."""
    V = 4
    p = language_model(rng, V, 3)
    go_on = [0, 2, 3]
    short = [list(s) for T in range(5) for s in product(go_on, repeat=T)]
    ended = sum(np.exp(-text.sequence_nll(text.lm_probabilities(p, s))) for s in short)
    longer = sum(text.lm_probabilities(p, s)[:-1].prod() for s in product(go_on, repeat=5))
    assert ended + longer == pytest.approx(1, abs=1e-12)
    assert ended < 1


def test_sampling_has_the_right_frequencies(rng):
    """20,000 draws: each frequency within four standard errors."""
    p = np.array([0.5, 0.2, 0.3])
    drawn = np.bincount([text.lm_sample(p, u) for u in rng.random(20_000)], minlength=3) / 20_000
    assert (abs(drawn - p) < 4 * np.sqrt(p * (1 - p) / 20_000)).all()


def test_a_generated_text_is_drawn_step_by_step(rng):
    """The state is carried, START and STOP are left out, and it ends at STOP, at max_len, or with the draws."""
    n, V = 5, 7
    p, u = language_model(rng, V, n), rng.random(12)
    p["b_o"][0] = -np.inf
    h, token, expected = np.zeros(n), 0, []
    for draw in u:
        h = np.tanh(p["W_h"] @ h + p["E"][token] + p["b_h"])
        token = int((softmax(p["W_o"] @ h + p["b_o"]).cumsum() <= draw).sum())
        if token == 1:
            break
        expected.append(token)
    assert text.lm_generate(p, u, 100) == expected
    assert len(expected) > 2
    assert text.lm_generate(p, u, 2) == expected[:2]
    assert text.lm_generate(p, u, 0) == text.lm_generate(p, [], 9) == []
    never = {**p, "b_o": np.where(np.arange(V) == 1, -1e9, p["b_o"])}
    assert len(text.lm_generate(never, u, 100)) == 12
    at_once = {**p, "b_o": np.where(np.arange(V) == 1, 1e9, p["b_o"])}
    assert text.lm_generate(at_once, u, 100) == []


def test_generated_text_has_the_models_frequencies(rng):
    """4,000 texts: each short sentence as often as lm_probabilities says, within four standard errors."""
    p = language_model(rng, 4, 3)
    p["b_o"][0] = -np.inf
    drawn = Counter(tuple(text.lm_generate(p, rng.random(3), 3)) for _ in range(4000))
    for sentence in [(), (2,), (3,), (2, 3), (3, 3)]:
        q = text.lm_probabilities(p, sentence).prod()
        assert abs(drawn[sentence] / 4000 - q) < 4 * np.sqrt(q * (1 - q) / 4000)


def test_a_start_drawn_on_the_way_is_left_out():
    """Fed back, but no token of the text."""
    p = {
        "E": np.zeros((3, 1)),
        "W_h": np.zeros((1, 1)),
        "b_h": np.zeros(1),
        "W_o": np.zeros((3, 1)),
        "b_o": np.zeros(3),
    }
    assert text.lm_generate(p, [0.9, 0.1, 0.9, 0.5, 0.9], 9) == [2, 2]
    assert text.lm_generate(p, [0.9, 0.1, 0.9, 0.5, 0.9], 9, start=2, stop=0) == []


def test_the_nll_of_a_sentence_adds_up():
    """Q12.8: 2.52573 for .25, .4, .8; minus the log of the product; what is no probability is refused."""
    assert text.sequence_nll([0.25, 0.4, 0.8]) == pytest.approx(2.52573, abs=5e-6)
    p = np.random.default_rng(1).uniform(0.1, 1, size=9)
    assert text.sequence_nll(p) == pytest.approx(-np.log(p.prod()))
    assert text.sequence_nll([]) == 0
    assert text.sequence_nll([1.0]) == 0
    for wrong in (0.0, 1.5, np.nan):
        with pytest.raises(ValueError, match=r"in \(0, 1\]"):
            text.sequence_nll([0.5, wrong])


def test_sgns_against_finite_differences(rng):
    """The gradient of the centre's vector."""
    u, U, v = rng.normal(size=3), rng.normal(size=(2, 3)), rng.normal(size=3)
    np.testing.assert_allclose(
        text.sgns(v, u, U)["dv"], numeric_grad(lambda z: text.sgns(z, u, U)["loss"], v), rtol=1e-6
    )
