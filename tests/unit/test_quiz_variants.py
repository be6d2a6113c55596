"""Variants: every one can be asked, the same seed gives the same, and `check` sees what must not leave."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from autograder.errors import CommandError, UnitError
from autograder.quiz import Choice, Integer, Number, Question, Redraw, Several, Slip, catalogue, template
from autograder.quiz.check import check
from autograder.quiz.frozen import freeze, thaw
from autograder.quiz.variant import draw, variants

COURSE = Path(__file__).parent.parent / "fixtures" / "quiz_course"
MINI = catalogue.load(COURSE, ["mini"])
EACH = pytest.mark.parametrize("name", [each.id for each in MINI.templates])


def made(question, **more):
    """A template that gives this question."""
    return template(technique="t", fixed=True, **more)(lambda rng: question() if callable(question) else question)


def number(value=2.0, slips=(3.0, 4.0), prompt="What is $1 + 1$?", **more):
    return Question(prompt, Number(value), [Slip(s, "Not that.") for s in slips], "It is 2.", **more)


# Drawing


@EACH
def test_the_same_seed_gives_the_same_question(name):
    """A variant follows from its seed, options in their order among it."""
    one, other = draw(MINI.template(name), 7), draw(MINI.template(name), 7)
    assert (one.fingerprint, one.options) == (other.fingerprint, other.options)


@EACH
def test_wrong_options_differ_from_the_answer_and_each_other(name):
    """As far as people can see, in every variant."""
    for seed in range(50):
        variant = draw(MINI.template(name), seed, choice=True)
        shown = variant.shown_options
        assert len(set(shown)) == len(shown)


def test_slips_that_collide_are_dropped():
    """Equal to the answer, to each other, or different only behind the displayed digits."""
    variant = draw(made(number(slips=(2.0, 2.0001, 3.0, 3.0, 4.0))), 0)
    assert [slip.gives for slip in variant.question.slips] == [3.0, 4.0]


def test_too_few_slips_mean_another_draw():
    """Draws are thrown away until two slips are left; a template that never gets there is named."""
    drawn = itertools.chain([number(slips=(2.0, 3.0))] * 3, itertools.repeat(number()))
    assert len(draw(made(lambda: next(drawn)), 0).question.slips) == 2
    with pytest.raises(UnitError, match=r"t/x: 200 draws .*fewer than 2 slips"):
        draw(
            template(technique="t")(named("t/x", lambda rng: number(slips=(3.0,)))),
            0,
        )


def named(name, function):
    function.__name__ = name
    return function


def test_redraw_is_obeyed():
    """A template may refuse its own numbers."""

    def only_even(rng: np.random.Generator) -> Question:
        n = int(rng.integers(100))
        if n % 2:
            raise Redraw
        return Question(f"{n}?", Integer(n), [Slip(n + 1, "No."), Slip(n + 2, "No.")], "So.")

    assert all(draw(template(technique="t")(only_even), seed).question.answer.value % 2 == 0 for seed in range(30))


def test_variants_are_all_different_and_end():
    """A template with a few questions gives these few."""
    assert len({v.fingerprint for v in variants(MINI.template("mini/power_rule"))}) == 7
    assert len(list(variants(MINI.template("mini/letter")))) == 1
    some = [v.fingerprint for v in itertools.islice(variants(MINI.template("mini/count")), 40)]
    assert len(set(some)) == 40


@EACH
def test_a_variant_asked_as_a_choice_takes_letters(name):
    """Where an answer would be typed, options can be shown instead."""
    variant = draw(MINI.template(name), 3, choice=True)
    if variant.question.answer.has_options:
        return
    letter = "abcdef"[list(map(repr, variant.options)).index(repr(variant.question.answer.value))]
    assert variant.mark(variant.read(letter)).right
    wrong = "b" if letter == "a" else "a"
    mark = variant.mark(variant.read(wrong))
    assert not mark.right
    assert mark.slip is not None


def test_the_slip_behind_a_wrong_answer_is_told():
    """The first that gives what the student typed, with the answer's own rounding."""
    variant = draw(made(number(value=0.881, slips=(0.119, 0.5))), 0)
    assert variant.mark(variant.read("0.119")).slip is variant.question.slips[0]
    assert variant.mark(variant.read("0.13")).slip is None
    assert variant.mark(variant.read("0.7")).slip is None


# Frozen


@EACH
def test_frozen_and_thawed_a_variant_judges_the_same(name):
    """What is stored is plain JSON, and marks every slip and the answer as before."""
    from autograder.quiz.check import typed

    variant = draw(MINI.template(name), 5)
    again = thaw(json.loads(json.dumps(freeze(variant))))
    assert again.fingerprint == variant.fingerprint
    assert again.shown_options == variant.shown_options
    answers = [variant.question.answer.value, *(s.gives for s in variant.question.slips)]
    for value in answers:
        text = typed(
            variant, (value,) if variant.question.answer.kind == "several" and isinstance(value, str) else value
        )
        one, other = variant.mark(variant.read(text)), again.mark(again.read(text))
        assert one.fraction == other.fraction
        assert (one.slip and one.slip.why) == (other.slip and other.slip.why)


# Check


def test_the_mini_course_is_clean():
    """Every type passes with two hundred variants."""
    for each in MINI.templates:
        assert check(each, 60).faults == ()


@pytest.mark.parametrize(
    ("question", "fault"),
    [
        (number(prompt=""), "the prompt is empty"),
        (number(prompt="What is $1 + 1?"), "odd number of dollar signs"),
        (number(prompt="What is np.float64(2.0)?"), "np."),
        (number(prompt="What is $1 + -3$?"), "+ -"),
        (number(prompt="$0.30000000000000004$?"), "0.3000"),
        (number(prompt="A loss of nan?"), "nan"),
        (number(again=2.1), "computed again"),
        (Question("?", Choice("a"), [Slip("b", ""), Slip("c", "No.")], "So."), "feedback of slip 1 is empty"),
        (Question("?", Number(2.0), [Slip(3.0, "No."), Slip(4.0, "No.")], ""), "explanation is empty"),
        (Question("?", Several(("a", "a")), [Slip("b", "No.")], "So."), "doubled"),
        (number(value=float("nan")), "the answer is nan"),
    ],
    ids=range(11),
)
def test_check_sees_what_is_wrong(question, fault):
    """Each kind of fault, planted once."""
    assert fault in " ".join(check(made(question), 3).faults)


def test_check_wants_different_answers():
    """A template that hardly changes must say that it is fixed."""
    same = template(technique="t")(lambda rng: number())
    assert "only 1 different answers" in check(same, 100).faults[0]


def test_a_template_that_breaks_is_named_with_its_error():
    """With the seed that did it."""
    broken = template(technique="t")(lambda rng: 1 / 0)
    assert check(broken, 3).faults == ("seed 0: ZeroDivisionError: division by zero",)


# Catalogue


def test_templates_are_picked_by_unit_technique_tag_or_name():
    """In the order of the file; an unknown word is named with its neighbour."""
    assert len(MINI.pick("mini")) == 11
    assert [each.id for each in MINI.pick("names")] == ["mini/letter", "mini/gates", "mini/inventors"]
    assert [each.id for each in MINI.pick("vector", "mini/count")] == ["mini/count", "mini/double"]
    with pytest.raises(CommandError, match="Did you mean 'shape'"):
        MINI.pick("shapse")
    with pytest.raises(CommandError, match="Did you mean 'mini/count'"):
        MINI.template("mini/coutn")


def test_a_broken_file_is_named_with_its_line(tmp_path):
    """Whatever the file does when it is read."""
    folder = tmp_path / "assignments" / "bad"
    folder.mkdir(parents=True)
    for text, line in (("x = 1\ny = = 2\n", 2), ("x = 1\n\nimport nowhere_at_all\n", 3)):
        (folder / "quiz.py").write_text(text)
        with pytest.raises(UnitError, match=f"assignments/bad/quiz.py:{line}: "):
            catalogue.load(tmp_path, ["bad"])


def test_difficulty_is_one_of_three():
    with pytest.raises(ValueError, match="recall"):
        template(technique="t", difficulty=4)
