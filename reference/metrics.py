"""Measures of a trained predictor: relative error, confusion matrix and what is read off it.

[Belhafaoui, "1er cas: la régression", "2e cas: la classification"; Boyer, "use confusion matrices!"]
A confusion matrix cm (K, K) counts samples by true and predicted class.  rows says what its rows are: "true" (Belhafaoui,
scikit-learn) or "pred" (Boyer); the columns are the other one.  An empty class scores 0.  Mean squared and absolute errors
stand in reference.losses.
"""

from __future__ import annotations

import numpy as np

Array = np.ndarray


def mape(y: Array, yhat: Array) -> float:
    """Mean of |(y - yhat) / y|, a fraction.  y, yhat of one shape, no y = 0 (else ValueError).  [Belhafaoui, who sums]"""
    if np.any(np.asarray(y) == 0):
        raise ValueError("the relative error of y = 0 is undefined")
    return float(np.mean(np.abs((y - yhat) / y)))


def confusion(y: Array, p: Array, K: int, rows: str = "true") -> Array:
    """Counts of every pair of classes.  y (true), p (predicted) (N,) in 0..K-1 -> integers (K, K)."""
    if rows not in ("true", "pred"):
        raise ValueError(f"rows must be 'true' or 'pred', not {rows!r}")
    cm = np.zeros((K, K), dtype=int)
    for true, pred in zip(y, p):  # noqa: B905
        cm[true, pred] += 1
    return cm if rows == "true" else cm.T


def metrics(cm: Array, rows: str = "true") -> dict[str, float | Array]:
    """Scores, each class against the rest.  cm (K, K) -> accuracy (float), recall, precision, specificity, f1 (K,) each.

    With TP, FN, FP, TN of a class: recall TP / (TP + FN), precision TP / (TP + FP), specificity TN / (TN + FP),
    f1 2 TP / (2 TP + FP + FN), the harmonic mean of recall and precision; accuracy is the diagonal's share.  0 / 0 is 0.
    """
    if rows not in ("true", "pred"):
        raise ValueError(f"rows must be 'true' or 'pred', not {rows!r}")
    cm = np.asarray(cm)
    if rows == "pred":
        cm = cm.T
    N = cm.sum()
    tp = np.diag(cm)
    fn, fp = cm.sum(axis=1) - tp, cm.sum(axis=0) - tp
    tn = N - tp - fn - fp
    # A denominator of 0 comes with a numerator of 0; 0 / 1 is the 0 that the rule asks for.
    return {
        "accuracy": float(tp.sum() / max(N, 1)),
        "recall": tp / np.maximum(tp + fn, 1),
        "precision": tp / np.maximum(tp + fp, 1),
        "specificity": tn / np.maximum(tn + fp, 1),
        "f1": 2 * tp / np.maximum(2 * tp + fp + fn, 1),
    }


def recall(cm: Array, rows: str = "true") -> Array:
    """Of the samples of each class, the share that was found.  cm (K, K) -> (K,)."""
    return np.asarray(metrics(cm, rows)["recall"])


def sensitivity(tp: int, fn: int, fp: int, tn: int) -> float:
    """Recall of the positive class, TP / (TP + FN); fp and tn have no say.  [Belhafaoui: VP / (FN + VP)]"""
    return float(recall(np.array([[tn, fp], [fn, tp]]))[1])


def specificity(tp: int, fn: int, fp: int, tn: int) -> float:
    """Recall of the negative class, TN / (TN + FP); tp and fn have no say.  [Belhafaoui: VN / (VN + FP)]"""
    return float(recall(np.array([[tn, fp], [fn, tp]]))[0])
