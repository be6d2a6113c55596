"""How `gpu:` of a unit reaches the boxes, shown without a card: a made-up nvidia-smi stands in for the machine's."""

from __future__ import annotations

import pytest

from autograder.errors import BoxError, CommandError
from autograder.records import Gpu, Limits
from autograder.sandbox import gpu
from autograder.sandbox.box import Settings
from autograder.sandbox.bubblewrap import Bubblewrap
from autograder.sandbox.choose import Choice, with_card
from autograder.sandbox.docker import Docker

SMI = """#!/bin/sh
echo "0, GPU-aaaa, 16384, 1000"
echo "1, GPU-bbbb, 81920, 70000"
echo "2, GPU-cccc, [N/A], 1"
"""


@pytest.fixture
def two_cards(tmp_path, monkeypatch):
    program = tmp_path / "nvidia-smi"
    program.write_text(SMI)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")


@pytest.fixture
def no_card(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))


def test_the_card_with_most_room_is_picked(two_cards):
    """A card that is too small is passed over; what nvidia-smi does not know is no card."""
    assert [card.uuid for card in gpu.cards()] == ["GPU-aaaa", "GPU-bbbb"]
    assert gpu.pick(Gpu(memory_mb=4096)).uuid == "GPU-bbbb"
    with pytest.raises(BoxError, match="no graphics card with 90000 MiB"):
        gpu.pick(Gpu(memory_mb=90000))


@pytest.mark.parametrize(("need", "slots"), [(Gpu(0.25, 4096), 8), (Gpu(1.0, 4096), 2), (Gpu(0.3, 40000), 3)])
def test_the_share_says_how_many_run_at_once(need, slots, two_cards):
    assert gpu.slots(need) == slots


def test_no_card_is_no_slot(no_card):
    assert gpu.cards() == []
    assert gpu.slots(Gpu()) == 0


def test_docker_asks_the_engine_for_the_card(two_cards, tmp_path):
    """The device request names one card; a unit without `gpu` asks for none."""
    settings = Settings(Limits(), gpu=Gpu(memory_mb=8192), jail="landlock")
    (request,) = Docker(settings, "image", None)._options(tmp_path)["device_requests"]
    assert request.device_ids == ["GPU-bbbb"]
    assert "gpu" in request.capabilities[0]
    assert Docker(Settings(Limits()), "image", None)._options(tmp_path)["device_requests"] == []


def test_bubblewrap_binds_the_cards_nodes(two_cards, tmp_path, monkeypatch):
    """Only the device files of the picked card, and those that all cards share."""
    monkeypatch.setattr(gpu.Path, "exists", lambda path: str(path) != "/dev/nvidia-uvm-tools")
    words = Bubblewrap(Settings(Limits(), gpu=Gpu(), jail="landlock"), tmp_path)._card()
    bound = [words[i + 1] for i, word in enumerate(words) if word == "--dev-bind"]
    assert bound == ["/dev/nvidia1", "/dev/nvidiactl", "/dev/nvidia-uvm"]
    assert Bubblewrap(Settings(Limits()), tmp_path)._card() == []


def test_address_space_is_not_capped_for_cuda(tmp_path):
    """CUDA maps far more than it uses; the sum over the submission is watched instead."""
    plain = Bubblewrap(Settings(Limits()), tmp_path)._config()
    card = Bubblewrap(Settings(Limits(), gpu=Gpu(memory_mb=2048), jail="landlock"), tmp_path)._config()
    assert plain["jail"]["address_space_mb"] == plain["watch_mb"] == card["watch_mb"] == 1024
    assert card["jail"]["address_space_mb"] is None
    assert (card["gpu_mb"], card["jail"]["card"]) == (2048, True)
    assert (plain["gpu_mb"], plain["jail"]["card"]) == (None, False)


def test_cuda_has_jails_of_its_own(tmp_path):
    """Where /proc is covered CUDA does not start, so that jail is not used for it, and not silently another."""
    assert with_card(Choice("docker", tmp_path)).jails == ("landlock", "container")
    with pytest.raises(CommandError, match="--jail landlock"):
        with_card(Choice("docker", tmp_path, jails=("namespaces",)))
