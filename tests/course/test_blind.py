"""The text of a unit suffices: solutions written from the released notebook alone earn full marks, in a real box."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autograder import bundle
from autograder.checks.session import CheckSession
from autograder.course import load_course
from autograder.notebook import load_unit
from autograder.pipeline import measure, read
from autograder.records import Submission, Verdict
from autograder.sandbox.box import Settings, preload
from autograder.sandbox.choose import choose, make
from autograder.secret import Secret

ROOT = Path(__file__).parents[2]
COURSE = load_course(ROOT)
BLIND = Path(__file__).parent / "blind"


@pytest.mark.slow
@pytest.mark.parametrize("name", [unit.name for unit in COURSE.units])
def test_a_student_with_the_notebook_alone_gets_full_marks(name, state, tmp_path):
    """Handed in as one .py file, where what the training may use must not cost the other exercises."""
    data = (BLIND / f"{name}.py").read_bytes()
    made = bundle.make_bundle(ROOT, name)
    folder = bundle.materialise(made, tmp_path)
    unit, limits = load_unit(folder, name), COURSE.unit(name).limits
    settings = Settings(limits, folder / "assignments" / name / "data", preload(unit.imports), absent=unit.absent)
    now, digest = datetime.now(UTC), hashlib.sha256(data).hexdigest()
    submission = Submission(1, "blind", name, 1, now, digest, f"{name}.py")
    with CheckSession(folder, name) as session, make(choose("bubblewrap", state), settings) as box:
        work = read(unit, submission, data)
        found = measure(box, session, unit, work, limits, Secret(bytes(32)), made.digest)
    lost = [f"{c.check}: {c.verdict.value}: {c.message}" for c in found.checks if c.verdict is not Verdict.PASSED]
    assert lost == []
    assert sum(c.earned for c in found.checks) == sum(e.points for e in unit.exercises)
