"""How fast grading is on this machine, beside nbgrader and Otter on the same submissions in the same run.

    .venv/bin/python tests/speed/bench.py                    a quarter of an hour: nbgrader takes two seconds a submission
    .venv/bin/python tests/speed/bench.py --only ours
    .venv/bin/python tests/speed/bench.py --only course      our course alone: audits, releases, right submissions
    .venv/bin/python tests/speed/bench.py --only nbgrader --only ours --submissions 12 --rounds 1 --json figures.json
    .venv/bin/python tests/speed/bench.py --only otter --only ours     the first time this installs Otter (570 MB)

    nbgrader   `nbgrader autograde`                  otter    `otter run`, in an environment of its own; only if named
    ours       every box, with one worker and two    bare     the limit: fork, namespaces, the cells by exec; no checks

A machine's speed drifts, so they take turns: each round grades its share with nbgrader and with Otter, then all of the
submissions, handed in by four students each, bare, and with every box and number of workers.  No figure is asserted
anywhere: this prints what was measured.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bare import Bare
    from course_figures import CourseFigures
    from ours import Ours, Slot
    from theirs import Theirs
    from theirs_otter import Otter

ROOT = Path(__file__).parent.parent.parent
BOXES = ("bubblewrap", "docker")
WORKERS = (1, 2)
PARTS = ("nbgrader", "otter", "bare", "ours", "course")
USUAL = ("nbgrader", "bare", "ours", "course")


@dataclass
class Figures:
    """All that one run measured."""

    submissions: int
    rounds: int
    machine: dict[str, str]
    theirs: Theirs | None = None
    otter: Otter | None = None
    bare: list[Bare] = field(default_factory=list)
    ours: list[Ours] = field(default_factory=list)
    unfit: dict[str, str] = field(default_factory=dict)  #: boxes that were not measured, and why
    slots: list[Slot] = field(default_factory=list)
    commands: dict[str, list[float]] = field(default_factory=dict)  #: seconds of whole processes
    same: dict[str, tuple[int, int]] = field(
        default_factory=dict
    )  #: submissions with our points on that side, of how many
    course: CourseFigures | None = None


def main() -> None:
    """Measure, print, and write the figures if a file is named."""
    from autograder.cli import THREADS

    for name in THREADS:  # as the command line does, before numpy comes
        os.environ.setdefault(name, "1")
    options = _options()
    figures = Figures(options.submissions, options.rounds, machine())
    for name, value in figures.machine.items():
        print(f"{name:<8} {value}")
    with tempfile.TemporaryDirectory(prefix="autograder-bench-") as folder:
        measure(figures, options, Path(folder))
    import report

    print(report.text(figures))
    if options.json:
        options.json.write_text(json.dumps(report.plain(figures), indent=1) + "\n")
        print(f"-> {options.json}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, default=60, help="how many [default: %(default)s]")
    parser.add_argument("--rounds", type=int, default=3, help="how often they take turns [default: %(default)s]")
    told = (
        "how many students hand in each of them to ours and to the bare limit, which are quick [default: %(default)s]"
    )
    parser.add_argument("--again", type=int, default=4, help=told)
    parser.add_argument("--only", action="append", choices=PARTS, help="only this part (may be repeated)")
    parser.add_argument("--box", action="append", choices=BOXES, help="only this box (may be repeated)")
    told = "runs of each whole command, and grades of each unit's solution [default: %(default)s]"
    parser.add_argument("--starts", type=int, default=5, help=told)
    parser.add_argument("--state", type=Path, default=ROOT / ".autograder", help="where the boxes are built")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    if min(options.submissions, options.rounds, options.starts, options.again) < 1:
        parser.error("--submissions, --rounds, --starts and --again must be at least 1")
    options.rounds = min(options.rounds, options.submissions)
    options.only = options.only or USUAL
    return options


def measure(figures: Figures, options: argparse.Namespace, folder: Path) -> None:
    """Everything that was asked for, into `figures`."""
    import ours

    fit: list[str] = []
    if {"ours", "course"} & {*options.only}:
        with _told("boxes") as _:
            fit, figures.unfit = ours.ready(options.state, options.box or BOXES)
    if {*options.only} - {"course"}:
        _compare(figures, options, folder, fit)
    if "course" in options.only:
        _course(figures, options, fit)


def _compare(figures: Figures, options: argparse.Namespace, folder: Path, fit: list[str]) -> None:
    """The same submissions through each of them, in turn."""
    import bare
    import ours
    import works

    given = works.make(options.submissions)
    stream = works.again(given, options.again)
    if "nbgrader" in options.only:
        figures.theirs = _prepared(folder)
    if "otter" in options.only:
        figures.otter = _otter(folder, options.state)
    if "bare" in options.only:
        figures.bare = [bare.Bare(workers) for workers in WORKERS]
    if "ours" in options.only:
        figures.ours = [ours.Ours(box, workers) for box in fit for workers in WORKERS]
    for number in range(options.rounds):
        _round(figures, options, given, stream, number)
    if "ours" in options.only:
        figures.slots = [ours.slot(box, options.state) for box in fit]
        _commands(figures, options, ours.Commands(folder, options.state), fit)
    if figures.ours:
        _points(figures)


def _course(figures: Figures, options: argparse.Namespace, fit: list[str]) -> None:
    """Our own course, in the first box that is fit."""
    import course_figures

    from autograder.sandbox.choose import choose

    choice = choose(fit[0], options.state) if fit else None
    figures.course = course_figures.CourseFigures(choice.name if choice else "")
    with _told("release of the course") as _:
        figures.course.released = course_figures.released()
    for name in course_figures.names():
        with _told(f"audit, release and grades of {name}") as _:
            figures.course.units.append(course_figures.measure(name, choice, options.starts))


def _prepared(folder: Path) -> Theirs:
    from theirs import Theirs

    with _told("nbgrader: course folder") as _:
        side = Theirs(folder / "nbgrader")
        side.prepare()
    return side


def _otter(folder: Path, state: Path) -> Otter:
    from theirs_otter import Otter

    with _told("otter: its environment (made the first time), autograder.zip") as _:
        side = Otter(folder / "otter", state)
        side.prepare()
    return side


def _round(figures: Figures, options: argparse.Namespace, given: list, stream: list, number: int) -> None:
    share = given[number :: options.rounds]
    if figures.theirs is not None:
        with _told(f"round {number + 1}: nbgrader", len(share)) as progress:
            figures.theirs.autograde(share, f"r{number}-", progress)
    if figures.otter is not None:
        with _told(f"round {number + 1}: otter", len(share)) as progress:
            figures.otter.grade(share, progress)
    for limit in figures.bare:
        with _told(f"round {number + 1}: {limit.name}") as _:
            limit.run(stream)
    for side in figures.ours:
        with _told(f"round {number + 1}: {side.name}", len(stream)) as progress:
            side.run(stream, options.state, progress)


def _commands(figures: Figures, options: argparse.Namespace, commands: object, fit: list[str]) -> None:
    import ours
    import works

    assert isinstance(commands, ours.Commands)
    files = works.make(options.starts * len(fit) + len(fit), prefix="cold")
    for box in fit:
        commands.grade(files.pop(), box)  # not counted: makes database, secret and compiled files
    figures.commands = {name: [] for name in ("--help", "release", *(f"grade FILE --box {box}" for box in fit))}
    with _told("whole commands", options.starts * (2 + len(fit))) as progress:
        for _ in range(options.starts):
            for name, seconds in figures.commands.items():
                verb, _, box = name.partition(" FILE --box ")
                seconds.append(
                    commands.grade(files.pop(), box)
                    if box
                    else commands.help()
                    if verb == "--help"
                    else commands.release()
                )
                progress()
    figures.commands["release, modules loaded"] = [ours.release_in_process() for _ in range(options.starts)]


def _points(figures: Figures) -> None:
    """How many submissions have the points that we give them, with nbgrader and with Otter."""
    others = {}
    if figures.theirs is not None:
        others["nbgrader"] = {name.partition("-")[2]: score for name, score in figures.theirs.scores().items()}
    if figures.otter is not None:
        others["otter"] = figures.otter.scores
    mine = figures.ours[0].scores
    for name, marks in others.items():
        common = marks.keys() & mine.keys()
        figures.same[name] = sum(marks[s] == mine[s] for s in common), len(common)


def machine() -> dict[str, str]:
    """What the figures are worth nothing without."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "machine": f"{_processor()}, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GiB",
        "load": f"{os.getloadavg()[0]:.1f} processes in the minute before",
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "nbgrader": _version("nbgrader"),
        "numpy": _version("numpy"),
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown processor")


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


@contextmanager
def _told(what: str, total: int = 0) -> Iterator[Callable[[], None]]:
    """A line that grows while something takes its time; on stderr, so that the figures can be piped."""
    began, done = time.perf_counter(), 0

    def tell(end: str) -> None:
        count = f" {done}/{total}" if total else ""
        print(f"\r{what}{count} {time.perf_counter() - began:.0f} s", end=end, file=sys.stderr, flush=True)

    def progress() -> None:
        nonlocal done
        done += 1
        if sys.stderr.isatty():
            tell("")

    tell("" if sys.stderr.isatty() else "\n")
    yield progress
    tell("\n")


if __name__ == "__main__":
    main()
