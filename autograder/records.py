"""The records that the stages hand to each other: frozen, no behaviour beyond a sum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Protocol


class Verdict(Enum):
    """What became of one check, and of a submission as a whole (its worst telling one)."""

    PASSED = "passed"  #: The answer agrees with the reference.
    PARTIAL = "partial"  #: Part of the points, with the reason.
    FAILED = "failed"  #: The answer disagrees.
    CRASHED = "crashed"  #: The student's code raised or was killed.
    TIMED_OUT = "timed out"  #: It did not answer in time.
    OUT_OF_MEMORY = "out of memory"  #: It asked for more memory than the limit.
    OUT_OF_GPU_MEMORY = "out of GPU memory"  #: The same, on the card.
    FORBIDDEN = "forbidden"  #: It used a name that the exercise forbids.
    MISSING = "missing"  #: The function is not there, or is the untouched stub.
    NOT_RUN = "not run"  #: Left out after two time-outs in the same exercise; counts as failed.
    NOT_GRADED = "not graded"  #: Our side failed. No point is taken; the work goes back in the queue.


@dataclass(frozen=True)
class Limits:
    """What one submission may use. Times in seconds, sizes in MiB."""

    call_s: float = 5.0
    load_s: float = 30.0
    total_s: float = 60.0
    memory_mb: int = 1024
    processes: int = 64
    file_mb: int = 64
    output_kb: int = 64
    answer_mb: int = 64


@dataclass(frozen=True)
class Gpu:
    """What one submission may use of a graphics card."""

    share: float = 1.0  #: part of one card: 0.25 lets four submissions run on it at once
    memory_mb: int = 4096


@dataclass(frozen=True)
class Handle:
    """An object that stayed in the box; only its number crosses the wall."""

    number: int


@dataclass(frozen=True)
class Reply:
    """What a call gave: plain data or Handles; arguments as they were after the call if the caller asked for them."""

    value: Any
    arguments: tuple[Any, ...] | None = None


class Student(Protocol):
    """Anything that answers calls by name: the proxy of a box, recorded answers, or plain functions."""

    def call(
        self,
        name: str,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        *,
        on: Handle | None = None,
        keep: bool = False,
    ) -> Reply:
        """Call a function (or a method of the object `on`); raises StudentFault, or OurError when we failed."""
        ...


@dataclass(frozen=True)
class Cell:
    """One cell of a submission as the box will run it."""

    id: str  #: grade id of the released cell, or "added-3"
    source: str
    exercise: str | None = None  #: the exercise whose solution this is


@dataclass(frozen=True)
class Intake:
    """A file that became a submission: its cells in running order, and what was repaired on the way."""

    cells: tuple[Cell, ...]
    manual: Mapping[str, str] = field(default_factory=dict)  #: answers to manually graded questions, by id
    notes: tuple[str, ...] = ()  #: sentences for the student: restored cells, a renamed file, ...


@dataclass(frozen=True)
class Submission:
    """An accepted piece of work."""

    id: int
    student: str
    unit: str
    attempt: int
    received: datetime  #: aware; the receipt's time decides lateness
    blob: str  #: sha256 of the bytes as they came
    filename: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class CheckResult:
    """One hidden check of one submission, in words that the student may read."""

    exercise: str
    check: str
    sentence: str
    verdict: Verdict
    points: float  #: what the check is worth (0 for a guard)
    earned: float  #: what it gave; negative for a guard that failed
    takes: float = 0.0  #: a guard's weight
    message: str = ""  #: what was seen: shapes, size of the error as one digit, the exception's known type
    diagnosis: str = ""  #: from wrong.py, when the answer is that slip's answer
    twin: str = ""  #: the public twin, a snippet to run at home
    cell: int | None = None
    line: int | None = None  #: line of the student's own code, in that cell


@dataclass(frozen=True)
class ExerciseScore:
    """Points of one exercise: its checks' points less its guards', between 0 and its maximum."""

    exercise: str
    earned: float
    maximum: float
    verdict: Verdict


@dataclass(frozen=True)
class Score:
    """Points of one attempt, before and after the late policy."""

    exercises: tuple[ExerciseScore, ...]
    raw: float
    penalty: float
    total: float
    maximum: float
    late_days: int
    verdict: Verdict


@dataclass(frozen=True)
class Picture:
    """Data for one picture of the feedback: the student's answer beside the reference's, on public inputs only."""

    exercise: str
    caption: str
    kind: str  #: "lines" (one or more curves over x) or "heatmap" (a matrix)
    yours: tuple[tuple[float, ...], ...]
    reference: tuple[tuple[float, ...], ...]
    x_label: str = ""
    y_label: str = ""
