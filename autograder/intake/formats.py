"""The bytes of a submitted file as cells. Hostile input: every size is checked before the thing is read."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import accumulate, islice
from pathlib import PurePosixPath
from typing import Any, NoReturn

from autograder.errors import SubmissionError
from autograder.intake.archive import the_only_notebook

FILE_BYTES = 10_000_000
CELLS = 2000
CODE_CHARACTERS = 300_000
SCRIPT_CHARACTERS = 2_000_000  # a .py carries no outputs
INTEGER_DIGITS = 4300
#: Brackets, braces, commas and colons outside strings. A notebook of 10 MB with plots, tables and widgets has some
#: 10^5; a million unique keys cost 400 MB once parsed.
MARKS = 500_000
DEPTH = 100

_ARCHIVES = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"7z\xbc\xaf": "7z", b"Rar!": "rar"}
_BUT_MARKS = bytes(set(range(256)) - set(b'"[]{},:'))
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_BEGINS_A_NOTEBOOK = re.compile(rb"\s*+\{")
_SURROGATES = re.compile("[\ud800-\udfff]")
_PERCENT = re.compile(r"^# ?%%(?:[ \t]+(?P<header>.*))?$|^# In ?\[[ \d]*\]:?[ \t]*$", re.MULTILINE)
_COMMENT = re.compile(r"^# ?", re.MULTILINE)
_ID_IN_HEADER = re.compile(r'(?:"?grade_id"?[ \t]*[:=]|\b(?:exercise|answer)=)[ \t]*"([^"]{1,100})"')


@dataclass(frozen=True)
class RawCell:
    """One cell as the student left it."""

    number: int  #: place in the file, from 1
    code: bool  #: a code cell (anything else is text)
    source: str
    claims: tuple[str, ...] = ()  #: the ids that it claims to have, the most telling first; claims, nothing more


@dataclass(frozen=True)
class Unpacked:
    """A file's cells, the unit that it says it belongs to, and what was noticed on the way."""

    cells: tuple[RawCell, ...]
    unit: str | None = None
    notes: tuple[str, ...] = ()


def unpack(data: bytes, filename: str) -> Unpacked:
    """The cells of an .ipynb, .py or .zip; what counts is the content, the name only helps."""
    name = shown(filename)
    notes: tuple[str, ...] = ()
    _check_size(data, name)
    if data.startswith(b"PK\x03\x04"):
        data, filename, notes = the_only_notebook(data, name, FILE_BYTES)
        name = shown(filename)
        _check_size(data, name)
    _refuse_archives(data, name)
    data, doubts = _utf8(data)
    unpacked = _python(data, name) if _is_python(filename, data) else _notebook(_parse(data, name), name)
    _check_cells(unpacked.cells, name)
    return Unpacked(unpacked.cells, unpacked.unit, notes + doubts)


def shown(filename: str) -> str:
    """A file's name without its folders, safe to print: control codes out, 80 characters at most."""
    base = filename.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(c if c.isprintable() else "?" for c in base)[:80] or "the file"


def _check_size(data: bytes, name: str) -> None:
    if not data.strip():
        raise SubmissionError(f"{name}: the file is empty. Save the notebook and hand it in again.")
    if len(data) > FILE_BYTES:
        raise SubmissionError(
            f"{name}: {len(data) / 1e6:.1f} MB, but at most {FILE_BYTES // 1_000_000} MB are taken. "
            "Clear the outputs, save, and hand it in again."
        )


def _refuse_archives(data: bytes, name: str) -> None:
    kind = next((kind for magic, kind in _ARCHIVES.items() if data.startswith(magic)), None)
    if data.startswith(b"PK\x03\x04"):
        kind = "zip in a zip"
    if kind:
        raise SubmissionError(f"{name}: a {kind} archive is not taken. Hand in the .ipynb, or a plain .zip of it.")


def _utf8(data: bytes) -> tuple[bytes, tuple[str, ...]]:
    """The text as UTF-8 without a byte-order mark, whatever editor wrote it, and a note if some of it is unreadable."""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding).encode(), ()
    except UnicodeDecodeError:
        note = "The file is not UTF-8; characters that could not be read became �."
        return data.decode(encoding, errors="replace").encode(), (note,)


def _is_python(filename: str, data: bytes) -> bool:
    """Whether to read it as a script: .py (or .py.txt, .txt) by name, and no notebook by its content."""
    names = [suffix.lower() for suffix in PurePosixPath(filename.strip()).suffixes]
    notebook = _BEGINS_A_NOTEBOOK.match(data) and (b"cells" in data or b"worksheets" in data)
    return not notebook and ".ipynb" not in names and (".py" in names or names[-1:] == [".txt"])


def _parse(data: bytes, name: str) -> Any:
    """The JSON value; doubled keys, absurd numbers and nesting are refused, NaN becomes null."""
    _check_marks(data, name)

    def integer(digits: str) -> int:
        if len(digits) > INTEGER_DIGITS:
            raise SubmissionError(f"{name}: has a number of {len(digits)} digits. Save the notebook again in Jupyter.")
        return int(digits)

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise SubmissionError(f"{name}: has the same key twice in one place. Save the notebook again in Jupyter.")
        return found

    text = data.decode()
    try:
        return json.loads(text, parse_int=integer, parse_constant=lambda _: None, object_pairs_hook=once)
    except json.JSONDecodeError as error:
        _not_a_notebook(text, name, error)


def _check_marks(data: bytes, name: str) -> None:
    """Refuse what the parser would make millions of objects of, in one pass that makes none."""
    # First the escaped backslashes, so that what is left before a quote escapes it; then all quotes delimit strings.
    bare = data.replace(rb"\\", b"").replace(rb"\"", b"").translate(None, _BUT_MARKS)
    too_many = bare.count(b'"') > 2 * MARKS
    outside = b"" if too_many else b"".join(bare.split(b'"')[::2])
    if too_many or len(outside) > MARKS:
        raise SubmissionError(
            f"{name}: its outputs hold too many numbers and pieces. Clear the outputs, save, and hand it in again."
        )
    depths = accumulate(map(_STEP.__getitem__, outside.translate(None, b",:")), initial=0)
    if max(depths) > DEPTH:
        raise SubmissionError(f"{name}: is nested too deeply for a notebook. Save it again in Jupyter.")


def _not_a_notebook(text: str, name: str, error: json.JSONDecodeError) -> NoReturn:
    if text.lstrip()[:1] == "<":
        raise SubmissionError(
            f"{name}: is a web page, no notebook. Download the raw .ipynb and hand that in."
        ) from None
    raise SubmissionError(
        f"{name}: is not a notebook (no JSON at line {error.lineno}). Save it in Jupyter and hand in the .ipynb, "
        "or a .py by that name."
    ) from None


def _notebook(value: Any, name: str) -> Unpacked:
    """The cells of a notebook of format 3 or 4, with or without ids and metadata."""
    found = value.get("cells") if isinstance(value, dict) else None
    if found is None and isinstance(value, dict):
        sheets = value.get("worksheets")
        if isinstance(sheets, list) and all(isinstance(sheet, dict) for sheet in sheets):
            found = [cell for sheet in sheets for cell in _list(sheet.get("cells"))]
    if not isinstance(found, list):
        raise SubmissionError(f"{name}: has no cells, so it is no notebook. Save it in Jupyter and hand in the .ipynb.")
    if len(found) > CELLS:
        _too_many(len(found), name)
    cells = tuple(_cell(cell, number, name) for number, cell in enumerate(found, 1))
    return Unpacked(cells, _text(_dict(_dict(value.get("metadata")).get("autograder")).get("unit")))


def _cell(cell: Any, number: int, name: str) -> RawCell:
    if not isinstance(cell, dict):
        raise SubmissionError(f"{name}: cell {number} is no cell. Save the notebook again in Jupyter.")
    source = cell.pop("source", None) or cell.get("input") or ""  # popped: a copy less while it is cleaned
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        raise SubmissionError(f"{name}: the source of cell {number} is no text. Save the notebook again in Jupyter.")
    return RawCell(number, cell.get("cell_type") == "code", _clean(source), _claims(cell))


def _claims(cell: dict[str, Any]) -> tuple[str, ...]:
    """The ids that a cell says it has: nbgrader's, ours, and those that Colab and Jupyter keep."""
    metadata = _dict(cell.get("metadata"))
    claims = (
        _dict(metadata.get("nbgrader")).get("grade_id"),
        _dict(metadata.get("autograder")).get("id"),
        metadata.get("id"),
        cell.get("id"),
    )
    return tuple(claim for claim in map(_text, claims) if claim)


def _python(data: bytes, name: str) -> Unpacked:
    """A script: py:percent cells, the cells of nbconvert (# In[3]:), or one single cell."""
    text = data.decode()
    if len(text) > SCRIPT_CHARACTERS:
        raise SubmissionError(
            f"{name}: {len(text) / 1e6:.1f} million characters, at most {SCRIPT_CHARACTERS // 1_000_000} are taken of "
            "a script. Take pasted data out of it."
        )
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    marks = list(islice(_PERCENT.finditer(text), CELLS + 1))
    if len(marks) > CELLS:
        raise SubmissionError(f"{name}: more than {CELLS} cells. Delete those that are not needed.")
    pieces = [("", text[: marks[0].start() if marks else len(text)])]
    ends = [mark.start() for mark in marks[1:]] + [len(text)] * bool(marks)
    pieces += [(mark["header"] or "", text[mark.end() : end]) for mark, end in zip(marks, ends, strict=True)]
    cells: list[RawCell] = []
    for header, body in pieces:
        code = not re.match(r"\[(markdown|md|raw)\]", header)
        claim = _ID_IN_HEADER.search(header)
        source = _clean((body if code else _uncommented(body)).strip("\n"))
        if source or claim:
            cells.append(RawCell(len(cells) + 1, code, source, (claim[1],) if claim else ()))
    return Unpacked(tuple(cells))


def _uncommented(body: str) -> str:
    return _COMMENT.sub("", body)


def _check_cells(cells: tuple[RawCell, ...], name: str) -> None:
    if len(cells) > CELLS:
        _too_many(len(cells), name)
    size = sum(len(cell.source) for cell in cells if cell.code)
    if size > CODE_CHARACTERS:
        raise SubmissionError(
            f"{name}: {size} characters of code, but at most {CODE_CHARACTERS} are taken. "
            "Take pasted data out of the cells."
        )


def _too_many(count: int, name: str) -> NoReturn:
    raise SubmissionError(f"{name}: {count} cells, but at most {CELLS} are taken. Delete those that are not needed.")


def _clean(source: str) -> str:
    """Text that can be encoded: a lone surrogate would end every later write."""
    source = source.replace("\r\n", "\n")  # one at a time: each may be a copy of 40 MB
    source = source.replace("\r", "\n")
    source = source.replace("\x00", "�")
    return _SURROGATES.sub("�", source)


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
