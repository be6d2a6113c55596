"""Takes away what a submission left in the folders that it shares with the next one of its box (jail `landlock`).

Whoever left it could make it hard to remove: chains of folders deeper than any path may be long, folders that are
closed, attributes and times of the shared folder itself.  (Times of all else are kept by the jail's filter.)
"""

from __future__ import annotations

import contextlib
import os
import secrets


def wipe(folders: tuple[str, ...]) -> None:
    """Empty the folders.  OSError if something cannot be removed."""
    for folder in folders:
        if os.path.isdir(folder):
            with contextlib.suppress(PermissionError):  # then a submission could not change it either
                os.chmod(folder, 0o1777)
            _empty(folder)
            os.utime(folder)


def _empty(top: str) -> None:
    for name in os.listxattr(top):
        with contextlib.suppress(OSError):  # the system's own
            os.removexattr(top, name)
    while names := os.listdir(top):
        for name in names:
            path = os.path.join(top, name)
            if not os.path.isdir(path) or os.path.islink(path):
                os.unlink(path)
                continue
            os.chmod(path, 0o700)
            for child in os.scandir(path):
                # Up to the top instead of down into it: no depth is too deep, and each path is short.
                if child.is_dir(follow_symlinks=False):
                    os.chmod(child.path, 0o700)  # a folder that may not be written cannot be moved
                    os.rename(child.path, os.path.join(top, secrets.token_hex(16)))
                else:
                    os.unlink(child.path)
            os.rmdir(path)
