"""Graded quizzes: what a student receives, who may answer when, and how it lands in the store."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from autograder import store as stores
from autograder.course import load_course
from autograder.errors import AnswerError, CommandError, CourseError
from autograder.quiz import catalogue, stats
from autograder.quiz.check import typed
from autograder.quiz.frozen import thaw
from autograder.quiz.graded import GradedQuiz, rejudge
from autograder.records import Verdict
from autograder.secret import Secret

FIXTURE = Path(__file__).parent.parent / "fixtures" / "quiz_course"
OPEN = datetime(2027, 3, 2, 10, 0, tzinfo=UTC)
SECRET = Secret(b"s" * 32)


class Desk:
    """A copy of the quiz course with its own store."""

    def __init__(self, folder: Path, url: str | None) -> None:
        self.root = folder / "course"
        shutil.copytree(FIXTURE, self.root, ignore=shutil.ignore_patterns("__pycache__"))
        self.store = stores.open(folder / "state", url)

    def quiz(self, name="first_quiz"):
        course = load_course(self.root)
        return GradedQuiz(course, course.quiz(name), catalogue.load(self.root, course.topics), self.store, SECRET)

    def attempt(self, sheet):
        return self.store.quiz_attempts.of_token(sheet.token)

    def right(self, sheet, number):
        """What a student who knows it would type."""
        variant = thaw(self.attempt(sheet).questions[number - 1])
        return typed(variant, variant.question.answer.value)

    def wrong(self, sheet, number):
        variant = thaw(self.attempt(sheet).questions[number - 1])
        return typed(variant, variant.question.slips[0].gives)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def desk(request, tmp_path):
    """The same promises on both engines."""
    made = Desk(tmp_path, request.getfixturevalue("postgres") if request.param == "postgresql" else None)
    yield made
    made.store.close()


def test_a_sheet_holds_no_answer(desk):
    """Not the answer, no slip's feedback, no explanation, no hint, no seed: in no field of what the student receives."""
    sheet = desk.quiz().open("ada", OPEN)
    said = json.dumps(asdict(sheet), default=str)
    assert len(sheet.questions) == 11
    for number, frozen in enumerate(desk.attempt(sheet).questions, 1):
        variant = thaw(frozen)
        question = variant.question
        for secret in (question.explanation, *question.hints, *(slip.why for slip in question.slips)):
            # A word that the prompt has too tells nothing ("Multiply.").
            assert json.dumps(secret)[1:-1] not in said, (number, secret)
        assert str(variant.seed) not in said
        if question.answer.kind in ("number", "integer", "numbers", "shape", "formula", "output"):
            assert sheet.questions[number - 1].options == ()


def test_variants_are_each_students_own(desk):
    """Another student and another attempt have other numbers; the fixed quiz has the same for all."""
    quiz = desk.quiz()
    ada, ben = quiz.open("ada", OPEN), quiz.open("ben", OPEN)
    assert ada.questions[0].prompt != ben.questions[0].prompt
    quiz.hand_in(ada.token, "ada", OPEN)
    assert quiz.open("ada", OPEN).questions[0].prompt != ada.questions[0].prompt
    same = desk.quiz("same_for_all")
    one, other = same.open("ada", OPEN), same.open("ben", OPEN)
    assert [q.prompt for q in one.questions] == [q.prompt for q in other.questions]
    assert [q.options for q in one.questions] == [q.options for q in other.questions]
    assert len(one.questions) == 2


def test_an_attempt_goes_on_where_it_was(desk):
    """Opening again gives the running attempt with what was typed; it costs no attempt."""
    quiz = desk.quiz()
    sheet = quiz.open("ada", OPEN)
    read = quiz.answer(sheet.token, "ada", 1, "0,5", OPEN)
    assert read.echo == "we read “0,5” as 0.5"
    again = quiz.open("ada", OPEN + timedelta(minutes=5))
    assert (again.token, again.attempt, again.questions[0].typed) == (sheet.token, 1, "0,5")


def test_right_answers_earn_all_points(desk):
    """And the result is a submission of the store, in the gradebook, with a verdict for each question."""
    quiz = desk.quiz()
    sheet = quiz.open("ada", OPEN)
    for number in range(1, 12):
        quiz.answer(sheet.token, "ada", number, desk.right(sheet, number), OPEN)
    submission, score = quiz.hand_in(sheet.token, "ada", OPEN)
    assert score.total == pytest.approx(10)
    assert score.verdict is Verdict.PASSED
    row = next(row for row in desk.store.gradebook("first_quiz"))
    assert (row.student, row.total, row.submission) == ("ada", pytest.approx(10), submission.id)


def test_wrong_answers_lose_nothing_more(desk):
    """A wrong answer is worth what no answer is; its slip is told; never below zero."""
    quiz = desk.quiz()
    sheet = quiz.open("ada", OPEN)
    quiz.answer(sheet.token, "ada", 1, desk.wrong(sheet, 1), OPEN)
    quiz.answer(sheet.token, "ada", 2, desk.right(sheet, 2), OPEN)
    submission, score = quiz.hand_in(sheet.token, "ada", OPEN)
    assert score.raw == pytest.approx(10 / 11)
    first, second, third = desk.store.result(submission.id).checks[:3]
    assert (first.verdict, first.diagnosis) == (Verdict.FAILED, "You added: $\\times$ multiplies.")
    assert second.verdict is Verdict.PASSED
    assert (third.verdict, third.message) == (Verdict.MISSING, "no answer")


def test_malformed_answers_cost_nothing(desk):
    """They are refused with a sentence; the earlier answer stays."""
    quiz = desk.quiz()
    sheet = quiz.open("ada", OPEN)
    quiz.answer(sheet.token, "ada", 1, "0.5", OPEN)
    for bad in ("what?", "x" * 1_000_000, "9" * 1_000_000, "(" * 10_000, "__import__('os')", "nan", "inf", ""):
        with pytest.raises(AnswerError):
            quiz.answer(sheet.token, "ada", 1, bad, OPEN)
    assert desk.quiz().open("ada", OPEN).questions[0].typed == "0.5"


def test_someone_elses_attempt_is_no_attempt(desk):
    """The same words as for a token that never was, so that nobody learns whose it is."""
    quiz = desk.quiz()
    sheet = quiz.open("ada", OPEN)
    said = set()
    for token, who in ((sheet.token, "ben"), ("x" * 32, "ada"), ("", "ada"), (sheet.token[:-1], "ada")):
        for act in (lambda t, w: quiz.answer(t, w, 1, "1", OPEN), lambda t, w: quiz.hand_in(t, w, OPEN)):
            with pytest.raises(CommandError) as caught:
                act(token, who)
            said.add(str(caught.value))
    assert len(said) == 1
    with pytest.raises(CommandError):
        desk.quiz("same_for_all").answer(sheet.token, "ada", 1, "1", OPEN)
    with pytest.raises(CommandError, match="1 to 11"):
        quiz.answer(sheet.token, "ada", 12, "1", OPEN)


def test_time_is_limited(desk):
    """After half an hour no answer is taken; what was answered before is collected, with the end as its time."""
    quiz = desk.quiz()
    sheet = quiz.open("ada", OPEN)
    assert sheet.ends == OPEN + timedelta(minutes=30)
    quiz.answer(sheet.token, "ada", 2, desk.right(sheet, 2), OPEN + timedelta(minutes=29, seconds=59))
    late = OPEN + timedelta(minutes=30)
    with pytest.raises(CommandError, match="the time was over"):
        quiz.answer(sheet.token, "ada", 1, "1", late)
    assert list(quiz.collect(OPEN + timedelta(minutes=29))) == []
    ((submission, score),) = list(quiz.collect(late + timedelta(days=9)))
    assert submission.received == late
    assert score.raw == pytest.approx(10 / 11)
    assert list(quiz.collect(late + timedelta(days=9))) == []


def test_opening_and_closing(desk):
    """Before, after, and with an extension of one student's own."""
    quiz = desk.quiz()
    with pytest.raises(CommandError, match="opens at 2027-03-01 08:00"):
        quiz.open("ada", datetime(2027, 3, 1, 6, 59, tzinfo=UTC))
    after = datetime(2027, 3, 9, 10, 0, tzinfo=UTC)
    with pytest.raises(CommandError, match="closed at 2027-03-08 23:59"):
        quiz.open("ada", after)
    assert quiz.open("eve", after).attempt == 1


def test_an_attempt_ends_when_the_quiz_closes(desk):
    """However many minutes are left."""
    closing = datetime(2027, 3, 8, 22, 49, tzinfo=UTC)
    assert desk.quiz().open("ada", closing).ends == closing + timedelta(minutes=10)


def test_an_extension_reaches_an_attempt_that_is_open(desk):
    """Given after the quiz's end had cut it short, it leaves the minutes that are the student's; collecting waits too."""
    closing = datetime(2027, 3, 8, 22, 59, tzinfo=UTC)
    opened, later = closing - timedelta(minutes=5), closing + timedelta(minutes=2)
    quiz = desk.quiz()
    sheets = {who: quiz.open(who, opened) for who in ("ada", "ben", "cy", "dot", "eli", "fay")}
    quiz.hand_in(sheets["cy"].token, "cy", opened)
    with pytest.raises(CommandError, match="time was over"):
        quiz.answer(sheets["ada"].token, "ada", 1, desk.right(sheets["ada"], 1), later)
    desk.store.quiz_attempts.end(desk.attempt(sheets["dot"]), opened)  # a hand-in that was cut off
    for who in ("ada", "cy", "dot", "eli", "fay"):
        desk.store.set_extension(who, "first_quiz", closing + timedelta(days=1), "ill")
    quiz.answer(sheets["ada"].token, "ada", 1, desk.right(sheets["ada"], 1), later)
    again = quiz.open("fay", later)
    assert (again.token, again.ends) == (sheets["fay"].token, opened + timedelta(minutes=quiz.settings.minutes))
    assert [submission.student for submission, _ in quiz.collect(later)] == ["ben", "dot"]
    with pytest.raises(CommandError, match="handed in already"):
        quiz.answer(sheets["cy"].token, "cy", 1, "1", later)
    with pytest.raises(CommandError, match="time was over"):
        quiz.answer(again.token, "fay", 1, "1", again.ends)


def test_the_late_policy_and_extensions_apply(desk):
    """Two started days late cost two tenths; an extension of the course file or of the store moves the date."""
    late = datetime(2027, 3, 7, 10, 0, tzinfo=UTC)
    desk.store.set_extension("zoe", "first_quiz", late + timedelta(days=1), "ill")
    for who, penalty in (("ada", 2.0), ("eve", 0.0), ("zoe", 0.0)):
        quiz = desk.quiz()
        sheet = quiz.open(who, late)
        for number in range(1, 12):
            quiz.answer(sheet.token, who, number, desk.right(sheet, number), late)
        assert quiz.hand_in(sheet.token, who, late)[1].penalty == pytest.approx(penalty)


def test_the_best_attempt_counts_and_there_are_two(desk):
    """The third is refused with one line."""
    quiz = desk.quiz()
    for attempt in (1, 2):
        sheet = quiz.open("ada", OPEN)
        assert (sheet.attempt, sheet.attempts) == (attempt, 2)
        if attempt == 1:
            quiz.answer(sheet.token, "ada", 2, desk.right(sheet, 2), OPEN)
        quiz.hand_in(sheet.token, "ada", OPEN)
    with pytest.raises(CommandError, match="all 2 attempts of ada at first_quiz are used"):
        quiz.open("ada", OPEN)
    (row,) = desk.store.gradebook("first_quiz")
    assert (row.attempt, row.total) == (1, pytest.approx(10 / 11))


def test_handing_in_twice_changes_nothing(desk):
    """A replayed request gives the same submission; answers after it are refused."""
    quiz = desk.quiz()
    sheet = quiz.open("ada", OPEN)
    one = quiz.hand_in(sheet.token, "ada", OPEN)
    assert quiz.hand_in(sheet.token, "ada", OPEN + timedelta(minutes=1)) == one
    with pytest.raises(CommandError, match="handed in already"):
        quiz.answer(sheet.token, "ada", 1, "1", OPEN)
    assert len(desk.store.submissions(unit="first_quiz")) == 1


@pytest.mark.parametrize("where", ["accept", "handed_in", "save_result"])
def test_a_hand_in_that_is_cut_off_goes_on(desk, where, monkeypatch):
    """After the receipt, before the link, before the result: once again, and there is one submission with one grade."""
    quiz = desk.quiz()
    sheet = quiz.open("ada", OPEN)
    quiz.answer(sheet.token, "ada", 2, desk.right(sheet, 2), OPEN)

    def dies(*args, **kwargs):
        raise SystemExit("power cut")

    target = stores.QuizAttempts if where == "handed_in" else stores.Store
    with monkeypatch.context() as cut:
        cut.setattr(target, where, dies)
        with pytest.raises(SystemExit):
            quiz.hand_in(sheet.token, "ada", OPEN)
    with pytest.raises(CommandError):  # what was read for the hand-in is all that counts: nothing more is acknowledged
        quiz.answer(sheet.token, "ada", 1, desk.right(sheet, 1), OPEN)
    _, score = quiz.hand_in(sheet.token, "ada", OPEN)
    assert score.raw == pytest.approx(10 / 11)
    assert [s.attempt for s in desk.store.submissions(unit="first_quiz")] == [1]


def test_a_replay_gives_the_same_points(desk):
    """From what was asked and answered alone, whatever the templates are by then."""
    quiz = desk.quiz()
    sheet = quiz.open("ada", OPEN)
    for number in range(1, 8):
        quiz.answer(
            sheet.token, "ada", number, desk.right(sheet, number) if number % 2 else desk.wrong(sheet, number), OPEN
        )
    submission, score = quiz.hand_in(sheet.token, "ada", OPEN)
    result = desk.store.result(submission.id)
    frozen = json.loads(desk.store.blob(result.answers))
    assert rejudge(frozen, desk.store.blob(submission.blob), score.maximum) == result.checks


def test_a_mended_template_regrades(desk):
    """The numbers of the attempt are kept, today's answer counts, and the change has a bundle of its own."""
    quiz = desk.quiz()
    sheet = quiz.open("ada", OPEN)
    n = int(desk.right(sheet, 2))
    quiz.answer(sheet.token, "ada", 2, str(n - 2), OPEN)
    submission, score = quiz.hand_in(sheet.token, "ada", OPEN)
    assert score.raw == 0
    file = desk.root / "assignments" / "mini" / "quiz.py"
    file.write_text(file.read_text().replace("answer=Integer(n)", "answer=Integer(n - 2)"))
    assert desk.quiz().regrade(submission).raw == pytest.approx(10 / 11)
    results = desk.store.results(submission.id)
    assert [r.current for r in results] == [False, True]
    assert results[0].bundle != results[1].bundle


def test_too_many_questions_are_a_mistake_of_the_course(desk):
    """Named with both numbers."""
    file = desk.root / "course.yaml"
    file.write_text(file.read_text().replace("count: 2", "count: 9"))
    with pytest.raises(CourseError, match="asks 9 questions of 5 templates"):
        desk.quiz("same_for_all")


def test_statistics_of_a_class(desk):
    """Difficulty, the most frequent slip, time; a template that nearly all get wrong is marked."""
    quiz = desk.quiz()
    for student in range(12):
        who, now = f"s{student}", OPEN
        sheet = quiz.open(who, now)
        for number in (1, 2, 3):
            # The first is hard: one in twelve; the second tells the strong from the weak; the third everybody can.
            knows = {1: student == 11, 2: student >= 6, 3: True}[number]
            now += timedelta(seconds=20)
            quiz.answer(
                sheet.token, who, number, desk.right(sheet, number) if knows else desk.wrong(sheet, number), now
            )
        quiz.hand_in(sheet.token, who, now)
    attempts = [
        (str(s.id), desk.store.result(s.id).provenance["questions"]) for s in desk.store.submissions(unit="first_quiz")
    ]
    found = {item.template: item for item in stats.statistics_of(stats.from_results(attempts))}
    hard, telling, easy = found["mini/product"], found["mini/count"], found["mini/double"]
    assert hard.share_right == pytest.approx(1 / 12)
    assert hard.alarm
    assert hard.slip.startswith("You added")
    assert hard.slip_share == 1
    assert telling.share_right == 0.5
    assert telling.discrimination > 0.2
    assert easy.discrimination is None
    assert easy.seconds == 20
    table = stats.frame(list(found.values()))
    assert set(table.columns) >= {"template", "share_right", "discrimination", "seconds"}
    assert len(table) == 11
