"""Answers that no check may trip over: each becomes a verdict, and none earns a point.

Some have nothing to do with the question, some look almost right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np


class _Thing:
    """An object that does not cross the wall."""

    def __eq__(self, other: object) -> bool:
        return True

    def __float__(self) -> float:
        return 1.0

    __hash__ = None  # type: ignore[assignment]


def _leaves(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The change made to each number or array of an answer."""

    def variant(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: variant(v) for key, v in value.items()}
        if isinstance(value, tuple | list):
            return [variant(v) for v in value]
        return change(value)

    return variant


def _shorter(value: Any) -> Any:
    """Without its last part: a check that goes through parts must not forget the missing one."""
    if isinstance(value, Mapping):
        return dict(list(value.items())[:-1])
    if isinstance(value, tuple | list) or (isinstance(value, np.ndarray) and value.ndim):
        return value[:-1]
    return None


def _longer(value: Any) -> Any:
    """With its last part twice; a dict may hold more than is asked, but not in its parts."""
    if isinstance(value, Mapping):
        return {key: _longer(v) for key, v in value.items()}
    if isinstance(value, tuple | list):
        return [*value, *value[-1:]]
    if isinstance(value, np.ndarray) and value.ndim:
        return np.concatenate([value, value[-1:]])
    return None


def _crash() -> Any:
    raise ValueError


#: name -> what the function returns, whatever it is asked
ANYTHING: Mapping[str, Callable[[], Any]] = {
    "None": lambda: None,
    "text": lambda: "1.0",
    "bytes": lambda: b"1.0",
    "an empty tuple": tuple,
    "a tuple": lambda: (1.0, 2.0),
    "a ragged list": lambda: [[1.0], [1.0, 2.0]],
    "a list of text": lambda: ["1.0", None],
    "NaN": lambda: float("nan"),
    "infinity": lambda: float("inf"),
    "a huge integer": lambda: 10**400,
    "a large integer": lambda: 10**30,
    "a complex number": lambda: 1j,
    "an empty array": lambda: np.zeros((0, 3)),
    "an empty dict": dict,
    "a dict": lambda: {"a": 1.0},
    "True": lambda: True,
    "a number": lambda: 0.123456789,
    "an object": _Thing,
    "a list of objects": lambda: [_Thing(), _Thing()],
    "an exception": _crash,
}

#: name -> what the function makes of the right answer
ALMOST: Mapping[str, Callable[[Any], Any]] = {
    "the right answer in a list": lambda right: [right],
    "the right answer as text": str,
    "the right answer, an axis more": _leaves(lambda a: np.asarray(a)[None]),
    "the right answer without its last part": _shorter,
    "the right answer with its last part twice": _longer,
    "the right shape, complex": _leaves(lambda a: np.asarray(a) + 0j),
    "the right shape, NaN": _leaves(lambda a: np.full(np.shape(a), np.nan)),
    "the right shape, None": _leaves(lambda a: None),
    "the right shape, objects": _leaves(lambda a: _Thing()),
}

NAMES = (*ANYTHING, *ALMOST)


def hostile(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that answers in that hostile way where `function` answers right."""
    if name in ANYTHING:
        make = ANYTHING[name]
        return lambda *args, **kwargs: make()
    change = ALMOST[name]
    return lambda *args, **kwargs: change(function(*args, **kwargs))
