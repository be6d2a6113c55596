"""Writes the README's course table: what every unit covers, and the figures of its audit.  A minute of processor time a unit.

.venv/bin/python scripts/course_table.py
"""

from __future__ import annotations

from pathlib import Path

from autograder import audit
from autograder.course import UnitSettings, load_course
from autograder.notebook import load_unit

ROOT = Path(__file__).parent.parent
BEGIN, END = "<!-- course: made by scripts/course_table.py -->", "<!-- end of course -->"
HEAD = "| unit | techniques | lectures | exercises | points (by hand) | checks | wrong | right | kill rate of slips |"


def row(settings: UnitSettings) -> str:
    """A unit, what course.yaml says of it and what its audit saw; SystemExit if it is not clean."""
    unit, report = load_unit(ROOT, settings.name), audit.run(ROOT, settings.name, jobs=2)
    if not report.clean:
        raise SystemExit("\n".join(map(str, report.findings)))
    points = f"{sum(e.points for e in unit.exercises):g} (+ {sum(m.points for m in unit.manual):g})"
    killed = len(report.mutants) - len(report.survivors)
    share = f"{killed} of {len(report.mutants)} ({report.kill_rate:.1%})"
    counts = (len(unit.exercises), points, report.checks, report.wrong, report.right, share)
    print(report.summary)
    return f"| {' | '.join(map(str, (*about(settings), *counts)))} |"


def about(settings: UnitSettings) -> tuple[str, str, str]:
    """The cells that stand in course.yaml: unit, techniques, lectures."""
    return f"`{settings.name}`: {settings.title}", ", ".join(settings.covers), "; ".join(settings.lectures)


def main() -> None:
    """Put the table between its marks in the README."""
    path = ROOT / "README.md"
    before, rest = path.read_text("utf-8").split(BEGIN)
    rows = [row(unit) for unit in load_course(ROOT).units]
    table = "\n".join([HEAD, "|---" * HEAD.count("| ") + "|", *rows])
    path.write_text(f"{before}{BEGIN}\n{table}\n{rest[rest.index(END) :]}", encoding="utf-8")


if __name__ == "__main__":
    main()
