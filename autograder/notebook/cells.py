"""What each cell means: its kind, its id and its two forms, as released and solved."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from autograder.errors import UnitError
from autograder.notebook.solution import Body, function, shifted, signature
from autograder.notebook.text import Raw, meant, read_text, split
from autograder.notebook.unit import ANSWER, STUB, UnitCell

QUESTION = "-question"
_MARKER = re.compile(r"###\s*(BEGIN|END) (SOLUTION|MARK SCHEME|HIDDEN TESTS)")
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,47}")


@dataclass(frozen=True)
class ReadCell(UnitCell):
    """A cell with what its header said."""

    header: int = 0
    functions: tuple[str, ...] = ()
    reference: tuple[str, ...] = ()
    forbid: tuple[str, ...] = ()
    points: float = 0.0


@dataclass
class Reader:
    """Goes through the raw cells once, counting the cells of each kind for their ids."""

    root: Path
    place: str
    counts: dict[str, int] = field(default_factory=dict)

    def read(self, text: str) -> list[ReadCell]:
        return [self.cell(raw) for raw in split(text, self.place)]

    def fault(self, line: int, what: str) -> UnitError:
        return UnitError(f"{self.place}:{line}: {what}")

    def cell(self, raw: Raw) -> ReadCell:
        keys = frozenset(raw.keys)
        forms = {
            frozenset(): self.plain,
            frozenset({"run"}): self.plot,
            frozenset({"exercise", "source"}): self.exercise,
            frozenset({"exercise", "source", "forbid"}): self.exercise,
            frozenset({"test"}): self.test,
            frozenset({"manual", "points"}): self.question,
            frozenset({"answer"}): self.answer,
        }
        if keys not in forms:
            raise self.fault(raw.header, self.odd(keys))
        if not raw.lines and not keys & {"answer"}:
            raise self.fault(raw.header, "the cell is empty. Fill it or remove it.")
        return forms[keys](raw)

    def odd(self, keys: frozenset[str]) -> str:
        for one, other in [("exercise", "source"), ("manual", "points")]:
            if (one in keys) != (other in keys) or ("forbid" in keys and "exercise" not in keys):
                return f"{', '.join(sorted(keys))} alone is not enough. An {one} cell needs {one}= and {other}=."
        return f"{' and '.join(sorted(keys))} do not go together. Make two cells."

    # Each kind of cell

    def plain(self, raw: Raw) -> ReadCell:
        return self.made(raw, "text" if raw.markdown else "code")

    def plot(self, raw: Raw) -> ReadCell:
        if raw.keys["run"] is not False:
            raise self.fault(raw.header, "run= can only be false; every other cell runs anyway. Remove it.")
        return self.made(raw, "plot")

    def test(self, raw: Raw) -> ReadCell:
        exercise = self.id(raw, "test")
        return self.made(raw, "test", id=f"{exercise}-test", exercise=exercise)

    def question(self, raw: Raw) -> ReadCell:
        points = raw.keys["points"]
        if isinstance(points, bool) or not isinstance(points, int | float) or not 0 < points < 1e6:
            raise self.fault(raw.header, f"points={points!r} is not a number above 0. Write points=3.")
        source = "\n".join(self.cut(raw, "MARK SCHEME", ())).strip("\n")
        return self.made(raw, "question", id=self.id(raw, "manual") + QUESTION, source=source, points=float(points))

    def answer(self, raw: Raw) -> ReadCell:
        source = "\n".join(self.cut(raw, "SOLUTION", (ANSWER,))) or ANSWER
        solution = "\n".join(line for line in raw.lines if not _MARKER.search(line)) or ANSWER
        return self.made(raw, "answer", id=self.id(raw, "answer"), source=source, solution=solution)

    def exercise(self, raw: Raw) -> ReadCell:
        id = self.id(raw, "exercise")
        reference = self.words(raw, "source", r"\w+(\.\w+)+", "module.function")
        forbid = self.words(raw, "forbid", r"\w+(\.\w+)*", "a dotted name") if "forbid" in raw.keys else ()
        defs = self.defs(raw, len(reference))
        regions = self.regions(raw, "SOLUTION")
        self.paired(raw, defs, regions)
        bodies = [self.body(raw, node, name) for node, name in zip(defs, reference, strict=True)]
        indents = [" " * (len(raw.lines[a]) - len(raw.lines[a].lstrip())) for a, _ in regions]
        stubs = [[indent + line for line in STUB] for indent in indents]
        solved = [shifted(body, indent) for body, indent in zip(bodies, indents, strict=True)]
        cell = self.made(
            raw,
            "exercise",
            id=id,
            exercise=id,
            source="\n".join(_filled(raw.lines, regions, stubs)),
            solution="\n".join(_filled(raw.lines, regions, solved)),
        )
        self.same(cell, defs, bodies, reference)
        return replace(cell, functions=tuple(node.name for node in defs), reference=reference, forbid=forbid)

    # Parts of them

    def made(
        self,
        raw: Raw,
        kind: str,
        *,
        id: str = "",
        source: str | None = None,
        solution: str | None = None,
        exercise: str | None = None,
        points: float = 0.0,
    ) -> ReadCell:
        """The cell, with an id of its own or the next number of its kind, free of markers that do not belong."""
        if not id:
            self.counts[kind] = self.counts.get(kind, 0) + 1
            id = f"{kind}-{self.counts[kind]}"
        text = "\n".join(raw.lines)
        source = text if source is None else source
        self.unmarked(raw, source)
        return ReadCell(
            id,
            kind,
            source,
            text if solution is None else solution,
            raw.first,
            exercise,
            header=raw.header,
            points=points,
        )

    def unmarked(self, raw: Raw, source: str) -> None:
        marker = _MARKER.search(source)
        if marker and marker[2] == "HIDDEN TESTS":
            raise self.fault(raw.first, "hidden tests stand in test_hidden.py only. Move them there.")
        if marker:
            raise self.fault(
                raw.first, f"'### {marker[1]} {marker[2]}' does not belong in this kind of cell. Remove it."
            )

    def id(self, raw: Raw, key: str) -> str:
        value = raw.keys[key]
        if not isinstance(value, str) or not _ID.fullmatch(value):
            raise self.fault(
                raw.header, f"{key}={value!r} is not an id. Use a letter, then letters, digits and _ (48 at most)."
            )
        return value

    def words(self, raw: Raw, key: str, form: str, example: str) -> tuple[str, ...]:
        value = raw.keys[key]
        found = [value] if isinstance(value, str) and key == "source" else value
        if not isinstance(found, list) or not all(isinstance(word, str) and re.fullmatch(form, word) for word in found):
            raise self.fault(
                raw.header, f'{key}={value!r} is not {example}. Write {key}=["...", "..."], each {example}.'
            )
        if not found or len(set(found)) < len(found):
            raise self.fault(raw.header, f"{key}= is empty or names one thing twice. Mend the list.")
        return tuple(found)

    def regions(self, raw: Raw, what: str) -> list[tuple[int, int]]:
        """Index of each BEGIN line and of its END line."""
        found: list[tuple[int, int]] = []
        begin: int | None = None
        for i, line in enumerate(raw.lines):
            marker = _MARKER.search(line)
            if not marker or marker[2] != what:
                continue
            if (marker[1] == "BEGIN") != (begin is None):
                raise self.fault(
                    raw.first + i, f"'### {marker[1]} {what}' without its partner. BEGIN and END take turns."
                )
            if begin is not None:
                found.append((begin, i))
            begin = i if begin is None else None
        if begin is not None:
            raise self.fault(raw.first + begin, f"'### BEGIN {what}' is never closed. Add '### END {what}'.")
        return found

    def cut(self, raw: Raw, what: str, instead: Sequence[str]) -> list[str]:
        regions = self.regions(raw, what)
        return _filled(raw.lines, regions, [instead] * len(regions))

    def defs(self, raw: Raw, wanted: int) -> list[ast.FunctionDef]:
        tree = self.parsed(raw, "\n".join(raw.lines))
        for node in tree.body:
            if isinstance(node, ast.ClassDef | ast.AsyncFunctionDef):
                raise self.fault(
                    raw.first + node.lineno - 1, f"{node.name!r} is not a plain function. Exercises are functions."
                )
        defs = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
        if len(defs) != wanted:
            raise self.fault(
                raw.header, f"source= names {wanted} function(s), the cell defines {len(defs)}. Make them agree."
            )
        return defs

    def parsed(self, raw: Raw, source: str) -> ast.Module:
        try:
            return ast.parse(source)
        except SyntaxError as err:
            line = raw.first + (err.lineno or 1) - 1
            raise self.fault(line, f"not Python: {err.msg}. Mend the cell (magics and ! are not allowed).") from None

    def paired(self, raw: Raw, defs: list[ast.FunctionDef], regions: list[tuple[int, int]]) -> None:
        """Each function is a docstring, then an empty solution region."""
        if len(defs) != len(regions):
            at = raw.first + defs[0].lineno - 1
            raise self.fault(
                at, "every function needs one '### BEGIN SOLUTION' and '### END SOLUTION'. Add the missing one."
            )
        ends = [node.lineno - 1 for node in defs[1:]] + [len(raw.lines)]
        for node, (begin, end), stop in zip(defs, regions, ends, strict=True):
            if len(node.body) != 1 or ast.get_docstring(node) is None:
                at = raw.first + node.lineno - 1
                raise self.fault(
                    at, f"{node.name} is more than a docstring. Its body comes from the reference; remove it here."
                )
            if not (node.end_lineno or 0) <= begin < end < stop:
                raise self.fault(
                    raw.first + begin, f"this region does not follow {node.name}'s docstring. Move it there."
                )
            if any(line.strip() for line in raw.lines[begin + 1 : end]):
                raise self.fault(
                    raw.first + begin + 1,
                    "a solution stands in the notebook. Put it in the reference; leave this empty.",
                )

    def body(self, raw: Raw, node: ast.FunctionDef, dotted: str) -> Body:
        """The body of the reference's function, once its signature is known to agree."""
        *modules, name = dotted.split(".")
        file = self.root.joinpath("reference", *modules).with_suffix(".py")
        place = f"reference/{'/'.join(modules)}.py"
        if not file.is_file():
            near = meant(file.stem, [each.stem for each in file.parent.glob("*.py")])
            raise self.fault(raw.header, f"source={dotted!r}: there is no {place}.{near} Create it, or mend the name.")
        found = function(read_text(file, place), name, place)
        if isinstance(found, list):
            raise self.fault(
                raw.header, f"source={dotted!r}: {place} defines no function {name!r}.{meant(name, found)}"
            )
        theirs, ours = signature(found.node), signature(node)
        if theirs != ours:
            at = raw.first + node.lineno - 1
            raise self.fault(
                at,
                f"{node.name}({ours}) differs from {dotted}({theirs}) at {place}:{found.node.lineno}. Make them agree.",
            )
        return found

    def same(self, cell: ReadCell, defs: list[ast.FunctionDef], bodies: list[Body], names: Sequence[str]) -> None:
        """The solved cell does what the reference does: the same statements came out of moving the text."""
        try:
            solved = {node.name: node for node in ast.parse(cell.solution).body if isinstance(node, ast.FunctionDef)}
            moved = [[ast.dump(each) for each in solved[node.name].body[1:]] for node in defs]
        except (SyntaxError, KeyError):
            moved = []
        if moved != [[ast.dump(each) for each in body.statements] for body in bodies]:
            raise self.fault(
                cell.line,
                f"the body of {' and '.join(names)} changes when it is indented like this cell. Indent both by 4.",
            )


def _filled(lines: Sequence[str], regions: Sequence[tuple[int, int]], parts: Sequence[Sequence[str]]) -> list[str]:
    """The lines with each region, markers and all, replaced by its part."""
    out: list[str] = []
    at = 0
    for (begin, end), part in zip(regions, parts, strict=True):
        out += [*lines[at:begin], *part]
        at = end + 1
    return [*out, *lines[at:]]
