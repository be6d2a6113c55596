"""One report of one attempt: what the policy lets through, with its summary and what lateness cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime

from autograder.records import Cell, CheckResult, Picture, Score, Submission, Verdict

from . import plain, policy
from .policy import Detail, LoadError, ManualMark, Raw
from .report import ExerciseReport, Report, Summary, Visible

_WAIT = "Your work is safe with us and costs you no point. It will be graded again by itself: you need do nothing."


def build(
    *,
    submission: Submission,
    title: str,
    titles: Mapping[str, str],
    score: Score,
    checks: Sequence[CheckResult],
    pictures: Sequence[Picture] = (),
    notes: Sequence[str] = (),
    output: str = "",
    load_errors: Sequence[LoadError] = (),
    cells: Sequence[Cell] = (),
    resources: Mapping[str, Sequence[str]] | None = None,
    manual: Mapping[str, ManualMark] | None = None,
    due: datetime | None = None,
    now: datetime | None = None,
    detail: Detail = "after_due",
) -> Report:
    """What the student may see of this attempt.  due: with the student's extension; the rest is explained in policy."""
    raw = Raw(
        submission,
        score,
        checks,
        pictures,
        notes,
        output,
        load_errors,
        cells,
        title,
        titles,
        resources or {},
        manual or {},
    )
    seen = policy.visible(raw, policy.opened(due, now or datetime.now(UTC), detail))
    allowed = {field.name: getattr(seen, field.name) for field in fields(seen)}
    return Report(**allowed, due=due, late=_late(seen, due), summary=_summary(seen))


def _late(seen: Visible, due: datetime | None) -> str:
    if seen.late_days <= 0:
        return "On time." if due is not None else ""
    days = f"{seen.late_days} day{'' if seen.late_days == 1 else 's'} late"
    if _our_side_failed(seen):
        return f"{days}."
    return f"{days}: {plain.one_point(seen.penalty)} off." if seen.penalty > 0 else f"{days}, nothing taken off."


def _summary(seen: Visible) -> Summary:
    # A scoring that counts the questions already lists them among its exercises.
    apart = [question for question in seen.questions if question.id not in {one.id for one in seen.exercises}]
    maximum = seen.maximum + sum(question.maximum for question in apart)
    right = tuple(one.title for one in seen.exercises if one.right)
    if _our_side_failed(seen):
        return Summary(None, maximum, "Our side failed, nothing was lost.", _WAIT, "", right)
    wrong = [one for one in seen.exercises if not one.right]
    return Summary(
        earned=seen.total + sum(question.points or 0 for question in apart),
        maximum=maximum,
        headline=_headline(seen.exercises),
        start=_start(wrong),
        first=wrong[0].id if wrong else "",
        right=right,
        waiting=sum(question.maximum for question in apart if question.points is None),
    )


def _our_side_failed(seen: Visible) -> bool:
    verdicts = {seen.verdict} | {one.verdict for one in seen.exercises}
    verdicts |= {check.verdict for one in seen.exercises for check in one.checks}
    return Verdict.NOT_GRADED in verdicts


def _headline(exercises: Sequence[ExerciseReport]) -> str:
    right = sum(one.right for one in exercises)
    if not exercises:
        return "There is nothing to grade by machine here."
    if right == len(exercises):
        return "Everything is right."
    if all(one.verdict is Verdict.MISSING for one in exercises):
        return "Nothing is filled in yet."
    count = f"{right} of {len(exercises)} exercises {'is' if right == 1 else 'are'} right"
    return f"{count} so far." if right else f"Received and graded: {count} so far."


def _start(wrong: Sequence[ExerciseReport]) -> str:
    if not wrong:
        return ""
    if len(wrong) == 1:
        return f"Only `{wrong[0].id}` is left to mend."
    return f"Start with `{wrong[0].id}`: later exercises build on it."
