"""The notebook as text: py:percent cells with JSON headers."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from autograder.errors import UnitError


def read_text(file: Path, place: str) -> str:
    try:
        return file.read_text("utf-8")
    except FileNotFoundError:
        raise UnitError(f"{place}:1: the file is missing. Create it, or remove the unit from course.yaml.") from None
    except UnicodeDecodeError:
        raise UnitError(f"{place}:1: the file is not UTF-8 text. Save it as UTF-8.") from None


def meant(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


@dataclass(frozen=True)
class Raw:
    """A cell as it stands in the file."""

    markdown: bool
    keys: Mapping[str, Any]
    header: int  #: line of "# %%"
    lines: tuple[str, ...]
    first: int  #: line of lines[0]


_KEYS: Mapping[bool, tuple[str, ...]] = {
    False: ("exercise", "source", "forbid", "test", "run"),
    True: ("manual", "points", "answer"),
}
_KEY = re.compile(r"([A-Za-z_][\w-]*)\s*=\s*")


def split(text: str, place: str) -> list[Raw]:
    lines = text.splitlines()
    heads = [n for n, line in enumerate(lines, 1) if re.match(r"#\s*%%", line)]
    for n, line in enumerate(lines[: heads[0] - 1 if heads else None], 1):
        if line.strip() and not line.startswith("#"):
            raise UnitError(f"{place}:{n}: there is text before the first cell. Start with '# %% [markdown]'.")
    if not heads:
        raise UnitError(f"{place}:1: the notebook has no cells. Start one with '# %% [markdown]'.")
    return [_raw(lines[a:b], a, lines[a - 1], place) for a, b in pairwise([*heads, len(lines) + 1]) for b in [b - 1]]


def _raw(body: list[str], header: int, head: str, place: str) -> Raw:
    markdown, keys = _header(head, f"{place}:{header}")
    first = header + 1
    while body and not body[0].strip():
        body, first = body[1:], first + 1
    while body and not body[-1].strip():
        body = body[:-1]
    if markdown:
        body = [_uncomment(line, f"{place}:{first + i}") for i, line in enumerate(body)]
    return Raw(markdown, keys, header, tuple(line.rstrip() for line in body), first)


def _uncomment(line: str, at: str) -> str:
    if line.strip() and line != "#" and not line.startswith("# "):
        raise UnitError(
            f"{at}: a line of a [markdown] cell does not start with '# '. Comment it, or start a code cell."
        )
    return line[2:]


def _header(head: str, at: str) -> tuple[bool, dict[str, Any]]:
    """`# %% [markdown] key=JSON ...` -> is it markdown, and its keys."""
    match = re.fullmatch(r"# %%(?: +(\[markdown\]))?(?: +(.*?))? *", head)
    if not match:
        raise UnitError(f"{at}: {head!r} is not a cell header. Write '# %%' or '# %% [markdown]', then key=value.")
    markdown, rest = bool(match[1]), match[2] or ""
    keys: dict[str, Any] = {}
    while rest:
        key, value, rest = _pair(rest, at)
        if key in keys:
            raise UnitError(f"{at}: {key!r} is given twice. Keep one of them.")
        _known(key, markdown, at)
        keys[key] = value
    return markdown, keys


def _pair(rest: str, at: str) -> tuple[str, Any, str]:
    match = _KEY.match(rest)
    if not match:
        raise UnitError(f'{at}: {rest!r} is not key=value. Write keys as test="softmax", or nothing.')
    try:
        value, end = json.JSONDecoder(parse_constant=_no_constant).raw_decode(rest, match.end())
    except ValueError:
        bare = rest[match.end() :].split(" ")[0]
        raise UnitError(
            f'{at}: the value of {match[1]!r} is not JSON: {bare}. Quote text: {match[1]}="...", lists: ["a", "b"].'
        ) from None
    if rest[end : end + 1].strip():
        raise UnitError(f"{at}: {rest[end:]!r} follows the value of {match[1]!r} at once. Put a space between keys.")
    return match[1], value, rest[end:].lstrip()


def _no_constant(word: str) -> Any:
    raise ValueError(word)


def _known(key: str, markdown: bool, at: str) -> None:
    if key in _KEYS[markdown]:
        return
    here, there = ("[markdown]", "code") if markdown else ("code", "[markdown]")
    if key in _KEYS[not markdown]:
        raise UnitError(f"{at}: {key!r} belongs to a {there} cell, this is a {here} cell. Change the header.")
    hint = meant(key, _KEYS[markdown]) or f" A {here} cell knows {', '.join(_KEYS[markdown])}."
    raise UnitError(f"{at}: unknown key {key!r}.{hint}")
