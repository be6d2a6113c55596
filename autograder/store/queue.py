"""The durable queue: which submissions wait, and who has which.

A row of `job` for each submission.  A claim is a lease on the database's own clock and a new token; whatever its holder
says later is believed only while the row still carries that token.  Nothing is held while work is graded, each change is
one short transaction, and a row is all that there is: a killed grader leaves nothing that must be mended first.

    waiting --claim--> leased --result--> done          an expired lease may be claimed by anybody (token + 1)
       ^                 | |--failure--> waiting, the third time held
       |--release--------|               a lease whose whole grader died: waiting, the fifth time held
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, IntEnum
from functools import cache
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    Float,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    cast,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from autograder.records import Submission
from autograder.store import database, rows, schema
from autograder.store.rows import State

#: Seconds that a claim lasts without a sign of life.
LEASE_S = 30.0
#: Seconds of one turn.  In a turn the earliest deadline is first; a student's second waiting work is one turn later.
TURN_S = 30
FAILURES = 3  #: after that many failures of ours a person must look
LOST = 5  #: and after that many graders that died while they had it
#: From here on a submission is tried alone, on a fresh box: a neighbour cannot be what it dies of.
_ALONE = 2
_NO_DUE = 1e12
#: PostgreSQL and SQLite take tens of thousands of parameters; a slice is quick to plan.
_SLICE = 500


class Priority(IntEnum):
    """Who is served first."""

    INTERACTIVE = 0  #: Somebody waits for this one.
    BATCH = 1  #: A folder of work.
    REGRADE = 2  #: Has a grade already.


class JobState(Enum):
    """Where a job stands."""

    WAITING = "waiting"  #: For the next worker that has time.
    LEASED = "leased"  #: A worker has it.
    DONE = "done"  #: Its grade is stored.
    HELD = "held"  #: We failed too often; a person must look.


@dataclass(frozen=True)
class Wish:
    """What a worker asks for: at most `count` jobs of these units (and of one batch, if named).

    Who asks for more has finished all that he had; whatever he still holds waits again.  With 0 it is a sign of life.
    """

    holder: str
    units: tuple[str, ...]
    count: int
    batch: str = ""


Ticket = tuple[int, int]  #: number of a submission, token


@dataclass(frozen=True)
class Claim:
    """A job that its holder may finish, as long as nobody has claimed it after him."""

    submission: Submission
    token: int
    failures: int
    lost: int
    least: int  #: place in the unit's sequence of bundles that the result must have at least

    @property
    def ticket(self) -> Ticket:
        """What the job's row must carry when the work comes back."""
        return self.submission.id, self.token

    @property
    def alone(self) -> bool:
        """To be tried by itself, on a fresh box."""
        return self.failures >= FAILURES - 1 or self.lost >= _ALONE


class Queue:
    """The jobs of one store.  Claims and results go through Store.exchange."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def again(self, ids: Sequence[int], *, priority: Priority, batch: str = "", least: int = 0) -> None:
        """Let these be graded (again), with all their tries before them; who has one of them now has it no longer."""
        with database.writing(self._engine) as connection:
            for part in _slices(ids):
                known = connection.execute(select(schema.submission).where(schema.submission.c.id.in_(part))).all()
                for row in known:
                    _queue(connection, row, priority=priority, batch=batch, least=least)

    def mark(self, ids: Sequence[int], batch: str) -> None:
        """Give the open jobs among these a common name, by which one command can claim and count them."""
        table = schema.job
        with database.writing(self._engine) as connection:
            for part in _slices(ids):
                mine = and_(table.c.submission_id.in_(part), table.c.state.in_(_OPEN))
                connection.execute(update(table).where(mine).values(batch=batch))

    def open(self, units: Sequence[str], batch: str = "") -> int:
        """How many jobs of these units (and of one batch, if named) are not yet done or held."""
        table = schema.job
        query = select(func.count()).where(table.c.unit.in_(list(units)), table.c.state.in_(_OPEN))
        if batch:
            query = query.where(table.c.batch == batch)
        with database.reading(self._engine) as connection:
            return int(connection.execute(query).scalar() or 0)

    def beat(self, holder: str) -> None:
        """A sign of life: the holder's leases last LEASE_S from now."""
        with database.writing(self._engine) as connection:
            beat(connection, holder)

    def release(self, holder: str, ids: Collection[int] | None = None) -> None:
        """Give leases back (these, or all): the work waits again and nothing is charged."""
        table = schema.job
        mine = _leases(holder) if ids is None else and_(_leases(holder), table.c.submission_id.in_(list(ids)))
        with database.writing(self._engine) as connection:
            connection.execute(update(table).where(mine).values(state=JobState.WAITING.value, holder=""))

    def forfeit(self, holder: str, blamed: int | None = None, reason: str = "") -> None:
        """The holder is dead.  If it is known what it was at, that is charged a failure; else each of its leases is lost once."""
        table = schema.job
        with database.writing(self._engine) as connection:
            for row in connection.execute(select(table).where(_leases(holder))).all():
                if blamed is None:
                    _lose(connection, row)
                elif row.submission_id == blamed:
                    fail(connection, row, reason)
                else:
                    _set(connection, row.submission_id, state=JobState.WAITING.value, holder="")

    def holders(self) -> dict[str, int]:
        """Who has leases, and how many."""
        table = schema.job
        query = select(table.c.holder, func.count()).where(table.c.state == JobState.LEASED.value)
        with database.reading(self._engine) as connection:
            return {name: int(count) for name, count in connection.execute(query.group_by(table.c.holder))}

    def waits(self, units: Sequence[str], batch: str = "") -> bool:
        """Whether there is anything that a worker could claim now."""
        with database.reading(self._engine) as connection:
            return bool(_claimable(connection, Wish("", tuple(units), 1, batch), clock(connection)))

    def counts(self) -> dict[JobState, int]:
        """Jobs by state."""
        query = select(schema.job.c.state, func.count()).group_by(schema.job.c.state)
        with database.reading(self._engine) as connection:
            return {JobState(state): int(count) for state, count in connection.execute(query)}

    def sweep(self, units: Sequence[str]) -> int:
        """Queue again what the other rows say is missing: no grade, not held, and no open job.  -> how many"""
        job, table = schema.job, schema.submission
        ungraded = table.c.state.in_([State.RECEIVED.value, State.RETRY.value])
        closed = or_(job.c.state.is_(None), job.c.state.not_in(_OPEN))
        query = select(table).outerjoin(job, job.c.submission_id == table.c.id).where(ungraded, closed)
        query = query.where(table.c.unit.in_(list(units))).order_by(table.c.id)
        with database.reading(self._engine) as connection:
            if not connection.execute(query.limit(1)).all():
                return 0
        with database.writing(self._engine) as connection:
            found = connection.execute(query).all()
            for row in found:
                _queue(connection, row, priority=Priority.BATCH)
        return len(found)


_OPEN = (JobState.WAITING.value, JobState.LEASED.value)
# Written once: these run for every submission.
_OWNED = select(schema.job).where(
    schema.job.c.submission_id.in_(bindparam("ids", expanding=True)),
    schema.job.c.state != JobState.DONE.value,
)
_LEASED = (
    update(schema.job)
    .where(schema.job.c.submission_id == bindparam("whose"))
    .values(state=JobState.LEASED.value, token=bindparam("ticket"), holder=bindparam("by"), until=bindparam("end"))
)
_DONE = (
    update(schema.job)
    .where(schema.job.c.submission_id == bindparam("whose"))
    .values(state=JobState.DONE.value, holder="", lost=0)
)


# In a transaction of the store's


def clock(connection: Connection) -> float:
    """Seconds since 1970 on the database's own clock: those of several machines may differ."""
    if connection.dialect.name == "sqlite":
        now: Any = literal_column("(julianday('now') - 2440587.5) * 86400.0")
    else:
        now = cast(func.extract("epoch", func.clock_timestamp()), Float)
    return float(connection.execute(select(now)).scalar() or 0.0)


def put(connection: Connection, submission: Submission, priority: Priority, due: datetime | None) -> None:
    """The job of a submission that has just been accepted."""
    now = clock(connection)
    values = {
        "submission_id": submission.id,
        "unit": submission.unit,
        "student": submission.student,
        "state": JobState.WAITING.value,
        "priority": int(priority),
        "turn": _turn(connection, submission.id, submission.student, priority, now),
        "due": due.astimezone(UTC).timestamp() if due is not None else _NO_DUE,
        "batch": "",
        "token": 0,
        "holder": "",
        "until": 0.0,
        "lost": 0,
        "least": 0,
    }
    connection.execute(insert(schema.job).values(values))


def claim(connection: Connection, wish: Wish) -> tuple[Claim, ...]:
    """Lease up to `count` jobs, the most urgent first; one that must be alone comes alone."""
    now = clock(connection)
    if wish.count:
        # It has nothing left that it knows of: the answer to an earlier claim was lost on the way, or a give-back failed.
        connection.execute(
            update(schema.job).where(_leases(wish.holder)).values(state=JobState.WAITING.value, holder="")
        )
    else:
        beat(connection, wish.holder, now)
    claims: list[Claim] = []
    while not claims and (found := _claimable(connection, wish, now)):
        _lease(connection, wish, now, found, claims)  # each look leases something, or holds it for a person
    return tuple(claims)


def _lease(connection: Connection, wish: Wish, now: float, found: Sequence[Row[Any]], claims: list[Claim]) -> None:
    for row in found:
        expired = row.job_state == JobState.LEASED.value
        if expired and _lose(connection, row) is JobState.HELD:
            continue  # nobody gave a sign of life for it, once too often
        lost = row.lost + expired
        claimed = Claim(rows.to_submission(row), row.token + 1, row.failures, lost, row.least)
        if claimed.alone and claims:
            break
        claims.append(claimed)
        if claimed.alone:
            break
    if claims:
        terms = {"by": wish.holder, "end": now + LEASE_S}
        connection.execute(_LEASED, [{"whose": c.submission.id, "ticket": c.token, **terms} for c in claims])


def beat(connection: Connection, holder: str, now: float | None = None) -> None:
    """All leases of the holder last LEASE_S from now."""
    until = (clock(connection) if now is None else now) + LEASE_S
    connection.execute(update(schema.job).where(_leases(holder)).values(until=until))


def owned(connection: Connection, claims: Sequence[Claim]) -> dict[Ticket, Row[Any]]:
    """The jobs that still carry their claim's token: an expired lease that nobody took since is still good."""
    found = connection.execute(_OWNED, {"ids": [claimed.submission.id for claimed in claims]})
    tickets = {claimed.ticket for claimed in claims}
    return {ticket: row for row in found if (ticket := (row.submission_id, row.token)) in tickets}


def done(connection: Connection, ids: Sequence[int]) -> None:
    """They have their grades."""
    connection.execute(_DONE, [{"whose": id} for id in ids])


def fail(connection: Connection, row: Row[Any], reason: str) -> JobState:
    """Our side failed: it waits again, after the third time only when a person says so."""
    table = schema.submission
    failures = int(connection.execute(select(table.c.failures).where(table.c.id == row.submission_id)).scalar_one()) + 1
    held = failures >= FAILURES
    _stand(connection, row.submission_id, State.HELD if held else State.RETRY, failures, reason)
    state = JobState.HELD if held else JobState.WAITING
    # The claim ends with it: the same failure told again (its answer was lost) is not charged again.
    _set(connection, row.submission_id, state=state.value, holder="", token=row.token + 1)
    return state


def _lose(connection: Connection, row: Row[Any]) -> JobState:
    """Its grader died while it had it.  That is rarely the submission's doing, but it must have an end."""
    held = row.lost + 1 >= LOST
    state = JobState.HELD if held else JobState.WAITING
    _set(connection, row.submission_id, state=state.value, holder="", lost=row.lost + 1)
    if held:
        reason = f"{LOST} graders died while they had it"
        _stand(connection, row.submission_id, State.HELD, FAILURES, reason)
    return state


def _queue(connection: Connection, row: Row[Any], *, priority: Priority, batch: str = "", least: int = 0) -> None:
    """Let a submission wait (again); the token moves on, so what runs of it now is refused when it ends."""
    table = schema.job
    known = connection.execute(select(table.c.least).where(table.c.submission_id == row.id)).scalar()
    if known is None:
        put(connection, rows.to_submission(row), priority, None)
    _set(
        connection,
        row.id,
        state=JobState.WAITING.value,
        priority=int(priority),
        turn=_turn(connection, row.id, row.student, priority, clock(connection)),
        batch=batch,
        token=table.c.token + 1,
        holder="",
        lost=0,
        least=max(least, known or 0),
    )
    state = State(row.state)
    _stand(connection, row.id, State.RETRY if state is State.HELD else state, 0, "")


def _claimable(connection: Connection, wish: Wish, now: float) -> list[Row[Any]]:
    """The most urgent jobs that nobody has, with their submissions."""
    terms = {"units": list(wish.units), "name": wish.batch, "now": now, "count": wish.count}
    found = [row for query in _looks(bool(wish.batch)) for row in connection.execute(query, terms)]
    return sorted(found, key=lambda row: (row.priority, row.turn, row.due, row.submission_id))[: wish.count]


@cache
def _looks(named: bool) -> tuple[Select[Any], ...]:
    """Two looks, each along an index: with OR the database would sort everything that waits."""
    job, table = schema.job, schema.submission
    wanted = [
        job.c.unit.in_(bindparam("units", expanding=True)),
        *([job.c.batch == bindparam("name")] if named else []),
    ]
    columns: list[Any] = [table, *(c for c in job.c if c.name not in table.c), job.c.state.label("job_state")]
    query = select(*columns).join(table, table.c.id == job.c.submission_id).where(*wanted)
    query = query.order_by(job.c.priority, job.c.turn, job.c.due, job.c.submission_id)
    query = query.limit(bindparam("count", type_=Integer))
    expired = and_(job.c.state == JobState.LEASED.value, job.c.until < bindparam("now"))
    return query.where(job.c.state == JobState.WAITING.value), query.where(expired)


def _turn(connection: Connection, submission_id: int, student: str, priority: Priority, now: float) -> int:
    """This turn, or the one after the student's last waiting work: a hundred files of one student do not stop the others."""
    table = schema.job
    mine = and_(table.c.student == student, table.c.state == JobState.WAITING.value)
    others = and_(mine, table.c.priority == int(priority), table.c.submission_id != submission_id)
    last = connection.execute(select(func.max(table.c.turn)).where(others)).scalar()
    this = int(now // TURN_S)
    return max(this, int(last) + 1) if last is not None else this


def _leases(holder: str) -> Any:
    return and_(schema.job.c.holder == holder, schema.job.c.state == JobState.LEASED.value)


def _set(connection: Connection, submission_id: int, **values: Any) -> None:
    connection.execute(update(schema.job).where(schema.job.c.submission_id == submission_id).values(values))


def _stand(connection: Connection, submission_id: int, state: State, failures: int, reason: str) -> None:
    table = schema.submission
    values = {"state": state.value, "failures": failures, "reason": rows.plain(reason)}
    connection.execute(update(table).where(table.c.id == submission_id).values(values))


def _slices(ids: Sequence[int]) -> Iterator[list[int]]:
    for start in range(0, len(ids), _SLICE):
        yield list(ids[start : start + _SLICE])
