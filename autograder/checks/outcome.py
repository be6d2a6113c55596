"""One check run once: what it came to, and whose fault that is.

The student's answers fail a check in two ways only, CheckFailed (an answer that is wrong) and StudentFault (no answer).
Anything else that a check raises is ours: the check is not graded, and nobody loses a point.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from autograder.checks.recorder import CheckFailed, Recorder, current
from autograder.errors import AutograderError, JudgeError, StudentFault
from autograder.records import Verdict

SECONDS = 20.0  #: of processor time for one check on our side: waiting for a box does not count


class TooLong(BaseException):
    """A check used more processor time than it may; not an Exception, so that no check's own handler can hold it."""


@dataclass(frozen=True)
class Outcome:
    """What one run of one check came to."""

    verdict: Verdict
    share: float = 0.0  #: of the points, 0 to 1
    message: str = ""
    cell: int | None = None
    line: int | None = None
    recorder: Recorder = field(default_factory=Recorder)
    raised: BaseException | None = None  #: must go on to whoever runs the session


@contextlib.contextmanager
def processor_limit(seconds: float) -> Iterator[None]:
    """TooLong after that many seconds of this process's processor time; without a limit outside the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def over(number: int, frame: FrameType | None) -> None:
        raise TooLong

    before = signal.signal(signal.SIGPROF, over)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def observe(run: Callable[[], Any], seconds: float = SECONDS) -> Outcome:
    """Run a check's function and say what came of it."""
    recorder = Recorder()
    token = current.set(recorder)
    try:
        with processor_limit(seconds):
            run()
    except BaseException as error:
        return _after(error, recorder, seconds)
    finally:
        current.reset(token)
    return _passed(recorder)


def _passed(recorder: Recorder) -> Outcome:
    if recorder.silent:
        return Outcome(Verdict.FAILED, message="Your answer is empty: there was nothing to judge.", recorder=recorder)
    share, why = recorder.award or (1.0, "")
    verdict = Verdict.PASSED if share == 1 else Verdict.PARTIAL if share > 0 else Verdict.FAILED
    return Outcome(verdict, share, why, recorder=recorder)


def _after(error: BaseException, recorder: Recorder, seconds: float) -> Outcome:
    if isinstance(error, CheckFailed):
        return Outcome(Verdict.FAILED, message=str(error), recorder=recorder)
    if isinstance(error, StudentFault):
        return _fault(error, recorder)
    if isinstance(error, AssertionError) and not _in_reference(error.__traceback__):
        return Outcome(Verdict.FAILED, message="The condition of this check does not hold.", recorder=recorder)
    if isinstance(error, TooLong):
        told = f"it used more than {seconds:g} s of processor time on our side"
        return Outcome(Verdict.NOT_GRADED, message=told, recorder=recorder)
    if isinstance(error, JudgeError):
        return Outcome(Verdict.NOT_GRADED, message=str(error), recorder=recorder)
    goes_on = isinstance(error, AutograderError | KeyboardInterrupt)
    return Outcome(Verdict.NOT_GRADED, message=_told(error), recorder=recorder, raised=error if goes_on else None)


def _fault(fault: StudentFault, recorder: Recorder) -> Outcome:
    try:
        verdict = Verdict(fault.kind)
    except ValueError:
        return Outcome(Verdict.NOT_GRADED, message=f"a fault of unknown kind {fault.kind!r}", recorder=recorder)
    return Outcome(verdict, 0.0, fault.sentence, fault.cell, fault.line, recorder)


def _in_reference(trace: TracebackType | None) -> bool:
    return any("reference" in Path(file).parts[-3:-1] for file, _ in _frames(trace))


def _told(error: BaseException) -> str:
    """Type and place of an exception of ours; its own words may hold a student's values."""
    places = [f"{Path(file).name}:{line}" for file, line in _frames(error.__traceback__)]
    tests = [place for place in places if place.startswith("test_hidden.py:")]
    return f"{type(error).__name__} at {(tests or places or ['an unknown place'])[-1]}"


def _frames(trace: TracebackType | None) -> Iterator[tuple[str, int]]:
    while trace is not None:
        yield trace.tb_frame.f_code.co_filename, trace.tb_lineno
        trace = trace.tb_next
