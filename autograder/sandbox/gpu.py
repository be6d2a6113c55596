"""Graphics cards: which there are, and which one has room for a submission.

Seen from the trusted side only, with nvidia-smi.  CUDA needs more of /proc and /sys than the namespaces jail leaves
(it covers both), so units with a card use the jails that Landlock or a whole container close.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import BoxError
from ..records import Gpu

#: Kinds of jail in which CUDA finds what it needs.
JAILS = ("landlock", "container")
_QUERY = ["--query-gpu=index,uuid,memory.total,memory.free", "--format=csv,noheader,nounits"]
_ANSWER_S = 20


@dataclass(frozen=True)
class Card:
    """One card of this machine.  Memory in MiB."""

    index: int
    uuid: str
    memory_mb: int
    free_mb: int

    def nodes(self) -> list[str]:
        """Device files that CUDA opens."""
        shared = ("/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools")
        return [path for path in (f"/dev/nvidia{self.index}", *shared) if Path(path).exists()]


def cards() -> list[Card]:
    """All cards that nvidia-smi sees; none where it is missing or fails."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    try:
        run = subprocess.run([program, *_QUERY], capture_output=True, text=True, timeout=_ANSWER_S)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return list(_parsed(run.stdout)) if run.returncode == 0 else []


def _parsed(text: str) -> Sequence[Card]:
    rows = [[word.strip() for word in line.split(",")] for line in text.splitlines()]
    return [
        Card(int(index), uuid, int(total), int(free))
        for index, uuid, total, free in (row for row in rows if len(row) == 4)
        if index.isdigit() and total.isdigit() and free.isdigit()
    ]


def pick(need: Gpu) -> Card:
    """The fitting card with the most free memory.  BoxError with one line if there is none."""
    fitting = [card for card in cards() if card.memory_mb >= need.memory_mb]
    if not fitting:
        raise BoxError(f"no graphics card with {need.memory_mb} MiB answers here (nvidia-smi)")
    return max(fitting, key=lambda card: card.free_mb)


def slots(need: Gpu) -> int:
    """How many submissions with this need may run here at once."""
    return sum(int(1 / need.share + 1e-9) for card in cards() if card.memory_mb >= need.memory_mb)
