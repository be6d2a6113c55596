"""Opening a database, bringing it up to date, and putting its refusals into words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib.resources import files
from json import dumps
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from autograder.errors import StoreError
from autograder.store.schema import REVISION, submission

#: How long a writer waits for the others. Grading holds nothing while it runs, so a long wait is a frozen process.
BUSY_SECONDS = 30

#: PostgreSQL: a transaction that waits, or whose process hangs, ends by itself, and a connection that vanishes is noticed.
_PATIENCE = "-c lock_timeout={0}s -c idle_in_transaction_session_timeout={0}s -c statement_timeout={1}s"
_ALIVE = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 10_000}
_WRITERS = 0x6175746F  #: the advisory lock of all writers

_CURES = (
    ("readonly", "is read-only. Give this user the right to write it and its folder."),
    ("read-only", "is read-only. Give this user the right to write it and its folder."),
    ("locked", "is locked. End the autograder process that hangs (see `autograder status`)."),
    ("malformed", "is damaged. Stop all graders and put it back from a backup; the blobs beside it are untouched."),
    ("not a database", "is no database. Move that file away, or put it back from a backup."),
    ("disk is full", "cannot grow: the disk is full. Free some space; nothing acknowledged is lost."),
    ("unable to open", "cannot be opened. Check that its folder exists and that this user may write it."),
    ("no space left", "cannot grow: the disk is full. Free some space; nothing acknowledged is lost."),
    ("lock timeout", "is locked. End the autograder process that hangs (see `autograder status`)."),
    ("statement timeout", "answers too slowly. Look at the server's load; nothing acknowledged is lost."),
    ("connection refused", "does not answer. Start the server; work that was acknowledged waits there."),
    (
        "connection to server",
        "cannot be reached. Check its address and that the server runs; what was acknowledged is safe.",
    ),
    ("server closed the connection", "went away. Start the server and run the same command again; nothing is lost."),
    ("terminating connection", "was shut down. Start the server and run the same command again; nothing is lost."),
    ("disk i/o", "cannot be read or written (disk error). Check the disk; SQLite needs a local one, no network share."),
)


def connect(url: str, patience: int = BUSY_SECONDS) -> Engine:
    """An engine whose transactions begin as `reading` or `writing` say; nothing is opened yet.

    patience: seconds that a transaction waits for the other writers.
    """
    try:
        parsed = make_url(url)
        sqlite = parsed.get_backend_name() == "sqlite"
        if parsed.get_backend_name() == "postgresql" and parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")  # the driver that we install
        # NaN in a column would be no JSON to PostgreSQL: it stops here instead.
        engine = create_engine(
            parsed,
            json_serializer=partial(dumps, allow_nan=False),
            connect_args={"timeout": patience} if sqlite else _server(patience),
            pool_pre_ping=not sqlite,  # a server may have been started anew since the last transaction
        )
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise StoreError(
            f"the database's address cannot be used ({_line(error)}). Write it like sqlite:///grades.db"
        ) from error
    if sqlite:
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "begin", _begin_postgres)
    return engine


def _server(patience: int) -> dict[str, Any]:
    """How a PostgreSQL server is spoken to."""
    connecting = max(2, min(10, 2 * patience))
    return {"options": _PATIENCE.format(patience, 2 * BUSY_SECONDS), "connect_timeout": connecting, **_ALIVE}


def _begin_postgres(connection: Connection) -> None:
    # One writer at a time, as with SQLite: what a transaction reads is still true when it writes.  Each takes milliseconds,
    # and the lock goes with its transaction, however that ends.
    writing = connection.get_execution_options().get("writing")
    if writing:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITERS})")
    elif writing is False:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    # The driver would begin transactions late, on the first write: two readers could then both become writers.
    connection.isolation_level = None
    for setting in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {setting}").close()


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent look at the database."""
    with explained(engine), engine.execution_options(writing=False).connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction: all of it is on the disk when the block ends, or none of it ever happened.

    On SQLite the only writer from its first statement on, so that what it reads is still true when it writes.
    """
    with explained(engine), engine.execution_options(writing=True).connect() as connection, connection.begin():
        yield connection


@contextmanager
def explained(engine: Engine) -> Iterator[None]:
    """A refusal of the database as one line with its cure."""
    try:
        yield
    except SQLAlchemyError as error:
        seen = _line(error.orig if isinstance(error, DBAPIError) and error.orig else error)
        cure = next((cure for sign, cure in _CURES if sign in seen.lower()), f"refused: {seen}")
        where = engine.url.database if engine.url.get_backend_name() == "sqlite" else engine.url.render_as_string()
        raise StoreError(f"the database {where} {cure}") from error


def upgrade(engine: Engine) -> None:
    """Bring the tables to this version; a database from a later one is refused, untouched."""
    with reading(engine) as connection:
        if _revision(connection) == REVISION:
            return
    # Checked again inside: of two processes that open a new store at once, one makes the tables.
    with writing(engine) as connection:
        found = _revision(connection)
        if found != REVISION:
            _migrate(connection, found, str(engine.url.database))


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _migrate(connection: Connection, found: str | None, where: str) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError as AlembicError

    config = Config(attributes={"connection": connection})
    config.set_main_option(
        "script_location", str(Path(str(files("autograder.store"))) / "migrations").replace("%", "%%")
    )
    if found is None and inspect(connection).has_table(submission.name):
        raise StoreError(f"the database {where} has tables without a version. Put it back from a backup.")
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise StoreError(
            f"the database {where} has schema {found!r}, which this version does not know. "
            "Upgrade autograder, or choose another folder if the database is another program's."
        )
    try:
        command.upgrade(config, "head")
    except AlembicError as error:
        raise StoreError(f"the database {where} cannot be brought up to date: {_line(error)}") from error


def _line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
