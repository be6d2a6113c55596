"""What the unit cnn_shapes promises beyond what every unit does: its points, what it forbids, its error, its pictures."""

from __future__ import annotations

import subprocess
import sys
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
UNIT = load_unit(ROOT, "cnn_shapes")
LAYERS = ("conv2d", "conv2d_multi", "pool2d")


@pytest.fixture(scope="module")
def session():
    with CheckSession(ROOT, "cnn_shapes") as opened:
        yield opened


def test_points():
    """Twenty in seven exercises, and three by hand."""
    assert [each.points for each in UNIT.exercises] == [3, 2, 4, 4, 3, 2, 2]
    assert [each.points for each in UNIT.manual] == [3]


def test_it_stands_between_backprop_and_lstm_gates():
    """In teaching order."""
    names = [unit.name for unit in load_course(ROOT).units]
    assert names.index("backprop") < names.index("cnn_shapes") < names.index("lstm_gates")


@pytest.mark.parametrize(
    "source",
    [
        "import torch\ntorch.nn.functional.conv2d(x, k)",
        "from scipy.signal import correlate2d",
        "from skimage.measure import block_reduce",
        "import cv2\ncv2.filter2D(x, -1, k)",
        "from PIL import ImageFilter",
    ],
)
def test_ready_made_layers_are_forbidden(source):
    """In the three exercises that build a layer."""
    for name in LAYERS:
        assert scan(source, UNIT.exercise(name).forbid), name


def test_numpys_windows_are_allowed():
    """A view of all windows is no ready-made layer."""
    source = "import numpy as np\nnp.lib.stride_tricks.sliding_window_view(np.pad(x, 1), k.shape)"
    for name in LAYERS:
        assert scan(source, UNIT.exercise(name).forbid) == (), name


@pytest.mark.parametrize(
    "name", ["no_error_at_all", "zero_instead_of_an_error", "only_negative_sizes_refused", "asserts_instead"]
)
def test_a_missing_error_is_seen_by_its_own_check_only(session, name):
    """A kernel that does not fit costs the half point of that check, and nothing else."""
    slip = next(each for each in session.wrong if each.name == name)
    results = session.run(LocalStudent({**session.solution, "conv_out": slip.function}), lambda check: 7, help=False)
    lost = {each.check: each.points for each in results if each.verdict is not Verdict.PASSED}
    assert lost == {"test_conv_out_that_does_not_fit": 0.5}


def test_the_release_keeps_the_reference_to_itself():
    """The leak scan sees a solution's line: put into a public cell by hand, it is found."""
    files = release._files(UNIT)
    assert release.leaks(UNIT, files) == ()
    (name,) = files
    assert release.leaks(UNIT, {name: files[name] + b"Z[i, j] = np.sum(window * k)"})


def test_four_pictures(session):
    """Feature maps of the house, edges of what is red, what pooling leaves, the receptive field: the solution's are ours."""
    drawn = session.pictures(LocalStudent(session.solution))
    assert [each.exercise for each in drawn] == [*LAYERS, "receptive_field"]
    assert all(each.yours == each.reference for each in drawn)


def test_a_grader_needs_no_torch():
    """Opening the unit's checks, judging a wrong map and naming its slip leave torch unloaded: it costs seconds."""
    done = subprocess.run([sys.executable, "-c", JUDGE, str(ROOT)], capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["named", "True", "torch", "False"], done.stdout + done.stderr


JUDGE = """
import sys
from pathlib import Path
from autograder.checks.local import LocalStudent
from autograder.checks.session import CheckSession

with CheckSession(Path(sys.argv[1]), "cnn_shapes") as session:
    slip = next(each for each in session.wrong if each.name == "always_flipped")
    results = session.run(LocalStudent({**session.solution, "conv2d": slip.function}), lambda check: 7)
print("named", any(each.diagnosis == slip.diagnosis for each in results), "torch", "torch" in sys.modules)
"""
