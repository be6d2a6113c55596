"""`submit`, `grade`, `regrade`, `replay`: work comes in and gets its points."""

from __future__ import annotations

import json
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import click
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from .. import bundle as bundles
from .. import intake
from ..errors import BoxError, CommandError, OurError, SubmissionError, UserError
from ..intake import Found
from ..notebook import load_unit
from ..pipeline import accept
from ..records import CheckResult, Submission, Verdict
from ..sandbox import gpu, host
from ..store import State, Store
from ..workers.local import Crew, Outcome
from ..workers.replay import rejudge
from .common import BoxWish, Desk, box_option, console, errors, the_unit, with_desk

unit_option = click.option("--unit", default=None, help="The unit, where file and course leave it open.")
jobs_option = click.option("--jobs", "-j", default=2, show_default=True, type=click.IntRange(1, 64), help="Workers.")
STYLES = {Verdict.PASSED: "green", Verdict.PARTIAL: "yellow", Verdict.NOT_GRADED: "magenta"}


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
    found = _one(desk, file, student, unit)
    with desk.store() as grades:
        taken, new = _taken(desk, grades, found)
    _receipt(taken, new)


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--student", default=None, help="Whose work it is (for a single file).")
@unit_option
@box_option
@jobs_option
@with_desk
def grade(desk: Desk, path: Path, student: str | None, unit: str | None, wish: BoxWish, jobs: int) -> None:
    """Take in and grade PATH: a file, a folder of files, or an nbgrader `submitted/` tree.

    \b
    Ctrl-C finishes what is running and keeps it; the same command goes on from there.
      autograder grade ada.ipynb
      autograder grade submissions/ --jobs 2
      autograder grade submitted/ --unit backprop
    """
    with desk.store() as grades:
        taken, refused = take_all(desk, grades, path, student, unit)
        todo = gradable(desk, [s for s in taken if grades.standing(s.id).state in (State.RECEIVED, State.RETRY)])
        outcomes = grade_all(desk, grades, todo, wish, jobs)
        show_table(grades, taken, outcomes)
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
        for submission in chosen:
            if grades.standing(submission.id).state is State.HELD:
                grades.retry(submission.id)  # a person has looked: it has all its tries again
        if not chosen:
            raise CommandError("nothing to regrade. Name submissions by number, or use --unit or --held.")
        quizzes = [s for s in chosen if desk.course.is_quiz(s.unit)]
        chosen = gradable(desk, [s for s in chosen if s not in quizzes])
        before = {s.id: grades.result(s.id) for s in [*quizzes, *chosen]}
        _regrade_quizzes(desk, grades, quizzes)
        outcomes = grade_all(desk, grades, chosen, wish, jobs, newest=True)
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


# Taking in


def _one(desk: Desk, file: Path, student: str | None, unit: str | None) -> Found:
    """The one submission that a file is."""
    names = desk.unit_names()
    who = intake.student_id(student) if student else intake.student_of(file, names)
    found = intake.found(file, who, names)
    return Found(file, who, unit or found.unit or the_unit(desk, None), found.received)


def _taken(desk: Desk, grades: Store, found: Found) -> tuple[Submission, bool]:
    unit = desk.unit(found.unit or the_unit(desk, None))
    try:
        data = intake.read_file(found.path)
    except OSError as e:
        raise SubmissionError(f"{found.path}: cannot be read ({e.strerror}).") from e
    return accept(grades, desk.course, unit, data, found.path.name, found.student, found.received)


def _receipt(taken: Submission, new: bool) -> None:
    said = "accepted" if new else "is already here: the same file as before"
    console.print(Text(f"submission {taken.id} of {taken.student} ({taken.unit}, attempt {taken.attempt}) {said}"))
    console.print(Text(f"  received {taken.received:%Y-%m-%d %H:%M:%S} UTC, sha256 {taken.blob[:16]}"))
    for note in taken.notes:
        console.print(Text(f"  note: {note}", style="yellow"))


def take_all(
    desk: Desk, grades: Store, path: Path, student: str | None, unit: str | None
) -> tuple[list[Submission], list[str]]:
    """Accept all that lies at a path; what cannot be accepted is named and does not stop the rest."""
    if path.is_file():
        return [_taken(desk, grades, _one(desk, path, student, unit))[0]], []
    if student is not None:
        raise CommandError("--student is for a single file; in a folder the files' names tell.")
    taken: dict[int, Submission] = {}
    refused: list[str] = []
    found = intake.find_submissions(path, desk.unit_names(), refused)
    if not found and not refused:
        raise CommandError(f"{path}: no .ipynb, .py or .zip here.")
    for one in found:
        if unit is not None and one.unit not in (None, unit):
            continue
        try:
            submission, _ = _taken(desk, grades, Found(one.path, one.student, one.unit or unit, one.received))
        except UserError as e:
            refused.append(" ".join(str(e).split()))
        else:
            taken[submission.id] = submission
    for line in refused:
        errors.print(Text(f"not accepted: {line}", style="red"))
    return list(taken.values()), refused


# Grading


def grade_all(
    desk: Desk, grades: Store, todo: Sequence[Submission], wish: BoxWish, jobs: int, newest: bool = False
) -> list[Outcome]:
    """Grade with a live bar; a first Ctrl-C finishes what is running, a second one stops at once."""
    outcomes: list[Outcome] = []
    if not todo:
        return outcomes
    for name in dict.fromkeys(s.unit for s in todo):
        mine = [s for s in todo if s.unit == name]
        choice = desk.choice(wish, card=desk.course.unit(name).gpu is not None)
        console.print(Text(f"box: {choice.title}"))
        job = desk.job(desk.unit(name), choice, grades, newest)
        most = gpu.slots(job.gpu) if job.gpu is not None else jobs
        crew = Crew(grades, desk.course, job, _workers(min(jobs, most, len(mine)), job.limits.memory_mb))
        with _bar(name, len(mine)) as (progress, task), _gentle_stop(crew):
            counts: Counter[str] = Counter()
            for outcome in crew.run(mine, progress.refresh):
                outcomes.append(outcome)
                counts[outcome.score.verdict.value if outcome.score else "not graded"] += 1
                progress.update(task, advance=1, counts=_counted(counts, outcomes, progress.tasks[task].elapsed))
        if crew.stopping:
            break
    return outcomes


def _workers(wanted: int, memory_mb: int) -> int:
    """As many as there is memory for, saying so where it is fewer.  BoxError if not even one fits."""
    fitting = host.fitting(wanted, memory_mb)
    if not fitting:
        raise BoxError(f"not enough memory: {host.memory(memory_mb).cure}, or lower memory_mb in course.yaml.")
    if fitting < wanted:
        errors.print(Text(f"memory for {fitting} of {wanted} workers ({host.free_mb()} MiB free)", style="yellow"))
    return fitting


def gradable(desk: Desk, todo: Sequence[Submission]) -> list[Submission]:
    """Those that can be graded on this machine; the others wait, and one line a unit says for what."""
    ready = []
    for name in dict.fromkeys(s.unit for s in todo):
        mine, need = [s for s in todo if s.unit == name], desk.course.unit(name).gpu
        if need is not None and not gpu.slots(need):
            errors.print(
                Text(
                    f"{name} needs a graphics card with {need.memory_mb} MiB and none answers here: {len(mine)} "
                    "wait. Run the same command on a machine that has one.",
                    style="yellow",
                )
            )
        else:
            ready += mine
    return ready


def _counted(counts: Counter[str], outcomes: Sequence[Outcome], elapsed: float | None) -> str:
    rate = f"{len(outcomes) / elapsed:.1f}/s  " if elapsed else ""
    return rate + "  ".join(f"{n} {verdict}" for verdict, n in sorted(counts.items()))


@contextmanager
def _bar(name: str, total: int) -> Iterator[tuple[Progress, Any]]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    eta = (TextColumn("eta"), TimeRemainingColumn(), TextColumn("{task.fields[counts]}", markup=False))
    with Progress(*columns, *eta, console=console, transient=not console.is_terminal) as progress:
        yield progress, progress.add_task(name, total=total, counts="")


@contextmanager
def _gentle_stop(crew: Crew) -> Iterator[None]:
    """The first Ctrl-C starts nothing more; the second is a real one."""

    def stop(number: int, frame: FrameType | None) -> None:
        if crew.stopping:
            raise KeyboardInterrupt
        crew.stop()
        errors.print("stopping: finishing what is running (Ctrl-C again to stop at once)")

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


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
