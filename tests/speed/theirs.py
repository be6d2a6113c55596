"""nbgrader's side: a course folder of its own, the hidden tests inside the notebook, `nbgrader autograde` as people run it.

One process grades the students one after the other, each in a new kernel, with numpy and no torch.
"""

from __future__ import annotations

import copy
import csv
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from works import COURSE, UNIT, Work

NBGRADER = Path(sys.executable).with_name("nbgrader")
CONFIG = """c = get_config()
c.CourseDirectory.course_id = "bench"
c.ExecutePreprocessor.timeout = 60
"""


@dataclass
class Theirs:
    """What was measured: seconds of each submission, and of the processes as a whole."""

    folder: Path
    seconds: list[float] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)  #: from the process's start to its first submission
    wall: float = 0.0

    def prepare(self) -> None:
        """The course folder, with the unit released."""
        import nbformat

        source = self.folder / "source" / UNIT
        source.mkdir(parents=True)
        (self.folder / "nbgrader_config.py").write_text(CONFIG)
        nbformat.write(source_notebook(), source / f"{UNIT}.ipynb")
        self._run("generate_assignment", UNIT)

    def autograde(self, works: Sequence[Work], prefix: str, progress: Callable[[], None]) -> None:
        """One `nbgrader autograde` of these students; their names start with the prefix, no others do."""
        released = (self.folder / "release" / UNIT / f"{UNIT}.ipynb").read_bytes()
        for work in works:
            folder = self.folder / "submitted" / f"{prefix}{work.student}" / UNIT
            folder.mkdir(parents=True)
            (folder / f"{UNIT}.ipynb").write_bytes(answered(released, work))
        began = time.perf_counter()
        marks = [began]
        for _ in self._begun(began, f"{prefix}*"):
            marks.append(time.perf_counter())
            if len(marks) > 2:
                progress()
        marks.append(time.perf_counter())
        progress()
        self.wall += marks[-1] - began
        self.starts.append(marks[1] - marks[0])
        self.seconds += [after - before for before, after in pairwise(marks[1:])]

    def _begun(self, began: float, students: str) -> Iterator[str]:
        """A line as each student's turn comes."""
        command = [str(NBGRADER), "autograde", UNIT, f"--student={students}"]
        seen: set[str] = set()
        said: list[str] = []
        with subprocess.Popen(
            command,
            cwd=self.folder,
            env=self._environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            for line in process.stderr or ():
                said.append(line)
                turn = re.search(r"submitted/([^/]+)/", line)
                if turn and turn[1] not in seen:
                    seen.add(turn[1])
                    yield turn[1]
        if process.returncode != 0:
            raise SystemExit(f"nbgrader autograde failed:\n{''.join(said[-20:])}")

    def scores(self) -> dict[str, float]:
        """Points of each student, as nbgrader exports them."""
        self._run("export", "--to", "grades.csv")
        with (self.folder / "grades.csv").open() as file:
            return {row["student_id"]: float(row["raw_score"] or 0) for row in csv.DictReader(file)}

    def _run(self, *words: str) -> None:
        done = subprocess.run(
            [NBGRADER, *words], cwd=self.folder, env=self._environment(), capture_output=True, text=True
        )
        if done.returncode != 0:
            raise SystemExit(f"nbgrader {words[0]} failed:\n{done.stderr[-2000:]}")

    def _environment(self) -> dict[str, str]:
        """The user's own Jupyter settings stay out of it."""
        own = {name: str(self.folder / ".jupyter") for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR")}
        # generate_assignment calls alembic from PATH.
        return {**os.environ, **own, "PATH": f"{NBGRADER.parent}:{os.environ.get('PATH', '')}"}


def source_notebook() -> Any:
    """The unit as an nbgrader course writes it: solutions between markers, each hidden check a grade cell."""
    import nbformat

    from autograder import release
    from autograder.notebook import load_unit

    unit = load_unit(COURSE, UNIT)
    solved = {c.id: c.solution for c in unit.cells if c.kind == "exercise"}
    cells = []
    for cell in release.build(unit).cells:
        cell = copy.deepcopy(cell)
        if cell.id in solved:
            cell.source = _between_markers(cell.source, solved[cell.id])
        exercise = cell.id.removesuffix("-test")
        if exercise == cell.id:
            cells.append(cell)
            continue
        cell.metadata.nbgrader |= {"grade": False}
        del cell.metadata.nbgrader["points"]
        cells.append(cell)
        cells += _grade_cells(exercise)
    return nbformat.v4.new_notebook(
        cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    )


def _between_markers(stub: str, solution: str) -> str:
    head = stub.split("    # YOUR CODE HERE")[0]
    return f"{head}    ### BEGIN SOLUTION\n{solution.removeprefix(head)}\n    ### END SOLUTION"


def _grade_cells(exercise: str) -> list[Any]:
    """Each check of asserts.txt for an exercise, as a locked cell with a hidden region."""
    import nbformat

    cells = []
    checks = re.split(r"^# %% ", (COURSE / "asserts.txt").read_text(), flags=re.MULTILINE)[1:]
    for number, check in enumerate(checks):
        (name, points), source = check.split("\n", 1)[0].split(), check.split("\n", 1)[1].strip()
        if name == exercise:
            told = {"schema_version": 3, "grade": True, "solution": False, "locked": True, "task": False}
            told |= {"grade_id": f"{exercise}-check-{number}", "points": float(points)}
            hidden = f"# hidden check {number}\n### BEGIN HIDDEN TESTS\n{source}\n### END HIDDEN TESTS"
            cells.append(nbformat.v4.new_code_cell(hidden, metadata={"nbgrader": told}))
    return cells


def answered(released: bytes, work: Work) -> bytes:
    """The student's answers, typed into nbgrader's release."""
    import nbformat

    node = nbformat.reads(released.decode(), as_version=4)
    answers = {c.id: c.source for c in nbformat.reads(work.notebook.decode(), as_version=4).cells}
    for cell in node.cells:
        told = cell.metadata.get("nbgrader", {})
        if told.get("solution"):
            cell.source = answers[told["grade_id"]]
    return nbformat.writes(node).encode()
