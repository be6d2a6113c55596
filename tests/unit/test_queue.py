"""The queue gives each job to one worker at a time, in a fair order, believes only who has it last, and loses nothing."""

from __future__ import annotations

import math
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import delete, event, insert, select, text, update
from sqlalchemy.exc import OperationalError

from autograder import store as store_module
from autograder.errors import StoreError
from autograder.records import CheckResult, ExerciseScore, Score, Submission, Verdict
from autograder.store import (
    Claim,
    Finished,
    Grading,
    JobState,
    Priority,
    Standing,
    State,
    Store,
    Wish,
    database,
    queue,
    results,
    schema,
)
from autograder.store import store as store_code

ROOT = Path(__file__).parents[2]
MOMENT = datetime(2027, 3, 5, 23, 59, tzinfo=UTC)
ALL = ("tiny", "other")
_numbers = count()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def place(request, tmp_path) -> tuple[Path, str | None]:
    """A folder and a database: the same promises on both engines."""
    return tmp_path / "state", request.getfixturevalue("postgres") if request.param == "postgresql" else None


@pytest.fixture
def store(place):
    with store_module.open(*place) as opened:
        opened.register_bundle("first", "tiny", b"tests")
        opened.register_bundle("first", "other", b"tests")
        yield opened


class Clock:
    """The database's clock, stopped at the beginning of a turn."""

    now = 60_000_000.0 * queue.TURN_S
    turn = 60_000_000


@pytest.fixture
def clock(monkeypatch) -> Clock:
    """For tests in which a turn must not end by itself."""
    stopped = Clock()
    monkeypatch.setattr(queue, "clock", lambda connection: stopped.now)
    return stopped


def hand_in(store: Store, student="ada", unit="tiny", priority: Priority | None = Priority.BATCH, due=None) -> int:
    """-> the number of a new submission that waits"""
    data = b"work %d" % next(_numbers)
    return store.accept(student, unit, data, "a.ipynb", priority=priority, due=due)[0].id


def crowd(store: Store, size: int) -> list[int]:
    """So many submissions of as many students, all waiting, in two transactions."""
    row = {"unit": "tiny", "attempt": 1, "received": MOMENT, "blob": "0" * 64, "filename": "a.ipynb", "notes": []}
    more = {"state": State.RECEIVED.value, "failures": 0, "reason": ""}
    with database.writing(store._engine) as connection:
        connection.execute(
            insert(schema.submission), [{"student": f"s{number}", **row, **more} for number in range(size)]
        )
    assert store.queue.sweep(["tiny"]) == size
    return [one.id for one in store.submissions()]


def claimed(store: Store, holder="", count=1, units=("tiny",), batch="") -> tuple[Claim, ...]:
    """Claimed by a worker, if not named by one that nobody else is."""
    holder = holder or f"worker {next(_numbers)}"
    return store.exchange(wish=Wish(holder, units, count, batch))[1]


def claimed_ids(store: Store, holder="", count=100, units=ALL, batch="") -> list[int]:
    return [claim.submission.id for claim in claimed(store, holder, count, units, batch)]


def served(store: Store, size: int) -> list[int]:
    """All that waits, claimed by so many at a time."""
    ids: list[int] = []
    while more := claimed_ids(store, count=size):
        ids += more
    return ids


def a_grading(total=3.0, bundle="first", verdict=Verdict.PARTIAL, **provenance) -> Grading:
    score = Score((ExerciseScore("softmax", total, 4.0, verdict),), total, 0.0, total, 4.0, 0, verdict)
    check = CheckResult("softmax", "tiny/test", "Rows sum to one.", verdict, 1.0, total)
    return Grading(bundle, score, [check], provenance)


def finish(store: Store, claim: Claim, total=3.0, bundle="first") -> bool:
    """-> whether it was kept"""
    return store.exchange([Finished(claim, a_grading(total, bundle))])[0][0]


def fail(store: Store, claim: Claim, reason="the box broke") -> bool:
    """-> whether it was charged"""
    return store.exchange([Finished(claim, None, reason)])[0][0]


def totals(store: Store, id: int) -> list[float]:
    return [result.score.total for result in store.results(id)]


def job(store: Store, id: int):
    """The row of a job, or none."""
    with database.reading(store._engine) as connection:
        return connection.execute(select(schema.job).where(schema.job.c.submission_id == id)).first()


def jobs(store: Store) -> list[tuple]:
    """All that the queue knows."""
    with database.reading(store._engine) as connection:
        return [tuple(row) for row in connection.execute(select(schema.job).order_by(schema.job.c.submission_id))]


def change(store: Store, id: int, **values) -> None:
    with database.writing(store._engine) as connection:
        connection.execute(update(schema.job).where(schema.job.c.submission_id == id).values(values))


def expire(store: Store, *ids: int) -> None:
    """As if their leases had ended long ago."""
    for id in ids:
        change(store, id, until=1.0)


def drop(store: Store, id: int) -> None:
    """As if there had never been a job."""
    with database.writing(store._engine) as connection:
        connection.execute(delete(schema.job).where(schema.job.c.submission_id == id))


def now(store: Store) -> float:
    """What the database says itself, in whole seconds."""
    query = "SELECT CAST(strftime('%s', 'now') AS INTEGER)"
    if store._engine.dialect.name == "postgresql":
        query = "SELECT CAST(floor(extract(epoch FROM clock_timestamp())) AS bigint)"
    with database.reading(store._engine) as connection:
        return connection.exec_driver_sql(query).scalar()


# ---------------------------------------------------------------- entering


def test_accepted_work_waits_from_its_receipt_on(store):
    """Accepting with a place in the queue makes one job, which gives the whole submission to who claims it."""
    taken, _ = store.accept("ada", "tiny", b"work", "a.ipynb", notes=["A note."], priority=Priority.INTERACTIVE)
    assert store.queue.counts() == {JobState.WAITING: 1}
    row = job(store, taken.id)
    assert (row.unit, row.student, row.priority, row.token, row.lost, row.least) == ("tiny", "ada", 0, 0, 0, 0)
    assert claimed(store) == (Claim(taken, 1, 0, 0, 0),)


def test_the_job_comes_in_the_transaction_of_the_receipt(store, monkeypatch):
    """If the job cannot be written the work is not accepted: nothing was acknowledged that nobody would grade."""

    def breaks(*_):
        raise RuntimeError("no job today")

    with monkeypatch.context() as patch:
        patch.setattr(queue, "put", breaks)
        with pytest.raises(RuntimeError):
            hand_in(store)
    assert store.submissions() == ()
    hand_in(store)
    assert len(store.submissions()) == len(jobs(store)) == 1


def test_work_that_no_worker_takes_has_no_job(store):
    """Without a priority (a quiz) there is nothing to claim."""
    id = hand_in(store, priority=None)
    assert job(store, id) is None
    assert not store.queue.waits(ALL)
    assert claimed(store, units=ALL) == ()


@pytest.mark.parametrize("stage", ["waits", "runs", "is graded"])
def test_the_same_bytes_again_make_no_second_job(store, stage):
    """A retried upload, even a more urgent one, changes nothing of the job that is there."""
    work = ("ada", "tiny", b"work", "a.ipynb")
    store.accept(*work, priority=Priority.BATCH)
    claims = claimed(store) if stage != "waits" else ()
    if stage == "is graded":
        finish(store, *claims)
    before = jobs(store)
    store.accept(*work, priority=Priority.INTERACTIVE, due=MOMENT)
    assert jobs(store) == before
    assert len(before) == 1


# ---------------------------------------------------------------- claims and leases


def test_a_claim_is_a_new_token_and_a_lease(store):
    """The holder has it for LEASE_S on the database's clock, and while that lasts nobody else gets it."""
    id = hand_in(store)
    before = now(store)
    (claim,) = claimed(store, "w1")
    after = now(store) + 1
    row = job(store, id)
    assert (row.state, row.token, row.holder) == ("leased", 1, "w1") == ("leased", claim.token, "w1")
    assert before + queue.LEASE_S - 0.01 <= row.until <= after + queue.LEASE_S
    assert claimed(store, "w2") == claimed(store, "w3") == ()
    assert not store.queue.waits(ALL)


def test_a_lease_ends_when_its_time_is_over_and_no_sooner(store, clock):
    """At the last moment it is still the holder's; after that it is anybody's, and `waits` says so."""
    hand_in(store)
    claimed(store, "w1")
    clock.now += queue.LEASE_S
    assert not store.queue.waits(["tiny"])
    assert claimed(store, "w2") == ()
    clock.now += 0.001
    assert store.queue.waits(["tiny"])
    assert [claim.token for claim in claimed(store, "w2")] == [2]
    assert claimed(store, "w3") == ()


def test_who_lost_his_lease_is_not_believed(store):
    """After another's claim the first one's result and failure are refused and change nothing; the second's counts."""
    id = hand_in(store)
    (first,) = claimed(store, "w1")
    expire(store, id)
    (second,) = claimed(store, "w2")
    assert (first.token, second.token) == (1, 2)
    before = jobs(store), store.standing(id)
    assert not finish(store, first, total=1.0)
    assert not fail(store, first)
    assert (jobs(store), store.standing(id)) == before
    assert store.results(id) == ()
    assert finish(store, second, total=2.0)
    assert not finish(store, first, total=1.0)
    assert totals(store, id) == [2.0]


def test_who_lost_his_lease_is_not_believed_after_the_other_gave_it_back(store):
    """The token of the last claim decides, whether or not somebody has the job now."""
    id = hand_in(store)
    (first,) = claimed(store, "w1")
    expire(store, id)
    claimed(store, "w2")
    store.queue.release("w2")
    assert not finish(store, first)
    assert store.results(id) == ()


def test_an_expired_lease_that_nobody_took_is_still_good(store):
    """A worker that was slow to answer has not worked for nothing."""
    id = hand_in(store)
    (claim,) = claimed(store)
    expire(store, id)
    assert finish(store, claim)
    assert store.standing(id) == Standing(State.GRADED, 0, "")
    assert store.queue.counts() == {JobState.DONE: 1}


def test_nobody_is_believed_about_what_he_never_had(store):
    """A token of the future, of another job, or of a submission that is not there: refused."""
    id, other = hand_in(store), hand_in(store, "bob")
    (claim,) = claimed(store)
    wrong = [
        Claim(claim.submission, 2, 0, 0, 0),
        Claim(claim.submission, 0, 0, 0, 0),
        Claim(store.submission(other), claim.token, 0, 0, 0),
        Claim(Submission(99, "eve", "tiny", 1, MOMENT, "", ""), 1, 0, 0, 0),
    ]
    assert store.exchange([Finished(one, a_grading()) for one in wrong])[0] == (False,) * 4
    assert store.results(id) == store.results(other) == ()


def test_a_result_that_is_told_twice_is_kept_once(store):
    """The answer to a commit may be lost: told again, the same result is kept (True) and is still one."""
    id = hand_in(store)
    finished = [Finished(claim, a_grading()) for claim in claimed(store)]
    assert store.exchange(finished)[0] == store.exchange(finished)[0] == (True,)
    assert len(store.results(id)) == 1
    store.queue.again([id], priority=Priority.REGRADE)
    assert store.exchange(finished)[0] == (True,)  # even if it waits again by now
    assert store.queue.counts() == {JobState.WAITING: 1}
    assert len(store.results(id)) == 1


def test_a_result_counts_once_even_within_a_batch(store):
    """The same claim twice in one exchange: one result."""
    id = hand_in(store)
    (claim,) = claimed(store)
    assert store.exchange([Finished(claim, a_grading(1.0)), Finished(claim, a_grading(2.0))])[0] == (True, True)
    assert totals(store, id) == [1.0]


def test_a_failure_counts_once_even_within_a_batch(store):
    """The same claim twice in one exchange: one failure."""
    id = hand_in(store)
    (claim,) = claimed(store)
    store.exchange([Finished(claim, None, "no box"), Finished(claim, None, "no box")])
    assert store.standing(id) == Standing(State.RETRY, 1, "no box")


def test_a_result_names_the_claim_that_measured_it(store):
    """The token is kept with the result; none where no worker measured it."""
    id = hand_in(store)
    finish(store, *claimed(store))
    store.queue.again([id], priority=Priority.REGRADE)
    (claim,) = claimed(store)
    finish(store, claim)
    store.save_result(id, a_grading())
    with database.reading(store._engine) as connection:
        tokens = connection.execute(select(schema.result.c.token).order_by(schema.result.c.id)).scalars().all()
    assert tokens == [1, claim.token, None]


def test_a_worker_gets_as_many_as_it_wants(store):
    """At most `count`, fewer if there are no more; none for a count of none; nothing without a wish."""
    ids = [hand_in(store, student) for student in ("ada", "bob", "eve")]
    assert claimed(store, count=0) == store.exchange()[1] == ()
    assert claimed_ids(store, count=2) == ids[:2]
    assert claimed_ids(store, count=2) == ids[2:]


def test_results_and_new_work_go_in_one_exchange(store):
    """What was finished is kept and the next job comes with the same answer."""
    first, second = hand_in(store), hand_in(store, "bob")
    (claim,) = claimed(store)
    kept, claims = store.exchange([Finished(claim, a_grading())], Wish("w1", ("tiny",), 5))
    assert kept == (True,)
    assert [one.submission.id for one in claims] == [second]
    assert store.standing(first).state is State.GRADED


# ---------------------------------------------------------------- batches


def test_in_a_batch_each_is_judged_alone(store):
    """Stale ones are refused, the rest is kept, each told in its place."""
    ids = [hand_in(store, student) for student in ("ada", "bob", "eve", "kim")]
    claims = claimed(store, count=4)
    expire(store, ids[0], ids[2])
    claimed(store, "w2", count=4)
    kept, _ = store.exchange([Finished(claim, a_grading()) for claim in claims])
    assert kept == (False, True, False, True)
    assert [len(store.results(id)) for id in ids] == [0, 1, 0, 1]


BAD = {
    "not registered": ({"bundle": "nobody's"}, "not registered"),
    "not graded": ({"verdict": Verdict.NOT_GRADED}, "not graded"),
    "no JSON": ({"seed": object()}, "JSON"),
    "NaN in JSON": ({"loss": math.nan}, "JSON"),
    "points that are no number": ({"total": math.nan}, "JSON"),
}


@pytest.mark.parametrize(("what", "why"), BAD.values(), ids=BAD)
def test_what_cannot_be_kept_costs_its_neighbours_nothing(store, what, why):
    """It becomes a failure of ours, with the reason, and waits again; those before and after it are kept."""
    ids = [hand_in(store, student) for student in ("ada", "bob", "eve")]
    claims = claimed(store, count=3)
    gradings = [a_grading(), a_grading(**what), a_grading()]
    kept, _ = store.exchange([Finished(*one) for one in zip(claims, gradings, strict=True)])
    assert kept == (True, True, True)
    standing = store.standing(ids[1])
    assert (standing.state, standing.failures) == (State.RETRY, 1)
    assert standing.reason.startswith("the result could not be kept: ")
    assert why in standing.reason
    assert len(standing.reason) <= 500
    assert "\n" not in standing.reason
    assert [len(store.results(id)) for id in ids] == [1, 0, 1]
    assert store.queue.counts() == {JobState.WAITING: 1, JobState.DONE: 2}
    assert claimed_ids(store) == [ids[1]]


def test_a_batch_takes_hardly_more_statements_than_one_result(store):
    """What a statement costs, each of a thousand submissions would pay again."""
    statements: list[str] = []
    event.listen(store._engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    counts = []
    for size in (1, 12):
        for number in range(size):
            hand_in(store, f"student{number}")
        claims = claimed(store, count=size)
        assert len(claims) == size
        statements.clear()
        assert store.exchange([Finished(claim, a_grading()) for claim in claims])[0] == (True,) * size
        counts.append(len(statements))
    assert counts[1] <= counts[0] + 1, statements


def test_a_refused_result_leaves_nothing_of_itself(store, monkeypatch):
    """The savepoint takes back what was written for it: the old grade is still the current one."""
    id = hand_in(store)
    finish(store, *claimed(store), total=1.0)
    store.queue.again([id], priority=Priority.REGRADE)
    (claim,) = claimed(store)

    def breaks(*_):  # asked for when the old result has been retired
        raise StoreError("too much")

    with monkeypatch.context() as patch:
        patch.setattr(results.rows, "grading_columns", breaks)
        finish(store, claim, total=2.0)
    assert store.result(id).score.total == 1.0
    assert store.standing(id) == Standing(State.RETRY, 1, "the result could not be kept: too much")


def test_what_is_stale_and_cannot_be_kept_is_only_refused(store):
    """A bad result of somebody who has the job no longer charges it nothing."""
    id = hand_in(store)
    (claim,) = claimed(store, "w1")
    expire(store, id)
    claimed(store, "w2")
    assert not finish(store, claim, bundle="nobody's")
    assert store.standing(id) == Standing(State.RECEIVED, 0, "")


@pytest.mark.parametrize("where", ["second result", "claim"])
def test_an_error_in_the_middle_leaves_nothing(store, monkeypatch, where):
    """An exchange happens as a whole or not at all, and may be tried again."""
    ids = [hand_in(store, student) for student in ("ada", "bob", "eve")]
    finished = [Finished(claim, a_grading()) for claim in claimed(store, count=2)]
    before, real = jobs(store), (results.keep, queue.claim)

    def keep(connection, ends):
        if where != "claim" and any(one is finished[1] for one, _ in ends):
            raise RuntimeError("power cut")
        return real[0](connection, ends)

    def claim(*given):
        real[1](*given)
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(results, "keep", keep)
        patch.setattr(queue, "claim", claim)
        with pytest.raises(RuntimeError):
            store.exchange(finished, Wish("w1", ("tiny",), 1))
    assert jobs(store) == before
    assert [store.results(id) for id in ids] == [(), (), ()]
    assert {store.standing(id).state for id in ids} == {State.RECEIVED}
    kept, claims = store.exchange(finished, Wish("w1", ("tiny",), 1))
    assert (kept, [one.submission.id for one in claims]) == ((True, True), [ids[2]])


def test_what_the_database_refuses_is_nobodys_failure(store, monkeypatch):
    """A full disk in the middle of a batch: nothing has happened, nothing is charged, and it may be tried again."""
    id = hand_in(store)
    finished = [Finished(claim, a_grading()) for claim in claimed(store)]

    keep = results.keep

    def full(connection, ends):  # there is room for a failure yet
        if any(one.grading is not None for one, _ in ends):
            raise OperationalError("INSERT", {}, Exception("database or disk is full"))
        return keep(connection, ends)

    with monkeypatch.context() as patch:
        patch.setattr(results, "keep", full)
        with pytest.raises(StoreError, match="full"):
            store.exchange(finished)
    assert store.standing(id) == Standing(State.RECEIVED, 0, "")
    assert store.exchange(finished)[0] == (True,)


def test_a_worker_that_is_killed_in_an_exchange_leaves_nothing(store, place):
    """Killed after the result was written and the next job claimed, before the commit: neither has happened."""
    code = """
import os, signal, sys
from pathlib import Path
from autograder import store
from autograder.records import Score, Verdict
from autograder.store import Finished, Grading, Wish, queue
opened, wish = store.open(Path(sys.argv[1]), sys.argv[2] or None), Wish("w1", ("tiny",), 1)
_, (claim,) = opened.exchange(wish=wish)
real = queue.claim
def killed(*given):
    real(*given)
    os.kill(os.getpid(), signal.SIGKILL)
queue.claim = killed
opened.exchange([Finished(claim, Grading("first", Score((), 1.0, 0.0, 1.0, 4.0, 0, Verdict.PARTIAL), [], {}))], wish)
"""
    ids = [hand_in(store, student) for student in ("ada", "bob")]
    process = subprocess.run([sys.executable, "-c", code, str(place[0]), place[1] or ""], cwd=ROOT, timeout=120)
    assert process.returncode == -signal.SIGKILL
    assert [(job(store, id).state, job(store, id).token) for id in ids] == [("leased", 1), ("waiting", 0)]
    assert store.results(ids[0]) == ()
    assert claimed_ids(store, "w2") == [ids[1]]


# ---------------------------------------------------------------- order


SIZES = (1, 2, 100)  #: The order is the same however many a worker asks for.


@pytest.mark.parametrize("size", SIZES)
def test_who_waits_in_person_comes_first(store, size):
    """Interactive work before a folder's, that before a regrade, whatever the order and the deadlines."""
    regrade = hand_in(store, "ada", priority=Priority.REGRADE, due=MOMENT)
    batch = hand_in(store, "bob", priority=Priority.BATCH, due=MOMENT + timedelta(days=1))
    person = hand_in(store, "eve", priority=Priority.INTERACTIVE)
    for id, turn in ((regrade, 1), (batch, 2), (person, 3)):
        change(store, id, turn=turn)
    assert served(store, size) == [person, batch, regrade]


@pytest.mark.parametrize("size", SIZES)
def test_the_earliest_deadline_is_first_in_a_turn(store, clock, size):
    """By the moment, whatever its time zone; without a deadline last; of equals the one that came first."""
    west = timezone(timedelta(hours=-8))
    none, late, equal, soon, last = (
        hand_in(store, student, due=due)
        for student, due in (
            ("ada", None),
            ("bob", MOMENT + timedelta(minutes=1)),
            ("eve", (MOMENT + timedelta(minutes=1)).astimezone(west)),
            ("kim", MOMENT.astimezone(west)),
            ("zoe", None),
        )
    )
    assert served(store, size) == [soon, late, equal, none, last]


@pytest.mark.parametrize("size", SIZES)
def test_an_earlier_turn_comes_before_a_deadline(store, clock, size):
    """Nobody starves: work without a deadline waits no longer than its turn, however urgent what comes later is."""
    patient = hand_in(store, "ada")
    clock.now += queue.TURN_S - 0.001
    same = hand_in(store, "bob", due=MOMENT)
    clock.now += 0.001
    later = hand_in(store, "eve", due=MOMENT)
    assert [job(store, id).turn for id in (patient, same, later)] == [clock.turn, clock.turn, clock.turn + 1]
    assert served(store, size) == [same, patient, later]


def test_a_hundred_files_of_one_do_not_stop_the_others(store, clock):
    """What another student hands in later comes right after the first of them."""
    many = [hand_in(store, "ada") for _ in range(100)]
    bob, eve = hand_in(store, "bob"), hand_in(store, "eve", unit="other")
    assert claimed_ids(store, count=5) == [many[0], bob, eve, many[1], many[2]]


def test_each_waiting_work_of_a_student_is_one_turn_later(store, clock):
    """Counted over the units, only what still waits: who has nothing waiting is served in this turn."""
    ids = [hand_in(store, "ada"), hand_in(store, "ada", "other"), hand_in(store, "ada")]
    assert [job(store, id).turn - clock.turn for id in ids] == [0, 1, 2]
    assert len(claimed(store, count=2, units=ALL)) == 2
    assert job(store, hand_in(store, "ada")).turn == clock.turn + 3
    assert len(claimed(store, count=9, units=ALL)) == 2
    assert job(store, hand_in(store, "ada")).turn == clock.turn


def test_a_turn_is_never_in_the_past(store, clock):
    """Work that waits since long ago does not give the student's next one an old turn too."""
    hand_in(store, "ada")
    clock.now += 10 * queue.TURN_S
    assert job(store, hand_in(store, "ada")).turn == clock.turn + 10


def test_lost_leases_are_served_by_their_urgency(store, clock):
    """An expired lease neither comes before more urgent work nor waits behind less urgent work."""
    ids = [hand_in(store, student) for student in ("ada", "bob", "eve", "kim")]
    change(store, ids[0], priority=2)
    change(store, ids[2], priority=0)
    assert claimed_ids(store, count=1) == [ids[2]]
    assert claimed_ids(store, count=1) == [ids[1]]
    expire(store, ids[1], ids[2])
    person = hand_in(store, "zoe", priority=Priority.INTERACTIVE)
    assert claimed_ids(store, count=2) == [ids[2], person]
    assert claimed_ids(store) == [ids[1], ids[3], ids[0]]


# ---------------------------------------------------------------- units and batches


def test_a_worker_gets_only_what_it_serves(store):
    """Jobs of other units stay where they are, waiting or expired."""
    tiny, other = hand_in(store, "ada"), hand_in(store, "bob", "other")
    assert claimed_ids(store, units=("other",)) == [other]
    expire(store, other)
    assert not store.queue.waits(["nothing"])
    assert claimed_ids(store, "w2", units=()) == claimed_ids(store, "w2", units=("nothing",)) == []
    assert claimed_ids(store, "w2", units=("tiny",)) == [tiny]
    assert store.queue.waits(["other"])
    assert not store.queue.waits(["tiny"])


def test_a_command_can_claim_and_count_its_own(store):
    """`mark` names open jobs, whoever has them; who wants a batch gets only its jobs, who names none gets any."""
    ids = [hand_in(store, student) for student in ("ada", "bob", "eve", "kim")]
    (held,) = claimed(store, "w1")
    store.queue.mark(ids[:3], "mine")
    assert store.queue.open(["tiny"], "mine") == 3
    assert store.queue.open(["tiny"]) == 4
    assert store.queue.open(["other"], "mine") == store.queue.open(["tiny"], "yours") == 0
    assert not store.queue.waits(["tiny"], "yours")
    assert claimed_ids(store, "w2", count=1, batch="mine") == [ids[1]]
    assert finish(store, held)  # a name takes nothing away from who has it
    assert claimed_ids(store, "w3", batch="mine") == [ids[2]]
    assert not store.queue.waits(["tiny"], "mine")
    assert store.queue.waits(["tiny"])
    assert claimed_ids(store) == [ids[3]]


def test_a_batch_is_served_in_the_same_order(store):
    """By urgency, not by number, also where only one is asked for."""
    ids = [hand_in(store, student) for student in ("ada", "bob", "eve")]
    for id, priority in zip(ids, (2, 1, 0), strict=True):
        change(store, id, priority=priority, batch="mine")
    assert [claimed_ids(store, count=1, batch="mine") for _ in ids] == [[id] for id in reversed(ids)]


def test_what_is_closed_gets_no_name(store):
    """A job that is done or held is in no batch of later."""
    ids = [hand_in(store, student) for student in ("ada", "bob")]
    finish(store, *claimed(store))
    change(store, ids[1], state="held")
    store.queue.mark(ids, "mine")
    assert [job(store, id).batch for id in ids] == ["", ""]


def test_long_lists_are_taken_whole(store, monkeypatch):
    """However long a list of submissions is, none is left out."""
    monkeypatch.setattr(queue, "_SLICE", 2)
    ids = crowd(store, 5)
    store.queue.mark(ids, "mine")
    assert store.queue.open(["tiny"], "mine") == 5
    assert claimed_ids(store) == ids
    store.queue.again(ids, priority=Priority.REGRADE, batch="again")
    assert claimed_ids(store, batch="again") == ids


# ---------------------------------------------------------------- alone


def test_a_third_try_comes_alone(store, clock):
    """What failed twice is a claim of its own: never behind others in a batch, and nothing behind it."""
    ids = [hand_in(store, student) for student in ("ada", "bob", "eve")]
    with database.writing(store._engine) as connection:
        connection.execute(
            update(schema.submission).where(schema.submission.c.id == ids[1]).values(failures=queue.FAILURES - 1)
        )
    rounds = [claimed(store, count=9) for _ in range(4)]
    assert [[one.submission.id for one in claims] for claims in rounds] == [[ids[0]], [ids[1]], [ids[2]], []]
    assert [[one.alone for one in claims] for claims in rounds] == [[False], [True], [False], []]


@pytest.mark.parametrize(
    ("failures", "lost", "alone"),
    [(0, 0, False), (1, 0, False), (0, 1, False), (1, 1, False), (2, 0, True), (0, 2, True)],
)
def test_from_the_third_try_on_no_neighbour_can_be_guilty(failures, lost, alone):
    """Alone: after two failures of ours, or after two graders that died with it."""
    assert Claim(Submission(1, "ada", "tiny", 1, MOMENT, "", ""), 1, failures, lost, 0).alone is alone


def test_what_was_lost_twice_comes_alone_although_its_lease_is_over(store, clock):
    """Also when the second loss is only seen by the claim, and then it is counted once, whoever gets it."""
    first, lost = hand_in(store, "ada"), hand_in(store, "bob")
    change(store, first, priority=0)
    change(store, lost, lost=1, state="leased", holder="gone", until=1.0, token=7)
    assert claimed_ids(store) == [first]
    (claim,) = claimed(store, count=9)
    assert (claim.submission.id, claim.lost, claim.alone, claim.token) == (lost, 2, True, 8)
    assert job(store, lost).lost == 2


# ---------------------------------------------------------------- failures of ours


def test_three_failures_are_held_for_a_person(store):
    """Each failure waits again with its reason; the third is held, taken by nobody, and nothing is taken away."""
    id = hand_in(store)
    for failures, state in ((1, State.RETRY), (2, State.RETRY), (3, State.HELD)):
        (claim,) = claimed(store)
        assert (claim.failures, claim.token) == (failures - 1, 2 * failures - 1)
        assert fail(store, claim, f"box {failures} broke")
        assert store.standing(id) == Standing(state, failures, f"box {failures} broke")
        assert job(store, id).holder == ""
    assert store.queue.counts() == {JobState.HELD: 1}
    assert not store.queue.waits(ALL)
    assert claimed(store) == ()
    assert not finish(store, claim)
    assert store.results(id) == ()


def test_a_person_lets_it_go_on_with_all_its_tries(store):
    """After `again` what was held waits with no failures, no losses, and a name of the caller's choice."""
    id = hand_in(store)
    for _ in range(queue.FAILURES):
        fail(store, *claimed(store))
    change(store, id, lost=3)
    store.queue.again([id], priority=Priority.INTERACTIVE, batch="mine")
    assert store.standing(id) == Standing(State.RETRY, 0, "")
    assert store.queue.counts() == {JobState.WAITING: 1}
    assert job(store, id).priority == 0
    (claim,) = claimed(store, batch="mine")
    assert (claim.failures, claim.lost, claim.alone) == (0, 0, False)
    assert finish(store, claim)
    assert store.standing(id) == Standing(State.GRADED, 0, "")


def test_who_has_it_when_it_is_asked_for_again_has_it_no_longer(store):
    """A result that was running when a regrade was asked for is refused: it was measured with the old tests."""
    id = hand_in(store)
    (running,) = claimed(store, "w1")
    store.queue.again([id], priority=Priority.REGRADE)
    assert store.queue.holders() == {}
    assert not finish(store, running)
    (fresh,) = claimed(store, "w2")
    assert fresh.token > running.token + 1
    assert not finish(store, running)
    assert finish(store, fresh)
    assert len(store.results(id)) == 1


def test_again_queues_what_never_was_and_knows_no_strangers(store):
    """Work without a job gets one, with the least bundle too; a number that nobody has is passed over."""
    id = hand_in(store, priority=None)
    store.queue.again([99, id], priority=Priority.REGRADE, batch="mine", least=2)
    row = job(store, id)
    assert len(jobs(store)) == 1
    assert (row.state, row.priority, row.batch, row.least) == ("waiting", 2, "mine", 2)
    assert [one.least for one in claimed(store, batch="mine")] == [2]


def test_again_takes_its_turn_now(store, clock):
    """A regrade of old work does not come before what waits already, and a student's many are spread like new ones."""
    ada = [hand_in(store, "ada") for _ in range(2)]
    for claim in claimed(store, count=2):
        finish(store, claim)
    clock.now += 5 * queue.TURN_S
    bob = hand_in(store, "bob", priority=Priority.REGRADE)
    clock.now += queue.TURN_S
    store.queue.again(ada, priority=Priority.REGRADE)
    assert [job(store, id).turn - clock.turn for id in (bob, *ada)] == [5, 6, 7]


def test_the_bundle_that_was_asked_for_reaches_the_worker(store):
    """The least place in the sequence of bundles comes with the claim, and asking again asks for no less."""
    id = hand_in(store)
    assert [one.least for one in claimed(store)] == [0]
    store.queue.again([id], priority=Priority.REGRADE, least=4)
    (claim,) = claimed(store)
    fail(store, claim)
    assert [one.least for one in claimed(store)] == [4]
    store.queue.again([id], priority=Priority.BATCH)
    assert [one.least for one in claimed(store)] == [4]


def test_a_failed_regrade_keeps_the_grade(store):
    """Failures, and being held, take away no result; asked for again, a grade is still a grade."""
    id = hand_in(store)
    finish(store, *claimed(store), total=3.0)
    store.queue.again([id], priority=Priority.REGRADE)
    assert store.standing(id).state is State.GRADED
    for _ in range(queue.FAILURES):
        fail(store, *claimed(store))
        assert store.result(id).score.total == 3.0
    assert store.standing(id).state is State.HELD
    assert store.gradebook()[0].total == 3.0


def test_a_regrade_with_the_same_tests_is_the_grade(store):
    """Of two results of the same bundle the later one counts."""
    id = hand_in(store)
    finish(store, *claimed(store), total=1.0)
    store.queue.again([id], priority=Priority.REGRADE)
    finish(store, *claimed(store), total=2.0)
    assert [(one.score.total, one.current) for one in store.results(id)] == [(1.0, False), (2.0, True)]


def test_a_grade_forgives_what_failed_before(store):
    """The next regrade begins with all its tries."""
    id = hand_in(store)
    fail(store, *claimed(store))
    finish(store, *claimed(store))
    assert store.standing(id) == Standing(State.GRADED, 0, "")
    store.queue.again([id], priority=Priority.REGRADE)
    assert [one.failures for one in claimed(store)] == [0]


def test_a_failure_that_is_told_twice_is_charged_once(store):
    """The answer to a commit may be lost: told again, the same failure is nothing new."""
    id = hand_in(store)
    (claim,) = claimed(store)
    for _ in range(queue.FAILURES):
        fail(store, claim)
    assert store.standing(id) == Standing(State.RETRY, 1, "the box broke")
    assert [one.failures for one in claimed(store)] == [1]


def test_a_claim_ends_with_its_failure(store):
    """Who gave up on a job has it no longer: a result of the same claim is refused."""
    id = hand_in(store)
    (claim,) = claimed(store)
    fail(store, claim)
    assert not finish(store, claim)
    assert store.standing(id).state is State.RETRY


def test_an_old_result_of_a_failed_regrade_is_no_reason_to_grade_for_ever(store):
    """A regrade that failed once and then came from older tests is over: it has a grade, and is not swept again and again."""
    id = hand_in(store)
    store.register_bundle("second", "tiny", b"better tests")
    finish(store, *claimed(store), total=2.0, bundle="second")
    store.queue.again([id], priority=Priority.REGRADE)
    fail(store, *claimed(store))
    assert finish(store, *claimed(store), total=4.0, bundle="first")
    assert store.result(id).score.total == 2.0
    assert store.queue.sweep(["tiny"]) == 0


@pytest.mark.parametrize("before", ["no job", "waiting"])
def test_work_does_not_wait_behind_itself(store, clock, before):
    """What is queued (again) and is all that its student has is served in this turn, however often it is asked for."""
    id = hand_in(store, priority=None if before == "no job" else Priority.BATCH)
    store.queue.again([id], priority=Priority.BATCH)
    store.queue.again([id], priority=Priority.BATCH)
    assert job(store, id).turn == clock.turn


def test_less_urgent_work_of_a_student_does_not_make_him_wait(store, clock):
    """Who has a term's work in a regrade and hands in now is served in this turn, like everybody else who hands in now."""
    for _ in range(10):
        hand_in(store, "ada", priority=Priority.REGRADE)
    ada = hand_in(store, "ada", priority=Priority.INTERACTIVE)
    clock.now += 2 * queue.TURN_S
    bob = hand_in(store, "bob", priority=Priority.INTERACTIVE)
    assert claimed_ids(store, count=2) == [ada, bob]


# ---------------------------------------------------------------- graders that die


def test_a_dead_grader_costs_its_work_one_of_five(store):
    """Its leases wait again at once, lost once more; the fifth time the work is held, with the reason; no failure is charged."""
    id = hand_in(store)
    for lost in range(queue.LOST):
        (claim,) = claimed(store, "w1")
        assert (claim.lost, claim.failures, claim.alone) == (lost, 0, lost >= 2)
        assert store.standing(id) == Standing(State.RECEIVED, 0, "")
        store.queue.forfeit("w1")
        assert store.queue.holders() == {}
        assert job(store, id).holder == ""
    assert store.queue.counts() == {JobState.HELD: 1}
    assert store.standing(id) == Standing(State.HELD, queue.FAILURES, "5 graders died while they had it")
    assert claimed(store) == ()
    store.queue.again([id], priority=Priority.BATCH)
    assert [one.lost for one in claimed(store)] == [0]


def test_a_lease_that_ran_out_counts_as_lost(store):
    """Nobody gave a sign of life for it: each new claim says so, and instead of a sixth one it is held."""
    id, other = hand_in(store), hand_in(store, "bob")
    for lost in range(queue.LOST):
        assert [(one.submission.id, one.lost) for one in claimed(store, f"w{lost}")] == [(id, lost)]
        assert job(store, id).lost == lost
        expire(store, id)
    assert claimed_ids(store, "w9", count=2) == [other]
    assert store.standing(id).state is State.HELD
    assert job(store, id).holder == ""
    assert store.queue.counts() == {JobState.HELD: 1, JobState.LEASED: 1}
    assert store.queue.holders() == {"w9": 1}


def test_a_grade_forgives_what_was_lost_before(store):
    """After a result the count of dead graders begins anew."""
    id = hand_in(store)
    claimed(store, "w1")
    store.queue.forfeit("w1")
    finish(store, *claimed(store))
    assert (job(store, id).lost, job(store, id).holder) == (0, "")


def test_who_is_known_to_be_guilty_is_charged_alone(store):
    """What the dead worker was at has failed once, with the reason; what it had only reserved is charged nothing."""
    ids = [hand_in(store, student) for student in ("ada", "bob", "eve")]
    claimed(store, "w1", count=3)
    store.queue.forfeit("w1", ids[1], "its worker hung")
    assert store.standing(ids[1]) == Standing(State.RETRY, 1, "its worker hung")
    assert [store.standing(id) for id in (ids[0], ids[2])] == [Standing(State.RECEIVED, 0, "")] * 2
    assert [job(store, id).lost for id in ids] == [0, 0, 0]
    assert store.queue.holders() == {}
    assert [(one.failures, one.lost) for one in claimed(store, "w2", count=3)] == [(0, 0), (1, 0), (0, 0)]


def test_whoever_is_blamed_for_what_he_no_longer_had_is_charged_nothing(store):
    """The worker died after its result was kept, or after another one had taken the job."""
    done, taken, reserved = (hand_in(store, student) for student in ("ada", "bob", "eve"))
    claims = claimed(store, "w1", count=3)
    finish(store, claims[0])
    expire(store, taken)
    claimed(store, "w2")
    for blamed in (done, taken):
        store.queue.forfeit("w1", blamed, "its worker hung")
    assert store.standing(done) == Standing(State.GRADED, 0, "")
    assert store.standing(taken) == store.standing(reserved) == Standing(State.RECEIVED, 0, "")
    assert store.queue.holders() == {"w2": 1}
    assert claimed_ids(store) == [reserved]


def test_the_third_blame_is_held(store):
    """Work that hangs its worker three times waits for a person."""
    id = hand_in(store)
    for _ in range(queue.FAILURES):
        claimed(store, "w1")
        store.queue.forfeit("w1", id, "its worker hung")
    assert store.standing(id) == Standing(State.HELD, 3, "its worker hung")
    assert store.queue.counts() == {JobState.HELD: 1}


def test_the_dead_are_buried_once(store):
    """Two that find the same dead grader charge its work once; the work of the living is not touched."""
    ids = [hand_in(store, student) for student in ("ada", "bob")]
    claimed(store, "w1")
    claimed(store, "w2")
    store.queue.forfeit("w1")
    store.queue.forfeit("w1")
    assert [job(store, id).lost for id in ids] == [1, 0]
    assert store.queue.holders() == {"w2": 1}


# ---------------------------------------------------------------- giving back, signs of life


def test_what_is_given_back_costs_nothing(store):
    """It waits again in its old place, uncharged; a result that comes after all is good until somebody claims it."""
    ids = [hand_in(store, student) for student in ("ada", "bob", "eve")]
    claims = claimed(store, "w1", count=2)
    claimed(store, "w2")
    turns = [job(store, id).turn for id in ids]
    store.queue.release("w1")
    assert store.queue.holders() == {"w2": 1}
    assert [(job(store, id).state, job(store, id).holder) for id in ids[:2]] == [("waiting", "")] * 2
    assert [job(store, id).turn for id in ids] == turns
    assert finish(store, claims[1])
    assert [(one.submission.id, one.failures, one.lost) for one in claimed(store, "w3", count=9)] == [(ids[0], 0, 0)]
    assert not finish(store, claims[0])
    assert store.standing(ids[0]) == Standing(State.RECEIVED, 0, "")


def test_some_can_be_given_back(store):
    """Only those named, and of them only what is the holder's own."""
    ids = [hand_in(store, student) for student in ("ada", "bob", "eve")]
    claimed(store, "w1", count=2)
    claimed(store, "w2")
    store.queue.release("w1", [])
    assert store.queue.holders() == {"w1": 2, "w2": 1}
    store.queue.release("w1", [ids[1], ids[2]])
    assert store.queue.holders() == {"w1": 1, "w2": 1}
    assert claimed_ids(store, "w3") == [ids[1]]


def test_what_is_done_or_failed_cannot_be_given_back(store):
    """Giving back all that one has does not open what was closed."""
    first, second = hand_in(store), hand_in(store, "bob")
    one, two = claimed(store, "w1", count=2)
    finish(store, one)
    fail(store, two)
    change(store, first, holder="w1")
    store.queue.release("w1")
    store.queue.forfeit("w1")
    assert [job(store, id).state for id in (first, second)] == ["done", "waiting"]
    assert job(store, second).lost == 0


@pytest.mark.parametrize("sign", ["beat", "wish"])
def test_a_sign_of_life_is_for_all_that_one_has(store, clock, sign):
    """Each of the holder's leases lasts LEASE_S from now, an expired one too; nobody else's, and nothing that waits."""
    ids = [hand_in(store, student) for student in ("ada", "bob", "eve", "kim")]
    claimed(store, "w1", count=2)
    claimed(store, "w2")
    before = [job(store, id).until for id in ids]
    clock.now += queue.LEASE_S + 5
    if sign == "beat":
        store.queue.beat("w1")
    else:
        assert claimed(store, "w1", count=0) == ()
    after = [job(store, id).until for id in ids]
    assert after[:2] == [clock.now + queue.LEASE_S] * 2
    assert after[2:] == before[2:]
    assert claimed_ids(store, "w3") == ids[2:]
    assert store.queue.holders() == {"w1": 2, "w3": 2}


def test_who_asks_for_more_has_nothing_left(store, clock):
    """The answer to a claim may be lost: what it gave waits again, uncharged, and comes to who asks next."""
    ids = [hand_in(store, student) for student in ("ada", "bob", "eve")]
    claimed(store, "w1", count=2)  # the answer never came
    assert claimed_ids(store, "w2", count=1) == [ids[2]]
    assert [(one.submission.id, one.lost, one.token) for one in claimed(store, "w1")] == [(ids[0], 0, 2)]
    assert claimed_ids(store, "w3") == [ids[1]]
    assert store.queue.holders() == {"w1": 1, "w2": 1, "w3": 1}


def test_a_sign_of_life_does_not_bring_back_the_lost(store):
    """Who was frozen so long that another took his work does not get it back by waking up."""
    id = hand_in(store)
    claimed(store, "w1")
    expire(store, id)
    claimed(store, "w2")
    before = jobs(store)
    store.queue.beat("w1")
    assert jobs(store) == before


# ---------------------------------------------------------------- looking at it


def test_the_queue_can_be_counted(store):
    """By state, by holder, and what is still open; empty where there is nothing."""
    look = store.queue
    assert (look.counts(), look.holders(), look.open(ALL), look.waits(ALL)) == ({}, {}, 0, False)
    ids = [hand_in(store, f"s{number}") for number in range(6)]
    one, two, *_ = claimed(store, "w1", count=4)
    claimed(store, "w2")
    finish(store, one)
    change(store, two.submission.id, state="held", holder="")
    assert look.counts() == {JobState.WAITING: 1, JobState.LEASED: 3, JobState.DONE: 1, JobState.HELD: 1}
    assert look.holders() == {"w1": 2, "w2": 1}
    assert (look.open(ALL), look.open(["other"]), look.waits(ALL), look.waits(["other"])) == (4, 0, True, False)
    assert claimed_ids(store) == [ids[5]]
    assert not look.waits(ALL)


# ---------------------------------------------------------------- what the rows say is missing


def test_what_was_forgotten_is_queued_again(store):
    """Ungraded work whose job is missing, or closed without a grade, waits again with all its tries; once."""
    ids = [hand_in(store, student) for student in ("ada", "bob", "eve")]
    drop(store, ids[0])
    change(store, ids[1], state="done", lost=2)
    change(store, ids[2], state="held")
    assert not store.queue.waits(ALL)
    assert store.queue.sweep(ALL) == 3
    assert store.queue.sweep(ALL) == 0
    assert {job(store, id).priority for id in ids} == {Priority.BATCH}
    assert sorted((one.submission.id, one.lost) for one in claimed(store, count=9)) == [(id, 0) for id in ids]


def test_failed_work_without_a_job_is_queued_again(store):
    """State "retry" is ungraded too."""
    id = hand_in(store)
    fail(store, *claimed(store))
    drop(store, id)
    assert store.queue.sweep(["tiny"]) == 1
    assert store.standing(id).state is State.RETRY
    assert claimed_ids(store) == [id]


def test_nothing_else_is_swept(store):
    """Neither what waits, runs, is graded or held, nor work of units that no worker serves (quizzes)."""
    graded = hand_in(store, "zoe", priority=None)
    store.save_result(graded, a_grading())
    held = hand_in(store, "ada")
    for _ in range(queue.FAILURES):
        fail(store, *claimed(store))
    drop(store, held)
    finished, leased = hand_in(store, "bob"), hand_in(store, "eve")
    finish(store, *claimed(store))
    claimed(store)
    hand_in(store, "kim", unit="quiz", priority=None)
    expired = hand_in(store, "tom")
    claimed(store)
    expire(store, expired)
    waiting = hand_in(store, "una")
    before = jobs(store)
    assert [row[0] for row in before] == [finished, leased, expired, waiting]
    assert store.queue.sweep(ALL) == 0
    assert jobs(store) == before
    assert store.queue.sweep(["quiz"]) == 1  # where a worker does serve them


def test_a_result_that_comes_late_for_swept_work_is_refused(store):
    """Queued again is queued again: the token has moved on."""
    id = hand_in(store)
    (claim,) = claimed(store)
    change(store, id, state="held")
    store.queue.sweep(["tiny"])
    assert not finish(store, claim)
    assert claimed_ids(store) == [id]


def test_work_from_before_there_was_a_queue_is_queued(place):
    """A database of the version before (0002) is brought up to date; the first sweep fills its queue, the graded stay graded."""
    with store_module.open(*place) as opened:
        opened.register_bundle("first", "tiny", b"tests")
        graded, waiting = hand_in(opened, "ada", priority=None), hand_in(opened, "bob", priority=None)
        opened.save_result(graded, a_grading())
        with database.writing(opened._engine) as connection:
            connection.exec_driver_sql("DROP TABLE job")
            connection.exec_driver_sql("DROP TABLE blob")
            connection.exec_driver_sql("ALTER TABLE result DROP COLUMN token")
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0002'")
    with store_module.open(*place) as opened:
        assert opened.queue.counts() == {}
        assert opened.result(graded).score.total == 3.0
        assert opened.queue.sweep(["tiny"]) == 1
        (claim,) = claimed(opened, count=9)
        assert claim.submission.id == waiting
        assert finish(opened, claim)
        with database.reading(opened._engine) as connection:
            assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == schema.REVISION


# ---------------------------------------------------------------- many at once


def test_eight_workers_get_each_job_once(place, store):
    """Eight stores that claim and finish at the same time: of 200 jobs each is claimed once and has one result."""
    ids = crowd(store, 200)

    def works(number: int) -> list[int]:
        mine: list[int] = []
        with store_module.open(*place) as own:
            claims = claimed(own, f"w{number}", 5)
            while claims:
                mine += [one.submission.id for one in claims]
                wish = Wish(f"w{number}", ("tiny",), 5)
                kept, claims = own.exchange([Finished(one, a_grading()) for one in claims], wish)
                assert all(kept)
        return mine

    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(works, range(8)))
    assert Counter(id for mine in taken for id in mine) == Counter(ids)
    assert store.queue.counts() == {JobState.DONE: 200}
    assert {len(store.results(id)) for id in ids[::20]} == {1}


def test_of_two_that_take_an_expired_lease_one_gets_it(place, store):
    """Eight that ask at the same moment: one claim, one loss, one new token."""
    id = hand_in(store)
    claimed(store, "gone")
    expire(store, id)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda number: claimed(store, f"w{number}", 3), range(8)))
    assert [one.token for claims in found for one in claims] == [2]
    assert (job(store, id).lost, job(store, id).token) == (1, 2)


def test_of_two_results_at_the_same_moment_one_is_kept(place, store):
    """The same claim told through eight connections at once is one result."""
    id = hand_in(store)
    (claim,) = claimed(store)
    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(lambda total: finish(store, claim, total), range(8)))
    assert len(store.results(id)) == 1


# ---------------------------------------------------------------- clocks


@pytest.mark.parametrize("wrong_by", [timedelta(days=-400), timedelta(days=400)], ids=["slow", "fast"])
def test_a_worker_with_a_wrong_clock_does_no_harm(store, monkeypatch, wrong_by):
    """Leases are measured on the database's clock: a host that is a year off neither steals work nor loses its own."""

    class Wrong(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + wrong_by

    kept, lost = hand_in(store), hand_in(store, "bob")
    claimed(store, "w1", count=2)
    expire(store, lost)
    turn = job(store, kept).turn
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + wrong_by.total_seconds())
    for module in (queue, results, store_code):
        monkeypatch.setattr(module, "datetime", Wrong)
    before = now(store)
    assert claimed_ids(store, "wrong") == [lost]
    assert before + queue.LEASE_S - 0.01 <= job(store, lost).until <= now(store) + 1 + queue.LEASE_S
    store.queue.beat("w1")
    assert before + queue.LEASE_S - 0.01 <= job(store, kept).until <= now(store) + 1 + queue.LEASE_S
    assert turn <= job(store, hand_in(store, "eve")).turn <= now(store) // queue.TURN_S + 1
    assert not store.queue.waits(["other"])
