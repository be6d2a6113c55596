"""nbgrader's gradebook, through nbgrader's own API: students, assignments, cells, submissions, scores, comments.

What a person typed in formgrader stays: nbgrader keeps two scores of a cell, and
ours is `auto_score`; points that a person gave in our store go to `manual_score` too. There, a `manual_score` that
differs from `auto_score` was typed in formgrader and wins; one that is equal is ours, and follows our store.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from json import dumps
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings

from sqlalchemy.exc import SAWarning

from autograder.errors import CommandError
from autograder.feedback import Report, build, plain
from autograder.feedback.report import CheckReport, ExerciseReport
from autograder.lms.work import Work
from autograder.notebook import Unit
from autograder.records import Score, Verdict
from autograder.store import ManualPoints

if TYPE_CHECKING:
    from nbformat import NotebookNode

NO_RESPONSE = "No response."  # nbgrader's own words
COMMENT_CAP = 2_000


def write_unit(book: Any, unit: Unit, released: NotebookNode, due: datetime | None, works: Sequence[Work]) -> None:
    """The unit as an assignment with its cells, and every graded work on it."""
    notebook = _assignment(book, unit, released, due)
    _cells(book, unit, released, notebook)
    for work in works:
        book.update_or_create_student(work.student)
        if work.result is not None:
            _submission(book, unit, notebook, due, work)


def naive(moment: datetime | None) -> datetime | None:
    """As nbgrader keeps times: UTC, without saying so."""
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None)


def _assignment(book: Any, unit: Unit, released: NotebookNode, due: datetime | None) -> Any:
    """The unit's notebook in the gradebook; an assignment of that name that is not ours is left alone."""
    known = next((one for one in book.assignments if one.name == unit.name), None)
    # nbgrader's own commands use "default_course" where nobody named one.
    if known is not None and known.course_id not in (book.course_id, "default_course", ""):
        raise CommandError(
            f"the gradebook's assignment {unit.name!r} is of course {known.course_id!r}. Name another file."
        )
    others = [each.name for each in known.notebooks if each.name != unit.name] if known is not None else []
    if others:
        raise CommandError(f"the gradebook's assignment {unit.name!r} has a notebook {others[0]!r}. Name another file.")
    book.update_or_create_assignment(unit.name, duedate=naive(due))
    kernel = dumps(released.metadata.kernelspec)
    return book.update_or_create_notebook(unit.name, unit.name, kernelspec=kernel)


def _cells(book: Any, unit: Unit, released: NotebookNode, notebook: Any) -> None:
    """The cells as `nbgrader generate_assignment` would save them."""
    place = (unit.name, unit.name)
    graded = set()
    for cell in released.cells:
        told = cell.metadata.nbgrader
        if told.grade:
            graded.add(cell.id)
            book.update_or_create_grade_cell(cell.id, *place, max_score=float(told.points), cell_type=cell.cell_type)
        if told.solution:
            book.update_or_create_solution_cell(cell.id, *place)
        book.update_or_create_source_cell(
            cell.id,
            *place,
            cell_type=cell.cell_type,
            locked=not told.solution,
            source=cell.source,
            checksum=told.checksum,
        )
    for cell in notebook.grade_cells:
        if cell.name not in graded:  # the unit no longer has it: worth nothing, except what a person gave
            cell.max_score = 0.0
            for grade in cell.grades:
                grade.auto_score, grade.needs_manual_grade = None, False


def _submission(book: Any, unit: Unit, notebook: Any, due: datetime | None, work: Work) -> None:
    from nbgrader.api import Comment, Grade

    before = next((one.timestamp for one in _submissions_of(book, unit, work)), None)
    received = naive(work.submission.received)
    with catch_warnings(action="ignore", category=SAWarning):  # of nbgrader's own making, and harmless
        submission = book.update_or_create_submission(
            unit.name, work.student, timestamp=received, extension=_extension(due, work.due)
        )
    mine = _submitted(notebook, submission)
    mine.late_submission_penalty = _score(work).penalty or None
    grades = _rows(Grade, mine, mine.grades, notebook.grade_cells)
    comments = _rows(Comment, mine, mine.comments, notebook.solution_cells)
    earned = {exercise.exercise: exercise.earned for exercise in _score(work).exercises}
    reports = {exercise.id: exercise for exercise in _report(unit, work).exercises}
    for exercise in unit.exercises:
        _by_us(grades[f"{exercise.id}-test"], earned.get(exercise.id, 0.0))
        comments[exercise.id].auto_comment = _remarks(reports.get(exercise.id))
    for question in unit.manual:
        mark, answered = work.marks.get(question.id), bool(work.intake.manual.get(question.id, "").strip())
        _by_hand(grades[question.id], mark, answered, replaced=before is not None and before != received)
        comments[question.id].auto_comment = _remark(mark, answered)


def _score(work: Work) -> Score:
    assert work.result is not None
    return work.result.score


def _report(unit: Unit, work: Work) -> Report:
    """What a student may read while the work can still be mended: the same on every day, so that twice is once."""
    assert work.result is not None
    return build(
        submission=work.submission,
        title=unit.name,
        titles={},
        score=work.result.score,
        checks=work.result.checks,
        cells=work.intake.cells,
    )


def _submissions_of(book: Any, unit: Unit, work: Work) -> list[Any]:
    from nbgrader.api import MissingEntry

    try:
        return [book.find_submission(unit.name, work.student)]
    except MissingEntry:
        return []


def _extension(due: datetime | None, own: datetime | None) -> timedelta | None:
    return own - due if due is not None and own is not None and own > due else None


def _submitted(notebook: Any, submission: Any) -> Any:
    """The student's notebook; nbgrader makes it with the submission unless the assignment was still empty then."""
    from nbgrader.api import SubmittedNotebook

    known = next((one for one in submission.notebooks if one.notebook_id == notebook.id), None)
    return known or SubmittedNotebook(notebook=notebook, assignment=submission)


def _rows(kind: Any, mine: Any, rows: Sequence[Any], cells: Sequence[Any]) -> Mapping[str, Any]:
    """A student's grades or comments by the cell's name, with those of cells that came later."""
    known = {row.cell_id: row for row in rows}
    return {cell.name: known.get(cell.id) or kind(cell_id=cell.id, notebook=mine) for cell in cells}


def _by_us(grade: Any, earned: float) -> None:
    if grade.manual_score is None:
        grade.needs_manual_grade = False
    elif grade.auto_score != earned:
        grade.needs_manual_grade = True  # a person overruled other points than these
    grade.auto_score = earned


def _by_hand(grade: Any, mark: ManualPoints | None, answered: bool, replaced: bool) -> None:
    if grade.manual_score is not None and grade.manual_score != grade.auto_score:
        grade.needs_manual_grade = grade.needs_manual_grade or replaced  # typed for another answer, perhaps
    elif mark is not None:
        grade.manual_score, grade.needs_manual_grade = mark.points, False
    elif replaced or grade.manual_score is None:
        grade.manual_score, grade.needs_manual_grade = None, answered
    grade.auto_score = mark.points if mark is not None else None if answered else 0.0


# Comments --------------------------------------------------------------------------------------------------------


def _remark(mark: ManualPoints | None, answered: bool) -> str | None:
    if mark is not None:
        return harmless(plain.block(mark.comment, COMMENT_CAP)) or None
    return None if answered else NO_RESPONSE


def _remarks(exercise: ExerciseReport | None) -> str | None:
    """The checks that did not pass, a line each; nbgrader's feedback shows them to the student."""
    checks = exercise.checks if exercise is not None else ()
    if checks and all(check.verdict is Verdict.MISSING for check in checks):
        return NO_RESPONSE
    lines = [f"- {_words(check)}" for check in checks if check.verdict is not Verdict.PASSED]
    return harmless(plain.block("\n".join(lines), COMMENT_CAP)) or None


def _words(check: CheckReport) -> str:
    told = (f"{check.verdict.value}:", check.sentence, check.diagnosis or check.message)
    return " ".join(part for part in told if part)


def harmless(words: str) -> str:
    """Markdown that carries no HTML: formgrader would run a student's <script> with the teacher's rights."""
    return re.sub(r"<(?=[A-Za-z/!?])", "< ", words)
