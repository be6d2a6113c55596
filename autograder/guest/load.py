"""Runs a notebook's cells and answers calls.  Inside a jail only; everything said here is a claim of the student's process.

A cell that is plain Python is compiled and run as IPython would, without its detours (1 ms a cell); any other goes
through IPython's own transformer and shell, so magics work.  One failing cell does not stop the next, and `input()`
fails at once; no kernel, no display.  Frames that come in (wire.py): load, then call, call, call ...
"""

from __future__ import annotations

import builtins
import importlib.util
import linecache
import os
import random
import signal
import socket
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np

from . import absent, wire

#: Names of exceptions that may be told to the student; any other is "an exception of its own".
KNOWN = frozenset(n for n, v in vars(builtins).items() if isinstance(v, type) and issubclass(v, BaseException))
#: What exercises usually forbid; looked for once, before anybody is forked.
LIBRARIES = ("torch", "scipy", "sklearn", "pandas", "sympy", "jax", "tensorflow", "skimage", "cv2", "PIL")
#: Calls of each function that are watched for forbidden names (watching costs time; the first calls show it).
WATCHED_CALLS = 2
#: Calls, returns and the like that are watched in each of them: a training repeats itself, and a hook on all of it takes
#: half as long again as the training.
WATCHED_EVENTS = 100_000


def new_shell() -> Any:
    """An IPython shell without history, colours or tracebacks of its own.  Made and warmed in the zygote."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.autocall = 0
    shell = InteractiveShell.instance(config=config)
    shell.compile.get_code_name = lambda raw, transformed, number: f"cell-{shell.current_cell}"
    shell.current_cell = -1
    for name in ("showtraceback", "showsyntaxerror", "showindentationerror"):
        setattr(shell, name, lambda *a, **k: None)  # faults are reported as data, not as pages of text
    shell.system = shell.getoutput = _no_commands
    shell.enable_gui = lambda gui=None: None
    shell.register_magic_function(lambda line: None, magic_name="matplotlib")
    shell.register_magic_function(_no_commands, magic_name="pip")
    return shell


def _no_commands(command: str = "", *args: Any, **kwargs: Any) -> list[str]:
    print("(commands of the shell are not run when your notebook is graded)")
    return []


class Notebook:
    """The loaded submission: its names, the objects that it handed out, and what its calls may not use."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.handles: list[Any] = []
        self.first_handle = 0
        self.forbidden: dict[str, list[str]] = {}
        self.watched: dict[str, int] = {}

    # Loading

    def load(self, message: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
        """Run all cells; gives the faults, one for each cell that failed."""
        _seed(message["seed"])
        # Asked before the cells run: they could answer for themselves later.
        self.forbidden = {name: heads for name, heads in values["forbidden"].items() if any(map(_is_there, heads))}
        self.first_handle = message["first_handle"]
        main = types.ModuleType("__main__")
        main.__dict__.update(__builtins__=builtins, __name__="__main__")
        sys.modules["__main__"] = main
        self.shell.user_module, self.shell.user_ns = main, main.__dict__
        self.shell.init_user_ns()
        faults = []
        for index, source in enumerate(values["cells"]):
            fault = self._cell(index, source)
            if fault:
                faults.append(fault)
        return {"faults": faults}

    def _cell(self, index: int, source: str) -> dict[str, Any] | None:
        self.shell.current_cell = index
        try:
            error = self._run(index, source)
        except BaseException as e:
            error = e
        if error is None:
            return None
        told = _describe(error)
        if told["cell"] is None:
            told["cell"] = index  # it failed before a line ran: too deep for the parser, a NUL in the source
        return {**told, "message": _text(error)}

    def _run(self, index: int, source: str) -> BaseException | None:
        try:
            # The shell's compiler: a `from __future__` of one cell holds for the next, as in a notebook.
            code = self.shell.compile(source, f"cell-{index}", "exec")
        except (SyntaxError, ValueError):  # a magic, a command, `await`, or really wrong: IPython knows
            result = self.shell.run_cell(source, store_history=False, silent=True)
            error: BaseException | None = result.error_before_exec or result.error_in_exec
            return error
        lines = source.splitlines(keepends=True)
        linecache.cache[f"cell-{index}"] = (len(source), None, lines, f"cell-{index}")  # for inspect.getsource
        exec(code, self.shell.user_ns)
        return None

    # Calling

    def call(self, message: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
        """Call a function, or a method of an object that was handed out; gives its value or its fault."""
        name, args, kwargs = message["name"], values["args"], values["kwargs"]
        try:
            target = self._target(name, message["on"])
        except (KeyError, AttributeError, IndexError):
            return {"fault": {"kind": "missing"}}
        if not callable(target):
            return {"value": target} if not args and not kwargs else {"fault": {"kind": "not callable"}}
        used: list[int] = []
        try:
            with self._watch(name, used):
                value = target(*args, **kwargs)
        except BaseException as e:
            return {"fault": {"kind": _kind(e), **_describe(e)}, "used": used}
        reply = {"value": value, "used": used}
        if message["keep"]:
            reply["arguments"] = (*args, *kwargs.values())
        return reply

    def _target(self, name: str, on: int | None) -> Any:
        if on is not None:
            return getattr(self.held(on), name)
        return self.shell.user_ns[name]

    def hand_out(self, value: Any) -> int:
        """The number under which an object that is not plain data may be called later."""
        self.handles.append(value)
        return self.first_handle + len(self.handles) - 1

    def held(self, number: int) -> Any:
        """The object that was handed out under this number."""
        return self.handles[number - self.first_handle]

    @contextmanager
    def _watch(self, name: str, used: list[int]) -> Iterator[None]:
        """The tripwire: which of the forbidden prefixes code ran from while the function worked."""
        prefixes = self.forbidden.get(name, [])
        self.watched[name] = self.watched.get(name, 0) + 1
        if not prefixes or self.watched[name] > WATCHED_CALLS:
            yield
            return
        sys.setprofile(_tripwire(prefixes, used))
        try:
            yield
        finally:
            sys.setprofile(None)


def _tripwire(prefixes: list[str], used: list[int]) -> Callable[[Any, str, Any], None]:
    heads = [(i, name, name + ".") for i, prefix in enumerate(prefixes) for name in {prefix, _real_name(prefix)}]
    left, known = WATCHED_EVENTS, set()

    def see(frame: Any, event: str, argument: Any) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            sys.setprofile(None)
            return
        if event == "call":
            key: Any = frame.f_code
            if key in known:
                return
            caller = frame.f_back
            # Only what the student's own code called: numpy and torch use each other, and scipy, inside.
            if caller is None or not caller.f_code.co_filename.startswith("cell-"):
                return
            name = f"{frame.f_globals.get('__name__')}.{key.co_qualname}"
        elif event == "c_call" and frame.f_code.co_filename.startswith("cell-"):
            owner = type(getattr(argument, "__self__", None))
            key = (owner, getattr(argument, "__module__", None), getattr(argument, "__qualname__", ""))
            if key in known:
                return
            name = f"{key[1] or owner.__module__}.{key[2]}"
        else:
            return
        known.add(key)
        for i, exact, dotted in heads:
            if (name == exact or name.startswith(dotted)) and i not in used:
                used.append(i)

    return see


def _is_there(prefix: str) -> bool:
    """Whether the library is in this box: what every exercise forbids is not, and what is missing cannot be used."""
    return _library(prefix.partition(".")[0])


@cache  # a search through the folders costs a tenth of a millisecond; the zygote has done it for the usual names
def _library(name: str) -> bool:
    spec = importlib.util.find_spec(name)
    return spec is not None and not isinstance(spec.loader, absent.Finder)


def _real_name(dotted: str) -> str:
    """Where a name is defined: torch.nn.LSTM lives in torch.nn.modules.rnn."""
    module, _, rest = dotted, "", ""
    while module and module not in sys.modules:
        module, _, last = module.rpartition(".")
        rest = f"{last}.{rest}" if rest else last
    target: Any = sys.modules.get(module)
    for part in rest.split(".") if rest else []:
        target = getattr(target, part, None)
    qualname = getattr(target, "__qualname__", None)
    return f"{target.__module__}.{qualname}" if qualname else dotted


def _seed(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed % (1 << 32))
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(seed)


def share_card(memory_mb: int) -> None:
    """The submission's part of the card's memory, set after the last fork: CUDA does not live through one.

    PyTorch's own allocator keeps it; code that goes around PyTorch does not.
    """
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        total = torch.cuda.get_device_properties(0).total_memory
        torch.cuda.set_per_process_memory_fraction(min(1.0, (memory_mb << 20) / total), 0)


def _kind(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "out of memory"
    if isinstance(error, NotImplementedError):
        return "missing"
    if type(error).__name__ == "OutOfMemoryError" and type(error).__module__.startswith("torch"):
        return "out of GPU memory"
    return "crashed"


def _describe(error: BaseException) -> dict[str, Any]:
    """Type (if it is a known one), cell and line of the student's own code."""
    kind = type(error)
    known = next((t.__name__ for t in kind.__mro__ if t.__name__ in KNOWN and vars(builtins).get(t.__name__) is t), "")
    place = _place(error)
    return {"type": known, "cell": place[0], "line": place[1]}


def _place(error: BaseException) -> tuple[int | None, int | None]:
    if isinstance(error, SyntaxError) and str(error.filename).startswith("cell-"):
        return _cell_number(str(error.filename)), error.lineno
    place: tuple[int | None, int | None] = (None, None)
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if name.startswith("cell-"):
            place = (_cell_number(name), trace.tb_lineno)
        trace = trace.tb_next
    return place


def _cell_number(name: str) -> int | None:
    return int(name[5:]) if name[5:].isdigit() else None


def _text(error: BaseException) -> str:
    try:
        return str(error.msg if isinstance(error, SyntaxError) else error)[:500]
    except BaseException:
        return ""


# The loop of one submission


def serve(channel: socket.socket, shell: Any, workspace: str) -> None:
    """Answer frames until the other side is gone."""
    _enter(workspace)
    notebook = Notebook(shell)
    while True:
        answer(channel, notebook, _seal)


def answer(channel: socket.socket, notebook: Notebook, loaded: Callable[[], None] = lambda: None) -> None:
    """Receive one frame and answer it; `loaded` is called when the notebook has run, before anybody hears of it."""
    header, body = wire.receive(channel, 1 << 31, wire.for_ever, wire.ROOM)
    values = wire.decode(header, body, handle=notebook.held, tensor=_tensor, room=wire.ROOM)
    if header["op"] == "load":
        frame = wire.encode({"op": "loaded"}, notebook.load(header, values))
        loaded()
    else:
        frame = _answer(notebook, header, values)
    wire.send(channel, frame, wire.for_ever)


def _enter(workspace: str) -> None:
    """A private folder with the unit's data in reach, as in the released notebook."""
    os.makedirs(workspace, exist_ok=True)
    os.chdir(workspace)
    data = os.environ.get("GUEST_DATA")
    if data and not os.path.lexists("data"):
        os.symlink(data, "data")
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _answer(notebook: Notebook, header: dict[str, Any], values: dict[str, Any]) -> bytes:
    message = {"op": "answer", "nonce": header["nonce"]}
    try:
        return wire.encode(message, notebook.call(header, values), notebook.hand_out)
    except BaseException as e:
        kind = "cannot cross" if isinstance(e, wire.Uncrossable) else _kind(e)
        return wire.encode(message, {"fault": {"kind": kind, **_describe(e)}, "used": []})


def _seal() -> None:
    """What is printed from now on is nobody's: hidden inputs may be among it."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:
            continue
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)
    os.dup2(null, 2)
    os.close(null)


def _tensor(array: np.ndarray[Any, Any]) -> Any:
    import torch

    return torch.from_numpy(array)
