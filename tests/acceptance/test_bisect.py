"""A student who does not know the formula and asks 40 times: with every channel that the feedback has.

The notebook is written anew for each attempt and the report of the last one (as JSON, what the student downloads) is all
that is read.  The channels: right or wrong, the one digit of the error, the award, the line of a `raise`, its type, which
known slip is recognised, and what is printed.  With inputs that never change the very same student wins: so the attack is
a real one.  With the real seeds it learns nothing that holds for the next attempt.
"""

from __future__ import annotations

import io
import json
import math
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from autograder.checks.session import CheckSession
from autograder.cli import main
from autograder.cli.common import Desk
from autograder.cli.results import report_of
from autograder.feedback import gradescope, html, jsons, terminal
from autograder.notebook import load_unit
from autograder.pipeline import accept, grade, measure, read
from autograder.records import Limits
from autograder.sandbox.box import Box, Settings
from autograder.sandbox.process import Process
from autograder.secret import Secret

ROOT = Path(__file__).parents[1] / "fixtures" / "tiny_course"
ATTEMPTS = 40
LIMITS = Limits(call_s=2.0, load_s=10.0, total_s=20.0)
SECRET = Secret(bytes(range(32)))  # fixed: the test draws the same numbers each time
BUNDLE = "bisect"

#: Three more checks for the tiny course: a hidden scalar, an award for being close to another, and rows to raise in.
MORE = '''

from autograder.checks import award, numbers


@check("scale", points=3, twin=None)
def test_the_hidden_scalar(student, rng):
    """The line at one point."""
    x, a, b = rng.uniform(1, 2, size=1), *rng.normal(size=2)
    agree(student.scale(x, a, b)["y"], linear.scale(x, a, b)["y"])


@check("scale", points=4, twin=None)
def test_how_close(student, rng):
    """The closer to the line, the more."""
    x, a, b = rng.uniform(1, 2, size=1), *rng.normal(size=2)
    off = numbers(student.scale(x, a, b)["y"], shape=(1,)) - linear.scale(x, a, b)["y"]
    award(1.05 - abs(float(off[0])) / 2, "the closer, the more.")


@check("softmax", points=1, twin=None)
def test_rows_again(student, rng):
    """Rows, again."""
    z = rng.normal(size=(2, 3))
    agree(student.softmax(z), activations.softmax(z))


@check("softmax", points=1, twin=None)
def test_a_last_row(student, rng):
    """One more row."""
    z = rng.normal(size=3)
    agree(student.softmax(z), activations.softmax(z))
'''


# The student -----------------------------------------------------------------------------------------------------

LINES, KINDS = 256, (ValueError, TypeError, KeyError, IndexError, ZeroDivisionError, OSError, LookupError, EOFError)
WINDOW = 12  #: bits an attempt: 8 by the line, 3 by the type, 1 by the diagnosis
WINDOWS = 3  #: of the first 36 bits of the hidden input's mantissa

NOTEBOOK = """import struct
print("READY")
SEEN, CALLS = [], [0, 0]

def scale(x, a=1.0, b=0.0):
    CALLS[0] += 1
    if np.size(x) != 1:
        return {{"y": x, "slope": x}}
    if not SEEN:
        SEEN.append(struct.unpack("<Q", struct.pack("<d", float(x[0])))[0] >> 16)
    print("LEAK", x, a, b)
    known = {known}
    guess = known if len(CALLS) == 2 else {close}
    CALLS.append(0)
    return {{"y": np.array([guess]), "slope": np.array([0.0])}}

def softmax(z):
    CALLS[1] += 1
    bits = (SEEN[0] >> {shift}) & 4095 if SEEN else 0
    print("LEAK", bits)
    if CALLS[1] == 4:
        e = np.exp(z - z.max())
        return e / e.sum() if bits & 1 else z
    if CALLS[1] < 4:
        raise ValueError  # an unknown wrong answer would use up the search for slips
    kind = [{kinds}][bits >> 1 & 7]
    line = bits >> 4
{raises}
"""


EVERYWHERE = (-16.0, 16.0)


@dataclass
class Interval:
    """Where the hidden number may lie, from |guess - number| in a band for each guess so far."""

    parts: list[tuple[float, float]] = field(default_factory=lambda: [EVERYWHERE])

    @property
    def guess(self) -> float:
        """The middle of what is most likely: the narrowest part."""
        low, high = min(self.parts, key=lambda part: part[1] - part[0])
        return (low + high) / 2

    def told(self, guess: float, low: float, high: float) -> None:
        bands = [(guess - high, guess - low), (guess + low, guess + high)]
        both = [(max(a, c), min(b, d)) for a, b in self.parts for c, d in bands]
        # A contradiction: the number is another one now. The middle of everything is the best guess again.
        self.parts = [(a, b) for a, b in both if a <= b] or [EVERYWHERE]


@dataclass
class Bisector:
    """What the student believes, and how it was found."""

    scalar: Interval = field(default_factory=Interval)
    close: Interval = field(default_factory=Interval)
    leaks: list[int] = field(default_factory=list)

    def notebook(self, attempt: int) -> str:
        indent = "\n".join(f"    if line == {n}: raise kind" for n in range(LINES))
        return f"# attempt {attempt}\n" + NOTEBOOK.format(
            known=repr(self.scalar.guess),
            close=repr(self.close.guess),
            shift=WINDOW * (attempt % WINDOWS),
            kinds=", ".join(kind.__name__ for kind in KINDS),
            raises=indent,
        )

    def read(self, source: str, told: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """Learn all that the report tells; gives its checks by name for whoever keeps the score."""
        checks = {check["name"].rpartition("/")[2]: check for one in told["exercises"] for check in one["checks"]}
        error = checks["test_the_hidden_scalar"]["message"].removeprefix("Off by about ").rstrip(".")
        if error:
            self.scalar.told(self.scalar.guess, *_band(error))
        share = checks["test_how_close"]["earned"] / 4
        self.close.told(self.close.guess, max(0.0, 2 * (0.8 - share)), 2 * (1.05 - share) if share else 32.0)
        self.leaks.append(self._leak(source, checks))
        return checks

    def _leak(self, source: str, checks: dict[str, dict[str, Any]]) -> int:
        """The bits of the hidden input that came home by line, type and diagnosis."""
        raised = checks["test_a_last_row"]
        first = source.split("\n").index("    if line == 0: raise kind") + 1
        kind = next(n for n, kind in enumerate(KINDS) if f"`{kind.__name__}`" in raised["message"])
        return (raised["code"]["line"] - first) << 4 | kind << 1 | bool(checks["test_rows_again"]["diagnosis"])


def _band(one_digit: str) -> tuple[float, float]:
    """The sizes that are told as this digit."""
    size = float(one_digit)
    step = 10.0 ** math.floor(math.log10(size)) / 2
    return size - step, size + step


# The course ------------------------------------------------------------------------------------------------------


@dataclass
class Attempt:
    """One attempt, as the trusted side saw it."""

    passed: bool
    share: float  #: of the award
    scalar: float  #: the hidden numbers
    close: float
    guess: float  #: what the student believed the next hidden scalar to be, before it was drawn
    bits: int
    pages: tuple[str, ...]


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    settings = Settings(LIMITS, ROOT / "assignments" / "tiny" / "data", preload=("numpy", "IPython"))
    with Process(settings, Path(sys.executable)) as started:
        yield started


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    root = tmp_path / "course"
    shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns("__pycache__"))
    with (root / "assignments" / "tiny" / "test_hidden.py").open("a") as file:
        file.write(MORE)
    return Desk(root, tmp_path / "state")


def attempts(desk: Desk, box: Box, student: Bisector, count: int = ATTEMPTS) -> list[Attempt]:
    """Hand in, be graded, read the feedback, think; again and again."""
    unit, course, seen = load_unit(desk.root, "tiny"), desk.course, []
    with desk.store() as grades, CheckSession(desk.root, "tiny") as session:
        grades.register_bundle(BUNDLE, "tiny", b"")
        for number in range(count):
            source, guess = student.notebook(number), student.scalar.guess
            submission, new = accept(grades, course, unit, source.encode(), "eve.py", "eve")
            assert (new, submission.attempt) == (True, number + 1)
            work = read(unit, submission, source.encode())
            found = measure(box, session, unit, work, LIMITS, SECRET, BUNDLE)
            grades.save_result(submission.id, grade(course, unit, submission, found, BUNDLE, None))
            report = report_of(desk, grades, submission)
            pages = (jsons.render(report), gradescope.render(report), html.render(report), on_terminal(report))
            checks = student.read(source, json.loads(pages[0]))
            x, a, b = hidden(found.seeds["test_the_hidden_scalar"])
            mantissa = int(np.float64(x).view(np.uint64)) >> 16
            _, _, other = line = hidden(found.seeds["test_how_close"])
            seen.append(
                Attempt(
                    passed=checks["test_the_hidden_scalar"]["verdict"] == "passed",
                    share=checks["test_how_close"]["earned"] / 4,
                    scalar=a * x + b,
                    close=line[1] * line[0] + other,
                    guess=guess,
                    bits=mantissa >> (WINDOW * (number % WINDOWS)) & 4095,
                    pages=pages,
                )
            )
    return seen


def hidden(seed: int) -> tuple[float, float, float]:
    """The numbers that the added checks draw."""
    rng = np.random.default_rng(seed)
    x, (a, b) = rng.uniform(1, 2, size=1), rng.normal(size=2)
    return float(x[0]), float(a), float(b)


def on_terminal(report: Any) -> str:
    console = Console(file=io.StringIO(), width=120)
    console.print(terminal.render(report))
    return console.file.getvalue()  # type: ignore[attr-defined]


def same_bits(student: Bisector, seen: list[Attempt]) -> float:
    """How much of what was leaked holds for the next attempt that looks at the same bits; chance is a half."""
    pairs = zip(student.leaks, seen[WINDOWS:], strict=False)
    return float(np.mean([1 - (leak ^ later.bits).bit_count() / WINDOW for leak, later in pairs]))


# The two courses -------------------------------------------------------------------------------------------------


def test_with_fixed_inputs_the_student_wins(desk, box, monkeypatch):
    """The control: seeds that forget the attempt. The hidden scalar falls to 1e-7, the award fills, the inputs leak."""
    real = Secret.seed
    monkeypatch.setattr(Secret, "seed", lambda self, *words: real(self, *words[:-1]))
    student = Bisector()
    seen = attempts(desk, box, student)
    assert len({attempt.scalar for attempt in seen}) == 1
    assert seen[-1].passed
    assert sum(attempt.passed for attempt in seen) >= ATTEMPTS // 4
    assert seen[-1].share == 1
    assert student.leaks == [attempt.bits for attempt in seen]
    assert same_bits(student, seen) == 1


def test_with_fresh_inputs_it_learns_nothing(desk, box):
    """The same student, the real seeds: no point for the scalar, no better award than a constant, bits like a coin's."""
    student = Bisector()
    seen = attempts(desk, box, student)
    assert len({attempt.scalar for attempt in seen}) == ATTEMPTS
    assert not any(attempt.passed for attempt in seen)
    late = seen[ATTEMPTS // 4 :]
    constant = [max(0, min(4, math.floor(4 * (1.05 - abs(attempt.close) / 2)))) / 4 for attempt in late]
    assert np.mean([attempt.share for attempt in late]) <= np.mean(constant) + 0.1
    mine = np.median([abs(attempt.guess - attempt.scalar) for attempt in late])
    assert mine >= 0.8 * np.median([abs(attempt.scalar) for attempt in late])
    # The channel itself works: each attempt's own bits came home. They say nothing about those to come.
    assert student.leaks == [attempt.bits for attempt in seen]
    assert 0.4 < same_bits(student, seen) < 0.6


def test_what_is_printed_during_a_hidden_call_is_nobodys(desk, box):
    """What the notebook prints while it is loaded is shown in every format; what it prints later in none."""
    for attempt in attempts(desk, box, Bisector(), count=3):
        for page in attempt.pages:
            assert "READY" in page
            assert "LEAK" not in page


def test_identical_bytes_are_one_attempt_with_one_grade(desk, box):
    """Handed in again, the same bytes are the same attempt; graded again, they meet the same numbers and get the same."""
    unit, data = load_unit(desk.root, "tiny"), Bisector().notebook(0).encode()
    with desk.store() as grades, CheckSession(desk.root, "tiny") as session:
        first, again = (accept(grades, desk.course, unit, data, "eve.py", "eve") for _ in range(2))
        assert again == (first[0], False)
        work = read(unit, first[0], data)
        one, two = (measure(box, session, unit, work, LIMITS, SECRET, BUNDLE) for _ in range(2))
        other, _ = accept(grades, desk.course, unit, data + b"#", "eve.py", "eve")
        three = measure(box, session, unit, read(unit, other, data + b"#"), LIMITS, SECRET, BUNDLE)
    assert (one.seeds, one.checks, one.answers) == (two.seeds, two.checks, two.answers)
    assert set(one.seeds.values()).isdisjoint(three.seeds.values())


def said(desk: Desk, capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str]:
    """Type a command: its exit code and all that it says."""
    code: Any = 0
    try:
        main(["--course", str(desk.root), "--state", str(desk.state), *map(str, words)])
    except SystemExit as ended:
        code = ended.code or 0
    told = capsys.readouterr()
    return code, told.out + told.err


def test_only_the_teacher_sees_the_seeds(desk, box, capsys):
    """`feedback --teacher` prints seeds and stage times; no page for the student holds a seed, and files are refused."""
    pages = attempts(desk, box, Bisector(), count=1)[0].pages
    with desk.store() as grades:
        result = grades.result(1)
    assert result is not None
    seeds = [str(seed) for seed in result.provenance["seeds"].values()]
    code, told = said(desk, capsys, "feedback", 1, "--teacher")
    assert code == 0
    assert all(seed in told for seed in seeds)
    assert "checks" in told.split("stages: ")[1]
    assert not [seed for seed in seeds for page in pages if seed in page]
    code, told = said(desk, capsys, "feedback", 1, "--teacher", "--json")
    assert (code, "only" in told) == (2, True)


def test_the_next_attempt_must_wait(desk, capsys):
    """With a cool-down in course.yaml a second file is refused in one line, the same file again is answered."""
    settings = desk.root / "course.yaml"
    settings.write_text(settings.read_text() + "    attempts: {cooldown: 30}\n")
    for name in ("one", "two"):
        (desk.root / f"{name}.py").write_text(f"# {name}\ndef softmax(z):\n    return z\n")
    submit = ("submit", "--student", "eve")
    assert said(desk, capsys, *submit, desk.root / "one.py")[0] == 0
    code, told = said(desk, capsys, *submit, desk.root / "two.py")
    assert (code, told.count("\n")) == (2, 1)
    assert "two.py: the next attempt of eve at tiny may come from " in told
    code, told = said(desk, capsys, *submit, desk.root / "one.py")
    assert (code, "already here" in told) == (0, True)
    with desk.store() as grades:
        assert [one.filename for one in grades.submissions()] == ["one.py"]
