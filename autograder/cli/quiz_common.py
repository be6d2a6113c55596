"""What the quiz verbs share: the course's templates, and a question in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.markdown import Markdown
from rich.padding import Padding
from rich.text import Text

from ..quiz import catalogue, markup
from ..quiz.catalogue import Catalogue
from ..quiz.options import LETTERS
from .common import Desk


def templates(desk: Desk) -> Catalogue:
    """All templates of the course."""
    return catalogue.load(desk.root, desk.course.topics)


def now() -> datetime:
    return datetime.now(UTC)


def markdown(text: str) -> RenderableType:
    """A question's text."""
    return Markdown(markup.terminal(text), code_theme="ansi_light")


def question(
    prompt: str, figure: str, options: Sequence[str], lefts: Sequence[str], how: str, head: str = ""
) -> RenderableType:
    """A question as it is asked."""
    parts: list[RenderableType] = [Text(head, style="bold")] if head else []
    parts.append(markdown(prompt))
    if figure:
        parts.append(Padding(Text(figure, style="cyan"), (1, 0, 0, 4)))
    parts += [Padding(_option(str(n), left), (0, 0, 0, 2)) for n, left in enumerate(lefts, 1)]
    parts += [Padding(_option(f"({LETTERS[n]})", each), (0, 0, 0, 4)) for n, each in enumerate(options)]
    parts.append(Text(f"Type {how}", style="dim"))
    return Group(*parts)


def _option(name: str, text: str) -> RenderableType:
    return Text(f"{name} ") + Text(markup.terminal(text).replace("\\", ""))
