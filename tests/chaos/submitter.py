"""Students who hand in, in a process of their own: python submitter.py FOLDER NUMBER OF [--database URL]

The uploads FOLDER/plan.jsonl with index = NUMBER modulo OF, one after the other, as far as the tide (FOLDER/tide) has
risen.  A receipt is on the disk before the next upload; whatever has no receipt when this process is started is uploaded
again, as a student would who has not seen one.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import asdict
from pathlib import Path

import traffic
import windows
from judge import Receipt

from autograder import store
from autograder.course import load_course
from autograder.errors import OurError
from autograder.notebook import load_unit
from autograder.pipeline import accept
from autograder.store import Store

PATIENCE_S = 5


def main() -> None:
    """Hand in until all have their receipts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("number", type=int)
    parser.add_argument("of", type=int)
    parser.add_argument("--database")
    options = parser.parse_args()
    windows.install()
    uploads = traffic.read(options.folder / "plan.jsonl")
    receipts = options.folder / f"receipts-{options.number}"
    done = len(read(receipts))
    course = load_course(options.folder / "course" / "course.yaml")
    unit = load_unit(options.folder / "course", traffic.UNIT)
    grades: Store | None = None
    for index in range(options.number + done * options.of, len(uploads), options.of):
        while index >= _tide(options.folder):
            time.sleep(0.05)
        upload = uploads[index]
        data = Path(upload.file).read_bytes()
        while True:
            try:
                grades = grades or store.open(options.folder / "state", options.database, PATIENCE_S)
                taken, _ = accept(grades, course, unit, data, Path(upload.file).name, upload.student)
                break
            except (OurError, OSError):  # no disk, no database: no receipt, so the student tries again
                windows.note("not-accepted", str(index))
                time.sleep(0.2)
        write(receipts, Receipt(upload.student, upload.sha, taken.id, taken.attempt))
        windows.obey("receipt")


def write(file: Path, receipt: Receipt) -> None:
    """One line, on the disk when this returns."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(descriptor, (json.dumps(asdict(receipt)) + "\n").encode())
    os.fsync(descriptor)
    os.close(descriptor)


def read(file: Path) -> list[Receipt]:
    """The receipts of a file; a line that was broken off is none."""
    if not file.exists():
        return []
    lines = file.read_text().splitlines(keepends=True)
    return [Receipt(**json.loads(line)) for line in lines if line.endswith("\n")]


def _tide(folder: Path) -> int:
    try:
        return int((folder / "tide").read_text() or 0)
    except (OSError, ValueError):
        return 0


if __name__ == "__main__":
    main()
