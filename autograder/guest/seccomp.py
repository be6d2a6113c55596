"""Two seccomp filters as BPF bytes, made without libseccomp (boxes do not have it).

outer  for a whole box: an allow-list; the zygote must still be able to build its kind of jail (for namespaces: clone
       with one exact flag word, and mount).  Docker gets the same list as a JSON profile (autograder.sandbox.docker).
inner  for one submission, on top: what it could use to leave, to watch or to outlive its jail is refused.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct

from . import syscalls

#: User, mount, network, IPC, host name and process-number namespaces; SIGCHLD at the end; the new process's number is
#: written, and cleared at its end, where glibc keeps it: the one word with such bits that clone may be called with.
CLONE = 0x7C020000 | 0x01200000 | 17
#: Bits of namespaces (the cgroup's too): a thread or a fork never has them.
NEW_BITS = 0x7E020000

PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 4, 22, 38
TIOCSTI, TIOCLINUX = 0x5412, 0x541C
AF_UNIX = 1
#: What a zygote needs beyond the allow-list to build each kind of jail (clone is on no list: its flags are tested).
BUILDS = {
    "namespaces": ("mount",),
    "landlock": ("landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"),
    "container": (),
}
_ARCHES = {"x86_64": (0xC000003E, syscalls.X86_64), "aarch64": (0xC00000B7, syscalls.AARCH64)}
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_NR, _ARCH, _ARGS = 0, 4, 16


def _refuse(code: int) -> int:
    return 0x00050000 | code


def _op(code: int, k: int, jt: int = 0, jf: int = 0) -> bytes:
    return struct.pack("<HBBI", code, jt, jf, k)


def _load(offset: int) -> bytes:
    return _op(0x20, offset)


def _ret(action: int) -> bytes:
    return _op(0x06, action)


def _if_nr(nr: int, then: list[bytes]) -> list[bytes]:
    """Run `then` (which must return) for this call number; otherwise go on."""
    return [_op(0x15, nr, 0, len(then)), *then]


def _argument(index: int, values: tuple[int, ...], hit: int, miss: int) -> list[bytes]:
    """Return `hit` if the low word of the argument is one of `values`, else `miss`."""
    tests = [_op(0x15, v, len(values) - i, 0) for i, v in enumerate(values)]
    return [_load(_ARGS + 8 * index), *tests, _ret(miss), _ret(hit)]


def _masked(index: int, mask: int, hit: int, miss: int, but: tuple[int, ...] = ()) -> list[bytes]:
    """Return `hit` if no bit of the mask is set in the argument, or if it is one of the words `but`; else `miss`."""
    words = [op for word in but for op in (_op(0x15, word, 0, 1), _ret(hit))]
    return [_load(_ARGS + 8 * index), *words, _op(0x45, mask, 1, 0), _ret(hit), _ret(miss)]


def numbers() -> dict[str, int]:
    """This machine's system calls by name."""
    return _ARCHES[platform.machine()][1]


def _head() -> tuple[list[bytes], dict[str, int]]:
    try:
        arch, nr = _ARCHES[platform.machine()]
    except KeyError:
        raise OSError(errno.ENOSYS, f"no system call table for {platform.machine()}") from None
    code = [_load(_ARCH), _op(0x15, arch, 1, 0), _ret(_KILL), _load(_NR)]
    if platform.machine() == "x86_64":
        code += [_op(0x35, 0x40000000, 0, 1), _ret(_KILL)]  # the x32 twin of every call
    return code, nr


def outer(kind: str) -> bytes:
    """The allow-list of a box with this kind of jail."""
    code, nr = _head()
    no, yes = _refuse(errno.EPERM), _ret(_ALLOW)
    code += _if_nr(nr["clone"], _masked(0, NEW_BITS, _ALLOW, no, (CLONE,) if kind == "namespaces" else ()))
    code += _if_nr(nr["clone3"], [_ret(_refuse(errno.ENOSYS))])
    for name in ("socket", "socketpair"):  # a pair of another family loads that family's kernel module
        code += _if_nr(nr[name], _argument(0, (AF_UNIX,), _ALLOW, no))
    code += _if_nr(nr["personality"], _argument(0, (0xFFFFFFFF,), _ALLOW, no))
    for name in [*syscalls.ALLOWED, *BUILDS[kind]]:
        if name in nr:
            code += _if_nr(nr[name], [yes])
    return b"".join([*code, _ret(no)])


def inner(shared: bool) -> bytes:
    """The deny-list of one submission; shared: process numbers and mounts are those of its whole box."""
    code, nr = _head()
    no = _refuse(errno.EPERM)
    if shared:
        code += _shared(nr, no)
    for name in syscalls.DENIED:
        if name in nr:
            code += _if_nr(nr[name], [_ret(no)])
    code += _if_nr(nr["clone3"], [_ret(_refuse(errno.ENOSYS))])
    code += _if_nr(nr["clone"], _masked(0, NEW_BITS, _ALLOW, no))
    code += _if_nr(nr["prctl"], _argument(0, (PR_SET_DUMPABLE, PR_SET_SECCOMP), no, _ALLOW))
    code += _if_nr(nr["ioctl"], _argument(1, (TIOCSTI, TIOCLINUX), no, _ALLOW))
    for name in ("socket", "socketpair"):
        code += _if_nr(nr[name], _argument(0, (AF_UNIX,), _ALLOW, _refuse(errno.EAFNOSUPPORT)))
    return b"".join([*code, _ret(_ALLOW)])


def _shared(nr: dict[str, int], no: int) -> list[bytes]:
    """No other process by its number; and times of files seem to be set but are not: they would be a note for the next."""
    code = [*_if_nr(nr["pidfd_open"], [_ret(no)])]
    for name in ("prlimit64", "sched_setaffinity"):
        code += _if_nr(nr[name], _argument(0, (0,), _ALLOW, no))
    for name in ("utime", "utimes", "utimensat", "futimesat"):
        if name in nr:
            code += _if_nr(nr[name], [_ret(_refuse(0))])
    return code


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def install(libc: ctypes.CDLL, program: bytes) -> None:
    """From now on this process and all that it starts live under the filter; no_new_privs must be set."""
    fprog = _Program(len(program) // 8, program)
    if libc.prctl(PR_SET_SECCOMP, 2, ctypes.byref(fprog), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "seccomp filter refused")
