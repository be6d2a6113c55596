"""In a worker's process: opened tests, warm boxes, and the measuring of one submission."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ..errors import BoxError
from ..pipeline import grade, measure
from ..records import Submission
from ..sandbox.box import Box, Settings
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

    def lend(self, job: Job, alone: bool) -> Box:
        """A warm box; alone: one that nobody has been in.  NoBox if none can be had."""
        return self.pool.fresh(job.settings) if alone else self.pool.lend(job.settings)

    def measure(self, job: Job, box: Box, submission: Submission, pulse: Callable[[], None]) -> Measured:
        """Run, judge and score one submission in a lent box, and give the box back.  Any exception: our side failed."""
        began = time.perf_counter()
        try:
            data, secret = self.store.blob(submission.blob), self.jobs.secret
            found = measure(box, job.session, job.unit, submission, data, job.limits, secret, job.bundle, pulse)
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
