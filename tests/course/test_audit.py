"""Every unit of the course is audited: right solutions full marks, wrong ones lose theirs, under 20 seeds."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder import audit
from autograder.course import load_course
from autograder.notebook import load_unit

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("unit", [unit.name for unit in load_course(ROOT).units])
def test_the_unit_can_be_trusted(unit):
    """Its audit is clean."""
    report = audit.run(ROOT, unit, seeds=20, jobs=2)
    assert report.clean, "\n".join(map(str, report.findings))
    exercises = len(load_unit(ROOT, unit).exercises)
    assert report.right >= 2 * exercises, "two other right solutions of each exercise"
