"""Variants: a template with its numbers drawn, good enough to be asked, and the judging of what is typed.

The numbers follow from the seed alone.  A draw in which fewer than two slips differ from the answer, or whose answer is
degenerate, is thrown away and the next one taken, so every variant that leaves here can be asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..errors import UnitError
from .answer import Read
from .options import Matching, Several, letters
from .question import SLIPS, Question, Redraw, Slip, Template, distinct

TRIES = 200
MOST_OPTIONS = 6


@dataclass(frozen=True)
class Mark:
    """A judged answer: the fraction of the points, and the slip if it was a known one."""

    fraction: float
    slip: Slip | None

    @property
    def right(self) -> bool:
        return self.fraction >= 1


@dataclass(frozen=True)
class Variant:
    """One question that can be asked."""

    template: Template
    seed: int
    question: Question
    options: tuple[Any, ...]  #: in the order shown; empty where the answer is typed

    @cached_property
    def fingerprint(self) -> str:
        """The same for the same question, whatever the seed."""
        question, answer = self.question, self.question.answer
        shown = [*sorted(self.shown_options), question.figure.svg if question.figure else ""]
        said = "\0".join([self.template.id, question.prompt, answer.show(answer.value), *shown])
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    @property
    def as_choice(self) -> bool:
        """Whether there are options to pick from where the answer would be typed."""
        return bool(self.options) and not self.question.answer.has_options

    @property
    def lefts(self) -> tuple[str, ...]:
        """Of a matching: what the options are matched to."""
        answer = self.question.answer
        return answer.lefts if isinstance(answer, Matching) else ()

    @property
    def shown_options(self) -> tuple[str, ...]:
        """The options as Markdown."""
        show = self.question.answer.show if self.as_choice else str
        return tuple(show(each) for each in self.options)

    @property
    def how(self) -> str:
        """How to answer, in one line."""
        return "the letter of one option" if self.as_choice else self.question.answer.how

    def read(self, text: str) -> Read:
        """What was typed, as a value with its echo.  AnswerError if it cannot be read; that costs nothing."""
        if self.as_choice:
            chosen = letters(text, self.options)
            return Read(chosen[0], f"we read option {self.question.answer.show(chosen[0])}")
        return self.question.answer.read(text, self.options)

    def mark(self, read: Read) -> Mark:
        """Judge a value that was read."""
        question, value = self.question, read.value
        fraction = question.answer.mark(value, [slip.gives for slip in question.slips])
        return Mark(fraction, None if fraction >= 1 else self._slip(value))

    def _slip(self, value: Any) -> Slip | None:
        answer = self.question.answer
        if isinstance(answer, Several):  # the first wrong option that was taken
            return next((slip for slip in self.question.slips if slip.gives in value), None)
        found = [slip for slip in self.question.slips if answer.same(value, slip.gives)]
        return min(found, key=lambda slip: answer.distance(value, slip.gives), default=None)


def draw(template: Template, seed: int, choice: bool = False) -> Variant:
    """The variant of a seed.  choice: with options to pick from, where the answer would be typed.

    UnitError if TRIES draws gave no question that can be asked.
    """
    wrong = ""
    for attempt in range(TRIES):
        rng = np.random.default_rng([abs(seed), attempt])
        try:
            question = distinct(template.draw(rng))
        except Redraw:
            continue
        wrong = unfit(question)
        if not wrong:
            return Variant(template, seed, question, _options(question, rng, choice))
    raise UnitError(
        f"{template.id}: {TRIES} draws gave no good question ({wrong or 'Redraw each time'}). Widen its numbers."
    )


def unfit(question: Question) -> str:
    """Why a question cannot be asked; empty if it can."""
    answer = question.answer
    found = answer.problems()
    needed = {"several": 1, "ordering": 0, "matching": 0}.get(answer.kind, SLIPS)
    if len(question.slips) < needed:
        found.append(f"fewer than {needed} slips differ from the answer and each other")
    return found[0] if found else ""


def _options(question: Question, rng: np.random.Generator, choice: bool) -> tuple[Any, ...]:
    answer = question.answer
    wrong = [slip.gives for slip in question.slips]
    match answer.kind:
        case "choice":
            found = [answer.value, *wrong]
        case "several":
            found = [*answer.value, *wrong]
        case "ordering":
            found = list(answer.value)
        case "matching":
            assert isinstance(answer, Matching)
            found = list(dict.fromkeys([*answer.value.values(), *answer.extra]))
        case _ if choice:
            found = [answer.value, *wrong][:MOST_OPTIONS]
        case _:
            return ()
    return tuple(found[i] for i in rng.permutation(len(found)))


def variants(template: Template, seed: int = 0, choice: bool = False, most: int = 20) -> Iterator[Variant]:
    """Different questions without end; ends when `most` draws in a row gave nothing new."""
    seen: set[str] = set()
    repeated = 0
    while repeated < most:
        variant = draw(template, seed, choice)
        seed += 1
        repeated += 1
        if variant.fingerprint not in seen:
            seen.add(variant.fingerprint)
            repeated = 0
            yield variant
