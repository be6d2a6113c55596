"""Names that an exercise forbids, found on the syntax tree.

Imports, aliases, attributes, `__import__("torch")` and helpers defined in other cells are followed.  This catches the
honest mistake and the easy trick; a determined evader can pass (exec, getattr with computed names), so a tripwire
watches at run time too, and the README says what remains.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

_DYNAMIC = ("__import__", "builtins.__import__", "importlib.import_module", "importlib.__import__")
#: Without one of these words a string is never read as the name of a module.
_BY_TEXT = ("__import__", "import_module", "getattr", "modules")


_STEPS = 8  #: of a path that are looked at: no forbidden name is longer


@dataclass(frozen=True)
class Use:
    """A forbidden name, as its full dotted path, and the line of the source where it is used."""

    name: str
    line: int


def scan(source: str, forbid: tuple[str, ...], elsewhere: str = "") -> tuple[Use, ...]:
    """Uses of forbidden dotted prefixes in `source`, the rest of whose program stands elsewhere; see Program.uses."""
    return Program([elsewhere, source]).uses(1, forbid)


class Program:
    """The cells of one submission, each read once, however many exercises ask.

    Whoever sends ten thousand functions that call each other must not cost more than whoever sends ten.
    """

    def __init__(self, sources: Sequence[str]) -> None:
        self.sources = sources

    def uses(self, cell: int, forbid: tuple[str, ...], functions: Collection[str] | None = None) -> tuple[Use, ...]:
        """Uses of forbidden dotted prefixes in one cell, in the order of lines.

        Imports and aliases of the other cells count, and so does what their functions use if this cell uses them.
        functions: in a cell that holds other exercises too (a .py file), only these are meant, with all that they use.
        """
        if not forbid or not any(_may_use(source, forbid) for source in self.sources):
            return ()
        tree = self._trees[cell]
        names = self._names.copy().read(tree)  # what a cell says itself goes before what others say
        parts = [tree] if functions is None else [body for name, body in _bodies(tree) if name in functions]
        helpers, own = self._helpers(forbid), _defined(tree) if functions is None else frozenset(functions)
        found: set[Use] = set()
        for part in parts:
            found |= {Use(_shortest(p, forbid), line) for p, line in _paths(part, names) if _banned(p, forbid)}
            for node in ast.walk(part):
                if isinstance(node, ast.Name) and node.id in helpers and node.id not in own:
                    found.add(Use(helpers[node.id], node.lineno))
        return tuple(sorted(found, key=lambda use: (use.line, use.name)))

    @cached_property
    def _trees(self) -> list[ast.Module]:
        return [_parsed(source) for source in self.sources]

    @cached_property
    def _names(self) -> _Names:
        names = _Names()
        for tree in self._trees:
            names.read(tree)
        return names

    @cached_property
    def _bodies(self) -> dict[str, tuple[list[str], set[str]]]:
        """Each function and class of the program: the paths and the plain names that it uses."""
        found: dict[str, tuple[list[str], set[str]]] = {}
        for name, body in (pair for tree in self._trees for pair in _bodies(tree)):
            paths, used = found.setdefault(name, ([], set()))  # of two with one name, both count
            paths += [path for path, _ in _paths(body, self._names)]
            used |= {n.id for n in ast.walk(body) if isinstance(n, ast.Name)}
        return found

    def _helpers(self, forbid: tuple[str, ...]) -> Mapping[str, str]:
        """Functions and classes that use a forbidden name, themselves or through others, each with that name."""
        found = {}
        callers: dict[str, list[str]] = {}
        for name, (paths, used) in self._bodies.items():
            first = next((path for path in paths if _banned(path, forbid)), None)
            if first is not None:
                found[name] = _shortest(first, forbid)
            for each in used:
                callers.setdefault(each, []).append(name)
        todo = list(found)
        while todo:
            name = todo.pop()
            for caller in callers.get(name, ()):
                if caller not in found:
                    found[caller] = found[name]
                    todo.append(caller)
        return found


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

    def copy(self) -> _Names:
        return _Names(dict(self.paths), list(self.stars), set(self.own))

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
            steps: list[str] = []
            inner: ast.expr = node
            while isinstance(inner, ast.Attribute):  # no recursion: a chain may have thousands of steps
                steps.append(inner.attr)
                inner = inner.value
            base = self.path(inner)
            return ".".join([base, *reversed(steps[-_STEPS:])]) if base else ""
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


def _shortest(path: str, forbid: tuple[str, ...]) -> str:
    """The path as far as it is known to be a name: never more than two steps beyond the forbidden prefix."""
    prefix = next(p for p in forbid if path == p or path.startswith(f"{p}."))
    beyond = path[len(prefix) :].split(".")[1:3]
    return ".".join([prefix, *beyond])


def _paths(tree: ast.AST, names: _Names) -> Iterator[tuple[str, int]]:
    """Every dotted path that a piece of code uses, with its line."""
    inside: set[int] = set()  # the inner parts of a chain of attributes say nothing that the whole does not
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            inside.add(id(node.value))
            if id(node) in inside:
                continue
        yield from ((path, getattr(node, "lineno", 1)) for path in _paths_of(node, names) if path)


def _paths_of(node: ast.AST, names: _Names) -> Iterator[str]:
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


def _bodies(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
            yield from ((target.id, node.value) for target in node.targets if isinstance(target, ast.Name))
