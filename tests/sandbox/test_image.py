"""The environment and the image that student code finds around it, and the scripts that make them."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.errors import BoxError
from autograder.sandbox import image

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "scripts"

WHAT_A_NOTEBOOK_NEEDS = "import numpy, torch, IPython, matplotlib.pyplot, pandas, sklearn, scipy, torch._dynamo; "
VERSIONS = "from importlib.metadata import distributions as d; print(*sorted(f'{p.name}=={p.version}' for p in d()))"
FOREIGN = """
import importlib.util as u
print([name for name in ("autograder", "reference", "nbgrader", "docker", "pip") if u.find_spec(name)])
"""


@pytest.fixture(scope="module")
def inside(state: Path, box_image: str) -> Callable[..., str]:
    """Runs a command in the image, closed like a box; what it printed."""
    client = image.engine(state)
    assert client is not None

    def run(*words: str, user: str = "65534:65534") -> str:
        said = client.containers.run(
            box_image, list(words), user=user, network_mode="none", read_only=True, tmpfs={"/tmp": ""}, remove=True
        )
        return str(said.decode())

    return run


def run_in(environment: Path, code: str) -> str:
    """What the environment's own interpreter printed, with nothing of this process around it."""
    words = [environment / "bin/python", "-sP", "-c", code]
    done = subprocess.run(words, capture_output=True, text=True, cwd="/", env={"MPLCONFIGDIR": "/tmp"})
    assert done.returncode == 0, done.stderr
    return done.stdout


# The image


@pytest.mark.docker
@pytest.mark.slow
def test_image_runs_what_a_notebook_needs(inside):
    """As nobody, on a read-only root, without a network, every package imports and torch can take a step."""
    step = "torch.optim.Adam([torch.nn.Parameter(torch.ones(2))]).step(); import os; print(os.getuid(), 'stepped')"
    assert inside("/box/env/bin/python", "-sP", "-c", WHAT_A_NOTEBOOK_NEEDS + step).split() == ["65534", "stepped"]


@pytest.mark.docker
def test_image_is_made_for_nobody(state, box_image):
    """Whoever starts a container without naming a user gets 65534, and no variable of the builder's host."""
    config = image.engine(state).images.get(box_image).attrs["Config"]
    assert config["User"] == "65534:65534"
    assert not re.search("PIP_|PROXY|CERT|SSL", " ".join(config["Env"]), re.IGNORECASE)


@pytest.mark.docker
def test_image_holds_nothing_of_ours(inside):
    """No hidden test, reference, grader or package installer can be imported or found in the image."""
    assert inside("/box/env/bin/python", "-sP", "-c", FOREIGN).strip() == "[]"
    assert (
        inside(
            "sh", "-c", r"find / -xdev \( -path '*autograder*' -o -name test_hidden.py -o -name wrong.py \)", user="0"
        )
        == ""
    )
    assert sorted(inside("ls", "/box").split()) == ["channel", "data", "env", "guest"]
    assert inside("find", "/box/guest", "/box/data", "/box/channel", "-type", "f") == ""


@pytest.mark.docker
def test_image_holds_nothing_of_the_host(inside):
    """No pip settings or cache, no wheel of the context, no apt proxy and no certificate of the host's own is left."""
    assert inside("sh", "-c", r"find / -xdev \( -name pip.conf -o -name .cache -o -path '/wheels*' \)", user="0") == ""
    assert inside("sh", "-c", "grep -rilE '^ *Acquire::https?::' /etc/apt || true", user="0") == ""
    assert inside("sh", "-c", "find /usr/local/share/ca-certificates -type f 2>/dev/null || true", user="0") == ""
    bundles = inside("sh", "-c", "cat /etc/ssl/certs/*.crt 2>/dev/null || true", user="0").replace("\n", "")
    for certificate in Path("/usr/local/share/ca-certificates").rglob("*.crt"):
        body = certificate.read_text().partition("BEGIN CERTIFICATE-----")[2].partition("-----END")[0].replace("\n", "")
        assert len(body) > 100, f"{certificate} could not be read, so nothing is proven"
        assert body not in bundles


@pytest.mark.docker
def test_image_lets_nobody_become_root(inside):
    """No file of the image changes the user of the one who runs it."""
    assert inside("find", "/", "-xdev", "-type", "f", "-perm", "/6000", user="0") == ""


@pytest.mark.docker
def test_image_and_environment_hold_the_same_packages(inside, box_environment):
    """A grade cannot depend on which box gave it: both were built with the same versions."""
    assert inside("/box/env/bin/python", "-sP", "-c", VERSIONS) == run_in(box_environment, VERSIONS)


@pytest.mark.docker
def test_image_is_named_by_its_content(state, box_image):
    """What is handed out is the id of the bytes, not a tag that may move, and a second build hands out the same."""
    assert box_image.startswith("sha256:")
    assert image.build_image(state, pytest.fail) == box_image


@pytest.mark.docker
def test_image_that_the_engine_lost_is_not_handed_out(state, box_image, tmp_path):
    """A record of an image that is gone counts as no image."""
    record = json.loads((state / "box/image.json").read_text())
    other = tmp_path / "state"
    (other / "box").mkdir(parents=True)
    if (state / "engine/host").is_file():
        (other / "engine").mkdir()
        (other / "engine/host").write_text((state / "engine/host").read_text())
    (other / "box/image.json").write_text(json.dumps(record))
    assert image.image(other) == box_image
    (other / "box/image.json").write_text(json.dumps(record | {"id": "sha256:" + "0" * 64}))
    assert image.image(other) is None


# The environment


def test_environment_holds_nothing_of_ours(box_environment):
    """No hidden test, reference, grader or package installer can be imported in the environment."""
    assert run_in(box_environment, FOREIGN).strip() == "[]"


@pytest.mark.slow
def test_environment_runs_what_a_notebook_needs(box_environment):
    """Every package of the requirements imports."""
    assert run_in(box_environment, WHAT_A_NOTEBOOK_NEEDS + "print(torch.ones(2).sum())").strip() == "tensor(2.)"


def test_environment_has_its_byte_code(box_environment):
    """A box cannot write byte code, so it is there: without it, importing torch takes seconds."""
    (torch,) = box_environment.glob("lib/python3*/site-packages/torch")
    assert list(torch.glob("__pycache__/__init__.*.pyc"))


def test_finished_environment_is_used_again(state, box_environment):
    """A second build hands out the first one's work without a word."""
    assert image.build_environment(state, pytest.fail) == box_environment


def test_environment_without_its_stamp_is_none(tmp_path, monkeypatch):
    """A build that was killed half-way is not taken for an environment."""
    home = image._home(tmp_path)
    (home / "env/bin").mkdir(parents=True)
    (home / "env/bin/python").touch()
    assert image.environment(tmp_path) is None
    (home / "versions.txt").touch()
    assert image.environment(tmp_path) == home / "env"


def test_failing_pip_leaves_nothing_and_says_one_line(tmp_path, monkeypatch):
    """Where pip fails, the error is one line with a cure, and no half-made folder stays."""
    monkeypatch.setattr(image, "FILES", tmp_path / "files")
    (tmp_path / "files").mkdir()
    (tmp_path / "files/requirements.txt").write_text("./there-is-no-such-folder\n")
    (tmp_path / "files/slim.py").touch()
    with pytest.raises(BoxError) as caught:
        image.build_environment(tmp_path / "state", lambda line: None)
    assert "\n" not in str(caught.value)
    assert "ensurepip" in str(caught.value)
    assert [p.name for p in (tmp_path / "state/box").iterdir()] == ["lock"]


# The engine


def test_named_engine_that_is_dead_is_not_replaced(state, monkeypatch, tmp_path):
    """Who sets DOCKER_HOST means that engine: no other is used in its place."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    assert image.engine(state) is None
    assert image.image(state) is None


def test_image_without_an_engine_says_how_to_get_one(monkeypatch, tmp_path):
    """Without an engine the error is one line that names the command."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(BoxError, match=r"scripts/engine\.sh start"):
        image.build_image(tmp_path, lambda line: None)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"id": 3}', "null"])
def test_spoilt_record_is_no_image(tmp_path, text):
    """A record that cannot be read counts as no image."""
    (tmp_path / "box").mkdir()
    (tmp_path / "box/image.json").write_text(text)
    assert image.image(tmp_path) is None


def _engine(verb: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if name != "DOCKER_HOST"} | environment
    return subprocess.run([SCRIPTS / "engine.sh", verb, folder], capture_output=True, text=True, env=plain)


@pytest.mark.docker
@pytest.mark.skipif(os.getuid() != 0, reason="only root can start an engine")
@pytest.mark.skipif(Path("/var/run/docker.sock").exists(), reason="this host has an engine of its own")
@pytest.mark.slow
def test_engine_starts_stops_and_leaves_nothing(tmp_path):
    """In a folder too deep for a socket and with a blank in its name, start works, and remove leaves nothing."""
    folder = tmp_path / ("deep " * 12) / "engine"
    try:
        first = _engine("start", folder)
        assert first.returncode == 0, first.stderr
        assert _engine("start", folder).stdout == first.stdout == _engine("status", folder).stdout
        number = (folder / "pid").read_text()
        short = Path((folder / "short").read_text().strip())
        assert short.is_dir()
    finally:
        gone = _engine("remove", folder)
    assert gone.returncode == 0, gone.stderr
    assert not folder.exists()
    assert not short.exists()
    assert not Path("/proc", number).exists()
    assert _engine("status", folder).returncode == 1


@pytest.mark.docker
def test_engine_that_answers_is_not_doubled(state, tmp_path):
    """Where DOCKER_HOST answers, start starts nothing and names that engine."""
    client = image.engine(state)
    address = client.api.base_url.replace("http+docker://localhost", "") or (state / "engine/host").read_text().strip()
    done = _engine("start", tmp_path / "engine", DOCKER_HOST=address)
    assert done.stdout == f"DOCKER_HOST={address}\n"
    assert "answers already" in done.stderr
    assert not (tmp_path / "engine").exists()
