"""A service that a run may kill, because it was started for it: PostgreSQL's server, a Docker engine."""

from __future__ import annotations

import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path


class Service(ABC):
    """Killed at once, started again after a pause, again and again until it answers."""

    name: str
    script: Path  #: knows `start FOLDER`
    start_s: float  #: seconds that it may take until it answers again
    environment: Mapping[str, str] | None = None

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._start_at = self._give_up_at = 0.0
        self._starting: subprocess.Popen[str] | None = None

    @abstractmethod
    def _strike(self) -> bool:
        """kill -9 of what runs now; whether there was something."""

    @abstractmethod
    def _answers(self) -> bool: ...

    def run(self, verb: str) -> str:
        """What the script said.  Not through a pipe: the service that it leaves behind would hold it open."""
        with tempfile.TemporaryFile("w+") as said:
            done = subprocess.run(
                [self.script, verb, self.folder],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                env=self.environment,
            )
            said.seek(0)
            text = said.read().strip()
        if done.returncode != 0:
            raise RuntimeError(f"{self.script.name} {verb}: {text}")
        return text

    def kill(self, pause: float) -> bool:
        """As a power cut would; it is started again after a pause.  Whether it was up."""
        if not self.up() or not self._strike():
            return False
        self._start_at = time.monotonic() + pause
        self._give_up_at = self._start_at + self.start_s
        return True

    def up(self) -> bool:
        """Whether it can answer (it may still be starting)."""
        return self._starting is None and not self._start_at

    def look(self) -> None:
        """Start what was killed; the first tries may meet what is not yet buried."""
        if self._start_at and time.monotonic() >= self._start_at:
            self._start_at = 0.0
            self._starting = subprocess.Popen(
                [self.script, "start", self.folder],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                env=self.environment,
            )
        if self._starting is not None and self._starting.poll() is not None:
            said = self._starting.communicate()[1]
            # The script may have taken a server for alive that was only not yet buried.
            failed, self._starting = self._starting.returncode != 0 or not self._answers(), None
            if failed and time.monotonic() > self._give_up_at:
                raise RuntimeError(f"the {self.name} does not come back: {said.strip()}")
            if failed:
                self._start_at = time.monotonic() + 1.0

    def settle(self) -> None:
        """Up again, if it was killed."""
        while not self.up():
            self.look()
            time.sleep(0.1)

    def rest(self) -> None:
        """Start it no more; what is starting is waited for."""
        self._start_at = 0.0
        if self._starting is not None:
            self._starting.communicate()
            self._starting = None
