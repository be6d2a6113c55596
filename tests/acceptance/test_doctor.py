"""`autograder doctor`: each promise by its sentence, what was tried and seen; each missing thing with its cure."""

from __future__ import annotations

import re

import pytest

from autograder.sandbox import selftest
from autograder.sandbox.box import PROMISES


def words(text):
    """What a table says, without its frame and line breaks."""
    return re.sub(r"[\s│┃]+", " ", text)


def test_doctor_names_each_promise(course):
    """One column for the jail that was asked for; every promise holds in it."""
    said = course.run("doctor", "--box", "bubblewrap", "--jail", "landlock")
    assert said.code == 0, said.err
    told = words(said.out)
    assert told.count(" holds ") == len(PROMISES)
    for tried in ("fork until it fails", "allocate without end", "sockets of six families"):
        assert tried in told
    for line in ("machine: ", "✓ seccomp", "✓ bubblewrap", "✓ box environment", "graphics cards: "):
        assert line in said.out
    assert "the bubblewrap box grades with the jail 'landlock'" in said.out


def test_doctor_says_what_got_through(course, monkeypatch):
    """A broken promise is told with what was seen, the box is not fit, and the exit code is ours."""
    real = selftest.TESTS
    broken = {**real, "network": lambda box: ("sockets", "inet"), "hidden": lambda box: ("import", "reference")}
    monkeypatch.setattr(selftest, "TESTS", {name: broken[name] for name in ("hidden", "network", "environment")})
    said = course.run("doctor", "--box", "bubblewrap", "--jail", "namespaces")
    assert said.code == 1
    assert " inet " in words(said.out)
    assert "the bubblewrap box is not fit to grade" in said.out
    assert "no box is fit to grade here" in said.err


@pytest.mark.parametrize(
    ("option", "cure"), [("docker", "Start one (scripts/engine.sh start)"), ("oven", "There are:")]
)
def test_a_box_that_cannot_be_had_is_one_line_with_its_cure(option, cure, course, monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/dead.sock")
    said = course.run("doctor", "--box", option)
    assert said.code == 1
    assert cure in words(said.out)
    assert "✗ Docker engine: missing. Cure: scripts/engine.sh start" in said.out


def test_grade_names_the_cure_and_loses_nothing(course, monkeypatch):
    """With no box at all the work is taken in and waits."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    file = course.notebook(course.root / "ada.ipynb")
    said = course.run("grade", file, "--box", "docker")
    assert said.code == 1
    assert "no engine answers. Start one" in said.err
    assert "received" in course.run("status", "ada").out
