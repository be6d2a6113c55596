"""Answers that are picked: one of several, some of several, an order, pairs; and a program's output.

What the student types are letters; the letters name the options of a variant, in the order in which it shows them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from ..errors import AnswerError
from .answer import Answer, Read, checked_text

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def letters(text: str, options: Sequence[Any]) -> list[Any]:
    """The options behind the letters that were typed."""
    typed = checked_text(text).lower()
    names = re.findall(r"[a-z0-9]+", typed)
    if len(names) == 1 and len(names[0]) > 1 and not names[0].isdigit():
        names = list(names[0])  # "cabd"
    bad = next((n for n in names if len(n) != 1 or n not in LETTERS[: len(options)]), None)
    if bad is not None or not names:
        raise AnswerError(f"“{typed[:20]}” is not a letter of an option. The options are {_span(len(options))}.")
    if len(set(names)) != len(names):
        raise AnswerError("A letter stands there twice. Type each once.")
    return [options[LETTERS.index(name)] for name in names]


def _span(count: int) -> str:
    return f"a to {LETTERS[count - 1]}"


def _named(options: Sequence[Any], values: Sequence[Any]) -> str:
    return ", ".join(f"({LETTERS[list(options).index(v)]})" for v in values)


@dataclass(frozen=True)
class Choice(Answer):
    """One of several options: `value` is right, the slips are the others."""

    value: str
    kind: ClassVar[str] = "choice"
    has_options: ClassVar[bool] = True

    @property
    def how(self) -> str:
        return "the letter of one option"

    def read(self, text: str, options: Sequence[Any] = ()) -> Read:
        chosen = letters(text, options)
        if len(chosen) != 1:
            raise AnswerError("One option is asked. Type its letter.")
        return Read(chosen[0], f"we read option {_named(options, chosen)}")

    def mark(self, value: Any, rivals: Sequence[Any] = ()) -> float:
        return float(value == self.value)

    def show(self, value: Any) -> str:
        return str(value)

    def differ(self, one: Any, other: Any) -> bool:
        return bool(one != other)


@dataclass(frozen=True)
class Several(Answer):
    """All options that fit, of several: `value` are the right ones; each slip gives one wrong option.

    A right one gives its share; a wrong one takes as much, or more where there are few, so that all of them earn nothing.
    """

    value: tuple[str, ...]
    kind: ClassVar[str] = "several"
    has_options: ClassVar[bool] = True

    @property
    def how(self) -> str:
        return "the letters of all options that fit, as a, c (part of the points for a part)"

    def read(self, text: str, options: Sequence[Any] = ()) -> Read:
        chosen = letters(text, options)
        return Read(tuple(chosen), f"we read options {_named(options, chosen)}")

    def mark(self, value: Any, rivals: Sequence[Any] = ()) -> float:
        chosen, right = set(value), set(self.value)
        cost = 1 / min(len(right), len(rivals) or len(right))
        return max(0.0, len(chosen & right) / len(right) - len(chosen - right) * cost)

    def show(self, value: Any) -> str:
        return "; ".join((value,) if isinstance(value, str) else value)

    def differ(self, one: Any, other: Any) -> bool:
        sets = [frozenset((each,) if isinstance(each, str) else each) for each in (one, other)]
        # The answer is a set, a slip one option: they collide when the option is in the set.
        return sets[0] != sets[1] if len(sets[0]) == len(sets[1]) else not (sets[0] <= sets[1] or sets[1] <= sets[0])

    def problems(self) -> list[str]:
        return (
            [] if self.value and len(set(self.value)) == len(self.value) else ["right options are missing or doubled"]
        )


@dataclass(frozen=True)
class Ordering(Answer):
    """Items to put in order: `value` is the right one."""

    value: tuple[str, ...]
    kind: ClassVar[str] = "ordering"
    has_options: ClassVar[bool] = True

    @property
    def how(self) -> str:
        return "all letters in the right order, as c a b (part of the points for a part)"

    def read(self, text: str, options: Sequence[Any] = ()) -> Read:
        chosen = letters(text, options)
        if len(chosen) != len(options):
            raise AnswerError(f"All {len(options)} letters are asked, {len(chosen)} were read.")
        return Read(tuple(chosen), f"we read the order {_named(options, chosen)}")

    def mark(self, value: Any, rivals: Sequence[Any] = ()) -> float:
        places = [self.value.index(item) for item in value]
        pairs = [(a, b) for i, a in enumerate(places) for b in places[i + 1 :]]
        return max(0.0, 1 - 2 * sum(a > b for a, b in pairs) / len(pairs))  # a drawn order gets 0 on average

    def show(self, value: Any) -> str:
        return " → ".join(value)

    def differ(self, one: Any, other: Any) -> bool:
        return tuple(one) != tuple(other)

    def problems(self) -> list[str]:
        return [] if 3 <= len(set(self.value)) == len(self.value) <= 8 else ["3 to 8 different items can be ordered"]


@dataclass(frozen=True)
class Matching(Answer):
    """Each item on the left has one on the right; `extra` are rights that belong to none."""

    value: Mapping[str, str]
    extra: tuple[str, ...] | list[str] = ()
    kind: ClassVar[str] = "matching"
    has_options: ClassVar[bool] = True

    @property
    def lefts(self) -> tuple[str, ...]:
        return tuple(self.value)

    @property
    def how(self) -> str:
        return "number and letter for each, as 1b 2a 3c (part of the points for a part)"

    def read(self, text: str, options: Sequence[Any] = ()) -> Read:
        typed = checked_text(text).lower()
        pairs = re.findall(r"(\d{1,2})\W{0,3}([a-z])(?![a-z])", typed)
        chosen: dict[str, str] = {}
        for number, letter in pairs:
            if not 1 <= int(number) <= len(self.lefts) or letter not in LETTERS[: len(options)]:
                raise AnswerError(f"{number}{letter} is not there: 1 to {len(self.lefts)} and {_span(len(options))}.")
            if self.lefts[int(number) - 1] in chosen:
                raise AnswerError(f"{number} stands there twice. Give each number one letter.")
            chosen[self.lefts[int(number) - 1]] = options[LETTERS.index(letter)]
        if len(chosen) != len(self.lefts):
            raise AnswerError(f"{len(self.lefts)} pairs are asked, {len(chosen)} were read. Type them as 1b 2a 3c.")
        return Read(chosen, "we read " + " ".join(f"{number}{letter}" for number, letter in pairs))

    def mark(self, value: Any, rivals: Sequence[Any] = ()) -> float:
        return float(sum(value.get(left) == right for left, right in self.value.items()) / len(self.value))

    def show(self, value: Any) -> str:
        return "; ".join(f"{left}: {right}" for left, right in value.items())

    def differ(self, one: Any, other: Any) -> bool:
        return dict(one) != dict(other)

    def problems(self) -> list[str]:
        return [] if 2 <= len(self.value) <= 8 else ["2 to 8 pairs can be matched"]


@dataclass(frozen=True)
class Output(Answer):
    """What a snippet prints; spaces do not count."""

    value: str
    kind: ClassVar[str] = "output"

    @property
    def how(self) -> str:
        return "exactly what is printed (spaces do not count)"

    def read(self, text: str, options: Sequence[Any] = ()) -> Read:
        typed = checked_text(text)
        return Read(typed, f"we read “{' '.join(typed.split())[:60]}”")

    def mark(self, value: Any, rivals: Sequence[Any] = ()) -> float:
        return float(not self.differ(value, self.value))

    def show(self, value: Any) -> str:
        return f"`{' '.join(str(value).split())}`"

    def differ(self, one: Any, other: Any) -> bool:
        return _bare(one) != _bare(other)


def _bare(text: Any) -> str:
    """Without spaces, and with numbers in one form: 2. and 2.0 print the same value."""
    apart = re.sub(r"(?<=\w)\s+(?=\w)", " ", str(text).strip())  # 1 23 is not 12 3
    squeezed = re.sub(r"(?<!\w)\s+|\s+(?!\w)", "", apart).replace('"', "'")
    return re.sub(r"(?<![\w.])(\d+)\.0*(?!\d)", r"\1.", squeezed)
