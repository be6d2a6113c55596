"""The audit: clean where the tests can be trusted, and a line for each way in which they cannot."""

import textwrap
from pathlib import Path

import pytest

from autograder import audit

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
    told = []
    report = audit.run(TINY, "tiny", progress=told.append)
    assert report.clean, report.findings
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
