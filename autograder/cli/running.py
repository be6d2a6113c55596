"""From a command to workers: which units can be graded here, in which boxes, by how many."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Sequence

from rich.text import Text

from .. import bundle as bundles
from ..errors import BoxError, StoreError
from ..records import Limits, Submission
from ..sandbox import gpu, host
from ..store import Priority, State, Store
from ..workers.crew import Crew, Trouble
from ..workers.grader import Outcome
from ..workers.plan import Plan
from .bars import bar, gentle_stop
from .common import BoxWish, Desk, console, errors

#: Boxes that a worker keeps warm, where there is memory for them: one of each unit, and one for those who plot.
WARM = 3
#: Seconds for which a command goes on although the database refuses: it may be locked, or a server may be coming back.
PATIENCE_S = 15.0


def grade_all(desk: Desk, grades: Store, todo: Sequence[Submission], wish: BoxWish, jobs: int) -> list[Outcome]:
    """Grade these, with a live bar: one outcome each.  A first Ctrl-C finishes what is running, a second one stops at once."""
    if not todo:
        return []
    batch = f"grade-{secrets.token_hex(6)}"
    units = list(dict.fromkeys(s.unit for s in todo))
    crew = crew_of(desk, grades, units, wish, min(jobs, len(todo)), batch)
    grades.queue.sweep(units)
    grades.queue.mark([s.id for s in todo], batch)
    outcomes: dict[int, Outcome] = {}
    trouble, calm = None, time.monotonic()
    with bar(", ".join(units), len(todo)) as show, gentle_stop(crew.stop):
        for event in crew.run():
            if isinstance(event, Trouble):
                if not isinstance(event.error, StoreError) or time.monotonic() - calm > PATIENCE_S:
                    trouble = event.error
                    crew.stop()
            elif isinstance(event, Outcome):
                calm = time.monotonic()
                outcomes[event.submission.id] = event
                show(Counter(o.score.verdict.value if o.score else "not graded" for o in outcomes.values()))
            elif event is None and not crew.stopping and not grades.queue.open(units, batch):
                crew.stop()
    if trouble is not None:
        raise trouble
    return [
        outcomes[s.id] if s.id in outcomes else _elsewhere(grades, s) for s in todo if _is_done(grades, s, outcomes)
    ]


def _is_done(grades: Store, submission: Submission, outcomes: dict[int, Outcome]) -> bool:
    return submission.id in outcomes or grades.standing(submission.id).state in (State.GRADED, State.HELD)


def _elsewhere(grades: Store, submission: Submission) -> Outcome:
    """Another grader took it meanwhile; its result is as good as ours."""
    result, standing = grades.result(submission.id), grades.standing(submission.id)
    return Outcome(submission, result.score if result else None, standing.reason)


def again(desk: Desk, grades: Store, chosen: Sequence[Submission]) -> None:
    """Queue submissions once more, for today's tests or newer ones."""
    for name in dict.fromkeys(s.unit for s in chosen):
        bundle = bundles.make_bundle(desk.root, name)
        least = grades.register_bundle(bundle.digest, name, bundles.to_bytes(bundle), newest=True)
        mine = [s.id for s in chosen if s.unit == name]
        grades.queue.again(mine, priority=Priority.REGRADE, least=least)


def crew_of(desk: Desk, grades: Store, units: Sequence[str], wish: BoxWish, jobs: int, batch: str = "") -> Crew:
    """Workers for these units; those that need a card are served by as many workers as the card has room for."""
    needs = {name: desk.course.unit(name).gpu for name in units}
    limits = [desk.course.unit(name).limits for name in units]
    widest = Limits(
        load_s=max(each.load_s for each in limits),
        total_s=max(each.total_s for each in limits),
        memory_mb=max(each.memory_mb for each in limits),
    )
    choice = desk.choice(wish, card=all(needs.values()))
    card = desk.choice(wish, card=True) if any(needs.values()) and not all(needs.values()) else None
    for each in (choice, *([card] if card is not None else [])):
        console.print(Text(f"box: {each.title}"))
    room = {name: jobs if need is None else gpu.slots(need) for name, need in needs.items()}
    workers = _workers(min(jobs, max(room.values())), widest.memory_mb)
    serves = [tuple(name for name in units if number < room[name]) for number in range(workers)]
    warm = max(1, min(WARM, len(units) + 1, host.fitting(WARM * workers, widest.memory_mb) // workers))
    plan = Plan(desk.root, desk.state, desk.database, choice, card, batch, warm, desk.given)
    return Crew(grades, plan, serves, widest)


def _workers(wanted: int, memory_mb: int) -> int:
    """As many as there is memory for, saying so where it is fewer.  BoxError if not even one fits."""
    fitting = host.fitting(wanted, memory_mb)
    if not fitting:
        raise BoxError(f"not enough memory: {host.memory(memory_mb).cure}, or lower memory_mb in course.yaml.")
    if fitting < wanted:
        errors.print(Text(f"memory for {fitting} of {wanted} workers ({host.free_mb()} MiB free)", style="yellow"))
    return fitting


def gradable(desk: Desk, todo: Sequence[Submission]) -> list[Submission]:
    """Those that can be graded on this machine; the others wait, and one line a unit says for what."""
    here = served(desk, list(dict.fromkeys(s.unit for s in todo)), Counter(s.unit for s in todo))
    return [s for s in todo if s.unit in here]


def served(desk: Desk, units: Sequence[str], waiting: Counter[str]) -> list[str]:
    """The units whose card, if they need one, is here."""
    found = []
    for name in units:
        need = desk.course.unit(name).gpu
        if need is None or gpu.slots(need):
            found.append(name)
        else:
            errors.print(
                Text(
                    f"{name} needs a graphics card with {need.memory_mb} MiB and none answers here: "
                    f"{waiting[name]} wait. Run the same command on a machine that has one.",
                    style="yellow",
                )
            )
    return found
