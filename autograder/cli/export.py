"""`export`: the class's grades, for spreadsheets and for nbgrader."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TextIO

import click
from rich.text import Text

from .. import intake, release
from ..course import Course
from ..errors import CommandError
from ..lms import formgrader, nbgrader
from ..lms.gradebook import Target, gradebook, target
from ..lms.work import Work
from ..notebook import Unit
from ..store import GradebookRow, Store
from .common import Desk, console, guarded, with_desk

HEADER = (
    "assignment,duedate,timestamp,student_id,last_name,first_name,email,raw_score,late_submission_penalty,score,max_score"
).split(",")


@click.command()
@click.option(
    "--csv",
    "table",
    type=click.File("w", encoding="utf-8", lazy=True),
    default=None,
    help="File, or - for here [default: here].",
)
@click.option(
    "--nbgrader",
    "place",
    is_flag=False,
    flag_value="",
    default=None,
    metavar="[FOLDER|FILE|URL]",
    help="A gradebook and course folder that nbgrader's formgrader opens [default: formgrader/ in the course].",
)
@click.option("--unit", default=None, help="Only this unit.")
@with_desk
def export(desk: Desk, table: TextIO | None, place: str | None, unit: str | None) -> None:
    """The class's grades, best attempt of each: in the columns of nbgrader's export, or as nbgrader's own gradebook.

    \b
      autograder export --csv grades.csv
      autograder export --nbgrader           # -> formgrader/: cd there, jupyter lab, menu Nbgrader > Formgrader
    """
    quiz = unit is not None and desk.course.is_quiz(unit)
    if unit is not None and not quiz:
        desk.course.unit(unit)
    if quiz and place is not None:
        raise CommandError(f"{unit} is a quiz, and nbgrader knows only notebooks. Use --csv.")
    with desk.store() as grades:
        if place is not None:
            _to_nbgrader(desk, grades, target(place, desk.root / "formgrader"), unit)
        if table is not None or place is None:
            write_csv(desk.course, grades.gradebook(unit), table or sys.stdout)


# nbgrader --------------------------------------------------------------------------------------------------------


def _to_nbgrader(desk: Desk, grades: Store, at: Target, only: str | None) -> None:
    """Files are staged first, then the rows are written in one transaction, then the files put: again heals all."""
    units = [desk.unit(name) for name in ([only] if only else desk.unit_names())]
    made = [(unit, release.build(unit), _works(desk, grades, unit)) for unit in units]
    with formgrader.folder(at) as files:
        formgrader.stage_course(files, desk.course)
        for unit, released, works in made:
            formgrader.stage_unit(files, desk.course, unit, released)
            for work in works:
                formgrader.stage_work(files, unit, released, work)
        with gradebook(at, desk.course.id) as book:
            for unit, released, works in made:
                nbgrader.write_unit(book, unit, released, desk.course.unit(unit.name).due, works)
        files.put()
    done = [work for _, _, works in made for work in works]
    waiting = sum(work.result is None for work in done)
    told = f"students: {len({work.student for work in done})}, grades: {len(done) - waiting}, not graded yet: {waiting}"
    console.print(Text(f"{told} -> {at.where}"))
    console.print(Text(f"look: cd {at.folder} && jupyter lab, then the menu Nbgrader > Formgrader"))


def _works(desk: Desk, grades: Store, unit: Unit) -> list[Work]:
    return [_work(desk, grades, unit, row) for row in grades.gradebook(unit.name)]


def _work(desk: Desk, grades: Store, unit: Unit, row: GradebookRow) -> Work:
    submission = grades.submission(row.submission)
    return Work(
        submission,
        intake.read(grades.blob(submission.blob), submission.filename, unit),
        _due(desk.course, grades, row),
        grades.result(row.submission),
        {mark.question: mark for mark in grades.manual(row.submission)},
    )


def _due(course: Course, grades: Store, row: GradebookRow) -> datetime | None:
    moments = (course.due(row.unit, row.student), grades.extension(row.student, row.unit))
    return max((moment for moment in moments if moment is not None), default=None)


# CSV -------------------------------------------------------------------------------------------------------------


def write_csv(course: Course, rows: Sequence[GradebookRow], table: TextIO) -> None:
    """nbgrader's export columns; cells that a spreadsheet would run are guarded."""
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(HEADER)
    for row in rows:
        writer.writerow([guarded(cell) for cell in _cells(course, row)])


def _cells(course: Course, row: GradebookRow) -> Iterator[str]:
    due = course.due(row.unit, row.student)
    yield row.unit
    yield due.isoformat() if due else ""
    yield row.received.isoformat()
    yield row.student
    yield from ("", "", "")
    if row.total is None:
        yield from ("", "", "", "")
        return
    yield f"{(row.raw or 0.0) + row.manual:g}"
    yield f"{row.penalty or 0.0:g}"
    yield f"{row.total + row.manual:g}"
    yield f"{row.maximum or 0.0:g}"
