"""Intake under fire: whatever comes in, a submission or one clear line, at a bounded cost, and nothing else happens.

Every file is read by a process of its own (intake_worker.py). Asserted for each of more than 10,000:
no exception but SubmissionError, with one line; no file, socket, import or process touched, no code run; at most
the CPU time of parsing 1.2 MB of dense code (2 s, as machines go) for `read` and `unsolved` together; at most 256 MB
for the whole process, which reads them all; and what comes back is within the caps, with the unit's own given cells,
and the same from a second process with other hashes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))  # `intake_fuzz` and `intake_worker` are modules of these tests

import intake_fuzz as fuzz
from intake_worker import receive, send
from yards import DEAR

from autograder import intake, release
from autograder.errors import SubmissionError
from autograder.intake import code, formats
from autograder.notebook import load_unit

ROOT = Path(__file__).parents[2]
#: Where a process of its own finds what is tested, and these tests.
PATHS = os.pathsep.join(map(str, (ROOT, ROOT / "tests", ROOT / "tests" / "unit")))
COURSE = ROOT / "tests" / "fixtures" / "tiny_course"
UNIT = load_unit(COURSE, "tiny")
SOLUTION, RELEASE = release.solution(UNIT), release.build(UNIT)
BOOK = json.dumps(SOLUTION, indent=1).encode()
SCRIPT = b'# %% exercise="softmax"\ndef softmax(z):\n    return z\n\n# %% [markdown] answer="why"\n# Because.\n'

CPU_YARDS = 12.0  #: of 100 kB each
PEAK_MB = 256.0
INPUTS = 10_000

GIVEN = [(cell.id, cell.source) for cell in UNIT.cells if cell.kind == "code"]
EXERCISES = {exercise.id for exercise in UNIT.exercises}
#: A text cell of each exercise may come on top of the code, re-typed by accident; and so do the unit's own cells.
MOST_CHARACTERS = (
    formats.CODE_CHARACTERS + len(EXERCISES) * code.PARSED_CHARACTERS + sum(len(c.source) for c in UNIT.cells)
)

thorough = settings(
    deadline=None,
    database=None,
    derandomize=False,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)


class Reader:
    """A process that reads submissions, and gets the next one when it has answered."""

    def __init__(self, hashes: str) -> None:
        environment = os.environ | {"PYTHONHASHSEED": hashes, "PYTHONPATH": PATHS}
        command = [sys.executable, str(Path(__file__).with_name("intake_worker.py")), str(COURSE), "tiny"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)

    def read(self, name: str, data: bytes) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        send(self.process.stdin, json.dumps(name).encode())
        send(self.process.stdin, data)
        answer = receive(self.process.stdout)
        assert answer is not None, f"the reading process ended with {self.process.wait()}"
        found: dict[str, Any] = json.loads(answer)
        return found

    def close(self) -> None:
        self.process.communicate()


@dataclass
class Range:
    """Where files are fired at intake, and the tally."""

    first: Reader = field(default_factory=lambda: Reader("0"))
    second: Reader = field(default_factory=lambda: Reader("random"))
    outcomes: Counter[str] = field(default_factory=Counter)
    worst: tuple[float, str] = (0.0, "")
    peak: float = 0.0

    def fire(self, name: str, data: bytes, label: str = "") -> dict[str, Any]:
        """What intake made of it; every promise that holds for all files is asserted here."""
        found = self.first.read(name, data)
        self.worst = max(self.worst, (found["cpu"], label or name))
        self.peak = max(self.peak, found["peak_mb"])
        assert "fault" not in found, found["fault"]
        assert found["forbidden"] == []
        assert found["cpu"] < DEAR or self.yards(name, data) < CPU_YARDS
        assert found["peak_mb"] < PEAK_MB
        if "refused" in found:
            check_line(found["refused"])
            self.outcomes[kind_of(found["refused"])] += 1
            return found
        self.outcomes["repaired, with notes" if found["notes"] else "taken as it is"] += 1
        check_submission(found)
        again = self.second.read(name, data)
        assert {key: again.get(key) for key in SAME} == {key: found[key] for key in SAME}
        return found

    def yards(self, name: str, data: bytes) -> float:
        """What reading costs, in parses of 100 kB beside it in the same process; the least of three: other work costs too."""
        again = [self.first.read(name, data) for _ in range(3)]
        return min(found["cpu"] / found["yard"] if found["yard"] else 0 for found in again)

    def close(self) -> None:
        self.first.close()
        self.second.close()


SAME = ("cells", "characters", "manual", "answered", "notes", "missing")


def check_line(line: str) -> None:
    assert len(line.splitlines()) == 1
    assert line.isprintable()
    assert len(line) < 300
    assert line.endswith((".", "?", "!"))


def check_submission(found: dict[str, Any]) -> None:
    ids = [id for id, _, _ in found["cells"]]
    assert len(ids) == len(set(ids)) <= formats.CELLS + len(UNIT.cells)
    assert [
        (id, source) for id, source, _ in found["cells"] if not id.startswith("added-") and id not in EXERCISES
    ] == GIVEN
    solved = [exercise for _, _, exercise in found["cells"] if exercise]
    assert len(solved) == len(set(solved))
    assert set(solved) <= EXERCISES
    assert set(found["missing"]) <= EXERCISES
    assert found["characters"] <= MOST_CHARACTERS
    assert set(found["manual"]) == {question.id for question in UNIT.manual}
    assert found["answered"] <= formats.FILE_BYTES
    for note in found["notes"]:
        check_line(note)


def kind_of(line: str) -> str:
    """A refusal without its file name and numbers."""
    words = line.split(": ", 1)[-1].split(". ")[0]
    return "refused: " + "".join("#" if c.isdigit() else c for c in words)[:60]


@pytest.fixture(scope="module")
def range_() -> Iterator[Range]:
    made = Range()
    yield made
    made.close()


# ---------------------------------------------------------------- the controls


def test_honest_files_are_taken_as_they_are(range_: Range) -> None:
    """The solution, the untouched release and their zips come through without a note: not all is refused."""
    for data in (BOOK, json.dumps(RELEASE).encode()):
        assert range_.fire("a.ipynb", data)["notes"] == []
        assert range_.fire("a.zip", fuzz.zipped([("hw/a.ipynb", data, 0, 8)]))["notes"] == []
    assert range_.fire("a.ipynb", BOOK)["missing"] == []


def test_the_range_sees_what_it_looks_for() -> None:
    """The watch of the reading process notes an opened file, and the checks of what comes back can fail."""
    program = (
        "import intake_worker, json, sys; watch = intake_worker.Watch(); intake_worker.read = lambda *_: open('/dev/null') and {}\n"
        "print(json.dumps(intake_worker.outcome(b'', 'a', None, watch)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": PATHS},
        stdout=subprocess.PIPE,
        check=True,
    )
    assert "/dev/null" in json.loads(answer.stdout)["forbidden"][0]
    with pytest.raises(AssertionError):
        check_line("two\nlines.")
    with pytest.raises(AssertionError):
        check_submission(
            {
                "cells": [["code-1", "np = None", None]],
                "missing": [],
                "characters": 9,
                "manual": {},
                "answered": 0,
                "notes": [],
            }
        )


# ---------------------------------------------------------------- small files, drawn

_AROUND = [b'{"cells": []}', BOOK, b"", b"x", SCRIPT]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("files", "count"),
    [
        (fuzz.broken_bytes(BOOK), 2000),
        (fuzz.broken_bytes(fuzz.zipped([("a.ipynb", BOOK, 0, 8), ("b.csv", b"1,2", 0, 0)])), 1800),
        (fuzz.broken_bytes(SCRIPT), 600),
        (fuzz.changed_notebooks(SOLUTION), 2000),
        (fuzz.changed_notebooks(RELEASE), 1000),
        (fuzz.scripts(), 900),
        (fuzz.archives(_AROUND), 1600),
        (st.tuples(fuzz.NAMES, st.sampled_from(_AROUND)), 800),
    ],
    ids=["bytes", "zip bytes", "script bytes", "cells", "release cells", "scripts", "archives", "names"],
)
def test_drawn_files(range_: Range, files: st.SearchStrategy[fuzz.File], count: int) -> None:
    """Honest files, damaged in every way that the strategies know."""

    @settings(thorough, max_examples=count)
    @given(files)
    def fire(file: fuzz.File) -> None:
        range_.fire(*file)

    fire()


# ---------------------------------------------------------------- large files, and the tally


@pytest.mark.slow
@pytest.mark.parametrize("label", fuzz.LARGE)
def test_large_files(range_: Range, label: str) -> None:
    """The worst of each kind at the size of the cap, and just below the caps that would refuse it."""
    name, data = fuzz.LARGE[label]()
    found = range_.fire(name, data, label)
    assert ("below the cap" not in label) or "cells" in found, found


@pytest.mark.slow
def test_the_tally(range_: Range, capsys: pytest.CaptureFixture[str]) -> None:
    """More than 10,000 files were fired, every kind of outcome among them; the figures are printed."""
    with capsys.disabled():
        seconds, label = range_.worst
        print(f"\n{range_.outcomes.total()} files; worst {seconds:.2f} s of CPU ({label}); peak {range_.peak:.0f} MB")
        for outcome, count in range_.outcomes.most_common():
            print(f"{count:6} {outcome}")
    assert range_.outcomes.total() >= INPUTS
    assert range_.outcomes["taken as it is"] > 100
    assert range_.outcomes["repaired, with notes"] > 1000
    assert sum(kind.startswith("refused") for kind in range_.outcomes) > 30


# ---------------------------------------------------------------- names of students and folders


@settings(thorough, max_examples=500)
@given(fuzz.NAMES)
def test_any_name_is_an_id_or_one_line(name: str) -> None:
    """A student's id is letters, digits and . _ @ + -, whatever the file is called; else one line."""
    try:
        student = intake.student_of(Path("/x") / name.replace("\x00", "?"), ("tiny",))
    except SubmissionError as error:
        check_line(str(error))
    else:
        assert student.isascii()
        assert not set(student) & set("/\\:'\"=<>; \n")
        assert ".." not in student
