"""A submission that is let go: it is ended, and the next jail made, while nobody waits; what goes wrong is told later."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from dataclasses import replace
from typing import Any

import pytest
from boxes import EVERY, LIMITS, RENEWED, descendants, gone, started, submitted, zygote_parent
from hostile_guest import Played

from autograder.errors import BoxError, StudentFault
from autograder.guest import jail, serve
from autograder.sandbox.box import Box, Settings
from autograder.sandbox.choose import make

FINE = "def f(x):\n    return x + 1"
SMALL = Settings(LIMITS, preload=("numpy", "IPython"))


def waiting_family(box: Box) -> set[tuple[int, str]]:
    """Processes that are there only because a jail waits."""
    box.end(box.load())
    without = descendants(zygote_parent(box))
    box.let_go(box.load())
    box.check()
    return descendants(zygote_parent(box)) - without


def answers(box: Box) -> bool:
    with submitted(box, FINE) as student:
        return bool(student.call("f", (1,), {}).value == 2)


# The jail that waits

MARKED = """
import os, socket
kept = socket.socket(socket.AF_UNIX)
def leave():
    for top in (".", "/tmp", "/dev/shm"):
        open(os.path.join(top, "autograder-note"), "w").write("1")
    os.environ["NOTE"] = "1"
    kept.bind("\\0autograder-note"); kept.listen()
    if os.fork() == 0:
        os.setsid()
        import time; time.sleep(1000)
def find():
    found = [top for top in (".", "/tmp", "/dev/shm") if os.path.exists(os.path.join(top, "autograder-note"))]
    try: kept.connect("\\0autograder-note"); found.append("socket")
    except OSError: pass
    try: os.kill(-1, 0); found.append("processes")
    except OSError: pass
    return found + [name for name in os.environ if name == "NOTE"]
"""


def test_the_jail_that_waits_serves_the_next_and_holds_nothing_of_the_last(wall):
    """It was made after the last submission was dead: no file, socket, process or name of it is there."""
    with submitted(wall, MARKED) as student:
        student.call("leave", (), {})
    wall.check()
    waiting = wall._waiting
    assert waiting is not None
    with submitted(wall, MARKED) as student:
        assert student.call("find", (), {}).value == []
        assert student._load is waiting


@pytest.mark.parametrize("name", EVERY)
def test_a_jail_that_died_while_it_waited_is_replaced(name, boxes):
    """Nobody's submission is told that it ended the process; the box says that something odd happened."""
    box = boxes.get(name)
    (victim,) = family = waiting_family(box)
    box.odd = False
    os.kill(victim[0], signal.SIGKILL)
    assert gone(family, seconds=5)
    with submitted(box, FINE) as student:
        assert student.call("f", (1,), {}).value == 2
        assert student.loads == 1
    assert box.odd


def test_a_box_that_waits_long_is_not_ended_for_it(box):
    """No limit of time or memory runs while nobody is in the jail."""
    family = waiting_family(box)
    assert len(family) == 1
    time.sleep(1.0)  # the watch of a box without a cgroup looks five times
    assert not gone(family, seconds=0.1)
    assert answers(box)


CHILD_FOR_MEMORY = """
import os
def fill():
    child = os.fork()
    if child == 0:
        kept = []
        try:
            while True: kept.append(bytearray(b"1" * (1 << 24)))
        finally:
            os._exit(0)
    return os.waitpid(child, 0)[1]
def leave(): os._exit(3)
"""


def test_a_kill_for_memory_is_not_charged_to_the_next(wall):
    """A child of the last submission was killed by the kernel and nobody asked: the next that ends itself only ended itself."""
    wall.check()
    wall.odd = False
    with submitted(wall, CHILD_FOR_MEMORY, limits=replace(LIMITS, call_s=10.0)) as student:
        killed = student.call("fill", (), {}).value == signal.SIGKILL
    with submitted(wall, CHILD_FOR_MEMORY) as student:
        with pytest.raises(StudentFault) as caught:
            student.call("leave", (), {})
        assert caught.value.kind == "crashed"
    assert wall.odd == killed
    assert killed or getattr(wall, "group", True) is None  # without a cgroup the child meets a limit of its own


@pytest.mark.parametrize("at_once", [False, True], ids=["when it waits", "while it is made"])
@pytest.mark.parametrize("name", [*EVERY, *RENEWED])
def test_closing_a_box_ends_the_jail_that_waits(name, at_once, boxes):
    """Nothing is left of a box that is closed with a prepared jail, or with the order for one on its way."""
    box = make(boxes.choice(name), SMALL)
    with box:
        with submitted(box, FINE) as student:
            assert student.call("f", (1,), {}).value == 2
            family = descendants(zygote_parent(box))
        if not at_once:
            box.check()
            family |= descendants(zygote_parent(box))
        parent = zygote_parent(box)
    assert gone(family, seconds=8)
    assert not descendants(parent)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("name", EVERY)
def test_a_box_that_dies_while_it_lets_go_says_so_when_it_is_asked(name, when, boxes):
    """`let_go` itself is silent: the submission is measured.  `check` and `load` are not."""
    with make(boxes.choice(name), SMALL) as box:
        parent = zygote_parent(box)
        (zygote,) = descendants(parent) or {(parent, started(parent))}  # bubblewrap's own process stands above it
        load = box.load()
        family = descendants(parent) | {zygote}
        if when == "after":
            box.let_go(load)
        os.kill(zygote[0], signal.SIGKILL)
        assert gone(family, seconds=8)
        if when == "before":
            box.let_go(load)
        for ask in (box.check, box.load, box.check):
            with pytest.raises(BoxError, match="no longer answers"):
                ask()
        assert box.odd


def test_loads_are_counted_when_they_are_given(boxes):
    """A jail that waits is no use of the box: one that nobody has been in has none."""
    with make(boxes.choice("process"), SMALL) as box:
        assert box.uses == 0
        assert answers(box)
        assert answers(box)
        box.check()
        assert box.uses == 2


# A zygote that plays by its own rules


class Directed(Played):
    """Its zygote gives the answers that the test wrote, and waits for its leave if it is told to."""

    def __init__(self) -> None:
        super().__init__(LIMITS)
        self.instead: dict[str, dict[str, Any]] = {}
        self.may_answer = threading.Event()
        self.may_answer.set()

    def _answer_to(self, message: dict[str, Any], fds: list[int]) -> dict[str, Any]:
        self.may_answer.wait(10)
        answer = self.instead.pop(message["op"], None)
        if answer is None:
            return super()._answer_to(message, fds)
        for fd in fds:
            os.close(fd)
        return answer


@pytest.fixture
def directed() -> Any:
    with Directed() as box:
        yield box


def test_letting_go_waits_for_no_answer(directed):
    """It comes back while the zygote is still at work; the next load waits for both answers."""
    load = directed.load()
    directed.may_answer.clear()
    directed.let_go(load)
    threading.Timer(0.5, directed.may_answer.set).start()
    began = time.monotonic()
    after = directed.load()
    assert 0.2 < time.monotonic() - began < 5
    assert after.number == load.number + 1
    directed.end(after)


@pytest.mark.parametrize("ask", [Box.check, Box.load])
def test_an_end_that_failed_is_never_forgotten(directed, ask):
    """Leavings of one submission: no later one gets a jail of this box, however often it asks."""
    load = directed.load()
    directed.instead["end"] = {"op": "failed", "why": "a folder would not go"}
    directed.let_go(load)
    for again in (getattr(directed, ask.__name__), directed.load, directed.check):
        with pytest.raises(BoxError, match="a folder would not go"):
            again()
    assert directed.odd


def test_a_jail_that_could_not_be_prepared_is_tried_again(directed):
    """Nobody was in it, so nobody is told; the next load orders another."""
    load = directed.load()
    directed.instead["load"] = {"op": "failed", "why": "no process to be had"}
    directed.let_go(load)
    directed.check()
    assert directed.odd
    directed.end(directed.load())
    directed.instead["load"] = {"op": "failed", "why": "no process to be had"}
    with pytest.raises(BoxError, match="no process to be had"):
        directed.load()


def test_a_word_that_nobody_asked_for_breaks_the_box(directed):
    """An answer too many would be taken for the next one's."""
    directed.check()
    directed._tell({"op": "cpu", "id": 1})
    directed._control.recv(1, socket.MSG_PEEK)  # waits until it is there
    for ask in (directed.check, directed.load):
        with pytest.raises(BoxError):
            ask()


def test_the_zygote_forks_nobody_before_the_last_is_gone(monkeypatch):
    """Neither beside a running submission nor after one whose leavings could not be removed."""
    zygote = serve.Zygote.__new__(serve.Zygote)
    zygote.running, zygote.clean, zygote.watch = {}, True, None
    zygote.jail = jail.Jail("landlock", 1, 1, 1, None, None)
    zygote.inner = b""
    monkeypatch.setattr(jail, "fork_into", lambda *a: 77)
    monkeypatch.setattr(jail, "kill", _cannot)
    assert zygote.load({"id": 1}, [0, 0])["op"] == "forked"
    with pytest.raises(jail.JailError):
        zygote.load({"id": 2}, [0, 0])
    with pytest.raises(OSError, match="would not go"):
        zygote.end({"id": 1})
    with pytest.raises(jail.JailError):
        zygote.load({"id": 2}, [0, 0])


def _cannot(*args: object) -> None:
    raise OSError("a folder would not go")
