"""Practice with spaced repetition: an FSRS card is a template, every review is a fresh variant.

All that is kept is the log of reviews, one line of JSON each, appended and synced; cards, the due queue, mastery and the
streak are worked out from it.  Times are UTC and never run backwards, whatever the clock of the machine does; a day is one of
the learner's time zone.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from fsrs import Card, Rating, Scheduler

from ..errors import StoreError
from .question import Template

NEW_PER_DAY = 10
RETENTION = 0.9  #: a card comes back when it is remembered with this probability


@dataclass(frozen=True)
class Review:
    """One answer of a learner."""

    at: datetime
    template: str
    technique: str
    seed: int
    fraction: float
    hints: int
    seconds: float
    slip: str = ""  #: what the learner was told, if it was a known slip
    retry: bool = False  #: asked again after a wrong answer; moves no card

    @property
    def rating(self) -> Rating:
        """For FSRS: wrong is Again, right with help is Hard, right is Good."""
        if self.fraction < 1:
            return Rating.Again
        return Rating.Hard if self.hints else Rating.Good


class Log:
    """A learner's reviews on the disk."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> list[Review]:
        """All reviews, in their order; a line that a crash cut off is left out."""
        try:
            lines = self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreError(f"{self.path}: cannot be read ({error.strerror}). Check its rights.") from error
        return [review for line in lines if (review := _review(line)) is not None]

    def append(self, review: Review) -> None:
        """Keep a review: on the disk when this returns."""
        line = json.dumps({**asdict(review), "at": review.at.isoformat()}, ensure_ascii=False).encode() + b"\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self.path.open("ab") as file:
                fcntl.flock(file, fcntl.LOCK_EX)  # two terminals may practise at once
                if file.tell() and not self._ends_whole():
                    line = b"\n" + line  # after a line that a crash cut off
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StoreError(f"{self.path}: your answer was not kept ({error.strerror}). Free some space.") from error

    def _ends_whole(self) -> bool:
        with self.path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"


def _review(line: bytes) -> Review | None:
    try:
        found: dict[str, Any] = json.loads(line)
        return Review(**{**found, "at": datetime.fromisoformat(found["at"])})
    except (ValueError, TypeError, KeyError):
        return None


@dataclass(frozen=True)
class Mastery:
    """How well a technique is known."""

    technique: str
    share: float  #: 0 to 1: the mean chance of a right answer now, unseen templates counted as 0
    seen: int
    templates: int
    right: int  #: reviews answered right at the first try
    reviews: int


class Deck:
    """A learner's cards over the templates of a course."""

    def __init__(
        self, templates: Sequence[Template], log: Log, zone: tzinfo = UTC, new_per_day: int = NEW_PER_DAY
    ) -> None:
        self.templates = {each.id: each for each in templates}
        self.log, self.zone, self.new_per_day = log, zone, new_per_day
        # Without learning steps every interval is days: within a session the learner is asked again at once.
        self._scheduler = Scheduler(
            desired_retention=RETENTION, learning_steps=(), relearning_steps=(), enable_fuzzing=False
        )
        self.reviews: list[Review] = []
        self._cards: dict[str, Card] = {}
        for review in log.read():
            self._count(review)

    def record(self, review: Review) -> Review:
        """Keep a review and move its card."""
        latest = self.reviews[-1].at if self.reviews else review.at
        if review.at < latest:  # the clock was put back: time stands still until it has caught up
            review = Review(**{**asdict(review), "at": latest})
        self.log.append(review)
        self._count(review)
        return review

    def _count(self, review: Review) -> None:
        self.reviews.append(review)
        if not review.retry:
            card = self._cards.get(review.template) or Card(card_id=1, due=review.at)
            self._cards[review.template], _ = self._scheduler.review_card(card, review.rating, review.at)

    def now(self, clock: datetime) -> datetime:
        """The time that counts: never before the last review."""
        return max([clock, *(review.at for review in self.reviews[-1:])])

    def due(self, clock: datetime) -> list[Template]:
        """Cards that wait, the longest waiting first.  They wait from the beginning of their day: who practises every
        evening at six would else meet yesterday's cards a minute too early, and a day late."""
        today = self._day(self.now(clock))
        waiting = [(c.due, id) for id, c in self._cards.items() if self._day(c.due) <= today and id in self.templates]
        return [self.templates[id] for _, id in sorted(waiting)]

    def new(self, clock: datetime) -> list[Template]:
        """Templates never seen, in the order of the course; as many as the day still allows."""
        left = self.new_per_day - len(self._first_seen_on(self._day(self.now(clock))))
        unseen = [each for id, each in self.templates.items() if id not in self._cards]
        return unseen[: max(0, left)]

    def ahead(self) -> list[Template]:
        """Cards that were seen, the next due first, due or not."""
        seen = [(card.due, id) for id, card in self._cards.items() if id in self.templates]
        return [self.templates[id] for _, id in sorted(seen)]

    def next_due(self) -> datetime | None:
        """When the next card waits."""
        return min((card.due for id, card in self._cards.items() if id in self.templates), default=None)

    def times_seen(self, template: str) -> int:
        return sum(review.template == template for review in self.reviews)

    def mastery(self, clock: datetime) -> list[Mastery]:
        """Of each technique, in the order of the course."""
        groups: dict[str, list[str]] = defaultdict(list)
        for id, each in self.templates.items():
            groups[each.technique].append(id)
        return [self._mastery(technique, ids, self.now(clock)) for technique, ids in groups.items()]

    def _mastery(self, technique: str, ids: list[str], now: datetime) -> Mastery:
        cards = [self._cards[id] for id in ids if id in self._cards]
        known = sum(self._scheduler.get_card_retrievability(card, now) for card in cards)
        # FSRS takes any card for remembered just after its review; an answer that was wrong is not known.
        wrong = sum(self._last(id).fraction < 1 for id in ids if id in self._cards)
        tries = [r for r in self.reviews if r.template in ids and not r.retry]
        share = max(0.0, known - wrong) / len(ids)
        return Mastery(technique, share, len(cards), len(ids), sum(r.fraction >= 1 for r in tries), len(tries))

    def _last(self, id: str) -> Review:
        return next(review for review in reversed(self.reviews) if review.template == id and not review.retry)

    def streak(self, clock: datetime) -> int:
        """Days in a row with practice, up to today or yesterday."""
        days = {self._day(review.at) for review in self.reviews}
        day = self._day(self.now(clock))
        if day not in days:
            day -= timedelta(days=1)
        return sum(1 for _ in _while_in(days, day))

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def _first_seen_on(self, day: date) -> set[str]:
        first: dict[str, date] = {}
        for review in self.reviews:
            first.setdefault(review.template, self._day(review.at))
        return {id for id, seen in first.items() if seen == day and id in self.templates}


def _while_in(days: Iterable[date], day: date) -> Iterator[date]:
    while day in days:
        yield day
        day -= timedelta(days=1)
