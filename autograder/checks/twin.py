"""The public twin of a check: the same check drawn with a public seed, as a snippet to run at home."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.checks.compare import Array
from autograder.checks.local import LocalStudent
from autograder.checks.outcome import Outcome
from autograder.checks.recorder import Call
from autograder.errors import JudgeError, StudentFault
from autograder.guest.wire import Tensor
from autograder.records import Handle, Student, Verdict

MOST_NUMBERS = 50
_INPUT_DIGITS, _ANSWER_DIGITS = 7, 6

Namespace = Mapping[str, Callable[..., Any]]


def drawn_twin(check: str, solution: Namespace, run: Callable[[Student, int], Outcome]) -> str:
    """The snippet, or nothing where no honest one can be drawn.

    Only the return value of the last call may be judged, at most 50 numbers may be involved, and the arguments must
    really be drawn: an argument that every seed gives is a hidden number.
    """
    calls = [_last_call(run(LocalStudent(solution), _public_seed(check, n))) for n in (0, 1)]
    shown, other = calls
    if shown is None or other is None or shown.method or shown.name not in solution:
        return ""
    try:
        if _literal(shown.args) + _literal(shown.kwargs) == _literal(other.args) + _literal(other.kwargs):
            return ""
        args, kwargs = _rounded(shown.args, _INPUT_DIGITS), _rounded(dict(shown.kwargs), _INPUT_DIGITS)
        answer = LocalStudent(solution).call(shown.name, args, kwargs).value
        if _size(args) + _size(kwargs) + _size(answer) > MOST_NUMBERS:
            return ""
        return _snippet(solution[shown.name], shown.name, args, kwargs, _rounded(answer, _ANSWER_DIGITS))
    except (_NotShown, StudentFault, JudgeError):
        return ""


def _public_seed(check: str, n: int) -> int:
    return int.from_bytes(hashlib.sha256(f"public twin {n} of {check}".encode()).digest()[:6], "big")


def _last_call(outcome: Outcome) -> Call | None:
    """The call whose very value the last `agree` judged, if it was the check's last."""
    recorder = outcome.recorder
    if outcome.verdict is not Verdict.PASSED or not recorder.judged or recorder.judged[-1].call is None:
        return None
    return recorder.calls[-1] if recorder.judged[-1].call is recorder.calls[-1] else None


class _NotShown(Exception):
    """A value that is no literal."""


def _snippet(function: Callable[..., Any], name: str, args: Any, kwargs: Any, answer: Any) -> str:
    names = iter(inspect.signature(function).parameters)
    lines: list[str] = []
    words = [_word(next(names, f"x{n}"), value, lines) for n, value in enumerate(args)]
    words += [f"{key}={_word(key, value, lines)}" for key, value in kwargs.items()]
    call = f"{name}({', '.join(words)})"
    expected = _literal(answer).split("\n")
    lines += [call, f"# expected: {expected[0]}", *(f"#           {line}" for line in expected[1:])]
    text = "\n".join(lines)
    imports = [line for line, used in (("import numpy as np", "np."), ("import torch", "torch.")) if used in text]
    return "\n".join([*imports, text])


def _word(name: str, value: Any, lines: list[str]) -> str:
    """The value itself where it is short, else the name that the snippet gives it."""
    literal = _literal(value)
    if len(literal) <= 12:
        return literal
    lines.append(f"{name} = {literal}")
    return name


def _literal(value: Any) -> str:
    if value is None or isinstance(value, bool | str | bytes | int):
        return repr(value)
    if isinstance(value, float | complex) and not isinstance(value, np.generic):
        return _number(value)
    if isinstance(value, np.generic):
        return _literal(value.item())
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, Tensor):
        return f"torch.tensor({_rows(value.array, 13)})"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key!r}: {_literal(v)}" for key, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        inner = ", ".join(_literal(v) for v in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' if len(value) == 1 else ''})"
    raise _NotShown


def _number(value: complex) -> str:
    text = repr(value)
    return f'float("{text}")' if "n" in text else text  # nan and inf are no literals


def _array(a: Array) -> str:
    if not a.size:
        return f"np.zeros({a.shape})"
    kind = "" if a.dtype in (np.float64, np.int64, np.bool_, np.complex128) else f", dtype=np.{a.dtype.name}"
    return f"np.array({_rows(a, 9)}{kind})"


def _rows(a: Array, indent: int) -> str:
    """The numbers as nested lists, a matrix with a line for each row."""
    if a.ndim < 2:
        return _literal(a.tolist())
    inner = (",\n" + " " * (indent + 1)).join(_rows(row, indent + 1) for row in a)
    return f"[{inner}]"


def _rounded(value: Any, digits: int) -> Any:
    """Floats with fewer digits: nobody reads seventeen.  Seven leave sums of probabilities where they were."""
    if isinstance(value, Tensor):
        return Tensor(_rounded(value.array, digits))
    if isinstance(value, np.ndarray | np.generic | float):
        a = np.asarray(value)
        if a.dtype.kind == "f":
            short = np.array([float(f"{x:.{digits}g}") for x in a.ravel()], dtype=a.dtype).reshape(a.shape)
            return short if isinstance(value, np.ndarray) else float(short)
        return value
    if isinstance(value, list | tuple):
        return type(value)(_rounded(v, digits) for v in value)
    if isinstance(value, Mapping):
        return {key: _rounded(v, digits) for key, v in value.items()}
    return value


def _size(value: Any) -> int:
    if isinstance(value, Tensor):
        value = value.array
    if isinstance(value, np.ndarray):
        return value.size
    if isinstance(value, Handle):
        raise _NotShown
    if isinstance(value, list | tuple):
        return sum(map(_size, value))
    if isinstance(value, Mapping):
        return sum(map(_size, value.values()))
    return 1
