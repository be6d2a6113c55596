"""Writes docs/attacks.md: what every attack won in every box, and on nbgrader.  `make attacks` does both steps.

ATTACKS=all .venv/bin/python -m pytest tests/sandbox/test_attacks.py    outcomes, into .autograder/attacks.json
.venv/bin/python scripts/attack_table.py --nbgrader                     nbgrader's side (3 minutes), then the page
"""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "sandbox"))

import nbgrader_side
from attacks import ATTACKS, Attack
from entries import ENTRIES

ROOT = Path(__file__).parent.parent
#: attack -> box -> what it won ("held": nothing) and the seconds that it took
Outcomes = Mapping[str, Mapping[str, tuple[str, float]]]

HEAD = """# What was tried against the grader

<!-- Made by scripts/attack_table.py (`make attacks`); a test fails when it is not the table of tests/sandbox/attacks. -->

{summary}

Run on {date} on a machine of this kind: {machine}.

Each attack is one cell of a notebook (or a whole file that is handed in), run through the steps of a real submission:
intake, a box, hidden tests outside it. It **succeeds** if it gains a point over the honest wrong solutions around it,
learns a hidden test, an expected value, a seed or other people's work, takes the grade away (no verdict, or one much later
than the limits allow), changes the host, costs the honest right notebook after it a point, or leaves a process or a file
behind. **held** means none of that. An honest right notebook (4 of 4 points), an honest wrong one (0) and mixtures (2) are
graded in the same boxes; the right one again after every attack.

The columns are the boxes; `docker/landlock` is a box and its jail. `–`: that box does not claim to stop the attack.
*process* isolates nothing, so only attacks on the judge are tried in it. *s* is the slowest box, with the honest notebook
after the attack.

*nbgrader* is what the same cell wins against `nbgrader autograde` {nbgrader}, which runs a notebook and its hidden tests in
one kernel: the same four points, in its own grade cells. It has no walls, so only attacks that cannot harm the machine are
tried there, those marked * as they would be written for it. *lost the grade*: nothing is recorded for that student. {theirs}
"""


def main() -> None:
    """Write the page; with --nbgrader its side is tried first, else the outcomes of the last time stand."""
    state = Path(os.environ.get("AUTOGRADER_STATE", ROOT / ".autograder"))
    kept = state / "attacks-nbgrader.json"
    if "--nbgrader" in sys.argv[1:]:
        kept.write_text(json.dumps(on_nbgrader(), indent=1))
    (ROOT / "docs").mkdir(exist_ok=True)
    written = page(json.loads((state / "attacks.json").read_text()), json.loads(kept.read_text()))
    (ROOT / "docs" / "attacks.md").write_text(written)


def on_nbgrader() -> dict[str, str]:
    canaries = {name: f"CANARY-{name}-{os.urandom(8).hex()}" for name in nbgrader_side.CANARIES.values()}
    with tempfile.TemporaryDirectory() as folder:
        return nbgrader_side.tried(Path(folder) / "course", ATTACKS, canaries)


def page(ours: Outcomes, theirs: Mapping[str, str]) -> str:
    """The whole page: summary, what the columns mean, attacks, entries."""
    boxes = list(dict.fromkeys(box for found in ours.values() for box in found))
    boxes.sort(key=lambda box: (box == "process", box))
    head = HEAD.format(
        summary=summary(ours, boxes),
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        machine=machine(),
        nbgrader=nbgrader_version(),
        theirs=their_summary(theirs),
    )
    columns = ["attack", "what it tries", "aims", *boxes, "s", "nbgrader"]
    table = [_row(columns), _row(["---"] * len(columns))]
    table += [_row(line(attack, ours.get(attack.id, {}), boxes, theirs)) for attack in ATTACKS]
    listed = [_row(["section", "entry", "attacks"]), _row(["---"] * 3)]
    listed += [_row([entry.section, entry.words, " ".join(entry.attacks)]) for entry in ENTRIES]
    return "\n".join([head, "## The attacks", "", *table, "", "## The list, and who tries what", "", *listed, ""])


def summary(ours: Outcomes, boxes: list[str]) -> str:
    """How many were run, in how many boxes, and which won."""
    run = [attack for attack in ATTACKS if ours.get(attack.id)]
    won = [attack for attack in run if any(outcome != "held" for outcome, _ in ours[attack.id].values())]
    tries = sum(len(ours[attack.id]) for attack in run)
    said = [f"**{len(won)} of {len(run)} attacks succeeded**, in {tries} tries over {len(boxes)} boxes."]
    for why in dict.fromkeys(attack.known for attack in won):
        ids = [attack.id for attack in won if attack.known == why]
        said.append(f"{' and '.join(ids)} did: {why or 'a hole, to be mended'}.")
    rest = [attack.id for attack in ATTACKS if attack not in run]
    said += [f"Not run, for want of a graphics card: {', '.join(rest)}."] * bool(rest)
    return " ".join(said)


def their_summary(theirs: Mapping[str, str]) -> str:
    won = [outcome for outcome in theirs.values() if outcome != "held" and not outcome.startswith("refused")]
    return f"There, {len(won)} of {len(theirs)} attacks succeeded."


def line(
    attack: Attack, found: Mapping[str, tuple[str, float]], boxes: list[str], theirs: Mapping[str, str]
) -> list[str]:
    """One attack's row."""
    slowest = max((seconds for _, seconds in found.values()), default=0.0)
    mark = " *" if attack.id in nbgrader_side.WRITTEN_FOR_IT else ""
    nbgrader = theirs[attack.id] + mark if attack.id in theirs else nbgrader_side.why_not(attack)
    return [
        attack.id,
        attack.title,
        attack.aims,
        *(told(attack, box, found) for box in boxes),
        f"{slowest:.1f}",
        nbgrader,
    ]


def told(attack: Attack, box: str, found: Mapping[str, tuple[str, float]]) -> str:
    if box in found:
        return found[box][0]
    return "–" if box == "process" and attack.wall else "not run"


def machine() -> str:
    system = platform.freedesktop_os_release().get("NAME", platform.system())
    kernel = ".".join(platform.release().split(".")[:2])
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {system}, Linux {kernel}, Python {platform.python_version()}"
    )


def nbgrader_version() -> str:
    return version("nbgrader")


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


if __name__ == "__main__":
    main()
