"""Feedback: what a student is told, in four formats, and what never gets into any of them."""

from __future__ import annotations

import dataclasses
import io
import json
import math
import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from autograder.feedback import (
    LoadError,
    ManualMark,
    Report,
    build,
    gradescope,
    html,
    jsons,
    plain,
    policy,
    svg,
    terminal,
    tex,
)
from autograder.feedback.marks import MARKS
from autograder.feedback.report import CodeLine, PictureReport
from autograder.records import Cell, CheckResult, ExerciseScore, Picture, Score, Submission, Verdict

V = Verdict


def on_terminal(report: Report) -> str:
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None)
    console.print(terminal.render(report))
    return console.file.getvalue()  # type: ignore[attr-defined]


FORMATS: dict[str, Callable[[Report], str]] = {
    "terminal": on_terminal,
    "json": jsons.render,
    "gradescope": gradescope.render,
    "html": html.render,
}
formats = pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS.keys())


def submission(**changes: Any) -> Submission:
    received = datetime(2026, 3, 3, 14, 5, tzinfo=UTC)
    return dataclasses.replace(Submission(7, "ada", "backprop", 2, received, "0" * 64, "backprop.ipynb"), **changes)


def check(exercise: str = "softmax", verdict: Verdict = V.FAILED, **changes: Any) -> CheckResult:
    earned = 1.0 if verdict is V.PASSED else 0.0
    return dataclasses.replace(
        CheckResult(exercise, f"backprop/test_{exercise}", "Every row sums to one.", verdict, 1.0, earned), **changes
    )


def score(*exercises: ExerciseScore, **changes: Any) -> Score:
    raw = sum(one.earned for one in exercises)
    worst = next((one.verdict for one in exercises if one.verdict is not V.PASSED), V.PASSED)
    return dataclasses.replace(
        Score(exercises, raw, 0.0, raw, sum(one.maximum for one in exercises), 0, worst), **changes
    )


def report(**changes: Any) -> Report:
    """Sigmoid right, softmax wrong, momentum missing."""
    given_ones: dict[str, Any] = {
        "submission": submission(),
        "title": "Backpropagation",
        "titles": {"sigmoid": "The sigmoid", "softmax": "Softmax"},
        "score": score(
            ExerciseScore("sigmoid", 1, 1, V.PASSED),
            ExerciseScore("softmax", 0.25, 2, V.FAILED),
            ExerciseScore("momentum", 0, 1, V.MISSING),
        ),
        "checks": [check("sigmoid", V.PASSED), check("softmax"), check("momentum", V.MISSING)],
    }
    return build(**{**given_ones, **changes})


class Page(HTMLParser):
    """Tags, attributes and text of a page; `open` must be empty at the end of a well-formed one."""

    EMPTY = frozenset({"meta", "br", "circle", "path", "rect", "link", "img"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.words = ""
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


# --- hostile strings -------------------------------------------------------------------------------------------------

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "image": "\"'><img src=x onerror=alert(1)>",
    "style": "</style><style>body{background:url(//evil.example)}",
    "svg": "</text></svg><svg onload=alert(1)>",
    "pre": "</code></pre><iframe src=//evil.example></iframe>",
    "link": "[x](javascript:alert(1)) <a href='javascript:alert(1)'>x</a> javascript:alert(1)",
    "address": "https://evil.example/\"onmouseover='alert(1)'",
    "jinja": "{{ report.score }}{% include '/etc/passwd' %}",
    "markup": "[bold red]x[/bold red][link=https://evil.example]y[/link][/]",
    "ansi": "\x1b[31mred\x1b[0m\x1b[2J\x1b]0;title\x07\x1b]8;;https://evil.example\x1b\\z\x1b]8;;\x1b\\",
    "c1": "\x9b31m\x9d0;title\x9c\x85\x90q\x9c",
    "controls": "a\x00b\x07c\x08\x08d\x7f\x0b\x0ce\rf",
    "bidi": "abc\u202egnp.exe\u202c\u2066x\u2069\u200f\u200e\u061c\ufeff\u200b\u00ad",
    "separators": "a\u2028b\u2029c",
    "surrogate": "a\ud800b\udfffc",
    "tags": "a\U000e0041\U000e0042b\ue000c",
    "accents": "a" + "\u0301" * 200,
    "tex": "$\\href{javascript:alert(1)}{x}$ $\\frac{<b>}{</b>}$",
    "backtick": "`<img src=x onerror=alert(1)>`",
    "entity": "&lt;script&gt;&#60;script&#62;",
}
hostile = pytest.mark.parametrize("bad", HOSTILE.values(), ids=HOSTILE.keys())


def with_hostile(bad: str) -> Report:
    """A report with the string in every field that takes one."""
    names = [Cell(bad, f"x = 1\n{bad}\n"), Cell(bad, bad, bad)]
    told = {"message": bad, "diagnosis": bad, "twin": bad, "sentence": bad, "check": bad, "cell": 1, "line": 1}
    picture = Picture(bad, bad, "lines", ((1.0, 2.0),), ((1.0, 3.0),), bad, bad)
    return build(
        submission=submission(student=bad, unit=bad, filename=bad, notes=(bad,)),
        title=bad,
        titles={bad: bad, "proof": bad},
        score=score(ExerciseScore(bad, 0, 3, V.FAILED)),
        checks=[check(bad, verdict, **told) for verdict in V if verdict is not V.NOT_GRADED],
        pictures=[picture, dataclasses.replace(picture, kind="heatmap"), dataclasses.replace(picture, kind=bad)],
        notes=[bad],
        output=bad,
        load_errors=[LoadError(1, bad, bad, 1, bad), LoadError(99, bad, bad, None, bad)],
        cells=names,
        resources={bad: (bad,)},
        manual={"proof": ManualMark(3, 1, bad), bad + "2": ManualMark(1, None, bad)},
    )


def harmful(text: str) -> list[str]:
    """Letters that a terminal obeys, that hide, or that turn a line around."""
    return [letter for letter in text if unicodedata.category(letter) in ("Cc", "Cf", "Cs") and letter != "\n"]


@formats
@hostile
def test_no_control_letter_gets_out(form, bad):
    """Whatever stands in a string, no format passes on escape, bidi, zero-width or surrogate letters."""
    text = form(with_hostile(bad))
    assert not harmful(text)
    text.encode("utf-8")


@pytest.mark.parametrize("form", [jsons.render, gradescope.render])
@hostile
def test_no_control_letter_hides_in_an_escape(form, bad):
    """JSON's own escapes do not carry them either."""

    def walk(node: Any) -> str:
        if isinstance(node, dict):
            return "".join(walk(key) + walk(value) for key, value in node.items())
        return "".join(map(walk, node)) if isinstance(node, list) else str(node)

    assert not harmful(walk(json.loads(form(with_hostile(bad)))))


@hostile
def test_a_page_has_our_tags_only(bad):
    """The page with a hostile string in every field has the tags and attributes of a harmless page."""
    page, harmless = Page(html.render(with_hostile(bad))), Page(html.render(with_hostile("harmless")))
    assert not page.open
    assert set(page.tags) <= set(harmless.tags) | {"a", "code"}
    known = {(tag, name) for tag, name, _ in harmless.attributes} | {("a", "href"), ("a", "rel"), ("code", "class")}
    assert {(tag, name) for tag, name, _ in page.attributes} <= known
    addresses = [value for _, name, value in page.attributes if name in ("href", "src", "action", "style")]
    assert all(re.match(r"#e\d+$|https?://", address) for address in addresses)


@hostile
def test_markup_in_data_is_not_markup_on_a_terminal(bad):
    """rich prints brackets as brackets."""
    text = on_terminal(with_hostile("[bold red]x[/bold red][/]" + bad))
    assert "[bold red]x[/bold red][/]" in text


def test_a_terminal_shows_the_markup_itself():
    """No link and no style comes out of data, even when colours are on."""
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system="truecolor")
    console.print(terminal.render(with_hostile(HOSTILE["markup"])))
    assert "\x1b]8" not in console.file.getvalue()


@formats
def test_a_megabyte_costs_a_page(form, at_most):
    """A megabyte in every field is cut before it is read: each format stays small and quick."""
    with at_most(40):
        text = form(with_hostile("\x1b[31m" + "A\u202e`$<" * 200_000))
    assert len(text) < 400_000


def test_caps():
    """Output keeps at most 4,000 characters, a message 300, a line of code 120."""
    told = report(
        output="x" * 10**6,
        checks=[check(message="m" * 10**5, cell=0, line=1)],
        cells=[Cell("softmax", "y" * 10**6, "softmax")],
        load_errors=[LoadError(0, "softmax", "ValueError", 1, "z" * 10**6)] * 500,
        notes=["n" * 1000 + str(number) for number in range(500)],
    )
    one = told.exercises[1].checks[0]
    assert one.code is not None
    assert (len(told.output), len(one.message), len(one.code.text)) == (4000, 300, 120)
    assert len(told.load_errors) == 20
    assert len(told.load_errors[0].message) == 300
    assert len(told.notes) == 40
    assert told.output.endswith("…")


@given(st.text(max_size=300))
def test_plain_text_is_plain(text):
    """Cleaning leaves nothing harmful, stays within its cap and changes nothing the second time."""
    once = plain.block(text, 200)
    assert not harmful(once)
    assert len(once) <= 200
    assert plain.block(once, 200) == once
    assert "\n" not in plain.line(text, 200)


@given(st.text(alphabet="\\frac{}_^$ab12sqrthat+- \n`<&", max_size=200))
def test_any_formula_reads(text):
    """Broken TeX neither raises nor grows without end."""
    assert len(tex.readable(text)) <= 4 * len(text) + 10


@given(st.text(max_size=200))
def test_spans_lose_nothing(text):
    """The runs of a text are the text, but for its backticks."""
    assert "".join(span.text for span in plain.spans(text, links=True)).replace("`", "") == text.replace("`", "")


def test_progress_bars_are_read_as_a_terminal_would():
    """Of a line written over and over, the last state is shown; windows line ends are line ends."""
    assert plain.block(" 10%\r 50%\r100%\nnext\r\nlast\r", 100) == "100%\nnext\nlast"


# --- policy ----------------------------------------------------------------------------------------------------------


def test_a_report_has_no_field_for_a_hidden_value():
    """Only these fields exist: none for an input, an expected value, a seed, a time or a memory reading."""
    fields = {field.name for field in dataclasses.fields(type(report().exercises[0].checks[0]))}
    assert fields == {
        "name", "sentence", "verdict", "points", "earned", "takes", "message", "diagnosis", "twin", "code"
    }  # fmt: skip
    assert {field.name for field in dataclasses.fields(Report)} == {
        "unit", "title", "student", "submission", "attempt", "filename", "received", "due", "late", "summary", "verdict",
        "raw", "penalty", "total", "maximum", "late_days", "exercises", "questions", "notes", "output", "load_errors",
        "detail",
    }  # fmt: skip


SECRET = "hunter2"


@formats
@pytest.mark.parametrize(
    "verdict", [V.PASSED, V.CRASHED, V.TIMED_OUT, V.OUT_OF_MEMORY, V.OUT_OF_GPU_MEMORY, V.NOT_RUN, V.NOT_GRADED]
)
def test_words_of_a_fault_are_ours(form, verdict):
    """A fault's message is replaced: an exception cannot carry what it saw of a hidden check into the feedback."""
    told = report(checks=[check(verdict=verdict, message=f"ValueError: {SECRET}")])
    assert SECRET not in form(told)


def test_a_crash_names_the_known_kind_and_the_line():
    """The exception's type if it is a known one, and the line as our copy of the submission has it."""
    cells = [Cell("code-1", "import numpy"), Cell("softmax", "def softmax(z):\r\n    return z.sum(7)\n", "softmax")]
    crashed = check(verdict=V.CRASHED, message="softmax raised AxisError", cell=1, line=2)
    told = report(checks=[crashed], cells=cells).exercises[1].checks[0]
    assert told.message == "Your code raised an `AxisError`."
    assert told.code == CodeLine("softmax", 2, "return z.sum(7)")


def test_an_invented_exception_stays_unnamed():
    """A class name is a channel too: only names of a fixed list are shown."""
    assert policy.crash("Value_0_731_Error") == "Your code stopped without giving an answer."
    assert policy.known_kind("X0731Error(ValueErrors)") == ""


def test_an_end_without_an_exception_is_explained():
    """What the sandbox says of it is recognised and told in our own words."""
    assert policy.crash(f"`{SECRET}` gave an answer that is not plain data.").startswith("Your function gave something")
    assert policy.crash("Your code ended the whole process (0731).") == "Your code ended the whole process."


@pytest.mark.parametrize(("cell", "line"), [(None, 1), (0, None), (-1, 1), (1, 1), (0, 0), (0, 3), (0, 10**9)])
def test_a_place_that_is_not_there_shows_nothing(cell, line):
    """Cell and line come out of the box: only a line that our copy has is shown."""
    assert policy.code_line([Cell("a", "x = 1\ny = 2")], cell, line) is None


def test_lines_are_counted_as_python_does():
    """A form feed or a line separator inside a string is no new line."""
    cells = [Cell("a", "s = 'a\x0cb\u2028c'\nraise ValueError")]
    told = policy.code_line(cells, 0, 2)
    assert told is not None
    assert told.text == "raise ValueError"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("differs by about 0.3, allowed 1e-07", "differs by about 0.3, allowed 1e-07"),
        ("shape (60000, 784), not (784, 60000)", "shape (60000, 784), not (784, 60000)"),
        ("expected 0.73105857863, got -1.25e-3", "expected 0.7, got -0.001"),
        ("expected 1234567", "expected 1e+06"),
    ],
)
def test_a_comparison_tells_no_value(said, shown):
    """Numbers precise enough to be an expected value are taken out; shapes and tolerances stay."""
    assert report(checks=[check(message=said)]).exercises[1].checks[0].message == shown


def test_a_passed_check_needs_no_help():
    """Twin, diagnosis and line belong to what is to be mended."""
    told = report(checks=[check("sigmoid", V.PASSED, diagnosis="d", twin="t", message="m", cell=0, line=1)])
    one = told.exercises[0].checks[0]
    assert (one.diagnosis, one.twin, one.message, one.code) == ("", "", "", None)


def test_a_note_is_told_once():
    """Notes of the receipt and of the grading are the same notes."""
    told = report(submission=submission(notes=("Renamed.", "Restored.")), notes=["Restored.", "Added."])
    assert told.notes == ("Renamed.", "Restored.", "Added.")


# --- points and summary ----------------------------------------------------------------------------------------------


def test_points_add_up():
    """Exercises sum to the raw points, less the penalty plus the hand-marked ones to the total, in every format."""
    late = score(
        ExerciseScore("sigmoid", 1, 1, V.PASSED),
        ExerciseScore("softmax", 1.25, 2, V.PARTIAL),
        penalty=0.3,
        total=1.95,
        late_days=1,
    )
    told = report(score=late, manual={"proof": ManualMark(3, 2.5, "Nearly."), "essay": ManualMark(2)})
    assert told.summary.earned == pytest.approx(4.45)
    assert told.summary.maximum == 8
    assert told.summary.waiting == 2
    points = jsons.document(told)["points"]
    assert points["raw"] - points["penalty"] + 2.5 == pytest.approx(points["earned"])
    results = gradescope.document(told)
    assert results["score"] == pytest.approx(4.45)
    assert sum(test.get("score", 0) for test in results["tests"]) - points["penalty"] == pytest.approx(4.45)
    assert sum(test.get("max_score", 0) for test in results["tests"]) == 8
    assert "4.45 of 8 points" in on_terminal(told)
    assert "<strong>4.45</strong>" in html.render(told)
    assert all("1 day late: 0.3 points off." in text(told) for text in FORMATS.values())


def test_a_question_that_scoring_counts_is_not_counted_twice():
    """A question that stands among the exercises adds nothing on top."""
    told = report(score=score(ExerciseScore("proof", 2, 3, V.PARTIAL)), manual={"proof": ManualMark(3, 2)})
    assert (told.summary.earned, told.summary.maximum) == (2, 3)


@formats
def test_the_first_exercise_to_mend_is_named(form):
    """Later exercises build on earlier ones: the feedback says where to start."""
    told = report()
    assert told.summary.first == "softmax"
    assert "later exercises build on it." in form(told)


def test_what_is_right_is_named():
    """The summary counts and names what is right."""
    assert report().summary.right == ("The sigmoid",)
    assert report().summary.headline == "1 of 3 exercises is right so far."
    assert "Right: The sigmoid" in on_terminal(report())


def test_one_left():
    """With one exercise left nothing builds on it."""
    told = report(score=score(ExerciseScore("sigmoid", 1, 1, V.PASSED), ExerciseScore("softmax", 1, 2, V.FAILED)))
    assert told.summary.start == "Only `softmax` is left to mend."


def test_a_guard_that_took_points_shows_it():
    """What a guard took stands beside its sentence, and what it would take does not when it passed."""
    guards = [check(points=0, earned=-0.5, takes=0.5), check(verdict=V.PASSED, points=0, earned=0, takes=0.5)]
    told = report(checks=guards)
    assert "−0.5" in on_terminal(told)
    assert html.render(told).count("−0.5") == 1


@formats
def test_everything_right(form):
    """All points, nothing to mend, no exercise open."""
    told = report(score=score(ExerciseScore("sigmoid", 1, 1, V.PASSED)), checks=[check("sigmoid", V.PASSED)])
    assert told.summary.start == ""
    assert "Everything is right." in form(told)
    assert " open>" not in html.render(told)


@formats
def test_an_empty_submission(form):
    """Nothing filled in: said without blame, with where to start, nothing earned."""
    empty = score(*(ExerciseScore(name, 0, 1, V.MISSING) for name in ("sigmoid", "softmax")))
    text = form(report(score=empty, checks=[check("sigmoid", V.MISSING), check("softmax", V.MISSING)]))
    assert "Nothing is filled in yet." in text
    assert "Start with" in text


@formats
def test_nothing_at_all(form):
    """A unit without exercises, checks or pictures still gives a report."""
    assert form(report(score=score(), checks=[], titles={}))


@formats
@pytest.mark.parametrize("where", ["check", "exercise", "submission"])
def test_our_failure_costs_nothing_and_says_so(form, where):
    """Where our side failed, no total is shown, the student reads that nothing was lost, and not what broke."""
    verdicts = {name: V.NOT_GRADED if name == where else V.FAILED for name in ("check", "exercise", "submission")}
    told = report(
        score=score(ExerciseScore("softmax", 0, 2, verdicts["exercise"]), verdict=verdicts["submission"], late_days=1),
        checks=[check(verdict=verdicts["check"], message="JudgeError: test_hidden.py line 12")],
    )
    text = form(told)
    assert "Our side failed, nothing was lost." in text
    assert not told.graded
    assert "test_hidden" not in text or where != "check"
    assert jsons.document(told)["points"]["earned"] is None
    assert "score" not in gradescope.document(told)
    assert gradescope.document(told)["tests"] == []


# --- formats ---------------------------------------------------------------------------------------------------------

FULL = {
    "checks": [
        check("sigmoid", V.PASSED),
        check(
            message="Shape is right.",
            diagnosis="Each row by itself: `axis=-1`.",
            twin="z = np.eye(2)\nprint(softmax(z))  # <- rows",
            cell=0,
            line=2,
        ),
        check("momentum", V.MISSING),
    ],
    "cells": [Cell("softmax", "def softmax(z):\n    return z < 0", "softmax")],
    "pictures": [
        Picture("softmax", "Scores", "lines", ((1.0, 2.0, 1.5),), ((1.0, 1.5, 2.0),), "epoch", "loss"),
        Picture("softmax", "Weights", "heatmap", ((0.0, 1.0), (1.0, 0.0)), ((0.5, 1.0), (1.0, 0.5))),
    ],
    "notes": ["The given cell `code-2` was restored."],
    "output": "epoch 1\nepoch 2",
    "resources": {"softmax": ("Chapter 4, https://www.deeplearningbook.org/contents/numerical.html.",)},
    "manual": {"proof": ManualMark(3, 2, "Say why.\nThen how.")},
    "due": datetime(2026, 3, 4, tzinfo=UTC),
}


@formats
@pytest.mark.parametrize(
    "words",
    [
        "Backpropagation",
        "Softmax",
        "Every row sums to one.",
        "Shape is right.",
        "print(softmax(z))",
        "epoch 2",
        "Say why.",
        "was restored.",
        "On time.",
        "Chapter 4",
        "not right yet",
    ],
)
def test_every_format_says_it(form, words):
    """The four formats print the same report."""
    text = form(report(**FULL))
    assert words in text or (words == "not right yet" and '"failed"' in text)


def test_every_verdict_has_a_mark_of_its_own():
    """Each verdict has a symbol, a word and a tone: colour is never alone."""
    assert set(MARKS) == set(V)
    assert len({mark.word for mark in MARKS.values()}) == len(V)
    assert all(len(mark.symbol) == 1 and mark.symbol.isprintable() for mark in MARKS.values())


def test_a_terminal_of_80_columns_holds_it():
    """No line is wider than 80 columns, and a long twin loses no letter."""
    twin = "x = [" + ", ".join(str(number) for number in range(100)) + "]"
    text = on_terminal(report(**{**FULL, "checks": [check(twin=twin, message="w" * 200)]}))
    assert max(map(len, text.splitlines())) <= 80
    letters = re.sub(r"[^0-9,\[\]]", "", text)
    assert re.sub(r"[^0-9,\[\]]", "", twin) in letters


def test_json_is_versioned_and_strict():
    """One version string; no NaN or Infinity in the text, whatever the pictures hold."""
    picture = Picture("softmax", "", "lines", ((math.nan, math.inf, 1.0),), ((-math.inf,),))
    text = jsons.render(report(pictures=[picture]))
    told = json.loads(text, parse_constant=lambda word: pytest.fail(word))
    assert told["format"] == "autograder-feedback/1"
    assert told["exercises"][1]["pictures"][0]["yours"] == [[None, None, 1.0]]
    assert list(told) == [
        "format", "unit", "title", "student", "submission", "attempt", "filename", "received", "due", "graded",
        "verdict", "points", "late", "summary", "exercises", "questions", "load_errors", "notes", "output", "after_due",
    ]  # fmt: skip


def test_gradescope_knows_every_word():
    """Only keys and values of its vocabulary; texts are texts."""
    results = gradescope.document(report(**FULL))
    assert set(results) <= {
        "score", "output", "output_format", "test_output_format", "test_name_format", "visibility",
        "stdout_visibility", "extra_data", "tests",
    }  # fmt: skip
    keys = {"score", "max_score", "status", "name", "name_format", "number", "output", "output_format", "visibility"}
    for test in results["tests"]:
        assert set(test) <= keys
        assert test.get("status", "passed") in ("passed", "failed")
        assert test["output_format"] == test["name_format"] == "text"
    assert results["stdout_visibility"] == "hidden"
    assert [test.get("number") for test in results["tests"]] == ["1", "1.1", "2", "2.1", "3", "3.1", None]


def test_the_page_stands_alone():
    """No script, nothing fetched, a policy that forbids both, one h1, labelled pictures, failed exercises open."""
    text = html.render(report(**FULL))
    page = Page(text)
    assert not page.open
    assert "script" not in page.tags
    assert not {"img", "link", "iframe", "object", "form", "base"} & set(page.tags)
    assert "url(" not in text
    assert "@import" not in text
    policies = [value for tag, name, value in page.attributes if tag == "meta" and name == "content"]
    assert any(value.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:") for value in policies)
    assert ("html", "lang", "en") in page.attributes
    assert page.tags.count("h1") == 1
    assert text.count("<details") == 4
    assert len(re.findall(r"<details class=\"exercise [^>]* open>", text)) == 2
    assert text.count('role="img"') == 2
    links = [value for tag, name, value in page.attributes if tag == "a" and name == "href" and value[0] != "#"]
    assert links == ["https://www.deeplearningbook.org/contents/numerical.html"]


def test_headings_follow_in_order():
    """h1, then h2, then h3: none is skipped."""
    levels = [int(tag[1]) for tag in Page(html.render(report(**FULL))).tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert levels[0] == 1


def style() -> str:
    return html._packaged("page.css")


def luminance(colour: str) -> float:
    colour = colour if len(colour) == 7 else "#" + "".join(2 * digit for digit in colour[1:])
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_words_stand_out(theme):
    """Every pair of text and ground reaches WCAG's 4.5 to 1, in both themes; curves reach 3 to 1."""
    blocks = re.findall(r":root \{(.*?)\}", style(), re.DOTALL)[:2]
    colours = dict(re.findall(r"--([\w-]+): (#\w+)", blocks[theme]))
    pairs = [(ink, ground) for ink in ("ink", "soft", "accent") for ground in ("paper", "card", "well")]
    pairs += [("ink", "accent-soft"), ("accent", "accent-soft")]
    for tone in ("good", "part", "bad", "none", "ours"):
        pairs += [(tone, f"{tone}-soft"), (tone, "card")]
    assert [pair for pair in pairs if contrast(colours[pair[0]], colours[pair[1]]) < 4.5] == []
    assert all(contrast(colours[curve], colours["card"]) >= 3 for curve in ("yours", "reference"))


def test_formulas_are_readable():
    """TeX of the course's sentences reads as plain text; money and shell variables stay."""
    assert tex.readable(r"$\sigma(z) = \frac{1}{1 + e^{-z}}$") == "σ(z) = 1/(1 + e⁻ᶻ)"
    assert tex.readable(r"$\hat{y} = \mathbf{w}^\top x_{ij}$ holds") == "y\u0302 = wᵀ xᵢⱼ holds"
    assert tex.readable(r"$\sum_j \exp(z_j) \leq \sqrt{n}$") == "Σ_j exp(z_j) ≤ √n"
    assert tex.readable(r"$\{a, b\} \in \mathbb{R}^{n}$") == "{a, b} ∈ Rⁿ"
    assert tex.readable("from $5 to $6, $HOME") == "from $5 to $6, $HOME"


# --- pictures --------------------------------------------------------------------------------------------------------

AWKWARD = {
    "empty": (),
    "empty row": ((),),
    "one point": ((1.0,),),
    "constant": ((2.0,) * 5,),
    "not finite": ((math.nan, math.inf, -math.inf),),
    "gaps": ((1.0, math.nan, 2.0, math.inf, 3.0),),
    "huge": ((1e308, -1e308),),
    "tiny": ((5e-324, 0.0),),
    "huge and small": ((1e300, 1.0), (1e-300, 2.0)),
    "ragged": ((1.0, 2.0, 3.0), (4.0,), ()),
    "long": (tuple(float(x % 7) for x in range(10**5)),) * 50,
    "not numbers": (("<script>", None, 10**400, 1 + 2j, True),),
}


@pytest.mark.parametrize("kind", ["lines", "heatmap"])
@pytest.mark.parametrize("yours", AWKWARD.values(), ids=AWKWARD.keys())
@pytest.mark.parametrize(
    "reference", [AWKWARD["empty"], AWKWARD["gaps"], AWKWARD["huge"]], ids=["none", "gaps", "huge"]
)
def test_any_picture_draws(kind, yours, reference):
    """Whatever a student's training gave, the picture is well-formed, small and has finite coordinates."""
    told = report(pictures=[Picture("softmax", "Loss", kind, yours, reference, "epoch", "loss")])
    drawn = svg.draw(told.exercises[1].pictures[0]).svg
    ElementTree.fromstring(drawn)
    assert len(drawn) < 120_000
    assert not re.search(r"nan|inf", drawn.replace("infinite", ""), re.IGNORECASE)
    assert all(abs(float(number)) < 2000 for number in re.findall(r'(?<=[ML ])-?[\d.]+(?=[ "LMHVh])', drawn))
    for form in FORMATS.values():
        form(told)


def test_lines_have_a_legend_axes_and_labels():
    """Yours and the reference differ by more than colour; axes carry round numbers and their names."""
    drawn = svg.lines(PictureReport("Loss", "lines", ((0.9, 0.5, 0.2),), ((0.9, 0.4, 0.1),), "epoch", "loss"))
    assert {"yours", "reference", "epoch", "loss", "0.2", "0.4", "0.6", "0.8"} <= set(
        re.findall(r">([^<>]+)<", drawn.svg)
    )
    assert "stroke-dasharray" in style()
    assert drawn.note == ""


def test_a_curve_that_runs_away_does_not_flatten_the_reference():
    """A diverging loss is cut off and the picture says so."""
    drawn = svg.lines(PictureReport("", "lines", ((1.0, 10.0, 1e9),), ((1.0, 0.5, 0.2),)))
    assert drawn.note == "Part of your curve lies outside the picture."
    assert "1e+09" not in drawn.svg


def test_both_matrices_share_one_scale():
    """The same number has the same colour on both sides; what is not finite stays empty and is mentioned."""
    drawn = svg.heatmaps(PictureReport("", "heatmap", ((0.0, 1.0),), ((1.0, 2.0),)))
    colours = re.findall(r'<path fill="(#\w+)" d="M(\d) 0h', drawn.svg)
    assert colours[1][0] == colours[2][0]
    assert (colours[0][0], colours[3][0]) == ("#440154", "#fde725")
    assert svg.heatmaps(PictureReport("", "heatmap", ((math.nan, 1.0),), ((1.0, 2.0),))).note.startswith("Some of your")
