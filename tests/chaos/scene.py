"""What runs during a fault test: graders, submitters, an engine, a disk; each started here and started again when it died."""

from __future__ import annotations

import ctypes
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Any

import processes
import submitter
import traffic
import windows
from databases import Database, Postgres, Sqlite
from judge import Receipt
from processes import MARK, Process
from services import Service

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
DISK_MB = 192
SUBMITTERS = 2
_PR_SET_PDEATHSIG = 1


class Engine(Service):
    """A Docker engine."""

    name, script, start_s = "engine", ROOT / "scripts" / "engine.sh", 120.0
    #: Another engine of this host is neither used nor touched.
    environment = MappingProxyType({**os.environ, "DOCKER_HOST": "unix:///nonexistent/docker.sock"})

    def __init__(self, folder: Path, own: bool) -> None:
        """own: started here, and removed at the end."""
        super().__init__(folder)
        self.own = own
        if not self.host:
            self.run("start")

    @property
    def host(self) -> str:
        file = self.folder / "host"
        return file.read_text().strip() if file.is_file() else ""

    def client(self) -> Any:
        import docker

        return docker.DockerClient(base_url=self.host, timeout=10)

    def lend_image(self, id: str, source: str) -> None:
        """Copy an image from another engine, unless it is here already."""
        from docker.errors import ImageNotFound

        try:
            self.client().images.get(id)
        except ImageNotFound:
            save = subprocess.Popen(["docker", "-H", source, "save", id], stdout=subprocess.PIPE)
            subprocess.run(["docker", "-H", self.host, "load"], stdin=save.stdout, capture_output=True, check=True)
            save.wait()

    def _strike(self) -> bool:
        with suppress(OSError, ValueError):
            pid = int((self.folder / "pid").read_text())
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if str(self.folder / "pid").encode() in words:
                os.kill(pid, signal.SIGKILL)
                return True
        return False

    def _answers(self) -> bool:
        with suppress(Exception):
            return bool(self.client().ping())
        return False

    def close(self) -> None:
        self.rest()
        if self.own:
            self.run("remove")
        elif not self.host:
            self.run("start")


class Disk:
    """The state folder's own small disk, that can be filled up."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        words = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=700", "chaos", str(folder)]
        done = subprocess.run(words, capture_output=True, text=True)
        self.refused = "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["mount failed"])[-1]

    def fill(self) -> bool:
        if self.refused:
            return False
        with suppress(OSError), (self.folder / "filler").open("wb", buffering=0) as file:
            while True:
                file.write(bytes(1 << 16))
        with suppress(OSError), (self.folder / "filler").open("ab", buffering=0) as file:
            while True:
                file.write(bytes(512))
        return True

    def empty(self) -> None:
        (self.folder / "filler").unlink(missing_ok=True)

    def close(self) -> None:
        if not self.refused:
            subprocess.run(["umount", "-l", str(self.folder)], capture_output=True)


@dataclass
class Actor:
    """A process that is started again whenever it has ended."""

    name: str
    command: Callable[[], list[str]]
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    start_at: float = 0.0
    started: float = 0.0
    still: bool = False  #: stands (SIGSTOP) as a whole: left alone until it goes on
    killed: bool = False  #: by us, so its end says nothing
    given_up: list[str] = field(default_factory=list)  #: the last words of those that ended by themselves

    def start(self) -> None:
        self.killed, self.started = False, time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment,
                cwd="/",
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def kill(self, pause: float) -> None:
        self.killed = True
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.start_at = time.monotonic() + pause

    def look(self) -> None:
        """Start it if it is time; note the last words of one that ended by itself."""
        if self.process is not None and not self.alive:
            if not self.killed and self.process.returncode not in (0, -signal.SIGKILL):
                self.given_up.append(_last_line(self.log))
                self.start_at = time.monotonic() + 1.0
            self.killed, done = False, self.process.returncode == 0
            self.process = None
            if done:
                self.start_at = float("inf")
        if self.process is None and time.monotonic() >= self.start_at:
            self.start()


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _last_line(file: Path) -> str:
    lines = [line for line in file.read_text(errors="replace").splitlines() if line.strip()]
    return re.sub(r"\x1b\[[0-9;]*m", "", lines[-1])[:200] if lines else "it said nothing"


class Scene:
    """One run: a folder, a database, graders and submitters on it."""

    def __init__(self, kind: str, boxes: Path, engine: Engine | None, submissions: int, seed: int) -> None:
        self.run = secrets.token_hex(6)
        self.rng = Random(seed)
        self.engine = engine
        self.folder = Path(tempfile.mkdtemp(prefix="chaos-", dir="/tmp"))
        self.folder.chmod(0o755)  # boxes of other users look in there
        self.counts: Counter[tuple[str, str]] = Counter()  #: (what happened, to whom)
        self.hits: Counter[tuple[str, str]] = Counter()
        self.kills = 0
        self._later: list[tuple[float, Callable[[], Any]]] = []
        self._seen: set[str] = set()
        self.standing: dict[str, Process] = {}
        self.disk: Disk | None = None
        self.database: Database | None = None
        try:
            self._make(kind, boxes, submissions)
        except BaseException:
            self.close()
            raise

    def _make(self, kind: str, boxes: Path, submissions: int) -> None:
        from autograder import store

        self.orders = self.folder / "orders"
        (self.orders / "taken").mkdir(parents=True)
        (self.folder / "t").mkdir()
        traffic.make_course(self.folder / "course")
        self.uploads = traffic.make(self.folder / "course", self.folder / "works", submissions, self.rng)
        traffic.write(self.uploads, self.folder / "plan.jsonl")
        self.disk = Disk(self.folder / "state")
        lend(boxes, self.state, self.engine)
        self.database = Sqlite(self.state) if kind == "sqlite" else Postgres(self.folder / "postgres")
        with store.open(self.state, self.database.address):
            pass
        self.database.watch()
        self.rise(0)
        kinds = ["bubblewrap", "docker" if self.engine is not None else "bubblewrap"]
        environment = surroundings(self.folder, self.run, self.engine)
        self.graders = [
            Actor(f"grader {n}", self._grader(box), environment, self.folder / f"grader-{n}.log")
            for n, box in enumerate(kinds)
        ]
        self.submitters = [
            Actor(f"submitter {n}", self._submitter(n), environment, self.folder / f"submitter-{n}.log")
            for n in range(SUBMITTERS)
        ]

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def rows(self) -> Database:
        assert self.database is not None
        return self.database

    def _grader(self, box: str) -> Callable[[], list[str]]:
        return lambda: [
            *command(self.folder, self.state, self.rows.words),
            *("worker", "--box", box, "--jobs", str(self.rng.randint(1, 2))),
        ]

    def _submitter(self, number: int) -> Callable[[], list[str]]:
        words = [str(self.folder), str(number), str(SUBMITTERS)]
        return lambda: [sys.executable, str(HERE / "submitter.py"), *words, *self.rows.words]

    # What happens in time

    def later(self, seconds: float, action: Callable[[], Any]) -> None:
        self._later.append((time.monotonic() + seconds, action))

    def look(self) -> None:
        """Whatever is due: ends of faults, dead processes, orders that were taken."""
        now = time.monotonic()
        for due in [each for each in self._later if each[0] <= now]:
            self._later.remove(due)
            due[1]()
        self.rows.look()
        if self.engine is not None:
            self.engine.look()
        for file in (self.orders / "taken").iterdir():
            if file.name not in self._seen:
                self._seen.add(file.name)
                self._taken(file.name, file.read_text())
        for actor in (*self.graders, *self.submitters):
            actor.look()

    def _taken(self, name: str, word: str) -> None:
        window, pid, _ = name.split(".")
        self.hits[window, word] += 1
        if word == "kill":
            self.kills += 1
            if window in windows.OF_SUBMITTER:
                for actor in self.submitters:
                    if actor.process is not None and actor.pid == int(pid):
                        actor.killed = True
        else:
            self.standing[name] = Process.of(int(pid))

    def settle(self) -> None:
        """End all faults now."""
        for _, action in sorted(self._later, key=lambda each: each[0]):
            action()
        self._later.clear()
        for process in self.standing.values():
            process.send(signal.SIGCONT)
        for grader in [g for g in self.graders if g.alive]:  # one may have waited for something else than a time
            for pid in (grader.pid, *processes.workers(grader.pid)):
                Process.of(pid).send(signal.SIGCONT)
            grader.still = False
        for order in self.orders.glob("*"):
            if order.name in windows.WINDOWS:
                order.unlink(missing_ok=True)
        assert self.disk is not None
        self.disk.empty()

    def rise(self, uploads: float) -> None:
        """The tide: how many uploads may have been made by now."""
        (self.folder / "tide").write_text(str(int(uploads)))

    # What there is

    def graded(self) -> tuple[int, int] | None:
        """How many have their grade, and how many wait for it."""
        jobs = self.jobs()
        return (jobs.get("done", 0), jobs.get("waiting", 0) + jobs.get("leased", 0)) if jobs is not None else None

    def jobs(self) -> dict[str, int] | None:
        found = self.rows.ask("SELECT state, count(*) FROM job GROUP BY state")
        return {row[0]: row[1] for row in found} if found is not None else None

    def receipts(self) -> list[Receipt]:
        return [r for number in range(SUBMITTERS) for r in submitter.read(self.folder / f"receipts-{number}")]

    def refused(self) -> int:
        file = self.orders / "refused"
        return len(file.read_text().splitlines()) if file.exists() else 0

    def workers(self) -> list[int]:
        return [pid for g in self.graders if g.alive and not g.still for pid in processes.workers(g.pid)]

    def close(self) -> list[str]:
        """End everything; gives what is still there, which should be nothing."""
        with _undisturbed():
            return self._close()

    def _close(self) -> list[str]:
        from autograder.sandbox import cgroup

        left: list[str] = []
        with ExitStack() as stack:  # backwards; one that fails does not keep the others
            stack.callback(self._forget, left)
            if self.disk is not None:
                stack.callback(self.disk.close)
            stack.callback(cgroup._sweep)  # the next grader of this machine would do it
            if self.engine is not None:
                stack.callback(_containers, self.engine, left)
                stack.callback(self.engine.settle)
            if self.database is not None:
                stack.callback(self.database.close)
            left += [f"process {pid}" for pid in processes.end_all(self.run)]
        return left

    def _forget(self, left: list[str]) -> None:
        if str(self.folder) in Path("/proc/self/mountinfo").read_text():
            left.append(f"mount {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """A second Ctrl-C must not leave half of it behind."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _containers(engine: Engine, left: list[str]) -> None:
    """Remove the containers of graders that are gone; names those that stay."""
    from autograder.sandbox import docker
    from autograder.sandbox.box import is_gone

    client = engine.client()
    docker.sweep(client)
    mine = client.containers.list(all=True, filters={"label": docker.LABEL}, ignore_removed=True)
    left += [f"container {c.short_id}" for c in mine if is_gone(str(c.labels.get(docker.LABEL)))]


def lend(boxes: Path, state: Path, engine: Engine | None) -> None:
    """A state folder without grades, with the boxes of `make setup`."""
    state.mkdir(parents=True, exist_ok=True)
    for name in ("box", "selftest.json"):
        (state / name).symlink_to((boxes / name).absolute())
    if engine is not None:
        (state / "engine").symlink_to(engine.folder.absolute())


def surroundings(folder: Path, run: str, engine: Engine | None) -> dict[str, str]:
    """The environment of everything that a run starts."""
    plain = {k: v for k, v in os.environ.items() if k not in ("DOCKER_HOST", "AUTOGRADER_DATABASE")}
    found = {
        MARK: run,
        "CHAOS_ORDERS": str(folder / "orders"),
        "AUTOGRADER_SECRET": str(folder / "secret"),
        "TMPDIR": str(folder / "t"),
        "COLUMNS": "200",
    }
    if engine is not None and Path("/var/run/docker.sock").exists():  # the host's own would be taken before ours
        found["DOCKER_HOST"] = engine.host
    return {**plain, **found}


def command(folder: Path, state: Path, database: list[str]) -> list[str]:
    """The command line with windows."""
    course = ["--course", str(folder / "course"), "--state", str(state)]
    return [sys.executable, str(HERE / "windows.py"), *course, *database]
