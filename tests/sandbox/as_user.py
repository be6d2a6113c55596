"""Runs a command as an ordinary user, whatever stands in its way: folders that are closed to all but root are opened
for it in a mount namespace of its own, so that nothing of the host changes.

    python as_user.py UID PATH [PATH ...] -- COMMAND ...       (as root; each PATH is made reachable)
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path


def closed_above(path: Path) -> Path | None:
    """The highest folder on the way to `path` that others may not enter."""
    return next((p for p in reversed(path.parents) if not p.stat().st_mode & 0o001), None)


def opened(paths: list[Path]) -> None:
    """Cover each closed folder with an empty one that holds only what is asked for."""
    closed = {path: top for path in paths if (top := closed_above(path)) is not None}
    stash = {}
    for path in closed:
        stash[path] = tempfile.mkdtemp()
        mount("--rbind", str(path), stash[path])
    for top in set(closed.values()):
        mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", str(top))
    for path, kept in stash.items():
        path.mkdir(parents=True)
        mount("--move", kept, str(path))
        Path(kept).rmdir()


def mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True)


def main() -> None:
    if "AS_USER_INSIDE" not in os.environ:
        os.environ["AS_USER_INSIDE"] = "1"
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, *sys.argv])
    split = sys.argv.index("--")
    uid, paths, command = int(sys.argv[1]), [Path(p) for p in sys.argv[2:split]], sys.argv[split + 1 :]
    opened(paths)
    with tempfile.TemporaryDirectory() as home:
        os.chown(home, uid, uid)
        env = {**os.environ, "HOME": home, "TMPDIR": home, "USER": f"user{uid}"}
        sys.exit(subprocess.run(command, env=env, user=uid, group=uid, extra_groups=[]).returncode)


if __name__ == "__main__":
    main()
