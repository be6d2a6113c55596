"""Which known slip gives the very answer that the student gave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from autograder.checks.compare import same
from autograder.checks.local import LocalStudent
from autograder.checks.outcome import Outcome
from autograder.checks.points import Solution
from autograder.checks.recorder import Judged
from autograder.records import Student

Namespace = Mapping[str, Callable[..., Any]]


MISSES = 2  #: an unknown slip stays unknown: after so many checks of an exercise the others are not searched


class Diagnoses:
    """The diagnoses of one submission; a slip that was recognised once is tried first the next time."""

    def __init__(self, slips: Sequence[Solution], solution: Namespace) -> None:
        self._slips, self._solution = list(slips), solution
        self._misses: Counter[str] = Counter()

    def of(self, failed: Outcome, exercise: str, run: Callable[[Student], Outcome]) -> str:
        """The diagnosis of the first slip whose value at the first failed `agree` is the student's, leaf by leaf.

        run: the same check with the same numbers, for another student.  Empty if the check failed in another way.
        """
        judged = failed.recorder.judged
        if not judged or judged[-1].agreed or self._misses[exercise] >= MISSES:
            return ""
        for slip in [slip for slip in self._slips if slip.exercise == exercise]:
            theirs = run(LocalStudent({**self._solution, slip.replaces or "": slip.function})).recorder.judged
            if _same_end(theirs, judged):
                self._slips.remove(slip)
                self._slips.insert(0, slip)
                return slip.diagnosis
        self._misses[exercise] += 1
        return ""


def _same_end(theirs: Sequence[Judged], judged: Sequence[Judged]) -> bool:
    """A slip that this check does not see gives the right value there, and the student's is not that."""
    at = len(judged) - 1
    return len(theirs) > at and not theirs[at].agreed and same(theirs[at].value, judged[at].value)
