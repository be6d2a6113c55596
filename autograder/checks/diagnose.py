"""Which known slip gives the very answer that the student gave."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from autograder.checks.compare import same
from autograder.checks.local import LocalStudent
from autograder.checks.outcome import Outcome
from autograder.checks.points import Solution
from autograder.records import Student

Namespace = Mapping[str, Callable[..., Any]]


def diagnosis(
    failed: Outcome, slips: Sequence[Solution], solution: Namespace, run: Callable[[Student], Outcome]
) -> str:
    """The diagnosis of the first slip whose value at the first failed `agree` is the student's, leaf by leaf.

    run: the same check with the same numbers, for another student.  Empty if the check failed in another way.
    """
    judged = failed.recorder.judged
    if not judged or judged[-1].agreed:
        return ""
    at, value = len(judged) - 1, judged[-1].value
    for slip in slips:
        replaced = {**solution, slip.replaces or "": slip.function}
        theirs = run(LocalStudent(replaced)).recorder.judged
        # A slip that this check does not see gives the right value, and the student's is not that.
        if len(theirs) > at and not theirs[at].agreed and same(theirs[at].value, value):
            return slip.diagnosis
    return ""
