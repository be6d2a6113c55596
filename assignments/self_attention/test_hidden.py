"""Hidden tests of self_attention. Points per exercise: 3, 4, 3, 4, 3, 3 = 20.

Shapes are fixed, values are drawn: so a right solution passes and a known wrong one fails under every seed. The smallest
shape comes last, so that the public twin is short.
"""

import numpy as np

from autograder.checks import agree, check, numbers, picture, untouched
from reference import attention as att
from reference import random as draw

#: The words of the syllabus' examples.
THREE = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])

# 1. self_attention_toy -------------------------------------------------------------------------------------------


@check("self_attention_toy", points=0.5)
def test_toy_of_three_words(student):
    """Three words of two numbers."""
    agree(student.self_attention_toy(THREE), att.self_attention_toy(THREE))


@check("self_attention_toy", points=0.5)
def test_toy_weights(student, rng):
    """W: each row is the softmax of that word's scores, and sums to one."""
    for N, d in ((5, 2), (4, 3), (3, 2)):
        X = draw.away_from_zero(rng, N, d)
        _, W = student.self_attention_toy(X)
        agree(W.sum(axis=1), np.ones(N), what="the sum of each row of W")
        agree(W, att.self_attention_toy(X)[1], what="W")


@check("self_attention_toy", points=0.5)
def test_toy_outputs(student, rng):
    """Y: each row is the weighted mean of all words."""
    for N, d in ((5, 3), (2, 4), (3, 2)):
        X = draw.away_from_zero(rng, N, d)
        Y, _ = student.self_attention_toy(X)
        agree(Y, att.self_attention_toy(X)[0], what="Y")


@check("self_attention_toy", points=0.5)
def test_toy_of_a_square_matrix(student, rng):
    """As many words as numbers in each: no shape gives a transposition away; then one word, and words of one number."""
    for N, d in ((3, 3), (1, 4), (4, 1), (2, 2)):
        X = draw.away_from_zero(rng, N, d)
        agree(student.self_attention_toy(X), att.self_attention_toy(X))


@check("self_attention_toy", points=0.5)
def test_toy_is_equivariant(student, rng):
    """Shuffled words give the same outputs, shuffled in the same way."""
    X = draw.away_from_zero(rng, 4, 2)
    order = np.array([2, 0, 3, 1])
    Y, W = att.self_attention_toy(X)
    agree(student.self_attention_toy(X), (Y, W), what="the words in order")
    agree(student.self_attention_toy(X[order]), (Y[order], W[order][:, order]), what="the words shuffled")


@check("self_attention_toy", points=0.5)
def test_toy_of_huge_scores(student, rng):
    """Scores of thousands, beside rows with small ones."""
    for N in (4, 3):
        X = draw.away_from_zero(rng, N, 2) * np.array([[500.0], [0.01], [400.0], [1.0]])[:N]
        agree(student.self_attention_toy(X), att.self_attention_toy(X))


@check("self_attention_toy", takes=0.5)
def test_toy_leaves_its_input(student, rng):
    """`self_attention_toy` does not change its input."""
    untouched(student.self_attention_toy, draw.away_from_zero(rng, 3, 2))


#: The sentence of the notebook's picture: animal, action, place.
SENTENCE = np.array([[0, 0, 0.2], [2, 1, 0], [1, 2, 0], [0, 0, 1], [0, 0, 0.2], [0, 0.5, 1], [0, 1, 2]])


@picture("self_attention_toy", kind="heatmap", x_label="at whom", y_label="who looks")
def attention_map(student):
    """Who looks at whom in "the dog sleeps on the soft couch", with the notebook's vectors."""
    return student.self_attention_toy(SENTENCE)[1], att.self_attention_toy(SENTENCE)[1]


# 2. attention ----------------------------------------------------------------------------------------------------


def _qkv(rng, N, M, k, v):
    """Queries, keys and values."""
    return draw.away_from_zero(rng, N, k), draw.away_from_zero(rng, M, k), draw.away_from_zero(rng, M, v)


@check("attention", points=0.5)
def test_attention_of_any_shape(student, rng):
    """More keys than queries, values of another length than queries."""
    for shape in ((2, 5, 3, 4), (4, 2, 2, 5), (1, 4, 3, 1), (4, 1, 2, 2), (2, 3, 4, 2)):
        Q, K, V = _qkv(rng, *shape)
        agree(student.attention(Q, K, V), att.attention(Q, K, V))


@check("attention", points=0.5)
def test_attention_of_square_matrices(student, rng):
    """As many queries, keys and numbers in each: no shape gives a transposition away. First three words by hand."""
    for Q, K, V in ((THREE, THREE, THREE), _qkv(rng, 4, 4, 4, 4), _qkv(rng, 3, 3, 3, 3)):
        agree(student.attention(Q, K, V), att.attention(Q, K, V))


@check("attention", points=0.5)
def test_attention_without_scaling(student, rng):
    """scale=False: the dot products as they are."""
    for shape in ((3, 4, 5, 2), (2, 3, 4, 2)):
        Q, K, V = _qkv(rng, *shape)
        agree(student.attention(Q, K, V, scale=False), att.attention(Q, K, V, scale=False))


@check("attention", points=0.5)
def test_attention_with_a_mask(student, rng):
    """A mask: forbidden keys get exactly nothing, the others still sum to one."""
    for N, M, k, v in ((4, 3, 2, 5), (3, 3, 3, 2), (2, 4, 3, 2)):
        (Q, K, V), mask = _qkv(rng, N, M, k, v), draw.attention_mask(rng, N, M)
        Y, W = student.attention(Q, K, V, mask=mask)
        agree(Y, att.attention(Q, K, V, mask)[0], what="Y")
        agree(W[~mask], np.zeros((~mask).sum()), profile="exact", what="the weights of forbidden keys")
        agree(W, att.attention(Q, K, V, mask)[1], what="W")


@check("attention", points=0.5)
def test_attention_with_a_mask_of_numbers(student, rng):
    """A mask of 1 and 0, with and without scaling."""
    for N, M, scale in ((4, 4, False), (3, 4, True), (2, 3, True)):
        (Q, K, V), mask = _qkv(rng, N, M, 3, 2), draw.attention_mask(rng, N, M).astype(int)
        agree(student.attention(Q, K, V, mask=mask, scale=scale), att.attention(Q, K, V, mask, scale))


@check("attention", points=0.5)
def test_attention_with_one_mask_for_all(student, rng):
    """A mask of shape (1, M) holds for every query."""
    for N, M in ((4, 3), (3, 3), (2, 4)):
        (Q, K, V), mask = _qkv(rng, N, M, 3, 2), draw.attention_mask(rng, 1, M)
        agree(student.attention(Q, K, V, mask=mask), att.attention(Q, K, V, mask))


@check("attention", points=0.5)
def test_attention_with_nothing_allowed(student, rng):
    """A query that may look at no key gets zeros, and the others are as ever."""
    for N, M in ((4, 3), (3, 3), (2, 3)):
        (Q, K, V), mask = _qkv(rng, N, M, 2, 3), draw.attention_mask(rng, N, M)
        mask[1] = False
        agree(student.attention(Q, K, V, mask=mask), att.attention(Q, K, V, mask))


@check("attention", points=0.5)
def test_attention_of_huge_scores(student, rng):
    """Scores of a thousand, and forbidden ones far above all allowed ones."""
    for M in (4, 3):
        Q, K, V = _far_apart(rng, M)
        agree(student.attention(Q, K, V), att.attention(Q, K, V))
        mask = np.ones((2, M), dtype=bool)
        mask[[0, 1], [0, 1]] = False
        agree(student.attention(Q, K, V, mask=mask), att.attention(Q, K, V, mask))


def _far_apart(rng, M):
    """Two queries in two dimensions: key 0 has the scores 3000 and -3000, the others lie between -600 and 600."""
    Q, K, V = _qkv(rng, 2, M, 2, 2)
    signs = rng.permutation([1.0, -1.0])
    K[0] = 10 * signs
    Q = np.abs(Q) * signs * np.array([[1.0], [-1.0]])
    return Q * 300 * np.sqrt(2) / np.abs(Q).sum(axis=1, keepdims=True), K, V


@check("attention", takes=0.5)
def test_attention_leaves_its_inputs(student, rng):
    """`attention` does not change its inputs, the mask included."""
    untouched(student.attention, *_qkv(rng, 3, 4, 2, 3), draw.attention_mask(rng, 3, 4))


@picture("attention", kind="heatmap", x_label="at whom", y_label="who looks")
def causal_map(student):
    """The same sentence when each word sees only itself and what came before it."""
    mask = att.causal_mask(len(SENTENCE))
    ours = att.attention(SENTENCE, SENTENCE, SENTENCE, mask)[1]
    return student.attention(SENTENCE, SENTENCE, SENTENCE, mask)[1], ours


# 3. masks --------------------------------------------------------------------------------------------------------


@check("masks", points=1)
def test_causal_mask(student, rng):
    """`causal_mask`: each position sees itself and what came before, nothing else."""
    for N in (5, 1, 2, 8, int(rng.integers(3, 6))):
        agree(student.causal_mask(N), att.causal_mask(N), profile="exact")


@check("masks", points=0.5)
def test_causal_mask_at_work(student):
    """`causal_mask` in attention: the first of three words keeps its own value, the second sees two, the third all."""
    mask = _as_mask(student.causal_mask(3), (3, 3))
    agree(att.attention(THREE, THREE, THREE, mask), att.attention(THREE, THREE, THREE, att.causal_mask(3)))


@check("masks", points=1)
def test_padding_mask(student, rng):
    """`padding_mask`: shape (B, 1, N), True at the first words of each sentence, as many as it has."""
    # In the first batch no sentence is full.
    for B, longest, N in ((4, 4, 6), (4, 4, 4), (1, 5, 5), (3, 1, 1), (3, 4, 4)):
        lengths = _lengths(rng, B, longest)
        agree(student.padding_mask(lengths, N), att.padding_mask(lengths, N), profile="exact")


@check("masks", points=0.5)
def test_padding_mask_at_work(student, rng):
    """`padding_mask` in attention: a padded sentence gives what the sentence alone gives, an empty one zeros."""
    lengths, X = np.array([3, 0, 5]), draw.away_from_zero(rng, 5, 2)
    masks = _as_mask(student.padding_mask(lengths, 5), (3, 1, 5))
    for mask, n in zip(masks, lengths, strict=True):
        expected = att.attention(X, X[:n], X[:n])[0] if n else np.zeros((5, 2))
        agree(att.attention(X, X, X, mask)[0], expected, what="the outputs")


@check("masks", takes=0.5)
def test_padding_mask_leaves_its_input(student, rng):
    """`padding_mask` does not change the lengths."""
    untouched(student.padding_mask, _lengths(rng, 3, 4), 4)


def _lengths(rng, B, longest):
    """Lengths in no order, among them the longest and its half: never all alike when B > 1."""
    lengths = rng.integers(1, longest + 1, size=B)
    lengths[:2] = [longest, longest // 2][:B]
    return rng.permutation(lengths)


def _as_mask(answer, shape):
    """A student's mask as truth values."""
    return numbers(answer * 1, shape, what="the mask") != 0


# 4. multi_head ---------------------------------------------------------------------------------------------------


def _heads(rng, N, H, k, d):
    """X, Wq, Wk, Wv, Wy."""
    X = draw.away_from_zero(rng, N, d)
    return X, *(draw.away_from_zero(rng, H, k, d) for _ in range(3)), draw.away_from_zero(rng, d, H * k)


@check("multi_head", points=0.5)
def test_one_head(student, rng):
    """H = 1: one attention with projections, then Wy."""
    for N, k, d in ((4, 3, 2), (3, 2, 4), (2, 2, 3)):
        given = _heads(rng, N, 1, k, d)
        agree(student.multi_head(*given), att.multi_head(*given))


@check("multi_head", points=1)
def test_several_heads(student, rng):
    """Several heads, their outputs end to end."""
    for N, H, k, d in ((5, 3, 2, 6), (4, 2, 3, 6), (2, 2, 2, 4), (2, 2, 1, 2)):
        given = _heads(rng, N, H, k, d)
        agree(student.multi_head(*given), att.multi_head(*given))


@check("multi_head", points=0.5)
def test_heads_of_any_size(student, rng):
    """Heads whose sizes together are more, or less, than d; one word; words of one number."""
    for N, H, k, d in ((3, 2, 4, 3), (3, 2, 1, 5), (1, 3, 2, 2), (3, 2, 2, 1), (2, 2, 2, 2)):
        given = _heads(rng, N, H, k, d)
        agree(student.multi_head(*given), att.multi_head(*given))


@check("multi_head", points=0.5)
def test_heads_of_square_matrices(student, rng):
    """k = d = N = H: no shape gives a transposition away."""
    for n in (3, 2):
        given = _heads(rng, n, n, n, n)
        agree(student.multi_head(*given), att.multi_head(*given))


@check("multi_head", points=0.5)
def test_heads_with_the_causal_mask(student, rng):
    """The causal mask holds for every head."""
    for N, H, k, d in ((4, 3, 2, 4), (3, 2, 2, 3), (3, 2, 1, 2)):
        given = _heads(rng, N, H, k, d)
        agree(student.multi_head(*given, mask=att.causal_mask(N)), att.multi_head(*given, att.causal_mask(N)))


@check("multi_head", points=0.5)
def test_heads_with_a_padding_mask(student, rng):
    """One mask of shape (1, N) for all, or a mask of 1 and 0 with a word that may look at nothing."""
    given = _heads(rng, 4, 2, 3, 2)
    mask = draw.attention_mask(rng, 4, 4).astype(int)
    mask[2] = 0
    agree(student.multi_head(*given, mask=mask), att.multi_head(*given, mask))
    given = _heads(rng, 3, 2, 1, 2)
    mask = np.array([[True, True, False]])
    agree(student.multi_head(*given, mask=mask), att.multi_head(*given, mask))


@check("multi_head", points=0.5)
def test_heads_are_equivariant(student, rng):
    """Shuffled words give the same outputs, shuffled in the same way."""
    X, *weights = _heads(rng, 3, 2, 1, 2)
    order = np.array([2, 0, 1])
    expected = att.multi_head(X, *weights)
    agree(student.multi_head(X, *weights), expected, what="the words in order")
    agree(student.multi_head(X[order], *weights), expected[order], what="the words shuffled")


@check("multi_head", takes=0.5)
def test_heads_leave_their_inputs(student, rng):
    """`multi_head` does not change its inputs."""
    untouched(student.multi_head, *_heads(rng, 3, 2, 2, 4), att.causal_mask(3))


# 5. scores and context -------------------------------------------------------------------------------------------


def _states(rng, kind, T, h, n, a):
    """kind, H, s and the parameters of that kind."""
    shapes = {
        "additive": {"W_1": (a, h), "W_2": (a, n), "v_a": (a,)},
        "multiplicative": {"W_a": (h, n)},
        "self": {"W_a": (a, h), "v_a": (a,)},
    }
    params = {key: draw.away_from_zero(rng, *shape) for key, shape in shapes[kind].items()}
    return kind, draw.away_from_zero(rng, T, h), None if kind == "self" else draw.away_from_zero(rng, n), params


def _scores_agree(student, rng, kind, shapes):
    for shape in shapes:
        given = _states(rng, kind, *shape)
        agree(student.scores(*given), att.scores(*given))


#: T, h, n, a: all different; one state; one number everywhere; small.
SIZES = ((5, 2, 4, 3), (1, 3, 2, 2), (3, 1, 1, 1), (2, 3, 4, 2))


@check("scores", points=0.5)
def test_additive_scores(student, rng):
    """`scores`: "additive", first with the three states (1, 0), (0, 1), (1, 1)."""
    params = {"W_1": np.eye(2), "W_2": np.eye(2), "v_a": np.array([1.0, -1.0])}
    s = np.array([0.5, 0.5])
    agree(student.scores("additive", THREE, s, params), att.scores("additive", THREE, s, params))
    _scores_agree(student, rng, "additive", SIZES)


@check("scores", points=0.5)
def test_multiplicative_scores(student, rng):
    """`scores`: "multiplicative"."""
    _scores_agree(student, rng, "multiplicative", SIZES)


@check("scores", points=0.5)
def test_self_scores(student, rng):
    """`scores`: "self", without s."""
    _scores_agree(student, rng, "self", SIZES)


@check("scores", points=0.5)
def test_scores_of_square_matrices(student, rng):
    """`scores`: all three kinds with matrices that no shape tells from their transposes."""
    for kind in ("additive", "multiplicative", "self"):
        _scores_agree(student, rng, kind, ((3, 3, 3, 3), (2, 2, 2, 2)))


@check("scores", points=0.5)
def test_context(student, rng):
    """`context`: the mean of the states, weighted with the softmax of the scores."""
    for T, h in ((5, 3), (1, 2), (4, 1), (3, 3), (3, 2)):
        e, H = draw.away_from_zero(rng, T), draw.away_from_zero(rng, T, h)
        agree(student.context(e, H), att.context(e, H))


@check("scores", points=0.5)
def test_context_of_huge_scores(student, rng):
    """`context`: scores of a thousand, all of one sign and of both."""
    far = rng.permutation([1000.0, -1000.0, *rng.uniform(-2, 2, size=2)])
    for e in (far, rng.uniform(1000, 1002, size=4), -rng.uniform(1000, 1002, size=4)):
        H = draw.away_from_zero(rng, 4, 2)
        agree(student.context(e, H), att.context(e, H))


@check("scores", takes=0.5)
def test_scores_leave_their_inputs(student, rng):
    """`scores` and `context` do not change their inputs."""
    untouched(student.scores, *_states(rng, "additive", 3, 2, 2, 3))
    untouched(student.context, draw.away_from_zero(rng, 3), draw.away_from_zero(rng, 3, 2))


# 6. positional_encoding ------------------------------------------------------------------------------------------


def _positions_agree(student, variant, shapes):
    for T, d in shapes:
        agree(student.positional_encoding(T, d, variant), att.positional_encoding(T, d, variant))


@check("positional_encoding", points=0.5)
def test_all_sine(student, rng):
    """ "all_sine": the lecture's version, for even and odd d."""
    _positions_agree(student, "all_sine", ((2, 4), (5, 1), (6, 3), (int(rng.integers(3, 7)), 5)))


@check("positional_encoding", points=1)
def test_vaswani(student, rng):
    """ "vaswani": sine and cosine side by side, d even."""
    _positions_agree(student, "vaswani", ((2, 4), (7, 2), (5, 8), (int(rng.integers(3, 7)), 6)))


@check("positional_encoding", points=0.5)
def test_vaswani_with_odd_d(student, rng):
    """ "vaswani" with an odd d ends with a sine."""
    _positions_agree(student, "vaswani", ((4, 1), (6, 3), (5, 7), (int(rng.integers(3, 7)), 5)))


@check("positional_encoding", points=0.5)
def test_first_position(student, rng):
    """The first position: one row, and the zeros (and ones) that it holds."""
    for variant in ("all_sine", "vaswani"):
        _positions_agree(student, variant, ((1, 1), (1, 4), (1, int(rng.integers(5, 9)))))


@check("positional_encoding", points=0.5)
def test_far_positions(student, rng):
    """Far along: 300 positions, and a shift turns every pair of "vaswani" by one angle."""
    d = 2 * int(rng.integers(4, 8))
    _positions_agree(student, "all_sine", ((300, d),))
    P = student.positional_encoding(300, d, "vaswani")
    agree(P, att.positional_encoding(300, d, "vaswani"))
    sines, cosines = P[:, 0::2], P[:, 1::2]
    angle = 7 / 10000 ** (2 * np.arange(d // 2) / d)
    turned = sines[:-7] * np.cos(angle) + cosines[:-7] * np.sin(angle)
    agree(sines[7:], numbers(turned), what="the sines seven positions later")


@picture("positional_encoding", kind="heatmap", x_label="column", y_label="position")
def waves(student):
    """The original code of 30 positions in 16 columns: fast waves on the left, slow ones on the right."""
    return student.positional_encoding(30, 16, "vaswani"), att.positional_encoding(30, 16, "vaswani")


@picture("positional_encoding", kind="heatmap", x_label="column", y_label="position")
def sine_waves(student):
    """The lecture's code, sines only, of 30 positions in 16 columns."""
    return student.positional_encoding(30, 16, "all_sine"), att.positional_encoding(30, 16, "all_sine")
