"""`new`: a working exercise in the course at hand, entered in course.yaml without a comment lost; all of it or nothing."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path

import pytest

from autograder import release, scaffold, store
from autograder.course import load_course
from autograder.notebook import load_unit

ROOT = Path(__file__).parents[2]
WRITTEN = ["assignments/own/" + name for name in ("notebook.py", "test_hidden.py", "wrong.py", "right.py", "quiz.py")]


def tree(root):
    """Every file and folder with its content, so that nothing half-written is missed."""
    return {p.relative_to(root).as_posix(): p.read_bytes() if p.is_file() else None for p in root.rglob("*")}


def points(course, student):
    with store.open(course.state) as grades:
        result = grades.result(grades.submissions(student=student)[-1].id)
    return result.score.total, result.score.maximum


# From nothing to a grade


def test_a_new_unit_is_audited_released_and_graded_as_it_stands(course):
    """Its audit is clean with every mutant killed, its release leaks nothing, its solution scores full and the blank 0."""
    said = course.run("new", "own", "--title", "My own", "--due", "2027-04-02 23:59")
    assert said.code == 0, said.err
    assert [line[3:] for line in said.out.splitlines() if line.startswith("-> ")] == [
        *WRITTEN,
        "reference/own.py",
        "course.yaml",
    ]
    for command in ("audit own", "release own", "grade submissions/"):
        assert f"autograder --course {course.root} {command}" in said.out
    audited = course.run("audit", "own", "--seeds", "3", "-j", "1")
    assert audited.code == 0, audited.out
    assert "14 of 14 mutants killed" in audited.out
    asked = course.run("quiz", "check", "own")
    assert asked.code == 0, asked.out
    released = course.run("release", "own")
    assert "2 points (and 1 by hand)" in released.out, released.err
    unit = load_unit(course.root, "own")
    work = course.root / "submissions"
    work.mkdir()
    (work / "ada.ipynb").write_text(json.dumps(release.solution(unit)))
    (work / "omar.ipynb").write_bytes((course.root / "release" / "own" / "own.ipynb").read_bytes())
    graded = course.run("grade", work, "--box", "bubblewrap")
    assert graded.code == 0, graded.err
    assert (points(course, "ada"), points(course, "omar")) == ((2, 2), (0, 2))


def test_the_course_has_one_unit_more_and_nothing_else_changed(course):
    """Title and due date are what was asked, the last of `units`; --title and --due may be left out."""
    before = load_course(course.root)
    assert course.run("new", "own", "--title", 'It\'s "A: b" # {{unit}}', "--due", "2027-04-02 23:59:30").code == 0
    assert course.run("new", "my_second").code == 0
    old, own, second = load_course(course.root).units
    assert (old,) == before.units
    assert (own.name, own.title, f"{own.due:%d.%m. %H:%M:%S}") == ("own", 'It\'s "A: b" # {{unit}}', "02.04. 23:59:30")
    assert (second.title, second.due) == ("My second", None)


def test_course_here_starts_a_course_in_an_empty_folder(tmp_path, course):
    """A folder without a course gets one of this unit; a second time it is refused."""
    folder = tmp_path / "Fresh Folder!"
    folder.mkdir()
    said = course.run("--course", folder, "new", "own", "--course-here")
    assert said.code == 0, said.err
    assert load_course(folder).id == "Fresh-Folder"
    assert course.run("--course", folder, "audit", "own", "--seeds", "1", "-j", "1").code == 0
    assert course.run("--course", folder, "new", "next").code == 0
    again = course.run("--course", folder, "new", "third", "--course-here")
    assert (again.code, "Leave out --course-here" in again.err) == (2, True)


def test_every_template_is_shipped():
    """What pyproject.toml packs holds all that `new` reads."""
    packed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["autograder"]
    shipped = {file for pattern in packed for file in (ROOT / "autograder").glob(pattern)}
    templates = {file for file in scaffold.TEMPLATES.rglob("*") if file.is_file()}
    assert len(templates) == 7
    assert templates <= shipped


# course.yaml keeps its shape

SHAPES = {
    "more follows": "id: t\nunits:\n  - name: tiny  # the first\n    due: 2027-03-05 23:59   # a Friday\n\n"
    "# More time:\nextensions: {}  # none\n",
    "comments of the last unit": "id: t\nunits:\n  - name: tiny\n    # limits: {call_s: 10}\n  # - name: next year\n",
    "no line break at the end": "id: t\nunits:\n- name: tiny",
    "dashes under units": "id: t\nunits:\n- name: tiny\n  limits: {call_s: 10}\n# the end\nlate:\n  max_days: 3\n",
    "Windows lines": "id: t\r\nunits:\r\n    -   name: tiny\r\n        # more\r\n\r\ntimezone: UTC\r\n",
    "byte order mark": "\ufeffid: t\nunits:\n  - name: tiny\n",
    "unit in brackets": "id: t\nunits:\n  - {name: tiny,\n     title: Two}   # here\ntitle: T\n",
    "text in lines": "id: t\nunits:\n  - name: tiny\n    title: |\n      Two\n      lines\ntitle: T\n",
    "folded text": "id: t\nunits:\n  - name: tiny\n    title: two\n      lines\ntitle: T\n",
    "an empty value": "id: t\nunits:\n  - name: tiny\n    due:\ntitle: T\n",
    "a document": "---\n'units':\n  - name: tiny\nid: t\n...\n",
    "odd line ends": 'id: t\ntitle: "a\u2028 b\x85 c"\nunits:\n  - name: tiny\n    title: Zwölf 𝛔\nlate: {}\n',
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_other_character_stays(course, shape):
    """The text before and after the new lines is what it was, to the byte; line ends are the file's own."""
    text = SHAPES[shape].encode()
    file = course.root / "course.yaml"
    file.write_bytes(text)
    said = course.run("new", "own")
    assert said.code == 0, said.err
    after = file.read_bytes()
    start = after.index(b"- name: own")
    start = after.rindex(b"\n", 0, start) + 1
    end = after.index(b"\n", after.index(b'title: "Own"')) + 1
    kept = after[:start] + after[end:]
    assert kept in (text, text + b"\n")
    assert [unit.name for unit in load_course(course.root).units] == ["tiny", "own"]
    if shape == "Windows lines":
        assert after.count(b"\n") == after.count(b"\r\n")
    if shape == "comments of the last unit":
        assert after.index(b"call_s") < start < after.index(b"next year")


# Refused, with nothing left behind


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["tiny"], "the unit 'tiny' is in course.yaml already"),
        (["class"], "'class' is a word of Python"),
        (["My-Unit"], "as my_unit"),
        (["7days"], "'7days' cannot name a unit"),
        (["../away"], "cannot name a unit"),
        (["linear"], "reference/linear.py is there already"),
        (["left"], "assignments/left is there already"),
        (["own", "--due", "2027-03-05"], "has no time. Write it as 2027-03-05 23:59"),
        (["own", "--due", "soon"], "is not a date with a time"),
        (["own", "--title", "two\nlines"], "Write one line of text"),
        (["own", "--title", "### BEGIN SOLUTION"], "Take another title"),
    ],
)
def test_bad_words_are_one_line_with_the_cure(course, words, told):
    """Exit code 2, one line, and not a byte of the course is touched."""
    (course.root / "assignments" / "left").mkdir()
    before = tree(course.root)
    said = course.run("new", *words)
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert told in said.err
    assert tree(course.root) == before


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("id: t\nunits: [{name: tiny}]\n", "course.yaml:2: the units stand in brackets"),
        ('{"id": "t", "units": [{"name": "tiny"}]}', "course.yaml:1: the units stand in brackets"),
        ("units:\r  - name: tiny\rid: t\r", "the unit cannot be put at the end of 'units:' here"),
        ("id: t\nunits:\n  - name: tiny\nlast: {}\n", "course.yaml:4: unknown key 'last'"),
    ],
)
def test_a_course_that_cannot_take_the_unit_stays_as_it_is(course, text, told):
    """A shape that the insertion does not know, or a course that is wrong already, is named and left alone."""
    (course.root / "course.yaml").write_bytes(text.encode())
    before = tree(course.root)
    said = course.run("new", "own")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert told in said.err
    assert tree(course.root) == before


def test_no_course_here_is_said(course, tmp_path):
    """Outside a course the cure is named, as by every verb."""
    said = course.run("--course", tmp_path, "new", "own")
    assert (said.code, "there is no course here" in said.err) == (2, True)


def test_a_read_only_course_is_said(course):
    """Also to root, whom the kernel would let write: the mark is somebody's wish."""
    (course.root / "course.yaml").chmod(0o444)
    before = tree(course.root)
    said = course.run("new", "own")
    assert (said.code, "chmod u+w" in said.err) == (2, True)
    assert tree(course.root) == before


@pytest.mark.parametrize("stop", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_at_the_last_moment_undoes_all(course, monkeypatch, stop):
    """A full disk or Ctrl-C before course.yaml is replaced: every file and new folder is gone again."""

    def broken(*_):
        raise stop

    for file in (course.root / "reference").iterdir():
        file.unlink()
    (course.root / "reference").rmdir()
    (course.root / "assignments" / "tiny" / "notebook.py").write_text("# %% [markdown]\n# Nothing.\n")
    before = tree(course.root)
    monkeypatch.setattr(os, "replace", broken)
    said = course.run("new", "own")
    assert said.code == (2 if isinstance(stop, OSError) else 130)
    assert tree(course.root) == before
