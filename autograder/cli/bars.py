"""A live bar for long work, and what people do to stop it."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from .common import console, errors


@contextmanager
def bar(name: str, total: int) -> Iterator[Callable[[Counter[str]], None]]:
    """A bar that is told how many came out how."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    eta = (
        TimeElapsedColumn(),
        TextColumn("eta"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[counts]}", markup=False),
    )
    with Progress(*columns, *eta, console=console, transient=not console.is_terminal) as progress:
        task = progress.add_task(name, total=total, counts="")

        def show(counts: Counter[str]) -> None:
            done, elapsed = counts.total(), progress.tasks[task].elapsed
            rate = f"{done / elapsed:.1f}/s  " if elapsed else ""
            words = "  ".join(f"{n} {verdict}" for verdict, n in sorted(counts.items()))
            progress.update(task, completed=done, counts=rate + words)

        yield show


@contextmanager
def gentle_stop(stop: Callable[[], None]) -> Iterator[None]:
    """The first Ctrl-C (or SIGTERM) starts nothing more; the second is a real one."""
    asked = False

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        stop()
        errors.print("stopping: finishing what is running (Ctrl-C again to stop at once)")

    before: dict[int, Any] = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
