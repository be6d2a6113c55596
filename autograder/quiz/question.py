"""What a template returns: a question with its answer, the slips that lead elsewhere, and the way to the answer.

A template is a function `(rng) -> Question`.  Its numbers are drawn, its answer is computed by `reference/`, and each wrong
option is what a named slip gives on the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from .answer import Answer
from .figures import Figure

#: How many wrong options a question with options or numbers must have, distinct from the answer and from each other.
SLIPS = 2


class Redraw(Exception):
    """A template raises it when the numbers drawn make no good question; others are drawn."""


@dataclass(frozen=True)
class Slip:
    """A mistake: what it gives (in the answer's own form) and what the student then reads."""

    gives: Any
    why: str


@dataclass(frozen=True)
class Question:
    """One question with drawn numbers.  Texts are Markdown with TeX between dollar signs."""

    prompt: str
    answer: Answer
    slips: tuple[Slip, ...] | list[Slip] = ()
    explanation: str = ""  #: the way to the answer, with the drawn numbers
    hints: tuple[str, ...] | list[str] = ()  #: a ladder: from a nudge to the formula; they cost nothing
    figure: Figure | None = None
    again: Any = None  #: the answer by an independent path, where one exists; `quiz check` compares


class Draws(Protocol):
    """A template's function."""

    def __call__(self, rng: np.random.Generator, /) -> Question: ...


@dataclass(frozen=True)
class Template:
    """A question whose numbers are drawn anew each time."""

    id: str  #: unit/function, set when the unit's quiz.py is read
    technique: str  #: what is practised: mastery is told by technique
    tags: tuple[str, ...]
    difficulty: int  #: 1 recall, 2 apply, 3 combine
    fixed: bool  #: the question hardly changes: a fixed choice
    syllabus: str  #: its number in the syllabus, where it has one
    draw: Draws


def template(
    *,
    technique: str,
    tags: tuple[str, ...] | list[str] = (),
    difficulty: int = 2,
    fixed: bool = False,
    syllabus: str = "",
) -> Callable[[Draws], Template]:
    """Make a function of quiz.py a template; its name becomes the template's."""
    if difficulty not in (1, 2, 3):
        raise ValueError(f"difficulty is 1 (recall), 2 (apply) or 3 (combine), not {difficulty!r}")

    def made(function: Draws) -> Template:
        name: str = getattr(function, "__name__", "")
        return Template(name, technique, tuple(tags), difficulty, fixed, syllabus, function)

    return made


def distinct(question: Question) -> Question:
    """The question without slips that give the answer itself, or what an earlier slip gives, as far as people can see."""
    answer, kept, seen = question.answer, [], [question.answer.value]
    for slip in question.slips:
        if all(answer.differ(slip.gives, other) for other in seen):
            kept.append(slip)
            seen.append(slip.gives)
    return replace(question, slips=tuple(kept), hints=tuple(question.hints))
