"""What a box answered, kept so that a grade can be judged again without running the student's code."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from typing import Any

from ..errors import StoreError, StudentFault
from ..guest import wire
from ..records import Handle, Reply

_PART = struct.Struct("!III")
MAX_BYTES = 32 << 20
_PARTS_OF_AN_ANSWER = {"value", "used", "arguments"}


class Recording:
    """The answers of one grading, in the order in which they were given."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.size = 0

    def answer(self, name: str, header: Mapping[str, Any], body: bytes) -> None:
        self._add(name, json.dumps({"values": header["values"]}).encode(), body)

    def fault(self, name: str, fault: StudentFault) -> None:
        place = {"cell": fault.cell, "line": fault.line}
        words = {"kind": fault.kind, "sentence": fault.sentence, **place, "error": fault.error}
        self._add(name, json.dumps({"fault": words}).encode(), b"")

    def _add(self, name: str, header: bytes, body: bytes) -> None:
        encoded = name.encode()
        self.size += len(header) + len(body)
        if self.size <= MAX_BYTES:
            self._parts.append(_PART.pack(len(encoded), len(header), len(body)) + encoded + header + body)

    def to_bytes(self) -> bytes | None:
        """Compressed, or None if there was more than is kept."""
        return zlib.compress(b"".join(self._parts), 1) if self.size <= MAX_BYTES else None


class RecordedStudent:
    """Answers calls from a recording; a call that was not recorded, or in another order, is our failure."""

    def __init__(self, data: bytes) -> None:
        self._data = zlib.decompress(data)
        self._offset = 0

    def call(
        self,
        name: str,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        *,
        on: Handle | None = None,
        keep: bool = False,
    ) -> Reply:
        """The next recorded answer."""
        recorded, header, body = self._next()
        if recorded != name:
            raise StoreError(f"the recording answers {recorded!r}, but {name!r} was called: it belongs to other tests")
        if "fault" in header:
            raise StudentFault(**header["fault"])
        return to_reply(header, body)

    def _next(self) -> tuple[str, dict[str, Any], bytes]:
        if self._offset >= len(self._data):
            raise StoreError("the recording ends before the tests do: it belongs to other tests")
        sizes = _PART.unpack_from(self._data, self._offset)
        at = self._offset + _PART.size
        parts = []
        for size in sizes:
            parts.append(self._data[at : at + size])
            at += size
        self._offset = at
        return parts[0].decode(), json.loads(parts[1]), parts[2]


def to_reply(header: Mapping[str, Any], body: bytes) -> Reply:
    """The value in an answer's frame.  WireError if it is not one."""
    values = wire.decode(dict(header), body, handle=Handle)
    if "value" not in values or not values.keys() <= _PARTS_OF_AN_ANSWER:
        raise wire.WireError("an answer without a value, or with more than an answer has")
    arguments = values.get("arguments")
    if arguments is not None and not isinstance(arguments, tuple):
        raise wire.WireError("arguments that are no tuple")
    return Reply(values["value"], arguments)
