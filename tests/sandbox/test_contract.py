"""What every box promises, measured in each box that this machine can start."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from boxes import EVERY, LIMITS, RENEWED, WALLS, Boxes, descendants, gone, started, submitted, zygote_parent
from test_wire import same

from autograder.errors import StudentFault
from autograder.guest.jail import KINDS
from autograder.records import Handle, Limits
from autograder.sandbox import cgroup, image, selftest
from autograder.sandbox.box import PROMISES, Box, Settings
from autograder.sandbox.bubblewrap import Bubblewrap
from autograder.sandbox.choose import make
from autograder.sandbox.docker import LABEL, Docker
from autograder.sandbox.process import Process

SMALL = Settings(LIMITS, preload=("numpy", "IPython"))

# The promises

CLAIMS = [
    pytest.param(*each.values, promise, id=f"{each.values[0]}: {PROMISES[promise]}", marks=each.marks)
    for each in [*EVERY, *RENEWED]
    for promise in PROMISES
    if each.values[0] != "process" or promise in Process.claims
]


@pytest.fixture(scope="session")
def findings(boxes: Boxes) -> Any:
    """The self-test of a box, run once."""
    return functools.cache(lambda name: {f.promise: f for f in selftest.run(boxes.choice(name))})


@pytest.mark.parametrize(("name", "promise"), CLAIMS)
def test_a_claimed_promise_holds(name, promise, findings):
    """The self-test tried to break the promise and could not."""
    found = findings(name)[promise]
    assert found.held, f"{found.tried}: {found.seen}"


def test_the_walls_claim_everything():
    """Only the box without isolation claims less."""
    assert Docker.claims == Bubblewrap.claims == frozenset(PROMISES) == frozenset(selftest.TESTS)
    assert Process.claims < frozenset(PROMISES)


def test_a_box_that_breaks_a_promise_refuses_to_grade(boxes, tmp_path, monkeypatch):
    """`require` raises with the broken promise, and remembers nothing."""
    monkeypatch.setitem(selftest.TESTS, "answers", lambda box: ("look", "a hole"))
    with pytest.raises(selftest.BoxError, match="breaks a promise"):
        selftest.require(boxes.choice("process"), tmp_path)
    assert not (tmp_path / "selftest.json").exists()


# One submission cannot disturb the next

FINE = "def f(x):\n    return x + 1"

#: What a submission does with its channel (descriptor 3) while its cells run.
TRICKS = {
    "answers end": """
        import json, os, struct
        text = json.dumps({"op": "ended", "id": 1, "status": 0, "cpu": 0, "oom": 0, "values": {}}).encode()
        os.write(3, struct.pack("!II", len(text), 0) + text)
        os.write(3, text)
    """,
    "claims to be loaded, then answers before it is asked": """
        import json, os, struct
        def say(**message):
            text = json.dumps(message).encode()
            os.write(3, struct.pack("!II", len(text), 0) + text)
        say(op="loaded", values={"faults": {"l": []}})
        for n in range(50):
            say(op="answer", nonce="0" * 16, values={"value": 2, "used": {"l": []}})
    """,
    "half a frame": "import os; os.write(3, b'\\0\\0\\1\\0\\0\\0'); os._exit(0)",
    "half a frame, then silence": "import os, time; os.write(3, b'\\0\\0\\1\\0\\0\\0'); time.sleep(100)",
    "a length of 4 GiB": "import os; os.write(3, b'\\xff' * 8)",
    "a flood": "import os\nwhile True: os.write(3, bytes(65536))",
    "frames without end": """
        import os, struct
        while True: os.write(3, struct.pack("!II", 2, 0) + b"{}")
    """,
    "one byte at a time": """
        import os, struct, time
        os.write(3, struct.pack("!II", 1000, 0))
        while True: os.write(3, b" "); time.sleep(0.05)
    """,
    "closes its channel": "import os; os.close(3)",
    "shuts its channel": "import socket; socket.socket(fileno=3).shutdown(2)",
    "another file over its channel": "import os; os.dup2(os.open('/dev/zero', os.O_RDWR), 3)",
    "exit": "import os; os._exit(0)",
    "SystemExit": "import sys; sys.exit(0)",
    "abort": "import os; os.abort()",
    "a crash of C": "import ctypes; ctypes.string_at(0)",
    "a recursion that crashes C": "import sys; sys.setrecursionlimit(10**9)\ndef g(): return repr(g())\ng()",
    "a child that keeps the channel": """
        import os, time
        if os.fork() == 0:
            os.setsid()
            time.sleep(1000)
        os._exit(0)
    """,
    "threads that write for ever": """
        import os, threading
        for _ in range(4):
            threading.Thread(target=lambda: [os.write(3, b"x" * 999) for _ in iter(int, 1)], daemon=True).start()
    """,
    "kills everybody": "import os, signal; os.kill(0, signal.SIGTERM); os.kill(-1, signal.SIGKILL)",
    "stops itself": "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)",
    "closes all": "import os; os.closerange(0, 4096)",
    "urgent bytes": "import socket; s = socket.socket(fileno=3); s.send(b'!', socket.MSG_OOB); s.send(b'!', socket.MSG_OOB)",
    "descriptors sent along": "import socket; socket.send_fds(socket.socket(fileno=3), [b'x' * 8], [0] * 200)",
}
#: These need a process-number namespace to be harmless.
NEEDS_WALL = {"kills everybody", "stops itself", "a recursion that crashes C"}
HANGS = 40  #: seconds after which something waits for ever: many times every limit below
SHORT = Limits(call_s=0.4, load_s=0.7, total_s=4.0, memory_mb=256, processes=32, file_mb=32, answer_mb=16)


@pytest.mark.parametrize(
    ("trick", "name"),
    [
        pytest.param(trick, *each.values, id=f"{each.values[0]}-{trick}", marks=each.marks)
        for each in [*EVERY, *RENEWED]
        for trick in (NEEDS_WALL if each in RENEWED else TRICKS)
        if each.values[0] != "process" or trick not in NEEDS_WALL
    ],
)
def test_a_submission_that_misuses_its_channel_harms_only_itself(trick, name, boxes):
    """It gets a fault in time or its own answer; the next submission in the same box gets the right one."""
    box = boxes.get(name)
    began = time.monotonic()
    with (
        submitted(box, FINE, textwrap.dedent(TRICKS[trick]), limits=SHORT) as student,
        contextlib.suppress(StudentFault),
    ):
        assert student.call("f", (1,), {}).value == 2
    assert time.monotonic() - began < HANGS
    with submitted(box, FINE) as student:
        assert student.call("f", (2,), {}).value == 3


LATER = {
    "crash": ("import os; os._exit(3)", "crashed"),
    "time-out": ("while True: pass", "timed out"),
    "sleep": ("import time; time.sleep(100)", "timed out"),
    "a loop that catches everything": (
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        "timed out",
    ),
    "memory": ("kept = []\nwhile True: kept.append(np.ones(1 << 22))", "out of memory"),
    "recursion": ("def g(): return g()\ng()", "crashed"),
    "half a frame": ("import os; os.write(3, b'\\0\\0\\1'); os._exit(0)", "crashed"),
    "another's nonce": (
        "import json, os, struct\n"
        "text = json.dumps({'op': 'answer', 'nonce': '0' * 16, 'values': {'value': 2, 'used': None}}).encode()\n"
        "os.write(3, struct.pack('!II', len(text), 0) + text)",
        "crashed",
    ),
    "an endless answer": (
        "import os\nos.write(3, b'\\0\\0\\0\\2\\0\\xff\\0\\0{}')\nwhile True: os.write(3, bytes(65536))",
        "crashed",
    ),
}


@pytest.mark.parametrize("how", LATER)
def test_after_a_fault_the_notebook_is_loaded_again(how, box):
    """A crash, a time-out or an out-of-memory kill in one call costs that call only, within the budget."""
    body, kind = LATER[how]
    source = "import numpy as np\ndef bad():\n" + textwrap.indent(body, "    ")
    with submitted(box, source, FINE, limits=replace(LIMITS, call_s=4.0 if how == "memory" else 0.6)) as student:
        began = time.monotonic()
        with pytest.raises(StudentFault) as caught:
            student.call("bad", (), {})
        assert caught.value.kind == kind
        assert student.call("f", (1,), {}).value == 2
        assert time.monotonic() - began < HANGS


def test_the_budget_of_the_whole_submission_ends_it(box):
    """Time-outs in every call do not add up beyond `total_s`."""
    limits = Limits(call_s=0.4, load_s=5, total_s=1.2, memory_mb=256, processes=32)
    began = time.monotonic()
    with submitted(box, "def f():\n    while True: pass", limits=limits) as student:
        for _ in range(8):
            with pytest.raises(StudentFault) as caught:
                student.call("f", (), {})
            assert caught.value.kind == "timed out"
    assert time.monotonic() - began < HANGS
    assert student.loads <= 4, "three time-outs fit the budget"


def test_a_notebook_that_never_loads_is_tried_once(box):
    """Each call meets the fault of the load again without waiting for it again."""
    with submitted(box, "while True: pass", limits=SHORT) as student:
        student.try_load()
        for _ in range(5):
            with pytest.raises(StudentFault) as caught:
                student.call("f", (), {})
            assert caught.value.kind == "timed out"
    assert student.loads == 1


def test_each_load_has_a_channel_of_its_own(box):
    """The socket that a submission holds is another one for each load."""
    seen = []
    for _ in range(2):
        with submitted(box, "import os\ndef who(): return os.fstat(3).st_ino") as student:
            seen.append(student.call("who", (), {}).value)
    assert seen[0] != seen[1]


def test_handles_die_with_the_process_that_held_them(box):
    """An object of a process that was killed is lost, and is not another object of the new process."""
    source = """
class Counter:
    def __init__(self, n): self.n = n
    def more(self): return self.n
    def die(self): import os; os._exit(0)
def make(n): return Counter(n)
"""
    with submitted(box, source) as student:
        old = student.call("make", (1,), {}).value
        with pytest.raises(StudentFault):
            student.call("die", (), {}, on=old)
        with pytest.raises(StudentFault) as caught:
            student.call("more", (), {}, on=old)
        assert "lost" in caught.value.sentence
        assert student.call("more", (), {}, on=student.call("make", (2,), {}).value).value == 2
        with pytest.raises(StudentFault) as caught:
            student.call("more", (), {}, on=old)
        assert "lost" in caught.value.sentence


# Values

A = np.arange(24.0).reshape(2, 3, 4)
VALUES: dict[str, Any] = {
    "None": None,
    "True": True,
    "int": -7,
    "long int": 10**200,
    "float": 0.1,
    "-0.0": -0.0,
    "nan": float("nan"),
    "-inf": float("-inf"),
    "complex": complex(1, float("inf")),
    "text": "σ \n\t\0 'x' 𝕊",
    "bytes": bytes(range(256)),
    "list": [1, [2.5, None], []],
    "tuple": (1, (), ((),)),
    "dict": {"a": 1, 2: [3], 0.5: (None,), True: False, None: "x"},
    "0-d": np.array(2.5),
    "numpy scalar": np.float32(0.1),
    "numpy bool": np.bool_(True),
    "empty": np.zeros((0, 3)),
    "empty with an axis": np.zeros((2, 0, 10**6), np.float32),
    "Fortran": np.asfortranarray(A),
    "transposed": A.T,
    "negative stride": A[::-1, :, ::-2],
    "broadcast": np.broadcast_to(np.float32(3), (4, 5)),
    "read-only": np.frombuffer(bytes(16), np.int64),
    "big-endian": np.arange(3, dtype=">i4").astype("<i4"),
    "nan bits": np.array([np.nan, -np.nan, np.inf, -0.0]),
    **{code: (np.arange(5) % 2).astype(code) for code in ("?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8")},
    **{code: np.linspace(0, 1, 5).astype(code) for code in ("f2", "f4", "f8", "c8", "c16")},
    "extremes": np.array([np.iinfo(np.int64).min, np.iinfo(np.int64).max]),
    "nested": {"W": [A, (A[0], np.int8(3))], "h": {"x": b"\0"}},
}


@pytest.fixture
def echo(box: Box) -> Iterator[Any]:
    """A submission that gives back what it gets, and can make some values of its own."""
    source = "import numpy as np\ndef echo(x): return x\ndef change(x): x *= 0\ndef made(text): return eval(text)"
    with submitted(box, source) as student:
        yield student


@pytest.mark.parametrize("value", list(VALUES.values()), ids=list(VALUES))
def test_values_go_in_and_come_out_exactly(value, echo):
    """Numbers, text, bytes, containers and arrays cross both ways with type, dtype, shape and bits."""
    assert same(echo.call("echo", (value,), {}).value, np.array(value) if isinstance(value, np.ndarray) else value)
    assert same(echo.call("echo", (), {"x": [value]}).value[0], echo.call("echo", (value,), {}).value)


MADE = [
    "np.asfortranarray(np.arange(6.).reshape(2, 3))",
    "np.arange(12)[::-3]",
    "np.array(1, dtype='f2')",
    "np.arange(4, dtype='>f8')",
    "np.ma.masked_array([1, 2], [0, 1])",
    "{'a': np.zeros((0, 5), 'i1'), 3: (1 + 2j, float('nan'), b'x')}",
    "[[], (), {}, None, True, 1e308, -0.0, 2**300]",
    "range(4)",
]


@pytest.mark.parametrize("text", MADE)
def test_values_made_inside_come_out_as_plain_data(text, echo):
    """What a submission makes arrives as the plain array, list or number that it is: no subclass comes along."""
    value = echo.call("made", (text,), {}).value
    expected = eval(text)
    if isinstance(expected, np.ndarray):
        expected = np.array(np.asarray(expected), dtype=expected.dtype.newbyteorder("<"))
    assert same(value, list(expected) if isinstance(expected, range) else expected)


def test_an_argument_that_was_changed_comes_back_changed(echo):
    """`keep` gives the arguments as they were after the call; ours are untouched."""
    mine = np.ones(3)
    reply = echo.call("change", (mine,), {}, keep=True)
    assert reply.arguments is not None
    assert reply.arguments[0].tolist() == [0, 0, 0]
    assert mine.tolist() == [1, 1, 1]


def test_tensors_cross_as_arrays(box):
    """A torch tensor comes out as its numbers (bfloat16 as float32, a conjugate view resolved); a Tensor goes in as one."""
    from autograder.guest.wire import Tensor

    assert box.ready is not None
    if "torch" in box.ready.missing:
        pytest.skip("the box has no torch")
    source = """
import torch
def kind(x): return [type(x).__module__, str(x.dtype), list(x.shape)]
def plain(): return torch.arange(6.).reshape(2, 3).T
def grad(): return (torch.ones(2, requires_grad=True) * 2)
def half(): return torch.tensor([1.5], dtype=torch.bfloat16)
def conj(): return torch.tensor([1 + 2j]).conj()
def sparse(): return torch.eye(2).to_sparse()
def number(): return torch.tensor(3)
"""
    with submitted(box, source) as student:
        assert student.call("kind", (Tensor(np.zeros((2, 3), np.float32)),), {}).value == [
            "torch",
            "torch.float32",
            [2, 3],
        ]
        for name, expected in {
            "plain": np.arange(6, dtype="f4").reshape(2, 3).T,
            "grad": np.full(2, 2, "f4"),
            "half": np.array([1.5], "f4"),
            "conj": np.array([1 - 2j], "c8"),
            "sparse": np.eye(2, dtype="f4"),
            "number": np.array(3),
        }.items():
            assert same(student.call(name, (), {}).value, np.array(expected)), name


HANDLES = """
class VAE:
    def __init__(self, latent): self.latent, self.calls = latent, 0
    def encode(self, x): self.calls += 1; return x * self.latent
    def twin(self): return VAE(self.latent + 1)
    def same(self, other): return other.latent if isinstance(other, VAE) else None
    @property
    def secret(self): return 5
def make(latent=1): return VAE(latent)
"""


def test_objects_stay_inside_and_answer_by_name(box):
    """An object comes out as a handle; its methods, attributes and further objects are reached through it."""
    with submitted(box, HANDLES) as student:
        vae = student.call("make", (), {"latent": 3}).value
        assert isinstance(vae, Handle)
        assert student.call("encode", (2.0,), {}, on=vae).value == 6.0
        assert student.call("calls", (), {}, on=vae).value == 1
        assert student.call("secret", (), {}, on=vae).value == 5
        other = student.call("twin", (), {}, on=vae).value
        assert student.call("same", (other,), {}, on=vae).value == 4
        with pytest.raises(StudentFault) as caught:
            student.call("decode", (), {}, on=vae)
        assert caught.value.kind == "missing"


def test_what_comes_back_can_be_given_back(box):
    """A hidden test may pass one answer to the next call: whatever it was, that is never a failure of ours."""
    source = """
import numpy as np
def deep(n):
    x = 1
    for _ in range(n): x = [x]
    return x
def digits(): return 10**400 - 1
def wide(): return list(range(390_000))
def text(): return "x" * (7 << 20)
def keys(): return {(1, 2): 3}
def echo(*x): return len(x)
"""
    with submitted(box, source, limits=Limits(call_s=5, total_s=60, memory_mb=256)) as student:
        for name, arguments in (
            ("deep", (22,)),
            ("deep", (23,)),
            ("digits", ()),
            ("wide", ()),
            ("text", ()),
            ("keys", ()),
        ):
            try:
                value = student.call(name, arguments, {}).value
                assert student.call("echo", (value, value), {}).value == 2
            except StudentFault:
                continue


# The notebook

MAGICS = [
    "%matplotlib inline\n%config InlineBackend.figure_format = 'retina'\nx = 1",
    "!echo $((40+2))",
    "files = !ls\nx = 2",
    "%%time\ny = 3",
    "%pip install nothing",
    "1 / 0",
    "input('name? ')",
    "import asyncio\nawait asyncio.sleep(0)\nz = 4",
    "%load_ext autoreload\n%autoreload 2",
    "%%script bash\ntrue",
    "%no_such_magic",
    "def f(:",
    "raise SystemExit",
    "get_ipython().reset(new_session=False)\nx, y, z = 2, 3, 4",
    "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
    "def names(): return [x, y, z, __name__]",
]


def test_cells_run_as_in_a_notebook(box):
    """Magics work, commands do not run, `await` works, `input` fails at once, and one failing cell does not stop the next."""
    with submitted(box, *MAGICS) as student:
        assert student.call("names", (), {}).value == [2, 3, 4, "__main__"]
    faults = {f.cell: f.type for f in student.faults}
    assert faults[5] == "ZeroDivisionError"
    assert faults[11] == "SyntaxError"
    assert faults[12] == "SystemExit"
    assert 6 in faults
    assert not faults.keys() & {0, 1, 2, 3, 4, 7, 8, 13, 14, 15}
    assert "42" not in student.output.split()


def test_a_failing_cell_is_told_with_type_line_and_message(box):
    """The report of the load names cell, line of the student's code, a known type and the message."""
    with submitted(
        box,
        "x = 1",
        "def g():\n    raise ValueError('sizes differ')\n\ng()",
        "class Odd(KeyError): pass\nraise Odd('x')",
    ) as student:
        student.load()
    first, second = student.faults
    assert (first.cell, first.type, first.line, first.message) == (1, "ValueError", 2, "sizes differ")
    assert (second.cell, second.type, second.line) == (2, "KeyError", 2)


BROKEN = [
    "x = 'a\0b'",
    "y = " + "-" * 9000 + "1",
    "y = x" + ".a" * 3000,
    "y = " + "(" * 300,
    "\xa0\x0c def",
    "z = 1_",
    "%%time\n(",
]


def test_a_cell_that_cannot_even_be_read_is_its_own_fault_only(box):
    """NUL, absurd nesting, odd characters: that cell has a fault, the others run."""
    with submitted(box, *BROKEN, FINE) as student:
        assert student.call("f", (1,), {}).value == 2
    assert {f.cell for f in student.faults} <= set(range(len(BROKEN)))
    assert {1, 3, 5} <= {f.cell for f in student.faults}


def test_no_text_of_a_box_holds_a_nul(box):
    """Output and messages are stored as text; a database may refuse a NUL and lose the grade."""
    with submitted(box, "print('a\\0b')\nraise ValueError('c\\0d')") as student:
        student.load()
    assert student.output == "a?b\n"
    assert student.faults[0].message == "c?d"


def test_a_function_that_prints_still_answers(box):
    """Nobody reads what is printed during a call, and that breaks no print: printing is no mistake."""
    cells = (
        "import os",
        "def f(x):\n    print('a' * 300_000, flush=True)\n    os.write(1, b'b' * 300_000)\n    return x",
    )
    with submitted(box, *cells) as student:
        assert student.call("f", (3,), {}).value == 3
    assert student.output == ""


def test_a_fault_in_a_call_is_told_with_type_and_line_only(box):
    """A hidden call's exception is told by its known type and line; its message never crosses."""
    cells = ("x = 1", "def f(x):\n    y = x\n    raise ValueError(f'I saw {x}')")
    with submitted(box, *cells) as student, pytest.raises(StudentFault) as caught:
        student.call("f", (123456,), {})
    fault = caught.value
    assert (fault.kind, fault.cell, fault.line, fault.error) == ("crashed", 1, 3, "ValueError")
    assert "ValueError" in caught.value.sentence
    assert "123456" not in caught.value.sentence


def test_an_exception_with_a_lying_name_is_not_told(box):
    """A class name is a string of the box's: only the names of Python's own exceptions are shown."""
    source = """
Seen42, Lie = type("Seen42", (Exception,), {}), type("ValueError", (Exception,), {})
def f(): raise Seen42
def g(): raise Lie
"""
    with submitted(box, source) as student:
        for name in "fg":
            with pytest.raises(StudentFault) as caught:
                student.call(name, (), {})
            assert "Seen42" not in caught.value.sentence
            assert "ValueError" not in caught.value.sentence
            assert caught.value.error in ("", "Exception")


def test_only_what_is_printed_while_loading_is_kept(box):
    """Output of hidden calls, of later threads and of a second load is nobody's."""
    source = """
import os, sys, threading, time
print("loading")
def f(x):
    print("hidden", x); sys.stderr.write(f"hidden {x}"); os.system(f"echo hidden {x}")
    return x
def die(): os._exit(0)
def later():
    while True:
        time.sleep(0.01); print("late", flush=True)
threading.Thread(target=later, daemon=True).start()
"""
    with submitted(box, source) as student:
        student.try_load()
        kept = student.output
        student.call("f", (77,), {})
        with contextlib.suppress(StudentFault):
            student.call("die", (), {})
        student.call("f", (77,), {})
    assert student.output == kept
    assert "loading" in kept
    assert "hidden" not in kept


def test_a_second_load_tells_nothing(box):
    """What the first load said stays: a later one could carry out what earlier calls have seen."""
    source = """
import os
def see(x): os._exit(0)
raise ValueError("load at %d" % os.stat("/dev/null").st_mtime_ns)
"""
    with submitted(box, source, "def f(): return 1") as student:
        student.try_load()
        before = student.faults
        with contextlib.suppress(StudentFault):
            student.call("see", (5,), {})
        with contextlib.suppress(StudentFault):
            student.call("see", (5,), {})
    assert student.faults == before


@pytest.mark.parametrize("size", [200_000, 3_000_000])
def test_much_output_is_cut_not_punished(size, box):
    """A notebook that prints more than is kept still loads and answers; the kept part is the beginning."""
    with submitted(box, f"print('start')\nfor _ in range({size} // 100): print('x' * 99)", FINE) as student:
        assert student.call("f", (1,), {}).value == 2
    assert student.output.startswith("start\nxxx")
    assert len(student.output) <= LIMITS.output_kb << 10


def test_writers_that_never_stop_do_not_keep_the_judge_reading(box):
    """Processes that print for ever, also after the notebook has loaded, end with the load's own limit."""
    source = "import os\nfor _ in range(6):\n    if os.fork() == 0:\n        while True: os.write(1, b'x' * 65536)\n"
    began = time.monotonic()
    with submitted(box, source, FINE, limits=SHORT) as student, contextlib.suppress(StudentFault):
        assert student.call("f", (1,), {}).value == 2
    assert time.monotonic() - began < HANGS


def test_two_loads_draw_the_same_numbers(box):
    """After the fork random, numpy and torch are seeded, and the order of sets is fixed."""
    source = """
import random, numpy as np
a = [random.random(), np.random.rand()]
try:
    import torch
    a.append(torch.rand(1).item())
except ImportError:
    pass
def drawn(): return [a, [random.random(), np.random.rand()], list({"a", "b", "c", "d", "e"}), hash("x")]
"""
    seen = []
    for seed in (3, 3, 4):
        with submitted(box, source, seed=seed) as student:
            seen.append(student.call("drawn", (), {}).value)
    assert seen[0] == seen[1]
    assert seen[0][0] != seen[2][0]
    assert all(x != y for x, y in zip(seen[0][0], seen[2][0], strict=True))


def test_data_of_the_unit_is_in_reach(boxes, box, tmp_path):
    """`data/...` opens as in the released notebook, and cannot be changed where there is a wall."""
    (tmp_path / "points.csv").write_text("x,y\n0,1\n")
    source = (
        "def read(): return open('data/points.csv').read()\ndef spoil(): open('data/points.csv', 'w').write('gone')"
    )
    for _ in range(2):
        with submitted(boxes.get(box.title, data=tmp_path), source) as student:
            assert student.call("read", (), {}).value == "x,y\n0,1\n"
            if box.name != "process":
                with pytest.raises(StudentFault):
                    student.call("spoil", (), {})
    assert (tmp_path / "points.csv").read_text() == "x,y\n0,1\n"


# The box itself


def test_nothing_runs_between_submissions(wall):
    """After a submission with a family of processes only the zygote and a jail that it has made since are left."""
    source = (
        "import os, time\nfor _ in range(8):\n    if os.fork() == 0:\n        os.setsid()\n        time.sleep(1000)\n"
    )
    with submitted(wall, FINE):  # from now on a jail waits
        pass
    wall.check()
    before = descendants(zygote_parent(wall))
    with submitted(wall, source, FINE) as student:
        assert student.call("f", (1,), {}).value == 2
        family = descendants(zygote_parent(wall))
        assert len(family) > len(before) + 5
    wall.check()
    after = descendants(zygote_parent(wall))
    assert len(after) == len(before)
    assert len(after & family) == len(before) - 1


def test_the_zygote_shares_no_writable_memory_with_submissions(wall):
    """A shared mapping would be a way from one submission to the next, and into the zygote."""
    shared = []
    for pid, _ in {(zygote_parent(wall), ""), *descendants(zygote_parent(wall))}:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
                if line.split()[1].startswith("rw-s"):
                    shared.append(line)
    assert shared == []


def test_the_device_nodes_cannot_be_marked(wall):
    """Not even a time stamp of /dev can be set: it would be the host's, or a note for the next submission."""
    before = {p: p.stat().st_mtime_ns for p in map(Path, ("/dev/null", "/dev/zero", "/dev/urandom"))}
    source = """
import contextlib, os
def mark():
    before = [os.lstat("/dev/" + name).st_mtime_ns for name in NODES]
    for name in NODES:
        with contextlib.suppress(OSError): os.utime("/dev/" + name)
        with contextlib.suppress(OSError): os.utime("/dev/" + name, (12345, 12345))
        with contextlib.suppress(OSError): os.setxattr("/dev/" + name, "user.note", b"1")
    return [n for n, t in zip(NODES, before) if os.lstat("/dev/" + n).st_mtime_ns != t or os.listxattr("/dev/" + n)]
NODES = ["null", "zero", "full", "random", "urandom", "tty"]
"""
    with submitted(wall, source) as student:
        assert student.call("mark", (), {}).value == []
    assert {p: p.stat().st_mtime_ns for p in before} == before


LEFT_BEHIND = """
import contextlib, os, socket
def leave():
    left = set()
    for top in ("/tmp", "/dev/shm"):
        os.chdir(top)
        for depth in range(1500):  # deeper than any path may be long
            os.mkdir("d"); os.chdir("d")
        os.chdir(top)
        os.mkdir("closed"); open("closed/file", "w").write("1"); os.chmod("closed", 0)
        os.symlink("/usr", "link")
        os.mkdir("full")
        for n in range(500): open(f"full/{n}", "w")
        s = socket.socket(socket.AF_UNIX); s.bind("socket")
        with contextlib.suppress(OSError): os.setxattr(top, "user.note", b"1")
        left |= set(os.listdir(top))
        with contextlib.suppress(OSError): os.chmod(top, 0)
    return sorted(left)
def find():
    return [os.path.join(top, name) for top in ("/tmp", "/dev/shm") for name in os.listdir(top) if name != "work"] + [
        name for top in ("/tmp", "/dev/shm") for name in os.listxattr(top) if name.startswith("user.")]
"""


def test_nothing_that_is_hard_to_remove_is_left(wall):
    """Chains of folders without end, closed folders, attributes, sockets: the next submission finds clean folders."""
    with submitted(wall, LEFT_BEHIND) as student:
        assert {"closed", "d", "full", "link", "socket"} <= set(student.call("leave", (), {}).value)
    with submitted(wall, LEFT_BEHIND) as student:
        assert student.call("find", (), {}).value == []


MANY = """
import os, time
import numpy as np
def fill(children, mb):
    for _ in range(children):
        if os.fork() == 0:
            kept = np.ones(mb << 17)
            time.sleep(100)
    time.sleep(100)
"""


@pytest.mark.parametrize("jail", KINDS)
def test_without_a_cgroup_a_family_cannot_take_more_than_one_process_may(jail, boxes, monkeypatch):
    """Ten children of 100 MB: none passes its own limit, together they do, and the zygote counts them."""
    monkeypatch.setattr(cgroup, "create", lambda *caps: None)
    limits = replace(LIMITS, call_s=3.0)
    with make(boxes.choice(f"bubblewrap/{jail}"), SMALL) as box, submitted(box, MANY, FINE, limits=limits) as student:
        for size, kind in ((100, "out of memory"), (5, "timed out")):
            with pytest.raises(StudentFault) as caught:
                student.call("fill", (10, size), {})
            assert caught.value.kind == kind
            assert student.call("f", (1,), {}).value == 2


CHILDREN = """
import os, time
def children(count):
    for _ in range(count):
        if os.fork() == 0:
            time.sleep(100)
    return count
"""


def test_without_a_cgroup_a_neighbours_processes_are_not_counted_as_ours(boxes, monkeypatch):
    """Two boxes of one grader, no cgroup, a jail without a user namespace: one forks all it may, the other still can."""
    monkeypatch.setattr(cgroup, "create", lambda *caps: None)
    limits = replace(LIMITS, processes=40)
    settings = replace(SMALL, limits=limits)
    first, second = (make(boxes.choice("bubblewrap/landlock"), settings) for _ in range(2))
    with (
        first,
        second,
        submitted(first, CHILDREN, limits=limits) as one,
        submitted(second, CHILDREN, limits=limits) as two,
    ):
        assert one.call("children", (30,), {}).value == 30
        assert two.call("children", (30,), {}).value == 30
        with pytest.raises(StudentFault):
            two.call("children", (30,), {})


SEEK_SCIPY = """
import os, sys, importlib.util
from scipy.special import softmax
import torch.nn as nn
class Net(nn.Module):
    def __init__(self): super().__init__()
def found():
    files = [f for p in sys.path for name in ("scipy", "torch") for _, _, fs in os.walk(os.path.join(p, name)) for f in fs]
    sys.meta_path[:] = [f for f in sys.meta_path if type(f).__module__ != "guest.absent"]
    for name in [n for n in sys.modules if n.split(".")[0] == "scipy"]: del sys.modules[name]
    try:
        import scipy.special
        files.append("imported")
    except ImportError:
        pass
    return files
def works(): return [Net() is not None, softmax([1.0]) is None]
"""


@pytest.mark.parametrize("name", [*WALLS, *RENEWED])
def test_an_absent_library_is_not_there(name, boxes):
    """What every exercise of a unit forbids imports as a dummy; the real thing cannot be found by taking that away."""
    box = boxes.get(name, absent=("jax", "scipy", "torch"))
    with submitted(box, SEEK_SCIPY, FINE) as student:
        student.load()
        assert student.faults == ()
        assert student.call("works", (), {}).value == [True, False]
        assert student.call("found", (), {}).value == []
        assert student.call("f", (1,), {}).value == 2
    assert "scipy is not there when this unit is graded" in student.output


def test_no_socket_pair_of_another_family(wall):
    """The kernel would load that family's module: a call that is refused before it asks says EAFNOSUPPORT."""
    source = (
        "import socket\ndef pair(family):\n    try: socket.socketpair(family)\n    except OSError as e: return e.errno"
    )
    with submitted(wall, source) as student:
        assert {student.call("pair", (family,), {}).value for family in (2, 10, 16, 30, 40)} == {97}


def test_packages_of_the_hosts_python_are_hidden(boxes):
    """The interpreter that the box's environment was made from may hold the grader itself."""
    source = "import os\ndef seen(path): return os.listdir(path) if os.path.isdir(path) else []"
    base = Path(os.path.realpath(boxes.choice("bubblewrap").environment / "bin/python")).parents[1]
    with submitted(boxes.get("bubblewrap"), source) as student:
        for path in base.glob("lib*/python*/*-packages"):
            assert student.call("seen", (str(path),), {}).value == []


def test_the_folder_of_a_box_is_its_owners_alone(box):
    """No other user of this host can enter it, so none can be first at the control socket."""
    assert box._folder is not None
    assert box._folder.stat().st_mode & 0o077 == 0


def test_a_box_outlives_the_thread_that_started_it(boxes):
    """A server starts boxes in threads; the end of the thread is not the end of the box."""
    box = make(boxes.choice("bubblewrap"), SMALL)
    thread = threading.Thread(target=box.start)
    thread.start()
    thread.join()
    try:
        time.sleep(0.3)
        with submitted(box, FINE) as student:
            assert student.call("f", (1,), {}).value == 2
    finally:
        box.close()


GRADER = """
import sys, time
from pathlib import Path
from boxes import LIMITS, Boxes, submitted
from autograder.sandbox.box import Settings
from autograder.sandbox.choose import make
box = make(Boxes(Path(sys.argv[2])).choice(sys.argv[1]), Settings(LIMITS, preload=("numpy", "IPython")))
with box, submitted(box, "def f():\\n    import os; os.fork(); os.fork()\\n    while True: pass") as student:
    student.load()
    print(box._folder, flush=True)
    student.call("f", (), {})
"""


@pytest.mark.parametrize("name", EVERY)
def test_a_grader_killed_with_9_leaves_nothing(name, boxes):
    """Container, processes and submission are gone within seconds; group and folder go when the next box starts."""
    boxes.choice(name)
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    words = [sys.executable, "-c", GRADER, name, str(boxes.state)]
    grader = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=env, cwd=Path(__file__).parents[2])
    try:
        assert grader.stdout is not None
        folder = Path(grader.stdout.readline().strip())
        time.sleep(0.5)  # it is in its endless call now
        family = descendants(grader.pid) | containers_of(boxes, name, grader.pid)
        assert len(family) >= 4
        assert folder.is_dir()
        os.kill(grader.pid, signal.SIGKILL)
        grader.wait()
        assert gone(family, seconds=8), [Path(f"/proc/{p}/cmdline").read_bytes() for p, s in family if started(p) == s]
        assert gone(containers_of(boxes, name, grader.pid), seconds=4)
    finally:
        grader.kill()
        grader.wait()
    with make(boxes.choice(name), SMALL):
        assert not folder.exists()
        assert not list(Path("/sys/fs/cgroup").rglob(f"autograder-{grader.pid}-*"))


def containers_of(boxes: Boxes, name: str, pid: int) -> set[tuple[int, str]]:
    """Processes of the containers that this grader started."""
    if not name.startswith("docker"):
        return set()
    found: set[tuple[int, str]] = set()
    for container in image.engine(boxes.state).containers.list(filters={"label": LABEL}):
        top = int(container.attrs["State"]["Pid"])
        if container.labels[LABEL].startswith(f"{pid}-") and top:
            found |= {(top, started(top)), *descendants(top)}
    return found
