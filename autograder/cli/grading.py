"""`submit`, `grade`, `regrade`, `replay`: work comes in and gets its points."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from .. import bundle as bundles
from ..errors import CommandError, OurError
from ..notebook import load_unit
from ..records import CheckResult, Submission
from ..store import Priority, State, Store
from ..workers.grader import Outcome
from ..workers.replay import rejudge
from .common import STYLES, BoxWish, Desk, box_option, console, jobs_option, with_desk
from .running import again, gradable, grade_all
from .taking import one, receipt, take_all, taken

unit_option = click.option("--unit", default=None, help="The unit, where file and course leave it open.")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--student", default=None, help="Whose work it is [default: from the file's name].")
@unit_option
@with_desk
def submit(desk: Desk, file: Path, student: str | None, unit: str | None) -> None:
    """Hand in FILE (.ipynb, .py or .zip).  Once the receipt is printed it is never lost.

    \b
      autograder submit ada.ipynb
      autograder submit work.zip --student ada --unit backprop
    """
    found = one(desk, file, student, unit)
    with desk.store() as grades:
        submission, new = taken(desk, grades, found, Priority.INTERACTIVE)
    receipt(submission, new)


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--student", default=None, help="Whose work it is (for a single file).")
@unit_option
@click.option("--watch", "watching", is_flag=True, help="Stay, and grade what comes into the folder, until Ctrl-C.")
@box_option
@jobs_option
@with_desk
def grade(
    desk: Desk, path: Path, student: str | None, unit: str | None, watching: bool, wish: BoxWish, jobs: int
) -> None:
    """Take in and grade PATH: a file, a folder of files, or an nbgrader `submitted/` tree.

    \b
    Ctrl-C finishes what is running and keeps it; the same command goes on from there.
      autograder grade ada.ipynb
      autograder grade submissions/ --jobs 2
      autograder grade submitted/ --unit backprop
      autograder grade inbox/ --watch
    """
    if watching:
        if student is not None or not path.is_dir():
            raise CommandError("--watch is for a folder; its files' names tell whose they are.")
        from .serving import watch

        watch(desk, path, unit and desk.course.unit(unit).name, wish, jobs)
        return
    with desk.store() as grades:
        found, refused = take_all(desk, grades, path, student, unit)
        todo = gradable(desk, [s for s in found if grades.standing(s.id).state in (State.RECEIVED, State.RETRY)])
        outcomes = grade_all(desk, grades, todo, wish, jobs)
        show_table(grades, found, outcomes)
    _leave(refused, outcomes, todo)


@click.command()
@click.argument("ids", nargs=-1, type=int)
@click.option("--unit", default=None, help="All submissions of a unit.")
@click.option("--held", is_flag=True, help="Those that wait for a person after three failures of ours.")
@box_option
@jobs_option
@with_desk
def regrade(desk: Desk, ids: tuple[int, ...], unit: str | None, held: bool, wish: BoxWish, jobs: int) -> None:
    """Run submissions again with today's tests; the new result becomes the current one.

    \b
      autograder regrade 12 13
      autograder regrade --unit backprop
      autograder regrade --held
    """
    with desk.store() as grades:
        chosen = [grades.submission(i) for i in ids]
        if unit is not None:
            known = desk.course.quiz(unit) if desk.course.is_quiz(unit) else desk.course.unit(unit)
            chosen += list(grades.submissions(unit=known.name))
        if held:
            chosen += list(grades.submissions(state=State.HELD))
        if not chosen:
            raise CommandError("nothing to regrade. Name submissions by number, or use --unit or --held.")
        quizzes = [s for s in chosen if desk.course.is_quiz(s.unit)]
        chosen = gradable(desk, [s for s in chosen if s not in quizzes])
        before = {s.id: grades.result(s.id) for s in [*quizzes, *chosen]}
        _regrade_quizzes(desk, grades, quizzes)
        again(desk, grades, chosen)  # a person has looked: what was held has all its tries again
        outcomes = grade_all(desk, grades, chosen, wish, jobs)
        was = {i: r.score.total for i, r in before.items() if r is not None}
        show_table(grades, [*quizzes, *chosen], outcomes, was)
    _leave([], outcomes, chosen)


def _regrade_quizzes(desk: Desk, grades: Store, chosen: Sequence[Submission]) -> None:
    """Attempts at quizzes are judged here: nothing of a student's runs."""
    if chosen:
        from .quiz_common import templates
        from .quiz_graded import graded

        catalogue = templates(desk)
        quizzes = {name: graded(desk, grades, name, catalogue) for name in {s.unit for s in chosen}}
        for submission in chosen:
            quizzes[submission.unit].regrade(submission)


@click.command()
@click.argument("id", type=int)
@with_desk
def replay(desk: Desk, id: int) -> None:
    """Judge the recorded answers of submission ID again, with the tests and seeds of its grade.

    No student code runs.  Exit code 1 if the points differ: then something of ours has changed.

    \b
      autograder replay 12
    """
    with desk.store() as grades:
        submission, result = grades.submission(id), grades.result(id)
        if result is None:
            raise CommandError(f"submission {id} has no grade yet. Run: autograder grade")
        answers = grades.blob(result.answers) if result.answers else None
        if desk.course.is_quiz(submission.unit):
            checks = _quiz_checks(answers, grades.blob(submission.blob), result.score.maximum)
        else:
            bundle = bundles.from_bytes(grades.bundle(result.bundle))
            folder = bundles.materialise(bundle, desk.state / "bundles")
            checks = rejudge(folder, load_unit(folder, submission.unit), result, answers)
    differing = [
        f"{was.check}: was {was.earned:g} ({was.verdict.value}), is {now.earned:g} ({now.verdict.value})"
        for was, now in zip(result.checks, checks, strict=True)
        if (was.check, was.earned, was.verdict) != (now.check, now.earned, now.verdict)
    ]
    console.print(
        Text(f"submission {id} of {submission.student}: {result.score.total:g} of {result.score.maximum:g} points")
    )
    console.print(
        Text(
            f"  graded {result.created:%Y-%m-%d %H:%M} UTC in {result.provenance.get('box', 'no box')}, bundle {result.bundle[:12]}"
        )
    )
    if differing:
        raise OurError(f"the replay differs in {len(differing)} checks: {'; '.join(differing)}")
    console.print(Text(f"  replayed: {len(checks)} checks, the same points.", style="green"))


def _quiz_checks(frozen: bytes | None, submission: bytes, points: float) -> tuple[CheckResult, ...]:
    from ..quiz.graded import rejudge as rejudge_quiz

    return rejudge_quiz(json.loads(frozen or b"[]"), submission, points)


def show_table(
    grades: Store,
    submissions: Sequence[Submission],
    outcomes: Sequence[Outcome],
    before: dict[int, float] | None = None,
) -> None:
    """One row a submission, as the store has it now."""
    table = Table("id", "student", "unit", "attempt", "points", "late", "verdict", "note")
    if before is not None:
        table.add_column("before")
    reasons = {o.submission.id: o.reason for o in outcomes if o.score is None}
    for submission in submissions:
        result = grades.result(submission.id)
        cells = [
            Text(str(submission.id)),
            Text(submission.student),
            Text(submission.unit),
            Text(str(submission.attempt)),
        ]
        if result is None or submission.id in reasons:
            standing = grades.standing(submission.id)
            words = f"{standing.state.value}: {reasons.get(submission.id) or standing.reason}"[:120]
            cells += [Text("-"), Text(""), Text("not graded", style="magenta"), Text(words)]
        else:
            score = result.score
            late = f"{score.late_days} d, -{score.penalty:g}" if score.late_days else ""
            style = STYLES.get(score.verdict, "red")
            cells += [Text(f"{score.total:g} / {score.maximum:g}"), Text(late), Text(score.verdict.value, style=style)]
            cells.append(Text("; ".join(submission.notes)[:80]))
        if before is not None:
            cells.append(Text(f"{before[submission.id]:g}" if submission.id in before else "-"))
        table.add_row(*cells)
    console.print(table)


def _leave(refused: Sequence[str], outcomes: Sequence[Outcome], todo: Sequence[Submission]) -> None:
    """The exit code: 130 stopped, 1 we failed somewhere, 2 files were refused, 0 all is graded."""
    if len(outcomes) < len(todo):
        raise KeyboardInterrupt
    failed = [o for o in outcomes if o.score is None]
    if failed:
        raise OurError(
            f"{len(failed)} of {len(outcomes)} were not graded; nobody lost a point. Run the same command again."
        )
    if refused:
        raise CommandError(f"{len(refused)} files were not accepted (named above); the rest is graded.")
