"""Bytes by their sha256. A blob is whole or not there, and on the disk when `put` returns."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path

from autograder.errors import StoreError

_SHA = re.compile(r"[0-9a-f]{64}")


def digest(data: bytes) -> str:
    """The name of a blob."""
    return hashlib.sha256(data).hexdigest()


class Blobs:
    """A folder of blobs, ab/cdef... by digest; readable by its owner only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, data: bytes) -> str:
        """Keep the bytes and give their sha256. After the return a power cut cannot take them away."""
        sha = digest(data)
        path = self._path(sha)
        try:
            _make_folder(self.folder)
            _make_folder(path.parent)
            if _holds(path, data):
                # Another process may have renamed it a moment ago and not yet made that durable.
                _sync(path)
            else:
                _write(path, data)
            _sync(path.parent)
        except OSError as error:
            raise StoreError(
                f"{path}: cannot be written ({error.strerror}). Free space or mend the permissions."
            ) from error
        return sha

    def has(self, sha: str) -> bool:
        """Whether there is a blob of that name."""
        return self._path(sha).exists()

    def get(self, sha: str) -> bytes:
        """The bytes, verified against their name."""
        path = self._path(sha)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise StoreError(f"{path}: cannot be read ({error.strerror}). Put it back from a backup.") from error
        if digest(data) != sha:
            raise StoreError(f"{path}: is damaged, its content is not what its name says. Put it back from a backup.")
        return data

    def _path(self, sha: str) -> Path:
        if not _SHA.fullmatch(sha):
            raise StoreError(f"{sha[:80]!r} is no sha256, so it names no blob.")
        return self.folder / sha[:2] / sha[2:]


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sync(folder.parent)


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.read_bytes() == data
    except FileNotFoundError:
        return False


def _write(path: Path, data: bytes) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
