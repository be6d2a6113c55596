"""The command line, with windows: moments at which a process ends or stops itself when a file orders it.

    CHAOS_ORDERS=FOLDER python windows.py --course ... worker

An order is a file FOLDER/<window> that holds `kill` or `stop`.  The first process that comes through that window takes it
(by a rename into FOLDER/taken, so one order is one hit) and does to itself what it says.  Workers are spawned: they import
this main module again, so they have the windows too.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from autograder.sandbox.student import BoxedStudent
from autograder.store import Claim, Finished, Store, Wish, queue, results

ORDERS = Path(os.environ.get("CHAOS_ORDERS", "/nonexistent"))
#: Window -> when a process comes through it.
WINDOWS = {
    "accepting": "inside the receipt's transaction",
    "accepted": "before the receipt",
    "receipt": "after the receipt",
    "claimed": "after the claim",
    "loading": "mid-load",
    "checking": "mid-check",
    "before": "before the result's transaction",
    "inside": "inside the result's transaction",
    "after": "after the result's transaction",
}
OF_SUBMITTER = ("accepting", "accepted", "receipt")


def obey(window: str) -> None:
    """Take the order of this window, if there is one, and do it."""
    taken = ORDERS / "taken" / f"{window}.{os.getpid()}.{time.monotonic_ns()}"
    try:
        os.rename(ORDERS / window, taken)
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL if taken.read_text() == "kill" else signal.SIGSTOP)


def note(file: str, line: str) -> None:
    """A line that outlives this process."""
    descriptor = os.open(ORDERS / file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(descriptor, f"{line}\n".encode())
    os.close(descriptor)


_exchange, _accept = Store.exchange, Store.accept
_keep, _put = results.keep, queue.put
_load, _call = BoxedStudent.load, BoxedStudent.call


def exchange(
    self: Store, finished: Sequence[Finished] = (), wish: Wish | None = None
) -> tuple[tuple[bool, ...], tuple[Claim, ...]]:
    """The worker's one transaction; what it refuses is noted."""
    if finished:
        obey("before")
    kept, claims = _exchange(self, finished, wish)
    for one, was_kept in zip(finished, kept, strict=True):
        if not was_kept:
            note("refused", f"{one.claim.submission.id} {one.claim.token}")
    if finished:
        obey("after")
    if claims:
        obey("claimed")
    return kept, claims


def keep(*arguments: Any) -> tuple[bool, ...]:
    kept = _keep(*arguments)
    obey("inside")
    return kept


def put(*arguments: Any) -> None:
    _put(*arguments)
    obey("accepting")


def accept(self: Store, *arguments: Any, **named: Any) -> Any:
    taken = _accept(self, *arguments, **named)
    obey("accepted")
    return taken


def _waiting(window: str, method: Callable[..., Any]) -> Callable[..., Any]:
    """The method, with the window open while it waits for the box: its pulse is called then."""

    def during(self: BoxedStudent, *arguments: Any, **named: Any) -> Any:
        pulse = self._pulse

        def look() -> None:
            obey(window)
            pulse()

        self._pulse = look
        try:
            return method(self, *arguments, **named)
        finally:
            self._pulse = pulse

    return during


def install() -> None:
    """From here on this process has the windows."""
    Store.exchange = exchange  # type: ignore[method-assign]
    Store.accept = accept  # type: ignore[method-assign]
    results.keep = keep  # type: ignore[assignment]
    queue.put = put  # type: ignore[assignment]
    BoxedStudent.load = _waiting("loading", _load)  # type: ignore[method-assign]
    BoxedStudent.call = _waiting("checking", _call)  # type: ignore[method-assign]


if __name__ in ("__main__", "__mp_main__"):  # a spawned worker imports it under the second name
    install()
if __name__ == "__main__":
    from autograder.cli import main

    main(sys.argv[1:])
