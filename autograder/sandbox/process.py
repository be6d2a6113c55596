"""`process`: no isolation.  A fork with limits, for a student's own machine and for our tests; it says so in red."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from .box import Settings, ZygoteBox, environment


class Process(ZygoteBox):
    """Student code as an ordinary process of the user who grades.  Use it only on code that you trust."""

    name = "process"
    claims: ClassVar[frozenset[str]] = frozenset({"answers", "environment"})

    def __init__(self, settings: Settings, python: Path) -> None:
        super().__init__(replace(settings, jail="none"))
        self.python = python
        self._process: subprocess.Popen[bytes] | None = None

    def _launch(self, folder: Path) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        home = {
            k: str(folder / "tmp") for k in ("HOME", "TMPDIR", "IPYTHONDIR", "MPLCONFIGDIR", "TORCHINDUCTOR_CACHE_DIR")
        }
        (folder / "tmp").mkdir()
        (folder / "alone").mkdir()
        (folder / "alone" / "guest").symlink_to(folder / "guest")
        env = dict(environment({**home, "PYTHONPATH": str(folder / "alone"), "GUEST_DATA": str(folder / "data")}))
        with theirs:
            self._process = subprocess.Popen(
                [self.python, "-sP", "-m", "guest.serve", str(theirs.fileno())],
                env=env,
                cwd=folder / "tmp",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._workspace = folder / "tmp" / "work"
        return ours

    def _config(self) -> dict[str, Any]:
        config = super()._config()
        config["workspace"] = str(self._workspace)
        config["jail"]["address_space_mb"] = config["watch_mb"] = self.settings.limits.memory_mb
        return config

    def _stop(self) -> None:
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(5.0)  # its channel is closed: it ends what it has started, then itself
            self._process.kill()
            self._process.wait()
            self._process = None
