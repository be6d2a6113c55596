"""What a submission may try, as a table, one file for each section of the list (entries.py says which attack tries what).

To add one: in its section's file an id, a title, what it aims at, and a few lines of Python; then a line in entries.py if
the list has no such entry yet, and `make attacks` for the table in docs/attacks.md.
"""

from __future__ import annotations

from .attack import RIGHT_SCALE, RIGHT_SOFTMAX, WRONG_SCALE, WRONG_SOFTMAX, Attack
from .decoding import E
from .forging import B
from .handins import G
from .host import I
from .neighbours import J
from .patching import C
from .reading import A
from .resources import F
from .unlisted import X
from .values import D

ATTACKS: tuple[Attack, ...] = (*A, *B, *C, *D, *E, *F, *G, *I, *J, *X)

__all__ = ["ATTACKS", "RIGHT_SCALE", "RIGHT_SOFTMAX", "WRONG_SCALE", "WRONG_SOFTMAX", "Attack"]
