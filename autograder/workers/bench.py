"""In a worker's process: opened tests, warm boxes, and the reading and measuring of one submission."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from .. import intake
from ..errors import BoxError
from ..pipeline import Work, grade, measure, read
from ..records import Submission
from ..sandbox.box import APART, Box, Settings
from ..sandbox.choose import make
from ..sandbox.pool import Pool
from ..store import Grading, Store
from .plan import Job, Jobs, Plan


@dataclass(frozen=True)
class Measured:
    """One submission, measured and scored but not yet stored."""

    grading: Grading
    seconds: float
    stages: dict[str, float]


class Bench:
    """What a worker works with."""

    def __init__(self, plan: Plan, store: Store) -> None:
        self.plan, self.store = plan, store
        self.jobs = Jobs(plan, store)
        self.pool = Pool(self._box, plan.warm)
        self._extensions: dict[tuple[str, str], datetime] = {}

    def _box(self, settings: Settings) -> Box:
        plan = self.plan
        return make(plan.card if settings.gpu is not None and plan.card is not None else plan.choice, settings)

    def warm(self, unit: str) -> Job:
        """Open the unit's tests while its box warms."""
        job = self.jobs.of(unit)
        self.pool.warm(job.settings)
        return job

    def read_extensions(self) -> None:
        """Due dates of single students, as they are now."""
        self._extensions = {(e.student, e.unit): e.due for e in self.store.extensions()}

    def read(self, job: Job, submission: Submission) -> Work:
        """The submission's cells, as today's unit wants them.  Any exception: our side failed."""
        return read(job.unit, submission, self.store.blob(submission.blob))

    def wants(self, job: Job, work: Work) -> Settings:
        """The kind of box that has ready what these cells import."""
        return job.settings.importing(name for name in APART if intake.imports(work.found, name))

    def lend(self, settings: Settings, alone: bool) -> Box:
        """A warm box; alone: one that nobody has been in.  NoBox if none can be had."""
        return self.pool.fresh(settings) if alone else self.pool.lend(settings)

    def measure(self, job: Job, box: Box, work: Work, pulse: Callable[[], None]) -> Measured:
        """Run, judge and score one submission in a lent box, and give the box back.  Any exception: our side failed."""
        began, submission = time.perf_counter() - work.seconds, work.submission
        try:
            found = measure(box, job.session, job.unit, work, job.limits, job.secret, job.bundle, pulse)
        except BoxError:
            self.pool.drop(box)
            raise
        except BaseException:
            self.pool.back(box)
            raise
        self.pool.back(box)
        extension = self._extensions.get((submission.student, submission.unit))
        grading = grade(self.jobs.course, job.unit, submission, found, job.bundle, extension)
        return Measured(grading, time.perf_counter() - began, dict(found.stages))

    def close(self) -> None:
        self.pool.close()
        self.jobs.close()
