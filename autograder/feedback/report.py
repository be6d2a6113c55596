"""The report: what one student may see of one attempt, as plain text and numbers, and nothing else.

Only `policy` makes these from raw results; every format prints a Report and has nothing else to print.  A Report has no
field for a hidden input, an expected value, a seed, a time or a memory reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from autograder.records import Verdict


@dataclass(frozen=True)
class CodeLine:
    """One line of the student's own code, from our copy of the submission."""

    cell: str  #: the cell's name for a person: an exercise, or the cell's id
    number: int
    text: str


@dataclass(frozen=True)
class CheckReport:
    """One check: its sentence, what became of it, and what helps to mend it."""

    name: str
    sentence: str
    verdict: Verdict
    points: float
    earned: float
    takes: float
    message: str
    diagnosis: str
    twin: str  #: the public twin: code to run at home
    code: CodeLine | None


@dataclass(frozen=True)
class PictureReport:
    """The student's numbers beside the reference's, on public inputs."""

    caption: str
    kind: str  #: "lines" (one or more curves over x) or "heatmap" (a matrix)
    yours: tuple[tuple[float, ...], ...]
    reference: tuple[tuple[float, ...], ...]
    x_label: str = ""
    y_label: str = ""


@dataclass(frozen=True)
class ExerciseReport:
    """One exercise and all its checks. sources: where to read more."""

    id: str
    title: str
    earned: float
    maximum: float
    verdict: Verdict
    checks: tuple[CheckReport, ...]
    pictures: tuple[PictureReport, ...]
    sources: tuple[str, ...]

    @property
    def right(self) -> bool:
        """All its points, and nothing to mend."""
        return self.verdict is Verdict.PASSED and self.earned >= self.maximum - 1e-9

    @property
    def passed(self) -> int:
        """How many of its checks passed."""
        return sum(check.verdict is Verdict.PASSED for check in self.checks)


@dataclass(frozen=True)
class QuestionReport:
    """A question marked by hand; points is None while it waits."""

    id: str
    title: str
    points: float | None
    maximum: float
    comment: str


@dataclass(frozen=True)
class LoadErrorReport:
    """A cell that did not run, in safe words."""

    cell: str
    kind: str
    message: str
    code: CodeLine | None


@dataclass(frozen=True)
class Visible:
    """What the policy lets through of one attempt."""

    unit: str
    title: str
    student: str
    submission: int
    attempt: int
    filename: str
    received: datetime
    verdict: Verdict
    raw: float
    penalty: float
    total: float
    maximum: float
    late_days: int
    exercises: tuple[ExerciseReport, ...]
    questions: tuple[QuestionReport, ...]
    notes: tuple[str, ...]
    output: str
    load_errors: tuple[LoadErrorReport, ...]
    detail: bool  #: more is told than before the deadline


@dataclass(frozen=True)
class Summary:
    """The top of the page. earned is None when nothing is graded yet."""

    earned: float | None
    maximum: float
    headline: str
    start: str  #: where to begin, or nothing
    first: str  #: id of the first exercise to mend, or nothing
    right: tuple[str, ...]  #: titles of what is right
    waiting: float = 0  #: points of questions that nobody has marked yet


@dataclass(frozen=True)
class Report(Visible):
    """Everything that a student is told about one attempt."""

    due: datetime | None
    late: str
    summary: Summary

    @property
    def graded(self) -> bool:
        """False when our side failed somewhere: then no total is shown."""
        return self.summary.earned is not None
