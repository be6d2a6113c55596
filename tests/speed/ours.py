"""Our side: the same works through the store, the workers and a box, and whole commands as a person starts them."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from works import COURSE, UNIT, Work, make

COMMAND = Path(sys.executable).with_name("autograder")
FILLER = "w"  #: how the names of those students begin who only warm a worker
#: In the order of a submission's way; "grade" is reading its bytes and scoring, "rest" what is left over.
STAGES = ("intake", "load", "pictures", "checks", "end", "grade", "rest")
HOLDER = "bench"  #: who has the submissions until all workers are warm


@dataclass
class Ours:
    """What was measured of one box with some workers."""

    box: str
    workers: int
    seconds: list[float] = field(default_factory=list)  #: from given to a worker until heard, warm
    first: list[float] = field(default_factory=list)  #: from the start of the workers to the first grade
    window: float = 0.0  #: seconds by the clock, with all workers warm
    graded: int = 0  #: submissions graded in those
    accepted: list[float] = field(default_factory=list)  #: seconds of each `accept`
    stages: list[dict[str, float]] = field(default_factory=list)
    scores: dict[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.box}, {self.workers} worker{'s' if self.workers > 1 else ''}"

    def run(self, works: Sequence[Work], state: Path, progress: Callable[[], None]) -> None:
        """Accept and grade all, once every worker and its box are warm."""
        from autograder.sandbox.choose import choose

        choice = choose(self.box, state)
        with tempfile.TemporaryDirectory(prefix="autograder-bench-") as folder:
            self._grade(works, choice, Path(folder), progress)

    def _grade(self, works: Sequence[Work], choice: Any, folder: Path, progress: Callable[[], None]) -> None:
        from autograder import pipeline, store
        from autograder.course import load_course
        from autograder.notebook import load_unit
        from autograder.workers.crew import Crew
        from autograder.workers.plan import Plan

        course, unit = load_course(COURSE / "course.yaml"), load_unit(COURSE, UNIT)
        with store.open(folder) as grades, mock.patch.dict(os.environ, AUTOGRADER_SECRET=str(folder / "secret")):

            def accepted(work: Work) -> Any:
                began = time.perf_counter()
                taken, _ = pipeline.accept(grades, course, unit, work.notebook, f"{work.student}.ipynb", work.student)
                self.accepted.append(time.perf_counter() - began)
                return taken

            for work in works:
                accepted(work)
            # Until all workers are warm, all that is to be timed is ours.
            grades.exchange(wish=store.Wish(HOLDER, (UNIT,), len(works)))
            plan = Plan(COURSE, folder, None, choice)
            crew = Crew(grades, plan, [(UNIT,)] * self.workers, course.unit(UNIT).limits)
            self._crew(crew, grades, (accepted(work) for work in _fillers()), len(works), progress)

    def _crew(
        self, crew: Any, grades: Any, fillers: Iterator[Any], expected: int, progress: Callable[[], None]
    ) -> None:
        """Warm every worker with fillers, then time the rest by the clock, until the last of them is stored."""
        from autograder.workers.grader import Outcome

        began = time.perf_counter()
        heard: list[tuple[float, Any]] = []
        start, warm, counted = 0.0, False, 0
        for _ in range(2 * self.workers):
            next(fillers)
        for event in crew.run():
            now = time.perf_counter()
            if isinstance(event, Outcome):
                if event.score is None:
                    raise SystemExit(f"{self.name}: {event.submission.student} was not graded: {event.reason}")
                if not self.first or heard == []:
                    self.first.append(now - began)
                heard.append((now, event))
                if not _is_filler(event):
                    counted += 1
                    progress()
            elif event is not None:
                raise SystemExit(f"{self.name}: {event}")
            if not warm and heard and now - heard[-1][0] > 0.5:
                warm = all(worker.graded > 1 for worker in crew.workers) and len(crew.workers) == self.workers
                if warm:
                    grades.queue.release(HOLDER)
                else:
                    grades.queue.beat(HOLDER)
                    for _ in range(2 * self.workers):
                        next(fillers)
            elif warm and not start and any(w.running for w in crew.workers):
                start = now
            if counted == expected:
                crew.stop()
        own = [(at, outcome) for at, outcome in heard if not _is_filler(outcome)]
        window = own[-1][0] - start
        self.scores |= {o.submission.student: o.score.total for _, o in own}
        self.window += window
        self.graded += len(own)
        self.seconds += [o.seconds for _, o in own]
        turn = window * self.workers / len(own)
        self.stages += [_stages(o, turn) for _, o in own]


def _is_filler(outcome: Any) -> bool:
    return bool(outcome.submission.student[0] == FILLER)


def _fillers() -> Iterator[Work]:
    """Submissions that are graded and not counted."""
    (work,) = make(1)
    for i in itertools.count():
        yield work.by(f"{FILLER}{i:04d}")


def _stages(outcome: Any, whole: float) -> dict[str, float]:
    """Seconds of each stage; "rest" is what one worker's turn took beyond them, on average: claiming and storing."""
    known = dict(outcome.stages)
    known["grade"] = outcome.seconds - sum(known.values())
    known["rest"] = whole - outcome.seconds
    return known


def ready(state: Path, names: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The boxes that can grade here, and why the others cannot."""
    from autograder.errors import AutograderError
    from autograder.sandbox import selftest
    from autograder.sandbox.choose import choose

    fit, unfit = [], {}
    for name in names:
        try:
            selftest.require(choose(name, state), state)
        except AutograderError as e:
            unfit[name] = " ".join(str(e).split())
        else:
            fit.append(name)
    return fit, unfit


@dataclass(frozen=True)
class Slot:
    """A warm box with torch loaded, doing nothing."""

    box: str
    start_s: float  #: from nothing until it can fork
    resident_mb: int


def slot(name: str, state: Path) -> Slot:
    """Start a box, ask it what it weighs, end it."""
    from autograder.records import Limits
    from autograder.sandbox.box import Settings
    from autograder.sandbox.choose import choose, make

    began = time.perf_counter()
    with make(choose(name, state), Settings(Limits())) as box:
        took = time.perf_counter() - began
        assert box.ready is not None
        return Slot(name, took, box.ready.resident_mb)


class Commands:
    """Whole processes, from their start to their end, on a course and a state folder of their own."""

    def __init__(self, folder: Path, state: Path) -> None:
        self.folder, self.state = folder, folder / "state"
        self.state.mkdir()
        for name in ("box", "engine"):
            if (state / name).exists():
                (self.state / name).symlink_to((state / name).absolute())
        if (state / "selftest.json").exists():  # once after each boot, not at each grade
            (self.state / "selftest.json").write_bytes((state / "selftest.json").read_bytes())

    def help(self) -> float:
        return self._time("--help")

    def release(self) -> float:
        return self._time("--course", str(COURSE), "release", UNIT, "--out", str(self.folder / "release"))

    def grade(self, work: Work, box: str) -> float:
        """The first grade after a cold start: workers, box and database are all started by this process."""
        file = self.folder / f"{work.student}.ipynb"
        file.write_bytes(work.notebook)
        return self._time(
            "--course", str(COURSE), "--state", str(self.state), "grade", str(file), "--box", box, "-j", "1"
        )

    def _time(self, *words: str) -> float:
        own = {**os.environ, "AUTOGRADER_SECRET": str(self.folder / "secret")}
        began = time.perf_counter()
        done = subprocess.run([COMMAND, *words], capture_output=True, text=True, cwd=self.folder, env=own)
        took = time.perf_counter() - began
        if done.returncode != 0:
            raise SystemExit(f"autograder {' '.join(words)} failed:\n{done.stdout[-1500:]}{done.stderr[-1500:]}")
        return took


def release_in_process() -> float:
    """Reading the unit, building the notebook, scanning it for leaks and writing it, with everything imported."""
    from autograder import release
    from autograder.course import load_course
    from autograder.notebook import load_unit

    with tempfile.TemporaryDirectory() as folder:
        course = load_course(COURSE / "course.yaml")
        began = time.perf_counter()
        release.write(course, load_unit(COURSE, UNIT), Path(folder))
        return time.perf_counter() - began
