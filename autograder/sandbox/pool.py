"""The warm boxes of one worker: one of each kind of submission, few at once, renewed while the worker goes on.

Where there is no room for all kinds, a box that holds more than is wanted does for the smaller kind: two kinds of one unit
that take turns do not cost a new box each time.
A box that does not come up is NoBox, and nothing is charged to the submission that wanted it.  One that fails to begin in
the background is forgotten: the next `lend` tries again, and says why it cannot.
"""

from __future__ import annotations

from collections.abc import Callable

from ..errors import BoxError, NoBox
from .box import Box, Settings

#: Loads after which a box is renewed: what one leaves behind unseen (memory, numbers of processes) stays small.
USES = 500
#: How a box fails to come up; OSError: no room on the disk, no process to be had.
_NONE = (BoxError, OSError)


class Pool:
    """Lends each box to one submission at a time."""

    def __init__(self, make: Callable[[Settings], Box], most: int = 2) -> None:
        self._make, self._most = make, most
        self._warm: dict[Settings, Box] = {}  #: lent or idle or still warming; the least recently used comes first
        self._lent: set[Settings] = set()

    def lend(self, settings: Settings) -> Box:
        """A box of these settings, as soon as it is warm.  NoBox if none comes up."""
        settings = self._kind_for(settings)
        if settings in self._lent:
            raise RuntimeError("the box of these settings is lent: give it back first")
        if not self._is_sound(settings):
            self._end(settings)
        try:
            box = self._begun(settings)
            if box.ready is None:
                box.wait()
        except _NONE as e:
            self._end(settings)
            raise NoBox(str(e)) from e
        self._warm[settings] = self._warm.pop(settings)  # now the most recently used
        self._lent.add(settings)
        return box

    def is_warm(self, settings: Settings, fresh: bool = False) -> bool:
        """Whether one of these settings can be had at once; fresh: one that nobody has been in."""
        settings = self._kind_for(settings)
        box = self._warm.get(settings)
        return box is not None and box.ready is not None and not (fresh and box.uses) and self._is_sound(settings)

    def _kind_for(self, wanted: Settings) -> Settings:
        """What is lent to whoever wants this: where there is no room to begin it, a larger kind that is warm."""
        if wanted in self._warm or len(self._warm) < self._most:
            return wanted
        return next((kind for kind in self._warm if kind.serves(wanted) and kind not in self._lent), wanted)

    def _is_sound(self, settings: Settings) -> bool:
        """Whether nothing is wrong with the idle box; what is must not be charged to the submission that comes next."""
        box = self._warm.get(settings)
        if box is None or box.ready is None:
            return True
        try:
            box.check()
        except BoxError:
            return False
        return not box.odd

    def fresh(self, settings: Settings) -> Box:
        """The same, but a box that nobody has been in."""
        settings = self._kind_for(settings)
        idle = self._warm.get(settings)
        if idle is not None and idle.uses and settings not in self._lent:
            self._end(settings)
        return self.lend(settings)

    def warm(self, settings: Settings) -> None:
        """Begin a box that will be wanted soon, if there is room; it warms while the caller goes on."""
        if settings not in self._warm and len(self._warm) < self._most:
            try:
                self._begun(settings)
            except _NONE:
                self._end(settings)

    def back(self, box: Box) -> None:
        """After a submission: the next one may have it, unless it is used up or something odd happened in it."""
        settings = self._kind(box)
        self._lent.remove(settings)
        if box.odd or box.uses >= USES:
            self._renew(settings)

    def drop(self, box: Box) -> None:
        """It is broken: nobody gets it again, and the next of its kind begins to warm."""
        self._renew(self._kind(box))

    def close(self) -> None:
        """End all boxes, lent or half-started; safe to call twice."""
        for settings in list(self._warm):
            self._end(settings)

    def _begun(self, settings: Settings) -> Box:
        if settings not in self._warm:
            self._make_room(settings)
            box = self._warm[settings] = self._make(settings)  # known before it begins, so that `close` would end it
            box.begin()
        return self._warm[settings]

    def _make_room(self, wanted: Settings) -> None:
        """First goes what the new box will do for, then what was not used for longest."""
        while len(self._warm) >= self._most:
            idle = [kind for kind in self._warm if kind not in self._lent]
            if not idle:
                raise RuntimeError(f"all boxes ({self._most}) are lent: give one back first")
            self._end(next(filter(wanted.serves, idle), idle[0]))

    def _renew(self, settings: Settings) -> None:
        # The old one ends first: there is memory for `most` boxes, not for one more.
        self._end(settings)
        self.warm(settings)

    def _end(self, settings: Settings) -> None:
        self._lent.discard(settings)
        box = self._warm.pop(settings, None)
        if box is not None:
            box.close()

    def _kind(self, box: Box) -> Settings:
        """What a lent box was asked for; its own settings may say more (the jail that was chosen)."""
        for settings in self._lent:
            if self._warm[settings] is box:
                return settings
        raise RuntimeError(f"this box ({box.title}) is not lent from here")
