"""The proxy: calls a student's functions inside a box, and turns whatever happens there into an answer or a fault.

What comes back is a claim.  A value is rebuilt by wire.decode or refused; of a fault only a kind from a short list, a
known exception type and a line number of the student's own code are believed to be worth showing.  After a crash, a
time-out or an out-of-memory kill the zygote forks again and the notebook is loaded again, within the submission's own
budget of wall time: the process that has seen hidden inputs is dead.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import select
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import JudgeError, StudentFault
from ..guest import wire
from ..guest.load import KNOWN
from ..records import Cell, Handle, Limits, Reply
from .box import Box, Load, drained
from .recording import Recording, to_reply

#: How much longer than its limit a call may take by the wall clock while it gets no processor (or sleeps).
PATIENCE = 3.0
#: Seconds between two signs of life of whoever waits for a box.
TICK_S = 1.0
_LOAD_BITS = 32  # a handle's number holds the load that it belongs to
#: Characters of an exception's own message that are kept.
MESSAGE = 500
_NOTHING: dict[str, list[Any]] = {"l": []}  #: an empty list, as it crosses


@dataclass(frozen=True)
class LoadFault:
    """A cell that failed while the notebook was loaded.  The message is the box's own string: cap and escape it."""

    cell: int
    type: str
    line: int | None
    message: str


class Deadline:
    """Seconds of work, not of waiting: a call that got no processor is given up to PATIENCE times its limit."""

    def __init__(self, seconds: float, budget: float, box: Box, load: Load, pulse: Callable[[], None]) -> None:
        self._seconds = min(seconds, max(budget, 0.0))
        self._box, self._load, self._pulse = box, load, pulse
        self._began = time.monotonic()
        self._half: float | None = None

    def left(self) -> float:
        """Seconds until it is worth asking again; 0 or less when the time is over."""
        self._pulse()
        return min(self._left(), TICK_S)

    def _left(self) -> float:
        spent = time.monotonic() - self._began
        if spent < self._seconds / 2:
            return self._seconds / 2 - spent
        if self._half is None:
            self._half = self._box.cpu(self._load)
        if spent < self._seconds:
            return self._seconds - spent
        worked = self._box.cpu(self._load) - self._half
        if worked < 0.4 * self._seconds and spent < PATIENCE * self._seconds:
            return min(0.25, PATIENCE * self._seconds - spent)
        return 0.0


class BoxedStudent:
    """One submission, loaded in a box.  Answers `call`; see records.Student."""

    def __init__(
        self,
        box: Box,
        cells: Sequence[Cell],
        limits: Limits,
        seed: int,
        forbid: Mapping[str, tuple[str, ...]] | None = None,
        pulse: Callable[[], None] = lambda: None,
    ) -> None:
        """pulse: called at least every TICK_S while the box is waited for."""
        self._pulse = pulse
        self.box, self.cells, self.limits, self.seed = box, tuple(cells), limits, seed
        self.forbid = dict(forbid or {})
        self.output = ""
        self.faults: tuple[LoadFault, ...] = ()
        self.used: dict[str, str] = {}  # function -> the forbidden name that its tripwire saw
        self.recording = Recording()
        self.loads = 0
        self._load: Load | None = None
        self._began = time.monotonic()
        self._unloadable: StudentFault | None = None

    # Loading

    def try_load(self) -> None:
        """Load now, so that nothing hidden has been seen when it ends; a fault will be met again by each call."""
        with contextlib.suppress(StudentFault):
            self.load()

    def load(self) -> None:
        """Fork a jail and run the cells.  StudentFault if that cannot be done within the limits."""
        if self._unloadable is not None:
            raise self._unloadable
        load = self._load = self.box.load()
        self.loads += 1
        message = {"op": "load", "seed": self.seed, "first_handle": self.loads << _LOAD_BITS}
        forbidden = {name: list(prefixes) for name, prefixes in self.forbid.items()}
        frame = wire.encode(message, {"cells": [c.source for c in self.cells], "forbidden": forbidden})
        said = bytearray()
        try:
            header, body = self._exchange(frame, self.limits.load_s, "run your notebook's cells", said)
            faults = _load_faults(header, body, len(self.cells))
            if self.loads == 1:
                self.faults = faults  # a later load may know what the calls before it have seen
        except wire.WireError:
            self._unloadable = self._ended(StudentFault("crashed", "Your notebook broke off while its cells were run."))
            raise self._unloadable from None
        except StudentFault as fault:
            self._unloadable = fault
            raise
        finally:
            if load.capture >= 0:
                said += drained(load.capture, self._output_room(said))
                load.close_capture()  # nothing that is printed from here on is anybody's
            if self.loads == 1:
                self.output = said.replace(b"\0", b"?").decode("utf-8", "replace")

    def _output_room(self, said: bytearray) -> int:
        return max(0, (self.limits.output_kb << 10) - len(said))

    def _budget(self) -> float:
        return self.limits.total_s - (time.monotonic() - self._began)

    # Calling

    def call(
        self,
        name: str,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        *,
        on: Handle | None = None,
        keep: bool = False,
    ) -> Reply:
        """One call into the box; the answer or the fault is recorded."""
        try:
            header, body = self._call(name, args, kwargs, on, keep)
            reply = to_reply(header, body)
        except wire.WireError:
            fault = self._ended(StudentFault("crashed", f"`{name}` gave an answer that is not plain data."))
            self.recording.fault(name, fault)
            raise fault from None
        except StudentFault as fault:
            self.recording.fault(name, fault)
            raise
        self.recording.answer(name, header, body)
        return reply

    def _call(
        self, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], on: Handle | None, keep: bool
    ) -> tuple[dict[str, Any], bytes]:
        if self._load is None:
            self.load()
        nonce = secrets.token_hex(8)
        on_number = self._number(on) if on is not None else None
        header = {"op": "call", "nonce": nonce, "name": name, "on": on_number, "keep": keep}
        try:
            frame = wire.encode(header, {"args": list(args), "kwargs": dict(kwargs)}, self._number, wire.ROOM)
        except wire.Uncrossable as e:
            raise JudgeError(f"an argument of `{name}` cannot enter a box: {e}") from e
        answer, body = self._exchange(frame, self.limits.call_s, f"`{name}`")
        if answer.get("op") != "answer" or answer.get("nonce") != nonce:
            raise wire.WireError("not the answer to this call")
        self._note_used(name, answer)
        if _values(answer).get("fault") is not None:
            told = wire.decode(answer, body)["fault"]
            raise self._not_defined(name, told) or _fault(name, told, len(self.cells))
        return answer, body

    def _not_defined(self, name: str, told: Any) -> StudentFault | None:
        """A function that is missing because its cell failed: that failure says more than its absence."""
        if not isinstance(told, dict) or told.get("kind") != "missing" or told.get("line") is not None:
            return None
        for fault in self.faults:
            if re.search(rf"\bdef\s+{re.escape(name)}\s*\(", self.cells[fault.cell].source):
                return StudentFault(
                    "crashed", f"The cell of `{name}` did not run: {fault.type}.", fault.cell, fault.line
                )
        return None

    def _number(self, value: Any) -> int:
        """The number of a handle whose object is still there."""
        if not isinstance(value, Handle):
            raise wire.Uncrossable(f"an object of type {type(value).__name__}")
        if value.number >> _LOAD_BITS != self.loads:
            raise StudentFault("crashed", "An object of yours was lost when your code was stopped.")
        return value.number

    def _note_used(self, name: str, answer: Mapping[str, Any]) -> None:
        used = _values(answer).get("used")
        if used == _NOTHING:  # as nearly always
            return
        used = wire.decode({"values": {"used": used}}, b"")["used"]
        prefixes = self.forbid.get(name, ())
        if isinstance(used, list):
            for index in used:
                if isinstance(index, int) and 0 <= index < len(prefixes):
                    self.used.setdefault(name, prefixes[index])

    def _exchange(
        self, frame: bytes, seconds: float, what: str, said: bytearray | None = None
    ) -> tuple[dict[str, Any], bytes]:
        """Send one frame and wait for the answer, reading what is printed meanwhile if `said` is given."""
        load = self._load
        assert load is not None
        deadline = Deadline(seconds, self._budget(), self.box, load, self._pulse)
        try:
            if said is not None:
                _send_while_reading(load, frame, deadline, said, self._output_room)
            else:
                wire.send(load.channel, frame, deadline.left)
            return wire.receive(load.channel, self.limits.answer_mb << 20, deadline.left)
        except wire.Late:
            over = self._budget() <= 0
            limit = f"{self.limits.total_s:g} s for the whole submission" if over else f"{seconds:g} s"
            raise self._ended(StudentFault("timed out", f"It took more than {limit} to {_verb(what)}.")) from None
        except wire.Closed:
            raise self._ended(StudentFault("crashed", f"Your code ended the whole process ({what}).")) from None

    def _ended(self, fault: StudentFault) -> StudentFault:
        """Kill the load; an out-of-memory kill that the kernel counted explains the end better than the end itself."""
        if self._load is not None:
            load, self._load = self._load, None
            if self.box.end(load).out_of_memory:
                return StudentFault("out of memory", f"Your code used more than {self.limits.memory_mb} MiB of memory.")
        return fault

    def close(self) -> None:
        """End the submission's jail; the box goes on."""
        if self._load is not None:
            load, self._load = self._load, None
            self.box.let_go(load)


def _verb(what: str) -> str:
    return what if what.startswith("run ") else f"answer {what}"


def _values(header: Mapping[str, Any]) -> dict[str, Any]:
    values = header.get("values")
    if not isinstance(values, dict):
        raise wire.WireError("the frame has no values")
    return values


def _send_while_reading(load: Load, frame: bytes, deadline: Deadline, said: bytearray, room: Any) -> None:
    """Send the notebook, then wait for the first byte of the answer, emptying the pipe of what is printed.

    A submission that floods its output would otherwise fill the pipe and wait for us for ever.
    """
    wire.send(load.channel, frame, deadline.left)
    poll = select.poll()
    poll.register(load.channel, select.POLLIN)
    poll.register(load.capture, select.POLLIN)
    while (seconds := deadline.left()) > 0:
        ready = {fd for fd, _ in poll.poll(max(1, int(seconds * 1000)))}
        if load.capture in ready:
            # One read at a time, and what is over the cap is read too: a flood may hold up neither the clock nor the student.
            chunk = os.read(load.capture, 65536)
            said += chunk[: room(said)]
            if not chunk:
                poll.unregister(load.capture)  # closed at the far end
        if load.channel.fileno() in ready:
            return
    raise wire.Late


def _load_faults(header: dict[str, Any], body: bytes, cells: int) -> tuple[LoadFault, ...]:
    """The faults of a load as checked plain data."""
    faults = wire.decode(header, body).get("faults")
    if header.get("op") != "loaded" or not isinstance(faults, list) or len(faults) > cells:
        raise wire.WireError("not the report of a load")
    checked = []
    for fault in faults:
        if not isinstance(fault, dict) or not isinstance(fault.get("cell"), int) or not 0 <= fault["cell"] < cells:
            raise wire.WireError("a fault without a place")
        message = fault.get("message")
        text = message.replace("\0", "?") if isinstance(message, str) else ""  # no database takes a NUL in a text
        checked.append(
            LoadFault(int(fault["cell"]), _known(fault.get("type")), _line(fault.get("line")), text[:MESSAGE])
        )
    return tuple(checked)


def _known(name: Any) -> str:
    return name if isinstance(name, str) and name in KNOWN else "an exception of its own"


def _line(line: Any) -> int | None:
    return line if isinstance(line, int) and not isinstance(line, bool) and 0 < line < 1_000_000 else None


def _fault(name: str, fault: Any, cells: int) -> StudentFault:
    """A fault that the box reports, in our own words."""
    if not isinstance(fault, dict) or not isinstance(fault.get("kind"), str):
        raise wire.WireError("a fault that is none")
    cell = fault.get("cell")
    known = isinstance(cell, int) and not isinstance(cell, bool) and 0 <= cell < cells
    place = (cell if known else None, _line(fault.get("line")))
    kinds = {
        "missing": ("missing", f"`{name}` is not there, or still raises NotImplementedError."),
        "not callable": ("failed", f"`{name}` is there, but it is not a function."),
        "cannot cross": ("failed", f"`{name}` returned something too large or too deeply nested to be judged."),
        "out of memory": ("out of memory", f"`{name}` ran out of memory."),
        "out of GPU memory": ("out of GPU memory", f"`{name}` ran out of memory on the card."),
    }
    if fault.get("kind") in kinds:
        return StudentFault(*kinds[fault["kind"]], *place)
    kind = fault.get("type")
    error = kind if isinstance(kind, str) and kind in KNOWN else ""
    return StudentFault("crashed", f"`{name}` raised {_known(kind)}.", *place, error)
