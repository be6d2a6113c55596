"""A host that cannot hold a box is named with the command that mends it; the kernel's files are made up here."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from autograder.errors import BoxError
from autograder.sandbox import choose, host, image, selftest
from autograder.sandbox.box import PROMISES
from autograder.sandbox.choose import Choice

GOOD = {
    "sys/kernel/seccomp/actions_avail": "kill_process errno allow\n",
    "sys/user/max_user_namespaces": "15000\n",
    "sys/kernel/unprivileged_userns_clone": "1\n",
    "sys/kernel/apparmor_restrict_unprivileged_userns": "0\n",
    "self/ns/user": "",
    "meminfo": "MemTotal: 9000000 kB\nMemAvailable: 4096000 kB\n",
}


@pytest.fixture
def proc(tmp_path, monkeypatch):
    """A good host's /proc, to be spoilt."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    def made(**spoilt: str | None) -> Path:
        for name, text in {**GOOD, **{k.replace("__", "/"): v for k, v in spoilt.items()}}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if text is not None:
                path.write_text(text)
        return tmp_path

    return made


def test_a_good_host_needs_nothing(proc):
    """Then the cure is to look closer."""
    assert host.seccomp(proc())
    assert host.user_namespaces(proc()).seen == "allowed"
    assert host.memory(1024, proc()).seen == "4000 MiB free"
    assert host.cure_for("bubblewrap", "namespaces", proc()) == "Run: autograder doctor"


@pytest.mark.parametrize(
    ("switch", "value", "cure"),
    [
        ("sys__user__max_user_namespaces", "0", "sysctl -w user.max_user_namespaces=15000"),
        ("sys__kernel__unprivileged_userns_clone", "0", "sysctl -w kernel.unprivileged_userns_clone=1"),
        ("sys__kernel__apparmor_restrict_unprivileged_userns", "1", "apparmor_restrict_unprivileged_userns=0"),
        ("self__ns__user", None, "CONFIG_USER_NS"),
    ],
)
def test_each_way_to_refuse_user_namespaces_has_its_cure(switch, value, cure, proc):
    spoilt = proc(**{switch: value})
    assert cure in host.user_namespaces(spoilt).cure
    assert cure in host.cure_for("bubblewrap", "namespaces", spoilt)
    assert host.cure_for("docker", "landlock", spoilt) == "Run: autograder doctor"


def test_root_needs_no_leave_but_the_kernels_own(proc, monkeypatch):
    """The switches of distributions hold for ordinary users only."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert host.user_namespaces(proc(sys__kernel__unprivileged_userns_clone="0")).seen
    assert not host.user_namespaces(proc(sys__user__max_user_namespaces="0")).seen


def test_no_seccomp_is_no_box(proc):
    assert "no seccomp" in host.cure_for("docker", "namespaces", proc(sys__kernel__seccomp__actions_avail=None))


def test_memory_decides_how_many_boxes_fit(proc):
    """4000 MiB hold two boxes of 1 GiB and their zygotes; one of 8 GiB does not fit."""
    assert host.fitting(8, 1024, proc()) == 2
    assert host.fitting(1, 1024, proc()) == 1
    assert host.fitting(4, 8192, proc()) == 0
    assert "8642 MiB are needed" in host.memory(8192, proc()).cure


def test_a_broken_promise_is_told_with_the_hosts_cure(tmp_path, monkeypatch):
    """One line: which promise, in which jail, what was seen, and the command."""
    finding = selftest.Finding("writes", "", False, "/etc")
    monkeypatch.setattr(selftest, "run", lambda choice: (finding,))
    monkeypatch.setattr(host, "cure_for", lambda box, jail: "Run: sysctl -w x=1")
    with pytest.raises(BoxError) as caught:
        selftest.require(Choice("bubblewrap", tmp_path, jails=("namespaces", "landlock")), tmp_path)
    said = str(caught.value)
    assert "\n" not in said
    assert said.endswith("Run: sysctl -w x=1")
    assert said.count(PROMISES["writes"]) == 2


def test_the_first_jail_that_holds_is_taken_and_remembered(tmp_path, monkeypatch):
    """A host that refuses namespaces grades with landlock, says that it tested, and does not test again."""
    tested, said = [], []

    def run(choice):
        tested.append(choice.jail)
        return (selftest.Finding("writes", "", choice.jail == "landlock", "refused"),)

    monkeypatch.setattr(selftest, "run", run)
    for _ in range(2):
        settled = selftest.require(Choice("bubblewrap", tmp_path), tmp_path, said.append)
        assert settled.title == "bubblewrap/landlock"
    assert tested == ["namespaces", "landlock"]
    assert len(said) == 2


def test_a_box_that_does_not_start_is_a_jail_that_does_not_hold(tmp_path, monkeypatch):
    """An error of the first jail does not keep the second from being tried."""

    def run(choice):
        if choice.jail == "namespaces":
            raise BoxError("unshare: Operation not permitted")
        return ()

    monkeypatch.setattr(selftest, "run", run)
    assert selftest.require(Choice("docker", tmp_path, image="sha256:0"), tmp_path).jail == "landlock"


def test_a_half_built_environment_is_not_there(tmp_path):
    """What has no stamp does not count; the line names the command that builds it anew."""
    home = image._home(tmp_path)
    (home / "env" / "bin").mkdir(parents=True)
    (home / "env" / "bin" / "python").symlink_to(shutil.which("python3") or "/usr/bin/python3")
    with pytest.raises(BoxError, match=r"not built\. Run: autograder image build"):
        choose.choose("bubblewrap", tmp_path)


def test_a_dead_engine_is_named_and_another_box_is_announced(tmp_path, monkeypatch):
    """Asked for, Docker is an error; with `auto`, bubblewrap is used and one line says so."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/dead.sock")
    with pytest.raises(BoxError, match=r"no engine answers\. Start one"):
        choose.choose("docker", tmp_path)
    (tmp_path / "box").mkdir()
    (tmp_path / "box" / "image.json").write_text('{"id": "sha256:0", "digest": "0", "tag": "t"}')
    monkeypatch.setattr(image, "environment", lambda state: tmp_path)
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/bwrap")
    assert "engine or image is gone" in choose.choose("auto", tmp_path).note
    (tmp_path / "box" / "image.json").unlink()
    assert choose.choose("auto", tmp_path).note == ""


def test_bubblewrap_missing_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(image, "environment", lambda state: tmp_path)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(BoxError, match="apt-get install bubblewrap"):
        choose.choose("bubblewrap", tmp_path)
