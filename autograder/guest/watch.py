"""Memory of a whole submission where no cgroup caps it: the idle zygote adds up what its processes hold.

A limit of address space (RLIMIT_AS) holds for each process alone; forty children of 200 MB would pass it.  Pages that a
fork still shares with the zygote are not counted.
"""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Callable
from pathlib import Path

EVERY_S = 0.2


class Watch:
    """Looks every EVERY_S seconds while the zygote waits, and calls `stop` when the cap is passed."""

    def __init__(self, cap_mb: int) -> None:
        self.cap = cap_mb << 20
        self.kills = 0
        self._page = os.sysconf("SC_PAGE_SIZE")
        self._base = self._resident(os.getpid())

    def wait(self, control: socket.socket, stop: Callable[[], None]) -> None:
        """Until the control channel has something to say."""
        poll = select.poll()
        poll.register(control, select.POLLIN)
        while not poll.poll(EVERY_S * 1000):
            if self.used() > self.cap:
                self.kills += 1
                stop()
                return

    def used(self) -> int:
        """Bytes that all below this process hold beyond what they were born with."""
        return sum(max(0, self._resident(pid) - self._base) for pid in _below(os.getpid()))

    def _resident(self, pid: int) -> int:
        try:
            return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * self._page
        except (OSError, IndexError):  # just gone
            return 0


def _below(top: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                parent = int(Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue
            parents.setdefault(parent, []).append(int(name))
    found: list[int] = []
    todo = [top]
    while todo:
        children = parents.get(todo.pop(), [])
        found += children
        todo += children
    return found
