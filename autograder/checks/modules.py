"""A course folder's own modules: imported from that folder and from nowhere else, and gone when nobody looks.

Two bundles in one process each have a `reference`; so has the course that this program is developed in.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from autograder.errors import UnitError

_OWN = ("reference", "assignments")
_BELOW = tuple(f"{name}." for name in _OWN)


def _taken_out() -> dict[str, ModuleType]:
    if not any(name in sys.modules for name in _OWN):
        return {}  # as nearly always: there are two thousand modules to look through
    names = [n for n in list(sys.modules) if n.startswith(_OWN) and (n in _OWN or n.startswith(_BELOW))]
    return {name: sys.modules.pop(name) for name in names}


class _Importing:
    """Asked first for every module that is not loaded yet; finds none."""

    def __init__(self) -> None:
        self.was_asked = False

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        self.was_asked = True


class OwnModules:
    """The modules of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._modules: dict[str, ModuleType] = {}

    @contextlib.contextmanager
    def here(self) -> Iterator[None]:
        """Within, `import reference` means this folder's; afterwards everything is as it was."""
        theirs = _taken_out()
        writes = sys.dont_write_bytecode
        sys.modules.update(self._modules)
        importing, known = _Importing(), len(sys.modules)
        sys.meta_path.insert(0, importing)
        sys.path.insert(0, str(self.folder))
        # A cached .pyc is known by its second: a file that is edited and judged at once would be judged as it was.
        sys.dont_write_bytecode = True
        try:
            yield
        finally:
            sys.dont_write_bytecode = writes
            with contextlib.suppress(ValueError):
                sys.path.remove(str(self.folder))
            with contextlib.suppress(ValueError):
                sys.meta_path.remove(importing)
            if not importing.was_asked and len(sys.modules) == known:  # nothing came or went: as nearly always
                for name in self._modules:
                    del sys.modules[name]
            else:
                self._modules = _taken_out()
            sys.modules.update(theirs)

    def function(self, dotted: str) -> Any:
        """reference.<module>.<function>; call within `here`."""
        module, _, name = dotted.rpartition(".")
        return getattr(importlib.import_module(f"reference.{module}"), name)

    def load(self, path: Path) -> ModuleType | None:
        """A file of the unit that nothing imports by name (wrong.py, right.py); None if it is not there."""
        if not path.is_file():
            return None
        spec = importlib.util.spec_from_file_location(f"assignments.{path.parent.name}.{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            raise unreadable(error, path) from error
        return module


def unreadable(error: BaseException, path: Path) -> UnitError:
    """One line for an exception that a unit's file raised when it was read."""
    if isinstance(error, UnitError):
        return error
    place = "/".join(path.parts[-3:])
    line = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None
    trace = error.__traceback__
    while trace is not None:
        if Path(trace.tb_frame.f_code.co_filename).name == path.name:
            line = trace.tb_lineno
        trace = trace.tb_next
    return UnitError(f"{place}:{line or 1}: {type(error).__name__} when it was read: {error}. Mend it.")
