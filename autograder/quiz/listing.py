"""Short programs in questions: their lines are numbered, and a line can be an option."""

from __future__ import annotations

from collections.abc import Sequence


def numbered(lines: Sequence[str]) -> str:
    """A fenced block of Python with the number of each line before it."""
    width = len(str(len(lines)))
    return "```python\n" + "\n".join(f"{n:{width}}  {line}" for n, line in enumerate(lines, 1)) + "\n```"


def line_options(lines: Sequence[str]) -> list[str]:
    """Each line as an option: its number and its text."""
    return [f"line {n}: `{line.strip()}`" for n, line in enumerate(lines, 1)]
