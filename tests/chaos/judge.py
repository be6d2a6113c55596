"""What must be true when everything has been killed: pure functions over the receipts and the rows.

It knows nothing of the store's code, so that a mistake there cannot hide itself here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class Receipt:
    """What a student holds in his hand: written to disk before the submitter went on."""

    student: str
    sha: str  #: of the bytes that were handed in
    id: int
    attempt: int


@dataclass(frozen=True)
class Submitted:
    """A row of `submission`."""

    id: int
    student: str
    attempt: int
    blob: str
    state: str


@dataclass(frozen=True)
class Graded:
    """A row of `result`."""

    submission: int
    token: int | None
    current: bool
    total: float


@dataclass(frozen=True)
class Job:
    """A row of `job`."""

    submission: int
    state: str
    token: int


@dataclass(frozen=True)
class Rows:
    """All that the database and the blobs say at the end."""

    submissions: tuple[Submitted, ...] = ()
    results: tuple[Graded, ...] = ()
    jobs: tuple[Job, ...] = ()
    completions: tuple[tuple[int, int], ...] = ()  #: witness: (submission, token) each time a job became done
    mismatches: tuple[tuple[int, int | None, int], ...] = ()  #: witness: a result's submission, its token, the job's
    blobs: Mapping[str, str] = field(default_factory=dict)  #: name of a blob -> sha256 of what it holds
    damage: str = ""  #: what the database says of itself, if that is not "ok"


@dataclass(frozen=True)
class Ruling:
    """One sentence for each thing that is wrong."""

    lost: tuple[str, ...]  #: a receipt without its submission, its bytes or its one grade
    double: tuple[str, ...]  #: something that counts twice
    stale: tuple[str, ...]  #: a result of a claim that was no longer its holder's
    points: tuple[str, ...]  #: other points than an undisturbed grading gives
    odd: tuple[str, ...]  #: whatever else is not as it must be

    @property
    def clean(self) -> bool:
        return not any((self.lost, self.double, self.stale, self.points, self.odd))

    def sentences(self) -> list[str]:
        return [f"{name}: {line}" for name, lines in vars(self).items() for line in lines]


def rule(
    receipts: Collection[Receipt],
    rows: Rows,
    style: Mapping[str, str],
    expected: Mapping[str, float],
) -> Ruling:
    """Judge a run.  style: sha of the bytes -> how the work was written; expected: style -> undisturbed points."""
    return Ruling(
        lost=tuple(_lost(receipts, rows)),
        double=tuple(_double(receipts, rows)),
        stale=tuple(_stale(rows)),
        points=tuple(_points(rows, style, expected)),
        odd=tuple(_odd(rows, style)),
    )


def _lost(receipts: Collection[Receipt], rows: Rows) -> Iterable[str]:
    known = {s.id: s for s in rows.submissions}
    current = Counter(r.submission for r in rows.results if r.current)
    for receipt in sorted(set(receipts), key=lambda r: r.id):
        row = known.get(receipt.id)
        if row is None:
            yield f"receipt {receipt.id} of {receipt.student} has no submission"
        elif (row.student, row.attempt, row.blob) != (receipt.student, receipt.attempt, receipt.sha):
            yield f"receipt {receipt.id} of {receipt.student} is another submission by now ({row})"
        elif rows.blobs.get(receipt.sha) != receipt.sha:
            yield f"submission {receipt.id} of {receipt.student} has not the bytes that were handed in"
        elif not current[receipt.id]:
            yield f"submission {receipt.id} of {receipt.student} has no grade ({row.state})"


def _double(receipts: Collection[Receipt], rows: Rows) -> Iterable[str]:
    for submission, many in _more_than_one(rows.results, lambda r: r.submission if r.current else None):
        yield f"submission {submission} has {many} current results"
    for submission, many in _more_than_one(rows.results, lambda r: r.submission):
        yield f"submission {submission} has {many} results, and nobody asked for a second one"
    for (student, _), many in _more_than_one(rows.submissions, lambda s: (s.student, s.blob)):
        yield f"one upload of {student} became {many} submissions"
    for (student, attempt), many in _more_than_one(rows.submissions, lambda s: (s.student, s.attempt)):
        yield f"attempt {attempt} of {student} is there {many} times"
    named = defaultdict(set)
    for receipt in receipts:
        named[receipt.student, receipt.sha].add(receipt.id)
    for (student, _), ids in named.items():
        if len(ids) > 1:
            yield f"the same bytes of {student} have receipts {sorted(ids)}"
    for (submission, token), many in _more_than_one(rows.completions, lambda c: c):
        yield f"the job of submission {submission} was completed {many} times with token {token}"
    for submission, many in _more_than_one(set(rows.completions), lambda c: c[0]):
        yield f"the job of submission {submission} was completed by {many} claims"


def _stale(rows: Rows) -> Iterable[str]:
    for submission, token, seen in rows.mismatches:
        yield f"submission {submission}: a result with token {token} was stored while the job had {seen}"
    tokens = {job.submission: job.token for job in rows.jobs}
    for result in rows.results:
        if result.current and result.submission in tokens and result.token != tokens[result.submission]:
            yield f"submission {result.submission}: its grade has token {result.token}, its job {tokens[result.submission]}"


def _points(rows: Rows, style: Mapping[str, str], expected: Mapping[str, float]) -> Iterable[str]:
    blob = {s.id: s.blob for s in rows.submissions}
    for result in rows.results:
        how = style.get(blob.get(result.submission, ""))
        if result.current and how is not None and result.total != expected[how]:
            yield f"submission {result.submission} ({how}) has {result.total:g} points, undisturbed {expected[how]:g}"


def _odd(rows: Rows, style: Mapping[str, str]) -> Iterable[str]:
    if rows.damage:
        yield f"the database is damaged: {rows.damage}"
    jobs = {job.submission: job for job in rows.jobs}
    completed = set(rows.completions)
    for submission in rows.submissions:
        job = jobs.get(submission.id)
        if submission.blob not in style:
            yield f"submission {submission.id} of {submission.student} was never handed in"
        if job is None:
            yield f"submission {submission.id} has no job"
        elif (job.state, submission.state) != ("done", "graded"):
            yield f"submission {submission.id} is {submission.state}, its job {job.state}"
        elif (job.submission, job.token) not in completed:
            yield f"the witness has not seen the job of submission {submission.id} end with token {job.token}"
    attempts = defaultdict(list)
    for submission in rows.submissions:
        attempts[submission.student].append(submission.attempt)
    for student, numbers in attempts.items():
        if sorted(set(numbers)) != list(range(1, len(set(numbers)) + 1)):
            yield f"the attempts of {student} have a gap: {sorted(numbers)}"


def _more_than_one(rows: Iterable[T], key: Callable[[T], K | None]) -> list[tuple[K, int]]:
    counts = Counter(k for k in map(key, rows) if k is not None)
    return [(k, many) for k, many in counts.items() if many > 1]
