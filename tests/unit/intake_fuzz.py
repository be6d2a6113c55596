"""Hostile files, made by damaging honest ones: notebooks, scripts and archives, small ones drawn, large ones by name.

A strategy gives (name, bytes). Each draws a handful of operations and applies them; what hypothesis shrinks is the list.
"""

from __future__ import annotations

import bz2
import copy
import gzip
import io
import json
import lzma
import stat
import tarfile
import unicodedata
import warnings
import zipfile
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

File = tuple[str, bytes]
Operation = tuple[str, int, int]

LIMIT = 10_000_000

# ---------------------------------------------------------------- names

_ODD_TEXT = st.text(
    st.characters(codec="utf-8") | st.sampled_from("\x00\x1b\n\r\t\u202e\u2028\ufeff./\\:%'\""), max_size=20
)
NAMES = st.one_of(
    st.sampled_from(
        [
            "a.ipynb",
            "a.py",
            "a.zip",
            "a",
            "",
            ".",
            "..",
            "/",
            "\\",
            "a.ipynb.txt",
            "A.IPYNB",
            "a.py.txt",
            ".ipynb",
            "a.txt",
            "../../etc/passwd.ipynb",
            "/etc/shadow.py",
            "C:\\con.ipynb",
            "nul.py",
            "CON",
            "a\x00.ipynb",
            "a\n.ipynb",
            "\u202ebnypi.a.py",
            "x" * 300 + ".ipynb",
            "=cmd|'/c calc'!A0.ipynb",
            "\x1b[31mred.py",
            "." * 300,
            "a." * 5000,
            "ü.ipynb",
            unicodedata.normalize("NFD", "ü.ipynb"),
            "\ud800.ipynb",
            "<script>.ipynb",
            "%s{0}.py",
            " .ipynb ",
        ]
    ),
    _ODD_TEXT.map(lambda text: text + ".ipynb"),
    _ODD_TEXT,
)

# ---------------------------------------------------------------- bytes

_PIECES = [
    b"",
    b"\x00",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b'"',
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"NaN",
    b"-Infinity",
    b"1e999999999",
    b"-",
    b"9" * 5000,
    b"0." + b"1" * 5000,
    b"\\ud800",
    b"\\u0000",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\r",
    b"\n",
    b"[" * 150,
    b'{"a":' * 150,
    b'"cells":[],',
    b'"source":"x",',
    b"PK\x01\x02",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"PK\x06\x06",
    b"null",
    b"true",
    b"/*",
    b"<!DOCTYPE html>",
    b"\x80\x04",
    b"\xe2\x80\xa8",
    b"# %%\n",
    b"\xff" * 4,
]
_CODECS = ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "utf-7", "cp1252"]
_BYTE_OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["cut", "flip", "insert", "overwrite", "swap", "double", "drop", "recode", "behead"]),
        st.integers(0, 1 << 16),
        st.integers(0, 1 << 16),
    ),
    max_size=3,
)


def damaged(data: bytes, operations: list[Operation]) -> bytes:
    for name, here, there in operations:
        data = _damage(data, name, here, there)
    return data


def _damage(data: bytes, name: str, here: int, there: int) -> bytes:
    first, second = sorted((here % (len(data) + 1), there % (len(data) + 1)))
    piece = _PIECES[there % len(_PIECES)]
    match name:
        case "cut":
            return data[:first]
        case "behead":
            return data[first:]
        case "flip" if first < len(data):
            return data[:first] + bytes([data[first] ^ 1 << there % 8]) + data[first + 1 :]
        case "insert":
            return data[: here % (len(data) + 1)] + piece + data[here % (len(data) + 1) :]
        case "overwrite":
            return data[: here % (len(data) + 1)] + piece + data[here % (len(data) + 1) + len(piece) :]
        case "swap":
            return data[second:] + data[first:second] + data[:first]
        case "double":
            return data[:second] + data[first:second] + data[second:]
        case "drop":
            return data[:first] + data[second:]
        case "recode":
            return data.decode("utf-8", "replace").encode(_CODECS[here % len(_CODECS)], "replace")
    return data


def broken_bytes(data: bytes) -> st.SearchStrategy[File]:
    """A file cut, flipped, swapped and recoded anywhere."""
    return st.tuples(
        st.sampled_from(["a.ipynb", "a.py", "a.zip", "a"]), _BYTE_OPERATIONS.map(lambda ops: damaged(data, ops))
    )


# ---------------------------------------------------------------- notebooks

#: What stands where something else should.
_VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    1e400,
    float("nan"),
    10**4000,
    "",
    "x",
    "\ud800",
    "\x00",
    "\u202e",
    [],
    {},
    [[]],
    [None],
    {"a": [{}]},
    [1, "a"],
    "code",
    "markdown",
    "raw",
    "heading",
    ["code"],
    {"source": "x"},
    "x" * 2000,
    "import os\nos._exit(0)",
    "%%bash\nrm -rf /",
    "!ls",
    "%load_ext x",
    "%%script sh\n",
    "input()",
    "def softmax(z): return z",
    "def softmax",
    "softmax = lambda z: z",
    "class softmax: pass",
    "softmax\n" + "(" * 400,
    "def softmax(z):\n" + " " * 3000,
    "softmax = 0x" + "f" * 6000,
    ["def softmax(z):\n", "    return z"],
    "def scale(x): 1\ndef softmax(z): 2",
    "# softmax" + "\n#" * 500,
    "softmax" + "?" * 500,
    "\\" * 999,
    "'''softmax",
    "\x0c\x1e\x85\u2028",
    "del softmax; np = 0",
    "[" * 90 + "]" * 90,
    [["deep"] * 9] * 9,
    {"nbgrader": {"grade_id": {}}},
    {"nbgrader": []},
    "\r\r\n\n",
    "e\u0301",
]
_KEYS = ["source", "cell_type", "metadata", "outputs", "id", "input", "attachments", "execution_count", "cells"]
_TOP_KEYS = ["nbformat", "nbformat_minor", "metadata", "cells", "worksheets", "extra"]
_NBGRADER_KEYS = ["grade_id", "locked", "grade", "solution", "points", "schema_version", "cell_type"]
_CELL_OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "set",
                "set",
                "nbgrader",
                "nbgrader",
                "point",
                "delete",
                "copy",
                "move",
                "add",
                "source",
                "source",
                "own id",
                "top",
                "many",
            ]
        ),
        st.integers(0, 1 << 12),
        st.integers(0, 1 << 12),
    ),
    max_size=6,
)


def changed(notebook: dict[str, Any], operations: list[Operation]) -> bytes:
    """The notebook after some operations, in one of the ways to write JSON."""
    book = json.loads(json.dumps(notebook))
    for operation in operations:
        if (
            isinstance(book.get("cells"), list)
            and book["cells"]
            and all(isinstance(cell, dict) for cell in book["cells"])
        ):
            _change(book, *operation)
    style = sum(here for _, here, _ in operations) % 3
    text = json.dumps(book, indent=style or None, ensure_ascii=style == 0)
    return text.encode("utf-8", "surrogatepass")


def _change(book: dict[str, Any], name: str, here: int, there: int) -> None:
    cells = book["cells"]
    place, other = here % len(cells), there % len(cells)
    # A copy: what a later operation writes into it must not come back with the next notebook, or into itself.
    cell, value = cells[place], copy.deepcopy(_VALUES[there % len(_VALUES)])
    match name:
        case "set":
            cell[_KEYS[here % len(_KEYS)]] = value
        case "source":
            cell["source"] = value
        case "nbgrader":
            _dict(_dict(cell, "metadata"), "nbgrader")[_NBGRADER_KEYS[here % len(_NBGRADER_KEYS)]] = value
        case "point":
            cell["metadata"] = cells[other].get("metadata")
        case "own id":
            cell["id"] = cells[other].get("id")
        case "delete":
            del cells[place]
        case "copy":
            cells.insert(other, dict(cell))
        case "move":
            cells.insert(other, cells.pop(place))
        case "add":
            cells.insert(place, {"cell_type": "code", "metadata": {}, "source": value})
        case "top":
            book[_TOP_KEYS[here % len(_TOP_KEYS)]] = value
        case "many":
            cells += [dict(cell)] * (there % 60)


def _dict(parent: dict[str, Any], key: str) -> dict[str, Any]:
    if not isinstance(parent.get(key), dict):
        parent[key] = {}
    found: dict[str, Any] = parent[key]
    return found


def changed_notebooks(notebook: dict[str, Any]) -> st.SearchStrategy[File]:
    """Cells deleted, copied, moved, re-typed, re-pointed, unlocked, filled with values of any type."""
    return st.tuples(st.just("a.ipynb"), _CELL_OPERATIONS.map(lambda operations: changed(notebook, operations)))


# ---------------------------------------------------------------- scripts

_LINES = [
    "# %%",
    "# %% [markdown]",
    '# %% exercise="softmax"',
    '# %% nbgrader={"grade_id": "softmax"}',
    "# In[3]:",
    "# In [ ]:",
    "#%%",
    "# %% " + "grade_id " * 50,
    '# %% answer="why"',
    '# %% exercise="' + "x" * 200,
    "def softmax(z):",
    "    return z",
    "def scale(x, a=1.0, b=0.0):",
    "import numpy as np",
    "'''",
    '"""',
    "%%bash",
    "!ls",
    "# text",
    "#",
    "",
    "\x00",
    "\x0c",
    "\u2028",
    "\\",
    "(" * 90,
    "x = 1",
    "softmax = lambda z: z",
    "class scale: pass",
    '{"cells": [',
    "\ufeff",
    "é",
]


def scripts() -> st.SearchStrategy[File]:
    """Lines of scripts in any order, with any line ends and encodings."""
    lines = st.lists(st.sampled_from(_LINES), max_size=12)
    ends = st.sampled_from(["\n", "\r\n", "\r", "\n\n"])
    codec = st.sampled_from(["utf-8", "utf-8", "latin-1", "utf-16", "utf-8-sig"])
    name = st.sampled_from(["a.py", "a.txt", "a.py.txt", "a"])
    return st.builds(
        lambda name, lines, end, codec: (name, end.join(lines).encode(codec, "replace")), name, lines, ends, codec
    )


# ---------------------------------------------------------------- archives

_MODES = [
    0,
    stat.S_IFREG | 0o644,
    stat.S_IFREG | 0o4755,
    stat.S_IFLNK | 0o777,
    stat.S_IFIFO,
    stat.S_IFBLK,
    stat.S_IFCHR,
    stat.S_IFSOCK,
    stat.S_IFDIR,
]
_METHODS = [zipfile.ZIP_DEFLATED] * 3 + [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
_ENTRY_NAMES = st.one_of(
    st.sampled_from(
        [
            "a.ipynb",
            "A.ipynb",
            "hw/a.ipynb",
            "b.py",
            "data.csv",
            "../a.ipynb",
            "x/../../a.ipynb",
            "/etc/a.ipynb",
            "C:a.ipynb",
            "..\\a.ipynb",
            "\\\\host\\a.ipynb",
            "__MACOSX/._a.ipynb",
            ".ipynb_checkpoints/a.ipynb",
            "in.zip",
            "in.tar.gz",
            "x" * 300 + ".ipynb",
            "a.ipynb/",
            "",
            ".",
            "/",
            "\x1b[2J.ipynb",
            "\u202ea.ipynb",
            "é.ipynb",
            "e\u0301.ipynb",
            "a\nb.ipynb",
            "nul.ipynb",
            "a." * 200 + "ipynb",
            "-rf.ipynb",
            "~/a.ipynb",
        ]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12).map(lambda text: text + ".ipynb"),
)
#: Offsets within a central directory entry: flags, method, time, CRC, sizes, lengths, disk, attributes, place of the data.
_FIELDS = {
    "flags": (8, 2),
    "method": (10, 2),
    "crc": (16, 4),
    "packed": (20, 4),
    "size": (24, 4),
    "name": (28, 2),
    "extra": (30, 2),
    "comment": (32, 2),
    "disk": (34, 2),
    "attributes": (38, 4),
    "offset": (42, 4),
}
_LIES = [0, 1, 0x08, 0x41, 12, 14, 93, 95, 99, 0xFF, 0xFFFF, 10**7, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF]


@st.composite
def archives(draw: st.DrawFn, contents: list[bytes]) -> File:
    """Zips of odd entries whose directory lies and whose bytes are damaged, and archives of other kinds."""
    entries = draw(
        st.lists(
            st.tuples(_ENTRY_NAMES, st.sampled_from(contents), st.sampled_from(_MODES), st.sampled_from(_METHODS)),
            max_size=4,
        )
    )
    data = zipped(entries)
    for field, lie, which in draw(
        st.lists(st.tuples(st.sampled_from(sorted(_FIELDS)), st.sampled_from(_LIES), st.booleans()), max_size=2)
    ):
        data = lying(data, field, lie, which)
    data = damaged(data, draw(_BYTE_OPERATIONS)) if draw(st.integers(0, 3)) == 0 else data
    wrap = draw(st.sampled_from([*[bytes] * 8, gzip.compress, bz2.compress, lzma.compress, tarred, nested]))
    return draw(st.sampled_from(["a.zip", "a.ipynb", "a.tar.gz", "a"])), wrap(data)


def zipped(entries: list[tuple[str, bytes, int, int]]) -> bytes:
    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w") as made:
        warnings.simplefilter("ignore")  # "Duplicate name" is what is wanted here
        for name, content, mode, method in entries:
            info = zipfile.ZipInfo(name or "a")
            info.filename, info.external_attr = name, mode << 16
            info.compress_type = method
            made.writestr(info, content)
    return stream.getvalue()


def lying(data: bytes, field: str, lie: int, local_too: bool) -> bytes:
    """One field of the directory's first entry set to something else; sizes also in the entry's own header."""
    place, (offset, width) = data.find(b"PK\x01\x02"), _FIELDS[field]
    if place < 0:
        return data
    value = (lie % (1 << 8 * width)).to_bytes(width, "little")
    data = data[: place + offset] + value + data[place + offset + width :]
    start = offset - 2  # the entry's own header has no "made by"
    return data[:start] + value + data[start + width :] if local_too and offset <= 30 else data


def tarred(data: bytes) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as made:
        link = tarfile.TarInfo("../a.ipynb")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        made.addfile(link)
        plain = tarfile.TarInfo("a.ipynb")
        plain.size = len(data)
        made.addfile(plain, io.BytesIO(data))
    return stream.getvalue()


def nested(data: bytes) -> bytes:
    return zipped([("a.ipynb", data, 0, zipfile.ZIP_DEFLATED)])


# ---------------------------------------------------------------- large files, each the worst of its kind


def _notebook(outputs: bytes) -> File:
    return "a.ipynb", b'{"nbformat":4,"metadata":{},"cells":[{"cell_type":"code","outputs":' + outputs + b"}]}"


def _list(piece: bytes, count: int = LIMIT) -> File:
    return _notebook(b"[" + b",".join([piece] * min(count, (LIMIT - 200) // (len(piece) + 1))) + b"]")


def _object(pair: str, count: int) -> File:
    """Keys that are all different; %x is the number of a pair."""
    return _notebook(b"{" + ",".join(pair.replace("%x", f"{n:x}") for n in range(count)).encode() + b"}")


def _cells(*cells: tuple[str, str, str]) -> File:
    """(type, id, source) each; ids are claims."""
    made = [{"cell_type": kind, "metadata": {"nbgrader": {"grade_id": id}}, "source": text} for kind, id, text in cells]
    return "a.ipynb", json.dumps({"nbformat": 4, "cells": made}, ensure_ascii=False).encode()


def _each(count: int, source: str, kind: str = "code", id: str = "softmax") -> File:
    """Many cells, told apart (and from the cache) by their numbers in place of %d."""
    return _cells(*[(kind, id, source.replace("%d", str(n))) for n in range(count)])


def _zip(*entries: tuple[str, bytes]) -> File:
    return "a.zip", zipped([(name, content, 0, zipfile.ZIP_DEFLATED) for name, content in entries])


def _bomb_in_lies() -> File:
    name, data = _zip(("a.ipynb", b" " * 200_000_000))
    return name, lying(data, "size", 1000, True)


#: The counts of the last of each kind lie just below a cap: what is accepted must keep the promise too.
LARGE: dict[str, Callable[[], File]] = {
    "a million lists": lambda: _list(b"[]"),
    "a million objects": lambda: _list(b'{"a":0}'),
    "a million strings": lambda: _list(b'"ab"'),
    "a million numbers": lambda: _list(b"1"),
    "a million NaN": lambda: _list(b"NaN"),
    "a million keys": lambda: _object('"%x":0', 800_000),
    "a million empty cells": lambda: ("a.ipynb", b'{"cells":[' + b"{}," * 3_000_000 + b"{}]}"),
    "1e5 cells": lambda: _each(100_000, "", "code", ""),
    "lists below the cap": lambda: _list(b"[]", 166_000),
    "objects below the cap": lambda: _list(b'{"a":0}', 124_000),
    "strings below the cap": lambda: _list('"aé😀"'.encode(), 490_000),
    "numbers below the cap": lambda: _list(b"1" * 17, 490_000),
    "NaN below the cap": lambda: _list(b"NaN", 490_000),
    "keys below the cap": lambda: _object('"%x":"%x"', 249_900),
    "wide keys below the cap": lambda: _object('"%x😀":"%x😀aaaa"', 249_900),
    "lines below the cap": lambda: (
        "a.ipynb",
        b'{"cells":[{"source":[' + b",".join(['"abcdefgh😀\\n"'.encode()] * 490_000) + b"]}]}",
    ),
    "nesting": lambda: ("a.ipynb", b"[" * LIMIT),
    "nesting in objects": lambda: ("a.ipynb", b'{"a":' * 200_000),
    "nesting, closed, again and again": lambda: _list(b"[" * 900 + b"]" * 900),
    "nesting below the cap": lambda: _list(b"[" * 90 + b"]" * 90, 2_700),
    "integers of 4300 digits": lambda: _list(b"9" * 4300),
    "an integer of 10^6 digits": lambda: _notebook(b"9" * 1_000_000),
    "a float of 10^7 digits": lambda: _notebook(b"1" * (LIMIT - 200) + b".5"),
    "escapes": lambda: _notebook(b'"' + b"\\n" * 4_999_000 + b'"'),
    "backslashes": lambda: _notebook(b'"' + b"\\\\" * 4_999_000 + b'"'),
    "quotes": lambda: ("a.ipynb", b'"' * LIMIT),
    "escaped quotes": lambda: _notebook(b'"' + b'\\"' * 4_999_000 + b'"'),
    "an open string": lambda: ("a.ipynb", b'{"cells":"' + b"a" * 9_000_000),
    "spaces": lambda: ("a.ipynb", b"{" + b" " * 9_000_000),
    "ten megabytes of one text": lambda: _each(1, "a" * 9_900_000, "markdown"),
    "a wide text": lambda: _each(1, "😀" + "a" * 9_900_000, "markdown", "why"),
    "a wide text of line ends": lambda: _each(1, "😀" + "a\r\n" * 1_900_000, "markdown", "why"),
    "a wide text of surrogates": lambda: (
        "a.ipynb",
        b'{"cells":[{"source":"\xf0\x9f\x98\x80' + b"\\ud800a" * 1_400_000 + b'"}]}',
    ),
    "a text of NULs": lambda: ("a.ipynb", b'{"cells":[{"source":"' + b"\\u0000" * 1_600_000 + b'"}]}'),
    "a long text with a solution's mark": lambda: _each(1, "softmax\n" * 900_000, "markdown"),
    "many texts with marks": lambda: _each(1500, "é" + "#\n" * 3000, "markdown"),
    "many answers": lambda: _each(1900, "ab\n" * 1200, "markdown", "why"),
    "bytes that are no text": lambda: ("a.ipynb", b'{"cells":[{"source":"' + b"\xff" * 9_900_000 + b'"}]}'),
    "UTF-16": lambda: ("a.ipynb", ('{"cells":[{"source":"' + "一" * 4_900_000 + '"}]}').encode("utf-16")),
    "defs of one line": lambda: _each(1, "def softmax\n" * 24_000),
    "defs of many names": lambda: _each(1, "".join(f"def softmax{n}\n" for n in range(15_000))),
    "names": lambda: _each(6, "softmax=" + "".join(f"a{n}=" for n in range(7000)) + "%d"),
    "dense code": lambda: _each(6, "def softmax():" + "a;" * 24_000 + "%d"),
    "dense code, broken": lambda: _each(6, "def softmax():" + "a;" * 24_000 + "%d ("),
    "dense code in small cells": lambda: _each(1900, "def softmax():" + "a;" * 60 + "%d"),
    "defs in small cells": lambda: _each(1900, "def softmax():0\n" * 9 + "%d"),
    "a broken lambda": lambda: _each(6, "softmax=lambda:(" + "a," * 24_000 + ")%d"),
    "magics": lambda: _each(6, "softmax\n" + "a ?" * 16_000 + "%d"),
    "spaces in magics": lambda: _each(6, "softmax\n" + " " * 24_000 + "\n" + "a " * 12_000 + "%d"),
    "continued lines": lambda: _each(6, "softmax" + "\\\n" * 24_000 + "%d"),
    "hexadecimal digits": lambda: _each(6, "def softmax(): return 0x" + "f" * 49_000 + "%d"),
    "brackets": lambda: _each(6, "softmax=" + "([{" * 16_000 + "%d"),
    "minus signs": lambda: _each(6, "softmax=" + "-" * 49_000 + "%d"),
    "decorators": lambda: _each(6, "@softmax\n" * 5_000 + "%d"),
    "marks of cells": lambda: ("a.py", b"# %%\n" * 1_990_000),
    "comments": lambda: ("a.py", b"# %% [markdown]\n" + b"#\n" * 4_900_000),
    "comments below the cap": lambda: ("a.py", b"# %% [markdown]\n" + b"#\n" * 990_000),
    "marks below the cap": lambda: ("a.py", b"# %%\nx\n" * 1_999),
    "a header": lambda: ("a.py", b"# %% " + b"grade_id " * 220_000),
    "a script of line ends": lambda: ("a.py", b"\r" * 9_000_000 + b"1"),
    "a web page": lambda: ("a.ipynb", b" " * 5_000_000 + b"<html>"),
    "a bomb": lambda: _zip(("a.ipynb", b" " * 200_000_000)),
    "a bomb that lies": _bomb_in_lies,
    "a notebook of numbers, zipped": lambda: _zip(("a.ipynb", _list(b"17", 480_000)[1])),
    "a wide text, zipped": lambda: _zip(
        ("a.ipynb", b'{"cells":[{"source":"\xf0\x9f\x98\x80' + bytes(range(97, 123)) * 380_000 + b'"}]}')
    ),
    "many entries": lambda: _zip(*[(f"{n}.txt", b"") for n in range(60_000)]),
    "entries below the cap": lambda: _zip(
        ("a.ipynb", b'{"cells":[]}'), *[("a." * 2000 + str(n), b"") for n in range(999)]
    ),
}
