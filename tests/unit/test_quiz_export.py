"""Exports of quizzes: what stands in the files is read again by readers of this file, written after the platforms' own.

The golden files hold one variant of each answer type; to write them anew: GOLDEN=write pytest tests/unit/test_quiz_export.py
"""

from __future__ import annotations

import base64
import csv
import io
import json
import math
import os
import re
import shutil
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from defusedxml import ElementTree

from autograder import store as stores
from autograder.cli import main
from autograder.course import load_course
from autograder.errors import CommandError
from autograder.lms import gift, items, moodle, qti, sheet
from autograder.lms.items import Blanks, Group, Pool
from autograder.quiz import (
    Choice,
    Formula,
    Integer,
    Matching,
    Number,
    Numbers,
    Ordering,
    Output,
    Question,
    Several,
    Shape,
    Slip,
    catalogue,
    figures,
    markup,
    template,
)
from autograder.quiz.check import typed
from autograder.quiz.frozen import thaw
from autograder.quiz.graded import GradedQuiz
from autograder.quiz.variant import draw
from autograder.secret import Secret

ROOT = Path(__file__).parent.parent.parent
FIXTURE = ROOT / "tests" / "fixtures" / "quiz_course"
GOLDEN = ROOT / "tests" / "fixtures" / "quiz_export"
COURSE = 'Grüße / "Quiz" <& more>'
OPEN = datetime(2027, 3, 2, 10, 0, tzinfo=UTC)
NASTY = r"grün ~ = # {x: 1} <b>&amp; ]]> \: -> % * $\nabla_\theta L \neq \frac{a}{b}$ `a\n{b}=~#` [blank]"


# What the small course lacks: vectors and matrices of real numbers, labels, signs that mean something to a format.


def _asked(answer, slips=(), **more):
    return Question(prompt=NASTY, answer=answer, slips=slips, explanation=f"Because {NASTY}", hints=[NASTY], **more)


@template(technique="numbers", tags=["a~b"])
def labelled(rng):
    x = rng.integers(1, 9) / 7
    slips = [
        Slip([2 * x, 3 * x], f"Doubled {NASTY}"),
        Slip([x, 4 * x], "Half right."),
        Slip([5 * x], "One is missing."),
    ]
    return _asked(Numbers([x, 2e-5 * x], labels=["$w_1$", "`b`"]), slips, figure=figures.cells([[1, 2]]))


@template(technique="numbers")
def matrix(rng):
    x = rng.integers(1, 9, size=(2, 3))
    return _asked(Numbers(x, whole=True), [Slip(x + 1, "One more."), Slip(x.T, "Transposed.")])


@template(technique="numbers")
def loose(rng):
    x = float(rng.integers(10, 99)) / 30
    return _asked(Number(-x, tolerance="loose", unit="m/s"), [Slip(-1.02 * x, "Close."), Slip(x, NASTY)])


@template(technique="numbers")
def tiniest(rng):
    x = float(rng.integers(10, 99)) * 1e-7
    return _asked(Number(-x), [Slip(x, "The sign."), Slip(math.inf, "Divided by zero."), Slip(-2 * x, NASTY)])


@template(technique="shapes")
def flattened(rng):
    n = int(rng.integers(2, 99))
    return _asked(Shape((n,)), [Slip((n, 1), NASTY), Slip((1, n), "A row.")])


@template(technique="words", fixed=True)
def arrow(rng):
    return _asked(Output("a -> 'b'\n2. {c} = ~"), [Slip("a - b", NASTY), Slip("a * b", "Starred.")])


@template(technique="words", fixed=True)
def starred(rng):
    return _asked(Output("[1.0 *\n'x' = {y}]"), [Slip("** : #", NASTY), Slip("~", "Waves.")])


@template(technique="picks", fixed=True)
def thirds(rng):
    return _asked(Several(("a = $b_1$", "{c}", "~d")), [Slip("#e", NASTY)])


@template(technique="picks", fixed=True)
def nasty_choice(rng):
    return _asked(Choice("%50% -> $x_{1}$"), [Slip("= <i>", NASTY), Slip("~ \\n", "b"), Slip("]]> &lt;", "c")])


@template(technique="picks", fixed=True)
def nasty_pairs(rng):
    return _asked(Matching({"$a_{1}$ -> b": "$x^2$ = {1}", "`~`": "both: #", "c": "both: #"}, extra=["<none> & all"]))


@template(technique="picks", fixed=True)
def nasty_order(rng):
    return _asked(Ordering(("{a}", "= $b_1$", "~c", "# d")), [Slip(("~c", "{a}", "= $b_1$", "# d"), NASTY)])


@template(technique="formulas", fixed=True)
def nasty_formula(rng):
    slips = [Slip("x", NASTY), Slip("-2*x", "The sign.")]
    return _asked(Formula("2*x", {"x": (0.5, 2.0)}), slips)


LOCAL = [
    labelled,
    matrix,
    loose,
    tiniest,
    flattened,
    arrow,
    starred,
    thirds,
    nasty_choice,
    nasty_pairs,
    nasty_order,
    nasty_formula,
]


def small(count=1):
    """The small course's templates as one group."""
    found = catalogue.load(FIXTURE, ["mini"]).templates
    return [Group("mini", "Ümläute / mini", tuple(items.pool(each, count, 0) for each in found))]


def nasty(count=3):
    """The small course, and the templates of this file."""
    local = [replace(each, id=f"nasty/{each.id}") for each in LOCAL]
    return [*small(count), Group("nasty", NASTY[:30], tuple(items.pool(each, count, 0) for each in local))]


@pytest.fixture(scope="module")
def groups():
    return nasty()


def each_of(groups):
    return list(items.all_items(groups))


# Moodle XML, read as question/format/xml/format.php and the question types of Moodle read it

#: question_bank::fraction_options_full: 0, 1 and these, with either sign.
ACCEPTED = {
    0.0,
    1.0,
    0.9,
    5 / 6,
    0.8,
    0.75,
    0.7,
    2 / 3,
    0.6,
    0.5,
    0.4,
    1 / 3,
    0.3,
    0.25,
    0.2,
    1 / 6,
    1 / 7,
    0.125,
    1 / 9,
}
ACCEPTED |= {0.1, 0.05}
NUMBER = r"-?(?:[0-9]+[.,]?[0-9]*|[.,][0-9]+)(?:[eE][-+]?[0-9]+)?"
#: ANSWER_ALTERNATIVE_REGEX and ANSWER_REGEX of qtype_multianswer; the groups: fraction, answer, feedback.
ALTERNATIVE = r"(=|%-?[0-9]+(?:[.,][0-9]*)?%)?(.+?(?<!\\)(?<!&)(?<!&amp;)(?=[~#}]|$))(?:#(.*?(?<!\\)(?=[~}]|$)))?"
_SAME = ALTERNATIVE.replace("(=|", "(?:=|").replace("(.+?", "(?:.+?").replace("(.*?", "(?:.*?")
CLOZE = re.compile(rf"\{{([0-9]*):NUMERICAL:({_SAME}(?:~{_SAME})*)\}}", re.DOTALL)


def moodle_questions(text):
    """[(category path, question element)] of a file whose structure holds."""
    root = ElementTree.fromstring(text.encode())
    assert root.tag == "quiz"
    path, found = None, []
    for question in root:
        assert question.tag == "question"
        if question.get("type") == "category":
            path = category(question.findtext("category/text"))
        else:
            _structure(question)
            found.append((path, question))
    for path in {path for path, _ in found}:
        ids = [question.findtext("idnumber") for other, question in found if other == path]
        assert len(set(ids)) == len(ids)
        assert all(len(each) <= 100 for each in ids)
    return found


def category(text):
    """split_category_path of Moodle."""
    parts = [part.replace("//", "/").strip() for part in re.split(r"(?<!/)/(?!/)", text)]
    assert parts[:2] == ["$course$", "top"]
    assert len(parts) == 5
    assert all(parts)
    return tuple(parts[2:])


def _structure(question):
    kind = question.get("type")
    assert kind in {"numerical", "multichoice", "matching", "shortanswer", "cloze"}
    for place in ("name/text", "questiontext/text", "generalfeedback/text"):
        assert question.findtext(place).strip()
    named = re.findall(r"@@PLUGINFILE@@/([\w.]+)", question.findtext("questiontext/text"))
    files = {file.get("name"): file for file in question.findall("questiontext/file")}
    assert set(named) == set(files)
    for file in files.values():
        assert (file.get("path"), file.get("encoding")) == ("/", "base64")
        assert ElementTree.fromstring(base64.b64decode(file.text, validate=True)).tag.endswith("svg")
    fractions = []
    for answer in question.findall("answer"):
        assert answer.find("feedback/text") is not None
        assert answer.findtext("text")
        share = float(answer.get("fraction")) / 100
        assert any(abs(abs(share) - each) < 1e-5 for each in ACCEPTED)  # match_grade_options of Moodle
        fractions.append(share)
    if kind in ("numerical", "shortanswer"):
        assert {1} <= set(fractions) <= {0, 1}
    if kind == "numerical":
        assert fractions.count(1) == 1
        for answer in question.findall("answer"):
            assert re.fullmatch(NUMBER, answer.findtext("text"))
            assert float(answer.findtext("tolerance")) >= 0
    if kind == "multichoice" and question.findtext("single") == "true":
        assert sorted(fractions)[-2:] == [0, 1]
    elif kind == "multichoice":
        assert sum(f for f in fractions if f > 0) == pytest.approx(1, abs=1e-5)
        assert sum(fractions) <= 1e-5
    if kind == "matching":
        asked = [each.findtext("text") for each in question.findall("subquestion")]
        assert sum(map(bool, asked)) >= 2
        assert all(each.findtext("answer/text") for each in question.findall("subquestion"))


def gaps(question):
    """A cloze's blanks as [[(value, tolerance, right, feedback)]]."""
    text = question.findtext("questiontext/text")
    found = [_gap(inner) for _, inner in CLOZE.findall(text)]
    assert "NUMERICAL" not in CLOZE.sub("", text)
    return found


def _gap(inner):
    alternatives = []
    for fraction, answer, told in re.findall(f"~?{ALTERNATIVE}", inner, re.DOTALL):
        match = re.fullmatch(rf"({NUMBER}):({NUMBER})", answer)
        assert match, answer
        told = unescape(told).replace("\\}", "}").replace("\\#", "#")
        alternatives.append((float(match[1]), float(match[2]), fraction == "=", told))
    return alternatives


def first_fit(value, alternatives):
    """Moodle: the first answer within its tolerance counts, with a tiny allowance for floats."""
    for answer, within, right, told in alternatives:
        if abs(value - answer) <= within + 1e-14 * max(1, abs(answer)):
            return float(right), told
    return 0.0, ""


def moodle_marks(question, values):
    """The fraction for typed numbers, and the feedback of the first."""
    if question.get("type") == "numerical":
        alternatives = [
            (
                float(a.findtext("text")),
                float(a.findtext("tolerance")),
                a.get("fraction") == "100",
                a.findtext("feedback/text"),
            )
            for a in question.findall("answer")
        ]
        return first_fit(values[0], alternatives)
    judged = [first_fit(value, gap) for value, gap in zip(values, gaps(question), strict=True)]
    return float(all(right == 1 for right, _ in judged)), next((told for right, told in judged if not right), "")


# GIFT, read as question/format/gift/format.php reads it

MARKS = {
    "\\:": "&&058;",
    "\\#": "&&035;",
    "\\=": "&&061;",
    "\\{": "&&123;",
    "\\}": "&&125;",
    "\\~": "&&126;",
    "\\n": "&&010",
}


def _before(text):
    text = text.replace("\\\\", "&&092;")
    for escaped, held in MARKS.items():
        text = text.replace(escaped, held)
    return text.replace("&&092;", "\\")


def _after(text):
    for escaped, held in MARKS.items():
        text = text.replace(held, "\n" if escaped == "\\n" else escaped[1])
    return text.strip()


def gift_questions(text):
    """[(category, name, question HTML, kind, answers, general feedback)]; an answer: (weight, text, tolerance, feedback)."""
    path, found = None, []
    for block in re.split(r"\n\s*\n", text.strip()):
        held = _before("\n".join(" " if line.strip().startswith("//") else line for line in block.split("\n")).strip())
        if held.startswith("$CATEGORY:"):
            path = category(held[10:].strip())
            continue
        assert held.startswith("::")
        name, _, rest = held[2:].partition("::")
        begin, end = rest.index("{"), rest.index("}")
        assert rest.endswith("}")
        assert end == len(rest) - 1
        body, asked = rest[begin + 1 : end].strip(), rest[:begin].strip()
        assert asked.startswith("[html]")
        body, _, general = body.rpartition("####") if "####" in body else (body, "", "")
        kind, answers = _gift_answers(body.strip())
        found.append((path, _after(name), _after(asked[len("[html]") :]), kind, answers, _after(general)))
    return found


def _gift_answers(body):
    if body.startswith("#"):
        return "numerical", [_weighed(part, numerical=True) for part in body[1:].split("=")[1:]]
    if "~" in body:
        parts = [part.strip() for part in body.replace("=", "~=").split("~")]
        parts = parts if parts[0] else parts[1:]
        assert len(parts) >= 2
        return "multichoice", [(1.0, *_split(p[1:])) if p.startswith("=") else _weighed(p) for p in parts]
    if "=" in body and "->" in body:
        pairs = [part.strip().partition("->") for part in body.split("=")[1:]]
        assert all(arrow for _, arrow, _ in pairs)
        return "match", [(_after(left), _after(right)) for left, _, right in pairs]
    return "shortanswer", [_weighed(part) for part in body.split("=")[1:]]


def _weighed(part, numerical=False):
    match = re.match(r"%(-?\d{1,2}\.?\d*)%", part.strip())
    assert match, part
    weight = float(match[1]) / 100
    assert any(abs(abs(weight) - each) < 1e-5 for each in ACCEPTED)
    answer, tolerance, told = _split(part.strip()[match.end() :])
    if numerical:
        answer, _, tolerance = answer.partition(":")
        return weight, float(answer), float(tolerance), told
    return weight, answer, tolerance, told


def _split(text):
    answer, _, told = text.partition("#")
    return _after(answer), 0.0, _after(told)


# QTI 1.2, by the rules of ims_qtiasiv1p2 and of Canvas' importer

TYPES = {
    "numerical_question",
    "multiple_choice_question",
    "multiple_answers_question",
    "matching_question",
    "short_answer_question",
    "fill_in_multiple_blanks_question",
    "multiple_dropdowns_question",
}
ORDER = ["itemmetadata", "presentation", "resprocessing", "itemfeedback"]


def bare(root):
    """Without namespaces."""
    for element in root.iter():
        element.tag = element.tag.partition("}")[2] or element.tag
    return root


def qti_items(data):
    """[(group title, item element)] of a package whose structure holds."""
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert archive.testzip() is None
    raw = archive.read("imsmanifest.xml")
    manifest = bare(ElementTree.fromstring(raw))
    resources = manifest.findall("resources/resource")
    names = [resource.get("identifier") for resource in resources]
    assert len(set(names)) == len(names)
    hrefs = {file.get("href") for file in manifest.iter("file")}
    assert hrefs == set(archive.namelist()) - {"imsmanifest.xml"}
    assert all(resource.get("href") in (None, *hrefs) for resource in resources)
    assert {d.get("identifierref") for d in manifest.iter("dependency")} <= set(names)
    found = []
    for resource in resources:
        if resource.get("type") == "imsqti_xmlv1p2":
            place = resource.find("file").get("href")
            root = bare(ElementTree.fromstring(archive.read(place)))
            assert root.tag == "questestinterop"
            meta = bare(ElementTree.fromstring(archive.read(place.rpartition("/")[0] + "/assessment_meta.xml")))
            assert meta.get("identifier") == root.find("assessment").get("ident") == resource.get("identifier")
            found += _assessment(root.find("assessment"), archive)
    return found


def _assessment(assessment, archive):
    idents = [e.get("ident") for tag in ("section", "item", "assessment") for e in assessment.iter(tag)]
    idents += [
        f.findtext("fieldentry")
        for f in assessment.iter("qtimetadatafield")
        if f.findtext("fieldlabel").endswith("ref")
    ]
    assert assessment.get("title")
    assert len(set(idents)) == len(idents)
    assert all(re.fullmatch(r"[A-Za-z_][\w.-]*", each) for each in idents)
    (top,) = assessment.findall("section")
    found = []
    for section in top:
        assert section.tag == "section"
        assert section[0].tag == "selection_ordering"
        assert section.findtext("selection_ordering/selection/selection_number") == "1"
        assert float(section.findtext("selection_ordering/selection/selection_extension/points_per_item")) > 0
        for item in section[1:]:
            assert item.tag == "item"
            _item_structure(item)
            for source in re.findall(r'src="([^"]*)"', text_of(item)):
                assert source.removeprefix("%24IMS-CC-FILEBASE%24/") in archive.namelist()
            found.append((section.get("title"), item))
    return found


def fields(item):
    return {f.findtext("fieldlabel"): f.findtext("fieldentry") for f in item.iter("qtimetadatafield")}


def text_of(item):
    return item.findtext("presentation/material/mattext")


def _item_structure(item):
    assert [ORDER.index(child.tag) for child in item] == sorted(ORDER.index(child.tag) for child in item)
    kind = fields(item)["question_type"]
    assert kind in TYPES
    assert item.get("title")
    assert all(re.fullmatch(r"\d+", each) for each in fields(item)["original_answer_ids"].split(","))
    labels = {}
    for response in [*item.iter("response_lid"), *item.iter("response_str")]:
        own = [label.get("ident") for label in response.iter("response_label")]
        assert own
        assert len(set(own)) == len(own)
        assert response.get("ident") not in labels
        labels[response.get("ident")] = set(own) if response.tag == "response_lid" else None
    feedback = [each.get("ident") for each in item.findall("itemfeedback")]
    assert len(set(feedback)) == len(feedback)
    linked = {d.get("linkrefid") for d in item.iter("displayfeedback")}
    # Canvas shows the comment on wrong answers to a question of several parts by itself.
    assert linked <= set(feedback) <= linked | {"general_incorrect_fb"}
    assert item.find("resprocessing/outcomes/decvar").get("varname") == "SCORE"
    scores = [s for s in item.iter("setvar") if float(s.text) > 0]
    assert scores
    for condition in item.findall("resprocessing/respcondition"):
        assert condition[0].tag == "conditionvar"
        for test in condition.iter():
            if test.tag in ("varequal", "vargte", "varlte"):
                known = labels[test.get("respident")]
                assert known is None or test.text in known
                # Canvas takes whatever these types' conditions name for a right answer.
                if kind in ("numerical_question", "short_answer_question"):
                    assert condition.findtext("setvar") == "100"
    for blank in re.findall(r"\[(blank\d+)\]", text_of(item)):
        assert f"response_{blank}" in labels


def qti_numeric(item):
    """(exact, lower, upper) as Canvas keeps them."""
    right = next(c for c in item.findall("resprocessing/respcondition") if c.find("setvar") is not None)
    exact, lower, upper = (right.findtext(f".//{tag}") for tag in ("varequal", "vargte", "varlte"))
    return Fraction(exact), Fraction(lower), Fraction(upper)


def qti_power(item):
    """By which power of ten the prompt asks."""
    match = re.search(r"Multiply your answer by \\\(10\^\{(\d+)\}", text_of(item))
    return int(match[1]) if match else 0


def canvas_marks(item, value):
    """A number typed into Canvas: rounded to 4 decimals, then compared."""
    _, lower, upper = qti_numeric(item)
    typed_in = Fraction(str(value)) * 10 ** qti_power(item)
    return float(lower <= round(typed_in, 4) <= upper)


def menus(item):
    """response -> [(text, right)]"""
    scored = {
        (c.find("conditionvar/varequal").get("respident"), c.findtext("conditionvar/varequal"))
        for c in item.findall("resprocessing/respcondition")
        if c.find("setvar") is not None and c.find("conditionvar/varequal") is not None
    }
    return {
        lid.get("ident"): [
            (l.findtext("material/mattext"), (lid.get("ident"), l.get("ident")) in scored)
            for l in lid.iter("response_label")
        ]
        for lid in item.iter("response_lid")
    }


def qti_feedback(item, name):
    return next(
        (f.findtext("flow_mat/material/mattext") for f in item.findall("itemfeedback") if f.get("ident") == name), ""
    )


# The files hold


def test_moodle_files_hold_what_moodle_accepts(groups):
    """Types, fractions, feedback, files, categories; a question for each item, in its template's category."""
    found = moodle_questions(moodle.document(COURSE, groups))
    assert [q.findtext("name/text") for _, q in found] == [item.name for item in each_of(groups)]
    assert {path[0] for path, _ in found} == {COURSE}
    assert found[0][0] == (COURSE, "Ümläute / mini", "product")
    assert len({path for path, _ in found}) == sum(len(group.pools) for group in groups)


def test_qti_packages_hold(groups):
    """Manifest, idents, labels, feedback; each template a group of which one is drawn; the same bytes each time."""
    data = qti.package(COURSE, groups)
    found = qti_items(data)
    assert [item.get("title") for _, item in found] == [item.name for item in each_of(groups)]
    assert {fields(item)["question_type"] for _, item in found} == TYPES
    assert data == qti.package(COURSE, nasty())


def test_a_quiz_and_its_unit_in_one_package():
    """They ask the same templates; nothing stands in the package twice."""
    (group,) = small()
    assert len(qti_items(qti.package(COURSE, [group, replace(group, name="quiz_mini")]))) == 2 * len(group.pools)


def test_gift_files_hold(groups):
    """Each block is a question with its answers, read as Moodle reads them."""
    found = gift_questions(gift.document(COURSE, groups))
    assert [name for _, name, *_ in found] == [item.name for item in each_of(groups)]
    assert found[0][0] == (COURSE, "Ümläute / mini", "product")
    assert {kind for *_, kind, _, _ in found} == {"numerical", "multichoice", "match", "shortanswer"}


@pytest.mark.parametrize("name", ["moodle.xml", "gift.txt", "qti.xml", "sheet.html", "key.html"])
def test_golden_files(name):
    """A change of a format is seen, and meant."""
    groups = small()
    unit = qti.ident("mini")
    archive = zipfile.ZipFile(io.BytesIO(qti.package(COURSE, groups)))
    made = {
        "moodle.xml": lambda: moodle.document(COURSE, groups),
        "gift.txt": lambda: gift.document(COURSE, groups),
        "qti.xml": lambda: archive.read(f"{unit}/{unit}.xml").decode(),
        "sheet.html": lambda: sheet.questions(COURSE, groups),
        "key.html": lambda: sheet.key(COURSE, groups),
    }[name]()
    if os.environ.get("GOLDEN") == "write":
        (GOLDEN / name).write_text(made, encoding="utf-8")
    assert made == (GOLDEN / name).read_text(encoding="utf-8")


# Judged as the engine judges


def numeric(groups):
    return [item for item in each_of(groups) if isinstance(item.body, Blanks)]


def flat(value):
    return [float(each) for each in np.ravel(np.asarray(value, float))]


def near(item):
    """Values of all sorts for a question of numbers: right, rounded, at the edges of the tolerance, slips, far away."""
    answer = item.variant.question.answer
    yield answer.value
    yield item.variant.read(typed(item.variant, answer.value)).value
    yield from (slip.gives for slip in item.variant.question.slips)
    if isinstance(answer, Shape):
        return
    right, whole = np.asarray(answer.value, float), isinstance(answer, Integer) or getattr(answer, "whole", False)
    within = np.reshape([blank.within for blank in item.body.all], right.shape)
    for share in (-2, -1.01, -0.99, 0.5, 0.99, 1.01, 3):
        moved = right + (share if not whole else round(share)) * (within if not whole else 1)
        yield float(moved) if not moved.shape else moved.tolist()


def test_moodle_judges_numbers_as_the_engine(groups):
    """Right answers, edges of the tolerance, and slips, with the slip's own feedback."""
    asked = dict(
        zip(
            [item.name for item in each_of(groups)],
            [q for _, q in moodle_questions(moodle.document(COURSE, groups))],
            strict=True,
        )
    )
    for item in numeric(groups):
        answer, slips = item.variant.question.answer, item.variant.question.slips
        for value in near(item):
            if np.shape(value) != np.shape(answer.value) or not np.isfinite(flat(value)).all():
                continue  # other axes or rows cannot be typed there
            fraction, told = moodle_marks(asked[item.name], flat(value))
            assert fraction == answer.mark(value, [slip.gives for slip in slips]), (item.name, value)
            if len(item.body.all) == 1 and any(value is slip.gives for slip in slips):
                assert told == items.html(next(slip.why for slip in slips if slip.gives is value))


def test_gift_judges_numbers_as_the_engine(groups):
    """One number as in Moodle; several are a choice of which one is right."""
    found = {name: (kind, answers) for _, name, _, kind, answers, _ in gift_questions(gift.document(COURSE, groups))}
    for item in numeric(groups):
        kind, answers = found[item.name]
        answer, slips = item.variant.question.answer, item.variant.question.slips
        if kind == "multichoice":
            right = [text for weight, text, *_ in answers if weight == 1]
            assert right == [items.html(answer.show(answer.value))]
            assert len(answers) == 1 + len(slips)
            continue
        alternatives = [(value, within, weight == 1, told) for weight, value, within, told in answers]
        for value in near(item):
            if np.shape(value) == np.shape(answer.value) and np.isfinite(flat(value)).all():
                assert first_fit(flat(value)[0], alternatives)[0] == answer.mark(value, [slip.gives for slip in slips])


def test_canvas_judges_numbers_as_the_engine(groups):
    """What a student types there is right when the engine says so, though Canvas keeps but 4 decimals."""
    for item, (_, made) in zip(each_of(groups), qti_items(qti.package(COURSE, groups)), strict=True):
        answer, slips = item.variant.question.answer, item.variant.question.slips
        if isinstance(item.body, Blanks) and len(item.body.all) == 1:
            kept = flat(answer.value) if isinstance(answer, Shape) else [typed(item.variant, answer.value)]
            assert canvas_marks(made, kept[0]) == 1, item.name
            for slip in slips:
                if np.shape(slip.gives) == np.shape(answer.value) and np.isfinite(flat(slip.gives)).all():
                    assert canvas_marks(made, flat(slip.gives)[0]) == 0
                    assert items.html(slip.why) in qti_feedback(made, "general_incorrect_fb")


def test_small_numbers_survive_canvas(groups):
    """Nothing below 1e-4 is left in a numerical question: it is asked times a power of ten, and the prompt says so."""
    powers = set()
    for _, made in qti_items(qti.package(COURSE, groups)):
        if fields(made)["question_type"] == "numerical_question":
            exact, lower, upper = qti_numeric(made)
            assert exact == 0 or abs(exact) >= Fraction(1, 10_000)
            assert lower <= round(exact, 4) <= upper
            powers.add(qti_power(made))
    assert {0, 5, 6} <= powers


@pytest.mark.parametrize(
    ("value", "digits", "power"),
    [
        (0.5, 3, 0),
        (0.0123, 3, 0),
        (0.00523, 3, 3),
        (5e-5, 2, 5),
        (-3.14e-7, 3, 7),
        (0.0, 3, 0),
        (12.345678, 8, 2),
        (1e-4, 1, 0),
    ],
)
def test_the_power_of_ten_keeps_the_digits_asked(value, digits, power):
    """As small as it can be, so that the last digit asked is still one that Canvas keeps."""
    made, blank = qti.scaled(items.Blank(value, abs(value) / 1000, digits))
    assert made == power
    assert blank.value == pytest.approx(value * 10.0**power)


def test_canvas_menus_and_blanks_have_one_right_answer(groups):
    """Each place of several numbers: the engine's number is right, no slip is, and there is something to choose from."""
    for item, (_, made) in zip(each_of(groups), qti_items(qti.package(COURSE, groups)), strict=True):
        if not isinstance(item.body, Blanks) or len(item.body.all) == 1:
            continue
        kind = fields(made)["question_type"]
        for blank, labels in zip(item.body.all, menus(made).values(), strict=True):
            right = {float(text.replace(",", "")) for text, scored in labels if scored}
            assert len(right) == 1
            assert abs(right.pop() - blank.value) <= (blank.within if blank.digits else 0)
            if kind == "multiple_dropdowns_question":
                assert len(labels) >= 3
                assert len({text for text, _ in labels}) == len(labels)
                assert all(abs(float(text) - blank.value) > blank.within for text, scored in labels if not scored)
            else:
                assert all(scored for _, scored in labels)


def test_choices_are_right_where_the_engine_is(groups):
    """In all formats: the right options, and each wrong one with its slip's feedback."""
    in_moodle = [q for _, q in moodle_questions(moodle.document(COURSE, groups))]
    in_gift = gift_questions(gift.document(COURSE, groups))
    in_qti = [made for _, made in qti_items(qti.package(COURSE, groups))]
    for item, xml, (*_, kind, answers, _), made in zip(each_of(groups), in_moodle, in_gift, in_qti, strict=True):
        if not isinstance(item.body, items.Options):
            continue
        question = item.variant.question
        show = (lambda v: f"`{v}`") if isinstance(question.answer, Formula) else question.answer.show
        right = question.answer.value if isinstance(question.answer, Several) else (question.answer.value,)
        rights = {items.html(show(each)) for each in right}
        told = {items.html(show(slip.gives)): items.html(slip.why) for slip in question.slips}
        assert {a.findtext("text") for a in xml.findall("answer") if float(a.get("fraction")) > 0} == rights
        assert {
            a.findtext("text"): a.findtext("feedback/text")
            for a in xml.findall("answer")
            if float(a.get("fraction")) <= 0
        } == told
        assert kind == "multichoice"
        assert {text for weight, text, *_ in answers if weight > 0} == rights
        assert {text: why for weight, text, _, why in answers if weight <= 0} == told
        (labels,) = menus(made).values()
        assert {text for text, _ in labels} == rights | set(told)
        condition = next(c for c in made.findall("resprocessing/respcondition") if c.find("setvar") is not None)
        yes = {
            v.text for v in condition.findall("conditionvar/varequal") + condition.findall("conditionvar/and/varequal")
        }
        by_ident = {l.get("ident"): l.findtext("material/mattext") for l in made.iter("response_label")}
        assert {by_ident[each] for each in yes} == rights
        assert {by_ident[i]: qti_feedback(made, f"{i}_fb") for i in by_ident if i not in yes} == told


def test_a_formulas_options_do_not_betray_the_right_one():
    """The right formula has TeX of its own, the slips have not: as options all are code."""
    variant = draw(replace(nasty_formula, id="nasty/nasty_formula"), 0)
    assert all(option.text.startswith("`") for option in items.options(variant).options)


def test_pairs_are_those_of_the_engine(groups):
    """Matchings, and orders as matchings to places; what belongs to none is offered."""
    in_moodle = [q for _, q in moodle_questions(moodle.document(COURSE, groups))]
    in_gift = gift_questions(gift.document(COURSE, groups))
    in_qti = [made for _, made in qti_items(qti.package(COURSE, groups))]
    for item, xml, (*_, answers, _), made in zip(each_of(groups), in_moodle, in_gift, in_qti, strict=True):
        if not isinstance(item.body, items.Pairs):
            continue
        answer = item.variant.question.answer
        if isinstance(answer, Ordering):
            want = {items.html(each): str(n) for n, each in enumerate(answer.value, 1)}
            extra = set()
        else:
            want = {items.html(left): items.characters(right) for left, right in answer.value.items()}
            extra = {items.characters(each) for each in answer.extra}
        asked = [(s.findtext("text"), s.findtext("answer/text")) for s in xml.findall("subquestion")]
        for pairs in (asked, answers):
            assert {left: right for left, right in pairs if left} == want
            assert {right for left, right in pairs if not left} == extra
        lefts = [lid.findtext("material/mattext") for lid in made.iter("response_lid")]
        rights = [next(text for text, scored in labels if scored) for labels in menus(made).values()]
        assert dict(zip(lefts, rights, strict=True)) == want
        assert {text for labels in menus(made).values() for text, _ in labels} == set(want.values()) | extra


def test_printed_texts_are_those_of_the_engine(groups):
    """Every spelling that is exported as right is right for the engine, and each slip's is that slip."""
    checked = 0
    in_moodle = [q for _, q in moodle_questions(moodle.document(COURSE, groups))]
    in_gift = gift_questions(gift.document(COURSE, groups))
    in_qti = [made for _, made in qti_items(qti.package(COURSE, groups))]
    for item, xml, (*_, kind, answers, _), made in zip(each_of(groups), in_moodle, in_gift, in_qti, strict=True):
        if not isinstance(item.body, items.Words):
            continue
        checked += 1
        variant = item.variant
        told = [
            (a.findtext("text"), a.get("fraction") == "100", a.findtext("feedback/text")) for a in xml.findall("answer")
        ]
        if kind == "shortanswer":
            told += [(text, weight == 1, why) for weight, text, _, why in answers]
        for text, right, why in told:
            assert not re.search(r"(?<!\\)\*", text)  # a bare star would match anything
            mark = variant.mark(variant.read(text.replace("\\*", "*")))
            assert mark.right == right
            assert right or items.html(mark.slip.why) == why
        accepted = [v.text for v in made.iter("varequal")]
        assert accepted
        assert all(variant.mark(variant.read(text)).right for text in accepted)
        assert typed(variant, " ".join(variant.question.answer.value.split())) in accepted
    assert checked >= 3


def test_outputs_are_accepted_in_every_usual_spelling():
    """Spaces, quotes and trailing zeros do not count; the numbers do."""
    assert set(items.spellings("[2., 'a']")) >= {"[2., 'a']", "[2.,'a']", '[2.0,"a"]', "[2.0, 'a']"}
    assert items.spellings("10.05") == ("10.05",)
    assert items.spellings("a\n b") == ("a b", "ab")


def test_guessing_everything_earns_nothing():
    """Of several right options: all of them are full points, all options are none."""
    for rights in range(1, 11):
        for wrongs in range(1, 11):
            found = [items.Option(str(n), n < rights) for n in range(rights + wrongs)]
            right, wrong = (
                float(moodle.percent(share)) for share in moodle.shares(items.Options(tuple(found), single=False))
            )
            assert rights * right == pytest.approx(100, abs=1e-3)
            assert rights * right + wrongs * wrong <= 1e-3


# Texts


def formulas(text):
    return [m[2] for m in re.finditer(r"(```.*?```|`[^`\n]*`)|\$([^$]+)\$", text, re.DOTALL) if m[2]]


def test_tex_and_letters_stay_whole(groups):
    """In every prompt and explanation of every format: each formula between \\( and \\), umlauts as they are."""
    in_moodle = [q for _, q in moodle_questions(moodle.document(COURSE, groups))]
    in_gift = gift_questions(gift.document(COURSE, groups))
    in_qti = [made for _, made in qti_items(qti.package(COURSE, groups))]
    for item, xml, (_, _, asked, _, _, general), made in zip(each_of(groups), in_moodle, in_gift, in_qti, strict=True):
        question = item.variant.question
        for prompt in (xml.findtext("questiontext/text"), asked, text_of(made)):
            assert items.block(question.prompt) in prompt
            assert all(rf"\({tex}\)" in unescape(prompt) for tex in formulas(question.prompt))
        for told in (xml.findtext("generalfeedback/text"), general, qti_feedback(made, "general_fb")):
            assert items.block(question.explanation) in told
        assert [h.findtext("text") for h in xml.findall("hint")] == [items.html(hint) for hint in question.hints]


def test_cloze_feedback_survives_its_marks():
    """Braces, waves, backslashes and entities within a cloze come back as they were (Moodle decodes them once)."""
    why = NASTY + r" \# $\{x \mid y\}$ \\"
    blank = items.Blank(1.0, 0.1, 3, (items.Wrong(2.0, 0.1, why), items.Wrong(3.0, 0.1, "b")))
    (_, (value, _, right, told), last) = _gap(CLOZE.fullmatch(moodle.cloze(blank))[2])
    assert (value, right, unescape(told)) == (2.0, False, unescape(items.html(why)))
    assert last == (3.0, 0.1, False, "b")


def test_names_in_menus_are_plain_characters():
    """No markup and no TeX where nothing is rendered."""
    assert items.characters(r"$\sigma(x_1)$ *is* `a_b` <b> & c") == "σ(x₁) is a_b <b> & c"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e-9, "0.000000001"),
        (0.1 + 0.2, "0.3"),
        (-0.0, "0"),
        (1e6, "1000000"),
        (-12.5, "-12.5"),
        (2.0**53, "9007199254740000"),
    ],
)
def test_numbers_have_no_exponent(value, text):
    """Twelve digits, and no noise of binary fractions."""
    assert items.decimal(value) == text


# Paper


def test_a_sheet_holds_no_answer():
    """Not the answer, no slip's feedback, no explanation, no hint: with words that stand nowhere else."""

    def secret(answer, gives):
        slips = tuple(Slip(each, f"whyzzz {n}") for n, each in enumerate(gives))
        return Question("Which?", answer, slips, "explainedzzz", ("hintzzz",))

    asked = [
        secret(Number(0.918273), [0.556677, 0.443322]),
        secret(Integer(918273), [556677, 443322]),
        secret(Numbers([918273, 0.5]), [[556677, 1], [443322, 2]]),
        secret(Shape((918273, 2)), [(556677, 2), (443322,)]),
        secret(Formula("918273*x", {"x": (1, 2)}), ["556677*x", "443322*x"]),
        secret(Output("918273"), ["556677", "443322"]),
        secret(Choice("one"), ["two", "three"]),
        secret(Several(("one", "two")), ["three"]),
        secret(Ordering(("one", "two", "three")), [("two", "one", "three")]),
        secret(Matching({"one": "1", "two": "2"}), []),
    ]
    pools = [
        Pool(made, (items.item(draw(made, 0), "q"),))
        for made in (template(technique="t", fixed=True)(_named(n, each)) for n, each in enumerate(asked))
    ]
    groups = [Group("unit", "Unit", tuple(pools))]
    page = sheet.questions(COURSE, groups, 2)
    for word in ("zzz", "918273", "556677", "443322"):
        assert word not in page
    full = sheet.key(COURSE, groups, 2)
    for word in ("whyzzz 0", "explainedzzz", "918273", "556677"):
        assert word in full


def _named(number, question):
    def made(rng):
        return question

    made.__name__ = f"q{number}"
    return made


def test_a_sheet_is_a_page_of_its_own(groups):
    """No script, nothing fetched, all text escaped; one number for each question, a place for the name, MathML and SVG."""
    page = sheet.questions(COURSE, groups)
    assert "<script" not in page
    assert not re.search(r"(?:src|href)\s*=|url\(|@import", page)
    assert "<b>&amp;amp; ]]&gt;" not in page
    assert "&lt;b&gt;" in page
    assert "Grüße / &#34;Quiz&#34; &lt;&amp; more&gt;" in page
    assert page.count('class="question"') == sum(len(group.pools) for group in groups)
    assert "Name:" in page
    assert "<math" in page
    assert "<svg" in page
    for rule in ("size: A4", "break-inside: avoid"):
        assert rule in page


def test_versions_have_other_numbers():
    """Version A and B ask the same templates; where a template has one variant only, the same question."""
    groups = small(2)
    page = sheet.questions(COURSE, groups, 2)
    one, two = page.split("Version A")[1].split("Version B")
    first, second = groups[0].pools[0].items
    assert sheet._fragment(first.prompt) in one
    assert sheet._fragment(first.prompt) not in two
    assert sheet._fragment(second.prompt) in two
    assert page.count('class="question"') == 2 * len(groups[0].pools)


@pytest.mark.chromium
def test_a_sheet_is_printed(tmp_path):
    """A PDF with a page for each version at least."""
    sheet.pdf(sheet.questions(COURSE, small(2), 2), tmp_path / "sheet.pdf")
    data = (tmp_path / "sheet.pdf").read_bytes()
    assert data.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", data)) >= 2


def test_no_browser_is_one_line(tmp_path, monkeypatch):
    """With the cure, and no file half-written."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CommandError, match=r"Install chromium, or write \.html"):
        sheet.pdf("<p>x</p>", tmp_path / "sheet.pdf")
    assert list(tmp_path.iterdir()) == []


# With a course


class Desk:
    """A copy of the small course, its store where the command line looks for it."""

    def __init__(self, folder):
        self.root = folder / "course"
        shutil.copytree(FIXTURE, self.root, ignore=shutil.ignore_patterns("__pycache__"))

    def open(self, student):
        store = stores.open(self.root / ".autograder")
        course = load_course(self.root)
        quiz = GradedQuiz(
            course, course.quiz("first_quiz"), catalogue.load(self.root, course.topics), store, Secret(b"s" * 32)
        )
        return store, quiz, quiz.open(student, OPEN)

    def run(self, capsys, *words):
        """(exit code, out, err)"""
        code = 0
        try:
            main(["--course", str(self.root), "quiz", "export", *map(str, words)])
        except SystemExit as stopped:
            code = stopped.code
        return code, *capsys.readouterr()


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def test_the_page_of_an_attempt_holds_no_answer(desk):
    """Prompts, options, figures, what was typed; not the answer, no slip, no explanation, no hint."""
    store, quiz, opened = desk.open("ada")
    quiz.answer(opened.token, "ada", 1, "0.5", OPEN)
    again = quiz.open("ada", OPEN)
    page = sheet.attempt_page(again)
    assert "<script" not in page
    assert "Attempt 1 of 2" in page
    assert again.token in page
    assert "<code>0.5</code>" in page
    frozen = store.quiz_attempts.of_token(opened.token).questions
    store.close()
    for asked, data in zip(again.questions, frozen, strict=True):
        question = thaw(data).question
        assert sheet._fragment(question.prompt) in page
        seen = " ".join([asked.prompt, *asked.options])
        for words in (question.explanation, *question.hints, *(slip.why for slip in question.slips)):
            # A word that the prompt has too tells nothing ("Multiply.").
            assert words.strip(".") in seen or markup.html(words)[3:-4] not in page, words
        if question.answer.kind in ("number", "formula", "output", "shape", "numbers"):
            assert markup.html(question.answer.show(question.answer.value))[3:-4] not in page


@pytest.mark.parametrize(("word", "file"), [("--qti", "out.zip"), ("--sheet", "out.html"), ("--moodle", "out.xml")])
def test_a_quiz_that_draws_its_templates_is_exported_whole(desk, tmp_path, capsys, word, file):
    """Neither Canvas nor paper draws three of eleven, and the teacher is told; Moodle gets a question bank."""
    course = desk.root / "course.yaml"
    course.write_text(course.read_text().replace("minutes: 30", "minutes: 30\n    count: 3"))
    code, _, err = desk.run(capsys, "first_quiz", word, tmp_path / file)
    assert code == 0
    assert ("first_quiz asks each student 3 of 11 templates; this file asks all 11" in err) is (word != "--moodle")


def test_everything_at_once(desk, tmp_path, capsys):
    """One command writes all formats, with a key beside the sheet."""
    files = {
        option: tmp_path / f"out.{end}"
        for option, end in (("moodle", "xml"), ("qti", "zip"), ("gift", "txt"), ("sheet", "html"))
    }
    code, out, _ = desk.run(
        capsys, *(word for option, file in files.items() for word in (f"--{option}", file)), "-n", 2
    )
    assert code == 0
    assert "questions of 11 templates" in out
    asked = moodle_questions(files["moodle"].read_text(encoding="utf-8"))
    assert (
        len(asked)
        == len(qti_items(files["qti"].read_bytes()))
        == len(gift_questions(files["gift"].read_text(encoding="utf-8")))
    )
    assert "Both ends count." in (tmp_path / "out-key.html").read_text(encoding="utf-8")
    assert "Both ends count." not in files["sheet"].read_text(encoding="utf-8")


def test_graded_quizzes_units_and_tags_can_be_named(desk, tmp_path, capsys):
    """A quiz under its title; a tag's templates under their unit; another seed has other numbers."""
    texts = []
    for words in (["first_quiz"], ["small numbers"], ["first_quiz", "small numbers"], ["first_quiz", "--seed", "9"]):
        assert desk.run(capsys, "--moodle", tmp_path / "m.xml", "-n", "1", *words)[0] == 0
        texts.append((tmp_path / "m.xml").read_text(encoding="utf-8"))
    paths = [[path[1:] for path, _ in moodle_questions(text)] for text in texts]
    assert paths[0][0] == ("The first quiz", "product")
    assert paths[1] == [("Small questions", "tiny")]
    assert paths[2] == paths[0] + paths[1]
    assert texts[3] != texts[0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "export to what?"),
        (["--qti", "a.xml"], "a.zip"),
        (["--sheet", "a.doc"], "a.html"),
        (["--key", "a.html"], "--sheet"),
        (["--sheet", "a.html", "--key", "a.html"], "Name another file"),
        (["--gift", "no/such/folder/a.txt"], "cannot be written"),
        (["--gift", "a.txt", "nothing_like_this"], "is called 'nothing_like_this'"),
        (["--results", "a.csv", "mini"], "No quiz 'mini'"),
        (["--gift", "a.txt", "-n", "0"], "--variants"),
    ],
)
def test_mistakes_are_one_line(desk, capsys, monkeypatch, tmp_path, words, said):
    """With the cure; exit code 2; nothing written."""
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("a.*"))
    code, _, err = desk.run(capsys, *words)
    assert code == 2
    assert said in err
    assert err.strip().count("\n") == 0
    assert sorted(tmp_path.rglob("a.*")) == before


def test_results_are_a_table(desk, tmp_path, capsys):
    """A line for each question of each attempt; what a spreadsheet would run is guarded."""
    store, quiz, opened = desk.open("ada")
    for number, text in ((2, "-3"), (10, "=HYPERLINK(1)")):
        quiz.answer(opened.token, "ada", number, text, OPEN)
    right = thaw(store.quiz_attempts.of_token(opened.token).questions[10])
    quiz.answer(opened.token, "ada", 11, typed(right, right.question.answer.value), OPEN)
    quiz.hand_in(opened.token, "ada", OPEN)
    store.close()
    assert desk.run(capsys, "--results", tmp_path / "r.csv", "first_quiz")[0] == 0
    rows = list(csv.DictReader((tmp_path / "r.csv").open(encoding="utf-8")))
    assert list(rows[0]) == "student,quiz,attempt,received,question,template,typed,fraction,slip,seconds,points".split(
        ","
    )
    assert [row["question"] for row in rows] == [str(n) for n in range(1, 12)]
    assert (rows[1]["typed"], rows[9]["typed"]) == ("'-3", "'=HYPERLINK(1)")
    assert (rows[10]["template"], rows[10]["fraction"], float(rows[10]["points"])) == (
        "mini/tiny",
        "1",
        pytest.approx(10 / 11, rel=1e-4),
    )
    assert {row["points"] for row in rows[:10]} == {"0"}
    assert json.dumps(rows)  # all of it is text


@pytest.mark.slow
def test_the_courses_templates_export_in_all_formats():
    """Every template that there is, without error, and every file holds."""
    units = sorted(path.parent.name for path in (ROOT / "assignments").glob("*/quiz.py"))
    assert units
    found = catalogue.load(ROOT, units).templates
    groups = [
        Group(unit, unit, tuple(items.pool(t, 2, 0) for t in found if t.id.startswith(f"{unit}/"))) for unit in units
    ]
    count = len(each_of(groups))
    assert len(moodle_questions(moodle.document(COURSE, groups))) == count
    assert len(gift_questions(gift.document(COURSE, groups))) == count
    made = [item for _, item in qti_items(qti.package(COURSE, groups))]
    assert len(made) == count
    test_moodle_judges_numbers_as_the_engine(groups)
    test_gift_judges_numbers_as_the_engine(groups)
    test_canvas_judges_numbers_as_the_engine(groups)
    test_canvas_menus_and_blanks_have_one_right_answer(groups)
    test_choices_are_right_where_the_engine_is(groups)
    test_tex_and_letters_stay_whole(groups)
    page, full = sheet.questions(COURSE, groups, 2), sheet.key(COURSE, groups, 2)
    assert page.count('class="question"') == full.count('class="question"') == 2 * len(found)
