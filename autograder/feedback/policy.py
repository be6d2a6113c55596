"""The gate between raw results and a student's eyes: what may be seen of an attempt is decided here and nowhere else.

`visible` turns everything that is known of an attempt (Raw) into plain fields (report.Visible).  Fresh inputs for every
attempt are what keeps hidden values useless (secret.py); this is the second line, for a unit or a stage that is careless:

Always
- a check shows its sentence, its verdict, its points and its public twin; a passed one shows no more;
- a fault during a hidden call shows its known kind and the line of the student's own code, from our copy of it;
- words of faults, time-outs, memory, missing and forbidden names are ours: none of them carries a string of a box;
- a failure on our side shows one fixed sentence, never an error of ours;
- points of a check come in quarters, rounded down; what that takes is taken from the sums too;
- a twin is literal code: one that draws numbers or names the reference is left out;
- no seed, time, memory reading or bundle goes in: Raw has no place for them.

Before the deadline
- the size of an error has one digit; no other number has more than two, but for counts and shapes;
- one diagnosis for each exercise: the first.

After the deadline (the student's own, with the extension; `feedback: {detail: after_due}` in course.yaml)
- numbers have three digits, and every check shows its own diagnosis.
Late work may still come then, so what is told must stay harmless to it: it is, since its inputs will be fresh.
"""

from __future__ import annotations

import ast
import builtins
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal

from autograder.records import Cell, CheckResult, ExerciseScore, Picture, Score, Submission, Verdict

from . import plain, tex
from .report import (
    CheckReport,
    CodeLine,
    ExerciseReport,
    LoadErrorReport,
    PictureReport,
    QuestionReport,
    Visible,
)

Detail = Literal["after_due", "never"]

MESSAGE_CAP = 300
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


# What is known ---------------------------------------------------------------------------------------------------


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
class Raw:
    """Everything that is known of one attempt, and the course's own words for it.

    titles: of exercises and of questions, by id.  cells: as the box ran them.  output: what was printed before the
    first hidden call.
    """

    submission: Submission
    score: Score
    checks: Sequence[CheckResult]
    pictures: Sequence[Picture] = ()
    notes: Sequence[str] = ()
    output: str = ""
    load_errors: Sequence[LoadError] = ()
    cells: Sequence[Cell] = ()
    title: str = ""
    titles: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, Sequence[str]] = field(default_factory=dict)
    manual: Mapping[str, ManualMark] = field(default_factory=dict)


# What may be seen ------------------------------------------------------------------------------------------------


def opened(due: datetime | None, now: datetime, detail: Detail = "after_due") -> bool:
    """Whether the deadline (with the student's extension) lies behind us and the course then tells more."""
    # In UTC: times of one zone are compared by the wall clock, which summer time moves.
    return detail == "after_due" and due is not None and now.astimezone(UTC) > due.astimezone(UTC)


def visible(raw: Raw, detail: bool = False) -> Visible:
    """What the student may see; detail: as after the deadline."""
    score, submission = raw.score, raw.submission
    hidden = {one.exercise: _above_quarters(raw.checks, one.exercise) for one in score.exercises}
    hidden_in_all = math.fsum(hidden.values())
    return Visible(
        unit=name(submission.unit),
        title=prose(raw.title) or name(submission.unit),
        student=name(submission.student),
        submission=submission.id,
        attempt=submission.attempt,
        filename=name(submission.filename),
        received=submission.received,
        verdict=score.verdict,
        raw=_less(score.raw, hidden_in_all),
        penalty=score.penalty,
        total=_less(score.total, hidden_in_all),
        maximum=score.maximum,
        late_days=score.late_days,
        exercises=tuple(_exercise(raw, one, hidden[one.exercise], detail) for one in score.exercises),
        questions=tuple(_question(id, raw.titles, mark) for id, mark in raw.manual.items()),
        notes=tuple(plain.line(note, MESSAGE_CAP) for note in _once(submission.notes, raw.notes)),
        output=plain.block(raw.output, OUTPUT_CAP),
        load_errors=tuple(_load_error(error, raw.cells) for error in raw.load_errors[:MOST_LOAD_ERRORS]),
        detail=detail,
    )


def name(text: str) -> str:
    """An id or a file's name on one line."""
    return plain.line(text, NAME_CAP)


def prose(text: str) -> str:
    """A sentence of the course's, its formulas readable."""
    return plain.line(tex.readable(text[: 2 * SENTENCE_CAP]), SENTENCE_CAP)


def _exercise(raw: Raw, score: ExerciseScore, hidden: float, detail: bool) -> ExerciseReport:
    checks = [_check(check, raw.cells, detail) for check in raw.checks if check.exercise == score.exercise]
    drawn = [one for one in raw.pictures if one.exercise == score.exercise and one.kind in PICTURE_KINDS]
    return ExerciseReport(
        id=name(score.exercise),
        title=prose(raw.titles.get(score.exercise, "")) or name(score.exercise),
        earned=_less(score.earned, hidden),
        maximum=score.maximum,
        verdict=score.verdict,
        checks=tuple(checks if detail else _one_diagnosis(checks)),
        pictures=tuple(map(_picture, drawn)),
        sources=tuple(map(prose, raw.resources.get(score.exercise, ()))),
    )


def _check(check: CheckResult, cells: Sequence[Cell], detail: bool) -> CheckReport:
    # A passed check needs no help, and of one that we failed to run there is nothing to say.
    helps = check.verdict not in (Verdict.PASSED, Verdict.NOT_GRADED)
    return CheckReport(
        name=name(check.check),
        sentence=prose(check.sentence) or name(check.check),
        verdict=check.verdict,
        points=check.points,
        earned=quartered(check),
        takes=check.takes,
        message=message(check, detail),
        diagnosis=prose(check.diagnosis) if helps else "",
        twin=plain.block(check.twin, TWIN_CAP) if helps and literal(check.twin) else "",
        code=code_line(cells, check.cell, check.line) if helps else None,
    )


def _one_diagnosis(checks: Iterable[CheckReport]) -> Iterable[CheckReport]:
    """Which of many slips was recognised is a channel of some bits: one for each exercise is enough to go on."""
    told = False
    for check in checks:
        yield replace(check, diagnosis="") if told else check
        told = told or bool(check.diagnosis)


def _question(id: str, titles: Mapping[str, str], mark: ManualMark) -> QuestionReport:
    comment = plain.block(tex.readable(mark.comment[:SENTENCE_CAP]), SENTENCE_CAP)
    return QuestionReport(name(id), prose(titles.get(id, "")) or name(id), mark.points, mark.maximum, comment)


def _load_error(error: LoadError, cells: Sequence[Cell]) -> LoadErrorReport:
    code = code_line(cells, error.cell_index, error.line)
    cell = code.cell if code else name(error.cell)
    kind = known_kind(error.kind) or "error"
    return LoadErrorReport(cell, kind, plain.line(error.message, MESSAGE_CAP), code)


def _once(*lists: Sequence[str]) -> list[str]:
    """Each note once: reading the file again for grading repeats what the receipt said."""
    return list(dict.fromkeys(note for notes in lists for note in notes))[:MOST_NOTES]


# Points ----------------------------------------------------------------------------------------------------------


def quartered(check: CheckResult) -> float:
    """What the check gave, in quarters of what it is worth, rounded down; a share in between is a measurement."""
    worth = check.points + check.takes
    if worth <= 0 or not check.earned:
        return 0.0
    share = min(max((check.earned + check.takes) / worth, 0.0), 1.0)
    # 1e-9: three times a quarter, computed, may be a rounding error below it.
    return worth * math.floor(share * 4 + 1e-9) / 4 - check.takes


def _above_quarters(checks: Iterable[CheckResult], exercise: str) -> float:
    return math.fsum(check.earned - quartered(check) for check in checks if check.exercise == exercise)


def _less(points: float, hidden: float) -> float:
    return max(points - hidden, 0.0) if abs(hidden) > 1e-9 else points


# Words -----------------------------------------------------------------------------------------------------------

OUR_FAULT = "Our side failed here. Nothing was lost and no point is taken; this will be graded again."
_FIXED = {
    Verdict.NOT_GRADED: OUR_FAULT,
    Verdict.TIMED_OUT: "Your code did not answer in time. Look for a loop that does not end or that numpy could do.",
    Verdict.OUT_OF_MEMORY: "Your code asked for more memory than it may use. Look for an array with a needless axis.",
    Verdict.OUT_OF_GPU_MEMORY: "Your code asked for more GPU memory than a submission may use. Try smaller batches.",
    Verdict.NOT_RUN: "Not run, since earlier checks of this exercise ran out of time or memory.",
}
# What the sandbox says of an end without an exception, recognised by these words and told in ours.
_ENDS = {
    "not plain data": "Your function gave something that is not plain data: numbers, arrays, texts, lists, dicts are.",
    "ended the whole process": "Your code ended the whole process.",
    "broke off": "Your notebook broke off while its cells were run.",
    "was lost": "An object was lost when your code was stopped.",
    "of its own": "Your code raised an exception of its own.",
}
_STOPPED = "Your code stopped without giving an answer."
_NAME = r"`[A-Za-z_][\w.]{0,79}`"
#: Sentences that hold a name and a line of the student's own code; one of another form is told as the last of its row.
_FORMS = {
    Verdict.MISSING: (
        re.compile(rf"{_NAME}(?:, {_NAME})*: still the empty stub, or not there\."),
        re.compile(rf"{_NAME} is not there, or still raises NotImplementedError\."),
        "Still the empty stub, or not there.",
    ),
    Verdict.FORBIDDEN: (
        re.compile(rf"{_NAME} \(line \d{{1,6}} of your cell\) is not allowed in this exercise\."),
        re.compile(rf"While it ran, your function used {_NAME}, which this exercise does not allow\."),
        "Your code uses a name that this exercise does not allow.",
    ),
}
_KNOWN_KINDS = frozenset(
    name for name, kind in vars(builtins).items() if isinstance(kind, type) and issubclass(kind, BaseException)
) | {"LinAlgError", "AxisError", "OutOfMemoryError", "UFuncTypeError", "JSONDecodeError", "UnpicklingError"}


def message(check: CheckResult, detail: bool = False) -> str:
    """What was seen, as far as a student may know it."""
    if check.verdict is Verdict.PASSED:
        return ""
    if check.verdict is Verdict.CRASHED:
        return crash(check.message)
    told = plain.line(check.message, MESSAGE_CAP)
    if check.verdict in _FORMS:
        first, second, otherwise = _FORMS[check.verdict]
        return told if first.fullmatch(told) or second.fullmatch(told) else otherwise
    return _FIXED.get(check.verdict) or rounded(told, detail)


def crash(told: str) -> str:
    """The sentence of a crash: one of a fixed list, or with the name of a known exception."""
    kind = known_kind(told)
    if not kind:
        end = next((end for end in _ENDS if end in told[:1000]), "")
        return _ENDS.get(end, _STOPPED)
    return f"Your code raised {'an' if kind[0] in 'AEIOU' else 'a'} `{kind}`."


def known_kind(told: str) -> str:
    """The first name of a known exception in a text, or nothing."""
    return next((word for word in re.findall(r"[A-Za-z]+", told[:1000]) if word in _KNOWN_KINDS), "")


# Numbers in words ------------------------------------------------------------------------------------------------

_NUMBERS = re.compile(
    r"""
      (?P<shape> \b(?: shape | not ) [ ] \( \d+ (?: ,[ ]?\d+ )* ,? \) )
    | (?P<code> \b0x[\da-f.]+ (?: p[-+]?\d+ )? | \b(?=\w*\d)(?=\w*[a-f])[\da-f]{12,}\b )  # a float's bits, a digest
    | (?P<error> \b(?: by | about | error (?:[ ]of)? | loss (?:[ ]of)? ) [ ] )?
      (?P<number> (?: \d[\d_]* (?: \.\d+ )? | \.\d+ ) (?: [eE][-+]?\d+ )? )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_COUNT = 3  # digits of an integer that is a count of parts, an index or a limit


def rounded(text: str, detail: bool = False) -> str:
    """The text without precise numbers; shapes and small counts stay.

    A backstop for a careless unit: comparisons already tell the size of an error as one digit.
    """

    def shown(match: re.Match[str]) -> str:
        number = match["number"]
        if number is None:
            return match["shape"] or "…"
        if detail:
            most, least = 3, 3
        else:
            most, least = (1, 1) if match["error"] else (2, 1)
        count = number.isdigit() and len(number) <= _COUNT and not match["error"]
        kept = number if count or _digits(number) <= most else _shortened(number, least)
        return (match["error"] or "") + kept

    return _NUMBERS.sub(shown, text)


def _digits(number: str) -> int:
    """Significant digits; the zeros at the end of an integer are none."""
    mantissa = re.split("[eE]", number)[0]
    digits = re.sub(r"\D", "", mantissa).lstrip("0")
    return len(digits if "." in mantissa else digits.rstrip("0"))


def _shortened(number: str, digits: int) -> str:
    """With so many digits: 0.0317 -> 0.03."""
    try:
        value = float(number)
    except ValueError:
        return "…"
    return f"{value:.{digits}g}" if math.isfinite(value) else "…"


# Code ------------------------------------------------------------------------------------------------------------

#: Names that have no place in a snippet for home: what is drawn there is drawn again, what they import stays here.
_NOT_LITERAL = frozenset({"rng", "default_rng", "random", "secrets", "urandom", "reference", "autograder", "student"})


def literal(twin: str) -> bool:
    """Whether the public twin is a program whose numbers all stand in it."""
    try:
        tree = ast.parse(twin[:TWIN_CAP])
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return not any(_NOT_LITERAL & set(_names(node)) for node in ast.walk(tree))


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute):
        return [node.attr]
    if isinstance(node, ast.Import):
        return [part for alias in node.names for part in alias.name.split(".")]
    if isinstance(node, ast.ImportFrom):
        return [*(node.module or "").split("."), *(alias.name for alias in node.names)]
    return []


def code_line(cells: Sequence[Cell], cell: int | None, line: int | None) -> CodeLine | None:
    """The line that a fault points to, if our copy of the submission has it."""
    if cell is None or line is None or not 0 <= cell < len(cells):
        return None
    lines = re.split(r"\r\n|\r|\n", cells[cell].source)  # as Python counts them; splitlines() knows more kinds
    if not 1 <= line <= len(lines):
        return None
    return CodeLine(plain.line(cells[cell].exercise or cells[cell].id, 80), line, plain.code_line(lines[line - 1]))


# Pictures --------------------------------------------------------------------------------------------------------


def _picture(picture: Picture) -> PictureReport:
    """The same picture with plain words and numbers, and not more of them than a page can hold."""
    rows, columns = (MOST_CURVES, MOST_POINTS) if picture.kind == "lines" else (MOST_CELLS, MOST_CELLS)
    return PictureReport(
        caption=prose(picture.caption),
        kind=picture.kind,
        yours=_numbers(picture.yours, rows, columns),
        reference=_numbers(picture.reference, rows, columns),
        x_label=prose(picture.x_label)[:40],
        y_label=prose(picture.y_label)[:40],
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
