"""The supervisor of some workers: starts them, listens, ends those that are stuck, and says what came of it.

It believes nothing but signs of life.  Each thing that a worker says it is at has its own patience; after that it is killed
(a process frozen inside a transaction would stop every other writer), what it was at is charged one failure, and what it
had only claimed waits again.  Time in which the supervisor itself did not run is nobody's fault.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import Any

from ..errors import BoxError, OurError
from ..records import Limits, Submission
from ..sandbox.box import START_S
from ..sandbox.student import PATIENCE
from ..store import Store
from .grader import Outcome, serve
from .names import is_dead
from .plan import Plan

TICK_S = 0.1
#: Seconds without a sign of life, by what a worker said last.
SILENCE_S = {"hello": 10.0, "idle": 10.0, "storing": 15.0, "opening": START_S + 120.0, "start": 120.0}
SPARE_S = 60.0
SWEEP_S = 5.0
#: Seconds that a worker has, after the order to stop, for a box or tests that it had begun to open: nobody wants them now.
END_S = 10.0
#: Pauses before a worker is replaced that died soon after its start.
PAUSES_S = (0.0, 1.0, 5.0, 10.0)


@dataclass(frozen=True)
class Trouble:
    """Why nothing can be graded at the moment; the work waits."""

    error: Exception


@dataclass(frozen=True)
class Stale:
    """A result came too late: somebody else has the submission by now, and it was thrown away."""

    submission: int


class _Worker:
    """This side of one worker process."""

    def __init__(self, plan: Plan, units: tuple[str, ...], index: int, cpu: int | None) -> None:
        self.index = index
        context = multiprocessing.get_context("spawn")
        self.connection, far = context.Pipe()
        self.process = context.Process(target=serve, args=(far, plan, units, cpu), daemon=True)
        self.process.start()
        far.close()
        self.holder = ""
        self.at = "start"
        self.running: Submission | None = None
        self.graded = 0
        self.heard = self.began = time.monotonic()  #: the last sign of life; the start of what runs

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self.connection.send("stop")

    def kill(self) -> None:
        if self.process.is_alive():
            self.process.kill()
        self.process.join()
        self.connection.close()


class Crew:
    """Some workers of one plan."""

    def __init__(self, store: Store, plan: Plan, units: Sequence[tuple[str, ...]], limits: Limits) -> None:
        """units: what each worker serves; limits: the widest of those units."""
        self.store, self.plan, self.units, self.limits = store, plan, list(units), limits
        self.workers: list[_Worker] = []
        self.stopping = False
        self._absent: list[tuple[float, int]] = []  #: when to start which worker again
        self._mourned: list[tuple[str, int | None, str]] = []  #: holder, what it was at, reason: still to be written
        self._deaths = 0
        self._swept = 0.0
        self._clock = time.monotonic()

    def run(self) -> Iterator[Outcome | Trouble | Stale | None]:
        """What happens, as it happens (None: a tick); ends when `stop` was said and all workers have gone."""
        try:
            for index in range(len(self.units)):
                self._start(index)
            while not (self.stopping and not self.workers):
                yield from self._tick()
        finally:
            for worker in self.workers:
                worker.kill()
            with contextlib.suppress(OurError):
                for worker in self.workers:
                    self.store.queue.release(worker.holder)
                self._settle()

    def stop(self) -> None:
        """Start nothing more: what runs is finished and kept."""
        self.stopping = True
        self._absent.clear()
        for worker in self.workers:
            worker.stop()

    def _start(self, index: int) -> None:
        cpus = sorted(os.sched_getaffinity(0))
        cpu = cpus[index % len(cpus)] if len(self.units) >= len(cpus) else None
        self.workers.append(_Worker(self.plan, self.units[index], index, cpu))

    def _tick(self) -> Iterator[Outcome | Trouble | Stale | None]:
        ready = wait([w.connection for w in self.workers], timeout=TICK_S)
        self._forgive()
        for worker in list(self.workers):
            if worker.connection in ready:
                yield from self._hear(worker)
            elif reason := self._stuck(worker):
                yield from self._bury(worker, reason)
        yield from self._housekeeping()
        yield None

    def _forgive(self) -> None:
        """If this process stood still, so did its clock: nobody is silent for that long."""
        now = time.monotonic()
        if (gap := now - self._clock) > 20 * TICK_S:
            for worker in self.workers:
                worker.heard += gap
                worker.began += gap
        self._clock = now

    def _hear(self, worker: _Worker) -> Iterator[Outcome | Trouble | Stale | None]:
        try:
            for _ in range(64):
                kind, content = worker.connection.recv()
                worker.heard = time.monotonic()
                yield from self._heard(worker, kind, content)
                if not worker.connection.poll():
                    return
        except (EOFError, OSError):
            yield from self._bury(worker, "the grader's own process died")

    def _heard(self, worker: _Worker, kind: str, content: Any) -> Iterator[Outcome | Trouble | Stale | None]:
        if kind == "hello":
            worker.at, worker.holder = kind, content
        elif kind == "done":
            worker.graded += 1
            yield content
        elif kind == "stale":
            yield Stale(content)
        elif kind == "trouble":
            yield Trouble(content)
        elif kind != "alive":
            worker.at = kind
            if content != worker.running:
                worker.began = worker.heard
            worker.running = content

    def _stuck(self, worker: _Worker) -> str:
        """Why a worker must be ended, or nothing."""
        now = time.monotonic()
        if worker.at == "running":
            most = PATIENCE * self.limits.total_s + self.limits.load_s + SPARE_S
            return "the grader's own process was stuck" if now - worker.began > most else ""
        patience = END_S if self.stopping and worker.at == "opening" else SILENCE_S[worker.at]
        silent = now - worker.heard > patience
        return f"the grader's own process gave no sign of life ({worker.at})" if silent else ""

    def _bury(self, worker: _Worker, reason: str) -> Iterator[Outcome | Trouble | Stale | None]:
        """End a worker, remember what it had, and start another."""
        running = worker.running
        worker.kill()
        self.workers.remove(worker)
        if self.stopping and running is None:
            with contextlib.suppress(OurError):  # then its lease runs out
                self.store.queue.release(worker.holder)
            return
        if worker.holder:
            self._mourned.append((worker.holder, running.id if running else None, reason))
        self._deaths = 1 if worker.graded else self._deaths + 1
        if not self.stopping:
            pause = PAUSES_S[min(self._deaths - 1, len(PAUSES_S) - 1)]
            self._absent.append((time.monotonic() + pause, worker.index))
        if running is not None:
            yield Outcome(running, None, reason)
        elif not worker.holder:
            yield Trouble(BoxError(f"a worker could not be started ({reason})"))

    def _housekeeping(self) -> Iterator[Outcome | Trouble | Stale | None]:
        """Start who is missing; give back what dead graders had; queue what was forgotten."""
        now = time.monotonic()
        for due, index in [each for each in self._absent if each[0] <= now]:
            self._absent.remove((due, index))
            self._start(index)
        if self._mourned or now - self._swept > SWEEP_S:
            self._swept = now
            try:
                self._settle()
            except OurError as e:
                yield Trouble(e)

    def _settle(self) -> None:
        """Write down what is known of the dead: ours, and those of graders of this machine that are no more."""
        while self._mourned:
            self.store.queue.forfeit(*self._mourned[0])
            self._mourned.pop(0)
        own = {worker.holder for worker in self.workers}
        for holder in self.store.queue.holders():
            if holder not in own and is_dead(holder):
                self.store.queue.forfeit(holder)
        self.store.queue.sweep([name for units in self.units for name in units])
