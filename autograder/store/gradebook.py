"""Which attempt counts."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, and_, func, select

from autograder.store.rows import GradebookRow, State
from autograder.store.schema import manual, result, submission

_POINTS = (result.c.raw, result.c.penalty, result.c.total, result.c.maximum, result.c.late_days)


def best_rows(connection: Connection, unit: str | None) -> tuple[GradebookRow, ...]:
    """One row per student and unit."""
    by_hand = (
        select(manual.c.submission_id, func.sum(manual.c.points).label("manual"))
        .group_by(manual.c.submission_id)
        .subquery()
    )
    query = (
        select(submission, *_POINTS, by_hand.c.manual)
        .select_from(submission)
        .outerjoin(result, and_(result.c.submission_id == submission.c.id, result.c.current))
        .outerjoin(by_hand, by_hand.c.submission_id == submission.c.id)
        .order_by(submission.c.student, submission.c.unit, submission.c.attempt)
    )
    if unit is not None:
        query = query.where(submission.c.unit == unit)
    found = connection.execute(query)
    return tuple(_best(list(rows)) for _, rows in groupby(found, key=lambda row: (row.student, row.unit)))


def _best(attempts: list[Row[Any]]) -> GradebookRow:
    """The attempt with most points, those given by hand among them; of equals the earlier; ungraded, the last."""
    graded = [row for row in attempts if row.total is not None]
    row = max(graded, key=lambda row: row.total + (row.manual or 0.0)) if graded else attempts[-1]
    return GradebookRow(
        student=row.student,
        unit=row.unit,
        submission=row.id,
        attempt=row.attempt,
        received=row.received,
        raw=row.raw,
        penalty=row.penalty,
        total=row.total,
        maximum=row.maximum,
        late_days=row.late_days,
        state=State(row.state),
        manual=row.manual or 0.0,
    )
