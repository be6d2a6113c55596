"""What the docker box asks of an engine that is slow, or whose containers vanish; a real client, no engine."""

from __future__ import annotations

from types import SimpleNamespace

import docker
import pytest

from autograder.records import Limits
from autograder.sandbox.box import Settings
from autograder.sandbox.docker import LABEL, REMOVE_S, Docker, sweep


@pytest.fixture
def client():
    return docker.DockerClient(base_url="unix:///nonexistent/docker.sock", version="1.41", timeout=60)


def test_to_remove_a_container_it_waits_less_than_to_start_one(client):
    """An engine that has just come back may not hold up a worker that ends; the next question has its time again."""
    waited = []

    def remove(force: bool) -> None:
        waited.append(client.api.timeout)
        raise TimeoutError

    box = Docker(Settings(Limits()), "image", client)
    box._container = SimpleNamespace(remove=remove)
    box.close()
    assert (waited, client.api.timeout) == ([REMOVE_S], 60)


def test_a_container_that_vanishes_while_they_are_listed_spares_no_other(client, monkeypatch):
    """The next one's grader is dead, so it is removed."""
    removed = []

    def inspect(id: str) -> dict:
        if id == "gone":
            raise docker.errors.NotFound("no such container")
        return {"Id": id, "Config": {"Labels": {LABEL: "dead"}}}

    monkeypatch.setattr(client.api, "containers", lambda **words: [{"Id": "gone"}, {"Id": "left"}])
    monkeypatch.setattr(client.api, "inspect_container", inspect)
    monkeypatch.setattr(client.api, "remove_container", lambda id, **words: removed.append(id))
    monkeypatch.setattr("autograder.sandbox.docker.is_gone", lambda owner: owner == "dead")
    assert (sweep(client), removed) == (1, ["left"])
