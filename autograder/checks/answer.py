"""What a student's function gave, wrapped so that nothing in it can break a check.

A check may index, iterate, compute with and compare an answer as if it were the array that it should be.  Where that
is not possible the check has *failed*, with a sentence; it is never an error of ours.  Lists and tuples of numbers
behave as arrays.
"""

from __future__ import annotations

import dis
import operator
import sys
from collections.abc import Callable, Iterator, Mapping
from types import FrameType
from typing import Any

import numpy as np

from autograder.checks.compare import Array, as_array, described
from autograder.checks.recorder import Call, CheckFailed
from autograder.records import Handle

_UNPACK = dis.opmap["UNPACK_SEQUENCE"]
_UNPACK_STAR = dis.opmap["UNPACK_EX"]
_OF_DICTS = frozenset({"keys", "values", "items", "get"})
_OF_LISTS = frozenset({"index", "count"})


def plain(value: Any) -> Any:
    """The value with every answer in it unwrapped."""
    if isinstance(value, Answer):
        return value._value
    if isinstance(value, list):
        return [plain(v) for v in value]
    if type(value) is tuple:
        return tuple(plain(v) for v in value)
    if type(value) is dict:
        return {key: plain(v) for key, v in value.items()}
    return value


def has_answer(value: Any) -> bool:
    """Something in the value came from the student."""
    if isinstance(value, dict):
        return any(has_answer(v) for v in value.values())
    if isinstance(value, list | tuple):
        return any(has_answer(v) for v in value)
    return isinstance(value, Answer)


def _binary(function: Callable[[Any, Any], Any], swapped: bool = False) -> Any:
    def method(self: Answer, other: Any) -> Answer:
        def work() -> Any:
            mine, theirs = self._number(), _operand(other)
            return function(theirs, mine) if swapped else function(mine, theirs)

        return self._try("computing with it", work)

    return method


def _compared(function: Callable[[Any, Any], Any]) -> Any:
    def method(self: Answer, other: Any) -> Any:
        theirs = plain(other)
        if isinstance(self._value, Handle) and function in (operator.eq, operator.ne):
            # An object that stayed in the box equals itself only.
            return Answer((self is other) is (function is operator.eq), self._name)
        return self._try("comparing it", lambda: _compare(function, self._value, theirs))

    return method


def _compare(function: Callable[[Any, Any], Any], mine: Any, theirs: Any) -> Any:
    containers = isinstance(mine, list | tuple) and isinstance(theirs, list | tuple)
    array = None if containers else as_array(mine)
    return function(mine if array is None else array, theirs)


def _unary(function: Callable[[Any], Any]) -> Any:
    return lambda self: self._try("computing with it", lambda: function(self._number()))


def _operand(other: Any) -> Any:
    return other._number() if isinstance(other, Answer) else plain(other)


class Answer:
    """A value from the box.  `name` is the function that gave it, `call` the call whose value (or part) it is."""

    __slots__ = ("_call", "_name", "_on", "_value")

    def __init__(
        self, value: Any, name: str, call: Call | None = None, on: Callable[[Handle, str], Any] | None = None
    ) -> None:
        self._value, self._name, self._call, self._on = value, name, call, on

    # Failing with a sentence

    def _try(self, what: str, work: Callable[[], Any]) -> Answer:
        try:
            return Answer(work(), self._name, on=self._on)
        except CheckFailed:
            raise
        except Exception:
            # The exception's own words may hold values; ours do not.
            raise self._failed(what) from None

    def _failed(self, what: str) -> CheckFailed:
        return CheckFailed(f"`{self._name}` gave {described(self._value)}; {what} is not possible.")

    def _number(self) -> Array:
        array = as_array(self._value)
        if array is None:
            raise self._failed("computing with it")
        return array

    # As an object that stayed in the box, or with the attributes of an array, a dict, a text

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            # Never forwarded: a forwarded __array_interface__ let numpy read the judge's own memory.
            raise AttributeError(name)
        if isinstance(self._value, Handle):
            # A check that writes answer.sum() means an array's sum; the object's own method would answer what it likes.
            if self._on is None or hasattr(np.ndarray, name):
                raise self._failed(f"`.{name}`")
            return self._on(self._value, name)
        found = self._attribute(name)
        return _Method(self, name, found) if callable(found) else Answer(found, self._name)

    def _attribute(self, name: str) -> Any:
        value = self._value
        if isinstance(value, Mapping) and name in _OF_DICTS:
            return getattr(self, f"_{name}")
        own = isinstance(value, str) or (isinstance(value, list | tuple) and name in _OF_LISTS)
        try:
            return getattr(value if own else self._number(), name)
        except AttributeError:
            raise self._failed(f"`.{name}`") from None

    def _keys(self) -> list[Any]:
        return list(self._value)

    def _values(self) -> list[Answer]:
        return [self._part(v) for v in self._value.values()]

    def _items(self) -> list[tuple[Any, Answer]]:
        return [(key, self._part(v)) for key, v in self._value.items()]

    def _get(self, key: Any, default: Any = None) -> Any:
        return self._part(self._value[key]) if key in self._value else default

    # As a container

    def _part(self, value: Any) -> Answer:
        return Answer(value, self._name, self._call, self._on)

    def __getitem__(self, key: Any) -> Answer:
        key = plain(key)
        value = self._value
        if isinstance(value, Mapping):
            if isinstance(key, str) and key not in value:
                raise CheckFailed(f"`{self._name}` gave a dict that has no {key!r}.")
            return self._part(self._try("taking that part of it", lambda: value[key])._value)
        direct = isinstance(value, str | list | tuple) and isinstance(key, int | slice)
        part = self._try("taking a part of it", lambda: (value if direct else self._number())[key])
        return self._part(part._value)

    def __iter__(self) -> Iterator[Any]:
        value = self._value
        rows = isinstance(value, np.ndarray) and value.ndim > 0
        if not rows and not isinstance(value, str | list | tuple | Mapping):
            raise self._failed("going through its parts")
        self._fits(sys._getframe(1))
        return (self._part(v) for v in value)  # one at a time: an answer may have millions

    def _fits(self, frame: FrameType) -> None:
        """`loss, grads = student.f(x)` on three parts is a failed check; Python's own ValueError would be our error."""
        code, at = frame.f_code.co_code, frame.f_lasti
        wanted, have = code[at + 1], len(self._value)
        if code[at] == _UNPACK and wanted != have:
            raise CheckFailed(f"`{self._name}` gave {have} parts, {wanted} are expected.")
        if code[at] == _UNPACK_STAR:
            wanted += code[at - 1] if at > 1 and code[at - 2] == dis.EXTENDED_ARG else 0  # names after the star
            if have < wanted:
                raise CheckFailed(f"`{self._name}` gave {have} parts, at least {wanted} are expected.")

    def __len__(self) -> int:
        value = self._value
        if isinstance(value, str | list | tuple | Mapping) or (isinstance(value, np.ndarray) and value.ndim):
            return len(value)
        raise self._failed("counting its parts")

    def __contains__(self, item: Any) -> bool:
        item = plain(item)
        value = self._value
        own = isinstance(value, str | Mapping)
        return bool(self._try("looking into it", lambda: item in (value if own else self._number()))._value)

    def __call__(self, *_: Any, **__: Any) -> Any:
        raise self._failed("calling it")

    # As one number

    def __float__(self) -> float:
        array = as_array(self._value)
        if array is None or array.shape != () or array.dtype.kind not in "iuf":
            raise CheckFailed(f"`{self._name}` gave {described(self._value)}; a single number is expected.")
        return float(array)

    def __int__(self) -> int:
        number = float(self)
        if not number.is_integer():
            raise CheckFailed(f"`{self._name}` gave a number that is not an integer.")
        return int(self._value) if isinstance(self._value, int) else int(number)

    __index__ = __int__

    def __bool__(self) -> bool:
        value = self._value
        array = as_array(value)
        if array is not None and array.size == 1 and not isinstance(value, list | tuple):
            return bool(array.reshape(())[()])
        if array is not None or isinstance(value, Handle):
            raise self._failed("taking it as true or false")
        return bool(value)

    # As an array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        array = self._number()
        if dtype is not None and np.dtype(dtype).kind not in "c" and array.dtype.kind == "c":
            raise CheckFailed(f"`{self._name}` gave complex numbers; real ones are expected.")
        return np.array(array, dtype=dtype)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Answer:
        def work() -> Any:
            return getattr(ufunc, method)(*map(_operand, inputs), **{k: plain(v) for k, v in kwargs.items()})

        return self._try("computing with it", work)

    def __array_function__(self, function: Callable[..., Any], types: Any, args: Any, kwargs: Any) -> Answer:
        name = getattr(function, "__name__", "this")
        return self._try(f"`{name}` of it", lambda: function(*_numeric(args), **_numeric(kwargs)))

    __add__, __radd__ = _binary(operator.add), _binary(operator.add, True)
    __sub__, __rsub__ = _binary(operator.sub), _binary(operator.sub, True)
    __mul__, __rmul__ = _binary(operator.mul), _binary(operator.mul, True)
    __truediv__, __rtruediv__ = _binary(operator.truediv), _binary(operator.truediv, True)
    __floordiv__, __rfloordiv__ = _binary(operator.floordiv), _binary(operator.floordiv, True)
    __mod__, __rmod__ = _binary(operator.mod), _binary(operator.mod, True)
    __pow__, __rpow__ = _binary(operator.pow), _binary(operator.pow, True)
    __matmul__, __rmatmul__ = _binary(operator.matmul), _binary(operator.matmul, True)
    __and__, __rand__ = _binary(operator.and_), _binary(operator.and_, True)
    __or__, __ror__ = _binary(operator.or_), _binary(operator.or_, True)
    __xor__, __rxor__ = _binary(operator.xor), _binary(operator.xor, True)
    __neg__, __pos__ = _unary(operator.neg), _unary(operator.pos)
    __abs__, __invert__ = _unary(operator.abs), _unary(operator.invert)
    __eq__, __ne__ = _compared(operator.eq), _compared(operator.ne)
    __lt__, __le__ = _compared(operator.lt), _compared(operator.le)
    __gt__, __ge__ = _compared(operator.gt), _compared(operator.ge)
    __hash__ = None  # type: ignore[assignment]

    def __round__(self, digits: int = 0) -> Answer:
        return self._try("rounding it", lambda: np.round(self._number(), digits))

    def __repr__(self) -> str:
        return f"<answer of {self._name}: {described(self._value)}>"


class _Method:
    """A method of an answer's value, on its way to be called."""

    __slots__ = ("_answer", "_found", "_name")

    def __init__(self, answer: Answer, name: str, found: Callable[..., Any]) -> None:
        self._answer, self._name, self._found = answer, name, found

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if isinstance(self._answer._value, Mapping):
            return self._found(*plain(args), **plain(kwargs))
        return self._answer._try(f"`.{self._name}(...)`", lambda: self._found(*plain(args), **plain(kwargs)))


def _numeric(value: Any) -> Any:
    """Arguments of a numpy function, with answers as arrays."""
    if isinstance(value, Answer):
        return value._number()
    if isinstance(value, list):
        return [_numeric(v) for v in value]
    if isinstance(value, tuple):
        return tuple(_numeric(v) for v in value)
    if isinstance(value, dict):
        return {key: _numeric(v) for key, v in value.items()}
    return value
