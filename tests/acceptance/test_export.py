"""`export`: a CSV in nbgrader's columns, and a gradebook that nbgrader itself reads, lists and shows."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config

from autograder import release, store
from autograder.lms import gradebook as opening
from autograder.lms import nbgrader as writing
from autograder.notebook import load_unit
from autograder.records import CheckResult, ExerciseScore, Score, Verdict

DUE = datetime(2027, 3, 5, 23, 59, tzinfo=UTC)
EARLY = DUE - timedelta(hours=1, microseconds=7)
ANSWER = "Numerator and denominator both have $e^c$ <script>alert(1)</script>, if a < b."


def hand_in(course, student, softmax=None, received=EARLY, why=ANSWER, filename="work.ipynb"):
    """An attempt whose softmax was given so many points (of 2), scale all 2; None: it waits to be graded."""
    node = release.build(load_unit(course.root, "tiny"))
    sources = {"why": why, "softmax": f"def softmax(z):\n    return z * {softmax}  # {student} {received}"}
    for cell in node.cells:
        cell.source = sources.get(cell.id, cell.source)
    node.cells.append(nbformat.v4.new_code_cell("mine = 'a cell of my own'"))
    with store.open(course.state) as grades:
        grades.register_bundle("tests", "tiny", b"tests")
        taken, _ = grades.accept(student, "tiny", nbformat.writes(node).encode(), filename, received=received)
        if softmax is not None:
            score, checks = graded(softmax, received)
            grades.save_result(taken.id, store.Grading("tests", score, checks, {}))
    return taken.id


def graded(softmax, received):
    verdict = Verdict.PASSED if softmax == 2 else Verdict.PARTIAL
    exercises = (ExerciseScore("softmax", softmax, 2.0, verdict), ExerciseScore("scale", 2.0, 2.0, Verdict.PASSED))
    late = 1 if received > DUE else 0
    score = Score(exercises, softmax + 2, 0.4 * late, softmax + 2 - 0.4 * late, 4.0, late, verdict)
    check = CheckResult(
        "softmax", "tiny/rows", "Each <b>row</b> sums to one.", verdict, 2.0, softmax, message="Off by 3.14159."
    )
    return score, [check]


def mark(course, submission, points, comment="Well said."):
    with store.open(course.state) as grades:
        grades.set_manual(submission, "why", points, "grace", comment)


def export(course, *words):
    said = course.run("export", "--nbgrader", *words)
    assert (said.code, said.err) == (0, ""), said
    return said


def folder_of(course) -> Path:
    return course.root / "formgrader"


def gradebook(course) -> Gradebook:
    return Gradebook(f"sqlite:///{folder_of(course) / 'gradebook.db'}", "tiny")


def formgrader(folder: Path) -> NbGraderAPI:
    """What formgrader's pages ask, with the settings that the export wrote."""
    return NbGraderAPI(config=settings(folder))


def settings(folder: Path) -> Config:
    config = Config()
    exec((folder / "nbgrader_config.py").read_text(), {"get_config": lambda: config})
    config.CourseDirectory.root = str(folder)
    return config


def rows(file: Path) -> list[str]:
    with sqlite3.connect(file) as database:
        return list(database.iterdump())


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture
def klass(course):
    """ada in time with a fraction, bob late, cleo not graded yet."""
    hand_in(course, "ada", softmax=1.25)
    hand_in(course, "bob", softmax=2, received=DUE + timedelta(hours=3), why="YOUR ANSWER HERE")
    hand_in(course, "cleo")
    return course


# CSV


def test_export_is_a_csv_with_nbgraders_columns(klass, tmp_path):
    """One row a student and unit; the file and the terminal get the same."""
    printed = klass.run("export").out
    assert klass.run("export", "--csv", tmp_path / "grades.csv").code == 0
    rows = list(csv.DictReader(io.StringIO(printed)))
    assert (tmp_path / "grades.csv").read_text() == printed
    assert [(row["student_id"], row["score"], row["max_score"]) for row in rows] == [
        ("ada", "3.25", "4"),
        ("bob", "3.6", "4"),
        ("cleo", "", ""),
    ]
    assert {"assignment", "duedate", "timestamp", "raw_score", "late_submission_penalty"} <= set(rows[0])
    assert datetime.fromisoformat(rows[0]["timestamp"]).tzinfo is not None


def test_a_csv_does_not_wait_for_nbgrader(klass, python):
    """nbgrader costs seconds to import: only --nbgrader does."""
    code = "import sys\nfrom autograder.cli import main\nmain(sys.argv[1:])\nassert 'nbgrader' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code, *klass.words, "export"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "ada" in done.stdout


# What nbgrader reads


def test_nbgrader_lists_assignments_students_and_submissions(klass):
    """Through nbgrader's own API, as formgrader's pages ask: who is graded, who waits, with which points."""
    export(klass)
    api = formgrader(folder_of(klass))
    (assignment,) = api.get_assignments()
    assert (assignment["name"], assignment["duedate"], assignment["num_submissions"]) == (
        "tiny",
        "2027-03-05T23:59:00",
        3,
    )
    assert (assignment["max_code_score"], assignment["max_written_score"]) == (4, 2)
    assert [student["id"] for student in api.get_students()] == ["ada", "bob", "cleo"]
    ada, bob, cleo = api.get_submissions("tiny")
    assert (ada["autograded"], ada["code_score"], ada["needs_manual_grade"]) == (True, 3.25, True)
    assert ada["timestamp"] == "2027-03-05T22:58:59.999993"
    assert (bob["autograded"], bob["score"], bob["needs_manual_grade"]) == (True, 4, False)
    assert (cleo["autograded"], cleo["submitted"], cleo["score"]) == (False, True, 0)
    indices = api.get_notebook_submission_indices("tiny", "tiny")
    assert sorted(indices) == sorted(one["id"] for one in api.get_notebook_submissions("tiny", "tiny"))
    assert len(indices) == 2


def test_each_score_lands_where_nbgrader_keeps_it(klass):
    """Fractions in the grade cells, lateness as a penalty, remarks on the answers, times in UTC without a zone."""
    export(klass)
    with gradebook(klass) as book:
        part = book.find_grade("softmax-test", "tiny", "tiny", "ada")
        assert (part.auto_score, part.manual_score, part.max_score, part.needs_manual_grade) == (1.25, None, 2, False)
        remark = book.find_comment("softmax", "tiny", "tiny", "ada").comment
        assert "Each < b>row< /b> sums to one. Off by 3." in remark
        assert "3.14159" not in remark, "no more than the feedback tells"
        assert book.find_comment("scale", "tiny", "tiny", "ada").comment is None
        assert book.find_grade("why", "tiny", "tiny", "ada").needs_manual_grade
        late = book.find_submission("tiny", "bob")
        assert (late.late_submission_penalty, late.score) == (0.4, 4)
        assert late.timestamp == datetime(2027, 3, 6, 2, 59)
        assert late.total_seconds_late == 3 * 3600
        assert book.find_submission("tiny", "ada").late_submission_penalty == 0
        assert book.find_grade("why", "tiny", "tiny", "bob").auto_score == 0
        assert book.find_comment("why", "tiny", "tiny", "bob").comment == "No response."
        assert book.find_student("ada").first_name is None


def test_a_due_date_is_utc(klass):
    """A course in Paris: its due date is an hour earlier in UTC, where nbgrader keeps it."""
    file = klass.root / "course.yaml"
    file.write_text(file.read_text().replace("timezone: UTC", "timezone: Europe/Paris"))
    export(klass)
    with gradebook(klass) as book:
        assert book.find_assignment("tiny").duedate == datetime(2027, 3, 5, 22, 59)


def test_an_extension_is_nbgraders_extension(klass):
    """A student's own due date is the assignment's plus nbgrader's extension."""
    with store.open(klass.state) as grades:
        grades.set_extension("bob", "tiny", DUE + timedelta(days=2), "ill")
    export(klass)
    with gradebook(klass) as book:
        assert book.find_submission("tiny", "bob").duedate == datetime(2027, 3, 7, 23, 59)
        assert book.find_submission("tiny", "ada").extension is None


def test_nbgraders_own_export_says_the_same(klass):
    """`nbgrader export` and our CSV agree on every graded student's points."""
    export(klass)
    ours_say = {row["student_id"]: row for row in csv.DictReader(io.StringIO(klass.run("export").out))}
    with gradebook(klass) as book:
        for student in ("ada", "bob"):
            theirs = book.find_submission("tiny", student)
            assert theirs.score - theirs.late_submission_penalty == pytest.approx(float(ours_say[student]["score"]))


def get(url: str) -> str:
    with urllib.request.urlopen(f"{url}{'&' if '?' in url else '?'}token=secret", timeout=20) as answer:
        return answer.read().decode()


@pytest.fixture
def server(klass, tmp_path):
    """A Jupyter server with the formgrader extension in the exported folder, on loopback, with settings of its own."""
    export(klass)
    own = {f"JUPYTER_{name}_DIR": str(tmp_path / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    words = ["--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0", "--IdentityProvider.token=secret"]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [Path(sys.executable).with_name("jupyter-server"), *words],
            cwd=folder_of(klass),
            env={**os.environ, **own, "IPYTHONDIR": str(tmp_path / "ipython")},
            stdout=log,
            stderr=log,
        )
    try:
        yield address(tmp_path / "RUNTIME" / f"jpserver-{process.pid}.json", process, tmp_path / "log")
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def address(file: Path, process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            url: str = json.loads(file.read_text())["url"]
            get(f"{url}api/status")
            return url
        except (OSError, ValueError):
            time.sleep(0.1)
    pytest.fail(f"the Jupyter server did not start: {log.read_text()[-2000:]}")


def test_formgrader_shows_it(server):
    """The pages of a real formgrader: lists, and a student's notebook with the answers and without foreign HTML."""
    assert [one["name"] for one in json.loads(get(f"{server}formgrader/api/assignments"))] == ["tiny"]
    assert [one["id"] for one in json.loads(get(f"{server}formgrader/api/students"))] == ["ada", "bob", "cleo"]
    submissions = json.loads(get(f"{server}formgrader/api/submissions/tiny"))
    assert [(one["student"], one["autograded"], one["score"]) for one in submissions] == [
        ("ada", True, 3.25),
        ("bob", True, 4.0),
        ("cleo", False, 0.0),
    ]
    opened = json.loads(get(f"{server}formgrader/api/submitted_notebooks/tiny/tiny"))
    ada = next(one["id"] for one in opened if one["student"] == "ada")
    page = get(f"{server}formgrader/submissions/{ada}/")
    assert "a cell of my own" in page
    assert "both have" in page
    assert "<script>alert(1)" not in page
    assert "Manage Assignments" in get(f"{server}formgrader/manage_assignments")


# Again and again


def test_twice_is_once(klass):
    """A second export changes no row and touches no file."""
    mark(klass, hand_in(klass, "dan", softmax=2), 1.5)
    export(klass)
    folder = folder_of(klass)
    before, times = rows(folder / "gradebook.db"), {p: p.stat().st_mtime_ns for p in folder.rglob("*.ipynb")}
    export(klass)
    assert rows(folder / "gradebook.db") == before
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*.ipynb")} == times
    assert len(times) == 2 + 4 + 3  # source and release, four submitted, three graded


def test_a_better_attempt_replaces_the_first(klass):
    """Points, time, files: all of the later attempt; still one submission of that student."""
    export(klass)
    hand_in(klass, "ada", softmax=2, received=EARLY + timedelta(minutes=30))
    hand_in(klass, "bob", softmax=0.5, received=DUE + timedelta(hours=4))
    export(klass)
    ada, bob, _ = formgrader(folder_of(klass)).get_submissions("tiny")
    assert (ada["code_score"], ada["timestamp"], ada["autograded"]) == (4, "2027-03-05T23:28:59.999993", True)
    assert (bob["code_score"], bob["timestamp"]) == (4, "2027-03-06T02:59:00")
    assert "z * 2 " in (folder_of(klass) / "autograded/ada/tiny/tiny.ipynb").read_text()


def test_what_was_waiting_is_filled_in(klass):
    """A student who was listed as not graded has a grade after the next export."""
    export(klass)
    with store.open(klass.state) as grades:
        (cleo,) = grades.submissions(student="cleo")
        score, checks = graded(1, EARLY)
        grades.save_result(cleo.id, store.Grading("tests", score, checks, {}))
    export(klass)
    assert formgrader(folder_of(klass)).get_submissions("tiny")[2]["code_score"] == 3


# What a person typed


def typed(course, student, cell, points, comment=None):
    """A teacher in formgrader (GradeHandler.put and CommentHandler.put)."""
    with gradebook(course) as book:
        grade = book.find_grade(cell, "tiny", "tiny", student)
        grade.manual_score, grade.needs_manual_grade = points, False
        if comment:
            book.find_comment(cell, "tiny", "tiny", student).manual_comment = comment
        book.db.commit()


def by_hand(course, student, cell="why"):
    with gradebook(course) as book:
        grade = book.find_grade(cell, "tiny", "tiny", student)
        return grade.manual_score, grade.score, grade.needs_manual_grade


def test_what_a_teacher_typed_in_formgrader_stays(klass):
    """A mark, a comment, a name and an overruled test survive exports; another attempt asks for a second look."""
    export(klass)
    typed(klass, "ada", "why", 1.5, "Nice.")
    typed(klass, "ada", "softmax-test", 2)
    typed(klass, "bob", "why", 0)
    with gradebook(klass) as book:
        book.update_or_create_student("ada", first_name="Ada", last_name="Lovelace")
    before = rows(folder_of(klass) / "gradebook.db")
    export(klass)
    assert rows(folder_of(klass) / "gradebook.db") == before
    hand_in(klass, "ada", softmax=1.75, received=EARLY + timedelta(minutes=1))
    export(klass)
    assert by_hand(klass, "ada") == (1.5, 1.5, True)
    assert by_hand(klass, "ada", "softmax-test") == (2, 2, True)
    with gradebook(klass) as book:
        assert book.find_comment("why", "tiny", "tiny", "ada").comment == "Nice."
        assert book.find_student("ada").last_name == "Lovelace"
        assert book.find_grade("softmax-test", "tiny", "tiny", "ada").auto_score == 1.75


def test_points_given_in_our_store_are_manual_scores(klass):
    """They follow our store until a teacher types others in formgrader; a new attempt waits for its own."""
    submission = hand_in(klass, "dan", softmax=1)
    mark(klass, submission, 1.0)
    export(klass)
    assert by_hand(klass, "dan") == (1, 1, False)
    with gradebook(klass) as book:
        assert book.find_comment("why", "tiny", "tiny", "dan").comment == "Well said."
    mark(klass, submission, 2.0)
    export(klass)
    assert by_hand(klass, "dan") == (2, 2, False)
    typed(klass, "dan", "why", 0.5)
    mark(klass, submission, 1.0)
    export(klass)
    assert by_hand(klass, "dan") == (0.5, 0.5, False)


def test_a_new_attempt_does_not_inherit_our_points(klass):
    """The points that our store gave another answer go with it."""
    mark(klass, hand_in(klass, "dan", softmax=0), 0.25)
    export(klass)
    hand_in(klass, "dan", softmax=2, received=EARLY + timedelta(minutes=1))
    export(klass)
    assert by_hand(klass, "dan") == (None, 0, True)


# The folder


def test_the_folder_holds_no_solution_and_no_output(klass):
    """Nothing of the hidden side lies in it, and it is for its owner only."""
    export(klass)
    for name, content in tree(folder_of(klass)).items():
        assert b"keepdims" not in content, name
        assert b"cancels" not in content, f"{name} holds the mark scheme"
    assert folder_of(klass).stat().st_mode & 0o077 == 0
    work = nbformat.read(folder_of(klass) / "autograded/ada/tiny/tiny.ipynb", as_version=4)
    nbformat.validate(work)
    assert not any(cell.get("outputs") for cell in work.cells)


def test_nbgraders_buttons_do_no_harm(klass):
    """Autograde runs no student code and changes no grade; Generate gives the release again, without solutions."""
    export(klass)
    folder, api = folder_of(klass), formgrader(folder_of(klass))
    released = nbformat.read(folder / "release/tiny/tiny.ipynb", as_version=4)
    bomb = folder / "submitted/ada/tiny/tiny.ipynb"
    bomb.write_text(bomb.read_text().replace("mine =", f"open({str(klass.root / 'ran')!r}, 'w'); mine ="))
    assert api.autograde("tiny", "ada")["success"]
    assert api.generate_assignment("tiny")["success"]
    assert not (klass.root / "ran").exists()
    assert "open(" in (folder / "autograded/ada/tiny/tiny.ipynb").read_text()
    assert by_hand(klass, "ada", "softmax-test") == (None, 1.25, False)
    again = nbformat.read(folder / "release/tiny/tiny.ipynb", as_version=4)
    assert [(c.id, c.source) for c in again.cells] == [(c.id, c.source) for c in released.cells]


def test_a_teachers_own_files_stay(klass):
    """In a course folder that nbgrader already uses: settings, a source, a collected submission are not written over."""
    folder = folder_of(klass)
    theirs = {
        "nbgrader_config.py": b"c = get_config()\n",
        "source/tiny/tiny.ipynb": b'{"metadata": {}}',
        "submitted/ada/tiny/tiny.ipynb": b'{"metadata": {}}',
        "submitted/ada/tiny/timestamp.txt": b"2027-03-01 12:00:00 UTC\n",
    }
    for name, content in theirs.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    export(klass)
    found = tree(folder)
    assert {name: found[name] for name in theirs} == theirs
    assert not (folder / "release").exists()
    assert "submitted/bob/tiny/timestamp.txt" in found


def test_the_gradebook_can_be_elsewhere(klass, tmp_path):
    """A folder, a file and an address are all understood; formgrader's settings name a file of another name."""
    for number, words in enumerate(("{}", "{}/marks.db", "sqlite:///{}/marks.db")):
        folder = tmp_path / f"there-{number}"
        export(klass, words.format(folder))
        assert len(formgrader(folder).get_submissions("tiny")) == 3
        assert (folder / ("marks.db" if number else "gradebook.db")).is_file()


def test_a_unit_that_lost_an_exercise(klass):
    """What the unit no longer asks is worth nothing; the rest adds up."""
    export(klass)
    text = klass.root / "assignments/tiny/notebook.py"
    lines = text.read_text()
    text.write_text(
        lines[: lines.index("# %% [markdown]\n# ## Scale")] + lines[lines.index("# %% [markdown] manual") :]
    )
    tests = klass.root / "assignments/tiny/test_hidden.py"
    tests.write_text(tests.read_text().split('@check("scale"')[0])
    export(klass)
    with gradebook(klass) as book:
        assert book.find_assignment("tiny").max_score == 4
        assert book.find_submission("tiny", "ada").score == 1.25


# Refusals


@pytest.fixture(scope="module")
def of_nbgrader(tmp_path_factory) -> Path:
    """An empty gradebook that nbgrader made."""
    file = tmp_path_factory.mktemp("nbgrader") / "gradebook.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")  # it asks for alembic there
        Gradebook(f"sqlite:///{file}", "tiny").close()
    return file


def test_ours_is_made_like_nbgraders(klass, of_nbgrader):
    """The same tables and the same version as in a gradebook that nbgrader makes."""
    export(klass)
    assert schema(folder_of(klass) / "gradebook.db") == schema(of_nbgrader)


def schema(file: Path) -> list[tuple[str, ...]]:
    with sqlite3.connect(file) as database:
        (version,) = database.execute("SELECT version_num FROM alembic_version")
        tables = database.execute("SELECT name, sql FROM sqlite_master WHERE name != 'alembic_version' ORDER BY name")
        return [version, *tables]


def test_a_gradebook_of_nbgraders_is_filled(klass, of_nbgrader):
    """An existing course's gradebook keeps its students and takes ours."""
    folder_of(klass).mkdir()
    shutil.copy(of_nbgrader, folder_of(klass))
    with gradebook(klass) as book:
        book.add_student("zoe", first_name="Zoe")
        book.add_assignment("another")
    export(klass)
    assert [one["id"] for one in formgrader(folder_of(klass)).get_students()] == ["ada", "bob", "cleo", "zoe"]
    with gradebook(klass) as book:
        assert {one.name for one in book.assignments} == {"another", "tiny"}


def other_program(file: Path) -> None:
    file.unlink()
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE accounts (id INTEGER)")


def no_database(file: Path) -> None:
    file.write_bytes(b"Dear diary, " * 1000)


def newer(file: Path) -> None:
    with sqlite3.connect(file) as database:
        database.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")


def older(file: Path) -> None:
    with sqlite3.connect(file) as database:
        database.execute("UPDATE alembic_version SET version_num = '167914646830'")


def damaged(file: Path) -> None:
    with sqlite3.connect(file) as database:
        database.execute("DROP TABLE comment")


def other_course(file: Path) -> None:
    with Gradebook(f"sqlite:///{file}", "algebra") as book:
        book.add_assignment("tiny")


def other_notebook(file: Path) -> None:
    with Gradebook(f"sqlite:///{file}", "tiny") as book:
        book.add_assignment("tiny")
        book.add_notebook("problem 1", "tiny")


@pytest.mark.parametrize(
    ("made", "cure"),
    [
        (other_program, "Name another file"),
        (no_database, "Name another file"),
        (newer, "Upgrade nbgrader"),
        (older, "nbgrader db upgrade"),
        (damaged, "has no table 'comment'"),
        (other_course, "is of course 'algebra'"),
        (other_notebook, "has a notebook 'problem 1'"),
    ],
)
def test_a_database_that_is_not_ours_is_left_alone(klass, tmp_path, of_nbgrader, made, cure):
    """One line with the cure, exit 2; the file and its folder are as they were."""
    folder = tmp_path / "there"
    folder.mkdir()
    shutil.copy(of_nbgrader, folder)
    made(folder / "gradebook.db")
    before = tree(folder)
    refused(klass, folder, cure)
    assert tree(folder) == before


def refused(course, words, cure):
    said = course.run("export", "--nbgrader", words)
    assert said.code == 2, said
    assert said.err.startswith("error:")
    assert cure in said.err
    assert len(said.err.strip().splitlines()) == 1
    assert said.out == ""


def test_a_read_only_gradebook(klass):
    """One line, exit 2, no row and no file changed. (Opened read-only: modes do not stop root.)"""
    export(klass)
    before = tree(folder_of(klass))
    hand_in(klass, "ada", softmax=2, received=EARLY + timedelta(minutes=1))
    refused(klass, f"sqlite:///file:{folder_of(klass) / 'gradebook.db'}?mode=ro&uri=true", "is read-only")
    assert tree(folder_of(klass)) == before


def test_a_locked_gradebook(klass, monkeypatch):
    """While somebody else writes: one line, exit 2, nothing changed; afterwards it goes through."""
    monkeypatch.setattr(opening, "BUSY_SECONDS", 0.1)
    export(klass)
    before = tree(folder_of(klass))
    hand_in(klass, "ada", softmax=2, received=EARLY + timedelta(minutes=1))
    holder = sqlite3.connect(folder_of(klass) / "gradebook.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    refused(klass, folder_of(klass), "is locked")
    holder.close()
    assert tree(folder_of(klass)) == before
    export(klass)
    assert by_hand(klass, "ada", "softmax-test")[1] == 2


def test_nobody_types_a_mark_between_our_reading_and_writing(klass):
    """From its first look at the gradebook an export is the only writer: others wait, and nothing of theirs is lost."""
    export(klass)
    with opening.gradebook(opening.target("", folder_of(klass)), "tiny"):
        other = sqlite3.connect(folder_of(klass) / "gradebook.db", timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("UPDATE grade SET manual_score = 2")
        other.close()


@pytest.mark.parametrize(
    ("words", "cure"),
    [
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("nosuch://there/grades", "Write it like sqlite:///"),
        ("/proc/version/there", "Choose another place"),
    ],
)
def test_a_place_that_cannot_be(klass, words, cure):
    """An address that is none, a folder that cannot be made: one line, exit 2."""
    refused(klass, words, cure)


@pytest.mark.parametrize("words", [["--nbgrader"], ["--csv", "-"], []])
def test_an_unknown_unit(klass, words):
    """The unit must be the course's; nothing is made."""
    said = klass.run("export", *words, "--unit", "tinny")
    assert said.code == 2
    assert "Did you mean 'tiny'?" in said.err
    assert not folder_of(klass).exists()


@pytest.mark.parametrize("first", [True, False], ids=["new", "known"])
def test_an_export_that_is_cut_short_leaves_nothing_half(klass, monkeypatch, first):
    """A failure after the first student: the gradebook and the folder are as before, and the next export heals all."""
    if not first:
        export(klass)
    before = tree(folder_of(klass)) if folder_of(klass).exists() else {}
    hand_in(klass, "abe", softmax=1)
    whole = writing._submission

    def failing(book, unit, notebook, due, work):
        whole(book, unit, notebook, due, work)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(writing, "_submission", failing)
        assert klass.run("export", "--nbgrader").code == 130
    assert (tree(folder_of(klass)) if folder_of(klass).exists() else {}) == before
    export(klass)
    assert len(formgrader(folder_of(klass)).get_submissions("tiny")) == 4


def test_without_nbgrader(klass, tmp_path):
    """Where nbgrader is not installed: one line that says how to get it."""
    fake = tmp_path / "path" / "nbgrader"
    fake.mkdir(parents=True)
    (fake / "__init__.py").write_text("raise ImportError('no nbgrader here')")
    done = subprocess.run(
        [sys.executable, "-m", "autograder", *klass.words, "export", "--nbgrader"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(fake.parent)},
    )
    assert done.returncode == 2
    assert "pip install 'autograder[nbgrader]'" in done.stderr
    assert not folder_of(klass).exists()
