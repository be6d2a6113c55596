"""One clone(2) makes a submission's process and all its namespaces at once; Python and glibc must still be sane in it.

os.fork cannot: the namespaces would have to be left for afterwards (unshare), and a process-number namespace then takes a
second fork, a second copy of everything that the zygote has imported.  What glibc's own fork does beyond the system call,
and what is made up for it here:

    Python's hooks and locks       PyOS_BeforeFork and its two sisters, as in os.fork, under the interpreter's lock
    the cached thread number       the kernel writes it where glibc keeps it (PR_GET_TID_ADDRESS tells where)
    the list of robust mutexes     told to the kernel again
    locks of malloc and stdio,     nothing to do where there is one thread and no lock is held; a zygote in which some
    stacks of other threads,       library keeps threads makes an ordinary fork first, and that one, with its single
    handlers of pthread_atfork     thread, makes the process
"""

from __future__ import annotations

import ctypes
import errno
import os
import threading

from . import seccomp

PR_GET_TID_ADDRESS = 40
FIRST = 1  # the number of a namespace's first process

_api, _libc = ctypes.pythonapi, ctypes.PyDLL(None, use_errno=True)  # a PyDLL keeps the interpreter's lock
_hooks = [_api.PyOS_BeforeFork, _api.PyOS_AfterFork_Child, _api.PyOS_AfterFork_Parent]
for _hook in _hooks:
    _hook.restype = None
_libc.syscall.restype = ctypes.c_long
_before, _in_child, _in_parent = _hooks


def _syscall(name: str, *words: int) -> int:
    """One system call with arguments as wide as the machine's words (ctypes would cut them to 32 bits)."""
    return int(_libc.syscall(*map(ctypes.c_long, (seccomp.numbers()[name], *words))))


def into_namespaces() -> int:
    """As os.fork: 0 in the new process, which is the first of its namespaces; its number in the caller.  OSError."""
    if len(os.listdir("/proc/self/task")) == 1:
        return _clone()
    read, write = os.pipe()
    between = os.fork()
    if between == 0:
        number = 70
        try:
            number = _clone()
            if number == 0:
                return 0
            os.write(write, str(number).encode())
        finally:
            if number:
                os._exit(0)
    os.close(write)
    told = os.read(read, 32)
    os.close(read)
    os.waitpid(between, 0)  # from now on the new process is a child of the caller's
    if not told:
        raise OSError("a zygote with threads could not make a process in namespaces of its own")
    return int(told)


def refused() -> bool:
    """Whether the filter keeps this process from doing the same."""
    number = _syscall("clone", seccomp.CLONE, 0, 0, 0, 0)
    if number == 0:
        os._exit(70)
    return number < 0 and ctypes.get_errno() == errno.EPERM


def _thread_number() -> int:
    """The address of glibc's copy of this thread's number; 0 if it holds the right one for the new process already."""
    place = ctypes.c_void_p()
    _libc.prctl(PR_GET_TID_ADDRESS, ctypes.byref(place), 0, 0, 0)
    if place.value and ctypes.c_int.from_address(place.value).value == threading.get_native_id():
        return place.value
    # A kernel without checkpoint and restore does not tell, and another C library keeps something else there.
    if os.getpid() != FIRST:
        raise OSError(errno.ENOSYS, "this kernel does not tell where the C library keeps a thread's number")
    return 0


def _robust_list() -> tuple[int, int]:
    """Address and size of this thread's list head, as glibc told the kernel."""
    head, size = ctypes.c_long(), ctypes.c_long()
    _syscall("get_robust_list", 0, ctypes.addressof(head), ctypes.addressof(size))
    return head.value, size.value


def _clone() -> int:
    place, robust = _thread_number(), _robust_list()
    _before()
    # The machines differ in the order of the last two words; of these one is not read, as no new TLS is asked for.
    number = _syscall("clone", seccomp.CLONE, 0, 0, place, place)
    code = ctypes.get_errno()
    if number == 0:
        _in_child()
        _syscall("set_robust_list", *robust)
        return 0
    _in_parent()
    if number < 0:
        raise OSError(code, f"clone: {os.strerror(code)}")
    return number
