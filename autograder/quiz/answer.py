"""The contract of an answer type, and the caps on what a student may type.

Reading is apart from judging: `read` turns what was typed into a value and says how it was read; what cannot be read is an
AnswerError with one sentence and costs nothing.  `mark` judges a value that was read.
"""

from __future__ import annotations

import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from ..errors import AnswerError

LONGEST = 2000  #: characters of an answer that are looked at


@dataclass(frozen=True)
class Read:
    """An answer as it was read; `echo` shows it to the student before it is judged."""

    value: Any
    echo: str


class Answer(ABC):
    """A right answer, and what is known about its form."""

    kind: ClassVar[str]
    #: Of the types whose options are shown to everybody; the others have options only where a question is asked as a choice.
    has_options: ClassVar[bool] = False
    value: Any

    @property
    @abstractmethod
    def how(self) -> str:
        """How to answer, in one line."""

    @abstractmethod
    def read(self, text: str, options: Sequence[Any] = ()) -> Read:
        """What was typed, as a value.  AnswerError if it cannot be read."""

    @abstractmethod
    def mark(self, value: Any, rivals: Sequence[Any] = ()) -> float:
        """The fraction of the points, 0 to 1.  rivals: what the slips give; a tolerance never reaches half way to one."""

    @abstractmethod
    def show(self, value: Any) -> str:
        """A value of this type as Markdown with TeX."""

    @abstractmethod
    def differ(self, one: Any, other: Any) -> bool:
        """Whether people see two values as different answers."""

    def same(self, one: Any, other: Any) -> bool:
        """Whether a student's value is that of a slip, or the answer that of an independent computation."""
        return not self.differ(one, other)

    def distance(self, one: Any, other: Any) -> float:
        """How far apart two values are that pass for the same: of two slips the nearer one was made."""
        return 0.0

    def problems(self) -> list[str]:
        """What makes this a bad answer to ask for."""
        return []


def checked_text(text: str) -> str:
    """What was typed, with look-alikes of digits and signs made plain; AnswerError if it is empty or too long."""
    if not isinstance(text, str):
        raise AnswerError("An answer is a text. Type it again.")
    if len(text) > LONGEST:
        raise AnswerError(f"That is {len(text):,} characters; an answer has at most {LONGEST:,}. Type only the answer.")
    plain = unicodedata.normalize("NFKC", text).translate(_SIGNS).strip()
    if not plain:
        raise AnswerError("Nothing was typed. Type your answer.")
    bad = next((c for c in plain if unicodedata.category(c) in ("Cc", "Cf", "Co", "Cs", "Cn") and c not in "\n\t"), "")
    if bad:
        raise AnswerError(f"There is an invisible character (U+{ord(bad):04X}) in it. Type the answer by hand.")
    return plain


_SIGNS = str.maketrans(
    {
        "−": "-",
        "–": "-",
        "—": "-",
        "×": "*",
        "·": "*",
        "⋅": "*",
        "÷": "/",
        "’": "'",
        "‘": "'",
        "“": '"',
        "”": '"',
        "∗": "*",
        "\u00a0": " ",
    }
)
