"""What student code finds around it: a virtual environment, and the Docker image with the same packages.

Theory.  Both hold numpy, torch and IPython as `box/requirements.txt` names them and nothing of ours: the project's own
environment would hand over `reference`.  The image is built without a network, from wheels that pip on this host
fetched, so no certificate, proxy or index of this host can stay in it.  What is not complete has no stamp and is built
again; the digest in a path or a tag is that of all files that decide the content.

    state/box/<digest>/env            the environment, run as env/bin/python only
    state/box/<digest>/versions.txt   its stamp: what pip installed
    state/box/image.json              the image that boxes start from, by its id, never by its tag
    state/engine/host                 address of the project's own engine, written by scripts/engine.sh
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.errors import BoxError

if TYPE_CHECKING:
    import docker

Progress = Callable[[str], None]

FILES = Path(__file__).parent.parent / "box"
REPOSITORY = "autograder-box"
#: Where scripts/base-image.sh leaves a base that it had to make, and what is pulled where there is none.
OWN_BASE, PUBLIC_BASE = "autograder-base:bookworm", "python:3.11-slim-bookworm"
#: PyPI's torch is the one with CUDA, several GB.  AUTOGRADER_TORCH_INDEX names one more index for pip, such as
#: https://download.pytorch.org/whl/cpu; it is not the default because pip's own settings may already offer a CPU build.
TORCH_INDEX = "AUTOGRADER_TORCH_INDEX"
ANSWER_S = 3
BUILD_S = 1800
_FACTS = """
import json, os, platform, sys
print(json.dumps([sys.version_info[:2], platform.machine(), os.confstr("CS_GNU_LIBC_VERSION")]))
"""
_PACKAGES = """
import pathlib, sysconfig
print(*sorted(str(p) for p in pathlib.Path(sysconfig.get_path("purelib")).iterdir() if p.is_dir()), sep="\\n")
"""


# The environment


def environment(state: Path) -> Path | None:
    """The finished environment for this interpreter and these requirements, or None."""
    home = _home(state)
    return home / "env" if (home / "versions.txt").is_file() and (home / "env/bin/python").exists() else None


def build_environment(state: Path, progress: Progress) -> Path:
    """The environment, built now if it is not there.  BoxError if pip could not."""
    with _lock(state):
        found = environment(state)
        if found is None:
            progress("building the box's environment (numpy, torch, IPython; one to five minutes, about 1 GB)")
            _build(_home(state))
        return found or _home(state) / "env"


def _build(home: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent, prefix="building-") as folder:
        env = Path(folder) / "new" / "env"
        _run([sys.executable, "-m", "venv", "--without-pip", str(env)], "Run: sudo apt-get install python3-venv")
        # No pip inside: what a notebook may import is decided here.
        pip = ["--python", str(env / "bin/python")]
        _pip([*pip, "install", "--no-compile", *_torch_index(), "-r", str(FILES / "requirements.txt")])
        versions = _pip([*pip, "freeze", "--all"])
        _run([str(env / "bin/python"), str(FILES / "slim.py"), str(env), str(home / "env")], "")
        (env.parent / "versions.txt").write_text(versions)
        env.parent.rename(home)


def _home(state: Path) -> Path:
    # The interpreter counts: an environment is only links to the one that made it.
    return state.absolute() / "box" / _digest(("requirements.txt", "slim.py"), sys.version, sys.base_prefix)


# The engine


def engine(state: Path | None = None, timeout_s: int = 60) -> docker.DockerClient | None:
    """The engine that answers within three seconds: DOCKER_HOST alone if it is set, else the host's, else ours."""
    import docker
    from docker.errors import DockerException

    for address in _addresses(state):
        try:
            client = docker.DockerClient(base_url=address, timeout=ANSWER_S)
            client.ping()
        except (DockerException, OSError, ValueError):
            continue
        client.api.timeout = timeout_s
        return client
    return None


def _addresses(state: Path | None) -> Iterator[str]:
    named = os.environ.get("DOCKER_HOST")
    if named:
        yield named
        return
    yield "unix:///var/run/docker.sock"
    recorded = state / "engine" / "host" if state else None
    if recorded and recorded.is_file():
        yield recorded.read_text().strip()


# The image


def image(state: Path) -> str | None:
    """The id (sha256:...) of the image that boxes start from, if it is of today's files and the engine has it."""
    from docker.errors import DockerException

    record = _record(state)
    client = engine(state)
    if client is None or record.get("digest") != _image_digest():
        return None
    try:
        return str(client.images.get(record["id"]).id)
    except (DockerException, OSError, KeyError):
        return None


def build_image(state: Path, progress: Progress, base: str | None = None) -> str:
    """The image's id, built now if it is not there.  BoxError if there is no engine or base, or the build fails."""
    with _lock(state):
        found = image(state)
        if found is not None:
            return found
        client = engine(state, BUILD_S)
        if client is None:
            raise BoxError("no Docker engine answers. Start one: sudo scripts/engine.sh start, or set DOCKER_HOST.")
        base = base or _base(client, progress)
        progress(f"building the box's image from {base} (two to five minutes, about 1 GB)")
        built = _build_image(client, base)
        record = {"id": built, "tag": _tag(), "digest": _image_digest(), "base": base}
        _write(state / "box" / "image.json", json.dumps(record, indent=1) + "\n")
        return built


def packages(state: Path) -> tuple[str, ...]:
    """Folders of the libraries in the image; asked of the image once, then kept beside its id."""
    record = _record(state)
    known = record.get("packages")
    if known is None:
        client = engine(state)
        if client is None or "id" not in record:
            raise BoxError("docker: no engine answers. Start one (scripts/engine.sh start), or use --box bubblewrap.")
        said = client.containers.run(
            record["id"], ["/box/env/bin/python", "-c", _PACKAGES], remove=True, network_mode="none"
        )
        known = said.decode().strip()
        _write(state / "box" / "image.json", json.dumps({**record, "packages": known}, indent=1) + "\n")
    return tuple(known.split("\n"))


def was_built(state: Path) -> bool:
    """Whether an image was built from this state folder, be it still there or not."""
    return bool(_record(state))


def remove_image(state: Path) -> None:
    """The engine forgets the image that was built here, unless a box still runs from it."""
    from docker.errors import DockerException

    client, tag = engine(state), _record(state).get("tag")
    if client is not None and tag is not None:
        with suppress(DockerException):
            client.images.remove(tag)
    (state / "box" / "image.json").unlink(missing_ok=True)


def _base(client: docker.DockerClient, progress: Progress) -> str:
    from docker.errors import DockerException

    for name in (OWN_BASE, PUBLIC_BASE):
        if client.images.list(name):
            return name
    try:
        progress(f"pulling {PUBLIC_BASE}")
        client.images.pull(PUBLIC_BASE)
    except (DockerException, OSError):
        raise BoxError(f"{PUBLIC_BASE} cannot be pulled. Make a base image here: sudo scripts/base-image.sh") from None
    return PUBLIC_BASE


def _build_image(client: docker.DockerClient, base: str) -> str:
    from docker.errors import BuildError, DockerException

    with tempfile.TemporaryDirectory(prefix="autograder-image-") as folder:
        context = Path(folder)
        for name in ("Dockerfile", "requirements.txt", "slim.py"):
            shutil.copy(FILES / name, context / name)
        _wheels(client, base, context / "wheels")
        try:
            built, _ = client.images.build(
                path=folder, tag=_tag(), buildargs={"BASE_IMAGE": base}, network_mode="none", rm=True, forcerm=True
            )
            # The first stage holds every wheel once more.
            client.images.prune(filters={"dangling": True, "label": "autograder.stage=builder"})
        except BuildError as e:
            raise BoxError(f"the box's image cannot be built: {_last(_log(e))}") from None
        except (DockerException, OSError) as e:
            raise BoxError(f"the box's image cannot be built: {_last(str(e))}") from None
    return str(built.id)


def _wheels(client: docker.DockerClient, base: str, folder: Path) -> None:
    """Fetch, with this host's pip and settings, the wheels that the base image's interpreter needs."""
    try:
        said = client.containers.run(base, ["python3", "-c", _FACTS], entrypoint=[], network_mode="none", remove=True)
        (major, minor), machine, libc = json.loads(said)
    except Exception as e:
        raise BoxError(f"image {base} has no python3 that runs: {_last(str(e))}") from None
    newest = int(libc.rsplit(".", 1)[1])
    # linux as well: a find-links folder may hold wheels that were built on this machine.
    kinds = [*(f"manylinux_2_{n}" for n in range(newest, 4, -1)), "manylinux2014", "linux"]
    platform = [word for kind in kinds for word in ("--platform", f"{kind}_{machine}")]
    target = ["--only-binary", ":all:", "--implementation", "cp", "--python-version", f"{major}.{minor}", *platform]
    _pip(["download", *target, *_torch_index(), "--dest", str(folder), "-r", str(FILES / "requirements.txt")])


def _log(error: Any) -> str:
    return "\n".join(str(part.get("stream") or part.get("error") or "").strip() for part in error.build_log)


def _tag() -> str:
    return f"{REPOSITORY}:{_image_digest()}"


def _image_digest() -> str:
    return _digest(("Dockerfile", "requirements.txt", "slim.py"))


def _record(state: Path) -> dict[str, str]:
    try:
        record = json.loads((state / "box" / "image.json").read_text())
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


# Shared by both


def _digest(names: tuple[str, ...], *more: str) -> str:
    content = b"\0".join([*((FILES / name).read_bytes() for name in names), *(text.encode() for text in more)])
    return hashlib.sha256(content).hexdigest()[:12]


@contextmanager
def _lock(state: Path) -> Iterator[None]:
    """One builder at a time; the second finds the first one's work."""
    (state / "box").mkdir(parents=True, exist_ok=True)
    with (state / "box" / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _write(path: Path, text: str) -> None:
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


def _torch_index() -> list[str]:
    index = os.environ.get(TORCH_INDEX)
    return ["--extra-index-url", index] if index else []


def _pip(words: list[str]) -> str:
    cure = "Is the package index reachable, and is pip installed beside autograder (python -m ensurepip)?"
    return _run([sys.executable, "-m", "pip", "-qq", "--disable-pip-version-check", *words], cure)


def _run(words: list[str], cure: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        said = _last(done.stderr or done.stdout)
        raise BoxError(f"{Path(words[0]).name} {' '.join(words[1:5])} ... failed: {said}. {cure}".rstrip())
    return done.stdout


def _last(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].rstrip(".")[:300] if lines else "it said nothing"
