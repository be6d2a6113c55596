"""A submission's process is made by one system call, around glibc's back: what Python and its libraries need still works."""

from __future__ import annotations

import ctypes
import os
import socket
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from boxes import LIMITS, descendants, gone, submitted, zygote_parent

from autograder.guest import clone, seccomp
from autograder.sandbox.box import Settings
from autograder.sandbox.bubblewrap import Bubblewrap

ROOMY = replace(LIMITS, call_s=20.0, load_s=20.0, total_s=120.0, memory_mb=1024, processes=64)

LIVELY = """
import asyncio, ctypes, multiprocessing, os, queue, random, signal, subprocess, sys, tempfile, threading, time
from concurrent.futures import ThreadPoolExecutor
import numpy as np
libc = ctypes.CDLL(None, use_errno=True)
def product():
    a = np.arange(250_000.0).reshape(500, 500) / 1e5
    return bool(np.allclose(a @ a, np.einsum("ij,jk->ik", a, a)))
def autograd():
    import torch
    x = torch.ones(3, requires_grad=True)
    (x ** 2).sum().backward()
    layer = torch.nn.Linear(3, 1)
    optimiser = torch.optim.Adam(layer.parameters())
    layer(x.detach()).sum().backward(); optimiser.step()
    return x.grad.tolist()
def two_threads_of_torch():
    import torch
    torch.set_num_threads(2)
    a = torch.arange(1_000_000.0).reshape(1000, 1000) / 1e6
    return [torch.get_num_threads(), bool(torch.allclose(a @ a, (a.double() @ a.double()).float(), rtol=1e-3))]
def data_loader():
    import torch
    from torch.utils.data import DataLoader, TensorDataset
    rows = DataLoader(TensorDataset(torch.arange(40.0)), batch_size=4, num_workers=2)
    return sum(float(batch.sum()) for (batch,) in rows)
def command():
    return subprocess.run([sys.executable, "-S", "-c", "print(6 * 7)"], capture_output=True, text=True).stdout
def threads():
    with ThreadPoolExecutor(8) as pool:
        return sum(pool.map(lambda n: n * n, range(100)))
def switching():
    done = queue.Queue()
    def work():
        for _ in range(200): time.sleep(0)
        done.put(threading.get_native_id())
    many = [threading.Thread(target=work) for _ in range(12)]
    for one in many: one.start()
    for one in many: one.join(10)
    return [done.qsize(), len({done.get() for _ in range(12)}), threading.active_count()]
def processes():
    with multiprocessing.Pool(2) as pool:
        return pool.map(abs, [-1, -2, -3])
def family():
    child = os.fork()
    if child == 0:
        os._exit(7)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), child != os.getpid()]
def loop():
    async def twice(): return await asyncio.to_thread(lambda: 2) + 1
    return asyncio.run(twice())
def alarm():
    rung = []
    signal.signal(signal.SIGALRM, lambda *a: rung.append(1))
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    time.sleep(0.3)
    return rung
def files():
    with tempfile.TemporaryFile() as f: return f.write(b"12")
def numbers():
    place = ctypes.c_void_p()
    libc.prctl(40, ctypes.byref(place), 0, 0, 0)
    cached = ctypes.c_int.from_address(place.value).value
    return cached == os.getpid() == threading.get_native_id()
def owner():
    # A mutex that checks its owner asks glibc's own copy of the thread's number.
    kind, mutex = (ctypes.c_char * 64)(), (ctypes.c_char * 128)()
    libc.pthread_mutexattr_settype(kind, 2); libc.pthread_mutex_init(mutex, kind)
    return [libc.pthread_mutex_lock(mutex), libc.pthread_mutex_lock(mutex), libc.pthread_mutex_unlock(mutex)]
def robust():
    head, size = ctypes.c_long(), ctypes.c_long()
    libc.syscall(NR, 0, ctypes.byref(head), ctypes.byref(size))
    return [head.value != 0, size.value]
def again():
    # The way in is the one that the box's own filter leaves open; in here it is shut, as it is without any of its bits.
    codes = []
    for word in WORDS:
        made = libc.syscall(CLONE, ctypes.c_long(word), None, None, None, None)
        if made == 0: os._exit(0)
        codes.append(ctypes.get_errno() if made < 0 else 0)
    return codes
"""
WORDS = [
    seccomp.CLONE,
    seccomp.CLONE & ~0x01200000,
    *(17 | 1 << bit for bit in range(32) if seccomp.NEW_BITS >> bit & 1),
]
NUMBERS = seccomp.numbers()
CELLS = (LIVELY, f"NR, CLONE, WORDS = {NUMBERS['get_robust_list']}, {NUMBERS['clone']}, {WORDS}")
EXPECTED = {
    "product": True,
    "command": "42\n",
    "threads": 328350,
    "switching": [12, 12, 1],
    "processes": [1, 2, 3],
    "family": [7, True],
    "loop": 3,
    "alarm": [1],
    "files": 2,
    "numbers": True,
    "owner": [0, 35, 0],  # EDEADLK
    "robust": [True, 24],
    "again": [1] * len(WORDS),  # EPERM
}
OF_TORCH = {"autograd": [2.0, 2.0, 2.0], "data_loader": 780.0, "two_threads_of_torch": [2, True]}


def test_libraries_and_processes_work_inside(boxes, wall):
    """Products, training, threads, children, pools, loaders with workers, signals; each in one submission, in any order."""
    box = boxes.get(wall.title, limits=ROOMY)
    assert box.ready is not None
    expected = EXPECTED if "torch" in box.ready.missing else {**EXPECTED, **OF_TORCH}
    with submitted(box, *CELLS, limits=ROOMY) as student:
        seen = {name: student.call(name, (), {}).value for name in expected}
        assert seen == expected
        assert student.loads == 1
        assert student.output == ""


BUSY = """
import ctypes, threading, time
for _ in range(2): threading.Thread(target=time.sleep, args=(999,), daemon=True).start()
handled = []
handler = ctypes.CFUNCTYPE(None)(lambda: handled.append(1))
ctypes.CDLL(None).__register_atfork(None, None, handler, None)
"""
HANDLED = "import sys\ndef handled(): return sys.modules['guest.busy'].handled"


class WithThreads(Bubblewrap):
    """Its zygote imports something that keeps two threads, and wants to know of forks."""

    def _launch(self, folder: Path) -> socket.socket:
        (folder / "guest" / "busy.py").write_text(BUSY)
        return super()._launch(folder)


def test_a_library_that_keeps_threads_does_no_harm(boxes):
    """The zygote then forks as glibc does, with its handlers, and that fork makes the submission's process and goes."""
    settings = Settings(ROOMY, preload=("numpy", "IPython", "guest.busy"))
    environment = boxes.choice("bubblewrap").environment
    assert environment is not None
    with WithThreads(settings, environment) as box:
        assert box.ready is not None
        assert box.ready.missing == ()
        (zygote,) = descendants(zygote_parent(box))
        assert len(os.listdir(f"/proc/{zygote[0]}/task")) == 3
        for _ in range(3):
            with submitted(box, *CELLS, HANDLED, limits=ROOMY) as student:
                assert {name: student.call(name, (), {}).value for name in EXPECTED} == EXPECTED
                assert student.call("handled", (), {}).value == [1]
                family = descendants(zygote[0])
                assert len(family) == 1
            box.check()
            assert gone(family, seconds=1)
        assert not box.odd


@pytest.mark.parametrize("told", ["nothing", "another place"])
def test_a_kernel_that_does_not_tell_where_the_number_is_kept(told, monkeypatch):
    """Process 1 makes another process 1, so the number is right as it is; anybody else fails clearly."""
    other = ctypes.c_int(0)

    class Silent:
        @staticmethod
        def prctl(option: int, place: object, *rest: int) -> int:
            if told == "nothing":
                return -1
            ctypes.cast(place, ctypes.POINTER(ctypes.c_void_p))[0] = ctypes.addressof(other)
            return 0

    monkeypatch.setattr(clone, "_libc", Silent)
    with pytest.raises(OSError, match="thread's number"):
        clone._thread_number()
    monkeypatch.setattr(os, "getpid", lambda: 1)
    assert clone._thread_number() == 0


def test_where_the_number_is_kept():
    """The kernel of this machine tells, and glibc keeps the number of this thread there."""
    found = []
    thread = threading.Thread(target=lambda: found.append(clone._thread_number()))
    thread.start()
    thread.join()
    assert clone._thread_number()
    assert found[0] not in (0, clone._thread_number())
