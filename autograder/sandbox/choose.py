"""Which box: asked for by name, or the best that is ready; never a weaker one in silence."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from ..errors import BoxError, CommandError
from . import image
from .box import Box, Settings
from .bubblewrap import Bubblewrap
from .docker import Docker
from .process import Process

NAMES = ("docker", "bubblewrap", "process")


@dataclass(frozen=True)
class Choice:
    """A box that is ready to be started; plain data, so that a worker can be told."""

    name: str
    state: Path
    image: str | None = None
    environment: Path | None = None

    @property
    def digest(self) -> str:
        """What student code will find there, by content."""
        return self.image or (self.environment.parent.name if self.environment else "")


def choose(name: str, state: Path) -> Choice:
    """`auto` is docker where an engine answers and the image is built, else bubblewrap.  BoxError with the cure otherwise."""
    if name == "auto":
        name = "docker" if image.image(state) is not None else "bubblewrap"
    if name not in NAMES:
        raise CommandError(f"no box is called {name!r}. There are: auto, {', '.join(NAMES)}.")
    if name == "docker":
        return Choice(name, state, image=_image(state))
    environment = image.environment(state)
    if environment is None:
        raise BoxError(f"{name}: the box's environment is not built. Run: autograder image build")
    if name == "bubblewrap" and shutil.which("bwrap") is None:
        raise BoxError("bubblewrap: the program 'bwrap' is missing. Run: apt-get install bubblewrap")
    return Choice(name, state, environment=environment)


def _image(state: Path) -> str:
    if image.engine(state) is None:
        raise BoxError("docker: no engine answers. Start one (scripts/engine.sh start), or use --box bubblewrap.")
    found = image.image(state)
    if found is None:
        raise BoxError("docker: the box's image is not built. Run: autograder image build")
    return found


def make(choice: Choice, settings: Settings) -> Box:
    """The box of a choice, not yet started."""
    if choice.name == "docker":
        client = image.engine(choice.state)
        if client is None or choice.image is None:
            raise BoxError("docker: the engine no longer answers.")
        return Docker(settings, choice.image, client)
    if choice.environment is None:
        raise BoxError(f"{choice.name}: the box's environment is gone. Run: autograder image build")
    if choice.name == "bubblewrap":
        return Bubblewrap(settings, choice.environment)
    return Process(settings, choice.environment / "bin" / "python")
