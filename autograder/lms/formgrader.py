"""The course folder that nbgrader's formgrader works in: source/, release/, submitted/, autograded/ and its settings.

formgrader lists what lies in source/ as assignments, what lies in submitted/ as submissions, and opens the notebook in
autograded/. What is written here holds no solution, no hidden test and no output of student code; all of it is staged
first and put in place when the gradebook's rows are safe.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder import release
from autograder.course import Course
from autograder.errors import CommandError
from autograder.lms.gradebook import FILE, Target
from autograder.lms.nbgrader import harmless
from autograder.lms.work import Work
from autograder.notebook import Unit
from autograder.records import Intake

if TYPE_CHECKING:
    from nbformat import NotebookNode

CONFIG = "nbgrader_config.py"
_STUB = re.compile(r"^( *)(# YOUR CODE HERE\n *raise NotImplementedError\(\)|YOUR ANSWER HERE)$", re.MULTILINE)


class Folder:
    """Files on their way into the course folder."""

    def __init__(self, at: Target, stage: Path) -> None:
        self.at, self.stage = at, stage

    def add(self, name: str, content: bytes) -> None:
        """Stage a file, unless the folder has it already."""
        place = self.at.folder / name
        if place.is_file() and place.read_bytes() == content:
            return
        draft = self.stage / name
        draft.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(content)

    def put(self) -> None:
        """Everything staged in its place, each file in one step."""
        for draft in sorted(path for path in self.stage.rglob("*") if path.is_file()):
            place = self.at.folder / draft.relative_to(self.stage)
            place.parent.mkdir(parents=True, exist_ok=True)
            os.replace(draft, place)


@contextmanager
def folder(at: Target) -> Iterator[Folder]:
    """A place to stage files in; `put` puts them, leaving the block drops the rest."""
    new = not at.folder.exists()
    try:
        at.folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # it holds students' work
        stage = Path(tempfile.mkdtemp(dir=at.folder, prefix=".export-"))
    except OSError as error:
        raise CommandError(f"{at.folder}: cannot be written ({error.strerror}). Choose another place.") from error
    try:
        yield Folder(at, stage)
    except OSError as error:
        raise CommandError(
            f"{error.filename or at.folder}: cannot be written ({error.strerror}). Mend that and run this again."
        ) from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)
        if new and not any(at.folder.iterdir()):
            at.folder.rmdir()


def stage_course(files: Folder, course: Course) -> None:
    """nbgrader's settings, unless the folder has some already: those are the teacher's."""
    if not (files.at.folder / CONFIG).exists():
        files.add(CONFIG, _config(files.at, course).encode())


def stage_unit(files: Folder, course: Course, unit: Unit, released: NotebookNode) -> None:
    """The assignment: what students get, and the same as a source that generates it."""
    name = f"{unit.name}/{unit.name}.ipynb"
    if not all(_is_ours(files.at.folder / step / name, "unit") for step in ("source", "release")):
        return
    with tempfile.TemporaryDirectory(dir=files.stage, prefix=".release-") as drafts:
        made = release.write(course, unit, Path(drafts))
        for file in sorted(path for path in made.rglob("*") if path.is_file()):
            inside = f"{unit.name}/{file.relative_to(made).as_posix()}"
            files.add(f"release/{inside}", file.read_bytes())
            if inside != name:
                files.add(f"source/{inside}", file.read_bytes())
    files.add(f"source/{name}", _bytes(_source(released)))


def stage_work(files: Folder, unit: Unit, released: NotebookNode, work: Work) -> None:
    """A student's work; graded, if it is, so that formgrader opens it."""
    inside = f"{work.student}/{unit.name}"
    content = _bytes(_handed_in(released, work))
    # A submission that nbgrader collected is the only copy of its bytes, perhaps.
    if _is_ours(files.at.folder / f"submitted/{inside}/{unit.name}.ipynb", "submission"):
        files.add(f"submitted/{inside}/{unit.name}.ipynb", content)
        files.add(f"submitted/{inside}/timestamp.txt", f"{work.submission.received.astimezone(UTC):{_TIME}}\n".encode())
    if work.result is not None:
        files.add(f"autograded/{inside}/{unit.name}.ipynb", content)


_TIME = "%Y-%m-%d %H:%M:%S.%f UTC"


def _config(at: Target, course: Course) -> str:
    lines = [
        "# Written by `autograder export --nbgrader`. Yours to change: it is not written again.",
        "c = get_config()",
        f"c.CourseDirectory.course_id = {course.id!r}",
    ]
    if at.file is None or at.file.name != FILE:
        # Without a password: drivers have places of their own for it (~/.pgpass).
        shown = at.url.set(password=None).render_as_string()
        lines.append(f"c.CourseDirectory.db_url = {shown!r}")
    lines += [
        "# Grades come from autograder. nbgrader's own Autograde would run student code as you, with your files.",
        'c.Autograde.autograde_preprocessors = ["nbgrader.preprocessors.CheckCellMetadata"]',
        "",
    ]
    return "\n".join(lines)


def _is_ours(file: Path, word: str) -> bool:
    """Whether an export wrote the notebook, or nobody did yet."""
    if not file.parent.is_dir() or not any(file.parent.iterdir()):
        return True
    try:
        told: Any = json.loads(file.read_bytes())
        return word in told["metadata"]["autograder"]
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _source(released: NotebookNode) -> NotebookNode:
    """The release with nbgrader's markers around each stub: its Generate button gives the release again."""
    from nbformat import from_dict

    node = from_dict(json.loads(json.dumps(released)))
    for cell in node.cells:
        if cell.metadata.nbgrader.solution:
            cell.source = _STUB.sub(r"\1### BEGIN SOLUTION\n\g<0>\n\1### END SOLUTION", cell.source)
    return node


def _handed_in(released: NotebookNode, work: Work) -> NotebookNode:
    """The release with the student's answers, and cells of their own where they stood; no outputs."""
    from nbformat import from_dict

    node = from_dict(json.loads(json.dumps(released)))
    node.metadata.autograder["submission"] = work.submission.id
    answers = {cell.exercise: cell.source for cell in work.intake.cells if cell.exercise}
    answers |= {id: harmless(text) for id, text in work.intake.manual.items() if text}
    own = _own_cells(work.intake)
    cells = own.get("", [])
    for cell in node.cells:
        cell.source = answers.get(cell.id, cell.source)
        cells += [cell, *own.get(cell.id, [])]
    node.cells = cells
    return node


def _own_cells(intake: Intake) -> dict[str, list[Any]]:
    """Cells of the student's own by the id of the given cell that they follow ("": none)."""
    from nbformat.v4 import new_code_cell

    found: dict[str, list[Any]] = {}
    last = ""
    for cell in intake.cells:
        if cell.id.startswith("added-"):
            found.setdefault(last, []).append(new_code_cell(cell.source, id=cell.id))
        else:
            last = cell.id
    return found


def _bytes(node: NotebookNode) -> bytes:
    from nbformat import writes

    return f"{writes(node)}\n".encode("utf-8", "replace")
