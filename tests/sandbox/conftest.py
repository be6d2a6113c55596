"""The boxes of this machine, each started once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # `boxes` and `attacks` are modules of these tests

from boxes import EVERY, WALLS, Boxes

from autograder.sandbox.box import Box


@pytest.fixture(scope="session")
def boxes(state: Path) -> Iterator[Boxes]:
    """Started boxes by name; all are ended after the last test."""
    with Boxes(state) as boxes:
        yield boxes


@pytest.fixture(params=EVERY)
def box(request: pytest.FixtureRequest, boxes: Boxes) -> Box:
    """Each box that this machine can start."""
    return boxes.get(request.param)


@pytest.fixture(params=WALLS)
def wall(request: pytest.FixtureRequest, boxes: Boxes) -> Box:
    """Each box that isolates."""
    return boxes.get(request.param)
