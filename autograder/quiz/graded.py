"""Graded quizzes: opened, answered and judged on the side that students do not hold.

A student gets a Sheet: prompts, options, figures; no answer, no slip, no seed.  What is typed is read at once (malformed input
costs nothing and is told) and kept; it is judged when the attempt is handed in, and lands in the store as the submission
and result of a unit of the quiz's name, so that feedback, late policy, extensions, gradebook and exports treat it as any.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from .. import bundle as bundles
from .. import scoring
from ..course import Course, QuizSettings
from ..errors import AnswerError, CommandError, CourseError
from ..records import CheckResult, Score, Submission, Verdict
from ..secret import Secret
from ..store import Grading, QuizAttempt, Store
from .answer import Read
from .catalogue import Catalogue
from .frozen import freeze, thaw
from .markup import terminal
from .question import Template
from .variant import Mark, Variant, draw

QUARTERS = 4  #: points of a question come in quarters, as everywhere


@dataclass(frozen=True)
class Asked:
    """One question as its student sees it."""

    number: int  #: from 1
    prompt: str  #: Markdown with TeX
    how: str
    options: tuple[str, ...]  #: to be named by letters
    lefts: tuple[str, ...]  #: of a matching: what the options are matched to, named by numbers
    figure: str  #: SVG
    figure_text: str
    points: float
    typed: str = ""  #: the answer so far


@dataclass(frozen=True)
class Sheet:
    """An attempt as its student sees it."""

    quiz: str
    title: str
    token: str
    attempt: int
    attempts: int
    ends: datetime | None
    questions: tuple[Asked, ...]


class GradedQuiz:
    """One quiz of course.yaml."""

    def __init__(
        self, course: Course, settings: QuizSettings, catalogue: Catalogue, store: Store, secret: Secret
    ) -> None:
        self.course, self.settings, self.store, self.secret = course, settings, store, secret
        self.templates = catalogue.pick(*settings.ask)
        if settings.count is not None and settings.count > len(self.templates):
            raise CourseError(
                f"course.yaml: quiz {settings.name!r} asks {settings.count} questions of {len(self.templates)} templates. "
                "Lower 'count', or name more in 'from'."
            )

    # For the student

    def open(self, student: str, now: datetime) -> Sheet:
        """The student's running attempt, or a new one.  CommandError before it opens, after it closes, or without attempts."""
        quiz = self.settings
        if quiz.opens is not None and now < quiz.opens:
            raise CommandError(f"{quiz.name} opens at {_moment(quiz.opens)}. Come back then.")
        closes = self._closes(student)
        if closes is not None and now >= closes:
            raise CommandError(f"{quiz.name} closed at {_moment(closes)}. Ask your instructor.")
        last = self.store.quiz_attempts.last(quiz.name, student)
        if last is not None:
            self._prolonged(last)
        bundle = bundles.make_quiz_bundle(self.course.root, quiz.name, self.course.topics)
        self.store.register_bundle(bundle.digest, quiz.name, bundles.to_bytes(bundle))
        attempt = self.store.quiz_attempts.open(
            quiz.name,
            student,
            quiz.attempts,
            bundle.digest,
            now,
            self._ends(student, now),
            lambda number: [freeze(each) for each in self._drawn(student, number)],
        )
        return self._sheet(attempt)

    def answer(self, token: str, student: str, number: int, text: str, now: datetime) -> Read:
        """Keep an answer and say how it was read.  AnswerError if it cannot be read: the earlier one stays."""
        attempt = self._attempt(token, student)
        if attempt.submission is not None:
            raise CommandError("this attempt was handed in already; its answers stay as they are.")
        if attempt.ends is not None and now >= attempt.ends:
            raise CommandError(f"the time was over at {_moment(attempt.ends)}. What you answered before counts.")
        if not 1 <= number <= len(attempt.questions):
            raise CommandError(f"there is no question {number}: they are 1 to {len(attempt.questions)}.")
        read = thaw(attempt.questions[number - 1]).read(text)
        self.store.quiz_attempts.answer(attempt, number, text, now)
        return read

    def hand_in(self, token: str, student: str, now: datetime) -> tuple[Submission, Score]:
        """End the attempt and judge it; again gives the same."""
        return self._hand_in(self._attempt(token, student), now)

    # For the teacher

    def collect(self, now: datetime) -> Iterator[tuple[Submission, Score]]:
        """Hand in the attempts whose time is over: what was answered in time counts."""
        for attempt in self.store.quiz_attempts.forgotten(now):
            if attempt.quiz != self.settings.name:
                continue
            attempt = self._prolonged(attempt)
            if attempt.ends is not None and attempt.ends <= now:
                yield self._hand_in(attempt, now)

    def regrade(self, submission: Submission) -> Score:
        """Judge a handed-in attempt by today's templates, with the numbers that were drawn for it."""
        attempt = self.store.quiz_attempts.of_submission(submission.id)
        known = {each.id: each for each in self.templates}
        variants = [thaw(question) for question in attempt.questions]
        today = [draw(known[v.template.id], v.seed) if v.template.id in known else v for v in variants]
        bundle = bundles.make_quiz_bundle(self.course.root, self.settings.name, self.course.topics)
        self.store.register_bundle(bundle.digest, self.settings.name, bundles.to_bytes(bundle), newest=True)
        return self._judge(submission, attempt, variants, today, bundle.digest)

    # Inside

    def _closes(self, student: str) -> datetime | None:
        """An extension moves the end too."""
        closes, due = self.settings.closes, self.settings.due
        own = self._extension(student)
        if closes is None or own is None or due is None:
            return closes
        return max(closes, own + (closes - due))

    def _ends(self, student: str, opened: datetime) -> datetime | None:
        """When an attempt that was opened then is over."""
        minutes, closes = self.settings.minutes, self._closes(student)
        own = opened + timedelta(minutes=minutes) if minutes is not None else None
        return min((end for end in (own, closes) if end is not None), default=None)

    def _prolonged(self, attempt: QuizAttempt) -> QuizAttempt:
        """The attempt with the time of an extension that was given after it was opened, if the quiz's end cut it short."""
        closes, ends = self.settings.closes, self._ends(attempt.student, attempt.opened)
        if attempt.submission is not None or closes is None or attempt.ends is None or ends is None:
            return attempt
        if attempt.ends < closes or ends <= attempt.ends:
            return attempt
        self.store.quiz_attempts.prolong(attempt, ends)
        return replace(attempt, ends=ends)

    def _extension(self, student: str) -> datetime | None:
        name = self.settings.name
        return self.store.extension(student, name) or self.course.extensions.get(student, {}).get(name)

    def _drawn(self, student: str, number: int) -> Iterator[Variant]:
        quiz = self.settings
        who = (student, number) if quiz.per_student else ("", 0)
        for template in self._chosen(self.secret.seed("quiz", quiz.name, *who)):
            yield draw(template, self.secret.seed("quiz", quiz.name, *who, template.id))

    def _chosen(self, seed: int) -> Sequence[Template]:
        """As many as asked, in the order of the course."""
        if self.settings.count is None:
            return self.templates
        rng = np.random.default_rng(seed)
        picked = rng.choice(len(self.templates), size=self.settings.count, replace=False)
        return [self.templates[i] for i in sorted(picked)]

    def _attempt(self, token: str, student: str) -> QuizAttempt:
        """The attempt, with all the time that it has by now."""
        attempt = self.store.quiz_attempts.of_token(token)
        if attempt.student != student or attempt.quiz != self.settings.name:
            # The same words as for a token that does not exist: nobody learns that it is another's.
            raise CommandError("there is no such attempt. Open the quiz again: it goes on where you were.")
        return self._prolonged(attempt)

    def _sheet(self, attempt: QuizAttempt) -> Sheet:
        typed = {answer.question: answer.text for answer in self.store.quiz_attempts.answers(attempt)}
        share = self.settings.points / len(attempt.questions)
        asked = [
            _asked(number, thaw(question), share, typed.get(number, ""))
            for number, question in enumerate(attempt.questions, 1)
        ]
        quiz = self.settings
        return Sheet(quiz.name, quiz.title, attempt.token, attempt.number, quiz.attempts, attempt.ends, tuple(asked))

    def _hand_in(self, attempt: QuizAttempt, now: datetime) -> tuple[Submission, Score]:
        if attempt.submission is not None:
            submission = self.store.submission(attempt.submission)
            result = self.store.result(submission.id)
            if result is not None:
                return submission, result.score
        self.store.quiz_attempts.end(attempt, now)
        answers = self.store.quiz_attempts.answers(attempt)
        told = [{"question": a.question, "text": a.text, "at": a.at.isoformat()} for a in answers]
        data = json.dumps({"quiz": attempt.quiz, "attempt": attempt.token, "answers": told}, sort_keys=True).encode()
        received = min([now, *([attempt.ends] if attempt.ends is not None else [])])
        submission = self._accepted(attempt, data, received)
        self.store.quiz_attempts.handed_in(attempt, submission.id)
        variants = [thaw(question) for question in attempt.questions]
        return submission, self._judge(submission, attempt, variants, variants, attempt.bundle)

    def _accepted(self, attempt: QuizAttempt, data: bytes, received: datetime) -> Submission:
        """One submission for each attempt: a hand-in that was cut off after its receipt goes on with that receipt."""
        filename = f"{attempt.quiz}-{attempt.number}.json"
        for earlier in self.store.submissions(unit=attempt.quiz, student=attempt.student):
            if earlier.filename == filename:
                return earlier
        return self.store.accept(attempt.student, attempt.quiz, data, filename, received=received)[0]

    def _judge(
        self,
        submission: Submission,
        attempt: QuizAttempt,
        shown: Sequence[Variant],
        judged_by: Sequence[Variant],
        bundle: str,
    ) -> Score:
        """Read by what was shown (letters name its options), judge by the template, keep the result."""
        typed = answers_of(self.store.blob(submission.blob))
        marks, checks = _judged(shown, judged_by, typed, self.settings.points)
        score = scoring.score(
            {check.exercise: check.points for check in checks},
            checks,
            submission.received,
            self.settings.due,
            self.course.late,
            self._extension(submission.student),
        )
        grading = Grading(
            bundle=bundle,
            score=score,
            checks=checks,
            provenance={"quiz": attempt.number, "questions": list(_told(attempt, shown, typed, marks, self.store))},
            answers=json.dumps(list(attempt.questions)).encode(),
        )
        self.store.save_result(submission.id, grading)
        return score


def rejudge(frozen: Sequence[Mapping[str, Any]], submission: bytes, points: float) -> tuple[CheckResult, ...]:
    """The checks of a stored attempt, from what was asked and answered alone."""
    variants = [thaw(question) for question in frozen]
    return _judged(variants, variants, answers_of(submission), points)[1]


def _judged(
    shown: Sequence[Variant], judged_by: Sequence[Variant], typed: Mapping[int, str], points: float
) -> tuple[list[Mark | None], tuple[CheckResult, ...]]:
    """Each question's mark (None where nothing was answered) and what the student is told of it."""
    marks, checks = [], []
    for number, (variant, judge) in enumerate(zip(shown, judged_by, strict=True), 1):
        read = _read(variant, typed.get(number, ""))
        marks.append(judge.mark(read) if read is not None else None)
        checks.append(_check(number, variant, read, marks[-1], points / len(shown)))
    return marks, tuple(checks)


def answers_of(data: bytes) -> dict[int, str]:
    """What was typed, by question."""
    return {each["question"]: each["text"] for each in json.loads(data)["answers"]}


def titles(frozen: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """A name for each question, for the feedback."""
    return {f"question-{number}": _title(thaw(question)) for number, question in enumerate(frozen, 1)}


def _title(variant: Variant) -> str:
    return variant.template.id.rpartition("/")[2].replace("_", " ").capitalize()


def _read(variant: Variant, text: str) -> Read | None:
    try:
        return variant.read(text) if text else None
    except AnswerError:  # it could be read when it was typed: today's reader is stricter
        return None


def _asked(number: int, variant: Variant, points: float, typed: str) -> Asked:
    question = variant.question
    figure = question.figure
    return Asked(
        number,
        question.prompt,
        variant.how,
        variant.shown_options,
        variant.lefts,
        figure.svg if figure else "",
        figure.text if figure else "",
        points,
        typed,
    )


def _check(number: int, variant: Variant, read: Read | None, mark: Mark | None, points: float) -> CheckResult:
    fraction = 0.0 if mark is None else int(mark.fraction * QUARTERS + 0.5) / QUARTERS
    verdict = Verdict.PASSED if fraction == 1 else Verdict.PARTIAL if fraction else Verdict.FAILED
    return CheckResult(
        exercise=f"question-{number}",
        check=variant.template.id,
        sentence=" ".join(terminal(variant.question.prompt).replace("\\", "").split())[:500],
        verdict=verdict if read is not None else Verdict.MISSING,
        points=points,
        earned=points * fraction,
        message=read.echo if read is not None else "no answer",
        diagnosis=mark.slip.why if mark is not None and mark.slip else "",
    )


def _told(
    attempt: QuizAttempt, shown: Sequence[Variant], typed: Mapping[int, str], marks: Sequence[Mark | None], store: Store
) -> Iterator[dict[str, Any]]:
    """For the statistics: template, seed, what was typed, the fraction, the slip, and seconds since the last answer."""
    times = {answer.question: answer.at for answer in store.quiz_attempts.answers(attempt)}
    last = attempt.opened
    seconds: dict[int, float] = {}
    for question, at in sorted(times.items(), key=lambda item: item[1]):
        seconds[question], last = round(max(0.0, (at - last).total_seconds()), 1), at
    for number, (variant, mark) in enumerate(zip(shown, marks, strict=True), 1):
        yield {
            "template": variant.template.id,
            "seed": variant.seed,
            "typed": typed.get(number, ""),
            "fraction": mark.fraction if mark is not None else 0.0,
            "slip": mark.slip.why if mark is not None and mark.slip else "",
            "seconds": seconds.get(number),
        }


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M %Z}"
