"""Boxes for tests: which there are here, and one started box of each kind and setting."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import pytest

from autograder.errors import BoxError
from autograder.guest import jail as jails
from autograder.records import Cell, Limits
from autograder.sandbox.box import Box, Settings, preload
from autograder.sandbox.choose import Choice, choose, make
from autograder.sandbox.student import BoxedStudent


def named(*names: str) -> list[Any]:
    """Boxes as test parameters, `box` or `box/jail`; those of Docker are marked so."""
    return [pytest.param(name, marks=[pytest.mark.docker] * name.startswith("docker")) for name in names]


DOCKER = named("docker")[0]
#: Boxes that isolate, each with the jails that serve many submissions in one box; `container` is slow, so it is apart.
WALLS = named("docker", "docker/landlock", "bubblewrap", "bubblewrap/landlock")
RENEWED = named("docker/container", "bubblewrap/container")
EVERY = [*WALLS, *named("process")]

LIMITS = Limits(
    call_s=1.0, load_s=8.0, total_s=20.0, memory_mb=256, processes=32, file_mb=32, output_kb=64, answer_mb=16
)


class Boxes:
    """Starts a box when it is first asked for; a box that was lost is started again."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self._open = contextlib.ExitStack()
        self._started: dict[tuple[object, ...], Box] = {}

    def choice(self, name: str) -> Choice:
        """A ready box, or a skipped test with the reason.  `docker` is the one with the first kind of jail."""
        kind, _, jail = name.partition("/")
        try:
            return choose(kind, self.state, jail if jail in jails.KINDS else jails.KINDS[0])
        except BoxError as e:
            pytest.skip(str(e))

    def get(self, name: str, limits: Limits = LIMITS, data: Path | None = None, absent: tuple[str, ...] = ()) -> Box:
        key = (name, limits, data, absent)
        if key not in self._started:
            settings = Settings(limits, data, absent=absent)
            if name.endswith("/container"):  # a new box for each load: without torch they are warm several times sooner
                settings = replace(settings, preload=preload(()))
            self._started[key] = self._open.enter_context(make(self.choice(name), settings))
        return self._started[key]

    def lost(self, box: Box) -> None:
        """This box broke: the next that asks gets a new one."""
        box.close()
        self._started = {key: other for key, other in self._started.items() if other is not box}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()


@contextlib.contextmanager
def submitted(box: Box, *cells: str, limits: Limits = LIMITS, seed: int = 1, **more: Any) -> Iterator[BoxedStudent]:
    """A submission of these cells, ended afterwards."""
    student = BoxedStudent(box, [Cell(f"cell-{i}", source) for i, source in enumerate(cells)], limits, seed, **more)
    try:
        yield student
    finally:
        student.close()


def started(pid: int) -> str:
    """When a process began, in the kernel's ticks: with its number this names it for ever.  Empty if it is gone."""
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if state == "Z" else rest[18]


def descendants(pid: int) -> set[tuple[int, str]]:
    """All processes below this one, as (number, start)."""
    parents: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                parent = int(Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[1])
                parents.setdefault(parent, []).append(int(name))
    found, todo = set(), [pid]
    while todo:
        for child in parents.get(todo.pop(), []):
            found.add((child, started(child)))
            todo.append(child)
    return found


def gone(family: set[tuple[int, str]], seconds: float) -> bool:
    """Whether all of these processes have ended, after at most so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not any(started(pid) == start for pid, start in family if start):
            return True
        time.sleep(0.05)
    return False


def zygote_parent(box: Box) -> int:
    """The host's number of a process under which all of the box's processes are."""
    box = getattr(box, "_spare", box)  # of a box that is renewed: the one that waits
    container = getattr(box, "_container", None)
    if container is not None:
        container.reload()
        return int(container.attrs["State"]["Pid"])
    return int(box._process.pid)  # type: ignore[attr-defined]
