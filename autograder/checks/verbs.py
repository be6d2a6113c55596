"""What a check says: agree, award, untouched, raises, numbers; and tensor, for an argument."""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.checks.answer import Answer, has_answer, plain
from autograder.checks.compare import Profile, as_array, described, difference, profile
from autograder.checks.recorder import CheckFailed, Judged, Recorder, current
from autograder.checks.student import Function
from autograder.errors import JudgeError, StudentFault
from autograder.guest.wire import Tensor


def _recorder() -> Recorder:
    return current.get() or Recorder()  # outside a check, as in a notebook of the author's, nobody listens


def agree(got: Any, expected: Any, profile: str | Profile = "closed_form", what: str = "") -> None:
    """The check fails unless `got` agrees with `expected`; see compare.  `what` names the thing in the message."""
    how = _profile(profile)
    value = plain(got)
    problem = _problem(value, expected, how)
    call = got._call if isinstance(got, Answer) else None
    _recorder().judged.append(Judged(value, not problem, call))
    if problem:
        raise CheckFailed(_sentence(f"{what}: {problem}" if what else problem))


def _problem(value: Any, expected: Any, how: Profile) -> str:
    if not has_answer(expected):
        return difference(value, expected, how)
    # Two answers side by side: what cannot be judged is then the student's, not ours.
    theirs = plain(expected)
    if theirs is None or isinstance(theirs, str | bytes):
        return f"numbers are expected, not {described(theirs)}."
    if isinstance(theirs, list | tuple | dict) and not theirs:
        return "the answer is empty."
    try:
        return difference(value, theirs, how)
    except JudgeError:
        return f"{described(theirs)} cannot be compared."


def _profile(name: str | Profile) -> Profile:
    return profile(name)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def award(fraction: Any, why: str) -> None:
    """Partial credit: the share of the points, in quarters, rounded down; the lowest award of a check counts."""
    share = as_array(plain(fraction))
    number = float(share) if share is not None and share.shape == () and share.dtype.kind in "biuf" else 0.0
    # 1e-9: three times a quarter, computed, may be a rounding error below it.
    quarters = 0 if math.isnan(number) else math.floor(min(max(number, 0.0), 1.0) * 4 + 1e-9)
    recorder = _recorder()
    if recorder.award is None or quarters / 4 < recorder.award[0]:
        recorder.award = (quarters / 4, why)


def untouched(function: Function, *args: Any, **kwargs: Any) -> None:
    """The check fails if the call changes one of its positional arguments, by a single bit."""
    if not isinstance(function, Function):
        raise JudgeError("untouched needs the function itself: untouched(student.f, x).")
    if not args:
        raise JudgeError("untouched needs a positional argument to look at.")
    reply, _ = function._call(args, kwargs, keep=True)
    after = reply.arguments
    before = plain(args)
    _recorder().others += 1
    if after is None or len(after) != len(before) or not all(map(_unchanged, before, after)):
        raise CheckFailed(f"`{function._name}` changes its input. Work on a copy.")


def raises(error: type[Exception], function: Function, *args: Any, **kwargs: Any) -> None:
    """The check fails unless the call raises that exception, one of Python's own, or a kind of it."""
    if not isinstance(function, Function):
        raise JudgeError("raises needs the function itself: raises(ValueError, student.f, x).")
    name, wanted = function._name, error.__name__
    _recorder().others += 1
    try:
        function._call(args, kwargs, keep=False)
    except StudentFault as fault:
        if fault.kind != "crashed":
            raise
        if not issubclass(getattr(builtins, fault.error or "BaseException"), error):
            raise CheckFailed(f"`{name}` must raise {wanted} here, not {fault.error or 'another exception'}.") from None
    else:
        raise CheckFailed(f"`{name}` must raise {wanted} here; it gave an answer.")


def _unchanged(before: Any, after: Any) -> bool:
    if isinstance(before, Tensor):
        before = before.array
    if isinstance(before, np.ndarray | np.generic):
        if not isinstance(after, np.ndarray | np.generic) or before.dtype != after.dtype or before.shape != after.shape:
            return False
        return np.asarray(before).tobytes() == np.asarray(after).tobytes()
    if type(before) is not type(after):
        return False
    if isinstance(before, list | tuple):
        return len(before) == len(after) and all(map(_unchanged, before, after))
    if isinstance(before, dict):
        # The order counts too: it is what a loop over the dict sees.
        return list(before) == list(after) and all(_unchanged(before[key], after[key]) for key in before)
    return repr(before) == repr(after)  # -0.0 is not 0.0, and NaN is NaN


def numbers(got: Any, shape: tuple[int, ...] | None = None, what: str = "") -> NDArray[np.float64]:
    """The answer as plain float64 numbers, finite and of that shape; otherwise the check fails.

    For what is computed from an answer in code that is not ours to guard: a loss of the reference, a sort, a loop.
    """
    value = plain(got)
    array = as_array(value)
    if array is None or array.dtype.kind not in "iuf":
        raise CheckFailed(_sentence(f"{what + ': ' if what else ''}numbers are expected, not {described(value)}."))
    asked = np.zeros(array.shape if shape is None else shape)
    if array.shape != asked.shape:
        told = f"shape {asked.shape} is expected, not {array.shape}."
        raise CheckFailed(_sentence(f"{what}: {told}" if what else told))
    if not array.size and shape is None:
        raise CheckFailed(_sentence(f"{what or 'the answer'} is empty."))
    if not np.isfinite(array).all():
        raise CheckFailed(_sentence(f"{what or 'the answer'} contains NaN or infinite values."))
    return array.astype(np.float64)


def tensor(values: Any) -> Tensor:
    """An argument that the student's function sees as a torch tensor."""
    return Tensor(np.asarray(values))
