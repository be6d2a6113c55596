"""`quiz list`, `quiz show`, `quiz check`."""

from __future__ import annotations

import time

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from ..quiz.check import check_all
from ..quiz.variant import draw
from .common import Desk, console, with_desk
from .quiz_common import markdown, question, templates


@click.command("list")
@click.argument("which", nargs=-1)
@with_desk
def list_(desk: Desk, which: tuple[str, ...]) -> None:
    """Templates of WHICH (units, techniques, tags; all when nothing is named).

    \b
      autograder quiz list
      autograder quiz list softmax
    """
    table = Table("template", "technique", "tags", "difficulty")
    found = templates(desk).pick(*which)
    for each in found:
        words = (each.id, each.technique, ", ".join(each.tags), "recall apply combine".split()[each.difficulty - 1])
        table.add_row(*map(Text, words))
    console.print(table)
    console.print(Text(f"{len(found)} templates"))


@click.command()
@click.argument("template")
@click.option("--seed", default=0, show_default=True, help="The first seed.")
@click.option("--variants", "-n", default=1, show_default=True, type=click.IntRange(1, 100))
@click.option("--choice", is_flag=True, help="With options to pick from, where the answer would be typed.")
@click.option("--answers/--no-answers", default=True, help="With answer, slips and explanation.")
@with_desk
def show(desk: Desk, template: str, seed: int, variants: int, choice: bool, answers: bool) -> None:
    """Some variants of TEMPLATE, as a student sees them, and what stands behind.

    \b
      autograder quiz show backprop/parameters -n 3
    """
    chosen = templates(desk).template(template)
    for number in range(seed, seed + variants):
        variant = draw(chosen, number, choice)
        asked, answer = variant.question, variant.question.answer
        figure = asked.figure.text if asked.figure else ""
        console.rule(f"{template}, seed {number}")
        console.print(question(asked.prompt, figure, variant.shown_options, variant.lefts, variant.how))
        if answers:
            console.print(Text("answer: ", style="green"), markdown(answer.show(answer.value)))
            for slip in asked.slips:
                console.print(markdown(f"- {answer.show(slip.gives)}: {slip.why}"))
            for hint in asked.hints:
                console.print(markdown(f"*hint:* {hint}"))
            console.print(markdown(asked.explanation))


@click.command()
@click.argument("which", nargs=-1)
@click.option("--variants", "-n", default=200, show_default=True, type=click.IntRange(1, 100_000), help="Of each.")
@click.option("--verbose", "-v", is_flag=True, help="A line for every template, not only for those to mend.")
@with_desk
def check(desk: Desk, which: tuple[str, ...], variants: int, verbose: bool) -> None:
    """Draw many variants of every template and look at each: wrong options that collide, numbers that degenerate, answers
    that come out differently when they are computed again, texts that show what nobody should see.

    \b
    Exit code 2 when there is something to mend.
      autograder quiz check
      autograder quiz check backprop --variants 1000
    """
    chosen = templates(desk).pick(*which)
    began, found = time.perf_counter(), []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("quiz check", total=len(chosen))
        for each in check_all(chosen, variants, lambda id: progress.update(task, description=id)):
            found.append(each)
            progress.advance(task)
    for each in found:
        if each.faults or verbose:
            mark, style = ("✗", "red") if each.faults else ("✓", "green")
            again = ", computed twice" if each.again else ""
            console.print(
                Text(
                    f"{mark} {each.template.id}: {each.questions} questions, {each.answers} answers{again}", style=style
                )
            )
        for fault in each.faults:
            console.print(Text(f"    {fault}"))
    bad, drawn = sum(bool(each.faults) for each in found), sum(each.variants for each in found)
    spent = sum(each.seconds for each in found)
    verdict = "clean" if not bad else f"{bad} to mend"
    console.print(
        Text(
            f"{len(found)} templates, {drawn} variants in {time.perf_counter() - began:.1f} s "
            f"({drawn / max(spent, 1e-9):.0f} a second), {sum(e.again for e in found)} computed twice: {verdict}",
            style="red" if bad else "green",
        )
    )
    if bad:
        raise SystemExit(2)
