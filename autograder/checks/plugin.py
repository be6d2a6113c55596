"""Plain `pytest assignments/backprop/test_hidden.py` runs the checks against the reference solution.

For authors: a unit's tests can be written, run and debugged like any others.  The numbers are new in each run; a
failure prints the seed that brings them back (--check-seed).
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import numpy as np

    from autograder.checks.student import Proxy

_FILE = "test_hidden.py"
_SEED = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--check-seed", type=int, default=None, help="seed of the rng of hidden checks")


def pytest_configure(config: pytest.Config) -> None:
    given = config.getoption("--check-seed")
    config.stash[_SEED] = secrets.randbits(32) if given is None else given


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> None:
    """A unit's `import reference` means the reference of its own course."""
    root = _root(module_path)
    if root is not None and str(root) not in sys.path:
        sys.path.insert(0, str(root))


def _root(path: Path) -> Path | None:
    """The course folder of a unit's hidden tests."""
    parents = path.parents
    unit = path.name == _FILE and len(parents) > 2 and parents[1].name == "assignments"
    return parents[2] if unit and (parents[2] / "reference").is_dir() else None


@pytest.fixture
def student(request: pytest.FixtureRequest) -> Proxy:
    """The unit's own solution, in a student's place."""
    import importlib

    from autograder.checks.local import LocalStudent
    from autograder.checks.student import Proxy
    from autograder.notebook import load_unit

    root = _root(request.path)
    if root is None:
        pytest.fail(f"{request.path} is no assignments/<unit>/{_FILE}: there is no solution to be the student.")
    namespace = {}
    for exercise in load_unit(root, request.path.parent.name).exercises:
        for name, dotted in zip(exercise.functions, exercise.source, strict=True):
            module, _, function = dotted.rpartition(".")
            namespace[name] = getattr(importlib.import_module(f"reference.{module}"), function)
    return Proxy(LocalStudent(namespace))


@pytest.fixture
def rng(pytestconfig: pytest.Config) -> np.random.Generator:
    """Fresh numbers, the same for every check of this run."""
    import numpy as np

    return np.random.default_rng(pytestconfig.stash[_SEED])


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
    """A check that ends without having judged anything, or awards less than all, fails here too."""
    if pyfuncitem.path.name != _FILE:
        return (yield)
    from autograder.checks.recorder import CheckFailed, Recorder, current

    recorder = Recorder()
    token = current.set(recorder)
    try:
        result = yield
    finally:
        current.reset(token)
    if recorder.silent:
        raise CheckFailed("This check judged nothing. Use agree, award or untouched.")
    if recorder.award is not None and recorder.award[0] < 1:
        raise CheckFailed(f"The solution is awarded {recorder.award[0]:g} of the points: {recorder.award[1]}")
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed and item.path.name == _FILE:
        seed = item.config.stash[_SEED]
        report.sections.append(("Seed of this run", f"The same numbers again: --check-seed={seed}"))
    return report
