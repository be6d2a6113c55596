"""Every attack in every box that claims to stop it, with honest controls in the same box before and after.

The box held if the attack gained no point over the honest wrong solutions, learned no canary, left the host and the box
as they were, ended with a verdict (or a refusal in one line) in time, and the honest right notebook right after it got
full points.  ATTACKS=all in the environment tries each attack in every box, CI=true in one of each kind; otherwise it is
tried in bubblewrap, each fourth one in Docker and the process box as well.  The outcomes lie in .autograder/attacks.json;
scripts/attack_table.py makes docs/attacks.md of them.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
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
from typing import Any

import nbformat
import nbgrader_side
import pytest
from attacks import ATTACKS, RIGHT_SCALE, RIGHT_SOFTMAX, WRONG_SCALE, WRONG_SOFTMAX, Attack
from boxes import EVERY, WALLS, Boxes, descendants, submitted, zygote_parent
from entries import ENTRIES
from nbgrader_side import CANARIES, SAME, WRITTEN_FOR_IT

from autograder import bundle, release
from autograder.checks.session import CheckSession
from autograder.errors import BoxError, SubmissionError
from autograder.notebook import Unit, load_unit
from autograder.pipeline import Measurement, measure, read
from autograder.records import Gpu, Limits, Submission, Verdict
from autograder.sandbox.box import Box, Settings
from autograder.sandbox.choose import make
from autograder.secret import Secret

LIMITS = Limits(
    call_s=0.4, load_s=1.5, total_s=4.0, memory_mb=256, processes=40, file_mb=32, output_kb=64, answer_mb=16
)
FULL = 4.0
#: A submission that sleeps gets up to three times its limits by the wall clock; the rest is for a busy machine.
LONGEST_S = 3 * LIMITS.total_s + 12
ROOT = Path(__file__).parents[2]
IDS = {attack.id for attack in ATTACKS}
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

    def measure(self, box: Box, data: bytes, filename: str = "tiny.ipynb", attempt: int = 1) -> Measurement:
        now = datetime(2027, 3, 1, tzinfo=UTC)
        submission = Submission(attempt, "eve", "tiny", attempt, now, hashlib.sha256(data).hexdigest(), filename)
        work = read(self.unit, submission, data)
        return measure(box, self.session, self.unit, work, LIMITS, self.secret, self.digest)


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
    return boxes.get(name, LIMITS, bench.unit.folder / "data", bench.unit.absent)


def card_box(boxes: Boxes, name: str) -> Box:
    """A box with a share of the card; torch needs more memory with it."""
    return make(boxes.choice(name), Settings(replace(LIMITS, memory_mb=4096, load_s=30, total_s=60), gpu=Gpu(0.25)))


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
    host: frozenset[tuple[object, ...]]
    waiting: bool  #: the zygote has made a jail for the next submission: one process more, which is nobody's

    @classmethod
    def of(cls, box: Box, planted: list[Path]) -> Before:
        with contextlib.suppress(BoxError):  # it is dead: that is seen below
            box.check()
        family = frozenset() if box.name == "process" else frozenset(descendants(zygote_parent(box)))
        marks = [(p, p.read_bytes(), p.stat().st_mode, p.stat().st_uid, p.stat().st_mtime_ns) for p in planted]
        nodes = [(n, os.stat(n).st_mode, os.stat(n).st_mtime_ns) for n in ("/dev/null", "/dev/zero")]
        assert box._folder is not None
        staged = [(p, p.read_bytes()) for p in sorted(box._folder.rglob("*.py"))]
        owned = [p for p in ("/tmp/autograder-owned", "/etc/autograder-owned", "/tmp/su") if os.path.lexists(p)]
        return cls(
            family,
            frozenset([*marks, *nodes, *staged, *((path, "is there") for path in owned)]),
            box._waiting is not None,
        )


def tried(attack: Attack, box: Box, bench: Bench, planted: list[Path], most: float) -> list[str]:
    """Run one attack; what it won, in words.  Empty: the wall held."""
    right = attack.base == "right"
    softmax = attack.softmax or (RIGHT_SOFTMAX if right else WRONG_SOFTMAX)
    scale = attack.scale or (RIGHT_SCALE if right else WRONG_SCALE)
    data, filename = bench.notebook(softmax, scale, attack.source), "tiny.ipynb"
    if attack.file:
        data, filename = attack.file(data)
    before, began, won = quiet(box, planted), time.monotonic(), []
    runs: list[Measurement] = []
    try:
        runs += (bench.measure(box, data, filename, attempt) for attempt in range(1, attack.attempts + 1))
    except SubmissionError as refusal:
        short = len(str(refusal)) <= 500 and "\n" not in str(refusal)
        won += [] if short else [f"the refusal is no short line: {str(refusal)[:100]!r}"]
    for found in runs:
        won += [] if right else [f"gained {earned(found) - most:g} points"] * (earned(found) > most)
        won += leaked(found)
        won += ["no verdict"] * any(c.verdict is Verdict.NOT_GRADED for c in found.checks)
    won += again(runs)
    seconds = time.monotonic() - began
    won += [f"took {seconds:.0f} s"] * (seconds > LONGEST_S * attack.attempts)
    return won + harmed(before, box, planted)


def quiet(box: Box, planted: list[Path]) -> Before:
    """The state before an attack, when nothing of the submission before it is still on its way out, and no jail waits."""
    box.end(box.load())
    for _ in range(50):
        before = Before.of(box, planted)
        time.sleep(0.01)
        if Before.of(box, planted) == before:
            return before
    raise AssertionError("the box does not come to rest")


def again(runs: list[Measurement]) -> list[str]:
    """A hidden input that came in two attempts: what one pass or fail told of it helps the next."""
    seeds = [seed for found in runs for seed in found.seeds.values()]
    return ["the same hidden input twice"] * (len(set(seeds)) < len(seeds))


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
    """What is not as it was, a moment later: a helper of the jail may still be on its way out on a busy machine."""
    after = Before.of(box, planted)
    for _ in range(100):
        if len(after.processes - before.processes) <= after.waiting:
            break
        time.sleep(0.03)
        after = Before.of(box, planted)
    left = len(after.processes - before.processes) - after.waiting
    won = [f"left {left} processes"] * (left > 0)
    won += ["killed a process of the box"] * bool(before.processes - after.processes)
    return won + [f"changed the host: {thing[0]}" for thing in sorted(before.host ^ after.host, key=repr)[:1]]


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
    name = f"autograder-canary-{os.getpid()}"  # other runs of these tests have their own
    files = [Path("/tmp") / name, state / name]
    for file in files:
        file.write_text(HOST)
    yield files
    for file in files:
        file.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def outcomes(state: Path) -> Iterator[dict[str, dict[str, tuple[str, float]]]]:
    """attack -> box -> what it won and the seconds that it took; added to what earlier runs found."""
    rows: dict[str, dict[str, tuple[str, float]]] = {}
    yield rows
    kept = state / "attacks.json"
    old = json.loads(kept.read_text()) if kept.exists() else {}
    new = {attack.id: {**old.get(attack.id, {}), **rows.get(attack.id, {})} for attack in ATTACKS}
    kept.write_text(json.dumps(new, indent=1))


def places(number: int, attack: Attack) -> list[Any]:
    """The boxes that an attack is tried in, as test parameters; the jails take turns unless all are asked for."""
    process = [] if attack.wall else [pytest.param("process")]
    if os.environ.get("ATTACKS") == "all":
        return [*WALLS, *process]
    kinds = [[wall for wall in WALLS if wall.values[0].startswith(kind)] for kind in ("bubblewrap", "docker")]
    chosen = [walls[(number + number // 4) % len(walls)] for walls in kinds]
    return [*chosen, *process] if os.environ.get("CI") == "true" or number % 4 == 0 else chosen[:1]


def cases() -> Iterator[object]:
    for number, attack in enumerate(ATTACKS):
        marks = [pytest.mark.slow] * attack.slow + [pytest.mark.gpu] * attack.gpu
        marks += [pytest.mark.xfail(reason=attack.known, strict=True)] if attack.known else []
        for box in places(number, attack):
            where = [] if attack.gpu else box.marks  # CI has an engine, but no card
            yield pytest.param(attack, *box.values, id=f"{attack.id}-{box.values[0]}", marks=[*marks, *where])


@pytest.mark.parametrize("name", EVERY)
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
        Attack("Z1", "print a host file", "secret", f"print('OWNED', open('{planted[0]}').read())"),
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


@pytest.mark.filterwarnings("ignore:Duplicate name")  # a zip that holds one twice is an attack
@pytest.mark.timeout(120)
@pytest.mark.parametrize(("attack", "name"), list(cases()))
def test_the_wall_holds(attack, name, boxes, bench, planted, outcomes):
    """No point, no secret, no harm, no lost verdict, nothing left; and honest work right after it gets full points."""
    with contextlib.ExitStack() as own:
        box = own.enter_context(card_box(boxes, name)) if attack.gpu else box_of(boxes, bench, name)
        began = time.monotonic()
        try:
            won = tried(attack, box, bench, planted, most=0.0)
            won += control(box, bench)
        except Exception as e:
            boxes.lost(box)
            won = [f"no verdict: {type(e).__name__}: {str(e)[:200]}"]
    outcomes.setdefault(attack.id, {})[name] = ("; ".join(won) or "held", round(time.monotonic() - began, 1))
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
        won, rounds = [], 0
        while rounds < 4 and spinning.is_alive():
            words = control(box, bench)
            if spinning.is_alive():  # to its end it had the other box beside it
                won, rounds = won + words, rounds + 1
        spinning.join()
    assert won == []
    assert rounds >= 1


def test_the_table_covers_every_section():
    """At least forty attacks, several from every section, each with its own id and title."""
    sections = [attack.section for attack in ATTACKS]
    assert len({a.id for a in ATTACKS}) == len({a.title for a in ATTACKS}) == len(ATTACKS) >= 40
    assert all(sections.count(letter) >= 5 for letter in "ABCDEFGIJX")
    assert {a.aims for a in ATTACKS} == {"points", "secret", "harm", "block", "leftover"}


def test_every_entry_of_the_list_is_tried():
    """Each entry names attacks that exist, and each attack that is on the list is named by an entry."""
    known = {attack.id for attack in ATTACKS}
    named = [id for entry in ENTRIES for id in entry.attacks]
    assert [entry.words for entry in ENTRIES if not entry.attacks] == []
    assert set(named) <= known
    assert {id for id in known if id[0] != "X"} - set(named) == set()
    assert len({(entry.section, entry.words) for entry in ENTRIES}) == len(ENTRIES)


def test_run_time_of_hidden_calls_is_told_to_nobody(boxes, bench):
    """Slow and fast right answers read the same in all that a student sees."""
    box = box_of(boxes, bench, "process")
    slow = RIGHT_SOFTMAX.replace("e = np", "__import__('time').sleep(0.1); e = np", 1)
    assert told(bench.measure(box, bench.notebook(slow, RIGHT_SCALE))) == told(
        bench.measure(box, bench.notebook(RIGHT_SOFTMAX, RIGHT_SCALE))
    )


def test_docs_list_these_attacks():
    """docs/attacks.md has a row for each attack and each entry of today, none succeeds there, and it names no machine."""
    text = (ROOT / "docs" / "attacks.md").read_text()
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    assert [row[:2] for row in rows if row[0] in IDS] == [[attack.id, attack.title] for attack in ATTACKS], (
        "make attacks"
    )
    assert [row for row in rows if row[0] in "ABCDEFGIJ"] == [
        [entry.section, entry.words, " ".join(entry.attacks)] for entry in ENTRIES
    ]
    known = len([attack for attack in ATTACKS if attack.known])
    run = len([attack for attack in ATTACKS if not attack.gpu])
    assert f"**{known} of {run} attacks succeeded**" in text
    assert not re.search(r"/work|/root|localhost|[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+", text.replace("metadata", ""))


@pytest.mark.slow
def test_nbgrader_still_loses_to_what_was_seen_in_the_wild(tmp_path):
    """The column of docs/attacks.md can be trusted: honest work gets its points there, and known tricks still win."""
    canaries = {name: canary(name) for name in CANARIES.values()}
    tricks = {
        "A12": "learned the hidden tests",
        "B21": "gained",
        "C1": "gained 4 of 4 points",
        "C15": "gained",
        "D4": "held",
    }
    chosen = [attack for attack in ATTACKS if attack.id in tricks]
    for attack, won in nbgrader_side.tried(tmp_path / "course", chosen, canaries).items():
        assert won.startswith(tricks[attack]), f"{attack}: {won}"


def test_nothing_harmful_is_run_without_a_wall():
    """What is tried on nbgrader exists, and is none of the bombs, kills, hogs and host attacks."""
    tried = SAME | WRITTEN_FOR_IT.keys()
    assert tried <= {attack.id for attack in ATTACKS}
    harmless = {attack.id for attack in ATTACKS if not attack.wall and not attack.slow} | WRITTEN_FOR_IT.keys()
    assert tried <= harmless
    assert not {id for id in tried if id[0] in "IJ"}
