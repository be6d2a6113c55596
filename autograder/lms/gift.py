r"""GIFT, the text format that Moodle and others read: numbers with tolerance and feedback, choices, pairs, words.

It has no cloze: several numbers are asked as a choice among the slips' numbers, a formula likewise.  It has no hints, and pictures
are written into the text.  Reserved signs are escaped, the backslash too: Moodle reads an unescaped `\n` of `\nabla` as a new line.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import replace

from . import items, moodle
from .items import Blank, Blanks, Group, Item, Options, Pairs, Pool, Words, characters, decimal, html

_ESCAPED = str.maketrans({**{sign: f"\\{sign}" for sign in "\\~=#{}:"}, "\n": r"\n", "\r": ""})


def document(course: str, groups: Sequence[Group]) -> str:
    """The text file: categories as in the Moodle file."""
    blocks = [block for group in groups for pool in group.pools for block in _blocks(course, group, pool)]
    return "\n\n".join(blocks) + "\n"


def escaped(text: str) -> str:
    """A text whose signs mean nothing to GIFT, in one line."""
    return text.translate(_ESCAPED)


def _blocks(course: str, group: Group, pool: Pool) -> Iterator[str]:
    # Not escaped: Moodle reads a path as it stands, apart from a line's end.
    yield f"$CATEGORY: {moodle.path(course, group.title, pool.name)}"
    for item in pool.items:
        yield question(item)


def question(item: Item) -> str:
    """One question: name, text, answers, and the explanation as general feedback."""
    item = _fitting(item)
    name, text = escaped(item.name), escaped(items.question_html(item, _source(item)))
    told = escaped(items.block(item.explained(item.homeless)))
    mark = "#" if isinstance(item.body, Blanks) else ""
    lines = "".join(f"\n\t{line}" for line in _answers(item))
    return f"::{name}::[html]{text} {{{mark}{lines}" + (f"\n\t####{told}" if told else "") + "\n}"


def _fitting(item: Item) -> Item:
    """The item as far as GIFT can ask it; a choice otherwise."""
    match item.body:
        case Blanks() if len(item.body.all) > 1:
            return replace(item, body=items.options(item.variant), asks="")
        case Words() if any("->" in each for each in [*item.body.right, *(w for ws, _ in item.body.wrong for w in ws)]):
            return replace(item, body=items.options(item.variant), asks="")  # an arrow would make it a matching
    return item


def _source(item: Item) -> str:
    figure = item.variant.question.figure
    return f"data:image/svg+xml;base64,{base64.b64encode(figure.svg.encode()).decode()}" if figure else ""


def _answers(item: Item) -> Iterator[str]:
    match item.body:
        case Blanks():
            yield from _numerical(item.body.all[0])
        case Options():
            yield from _choice(item.body)
        case Pairs():
            for left, right in [*item.body.pairs, *(("", extra) for extra in item.body.extra)]:
                yield f"={escaped(html(left)) if left else ''} -> {escaped(characters(right))}"
        case Words():
            yield from _words(item.body)


def _numerical(blank: Blank) -> Iterator[str]:
    yield f"=%100%{decimal(blank.value)}:{decimal(blank.within)}"
    for wrong in blank.wrong:
        yield f"=%0%{decimal(wrong.value)}:{decimal(wrong.within)}#{escaped(html(wrong.why))}"


def _choice(options: Options) -> Iterator[str]:
    right, wrong = (moodle.percent(share) for share in moodle.shares(options))
    for option in options.options:
        share = right if option.right else wrong
        weight = "=" if option.right and options.single else f"~%{share}%"
        told = f"#{escaped(html(option.why))}" if option.why and not option.right else ""
        yield f"{weight}{escaped(html(option.text))}{told}"


def _words(words: Words) -> Iterator[str]:
    for spelling in words.right:
        yield f"=%100%{escaped(moodle.unwild(spelling))}"
    for spellings, why in words.wrong:
        for spelling in spellings:
            yield f"=%0%{escaped(moodle.unwild(spelling))}#{escaped(html(why))}"
