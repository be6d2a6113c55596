"""Solutions, taken from the reference as text.

It is read as a syntax tree, never imported: building a notebook runs nothing.
"""

from __future__ import annotations

import ast
import copy
from dataclasses import dataclass

from autograder.errors import UnitError


@dataclass(frozen=True)
class Body:
    """What stands below the docstring of a function of the reference: comments kept."""

    node: ast.FunctionDef
    lines: tuple[str, ...]
    statements: tuple[ast.stmt, ...]


def function(text: str, name: str, place: str) -> Body | list[str]:
    """The function's body, or the names of the functions that there are."""
    try:
        tree = ast.parse(text)
    except SyntaxError as err:
        raise UnitError(f"{place}:{err.lineno}: not Python: {err.msg}. Mend it.") from None
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    if name not in functions:
        return list(functions)
    node = functions[name]
    told = ast.get_docstring(node) is not None
    statements = node.body[1:] if told else node.body
    if not statements or node.decorator_list:
        raise UnitError(
            f"{place}:{node.lineno}: {name} has no body, or has a decorator. Only a plain body can be taken."
        )
    rows = text.split("\n")
    first, last = statements[0], statements[-1]
    if rows[first.lineno - 1].encode()[: first.col_offset].strip():
        raise UnitError(
            f"{place}:{first.lineno}: the body of {name} starts on its signature's line. Put it on its own line."
        )
    # With a docstring, comments between it and the first statement belong to the body.
    start = (node.body[0].end_lineno or 0) if told else first.lineno - 1
    lines = rows[start : last.end_lineno]
    while lines and not lines[0].strip():
        lines = lines[1:]
    return Body(node, tuple(line.rstrip("\r") for line in lines), tuple(statements))


def shifted(body: Body, indent: str) -> list[str]:
    """The body's lines, indented like the region that they fill."""
    old = body.statements[0].col_offset
    if old == len(indent):
        return list(body.lines)
    return [indent + line[old:] if not line[:old].strip() else line for line in body.lines]


def signature(node: ast.FunctionDef) -> str:
    """Parameter names, kinds and defaults; annotations are each side's own."""
    bare = copy.deepcopy(node.args)
    for each in ast.walk(bare):
        if isinstance(each, ast.arg):
            each.annotation = None
    return ast.unparse(bare)
