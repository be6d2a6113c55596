"""X. Not on the list."""

from __future__ import annotations

from .attack import FORGE, LEAK, SEEK, Attack

X = [
    Attack(
        "X1",
        "the grader by its pidfd from the socket: signals, namespaces, descriptors",
        "secret",
        SEEK
        + """
import fcntl, struct
try:
    fd = struct.unpack("i", socket.socket(fileno=os.dup(3)).getsockopt(1, 77, 4))[0]
    libc = ctypes.CDLL(None)
    for number in range(16):
        try: print("OWNED", "got", fcntl.ioctl(fd, 0xFF00 | number, 0))
        except OSError: pass
    if libc.syscall(424, fd, 0, 0, 0) == 0: print("OWNED", "signalled")
    if libc.syscall(438, fd, 1, 0) >= 0: print("OWNED", "got a descriptor")
    if libc.syscall(308, fd, 0) == 0: print("OWNED", "entered")
except OSError: pass
""",
        base="right",
    ),
    Attack(
        "X2",
        "signals by SIGIO: the channel owned by another process",
        "harm",
        """
import fcntl, os, signal
for pid in (1, 2, os.getppid(), -os.getpgid(0)):
    try:
        fcntl.fcntl(3, fcntl.F_SETOWN, pid); fcntl.fcntl(3, 10, signal.SIGKILL)
        fcntl.fcntl(3, fcntl.F_SETFL, fcntl.fcntl(3, fcntl.F_GETFL) | os.O_ASYNC)
    except OSError: pass
""",
        base="right",
    ),
    Attack(
        "X3",
        "urgent bytes in the middle of each answer",
        "block",
        FORGE
        + """
import socket
def urgent(notebook, header, values):
    s = socket.socket(fileno=os.dup(3))
    data = frame({"op": "answer", "nonce": header["nonce"]}, {"value": 1, "used": None})
    for i in range(0, len(data), 7):
        s.send(data[i:i + 7])
        try: s.send(b"!", socket.MSG_OOB)
        except OSError: pass
    return b""
guest._answer = urgent
""",
        wall=False,
    ),
    Attack(
        "X4",
        "the channel made non-blocking, tiny, half shut",
        "block",
        """
import fcntl, os, socket
s = socket.socket(fileno=os.dup(3))
s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1); s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
fcntl.fcntl(3, fcntl.F_SETFL, os.O_NONBLOCK)
try: fcntl.fcntl(1, 1031, 4096)
except OSError: pass
s.shutdown(socket.SHUT_RD)
""",
        base="right",
        wall=False,
    ),
    Attack(
        "X5",
        "a class that asks to be imported by whoever reads its fault",
        "block",
        """
class Odd(Exception):
    __module__ = "os; import sys"
    def __getattribute__(self, name): raise Odd
    __traceback__ = property(lambda s: 1 / 0)
    __class__ = property(lambda s: KeyError)
def softmax(z): raise Odd()
def scale(x, a, b): raise Odd() from Odd()
raise Odd()
""",
        wall=False,
    ),
    Attack(
        "X6",
        "a traceback of ten thousand frames with lines beyond all files",
        "block",
        """
code = compile("\\n" * 2_000_000 + "raise ValueError", "cell-0", "exec")
def softmax(z): exec(code)
def scale(x, a, b): exec(compile("raise ValueError", "cell-" + "9" * 400, "exec"))
""",
        wall=False,
    ),
    Attack(
        "X7",
        "answers that cannot be given back: handles, deep lists, odd keys",
        "block",
        """
import numpy as np
deep = 1
for _ in range(22): deep = [deep]
class H: pass
def softmax(z): return [deep, H(), 10**399]
def scale(x, a, b): return {"y": {(1, 2): H()}, "slope": {None: deep}}
""",
        wall=False,
    ),
    Attack(
        "X8",
        "an object that dies when it is asked",
        "block",
        """
import os
class Dies:
    def __getattr__(self, name): os._exit(1)
    def sum(self, *a, **k): os._exit(1)
def softmax(z): return Dies()
def scale(x, a, b): return {"y": Dies(), "slope": Dies()}
""",
    ),
    Attack(
        "X9",
        "a new process at each call, with the answer left to a child",
        "points",
        """
import os
def softmax(z):
    if os.fork(): os._exit(0)
    return z
scale = softmax
""",
    ),
    Attack(
        "X10",
        "the loader says that it is done, and goes on",
        "secret",
        FORGE
        + LEAK
        + """
os.write(3, frame({"op": "loaded"}, {"faults": {"l": []}}))
import threading, time
def softmax(z): print(leak(z), flush=True); return z
""",
        wall=False,
    ),
    Attack(
        "X11",
        "a name that is no identifier, keywords that are arguments",
        "block",
        """
globals().update({"": 1, "softmax ": 2, "scale\\0": 3})
def softmax(*, z): return z
def scale(self, x, **more): return more
""",
        wall=False,
    ),
    Attack(
        "X12",
        "a picture of a million points and of nothing but NaN",
        "block",
        """
import numpy as np
def scale(x, a, b): return {"y": np.full(3_000_000, np.nan), "slope": [[1, 2], [3]]}
""",
        wall=False,
    ),
    Attack(
        "X13",
        "canaries of this host, by every call that names a path",
        "secret",
        SEEK
        + """
import glob
for root in ("", "/work/main/.autograder", "/proc/1/root/tmp", "/box/../../tmp", "/tmp"):
    for path in glob.glob(root + "/autograder-canary*"): file(path)
    try: seek(os.listdir(root), os.stat(root + "/autograder-canary"))
    except OSError: pass
""",
    ),
    Attack(
        "X14",
        "kernel calls newer than any list: statmount, listmount, open_tree_attr, file_setattr",
        "harm",
        """
import ctypes
libc = ctypes.CDLL(None)
buffer = ctypes.create_string_buffer(65536)
request = ctypes.create_string_buffer((24).to_bytes(8, "little") + b"\\xff" * 8 + bytes(16))
for number in range(451, 480):
    if number not in (451, 454, 455, 456, 462) and libc.syscall(number, request, buffer, 65536, 0) >= 0:
        print("OWNED", "allowed", number)
""",
        base="right",
    ),
    Attack(
        "X15",
        "debuggers and tracers of the interpreter: faulthandler, tracemalloc, sys.monitoring, a remote script",
        "block",
        """
import faulthandler, signal, sys, tracemalloc
tracemalloc.start(100); faulthandler.enable(); faulthandler.dump_traceback_later(0.01, repeat=True)
faulthandler.register(signal.SIGUSR1, all_threads=True, chain=True)
for name in ("breakpointhook", "displayhook", "excepthook", "unraisablehook", "__breakpointhook__"):
    setattr(sys, name, lambda *a, **k: None)
""",
        base="right",
        wall=False,
    ),
    Attack(
        "X16",
        "the grade's exercise renamed: functions that are others' names, a name of dunder, a class in its place",
        "points",
        """
class softmax:
    def __new__(cls, *a, **k): return cls
    def __class_getitem__(cls, key): return 1.0
    sum = classmethod(lambda cls, *a, **k: 1.0)
    __init_subclass__ = lambda *a, **k: None
scale = type("scale", (dict,), {"__missing__": lambda s, k: 1.0})
__name__ = "autograder"; __builtins__ = {}
""",
        wall=False,
    ),
    Attack(
        "X17",
        "every line of its source as a control code, a bidirectional mark or a homoglyph",
        "block",
        "x = '\\u202e\\u2066'\n# \u202e noitulos\n\u0455\u043eftm\u0430\u0445 = softmax\n"
        "print('\\x1b[31m\\x1b]8;;http://x\\x07')\nraise ValueError('\\x1b[2J\\u202e')",
        wall=False,
    ),
]
