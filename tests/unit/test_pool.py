"""A worker's warm boxes: used again by the same kind, few at once, renewed in time, and never lent twice at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from autograder.errors import BoxError, NoBox
from autograder.records import Gpu, Limits
from autograder.sandbox.box import Box, Ending, Load, Ready, Settings, preload
from autograder.sandbox.pool import USES, Pool

PLAIN = Settings(Limits())
OTHER = replace(PLAIN, data=Path("data"), gpu=Gpu(), absent=("scipy",))
SMALL = replace(PLAIN, preload=preload(()))
LARGER = SMALL.importing(["matplotlib"])
THIRD = replace(PLAIN, limits=Limits(memory_mb=2048))


class FakeBox(Box):
    """Says what was done to it."""

    name = "fake"

    def __init__(self, settings: Settings, fails: dict[str, Exception]) -> None:
        super().__init__(settings)
        self.uses, self.odd = 0, False
        self.dead = self.left = False  #: since when nobody has looked: it died; something was killed in it
        self.done: list[str] = []
        self.fails = fails

    def _does(self, step: str) -> None:
        self.done.append(step)
        if step in self.fails:
            raise self.fails[step]

    def begin(self) -> None:
        self._does("begin")

    def wait(self) -> Ready:
        self._does("wait")
        self.ready = Ready(0.1, 100, ())
        return self.ready

    def load(self) -> Load:
        raise NotImplementedError

    def end(self, load: Load) -> Ending:
        raise NotImplementedError

    def let_go(self, load: Load) -> None:
        raise NotImplementedError

    def check(self) -> None:
        self.odd = self.odd or self.left
        if self.dead:
            raise BoxError("it died")

    def cpu(self, load: Load) -> float:
        raise NotImplementedError

    def close(self) -> None:
        self.done.append("close")


class Workshop:
    """Makes fake boxes and keeps them all in sight, closed or not."""

    def __init__(self) -> None:
        self.made: list[FakeBox] = []
        self.fails: dict[str, Exception] = {}

    def make(self, settings: Settings) -> Box:
        """As the real one does: the box's own settings say more than those that were asked for."""
        if "make" in self.fails:
            raise self.fails["make"]
        self.made.append(FakeBox(replace(settings, jail="landlock"), self.fails))
        return self.made[-1]

    @property
    def open(self) -> list[FakeBox]:
        return [box for box in self.made if "close" not in box.done]


@pytest.fixture
def workshop():
    return Workshop()


@pytest.fixture
def pool(workshop):
    return Pool(workshop.make, most=2)


def used(pool: Pool, settings: Settings, **after) -> Box:
    """Lend a box, have it be like this after the submission, and give it back."""
    box = pool.lend(settings)
    box.uses += 1
    for name, value in after.items():
        setattr(box, name, value)
    pool.back(box)
    return box


def test_the_same_kind_gets_the_same_warm_box(pool, workshop):
    """It is started once; equal settings are the same kind, whoever made them."""
    first = used(pool, PLAIN)
    assert pool.lend(Settings(Limits())) is first
    assert workshop.made[0].done == ["begin", "wait"]


def test_another_kind_gets_another_box(pool, workshop):
    """Limits, data, card and missing libraries all make a kind."""
    first = used(pool, PLAIN)
    second = used(pool, OTHER)
    assert first is not second
    assert second.settings.gpu == Gpu()
    assert used(pool, PLAIN) is first
    assert workshop.open == [first, second]


def test_the_least_recently_used_makes_room(pool, workshop):
    """Two are warm at once; the third kind takes the place of the one that was not used for longest."""
    first = used(pool, PLAIN)
    second = used(pool, OTHER)
    used(pool, PLAIN)
    third = used(pool, THIRD)
    assert workshop.open == [first, third]
    assert second.done == ["begin", "wait", "close"]


def test_a_box_that_warms_waits_for_nobody(pool, workshop):
    """`warm` begins and does not wait; `lend` waits for what is begun already."""
    pool.warm(PLAIN)
    pool.warm(PLAIN)
    assert [box.done for box in workshop.made] == [["begin"]]
    assert pool.lend(PLAIN).done == ["begin", "wait"]


def test_warming_ahead_costs_nobody_a_box(pool, workshop):
    """Where there is no room, nothing is begun: what is warm now is worth more than what may be wanted."""
    used(pool, PLAIN), used(pool, OTHER)
    pool.warm(THIRD)
    assert len(workshop.open) == len(workshop.made) == 2


def test_a_used_up_box_is_renewed(pool, workshop):
    """After so many submissions the next box warms, before anybody asks for it."""
    first = used(pool, PLAIN, uses=USES - 1)
    assert used(pool, PLAIN) is first
    assert first.done == ["begin", "wait", "close"]
    (second,) = workshop.open
    assert second.done == ["begin"]
    assert pool.lend(PLAIN) is second


def test_an_odd_box_is_renewed(pool, workshop):
    """Something was killed in it, or failed: the next submission gets another."""
    first = used(pool, PLAIN, odd=True)
    assert first.done == ["begin", "wait", "close"]
    assert [box.done for box in workshop.open] == [["begin"]]


def test_renewing_never_holds_a_box_too_many(workshop):
    """The old one is closed before the next begins: there may be no memory for both."""
    crowd = []

    def make(settings: Settings) -> Box:
        crowd.append(len(workshop.open) + 1)
        return workshop.make(settings)

    pool = Pool(make, most=1)
    used(pool, PLAIN, odd=True)
    pool.drop(pool.lend(PLAIN))
    used(pool, OTHER)
    assert crowd == [1, 1, 1, 1]


def test_a_failure_to_renew_is_not_the_submissions(pool, workshop):
    """The submission is measured by then: giving its box back cannot fail, and the next `lend` says what is wrong."""
    box = pool.lend(PLAIN)
    box.odd = True
    workshop.fails["begin"] = BoxError("no engine")
    pool.back(box)
    assert workshop.open == []
    with pytest.raises(NoBox, match="no engine"):
        pool.lend(PLAIN)


def test_a_fresh_box_was_in_nobodys_hands(pool, workshop):
    """A used one is closed for it; one that nobody has been in is not started twice."""
    old = used(pool, PLAIN)
    new = pool.fresh(PLAIN)
    assert new is not old
    assert workshop.open == [new]
    pool.back(new)
    assert pool.fresh(PLAIN) is new


def test_a_dropped_box_is_never_lent_again(pool, workshop):
    """It is closed and forgotten, and its successor warms."""
    broken = pool.lend(PLAIN)
    pool.drop(broken)
    assert broken.done == ["begin", "wait", "close"]
    assert [box.done for box in workshop.open] == [["begin"]]
    assert pool.lend(PLAIN) is not broken


@pytest.mark.parametrize("step", ["make", "begin", "wait"])
@pytest.mark.parametrize("error", [BoxError, OSError])
def test_no_box_can_be_had(pool, workshop, step, error):
    """The same sentence as NoBox, nothing half-started stays, and the next try begins anew."""
    workshop.fails[step] = error("the engine is gone")
    with pytest.raises(NoBox, match=r"^the engine is gone$"):
        pool.lend(PLAIN)
    assert workshop.open == []
    workshop.fails.clear()
    assert pool.lend(PLAIN).ready


@pytest.mark.parametrize("fate", ["dead", "left"])
def test_what_happened_meanwhile_is_not_the_next_ones_fault(pool, workshop, fate):
    """A box that died while nobody was in it, or whose last submission turns out to be odd, is replaced before it is lent."""
    broken = used(pool, PLAIN, **{fate: True})
    assert pool.lend(PLAIN) is not broken
    assert broken.done == ["begin", "wait", "close"]
    assert [box.done for box in workshop.open] == [["begin", "wait"]]


def test_a_dead_box_and_no_other_is_no_box(pool, workshop):
    """Nothing is charged to the submission that comes when the engine is gone."""
    used(pool, PLAIN, dead=True)
    workshop.fails["begin"] = BoxError("the engine is gone")
    with pytest.raises(NoBox, match="the engine is gone"):
        pool.lend(PLAIN)
    assert workshop.open == []


def test_no_box_in_the_background_is_said_later(pool, workshop):
    """`warm` is a favour and does not fail; nothing half-started stays."""
    workshop.fails["begin"] = BoxError("the engine is gone")
    pool.warm(PLAIN)
    assert workshop.open == []
    with pytest.raises(NoBox):
        pool.lend(PLAIN)


def test_a_box_is_lent_once_at_a_time(pool, workshop):
    """Two submissions in one box is a bug of ours, and no second box is started for it."""
    box = pool.lend(PLAIN)
    for ask in (pool.lend, pool.fresh):
        with pytest.raises(RuntimeError, match="is lent"):
            ask(PLAIN)
    pool.back(box)
    for give in (pool.back, pool.drop):
        with pytest.raises(RuntimeError, match="not lent"):
            give(box)
    assert workshop.open == [box]
    assert pool.lend(PLAIN) is box


def test_a_lent_box_is_not_taken_away(pool, workshop):
    """Room is made of idle boxes only, however long ago a lent one was asked for."""
    lent = pool.lend(PLAIN)
    used(pool, OTHER)
    third = pool.lend(THIRD)
    assert workshop.open == [lent, third]
    with pytest.raises(RuntimeError, match=r"all boxes \(2\) are lent"):
        pool.lend(OTHER)


def test_importing_makes_a_larger_kind():
    """It serves whoever wants less behind the same wall; asked for what is there already, it is the same kind."""
    assert LARGER != SMALL
    assert LARGER.serves(SMALL)
    assert not SMALL.serves(LARGER)
    assert not LARGER.serves(replace(SMALL, absent=("scipy",)))
    assert LARGER.importing(["matplotlib"]) == LARGER
    assert SMALL.importing([]) == SMALL


def test_without_room_the_larger_kind_serves(workshop):
    """Two kinds of one unit in turns, and room for one box: it is begun anew once, not each time."""
    pool = Pool(workshop.make, most=1)
    first = used(pool, SMALL)
    larger = used(pool, LARGER)
    assert first.done[-1] == "close"
    assert [used(pool, each) for each in (SMALL, LARGER, SMALL)] == [larger] * 3
    assert workshop.open == [larger]


def test_with_room_each_kind_has_its_own(pool, workshop):
    """The small one is faster; only where there is no room does the larger one do."""
    larger, small = used(pool, LARGER), used(pool, SMALL)
    assert larger is not small
    assert [used(pool, SMALL), used(pool, LARGER)] == [small, larger]


def test_the_larger_kind_takes_the_place_of_the_small_one(pool, workshop):
    """It does for both, so another unit keeps its box."""
    other, small = used(pool, OTHER), used(pool, SMALL)
    larger = used(pool, LARGER)
    assert workshop.open == [other, larger]
    assert small.done[-1] == "close"


def test_what_can_be_had_at_once(pool, workshop):
    """A box that still warms, or was used where a new one is wanted, or has died, takes its time."""
    assert not pool.is_warm(SMALL)
    pool.warm(SMALL)
    assert not pool.is_warm(SMALL)
    box = used(pool, SMALL)
    assert pool.is_warm(SMALL)
    assert not pool.is_warm(SMALL, fresh=True)
    box.dead = True
    assert not pool.is_warm(SMALL)


def test_close_ends_all(pool, workshop):
    """Idle, lent and half-started; a second time does nothing."""
    pool.lend(PLAIN)
    pool.warm(OTHER)
    pool.close()
    pool.close()
    assert [box.done for box in workshop.made] == [["begin", "wait", "close"], ["begin", "close"]]
