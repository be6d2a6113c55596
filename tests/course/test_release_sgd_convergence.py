"""What the unit sgd_convergence promises beyond what every unit does: its points, what it forbids, what it keeps to itself,
and that every hidden check is needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder import release
from autograder.checks.forbidden import scan
from autograder.checks.local import LocalStudent
from autograder.checks.session import CheckSession
from autograder.course import load_course
from autograder.notebook import load_unit
from autograder.records import Verdict

ROOT = Path(__file__).parents[2]
UNIT = load_unit(ROOT, "sgd_convergence")


def test_points():
    """Twenty in seven exercises, and three by hand."""
    assert [each.points for each in UNIT.exercises] == [3, 3, 4, 2, 3, 3, 2]
    assert [each.points for each in UNIT.manual] == [3]


def test_it_follows_backprop():
    """In teaching order."""
    names = [unit.name for unit in load_course(ROOT).units]
    assert names.index("sgd_convergence") == names.index("backprop") + 1


@pytest.mark.parametrize(
    "source",
    [
        "import torch\ntorch.optim.SGD([], lr=0.1)",
        "import pandas as pd\npd.Series(Y).ewm(alpha=0.1, adjust=False).mean()",
        "from scipy.signal import lfilter",
        "from sklearn.linear_model import SGDRegressor",
    ],
)
def test_ready_made_averages_and_optimisers_are_forbidden(source):
    """In every exercise; numpy is not."""
    for each in UNIT.exercises:
        assert scan(source, each.forbid), each.id
        assert scan("import numpy as np\nnp.cumsum(Y)", each.forbid) == ()


def test_the_release_keeps_the_reference_to_itself():
    """The leak scan sees a solution's line: put into a public cell by hand, it is found."""
    files = release._files(UNIT)
    assert release.leaks(UNIT, files) == ()
    (name,) = files
    shown = files[name] + b"variances.append((1 - rho) ** 2 * variances[-1] + rho**2 * s2)"
    assert release.leaks(UNIT, {name: shown})


@pytest.mark.slow
def test_every_check_is_needed():
    """Each hidden check, guards included, fails for some known wrong solution: none is there for show."""
    with CheckSession(ROOT, "sgd_convergence") as session:
        unseen = {each.check for each in session.checks}
        for slip in session.wrong:
            student = LocalStudent({**session.solution, slip.replaces or "": slip.function})
            results = session.run(student, lambda check: 11, help=False)
            unseen -= {each.check for each in results if each.verdict is not Verdict.PASSED}
    assert unseen == set()
