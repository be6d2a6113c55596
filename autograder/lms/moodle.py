"""Moodle XML: a category for each template with its frozen variants in it, for "random question from category".

What core Moodle cannot judge is asked otherwise: a formula as a choice among the slips' formulas; an order by matching items to
places (its ordering type came with Moodle 4.4, and many sites are older); several numbers as a cloze, each judged for itself.

The structure is that of question/format/xml/format.php of Moodle; attached files are what it keeps on import.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from xml.etree.ElementTree import Element

from ..quiz.figures import Figure
from . import items
from .elements import child, written
from .items import Blank, Blanks, Group, Item, Option, Options, Pairs, Pool, Words, characters, decimal, html

#: The percentages that Moodle accepts (question/engine/bank.php); an import with another one is refused.
FRACTIONS = (
    100, 90, 83.33333, 80, 75, 70, 66.66667, 60, 50, 40, 33.33333, 30, 25, 20, 16.66667, 14.28571, 12.5, 11.11111, 10, 5, 0,
)  # fmt: skip
_PICTURE = "figure.svg"
_CLOZE_MARKS = {ord(sign): f"&#{ord(sign)};" for sign in "~}\\"}


def document(course: str, groups: Sequence[Group]) -> str:
    """The XML file."""
    root = Element("quiz")
    for group in groups:
        for pool in group.pools:
            _category(root, course, group, pool)
            for item in pool.items:
                _question(root, item)
    return written(root)


def path(*names: str) -> str:
    """A category's path: `/` parts it, so that in a name it is doubled, and never at the name's edge."""
    parts = (characters(name).replace("/", "//") for name in names)
    return "/".join(
        ["$course$", "top", *(f" {part} " if part[:1] == "/" or part[-1:] == "/" else part for part in parts)]
    )


def percent(fraction: float) -> str:
    """The accepted percentage nearest to a fraction."""
    nearest = min(FRACTIONS, key=lambda each: abs(each - abs(100 * fraction)))
    return f"{'-' if fraction < 0 and nearest else ''}{nearest:.7g}"


def shares(options: Options) -> tuple[float, float]:
    """What a right and a wrong option are worth: the right ones share the points; who takes everything gets nothing."""
    if options.single:
        return 1.0, 0.0
    rights, wrongs = options.rights, len(options.options) - options.rights
    return 1 / rights, -max(1 / rights, 1 / wrongs) if wrongs else 0.0


def _category(root: Element, course: str, group: Group, pool: Pool) -> None:
    made = child(root, "question", type="category")
    _text(made, "category", path(course, group.title, pool.name))
    told = f"{pool.template.technique}: {len(pool.items)} variants of {pool.template.id}"
    _text(made, "info", escape(told), format="html")


def _question(root: Element, item: Item) -> None:
    match item.body:
        case Blanks() if len(item.body.all) == 1:
            made = _begun(root, "numerical", item)
            _numerical(made, item.body.all[0])
        case Blanks():
            _begun(root, "cloze", item, fields=items.fields_html(item.body, lambda n, blank: cloze(blank)))
        case Options():
            made = _begun(root, "multichoice", item)
            _multichoice(made, item.body)
        case Pairs():
            made = _begun(root, "matching", item)
            _matching(made, item.body)
        case Words():
            made = _begun(root, "shortanswer", item)
            _shortanswer(made, item.body)


def _begun(root: Element, kind: str, item: Item, fields: str = "") -> Element:
    """What all types have."""
    question, template = item.variant.question, item.variant.template
    made = child(root, "question", type=kind)
    _text(made, "name", item.name)
    text = _text(made, "questiontext", items.question_html(item, f"@@PLUGINFILE@@/{_PICTURE}", fields), format="html")
    if question.figure is not None:
        _file(text, question.figure)
    _text(made, "generalfeedback", items.block(item.explained(item.homeless)), format="html")
    child(made, "penalty", "0")  # a second try and a hint cost nothing
    child(made, "hidden", "0")
    child(made, "idnumber", f"{template.id}:{item.variant.seed}")
    if kind != "cloze":  # there, it is the sum of its parts
        child(made, "defaultgrade", "1")
    for hint in question.hints:
        _text(made, "hint", html(hint), format="html")
    tags = child(made, "tags")
    for tag in dict.fromkeys([template.technique, *template.tags]):
        _text(tags, "tag", tag)
    return made


def _text(parent: Element, tag: str, text: str, **attributes: str) -> Element:
    made = child(parent, tag, **attributes)
    child(made, "text", text)
    return made


def _file(parent: Element, figure: Figure) -> None:
    child(parent, "file", base64.b64encode(figure.svg.encode()).decode(), name=_PICTURE, path="/", encoding="base64")


def _answer(parent: Element, fraction: float, text: str, why: str, form: str = "plain_text") -> Element:
    made = _text(parent, "answer", text, fraction=percent(fraction), format=form)
    _text(made, "feedback", html(why) if why else "", format="html")
    return made


def _numerical(made: Element, blank: Blank) -> None:
    """The first answer that fits counts: the right one, then the slips."""
    child(_answer(made, 1, decimal(blank.value), ""), "tolerance", decimal(blank.within))
    for wrong in blank.wrong:
        child(_answer(made, 0, decimal(wrong.value), wrong.why), "tolerance", decimal(wrong.within))


def cloze(blank: Blank) -> str:
    """`{1:NUMERICAL:=v:tolerance~%0%slip:tolerance#why}`."""
    wrong = (f"~%0%{decimal(w.value)}:{decimal(w.within)}#{_in_cloze(w.why)}" for w in blank.wrong)
    return f"{{1:NUMERICAL:={decimal(blank.value)}:{decimal(blank.within)}{''.join(wrong)}}}"


def _in_cloze(why: str) -> str:
    r"""Feedback within a cloze: escaped once more since Moodle decodes it; its marks stay entities, or `\}` would lose its `\`."""
    return escape(html(why).translate(_CLOZE_MARKS))


def _multichoice(made: Element, options: Options) -> None:
    child(made, "single", "true" if options.single else "false")
    child(made, "shuffleanswers", "true")
    child(made, "answernumbering", "abc")
    right, wrong = shares(options)
    for option in options.options:
        _answer(made, right if option.right else wrong, html(option.text), _why(option), "html")


def _why(option: Option) -> str:
    return "" if option.right else option.why


def _matching(made: Element, pairs: Pairs) -> None:
    """Rights stand in a menu, where nothing is rendered; those without a left are only offered."""
    child(made, "shuffleanswers", "true")
    for left, right in [*pairs.pairs, *(("", extra) for extra in pairs.extra)]:
        asked = _text(made, "subquestion", html(left) if left else "", format="html")
        _text(asked, "answer", characters(right))


def _shortanswer(made: Element, words: Words) -> None:
    child(made, "usecase", "1")
    for spelling in words.right:
        _answer(made, 1, unwild(spelling), "")
    for spellings, why in words.wrong:
        for spelling in spellings:
            _answer(made, 0, unwild(spelling), why)


def unwild(text: str) -> str:
    """A star of an answer is a star, not Moodle's wildcard."""
    return text.replace("*", r"\*")
