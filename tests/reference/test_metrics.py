"""reference.metrics against scikit-learn and the lectures' numbers."""

import numpy as np
import pytest
import sklearn.metrics as sk

from reference import metrics as m

IRIS = np.array([[13, 0, 0], [0, 10, 6], [0, 0, 9]])  # Boyer's table: rows are predicted, columns are real (A15)


def near(got, expected, rtol=1e-12, atol=0):
    """Ratios of small integers: some units in the 16th digit."""
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=atol)


def test_relative_error_is_scikit_learns(rng):
    """A fraction, also of negative labels; .536842 is Q01.8's."""
    y, yhat = rng.normal(size=9), rng.normal(size=9)
    near(m.mape(y, yhat), sk.mean_absolute_percentage_error(y, yhat))
    near(m.mape(np.array([15, 38]), np.array([24, 20])), 0.536842, rtol=0, atol=5e-7)


def test_relative_error_of_zero_is_refused():
    """y = 0 has none (A14)."""
    with pytest.raises(ValueError):
        m.mape(np.array([1.0, 0.0]), np.array([1.0, 1.0]))


@pytest.mark.parametrize(("N", "K"), [(50, 2), (30, 4), (1, 3)])
def test_confusion_is_scikit_learns(N, K, rng):
    """Rows true as there; rows predicted is the transpose."""
    y, p = rng.integers(K, size=N), rng.integers(K, size=N)
    theirs = sk.confusion_matrix(y, p, labels=range(K))
    assert m.confusion(y, p, K).tolist() == theirs.tolist()
    assert m.confusion(y, p, K, rows="pred").tolist() == theirs.T.tolist()
    assert m.confusion(y, p, K).dtype.kind == "i"


@pytest.mark.parametrize("K", [2, 3, 5])
def test_scores_are_scikit_learns(K, rng):
    """Per class, from either orientation; the last class may be empty or never predicted."""
    y, p = rng.integers(K, size=40), rng.integers(K, size=40)
    for truth, guess in ((y, p), (np.minimum(y, K - 2), p), (y, np.minimum(p, K - 2)), (y * 0, p * 0)):
        recall, precision, f1 = (
            f(truth, guess, labels=range(K), average=None, zero_division=0)
            for f in (sk.recall_score, sk.precision_score, sk.f1_score)
        )
        for rows in ("true", "pred"):
            scores = m.metrics(m.confusion(truth, guess, K, rows), rows)
            near(scores["accuracy"], sk.accuracy_score(truth, guess))
            near(scores["recall"], recall)
            near(scores["precision"], precision)
            near(scores["f1"], f1)
            others = [sk.recall_score(truth != k, guess != k, zero_division=0) for k in range(K)]
            near(scores["specificity"], others)


def test_iris_table_of_the_lecture():
    """A15: 38 samples, rows predicted.  Read the other way (E56) recall and precision change places."""
    scores = m.metrics(IRIS, rows="pred")
    near(scores["accuracy"], 32 / 38)
    near(scores["accuracy"], 0.8421, rtol=0, atol=5e-5)
    near(scores["recall"], [1, 1, 0.6])
    near(scores["precision"], [1, 0.625, 1])
    near(scores["specificity"], [1, 0.7857, 1], rtol=0, atol=5e-5)
    near(scores["f1"], [1, 0.7692, 0.75], rtol=0, atol=5e-5)
    turned = m.metrics(IRIS, rows="true")
    near(turned["recall"], scores["precision"])
    near(turned["precision"], scores["recall"])
    near(turned["f1"], scores["f1"])


def test_samples_of_the_quiz():
    """Q01.5, Q01.6, Q01.7, with the six digits printed there."""
    near(m.sensitivity(tp=32, fn=12, fp=28, tn=87), 0.727273, rtol=0, atol=5e-7)
    near(m.specificity(tp=37, fn=8, fp=33, tn=81), 0.710526, rtol=0, atol=5e-7)
    near(m.recall([[9, 0, 1], [0, 9, 7], [0, 1, 19]], rows="pred")[2], 0.703704, rtol=0, atol=5e-7)


def test_an_empty_table_scores_zero():
    """No sample at all: zeros, no NaN."""
    scores = m.metrics(np.zeros((2, 2), dtype=int))
    assert scores["accuracy"] == 0
    assert not np.concatenate([scores[key] for key in ("recall", "precision", "specificity", "f1")]).any()


def test_unknown_orientation_is_refused():
    """rows is "true" or "pred"."""
    with pytest.raises(ValueError):
        m.confusion(np.array([0]), np.array([0]), 2, rows="predicted")
    with pytest.raises(ValueError):
        m.metrics(IRIS, rows="real")
