"""The wire under fire: whatever a guest sends, says late, leaves out or dies of, the trusted side ends each call in time,
in bounded memory, with a value or a StudentFault; and the next submission is answered as if nothing had been.

First against a played box (hostile_guest.py), in thousands; then in real boxes, with submissions that take their channel.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import select
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from boxes import LIMITS, submitted
from hostile_guest import CALLS, CELLS, Guest, Line, Outcome, Played, answer, asked, graded
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_wire import bodies, junk, measured, received, same

from autograder.errors import StudentFault
from autograder.guest import wire
from autograder.records import Handle, Reply
from autograder.sandbox.recording import RecordedStudent
from autograder.sandbox.student import BoxedStudent

#: Long enough for a machine that does other things; a guest that says nothing costs a whole one.
PATIENT = replace(LIMITS, call_s=10.0, load_s=10.0, total_s=30.0, answer_mb=1)
HASTY = replace(PATIENT, call_s=0.1, load_s=0.1)
KINDS = {"crashed", "timed out", "failed", "missing", "out of memory", "out of GPU memory"}
TURNS = ("load", *CALLS)  # what a guest is asked, in this order
#: Stands in every string that a hostile guest sends; no sentence for the student may hold it.
MARK = "\x1b[31mMARK"

pytestmark = pytest.mark.timeout(120)  # the guard against a trusted side that hangs


@pytest.fixture(scope="module")
def stage() -> Iterator[Played]:
    """A box whose guests are ours."""
    with Played(PATIENT) as box:
        yield box


@pytest.fixture
def played(stage: Played) -> Iterator[Played]:
    """The same, for one test; no load and no descriptor may be left of it."""
    stage.end(stage.load())  # the jail that waits, if one does
    before = len(os.listdir("/proc/self/fd"))
    yield stage
    stage.end(stage.load())
    assert not stage.running
    assert not stage.guests
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.fixture(scope="module")
def expected(stage: Played) -> list[Outcome]:
    """What honest answers become: a value, the fault that was told, a value with its arguments."""
    outcomes = graded(stage, PATIENT)[1]
    assert same(
        [o.value for o in outcomes if isinstance(o, Reply)], [CALLS["arrays"]["value"], CALLS["keeps"]["value"]]
    )
    assert outcomes[1] == ("crashed", "`fails` raised ValueError.", 1, 7)
    return outcomes


def agree(a: Outcome, b: Outcome) -> bool:
    """The same fault, or the same values to the bit."""
    if isinstance(a, Reply) and isinstance(b, Reply):
        return same(a.value, b.value) and same(a.arguments, b.arguments)
    return a == b


def check(student: BoxedStudent, outcomes: list[Outcome]) -> None:
    """What holds whatever the guest did: documented faults in our words, whole values, a recording that replays."""
    for outcome in outcomes:
        if isinstance(outcome, Reply):
            sent = {"value": outcome.value, "arguments": outcome.arguments}
            raw = wire.encode({}, sent, handle=lambda handle: handle.number)
            assert agree(outcome, Reply(**_decoded(raw)))
            continue
        kind, sentence, cell, line = outcome
        assert kind in KINDS
        assert sentence.isprintable()
        assert len(sentence) < 200
        assert "MARK" not in sentence
        assert cell is None or 0 <= cell < len(CELLS)
        assert line is None or 0 < line < 1_000_000
    assert len(student.output) <= PATIENT.output_kb << 10
    assert set(student.used.values()) <= {"scipy"}
    assert all(0 <= fault.cell < len(CELLS) and len(fault.message) <= 500 for fault in student.faults)
    recorded = student.recording.to_bytes()
    assert recorded is not None
    replayed = RecordedStudent(recorded)
    assert all(map(agree, asked(replayed), outcomes))
    assert replayed._offset == len(replayed._data)


def _decoded(raw: bytes) -> dict[str, Any]:
    header, _ = wire.LENGTHS.unpack_from(raw)
    return wire.decode(wire.parse(raw[8 : 8 + header]), raw[8 + header :], handle=Handle)


def crash(name: str) -> Outcome:
    """A guest that ended in the middle of this."""
    what = "run your notebook's cells" if name == "load" else f"`{name}`"
    return ("crashed", f"Your code ended the whole process ({what}).", None, None)


# Death at every byte


def cut(turn: int, at: int, how: str) -> Guest:
    """Honest, but of one answer only the first `at` bytes; then it dies."""

    def guest(line: Line) -> None:
        for n in count():
            frame = answer(line.question(leave=n == turn and how == "reset"))
            if n == turn:
                line.say(frame[:at])
                line.die(how)
                return
            line.say(frame)

    return guest


def length_of(name: str) -> int:
    nonce = secrets.token_hex(8)
    return len(answer({"op": "load"} if name == "load" else {"op": "call", "nonce": nonce, "name": name}))


@pytest.mark.parametrize("how", ["close", "reset", "half"])
@pytest.mark.parametrize("name", TURNS)
def test_death_at_every_byte_of_an_answer_is_a_crash(name, how, played, expected):
    """An answer counts when its last byte is there, and not one byte earlier; the calls after it get a fresh load."""
    turn, length = TURNS.index(name), length_of(name)
    for at in range(length + 1):
        played.guests = [cut(turn, at, how)]
        student, outcomes = graded(played, PATIENT)
        check(student, outcomes)
        if name == "load" and at < length:
            assert outcomes == [crash("load")] * len(CALLS), at
            continue
        # The whole answer was given: then it is the next call that finds nobody.
        struck = turn - 1 if at < length else turn
        hoped = [crash(call) if n == struck else expected[n] for n, call in enumerate(CALLS)]
        assert all(map(agree, outcomes, hoped)), at


@pytest.mark.parametrize("name", TURNS)
def test_silence_within_an_answer_is_late(name, played):
    """A guest that stops in the middle and stays is out of time, wherever it stops."""
    length = length_of(name)
    for at in sorted({0, 1, 7, 8, 9, length // 2, length - 1}):
        played.guests = [cut(TURNS.index(name), at, "stay")]
        student, outcomes = graded(played, HASTY)
        check(student, outcomes)
        struck = outcomes[max(0, TURNS.index(name) - 1)]
        assert not isinstance(struck, Reply)
        assert struck[0] == "timed out"


def test_a_drip_of_bytes_is_late(played):
    """Bytes that come one by one for ever do not move the deadline, nor does printing."""

    def drip(line: Line) -> None:
        frame = wire.LENGTHS.pack(1 << 20, 1 << 20)
        while True:
            line.say(frame[:1])
            line.print(b".")
            frame = frame[1:] or b" "

    played.guests = [drip]
    student, outcomes = graded(played, HASTY)
    check(student, outcomes)
    assert outcomes == [("timed out", "It took more than 0.1 s to run your notebook's cells.", None, None)] * 3


# One wrong move

Move = Callable[[Line, bytes, dict[str, Any], list[bytes]], None]


def frame(header: Any, body: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return wire.LENGTHS.pack(len(text), len(body)) + text + body


def _with_header(raw: bytes, change: Callable[[dict[str, Any]], Any], more: bytes = b"") -> bytes:
    """The frame with another header, and its body."""
    header, _ = wire.LENGTHS.unpack_from(raw)
    return frame(change(wire.parse(raw[8 : 8 + header])), raw[8 + header :] + more)


def _trickled(line: Line, raw: bytes) -> None:
    for i in range(len(raw)):
        line.say(raw[i : i + 1])


#: Odd, but an honest answer all the same: (channel, honest frame, question, frames said before).
HARMLESS: dict[str, Move] = {
    "byte by byte": lambda line, raw, question, old: _trickled(line, raw),
    "with descriptors": lambda line, raw, question, old: _with_descriptors(line, raw),
    "with its own channel": lambda line, raw, question, old: _send_fds(line, raw, [line.channel.fileno()]),
    "printing meanwhile": lambda line, raw, question, old: (line.print(MARK.encode() * 500), line.say(raw)),
}

#: No answer to this question.
WRONG: dict[str, Move] = {
    "the last answer again": lambda line, raw, question, old: line.say(old[-1]),
    "an answer of the zygote": lambda line, raw, question, old: line.say(
        frame({"op": "ended", "id": 1, "nonce": question.get("nonce"), "status": 0, "values": {"value": 1}})
    ),
    "the question itself": lambda line, raw, question, old: line.say(frame(question | {"values": {"value": 1}})),
    "no values": lambda line, raw, question, old: line.say(_with_header(raw, lambda h: h | {"values": None})),
    "values of no name": lambda line, raw, question, old: line.say(_with_header(raw, lambda h: h | {"values": {}})),
    "bytes that nothing names": lambda line, raw, question, old: line.say(_with_header(raw, lambda h: h, b"garbage")),
    "a header of 4 GiB": lambda line, raw, question, old: line.say(wire.LENGTHS.pack(2**32 - 1, 0) + raw),
    "a body of 4 GiB": lambda line, raw, question, old: line.say(wire.LENGTHS.pack(2, 2**32 - 1) + raw),
    "a body over the cap": lambda line, raw, question, old: line.say(wire.LENGTHS.pack(2, (1 << 20) + 1) + raw),
    "nothing at all, framed": lambda line, raw, question, old: line.say(bytes(8)),
    "zeros without end": lambda line, raw, question, old: _flood(line, bytes(1 << 16)),
    "text": lambda line, raw, question, old: line.say(b"HTTP/1.1 200 OK\r\n\r\n" + MARK.encode()),
}
#: A load has no nonce: its channel is fresh, and it asks once.
WRONG_NONCES: dict[str, Move] = {
    "another's nonce": lambda line, raw, question, old: line.say(_with_header(raw, lambda h: h | {"nonce": "0" * 16})),
    "no nonce": lambda line, raw, question, old: line.say(
        _with_header(raw, lambda h: {k: v for k, v in h.items() if k != "nonce"})
    ),
    "a nonce of another type": lambda line, raw, question, old: line.say(
        _with_header(raw, lambda h: h | {"nonce": [1]})
    ),
}
#: A fault carries no value, and the report of a load has other parts.
WRONG_VALUES: dict[str, Move] = {
    "a part that no answer has": lambda line, raw, question, old: line.say(
        _with_header(raw, lambda h: h | {"values": h["values"] | {"garbage": MARK}})
    ),
    "arguments of another kind": lambda line, raw, question, old: line.say(
        _with_header(raw, lambda h: h | {"values": h["values"] | {"arguments": MARK}})
    ),
    "used names as an object": lambda line, raw, question, old: line.say(
        _with_header(raw, lambda h: h | {"values": h["values"] | {"used": {"h": 1}}})
    ),
}


def _with_descriptors(line: Line, raw: bytes) -> None:
    for i, part in enumerate((raw[:3], raw[3:20], raw[20:])):
        _send_fds(line, part, [0] * (1 + 100 * i))


def _send_fds(line: Line, raw: bytes, fds: list[int]) -> None:
    sent = socket.send_fds(line.channel, [raw], fds)
    line.say(raw[sent:])


def _flood(line: Line, raw: bytes) -> None:
    while True:
        line.say(raw)


def at_turn(turn: int, move: Move) -> Guest:
    """Honest until this turn; the move; honest again."""

    def guest(line: Line) -> None:
        old = [bytes(8)]
        for n in count():
            question = line.question()
            raw = answer(question)
            (move if n == turn else _honestly)(line, raw, question, old)
            old.append(raw)

    return guest


def _honestly(line: Line, raw: bytes, question: dict[str, Any], old: list[bytes]) -> None:
    line.say(raw)


@pytest.mark.parametrize("move", HARMLESS.values(), ids=HARMLESS)
@pytest.mark.parametrize("name", TURNS)
def test_an_odd_way_of_sending_changes_nothing(name, move, played, expected):
    """The answer is what its bytes say, however they come; descriptors that ride along are dropped."""
    played.guests = [at_turn(TURNS.index(name), move)]
    student, outcomes = graded(played, PATIENT)
    check(student, outcomes)
    assert all(map(agree, outcomes, expected))
    assert student.loads == 1


@pytest.mark.parametrize(
    ("name", "move"),
    [
        pytest.param(name, move, id=f"{name}-{how}")
        for names, moves in ((TURNS, WRONG), (CALLS, WRONG_NONCES), (("arrays", "keeps"), WRONG_VALUES))
        for name in names
        for how, move in moves.items()
    ],
)
def test_what_is_no_answer_is_a_crash_and_the_load_is_ended(name, move, played, expected):
    """Not a value, not a hang: the call crashed, and the next call is answered by a fresh load."""
    turn = TURNS.index(name)
    played.guests = [at_turn(turn, move)]
    student, outcomes = graded(played, PATIENT)
    check(student, outcomes)
    struck = outcomes[max(0, turn - 1)]
    assert not isinstance(struck, Reply)
    assert struck[0] == "crashed"
    assert struck[2:] == (None, None)
    if name != "load":
        assert all(agree(a, b) for n, (a, b) in enumerate(zip(outcomes, expected, strict=True)) if n != turn - 1)
        assert student.loads == (1 if turn == len(CALLS) else 2)


def test_answers_before_their_question_are_believed_by_nobody(played):
    """A guest that talks ahead does not know the nonce; what it said is refused, and nothing of it meets the next load."""

    def ahead(line: Line) -> None:
        line.say(answer({"op": "load"}))
        for name in (*CALLS, *CALLS):
            line.say(wire.encode({"op": "answer", "nonce": secrets.token_hex(8)}, {"value": name, "used": []}))
        line.linger()

    played.guests = [ahead] * len(CALLS)
    student, outcomes = graded(played, PATIENT)
    check(student, outcomes)
    assert [o[:2] for o in outcomes if not isinstance(o, Reply)] == [
        ("crashed", f"`{name}` gave an answer that is not plain data.") for name in CALLS
    ]
    assert student.loads == len(CALLS)


# Any sequence of moves

places = st.floats(0, 1, exclude_max=True)
strings = st.sampled_from([MARK, "", "\0", "\ud800"])
nodes = junk | strings | st.lists(strings | junk, max_size=3).map(lambda v: {"l": v})


def flipped(raw: bytes, place: float, bit: int) -> bytes:
    spoilt = bytearray(raw)
    spoilt[int(place * len(raw))] ^= 1 << bit
    return bytes(spoilt)


def inserted(raw: bytes, place: float, more: bytes) -> bytes:
    return raw[: (at := int(place * len(raw)))] + more + raw[at:]


def without(raw: bytes, place: float, n: int) -> bytes:
    return raw[: (at := int(place * len(raw)))] + raw[at + n :]


def of_nodes(raw: bytes, names: list[str], node: Any, body: bytes) -> bytes:
    """The right op and nonce, with values of nonsense."""
    header, _ = wire.LENGTHS.unpack_from(raw)
    return frame(wire.parse(raw[8 : 8 + header]) | {"values": dict.fromkeys(names, node)}, body)


PARTS = ["value", "used", "arguments", "fault", "faults", "more"]
#: A fault, as its parts: mostly of the right shape, with content from anywhere.
told = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["crashed", "missing", "cannot cross", MARK]) | nodes,
        "type": strings | st.sampled_from(["KeyError", "Exception"]) | nodes,
        "cell": st.integers(-1, 3) | nodes,
        "line": st.integers(-1, 10**7) | nodes,
        "message": strings | nodes,
    }
).map(lambda parts: {"d": [[name, part] for name, part in parts.items()]})
#: Honest frame, frames said before -> what is said instead.
changes = st.one_of(
    st.just(lambda raw, old: raw),
    st.builds(lambda p, b: lambda raw, old: flipped(raw, p, b), places, st.integers(0, 7)),
    st.builds(lambda p, m: lambda raw, old: inserted(raw, p, m), places, st.binary(min_size=1, max_size=16)),
    st.builds(lambda p, n: lambda raw, old: without(raw, p, n), places, st.integers(1, 64)),
    st.builds(
        lambda h, b: lambda raw, old: wire.LENGTHS.pack(h, b) + raw[8:],
        st.integers(0, 2**32 - 1) | st.integers(0, 600),
        st.integers(0, 2**32 - 1) | st.integers(0, 600),
    ),
    st.builds(lambda m: lambda raw, old: m, st.binary(max_size=64)),
    st.builds(
        lambda names, node, m: lambda raw, old: of_nodes(raw, names, node, m),
        st.lists(st.sampled_from(PARTS), min_size=1, max_size=3, unique=True),
        nodes | told | told.map(lambda t: {"l": [t]}),
        bodies,
    ),
    st.builds(lambda fault: lambda raw, old: of_nodes(raw, ["fault"], fault, b""), told),
    st.builds(lambda fault: lambda raw, old: of_nodes(raw, ["faults"], {"l": [fault]}, b""), told),
    st.builds(lambda node: lambda raw, old: frame({"values": {}, "op": "answer"} | {"x": node}), nodes),
    st.just(lambda raw, old: raw + raw),
    st.just(lambda raw, old: old[-1] + raw),
    st.just(lambda raw, old: raw + old[-1]),
    st.just(lambda raw, old: b""),
)
#: For each question: what is said to it, in pieces of this size, with this many descriptors.
turn = st.tuples(changes, st.sampled_from([1, 3, 1 << 20]), st.integers(0, 3))
truth = st.just((lambda raw, old: raw, 1 << 20, 0))
#: Mostly loaded honestly: a notebook that breaks off while it is loaded is asked nothing more.
scripts = st.tuples(truth | truth | truth | turn, turn | truth, turn, turn).map(list)


def improvising(script: list[Any], how: str) -> Guest:
    """Plays its script, one entry for each question, and dies.  It waits for no question: it may be ahead, or behind."""

    def guest(line: Line) -> None:
        old = [b""]
        for change, piece, descriptors in script:
            raw = answer(line.question())
            said = change(raw, old)
            for start in range(0, len(said), piece):
                _send_fds(line, said[start : start + piece], [0] * descriptors)
            line.print(MARK.encode())
            old.append(raw)
            if len(said) < len(raw):
                break  # it would be waited for: better to die at once
        line.die(how)

    return guest


@settings(max_examples=600, deadline=None, print_blob=True, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.tuples(scripts, st.sampled_from(["close", "half"])), min_size=1, max_size=3),
)
def test_a_guest_that_improvises_gets_faults_or_values_and_leaves_no_trace(played, expected, hostile):
    """Any changes of any answers, over several loads: documented outcomes, a recording that replays, a clean successor."""
    played.guests = [improvising(script, how) for script, how in hostile]
    student, outcomes = graded(played, HASTY)
    check(student, outcomes)
    played.guests = []
    clean, answers = graded(played, PATIENT)
    assert all(map(agree, answers, expected))
    assert clean.loads == 1
    assert clean.output == ""


# Memory


def _endless_body(line: Line) -> None:
    line.question()
    line.say(wire.LENGTHS.pack(2, PATIENT.answer_mb << 20) + b"{}")
    _flood(line, bytes(1 << 16))


def _endless_print(line: Line) -> None:
    while True:
        os.write(line.capture, bytes(1 << 16))


def _endless_frames(line: Line) -> None:
    _flood(line, answer({"op": "load"}) + answer({"op": "call", "nonce": "0" * 16, "name": "arrays"}))


@pytest.mark.parametrize("guest", [_endless_body, _endless_print, _endless_frames])
def test_a_flood_costs_no_more_than_the_caps(guest, played):
    """Whoever sends for ever fills one frame or one cap of output, a few times over at most, and then waits."""
    played.guests = [guest]
    measured(lambda: check(*graded(played, HASTY)), most=4 * (PATIENT.answer_mb << 20) + (1 << 20))


@pytest.mark.parametrize("piece", [1, 2, 50])
def test_a_frame_in_tiny_pieces_takes_no_more_memory_than_in_large_ones(piece):
    """Each piece was once kept as an object of its own: 50 MB of the grader's memory for each second of dripping."""
    size = 1 << 16
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)  # so that each piece is read by itself
    raw = wire.LENGTHS.pack(2, size) + b"{}" + bytes(size)
    pieces = [raw[:8], raw[8:10], *(raw[i : i + piece] for i in range(10, len(raw), piece))]
    sender = threading.Thread(target=lambda: all(map(theirs.send, pieces)))
    with ours, theirs:
        sender.start()
        measured(lambda: wire.receive(ours, size, wire.within(60)), most=6 * size)
        sender.join()


@pytest.mark.parametrize("item", ["{}", "[]", '{"":0}', '{"a":{}}', "1", "1.5", '"ab"', "null"])
def test_a_header_takes_memory_in_proportion_to_its_bytes(item):
    """No kind of JSON unfolds to more than some 30 times its size, so the cap on a header is a cap on memory."""
    room = 1 << 18
    text = ('{"values": {"v": {"l": [' + f"{item}," * (room // (len(item) + 1)) + "null]}}}").encode()

    def unfold() -> None:
        with contextlib.suppress(wire.WireError):
            received(wire.LENGTHS.pack(len(text), 0) + text)

    measured(unfold, most=40 * room)


# Real boxes: the submission has a channel, and takes it

#: What a hostile cell may use: `ch` its channel, `rng`, frames of its own, and what to do with them.
TAKEN = """
import json, os, random, signal, socket, struct, sys, time
rng = random.Random(SEED)
ch = socket.socket(fileno=os.dup(3))

def framed(header, body=b""):
    text = json.dumps(header).encode()
    return struct.pack("!II", len(text), len(body)) + text + body

def heard():
    header, body = struct.unpack("!II", ch.recv(8, socket.MSG_WAITALL))
    return json.loads(ch.recv(header + body, socket.MSG_WAITALL)[:header])

def told(node, nonce=None, body=b""):
    nonce = nonce or "%016x" % rng.getrandbits(64)
    return framed({"op": "answer", "nonce": nonce, "values": {"value": node, "used": {"l": []}}}, body)

LOADED = framed({"op": "loaded", "values": {"faults": {"l": []}}})

def length():
    return rng.choice([0, 1, 7, 64, 1 << 20, 1 << 31, (1 << 32) - 1])

def junk():
    return rng.choice([
        lambda: rng.randbytes(rng.randrange(1, 200)),
        lambda: struct.pack("!II", length(), length()) + rng.randbytes(rng.randrange(100)),
        lambda: framed({"op": "ended", "id": rng.randrange(9), "status": 0, "cpu": 0, "oom": 0, "values": {}}),
        lambda: told({"l": [1, "MARK"]}),
        lambda: told({"a": ["<f8", [length()], length()]}, body=rng.randbytes(64)),
        lambda: LOADED,
        lambda: LOADED[: rng.randrange(1, len(LOADED))],
    ])()
"""

#: What it does while its cells run.  None waits for long: a guest that says nothing is another test's.
STRIKES = {
    "junk, then gone": """
for _ in range(9):
    ch.send(junk())
os._exit(0)""",
    "junk, then the honest loop goes on": """
for _ in range(rng.randrange(1, 4)):
    ch.send(junk())
signal.alarm(1)""",
    "loaded, then junk for an answer": """
ch.send(LOADED)
heard()
ch.send(junk())
os._exit(0)""",
    "loaded, then the right nonce and a lie": """
ch.send(LOADED)
for _ in range(3):
    ch.send(told(rng.choice([7, {"h": 1}, {"l": []}, {"o": 1}]), heard()["nonce"]))
os._exit(0)""",
    "answers ahead": """
ch.send(LOADED + b"".join(told(i) for i in range(50)))
time.sleep(0.05)
os._exit(0)""",
    "descriptors": """
socket.send_fds(ch, [junk()], [0, 1, 2, 3, ch.fileno()] * 20)
os._exit(0)""",
    "its own channel sent along itself": """
socket.send_fds(ch, [LOADED], [3, ch.fileno()])
heard()
os._exit(0)""",
    "half a close": """
ch.send(junk())
ch.shutdown(socket.SHUT_WR)
time.sleep(0.05)""",
    "the other half": """
ch.shutdown(socket.SHUT_RD)
ch.send(LOADED)
time.sleep(0.05)
os._exit(0)""",
    "a child that keeps the channel and sends on": """
if os.fork() == 0:
    os.setsid()
    while True:
        ch.send(junk())
ch.send(LOADED)
os._exit(0)""",
    "every descriptor": """
for fd in range(256):
    try:
        os.write(fd, b"MARK")
    except OSError:
        pass
os._exit(0)""",
    "killed by itself": """
ch.send(junk())
os.kill(os.getpid(), signal.SIGKILL)""",
}

SHORT = replace(LIMITS, call_s=2.0, load_s=2.0, total_s=8.0)
ROUNDS = 4


@pytest.mark.slow
@pytest.mark.parametrize("how", STRIKES)
def test_after_a_submission_that_took_its_channel_the_next_is_answered_exactly(how, box):
    """Round after round in one box: the thief gets faults or its own lies, the honest one its own answers only."""
    seed = secrets.randbits(32)
    print(f"seed {seed}")  # shown where the test fails
    for turn in range(ROUNDS):
        with submitted(box, TAKEN.replace("SEED", str(seed + turn)) + STRIKES[how], limits=SHORT) as thief:
            thief.try_load()
            for told in (_told(thief), _told(thief)):
                assert told in (7, []) or isinstance(told, Handle) or (told.kind in KINDS and "MARK" not in str(told))
        tag = f"tag-{seed}-{turn}"
        cell = f"print({tag!r})\ndef f(x):\n    return [{tag!r}, x + {turn}]"
        with submitted(box, cell, limits=SHORT) as successor:
            successor.load()
            assert successor.output == tag + "\n"
            assert successor.faults == ()
            assert [successor.call("f", (x,), {}).value for x in range(3)] == [[tag, x + turn] for x in range(3)]
            assert successor.loads == 1


def _told(thief: BoxedStudent) -> Any:
    """What one call gives: the thief's own lie, or the fault."""
    try:
        return thief.call("f", (1,), {}).value
    except StudentFault as fault:
        return fault


def test_what_a_submission_writes_reaches_its_own_channel_and_nothing_else(box):
    """It writes to every descriptor there is: its own socket has it, the control channel and the next load have not."""
    junk = b"MARK" * 64
    cell = f"import os\nfor fd in range(3, 256):\n    try: os.write(fd, {junk!r})\n    except OSError: pass\n"
    load = box.load()
    try:
        wire.send(load.channel, _question(cell), wire.within(10))
        assert _heard(load.channel, len(junk)) == junk
        assert wire.receive(load.channel, 1 << 20, wire.within(10))[0]["op"] == "loaded"
        assert not _readable(load.channel, 0.1)  # it found one way out, not two
        assert box.cpu(load) >= 0  # the zygote answers what it was asked, on a channel that nobody has written to
    finally:
        box.end(load)
    after = box.load()
    try:
        assert not _readable(after.channel, 0.1)
        assert not _readable(after.capture, 0)
    finally:
        box.end(after)


def test_nobody_but_the_submission_holds_its_ends(box):
    """It shuts its descriptors and lives on: both end at once on our side, so no zygote and no jail keeps, or reads, them."""
    load = box.load()
    try:
        cell = "import os, time\nfor fd in (1, 2, 3): os.close(fd)\ntime.sleep(600)"
        wire.send(load.channel, _question(cell), wire.within(10))
        assert _readable(load.channel, 10)
        assert load.channel.recv(1) == b""
        assert _readable(load.capture, 10)
        assert os.read(load.capture, 1) == b""
    finally:
        box.end(load)


def _question(cell: str) -> bytes:
    header = {"op": "load", "seed": 1, "first_handle": 1 << 32}
    return wire.encode(header, {"cells": [cell], "forbidden": {}})


def _heard(channel: socket.socket, n: int) -> bytes:
    channel.settimeout(10)
    return channel.recv(n, socket.MSG_WAITALL)


def _readable(end: socket.socket | int, seconds: float) -> bool:
    return bool(select.select([end], [], [], seconds)[0])
