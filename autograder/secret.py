"""The course secret, and the seeds drawn from it.

Whatever a box has seen is known to the student afterwards, so hidden inputs are fresh for each attempt: a seed is an
HMAC of bundle, check, student and attempt under a secret that lies outside the repository and never enters a release, a
log or a box.  The seed is stored with the result, so that a replay draws the same inputs.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from .errors import CommandError


@dataclass(frozen=True)
class Secret:
    """32 bytes that only the course's own machine knows."""

    key: bytes

    def seed(self, *words: object) -> int:
        """A 63-bit number that nobody without the secret can foretell."""
        text = "\x1f".join(str(word) for word in words).encode()
        return int.from_bytes(hmac.digest(self.key, text, hashlib.sha256)[:8], "big") >> 1


def location(course_id: str) -> Path:
    """Where the secret of a course lies: AUTOGRADER_SECRET, or the user's configuration folder."""
    named = os.environ.get("AUTOGRADER_SECRET")
    if named:
        return Path(named)
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return home / "autograder" / f"{course_id}.secret"


def load_secret(course_id: str) -> Secret:
    """The secret of the course, made (readable by its owner only) when there is none yet."""
    path = location(course_id)
    try:
        if not path.exists():
            _create(path)
        key = bytes.fromhex(path.read_text().strip())
    except (OSError, ValueError) as e:
        raise CommandError(
            f"{path}: the course secret cannot be read ({type(e).__name__}). Restore it from a backup."
        ) from e
    if len(key) < 32:
        raise CommandError(f"{path}: the course secret is too short. Restore it from a backup.")
    return Secret(key)


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(32) + "\n")
    try:
        os.link(temporary, path)  # two graders that start at once agree on one secret
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
