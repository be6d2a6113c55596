"""Store: the one place where work is accepted and grades are kept."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, select, update
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from autograder.errors import CommandError, StoreError, SubmissionError
from autograder.records import Submission
from autograder.store import database, queue, results, rows, schema
from autograder.store.blobs import Blobs
from autograder.store.gradebook import best_rows
from autograder.store.queue import Claim, Priority, Queue, Wish
from autograder.store.quizzes import QuizAttempts
from autograder.store.results import Finished
from autograder.store.rows import (
    AttemptLimit,
    Extension,
    GradebookRow,
    Grading,
    ManualPoints,
    Result,
    Standing,
    State,
)


class Store:
    """Submissions, results, extensions and points given by hand. One for each process: it does not survive a fork."""

    def __init__(self, url: str, folder: Path, patience: int = database.BUSY_SECONDS) -> None:
        """Open the database at `url` (made or brought up to date if need be) with its blobs in folder/blobs.

        patience: seconds that a transaction waits for other writers before it is refused.
        """
        self.blobs = Blobs(folder / "blobs")
        self._engine = database.connect(url, patience)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            database.upgrade(self._engine)
            _sync(folder)
        except OSError as error:
            raise StoreError(
                f"{folder}: cannot be used ({error.strerror}). Check that this user may write it."
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._engine.dispose()

    @property
    def queue(self) -> Queue:
        """What waits, and who has what."""
        return Queue(self._engine)

    @property
    def quiz_attempts(self) -> QuizAttempts:
        """Attempts of graded quizzes that are running or were handed in."""
        return QuizAttempts(self._engine)

    # ------------------------------------------------------------ submissions

    def accept(
        self,
        student: str,
        unit: str,
        data: bytes,
        filename: str,
        received: datetime | None = None,
        notes: Sequence[str] = (),
        limit: AttemptLimit | None = None,
        priority: Priority | None = None,
        due: datetime | None = None,
    ) -> tuple[Submission, bool]:
        """Take a piece of work: after the return it is never lost. False: these bytes were already taken.

        priority: its place in the queue, which it enters in the same transaction (None: no worker is to take it);
        due: the deadline that it is urgent for.
        limit: how often and how soon again the student may hand in, however many come at once.  Beyond it the work is
        no attempt (SubmissionError); the same bytes again are answered as before and cost nothing.
        """
        received = received or datetime.now(UTC)  # before the disk and the other writers make the student wait
        blob = self.blobs.put(data)
        with database.writing(self._engine) as connection:
            mine = and_(schema.submission.c.student == student, schema.submission.c.unit == unit)
            known = connection.execute(select(schema.submission).where(mine, schema.submission.c.blob == blob)).first()
            if known:
                return rows.to_submission(known), False
            last = connection.execute(select(func.max(schema.submission.c.attempt)).where(mine)).scalar() or 0
            if limit is not None:
                _within(connection, mine, limit, last, received, f"{student} at {unit}", filename)
            values = {
                "student": student,
                "unit": unit,
                "attempt": last + 1,
                "received": received,
                "blob": blob,
                "filename": rows.plain(filename)[:255],
                "notes": [rows.plain(note) for note in notes],
                "state": State.RECEIVED.value,
                "failures": 0,
                "reason": "",
            }
            id = _new_id(connection, insert(schema.submission).values(values))
            taken = rows.to_submission(results.submission(connection, id))
            if priority is not None:
                queue.put(connection, taken, priority, due)
            return taken, True

    def blob(self, sha: str) -> bytes:
        """The bytes of a submission or of recorded answers, verified."""
        if not self.blobs.has(sha):
            with database.reading(self._engine) as connection:
                data = results.small(connection, sha)
            if data is not None:
                return data
        return self.blobs.get(sha)

    def submission(self, id: int) -> Submission:
        with database.reading(self._engine) as connection:
            return rows.to_submission(results.submission(connection, id))

    def submissions(
        self, unit: str | None = None, student: str | None = None, state: State | None = None
    ) -> tuple[Submission, ...]:
        """In the order of their coming."""
        table = schema.submission
        query = select(table).order_by(table.c.id)
        wanted = {"unit": unit, "student": student, "state": state.value if state else None}
        for column, value in wanted.items():
            if value is not None:
                query = query.where(table.c[column] == value)
        with database.reading(self._engine) as connection:
            return tuple(rows.to_submission(row) for row in connection.execute(query))

    def standing(self, submission_id: int) -> Standing:
        with database.reading(self._engine) as connection:
            row = results.submission(connection, submission_id)
            return Standing(State(row.state), row.failures, row.reason)

    # ------------------------------------------------------------ results

    def register_bundle(self, digest: str, unit: str, data: bytes, *, newest: bool = False) -> int:
        """Keep a bundle and give its place in the unit's sequence; a known bundle keeps its place.

        newest=True moves a known bundle to the end: a test that was changed back is newer than the change.
        """
        blob = self.blobs.put(data)
        table = schema.bundle
        with database.writing(self._engine) as connection:
            last = connection.execute(select(func.max(table.c.seq)).where(table.c.unit == unit)).scalar() or 0
            known = connection.execute(select(table).where(table.c.unit == unit, table.c.digest == digest)).first()
            if known is None:
                values = {"unit": unit, "digest": digest, "blob": blob, "seq": last + 1, "created": datetime.now(UTC)}
                connection.execute(insert(table).values(values))
                return last + 1
            if newest and known.seq != last:
                connection.execute(update(table).where(table.c.id == known.id).values(seq=last + 1))
                return last + 1
            return int(known.seq)

    def bundle(self, digest: str) -> bytes:
        """The bytes of a registered bundle."""
        query = select(schema.bundle.c.blob).where(schema.bundle.c.digest == digest)
        with database.reading(self._engine) as connection:
            blob = connection.execute(query).scalar()
        if blob is None:
            raise CommandError(f"no bundle has the digest {digest[:12]!r}. List results to see the digests they used.")
        return self.blobs.get(blob)

    def save_result(self, submission_id: int, grading: Grading) -> int:
        """Keep a grading that no worker measured (an attempt at a quiz).  -> result id"""
        answers = results.stored(self.blobs, grading)
        with database.writing(self._engine) as connection:
            return results.put(connection, submission_id, grading, answers)

    def exchange(
        self, finished: Sequence[Finished] = (), wish: Wish | None = None
    ) -> tuple[tuple[bool, ...], tuple[Claim, ...]]:
        """In one transaction: keep what was finished, a sign of life, and new work.  -> which were kept, the new claims

        Each finished one is judged alone: a claim that is stale by now is refused (False) and costs its neighbours nothing;
        one that cannot be kept is a failure of ours.  After an error nothing has happened, and it may be tried again.
        """
        named = [results.stored(self.blobs, f.grading) if f.grading is not None else None for f in finished]
        with database.writing(self._engine) as connection:
            kept = _kept(connection, list(zip(finished, named, strict=True)))
            return kept, queue.claim(connection, wish) if wish is not None else ()

    def result(self, submission_id: int) -> Result | None:
        """The current result."""
        return next((result for result in self.results(submission_id) if result.current), None)

    def results(self, submission_id: int) -> tuple[Result, ...]:
        """All of a submission's results, the oldest first."""
        query = (
            results.select_results().where(schema.result.c.submission_id == submission_id).order_by(schema.result.c.id)
        )
        with database.reading(self._engine) as connection:
            results.submission(connection, submission_id)
            return tuple(rows.to_result(row) for row in connection.execute(query))

    def gradebook(self, unit: str | None = None) -> tuple[GradebookRow, ...]:
        """Each student's best attempt after penalties (the earlier of equals), by student and unit."""
        with database.reading(self._engine) as connection:
            return best_rows(connection, unit)

    # ------------------------------------------------------------ what people decide

    def set_extension(self, student: str, unit: str, due: datetime, reason: str) -> None:
        """A due date of one student's own, in place of an earlier one."""
        table = schema.extension
        values = {"student": student, "unit": unit, "due": due, "reason": rows.plain(reason)}
        with database.writing(self._engine) as connection:
            connection.execute(delete(table).where(table.c.student == student, table.c.unit == unit))
            connection.execute(insert(table).values(**values, created=datetime.now(UTC)))

    def extension(self, student: str, unit: str) -> datetime | None:
        """The student's own due date for the unit."""
        return next((one.due for one in self.extensions() if (one.student, one.unit) == (student, unit)), None)

    def extensions(self) -> tuple[Extension, ...]:
        table = schema.extension
        query = select(table).order_by(table.c.student, table.c.unit)
        with database.reading(self._engine) as connection:
            return tuple(Extension(row.student, row.unit, row.due, row.reason) for row in connection.execute(query))

    def set_manual(self, submission_id: int, question: str, points: float, by: str, comment: str = "") -> None:
        """Points for a question graded by a person, in place of earlier ones; a regrade does not touch them."""
        table = schema.manual
        values = {"points": points, "by": rows.plain(by), "comment": rows.plain(comment), "created": datetime.now(UTC)}
        with database.writing(self._engine) as connection:
            results.submission(connection, submission_id)
            mine = and_(table.c.submission_id == submission_id, table.c.question == question)
            connection.execute(delete(table).where(mine))
            connection.execute(insert(table).values(submission_id=submission_id, question=question, **values))

    def manual(self, submission_id: int) -> tuple[ManualPoints, ...]:
        table = schema.manual
        query = select(table).where(table.c.submission_id == submission_id).order_by(table.c.question)
        with database.reading(self._engine) as connection:
            return tuple(
                ManualPoints(row.submission_id, row.question, row.points, row.by, row.comment)
                for row in connection.execute(query)
            )


def _within(
    connection: Connection,
    mine: ColumnElement[bool],
    limit: AttemptLimit,
    used: int,
    received: datetime,
    whose: str,
    filename: str,
) -> None:
    """SubmissionError if one attempt more would be one too many, or one too soon by the times of the receipts."""
    if limit.limit is not None and used >= limit.limit:
        raise SubmissionError(f"{filename}: all {limit.limit} attempts of {whose} are used. Ask your instructor.")
    wait, table = timedelta(minutes=limit.cooldown), schema.submission
    if not wait:
        return
    # On both sides: work that is taken in late, with an older receipt, is not hindered by what came after it.
    near = and_(mine, table.c.received > received - wait, table.c.received < received + wait)
    last = connection.execute(select(func.max(table.c.received)).where(near)).scalar()
    if last is not None:
        again = last + wait + timedelta(microseconds=999_999)  # the second that is named is not a moment too soon
        raise SubmissionError(
            f"{filename}: the next attempt of {whose} may come from {again:%Y-%m-%d %H:%M:%S} UTC on. "
            "This one was not counted: hand it in again then."
        )


def _kept(connection: Connection, ends: Sequence[tuple[Finished, str | None]]) -> tuple[bool, ...]:
    """A batch, in a savepoint; if something in it is wrong, each of them in a savepoint of its own."""
    if not ends:
        return ()
    try:
        with connection.begin_nested():
            return results.keep(connection, ends)
    except Exception as error:  # no JSON, a number too large, a bundle that nobody registered ...
        why = _own_fault(error)
    if len(ends) > 1:
        return tuple(kept for one in ends for kept in _kept(connection, [one]))
    ((finished, _),) = ends
    reason = f"the result could not be kept: {why}"
    return results.keep(connection, [(replace(finished, grading=None, reason=reason), None)])


def _own_fault(error: Exception) -> str:
    """What is wrong with the data of a result, in a line; the database's own errors are raised: nothing has happened then."""
    if isinstance(error, DBAPIError) and not isinstance(error, (IntegrityError, DataError)):
        raise error
    return " ".join(str(getattr(error, "orig", None) or error).split())[:300]


def _new_id(connection: Connection, statement: Any) -> int:
    key: Any = connection.execute(statement).inserted_primary_key
    return int(key[0])


def _sync(folder: Path) -> None:
    """The database file's name on the disk too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
