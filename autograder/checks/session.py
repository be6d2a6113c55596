"""All checks of a unit: one pytest session, held open; collected once, run for one submission after another.

The session is nobody else's: no ini file, no conftest, no plug-in of the machine's, nothing printed, nothing written.
"""

from __future__ import annotations

import contextlib
import functools
import os
import warnings
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

import numpy as np
import pytest
from _pytest.config import Config, _prepareconfig
from _pytest.main import Session
from _pytest.runner import runtestprotocol

from autograder.checks import pictures
from autograder.checks.compare import same
from autograder.checks.diagnose import Diagnoses
from autograder.checks.local import LocalStudent
from autograder.checks.modules import OwnModules, unreadable
from autograder.checks.outcome import SECONDS, Outcome, observe
from autograder.checks.points import AUTO, CheckSpec, PictureSpec, Solution
from autograder.checks.recorder import Judged
from autograder.checks.student import Proxy
from autograder.checks.twin import drawn_twin
from autograder.errors import JudgeError, UnitError
from autograder.notebook import Unit, load_unit
from autograder.records import CheckResult, Picture, Student, Verdict

TIMEOUTS = 2  #: after so many (or as many out of memory) in one exercise its other checks are not run
HELP_SECONDS = 5.0  #: of processor time for each run that only looks for help: a diagnosis, a twin

_OURS = frozenset({"student", "rng"})
#: Everything of pytest's own that watches, prints, writes or costs time for each test.
_WITHOUT = (
    "cacheprovider capture debugging doctest faulthandler junitxml logging monkeypatch pastebin recwarn reports "
    "setuponly setupplan skipping stepwise subtests terminal threadexception tmpdir unittest unraisableexception warnings"
).split()


@dataclass(frozen=True)
class _Now:
    """What the fixtures give to the check that is running."""

    student: Student
    seed: int
    seconds: float


class _Plugin:
    """Gives checks their fixtures and keeps what they came to; to pytest every check passes."""

    def __init__(self) -> None:
        self.now: _Now | None = None
        self.outcome: Outcome | None = None
        self.broken: BaseException | None = None

    @pytest.fixture
    def student(self) -> Proxy:
        return self._student()

    @pytest.fixture
    def rng(self) -> np.random.Generator:
        return self._rng()

    def _student(self) -> Proxy:
        assert self.now is not None
        return Proxy(self.now.student)

    def _rng(self) -> np.random.Generator:
        assert self.now is not None
        return np.random.default_rng(self.now.seed)

    def call(self, item: pytest.Function) -> None:
        """A check that asks for nothing but our own fixtures, without pytest's set-up and tear-down (0.4 ms each)."""
        assert self.now is not None
        made: dict[str, Callable[[], Any]] = {"student": self._student, "rng": self._rng}
        arguments = {name: made[name]() for name in item._fixtureinfo.argnames}
        self.outcome = observe(lambda: item.obj(**arguments), self.now.seconds)

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool:
        assert self.now is not None
        names = pyfuncitem._fixtureinfo.argnames
        arguments = {name: pyfuncitem.funcargs[name] for name in names}
        self.outcome = observe(lambda: pyfuncitem.obj(**arguments), self.now.seconds)
        return True

    def pytest_exception_interact(self, call: pytest.CallInfo[Any]) -> None:
        if call.excinfo is not None and self.broken is None:
            self.broken = call.excinfo.value


class CheckSession:
    """The checks of assignments/<unit> in `folder` (a materialised bundle, or a course); use as a context manager."""

    def __init__(self, folder: Path, unit: str) -> None:
        self.folder = folder.resolve()
        self.name = unit
        self._place = self.folder / "assignments" / unit
        self._modules = OwnModules(self.folder)
        self._plugin = _Plugin()
        self._twins: dict[str, str] = {}
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> CheckSession:
        self.unit = load_unit(self.folder, self.name)
        try:
            self._open()
        except BaseException:
            self._stack.close()
            raise
        return self

    def _open(self) -> None:
        with self._modules.here(), _quiet():
            items = self._collected()
            module: ModuleType = items[0].module
            self.solution: Mapping[str, Callable[..., Any]] = {
                name: self._modules.function(dotted)
                for exercise in self.unit.exercises
                for name, dotted in zip(exercise.functions, exercise.source, strict=True)
            }
            self.wrong = self._solutions("wrong")
        specs = {spec.check: spec for spec in getattr(module, "__checks__", [])}
        self._items = {item.name: item for item in items}
        self.checks: tuple[CheckSpec, ...] = tuple(_spec(item, specs, self.unit) for item in items)
        self._pictures: tuple[PictureSpec, ...] = tuple(getattr(module, "__pictures__", []))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    # Collecting

    def _collected(self) -> Sequence[pytest.Function]:
        path = self._place / "test_hidden.py"
        with _without_environment():
            config = _prepareconfig([*_arguments(self.folder), str(path)], [self._plugin])
        self._stack.callback(config._ensure_unconfigure)
        config._do_configure()
        session = Session.from_config(config)
        config.hook.pytest_sessionstart(session=session)
        self._stack.callback(_finished, config, session)
        items = _collect(session, self._plugin, path)
        odd = [item for item in items if not isinstance(item, pytest.Function) or "[" in item.name]
        if odd:
            raise UnitError(f"{_short(path)}:1: {odd[0].name}: a check is a plain function, without parametrize.")
        if not items:
            raise UnitError(f'{_short(path)}:1: there are no checks. Write one: @check("exercise", points=1).')
        return [item for item in items if isinstance(item, pytest.Function)]

    def _solutions(self, kind: str) -> tuple[Solution, ...]:
        """What wrong.py or right.py holds, each with the function that it stands for."""
        module = self._modules.load(self._place / f"{kind}.py")
        found: list[Solution] = list(getattr(module, f"__{kind}__", []))
        seen: set[str] = set()
        for each in found:
            if each.name in seen:
                raise UnitError(f"{each.place}: {each.name} is there twice. Give each its own name.")
            seen.add(each.name)
        return tuple(_replacing(each, self.unit) for each in found)

    @property
    def right(self) -> tuple[Solution, ...]:
        """Other right solutions; read only when asked for."""
        with self._modules.here(), _quiet():
            return self._solutions("right")

    # Running

    def run(
        self,
        student: Student,
        seed: Callable[[str], int],
        forbidden: Mapping[str, str] | None = None,
        missing: Collection[str] = (),
        *,
        help: bool = True,
        only: Collection[str] | None = None,
        seconds: float = SECONDS,
    ) -> tuple[CheckResult, ...]:
        """Every check, in the order of the file.  seed: a check's name -> the seed of its rng.

        forbidden: exercises that used a forbidden name, with the sentence; missing: exercises that are still the stub.
        help=False leaves out diagnoses and twins; only: just these checks; seconds: of processor time for each.
        OurError where the box or the store failed: nothing is graded then.
        """
        timeouts: Counter[str] = Counter()
        diagnoses = Diagnoses(self.wrong, self.solution) if help else None
        results = []
        with self._modules.here(), _quiet():
            for spec in self.checks if only is None else [spec for spec in self.checks if spec.check in only]:
                skipped = self._skipped(spec, forbidden or {}, missing, timeouts)
                result = skipped or self._checked(spec, student, seed(spec.check), diagnoses, seconds)
                timeouts[spec.exercise] += result.verdict in (Verdict.TIMED_OUT, Verdict.OUT_OF_MEMORY)
                results.append(result)
        return tuple(results)

    def fails_by_value(
        self, namespace: Mapping[str, Callable[..., Any]], exercise: str, seed: Callable[[str], int]
    ) -> bool:
        """Whether one of the exercise's checks ends at an `agree` for these functions, twice at the same value.

        Then there is a value to know them by.
        """
        with self._modules.here(), _quiet():
            own = [spec for spec in self.checks if spec.exercise == exercise]
            ends = [[self._end(spec, namespace, seed(spec.check)) for _ in range(2)] for spec in own]
        return any(a and b and not a.agreed and same(a.value, b.value) for a, b in ends)

    def _end(self, spec: CheckSpec, namespace: Mapping[str, Callable[..., Any]], seed: int) -> Judged | None:
        """The last `agree` of one run."""
        judged = self._perform(spec, LocalStudent(namespace), seed).recorder.judged
        return judged[-1] if judged else None

    def pictures(self, student: Student) -> tuple[Picture, ...]:
        """Run before the first check, while nothing hidden is in the box; a fault gives no picture."""
        with self._modules.here(), _quiet():
            found = [pictures.drawn(spec, student) for spec in self._pictures]
        return tuple(picture for picture in found if picture is not None)

    def _skipped(
        self, spec: CheckSpec, forbidden: Mapping[str, str], missing: Collection[str], timeouts: Mapping[str, int]
    ) -> CheckResult | None:
        """The result of a check that need not run."""
        if spec.exercise in forbidden:
            return _result(spec, Outcome(Verdict.FORBIDDEN, message=forbidden[spec.exercise]))
        if spec.exercise in missing:
            names = ", ".join(f"`{name}`" for name in self.unit.exercise(spec.exercise).functions)
            return _result(spec, Outcome(Verdict.MISSING, message=f"{names}: still the empty stub, or not there."))
        if timeouts.get(spec.exercise, 0) >= TIMEOUTS:
            told = f"Not run: {TIMEOUTS} checks of this exercise had run out of time or memory."
            return _result(spec, Outcome(Verdict.NOT_RUN, message=told))
        return None

    def _checked(
        self, spec: CheckSpec, student: Student, seed: int, diagnoses: Diagnoses | None, seconds: float
    ) -> CheckResult:
        outcome = self._perform(spec, student, seed, seconds)
        if outcome.raised is not None:
            raise outcome.raised
        result = _result(spec, outcome)
        if diagnoses is None or result.verdict in (Verdict.PASSED, Verdict.NOT_GRADED):
            return result
        diagnosis = ""
        if outcome.verdict is Verdict.FAILED:
            again = functools.partial(self._perform, spec, seed=seed, seconds=HELP_SECONDS)
            diagnosis = diagnoses.of(outcome, spec.exercise, again)
        return replace(result, diagnosis=diagnosis, twin=self._twin(spec))

    def _perform(self, spec: CheckSpec, student: Student, seed: int, seconds: float = SECONDS) -> Outcome:
        plugin, item = self._plugin, self._items[spec.check]
        plugin.now, plugin.outcome = _Now(student, seed, seconds), None
        try:
            if _OURS.issuperset(item._fixtureinfo.names_closure):
                plugin.call(item)
            else:
                runtestprotocol(item, log=False, nextitem=None)
        finally:
            plugin.now = None
        return plugin.outcome or Outcome(Verdict.NOT_GRADED, message="it could not be set up")

    def _twin(self, spec: CheckSpec) -> str:
        if spec.twin != AUTO:
            return (spec.twin or "").strip("\n")
        if spec.check not in self._twins:
            self._twins[spec.check] = self._drawn(spec) if spec.seeded else ""
        return self._twins[spec.check]

    def _drawn(self, spec: CheckSpec) -> str:
        run = functools.partial(self._perform, spec, seconds=HELP_SECONDS)
        return drawn_twin(f"{self.name}/{spec.check}", self.solution, run)


def _result(spec: CheckSpec, outcome: Outcome) -> CheckResult:
    """Points: a check gives its share, a guard takes what is missing of it; what we failed to judge costs nothing."""
    free = outcome.verdict in (Verdict.NOT_GRADED, Verdict.FORBIDDEN, Verdict.MISSING)
    earned = 0.0 if free else spec.points * outcome.share - spec.takes * (1 - outcome.share)
    return CheckResult(
        spec.exercise,
        spec.check,
        spec.sentence,
        outcome.verdict,
        spec.points,
        earned,
        spec.takes,
        outcome.message,
        cell=outcome.cell,
        line=outcome.line,
    )


# The unit's marks against its notebook ---------------------------------------------------------------------------


def _spec(item: pytest.Function, specs: Mapping[str, CheckSpec], unit: Unit) -> CheckSpec:
    spec = specs.get(item.name)
    if spec is None:
        place = f"{_short(item.path)}:{item.obj.__code__.co_firstlineno}"
        raise UnitError(f'{place}: {item.name} has no @check. Add @check("exercise", points=1), or rename it.')
    known = [exercise.id for exercise in unit.exercises]
    if spec.exercise not in known:
        raise UnitError(f"{spec.place}: there is no exercise {spec.exercise!r}. Known are {', '.join(known)}.")
    return spec


def _replacing(each: Solution, unit: Unit) -> Solution:
    """The same with the function that it replaces."""
    functions = {exercise.id: exercise.functions for exercise in unit.exercises}
    if each.exercise not in functions:
        raise UnitError(f"{each.place}: there is no exercise {each.exercise!r}. Known are {', '.join(functions)}.")
    own = functions[each.exercise]
    name = each.replaces or (own[0] if len(own) == 1 else None)
    if name not in own:
        cure = f"Write replaces= with one of {', '.join(own)}."
        raise UnitError(f"{each.place}: {each.name} does not say which function it replaces. {cure}")
    return replace(each, replaces=name)


# pytest, left to itself ------------------------------------------------------------------------------------------


def _arguments(folder: Path) -> list[str]:
    return [
        *("-c", os.devnull, "--rootdir", str(folder), "--noconftest", "--import-mode=importlib"),
        *("--assert=plain", "--disable-plugin-autoload"),
        *(word for name in _WITHOUT for word in ("-p", f"no:{name}")),
    ]


def _collect(session: Session, plugin: _Plugin, path: Path) -> Sequence[pytest.Item]:
    try:
        items = session.perform_collect()
    except pytest.UsageError as error:
        if plugin.broken is None:
            raise JudgeError(f"{_short(path)}: the hidden tests could not be collected ({error}).") from error
        items = []
    if plugin.broken is not None:
        cause = plugin.broken
        # pytest wraps an ImportError in an error of its own.
        raise unreadable(cause.__cause__ or cause, path) from cause
    return items


def _finished(config: Config, session: Session) -> None:
    config.hook.pytest_sessionfinish(session=session, exitstatus=0)


@contextlib.contextmanager
def _without_environment() -> Iterator[None]:
    """PYTEST_ADDOPTS and PYTEST_PLUGINS are the user's own, for the user's own tests."""
    names = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    kept = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _short(path: Path) -> str:
    return "/".join(path.parts[-3:])
