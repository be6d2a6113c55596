"""The course: what an audit, a release and the grade of a right submission cost, unit by unit.

A unit may end with an exercise that trains a model; most of its time is the training itself.  So a right submission is
graded twice in the same warm slot, with that exercise and with its stub instead, and the reference does the same trainings
once more outside of any box, in a process of its own.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

if TYPE_CHECKING:
    from autograder.course import Course
    from autograder.notebook import Exercise, Unit
    from autograder.records import Score
    from autograder.sandbox.choose import Choice
    from autograder.store import Store
    from autograder.workers.bench import Bench
    from autograder.workers.plan import Job

ROOT = Path(__file__).parent.parent.parent
COMMAND = Path(sys.executable).with_name("autograder")
#: How functions that train a model are called; `train` of backprop is fifty exact updates and counts as any other.
TRAINING = "train_"
SEEDS, JOBS = 20, 2


@dataclass(frozen=True)
class Training:
    """A unit's training exercise in one grade, in seconds."""

    exercise: float  #: what it adds to the grade: its checks and pictures, trainings included
    calls: float  #: the trainings, in the box
    reference: float  #: the same trainings by the reference, outside

    @property
    def ratio(self) -> float:
        """How many times as long as the reference the exercise takes."""
        return self.exercise / self.reference


@dataclass
class UnitFigures:
    """What was measured of one unit, in seconds."""

    name: str
    audit: float
    findings: int  #: what the audit found to mend: its time says less then
    release: float  #: reading, building, searching for leaks, writing; all modules loaded
    grades: list[float] = field(default_factory=list)  #: without the training exercise
    trainings: list[Training] = field(default_factory=list)
    lost: str = ""  #: the solution's points, where they are not all


@dataclass
class CourseFigures:
    """What was measured of the course."""

    box: str  #: where it was graded, "" for nowhere
    units: list[UnitFigures] = field(default_factory=list)
    released: float = 0.0  #: seconds of `autograder release` for all units, a whole process


def names(root: Path = ROOT) -> list[str]:
    """The units of the course."""
    from autograder.course import load_course

    return [unit.name for unit in load_course(root).units]


def released(root: Path = ROOT) -> float:
    """Seconds of `autograder release` for all units, from the process's start to its end."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        subprocess.run([COMMAND, "--course", root, "release", "--out", folder], check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - began


def measure(name: str, choice: Choice | None, grades: int, root: Path = ROOT, seeds: int = SEEDS) -> UnitFigures:
    """One unit: its audit, its release, and (in a box of `choice`) so many grades of its solution."""
    import nbformat  # noqa: F401 (a second that the first unit alone would pay)

    from autograder import audit, release
    from autograder.course import load_course
    from autograder.notebook import load_unit

    report = audit.run(root, name, seeds, jobs=JOBS)
    with tempfile.TemporaryDirectory(prefix="autograder-bench-") as folder:
        course = load_course(root)
        began = time.perf_counter()
        unit = load_unit(root, name)
        release.write(course, unit, Path(folder) / "release")
        found = UnitFigures(name, report.seconds, len(report.findings), time.perf_counter() - began)
        if choice is not None:
            with _slot(course, unit, choice, Path(folder)) as slot:
                _grade(slot, found, grades)
    return found


def _grade(slot: Slot, found: UnitFigures, grades: int) -> None:
    """Grade the solution in turn without and with its training exercise; what comes first only warms."""
    trained = next((e for e in slot.unit.exercises if any(f.startswith(TRAINING) for f in e.functions)), None)
    whole, rest = _solution(slot.unit), _solution(slot.unit, trained)
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as outside:
        for _ in range(grades + 1):
            seconds, score, _ = slot.grade(rest)
            found.grades.append(seconds)
            if trained is not None:
                longer, score, calls = slot.grade(whole)
                again = outside.submit(_again, slot.unit.root, trained.functions, trained.source, calls).result()
                found.trainings.append(Training(longer - seconds, sum(call.seconds for call in calls), again))
    if score.raw < score.maximum:
        found.lost = f"{score.raw:g} of {score.maximum:g} points"
    del found.grades[0], found.trainings[:1]


def _solution(unit: Unit, blank: Exercise | None = None) -> bytes:
    """The solved notebook, one exercise left as the stub that it was."""
    import nbformat

    from autograder import release

    notebook = release.solution(unit)
    for cell in notebook.cells:
        if blank is not None and cell.id == blank.id:
            cell.source = blank.stub
    return nbformat.writes(notebook).encode()


@dataclass(frozen=True)
class Call:
    """One training in the box."""

    function: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    seconds: float


def _again(root: Path, functions: Sequence[str], sources: Sequence[str], calls: Sequence[Call]) -> float:
    """Seconds of the same calls by the reference, in this process."""
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    known = {}
    for function, source in zip(functions, sources, strict=True):
        module, _, name = source.rpartition(".")
        known[function] = getattr(importlib.import_module(f"reference.{module}"), name)
    began = time.perf_counter()
    for call in calls:
        known[call.function](*call.args, **call.kwargs)
    return time.perf_counter() - began


@dataclass
class Slot:
    """A warm box and an open test session of one unit, as a worker has them, and a store."""

    course: Course
    unit: Unit
    job: Job
    store: Store
    bench: Bench
    count: int = 0

    def grade(self, notebook: bytes) -> tuple[float, Score, list[Call]]:
        """Seconds from the receipt to the stored grade of a new student's work, its points, and its trainings."""
        from autograder import pipeline

        self.count += 1
        name = f"s{self.count:04d}"
        taken, _ = pipeline.accept(self.store, self.course, self.unit, notebook, f"{name}.ipynb", name)
        with _trainings() as calls:
            began = time.perf_counter()
            work = self.bench.read(self.job, taken)
            box = self.bench.lend(self.bench.wants(self.job, work), alone=False)
            grading = self.bench.measure(self.job, box, work, lambda: None).grading
            self.store.save_result(taken.id, grading)
            seconds = time.perf_counter() - began
        return seconds, grading.score, calls


@contextmanager
def _slot(course: Course, unit: Unit, choice: Choice, folder: Path) -> Iterator[Slot]:
    from autograder import store
    from autograder.workers.bench import Bench
    from autograder.workers.plan import Plan

    with store.open(folder) as grades, mock.patch.dict(os.environ, AUTOGRADER_SECRET=str(folder / "secret")):
        bench = Bench(Plan(course.root, folder, None, choice), grades)
        try:
            yield Slot(course, unit, bench.warm(unit.name), grades, bench)
        finally:
            bench.close()


@contextmanager
def _trainings() -> Iterator[list[Call]]:
    """The calls of training functions, as they are made."""
    from autograder.sandbox.student import BoxedStudent

    calls: list[Call] = []
    real = BoxedStudent.call

    def timed(self: Any, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], **more: Any) -> Any:
        began = time.perf_counter()
        reply = real(self, name, args, kwargs, **more)
        if name.startswith(TRAINING):
            calls.append(Call(name, args, kwargs, time.perf_counter() - began))
        return reply

    with mock.patch.object(BoxedStudent, "call", timed):
        yield calls
