"""The submissions of the bench: the unit's release, with solutions of many styles typed in.

The styles are those of right.py and wrong.py, the reference's own, and three more that every course sees: the untouched
stub, code that raises, code that is not Python.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COURSE = Path(__file__).parent / "course"
UNIT = "pair"


@dataclass(frozen=True)
class Work:
    """One student's work: which style of each exercise, and the notebook's bytes."""

    student: str
    styles: tuple[str, ...]
    notebook: bytes

    def by(self, student: str) -> Work:
        """The same, handed in by somebody else: the notebook differs by the name in its comments."""
        return Work(student, self.styles, self.notebook.replace(f"# {self.student}".encode(), f"# {student}".encode()))


def make(count: int, prefix: str = "s") -> list[Work]:
    """`count` different notebooks; the styles of the two exercises go round at different speeds."""
    import nbformat

    from autograder import release
    from autograder.notebook import load_unit

    unit = load_unit(COURSE, UNIT)
    blank = release.build(unit)
    styles = {e.id: styles_of(e.id, e.functions[0], e.stub, _solved(unit, e.id)) for e in unit.exercises}
    works = []
    for i in range(count):
        student = f"{prefix}{i:03d}"
        chosen = _chosen(i, styles)
        node = copy.deepcopy(blank)
        for cell in node.cells:
            if cell.id in chosen:
                cell.source = f"{styles[cell.id][chosen[cell.id]]}\n\n# {student}"
        works.append(Work(student, tuple(chosen.values()), nbformat.writes(node).encode()))
    return works


def again(works: Sequence[Work], times: int) -> list[Work]:
    """The same works, handed in by other students too: thirty are over in a second, which is not yet a steady state."""
    return [work.by(work.student + "x" * turn) for turn in range(times) for work in works]


def _chosen(i: int, styles: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The i-th mixture: one exercise takes each of its styles in turn, the other moves on after each round."""
    chosen, step = {}, 0
    for exercise, known in styles.items():
        names = list(known)
        chosen[exercise] = names[(i + step) % len(names)]
        step = i // len(names)
    return chosen


def styles_of(exercise: str, function: str, stub: str, solution: str) -> dict[str, str]:
    """Name -> source of the exercise's cell."""
    head = stub.split('"""')[0].rstrip()
    styles = {"the reference's": solution}
    for file in ("right.py", "wrong.py"):
        styles |= _marked(COURSE / "assignments" / UNIT / file, exercise, function)
    styles["the stub"] = stub
    styles["raises"] = f"{head}\n    return [][0]"
    styles["not Python"] = f"{head.removesuffix(':')}\n    return 0"
    return styles


def _marked(file: Path, exercise: str, function: str) -> dict[str, str]:
    """The functions of right.py or wrong.py for an exercise, under the name that students use."""
    text = file.read_text()
    found = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and any(_names(mark, exercise) for mark in node.decorator_list):
            source = ast.get_source_segment(text, node) or ""
            found[node.name] = re.sub(rf"\b{node.name}\b", function, source)
    return found


def _names(mark: ast.expr, exercise: str) -> bool:
    first = mark.args[0] if isinstance(mark, ast.Call) and mark.args else None
    return isinstance(first, ast.Constant) and first.value == exercise


def _solved(unit: Any, exercise: str) -> str:
    return str(next(c.solution for c in unit.cells if c.id == exercise))
