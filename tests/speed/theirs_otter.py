"""Otter's side: an environment of its own, the hidden tests as Otter's test files, `otter run` as people run it.

One process for each submission; it starts a kernel, with numpy and no torch.  (`otter grade`, for many submissions, puts
the same process into a Docker container each.)
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from works import COURSE, UNIT, Work

CONSTRAINTS = COURSE.parents[2] / "constraints.txt"
#: What it needs; all that nbgrader's side has too comes in the same versions, by constraints.txt.  570 MB.
PINS = ("otter-grader==7.0.0", "ipykernel==7.4.0", "numpy", "pandas")
HEAD = """from otter.test_files import test_case
import numpy as np

OK_FORMAT = False
name = "{exercise}"
"""


@dataclass
class Otter:
    """What was measured: seconds of each submission's process, and its points."""

    folder: Path
    state: Path  #: where the environment is kept
    seconds: list[float] = field(default_factory=list)
    scores: dict[str, float] = field(default_factory=dict)

    def prepare(self) -> None:
        """The environment, and autograder.zip as `otter generate` makes it."""
        self.program = environment(self.state / "otter") / "bin" / "otter"
        (self.folder / "tests").mkdir(parents=True)
        for exercise, text in test_files().items():
            (self.folder / "tests" / f"{exercise}.py").write_text(text)
        self._run("generate", "-t", "tests", "-o", "autograder.zip", "--no-requirements", "--no-environment")

    def grade(self, works: Sequence[Work], progress: Callable[[], None]) -> None:
        """One `otter run` after the other."""
        results = self.folder / "results.json"
        for work in works:
            (self.folder / f"{work.student}.ipynb").write_bytes(work.notebook)
            results.unlink(missing_ok=True)
            began = time.perf_counter()
            self._run("run", "-a", "autograder.zip", "-o", ".", "--no-logo", f"{work.student}.ipynb")
            self.seconds.append(time.perf_counter() - began)
            self.scores[work.student] = points(json.loads(results.read_text()))
            progress()

    def _run(self, *words: str) -> None:
        """The user's own Jupyter settings stay out of it, and so does our own environment."""
        own = {name: str(self.folder / ".jupyter") for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR")}
        done = subprocess.run(
            [self.program, *words], cwd=self.folder, env={**os.environ, **own}, capture_output=True, text=True
        )
        if done.returncode != 0:
            raise SystemExit(f"otter {words[0]} failed:\n{done.stdout[-1000:]}{done.stderr[-2000:]}")


def environment(folder: Path) -> Path:
    """A virtual environment with Otter, made if it is not there: never the project's own."""
    stamp, wanted = folder / "installed", "\n".join((*PINS, CONSTRAINTS.read_text()))
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        _told([sys.executable, "-m", "venv", folder])
        _told([folder / "bin" / "python", "-m", "pip", "install", "-qq", "-c", CONSTRAINTS, *PINS])
        stamp.write_text(wanted)
    return folder


def _told(command: Sequence[str | Path]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"Otter cannot be installed:\n{done.stderr[-2000:]}")


def points(results: Mapping[str, Any]) -> float:
    """A submission's points in Otter's results.json: the sum over its tests; those without a score are remarks."""
    return float(sum(test.get("score", 0.0) for test in results["tests"]))


def test_files() -> dict[str, str]:
    """Exercise -> Otter's test file: each check of asserts.txt a hidden test case, its helpers before them."""
    from autograder.notebook import load_unit

    unit = load_unit(COURSE, UNIT)
    known = list(checks((COURSE / "asserts.txt").read_text()))
    helpers = [ast.unparse(node) for _, _, body in known for node in body if isinstance(node, ast.FunctionDef)]
    files = {}
    for exercise in unit.exercises:
        names = ", ".join(exercise.functions)  # Otter hands them in by name, from the notebook's own
        cases = [
            f"@test_case(points={points}, hidden=True)\ndef check_{number}({names}):\n{_indented(body)}"
            for number, (of, points, body) in enumerate(known)
            if of == exercise.id
        ]
        files[exercise.id] = "\n\n".join([HEAD.format(exercise=exercise.id), *helpers, *cases]) + "\n"
    return files


def checks(text: str) -> Iterator[tuple[str, str, list[ast.stmt]]]:
    """Exercise, points and code of each check."""
    for check in re.split(r"^# %% ", text, flags=re.MULTILINE)[1:]:
        head, source = check.split("\n", 1)
        exercise, points = head.split()
        yield exercise, points, ast.parse(source).body


def _indented(body: Sequence[ast.stmt]) -> str:
    lines = [ast.unparse(node) for node in body if not isinstance(node, ast.FunctionDef)]
    return "\n".join(f"    {line}" for node in lines for line in node.splitlines())
