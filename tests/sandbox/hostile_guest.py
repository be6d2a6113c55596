"""A guest that plays by no rule, at the far end of a real `Box`; and, for comparison, an honest one.

`Played` is a box whose zygote is a thread of the test: it answers the control channel as guest/serve.py does and gives
each load's channel to a *guest*, a function that the test wrote.  So a thousand hostile guests cost a second or two, and
what they talk to (Box, BoxedStudent, wire, Recording) is the real thing.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograder.errors import StudentFault
from autograder.guest import wire
from autograder.records import Cell, Limits, Reply
from autograder.sandbox.box import Box, Settings, ZygoteBox
from autograder.sandbox.recording import RecordedStudent
from autograder.sandbox.student import BoxedStudent


@dataclass
class Line:
    """The guest's ends: its channel, and the pipe that it prints to."""

    channel: socket.socket
    capture: int

    def question(self, leave: bool = False) -> dict[str, Any]:
        """The next question's header.  `leave` it unread, and hanging up is a reset instead of an end."""
        size = wire.LENGTHS.size
        raw = self._read(size, leave)
        header, body = wire.LENGTHS.unpack(raw)
        rest = self._read(size + header + body, True) if leave else raw + self._read(header + body, False)
        return wire.parse(rest[size : size + header])

    def _read(self, n: int, leave: bool) -> bytes:
        """Exactly n bytes.  A peek does not wait for all of them, so it is asked again."""
        flags = socket.MSG_PEEK if leave else socket.MSG_WAITALL
        while len(raw := self.channel.recv(n, flags)) < n:
            if not leave or not raw:
                raise ConnectionError("the other side hung up")
        return raw

    def say(self, raw: bytes) -> None:
        self.channel.sendall(raw)

    def print(self, raw: bytes) -> None:
        """To the pipe of what is printed; once the load has been answered, nobody reads it."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self.capture, raw)

    def die(self, how: str) -> None:
        """`close` (a `reset` where a question lies unread), `half` (it can say no more, but stays) or `stay` (it could)."""
        if how == "half":
            self.channel.shutdown(socket.SHUT_WR)
        if how in ("half", "stay"):
            self.linger()

    def linger(self) -> None:
        """Stay, say nothing, read nothing that matters; until the load is ended."""
        while self.channel.recv(1 << 16):
            continue


Guest = Callable[[Line], None]


class Played(ZygoteBox):
    """Loads are played by `guests`, first come first served, and then by the honest one."""

    name = "played"
    claims = frozenset()

    def __init__(self, limits: Limits) -> None:
        super().__init__(Settings(limits))
        self.guests: list[Guest] = []
        self.running: dict[int, threading.Thread] = {}
        self._zygote: threading.Thread | None = None

    def _launch(self, folder: Path) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._zygote = threading.Thread(target=self._answer, args=(theirs,), daemon=True)
        self._zygote.start()
        return ours

    def _stop(self) -> None:
        if self._zygote is not None:
            self._zygote.join(30)

    def _answer(self, control: socket.socket) -> None:
        with control, contextlib.suppress(ConnectionError):  # closed with an answer that nobody has read
            while True:
                text, fds, _, _ = socket.recv_fds(control, 1 << 16, 2)
                if not text:
                    return
                message = json.loads(text)
                control.send(json.dumps(self._answer_to(message, fds)).encode())

    def _answer_to(self, message: dict[str, Any], fds: list[int]) -> dict[str, Any]:
        if message["op"] == "start":
            return {"op": "ready", "seconds": 0.0, "resident_mb": 0, "missing": []}
        if message["op"] == "load":
            player = threading.Thread(target=self._play, args=fds, daemon=True)
            self.running[message["id"]] = player
            player.start()
            return {"op": "forked", "id": message["id"], "pid": 0}
        if message["op"] == "end":
            player = self.running.pop(message["id"])
            player.join(30)  # its channel is closed at our end, so all that it can do is to stop
            op = "failed" if player.is_alive() else "ended"
            return {"op": op, "why": "a guest that would not go", "status": 0, "cpu": 0.0, "oom": 0}
        return {"op": "cpu", "seconds": time.monotonic()}  # it was at work all the time: no patience with it

    def _play(self, channel: int, capture: int) -> None:
        with socket.socket(fileno=channel) as sock:
            try:
                # Who plays is known when it is spoken to: a jail that waits is nobody's yet.
                if sock.recv(1, socket.MSG_PEEK):
                    guest = self.guests.pop(0) if self.guests else honest
                    with contextlib.suppress(OSError):  # it was ended
                        guest(Line(sock, capture))
            finally:
                os.close(capture)


# The honest guest

X = np.array([[1.5, -0.0], [np.nan, 3.0]])
#: What the test calls, in this order, and what an honest guest answers.
CALLS: dict[str, dict[str, Any]] = {
    "arrays": {
        "value": {"y": 2 * X, "mask": np.array([True, False]), "n": (1, 2.5, "é"), "z": np.float32(0.5)},
        "used": [0],
    },
    "fails": {"fault": {"kind": "crashed", "type": "ValueError", "cell": 1, "line": 7}, "used": []},
    "keeps": {"value": [1 + 2j, b"raw", None], "used": [], "arguments": (X,)},
}
CELLS = [Cell("given", "import numpy as np"), Cell("mine", "def fails(x): ...")]
LOADED = {"faults": [{"cell": 0, "type": "NameError", "line": 1, "message": "name 'x' is not defined"}]}


def answer(question: dict[str, Any]) -> bytes:
    """The honest answer, as a frame."""
    if question["op"] == "load":
        return wire.encode({"op": "loaded"}, LOADED)
    return wire.encode({"op": "answer", "nonce": question["nonce"]}, CALLS[question["name"]])


def honest(line: Line) -> None:
    while True:
        line.say(answer(line.question()))


# What the trusted side makes of it

#: A reply, or the words of a fault.
Outcome = Reply | tuple[str, str, int | None, int | None]


def asked(student: BoxedStudent | RecordedStudent) -> list[Outcome]:
    """All calls, in order."""
    return [_outcome(student, name) for name in CALLS]


def _outcome(student: BoxedStudent | RecordedStudent, name: str) -> Outcome:
    try:
        return student.call(name, (X,), {}, keep=name == "keeps")
    except StudentFault as fault:
        return fault.kind, fault.sentence, fault.cell, fault.line


def graded(box: Box, limits: Limits) -> tuple[BoxedStudent, list[Outcome]]:
    """One submission from load to end, as the pipeline does it."""
    student = BoxedStudent(box, CELLS, limits, seed=1, forbid={"arrays": ("scipy",)})
    try:
        student.try_load()
        return student, asked(student)
    finally:
        student.close()
