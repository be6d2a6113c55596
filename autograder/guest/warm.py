"""Getting a zygote warm: what a submission would be the first to do is done before it is forked.

A fork shares its parent's memory, and every page that it writes to is copied for it, some microseconds each.  CPython writes
where it only reads: it counts references, specialises code in place when it has run a few times, fills caches of types.
What the zygote has done often enough stays shared.
"""

from __future__ import annotations

import ctypes
import linecache
import socket
import sys
from typing import Any

import numpy as np

from . import load, wire

#: CPython 3.11 begins to specialise a function at its eighth call; more than twenty times changed nothing measurable.
TIMES = 20
#: One good, one failing and one broken cell: their first time costs 50 ms.
_SHELL = ("import numpy as np\nx = np.eye(2) @ np.ones(2)\nprint(x, end='')", "1 / 0", "def f(:")
_CELLS = ("import numpy as np", "def f(x):\n    return np.exp(x) / np.exp(x).sum()", "def g(x):\n    return {'x': [x]}")
_CALLS: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("f", (np.ones((2, 3)),)),
    ("g", (np.float64(1.0),)),
    ("g", ([1, 2.0, "three"],)),
    ("f", ()),  # raises
    ("nowhere", ()),
)
_FORBIDDEN = {"f": ["scipy"], **{name: [name] for name in load.LIBRARIES}}  #: each is looked for, once for all
#: Sizes of what Python asks malloc for, small enough to be taken from the holes that importing left, in bytes.
_SMALL = range(1024, 8, -16)


def warm(shell: Any) -> None:
    """Once through everything that a submission does."""
    for source in _SHELL:
        shell.run_cell(source, store_history=False, silent=True)
    _rehearse(shell)
    shell.reset(new_session=False)
    linecache.clearcache()
    sys.stdout.flush()  # what is buffered here would come out of every submission


def _rehearse(shell: Any) -> None:
    """A small submission, as a box would be sent it, from its first frame to its last answer, again and again."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for _ in range(TIMES):
            notebook = load.Notebook(shell)
            sent = {"op": "load", "seed": 0, "first_handle": 0}
            _ask(ours, theirs, notebook, sent, {"cells": list(_CELLS), "forbidden": _FORBIDDEN})
            for name, args in _CALLS:
                sent = {"op": "call", "nonce": "", "name": name, "on": None, "keep": False}
                _ask(ours, theirs, notebook, sent, {"args": list(args), "kwargs": {}})


def _ask(
    ours: socket.socket, theirs: socket.socket, notebook: load.Notebook, message: dict[str, Any], values: dict[str, Any]
) -> None:
    wire.send(ours, wire.encode(message, values), wire.for_ever)
    load.answer(theirs, notebook)
    wire.receive(ours, 1 << 20, wire.for_ever)


class _MallInfo(ctypes.Structure):
    _fields_ = [("numbers", ctypes.c_size_t * 10)]


def fill_holes() -> None:
    """Take what glibc has free between the zygote's objects: a fork's own come to lie together, behind them.

    Otherwise each new object copies a page for its few bytes.
    """
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallinfo2"):  # another C library: no harm, a little slower
        return
    libc.mallinfo2.restype, libc.sbrk.restype, libc.malloc.restype = _MallInfo, ctypes.c_void_p, ctypes.c_void_p
    last = libc.mallinfo2().numbers[9]  # bytes free at the end of the heap
    end = libc.sbrk(0) - last
    for size in _SMALL:
        while (libc.malloc(size) or end) < end:
            pass
