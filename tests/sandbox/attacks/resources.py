"""F. Resources."""

from __future__ import annotations

from .attack import FORGE, RIGHT_SOFTMAX, Attack

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
    Attack(
        "F27",
        "oom_score_adj lowered, then files in memory that no process is charged for",
        "harm",
        """
import ctypes, os
for name in ("self", "1", str(os.getppid())):
    try: open(f"/proc/{name}/oom_score_adj", "w").write("0")
    except OSError: pass
kept = []
try:
    while True:
        fd = os.memfd_create("x"); kept.append(fd); os.ftruncate(fd, 64 << 20)
        for i in range(64): os.pwrite(fd, bytes(1 << 20), i << 20)
        print("OWNED", "a file in memory")
except OSError: pass
""",
        base="right",
    ),
    Attack(
        "F28",
        "regular expressions that are as large as they are slow to compile",
        "block",
        """
import re
def softmax(z): return re.compile("(?:" * 90 + "a{1,9}" + "){1,9}" * 90).match("a" * 10**6)
def scale(x, a, b): return re.match("(.*)(.*)(.*)(.*)(.*)(.*)[^.]$", "." * 10**5)
""",
        wall=False,
    ),
    Attack(
        "F29",
        "recursion beyond every stack: repr, pickle, the parser, a chain of a million generators",
        "block",
        """
import sys
sys.setrecursionlimit(1 << 30)
def softmax(z):
    chain = iter(())
    for _ in range(300_000): chain = (x for x in chain)
    return list(chain)
def scale(x, a, b):
    deep = None
    for _ in range(1_000_000): deep = (deep,)
    return hash(deep)
""",
        wall=False,
    ),
    Attack(
        "F30",
        "a deadlock on a full pipe: a child that never reads what its parent never stops writing",
        "block",
        """
import os, subprocess, sys
r, w = os.pipe()
def softmax(z): os.write(w, bytes(1 << 20)); return z
child = "import os; os.read(0, 1); os.write(1, bytes(1 << 24)); os.read(0, 1)"
def scale(x, a, b): return subprocess.run([sys.executable, "-c", child], stdin=r, stdout=w).returncode
""",
    ),
    Attack(
        "F31",
        "a figure of a billion pixels and one of ten thousand axes",
        "block",
        """
def softmax(z):
    import matplotlib.pyplot as plt
    plt.figure(figsize=(300, 300), dpi=100).savefig("/tmp/huge.png")
    return z
def scale(x, a, b):
    import matplotlib.pyplot as plt
    return {"y": plt.subplots(100, 100), "slope": plt.gcf()}
""",
        wall=False,
        slow=True,
    ),
    Attack(
        "F32",
        "a repr of gigabytes, asked for by whoever shows it",
        "block",
        """
class Huge:
    __repr__ = __str__ = __format__ = lambda s, *a: "x" * (1 << 30)
class Fault(Exception):
    __repr__ = __str__ = lambda s: "x" * (1 << 30)
def softmax(z): return Huge()
def scale(x, a, b): raise Fault(Huge())
raise Fault
""",
        wall=False,
    ),
    Attack(
        "F33",
        "every inode of every folder that can be written, in folders a hundred deep",
        "harm",
        """
import os
for top in ("/tmp", "/dev/shm", "."):
    try:
        os.chdir(top)
        for depth in range(2000):
            os.mkdir("d" * 200); os.chdir("d" * 200)
            for i in range(40): os.symlink("x" * 200, f"{i}")
    except OSError: pass
""",
        base="right",
    ),
    Attack(
        "F34",
        "a flood of submissions: the same work ten times as fast as it can be handed in",
        "harm",
        """
import threading, time
kept = bytearray(64 << 20)
for _ in range(8): threading.Thread(target=time.sleep, args=(9,), daemon=True).start()
""",
        base="right",
        attempts=10,
    ),
    Attack(
        "F35",
        "descriptors: as many files and sockets as the limit allows, in every process that it may have",
        "harm",
        """
import os, socket
for _ in range(20):
    if os.fork() == 0: break
kept = []
try:
    while True: kept.append(socket.socketpair()); kept.append(open("/dev/null"))
except OSError: pass
""",
        base="right",
    ),
    Attack(
        "F36",
        "all memory of the card",
        "harm",
        "import torch\nkept = []\nwhile True: kept.append(torch.empty(1 << 28, device='cuda'))",
        base="right",
        gpu=True,
    ),
    Attack(
        "F37",
        "a kernel on the card that does not end",
        "block",
        """
import torch
def softmax(z):
    big = torch.ones(16384, 16384, device="cuda")
    while True: big = big @ big
scale = softmax
""",
        gpu=True,
    ),
    Attack(
        "F38",
        "an error of the card that sticks to whoever uses it next",
        "harm",
        "import torch\ntorch.zeros(4, device='cuda')[torch.tensor([1 << 40], device='cuda')]\ntorch.cuda.synchronize()",
        base="right",
        gpu=True,
    ),
]
