"""The course's templates, read from assignments/<unit>/quiz.py."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

from ..errors import CommandError, UnitError
from .question import Template

FILE = "quiz.py"


@dataclass(frozen=True)
class Catalogue:
    """All templates, in the order of the units and of their files."""

    templates: tuple[Template, ...]

    def template(self, id: str) -> Template:
        """One template, or a CommandError that names its neighbours."""
        found = next((each for each in self.templates if each.id == id), None)
        if found is None:
            near = get_close_matches(id, [each.id for each in self.templates], n=1)
            raise CommandError(
                f"no template {id!r}.{f' Did you mean {near[0]!r}?' if near else ''} See: autograder quiz list"
            )
        return found

    def pick(self, *words: str) -> tuple[Template, ...]:
        """Templates by unit, technique, tag or id; all of them when nothing is named."""
        if not words:
            return self.templates
        wanted = [self._named(word) for word in words]
        return tuple(each for each in self.templates if any(each in group for group in wanted))

    def _named(self, word: str) -> list[Template]:
        low = word.lower()
        found = [each for each in self.templates if low in _names(each)]
        if not found:
            known = sorted({name for each in self.templates for name in _names(each)})
            near = get_close_matches(low, known, n=1)
            raise CommandError(
                f"no unit, technique, tag or template is called {word!r}."
                f"{f' Did you mean {near[0]!r}?' if near else ''} See: autograder quiz list"
            )
        return found


def _names(template: Template) -> set[str]:
    return {template.id, template.id.partition("/")[0], template.technique.lower(), *map(str.lower, template.tags)}


def load(root: Path, units: Iterable[str]) -> Catalogue:
    """The templates of these units of the course in `root`.  UnitError for a quiz.py that cannot be read."""
    return Catalogue(tuple(each for unit in units for each in _templates(root, unit)))


def _templates(root: Path, unit: str) -> Sequence[Template]:
    path = root / "assignments" / unit / FILE
    if not path.is_file():
        return []
    name = f"assignments_{unit}_quiz"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickles of the file look it up
    sys.path.insert(0, str(root))  # `reference` is a package of the course
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever a file of the course may do wrong
        line = getattr(error, "lineno", None) or _line(error, path)
        raise UnitError(f"assignments/{unit}/{FILE}:{line}: {type(error).__name__}: {error}") from error
    finally:
        sys.path.remove(str(root))
    found = [each for each in vars(module).values() if isinstance(each, Template)]
    return [replace(each, id=f"{unit}/{each.id}") for each in found]


def _line(error: BaseException, path: Path) -> int:
    trace, line = error.__traceback__, 1
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
