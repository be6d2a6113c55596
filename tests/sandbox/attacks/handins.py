"""G. Archives and notebooks."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

from .attack import Attack


def notebook(change: Callable[[dict[str, Any]], Any]) -> Callable[[bytes], tuple[bytes, str]]:
    """The base's notebook with a change to its JSON."""

    def make(data: bytes) -> tuple[bytes, str]:
        node = json.loads(data)
        changed = change(node)
        return json.dumps(node if changed is None else changed).encode(), "tiny.ipynb"

    return make


def archive(*names: str, size: int = 0, link: bool = False) -> Callable[[bytes], tuple[bytes, str]]:
    """A zip with the notebook under these names, and `size` zeros besides."""

    def make(data: bytes) -> tuple[bytes, str]:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
            for name in names:
                info = zipfile.ZipInfo(name)
                if link:
                    info.external_attr = 0o120777 << 16
                z.writestr(info, b"/etc/passwd" if link else data)
            if size:
                with z.open("zeros.ipynb", "w", force_zip64=True) as f:
                    for _ in range(size >> 20):
                        f.write(bytes(1 << 20))
        return out.getvalue(), "tiny.zip"

    return make


def _many(node: dict[str, Any]) -> None:
    node["cells"] += [{"cell_type": "code", "source": "x = 1", "metadata": {}, "outputs": []}] * 100_000


def _doubled(node: dict[str, Any]) -> None:
    for cell in list(node["cells"]):
        node["cells"].append({**cell, "source": "softmax = scale = lambda *a, **k: 1\n"})


def _unlocked(node: dict[str, Any]) -> None:
    for cell in node["cells"]:
        told = cell["metadata"].get("nbgrader", {})
        if not told.get("solution"):
            cell["source"] = "np = __import__('math')\n%load_ext nothing\nexit()"
        told |= {"locked": False, "points": 100, "grade": True, "solution": True, "schema_version": 99}


def _absurd(node: dict[str, Any]) -> None:
    deep: Any = {}
    for _ in range(150):
        deep = {"x": [deep]}
    node["metadata"] |= {
        "kernelspec": {"name": "bash", "language": "bash"},
        "deep": deep,
        "unit": "../../etc",
        "autograder": deep,
    }
    node["nbformat_minor"] = 10**30
    for cell in node["cells"]:
        cell["id"] = "../" * 100


def _outputs(node: dict[str, Any]) -> None:
    for cell in node["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "<script>" * 100_000}]


def _entry(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def _zipped(*members: tuple[zipfile.ZipInfo, bytes]) -> tuple[bytes, str]:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for info, content in members:
            z.writestr(info, content)
    return out.getvalue(), "tiny.zip"


def through_a_link(data: bytes) -> tuple[bytes, str]:
    """A link to /tmp, then files in it."""
    link, owned = _entry("here", 0o120777), _entry("here/autograder-owned", 0o100644)
    return _zipped((link, b"/tmp"), (owned, b"x"), (_entry("tiny.ipynb", 0o100644), data))


def odd_files(data: bytes) -> tuple[bytes, str]:
    """A pipe, a socket, two devices, a set-user-id file and a link to the notebook itself."""
    kinds = {"pipe": 0o010666, "socket": 0o140666, "sda": 0o060666, "null": 0o020666, "su": 0o106777, "same": 0o120777}
    return _zipped(
        *((_entry(f"{name}.ipynb", mode), b"tiny.ipynb") for name, mode in kinds.items()),
        (_entry("tiny.ipynb", 0o010666), data),
    )


def beside(data: bytes, *names: str) -> tuple[bytes, str]:
    """The notebook, and files that somebody may run while building or collecting."""
    code = b"open('/tmp/autograder-owned', 'w')\nimport os\nos._exit(0)\n"
    return _zipped((_entry("tiny.ipynb", 0o100644), data), *((_entry(name, 0o100755), code) for name in names))


def _formats(node: dict[str, Any]) -> None:
    node |= {"nbformat": 99, "nbformat_minor": -1, "worksheets": [{"cells": node["cells"]}, {"cells": None}]}


def _heavy(node: dict[str, Any]) -> None:
    deep: Any = "x"
    for _ in range(100):
        deep = {"metadata": deep}
    for cell in node["cells"]:
        cell["metadata"] |= {"k" * (1 << 16): deep, "cells": node["cells"][:1] if cell is not node["cells"][0] else 0}


def _graded(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [cell for cell in node["cells"] if cell["metadata"].get("nbgrader", {}).get("solution")]


def _pointed(node: dict[str, Any]) -> None:
    ids = [cell["metadata"]["nbgrader"]["grade_id"] for cell in _graded(node)]
    for cell, other in zip(_graded(node), ids[1:] + ids[:1], strict=True):
        cell["metadata"]["nbgrader"] |= {"grade_id": other, "points": 50, "grade": True}


def _retyped(node: dict[str, Any]) -> None:
    for cell, kind in zip(_graded(node), ("raw", "markdown", "heading", "code", 7), strict=False):
        cell["cell_type"] = kind


def _kernel(node: dict[str, Any]) -> None:
    argv = ["/bin/sh", "-c", "touch /tmp/autograder-owned"]
    node["metadata"]["kernelspec"] = {"name": "../../tmp/x", "display_name": "$(id)", "argv": argv, "language": "sh"}


G = [
    Attack("G1", "a zip bomb", "block", file=archive("tiny.ipynb", size=1 << 29), wall=False, slow=True),
    Attack("G2", "zips in zips", "block", file=lambda data: archive("a.zip")(archive("b.zip")(data)[0]), wall=False),
    Attack(
        "G3",
        "names that climb, absolute names, devices",
        "harm",
        file=archive("../../tmp/autograder-owned.ipynb", "/tmp/autograder-owned.ipynb", "CON.ipynb", "a\0b.ipynb"),
        wall=False,
    ),
    Attack("G4", "a link in a zip", "secret", file=archive("tiny.ipynb", link=True), wall=False),
    Attack("G5", "a hundred thousand cells", "block", file=notebook(_many), wall=False),
    Attack("G6", "the same grade ids again, with other cells", "points", file=notebook(_doubled), wall=False),
    Attack("G7", "given and test cells unlocked, changed and re-typed", "points", file=notebook(_unlocked), wall=False),
    Attack("G8", "absurd and foreign metadata", "block", file=notebook(_absurd), base="right", wall=False),
    Attack("G9", "megabytes of output", "block", file=notebook(_outputs), base="right", wall=False),
    Attack("G10", "broken JSON", "block", file=lambda data: (data[:-20], "tiny.ipynb"), wall=False),
    Attack(
        "G11",
        "JSON, a million deep",
        "block",
        file=lambda data: (b'{"cells":' * 10**5 + b"[" * 10**6, "tiny.ipynb"),
        wall=False,
    ),
    Attack(
        "G12",
        "not a notebook: numbers, lists, nulls",
        "block",
        file=lambda data: (
            b'{"cells": [null, 1, [], {"cell_type": 3, "source": [1, {}]}], "nbformat": "x"}',
            "tiny.ipynb",
        ),
        wall=False,
    ),
    Attack("G13", "all exercise cells deleted", "points", file=notebook(lambda n: n["cells"].clear()), wall=False),
    Attack(
        "G14",
        "magics: %%script, !cmd, %load_ext, %run, %%writefile, input()",
        "harm",
        """
%load_ext autoreload
!touch /tmp/autograder-owned
%run /etc/passwd
%system touch /tmp/autograder-owned
input("?")
""",
        base="right",
    ),
    Attack(
        "G15",
        "a cell magic that swallows the cells after it",
        "points",
        "%%script python\nprint('passed')\n",
        wall=False,
    ),
    Attack(
        "G16",
        "a file name of commands, paths and codes",
        "harm",
        file=lambda data: (data, "../../x;rm -rf $(HOME)\n\x1b[2J<script>.ipynb"),
        base="right",
        wall=False,
    ),
    Attack(
        "G17",
        "a million entries in a zip",
        "block",
        file=archive(*(f"{i}.txt" for i in range(60_000)), "tiny.ipynb"),
        wall=False,
        slow=True,
    ),
    Attack(
        "G18", "text in the wrong encodings", "block", file=lambda data: (b"\xff\xfe" + data, "tiny.ipynb"), wall=False
    ),
    Attack("G19", "a link in a zip, then a file through it", "harm", file=through_a_link, wall=False),
    Attack("G20", "pipes, devices and hard links in a zip", "block", file=odd_files, wall=False),
    Attack(
        "G21",
        "the same name twice, and names that differ in case or in form",
        "points",
        file=archive("tiny.ipynb", "tiny.ipynb", "Tiny.ipynb", "TINY.IPYNB", "tiny\u200b.ipynb", "./tiny.ipynb"),
        wall=False,
    ),
    Attack("G22", "formats 0, 2, 99 and none", "block", file=notebook(_formats), wall=False),
    Attack(
        "G23",
        "metadata a hundred levels deep, keys of a megabyte, a cell in itself",
        "block",
        file=notebook(_heavy),
        wall=False,
    ),
    Attack("G24", "graded cells pointed at other exercises", "points", file=notebook(_pointed), wall=False),
    Attack(
        "G25", "graded cells of another type: markdown, raw, unheard-of", "points", file=notebook(_retyped), wall=False
    ),
    Attack(
        "G26",
        "beside the notebook: conftest.py, setup.py, sitecustomize.py, x.pth and tests that pass",
        "harm",
        file=lambda data: beside(
            data, "conftest.py", "setup.py", "sitecustomize.py", "x.pth", "test_hidden.py", "numpy.py"
        ),
        wall=False,
    ),
    Attack(
        "G27",
        "a kernelspec that runs a command",
        "harm",
        file=notebook(_kernel),
        base="right",
        wall=False,
    ),
    Attack(
        "G28",
        "cells that delete and load: %reset, %load, %%capture, %%javascript, !rm of the folder",
        "block",
        "%reset -f\n%load /etc/passwd\n%load_ext sql\n%pip install x\n!rm -rf .\n%cd /\n%env X=1\n",
        wall=False,
    ),
]
