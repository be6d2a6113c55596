"""The engine that the project starts for itself can be killed at any time: it starts again, and goes without a trace."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import tarfile
import time
from pathlib import Path

import docker
import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "engine.sh"
SYSTEM = ("/usr", "/lib", "/lib64")  #: what a program of this host needs to run in an image that holds nothing


def _engine(verb: str, folder: Path) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if name != "DOCKER_HOST"}
    return subprocess.run([SCRIPT, verb, folder], capture_output=True, text=True, env=plain, timeout=120)


def _started(folder: Path) -> docker.DockerClient:
    done = _engine("start", folder)
    assert done.returncode == 0, done.stderr
    return docker.DockerClient(done.stdout.strip().removeprefix("DOCKER_HOST="))


def _empty_image(client: docker.DockerClient) -> None:
    archive = io.BytesIO()
    tarfile.open(fileobj=archive, mode="w").close()
    client.api.import_image_from_data(archive.getvalue(), repository="empty", tag="latest")


def _sleeper(client: docker.DockerClient) -> Path:
    """A container that does nothing; its process on this host."""
    volumes = {path: {"bind": path, "mode": "ro"} for path in SYSTEM if Path(path).exists()}
    container = client.containers.run(
        "empty", ["/usr/bin/sleep", "300"], network_mode="none", volumes=volumes, detach=True
    )
    container.reload()
    return Path("/proc", str(container.attrs["State"]["Pid"]))


def _alive(process: Path) -> bool:
    """Whether it runs; one that has ended and that nobody has asked about yet has no command line."""
    try:
        return (process / "cmdline").read_bytes() != b""
    except OSError:
        return False


def _kill(*files: Path) -> None:
    """kill -9 of the processes whose numbers these files hold."""
    for number in [int(file.read_text()) for file in files]:
        os.kill(number, signal.SIGKILL)
    time.sleep(0.2)


def _mounts(folder: Path) -> list[str]:
    named = str(folder).replace(" ", r"\040")  # as the kernel writes it
    return [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if f"{named}/" in line]


@pytest.mark.docker
@pytest.mark.skipif(os.getuid() != 0, reason="only root can start an engine")
@pytest.mark.skipif(Path("/var/run/docker.sock").exists(), reason="this host has an engine of its own")
@pytest.mark.slow
def test_a_killed_engine_starts_again_and_leaves_nothing(tmp_path):
    """kill -9 of dockerd, and of its containerd too, leaves mounts and containers behind: start and remove see to them."""
    folder = tmp_path / ("deep " * 12) / "engine"
    try:
        client = _started(folder)
        _empty_image(client)
        first = _sleeper(client)
        _kill(folder / "pid")
        assert _alive(first)
        assert _mounts(folder)
        client = _started(folder)
        assert not _alive(first)
        second = _sleeper(client)  # the image is still there
        short = Path((folder / "short").read_text().strip())  # this folder's own path is too long for a socket
        _kill(folder / "pid", short / "exec" / "containerd" / "containerd.pid")
        assert _alive(second)
    finally:
        gone = _engine("remove", folder)
    assert gone.returncode == 0, gone.stderr
    assert not folder.exists()
    assert not short.exists()
    assert not _alive(second)
    assert _mounts(folder) == _mounts(short) == []
