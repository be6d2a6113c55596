"""The session: verdicts, points, diagnoses, twins, pictures; and that it is nobody's but its own."""

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from autograder.checks.local import LocalStudent
from autograder.checks.modules import OwnModules
from autograder.checks.session import CheckSession
from autograder.errors import BoxError, UnitError
from autograder.records import Verdict

TINY = Path(__file__).parents[1] / "fixtures" / "tiny_course"
HEAD = "import numpy as np\nfrom autograder.checks import *\nfrom reference import activations, linear\n\n"


def seed(check):
    return 7


@pytest.fixture(scope="module")
def tiny():
    with CheckSession(TINY, "tiny") as session:
        yield session


@pytest.fixture
def course(tmp_path):
    """Writes a copy of the tiny course with other tests or wrong solutions; both exercises keep a check."""

    def write(tests=None, wrong=None, right=None):
        for file in TINY.rglob("*.*"):
            if file.is_file() and "__pycache__" not in file.parts and file.name != "conftest.py":
                target = tmp_path / file.relative_to(TINY)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(file.read_bytes())
        unit = tmp_path / "assignments" / "tiny"
        for name, text in (("test_hidden.py", tests), ("wrong.py", wrong), ("right.py", right)):
            if text is not None:
                (unit / name).write_text(HEAD + textwrap.dedent(text))
        if tests is not None and '"scale"' not in tests:
            with (unit / "test_hidden.py").open("a") as out:
                out.write(
                    '\n\n@check("scale", points=1)\ndef test_scale(student):\n    """Scale."""\n'
                    '    agree(student.scale(np.ones(2))["y"], np.ones(2))\n'
                )
        return tmp_path

    return write


def first(course, tests, student=None, **more):
    """The result of the first check of these tests for a student of plain functions."""
    with CheckSession(course(tests), "tiny") as session:
        return session.run(LocalStudent({**session.solution, **(student or {})}), seed, **more)[0]


SOFTMAX = '''
@check("softmax", points=2)
def test_softmax(student, rng):
    """Softmax."""
'''


def test_the_solution_gets_everything(tiny):
    """The reference in the student's place passes every check and has a picture."""
    results = tiny.run(LocalStudent(tiny.solution), seed)
    assert {r.verdict for r in results} == {Verdict.PASSED}
    assert sum(r.earned for r in results) == 4
    assert [p.exercise for p in tiny.pictures(LocalStudent(tiny.solution))] == ["scale"]


def test_a_wrong_answer_fails_with_diagnosis_and_twin(tiny):
    """A known slip is recognised by its value, and the public twin is a snippet that runs and shows the right answer."""
    slip = next(w for w in tiny.wrong if w.exercise == "softmax")
    result = tiny.run(LocalStudent({**tiny.solution, "softmax": slip.function}), seed)[0]
    assert (result.verdict, result.earned) == (Verdict.FAILED, 0)
    assert result.diagnosis == slip.diagnosis
    code, expected = result.twin.split("# expected: ")
    *setup, call = code.strip().split("\n")
    names = {"softmax": tiny.solution["softmax"]}
    exec("\n".join(setup), names)
    shown = eval(expected.replace("\n#", "\n"), names)
    assert np.allclose(eval(call, names), shown, rtol=1e-5)


def test_another_error_has_no_diagnosis(tiny):
    """A slip that nobody knows gets no diagnosis; so does the right answer of a check that failed elsewhere."""
    results = tiny.run(LocalStudent({**tiny.solution, "softmax": lambda z: np.exp(z) * 0 + 0.5}), seed)
    assert results[0].verdict is Verdict.FAILED
    assert results[0].diagnosis == ""


def test_the_student_is_recognised_in_other_clothes(tiny):
    """The slip's value is compared leaf by leaf: a list or another order of summation is the same slip."""

    def mine(z):
        e = [[float(np.exp(x - np.max(z))) for x in row] for row in z]
        total = sum(map(sum, e))
        return [[x / total for x in row] for row in e]

    assert "axis=-1" in tiny.run(LocalStudent({**tiny.solution, "softmax": mine}), seed)[0].diagnosis


def test_missing_and_forbidden_are_not_run(tiny):
    """Untouched stubs and forbidden exercises get their verdict without a call; other exercises run."""

    class Nobody(LocalStudent):
        def call(self, name, *args, **kwargs):
            assert name == "scale"
            return super().call(name, *args, **kwargs)

    student = Nobody(tiny.solution)
    for more, verdict, words in (
        ({"missing": ["softmax"]}, Verdict.MISSING, "`softmax`"),
        ({"forbidden": {"softmax": "`scipy` is not allowed."}}, Verdict.FORBIDDEN, "`scipy` is not allowed."),
    ):
        results = tiny.run(student, seed, **more)
        assert [r.verdict for r in results] == [verdict] * 3 + [Verdict.PASSED]
        assert [r.earned for r in results] == [0, 0, 0, 2]
        assert all(words in r.message for r in results[:3])


def test_a_guard_only_takes(tiny):
    """A guard gives nothing when it passes and takes its points when it fails."""

    def normalises_in_place(z):
        z -= z.max(axis=-1, keepdims=True)
        np.exp(z, out=z)
        return z / z.sum(axis=-1, keepdims=True)

    results = tiny.run(LocalStudent({**tiny.solution, "softmax": normalises_in_place}), seed)
    assert [r.earned for r in results] == [1, 1, -1, 2]
    assert "Work on a copy" in results[2].message


@pytest.mark.parametrize(
    ("body", "verdict", "earned", "words"),
    [
        ("award(0.6, 'nearly')", Verdict.PARTIAL, 1.0, "nearly"),
        ("award(1.0, 'all')", Verdict.PASSED, 2.0, "all"),
        ("award(0.2, 'far')", Verdict.FAILED, 0.0, "far"),
        ("award(1.0, 'all'); award(0.5, 'less')", Verdict.PARTIAL, 1.0, "less"),
        ("award(1.0, 'all'); agree(1.0, 2.0)", Verdict.FAILED, 0.0, "Off by"),
        ("student.nothing(1)", Verdict.MISSING, 0.0, "nothing"),
        ("for p in student.softmax([]): agree(p, 1)", Verdict.FAILED, 0.0, "nothing to judge"),
        ("assert student.softmax(1.0) == 3", Verdict.FAILED, 0.0, "does not hold"),
        ("agree(student.softmax(1.0), 1 / 0)", Verdict.NOT_GRADED, 0.0, "ZeroDivisionError at test_hidden.py:9"),
        ("agree(student.softmax(1.0), np.array([np.nan]))", Verdict.NOT_GRADED, 0.0, "NaN in the expected"),
        ("agree(student.softmax(1.0), 1.0, profile='vague')", Verdict.NOT_GRADED, 0.0, "vague"),
        ("activations.softmax(None)", Verdict.NOT_GRADED, 0.0, "AttributeError"),
        ("agree(activations.softmax(student.softmax('x')), 1)", Verdict.FAILED, 0.0, "text"),
        ("raise SystemExit", Verdict.NOT_GRADED, 0.0, "SystemExit"),
        ("student.softmax(object())", Verdict.NOT_GRADED, 0.0, "cannot enter"),
        ("pass", Verdict.FAILED, 0.0, "nothing to judge"),
    ],
)
def test_whose_fault_it_is(course, body, verdict, earned, words):
    """Wrong answers fail, faults keep their kind, what our own lines raise is not graded and names the line only."""
    result = first(course, SOFTMAX + f"    {body}\n", {"softmax": lambda z: z})
    assert (result.verdict, result.earned) == (verdict, earned), result
    assert words in result.message


def test_two_time_outs_are_enough(course):
    """After two time-outs in an exercise its other checks are not run, and count as failed."""
    from autograder.errors import StudentFault

    class Slow(LocalStudent):
        def call(self, name, *args, **kwargs):
            if name == "softmax":
                raise StudentFault("timed out", "It took more than 5 s.", 2, 3)
            return super().call(name, *args, **kwargs)

    tests = "".join(
        SOFTMAX.replace("test_softmax", f"test_{n}") + "    agree(student.softmax(1.0), 1.0)\n" for n in range(4)
    )
    with CheckSession(course(tests), "tiny") as session:
        results = session.run(Slow(session.solution), seed)
    assert [r.verdict.value for r in results] == ["timed out"] * 2 + ["not run"] * 2 + ["passed"]
    assert (results[0].cell, results[0].line) == (2, 3)


def test_our_box_failing_goes_on(tiny):
    """A broken box is nobody's verdict: whoever runs the session hears of it."""

    class Broken:
        def call(self, *args, **kwargs):
            raise BoxError("the engine is gone")

    with pytest.raises(BoxError):
        tiny.run(Broken(), seed)


def test_a_check_of_ours_that_does_not_end_is_stopped(course, monkeypatch):
    """A hidden test or a reference that hangs is our failure, after its share of processor time."""
    from autograder.checks import session as module

    began = time.monotonic()
    with CheckSession(course(SOFTMAX + "    while True: pass\n"), "tiny") as session:
        real = session._perform
        monkeypatch.setattr(session, "_perform", lambda *args, **kwargs: real(*args[:3], 0.2))
        result = session.run(LocalStudent(session.solution), seed)[0]
    assert result.verdict is Verdict.NOT_GRADED
    assert "processor time" in result.message
    assert time.monotonic() - began < module.HELP_SECONDS


def test_the_seed_decides_the_numbers(course):
    """The same seed draws the same inputs; another one others; each check has its own."""
    seen = []

    def softmax(z):
        seen.append(z.copy())
        return z

    with CheckSession(course(SOFTMAX + "    agree(student.softmax(rng.normal(size=3)), 1)\n"), "tiny") as session:
        for n in (1, 1, 2):
            session.run(LocalStudent({**session.solution, "softmax": softmax}), lambda check, n=n: n, help=False)
    assert (seen[0] == seen[1]).all()
    assert (seen[0] != seen[2]).all()


@pytest.mark.parametrize(
    ("body", "has_twin"),
    [
        ("agree(student.softmax(rng.normal(size=3)), 1)", False),  # the solution itself fails: nothing to show
        ("z = rng.normal(size=3); agree(student.softmax(z), activations.softmax(z))", True),
        ("z = rng.normal(size=60); agree(student.softmax(z), activations.softmax(z))", False),
        ("z = np.ones(3); agree(student.softmax(z), activations.softmax(z))", False),
        ("z = rng.normal(size=3); agree(student.softmax(z).sum(), 1.0)", False),
        ("z = rng.normal(size=3); agree(student.softmax(z)[0], activations.softmax(z)[0])", True),
        ("z = rng.normal(size=3); s = student.softmax(z); student.softmax(z); agree(s, activations.softmax(z))", False),
        ("x = rng.normal(size=3); agree(student.scale(x, 2.0)['y'], 2 * x)", True),
    ],
)
def test_a_twin_is_drawn_only_where_it_is_honest(course, body, has_twin):
    """Only for drawn inputs, few numbers, and the very answer of the last call (or a part of it)."""
    result = first(course, SOFTMAX + f"    {body}\n", {"softmax": lambda z: None, "scale": lambda x, a: None})
    assert result.verdict is Verdict.FAILED
    assert bool(result.twin) is has_twin, result.twin


def test_a_twin_can_be_written_by_hand_or_left_out(course):
    """twin= is shown as it stands; twin=None shows none."""
    for given, shown in (('"softmax(np.zeros(2))"', "softmax(np.zeros(2))"), ("None", "")):
        tests = (
            SOFTMAX.replace("points=2", f"points=2, twin={given}")
            + "    agree(student.softmax(rng.normal(size=2)), 1)\n"
        )
        assert first(course, tests).twin == shown


def test_a_diagnosis_needs_the_same_value_at_the_same_agree(course):
    """With several comparisons in a check it is the first failing one that decides."""
    tests = SOFTMAX + (
        "    for size in (1, 3):\n        z = rng.normal(size=size)\n"
        "        agree(student.softmax(z), activations.softmax(z))\n"
    )
    wrong = """
    @wrong("softmax", "You forget to exponentiate.")
    def softmax_linear(z):
        return z / z.sum()

    @wrong("softmax", "You count.")
    def softmax_uniform(z):
        return np.ones_like(z) / z.size
    """
    with CheckSession(course(tests, wrong), "tiny") as session:
        for slip in session.wrong:
            result = session.run(LocalStudent({**session.solution, "softmax": slip.function}), seed)[0]
            assert result.diagnosis == slip.diagnosis
        crashing = LocalStudent({**session.solution, "softmax": lambda z: 1 / 0})
        assert session.run(crashing, seed)[0].diagnosis == ""


def test_an_unknown_slip_is_not_searched_for_ever(course):
    """After two checks of an exercise without a known slip the others are not searched: feedback stays quick."""
    one = SOFTMAX + "    agree(student.softmax(rng.normal(size=3)), [1.0, 1.0, 1.0])\n"
    wrong = """
    tried = []

    @wrong("softmax", "No.")
    def softmax_counted(z):
        tried.append(1)
        return z
    """
    tests = "".join(one.replace("test_softmax", f"test_{n}") for n in range(5))
    with CheckSession(course(tests, wrong), "tiny") as session:
        session.run(LocalStudent({**session.solution, "softmax": lambda z: [7.0, 7.0, 7.0]}), seed)
        assert len(session.wrong[0].function.__globals__["tried"]) == 2


@pytest.mark.parametrize(
    ("tests", "words"),
    [
        ("@check('softmax')\ndef test_a(student):\n    'A.'\n", "points= or takes="),
        ("@check('softmax', points=1, takes=1)\ndef test_a(student):\n    'A.'\n", "points= or takes="),
        ("@check('softmax', points=0)\ndef test_a(student):\n    'A.'\n", "above 0"),
        ("@check('softmax', points=1)\ndef test_a(student):\n    pass\n", "docstring"),
        ("@check('softmax', points=1)\ndef test_a(pupil):\n    'A.'\n", "must take (student)"),
        ("@check('softmax', points=1)\ndef a(student):\n    'A.'\n", "test_"),
        ("@check('sofmax', points=1)\ndef test_a(student):\n    'A.'\n", "sofmax"),
        ("def test_a(student):\n    'A.'\n", "no @check"),
        ("import no_such_module\n", "ModuleNotFoundError"),
        ("1 / 0\n", "ZeroDivisionError"),
        ("def f(:\n", "not Python"),
        ("@picture('softmax', kind='pie')\ndef p(student):\n    'A.'\n", "pie"),
    ],
)
def test_a_unit_that_is_wrong_says_where(course, tests, words):
    """A slip in test_hidden.py is one line with file, line and cure, when the session opens."""
    with pytest.raises(UnitError) as caught:
        CheckSession(course(tests + SOFTMAX + "    agree(1, 1)\n"), "tiny").__enter__()
    message = str(caught.value)
    assert words in message
    assert "\n" not in message
    assert "test_hidden.py:" in message


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("@wrong('sofmax', 'No.')\ndef f(z): ...\n", "no exercise 'sofmax'"),
        ("@wrong('softmax', '')\ndef f(z): ...\n", "no diagnosis"),
        ("@wrong('softmax', 'No.', replaces='scale')\ndef f(z): ...\n", "which function"),
        ("@wrong('softmax', 'No.')\ndef f(z): ...\n@wrong('softmax', 'No.')\ndef f(z): ...\n", "twice"),
        ("1 / 0\n", "ZeroDivisionError"),
    ],
)
def test_a_wrong_solution_that_is_wrong_says_where(course, wrong, words):
    """A slip in wrong.py is one line with file and line."""
    with pytest.raises(UnitError, match=words) as caught:
        CheckSession(course(wrong=wrong), "tiny").__enter__()
    assert "wrong.py:" in str(caught.value)


def test_pictures_come_only_from_good_answers(course):
    """A fault, NaN, text or a hidden mistake of ours gives no picture, and no error."""
    tests = (
        SOFTMAX
        + "    agree(1, 1)\n"
        + '\n\n@picture("softmax")\ndef p(student):\n    """A."""\n    return student.softmax(1.0), [1, 2]\n'
    )
    with CheckSession(course(tests), "tiny") as session:
        for value, rows in (([3, 4], ((3.0, 4.0),)), ([np.nan], None), ("x", None), (None, None), ([[[1]]], None)):
            found = session.pictures(LocalStudent({"softmax": lambda z, value=value: value}))
            assert [p.yours for p in found] == ([rows] if rows else [])
        assert session.pictures(LocalStudent({})) == ()


def test_two_courses_do_not_meet(course):
    """Each session imports its own folder's reference, and leaves this process's modules as they were."""
    other = course()
    (other / "reference" / "activations.py").write_text("def softmax(z):\n    return z\n")
    before = {
        name: module for name, module in sys.modules.items() if name.split(".")[0] in ("reference", "assignments")
    }
    path = list(sys.path)
    with CheckSession(TINY, "tiny") as mine, CheckSession(other, "tiny") as theirs:
        z = np.array([1.0, 2.0])
        assert theirs.solution["softmax"](z) is z
        assert mine.solution["softmax"](z).sum() == pytest.approx(1)
        for _ in range(2):
            assert all(r.verdict is Verdict.PASSED for r in mine.run(LocalStudent(mine.solution), seed))
            assert theirs.run(LocalStudent(theirs.solution), seed)[1].verdict is Verdict.FAILED
    after = {name: module for name, module in sys.modules.items() if name.split(".")[0] in ("reference", "assignments")}
    assert after == before
    assert sys.path == path


def test_own_modules_leave_nothing_behind(course):
    """Also where one is imported while another is thrown away: there are as many as before, and not the same."""
    root = course()
    (root / "reference" / "late.py").write_text("here = True\n")
    own, finders = OwnModules(root), list(sys.meta_path)
    with own.here():
        own.function("activations.softmax")
    with own.here():
        del sys.modules["reference.activations"]
        assert own.function("late.here")
    assert "reference.late" not in sys.modules
    with own.here():
        assert "reference.late" in sys.modules
        del sys.modules["reference.late"]
    with own.here():
        assert "reference.late" not in sys.modules
    assert sys.meta_path == finders


def test_the_session_is_nobody_elses(course, monkeypatch, capfd):
    """The user's ini, conftest, environment and plug-ins change nothing; nothing is printed, nothing is written."""
    root = course()
    (root / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    (root / "conftest.py").write_text("raise RuntimeError\n")
    (root / "assignments" / "tiny" / "conftest.py").write_text("raise RuntimeError\n")
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    monkeypatch.setenv("PYTEST_PLUGINS", "no_such_plugin")
    files = sorted(root.rglob("*"))
    with CheckSession(root, "tiny") as session:
        results = session.run(LocalStudent({**session.solution, "softmax": lambda z: print(z)}), seed)
    assert results[0].verdict is Verdict.FAILED
    assert os.environ["PYTEST_ADDOPTS"] == "--no-such-option"
    assert sorted(root.rglob("*")) == files
    assert capfd.readouterr() == ("", "")


def test_one_submission_says_nothing_of_another(tiny):
    """A session that saw one submission judges the next as if it were the first."""
    wrong = LocalStudent({})
    alone = tiny.run(LocalStudent(tiny.solution), seed)
    tiny.run(wrong, seed)
    assert tiny.run(LocalStudent(tiny.solution), seed) == alone


def test_plain_pytest_runs_the_solution(course):
    """`pytest test_hidden.py` judges the reference solution, and prints the seed of a failure."""
    tests = (
        SOFTMAX
        + "    agree(student.softmax(rng.normal(size=3)).sum(), 1.0)\n"
        + SOFTMAX.replace("test_softmax", "test_bad")
        + "    award(0.5, 'half')\n"
    )
    file = course(tests) / "assignments" / "tiny" / "test_hidden.py"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "autograder.checks.plugin", "-p", "no:cacheprovider"]
    command += ["--import-mode=importlib", "--check-seed=5", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=file.parents[2], check=False)
    assert "1 failed, 2 passed" in done.stdout, done.stdout + done.stderr
    assert "--check-seed=5" in done.stdout


def test_the_plugin_is_light():
    """Importing the plug-in pulls in neither torch nor a database nor the rest of the grader."""
    code = (
        "import sys; before = set(sys.modules); import autograder.checks.plugin; "
        "print([m for m in ('torch', 'pandas', 'sqlalchemy', 'IPython', 'autograder.sandbox') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_unit_may_have_autouse_fixtures(course):
    """pytest sets them up and tears them down, once for each check."""
    tests = """
    import pytest
    LOG = []

    @pytest.fixture(autouse=True)
    def around(rng):
        LOG.append("up")
        yield
        LOG.append("down")

    @check("softmax", points=2)
    def test_own(student, rng):
        \"\"\"Own.\"\"\"
        z = rng.normal(size=2)
        assert LOG[-1] == "up"
        agree(student.softmax(z), activations.softmax(z))

    @check("softmax", points=1)
    def test_after(student):
        \"\"\"After.\"\"\"
        assert LOG == ["up", "down", "up"]
        agree(student.softmax(np.zeros(2)), np.ones(2) / 2)
    """
    with CheckSession(course(tests), "tiny") as session:
        for _ in range(2):
            results = session.run(LocalStudent(session.solution), seed, help=False)
            assert [r.verdict for r in results[:2]] == [Verdict.PASSED] * 2
            session._items["test_own"].module.LOG.clear()


RAISES = """
@check("softmax", points=2)
def test_refuses(student):
    \"\"\"Refuses an empty row.\"\"\"
    raises(ValueError, student.softmax, np.zeros(0))
"""


def fails_with(error):
    def softmax(z):
        raise error

    return softmax


class OwnError(ValueError):
    """A kind of ValueError."""


@pytest.mark.parametrize(
    ("softmax", "verdict", "told"),
    [
        (fails_with(ValueError("no")), Verdict.PASSED, ""),
        (fails_with(OwnError("no")), Verdict.PASSED, ""),
        (fails_with(UnicodeError("no")), Verdict.PASSED, ""),
        (fails_with(KeyError("no")), Verdict.FAILED, "must raise ValueError here, not KeyError"),
        (fails_with(type("Odd", (Exception,), {})()), Verdict.FAILED, "not Exception"),
        (lambda z: z, Verdict.FAILED, "it gave an answer"),
        (fails_with(NotImplementedError()), Verdict.MISSING, "is not there"),
    ],
)
def test_raises_wants_one_kind_of_exception(softmax, verdict, told, course):
    """A kind of it will do; another exception, an answer or a stub will not."""
    result = first(course, RAISES, {"softmax": softmax})
    assert result.verdict is verdict
    assert told in result.message
    assert result.earned == (2 if verdict is Verdict.PASSED else 0)
