"""Whether two answers agree: structure, shape, finiteness, then values.

What is said of a difference is all that a student learns of a hidden value: kinds and shapes, and the size of the
error as one digit.  A precise error, or its place, would give the expected value away over many attempts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.errors import JudgeError
from autograder.guest.wire import Tensor
from autograder.records import Handle

Array = NDArray[Any]

_NUMERIC = "biufc"
_SCALARS = (bool, int, float, complex, np.generic)


# How closely -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Profile:
    """How closely two numbers must agree: |got - expected| <= atol + rtol |expected|.

    relative_to_largest: the bound is rtol (max |got| + max |expected|) over the whole array.
    """

    name: str
    rtol: float
    atol: float
    why: str
    nan_equal: bool = False
    relative_to_largest: bool = False


_PROFILES = (
    Profile("exact", 0.0, 0.0, "Counts, shapes, indices, masks, zeros by construction: nothing is rounded."),
    Profile(
        "closed_form",
        1e-7,
        1e-9,
        "One formula in float64 loses some units in the 16th digit; 1e-7 leaves room for any order of summation and "
        "for log-sum-exp or its like, and still sees a float32 in the middle.",
    ),
    Profile(
        "recurrence",
        1e-5,
        1e-6,
        "Some tens of steps each feed their rounding to the next; a wrong term shows at 1e-2.",
    ),
    Profile("float32", 1e-4, 1e-6, "Where float32 is allowed: its 1e-7 grows through a network of some layers."),
    Profile(
        "gradient",
        1e-6,
        0.0,
        "Centred differences with h = 1e-5 in float64 agree to about 1e-8 of the largest entry; a forgotten factor or "
        "term is off by 1e-2 or more (CS231n: <= 1e-7 good, > 1e-2 wrong).",
        relative_to_largest=True,
    ),
    Profile("with_nan", 1e-7, 1e-9, "As closed_form, where NaN is the asked answer: NaN equals NaN.", nan_equal=True),
)
PROFILES: Mapping[str, Profile] = {profile.name: profile for profile in _PROFILES}


def statistical(bound: float) -> Profile:
    """For estimates from samples: |got - expected| <= bound.  State the bound's false-alarm rate beside its use."""
    if not 0 < bound < math.inf:
        raise JudgeError(f"statistical({bound!r}): the bound must be a number above 0.")
    return Profile("statistical", 0.0, bound, "Sampling noise; the check states how often a right answer misses it.")


def profile(name: str | Profile) -> Profile:
    """The profile of that name."""
    if isinstance(name, Profile):
        return name
    if name not in PROFILES:
        raise JudgeError(f"agree(profile={name!r}): unknown. Known are {', '.join(PROFILES)}, and statistical(bound).")
    return PROFILES[name]


# The comparison --------------------------------------------------------------------------------------------------


def difference(got: Any, expected: Any, how: Profile) -> str:
    """What differs, in words for the student; empty when the answers agree.

    List, tuple, array and tensor are equal, and so are integer-valued numbers of any type; a mask may be bool or 0/1.
    JudgeError if `expected` cannot be judged by.
    """
    if expected is None:
        return "" if got is None else f"None is expected, not {described(got)}."
    if isinstance(expected, str | bytes):
        return _text(got, expected)
    if isinstance(expected, Mapping):
        return _dict(got, expected, how)
    if isinstance(expected, list | tuple) and not _flat(expected):
        return _sequence(got, expected, how)
    return _numbers(got, expected, how)


def _text(got: Any, expected: str | bytes) -> str:
    if type(got) is not type(expected):
        return f"{described(expected)} is expected, not {described(got)}."
    return "" if got == expected else "The text differs from what is expected."


def _dict(got: Any, expected: Mapping[Any, Any], how: Profile) -> str:
    if not isinstance(got, Mapping):
        return f"a dict is expected, not {described(got)}."
    for key in expected:
        if key not in got:
            return f"the dict has no {key!r}." if isinstance(key, str) else "the dict lacks a key."
    if len(got) > len(expected):
        return "the dict has keys that are not asked for."
    return _first((repr(key), difference(got[key], value, how)) for key, value in expected.items())


def _sequence(got: Any, expected: list[Any] | tuple[Any, ...], how: Profile) -> str:
    if isinstance(got, np.ndarray) and got.ndim:
        got = list(got)
    if not isinstance(got, list | tuple):
        return f"{_parts(len(expected))} are expected, not {described(got)}."
    if len(got) != len(expected):
        return f"{_parts(len(expected))} are expected, not {len(got)}."
    parts = zip(got, expected, strict=True)
    return _first((f"part {n}", difference(mine, theirs, how)) for n, (mine, theirs) in enumerate(parts, 1))


def _first(parts: Any) -> str:
    """The first difference among named parts."""
    return next((f"{name}: {problem}" for name, problem in parts if problem), "")


def _parts(n: int) -> str:
    return f"{n} part" if n == 1 else f"{n} parts"


def _flat(values: list[Any] | tuple[Any, ...]) -> bool:
    """A vector written as a list: scalars only, and not numbers mixed with True and False."""
    if not values or not all(isinstance(v, _SCALARS) for v in values):
        return False
    return len({isinstance(v, bool | np.bool_) for v in values}) == 1


def _numbers(got: Any, expected: Any, how: Profile) -> str:
    e = _expected_array(expected)
    if e is None:  # an integer beyond 64 bits: Python's own, compared as it is
        return "" if isinstance(got, int) and got == expected else "the number differs from what is expected."
    if isinstance(got, np.ndarray) and _identical(got, e):
        return ""
    _can_judge(e, how)
    g = as_array(got)
    if g is None:
        return f"{_asked(e)} expected, not {described(got)}."
    problem = _kinds(g, e)
    if problem:
        return problem
    if g.shape != e.shape:
        # Shapes before values: numpy would broadcast one lucky number against the whole answer.
        return f"{_shape(e.shape)} is expected, not {_shape(g.shape)}."
    with np.errstate(all="ignore"):
        return _finite(g, e) or _values(g, e, how)


def _identical(g: Array, e: Array) -> bool:
    """The same numbers of the same kind, as most right answers are: nothing is left to judge.  NaN is not equal to NaN."""
    return bool(e.size) and g.dtype == e.dtype and g.shape == e.shape and bool((g == e).all())


def _expected_array(expected: Any) -> Array | None:
    expected = expected.array if isinstance(expected, Tensor) else expected
    if isinstance(expected, int) and not -(2**63) <= expected < 2**63:
        return None
    e = as_array(expected)
    if e is None:
        raise JudgeError(f"agree cannot judge by an expected value of type {type(expected).__name__}.")
    return e


def _can_judge(e: Array, how: Profile) -> None:
    if not e.size:
        raise JudgeError("agree has nothing to compare: the expected array is empty.")
    if np.isnan(e).any() and not how.nan_equal:
        raise JudgeError("agree has NaN in the expected value, and nothing equals NaN. Use profile='with_nan'.")


def as_array(value: Any) -> Array | None:
    """The value as a numeric array; None if it is not one (text, None, ragged, an object, beyond 64 bits)."""
    if isinstance(value, Tensor):
        value = value.array
    if not isinstance(value, (np.ndarray, list, tuple, *_SCALARS)):
        return None
    try:
        array = np.asarray(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return array if array.dtype.kind in _NUMERIC else None


def _asked(e: Array) -> str:
    return f"{_shape(e.shape)} is" if e.shape == () else f"numbers of {_shape(e.shape)} are"


def _kinds(g: Array, e: Array) -> str:
    """Numbers are not truth values, real is not complex."""
    if e.dtype.kind == "b":
        asked = "True or False" if e.shape == () else "a mask (True/False, or 0/1)"
        return "" if g.dtype.kind == "b" or bool(np.isin(g, (0, 1)).all()) else f"{asked} is expected."
    if g.dtype.kind == "b":
        return "numbers are expected, not True/False."
    if g.dtype.kind == "c" and e.dtype.kind != "c":
        return "real numbers are expected, not complex ones."
    return ""


def _finite(g: Array, e: Array) -> str:
    """NaN equals nothing, unless it is asked for; an infinity only the same infinity."""
    if (np.isnan(g) & ~np.isnan(e)).any():
        return "the answer contains NaN."
    if (np.isinf(g) & (g != e)).any():
        return "the answer contains infinite values."
    return ""


def _values(g: Array, e: Array, how: Profile) -> str:
    if e.dtype.kind == "b":
        same = bool((g.astype(bool) == e).all())
        wrong = "it is the wrong one of True and False." if e.shape == () else "some of True and False are wrong."
        return "" if same else wrong
    integers = e.dtype.kind in "iu"
    if integers and g.dtype.kind in "iu" and bool((g == e).all()):
        return ""
    wide = np.complex128 if e.dtype.kind == "c" else np.float64
    mine, theirs = g.astype(wide), e.astype(wide)
    settled = (g == e) | (np.isnan(e) & np.isnan(g))  # the same infinity, or NaN where NaN is asked
    error = np.where(settled, 0.0, np.abs(mine - theirs))
    bound = _bound(mine, theirs, how)
    # An integer is right or wrong, however large it is and whatever type it has.
    bound = np.minimum(bound, 0.25 if g.dtype.kind == "f" else 0.0) if integers else bound
    return "" if bool((error <= bound).all()) else f"off by about {one_digit(float(np.max(error)))}."


def _bound(g: Array, e: Array, how: Profile) -> Array:
    if how.relative_to_largest:
        return np.full(e.shape, how.rtol * max(1e-8, float(np.max(np.abs(g)) + np.max(np.abs(e)))))
    finite = np.where(np.isfinite(e), np.abs(e), 0.0)
    return np.asarray(how.atol + how.rtol * finite)


def one_digit(x: float) -> str:
    """The size of a number as one digit: 0.0317 -> 3e-2, 41.0 -> 40."""
    if not math.isfinite(x) or x > 1e15:
        return "1e15 or more"
    mantissa, exponent = f"{x:.0e}".split("e")
    if 0 <= int(exponent) < 5:
        return mantissa + "0" * int(exponent)
    return f"{mantissa}e{int(exponent)}"


# Words -----------------------------------------------------------------------------------------------------------


def described(value: Any) -> str:
    """What a value is, never which: kinds, shapes and lengths."""
    if value is None:
        return "None (is a `return` missing?)"
    if isinstance(value, bool | np.bool_):
        return "True or False"
    if isinstance(value, str | bytes):
        return "text" if isinstance(value, str) else "bytes"
    if isinstance(value, Mapping):
        return "a dict"
    if isinstance(value, Handle):
        return "an object of another kind"
    array = as_array(value)
    if array is not None:
        return _shape(array.shape) if array.shape == () else f"numbers of {_shape(array.shape)}"
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__} of {_parts(len(value))}, not rectangular or not all numbers"
    return "a number too large to judge" if isinstance(value, int) else "something that is not plain data"


def _shape(shape: tuple[int, ...]) -> str:
    return "a single number" if shape == () else f"shape {shape}"


# The same slip ---------------------------------------------------------------------------------------------------


def same(a: Any, b: Any) -> bool:
    """Equal leaf by leaf up to rounding, NaN to NaN: the trace of the same slip in two programs."""
    x, y = as_array(a), as_array(b)
    if x is not None and y is not None:
        with np.errstate(all="ignore"):
            return x.shape == y.shape and bool(np.allclose(x, y, rtol=1e-9, atol=1e-12, equal_nan=True))
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple | np.ndarray) and isinstance(b, list | tuple | np.ndarray):
        return len(a) == len(b) and all(same(p, q) for p, q in zip(a, b, strict=True))
    return type(a) is type(b) and isinstance(a, str | bytes | type(None)) and bool(a == b)
