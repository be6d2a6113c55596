"""Questions on paper: a sheet without any answer, and its key apart; the same page shows a student's attempt.

A page runs no script and fetches nothing: formulas are MathML, pictures SVG.  PDF is printed by a browser that is there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from ..errors import CommandError
from ..quiz import markup
from ..quiz.check import typed
from ..quiz.graded import Asked, Sheet
from ..quiz.options import LETTERS
from .items import Group, Item

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "msedge", "microsoft-edge")
SECONDS = 120  #: for printing; a sheet of all templates takes a few
NOTHING = Markup()
_LINES = 3  #: to compute on, where an answer is not picked


@dataclass(frozen=True)
class Printed:
    """One question on a page; what is empty is not shown."""

    number: int
    prompt: Markup
    figure: Markup
    options: tuple[Markup, ...]
    lefts: tuple[Markup, ...]
    how: str
    lines: int = 0
    points: str = ""
    typed: str = ""
    answer: Markup = NOTHING
    explanation: Markup = NOTHING
    slips: tuple[Markup, ...] = ()


@dataclass(frozen=True)
class Section:
    """Questions under a title."""

    title: str
    questions: tuple[Printed, ...]


@dataclass(frozen=True)
class Page:
    """One sheet."""

    title: str
    notes: tuple[str, ...]
    sections: tuple[Section, ...]
    blank_name: bool = False
    key: bool = False


def questions(course: str, groups: Sequence[Group], versions: int = 1) -> str:
    """The sheets to hand out, one for each version: nothing of a question but what its student may see."""
    return _html(course, [_page(course, groups, versions, n, key=False) for n in range(versions)])


def key(course: str, groups: Sequence[Group], versions: int = 1) -> str:
    """The teacher's pages: answers, explanations, slips."""
    return _html(f"{course}: key", [_page(course, groups, versions, n, key=True) for n in range(versions)])


def attempt_page(sheet: Sheet) -> str:
    """A student's attempt at a graded quiz, as open as it is: prompts, options, what was typed so far."""
    shown = tuple(_asked(each) for each in sheet.questions)
    notes = [f"Attempt {sheet.attempt} of {sheet.attempts}."]
    if sheet.ends is not None:
        notes.append(f"Answers count until {sheet.ends:%Y-%m-%d %H:%M %Z}.")
    notes.append(f'Answer with: autograder quiz answer {sheet.token} NUMBER "ANSWER" --student YOU')
    notes.append(f"Then: autograder quiz hand-in {sheet.token} --student YOU")
    return _html(sheet.title, [Page(sheet.title, tuple(notes), (Section("", shown),))])


def pdf(html: str, path: Path) -> None:
    """Print a page with the browser that is there.  CommandError with the cure if there is none."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise CommandError(
            f"{path}: no Chromium is there to print it. Install chromium, or write .html and print that."
        )
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        page, made = Path(folder) / "sheet.html", Path(folder) / "sheet.pdf"
        page.write_text(html, encoding="utf-8")
        try:
            subprocess.run(_printing(browser, Path(folder), page, made), capture_output=True, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            raise CommandError(f"{path}: {browser} took over {SECONDS} s. Export fewer templates, or .html.") from None
        if not made.is_file():
            raise CommandError(f"{path}: {browser} printed nothing. Write .html and print that from a browser.")
        shutil.copyfile(made, path)


def _printing(browser: str, folder: Path, page: Path, made: Path) -> list[str]:
    quiet = "gpu background-networking component-update sync extensions".split()
    return [
        browser,
        "--headless",
        *(["--no-sandbox"] if os.geteuid() == 0 else []),  # as root it refuses to start otherwise; the page is ours
        *(f"--disable-{each}" for each in quiet),
        "--no-first-run",
        f"--user-data-dir={folder / 'profile'}",
        "--no-pdf-header-footer",
        f"--print-to-pdf={made}",
        page.as_uri(),
    ]


# Pages


def _page(course: str, groups: Sequence[Group], versions: int, number: int, key: bool) -> Page:
    version = f"Version {LETTERS[number].upper()}" if versions > 1 else ""
    first, sections = 1, []
    for group in groups:
        chosen = [pool.items[number % len(pool.items)] for pool in group.pools]
        shown = tuple((_answered if key else _question)(n, item) for n, item in enumerate(chosen, first))
        sections.append(Section(group.title if len(groups) > 1 else "", shown))
        first += len(shown)
    title = f"{course}: {groups[0].title}" if len(groups) == 1 else course
    notes = tuple(note for note in (version, "Key: for the teacher only" if key else "") if note)
    return Page(title, notes, tuple(sections), blank_name=not key, key=key)


def _question(number: int, item: Item) -> Printed:
    variant = item.variant
    picked = bool(variant.options)
    return _printed(
        number,
        item.prompt,
        _svg(item),
        variant.shown_options,
        variant.lefts,
        # How options are named, or in what form an answer is written; readers of typed answers are of no use on paper.
        f"{variant.how[:1].upper()}{variant.how[1:]}." if picked else item.asks,
        lines=1 if picked else _LINES,
    )


def _answered(number: int, item: Item) -> Printed:
    """A question's key; its prompt is there too, since the numbers are its variant's."""
    variant, question = item.variant, item.variant.question
    answer = question.answer
    letters = f"({typed(variant, answer.value)}) " if variant.options else ""
    return Printed(
        number,
        _fragment(item.prompt),
        NOTHING,
        (),
        (),
        "",
        answer=Markup(letters) + _inline(answer.show(answer.value)),
        explanation=_fragment(question.explanation),
        slips=tuple(map(_inline, item.slips)),
    )


def _asked(asked: Asked) -> Printed:
    points = f"{asked.points:.3g} points"
    how = f"Type {asked.how}."
    return _printed(
        asked.number, asked.prompt, asked.figure, asked.options, asked.lefts, how, points=points, typed=asked.typed
    )


def _printed(
    number: int,
    prompt: str,
    svg: str,
    options: Sequence[str],
    lefts: Sequence[str],
    how: str,
    lines: int = 0,
    points: str = "",
    typed: str = "",
) -> Printed:
    shown, left = tuple(map(_inline, options)), tuple(map(_inline, lefts))
    return Printed(number, _fragment(prompt), Markup(svg), shown, left, how, lines, points, typed)


def _svg(item: Item) -> str:
    """figures.py escapes every word of it."""
    figure = item.variant.question.figure
    return figure.svg if figure is not None else ""


def _fragment(text: str) -> Markup:
    return Markup(markup.html(text))  # Markdown without HTML: whatever looks like a tag was escaped there


def _inline(text: str) -> Markup:
    return Markup(markup.inline(text))


def _html(title: str, pages: Sequence[Page]) -> str:
    return _template().render(title=title, pages=pages, letters=LETTERS)


@cache
def _template() -> Template:
    # A misspelt field is an error, not an empty string.
    page = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return page.from_string(resources.files(__package__).joinpath("sheet.html").read_text(encoding="utf-8"))
