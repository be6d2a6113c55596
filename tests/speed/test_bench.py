"""The bench works, and compares like with like.  No time is asserted anywhere."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.notebook import load_unit
from autograder.sandbox.choose import choose

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


@pytest.fixture
def works(monkeypatch):
    """The bench's modules are found beside bench.py when it is run."""
    monkeypatch.syspath_prepend(str(HERE))
    import works

    return works


@pytest.fixture
def course(monkeypatch):
    monkeypatch.syspath_prepend(str(HERE))
    import course_figures

    return course_figures


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


def test_the_table_of_the_course(course):
    """A line for each unit, medians in ms, "-" where nothing trains, sums, and a warning where a figure says less."""
    import bench
    import report

    trainings = [course.Training(*seconds) for seconds in ((1.1, 1.05, 1.0), (1.3, 1.2, 1.0), (2.6, 2.5, 2.0))]
    units = [
        course.UnitFigures("backprop", 40.04, 0, 0.25, [0.101, 0.109, 0.150], trainings),
        course.UnitFigures("cnn_shapes", 50.0, 2, 0.5, [0.2], lost="19 of 20 points"),
    ]
    figures = bench.Figures(60, 3, {}, course=course.CourseFigures("bubblewrap", units, released=2.26))
    said = report.text(figures)
    rows = {line.split()[0]: line.split() for line in said.splitlines() if line}
    assert rows["backprop"][1:] == ["40.0", "0.25", "109", "1300", "1200", "1000", "1.30"]
    assert rows["cnn_shapes:"][1:] == "the solution got 19 of 20 points".split()
    assert rows["all"][1:3] == ["90.0", "0.75"]
    assert "nbgrader" not in said
    assert re.search(r"^cnn_shapes +50\.0 +0\.50 +200 +- +- +- +-$", said, flags=re.MULTILINE)
    assert "autograder release, the whole process: 2.3 s" in said
    assert "cnn_shapes: the audit was not clean (2 to mend)" in said
    assert report.plain(figures)["course"]["units"][0]["trainings"][1]["reference"] == 1.0


def test_a_solution_without_its_training_exercise(course):
    """One cell is the stub again, all others are solved."""
    unit = load_unit(ROOT, "lstm_gates")
    whole, rest = (
        json.loads(course._solution(unit, blank))["cells"] for blank in (None, unit.exercise("train_adding"))
    )
    changed = [(a, b) for a, b in zip(whole, rest, strict=True) if a != b]
    assert [a["id"] for a, _ in changed] == ["train_adding"]
    assert "NotImplementedError" in "".join(changed[0][1]["source"])


@pytest.mark.slow
def test_a_unit_of_the_course_is_measured(course, works, state, box_environment):
    """Audit, release and the warm grade of a right submission, in a real box."""
    found = course.measure(works.UNIT, choose("bubblewrap", state), 1, root=works.COURSE, seeds=1)
    assert min(found.audit, found.release, *found.grades) > 0
    assert (len(found.grades), found.trainings, found.lost) == (1, [], "")


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
