"""The way of a submission, top to bottom.  Read this first.

accept   bytes become a submission, or are refused with one line; from the receipt on it is never lost
read     its cells again, as today's unit wants them; what their source alone says of the rules
measure  a fresh fork in a warm box loads the notebook; hidden tests outside the box call it and judge its answers
grade    points and the late policy: what the store keeps, in one transaction with the end of the claim
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from . import intake, scoring
from .checks import forbidden
from .checks.session import CheckSession
from .course import Course
from .errors import JudgeError
from .notebook import Unit
from .records import CheckResult, Intake, Limits, Picture, Score, Submission, Verdict
from .sandbox.box import Box
from .sandbox.recording import Recording
from .sandbox.student import BoxedStudent, LoadFault
from .secret import Secret
from .store import Grading, Priority, Store

#: Cells that define an exercise's functions and are looked at on their own, the last ones: the last one counts at run time.
SCANNED = 16


@dataclass(frozen=True)
class Work:
    """A submission that was read: what a box will run of it."""

    submission: Submission
    found: Intake
    forbidden: Mapping[str, str]  #: exercise -> sentence, found in the source
    seconds: float


@dataclass(frozen=True)
class Measurement:
    """What one run of one submission showed; all that is stored of it, and the seconds of each stage."""

    checks: tuple[CheckResult, ...]
    pictures: tuple[Picture, ...]
    notes: tuple[str, ...]
    output: str
    faults: tuple[LoadFault, ...]
    answers: bytes | None
    seeds: Mapping[str, int]
    missing: tuple[str, ...]
    forbidden: Mapping[str, str]  #: exercise -> sentence, found in the source
    used: Mapping[str, str]  #: function -> forbidden name that it was seen using
    box: str
    stages: Mapping[str, float]


def accept(
    store: Store,
    course: Course,
    unit: Unit,
    data: bytes,
    filename: str,
    student: str,
    received: datetime | None = None,
    priority: Priority = Priority.INTERACTIVE,
) -> tuple[Submission, bool]:
    """Check, keep, queue, and give the receipt; the same bytes again are the submission that they were before."""
    student = intake.student_id(student)
    found = intake.read(data, filename, unit)
    return store.accept(
        student,
        unit.name,
        data,
        filename,
        received=received,
        notes=found.notes,
        limit=course.unit(unit.name).attempts,
        priority=priority,
        due=course.due(unit.name, student),
    )


def read(unit: Unit, submission: Submission, data: bytes) -> Work:
    """The cells of a submission; nothing is run.  SubmissionError if today's unit cannot read it."""
    clock = _Clock()
    found = intake.read(data, submission.filename, unit)
    banned = forbidden_uses(found, unit)
    clock.lap("intake")
    return Work(submission, found, banned, clock.laps["intake"])


def measure(
    box: Box,
    session: CheckSession,
    unit: Unit,
    work: Work,
    limits: Limits,
    secret: Secret,
    bundle: str,
    pulse: Callable[[], None] = lambda: None,
) -> Measurement:
    """Run one submission in a box and judge it outside.  OurError (or any other exception) means: not graded.

    pulse is called again and again while the box is waited for.
    """
    clock = _Clock(intake=work.seconds)
    names = (bundle, work.submission.student, work.submission.attempt)
    seeds: dict[str, int] = {}

    def seed(check: str) -> int:
        return seeds.setdefault(check, secret.seed("check", check, *names))

    forbid = {name: e.forbid for e in unit.exercises for name in e.functions if e.forbid}
    student = BoxedStudent(box, work.found.cells, limits, secret.seed("student", *names) >> 31, forbid, pulse)
    try:
        student.try_load()
        clock.lap("load")
        pictures = session.pictures(student)  # before anything hidden is in the box
        student.recording = Recording()
        clock.lap("pictures")
        missing = intake.unsolved(work.found, unit)
        checks = session.run(student, seed, forbidden=work.forbidden, missing=missing)
        clock.lap("checks")
    finally:
        student.close()
    checks = tripped(checks, unit, student.used)
    clock.lap("end")
    return Measurement(
        checks=checks,
        pictures=pictures,
        notes=work.found.notes,
        output=student.output,
        faults=student.faults,
        answers=student.recording.to_bytes(),
        seeds=seeds,
        missing=missing,
        forbidden=work.forbidden,
        used=student.used,
        box=box.title,
        stages=clock.laps,
    )


def forbidden_uses(found: Intake, unit: Unit) -> dict[str, str]:
    """A sentence for each exercise whose cell uses a name that it forbids, from the syntax tree alone."""
    sentences: dict[str, str] = {}
    given = {cell.id for cell in unit.cells if cell.kind == "code"}
    own = [(i, c, intake.definitions(c.source)) for i, c in enumerate(found.cells) if c.id not in given]
    defined = {i: names.keys() for i, _, names in own}
    program = forbidden.Program([cell.source for cell in found.cells])
    for exercise in unit.exercises:
        # One cell may solve several exercises (a .py file is one cell), so what it defines decides, not what it is called;
        # and what such a cell uses for one of them says nothing of the others.
        others = {name for other in unit.exercises if other is not exercise for name in other.functions}
        named = [i for i, cell, _ in own if cell.exercise == exercise.id]
        defining = [i for i, _, names in own if not names.keys().isdisjoint(exercise.functions)]
        for cell in sorted({*named, *defining[-SCANNED:]}):
            mixed = not others.isdisjoint(defined[cell])
            uses = program.uses(cell, exercise.forbid, exercise.functions if mixed else None)
            if uses:
                sentences[exercise.id] = (
                    f"`{uses[0].name}` (line {uses[0].line} of your cell) is not allowed in this exercise."
                )
                break
    return sentences


def tripped(checks: tuple[CheckResult, ...], unit: Unit, used: Mapping[str, str]) -> tuple[CheckResult, ...]:
    """The run-time tripwire: an exercise whose function was seen using a forbidden name gets nothing."""
    names = {e.id: used[name] for e in unit.exercises for name in e.functions if name in used}

    def banned(check: CheckResult) -> CheckResult:
        sentence = f"While it ran, your function used `{names[check.exercise]}`, which this exercise does not allow."
        return replace(check, verdict=Verdict.FORBIDDEN, earned=0.0, message=sentence, diagnosis="", twin="")

    settled = (Verdict.NOT_GRADED, Verdict.FORBIDDEN)  # the latter was found in the source, with its line
    return tuple(banned(c) if c.exercise in names and c.verdict not in settled else c for c in checks)


def score(
    course: Course, unit: Unit, submission: Submission, checks: tuple[CheckResult, ...], extension: datetime | None
) -> Score:
    """Points of an attempt under the course's late policy."""
    maxima = {e.id: e.points for e in unit.exercises}
    due = course.unit(unit.name).due
    own = extension or course.extensions.get(submission.student, {}).get(unit.name)
    return scoring.score(maxima, checks, submission.received, due, course.late, own)


def grade(
    course: Course, unit: Unit, submission: Submission, found: Measurement, bundle: str, extension: datetime | None
) -> Grading:
    """A measurement as it is kept.  JudgeError if our side failed somewhere: then there is no grade."""
    points = score(course, unit, submission, found.checks, extension)
    if points.verdict is Verdict.NOT_GRADED:
        broken = next((c for c in found.checks if c.verdict is Verdict.NOT_GRADED), None)
        raise JudgeError(
            f"the hidden check {broken.check} failed on our side: {broken.message}"
            if broken
            else "an exercise has no checks"
        )
    return Grading(
        bundle=bundle,
        score=points,
        checks=found.checks,
        pictures=found.pictures,
        provenance={
            "box": found.box,
            "seeds": dict(found.seeds),
            "missing": list(found.missing),
            "forbidden": dict(found.forbidden),
            "used": dict(found.used),
            "stages": dict(found.stages),
            "python": platform.python_version(),
            "numpy": np.__version__,
            "machine": platform.machine(),
        },
        answers=found.answers,
        output=found.output,
        load_errors=found.faults,
    )


class _Clock:
    """Seconds of each stage."""

    def __init__(self, **before: float) -> None:
        self.laps = before
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = now - self._last
        self._last = now
