"""What a box needs of its host, read from the kernel's own files, each with the command that mends it when missing.

These are hints for people: whether a box is fit is measured by the self-test, never read here.
"""

from __future__ import annotations

import ctypes
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..guest import landlock
from . import cgroup, image
from .box import ZYGOTE_MB

PROC = Path("/proc")
#: sysctl files that keep ordinary users from making namespaces, with the value that does it.
_SWITCHES = {
    "user/max_user_namespaces": ("0", "sysctl -w user.max_user_namespaces=15000"),
    "kernel/unprivileged_userns_clone": ("0", "sysctl -w kernel.unprivileged_userns_clone=1"),
    "kernel/apparmor_restrict_unprivileged_userns": (
        "1",
        "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or --box docker (its jail landlock needs none)",
    ),
}


@dataclass(frozen=True)
class Fact:
    """One thing that a box may need: what was seen, empty if it is missing, and then its cure."""

    what: str
    seen: str
    cure: str


def facts(state: Path) -> Iterator[Fact]:
    """Everything that doctor lists, in the order in which one would mend it."""
    yield Fact("seccomp", seccomp(), "a kernel with CONFIG_SECCOMP_FILTER (every distribution's own has it)")
    yield user_namespaces()
    abi = landlock.version(ctypes.CDLL(None, use_errno=True))
    yield Fact("Landlock", f"version {abi}" if abi else "", "boot with lsm=landlock,... (Linux 5.13 or newer)")
    yield Fact("cgroup for memory", _cgroup(), "run as root, or live with a coarser cap on each process and their sum")
    yield memory()
    yield Fact("bubblewrap", shutil.which("bwrap") or "", "apt-get install bubblewrap")
    yield Fact("box environment", str(image.environment(state) or ""), "autograder image build")
    engine = image.engine(state)
    yield Fact("Docker engine", "answers" if engine else "", "scripts/engine.sh start (or install docker.io)")
    yield Fact("Docker image", image.image(state) or "", "autograder image build --docker")


def seccomp(proc: Path = PROC) -> str:
    """The kernel's filter actions, or nothing."""
    try:
        return (proc / "sys/kernel/seccomp/actions_avail").read_text().strip()
    except OSError:
        return ""


def user_namespaces(proc: Path = PROC) -> Fact:
    """Whether this user may make them; bubblewrap needs them for all but root, the jail `namespaces` always."""
    for name, (closed, cure) in _SWITCHES.items():
        try:
            value = (proc / "sys" / name).read_text().strip()
        except OSError:  # this kernel has no such switch
            continue
        if value == closed and (os.geteuid() != 0 or name.startswith("user/")):
            return Fact("user namespaces", "", cure)
    found = (proc / "self/ns/user").exists()
    return Fact("user namespaces", "allowed" if found else "", "a kernel with CONFIG_USER_NS, or --jail landlock")


def free_mb(proc: Path = PROC) -> int:
    """Memory that could be used now, in MiB."""
    for line in (proc / "meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) >> 10
    return 0


def memory(need_mb: int = 1024, proc: Path = PROC) -> Fact:
    """Room for one box."""
    free, need = free_mb(proc), need_mb + ZYGOTE_MB
    seen = f"{free} MiB free" if free >= need else ""
    return Fact("memory", seen, f"{need} MiB are needed for one box and {free} are free: end other programs")


def fitting(jobs: int, memory_mb: int, proc: Path = PROC) -> int:
    """How many boxes of this size have room, at most `jobs`."""
    return min(jobs, free_mb(proc) // (memory_mb + ZYGOTE_MB))


def cure_for(box: str, jail: str, proc: Path = PROC) -> str:
    """The command that would most likely mend a box that does not hold, or a pointer to doctor."""
    if not seccomp(proc):
        return "This kernel has no seccomp filters; student code cannot be contained here"
    spaces = user_namespaces(proc)
    if not spaces.seen and (jail == "namespaces" or box == "bubblewrap"):
        return f"User namespaces are refused here. Run: {spaces.cure}"
    return "Run: autograder doctor"


def _cgroup() -> str:
    group = cgroup.create(64, 16)
    if group is None:
        return ""
    group.remove()
    return f"v{group.version}"
