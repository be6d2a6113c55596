"""A new unit: a small exercise that works as it stands, written into a course for its author to change.

The files are made from templates/unit/; the unit is entered in course.yaml as text, so that comments and layout stay.
course.yaml is replaced last, in one step, after the new text was read back: whatever fails leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import json
import keyword
import os
import re
import shutil
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml
from pydantic import TypeAdapter, ValidationError

from autograder.course import FILE, Course, Date, load_course
from autograder.errors import CommandError, CourseError, UserError
from autograder.notebook import load_unit

TEMPLATES = Path(__file__).parent / "templates"
_UNIT_FILES = ("notebook.py", "test_hidden.py", "wrong.py", "right.py", "quiz.py")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,47}")  # what course.yaml allows


@dataclass(frozen=True)
class Entry:
    """What course.yaml will say of the new unit."""

    name: str
    title: str
    due: str = ""  #: as it is written there; none when empty

    def lines(self, indent: int) -> list[str]:
        """As an item of a block list whose dashes stand in that column."""
        # JSON's quotes are YAML's: no title can mean anything but itself.
        keys = [f"- name: {self.name}", f"  title: {json.dumps(self.title, ensure_ascii=False)}"]
        return [" " * indent + key for key in (*keys, *([f"  due: {self.due}"] if self.due else []))]


def entry(name: str, title: str = "", due: str = "") -> Entry:
    """The entry that a command line asks for, or a CommandError with the cure."""
    if not _NAME.fullmatch(name):
        near = re.sub(r"\W+", "_", name.lower(), flags=re.ASCII).strip("_")[:48]
        hint = f", as {near}" if _NAME.fullmatch(near) else ""
        raise CommandError(
            f"{name!r} cannot name a unit. Take lower-case letters, digits and _, a letter first, at most 48{hint}."
        )
    if keyword.iskeyword(name):
        raise CommandError(f"{name!r} is a word of Python and cannot be imported. Take another name, as {name}_unit.")
    title = title.strip() or name.replace("_", " ").strip().capitalize()
    if not title.isprintable():
        raise CommandError("--title holds a line break or a control character. Write one line of text.")
    return Entry(name, title, _due(due) if due else "")


def _due(text: str) -> str:
    """The date, checked by the rules of course.yaml."""
    try:
        TypeAdapter(Date).validate_python(text, context={"zone": ZoneInfo("UTC")})
    except ValidationError as err:
        raise CommandError(f"--due {text!r} {err.errors()[0]['ctx']['error']}.") from None
    moment = datetime.fromisoformat(text)
    exact = moment.second or moment.microsecond
    return moment.isoformat(" ", "auto" if exact else "minutes")


def add_unit(root: Path, new: Entry) -> list[str]:
    """Write the unit into the course of that folder.  -> the files written, relative to it"""
    file = (root / FILE).resolve()
    course = load_course(file)
    text = _read(file)
    _free(file.parent, new.name, [*course.topics, *(quiz.name for quiz in course.quizzes)])
    return _write_all(file, new, inserted(text, new), course)


def start_course(root: Path, new: Entry) -> list[str]:
    """Write a course of this one unit into a folder that has none.  -> the files written, relative to it"""
    file = root.resolve() / FILE
    if os.path.lexists(file):
        raise CommandError(f"there is a course here already ({FILE}). Leave out --course-here.")
    _free(file.parent, new.name, [])
    id = re.sub(r"[^A-Za-z0-9]+", "-", file.parent.name).strip("-")[:64] or "my-course"
    head = _filled("course.yaml", {"id": id})
    return _write_all(file, new, head + "".join(f"{line}\n" for line in new.lines(2)), None)


def _free(root: Path, name: str, units: list[str]) -> None:
    """The name is no unit's and no file's; CommandError where it is."""
    if name in units:
        raise CommandError(f"the unit {name!r} is in {FILE} already. Take another name.")
    if os.path.lexists(root / "assignments" / name):
        raise CommandError(f"assignments/{name} is there already. Take another name, or remove that folder.")
    for place in (f"reference/{name}.py", f"reference/{name}"):
        if os.path.lexists(root / place):
            raise CommandError(f"{place} is there already: the name is taken in the reference. Take another one.")


# course.yaml -----------------------------------------------------------------------------------------------------


def _read(file: Path) -> str:
    """The text as it stands, line ends and all."""
    if not file.stat().st_mode & 0o222 or not os.access(file, os.W_OK):
        raise CommandError(f"{FILE} is read-only. Make it writable: chmod u+w {file}")
    return file.read_bytes().decode("utf-8")


def inserted(text: str, new: Entry) -> str:
    """course.yaml with the unit at the end of `units:`, every other character as it was."""
    units = _units(text)
    column = units.start_mark.column
    end = text.find("\n", _end(units)) + 1 or len(text)
    while comment := re.compile(rf"[ ]{{{column + 1},}}#.*\n?").match(text, end):
        end = comment.end()  # a comment that is indented deeper than the dashes speaks of the last unit
    newline = "\r\n" if "\r\n" in text else "\n"
    before = text[:end] if text[:end].endswith("\n") else text[:end] + newline
    return before + "".join(line + newline for line in new.lines(column)) + text[end:]


def _units(text: str) -> yaml.SequenceNode:
    """The list of units, which must have one line or more for each unit."""
    top = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(top, yaml.MappingNode)  # load_course has read it
    units = next(value for key, value in top.value if key.value == "units")
    if top.flow_style or units.flow_style:
        line = units.start_mark.line + 1
        raise CourseError(f"{FILE}:{line}: the units stand in brackets. Write one line '- name: ...' for each, below.")
    assert isinstance(units, yaml.SequenceNode)
    return units


def _end(node: yaml.Node) -> int:
    """Where the text of a node ends. A block's own mark stands behind the comments and blank lines that follow it."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    # A mark at the start of a line is behind the line break.
    end = node.end_mark
    return int(end.index - 1 if end.column == 0 and end.index > node.start_mark.index else end.index)


# Files -----------------------------------------------------------------------------------------------------------


def _write_all(file: Path, new: Entry, text: str, old: Course | None) -> list[str]:
    """All files, or none."""
    root = file.parent
    files = _files(root, new)
    try:
        with contextlib.ExitStack() as undo:
            for place, content in files.items():
                _create(root / place, content, undo)
            draft = root / f".{FILE}-{uuid.uuid4().hex}"
            _create(draft, text, undo)
            _read_back(draft, new, old)
            if old is not None:
                shutil.copymode(file, draft)
            os.replace(draft, file)
            undo.pop_all()
    except OSError as err:
        raise CommandError(
            f"{err.filename or root}: cannot be written ({err.strerror}). Nothing was changed; mend that and try again."
        ) from err
    return [*files, FILE]


def _files(root: Path, new: Entry) -> dict[str, str]:
    """place below the course folder -> content"""
    words = {"unit": new.name, "title": new.title}
    files = {f"assignments/{new.name}/{name}": _filled(f"unit/{name}", words) for name in _UNIT_FILES}
    files[f"reference/{new.name}.py"] = _filled("unit/reference.py", words)
    if not (root / "reference" / "__init__.py").exists():
        files["reference/__init__.py"] = '"""The right answers of the course."""\n'
    return files


def _filled(template: str, words: Mapping[str, str]) -> str:
    text = (TEMPLATES / f"{template}.txt").read_text("utf-8")
    # All at once: a title that holds {{unit}} stays as it is.
    return re.sub(r"\{\{(\w+)\}\}", lambda match: words[match[1]], text)


def _create(file: Path, content: str, undo: contextlib.ExitStack) -> None:
    """A new file with the folders that it needs; a file that is there is an error."""
    for folder in reversed(list(_missing(file.parent))):
        folder.mkdir()
        undo.callback(folder.rmdir)
    with file.open("x", encoding="utf-8", newline="") as stream:
        undo.callback(file.unlink)
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _missing(folder: Path) -> Iterator[Path]:
    while not folder.exists():
        yield folder
        folder = folder.parent


def _read_back(draft: Path, new: Entry, old: Course | None) -> None:
    """The new course is the old one and this unit, and the unit can be read; UserError if not."""
    try:
        course = load_course(draft)
        kept = (
            old is None or replace(course, units=course.units[:-1], titles=dict([*course.titles.items()][:-1])) == old
        )
    except CourseError:
        kept = False
    if not kept or (course.units[-1].name, course.units[-1].title) != (new.name, new.title):
        raise CourseError(
            f"{FILE}: the unit cannot be put at the end of 'units:' here. Give each unit lines of its own, "
            "with ordinary line breaks, the first of them '- name: ...'."
        )
    try:
        load_unit(draft.parent, new.name)
    except UserError as err:
        raise CommandError(f"the title cannot stand in a notebook ({err}) Take another title.") from err
