"""The right answers in other clothes: what a text that says "list, tuple, array and tensor are equal" promises.

Each dressing is the solution whose answers are the same numbers in another form, or which also does something harmless.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.guest.wire import Tensor

Function = Callable[..., Any]


def dressed(name: str, function: Function) -> Function:
    """The function with its answers in the dressing of that name."""
    change = DRESSINGS[name]

    @functools.wraps(function)
    def worn(*args: Any, **kwargs: Any) -> Any:
        if name == "talkative":
            print("working")
            warnings.warn("a warning of the student's", stacklevel=1)
        return _each(function(*args, **kwargs), change)

    return worn


def _each(value: Any, change: Callable[[np.ndarray[Any, Any]], Any]) -> Any:
    """The value with `change` made to every array of numbers in it; its own lists and dicts stay what they are."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "iufb":
        return change(value)
    if isinstance(value, dict):
        return {key: _each(item, change) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_each(item, change) for item in value)
    return value


def _strided(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """A view with gaps, as a slice of something larger is."""
    wide = np.zeros((*array.shape, 2), array.dtype)
    wide[..., 0] = array
    return wide[..., 0]


DRESSINGS: dict[str, Callable[[np.ndarray[Any, Any]], Any]] = {
    "lists": lambda array: array.tolist(),
    "tuples": lambda array: tuple(array.tolist()) if array.ndim else array.item(),
    "tensors": Tensor,
    "column order": lambda array: np.asarray(array, order="F"),
    "views": _strided,
    "talkative": lambda array: array,
}
