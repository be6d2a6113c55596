"""What is handed in: many small notebooks of a few styles, each with bytes of its own, several attempts of each student."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

TINY = Path(__file__).parent.parent / "fixtures" / "tiny_course"
UNIT = "tiny"
ATTEMPTS = 5  #: of a student, about
AGAIN = 0.08  #: how many uploads are sent once more

_SOFTMAX = "def softmax(z):\n    {}\n"
_ROWS = """def softmax(z):
    if z.ndim == 1:
        e = np.exp(z - max(z))
        return [float(v / sum(e)) for v in e]
    return [softmax(row) for row in z]
"""
_SCALE = """def scale(x, a=1.0, b=0.0):
    y = a * x + b
    return {"y": y, "slope": np.full_like(y, %s)}
"""
_SLOW = """def scale(x, a=1.0, b=0.0):
    import time
    time.sleep(0.03)
    y = a * x + b
    return {"y": y, "slope": np.full_like(y, a)}
"""
#: Name -> what stands in which cell instead of the solution; `own` is a cell of the student's.
STYLES: dict[str, dict[str, str]] = {
    "right": {},
    "row by row": {"softmax": _ROWS},
    "prints": {"own": "print('x' * 20_000)"},
    "slow to load": {"own": "import time; time.sleep(0.15)"},
    "slow to answer": {"scale": _SLOW},
    "over the whole array": {"softmax": _SOFTMAX.format("e = np.exp(z - z.max()); return e / e.sum()")},
    "wrong slope": {"scale": _SCALE % "b"},
    "nothing": {"softmax": _SOFTMAX.format("pass"), "scale": "def scale(x, a=1.0, b=0.0):\n    pass\n"},
    "raises": {"softmax": _SOFTMAX.format("return [][0]")},
    "raises while it is loaded": {"own": "1 / 0"},
    "not Python": {"softmax": "def softmax(z)\n    return z\n"},
    "ends its process": {"softmax": _SOFTMAX.format("import os; os._exit(3)")},
    "kills its process": {"scale": "def scale(x, a=1.0, b=0.0):\n    import os; os.kill(os.getpid(), 9)\n"},
}


@dataclass(frozen=True)
class Upload:
    """One time that a student presses the button."""

    student: str
    style: str
    sha: str
    file: str


def make_course(folder: Path) -> None:
    """The tiny course, without a deadline that this test could outlive."""
    shutil.copytree(TINY, folder, ignore=shutil.ignore_patterns("__pycache__"))
    file = folder / "course.yaml"
    file.write_text("".join(line for line in file.read_text().splitlines(True) if "due:" not in line))


def one_of_each(course: Path, folder: Path) -> dict[str, Path]:
    """Student -> file: a notebook of each style."""
    blank = _solution(course)
    folder.mkdir(parents=True)
    files = {}
    for number, style in enumerate(STYLES):
        files[style] = folder / f"s{number}.ipynb"
        files[style].write_bytes(_notebook(blank, style, f"one {style}"))
    return files


def make(course: Path, folder: Path, count: int, rng: random.Random) -> list[Upload]:
    """Write `count` notebooks; the uploads in their order, some of them sent once more a little later."""
    blank = _solution(course)
    folder.mkdir(parents=True)
    uploads: list[Upload] = []
    students = max(1, count // ATTEMPTS)
    for number in range(count):
        style = rng.choice(list(STYLES))
        data = _notebook(blank, style, f"work {number}")
        file = folder / f"{number}.ipynb"
        file.write_bytes(data)
        uploads.append(Upload(f"s{rng.randrange(students):04d}", style, hashlib.sha256(data).hexdigest(), str(file)))
    for upload in [u for u in uploads if rng.random() < AGAIN]:
        uploads.insert(min(len(uploads), uploads.index(upload) + rng.randint(1, 8)), upload)
    return uploads


def write(uploads: list[Upload], file: Path) -> None:
    file.write_text("".join(json.dumps(asdict(upload)) + "\n" for upload in uploads))


def read(file: Path) -> list[Upload]:
    return [Upload(**json.loads(line)) for line in file.read_text().splitlines()]


def _solution(course: Path) -> dict[str, Any]:
    from autograder import release
    from autograder.notebook import load_unit

    node: dict[str, Any] = json.loads(json.dumps(release.solution(load_unit(course, UNIT))))
    return node


def _notebook(solution: dict[str, Any], style: str, mark: str) -> bytes:
    cells = STYLES[style]
    node = {**solution, "cells": [dict(cell) for cell in solution["cells"]]}
    for cell in node["cells"]:
        cell["source"] = cells.get(cell["id"], cell["source"])
    for number, source in enumerate([*([cells["own"]] if "own" in cells else []), f"# {mark}"]):
        node["cells"].append(
            {
                "cell_type": "code",
                "id": f"own-{number}",
                "metadata": {},
                "source": source,
                "outputs": [],
                "execution_count": None,
            }
        )
    return json.dumps(node).encode()
