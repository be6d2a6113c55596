"""A cgroup of one box, where this user may make one (v1 or v2): caps memory, processes and CPU, counts kernel kills."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
PREFIX = "autograder-"
PERIOD = "100000"  # microseconds; a quota of one period is one processor


@dataclass(frozen=True)
class Cgroup:
    """Folders of one group: one for all controllers (v2), or one for each (v1)."""

    memory: Path
    others: tuple[Path, ...]
    version: int

    def entry(self) -> list[Path]:
        """Files into which a process writes its number to enter."""
        return [folder / "cgroup.procs" for folder in (self.memory, *self.others)]

    def oom_kills(self) -> int:
        """How many processes of the group the kernel has killed for memory."""
        path = self.memory / ("memory.events" if self.version == 2 else "memory.oom_control")
        for line in path.read_text().splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
        return 0

    def remove(self) -> None:
        """Kill what is left inside and remove the group."""
        for folder in (self.memory, *self.others):
            for _ in range(50):
                with contextlib.suppress(OSError):
                    for pid in (folder / "cgroup.procs").read_text().split():
                        with contextlib.suppress(OSError):
                            os.kill(int(pid), 9)
                try:
                    folder.rmdir()
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.02)
                    continue
                break


def create(memory_mb: int, processes: int) -> Cgroup | None:
    """A fresh group with these caps, or None where this user may not make one."""
    name = f"{PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
    _sweep()
    try:
        return _v1(name, memory_mb, processes) if _own("memory") is not None else _v2(name, memory_mb, processes)
    except OSError:
        return None


def _own(controller: str) -> Path | None:
    """This process's own group of a v1 controller, if it is mounted."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, names, path = line.split(":", 2)
        if controller in names.split(",") and (ROOT / controller).is_dir():
            return ROOT / controller / path.lstrip("/")
    return None


def _v1(name: str, memory_mb: int, processes: int) -> Cgroup:
    home = _own("memory")
    assert home is not None
    memory = home / name
    memory.mkdir()
    (memory / "memory.limit_in_bytes").write_text(str(memory_mb << 20))
    swap = memory / "memory.memsw.limit_in_bytes"
    if swap.exists():
        swap.write_text(str(memory_mb << 20))
    caps = {"pids": {"pids.max": str(processes)}, "cpu": {"cpu.cfs_period_us": PERIOD, "cpu.cfs_quota_us": PERIOD}}
    others = []
    for controller, values in caps.items():
        own = _own(controller)
        if own is None:
            continue
        others.append(own / name)
        others[-1].mkdir()
        for file, value in values.items():
            (others[-1] / file).write_text(value)
    return Cgroup(memory, tuple(others), 1)


def _v2(name: str, memory_mb: int, processes: int) -> Cgroup:
    if "memory" not in (ROOT / "cgroup.subtree_control").read_text().split():
        (ROOT / "cgroup.subtree_control").write_text("+memory +pids +cpu")
    folder = ROOT / name
    folder.mkdir()
    (folder / "memory.max").write_text(str(memory_mb << 20))
    with contextlib.suppress(OSError):  # no swap accounting on this host
        (folder / "memory.swap.max").write_text("0")
    (folder / "pids.max").write_text(str(processes))
    with contextlib.suppress(OSError):  # no cpu controller below the root
        (folder / "cpu.max").write_text(f"{PERIOD} {PERIOD}")
    return Cgroup(folder, (), 2)


def _sweep() -> None:
    """Remove groups of graders that are gone (killed with -9, say)."""
    homes = {h for h in (_own("memory"), _own("pids"), _own("cpu"), ROOT) if h is not None}
    for home in homes:
        for folder in home.glob(PREFIX + "*"):
            pid = folder.name.removeprefix(PREFIX).split("-")[0]
            if pid.isdigit() and not Path(f"/proc/{pid}").exists() and _is_ours(folder):
                Cgroup(folder, (), 1).remove()


def _is_ours(folder: Path) -> bool:
    """Another user's group cannot be removed, and trying it takes a second at the start of every box."""
    try:
        return folder.stat().st_uid == os.geteuid()
    except OSError:  # gone meanwhile
        return False
