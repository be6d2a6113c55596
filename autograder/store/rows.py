"""The records that the store gives, and how records lie in columns."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Protocol

from sqlalchemy import Row

from autograder.records import CheckResult, ExerciseScore, Picture, Score, Submission, Verdict


class State(Enum):
    """Where a submission stands. Whatever the state, a current result stays its grade."""

    RECEIVED = "received"  #: Safely stored, waiting to be graded.
    GRADED = "graded"  #: Has its grade.
    RETRY = "retry"  #: Our side failed; it will be tried again and costs nobody a point.
    HELD = "held"  #: Our side failed three times; a person must look.


@dataclass(frozen=True)
class Standing:
    """The state of a submission, with the failures of our side since its last grade."""

    state: State
    failures: int
    reason: str  #: of the last failure


class AttemptLimit(Protocol):
    """How often a student may hand in (course.Attempts is one)."""

    @property
    def limit(self) -> int | None:
        """Attempts that there are."""
        ...

    @property
    def cooldown(self) -> float:
        """Minutes between two receipts."""
        ...


class LoadFault(Protocol):
    """What the sandbox says about a cell that raised while the notebook was loaded."""

    @property
    def cell(self) -> int: ...
    @property
    def type(self) -> str: ...
    @property
    def line(self) -> int | None: ...
    @property
    def message(self) -> str: ...


@dataclass(frozen=True)
class LoadError:
    """The same, as it was kept; the message is still the box's own string: cap and escape it."""

    cell: int
    type: str
    line: int | None
    message: str


@dataclass(frozen=True)
class Grading:
    """What is kept of one grading."""

    bundle: str  #: digest of what it was graded with; must be registered
    score: Score
    checks: Sequence[CheckResult]
    provenance: Mapping[str, Any]
    pictures: Sequence[Picture] = ()
    answers: bytes | None = None
    output: str = ""
    load_errors: Sequence[LoadFault] = ()


@dataclass(frozen=True)
class Result:
    """One grading of one submission, whole: enough to show it, to judge it again and to say where it came from."""

    id: int
    submission: int
    bundle: str  #: digest of what it was graded with
    created: datetime
    current: bool  #: the one that counts
    score: Score
    checks: tuple[CheckResult, ...]
    pictures: tuple[Picture, ...]
    provenance: Mapping[str, Any]
    answers: str | None  #: sha256 of the recorded answers
    output: str  #: what the notebook printed before the first hidden call
    load_errors: tuple[LoadError, ...]


@dataclass(frozen=True)
class GradebookRow:
    """A student's unit: the best attempt, or the last one if none is graded yet (then without points)."""

    student: str
    unit: str
    submission: int
    attempt: int
    received: datetime
    raw: float | None
    penalty: float | None
    total: float | None  #: automatic points after the penalty
    maximum: float | None
    late_days: int | None
    state: State
    manual: float = 0.0  #: points given by hand, for this attempt


@dataclass(frozen=True)
class Extension:
    """A due date of one student's own."""

    student: str
    unit: str
    due: datetime
    reason: str


@dataclass(frozen=True)
class ManualPoints:
    """A question graded by a person."""

    submission: int
    question: str
    points: float
    by: str
    comment: str


def plain(text: str) -> str:
    """Text that every database can hold: no NUL (PostgreSQL), no lone surrogate (SQLite)."""
    return text.replace("\x00", "\ufffd").encode("utf-8", errors="replace").decode("utf-8")


def to_submission(row: Row[Any]) -> Submission:
    return Submission(
        row.id, row.student, row.unit, row.attempt, row.received, row.blob, row.filename, notes=tuple(row.notes)
    )


def _score_columns(score: Score) -> dict[str, Any]:
    return {
        "verdict": score.verdict.value,
        "raw": score.raw,
        "penalty": score.penalty,
        "total": score.total,
        "maximum": score.maximum,
        "late_days": score.late_days,
        "exercises": [_with_verdict(exercise) for exercise in score.exercises],
    }


def grading_columns(grading: Grading) -> dict[str, Any]:
    """All columns of a result but those that say whose and when it is, and where its answers lie."""
    return {
        **_score_columns(grading.score),
        "checks": _check_column(grading.checks),
        "pictures": _picture_column(grading.pictures),
        "provenance": dict(grading.provenance),
        "output": plain(grading.output),
        "load_errors": _load_error_column(grading.load_errors),
    }


def _check_column(checks: Sequence[CheckResult]) -> list[dict[str, Any]]:
    return [_with_verdict(check) for check in checks]


def _picture_column(pictures: Sequence[Picture]) -> list[dict[str, Any]]:
    return [
        {**vars(picture), "yours": _numbers(picture.yours), "reference": _numbers(picture.reference)}
        for picture in pictures
    ]


def _load_error_column(faults: Sequence[LoadFault]) -> list[dict[str, Any]]:
    return [
        {"cell": fault.cell, "type": plain(fault.type), "line": fault.line, "message": plain(fault.message)}
        for fault in faults
    ]


def to_result(row: Row[Any]) -> Result:
    """The record of a row of `result` joined with its bundle's digest."""
    exercises = tuple(ExerciseScore(**_verdict_back(one)) for one in row.exercises)
    return Result(
        id=row.id,
        submission=row.submission_id,
        bundle=row.digest,
        created=row.created,
        current=row.current,
        score=Score(
            exercises, row.raw, row.penalty, row.total, row.maximum, row.late_days, verdict=Verdict(row.verdict)
        ),
        checks=tuple(CheckResult(**_verdict_back(one)) for one in row.checks),
        pictures=tuple(_picture(one) for one in row.pictures),
        provenance=row.provenance,
        answers=row.answers,
        output=row.output,
        load_errors=tuple(LoadError(**one) for one in row.load_errors),
    )


def _with_verdict(record: CheckResult | ExerciseScore) -> dict[str, Any]:
    return {**vars(record), "verdict": record.verdict.value}


def _verdict_back(columns: Mapping[str, Any]) -> dict[str, Any]:
    return {**columns, "verdict": Verdict(columns["verdict"])}


def _numbers(curves: Sequence[Sequence[float]]) -> list[list[float | str]]:
    """JSON has no NaN and no infinity: those travel as words."""
    return [[float(y) if math.isfinite(y) else str(float(y)) for y in curve] for curve in curves]


def _picture(columns: Mapping[str, Any]) -> Picture:
    def curves(key: str) -> tuple[tuple[float, ...], ...]:
        return tuple(tuple(float(y) for y in curve) for curve in columns[key])

    return Picture(**{**columns, "yours": curves("yours"), "reference": curves("reference")})
