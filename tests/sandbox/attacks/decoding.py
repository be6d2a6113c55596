"""E. Deserialisation."""

from __future__ import annotations

from .attack import FORGE, Attack


def answer(id: str, title: str, values: str, body: str = "b''", aims: str = "block") -> Attack:
    """A frame's values as the attacker writes them: a dict, or the bytes of a whole header."""
    return Attack(id, title, aims, FORGE + f"answers(lambda header, values: ({values}, {body}))", wall=False)


E = [
    Attack(
        "E1",
        "pickles, npy files, YAML and XML as answers",
        "harm",
        """
import os, pickle, numpy as np
class Bomb: __reduce__ = lambda s: (os.system, ("touch /tmp/autograder-owned",))
def softmax(z): return pickle.dumps(Bomb())
def scale(x, a, b):
    return {"y": b"\\x93NUMPY\\x01\\0v\\0{'descr': '|O', 'fortran_order': False, 'shape': (1,)}" + pickle.dumps(Bomb()),
            "slope": "!!python/object/apply:os.system ['id']<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>"}
""",
    ),
    answer("E2", "a shape of 8 GiB over no bytes", '{"value": {"a": ["<f8", [1 << 30], 0]}, "used": None}'),
    answer(
        "E3",
        "a million axes, an axis of 10^18",
        '{"value": {"l": [{"a": ["<f8", [0] * 10**6, 0]}, {"a": ["<f8", [0, 10**18], 0]}]}, "used": None}',
    ),
    answer(
        "E4",
        "the same megabytes named ten thousand times",
        '{"value": {"l": [{"a": ["<f8", [1 << 20], 0]}] * 10_000}, "used": None}',
        "bytes(8 << 20)",
    ),
    answer("E5", "integers of a million digits", 'b\'{"op": "answer", "values": {"value": \' + b"9" * 10**6 + b"}}"'),
    answer("E6", "brackets, a million deep", 'b"[" * 10**6'),
    answer("E7", "objects, a hundred thousand deep", "b'{\"l\":[' * 10**5"),
    answer(
        "E8",
        "keys twice, NaN and infinities",
        'b\'{"op": "answer", "op": "answer", "values": {"value": NaN, "value": 1e999}}\'',
    ),
    answer(
        "E9",
        "200,000 keys with one hash",
        '{"value": {"d": [[(2**61 - 1) * k, 0] for k in range(1, 150_000)]}, "used": None}',
    ),
    answer(
        "E10",
        "strings, dates, records and objects as dtypes",
        '{"value": {"l": [{"a": [d, [1], 0]} for d in ("|O", "<U2", "<M8[s]", "f8,f8", "|V8")]}, "used": None}',
        "bytes(64)",
    ),
    answer(
        "E11",
        "lone surrogates and control codes",
        r'{"value": {"l": ["\ud800", "\udfff\0\x1b[2J", "\u202e"]}, "used": None}',
    ),
    answer("E12", "two million values", '{"value": {"l": [None] * 1_500_000}, "used": None}'),
    answer(
        "E13", "handles that were never given", '{"value": {"l": [{"h": 2**62}, {"h": 0}, {"h": -1}]}, "used": None}'
    ),
    Attack("E14", "a length of 4 GiB", "block", FORGE + "guest._answer = lambda *a: b'\\xff' * 8", wall=False),
    Attack(
        "E15",
        "answers as large as they may be, again and again",
        "block",
        """
import numpy as np
def softmax(z): return np.zeros(2_000_000)
def scale(x, a, b): return {"y": [0.0] * 300_000, "slope": {str(i): i for i in range(90_000)}}
""",
        wall=False,
    ),
    Attack(
        "E16",
        "joblib, cloudpickle and torch.load files, returned as bytes and left to be opened",
        "harm",
        """
import io, os, pickle, numpy as np
class Bomb: __reduce__ = lambda s: (os.system, ("touch /tmp/autograder-owned",))
blobs = {"answer.pkl": pickle.dumps(Bomb()), "answer.joblib": pickle.dumps(Bomb(), 2)}
try:
    import torch
    held = io.BytesIO(); torch.save(Bomb(), held); blobs["model.pt"] = held.getvalue()
except ImportError: pass
for name, blob in blobs.items():
    for folder in (".", "/tmp", "/dev/shm"): open(os.path.join(folder, name), "wb").write(blob)
def softmax(z): return blobs["answer.pkl"]
def scale(x, a, b): return {"y": blobs["answer.joblib"], "slope": blobs.get("model.pt", b"")}
""",
    ),
    Attack(
        "E17",
        "an npy header of 128 bytes that asks for 8 GiB",
        "block",
        """
header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1073741824,), }"
blob = b"\\x93NUMPY\\x01\\x00" + (118).to_bytes(2, "little") + header.ljust(117) + b"\\n"
def softmax(z): return blob
def scale(x, a, b): return {"y": bytearray(blob), "slope": memoryview(blob)}
""",
        wall=False,
    ),
    answer(
        "E18",
        "the npy header in a frame's body, and a shape that it does not fill",
        '{"value": {"a": ["<f8", [1 << 30], 0]}, "used": None}',
        "b'\\x93NUMPY\\x01\\x00v\\x00' + b\"{'descr': '<f8', 'fortran_order': False, 'shape': (1073741824,)}\".ljust(118)",
    ),
    answer(
        "E19",
        "XML entities that double a billion times, and YAML anchors that do",
        '{"value": {"l": ["<!DOCTYPE l [<!ENTITY a \'ha\'>" + "".join('
        'f"<!ENTITY x{i} \'&a;&a;\'>" for i in range(30)) + "]><l>&x29;</l>",'
        ' "a: &a [x]\\n" + "".join(f"b{i}: &b{i} [*a, *a]\\n" for i in range(30))]}, "used": None}',
    ),
    answer(
        "E20",
        "lone surrogates in keys, names and the nonce's place",
        r'{"value": {"d": [["\ud800", "\udfff"], ["\udc80", 1]]}, "used": ["\ud83d"], "\udcff": 1}',
    ),
    answer(
        "E21",
        "a tensor mark and a handle mark on the same value, marks of other libraries",
        '{"value": {"a": ["<f8", [2], 0], "t": 1, "h": 0, "torch": True, "__reduce__": ["os.system", ["id"]]}, "used": None}',
        "bytes(16)",
    ),
]
