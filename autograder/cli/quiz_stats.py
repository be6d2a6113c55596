"""`quiz stats`: how the templates do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from ..quiz import figures, markup
from ..quiz.practice import Log
from ..quiz.stats import Given, ItemStatistics, frame, from_practice, from_results, statistics_of
from .common import Desk, console, with_desk, write_file


@click.command()
@click.argument("quizzes", nargs=-1)
@click.option("--practice", is_flag=True, help="Of the practice on this machine instead of graded quizzes.")
@click.option("--csv", "table", type=click.Path(path_type=Path), default=None, help="Write the table as CSV.")
@click.option("--plot", type=click.Path(path_type=Path), default=None, help="Write a picture of the difficulty (SVG).")
@with_desk
def stats(desk: Desk, quizzes: tuple[str, ...], practice: bool, table: Path | None, plot: Path | None) -> None:
    """Each template of the graded QUIZZES (of all): share right, discrimination, most frequent slip, median time.

    \b
    A template that more than 80 % get wrong is marked: look at it before you look at the students. Discrimination is the
    correlation with the rest of the attempt: near 0 or below it, the question does not measure what the others do.
      autograder quiz stats quiz_backprop --plot difficulty.svg
    """
    items = statistics_of(_practised(desk) if practice else _graded(desk, quizzes))
    if not items:
        console.print(Text("no answers yet"))
        return
    console.print(_table(items))
    if table is not None:
        write_file(table, frame(items).to_csv(index=False))
    if plot is not None:
        write_file(plot, figures.bars({item.template: item.share_right for item in items}, "share right").svg)


def _graded(desk: Desk, names: tuple[str, ...]) -> list[Given]:
    with desk.store() as grades:
        attempts: list[tuple[str, Any]] = []
        for quiz in [desk.course.quiz(name) for name in names] or desk.course.quizzes:
            for submission in grades.submissions(unit=quiz.name):
                result = grades.result(submission.id)
                if result is not None:
                    attempts.append((str(submission.id), result.provenance["questions"]))
    return from_results(attempts)


def _practised(desk: Desk) -> list[Given]:
    return [
        given
        for path in sorted((desk.state / "practice").glob("*.jsonl"))
        for given in from_practice(path.stem, Log(path).read())
    ]


def _table(items: list[ItemStatistics]) -> Table:
    table = Table("template", "answers", "right", "discrimination", "most frequent slip", "seconds")
    for item in items:
        table.add_row(*_row(item), style="red" if item.alarm else None)
    return table


def _row(item: ItemStatistics) -> Iterator[Text]:
    yield Text(item.template + (" !" if item.alarm else ""))
    yield Text(str(item.answers))
    yield Text(f"{item.share_right:.0%}")
    yield Text("-" if item.discrimination is None else f"{item.discrimination:.2f}")
    yield Text(f"{item.slip_share:.0%} {markup.terminal(item.slip)[:70]}" if item.slip else "-")
    yield Text("-" if item.seconds is None else f"{item.seconds:.0f}")
