"""`docker`: one container for each warm slot, with nothing that a container usually has.

No network, read-only root, every capability dropped, no-new-privileges, our own seccomp list (passed as content: the
engine refuses a path), user 65534, memory = memory + swap, one CPU, caps on processes, and no log driver at all (the
default one lets a submission fill the host's disk).  The zygote connects to a unix socket in a folder of this box's own;
the listener is gone before any student code runs, and the folder is covered in every jail.
"""

from __future__ import annotations

import contextlib
import json
import platform
import socket
from pathlib import Path
from typing import Any

from ..errors import BoxError
from ..guest import seccomp, syscalls
from . import gpu
from .box import START_S, ZYGOTE_MB, Settings, ZygoteBox, environment, is_gone, owner

LABEL = "org.autograder.owner"
#: Seconds for the answer to "remove it"; the engine goes on with it, and without an engine there is nothing to remove.
REMOVE_S = 10


class Docker(ZygoteBox):
    """Student code in a container of the local engine."""

    name = "docker"

    def __init__(self, settings: Settings, image: str, client: Any, packages: tuple[str, ...] = ()) -> None:
        """packages: folders of the libraries in the image, by which absent ones are found."""
        super().__init__(settings)
        self.image, self.client, self.packages = image, client, packages
        self._container: Any = None

    def _launch(self, folder: Path) -> socket.socket:
        sweep(self.client)
        (folder / "channel").mkdir()
        path = folder / "channel" / "control"
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(str(path))
            path.chmod(0o666)
            listener.listen(1)
            listener.settimeout(START_S)
            try:
                self._container = self.client.containers.run(self.image, **self._options(folder))
                control, _ = listener.accept()
            except TimeoutError as e:
                raise BoxError(f"docker: the container did not connect within {START_S:g} s") from e
            except Exception as e:  # the SDK's own errors, and those of its transport
                raise BoxError(
                    f"docker: the container did not start: {_first_line(e)}. Run 'autograder doctor'."
                ) from e
        path.unlink()
        return control

    def _options(self, folder: Path) -> dict[str, Any]:
        from docker.types import LogConfig, Ulimit

        limits = self.settings.limits
        memory = f"{limits.memory_mb + ZYGOTE_MB}m"
        return {
            "entrypoint": ["/box/env/bin/python", "-sP", "-m", "guest.serve", "/box/channel/control"],
            "command": [],
            "detach": True,
            "auto_remove": True,
            "network_mode": "none",
            "ipc_mode": "private",
            "read_only": True,
            "cap_drop": ["ALL"],
            "device_requests": self._devices(),
            "security_opt": ["no-new-privileges", "seccomp=" + json.dumps(profile(self.settings.jail))],
            "user": "65534:65534",
            "mem_limit": memory,
            "memswap_limit": memory,
            "nano_cpus": 1_000_000_000,
            "pids_limit": limits.processes + 40,
            "ulimits": [Ulimit(name="nofile", soft=1024, hard=1024)],
            "log_config": LogConfig(type="none"),
            "environment": dict(environment()),
            "working_dir": "/tmp",
            "hostname": "box",
            "labels": {LABEL: owner()},
            "tmpfs": {
                **dict.fromkeys(("/tmp", "/dev/shm"), f"size={limits.file_mb}m,nr_inodes=8192,mode=1777,nosuid,nodev"),
                **{path: "ro,size=4k,mode=555" for path in self.packages if Path(path).name in self.settings.absent},
            },
            "volumes": {
                str(folder / "guest"): {"bind": "/box/guest", "mode": "ro"},
                str(folder / "data"): {"bind": "/box/data", "mode": "ro"},
                str(folder / "channel"): {"bind": "/box/channel", "mode": "rw"},
            },
        }

    def _devices(self) -> list[Any]:
        """The unit's card, by its own name."""
        from docker.types import DeviceRequest

        if self.settings.gpu is None:
            return []
        return [
            DeviceRequest(device_ids=[gpu.pick(self.settings.gpu).uuid], capabilities=[["gpu", "compute", "utility"]])
        ]

    def _config(self) -> dict[str, Any]:
        config = super()._config()
        config["jail"]["covered"] = ["/box/channel"]
        config["jail"]["processes"] = self._processes(capped=True)
        return config

    def _stop(self) -> None:
        if self._container is not None:
            patience, self.client.api.timeout = self.client.api.timeout, REMOVE_S
            with contextlib.suppress(Exception):  # gone already: the zygote ends by itself when its channel closes
                self._container.remove(force=True)
            self.client.api.timeout = patience
            self._container = None


def profile(jail: str) -> dict[str, Any]:
    """The outer allow-list of a box with this kind of jail, as a Docker seccomp profile."""
    yes = "SCMP_ACT_ALLOW"
    arches = {"x86_64": "SCMP_ARCH_X86_64", "aarch64": "SCMP_ARCH_AARCH64"}
    rules: list[dict[str, Any]] = [
        {"names": [*syscalls.ALLOWED, *seccomp.BUILDS[jail]], "action": yes},
        {
            "names": ["clone"],
            "action": yes,
            "args": [{**_equals(0, seccomp.NEW_BITS), "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}],
        },
        {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38},
        {"names": ["socket", "socketpair"], "action": yes, "args": [_equals(0, seccomp.AF_UNIX)]},
        {"names": ["personality"], "action": yes, "args": [_equals(0, 0xFFFFFFFF)]},
    ]
    if jail == "namespaces":
        rules.append({"names": ["clone"], "action": yes, "args": [_equals(0, seccomp.CLONE)]})
    return {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": 1,
        "architectures": [arches[platform.machine()]],
        "syscalls": rules,
    }


def _equals(index: int, value: int) -> dict[str, Any]:
    return {"index": index, "value": value, "op": "SCMP_CMP_EQ"}


def sweep(client: Any) -> int:
    """Remove containers of graders that are gone; gives how many there were."""
    removed = 0
    with contextlib.suppress(Exception):
        for container in client.containers.list(all=True, filters={"label": LABEL}, ignore_removed=True):
            if is_gone(str(container.labels.get(LABEL, ""))):
                container.remove(force=True)
                removed += 1
    return removed


def _first_line(error: Exception) -> str:
    return (str(getattr(error, "explanation", "") or error).strip().splitlines() or [type(error).__name__])[0][:300]
