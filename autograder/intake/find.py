"""Which files of a folder are whose submission: one file, a folder of files, or an nbgrader tree."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

from autograder.errors import SubmissionError
from autograder.intake.formats import FILE_BYTES, shown, unpack

_ENDINGS = re.compile(r"( ?\(\d+\)|\.(ipynb|json|py|zip|txt))+$", re.IGNORECASE)
_NUMBERED = re.compile(r" ?\(\d+\)")
_TAKEN = (".ipynb", ".ipynb.json", ".py", ".zip")
_STUDENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")
_DEPTH = 4


@dataclass(frozen=True)
class Found:
    """A file that looks like a submission."""

    path: Path
    student: str
    unit: str | None  #: None: nothing tells which
    received: datetime | None  #: aware; from nbgrader's timestamp.txt


def student_id(text: str, where: str = "") -> str:
    """The text, if it can be a student's id: letters, digits and . _ @ + - (they become file names and CSV cells)."""
    if not _STUDENT.fullmatch(text) or ".." in text:
        place = f"{shown(where)}: " if where else ""
        raise SubmissionError(
            f"{place}{shown(text)!r} cannot be a student id. Use letters, digits and . _ @ + -, beginning with one of "
            "the first two."
        )
    return text


def student_of(path: Path, units: Collection[str] = ()) -> str:
    """Whose file it is, from <student>.ipynb, <student>_anything.ipynb, <unit>_<student>.ipynb, <student>/<unit>.ipynb
    or submitted/<student>/<unit>/anything.ipynb.
    """
    parts, stem = path.absolute().parts, _stem(path.name)
    if parts[-4:-3] == ("submitted",):
        return student_id(parts[-3], path.name)
    if stem in units:
        return student_id(parts[-2], path.name)
    rest = next((stem.removeprefix(f"{unit}_") for unit in units if stem.startswith(f"{unit}_")), stem)
    return student_id(rest.partition("_")[0], path.name)


def find_submissions(
    path: Path, units: Collection[str], refused: list[str] | None = None, only: Collection[Path] | None = None
) -> list[Found]:
    """The submissions at a path, by student and unit. Links are not followed, checkpoints and hidden files left out.

    With a list in `refused`, what is wrong with one file of a folder is added to it and does not stop the others.
    only: of a folder, just these of its files.
    """
    if path.is_file():
        return [found(path, student_of(path, units), units)]
    if not path.is_dir():
        raise SubmissionError(f"{_line(path)}: there is no such file or folder. Give a notebook or a folder of them.")
    files = listed(path)
    root = _root(path)
    chosen = []
    for file in files if only is None else [file for file in files if file in only]:
        try:
            chosen += [_in_tree(file, root, units)] if _is_the_notebook(file, root, files, units) else []
        except SubmissionError as error:
            if refused is None:
                raise
            refused.append(str(error))
    return sorted(chosen, key=lambda one: (one.student, one.unit or "", str(one.path)))


def listed(folder: Path) -> list[Path]:
    """All files of a folder that could be submissions.  SubmissionError if it cannot be read."""
    return list(_files(_root(folder), _DEPTH))


def _root(folder: Path) -> Path:
    return folder / "submitted" if (folder / "submitted").is_dir() else folder


def found(file: Path, student: str, units: Collection[str]) -> Found:
    """One file of a known student: its unit, if anything tells, and its time from timestamp.txt."""
    return Found(file, student_id(student, file.name), _unit_of(file, units), _timestamp(file.parent / "timestamp.txt"))


def read_file(path: Path, within: Path | None = None) -> bytes:
    """A file's bytes, no more of a huge one than shows that it is too large; OSError as `open` raises it.

    within: a folder that others may write to.  A link that was put in the file's place, or in that of a folder on the way,
    could make the grader read what its author cannot: then OSError.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | (os.O_NOFOLLOW if within else 0))
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is no plain file")
        if within is not None and not Path(os.readlink(f"/proc/self/fd/{descriptor}")).is_relative_to(within.resolve()):
            raise OSError(errno.ELOOP, "it lies behind a link")
        return stream.read(FILE_BYTES + 1)


def _files(folder: Path, depth: int) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise SubmissionError(f"{_line(folder)}: cannot be read ({error.strerror}). Check its permissions.") from None
    for entry in entries:
        if entry.name.startswith((".", "__")):
            continue
        if entry.is_dir(follow_symlinks=False) and depth:
            yield from _files(Path(entry.path), depth - 1)
        # A link could make the grader read what the student cannot.
        elif entry.is_file(follow_symlinks=False) and _NUMBERED.sub("", entry.name.lower()).endswith(_TAKEN):
            yield Path(entry.path)


def _is_the_notebook(file: Path, root: Path, files: list[Path], units: Collection[str]) -> bool:
    """Whether a file is the one to grade; in a student's folder, others (helpers.py, a copy) may lie beside it."""
    if file.parent == root or (file.parent.name in units and file.parent.parent == root):
        return True
    beside = [other for other in files if other.parent == file.parent]
    named = [other for other in beside if _stem(other.name) in units]
    notebooks = [other for other in beside if ".ipynb" in other.name.lower()]
    return file in (named or notebooks or beside)


def _in_tree(file: Path, root: Path, units: Collection[str]) -> Found:
    folders = file.relative_to(root).parts[:-1]
    unit = next((name for name in folders if name in units), None)
    people = [name for name in folders if name != unit]
    one = found(file, people[0] if people else student_of(file, units), units)
    return replace(one, unit=unit or one.unit)


def _unit_of(file: Path, units: Collection[str]) -> str | None:
    """From the folder, the file's own word, its name, or because the course has only one unit."""
    stem = f"_{_stem(file.name)}_"
    words = [file.absolute().parent.name, *_own_word(file)]
    words += [unit for unit in sorted(units, key=len, reverse=True) if f"_{unit}_" in stem]
    if len(units) == 1:
        words.extend(units)
    return next((word for word in words if word in units), None)


def _own_word(file: Path) -> list[str]:
    try:
        unit = unpack(read_file(file), file.name).unit
    except (SubmissionError, OSError):
        return []  # whoever reads it for grading says what is wrong with it
    return [unit] if unit else []


def _line(path: Path) -> str:
    """A path safe to print: a student names folders too."""
    return "".join(c if c.isprintable() else "?" for c in str(path))


def _stem(name: str) -> str:
    return _ENDINGS.sub("", name).strip()


def _timestamp(file: Path) -> datetime | None:
    """nbgrader's timestamp.txt: a date and time, then nothing (UTC), an offset, or the name of a zone."""
    if not file.is_file() or file.is_symlink():
        return None
    with file.open("rb") as stream:
        text = stream.read(200).decode("utf-8", errors="replace").strip()
    words = text.split(" ")
    try:
        zone = _zone(words[2]) if len(words) == 3 else UTC
        moment = datetime.fromisoformat(" ".join(words[:2]))
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (
        ValueError,
        KeyError,
        OverflowError,
        OSError,
    ):  # ZoneInfo: KeyError unknown, ValueError ../, OSError a folder
        raise SubmissionError(
            f"{_line(file)}: {shown(text)!r} is no time. Write it like 2026-03-01 23:59:00 UTC, or with a zone's name such as "
            "Europe/Berlin."
        ) from None


def _zone(name: str) -> timezone | ZoneInfo:
    offset = _OFFSET.fullmatch(name)
    if offset:
        size = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        return timezone(-size if offset[1] == "-" else size)
    return ZoneInfo(name)
