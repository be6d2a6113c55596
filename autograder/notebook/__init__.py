"""A unit's notebook.py, with everything that must agree checked before anyone sees it.

text.py cuts the file into raw cells, cells.py gives each its meaning with the body that solution.py takes from the
reference, points.py sums the points, agree.py checks the whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from autograder.errors import UnitError
from autograder.notebook.agree import check_whole
from autograder.notebook.cells import QUESTION, ReadCell, Reader
from autograder.notebook.points import read_points
from autograder.notebook.text import read_text
from autograder.notebook.unit import ANSWER, IN_BOX, STUB, Exercise, Manual, Unit, UnitCell

__all__ = ["ANSWER", "IN_BOX", "STUB", "Exercise", "Manual", "Unit", "UnitCell", "load_unit"]


def load_unit(root: Path, name: str) -> Unit:
    """Read assignments/<name>; every inconsistency is one UnitError line with file, line and cure."""
    folder = root / "assignments" / name
    place = f"assignments/{name}"
    cells = Reader(root, f"{place}/notebook.py").read(read_text(folder / "notebook.py", f"{place}/notebook.py"))
    points = read_points(read_text(folder / "test_hidden.py", f"{place}/test_hidden.py"), f"{place}/test_hidden.py")
    check_whole(cells, points, place)
    exercises = tuple(
        Exercise(c.id, c.functions, c.reference, c.forbid, points[c.id].total, c.source)
        for c in cells
        if c.kind == "exercise"
    )
    manual = tuple(Manual(c.id.removesuffix(QUESTION), c.points) for c in cells if c.kind == "question")
    printed = tuple(_printed(cells, {each.id: each.points for each in exercises}))
    return Unit(name, folder, printed, exercises, manual, _data(folder, place))


def _data(folder: Path, place: str) -> tuple[Path, ...]:
    """Every plain file below data/ but editors' and Python's own droppings."""
    found = []
    for file in sorted((folder / "data").rglob("*")):
        name = file.relative_to(folder)
        if any(part.startswith(".") or part == "__pycache__" for part in name.parts):
            continue
        if file.is_symlink():
            # A link could carry a file from outside data/ into the release.
            raise UnitError(f"{place}/{name}:1: data/ holds a link. Put the file itself there.")
        if file.is_file():
            found.append(name)
    return tuple(found)


def _printed(cells: Sequence[ReadCell], points: Mapping[str, float]) -> list[UnitCell]:
    """The cells, with points and forbidden names at the end of each exercise's text (or in a text of their own)."""
    out: list[UnitCell] = []
    for cell in cells:
        plain = UnitCell(cell.id, cell.kind, cell.source, cell.solution, cell.line, cell.exercise)
        if cell.kind == "question":
            plain = _with(plain, f"**Points:** {cell.points:g}, graded by hand.")
        if cell.kind == "exercise":
            told = f"**Points:** {points[cell.id]:g}."
            told += f" **Forbidden:** {', '.join(cell.forbid)}." if cell.forbid else ""
            if out and out[-1].kind == "text":
                out[-1] = _with(out[-1], told)
            else:
                out.append(UnitCell(f"{cell.id}-points", "text", told, told, cell.line))
        out.append(plain)
    return out


def _with(cell: UnitCell, told: str) -> UnitCell:
    return replace(cell, source=f"{cell.source}\n\n{told}", solution=f"{cell.solution}\n\n{told}")
