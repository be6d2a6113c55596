"""`quiz export`: frozen variants for learning platforms and paper, and the results of graded quizzes as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from ..errors import CommandError
from ..lms import gift, moodle, qti, sheet
from ..lms.items import Group, Pool, pool
from ..quiz.question import Template
from ..store import Store
from .common import Desk, console, errors, guarded, unwritable, with_desk, write_file
from .quiz_common import templates

RESULTS = "student,quiz,attempt,received,question,template,typed,fraction,slip,seconds,points".split(",")
_path = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("which", nargs=-1)
@click.option(
    "--moodle", "moodle_file", type=_path, metavar="FILE.xml", help="Moodle XML, a category for each template."
)
@click.option("--qti", "qti_file", type=_path, metavar="FILE.zip", help="QTI 1.2 for Canvas' classic quizzes.")
@click.option("--gift", "gift_file", type=_path, metavar="FILE.txt", help="GIFT.")
@click.option(
    "--sheet", "sheet_file", type=_path, metavar="FILE.html|.pdf", help="A sheet to print; its key beside it."
)
@click.option("--key", "key_file", type=_path, metavar="FILE.html|.pdf", help="Where the key goes [default: NAME-key].")
@click.option("--results", type=_path, metavar="FILE.csv", help="Every answer of the graded quizzes.")
@click.option("--variants", "-n", default=10, show_default=True, type=click.IntRange(1, 1000), help="Of each template.")
@click.option("--versions", default=1, show_default=True, type=click.IntRange(1, 26), help="Sheets with other numbers.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Another seed, other variants.")
@with_desk
def export(
    desk: Desk,
    which: tuple[str, ...],
    moodle_file: Path | None,
    qti_file: Path | None,
    gift_file: Path | None,
    sheet_file: Path | None,
    key_file: Path | None,
    results: Path | None,
    variants: int,
    versions: int,
    seed: int,
) -> None:
    """Questions of WHICH (graded quizzes, units, techniques, tags, templates; all when nothing is named) for Moodle, Canvas
    or paper, with answers and feedback in them: for teachers.

    \b
      autograder quiz export --moodle backprop.xml backprop
      autograder quiz export --qti quiz.zip --variants 20 quiz_backprop
      autograder quiz export --gift softmax.txt softmax
      autograder quiz export --sheet exam.pdf --versions 2 backprop     # -> exam.pdf, exam-key.pdf
      autograder quiz export --results answers.csv quiz_backprop
    """
    if not any((moodle_file, qti_file, gift_file, sheet_file, results)):
        raise CommandError("export to what? Add --moodle, --qti, --gift, --sheet or --results with a file.")
    _endings(qti_file, sheet_file, key_file)
    if results is not None:
        with desk.store() as grades:
            _write(results, _results(desk, grades, which).encode())
    if any((moodle_file, qti_file, gift_file, sheet_file)):
        paper = sheet_file is not None and not any((moodle_file, qti_file, gift_file))
        groups = _groups(desk, which, versions if paper else max(variants, versions), seed)
        if qti_file is not None or sheet_file is not None:
            _tell_of_counts(desk, groups)
        _questions(desk.course.title, groups, moodle_file, qti_file, gift_file)
        if sheet_file is not None:
            _paper(desk.course.title, groups, sheet_file, key_file, versions)


def _tell_of_counts(desk: Desk, groups: Sequence[Group]) -> None:
    """A quiz that draws some of its templates is exported with all: neither Canvas nor paper draws so."""
    for name, held in ((group.name, len(group.pools)) for group in groups if desk.course.is_quiz(group.name)):
        count = desk.course.quiz(name).count
        if count is not None and count < held:
            line = f"{name} asks each student {count} of {held} templates; this file asks all {held}. Take some out."
            errors.print(Text(line, style="yellow"), soft_wrap=True)


def _endings(qti_file: Path | None, sheet_file: Path | None, key_file: Path | None) -> None:
    if qti_file is not None and qti_file.suffix.lower() != ".zip":
        raise CommandError(f"{qti_file}: Canvas takes a .zip. Call it {qti_file.stem}.zip.")
    for file in (sheet_file, key_file):
        if file is not None and file.suffix.lower() not in (".html", ".pdf"):
            raise CommandError(f"{file}: a sheet is .html or .pdf. Call it {file.stem}.html.")
    if key_file is not None and sheet_file is None:
        raise CommandError("--key goes with --sheet. Add --sheet FILE.")
    if key_file is not None and key_file == sheet_file:
        raise CommandError(f"{key_file} would be the sheet and its key. Name another file for the key.")


# Questions


def _questions(
    course: str, groups: Sequence[Group], moodle_file: Path | None, qti_file: Path | None, gift_file: Path | None
) -> None:
    if moodle_file is not None:
        _write(moodle_file, moodle.document(course, groups).encode(), groups)
    if qti_file is not None:
        _write(qti_file, qti.package(course, groups), groups)
    if gift_file is not None:
        _write(gift_file, gift.document(course, groups).encode(), groups)


def _paper(course: str, groups: Sequence[Group], sheet_file: Path, key_file: Path | None, versions: int) -> None:
    key_file = key_file or sheet_file.with_stem(f"{sheet_file.stem}-key")
    for file, make in ((sheet_file, sheet.questions), (key_file, sheet.key)):
        _page(file, make(course, groups, versions))


def _page(file: Path, html: str) -> None:
    if file.suffix.lower() == ".html":
        _write(file, html.encode())
        return
    try:
        sheet.pdf(html, file)
    except OSError as e:
        raise unwritable(file, e) from e
    console.print(Text(f"-> {file}"))


def _groups(desk: Desk, which: Sequence[str], count: int, seed: int) -> list[Group]:
    """A group for each graded quiz that was named, then one for each unit of what else was."""
    catalogue = templates(desk)
    quizzes = [desk.course.quiz(word) for word in which if desk.course.is_quiz(word)]
    others = [word for word in which if not desk.course.is_quiz(word)]
    chosen = [(quiz.name, quiz.title, catalogue.pick(*quiz.ask)) for quiz in quizzes]
    if others or not which:
        by_unit = groupby(catalogue.pick(*others), lambda template: template.id.partition("/")[0])
        chosen += [(unit, desk.course.titles[unit], tuple(found)) for unit, found in by_unit]
    if not any(found for _, _, found in chosen):
        raise CommandError("the course has no templates. Write assignments/<unit>/quiz.py; see: autograder quiz list")
    return _drawn(chosen, count, seed)


def _drawn(chosen: Sequence[tuple[str, str, Sequence[Template]]], count: int, seed: int) -> list[Group]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("quiz export", total=sum(len(found) for _, _, found in chosen))

        def drawn(template: Template) -> Pool:
            progress.update(task, description=template.id)
            made = pool(template, count, seed)
            progress.advance(task)
            return made

        return [Group(name, title, tuple(map(drawn, found))) for name, title, found in chosen]


# Results


def _results(desk: Desk, grades: Store, names: Sequence[str]) -> str:
    """A line for each answer; cells that a spreadsheet would run are guarded."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(RESULTS)
    for quiz in [desk.course.quiz(name) for name in names] or desk.course.quizzes:
        for row in _answers(grades, quiz.name):
            writer.writerow([guarded(cell) for cell in row])
    return table.getvalue()


def _answers(grades: Store, quiz: str) -> Iterator[list[str]]:
    for submission in grades.submissions(unit=quiz):
        result = grades.result(submission.id)
        if result is None:
            continue
        known = [submission.student, quiz, str(submission.attempt), submission.received.isoformat()]
        for n, (told, check) in enumerate(zip(result.provenance["questions"], result.checks, strict=True), 1):
            seconds = "" if told["seconds"] is None else f"{told['seconds']:g}"
            judged = [f"{told['fraction']:g}", told["slip"], seconds, f"{check.earned:g}"]
            yield [*known, str(n), told["template"], told["typed"], *judged]


def _write(file: Path, data: bytes, groups: Sequence[Group] = ()) -> None:
    pools = [pool for group in groups for pool in group.pools]
    if pools:
        console.print(Text(f"{sum(len(pool.items) for pool in pools)} questions of {len(pools)} templates"))
    write_file(file, data)
