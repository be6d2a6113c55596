"""Attempts of graded quizzes: what was asked, what was answered so far, and until when."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, and_, delete, insert, or_, select, update

from autograder.errors import CommandError
from autograder.store import database, rows, schema


@dataclass(frozen=True)
class QuizAttempt:
    """One attempt; the token is what its student shows."""

    id: int
    token: str
    quiz: str
    student: str
    number: int
    opened: datetime
    ends: datetime | None
    bundle: str  #: digest of the templates that it was drawn from
    questions: Sequence[Any]  #: as quiz.frozen writes them; answers are in it: never for the student
    submission: int | None  #: set when it was handed in


@dataclass(frozen=True)
class QuizAnswer:
    """The last answer to one question, as it was typed."""

    question: int
    text: str
    at: datetime


class QuizAttempts:
    """The rows of attempts, of one store."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open(
        self,
        quiz: str,
        student: str,
        most: int,
        bundle: str,
        now: datetime,
        ends: datetime | None,
        questions: Callable[[int], Sequence[Any]],
    ) -> QuizAttempt:
        """The student's attempt that is still running, or the next one, with questions(its number).

        CommandError when all attempts are used.
        """
        table = schema.quiz_attempt
        with database.writing(self._engine) as connection:
            last = _last(connection, quiz, student)
            if last is not None and last.submission_id is None and (last.ends is None or last.ends > now):
                return _attempt(last)
            number = (last.number if last is not None else 0) + 1
            if number > most:
                raise CommandError(f"all {most} attempt{'s' * (most > 1)} of {student} at {quiz} are used.")
            token = secrets.token_hex(16)
            values = {
                "token": token,
                "quiz": quiz,
                "student": student,
                "number": number,
                "opened": now,
                "ends": ends,
                "bundle": bundle,
                "questions": list(questions(number)),
            }
            connection.execute(insert(table).values(values))
            return _attempt(_by_token(connection, token))

    def last(self, quiz: str, student: str) -> QuizAttempt | None:
        """The student's newest attempt."""
        with database.reading(self._engine) as connection:
            row = _last(connection, quiz, student)
        return _attempt(row) if row is not None else None

    def prolong(self, attempt: QuizAttempt, ends: datetime) -> None:
        """Give an attempt that was not handed in more time."""
        table = schema.quiz_attempt
        open_ = and_(table.c.id == attempt.id, table.c.submission_id.is_(None), table.c.ends < ends)
        with database.writing(self._engine) as connection:
            connection.execute(update(table).where(open_).values(ends=ends))

    def of_token(self, token: str) -> QuizAttempt:
        """CommandError for a token that belongs to no attempt."""
        with database.reading(self._engine) as connection:
            return _attempt(_by_token(connection, token))

    def of_submission(self, submission_id: int) -> QuizAttempt:
        table = schema.quiz_attempt
        with database.reading(self._engine) as connection:
            row = connection.execute(select(table).where(table.c.submission_id == submission_id)).first()
        if row is None:
            raise CommandError(f"submission {submission_id} is no attempt at a quiz.")
        return _attempt(row)

    def forgotten(self, now: datetime) -> tuple[QuizAttempt, ...]:
        """Attempts whose time is over and that nobody handed in."""
        table = schema.quiz_attempt
        query = select(table).where(table.c.submission_id.is_(None), table.c.ends <= now).order_by(table.c.id)
        with database.reading(self._engine) as connection:
            return tuple(_attempt(row) for row in connection.execute(query))

    def answer(self, attempt: QuizAttempt, question: int, text: str, now: datetime) -> None:
        """Keep an answer in place of an earlier one.  CommandError if the attempt has ended meanwhile."""
        table = schema.quiz_answer
        with database.writing(self._engine) as connection:
            row = _by_token(connection, attempt.token)
            if row.submission_id is not None or (row.ends is not None and row.ends <= now):
                raise CommandError("this attempt has ended; its answers stay as they are.")
            connection.execute(delete(table).where(table.c.attempt_id == attempt.id, table.c.question == question))
            connection.execute(
                insert(table).values(attempt_id=attempt.id, question=question, text=rows.plain(text), at=now)
            )

    def answers(self, attempt: QuizAttempt) -> tuple[QuizAnswer, ...]:
        table = schema.quiz_answer
        query = select(table).where(table.c.attempt_id == attempt.id).order_by(table.c.question)
        with database.reading(self._engine) as connection:
            return tuple(QuizAnswer(row.question, row.text, row.at) for row in connection.execute(query))

    def end(self, attempt: QuizAttempt, now: datetime) -> None:
        """From here on no answer is taken: what is read next is all that there will be."""
        table = schema.quiz_attempt
        open_ = and_(table.c.id == attempt.id, or_(table.c.ends.is_(None), table.c.ends > now))
        with database.writing(self._engine) as connection:
            connection.execute(update(table).where(open_).values(ends=now))

    def handed_in(self, attempt: QuizAttempt, submission_id: int) -> None:
        table = schema.quiz_attempt
        with database.writing(self._engine) as connection:
            connection.execute(update(table).where(table.c.id == attempt.id).values(submission_id=submission_id))


def _last(connection: Connection, quiz: str, student: str) -> Row[Any] | None:
    table = schema.quiz_attempt
    mine = select(table).where(table.c.quiz == quiz, table.c.student == student)
    return connection.execute(mine.order_by(table.c.number.desc())).first()


def _by_token(connection: Connection, token: str) -> Row[Any]:
    row = connection.execute(select(schema.quiz_attempt).where(schema.quiz_attempt.c.token == token)).first()
    if row is None:
        raise CommandError("there is no such attempt. Open the quiz again: it goes on where you were.")
    return row


def _attempt(row: Row[Any]) -> QuizAttempt:
    return QuizAttempt(
        row.id,
        row.token,
        row.quiz,
        row.student,
        row.number,
        row.opened,
        row.ends,
        row.bundle,
        tuple(row.questions),
        row.submission_id,
    )
