"""The demo: its samples are what they say they are, and the whole of it comes out as it must."""

from __future__ import annotations

import csv
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autograder import intake
from autograder.cli import samples
from autograder.errors import UnitError
from autograder.notebook import load_unit

from .conftest import lend

ROOT = Path(__file__).parent.parent.parent
UNIT = load_unit(ROOT, "backprop")
HONEST = samples.read(UNIT.folder / samples.FOLDER)
ATTACKS = samples.read(UNIT.folder / samples.FOLDER / "attacks", HONEST)
DUE = datetime(2027, 3, 5, 23, 59, tzinfo=UTC)


def test_there_are_enough():
    """Thirty submissions, a dozen attacks, two controls; every one tells its story, every honest one its expectation."""
    attacks = [a for a in ATTACKS.values() if a.expect is None]
    assert (len(HONEST), len(attacks), len(ATTACKS) - len(attacks)) == (30, 12, 2)
    assert all(s.story.endswith(".") for s in [*HONEST.values(), *ATTACKS.values()])
    assert all(s.expect is not None for s in HONEST.values())
    assert all(a.like in HONEST for a in ATTACKS.values())


def test_expectations_name_real_exercises():
    """No expectation speaks of an exercise that the unit does not have, or of a verdict that there is not."""
    known = {e.id for e in UNIT.exercises}
    for sample in HONEST.values():
        losses = sample.expect.loses or {}
        assert set(losses) <= known, sample.name
        assert set(losses.values()) <= {"", "missing", "crashed", "timed out", "out of memory", "forbidden"}, (
            sample.name
        )


@pytest.mark.parametrize("saved", samples.SAVED)
def test_every_way_of_saving_brings_the_same_solutions(saved, tmp_path):
    """However a file was saved, intake finds the student's cells in it."""
    grace = HONEST["grace"]
    sample = samples.Sample("grace", "", {"saved by": saved}, grace.cells, {"code-1": ("helper = 1",)})
    path = samples.write(sample, UNIT, tmp_path, DUE)
    found = intake.read(path.read_bytes(), path.name, UNIT)
    everything = "\n".join(cell.source for cell in found.cells)
    for exercise in UNIT.exercises:
        assert grace.cells[exercise.id].strip() in everything
    assert "helper = 1" in everything
    assert intake.unsolved(found, UNIT) == ()


def test_the_same_sample_gives_the_same_bytes(tmp_path):
    """Files are reproducible: a second demo hands in what the first one did."""
    for sample in HONEST.values():
        first = samples.write(sample, UNIT, tmp_path / "a", DUE).read_bytes()
        assert first == samples.write(sample, UNIT, tmp_path / "b", DUE).read_bytes(), sample.name


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = 1\n", "before the first cell"),
        ("# A story.\n# like: nobody\n", "no such sample"),
        ("# A story.\n# saved by: fax\n", "There are: jupyter"),
        ("# A story.\n# like: odd\n", "like each other"),
    ],
)
def test_a_sample_that_cannot_be_is_refused(text, told, tmp_path):
    """A mistake in a sample's file is one sentence with its place."""
    (tmp_path / "odd.py").write_text(text)
    with pytest.raises(UnitError, match=told):
        samples.read(tmp_path)


def test_a_cell_that_the_unit_does_not_have_is_refused(tmp_path):
    """A sample that speaks of an unknown cell is noticed, instead of being graded without it."""
    sample = samples.Sample("ada", "", {}, {"softmin": "x = 1"}, {})
    with pytest.raises(UnitError, match="no cell softmin"):
        samples.write(sample, UNIT, tmp_path, DUE)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_whole_demo(tmp_path, state, python):
    """Every sample earns what it says, no attack gains a point, page and gradebook are written; exit 0."""
    lend(state, tmp_path / "state")
    words = python("--course", ROOT, "--state", tmp_path / "state", "demo")
    environment = {**os.environ, "AUTOGRADER_SECRET": str(tmp_path / "secret")}
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr
    assert "not as expected" not in done.stdout
    assert "no attack gained a point" in done.stdout
    with (tmp_path / "state" / "demo" / "grades.csv").open() as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert set(rows) == set(HONEST)
    assert rows["niels"]["late_submission_penalty"] == "2"
    page = next((tmp_path / "state" / "demo").glob("feedback-*.html")).read_text()
    assert page.lstrip().lower().startswith("<!doctype html>")
    assert not (tmp_path / "state" / "grades.db").exists(), "the course's own grades are not touched"
    assert not (tmp_path / "secret").exists(), "the course's own secret is not asked: each demo draws the same numbers"
