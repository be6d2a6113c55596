"""How each template does: how hard it is, whether it tells strong from weak, which slip is made most, how long it takes."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .practice import Review

ALARM = 0.8  #: more than this share wrong: look at the template before you look at the students
FEWEST = 5  #: answers below which no discrimination is told


@dataclass(frozen=True)
class Given:
    """One judged answer, from a graded quiz or from practice."""

    template: str
    who: str  #: the attempt, or the learner
    fraction: float
    slip: str
    seconds: float | None


@dataclass(frozen=True)
class ItemStatistics:
    """One template over all its answers."""

    template: str
    answers: int
    share_right: float  #: mean fraction of the points: the difficulty of test theory
    discrimination: float | None  #: correlation with the rest of the attempt's points; None where it cannot be told
    slip: str  #: the slip made most
    slip_share: float  #: of the wrong answers
    seconds: float | None  #: median

    @property
    def alarm(self) -> bool:
        """So many fail that the template itself may be wrong or unclear."""
        return self.answers >= FEWEST and self.share_right < 1 - ALARM


def from_results(attempts: Iterable[tuple[str, Sequence[dict[str, Any]]]]) -> list[Given]:
    """Of graded quizzes: (attempt, its provenance's questions)."""
    return [
        Given(each["template"], who, each["fraction"], each["slip"], each["seconds"])
        for who, questions in attempts
        for each in questions
    ]


def from_practice(who: str, reviews: Iterable[Review]) -> list[Given]:
    """First tries of a learner."""
    return [Given(r.template, who, r.fraction, r.slip, r.seconds) for r in reviews if not r.retry]


def statistics_of(answers: Sequence[Given]) -> list[ItemStatistics]:
    """One record a template, the hardest first."""
    by_template: dict[str, list[Given]] = defaultdict(list)
    by_attempt: dict[str, list[float]] = defaultdict(list)
    for each in answers:
        by_template[each.template].append(each)
        by_attempt[each.who].append(each.fraction)
    found = [_item(template, mine, by_attempt) for template, mine in by_template.items()]
    return sorted(found, key=lambda item: (item.share_right, item.template))


def _item(template: str, mine: list[Given], by_attempt: dict[str, list[float]]) -> ItemStatistics:
    wrong = [each for each in mine if each.fraction < 1]
    slips = Counter(each.slip for each in wrong if each.slip)
    slip, times = slips.most_common(1)[0] if slips else ("", 0)
    seconds = [each.seconds for each in mine if each.seconds is not None]
    return ItemStatistics(
        template,
        len(mine),
        statistics.fmean(each.fraction for each in mine),
        _discrimination(mine, by_attempt),
        slip,
        times / len(wrong) if wrong else 0.0,
        statistics.median(seconds) if seconds else None,
    )


def _discrimination(mine: list[Given], by_attempt: dict[str, list[float]]) -> float | None:
    """Pearson's correlation of the item with the mean of the other items of the same attempt."""
    groups = [(each.fraction, by_attempt[each.who]) for each in mine]
    pairs = [(own, (sum(all_of) - own) / (len(all_of) - 1)) for own, all_of in groups if len(all_of) > 1]
    if len(pairs) < FEWEST:
        return None
    item, rest = np.array(pairs, float).T
    if item.std() < 1e-12 or rest.std() < 1e-12:
        return None
    return float(np.corrcoef(item, rest)[0, 1])


def frame(items: Sequence[ItemStatistics]) -> Any:
    """The same as a pandas DataFrame."""
    import pandas

    columns = ("template", "answers", "share_right", "discrimination", "slip", "slip_share", "seconds", "alarm")
    return pandas.DataFrame([[getattr(item, name) for name in columns] for item in items], columns=list(columns))
