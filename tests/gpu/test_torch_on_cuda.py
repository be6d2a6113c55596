"""One submission that trains on the card, end to end in each box; runs where a card is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "sandbox"))

from boxes import Boxes, named, submitted

from autograder.errors import StudentFault
from autograder.records import Gpu, Limits
from autograder.sandbox.box import Settings
from autograder.sandbox.choose import make

pytestmark = pytest.mark.gpu

LIMITS = Limits(call_s=60, load_s=120, total_s=300, memory_mb=8192)
CARD = Gpu(share=0.5, memory_mb=2048)

TRAINS = """
import torch
device = torch.device("cuda")
def fit(X, y, steps):
    X, y = torch.as_tensor(X, device=device), torch.as_tensor(y, device=device)
    w = torch.zeros(X.shape[1], dtype=X.dtype, device=device, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        ((X @ w - y) ** 2).mean().backward()
        optimizer.step()
    return w.detach()
def hog(mb):
    return torch.ones(mb << 18, device=device).sum()
"""


@pytest.mark.parametrize("name", named("docker/landlock", "bubblewrap/landlock", "bubblewrap/container"))
def test_a_submission_trains_on_the_card(name, state):
    """The weights come back as an array; too much of the card's memory is its own verdict; the next one is well."""
    import numpy as np

    rng = np.random.default_rng(0)
    X, w = rng.normal(size=(64, 3)), np.array([1.0, -2.0, 0.5])
    with Boxes(state) as boxes, make(boxes.choice(name), Settings(LIMITS, gpu=CARD)) as box:
        for _ in range(2):
            with submitted(box, TRAINS, limits=LIMITS) as student:
                assert np.allclose(student.call("fit", (X, X @ w, 500), {}).value, w, atol=1e-3)
                with pytest.raises(StudentFault) as caught:
                    student.call("hog", (3000,), {})
                assert caught.value.kind == "out of GPU memory"
