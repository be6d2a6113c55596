"""The course's quizzes: every template can be asked, and the list of the syllabus is covered."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from autograder.course import load_course
from autograder.quiz import catalogue
from autograder.quiz.check import check

ROOT = Path(__file__).parents[2]
CATALOGUE = catalogue.load(ROOT, load_course(ROOT).topics)
#: Of each template; `autograder quiz check --variants 200` is the whole of it, and CI draws as many.
VARIANTS = 200 if os.environ.get("CI") == "true" else 40
#: How many templates each quiz of the syllabus has.
_COUNTS = (9, 11, 11, 12, 11, 12, 9, 12, 12, 10, 11, 12, 12, 12, 8)
SYLLABUS = {f"Q{number:02}": count for number, count in enumerate(_COUNTS, 1)}


@pytest.mark.parametrize("id", [each.id for each in CATALOGUE.templates])
def test_a_template_can_be_asked(id):
    """Options that differ, numbers that are none too odd, the same answer when it is computed again, right ones marked right."""
    assert check(CATALOGUE.template(id), VARIANTS).faults == ()


def test_the_syllabus_is_covered():
    """All 164 templates of the list, each once, and 25 of kinds that it lacks."""
    wanted = [f"{quiz}.{number}" for quiz, count in SYLLABUS.items() for number in range(1, count + 1)]
    assert len(wanted) == 164
    found = [each.syllabus for each in CATALOGUE.templates if each.syllabus]
    assert sorted(found) == sorted(wanted)
    assert sum(not each.syllabus for each in CATALOGUE.templates) >= 25


def test_every_type_of_question_is_there():
    """Number, integer, vectors, shape, one and several choices, formula, order, pairs, output; and pictures."""
    from autograder.quiz.variant import draw

    drawn = [draw(each, 1) for each in CATALOGUE.templates]
    kinds = {variant.question.answer.kind for variant in drawn}
    assert kinds == {
        "number", "integer", "numbers", "shape", "choice", "several", "formula", "ordering", "matching", "output"
    }  # fmt: skip
    assert sum(variant.question.figure is not None for variant in drawn) >= 10


def test_most_answers_are_computed_twice():
    """By the reference and by an independent path, wherever there is one."""
    from autograder.quiz.variant import draw

    typed = [v.question for each in CATALOGUE.templates if (v := draw(each, 2)).question.answer.has_options is False]
    assert sum(question.again is not None for question in typed) >= 0.75 * len(typed)


def test_explanations_and_slips_are_sentences():
    """Each ends like one, and no lecture is named by its file."""
    from autograder.quiz.variant import draw

    for each in CATALOGUE.templates:
        question = draw(each, 3).question
        for text in (question.explanation, *(slip.why for slip in question.slips)):
            assert text.rstrip().endswith((".", "`", "$", ")", "?", "|", ":")), (each.id, text)
            assert ".txt" not in text, each.id
