"""Processes as the kernel shows them: whose child is whose, and which are still the ones that they were."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MARK = "CHAOS_RUN"  #: in the environment of all that a run starts


@dataclass(frozen=True)
class Process:
    """A number and the moment at which it began: numbers are used again."""

    pid: int
    began: str

    @classmethod
    def of(cls, pid: int) -> Process:
        return cls(pid, _began(pid))

    @property
    def alive(self) -> bool:
        return bool(self.began) and _began(self.pid) == self.began

    def send(self, number: int) -> bool:
        """A signal, if it is still there."""
        if not self.alive:
            return False
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            return False
        return True


def children(pid: int) -> list[int]:
    """Direct children."""
    return [child for child, parent in _parents() if parent == pid]


def workers(grader: int) -> list[int]:
    """A grader's workers (and not multiprocessing's resource tracker)."""
    return [pid for pid in children(grader) if b"spawn_main" in _words(pid)]


def boxes(worker: int) -> list[int]:
    """The bubblewrap boxes of a worker: the process that it started (which becomes the zygote's parent or the zygote)."""
    return [pid for pid in children(worker) if b"guest.serve" in _words(pid)]


def marked(run: str) -> list[int]:
    """All that a run has started and that is still there."""
    mark = f"{MARK}={run}".encode()
    return [pid for pid in _numbers() if pid != os.getpid() and mark in _read(pid, "environ").split(b"\0")]


def end_all(run: str, seconds: float = 20.0) -> list[int]:
    """kill -9 of everything that carries the mark; gives what would not go."""
    until = time.monotonic() + seconds
    while (left := marked(run)) and time.monotonic() < until:
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)
    return left


def _numbers() -> Iterator[int]:
    return (int(folder.name) for folder in Path("/proc").glob("[0-9]*"))


def _parents() -> Iterator[tuple[int, int]]:
    for pid in _numbers():
        fields = _stat(pid)
        if fields and fields[0] not in ("Z", "X"):
            yield pid, int(fields[1])


def _stat(pid: int) -> list[str]:
    """Fields from the state on."""
    return _read(pid, "stat").decode(errors="replace").rpartition(")")[2].split()


def _began(pid: int) -> str:
    fields = _stat(pid)
    return fields[19] if fields and fields[0] not in ("Z", "X") else ""


def _words(pid: int) -> bytes:
    return _read(pid, "cmdline")


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""
