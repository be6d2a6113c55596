"""Frames: what goes in comes out, and nothing that a hostile side can send does anything but fail as WireError."""

from __future__ import annotations

import json
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.errors import StudentFault
from autograder.guest import wire
from autograder.records import Handle
from autograder.sandbox import student

QUICK = settings(max_examples=150, deadline=None, print_blob=True, suppress_health_check=list(HealthCheck))

HANGS = 20  #: seconds after which something waits for ever: far from any machine's slowness

DTYPES = sorted(wire.DTYPES)
shapes = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
arrays = st.sampled_from(DTYPES).flatmap(lambda code: hnp.arrays(np.dtype(code), shapes))
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**60), 10**60)
    | st.floats()
    | st.complex_numbers()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    | st.binary(max_size=8)
)
keys = st.text(st.characters(exclude_categories=["Cs"]), max_size=4) | st.integers(-(2**63), 2**63 - 1) | st.booleans()
values = st.recursive(
    scalars | arrays,
    lambda inner: (
        st.lists(inner, max_size=4) | st.lists(inner, max_size=4).map(tuple) | st.dictionaries(keys, inner, max_size=4)
    ),
    max_leaves=8,
)


def same(a: Any, b: Any) -> bool:
    """The same type, and the same content to the bit (NaN is NaN)."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray | np.generic):
        return bool(a.dtype == b.dtype and a.shape == b.shape and np.array_equal(a, b, equal_nan=a.dtype.kind in "fc"))
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return len(a) == len(b) and all(
            same(k, m) and same(v, w) for (k, v), (m, w) in zip(a.items(), b.items(), strict=True)
        )
    if isinstance(a, float | complex):
        return repr(a) == repr(b)
    return bool(a == b)


def received(raw: bytes, max_body: int = 1 << 20, **decoding: Any) -> dict[str, Any]:
    """What our side makes of these bytes, when the sender then hangs up."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        sender = threading.Thread(target=_send_all, args=(theirs, raw))
        sender.start()
        try:
            return wire.decode(*wire.receive(ours, max_body, wire.within(5)), **decoding)
        finally:
            ours.close()
            sender.join()


def _send_all(sock: socket.socket, raw: bytes) -> None:
    try:
        sock.sendall(raw)
        sock.shutdown(socket.SHUT_WR)
    except OSError:
        return


def frame(values: Any, body: bytes = b"", **more: Any) -> bytes:
    """A frame with a header of our choice."""
    text = json.dumps({"values": values, **more}).encode()
    return wire.LENGTHS.pack(len(text), len(body)) + text + body


def decoded(node: Any, body: bytes = b"") -> Any:
    return wire.decode({"values": {"v": node}}, body, handle=Handle)["v"]


# What goes in comes out


@QUICK
@given(values)
def test_plain_data_comes_out_as_it_went_in(value):
    """Every value of the wire's kinds survives the way, with its type, dtype, shape and bits."""
    assert same(received(wire.encode({"op": "x"}, {"v": value}))["v"], value)


@QUICK
@given(
    st.sampled_from(DTYPES).flatmap(lambda code: hnp.arrays(np.dtype(code), hnp.array_shapes(min_dims=2, max_dims=3))),
    st.data(),
)
def test_the_layout_in_memory_does_not_matter(array, data):
    """Fortran order, negative strides and gaps arrive as the same numbers in C order."""
    step = data.draw(st.sampled_from([-2, -1, 2]))
    for view in (np.asfortranarray(array), array[::step], array[..., ::step], array.T):
        out = received(wire.encode({"op": "x"}, {"v": view}))["v"]
        assert same(out, np.array(view))
        assert out.flags.c_contiguous
        assert out.flags.writeable


@QUICK
@given(st.sampled_from(DTYPES).flatmap(lambda code: hnp.arrays(np.dtype(code), ())))
def test_numpy_scalars_stay_scalars(array):
    """A numpy scalar arrives as one, of the same dtype."""
    scalar = array[()]
    assert same(received(wire.encode({"op": "x"}, {"v": scalar}))["v"], scalar)


def test_numpy_numbers_as_keys_become_plain_ones():
    """A dict by np.unique's labels is a dict by their numbers."""
    value = {np.int64(3): 1, np.float32(0.5): 2, np.bool_(False): 3}
    assert same(received(wire.encode({}, {"v": value}))["v"], {3: 1, 0.5: 2, False: 3})


def test_big_endian_arrays_arrive_as_the_same_numbers():
    """The byte order of the sender's memory is not part of a value."""
    assert decoded(*_node(np.arange(3, dtype=">f8"))).tolist() == [0.0, 1.0, 2.0]


def _node(value: Any) -> tuple[Any, bytes]:
    raw = wire.encode({}, {"v": value})
    header, _ = wire.LENGTHS.unpack_from(raw)
    return json.loads(raw[8 : 8 + header])["values"]["v"], raw[8 + header :]


@pytest.mark.parametrize(
    "value",
    [
        10**400,
        np.array(["text"]),
        np.array([object()]),
        np.array(["2020"], "M8[D]"),
        {(1, 2): 3},
        {10**30: 1},
        object(),
        {1, 2},
    ],
    ids=["401 digits", "strings", "objects", "dates", "tuple key", "huge key", "object", "set"],
)
def test_what_is_not_plain_data_does_not_cross(value):
    """Our own side is told before a byte is sent."""
    with pytest.raises(wire.Uncrossable):
        wire.encode({}, {"v": value})


def test_a_value_that_contains_itself_does_not_cross():
    """Depth is counted, so a cycle ends."""
    cycle: list[Any] = []
    cycle.append(cycle)
    with pytest.raises(wire.Uncrossable):
        wire.encode({}, {"v": cycle})


# What a hostile side may send


@QUICK
@given(values, st.data())
def test_a_changed_frame_is_a_value_or_a_wire_error(value, data):
    """Any change of any bytes gives a value, WireError or Closed: no other exception, and no more memory than was sent."""
    raw = bytearray(wire.encode({"op": "x"}, {"v": value}))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(raw) - 1))
        how = data.draw(st.sampled_from(["flip", "cut", "insert", "digit"]))
        if how == "flip":
            raw[place] ^= 1 << data.draw(st.integers(0, 7))
        elif how == "cut":
            del raw[place : place + data.draw(st.integers(1, 8))]
        elif how == "insert":
            raw[place:place] = data.draw(st.binary(min_size=1, max_size=8))
        else:
            raw[place] = data.draw(st.sampled_from(b'0123456789[]{}",:-.eE'))
        if not raw:
            break
    try:
        received(bytes(raw), handle=Handle)
    except (wire.WireError, wire.Closed):
        return


junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from("ltdasTbcfh"), inner, min_size=1, max_size=1)
        | st.tuples(
            st.sampled_from("asT"), st.sampled_from([*DTYPES, "O", "<U1", "|V8"]), st.lists(inner, max_size=3), inner
        ).map(lambda t: {t[0]: [t[1], t[2], t[3]]})
    ),
    max_leaves=12,
)


#: Mostly none: bytes that no value names are refused before much else is looked at.
bodies = st.just(b"") | st.binary(max_size=32)


@QUICK
@given(junk, bodies)
def test_a_header_of_nonsense_is_a_value_or_a_wire_error(node, body):
    """Nodes of known kinds with content of any shape fail as WireError only."""
    try:
        decoded(node, body)
    except wire.WireError:
        return


@QUICK
@given(junk, bodies)
def test_a_fault_of_nonsense_is_a_fault(node, body):
    """Whatever a box says about its failure becomes a StudentFault with a place inside the notebook, or WireError."""
    try:
        value = decoded(node, body)
    except wire.WireError:
        return
    for fault in (value, {"kind": value, "type": value, "cell": value, "line": value}):
        try:
            found = student._fault("f", fault, 3)
        except wire.WireError:
            continue
        assert isinstance(found, StudentFault)
        assert found.cell in (None, 0, 1, 2)
        assert found.line is None or 0 < found.line < 1_000_000


@QUICK
@given(junk, bodies)
def test_a_load_report_of_nonsense_is_refused(node, body):
    """Whatever a box says after loading becomes short faults with a cell of the notebook, or WireError."""
    for faults in (node, {"l": [{"d": [["cell", 0], ["type", node], ["line", node], ["message", node]]}]}):
        try:
            found = student._load_faults({"op": "loaded", "values": {"faults": faults}}, body, 3)
        except wire.WireError:
            continue
        assert all(0 <= f.cell < 3 and len(f.message) <= 500 for f in found)


REFUSED = {
    "a key twice": b'{"values": {}, "values": {}}',
    "nesting": b'{"values": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "digits": b'{"values": {"v": ' + b"9" * 5000 + b"}}",
    "negative digits": b'{"values": {"v": -' + b"9" * 402 + b"}}",
    "NaN": b'{"values": {"v": NaN}}',
    "Infinity": b'{"values": {"v": -Infinity}}',
    "1e999": b'{"values": {"v": 1e999}}',
    "not ASCII": '{"values": {"v": "é"}}'.encode(),
    "no object": b"[]",
    "no values": b"{}",
    "values of another kind": b'{"values": []}',
    "a raw list": b'{"values": {"v": [1]}}',
    "an empty kind": b'{"values": {"v": {}}}',
    "two kinds": b'{"values": {"v": {"l": [], "t": []}}}',
    "unknown kind": b'{"values": {"v": {"o": 1}}}',
    "control character": b'{"values": {"v": "\x00"}}',
    "cut": b'{"values": {"v": ',
}


@pytest.mark.parametrize("text", list(REFUSED.values()), ids=list(REFUSED))
def test_a_header_that_is_not_ours_is_refused(text):
    """Duplicate keys, depth, digits, NaN, infinities, other kinds: WireError."""
    with pytest.raises(wire.WireError):
        received(wire.LENGTHS.pack(len(text), 0) + text)


EIGHT = b"\0" * 8
BAD_NODES = {
    "shape (0, 10**18)": {"a": ["<f8", [0, 10**18], 0]},
    "shape (2**31, 2**31)": {"a": ["<f8", [2**31, 2**31], 0]},
    "shape (2**32, 2**32) times 0": {"a": ["<f8", [2**32, 2**32, 0], 0]},
    "negative size": {"a": ["<f8", [-1], 0]},
    "negative offset": {"a": ["<f8", [1], -8]},
    "offset True": {"a": ["<f8", [1], True]},
    "size 1.0": {"a": ["<f8", [1.0], 0]},
    "size true": {"a": ["<f8", [True], 0]},
    "beyond the body": {"a": ["<f8", [2], 0]},
    "17 axes": {"a": ["<f8", [1] * 17, 0]},
    "objects": {"a": ["|O", [1], 0]},
    "text": {"a": ["<U1", [1], 0]},
    "bytes": {"a": ["|S8", [1], 0]},
    "record": {"a": ["f8,i4", [1], 0]},
    "dates": {"a": ["<M8[ns]", [1], 0]},
    "dtype of another kind": {"a": [["<f8"], [1], 0]},
    "shape of another kind": {"a": ["<f8", 1, 0]},
    "bytes beyond the body": {"b": [0, 9]},
    "bytes backwards": {"b": [8, -8]},
    "key list": {"d": [[{"l": []}, 1]]},
    "key tuple": {"d": [[{"t": [1]}, 1]]},
    "key array": {"d": [[{"a": ["<f8", [1], 0]}, 1]]},
    "key handle": {"d": [[{"h": 1}, 1]]},
    "key complex": {"d": [[{"c": [1, 2]}, 1]]},
    "key twice": {"d": [["a", 1], ["a", 2]]},
    "key 1 and true": {"d": [[1, 1], [True, 2]]},
    "triple": {"d": [["a", 1, 2]]},
    "complex of three": {"c": [1, 2, 3]},
    "complex of text": {"c": ["1", "x"]},
    "complex of digits": {"c": ["1", "2"]},
    "complex of a boolean": {"c": [1, True]},
    "complex of an array": {"c": [1, {"a": ["<f8", [1], 0]}]},
    "scalar with axes": {"s": ["<f8", [1], 0]},
    "the same bytes twice": {"l": [{"a": ["<f4", [1], 0]}, {"a": ["<f4", [1], 0]}]},
    "bytes in another order": {"l": [{"a": ["<f4", [1], 4]}, {"a": ["<f4", [1], 0]}]},
    "bytes after a gap": {"b": [4, 4]},
    "bytes that nothing names": {"b": [0, 4]},
    "complex out of range": {"c": [10**399, 0]},
    "odd float": {"f": "1e999"},
    "handle -1": {"h": -1},
    "handle true": {"h": True},
    "handle text": {"h": "3"},
}


@pytest.mark.parametrize("body", [b"", EIGHT], ids=["no bytes", "eight bytes"])
@pytest.mark.parametrize("node", list(BAD_NODES.values()), ids=list(BAD_NODES))
def test_a_value_that_no_encoder_writes_is_refused(node, body):
    """Shapes, offsets, dtypes, keys and handles outside the rules: WireError."""
    with pytest.raises(wire.WireError):
        decoded(node, body)


def test_a_boolean_byte_of_two_is_true():
    """Booleans are normalised: raw bytes of another value would compare oddly later."""
    out = decoded({"a": ["?", [3], 0]}, b"\x00\x02\xff")
    assert out.tobytes() == b"\x00\x01\x01"


def test_lone_surrogates_lose_themselves():
    """No string of a box breaks a later encode('utf-8')."""
    assert decoded("a\ud800b") == "a?b"


def test_arrays_do_not_share_memory():
    """Two arrays of one answer are two arrays: a change of the first cannot reach the second."""
    out = received(wire.encode({}, {"v": [np.zeros(2), np.zeros(2)]}))["v"]
    out[0][0] = 7
    assert out[1].tolist() == [0, 0]


def test_slices_that_overlap_do_not_multiply_memory():
    """A small frame that names the same bytes a thousand times is refused, not copied a thousand times."""
    body = bytes(1 << 20)
    for node in ({"a": ["<f8", [1 << 17], 0]}, {"b": [0, 1 << 20]}, {"a": ["?", [1 << 20], 0]}):
        with pytest.raises(wire.WireError):
            measured(lambda node=node: decoded({"l": [node] * 1000}, body), most=8 << 20)


def test_keys_that_collide_cost_no_more_than_others(at_most):
    """Integers with one hash would make a dict of 100,000 keys take minutes of the judge's time."""
    prime = (1 << 61) - 1
    node = {"d": [[prime * (i + 1), 0] for i in range(30_000)]}
    with at_most(8), pytest.raises(wire.WireError):
        decoded(node)


def test_too_many_parts_are_refused():
    """The number of separate values is capped."""
    with pytest.raises(wire.WireError):
        decoded({"l": [None] * (wire.MAX_NODES + 1)})


def test_depth_is_capped():
    """A value nested more deeply than ours ever are is refused long before Python's own limit."""
    node: Any = 1
    for _ in range(wire.MAX_DEPTH + 1):
        node = {"l": [node]}
    with pytest.raises(wire.WireError):
        decoded(node)


def measured(what: Callable[[], Any], most: int) -> None:
    """Run it; fail if it takes more memory than `most` at its peak."""
    tracemalloc.start()
    try:
        what()
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak <= most, f"{peak >> 20} MiB"


# Lengths and time


@pytest.mark.parametrize(("header", "body"), [((8 << 20) + 1, 0), (2**32 - 1, 0), (10, 2**32 - 1), (10, 1001)])
def test_a_length_over_the_cap_is_refused_before_anything_is_read(header, body):
    """Eight bytes that ask for 4 GiB cost eight bytes."""

    def receive() -> None:
        with pytest.raises(wire.WireError):
            received(wire.LENGTHS.pack(header, body), max_body=1000)

    measured(receive, most=1 << 20)


def test_a_promised_body_that_never_comes_takes_no_memory():
    """The cap is allowed, the bytes are not there: the sender hangs up and nothing was set aside."""
    with pytest.raises(wire.Closed):
        measured(lambda: received(wire.LENGTHS.pack(2, 1 << 30) + b"{}", max_body=1 << 31), most=4 << 20)


@pytest.mark.parametrize("chunk", [1, 4096])
def test_a_slow_sender_cannot_move_the_deadline(chunk):
    """A side that sends a little, again and again, is late like one that sends nothing."""
    ours, theirs = socket.socketpair()
    stop = threading.Event()

    def drip() -> None:
        raw = wire.LENGTHS.pack(100, 1 << 30) + b" " * 100_000
        for start in range(0, len(raw), chunk):
            if stop.wait(0.01):
                return
            try:
                theirs.send(raw[start : start + chunk])
            except OSError:
                return

    sender = threading.Thread(target=drip)
    sender.start()
    began = time.monotonic()
    try:
        with pytest.raises((wire.Late, wire.WireError)) as caught:
            wire.receive(ours, 1 << 31, wire.within(0.3))
    finally:
        stop.set()
        sender.join()
        ours.close()
        theirs.close()
    assert time.monotonic() - began < HANGS
    assert chunk > 1 or caught.type is wire.Late


class Ready:
    """A socket that always has one byte more, and always takes one."""

    def recv(self, *_: int) -> bytes:
        return b"x"

    def send(self, *_: object) -> int:
        return 1


@pytest.mark.parametrize(
    "work", [lambda left: wire._exactly(Ready(), 1000, left), lambda left: wire.send(Ready(), bytes(1000), left)]
)
def test_who_is_always_ready_is_late_too(work):
    """A side that never makes us wait is asked for its time all the same."""
    seconds = iter([1.0] * 10)
    with pytest.raises(wire.Late):
        work(lambda: next(seconds, 0.0))


def test_a_reader_that_never_reads_makes_us_late_not_stuck():
    """Sending has the same deadline."""
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(wire.Late):
        wire.send(ours, bytes(64 << 20), wire.within(0.2))


def test_a_side_that_hangs_up_is_closed():
    """An empty socket that is closed is Closed at once, before the length, in the header and in the body."""
    raw = wire.encode({"op": "x"}, {"v": np.zeros(100)})
    for cut in (0, 3, 8, 20, len(raw) - 1):
        with pytest.raises(wire.Closed):
            received(raw[:cut])


def test_out_of_band_bytes_do_not_spoil_or_block_a_frame():
    """Urgent data on a unix socket is not part of a frame, and waiting for the rest keeps its deadline."""
    ours, theirs = socket.socketpair()
    raw = wire.encode({"op": "x"}, {"v": 1})
    with ours, theirs:
        theirs.send(raw[:5])
        try:
            theirs.send(b"!", socket.MSG_OOB)
        except OSError:
            pytest.skip("this kernel has no urgent data on unix sockets")
        began = time.monotonic()
        with pytest.raises((wire.Late, wire.Closed, wire.WireError)):
            wire.receive(ours, 1000, wire.within(0.3))
        assert time.monotonic() - began < HANGS


def test_descriptors_sent_along_are_dropped():
    """A box cannot fill our table of open files."""
    import os

    ours, theirs = socket.socketpair()
    before = len(os.listdir("/proc/self/fd"))
    with ours, theirs:
        socket.send_fds(theirs, [wire.encode({"op": "x"}, {"v": 1})], [0] * 100)
        assert wire.receive(ours, 1000, wire.within(1))[0]["op"] == "x"
        assert len(os.listdir("/proc/self/fd")) == before
