"""A student's attempt at a unit, as every format gets it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from autograder.records import Intake, Submission
from autograder.store import ManualPoints, Result


@dataclass(frozen=True)
class Work:
    """The attempt that counts, with its grade."""

    submission: Submission
    intake: Intake
    due: datetime | None  #: this student's own due date; aware
    result: Result | None  #: None: not graded yet
    marks: Mapping[str, ManualPoints]  #: what a person gave, by question

    @property
    def student(self) -> str:
        return self.submission.student
