"""Points: checks and guards to exercises, exercises to an attempt, and the late policy on top."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from autograder.errors import JudgeError
from autograder.records import CheckResult, ExerciseScore, Score, Verdict

DAY = timedelta(days=1)

# What tells most first, where several verdicts are equally frequent.
_TELLING = (
    Verdict.FORBIDDEN,
    Verdict.OUT_OF_GPU_MEMORY,
    Verdict.OUT_OF_MEMORY,
    Verdict.TIMED_OUT,
    Verdict.CRASHED,
    Verdict.FAILED,
    Verdict.PARTIAL,
    Verdict.MISSING,
    Verdict.NOT_RUN,
    Verdict.PASSED,
)


class LatePolicy(Protocol):
    """What lateness costs (course.LatePolicy is one)."""

    @property
    def per_day(self) -> float:
        """The share of the maximum that a started day takes."""
        ...

    @property
    def max_days(self) -> int:
        """The days after which no more is taken."""
        ...


def score(
    points: Mapping[str, float],
    checks: Sequence[CheckResult],
    received: datetime,
    due: datetime | None,
    late: LatePolicy,
    extension: datetime | None = None,
) -> Score:
    """The score of an attempt; points: each exercise's maximum.

    A Score whose verdict is NOT_GRADED is no grade and must not be kept as one: our side failed somewhere.
    """
    strangers = {check.exercise for check in checks} - set(points)
    if strangers:
        raise JudgeError(f"checks of {', '.join(sorted(strangers))} were run, but the unit has no such exercise.")
    exercises = tuple(
        _exercise(id, maximum, [check for check in checks if check.exercise == id]) for id, maximum in points.items()
    )
    raw = _sum(exercise.earned for exercise in exercises)
    maximum = _sum(points.values())
    days = late_days(received, due, extension)
    # No more is taken than there is, so that raw - penalty = total in every table.
    penalty = min(raw, _sum([late.per_day * maximum * min(days, late.max_days)]))
    return Score(
        exercises,
        raw,
        penalty,
        _sum([raw, -penalty]),
        maximum,
        days,
        _verdict(raw, maximum, [e.verdict for e in exercises]),
    )


def late_days(received: datetime, due: datetime | None, extension: datetime | None = None) -> int:
    """Started days after the due date or the extension, whichever is later; the second of the deadline is in time.

    A day is 24 hours or the same time of the next day on the deadline's own clock, whichever is kinder: when summer
    time ends, a deadline at 23:59 comes round after 25 hours.
    """
    deadlines = [moment for moment in (due, extension) if moment is not None]
    if due is None:
        return 0
    deadline = max(deadlines, key=lambda moment: moment.astimezone(UTC))
    arrived = received.astimezone(UTC).replace(microsecond=0)
    # In UTC: Python subtracts times of one zone by the wall clock, which summer time moves.
    days = max(0, math.ceil((arrived - deadline.astimezone(UTC)) / DAY))
    on_the_wall = (deadline + (days - 1) * DAY).astimezone(UTC)
    return days - 1 if days > 1 and arrived <= on_the_wall else days


def _exercise(id: str, maximum: float, checks: Sequence[CheckResult]) -> ExerciseScore:
    earned = min(max(_sum(check.earned for check in checks), 0.0), float(maximum))
    if not checks and maximum > 0:
        return ExerciseScore(id, 0.0, float(maximum), Verdict.NOT_GRADED)  # nothing was measured: no zero is given
    return ExerciseScore(id, earned, float(maximum), _verdict(earned, maximum, [check.verdict for check in checks]))


def _verdict(earned: float, maximum: float, verdicts: Sequence[Verdict]) -> Verdict:
    """One verdict for many: ours first, then what decides, then what is seen most often."""
    if Verdict.NOT_GRADED in verdicts:
        return Verdict.NOT_GRADED
    if Verdict.FORBIDDEN in verdicts and earned < maximum:
        return Verdict.FORBIDDEN
    bad = [verdict for verdict in verdicts if verdict is not Verdict.PASSED]
    if not bad or 0 < maximum <= earned:
        return Verdict.PASSED
    if 0 < earned < maximum:
        return Verdict.PARTIAL
    # What was left out tells nothing of its own: two time-outs and five checks not run are an exercise that timed out.
    seen: Counter[Verdict] = Counter([verdict for verdict in bad if verdict is not Verdict.NOT_RUN] or bad)
    return max(_TELLING, key=lambda verdict: (seen[verdict], -_TELLING.index(verdict)))


def _sum(values: Iterable[float]) -> float:
    """A sum without the dust of binary fractions: ten tenths are one point."""
    return round(math.fsum(values), 6) + 0.0
