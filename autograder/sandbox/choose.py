"""Which box: asked for by name, or the best that is ready; never a weaker one in silence."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import BoxError, CommandError
from ..guest import jail as jails
from . import gpu, image
from .box import Box, Settings
from .bubblewrap import Bubblewrap
from .docker import Docker
from .process import Process
from .renewed import Renewed

NAMES = ("docker", "bubblewrap", "process")


@dataclass(frozen=True)
class Choice:
    """A box that is ready to be started; plain data, so that a worker can be told."""

    name: str
    state: Path
    image: str | None = None
    environment: Path | None = None
    jails: tuple[str, ...] = jails.KINDS  #: kinds that may be used, best first; the self-test settles on one
    note: str = ""  #: for people, where `auto` took another box than before

    @property
    def jail(self) -> str:
        """How each submission is locked in."""
        return self.jails[0]

    @property
    def title(self) -> str:
        """The box and its jail, as people see them."""
        return f"{self.name}/{self.jail}"

    def each(self) -> list[Choice]:
        """One choice for each kind of jail that may be used."""
        return [replace(self, jails=(jail,)) for jail in self.jails]

    @property
    def digest(self) -> str:
        """What student code will find there, by content."""
        return self.image or (self.environment.parent.name if self.environment else "")


def choose(name: str, state: Path, jail: str = "auto") -> Choice:
    """`auto` is docker where an engine answers and the image is built, else bubblewrap.  BoxError with the cure otherwise."""
    if jail not in ("auto", *jails.KINDS):
        raise CommandError(f"no jail is called {jail!r}. There are: auto, {', '.join(jails.KINDS)}.")
    choice = _ready(name, state)
    return choice if jail == "auto" or choice.jail == "none" else replace(choice, jails=(jail,))


def with_card(choice: Choice) -> Choice:
    """The same for a unit that needs a graphics card: not every jail leaves what CUDA needs."""
    fitting = tuple(kind for kind in choice.jails if kind in (*gpu.JAILS, "none"))
    if not fitting:
        raise CommandError(
            f"CUDA does not run in the jail {choice.jail!r}. Use --jail {gpu.JAILS[0]}, or leave it out."
        )
    return replace(choice, jails=fitting)


def _ready(name: str, state: Path) -> Choice:
    note = ""
    if name == "auto":
        name = "docker" if image.image(state) is not None else "bubblewrap"
        if name != "docker" and image.was_built(state):
            note = "Docker was used here before, but its engine or image is gone (scripts/engine.sh start): using bubblewrap"
    if name not in NAMES:
        raise CommandError(f"no box is called {name!r}. There are: auto, {', '.join(NAMES)}.")
    if name == "docker":
        return Choice(name, state, image=_image(state))
    environment = image.environment(state)
    if environment is None:
        raise BoxError(f"{name}: the box's environment is not built. Run: autograder image build")
    if name == "bubblewrap" and shutil.which("bwrap") is None:
        raise BoxError("bubblewrap: the program 'bwrap' is missing. Run: apt-get install bubblewrap")
    kinds = ("none",) if name == "process" else jails.KINDS
    return Choice(name, state, environment=environment, jails=kinds, note=note)


def _image(state: Path) -> str:
    if image.engine(state) is None:
        raise BoxError("docker: no engine answers. Start one (scripts/engine.sh start), or use --box bubblewrap.")
    found = image.image(state)
    if found is None:
        raise BoxError("docker: the box's image is not built. Run: autograder image build")
    return found


def make(choice: Choice, settings: Settings) -> Box:
    """The box of a choice, not yet started."""
    settings = replace(settings, jail=choice.jail)
    if choice.jail == "container":
        return Renewed(lambda: _one(choice, settings))
    return _one(choice, settings)


def _one(choice: Choice, settings: Settings) -> Box:
    if choice.name == "docker":
        client = image.engine(choice.state)
        if client is None or choice.image is None:
            raise BoxError("docker: the engine no longer answers. Start it (scripts/engine.sh start) and grade again.")
        return Docker(settings, choice.image, client, image.packages(choice.state) if settings.absent else ())
    if choice.environment is None:
        raise BoxError(f"{choice.name}: the box's environment is gone. Run: autograder image build")
    if choice.name == "bubblewrap":
        return Bubblewrap(settings, choice.environment)
    return Process(settings, choice.environment / "bin" / "python")
