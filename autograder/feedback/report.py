"""The report: what one student may see of one attempt, as plain text and numbers.

`build` is the one place where that is decided (with the rules of `policy`); every format prints a Report and has
nothing else to print. A Report has no field for a hidden input, an expected value, a time or a memory reading.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from autograder.records import Cell, CheckResult, ExerciseScore, Picture, Score, Submission, Verdict

from . import plain, policy, tex
from .policy import CodeLine

OUTPUT_CAP = 4_000
TWIN_CAP = 4_000
SENTENCE_CAP = 600
NAME_CAP = 120
MOST_NOTES = 40
MOST_LOAD_ERRORS = 20
MOST_CURVES = 8
MOST_POINTS = 2_000
MOST_CELLS = 48  # rows, and columns, of a heatmap
PICTURE_KINDS = ("lines", "heatmap")
_WAIT = "Your work is safe with us and costs you no point. It will be graded again by itself: you need do nothing."


@dataclass(frozen=True)
class LoadError:
    """A cell that raised while the notebook was loaded, before any hidden check, in the box's words."""

    cell_index: int
    cell: str
    kind: str
    line: int | None
    message: str


@dataclass(frozen=True)
class ManualMark:
    """A question marked by hand; points is None while it waits for its marker."""

    maximum: float
    points: float | None = None
    comment: str = ""


@dataclass(frozen=True)
class CheckReport:
    """One check: its sentence, what became of it, and what helps to mend it."""

    name: str
    sentence: str
    verdict: Verdict
    points: float
    earned: float
    takes: float
    message: str
    diagnosis: str
    twin: str  #: the public twin: code to run at home
    code: CodeLine | None


@dataclass(frozen=True)
class ExerciseReport:
    """One exercise and all its checks. sources: where to read more."""

    id: str
    title: str
    earned: float
    maximum: float
    verdict: Verdict
    checks: tuple[CheckReport, ...]
    pictures: tuple[Picture, ...]
    sources: tuple[str, ...]

    @property
    def right(self) -> bool:
        """All its points, and nothing to mend."""
        return self.verdict is Verdict.PASSED and self.earned >= self.maximum - 1e-9

    @property
    def passed(self) -> int:
        """How many of its checks passed."""
        return sum(check.verdict is Verdict.PASSED for check in self.checks)


@dataclass(frozen=True)
class QuestionReport:
    """A question marked by hand; points is None while it waits."""

    id: str
    title: str
    points: float | None
    maximum: float
    comment: str


@dataclass(frozen=True)
class LoadErrorReport:
    """A cell that did not run, in safe words."""

    cell: str
    kind: str
    message: str
    code: CodeLine | None


@dataclass(frozen=True)
class Summary:
    """The top of the page. earned is None when nothing is graded yet."""

    earned: float | None
    maximum: float
    headline: str
    start: str  #: where to begin, or nothing
    first: str  #: id of the first exercise to mend, or nothing
    right: tuple[str, ...]  #: titles of what is right
    waiting: float = 0  #: points of questions that nobody has marked yet


@dataclass(frozen=True)
class Report:
    """Everything that a student is told about one attempt."""

    unit: str
    title: str
    student: str
    submission: int
    attempt: int
    filename: str
    received: datetime
    due: datetime | None
    late: str
    score: Score
    summary: Summary
    exercises: tuple[ExerciseReport, ...]
    questions: tuple[QuestionReport, ...]
    notes: tuple[str, ...]
    output: str
    load_errors: tuple[LoadErrorReport, ...]

    @property
    def graded(self) -> bool:
        """False when our side failed somewhere: then no total is shown."""
        return self.summary.earned is not None


def build(
    *,
    submission: Submission,
    title: str,
    titles: Mapping[str, str],
    score: Score,
    checks: Sequence[CheckResult],
    pictures: Sequence[Picture] = (),
    notes: Sequence[str] = (),
    output: str = "",
    load_errors: Sequence[LoadError] = (),
    cells: Sequence[Cell] = (),
    resources: Mapping[str, Sequence[str]] | None = None,
    manual: Mapping[str, ManualMark] | None = None,
    due: datetime | None = None,
) -> Report:
    """What the student may see of this attempt.

    titles: of exercises and of questions, by id. cells: as the box ran them. output: what was printed before the first
    hidden call. due: with the student's extension.
    """
    exercises = tuple(
        _exercise(one, titles, checks, pictures, cells, (resources or {}).get(one.exercise, ()))
        for one in score.exercises
    )
    questions = tuple(_question(name, titles, mark) for name, mark in (manual or {}).items())
    return Report(
        unit=_name(submission.unit),
        title=_prose(title) or _name(submission.unit),
        student=_name(submission.student),
        submission=submission.id,
        attempt=submission.attempt,
        filename=_name(submission.filename),
        received=submission.received,
        due=due,
        late=_late(score, due, _our_side_failed(score, exercises)),
        score=score,
        summary=_summary(score, exercises, questions),
        exercises=exercises,
        questions=questions,
        notes=tuple(plain.line(note, policy.MESSAGE_CAP) for note in _once(submission.notes, notes)),
        output=plain.block(output, OUTPUT_CAP),
        load_errors=tuple(_load_error(error, cells) for error in load_errors[:MOST_LOAD_ERRORS]),
    )


def _exercise(
    score: ExerciseScore,
    titles: Mapping[str, str],
    checks: Iterable[CheckResult],
    pictures: Iterable[Picture],
    cells: Sequence[Cell],
    resources: Sequence[str],
) -> ExerciseReport:
    return ExerciseReport(
        id=_name(score.exercise),
        title=_prose(titles.get(score.exercise, "")) or _name(score.exercise),
        earned=score.earned,
        maximum=score.maximum,
        verdict=score.verdict,
        checks=tuple(_check(check, cells) for check in checks if check.exercise == score.exercise),
        pictures=tuple(
            _picture(picture)
            for picture in pictures
            if picture.exercise == score.exercise and picture.kind in PICTURE_KINDS
        ),
        sources=tuple(_prose(source) for source in resources),
    )


def _check(check: CheckResult, cells: Sequence[Cell]) -> CheckReport:
    # A passed check needs no help, and of one that we failed to run there is nothing to say.
    helps = check.verdict not in (Verdict.PASSED, Verdict.NOT_GRADED)
    return CheckReport(
        name=_name(check.check),
        sentence=_prose(check.sentence) or _name(check.check),
        verdict=check.verdict,
        points=check.points,
        earned=check.earned,
        takes=check.takes,
        message=policy.message(check),
        diagnosis=_prose(check.diagnosis) if helps else "",
        twin=plain.block(check.twin, TWIN_CAP) if helps else "",
        code=policy.code_line(cells, check.cell, check.line) if helps else None,
    )


def _question(name: str, titles: Mapping[str, str], mark: ManualMark) -> QuestionReport:
    comment = plain.block(tex.readable(mark.comment[:SENTENCE_CAP]), SENTENCE_CAP)
    return QuestionReport(_name(name), _prose(titles.get(name, "")) or _name(name), mark.points, mark.maximum, comment)


def _load_error(error: LoadError, cells: Sequence[Cell]) -> LoadErrorReport:
    code = policy.code_line(cells, error.cell_index, error.line)
    cell = code.cell if code else _name(error.cell)
    kind = policy.known_kind(error.kind) or "error"
    return LoadErrorReport(cell, kind, plain.line(error.message, policy.MESSAGE_CAP), code)


def _picture(picture: Picture) -> Picture:
    """The same picture with plain words and numbers, and not more of them than a page can hold."""
    rows, columns = (MOST_CURVES, MOST_POINTS) if picture.kind == "lines" else (MOST_CELLS, MOST_CELLS)
    return Picture(
        exercise=_name(picture.exercise),
        caption=_prose(picture.caption),
        kind=picture.kind,
        yours=_numbers(picture.yours, rows, columns),
        reference=_numbers(picture.reference, rows, columns),
        x_label=_prose(picture.x_label)[:40],
        y_label=_prose(picture.y_label)[:40],
    )


def _numbers(matrix: Sequence[Sequence[float]], rows: int, columns: int) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(_number(value) for value in row[:columns]) for row in matrix[:rows])


def _number(value: object) -> float:
    """A float, whatever came: what is none becomes NaN, which the drawings leave out."""
    if isinstance(value, bool | int | float) or hasattr(value, "__float__"):
        try:
            return float(value)  # an integer may be too large for one
        except (OverflowError, TypeError, ValueError):
            return math.nan
    return math.nan


def _late(score: Score, due: datetime | None, ungraded: bool) -> str:
    if score.late_days <= 0:
        return "On time." if due is not None else ""
    days = f"{score.late_days} day{'' if score.late_days == 1 else 's'} late"
    if ungraded:
        return f"{days}."
    return f"{days}: {plain.one_point(score.penalty)} off." if score.penalty > 0 else f"{days}, nothing taken off."


def _summary(score: Score, exercises: tuple[ExerciseReport, ...], questions: tuple[QuestionReport, ...]) -> Summary:
    # A scoring that counts the questions already lists them among its exercises.
    apart = [question for question in questions if question.id not in {one.id for one in exercises}]
    maximum = score.maximum + sum(question.maximum for question in apart)
    right = tuple(one.title for one in exercises if one.right)
    if _our_side_failed(score, exercises):
        return Summary(None, maximum, "Our side failed, nothing was lost.", _WAIT, "", right)
    wrong = [one for one in exercises if not one.right]
    return Summary(
        earned=score.total + sum(question.points or 0 for question in apart),
        maximum=maximum,
        headline=_headline(exercises),
        start=_start(wrong),
        first=wrong[0].id if wrong else "",
        right=right,
        waiting=sum(question.maximum for question in apart if question.points is None),
    )


def _our_side_failed(score: Score, exercises: Iterable[ExerciseReport]) -> bool:
    verdicts = {score.verdict} | {one.verdict for one in exercises}
    verdicts |= {check.verdict for one in exercises for check in one.checks}
    return Verdict.NOT_GRADED in verdicts


def _headline(exercises: Sequence[ExerciseReport]) -> str:
    right = sum(one.right for one in exercises)
    if not exercises:
        return "There is nothing to grade by machine here."
    if right == len(exercises):
        return "Everything is right."
    if all(one.verdict is Verdict.MISSING for one in exercises):
        return "Nothing is filled in yet."
    count = f"{right} of {len(exercises)} exercises {'is' if right == 1 else 'are'} right"
    return f"{count} so far." if right else f"Received and graded: {count} so far."


def _start(wrong: Sequence[ExerciseReport]) -> str:
    if not wrong:
        return ""
    if len(wrong) == 1:
        return f"Only `{wrong[0].id}` is left to mend."
    return f"Start with `{wrong[0].id}`: later exercises build on it."


def _once(*lists: Sequence[str]) -> list[str]:
    """Each note once: reading the file again for grading repeats what the receipt said."""
    return list(dict.fromkeys(note for notes in lists for note in notes))[:MOST_NOTES]


def _name(text: str) -> str:
    return plain.line(text, NAME_CAP)


def _prose(text: str) -> str:
    """A sentence of the course's, its formulas readable."""
    return plain.line(tex.readable(text[: 2 * SENTENCE_CAP]), SENTENCE_CAP)
