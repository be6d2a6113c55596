"""Hidden tests: how they are written, run and judged, all on the trusted side.

What a unit's files import stands here; the pieces, bottom up:

    compare     whether two answers agree, and how closely they must
    answer      what a student's function gave, wrapped; student: the proxy that checks call
    recorder    what happened during one check; verbs: agree, award, untouched, ...
    points      @check, @wrong, @right, @picture
    local       a student made of plain functions; forbidden: banned names on the syntax tree
    outcome     one check run once; diagnose, twin: the help that a failed check gives
    session     all checks of a unit, collected once, run for many submissions; plugin: the same under plain pytest
"""

from autograder.checks.compare import statistical
from autograder.checks.points import check, picture, right, wrong
from autograder.checks.verbs import agree, award, numbers, raises, tensor, untouched

__all__ = [
    "agree",
    "award",
    "check",
    "numbers",
    "picture",
    "raises",
    "right",
    "statistical",
    "tensor",
    "untouched",
    "wrong",
]
