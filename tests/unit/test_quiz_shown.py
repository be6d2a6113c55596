"""How questions look: TeX as characters, as MathML, in a notebook; numbers; pictures."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from autograder.quiz import figures, markup, par, plain, plus, tex
from autograder.quiz.check import typed
from autograder.quiz.magic import QuizMagic

FIXTURE = Path(__file__).parent.parent / "fixtures" / "quiz_course"


@pytest.mark.parametrize(
    ("formula", "characters"),
    [
        (r"\sigma'(x) = \frac{1}{1+e^{-x}}", "σ'(x) = 1/(1+e⁻ˣ)"),
        (r"\partial L / \partial z_0", "∂ L / ∂ z₀"),
        (r"\sum_{i=1}^{n} w_i x_{i,j}", "∑ᵢ₌₁ⁿ wᵢ xᵢ,ⱼ"),
        (r"1.2 \times 10^{-5}", "1.2 × 10⁻⁵"),
        (r"\hat{y},\ \tilde h_t", "ŷ, h̃ₜ"),
        (r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}", "[1 2 | 3 4]"),
        (r"\log \frac{p_k}{q}", "log pₖ/q"),
        (r"\mathbb{R}^2", "ℝ²"),
        (r"W^{(l)}_{hh}", "W⁽ˡ⁾ₕₕ"),
        (r"\sqrt{2\pi}", "√(2π)"),
        (r"\mathrm{KL}(q \,\|\, p)", "KL(q ‖ p)"),
    ],
)
def test_formulas_in_a_terminal(formula, characters):
    """One line that reads as the formula does."""
    assert markup.unicode(formula) == characters


def test_code_is_left_alone():
    """Dollar signs and stars in code are code."""
    assert markup.terminal("`a_1 * $x$` and $a_1 * x$") == r"`a_1 * $x$` and a₁ \* x"


def test_a_page_draws_formulas_and_runs_nothing():
    """MathML for formulas; whatever looks like a tag is text."""
    page = markup.html("$a_1 < b$ <script>alert(1)</script> `<b>` [x](javascript:alert(1))")
    assert "<math" in page
    assert "<script" not in page
    assert "javascript:" not in page.replace("javascript:alert(1))", "")
    assert "&lt;b&gt;" in page
    assert markup.html("$a_1 < b$", "parens") == r"<p>\(a_1 &lt; b\)</p>"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.1 + 0.2, "0.3"),
        (-0.0, "0"),
        (1e-5, "1e-5"),
        (12345678.0, "1.23457e7"),
        (100.0, "100"),
        (2.50, "2.5"),
        (0.00012, "0.00012"),
    ],
)
def test_numbers_are_shown_without_noise(value, shown):
    """Six digits, no trailing zeros, no minus zero."""
    assert plain(value) == shown


def test_numbers_in_formulas():
    """Signs, vectors, matrices, powers of ten."""
    assert (plus(-2.0), plus(3), par(-1.5), par(2)) == ("- 2", "+ 3", "(-1.5)", "2")
    assert tex(1e-5) == "10^{-5}"
    assert tex(1.2e-5) == r"1.2 \times 10^{-5}"
    assert tex(np.array([1, -2])) == r"(1,\ -2)"
    assert tex([[1, 2], [3, 4]]) == r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}"


FIGURES = [
    figures.cells([[1, -2.5], [3, 4]], rows=["a<b", "c"], columns=["x", "y"], mark=[(0, 1)], title="T & t"),
    figures.curves({"train": np.linspace(1, 0, 80), "val": [1.0, 0.5, 0.7]}, x_label="epoch"),
    figures.curves({"flat": [1.0, 1.0]}),
    figures.network([4, 32, 3], ["in", "hidden", "out"]),
    figures.bars({"a": 0.0, "long name": 1.0}, "mastery"),
    figures.side_by_side(figures.cells([[1]]), figures.cells([[2, 3]])),
]


@pytest.mark.parametrize("figure", FIGURES, ids=range(len(FIGURES)))
def test_pictures_are_well_formed_and_have_words(figure):
    """SVG that any reader takes, and the same for a terminal."""
    root = ElementTree.fromstring(figure.svg)
    assert root.tag.endswith("svg")
    assert float(root.get("width")) > 20
    assert "nan" not in figure.svg
    assert figure.text.strip()


# In a notebook


@pytest.fixture
def magic(tmp_path):
    """`%quiz` in a copy of the quiz course."""
    shutil.copytree(FIXTURE, tmp_path / "course", ignore=shutil.ignore_patterns("__pycache__"))
    now = [datetime(2027, 3, 1, 18, tzinfo=UTC)]

    def clock():
        now[0] += timedelta(seconds=5)
        return now[0]

    return QuizMagic(tmp_path / "course", clock)


def test_a_sitting_in_a_notebook(magic):
    """Ask, hint, answer wrong with the reason, answer right, to the summary with its picture."""
    assert "What is" in magic.run("start number")
    assert "Multiply" in magic.run("hint")
    asked = magic.session.ask()
    said = magic.run(typed(asked, asked.question.slips[0].gives))
    assert "not right" in said
    assert "You added" in said
    while magic.session is not None:
        asked = magic.session.ask()
        said = magic.run(typed(asked, asked.question.answer.value))
        assert "✓ right" in said
    assert "3 answered, 2 right at the first try" in said
    assert "<svg" in said


def test_a_mistake_in_a_notebook_is_one_line(magic, tmp_path):
    """Unreadable answers, unknown words, no course."""
    magic.run("")
    assert "This costs nothing" in magic.run("what?")
    assert "is called" in magic.run("start nothing_like_this")
    assert "no course.yaml" in QuizMagic(tmp_path).run("")
    assert "%quiz" in magic.run("help")


def test_the_magic_is_registered():
    """`%load_ext autograder.quiz.magic` gives `%quiz`, as a notebook's kernel would run it."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    try:
        shell.run_line_magic("load_ext", "autograder.quiz.magic")
        assert "quiz" in shell.magics_manager.magics["line"]
    finally:
        InteractiveShell.clear_instance()
