"""Results going into the database, a batch in few statements; one that cannot go is an error of all."""

from __future__ import annotations

from collections.abc import Sequence
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


def _place_query() -> Select[Any, Any, Any, Any, Any, Any]:
    owner, known, used = schema.submission, schema.bundle, schema.bundle.alias()
    mine = and_(schema.result.c.submission_id == owner.c.id, schema.result.c.current)
    wanted = and_(known.c.unit == owner.c.unit, known.c.digest.in_(bindparam("digests", expanding=True)))
    return (
        select(
            owner.c.id.label("whose"), owner.c.unit, known.c.digest, known.c.id, known.c.seq, used.c.seq.label("newest")
        )
        .select_from(owner)
        .outerjoin(known, wanted)
        .outerjoin(schema.result, mine)
        .outerjoin(used, used.c.id == schema.result.c.bundle_id)
        .where(owner.c.id.in_(bindparam("ids", expanding=True)))
    )


# Written once: to build a statement takes SQLAlchemy longer than the database takes to run it.
_PLACE = _place_query()
_GRADED = (
    update(schema.submission)
    .where(schema.submission.c.id == bindparam("whose"))
    .values(state=State.GRADED.value, failures=0, reason="")
)
_RETIRED = (
    update(schema.result)
    .where(schema.result.c.submission_id == bindparam("whose"), schema.result.c.current)
    .values(current=False)
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


def keep(connection: Connection, ends: Sequence[tuple[Finished, str | None]]) -> tuple[bool, ...]:
    """The ends of claimed jobs, with the names of their answers.  False: the claim is stale, and what it found thrown away."""
    owned = queue.owned(connection, [finished.claim for finished, _ in ends])
    works, failed = [], {}
    for finished, answers in ends:
        row = owned.get(finished.claim.ticket)
        if row is not None and finished.grading is not None:
            works.append(Work(row.submission_id, finished.grading, answers, finished.claim))
        elif row is not None:
            failed[finished.claim.ticket] = row, finished.reason  # told twice, it is charged once
    for row, reason in failed.values():
        queue.fail(connection, row, reason)
    if works:
        connection.execute(_INSERT, _rows(connection, works))
        ids = [work.submission_id for work in works]
        connection.execute(_GRADED, [{"whose": id} for id in ids])  # by older results than the current ones, perhaps
        queue.done(connection, ids)
    return tuple(finished.claim.ticket in owned or is_kept(connection, finished.claim) for finished, _ in ends)


def is_kept(connection: Connection, claim: Claim) -> bool:
    """Whether this very claim has its result already: the answer to an earlier commit may have been lost on the way."""
    table = schema.result
    mine = and_(table.c.submission_id == claim.submission.id, table.c.token == claim.token)
    return connection.execute(select(table.c.id).where(mine)).first() is not None


def put(connection: Connection, submission_id: int, grading: Grading, answers: str | None) -> int:
    """A result that no worker measured.  -> its id"""
    (values,) = _rows(connection, [Work(submission_id, grading, answers)])
    if values["current"]:
        connection.execute(_GRADED, {"whose": submission_id})
    key: Any = connection.execute(_INSERT, values).inserted_primary_key
    return int(key[0])


@dataclass(frozen=True)
class Work:
    """A grading on its way into the database."""

    submission_id: int
    grading: Grading
    answers: str | None  #: the name of its recorded answers
    claim: Claim | None = None


def _rows(connection: Connection, works: Sequence[Work]) -> list[dict[str, Any]]:
    """Their rows of `result`; all else that they need is written.

    Each becomes the current one unless the current one comes from a newer bundle.
    """
    places = _places(connection, works)
    current = [place.newest is None or place.newest <= place.seq for place in places]
    retired = [place.whose for place, now in zip(places, current, strict=True) if now and place.newest is not None]
    if retired:
        connection.execute(_RETIRED, [{"whose": id} for id in retired])
    small = [
        {"sha": w.answers, "data": data}
        for w in works
        if (data := w.grading.answers) is not None and len(data) <= SMALL
    ]
    if small:
        connection.execute(_SMALL[connection.dialect.name], small)
    created = datetime.now(UTC)
    return [
        {
            **rows.grading_columns(work.grading),
            "submission_id": work.submission_id,
            "bundle_id": place.id,
            "created": created,
            "current": now,
            "answers": work.answers,
            "token": work.claim.token if work.claim is not None else None,
        }
        for work, place, now in zip(works, places, current, strict=True)
    ]


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


def _places(connection: Connection, works: Sequence[Work]) -> list[Row[Any, Any, Any, Any, Any, Any]]:
    """For each the bundle's id and seq, and the seq of its submission's current result (`newest`), in one look."""
    wanted = {"ids": [work.submission_id for work in works], "digests": list({work.grading.bundle for work in works})}
    found = {(row.whose, row.digest): row for row in connection.execute(_PLACE, wanted)}
    units = {row.whose: row.unit for row in found.values()}
    places = []
    for work in works:
        place = found.get((work.submission_id, work.grading.bundle))
        if work.submission_id not in units:
            raise _no_submission(work.submission_id)
        if work.grading.score.verdict is Verdict.NOT_GRADED:
            raise StoreError(
                f"submission {work.submission_id}: work that was not graded has no result; save the failure."
            )
        if place is None:
            told = f"bundle {work.grading.bundle[:12]} of {units[work.submission_id]} is not registered."
            raise StoreError(f"{told} Register it before results that use it.")
        if work.claim is not None and place.seq < work.claim.least:
            raise StoreError(f"submission {work.submission_id}: graded with older tests than were asked for.")
        places.append(place)
    return places
