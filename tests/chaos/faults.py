"""The faults: each a small function that does one thing to a scene, if there is something to do it to.

It says what it did (a word to be counted), or nothing.  Only what the scene has started is ever touched.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import processes
from databases import Postgres, Sqlite
from processes import Process
from scene import Actor, Scene
from windows import OF_SUBMITTER, WINDOWS

Fault = Callable[[Scene], str]

#: Longer than a lease: who stands so long has lost what he had, if anybody else is there.
LONG_S = 45.0


# Kills


def kill_worker(scene: Scene) -> str:
    """One that grades, stores or waits."""
    found = scene.workers()
    if not found:
        return ""
    return _killed(scene, scene.rng.choice(found), "worker")


def kill_box(scene: Scene) -> str:
    """bubblewrap's process, or a container's."""
    found = [pid for worker in scene.workers() for pid in processes.boxes(worker)]
    if scene.engine is not None and scene.rng.random() < 0.5:
        found = _containers(scene) or found
    return _killed(scene, scene.rng.choice(found), "box") if found else ""


def _containers(scene: Scene) -> list[int]:
    from autograder.sandbox.docker import LABEL

    assert scene.engine is not None
    owners = {str(pid) for pid in scene.workers()}
    with suppress(Exception):  # the engine may be dead
        running = scene.engine.client().containers.list(filters={"label": LABEL}, ignore_removed=True)
        mine = [c for c in running if str(c.labels.get(LABEL, "")).partition("-")[0] in owners]
        return [int(c.attrs["State"]["Pid"]) for c in mine if c.reload() is None and c.attrs["State"]["Pid"]]
    return []


def kill_grader(scene: Scene) -> str:
    """The supervisor; its workers go with it."""
    return _kill_actor(scene, scene.graders, "grader")


def kill_submitter(scene: Scene) -> str:
    return _kill_actor(scene, scene.submitters, "submitter")


def kill_connection(scene: Scene) -> str:
    """pg_terminate_backend of any connection: idle, or within a transaction."""
    if not isinstance(scene.rows, Postgres) or not scene.rows.up():
        return ""
    if not scene.rows.end_a_connection(scene.rng.randrange(1000)):
        return ""
    scene.kills += 1
    return "connection"


def kill_server(scene: Scene) -> str:
    """The whole PostgreSQL server; back after some seconds."""
    if not isinstance(scene.rows, Postgres) or not scene.rows.server.kill(scene.rng.uniform(0.0, 4.0)):
        return ""
    scene.kills += 1
    return "PostgreSQL server"


def kill_engine(scene: Scene) -> str:
    """dockerd; back after some seconds."""
    if scene.engine is None or not scene.engine.kill(scene.rng.uniform(0.0, 4.0)):
        return ""
    scene.kills += 1
    return "engine"


def order(window: str, scene: Scene) -> str:
    """Whoever comes through this window next kills himself; counted when it happens."""
    return "order" if _ordered(scene, window, "kill") else ""


# Freezes


def freeze_worker(scene: Scene) -> str:
    """For up to four seconds, or for so long that its supervisor must act."""
    found = scene.workers()
    if not found:
        return ""
    _freeze(scene, [Process.of(scene.rng.choice(found))], scene.rng.choice((1.0, 2.0, 4.0, 14.0)))
    return "worker"


def freeze_grader(scene: Scene) -> str:
    """Supervisor and workers together: time stands still for them."""
    free = [g for g in scene.graders if g.alive and not g.still]
    if not free or any(g.still for g in scene.graders):
        return ""
    grader = scene.rng.choice(free)
    _freeze_all(scene, grader, scene.rng.choice((2.0, 4.0, 8.0)))
    return "grader and workers"


def freeze_for_long(scene: Scene) -> str:
    """A worker stops with a result in its hands, its grader with it, until others have taken its work: it comes too late."""
    if any(g.still for g in scene.graders) or not _ordered(scene, "before", "stop"):
        return ""
    scene.later(0.0, partial(_with_its_grader, scene, time.monotonic() + 30.0))
    return "order"


def _with_its_grader(scene: Scene, until: float) -> None:
    for name in [n for n in scene.standing if n.startswith("before.")]:
        process = scene.standing.pop(name)
        grader = next((g for g in scene.graders if g.alive and process.pid in processes.workers(g.pid)), None)
        had = scene.rows.ask(f"SELECT submission_id, token FROM job WHERE holder LIKE '%/{process.pid}-%'")
        if grader is None or not had:
            process.send(signal.SIGCONT)
        else:
            stopped = _stop(grader)
            scene.counts["stood", "with a result until it was too late"] += 1
            _until_taken(scene, partial(_go, grader, stopped), {tuple(row) for row in had}, time.monotonic() + LONG_S)
        return
    if time.monotonic() < until:
        scene.later(0.02, partial(_with_its_grader, scene, until))
    else:
        with suppress(FileNotFoundError):
            (scene.orders / "before").unlink()


def _until_taken(scene: Scene, go_on: Callable[[], None], had: set[tuple[int, int]], until: float) -> None:
    """Let it go on at the very moment at which another has what it had, so that its result meets the other's claim."""
    ids = ", ".join(str(submission) for submission, _ in had)
    now = scene.rows.ask(f"SELECT submission_id, token FROM job WHERE submission_id IN ({ids})")
    if (now and had - {tuple(row) for row in now}) or time.monotonic() > until:
        go_on()
    else:
        scene.later(0.0, partial(_until_taken, scene, go_on, had, until))


def freeze_inside(scene: Scene) -> str:
    """A worker stops within its transaction: all other writers wait until it goes on or is killed."""
    if not _ordered(scene, "inside", "stop"):
        return ""
    seconds = scene.rng.choice((1.0, 4.0, 20.0))
    scene.later(0.0, partial(_go_on, scene, "inside", seconds, time.monotonic() + 30.0))
    return "order"


def _go_on(scene: Scene, window: str, seconds: float, until: float) -> None:
    found = [name for name in scene.standing if name.startswith(f"{window}.")]
    for name in found:
        process = scene.standing.pop(name)
        scene.later(seconds, partial(process.send, signal.SIGCONT))
        scene.counts["stood", "inside a transaction"] += 1
    if not found and time.monotonic() < until:
        scene.later(0.05, partial(_go_on, scene, window, seconds, until))


# Other things


def lock_file(scene: Scene) -> str:
    """Another program has SQLite's file to itself."""
    database = scene.rows
    if not isinstance(database, Sqlite) or not database.lock():
        return ""
    scene.later(scene.rng.choice((0.5, 2.0, 5.0)), database.unlock)
    return "database locked"


def fill_disk(scene: Scene) -> str:
    """Nothing more can be written to the state folder for some seconds."""
    assert scene.disk is not None
    if not scene.disk.fill():
        return ""
    scene.later(scene.rng.choice((1.0, 3.0)), scene.disk.empty)
    return "disk full"


KILLS: dict[Fault, float] = {
    kill_worker: 22,
    kill_box: 18,
    kill_grader: 8,
    kill_submitter: 6,
    kill_connection: 8,
    kill_server: 3,
    kill_engine: 3,
}
OTHERS: dict[Fault, float] = {
    freeze_worker: 4,
    freeze_grader: 3,
    freeze_inside: 2,
    lock_file: 3,
    fill_disk: 3,
}
#: How many of the kills are orders.
ORDERED = 0.35


def deck(scene: Scene, kills: int) -> list[Fault]:
    """Which faults come, in which order: every window and every kind at least once, the rest at random."""
    rng, windows = scene.rng, list(WINDOWS)
    ordered = [partial(order, windows[i % len(windows)]) for i in range(max(len(windows), int(ORDERED * kills)))]
    killing: list[Fault] = [*ordered, *KILLS]
    while len(killing) < kills:
        killing.append(any_kill(scene))
    others: list[Fault] = list(OTHERS)
    while len(others) < kills // 6:
        others.append(rng.choices(list(OTHERS), list(OTHERS.values()))[0])
    # The long ones early: others must have the time to take the work over.
    late: list[Fault] = [freeze_for_long for _ in range(max(1, kills // 60))]
    cards: list[Fault] = [*killing, *others]
    rng.shuffle(cards)
    for number, fault in enumerate(late):
        cards.insert(3 + number * (len(cards) // len(late)), fault)
    return cards


def any_kill(scene: Scene) -> Fault:
    return scene.rng.choices(list(KILLS), list(KILLS.values()))[0]


def is_order(fault: Fault) -> bool:
    """Whether it must come again when it could not come now."""
    return isinstance(fault, partial) or fault in (freeze_inside, freeze_for_long)


def name(fault: Fault) -> str:
    return f"kill {fault.args[0]}" if isinstance(fault, partial) else fault.__name__.replace("_", " ")


def kind(fault: Fault) -> str:
    """What it is counted as."""
    return "killed" if fault in KILLS else "stood" if fault.__name__.startswith("freeze") else "happened"


def _killed(scene: Scene, pid: int, what: str) -> str:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return ""
    scene.kills += 1
    return what


def _kill_actor(scene: Scene, actors: list[Actor], what: str) -> str:
    found = [actor for actor in actors if actor.alive and not actor.still]
    if not found:
        return ""
    scene.rng.choice(found).kill(scene.rng.uniform(0.0, 1.5))
    scene.kills += 1
    return what


def _ordered(scene: Scene, window: str, word: str) -> bool:
    """Lay down an order; whole, so that nobody can take half of one."""
    file: Path = scene.orders / window
    if file.exists() or (window in OF_SUBMITTER and not any(s.alive for s in scene.submitters)):
        return False
    new = scene.orders / f"{window}.new"
    new.write_text(word)
    new.rename(file)
    return True


def _freeze(scene: Scene, found: list[Process], seconds: float) -> None:
    for process in found:
        process.send(signal.SIGSTOP)

    def go_on() -> None:
        for process in found:
            process.send(signal.SIGCONT)

    scene.later(seconds, go_on)


def _freeze_all(scene: Scene, grader: Actor, seconds: float) -> None:
    scene.later(seconds, partial(_go, grader, _stop(grader)))


def _stop(grader: Actor) -> list[Process]:
    """The supervisor first: it must not see its workers stand."""
    stopped = [Process.of(pid) for pid in (grader.pid, *processes.workers(grader.pid))]
    for process in stopped:
        process.send(signal.SIGSTOP)
    grader.still = True
    return stopped


def _go(grader: Actor, stopped: list[Process]) -> None:
    for process in stopped:
        process.send(signal.SIGCONT)
    grader.still = False
