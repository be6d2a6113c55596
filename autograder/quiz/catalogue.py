"""The course's templates, read from assignments/<unit>/quiz.py."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

from ..checks.modules import OwnModules
from ..errors import CommandError
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
    own = OwnModules(root)  # `reference` is the course's, whatever else this process has read
    with own.here():
        return Catalogue(tuple(each for unit in units for each in _templates(own, unit)))


def _templates(own: OwnModules, unit: str) -> list[Template]:
    module = own.load(own.folder / "assignments" / unit / FILE)
    found = [each for each in vars(module).values() if isinstance(each, Template)] if module is not None else []
    return [replace(each, id=f"{unit}/{each.id}") for each in found]
