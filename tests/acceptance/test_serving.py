"""Graders that stay: what is handed in is graded once, whatever is killed, stopped or mended meanwhile."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from autograder import store
from autograder.store import JobState, State, Wish
from autograder.workers.names import is_dead

SLEEPS = "import time; time.sleep(0.4)"
BOX = ("--box", "bubblewrap")


@contextmanager
def started(words: list[str], **more) -> Iterator[subprocess.Popen[str]]:
    """A grader in a process group of its own; nothing of it is left behind."""
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, **more
    )
    try:
        yield process
    finally:
        for pid in [*children(process.pid), process.pid]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.communicate(timeout=60)


def children(pid: int) -> list[int]:
    """Process numbers of a grader's workers (not of multiprocessing's resource tracker)."""
    found = []
    for task in Path("/proc").glob("[0-9]*"):
        try:
            stat = (task / "stat").read_text().rpartition(")")[2].split()
            words = (task / "cmdline").read_bytes()
        except OSError:
            continue
        if int(stat[1]) == pid and b"spawn_main" in words:
            found.append(int(task.name))
    return found


def handed_in(course, count: int, source: str = SLEEPS) -> None:
    for number in range(count):
        file = course.notebook(course.root / "work" / f"s{number}.ipynb", own_1=f"{source}  # {number}")
        assert course.run("submit", file).code == 0


def until(ready: Callable[[], bool], seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if ready():
            return
        time.sleep(0.1)
    pytest.fail("it did not come to that")


def test_a_worker_grades_what_waits_and_ends(course):
    """`submit` queues, `status` shows the queue, `worker --once` grades it all and ends with 0; then nothing waits."""
    handed_in(course, 3, "x = 1")
    assert "3 waiting" in course.run("status").out
    said = course.run("worker", "--once", *BOX)
    assert said.code == 0, said.err
    assert said.out.count("passed") == 3
    assert set(course.results().values()) == {1}
    assert "0 waiting" in course.run("status").out
    assert course.run("worker", "--once", *BOX).code == 0


def test_a_killed_worker_costs_nothing(course, python):
    """kill -9 of the worker that grades: another takes its place; each submission gets one grade and no failure stays."""
    handed_in(course, 6)
    with started(python(*course.words, "worker", "--jobs", 1, *BOX)) as grader:
        until(lambda: sum(course.results().values()) >= 1)
        (victim,) = children(grader.pid)
        os.kill(victim, signal.SIGKILL)
        until(lambda: set(course.results().values()) == {1})
    assert victim not in children(grader.pid)


def test_a_killed_grader_is_survived_by_its_work(course, python):
    """kill -9 of the supervisor: its workers die with it, and the next grader goes on at once, without waiting for a lease."""
    handed_in(course, 6)
    with started(python(*course.words, "worker", "--jobs", 2, *BOX)) as grader:
        until(lambda: sum(course.results().values()) >= 1)
        workers = children(grader.pid)
        os.kill(grader.pid, signal.SIGKILL)
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), 20)
    with store.open(course.state) as grades:
        assert all(is_dead(holder) for holder in grades.queue.holders())
    with closing(sqlite3.connect(course.state / "grades.db")) as rows, rows:
        # Who waits for the end of a lease now waits for ever.
        rows.execute("UPDATE job SET until = until + 1000000 WHERE state = 'leased'")
    said = course.run("worker", "--once", *BOX)
    assert said.code == 0, said.err
    assert set(course.results().values()) == {1}


def test_sigterm_to_the_whole_group_keeps_what_runs(course, python):
    """As a service manager stops it: what runs is finished and kept, the rest is given back, exit 0, nobody is charged."""
    handed_in(course, 8)
    with started(python(*course.words, "worker", "--jobs", 1, *BOX)) as grader:
        until(lambda: sum(course.results().values()) >= 1)
        os.killpg(grader.pid, signal.SIGTERM)
        assert grader.wait(60) == 0
    graded = Counter(course.results().values())
    assert set(graded) <= {0, 1}
    with store.open(course.state) as grades:
        assert grades.queue.counts().get(JobState.LEASED, 0) == 0
        assert {grades.standing(s.id).failures for s in grades.submissions()} == {0}
        assert {grades.standing(s.id).state for s in grades.submissions()} <= {State.GRADED, State.RECEIVED}


def test_a_stop_does_not_wait_for_what_is_only_being_opened(course, python):
    """SIGTERM while tests or a box are opened, for minutes maybe: exit 0 soon, all of it waits again, nobody is charged."""
    handed_in(course, 2, "x = 1")
    with (course.root / "assignments" / "tiny" / "test_hidden.py").open("a") as tests:
        tests.write("\nimport time; time.sleep(600)\n")
    with started(python(*course.words, "worker", "--jobs", 1, *BOX)) as grader:
        with store.open(course.state) as grades:
            until(lambda: sum(grades.queue.holders().values()) > 0)
        os.killpg(grader.pid, signal.SIGTERM)
        assert grader.wait(60) == 0
    with store.open(course.state) as grades:
        assert grades.queue.counts() == {JobState.WAITING: 2}
        assert {grades.standing(s.id).failures for s in grades.submissions()} == {0}
    with closing(sqlite3.connect(course.state / "grades.db")) as rows:
        assert rows.execute("SELECT max(lost) FROM job").fetchone() == (0,)


def test_who_plots_gets_a_box_that_can(course):
    """matplotlib is ready where a submission imports it, though no cell of the unit does, and in nobody else's box."""
    ready = "import sys\nprint('matplotlib.pyplot' in sys.modules)\n"
    work = {"ada": "", "bob": "", "zoe": "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"}
    for name, own in work.items():
        course.notebook(course.root / "work" / f"{name}.ipynb", own_1=ready + own)
    said = course.run("grade", course.root / "work", *BOX, "--jobs", 1)
    assert said.code == 0, said.err
    with store.open(course.state) as grades:
        results = {s.student: grades.result(s.id) for s in grades.submissions()}
    assert {name: each.output.split()[0] for name, each in results.items()} == {
        "ada": "False",
        "bob": "False",
        "zoe": "True",
    }
    assert {each.score.verdict.value for each in results.values()} == {"passed"}


def test_a_hidden_test_that_ends_the_worker_is_held(course):
    """A test that kills its own process: three tries, then held for a person; the others are graded; no point is taken."""
    tests = course.root / "assignments" / "tiny" / "test_hidden.py"
    right = tests.read_text()
    line = "z = rng.normal(size=(3, 4))"
    assert line in right
    tests.write_text(right.replace(line, f"{line}\n    import os; os._exit(3) if student.secret() else None"))
    course.notebook(course.root / "work" / "eve.ipynb", own_1="def secret():\n    return 1")
    course.notebook(course.root / "work" / "ada.ipynb", own_1="def secret():\n    return 0")
    said = course.run("grade", course.root / "work", *BOX, "--jobs", 1)
    assert said.code == 1
    assert "nobody lost a point" in said.err
    assert course.results() == {"ada": 1, "eve": 0}
    assert "held" in course.run("status", "eve").out
    tests.write_text(right)
    assert course.run("regrade", "--held", *BOX).code == 0
    assert course.results() == {"ada": 1, "eve": 1}


def test_tests_that_are_mended_while_we_grade(course, python):
    """A running grader sees within a second that a hidden test was changed, and a unit that is broken meanwhile only waits."""
    tests = course.root / "assignments" / "tiny" / "test_hidden.py"
    right = tests.read_text()
    with started(python(*course.words, "worker", "--jobs", 1, *BOX)):
        handed_in(course, 1, "x = 1")
        until(lambda: course.results() == {"s0": 1})
        tests.write_text(right + "\nthis is not Python\n")
        time.sleep(1.5)
        handed_in(course, 2, "x = 2")
        time.sleep(2)
        assert course.results()["s1"] == 0
        tests.write_text(right.replace("points=1", "points=2", 1))
        until(lambda: course.results()["s1"] == 1)
    with store.open(course.state) as grades:
        maxima = {s.student: grades.result(s.id).score.maximum for s in grades.submissions(student="s1")}
        assert {grades.standing(s.id).failures for s in grades.submissions()} == {0}
    assert maxima == {"s1": 5}


def test_a_database_that_is_locked_for_a_while(course, python):
    """Workers wait, say so in one line, are not taken for dead, and go on; nothing is charged and nothing graded twice."""
    handed_in(course, 4)
    with started(python(*course.words, "worker", "--jobs", 1, *BOX)) as grader:
        until(lambda: sum(course.results().values()) >= 1)
        (worker,) = children(grader.pid)
        with closing(sqlite3.connect(course.state / "grades.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            time.sleep(12)
            assert children(grader.pid) == [worker]
            other.execute("ROLLBACK")
        until(lambda: set(course.results().values()) == {1})
        os.killpg(grader.pid, signal.SIGTERM)
        _, err = grader.communicate(timeout=60)
    assert grader.returncode == 0
    assert err.count("is locked") == 1, err
    with store.open(course.state) as grades:
        assert {grades.standing(s.id).failures for s in grades.submissions()} == {0}


def test_a_worker_waits_for_its_box(course, python):
    """Started while the box is not built, it says so once and begins when it is."""
    handed_in(course, 1, "x = 1")
    (course.state / "box").rename(course.state / "aside")
    with started(python(*course.words, "worker", "--jobs", 1, *BOX)) as grader:
        assert "autograder image build" in grader.stderr.readline()
        assert course.results() == {"s0": 0}
        (course.state / "aside").rename(course.state / "box")
        until(lambda: course.results() == {"s0": 1})
        os.killpg(grader.pid, signal.SIGTERM)
        _, err = grader.communicate(timeout=60)
    assert "waiting" not in err


def test_a_watched_folder_without_a_box(course, python):
    """What is handed in meanwhile is accepted, and graded as soon as there is a box."""
    course.notebook(course.root / "inbox" / "ada.ipynb")
    (course.state / "box").rename(course.state / "aside")
    with started(python(*course.words, "grade", course.root / "inbox", "--watch", *BOX, "--jobs", 1)) as grader:
        assert "autograder image build" in grader.stderr.readline()
        until(lambda: course.results() == {"ada": 0})
        (course.state / "aside").rename(course.state / "box")
        until(lambda: course.results() == {"ada": 1})


def test_another_grader_has_it(course):
    """`grade` waits for what another grader has, takes it over when the lease is over, and the other's result is refused."""
    handed_in(course, 1, "x = 1")
    with store.open(course.state) as grades:
        _, (claim,) = grades.exchange(wish=Wish("elsewhere/1-1-1", ("tiny",), 1))
        with store.database.writing(grades._engine) as connection:
            connection.execute(store.schema.job.update().values(until=store.schema.job.c.until - 28))
        said = course.run("grade", course.root / "work" / "s0.ipynb", *BOX)
        assert said.code == 0, said.err
        assert course.results() == {"s0": 1}
        assert grades.exchange([store.Finished(claim, None, "too late")])[0] == (False,)
        assert grades.standing(claim.submission.id).state is State.GRADED


def test_a_watched_folder(course, python):
    """Files are taken when they are whole, changed ones are new attempts, bad ones are named once, links are not followed."""
    inbox = course.root / "inbox"
    inbox.mkdir()
    secret = course.notebook(course.root / "elsewhere" / "mallory.ipynb")
    with started(python(*course.words, "grade", inbox, "--watch", *BOX, "--jobs", 1)) as grader:
        until(lambda: "watching" in grader.stdout.readline())
        ready = course.notebook(course.root / "made.ipynb").read_text()
        with (inbox / "ada.ipynb").open("w") as slow:  # a slow copy
            for start in range(0, len(ready), 1 + len(ready) // 4):
                slow.write(ready[start : start + 1 + len(ready) // 4])
                slow.flush()
                time.sleep(0.8)
        (inbox / "bad.ipynb").write_text("{")
        (inbox / "mallory.ipynb").symlink_to(secret)
        until(lambda: course.results() == {"ada": 1})
        node = json.loads(ready)
        node["cells"][0]["source"] += " "
        (inbox / "ada.ipynb").write_text(json.dumps(node))
        until(lambda: _attempts(course) == {"ada": 2})
        os.killpg(grader.pid, signal.SIGINT)
        out, err = grader.communicate(timeout=60)
    assert grader.returncode == 0, err
    assert err.count("not accepted") == 1
    assert "bad.ipynb" in err
    assert "attempt 2" in out


def _attempts(course) -> dict[str, int]:
    with store.open(course.state) as grades:
        return {s.student: s.attempt for s in grades.submissions() if grades.result(s.id) is not None}
