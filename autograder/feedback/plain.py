"""Plain text out of any string: nothing that moves a cursor, turns a line around, hides or overflows survives.

Strings of a box are hostile. What passes through here may be printed on a terminal as it is; HTML is escaped on top, by
the template. Everything is cut before it is read, so a megabyte costs no more than a page.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_ESCAPES = re.compile(
    r"""
      (?: \x1b\] | \x9d ) [^\x07\x1b\x9c]* (?: \x07 | \x1b\\ | \x9c )?      # OSC: window titles, hyperlinks
    | (?: \x1b[PX^_] | [\x90\x98\x9e\x9f] ) [^\x1b\x9c]* (?: \x1b\\ | \x9c )?  # DCS, SOS, PM, APC
    | (?: \x1b\[ | \x9b ) [0-?]* [ -/]* [@-~]?                              # CSI: colours, cursor
    | \x1b [ -/]* [0-~]?                                                    # the short ones
    """,
    re.VERBOSE,
)
_MARKS_ON_A_LETTER = 3  # what living scripts need; towers of accents cover the lines above and below
_SPAN = re.compile(r"`(?P<code>[^`\n]{1,200})`|(?P<link>https?://[^\s<>\"'`()\[\]{}]{1,300}[^\s<>\"'`()\[\]{}.,;:!?])")


@dataclass(frozen=True)
class Span:
    """A run of text: "text", "code" (was between backticks) or "link" (an http address in our own words)."""

    kind: str
    text: str


def block(text: str, cap: int) -> str:
    """Several lines of plain text, at most `cap` characters; indentation stays."""
    text = _ESCAPES.sub("", text[: 4 * cap]).replace("\r\n", "\n")
    text = "\n".join(_overwritten(line) for line in text.split("\n"))
    text = _visible(text.expandtabs(4))
    text = re.sub(r"\n{4,}", "\n\n\n", text).strip("\n").rstrip()
    return _cut(text, cap)


def line(text: str, cap: int) -> str:
    """One line of plain text, at most `cap` characters."""
    return _cut(re.sub(r"\s+", " ", block(text, 2 * cap)).strip(), cap)


def code_line(text: str, cap: int = 120) -> str:
    """One line of code, its indentation taken away."""
    return _cut(block(text, 2 * cap).replace("\n", " ").strip(), cap)


def spans(text: str, links: bool = False) -> tuple[Span, ...]:
    """The text as runs; `links` only for words that an author of the course wrote."""
    found: list[Span] = []
    end = 0
    for match in _SPAN.finditer(text):
        if match["link"] and not links:
            continue
        found += [Span("text", text[end : match.start()]), Span(str(match.lastgroup), match[match.lastgroup or 0])]
        end = match.end()
    return tuple(span for span in [*found, Span("text", text[end:])] if span.text)


def points(number: float) -> str:
    """Points as a person writes them: 2, 1.5, 0.25."""
    return f"{round(number, 2) + 0.0:.2f}".rstrip("0").rstrip(".")  # + 0.0: no "-0"


def one_point(number: float) -> str:
    """The same with its noun: 1 point, 2 points."""
    return f"{points(number)} {'point' if points(number) == '1' else 'points'}"


def _overwritten(line: str) -> str:
    """A progress bar as the terminal would leave it: what follows the last carriage return."""
    return line.rstrip("\r").rsplit("\r", 1)[-1]


def _visible(text: str) -> str:
    seen: list[str] = []
    marks = 0
    for letter in text:
        kind = unicodedata.category(letter)
        marks = marks + 1 if kind in ("Mn", "Me") else 0
        if letter == "\n" or letter == " ":
            seen.append(letter)
        elif kind in ("Zl", "Zp"):
            seen.append("\n")
        elif kind == "Zs":
            seen.append(" ")
        elif kind in ("Cs", "Co", "Cn"):
            seen.append("\N{REPLACEMENT CHARACTER}")
        elif kind not in ("Cc", "Cf") and marks <= _MARKS_ON_A_LETTER:
            seen.append(letter)
    return "".join(seen)


def _cut(text: str, cap: int) -> str:
    return text if len(text) <= cap else text[: cap - 1].rstrip() + "…"
