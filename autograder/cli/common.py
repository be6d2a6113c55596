"""What the verbs share: the course at hand, its store, the console."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from .. import store as stores
from ..course import Course, load_course
from ..errors import CommandError, CourseError
from ..notebook import Unit, load_unit
from ..records import Verdict
from ..sandbox import selftest
from ..sandbox.choose import Choice, choose, with_card

#: A file or a pipe has no width of its own, and tables folded to 80 columns are hard to read and to search.
WIDE = None if sys.stdout.isatty() or "COLUMNS" in os.environ else 150
console = Console(highlight=False, width=WIDE)
errors = Console(stderr=True, highlight=False)

BOX_HELP = "auto, docker, bubblewrap, or process (no isolation: only for code that you trust)."
JAIL_HELP = "How each submission is locked in there: auto (the best that holds here), namespaces, landlock, container."
_box = click.option("--box", "box_name", default="auto", show_default=True, help=BOX_HELP)
_jail = click.option("--jail", default="auto", show_default=True, help=JAIL_HELP)


jobs_option = click.option("--jobs", "-j", default=2, show_default=True, type=click.IntRange(1, 64), help="Workers.")
STYLES = {Verdict.PASSED: "green", Verdict.PARTIAL: "yellow", Verdict.NOT_GRADED: "magenta"}


def box_option(verb: Callable[..., Any]) -> Callable[..., Any]:
    """`--box` and `--jail`, given to the verb as one BoxWish."""

    @functools.wraps(verb)
    def wrapped(*args: Any, box_name: str, jail: str, **kwargs: Any) -> Any:
        return verb(*args, wish=BoxWish(box_name, jail), **kwargs)

    return _box(_jail(wrapped))


@dataclass(frozen=True)
class BoxWish:
    """Which box and jail the command line asks for."""

    name: str = "auto"
    jail: str = "auto"


@dataclass(frozen=True)
class Desk:
    """A course folder and its state folder; boxes: the state folder that `make setup` filled, if it is another."""

    root: Path
    state: Path
    boxes: Path | None = None
    database: str | None = None  #: its URL, if it is not a file of the state folder

    @functools.cached_property
    def course(self) -> Course:
        return load_course(self.root / "course.yaml")

    def store(self) -> stores.Store:
        return stores.open(self.state, self.database)

    @functools.cached_property
    def _units(self) -> dict[str, Unit]:
        return {}

    def unit(self, name: str) -> Unit:
        """A unit of the course, read once for each command however many files are handed in."""
        known = self.course.unit(name).name
        if known not in self._units:
            self._units[known] = load_unit(self.root, known)
        return self._units[known]

    def unit_names(self) -> list[str]:
        return [unit.name for unit in self.course.units]

    @property
    def given(self) -> Course | None:
        """The course's settings, where they are not simply those of course.yaml."""
        return None

    def choice(self, wish: BoxWish, card: bool = False) -> Choice:
        """A box that is ready, its promises measured.  BoxError with the cure if there is none."""
        chosen = choose(wish.name, self.boxes or self.state, wish.jail)
        if card:
            chosen = with_card(chosen)
        if chosen.note:
            errors.print(Text(chosen.note, style="yellow"))
        if chosen.name == "process":
            errors.print(
                "[bold red]No isolation:[/] student code runs as you, with your files and network (--box process)."
            )
        return selftest.require(chosen, chosen.state, lambda line: errors.print(Text(line)))


def desk_of(context: click.Context) -> Desk:
    """The course that the command line means: --course, or the nearest course.yaml here or above."""
    options = context.obj
    root = _root(options["course"])
    state = Path(options["state"]).absolute() if options["state"] else root / ".autograder"
    return Desk(root, state, database=options["database"])


def _root(named: str | None) -> Path:
    if named is not None:
        path = Path(named).absolute()
        return path.parent if path.is_file() else path
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / "course.yaml").is_file():
            return folder
    raise CourseError(
        "no course.yaml here or above. Change into your course's folder, or name it: autograder --course DIR ..."
    )


def with_desk(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a verb its Desk as the first argument."""

    @click.pass_context
    @functools.wraps(function)
    def wrapped(context: click.Context, *args: Any, **kwargs: Any) -> Any:
        return function(desk_of(context), *args, **kwargs)

    return wrapped


def the_unit(desk: Desk, name: str | None) -> str:
    """The unit named, or the only one of the course."""
    names = desk.unit_names()
    if name is not None:
        return desk.course.unit(name).name
    if len(names) == 1:
        return names[0]
    raise CommandError(f"which unit? The course has {', '.join(names)}: add --unit NAME.")


def guarded(cell: str) -> str:
    """A leading = + - @ makes a spreadsheet compute; a quote before it does not."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def write_file(path: Path, content: str | bytes) -> None:
    """Write what a command was asked for.  CommandError if the place will not have it."""
    try:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    except OSError as e:
        raise unwritable(path, e) from e
    console.print(Text(f"-> {path}"))


def unwritable(path: Path, error: OSError) -> CommandError:
    return CommandError(f"{path}: cannot be written ({error.strerror}). Choose another place.")
