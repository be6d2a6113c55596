"""The marks on the functions of test_hidden.py, wrong.py and right.py.

A marked function is noted in its own module's namespace, so that two units in one process know nothing of each other.
Bad use is a UnitError with file and line, when the file is read.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from autograder.errors import UnitError

Function = Callable[..., Any]
F = TypeVar("F", bound=Function)

AUTO = "\x00drawn"  #: the twin is drawn by twin.py
KINDS = ("lines", "heatmap")


@dataclass(frozen=True)
class CheckSpec:
    """One hidden check, as its mark says."""

    exercise: str
    check: str  #: the function's name
    sentence: str
    points: float
    takes: float = 0.0  #: a guard gives nothing and takes this when it fails
    twin: str | None = AUTO
    resources: tuple[str, ...] = ()
    seeded: bool = False  #: takes rng
    place: str = ""  #: file:line


@dataclass(frozen=True)
class Solution:
    """A known wrong solution with its diagnosis, or (without one) another right solution."""

    exercise: str
    name: str
    function: Function
    replaces: str | None
    diagnosis: str
    place: str


@dataclass(frozen=True)
class PictureSpec:
    """A function that gives (yours, reference) on public inputs."""

    exercise: str
    function: Function
    caption: str
    kind: str
    x_label: str
    y_label: str


def place_of(function: Function) -> str:
    """assignments/backprop/test_hidden.py:12, as far as the path goes."""
    path, line = function.__code__.co_filename, function.__code__.co_firstlineno
    return f"{'/'.join(path.replace(chr(92), '/').split('/')[-3:])}:{line}"


def _note(function: Function, where: str, mark: Any) -> None:
    if function.__closure__ is not None or "<locals>" in function.__qualname__:
        raise UnitError(f"{place_of(function)}: {function.__name__} is defined inside a function. Move it to the top.")
    function.__globals__.setdefault(where, []).append(mark)


def _exercise(name: Any, mark: str, function: Any) -> str:
    if not inspect.isfunction(function):
        raise UnitError(f"{mark}({name!r}) stands on something that is not a function. Put it on a def.")
    if not isinstance(name, str) or not name:
        raise UnitError(f'{place_of(function)}: {mark} does not name its exercise. Write {mark}("softmax", ...).')
    return name


def _sentence(function: Function, mark: str) -> str:
    """The first paragraph of the docstring, on one line."""
    text = " ".join((inspect.getdoc(function) or "").split("\n\n")[0].split())
    if not text:
        cure = "Add the sentence that the student reads, as a docstring."
        raise UnitError(f"{place_of(function)}: {function.__name__} has {mark} but no docstring. {cure}")
    return text


def check(
    exercise: str,
    *,
    points: float | None = None,
    takes: float | None = None,
    twin: str | None = AUTO,
    resources: tuple[str, ...] = (),
) -> Callable[[F], F]:
    """A hidden check on `def test_...(student)` or `(student, rng)`: gives `points`, or as a guard `takes` them."""

    def mark(function: F) -> F:
        name = _exercise(exercise, "@check", function)
        given = points if takes is None else takes
        _check_marks(function, points, takes)
        spec = CheckSpec(
            name,
            function.__name__,
            _sentence(function, "@check"),
            float(given or 0) if takes is None else 0.0,
            0.0 if takes is None else float(takes),
            twin,
            (resources,) if isinstance(resources, str) else tuple(resources),
            "rng" in inspect.signature(function).parameters,
            place_of(function),
        )
        _note(function, "__checks__", spec)
        return function

    return mark


def _check_marks(function: Function, points: float | None, takes: float | None) -> None:
    at, name = place_of(function), function.__name__
    if not name.startswith("test_"):
        raise UnitError(f"{at}: {name} has @check, but pytest finds only names with test_. Rename it.")
    if (points is None) == (takes is None):
        raise UnitError(f"{at}: @check on {name} needs either points= or takes=. Give one of them.")
    worth = points if takes is None else takes
    if isinstance(worth, bool) or not isinstance(worth, int | float) or not 0 < worth < math.inf:
        raise UnitError(f"{at}: @check on {name}: {worth!r} is not a number above 0.")
    parameters = list(inspect.signature(function).parameters)
    if parameters not in (["student"], ["student", "rng"]):
        raise UnitError(f"{at}: {name}({', '.join(parameters)}) must take (student) or (student, rng).")


def wrong(exercise: str, diagnosis: str, *, replaces: str | None = None) -> Callable[[F], F]:
    """A known wrong solution; a student who gives its answer is shown the diagnosis.

    replaces: which function of the exercise it stands for, where there are several.
    """

    def mark(function: F) -> F:
        name = _exercise(exercise, "@wrong", function)
        if not isinstance(diagnosis, str) or not diagnosis.strip():
            cure = "Say what went wrong and what to do, for the student."
            raise UnitError(f"{place_of(function)}: @wrong on {function.__name__} has no diagnosis. {cure}")
        solution = Solution(name, function.__name__, function, replaces, diagnosis, place_of(function))
        _note(function, "__wrong__", solution)
        return function

    return mark


def right(exercise: str, *, replaces: str | None = None) -> Callable[[F], F]:
    """Another right solution: the audit wants full points for it."""

    def mark(function: F) -> F:
        name = _exercise(exercise, "@right", function)
        _note(function, "__right__", Solution(name, function.__name__, function, replaces, "", place_of(function)))
        return function

    return mark


def picture(exercise: str, *, kind: str = "lines", x_label: str = "", y_label: str = "") -> Callable[[F], F]:
    """A picture for the feedback: `def f(student)` gives (yours, reference), 1-d or 2-d, on literal public inputs."""

    def mark(function: F) -> F:
        name = _exercise(exercise, "@picture", function)
        at = place_of(function)
        if kind not in KINDS:
            raise UnitError(f"{at}: @picture(kind={kind!r}) is unknown. Use {' or '.join(KINDS)}.")
        if list(inspect.signature(function).parameters) != ["student"]:
            raise UnitError(f"{at}: {function.__name__} must take (student): a picture has no hidden numbers.")
        caption = _sentence(function, "@picture")
        _note(function, "__pictures__", PictureSpec(name, function, caption, kind, x_label, y_label))
        return function

    return mark
