"""`status`, `feedback`: what came out."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from .. import feedback as reports
from .. import intake
from ..course import Course
from ..errors import CommandError
from ..feedback import LoadError, ManualMark, Report
from ..notebook import Unit
from ..records import Intake, Submission
from ..store import JobState, Result, State, Store
from ..workers.names import who
from .common import Desk, console, with_desk, write_file

QUEUE = {JobState.WAITING: "waiting", JobState.LEASED: "being graded", JobState.HELD: "held for a person"}


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
        queue, holders = grades.queue.counts(), grades.queue.holders()
    if not found:
        console.print(Text("nothing has been handed in" + (f" by {student!r}" if student else "") + " yet"))
        return
    console.print(table)
    console.print(Text(f"queue: {', '.join(f'{queue.get(state, 0)} {word}' for state, word in QUEUE.items())}"))
    for holder, count in sorted(holders.items()):
        console.print(Text(f"  {count} with {who(holder)}"))


@click.command()
@click.argument("who")
@click.option("--unit", default=None, help="Which unit of a student's [default: the latest].")
@click.option("--attempt", type=int, default=None, help="Which attempt [default: the latest].")
@click.option("--json", "as_json", is_flag=True, help="Our JSON, to the terminal.")
@click.option("--gradescope", is_flag=True, help="JSON in Gradescope's words, to the terminal.")
@click.option("--html", type=click.Path(path_type=Path), default=None, help="A web page in one file.")
@click.option("--teacher", is_flag=True, help="Everything, seeds and times too: not for students.")
@with_desk
def feedback(
    desk: Desk,
    who: str,
    unit: str | None,
    attempt: int | None,
    as_json: bool,
    gradescope: bool,
    html: Path | None,
    teacher: bool,
) -> None:
    """Show the feedback for WHO: a student's id, or the number of a submission.

    \b
      autograder feedback ada
      autograder feedback 12 --html feedback.html
      autograder feedback 12 --teacher
    """
    if teacher and (as_json or gradescope or html is not None):
        raise CommandError("--teacher is for this terminal only. Leave out --json, --gradescope and --html.")
    with desk.store() as grades:
        chosen = _submission(grades, who, unit, attempt)
        if teacher:
            console.print(_whole(desk, grades, chosen))
            return
        report = report_of(desk, grades, chosen)
    if as_json or gradescope:
        from ..feedback import gradescope as words
        from ..feedback import jsons

        click.echo((words if gradescope else jsons).render(report))
    elif html is not None:
        from ..feedback import html as page

        write_file(html, page.render(report))
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
    if desk.course.is_quiz(submission.unit):
        return _quiz_report(desk, grades, submission)
    result, unit = _result(grades, submission), desk.unit(submission.unit)
    found = intake.read(grades.blob(submission.blob), submission.filename, unit)
    settings = desk.course.unit(submission.unit)
    return reports.build(
        submission=submission,
        title=settings.title,
        titles=unit.titles,
        score=result.score,
        checks=result.checks,
        pictures=result.pictures,
        output=result.output,
        load_errors=_load_errors(result, found),
        cells=found.cells,
        manual=_by_hand(grades, submission, unit),
        due=_due(desk.course, grades, submission),
        detail=desk.course.feedback.detail,
    )


def _quiz_report(desk: Desk, grades: Store, submission: Submission) -> Report:
    """The same for an attempt at a graded quiz: its questions are the exercises."""
    from ..quiz.graded import titles

    result = _result(grades, submission)
    return reports.build(
        submission=submission,
        title=desk.course.quiz(submission.unit).title,
        titles=titles(grades.quiz_attempts.of_submission(submission.id).questions),
        score=result.score,
        checks=result.checks,
        due=_due(desk.course, grades, submission),
        detail=desk.course.feedback.detail,
    )


def _whole(desk: Desk, grades: Store, submission: Submission) -> RenderableType:
    """What the teacher may see of it."""
    from ..feedback import teacher

    result = _result(grades, submission)
    provenance = {"bundle": result.bundle, "graded": result.created.isoformat(), **result.provenance}
    if desk.course.is_quiz(submission.unit):
        return teacher.render(submission, result.checks, provenance, [], "")
    found = intake.read(grades.blob(submission.blob), submission.filename, desk.unit(submission.unit))
    return teacher.render(submission, result.checks, provenance, _load_errors(result, found), result.output)


def _result(grades: Store, submission: Submission) -> Result:
    result = grades.result(submission.id)
    if result is None:
        state = grades.standing(submission.id).state.value
        raise CommandError(f"submission {submission.id} is not graded yet ({state}). Run: autograder grade")
    return result


def _load_errors(result: Result, found: Intake) -> list[LoadError]:
    return [
        LoadError(f.cell, found.cells[f.cell].id, f.type, f.line, f.message)
        for f in result.load_errors
        if f.cell < len(found.cells)
    ]


def _by_hand(grades: Store, submission: Submission, unit: Unit) -> dict[str, ManualMark]:
    given = {m.question: m for m in grades.manual(submission.id)}
    marks = {m.id: ManualMark(m.points) for m in unit.manual}
    for name, mark in given.items():
        if name in marks:
            marks[name] = ManualMark(marks[name].maximum, mark.points, mark.comment)
    return marks


def _due(course: Course, grades: Store, submission: Submission) -> datetime | None:
    return grades.extension(submission.student, submission.unit) or course.due(submission.unit, submission.student)
