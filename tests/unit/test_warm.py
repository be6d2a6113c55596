"""A warm zygote: what was rehearsed leaves nothing that a submission could meet, and its memory has no holes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "autograder"


def run(code: str) -> str:
    """What the code prints in a process of its own, with `guest` as in a box."""
    done = subprocess.run(
        [sys.executable, "-sPc", code], env={"PYTHONPATH": str(PACKAGE)}, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_rehearsal_leaves_nothing_behind():
    """No name, no line of source, no open descriptor, nothing in the buffers of what is printed."""
    out = run(
        """
import linecache, os
from guest import load, warm
shell = load.new_shell()
os.dup2(1, 9)
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
before = set(os.listdir("/proc/self/fd"))
warm.warm(shell)
fresh = set(os.listdir("/proc/self/fd")) - before
notebook = load.Notebook(shell)
notebook.load({"seed": 1, "first_handle": 0}, {"cells": ["names = sorted(globals())"], "forbidden": {}})
os.dup2(9, 1)  # what is still buffered would be printed now
print(fresh, notebook.handles, [name for name in linecache.cache if name != "cell-0" and name.startswith("cell-")])
print([name for name in shell.user_ns["names"] if name in ("f", "g", "x", "np")])
"""
    )
    assert out == "set() [] []\n[]\n"


def test_what_a_fork_makes_lies_behind_all_that_was_there():
    """A new object in a hole would copy the page around it."""
    out = run(
        """
import ctypes
from guest import warm
junk = [bytes(size) for size in range(40, 1000) for _ in range(20)]
del junk[::2]
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.sbrk.restype = ctypes.c_void_p
sizes = (24, 100, 512, 1000)
before = min(libc.malloc(size) for size in sizes for _ in range(50))
warm.fill_holes()
after = [libc.malloc(size) for size in sizes for _ in range(50)]
print(min(after) > before, max(after) - min(after) < 1 << 18)
"""
    )
    assert out == "True True\n"
