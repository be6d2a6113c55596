"""Files become submissions: read, checked, accepted, with a receipt."""

from __future__ import annotations

from pathlib import Path

from rich.text import Text

from .. import intake
from ..errors import CommandError, SubmissionError, UserError
from ..intake import Found
from ..pipeline import accept
from ..records import Submission
from ..store import Priority, Store
from .common import Desk, console, errors, the_unit


def one(desk: Desk, file: Path, student: str | None, unit: str | None) -> Found:
    """The one submission that a file is."""
    names = desk.unit_names()
    who = intake.student_id(student) if student else intake.student_of(file, names)
    found = intake.found(file, who, names)
    return Found(file, who, unit or found.unit or the_unit(desk, None), found.received)


def taken(
    desk: Desk, grades: Store, found: Found, priority: Priority, within: Path | None = None
) -> tuple[Submission, bool]:
    """Accept a file; within: the folder that it was found in, if others may write there."""
    unit = desk.unit(found.unit or the_unit(desk, None))
    try:
        data = intake.read_file(found.path, within)
    except OSError as e:
        raise SubmissionError(f"{found.path}: cannot be read ({e.strerror}).") from e
    return accept(grades, desk.course, unit, data, found.path.name, found.student, found.received, priority)


def receipt(taken: Submission, new: bool) -> None:
    said = "accepted" if new else "is already here: the same file as before"
    console.print(Text(f"submission {taken.id} of {taken.student} ({taken.unit}, attempt {taken.attempt}) {said}"))
    console.print(Text(f"  received {taken.received:%Y-%m-%d %H:%M:%S} UTC, sha256 {taken.blob[:16]}"))
    for note in taken.notes:
        console.print(Text(f"  note: {note}", style="yellow"))


def take_all(
    desk: Desk, grades: Store, path: Path, student: str | None, unit: str | None
) -> tuple[list[Submission], list[str]]:
    """Accept all that lies at a path; what cannot be accepted is named and does not stop the rest."""
    if path.is_file():
        return [taken(desk, grades, one(desk, path, student, unit), Priority.INTERACTIVE)[0]], []
    if student is not None:
        raise CommandError("--student is for a single file; in a folder the files' names tell.")
    accepted: dict[int, Submission] = {}
    refused: list[str] = []
    found = intake.find_submissions(path, desk.unit_names(), refused)
    if not found and not refused:
        raise CommandError(f"{path}: no .ipynb, .py or .zip here.")
    for each in found:
        if unit is not None and each.unit not in (None, unit):
            continue
        try:
            named = Found(each.path, each.student, each.unit or unit, each.received)
            submission, _ = taken(desk, grades, named, Priority.BATCH, path)
        except UserError as e:
            refused.append(" ".join(str(e).split()))
        else:
            accepted[submission.id] = submission
    for line in refused:
        errors.print(Text(f"not accepted: {line}", style="red"))
    return list(accepted.values()), refused
