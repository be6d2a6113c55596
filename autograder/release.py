"""The notebook that students get: built anew from an allow-list, so that what is not named cannot leak.

The .ipynb carries nbgrader's metadata (version 3: ids, locks, points, checksums) so that formgrader and the validate
button work; the checksum is nbgrader's own, computed here because importing nbgrader costs seconds. Before a release
is written, every byte of it is searched for lines and numbers of the hidden side.
"""

from __future__ import annotations

import base64
import ctypes
import hashlib
import io
import json
import os
import re
import shutil
import uuid
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.bundle import make_bundle
from autograder.course import Course
from autograder.errors import UnitError
from autograder.notebook import Unit, UnitCell

if TYPE_CHECKING:
    from nbformat import NotebookNode  # importing it costs over a second: only where one is built


# Building --------------------------------------------------------------------------------------------------------


def build(unit: Unit) -> NotebookNode:
    """The notebook as students get it."""
    points = {f"{each.id}-test": each.points for each in unit.exercises}
    points |= {each.id: each.points for each in unit.manual}
    cells = [_cell(cell, points) for cell in unit.cells]
    return _notebook(unit, cells)


def solution(unit: Unit) -> NotebookNode:
    """The release with the solutions typed in, as a perfect student would hand it in: same ids, same metadata."""
    notebook = build(unit)
    for node, cell in zip(notebook.cells, unit.cells, strict=True):
        if cell.kind in ("exercise", "answer"):
            node.source = cell.solution
    return notebook


def _notebook(unit: Unit, cells: list[dict[str, Any]]) -> NotebookNode:
    import nbformat

    metadata = {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        "autograder": {"unit": unit.name, "release": _digest(unit, cells)},
    }
    node = nbformat.from_dict({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells})
    nbformat.validate(node)
    return node


def _digest(unit: Unit, cells: list[dict[str, Any]]) -> str:
    """Names the released content, and nothing else: a hash of hidden bytes would let students guess at them."""
    total = hashlib.sha256(json.dumps(cells, sort_keys=True).encode())
    for file in unit.data:
        total.update(f"{file.as_posix()}\n".encode())
        total.update(hashlib.sha256((unit.folder / file).read_bytes()).digest())
    return total.hexdigest()


#: kind -> (cell type, grade, solution, locked)
_ROLES: Mapping[str, tuple[str, bool, bool, bool]] = {
    "text": ("markdown", False, False, True),
    "code": ("code", False, False, True),
    "plot": ("code", False, False, True),
    "exercise": ("code", False, True, False),
    "test": ("code", True, False, True),
    "question": ("markdown", False, False, True),
    "answer": ("markdown", True, True, False),
}


def _cell(cell: UnitCell, points: Mapping[str, float]) -> dict[str, Any]:
    """One cell as nbformat 4.5 with nbgrader's metadata; its id is nbgrader's, so it never changes between builds."""
    kind, grade, solved, locked = _ROLES[cell.kind]
    told: dict[str, Any] = {"schema_version": 3, "grade": grade, "solution": solved, "locked": locked, "task": False}
    told |= {"grade_id": cell.id, "cell_type": kind}
    if grade:
        told["points"] = points[cell.id]
    told["checksum"] = checksum(cell.source, told)
    metadata: dict[str, Any] = {"nbgrader": told, "deletable": False}
    if locked:
        metadata["editable"] = False
    node: dict[str, Any] = {"cell_type": kind, "id": cell.id, "metadata": metadata, "source": cell.source}
    return node | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def checksum(source: str, told: Mapping[str, Any]) -> str:
    """nbgrader's md5 of what must not change in a cell (nbgrader.utils.compute_checksum)."""
    # nbgrader calls a grade cell locked unless students write in it, whatever its own flag says.
    locked = not told["solution"] and (told["grade"] or told["locked"])
    parts = [source, told["cell_type"], str(told["grade"]), str(told["solution"]), str(locked), told["grade_id"]]
    if told["grade"]:
        parts.append(str(float(told["points"])))
    return hashlib.md5("".join(parts).encode(), usedforsecurity=False).hexdigest()


# Writing ---------------------------------------------------------------------------------------------------------


def write(course: Course, unit: Unit, out: Path) -> Path:
    """out/<unit> with the notebook and the data, and nothing else; an older release is replaced in one go.

    A release in which the leak scan finds something is refused with one line that names it.
    """
    course.unit(unit.name)
    files = _files(unit)
    found = leaks(unit, files)
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise UnitError(f"{found[0]}{more}. Nothing was released: change the public or the hidden side.")
    out.mkdir(parents=True, exist_ok=True)
    draft = out / f".{unit.name}-{uuid.uuid4().hex}"
    try:
        for name, content in files.items():
            _save(draft / name, content)
        _put(draft, out / unit.name)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return out / unit.name


def _files(unit: Unit) -> dict[str, bytes]:
    """Everything that leaves the course: the allow-list."""
    import nbformat

    text = nbformat.writes(build(unit)) + "\n"
    data = {file.as_posix(): (unit.folder / file).read_bytes() for file in unit.data}
    return {f"{unit.name}.ipynb": text.encode()} | data


def _save(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _put(draft: Path, place: Path) -> None:
    """The draft in its place; what stood there ends up in the draft's, to be removed."""
    if not place.exists():
        os.rename(draft, place)
    elif not _exchange(draft, place):
        old = draft.with_name(f"{draft.name}-old")
        os.rename(place, old)
        os.rename(draft, place)
        shutil.rmtree(old, ignore_errors=True)


def _exchange(a: Path, b: Path) -> bool:
    """Swap two folders in one step (Linux), so that no reader ever finds none; False where that cannot be done."""
    try:
        swap = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return bool(swap(here, os.fsencode(a), here, os.fsencode(b), exchange) == 0)


# Searching for leaks ---------------------------------------------------------------------------------------------

_SHORTEST = 12  # characters of a line that is worth a search; shorter ones are anybody's
_DIGITS = 6  # significant digits of a number that nobody writes by chance


@dataclass(frozen=True)
class _Secret:
    """A line or a number of the hidden side."""

    text: str
    place: str  #: file:line


def leaks(unit: Unit, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """What of the hidden side stands in the files, as sentences; empty when nothing does.

    Looked for: solution lines, and lines of the tests, the known wrong and right solutions and the reference, of 12
    characters or more that no public cell holds; numbers of six or more digits of test_hidden.py, public or not.
    Looked in: the bytes as text, JSON-escaped forms, base64, and members of zip files.
    """
    hidden = make_bundle(unit.root, unit.name).files
    public = "\n".join(cell.source for cell in unit.cells)
    lines = [secret for secret in _lines(unit, hidden) if secret.text not in public]
    tests = f"assignments/{unit.name}/test_hidden.py"
    numbers = list(_numbers(hidden[tests], tests))
    found: list[str] = []
    for name, content in files.items():
        found += _lines_in(f"{unit.name}/{name}", content, lines)
        found += _numbers_in(f"{unit.name}/{name}", content, numbers)
    return tuple(found)


def _lines(unit: Unit, hidden: Mapping[str, bytes]) -> Iterator[_Secret]:
    """Every line of the hidden side worth a search, once."""
    place = f"assignments/{unit.name}"
    told: dict[str, str] = {}
    for cell in unit.cells:
        released = set(cell.source.splitlines())
        for line in cell.solution.splitlines():
            if line not in released:
                told.setdefault(line.strip(), f"{place}/notebook.py:{cell.line}")
    for name, content in hidden.items():
        if name != f"{place}/notebook.py" and not name.startswith(f"{place}/data/"):
            for n, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
                told.setdefault(line.strip(), f"{name}:{n}")
    public = {name for exercise in unit.exercises for name in (exercise.id, *exercise.functions)}
    for line, at in told.items():
        # An import says nothing of an answer, and stands in every file; so does the name of an exercise on its own line.
        told_anyway = re.match(r"(import|from) [\w.]+", line) or line.strip("\"',") in public
        if len(line) >= _SHORTEST and not told_anyway:
            yield _Secret(line, at)


def _lines_in(name: str, content: bytes, secrets: list[_Secret]) -> Iterator[str]:
    views = "\n".join(_views(content))
    for secret in secrets:
        if any(form in views for form in _forms(secret.text)):
            yield f"{secret.place}: this line would be released in {name}: {secret.text[:60]!r}"


def _forms(line: str) -> set[str]:
    """The line, and how it looks as a JSON string, once and twice."""
    forms = {line}
    for _ in range(2):
        forms |= {json.dumps(form, ensure_ascii=ascii)[1:-1] for form in forms for ascii in (True, False)}
    return forms


_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}")
_WRAPPED = re.compile(rb"(?<=[A-Za-z0-9+/_-])(?:\\n|\r?\n|\",\s*\")(?=[A-Za-z0-9+/_-])")


def _views(content: bytes, depth: int = 2) -> Iterator[str]:
    """The bytes as text, and what is packed inside them."""
    yield content.decode("utf-8", "replace")
    if depth == 0:
        return
    for packed in (*_decoded(content), *_unzipped(content)):
        yield from _views(packed, depth - 1)


def _decoded(content: bytes) -> Iterator[bytes]:
    """Runs of base64, as they stand and with line ends removed; a run may begin with letters that are not its own."""
    for run in {match for text in (content, _WRAPPED.sub(b"", content)) for match in _BASE64.findall(text)}:
        if run.isdigit():
            continue
        plain = run.translate(bytes.maketrans(b"-_", b"+/"))
        for start in range(4):
            piece = plain[start:]
            if len(piece) % 4 == 1:
                piece = piece[:-1]
            yield base64.b64decode(piece + b"=" * (-len(piece) % 4))


def _unzipped(content: bytes) -> Iterator[bytes]:
    """Members of a zip (or .npz), as long as it is no bomb."""
    if not content.startswith(b"PK"):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist():
                if member.file_size < 64 << 20:
                    yield archive.read(member)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError):
        return


def _numbers(source: bytes, place: str) -> Iterator[_Secret]:
    """Numbers with six or more significant digits."""
    for n, line in enumerate(source.decode("utf-8", "replace").splitlines(), 1):
        for number in _NUMBER.findall(line):
            if len(_significant(number)) >= _DIGITS:
                yield _Secret(number, f"{place}:{n}")


_NUMBER = re.compile(r"\d[\d_]*\.?\d*|\.\d+")


def _significant(number: str) -> str:
    """The digits that say something: 0.0880797 -> 880797, 1000000 -> 1."""
    return re.sub(r"[._]", "", number).strip("0")


def _numbers_in(name: str, content: bytes, secrets: list[_Secret]) -> Iterator[str]:
    """Secret numbers in a file."""
    # A notebook may show a golden rounded; in data, with its thousands of numbers, six equal digits are chance.
    kept = _DIGITS if name.endswith(".ipynb") else None
    digits = {_significant(number) for view in _views(content) for number in _NUMBER.findall(view)}
    there = {each[:kept] for each in digits if len(each) >= _DIGITS}
    for secret in secrets:
        if _significant(secret.text)[:kept] in there:
            yield f"{secret.place}: the number {secret.text} would be released in {name}"
