"""Workers on this machine: one process each, with one warm box and one held-open test session of one unit.

The process is trusted but mortal: a hidden test that hangs or dies takes only its worker along, and the submission is
"not graded", tried again, the third time alone on a fresh box, then held for a person.  Only plain records travel.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import resource
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from ..checks.session import CheckSession
from ..course import Course
from ..errors import AutograderError, BoxError
from ..notebook import Unit
from ..pipeline import Measurement, grade, measure
from ..records import Gpu, Limits, Score, Submission, Verdict
from ..sandbox.box import Box, Settings, preload
from ..sandbox.choose import Choice, make
from ..sandbox.student import PATIENCE
from ..secret import Secret
from ..store import Store

ATTEMPTS = 3
TRUSTED_MB = 8192
SPARE_S = 60.0


@dataclass(frozen=True)
class Job:
    """What a worker is made for."""

    unit: Unit
    bundle: str
    folder: Path  #: the materialised bundle: hidden tests and the reference, as they were at release
    choice: Choice
    limits: Limits
    secret: Secret
    gpu: Gpu | None = None

    @property
    def settings(self) -> Settings:
        """What its boxes are made for."""
        data = self.folder / "assignments" / self.unit.name / "data"
        return Settings(self.limits, data, preload(self.unit.imports), self.gpu, self.unit.absent)


@dataclass(frozen=True)
class Outcome:
    """One submission, done with for now: graded, to be tried again, or held."""

    submission: Submission
    score: Score | None
    reason: str = ""
    held: bool = False
    seconds: float = 0.0
    measurement: Measurement | None = None


class Bench:
    """In the worker's process: the warm box and the warm session."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.session = CheckSession(job.folder, job.unit.name)
        self.box: Box | None = self._begun()  # it warms while the session is opened

    def _begun(self) -> Box:
        box = make(self.job.choice, self.job.settings)
        box.begin()
        return box

    def measure(self, submission: Submission, data: bytes, fresh: bool) -> Measurement:
        job = self.job
        if fresh:
            self.close_box()
        if self.box is None:
            self.box = self._begun()
        try:
            if self.box.ready is None:
                self.box.wait()
            return measure(self.box, self.session, job.unit, submission, data, job.limits, job.secret, job.bundle)
        except BoxError:
            self.close_box()
            raise

    def close_box(self) -> None:
        if self.box is not None:
            self.box.close()
            self.box = None


def _serve(connection: Connection, job: Job) -> None:
    """The worker's process: tasks in, measurements or reasons out."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle: what runs is finished and kept
    resource.setrlimit(resource.RLIMIT_DATA, (TRUSTED_MB << 20, TRUSTED_MB << 20))
    with contextlib.closing(connection):
        bench: Bench | None = None
        try:
            bench = Bench(job)
            with bench.session:
                connection.send(("ready", None))
                while (task := _next(connection)) is not None:
                    connection.send(_answer(bench, *task))
        except Exception as e:
            with contextlib.suppress(OSError):
                connection.send(("broken", _reason(e)))
        finally:
            if bench is not None:
                bench.close_box()


def _next(connection: Connection) -> tuple[Submission, bytes, bool] | None:
    try:
        task: tuple[Submission, bytes, bool] | None = connection.recv()
    except EOFError:  # the parent is gone: so is its box, in a moment
        return None
    return task


def _answer(bench: Bench, submission: Submission, data: bytes, fresh: bool) -> tuple[str, Any]:
    try:
        return "measured", bench.measure(submission, data, fresh)
    except Exception as e:  # whatever it was, it was ours
        return "failed", _reason(e)


def _reason(error: BaseException) -> str:
    return str(error) if isinstance(error, AutograderError) else f"{type(error).__name__}: {error}"


class Worker:
    """The parent's end of one worker process."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.task: Submission | None = None
        self.began = 0.0
        context = multiprocessing.get_context("spawn")
        self.connection, far = context.Pipe()
        self.process = context.Process(target=_serve, args=(far, job), daemon=True)
        self.process.start()
        far.close()
        self.ready = False

    def give(self, submission: Submission, data: bytes, fresh: bool) -> None:
        self.task, self.began = submission, time.monotonic()
        self.connection.send((submission, data, fresh))

    def late(self) -> bool:
        """Longer than any submission may take: the worker itself is stuck."""
        limits = self.job.limits
        return (
            self.task is not None
            and time.monotonic() - self.began > PATIENCE * limits.total_s + limits.load_s + SPARE_S
        )

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.connection.send(None)
        self.process.join(10)
        self.kill()

    def kill(self) -> None:
        if self.process.is_alive():
            self.process.kill()
        self.process.join()
        self.connection.close()


class Crew:
    """Grades submissions of one unit with some workers; what is done is stored at once."""

    def __init__(self, store: Store, course: Course, job: Job, workers: int) -> None:
        self.store, self.course, self.job = store, course, job
        self.size = workers
        self.workers: list[Worker] = []
        self.waiting: deque[Submission] = deque()
        self.failures: dict[int, int] = {}
        self.stopping = False

    def run(self, submissions: Iterable[Submission], tick: Callable[[], None] = lambda: None) -> Iterator[Outcome]:
        """One outcome for each submission, as they come.  After `stop` the running ones are still finished."""
        self.waiting.extend(submissions)
        try:
            for _ in range(min(self.size, len(self.waiting))):
                self.workers.append(Worker(self.job))
            while self._busy():
                tick()
                yield from self._collect()
        finally:
            for worker in self.workers:
                worker.close()

    def stop(self) -> None:
        """Start nothing more."""
        self.stopping = True
        self.waiting.clear()

    def _busy(self) -> bool:
        return bool(self.waiting) or any(w.task is not None for w in self.workers)

    def _collect(self) -> Iterator[Outcome]:
        ready = wait([w.connection for w in self.workers], timeout=0.1)
        for worker in list(self.workers):
            if worker.connection in ready:
                yield from self._hear(worker)
            elif worker.late():
                yield from self._lost(worker, "the grader's own process was stuck")

    def _hear(self, worker: Worker) -> Iterator[Outcome]:
        try:
            kind, content = worker.connection.recv()
        except (EOFError, OSError):
            yield from self._lost(worker, "the grader's own process died")
            return
        if kind == "broken":
            self.stop()
            yield from self._lost(worker, content, replace=False)
            raise BoxError(content)
        if kind != "ready":
            submission, worker.task = worker.task, None
            assert submission is not None
            seconds = time.monotonic() - worker.began
            self._give(worker)  # it works while we store
            if kind == "measured":
                yield from self._graded(submission, content, seconds)
            else:
                yield from self._failed(submission, content)
        if worker.task is None:
            self._give(worker)

    def _give(self, worker: Worker) -> None:
        if self.waiting:
            submission = self.waiting.popleft()
            last = self.failures.get(submission.id, 0) >= ATTEMPTS - 1
            worker.give(submission, self.store.blob(submission.blob), last)

    def _graded(self, submission: Submission, found: Measurement, seconds: float) -> Iterator[Outcome]:
        score = grade(self.store, self.course, self.job.unit, submission, found, self.job.bundle)
        if score is not None:
            yield Outcome(submission, score, seconds=seconds, measurement=found)
            return
        broken = next(c for c in found.checks if c.verdict is Verdict.NOT_GRADED)
        yield from self._failed(submission, f"the hidden check {broken.check} failed on our side: {broken.message}")

    def _failed(self, submission: Submission, reason: str) -> Iterator[Outcome]:
        self.failures[submission.id] = self.failures.get(submission.id, 0) + 1
        self.store.save_failure(submission.id, reason)
        if self.failures[submission.id] < ATTEMPTS and not self.stopping:
            self.waiting.append(submission)
            return
        yield Outcome(submission, None, reason, held=self.failures[submission.id] >= ATTEMPTS)

    def _lost(self, worker: Worker, reason: str, replace: bool = True) -> Iterator[Outcome]:
        submission, worker.task = worker.task, None
        worker.kill()
        self.workers.remove(worker)
        if submission is not None:
            yield from self._failed(submission, reason)
        if replace and self.waiting:
            self.workers.append(Worker(self.job))
