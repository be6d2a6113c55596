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
class Tried:
    """One wrong or changed solution, and what the checks of its exercise made of it."""

    kind: str  #: "wrong" or "mutant"
    who: str
    exercise: str
    killed: bool  #: it loses points under every seed
    lost: float  #: points lost under the first seed
    failed: frozenset[str]  #: checks that saw it under the first seed
    diff: str = ""
    equivalent: str = ""  #: the unit's reason why it is no slip at all


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
    names: tuple[str, ...] = ()  #: of the checks
    tried: tuple[Tried, ...] = ()

    @property
    def mutants(self) -> tuple[Tried, ...]:
        """Those that are slips: the equivalent ones are left out."""
        return tuple(each for each in self.tried if each.kind == "mutant" and not each.equivalent)

    @property
    def kill_rate(self) -> float:
        """Share of the mutants that lose points under every seed; 1 where there is none."""
        return sum(each.killed for each in self.mutants) / len(self.mutants) if self.mutants else 1.0

    @property
    def survivors(self) -> tuple[Tried, ...]:
        return tuple(each for each in self.mutants if not each.killed)

    @property
    def excused(self) -> tuple[Tried, ...]:
        """Mutants that the unit lists as no slip at all."""
        return tuple(each for each in self.tried if each.equivalent)

    @property
    def never_failing(self) -> tuple[str, ...]:
        """Checks that no wrong or changed solution ever failed."""
        seen = {check for each in self.tried for check in each.failed}
        return tuple(name for name in self.names if name not in seen)

    @property
    def together(self) -> tuple[tuple[str, ...], ...]:
        """Groups of checks that always failed together: one of them may be enough."""
        groups: dict[frozenset[str], list[str]] = {}
        for name in self.names:
            killed = frozenset(each.who for each in self.tried if name in each.failed)
            if killed:
                groups.setdefault(killed, []).append(name)
        return tuple(tuple(group) for group in groups.values() if len(group) > 1)

    @property
    def clean(self) -> bool:
        return not self.findings

    @property
    def summary(self) -> str:
        """The unit's audit in one line."""
        told = "clean" if self.clean else f"{len(self.findings)} finding{'s' if len(self.findings) > 1 else ''}"
        return (
            f"{self.unit}: {told} ({self.checks} checks, {self.wrong} wrong, {self.right} right and {self.hostile} hostile "
            f"solutions, {sum(m.killed for m in self.mutants)} of {len(self.mutants)} mutants killed, "
            f"{self.seeds} seeds, {self.seconds:.1f} s)"
        )
