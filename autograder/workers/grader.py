"""A worker's process: claims jobs, grades them one by one, stores what came out in batches.

It is trusted but mortal: a hidden test that hangs or dies takes only this process along.  Everything that it knows lies in
the rows (its leases) or is lost without harm.  To its supervisor (crew) it says what it is at, at least once a second:

    hello {holder}   idle   opening   storing {submission that runs}   running {submission}   alive    a sign of life
    done {Outcome}   stale {submission}   trouble {exception}                                          news
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from ..errors import AutograderError, JudgeError, NoBox, OurError, StoreError
from ..records import Score, Submission
from ..sandbox.box import Box, Settings
from ..store import Claim, Finished, Store, Wish
from .bench import Bench, Measured
from .names import holder
from .plan import Job, Plan

#: What was graded is stored when it is so many, or so old in seconds.
BATCH, AGE_S = 8, 0.25
#: Seconds of work that a worker reserves for itself: what it has, nobody else can take.
RESERVE_S = 0.3
IDLE_S = 0.2
BEAT_S = 8.0
SIGN_S = 0.5
#: Seconds after which what went wrong (no box, no database, a unit that cannot be read) is tried again.
PAUSES_S = (0.5, 1.0, 2.0, 5.0, 10.0)
LAST_TRIES = 10  #: to store what is finished, after the order to stop
TRUSTED_MB = 8192
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Outcome:
    """One submission, done with for now: graded, to be tried again, or held."""

    submission: Submission
    score: Score | None
    reason: str = ""
    seconds: float = 0.0
    stages: dict[str, float] = field(default_factory=dict)


def serve(connection: Connection, plan: Plan, units: tuple[str, ...], cpu: int | None) -> None:
    """The process's main function."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the supervisor's to handle: what runs is finished and kept
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # nobody would end a stuck worker without a supervisor
    resource.setrlimit(resource.RLIMIT_DATA, (TRUSTED_MB << 20, TRUSTED_MB << 20))
    if cpu is not None:
        os.sched_setaffinity(0, {cpu})  # it and its box take turns: on one processor they find their data in the cache
    with contextlib.closing(connection):
        _Grader(connection, plan, units).run()


class _Grader:
    """The loop of one worker."""

    def __init__(self, connection: Connection, plan: Plan, units: tuple[str, ...]) -> None:
        self.connection, self.plan, self.units = connection, plan, units
        self.holder = holder()
        self.finished: list[tuple[Finished, Measured | None]] = []
        self.aged = 0.0  #: when the oldest of them was finished
        self.store: Store | None = None
        self.bench: Bench | None = None
        self.average = RESERVE_S
        self.stopping = False
        self.shunned: dict[str, float] = {}  #: unit -> until when it is left alone
        self.failed = 0
        self.beaten = self.signed = time.monotonic()

    def run(self) -> None:
        """Work until the supervisor says stop; what was claimed and not begun is given back."""
        self.say("hello", self.holder)
        while True:
            claims = self.exchange() if self.finished or self.anything() else ()
            if claims:
                self.work(claims)
            elif self.heard_stop():
                break
            else:
                self.rest(IDLE_S)
        self.leave()

    # The database

    def anything(self) -> bool:
        """Whether something waits that this worker may have: a look that makes no other writer wait."""
        try:
            return not self.heard_stop() and self.opened().queue.waits(self.served(), self.plan.batch)
        except (OurError, OSError) as e:
            self.cannot(e)
            return False

    def exchange(self, claiming: bool = True) -> Sequence[Claim]:
        """Store what is finished and ask for more; nothing where the database will not, and then nothing is lost."""
        wish = Wish(
            self.holder, self.served(), self.wanted() if claiming and not self.heard_stop() else 0, self.plan.batch
        )
        try:
            with self.storing():
                store = self.opened()
                kept, claims = store.exchange([f for f, _ in self.finished], wish)
                if claims and self.bench is not None:
                    self.bench.read_extensions()
        except (OurError, OSError) as e:
            self.cannot(e)
            return ()
        told, self.finished = self.finished, []
        for (finished, measured), was_kept in zip(told, kept, strict=True):
            self.tell(finished, measured, was_kept)
        if claims or told:
            self.failed = 0
        return claims

    def opened(self) -> Store:
        if self.store is None:
            self.store = self.plan.store()
            self.bench = Bench(self.plan, self.store)
        return self.store

    def wanted(self) -> int:
        return max(1, min(2 * BATCH, int(RESERVE_S / self.average)))

    def served(self) -> tuple[str, ...]:
        now = time.monotonic()
        return tuple(unit for unit in self.units if self.shunned.get(unit, 0.0) <= now)

    @contextmanager
    def storing(self, running: Submission | None = None) -> Iterator[None]:
        """What takes longer than the supervisor's patience is a process that hangs in a transaction."""
        self.say("storing", running)
        try:
            yield
        finally:
            self.say("running" if running else "idle", running)
        self.beaten = time.monotonic()

    def tell(self, finished: Finished, measured: Measured | None, kept: bool) -> None:
        submission = finished.claim.submission
        if not kept:
            self.say("stale", submission.id)
        elif finished.grading is None or measured is None:
            self.say("done", Outcome(submission, None, finished.reason))
        else:
            self.say("done", Outcome(submission, finished.grading.score, "", measured.seconds, measured.stages))

    # Grading

    def work(self, claims: Sequence[Claim]) -> None:
        """Grade them one after the other; on the order to stop, finish the one that runs."""
        for number, claimed in enumerate(claims):
            if self.heard_stop():
                self.give_back(claims[number:])
                break
            try:
                self.grade(claimed)
            except Exception as e:  # a test file may raise anything when it is collected
                self.give_back(claims[number:])
                self.put_off(claimed.submission.unit, e)
                break
            full = len(self.finished) >= BATCH or time.monotonic() - self.aged > AGE_S
            if full and number + 1 < len(claims):
                self.exchange(claiming=False)

    def grade(self, claimed: Claim) -> None:
        """Grade one.  An exception means that we cannot now, and nothing is charged to the submission."""
        assert self.bench is not None
        submission, began = claimed.submission, time.perf_counter()
        job = self.job(submission.unit, claimed.least)
        self.say("running", submission)
        measured, reason = None, ""
        try:
            work = self.bench.read(job, submission)
            box = self.lent(self.bench.wants(job, work), claimed)
            measured = self.bench.measure(job, box, work, lambda: self.pulse(submission))
        except NoBox:
            raise
        except Exception as e:  # whatever it was, it was ours
            reason = str(e) if isinstance(e, AutograderError) else f"{type(e).__name__}: {e}"
        self.average += 0.3 * (time.perf_counter() - began - self.average)
        if not self.finished:
            self.aged = time.monotonic()
        self.finished.append((Finished(claimed, measured.grading if measured else None, reason), measured))

    def job(self, unit: str, least: int) -> Job:
        """The unit's tests, opened; the supervisor is told only if that may take a while: each word to it costs time."""
        assert self.bench is not None
        job = self.bench.jobs.at_hand(unit, least)
        if job is None:
            self.say("opening", None)
            job = self.bench.jobs.of(unit, least)
        return job

    def lent(self, settings: Settings, claimed: Claim) -> Box:
        """A warm box.  One that must be begun may take long: what is finished is stored before."""
        assert self.bench is not None
        if self.bench.pool.is_warm(settings, claimed.alone):
            return self.bench.lend(settings, claimed.alone)
        if self.finished:
            self.exchange(claiming=False)
        self.say("opening", None)
        box = self.bench.lend(settings, claimed.alone)
        self.say("running", claimed.submission)
        return box

    def pulse(self, running: Submission) -> None:
        """While a box is waited for: a sign of life to the supervisor, and one to the database."""
        now = time.monotonic()
        if now - self.signed > SIGN_S:
            self.say("alive", None)
        if now - self.beaten > BEAT_S and self.store is not None:
            self.beaten = now
            # Without it the lease may live on all the same: the result will tell.
            with contextlib.suppress(StoreError), self.storing(running):
                self.store.queue.beat(self.holder)

    # When something is missing

    def cannot(self, error: Exception) -> None:
        """No box or no database: say so, wait a little, longer each time."""
        self.say("trouble", error)
        self.rest(PAUSES_S[min(self.failed, len(PAUSES_S) - 1)])
        self.failed += 1

    def put_off(self, unit: str, error: Exception) -> None:
        """What is wrong with one unit holds up no other; without a box or a database nothing can be done."""
        if isinstance(error, (NoBox, StoreError, OSError)):
            self.cannot(error)
        else:
            known = isinstance(error, AutograderError)
            self.say("trouble", error if known else JudgeError(f"{unit}: {type(error).__name__}: {error}"))
            self.shunned[unit] = time.monotonic() + PAUSES_S[-1]

    def give_back(self, claims: Sequence[Claim]) -> None:
        with contextlib.suppress(OurError, OSError), self.storing():
            self.opened().queue.release(self.holder, [claimed.submission.id for claimed in claims])

    def leave(self) -> None:
        """Keep what is finished, give back the rest, end the boxes."""
        for _ in range(LAST_TRIES):
            if self.finished:
                self.exchange()
                time.sleep(SIGN_S if self.finished else 0.0)
        with contextlib.suppress(OurError, OSError), self.storing():
            self.opened().queue.release(self.holder)
        if self.bench is not None:
            self.bench.close()
        if self.store is not None:
            self.store.close()

    # The supervisor

    def say(self, kind: str, content: Any) -> None:
        self.signed = time.monotonic()
        with contextlib.suppress(OSError):  # nobody listens any more: `heard_stop` finds that out
            self.connection.send((kind, content))

    def heard_stop(self) -> bool:
        """Whether the supervisor has said stop, or is no more."""
        if not self.stopping:
            try:
                self.stopping = self.connection.poll() and self.connection.recv() == "stop"
            except (EOFError, OSError):
                self.stopping = True
        return self.stopping

    def rest(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not self.heard_stop():
            self.say("idle", None)
            self.connection.poll(min(left, SIGN_S))
