"""One sitting of practice: what is asked next, and what an answer leads to.  The terminal and the notebook both drive this."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from .answer import Read
from .practice import Deck, Review
from .question import Template
from .variant import Mark, Variant, draw

RETRIES = 2  #: fresh variants after a wrong answer, until one is right


@dataclass(frozen=True)
class Outcome:
    """What became of an answer."""

    read: Read
    mark: Mark
    variant: Variant
    again: bool  #: a fresh variant of the same template comes next

    @property
    def answer(self) -> str:
        """The right answer, as Markdown."""
        answer = self.variant.question.answer
        return answer.show(answer.value)

    @property
    def why(self) -> str:
        """Why the answer is wrong, if it was a known slip."""
        return self.mark.slip.why if self.mark.slip else ""


class Session:
    """A queue of templates; `ask` gives the question at hand, `answer` judges and moves on."""

    def __init__(
        self,
        deck: Deck,
        clock: Callable[[], datetime],
        *,
        most: int = 20,
        choice: bool = False,
        ahead: bool = False,
    ) -> None:
        self.deck, self.clock, self.choice = deck, clock, choice
        waiting = deck.due(clock())
        self.new = deck.new(clock())
        self.queue: list[Template] = (waiting + self.new + (deck.ahead() if ahead else []))[:most]
        self.queue = list({each.id: each for each in self.queue}.values())
        self.waiting = len(waiting)
        self.done: list[Review] = []
        self.current: Variant | None = None
        self._retries = 0
        self._hints = 0
        self._shown = clock()

    @property
    def left(self) -> int:
        """Questions still to come, this one included."""
        return len(self.queue)

    def ask(self) -> Variant | None:
        """The question at hand; None when the sitting is over."""
        if self.current is None and self.queue:
            template = self.queue[0]
            number = self.deck.times_seen(template.id)
            # Every review is another variant, and another one for each template; the same after a restart.
            self.current = draw(template, zlib.crc32(template.id.encode()) + number, self.choice)
            self._hints, self._shown = 0, self.clock()
        return self.current

    def hint(self) -> str:
        """The next step of the ladder; empty when there is none left."""
        hints = self._asked().question.hints
        self._hints = min(self._hints + 1, len(hints) + 1)
        return hints[self._hints - 1] if self._hints <= len(hints) else ""

    def answer(self, text: str) -> Outcome:
        """Judge what was typed.  AnswerError if it cannot be read: the question stays, nothing is lost."""
        variant = self._asked()
        read = variant.read(text)
        mark = variant.mark(read)
        self._record(variant, mark)
        again = not mark.right and self._retries < RETRIES
        self._move(again)
        return Outcome(read, mark, variant, again)

    def skip(self) -> Variant:
        """Leave the question for another day; gives it back, to show its answer.  Counts as not known."""
        variant = self._asked()
        self._record(variant, Mark(0.0, None))
        self._move(False)
        return variant

    def _record(self, variant: Variant, mark: Mark) -> None:
        now = self.clock()
        review = Review(
            at=now,
            template=variant.template.id,
            technique=variant.template.technique,
            seed=variant.seed,
            fraction=mark.fraction,
            hints=min(self._hints, len(variant.question.hints)),
            seconds=round(max(0.0, (now - self._shown).total_seconds()), 1),
            slip=mark.slip.why if mark.slip else "",
            retry=self._retries > 0,
        )
        self.done.append(self.deck.record(review))

    def _move(self, again: bool) -> None:
        self.current = None
        self._retries = self._retries + 1 if again else 0
        if not again:
            self.queue.pop(0)

    def _asked(self) -> Variant:
        variant = self.ask()
        if variant is None:
            raise LookupError("the sitting is over")
        return variant
