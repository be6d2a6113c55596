"""What the unit self_attention promises beyond what every unit does: its points, what it forbids, its pictures, no torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autograder import release
from autograder.checks.forbidden import scan
from autograder.checks.local import LocalStudent
from autograder.checks.session import CheckSession
from autograder.course import load_course
from autograder.notebook import load_unit

ROOT = Path(__file__).parents[2]
UNIT = load_unit(ROOT, "self_attention")


def test_points():
    """Twenty in six exercises, and three by hand."""
    assert [each.points for each in UNIT.exercises] == [3, 4, 3, 4, 3, 3]
    assert [each.points for each in UNIT.manual] == [3]


def test_it_follows_lstm_gates():
    """In teaching order and by its due date."""
    units = load_course(ROOT).units
    names = [unit.name for unit in units]
    before, here = units[names.index("lstm_gates")], units[names.index("self_attention")]
    assert names.index("lstm_gates") < names.index("self_attention")
    assert before.due < here.due


@pytest.mark.parametrize(
    "source",
    [
        "import torch\ntorch.nn.MultiheadAttention(4, 2)",
        "from torch.nn.functional import scaled_dot_product_attention",
        "from scipy.special import softmax",
    ],
)
def test_ready_made_attention_is_forbidden(source):
    """In every exercise, whatever way it is imported; numpy is not."""
    for each in UNIT.exercises:
        assert scan(source, each.forbid), each.id
        assert scan("import numpy as np\nnp.exp(np.tril(z))", each.forbid) == (), each.id


def test_the_release_keeps_the_reference_to_itself():
    """The leak scan sees a solution's line: put into a public cell by hand, it is found."""
    files = release._files(UNIT)
    assert release.leaks(UNIT, files) == ()
    (name,) = files
    shown = files[name] + b"W = e / np.where(total > 0, total, 1.0)"
    assert release.leaks(UNIT, {name: shown})


def test_the_pictures():
    """Maps of the notebook's sentence, each row of weights summing to one, the causal one empty above the diagonal; and waves."""
    with CheckSession(ROOT, "self_attention") as session:
        found = session.pictures(LocalStudent(session.solution))
    assert [each.exercise for each in found] == ["self_attention_toy", "attention"] + ["positional_encoding"] * 2
    assert all(each.yours == each.reference for each in found)
    free, causal, *waves = (np.array(each.yours) for each in found)
    for W in (free, causal):
        assert W.shape == (7, 7)
        np.testing.assert_allclose(W.sum(axis=1), np.ones(7))
    assert (np.triu(causal, 1) == 0).all()
    assert [each.shape for each in waves] == [(30, 16), (30, 16)]


def test_a_grader_needs_no_torch():
    """Opening the unit's checks, judging a wrong solution and naming its slip leave torch unloaded: it costs seconds."""
    done = subprocess.run([sys.executable, "-c", JUDGE, str(ROOT)], capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["named", "True", "torch", "False"], done.stdout + done.stderr


JUDGE = """
import sys
from pathlib import Path
from autograder.checks.local import LocalStudent
from autograder.checks.session import CheckSession

with CheckSession(Path(sys.argv[1]), "self_attention") as session:
    slip = next(each for each in session.wrong if each.name == "attention_divided_by_k")
    results = session.run(LocalStudent({**session.solution, "attention": slip.function}), lambda check: 7)
print("named", any(each.diagnosis == slip.diagnosis for each in results), "torch", "torch" in sys.modules)
"""
