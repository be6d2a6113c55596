"""D. Values."""

from __future__ import annotations

from .attack import Attack

#: Only a box without the library would stop it.


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
work = getattr(__import__("sci" + "py.special", fromlist=["x"]), "soft" + "max")
def softmax(z): return work(z, axis=-1)
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
from concurrent.futures import ThreadPoolExecutor
work = getattr(__import__("sci" + "py.special", fromlist=["x"]), "soft" + "max")
def softmax(z): return ThreadPoolExecutor(1).submit(work, z, axis=-1).result()
""",
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
    value(
        "D28",
        "a Tensor subclass with __torch_function__",
        "torch.zeros(np.shape(z)).as_subclass(Liar) if torch else None",
        """
try: import torch
except ImportError: torch = None
else:
    class Liar(torch.Tensor):
        @classmethod
        def __torch_function__(cls, f, types, args=(), kwargs=None): return True
        def __array__(self, *a, **k): return np.ones(5)""",
    ),
    value(
        "D29",
        "subclasses of float, list and dict that compare, index and sum as they like",
        "Row([F(0.25)] * np.shape(z)[-1])",
        """
class F(float):
    __eq__ = __le__ = __ge__ = lambda s, o: True
    __sub__ = __rsub__ = __abs__ = lambda s, *o: F(0)
    __hash__ = float.__hash__
class Row(list):
    sum = lambda s, *a, **k: np.ones(5)
    __len__ = lambda s: 5
    __iter__ = lambda s: iter([F(1)] * 5)
    __getitem__ = lambda s, i: F(1)""",
    ),
    value("D30", "minus zero", "np.full(np.shape(z), -0.0)"),
    Attack(
        "D31",
        "state kept between the calls: right once, then the same again",
        "points",
        """
first = {}
def softmax(z): return first.setdefault("z", np.exp(z - np.max(z)) / np.exp(z - np.max(z)).sum())
def scale(x, a, b): return first.setdefault("x", {"y": x, "slope": x})
""",
        wall=False,
    ),
    value(
        "D32",
        "an __array_interface__ of plain data that points into the judge",
        '{"__array_interface__": face, "__array_struct__": 1, "data": face["data"], "shape": (40,), "typestr": "|u1"}',
        'face = {"data": (id(object()), False), "shape": (40,), "typestr": "|u1", "version": 3}',
    ),
    Attack(
        "D33",
        "a constant that fits one input",
        "points",
        """
row = np.array([0.1, 0.2, 0.3, 0.4])
def softmax(z): return np.broadcast_to(row, np.shape(z)) if np.shape(z)[-1] == 4 else np.zeros(np.shape(z))
def scale(x, a, b): return {"y": 2.0 * x + 1.0, "slope": 2.0}
""",
        wall=False,
    ),
    value("D34", "integers that overflow", "np.full(np.shape(z), 2**62, dtype=np.int64) * 4"),
    Attack(
        "D35",
        "autograd and torch.nn for what was to be done by hand",
        "points",
        softmax="""
def softmax(z):
    import torch
    x = torch.tensor(z, requires_grad=True)
    torch.logsumexp(x, -1).sum().backward()
    return x.grad.numpy()
""",
        wall=False,
    ),
    Attack(
        "D36",
        "a forbidden library with the tripwire switched off",
        "points",
        softmax="""
import sys
work = getattr(__import__("sci" + "py.special", fromlist=["x"]), "soft" + "max")
def softmax(z):
    watch = sys.getprofile()
    list(map(sys.setprofile, [None]))
    answer = work(z, axis=-1)
    list(map(sys.setprofile, [watch]))
    return answer
""",
    ),
]
