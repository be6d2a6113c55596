"""The tables. Every constraint has a name, so that a migration can change it on any database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

#: The newest migration. Kept here so that opening an up-to-date database need not import alembic (0.15 s).
REVISION = "0003"


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time: stored as UTC, and aware again when it comes back (SQLite forgets zones)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone; a stored time must have one")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

submission = Table(
    "submission",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("student", String(64), nullable=False),
    Column("unit", String(64), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("received", UtcDateTime, nullable=False),
    Column("blob", String(64), nullable=False),
    Column("filename", String(255), nullable=False),
    Column("notes", JSON, nullable=False),
    Column("state", String(16), nullable=False),
    Column("failures", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    UniqueConstraint("student", "unit", "attempt"),
    # The same bytes are the same submission: a retried upload is no second attempt.
    UniqueConstraint("student", "unit", "blob"),
    CheckConstraint("state IN ('received', 'graded', 'retry', 'held')", name="state"),
    CheckConstraint("attempt >= 1", name="attempt"),
    Index(None, "state"),
)

bundle = Table(
    "bundle",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("unit", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("blob", String(64), nullable=False),
    Column("created", UtcDateTime, nullable=False),
    UniqueConstraint("unit", "digest"),
    UniqueConstraint("unit", "seq"),
)

result = Table(
    "result",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("submission_id", ForeignKey("submission.id"), nullable=False),
    Column("bundle_id", ForeignKey("bundle.id"), nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("current", Boolean, nullable=False),
    Column("verdict", String(32), nullable=False),
    Column("raw", Float, nullable=False),
    Column("penalty", Float, nullable=False),
    Column("total", Float, nullable=False),
    Column("maximum", Float, nullable=False),
    Column("late_days", Integer, nullable=False),
    Column("exercises", JSON, nullable=False),
    Column("checks", JSON, nullable=False),
    Column("pictures", JSON, nullable=False),
    Column("provenance", JSON, nullable=False),
    Column("answers", String(64), nullable=True),
    Column("output", Text, nullable=False),
    Column("load_errors", JSON, nullable=False),
    Column("token", Integer, nullable=True),  # of the claim that measured it; none where no worker did
    # At most one current result of a submission, whatever the code above it does.
    Index(
        "uq_result_current",
        "submission_id",
        unique=True,
        sqlite_where=text("current = 1"),
        postgresql_where=text("current"),
    ),
    Index(None, "submission_id"),
)

blob = Table(
    "blob",
    metadata,
    Column("sha", String(64), primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

job = Table(
    "job",
    metadata,
    Column("submission_id", ForeignKey("submission.id"), primary_key=True),
    Column("unit", String(64), nullable=False),
    Column("student", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("due", Float, nullable=False),  # seconds since 1970
    Column("batch", String(64), nullable=False),
    Column("token", Integer, nullable=False),
    Column("holder", String(128), nullable=False),
    Column("until", Float, nullable=False),  # on the database's own clock
    Column("lost", Integer, nullable=False),
    Column("least", Integer, nullable=False),
    CheckConstraint("state IN ('waiting', 'leased', 'done', 'held')", name="state"),
    Index("ix_job_urgency", "state", "priority", "turn", "due", "submission_id"),
    Index("ix_job_student", "student", "state"),
    Index("ix_job_batch", "batch", "state"),
)

extension = Table(
    "extension",
    metadata,
    Column("student", String(64), primary_key=True),
    Column("unit", String(64), primary_key=True),
    Column("due", UtcDateTime, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created", UtcDateTime, nullable=False),
)

manual = Table(
    "manual",
    metadata,
    Column("submission_id", ForeignKey("submission.id"), primary_key=True),
    Column("question", String(64), primary_key=True),
    Column("points", Float, nullable=False),
    Column("by", String(64), nullable=False),
    Column("comment", Text, nullable=False),
    Column("created", UtcDateTime, nullable=False),
)

quiz_attempt = Table(
    "quiz_attempt",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("token", String(64), nullable=False),
    Column("quiz", String(64), nullable=False),
    Column("student", String(64), nullable=False),
    Column("number", Integer, nullable=False),
    Column("opened", UtcDateTime, nullable=False),
    Column("ends", UtcDateTime, nullable=True),
    Column("bundle", String(64), nullable=False),
    Column("questions", JSON, nullable=False),
    Column("submission_id", ForeignKey("submission.id"), nullable=True),
    UniqueConstraint("token"),
    UniqueConstraint("quiz", "student", "number"),
)

quiz_answer = Table(
    "quiz_answer",
    metadata,
    Column("attempt_id", ForeignKey("quiz_attempt.id"), primary_key=True),
    Column("question", Integer, primary_key=True),
    Column("text", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
