"""Quiz templates: transformer blocks, teacher forcing, BERT's masked words."""

from autograder.quiz import Choice, Integer, Question, Redraw, Slip, template
from reference import transformer


@template(technique="transformer block", tags=["parameters"], difficulty=3, syllabus="Q13.9")
def parameters_of_an_encoder_block(rng):
    d = int(rng.choice([8, 10, 16, 20, 32, 50, 64, 100, 128, 200, 256, 512]))
    f = d * int(rng.integers(2, 5))
    count = transformer.block_params(d, f)
    heads = int(rng.choice([h for h in (1, 2, 4, 5, 8) if d % h == 0]))
    return Question(
        prompt=f"An encoder block of a transformer has model size $d = {d}$: attention with {heads} head{'s' * (heads > 1)} (projections "
        f"to queries, keys, values and output, all with biases, heads of size $d / {heads}$), an MLP {d}–{f}–{d} with biases, and two layer "
        "norms, each with a scale and a shift for every entry. How many parameters has the block?",
        answer=Integer(count),
        slips=[
            Slip(count - 4 * d, f"The layer norms are missing: two of them, each with {d} scales and {d} shifts."),
            Slip(count - f - d, "The biases of the MLP are missing."),
            Slip(count - d * f - d, "The MLP has two matrices: up to the hidden layer and back down."),
            Slip(count - 4 * d * d - 4 * d, "The attention's four projections are missing."),
            Slip(count - d * d - d, "Attention has four projections: queries, keys, values *and* output."),
            Slip(count - 2 * d, "There are two layer norms, one behind the attention and one behind the MLP."),
        ],
        explanation=rf"Attention $4 \cdot ({d} + 1) \cdot {d} = {4 * (d + 1) * d}$; MLP $({d} + 1) \cdot {f} + ({f} + 1) \cdot {d} = "
        rf"{(d + 1) * f + (f + 1) * d}$; layer norms $2 \cdot 2 \cdot {d} = {4 * d}$; together {count}.",
        hints=[
            "Three parts: attention, MLP, layer norms. The number of heads plays no part.",
            "Attention is four layers from $d$ to $d$; the MLP is two layers.",
            r"A layer norm has $2 d$ parameters.",
        ],
        again=4 * d * d + 2 * d * f + f + 9 * d,
    )


@template(technique="masked language model", tags=["bert"], difficulty=1, syllabus="Q13.11")
def selected_tokens(rng):
    N = int(rng.integers(4, 20)) if rng.integers(5) == 0 else int(rng.integers(20, 300))
    if 15 * N % 100 == 50:  # half-way: people round differently
        raise Redraw
    count = transformer.mlm_count(N)
    return Question(
        prompt=f"For BERT's masked language model 15 % of the tokens are selected for prediction, rounded to the nearest whole number and "
        f"at least 1. How many of {N} tokens are selected?",
        answer=Integer(count),
        slips=[
            Slip(
                round(0.1 * N),
                "10 % is the share of *selected* tokens that get a random word. Selected are 15 % of all.",
            ),
            Slip(
                round(0.12 * N),
                "This is 80 % of 15 %: the tokens that become [MASK]. Selected are also those that get a random word or stay.",
            ),
            Slip(N, "BERT predicts the selected tokens only, not all of them."),
            Slip(
                15 * N // 100, "This cuts the fraction off: round to the nearest whole number, and take at least one."
            ),
            Slip(N - count, "These are the tokens that are *not* selected."),
        ],
        explanation=f"$0.15 \\cdot {N} = {15 * N / 100:g}$, "
        + ("which gives at least 1." if count * 100 > 15 * N + 50 else f"rounded: {count}."),
        hints=[f"What is 15 % of {N}?", "Round, and take at least one."],
        again=max(1, (15 * N + 50) // 100),
    )


@template(technique="teacher forcing", tags=["decoder"], difficulty=1, fixed=True, syllabus="Q13.12")
def teacher_forcing(rng):
    job, source, target = _JOBS[int(rng.integers(len(_JOBS)))]
    return Question(
        prompt=f"An encoder–decoder network learns to {job}. It is trained with teacher forcing. What does that mean?",
        answer=Choice(f"In training the decoder is fed the true words of {target} so far, not its own guesses."),
        slips=[
            Slip(
                f"The decoder also has access to {source}.",
                "Some lectures call this teacher forcing, but it is cross-attention. Teacher forcing is about the decoder's own past.",
            ),
            Slip(
                f"In training the decoder is fed the words of {target} that it has guessed so far.",
                "This is how it writes when it is used. The teacher puts the true words in their place.",
            ),
            Slip(
                "The encoder is frozen, and only the decoder is trained.",
                "This is a way of transfer learning. With teacher forcing both parts learn.",
            ),
            Slip(
                "A larger network's probabilities are the targets.",
                "This is distillation, with a network as the teacher. Here the true words are the teacher.",
            ),
        ],
        explanation=f"The decoder predicts the next word from the words before it. In training these are the true words of {target}, so that one "
        "wrong guess does not spoil the rest, and all places are trained at once. In use there are only its own guesses.",
        hints=[
            "Think of what the decoder is given as its own past.",
            "Who is the teacher: what is known in training, but not in use?",
        ],
    )


@template(technique="teacher forcing", tags=["decoder", "translation"], difficulty=2)
def decoder_inputs(rng):
    source, target, swaps = _PAIRS[int(rng.integers(len(_PAIRS)))]
    place = sorted(swaps)[int(rng.integers(len(swaps)))]
    guessed = [swaps[place] if i == place else word for i, word in enumerate(target)]
    start = len(target)
    ids = transformer.teacher_forcing_inputs(range(len(target)), start)
    fed = [[*target, "START"][i] for i in ids]
    own = ["START", *guessed[:-1]]
    if own == fed:
        raise Redraw
    return Question(
        prompt=f"A transformer learns to translate “{' '.join(source)}” as “{' '.join(target)} STOP”. As it is now, its most probable words, "
        f"place by place, are “{' '.join(guessed)} STOP”. Which inputs does the decoder get in training with teacher forcing, at the places "
        f"where it must predict “{' '.join(target)}”?",
        answer=Choice(" · ".join(fed)),
        slips=[
            Slip(
                " · ".join(own),
                f"“{swaps[place]}” is the network's own guess. The teacher feeds the true word, “{target[place]}”.",
            ),
            Slip(
                " · ".join(target),
                "Here each place would see the very word that it must predict. The inputs are shifted by one place, after START.",
            ),
            Slip(
                " · ".join(["START", *source[: len(target) - 1]]),
                "These are words of the source. The encoder reads them; the decoder is fed the target.",
            ),
            Slip(
                " · ".join([*target[1:], "STOP"]),
                "Shifted the wrong way: each place would see a word that comes later.",
            ),
        ],
        explanation="The true target, one place later and after START: "
        + " · ".join(fed)
        + ". What the network guesses plays no part.",
        hints=[
            "Which word is known before the first one is predicted?",
            "The inputs are the true target, one place later.",
        ],
        again=" · ".join(["START", *target[:-1]]),
    )


#: what is learnt, the source, the target
_JOBS = (
    ("translate English into French", "the English sentence", "the French sentence"),
    ("summarise articles", "the article", "the summary"),
    ("write captions for pictures", "the picture", "the caption"),
    ("answer questions in full sentences", "the question", "the answer"),
    ("write down what is said in recordings", "the recording", "the transcript"),
    ("correct the grammar of sentences", "the faulty sentence", "the corrected sentence"),
    ("describe a piece of code in a sentence", "the code", "the description"),
    ("put old texts into modern words", "the old text", "the modern text"),
)

#: source, target, place in the target -> a word that the network guesses there
_PAIRS = (
    (("the", "cat", "sleeps"), ("le", "chat", "dort"), {0: "la", 1: "chien"}),
    (("he", "eats", "an", "apple"), ("il", "mange", "une", "pomme"), {1: "prend", 2: "la"}),
    (("she", "reads", "a", "book"), ("elle", "lit", "un", "livre"), {0: "il", 1: "voit", 2: "le"}),
    (("the", "dog", "chases", "the", "cat"), ("le", "chien", "chasse", "le", "chat"), {1: "loup", 2: "voit", 3: "un"}),
    (("we", "live", "in", "Paris"), ("nous", "vivons", "à", "Paris"), {1: "sommes", 2: "dans"}),
    (("it", "rains", "today"), ("il", "pleut", "aujourd'hui"), {0: "elle", 1: "neige"}),
    (("my", "house", "is", "small"), ("ma", "maison", "est", "petite"), {0: "la", 1: "voiture", 2: "semble"}),
    (("they", "sing", "very", "well"), ("ils", "chantent", "très", "bien"), {0: "elles", 1: "dansent", 2: "assez"}),
)
