"""Every verb on a course of two exercises, as an instructor types it, in real boxes."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import timedelta

import pytest

from autograder import store
from autograder.course import load_course

SLEEPS = "import time; time.sleep(0.7)"


def points(course, student):
    """The current total and maximum of a student's latest attempt."""
    with store.open(course.state) as grades:
        result = grades.result(grades.submissions(student=student)[-1].id)
    return (result.score.total, result.score.maximum) if result else None


# Handing in and grading


def test_grade_gives_each_what_they_earned(graded):
    """A folder of files is graded: all points, some, none."""
    assert points(graded, "ada") == (4, 4)
    assert points(graded, "bob")[0] < 4
    assert points(graded, "omar") == (0, 4)


def test_submit_gives_a_receipt_and_grade_goes_on_from_there(course):
    """`submit` keeps the file and says so; the same bytes again are no second attempt; `grade` finds it waiting."""
    file = course.notebook(course.root / "ada.ipynb")
    first, second = course.run("submit", file), course.run("submit", file)
    assert (first.code, second.code) == (0, 0)
    assert "attempt 1" in first.out
    assert "accepted" in first.out
    assert re.search(r"received \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, sha256 [0-9a-f]{16}", first.out)
    assert "already here" in second.out
    assert "received" in course.run("status", "ada").out
    assert course.run("grade", file, "--box", "bubblewrap").code == 0
    assert points(course, "ada") == (4, 4)


def test_grade_a_single_file_of_a_named_student(course):
    """--student says whose work a file with any name is."""
    said = course.run(
        "grade", course.notebook(course.root / "homework final.ipynb"), "--student", "eve", "--box", "bubblewrap"
    )
    assert said.code == 0, said.err
    assert "eve" in said.out
    assert points(course, "eve") == (4, 4)


def test_grade_an_nbgrader_tree(course):
    """submitted/<student>/<unit>/ with nbgrader's timestamp: the time counts for lateness."""
    tree = course.root / "submitted"
    due = load_course(course.root / "course.yaml").unit("tiny").due
    for student, late in (("ada", -1), ("carl", 30)):
        folder = tree / student / "tiny"
        course.notebook(folder / "tiny.ipynb")
        (folder / "timestamp.txt").write_text(f"{due + timedelta(hours=late):%Y-%m-%d %H:%M:%S} UTC\n")
    said = course.run("grade", tree, "--box", "bubblewrap")
    assert said.code == 0, said.err
    assert points(course, "ada") == (4, 4)
    assert points(course, "carl") == (pytest.approx(3.2), 4)  # two started days, 10 % of the maximum each
    assert "2 d, -0.8" in said.out


def test_grading_again_does_nothing(graded):
    """The same folder a second time: nothing is run, nothing changes, exit 0."""
    before = graded.results()
    said = graded.run("grade", graded.root / "submissions", "--box", "bubblewrap")
    assert said.code == 0
    assert graded.results() == before
    assert "ada" in said.out


def test_a_bad_file_among_good_ones(course):
    """What cannot be accepted is named in one line each; the rest is graded; exit 2."""
    work = course.root / "submissions"
    course.notebook(work / "ada.ipynb")
    (work / "bad.ipynb").write_text("{ not json")
    (work / "empty.ipynb").write_text("")
    said = course.run("grade", work, "--box", "bubblewrap")
    assert said.code == 2
    assert points(course, "ada") == (4, 4)
    lines = said.err.strip().splitlines()
    assert "Traceback" not in said.err
    assert any("bad.ipynb" in line for line in lines)
    assert any("empty.ipynb" in line for line in lines)


def test_ctrl_c_keeps_what_is_done(course, python):
    """SIGINT to the whole terminal: what runs is finished and kept, exit 130; the same command grades the rest."""
    work = course.root / "submissions"
    for number in range(8):
        course.notebook(work / f"s{number}.ipynb", own_1=f"{SLEEPS}  # {number}")
    words = python(*course.words, "grade", work, "--jobs", 1, "--box", "bubblewrap")
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    wait_until(lambda: 1 in course.results().values() if (course.state / "grades.db").exists() else False)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    done = {name for name, count in course.results().items() if count}
    assert process.returncode == 130, (out, err)
    assert "Traceback" not in err
    assert err.strip().splitlines()[-1].startswith("stopped;")
    assert 0 < len(done) < 8
    again = course.run("grade", work, "--box", "bubblewrap")
    assert again.code == 0, again.err
    assert set(course.results().values()) == {1}, "each was graded once, before or after"


def wait_until(ready, seconds=60.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if ready():
                return
        except Exception:  # the tables are being made
            pass
        time.sleep(0.1)
    pytest.fail("it did not come to that")


# Afterwards


def test_status_lists_all_and_one(graded):
    """Every submission with its state and points, or one student's."""
    everybody, one = graded.run("status"), graded.run("status", "bob")
    assert all(name in everybody.out for name in ("ada", "bob", "omar"))
    assert "4 / 4" in everybody.out
    assert "bob" in one.out
    assert "ada" not in one.out


def test_feedback_in_the_terminal_has_the_diagnosis(graded):
    """The wrong axis is named, the hidden numbers are not."""
    said = graded.run("feedback", "bob")
    assert said.code == 0, said.err
    assert "whole array" in said.out


def test_feedback_as_json(graded):
    """--json is JSON, and names the exercises."""
    told = json.loads(graded.run("feedback", "bob", "--json").out)
    assert "softmax" in json.dumps(told)


def test_feedback_for_gradescope(graded):
    """--gradescope has Gradescope's words: one score, and tests with their shares of it."""
    told = json.loads(graded.run("feedback", "ada", "--gradescope").out)
    assert told["score"] == 4
    assert sum(test["score"] for test in told["tests"] if "score" in test) == 4
    assert all({"name", "output"} <= set(test) for test in told["tests"])


def test_feedback_as_a_page(graded, tmp_path):
    """--html writes one page that fetches nothing and runs nothing."""
    said = graded.run("feedback", "1", "--html", tmp_path / "ada.html")
    page = (tmp_path / "ada.html").read_text()
    assert said.code == 0, said.err
    assert page.lstrip().lower().startswith("<!doctype html>")
    assert "<script" not in page
    assert "src=" not in page


def test_replay_gives_the_same_points(graded):
    """The recorded answers, judged again without student code, come out the same."""
    for number in (1, 2, 3):
        said = graded.run("replay", number)
        assert said.code == 0, said.err
        assert "the same points" in said.out


def test_replay_notices_a_changed_grade(course):
    """Points that were changed behind our back: exit 1, and the check is named."""
    course.run(
        "grade", course.notebook(course.root / "bob.ipynb", softmax="def softmax(z): return z"), "--box", "bubblewrap"
    )
    with sqlite3.connect(course.state / "grades.db") as database:
        (checks,) = database.execute("SELECT checks FROM result").fetchone()
        database.execute("UPDATE result SET checks = ?", (checks.replace('"earned": 0.0', '"earned": 1.0', 1),))
        assert database.total_changes == 1
    said = course.run("replay", 1)
    assert said.code == 1, said.out
    assert said.err.startswith("we failed:")
    assert "softmax" in said.err


def test_regrade_with_corrected_tests(course):
    """A corrected hidden test changes the grade; the table shows before and after; the old result is kept."""
    file = course.notebook(course.root / "ada.ipynb")
    tests = course.root / "assignments" / "tiny" / "test_hidden.py"
    right = tests.read_text()
    mistake = ("agree(student.scale(x, a, b=b), linear.scale(x, a, b))", "agree(student.scale(x, a, b=b)['y'], x * 7)")
    tests.write_text(right.replace(*mistake))
    assert course.run("grade", file, "--box", "bubblewrap").code == 0
    assert points(course, "ada") == (2, 4)
    tests.write_text(right)
    said = course.run("regrade", "--unit", "tiny", "--box", "bubblewrap")
    assert said.code == 0, said.err
    assert "before" in said.out
    assert points(course, "ada") == (4, 4)
    assert course.results() == {"ada": 2}


def test_release_writes_what_students_get(course, tmp_path):
    """The notebook and the data, with no solution in it."""
    said = course.run("release", "--out", tmp_path / "out")
    assert said.code == 0, said.err
    files = {str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*") if p.is_file()}
    assert files == {"tiny/tiny.ipynb", "tiny/data/points.csv"}
    assert "keepdims" not in (tmp_path / "out/tiny/tiny.ipynb").read_text()


# What goes wrong

BAD = [
    ["gradee"],
    ["grade"],
    ["grade", "/no/such/file.ipynb"],
    ["grade", "{root}/course.yaml"],
    ["grade", "{root}", "--student", "ada"],
    ["grade", "{root}", "--jobs", "0"],
    ["grade", "{root}", "--box", "cardboard"],
    ["grade", "{root}/assignments/tiny/data"],
    ["submit", "{root}"],
    ["submit", "{root}/course.yaml", "--student", "../ada"],
    ["submit", "{root}/assignments/tiny/notebook.py", "--unit", "tinny"],
    ["regrade"],
    ["regrade", "99"],
    ["regrade", "--unit", "tinny"],
    ["replay", "99"],
    ["replay", "first"],
    ["feedback", "nobody"],
    ["feedback", "99"],
    ["feedback", "ada", "--attempt", "2"],
    ["feedback", "ada", "--html", "/no/such/folder/ada.html"],
    ["export", "--csv", "/no/such/folder/grades.csv"],
    ["release", "tinny"],
    ["audit", "tinny"],
    ["demo"],
]


@pytest.mark.parametrize("words", BAD, ids=lambda words: " ".join(words))
def test_a_mistake_is_one_line(graded, words):
    """Every mistake of the caller's: one line on stderr, exit 2, no traceback."""
    said = graded.run(*(word.format(root=graded.root) for word in words))
    assert said.code == 2, said
    assert len(said.err.strip().splitlines()) == 1, said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("units: [", "course.yaml:"),
        ("id: x\nunits: []\n", "course.yaml"),
        ("id: tiny\nunits: [{name: tiny, dew: 3}]\n", "course.yaml:2"),
    ],
)
def test_a_broken_course_is_one_line_with_its_place(course, content, place):
    """course.yaml with a mistake: the file and line."""
    (course.root / "course.yaml").write_text(content)
    said = course.run("release")
    assert said.code == 2
    assert place in said.err
    assert len(said.err.strip().splitlines()) == 1


def test_no_course_here(tmp_path, python):
    """Outside of a course: one line that says how to name one."""
    done = subprocess.run(python("status"), cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("error: no course.yaml here or above")
    assert len(done.stderr.strip().splitlines()) == 1


def test_our_own_failure_is_exit_1_and_costs_nobody_a_point(course):
    """Without a box nothing is graded: exit 1, the cure is named, the work waits."""
    for name in ("box", "engine", "selftest.json"):
        (course.state / name).unlink()
    said = course.run("grade", course.notebook(course.root / "ada.ipynb"), "--box", "bubblewrap")
    assert said.code == 1
    assert said.err.startswith("we failed:")
    assert "autograder image build" in said.err
    assert points(course, "ada") is None
    assert "received" in course.run("status", "ada").out


def test_a_broken_hidden_test_is_not_graded(course):
    """A hidden test that raises is ours: no grade, exit 1, held after three tries, and graded when it is mended."""
    tests = course.root / "assignments" / "tiny" / "test_hidden.py"
    right = tests.read_text()
    tests.write_text(right.replace("z = rng.normal(size=(3, 4))", "z = rng.normal(size=(3, 4)) + [][0]"))
    said = course.run("grade", course.notebook(course.root / "ada.ipynb"), "--box", "bubblewrap")
    assert said.code == 1
    assert "nobody lost a point" in said.err
    assert "held" in course.run("status", "ada").out
    tests.write_text(right)
    assert course.run("regrade", "--held", "--box", "bubblewrap").code == 0
    assert points(course, "ada") == (4, 4)


def test_help_is_light():
    """`autograder --help` answers without numpy, torch, a database or an engine."""
    heavy = [
        "numpy",
        "torch",
        "sqlalchemy",
        "alembic",
        "docker",
        "nbformat",
        "pytest",
        "pandas",
        "rich",
        "pydantic",
        "jinja2",
    ]
    code = (
        "import sys\nfrom autograder.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit as e: assert not e.code\n"
        f"print('LOADED', [m for m in {heavy!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "LOADED []" in done.stdout
    assert "grade" in done.stdout
