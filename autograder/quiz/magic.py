"""`%quiz` in a notebook: `%load_ext autograder.quiz.magic`, then `%quiz`, `%quiz 0.35`, `%quiz hint`.

Questions are shown as a page's fragment (formulas as MathML, pictures as SVG); the cards are those of the terminal.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..course import FILE, load_course
from ..errors import AnswerError, UserError
from . import catalogue, figures
from .markup import html, inline
from .options import LETTERS
from .practice import Deck, Log
from .session import Outcome, Session
from .variant import Variant

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

HELP = """\
<p><code>%quiz</code> asks the next question &middot; <code>%quiz 0.35</code> answers &middot; <code>%quiz hint</code> &middot;
<code>%quiz skip</code> shows the answer &middot; <code>%quiz start backprop</code> begins a sitting on a unit, technique or tag
&middot; <code>%quiz status</code></p>"""
_BOX = '<div style="border-left:4px solid {colour};padding:0.2em 1em;margin:0.5em 0">{inside}</div>'


class QuizMagic:
    """One learner's sittings in one notebook."""

    def __init__(self, folder: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.folder, self.clock = folder, clock
        self.session: Session | None = None

    def run(self, line: str) -> str:
        """What `%quiz line` shows, as HTML; a mistake is one line of it."""
        try:
            return self._run(line.strip())
        except AnswerError as error:
            return _box("#b45309", f"<p>{escape(str(error))} (This costs nothing.)</p>")
        except UserError as error:
            return _box("#b91c1c", f"<p>{escape(str(error))}</p>")

    def _run(self, line: str) -> str:
        word, _, rest = line.partition(" ")
        match word.lower():
            case "help" | "?":
                return HELP
            case "start":
                self.session = self._begin(*rest.split())
                return self._ask()
            case "status":
                return self._status((self.session or self._begin()).deck)
        if self.session is None:
            self.session = self._begin()
        if not line:
            return self._ask()
        if self.session.ask() is None:
            return self._ask()
        match word.lower():
            case "hint":
                return _box("#6b7280", html(self.session.hint() or "No further hint: `%quiz skip` shows the answer."))
            case "skip":
                return self._given_up(self.session.skip()) + self._ask()
        return self._told(self.session.answer(line)) + self._ask()

    def _begin(self, *words: str) -> Session:
        root = next((p for p in (self.folder, *self.folder.parents) if (p / FILE).is_file()), None)
        if root is None:
            raise UserError(f"no {FILE} here or above. Start Jupyter in your course's folder.")
        course = load_course(root)
        chosen = catalogue.load(root, course.topics).pick(*words)
        log = Log(root / ".autograder" / "practice" / "me.jsonl")
        return Session(Deck(chosen, log, course.timezone, course.new_per_day), self.clock)

    def _ask(self) -> str:
        assert self.session is not None
        variant = self.session.ask()
        if variant is None:
            return self._over(self.session)
        asked = variant.question
        parts = [html(asked.prompt), asked.figure.svg if asked.figure else ""]
        parts += [f"<p>{n} {inline(left)}</p>" for n, left in enumerate(variant.lefts, 1)]
        parts += [f"<p>({LETTERS[n]}) {inline(each)}</p>" for n, each in enumerate(variant.shown_options)]
        parts.append(
            f"<p><small>{escape(variant.template.technique)} &middot; <code>%quiz</code> {escape(variant.how)}</small></p>"
        )
        return _box("#1d4ed8", "".join(parts))

    def _told(self, outcome: Outcome) -> str:
        head = f"<p><small>{escape(outcome.read.echo)}</small></p>"
        if outcome.mark.right:
            return _box("#047857", f"{head}<p><b>✓ right</b></p>{html(outcome.variant.question.explanation)}")
        partly = f", {outcome.mark.fraction:.0%} of it is" if outcome.mark.fraction else ""
        why = html(f"**Why:** {outcome.why}") if outcome.why else ""
        return _box("#b91c1c", f"{head}<p><b>✗ not right{partly}</b></p>{why}{_solution(outcome.variant)}")

    def _given_up(self, variant: Variant) -> str:
        return _box("#6b7280", _solution(variant))

    def _over(self, session: Session) -> str:
        done = [review for review in session.done if not review.retry]
        right = sum(review.fraction >= 1 for review in done)
        self.session = None
        told = f"{len(done)} answered, {right} right at the first try." if done else "Nothing is due now."
        return _box("#1d4ed8", f"<p>{told} <code>%quiz start</code> begins another sitting.</p>") + self._status(
            session.deck
        )

    def _status(self, deck: Deck) -> str:
        now = self.clock()
        known = {each.technique: each.share for each in deck.mastery(now) if each.seen}
        told = f"<p>{len(deck.due(now))} due, {len(deck.new(now))} new today, {deck.streak(now)} days in a row</p>"
        return told + (figures.bars(known, "mastery").svg if known else "")


def _solution(variant: Variant) -> str:
    asked = variant.question
    return html(f"**Answer:** {asked.answer.show(asked.answer.value)}") + html(asked.explanation)


def _box(colour: str, inside: str) -> str:
    return _BOX.format(colour=colour, inside=inside)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Called by `%load_ext autograder.quiz.magic`."""
    from IPython.display import HTML, display

    magic = QuizMagic(Path.cwd())

    def quiz(line: str) -> None:
        show: Any = display
        show(HTML(magic.run(line)))

    shell.register_magic_function(quiz, "line", "quiz")
