"""Where an nbgrader gradebook lies, and opening it: all of an export is one transaction of the only writer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import scoped_session, sessionmaker

from autograder.errors import CommandError

FILE = "gradebook.db"
BUSY_SECONDS = 10  #: how long we wait for a formgrader that is just saving

_CURES = (
    ("readonly", "is read-only. Give this user the right to write it and its folder."),
    ("read-only", "is read-only. Give this user the right to write it and its folder."),
    ("locked", "is locked by another program. Stop what writes to it (formgrader, nbgrader) and run this again."),
    ("not a database", "is no gradebook. Name another file, or move that one away."),
    ("malformed", "is damaged. Put it back from a backup, or move it away for a new one."),
    ("disk is full", "cannot grow: the disk is full. Free some space and run this again."),
    ("unable to open", "cannot be opened. Check that its folder exists and that this user may write it."),
)


@dataclass(frozen=True)
class Target:
    """A gradebook and the course folder that belongs to it."""

    url: URL
    folder: Path

    @property
    def file(self) -> Path | None:
        """Where an SQLite gradebook lies; None on a database server."""
        return _file(self.url)

    @property
    def where(self) -> str:
        return str(self.file or self.url.render_as_string())


def target(words: str, default: Path) -> Target:
    """The gradebook that a folder, a file or a database's address means; `default`: the folder when none says."""
    if "://" not in words:
        path = Path(words).absolute() if words else default
        file = path if path.suffix == ".db" or path.is_file() else path / FILE
        return Target(URL.create("sqlite", database=str(file)), file.parent)
    try:
        url = make_url(words)
        url.get_dialect().import_dbapi()
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
        raise CommandError(
            f"the database's address cannot be used ({_line(error)}). Write it like sqlite:///course/{FILE}"
        ) from error
    if url.get_backend_name() != "sqlite":
        return Target(url, default)
    found = _file(url)
    if found is None or not url.database or ":memory:" in url.database:
        raise CommandError(f"a gradebook in memory is gone at once. Write an address like sqlite:///course/{FILE}")
    return Target(url, found.parent)


def _file(url: URL) -> Path | None:
    if url.get_backend_name() != "sqlite":
        return None
    return Path((url.database or "").removeprefix("file:")).absolute()


# Opening ---------------------------------------------------------------------------------------------------------


@contextmanager
def gradebook(at: Target, course_id: str) -> Iterator[Any]:
    """An nbgrader.api.Gradebook whose commits become real together, when the block ends without an error."""
    _need_nbgrader()
    engine = _engine(at.url)
    new = at.file is not None and not at.file.exists()
    try:
        with _explained(at), engine.connect() as connection, connection.begin():
            _check(connection, at)
            book = _within(connection, course_id)
            yield book
            book.db.commit()
            book.db.remove()
    except BaseException:
        if new and at.file is not None and at.file.exists() and at.file.stat().st_size == 0:
            at.file.unlink()
        raise
    finally:
        engine.dispose()


def _need_nbgrader() -> None:
    try:
        import nbgrader.api  # noqa: F401
    except ImportError as error:
        raise CommandError("nbgrader is not installed here. Run: pip install 'autograder[nbgrader]'") from error


def _engine(url: URL) -> Engine:
    sqlite = url.get_backend_name() == "sqlite"
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS} if sqlite else {})
    if sqlite:
        event.listen(engine, "begin", _begin_as_the_only_writer)
    return engine


def _begin_as_the_only_writer(connection: Connection) -> None:
    # From the first row that we read on: a mark typed in formgrader meanwhile would be overwritten unseen.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _check(connection: Connection, at: Target) -> None:
    """An empty database gets nbgrader's tables; one that is not nbgrader's, or not of this version, is refused."""
    from alembic.script import ScriptDirectory
    from nbgrader import __version__
    from nbgrader.api import Base
    from nbgrader.dbutil import ALEMBIC_DIR

    tables = set(inspect(connection).get_table_names())
    scripts = ScriptDirectory(ALEMBIC_DIR)
    head = scripts.get_current_head()
    if not tables:
        # What nbgrader itself does, except that it asks a program `alembic` on PATH for the version.
        Base.metadata.create_all(bind=connection)
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(text("INSERT INTO alembic_version (version_num) VALUES (:head)"), {"head": head})
        return
    found = None
    if "alembic_version" in tables:
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found is None:
        raise CommandError(f"{at.where}: is another program's database, or half of a gradebook. Name another file.")
    if found not in {script.revision for script in scripts.walk_revisions()}:
        raise CommandError(
            f"{at.where}: has schema {found!r}, which nbgrader {__version__} does not know. Upgrade nbgrader, or name "
            "another file if this is another program's database."
        )
    if found != head:
        raise CommandError(f"{at.where}: is of an older nbgrader. Run `nbgrader db upgrade` in {at.folder} first.")
    missing = sorted(set(Base.metadata.tables) - tables)
    if missing:
        raise CommandError(f"{at.where}: has no table {missing[0]!r}. Put the gradebook back from a backup.")


def _within(connection: Connection, course_id: str) -> Any:
    from nbgrader.api import Gradebook

    # Not its __init__: that opens a connection of its own, outside of our transaction.
    book = Gradebook.__new__(Gradebook)
    book.engine, book.authenticator, book.course_id = connection.engine, None, course_id
    # nbgrader commits after every step: that only flushes, until we commit. Nothing is read twice, as nobody else writes.
    book.db = scoped_session(
        sessionmaker(bind=connection, join_transaction_mode="rollback_only", expire_on_commit=False)
    )
    book.check_course(course_id)
    return book


@contextmanager
def _explained(at: Target) -> Iterator[None]:
    """A refusal of the database as one line with its cure; nothing was written."""
    from nbgrader.api import InvalidEntry

    try:
        yield
    except (SQLAlchemyError, InvalidEntry) as error:
        seen = _line(error.orig if isinstance(error, DBAPIError) and error.orig else error)
        cure = next((cure for sign, cure in _CURES if sign in seen.lower()), f"refused: {seen}")
        raise CommandError(f"the gradebook {at.where} {cure} Nothing was written.") from error


def _line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
