"""The real units as nbgrader sees them: read back with nbgrader's own code, which the build never imports."""

from __future__ import annotations

import copy
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from autograder import release
from autograder.course import load_course
from autograder.notebook import Unit, load_unit

ROOT = Path(__file__).parents[2]
COURSE = load_course(ROOT)

pytest.importorskip("nbgrader")


@pytest.fixture(scope="module", params=[unit.name for unit in COURSE.units])
def unit(request: pytest.FixtureRequest) -> Unit:
    return load_unit(ROOT, request.param)


@pytest.fixture(scope="module")
def written(unit: Unit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release on disk."""
    return release.write(COURSE, unit, tmp_path_factory.mktemp("release"))


def test_the_release_is_written_without_leaks(unit, written):
    """The notebook and the data, and nothing of the hidden side in any byte of them."""
    files = {file.relative_to(written).as_posix(): file.read_bytes() for file in written.rglob("*") if file.is_file()}
    assert set(files) == {f"{unit.name}.ipynb", *(file.as_posix() for file in unit.data)}
    assert release.leaks(unit, files) == ()


def test_nbgrader_finds_the_metadata_valid(unit, written):
    """nbgrader's own reader validates every cell's metadata and the ids."""
    from nbgrader.nbgraderformat import MetadataValidator, read

    with (written / f"{unit.name}.ipynb").open() as stream:
        node = read(stream, as_version=4)
    MetadataValidator().validate_nb(node)


def test_checksums_are_those_of_nbgrader(unit):
    """The md5 computed here is the one that nbgrader computes."""
    from nbgrader.utils import compute_checksum

    for cell in release.build(unit).cells:
        assert cell.metadata.nbgrader.checksum == compute_checksum(cell)


def test_locks_are_those_of_nbgrader(unit):
    """nbgrader's LockCells would set the same flags."""
    from nbgrader.preprocessors import LockCells

    ours = release.build(unit)
    theirs = copy.deepcopy(ours)
    for cell in theirs.cells:
        cell.metadata = {"nbgrader": cell.metadata.nbgrader}
    theirs, _ = LockCells().preprocess(nbformat.from_dict(theirs), {})
    assert [cell.metadata for cell in theirs.cells] == [cell.metadata for cell in ours.cells]


def test_the_gradebook_gets_every_point(unit, tmp_path, monkeypatch):
    """nbgrader's SaveCells books the exercises and the questions with the points that they print."""
    from nbgrader.api import Gradebook
    from nbgrader.preprocessors import SaveCells

    # nbgrader runs alembic from PATH to make the database.
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    url = f"sqlite:///{tmp_path / 'gradebook.db'}"
    told = {"assignment": unit.name, "notebook": unit.name, "db_url": url}
    with Gradebook(url) as book:
        book.add_assignment(unit.name)
    SaveCells().preprocess(release.build(unit), {"nbgrader": told, "unique_key": unit.name})
    with Gradebook(url) as book:
        cells = {cell.name: cell.max_score for cell in book.find_notebook(unit.name, unit.name).grade_cells}
    wanted = {f"{each.id}-test": each.points for each in unit.exercises}
    assert cells == wanted | {each.id: each.points for each in unit.manual}


@pytest.mark.slow
def test_nbgrader_validates_the_solution(unit, tmp_path, written):
    """With the solutions put in every visible test passes in a real kernel; only questions await a person."""
    for file in unit.data:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_bytes((written / file).read_bytes())
    nbformat.write(release.solution(unit), tmp_path / "solved.ipynb")
    told = validate(tmp_path / "solved.ipynb")
    blank = sum(cell.kind == "answer" and cell.source == cell.solution for cell in unit.cells)
    assert told.count("The following cell failed") == blank, told
    assert told.count("You did not provide a response") == blank, told
    assert "HAVE CHANGED" not in told


@pytest.mark.slow
def test_nbgrader_refuses_the_untouched_release(unit, written):
    """As released, every visible test fails: the stub is no solution."""
    told = validate(written / f"{unit.name}.ipynb")
    wanted = len(unit.exercises) + len(unit.manual)
    assert f"VALIDATION FAILED ON {wanted} CELL(S)" in told, told


def validate(file: Path) -> str:
    """What `nbgrader validate` prints, run in its own process on the kernel of this environment."""
    command = [sys.executable, "-m", "nbgrader", "validate", file.name]
    done = subprocess.run(command, cwd=file.parent, capture_output=True, text=True, timeout=240)
    return done.stdout + done.stderr
