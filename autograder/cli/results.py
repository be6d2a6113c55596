"""`status`, `feedback`, `export`: what came out."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TextIO

import click
from rich.table import Table
from rich.text import Text

from .. import feedback as reports
from .. import intake
from ..course import Course
from ..errors import CommandError
from ..feedback import LoadError, ManualMark, Report
from ..notebook import Unit
from ..records import Submission
from ..store import GradebookRow, State, Store
from .common import Desk, console, with_desk

HEADER = (
    "assignment,duedate,timestamp,student_id,last_name,first_name,email,raw_score,late_submission_penalty,score,max_score"
).split(",")


@click.command()
@click.argument("student", required=False)
@click.option("--unit", default=None, help="Only this unit.")
@with_desk
def status(desk: Desk, student: str | None, unit: str | None) -> None:
    """Every submission of STUDENT (or of all) and where it stands.

    \b
      autograder status
      autograder status ada
    """
    table = Table("id", "student", "unit", "attempt", "received (UTC)", "state", "points", "note")
    with desk.store() as grades:
        found = grades.submissions(unit=unit, student=student)
        for one in found:
            standing, result = grades.standing(one.id), grades.result(one.id)
            points = f"{result.score.total:g} / {result.score.maximum:g}" if result else "-"
            note = standing.reason if standing.state in (State.RETRY, State.HELD) else "; ".join(one.notes)
            words = (str(one.id), one.student, one.unit, str(one.attempt), f"{one.received:%Y-%m-%d %H:%M}")
            table.add_row(*(Text(w) for w in (*words, standing.state.value, points, note[:80])))
    if not found:
        console.print(Text("nothing has been handed in" + (f" by {student!r}" if student else "") + " yet"))
        return
    console.print(table)


@click.command()
@click.argument("who")
@click.option("--unit", default=None, help="Which unit of a student's [default: the latest].")
@click.option("--attempt", type=int, default=None, help="Which attempt [default: the latest].")
@click.option("--json", "as_json", is_flag=True, help="Our JSON, to the terminal.")
@click.option("--gradescope", is_flag=True, help="JSON in Gradescope's words, to the terminal.")
@click.option("--html", type=click.Path(path_type=Path), default=None, help="A web page in one file.")
@with_desk
def feedback(
    desk: Desk, who: str, unit: str | None, attempt: int | None, as_json: bool, gradescope: bool, html: Path | None
) -> None:
    """Show the feedback for WHO: a student's id, or the number of a submission.

    \b
      autograder feedback ada
      autograder feedback 12 --html feedback.html
    """
    with desk.store() as grades:
        report = report_of(desk, grades, _submission(grades, who, unit, attempt))
    if as_json or gradescope:
        from ..feedback import gradescope as words
        from ..feedback import jsons

        click.echo((words if gradescope else jsons).render(report))
    elif html is not None:
        from ..feedback import html as page

        try:
            html.write_text(page.render(report), encoding="utf-8")
        except OSError as e:
            raise CommandError(f"{html}: cannot be written ({e.strerror}). Choose another place.") from e
        console.print(Text(f"-> {html}"))
    else:
        from ..feedback import terminal

        console.print(terminal.render(report))


def _submission(grades: Store, who: str, unit: str | None, attempt: int | None) -> Submission:
    if who.isdigit():
        return grades.submission(int(who))
    found = [s for s in grades.submissions(unit=unit, student=who) if attempt in (None, s.attempt)]
    if not found:
        raise CommandError(f"{who!r} has handed in nothing that fits. See: autograder status")
    return found[-1]


def report_of(desk: Desk, grades: Store, submission: Submission) -> Report:
    """What the student may see of a graded submission."""
    result = grades.result(submission.id)
    if result is None:
        state = grades.standing(submission.id).state.value
        raise CommandError(f"submission {submission.id} is not graded yet ({state}). Run: autograder grade")
    unit = desk.unit(submission.unit)
    found = intake.read(grades.blob(submission.blob), submission.filename, unit)
    faults = [
        LoadError(f.cell, found.cells[f.cell].id, f.type, f.line, f.message)
        for f in result.load_errors
        if f.cell < len(found.cells)
    ]
    settings = desk.course.unit(submission.unit)
    return reports.build(
        submission=submission,
        title=settings.title,
        titles=unit.titles,
        score=result.score,
        checks=result.checks,
        pictures=result.pictures,
        output=result.output,
        load_errors=faults,
        cells=found.cells,
        manual=_by_hand(grades, submission, unit),
        due=_due(desk.course, grades, submission),
    )


def _by_hand(grades: Store, submission: Submission, unit: Unit) -> dict[str, ManualMark]:
    given = {m.question: m for m in grades.manual(submission.id)}
    marks = {m.id: ManualMark(m.points) for m in unit.manual}
    for name, mark in given.items():
        if name in marks:
            marks[name] = ManualMark(marks[name].maximum, mark.points, mark.comment)
    return marks


def _due(course: Course, grades: Store, submission: Submission) -> datetime | None:
    return grades.extension(submission.student, submission.unit) or course.due(submission.unit, submission.student)


@click.command()
@click.option(
    "--csv", "target", type=click.File("w", encoding="utf-8", lazy=True), default="-", help="File, or - for here."
)
@click.option("--unit", default=None, help="Only this unit.")
@with_desk
def export(desk: Desk, target: TextIO, unit: str | None) -> None:
    """The class's grades, best attempt of each, in the columns of nbgrader's export.

    \b
      autograder export --csv grades.csv
    """
    with desk.store() as grades:
        write_csv(desk.course, grades.gradebook(unit), target)


def write_csv(course: Course, rows: Sequence[GradebookRow], target: TextIO) -> None:
    """nbgrader's export columns; cells that a spreadsheet would run are guarded."""
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(HEADER)
    for row in rows:
        writer.writerow([_guarded(cell) for cell in _cells(course, row)])


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


def _guarded(cell: str) -> str:
    """A leading = + - @ makes a spreadsheet compute; a quote before it does not."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
