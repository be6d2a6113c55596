"""Quiz templates: tokens and n-grams, embeddings, padding, recommendation, language models.  Everything is counted from 0."""

import numpy as np

from autograder.quiz import (
    Integer,
    Matching,
    Number,
    Output,
    Question,
    Redraw,
    Several,
    Slip,
    figures,
    par,
    plus,
    template,
    tex,
)
from reference import data, tabular, text


@template(technique="tokens and n-grams", tags=["n-grams", "counting"], difficulty=1, syllabus="Q12.1")
def number_of_ngrams(rng):
    N, n = int(rng.integers(6, 31)), int(rng.integers(2, 6))
    count = len(text.ngrams(_tokens(N), n))
    return Question(
        prompt=f"A sentence has {N} tokens. How many {_GRAMS[n]} ({n} tokens in a row) does it contain? Repeated ones count "
        "each time, and nothing is added at the ends.",
        answer=Integer(count),
        slips=[
            Slip(N - n, f"One is missing: the first one starts at token 0, the last at token {N - n}, both counted."),
            Slip(N // n, "They overlap: the next one starts one token later, not behind the last."),
            Slip(N, f"The last {'token starts' if n == 2 else f'{n - 1} tokens start'} none: there is no room left."),
            Slip(N - 1, f"This is the number of bigrams. {_GRAMS[n].capitalize()} have {n} tokens."),
            Slip(N + n - 1, "This counts pieces that stick out at the ends; all tokens must lie inside the sentence."),
        ],
        explanation=f"They start at the tokens 0 to {N - n}: ${N} - {n} + 1 = {count}$.",
        hints=["At which token does the last one start?", "$N - n + 1$."],
        again=sum(1 for start in range(N) if start + n <= N),
    )


@template(technique="word2vec", tags=["skip-gram", "counting"], difficulty=2, syllabus="Q12.2")
def skip_gram_pairs(rng):
    w = int(rng.integers(1, 5))
    N = int(rng.integers(2 * w + 2, 21))
    count = len(text.context_pairs(_tokens(N), w))
    lost = w * (w + 1)
    return Question(
        prompt="Skip-gram pairs each token of a sentence, the centre, with every other token that is at most "
        f"{w} {'place' if w == 1 else 'places'} away from it. The sentence has {N} tokens. How many (centre, context) pairs are there?",
        answer=Integer(count),
        slips=[
            Slip(2 * w * N, "The tokens near the two ends have fewer neighbours."),
            Slip(w * N, "The window goes to both sides, and near the ends it is cut off."),
            Slip(N - w, "Each token is a centre, and each of its neighbours makes a pair."),
            Slip(count // 2, "A pair has an order: each of the two tokens is once the centre and once the context."),
            Slip(2 * w * (N - 2 * w), "Tokens near the ends are centres too, with the neighbours that they have."),
        ],
        explanation=rf"Without ends: $2 \cdot {w} \cdot {N} = {2 * w * N}$. At each end "
        rf"{_sum(range(1, w + 1))} {'is' if lost == 2 else 'are'} missing, together {lost}: ${2 * w * N} - {lost} = {count}$.",
        hints=[
            "How many neighbours does a token in the middle have? And the first one?",
            "Count all as if there were no ends; then take away what sticks out on each side.",
        ],
        again=2 * sum(N - distance for distance in range(1, w + 1)),
    )


@template(technique="word2vec", tags=["negative sampling", "loss"], difficulty=2, syllabus="Q12.3")
def negative_sampling_loss(rng):
    s = int(rng.integers(-2, 4))
    n = [int(score) for score in rng.integers(-3, 3, size=2)]
    loss = text.sgns_loss(s, n)
    true, false = float(np.log1p(np.exp(-s))), [float(np.log1p(np.exp(score))) for score in n]
    all_scores = np.exp([s, *n])
    return Question(
        prompt=rf"Word2vec with negative sampling asks of each pair: real or drawn? The score $u \cdot v$ goes through a sigmoid, "
        rf"and the binary cross-entropies are added (natural logarithm). The real pair has the score ${s}$, the two "
        rf"drawn ones ${n[0]}$ and ${n[1]}$. What is the loss?",
        answer=Number(loss),
        slips=[
            Slip(
                text.sgns_loss(s, [-score for score in n]),
                r"Drawn pairs should get *low* scores: their terms are $-\log \sigma(-s)$, with a minus sign inside.",
            ),
            Slip(
                float(-np.log(all_scores[0] / all_scores.sum())),
                "This is softmax and cross-entropy over the three. Here each pair is a yes-or-no question of its own.",
            ),
            Slip(loss / 3, "This is the mean: the three terms are added."),
            Slip(true, "This is the real pair alone: the drawn pairs have a term each."),
            Slip(-loss, "The sign is turned: the loss is minus the logarithm of probabilities."),
        ],
        explanation=rf"$-\log \sigma({s}) - \log \sigma({-n[0]}) - \log \sigma({-n[1]}) "
        rf"= {tex(true, 4)} + {tex(false[0], 4)} + {tex(false[1], 4)} = {tex(loss, 4)}$.",
        hints=[
            "The real pair should get a high score, the drawn ones low scores.",
            r"$-\log \sigma(s_+) - \sum \log \sigma(-s_-)$.",
        ],
        again=true + sum(false),
    )


@template(technique="word embeddings", tags=["embedding", "parameters"], difficulty=1, syllabus="Q12.4")
def embedding_parameters(rng):
    V, E = int(rng.integers(50, 900)) * 10, int(rng.choice([16, 32, 50, 64, 100, 128, 200, 256, 300]))
    table = bool(rng.integers(2))
    count = text.embedding_params(V, E)
    what = (
        f"An embedding table holds a vector of length {E} for each of {V} words."
        if table
        else f"{V} words, coded one-hot, go through a dense layer with {E} outputs, without biases and without an activation."
    )
    return Question(
        prompt=f"{what} How many parameters is that?",
        answer=Integer(count),
        slips=[
            Slip(V + E, "Each word has its own vector: words *times* length."),
            Slip(
                V * E + E,
                "There are no biases: looking up a row adds nothing." if table else "This layer has no biases.",
            ),
            Slip(V * V, "This would be a vector as long as the vocabulary for each word."),
            Slip(
                E,
                "This is the vector of one word."
                if table
                else "These are the outputs; each has a weight for each word.",
            ),
        ],
        explanation=rf"${V} \cdot {E} = {count}$. "
        + (
            "A dense layer without biases on one-hot words has just as many: it picks the same rows."
            if table
            else "The one-hot vector picks one row of the matrix: this layer *is* an embedding table."
        ),
        hints=["How many numbers belong to one word?"],
        again=sum([E] * V),
    )


@template(technique="tokens and n-grams", tags=["fasttext", "counting"], difficulty=1, syllabus="Q12.5")
def character_ngrams(rng):
    word, n = str(rng.choice(_WORDS)), int(rng.integers(2, 6))
    grams = text.char_ngrams(word, n)
    L = len(word)
    return Question(
        prompt=f"fastText puts marks around a word, as in `<{word}>`, and takes all character {n}-grams of that. How many "
        f"are there for `{word}`, which has {L} letters? (Repeated ones count each time.)",
        answer=Integer(len(grams)),
        slips=[
            Slip(L - n + 1, "The two marks count as characters: the word is two longer."),
            Slip(L - n + 2, "There are two marks, one at each end."),
            Slip(L, f"The last {n - 1} characters start no {n}-gram any more, and the marks count."),
            Slip(L + 2, f"These are the characters with their marks; a {n}-gram has {n} of them."),
            Slip((L + 2) // n, "They overlap: the next one starts one character later."),
        ],
        explanation=rf"With marks there are {L + 2} characters, so ${L + 2} - {n} + 1 = {len(grams)}$: "
        f"{', '.join(f'`{gram}`' for gram in grams[:3])} and so on.",
        hints=["How many characters are there with the marks?", "$N - n + 1$ for $N$ characters."],
        again=L + 2 - n + 1,
    )


@template(technique="padding and masks", tags=["padding", "batch"], difficulty=1, syllabus="Q12.6")
def padded_share(rng):
    lengths = [int(length) for length in rng.choice(np.arange(2, 21), size=3, replace=False)]
    _, mask = data.pad_sequences([[1] * length for length in lengths])
    share = float(1 - mask.mean())
    longest, real = max(lengths), sum(lengths)
    padded = 3 * longest - real
    return Question(
        prompt=f"Three sentences of {lengths[0]}, {lengths[1]} and {lengths[2]} tokens are padded to the longest of them. "
        "Which share of the batch is padding?",
        answer=Number(share),
        slips=[
            Slip(padded / real, f"The batch has {3 * longest} places, padding included: divide by that."),
            Slip(real / (3 * longest), "This is the share of real tokens. The rest is padding."),
            Slip(
                (real - 3 * min(lengths)) / real,
                "This is what would be lost if all were *cut* to the shortest; padding goes to the longest.",
            ),
            Slip((longest - min(lengths)) / longest, "This is the share in the shortest sentence alone."),
        ],
        explanation=rf"The batch has $3 \cdot {longest} = {3 * longest}$ places, of which {real} are real tokens and {padded} "
        rf"padding: ${padded} / {3 * longest} = {tex(share, 4)}$.",
        hints=["How many places does the batch have, and how many are filled?"],
        again=1 - real / 3 / longest,
    )


@template(technique="padding and masks", tags=["mask", "mean"], difficulty=1, syllabus="Q12.7")
def mean_of_real_tokens(rng):
    T, pads = int(rng.integers(2, 5)), int(rng.integers(1, 4))
    values, pad = [int(v) for v in rng.integers(-4, 10, size=T)], int(rng.choice([0, 0, 1, 2, 5]))
    row = [*values, *([pad] * pads)]
    mask = [1] * T + [0] * pads
    mean = float(text.masked_mean(np.array(row)[:, None], np.array(mask))[0])
    total = sum(values)
    return Question(
        prompt=f"A sentence was padded to {T + pads} tokens, and its embeddings are averaged over the real tokens. "
        f"One coordinate of the embeddings is ${tex(row)}$, and the mask is ${tex(mask)}$ (1 = real token, 0 = padding). What is "
        "this coordinate of the mean?",
        answer=Number(mean),
        slips=[
            Slip(
                total / (T + pads), f"The padding is left out of the sum, but counted below: there are {T} real tokens."
            ),
            Slip(sum(row) / (T + pads), "The padding is averaged in: leave out where the mask is 0."),
            Slip(float(total), f"This is the sum. Divide by the number of real tokens, {T}."),
            Slip(float(max(values)), "This is the largest value (max pooling), not the mean."),
        ],
        explanation=rf"Over the {T} real tokens: $({' + '.join(par(v) for v in values)}) / {T} = {tex(mean, 4)}$.",
        hints=["Which entries belong to real tokens?", "Sum of value times mask, over the sum of the mask."],
        figure=figures.cells([row, mask], rows=["value", "mask"]),
        again=float(np.mean(values)),
    )


@template(technique="language models", tags=["cross-entropy", "probability"], difficulty=1, syllabus="Q12.8")
def loss_of_a_sentence(rng):
    p = [float(q) for q in rng.choice([0.05, 0.1, 0.2, 0.25, 0.4, 0.5, 0.6, 0.8, 0.9], size=3, replace=False)]
    loss = text.sequence_nll(p)
    product = float(np.prod(p))
    return Question(
        prompt=f"A language model gives the three words of a sentence, each after the words before it, the probabilities "
        f"${tex(p[0])}$, ${tex(p[1])}$ and ${tex(p[2])}$. What is the total cross-entropy of the sentence (natural logarithm, "
        "summed over the words)?",
        answer=Number(loss),
        slips=[
            Slip(
                -float(np.log(sum(p))),
                "This is minus the logarithm of the *sum*. Probabilities multiply, so their logarithms are added.",
            ),
            Slip(loss / 3, "This is the mean over the words: the sum is asked."),
            Slip(product, "This is the probability of the sentence. The loss is minus its logarithm."),
            Slip(-loss, "The sign is turned: logarithms of probabilities are negative, and the loss is minus that."),
            Slip(loss / float(np.log(2)), "This is in bits, with the logarithm to base 2. The natural one is asked."),
        ],
        explanation=rf"$-\ln {tex(p[0])} - \ln {tex(p[1])} - \ln {tex(p[2])} = {tex(loss, 4)}$, or $-\ln$ of the sentence's "
        rf"probability ${tex(p[0])} \cdot {tex(p[1])} \cdot {tex(p[2])} = {tex(product)}$.",
        hints=["Each word adds its own cross-entropy.", r"$-\sum_t \ln p_t$."],
        again=-float(np.log(product)),
    )


@template(technique="language models", tags=["sampling"], difficulty=2, syllabus="Q12.9")
def next_token(rng):
    K = int(rng.integers(4, 8))
    cuts = np.sort(rng.choice(np.arange(1, 20), size=K - 1, replace=False))
    shares = np.diff([0, *cuts, 20])
    p, u = shares / 20, (5 * int(rng.integers(20)) + int(rng.integers(1, 5))) / 100
    token = text.lm_sample(p, u)
    sums = np.cumsum(shares) / 20
    first = f"The first sum above $u$ is that of token {token}."
    slips = [
        Slip(int(p.argmax()), "This is the most probable token (greedy). Here a token is drawn, and $u$ decides."),
        Slip(token + 1, f"One too far. {first}"),
        Slip(token - 1, f"Not far enough: its sum is not above $u$ yet. {first}"),
    ]
    if (p > u).any():
        slips.insert(
            1, Slip(int((p > u).argmax()), "Compare $u$ with the *sums* of the probabilities, not with each alone.")
        )
    return Question(
        prompt=f"A language model gives the next token, one of {K} counted from 0, the probabilities ${tex(p)}$. The token is drawn "
        f"with the random number $u = {tex(u)}$: the first one whose cumulated probability is above $u$. Which token is it?",
        answer=Integer(token),
        slips=[slip for slip in slips if 0 <= slip.gives < K],
        explanation=f"The cumulated sums are ${tex(sums)}$; the first above ${tex(u)}$ is that of token {token}.",
        hints=["Write down the sums of the probabilities from the left.", "Which is the first sum above $u$?"],
        again=next(k for k in range(K) if sum(shares[: k + 1]) > 20 * u),
    )


@template(technique="recommendation", tags=["collaborative filtering", "sigmoid"], difficulty=2, syllabus="Q12.10")
def predicted_rating(rng):
    u, v = rng.integers(-2, 3, size=2), rng.integers(-2, 3, size=2)
    bu, bv = (int(b) / 2 for b in rng.integers(-2, 3, size=2))
    lo, hi = [(0.5, 5.5), (0.5, 5), (1, 5), (1, 6), (1, 10)][int(rng.integers(5))]
    dot = int(u @ v)
    score = dot + bu + bv
    if not dot or not bu + bv or not -3 <= score <= 3:
        raise Redraw
    rating = tabular.collab_predict(u, v, bu, bv, lo, hi)
    squashed = 1 / (1 + np.exp(-score))
    without = 1 / (1 + np.exp(-dot))
    return Question(
        prompt=f"A recommender has the vectors $u = {tex(u)}$ for a user and $v = {tex(v)}$ for a film, and the biases $b_u = {tex(bu)}$ "
        rf"and $b_v = {tex(bv)}$. The sum of $u \cdot v$ and both biases goes through a sigmoid that is stretched to the range from "
        f"${tex(lo)}$ to ${tex(hi)}$. Which rating is predicted?",
        answer=Number(rating),
        slips=[
            Slip(float(score), "This is the score alone: the sigmoid and the stretching come behind it."),
            Slip(
                hi * squashed, f"The range does not start at 0: it is ${tex(hi - lo)}$ wide and starts at ${tex(lo)}$."
            ),
            Slip(
                float(np.clip(score, lo, hi)),
                "This cuts the score off at the ends of the range. A sigmoid bends it smoothly into the range.",
            ),
            Slip(
                lo + (hi - lo) * without,
                "The biases are missing: some users are generous, some films are liked by all.",
            ),
            Slip(lo + hi * squashed, f"The sigmoid is stretched by the width of the range, ${tex(hi - lo)}$."),
            Slip(squashed, "This is the sigmoid, between 0 and 1: stretch it to the range."),
        ],
        explanation=rf"The score is ${dot} {plus(bu)} {plus(bv)} = {tex(score)}$ and $\sigma({tex(score)}) = {tex(squashed, 4)}$; "
        rf"${tex(lo)} + {tex(hi - lo)} \cdot {tex(squashed, 4)} = {tex(rating, 4)}$.",
        hints=[
            "First the dot product and the biases, then the sigmoid, then the range.",
            r"$\mathrm{lo} + (\mathrm{hi} - \mathrm{lo})\, \sigma(u \cdot v + b_u + b_v)$.",
        ],
        again=lo + (hi - lo) * (1 + np.tanh(score / 2)) / 2,
    )


@template(technique="bag of words", tags=["bag of words", "word order"], difficulty=2, syllabus="Q12.11")
def blind_to_order(rng):
    one, other = _PAIRS[int(rng.integers(len(_PAIRS)))]
    first, second = text.tokenize(one), text.tokenize(other)
    sees = {name: test(first, second) for name, (test, _, _) in _VIEWS.items()}
    names = list(rng.choice(list(_VIEWS), size=5, replace=False))
    right = tuple(str(name) for name in names if sees[name])
    wrong = [str(name) for name in names if not sees[name]]
    if not 1 <= len(right) <= 4:
        raise Redraw
    return Question(
        prompt=f"Two sentences, in lower case:\n\n* {' '.join(first)}\n* {' '.join(second)}\n\n"
        "Which of these are (in general) *different* for the two sentences?",
        answer=Several(right),
        slips=[Slip(name, f"It is the same for both: {_VIEWS[name][1]}") for name in wrong],
        explanation=" ".join(
            f"{name[0].upper()}{name[1:]}: {_VIEWS[name][2] if sees[name] else _VIEWS[name][1]}"
            for name in (*right, *wrong)
        ),
        hints=[
            "Does it know where in the sentence a word stands, or only which words there are?",
            "Count the words of both sentences, then the pairs of neighbours.",
        ],
    )


@template(
    technique="language models", tags=["self-supervised", "embeddings"], difficulty=1, fixed=True, syllabus="Q12.12"
)
def kinds_of_models(rng):
    pairs, said, extra, why = _tasks(rng) if rng.integers(2) else _names(rng)
    lefts = [list(pairs)[k] for k in rng.permutation(len(pairs))]
    right = {left: pairs[left] for left in lefts}
    rights = list(right.values())
    turned = dict(zip(lefts, [*rights[1:], rights[0]], strict=True))
    return Question(
        prompt=said,
        answer=Matching(right, extra=extra),
        slips=[Slip(turned, why)],
        explanation="; ".join(f"{left}: {kind}" for left, kind in right.items()) + f". {why}",
        hints=["Look at what the model may see when it answers."]
        if extra
        else ["Does the vector of a word depend on its sentence?"],
    )


@template(technique="tokens and n-grams", tags=["code", "python"], difficulty=2)
def output_of_a_token_snippet(rng):
    kinds = (
        _prints_counts,
        _prints_places,
        _prints_first_places,
        _prints_grams,
        _prints_context,
        _prints_padded,
        _prints_sizes,
    )
    code, printed, again, slips, why = kinds[int(rng.integers(len(kinds)))](rng)
    return Question(
        prompt=f"What does this print?\n\n```python\n{code}\n```",
        answer=Output(str(printed)),
        slips=[Slip(str(wrong), reason) for wrong, reason in slips],
        explanation=why,
        hints=[
            "Write down the list of words or characters first, counted from 0.",
            "Python's slices leave out their end.",
        ],
        again=str(again),
    )


_GRAMS = {2: "bigrams", 3: "trigrams", 4: "4-grams", 5: "5-grams"}
_WORDS = (
    "cat", "bird", "house", "tennis", "network", "learning", "embedding", "vocabulary", "probability", "translation",
    "recommender", "tischtennis",
)  # fmt: skip


def _tokens(N):
    return [f"w{k}" for k in range(N)]


def _sum(numbers):
    numbers = list(numbers)
    return f"${' + '.join(map(str, numbers))}{f' = {sum(numbers)}' * (len(numbers) > 1)}$"


#: two sentences each: the same words in another order, or with another count
_PAIRS = (
    ("Le chat attrape la souris", "La souris attrape le chat"),
    ("The dog bites the man", "The man bites the dog"),
    ("Anna likes Ben but Ben does not like Carl", "Ben likes Anna but Carl does not like Ben"),
    ("Not good but very bad", "Not bad but very good"),
    ("Only she said that", "She only said that"),
    ("Paris is larger than Lyon", "Lyon is larger than Paris"),
    ("Very very good", "Very good"),
    ("No no it is good", "No it is good"),
    ("Is this a joke", "This is a joke"),
    ("He has to eat what I cook", "I cook what he has to eat"),
    ("Bad bad film with good music", "Bad film with good good music"),
    ("The old man saw the child", "The child saw the old man"),
)


def _bags_differ(one, other):
    vocabulary = sorted({*one, *other})
    return bool((text.bow(one, vocabulary) != text.bow(other, vocabulary)).any())


def _sets_differ(one, other):
    vocabulary = sorted({*one, *other})
    return bool(((text.bow(one, vocabulary) > 0) != (text.bow(other, vocabulary) > 0)).any())


def _means_differ(one, other):
    """Of embeddings that are independent of each other: one-hot ones."""
    vocabulary = sorted({*one, *other})
    means = [
        text.masked_mean(np.eye(len(vocabulary))[[vocabulary.index(w) for w in s]], np.ones(len(s)))
        for s in (one, other)
    ]
    return not np.allclose(*means)


def _pairs_differ(one, other):
    return _bags_differ(text.ngrams(one, 2), text.ngrams(other, 2))


def _triples_differ(one, other):
    return _bags_differ(text.ngrams(one, 3), text.ngrams(other, 3))


def _orders_differ(one, other):
    return one != other


_BAG = "the same words with the same counts; the order is lost."
#: what a sentence becomes -> (whether it tells two apart, why it does not, why it does)
_VIEWS = {
    "the bag of words (counts of all words)": (_bags_differ, _BAG, "some word occurs more often in one of them."),
    "the set of words (1 for each word that occurs)": (
        _sets_differ,
        "the same words occur, and neither order nor number counts.",
        "some word occurs in one of them only.",
    ),
    "the mean of the word embeddings": (
        _means_differ,
        "a mean does not know the order, and the words have the same shares.",
        "a word has a larger share in one of them.",
    ),
    "the sum of the one-hot vectors of the words": (_bags_differ, _BAG, "a sum of one-hot vectors counts the words."),
    "the bag of bigrams": (_pairs_differ, "the same pairs of neighbours occur.", "the words have other neighbours."),
    "the bag of trigrams": (_triples_differ, "the same triples occur.", "other triples of words stand in a row."),
    "the list of one-hot vectors, one after the other": (
        _orders_differ,
        "word for word the same.",
        "the list keeps each word in its place.",
    ),
    "the last state of an RNN that reads the words": (
        _orders_differ,
        "word for word the same.",
        "the state depends on all words and on their order.",
    ),
}


def _tasks(rng):
    """Self-supervised tasks and the models that are trained by them."""
    causal, masked, nsp = "causal language model", "masked language model", "next-sentence prediction"
    scenes = (
        {"the cat sat on the → ?": causal, "the [MASK] sat on the mat → ?": masked, "“It rains.” and “Take a coat.” → do they follow each other?": nsp},
        {"guess the next word from those before it": causal, "guess a hidden word from both its sides": masked, "say whether one sentence follows another": nsp},
        {"each word is predicted; later ones are hidden": causal, "15% of the words are hidden and predicted": masked, "two sentences go in, one yes or no comes out": nsp},
        {"continue a text, word by word": causal, "fill the gaps in a text": masked, "do two sentences belong together in this order?": nsp},
    )  # fmt: skip
    return (
        scenes[int(rng.integers(len(scenes)))],
        "The labels come from the text itself. Which model, or part of its training, belongs to which task?",
        (str(rng.choice(["autoencoder", "supervised classifier", "encoder-decoder for translation"])),),
        "A causal model sees only what came before; a masked one sees both sides of a gap; next-sentence prediction compares two sentences.",
    )


def _names(rng):
    """Embeddings, and whether a word's vector depends on its sentence."""
    static, contextual = "static (one vector for each word)", "contextual (depends on the sentence)"
    kinds = {"word2vec": static, "GloVe": static, "fastText": static, "ELMo": contextual, "BERT": contextual}
    words = {
        "avocat": "French for lawyer and for avocado", "bank": "of a river, or for money", "bat": "an animal, or for baseball",
        "spring": "a season, or a coil", "light": "not heavy, or not dark", "jam": "on bread, or on the road",
    }  # fmt: skip
    word = str(rng.choice(list(words)))
    return (
        kinds,
        f"“{word}” has two meanings ({words[word]}). Which kind of vector does each of these give it?",
        (),
        "word2vec, GloVe and fastText are look-up tables (fastText of pieces of words); ELMo and BERT read the whole sentence.",
    )


def _sentence(rng):
    """Five or six words, of which one or two occur twice."""
    noun, other, verb = (str(w) for w in (*rng.choice(_NOUNS, size=2, replace=False), rng.choice(_VERBS)))
    forms = (
        f"the {noun} {verb} the {other}",
        f"a {noun} {verb} a {other}",
        f"{noun} and {other} and {noun}",
        f"no {noun} {verb} no {other}",
        f"a {noun} is a {noun}",
        f"the {noun} and the {other}",
    )
    return str(rng.choice(forms))


_NOUNS = ("cat", "dog", "bird", "fish", "mouse", "fox", "frog", "crab")
_VERBS = ("sees", "hears", "likes", "finds", "helps")


def _quoted(items):
    """A list of words as Python prints it."""
    return f"[{', '.join(repr(str(item)) for item in items)}]"


def _numbers(items):
    return str([int(item) for item in items])


def _prints_counts(rng):
    sentence = _sentence(rng)
    words = sentence.split()
    vocabulary = sorted(set(words))
    extra = str(rng.choice([noun for noun in _NOUNS if noun not in words]))
    vocabulary = [extra, *vocabulary] if rng.integers(2) else [*vocabulary, extra]
    counts = text.bow(words, vocabulary)
    code = f'words = "{sentence}".split()\nvocab = {_quoted(vocabulary)}\nprint([words.count(v) for v in vocab])'
    return (
        code,
        _numbers(counts),
        _numbers(sum(word == each for word in words) for each in vocabulary),
        [
            (_numbers(counts > 0), "The counts are printed, not only whether a word occurs."),
            (
                _numbers(words.count(word) for word in words),
                "There is one number for each entry of `vocab`, not for each word.",
            ),
            (_numbers(c for c in counts if c), f"`{extra}` is in `vocab` too: it occurs 0 times."),
            (_numbers(sorted(counts, reverse=True)), "The order is that of `vocab`; nothing is sorted."),
        ],
        f"How often each entry of `vocab` occurs, in its order: `{_numbers(counts)}`. This is the bag of words.",
    )


def _prints_places(rng):
    sentence = _sentence(rng)
    words = sentence.split()
    vocabulary = sorted(set(words))
    places = [int(np.flatnonzero(text.bow([word], vocabulary))[0]) for word in words]
    seen = list(dict.fromkeys(words))
    code = f'words = "{sentence}".split()\nvocab = sorted(set(words))\nprint([vocab.index(w) for w in words])'
    return (
        code,
        _numbers(places),
        _numbers(sum(other < word for other in set(words)) for word in words),
        [
            (_numbers(place + 1 for place in places), "Python counts from 0."),
            (_numbers(seen.index(word) for word in words), "`sorted` puts the words into alphabetical order first."),
            (_numbers(range(len(words))), "A repeated word has the same index each time."),
            (_numbers(range(len(vocabulary))), "One index is printed for each *word*, in the order of the sentence."),
        ],
        f"`vocab` is `{_quoted(vocabulary)}`; each word's place in it, from 0: `{_numbers(places)}`.",
    )


def _prints_first_places(rng):
    sentence = _sentence(rng)
    words = sentence.split()
    seen = list(dict.fromkeys(words))
    ids = [int(np.flatnonzero(text.bow([word], seen))[0]) for word in words]
    code = (
        f'words = "{sentence}".split()\nids = {{}}\nfor w in words:\n    if w not in ids:\n        ids[w] = len(ids)\n'
        "print([ids[w] for w in words])"
    )
    alphabetical = sorted(seen)
    return (
        code,
        _numbers(ids),
        _numbers(len(set(words[: words.index(word)])) for word in words),
        [
            (_numbers(place + 1 for place in ids), "The first word gets `len(ids)` of an empty dict: 0."),
            (_numbers(range(len(words))), "A repeated word is in `ids` already and keeps its number."),
            (
                _numbers(alphabetical.index(word) for word in words),
                "Numbers are given in the order of the sentence; nothing is sorted.",
            ),
            (_numbers(range(len(seen))), "One number is printed for each *word*, repeated ones included."),
        ],
        f"New words get the next number, `{_quoted(seen)}` from 0, and repeated ones keep theirs: `{_numbers(ids)}`.",
    )


def _prints_grams(rng):
    word, n = str(rng.choice([w for w in _WORDS if len(w) <= 7])), int(rng.integers(2, 4))
    marks = bool(rng.integers(2))
    if not marks and len(word) <= n:
        raise Redraw
    grams = text.char_ngrams(word, n, marks=marks)
    whole = f"<{word}>" if marks else word
    bare = text.char_ngrams(word, n, marks=not marks)
    stop = f"len(s) - {n - 1}"
    code = f"s = {repr('<') + ' + ' + repr(word) + ' + ' + repr('>') if marks else repr(word)}\nprint([s[i : i + {n}] for i in range({stop})])"
    slips = [
        (_quoted(grams[:-1]), f"One is missing: with {len(whole)} characters, `i` goes from 0 to {len(grams) - 1}."),
        (_quoted(whole[i : i + n] for i in range(0, len(whole), n)), "`i` moves by one: the pieces overlap."),
        (
            _quoted(text.char_ngrams(word, n + 1, marks=marks)),
            f"A slice leaves out its end: `s[i : i + {n}]` has {n} characters.",
        ),
        (_quoted(bare), "The marks are part of `s`." if marks else "No marks are added here."),
    ]
    return (
        code,
        _quoted(grams),
        _quoted(whole[i : i + n] for i in range(len(whole) - n + 1)),
        [(wrong, why) for wrong, why in slips if wrong != "[]"],
        f"`s` has {len(whole)} characters, so `i` runs from 0 to {len(grams) - 1}: `{_quoted(grams)}`.",
    )


def _prints_context(rng):
    sentence = _sentence(rng)
    words = sentence.split()
    i, w = int(rng.integers(len(words))), int(rng.integers(1, 3))
    pairs = text.context_pairs([f"{k} {word}" for k, word in enumerate(words)], w)
    around = [context.split()[1] for centre, context in pairs if centre.startswith(f"{i} ")]
    code = (
        f'words = "{sentence}".split()\ni, w = {i}, {w}\nleft = words[max(0, i - w) : i]\nright = words[i + 1 : i + 1 + w]\n'
        "print(left + right)"
    )
    return (
        code,
        _quoted(around),
        _quoted(words[k] for k in range(len(words)) if 0 < abs(k - i) <= w),
        [
            (_quoted(words[max(0, i - w) : i + 1 + w]), f"The centre, `words[{i}]`, is in neither of the two slices."),
            (_quoted(words[max(0, i - w) : i]), "This is the left side alone; the right side is added."),
            (_quoted(words[i + 1 : i + 1 + w]), "This is the right side alone; the left side comes first."),
            (_quoted([*words[max(0, i - 1 - w) : max(0, i - 1)], *words[i : i + w]]), "Words are counted from 0."),
            (
                _quoted([*words[max(0, i - w - 1) : i], *words[i + 1 : i + 2 + w]]),
                f"The window is {w}: at most {w} on either side.",
            ),
        ],
        f"`words[{i}]` is `{words[i]}`; at most {w} on either side, itself left out: `{_quoted(around)}`.",
    )


def _prints_padded(rng):
    lengths = [int(n) for n in rng.choice(np.arange(1, 5), size=2, replace=False)]
    rows = [[int(v) for v in rng.integers(1, 10, size=n)] for n in lengths]
    left = bool(rng.integers(2))
    padded, _ = data.pad_sequences(rows, side="left" if left else "right")
    other, _ = data.pad_sequences(rows, side="right" if left else "left")
    short, T = min(lengths), max(lengths)
    which = lengths.index(short)
    fill = "[0] * (T - len(s))"
    code = f"seqs = {rows}\nT = max(len(s) for s in seqs)\nprint([{f'{fill} + s' if left else f's + {fill}'} for s in seqs])"
    other_way = [[0] * T if k == which else row for k, row in enumerate(rows)]
    return (
        code,
        padded.tolist(),
        [[0] * (T - len(row)) + row if left else row + [0] * (T - len(row)) for row in rows],
        [
            (other.tolist(), f"The zeros are put {'in front' if left else 'at the end'} here."),
            ([row[:short] for row in rows], "Nothing is cut: `T` is the *longest* length."),
            (rows, f"The shorter one gets {T - short} {'zero' if T - short == 1 else 'zeros'}."),
            (other_way, "The tokens of the shorter one stay: zeros are added to them."),
            ([[0, *row] if left else [*row, 0] for row in rows], f"Each gets `T - len(s)` zeros, with T = {T}."),
        ],
        f"`T` is {T}, so the shorter one gets {T - short} {'zero' if T - short == 1 else 'zeros'} "
        f"{'in front' if left else 'at the end'}: `{padded.tolist()}`.",
    )


def _prints_sizes(rng):
    first, noun = _sentence(rng), str(rng.choice(_NOUNS))
    again = str(rng.choice([first, f"{first.rsplit(' ', 1)[0]} {noun}", f"{first.split()[0]} {noun}"]))
    sentence = f"{first} {rng.choice(['and', 'but', 'so'])} {again}"
    words = sentence.split()
    n = int(rng.integers(2, 4))
    grams = text.ngrams(words, n)
    distinct = len(set(grams))
    names = ", ".join(f"words[{k}:]" if k else "words" for k in range(n))
    code = f'words = "{sentence}".split()\ngrams = list(zip({names}))\nprint([len(words), len(grams), len(set(grams))])'
    N = len(words)
    return (
        code,
        _numbers((N, len(grams), distinct)),
        _numbers((N, N - n + 1, len({" ".join(words[k : k + n]) for k in range(N - n + 1)}))),
        [
            (
                _numbers((N, N - n, min(distinct, N - n))),
                f"`zip` ends with its shortest list, which has {N - n + 1} words.",
            ),
            (_numbers((N, N, distinct)), "`zip` ends with its shortest list."),
            (_numbers((N, N // n, N // n)), "They overlap: the next one starts one word later."),
            (_numbers((N, len(grams), len(set(words)))), f"The set is of {_GRAMS[n]}, not of words."),
            (_numbers((len(set(words)), len(grams), distinct)), "`len(words)` counts repeated words each time."),
            (_numbers((N, len(grams), len(grams))), "A set holds equal ones once."),
        ],
        f"{N} words make ${N} - {n} + 1 = {len(grams)}$ {_GRAMS[n]}; {distinct} of them are different.",
    )
