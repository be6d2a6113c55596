"""The texts of questions (Markdown with TeX) for a terminal, for a page, and for learning platforms.

TeX becomes Unicode with unicodeit, MathML with latex2mathml; Markdown is read by markdown-it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache
from html import escape
from typing import Any

_MATH = re.compile(r"(```.*?```|`[^`\n]*`)|\$([^$]+)\$", re.DOTALL)
_WORDS = r"log|ln|exp|max|min|sin|cos|tanh|sinh|cosh|tan|arg|det|dim|lim|sup|inf|Pr|operatorname"
_PLAIN = re.compile(rf"\\({_WORDS})(?![a-zA-Z])")
_STYLE = re.compile(r"\\(?:mathrm|text|mathbf|operatorname|textrm|textbf|mathit|boldsymbol)\s*\{([^{}]*)\}")
_SPACES = re.compile(r"\\[,;:! ]|\\q?quad(?![a-zA-Z])|~")
_SIZES = re.compile(r"\\(?:left|right|bigl?|bigr?|Bigl?|Bigr?|displaystyle|limits)(?![a-zA-Z])")
_ACCENTS = {"tilde": "\u0303", "hat": "\u0302", "bar": "\u0304", "dot": "\u0307", "overline": "\u0304"}
_HELD = {"_": "\ue000", "^": "\ue001"}  #: marks that unicodeit must leave alone
_SUBSCRIPTS = set("0123456789+-=()aehijklmnoprstuvxβγρφχ")
_SUPERSCRIPTS = set("0123456789+-=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVW")


def math_segments(text: str, math: Callable[[str], str], other: Callable[[str], str] = str) -> str:
    """The text with each `$...$` replaced; code is left alone."""
    parts, end = [], 0
    for match in _MATH.finditer(text):
        parts.append(other(text[end : match.start()]))
        parts.append(match[1] if match[1] is not None else math(match[2]))
        end = match.end()
    return "".join([*parts, other(text[end:])])


def terminal(text: str) -> str:
    """Markdown whose formulas are readable characters, for rich."""
    return math_segments(text, lambda tex: re.sub(r"([\\`*_\[\]<>#|])", r"\\\1", unicode(tex)))


@cache
def unicode(tex: str) -> str:
    """A formula in one line of characters: `σ(x) = 1/(1 + e⁻ˣ)`."""
    import unicodeit

    text = _SIZES.sub("", _SPACES.sub(" ", tex.replace(r"\\", ";;")))
    text = _PLAIN.sub(r"\1", _STYLE.sub(r"\1", text))
    text = re.sub(r"\\begin\{[a-z]*matrix\}(.*?)\\end\{[a-z]*matrix\}", _matrix, text, flags=re.DOTALL)
    text = re.sub(
        r"\\begin\{cases\}(.*?)\\end\{cases\}", lambda m: "{" + _row(m[1].replace(";;", "; ")), text, flags=re.DOTALL
    )
    for _ in range(6):  # from the inside out
        before = text
        text = re.sub(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}", lambda m: f"{_group(m[1])}/{_group(m[2])}", text)
        text = re.sub(r"\\sqrt\s*\{([^{}]*)\}", lambda m: f"√{_group(m[1])}", text)
        text = re.sub(r"\\(tilde|hat|bar|dot|overline)(?![A-Za-z])\s*\{?(\\?[A-Za-z]+?)\}?(?![A-Za-z])", _accent, text)
        text = re.sub(r"([_^])\{([^{}]*)\}", _script, text)
        if text == before:
            break
    text = re.sub(r"\\([{}%&#_$])", "\\1", text)
    found = unicodeit.replace(text).replace(";;", "; ")
    for mark, held in _HELD.items():
        found = found.replace(held, mark)
    return unicodedata.normalize("NFC", re.sub(r"\s+", " ", found).strip())


def _row(text: str) -> str:
    return " ".join(text.replace("&", " ").split())


def _matrix(match: re.Match[str]) -> str:
    rows = [_row(row) for row in match[1].split(";;") if row.strip()]
    return "[" + "; ".join(rows) + "]" if len(rows) == 1 else "[" + " | ".join(rows) + "]"


def _group(text: str) -> str:
    return text if re.fullmatch(r"\\?\w+|\w(_\w|\^\w)*", text.strip()) else f"({text.strip()})"


def _accent(match: re.Match[str]) -> str:
    name = match[2]
    return name[0] + _ACCENTS[match[1]] + name[1:] if not name.startswith("\\") else f"{name}{_ACCENTS[match[1]]}"


def _script(match: re.Match[str]) -> str:
    """Small characters where all of them exist, parentheses otherwise."""
    mark, inside = match[1], match[2].replace(" ", "")
    known = _SUBSCRIPTS if mark == "_" else _SUPERSCRIPTS
    if inside and set(inside) <= known | {","}:
        return "".join(c if c == "," else f"{mark}{c}" for c in inside)
    if len(inside) == 1 or re.fullmatch(r"\\[a-zA-Z]+", inside):
        return f"{mark}{inside}"
    return f"{_HELD[mark]}({match[2].strip()})"


def html(text: str, math: str = "mathml") -> str:
    """A page's fragment.  math: "mathml" (browsers draw it), "parens" (`\\(...\\)`, for MathJax and Canvas) or "dollars"."""
    return str(_reader(math).render(text)).strip()


def inline(text: str, math: str = "mathml") -> str:
    """The same; a lone paragraph without its <p>, so that it stands in a line."""
    made = html(text, math)
    lone = re.fullmatch(r"<p>((?:(?!</?p>).)*)</p>", made, re.DOTALL)
    return lone[1] if lone else made


@cache
def _reader(math: str) -> Any:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    def rendered(tex: str, options: dict[str, Any]) -> str:
        if math == "mathml":
            return mathml(tex)
        return escape(f"${tex}$" if math == "dollars" else rf"\({tex}\)", quote=False)

    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    reader.use(dollarmath_plugin, renderer=rendered, allow_digits=True, double_inline=False)
    # The plug-in wraps formulas in elements of its own; a fragment for other programs needs none.
    reader.add_render_rule("math_inline", lambda self, tokens, i, *_: rendered(tokens[i].content, {}))
    return reader


@cache
def mathml(tex: str) -> str:
    """A formula that a browser draws without a script."""
    import latex2mathml.converter

    return str(latex2mathml.converter.convert(tex))
