"""Names that an exercise forbids, found on the syntax tree.

Imports, aliases, attributes, `__import__("torch")` and helpers defined in other cells are followed.  This catches the
honest mistake and the easy trick; a determined evader can pass (exec, getattr with computed names), so a tripwire
watches at run time too, and the README says what remains.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

_DYNAMIC = ("__import__", "builtins.__import__", "importlib.import_module", "importlib.__import__")
#: Without one of these words a string is never read as the name of a module.
_BY_TEXT = ("__import__", "import_module", "getattr", "modules")


@dataclass(frozen=True)
class Use:
    """A forbidden name, as its full dotted path, and the line of the source where it is used."""

    name: str
    line: int


def scan(source: str, forbid: tuple[str, ...], elsewhere: str = "") -> tuple[Use, ...]:
    """Uses of forbidden dotted prefixes in `source`, in the order of lines.

    elsewhere: the rest of the program; its imports and aliases count, and so does what its functions use if `source`
    uses them.
    """
    if not forbid or not (_may_use(source, forbid) or _may_use(elsewhere, forbid)):
        return ()
    around = _parsed(elsewhere)
    tree = _parsed(source)
    names = _Names().read(around).read(tree)
    helpers = _helpers(around, names, forbid)
    uses = list(_uses(tree, names, forbid))
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in helpers and node.id not in _defined(tree):
            uses.append(Use(helpers[node.id], node.lineno))
    return tuple(sorted(set(uses), key=lambda use: (use.line, use.name)))


def _may_use(text: str, forbid: tuple[str, ...]) -> bool:
    """False only where no path can begin with a forbidden name: most notebooks, and a walk over the tree is saved.

    Python folds letters of other alphabets into identifiers, and escapes and neighbours into strings that name a
    module: texts that could hold those are always read.
    """
    heads = (prefix.split(".")[0] for prefix in forbid)
    return not text.isascii() or "\\" in text or any(word in text for word in (*_BY_TEXT, *heads))


# Reading what a student wrote --------------------------------------------------------------------------------------

_MAGIC = re.compile(r"^([ \t]*)(?:%{1,2}(?:time|timeit|prun|capture)\b(?:[ \t]+-\S+)*[ \t]*|[%!?].*)", re.MULTILINE)
_IMPORT = re.compile(r"^\s*(?:import|from)\s.+$", re.MULTILINE)


def _parsed(source: str) -> ast.Module:
    """The syntax tree; of a source that is not Python, at least its imports."""
    text = _MAGIC.sub(lambda match: match[1], source)
    for attempt in (source, text):
        try:
            return ast.parse(attempt)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    body: list[ast.stmt] = []
    for chunk in _chunks(text):
        try:
            body += ast.parse(chunk).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            body += [s for line in _IMPORT.findall(chunk) for s in _statement(line.strip())]
    return ast.Module(body, [])


def _chunks(text: str) -> Iterator[str]:
    """Top-level statements by indentation, each with the empty lines before it, so that line numbers hold."""
    lines = text.split("\n")
    starts = [n for n, line in enumerate(lines) if line and not line[0].isspace() and line[0] not in ")]}#@"]
    for a, b in pairwise([*starts, len(lines)]):
        yield "\n" * a + "\n".join(lines[a:b])


def _statement(line: str) -> list[ast.stmt]:
    try:
        return ast.parse(line).body
    except (SyntaxError, ValueError):
        return []


# What names mean -------------------------------------------------------------------------------------------------


@dataclass
class _Names:
    """What each name stands for, as a dotted path."""

    paths: dict[str, str] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    own: set[str] = field(default_factory=set)  #: defined by the program itself: not the module of that name

    def read(self, tree: ast.AST) -> _Names:
        self.own |= _defined(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for each in node.names:
                    self.paths[each.asname or each.name.split(".")[0]] = (
                        each.name if each.asname else each.name.split(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for each in node.names:
                    if each.name == "*":
                        self.stars.append(node.module)
                    else:
                        self.paths[each.asname or each.name] = f"{node.module}.{each.name}"
        bindings = [n for n in ast.walk(tree) if isinstance(n, ast.Assign | ast.AnnAssign | ast.NamedExpr)]
        for _ in range(4):  # an alias of an alias of an alias
            self._aliases(bindings)
        return self

    def _aliases(self, bindings: Sequence[ast.Assign | ast.AnnAssign | ast.NamedExpr]) -> None:
        for node in bindings:
            if node.value is not None:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for target in targets:
                    self._bind(target, node.value)

    def _bind(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Tuple | ast.List) and isinstance(value, ast.Tuple | ast.List):
            for each, part in zip(target.elts, value.elts, strict=False):
                self._bind(each, part)
        elif isinstance(target, ast.Name):
            path = self.path(value)
            if path:
                self.paths[target.id] = path

    def path(self, node: ast.expr) -> str:
        """The dotted path of an expression, or nothing."""
        if isinstance(node, ast.Name):
            return self.paths.get(node.id, "" if node.id in self.own else node.id)
        if isinstance(node, ast.Attribute):
            base = self.path(node.value)
            return f"{base}.{node.attr}" if base else ""
        if isinstance(node, ast.Call):
            return self._called(node)
        if isinstance(node, ast.Subscript) and self.path(node.value) == "sys.modules":
            return _text(node.slice)
        return ""

    def _called(self, node: ast.Call) -> str:
        """`__import__("torch")`, `import_module("torch.nn")`, `getattr(torch, "nn")`."""
        function = self.path(node.func)
        if function in _DYNAMIC and node.args:
            text = _text(node.args[0])
            return text.split(".")[0] if function.endswith("__import__") else text
        if function == "getattr" and len(node.args) >= 2:
            base, attribute = self.path(node.args[0]), _text(node.args[1])
            return f"{base}.{attribute}" if base and attribute else ""
        return ""


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _defined(tree: ast.AST) -> set[str]:
    """Names that the program itself defines: functions, classes, parameters, variables."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return found


# Uses ------------------------------------------------------------------------------------------------------------


def _banned(path: str, forbid: tuple[str, ...]) -> bool:
    return any(path == prefix or path.startswith(f"{prefix}.") for prefix in forbid)


def _uses(tree: ast.AST, names: _Names, forbid: tuple[str, ...]) -> Iterator[Use]:
    for node in ast.walk(tree):
        for path in _paths(node, names):
            if _banned(path, forbid):
                yield Use(_shortest(path, forbid), getattr(node, "lineno", 1))


def _shortest(path: str, forbid: tuple[str, ...]) -> str:
    """The path as far as it is known to be a name: never more than two steps beyond the forbidden prefix."""
    prefix = next(p for p in forbid if path == p or path.startswith(f"{p}."))
    beyond = path[len(prefix) :].split(".")[1:3]
    return ".".join([prefix, *beyond])


def _paths(node: ast.AST, names: _Names) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (each.name for each in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module
        yield from (f"{node.module}.{each.name}" for each in node.names if each.name != "*")
    elif isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        yield names.path(node)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield names.path(node)
        if node.id not in names.own and node.id not in names.paths:
            yield from (f"{star}.{node.id}" for star in names.stars)


def _helpers(tree: ast.Module, names: _Names, forbid: tuple[str, ...]) -> Mapping[str, str]:
    """Functions and classes of the rest of the program that use a forbidden name, themselves or through others."""
    bodies = dict(_bodies(tree))
    found: dict[str, str] = {}
    for name, body in bodies.items():
        first = next(_uses(body, names, forbid), None)
        if first is not None:
            found[name] = first.name
    for _ in range(len(bodies)):
        for name, body in bodies.items():
            used = next((n.id for n in ast.walk(body) if isinstance(n, ast.Name) and n.id in found), None)
            if used and name not in found:
                found[name] = found[used]
    return found


def _bodies(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
            yield from ((target.id, node.value) for target in node.targets if isinstance(target, ast.Name))
