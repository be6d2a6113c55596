"""Points, guards, verdicts and lateness."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.errors import JudgeError
from autograder.records import CheckResult, Score, Verdict
from autograder.scoring import late_days, score

DUE = datetime(2027, 3, 5, 23, 59, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@dataclass(frozen=True)
class Late:
    per_day: float = 0.1
    max_days: int = 5


def a_check(exercise="softmax", verdict=Verdict.PASSED, points=1.0, earned=None, takes=0.0):
    earned = (points if verdict is Verdict.PASSED else 0.0) if earned is None else earned
    return CheckResult(exercise, f"{exercise}/test", "It works.", verdict, points, earned, takes)


def scored(*checks, points=None, received=DUE, due=DUE, late=None, extension=None) -> Score:
    return score(points or {"softmax": 4.0}, checks, received, due, late or Late(), extension)


def test_points_add_up():
    """An exercise earns what its checks gave; the whole is the sum of the exercises."""
    found = scored(
        a_check(points=3.0),
        a_check(verdict=Verdict.FAILED),
        a_check("relu", points=2.0),
        points={"softmax": 4.0, "relu": 2.0},
    )
    assert [(e.exercise, e.earned, e.maximum) for e in found.exercises] == [("softmax", 3.0, 4.0), ("relu", 2.0, 2.0)]
    assert (found.raw, found.total, found.maximum, found.penalty, found.late_days) == (5.0, 5.0, 6.0, 0.0, 0)
    assert [e.verdict for e in found.exercises] == [Verdict.PARTIAL, Verdict.PASSED]
    assert found.verdict is Verdict.PARTIAL


def test_a_guard_takes_points():
    """A guard that fails takes its weight away and cannot make an exercise negative."""
    guard = a_check(verdict=Verdict.FAILED, points=0.0, earned=-1.0, takes=1.0)
    assert scored(a_check(points=4.0), guard).raw == 3.0
    assert scored(a_check(verdict=Verdict.FAILED, points=4.0), guard).raw == 0.0


def test_a_passing_guard_gives_nothing():
    """An exercise whose checks all failed has no points, however many guards passed."""
    found = scored(a_check(verdict=Verdict.FAILED, points=4.0), a_check(points=0.0, takes=1.0))
    assert found.raw == 0.0
    assert found.exercises[0].verdict is Verdict.FAILED


def test_sums_have_no_dust():
    """Ten checks of a tenth each are the full point: exact, since a table shows the number."""
    found = scored(*[a_check(points=0.1) for _ in range(10)], points={"softmax": 1.0})
    assert found.raw == 1.0
    assert found.verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([Verdict.MISSING, Verdict.MISSING], Verdict.MISSING),
        ([Verdict.MISSING, Verdict.NOT_GRADED], Verdict.NOT_GRADED),
        ([Verdict.PASSED, Verdict.NOT_GRADED], Verdict.NOT_GRADED),
        ([Verdict.PASSED, Verdict.FAILED], Verdict.PARTIAL),
        ([Verdict.FORBIDDEN, Verdict.FAILED, Verdict.FAILED], Verdict.FORBIDDEN),
        ([Verdict.FAILED, Verdict.CRASHED, Verdict.CRASHED], Verdict.CRASHED),
        ([Verdict.FAILED, Verdict.CRASHED], Verdict.CRASHED),
        ([Verdict.TIMED_OUT, Verdict.TIMED_OUT, Verdict.NOT_RUN], Verdict.TIMED_OUT),
        ([Verdict.TIMED_OUT, Verdict.NOT_RUN], Verdict.TIMED_OUT),
        ([Verdict.TIMED_OUT, Verdict.TIMED_OUT, *[Verdict.NOT_RUN] * 5], Verdict.TIMED_OUT),
        ([Verdict.PASSED, Verdict.PASSED], Verdict.PASSED),
    ],
)
def test_the_verdict_of_an_exercise(verdicts, expected):
    """Our failure first, then full or partial, then what was seen most often, of equals the most telling."""
    found = scored(*[a_check(verdict=one) for one in verdicts], points={"softmax": float(len(verdicts))})
    assert found.exercises[0].verdict is expected
    assert found.verdict is expected


def test_one_check_of_ours_makes_the_whole_not_graded():
    """If our side failed in one exercise, the score of the whole attempt is no grade."""
    found = scored(a_check(), a_check("relu", Verdict.NOT_GRADED), points={"softmax": 1.0, "relu": 1.0})
    assert found.verdict is Verdict.NOT_GRADED


def test_an_exercise_without_checks_is_not_graded():
    """Nothing measured is not a zero."""
    assert scored(a_check(), points={"softmax": 1.0, "relu": 1.0}).verdict is Verdict.NOT_GRADED


def test_checks_of_an_unknown_exercise_are_our_fault():
    """A check that belongs to no exercise is never silently dropped."""
    with pytest.raises(JudgeError, match="relu"):
        scored(a_check("relu"))


@pytest.mark.parametrize(
    ("late_by", "days"),
    [
        (timedelta(0), 0),
        (timedelta(seconds=-1), 0),
        (timedelta(microseconds=999_999), 0),  # the clock shows the second of the deadline
        (timedelta(seconds=1), 1),
        (timedelta(days=1), 1),
        (timedelta(days=1, seconds=1), 2),
        (timedelta(days=9), 9),
    ],
)
def test_the_deadline_is_exact_to_the_second(late_by, days):
    """The second of the deadline is in time, the next is a started day."""
    assert late_days(DUE + late_by, DUE) == days


def test_the_penalty():
    """Each started day takes its share of the maximum, the last counted day is max_days, nobody goes below 0."""
    full, half = a_check(points=4.0), a_check(points=4.0, verdict=Verdict.PARTIAL, earned=1.0)
    assert scored(full, received=DUE + timedelta(hours=30)).total == pytest.approx(4.0 - 2 * 0.4)
    late = scored(full, received=DUE + timedelta(days=40))
    assert (late.penalty, late.total, late.late_days) == (2.0, 2.0, 40)
    poor = scored(half, received=DUE + timedelta(days=4))
    assert (poor.raw, poor.penalty, poor.total) == (1.0, 1.0, 0.0)


def test_no_due_date_no_lateness():
    """A unit without a due date takes work at any time, extension or not."""
    assert late_days(DUE + timedelta(days=100), None) == 0
    assert late_days(DUE + timedelta(days=100), None, DUE) == 0


def test_an_extension_moves_the_deadline_and_never_forward():
    """With an extension the later of the two dates counts."""
    moment = DUE + timedelta(days=3)
    assert late_days(moment, DUE, DUE + timedelta(days=3)) == 0
    assert late_days(moment, DUE, DUE + timedelta(days=2)) == 1
    assert late_days(moment, DUE, DUE - timedelta(days=9)) == 3


def test_zones_name_the_same_moment():
    """Lateness does not depend on the zone in which either time is written."""
    due = datetime(2027, 3, 5, 23, 59, tzinfo=BERLIN)
    assert late_days(datetime(2027, 3, 5, 22, 59, 0, tzinfo=UTC), due) == 0
    assert late_days(datetime(2027, 3, 5, 22, 59, 1, tzinfo=UTC), due) == 1


def test_the_night_when_the_clock_goes_back():
    """On the 25-hour day a student who hands in at 23:59 of the next day is one day late, not two."""
    due = datetime(2026, 10, 24, 23, 59, tzinfo=BERLIN)
    assert late_days(datetime(2026, 10, 25, 23, 59, tzinfo=BERLIN), due) == 1
    assert late_days(datetime(2026, 10, 25, 23, 59, 1, tzinfo=BERLIN), due) == 2


def test_the_night_when_the_clock_goes_forward():
    """On the 23-hour day a started day still has 24 hours."""
    due = datetime(2027, 3, 27, 23, 59, tzinfo=BERLIN)
    assert late_days(datetime(2027, 3, 29, 0, 59, tzinfo=BERLIN), due) == 1
    assert late_days(datetime(2027, 3, 29, 0, 59, 1, tzinfo=BERLIN), due) == 2


def test_the_missing_and_the_doubled_hour():
    """A deadline inside the hour that does not exist, or exists twice, is a moment all the same."""
    for due in (datetime(2027, 3, 28, 2, 30, tzinfo=BERLIN), datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)):
        assert late_days(due.astimezone(UTC), due) == 0
        assert late_days(due.astimezone(UTC) + timedelta(seconds=1), due) == 1


@given(
    st.lists(st.tuples(st.floats(0, 5), st.floats(0, 1), st.floats(0, 2)), min_size=1, max_size=8),
    st.floats(-10, 1000),
    st.floats(0, 1),
)
def test_points_stay_within_bounds(rows, hours, per_day):
    """Whatever checks, guards and lateness do: 0 <= total <= raw <= maximum, and raw - penalty = total."""
    checks = [a_check(points=p, earned=p * share, verdict=Verdict.PARTIAL) for p, share, _ in rows]
    checks += [a_check(points=0.0, earned=-takes, takes=takes, verdict=Verdict.FAILED) for *_, takes in rows]
    points = {"softmax": sum(p for p, *_ in rows)}
    found = scored(*checks, points=points, received=DUE + timedelta(hours=hours), late=Late(per_day))
    assert 0 <= found.total <= found.raw <= found.maximum + 1e-6  # sums are rounded to the sixth place
    assert found.total == pytest.approx(found.raw - found.penalty, abs=1e-6)
    assert found.penalty >= 0
