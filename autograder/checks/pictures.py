"""Pictures for the feedback: the student's numbers beside the reference's, on public inputs."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.checks.answer import plain
from autograder.checks.compare import as_array
from autograder.checks.outcome import Outcome, observe
from autograder.checks.points import PictureSpec
from autograder.checks.student import Proxy
from autograder.records import Picture, Student

SECONDS = 5.0
MOST_NUMBERS = 100_000

Rows = tuple[tuple[float, ...], ...]


def drawn(spec: PictureSpec, student: Student) -> Picture | None:
    """The picture; None when the student's code or the answer does not allow one."""
    found: list[tuple[Rows | None, Rows | None]] = []

    def run() -> None:
        yours, reference = spec.function(Proxy(student))
        found.append((_rows(yours), _rows(reference)))

    outcome: Outcome = observe(run, SECONDS)
    if outcome.raised is not None:
        raise outcome.raised
    yours, reference = found[0] if found else (None, None)
    if yours is None or reference is None:
        return None
    return Picture(spec.exercise, spec.caption, spec.kind, yours, reference, spec.x_label, spec.y_label)


def _rows(value: Any) -> Rows | None:
    """One or two dimensions of finite real numbers as rows."""
    array = as_array(plain(value))
    if (
        array is None
        or array.dtype.kind not in "biuf"
        or array.ndim not in (1, 2)
        or not 0 < array.size <= MOST_NUMBERS
    ):
        return None
    if not np.isfinite(array).all():
        return None
    return tuple(tuple(float(x) for x in row) for row in np.atleast_2d(array))
