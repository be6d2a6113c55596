"""What a worker is called in the rows: which process of which machine, for ever."""

from __future__ import annotations

from pathlib import Path

from ..sandbox.box import is_gone, owner


def holder() -> str:
    """The name of this process."""
    return f"{_machine()}/{owner()}"


def is_dead(name: str) -> bool:
    """Whether that process has ended, as far as it can be known from here."""
    machine, _, process = name.partition("/")
    return machine == _machine() and is_gone(process)


def who(name: str) -> str:
    """The name in words."""
    machine, _, process = name.partition("/")
    return f"the worker with process {process.partition('-')[0]}" + (
        "" if machine == _machine() else f" of machine {machine}"
    )


def _machine() -> str:
    """Names this machine until it is started again."""
    return Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
