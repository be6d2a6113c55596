"""A student made of plain functions: the solution, a known wrong one, a test's own."""

from __future__ import annotations

import builtins
import contextlib
import io
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.errors import JudgeError, StudentFault
from autograder.guest import wire
from autograder.records import Handle, Reply


class LocalStudent:
    """Answers calls from a namespace, in this process.

    Arguments and answers take the way that they would take through a box's wall, so a check sees the same copies, the
    same kinds and the same faults; only nothing protects us.  For trusted functions.
    """

    def __init__(self, namespace: Mapping[str, Callable[..., Any]]) -> None:
        self._namespace = namespace
        self._objects: list[Any] = []

    def call(
        self,
        name: str,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        *,
        on: Handle | None = None,
        keep: bool = False,
    ) -> Reply:
        """See records.Student."""
        function = self._find(name, on)
        try:
            inside = _across({"args": args, "kwargs": dict(kwargs)}, _number, self._object, _torch)
        except wire.Uncrossable as e:
            raise JudgeError(f"an argument of `{name}` cannot enter a box: {e}") from e
        value = _run(name, function, inside["args"], inside["kwargs"])
        try:
            outside = _across({"value": value, "args": inside["args"] if keep else ()}, self._register, Handle)
        except (wire.Uncrossable, wire.WireError):
            told = f"`{name}` returned something too large or too deeply nested to be judged."
            raise StudentFault("failed", told) from None
        return Reply(outside["value"], outside["args"] if keep else None)

    def _find(self, name: str, on: Handle | None) -> Callable[..., Any]:
        function = self._namespace.get(name) if on is None else getattr(self._object(on.number), name, None)
        if function is None:
            raise StudentFault("missing", f"`{name}` is not there, or still raises NotImplementedError.")
        if not callable(function):
            raise StudentFault("failed", f"`{name}` is there, but it is not a function.")
        return function

    def _register(self, value: Any) -> int:
        self._objects.append(value)
        return len(self._objects) - 1

    def _object(self, number: int) -> Any:
        return self._objects[number]


def _run(name: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return function(*args, **kwargs)
    except NotImplementedError:
        raise StudentFault("missing", f"`{name}` is not there, or still raises NotImplementedError.") from None
    except MemoryError:
        raise StudentFault("out of memory", f"`{name}` ran out of memory.") from None
    except Exception as e:
        raise StudentFault("crashed", f"`{name}` raised {type(e).__name__}.", error=_pythons_own(type(e))) from None


def _pythons_own(kind: type[BaseException]) -> str:
    """The nearest of Python's own exceptions, as a box tells it."""
    return next(str(each.__name__) for each in kind.__mro__ if vars(builtins).get(each.__name__) is each)


def _across(
    values: dict[str, Any],
    handle: Callable[[Any], int],
    object_of: Callable[[int], Any],
    tensor: Callable[[Any], Any] = lambda array: array,
) -> dict[str, Any]:
    """The values as they arrive on the other side of a wall."""
    frame = wire.encode({}, values, handle)
    header, _ = wire.LENGTHS.unpack_from(frame)
    start = wire.LENGTHS.size
    return wire.decode(wire.parse(frame[start : start + header]), frame[start + header :], object_of, tensor)


def _number(value: Any) -> int:
    if isinstance(value, Handle):
        return value.number
    raise wire.Uncrossable(f"an object of type {type(value).__name__}")


def _torch(array: np.ndarray[Any, Any]) -> Any:
    try:
        import torch
    except ImportError:  # a grader without torch can still judge units that do not need it
        return array
    return torch.from_numpy(array)
