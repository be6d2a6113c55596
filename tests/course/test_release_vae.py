"""What the unit vae promises beyond what every unit does: its points, what it forbids, its data, no torch in the grader."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autograder import release
from autograder.checks.forbidden import scan
from autograder.course import load_course
from autograder.notebook import load_unit

ROOT = Path(__file__).parents[2]
UNIT = load_unit(ROOT, "vae")
BY_HAND = [each for each in UNIT.exercises if each.id != "train_vae"]


def test_points():
    """Twenty in seven exercises."""
    assert [each.points for each in UNIT.exercises] == [2, 3, 4, 3, 3, 2, 3]


def test_it_follows_lstm_gates():
    """In teaching order."""
    names = [unit.name for unit in load_course(ROOT).units]
    assert names.index("lstm_gates") < names.index("vae")


@pytest.mark.parametrize("exercise", BY_HAND, ids=lambda each: each.id)
@pytest.mark.parametrize(
    "source",
    [
        "import torch\ntorch.nn.functional.binary_cross_entropy_with_logits(a, x)",
        "from torch.distributions import kl_divergence",
        "from scipy.spatial.distance import cdist\ncdist(a, b)",
    ],
)
def test_ready_made_losses_are_forbidden(exercise, source):
    """Exercises 1 to 6 are written by hand."""
    assert scan(source, exercise.forbid)


def test_autograd_is_forbidden_where_the_gradient_is_asked():
    """All of torch in elbo_grads; plain tensors are free in the others."""
    source = "import torch\ntorch.tensor(mu, requires_grad=True)"
    assert [each.id for each in UNIT.exercises if scan(source, each.forbid)] == ["elbo_grads"]


def test_torch_is_allowed_in_the_training():
    """Layers, optimisers, autograd, ready-made losses."""
    source = (
        "import torch\nfrom torch import nn\nnn.Linear(2, 3); torch.optim.Adam([])\nnn.functional.binary_cross_entropy"
    )
    assert scan(source, UNIT.exercise("train_vae").forbid) == ()


def test_the_digits_are_those_of_scikit_learn():
    """1797 images of 8 by 8 pixels, 0 to 16, and their labels."""
    datasets = pytest.importorskip("sklearn.datasets")
    table = np.loadtxt(UNIT.folder / "data" / "digits.csv", delimiter=",", skiprows=1)
    digits = datasets.load_digits()
    np.testing.assert_array_equal(table[:, :-1], digits.data)
    np.testing.assert_array_equal(table[:, -1], digits.target)


def test_the_release_keeps_the_reference_to_itself():
    """The leak scan sees a solution's line: put into a public cell by hand, it is found."""
    files = release._files(UNIT)
    assert release.leaks(UNIT, files) == ()
    name = "vae.ipynb"
    shown = files[name] + b"pixels = np.maximum(logits, 0) - X * logits + np.log1p(np.exp(-np.abs(logits)))"
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

with CheckSession(Path(sys.argv[1]), "vae") as session:
    slip = next(each for each in session.wrong if each.name == "step_with_the_variance")
    known = {name: function for name, function in session.solution.items() if name != "train_vae"}
    results = session.run(LocalStudent({**known, "vae_step": slip.function}), lambda check: 7)
print("named", any(each.diagnosis == slip.diagnosis for each in results), "torch", "torch" in sys.modules)
"""
