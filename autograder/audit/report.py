"""What an audit found, as records."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One reason not to trust a unit's tests, on one line."""

    who: str  #: "solution", "blank", "right one_by_one", "wrong axis_0", "hostile None", ...
    what: str

    def __str__(self) -> str:
        return f"{self.who}: {self.what}"


@dataclass(frozen=True)
class AuditReport:
    """One unit's audit; clean when nothing was found."""

    unit: str
    checks: int
    wrong: int
    right: int
    hostile: int
    seeds: int
    seconds: float
    findings: tuple[Finding, ...]

    @property
    def clean(self) -> bool:
        return not self.findings

    @property
    def summary(self) -> str:
        """The unit's audit in one line."""
        told = "clean" if self.clean else f"{len(self.findings)} finding{'s' if len(self.findings) > 1 else ''}"
        return (
            f"{self.unit}: {told} ({self.checks} checks, {self.wrong} wrong, {self.right} right and {self.hostile} hostile "
            f"solutions, {self.seeds} seeds, {self.seconds:.1f} s)"
        )
