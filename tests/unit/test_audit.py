"""The audit: clean where the tests can be trusted, and a line for each way in which they cannot."""

import textwrap
from pathlib import Path

import numpy as np
import pytest

from autograder import audit
from autograder.audit import html
from autograder.audit.mutants import mutants
from autograder.errors import UnitError

TINY = Path(__file__).parents[1] / "fixtures" / "tiny_course"
HEAD = "import numpy as np\nfrom autograder.checks import *\nfrom reference import activations, linear\n\n"


@pytest.fixture
def course(tmp_path):
    def write(**files):
        for file in TINY.rglob("*.*"):
            if file.is_file() and "__pycache__" not in file.parts and file.name != "conftest.py":
                target = tmp_path / file.relative_to(TINY)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(file.read_bytes())
        for name, text in files.items():
            path = tmp_path / "assignments" / "tiny" / f"{name}.py"
            kept = "" if text.startswith("\n!") else path.read_text() + "\n\n"
            path.write_text((kept or HEAD) + textwrap.dedent(text.replace("!", "", 1) if not kept else text))
        return tmp_path

    return write


def findings(root, seeds=4):
    return [str(f) for f in audit.run(root, "tiny", seeds).findings]


def test_the_tiny_course_is_clean():
    """The tiny course stands up to twenty seeds, and says what was tried in one line."""
    told, expected = [], []
    report = audit.run(TINY, "tiny", progress=told.append, expect=expected.append)
    assert report.clean, report.findings
    assert expected == [len(told)]
    assert (report.checks, report.wrong, report.right, report.seeds) == (4, 2, 2, 20)
    assert "tiny: clean" in report.summary
    assert {"solution", "blank", "wrong softmax_over_the_whole_array"} <= set(told)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (
            {
                "wrong": '@wrong("softmax", "Never seen.")\ndef softmax_right(z):\n    return activations_softmax(z)\n'
                "from reference.activations import softmax as activations_softmax\n"
            },
            "keeps all points of softmax under 4 of 4 seeds",
        ),
        (
            {
                "wrong": '@wrong("softmax", "The same slip in other words.")\ndef softmax_again(z):\n'
                "    e = np.exp(z - z.max())\n    return e / e.sum()\n"
            },
            "wrong softmax_again: loses points, but no check shows its diagnosis",
        ),
        (
            {"right": '@right("softmax")\ndef softmax_not_right(z):\n    return np.ones_like(z)\n'},
            "right softmax_not_right: test_softmax_agrees_with_the_formula takes points",
        ),
        (
            {
                "right": '@right("softmax")\ndef softmax_by_scipy(z):\n    from scipy.special import softmax\n'
                "    return softmax(z, axis=-1)\n"
            },
            "uses scipy",
        ),
        (
            {
                "test_hidden": '@check("softmax", points=1)\ndef test_seed(student, rng):\n    """Sometimes."""\n'
                "    z = rng.normal(size=3)\n    agree(student.softmax(z) * (1 + (z[0] > 0)), activations.softmax(z))\n"
            },
            "solution: test_seed takes points of it under",
        ),
        (
            {
                "test_hidden": '@check("softmax", points=1)\ndef test_strict(student, rng):\n    """Breaks."""\n'
                "    z = rng.normal(size=3)\n    for a, b in zip(student.softmax(z), activations.softmax(z), strict=True):\n"
                "        agree(a, b)\n"
            },
            "hostile the right answer without its last part: test_strict breaks instead of judging",
        ),
        (
            {
                "test_hidden": '@check("softmax", points=1)\ndef test_shift(student, rng):\n    """Any constant."""\n'
                "    z = rng.normal(size=3)\n    agree(student.softmax(z), student.softmax(z + 1))\n"
            },
            "hostile a number: earns 1 in test_shift",
        ),
        (
            {
                "test_hidden": '@check("softmax", points=1)\ndef test_scale_too(student, rng):\n    """Another\'s."""\n'
                '    x = rng.normal(size=3)\n    agree(student.scale(x, 2.0)["slope"], linear.scale(x, 2.0)["slope"])\n'
            },
            "wrong scale_with_the_slope_of_the_constant: loses points in softmax too: test_scale_too",
        ),
        (
            {
                "wrong": "\n!@wrong('softmax', 'You normalise over the whole array.')\ndef softmax_whole(z):\n"
                "    e = np.exp(z - z.max())\n    return e / e.sum()\n"
            },
            "exercise scale: wrong.py has no wrong solution of it",
        ),
    ],
)
def test_what_cannot_be_trusted_is_found(course, files, words):
    """Blind, seed-dependent, breakable and generous tests each have their line; so have idle solutions."""
    found = findings(course(**files))
    assert any(words in line for line in found), found
    assert all("\n" not in line for line in found)


def test_a_wrong_solution_that_only_trains_badly_needs_no_diagnosis(course):
    """Where results are awarded there is no value to know a slip by."""
    tests = (
        '@check("scale", points=1, twin=None)\ndef test_trained(student, rng):\n    """Close."""\n'
        '    y = numbers(student.scale(rng.normal(size=3) * 0 + 1, 2.0, 1.0)["slope"], (3,))\n'
        "    award(1 - abs(y[0] - 2.0), 'off')\n"
    )
    old = "agree(student.scale(x, a, b=b), linear.scale(x, a, b))"
    root = course(test_hidden=tests)
    hidden = root / "assignments" / "tiny" / "test_hidden.py"
    hidden.write_text(
        hidden.read_text()
        .replace("import agree, ", "import agree, award, numbers, ")
        .replace(old, old.replace("(x, a, b=b)", "(x, a, b=b)['y']").replace("(x, a, b))", "(x, a, b)['y'])"))
    )
    found = findings(root)
    assert not any("diagnosis" in line or "keeps" in line for line in found), found


def test_a_progress_is_optional(course):
    """An audit of one seed without a listener works."""
    assert audit.run(course(), "tiny", seeds=1).clean


def test_a_check_that_wants_arrays_is_found(course):
    """Lists, tuples and tensors are right answers too; who asks for an attribute of an array has not thought of them."""
    strict = """
    @check("scale", points=1)
    def test_strict(student):
        \"\"\"Strict.\"\"\"
        y = student.scale(np.ones(2))["y"]
        assert isinstance(y._value, np.ndarray)
        agree(y, np.ones(2))
    """
    told = findings(course(test_hidden=strict))
    assert any(line.startswith("right in lists: test_strict takes points") for line in told)
    assert not any("right in views" in line for line in told)


# Mutants


def test_a_slip_that_no_check_sees_survives(course):
    """Without the check that looks at large scores, a solution that overflows keeps all points: told with its diff."""
    root = course()
    path = root / "assignments" / "tiny" / "test_hidden.py"
    path.write_text(path.read_text().replace("* 10_000", "* 1"))
    report = audit.run(root, "tiny", seeds=3)
    changes = {s.who.rpartition(": ")[2] for s in report.survivors}
    assert "`z.max(axis=-1, keepdims=True)` dropped" in changes
    assert report.kill_rate < 0.95
    assert not report.clean
    dropped = next(s for s in report.survivors if "dropped" in s.who)
    assert (dropped.exercise, dropped.killed, dropped.lost) == ("softmax", False, 0)
    assert dropped.diff.splitlines()[0].startswith("-    e = np.exp(z - z.max")
    assert dropped.diff.splitlines()[1] == "+    e = np.exp(z)"


EQUIVALENT = """
[[mutant]]
function = "softmax"
line = "e = np.exp(z - z.max(axis=-1, keepdims=True))  # the largest score becomes 0: nothing overflows"
change = "{change}"
reason = "For a test."
"""


@pytest.mark.parametrize(
    ("change", "told"),
    [("max -> min", "loses points: it is not equivalent"), ("max -> sum", "there is no mutant softmax")],
)
def test_a_list_of_equivalent_mutants_must_be_true(change, told, course):
    """What loses points, or is no mutant of today's solution, has no place in equivalent.toml."""
    root = course()
    (root / "assignments" / "tiny" / "equivalent.toml").write_text(EQUIVALENT.format(change=change))
    assert any(told in line for line in findings(root))


def test_an_equivalent_mutant_does_not_count(course):
    """It is kept with its reason, and left out of the rate."""
    root = course()
    path = root / "assignments" / "tiny" / "test_hidden.py"
    path.write_text(path.read_text().replace("* 10_000", "* 1"))
    change = "`z.max(axis=-1, keepdims=True)` dropped"
    (root / "assignments" / "tiny" / "equivalent.toml").write_text(EQUIVALENT.format(change=change))
    report = audit.run(root, "tiny", seeds=2)
    (kept,) = [each for each in report.tried if each.equivalent]
    assert kept.equivalent == "For a test."
    assert kept not in report.mutants


@pytest.mark.parametrize(
    "text", ["[[mutant]]\nfunction = 1\n", '[[mutant]]\nfunction = "f"\n', "mutant = [1]\n", "[[mutant\n"]
)
def test_a_mistake_in_equivalent_toml_is_one_line(text, course):
    root = course()
    (root / "assignments" / "tiny" / "equivalent.toml").write_text(text)
    with pytest.raises(UnitError, match=r"tiny/equivalent\.toml: ") as caught:
        audit.run(root, "tiny", seeds=1)
    assert "\n" not in str(caught.value)


def solution(x, n=2):
    """Every operator finds something here."""
    total = np.zeros(3, dtype=float)
    for i in range(n):
        if x[i] >= 0.5 and i != 1:
            total += x[1:].mean(axis=0) * -1e-9
        rest = x.copy() @ x.T
    y = total if n > 1 else rest
    return np.tanh(y - 1), total


@pytest.mark.parametrize(
    "change",
    [
        "+= -> -=",
        "* -> /",
        "@ -> *",
        "`x[i] >= 0.5` -> `x[i] > 0.5`",
        "and <-> or",
        "0.5 -> 1.0",
        "-> 0.0",
        "dtype= dropped",
        "axis= dropped",
        "axis 0 -> -1",
        "mean -> sum",
        "zeros -> ones",
        "copy() dropped: no copy",
        ".T dropped",
        "tanh() dropped",
        "`x[1:]` without its lower end",
        "`x[i]` one place earlier",
        "ends after one round",
        "runs backwards",
        "`rest = x.copy() @ x.T` left out",
        "condition turned round",
        "the other branch",
        "swapped",
        "`1` dropped",
        "sides swapped",
        "`-` dropped",
    ],
)
def test_each_slip_is_made(change):
    """The slips of this field, each somewhere in a function that has room for all of them."""
    made = [mutant for mutant in mutants(solution) if change in mutant.change]
    assert made
    for mutant in made:
        assert mutant.build(solution) is not solution
        assert len(mutant.diff.splitlines()) >= 1


def test_mutants_are_all_different():
    """None is the original, none comes twice."""
    sources = [mutant.source for mutant in mutants(solution)]
    assert len(sources) == len(set(sources)) > 40
    assert next(mutants(solution)).original not in sources


def test_the_page_tells_it_all(course):
    """Survivors with their diff, excused ones with their reason, escaped."""
    root = course()
    path = root / "assignments" / "tiny" / "test_hidden.py"
    path.write_text(path.read_text().replace("* 10_000", "* 1"))
    change = "`z.max(axis=-1, keepdims=True)` dropped"
    (root / "assignments" / "tiny" / "equivalent.toml").write_text(
        EQUIVALENT.format(change=change).replace("For a test.", "a <b> reason")
    )
    report = audit.run(root, "tiny", seeds=2)
    text = html.render([report])
    assert "Slips that keep all points" in text
    assert "+    e = np.exp(z)" in text
    assert "a &lt;b&gt; reason" in text
    assert "<script" not in text
