"""For all tests: what needs an engine or a card, and an account of every test that did not run.

With CI=true a test marked `docker` that would be skipped fails: there the engine is part of the promise.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path

import pytest

from autograder.sandbox import image

sys.path.insert(0, str(Path(__file__).parent))  # `yards` is a module of these tests

from yards import DEAR, yard

ROOT = Path(__file__).parent.parent
POSTGRES = "AUTOGRADER_TEST_POSTGRES"  #: names a server that tests may make databases on
for _name in (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
):  # as the command line does, before numpy comes
    os.environ.setdefault(_name, "1")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(NotRun(), "not-run")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fast tests first: their failures are seen at once.  Those that kill the engine come last."""
    chaos = Path(__file__).parent / "chaos"
    items.sort(key=lambda item: (item.get_closest_marker("slow") is not None, item.path.parent == chaos))


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, missing in MISSING.items():
        if item.get_closest_marker(marker) and missing():
            pytest.skip(missing())


@cache
def docker_missing() -> str:
    if image.engine(state_folder()) is None:
        return "no Docker engine answers (sudo scripts/engine.sh start)"
    return "" if image.image(state_folder()) else "the box's image is not built (make setup)"


@cache
def gpu_missing() -> str:
    program = shutil.which("nvidia-smi")
    seen = subprocess.run([program, "-L"], capture_output=True, text=True).stdout if program else ""
    return "" if "GPU 0" in seen else "no CUDA device"


def postgres_missing() -> str:
    return "" if os.environ.get(POSTGRES) else "no PostgreSQL to test with (export $(scripts/postgres.sh start))"


@cache
def chromium_missing() -> str:
    from autograder.lms.sheet import BROWSERS

    return "" if any(map(shutil.which, BROWSERS)) else "no browser (scripts/chromium.sh)"


#: marker -> why its tests cannot run here, or nothing
MISSING = {"docker": docker_missing, "gpu": gpu_missing, "postgres": postgres_missing, "chromium": chromium_missing}


class NotRun:
    """Counts what was skipped, by reason, and says it at the end."""

    def __init__(self) -> None:
        self.tests: Counter[str] = Counter()
        self.modules: dict[str, str] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if report.skipped and not hasattr(report, "wasxfail"):
            if is_due(item):
                report.outcome, report.longrepr = "failed", f"must not be skipped in CI: {reason(report)}"
            else:
                self.tests[reason(report)] += 1
        return report

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self.modules[report.nodeid] = reason(report)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for why, count in sorted(self.tests.items()):
            terminalreporter.write_line(f"Not run: {count} {'test' if count == 1 else 'tests'}: {why}", yellow=True)
        for module, why in sorted(self.modules.items()):
            terminalreporter.write_line(f"Not run: all of {module}: {why}", yellow=True)


def is_due(item: pytest.Item) -> bool:
    """CI has an engine, a database server and a browser, so what needs them runs there; a card it may lack."""
    without_card = item.get_closest_marker("gpu") is not None and gpu_missing() != ""
    needs = any(item.get_closest_marker(marker) is not None for marker in ("docker", "postgres", "chromium"))
    return needs and not without_card and os.environ.get("CI") == "true"


def reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")


def state_folder() -> Path:
    return Path(os.environ.get("AUTOGRADER_STATE", ROOT / ".autograder"))


@pytest.fixture(scope="session")
def at_most() -> Callable[[float], AbstractContextManager[None]]:
    """`with at_most(20):` the block may cost this process half a second of CPU time, or so many yards."""

    @contextmanager
    def limit(yards: float) -> Iterator[None]:
        began = time.process_time()
        yield
        cost = time.process_time() - began
        assert cost < DEAR or cost < yards * max(yard(), yard())

    return limit


@pytest.fixture(scope="session")
def state() -> Path:
    """The state folder that `make setup` filled: environment, image, engine."""
    return state_folder()


@pytest.fixture(scope="session")
def _server() -> Iterator[Callable[[], str]]:
    """Fresh databases on the PostgreSQL server of the tests, each a copy of one that has the tables."""
    from sqlalchemy import create_engine, make_url

    from autograder.store import database

    server = make_url(os.environ[POSTGRES])
    made: list[str] = []
    with create_engine(server, isolation_level="AUTOCOMMIT").connect() as connection:

        def create(source: str) -> str:
            made.append(f"autograder_{os.getpid()}_{len(made)}")
            connection.exec_driver_sql(f"CREATE DATABASE {made[-1]} TEMPLATE {source}")
            return server.set(database=made[-1]).render_as_string(hide_password=False)

        engine = database.connect(create("template0"))
        database.upgrade(engine)
        engine.dispose()
        yield lambda: create(made[0])
        for name in made:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def postgres(_server: Callable[[], str]) -> str:
    """The URL of an empty database with our tables; for tests marked `postgres`."""
    return _server()


@pytest.fixture(scope="session")
def box_environment(state: Path) -> Path:
    """The virtual environment that student code sees."""
    found = image.environment(state)
    if found is None:
        pytest.fail("the box's environment is not built. Run: make setup")
    return found


@pytest.fixture(scope="session")
def box_image(state: Path) -> str:
    """The id of the image that boxes start from; for tests marked `docker`."""
    found = image.image(state)
    if found is None:
        pytest.fail("the box's image is not built. Run: make setup")
    return found
