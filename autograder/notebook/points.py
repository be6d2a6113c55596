"""Points, from the syntax tree of test_hidden.py: the only place where they stand."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from autograder.errors import UnitError


@dataclass(frozen=True)
class Points:
    """What the checks of one exercise sum to, and where the first of them stands."""

    total: float
    line: int


def read_points(text: str, place: str) -> dict[str, Points]:
    """The points of each exercise. Read, not run: a release must not depend on what a test does when imported."""
    try:
        tree = ast.parse(text)
    except SyntaxError as err:
        raise UnitError(f"{place}:{err.lineno}: not Python: {err.msg}. Mend it.") from None
    found: dict[str, Points] = {}
    seen: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            _one_name(node, node in tree.body, seen, place)
            for call in _decorations(node, "check"):
                exercise, points = _check(node, call, node in tree.body, place)
                old = found.get(exercise, Points(0.0, call.lineno))
                found[exercise] = Points(old.total + points, old.line)
    return found


_Def = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _decorations(node: _Def, name: str) -> list[ast.expr]:
    """The decorators called `name`, with or without arguments."""
    found = []
    for each in node.decorator_list:
        callee = each.func if isinstance(each, ast.Call) else each
        if isinstance(callee, ast.Name | ast.Attribute) and name == getattr(callee, "id", getattr(callee, "attr", "")):
            found.append(each)
    return found


def _one_name(node: _Def, top: bool, seen: dict[str, int], place: str) -> None:
    if not top:
        return
    if node.name in seen:
        # Python would keep the second and drop the first with its points, silently.
        raise UnitError(
            f"{place}:{node.lineno}: {node.name} is defined in line {seen[node.name]} too. Give it its own name."
        )
    seen[node.name] = node.lineno
    if node.name.startswith("test") and not _decorations(node, "check"):
        raise UnitError(
            f'{place}:{node.lineno}: {node.name} has no @check. Add @check("exercise", points=1), or rename it.'
        )


def _check(node: _Def, call: ast.expr, top: bool, place: str) -> tuple[str, float]:
    """The exercise and the points of one @check; a guard (takes=) gives none."""
    at = f"{place}:{call.lineno}"
    if not top or not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_"):
        raise UnitError(
            f"{at}: @check stands on {node.name}, not on a top-level function test_... . Move or rename it."
        )
    first = call.args[0] if isinstance(call, ast.Call) and call.args else None
    if not isinstance(call, ast.Call) or not isinstance(first, ast.Constant) or not isinstance(first.value, str):
        raise UnitError(f'{at}: @check on {node.name} does not name its exercise. Write @check("exercise", points=1).')
    given = {each.arg: each.value for each in call.keywords if each.arg in ("points", "takes")}
    if len(given) != 1 or len(call.args) != 1 or any(each.arg is None for each in call.keywords):
        raise UnitError(f"{at}: @check on {node.name} needs either points= or takes=. Give one of them, by name.")
    [(name, value)] = given.items()
    number = value.value if isinstance(value, ast.Constant) else None
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 < number < 1e6:
        raise UnitError(f"{at}: {name}={ast.unparse(value)} is not a number above 0. Write it out: the build reads it.")
    return first.value, float(number) if name == "points" else 0.0
