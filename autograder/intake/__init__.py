"""From a file to a submission: sizes first, then the shape, then every cell back in its place.

formats   bytes -> cells as the student left them (ipynb, py; archive: zip); sizes are checked before anything is parsed
repair    those cells + the unit -> records.Intake: given cells restored, solutions found again, each repair a note
code      what a cell's source defines, and whether it is still the stub
find      which files of a folder are whose submission
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autograder.intake.code import definitions, imports
from autograder.intake.find import Found, find_submissions, found, listed, read_file, student_id, student_of
from autograder.intake.formats import unpack
from autograder.intake.repair import restore, unsolved

if TYPE_CHECKING:
    from autograder.notebook import Unit
    from autograder.records import Intake

__all__ = [
    "Found",
    "definitions",
    "find_submissions",
    "found",
    "imports",
    "listed",
    "read",
    "read_file",
    "student_id",
    "student_of",
    "unsolved",
]


def read(data: bytes, filename: str, unit: Unit) -> Intake:
    """A submitted file as the cells that the box will run; SubmissionError in one line if it cannot become that.

    Nothing is written, nothing of the file is run, and outputs are never looked at.
    """
    return restore(unpack(data, filename), unit)
