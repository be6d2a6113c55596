"""What a worker is told, as plain data, and what one of its jobs needs: today's tests of a unit, opened."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .. import bundle as bundles
from .. import store as stores
from ..checks.session import CheckSession
from ..course import Course, load_course
from ..errors import CourseError
from ..notebook import Unit, load_unit
from ..records import Limits
from ..sandbox.box import Settings, preload
from ..sandbox.choose import Choice
from ..secret import Secret, load_secret
from ..store import Store

#: Seconds between two looks at the course's files.
LOOK_S = 1.0
#: Seconds that a worker's transaction waits for other writers; it tries again, and says so, rather than hang.
PATIENCE_S = 2


@dataclass(frozen=True)
class Plan:
    """What a grader's workers share."""

    root: Path  #: the course
    state: Path
    database: str | None
    choice: Choice
    card: Choice | None = None  #: the box of units that need a graphics card
    batch: str = ""  #: only the jobs that carry this name
    warm: int = 1  #: boxes that each worker may keep
    given: Course | None = None  #: settings that stand in no course.yaml (the demo's)

    def store(self) -> Store:
        """A connection of the caller's own."""
        return stores.open(self.state, self.database, PATIENCE_S)


@dataclass(frozen=True)
class Job:
    """A unit ready to be graded: its tests are collected and held open."""

    unit: Unit
    bundle: str
    seq: int  #: place of the bundle in the unit's sequence
    session: CheckSession
    limits: Limits
    settings: Settings
    secret: Secret  #: of the course, when the tests were opened


class Jobs:
    """The units of a course as they are now: what is mended while we work is graded with the mended tests."""

    def __init__(self, plan: Plan, store: Store) -> None:
        self.plan, self.store = plan, store
        self._course: tuple[Sign, Course] | None = None
        self._open: dict[str, tuple[Sign, Job]] = {}
        self._looked: dict[str, float] = {}

    @property
    def course(self) -> Course:
        """course.yaml, read again when it was changed.  CourseError if it is wrong."""
        if self.plan.given is not None:
            return self.plan.given
        sign = _sign(self.plan.root / "course.yaml")
        if self._course is None or self._course[0] != sign:
            self._course = sign, load_course(self.plan.root / "course.yaml")
        return self._course[1]

    def at_hand(self, name: str, least: int = 0) -> Job | None:
        """The unit's job, if its files were looked at just now."""
        known = self._open.get(name)
        if known is not None and known[1].seq >= least and time.monotonic() - self._looked[name] < LOOK_S:
            return known[1]
        return None

    def of(self, name: str, least: int = 0) -> Job:
        """The unit's job with a bundle that is at least the `least`-th.  AutograderError if its files cannot be used."""
        if (job := self.at_hand(name, least)) is not None:
            return job
        known, sign = self._open.get(name), self._signed(name)
        if known is None or known[0] != sign or known[1].seq < least:
            self._shut(name)
            self._open[name] = sign, self._opened(name)
            _settle()
        self._looked[name] = time.monotonic()
        job = self._open[name][1]
        if job.seq < least:
            raise CourseError(f"{name}: these tests are older than those that were asked for. Update the course here.")
        return job

    def close(self) -> None:
        for name in list(self._open):
            self._shut(name)

    def _opened(self, name: str) -> Job:
        # The sign was taken before: what is changed while we read is read again in a second.
        settings, unit = self.course.unit(name), load_unit(self.plan.root, name)
        bundle = bundles.make_bundle(self.plan.root, name)
        seq = self.store.register_bundle(bundle.digest, name, bundles.to_bytes(bundle))
        folder = bundles.materialise(bundle, self.plan.state / "bundles")
        data = folder / "assignments" / name / "data"
        boxes = Settings(settings.limits, data, preload(unit.imports), settings.gpu, unit.absent)
        secret, session = load_secret(self.course.id), CheckSession(folder, name).__enter__()
        return Job(unit, bundle.digest, seq, session, settings.limits, boxes, secret)

    def _shut(self, name: str) -> None:
        known = self._open.pop(name, None)
        if known is not None:
            known[1].session.__exit__(None, None, None)

    def _signed(self, name: str) -> Sign:
        root = self.plan.root
        return tuple(
            part
            for path in (root / "course.yaml", *_files(root / "assignments" / name), *_files(root / "reference"))
            for part in _sign(path)
        )


def _settle() -> None:
    """What is open now stays: no later collection of garbage looks through all of it (a tenth of a worker's time)."""
    gc.unfreeze()  # what was open before may have gone
    gc.collect()
    gc.freeze()


Sign = tuple[tuple[str, int, int], ...]


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if "__pycache__" not in path.parts and path.is_file())


def _sign(path: Path) -> Sign:
    """What tells that a file is no longer the one that was read."""
    try:
        found = path.stat()
    except OSError:
        return ((str(path), 0, -1),)
    return ((str(path), found.st_mtime_ns, found.st_size),)
