"""Where accepted work and grades live: rows in a database, bytes in blobs. Acknowledged means: on the disk.

schema    the tables
rows      the records that come out, and how they lie in columns
blobs     bytes by their sha256, written so that a power cut leaves the whole or nothing
database  opening: SQLite's settings, migrations, and what to do when the database will not
quizzes   attempts of graded quizzes
store     Store: accept, save_result, save_failure, gradebook ...
"""

from __future__ import annotations

from pathlib import Path

from autograder.store.quizzes import QuizAnswer, QuizAttempt, QuizAttempts
from autograder.store.rows import Extension, GradebookRow, LoadError, ManualPoints, Result, Standing, State
from autograder.store.store import Store

__all__ = [
    "Extension",
    "GradebookRow",
    "LoadError",
    "ManualPoints",
    "QuizAnswer",
    "QuizAttempt",
    "QuizAttempts",
    "Result",
    "Standing",
    "State",
    "Store",
    "open",
]


def open(folder: Path, url: str | None = None) -> Store:
    """The store of a folder (grades.db and blobs/), made or brought up to date if need be.

    url: a database elsewhere (postgresql://...); the blobs stay in the folder.
    """
    return Store(url or f"sqlite:///{folder / 'grades.db'}", folder)
