"""Frames: plain data over a socket, checked before a byte is believed.

A frame is two lengths (capped before anything is read), a JSON header and raw array bytes.  No pickle, no eval, no
object arrays: what is not in this file's short list of kinds does not cross.  Kinds, as they stand in the header:

    null true false 12 1.5 "text"        themselves (strings lose lone surrogates; NaN and infinities are {"f": ...})
    {"l": [...]} {"t": [...]}            list, tuple            {"d": [[key, value], ...]}   dict
    {"b": [offset, length]}              bytes                  {"c": [re, im]}              complex
    {"a": [dtype, shape, offset]}        array, C order; "s" in place of "a" for a numpy scalar, "T" for a torch tensor
    {"h": 3}                             a handle: an object that stayed in the box
"""

from __future__ import annotations

import json
import math
import select
import socket
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

LENGTHS = struct.Struct("!II")
MAX_HEADER = 8 << 20
MAX_DEPTH = 24
MAX_NODES = 400_000
MAX_DIMENSION = 1 << 31
MAX_RANK = 16
MAX_DIGITS = 400
#: How much more the judge may send than a box: a hidden test may give back several answers in one call.
ROOM = 16
#: float16 upwards, integers, booleans, complex; never strings, dates or objects.
DTYPES = (
    frozenset("?") | {f"<{k}{n}" for k in "iu" for n in (2, 4, 8)} | {"|i1", "|u1", "<f2", "<f4", "<f8", "<c8", "<c16"}
)
_DTYPES = {code: np.dtype(code) for code in DTYPES}


class WireError(Exception):
    """The other side sent something that is not a frame of ours."""


class Uncrossable(Exception):
    """A value of ours is not plain data (too deep, too many parts, too many digits)."""


class Closed(Exception):
    """The other side is gone."""


class Late(Exception):
    """The deadline passed."""


@dataclass(frozen=True)
class Tensor:
    """An array that the box shall see as a torch tensor."""

    array: np.ndarray[Any, Any]


# Encoding


@dataclass
class _Encoder:
    """Collects the raw bytes of one frame while its header is built."""

    handle: Callable[[Any], int]
    room: int
    nodes: int = 0
    size: int = 0

    def __post_init__(self) -> None:
        self.parts: list[memoryview] = []

    def node(self, value: Any, depth: int = 0) -> Any:
        self.nodes += 1
        if depth > _depth(self.room) or self.nodes > MAX_NODES * self.room:
            raise Uncrossable("nested too deeply, or too many separate values (use an array)")
        if value is None or value is True or value is False:
            return value
        if isinstance(value, np.generic):
            return {"s": self._array(np.asarray(value))}
        if isinstance(value, (bool, int, float, complex, str, bytes, bytearray)):
            return self._scalar(value)
        if isinstance(value, np.ndarray):
            return {"a": self._array(value)} if _code(value.dtype) in DTYPES else self._object(value)
        if isinstance(value, Tensor):
            return {"T": self._array(value.array)}
        return self._container(value, depth)

    def _scalar(self, value: Any) -> Any:
        if isinstance(value, str):
            return str(value)
        if isinstance(value, (bytes, bytearray)):
            return {"b": self._bytes(memoryview(bytes(value)))}
        if isinstance(value, int):
            if abs(value) >= 10**MAX_DIGITS:
                raise Uncrossable(f"an integer of more than {MAX_DIGITS} digits")
            return int(value)
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else {"f": repr(float(value))}
        return {"c": [self._scalar(value.real), self._scalar(value.imag)]}

    def _container(self, value: Any, depth: int) -> Any:
        if isinstance(value, tuple):
            return {"t": [self.node(v, depth + 1) for v in value]}
        if isinstance(value, (list, range)):
            return {"l": [self.node(v, depth + 1) for v in value]}
        if isinstance(value, dict) and all(map(_is_key, value)):
            return {"d": [[self._key(k), self.node(v, depth + 1)] for k, v in value.items()]}
        torch = sys.modules.get("torch")
        if torch is not None and isinstance(value, torch.Tensor):
            return {"T": self._array(_tensor_to_array(torch, value))}
        return self._object(value)

    def _key(self, key: Any) -> Any:
        key = key.item() if isinstance(key, np.generic) else key
        return key if key is None or isinstance(key, bool) else self._scalar(key)

    def _object(self, value: Any) -> Any:
        return {"h": self.handle(value)}

    def _array(self, a: np.ndarray[Any, Any]) -> list[Any]:
        code = _code(a.dtype)
        if code not in DTYPES or a.ndim > MAX_RANK:
            raise Uncrossable(f"an array of {a.dtype} with {a.ndim} axes")
        shape = list(a.shape)
        a = np.ascontiguousarray(np.asarray(a), dtype=code)
        return [code, shape, self._bytes(a.reshape(-1).view(np.uint8).data)[0]]

    def _bytes(self, raw: memoryview) -> list[int]:
        offset = self.size
        self.parts.append(raw)
        self.size += raw.nbytes
        return [offset, raw.nbytes]


def _depth(room: int) -> int:
    return MAX_DEPTH if room == 1 else 2 * MAX_DEPTH


def _is_key(key: Any) -> bool:
    """Text or a plain number.  Larger integers could be chosen to share one hash, and a dict of them takes minutes."""
    if isinstance(key, int):
        return -(1 << 63) <= key < 1 << 63
    return key is None or isinstance(key, (str, float, np.integer, np.floating, np.bool_))


@lru_cache(64)
def _code(dtype: np.dtype[Any]) -> str:
    code = dtype.newbyteorder("<").str
    return "?" if code == "|b1" else code


def _tensor_to_array(torch: Any, t: Any) -> np.ndarray[Any, Any]:
    t = t.detach().cpu()
    if t.layout is not torch.strided:
        t = t.to_dense()
    if t.dtype is torch.bfloat16:
        t = t.float()
    array: np.ndarray[Any, Any] = t.resolve_conj().resolve_neg().numpy()
    return array


def _no_handles(value: Any) -> int:
    raise Uncrossable(f"an object of type {type(value).__name__}")


#: Made once: json.dumps and json.loads make one for each frame that is not of the plainest kind.
_JSON = json.JSONEncoder(allow_nan=False)


def encode(
    message: dict[str, Any], values: dict[str, Any], handle: Callable[[Any], int] = _no_handles, room: int = 1
) -> bytes:
    """One frame: `message` is ours and goes as JSON, `values` are anybody's and go by kind.  Uncrossable where one cannot."""
    encoder = _Encoder(handle, room)
    header = dict(message)
    header["values"] = {name: encoder.node(value) for name, value in values.items()}
    text = _JSON.encode(header).encode("ascii")
    if len(text) > MAX_HEADER * room or encoder.size >= 1 << 32:
        raise Uncrossable("more than a frame holds")
    return b"".join([LENGTHS.pack(len(text), encoder.size), text, *encoder.parts])


# Decoding


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise WireError("a key stands twice")
    return result


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise WireError("a number out of range")
    return value


def _short(text: str) -> int:
    if len(text.lstrip("-")) > MAX_DIGITS:
        raise WireError("too many digits")
    return int(text)


def _refuse(text: str) -> Any:
    raise WireError(f"{text} is not JSON")


_STRICT = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite, parse_int=_short, parse_constant=_refuse)


def parse(text: bytes) -> dict[str, Any]:
    """A header as JSON: an object, no key twice, no NaN, digits and depth capped."""
    try:
        header = _STRICT.decode(text.decode("ascii"))
    except (ValueError, RecursionError) as e:
        raise WireError("the header is not our JSON") from e
    if not isinstance(header, dict):
        raise WireError("the header is not an object")
    return header


@dataclass
class _Decoder:
    """Rebuilds the values of one frame; `handle` and `tensor` say what a handle and a tensor become on this side."""

    body: memoryview
    handle: Callable[[int], Any]
    tensor: Callable[[np.ndarray[Any, Any]], Any]
    room: int
    nodes: int = 0
    taken: int = 0

    def value(self, node: Any, depth: int = 0) -> Any:
        self.nodes += 1
        if depth > _depth(self.room) or self.nodes > MAX_NODES * self.room:
            raise WireError("nested too deeply, or too many values")
        if node is None or isinstance(node, (bool, int, float)):
            return node
        if isinstance(node, str):
            return node.encode("utf-8", "replace").decode("utf-8")
        if not isinstance(node, dict) or len(node) != 1:
            raise WireError("a value of no known kind")
        ((kind, content),) = node.items()
        reader = _READERS.get(kind)
        if reader is None:
            raise WireError("a value of no known kind")
        return reader(self, content, depth + 1)

    def _dict(self, content: Any, depth: int) -> dict[Any, Any]:
        result: dict[Any, Any] = {}
        for pair in _list(content):
            key = self.value(_two(pair)[0], depth)
            if not _is_key(key) or key in result:
                raise WireError("a key of a dict is no text or number, or stands twice")
            result[key] = self.value(pair[1], depth)
        return result

    def _array(self, content: Any) -> np.ndarray[Any, Any]:
        if len(_list(content)) != 3 or content[0] not in DTYPES:
            raise WireError("an array of a kind that may not cross")
        code, shape, offset = content
        if len(_list(shape)) > MAX_RANK:
            raise WireError("an array of absurd shape")
        size = padded = 1
        for n in shape:
            if _natural(n) > MAX_DIMENSION:
                raise WireError("an array of absurd shape")
            size, padded = size * n, padded * (n or 1)
        # The sizes are compared before numpy is asked for anything; zero-sized axes must not hide a huge one.
        if padded > MAX_DIMENSION:
            raise WireError("an array of absurd size")
        dtype = _DTYPES[code]
        raw = self._slice(_natural(offset), size * dtype.itemsize)
        if code == "?":
            array: np.ndarray[Any, Any] = np.frombuffer(raw, np.uint8) != 0  # a byte of 2 is no boolean
            return array.reshape(shape)
        return np.frombuffer(raw, dtype).reshape(shape).copy()

    def _scalar(self, content: Any) -> Any:
        array = self._array(content)
        if array.ndim:
            raise WireError("a scalar with axes")
        return array[()]

    def _part(self, node: Any, depth: int) -> float:
        """Of a complex number.  float() would take text and bytes too."""
        part = self.value(node, depth)
        if isinstance(part, bool) or not isinstance(part, (int, float)):
            raise WireError("a number was expected")
        return float(part)

    def _slice(self, offset: int, length: int) -> memoryview:
        # Each piece begins where the last one ended, as in every frame of ours: bytes that are named twice would be
        # copied twice, a thousand times over, and bytes that nothing names would be kept as part of an answer.
        if _natural(offset) != self.taken or _natural(length) > len(self.body) - offset:
            raise WireError("bytes out of order or beyond the frame")
        self.taken += length
        return self.body[offset : self.taken]


#: The kinds: (decoder, what stands under the kind's letter, depth) -> the value
_READERS: dict[str, Callable[[_Decoder, Any, int], Any]] = {
    "l": lambda own, c, d: [own.value(v, d) for v in _list(c)],
    "t": lambda own, c, d: tuple([own.value(v, d) for v in _list(c)]),
    "d": _Decoder._dict,
    "a": lambda own, c, d: own._array(c),
    "s": lambda own, c, d: own._scalar(c),
    "T": lambda own, c, d: own.tensor(own._array(c)),
    "b": lambda own, c, d: bytes(own._slice(*_two(c))),
    "c": lambda own, c, d: complex(*(own._part(v, d) for v in _two(c))),
    "f": lambda own, c, d: _special(c),
    "h": lambda own, c, d: own.handle(_natural(c)),
}


def _list(content: Any) -> list[Any]:
    if not isinstance(content, list):
        raise WireError("a list was expected")
    return content


def _two(content: Any) -> list[Any]:
    if len(_list(content)) != 2:
        raise WireError("a pair was expected")
    return list(content)


def _natural(content: Any) -> int:
    if isinstance(content, bool) or not isinstance(content, int) or content < 0 or content >= 1 << 63:
        raise WireError("a natural number was expected")
    return content


def _special(content: Any) -> float:
    if content not in ("nan", "inf", "-inf"):
        raise WireError("a number was expected")
    return float(content)


def _no_handle(number: int) -> Any:
    raise WireError("a handle where none may be")


def decode(
    header: dict[str, Any],
    body: bytes,
    handle: Callable[[int], Any] = _no_handle,
    tensor: Callable[[np.ndarray[Any, Any]], Any] = lambda array: array,
    room: int = 1,
) -> dict[str, Any]:
    """The values of a frame.  WireError for anything that `encode` would not have written."""
    values = header.get("values")
    if not isinstance(values, dict):
        raise WireError("the frame has no values")
    decoder = _Decoder(memoryview(body), handle, tensor, room)
    try:
        result = {name: decoder.value(node) for name, node in values.items()}
    except (TypeError, ValueError, OverflowError, MemoryError) as e:
        raise WireError("a value that cannot be rebuilt") from e
    if decoder.taken != len(body):
        raise WireError("bytes that no value names")
    return result


# Sending and receiving: a deadline at every chunk, a cap before every read


#: Seconds left; asked again whenever it seems to have run out, so a busy machine may be given more.
Left = Callable[[], float]


def for_ever() -> float:
    """The deadline of a side that has none."""
    return 3600.0


def within(seconds: float) -> Left:
    """A plain deadline from now on."""
    end = time.monotonic() + seconds
    return lambda: end - time.monotonic()


def _wait(sock: socket.socket, event: int, left: Left) -> None:
    poll = select.poll()
    poll.register(sock, event)
    while (seconds := left()) > 0:
        if poll.poll(max(1, math.ceil(seconds * 1000))):
            return
    raise Late


def send(sock: socket.socket, frame: bytes, left: Left) -> None:
    """All of the frame, or Late, or Closed."""
    view = memoryview(frame)
    while view:
        _in_time(left)
        try:
            view = view[sock.send(view[: 1 << 20], socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL) :]
        except BlockingIOError:
            _wait(sock, select.POLLOUT, left)
        except OSError as e:
            raise Closed from e


def _exactly(sock: socket.socket, n: int, left: Left) -> bytearray:
    data = bytearray()  # not a list of chunks: trickled in two bytes at a time, that takes twenty times their size
    while len(data) < n:
        _in_time(left)  # asked for each piece: who always has one more ready would never be waited for
        try:
            # recv, not recvmsg: passed descriptors are dropped
            chunk = sock.recv(min(n - len(data), 1 << 20), socket.MSG_DONTWAIT)
        except BlockingIOError:
            _wait(sock, select.POLLIN, left)
            continue
        except OSError as e:
            raise Closed from e
        if not chunk:
            raise Closed
        data += chunk
    return data


def _in_time(left: Left) -> None:
    if left() <= 0:
        raise Late


def receive(sock: socket.socket, max_body: int, left: Left, room: int = 1) -> tuple[dict[str, Any], bytes]:
    """One frame: its header, parsed but not believed, and its body.  Late, Closed, or WireError."""
    _wait(sock, select.POLLIN, left)
    header, body = LENGTHS.unpack(_exactly(sock, LENGTHS.size, left))
    if header > MAX_HEADER * room or body > max_body:
        raise WireError("a frame larger than allowed")
    data = _exactly(sock, header + body, left)
    return parse(bytes(data[:header])), bytes(memoryview(data)[header:])
