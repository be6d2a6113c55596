"""Answers that are numbers: one, several, a whole number, a tensor's shape.

The tolerance of a number has a name (TOLERANCES) and never reaches half way to the nearest slip's number: a slip is a slip
however generous the tolerance.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..errors import AnswerError
from . import formula
from .answer import Answer, Read, checked_text
from .shown import plain, tex, unit_of

#: name -> how far from the value `v` with `digits` significant digits an answer may be.
TOLERANCES: dict[str, Callable[[float, int], float]] = {
    "exact": lambda v, digits: 1e-9 * max(1.0, abs(v)),
    "digits": lambda v, digits: unit_of(v, digits),  # rounded and cut off are both fine
    "percent": lambda v, digits: max(0.01 * abs(v), unit_of(v, digits)),
    "loose": lambda v, digits: max(0.05 * abs(v), unit_of(v, digits)),
}
_GAP = 1.1  #: units of the last digit between two numbers that people see as different


def tolerance(name: str, value: float, digits: int, rivals: Sequence[float]) -> float:
    """How far from `value` an answer may be."""
    gaps = [abs(float(rival) - value) for rival in rivals if math.isfinite(float(rival))]
    return float(min([TOLERANCES[name](value, digits), *(0.49 * gap for gap in gaps)]))


@dataclass(frozen=True)
class Number(Answer):
    """A real number, asked with `digits` significant digits."""

    value: float
    digits: int = 3
    tolerance: str = "digits"
    unit: str = ""
    kind: ClassVar[str] = "number"

    @property
    def how(self) -> str:
        unit = f" in {self.unit}" if self.unit else ""
        return f"a number{unit}, {self.digits} significant digits (0.25, 1/4, 2.5e-1 and ln(2) are all read)"

    def read(self, text: str, options: Sequence[Any] = ()) -> Read:
        value = number(text)
        return Read(value, f"we read {_quoted(text)} as {plain(value, 8)}")

    def typed(self, value: Any) -> str:
        """As a student would type it, rounded as asked."""
        return plain(float(value), self.digits)

    def mark(self, value: Any, rivals: Sequence[Any] = ()) -> float:
        allowed = tolerance(self.tolerance, float(self.value), self.digits, rivals)
        return float(abs(value - float(self.value)) <= allowed * (1 + 1e-9))

    def show(self, value: Any) -> str:
        return f"${tex(float(value), self.digits)}$" + (f" {self.unit}" if self.unit else "")

    def differ(self, one: Any, other: Any) -> bool:
        a, b = float(one), float(other)
        if not (math.isfinite(a) and math.isfinite(b)):
            return a != b
        return abs(a - b) > _GAP * max(unit_of(a, self.digits), unit_of(b, self.digits))

    def same(self, one: Any, other: Any) -> bool:
        a, b = float(one), float(other)
        return a == b or abs(a - b) <= unit_of(b, self.digits) * (1 + 1e-9)

    def distance(self, one: Any, other: Any) -> float:
        return abs(float(one) - float(other))

    def problems(self) -> list[str]:
        value, found = float(self.value), []
        if not math.isfinite(value):
            found.append(f"the answer is {value}")
        elif value and not 1e-9 < abs(value) < 1e12:
            found.append(f"the answer {value:g} is too small or too large to type")
        if self.tolerance not in TOLERANCES:
            found.append(f"no tolerance is called {self.tolerance!r}: {', '.join(TOLERANCES)}")
        return found


@dataclass(frozen=True)
class Integer(Answer):
    """A count: exact."""

    value: int
    unit: str = ""
    kind: ClassVar[str] = "integer"

    @property
    def how(self) -> str:
        return "a whole number" + (f" of {self.unit}" if self.unit else "")

    def read(self, text: str, options: Sequence[Any] = ()) -> Read:
        value = whole(text)
        return Read(value, f"we read {_quoted(text)} as {value}")

    def mark(self, value: Any, rivals: Sequence[Any] = ()) -> float:
        return float(value == self.value)

    def show(self, value: Any) -> str:
        return f"${plain(float(value)) if float(value) != int(value) else int(value)}$" + (
            f" {self.unit}" if self.unit else ""
        )

    def differ(self, one: Any, other: Any) -> bool:
        return bool(one != other)

    def problems(self) -> list[str]:
        return [] if int(self.value) == self.value else [f"the answer {self.value!r} is not a whole number"]


@dataclass(frozen=True)
class Numbers(Answer):
    """Several numbers in order: a vector, a matrix (rows), or a few named ones.  whole: counts, judged exactly."""

    value: Any
    digits: int = 3
    tolerance: str = "digits"
    labels: tuple[str, ...] | list[str] = ()
    whole: bool = False
    kind: ClassVar[str] = "numbers"

    @property
    def shape(self) -> tuple[int, ...]:
        return np.shape(self.value)

    @property
    def how(self) -> str:
        what = "whole numbers" if self.whole else f"numbers, {self.digits} significant digits"
        if self.labels:
            return f"{len(self.labels)} {what}: {', '.join(self.labels)} (as 1; 2)"
        if len(self.shape) == 2:
            return f"a matrix of {self.shape[0]} rows and {self.shape[1]} columns: {what} (as 1; 2 | 3; 4)"
        return f"{self.shape[0]} {what} (as 1; 2; 3)"

    def read(self, text: str, options: Sequence[Any] = ()) -> Read:
        rows = number_rows(text)
        if self.whole:
            rows = [[_as_whole(each) for each in row] for row in rows]
        count, want = sum(map(len, rows)), int(np.prod(self.shape))
        if count != want:
            raise AnswerError(f"{want} numbers are asked, {count} were read. Separate them with ; or spaces.")
        if len(self.shape) == 2 and len(rows) > 1 and [len(row) for row in rows] != [self.shape[1]] * self.shape[0]:
            raise AnswerError(f"The matrix has {self.shape[0]} rows of {self.shape[1]} numbers. Separate rows with |.")
        value = np.array([each for row in rows for each in row], dtype=float).reshape(self.shape)
        return Read(value.tolist(), f"we read {self._plain(value)}")

    def _plain(self, value: Any) -> str:
        rows = np.atleast_2d(np.asarray(value, float))
        return " | ".join("; ".join(plain(each, 8) for each in row) for row in rows)

    def typed(self, value: Any) -> str:
        """As a student would type it, rounded as asked."""
        rows = np.atleast_2d(np.asarray(value, float))
        digits = 15 if self.whole else self.digits
        return " | ".join("; ".join(plain(each, digits) for each in row) for row in rows)

    def mark(self, value: Any, rivals: Sequence[Any] = ()) -> float:
        right, got = np.asarray(self.value, float), np.asarray(value, float)
        if got.shape != right.shape:
            return 0.0
        others = [np.asarray(rival, float) for rival in rivals if np.shape(rival) == right.shape]
        for place in np.ndindex(right.shape):
            # A slip may share some of its numbers with the answer: only those that differ bound the tolerance.
            near = [float(o[place]) for o in others if o[place] != right[place]]
            allowed = tolerance("exact" if self.whole else self.tolerance, float(right[place]), self.digits, near)
            if not abs(got[place] - right[place]) <= allowed * (1 + 1e-9):
                return 0.0
        return 1.0

    def show(self, value: Any) -> str:
        return (
            f"${tex(np.asarray(value).astype(int) if self._counts(value) else np.asarray(value, float), self.digits)}$"
        )

    def _counts(self, value: Any) -> bool:
        return self.whole and bool(np.all(np.asarray(value, float) % 1 == 0))

    def differ(self, one: Any, other: Any) -> bool:
        if np.shape(one) != np.shape(other):
            return True
        each = Number(0.0, 12 if self.whole else self.digits)
        return any(each.differ(a, b) for a, b in zip(np.ravel(one), np.ravel(other), strict=True))

    def problems(self) -> list[str]:
        values = np.asarray(self.value, float)
        found = [] if values.ndim in (1, 2) and 0 < values.size <= 36 else ["1 to 36 numbers can be asked"]
        return found + ([] if np.isfinite(values).all() else ["the answer is not finite"])


@dataclass(frozen=True)
class Shape(Answer):
    """The shape of a tensor: exact."""

    value: tuple[int, ...]
    kind: ClassVar[str] = "shape"

    @property
    def how(self) -> str:
        return "a shape, as (3, 32, 32)"

    def read(self, text: str, options: Sequence[Any] = ()) -> Read:
        inner = re.sub(r"^\s*(torch\.Size|shape)?\s*[\[(]+|[\])]+\s*$", "", checked_text(text))
        parts = [part for part in re.split(r"[,;\s*x]+", inner) if part]
        if any(not re.fullmatch(r"\d{1,9}", part) for part in parts) or len(parts) > 8:
            raise AnswerError(f"{_quoted(text)} is not a shape. Type whole numbers with commas, as (3, 32, 32).")
        value = tuple(int(part) for part in parts)
        return Read(value, f"we read the shape {_shape(value)}")

    def mark(self, value: Any, rivals: Sequence[Any] = ()) -> float:
        return float(tuple(value) == tuple(self.value))

    def show(self, value: Any) -> str:
        return f"`{_shape(value)}`"

    def differ(self, one: Any, other: Any) -> bool:
        return tuple(one) != tuple(other)


def _shape(value: Sequence[int]) -> str:
    return str(tuple(int(each) for each in value))


def number(text: str) -> float:
    """A real number as students type it: 0.35, 0,35, 35 %, 1/3, 2e-3, 2*10^-3, ln(2), 1 000 000."""
    typed = checked_text(text)
    percent = typed.endswith("%")
    value = formula.evaluate(formula.parse(_point(typed.rstrip("% ")), ()), {})
    if not math.isfinite(value):
        raise AnswerError(f"{_quoted(text)} is not a finite number. Type a number.")
    return value / 100 if percent else value


def _point(text: str) -> str:
    """With a decimal point, and without the marks that people put between thousands."""
    if re.fullmatch(r"[+-]?\d{1,3}([ '_]\d{3})+([.,]\d+)?", text):
        text = re.sub(r"[ '_]", "", text)
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3}){2,}(\.\d+)?|[+-]?\d{1,3}(,\d{3})+\.\d+", text):
        return text.replace(",", "")
    return re.sub(r"(?<=\d),(?=\d)", ".", text) if "(" not in text else text


def whole(text: str) -> int:
    """A whole number; a comma before exactly three digits marks thousands here."""
    typed = checked_text(text)
    if re.fullmatch(r"[+-]?\d{1,3}([,. ']\d{3})+", typed):
        typed = re.sub(r"[,. ']", "", typed)
    return _as_whole(number(typed))


def _as_whole(value: float) -> int:
    if value != int(value) or abs(value) > 2**53:
        raise AnswerError(f"{plain(value, 8)} is not a whole number. Type a count.")
    return int(value)


def number_rows(text: str) -> list[list[float]]:
    """Rows of numbers: `1; 2 | 3; 4`, `[[1, 2], [3, 4]]`, `(1, 2)`, or with spaces."""
    typed = checked_text(text)
    typed = re.sub(r"\]\s*[,;]?\s*\[|\)\s*[,;]?\s*\(|\n", "|", typed)
    typed = re.sub(r"^[\[(\s]+|[\])\s]+$", "", typed) if "(" not in typed.strip("()[] ") else typed
    rows = [row for row in typed.split("|") if row.strip()]
    return [[number(part) for part in _parts(row)] for row in rows]


def _parts(row: str) -> list[str]:
    """`;` parts; else `, ` or spaces; else commas, of which one between digits alone would be a decimal comma."""
    for mark in (";", ", ", " ", ","):
        parts = [part.strip(" ,") if mark != "," else part for part in row.split(mark)]
        if len([p for p in parts if p]) > 1:
            return [p for p in parts if p]
    return [row.strip(" ,;")]


def _quoted(text: str) -> str:
    shown = " ".join(str(text).split())
    return f"“{shown if len(shown) <= 60 else shown[:57] + '...'}”"
