"""Bundles: what a grade depends on, exactly that, by hash."""

from __future__ import annotations

import io
import threading
import zipfile
from pathlib import Path

import pytest

from autograder.bundle import Bundle, from_bytes, make_bundle, materialise, to_bytes
from autograder.errors import StoreError, UnitError

FILES = {
    "assignments/tiny/notebook.py": '# %% exercise="f" source=["shapes.area", "deep.inner.volume"]\n',
    "assignments/tiny/test_hidden.py": "import numpy as np\nfrom reference import losses\nimport os.path\n",
    "assignments/tiny/wrong.py": "def late():\n    from reference.activations import softmax\n    return softmax\n",
    "assignments/tiny/data/iris.csv": "1,2\n",
    "assignments/tiny/data/.secret": "x",
    "assignments/tiny/notes.md": "not named",
    "reference/__init__.py": "EPS = 1e-12\n",
    "reference/losses.py": "from . import optim\nfrom .activations import softmax\n",
    "reference/activations.py": "import numpy as np\nfrom reference import EPS\n",
    "reference/optim.py": "x = 1\n",
    "reference/shapes.py": "",
    "reference/deep/__init__.py": "",
    "reference/deep/inner.py": "from ..unasked import y\nfrom . import sibling\n",
    "reference/deep/sibling.py": "",
    "reference/unasked.py": "y = 2\n",
    "reference/lonely.py": "",
    "other/reference.py": "",
}


def course(tmp_path: Path, **changes: str) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(changes.get(Path(name).stem, text))
    return tmp_path


def test_a_bundle_is_the_unit_and_what_it_imports(tmp_path):
    """Named files, data, and modules of the reference however deep they are imported; nothing else."""
    got = make_bundle(course(tmp_path), "tiny")
    left_out = {
        "assignments/tiny/data/.secret",
        "assignments/tiny/notes.md",
        "reference/lonely.py",
        "other/reference.py",
    }
    assert set(got.files) == set(FILES) - left_out
    assert list(got.files) == sorted(got.files)
    assert got.files["reference/optim.py"] == b"x = 1\n"
    assert got.unit == "tiny"


def test_the_digest_changes_with_what_matters_and_only_then(tmp_path):
    """A changed test, module or data file is another bundle; a changed note is not."""
    first = make_bundle(course(tmp_path / "a"), "tiny").digest
    assert make_bundle(course(tmp_path / "b", notes="other", lonely="z = 3"), "tiny").digest == first
    others = [
        make_bundle(course(tmp_path / f"c{i}", **change), "tiny").digest
        for i, change in enumerate([{"optim": "x = 2\n"}, {"iris": "1,3\n"}, {"wrong": ""}, {"unasked": "y = 3\n"}])
    ]
    assert len({first, *others}) == 5
    assert len(first) == 64


def test_right_and_wrong_are_optional_and_in_when_there(tmp_path):
    """right.py belongs to the bundle like wrong.py; the tests and the notebook must be there."""
    root = course(tmp_path)
    (root / "assignments/tiny/wrong.py").unlink()
    (root / "assignments/tiny/right.py").write_text("")
    files = make_bundle(root, "tiny").files
    assert "assignments/tiny/right.py" in files
    assert "assignments/tiny/wrong.py" not in files
    (root / "assignments/tiny/test_hidden.py").unlink()
    with pytest.raises(UnitError, match=r"^assignments/tiny/test_hidden.py:1: the file is missing"):
        make_bundle(root, "tiny")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"test_hidden": "\nfrom reference.losess import x\n"},
            "assignments/tiny/test_hidden.py:2: there is no module reference.losess. Did you mean 'losses'? Create it",
        ),
        (
            {"test_hidden": "from reference import losess\n"},
            "assignments/tiny/test_hidden.py:1: there is no module refer",
        ),
        ({"losses": "import reference.nothing\n"}, "reference/losses.py:1: there is no module reference.nothing."),
        ({"losses": "def (\n"}, "reference/losses.py:1: not Python."),
    ],
)
def test_an_import_of_nothing_has_its_line(tmp_path, change, told):
    """A module that is not there is found when the bundle is made, not when a student is graded."""
    with pytest.raises(UnitError) as err:
        make_bundle(course(tmp_path, **change), "tiny")
    assert str(err.value).startswith(told)


def test_materialised_files_are_the_bundle(tmp_path):
    """folder/<digest> holds exactly the files; a second call finds them."""
    bundle = make_bundle(course(tmp_path / "course"), "tiny")
    place = materialise(bundle, tmp_path / "store")
    assert place == tmp_path / "store" / bundle.digest
    found = {file.relative_to(place).as_posix(): file.read_bytes() for file in place.rglob("*") if file.is_file()}
    assert found == dict(bundle.files)
    before = place.stat().st_mtime_ns
    assert materialise(bundle, tmp_path / "store") == place
    assert place.stat().st_mtime_ns == before
    assert make_bundle(place, "tiny") == bundle


def test_many_workers_materialise_at_once(tmp_path):
    """Whoever is first wins; all get the same whole folder and no draft stays behind."""
    bundle = make_bundle(course(tmp_path / "course"), "tiny")
    got: list[Path] = []
    threads = [threading.Thread(target=lambda: got.append(materialise(bundle, tmp_path / "store"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [tmp_path / "store" / bundle.digest] * 8
    assert [each.name for each in (tmp_path / "store").iterdir()] == [bundle.digest]


def test_a_store_that_cannot_be_written_is_our_error(tmp_path):
    """No space or no rights: our fault, not the student's."""
    (tmp_path / "store").write_text("a file")
    with pytest.raises(StoreError, match="cannot write the bundle"):
        materialise(Bundle("tiny", "0" * 64, {"a": b""}), tmp_path / "store")


def test_bytes_round_trip_and_never_differ(tmp_path):
    """The same bundle is the same bytes, and comes back from them; people can open them as a zip."""
    bundle = make_bundle(course(tmp_path), "tiny")
    data = to_bytes(bundle)
    assert from_bytes(data) == bundle
    shuffled = Bundle(bundle.unit, bundle.digest, dict(reversed(bundle.files.items())))
    assert to_bytes(shuffled) == data
    assert "reference/optim.py" in zipfile.ZipFile(io.BytesIO(data)).namelist()


def test_damaged_bytes_are_refused(tmp_path):
    """Truncated, altered or foreign bytes never become tests."""
    bundle = make_bundle(course(tmp_path), "tiny")
    data = to_bytes(bundle)
    tampered = to_bytes(Bundle("tiny", bundle.digest, {**bundle.files, "reference/optim.py": b"x = 9\n"}))
    outside = _outside()
    for bad in (b"", data[:-40], tampered, data.replace(b"x = 1", b"x = 7"), outside):
        with pytest.raises(StoreError, match=r"not a bundle|damaged"):
            from_bytes(bad)


def _outside() -> bytes:
    """A bundle whose digest is right and whose path leaves the folder."""
    from autograder.bundle import _bundle

    return to_bytes(_bundle("tiny", {"../evil.py": b""}))
