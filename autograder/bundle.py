"""What a grade depends on: the unit's files and the modules of the reference that they import, by hash.

A bundle is made at release, stored as one blob, and materialised (written out once) wherever it is judged; so a
replay years later runs the same tests against the same reference, whatever the course folder holds by then.
Imports are read from syntax trees; nothing of the course is run to make a bundle.
"""

from __future__ import annotations

import ast
import difflib
import hashlib
import io
import json
import os
import re
import shutil
import uuid
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from autograder.errors import StoreError, UnitError

FORMAT = 1  #: part of every digest: a new format is a new bundle
_NEEDED = ("notebook.py", "test_hidden.py")
_OPTIONAL = ("wrong.py", "right.py")
_SOURCE = re.compile(r'^# %%.*?\bsource=("[^"]*"|\[[^\]]*\])', re.MULTILINE)


@dataclass(frozen=True)
class Bundle:
    """Files by their path below the course folder, as bytes; the digest names exactly these."""

    unit: str
    digest: str
    files: Mapping[str, bytes]


def make_bundle(root: Path, unit_name: str) -> Bundle:
    """The bundle of a unit as its files are now; files that are not named by the rules are left out."""
    folder = root / "assignments" / unit_name
    files: dict[str, bytes] = {}
    for name in (*_NEEDED, *_OPTIONAL):
        place = f"assignments/{unit_name}/{name}"
        if (folder / name).is_file():
            files[place] = (folder / name).read_bytes()
        elif name in _NEEDED:
            raise UnitError(f"{place}:1: the file is missing. Create it, or remove the unit from course.yaml.")
    code = dict(files)
    files |= {file.relative_to(root).as_posix(): file.read_bytes() for file in _data(folder)}
    files |= _reference(root, code)
    return _bundle(unit_name, files)


def make_quiz_bundle(root: Path, name: str, topics: Iterable[str]) -> Bundle:
    """The bundle of a graded quiz: the templates of these units and the modules of the reference that they import."""
    places = [f"assignments/{topic}/quiz.py" for topic in topics]
    code = {place: (root / place).read_bytes() for place in places if (root / place).is_file()}
    return _bundle(name, code | _reference(root, code))


def _bundle(unit: str, files: Mapping[str, bytes]) -> Bundle:
    ordered = {name: files[name] for name in sorted(files)}
    return Bundle(unit, _digest(unit, ordered), ordered)


def _digest(unit: str, files: Mapping[str, bytes]) -> str:
    """sha256 over the format, the unit, and every path and content with their lengths."""
    total = hashlib.sha256(f"autograder bundle {FORMAT}\n{unit}\n".encode())
    for name in sorted(files):
        total.update(f"{len(name.encode())} {len(files[name])} {name}\n".encode())
        total.update(files[name])
    return total.hexdigest()


def _data(folder: Path) -> Iterator[Path]:
    """Plain files of data/; the same rule as the release's: no links, no hidden files."""
    for file in sorted((folder / "data").rglob("*")):
        parts = file.relative_to(folder).parts
        if file.is_file() and not file.is_symlink() and not any(p.startswith(".") or p == "__pycache__" for p in parts):
            yield file


# The modules of the reference ------------------------------------------------------------------------------------


def _reference(root: Path, code: Mapping[str, bytes]) -> dict[str, bytes]:
    """Every file of reference/ that the code imports, and what those import in turn."""
    found: dict[str, bytes] = {}
    waiting = [need for place, text in code.items() for need in _needs(text, place, root)]
    while waiting:
        file = waiting.pop()
        place = file.relative_to(root).as_posix()
        if place not in found:
            found[place] = file.read_bytes()
            waiting += _needs(found[place], place, root)
    return found


def _needs(text: bytes, place: str, root: Path) -> Iterator[Path]:
    """The files of reference/ behind one file's imports, and behind source= in a notebook's headers."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError) as err:
        raise UnitError(f"{place}:{getattr(err, 'lineno', None) or 1}: not Python. Mend it.") from None
    for node in ast.walk(tree):
        at = f"{place}:{getattr(node, 'lineno', 1)}"
        if isinstance(node, ast.Import):
            for each in node.names:
                yield from _files(each.name, (), at, root)
        elif isinstance(node, ast.ImportFrom):
            names = tuple(each.name for each in node.names)
            yield from _files(_absolute(node, place), names, at, root)
    if place.endswith("/notebook.py"):
        for match in _SOURCE.finditer(text.decode("utf-8", "replace")):
            yield from _sources(match[1], place, root)


def _absolute(node: ast.ImportFrom, place: str) -> str:
    """The module of `from x import`, with leading dots resolved."""
    if not node.level:
        return node.module or ""
    package = PurePosixPath(place).parts[: -node.level]
    return ".".join((*package, *(node.module or "").split("."))).rstrip(".")


def _sources(value: str, place: str, root: Path) -> Iterator[Path]:
    try:
        named = json.loads(value)
    except ValueError:
        return  # notebook.load_unit says what is wrong with a header
    for each in [named] if isinstance(named, str) else named:
        yield from _files(f"reference.{str(each).rpartition('.')[0]}", (), f"{place}:1", root)


def _files(module: str, names: tuple[str, ...], at: str, root: Path) -> Iterator[Path]:
    """The files that importing `module` (and `names` from it) loads, if it is of the reference."""
    parts = module.split(".")
    if parts[0] != "reference":
        return
    for depth in range(1, len(parts) + 1):
        file = _module(root, parts[:depth])
        if file:
            yield file
        elif depth > 1:
            raise _unknown(parts[:depth], at, root)
    package = root.joinpath(*parts)
    for name in names if package.is_dir() else ():
        file = _module(root, [*parts, name])
        if file:
            yield file
        elif not _mentions(package / "__init__.py", name):
            raise _unknown([*parts, name], at, root)


def _unknown(parts: list[str], at: str, root: Path) -> UnitError:
    near = difflib.get_close_matches(parts[-1], [each.stem for each in root.glob("reference/**/*.py")], n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return UnitError(f"{at}: there is no module {'.'.join(parts)}.{hint} Create it, or mend the import.")


def _mentions(file: Path, name: str) -> bool:
    return file.is_file() and (name == "*" or name in file.read_text("utf-8", "replace"))


def _module(root: Path, parts: list[str]) -> Path | None:
    path = root.joinpath(*parts)
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return file
    return None


# Written out -----------------------------------------------------------------------------------------------------


def materialise(bundle: Bundle, folder: Path) -> Path:
    """folder/<digest> with the bundle's files; appears whole or not at all, and is reused when it is there."""
    place = folder / bundle.digest
    if place.is_dir():
        return place
    draft = folder / f".{bundle.digest[:16]}-{uuid.uuid4().hex}"
    try:
        for name, content in bundle.files.items():
            file = draft / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        os.rename(draft, place)
    except OSError as err:
        if not place.is_dir():  # else another worker was faster, with the same bytes
            raise StoreError(f"{place}: cannot write the bundle ({err.strerror}). Check space and rights.") from err
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return place


# As one blob -----------------------------------------------------------------------------------------------------

_HEAD = "bundle.json"
_EPOCH = (1980, 1, 1, 0, 0, 0)


def to_bytes(bundle: Bundle) -> bytes:
    """A plain zip that people can open, the same bytes for the same bundle: stored, sorted, without dates."""
    head = json.dumps({"format": FORMAT, "unit": bundle.unit, "digest": bundle.digest}, sort_keys=True).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, content in [(_HEAD, head), *sorted(bundle.files.items())]:
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            archive.writestr(info, content)
    return out.getvalue()


def from_bytes(data: bytes) -> Bundle:
    """The bundle of to_bytes; a StoreError if the bytes are not one, or not the one that they say."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        head = json.loads(files.pop(_HEAD))
        found = _bundle(str(head["unit"]), files)
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, NotImplementedError) as err:
        raise StoreError(f"The bytes are not a bundle ({type(err).__name__}). Make it anew with a release.") from err
    odd = [name for name in found.files if ".." in PurePosixPath(name).parts or PurePosixPath(name).is_absolute()]
    if head.get("format") != FORMAT or head.get("digest") != found.digest or odd:
        raise StoreError(f"The bundle of {found.unit!r} is damaged or of another format. Make it anew with a release.")
    return found
