"""Results going into the database: one by one inside a transaction, each judged alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from autograder.errors import CommandError, StoreError
from autograder.records import Verdict
from autograder.store import queue, rows, schema
from autograder.store.blobs import Blobs, digest
from autograder.store.queue import Claim
from autograder.store.rows import Grading, State

#: Recorded answers up to this size lie in the database: a file of their own costs two fsyncs.
SMALL = 64 << 10


@dataclass(frozen=True)
class Finished:
    """A claimed job at its end: graded, or not, with the reason why we failed."""

    claim: Claim
    grading: Grading | None
    reason: str = ""


def _place_query() -> Select[Any, Any, Any, Any]:
    owner, known, used = schema.submission, schema.bundle, schema.bundle.alias()
    mine = and_(schema.result.c.submission_id == owner.c.id, schema.result.c.current)
    return (
        select(owner.c.unit, known.c.id, known.c.seq, used.c.seq.label("newest"))
        .select_from(owner)
        .outerjoin(known, and_(known.c.unit == owner.c.unit, known.c.digest == bindparam("digest")))
        .outerjoin(schema.result, mine)
        .outerjoin(used, used.c.id == schema.result.c.bundle_id)
        .where(owner.c.id == bindparam("id"))
    )


# Written once: to build a statement takes SQLAlchemy longer than the database takes to run it.
_PLACE = _place_query()
_GRADED = (
    update(schema.submission)
    .where(schema.submission.c.id == bindparam("whose"))
    .values(state=State.GRADED.value, failures=0, reason="")
)
_INSERT = insert(schema.result)
_SMALL = {
    "sqlite": sqlite.insert(schema.blob).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(schema.blob).on_conflict_do_nothing(),
}


def stored(blobs: Blobs, grading: Grading) -> str | None:
    """The name of the recorded answers; large ones are written, before any transaction waits for the disk."""
    if grading.answers is None:
        return None
    return digest(grading.answers) if len(grading.answers) <= SMALL else blobs.put(grading.answers)


def keep(connection: Connection, finished: Finished, answers: str | None) -> bool:
    """The end of one claimed job.  False: the claim is stale, and what it found is thrown away."""
    row = queue.own(connection, finished.claim)
    if row is None:
        return is_kept(connection, finished.claim)
    if finished.grading is None:
        queue.fail(connection, row, finished.reason)
        return True
    put(connection, row.submission_id, finished.grading, answers, finished.claim)
    connection.execute(_GRADED, {"whose": row.submission_id})  # by an older result than the current one, perhaps
    queue.done(connection, row.submission_id)
    return True


def is_kept(connection: Connection, claim: Claim) -> bool:
    """Whether this very claim has its result already: the answer to an earlier commit may have been lost on the way."""
    table = schema.result
    mine = and_(table.c.submission_id == claim.submission.id, table.c.token == claim.token)
    return connection.execute(select(table.c.id).where(mine)).first() is not None


def put(
    connection: Connection, submission_id: int, grading: Grading, answers: str | None, claim: Claim | None = None
) -> int:
    """A result; it becomes the current one unless the current one comes from a newer bundle.  -> its id"""
    if grading.score.verdict is Verdict.NOT_GRADED:
        raise StoreError(f"submission {submission_id}: work that was not graded has no result; save the failure.")
    place = _place(connection, submission_id, grading.bundle)
    if claim is not None and place.seq < claim.least:
        raise StoreError(f"submission {submission_id}: graded with older tests than were asked for.")
    current = place.newest is None or place.newest <= place.seq
    if current and place.newest is not None:
        _retire(connection, submission_id)
    if current and claim is None:
        connection.execute(_GRADED, {"whose": submission_id})
    if answers is not None and grading.answers is not None and len(grading.answers) <= SMALL:
        _keep_small(connection, answers, grading.answers)
    values = {
        **rows.grading_columns(grading),
        "submission_id": submission_id,
        "bundle_id": place.id,
        "created": datetime.now(UTC),
        "current": current,
        "answers": answers,
        "token": claim.token if claim is not None else None,
    }
    key: Any = connection.execute(_INSERT, values).inserted_primary_key
    return int(key[0])


def select_results() -> Select[Any]:
    """Results with their bundle's digest and place in the sequence."""
    joined = schema.result.join(schema.bundle)
    return select(schema.result, schema.bundle.c.digest, schema.bundle.c.seq).select_from(joined)


def small(connection: Connection, sha: str) -> bytes | None:
    """Bytes that lie in the database."""
    data = connection.execute(select(schema.blob.c.data).where(schema.blob.c.sha == sha)).scalar()
    return bytes(data) if data is not None else None


def submission(connection: Connection, id: int) -> Row[Any]:
    """CommandError if there is none of that number."""
    row = connection.execute(select(schema.submission).where(schema.submission.c.id == id)).first()
    if row is None:
        raise _no_submission(id)
    return row


def _no_submission(id: int) -> CommandError:
    return CommandError(f"there is no submission {id}. List the submissions to see their numbers.")


def _keep_small(connection: Connection, sha: str, data: bytes) -> None:
    connection.execute(_SMALL[connection.dialect.name], {"sha": sha, "data": data})


def _place(connection: Connection, submission_id: int, digest: str) -> Row[Any, Any, Any, Any]:
    """The bundle's id and seq, and the seq of the submission's current result (`newest`), in one look."""
    row = connection.execute(_PLACE, {"id": submission_id, "digest": digest}).first()
    if row is None:
        raise _no_submission(submission_id)
    if row.id is None:
        unit = row.unit
        raise StoreError(f"bundle {digest[:12]} of {unit} is not registered. Register it before results that use it.")
    return row


def _retire(connection: Connection, submission_id: int) -> None:
    table = schema.result
    mine = and_(table.c.submission_id == submission_id, table.c.current)
    connection.execute(update(table).where(mine).values(current=False))
