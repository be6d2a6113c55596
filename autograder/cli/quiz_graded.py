"""`quiz open`, `answer`, `hand-in`, `take`, `collect`: graded quizzes."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click
from rich.text import Text

from .. import intake
from ..errors import AnswerError
from ..quiz.catalogue import Catalogue
from ..quiz.graded import Asked, GradedQuiz, Sheet
from ..records import Score, Submission
from ..secret import load_secret
from ..store import Store
from .common import Desk, console, with_desk, write_file
from .quiz_common import now, question, templates

student_option = click.option("--student", required=True, help="Who answers.")


def graded(desk: Desk, grades: Store, name: str, catalogue: Catalogue | None = None) -> GradedQuiz:
    """A graded quiz of the course; catalogue: its templates, where they were read already."""
    settings = desk.course.quiz(name)
    return GradedQuiz(desk.course, settings, catalogue or templates(desk), grades, load_secret(desk.course.id))


def of_token(desk: Desk, grades: Store, token: str) -> GradedQuiz:
    return graded(desk, grades, grades.quiz_attempts.of_token(token).quiz)


@click.command("open")
@click.argument("quiz")
@student_option
@click.option("--html", type=click.Path(path_type=Path), default=None, help="Write the sheet as a page.")
@with_desk
def open(desk: Desk, quiz: str, student: str, html: Path | None) -> None:
    """Open an attempt at QUIZ, or go on with the running one: its sheet, as JSON or as a page.

    \b
    The sheet holds no answer: judging is done here. (Practice, on a student's own machine, is open.)
      autograder quiz open quiz_backprop --student ada --html sheet.html
    """
    with desk.store() as grades:
        sheet = graded(desk, grades, quiz).open(intake.student_id(student), now())
    if html is None:
        click.echo(json.dumps(asdict(sheet), default=str, ensure_ascii=False, indent=1))
        return
    from ..lms.sheet import attempt_page

    write_file(html, attempt_page(sheet))
    console.print(Text(f"attempt {sheet.attempt} of {sheet.attempts}: {sheet.token}"))


@click.command()
@click.argument("token")
@click.argument("number", type=int)
@click.argument("text")
@student_option
@with_desk
def answer(desk: Desk, token: str, number: int, text: str, student: str) -> None:
    """Answer question NUMBER of the attempt TOKEN; until it is handed in, the last answer counts.

    \b
      autograder quiz answer 7f3a...c1 2 0.35 --student ada
    """
    with desk.store() as grades:
        read = of_token(desk, grades, token).answer(token, student, number, text, now())
    console.print(Text(f"question {number}: {read.echo}"))


@click.command("hand-in")
@click.argument("token")
@student_option
@with_desk
def hand_in(desk: Desk, token: str, student: str) -> None:
    """End the attempt TOKEN: its answers are judged and kept.

    \b
      autograder quiz hand-in 7f3a...c1 --student ada
    """
    with desk.store() as grades:
        _receipt(*of_token(desk, grades, token).hand_in(token, student, now()))


@click.command()
@click.argument("quiz")
@student_option
@with_desk
def take(desk: Desk, quiz: str, student: str) -> None:
    """Take QUIZ in this terminal; what is answered is kept at once, so the same command goes on after a stop.

    \b
      autograder quiz take quiz_backprop --student ada
    """
    student = intake.student_id(student)
    with desk.store() as grades:
        one = graded(desk, grades, quiz)
        sheet = one.open(student, now())
        console.print(Text(f"{sheet.title}: attempt {sheet.attempt} of {sheet.attempts}", style="bold"))
        if sheet.ends is not None:
            console.print(Text(f"Answers count until {sheet.ends.astimezone(desk.course.timezone):%Y-%m-%d %H:%M %Z}."))
        if not all(_one(one, sheet, student, each) for each in sheet.questions):
            console.print(Text("Stopped. What you answered is kept: the same command goes on."))
            return
        if click.confirm("Hand in?", default=True):
            _receipt(*one.hand_in(sheet.token, student, now()))


@click.command()
@click.argument("quiz", required=False)
@with_desk
def collect(desk: Desk, quiz: str | None) -> None:
    """Hand in the attempts at QUIZ (at all quizzes) whose time is over: what was answered in time counts.

    \b
      autograder quiz collect
    """
    count, catalogue = 0, templates(desk)
    with desk.store() as grades:
        for name in [quiz] if quiz else [each.name for each in desk.course.quizzes]:
            for submission, score in graded(desk, grades, name, catalogue).collect(now()):
                count += 1
                _receipt(submission, score)
    console.print(Text(f"{count} collected"))


def _one(one: GradedQuiz, sheet: Sheet, student: str, asked: Asked) -> bool:
    """One question; an empty line keeps the earlier answer or leaves it out.  False: stop."""
    console.print()
    head = f"Question {asked.number} of {len(sheet.questions)} ({asked.points:.3g} points)"
    console.print(question(asked.prompt, asked.figure_text, asked.options, asked.lefts, asked.how, head))
    if asked.typed:
        console.print(Text(f"so far: {asked.typed}", style="dim"))
    while True:
        try:
            typed = input("(Enter: next, q: stop) > ").strip()
        except (EOFError, KeyboardInterrupt):
            console.print()
            return False
        if typed.lower() in ("", "q"):
            return not typed
        try:
            console.print(Text(f"  {one.answer(sheet.token, student, asked.number, typed, now()).echo}", style="dim"))
        except AnswerError as error:
            console.print(Text(f"{error} (This costs nothing.)", style="yellow"))
            continue
        return True


def _receipt(submission: Submission, score: Score) -> None:
    console.print(
        Text(
            f"submission {submission.id} of {submission.student} ({submission.unit}, attempt {submission.attempt}): "
            f"{score.total:.4g} of {score.maximum:g} points"
        )
    )
