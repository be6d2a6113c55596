"""Jail `container`: a whole box for each load, where the kernel allows neither namespaces nor Landlock inside one.

The next box is started when the last is taken, so that it warms while the submission runs: that is all there is to
prepare, so a load that is let go is ended with its box at once.  Nothing odd outlives its box.  A box that dies with its
submission is that submission's death, as a killed process is elsewhere; if the fault was ours, the next box does not
come up either and the submission is not graded.
"""

from __future__ import annotations

from collections.abc import Callable

from ..errors import BoxError
from .box import Box, Ending, Load, Ready


class Renewed(Box):
    """Looks like one box that never wears out."""

    def __init__(self, make: Callable[[], Box]) -> None:
        self._make = make
        self._spare = make()
        self._used: Box | None = None
        super().__init__(self._spare.settings)
        self.name = self._spare.name

    def begin(self) -> None:
        self._spare.begin()

    def wait(self) -> Ready:
        self.ready = self._spare.wait()
        return self.ready

    def load(self) -> Load:
        """In a box that nobody has been in."""
        self._discard()
        if self._spare.ready is None:
            self._spare.wait()
        self.uses += 1
        self._used, self._spare = self._spare, self._make()
        self._spare.begin()
        return self._used.load()

    def end(self, load: Load) -> Ending:
        """End the load and its box."""
        try:
            return self._lent().end(load)
        except BoxError:
            load.close()
            return Ending(9, 0.0, False)
        finally:
            self._discard()

    def check(self) -> None:
        """The next box, once it is warm; what was let go is gone with its own box."""
        if self._spare.ready is not None:
            self._spare.check()

    def cpu(self, load: Load) -> float:
        try:
            return self._lent().cpu(load)
        except BoxError:  # it is dead; the channel will say so
            return float("inf")

    def close(self) -> None:
        self._discard()
        self._spare.close()

    def _lent(self) -> Box:
        if self._used is None:
            raise BoxError(f"{self.name}: this load has ended")
        return self._used

    def _discard(self) -> None:
        if self._used is not None:
            self._used.close()
            self._used = None
