"""Recorded answers: the same values and faults come back, in the same order, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.errors import StoreError, StudentFault
from autograder.guest import wire
from autograder.sandbox import recording
from autograder.sandbox.recording import RecordedStudent, Recording, to_reply


def frame(value):
    raw = wire.encode({"op": "answer"}, {"value": value})
    header, _ = wire.LENGTHS.unpack(raw[:8])
    return wire.parse(raw[8 : 8 + header]), raw[8 + header :]


def test_answers_and_faults_come_back():
    """A value, then a fault, as they were given."""
    kept = Recording()
    kept.answer("f", *frame({"y": np.arange(6.0).reshape(2, 3)}))
    kept.fault("g", StudentFault("crashed", "`g` raised ValueError.", 2, 7))
    student = RecordedStudent(kept.to_bytes())
    np.testing.assert_array_equal(student.call("f", (), {}).value["y"], np.arange(6.0).reshape(2, 3))
    with pytest.raises(StudentFault) as caught:
        student.call("g", (), {})
    assert (caught.value.kind, caught.value.cell, caught.value.line) == ("crashed", 2, 7)


def test_another_call_is_refused():
    """A recording answers the calls that were made, in their order, or says that it belongs to other tests."""
    kept = Recording()
    kept.answer("f", *frame(1))
    with pytest.raises(StoreError, match="other tests"):
        RecordedStudent(kept.to_bytes()).call("g", (), {})
    student = RecordedStudent(kept.to_bytes())
    student.call("f", (), {})
    with pytest.raises(StoreError, match="ends before"):
        student.call("f", (), {})


def test_too_much_is_not_kept(monkeypatch):
    """More than the cap gives no recording at all rather than half of one."""
    monkeypatch.setattr(recording, "MAX_BYTES", 100)
    kept = Recording()
    kept.answer("f", *frame(np.zeros(100)))
    assert kept.to_bytes() is None


def test_an_answer_without_a_value_is_refused():
    """An answer's frame holds a value, and its arguments are a tuple."""
    with pytest.raises(wire.WireError):
        to_reply({"values": {}}, b"")
    with pytest.raises(wire.WireError):
        to_reply({"values": {"value": 1, "arguments": {"l": []}}}, b"")
