"""A tiny course of its own for each test, and the command line as a user types it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from autograder import release, store
from autograder.cli import main
from autograder.notebook import load_unit

TINY = Path(__file__).parent.parent / "fixtures" / "tiny_course"
QUIZZES = Path(__file__).parent.parent / "fixtures" / "quiz_course"

WRONG_AXIS = """def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()
"""


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Course:
    """A copy of the tiny course with a state folder that borrows the boxes of `make setup`."""

    root: Path
    state: Path

    @property
    def words(self) -> list[str]:
        return ["--course", str(self.root), "--state", str(self.state)]

    def run(self, *words: object) -> Said:
        """Type a command, in this process: what it says and its exit code."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                main([*self.words, *map(str, words)])
                code = 0
            except SystemExit as e:
                code = e.code if isinstance(e.code, int) else 0 if e.code is None else 1
        return Said(code, out.getvalue(), err.getvalue())

    def results(self) -> dict[str, int]:
        """How many results each student's submission has; of those that have any, exactly one is current."""
        with store.open(self.state) as grades:
            found = {s.student: grades.results(s.id) for s in grades.submissions()}
        assert all(sum(r.current for r in each) == (1 if each else 0) for each in found.values())
        return {student: len(each) for student, each in found.items()}

    def notebook(self, path: Path, solved: bool = True, **cells: str) -> Path:
        """A submission: the solution (or the bare release), with some cells' sources replaced, others (own_...) added."""
        unit = load_unit(self.root, "tiny")
        node: dict[str, Any] = json.loads(json.dumps(release.solution(unit) if solved else release.build(unit)))
        for cell in node["cells"]:
            cell["source"] = cells.get(cell["id"], cell["source"])
        own = [source for name, source in cells.items() if name.startswith("own")]
        node["cells"] += [
            {"cell_type": "code", "id": f"own-{i}", "metadata": {}, "source": s, "outputs": [], "execution_count": None}
            for i, s in enumerate(own)
        ]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(node))
        return path


@contextlib.contextmanager
def tiny_course(folder: Path, state: Path) -> Iterator[Course]:
    root, own = folder / "course", folder / "state"
    shutil.copytree(TINY, root, ignore=shutil.ignore_patterns("__pycache__"))
    lend(state, own)
    before = os.environ.get("AUTOGRADER_SECRET")
    os.environ["AUTOGRADER_SECRET"] = str(folder / "secret")
    try:
        yield Course(root, own)
    finally:
        os.environ.pop("AUTOGRADER_SECRET")
        if before is not None:
            os.environ["AUTOGRADER_SECRET"] = before


def lend(state: Path, own: Path) -> None:
    """A state folder without grades, but with the boxes of another."""
    own.mkdir(parents=True)
    for name in ("box", "engine", "selftest.json"):
        (own / name).symlink_to(state.absolute() / name)


@pytest.fixture
def course(tmp_path: Path, state: Path) -> Iterator[Course]:
    with tiny_course(tmp_path, state) as made:
        yield made


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory, state: Path) -> Iterator[Course]:
    """The tiny course after `grade submissions/`: ada right, bob wrong in one exercise, omar untouched."""
    with tiny_course(tmp_path_factory.mktemp("graded"), state) as made:
        work = made.root / "submissions"
        made.notebook(work / "ada.ipynb")
        made.notebook(work / "bob.ipynb", softmax=WRONG_AXIS)
        made.notebook(work / "omar.ipynb", solved=False)
        said = made.run("grade", work, "--box", "bubblewrap")
        assert said.code == 0, said.err
        yield made


@pytest.fixture
def quizzes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    """The quiz course with a state of its own; its quizzes are open at any time."""
    root = tmp_path / "course"
    shutil.copytree(QUIZZES, root, ignore=shutil.ignore_patterns("__pycache__"))
    file = root / "course.yaml"
    file.write_text(re.sub(r"    (opens|due|closes|minutes): .*\n", "", file.read_text()).split("extensions:")[0])
    monkeypatch.setenv("AUTOGRADER_SECRET", str(tmp_path / "secret"))
    return Course(root, tmp_path / "state")


@pytest.fixture(scope="session")
def python() -> Callable[..., list[str]]:
    """The words that start the command line in a process of its own."""
    return lambda *words: [sys.executable, "-m", "autograder", *map(str, words)]
