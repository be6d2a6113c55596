"""Quiz templates: penalties, dropout, normalisation, initialisation, early stopping, gradients in depth."""

import numpy as np

from autograder.quiz import (
    Choice,
    Integer,
    Number,
    Numbers,
    Output,
    Question,
    Redraw,
    Slip,
    figures,
    par,
    plain,
    plus,
    template,
    tex,
)
from reference import losses, optim, regularize

LAMBDAS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)


@template(technique="penalties", tags=["l2"], difficulty=1, syllabus="Q06.1")
def gradient_of_the_l2_penalty(rng):
    w, lam, k = _weights(rng, 3), float(rng.choice(LAMBDAS)), int(rng.integers(3))
    grad = float(losses.l2_penalty_grad(w.astype(float), lam)[k])
    return Question(
        prompt=rf"The penalty is $\lambda \sum_i w_i^2$ (without 1/2) with $\lambda = {tex(lam)}$, and $w = {tex(w)}$. What does it "
        f"add to the gradient of $w_{k}$ (entries counted from 0)?",
        answer=Number(grad),
        slips=[
            Slip(
                lam * float(w[k]), r"This belongs to $\frac{\lambda}{2} \sum w_i^2$: here the square brings a factor 2."
            ),
            Slip(lam * float(np.sign(w[k])), r"This belongs to the L1 penalty $\lambda \sum |w_i|$."),
            Slip(lam * float(w[k]) ** 2, "This is the penalty of that weight; its derivative is asked."),
            Slip(2 * lam * float(w.sum()), f"Only $w_{k}$ itself counts in its derivative."),
        ],
        explanation=rf"$2 \lambda w_{k} = 2 \cdot {tex(lam)} \cdot {par(int(w[k]))} = {tex(grad)}$.",
        hints=[r"Derive $\lambda w^2$."],
        again=2 * lam * float(w[k]),
    )


@template(technique="penalties", tags=["l1"], difficulty=1, syllabus="Q06.2")
def l1_penalty(rng):
    w, lam = _weights(rng, 3), float(rng.choice(LAMBDAS))
    value = losses.l1_penalty(w.astype(float), lam)
    return Question(
        prompt=rf"What is the L1 penalty $\lambda \sum_i |w_i|$ of $w = {tex(w)}$ with $\lambda = {tex(lam)}$?",
        answer=Number(value),
        slips=[
            Slip(lam * float(w.sum()), "Absolute values: signs must not cancel."),
            Slip(lam * float((w**2).sum()), "Squares belong to the L2 penalty."),
            Slip(lam * float(np.sqrt((w**2).sum())), "This is the length of the vector; L1 adds absolute values."),
            Slip(float(abs(w).sum()), r"Multiply by $\lambda$."),
        ],
        explanation=rf"${tex(lam)} \cdot {int(abs(w).sum())} = {tex(value)}$.",
        hints=["Add the absolute values."],
        again=sum(lam * abs(int(v)) for v in w),
    )


@template(technique="penalties", tags=["l2", "sgd"], difficulty=2, syllabus="Q06.3")
def step_with_weight_decay(rng):
    w, g = int(rng.choice([-5, -4, -3, -2, 2, 3, 4, 5])), int(rng.choice([-3, -2, -1, 1, 2, 3]))
    lam, lr = float(rng.choice([0.01, 0.05, 0.1, 0.2])), float(rng.choice([0.1, 0.2, 0.5]))
    new = float(optim.sgd_l2_step(np.array(float(w)), np.array(float(g)), lr, lam))
    return Question(
        prompt=rf"A weight is $w = {w}$, the loss's gradient there is ${g}$, and the penalty is $\lambda w^2$ with $\lambda = {tex(lam)}$. What is $w$ "
        rf"after one SGD step with rate ${tex(lr)}$?",
        answer=Number(new, digits=4),
        slips=[
            Slip(w - lr * (g - 2 * lam * w), "The penalty pulls towards 0: its gradient is added."),
            Slip(w - lr * g - 2 * lam * w, "The rate multiplies the penalty's gradient too."),
            Slip(w - lr * g, "This leaves the penalty out."),
            Slip(w - lr * (g + lam * w), r"The derivative of $\lambda w^2$ is $2 \lambda w$."),
        ],
        explanation=rf"$w - \eta (g + 2 \lambda w) = {w} - {tex(lr)} \cdot ({g} {plus(2 * lam * w)}) = {tex(new)}$.",
        hints=["The gradient of loss plus penalty.", r"$g + 2 \lambda w$."],
        again=w * (1 - 2 * lr * lam) - lr * g,
    )


@template(technique="dropout", tags=["dropout"], difficulty=1, syllabus="Q06.4")
def kept_unit_under_dropout(rng):
    h, p = int(rng.integers(1, 13)), float(rng.choice([0.1, 0.2, 0.25, 0.3, 0.4, 0.6, 0.75]))
    kept = float(regularize.dropout(np.array([float(h)]), np.array([0.999]), p)[0])
    return Question(
        prompt=rf"Inverted dropout drops a unit with probability $p = {tex(p)}$ in training. A unit with the value {h} is *kept*. What goes on?",
        answer=Number(kept),
        slips=[
            Slip(float(h), "Kept units are scaled up, so that the mean stays what it is at test time."),
            Slip(h / p, f"Here $p = {tex(p)}$ is the probability to *drop*; divide by the probability to keep."),
            Slip(h * (1 - p), "Divide, not multiply: fewer units must make up for the dropped ones."),
            Slip(h * p, "Divide by the probability to keep."),
        ],
        explanation=rf"${h} / (1 - {tex(p)}) = {tex(kept, 4)}$.",
        hints=["The expected value must stay the same.", "Divide by $1 - p$."],
        again=h / (1 - p),
    )


@template(technique="dropout", tags=["dropout"], difficulty=1, syllabus="Q06.5")
def factor_at_test_time(rng):
    p = float(rng.choice([0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.6, 0.7]))
    h = int(rng.integers(2, 20))
    value = h * regularize.dropout_test_factor(p)
    return Question(
        prompt=rf"Classic dropout (*without* rescaling in training) dropped units with probability $p = {tex(p)}$. At test time all units work. A unit has "
        f"the value {h}: what is passed on, so that the next layer sees what it is used to?",
        answer=Number(value),
        slips=[
            Slip(float(h), "Then the next layer would get more than it ever got in training."),
            Slip(h * p, f"${tex(p)}$ is the share that was dropped; the share that was kept counts."),
            Slip(h / (1 - p), "That is what *inverted* dropout does in training."),
        ],
        explanation=rf"In training it was there in a share $1 - p$ of the steps: ${h} \cdot {tex(1 - p)} = {tex(value)}$.",
        hints=["What did the next layer get on average in training?"],
        again=h - h * p,
    )


@template(technique="normalisation", tags=["batch norm"], difficulty=2, syllabus="Q06.6")
def batch_norm_of_a_value(rng):
    x = rng.choice(np.arange(1, 10), size=4, replace=False)
    g, b, k = float(rng.choice([1, 2, 3, 0.5])), float(rng.choice([-1, 0, 1, 2, 3])), int(rng.integers(4))
    out = float(regularize.batchnorm_train(x.astype(float), g, b, eps=0.0)[k])
    mean, var = float(x.mean()), float(x.var())
    shift = f" {plus(b)}" if b else ""
    if x[k] == mean:
        raise Redraw
    return Question(
        prompt=rf"A feature has the values ${tex(x)}$ in a batch of four. Batch norm with $\gamma = {tex(g)}$, $\beta = {tex(b)}$ and $\epsilon = 0$ in training: "
        f"what becomes of the value {int(x[k])}?",
        answer=Number(out),
        slips=[
            Slip(
                g * (x[k] - mean) / float(x.std(ddof=1)) + b,
                "In training batch norm takes the variance with $1/n$, not with $1/(n-1)$.",
            ),
            Slip(g * (x[k] - mean) / var + b, "Divide by the standard deviation, the root of the variance."),
            Slip(
                g * ((x[k] - mean) / var**0.5 + b),
                r"$\gamma$ multiplies the normalised value alone; $\beta$ comes after.",
            ),
            Slip((x[k] - mean) / var**0.5, r"This leaves out $\gamma$ and $\beta$."),
        ],
        explanation=rf"Mean ${tex(mean)}$, variance ${tex(var)}$: ${tex(g)} \cdot ({int(x[k])} - {tex(mean)}) / \sqrt{{{tex(var)}}}{shift} = {tex(out, 4)}$.",
        hints=["Mean and variance of the four.", r"$\gamma (x - \mu) / \sigma + \beta$."],
        again=g * float((x[k] - mean) / np.sqrt(((x - mean) ** 2).sum() / 4)) + b,
    )


@template(technique="normalisation", tags=["batch norm", "running mean"], difficulty=2, syllabus="Q06.7")
def running_mean_of_batch_norm(rng):
    m = [int(v) for v in rng.choice(np.arange(-4, 11), size=2, replace=False)]
    ema = bool(rng.integers(2))
    value = regularize.bn_running([float(v) for v in m], "ema" if ema else "average")
    other = regularize.bn_running([float(v) for v in m], "average" if ema else "ema")
    if ema:
        rule = r"$0.9 \cdot$ old $+\ 0.1 \cdot$ batch mean, as in PyTorch, starting from 0"
        slips = [
            Slip(other, "This is the plain average; here the old value keeps 0.9 and the new mean gets 0.1."),
            Slip(0.9 * m[1] + 0.1 * 0.9 * m[0], "The weights are swapped: the old value keeps 0.9."),
            Slip(0.9 * m[0] + 0.1 * m[1], "The first batch is weighted too: before it there was 0."),
        ]
    else:
        rule = "the plain average of all batch means so far"
        slips = [
            Slip(other, r"This is PyTorch's $0.9 \cdot$ old $+\ 0.1 \cdot$ new; here all batches count alike."),
            Slip(float(sum(m)), "Divide by the number of batches."),
            Slip(sum(m) / 3, "There are two batches: no 0 from the start is averaged in."),
        ]
    return Question(
        prompt=rf"Batch norm keeps a running mean: {rule}. Two batches have the means ${m[0]}$ and ${m[1]}$. What is kept after them?",
        answer=Number(value),
        slips=[*slips, Slip(float(m[1]), "This is the last batch alone.")],
        explanation=(
            rf"After the first ${tex(0.1 * m[0])}$, then $0.9 \cdot {par(0.1 * m[0])} {plus(0.1 * m[1])} = {tex(value)}$."
            if ema
            else rf"$({m[0]} {plus(m[1])}) / 2 = {tex(value)}$."
        ),
        hints=["One batch after the other."],
        again=0.09 * m[0] + 0.1 * m[1] if ema else float(np.mean(m)),
    )


@template(technique="normalisation", tags=["layer norm", "batch norm"], difficulty=1, syllabus="Q06.8")
def pairs_of_statistics(rng):
    N, D = int(rng.integers(8, 129)), int(rng.integers(8, 257))
    if N == D:
        raise Redraw
    pairs = regularize.norm_stats_count(N, D)
    return Question(
        prompt=f"A batch has {N} rows of {D} features. How many (mean, variance) pairs does layer norm compute for it, and how many batch norm?",
        answer=Numbers(pairs, labels=("layer norm", "batch norm"), whole=True),
        slips=[
            Slip([D, N], "Swapped: layer norm looks along a row, batch norm down a column."),
            Slip([1, 1], "They do not normalise the whole table at once."),
            Slip([N * D, N * D], "A single number has no variance."),
            Slip([N, N], "Batch norm has one pair for each feature."),
        ],
        explanation=f"Layer norm one for each row, {N}; batch norm one for each feature, {D}.",
        hints=["Over what is the mean taken?"],
        again=[len(np.zeros((N, D)).mean(axis=1)), len(np.zeros((N, D)).mean(axis=0))],
    )


@template(technique="normalisation", tags=["range"], difficulty=2, syllabus="Q06.9")
def onto_a_range(rng):
    lo, hi = int(rng.integers(-3, 4)), int(rng.integers(5, 12))
    gamma, beta = regularize.range_affine(lo, hi)
    return Question(
        prompt=rf"tanh gives values in $(-1, 1)$. Which $\gamma$ and $\beta$ make $\gamma\, y + \beta$ cover the ratings from {lo} to {hi}?",
        answer=Numbers([gamma, beta], labels=("gamma", "beta")),
        slips=[
            Slip([hi - lo, beta], r"$(-1, 1)$ is 2 wide already: half the range is enough."),
            Slip([beta, gamma], "Swapped: the factor is half the width, the other one the middle."),
            Slip([hi, lo], "Try $y = 1$ and $y = -1$: do the ends come out?"),
            Slip([hi - lo, lo], "That is for values between 0 and 1."),
        ],
        explanation=rf"Half the width, $({hi} - {par(lo)}) / 2 = {tex(gamma)}$, and the middle, ${tex(beta)}$.",
        hints=["What must come out for $y = 1$ and for $y = -1$?"],
        again=[float(v) for v in np.linalg.solve([[1.0, 1.0], [-1.0, 1.0]], [hi, lo])],
    )


@template(technique="initialisation", tags=["glorot"], difficulty=1, syllabus="Q06.10")
def glorot_bound(rng):
    a, b = (int(v) for v in rng.choice([10, 20, 32, 50, 64, 100, 128, 200, 256, 300], size=2, replace=False))
    c = regularize.glorot_bound(a, b)
    return Question(
        prompt=f"A dense layer has {a} inputs and {b} outputs. Its weights are drawn by Glorot's rule, uniformly in $[-c, c]$. What is $c$?",
        answer=Number(c),
        slips=[
            Slip(
                float(np.sqrt(6)) / (a + b),
                r"Some lectures print $\sqrt 6 / (n_{in} + n_{out})$; the root goes over the whole fraction.",
            ),
            Slip(float(np.sqrt(2 / (a + b))), "This is the standard deviation, for a normal law."),
            Slip(float(np.sqrt(6 / a)), "This is He's rule, for ReLU: it looks at the inputs alone."),
            Slip(
                float(np.sqrt(3 / (a + b))),
                r"The variance of a uniform law on $[-c, c]$ is $c^2 / 3$, and it is to be $2 / (n_{in} + n_{out})$.",
            ),
        ],
        explanation=rf"$\sqrt{{6 / ({a} + {b})}} = {tex(c, 4)}$.",
        hints=["Inputs and outputs count alike.", r"$\sqrt{6 / (n_{in} + n_{out})}$."],
        again=float(np.sqrt(3 * 2 / (a + b))),
    )


@template(technique="early stopping", tags=["validation"], difficulty=2, syllabus="Q06.11")
def epoch_that_is_kept(rng):
    patience = int(rng.integers(2, 4))
    v = np.round(rng.uniform(2, 9, size=9), 1)
    kept, last = regularize.early_stopping([float(x) for x in v], patience)
    if len(set(v)) < 9 or last == 8 or kept == int(v.argmin()):
        raise Redraw
    rises = next((i for i in range(1, 9) if v[i] > v[i - 1]), 0)
    return Question(
        prompt=f"The table shows the validation loss of nine epochs. Training stops as soon as {patience} epochs in a row bring no new best validation loss; the weights of the best epoch are kept. Which epoch "
        "is that (counted from 0)?",
        answer=Integer(kept),
        slips=[
            Slip(last, "This is the last epoch that ran; the best one before it is kept."),
            Slip(int(v.argmin()), "By then training had stopped: nobody has seen that epoch."),
            Slip(rises - 1, "One worse epoch is no reason to stop: patience."),
            Slip(last + 1, "Training did not get that far."),
        ],
        explanation=f"The best loss up to then is ${tex(float(v[kept]))}$ in epoch {kept}; epochs {kept + 1} to {last} bring nothing better, and training stops.",
        hints=["Go from left to right and keep the best loss so far."],
        figure=figures.cells([v], columns=[str(i) for i in range(9)], column_title="epoch", title="validation loss"),
        again=_stopped(v, patience),
    )


@template(technique="gradients in depth", tags=["vanishing"], difficulty=2, syllabus="Q06.12")
def bound_of_a_sigmoid_chain(rng):
    L = int(rng.integers(2, 9))
    bound = regularize.vanishing_bound(L)
    return Question(
        prompt=rf"{L} sigmoid units follow each other, all weights are 1, and $a_{L}$ is the output of the last one. What is the largest that "
        rf"$|\partial C / \partial b_1|$ can be, as a multiple of $|\partial C / \partial a_{L}|$?",
        answer=Number(bound),
        slips=[
            Slip(0.25 ** (L - 1), f"Each of the {L} units brings a slope, the first one too."),
            Slip(1 / (4 * L), "The slopes multiply; they are not added."),
            Slip(0.5**L, "The sigmoid's largest *slope* is 1/4; 1/2 is its value there."),
            Slip(0.25, "This is one unit."),
        ],
        explanation=rf"Each unit brings a factor $\sigma' \leq 1/4$: $(1/4)^{{{L}}} = {tex(bound, 3)}$.",
        hints=["How large can the slope of the sigmoid be?"],
        again=float(np.exp(-L * np.log(4))),
    )


# Of other kinds ---------------------------------------------------------------------------------------------------


@template(technique="early stopping", tags=["loss curve", "picture"], difficulty=1)
def read_training_and_validation_curves(rng):
    best = int(rng.integers(8, 30))
    t = np.arange(41.0)
    train = 1.1 * np.exp(-t / 9) + 0.05
    val = (
        0.35 + 0.9 * np.exp(-t / (best / 3)) + 0.00045 * np.maximum(t - best, 0) ** 2 + 0.004 * np.maximum(t - best, 0)
    )
    place, _ = regularize.early_stopping(val.tolist(), patience=len(val))
    return Question(
        prompt="Of about which epoch would you keep the weights (counted from 0)?",
        answer=Choice(f"epoch {place}"),
        slips=[
            Slip("epoch 40", "The training loss goes on falling, but the validation loss grows: that is overfitting."),
            Slip("epoch 0", "Before training nothing is learnt."),
            Slip(f"epoch {max(2, place // 3)}", "The validation loss still falls after that."),
            Slip(f"epoch {min(39, place + 10)}", "By then the validation loss has grown again."),
        ],
        explanation=f"The validation loss is lowest about epoch {place}; after it the network learns the training set by heart.",
        hints=["Which of the curves tells about new data?"],
        figure=figures.curves({"training": [float(v) for v in train], "validation": [float(v) for v in val]}),
        again=f"epoch {int(val.argmin())}",
    )


@template(technique="dropout", tags=["code", "torch"], difficulty=2)
def dropout_in_torch(rng):
    h, p, train = int(rng.integers(2, 9)), float(rng.choice([0.2, 0.5, 0.75])), bool(rng.integers(2))
    largest = float(regularize.dropout(np.array([float(h)]), np.array([0.999]), p, train)[0])
    if train:
        slips = [
            Slip(f"{h:.2f}", "In `train()` kept units are divided by $1 - p$."),
            Slip(f"{h * (1 - p):.2f}", "PyTorch's dropout is inverted: in training it divides by $1 - p$."),
            Slip("0.00", "That comes out when the unit is dropped; when it is kept, more does."),
        ]
        told = rf"In training a unit is dropped, or kept and divided by $1 - p$: at most ${h} / {tex(1 - p)} = {tex(largest)}$."
    else:
        slips = [
            Slip(
                f"{h / (1 - p):.2f}", "Units are divided by $1 - p$ in `train()`; in `eval()` the layer does nothing."
            ),
            Slip(f"{h * (1 - p):.2f}", "PyTorch's dropout is inverted: at test time nothing is scaled."),
            Slip("0.00", "In `eval()` no unit is dropped."),
        ]
        told = f"In evaluation dropout does nothing: {h} comes out as it went in."
    return Question(
        prompt=f"What is the largest number that this can print?\n\n```python\nlayer = nn.Dropout({plain(p)})\nlayer.{'train' if train else 'eval'}()\n"
        f'print(f"{{layer(torch.tensor([{h}.0])).item():.2f}}")\n```',
        answer=Output(f"{largest:.2f}"),
        slips=slips,
        explanation=told,
        hints=["In which mode is the layer?"],
        again=f"{h / (1 - p) if train else h:.2f}",
    )


def _weights(rng, n):
    return rng.choice([-6, -5, -4, -3, -2, 2, 3, 4, 5, 6], size=n, replace=False)


def _stopped(v, patience):
    best, kept, waited = np.inf, 0, 0
    for epoch, loss in enumerate(v):
        if loss < best:
            best, kept, waited = loss, epoch, 0
        else:
            waited += 1
        if waited == patience:
            return kept
    return kept
