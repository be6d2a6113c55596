"""What the unit gan promises beyond what every unit does: its points, what it forbids, no torch in the grader."""

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
UNIT = load_unit(ROOT, "gan")
BY_HAND = [each for each in UNIT.exercises if each.id != "train_gan"]


def test_points():
    """Twenty-three in eight exercises."""
    assert [each.points for each in UNIT.exercises] == [4, 2, 3, 4, 2, 2, 3, 3]


def test_it_follows_vae():
    """In teaching order."""
    names = [unit.name for unit in load_course(ROOT).units]
    assert names.index("vae") < names.index("gan")


@pytest.mark.parametrize("exercise", BY_HAND, ids=lambda each: each.id)
@pytest.mark.parametrize(
    "source", ["import torch\ntorch.tensor(a, requires_grad=True)", "from scipy.special import expit"]
)
def test_ready_made_losses_are_forbidden(exercise, source):
    """Exercises 1 to 7 are written with numpy."""
    assert scan(source, exercise.forbid)


def test_torch_is_allowed_in_the_training():
    """Layers, optimisers, autograd, ready-made losses."""
    source = "import torch\nfrom torch import nn\nnn.Linear(2, 3); torch.optim.Adam([]); nn.BCEWithLogitsLoss()"
    assert scan(source, UNIT.exercise("train_gan").forbid) == ()


def test_the_release_keeps_the_reference_to_itself():
    """The leak scan sees a solution's line: put into a public cell by hand, it is found."""
    files = release._files(UNIT)
    assert release.leaks(UNIT, files) == ()
    name = "gan.ipynb"
    shown = files[name] + b"du = np.mean(up * x) - np.mean(down * fake)"
    assert release.leaks(UNIT, files | {name: shown})


def test_a_grader_needs_no_torch():
    """Opening the unit's checks, judging a wrong step and naming its slip leave torch unloaded: it costs seconds."""
    done = subprocess.run([sys.executable, "-c", JUDGE, str(ROOT)], capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["named", "True", "torch", "False"], done.stdout + done.stderr


JUDGE = """
import sys
from pathlib import Path
from autograder.checks.local import LocalStudent
from autograder.checks.session import CheckSession

with CheckSession(Path(sys.argv[1]), "gan") as session:
    slip = next(each for each in session.wrong if each.name == "generator_judged_by_the_old")
    known = {name: function for name, function in session.solution.items() if name != "train_gan"}
    results = session.run(LocalStudent({**known, "gan_step": slip.function}), lambda check: 7)
print("named", any(each.diagnosis == slip.diagnosis for each in results), "torch", "torch" in sys.modules)
"""
