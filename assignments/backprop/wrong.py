"""Known wrong solutions of backprop. Each loses points in its exercise under every seed; its diagnosis is shown to a
student who gives the same answer."""

from itertools import pairwise

import numpy as np

from autograder.checks import wrong
from reference.activations import softmax
from reference.losses import cross_entropy
from reference.mlp import linear_backward, mlp_grads, relu_backward, softmax_ce_grad, train

# 1. softmax ------------------------------------------------------------------------------------------------------


@wrong("softmax", "exp overflows for large scores. Subtract the largest score of each row before exp: it cancels.")
def without_the_maximum(z):
    e = np.exp(z)
    return e / e.sum(axis=-1, keepdims=True)


@wrong("softmax", "You normalise each column. A row is a sample: sum along the last axis, axis=-1.")
def along_the_first_axis(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=0, keepdims=True)


@wrong("softmax", "You normalise over the whole array. Each row by itself: axis=-1, keepdims=True.")
def over_the_whole_array(z):
    e = np.exp(z - z.max())
    return e / e.sum()


@wrong(
    "softmax", "You shift all rows by one maximum, so rows of much smaller scores vanish. Take each row's own maximum."
)
def one_maximum_for_all_rows(z):
    e = np.exp(z - z.max())
    return e / e.sum(axis=-1, keepdims=True)


@wrong("softmax", "This works for one row only. For a batch, each row needs its own sum: axis=-1, keepdims=True.")
def first_row_only(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / (e if e.ndim == 1 else e[0]).sum()


@wrong(
    "softmax", "Sums of shape (N,) are divided along the wrong axis, silently when N = K. Keep the axis: keepdims=True."
)
def without_keepdims(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1)


@wrong("softmax", "The numerator is missing: each entry is e^z_k over the sum, not 1 over the sum.")
def one_over_the_sum(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return np.ones(z.shape) / e.sum(axis=-1, keepdims=True)


@wrong("softmax", "The scores are divided by their sum without exp. Take exp of the shifted scores first.")
def without_exp(z):
    return z / z.sum(axis=-1, keepdims=True)


@wrong("softmax", "You clip large scores, so different scores become equal. Subtract the row's maximum instead.")
def clipped_scores(z):
    e = np.exp(np.clip(z, -500, 500))
    return e / e.sum(axis=-1, keepdims=True)


@wrong("softmax", "These are the logarithms of the probabilities. Take exp at the end.")
def logarithm_of_softmax(z):
    return np.log(softmax(z) + 1e-300)


@wrong("softmax", "`z -= ...` writes into the caller's array. Make a new one: z = z - ...")
def shifts_in_place(z):
    z -= z.max(axis=-1, keepdims=True)
    e = np.exp(z)
    return e / e.sum(axis=-1, keepdims=True)


# 2. cross_entropy ------------------------------------------------------------------------------------------------


def _logs(S, P):
    return np.log(np.where(P > 0, S, 1.0))


@wrong("cross_entropy", "The minus sign is missing: logarithms of probabilities are negative, a loss is not.")
def without_the_minus(S, P):
    return float((P * _logs(S, P)).sum() / len(P))


@wrong("cross_entropy", "You return the sum over the samples. Divide by N for the mean.")
def sum_over_the_batch(S, P):
    return float(-(P * _logs(S, P)).sum())


@wrong("cross_entropy", "You take the mean over all N times K entries. Sum over the classes, mean over the rows.")
def mean_of_all_entries(S, P):
    return float(-(P * _logs(S, P)).mean())


@wrong("cross_entropy", "0 * log(0) is nan in numpy. Skip the entries where P is 0, or clip S at 1e-12.")
def zero_times_log_zero(S, P):
    with np.errstate(all="ignore"):
        return float(-(P * np.log(S)).sum() / len(P))


@wrong("cross_entropy", "This is the logarithm to base 2. Use the natural logarithm, np.log.")
def logarithm_to_base_two(S, P):
    return float(-(P * _logs(S, P)).sum() / len(P) / np.log(2))


@wrong("cross_entropy", "You keep only the largest entry of each row of P. Soft labels count with all their entries.")
def labels_by_argmax(S, P):
    return float(-np.log(S[np.arange(len(P)), P.argmax(axis=1)]).mean())


@wrong("cross_entropy", "S and P have changed places: the logarithm belongs to the prediction S.")
def arguments_swapped(S, P):
    return float(-(S * np.log(np.where(P > 0, P, 1e-12))).sum() / len(S))


@wrong("cross_entropy", "This is one loss per row. Return their mean, a single number.")
def one_loss_per_row(S, P):
    return -(P * _logs(S, P)).sum(axis=1)


@wrong(
    "cross_entropy", "A small number added to every probability changes the loss. Clip at 1e-12, or skip where P is 0."
)
def large_epsilon(S, P):
    return float(-(P * np.log(S + 1e-3)).sum() / len(P))


@wrong("cross_entropy", "The binary terms (1 - P) ln(1 - S) do not belong here: sum P ln S over the classes only.")
def binary_terms_added(S, P):
    other = np.log(np.where(P < 1, 1.0 - S, 1.0) + 1e-12)
    return float(-(P * _logs(S, P) + (1 - P) * other).sum() / len(P))


@wrong("cross_entropy", "You write into the caller's S. Use np.where or np.clip to make a new array.")
def replaces_zeros_in_place(S, P):
    S[S == 0] = 1e-12
    return float(-(P * np.log(S)).sum() / len(P))


# 3. softmax_ce_grad ----------------------------------------------------------------------------------------------


@wrong("softmax_ce_grad", "The sign is turned round: it is S minus P. With P - S the loss would grow.")
def target_minus_prediction(Y, P):
    return (P - softmax(Y) * P.sum(axis=1, keepdims=True)) / len(P)


@wrong("softmax_ce_grad", "The loss is a mean over the rows, so its gradient is divided by N.")
def not_divided_by_the_batch(Y, P):
    return softmax(Y) * P.sum(axis=1, keepdims=True) - P


@wrong("softmax_ce_grad", "You divide by N times K. The mean is over the N rows only.")
def divided_by_all_entries(Y, P):
    return (softmax(Y) * P.sum(axis=1, keepdims=True) - P) / P.size


@wrong(
    "softmax_ce_grad", "You make one-hot labels of P by argmax. Soft labels count with all their entries: use P itself."
)
def hard_labels(Y, P):
    return (softmax(Y) - np.eye(P.shape[1])[P.argmax(axis=1)]) / len(P)


@wrong(
    "softmax_ce_grad", "(S - P)/N holds only where rows of P sum to one. In general it is (S * sum of the row - P)/N."
)
def assumes_rows_sum_to_one(Y, P):
    return (softmax(Y) - P) / len(P)


@wrong("softmax_ce_grad", "The row sums of P multiply the columns. Keep the axis: P.sum(axis=1, keepdims=True).")
def row_sums_without_keepdims(Y, P):
    return (softmax(Y) * P.sum(axis=1) - P) / len(P)


@wrong("softmax_ce_grad", "This is the derivative with respect to S. The Jacobian of softmax leads on to the logits.")
def stops_at_the_probabilities(Y, P):
    return -P / softmax(Y) / len(P)


@wrong("softmax_ce_grad", "Y are the logits: softmax must be applied to them first.")
def forgets_softmax(Y, P):
    return (Y * P.sum(axis=1, keepdims=True) - P) / len(P)


@wrong("softmax_ce_grad", "Softmax is applied twice. Y are the logits, one softmax makes them probabilities.")
def softmax_twice(Y, P):
    return (softmax(softmax(Y)) * P.sum(axis=1, keepdims=True) - P) / len(P)


@wrong(
    "softmax_ce_grad", "Only the diagonal of the Jacobian is used. A logit moves all probabilities: sum over every k."
)
def diagonal_of_the_jacobian(Y, P):
    S = softmax(Y)
    return -P * (1 - S) / len(P)


@wrong("softmax_ce_grad", "You divide P by its row sums. Multiply S by them instead: (S * sum of the row - P)/N.")
def divides_by_row_sums(Y, P):
    return (softmax(Y) - P / P.sum(axis=1, keepdims=True)) / len(P)


@wrong("softmax_ce_grad", "You write into the caller's array. Make a new one: S - P instead of S -= P on an input.")
def writes_the_gradient_into_the_logits(Y, P):
    Y[...] = softmax(Y) * P.sum(axis=1, keepdims=True) - P
    Y /= len(P)
    return Y


# 4. relu_backward ------------------------------------------------------------------------------------------------


@wrong(
    "relu_backward", "You gate on the sign of dY (or apply ReLU to it). The gate looks at Yt; dY may have either sign."
)
def gate_on_the_derivative(dY, Yt, at_zero=1.0):
    return dY * np.heaviside(dY, at_zero)


@wrong("relu_backward", "You gate on relu(Yt) >= 0, which always holds. Gate on Yt, before ReLU was applied.")
def gate_on_the_output(dY, Yt, at_zero=1.0):
    return dY * (np.maximum(Yt, 0) >= 0)


@wrong("relu_backward", "You ignore at_zero: at exactly 0 you always pass. Treat Yt == 0 by itself.")
def always_open_at_zero(dY, Yt, at_zero=1.0):
    return dY * (Yt >= 0)


@wrong("relu_backward", "You ignore at_zero: at exactly 0 you always stop. Treat Yt == 0 by itself.")
def always_shut_at_zero(dY, Yt, at_zero=1.0):
    return dY * (Yt > 0)


@wrong(
    "relu_backward", "dY is missing: this is only the slope of ReLU. Multiply by the derivative that comes from above."
)
def slope_only(dY, Yt, at_zero=1.0):
    return np.heaviside(Yt, at_zero)


@wrong("relu_backward", "You multiply by Yt itself where it is positive. The slope there is 1.")
def multiplies_by_the_value(dY, Yt, at_zero=1.0):
    return dY * np.where(Yt == 0, at_zero, np.maximum(Yt, 0))


@wrong("relu_backward", "The gate is turned round: it lets through where Yt is negative.")
def inverted_gate(dY, Yt, at_zero=1.0):
    return dY * np.heaviside(-Yt, at_zero)


@wrong("relu_backward", "At 0 you return at_zero itself. It is a factor: at_zero times dY.")
def at_zero_without_the_derivative(dY, Yt, at_zero=1.0):
    return np.where(Yt == 0, at_zero, dY * (Yt > 0))


@wrong(
    "relu_backward", "You store the result in an array of integers, which cuts off decimals. Use np.zeros(dY.shape)."
)
def array_of_integers(dY, Yt, at_zero=1.0):
    dYt = np.zeros(dY.shape, dtype=int)
    dYt[...] = dY * np.heaviside(Yt, at_zero)
    return dYt


@wrong("relu_backward", "You write into the caller's dY. Work on a copy: dY.copy(), or np.where.")
def shuts_the_gate_in_place(dY, Yt, at_zero=1.0):
    dY[Yt < 0] = 0
    dY[Yt == 0] *= at_zero
    return dY


# 5. linear_backward ----------------------------------------------------------------------------------------------


@wrong("linear_backward", "dW is transposed. It has the shape of W, (o, i): dYt.T @ Y.")
def dW_transposed(dYt, W, Y):
    return {"dY": dYt @ W, "dW": Y.T @ dYt, "db": dYt.sum(axis=0)}


@wrong("linear_backward", "db has one row per sample. The bias serves all samples: sum over the batch, axis=0.")
def db_not_summed(dYt, W, Y):
    return {"dY": dYt @ W, "dW": dYt.T @ Y, "db": dYt}


@wrong("linear_backward", "db is summed over the outputs. Sum over the samples, axis=0.")
def db_summed_over_outputs(dYt, W, Y):
    return {"dY": dYt @ W, "dW": dYt.T @ Y, "db": dYt.sum(axis=1)}


@wrong("linear_backward", "db has shape (1, o). It has the shape of b, (o,): leave keepdims out.")
def db_as_a_row(dYt, W, Y):
    return {"dY": dYt @ W, "dW": dYt.T @ Y, "db": dYt.sum(axis=0, keepdims=True)}


@wrong(
    "linear_backward", "Going back through W you use W transposed once too often. With samples as rows it is dYt @ W."
)
def W_transposed(dYt, W, Y):
    return {"dY": dYt @ W.T, "dW": dYt.T @ Y, "db": dYt.sum(axis=0)}


@wrong("linear_backward", "db is averaged over the batch. Sum it: the mean is already in dYt.")
def db_averaged(dYt, W, Y):
    return {"dY": dYt @ W, "dW": dYt.T @ Y, "db": dYt.mean(axis=0)}


@wrong("linear_backward", "You divide by N again. The mean is already in dYt; here everything is a sum.")
def mean_taken_twice(dYt, W, Y):
    return {"dY": dYt @ W, "dW": dYt.T @ Y / len(Y), "db": dYt.sum(axis=0) / len(Y)}


@wrong("linear_backward", "dY and dW are swapped in the dict. dY has the shape of Y, dW the shape of W.")
def keys_swapped(dYt, W, Y):
    return {"dY": dYt.T @ Y, "dW": dYt @ W, "db": dYt.sum(axis=0)}


@wrong(
    "linear_backward", "db is all ones: its slope is 1, but the derivative from above must be multiplied and summed."
)
def db_of_ones(dYt, W, Y):
    return {"dY": dYt @ W, "dW": dYt.T @ Y, "db": np.ones(len(W))}


@wrong("linear_backward", "dW holds the first sample only. Sum over the batch: dYt.T @ Y.")
def dW_of_the_first_sample(dYt, W, Y):
    return {"dY": dYt @ W, "dW": np.outer(dYt[0], Y[0]), "db": dYt.sum(axis=0)}


@wrong("linear_backward", "You write into the caller's dYt. Make new arrays.")
def sums_in_place(dYt, W, Y):
    back = {"dY": dYt @ W, "dW": dYt.T @ Y}
    dYt[0] = dYt.sum(axis=0)
    return back | {"db": dYt[0]}


# 6. mlp_grads ----------------------------------------------------------------------------------------------------


def _forward(params, X):
    """Inputs Y_0 .. Y_(L-1) and pre-activations Yt_1 .. Yt_L."""
    Ys, Yts = [X], []
    for W, b in params:
        Yts.append(Ys[-1] @ W.T + b)
        Ys.append(np.maximum(Yts[-1], 0.0))
    return Ys[:-1], Yts


def _backward(params, Ys, Yts, dYt, lam=0.0, gate=relu_backward):
    """Gradients from dYt of the last layer down; `gate` goes back through ReLU."""
    grads = []
    for l in reversed(range(len(params))):
        W, _ = params[l]
        back = linear_backward(dYt, W, Ys[l])
        grads.append((back["dW"] + 2 * lam * W, back["db"]))
        if l > 0:
            dYt = gate(back["dY"], Yts[l - 1])
    return grads[::-1]


def _squares(params):
    return sum(np.sum(W**2) for W, _ in params)


@wrong("mlp_grads", "You penalise the biases too. Only weights are in the penalty, in the loss and in the gradient.")
def penalty_on_biases(params, X, P, lam=0.0):
    out = mlp_grads(params, X, P, lam)
    grads = [(dW, db + 2 * lam * b) for (dW, db), (_, b) in zip(out["grads"], params, strict=True)]
    return {"loss": out["loss"] + lam * sum(np.sum(b**2) for _, b in params), "grads": grads}


@wrong("mlp_grads", "The gradient of lam W^2 is 2 lam W; you add lam W. The loss here has no factor 1/2.")
def half_the_penalty_gradient(params, X, P, lam=0.0):
    out = mlp_grads(params, X, P, lam)
    grads = [(dW - lam * W, db) for (dW, db), (W, _) in zip(out["grads"], params, strict=True)]
    return {"loss": out["loss"], "grads": grads}


@wrong(
    "mlp_grads", "The penalty is in the gradient, but missing in the loss. Add lam times the sum of squared weights."
)
def loss_forgets_the_penalty(params, X, P, lam=0.0):
    return mlp_grads(params, X, P, lam) | {"loss": mlp_grads(params, X, P)["loss"]}


@wrong("mlp_grads", "The penalty is missing in the gradient, though it is in the loss. Add 2 lam W to each dW.")
def gradient_forgets_the_penalty(params, X, P, lam=0.0):
    return mlp_grads(params, X, P) | {"loss": mlp_grads(params, X, P, lam)["loss"]}


@wrong("mlp_grads", "You divide the penalty by N. It is added to the mean loss as it is.")
def penalty_divided_by_the_batch(params, X, P, lam=0.0):
    return mlp_grads(params, X, P, lam / len(X))


@wrong("mlp_grads", "The penalty has a factor 1/2 that is not asked for, in the loss and so in the gradient.")
def penalty_with_a_half(params, X, P, lam=0.0):
    return mlp_grads(params, X, P, lam / 2)


@wrong("mlp_grads", "The penalty is the sum of squares, not its root.")
def penalty_is_the_norm(params, X, P, lam=0.0):
    norm = np.sqrt(_squares(params))
    return mlp_grads(params, X, P, lam / (2 * norm)) | {"loss": mlp_grads(params, X, P)["loss"] + lam * norm}


@wrong("mlp_grads", "The gradients are in the order in which you computed them, last layer first. Turn the list round.")
def last_layer_first(params, X, P, lam=0.0):
    out = mlp_grads(params, X, P, lam)
    return {"loss": out["loss"], "grads": out["grads"][::-1]}


@wrong("mlp_grads", "There is a ReLU on the last layer, before softmax. The logits may be negative: leave it out.")
def relu_on_the_logits(params, X, P, lam=0.0):
    Ys, Yts = _forward(params, X)
    Y = np.maximum(Yts[-1], 0.0)
    loss = cross_entropy(softmax(Y), P) + lam * _squares(params)
    dYt = relu_backward(softmax_ce_grad(Y, P), Yts[-1])
    return {"loss": float(loss), "grads": _backward(params, Ys, Yts, dYt, lam)}


@wrong("mlp_grads", "The ReLU gates never shut: they are missing, or ask Y >= 0, which always holds. Gate on Yt.")
def no_gate_on_the_way_back(params, X, P, lam=0.0):
    Ys, Yts = _forward(params, X)
    grads = _backward(params, Ys, Yts, softmax_ce_grad(Yts[-1], P), lam, gate=lambda dY, Yt: dY)
    return mlp_grads(params, X, P, lam) | {"grads": grads}


@wrong("mlp_grads", "The hidden layers have no ReLU. Without it the whole network is one linear map.")
def without_relu(params, X, P, lam=0.0):
    Ys = [X]
    for W, b in params:
        Ys.append(Ys[-1] @ W.T + b)
    loss = cross_entropy(softmax(Ys[-1]), P) + lam * _squares(params)
    grads = _backward(params, Ys[:-1], Ys[1:], softmax_ce_grad(Ys[-1], P), lam, gate=lambda dY, Yt: dY)
    return {"loss": float(loss), "grads": grads}


@wrong("mlp_grads", "dW uses the layer's own output. It needs the layer's input, Y of the layer before.")
def dW_from_pre_activations(params, X, P, lam=0.0):
    _, Yts = _forward(params, X)
    before_relu = [X, *Yts[:-1]]
    return mlp_grads(params, X, P, lam) | {
        "grads": _backward(params, before_relu, Yts, softmax_ce_grad(Yts[-1], P), lam)
    }


@wrong("mlp_grads", "This is the sum over the batch. The loss is a mean: loss and gradients are divided by N.")
def sum_of_the_losses(params, X, P, lam=0.0):
    Ys, Yts = _forward(params, X)
    loss = len(X) * cross_entropy(softmax(Yts[-1]), P) + lam * _squares(params)
    return {"loss": loss, "grads": _backward(params, Ys, Yts, len(X) * softmax_ce_grad(Yts[-1], P), lam)}


@wrong("mlp_grads", "The gradient is divided by N twice. softmax_ce_grad already holds the mean; the rest are sums.")
def mean_twice(params, X, P, lam=0.0):
    Ys, Yts = _forward(params, X)
    grads = _backward(params, Ys, Yts, softmax_ce_grad(Yts[-1], P) / len(X), lam)
    return mlp_grads(params, X, P, lam) | {"grads": grads}


@wrong("mlp_grads", "The bias gradients are averaged over the batch. Sum them: the mean is already in dYt.")
def biases_averaged(params, X, P, lam=0.0):
    out = mlp_grads(params, X, P, lam)
    return out | {"grads": [(dW, db / len(X)) for dW, db in out["grads"]]}


@wrong("mlp_grads", "The biases are left out on the way forward. Each layer adds its b.")
def forward_without_biases(params, X, P, lam=0.0):
    return mlp_grads([(W, 0 * b) for W, b in params], X, P, lam)


@wrong("mlp_grads", "The signs are turned round: the gradient starts with S - P, not P - S.")
def signs_turned_round(params, X, P, lam=0.0):
    Ys, Yts = _forward(params, X)
    return mlp_grads(params, X, P, lam) | {"grads": _backward(params, Ys, Yts, -softmax_ce_grad(Yts[-1], P), lam)}


@wrong("mlp_grads", "The loss uses only the largest entry of each row of P. Soft labels count with all their entries.")
def loss_of_hard_labels(params, X, P, lam=0.0):
    hard = np.eye(P.shape[1])[P.argmax(axis=1)]
    return mlp_grads(params, X, hard, lam)


@wrong("mlp_grads", "Each pair is (db, dW). The order is that of params: (dW, db).")
def pairs_turned_round(params, X, P, lam=0.0):
    out = mlp_grads(params, X, P, lam)
    return out | {"grads": [(db, dW) for dW, db in out["grads"]]}


@wrong("mlp_grads", "Only the last layer's gradient is right; below it you forgot to multiply by W on the way back.")
def stops_at_the_last_layer(params, X, P, lam=0.0):
    out = mlp_grads(params, X, P, lam)
    below = [(2 * lam * W, 0 * b) for W, b in params[:-1]]
    return out | {"grads": [*below, out["grads"][-1]]}


@wrong("mlp_grads", "You write into the caller's weights. Make new arrays, with W = W + ... instead of W += ...")
def penalty_into_the_weights(params, X, P, lam=0.0):
    out = mlp_grads(params, X, P, lam)
    for W, _ in params:
        W *= 1 + 2 * lam
    return out


# 7. train --------------------------------------------------------------------------------------------------------


def _moved(params, grads, lr):
    return [(W - lr * dW, b - lr * db) for (W, b), (dW, db) in zip(params, grads, strict=True)]


@wrong("train", "You update W before it has carried the derivative down. Compute all gradients first, then update.")
def updated_W_carries_back(params, X, P, lr, batches):
    params, losses = list(params), []
    for batch in batches:
        Ys, Yts = _forward(params, X[batch])
        losses.append(cross_entropy(softmax(Yts[-1]), P[batch]))
        dYt = softmax_ce_grad(Yts[-1], P[batch])
        for l in reversed(range(len(params))):
            W, b = params[l]
            back = linear_backward(dYt, W, Ys[l])
            params[l] = (W - lr * back["dW"], b - lr * back["db"])
            if l > 0:
                dYt = relu_backward(dYt @ params[l][0], Yts[l - 1])
    return params, losses


@wrong(
    "train", "You take consecutive rows instead of the rows in batches[t]. Index with the batch: X[batch], P[batch]."
)
def consecutive_rows(params, X, P, lr, batches):
    rows, at = [], 0
    for batch in batches:
        rows.append(np.arange(at, at + len(batch)) % len(X))
        at += len(batch)
    return train(params, X, P, lr, rows)


@wrong("train", "You always take the first rows. Index with the batch: X[batch], P[batch].")
def first_rows(params, X, P, lr, batches):
    return train(params, X, P, lr, [np.arange(len(batch)) for batch in batches])


@wrong("train", "X is indexed with the batch, P is not. Every row needs its own label: P[batch].")
def labels_not_indexed(params, X, P, lr, batches):
    losses = []
    for batch in batches:
        out = mlp_grads(params, X[batch], P[: len(batch)])
        losses.append(out["loss"])
        params = _moved(params, out["grads"], lr)
    return params, losses


@wrong("train", "You step with the sum over the batch. The gradient is that of the batch's mean loss.")
def sum_over_batch(params, X, P, lr, batches):
    losses = []
    for batch in batches:
        out = mlp_grads(params, X[batch], P[batch])
        losses.append(out["loss"])
        params = _moved(params, out["grads"], lr * len(batch))
    return params, losses


@wrong("train", "losses[t] is the loss after update t. Record it before the update.")
def losses_after_the_update(params, X, P, lr, batches):
    losses = []
    for batch in batches:
        params = _moved(params, mlp_grads(params, X[batch], P[batch])["grads"], lr)
        losses.append(mlp_grads(params, X[batch], P[batch])["loss"])
    return params, losses


@wrong("train", "losses[t] is the loss over all rows. Record the loss of batch t.")
def losses_of_all_rows(params, X, P, lr, batches):
    losses = []
    for batch in batches:
        losses.append(mlp_grads(params, X, P)["loss"])
        params = _moved(params, mlp_grads(params, X[batch], P[batch])["grads"], lr)
    return params, losses


@wrong("train", "Every update uses all rows. Update t uses the rows in batches[t] only.")
def whole_data_every_time(params, X, P, lr, batches):
    return train(params, X, P, lr, [np.arange(len(X))] * len(batches))


@wrong("train", "You step with the gradient, so the loss grows. Step against it: minus lr times the gradient.")
def uphill(params, X, P, lr, batches):
    return train(params, X, P, -lr, batches)


@wrong("train", "The biases stay where they began. Update b as well as W.")
def biases_stay(params, X, P, lr, batches):
    losses = []
    for batch in batches:
        out = mlp_grads(params, X[batch], P[batch])
        losses.append(out["loss"])
        params = [(W - lr * dW, b) for (W, b), (dW, _) in zip(params, out["grads"], strict=True)]
    return params, losses


@wrong("train", "All gradients are computed at the first parameters. Compute them anew after each update.")
def gradients_of_the_start(params, X, P, lr, batches):
    begin, losses = params, []
    for batch in batches:
        out = mlp_grads(begin, X[batch], P[batch])
        losses.append(out["loss"])
        params = _moved(params, out["grads"], lr)
    return params, losses


@wrong("train", "You return the parameters of the start. Return those after the last update.")
def returns_the_start(params, X, P, lr, batches):
    return params, train(params, X, P, lr, batches)[1]


@wrong("train", "You return the parameters before the last update. The last batch counts too.")
def forgets_the_last_update(params, X, P, lr, batches):
    return train(params, X, P, lr, batches[:-1])[0], train(params, X, P, lr, batches)[1]


@wrong("train", "You return the parameters with the smallest loss on the way. Return those after the last update.")
def returns_the_best(params, X, P, lr, batches):
    _, losses = train(params, X, P, lr, batches)
    best = int(np.argmin(losses))
    return (train(params, X, P, lr, batches[:best])[0] if best else params), losses


@wrong("train", "Only the last layer is updated. Update every layer with its own gradient.")
def only_the_last_layer(params, X, P, lr, batches):
    losses = []
    for batch in batches:
        out = mlp_grads(params, X[batch], P[batch])
        losses.append(out["loss"])
        params = [*params[:-1], *_moved(params[-1:], out["grads"][-1:], lr)]
    # A network with one layer has nothing else to update.
    return params, losses


@wrong("train", "The step size shrinks with every update. lr stays the same.")
def shrinking_steps(params, X, P, lr, batches):
    losses = []
    for t, batch in enumerate(batches):
        out = mlp_grads(params, X[batch], P[batch])
        losses.append(out["loss"])
        params = _moved(params, out["grads"], lr / (t + 1))
    return params, losses


@wrong("train", "You make one update per row. Make one per batch, with the gradient of its mean loss.")
def one_update_per_row(params, X, P, lr, batches):
    losses = []
    for batch in batches:
        losses.append(mlp_grads(params, X[batch], P[batch])["loss"])
        params, _ = train(params, X, P, lr, [batch[n : n + 1] for n in range(len(batch))])
    return params, losses


@wrong(
    "train", "All your losses are the last one: the same object was stored again and again. Store a number each time."
)
def losses_all_alike(params, X, P, lr, batches):
    after, losses = train(params, X, P, lr, batches)
    return after, [losses[-1]] * len(losses)


@wrong("train", "You return the mean of the losses. Return a list with one loss per batch.")
def mean_of_the_losses(params, X, P, lr, batches):
    after, losses = train(params, X, P, lr, batches)
    return after, float(np.mean(losses))


@wrong("train", "`W -= ...` writes into the parameters that you were given. Make new arrays: W = W - lr * dW.")
def updates_in_place(params, X, P, lr, batches):
    losses = []
    for batch in batches:
        out = mlp_grads(params, X[batch], P[batch])
        losses.append(out["loss"])
        for (W, b), (dW, db) in zip(params, out["grads"], strict=True):
            W -= lr * dW
            b -= lr * db
    return params, losses


# 8. train_mlp ----------------------------------------------------------------------------------------------------


def _glorot(sizes, rng):
    bounds = [(i, o, np.sqrt(6 / (i + o))) for i, o in pairwise(sizes)]
    return [(rng.uniform(-c, c, size=(o, i)), np.zeros(o)) for i, o, c in bounds]


def _logits(params, X):
    return _forward(params, X)[1][-1]


def _trained(Xtr, ytr, seed, hidden=(32, 16), begin=_glorot, lr=0.05, epochs=100, labels=0):
    """A network trained by the recipe, but for what a slip changes."""
    rng = np.random.default_rng(seed)
    N, K = len(Xtr), ytr.max() + 1
    params = begin([Xtr.shape[1], *hidden, K], rng)
    rows = [order[at : at + 16] for order in (rng.permutation(N) for _ in range(epochs)) for at in range(0, N, 16)]
    return train(params, Xtr, np.eye(K)[ytr - labels], lr, rows)[0]


def _zeros(sizes, rng):
    return [(np.zeros((o, i)), np.zeros(o)) for i, o in pairwise(sizes)]


def _unit_gaussian(sizes, rng):
    return [(rng.normal(size=(o, i)), np.zeros(o)) for i, o in pairwise(sizes)]


def _positive(sizes, rng):
    return [(0.1 * rng.random((o, i)), np.zeros(o)) for i, o in pairwise(sizes)]


@wrong("train_mlp", "All weights start at 0, so all units of a layer stay alike. Start them at random around 0.")
def starts_at_zero(Xtr, ytr, Xte, seed):
    return _logits(_trained(Xtr, ytr, seed, begin=_zeros), Xte)


@wrong(
    "train_mlp", "All weights start positive, so the units of a layer begin nearly alike. Start them around 0 (Glorot)."
)
def starts_all_positive(Xtr, ytr, Xte, seed):
    return _logits(_trained(Xtr, ytr, seed, begin=_positive), Xte)


@wrong("train_mlp", "Weights of variance 1 are too large: the net starts sure of nonsense. Scale them (Glorot).")
def starts_too_large(Xtr, ytr, Xte, seed):
    return _logits(_trained(Xtr, ytr, seed, begin=_unit_gaussian), Xte)


@wrong("train_mlp", "There is no hidden layer: straight lines do not separate the rings. Add a hidden layer with ReLU.")
def without_a_hidden_layer(Xtr, ytr, Xte, seed):
    return _logits(_trained(Xtr, ytr, seed, hidden=()), Xte)


@wrong("train_mlp", "One pass over the rows is too short. Train for about 100 epochs.")
def one_epoch(Xtr, ytr, Xte, seed):
    return _logits(_trained(Xtr, ytr, seed, epochs=1), Xte)


@wrong("train_mlp", "These are probabilities. Return the logits, the scores before softmax.")
def returns_probabilities(Xtr, ytr, Xte, seed):
    return softmax(_logits(_trained(Xtr, ytr, seed), Xte))


@wrong("train_mlp", "These are decisions, 0 or 1. Return the logits, the scores before softmax.")
def returns_decisions(Xtr, ytr, Xte, seed):
    Y = _logits(_trained(Xtr, ytr, seed), Xte)
    return np.eye(Y.shape[1])[Y.argmax(axis=1)]


@wrong("train_mlp", "You return one class number per row. Return the K logits of each row.")
def returns_classes(Xtr, ytr, Xte, seed):
    return _logits(_trained(Xtr, ytr, seed), Xte).argmax(axis=1)


@wrong("train_mlp", "You return the logits of the training rows. Return those of Xte.")
def logits_of_the_training_rows(Xtr, ytr, Xte, seed):
    return _logits(_trained(Xtr, ytr, seed), Xtr)


@wrong("train_mlp", "The network was never trained: you use the parameters of the start. `train` returns the new ones.")
def never_trained(Xtr, ytr, Xte, seed):
    return _logits(_trained(Xtr, ytr, seed, epochs=0), Xte)


@wrong("train_mlp", "You step with the gradient, so the loss grows. Step against it.")
def trained_uphill(Xtr, ytr, Xte, seed):
    with np.errstate(all="ignore"):
        return _logits(_trained(Xtr, ytr, seed, lr=-0.05), Xte)


@wrong("train_mlp", "Labels are shifted by one: they already start at 0, no - 1 is needed.")
def labels_shifted(Xtr, ytr, Xte, seed):
    return _logits(_trained(Xtr, ytr, seed, labels=1), Xte)


@wrong(
    "train_mlp", "The prediction leaves out the ReLU of the hidden layers. Use the same forward pass as in training."
)
def predicts_without_relu(Xtr, ytr, Xte, seed):
    Y = Xte
    for W, b in _trained(Xtr, ytr, seed):
        Y = Y @ W.T + b
    return Y


@wrong("train_mlp", "Your random numbers ignore `seed`, so no run can be repeated. Use np.random.default_rng(seed).")
def ignores_the_seed(Xtr, ytr, Xte, seed):
    return _logits(_trained(Xtr, ytr, None), Xte)


@wrong("train_mlp", "You write into the caller's arrays. Standardise a copy, if at all: the columns already are.")
def standardises_in_place(Xtr, ytr, Xte, seed):
    Xtr -= Xtr.mean(axis=0)
    Xtr /= Xtr.std(axis=0)
    return _logits(_trained(Xtr, ytr, seed), Xte)
