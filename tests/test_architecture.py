"""Imports go one way: a line of LAYERS imports only lines above it, and what stands on one line does not import each other."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "autograder"

LAYERS = [
    ["errors", "guest"],
    ["records"],
    ["secret", "course", "notebook", "bundle", "store"],
    ["release", "scaffold", "intake", "sandbox", "checks", "scoring", "feedback"],
    ["pipeline"],
    ["workers"],
    ["audit", "quiz"],
    ["lms"],
    ["cli"],
]
#: Within a line these may use each other, left to right: a bundle is made of a unit.
SIBLINGS = {("bundle", "notebook"), ("bundle", "course"), ("notebook", "course")}
HEAVY = {
    "torch",
    "nbgrader",
    "jupyter",
    "jupytext",
    "pandas",
    "nbconvert",
    "nbclient",
    "matplotlib",
    "sklearn",
    "scipy",
}
#: These load the rest when it is needed: a verb when it is used, the pytest plug-in when a unit's tests are run.
LAZY = {"cli", "plugin.py"}
#: The guest runs alone in a box: these are all that it may import.
GUEST_MAY = {"numpy", "IPython", "traitlets", "torch"}


def level(name: str) -> int:
    return next(i for i, line in enumerate(LAYERS) if name in line)


def modules() -> list[Path]:
    return sorted(
        p
        for p in PACKAGE.rglob("*.py")
        if "migrations" not in p.parts and "box" not in p.relative_to(PACKAGE).parts[:1]
    )


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported(path: Path) -> list[tuple[str, bool]]:
    """Dotted absolute names that a file imports, and whether the import hides inside a function."""
    package = ["autograder", *path.relative_to(PACKAGE).parent.parts]
    tree = ast.parse(path.read_text())
    top = {id(node) for node in tree.body} | {
        id(n) for node in tree.body if isinstance(node, (ast.If, ast.Try)) for n in node.body
    }
    found = []
    for node in ast.walk(tree):
        inside = id(node) not in top
        if isinstance(node, ast.Import):
            found += [(alias.name, inside) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            name = ".".join([*base, *(node.module or "").split(".")]).strip(".")
            found += [(f"{name}.{alias.name}", inside) for alias in node.names]
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_one_way(path: Path) -> None:
    """No import goes up, sideways, or hides inside a function (verbs of the command line and optional packages excepted)."""
    mine = part_of(path)
    if mine in ("__init__", "__main__"):
        return
    for name, inside in imported(path):
        assert not name.startswith("reference"), f"{path}: autograder must not import the reference by name"
        if not name.startswith("autograder."):
            continue
        other = name.split(".")[1]
        if other == mine or not any(other in line for line in LAYERS):
            continue
        assert mine in LAZY or path.name in LAZY or not inside, f"{path}: the import of {name} hides inside a function"
        assert level(other) < level(mine) or (mine, other) in SIBLINGS, f"{path}: imports {name}, which is not below it"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_heavy_packages_load_late(path: Path) -> None:
    """Nothing that costs a second to import is imported at the top of a module."""
    for name, inside in imported(path):
        assert inside or name.split(".")[0] not in HEAVY, f"{path}: import {name} inside the function that needs it"


@pytest.mark.parametrize("path", sorted((PACKAGE / "guest").glob("*.py")), ids=lambda p: p.name)
def test_guest_stands_alone(path: Path) -> None:
    """What enters a box imports the standard library, numpy, IPython, torch and itself."""
    import sys

    for name, _ in imported(path):
        head = name.split(".")[0]
        assert head in sys.stdlib_module_names or head in GUEST_MAY or name.startswith("autograder.guest"), (
            f"{path}: {name}"
        )


def test_every_part_has_its_line() -> None:
    """A new file or package of autograder is given its place in LAYERS."""
    parts = {part_of(p) for p in modules()} - {"__init__", "__main__"}
    assert parts == {name for line in LAYERS for name in line}


def test_the_check_can_fail(tmp_path: Path) -> None:
    """An import that goes up is seen (the check of this file is itself checked)."""
    path = PACKAGE / "errors.py"
    assert ("autograder.cli.common", False) not in imported(path)
    fake = PACKAGE / "guest" / "wire.py"
    names = [name for name, _ in imported(fake)]
    assert "numpy" in names
    assert level("cli") > level("errors")
