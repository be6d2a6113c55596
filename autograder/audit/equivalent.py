"""assignments/<unit>/equivalent.toml: mutants that are no slip at all, each with the reason.

[[mutant]]
function = "softmax"
line = "e = np.exp(z - z.max(axis=-1, keepdims=True))"      # as the mutant's report prints it
change = "max -> min"
reason = "..."
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from autograder.errors import UnitError

FILE = "equivalent.toml"
_KEYS = ("function", "line", "change", "reason")

Key = tuple[str, str, str]


def read(folder: Path) -> dict[Key, str]:
    """(function, line, change) -> reason.  UnitError with the place of a mistake."""
    path = folder / FILE
    if not path.is_file():
        return {}
    try:
        entries = tomllib.loads(path.read_text("utf-8")).get("mutant", [])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise UnitError(f"{folder.name}/{FILE}: {e}. Mend it.") from None
    return dict(map(_entry(folder), enumerate(entries, 1)))


def _entry(folder: Path) -> Any:
    def checked(numbered: tuple[int, Any]) -> tuple[Key, str]:
        number, entry = numbered
        if (
            not isinstance(entry, dict)
            or set(entry) != set(_KEYS)
            or not all(isinstance(v, str) and v for v in entry.values())
        ):
            raise UnitError(f"{folder.name}/{FILE}: mutant {number} needs {', '.join(_KEYS)}, each a text.")
        return (entry["function"], entry["line"], entry["change"]), entry["reason"]

    return checked
