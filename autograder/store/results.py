"""Results going into the database: one by one inside a transaction, each judged alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, insert, select, update
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
    put(connection, row.submission_id, finished.grading, answers, finished.claim.token)
    queue.done(connection, row.submission_id)
    return True


def is_kept(connection: Connection, claim: Claim) -> bool:
    """Whether this very claim has its result already: the answer to an earlier commit may have been lost on the way."""
    table = schema.result
    mine = and_(table.c.submission_id == claim.submission.id, table.c.token == claim.token)
    return connection.execute(select(table.c.id).where(mine)).first() is not None


def put(
    connection: Connection, submission_id: int, grading: Grading, answers: str | None, token: int | None = None
) -> int:
    """A result; it becomes the current one unless the current one comes from a newer bundle.  -> its id"""
    if grading.score.verdict is Verdict.NOT_GRADED:
        raise StoreError(f"submission {submission_id}: work that was not graded has no result; save the failure.")
    bundle_id, seq = _bundle(connection, grading.bundle, submission(connection, submission_id).unit)
    current = not _newer_than(connection, submission_id, seq)
    if current:
        _retire(connection, submission_id)
        table = schema.submission
        graded = {"state": State.GRADED.value, "failures": 0, "reason": ""}
        connection.execute(update(table).where(table.c.id == submission_id).values(graded))
    if answers is not None and grading.answers is not None and len(grading.answers) <= SMALL:
        _keep_small(connection, answers, grading.answers)
    values = {
        **rows.grading_columns(grading),
        "submission_id": submission_id,
        "bundle_id": bundle_id,
        "created": datetime.now(UTC),
        "current": current,
        "answers": answers,
        "token": token,
    }
    key: Any = connection.execute(insert(schema.result).values(values)).inserted_primary_key
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
        raise CommandError(f"there is no submission {id}. List the submissions to see their numbers.")
    return row


def _keep_small(connection: Connection, sha: str, data: bytes) -> None:
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    connection.execute(dialect.insert(schema.blob).values(sha=sha, data=data).on_conflict_do_nothing())


def _bundle(connection: Connection, digest: str, unit: str) -> tuple[int, int]:
    """Id and place in the sequence."""
    table = schema.bundle
    row = connection.execute(select(table).where(table.c.digest == digest, table.c.unit == unit)).first()
    if row is None:
        raise StoreError(f"bundle {digest[:12]} of {unit} is not registered. Register it before results that use it.")
    return row.id, row.seq


def _newer_than(connection: Connection, submission_id: int, seq: int) -> bool:
    """Whether the submission's current result comes from a later bundle."""
    query = select_results().where(schema.result.c.submission_id == submission_id, schema.result.c.current)
    row = connection.execute(query).first()
    return row is not None and row.seq > seq


def _retire(connection: Connection, submission_id: int) -> None:
    table = schema.result
    mine = and_(table.c.submission_id == submission_id, table.c.current)
    connection.execute(update(table).where(mine).values(current=False))
