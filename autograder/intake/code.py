"""What the source of a cell defines, read from its syntax tree, and what it imports; nothing is ever run."""

from __future__ import annotations

import ast
import functools
import hashlib
import re
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autograder.notebook import Exercise
    from autograder.records import Intake

#: Longer sources are searched by pattern only: a syntax tree takes some 800 times the memory of its text.
PARSED_CHARACTERS = 50_000
#: Longer sources are read again each time, so that a row of hostile files cannot fill the memory.
REMEMBERED_CHARACTERS = 5_000
#: Editors take or add no more space than this; it saves comparing megabytes with a line.
SPACE_CHARACTERS = 1_000
#: The fingerprint of a name that is bound, but not by a def, a class or a lambda.
BOUND = "="
#: No released stub has more nodes; a larger tree is not looked through.
STUB_NODES = 5000
#: The fingerprint of a def that is too large, or in a source that cannot be parsed: no released stub is like that.
UNREAD = "?"

# Cell magics that run their cell as ordinary Python; below any other (%%bash, %%writefile) nothing is defined.
_RUNNING_MAGICS = ("%%time", "%%timeit", "%%capture", "%%prun")
# Possessive (*+, ++): a line of 10^5 spaces must not be tried in 10^10 ways.
_MAGIC_LINE = re.compile(r"^([ \t]*+)(?:[%!?].*|[^#'\"\n]*\?)$", re.MULTILINE)
_MAGIC_VALUE = re.compile(r"^([\w, \t]++=[ \t]*+)[%!].*$", re.MULTILINE)
_DEF = re.compile(r"^(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)", re.MULTILINE)
_SOMETHING = re.compile(r"^[^\S\n]*+[^\s#]", re.MULTILINE)


def definitions(source: str) -> Mapping[str, str]:
    """Name -> fingerprint of everything that a cell binds at its top level.

    The fingerprint of a def, class or lambda does not see spacing, comments or docstrings. A source that is no
    Python has the definitions that stand at the start of its lines.
    """
    return _remembered(source) if len(source) <= REMEMBERED_CHARACTERS else _definitions(source)


def _definitions(source: str) -> Mapping[str, str]:
    if _other_language(source):
        return {}
    tree = _parse(source)
    if tree is None:
        return dict.fromkeys(_DEF.findall(source), UNREAD)
    found: dict[str, str] = {}
    for node in tree.body:
        found.update(_bindings(node))
    return found


#: The unit's own cells come with every submission, a submission's own three times.
_remembered = functools.lru_cache(maxsize=256)(_definitions)


def imports(found: Intake, library: str) -> bool:
    """Whether a line that will run begins to import it.  Who imports in another way waits longer, no more than that."""
    line = _import_of(library)
    return any(library in cell.source and line.search(cell.source) for cell in found.cells)


@functools.cache
def _import_of(library: str) -> re.Pattern[str]:
    return re.compile(rf"^[ \t]*+(?:import|from)[ \t][^\n]*\b{library}\b", re.MULTILINE)


def is_blank(source: str) -> bool:
    """Whether nothing is left of a cell but space and comments."""
    return _SOMETHING.search(source) is None


def is_stub(found: Mapping[str, str], exercise: Exercise) -> bool:
    """Whether every function of the exercise that is among a cell's definitions is still as it was released."""
    released = definitions(exercise.stub)
    there = [name for name in exercise.functions if name in found]
    return bool(there) and all(found[name] == released.get(name) != UNREAD for name in there)


def defines(found: Mapping[str, str], exercise: Exercise) -> bool:
    """Whether a def, class or lambda among a cell's definitions is a function of the exercise."""
    return any(found.get(name, BOUND) != BOUND for name in exercise.functions)


def same(source: str, other: str) -> bool:
    """Whether two sources differ in nothing but line ends and the space at the end of lines."""
    return abs(len(source) - len(other)) <= SPACE_CHARACTERS and normal(source) == normal(other)


def normal(source: str) -> str:
    """A source without the space that editors change on their own."""
    return "\n".join(line.rstrip() for line in source.strip().splitlines())


def _other_language(source: str) -> bool:
    first = source.split(maxsplit=1)[:1]
    return bool(first) and first[0].startswith("%%") and first[0] not in _RUNNING_MAGICS


def _parse(source: str) -> ast.Module | None:
    if len(source) > PARSED_CHARACTERS:
        return None
    # As it stands first: a line that begins with % may also be the rest of an expression.
    plain = _MAGIC_VALUE.sub(r"\1None", _MAGIC_LINE.sub(r"\1pass", source))
    for text in (source, plain) if plain != source else (source,):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # "invalid escape sequence" is the student's to read, not ours
                # CPython looks for the line of a syntax error in the file of that name: no file has none.
                return ast.parse(text, filename="")
        except (SyntaxError, ValueError, RecursionError, MemoryError):  # NUL, absurd numbers, absurd nesting
            continue
    return None


def _bindings(node: ast.stmt) -> dict[str, str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name: _fingerprint(node)}
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        mark = _fingerprint(node.value) if isinstance(node.value, ast.Lambda) else BOUND
        return {target.id: mark for target in targets if isinstance(target, ast.Name)}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name: BOUND for alias in node.names}
    return {}


def _fingerprint(node: ast.AST) -> str:
    """A hash of the tree, node by node: `ast.dump` takes four times as long, recurses, and stumbles over 0xfff... ."""
    parts: list[str] = []
    rest: list[object] = [node]
    while rest:
        if len(parts) > STUB_NODES:
            return UNREAD
        part = rest.pop()
        if isinstance(part, ast.AST):
            parts.append(type(part).__name__)
            rest += [_field(part, field) for field in part._fields if field != "ctx"]
        elif isinstance(part, list):
            parts.append(f"[{len(part)}")
            rest += part
        else:
            parts.append(f"0x{part:x}" if type(part) is int else repr(part))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _field(node: ast.AST, field: str) -> object:
    if field == "body" and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return _without_docstring(node.body)
    return getattr(node, field, None)


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return body[1:]
    return body
