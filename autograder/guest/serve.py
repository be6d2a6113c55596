"""The zygote of a box: imports what submissions need, once, then forks one jail for each of them.

It speaks on a private control channel (one JSON datagram each way; descriptors ride along) that no submission ever
holds, and never reads a byte of what a submission says:

    start {preload, jail, ...}         -> ready {...}
    load  {id} + channel + capture     -> forked {id, pid} | failed {id, why}
    end   {id}                         -> ended {id, status, cpu, oom} | failed {id, why}
    cpu   {id}                         -> cpu {id, seconds}

Orders are done one after the other, so a load may be ordered together with the end of the one before: its jail is forked
when that one is dead and buried, and waits in `recv`, holding nothing of anybody, until its submission is sent.  There is
never a second one, and none after an end that failed.

When the control channel closes, the zygote exits and, being process 1 of its box, takes everything with it.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import shutil
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

from . import absent, jail, load, warm
from .steps import JailError
from .watch import Watch

MAX_CONTROL = 65536
OOM_COUNTERS = ("/sys/fs/cgroup/memory/memory.oom_control", "/sys/fs/cgroup/memory.events")


class Zygote:
    """Warm process of one box: one submission at a time."""

    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.running: dict[int, int] = {}
        self.clean = True
        self.watch: Watch | None = None
        self.gpu_mb: int | None = None

    def start(self, config: dict[str, Any]) -> dict[str, Any]:
        """Import, warm and freeze; everything after this is copied into each submission."""
        began = time.monotonic()
        wanted = jail.Jail(**{**config["jail"], "covered": tuple(config["jail"]["covered"])})
        if config["outer_filter"]:
            jail.close_box(wanted.kind)
        self.workspace = config["workspace"]
        missing = [name for name in config["preload"] if not _imported(name)]
        absent.hide(config["absent"])
        torch = sys.modules.get("torch")
        if torch is not None:
            torch.set_num_threads(1)
            torch.ones(2, 2, requires_grad=True).matmul(torch.ones(2, 2)).sum().item()
        self.shell = load.new_shell()
        warm.warm(self.shell)
        gc.collect()
        warm.fill_holes()
        self.jail = jail.prepared(wanted)
        self.watch = Watch(config["watch_mb"]) if config["watch_mb"] else None
        self.gpu_mb = config["gpu_mb"]
        gc.freeze()
        return {"op": "ready", "seconds": time.monotonic() - began, "missing": missing, "resident_mb": _resident_mb()}

    def load(self, message: dict[str, Any], fds: list[int]) -> dict[str, Any]:
        """Fork one submission into its jail and hand it its two descriptors."""
        channel, capture = fds
        if self.running or not self.clean:
            raise JailError("the submission before is not gone")
        pid = jail.fork_into(self.jail, channel, capture, self._submission)
        self.running[message["id"]] = pid
        return {"op": "forked", "id": message["id"], "pid": pid}

    def _submission(self) -> NoReturn:
        """In the jail, with nothing of the zygote's left open: serve until the end."""
        status = 0
        try:
            if self.gpu_mb is not None:
                load.share_card(self.gpu_mb)
            load.serve(socket.socket(fileno=jail.CHANNEL_FD), self.shell, self.workspace)
        except BaseException:
            status = 71
        os._exit(status)

    def end(self, message: dict[str, Any]) -> dict[str, Any]:
        pid = self.running.pop(message["id"], None)
        self.clean = False
        status, cpu = jail.kill(pid, self.jail.kind) if pid else (0, 0.0)
        if self.jail.kind == "none":
            shutil.rmtree(self.workspace, ignore_errors=True)
        self.clean = True
        return {"op": "ended", "id": message["id"], "status": status, "cpu": cpu, "oom": self._oom_kills()}

    def cpu(self, message: dict[str, Any]) -> dict[str, Any]:
        return {"op": "cpu", "id": message["id"], "seconds": jail.cpu_seconds(self.running.get(message["id"], 0))}

    def _stop(self) -> None:
        """End what runs for its memory; `end` finds it dead."""
        for pid in self.running.values():
            jail.stop(pid, self.jail.kind)

    def _oom_kills(self) -> int | None:
        return self.watch.kills if self.watch is not None else _oom_kills()

    def run(self) -> None:
        """Answer the control channel until it closes, however the other side ended; what runs then ends with it."""
        try:
            with contextlib.suppress(ConnectionError):  # closed with an answer that nobody has read
                self._answer()
        finally:
            for pid in self.running.values():  # in a box without namespaces nothing else would end them
                jail.kill(pid, self.jail.kind)

    def _answer(self) -> None:
        verbs = {"start": self.start, "end": self.end, "cpu": self.cpu}
        while True:
            if self.watch is not None and self.running:
                self.watch.wait(self.control, self._stop)
            text, fds, _, _ = socket.recv_fds(self.control, MAX_CONTROL, 2)
            if not text:
                return
            message = json.loads(text)
            try:
                answer = self.load(message, fds) if message["op"] == "load" else verbs[message["op"]](message)
            except (JailError, OSError) as e:
                answer = {"op": "failed", "id": message.get("id"), "why": str(e)[:300]}
            for fd in fds:
                os.close(fd)
            self.control.send(json.dumps(answer).encode())


def _imported(name: str) -> bool:
    try:
        importlib.import_module(name)
    except Exception:  # not there, or broken: the box says so, and notebooks that need it fail on their own
        return False
    return True


def _resident_mb() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20


def _oom_kills() -> int | None:
    """The kernel's own count of processes killed for memory in this box, if a counter can be read."""
    for path in OOM_COUNTERS:
        try:
            lines = Path(path).read_text().splitlines()
        except OSError:
            continue
        return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), None)
    return None


def _control() -> socket.socket:
    """The inherited descriptor, or a connection to the socket, that the command line names."""
    name = sys.argv[1]
    if name.isdigit():
        return socket.socket(fileno=int(name))
    control = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    control.connect(name)
    return control


def main() -> None:
    """Entry point: `python -sP -m guest.serve DESCRIPTOR|SOCKET`."""
    jail.protect_zygote()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = _control()
    os.set_inheritable(control.fileno(), False)
    Zygote(control).run()


if __name__ == "__main__":
    main()
