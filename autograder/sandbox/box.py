"""The contract of a box, and all of it that does not depend on what the box is made of.

A box holds one zygote (autograder.guest.serve).  This side keeps the zygote's control channel; each load gets a fresh
socket pair and a fresh pipe for what it prints, whose far ends are passed to the zygote and from it to the one fork that
they are for.  A lying or dying submission can end its own socket and nothing else.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

import autograder.guest

from ..errors import BoxError
from ..guest import jail, wire
from ..records import Gpu, Limits

#: Imported by every zygote; what is not in its environment is left out.
BASE = ("numpy", "IPython", "asyncio", "json", "random", "typing")
#: What an import really needs to be quick afterwards: without torch._dynamo the first optimiser costs 0.8 s.
WITH = {"torch": ("torch", "torch._dynamo"), "matplotlib": ("matplotlib.pyplot",)}
#: What students import although their unit does not.  Importing it takes a fork 0.8 s; being without it, a box is warm in a
#: third of the time and takes 33 MB less: those who want it get another box.
APART = ("matplotlib",)
FOLDER = "autograder-box-"
START_S = 120.0
CONTROL_S = 30.0
_DOCTOR = "Run: autograder doctor"
#: What the warm zygote itself needs, on top of a submission's own memory.
ZYGOTE_MB = 450

#: Every promise of the wall that a box may claim, with its sentence. The self-test measures each one that is claimed.
PROMISES = {
    "hidden": "Neither the reference, nor the grader, nor any hidden test can be imported or found inside.",
    "network": "There is no network, not even loopback services of the host.",
    "writes": "Nothing outside the submission's own folder can be written.",
    "processes": "Nobody else's process can be seen; the box's own first process cannot be read, traced, slowed or ended.",
    "privileges": "No capability, no new namespace, no set-user-id program, no dangerous system call.",
    "forks": "A fork bomb stops at its own limit and is gone afterwards.",
    "memory": "A submission that takes too much memory is stopped, and only it.",
    "leftovers": "Nothing of one submission is there for the next.",
    "environment": "The environment, arguments and descriptors of the grader are not inherited.",
    "answers": "The box answers calls, and goes on after a submission that crashes or never ends.",
}


def preload(imports: Iterable[str]) -> tuple[str, ...]:
    """What a zygote imports for these libraries: torch only where the unit does, since each fork pays for its size."""
    return (*BASE, *(module for name in sorted(imports) for module in WITH.get(name, (name,)) if module not in BASE))


@dataclass(frozen=True)
class Settings:
    """What a box is made for: limits of one submission, public data and imports of one unit, its share of a card."""

    limits: Limits
    data: Path | None = None
    preload: tuple[str, ...] = preload(WITH)
    gpu: Gpu | None = None
    absent: tuple[str, ...] = ()  #: libraries that the box must not hold; see guest.absent
    jail: str = jail.KINDS[0]  #: how each submission is locked in; see guest.jail

    def importing(self, libraries: Iterable[str]) -> Settings:
        """The same, with these libraries ready too."""
        more = tuple(module for module in preload(libraries) if module not in self.preload)
        return replace(self, preload=(*self.preload, *more)) if more else self

    def serves(self, wanted: Settings) -> bool:
        """Whether a box of this kind does for what is wanted: the same wall, and no library less."""
        return set(wanted.preload) <= set(self.preload) and replace(wanted, preload=self.preload) == self


@dataclass(frozen=True)
class Ready:
    """A started box, as it described itself."""

    seconds: float
    resident_mb: int
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Ending:
    """How a load ended: wait status, CPU seconds, and whether the kernel killed something of it for memory."""

    status: int
    cpu: float
    out_of_memory: bool


@dataclass
class Load:
    """One submission in its jail: our ends of its channel and of what it prints."""

    number: int
    channel: socket.socket
    capture: int

    def is_untouched(self) -> bool:
        """Of a jail that nobody has spoken to: whether it is still there."""
        return _is_quiet(self.channel)

    def close(self) -> None:
        self.channel.close()
        self.close_capture()

    def close_capture(self) -> None:
        if self.capture >= 0:
            os.close(self.capture)
            self.capture = -1


class Box(ABC):
    """A warm place for student code, the contract.  `with box:` starts and ends it; one load at a time."""

    name: str
    claims: ClassVar[frozenset[str]] = frozenset(PROMISES)

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.ready: Ready | None = None
        self.uses = 0  #: loads that it has given
        self.odd = False  #: something was killed for memory, or a step failed: it works, and is better renewed

    @property
    def title(self) -> str:
        """The box and its jail, as people see them."""
        return f"{self.name}/{self.settings.jail}"

    @abstractmethod
    def begin(self) -> None:
        """The first half of `start`: the box warms while the caller does something else."""

    @abstractmethod
    def wait(self) -> Ready:
        """The second half: until the box says that it is warm."""

    @abstractmethod
    def load(self) -> Load:
        """A new jail, with nothing in it yet."""

    @abstractmethod
    def end(self, load: Load) -> Ending:
        """Kill a load with all that it started, and wait until it is gone."""

    def let_go(self, load: Load) -> None:
        """End a load that is done, as `end` does, without waiting for it; what went wrong is told by `check` or `load`."""
        self.end(load)

    def check(self) -> None:  # noqa: B027 (a box may have nothing to look at)
        """Wait until all that was let go is gone.  BoxError if that failed, or if the box is dead."""

    @abstractmethod
    def cpu(self, load: Load) -> float:
        """CPU seconds that a running load has used."""

    @abstractmethod
    def close(self) -> None:
        """End the box; safe to call twice."""

    def start(self) -> Ready:
        """Launch and warm.  BoxError if it does not come up."""
        self.begin()
        return self.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class ZygoteBox(Box):
    """A box around one zygote.

    While one submission is scored and stored, the zygote ends it and forks the next jail: `let_go` gives both orders and
    waits for neither.  The answers are owed, in the order of the orders, and are read before anything else is asked.  The
    jail that waits has been sent nothing, so it holds nothing of anybody.  A box that once fell silent, or could not remove
    what a submission left, stays broken: no later answer would be believed.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._control: socket.socket | None = None
        self._orders = 0
        self._oom_seen = 0
        self._owed: list[Callable[[dict[str, Any]], object]] = []  #: who reads each answer that is to come
        self._waiting: Load | None = None  #: a jail in which nobody has been
        self._broken = ""
        self._folder: Path | None = None

    # What differs from box to box

    @abstractmethod
    def _launch(self, folder: Path) -> socket.socket:
        """Start the zygote with what lies in `folder` (guest/, data/) in its reach, and give its control channel."""

    @abstractmethod
    def _stop(self) -> None:
        """End the zygote's process and remove all that was made for it; must work half-started."""

    def _config(self) -> dict[str, Any]:
        limits = self.settings.limits
        return {
            "preload": [m for m in self.settings.preload if m.partition(".")[0] not in self.settings.absent],
            "outer_filter": False,
            "watch_mb": None,
            "absent": list(self.settings.absent),
            "gpu_mb": self.settings.gpu.memory_mb if self.settings.gpu is not None else None,
            "workspace": "/tmp/work",
            "jail": {
                "kind": self.settings.jail,
                "tmp_mb": limits.file_mb,
                "cpu_s": int(limits.total_s * 2),
                "file_mb": limits.file_mb,
                "processes": limits.processes,
                "address_space_mb": None,
                "covered": [],
                "card": self.settings.gpu is not None,
            },
        }

    def _processes(self, capped: bool) -> int | None:
        """The cap of one submission by its user's count; only in a user namespace of its own is that count its own."""
        return None if capped and self.settings.jail in jail.SHARED else self.settings.limits.processes

    def _oom_kills(self, told: int | None) -> int:
        """The kernel's count of out-of-memory kills in this box; `told` is the zygote's reading."""
        return told or 0

    # The contract

    def begin(self) -> None:
        _sweep()
        self._folder = _staged(self.settings.data)
        try:
            self._control = self._launch(self._folder)
            self._tell({"op": "start", **self._config()})
        except BaseException:
            self.close()
            raise

    def wait(self) -> Ready:
        try:
            answer = self._hear(START_S)
        except BaseException:
            self.close()
            raise
        if answer["op"] != "ready":
            self.close()
            raise BoxError(f"{self.name}: no jail of kind '{self.settings.jail}' here: {answer.get('why')}. {_DOCTOR}")
        self.ready = Ready(answer["seconds"], answer["resident_mb"], tuple(answer["missing"]))
        return self.ready

    def load(self) -> Load:
        self._settle()
        load = self._prepared() or self._new()
        self.uses += 1
        return load

    def end(self, load: Load) -> Ending:
        load.close()
        return self._ended(self._ask({"op": "end", "id": load.number}))

    def let_go(self, load: Load) -> None:
        with contextlib.suppress(BoxError, OSError):  # whoever asks next is told; OSError: no descriptor for a next one
            self._tell({"op": "end", "id": load.number})
            self._owed.append(self._ended)
            self._waiting = self._order()
            self._owed.append(self._came)
        load.close()  # not before: it would wake, and die of its own accord, and be killed at that

    def check(self) -> None:
        self._settle()
        if not _is_quiet(self._running(0.0)):
            raise self._silent(EOFError())

    def cpu(self, load: Load) -> float:
        return float(self._ask({"op": "cpu", "id": load.number})["seconds"])

    def _settle(self) -> None:
        """Read what is owed."""
        while self._owed:
            self._owed.pop(0)(self._hear(CONTROL_S))

    def _order(self) -> Load:
        """Order a jail; the far ends of its descriptors go along.  The answer is still to be read."""
        self._orders += 1
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                read, write = os.pipe()
            except OSError:
                ours.close()
                raise
            os.set_blocking(read, False)
            load = Load(self._orders, ours, read)
            try:
                self._tell({"op": "load", "id": load.number}, [theirs.fileno(), write])
            except BoxError:
                load.close()
                raise
            finally:
                os.close(write)
        return load

    def _new(self) -> Load:
        load = self._order()
        try:
            return self._confirmed(load, self._hear(CONTROL_S))
        except BoxError:
            load.close()
            raise

    def _confirmed(self, load: Load, answer: dict[str, Any]) -> Load:
        """The load, if its jail was closed."""
        if answer["op"] != "forked":
            self.odd = True
            raise BoxError(f"{self.name}: the jail could not be closed: {answer.get('why')}. {_DOCTOR}")
        return load

    def _came(self, answer: dict[str, Any]) -> None:
        """The answer to an order that nobody waited for; if it failed, the next load gives it again."""
        assert self._waiting is not None
        try:
            self._confirmed(self._waiting, answer)
        except BoxError:
            self._waiting.close()
            self._waiting = None

    def _prepared(self) -> Load | None:
        """The jail that waits, if there is one and it is as it was made."""
        load, self._waiting = self._waiting, None
        if load is None or load.is_untouched():
            return load
        self.odd = True  # killed from outside: for the host's memory, say
        self.end(load)
        return None

    def _ended(self, answer: dict[str, Any]) -> Ending:
        """What the zygote says of an end.  Kills are counted from one end to the next, so each is its own load's."""
        if answer["op"] != "ended":
            raise self._break(f"a submission's leavings could not be removed: {answer.get('why')}")
        seen = self._oom_kills(answer["oom"])
        killed, self._oom_seen = seen > self._oom_seen, seen
        self.odd = self.odd or killed
        return Ending(answer["status"], answer["cpu"], killed)

    def close(self) -> None:
        if self._waiting is not None:
            self._waiting.close()
            self._waiting = None
        self._owed.clear()
        if self._control is not None:
            self._control.close()
            self._control = None
        self._stop()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        self._settle()
        self._tell(message)
        return self._hear(CONTROL_S)

    def _tell(self, message: dict[str, Any], fds: list[int] | None = None) -> None:
        try:
            socket.send_fds(self._running(CONTROL_S), [json.dumps(message).encode()], fds or [])
        except OSError as e:
            raise self._silent(e) from e

    def _hear(self, seconds: float) -> dict[str, Any]:
        try:
            return wire.parse(self._running(seconds).recv(1 << 16))
        except (OSError, wire.WireError) as e:
            raise self._silent(e) from e

    def _running(self, seconds: float) -> socket.socket:
        if self._broken:
            raise BoxError(self._broken)
        if self._control is None:
            raise BoxError(f"{self.name}: the box is not running")
        self._control.settimeout(seconds)
        return self._control

    def _silent(self, error: Exception) -> BoxError:
        return self._break(f"the box no longer answers ({type(error).__name__}){self._last_words()}")

    def _break(self, why: str) -> BoxError:
        """Nothing that this box says is believed from now on."""
        self.odd, self._broken = True, f"{self.name}: {why}"
        return BoxError(self._broken)

    def _last_words(self) -> str:
        """What the zygote printed before it died, if the box keeps that."""
        return ""


def _is_quiet(end: socket.socket) -> bool:
    """Whether the other side is there and has said nothing.  (A socket with a time limit would wait for a word.)"""
    try:
        end.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def owner() -> str:
    """Names this process for ever: its number, its start, and the number space in which it has that number."""
    return f"{os.getpid()}-{_began(os.getpid())}-{os.stat('/proc/self/ns/pid').st_ino}"


def is_gone(name: str) -> bool:
    """Whether the process that an owner() names has ended, as far as that can be known from here."""
    pid, began, space = [*name.split("-"), "", ""][:3]
    return pid.isdigit() and space == owner().split("-")[2] and _began(int(pid)) != began


def _began(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return "gone"


def _sweep() -> None:
    """Remove folders of graders that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER}*"):
        with contextlib.suppress(OSError):
            if folder.stat().st_uid == os.geteuid() and is_gone(folder.name.removeprefix(FOLDER)):
                shutil.rmtree(folder, ignore_errors=True)


def _staged(data: Path | None) -> Path:
    """A readable copy of what enters a box, whatever the rights of the checkout are."""
    # Closed to all others (mkdtemp): nobody else of this host may be first at the control socket.
    folder = Path(tempfile.mkdtemp(prefix=f"{FOLDER}{owner()}-"))
    (folder / "guest").mkdir()
    for source in Path(autograder.guest.__file__).parent.glob("*.py"):
        shutil.copyfile(source, folder / "guest" / source.name)
    if data is not None and data.is_dir():
        shutil.copytree(data, folder / "data")
    else:
        (folder / "data").mkdir()
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return folder


def drained(capture: int, cap: int) -> bytes:
    """What can be read now from a pipe, at most `cap` bytes of it kept; no more than a pipe holds: a writer may never stop."""
    kept = bytearray()
    with contextlib.suppress(BlockingIOError, OSError):
        for _ in range(16):
            chunk = os.read(capture, 65536)
            kept += chunk[: max(0, cap - len(kept))]
    return bytes(kept)


def environment(extra: dict[str, str] | None = None) -> Iterator[tuple[str, str]]:
    """The whole environment of a zygote: nothing of ours is inherited."""
    yield from {
        "PATH": "/usr/bin:/bin",
        "HOME": "/tmp",
        "LOGNAME": "student",
        "LANG": "C.UTF-8",
        "PYTHONPATH": "/box",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "IPYTHONDIR": "/tmp/ipython",
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": "/tmp/matplotlib",
        "TORCHINDUCTOR_CACHE_DIR": "/tmp/torch",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        # The zygote's heap on huge pages: a fork then copies 500 times fewer page-table entries (8 -> 1.5 ms with torch).
        "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
        "PYTHONMALLOC": "malloc",
        "GUEST_DATA": "/box/data",
        **(extra or {}),
    }.items()
