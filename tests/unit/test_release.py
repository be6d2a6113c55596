"""Releases: built from an allow-list, with nbgrader's metadata, and nothing of the hidden side in any byte."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from autograder import release
from autograder.course import Course, load_course
from autograder.errors import CommandError, UnitError
from autograder.notebook import Unit, load_unit

FILES = {
    "course.yaml": "id: tiny\nunits:\n  - name: tiny\n  - name: other\n",
    "assignments/other/notebook.py": "",
    "assignments/tiny/notebook.py": '''\
# %% [markdown]
# Write `double`.

# %% exercise="double" source="shapes.double"
def double(x):
    """Twice x."""
    ### BEGIN SOLUTION
    ### END SOLUTION

# %% test="double"
assert double(1.5) == 3.0

# %% [markdown] manual="why" points=2
# Why "twice"?
# ### BEGIN MARK SCHEME
# Because it is one and one.
# ### END MARK SCHEME

# %% [markdown] answer="why"
''',
    "assignments/tiny/test_hidden.py": '''\
import numpy as np
from autograder.checks import agree, check
from reference.shapes import double


@check("double", points=1)
def test_numbers(student):
    """Numbers are doubled."""
    agree(student.double(0.61234567), 1.22469134)
    agree(student.double("a \\"b\\""), 'a quoted "answer" with more')
    agree(student.double(1000000), 2e6)
''',
    "assignments/tiny/wrong.py": "def thrice(x):\n    return x + x + x + x - x\n",
    "assignments/tiny/right.py": "def shifted(x):\n    return int(x) << 1\n",
    "assignments/tiny/data/iris.csv": "1,2\n",
    "assignments/tiny/data/.cache": "x",
    "assignments/tiny/solutions.txt": "x",
    "reference/shapes.py": '''\
SECRET_OF_SHAPES = "squares"


def double(x):
    """Twice x."""
    return x * 2.0 + 0.0
''',
}


@pytest.fixture
def course(tmp_path: Path) -> Course:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return load_course(tmp_path)


@pytest.fixture
def unit(course: Course) -> Unit:
    return load_unit(course.root, "tiny")


def released(course: Course, out: Path) -> dict[str, bytes]:
    place = release.write(course, load_unit(course.root, "tiny"), out)
    return {file.relative_to(place).as_posix(): file.read_bytes() for file in place.rglob("*") if file.is_file()}


def test_the_notebook_is_nbformat_4_5_with_steady_ids(unit):
    """Valid, the same twice, and every cell's id is its grade id."""
    node = release.build(unit)
    nbformat.validate(node)
    assert (node.nbformat, node.nbformat_minor) == (4, 5)
    assert node == release.build(unit)
    ids = [cell.id for cell in node.cells]
    assert ids == ["text-1", "double", "double-test", "why-question", "why"]
    assert ids == [cell.metadata.nbgrader.grade_id for cell in node.cells]


def test_roles_locks_and_points(unit):
    """Tests and given cells cannot be edited, nothing can be deleted, points stand where nbgrader looks."""
    cells = {cell.id: cell.metadata for cell in release.build(unit).cells}
    told = {
        id: (each.nbgrader.grade, each.nbgrader.solution, each.nbgrader.locked, each.nbgrader.get("points"))
        for id, each in cells.items()
    }
    assert told == {
        "text-1": (False, False, True, None),
        "double": (False, True, False, None),
        "double-test": (True, False, True, 1.0),
        "why-question": (False, False, True, None),
        "why": (True, True, False, 2.0),
    }
    assert all(each.deletable is False for each in cells.values())
    locked = {id for id, each in cells.items() if each.get("editable") is False}
    assert locked == {"text-1", "double-test", "why-question"}


def test_metadata_is_ours_by_allow_list(unit):
    """The kernel, the unit and the release's hash at the top; nothing but nbgrader's and the locks in cells."""
    node = release.build(unit)
    assert set(node.metadata) == {"kernelspec", "language_info", "autograder"}
    assert node.metadata.kernelspec.name == "python3"
    assert set(node.metadata.autograder) == {"unit", "release"}
    assert all(set(cell.metadata) <= {"nbgrader", "deletable", "editable"} for cell in node.cells)


def test_the_release_hash_knows_nothing_hidden(course, unit):
    """It changes with what students get, and not with tests, solutions or mark schemes."""
    first = release.build(unit).metadata.autograder.release

    def after(name: str, old: str, new: str) -> str:
        file = course.root / name
        file.write_text(file.read_text().replace(old, new))
        return str(release.build(load_unit(course.root, "tiny")).metadata.autograder.release)

    assert after("assignments/tiny/test_hidden.py", "0.6", "0.7") == first
    assert after("reference/shapes.py", "x * 2.0", "2.0 * x") == first
    assert after("assignments/tiny/notebook.py", "one and one", "1 and 1") == first
    assert after("assignments/tiny/data/iris.csv", "1", "2") != first


def test_the_solution_is_the_release_with_answers(unit):
    """Same cells and metadata; only the solution cell differs, and it has the reference's body."""
    plain, solved = release.build(unit), release.solution(unit)
    differ = [a.id for a, b in zip(plain.cells, solved.cells, strict=True) if a != b]
    assert differ == ["double"]
    assert "return x * 2.0 + 0.0" in solved.cells[1].source
    assert plain.cells[1].metadata == solved.cells[1].metadata


def test_only_what_is_named_is_written(course, tmp_path):
    """The notebook and the data; not the hidden files, not what happens to lie there."""
    files = released(course, tmp_path / "release")
    assert set(files) == {"tiny.ipynb", "data/iris.csv"}
    assert json.loads(files["tiny.ipynb"])["cells"][0]["source"][0] == "Write `double`.\n"
    assert release.leaks(load_unit(course.root, "tiny"), files) == ()


def test_a_new_release_takes_the_place_of_the_old(course, tmp_path):
    """All of it at once: no file of the old one stays, no draft is left, students can read it."""
    released(course, tmp_path / "release")
    (course.root / "assignments/tiny/data/iris.csv").rename(course.root / "assignments/tiny/data/wine.csv")
    assert set(released(course, tmp_path / "release")) == {"tiny.ipynb", "data/wine.csv"}
    assert [each.name for each in (tmp_path / "release").iterdir()] == ["tiny"]
    assert (tmp_path / "release" / "tiny").stat().st_mode & 0o055 == 0o055


def test_without_the_exchange_call_it_still_works(course, tmp_path, monkeypatch):
    """Where folders cannot be swapped in one step, two renames do it."""
    monkeypatch.setattr(release, "_exchange", lambda a, b: False)
    released(course, tmp_path / "release")
    assert set(released(course, tmp_path / "release")) == {"tiny.ipynb", "data/iris.csv"}
    assert [each.name for each in (tmp_path / "release").iterdir()] == ["tiny"]


def test_a_leak_stops_the_release(course, tmp_path):
    """Nothing is written, the old release stays, and the line names the secret's place and the file."""
    before = released(course, tmp_path / "release")
    (course.root / "assignments/tiny/data/hints.txt").write_text("try:   return x * 2.0 + 0.0\n")
    with pytest.raises(UnitError) as err:
        released(course, tmp_path / "release")
    assert str(err.value) == (
        "assignments/tiny/notebook.py:5: this line would be released in tiny/data/hints.txt: 'return x * 2.0 + 0.0'. "
        "Nothing was released: change the public or the hidden side."
    )
    (course.root / "assignments/tiny/data/hints.txt").unlink()
    assert released(course, tmp_path / "release") == before


def test_the_name_of_an_exercise_is_no_secret(course, tmp_path):
    """A formatter puts a long mark's first word on a line of its own; the same word stands in the notebook's metadata."""
    for name, text in (
        ("notebook.py", None),
        ("test_hidden.py", None),
        ("wrong.py", 'MARK = (\n    "double_everything",\n)'),
    ):
        path = course.root / "assignments/tiny" / name
        path.write_text(text or path.read_text().replace("double", "double_everything"))
    path = course.root / "reference/shapes.py"
    path.write_text(path.read_text().replace("double", "double_everything"))
    unit = load_unit(course.root, "tiny")
    assert release.leaks(unit, {"tiny.ipynb": b'"grade_id": "double_everything",'}) == ()
    assert release.leaks(unit, {"tiny.ipynb": b"@wrong(double_everything)\nreturn x * 2.0 + 0.0"})


def test_a_unit_that_is_not_in_the_course_is_not_released(course, unit, tmp_path):
    """course.yaml decides what exists."""
    alone = Course(**{**course.__dict__, "units": course.units[1:]})
    with pytest.raises(CommandError, match="No unit 'tiny'"):
        release.write(alone, unit, tmp_path / "release")
    assert not (tmp_path / "release").exists()


def zipped(text: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.txt", text)
    return out.getvalue()


SOLUTION = "return x * 2.0 + 0.0"
QUOTED = 'agree(student.double("a \\"b\\""), \'a quoted "answer" with more\')'
LEAKS = {
    "a solution line": f"    {SOLUTION}\n",
    "a hidden test's line": "agree(student.double(0.61234567), 1.22469134)",
    "a hidden test's sentence": 'x = """Numbers are doubled."""',
    "a wrong solution": "return x + x + x + x - x",
    "a right solution": "return int(x) << 1",
    "another line of the reference": 'SECRET_OF_SHAPES = "squares"',
    "a mark scheme": "Because it is one and one.",
    "a line as JSON": json.dumps({"cells": [{"source": QUOTED}]}),
    "a line as JSON in JSON": json.dumps(json.dumps([QUOTED])),
    "a line in base64": "x " + base64.b64encode(f"some text {SOLUTION} more".encode()).decode(),
    "base64 that starts late": "data/" + base64.b64encode(f"..{SOLUTION}.".encode()).decode(),
    "wrapped base64": base64.encodebytes(b"x" * 50 + SOLUTION.encode() * 3).decode(),
    "wrapped base64 in JSON": json.dumps([base64.encodebytes(b"x" * 50 + SOLUTION.encode() * 3).decode()]),
    "base64 for the web": base64.urlsafe_b64encode(f"???>>>{SOLUTION}".encode()).decode(),
    "base64 twice": base64.b64encode(base64.b64encode(f"some text {SOLUTION}".encode())).decode(),
    "a member of a zip": zipped(SOLUTION),
    "a number": "1.22469134",
    "a number in base64": base64.b64encode(b"the answer is 0.61234567, is it not").decode(),
}


@pytest.mark.parametrize("kind", LEAKS)
def test_the_scan_finds(unit, kind):
    """Hidden lines and numbers are found in any file, however they are packed."""
    text = LEAKS[kind]
    files = {"data/notes.txt": text if isinstance(text, bytes) else text.encode()}
    assert release.leaks(unit, files)


@pytest.mark.parametrize(
    "text",
    [
        "def double(x):\n",  # public: it is in the stub
        "import numpy as np\nfrom autograder.checks import agree, check\n",  # imports say nothing
        "return x",  # shorter than twelve characters
        "1000000 2000000 2e6",  # one digit that says something
        "1.2246913, 0.612345678",  # in data only the very same number counts
        '"""Twice x."""',
    ],
)
def test_the_scan_is_silent_about_what_is_public(unit, text):
    """Lines of public cells, imports, short lines and round numbers are no leak."""
    assert release.leaks(unit, {"data/notes.txt": text.encode()}) == ()


def test_visible_goldens_differ_from_hidden_ones(course):
    """A golden in a visible test, even rounded, must not be a hidden test's."""
    notebook = course.root / "assignments/tiny/notebook.py"
    notebook.write_text(notebook.read_text().replace("double(1.5) == 3.0", "abs(double(1.5) - 1.224691) < 1"))
    unit = load_unit(course.root, "tiny")
    [leak] = release.leaks(unit, release._files(unit))
    assert leak == ("assignments/tiny/test_hidden.py:9: the number 1.22469134 would be released in tiny/tiny.ipynb")


def test_building_needs_no_nbgrader(course):
    """A release is built without importing nbgrader, jupytext, torch or the reference."""
    program = (
        "import sys; from pathlib import Path; from autograder import release;"
        "from autograder.course import load_course;"
        "from autograder.notebook import load_unit; assert 'nbformat' not in sys.modules;"
        f"root = Path({str(course.root)!r});"
        "release.write(load_course(root), load_unit(root, 'tiny'), root / 'release');"
        "print({'nbgrader', 'jupytext', 'torch', 'reference', 'IPython'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
