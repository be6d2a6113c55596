"""The report for a terminal: rich renderables, made of Text only (a str given to rich may be read as markup)."""

from __future__ import annotations

from collections.abc import Iterable

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from autograder.records import Verdict

from . import plain
from .marks import MARKS
from .report import (
    CheckReport,
    CodeLine,
    ExerciseReport,
    LoadErrorReport,
    PictureReport,
    QuestionReport,
    Report,
)

_COLOURS = {"good": "green", "part": "yellow", "bad": "red", "none": "bright_black", "ours": "magenta"}


def render(report: Report) -> RenderableType:
    """The whole report, for `console.print`."""
    parts: list[RenderableType] = [_top(report), *(_load_error(error) for error in report.load_errors)]
    parts += [_exercise(exercise, report.graded) for exercise in report.exercises]
    parts += [_question(question) for question in report.questions]
    parts += [_prose(f"Note: {note}", "dim") for note in report.notes]
    if report.output:
        parts.append(
            Panel(Text(report.output), title=Text("what your notebook printed"), title_align="left", border_style="dim")
        )
    return Group(*parts)


def _top(report: Report) -> Panel:
    lines = [_total(report), _prose(report.summary.headline, "bold")]
    if report.summary.start:
        lines.append(_prose(report.summary.start))
    if report.summary.right:
        right = _prose("Right: " + ", ".join(report.summary.right))
        lines.append(Text.assemble(("✓ ", "green"), right))
    if report.summary.waiting:
        lines.append(_prose(f"{plain.one_point(report.summary.waiting)} still to be marked by hand.", "dim"))
    lines += [_prose(report.late, "yellow" if report.late_days else "dim")] if report.late else []
    title = Text(f" {report.title} ", "bold")
    foot = Text(f" {report.student}, attempt {report.attempt}, receipt {report.submission} ", "dim")
    return Panel(Group(*lines), title=title, subtitle=foot, title_align="left", subtitle_align="right", padding=(1, 2))


def _total(report: Report) -> Text:
    earned, maximum = report.summary.earned, report.summary.maximum
    if earned is None:
        return Text("not graded yet", "bold magenta")
    share = min(max(earned / maximum, 0), 1) if maximum > 0 else 0
    bar = round(30 * share)
    return Text.assemble(
        (f"{plain.points(earned)} of {plain.one_point(maximum)}  ", "bold"),
        ("█" * bar, "green"),
        ("░" * (30 - bar), "bright_black"),
    )


def _exercise(exercise: ExerciseReport, graded: bool) -> RenderableType:
    mark = MARKS[exercise.verdict]
    colour = _COLOURS[mark.tone]
    points = f"{plain.points(exercise.earned) if graded else '–'} of {plain.points(exercise.maximum)}"
    head = Text.assemble((f" {mark.symbol} ", colour), (exercise.title, "bold"), f"  {points}  ", (mark.word, colour))
    if exercise.right:
        return head
    body: list[RenderableType] = [_checks(exercise.checks)]
    body += [_picture(picture) for picture in exercise.pictures]
    body += [_prose(f"Read: {source}", "dim") for source in exercise.sources]
    return Panel(Group(*body), title=head, title_align="left", border_style=colour, box=box.ROUNDED)


def _checks(checks: Iterable[CheckReport]) -> Table:
    table = Table(box=None, show_header=False, expand=True, padding=(0, 1, 0, 0))
    table.add_column(width=1, no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    table.add_column(justify="right", no_wrap=True)
    for check in checks:
        mark = MARKS[check.verdict]
        table.add_row(Text(mark.symbol, _COLOURS[mark.tone]), Group(*_words(check)), _worth(check))
    return table


def _words(check: CheckReport) -> list[RenderableType]:
    mark = MARKS[check.verdict]
    if check.verdict is Verdict.PASSED:
        return [_prose(check.sentence, "dim")]
    head = Text.assemble(_prose(check.sentence), (f"  {mark.word}", _COLOURS[mark.tone]))
    words: list[RenderableType] = [head]
    words += [_prose(check.message)] if check.message else []
    words += [Text.assemble(("→ ", "bold cyan"), _prose(check.diagnosis, "bold"))] if check.diagnosis else []
    words += [_code(check.code)] if check.code else []
    if check.twin:
        words += [Text("Try it at home:", "dim"), Padding(Text(check.twin, "cyan", overflow="fold"), (0, 0, 0, 2))]
    return words


def _worth(check: CheckReport) -> Text:
    if check.verdict is Verdict.NOT_GRADED:
        return Text("–", "magenta")
    if check.takes:
        return Text(f"−{plain.points(-check.earned)}", "red") if check.earned < 0 else Text("")
    return Text(f"{plain.points(check.earned)}/{plain.points(check.points)}")


def _code(code: CodeLine) -> Text:
    return Text.assemble((f"your {code.cell}, line {code.number}:  ", "dim"), (code.text, "cyan"))


def _picture(picture: PictureReport) -> Text:
    return _prose(f"(The page has a picture: {picture.caption})", "dim")


def _load_error(error: LoadErrorReport) -> Panel:
    body = [_prose(f"{error.kind}: {error.message}" if error.message else error.kind)]
    body += [_code(error.code)] if error.code else []
    return Panel(
        Group(*body), title=Text(f" ! cell {error.cell} did not run ", "red"), title_align="left", border_style="red"
    )


def _question(question: QuestionReport) -> Text:
    if question.points is None:
        return Text.assemble(
            " ○ ", (question.title, "bold"), f"  waits for its marker, {plain.one_point(question.maximum)}"
        )
    points = f"  {plain.points(question.points)} of {plain.points(question.maximum)}"
    comment = f"\n   {question.comment}" if question.comment else ""
    return Text.assemble(" ✎ ", (question.title, "bold"), points, "  marked by hand", comment)


def _prose(text: str, style: str = "") -> Text:
    """A sentence, with what stood between backticks in another colour."""
    words = Text(style=style, overflow="fold")
    for span in plain.spans(text):
        words.append(span.text, "cyan" if span.kind == "code" else None)
    return words
