"""The bubblewrap box again, as an ordinary user grades with it: no root, no cgroup, a user namespace of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

UID = 12345
CHANNEL = "(misuses or killed_with_9) and not landlock and not container"
CHOSEN = f"bubblewrap and (claimed or without_a_cgroup or hard_to_remove or ({CHANNEL}))"


@pytest.mark.slow
@pytest.mark.timeout(1500)
@pytest.mark.skipif(os.geteuid() != 0, reason="these tests run as an ordinary user already")
def test_the_contract_holds_for_an_ordinary_user(state):
    """Every promise in every jail, the channel's misuse and leavings: the same tests in a process of uid 12345."""
    here = Path(__file__).parent
    paths = {here.parents[1], state.absolute(), Path(sys.prefix), Path(sys.base_prefix)}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-k",
        CHOSEN,
        "tests/sandbox/test_contract.py",
    ]
    run = subprocess.run(
        [sys.executable, here / "as_user.py", str(UID), *map(str, paths), "--", *command],
        capture_output=True,
        text=True,
        cwd=here.parents[1],
        env={**os.environ, "AUTOGRADER_STATE": str(state.absolute()), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
    passed = re.search(r"(\d+) passed", run.stdout)
    assert passed
    assert int(passed[1]) > 50
    assert "skipped" not in run.stdout
