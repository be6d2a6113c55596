"""`demo`: the whole way in two minutes, from the release to feedback and gradebook, on submissions made for it.

Every sample says beforehand what it must earn, and no attack may earn more than the honest work it is built on; the
demo checks that itself and fails loudly.
"""

from __future__ import annotations

import functools
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from .. import release as releases
from ..course import Course
from ..errors import CommandError, OurError
from ..notebook import Unit
from ..records import CheckResult, Limits, Score, Submission, Verdict
from ..sandbox.choose import choose
from ..store import Result, Store
from . import samples
from .common import STYLES, BoxWish, Desk, box_option, console, with_desk
from .export import write_csv
from .results import report_of
from .running import grade_all
from .samples import Expectation, Sample
from .taking import take_all

#: Tighter than a course would set them, so that endless loops and bombs end soon.
LIMITS = Limits(call_s=2.0, load_s=15.0, total_s=30.0, memory_mb=512)
WORKERS = 2


@dataclass(frozen=True)
class Row:
    """One sample, graded."""

    sample: Sample
    result: Result | None
    submission: Submission | None
    told: str = ""  #: why there is no result

    @property
    def score(self) -> Score | None:
        return self.result.score if self.result else None

    @property
    def points(self) -> str:
        if self.score is None:
            return "-"
        late = f"\nlate: -{self.score.penalty:g}" if self.score.penalty else ""
        return f"{self.score.raw:g} / {self.score.maximum:g}{late}"

    @property
    def missed(self) -> str:
        """How it differs from what the sample says of itself, or nothing."""
        if self.score is None or self.result is None or self.submission is None:
            return self.told or "was not graded"
        words = [*self.submission.notes, *(f"{e.type} {e.message}" for e in self.result.load_errors)]
        if self.sample.notes not in " ".join(words):
            return f"the student was not told {self.sample.notes!r}"
        return (self.sample.expect or Expectation()).missed(self.score) if self.sample.expect else ""


class DemoDesk(Desk):
    """The same course with its own state, the demo's limits, and a deadline that is still to come."""

    @functools.cached_property
    def course(self) -> Course:
        course = super().course
        due = datetime.now(UTC).replace(microsecond=0) + timedelta(days=7)
        units = tuple(replace(unit, due=due, limits=LIMITS, attempts=None) for unit in course.units)
        return replace(course, units=units, extensions={})

    @property
    def given(self) -> Course:
        return self.course


@click.command()
@box_option
@with_desk
def demo(desk: Desk, wish: BoxWish) -> None:
    """Release a unit, grade 30 sample submissions and a dozen attacks, show the results.

    \b
    It works in COURSE/.autograder/demo, which is emptied first; your course's own grades are not touched.
    The same numbers are drawn each time.
    Exit code 1 if a sample or an attack came out otherwise than it should.
      autograder demo
      autograder demo --box bubblewrap
    """
    began = time.monotonic()
    choose(wish.name, desk.boxes or desk.state, wish.jail)  # no box, no demo: say so before anything is written
    folder = desk.state / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    os.environ["AUTOGRADER_SECRET"] = str(_public_secret(folder))  # the workers too
    stage = DemoDesk(desk.root, folder, desk.boxes or desk.state)
    unit = _unit_with_samples(stage)
    students = samples.read(unit.folder / samples.FOLDER)
    attacks = samples.read(unit.folder / samples.FOLDER / "attacks", students)
    _say(f"released {unit.name}: {_short(releases.write(stage.course, unit, folder / 'release'))}")
    _say(f"limits of the demo: {LIMITS.call_s:g} s a call, {LIMITS.total_s:g} s a submission, {LIMITS.memory_mb} MiB")
    with stage.store() as grades:
        rows = _graded(stage, grades, unit, students, wish, "submissions")
        _show_students(rows)
        attacked = _graded(stage, grades, unit, attacks, wish, "attacks")
        _show_attacks(attacked, {row.sample.name: row for row in rows})
        _write(stage, grades, rows)
    _verdict(rows, attacked, time.monotonic() - began)


def _public_secret(folder: Path) -> Path:
    """The same draws in every demo: a right training that meets a bad split, one in some hundreds, loses a quarter point."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "secret"
    path.write_text("d0" * 32)
    return path


def _unit_with_samples(desk: Desk) -> Unit:
    for name in desk.unit_names():
        unit = desk.unit(name)
        if (unit.folder / samples.FOLDER).is_dir():
            return unit
    raise CommandError(
        f"{desk.root}: no unit of this course has samples. Write some: assignments/<unit>/samples/ada.py"
    )


def _graded(desk: Desk, grades: Store, unit: Unit, chosen: Mapping[str, Sample], wish: BoxWish, what: str) -> list[Row]:
    """Write the files, take them in as `autograder grade FOLDER` does, and grade them."""
    due = desk.course.unit(unit.name).due
    assert due is not None
    folder = samples.write_all(list(chosen.values()), unit, desk.state / what, due)
    _say(f"\n{len(chosen)} {what}: {_short(folder)}")
    taken, refused = take_all(desk, grades, folder, None, unit.name)
    outcomes = grade_all(desk, grades, taken, wish, WORKERS)
    if len(outcomes) < len(taken):
        raise KeyboardInterrupt
    reasons = {o.submission.id: o.reason for o in outcomes if o.score is None}
    mine = {s.student: s for s in taken}
    rows = []
    for name, sample in chosen.items():
        submission = mine.get(name)
        result = grades.result(submission.id) if submission else None
        told = (
            reasons.get(submission.id, "") if submission else "; ".join(line for line in refused if sample.file in line)
        )
        rows.append(Row(sample, result, submission, told))
    return rows


# What is shown


def _table(*columns: str) -> Table:
    return Table(*columns, box=SIMPLE_HEAD, pad_edge=False)


def _show_students(rows: Sequence[Row]) -> None:
    table = _table("student", "file", "what it is", "points", "verdict", "the first thing to mend")
    for row in rows:
        verdict = row.score.verdict if row.score else Verdict.NOT_GRADED
        table.add_row(
            Text(row.sample.name),
            Text(row.sample.file),
            Text(row.sample.story),
            Text(row.points, no_wrap=True),
            Text(verdict.value, style=STYLES.get(verdict, "red")),
            Text(_first_message(row)),
        )
    console.print(table)


def _show_attacks(rows: Sequence[Row], honest: Mapping[str, Row]) -> None:
    table = _table("attack", "what it tries", "earned / allowed", "outcome", "what its author reads")
    for row in rows:
        allowed = honest[row.sample.like].score
        limit = f"{allowed.raw:g}" if allowed else "-"
        earned = f"{row.score.raw:g}" if row.score else "-"
        outcome = _outcome(row, honest)
        style = "green" if _harmless(outcome) else "bold red"
        table.add_row(
            Text(row.sample.name),
            Text(row.sample.story),
            Text(f"{earned} / {limit}"),
            Text(outcome, style=style),
            Text(_first_message(row)),
        )
    console.print(table)


def _outcome(row: Row, honest: Mapping[str, Row]) -> str:
    """What an attack came to, beside the honest work that it is built on."""
    twin = honest[row.sample.like].score
    if row.score is None or twin is None:
        return f"NOT GRADED: {row.told or 'its twin has no grade'}"
    if row.sample.expect:  # a control, honest and graded among the attacks
        return "SPOILT BY THE ATTACKS" if row.missed else "as it should be"
    if row.score.raw > twin.raw:
        return f"GAINED {row.score.raw - twin.raw:g}"
    lost = twin.raw - row.score.raw
    return f"gained nothing, lost {lost:g} of its own" if lost else "gained nothing"


def _first_message(row: Row) -> str:
    """The first thing that the feedback tells this student to mend, or a repair of the file."""
    if row.result is None:
        return row.told
    notes = row.submission.notes if row.submission else ()
    wrong = next((c for c in row.result.checks if c.earned < c.points or c.earned < 0), None)
    if wrong is not None:
        return f"{wrong.exercise}: {_words(wrong)}"
    faults = [f"{e.type} in one cell: {e.message}" for e in row.result.load_errors]
    return next(iter([*faults, *notes]), "")[:160]


def _words(check: CheckResult) -> str:
    return (check.diagnosis or check.message or check.sentence)[:160]


def _write(desk: Desk, grades: Store, rows: Sequence[Row]) -> None:
    """One page of feedback, and the class's grades without the attackers."""
    from ..feedback import html

    told = [row for row in rows if row.result and any(c.diagnosis for c in row.result.checks)] or list(rows)
    student = told[0].sample.name
    if told[0].submission is not None and told[0].result is not None:
        page = desk.state / f"feedback-{student}.html"
        page.write_text(html.render(report_of(desk, grades, told[0].submission)), encoding="utf-8")
        _say(f"\nfeedback of {student}: {_short(page)}")
    people = {row.sample.name for row in rows}
    table = desk.state / "grades.csv"
    with table.open("w", encoding="utf-8") as file:
        write_csv(desk.course, [row for row in grades.gradebook() if row.student in people], file)
    _say(f"the class's grades: {_short(table)}")
    _say(f"look around: autograder --state {_short(desk.state)} status (or feedback {student}, replay 1)")


def _verdict(rows: Sequence[Row], attacked: Sequence[Row], seconds: float) -> None:
    honest = {row.sample.name: row for row in rows}
    odd = [f"{row.sample.name}: {row.missed}" for row in rows if row.missed]
    odd += [f"{row.sample.name}: {_outcome(row, honest)}" for row in attacked if not _harmless(_outcome(row, honest))]
    boxes = {row.result.provenance["box"] for row in [*rows, *attacked] if row.result}
    for line in odd:
        console.print(Text(f"not as expected: {line}", style="red"))
    count = len(rows) + len(attacked)
    _say(
        f"{count} submissions in {seconds:.0f} s, box: {', '.join(sorted(boxes))}, {WORKERS} workers, {os.cpu_count()} cores"
    )
    if odd:
        raise OurError(f"{len(odd)} of {count} came out otherwise than they should (named above)")
    console.print(Text("every submission earned what it should, and no attack gained a point", style="green"))


def _harmless(outcome: str) -> bool:
    return outcome.startswith("gained nothing") or outcome == "as it should be"


def _say(line: str) -> None:
    console.print(Text(line))


def _short(path: Path) -> str:
    """The path as one would type it here."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
