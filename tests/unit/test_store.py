"""The store keeps what it acknowledged, gives each submission one current grade, and says what is wrong in one line."""

from __future__ import annotations

import math
import os
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import insert, inspect, text, update
from sqlalchemy.exc import IntegrityError

from autograder import store as store_module
from autograder.course import Attempts
from autograder.errors import CommandError, StoreError, SubmissionError
from autograder.records import CheckResult, ExerciseScore, Picture, Score, Verdict
from autograder.store import (
    Finished,
    Grading,
    LoadError,
    Priority,
    State,
    Store,
    Wish,
    blobs,
    database,
    schema,
)

ROOT = Path(__file__).parents[2]
MOMENT = datetime(2027, 3, 5, 23, 59, 1, 123456, tzinfo=UTC)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def store(request, tmp_path):
    """The same promises on both engines."""
    url = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    with store_module.open(tmp_path / "state", url) as opened:
        opened.register_bundle("first", "tiny", b"tests")
        yield opened


def a_score(total=3.0, verdict=Verdict.PARTIAL, penalty=0.5) -> Score:
    return Score((ExerciseScore("softmax", total, 4.0, verdict),), total + penalty, penalty, total, 4.0, 2, verdict)


def a_check(message="") -> CheckResult:
    return CheckResult("softmax", "tiny/test", "Rows sum to one.", Verdict.FAILED, 1.0, 0.0, message=message, line=3)


def graded(store: Store, submission_id: int, total=3.0, bundle="first", **more) -> int:
    return store.save_result(submission_id, Grading(bundle, a_score(total), [a_check()], {"seed": 7}, **more))


def failed(store: Store, submission_id: int, reason: str = "the box broke", fresh: bool = True) -> State:
    """Our side fails with a submission: queued again (if fresh), claimed, given up."""
    if fresh:
        store.queue.again([submission_id], priority=Priority.REGRADE, batch="mine")
    _, (claim,) = store.exchange(wish=Wish("worker", ("tiny",), 1, "mine"))
    store.exchange([Finished(claim, None, reason)])
    return store.standing(submission_id).state


def in_a_process(code: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", "import sys\nfrom pathlib import Path\nfrom autograder import store\n" + code]
    return subprocess.Popen([*command, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True)


# ---------------------------------------------------------------- accepting


def test_what_comes_back_is_what_was_accepted(store):
    """A submission has its bytes, its time (aware, to the microsecond), its notes and the first attempt number."""
    received = MOMENT.astimezone(timezone(timedelta(hours=2)))
    taken, created = store.accept(
        "alice", "tiny", b"work", "a.ipynb", received=received, notes=["A cell was put back."]
    )
    assert created
    assert taken == store.submission(taken.id)
    assert (taken.student, taken.unit, taken.attempt, taken.filename) == ("alice", "tiny", 1, "a.ipynb")
    assert taken.received == MOMENT
    assert taken.received.utcoffset() == timedelta(0)
    assert taken.notes == ("A cell was put back.",)
    assert store.blob(taken.blob) == b"work"
    assert blobs.digest(b"work") == taken.blob
    assert store.standing(taken.id).state is State.RECEIVED


def test_the_same_bytes_are_the_same_submission(store):
    """A retried upload is no second attempt and keeps the first receipt; other students and units have their own."""
    first, _ = store.accept("alice", "tiny", b"work", "a.ipynb", received=MOMENT)
    again, created = store.accept("alice", "tiny", b"work", "b.ipynb", received=MOMENT + timedelta(days=3))
    assert (again, created) == (first, False)
    assert store.accept("bob", "tiny", b"work", "a.ipynb")[1]
    assert store.accept("alice", "other", b"work", "a.ipynb")[1]
    assert len(store.submissions(unit="tiny", student="alice")) == 1


def test_attempts_count_up(store):
    """Each different piece of work is the next attempt of that student at that unit."""
    numbers = [store.accept("alice", "tiny", data, "a.ipynb")[0].attempt for data in (b"a", b"b", b"c")]
    assert numbers == [1, 2, 3]
    assert len(store.submissions(unit="tiny", student="alice")) == 3
    assert len(store.submissions(unit="tiny", student="bob")) == 0


def test_without_a_time_the_receipt_is_now(store):
    """The time of the receipt is taken when the work arrives."""
    before = datetime.now(UTC)
    taken, _ = store.accept("alice", "tiny", b"work", "a.ipynb")
    assert before <= taken.received <= datetime.now(UTC)


def test_a_time_without_a_zone_is_refused(store):
    """A naive time would be somebody's local time: nothing is stored."""
    with pytest.raises(StoreError, match="time zone"):
        store.accept("alice", "tiny", b"work", "a.ipynb", received=datetime(2027, 1, 1))
    assert store.submissions() == ()


def test_strange_file_names_are_kept_readable(store):
    """NUL and lone surrogates in a name cannot stop the work from being accepted."""
    taken, _ = store.accept("alice", "tiny", b"work", "a\x00\ud800" + "x" * 999)
    assert taken.filename.startswith("a�?")
    assert len(taken.filename) == 255


def test_submissions_can_be_chosen(store):
    """By unit, student and state, in the order of their coming."""
    a, b, c = (store.accept(s, u, b"w", "f")[0] for s, u in (("alice", "tiny"), ("bob", "tiny"), ("alice", "other")))
    assert store.submissions() == (a, b, c)
    assert store.submissions(unit="tiny") == (a, b)
    assert store.submissions(student="alice") == (a, c)
    failed(store, b.id)
    assert store.submissions(state=State.RETRY) == (b,)
    assert store.submissions(unit="tiny", student="alice", state=State.RECEIVED) == (a,)


# ---------------------------------------------------------------- durability


def test_a_crash_between_blob_and_row_loses_nothing_acknowledged(tmp_path):
    """Killed after the bytes and before the row: what was acknowledged is there, the rest left no trace and no gap."""
    code = """
import os, signal
from autograder.store import database
opened = store.open(Path(sys.argv[1]))
for number in range(3):
    print(opened.accept("alice", "tiny", b"work %d" % number, "a.ipynb")[0].id, flush=True)
def killed(engine):
    os.kill(os.getpid(), signal.SIGKILL)
database.writing = killed
opened.accept("alice", "tiny", b"not acknowledged", "a.ipynb")
"""
    process = in_a_process(code, str(tmp_path))
    told = [int(line) for line in process.communicate(timeout=60)[0].split()]
    assert process.returncode == -signal.SIGKILL
    with store_module.open(tmp_path) as opened:
        assert [one.id for one in opened.submissions()] == told
        assert [opened.blobs.get(one.blob) for one in opened.submissions()] == [b"work 0", b"work 1", b"work 2"]
        assert opened.blobs.get(blobs.digest(b"not acknowledged"))  # the bytes were first, so the row never lies
        assert opened.accept("alice", "tiny", b"not acknowledged", "a.ipynb")[0].attempt == 4


def test_a_crash_inside_the_transaction_leaves_nothing_half_done(tmp_path):
    """Killed before the commit of a result: the old grade is still the current one."""
    code = """
import os, signal
opened = store.open(Path(sys.argv[1]))
from autograder.store import rows
def killed(*_):
    os.kill(os.getpid(), signal.SIGKILL)
rows.grading_columns = killed  # asked for when the old result has been retired
from autograder.records import Score, Verdict
score = Score((), 1.0, 0.0, 1.0, 4.0, 0, Verdict.PARTIAL)
opened.save_result(1, store.Grading("first", score, [], {}))
"""
    with store_module.open(tmp_path) as opened:
        opened.register_bundle("first", "tiny", b"tests")
        taken, _ = opened.accept("alice", "tiny", b"work", "a.ipynb")
        graded(opened, taken.id, total=3.0)
    process = in_a_process(code, str(tmp_path))
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    with store_module.open(tmp_path) as opened:
        assert [result.score.total for result in opened.results(1)] == [3.0]
        assert opened.result(1).current


def test_processes_that_accept_at_once_give_attempts_without_a_gap(tmp_path):
    """Two processes open a new store together and accept for one student: attempts 1..n, each once."""
    code = """
with store.open(Path(sys.argv[1])) as opened:
    for number in range(15):
        opened.accept("alice", "tiny", b"%s %d" % (sys.argv[2].encode(), number), "a.ipynb")
"""
    processes = [in_a_process(code, str(tmp_path / "new"), name) for name in ("left", "right", "middle")]
    for process in processes:
        process.communicate(timeout=120)
    assert [process.returncode for process in processes] == [0, 0, 0]
    with store_module.open(tmp_path / "new") as opened:
        assert sorted(one.attempt for one in opened.submissions()) == list(range(1, 46))
        assert len(opened.submissions(unit="tiny", student="alice")) == 45


def test_threads_that_accept_the_same_bytes_make_one_submission(store):
    """A client that uploads twice at once gets one receipt."""
    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda _: store.accept("alice", "tiny", b"work", "a.ipynb"), range(16)))
    assert len({submission.id for submission, _ in taken}) == 1
    assert sum(created for _, created in taken) == 1


def test_bytes_are_on_the_disk_before_the_row(store, monkeypatch):
    """The file, its folder and then the row are made durable, in this order."""
    seen = []
    fsync = os.fsync
    monkeypatch.setattr(blobs.os, "fsync", lambda fd: (seen.append(os.readlink(f"/proc/self/fd/{fd}")), fsync(fd)))
    writing = database.writing
    monkeypatch.setattr(database, "writing", lambda engine: (seen.append("row"), writing(engine))[1])
    taken, _ = store.accept("alice", "tiny", b"work", "a.ipynb")
    folder = store.blobs.folder / taken.blob[:2]
    order = [seen.index(str(path)) for path in (folder, store.blobs.folder)]
    assert any(Path(path).parent == folder for path in seen[: order[0]])
    assert max(order) < seen.index("row")


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_a_database_is_set_to_keep_its_promise(store):
    """WAL, synchronous=FULL and foreign keys hold on the connections that the store uses."""
    with database.reading(store._engine) as connection:
        settings = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in _SETTINGS]
    assert settings == list(_SETTINGS.values())


@pytest.mark.postgres
def test_postgresql_keeps_its_promise_and_never_waits_for_ever(postgres, tmp_path):
    """A commit is on the disk; locks and idle transactions end by themselves; reading cannot write."""
    with store_module.open(tmp_path, postgres) as opened:
        with database.reading(opened._engine) as connection:
            names = ("synchronous_commit", "fsync", "lock_timeout", "idle_in_transaction_session_timeout")
            found = [connection.exec_driver_sql(f"SHOW {name}").scalar() for name in names]
        assert found == ["on", "on", "30s", "30s"]
        with pytest.raises(StoreError, match="read-only"), database.reading(opened._engine) as connection:
            connection.execute(update(schema.submission).values(failures=0))


@pytest.mark.postgres
def test_a_server_that_goes_away_is_one_line(postgres, tmp_path):
    """Cut off in the middle of a transaction: said with its cure; the next call connects anew."""
    with store_module.open(tmp_path, postgres) as opened:
        taken, _ = opened.accept("alice", "tiny", b"work", "a.ipynb")
        with pytest.raises(StoreError, match="nothing is lost"), database.writing(opened._engine) as connection:
            connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")
        assert opened.submission(taken.id) == taken
    gone = postgres.replace("autograder-postgres", "no-such-place")
    with pytest.raises(StoreError, match="reached") as caught:
        store_module.open(tmp_path, gone)
    assert "\n" not in str(caught.value)


_SETTINGS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}


# ---------------------------------------------------------------- blobs


def test_a_damaged_blob_is_never_handed_out(store):
    """Bytes that are not what their name says are an error with its cure; putting them again mends the blob."""
    sha = store.blobs.put(b"work")
    path = store.blobs.folder / sha[:2] / sha[2:]
    path.write_bytes(b"w0rk")
    with pytest.raises(StoreError, match="damaged"):
        store.blobs.get(sha)
    assert store.blobs.put(b"work") == sha
    assert store.blobs.get(sha) == b"work"


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "A" * 64, "0" * 63, "0" * 64])
def test_only_a_digest_names_a_blob(store, name):
    """A name that is no digest, or no blob's, is refused in one line."""
    with pytest.raises(StoreError) as caught:
        store.blobs.get(name)
    assert "\n" not in str(caught.value)


def test_a_blob_that_cannot_be_written_leaves_nothing(store, monkeypatch):
    """A full disk gives one line with the cure and no half-written file."""

    def full(fd):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(blobs.os, "fsync", full)
    with pytest.raises(StoreError, match="Free space"):
        store.accept("alice", "tiny", b"work", "a.ipynb")
    monkeypatch.undo()
    assert store.submissions() == ()
    sha = blobs.digest(b"work")
    assert not list(store.blobs.folder.glob(f"{sha[:2]}/*"))


# ---------------------------------------------------------------- results


@dataclass(frozen=True)
class Fault:
    cell: int = 3
    type: str = "NameError"
    line: int | None = 2
    message: str = "name 'x\x00' is not defined"


def test_a_result_comes_back_whole(store):
    """Score, checks, pictures with NaN, provenance, answers, output and load errors are what was saved."""
    taken, _ = store.accept("alice", "tiny", b"work", "a.ipynb")
    picture = Picture("softmax", "loss", "lines", ((1.0, math.inf),), ((0.5, -math.inf), (2.0, 3.0)), x_label="t")
    with_nan = replace(picture, yours=((math.nan, 1.0),))
    grading = Grading(
        bundle="first",
        score=a_score(),
        checks=(a_check("shape (2,), not (3,)"),),
        pictures=(picture, with_nan),
        provenance={"seeds": {"tiny/test": 2**70}, "numpy": "2.4.6"},
        answers=b"frames",
        output="epoch 1\n\x00",
        load_errors=(Fault(),),
    )
    id = store.save_result(taken.id, grading)
    found = store.result(taken.id)
    assert (found.id, found.submission, found.bundle, found.current) == (id, taken.id, "first", True)
    assert found.score == a_score()
    assert found.checks == (a_check("shape (2,), not (3,)"),)
    assert found.pictures[0] == picture
    assert math.isnan(found.pictures[1].yours[0][0])
    assert found.provenance == {"seeds": {"tiny/test": 2**70}, "numpy": "2.4.6"}
    assert store.blob(found.answers) == b"frames"
    assert found.output == "epoch 1\n�"
    assert found.load_errors == (LoadError(3, "NameError", 2, "name 'x�' is not defined"),)
    assert found.created.tzinfo is not None
    assert store.standing(taken.id).state is State.GRADED


def test_a_newer_result_replaces_the_older(store):
    """After a regrade there is one current result; the history keeps both."""
    taken, _ = store.accept("alice", "tiny", b"work", "a.ipynb")
    assert store.result(taken.id) is None
    graded(store, taken.id, total=1.0)
    store.register_bundle("second", "tiny", b"better tests")
    last = graded(store, taken.id, total=2.0, bundle="second")
    assert store.result(taken.id).id == last
    assert [(r.score.total, r.current, r.bundle) for r in store.results(taken.id)] == [
        (1.0, False, "first"),
        (2.0, True, "second"),
    ]


def test_an_older_bundle_never_replaces_a_newer(store):
    """A worker that comes late with old tests adds to the history and changes no grade."""
    taken, _ = store.accept("alice", "tiny", b"work", "a.ipynb")
    store.register_bundle("second", "tiny", b"better tests")
    current = graded(store, taken.id, total=2.0, bundle="second")
    failed(store, taken.id, "the regrade broke")
    graded(store, taken.id, total=4.0, bundle="first")
    assert store.result(taken.id).id == current
    assert len(store.results(taken.id)) == 2
    assert store.standing(taken.id).state is State.RETRY


def test_bundles_have_a_sequence(store):
    """A known bundle keeps its place, unless it is made the newest again; each unit counts for itself."""
    assert store.register_bundle("first", "tiny", b"tests") == 1
    assert store.register_bundle("second", "tiny", b"better") == 2
    assert store.register_bundle("other", "unit", b"tests") == 1
    assert store.register_bundle("first", "tiny", b"tests") == 1
    assert store.register_bundle("first", "tiny", b"tests", newest=True) == 3
    assert store.register_bundle("first", "tiny", b"tests", newest=True) == 3
    assert store.bundle("second") == b"better"
    with pytest.raises(CommandError):
        store.bundle("third")


def test_the_database_itself_allows_one_current_result(store):
    """The partial unique index refuses a second current result, whatever the code does; history rows are free."""
    taken, _ = store.accept("alice", "tiny", b"work", "a.ipynb")
    for _ in range(3):
        graded(store, taken.id)
    table = schema.result
    with store._engine.connect() as connection, pytest.raises(IntegrityError):
        connection.execute(update(table).values(current=True))
    row = {c.name: None for c in table.columns} | {"submission_id": taken.id, "current": True}
    with store._engine.connect() as connection, pytest.raises(IntegrityError):
        connection.execute(insert(table).values({**row, "bundle_id": 1, "created": MOMENT}))


def test_the_database_itself_refuses_doubled_attempts_and_unknown_states(store):
    """(student, unit, attempt), (student, unit, blob), the states and the foreign keys are the database's to keep."""
    store.accept("alice", "tiny", b"work", "a.ipynb")
    good = "INSERT INTO submission VALUES (9, 'alice', 'tiny', 2, '2027-01-01', 'b', 'f', '[]', 'graded', 0, '')"
    bad = [
        good.replace("2,", "1,", 1),
        good.replace("'b'", f"'{blobs.digest(b'work')}'"),
        good.replace("graded", "odd"),
        good.replace("'tiny', 2", "'tiny', 0"),
        "INSERT INTO manual VALUES (77, 'proof', 1.0, 'me', '', '2027-01-01')",
    ]
    for statement in bad:
        with store._engine.connect() as connection, pytest.raises(IntegrityError):
            connection.execute(text(statement))
    with store._engine.connect() as connection:
        connection.execute(text(good))


def test_not_graded_work_gets_no_result(store):
    """Our failure can never be stored as a grade."""
    taken, _ = store.accept("alice", "tiny", b"work", "a.ipynb")
    with pytest.raises(StoreError, match="not graded"):
        store.save_result(taken.id, Grading("first", a_score(verdict=Verdict.NOT_GRADED), [], {}))
    assert store.results(taken.id) == ()


def test_three_failures_are_held_for_a_person(store):
    """Twice it is tried again, then held with its reason until a person says so; a grade wipes the slate."""
    taken, _ = store.accept("alice", "tiny", b"work", "a.ipynb")
    states = [failed(store, taken.id, f"box {number} broke", fresh=number == 0) for number in range(3)]
    assert states == [State.RETRY, State.RETRY, State.HELD]
    assert store.standing(taken.id).reason == "box 2 broke"
    assert failed(store, taken.id, "again") is State.RETRY
    assert store.standing(taken.id).failures == 1
    graded(store, taken.id)
    assert store.standing(taken.id) == store_module.Standing(State.GRADED, 0, "")


def test_a_failed_regrade_keeps_the_grade(store):
    """What fails on our side leaves the current result alone."""
    taken, _ = store.accept("alice", "tiny", b"work", "a.ipynb")
    graded(store, taken.id, total=3.0)
    for number in range(3):
        failed(store, taken.id, fresh=number == 0)
    assert store.result(taken.id).score.total == 3.0
    assert store.gradebook()[0].total == 3.0


def test_unknown_numbers_are_told(store):
    """A submission that is not there is one line, from every call that takes a number."""
    calls = [store.submission, store.standing, store.result, store.results]
    calls += [lambda id: graded(store, id)]
    calls += [lambda id: store.set_manual(id, "proof", 1.0, "me")]
    for call in calls:
        with pytest.raises(CommandError, match="no submission 99"):
            call(99)
    taken, _ = store.accept("alice", "tiny", b"work", "a.ipynb")
    with pytest.raises(StoreError, match="not registered"):
        graded(store, taken.id, bundle="nobody's")


# ---------------------------------------------------------------- gradebook and what people decide


def test_the_best_attempt_counts(store):
    """Best after penalties, of equals the earlier; a student without a grade has a row without points."""
    alice = [store.accept("alice", "tiny", data, "a.ipynb")[0] for data in (b"a", b"b", b"c", b"d")]
    bob = [store.accept("bob", "tiny", data, "a.ipynb")[0] for data in (b"a", b"b")]
    for one, total in zip(alice, (2.0, 3.0, 3.0), strict=False):
        graded(store, one.id, total=total)
    failed(store, bob[1].id)
    first, second = store.gradebook("tiny")
    assert (first.student, first.submission, first.attempt) == ("alice", alice[1].id, 2)
    assert (first.raw, first.penalty, first.total, first.maximum, first.late_days) == (3.5, 0.5, 3.0, 4.0, 2)
    assert first.state is State.GRADED
    assert (second.student, second.attempt, second.total, second.state) == ("bob", 2, None, State.RETRY)
    assert store.gradebook("other") == ()


def test_points_by_hand_count_and_survive_a_regrade(store):
    """Manual points belong to their attempt, are replaced by later ones, and are not touched by a regrade."""
    one, two = (store.accept("alice", "tiny", data, "a.ipynb")[0] for data in (b"a", b"b"))
    graded(store, one.id, total=2.0)
    graded(store, two.id, total=3.0)
    store.set_manual(one.id, "proof", 1.0, "teacher", "half")
    store.set_manual(one.id, "proof", 2.0, "teacher", "on second thoughts")
    graded(store, one.id, total=2.0)
    assert [(m.question, m.points, m.by, m.comment) for m in store.manual(one.id)] == [
        ("proof", 2.0, "teacher", "on second thoughts")
    ]
    row = store.gradebook()[0]
    assert (row.submission, row.total, row.manual) == (one.id, 2.0, 2.0)
    assert store.manual(two.id) == ()


def test_extensions(store):
    """One due date of their own for a student and unit, aware, with its reason; the last word counts."""
    assert store.extension("alice", "tiny") is None
    store.set_extension("alice", "tiny", MOMENT, "ill")
    store.set_extension("alice", "tiny", MOMENT + timedelta(days=1), "very ill")
    assert store.extension("alice", "tiny") == MOMENT + timedelta(days=1)
    assert [(e.student, e.unit, e.reason) for e in store.extensions()] == [("alice", "tiny", "very ill")]


# ---------------------------------------------------------------- the database file


def test_migrations_make_the_tables_of_the_schema(store):
    """What the migrations build is what the code expects, and the newest one is the one that the code names."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with database.reading(store._engine) as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == schema.REVISION


def test_every_constraint_has_a_name(store):
    """A constraint without a name cannot be changed by a later migration."""
    look = inspect(store._engine)
    for table in look.get_table_names():
        if table != "alembic_version":
            names = [look.get_pk_constraint(table)["name"]]
            names += [one["name"] for one in look.get_unique_constraints(table) + look.get_foreign_keys(table)]
            assert all(names), table


def test_opening_again_changes_nothing(tmp_path):
    """A store can be closed and opened; opening an up-to-date one does not import alembic."""
    with store_module.open(tmp_path) as opened:
        opened.accept("alice", "tiny", b"work", "a.ipynb")
    code = "opened = store.open(Path(sys.argv[1]))\nprint(len(opened.submissions()), 'alembic' in sys.modules)"
    assert in_a_process(code, str(tmp_path)).communicate(timeout=60)[0].split() == ["1", "False"]


def refused(folder: Path, url: str | None = None) -> str:
    """The one line of a store that does not open."""
    with pytest.raises(StoreError) as caught:
        Store(url or f"sqlite:///{folder / 'grades.db'}", folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_newer_schema_is_refused_untouched(tmp_path):
    """A database from a later version, or of another program, is told apart and not written."""
    store_module.open(tmp_path).close()
    with sqlite3.connect(tmp_path / "grades.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    assert "9999" in refused(tmp_path)
    assert "Upgrade autograder" in refused(tmp_path)


def test_a_file_that_is_no_database(tmp_path):
    """Garbage in place of the database is one line with the cure, and stays as it was."""
    (tmp_path / "grades.db").write_bytes(b"not a database at all " * 400)
    assert "no database" in refused(tmp_path)
    assert (tmp_path / "grades.db").read_bytes().startswith(b"not a database")


def test_a_corrupt_database(tmp_path):
    """Overwritten pages are one line with the cure."""
    with store_module.open(tmp_path) as opened:
        for number in range(50):
            opened.accept("alice", "tiny", b"%d" % number, "a.ipynb")
    path = tmp_path / "grades.db"
    path.write_bytes(path.read_bytes()[:4096] + b"\xff" * (path.stat().st_size - 4096))
    with pytest.raises(StoreError, match="damaged"), store_module.open(tmp_path) as opened:
        opened.submissions()


def test_a_read_only_database(tmp_path):
    """Without the right to write, one line says so; reading still works."""
    store_module.open(tmp_path).close()
    with Store(f"sqlite:///file:{tmp_path / 'grades.db'}?mode=ro&uri=true", tmp_path) as opened:
        assert opened.submissions() == ()
        with pytest.raises(StoreError, match="read-only"):
            opened.accept("alice", "tiny", b"work", "a.ipynb")


def test_a_locked_database(tmp_path):
    """A process that holds the database is named as the reason, after the wait."""
    store_module.open(tmp_path).close()
    other = sqlite3.connect(tmp_path / "grades.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with store_module.open(tmp_path, patience=0) as opened, pytest.raises(StoreError, match="locked"):
        opened.accept("alice", "tiny", b"work", "a.ipynb")
    other.close()


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_a_full_disk(store):
    """When the database cannot grow, the call fails in one line and nothing of it is there."""
    with database.reading(store._engine) as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    with store._engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    with pytest.raises(StoreError, match="disk is full"):
        store.accept("alice", "tiny", b"work", "a.ipynb", notes=["long " * 20_000])
    assert store.submissions() == ()


def test_an_address_that_is_none(tmp_path):
    """A wrong URL, a missing driver and a folder that is a file are each one line."""
    assert "sqlite:///grades.db" in refused(tmp_path, "grades.db")
    assert "address" in refused(tmp_path, "nosuchdatabase://host/grades")
    (tmp_path / "file").write_text("")
    assert "\n" not in refused(tmp_path / "file")


def test_the_last_attempt_is_the_last(store):
    """With a limit, one piece of work more is refused inside the transaction; known bytes still are what they were."""
    two = Attempts(limit=2)
    first, _ = store.accept("ada", "tiny", b"one", "a.ipynb", limit=two)
    store.accept("ada", "tiny", b"two", "a.ipynb", limit=two)
    with pytest.raises(SubmissionError, match="all 2 attempts of ada"):
        store.accept("ada", "tiny", b"three", "a.ipynb", limit=two)
    assert store.accept("ada", "tiny", b"one", "a.ipynb", limit=two) == (first, False)
    assert len(store.submissions(student="ada")) == 2


def test_the_next_attempt_waits_for_its_time(store):
    """Within the cool-down a new piece of work is refused with the second from which it may come; then it is taken."""
    limit = Attempts(cooldown=30)
    taken = [store.accept("ada", "tiny", b"one", "a.ipynb", received=MOMENT, limit=limit)[0]]
    again = MOMENT + timedelta(minutes=30)
    for early in (timedelta(0), timedelta(minutes=29, seconds=59, microseconds=999_999)):
        with pytest.raises(
            SubmissionError, match="next attempt of ada at tiny may come from 2027-03-06 00:29:02 UTC on"
        ):
            store.accept("ada", "tiny", b"two", "a.ipynb", received=MOMENT + early, limit=limit)
    assert store.submissions(student="ada") == tuple(taken)
    taken.append(store.accept("ada", "tiny", b"two", "a.ipynb", received=again, limit=limit)[0])
    assert [one.attempt for one in taken] == [1, 2]


def test_the_named_second_is_late_enough(store):
    """Work that comes at the very second of the refusal is taken."""
    limit = Attempts(cooldown=0.5)
    store.accept("ada", "tiny", b"one", "a.ipynb", received=MOMENT, limit=limit)
    with pytest.raises(SubmissionError) as refused:
        store.accept("ada", "tiny", b"two", "a.ipynb", received=MOMENT, limit=limit)
    named = datetime.fromisoformat(str(refused.value).split("from ")[1].split(" UTC")[0]).replace(tzinfo=UTC)
    assert "\n" not in str(refused.value)
    assert store.accept("ada", "tiny", b"two", "a.ipynb", received=named, limit=limit)[1]


def test_a_cooldown_is_of_one_student_at_one_unit(store):
    """Neither others nor the same bytes again, nor older work that is taken in later, have to wait."""
    limit = Attempts(limit=3, cooldown=30)
    first, _ = store.accept("ada", "tiny", b"one", "a.ipynb", received=MOMENT, limit=limit)
    at = {"received": MOMENT + timedelta(minutes=1), "limit": limit}
    assert store.accept("ada", "tiny", b"one", "b.ipynb", **at) == (first, False)
    assert store.accept("bob", "tiny", b"one", "a.ipynb", **at)[1]
    assert store.accept("ada", "other", b"one", "a.ipynb", **at)[1]
    # The repeated bytes did not start the time anew: half an hour counts from the first receipt.
    assert store.accept("ada", "tiny", b"two", "a.ipynb", received=MOMENT + timedelta(minutes=30), limit=limit)[1]
    assert store.accept("ada", "tiny", b"old", "a.ipynb", received=MOMENT - timedelta(days=2), limit=limit)[1]


def test_of_two_uploads_in_the_same_instant_one_is_taken(store):
    """The cool-down is looked at inside the transaction: eight at once give one attempt and seven refusals."""

    def handed_in(number: int) -> bool:
        try:
            return store.accept("ada", "tiny", b"%d" % number, "a.ipynb", limit=Attempts(cooldown=5))[1]
        except SubmissionError:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(handed_in, range(8))) == 1
    assert len(store.submissions(student="ada")) == 1


def test_without_a_cooldown_nobody_waits(store):
    """The default stays open: attempts of the same instant are all taken."""
    for data in (b"one", b"two", b"three"):
        assert store.accept("ada", "tiny", data, "a.ipynb", received=MOMENT, limit=Attempts())[1]
