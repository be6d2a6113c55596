"""`quiz practice`: one sitting in the terminal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import click
from rich.table import Table
from rich.text import Text

from ..errors import AnswerError, CommandError
from ..quiz.practice import Deck, Log, Mastery
from ..quiz.session import Outcome, Session
from ..quiz.variant import Variant
from .common import Desk, console, with_desk
from .quiz_common import markdown, now, question, templates

HELP = "?  a hint    !  the answer (comes back tomorrow)    q  stop"


@click.command()
@click.argument("which", nargs=-1)
@click.option("--most", default=20, show_default=True, type=click.IntRange(1, 500), help="Questions in this sitting.")
@click.option("--choice", is_flag=True, help="Pick from options instead of typing numbers.")
@click.option("--ahead", is_flag=True, help="Go on although nothing is due.")
@click.option("--who", default="me", show_default=True, help="Whose cards (on a shared machine).")
@click.option("--status", is_flag=True, help="Only show what is due and how well each technique is known.")
@with_desk
def practice(desk: Desk, which: tuple[str, ...], most: int, choice: bool, ahead: bool, who: str, status: bool) -> None:
    """Practise with fresh variants of WHICH (units, techniques, tags; the whole course when nothing is named).

    \b
    What is due comes first, then new templates (course.yaml: practice: {new_per_day: 10}). A wrong answer brings another
    variant at once, and the template back soon; a right one moves it days away. Nothing here is graded, and on your own
    machine the answers are not secret.
      autograder quiz practice
      autograder quiz practice softmax --most 10
      autograder quiz practice --status
    """
    if not who.isidentifier():
        raise CommandError(f"--who {who!r}: letters, digits and _ only.")
    chosen = templates(desk).pick(*which)
    deck = Deck(chosen, Log(desk.state / "practice" / f"{who}.jsonl"), desk.course.timezone, desk.course.new_per_day)
    if status:
        show_mastery(deck, now())
        return
    run(Session(deck, now, most=most, choice=choice, ahead=ahead))


def run(session: Session, ask: Callable[[str], str] = input) -> None:
    """Ask until the sitting is over or the learner stops."""
    if not session.left:
        console.print(Text(_nothing(session.deck)))
        return
    console.print(Text(f"{session.waiting} due, {len(session.new)} new. {HELP}", style="dim"))
    number = 0
    while (variant := session.ask()) is not None:
        number += 1
        asked = variant.question
        console.print()
        console.print(
            question(
                asked.prompt,
                asked.figure.text if asked.figure else "",
                variant.shown_options,
                variant.lefts,
                variant.how,
                f"{number}. {variant.template.technique}  ({session.left} left)",
            )
        )
        if not _answered(session, ask):
            break
    _summary(session)


def _answered(session: Session, ask: Callable[[str], str]) -> bool:
    """Until the question is answered or left; False: the learner stops."""
    while True:
        try:
            typed = ask("> ")
        except (EOFError, KeyboardInterrupt):
            console.print()
            return False
        match typed.strip().lower():
            case "":
                continue
            case "q" | "quit":
                return False
            case "?":
                console.print(markdown(session.hint() or "No further hint. `!` shows the answer."))
                continue
            case "!":
                _given_up(session.skip())
                return True
        try:
            _told(session.answer(typed))
        except AnswerError as error:
            console.print(Text(f"{error} (This costs nothing.)", style="yellow"))
            continue
        return True


def _told(outcome: Outcome) -> None:
    console.print(Text(f"  {outcome.read.echo}", style="dim"))
    if outcome.mark.right:
        console.print(Text("✓ right", style="bold green"))
    else:
        partly = f", {outcome.mark.fraction:.0%} of it is" if outcome.mark.fraction else ""
        console.print(Text(f"✗ not right{partly}", style="bold red"))
        if outcome.why:
            console.print(markdown(f"**Why:** {outcome.why}"))
        console.print(markdown(f"**Answer:** {outcome.answer}"))
    console.print(markdown(outcome.variant.question.explanation))
    if outcome.again:
        console.print(Text("Again, with other numbers:", style="dim"))


def _given_up(variant: Variant) -> None:
    asked = variant.question
    console.print(markdown(f"**Answer:** {asked.answer.show(asked.answer.value)}"))
    console.print(markdown(asked.explanation))


def _nothing(deck: Deck) -> str:
    due = deck.next_due()
    when = f"The next card is due on {due.astimezone(deck.zone):%a %d %b}. " if due else ""
    return f"Nothing is due now. {when}To go on all the same: --ahead"


def _summary(session: Session) -> None:
    done = [review for review in session.done if not review.retry]
    if not done:
        console.print(Text("Nothing was answered; all is as it was."))
        return
    right = sum(review.fraction >= 1 for review in done)
    console.print()
    console.rule("this sitting")
    console.print(Text(f"{len(done)} answered, {right} right at the first try"))
    show_mastery(session.deck, session.clock(), {review.technique for review in done})


def show_mastery(deck: Deck, at: datetime, only: set[str] | None = None) -> None:
    """A bar for each technique (those of this sitting, or all), what is due, the streak."""
    table = Table("technique", "mastery", "", "seen", "right at first try", box=None, pad_edge=False)
    for each in deck.mastery(at):
        if only is None or each.technique in only:
            table.add_row(*_bar(each))
    console.print(table)
    streak = deck.streak(at)
    days = f"{streak} day{'s' * (streak != 1)} in a row" if streak else "no practice yesterday or today"
    console.print(Text(f"{len(deck.due(at))} due, {len(deck.new(at))} new today; {days}"))
    console.print(Text(_nothing(deck) if not deck.due(at) and not deck.new(at) else "", style="dim"))


def _bar(each: Mastery) -> tuple[Text, ...]:
    full = round(20 * each.share)
    style = "green" if each.share >= 0.8 else "yellow" if each.share >= 0.4 else "red"
    bar = Text("█" * full, style=style) + Text("░" * (20 - full), style="dim")
    tries = f"{each.right} of {each.reviews}" if each.reviews else "-"
    return Text(each.technique), bar, Text(f"{each.share:.0%}"), Text(f"{each.seen} of {each.templates}"), Text(tries)
