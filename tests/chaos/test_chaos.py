"""Whatever is killed, nothing is lost and nothing counts twice; and the judge of that sees it when it is not so."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from types import SimpleNamespace

import pytest
from judge import Graded, Job, Receipt, Rows, Ruling, Submitted, rule

STYLE = {"a": "right", "b": "wrong"}
EXPECTED = {"right": 4.0, "wrong": 2.0}
RECEIPTS = (Receipt("ada", "a", 1, 1), Receipt("ada", "b", 2, 2), Receipt("ada", "a", 1, 1))
ROWS = Rows(
    submissions=(Submitted(1, "ada", 1, "a", "graded"), Submitted(2, "ada", 2, "b", "graded")),
    results=(Graded(1, 1, True, 4.0), Graded(2, 3, True, 2.0)),
    jobs=(Job(1, "done", 1), Job(2, "done", 3)),
    completions=((1, 1), (2, 3)),
    blobs={"a": "a", "b": "b"},
)


def ruling(rows: Rows, receipts: tuple[Receipt, ...] = RECEIPTS) -> Ruling:
    return rule(receipts, rows, STYLE, EXPECTED)


def kinds(found: Ruling) -> set[str]:
    return {name for name, lines in vars(found).items() if lines}


# The judge


def test_a_sound_run_is_clean():
    """Two uploads, one of them sent twice: nothing to complain about."""
    assert ruling(ROWS).clean
    assert ruling(ROWS).sentences() == []


LOST = {
    "no row": replace(ROWS, submissions=ROWS.submissions[:1], results=ROWS.results[:1], jobs=ROWS.jobs[:1]),
    "no grade": replace(ROWS, results=ROWS.results[:1]),
    "a grade that does not count": replace(ROWS, results=(ROWS.results[0], replace(ROWS.results[1], current=False))),
    "no bytes": replace(ROWS, blobs={"a": "a"}),
    "half of the bytes": replace(ROWS, blobs={"a": "a", "b": "x"}),
    "somebody else's": replace(ROWS, submissions=(ROWS.submissions[0], replace(ROWS.submissions[1], student="bob"))),
    "another attempt": replace(ROWS, submissions=(ROWS.submissions[0], replace(ROWS.submissions[1], attempt=3))),
}


@pytest.mark.parametrize("rows", LOST.values(), ids=LOST)
def test_what_has_a_receipt_and_is_not_there_is_lost(rows):
    """Each way to lose a receipt is found, once."""
    assert len(ruling(rows).lost) == 1


DOUBLE = {
    "two current results": replace(ROWS, results=(*ROWS.results, Graded(2, 3, True, 2.0))),
    "two results": replace(ROWS, results=(Graded(2, 2, False, 2.0), *ROWS.results)),
    "two submissions of one upload": replace(
        ROWS, submissions=(*ROWS.submissions, Submitted(3, "ada", 3, "b", "graded"))
    ),
    "one attempt twice": replace(ROWS, submissions=(*ROWS.submissions, Submitted(3, "ada", 2, "c", "graded"))),
    "one claim completed twice": replace(ROWS, completions=(*ROWS.completions, (2, 3))),
    "two claims completed": replace(ROWS, completions=(*ROWS.completions, (2, 2))),
}


@pytest.mark.parametrize("rows", DOUBLE.values(), ids=DOUBLE)
def test_what_counts_twice_is_found(rows):
    """Results, uploads, attempts, completions: each must be there once."""
    assert ruling(rows).double


def test_two_receipts_for_one_upload():
    """The same bytes of a student, answered with two numbers."""
    assert ruling(ROWS, (*RECEIPTS, Receipt("ada", "b", 1, 1))).double


STALE = {
    "the witness saw it": replace(ROWS, mismatches=((2, 2, 3),)),
    "an older token": replace(ROWS, results=(ROWS.results[0], replace(ROWS.results[1], token=2))),
    "no token": replace(ROWS, results=(ROWS.results[0], replace(ROWS.results[1], token=None))),
}


@pytest.mark.parametrize("rows", STALE.values(), ids=STALE)
def test_a_result_of_another_claim_is_stale(rows):
    """A grade carries the token that its job has; the witness inside the database is believed."""
    assert kinds(ruling(rows)) == {"stale"}


def test_other_points_than_undisturbed():
    """A fault of ours must not cost points, nor give any."""
    found = ruling(replace(ROWS, results=(ROWS.results[0], replace(ROWS.results[1], total=1.0))))
    assert kinds(found) == {"points"}
    assert "(wrong) has 1 points, undisturbed 2" in found.points[0]


ODD = {
    "still waiting": replace(ROWS, jobs=(ROWS.jobs[0], Job(2, "waiting", 3))),
    "no job": replace(ROWS, jobs=ROWS.jobs[:1]),
    "held": replace(ROWS, submissions=(ROWS.submissions[0], replace(ROWS.submissions[1], state="held"))),
    "never seen to end": replace(ROWS, completions=ROWS.completions[:1]),
    "damaged": replace(ROWS, damage="row 3 missing from index"),
    "nobody's": replace(
        ROWS,
        submissions=(*ROWS.submissions, Submitted(3, "ada", 3, "c", "graded")),
        jobs=(*ROWS.jobs, Job(3, "done", 1)),
        completions=(*ROWS.completions, (3, 1)),
    ),
}


@pytest.mark.parametrize("rows", ODD.values(), ids=ODD)
def test_whatever_else_is_not_as_it_must_be(rows):
    """Jobs that did not end, a damaged file, rows that nobody handed in."""
    assert kinds(ruling(rows)) == {"odd"}


def test_a_gap_between_attempts():
    """Attempt 1 and attempt 3: one was counted that is not there."""
    rows = replace(ROWS, submissions=(ROWS.submissions[0], replace(ROWS.submissions[1], attempt=3)))
    assert ruling(rows).odd


# The witness


def test_the_witness_of_sqlite(tmp_path):
    """A result with another token than its job's is noted inside the database, a right one is not; ends are noted."""
    from databases import Sqlite

    from autograder import store

    with store.open(tmp_path) as grades:
        _witness(Sqlite(tmp_path), grades)


@pytest.mark.postgres
def test_the_witness_of_postgres(tmp_path, postgres):
    """The same on PostgreSQL."""
    from databases import Postgres

    from autograder import store

    class Lent(Postgres):
        def __init__(self, url: str) -> None:
            super(Postgres, self).__init__(url)

    with store.open(tmp_path, postgres) as grades:
        _witness(Lent(postgres), grades)


def _witness(database, grades) -> None:
    from autograder.records import ExerciseScore, Score, Verdict
    from autograder.store import Finished, Grading, Priority, Wish

    database.watch()
    grades.register_bundle("d1", "tiny", b"{}")
    exercise = ExerciseScore("softmax", 4.0, 4.0, Verdict.PASSED)
    grading = Grading("d1", Score((exercise,), 4.0, 0.0, 4.0, 4.0, 0, verdict=Verdict.PASSED), (), {})
    one, _ = grades.accept("ada", "tiny", b"a", "a.ipynb", priority=Priority.INTERACTIVE)
    two, _ = grades.accept("ada", "tiny", b"b", "b.ipynb", priority=Priority.INTERACTIVE)
    _, claims = grades.exchange(wish=Wish("x/1-1-1", ("tiny",), 2))
    assert grades.exchange([Finished(claims[0], grading)])[0] == (True,)
    grades.save_result(two.id, grading)  # as no worker may
    rows = database.rows(grades.blobs.folder)
    assert rows.completions == ((one.id, 1),)
    assert rows.mismatches == ((two.id, None, 1),)
    assert not rows.damage
    assert {name: held for name, held in rows.blobs.items() if name != held} == {}
    database._engine.dispose()


# The driver


def test_orders_that_wait_for_work_do_not_wait_for_ever(tmp_path, monkeypatch):
    """Only orders are left, their windows have one, all is graded, and more is handed in when there were more kills."""
    import chaos
    import faults

    def ordered(scene) -> str:
        return "order" if scene.kills > 2 else ""

    def killed(scene) -> str:
        scene.kills += 1
        return "worker"

    scene = SimpleNamespace(kills=0, uploads=range(20), rng=Random(1), folder=tmp_path, counts=Counter())
    monkeypatch.setattr(faults, "deck", lambda scene, kills: [partial(ordered), partial(ordered)])
    monkeypatch.setattr(faults, "any_kill", lambda scene: killed)
    monkeypatch.setattr(faults, "name", lambda fault: "fault")
    for helper in ("_tick", "_meet_orders", "_progress"):
        monkeypatch.setattr(chaos, helper, lambda *arguments: "")
    chaos._disturb(scene, 2, 5.0, lambda line: None)
    assert scene.kills > 2


# The short runs


@pytest.fixture(scope="module")
def place(state: Path) -> Iterator[object]:
    """The project's own engine, if one runs (CHAOS_ENGINE: another, see chaos.py), and the points of an undisturbed grading."""
    from chaos import Place, engine_of

    def say(line: str) -> None:
        """The block at the end says it all."""

    with engine_of(os.environ.get("CHAOS_ENGINE", "state"), state, say) as engine:
        yield Place(state, engine, say)


def _short(place, kind: str, capsys) -> None:
    from random import SystemRandom

    from chaos import run

    seed = SystemRandom().randrange(10**6)
    with capsys.disabled():
        report = run(place, kind, 40, 150, seed, 300.0, 240.0)
        print(f"\n{report.block()}")
    assert report.clean, report.block()
    assert (report.kills >= 40, len(report.ruling.lost), len(report.ruling.double)) == (True, 0, 0)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_forty_kills_on_sqlite(place, capsys):
    """150 submissions while 40 processes are killed: 0 lost, 0 double, 0 stale accepted, the points of a quiet day."""
    _short(place, "sqlite", capsys)


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.timeout(900)
def test_forty_kills_on_postgres(place, capsys):
    """The same on a PostgreSQL server of its own, which is killed too."""
    _short(place, "postgres", capsys)
