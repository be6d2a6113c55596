"""Questions as learning platforms see them: numbers to type, options to pick, pairs to match, words to type.

The ten answer types of `quiz` become four bodies here, once, with the engine's own tolerances; each export writes the
bodies in its own words.  Texts stay Markdown with TeX until a format asks for HTML or plain characters.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape, unescape
from itertools import islice
from typing import Any

import numpy as np

from ..quiz import markup
from ..quiz.numeric import Integer, Number, Numbers, Shape, tolerance
from ..quiz.options import Matching, Ordering, Output, Several
from ..quiz.question import Slip, Template
from ..quiz.shown import unit_of
from ..quiz.variant import MOST_OPTIONS, Variant, variants


@dataclass(frozen=True)
class Wrong:
    """A slip's number: what lies so near is that slip."""

    value: float
    within: float
    why: str


@dataclass(frozen=True)
class Blank:
    """One number to type."""

    value: float
    within: float
    digits: int  #: significant digits; 0 for a whole number
    wrong: tuple[Wrong, ...] = ()
    label: str = ""  #: Markdown


@dataclass(frozen=True)
class Blanks:
    """Numbers to type, in rows."""

    rows: tuple[tuple[Blank, ...], ...]

    @property
    def all(self) -> tuple[Blank, ...]:
        return tuple(blank for row in self.rows for blank in row)


@dataclass(frozen=True)
class Option:
    """One option, as Markdown."""

    text: str
    right: bool
    why: str = ""


@dataclass(frozen=True)
class Options:
    """Options to pick: one, or several."""

    options: tuple[Option, ...]
    single: bool = True

    @property
    def rights(self) -> int:
        return sum(option.right for option in self.options)


@dataclass(frozen=True)
class Pairs:
    """Each left has its right; `rights` are all that are offered, each once."""

    pairs: tuple[tuple[str, str], ...]
    rights: tuple[str, ...]

    @property
    def extra(self) -> tuple[str, ...]:
        taken = {right for _, right in self.pairs}
        return tuple(right for right in self.rights if right not in taken)


@dataclass(frozen=True)
class Words:
    """A text to type, in every spelling that counts; and the slips' spellings, each with what to say."""

    right: tuple[str, ...]
    wrong: tuple[tuple[tuple[str, ...], str], ...]


Body = Blanks | Options | Pairs | Words


@dataclass(frozen=True)
class Item:
    """One frozen variant."""

    variant: Variant
    name: str
    body: Body
    asks: str  #: how to answer, as Markdown; empty where it can be seen

    @property
    def prompt(self) -> str:
        return self.variant.question.prompt

    @property
    def slips(self) -> tuple[str, ...]:
        """Each slip with what it gives, as Markdown: for formats that cannot answer to it where it is made."""
        answer = self.variant.question.answer
        return tuple(f"{answer.show(slip.gives)}: {slip.why}" for slip in self.variant.question.slips)

    @property
    def homeless(self) -> bool:
        """Whether some slip has no place in the body, so that the explanation must tell it."""
        match self.body:
            case Blanks():
                return len(self.body.all) > 1 or len(self.body.all[0].wrong) < len(self.slips)
            case Pairs():
                return True
        return False

    def explained(self, slips: bool) -> str:
        """The explanation as Markdown, with the slips where a format has no better place for them."""
        explanation = self.variant.question.explanation
        told = "\n".join(f"- {slip}" for slip in self.slips) if slips else ""
        return explanation + (f"\n\nFrequent wrong answers:\n\n{told}" if told else "")


@dataclass(frozen=True)
class Pool:
    """A template's frozen variants: a student gets one of them."""

    template: Template
    items: tuple[Item, ...]

    @property
    def name(self) -> str:
        return self.template.id.rpartition("/")[2].replace("_", " ")


@dataclass(frozen=True)
class Group:
    """Pools under one title: a unit's, or a graded quiz's."""

    name: str
    title: str
    pools: tuple[Pool, ...]


def pool(template: Template, count: int, seed: int) -> Pool:
    """So many different variants; fewer where the template has no more."""
    found = list(islice(variants(template, seed), count))
    title = template.id.rpartition("/")[2].replace("_", " ")
    width = len(str(len(found)))
    return Pool(template, tuple(item(each, f"{title} {n:0{width}d}") for n, each in enumerate(found, 1)))


def item(variant: Variant, name: str) -> Item:
    """A variant as an item."""
    shaped = body(variant)
    return Item(variant, name, shaped, _asks(variant, shaped))


def _asks(variant: Variant, shaped: Body) -> str:
    answer = variant.question.answer
    match answer, shaped:
        case Several(), _:
            return "Choose all that fit."
        case Ordering(), _:
            return "Give each its place; 1 comes first."
        case Number(), _:
            unit = f" in {answer.unit}" if answer.unit else ""
            return f"A number{unit}, {answer.digits} significant digits."
        case Integer(), _:
            return f"A whole number of {answer.unit}." if answer.unit else "A whole number."
        case Numbers(), _:
            return "Whole numbers." if answer.whole else f"Numbers with {answer.digits} significant digits."
        case Shape(), Blanks():
            return "A whole number for each axis."
        case Output(), _:
            return "Type exactly what is printed, in one line; where a line ends, type a space."
    return ""


# Bodies


def body(variant: Variant) -> Body:
    """What is asked, apart from any format."""
    answer = variant.question.answer
    slips = variant.question.slips
    match answer:
        case Number():
            within = tolerance(answer.tolerance, float(answer.value), answer.digits, [slip.gives for slip in slips])
            wrong = _wrong(slips, lambda slip: slip.gives, lambda value: unit_of(value, answer.digits))
            return Blanks(((Blank(float(answer.value), within, answer.digits, wrong),),))
        case Integer():
            return Blanks(((Blank(float(answer.value), 0.0, 0, _wrong(slips, lambda slip: slip.gives)),),))
        case Numbers():
            return _numbers(answer, slips)
        case Shape() if any(len(slip.gives) == len(answer.value) > 0 for slip in slips):
            return _shape(answer, slips)  # otherwise the question is how many axes there are: blanks would tell
        case Matching():
            return Pairs(tuple(answer.value.items()), variant.options)
        case Ordering():
            places = {each: str(place) for place, each in enumerate(answer.value, 1)}
            return Pairs(tuple((each, places[each]) for each in variant.options), tuple(places.values()))
        case Output():
            return Words(spellings(answer.value), tuple((spellings(slip.gives), slip.why) for slip in slips))
    return options(variant)


def options(variant: Variant) -> Options:
    """The question as a choice: also for answers that are typed, with the slips as the other options."""
    answer = variant.question.answer
    why = {slip.gives: slip.why for slip in variant.question.slips} if answer.has_options else {}
    if isinstance(answer, Several):
        found = [Option(each, each in answer.value, why.get(each, "")) for each in variant.options]
        return Options(tuple(found), single=False)
    if answer.kind == "choice":
        return Options(tuple(Option(each, each == answer.value, why.get(each, "")) for each in variant.options))
    found = [Option(answer.show(answer.value), True)]
    found += [Option(answer.show(slip.gives), False, slip.why) for slip in variant.question.slips][: MOST_OPTIONS - 1]
    order = np.random.default_rng([abs(variant.seed), len(found)]).permutation(len(found))
    return Options(tuple(found[i] for i in order))


def _wrong(
    slips: Sequence[Slip], value: Callable[[Slip], Any], within: Callable[[float], float] = lambda value: 0.0
) -> tuple[Wrong, ...]:
    """The slips that give a number of their own."""
    found: dict[float, Wrong] = {}
    for slip in slips:
        number = float(value(slip))
        if math.isfinite(number):
            found.setdefault(number, Wrong(number, within(number), slip.why))
    return tuple(found.values())


def _numbers(answer: Numbers, slips: Sequence[Slip]) -> Blanks:
    """The tolerance of each number is that of `Numbers.mark`: only slips that differ there bound it."""
    right = np.atleast_2d(np.asarray(answer.value, float))
    alike = [slip for slip in slips if np.shape(slip.gives) == np.shape(answer.value)]

    def blank(i: int, j: int) -> Blank:
        def there(slip: Slip) -> Any:
            return np.atleast_2d(np.asarray(slip.gives, float))[i, j]

        differing = [slip for slip in alike if there(slip) != right[i, j]]
        name = "exact" if answer.whole else answer.tolerance
        within = tolerance(name, right[i, j], answer.digits, [there(slip) for slip in differing])
        seen = [slip for slip in differing if abs(there(slip) - right[i, j]) > within]
        wrong = _wrong(seen, there, (lambda v: 0.0) if answer.whole else (lambda v: unit_of(v, answer.digits)))
        digits = 0 if answer.whole else answer.digits
        label = answer.labels[i * right.shape[1] + j] if answer.labels else ""
        return Blank(float(right[i, j]), 0.0 if answer.whole else within, digits, wrong, label)

    rows, columns = right.shape
    return Blanks(tuple(tuple(blank(i, j) for j in range(columns)) for i in range(rows)))


def _shape(answer: Shape, slips: Sequence[Slip]) -> Blanks:
    alike = [slip for slip in slips if len(slip.gives) == len(answer.value)]

    def blank(axis: int) -> Blank:
        differing = [slip for slip in alike if slip.gives[axis] != answer.value[axis]]
        return Blank(float(answer.value[axis]), 0.0, 0, _wrong(differing, lambda slip: slip.gives[axis]))

    return Blanks((tuple(blank(axis) for axis in range(len(answer.value))),))


def spellings(printed: str) -> tuple[str, ...]:
    """An output in one line as students may type it: with and without spaces, either quotes, 2. or 2.0."""
    line = " ".join(str(printed).split())
    found = [line, re.sub(r"\s+", "", line)]
    found += [re.sub(r"(?<![\w.])(\d+)\.0*(?!\d)", rf"\1{end}", each) for each in found for end in (".", ".0")]
    found += [each.translate(swap) for each in found for swap in _QUOTES if '"' in each or "'" in each]
    return tuple(dict.fromkeys(found))


_QUOTES = (str.maketrans('"', "'"), str.maketrans("'", '"'))


# Texts


def decimal(value: float, digits: int = 12) -> str:
    """A number without an exponent: every platform reads that."""
    text = format(Decimal(f"{value:.{digits}g}"), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def block(text: str) -> str:
    r"""Markdown as HTML, with formulas as \( \) for the platform's MathJax."""
    return markup.html(text, "parens")


def html(text: str) -> str:
    """The same; a lone paragraph without its <p>, so that it stands in a line."""
    return markup.inline(text, "parens")


def characters(text: str) -> str:
    """Without any markup, formulas as Unicode: for names and menus, where nothing is rendered."""
    return " ".join(unescape(re.sub(r"<[^>]+>", "", markup.html(markup.terminal(text), "dollars"))).split())


def question_html(asked: Item, source: str = "", fields: str = "") -> str:
    """Prompt, picture, how to answer.  source: what the picture's <img> points to; fields: HTML to type into."""
    figure = asked.variant.question.figure
    parts = [block(asked.prompt)]
    if figure is not None and source:
        words = "; ".join(line.strip() for line in figure.text.splitlines() if line.strip())
        parts.append(f'<p><img src="{escape(source)}" alt="{escape(words)}"></p>')
    parts += [f"<p><em>{html(asked.asks)}</em></p>"] if asked.asks else []
    return "\n".join([*parts, fields] if fields else parts)


def fields_html(blanks: Blanks, field: Callable[[int, Blank], str]) -> str:
    """The places to type into: named, in a row, or as a matrix.  field: (number from 1, blank) -> its HTML."""
    numbered = iter(enumerate(blanks.all, 1))
    rows = [[(blank, field(*next(numbered))) for blank in row] for row in blanks.rows]
    if any(blank.label for row in rows for blank, _ in row):
        return "\n".join(f"<p>{html(blank.label)}: {made}</p>" for row in rows for blank, made in row)
    if len(rows) == 1:
        return f"<p>({', '.join(made for _, made in rows[0])})</p>" if len(rows[0]) > 1 else f"<p>{rows[0][0][1]}</p>"
    lines = ("".join(f"<td>{made}</td>" for _, made in row) for row in rows)
    return "<table><tbody>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</tbody></table>"


def all_items(groups: Sequence[Group]) -> Iterator[Item]:
    """Every item of the groups."""
    return (each for group in groups for pool in group.pools for each in pool.items)
