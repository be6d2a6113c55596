"""The scan for forbidden names: the ways in which a name is reached, and what is no use of it."""

import pytest

from autograder.checks import forbidden
from autograder.checks.forbidden import Use, scan

FORBID = ("torch", "scipy", "numpy.linalg.svd")


def names(source, forbid=FORBID, elsewhere=""):
    return {use.name for use in scan(source, forbid, elsewhere)}


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("import torch", "torch"),
        ("import torch as t\nt.exp(1)", "torch.exp"),
        ("import torch.nn.functional as F\nF.softmax(z)", "torch.nn.functional"),
        ("from torch.nn import functional as F", "torch.nn.functional"),
        ("from torch import *\nexp(1)", "torch.exp"),
        ("def f(z):\n    from scipy.special import softmax\n    return softmax(z)", "scipy.special"),
        ("import numpy as np\nnp.linalg.svd(a)", "numpy.linalg.svd"),
        ("from numpy import linalg\nlinalg.svd(a)", "numpy.linalg.svd"),
        ("import numpy as np\nL = np.linalg\nf = L.svd\nf(a)", "numpy.linalg.svd"),
        ("import numpy as np\na, b = np.linalg, 1\na.svd(x)", "numpy.linalg.svd"),
        ("import numpy as np\ngetattr(np.linalg, 'svd')(a)", "numpy.linalg.svd"),
        ("__import__('torch').exp(1)", "torch.exp"),
        ("import importlib\nimportlib.import_module('scipy.special')", "scipy.special"),
        ("from importlib import import_module as load\nload('torch')", "torch"),
        ("import sys\nsys.modules['torch'].exp(1)", "torch.exp"),
        ("torch = __import__('torch')\ntorch.exp(1)", "torch"),
        ("%%time\nimport torch", "torch"),
        ("%time y = __import__('torch')", "torch"),
        ("!ls\nimport torch\n", "torch"),
        ("if True print('broken')\nimport torch\n", "torch"),
        ("(t := __import__('scipy')).special", "scipy"),
    ],
)
def test_the_ways_to_a_forbidden_name(source, name):
    """Imports, aliases, attributes, dynamic imports and magics lead to the name's full path."""
    assert name in names(source)


@pytest.mark.parametrize(
    "source",
    [
        "import numpy as np\nnp.linalg.norm(a)",
        "def f(torch):\n    return torch + 1",
        "torch = 3\nprint(torch)",
        "x = 'import torch'",
        "# import torch",
        "import torchvision",
        "z.torch",
        "def f(z):\n    scipy = z.sum()\n    return scipy",
        "import numpy as np\nsvd = 1\nsvd",
    ],
)
def test_what_is_no_use(source):
    """Other names, variables, comments and texts that look alike cost nobody a point."""
    assert names(source) == set()


def test_prefixes_are_dotted():
    """`torch.nn` forbids what is below it, not torch."""
    assert names("import torch\ntorch.exp(1)", ("torch.nn",)) == set()
    assert names("import torch\ntorch.nn.Linear(2, 3)", ("torch.nn",)) == {"torch.nn.Linear"}


def test_builtins_can_be_forbidden():
    """A name that nobody defines is the builtin."""
    assert names("sorted(x)", ("sorted",)) == {"sorted"}
    assert names("def sorted(x): ...\nsorted(x)", ("sorted",)) == set()


def test_imports_of_other_cells_count_where_they_are_used():
    """An import elsewhere is no use; an alias from there that the cell uses is, broken cells or not."""
    around = "%matplotlib inline\nimport torch as t\nif x print(1)\n"
    assert names("def f(z):\n    return t.exp(z)", elsewhere=around) == {"torch", "torch.exp"}
    assert names("def f(z):\n    return 1", elsewhere=around) == set()


def test_helpers_of_other_cells_count_where_they_are_used():
    """A helper that uses a forbidden name, itself or through another, is followed."""
    around = (
        "import torch\ndef a(z):\n    return torch.exp(z)\n\ndef b(z):\n    return a(z)\n\nc = lambda z: torch.exp(z)\n"
    )
    assert names("def f(z):\n    return b(z)", elsewhere=around) == {"torch.exp"}
    assert names("def f(z):\n    return c(z)", elsewhere=around) == {"torch.exp"}
    assert names("def a(z):\n    return z\ndef f(z):\n    return a(z)", elsewhere=around) == set()


def test_lines_are_the_sources_own():
    """Uses come in the order of lines, counted from 1, also behind a magic."""
    source = "%%time\nimport numpy as np\n\ndef f(z):\n    return np.linalg.svd(z)\n"
    assert scan(source, FORBID) == (Use("numpy.linalg.svd", 5),)


def test_nothing_forbidden_nothing_found():
    """Without a list there is nothing to look for; hostile sources are no error."""
    assert scan("import torch", ()) == ()
    for source in ("\0", "(" * 500, "x" * 10**5, "\ud800", "a.b" * 5000):
        scan(source, FORBID)


def test_each_cell_is_read_once_whoever_asks(monkeypatch):
    """Nineteen hundred cells and eight exercises are nineteen hundred parses, not millions."""
    parsed = []
    real = forbidden._parsed
    monkeypatch.setattr(forbidden, "_parsed", lambda source: parsed.append(1) or real(source))
    program = forbidden.Program([f"def softmax(z):\n    a{n}; 'torch'" for n in range(1900)])
    for prefix in ("torch", "scipy", "torch.nn", "numpy.linalg"):
        for cell in range(16):
            assert program.uses(cell, (prefix,)) == ()
    assert len(parsed) == 1900


def test_a_long_chain_of_helpers_is_followed_to_its_end():
    """The last of two thousand functions that call each other uses the forbidden name."""
    chain = "\n".join(f"def f{n}(): return f{n + 1}()" for n in range(2000)) + "\ndef f2000(): return torch.exp(1)"
    (use,) = scan("def softmax(z):\n    return f0()", ("torch",), "import torch\n" + chain)
    assert (use.name, use.line) == ("torch.exp", 2)


def test_a_path_of_thousands_of_steps_is_read():
    """Deeper than Python's own recursion: found if it begins with a forbidden name, and never an error."""
    deep = ".a" * 2500
    assert [use.name for use in scan(f"import torch\ny = torch{deep}", ("torch",))] == [
        "torch",
        "torch",
        "torch.a.a",
    ]
    assert scan(f"import torch\ny = x{deep}", ("torch.nn",)) == ()


ONE_FILE = """
import numpy as np
import torch.nn.functional as F
from scipy.special import softmax as ready
work = ready

def softmax(z): return work(z, axis=-1)
def helper(z): return F.relu(z)
def relu(z): return helper(z)
def train(X): return F.mse_loss(X, X)
def mean(X): return np.mean(X)
"""


@pytest.mark.parametrize(
    ("function", "found"),
    [
        ("softmax", {"scipy.special.softmax"}),
        ("relu", {"torch.nn.functional"}),
        ("train", {"torch.nn.functional.mse_loss"}),
        ("mean", set()),
    ],
)
def test_a_file_with_all_exercises_is_judged_function_by_function(function, found):
    """What the training may use does not cost the other exercises of the same file; helpers and aliases are followed."""
    program = forbidden.Program([ONE_FILE])
    uses = {use.name for use in program.uses(0, ("torch.nn", "scipy"), (function,))}
    assert all(any(use.startswith(name) for use in uses) for name in found)
    assert bool(uses) is bool(found)
