"""The bench works, and compares like with like.  No time is asserted anywhere."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.notebook import load_unit

HERE = Path(__file__).parent


@pytest.fixture
def works(monkeypatch):
    """The bench's modules are found beside bench.py when it is run."""
    monkeypatch.syspath_prepend(str(HERE))
    import works

    return works


def _run(tmp_path, *words):
    file = tmp_path / "figures.json"
    command = [
        sys.executable,
        str(HERE / "bench.py"),
        "--submissions",
        "2",
        "--rounds",
        "1",
        "--starts",
        "1",
        "--json",
        str(file),
    ]
    done = subprocess.run([*command, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(file.read_text()), done.stdout


def test_every_submission_is_different(works):
    """Sixty students, sixty notebooks, and all styles of both exercises among them."""
    made = works.make(60)
    assert len({work.notebook for work in made}) == 60
    for position, exercise in enumerate(load_unit(works.COURSE, works.UNIT).exercises):
        known = works.styles_of(exercise.id, exercise.functions[0], exercise.stub, "")
        assert {work.styles[position] for work in made} == set(known)


def test_nbgrader_gets_as_many_points_as_we_give(works):
    """asserts.txt has the checks of test_hidden.py: for each exercise as many, worth as much."""
    heads = re.findall(r"^# %% (\w+) ([\d.]+)$", (works.COURSE / "asserts.txt").read_text(), flags=re.MULTILINE)
    hidden = (works.COURSE / "assignments" / works.UNIT / "test_hidden.py").read_text()
    assert heads == re.findall(r'^@check\("(\w+)", points=([\d.]+)\)$', hidden, flags=re.MULTILINE)


@pytest.mark.slow
def test_our_side_is_measured(tmp_path, box_environment):
    """Each stage of each submission is timed, in a real box with one worker and with two."""
    figures, said = _run(tmp_path, "--only", "ours", "--box", "bubblewrap")
    assert [(side["workers"], side["graded"] > 0) for side in figures["ours"]] == [(1, True), (2, True)]
    assert {"intake", "load", "checks", "end", "grade"} <= set(figures["ours"][0]["stages"][0])
    assert figures["slots"][0]["resident_mb"] > 0
    assert "bubblewrap, 2 workers" in said


@pytest.mark.slow
def test_nbgrader_is_measured(tmp_path):
    """nbgrader's own command grades the same submissions."""
    pytest.importorskip("nbgrader", reason="nbgrader is not installed")
    figures, said = _run(tmp_path, "--only", "nbgrader")
    assert len(figures["nbgrader"]["seconds"]) == 2
    assert "nbgrader autograde" in said
