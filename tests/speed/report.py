"""What was measured, as text for people and as plain data for files."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ours import STAGES, Ours

if TYPE_CHECKING:
    from bench import Figures
    from course_figures import CourseFigures, UnitFigures

ABOUT = {
    "intake": "the notebook's bytes become cells; forbidden names are looked for",
    "load": "fork into a new jail, run the cells",
    "pictures": "public inputs for the feedback's pictures",
    "checks": "ten hidden checks, diagnoses and twins of what failed",
    "end": "give the jail up; it is killed, and the next one made, while the worker goes on",
    "grade": "scoring",
    "rest": "claiming and storing, in batches; the bytes from the disk; waiting for a processor",
}


def text(figures: Figures) -> str:
    """Tables."""
    return "\n".join(_lines(figures))


def _lines(figures: Figures) -> Iterator[str]:
    if figures.theirs or figures.otter or figures.bare or figures.ours:
        yield ""
        yield from _speeds(figures)
    for box, why in figures.unfit.items():
        yield f"not measured: {box}: {why}"
    for name, (same, of) in figures.same.items():
        yield f"the same points as {name} gives: {same} of {of} submissions"
    if any(side.stages for side in figures.ours):
        yield ""
        yield from _stages([side for side in figures.ours if side.workers == 1])
    if figures.slots:
        yield ""
        yield "warm slot (numpy, torch, IPython, matplotlib loaded)"
        for slot in figures.slots:
            yield f"  {slot.box:<12} warm after {slot.start_s:.1f} s, {slot.resident_mb} MB resident"
    if figures.commands:
        yield ""
        yield f"{'whole process, from start to end':<42}{'min':>8}{'median':>8}{'max':>8}  seconds"
        for name, seconds in figures.commands.items():
            whole = "autograder " if "loaded" not in name else ""
            yield f"{whole + name:<42}{min(seconds):8.3f}{statistics.median(seconds):8.3f}{max(seconds):8.3f}"
    if figures.course:
        yield ""
        yield from _course(figures.course)


@dataclass(frozen=True)
class Speed:
    """A line of the table, in seconds."""

    name: str
    median: float
    each: float  #: wall/n
    first: float
    workers: int = 1
    ours: bool = False


def _speeds(figures: Figures) -> Iterator[str]:
    n = figures.submissions
    rows = list(_rows(figures))
    nbgrader, otter = (
        next((row.each for row in rows if row.name.startswith(name)), None) for name in ("nbgrader", "otter")
    )
    bare = {limit.workers: limit.wall / limit.graded for limit in figures.bare}
    heads = ("median", "wall/n", "nbgrader", "otter", "bare", "first", f"all {n}")
    yield f"{'seconds per submission':<24}" + "".join(f"{head:>9}" for head in heads)
    for row in rows:
        times = "".join(
            f"{_times(base, row.each):>9}" for base in (nbgrader, otter, bare.get(row.workers) if row.ours else None)
        )
        total = row.first + (n - 1) * row.each
        yield f"{row.name:<24}{row.median:9.4f}{row.each:9.4f}{times}{row.first:9.2f}{total:9.1f}"
    yield "median  one submission's own time, when all is warm     wall/n  by the clock over the count, when all is warm"
    yield "nbgrader, otter, bare   their wall/n over this one.  bare, with as many processes, is the limit: a fork of a warm"
    yield "        process, six namespaces, the cells by exec, and neither checks nor grades"
    starts = f"{figures.rounds} start{'s' if figures.rounds > 1 else ''}"
    yield f"first   from the start to the first grade, median of {starts}     all {n:<4}first and {n - 1} times wall/n;"
    yield "        nbgrader's process and our workers and boxes start in `first`, Otter's process at each submission"
    accepted = [s for side in figures.ours for s in side.accepted]
    if accepted:
        each = statistics.median(accepted) * 1000
        yield f"accepting (intake, bytes and row on the disk) comes before all that: {each:.1f} ms each, for ours"


def _rows(figures: Figures) -> Iterator[Speed]:
    if figures.theirs:
        each = statistics.fmean(figures.theirs.seconds)
        first = statistics.median(figures.theirs.starts) + each
        yield Speed("nbgrader autograde", statistics.median(figures.theirs.seconds), each, first)
    if figures.otter:
        each = statistics.fmean(figures.otter.seconds)
        yield Speed("otter run", statistics.median(figures.otter.seconds), each, each)
    for limit in figures.bare:
        each, first = limit.wall / limit.graded, statistics.median(limit.starts)
        yield Speed(limit.name, statistics.median(limit.seconds), each, first + each, limit.workers)
    for side in figures.ours:
        each, first = side.window / side.graded, statistics.median(side.first)
        yield Speed(side.name, statistics.median(side.seconds), each, first, side.workers, ours=True)


def _times(base: float | None, each: float) -> str:
    """How many times as fast as the base; two figures say it."""
    return "-" if base is None else f"{base / each:.1f}" if base >= each else f"{base / each:.2f}"


def _stages(sides: list[Ours]) -> Iterator[str]:
    yield "one worker, mean ms" + " " * 11 + "".join(f"{side.box:>12}" for side in sides)
    total = [0.0] * len(sides)
    for stage in STAGES:
        means = [1000 * statistics.fmean(s.get(stage, 0.0) for s in side.stages) for side in sides]
        total = [a + b for a, b in zip(total, means, strict=True)]
        yield f"  {stage:<28}" + "".join(f"{mean:12.2f}" for mean in means) + f"   {ABOUT[stage]}"
    yield f"  {'all':<28}" + "".join(f"{t:12.2f}" for t in total)


def _course(course: CourseFigures) -> Iterator[str]:
    heads = ("audit s", "release s", "grade ms", "training ms", "in the box", "reference", "ratio")
    yield f"{'a unit of the course':<22}" + "".join(f"{head:>12}" for head in heads)
    for unit in course.units:
        yield f"{unit.name:<22}{unit.audit:12.1f}{unit.release:12.2f}" + "".join(f"{cell:>12}" for cell in _grade(unit))
    audits, releases = (sum(seconds) for seconds in zip(*((u.audit, u.release) for u in course.units), strict=True))
    yield f"{'all':<22}{audits:12.1f}{releases:12.2f}   (autograder release, the whole process: {course.released:.1f} s)"
    yield "audit     20 draws of all random inputs, two processes        release   all modules loaded"
    yield f"grade     a right submission, warm, from the receipt to the stored grade, in {course.box or 'no box'}; without its"
    yield "          training exercise, which adds `training`: all its checks and pictures, and of that `in the box` the calls"
    yield "          of the training function; `reference` is what the reference takes for the same calls outside of any box,"
    yield "          `ratio` training over reference; medians"
    for unit in course.units:
        if unit.findings:
            yield f"{unit.name}: the audit was not clean ({unit.findings} to mend)"
        if unit.lost:
            yield f"{unit.name}: the solution got {unit.lost}"


def _grade(unit: UnitFigures) -> list[str]:
    """A unit's cells from `grade` on; "-" for what was not measured or is not there."""

    def median(seconds: Iterable[float]) -> str:
        known = list(seconds)
        return f"{1000 * statistics.median(known):.0f}" if known else "-"

    parts = [median(unit.grades)]
    parts += [median(getattr(t, part) for t in unit.trainings) for part in ("exercise", "calls", "reference")]
    return [*parts, f"{statistics.median(t.ratio for t in unit.trainings):.2f}" if unit.trainings else "-"]


def plain(figures: Figures) -> dict[str, Any]:
    """All figures as JSON can hold them."""
    theirs = figures.theirs
    return {
        "machine": figures.machine,
        "submissions": figures.submissions,
        "rounds": figures.rounds,
        "nbgrader": theirs and {"seconds": theirs.seconds, "starts": theirs.starts, "wall": theirs.wall},
        "otter": figures.otter and {"seconds": figures.otter.seconds, "points": figures.otter.scores},
        "bare": [asdict(side) for side in figures.bare],
        "ours": [asdict(side) for side in figures.ours],
        "not_measured": figures.unfit,
        "same_points": figures.same,
        "slots": [asdict(slot) for slot in figures.slots],
        "commands": figures.commands,
        "course": figures.course and asdict(figures.course),
    }
