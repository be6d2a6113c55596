"""What happened during one check: calls, judgements, the award.

The verbs are plain functions in a test's own words, so the check that is running is found through a context variable.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any


class CheckFailed(Exception):
    """The student's answer is wrong, in words that the student may read."""


@dataclass(frozen=True, eq=False)
class Call:
    """One call into the student's code, with the arguments as plain data."""

    name: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    method: bool = False  #: of an object that stayed in the box


@dataclass(frozen=True, eq=False)
class Judged:
    """One `agree`: the value that was judged, and the call that gave it (or gave what it is a part of)."""

    value: Any
    agreed: bool
    call: Call | None


@dataclass
class Recorder:
    """Filled by the verbs and the proxy while a check runs."""

    calls: list[Call] = field(default_factory=list)
    judged: list[Judged] = field(default_factory=list)
    award: tuple[float, str] | None = None
    others: int = 0  #: judgements that are no comparison: an input that was looked at again

    @property
    def silent(self) -> bool:
        """Nothing was judged: a loop over an empty answer must not pass for a right one."""
        return not self.judged and self.award is None and not self.others


current: ContextVar[Recorder | None] = ContextVar("the check that is running", default=None)
