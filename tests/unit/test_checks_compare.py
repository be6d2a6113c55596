"""compare: when two answers agree, and how little is said when they do not."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.checks.compare import PROFILES, difference, one_digit, profile, same, statistical
from autograder.errors import JudgeError
from autograder.records import Handle

CLOSED = PROFILES["closed_form"]
EXACT = PROFILES["exact"]


@pytest.mark.parametrize(
    "got",
    [
        [1.0, 2.0],
        (1.0, 2.0),
        np.array([1.0, 2.0]),
        np.array([1, 2]),
        [1, 2],
        [np.float64(1), np.array(2.0)],
        np.array([1, 2], np.uint8),
        np.array([1.0, 2.0])[::-1][::-1],
    ],
)
@pytest.mark.parametrize("expected", [[1.0, 2.0], (1, 2), np.array([1.0, 2.0]), np.array([1, 2])])
def test_one_vector_in_many_clothes(got, expected):
    """List, tuple, array and integer-valued numbers of any type are equal."""
    assert difference(got, expected, CLOSED) == ""


@pytest.mark.parametrize("got", [3, 3.0, np.float64(3), np.int8(3), np.array(3.0), True + True + True])
def test_integers_are_counts_of_any_type(got):
    """Where an integer is asked, any integer-valued number counts; a 0-d array is a scalar."""
    assert difference(got, 3, EXACT) == ""
    assert difference(got, 3, CLOSED) == ""


def test_a_large_count_is_not_forgiven():
    """A parameter count that is off by one is wrong, whatever the profile's relative tolerance."""
    assert "off by about 1." in difference(62_378_345, 62_378_344, CLOSED)
    assert "off by about 1." in difference(62_378_345.0, 62_378_344, CLOSED)
    assert difference(2**70, 2**70, EXACT) == ""
    assert difference(2**70 + 1, 2**70, EXACT)


@pytest.mark.parametrize(
    ("got", "expected", "words"),
    [
        (1.0, np.ones(3), "shape (3,) is expected, not a single number"),
        (np.ones((3, 1)), np.ones(3), "shape (3,) is expected, not shape (3, 1)"),
        (np.ones((1, 1)), 1.0, "a single number is expected, not shape (1, 1)"),
        (np.ones(1), 1.0, "a single number is expected, not shape (1,)"),
        (np.zeros(0), np.ones(3), "not shape (0,)"),
        ([], np.ones(3), "not shape (0,)"),
    ],
)
def test_nothing_is_broadcast(got, expected, words):
    """One lucky number, a stray axis or an empty answer never stand for an array."""
    assert words in difference(got, expected, CLOSED)


@pytest.mark.parametrize(
    ("got", "words"),
    [
        (None, "None (is a `return` missing?)"),
        ("1", "text"),
        (b"1", "bytes"),
        ({"a": 1}, "a dict"),
        ([[1.0], [1.0, 2.0]], "not rectangular"),
        ([1.0, None], "not all numbers"),
        (Handle(1), "an object"),
        (10**30, "too large"),
        ([10**30, 1], "not all numbers"),
        (True, "not True/False"),
        (1j, "not complex"),
        (np.array(1 + 0j), "not complex"),
        (float("nan"), "NaN"),
        (float("inf"), "infinite"),
    ],
)
def test_what_is_no_real_number_is_refused(got, words):
    """None, text, dicts, ragged lists, objects, truth values, complex, NaN and infinities are not 1.0."""
    assert words in difference(got, 1.0, CLOSED)


def test_nan_equals_nothing_unless_asked():
    """NaN in the expected value is our error, except where the profile asks for NaN."""
    with pytest.raises(JudgeError, match="with_nan"):
        difference(np.array([1.0, np.nan]), np.array([1.0, np.nan]), CLOSED)
    asked = PROFILES["with_nan"]
    assert difference(np.array([1.0, np.nan]), np.array([1.0, np.nan]), asked) == ""
    assert difference(np.array([np.nan, 1.0]), np.array([1.0, np.nan]), asked)
    assert difference(np.array([1.0, 1.0]), np.array([1.0, np.nan]), asked)


def test_an_infinity_equals_the_same_infinity():
    """Where infinity is the answer it must be that one."""
    assert difference(np.array([np.inf, 1.0]), np.array([np.inf, 1.0]), CLOSED) == ""
    assert difference(-np.inf, np.inf, CLOSED)
    assert difference(1e308, np.inf, CLOSED)


def test_minus_zero_is_zero():
    """The sign of zero is no error."""
    assert difference(np.array([-0.0]), np.array([0.0]), EXACT) == ""


def test_a_mask_may_be_bool_or_01():
    """Where truth values are asked 0 and 1 count, other numbers do not."""
    mask = np.array([[True, False]])
    assert difference([[1, 0]], mask, EXACT) == ""
    assert difference(np.array([[1.0, 0.0]]), mask, EXACT) == ""
    assert "mask" in difference([[2, 0]], mask, EXACT)
    assert "wrong" in difference([[0, 0]], mask, EXACT)
    assert difference(np.True_, True, EXACT) == ""


def test_structure_is_told_by_its_part():
    """Dicts and lists of arrays are compared part by part; the message names the part."""
    expected = {"loss": 1.0, "grads": [(np.eye(2), np.ones(2)), (np.eye(3), np.ones(3))]}
    right = {"grads": ((np.eye(2), [1, 1]), [np.eye(3), np.ones(3)]), "loss": np.array(1.0)}
    assert difference(right, expected, CLOSED) == ""
    assert "'loss'" in difference({**right, "loss": 2.0}, expected, CLOSED)
    assert "no 'loss'" in difference({"grads": right["grads"]}, expected, CLOSED)
    assert "not asked for" in difference({**right, "more": 1}, expected, CLOSED)
    assert "2 parts are expected, not 1" in difference({**right, "grads": right["grads"][:1]}, expected, CLOSED)
    swapped = [(np.ones(2), np.eye(2)), right["grads"][1]]
    assert "'grads': part 1: part 1: shape (2, 2)" in difference({**right, "grads": swapped}, expected, CLOSED)


def test_an_array_may_stand_for_a_list_of_arrays():
    """A stack of equal shapes is the list of its rows."""
    assert difference(np.ones((2, 3)), [np.ones(3), np.ones(3)], CLOSED) == ""


def test_an_empty_expected_array_judges_nothing():
    """A comparison of nothing would pass for any empty answer: it is our error."""
    with pytest.raises(JudgeError):
        difference(np.zeros(0), np.zeros(0), CLOSED)
    assert difference([], [], EXACT) == ""
    assert difference([1], [], EXACT)


@given(st.floats(1e-12, 1e12), st.floats(1e-6, 1e6))
def test_an_error_has_one_digit(expected, error):
    """However the numbers fall, a message tells one digit of the error and nothing of a value."""
    told = difference(expected + error + 1, expected, EXACT)
    mantissas = re.findall(r"[1-9]", re.sub(r"e-?\d+", "", told))
    assert len(mantissas) == 1, told


def test_one_digit():
    """The size of an error in the words that a student reads."""
    assert [one_digit(x) for x in (0.0317, 0.96, 4.4, 41.0, 3e7, float("inf"))] == [
        "3e-2",
        "1",
        "4",
        "40",
        "3e7",
        "1e15 or more",
    ]


def test_profiles_are_as_wide_as_they_say():
    """Each profile accepts half of its bound and refuses twice of it."""
    for p in PROFILES.values():
        bound = p.atol + p.rtol * (2 if p.relative_to_largest else 1)
        assert difference(1.0 + bound / 2, 1.0, p) == ""
        assert difference(1.0 + 2 * bound + 1e-12, 1.0, p)
        assert p.why


def test_a_gradient_is_judged_by_its_largest_entry():
    """An entry near zero may carry the rounding of the large ones."""
    assert difference(np.array([1.0, 1e-8]), np.array([1.0, 2e-8]), profile("gradient")) == ""
    assert difference(np.array([1.0, 1e-8]), np.array([1.0, 1e-4]), profile("gradient"))


def test_a_statistical_bound_is_stated():
    """Estimates are judged by a bound that the check states."""
    assert difference(0.52, 0.5, statistical(0.05)) == ""
    assert difference(0.58, 0.5, statistical(0.05))
    with pytest.raises(JudgeError):
        statistical(float("nan"))


def test_an_unknown_profile_is_our_error():
    """A slip in a profile's name never becomes a tolerance."""
    with pytest.raises(JudgeError, match="closed_form"):
        profile("close")


def test_no_overflow_in_unsigned_or_half_types():
    """Differences are taken in float64, not in the type of the answer."""
    assert difference(np.array([1], np.uint8), np.array([2], np.uint8), EXACT)
    assert difference(np.array([255], np.uint8), np.array([-1], np.int64), EXACT)
    assert difference(np.array([1e4], np.float16), np.array([1e5]), CLOSED)


def test_text_is_equal_or_different():
    """Of a text, only that it differs is told."""
    assert difference("abc", "abc", EXACT) == ""
    assert "secret" not in difference("abc", "secret", EXACT)
    assert difference(1, "1", EXACT)
    assert difference(None, None, EXACT) == ""
    assert difference(0, None, EXACT)


def test_the_same_slip_leaves_the_same_value():
    """Leaf by leaf with NaN equal to NaN, in any clothes, and not further than rounding."""
    a = {"x": [np.array([1.0, np.nan]), 2.0]}
    assert same(a, {"x": ((1.0 + 1e-12, np.nan), np.array(2.0))})
    assert not same(a, {"x": [np.array([1.0, 0.0]), 2.0]})
    assert not same(a, {"y": a["x"]})
    assert not same(np.ones(3), np.ones((3, 1)))
    assert not same(1.0, 1.0 + 1e-7)
    assert not same(Handle(1), Handle(1))
