"""Reading and judging what students type: every form they use, and everything that is no answer."""

from __future__ import annotations

import contextlib
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.errors import AnswerError
from autograder.quiz import Choice, Formula, Integer, Matching, Number, Numbers, Ordering, Output, Several, Shape
from autograder.quiz.formula import evaluate, parse
from autograder.quiz.numeric import number, number_rows, tolerance, whole

LETTERS = ("forget", "input", "reset", "hidden")

# Reading


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("0.35", 0.35),
        ("0,35", 0.35),
        (" -0,35 ", -0.35),
        ("−2.5", -2.5),
        ("35 %", 0.35),
        ("1/3", 1 / 3),
        ("2.5e-3", 0.0025),
        ("2.5*10^-3", 0.0025),
        ("2,5 × 10^-3", 0.0025),
        ("ln(2)", math.log(2)),
        ("exp(-1)/2", math.exp(-1) / 2),
        ("sqrt(2)", math.sqrt(2)),
        ("1 278 000", 1278000),
        ("1'278'000.5", 1278000.5),
        ("1,278,000", 1278000),
        ("1,278,000.25", 1278000.25),
        ("１２", 12),
        ("+3", 3),
        (".5", 0.5),
        ("2pi", 2 * math.pi),
    ],
)
def test_numbers_are_read_as_students_write_them(typed, value):
    """Decimal comma, percent, fractions, powers of ten, thousands, look-alike digits."""
    assert number(typed) == pytest.approx(value, rel=1e-12)


def test_the_reading_is_echoed():
    """What was read is told before it is judged."""
    assert Number(0.35).read("0,35").echo == "we read “0,35” as 0.35"


@pytest.mark.parametrize(("typed", "value"), [("1,278", 1278), ("12", 12), ("3.0", 3), ("1 000", 1000), ("2^10", 1024)])
def test_whole_numbers(typed, value):
    """For a count, a comma before three digits marks thousands."""
    assert whole(typed) == value


@pytest.mark.parametrize(
    ("typed", "rows"),
    [
        ("1; 2; 3", [[1, 2, 3]]),
        ("(1, 2)", [[1, 2]]),
        ("[1 2 3]", [[1, 2, 3]]),
        ("1,5; 2,5", [[1.5, 2.5]]),
        ("1;2|3;4", [[1, 2], [3, 4]]),
        ("[[1, 2], [3, 4]]", [[1, 2], [3, 4]]),
        ("1 2\n3 4", [[1, 2], [3, 4]]),
    ],
)
def test_vectors_and_matrices(typed, rows):
    """Semicolons, commas, spaces, brackets, rows."""
    assert number_rows(typed) == rows


@pytest.mark.parametrize(
    "typed", ["(3, 32, 32)", "3,32,32", "3 32 32", "[3, 32, 32]", "torch.Size([3, 32, 32])", "3x32x32"]
)
def test_shapes(typed):
    """As programs print them, and as people do."""
    assert Shape((1,)).read(typed).value == (3, 32, 32)


HOSTILE = [
    "",
    "   ",
    "x" * 1_000_000,
    "9" * 1_000_000,
    "(" * 10_000 + "1" + ")" * 10_000,
    "(" * 100 + "1" + ")" * 100,
    "1" + "+1" * 900,
    "__import__('os').system('id')",
    "().__class__",
    "lambda: 1",
    "[x for x in y]",
    "open('/etc/passwd')",
    "exp.__globals__",
    "9**9**9**9",
    "2^(10^10)",
    "10^400",
    "1e999",
    "nan",
    "inf",
    "NaN",
    "1/0",
    "log(-1)",
    "(-1)^0.5",
    "е^2",  # a Cyrillic e
    "1\u202e2",
    "1\x002",
    "\ud800",
    "1 if 1 else 2",
    "f'{1}'",
    "1j",
    "True",
    "'1'",
    "1;2",
    "abs",
    "max(1)",
    "exp(1, 2)",
    "exp(x=1)",
    "½½½",
    "0x10",
    "1__0",
]


@pytest.mark.parametrize("typed", HOSTILE, ids=range(len(HOSTILE)))
def test_what_is_no_number_is_one_sentence(typed, at_most):
    """Nothing is evaluated, nothing hangs, and the sentence says what to do."""
    with at_most(20), pytest.raises(AnswerError) as caught:
        Number(1.0).read(typed)
    said = str(caught.value)
    assert 10 < len(said) < 300
    assert "\n" not in said


ANSWERS = [
    Number(1.5),
    Integer(3),
    Numbers([1.0, 2.0]),
    Numbers([[1, 2], [3, 4]], whole=True),
    Shape((2, 3)),
    Choice("forget"),
    Several(("forget", "input")),
    Ordering(LETTERS),
    Matching({"a": "forget", "b": "input"}),
    Output("[1, 2]"),
    Formula("2*x", {"x": (0, 1)}),
]


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(ANSWERS),
    st.text(max_size=60) | st.text("0123456789.,;:-+*/^()[]| eExpialogsqrt=_'\"\\%", max_size=60),
)
def test_any_text_is_read_or_refused(answer, typed):
    """A value that can be judged, or an AnswerError: never anything else."""
    try:
        read = answer.read(typed, LETTERS)
    except AnswerError:
        return
    assert 0 <= answer.mark(read.value) <= 1
    assert read.echo


# Judging


def test_a_tolerance_never_reaches_half_way_to_a_slip():
    """However loose its name: a slip's number is never taken for the answer."""
    assert tolerance("loose", 1.0, 3, [1.02]) == pytest.approx(0.0098)
    answer = Number(1.0, tolerance="loose")
    assert answer.mark(1.04) == 1
    assert answer.mark(1.012, [1.02]) == 0


@pytest.mark.parametrize(
    ("typed", "fraction"), [("0.881", 1), ("0.88", 1), ("0.8808", 1), ("0.880", 1), ("0.9", 0), ("0.87", 0)]
)
def test_rounded_and_cut_off_answers_count(typed, fraction):
    """0.880797 with three digits: one unit of the last digit asked."""
    answer = Number(0.880797)
    assert answer.mark(answer.read(typed).value) == fraction


def test_small_and_negative_numbers():
    """Tolerances are relative to the number's size, and zero has one too."""
    tiny = Number(-2.0e-6)
    assert tiny.mark(-2.004e-6) == 1
    assert tiny.mark(2e-6) == 0
    assert Number(0.0).mark(0.0) == 1
    assert Number(0.0).mark(0.01) == 0


def test_counts_are_exact():
    """One more is wrong, however large the number."""
    assert Integer(102764544).mark(102764544) == 1
    assert Integer(102764544).mark(102764545) == 0


def test_numbers_agree_one_by_one():
    """A slip that shares some numbers bounds only where it differs."""
    answer = Numbers([1.0, 2.0], digits=3)
    assert answer.mark([1.004, 2.0], [[1.0, 2.01]]) == 1
    assert answer.mark([1.0, 2.005], [[1.0, 2.01]]) == 0
    assert answer.mark([2.0, 1.0]) == 0


@pytest.mark.parametrize(
    ("chosen", "fraction"),
    [(("forget", "input"), 1), (("forget",), 0.5), (("forget", "reset"), 0), (("reset",), 0), (LETTERS, 0)],
)
def test_several_choices_give_part_of_the_points(chosen, fraction):
    """A wrong option takes back what a right one gave; never below nothing."""
    assert Several(("forget", "input")).mark(chosen) == fraction


def test_an_order_gives_part_of_the_points():
    """One swapped pair of neighbours costs little, the reverse everything, a drawn order half the rest on average."""
    answer = Ordering(("a", "b", "c", "d"))
    assert answer.mark(("a", "b", "c", "d")) == 1
    assert answer.mark(("b", "a", "c", "d")) == pytest.approx(2 / 3)
    assert answer.mark(("d", "c", "b", "a")) == 0


def test_letters_name_options():
    """In upper case, with commas, glued together."""
    answer = Several(("forget", "input"))
    for typed in ("a, c", "AC", "(a) (c)", "a c"):
        assert answer.read(typed, LETTERS).value == ("forget", "reset")
    for typed in ("e", "aa", "1", "a b z"):
        with pytest.raises(AnswerError):
            answer.read(typed, LETTERS)


def test_pairs():
    """Every number needs a letter, and only one."""
    answer = Matching({"x": "forget", "y": "input"})
    assert answer.mark(answer.read("1a 2b", LETTERS).value) == 1
    assert answer.mark(answer.read("1-a, 2:c", LETTERS).value) == 0.5
    for typed in ("1a", "1a 1b", "3a 1b", "1e 2a", "ab"):
        with pytest.raises(AnswerError):
            answer.read(typed, LETTERS)


def test_output_is_compared_without_spaces():
    """Spaces, kinds of quotes and `2.` beside `2.0` do not count; anything else does."""
    answer = Output("tensor([1., 2.])")
    assert answer.mark("tensor([1.0,2.])") == 1
    assert answer.mark("tensor([1, 2])") == 0
    assert Output("['a', 'b']").mark('["a","b"]') == 1
    assert Output("['a', 'b']").mark(Output("").read("[‘a’, “b”]").value) == 1
    assert Output("1 23").mark("12 3") == 0
    assert Output("1 23\n4").mark("1  23 4") == 1


# Formulas


@pytest.mark.parametrize(
    "typed", ["2*x*exp(-x^2)", "2x exp(-x**2)", "2·x·e^(-x^2)", "x/exp(x^2) + x*exp(-x*x)", "-(-2x)exp(-x^2)"]
)
def test_a_formula_in_any_form(typed):
    """Products without a sign, both signs of a power, sums that come to the same."""
    answer = Formula("2*x*exp(-x**2)", {"x": (-1.5, 1.5)})
    assert answer.mark(answer.read(typed).value) == 1


@pytest.mark.parametrize("typed", ["2*x*exp(x^2)", "x*exp(-x^2)", "2*x*exp(-x^2)+0.001", "2", "sqrt(x)*2*exp(-x^2)"])
def test_another_formula_is_another(typed):
    """Also one that has no value everywhere."""
    answer = Formula("2*x*exp(-x**2)", {"x": (-1.5, 1.5)})
    assert answer.mark(answer.read(typed).value) == 0


def test_variables_have_greek_and_indexed_names():
    """σ is the function, λ a variable; h_1 is one name."""
    tree = parse("λ*h_1 + σ(0)", ("lambda", "h_1"))
    assert evaluate(tree, {"lambda_": 2.0, "h_1": 3.0}) == 6.5


@pytest.mark.parametrize("typed", [t for t in HOSTILE if t not in ("9" * 1_000_000,)], ids=str.__len__)
def test_hostile_formulas(typed, at_most):
    """Refused, or read as numbers that are judged wrong; quickly."""
    answer = Formula("2*x", {"x": (0.5, 1)})
    fraction = 0.0
    with at_most(20), contextlib.suppress(AnswerError):
        fraction = answer.mark(answer.read(typed).value)
    assert fraction == 0


def test_formulas_are_compared_where_the_right_one_is_defined():
    """A student's formula that is nowhere defined cannot be read at all."""
    with pytest.raises(AnswerError, match="no value"):
        Formula("x", {"x": (0.5, 1)}).read("log(-x)")


def test_values_of_all_types_can_be_shown():
    """Every answer shows its own value."""
    for answer in ANSWERS:
        assert answer.show(answer.value)
        assert answer.how
        assert not answer.differ(answer.value, answer.value)
        assert answer.problems() == []


def test_bad_answers_say_so():
    """What cannot be asked is named, so that a template is redrawn or mended."""
    assert Number(math.nan).problems()
    assert Number(1e-15).problems()
    assert Number(1.0, tolerance="lax").problems()
    assert Integer(2.5).problems()
    assert Numbers(np.array([1.0, math.inf])).problems()
    assert Formula("log(-x)", {"x": (0.5, 1)}).problems()
    assert Formula("y", {"x": (0.5, 1)}).problems()
    assert Ordering(("a", "b")).problems()
