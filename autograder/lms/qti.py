"""QTI 1.2 for Canvas (classic quizzes): a package in which each template is a question group that draws one of its variants.

What Canvas makes of a file decides what stands here (gems/plugins/qti_exporter of its source):
- It rounds numbers to 4 decimals, so that 1e-5 becomes 0: small answers are asked times a power of ten.
- Every number or text that a condition of a numerical or short answer question names becomes a *right* answer: their slips
  are told in the comment on wrong answers, never in a condition.
- It has no tolerance for several numbers: whole ones are typed into blanks, others picked from menus with the slips' numbers.
- Menus and the right sides of matchings are plain text.  An order is a matching of items to places.
- It drops pictures that are written into the page: they are files of the package.
"""

from __future__ import annotations

import hashlib
import io
import math
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from xml.etree.ElementTree import Element

from ..quiz.shown import plain, unit_of
from . import items
from .elements import child, written
from .items import Blank, Blanks, Group, Item, Options, Pairs, Pool, Words, characters, decimal, html

SMALLEST = 1e-4  #: Canvas keeps 4 decimals of an answer
_FEWEST = 4  #: options of a menu
_QTI = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"
_CANVAS = "http://canvas.instructure.com/xsd/cccv1p0"
_PACKAGE = "http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_SINCE = (1980, 1, 1, 0, 0, 0)  #: of every file in the package: the same questions give the same bytes


@dataclass(frozen=True)
class Label:
    """One thing to pick: its number within the item, its text, and what to say when it was picked."""

    ident: str
    text: str
    right: bool
    why: str = ""


def package(course: str, groups: Sequence[Group]) -> bytes:
    """The zip file: a manifest, and for each group a quiz with its settings."""
    files = {"imsmanifest.xml": manifest(course, groups)}
    for group in groups:
        name = ident(group.name)
        files[f"{name}/{name}.xml"] = assessment(course, group)
        files[f"{name}/assessment_meta.xml"] = settings(course, group)
    files.update(_pictures(groups))
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, _SINCE), text.encode(), zipfile.ZIP_DEFLATED)
    return kept.getvalue()


def ident(*words: object) -> str:
    """The same for the same words; begins with a letter, as XML wants it."""
    return "i" + hashlib.md5("\0".join(map(str, words)).encode(), usedforsecurity=False).hexdigest()


def picture(item: Item) -> str:
    """Where an item's picture lies in the package."""
    return f"figures/{ident(item.variant.template.id, item.variant.seed)}.svg"


def manifest(course: str, groups: Sequence[Group]) -> str:
    """imsmanifest.xml: every file of the package."""
    root = Element("manifest", {"identifier": ident("manifest", course), "xmlns": _PACKAGE})
    metadata = child(root, "metadata")
    child(metadata, "schema", "IMS Content")
    child(metadata, "schemaversion", "1.1.3")
    child(root, "organizations")
    resources = child(root, "resources")
    for group in groups:
        name, meta = ident(group.name), ident(group.name, "meta")
        quiz = child(resources, "resource", identifier=name, type="imsqti_xmlv1p2")
        child(quiz, "file", href=f"{name}/{name}.xml")
        child(quiz, "dependency", identifierref=meta)
        kind, place = "associatedcontent/imscc_xmlv1p1/learning-application-resource", f"{name}/assessment_meta.xml"
        child(child(resources, "resource", identifier=meta, type=kind, href=place), "file", href=place)
    for place in _pictures(groups):
        made = child(resources, "resource", identifier=ident(place), type="webcontent", href=place)
        child(made, "file", href=place)
    return written(root)


def _pictures(groups: Sequence[Group]) -> dict[str, str]:
    """Each once: a quiz and a unit may ask the same template."""
    drawn = ((item, item.variant.question.figure) for item in items.all_items(groups))
    return {picture(item): figure.svg for item, figure in drawn if figure is not None}


def settings(course: str, group: Group) -> str:
    """assessment_meta.xml: Canvas' own settings of a quiz; not published, so that its teacher looks at it first."""
    root = Element("quiz", {"identifier": ident(group.name), "xmlns": _CANVAS})
    child(root, "title", f"{course}: {group.title}")
    child(root, "description")
    child(root, "shuffle_answers", "true")
    child(root, "scoring_policy", "keep_highest")
    child(root, "quiz_type", "assignment")
    child(root, "points_possible", f"{len(group.pools)}.0")
    child(root, "show_correct_answers", "true")
    child(root, "allowed_attempts", "1")
    child(root, "available", "false")
    return written(root)


def assessment(course: str, group: Group) -> str:
    """One quiz: a section for each template, of whose items one is drawn."""
    root = Element("questestinterop", {"xmlns": _QTI, "xmlns:xsi": _XSI, "xsi:schemaLocation": f"{_QTI} {_QTI}p1.xsd"})
    quiz = child(root, "assessment", ident=ident(group.name), title=f"{course}: {group.title}")
    _fields(quiz, cc_maxattempts="1")
    section = child(quiz, "section", ident="root_section")
    for pool in group.pools:
        _section(section, group, pool)
    return written(root)


def _section(parent: Element, group: Group, pool: Pool) -> None:
    made = child(parent, "section", ident=ident(group.name, pool.template.id), title=pool.name)
    selection = child(child(made, "selection_ordering"), "selection")
    child(selection, "selection_number", "1")
    child(child(selection, "selection_extension"), "points_per_item", "1.0")
    for item in pool.items:
        _item(made, group, item)


def _fields(parent: Element, **fields: str) -> None:
    metadata = child(parent, "qtimetadata")
    for label, entry in fields.items():
        field = child(metadata, "qtimetadatafield")
        child(field, "fieldlabel", label)
        child(field, "fieldentry", entry)


# Items


def _item(parent: Element, group: Group, item: Item) -> None:
    key = (group.name, item.variant.template.id, item.variant.seed)
    made = child(parent, "item", ident=ident(*key), title=item.name)
    match item.body:
        case Blanks() if len(item.body.all) == 1:
            _numerical(made, key, item, item.body.all[0])
        case Blanks():
            _blanks(made, key, item, item.body)
        case Options():
            _choice(made, key, item, item.body)
        case Pairs():
            _matching(made, key, item, item.body)
        case Words():
            _short_answer(made, key, item, item.body)


def _head(made: Element, key: tuple[object, ...], kind: str, answers: int, text: str) -> Element:
    """Metadata and question text; what is answered is added to the presentation that is returned."""
    _fields(
        child(made, "itemmetadata"),
        question_type=kind,
        points_possible="1.0",
        original_answer_ids=",".join(_number(n) for n in range(answers)),
        assessment_question_identifierref=ident(*key, "question"),
    )
    presentation = child(made, "presentation")
    _material(presentation, f"<div>{text}</div>")
    return presentation


def _number(n: int) -> str:
    """Idents of answers are numbers: Canvas reads the digits only."""
    return str(1001 + n)


def _material(parent: Element, text: str, kind: str = "text/html") -> None:
    child(child(parent, "material"), "mattext", text, texttype=kind)


def _judging(made: Element, item: Item) -> Element:
    """Response processing, which says the explanation to everybody."""
    judging = child(made, "resprocessing")
    child(child(judging, "outcomes"), "decvar", maxvalue="100", minvalue="0", varname="SCORE", vartype="Decimal")
    if item.explained(slips=False):
        _say(_condition(judging, "Yes", "other"), "general_fb")
    return judging


def _condition(judging: Element, goes_on: str, tag: str = "", text: str = "", **attributes: str) -> Element:
    made = child(judging, "respcondition", continue_=goes_on)
    variable = child(made, "conditionvar")
    if tag:
        child(variable, tag, text, **attributes)
    return made


def _scores(condition: Element, points: float = 100, action: str = "Set") -> None:
    child(condition, "setvar", f"{points:.2f}".rstrip("0").rstrip("."), action=action, varname="SCORE")


def _say(condition: Element, feedback: str) -> None:
    child(condition, "displayfeedback", feedbacktype="Response", linkrefid=feedback)


def _feedback(made: Element, name: str, text: str) -> None:
    _material(child(child(made, "itemfeedback", ident=name), "flow_mat"), text)


def _tail(made: Element, judging: Element, item: Item, slips: bool) -> None:
    """The comments: on every answer the explanation; on wrong ones the slips, where no option could carry them."""
    # A question of several parts has no condition for "wrong": Canvas shows the comment by itself, and writes none either.
    if slips and item.slips and judging.find("respcondition[@continue='No']") is not None:
        _say(_condition(judging, "Yes", "other"), "general_incorrect_fb")
    if item.explained(slips=False):
        _feedback(made, "general_fb", items.block(item.explained(slips=False)))
    if slips and item.slips:
        told = "\n".join(f"- {slip}" for slip in item.slips)
        _feedback(made, "general_incorrect_fb", items.block(f"Frequent wrong answers:\n\n{told}"))


def _html(item: Item, fields: str = "") -> str:
    return items.question_html(item, f"%24IMS-CC-FILEBASE%24/{picture(item)}", fields)


# Numbers


def scaled(blank: Blank) -> tuple[int, Blank]:
    """The power of ten by which an answer is asked so that Canvas keeps its digits, and the answer times that."""
    value, digits = blank.value, blank.digits
    if not digits or not value or unit_of(value, digits) >= SMALLEST * (1 - 1e-9):
        return 0, blank
    power = max(-math.floor(math.log10(abs(value))), math.ceil(math.log10(SMALLEST / unit_of(value, digits))))
    return power, replace(blank, value=value * 10.0**power, within=blank.within * 10.0**power, wrong=())


def _numerical(made: Element, key: tuple[object, ...], item: Item, blank: Blank) -> None:
    power, asked = scaled(blank)
    if power:
        times = f"Multiply your answer by $10^{{{power}}}$ and type the product."
        item = replace(item, asks=f"{item.asks} {times}".strip())
    presentation = _head(made, key, "numerical_question", 1, _html(item))
    response = child(presentation, "response_str", ident="response1", rcardinality="Single")
    child(child(response, "render_fib", fibtype="Decimal"), "response_label", ident="answer1")
    judging = _judging(made, item)
    right = _condition(judging, "No")
    either = child(right[0], "or")
    exact, within = Decimal(decimal(asked.value)), Decimal(decimal(asked.within))
    child(either, "varequal", f"{exact:f}", respident="response1")
    both = child(either, "and")
    child(both, "vargte", f"{exact - within:f}", respident="response1")
    child(both, "varlte", f"{exact + within:f}", respident="response1")
    _scores(right)
    _tail(made, judging, item, slips=True)


def _blanks(made: Element, key: tuple[object, ...], item: Item, blanks: Blanks) -> None:
    """A menu for each number; a blank to type into where all are whole."""
    whole = all(not blank.digits for blank in blanks.all)
    kind = "fill_in_multiple_blanks_question" if whole else "multiple_dropdowns_question"
    labels = [list(_typed(blank) if whole else _menu(blank, blanks)) for blank in blanks.all]
    count = sum(map(len, labels))
    fields = items.fields_html(blanks, lambda n, blank: f"[{_place(n)}]")
    presentation = _head(made, key, kind, count, _html(item, fields))
    judging, first = _judging(made, item), 0
    share = 100 / len(labels)
    for n, texts in enumerate(labels, 1):
        named = [Label(_number(first + i), text, right) for i, (text, right) in enumerate(texts)]
        first += len(named)
        _menu_of(presentation, judging, f"response_{_place(n)}", _place(n), named, share)
    _tail(made, judging, item, slips=True)


def _place(n: int) -> str:
    return f"blank{n}"


def _typed(blank: Blank) -> Iterator[tuple[str, bool]]:
    """Spellings of a whole number."""
    number = int(blank.value)
    yield from ((spelling, True) for spelling in dict.fromkeys([str(number), f"{number}.0", f"{number:,}"]))


def _menu(blank: Blank, blanks: Blanks) -> list[tuple[str, bool]]:
    """The number among those of the slips, then of the other places, then near ones; in order of size."""
    digits = blank.digits
    offered = [wrong.value for wrong in blank.wrong]
    spare = [*(other.value for other in blanks.all), -blank.value, 2 * blank.value, blank.value + 1, blank.value - 1]
    kept = [blank.value]
    for candidate in [*offered, *(each for each in spare if len(offered) < _FEWEST)]:
        if len(kept) >= max(_FEWEST, len(offered) + 1):
            break
        gap = 1.1 * max(unit_of(candidate, digits), blank.within)
        if all(abs(candidate - each) > gap and plain(candidate, digits) != plain(each, digits) for each in kept):
            kept.append(candidate)
    return [(plain(each, digits), each == blank.value) for each in sorted(kept)]


def _menu_of(
    presentation: Element, judging: Element, response: str, name: str, labels: Sequence[Label], share: float
) -> None:
    made = child(presentation, "response_lid", ident=response)
    child(child(made, "material"), "mattext", name)
    menu = child(made, "render_choice")
    for label in labels:
        _material(child(menu, "response_label", ident=label.ident), label.text, "text/plain")
        if label.right:
            condition = child(judging, "respcondition")
            child(child(condition, "conditionvar"), "varequal", label.ident, respident=response)
            _scores(condition, share, "Add")


# Options, pairs, words


def _choice(made: Element, key: tuple[object, ...], item: Item, options: Options) -> None:
    kind, many = ("multiple_choice_question", "Single") if options.single else ("multiple_answers_question", "Multiple")
    labels = [Label(_number(n), html(o.text), o.right, o.why) for n, o in enumerate(options.options)]
    presentation = _head(made, key, kind, len(labels), _html(item))
    menu = child(child(presentation, "response_lid", ident="response1", rcardinality=many), "render_choice")
    for label in labels:
        _material(child(menu, "response_label", ident=label.ident), label.text)
    judging = _judging(made, item)
    told = [label for label in labels if label.why and not label.right]
    # Before the right answer's condition: Canvas takes an option's worth from the last condition that names it.
    for label in told:
        _say(_condition(judging, "Yes", "varequal", label.ident, respident="response1"), f"{label.ident}_fb")
    right = _condition(judging, "No")
    variable = right[0] if options.single else child(right[0], "and")
    for label in labels:
        if label.right or not options.single:
            where = variable if label.right else child(variable, "not")
            child(where, "varequal", label.ident, respident="response1")
    _scores(right)
    _tail(made, judging, item, slips=False)
    for label in told:
        _feedback(made, f"{label.ident}_fb", html(label.why))


def _matching(made: Element, key: tuple[object, ...], item: Item, pairs: Pairs) -> None:
    presentation = _head(made, key, "matching_question", len(pairs.pairs), _html(item))
    judging = _judging(made, item)
    matches = {right: str(5001 + n) for n, right in enumerate(pairs.rights)}
    for n, (left, right) in enumerate(pairs.pairs):
        response = f"response_{_number(n)}"
        asked = child(presentation, "response_lid", ident=response)
        _material(asked, html(left))
        menu = child(asked, "render_choice")
        for text, match in matches.items():
            child(child(child(menu, "response_label", ident=match), "material"), "mattext", characters(text))
        condition = child(judging, "respcondition")
        child(child(condition, "conditionvar"), "varequal", matches[right], respident=response)
        _scores(condition, 100 / len(pairs.pairs), "Add")
    _tail(made, judging, item, slips=True)


def _short_answer(made: Element, key: tuple[object, ...], item: Item, words: Words) -> None:
    presentation = _head(made, key, "short_answer_question", len(words.right), _html(item))
    response = child(presentation, "response_str", ident="response1", rcardinality="Single")
    child(child(response, "render_fib"), "response_label", ident="answer1", rshuffle="No")
    judging = _judging(made, item)
    right = _condition(judging, "No")
    for spelling in words.right:
        child(right[0], "varequal", spelling, respident="response1")
    _scores(right)
    _tail(made, judging, item, slips=True)
