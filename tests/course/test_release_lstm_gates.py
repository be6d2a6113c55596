"""What the unit lstm_gates promises beyond what every unit does: its points, what it forbids, and no torch in the grader."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from autograder import release
from autograder.checks.forbidden import scan
from autograder.course import load_course
from autograder.notebook import load_unit

ROOT = Path(__file__).parents[2]
UNIT = load_unit(ROOT, "lstm_gates")
RECURRENT = ("LSTM", "GRU", "RNN", "LSTMCell", "GRUCell", "RNNCell")


def test_points():
    """Twenty in seven exercises, and three by hand."""
    assert [each.points for each in UNIT.exercises] == [4, 3, 2, 3, 4, 2, 2]
    assert [each.points for each in UNIT.manual] == [3]


def test_it_follows_backprop():
    """In teaching order and by its due date."""
    names = [unit.name for unit in load_course(ROOT).units]
    assert names.index("backprop") < names.index("lstm_gates")


def test_torch_is_forbidden_until_the_training():
    """Six exercises in numpy alone."""
    for each in UNIT.exercises[:-1]:
        assert scan("import torch\ntorch.sigmoid(a)", each.forbid), each.id


@pytest.mark.parametrize("name", RECURRENT)
@pytest.mark.parametrize(
    "how", ["import torch\ntorch.nn.{}(2, 8)", "from torch import nn\nnn.{}(2, 8)", "from torch.nn import {}"]
)
def test_recurrent_layers_are_forbidden_in_the_training(name, how):
    """Whatever way they are imported."""
    assert scan(how.format(name), UNIT.exercise("train_adding").forbid)


def test_the_rest_of_torch_is_allowed_in_the_training():
    """Linear layers, modules, autograd, optimisers; words that begin like a forbidden one."""
    source = (
        "import torch\nfrom torch import nn\nclass LSTM(nn.Module): pass\nLSTM(); nn.Linear(2, 3); torch.optim.Adam([])"
    )
    assert scan(source, UNIT.exercise("train_adding").forbid) == ()


def test_the_release_keeps_the_reference_to_itself():
    """The leak scan sees a solution's line: put into a public cell by hand, it is found."""
    files = release._files(UNIT)
    assert release.leaks(UNIT, files) == ()
    (name,) = files
    shown = files[name] + b'f = sigmoid(p["W_f"] @ x + p["U_f"] @ h + p["b_f"])'
    assert release.leaks(UNIT, {name: shown})


def test_a_grader_needs_no_torch():
    """Opening the unit's checks, judging a wrong step and naming its slip leave torch unloaded: it costs seconds."""
    done = subprocess.run([sys.executable, "-c", JUDGE, str(ROOT)], capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["named", "True", "torch", "False"], done.stdout + done.stderr


JUDGE = """
import sys
from pathlib import Path
from autograder.checks.local import LocalStudent
from autograder.checks.session import CheckSession

with CheckSession(Path(sys.argv[1]), "lstm_gates") as session:
    slip = next(each for each in session.wrong if each.name == "only_the_last_step")
    known = {name: function for name, function in session.solution.items() if name != "train_adding"}
    results = session.run(LocalStudent({**known, "adding_step": slip.function}), lambda check: 7)
print("named", any(each.diagnosis == slip.diagnosis for each in results), "torch", "torch" in sys.modules)
"""
