"""Can a unit's tests be trusted?

The solution and every right.py entry score full, nothing scores 0, every wrong.py entry loses points in its exercise
and nowhere else and its diagnosis is shown, mutants of the solution lose points, the right answers in
other clothes (lists, tensors, views) lose none, and no answer whatever makes a check
"not graded": all under many seeds, because a student meets any seed.

Everything runs in our own processes through LocalStudent, which passes values through the wire's own encoding: these are
the course's own functions, twenty seeds of them are thousands of runs, and what a box does to an answer is the same.
A check that never calls a replaced function is not run again: with the same numbers it would see the same answers.
That the released notebook, solved, scores full in a real box is one run, and stands in tests/acceptance.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import inspect
import multiprocessing
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from autograder.audit import equivalent
from autograder.audit.dressed import DRESSINGS, dressed
from autograder.audit.hostile import ANYTHING, NAMES, hostile
from autograder.audit.mutants import Mutant, mutants
from autograder.audit.report import AuditReport, Finding, Tried
from autograder.checks.forbidden import scan
from autograder.checks.local import LocalStudent
from autograder.checks.points import Solution
from autograder.checks.session import CheckSession
from autograder.errors import JudgeError
from autograder.records import CheckResult, Handle, Reply, Verdict

__all__ = ["AuditReport", "Finding", "run"]

Progress = Callable[[str], None]
Function = Callable[..., Any]
Found = Finding | Tried
_HOSTILE_SEEDS = 3
_SILENT = 2  #: steps that try nobody
MUTANT_SECONDS = 2.0  #: of processor time for one check of a mutant, which may never end
KILL_RATE = 0.95
#: Functions of this name train a model.  Their bugs are measured over fifty seeds (measure_*.md), not mutated, and here
#: only the first few seeds of their checks are run: each is a dozen trainings.
TRAINING, TRAINING_SEEDS = "train", 3


def run(
    root: Path,
    unit: str,
    seeds: int = 20,
    progress: Progress | None = None,
    jobs: int = 1,
    expect: Callable[[int], None] | None = None,
) -> AuditReport:
    """Audit assignments/<unit> of the course in `root`, with `jobs` processes.

    progress: told who is being tried, before each; expect: told first how many will be.  JudgeError if a process of
    ours died.
    """
    began = time.perf_counter()
    tell = progress or (lambda who: None)
    with CheckSession(root, unit) as session:
        counts = {"checks": len(session.checks), "wrong": len(session.wrong), "right": len(session.right)}
        names = tuple(spec.check for spec in session.checks)
        if expect is not None:
            expect(len(_Audit(session, seeds, tell).steps()) - _SILENT)
        found = _share(session, seeds, 0, 1, tell) if jobs == 1 else None
    found = found if found is not None else _together(root, unit, seeds, jobs, tell)
    tried = tuple(each for each in found if isinstance(each, Tried))
    findings = dict.fromkeys(each for each in found if isinstance(each, Finding))
    report = AuditReport(
        unit, **counts, hostile=len(NAMES), seeds=seeds, seconds=0.0, findings=(), names=names, tried=tried
    )
    findings |= dict.fromkeys(_of_mutants(report))
    return replace(report, findings=tuple(findings), seconds=time.perf_counter() - began)


def _of_mutants(report: AuditReport) -> Iterator[Finding]:
    if report.kill_rate < KILL_RATE:
        yield Finding(
            "mutants",
            f"{len(report.survivors)} of {len(report.mutants)} keep all points: fewer than {KILL_RATE:.0%} lose any",
        )


def _share(session: CheckSession, seeds: int, mine: int, shares: int, tell: Progress) -> list[Found]:
    """Every `shares`-th step of an audit, from the step `mine` on."""
    audit = _Audit(session, seeds, tell)
    if mine:
        audit.learn_callers()
    return [found for step in audit.steps()[mine::shares] for found in step()]


def _together(root: Path, unit: str, seeds: int, jobs: int, tell: Progress) -> list[Found]:
    """The shares of an audit in processes of their own."""
    context = multiprocessing.get_context("spawn")
    findings: list[Found] = []
    with contextlib.ExitStack() as stack:
        running: list[Connection] = []
        for mine in range(jobs):
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(target=_serve_share, args=(theirs, root, unit, seeds, mine, jobs), daemon=True)
            process.start()
            stack.callback(process.kill)
            theirs.close()
            running.append(ours)
        while running:
            for connection in wait(running):
                assert isinstance(connection, Connection)
                try:
                    said = connection.recv()
                except EOFError as e:
                    raise JudgeError("a process of the audit died; see the lines above") from e
                if isinstance(said, str):
                    tell(said)
                else:
                    findings += said
                    running.remove(connection)
    return findings


def _serve_share(connection: Connection, root: Path, unit: str, seeds: int, mine: int, shares: int) -> None:
    with CheckSession(root, unit) as session:
        connection.send(_share(session, seeds, mine, shares, connection.send))


class _Audit:
    """One audit of one open session."""

    def __init__(self, session: CheckSession, seeds: int, progress: Progress) -> None:
        self.session, self.seeds, self.progress = session, seeds, progress
        self.right = session.right
        self.equivalent = equivalent.read(session.folder / "assignments" / session.name)
        self.mutants = [
            (exercise.id, mutant)
            for exercise in session.unit.exercises
            for name in exercise.functions
            if not name.startswith(TRAINING)
            for mutant in mutants(session.solution[name])
        ]
        self.callers: dict[str, set[str]] = {}  # check -> the functions that it calls

    def steps(self) -> list[Callable[[], Iterator[Found]]]:
        """All that an audit tries, each step on its own; the first also learns which check calls what."""
        return [
            lambda: self._full("solution", self._solution),
            self._blank,
            self._right_together,
            self._exercises_without_wrong,
            *(functools.partial(self._rightly, each) for each in self.right),
            *(functools.partial(self._loses, each) for each in self.session.wrong),
            *(functools.partial(self._hostile, name) for name in NAMES),
            *(functools.partial(self._dressed, name) for name in DRESSINGS),
            self._stale,
            *(functools.partial(self._mutant, exercise, mutant) for exercise, mutant in self.mutants),
        ]

    def learn_callers(self) -> None:
        """What the first step learns, for a share of an audit that does not run it."""
        self._solution(0)

    def _rightly(self, each: Solution) -> Iterator[Finding]:
        yield from self._obeys(each)
        yield from self._full_with(f"right {each.name}", self._with(each))

    # Running

    def _with(self, *replaced: Solution) -> dict[str, Function]:
        return {each.replaces or "": each.function for each in replaced}

    def _run(self, replaced: Mapping[str, Function], n: int, help: bool = False) -> tuple[CheckResult, ...]:
        """The checks that can see the replaced functions, under the n-th seed."""
        only = {check for check in self._due(n) if self.callers[check] & replaced.keys()}
        student = LocalStudent({**self.session.solution, **replaced})
        return self.session.run(student, self._seed_of(n), help=help, only=only)

    def _due(self, n: int) -> set[str]:
        """The checks that are run under the n-th seed."""
        return {
            check
            for check, names in self.callers.items()
            if n < TRAINING_SEEDS or not any(name.startswith(TRAINING) for name in names)
        }

    def _solution(self, n: int) -> tuple[CheckResult, ...]:
        """Every check for the solution, noting which functions each calls."""
        student = _Heard(self.session.solution)
        only = self._due(n) if self.callers else None

        def seed(check: str) -> int:
            student.names = self.callers.setdefault(check, set())
            return self._seed_of(n)(check)

        return self.session.run(student, seed, help=False, only=only)

    def _broken(self, who: str, results: Iterable[CheckResult], n: int) -> Iterator[Finding]:
        for r in results:
            if r.verdict is Verdict.NOT_GRADED:
                yield Finding(who, f"{r.check} breaks instead of judging (seed {n}): {r.message}")

    # Each kind of solution

    def _full_with(self, who: str, replaced: Mapping[str, Function]) -> Iterator[Finding]:
        yield from self._full(who, lambda n: self._run(replaced, n))

    def _full(
        self, who: str, run: Callable[[int], tuple[CheckResult, ...]], seeds: int | None = None
    ) -> Iterator[Finding]:
        self.progress(who)
        lost: dict[str, list[str]] = {}
        seeds = self.seeds if seeds is None else seeds
        for n in range(seeds):
            results = run(n)
            yield from self._broken(who, results, n)
            for r in results:
                if r.verdict not in (Verdict.PASSED, Verdict.NOT_GRADED):
                    lost.setdefault(r.check, []).append(f"{r.verdict.value} at seed {n}: {r.message}")
        for check, times in lost.items():
            yield Finding(who, f"{check} takes points of it under {len(times)} of {seeds} seeds ({times[0]})")

    def _blank(self) -> Iterator[Finding]:
        self.progress("blank")
        every = [exercise.id for exercise in self.session.unit.exercises]
        told = self.session.run(LocalStudent({}), lambda check: 0, missing=every, help=False)
        called = self._run(dict.fromkeys(self.session.solution, _stub), 0)
        for r in (*told, *called):
            if r.verdict is not Verdict.MISSING or r.earned > 0:
                yield Finding("blank", f"{r.check} gives {r.earned:g} points for the empty stub ({r.verdict.value})")

    def _right_together(self) -> Iterator[Finding]:
        """A whole submission in another style, as far as right.py goes."""
        if self.right:
            yield from self._full_with("right, all together", self._with(*self.right))

    def _obeys(self, each: Solution) -> Iterator[Finding]:
        """A right solution keeps the rules that students keep."""
        forbid = self.session.unit.exercise(each.exercise).forbid
        around = Path(inspect.getsourcefile(each.function) or "").read_text("utf-8")
        lines, first = inspect.getsourcelines(each.function)
        for use in scan("".join(lines), forbid, around):
            yield Finding(
                f"right {each.name}", f"{each.place}: uses {use.name} (line {first + use.line - 1}), forbidden"
            )

    def _loses(self, each: Solution) -> Iterator[Found]:
        who = f"wrong {each.name}"
        self.progress(who)
        kept: list[int] = []
        shown = False
        first: list[CheckResult] = []
        training = (each.replaces or "").startswith(TRAINING)
        for n in range(min(self.seeds, TRAINING_SEEDS) if training else self.seeds):
            results = self._run(self._with(each), n, help=True)
            yield from self._broken(who, results, n)
            own = [r for r in results if r.exercise == each.exercise]
            first = first or own
            if not any(r.earned < r.points for r in own):
                kept.append(n)
            shown |= any(r.diagnosis == each.diagnosis for r in own)
            yield from self._elsewhere(who, each, results, n)
        if kept:
            yield Finding(
                who, f"keeps all points of {each.exercise} under {len(kept)} of {self.seeds} seeds ({kept[:5]})"
            )
        elif not shown and self._by_value(each):
            yield Finding(who, f"loses points, but no check shows its diagnosis ({each.diagnosis[:60]!r})")
        yield _tried("wrong", who, each.exercise, not kept, first)

    def _elsewhere(self, who: str, each: Solution, results: Iterable[CheckResult], n: int) -> Iterator[Finding]:
        for r in results:
            if r.exercise != each.exercise and r.verdict not in (Verdict.PASSED, Verdict.NOT_GRADED):
                yield Finding(who, f"loses points in {r.exercise} too: {r.check} (seed {n})")

    def _by_value(self, each: Solution) -> bool:
        """It gives a wrong value somewhere; a wrong solution that only trains badly, or crashes, has none to be known by."""
        namespace = {**self.session.solution, **self._with(each)}
        return self.session.fails_by_value(namespace, each.exercise, self._seed_of(0))

    def _seed_of(self, n: int) -> Callable[[str], int]:
        return lambda check: _seed(self.session.name, check, n)

    def _exercises_without_wrong(self) -> Iterator[Finding]:
        known = {each.exercise for each in self.session.wrong}
        for exercise in self.session.unit.exercises:
            if exercise.id not in known:
                yield Finding(
                    f"exercise {exercise.id}", "wrong.py has no wrong solution of it: what its checks see is unknown"
                )

    def _dressed(self, name: str) -> Iterator[Finding]:
        """The right answers as lists, tensors, views ...: nobody loses a point for the form of an answer."""
        replaced = {f: dressed(name, function) for f, function in self.session.solution.items()}
        who, seeds = f"right in {name}", min(self.seeds, _HOSTILE_SEEDS)
        yield from self._full(who, lambda n: self._run(replaced, n), seeds)

    # Mutants

    def _stale(self) -> Iterator[Finding]:
        there = {(m.function, m.line, m.change) for _, m in self.mutants}
        for function, line, change in self.equivalent.keys() - there:
            yield Finding(equivalent.FILE, f"there is no mutant {function}: `{line}`: {change}. Take it out.")

    def _mutant(self, exercise: str, mutant: Mutant) -> Iterator[Found]:
        """Its own exercise's checks only; after the first seed, until one of them takes a point."""
        who = f"mutant {mutant.name}"
        self.progress(who)
        try:
            student = LocalStudent({**self.session.solution, mutant.function: self._built(mutant)})
        except Exception:  # not even a function: nobody could hand it in
            return
        own = [
            c.check for c in self.session.checks if c.exercise == exercise and mutant.function in self.callers[c.check]
        ]
        first = self._judge(student, own, 0)
        failed = [r.check for r in first if _lost(r)]
        order = [*failed, *(check for check in own if check not in failed)]
        killed = bool(failed) and all(
            any(_lost(r) for check in order for r in self._judge(student, [check], n)) for n in range(1, self.seeds)
        )
        reason = self.equivalent.get((mutant.function, mutant.line, mutant.change), "")
        tried = _tried("mutant", who, exercise, killed, first)
        yield replace(tried, diff=mutant.diff, equivalent=reason)
        if reason and killed:
            yield Finding(equivalent.FILE, f"{mutant.name} loses points: it is not equivalent. Take it out.")

    def _built(self, mutant: Mutant) -> Function:
        return mutant.build(self.session.solution[mutant.function])

    def _judge(self, student: LocalStudent, only: Iterable[str], n: int) -> tuple[CheckResult, ...]:
        return self.session.run(student, self._seed_of(n), help=False, only=set(only), seconds=MUTANT_SECONDS)

    def _hostile(self, name: str) -> Iterator[Finding]:
        who = f"hostile {name}"
        self.progress(who)
        replaced = {f: hostile(name, function) for f, function in self.session.solution.items()}
        for n in range(min(self.seeds, _HOSTILE_SEEDS)):
            results = self._run(replaced, n)
            yield from self._broken(who, results, n)
            for r in results if name in ANYTHING else ():
                if r.earned > 0:
                    yield Finding(who, f"earns {r.earned:g} in {r.check} (seed {n})")
            yield from self._untroubled(who, results, n)

    def _untroubled(self, who: str, results: Iterable[CheckResult], n: int) -> Iterator[Finding]:
        """Part of an answer may earn part of the points, never all of an exercise's."""
        lost = {r.exercise for r in results if r.earned < r.points}
        for exercise in sorted({r.exercise for r in results} - lost):
            yield Finding(who, f"keeps all points of {exercise} (seed {n})")


def _lost(result: CheckResult) -> bool:
    """A mutant that our side had to stop would have been stopped in a box."""
    return result.verdict is Verdict.NOT_GRADED or result.earned < result.points


def _tried(kind: str, who: str, exercise: str, killed: bool, first: Iterable[CheckResult]) -> Tried:
    lost = {r.check: r.points - r.earned for r in first if _lost(r)}
    return Tried(kind, who, exercise, killed, round(sum(lost.values()), 6), frozenset(lost))


class _Heard(LocalStudent):
    """The solution, noting the names that are called."""

    def __init__(self, namespace: Mapping[str, Function]) -> None:
        super().__init__(namespace)
        self.names: set[str] = set()

    def call(
        self,
        name: str,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        *,
        on: Handle | None = None,
        keep: bool = False,
    ) -> Reply:
        self.names.add(name)
        return super().call(name, args, kwargs, on=on, keep=keep)


def _stub(*_: Any, **__: Any) -> Any:
    raise NotImplementedError


def _seed(unit: str, check: str, n: int) -> int:
    return int.from_bytes(hashlib.sha256(f"audit {n} of {unit}/{check}".encode()).digest()[:6], "big")
