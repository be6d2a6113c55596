"""How one submission is locked in, in the only order that was found to hold.

Theory.  The zygote Z (process 1 of its box, one thread) makes the submission's process S together with six new namespaces,
in one call (clone.py): S is process 1 of the new process-number namespace from its first instruction on.  S leaves Z's
session, maps its user, covers what would show the box (/proc, /sys, the channel's folder), closes every descriptor but
its own, sets limits, drops all capabilities, installs the inner seccomp filter, proves that it is closed, tells Z, and
only then waits for student code.  When S is killed, everything in its namespace dies with it.

    Z --clone--> S: setsid, uid_map, oom, mounts, descriptors, limits, capabilities, seccomp, proof --> load

A fresh /proc cannot be mounted here (the kernel refuses it where the box's own is partly covered), hence an empty one.

Z closes a jail ahead, as soon as the submission before is dead and buried.  It may wait for hours, and it is closed in all
that time: what it has not been sent it cannot know, and what it can reach is its own.

Four kinds.  `namespaces` is the one above.  `landlock` is for hosts that refuse mounts: the same with a fork and a
Landlock rule set in place of namespaces; Z ends it by killing all but itself (as process 1 it is immune) and wipes what it
left.  `container` has neither: its box is thrown away after one submission.  `none` is the jail of the process box: a
session and limits, no isolation.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import resource
import signal
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

from . import clone, landlock, seccomp
from .wipe import wipe

#: The kinds that isolate, in the order in which they are tried.
KINDS = ("namespaces", "landlock", "container")
#: Of these, those whose submissions see their box's process numbers and mounts.
SHARED = ("landlock", "container")

PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_SECUREBITS, PR_CAP_AMBIENT = 1, 24, 28, 47
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 1, 2, 4, 8, 0x4000, 1 << 18
MS_REMOUNT, MS_NOATIME, MS_NODIRATIME, MS_BIND, MS_RELATIME, MS_STRICTATIME = 32, 1024, 2048, 4096, 1 << 21, 1 << 24
SECUREBITS = 0x2F  # no root by uid, no fix-up, no keeping, no ambient raise; locked

CHANNEL_FD = 3
_CLOSED = "closed"


class JailError(Exception):
    """The jail could not be closed: nothing of the student has run, and nothing will."""


@dataclass(frozen=True)
class Jail:
    """What one submission gets.  Sizes in MiB, times in seconds."""

    kind: str
    tmp_mb: int
    cpu_s: int
    file_mb: int
    processes: int | None  # None where the box as a whole has a cap
    address_space_mb: int | None  # only where no cgroup caps the box
    covered: tuple[str, ...] = ()  # folders to hide, beside /proc, /sys and /dev/mqueue
    card: bool = False  # a graphics card is in reach: its device files, and what CUDA reads of /proc and /sys
    rules: int = -1  # descriptor of the Landlock rule set, made once in Z


_libc = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *args: Any) -> None:
    if getattr(_libc, name)(*args) != 0:
        code = ctypes.get_errno()
        raise JailError(f"{name}{tuple(a for a in args if not isinstance(a, ctypes._Pointer))}: {os.strerror(code)}")


def prctl(option: int, argument: int = 0) -> None:
    _call("prctl", option, argument, 0, 0, 0)


def protect_zygote() -> None:
    """Before anything else: no core dump, no ptrace, orphans come to this process."""
    prctl(seccomp.PR_SET_DUMPABLE, 0)
    prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: in the process box Z is not process 1


def close_box(kind: str) -> None:
    """The outer filter, for boxes whose launcher cannot install it."""
    prctl(seccomp.PR_SET_NO_NEW_PRIVS, 1)
    seccomp.install(_libc, seccomp.outer(kind))


def prepared(jail: Jail) -> Jail:
    """With what all submissions of a box share.  JailError if this kernel cannot build that kind."""
    if jail.kind != "landlock":
        return jail
    try:
        return replace(jail, rules=landlock.rules(_libc, jail.card))
    except OSError as e:
        raise JailError(str(e.strerror)) from e


def fork_into(jail: Jail, channel: int, capture: int, inner: bytes, run: Callable[[], NoReturn]) -> int:
    """Called by Z: fork one submission and give its process number.  JailError if any step failed."""
    user = os.getuid(), os.getgid()  # in a new user namespace nobody has a number until it is mapped
    read, write = os.pipe()
    try:
        pid = clone.into_namespaces() if jail.kind == "namespaces" else os.fork()
    except OSError:
        os.close(read)
        os.close(write)
        raise
    if pid == 0:
        _guarded(write, lambda: _enter(jail, user, channel, capture, inner, write, run))
    os.close(write)
    try:
        said = b"".join(iter(lambda: os.read(read, 4096), b"")).decode("utf-8", "replace")
    finally:
        os.close(read)
    if said == _CLOSED:
        return pid
    kill(pid, jail.kind)
    raise JailError(said or "the jail's process died")


def _guarded(write: int, step: Callable[[], Any]) -> NoReturn:
    """Run a step of the jail; its failure is told to Z and ends the process."""
    try:
        step()
    except BaseException as e:
        os.write(write, f"{type(e).__name__}: {e}".encode()[:400])
    os._exit(70)


def _enter(
    jail: Jail,
    user: tuple[int, int],
    channel: int,
    capture: int,
    inner: bytes,
    write: int,
    run: Callable[[], NoReturn],
) -> None:
    os.setsid()  # kill(0) reaches nobody else
    if jail.kind == "none":
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # no namespace ends it when the zygote is gone
    else:
        prctl(seccomp.PR_SET_DUMPABLE, 1)  # otherwise /proc/self/uid_map belongs to root
        _tell("/proc/self/oom_score_adj", "1000")  # the kernel's killer must never prefer the zygote
    if jail.kind == "namespaces":
        _map_user(*user)
        _mounts(jail)
    if jail.kind == "landlock":
        landlock.restrict(_libc, jail.rules)
    write = _descriptors(channel, capture, write)
    _guarded(write, lambda: _close(jail, inner, write, run))


def _map_user(uid: int, gid: int) -> None:
    """Never root, not even inside."""
    _tell("/proc/self/setgroups", "deny")
    _tell("/proc/self/uid_map", f"{uid} {uid} 1")
    _tell("/proc/self/gid_map", f"{gid} {gid} 1")


def _tell(path: str, text: str) -> None:
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


def _mount(source: str | None, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    _call("mount", *(s.encode() if s is not None else None for s in (source, target, kind)), flags, _bytes(options))


def _bytes(text: str | None) -> bytes | None:
    return text.encode() if text is not None else None


def _freeze_devices() -> None:
    """Read-only, each on its own mount or all on one: their time stamps would be a note for the next submission."""
    ours = os.stat("/dev").st_dev
    nodes = [
        entry.path for entry in os.scandir("/dev") if not entry.is_symlink() and entry.name not in ("shm", "mqueue")
    ]
    for path in ("/dev", *(node for node in nodes if os.stat(node).st_dev != ours)):
        _mount(None, path, None, MS_REMOUNT | MS_BIND | MS_RDONLY | _kept_flags(path))


def _kept_flags(path: str) -> int:
    """Flags that a mount has and that a remount from a new namespace must not drop."""
    has = os.statvfs(path).f_flag
    flags = has & (MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME)
    if has & 4096:  # ST_RELATIME, where mount() has another number for the same
        return flags | MS_RELATIME
    return flags if has & MS_NOATIME else flags | MS_STRICTATIME


def _mounts(jail: Jail) -> None:
    _mount(None, "/", None, MS_REC | MS_PRIVATE)
    for path in ("/tmp", "/dev/shm"):
        if Path(path).is_dir():
            _mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, f"size={jail.tmp_mb}m,nr_inodes=8192,mode=1777")
    _freeze_devices()
    # /proc last: mounting needs nothing of it, the rest may.
    for path in (*jail.covered, "/sys", "/dev/mqueue", "/proc"):
        if Path(path).is_dir():
            _mount("tmpfs", path, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=4k,nr_inodes=2,mode=555")


def _close(jail: Jail, inner: bytes, write: int, run: Callable[[], NoReturn]) -> None:
    for name, value in _limits(jail):
        hard = resource.getrlimit(name)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(name, (value, value))
    os.umask(0o077)
    if jail.kind in KINDS:
        _no_privileges(jail.kind)
        seccomp.install(_libc, inner)
        _prove_closed(jail.kind)
    os.write(write, _CLOSED.encode())
    os.close(write)
    run()


def _descriptors(channel: int, capture: int, write: int) -> int:
    """0 nothing, 1 and 2 the capture pipe, 3 the channel, 4 the pipe to Z (closed next); everything else shut."""
    high = [os.dup(fd) for fd in (channel, capture, write)]
    high = [_above(fd) for fd in high]
    null = os.open(os.devnull, os.O_RDWR)
    for source, target in ((null, 0), (high[1], 1), (high[1], 2), (high[0], CHANNEL_FD), (high[2], 4)):
        os.dup2(source, target, inheritable=target < CHANNEL_FD)
    os.closerange(5, 4096)
    return 4


def _above(fd: int) -> int:
    return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 64)


def _limits(jail: Jail) -> list[tuple[int, int]]:
    limits = [
        (resource.RLIMIT_CORE, 1 if jail.kind in KINDS else 0),  # 1, not 0: a piped core handler ignores 0
        (resource.RLIMIT_NOFILE, 256),
        (resource.RLIMIT_FSIZE, jail.file_mb << 20),
        *([] if jail.card else [(resource.RLIMIT_MEMLOCK, 0)]),  # CUDA pins pages
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_SIGPENDING, 256),
        (resource.RLIMIT_CPU, jail.cpu_s),
    ]
    if jail.kind in KINDS and jail.processes is not None:
        limits.append((resource.RLIMIT_NPROC, jail.processes))
    if jail.address_space_mb is not None:
        limits.append((resource.RLIMIT_AS, (jail.address_space_mb << 20) + _address_space()))
    return limits


def _address_space() -> int:
    """Bytes of address space that this process has at birth (torch alone maps half a GiB).

    /proc is covered by now in a namespaces jail, so Z measured it for us before the fork.
    """
    return int(os.environ.get("GUEST_BASE_BYTES", "0"))


class _CapHeader(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


def _no_privileges(kind: str) -> None:
    if kind == "namespaces":  # elsewhere there is no capability left, not even the one that this needs
        for capability in range(64):
            if _libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
                break  # beyond the kernel's last one
        prctl(PR_SET_SECUREBITS, SECUREBITS)
    _call("prctl", PR_CAP_AMBIENT, 4, 0, 0, 0)  # clear all
    header, empty = _CapHeader(0x20080522, 0), (ctypes.c_uint32 * 6)()
    _call("capset", ctypes.byref(header), ctypes.byref(empty))
    prctl(seccomp.PR_SET_NO_NEW_PRIVS, 1)
    prctl(seccomp.PR_SET_DUMPABLE, 0)


def _prove_closed(kind: str) -> None:
    """Calls that must fail, before any line of the student's: a filter or rule that is not there is found here."""
    if not clone.refused():
        raise JailError("new namespaces could be made inside the jail")
    # The box's own filter allows this one, so only the jail's can have refused it.
    if _libc.memfd_create(b"", 0) >= 0 or ctypes.get_errno() != errno.EPERM:
        raise JailError("the jail's filter is not there")
    if kind == "landlock":
        try:
            os.close(os.open("/", os.O_RDONLY))
        except PermissionError:
            return
        raise JailError("the root folder could be read inside the jail")


def kill(pid: int, kind: str) -> tuple[int, float]:
    """Called by Z: end a submission and all that it started.  Gives wait status and CPU seconds used."""
    if kind in SHARED:
        ended = _kill_all(pid, kind)
        if kind == "landlock":
            wipe(landlock.WRITE)
        return ended
    try:
        stop(pid, kind)
        _, status, usage = os.wait4(pid, 0)
    except ChildProcessError:
        return 0, 0.0
    if kind == "none":
        _reap_orphans()
    _reap_zombies()
    return status, usage.ru_utime + usage.ru_stime


def stop(pid: int, kind: str) -> None:
    """Called by Z: kill a submission, all of it where its jail can name all of it."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1 if kind in SHARED else pid, signal.SIGKILL)


def _kill_all(pid: int, kind: str) -> tuple[int, float]:
    """Everything but Z itself, until nothing is left to be buried."""
    ended = (0, 0.0)
    while True:
        stop(pid, kind)
        try:
            gone, status, usage = os.wait4(-1, 0)
        except ChildProcessError:
            return ended
        if gone == pid:
            ended = status, usage.ru_utime + usage.ru_stime


def _reap_zombies() -> None:
    """Whoever came to Z to be buried."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _reap_orphans() -> None:
    """Without a namespace of its own a submission may leave processes; they are Z's children now."""
    for _ in range(1000):
        children = _children(os.getpid())
        if not children:
            return
        for child in children:
            try:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
            except (ProcessLookupError, ChildProcessError, PermissionError):
                continue


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _children(parent: int) -> list[int]:
    pids = [int(p) for p in os.listdir("/proc") if p.isdigit()]
    return [pid for pid in pids if (stat := _stat(pid)) and int(stat[1]) == parent]


def cpu_seconds(pid: int) -> float:
    """CPU time of a submission's first process and of those that it waited for."""
    stat = _stat(pid)
    return sum(int(t) for t in stat[11:15]) / os.sysconf("SC_CLK_TCK") if len(stat) > 15 else 0.0
