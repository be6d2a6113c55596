"""The two databases: made, watched by a witness inside, disturbed, and read at the end."""

from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import Any

from judge import Graded, Job, Rows, Submitted
from processes import children
from services import Service
from sqlalchemy import NullPool, create_engine, event, text
from sqlalchemy.exc import SQLAlchemyError

ROOT = Path(__file__).parents[2]

#: The witness: it sees every row at the moment at which it is written, whatever the code believes.
_TABLES = (
    "CREATE TABLE chaos_stale (submission_id INTEGER, token INTEGER, seen INTEGER)",
    "CREATE TABLE chaos_done (submission_id INTEGER, token INTEGER)",
)
_SQLITE = (
    """CREATE TRIGGER chaos_result AFTER INSERT ON result
       WHEN NEW.token IS NOT (SELECT token FROM job WHERE submission_id = NEW.submission_id AND state <> 'done')
       BEGIN INSERT INTO chaos_stale SELECT NEW.submission_id, NEW.token,
           coalesce((SELECT token FROM job WHERE submission_id = NEW.submission_id), -1); END""",
    """CREATE TRIGGER chaos_job AFTER UPDATE ON job WHEN NEW.state = 'done'
       BEGIN INSERT INTO chaos_done VALUES (NEW.submission_id, NEW.token); END""",
)
_POSTGRES = (
    """CREATE FUNCTION chaos_result() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       IF NEW.token IS DISTINCT FROM
           (SELECT token FROM job WHERE submission_id = NEW.submission_id AND state <> 'done') THEN
         INSERT INTO chaos_stale SELECT NEW.submission_id, NEW.token,
           coalesce((SELECT token FROM job WHERE submission_id = NEW.submission_id), -1);
       END IF; RETURN NULL; END $$""",
    """CREATE FUNCTION chaos_job() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       INSERT INTO chaos_done VALUES (NEW.submission_id, NEW.token); RETURN NULL; END $$""",
    "CREATE TRIGGER chaos_result AFTER INSERT ON result FOR EACH ROW EXECUTE FUNCTION chaos_result()",
    """CREATE TRIGGER chaos_job AFTER UPDATE ON job FOR EACH ROW WHEN (NEW.state = 'done')
       EXECUTE FUNCTION chaos_job()""",
)


class Database(ABC):
    """One run's rows."""

    name: str
    triggers: tuple[str, ...]

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine = create_engine(url, poolclass=NullPool, connect_args=self._patience())

    @abstractmethod
    def _patience(self) -> dict[str, Any]: ...

    @property
    @abstractmethod
    def address(self) -> str | None:
        """Its URL, if it is not the file of the state folder."""

    @property
    def words(self) -> list[str]:
        """What the command line is told."""
        return ["--database", self.address] if self.address else []

    def up(self) -> bool:
        """Whether it can answer (it may still be starting)."""
        return True

    def look(self) -> None:  # noqa: B027 (a file needs no care)
        """Whatever must be done from time to time."""

    def close(self) -> None:
        self._engine.dispose()

    def watch(self) -> None:
        """Install the witness; the tables of the store must be there."""
        with self._engine.begin() as connection:
            for statement in (*_TABLES, *self.triggers):
                connection.exec_driver_sql(statement)

    def ask(self, query: str) -> list[Any] | None:
        """Rows, or None where it does not answer now."""
        try:
            with self._engine.connect() as connection:
                return list(connection.execute(text(query)).all())
        except SQLAlchemyError:
            return None

    def rows(self, blobs: Path) -> Rows:
        """All of them, and the blobs as they are on the disk."""
        with self._engine.connect() as connection:

            def all_of(query: str) -> list[Any]:
                return list(connection.execute(text(query)).all())

            submissions = all_of("SELECT id, student, attempt, blob, state FROM submission ORDER BY id")
            return Rows(
                submissions=tuple(Submitted(*row) for row in submissions),
                results=tuple(
                    Graded(row[0], row[1], bool(row[2]), row[3])
                    for row in all_of("SELECT submission_id, token, current, total FROM result ORDER BY id")
                ),
                jobs=tuple(Job(*row) for row in all_of("SELECT submission_id, state, token FROM job")),
                completions=tuple((row[0], row[1]) for row in all_of("SELECT submission_id, token FROM chaos_done")),
                mismatches=tuple(
                    (row[0], row[1], row[2]) for row in all_of("SELECT submission_id, token, seen FROM chaos_stale")
                ),
                blobs={row[3]: _content(blobs / row[3][:2] / row[3][2:]) for row in submissions},
                damage=self._damage(all_of),
            )

    def _damage(self, all_of: Any) -> str:
        return ""


class Sqlite(Database):
    """A file of the state folder."""

    name = "sqlite"
    triggers = _SQLITE

    def __init__(self, state: Path) -> None:
        self.file = state / "grades.db"
        super().__init__(f"sqlite:///{self.file}")
        event.listen(self._engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=FULL"))
        self._foreign: sqlite3.Connection | None = None

    def _patience(self) -> dict[str, Any]:
        return {"timeout": 5}

    @property
    def address(self) -> str | None:
        return None

    def lock(self) -> bool:
        """A foreign program takes the file for itself, if it gets it at once."""
        self._foreign = sqlite3.connect(self.file, timeout=2, isolation_level=None)
        try:
            self._foreign.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            self.unlock()
            return False
        return True

    def unlock(self) -> None:
        if self._foreign is not None:
            self._foreign.close()
            self._foreign = None

    def close(self) -> None:
        self.unlock()
        super().close()

    def _damage(self, all_of: Any) -> str:
        said = all_of("PRAGMA integrity_check")[0][0]
        return "" if said == "ok" else str(said)


class Postgres(Database):
    """A database of a server of our own."""

    name = "postgres"
    triggers = _POSTGRES

    def __init__(self, folder: Path) -> None:
        self.server = Server(folder, self)
        address = self.server.run("start").splitlines()[-1].partition("=")[2]
        with create_engine(address, isolation_level="AUTOCOMMIT", poolclass=NullPool).connect() as connection:
            connection.exec_driver_sql("CREATE DATABASE chaos TEMPLATE template0")
        super().__init__(address.replace("/postgres?", "/chaos?"))

    def _patience(self) -> dict[str, Any]:
        return {"connect_timeout": 3, "options": "-c statement_timeout=5s"}

    @property
    def address(self) -> str | None:
        return self.url

    def end_a_connection(self, number: int) -> bool:
        """pg_terminate_backend of one that is not ours."""
        others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY pid"
        found = self.ask(f"SELECT pid {others}") or []
        return bool(
            found and self.ask(f"SELECT pg_terminate_backend(pid) {others} LIMIT 1 OFFSET {number % len(found)}")
        )

    def up(self) -> bool:
        return self.server.up()

    def look(self) -> None:
        self.server.look()

    def close(self) -> None:
        super().close()
        self.server.rest()
        self.server.run("remove")


class Server(Service):
    """The server's processes (scripts/postgres.sh), which can be killed."""

    name, script, start_s = "PostgreSQL server", ROOT / "scripts" / "postgres.sh", 90.0

    def __init__(self, folder: Path, database: Database) -> None:
        super().__init__(folder)
        self._database = database

    def _strike(self) -> bool:
        first = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        for pid in [first, *children(first)]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return True

    def _answers(self) -> bool:
        return self._database.ask("SELECT 1") is not None


def _content(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""
