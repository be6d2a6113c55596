"""Quiz templates: attention.  Conventions: rows are positions, counted from 0; a mask is True where a query may look."""

import math

import numpy as np

from autograder.quiz import (
    Choice,
    Integer,
    Number,
    Numbers,
    Question,
    Redraw,
    Shape,
    Slip,
    figures,
    plus,
    template,
    tex,
)
from reference import attention


@template(technique="scaled dot-product attention", tags=["softmax"], difficulty=2, syllabus="Q13.1")
def attention_output(rng):
    root = int(rng.integers(2, 5))
    d = root**2
    s = rng.choice(np.arange(2 * root + 2), size=3, replace=False)
    v = rng.choice(np.arange(1, 10), size=3, replace=False)
    # A query (1, 0, ...) and keys (s_j, 0, ...) have just these products.
    Q, K = np.eye(1, d), np.outer(s, np.eye(1, d))
    Y, W = attention.attention(Q, K, v[:, None].astype(float))
    return Question(
        prompt=rf"A query of size $d = {d}$ has the products $q \cdot k_j = {tex(s)}$ with three keys; the values are the numbers "
        f"$v = {tex(v)}$. What is the output of scaled dot-product attention?",
        answer=Number(Y[0, 0]),
        slips=[
            Slip(
                _softmax(s) @ v,
                rf"The scaling is missing: divide the products by $\sqrt{{d}} = {root}$ before softmax.",
            ),
            Slip(_softmax(s / d) @ v, rf"Divide by $\sqrt{{d}} = {root}$, the spread of the products, not by $d$."),
            Slip(v[s.argmax()], "This takes the best key's value alone. Softmax mixes all the values."),
            Slip(v.mean(), "This weighs all values alike. The weights are the softmax of the scaled products."),
        ],
        explanation=rf"Scores ${tex(s)} / {root} = {tex(s / root, 4)}$, weights (softmax) ${tex(W[0], 4)}$, "
        f"output = weights times values = ${tex(Y[0, 0], 4)}$.",
        hints=[
            "Three steps: scale, softmax, weighted mean of the values.",
            r"Weights = softmax$(q \cdot k_j / \sqrt{d})$.",
        ],
        again=sum(math.exp(a / root) * b for a, b in zip(s, v, strict=True)) / sum(math.exp(a / root) for a in s),
    )


@template(technique="scaled dot-product attention", tags=["variance"], difficulty=1, syllabus="Q13.4")
def spread_of_scores(rng):
    root = int(rng.integers(2, 26))
    d = root**2
    return Question(
        prompt=rf"Queries and keys have $d = {d}$ independent components of mean 0 and variance 1. What is the standard deviation of "
        r"$q \cdot k$, and what is it after division by $\sqrt{d}$?",
        answer=Numbers(list(attention.score_std(d)), labels=("before", "after")),
        slips=[
            Slip([d, root], f"{d} is the variance: {d} products of variance 1. The deviation is its square root."),
            Slip([d, 1], f"{d} is the variance. The standard deviation is its square root."),
            Slip([root, 1 / root], r"The division is by $\sqrt{d}$, not by $d$: it brings the deviation back to 1."),
            Slip([1, 1], f"A sum of {d} products spreads more than one of them: the variances add up."),
            Slip([0, 0], "This is the mean, which stays 0 for every $d$. It is the spread that grows with $d$."),
        ],
        explanation=rf"Each product $q_i k_i$ has mean 0 and variance 1, so their sum has variance {d} and deviation "
        rf"$\sqrt{{{d}}} = {root}$; divided by $\sqrt{{{d}}}$ it has deviation 1. (Some lectures say that the average grows: "
        "it stays 0, the spread grows.)",
        hints=["What is the variance of one product $q_i k_i$?", "Variances of independent terms add up."],
        again=[root, 1],
    )


@template(technique="masks", tags=["causal mask", "softmax"], difficulty=1, syllabus="Q13.2")
def weight_under_a_causal_mask(rng):
    N = int(rng.integers(5, 13))
    i = int(rng.integers(1, N - 1))
    j = int(rng.integers(i + 1))
    scores = np.zeros((N, 1))
    _, W = attention.attention(scores, scores, scores, attention.causal_mask(N))
    where = "itself" if i == j else f"position {j}"
    return Question(
        prompt=f"Self-attention with a causal mask over {N} positions, counted from 0; each position sees itself and those before it. "
        f"All scores are equal. What weight does position {i} give to {where}?",
        answer=Number(W[i, j]),
        slips=[
            Slip(1 / N, f"This spreads the weight over all {N} positions, those after position {i} too."),
            Slip(1 / i, f"A position sees itself too: positions 0 to {i} are {i + 1}, not {i}."),
            Slip(1 / (N - i), f"These are the positions from {i} on. A causal mask hides those *after* {i}."),
            Slip(
                0.0, f"Only positions after {i} are hidden, so {'its own' if i == j else f'position {j}'} is allowed."
            ),
        ],
        explanation=f"Position {i} may look at positions 0 to {i}, which are {i + 1}; equal scores give equal weights "
        f"$1/{i + 1} = {tex(W[i, j], 4)}$.",
        hints=[f"At how many positions may position {i} look?", "The weights of a row sum to one."],
        again=1 / (i + 1),
    )


@template(technique="masks", tags=["causal mask"], difficulty=1, syllabus="Q13.3")
def pairs_under_a_causal_mask(rng):
    N = int(rng.integers(4, 60))
    pairs = int(attention.causal_mask(N).sum())
    return Question(
        prompt=f"A sequence has {N} positions; each may look at itself and at those before it. How many pairs (query, key) does "
        "this causal mask allow?",
        answer=Integer(pairs),
        slips=[
            Slip(N * (N - 1) // 2, "The diagonal is missing: each position also looks at itself."),
            Slip(N**2, "These are all pairs. The mask hides the keys that come after the query."),
            Slip(N, "This is the diagonal alone: each position also sees those before it."),
            Slip(
                N**2 - N,
                "These are all pairs but the diagonal. The mask hides those above the diagonal, and only those.",
            ),
        ],
        explanation=rf"Position $i$ sees $i + 1$ positions: $1 + 2 + \ldots + {N} = {N} \cdot {N + 1} / 2 = {pairs}$.",
        hints=[
            "How many keys does the first position see, the second, the last?",
            "$1 + 2 + \\ldots + N = N (N + 1) / 2$.",
        ],
        again=N * (N + 1) // 2,
    )


@template(technique="multi-head attention", tags=["parameters"], difficulty=2, syllabus="Q13.5")
def parameters_of_multi_head_attention(rng):
    h, size = int(rng.choice([2, 4, 8])), int(rng.integers(4, 65))
    d = h * size
    count = attention.mha_params(d, h)
    return Question(
        prompt=f"Multi-head attention has model size $d = {d}$ and {h} heads of size $d / {h} = {size}$. The projections to queries, "
        "keys and values and the one behind the heads all have biases. How many parameters are there?",
        answer=Integer(count),
        slips=[
            Slip(h * count, f"The heads share the size: together their queries have {d} entries, not {h} times {d}."),
            Slip(3 * (d * d + d), "The projection behind the heads is missing: queries, keys, values *and* output."),
            Slip(4 * d * d, f"The biases are missing: each of the four projections has {d}."),
            Slip(4 * (d * size + size), f"This is one head of size {size}; there are {h} of them."),
        ],
        explanation=rf"Four projections from {d} to {d} numbers: $4 \cdot ({d} + 1) \cdot {d} = {count}$. The number of heads plays no part.",
        hints=[
            "Put the heads' matrices on top of each other: how large is the whole?",
            "Four times (inputs + 1) × outputs.",
        ],
        again=4 * d * d + 4 * d,
    )


@template(technique="multi-head attention", tags=["shapes", "code", "pytorch"], difficulty=2)
def shapes_in_multi_head_attention(rng):
    B, H = int(rng.integers(2, 6)), int(rng.choice([2, 4, 8]))
    N, M, s = (int(n) for n in rng.choice([n for n in range(3, 17) if n not in (B, H)], size=3, replace=False))
    if rng.integers(2):
        M = N
    code, arrays = _multi_head_code(B, N, M, H, s)
    asked = _multi_head_slips(B, N, M, H, s)
    line = list(asked)[int(rng.integers(len(asked)))]
    name, shape, reason, slips = asked[line]
    shown = "\n".join(f"{text}  # <- shape of {name}?" if key == line else text for key, text in code.items())
    return Question(
        prompt=f"{'Self-attention' if M == N else 'Attention to another sequence'} with {H} heads, in PyTorch:\n\n"
        f"```python\n{shown}\n```\n\nWhat is the shape of `{name}` after the marked line?",
        answer=Shape(arrays[line].shape),
        slips=[Slip(gives, why) for gives, why in slips],
        explanation=f"`{name}` has the shape `{shape}`: {reason}",
        hints=[
            "Write the shape of each variable beside its line.",
            "`transpose(1, 2)` swaps the axes 1 and 2, counted from 0; `@` multiplies the last two axes and keeps those before.",
        ],
        again=shape,
    )


@template(technique="positions and order", tags=["position code"], difficulty=2, syllabus="Q13.6")
def all_sine_position_code(rng):
    t, d = int(rng.integers(1, 10)), int(rng.choice([4, 8]))
    k = int(rng.integers(1, d // 2 + 2))
    code = attention.positional_encoding(t + 1, d, "all_sine")[t, k - 1]
    wave = 10000 ** (k / d)
    pairs = attention.positional_encoding(t + 1, d, "vaswani")[t, k]
    return Question(
        prompt=r"A position code uses sines alone: component $k$ at position $t$ is $\sin(\omega_k t)$ with "
        rf"$\omega_k = 1 / 10000^{{k/d}}$ and $k = 1, \ldots, d$, in radians. What is component {k} at $t = {t}$ for $d = {d}$?",
        answer=Number(code),
        slips=[
            Slip(
                pairs, "This is the other convention, pairs of a sine and a cosine counted from 0. Here all are sines."
            ),
            Slip(math.sin(t * wave), r"The power of 10000 divides: $\omega_k$ is small, and the sine is slow."),
            Slip(math.cos(t / wave), "This is the cosine. Here every component is a sine."),
            Slip(math.sin(t / 10000 ** ((k - 1) / d)), f"Here $k$ counts from 1: take the exponent {k}/{d}."),
            Slip(math.sin(math.radians(t / wave)), "Your calculator is set to degrees: the angle is in radians."),
        ],
        explanation=rf"$10000^{{{k}/{d}}} = {tex(wave, 4)}$, so the component is $\sin({t} / {tex(wave, 4)}) = {tex(code, 4)}$.",
        hints=["First $10000^{k/d}$; it divides the position.", r"$10000^{1/4} = 10$."],
        again=math.sin(t * math.exp(-math.log(10000) * k / d)),
    )


@template(technique="positions and order", tags=["equivariance"], difficulty=1, syllabus="Q13.10")
def permuted_inputs(rng):
    order = [int(i) for i in rng.permutation(4)]
    if order == [0, 1, 2, 3]:
        raise Redraw
    X = rng.permutation(12).reshape(4, 3) / 12
    (before, _), (after, _) = attention.self_attention_toy(X), attention.self_attention_toy(X[order])
    found = [int(np.abs(before - row).sum(axis=1).argmin()) for row in after]
    # Without an order of their own, "back" is where each went.
    back = [order.index(i) for i in range(4)]
    return Question(
        prompt="Self-attention without a position code (and without a mask) turns the words $(x_0, x_1, x_2, x_3)$ into "
        f"$(y_0, y_1, y_2, y_3)$. Now the same words come in another order, ${_named('x', order)}$. What comes out?",
        answer=Choice(f"${_named('y', found)}$"),
        slips=[
            Slip(
                "$(y_0, y_1, y_2, y_3)$",
                "Some lectures call this invariant, but each output belongs to its word and moves with it: equivariant.",
            ),
            Slip(
                f"${_named('y', back)}$", "This moves them the other way round. Each output stays beside its own word."
            ),
            Slip(
                f"${_named('y', order[::-1])}$",
                "This also turns the order round. Each output stays beside its own word.",
            ),
            Slip(
                "four vectors that did not come out before",
                "Each word still meets the same words with the same weights, so its output is the same as before.",
            ),
        ],
        explanation=f"The output of a word is a weighted mean over all words, and the order plays no part in it. So the outputs "
        f"move with their words: ${_named('y', order)}$. Order needs a position code.",
        hints=["Does the output of one word depend on where it stands?", "Follow one word: what is its output now?"],
        again=f"${_named('y', order)}$",
    )


@template(technique="attention over states", tags=["additive score", "tanh"], difficulty=2, syllabus="Q13.7")
def additive_score(rng):
    v = int(rng.choice([-3, -2, 2, 3, 4]))
    w1, w2 = (float(w) for w in rng.choice([-2.0, -1.0, -0.5, 0.5, 1.0, 2.0], size=2))
    h, s = (float(x) for x in rng.choice([-1.5, -1.0, -0.5, 0.5, 1.0, 1.5], size=2))
    a, b = w1 * h, w2 * s
    if not 0.2 < abs(a + b) < 2:
        raise Redraw
    H, one = np.array([[h]]), np.ones((1, 1))
    score = attention.additive_scores(H, np.array([s]), np.array([v]), w1 * one, w2 * one)[0]
    return Question(
        prompt=rf"All numbers are scalars: a state $h = {tex(h)}$, a query $s = {tex(s)}$, and the weights $v = {v}$, "
        rf"$w_1 = {tex(w1)}$, $w_2 = {tex(w2)}$. What is the additive score $v \tanh(w_1 h + w_2 s)$?",
        answer=Number(score),
        slips=[
            Slip(v * (a + b), r"The tanh is missing: it bounds $w_1 h + w_2 s$ before $v$ weighs it."),
            Slip(math.tanh(v * (a + b)), r"$v$ stands outside: first the tanh, then times $v$."),
            Slip(v * a * b, "This multiplies state and query. The additive score *adds* them, and a tanh follows."),
            Slip(v * (math.tanh(a) + math.tanh(b)), "One tanh over the sum, not a tanh for each term."),
            Slip(math.tanh(a + b), f"The last factor is missing: times $v = {v}$."),
        ],
        explanation=rf"$w_1 h + w_2 s = {tex(a)} {plus(b)} = {tex(a + b)}$, $\tanh({tex(a + b)}) = {tex(math.tanh(a + b), 4)}$, "
        f"times ${v}$ gives ${tex(score, 4)}$.",
        hints=["First the sum in the parentheses.", "Then tanh, and $v$ last."],
        again=v * (1 - 2 / (math.exp(2 * (a + b)) + 1)),
    )


@template(technique="attention over states", tags=["context vector", "softmax"], difficulty=2, syllabus="Q13.8")
def context_of_states(rng):
    e = rng.choice(np.arange(-1, 4), size=3, replace=False)
    h = rng.choice(np.arange(1, 11), size=3, replace=False)
    c, alpha = attention.context(e.astype(float), h[:, None].astype(float))
    parts = np.exp(e) @ h
    return Question(
        prompt=rf"An encoder has the states (scalars) $h = {tex(h)}$, their scores are $e = {tex(e)}$, and the weights are "
        r"$\alpha = $ softmax$(e)$. What is the context $c$?",
        answer=Number(c[0]),
        slips=[
            Slip(h.mean(), "This is the plain mean: weigh each state by its softmax."),
            Slip(parts, rf"The weights must sum to one: divide by $\sum_j \exp(e_j) = {tex(np.exp(e).sum(), 4)}$."),
            Slip(h[e.argmax()], "This is the state with the largest score alone. The context mixes all of them."),
            Slip(e @ h, "These are the scores times the states. The softmax comes between."),
        ],
        explanation=rf"$\alpha = {tex(alpha, 4)}$, so $c = "
        + " + ".join(rf"{tex(a, 4)} \cdot {x}" for a, x in zip(alpha, h, strict=True))
        + f" = {tex(c[0], 4)}$.",
        hints=["First the softmax of the scores.", r"$c = \sum_j \alpha_j h_j$."],
        again=parts / np.exp(e).sum(),
    )


@template(technique="reading an attention map", tags=["attention map"], difficulty=1)
def word_looked_at_most(rng):
    words = _SENTENCES[int(rng.integers(len(_SENTENCES)))]
    i, best, reader = (int(n) for n in rng.permutation(5)[:3])
    if rng.integers(4) == 0:
        best = i
    scores = rng.normal(size=(5, 5)).round(1)
    scores[i, best] = scores[i].max() + 0.8
    scores[reader, i] = max(scores[reader].max(), scores[:, i].max() + 1.5) + 0.5
    W = _weights(scores)
    seen = W.round(2)
    top = int(W[i].argmax())
    if seen[i].max() - np.sort(seen[i])[-2] < 0.05 or seen[reader, i] < seen[:, i].max():
        raise Redraw
    whys = {
        j: f"Its weight is {tex(seen[i, j])}; the largest in the row “{words[i]}” is {tex(seen[i, top])}."
        for j in range(5)
    }
    whys[i] = (
        f"A word need not look at itself most: the weight here is {tex(seen[i, i])}, and there is a larger one in the row."
    )
    whys[reader] = (
        f"You went down the column: “{words[reader]}” looks most at “{words[i]}”. Read along the row of “{words[i]}”."
    )
    return Question(
        prompt="The map shows the weights of one attention head, rounded. A row is the word that looks (the query), a column the word "
        f"that it looks at (the key). At which word does “{words[i]}” look most?",
        answer=Choice(words[top]),
        slips=[Slip(words[j], whys[j]) for j in range(5) if j != top],
        explanation=f"In the row “{words[i]}” the largest weight is {tex(seen[i, top])}, in the column “{words[top]}”.",
        hints=[
            "Find the word's row first.",
            "The weights of a row sum to one (up to rounding), those of a column need not.",
        ],
        figure=figures.cells(seen, rows=words, columns=words, row_title="query", column_title="key"),
        again=words[int(scores[i].argmax())],
    )


@template(technique="masks", tags=["attention map", "causal mask", "padding"], difficulty=2)
def mask_of_an_attention_map(rng):
    N, causal, length = 5, bool(rng.integers(2)), int(rng.integers(3, 6))
    mask = attention.padding_mask([length], N)[0] & (attention.causal_mask(N) if causal else True)
    W = _weights(rng.normal(size=(N, N)) * 0.6, mask).round(2)
    hidden = N - length if length < N else int(rng.integers(1, 3))
    padding = f"a padding mask (the last {f'{hidden} positions are' if hidden > 1 else 'position is'} padding)"
    options = {
        (True, False): ("a causal mask", "This leaves zeros above the diagonal, and no others."),
        (False, True): (padding, f"This leaves zeros in the last {_columns(hidden)} of every row, and no others."),
        (True, True): (
            f"a causal mask and {padding}",
            f"This leaves zeros above the diagonal *and* in the last {_columns(hidden)}, on the diagonal too.",
        ),
        (False, False): ("no mask", "Without a mask softmax gives every key a positive weight: no zeros at all."),
        "future": (
            "a mask that hides the positions before the query",
            "This leaves zeros *below* the diagonal: the columns left of it would be empty.",
        ),
    }
    kind = (bool((W[0, 1:] == 0).all()), bool((W[:, length:] == 0).all() and length < N))
    right, reason = options.pop(kind)
    return Question(
        prompt="The map shows attention weights, rounded: row = query, column = key, positions counted from 0. No weight is 0 unless a "
        "mask made it so. Which mask was used?",
        answer=Choice(right),
        slips=[Slip(*option) for option in options.values()],
        explanation=f"{right[0].upper()}{right[1:]}. {reason}",
        hints=[
            "Where are the zeros: above the diagonal, in whole columns, or nowhere?",
            "Look at the last row: is a weight 0 there?",
        ],
        figure=figures.cells(
            W, rows=list(map(str, range(N))), columns=list(map(str, range(N))), row_title="query", column_title="key"
        ),
        again=_masks_in_words(causal, length, N, padding),
    )


@template(technique="scaled dot-product attention", tags=["bug", "code"], difficulty=3)
def bug_in_an_attention_function(rng):
    causal = bool(rng.integers(2))
    lines = _attention_lines(causal)
    faulty = [name for name, (_, _, bugs) in lines.items() if bugs]
    name = faulty[int(rng.integers(len(faulty)))]
    right, _, bugs = lines[name]
    wrong, why = bugs[int(rng.integers(len(bugs)))]
    shown = [wrong if key == name else text for key, (text, _, _) in lines.items()]
    option = {key: f"line {place}: `{text}`" for place, (key, text) in enumerate(zip(lines, shown, strict=True), 2)}
    others = [key for key in faulty if key != name]
    others = [others[place] for place in sorted(rng.choice(len(others), size=4, replace=False))]
    head = "def attention(X, Wq, Wk, Wv):" if causal else "def attention(Q, K, V, mask):"
    code = "\n".join([f" 1  {head}", *(f"{place:2}      {text}" for place, text in enumerate(shown, 2))])
    given = (
        "Self-attention over the rows of `X`, with a causal mask (each position sees itself and those before it). Queries, keys and "
        "values are the rows times `Wq.T`, `Wk.T` and `Wv.T`."
        if causal
        else "Scaled dot-product attention: the rows of `Q` are queries, those of `K` and `V` keys and values. `mask` is True where a "
        "query may look."
    )
    return Question(
        prompt=f"{given} One line is wrong. Which one?\n\n```python\n{code}\n```",
        answer=Choice(option[name]),
        slips=[Slip(option[key], f"This line is right: {lines[key][1]}.") for key in others],
        explanation=f"Line {list(lines).index(name) + 2} must be `{right}`: {why}.",
        hints=[
            "Say for each line what a row and what a column is.",
            "Check the scale, the axis of the softmax, what the mask hides, and what is multiplied last.",
        ],
    )


_SENTENCES = (
    ("she", "gave", "him", "her", "book"),
    ("the", "dog", "chased", "a", "ball"),
    ("birds", "sing", "when", "spring", "comes"),
    ("my", "old", "bike", "needs", "oil"),
    ("we", "saw", "it", "last", "night"),
    ("rain", "fell", "on", "our", "tent"),
    ("he", "reads", "what", "she", "wrote"),
    ("nobody", "knew", "why", "it", "broke"),
)


def _softmax(s):
    return np.exp(s) / np.exp(s).sum()


def _named(letter, order):
    return f"({', '.join(f'{letter}_{i}' for i in order)})"


def _weights(scores, mask=None):
    """The weights that have these scores: queries are their rows, keys the unit vectors."""
    keys = np.eye(scores.shape[1])
    return attention.attention(scores, keys, keys, mask, scale=False)[1]


def _columns(count):
    return f"{count} columns" if count > 1 else "column"


def _masks_in_words(causal, length, N, padding):
    """The masks that were drawn, in words."""
    used = ["a causal mask"] * causal + [padding] * (length < N)
    return " and ".join(used) or "no mask"


def _multi_head_code(B, N, M, H, s):
    """Name of a line -> its text; name of a line -> an array of the shape that the line gives."""
    d, source = H * s, "x" if M == N else "m"
    code = {
        "x": f"x = torch.randn({B}, {N}, {d})",
        "m": f"m = torch.randn({B}, {M}, {d})",
        "q": f"q = nn.Linear({d}, {d})(x)",
        "kv": f"k, v = nn.Linear({d}, {2 * d})({source}).chunk(2, dim=-1)",
        "q_heads": f"q = q.reshape({B}, {N}, {H}, -1).transpose(1, 2)",
        "k_heads": f"k = k.reshape({B}, {M}, {H}, -1).transpose(1, 2)",
        "v_heads": f"v = v.reshape({B}, {M}, {H}, -1).transpose(1, 2)",
        "scores": "e = q @ k.transpose(-2, -1)",
        "weights": f"w = (e / {s} ** 0.5).softmax(dim=-1)",
        "heads": "y = w @ v",
        "swapped": "y = y.transpose(1, 2)",
        "joined": "y = y.flatten(2)",
    }
    if M == N:
        del code["m"]
    q, k = np.empty((B, N, d), np.int8), np.empty((B, M, d), np.int8)
    arrays = {
        "kv": k,
        "q_heads": q.reshape(B, N, H, -1).swapaxes(1, 2),
        "k_heads": k.reshape(B, M, H, -1).swapaxes(1, 2),
    }
    arrays["scores"] = arrays["weights"] = np.empty((B, H, N, M), np.int8)
    arrays["heads"] = arrays["weights"] @ arrays["k_heads"]
    arrays["swapped"] = arrays["heads"].swapaxes(1, 2)
    arrays["joined"] = arrays["swapped"].reshape(B, N, -1)
    return code, arrays


def _multi_head_slips(B, N, M, H, s):
    """Name of a line -> the variable asked, its shape typed out, the reason, and wrong shapes with what is wrong about them."""
    d = H * s
    no_swap = "`transpose(1, 2)` brings the axis of the heads before that of the words."
    no_heads = f"The axis of the {H} heads is missing: each head has numbers of its own."
    not_split = f"The {d} numbers of a word are divided among {H} heads: {s} for each."
    return {
        "kv": (
            "k",
            (B, M, d),
            f"`chunk` cuts the last axis, {2 * d}, into two of {d}.",
            [
                ((B, M, 2 * d), "This is before `chunk`: it cuts the last axis into two."),
                ((2, B, M, d), "`chunk` gives two tensors, and `k` is the first: no new axis."),
                ((B, M, s), "The heads are not split yet in this line."),
            ],
        ),
        "q_heads": (
            "q",
            (B, H, N, s),
            f"`reshape` splits the {d} numbers of a word into {H} heads of {s}, `transpose` brings the heads forward.",
            [((B, N, H, s), no_swap), ((B, H, N, d), not_split), ((B, N, d), no_heads)],
        ),
        "k_heads": (
            "k",
            (B, H, M, s),
            f"`reshape` splits the {d} numbers of a word into {H} heads of {s}, `transpose` brings the heads forward.",
            [((B, M, H, s), no_swap), ((B, H, M, d), not_split), ((B, M, d), no_heads)],
        ),
        "scores": (
            "e",
            (B, H, N, M),
            f"for each head, a score of each of {N} queries with each of {M} keys.",
            [
                ((B, N, M), no_heads),
                ((B, H, s, s), "The sum runs over the numbers of a head; what remains are queries and keys."),
                (
                    (B, N, H, H),
                    "The heads were brought forward: the last two axes are words and numbers, not heads and numbers.",
                ),
                ((B, H, N, s), "This is the shape of `q`. Each query meets every key: one score for each pair."),
            ],
        ),
        "weights": (
            "w",
            (B, H, N, M),
            "softmax changes the values, not the shape of the scores: queries times keys for each head.",
            [
                ((B, H, N), "Softmax divides by a sum, but it does not sum an axis away."),
                ((B, N, M), no_heads),
                ((B, H, N, s), "This is the shape of `q`. Each query meets every key: one weight for each pair."),
            ],
        ),
        "heads": (
            "y",
            (B, H, N, s),
            f"each of {N} queries takes a mean of values, which have {s} numbers in each head.",
            [
                ((B, H, N, d), not_split),
                ((B, H, N, M), "This is the shape of `w`. The sum over the keys leaves the numbers of the values."),
                ((B, N, d), "The heads are put together only in the last line."),
            ],
        ),
        "swapped": (
            "y",
            (B, N, H, s),
            "`transpose(1, 2)` swaps the axes of heads and words; the heads are joined in the next line.",
            [
                ((B, H, N, s), "This is before the line: `transpose(1, 2)` swaps heads and words."),
                ((B, N, d), "This is one line later: the heads still have an axis of their own."),
                ((B, H, s, N), "Axes count from 0: `transpose(1, 2)` swaps heads and words, not the last two."),
            ],
        ),
        "joined": (
            "y",
            (B, N, d),
            f"`flatten(2)` joins all axes from axis 2 on: {H} · {s} = {d}, as wide as the input.",
            [
                ((B, N, H, s), f"This is before the line: `flatten(2)` joins the {H} heads of {s} numbers."),
                ((B, N * d), "`flatten(2)` begins at axis 2, counted from 0, so batch and words stay."),
                ((B, N, s), f"The heads stand side by side, not on top of each other: {H} times {s} numbers."),
            ],
        ),
    }


def _attention_lines(causal):
    """Name of a line -> the right text, why it is right, and wrong texts with what is wrong about them."""
    first = {
        "Q": (
            "Q, K = X @ Wq.T, X @ Wk.T",
            "each row of `X` becomes a query and a key",
            [("Q, K = X @ Wq.T, X @ Wq.T", "the keys have a matrix of their own, `Wk`")],
        ),
        "V": (
            "V = X @ Wv.T",
            "each row of `X` becomes a value",
            [("V = X @ Wk.T", "these are the keys again; the values have a matrix of their own")],
        ),
        "build": (
            "mask = np.tril(np.ones((len(X), len(X)), bool))",
            "True on and below the diagonal, for the position itself and those before it",
            [
                (
                    "mask = np.triu(np.ones((len(X), len(X)), bool))",
                    "triu keeps the diagonal and what is above it, so each position sees only itself and what comes after",
                ),
                (
                    "mask = np.tril(np.ones((len(X), len(X)), bool), k=-1)",
                    "k=-1 leaves out the diagonal, so the first position sees nothing at all",
                ),
            ],
        ),
    }
    rest = {
        "scores": (
            "s = Q @ K.T",
            "one row for each query, one column for each key",
            [
                ("s = Q @ K", "the keys are not transposed, so queries do not meet keys"),
                ("s = K @ Q.T", "rows are the keys here; they must be the queries"),
                ("s = Q @ V.T", "queries are compared with keys, not with values"),
            ],
        ),
        "scale": (
            "s = s / np.sqrt(K.shape[1])",
            "the products spread like the square root of the size of a key",
            [
                ("s = s / K.shape[1]", "the products spread like the square root of the size, not like the size"),
                ("s = s * np.sqrt(K.shape[1])", "this makes the scores larger still; scaling divides"),
                ("s = s / np.sqrt(len(K))", "len(K) is the number of keys; what counts is their size"),
            ],
        ),
        "mask": (
            "s = np.where(mask, s, -np.inf)",
            "exp of minus infinity is 0, so hidden keys get no weight",
            [
                ("s = np.where(mask, -np.inf, s)", "the mask is turned round: it hides what may be seen"),
                ("s = np.where(mask, s, np.inf)", "the sign is wrong, and hidden keys would get all the weight"),
                ("s = s * mask", "a score of 0 is not hidden, as exp(0) = 1"),
            ],
        ),
        "exp": (
            "e = np.exp(s - s.max(axis=1, keepdims=True))",
            "taking a row's largest score from all of the row changes no weight, and nothing overflows",
            [
                (
                    "e = np.exp(s - s.max(axis=0, keepdims=True))",
                    "each *column* is shifted by another number here, and that changes the softmax of a row",
                )
            ],
        ),
        "softmax": (
            "W = e / e.sum(axis=1, keepdims=True)",
            "each query's weights, a row, sum to one",
            [
                ("W = e / e.sum(axis=0, keepdims=True)", "axis 0 makes the columns sum to one; a query is a row"),
                ("W = e / e.sum()", "this makes the whole matrix sum to one; each row must"),
                (
                    "W = e / e.sum(axis=1)",
                    "without keepdims the sums lie along the columns, so row sums divide columns",
                ),
            ],
        ),
        "out": (
            "return W @ V",
            "each query takes the weighted mean of the values",
            [
                ("return W @ K", "what is mixed are the values, not the keys"),
                ("return W.T @ V", "the rows of `W` belong to the queries, so it must not be transposed"),
            ],
        ),
    }
    return first | rest if causal else rest
