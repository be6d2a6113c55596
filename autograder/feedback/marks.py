"""How a verdict looks: a symbol, a word and a tone. Never colour alone."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.records import Verdict


@dataclass(frozen=True)
class Mark:
    """tone: "good", "part", "bad", "none" (nothing was tried) or "ours" (we failed)."""

    symbol: str
    word: str
    tone: str


MARKS = {
    Verdict.PASSED: Mark("✓", "right", "good"),
    Verdict.PARTIAL: Mark("◐", "partly right", "part"),
    Verdict.FAILED: Mark("✗", "not right yet", "bad"),
    Verdict.CRASHED: Mark("!", "crashed", "bad"),
    Verdict.TIMED_OUT: Mark("◷", "timed out", "bad"),
    Verdict.OUT_OF_MEMORY: Mark("▲", "out of memory", "bad"),
    Verdict.OUT_OF_GPU_MEMORY: Mark("▲", "out of GPU memory", "bad"),
    Verdict.FORBIDDEN: Mark("⊘", "forbidden name used", "bad"),
    Verdict.MISSING: Mark("○", "not filled in", "none"),
    Verdict.NOT_RUN: Mark("–", "not run", "none"),
    Verdict.NOT_GRADED: Mark("?", "not graded yet", "ours"),
}
