"""Sample submissions of a unit: short texts in assignments/<unit>/samples, turned into the files that students hand in.

    # A sentence that says who this is and what is special.        the story; then keys, one a line:
    # like: grace                  everything not said here is as in that sample
    # saved by: colab              how the file came about (SAVED below)
    # file: niels/work (1).ipynb   where it lies, if that matters
    # late: 1                      handed in so many days after the deadline
    # delete: code-1 softmax-test  cells of the release that are gone
    # expect: full | nothing | loses softmax, train (timed out)
    # notes: put back              words that the student must be told
    # %% softmax                   what stands in that cell of the release
    # %% after softmax             a cell of the student's own, behind it

An attack lies in samples/attacks: what it may earn is what the sample that it is `like` earns.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from .. import release as releases
from ..errors import UnitError
from ..notebook import IN_BOX, Unit
from ..records import Score

FOLDER = "samples"
KEYS = ("like", "saved by", "file", "late", "delete", "expect", "notes")
_KEY = re.compile(rf"({'|'.join(KEYS)}):[ ]*(.*)")
_CELL = re.compile(r"^# %% (after )?([\w-]+)[ ]*$", re.MULTILINE)
_LOSS = re.compile(r"([\w-]+)(?: \(([\w ]+)\))?")


@dataclass(frozen=True)
class Expectation:
    """What a sample must earn.  loses: exercise -> its verdict, or "" for any; None: not a single point."""

    loses: Mapping[str, str] | None = field(default_factory=dict)

    def missed(self, score: Score) -> str:
        """How a score differs from what was expected, or nothing."""
        if self.loses is None:
            return "" if score.raw == 0 else f"earned {score.raw:g} of 0"
        wrong = []
        for exercise in score.exercises:
            full, wanted = exercise.earned >= exercise.maximum, self.loses.get(exercise.exercise)
            seen = f"{exercise.exercise} is {exercise.earned:g} of {exercise.maximum:g}, {exercise.verdict.value}"
            if full != (wanted is None) or (wanted and wanted != exercise.verdict.value):
                wrong.append(seen)
        return "; ".join(wrong)


@dataclass(frozen=True)
class Sample:
    """One sample: what it does to the released notebook, and what is to come of it."""

    name: str  #: the student's id
    story: str
    keys: Mapping[str, str]
    cells: Mapping[str, str]  #: cell of the release -> what stands there
    added: Mapping[str, tuple[str, ...]]  #: cell of the release -> cells of the student's own behind it

    @property
    def like(self) -> str:
        return self.keys.get("like", "")

    @property
    def expect(self) -> Expectation | None:
        words = self.keys.get("expect", "")
        if words in ("", "full", "nothing"):
            return {"": None, "full": Expectation(), "nothing": Expectation(None)}[words]
        return Expectation(dict(_LOSS.findall(words.removeprefix("loses "))))

    @property
    def notes(self) -> str:
        return self.keys.get("notes", "")

    @property
    def file(self) -> str:
        ending, _ = SAVED[self.keys.get("saved by", "jupyter")]
        return self.keys.get("file", self.name + ending)


def read(folder: Path, known: Mapping[str, Sample] | None = None) -> dict[str, Sample]:
    """The samples of a folder by name; UnitError with the line that cannot be."""
    texts = {path.stem: path for path in sorted(folder.glob("*.py"))}
    samples = dict(known or {})
    while texts:
        # What another is like comes first.
        ready = [name for name, path in texts.items() if _like(path) not in texts]
        if not ready:
            raise UnitError(f"{folder}: {', '.join(texts)} are like each other. Let one of them stand alone.")
        for name in ready:
            samples[name] = _parsed(texts.pop(name), samples)
    return {name: samples[name] for name in sorted(samples) if name not in (known or {})}


def _like(path: Path) -> str:
    found = re.search(r"^# like: (.*)$", path.read_text("utf-8"), re.MULTILINE)
    return found[1].strip() if found else ""


def _parsed(path: Path, samples: Mapping[str, Sample]) -> Sample:
    text = path.read_text("utf-8")
    marks = list(_CELL.finditer(text))
    head = text[: marks[0].start() if marks else len(text)]
    story, keys = _head(path, head)
    if keys.get("like", "") not in {"", *samples}:
        raise UnitError(f"{path}: like: {keys['like']}, but there is no such sample.")
    base = samples.get(keys.get("like", ""))
    cells = dict(base.cells) if base else {}
    added = dict(base.added) if base else {}
    ends = [mark.start() for mark in marks[1:]] + [len(text)] * bool(marks)
    for mark, end in zip(marks, ends, strict=True):
        source = text[mark.end() : end].strip("\n")
        if mark[1]:
            added[mark[2]] = (*added.get(mark[2], ()), source)
        else:
            cells[mark[2]] = source
    return Sample(path.stem, story, keys, cells, added)


def _head(path: Path, head: str) -> tuple[str, dict[str, str]]:
    story, keys = [], {}
    for number, line in enumerate(head.strip().splitlines(), 1):
        if not line.startswith("# "):
            raise UnitError(f"{path}:{number}: {line!r} stands before the first cell. Begin with '# ' and the story.")
        match = _KEY.fullmatch(line[2:])
        if match:
            keys[match[1]] = match[2].strip()
        else:
            story.append(line[2:].strip())
    if keys.get("saved by", "jupyter") not in SAVED:
        raise UnitError(f"{path}: saved by {keys['saved by']!r}? There are: {', '.join(SAVED)}.")
    return " ".join(story), keys


# Writing the file that the student hands in


def write(sample: Sample, unit: Unit, folder: Path, due: datetime) -> Path:
    """The sample's file below `folder`, as its tool would have saved it; a late one with nbgrader's timestamp.txt."""
    path = folder / sample.file
    path.parent.mkdir(parents=True, exist_ok=True)
    _, saved = SAVED[sample.keys.get("saved by", "jupyter")]
    path.write_bytes(saved(_notebook(sample, unit), sample))
    if "late" in sample.keys:
        received = due + timedelta(days=float(sample.keys["late"]) - 0.5)
        path.with_name("timestamp.txt").write_text(f"{received.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC\n")
    return path


def _notebook(sample: Sample, unit: Unit) -> dict[str, Any]:
    """The released notebook with the sample's cells in it, as Jupyter keeps it."""
    node: dict[str, Any] = json.loads(json.dumps(releases.build(unit)))
    strangers = {*sample.cells, *sample.added, *sample.keys.get("delete", "").split()} - {
        cell.id for cell in unit.cells
    }
    if strangers:
        raise UnitError(f"sample {sample.name}: the unit {unit.name} has no cell {', '.join(sorted(strangers))}.")
    cells = []
    for cell, made in zip(unit.cells, node["cells"], strict=True):
        made["source"] = sample.cells.get(cell.id, made["source"])
        made["in_box"] = cell.kind in IN_BOX
        if cell.id not in sample.keys.get("delete", "").split():
            cells.append(made)
        for number, source in enumerate(sample.added.get(cell.id, ()), 1):
            cells.append(_own(f"{cell.id}-own-{number}", source))
    for count, code in enumerate((c for c in cells if c["cell_type"] == "code"), 1):
        code["execution_count"] = count
    return node | {"cells": cells}


def _own(id: str, source: str) -> dict[str, Any]:
    output = {"output_type": "stream", "name": "stdout", "text": "it worked on my computer\n"}
    return {"cell_type": "code", "id": id, "metadata": {}, "source": source, "outputs": [output], "in_box": True}


def _json(node: Mapping[str, Any]) -> bytes:
    return json.dumps(node, indent=1, ensure_ascii=False).encode() + b"\n"


def _jupyter(node: dict[str, Any], sample: Sample) -> bytes:
    return _json(node | {"cells": [_without(cell, "in_box") for cell in node["cells"]]})


def _old_jupyter(node: dict[str, Any], sample: Sample) -> bytes:
    """nbformat 4.2, as before 2020: cells have no ids."""
    return _json(node | {"nbformat_minor": 2, "cells": [_without(cell, "in_box", "id") for cell in node["cells"]]})


def _colab(node: dict[str, Any], sample: Sample) -> bytes:
    """Colab's own metadata and outputs, and none of ours."""
    cells = []
    for number, cell in enumerate(node["cells"]):
        made = _without(cell, "in_box", "id") | {"metadata": {"id": f"xK3q{number:04d}aLmT"}}
        if cell["cell_type"] == "code":
            made["metadata"] |= {
                "colab": {"base_uri": "https://localhost:8080/", "height": 35},
                "outputId": f"{number:08x}",
            }
            made["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["done\n"]}]
        cells.append(made)
    metadata = {
        "colab": {"provenance": [], "toc_visible": True},
        "kernelspec": {"name": "python3", "display_name": "Python 3"},
    }
    return _json({"nbformat": 4, "nbformat_minor": 0, "metadata": metadata, "cells": cells})


def _one_script(node: dict[str, Any], sample: Sample) -> bytes:
    """What somebody types into an editor: the code, without marks, tests or text."""
    return "\n\n\n".join(cell["source"] for cell in node["cells"] if cell["in_box"]).encode() + b"\n"


def _nbconvert(node: dict[str, Any], sample: Sample) -> bytes:
    """`jupyter nbconvert --to script`: numbered cells, text as comments."""
    pieces = ["#!/usr/bin/env python\n# coding: utf-8"]
    for cell in node["cells"]:
        if cell["cell_type"] == "code":
            pieces.append(f"# In[{cell['execution_count']}]:\n\n\n{cell['source']}\n")
        else:
            pieces.append("\n".join(f"# {line}" for line in cell["source"].splitlines()))
    return "\n\n".join(pieces).encode() + b"\n"


def _mac_zip(node: dict[str, Any], sample: Sample) -> bytes:
    """The Finder's zip: the notebook, and the junk that the Finder adds."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (
            ("work/notebook.ipynb", _jupyter(node, sample)),
            ("__MACOSX/work/._notebook.ipynb", b"\0"),
        ):
            archive.writestr(zipfile.ZipInfo(name, (2027, 3, 1, 12, 0, 0)), content)
    return file.getvalue()


def _without(cell: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in cell.items() if key not in names}


#: how a sample was saved -> the ending of its file, what writes it
SAVED: Mapping[str, tuple[str, Callable[[dict[str, Any], Sample], bytes]]] = {
    "jupyter": (".ipynb", _jupyter),
    "old jupyter": (".ipynb", _old_jupyter),
    "colab": (".ipynb", _colab),
    "one script": (".py", _one_script),
    "nbconvert": (".py", _nbconvert),
    "mac zip": (".zip", _mac_zip),
}


def write_all(samples: Sequence[Sample], unit: Unit, folder: Path, due: datetime) -> Path:
    """All files of some samples, below one folder."""
    for sample in samples:
        write(sample, unit, folder, due)
    return folder
