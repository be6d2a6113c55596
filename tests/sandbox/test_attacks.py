"""Every attack of attacks.py in every box that claims to stop it, with honest controls in the same box before and after.

An attack holds if it gained no point over the honest wrong solutions, learned no canary, left the host and the box as
they were, ended with a verdict (or a refusal in one line) in time, and the honest right notebook right after it got
full points.  All outcomes are written to .autograder/attacks.md.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import threading
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import attacks
import nbformat
import pytest
from attacks import ATTACKS, RIGHT_SCALE, RIGHT_SOFTMAX, WRONG_SCALE, WRONG_SOFTMAX, Attack
from boxes import DOCKER, WALLS, Boxes, descendants, submitted, zygote_parent

from autograder import bundle, release
from autograder.checks.session import CheckSession
from autograder.errors import SubmissionError
from autograder.notebook import Unit, load_unit
from autograder.pipeline import Measurement, measure
from autograder.records import Limits, Submission, Verdict
from autograder.sandbox.box import Box
from autograder.secret import Secret

LIMITS = Limits(
    call_s=0.4, load_s=1.5, total_s=4.0, memory_mb=256, processes=40, file_mb=32, output_kb=64, answer_mb=16
)
FULL = 4.0
#: A submission that sleeps gets up to three times its limits by the wall clock; the rest is for a busy machine.
LONGEST_S = 3 * LIMITS.total_s + 12
COURSE = Path(__file__).parents[1] / "fixtures" / "tiny_course"


def canary(kind: str) -> str:
    return f"CANARY-{kind}-{secrets.token_hex(8)}"


ENVIRONMENT, HIDDEN, REFERENCE, NEIGHBOUR, HOST = map(
    canary, ("environment", "hidden", "reference", "neighbour", "host")
)
os.environ["AUTOGRADER_CANARY"] = ENVIRONMENT  # before any box starts


@dataclass(frozen=True)
class Bench:
    """The tiny course with canaries in it, and its tests held open."""

    unit: Unit
    session: CheckSession
    digest: str
    secret: Secret

    def notebook(self, softmax: str, scale: str, added: str = "") -> bytes:
        """A hand-in with these solutions, and one more cell after them."""
        node = release.build(self.unit)
        for cell in node.cells:
            grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
            cell.source = {"softmax": softmax, "scale": scale}.get(grade_id, cell.source)
        if added:
            node.cells.append(nbformat.v4.new_code_cell(added))
        return nbformat.writes(node).encode()

    def measure(self, box: Box, data: bytes, filename: str = "tiny.ipynb") -> Measurement:
        now = datetime(2027, 3, 1, tzinfo=UTC)
        submission = Submission(1, "eve", "tiny", 1, now, hashlib.sha256(data).hexdigest(), filename)
        return measure(box, self.session, self.unit, submission, data, LIMITS, self.secret, self.digest)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    root = tmp_path_factory.mktemp("course") / "tiny"
    shutil.copytree(COURSE, root)
    for name, planted in (("assignments/tiny/test_hidden.py", HIDDEN), ("reference/activations.py", REFERENCE)):
        with (root / name).open("a") as f:
            f.write(f'\n\nPLANTED = "{planted}"  # {planted}\n')
    made = bundle.make_bundle(root, "tiny")
    folder = bundle.materialise(made, tmp_path_factory.mktemp("bundles"))
    unit = load_unit(folder, "tiny")
    with CheckSession(folder, "tiny") as session:
        yield Bench(unit, session, made.digest, Secret(secrets.token_bytes(32)))


def box_of(boxes: Boxes, bench: Bench, name: str) -> Box:
    return boxes.get(name, LIMITS, bench.unit.folder / "data")


# The judge


def earned(found: Measurement) -> float:
    """Points, each exercise between nothing and all of its own."""
    exercises = {check.exercise for check in found.checks}
    return sum(max(0.0, sum(c.earned for c in found.checks if c.exercise == e)) for e in exercises)


def told(found: Measurement) -> str:
    """All that leaves the grading of a submission for its student's eyes."""
    return repr(replace(found, seeds={}, answers=None, stages={}))


def kept(found: Measurement) -> str:
    """The same with the answers that are stored."""
    return told(found) + zlib.decompress(found.answers or zlib.compress(b"")).decode("latin-1")


@dataclass(frozen=True)
class Before:
    """How the host and the box looked before an attack."""

    processes: frozenset[tuple[int, str]]
    host: str

    @classmethod
    def of(cls, box: Box, planted: list[Path]) -> Before:
        family = frozenset() if box.name == "process" else frozenset(descendants(zygote_parent(box)))
        marks = [(p, p.read_bytes(), p.stat().st_mode, p.stat().st_uid, p.stat().st_mtime_ns) for p in planted]
        nodes = [(n, os.stat(n).st_mode, os.stat(n).st_mtime_ns) for n in ("/dev/null", "/dev/zero")]
        assert box._folder is not None
        staged = [(p, p.read_bytes()) for p in sorted(box._folder.rglob("*.py"))]
        owned = [p for p in ("/tmp/autograder-owned", "/etc/autograder-owned", "/tmp/su") if os.path.lexists(p)]
        return cls(family, hashlib.sha256(repr((marks, nodes, staged, owned)).encode()).hexdigest())


def tried(attack: Attack, box: Box, bench: Bench, planted: list[Path], most: float) -> list[str]:
    """Run one attack; what it won, in words.  Empty: the wall held."""
    right = attack.base == "right"
    softmax = attack.softmax or (RIGHT_SOFTMAX if right else WRONG_SOFTMAX)
    scale = attack.scale or (RIGHT_SCALE if right else WRONG_SCALE)
    data, filename = bench.notebook(softmax, scale, attack.source), "tiny.ipynb"
    if attack.file:
        data, filename = attack.file(data)
    before, began = Before.of(box, planted), time.monotonic()
    try:
        found = bench.measure(box, data, filename)
    except SubmissionError as refusal:
        won = (
            [f"the refusal is no short line: {str(refusal)[:100]!r}"]
            if len(str(refusal)) > 500 or "\n" in str(refusal)
            else []
        )
    else:
        won = [] if right else [f"gained {earned(found) - most:g} points"] * (earned(found) > most)
        won += leaked(found)
        won += ["no verdict"] * any(c.verdict is Verdict.NOT_GRADED for c in found.checks)
    seconds = time.monotonic() - began
    won += [f"took {seconds:.0f} s"] * (seconds > LONGEST_S)
    return won + harmed(before, box, planted)


def leaked(found: Measurement) -> list[str]:
    """What came out that must not."""
    said = kept(found)
    known = {k: v for k, v in globals().items() if k in ("ENVIRONMENT", "HIDDEN", "REFERENCE", "NEIGHBOUR", "HOST")}
    won = [f"learned the canary {name.lower()}" for name, text in known.items() if text in said]
    won += ["told a hidden input"] * ("LEAK-" in told(found))
    won += ["told a seed"] * any(str(seed) in told(found) for seed in found.seeds.values())
    won += [line for line in found.output.splitlines() if line.startswith("OWNED")]
    won += ["a long message"] * any(len(f.message) > 500 for f in found.faults)
    won += ["much output"] * (len(found.output) > LIMITS.output_kb << 10)
    won += ["a long sentence"] * any(len(c.message) > 600 or len(c.diagnosis) > 600 for c in found.checks)
    return won + ["a control code in a sentence"] * any(
        re.search(r"[\x00-\x08\x0b-\x1f\x7f]", c.message) for c in found.checks
    )


def harmed(before: Before, box: Box, planted: list[Path]) -> list[str]:
    """What is not as it was."""
    after = Before.of(box, planted)
    won = [f"left {len(after.processes - before.processes)} processes"] * bool(after.processes - before.processes)
    won += ["killed a process of the box"] * bool(before.processes - after.processes)
    return won + ["changed the host"] * (after.host != before.host)


def control(box: Box, bench: Bench) -> list[str]:
    """The honest right notebook, full of canaries of its own: full points, or the attack before it did harm."""
    mine = f"""
import os
mine = {NEIGHBOUR!r}; os.environ["MINE"] = mine; print(mine)
for path in ("mine", "/tmp/mine", "/dev/shm/mine"):
    try: open(path, "w").write(mine)
    except OSError: pass
"""
    found = bench.measure(box, bench.notebook(RIGHT_SOFTMAX, RIGHT_SCALE, mine))
    seen = [f"{c.check} {c.verdict.value}: {c.message}" for c in found.checks if c.verdict is not Verdict.PASSED]
    return [f"the next submission lost points ({'; '.join(seen)})"] * (earned(found) < FULL or bool(seen))


# The tests


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory, state: Path) -> Iterator[list[Path]]:
    """Files of the host that nobody inside may read or change."""
    files = [Path("/tmp/autograder-canary"), state / "autograder-canary"]
    for file in files:
        file.write_text(HOST)
    yield files
    for file in files:
        file.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def outcomes(state: Path) -> Iterator[list[tuple[str, ...]]]:
    """One row for each attack and box, written out at the end."""
    rows: list[tuple[str, ...]] = []
    yield rows
    if len(rows) > 20:
        lines = ["| attack | aims | what it tries | box | outcome | s |", "|---|---|---|---|---|---|"]
        (state / "attacks.md").write_text("\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)]) + "\n")


def cases() -> Iterator[object]:
    for attack in ATTACKS:
        marks = [pytest.mark.slow] if attack.slow else []
        marks += [pytest.mark.xfail(reason=attack.known, strict=True)] if attack.known else []
        yield pytest.param(attack, "docker", id=f"{attack.id}-docker", marks=[*marks, *DOCKER.marks])
        yield pytest.param(attack, "bubblewrap", id=f"{attack.id}-bubblewrap", marks=marks)
        if not attack.wall:
            yield pytest.param(attack, "process", id=f"{attack.id}-process", marks=marks)


@pytest.mark.parametrize("name", [DOCKER, "bubblewrap", "process"])
def test_honest_work_gets_what_it_deserves(name, boxes, bench):
    """The controls themselves: right gets all points, wrong gets none of either exercise, a mix its half."""
    box = box_of(boxes, bench, name)
    assert control(box, bench) == []
    assert earned(bench.measure(box, bench.notebook(WRONG_SOFTMAX, WRONG_SCALE))) == 0
    assert earned(bench.measure(box, bench.notebook(RIGHT_SOFTMAX, WRONG_SCALE))) == 2
    assert earned(bench.measure(box, bench.notebook(WRONG_SOFTMAX, RIGHT_SCALE))) == 2


def test_the_judge_of_attacks_sees_what_it_should(boxes, bench, planted):
    """A leak, a gain and a proof are found when they are there: the tests below are not blind."""
    box = box_of(boxes, bench, "process")
    won = tried(
        Attack("Z1", "print a host file", "secret", "print('OWNED', open('/tmp/autograder-canary').read())"),
        box,
        bench,
        planted,
        0,
    )
    assert {"learned the canary host"} <= set(won)
    assert any(w.startswith("OWNED") for w in won)
    assert "gained 4 points" in tried(
        Attack("Z2", "solve it", "points", RIGHT_SOFTMAX + RIGHT_SCALE), box, bench, planted, 0
    )


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("attack", "name"), list(cases()))
def test_the_wall_holds(attack, name, boxes, bench, planted, outcomes):
    """No point, no secret, no harm, no lost verdict, nothing left; and honest work right after it gets full points."""
    box = box_of(boxes, bench, name)
    began = time.monotonic()
    try:
        won = tried(attack, box, bench, planted, most=0.0)
        won += control(box, bench)
    except Exception as e:
        boxes.lost(box)
        won = [f"no verdict: {type(e).__name__}: {str(e)[:200]}"]
    row = (attack.id, attack.aims, attack.title, name, "; ".join(won) or "held", f"{time.monotonic() - began:.1f}")
    outcomes.append(tuple(cell.replace("|", "/").replace("\n", " ") for cell in row))
    assert not won


@pytest.mark.parametrize("name", WALLS)
def test_a_hog_in_one_box_costs_its_neighbour_nothing(name, boxes, bench):
    """While thirty processes spin in another box, honest work still gets full points."""
    hog = boxes.get(name, replace(LIMITS, load_s=4.0, total_s=8.0))
    spin = "import os\nfor _ in range(30):\n    if os.fork() == 0: break\nwhile True: pass"
    box = box_of(boxes, bench, name)
    with submitted(hog, spin, limits=hog.settings.limits) as student:
        spinning = threading.Thread(target=student.try_load)
        spinning.start()
        won = [word for _ in range(4) for word in control(box, bench)]
        assert spinning.is_alive()
        spinning.join()
    assert won == []


def test_the_table_covers_every_section():
    """At least forty attacks, several from every section, each with its own id and title."""
    sections = [attack.section for attack in ATTACKS]
    assert len({a.id for a in ATTACKS}) == len({a.title for a in ATTACKS}) == len(ATTACKS) >= 40
    assert all(sections.count(letter) >= 5 for letter in "ABCDEFGIJX")
    assert {a.aims for a in ATTACKS} == {"points", "secret", "harm", "block", "leftover"}
    assert attacks.__doc__
