"""The system calls with which a submission's process locks itself in, each made ready by the zygote.

What the new process reads and counts references of is copied for it, page by page: what can be found out or put together
beforehand costs every submission a millisecond less.  A step takes no argument; one that fails raises, and ends the jail.
"""

from __future__ import annotations

import ctypes
import os
import resource
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from . import seccomp

Step = Callable[[], object]

PR_SET_PDEATHSIG, PR_CAPBSET_READ, PR_CAPBSET_DROP, PR_SET_SECUREBITS, PR_CAP_AMBIENT = 1, 23, 24, 28, 47
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 1, 2, 4, 8, 0x4000, 1 << 18
MS_REMOUNT, MS_NOATIME, MS_NODIRATIME, MS_BIND, MS_RELATIME, MS_STRICTATIME = 32, 1024, 2048, 4096, 1 << 21, 1 << 24
SECUREBITS = 0x2F  # no root by uid, no fix-up, no keeping, no ambient raise; locked

libc = ctypes.CDLL(None, use_errno=True)


class JailError(Exception):
    """The jail could not be closed: nothing of the student has run, and nothing will."""


def call(name: str, *args: Any) -> None:
    """One call of the C library that gives 0 when it is well.  JailError if it does not."""
    if getattr(libc, name)(*args) != 0:
        code = ctypes.get_errno()
        raise JailError(f"{name}{tuple(a for a in args if isinstance(a, (int, bytes)))}: {os.strerror(code)}")


def prctl(option: int, argument: int = 0) -> None:
    call("prctl", option, argument, 0, 0, 0)


def tell(path: str, text: str) -> None:
    """Write a short text to a file of /proc."""
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


def user() -> list[Step]:
    """In a new user namespace nobody has a number until it is mapped.  Never root, not even inside."""
    uid, gid = os.getuid(), os.getgid()
    return [
        partial(tell, "/proc/self/setgroups", "deny"),
        partial(tell, "/proc/self/uid_map", f"{uid} {uid} 1"),
        partial(tell, "/proc/self/gid_map", f"{gid} {gid} 1"),
    ]


def mounts(tmp_mb: int, covered: Sequence[str]) -> list[Step]:
    """Folders of its own, and nothing in those that would show the box.  /proc last: the rest may need it."""
    own = f"size={tmp_mb}m,nr_inodes=8192,mode=1777"
    empty = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC
    return [
        _mount(None, "/", None, MS_REC | MS_PRIVATE),
        *(
            _mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, own)
            for path in ("/tmp", "/dev/shm")
            if _is_there(path)
        ),
        *_frozen_devices(),
        *(
            _mount("tmpfs", path, "tmpfs", empty, "size=4k,nr_inodes=2,mode=555")
            for path in (*covered, "/sys", "/dev/mqueue", "/proc")
            if _is_there(path)
        ),
    ]


def _is_there(path: str) -> bool:
    return Path(path).is_dir()


def _mount(source: str | None, target: str, kind: str | None, flags: int, options: str | None = None) -> Step:
    return partial(call, "mount", _bytes(source), _bytes(target), _bytes(kind), flags, _bytes(options))


def _bytes(text: str | None) -> bytes | None:
    return text.encode() if text is not None else None


def _frozen_devices() -> Iterator[Step]:
    """Read-only, each on its own mount or all on one: their time stamps would be a note for the next submission."""
    ours = os.stat("/dev").st_dev
    nodes = [
        entry.path for entry in os.scandir("/dev") if not entry.is_symlink() and entry.name not in ("shm", "mqueue")
    ]
    for path in ("/dev", *(node for node in nodes if os.stat(node).st_dev != ours)):
        yield _mount(None, path, None, MS_REMOUNT | MS_BIND | MS_RDONLY | _kept_flags(path))


def _kept_flags(path: str) -> int:
    """Flags that a mount has and that a remount from a new namespace must not drop."""
    has = os.statvfs(path).f_flag
    flags = has & (MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME)
    if has & 4096:  # ST_RELATIME, where mount() has another number for the same
        return flags | MS_RELATIME
    return flags if has & MS_NOATIME else flags | MS_STRICTATIME


def limits(wanted: Sequence[tuple[int, int]]) -> list[Step]:
    """resource.setrlimit, never above what the zygote itself has."""
    return [partial(resource.setrlimit, name, _within(name, value)) for name, value in wanted]


def _within(name: int, value: int) -> tuple[int, int]:
    hard = resource.getrlimit(name)[1]
    least = value if hard == resource.RLIM_INFINITY else min(value, hard)
    return least, least


class _CapHeader(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


def no_privileges(namespaces: bool) -> list[Step]:
    """No capability, now or ever.  Outside namespaces none is left, not even the one that dropping the others needs."""
    known = [n for n in range(64) if libc.prctl(PR_CAPBSET_READ, n, 0, 0, 0) >= 0] if namespaces else []
    if namespaces and not known:
        raise JailError("the kernel does not tell which capabilities there are")
    header, empty = _CapHeader(0x20080522, 0), (ctypes.c_uint32 * 6)()
    return [
        *(partial(prctl, PR_CAPBSET_DROP, capability) for capability in known),
        *([partial(prctl, PR_SET_SECUREBITS, SECUREBITS)] if namespaces else []),
        partial(prctl, PR_CAP_AMBIENT, 4),  # clear all
        partial(call, "capset", ctypes.byref(header), ctypes.byref(empty)),
        partial(prctl, seccomp.PR_SET_NO_NEW_PRIVS, 1),
        partial(prctl, seccomp.PR_SET_DUMPABLE),
    ]
