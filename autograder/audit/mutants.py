"""Mutants of a solution: the same function with one slip in it, as students and tired teachers make them.

Each operator below looks at one node of the syntax tree and gives the nodes that could stand there by mistake, each with
a few words.  A mutant is named by its function, the line that is changed and those words, so that a unit can list the
ones that are no slip at all (equivalent.toml) and the list survives edits elsewhere.
"""

from __future__ import annotations

import ast
import copy
import difflib
import inspect
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Change = tuple[str, ast.AST]
#: Names (np.<name>, torch.<name>, .<name>()) that are mistaken for each other.
_MISTAKEN = {
    "mean": "sum",
    "sum": "mean",
    "max": "min",
    "min": "max",
    "maximum": "minimum",
    "minimum": "maximum",
    "argmax": "argmin",
    "argmin": "argmax",
    "cumsum": "cumprod",
    "cumprod": "cumsum",
    "exp": "expm1",
    "log": "log1p",
    "sin": "cos",
    "cos": "sin",
    "tanh": "arctan",
    "sqrt": "abs",
    "abs": "square",
    "floor": "ceil",
    "ceil": "floor",
    "zeros": "ones",
    "ones": "zeros",
    "zeros_like": "ones_like",
    "ones_like": "zeros_like",
    "var": "std",
    "std": "var",
    "concatenate": "stack",
    "triu": "tril",
    "tril": "triu",
    "sigmoid": "tanh",
    "relu": "abs",
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.MatMult: ast.Mult,
}
_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
}
#: Calls whose two first arguments are of different kinds: swapping them is no slip that anybody makes.
_NOT_SWAPPED = {
    "zip",
    "range",
    "isinstance",
    "enumerate",
    "getattr",
    "full",
    "full_like",
    "pad",
    "reshape",
    "ValueError",
}
_SMALL = 1e-3  #: constants below are an epsilon
_COPIES = {"copy", "array", "deepcopy"}


@dataclass(frozen=True)
class Mutant:
    """One changed solution."""

    function: str
    line: str  #: the changed line of the original, stripped
    change: str  #: what was changed, in a few words
    source: str  #: of the whole changed function
    original: str

    @property
    def name(self) -> str:
        return f"{self.function}: `{self.line}`: {self.change}"

    @property
    def diff(self) -> str:
        """The changed lines."""
        lines = difflib.unified_diff(self.original.splitlines(), self.source.splitlines(), lineterm="", n=0)
        return "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))

    def build(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The changed function, in the world of the original."""
        namespace = dict(function.__globals__)
        exec(compile(self.source, f"<mutant of {self.function}>", "exec"), namespace)
        built: Callable[..., Any] = namespace[function.__name__]
        return built


def mutants(function: Callable[..., Any]) -> Iterator[Mutant]:
    """Every mutant of a plain Python function, without doubles."""
    text = textwrap.dedent(inspect.getsource(function))
    lines, tree = text.splitlines(), _tree(text)
    original = ast.unparse(tree)
    seen = {original}
    for index, node in enumerate(_nodes(tree)):
        for change, new in _variants(node):
            source = _replaced(text, index, new)
            if source not in seen:
                seen.add(source)
                line = lines[getattr(node, "lineno", 1) - 1].strip()
                yield Mutant(function.__name__, line, change, source, original)


def _tree(text: str) -> ast.Module:
    """The function without docstring and annotations: neither is run."""
    tree = ast.parse(text)
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    function.decorator_list = []
    if ast.get_docstring(function) is not None:
        function.body = function.body[1:]
    for argument in ast.walk(function.args):
        if isinstance(argument, ast.arg):
            argument.annotation = None
    function.returns = None
    return tree


def _nodes(tree: ast.Module) -> list[ast.AST]:
    """All nodes of the function's body, always in the same order."""
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    return [node for statement in function.body for node in ast.walk(statement)]


def _replaced(text: str, index: int, new: ast.AST) -> str:
    tree = _tree(text)
    old = _nodes(tree)[index]
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, field, copy.deepcopy(new))
            elif isinstance(value, list) and any(each is old for each in value):
                value[:] = [copy.deepcopy(new) if each is old else each for each in value]
    return ast.unparse(ast.fix_missing_locations(tree))


# The operators: node -> what could stand there by mistake


def _variants(node: ast.AST) -> Iterator[Change]:
    for operator in _OPERATORS.get(type(node), ()):
        yield from operator(node)


def _binary(node: Any) -> Iterator[Change]:
    other = _ARITHMETIC.get(type(node.op))
    if other is not None:
        changed = copy.deepcopy(node)
        changed.op = other()
        yield f"{_sign(node.op)} -> {_sign(changed.op)}", changed
    if isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.Div | ast.Pow):
        yield f"`{ast.unparse(node.right)}` dropped", node.left
    if isinstance(node.op, ast.Add | ast.Mult):
        yield f"`{ast.unparse(node.left)}` dropped", node.right
    if isinstance(node.op, ast.Sub | ast.Div | ast.MatMult):
        yield "sides swapped", ast.BinOp(node.right, node.op, node.left)


def _sign(op: ast.operator) -> str:
    return ast.unparse(ast.BinOp(ast.Name("a"), op, ast.Name("b")))[2:-2]


def _in_place(node: Any) -> Iterator[Change]:
    other = _ARITHMETIC.get(type(node.op))
    if other is not None:
        yield f"{_sign(node.op)}= -> {_sign(other())}=", ast.AugAssign(node.target, other(), node.value)
    yield f"{_sign(node.op)}= -> =", ast.Assign([node.target], node.value, lineno=node.lineno)


def _unary(node: Any) -> Iterator[Change]:
    if isinstance(node.op, ast.USub | ast.Not):
        yield f"`{'-' if isinstance(node.op, ast.USub) else 'not'}` dropped", node.operand


def _comparison(node: Any) -> Iterator[Change]:
    for i, op in enumerate(node.ops):
        for other in _COMPARISONS.get(type(op), ()):
            changed = copy.deepcopy(node)
            changed.ops[i] = other()
            yield f"`{ast.unparse(node)}` -> `{ast.unparse(changed)}`", changed


def _both(node: Any) -> Iterator[Change]:
    other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    yield "and <-> or", ast.BoolOp(other, node.values)
    for i, value in enumerate(node.values):
        rest = [each for j, each in enumerate(node.values) if j != i]
        yield f"`{ast.unparse(value)}` dropped", rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)


def _constant(node: Any) -> Iterator[Change]:
    value = node.value
    if isinstance(value, bool):
        yield f"{value} -> {not value}", ast.Constant(not value)
    elif isinstance(value, int | float):
        for other in _others(value):
            yield f"{value!r} -> {other!r}", ast.Constant(other)


def _others(value: float) -> list[float]:
    if isinstance(value, float) and 0 < abs(value) < _SMALL:
        return [0.0]
    if value == 0:
        return [1]
    if value == 1:
        return [0, 2]
    return [1, value + 1] if isinstance(value, int) else [1.0, 2 * value]


def _call(node: Any) -> Iterator[Change]:
    name = _called(node)
    yield from _keywords(node)
    if len(node.args) >= 2 and name not in _NOT_SWAPPED and not any(isinstance(a, ast.Starred) for a in node.args[:2]):
        changed = copy.deepcopy(node)
        changed.args[:2] = reversed(changed.args[:2])
        yield f"first arguments of {name} swapped", changed
    if name in _COPIES and (node.args or isinstance(node.func, ast.Attribute)):
        whole = node.args[0] if node.args else node.func.value
        yield f"{name}() dropped: no copy", whole
    if name == "astype":
        yield "astype() dropped", node.func.value
    if name in ("exp", "tanh", "sigmoid", "relu", "softmax", "log", "sqrt", "reversed", "abs") and len(node.args) == 1:
        yield f"{name}() dropped", node.args[0]


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _keywords(node: ast.Call) -> Iterator[Change]:
    for i, keyword in enumerate(node.keywords):
        if keyword.arg in ("axis", "keepdims", "dtype", "dim", "keepdim", "ddof"):
            changed = copy.deepcopy(node)
            del changed.keywords[i]
            yield f"{keyword.arg}= dropped", changed
        if keyword.arg in ("axis", "dim") and isinstance(keyword.value, ast.Constant | ast.UnaryOp):
            changed = copy.deepcopy(node)
            other = -1 if ast.unparse(keyword.value) == "0" else 0
            changed.keywords[i].value = ast.Constant(other)
            yield f"axis {ast.unparse(keyword.value)} -> {other}", changed


def _name(node: Any) -> Iterator[Change]:
    other = _MISTAKEN.get(node.id)
    if other and isinstance(node.ctx, ast.Load):
        yield f"{node.id} -> {other}", ast.Name(other, ast.Load())


def _attribute(node: Any) -> Iterator[Change]:
    if node.attr == "T":
        yield ".T dropped", node.value
    other = _MISTAKEN.get(node.attr)
    if other and isinstance(node.ctx, ast.Load):
        changed = copy.deepcopy(node)
        changed.attr = other
        yield f"{node.attr} -> {other}", changed


def _subscript(node: Any) -> Iterator[Change]:
    """One row off, on either side of a slice or at a single place."""
    if isinstance(node.slice, ast.Slice):
        for side in ("lower", "upper"):
            if getattr(node.slice, side) is not None:
                changed = copy.deepcopy(node)
                setattr(changed.slice, side, None)
                yield f"`{ast.unparse(node)}` without its {side} end", changed
    elif isinstance(node.slice, ast.BinOp | ast.Name) and isinstance(node.ctx, ast.Load):
        changed = copy.deepcopy(node)
        changed.slice = ast.BinOp(changed.slice, ast.Sub(), ast.Constant(1))
        yield f"`{ast.unparse(node)}` one place earlier", changed


def _loop(node: Any) -> Iterator[Change]:
    once = copy.deepcopy(node)
    once.body.append(ast.Break())
    yield "ends after one round", once
    if isinstance(node, ast.For):
        changed = copy.deepcopy(node)
        changed.iter = ast.Call(
            ast.Name("reversed", ast.Load()), [ast.Call(ast.Name("list", ast.Load()), [node.iter], [])], []
        )
        yield "runs backwards", changed
    for i, statement in enumerate(node.body):
        if isinstance(statement, ast.Assign | ast.AugAssign | ast.Expr) and len(node.body) > 1:
            changed = copy.deepcopy(node)
            del changed.body[i]
            yield f"`{ast.unparse(statement).splitlines()[0]}` left out", changed


def _branch(node: Any) -> Iterator[Change]:
    changed = copy.deepcopy(node)
    changed.test = ast.UnaryOp(ast.Not(), changed.test)
    yield "condition turned round", changed
    if isinstance(node, ast.If) and not node.orelse:
        yield "the if is left out", ast.Pass()


def _chosen(node: Any) -> Iterator[Change]:
    yield "the other branch", ast.IfExp(node.test, node.orelse, node.body)


def _tuple(node: Any) -> Iterator[Change]:
    if len(node.elts) == 2 and isinstance(node.ctx, ast.Load):
        yield "swapped", ast.Tuple(list(reversed(node.elts)), ast.Load())


_OPERATORS: dict[type[ast.AST], tuple[Callable[[Any], Iterator[Change]], ...]] = {
    ast.BinOp: (_binary,),
    ast.AugAssign: (_in_place,),
    ast.UnaryOp: (_unary,),
    ast.Compare: (_comparison,),
    ast.BoolOp: (_both,),
    ast.Constant: (_constant,),
    ast.Call: (_call,),
    ast.Name: (_name,),
    ast.Attribute: (_attribute,),
    ast.Subscript: (_subscript,),
    ast.For: (_loop,),
    ast.While: (_loop,),
    ast.If: (_branch,),
    ast.IfExp: (_chosen,),
    ast.Tuple: (_tuple,),
}
