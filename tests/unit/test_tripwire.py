"""The tripwire of a box: what a cell's code calls while a function works, by whatever name it got hold of it."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from autograder.guest import load

PREFIXES = ["scipy", "torch.nn", "sklearn"]


def used(source, argument=None):
    """The forbidden prefixes that `f` of a cell ran into."""
    names = {"__name__": "__main__", "np": np}
    exec(compile(source, "cell-1", "exec"), names)
    seen: list[int] = []
    sys.setprofile(load._tripwire(PREFIXES, seen))
    try:
        names["f"](np.ones((2, 2)) if argument is None else argument)
    finally:
        sys.setprofile(None)
    return [PREFIXES[i] for i in seen]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import scipy.linalg as l\ndef f(x): return l.expm(x)", ["scipy"]),
        (
            "import scipy.linalg as l\nimport functools\ndef f(x): return functools.reduce(l.block_diag, [x, x])",
            ["scipy"],
        ),
        ("import scipy.linalg as l\ndef f(x): return list(map(getattr(l, 'ex' + 'pm'), [x]))", ["scipy"]),
        ("import torch\ndef f(x): return torch.nn.Linear(2, 2)(torch.ones(1, 2))", ["torch.nn"]),
        ("def f(x): return np.linalg.inv(x + np.eye(2)), str.upper('a'), sorted([2, 1], key=lambda v: -v)", []),
        ("import torch\ndef f(x): return torch.ones(3).sum().item()", []),
    ],
    ids=[
        "by another name",
        "through reduce",
        "through map and getattr",
        "a class",
        "numpy and methods of types",
        "torch itself",
    ],
)
def test_calls_of_cells_are_seen(source, found):
    """Also through functions of C; what libraries use inside is their business."""
    assert used(source) == found


def test_only_the_beginning_of_a_call_is_watched():
    """A training repeats itself: after so many events the hook takes itself out and costs nothing more."""
    late = "import scipy.linalg as l\ndef g(): pass\ndef f(n):\n    for _ in range(n): g()\n    l.expm(np.ones((2, 2)))"
    assert used(late, 100) == ["scipy"]
    assert used(late, load.WATCHED_EVENTS) == []


def test_what_is_not_there_is_not_watched():
    """A library that this Python does not have needs no tripwire."""
    assert load._is_there("scipy.special")
    assert not load._is_there("no_such_library.special")
