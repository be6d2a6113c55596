"""Text, embeddings and language models against counts by hand, PyTorch and finite differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reference import text
from reference.activations import softmax
from reference.mlp import numeric_grad

SWIMMER = "a swimmer likes swimming thus he swims".split()
CARROT = "the carrot is a root vegetable usually orange".split()


@pytest.mark.parametrize(
    ("said", "options", "tokens"),
    [
        ("Le chat, ATTRAPE la souris!", {}, ["le", "chat", "attrape", "la", "souris"]),
        ("It's 3 o'clock??", {"punct": "token"}, ["it's", "3", "o'clock", "?", "?"]),
        ("It's", {"lower": False}, ["It's"]),
        ("l'été à 12h30", {}, ["l'été", "à", "12h30"]),
        (" ... ", {}, []),
        (" ... ", {"punct": "token"}, [".", ".", "."]),
    ],
)
def test_words_hold_letters_digits_and_apostrophes(said, options, tokens):
    """Punctuation is dropped or stands alone."""
    assert text.tokenize(said, **options) == tokens


def test_tokenize_names_a_wrong_option():
    with pytest.raises(ValueError, match="'keep'"):
        text.tokenize("a", punct="keep")


def test_the_lectures_counts_of_ngrams():
    """Seven tokens: 7 unigrams, 6 bigrams, 5 trigrams; more than there are tokens: none."""
    assert [len(text.ngrams(SWIMMER, n)) for n in (1, 2, 3, 7, 8)] == [7, 6, 5, 1, 0]
    assert text.ngrams(SWIMMER, 2)[0] == ("a", "swimmer")
    with pytest.raises(ValueError, match="0"):
        text.ngrams(SWIMMER, 0)


def test_a_bag_of_words_is_blind_to_order():
    """The cat and the mouse in either order are one bag, but not one bag of bigrams."""
    one, other = text.tokenize("Le chat attrape la souris"), text.tokenize("La souris attrape le chat")
    vocab = sorted(set(one))
    assert (text.bow(one, vocab) == text.bow(other, vocab)).all()
    assert set(text.ngrams(one, 2)) != set(text.ngrams(other, 2))
    assert text.bow(["le", "le", "chien"], vocab).tolist() == [int(w == "le") * 2 for w in vocab]


@pytest.mark.parametrize(("w", "pairs"), [(2, 26), (1, 14), (20, 56)])
def test_the_lectures_counts_of_pairs(w, pairs):
    """Eight tokens; the windows end at the borders, and no word is its own context."""
    found = text.context_pairs(CARROT, w)
    assert len(found) == pairs
    assert all(centre != context for centre, context in found)
    assert sum(len(around) for around, _ in text.context_pairs(CARROT, w, "cbow")) == pairs


def test_pairs_come_in_order():
    """Centres from left to right, and for each its contexts from left to right."""
    assert text.context_pairs("abc", 1) == [("a", "b"), ("b", "a"), ("b", "c"), ("c", "b")]
    assert text.context_pairs("abc", 1, "cbow") == [(("b",), "a"), (("a", "c"), "b"), (("b",), "c")]
    assert text.context_pairs("a", 3, "cbow") == []
    with pytest.raises(ValueError, match="glove"):
        text.context_pairs("ab", 1, "glove")


def test_negative_sampling_has_its_golden_values():
    """1.31967 for vectors, 0.868663 for the scores 3 and -2, 0."""
    out = text.sgns(np.array([1.0, 0]), np.array([1.0, 1]), np.array([[0.0, 1], [-1, 0]]))
    assert out["loss"] == pytest.approx(1.31967, abs=5e-6)
    assert text.sgns_loss(3, [-2.0, 0.0]) == pytest.approx(0.868663, abs=5e-7)
    assert np.isfinite(text.sgns_loss(-1000, [1000]))


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
    assert len(text.char_ngrams("abcdefg", 4)) == 6
    assert text.jaccard([], []) == 1


def test_a_fasttext_vector_is_the_sum_of_its_ngrams(rng):
    """An unknown n-gram adds nothing, a repeated one counts once; a word without known ones is zero."""
    table = {gram: rng.normal(size=3) for gram in text.char_ngrams("banana", 3)}
    assert len(table) == 5 + 0 < len(text.char_ngrams("banana", 3)) + 1
    np.testing.assert_allclose(text.fasttext_vector("banana", table), sum(table.values()))
    np.testing.assert_allclose(text.fasttext_vector("ban", table), table["<ba"] + table["ban"])
    assert (text.fasttext_vector("xyz", table) == 0).all()
    with pytest.raises(ValueError, match="no vectors"):
        text.fasttext_vector("a", {})


def test_an_embedding_table_is_counted():
    assert text.embedding_params(4260, 300) == 1_278_000 == torch.nn.Embedding(4260, 300).weight.numel()


def test_a_masked_mean_leaves_padding_out(rng):
    """Against the mean of the real part; whatever stands in the padding; without real tokens an error."""
    X, mask = rng.normal(size=(2, 5, 3)), np.array([[1, 1, 0, 0, 0], [1, 1, 1, 1, 0]])
    X[mask == 0] = 1e9
    np.testing.assert_allclose(text.masked_mean(X, mask), [X[0, :2].mean(axis=0), X[1, :4].mean(axis=0)])
    assert text.masked_mean(np.array([[1.0], [8.0], [99.0]]), np.array([True, True, False])) == 4.5
    with pytest.raises(ValueError, match="no real token"):
        text.masked_mean(X, np.zeros((2, 5)))


def test_the_averaged_classifier_against_torch(rng):
    """EmbeddingBag in mean mode, a dense layer and cross-entropy; a repeated word accumulates its gradient."""
    E, W, b = rng.normal(size=(6, 4)), rng.normal(size=(3, 4)), rng.normal(size=3)
    ids, mask = np.array([[2, 2, 5, 0], [1, 3, 0, 0]]), np.array([[1, 1, 1, 0], [1, 1, 0, 0]])
    labels = np.array([1, 2])
    tE, tW, tb = (torch.tensor(a, requires_grad=True) for a in (E, W, b))
    h = torch.stack([tE[[2, 2, 5]].mean(0), tE[[1, 3]].mean(0)])
    logits = h @ tW.T + tb
    torch.nn.functional.cross_entropy(logits, torch.tensor(labels)).backward()
    out = text.avg_classifier_forward(ids, mask, E, W, b)
    np.testing.assert_allclose(out["P"], torch.softmax(logits, 1).detach().numpy())
    grads = text.avg_classifier_grad(ids, mask, labels, E, W, b)
    for name, tensor in (("dE", tE), ("dW", tW), ("db", tb)):
        np.testing.assert_allclose(grads[name], tensor.grad.numpy(), atol=1e-12)
    assert (grads["dE"][0] == 0).all()


@pytest.mark.parametrize(
    ("u", "token"), [(0.0, 0), (0.0999, 0), (0.1, 1), (0.25, 1), (0.31, 2), (0.99, 3), (np.nextafter(1, 0), 3)]
)
def test_sampling_inverts_the_cumulated_probabilities(u, token):
    """The first token whose cumulated probability is above u."""
    assert text.lm_sample(np.array([0.1, 0.2, 0.3, 0.4]), u) == token


def test_sampling_has_the_right_frequencies(rng):
    """20,000 draws: each frequency within four standard errors."""
    p = np.array([0.5, 0.2, 0.3])
    drawn = np.bincount([text.lm_sample(p, u) for u in rng.random(20_000)], minlength=3) / 20_000
    assert (abs(drawn - p) < 4 * np.sqrt(p * (1 - p) / 20_000)).all()


def test_a_generated_text_is_drawn_step_by_step(rng):
    """The state is carried, START and STOP are left out, and it ends at STOP, at max_len, or with the draws."""
    n, V = 5, 7
    p = {"E": rng.normal(size=(V, n)), "W_h": rng.normal(size=(n, n)), "b_h": rng.normal(size=n)}
    p |= {"W_o": rng.normal(size=(V, n)), "b_o": rng.normal(size=V)}
    u = rng.random(12)
    h, token, expected = np.zeros(n), 0, []
    for draw in u:
        h = np.tanh(p["W_h"] @ h + p["E"][token] + p["b_h"])
        token = int((softmax(p["W_o"] @ h + p["b_o"]).cumsum() <= draw).sum())
        if token == 1:
            break
        expected.append(token)
    assert text.lm_generate(p, u, 100) == expected
    assert text.lm_generate(p, u, 2) == expected[:2]
    never = {**p, "b_o": np.where(np.arange(V) == 1, -1e9, p["b_o"])}
    assert len(text.lm_generate(never, u, 100)) == 12
    at_once = {**p, "b_o": np.where(np.arange(V) == 1, 1e9, p["b_o"])}
    assert text.lm_generate(at_once, u, 100) == []


def test_the_nll_of_a_sentence_adds_up():
    """2.52573 for .25, .4, .8; the log of the product."""
    assert text.sequence_nll([0.25, 0.4, 0.8]) == pytest.approx(2.52573, abs=5e-6)
    assert text.sequence_nll([0.5]) == pytest.approx(np.log(2))


def test_sgns_against_finite_differences(rng):
    """The gradient of the centre's vector."""
    u, U, v = rng.normal(size=3), rng.normal(size=(2, 3)), rng.normal(size=3)
    np.testing.assert_allclose(
        text.sgns(v, u, U)["dv"], numeric_grad(lambda z: text.sgns(z, u, U)["loss"], v), rtol=1e-6
    )
