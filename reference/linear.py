"""One unit: least squares, logistic regression, the perceptron.  [Belhafaoui, "La régression linéaire"; Boyer, "A unit"]

Samples are rows: X (N, d), y (N,).  labels: "01" for classes 0 and 1, "pm1" for -1 and 1 (Boyer).
"""

from __future__ import annotations

import numpy as np

Array = np.ndarray


# A line through points -------------------------------------------------------------------------------------------


def fit_line(x: Array, y: Array, w0: Array, lr: float, n: int) -> Array:
    """n steps of gradient descent on mean (a x + b - y)^2.  x, y (N,), w0 = (b, a) -> path (n+1, 2), intercept b first.

    w <- w - lr grad, the factor 2 of the square kept.  [Boyer, "Minimization by gradient descent"; Cauchy 1847]
    """
    path = [w0]
    for _ in range(n):
        b, a = path[-1]
        residuals = a * x + b - y
        gradient = np.array([2 * np.mean(residuals), 2 * np.mean(residuals * x)])
        path.append(path[-1] - lr * gradient)
    return np.array(path)


def gd_step(w: Array, x: Array, y: Array, lr: float, reduction: str = "mean") -> Array:
    """One step of fit_line from w = (intercept, slope) -> (2,).

    reduction: "mean" of the squares, or their "sum" (Belhafaoui's cost), which steps N times as far.
    """
    rate = lr if reduction == "mean" else lr * len(x)
    return fit_line(x, y, np.asarray(w, dtype=float), rate, 1)[1]


def least_squares(X: Array, y: Array) -> Array:
    """The minimiser of |X a + b - y|^2; the one of smallest norm, intercept included, if there are many.

    X (N, d) -> (b, a_1, ..., a_d), (d+1,), intercept first.  The pseudo-inverse serves also where X'X has no
    inverse: equal columns, more columns than rows.
    """
    A = np.column_stack([np.ones(len(X)), X])
    return np.linalg.pinv(A) @ y


# Logistic regression ---------------------------------------------------------------------------------------------


def logistic_predict(w: Array, b: float, x: Array) -> Array:
    """sigma(w . x + b), the probability of class 1.  x (d,) or (N, d) -> () or (N,).

    [Belhafaoui, "La régression linéaire devient régression logistique"; Boyer prints 1 / (1 - exp(-z)), twice]
    """
    # (1 + tanh(z / 2)) / 2 is 1 / (1 + e^-z) without overflow.
    return 0.5 * (1 + np.tanh(0.5 * (x @ w + b)))


def logistic_grad(w: Array, b: float, X: Array, y: Array, labels: str = "01") -> tuple[Array, float]:
    """Gradient of the mean binary cross-entropy of sigma(X w + b) -> dw (d,), db.

    The mean of (p - y) x and of p - y, with y in {0, 1}.  There is no closed form of the minimiser.  [Boyer]
    """
    if labels == "pm1":
        y = (y + 1) / 2
    p = 0.5 * (1 + np.tanh(0.5 * (X @ w + b)))
    return X.T @ (p - y) / len(X), float(np.mean(p - y))


# The perceptron --------------------------------------------------------------------------------------------------


def perceptron_predict(w: Array, b: float, x: Array, labels: str = "01") -> Array:
    """1 where w . x + b > 0, else 0 (or -1): exactly 0 is not enough.  x (d,) or (N, d) -> () or (N,) integers.

    [Boyer, "A unit": g = 1_{x > 0}; Rosenblatt 1957]
    """
    low = 0 if labels == "01" else -1
    return np.where(x @ w + b > 0, 1, low)


def perceptron_train(X: Array, y: Array, epochs: int, labels: str = "01") -> tuple[Array, float]:
    """The perceptron's rule from w = 0, b = 0, points in order, `epochs` times through all -> w (d,), b.

    w <- w + (y - yhat) x, b <- b + (y - yhat): nothing moves where the point is right already.  With "pm1" the difference
    is +-2.  Separable points are learnt in finitely many updates.  [Rosenblatt 1957; Novikoff 1962]
    """
    w, b = np.zeros(X.shape[1]), 0.0
    low = 0 if labels == "01" else -1
    for _ in range(epochs):
        for n in range(len(X)):
            yhat = 1 if X[n] @ w + b > 0 else low
            w = w + (y[n] - yhat) * X[n]
            b = b + (y[n] - yhat)
    return w, float(b)
