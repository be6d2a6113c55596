"""The self-test: every promise that a box claims is measured on this machine, not read from its settings.

A box that breaks a claimed promise refuses to grade.  A passed test is remembered for this boot, this box, this image
and this guest code, since it takes some seconds; `autograder doctor` always runs it.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import autograder.guest

from ..errors import BoxError, StudentFault
from ..guest import seccomp
from ..records import Cell, Limits
from . import host, probes
from .box import PROMISES, Box, Settings, environment, preload
from .choose import Choice, make
from .student import BoxedStudent

LIMITS = Limits(call_s=5.0, load_s=20.0, total_s=120.0, memory_mb=256, processes=32)
#: Set by the shell that bubblewrap's own start leaves.
_MORE_NAMES = ("PWD", "HOSTNAME", "OLDPWD", "SHLVL", "_", "LC_CTYPE", "TMPDIR")


@dataclass(frozen=True)
class Finding:
    """One promise: what was tried, whether it held, what was seen."""

    promise: str
    tried: str
    held: bool
    seen: str

    @property
    def sentence(self) -> str:
        return PROMISES[self.promise]


def run(choice: Choice) -> tuple[Finding, ...]:
    """Test a box's claims, one finding each.  BoxError if it does not even start."""
    with make(choice, Settings(LIMITS, preload=preload(()))) as box:  # no promise depends on what is loaded
        return tuple(_measured(box, promise, test) for promise, test in TESTS.items() if promise in box.claims)


def require(choice: Choice, state: Path, progress: Callable[[str], None] = lambda line: None) -> Choice:
    """The choice, settled on its first jail that keeps every promise; BoxError if none does.

    What was measured since this boot is not measured again, unless no jail is left.
    """
    stamp, seen = (state / "selftest.json").resolve(), {}
    known = _remembered(stamp)
    for one in choice.each():
        if _key(one) not in known:
            progress(f"testing the {one.title} box (once after each start of this machine)")
        broken = known[_key(one)] if _key(one) in known else _broken(one)
        seen[_key(one)] = broken
        if not broken:
            _remember(stamp, {**known, **seen})
            return one
    cure = host.cure_for(choice.name, choice.jail)
    raise BoxError(f"the {choice.name} box breaks a promise: {' / '.join(seen.values())}. {cure}")


def _broken(choice: Choice) -> str:
    """The first promise that does not hold, and what was seen; empty if all do."""
    try:
        findings = run(choice)
    except BoxError as e:
        return f"{choice.jail}: {e}"
    return next((f"{choice.jail}: {f.sentence} Seen: {f.seen}" for f in findings if not f.held), "")


def _remembered(stamp: Path) -> dict[str, str]:
    """What was found since this boot: key -> the broken promise, or nothing."""
    try:
        found = json.loads(stamp.read_text())
    except (OSError, ValueError):
        return {}
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _remember(stamp: Path, found: dict[str, str]) -> None:
    stamp.parent.mkdir(parents=True, exist_ok=True)
    new = stamp.with_name(f"{stamp.name}.{os.getpid()}")
    new.write_text(json.dumps(found, indent=1, sort_keys=True))
    new.replace(stamp)


def _key(choice: Choice) -> str:
    code = hashlib.sha256()
    for folder in (Path(autograder.guest.__file__).parent, Path(__file__).parent):
        for path in sorted(folder.glob("*.py")):
            code.update(path.read_bytes())
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{choice.title} {choice.digest[:24]} {boot} {code.hexdigest()[:16]}"


# The tests: each gives what was tried, and what it saw that should not be


def _measured(box: Box, promise: str, test: Callable[[Box], tuple[str, str]]) -> Finding:
    try:
        tried, seen = test(box)
    except StudentFault as e:
        tried, seen = "call the probe", f"the probe {e.kind}: {e.sentence}"
    return Finding(promise, tried, not seen, seen or "nothing got through")


def _probe(box: Box, limits: Limits = LIMITS) -> BoxedStudent:
    numbers = seccomp.numbers()
    dangerous = [(numbers[name], (0, 0, 0, 0, 0, 0)) for name in probes.TRIED if name in numbers]
    on_first = [(name, numbers[name], arguments) for name, arguments in probes.ON_FIRST.items() if name in numbers]
    source = probes.SOURCE + f"\nDANGEROUS = {dangerous!r}\nON_FIRST = {on_first!r}\n"
    return BoxedStudent(box, [Cell("probe", source)], limits, seed=1)


def _list(box: Box, name: str, *arguments: Any) -> str:
    student = _probe(box)
    try:
        value = student.call(name, arguments, {}).value
    finally:
        student.close()
    return ", ".join(str(item) for item in value) if isinstance(value, list) else f"an odd answer from {name}"


def _hidden(box: Box) -> tuple[str, str]:
    return "import reference, autograder, tests; look for their files", _list(box, "hidden")


def _network(box: Box) -> tuple[str, str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        seen = _list(box, "network", server.getsockname()[1])
    return "sockets of six families, a service of this host on loopback, Docker's socket", seen


def _writes(box: Box) -> tuple[str, str]:
    return "create a file in nineteen folders outside its own", _list(box, "writes")


def _processes(box: Box) -> tuple[str, str]:
    seen = _list(box, "processes")
    return "read /proc; signal, trace, slow and end all others", seen or _still_fine(box)


def _privileges(box: Box) -> tuple[str, str]:
    return f"namespaces, mount, root, {len(probes.TRIED)} system calls, capabilities", _list(box, "privileges")


def _environment(box: Box) -> tuple[str, str]:
    allowed = [*dict(environment()), *_MORE_NAMES]
    return "list variables and descriptors", _list(box, "environment", allowed)


def _forks(box: Box) -> tuple[str, str]:
    student = _probe(box)
    try:
        made = student.call("forks", (), {}).value
    finally:
        student.close()
    too_many = "" if isinstance(made, int) and made <= LIMITS.processes + 40 else f"{made} processes were made"
    return f"fork until it fails ({made} made)", too_many or _still_fine(box)


def _memory(box: Box) -> tuple[str, str]:
    student = _probe(box, LIMITS)
    try:
        student.call("memory", (), {})
    except StudentFault as fault:
        ended = "" if fault.kind == "out of memory" else f"it ended as {fault.kind!r}"
    else:
        ended = "it ended by itself"
    finally:
        student.close()
    return "allocate without end", ended or _still_fine(box)


def _leftovers(box: Box) -> tuple[str, str]:
    student = _probe(box)
    try:
        marks = student.call("leave", (), {}).value
    finally:
        student.close()
    if not marks:
        return "leave files", "the probe could not even write into its own folder"
    return f"leave files ({', '.join(map(str, marks))}), a daemon and an abstract socket; look for them next", _list(
        box, "find"
    )


def _answers(box: Box) -> tuple[str, str]:
    quick = Limits(call_s=0.3, load_s=20.0, total_s=60.0, memory_mb=LIMITS.memory_mb)
    student = _probe(box, quick)
    seen = []
    try:
        for name, kind in (("die", "crashed"), ("spin", "timed out")):
            try:
                student.call(name, (), {})
                seen.append(f"{name} answered")
            except StudentFault as fault:
                seen += [] if fault.kind == kind else [f"{name} ended as {fault.kind!r}"]
        if student.call("fine", (), {}).value != 42:
            seen.append("a wrong answer")
    finally:
        student.close()
    return "end the process, loop for ever, then ask again", ", ".join(seen)


def _still_fine(box: Box) -> str:
    student = _probe(box)
    try:
        return "" if student.call("fine", (), {}).value == 42 else "a wrong answer afterwards"
    except StudentFault as e:
        return f"the next submission: {e.sentence}"
    finally:
        student.close()


TESTS: dict[str, Callable[[Box], tuple[str, str]]] = {
    "hidden": _hidden,
    "network": _network,
    "writes": _writes,
    "processes": _processes,
    "privileges": _privileges,
    "environment": _environment,
    "forks": _forks,
    "memory": _memory,
    "leftovers": _leftovers,
    "answers": _answers,
}
