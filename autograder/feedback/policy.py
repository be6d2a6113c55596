"""What a student may see of one check.

Fresh inputs for every attempt are what keeps hidden values useless; this is the second line. Rules:
- a fault during a hidden call shows its known kind and the line of the student's own code, from our copy of it;
- a failure on our side shows one fixed sentence, never an error of ours;
- what is shown of a comparison carries no number precise enough to be a value;
- a passed check says nothing more than its sentence.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.records import Cell, CheckResult, Verdict

from . import plain

MESSAGE_CAP = 300
OUR_FAULT = "Our side failed here. Nothing was lost and no point is taken; this will be graded again."
_FIXED = {
    Verdict.NOT_GRADED: OUR_FAULT,
    Verdict.TIMED_OUT: "Your code did not answer in time. Look for a loop that does not end or that numpy could do.",
    Verdict.OUT_OF_MEMORY: "Your code asked for more memory than it may use. Look for an array with a needless axis.",
    Verdict.OUT_OF_GPU_MEMORY: "Your code asked for more GPU memory than a submission may use. Try smaller batches.",
    Verdict.NOT_RUN: "Not run, since earlier checks of this exercise ran out of time or memory.",
}
# What the sandbox says of an end without an exception, recognised by these words and told in ours.
_ENDS = {
    "not plain data": "Your function gave something that is not plain data: numbers, arrays, texts, lists, dicts are.",
    "ended the whole process": "Your code ended the whole process.",
    "broke off": "Your notebook broke off while its cells were run.",
    "was lost": "An object was lost when your code was stopped.",
    "of its own": "Your code raised an exception of its own.",
}
_KNOWN_KINDS = frozenset(
    name for name, kind in vars(builtins).items() if isinstance(kind, type) and issubclass(kind, BaseException)
) | {"LinAlgError", "AxisError", "OutOfMemoryError", "UFuncTypeError", "JSONDecodeError", "UnpicklingError"}
_PRECISE = re.compile(r"(?<![\w.])[-+]?(?:\d[\d_]*\.\d*|\.\d+|\d[\d_]{6,})(?:[eE][-+]?\d+)?")
_SHOWN_DIGITS = 3


@dataclass(frozen=True)
class CodeLine:
    """One line of the student's own code, from our copy of the submission."""

    cell: str  #: the cell's name for a person: an exercise, or the cell's id
    number: int
    text: str


def message(check: CheckResult) -> str:
    """What was seen, as far as a student may know it."""
    if check.verdict is Verdict.PASSED:
        return ""
    if check.verdict is Verdict.CRASHED:
        return crash(check.message)
    return _FIXED.get(check.verdict) or rounded(plain.line(check.message, MESSAGE_CAP))


def crash(told: str) -> str:
    """The sentence of a crash: one of a fixed list, or with the name of a known exception."""
    kind = known_kind(told)
    if not kind:
        end = next((end for end in _ENDS if end in told[:1000]), "")
        return _ENDS.get(end, "Your code stopped without giving an answer.")
    return f"Your code raised {'an' if kind[0] in 'AEIOU' else 'a'} `{kind}`."


def known_kind(told: str) -> str:
    """The first name of a known exception in a text, or nothing."""
    return next((word for word in re.findall(r"[A-Za-z]+", told[:1000]) if word in _KNOWN_KINDS), "")


def rounded(text: str) -> str:
    """The text without numbers of more than three digits' precision; shapes and tolerances stay.

    A backstop for a careless unit: comparisons already tell the size of an error as one digit.
    """
    return _PRECISE.sub(lambda match: match[0] if _digits(match[0]) <= _SHOWN_DIGITS else "…", text)


def code_line(cells: Sequence[Cell], cell: int | None, line: int | None) -> CodeLine | None:
    """The line that a fault points to, if our copy of the submission has it."""
    if cell is None or line is None or not 0 <= cell < len(cells):
        return None
    lines = re.split(r"\r\n|\r|\n", cells[cell].source)  # as Python counts them; splitlines() knows more kinds
    if not 1 <= line <= len(lines):
        return None
    name = plain.line(cells[cell].exercise or cells[cell].id, 80)
    return CodeLine(name, line, plain.code_line(lines[line - 1]))


def _digits(number: str) -> int:
    mantissa = re.split("[eE]", number)[0]
    return len(re.sub(r"\D", "", mantissa).lstrip("0"))
