"""A folder that is watched: files become submissions as soon as they are whole."""

from __future__ import annotations

from pathlib import Path

from rich.text import Text

from .. import intake
from ..errors import StoreError, UserError
from ..intake import Found
from ..store import Priority, Store
from .common import Desk, console, errors, the_unit
from .taking import taken

#: What tells one state of a file from another: its time and its size.
Sign = tuple[int, int]


class Inbox:
    """One folder.  `look` again and again; a file is taken when two looks saw it the same, for it may still be written."""

    def __init__(self, desk: Desk, grades: Store, folder: Path, unit: str | None) -> None:
        self.desk, self.grades, self.folder, self.unit = desk, grades, folder, unit
        self._seen: dict[Path, Sign] = {}
        self._done: dict[Path, Sign] = {}

    def look(self) -> None:
        """Take in what is new and whole.  StoreError if the store will not: the files stay for the next look."""
        now = dict(_signed(self.folder))
        whole = {path for path, sign in now.items() if self._seen.get(path) == sign and self._done.get(path) != sign}
        self._seen = now
        if not whole:
            return
        refused: list[str] = []
        found = intake.find_submissions(self.folder, self.desk.unit_names(), refused, only=whole)
        for line in refused:
            _say_refused(line)
        for each in found:
            self._take(each)
        self._done |= {path: now[path] for path in whole}

    def _take(self, found: Found) -> None:
        unit = found.unit or self.unit
        if self.unit is not None and unit != self.unit:
            return
        try:
            named = Found(found.path, found.student, unit or the_unit(self.desk, None), found.received)
            submission, new = taken(self.desk, self.grades, named, Priority.INTERACTIVE, self.folder)
        except StoreError:
            raise
        except UserError as e:
            _say_refused(str(e))
            return
        if new:
            notes = "".join(f"; {note}" for note in submission.notes)
            where = f"{submission.unit}, attempt {submission.attempt}"
            console.print(Text(f"submission {submission.id} of {submission.student} ({where}) accepted{notes}"))


def _signed(folder: Path) -> list[tuple[Path, Sign]]:
    """Every file that could be a submission, as it is now."""
    found = []
    for path in intake.listed(folder):
        try:
            state = path.lstat()
        except OSError:  # gone since
            continue
        found.append((path, (state.st_mtime_ns, state.st_size)))
    return found


def _say_refused(line: str) -> None:
    errors.print(Text(f"not accepted: {' '.join(line.split())}", style="red"))
