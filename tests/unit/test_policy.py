"""The policy: whatever a raw result holds, these formats show a student these things and no others."""

from __future__ import annotations

import ast
import dataclasses
import io
import json
import types
import typing
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from autograder.cli.export import HEADER, write_csv
from autograder.course import load_course
from autograder.feedback import LoadError, Report, build, gradescope, html, jsons, policy, teacher, terminal
from autograder.feedback.policy import literal, opened, quartered, rounded
from autograder.records import Cell, CheckResult, ExerciseScore, Picture, Score, Submission, Verdict
from autograder.secret import Secret
from autograder.store import GradebookRow, State

V = Verdict
TINY = Path(__file__).parents[1] / "fixtures" / "tiny_course"
FEEDBACK = Path(policy.__file__).parent
DUE = datetime(2027, 3, 5, 23, 59, tzinfo=UTC)
BEFORE, AFTER = DUE - timedelta(hours=1), DUE + timedelta(seconds=1)


def on_terminal(report: Report) -> str:
    console = Console(file=io.StringIO(), width=200)
    console.print(terminal.render(report))
    return console.file.getvalue()  # type: ignore[attr-defined]


def from_json(text: str) -> str:
    """All words and numbers of a JSON text, its escapes undone."""

    def walk(node: Any) -> str:
        if isinstance(node, dict):
            return "\n".join(f"{key}\n{walk(value)}" for key, value in node.items())
        return "\n".join(map(walk, node)) if isinstance(node, list) else str(node)

    return walk(json.loads(text))


#: Each format as the text that a student can get out of it.
FORMATS: dict[str, Callable[[Report], str]] = {
    "terminal": on_terminal,
    "json": lambda report: from_json(jsons.render(report)),
    "gradescope": lambda report: from_json(gradescope.render(report)),
    "html": html.render,
}
formats = pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS.keys())
verdicts = pytest.mark.parametrize("verdict", V, ids=lambda verdict: verdict.name)
moments = pytest.mark.parametrize("now", [BEFORE, AFTER], ids=["before", "after"])


def check(verdict: Verdict = V.FAILED, **changes: Any) -> CheckResult:
    earned = 1.0 if verdict is V.PASSED else 0.0
    return dataclasses.replace(
        CheckResult("softmax", "test_rows", "Every row sums to one.", verdict, 1.0, earned), **changes
    )


def report(*checks: CheckResult, now: datetime = BEFORE, **changes: Any) -> Report:
    earned = sum(one.earned for one in checks)
    worst = next((one.verdict for one in checks if one.verdict is not V.PASSED), V.PASSED)
    exercise = ExerciseScore("softmax", max(earned, 0.0), float(len(checks)), worst)
    given_ones: dict[str, Any] = {
        "submission": Submission(7, "ada", "tiny", 2, BEFORE, "0" * 64, "tiny.ipynb"),
        "title": "Tiny",
        "titles": {"softmax": "Softmax"},
        "score": Score((exercise,), exercise.earned, 0.0, exercise.earned, exercise.maximum, 0, worst),
        "checks": checks,
        "cells": [Cell("softmax", "def softmax(z):\n    return z", "softmax")],
        "due": DUE,
        "now": now,
    }
    return build(**{**given_ones, **changes})


# What leaks of a message -----------------------------------------------------------------------------------------

VALUE, OTHER, HIDDEN = 0.7310585786300049, "grace.hopper", "5f4dcc3b5aa765d6"

#: What a careless stage might put into a message -> what must not come out of any format.
LEAKS = {
    "a precise number": (f"Expected {VALUE!r}, off by about {VALUE!r}.", ["0.7310", "7310585", ".7311"]),
    "a number in parts": ("expected 7310_5857_8630e-12", ["73105", "7310_5", "7.3105"]),
    "a number in other digits": ("expected ０.７３１０５８５７８", ["０.７３", "0.7310", "７３１０"]),
    "a whole number": ("The seed was 8623458112997344211.", ["8623458", "344211"]),
    "a hexadecimal float": (f"expected {VALUE.hex()}", [VALUE.hex()[2:10], "0x1."]),
    "a digest": (f"The secret is {HIDDEN}.", [HIDDEN]),
    "a shape that is none": ("not (0.7310585786, 12)", ["0.7310"]),
    "a control code": ("a\x1b[2J\x1b]0;title\x07b\x9b31m\u202ec\x00", ["\x1b", "\x9b", "\u202e", "\x00", "0;title"]),
    "markup": ("<script>alert(1)</script><img src=x onerror=alert(1)>", ["\x1b"]),
    "a formula": ("$\\href{javascript:alert(1)}{x}$\\input{/etc/passwd}", ["\x1b"]),
    "a megabyte": ("m" * 1_000_000, ["m" * 301]),
}
leaks = pytest.mark.parametrize("leak", LEAKS.values(), ids=LEAKS.keys())


@formats
@verdicts
@moments
@leaks
def test_no_message_leaks(form, verdict, now, leak):
    """Of no verdict's message, in no format, before and after the deadline, comes more than three digits or plain words."""
    message, forbidden = leak
    text = form(report(check(verdict, message=message, cell=0, line=2), now=now))
    assert [word for word in forbidden if word in text] == []
    assert "<script>alert" not in text or form is not html.render
    assert not [letter for letter in text if unicodedata.category(letter) in ("Cc", "Cf", "Cs") and letter != "\n"]


OURS = [verdict for verdict in V if verdict not in (V.FAILED, V.PARTIAL)]


@formats
@moments
@pytest.mark.parametrize("verdict", OURS, ids=lambda verdict: verdict.name)
@pytest.mark.parametrize(
    "message",
    [
        f"ValueError: {OTHER} had {HIDDEN}",
        f"`softmax` raised {HIDDEN}.",
        f"`{OTHER}`{HIDDEN}: still the empty stub, or not there.",
        f"`scipy` (line {HIDDEN} of your cell) is not allowed in this exercise. {OTHER}",
        f"While it ran, your function used {OTHER}, which this exercise does not allow.",
        f"It took more than 5.2 s ({HIDDEN}, {OTHER}) and 731 MiB.",
    ],
    ids=["error", "type", "missing", "forbidden", "tripwire", "time"],
)
def test_words_of_a_fault_are_ours(form, verdict, now, message):
    """Where the answer was not judged, words of the box or of a stage are told only in forms that we know."""
    text = form(report(check(verdict, message=message, diagnosis="", twin=""), now=now))
    assert HIDDEN not in text
    assert OTHER not in text
    assert "731" not in text
    assert "5.2" not in text


@pytest.mark.parametrize(
    ("verdict", "message"),
    [
        (V.MISSING, "`softmax`, `scale`: still the empty stub, or not there."),
        (V.MISSING, "`softmax` is not there, or still raises NotImplementedError."),
        (V.FORBIDDEN, "`scipy.special` (line 12 of your cell) is not allowed in this exercise."),
        (V.FORBIDDEN, "While it ran, your function used `torch.nn`, which this exercise does not allow."),
    ],
)
def test_known_sentences_pass(verdict, message):
    """What session, sandbox and pipeline say of a missing or a forbidden name reaches the student whole."""
    assert report(check(verdict, message=message)).exercises[0].checks[0].message == message


@formats
@verdicts
def test_of_a_passed_or_failed_run_of_ours_there_is_nothing_to_say(form, verdict):
    """A passed check, and one that we failed to run, show no message, diagnosis, twin or line, whatever is stored."""
    told = check(verdict, message="MESSAGE", diagnosis="DIAGNOSIS", twin="print('TWIN')", cell=0, line=2)
    text = form(report(told, now=AFTER))
    shown = {word for word in ("MESSAGE", "DIAGNOSIS", "TWIN", "return z") if word in text}
    if verdict in (V.PASSED, V.NOT_GRADED):
        assert shown == set()
    else:
        assert shown == {"DIAGNOSIS", "TWIN", "return z"} | ({"MESSAGE"} if verdict in (V.FAILED, V.PARTIAL) else set())


# Numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "before", "after"),
    [
        ("Off by about 3e-2.", "Off by about 3e-2.", "Off by about 3e-2."),
        ("Off by about 0.0317.", "Off by about 0.03.", "Off by about 0.0317."),
        ("Off by about 0.031712.", "Off by about 0.03.", "Off by about 0.0317."),
        ("off by 0.25", "off by 0.2", "off by 0.25"),
        ("a loss of 0.45", "a loss of 0.5", "a loss of 0.45"),
        ("a full point needs at most 0.45.", "a full point needs at most 0.45.", "a full point needs at most 0.45."),
        ("Shape (60000, 784) is expected.", "Shape (60000, 784) is expected.", "Shape (60000, 784) is expected."),
        ("shape (12345,) is expected", "shape (12345,) is expected", "shape (12345,) is expected"),
        ("128 parts are expected, not 127.", "128 parts are expected, not 127.", "128 parts are expected, not 127."),
        ("float32 and W1, 5e-324", "float32 and W1, 5e-324", "float32 and W1, 5e-324"),
        ("the sum is 12345", "the sum is 1e+04", "the sum is 1.23e+04"),
        ("1e999", "1e999", "1e999"),
        ("1.234e999", "…", "…"),
        ("the digest 5f4dcc3b5aa765d6", "the digest …", "the digest …"),
    ],
)
def test_digits(said, before, after):
    """One digit of an error and two of anything else before the deadline, three afterwards; shapes and counts stay."""
    assert (rounded(said), rounded(said, detail=True)) == (before, after)


@given(st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.sampled_from(["{!r}", "{:.17g}", "{:.6f}"]))
def test_no_float_survives_whole(value, detail, form):
    """Of any float, however it is written, at most three significant digits are left."""
    shown = rounded(f"it is {form.format(value)}, really", detail)
    number = shown.removeprefix("it is ").removesuffix(", really").split("e")[0].strip("-")
    assert len(number.replace(".", "").strip("0").replace("…", "")) <= 3


@given(st.text(max_size=200))
def test_rounding_never_raises(text):
    """Whatever is said, and it does not grow without end."""
    assert len(rounded(text)) <= 4 * len(text) + 10


# Points ----------------------------------------------------------------------------------------------------------


@given(st.floats(0, 1), st.sampled_from([0.5, 1.0, 2.0, 3.0]))
def test_awards_come_in_quarters(share, points):
    """A share in between is a measurement: it is rounded down, in the check, its exercise and the total of all formats."""
    awarded = check(V.PARTIAL, points=points, earned=share * points)
    told = report(awarded)
    quarters = 4 * told.exercises[0].checks[0].earned / points
    assert quarters == int(quarters) <= 4 * share + 1e-6
    assert told.exercises[0].earned == pytest.approx(quarters * points / 4, abs=1e-8)
    assert told.summary.earned == pytest.approx(quarters * points / 4, abs=1e-8)
    assert told.raw == pytest.approx(told.total)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.25, 0.7499999, 0.75, 1.0])
def test_guards_take_quarters(share):
    """A guard takes the missing share; an odd one takes the next quarter."""
    guard = check(points=0.0, takes=1.0, earned=-(1 - share))
    assert quartered(guard) == pytest.approx(-(1 - int(share * 4) / 4))


@formats
def test_an_odd_award_is_nowhere(form):
    """Its digits are in no format."""
    text = form(report(check(V.PARTIAL, earned=0.7310585, message="The closer the better."), now=AFTER))
    assert "0.73" not in text
    assert "0.5" in text


def test_the_csv_holds_points_and_no_words():
    """The gradebook's table has columns for points only, in quarters as the checks gave them."""
    row = GradebookRow("ada", "tiny", 7, 2, BEFORE, 1.75, 0.5, 1.25, 4.0, 1, State.GRADED)
    out = io.StringIO()
    write_csv(load_course(TINY), [row], out)
    header, cells = (line.split(",") for line in out.getvalue().splitlines())
    assert header == HEADER
    assert cells[3:] == ["ada", "", "", "", "1.75", "0.5", "1.25", "4"]


# The deadline ----------------------------------------------------------------------------------------------------


def test_the_deadline_is_the_students_own():
    """Detail opens after the very second, in any zone; never without a deadline, or where the course says never."""
    paris = timezone(timedelta(hours=1))
    assert not opened(DUE, DUE)
    assert opened(DUE, AFTER)
    assert opened(DUE.astimezone(paris), AFTER)
    assert not opened(DUE + timedelta(days=7), AFTER)
    assert not opened(None, AFTER)
    assert not opened(DUE, AFTER, "never")


@formats
def test_what_opens_after_the_deadline(form):
    """One diagnosis and one digit before; every check's own diagnosis and three digits after."""
    checks = [check(check=f"test_{n}", diagnosis=f"SLIP {n}", message="Off by about 0.03171.") for n in (1, 2)]
    before, after, never = (
        form(report(*checks, now=now, detail=detail))
        for now, detail in ((BEFORE, "after_due"), (AFTER, "after_due"), (AFTER, "never"))
    )
    assert ("SLIP 1" in before, "SLIP 2" in before, "0.0317" in before, "0.03" in before) == (True, False, False, True)
    assert ("SLIP 1" in after, "SLIP 2" in after, "0.0317" in after) == (True, True, True)
    assert "0.03171" not in after
    assert ("SLIP 2" in never, "0.0317" in never) == (False, False)


# Twins, output, faults -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("twin", "shown"),
    [
        ("z = np.array([1.0, 2.0])\nsoftmax(z)\n# expected: [0.27, 0.73]", True),
        ("import numpy as np\nz = np.random.default_rng(7).normal(size=3)", False),
        ("from numpy.random import normal\nz = normal(size=3)", False),
        ("from reference import activations\nactivations.softmax([1])", False),
        ("import reference.activations as r", False),
        ("student.softmax(rng.normal(size=3))", False),
        ("softmax(", False),
        ("(" * 5000, False),
        ("", True),
    ],
)
def test_twins_are_literal(twin, shown):
    """A twin that draws its numbers, or names what is hidden, or is no program, is left out of every format."""
    assert literal(twin) is shown
    if twin and not shown:
        assert all(twin[:30].split("\n")[0] not in form(report(check(twin=twin))) for form in FORMATS.values())


@formats
@moments
def test_output_is_cut(form, now):
    """4,000 characters of what was printed before the first hidden call, without its escapes."""
    text = form(report(check(), output="\x1b[31mHELLO\x1b[0m " + "x" * 100_000 + "END", now=now))
    assert "HELLO" in text
    assert "END" not in text
    assert text.count("x") < 6_000


@formats
def test_a_load_error_tells_its_known_kind(form):
    """The type from our list, the student's own words cut and cleaned, the line from our copy."""
    error = LoadError(0, "softmax", f"{HIDDEN}Error", 2, "\x1b[2J" + "w" * 10_000)
    text = form(report(check(), load_errors=[error], now=AFTER))
    assert HIDDEN not in text
    assert "w" * 301 not in text.replace("\n", "")
    assert "return z" in text


# Seeds -----------------------------------------------------------------------------------------------------------


def test_seeds_are_fresh_for_each_attempt():
    """Check, bundle, student and attempt each change the seed; the same four, and so identical bytes, keep it."""
    secret, words = Secret(b"k" * 32), ["check", "test_rows", "bundle", "ada", 2]
    seed = secret.seed(*words)
    assert seed == Secret(b"k" * 32).seed(*words)
    others = [secret.seed(*words[:n], "other", *words[n + 1 :]) for n in range(1, 5)]
    assert len({seed, *others, Secret(b"x" * 32).seed(*words)}) == 6


# One gate --------------------------------------------------------------------------------------------------------

#: Modules of feedback that see raw results: the gate itself, what hands them to it, and the teacher's view.
RAW = {"policy.py", "build.py", "teacher.py", "__init__.py"}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            found |= {f"{base}{'' if base.endswith('.') else '.'}{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


@pytest.mark.parametrize("path", sorted(FEEDBACK.glob("*.py")), ids=lambda path: path.name)
def test_formats_reach_nothing_raw(path):
    """A format imports of ours only words for looks, the report's types and Verdict: no result, no policy, no store."""
    if path.name in RAW:
        return
    ours = {name for name in imports(path) if name.startswith((".", "autograder"))}
    allowed = (".plain", ".marks", ".svg", ".tex", ".report.", ".marks.")
    assert [name for name in ours if name != "autograder.records.Verdict" and not name.startswith(allowed)] == []


def test_a_raw_import_would_be_seen():
    """The test above can fail: the teacher's view does import raw results."""
    assert "autograder.records.CheckResult" in imports(FEEDBACK / "teacher.py")
    assert ".policy.LoadError" in imports(FEEDBACK / "teacher.py")


def plain_type(kind: Any) -> bool:
    """Words, numbers, times, a verdict, or records of these that report.py itself defines."""
    if typing.get_origin(kind) in (tuple, types.UnionType, typing.Union):
        return all(plain_type(part) for part in typing.get_args(kind) if part is not Ellipsis)
    if dataclasses.is_dataclass(kind):
        return getattr(kind, "__module__", "") == Report.__module__ and all(
            plain_type(part) for part in typing.get_type_hints(kind).values()
        )
    return kind in (str, int, float, bool, type(None), datetime) or (isinstance(kind, type) and issubclass(kind, Enum))


def test_a_report_is_plain():
    """Whatever a format does with a Report, there is no raw record inside it to reach."""
    assert plain_type(Report)
    assert not plain_type(CheckResult)
    assert not plain_type(tuple[Picture, ...])


def test_the_gate_takes_no_secret():
    """What the policy is given has no place for seeds, times, memory, bundles or recorded answers."""
    assert {field.name for field in dataclasses.fields(policy.Raw)} == {
        "submission", "score", "checks", "pictures", "notes", "output", "load_errors", "cells", "title", "titles",
        "resources", "manual",
    }  # fmt: skip


# The teacher -----------------------------------------------------------------------------------------------------


def test_the_teacher_sees_everything_escaped():
    """Seeds, whole messages, stages; and no control code even there."""
    console = Console(file=io.StringIO(), width=200)
    told = check(V.CRASHED, message=f"\x1b[2J[bold]{VALUE!r}[/bold]" + "m" * 2000, diagnosis="slip", cell=3, line=7)
    provenance = {"seeds": {"test_rows": 8623458112997344211}, "stages": {"load": 0.0123}, "box": "docker"}
    errors = [LoadError(0, "softmax", "Odd\x1b[2JError", 2, "words")]
    console.print(teacher.render(SUBMISSION, [told], provenance, errors, "printed\x07"))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "8623458112997344211" in text
    assert f"[bold]{VALUE!r}[/bold]" in text.replace("\n", "")
    assert text.count("m") >= 2000
    assert all(word in text for word in ("cell 3, line 7", "load 12.3 ms", "box: docker", "OddError", "printed"))
    assert "\x1b" not in text
    assert "\x07" not in text


SUBMISSION = Submission(7, "ada", "tiny", 2, BEFORE, "0" * 64, "tiny.ipynb")
