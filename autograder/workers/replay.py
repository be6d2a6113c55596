"""Judging a stored grade's recorded answers again, in a fresh process and with the bundle of that grade.

No student code runs.  The same answers, seeds and tests must give the same points, bit for bit.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Collection, Mapping
from multiprocessing.connection import Connection
from pathlib import Path

from ..checks.session import CheckSession
from ..errors import CommandError, JudgeError
from ..notebook import Unit
from ..pipeline import tripped
from ..records import CheckResult
from ..sandbox.recording import RecordedStudent
from ..store import Result

PATIENCE_S = 300.0


def rejudge(folder: Path, unit: Unit, result: Result, answers: bytes | None) -> tuple[CheckResult, ...]:
    """The checks of a stored result, judged once more."""
    if answers is None:
        raise CommandError(f"result {result.id} kept no answers (there were more than are kept). Use regrade.")
    kept = result.provenance
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    arguments = (theirs, folder, unit.name, answers, kept["seeds"], kept["forbidden"], kept["missing"])
    process = context.Process(target=_judge, args=arguments)
    process.start()
    theirs.close()
    try:
        if not ours.poll(PATIENCE_S):
            raise JudgeError(f"the replay did not end within {PATIENCE_S:g} s")
        checks: tuple[CheckResult, ...] = ours.recv()
    except EOFError as e:
        raise JudgeError("the replay's process died; see the lines above") from e
    finally:
        process.kill()
        process.join()
        ours.close()
    return tripped(checks, unit, kept["used"])


def _judge(
    connection: Connection,
    folder: Path,
    unit: str,
    answers: bytes,
    seeds: Mapping[str, int],
    forbidden: Mapping[str, str],
    missing: Collection[str],
) -> None:
    with CheckSession(folder, unit) as session:
        connection.send(session.run(RecordedStudent(answers), seeds.__getitem__, forbidden=forbidden, missing=missing))
