"""The bare limit: a fork of a warm process, six namespaces of its own, the notebook's cells by plain `exec`, the end.

No checks, no answers, no limits, no database: what any grader that gives each submission a process of its own has to pay.

    .venv/bin/python tests/speed/bare.py 2 60                seconds a submission: two processes, sixty submissions
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from works import Work

NAMESPACES = 0x10000000 | 0x20000 | 0x20000000 | 0x40000000 | 0x8000000 | 0x4000000  # user, mnt, pid, net, ipc, uts
PR_SET_CHILD_SUBREAPER = 36
WARM = ("import numpy as np\nx = np.eye(2) @ np.ones(2)", "1 / 0", "def f(:")  #: as a box does before its first fork


@dataclass
class Bare:
    """What was measured with so many processes at once."""

    workers: int
    seconds: list[float] = field(default_factory=list)  #: of each submission, from fork until its end
    starts: list[float] = field(default_factory=list)  #: from nothing until all are warm
    wall: float = 0.0  #: seconds by the clock, with all of them warm
    graded: int = 0

    @property
    def name(self) -> str:
        return f"bare fork, {self.workers} process{'es' if self.workers > 1 else ''}"

    def run(self, works: Sequence[Work]) -> None:
        """Each process has its share; the clock runs until the last has ended its last."""
        from autograder.sandbox.box import environment

        own = {**dict(environment()), "PYTHONPATH": ""}  # memory, threads and hashes as in a box
        began = time.perf_counter()
        processes = [_Process(self, number, own) for number in range(self.workers)]
        try:
            for number, process in enumerate(processes):
                process.say(json.dumps([work.notebook.decode() for work in works[number :: self.workers]]))
            for process in processes:
                process.hear()  # it is warm
            self.starts.append(time.perf_counter() - began)
            began = time.perf_counter()
            for process in processes:
                process.say("go")
            said = [process.hear() for process in processes]
            self.wall += time.perf_counter() - began
        finally:
            for process in processes:
                process.end()
        self.seconds += [each for line in said for each in json.loads(line)]
        self.graded += len(works)


class _Process:
    """One of them, and a line each way."""

    def __init__(self, side: Bare, number: int, environment: dict[str, str]) -> None:
        self.side = side
        words = [sys.executable, __file__, "--serve", str(number)]
        self.process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True, bufsize=1
        )

    def say(self, line: str) -> None:
        self.process.stdin.write(line + "\n")

    def hear(self) -> str:
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.side.name}: a process died. Are user namespaces allowed? autograder doctor tells.")
        return line

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


def serve(number: int) -> None:
    """One process: get warm, wait for the word, take its share one after the other."""
    import IPython  # noqa: F401
    import numpy  # noqa: F401

    cpus = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cpus[number % len(cpus)]})  # as our workers do
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    notebooks = json.loads(sys.stdin.readline())
    cells(WARM)
    gc.collect()
    gc.freeze()
    one(libc, json.dumps({"cells": []}))
    print("warm", flush=True)
    sys.stdin.readline()
    seconds = []
    for notebook in notebooks:
        began = time.perf_counter()
        one(libc, notebook)
        seconds.append(time.perf_counter() - began)
    print(json.dumps(seconds), flush=True)


def one(libc: ctypes.CDLL, notebook: str) -> None:
    """A submission's whole life.  The first child makes the namespaces, its own child is process 1 in there."""
    if os.fork() == 0:
        _contained(libc, notebook)
    statuses = []
    with contextlib.suppress(ChildProcessError):
        while True:
            statuses.append(os.wait()[1])  # the second is ours too: orphans come to this process
    if statuses != [0, 0]:
        raise SystemExit(f"the namespaces could not be made: {statuses}")


def _contained(libc: ctypes.CDLL, notebook: str) -> NoReturn:
    if libc.unshare(NAMESPACES) != 0:
        os._exit(70)
    if os.fork() == 0:
        told = json.loads(notebook)["cells"]
        cells(["".join(cell["source"]) for cell in told if cell["cell_type"] == "code"])
    os._exit(0)


def cells(sources: Sequence[str]) -> None:
    """Run them in one namespace; one that fails does not stop the next."""
    names: dict[str, object] = {"__name__": "__main__"}
    for number, source in enumerate(sources):
        with contextlib.suppress(Exception):
            exec(compile(source, f"cell-{number}", "exec"), names)


def main() -> None:
    if sys.argv[1] == "--serve":
        serve(int(sys.argv[2]))
        return
    from works import make

    side = Bare(int(sys.argv[1]))
    side.run(make(int(sys.argv[2])))
    print(f"{side.wall / side.graded:.5f}")


if __name__ == "__main__":
    main()
