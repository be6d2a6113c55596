"""Whether the whole agrees: ids, partners, points, and every global defined before it is used."""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Mapping, Sequence

from autograder.errors import UnitError
from autograder.notebook.cells import QUESTION, ReadCell
from autograder.notebook.points import Points
from autograder.notebook.text import meant
from autograder.notebook.unit import IN_BOX


def check_whole(cells: Sequence[ReadCell], points: Mapping[str, Points], place: str) -> None:
    notebook, hidden = f"{place}/notebook.py", f"{place}/test_hidden.py"
    _ids(cells, notebook)
    _partners(cells, notebook)
    _one_definition(cells, notebook)
    _all_defined(cells, notebook)
    exercises = {cell.id: cell for cell in cells if cell.kind == "exercise"}
    for id, each in points.items():
        if id not in exercises:
            raise UnitError(
                f"{hidden}:{each.line}: there is no exercise {id!r} in notebook.py.{meant(id, exercises)} Mend it."
            )
    for id, cell in exercises.items():
        if id not in points or not points[id].total:
            cure = f'Add @check("{id}", points=1) to test_hidden.py.'
            raise UnitError(f"{notebook}:{cell.header}: exercise {id!r} has no points. {cure}")


def _ids(cells: Sequence[ReadCell], place: str) -> None:
    seen: dict[str, int] = {}
    for cell in cells:
        id = cell.id.removesuffix(QUESTION) if cell.kind == "question" else cell.id
        if cell.kind == "answer":
            id += " (answer)"
        if id in seen:
            what = {
                "test": f"exercise {cell.exercise!r} has a second test cell",
                "answer": f"{cell.id!r} has a second answer cell",
            }
            told = what.get(cell.kind, f"the id {id!r} is taken")
            raise UnitError(
                f"{place}:{cell.header}: {told}; the first is in line {seen[id]}. Merge them, or choose another id."
            )
        seen[id] = cell.header


def _partners(cells: Sequence[ReadCell], place: str) -> None:
    """Every test follows its exercise and every answer its question; none stands alone."""
    for first, second, key, told in [
        ("exercise", "test", "test", "visible test"),
        ("question", "answer", "answer", "answer cell"),
    ]:
        open_: dict[str, ReadCell] = {}
        done: set[str] = set()
        for cell in cells:
            if cell.kind == first:
                open_[cell.id.removesuffix(QUESTION)] = cell
            elif cell.kind == second:
                id = cell.exercise or cell.id
                if id not in open_:
                    hint = meant(id, open_)
                    raise UnitError(
                        f"{place}:{cell.header}: {key}={id!r} has no {first} above it.{hint} Mend the id or the order."
                    )
                done.add(id)
        for id, cell in open_.items():
            if id not in done:
                markdown = "[markdown] " if second == "answer" else ""
                cure = f"Add a cell '# %% {markdown}{key}=\"{id}\"'."
                raise UnitError(f"{place}:{cell.header}: {first} {id!r} has no {told}. {cure}")


def _one_definition(cells: Sequence[ReadCell], place: str) -> None:
    seen: dict[str, str] = {}
    for cell in cells:
        for name in cell.functions:
            if name in seen:
                raise UnitError(
                    f"{place}:{cell.header}: {name} is the function of exercise {seen[name]!r} too. Rename one."
                )
            seen[name] = cell.id


#: What is there without a definition; display only where a person looks on.
_GIVEN = frozenset(dir(builtins)) | {"__name__"}
_SHOWN = _GIVEN | {"display"}


def _all_defined(cells: Sequence[ReadCell], place: str) -> None:
    """Every global that a cell uses is defined in it or earlier; cells of the box cannot lean on cells outside it."""
    box: set[str] = set()
    anywhere: set[str] = set()
    for cell in cells:
        if cell.kind in ("text", "question", "answer"):
            continue
        used, defined = _names(cell, place)
        inside = cell.kind in IN_BOX
        missing = sorted(used - defined - ((box | _GIVEN) if inside else (anywhere | _SHOWN)))
        if missing:
            raise UnitError(_undefined(cell, missing[0], missing[0] in anywhere, place))
        anywhere |= defined
        box |= defined if inside else set()


def _names(cell: ReadCell, place: str) -> tuple[set[str], set[str]]:
    """The globals that a cell uses, and those that it defines."""
    try:
        tree = ast.parse(cell.solution)
        table = symtable.symtable(cell.solution, cell.id, "exec")
    except SyntaxError as err:
        line = cell.line + (err.lineno or 1) - 1
        raise UnitError(
            f"{place}:{line}: not Python: {err.msg}. Mend the cell (magics and ! are not allowed)."
        ) from None
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(each.name == "*" for each in node.names):
            raise UnitError(
                f"{place}:{cell.line + node.lineno - 1}: 'import *' hides what is defined. Name the imports."
            )
    top = table.get_symbols()
    used = {each.get_name() for each in top if each.is_referenced()}
    defined = {each.get_name() for each in top if each.is_assigned() or each.is_imported()}
    for child in table.get_children():
        _inner(child, used, defined)
    return used, defined


def _inner(table: symtable.SymbolTable, used: set[str], defined: set[str]) -> None:
    for each in table.get_symbols():
        if each.is_global() and each.is_referenced():
            used.add(each.get_name())
        if each.is_declared_global() and each.is_assigned():
            defined.add(each.get_name())
    for child in table.get_children():
        _inner(child, used, defined)


def _undefined(cell: ReadCell, name: str, outside: bool, place: str) -> str:
    line = cell.line
    if cell.kind != "exercise":
        found = [
            node.lineno for node in ast.walk(ast.parse(cell.solution)) if isinstance(node, ast.Name) and node.id == name
        ]
        line += min(found, default=1) - 1
    whose = f"the solution of {cell.id!r} uses {name!r}" if cell.kind == "exercise" else f"{name!r} is used"
    if outside:
        return (
            f"{place}:{line}: {whose}, defined only in a cell that does not run in the box. Define it in a given cell."
        )
    return f"{place}:{line}: {whose}, which no earlier cell defines. Import or define it in a given cell above."
