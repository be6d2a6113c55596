"""`worker`, and `grade --watch`: graders that stay."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click
from rich.text import Text

from ..errors import OurError, StoreError
from ..store import Store
from ..workers.crew import Crew, Stale, Trouble
from ..workers.grader import Outcome
from .bars import gentle_stop
from .common import STYLES, BoxWish, Desk, box_option, console, errors, jobs_option, with_desk
from .inbox import Inbox
from .running import crew_of, served

#: Seconds between two looks at a watched folder: a file must look the same twice.
LOOK_S = 1.0
#: Seconds after which a trouble that goes on is said again.
AGAIN_S = 60.0
#: Seconds between two tries to begin.
AGAIN_TRIED_S = 3.0
T = TypeVar("T")


@click.command()
@click.option("--once", is_flag=True, help="End when nothing waits any more.")
@box_option
@jobs_option
@with_desk
def worker(desk: Desk, once: bool, wish: BoxWish, jobs: int) -> None:
    """Grade what waits in the queue, and what comes, until Ctrl-C.

    \b
    As many of these as you like may run at once, on one machine or on several that share database and state folder.
    What one of them had when it was killed is graded by the next.
      autograder worker
      autograder worker --once --jobs 4
      autograder --database postgresql://grader@db/course worker
    """
    with desk.store() if once else _there(desk.store) as grades:
        units = served(desk, desk.unit_names(), _waiting(grades))

        def crew() -> Crew:
            return crew_of(desk, grades, units, wish, jobs)

        serve(grades, crew() if once else _there(crew), lambda: None, units if once else None)


def watch(desk: Desk, folder: Path, unit: str | None, wish: BoxWish, jobs: int) -> None:
    """Take in and grade what comes into a folder, until Ctrl-C."""
    with _there(desk.store) as grades:
        units = served(desk, desk.unit_names(), _waiting(grades))
        inbox = Inbox(desk, grades, folder, unit)
        inbox.look()  # a folder that cannot be read is said before any box is started
        crew = _there(lambda: crew_of(desk, grades, units, wish, jobs), inbox.look)
        console.print(Text(f"watching {folder} (Ctrl-C ends it)"))
        serve(grades, crew, inbox.look)


def serve(grades: Store, crew: Crew, look: Callable[[], None], until_done: list[str] | None = None) -> None:
    """Let a crew work and say what it does; until_done: end when nothing of these units is open."""
    log, looked = _Log(), time.monotonic()
    failed: OurError | None = None
    with gentle_stop(crew.stop):
        for event in crew.run():
            log.say(event)
            if crew.stopping:
                continue
            if until_done is not None and isinstance(event, Trouble) and not isinstance(event.error, StoreError):
                failed = OurError(str(event.error))
                crew.stop()
            if event is None and time.monotonic() - looked > LOOK_S:
                looked = time.monotonic()
                try:
                    look()
                    if until_done is not None and not grades.queue.open(until_done):
                        crew.stop()
                except StoreError as e:  # what was not taken in stays where it is
                    log.say(Trouble(e))
    if failed is not None:
        raise failed


def _there(begin: Callable[[], T], meanwhile: Callable[[], None] = lambda: None) -> T:
    """What needs a database or a box, as soon as both are there."""
    log = _Log()
    while True:
        try:
            return begin()
        except OurError as e:
            log.say(Trouble(e))
        try:
            meanwhile()
        except OurError as e:
            log.say(Trouble(e))
        time.sleep(AGAIN_TRIED_S)


class _Log:
    """One line for each thing that happened; the same trouble is not said again and again."""

    def __init__(self) -> None:
        self._said: dict[str, float] = {}

    def say(self, event: object) -> None:
        if isinstance(event, Outcome):
            self._outcome(event)
        elif isinstance(event, Stale):
            errors.print(
                Text(f"submission {event.submission}: this result came too late and was thrown away"), soft_wrap=True
            )
        elif isinstance(event, Trouble):
            line = " ".join(str(event.error).split())
            if time.monotonic() - self._said.get(line, -AGAIN_S) >= AGAIN_S:
                self._said[line] = time.monotonic()
                errors.print(Text(f"waiting: {line}", style="yellow"), soft_wrap=True)

    def _outcome(self, outcome: Outcome) -> None:
        one, score = outcome.submission, outcome.score
        line = Text(f"{time.strftime('%H:%M:%S')}  {one.id:>5}  {one.student}  {one.unit}, attempt {one.attempt}  ")
        if score is None:
            line.append(f"not graded: {outcome.reason}"[:160], style="magenta")
        else:
            line.append(f"{score.total:g} / {score.maximum:g}  ")
            line.append(f"{score.verdict.value}  ", style=STYLES.get(score.verdict, "red"))
            line.append(f"{outcome.seconds:.2f} s", style="dim")
        console.print(line, soft_wrap=True)


def _waiting(grades: Store) -> Counter[str]:
    return Counter(s.unit for s in grades.submissions())
