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
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from . import clone, landlock, seccomp, steps
from .steps import JailError, Step, libc, prctl
from .wipe import wipe

#: The kinds that isolate, in the order in which they are tried.
KINDS = ("namespaces", "landlock", "container")
#: Of these, those whose submissions see their box's process numbers and mounts.
SHARED = ("landlock", "container")

CHANNEL_FD, WRITE_FD = 3, 4
_CLOSED = "closed"


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
    before: tuple[Step, ...] = ()  # what a new process does while it has its descriptors, and then without them
    after: tuple[Step, ...] = ()


def protect_zygote() -> None:
    """Before anything else: no core dump, no ptrace, orphans come to this process."""
    prctl(seccomp.PR_SET_DUMPABLE, 0)
    prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: in the process box Z is not process 1


def close_box(kind: str) -> None:
    """The outer filter, for boxes whose launcher cannot install it."""
    prctl(seccomp.PR_SET_NO_NEW_PRIVS, 1)
    seccomp.install(libc, seccomp.outer(kind))


def prepared(jail: Jail) -> Jail:
    """With all that can be found out before a submission's process is made; called by Z when it has imported everything.

    JailError if this kernel cannot build that kind.
    """
    return replace(jail, before=tuple(_before(jail)), after=tuple(_after(jail)))


def _before(jail: Jail) -> list[Step]:
    found: list[Step] = [os.setsid]  # kill(0) reaches nobody else
    if jail.kind == "none":
        return [*found, partial(prctl, steps.PR_SET_PDEATHSIG, signal.SIGKILL)]  # no namespace ends it when Z is gone
    found.append(partial(prctl, seccomp.PR_SET_DUMPABLE, 1))  # otherwise /proc/self/uid_map belongs to root
    # The kernel's killer must never prefer the zygote.
    found.append(partial(steps.tell, "/proc/self/oom_score_adj", "1000"))
    if jail.kind == "namespaces":
        found += [*steps.user(), *steps.mounts(jail.tmp_mb, jail.covered)]
    if jail.kind == "landlock":
        found.append(partial(landlock.restrict, libc, _rules(jail)))
    return found


def _rules(jail: Jail) -> int:
    """Descriptor of the Landlock rule set, which all submissions of a box share."""
    try:
        return landlock.rules(libc, jail.card)
    except OSError as e:
        raise JailError(str(e.strerror)) from e


def _after(jail: Jail) -> list[Step]:
    found: list[Step] = [*steps.limits(_limits(jail)), partial(os.umask, 0o077)]
    if jail.kind not in KINDS:
        return found
    program = seccomp.inner(jail.kind in SHARED)
    return [
        *found,
        *steps.no_privileges(jail.kind == "namespaces"),
        partial(seccomp.install, libc, program),
        partial(_prove_closed, jail.kind),
    ]


def fork_into(jail: Jail, channel: int, capture: int, run: Callable[[], NoReturn]) -> int:
    """Called by Z: fork one submission and give its process number.  JailError if any step failed."""
    read, write = os.pipe()
    try:
        pid = clone.into_namespaces() if jail.kind == "namespaces" else os.fork()
    except OSError:
        os.close(read)
        os.close(write)
        raise
    if pid == 0:
        _guarded(write, _enter, jail, channel, capture, write, run)
    os.close(write)
    try:
        said = b"".join(iter(lambda: os.read(read, 4096), b"")).decode("utf-8", "replace")
    finally:
        os.close(read)
    if said == _CLOSED:
        return pid
    kill(pid, jail.kind)
    raise JailError(said or "the jail's process died")


def _guarded(write: int, step: Callable[..., Any], *arguments: Any) -> NoReturn:
    """Run a step of the jail; its failure is told to Z and ends the process."""
    try:
        step(*arguments)
    except BaseException as e:
        os.write(write, f"{type(e).__name__}: {e}".encode()[:400])
    os._exit(70)


def _enter(jail: Jail, channel: int, capture: int, write: int, run: Callable[[], NoReturn]) -> None:
    for step in jail.before:
        step()
    _guarded(_descriptors(channel, capture, write), _close, jail, run)


def _close(jail: Jail, run: Callable[[], NoReturn]) -> None:
    for step in jail.after:
        step()
    os.write(WRITE_FD, _CLOSED.encode())
    os.close(WRITE_FD)
    run()


def _descriptors(channel: int, capture: int, write: int) -> int:
    """0 nothing, 1 and 2 the capture pipe, 3 the channel, 4 the pipe to Z (closed next); everything else shut."""
    high = [_above(fd) for fd in (channel, capture, write)]
    null = os.open(os.devnull, os.O_RDWR)
    for source, target in ((null, 0), (high[1], 1), (high[1], 2), (high[0], CHANNEL_FD), (high[2], WRITE_FD)):
        os.dup2(source, target, inheritable=target < CHANNEL_FD)
    os.closerange(WRITE_FD + 1, 4096)
    return WRITE_FD


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
    """Bytes of address space that Z has, and so each fork of it at birth (torch alone maps half a GiB)."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")


def _prove_closed(kind: str) -> None:
    """Calls that must fail, before any line of the student's: a filter or rule that is not there is found here."""
    if not clone.refused():
        raise JailError("new namespaces could be made inside the jail")
    # The box's own filter allows this one, so only the jail's can have refused it.
    if libc.memfd_create(b"", 0) >= 0 or ctypes.get_errno() != errno.EPERM:
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
