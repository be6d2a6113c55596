"""Where accepted work and grades live: rows in a database, bytes in blobs. Acknowledged means: on the disk.

schema    the tables
rows      the records that come out, and how they lie in columns
blobs     bytes by their sha256, written so that a power cut leaves the whole or nothing
database  opening: SQLite's settings, migrations, and what to do when the database will not
quizzes   attempts of graded quizzes
queue     which submissions wait, and who has which
results   results going in, each judged alone
store     Store: accept, exchange, gradebook ...
"""

from __future__ import annotations

from pathlib import Path

from autograder.store.database import BUSY_SECONDS
from autograder.store.queue import Claim, JobState, Priority, Queue, Wish
from autograder.store.quizzes import QuizAnswer, QuizAttempt, QuizAttempts
from autograder.store.results import Finished
from autograder.store.rows import Extension, GradebookRow, Grading, LoadError, ManualPoints, Result, Standing, State
from autograder.store.store import Store

__all__ = [
    "Claim",
    "Extension",
    "Finished",
    "GradebookRow",
    "Grading",
    "JobState",
    "LoadError",
    "ManualPoints",
    "Priority",
    "Queue",
    "QuizAnswer",
    "QuizAttempt",
    "QuizAttempts",
    "Result",
    "Standing",
    "State",
    "Store",
    "Wish",
    "open",
]


def open(folder: Path, url: str | None = None, patience: int = BUSY_SECONDS) -> Store:
    """The store of a folder (grades.db and blobs/), made or brought up to date if need be.

    url: a database elsewhere (postgresql://...); the blobs stay in the folder.  patience: seconds for other writers.
    """
    return Store(url or f"sqlite:///{folder / 'grades.db'}", folder, patience)
