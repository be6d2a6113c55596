"""stand-in until the real pool is written (helper)"""

from __future__ import annotations

from collections.abc import Callable

from ..errors import BoxError, NoBox
from .box import Box, Settings


class Pool:
    def __init__(self, make: Callable[[Settings], Box], most: int = 2) -> None:
        self._make, self._warm = make, {}

    def warm(self, settings: Settings) -> None:
        if settings not in self._warm:
            box = self._make(settings)
            box.begin()
            self._warm[settings] = box

    def lend(self, settings: Settings) -> Box:
        try:
            self.warm(settings)
            box = self._warm[settings]
            if box.ready is None:
                box.wait()
        except BoxError as e:
            self._warm.pop(settings, None)
            raise NoBox(str(e)) from e
        return box

    def fresh(self, settings: Settings) -> Box:
        if settings in self._warm:
            self._warm.pop(settings).close()
        return self.lend(settings)

    def back(self, box: Box) -> None:
        pass

    def drop(self, box: Box) -> None:
        for settings, known in list(self._warm.items()):
            if known is box:
                del self._warm[settings]
        box.close()

    def close(self) -> None:
        for box in self._warm.values():
            box.close()
        self._warm.clear()
