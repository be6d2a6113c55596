"""`release` and `audit`: what an instructor does before students see a unit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from .. import release as releases
from .common import Desk, console, with_desk, write_file

if TYPE_CHECKING:
    from ..audit import AuditReport


@click.command()
@click.argument("units", nargs=-1)
@click.option("--out", type=click.Path(), default=None, help="Where to write [default: COURSE/release].")
@with_desk
def release(desk: Desk, units: tuple[str, ...], out: str | None) -> None:
    """Write the notebook and public data of UNITS (all of the course when none is named).

    \b
    Hidden tests, solutions and known wrong answers are left out by allow-list, and a leak scan proves it.
      autograder release backprop
    """
    folder = Path(out) if out else desk.root / "release"
    for name in units or desk.unit_names():
        unit = desk.unit(name)
        path = releases.write(desk.course, unit, folder)
        points = sum(e.points for e in unit.exercises)
        by_hand = sum(m.points for m in unit.manual)
        console.print(
            Text(f"{name}: {len(unit.exercises)} exercise{'s' * (len(unit.exercises) != 1)}, {points:g} points"),
            Text(f"(and {by_hand:g} by hand)" if by_hand else ""),
            Text(f"-> {path}"),
        )


@click.command()
@click.argument("units", nargs=-1)
@click.option("--seeds", default=20, show_default=True, help="Draws of every random input.")
@click.option("--jobs", "-j", default=2, show_default=True, type=click.IntRange(1, 64), help="Processes.")
@click.option("--html", type=click.Path(path_type=Path), default=None, help="Write all that was seen as a page.")
@with_desk
def audit(desk: Desk, units: tuple[str, ...], seeds: int, jobs: int, html: Path | None) -> None:
    """Prove the hidden tests of UNITS: solution and right.py full marks, blank 0, every wrong.py entry loses its points.

    \b
    The solution is also changed in every way that people slip; at least 95 % of these mutants must lose points.
    Exit code 2 when there is something to mend in a unit.
      autograder audit backprop
      autograder audit --html audit.html
    """
    reports = [_audited(desk, name, seeds, jobs) for name in units or desk.unit_names()]
    if len(reports) > 1:
        console.print(_table(reports))
    if html is not None:
        from ..audit.html import render

        write_file(html, render(reports))
    if not all(report.clean for report in reports):
        raise SystemExit(2)


def _table(reports: list[AuditReport]) -> Table:
    table = Table("unit", "checks", "wrong", "right", "mutants killed", "rate", "seconds", "verdict")
    for report in reports:
        killed = f"{len(report.mutants) - len(report.survivors)} of {len(report.mutants)}"
        verdict = Text("clean", style="green") if report.clean else Text(f"{len(report.findings)} to mend", style="red")
        counts = (report.checks, report.wrong, report.right, killed, f"{report.kill_rate:.1%}", f"{report.seconds:.0f}")
        table.add_row(report.unit, *map(str, counts), verdict)
    return table


def _audited(desk: Desk, name: str, seeds: int, jobs: int) -> AuditReport:
    from ..audit import run as run_audit  # a release must not wait for the test machinery

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[who]}", markup=False),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(f"audit {name}", total=None, who="")
        report = run_audit(
            desk.root,
            name,
            seeds,
            lambda who: progress.update(task, advance=1, who=who[:60]),
            jobs,
            lambda total: progress.update(task, total=total),
        )
    console.print(Text(report.summary))
    for finding in report.findings:
        console.print(Text(f"  ✗ {finding}", style="red"))
    for survivor in report.survivors:
        console.print(Text(f"  ~ keeps all points: {survivor.who}", style="yellow"))
    return report
