"""One attack, and the words that many attacks share.

The source is one more cell after the exercises.  With `base="wrong"` they hold the honest wrong solutions, and the
attack wins with any point more than those get; with `base="right"` they hold right ones and it only wants to harm.  An
attack also wins if a planted CANARY or a hidden input marked LEAK comes out, if no verdict comes, if the next submission
loses a point, or if anything is left behind; printing OWNED is winning too.  test_attacks.py is the judge of all that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

RIGHT_SOFTMAX = """
def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
"""
RIGHT_SCALE = """
def scale(x, a=1.0, b=0.0):
    return {"y": a * x + b, "slope": np.full_like(x, a)}
"""
WRONG_SOFTMAX = """
def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()
"""
WRONG_SCALE = """
def scale(x, a=1.0, b=0.0):
    return {"y": a * x - b, "slope": np.full_like(x, b)}
"""

#: Prints every canary in what it is given: all that an attacker needs to carry out.
SEEK = """
import ctypes, gc, os, re, signal, socket, sys, threading, time
CANARY = re.compile(b"CANARY-[a-z]+-[0-9a-f]{16}")
def seek(*things):
    for thing in things:
        data = thing if isinstance(thing, bytes) else str(thing).encode("utf-8", "replace")
        for found in set(CANARY.findall(data)):
            print("found", found)
def file(path):
    try:
        with open(path, "rb") as f: seek(f.read(1 << 20))
    except OSError: pass
"""

#: Answers each call with a frame of the attacker's own making; the nonce is right, for the guest is in his hands.
FORGE = """
import json, os, struct, sys
guest = sys.modules["guest.load"]
def frame(header, values, body=b""):
    text = json.dumps({**header, "values": values}).encode() if not isinstance(values, bytes) else values
    return struct.pack("!II", len(text), len(body)) + text + body
def answers(make):
    guest._answer = lambda notebook, header, values: frame({"op": "answer", "nonce": header["nonce"]}, *make(header, values))
"""

#: Makes a sentence of the next call's input that must never be seen outside.
LEAK = """
import numpy as np
def leak(z):
    return "LEAK" + "-" + str(np.asarray(z).ravel()[0])
"""


@dataclass(frozen=True)
class Attack:
    """One attempt; see the module's docstring."""

    id: str
    title: str
    aims: str  #: points | secret | harm | block | leftover
    source: str = ""
    base: str = "wrong"
    softmax: str = ""  #: in place of the base's
    scale: str = ""
    file: Callable[[bytes], tuple[bytes, str]] | None = field(default=None, repr=False)  #: makes the whole upload
    wall: bool = True  #: needs isolation; without it the process box is tried too
    attempts: int = 1  #: handed in so often; what a box has seen once must never enter one again
    gpu: bool = False  #: needs a CUDA device
    slow: bool = False
    known: str = ""  #: why it is expected to win; the test then says so if it no longer does

    @property
    def section(self) -> str:
        return self.id.rstrip("0123456789")
