"""Libraries that a unit's exercises all forbid: a box does not hold them, and their names import as dummies.

An honest notebook may still import one at the top of a cell, or compare itself with one in a cell of its own: nothing
that it gets from a dummy is an answer, but nothing breaks before it asks for one.  The files themselves are hidden by
the box; this is only what takes their place.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any


class Nothing:
    """Takes any call, attribute or `with`, and gives nothing back."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Nothing()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return Nothing()

    def __enter__(self) -> Any:
        return Nothing()

    def __exit__(self, *error: object) -> None:
        return None

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        return (object,)

    def __repr__(self) -> str:
        return "<nothing: this library is not there>"


class _Dummy(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Nothing()


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Answers for the absent libraries, before anybody looks for files."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = frozenset(names)
        self.told: set[str] = set()

    def find_spec(self, name: str, path: object = None, target: object = None) -> importlib.machinery.ModuleSpec | None:
        if name.partition(".")[0] not in self.names:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return _Dummy(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        top = module.__name__.partition(".")[0]
        if top not in self.told:
            self.told.add(top)
            print(f"({top} is not there when this unit is graded: its exercises forbid it)")


def hide(names: Sequence[str]) -> None:
    """From now on these import as dummies.  Called in the zygote, after it has imported what it needs itself."""
    sys.meta_path.insert(0, Finder([name for name in names if name not in sys.modules]))
