"""The fault test of the durable queue: everything is killed at random moments, and nothing may be lost or counted twice.

    .venv/bin/python tests/chaos/chaos.py                      300 kills, 2000 submissions, on SQLite and on PostgreSQL
    .venv/bin/python tests/chaos/chaos.py --database sqlite --kills 40 --submissions 150
    .venv/bin/python tests/chaos/chaos.py --seed 123           the same faults in the same order

Two graders (one with bubblewrap, one with Docker where an engine can be started) and two submitters work on one database
while workers, boxes, graders, submitters, connections, the database server and the engine are killed with -9, processes
are stopped, the database is locked and the disk is filled.  Then all goes on until nothing waits, and judge.py looks at
the receipts and the rows.  Only what this program starts is ever touched, and nothing of it stays.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import faults
import traffic
from judge import Ruling, rule
from scene import ROOT, Engine, Scene, command, lend, surroundings
from windows import WINDOWS

KINDS = ("sqlite", "postgres")
HOSTS = Path(
    "/var/run/docker.sock"
)  #: an engine that is not the project's: images are copied from it, it is not killed
#: Seconds after a fault without any new grade, then the next one comes anyway.
IDLE_S = 12.0
#: Seconds for new uploads to come, when all that came before are graded.
CALM_S = 1.0
TICK_S = 0.05
#: Part of the uploads that is kept for the end, so that the last orders are met by somebody.
REST = 0.06
ORDERS_S = 60.0
TOLD_S = 5.0
#: Seconds that a grader may take until it listens to signals, and until it has ended.
START_S, END_S = 20.0, 60.0


@dataclass
class Report:
    """What one run showed."""

    kind: str
    seed: int
    kills: int
    submissions: int
    ruling: Ruling
    seconds: float
    refused: int
    let_go: int
    hits: Counter[tuple[str, str]]
    counts: Counter[tuple[str, str]]
    notes: list[str] = field(default_factory=list)  #: worth knowing
    wrong: list[str] = field(default_factory=list)  #: what the ruling does not say

    @property
    def clean(self) -> bool:
        return self.ruling.clean and not self.wrong

    def block(self) -> str:
        """The figures, as they are printed."""
        r, killed = self.ruling, Counter[str]()
        for (what, whom), many in self.counts.items():
            if what == "killed":
                killed[whom] += many
        stood = [f"{whom} {many}" for (what, whom), many in sorted(self.counts.items()) if what == "stood"]
        happened = [f"{whom} {many} times" for (what, whom), many in sorted(self.counts.items()) if what == "happened"]
        windows = [f"{title} {self.hits[name, 'kill']}" for name, title in WINDOWS.items()]
        lines = [
            f"{self.kind}: {self.kills} kills, {self.submissions} submissions, {len(r.lost)} lost, {len(r.double)} double, "
            f"{len(r.stale)} stale accepted ({self.refused} stale refused), {len(r.points)} with other points; "
            f"{self.seconds:.0f} s, seed {self.seed}",
            "  killed  " + ", ".join(f"{whom} {many}" for whom, many in killed.most_common()),
            "  killed itself  " + ", ".join(windows),
            "  stood   " + ", ".join(stood),
            "  and     " + ", ".join([*happened, f"held for a person and let go on {self.let_go}"]),
        ]
        lines += [f"  {note}" for note in self.notes]
        lines += [f"  WRONG  {line}" for line in (*r.sentences(), *self.wrong)[:40]]
        return "\n".join(lines)


class Place:
    """What all runs of this process share: the engine, and the points of an undisturbed grading."""

    def __init__(self, boxes: Path, engine: Engine | None, say: Callable[[str], None]) -> None:
        self.boxes, self.engine, self.say = boxes, engine, say
        self.expected = self._calm("bubblewrap")
        if engine is not None and (other := self._calm("docker")) != self.expected:
            raise RuntimeError(f"undisturbed, the boxes differ: {self.expected} and {other}")

    def _calm(self, box: str) -> dict[str, float]:
        """Style -> points, when nobody disturbs."""
        with tempfile.TemporaryDirectory(prefix="chaos-", dir="/tmp") as name:
            folder = Path(name)
            folder.chmod(0o755)
            (folder / "t").mkdir()
            traffic.make_course(folder / "course")
            files = traffic.one_of_each(folder / "course", folder / "works")
            lend(self.boxes, folder / "state", self.engine)
            words = [
                *command(folder, folder / "state", []),
                "grade",
                str(folder / "works"),
                "--box",
                box,
                "--jobs",
                "1",
            ]
            environment = surroundings(folder, "calm", self.engine)
            done = subprocess.run(words, capture_output=True, text=True, env=environment, cwd="/", timeout=600)
            if done.returncode != 0:
                raise RuntimeError(f"undisturbed, {box} does not grade: {done.stderr.strip()[-500:]}")
            with closing(sqlite3.connect(folder / "state" / "grades.db")) as rows:
                query = "SELECT student, total FROM submission JOIN result ON submission_id = submission.id AND current"
                total = dict(rows.execute(query).fetchall())
        points = {style: float(total[file.stem]) for style, file in files.items()}
        self.say(f"undisturbed, {box}: " + ", ".join(f"{style} {p:g}" for style, p in points.items()))
        return points


def run(place: Place, kind: str, kills: int, submissions: int, seed: int, fault_s: float, drain_s: float) -> Report:
    """One database from the first upload to the ruling; bounded by fault_s + drain_s and a minute."""
    began = time.monotonic()
    scene = Scene(kind, place.boxes, place.engine, submissions, seed)
    try:
        try:
            _disturb(scene, kills, fault_s, place.say)
            let_go, wrong = _drain(scene, drain_s, place.say)
            wrong += _end(scene)
            report = _judged(scene, kind, seed, place.expected)
        except BaseException:
            _keep(scene, place.boxes / "chaos" / f"{kind}-{seed}", place.say)
            raise
        report.seconds, report.let_go = time.monotonic() - began, let_go
        report.wrong += wrong
        report.wrong += [f"nobody killed himself {WINDOWS[w]}" for w in WINDOWS if not report.hits[w, "kill"]]
        if report.kills < kills:
            report.wrong.append(f"only {report.kills} of {kills} kills in {fault_s:.0f} s")
        if not report.clean:
            _keep(scene, place.boxes / "chaos" / f"{kind}-{seed}", place.say)
    finally:
        left = scene.close()
    report.wrong += [f"left behind: {each}" for each in left]
    return report


def _disturb(scene: Scene, kills: int, limit_s: float, say: Callable[[str], None]) -> None:
    """Fault after fault, each when some work has been graded since the last one, or nothing moves."""
    cards = faults.deck(scene, kills)
    until, told = time.monotonic() + limit_s, 0.0
    share, vain = len(scene.uploads) / kills, 0
    _tick(scene, kills, IDLE_S, 1.0)  # somebody should be there
    while (scene.kills < kills or cards) and time.monotonic() < until:
        # If only orders are left that wait for work, and work for kills, one that needs no work lets it go on.
        fault = cards.pop(0) if cards and vain <= len(cards) else faults.any_kill(scene)
        if _happened(scene, fault):
            vain = 0
            _tick(scene, kills, IDLE_S, 1.0 + scene.rng.uniform(0.0, 1.6) * (share - 1.0))
        else:
            vain += 1
            if faults.is_order(fault):  # that window has one already
                cards.insert(min(len(cards), scene.rng.randint(3, 9)), fault)
            _tick(scene, kills, TICK_S, 1.0)
        if time.monotonic() - told > TOLD_S:
            told = time.monotonic()
            say(_progress(scene))
    _meet_orders(scene, share)


def _happened(scene: Scene, fault: faults.Fault) -> bool:
    """Do it, count it and write it down."""
    said = fault(scene)
    if said and said != "order":
        scene.counts[faults.kind(fault), said] += 1
    with (scene.folder / "faults.log").open("a") as log:
        print(f"{time.strftime('%H:%M:%S')} {faults.name(fault)}: {said or 'not now'}", file=log)
    return bool(said)


def _meet_orders(scene: Scene, share: float) -> None:
    """A few more uploads, until the last orders have been taken and who stands for long goes on."""
    until, tide = time.monotonic() + ORDERS_S, float((scene.folder / "tide").read_text())
    while time.monotonic() < until and (
        any((scene.orders / window).exists() for window in WINDOWS) or any(grader.still for grader in scene.graders)
    ):
        tide += share / 4
        scene.rise(tide)
        scene.look()
        time.sleep(TICK_S)


def _tick(scene: Scene, kills: int, seconds: float, grades: float) -> None:
    """Until so many more are graded, all that came is graded, or the seconds are over."""
    began, before = time.monotonic(), scene.graded()
    while (spent := time.monotonic() - began) < seconds:
        scene.look()
        scene.rise(8 + (1.0 - REST) * len(scene.uploads) * min(1.0, scene.kills / kills))
        time.sleep(TICK_S)
        now = scene.graded()
        before = before or now
        if now and before and (now[0] - before[0] >= grades or (not now[1] and spent > CALM_S)):
            return


def _progress(scene: Scene) -> str:
    jobs = scene.jobs()
    rows = "the database does not answer" if jobs is None else ", ".join(f"{n} {s}" for s, n in sorted(jobs.items()))
    return f"  {scene.kills} kills, {len(scene.receipts())} receipts; {rows}"


def _drain(scene: Scene, limit_s: float, say: Callable[[str], None]) -> tuple[int, list[str]]:
    """No more faults: until nothing waits.  What is held for a person is let go on.  -> how many, what went wrong"""
    say("  no more faults")
    scene.settle()
    scene.rise(len(scene.uploads))
    until, told, let_go = time.monotonic() + limit_s, time.monotonic(), 0
    while time.monotonic() < until:
        scene.look()
        jobs = scene.jobs()
        if jobs is not None and all(s.start_at == float("inf") for s in scene.submitters):
            if jobs.get("held"):
                let_go += _let_go(scene)
            elif not jobs.get("waiting") and not jobs.get("leased"):
                return let_go, []
        if time.monotonic() - told > TOLD_S:
            told = time.monotonic()
            say(_progress(scene))
        time.sleep(4 * TICK_S)
    waiting = scene.rows.ask("SELECT submission_id, state, token, holder, lost FROM job WHERE state <> 'done' LIMIT 10")
    return let_go, [f"{limit_s:.0f} s after the last fault this still waits:{_progress(scene)}; {waiting}"]


def _let_go(scene: Scene) -> int:
    """As `autograder regrade --held` does."""
    from autograder import store
    from autograder.errors import OurError
    from autograder.store import Priority, State

    with suppress(OurError), store.open(scene.state, scene.rows.address) as grades:
        held = [s.id for s in grades.submissions(state=State.HELD)]
        grades.queue.again(held, priority=Priority.BATCH)
        return len(held)
    return 0  # the next look will find them


def _end(scene: Scene) -> list[str]:
    """SIGTERM: a grader keeps what runs and ends with 0."""
    wrong = []
    for grader in scene.graders:
        if grader.process is not None and grader.alive:
            time.sleep(max(0.0, grader.started + START_S - time.monotonic()))  # it cannot hear before it is there
            grader.process.send_signal(signal.SIGTERM)
            try:
                code = grader.process.wait(END_S)
            except subprocess.TimeoutExpired:
                code = None
            if code != 0:
                wrong.append(f"{grader.name} ends with {code} on SIGTERM")
    return wrong


def _judged(scene: Scene, kind: str, seed: int, expected: dict[str, float]) -> Report:
    rows = scene.rows.rows(scene.state / "blobs")
    ruling = rule(scene.receipts(), rows, {u.sha: u.style for u in scene.uploads}, expected)
    report = Report(
        kind, seed, scene.kills, len(rows.submissions), ruling, 0.0, scene.refused(), 0, scene.hits, scene.counts
    )
    handed = len({u.sha for u in scene.uploads})
    if report.submissions != handed:
        report.wrong.append(f"{handed} works were handed in, {report.submissions} are there")
    failures = Counter(word for g in (*scene.graders, *scene.submitters) for word in g.given_up)
    report.notes += [f"ended by itself {many} times: {word}" for word, many in failures.most_common(8)]
    assert scene.disk is not None
    if scene.disk.refused:
        report.notes.append(f"the disk was not filled: {scene.disk.refused}")
    if scene.engine is None:
        report.notes.append("no engine of our own: bubblewrap only")
    return report


def _keep(scene: Scene, folder: Path, say: Callable[[str], None]) -> None:
    """What shows how it came: logs, receipts, the database's file."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file in (*scene.folder.glob("*.log"), *scene.folder.glob("receipts-*"), *scene.state.glob("grades.db*")):
        shutil.copy(file, folder)
    say(f"  -> {folder}")


@contextmanager
def engine_of(where: str, boxes: Path, say: Callable[[str], None]) -> Iterator[Engine | None]:
    """The engine that may be killed: `own`, a folder of one, `state` (if it is the project's), or none."""
    from autograder.sandbox import image

    found = image.image(boxes)
    if where == "none" or found is None:
        yield None
        return
    recorded = boxes / "engine" / "host"
    if where == "state":
        yield Engine(boxes / "engine", own=False) if recorded.is_file() else None
        return
    with tempfile.TemporaryDirectory(prefix="chaos-", dir="/tmp") as name:
        engine = Engine(Path(name) / "engine" if where == "own" else Path(where), own=where == "own")
        try:
            say("an engine of our own gets the image (a minute)")
            engine.lend_image(
                found,
                os.environ.get("DOCKER_HOST")
                or (f"unix://{HOSTS}" if HOSTS.exists() else recorded.read_text().strip()),
            )
            yield engine
        finally:
            engine.close()


def main() -> int:
    """Run, print, and give 0 if all is as it must be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=(*KINDS, "both"), default="both")
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--submissions", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=None, help="of the order of the faults [default: a new one]")
    parser.add_argument("--engine", default="own", help="own, state, none, or a folder of scripts/engine.sh")
    parser.add_argument("--state", type=Path, default=ROOT / ".autograder", help="where the boxes are built")
    parser.add_argument("--minutes", type=float, default=0.0, help="most for the faults [default: 6 s a kill]")
    parser.add_argument("--drain", type=float, default=15.0, help="most minutes for the rest of the work")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
    signal.signal(signal.SIGTERM, _stop)
    say = partial(print, flush=True)
    say(f"seed {seed}")
    reports = []
    fault_s = 60.0 * options.minutes or 60.0 + 6.0 * options.kills
    try:
        with engine_of(options.engine, options.state, say) as engine:
            place = Place(options.state, engine, say)
            for kind in KINDS if options.database == "both" else (options.database,):
                say(kind)
                reports.append(run(place, kind, options.kills, options.submissions, seed, fault_s, 60 * options.drain))
                say(reports[-1].block())
    except KeyboardInterrupt:
        say("stopped; nothing of it is left")
        return 130
    if len(reports) > 1:
        say("\n" + "\n".join(report.block() for report in reports))
    return 0 if all(report.clean for report in reports) else 1


def _stop(number: int, frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
