"""A process that only reads submissions: what each one cost it, and what it did that intake must not do.

    python intake_worker.py COURSE UNIT     frames on stdin and stdout: 4 bytes of length, then the frame

For two frames (a name as JSON, a file's bytes) one frame of JSON comes back: what `intake.read` and `intake.unsolved`
made of them, the CPU seconds, the peak of the whole process so far in MB, and every forbidden event that the
interpreter's audit hooks saw.
"""

from __future__ import annotations

import json
import resource
import struct
import sys
import time
import unicodedata  # noqa: F401 - the parser imports it at the first identifier that is not ASCII
from pathlib import Path
from typing import Any, BinaryIO

from yards import DEAR, yard

from autograder import intake
from autograder.errors import SubmissionError
from autograder.notebook import Unit, load_unit

LENGTH = struct.Struct("!I")
#: Twice the promise: a run-away ends here and not in the machine's swap.
ADDRESS_SPACE = 512 << 20
#: Reading may compile (never run) code and touch what is in memory; anything of these is a fault.
_FORBIDDEN = ("open", "exec", "import", "os.", "shutil.", "subprocess.", "socket.", "tempfile.", "pickle.", "marshal.")
#: The parser looks for the text of a syntax error in a file without a name, which no file system has.
_HARMLESS = ("open", "")


class Watch:
    """Notes the forbidden events while `on`. An audit hook cannot be taken out again, so it lives in this process."""

    def __init__(self) -> None:
        self.on = False
        self.seen: list[str] = []
        sys.addaudithook(self._note)

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.on and event.startswith(_FORBIDDEN) and (event, *arguments[:1]) != _HARMLESS:
            self.seen.append(f"{event}{arguments!r:.200}")


def main() -> None:
    unit = load_unit(Path(sys.argv[1]), sys.argv[2])
    watch = Watch()
    for encoding in ("utf-16", "utf-8-sig", "cp437"):  # a codec is imported when it is first used
        "xx".encode(encoding).decode(encoding)
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    while (name := receive(sys.stdin.buffer)) is not None:
        data = receive(sys.stdin.buffer)
        assert data is not None
        send(sys.stdout.buffer, json.dumps(outcome(data, json.loads(name), unit, watch)).encode())


def outcome(data: bytes, filename: str, unit: Unit, watch: Watch) -> dict[str, Any]:
    watch.on, start = True, time.process_time()
    result = read(data, filename, unit)
    cpu, watch.on = time.process_time() - start, False
    peak = peak_mb()
    forbidden, watch.seen = watch.seen, []
    return result | {"cpu": cpu, "yard": yard() if cpu > DEAR else 0, "peak_mb": peak, "forbidden": forbidden}


def peak_mb() -> float:
    """Of this process alone: getrusage's ru_maxrss begins with what the parent had when it forked."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def read(data: bytes, filename: str, unit: Unit) -> dict[str, Any]:
    try:
        found = intake.read(data, filename, unit)
        missing = intake.unsolved(found, unit)
    except SubmissionError as error:
        return {"refused": str(error)}
    except BaseException as error:  # whatever else comes out is the fault that is looked for
        return {"fault": f"{type(error).__name__}: {error}"}
    return {
        "cells": [(cell.id, brief(cell.source), cell.exercise) for cell in found.cells],
        "characters": sum(len(cell.source) for cell in found.cells),
        "manual": {id: brief(text) for id, text in found.manual.items()},
        "answered": sum(len(text) for text in found.manual.values()),
        "notes": found.notes,
        "missing": missing,
    }


def brief(text: str) -> str:
    """A long text by its ends: what this process itself makes of megabytes must not count as intake's."""
    return text if len(text) <= 10_000 else f"{text[:4000]}[{len(text)}]{text[-4000:]}"


def send(stream: BinaryIO, frame: bytes) -> None:
    stream.write(LENGTH.pack(len(frame)) + frame)
    stream.flush()


def receive(stream: BinaryIO) -> bytes | None:
    head = stream.read(LENGTH.size)
    return stream.read(LENGTH.unpack(head)[0]) if head else None


if __name__ == "__main__":
    main()
