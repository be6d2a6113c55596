"""What the teacher sees of one result: every check with its seed and its message whole, and where the time went.

This is no format of the report and not for students: it reads the raw result.  What it prints is as plain as theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from autograder.records import CheckResult, Submission

from . import plain
from .policy import LoadError

_WHOLE = 1 << 20  # nothing is cut that a person would read


def render(
    submission: Submission,
    checks: Sequence[CheckResult],
    provenance: Mapping[str, Any],
    load_errors: Sequence[LoadError] = (),
    output: str = "",
) -> RenderableType:
    """For `console.print`.  provenance: as the pipeline stored it."""
    seeds = provenance.get("seeds", {})
    checked = Table("check", "seed", "verdict", "points", "told", title="for the teacher", title_justify="left")
    for check in checks:
        told = [check.message, check.diagnosis and f"diagnosis: {check.diagnosis}", _place(check)]
        checked.add_row(
            _whole(check.check),
            _whole(str(seeds.get(check.check, "-"))),
            _whole(check.verdict.value),
            _whole(f"{check.earned:g} of {check.points:g}" + (f", takes {check.takes:g}" if check.takes else "")),
            _whole("\n".join(line for line in told if line)),
        )
    lines: list[RenderableType] = [
        _whole(f"submission {submission.id} of {submission.student}, attempt {submission.attempt}"),
        checked,
    ]
    lines += [_whole(f"cell {error.cell}, line {error.line}: {error.kind}: {error.message}") for error in load_errors]
    lines += [_whole(f"{key}: {value}") for key, value in provenance.items() if key not in ("seeds", "stages")]
    stages = provenance.get("stages", {})
    lines.append(_whole("stages: " + ", ".join(f"{stage} {1000 * s:.1f} ms" for stage, s in stages.items())))
    if output:
        lines += [Text("printed before the first hidden call:"), _whole(output)]
    return Group(*lines)


def _place(check: CheckResult) -> str:
    return f"cell {check.cell}, line {check.line}" if check.line is not None else ""


def _whole(text: str) -> Text:
    return Text(plain.block(text, _WHOLE), overflow="fold")
