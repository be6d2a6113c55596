"""A unit as the rest of the program sees it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

STUB = ("# YOUR CODE HERE", "raise NotImplementedError()")
ANSWER = "YOUR ANSWER HERE"
#: Libraries with ready answers that nothing else in a box needs.
LIBRARIES = ("torch", "scipy", "sklearn", "pandas", "sympy", "networkx", "jax", "tensorflow")
IN_BOX = frozenset({"code", "exercise"})  #: kinds of cells that run in the box


@dataclass(frozen=True)
class UnitCell:
    """One cell: as students get it, and as it looks solved."""

    id: str  #: nbgrader's grade_id
    kind: str  #: text, code, plot (never runs in the box), exercise, test, question, answer
    source: str  #: released form
    solution: str  #: full form: solutions and mark schemes in
    line: int  #: of its first source line in notebook.py
    exercise: str | None = None  #: of solution and test cells


@dataclass(frozen=True)
class Exercise:
    """What a student programs in one cell."""

    id: str
    functions: tuple[str, ...]
    source: tuple[str, ...]  #: the reference's functions, "module.name", in the order of `functions`
    forbid: tuple[str, ...]  #: dotted prefixes
    points: float
    stub: str  #: the released source of its cell


@dataclass(frozen=True)
class Manual:
    """A question that a person grades."""

    id: str
    points: float


@dataclass(frozen=True)
class Unit:
    """A unit's notebook, read and found consistent."""

    name: str
    folder: Path
    cells: tuple[UnitCell, ...]
    exercises: tuple[Exercise, ...]
    manual: tuple[Manual, ...]
    data: tuple[Path, ...]  #: public files, relative to the folder

    @property
    def root(self) -> Path:
        """The course folder."""
        return self.folder.parents[1]

    def exercise(self, id: str) -> Exercise:
        """The exercise of that id."""
        return next(each for each in self.exercises if each.id == id)

    @property
    def imports(self) -> frozenset[str]:
        """Top-level modules that its cells import where they run: a box has them ready."""
        sources = [cell.solution for cell in self.cells if cell.kind in IN_BOX]
        return frozenset(name for source in sources for name in _imported(source))

    @property
    def absent(self) -> tuple[str, ...]:
        """Libraries that every exercise forbids and no cell imports: a box of this unit does not hold them at all."""
        shared = set(LIBRARIES).intersection(*(exercise.forbid for exercise in self.exercises))
        return tuple(sorted(shared - self.imports))

    @property
    def titles(self) -> dict[str, str]:
        """What people call each exercise and question: the last heading above it, else its id."""
        titles, heading = {}, ""
        for cell in self.cells:
            if cell.kind in ("text", "question"):
                headings = [line.lstrip("#").strip() for line in cell.source.splitlines() if line.startswith("#")]
                heading = headings[-1] if headings else heading
            if cell.kind == "question":
                titles[cell.id.removesuffix("-question")] = heading
            if cell.kind == "exercise":
                titles[cell.id] = heading or cell.id
                heading = ""
        return titles


def _imported(source: str) -> Iterator[str]:
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a cell with magics
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
