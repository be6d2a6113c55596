"""The course secret and the seeds drawn from it."""

from __future__ import annotations

import stat

import pytest

from autograder.errors import CommandError
from autograder.secret import Secret, load_secret, location


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.delenv("AUTOGRADER_SECRET", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path


def test_it_is_made_once_and_for_its_owner_only(home):
    """The first use makes the secret with mode 0600; later uses read the same."""
    first = load_secret("course")
    assert first == load_secret("course")
    assert len(first.key) == 32
    assert stat.S_IMODE(location("course").stat().st_mode) == 0o600


def test_courses_have_secrets_of_their_own(home):
    """Two courses on one machine do not share their hidden inputs."""
    assert load_secret("one") != load_secret("two")


def test_a_seed_depends_on_every_word(home):
    """Bundle, check, student and attempt each change the seed; the same words give the same one."""
    secret = Secret(bytes(32))
    words = ("check", "test_x", "bundle", "ada", 1)
    seeds = {secret.seed(*words[:i], "other", *words[i + 1 :]) for i in range(5)} | {secret.seed(*words)}
    assert len(seeds) == 6
    assert secret.seed(*words) == secret.seed(*words)
    assert secret.seed("a", "bc") != secret.seed("ab", "c")
    assert 0 <= secret.seed(*words) < 1 << 63


@pytest.mark.parametrize("text", ["", "not hexadecimal", "00" * 8])
def test_a_damaged_secret_is_not_replaced(home, text):
    """A secret that cannot be read is an error with its cure: a new one would change every grade's inputs."""
    location("course").parent.mkdir(parents=True)
    location("course").write_text(text)
    with pytest.raises(CommandError, match="backup"):
        load_secret("course")
    assert location("course").read_text() == text
