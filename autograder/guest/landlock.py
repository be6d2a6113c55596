"""Landlock: which files a submission may open, where a box may not make mounts (Docker under AppArmor, as on Ubuntu).

The zygote makes one rule set; each fork restricts itself with it, for ever.  Read and execute where the interpreter and
the unit's data are, write only in /tmp, /dev/shm and to the harmless devices; newer kernels also keep signals and
abstract sockets inside.  Landlock rules neither stat() nor changes of times: the first tells nothing here, the second is
refused by the jail's filter.  Source: Linux, Documentation/userspace-api/landlock.rst.
"""

from __future__ import annotations

import ctypes
import glob
import os
import struct
import sys

from . import seccomp

READ = ("/usr", "/bin", "/lib", "/lib64", "/etc", "/box/guest", "/box/data", "/box/env")
WRITE = ("/tmp", "/dev/shm")
#: For CUDA; /proc shows the box's own two processes only, and of the first nothing that matters.
CARD_READ = ("/proc", "/sys")
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")

_READ_RIGHTS = 0b1101  # execute, read a file, list a folder
_DEVICE_RIGHTS = 0b110 | 1 << 14 | 1 << 15  # write, read, truncate, ioctl: all that a rule about one file may name
#: All rights on files that each version of the interface knows, and what later ones keep inside: sockets and signals.
_ALL_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
_NET_RIGHTS, _NET_SINCE = 0b11, 4
_SCOPES, _SCOPES_SINCE = 0b11, 6


def version(libc: ctypes.CDLL) -> int:
    """The kernel's version of the interface; 0 where there is none."""
    return max(0, int(libc.syscall(_nr("create_ruleset"), None, 0, 1)))


def _nr(name: str) -> int:
    return seccomp.numbers()[f"landlock_{name}"]


def rules(libc: ctypes.CDLL, card: bool) -> int:
    """A descriptor of the rule set; card: with what CUDA needs.  OSError where the kernel has no Landlock or it is switched off."""
    has = version(libc)
    if not has:
        raise OSError(ctypes.get_errno(), "this kernel has no Landlock")
    rights = _ALL_RIGHTS[max(v for v in _ALL_RIGHTS if v <= has)]
    net, scopes = _NET_RIGHTS * (has >= _NET_SINCE), _SCOPES * (has >= _SCOPES_SINCE)
    size = 24 if has >= _SCOPES_SINCE else 16 if has >= _NET_SINCE else 8
    ruleset = libc.syscall(_nr("create_ruleset"), struct.pack("QQQ", rights, net, scopes), size, 0)
    if ruleset < 0:
        raise OSError(ctypes.get_errno(), "no Landlock rule set could be made")
    read = {*READ, sys.base_prefix, *(CARD_READ if card else ())}
    devices = (*DEVICES, *(glob.glob("/dev/nvidia*") if card else ()))
    for paths, allowed in ((read, _READ_RIGHTS), (WRITE, rights), (devices, _DEVICE_RIGHTS)):
        for path in sorted(paths):
            if os.path.exists(path):
                _allow(libc, ruleset, path, allowed & rights)
    return int(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, path: str, rights: int) -> None:
    fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if libc.syscall(_nr("add_rule"), ruleset, 1, struct.pack("=Qi", rights, fd), 0) != 0:
            raise OSError(ctypes.get_errno(), f"no Landlock rule for {path}")
    finally:
        os.close(fd)


def restrict(libc: ctypes.CDLL, ruleset: int) -> None:
    """From now on this process and all that it starts live under the rules; no_new_privs must be set."""
    if libc.syscall(_nr("restrict_self"), ruleset, 0) != 0:
        raise OSError(ctypes.get_errno(), "Landlock refused to restrict the submission")
