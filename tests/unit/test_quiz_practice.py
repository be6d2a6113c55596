"""Practice over a week of a clock that the test holds: the due queue, mastery, the streak, and what a crash leaves."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from autograder.errors import AnswerError, StoreError
from autograder.quiz import catalogue
from autograder.quiz.check import typed
from autograder.quiz.practice import Deck, Log, Review
from autograder.quiz.session import Session

COURSE = Path(__file__).parent.parent / "fixtures" / "quiz_course"
TEMPLATES = catalogue.load(COURSE, ["mini"]).templates
MONDAY = datetime(2027, 3, 1, 18, 0, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")


class Clock:
    """Time that moves when the test says so."""

    def __init__(self, now: datetime = MONDAY) -> None:
        self.now = now

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=7)
        return self.now


def deck(tmp_path, **more):
    return Deck(TEMPLATES, Log(tmp_path / "practice" / "me.jsonl"), PARIS, **more)


def sit(deck, clock, right=lambda variant: True, **more):
    """One sitting of a learner; -> the templates asked, in order."""
    session, asked = Session(deck, clock, **more), []
    while (variant := session.ask()) is not None:
        asked.append(variant.template.id)
        question = variant.question
        if right(variant) or not question.slips:
            session.answer(typed(variant, question.answer.value))
        else:
            wrong = question.slips[0].gives
            session.answer(typed(variant, (wrong,) if question.answer.kind == "several" else wrong))
    return asked


def test_a_week_of_practice(tmp_path):
    """Four new a day; what is known moves away, what is not comes back the next day; the streak counts."""
    clock = Clock()
    weak = "mini/count"
    seen: dict[int, list[str]] = {}
    for day in range(7):
        clock.now = MONDAY + timedelta(days=day)
        seen[day] = sit(deck(tmp_path, new_per_day=4), clock, right=lambda v: v.template.id != weak)
    assert seen[0][:2] == ["mini/product", "mini/count"]
    assert len(set(seen[0])) == 4
    assert set().union(*seen.values()) == {each.id for each in TEMPLATES}
    assert all(weak in seen[day] for day in range(7))
    assert seen[1].count("mini/product") == 0
    end = deck(tmp_path)
    assert end.streak(clock.now) == 7
    mastery = {each.technique: each for each in end.mastery(clock.now)}
    assert mastery["counting"].share == 0
    assert mastery["products"].share > 0.85
    assert mastery["counting"].right == 0
    assert mastery["names"].seen == mastery["names"].templates == 3


def test_every_review_is_a_fresh_variant(tmp_path):
    """Also after a wrong answer, and after a restart."""
    clock, prompts = Clock(), []
    for day in range(5):
        clock.now = MONDAY + timedelta(days=40 * day)
        session = Session(deck(tmp_path), clock, most=2)
        while (variant := session.ask()) is not None:
            prompts.append(variant.fingerprint)
            session.answer(typed(variant, variant.question.answer.value))
    assert len(prompts) == len(set(prompts)) == 10


def test_a_wrong_answer_brings_another_variant_at_once(tmp_path):
    """At most twice; only the first answer moves the card; all are in the log."""
    clock, one = Clock(), deck(tmp_path)
    session = Session(one, clock, most=1)
    outcomes = []
    while (variant := session.ask()) is not None:
        outcomes.append(session.answer(typed(variant, variant.question.slips[0].gives)))
    assert [outcome.again for outcome in outcomes] == [True, True, False]
    assert [review.retry for review in one.reviews] == [False, True, True]
    assert outcomes[0].why == "You added: $\\times$ multiplies."
    assert len(Log(tmp_path / "practice" / "me.jsonl").read()) == 3


def test_what_cannot_be_read_costs_nothing(tmp_path):
    """The question stays, and nothing is logged."""
    session = Session(deck(tmp_path), Clock())
    before = session.ask()
    with pytest.raises(AnswerError):
        session.answer("what?")
    assert session.ask() is before
    assert session.deck.reviews == []


def test_hints_are_a_ladder_and_make_a_card_hard(tmp_path):
    """They cost nothing now; the card comes back sooner than without."""
    due = {}
    for hints in (0, 1):
        one = deck(tmp_path / str(hints))
        session = Session(one, Clock(), most=1)
        if hints:
            assert session.hint() == "Multiply."
            assert session.hint() == "Multiply the two numbers."
            assert session.hint() == ""
        variant = session.ask()
        assert session.answer(typed(variant, variant.question.answer.value)).mark.right
        due[hints] = one.next_due()
    assert due[1] < due[0]


def test_skipping_is_not_knowing(tmp_path):
    """The answer was shown: the template comes back tomorrow."""
    one = deck(tmp_path)
    session = Session(one, Clock(), most=1)
    session.skip()
    assert session.ask() is None
    assert one.next_due() - MONDAY < timedelta(days=2)


def test_a_clock_that_is_put_back_is_harmless(tmp_path):
    """A review before the last one counts as at the same time; no card is due in the past or lost."""
    clock = Clock()
    sit(deck(tmp_path), clock, most=2)
    clock.now = MONDAY - timedelta(days=400)
    one = deck(tmp_path)
    sit(one, clock, most=2)
    times = [review.at for review in one.reviews]
    assert times == sorted(times)
    assert one.next_due() > MONDAY
    assert one.streak(clock.now) == 1


def test_days_are_those_of_the_learner(tmp_path):
    """Half past eleven at night in Paris in winter is half past ten in UTC, and a quarter past midnight the next day."""
    for at, hours in ((datetime(2027, 3, 1, 22, 30, tzinfo=UTC), 0), (datetime(2027, 3, 1, 23, 15, tzinfo=UTC), 1)):
        clock = Clock(at)
        sit(deck(tmp_path / str(hours), new_per_day=2), clock)
        late = datetime(2027, 3, 1, 23, 30, tzinfo=UTC)
        assert len(deck(tmp_path / str(hours), new_per_day=2).new(late)) == (2 if hours == 0 else 0)


def test_summer_time_breaks_no_streak(tmp_path):
    """The night of 28 March 2027 in Paris has 23 hours."""
    clock = Clock()
    for day in (27, 28, 29):
        clock.now = datetime(2027, 3, day, 22, 30, tzinfo=UTC) - timedelta(hours=1)
        sit(deck(tmp_path), clock, most=1, ahead=True)
    assert deck(tmp_path).streak(clock.now) == 3


def test_a_line_that_a_crash_cut_off_is_left_out(tmp_path):
    """At every byte; the next review stands on a line of its own."""
    one = deck(tmp_path)
    sit(one, Clock(), most=2)
    path = one.log.path
    whole = path.read_bytes()
    last = whole.rstrip(b"\n").rindex(b"\n") + 1
    for cut in random.Random(1).sample(range(last + 1, len(whole) - 1), 20):
        path.write_bytes(whole[:cut])
        assert len(Log(path).read()) == 1
        Log(path).append(one.reviews[1])
        assert Log(path).read() == one.reviews


def test_a_full_disk_is_said(tmp_path):
    """An answer that could not be kept is not taken for kept."""
    one = deck(tmp_path)
    sit(one, Clock(), most=1)
    one.log.path = Path("/dev/full")
    with pytest.raises(StoreError, match="not kept"):
        sit(one, Clock(), most=1)
    assert len(one.reviews) == 1


def test_templates_that_are_gone_are_forgotten_quietly(tmp_path):
    """Their reviews stay in the log; they are neither due nor counted."""
    one = deck(tmp_path)
    one.record(Review(MONDAY, "mini/removed", "old", 1, 0.0, 0, 3.0))
    assert one.due(MONDAY + timedelta(days=30)) == []
    assert "old" not in {each.technique for each in one.mastery(MONDAY)}
    assert len(deck(tmp_path).reviews) == 1


def test_nothing_is_due_is_not_an_error(tmp_path):
    """After all is done for today only `ahead` goes on."""
    clock = Clock()
    sit(deck(tmp_path, new_per_day=3), clock)
    assert Session(deck(tmp_path, new_per_day=3), clock).ask() is None
    assert Session(deck(tmp_path, new_per_day=3), clock, ahead=True).left == 3
