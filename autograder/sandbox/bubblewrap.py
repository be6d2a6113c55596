"""`bubblewrap`: the box where no container engine answers.

An allow-list of binds, all read-only; no network; process 1 is the zygote; `/` and /dev read-only; the environment
cleared; never the host's root inside: an ordinary user stays that user, root becomes a user of the box's own (bubblewrap
makes the mounts, then setpriv leaves for good).  The outer seccomp filter is installed by the zygote before it imports
anything, because setpriv's own calls are not on the list.
"""

from __future__ import annotations

import os
import secrets
import shlex
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from ..errors import BoxError
from . import cgroup, gpu
from .box import ZYGOTE_MB, Settings, ZygoteBox, environment

#: Where glibc looks before it puts the zygote's heap on huge pages (see box.environment); covered in every jail.
_HUGE_PAGES = "/sys/kernel/mm/transparent_hugepage"
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/localtime", _HUGE_PAGES)
#: Places in /usr that hold nothing a notebook needs and much that a reader might like.
_HIDDEN = ("/usr/local", "/usr/src", "/usr/share/doc")
_USERS = range(1 << 30, (1 << 31) - 1)  #: far from everybody that a host has


class Bubblewrap(ZygoteBox):
    """Student code behind bubblewrap, as the ordinary user that grades or, when root grades, as a user of the box's own."""

    name = "bubblewrap"

    def __init__(self, settings: Settings, environment_folder: Path) -> None:
        super().__init__(settings)
        self.env = environment_folder
        self._process: subprocess.Popen[bytes] | None = None
        self.group: cgroup.Cgroup | None = None
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the box)

    def _launch(self, folder: Path) -> socket.socket:
        if shutil.which("bwrap") is None:
            raise BoxError("bubblewrap: the program 'bwrap' is missing. Install it: apt-get install bubblewrap")
        limits = self.settings.limits
        self.group = cgroup.create(limits.memory_mb + ZYGOTE_MB, limits.processes + 40)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [*self._bwrap(folder), *_demoted(), "/box/env/bin/python", "-sP", "-m", "guest.serve"]
            self._process = subprocess.Popen(
                self._in_group([*command, str(theirs.fileno())]),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                pass_fds=[theirs.fileno()],
                env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin"},
                cwd="/",
            )
        return ours

    def _bwrap(self, folder: Path) -> list[str]:
        command = ["bwrap", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
        command += ["--as-pid-1", "--die-with-parent", "--new-session", "--hostname", "box"]
        if os.geteuid() == 0:
            command += ["--cap-drop", "ALL"]
            for capability in ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"):
                command += ["--cap-add", capability]
        else:
            command += ["--unshare-user"]
        command += ["--clearenv", *(word for name, value in environment() for word in ("--setenv", name, value))]
        command += _folder("/etc", "/sys", "/sys/kernel", "/sys/kernel/mm", "/box")
        for path in _SYSTEM:
            # /lib is mostly a link to /usr/lib; as a mount of its own it would show what is hidden below.
            link = os.readlink(path) if Path(path).is_symlink() else None
            command += ["--symlink", link, path] if link else ["--ro-bind-try", path, path]
        for path in _HIDDEN:
            if Path(path).is_dir() and not self._base().is_relative_to(path):
                command += ["--tmpfs", path, "--remount-ro", path]
        base = self._base()
        if not base.is_relative_to("/usr") or base.is_relative_to("/usr/local"):
            command += [*_folder(*map(str, reversed(base.parents))), "--ro-bind", str(base), str(base)]
        for packages in {os.path.realpath(found) for found in base.glob("lib*/python*/*-packages")}:
            command += ["--tmpfs", packages, "--remount-ro", packages]  # what else the host has installed, maybe us
        for name in ("guest", "data"):
            command += ["--ro-bind", str(folder / name), f"/box/{name}"]
        command += ["--ro-bind", str(self.env), "/box/env", "--proc", "/proc", "--dev", "/dev"]
        for name in self.settings.absent:
            for library in self.env.glob(f"lib/python*/site-packages/{name}"):
                inside = f"/box/env/{library.relative_to(self.env)}"
                command += ["--tmpfs", inside, "--remount-ro", inside]
        command += self._card()
        for path in ("/tmp", "/dev/shm"):
            command += ["--perms", "1777", "--size", str(self.settings.limits.file_mb << 20), "--tmpfs", path]
        return [*command, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp", "--"]

    def _card(self) -> list[str]:
        """Device files of the unit's card, and what CUDA reads of /sys."""
        if self.settings.gpu is None:
            return []
        nodes = gpu.pick(self.settings.gpu).nodes()
        return [word for node in nodes for word in ("--dev-bind", node, node)] + ["--ro-bind", "/sys", "/sys"]

    def _base(self) -> Path:
        """The folder of the interpreter that the environment was made from."""
        return Path(os.path.realpath(self.env / "bin" / "python")).parent.parent

    def _in_group(self, command: list[str]) -> list[str]:
        if self.group is None:
            return command
        enter = "".join(f"echo $$ > {shlex.quote(str(p))} && " for p in self.group.entry())
        return ["/bin/sh", "-c", enter + 'exec "$@"', "sh", *command]

    def _config(self) -> dict[str, Any]:
        config = super()._config()
        config["outer_filter"] = True
        config["jail"]["processes"] = self._processes(capped=self.group is not None)
        if self.group is None:
            config["watch_mb"] = self.settings.limits.memory_mb
            if self.settings.gpu is None:  # CUDA maps far more than it uses
                config["jail"]["address_space_mb"] = self.settings.limits.memory_mb
        return config

    def _oom_kills(self, told: int | None) -> int:
        return self.group.oom_kills() if self.group is not None else super()._oom_kills(told)

    def _last_words(self) -> str:
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - 2000))
        said = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return f": {said[-1]}" if said else ""

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        if self.group is not None:
            self.group.remove()
            self.group = None


def _folder(*paths: str) -> list[str]:
    """Folders that everybody may pass: bubblewrap's own implicit ones are closed to all but root."""
    return [word for path in paths if path not in ("/", "/usr") for word in ("--perms", "0755", "--dir", path)]


def _demoted() -> list[str]:
    """As root: leave root for good before any Python runs."""
    if os.geteuid() != 0:
        return []
    who = [f"--reuid={_own_user()}", "--regid=65534", "--clear-groups"]
    return ["/usr/bin/setpriv", *who, "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]


def _own_user() -> int:
    """A user that no other box has: the kernel counts processes by user, and a neighbour's fork bomb must not use up ours."""
    spans = [tuple(map(int, line.split())) for line in Path("/proc/self/uid_map").read_text().splitlines()]
    if any(first <= _USERS[0] and _USERS[-1] < first + count for first, _, count in spans):
        return _USERS[secrets.randbelow(len(_USERS))]
    return 65534  # root of a container that has few users: all boxes there share one count
