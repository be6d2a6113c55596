"""The report in Gradescope's vocabulary, as its platform reads results.json.

One entry an exercise carries the points (a guard can take points that another check gave, so only sums add up); one
entry a check carries a status and the words. Everything is plain text: "md" and "html" would give strings a meaning.
"""

from __future__ import annotations

import json
from typing import Any

from autograder.records import Verdict

from . import plain
from .marks import MARKS
from .report import CheckReport, ExerciseReport, LoadErrorReport, QuestionReport, Report


def render(report: Report) -> str:
    """results.json as text."""
    return json.dumps(document(report), allow_nan=False, ensure_ascii=False, indent=1)


def document(report: Report) -> dict[str, Any]:
    """The same as plain dictionaries and lists. Without a score where our side failed: no score is not a zero."""
    results: dict[str, Any] = {
        "output": "\n".join(_top(report)),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [],
        "extra_data": {"max_score": report.summary.maximum, "attempt": report.attempt, "graded": report.graded},
    }
    if not report.graded:
        return results
    for number, exercise in enumerate(report.exercises, 1):
        results["tests"].append(_exercise(number, exercise))
        results["tests"] += [_check(f"{number}.{place}", check) for place, check in enumerate(exercise.checks, 1)]
    listed = {exercise.id for exercise in report.exercises}
    results["tests"] += [_question(question) for question in report.questions if question.id not in listed]
    return {"score": report.summary.earned, **results}


def _top(report: Report) -> list[str]:
    lines = [line for line in (report.title, report.summary.headline, report.summary.start, report.late) if line]
    lines += [_load_error(error) for error in report.load_errors] + list(report.notes)
    if report.output:
        lines += ["", "What your notebook printed:", report.output]
    return lines


def _load_error(error: LoadErrorReport) -> str:
    place = f", line {error.code.number}: {error.code.text}" if error.code else ""
    return f"Cell {error.cell} did not run ({error.kind}: {error.message}){place}"


def _exercise(number: int, exercise: ExerciseReport) -> dict[str, Any]:
    return {
        **_entry(str(number), exercise.title),
        "score": exercise.earned,
        "max_score": exercise.maximum,
        "status": "passed" if exercise.right else "failed",
        "output": "\n".join([MARKS[exercise.verdict].word, *exercise.sources]),
    }


def _check(number: str, check: CheckReport) -> dict[str, Any]:
    return {
        **_entry(number, check.sentence),
        "status": "passed" if check.verdict is Verdict.PASSED else "failed",
        "output": "\n".join(words(check)),
    }


def words(check: CheckReport) -> list[str]:
    """What is said of one check, line by line."""
    lines = [MARKS[check.verdict].word, check.message, check.diagnosis]
    if check.code:
        lines.append(f"Line {check.code.number} of {check.code.cell}: {check.code.text}")
    if check.takes and check.earned < 0:
        lines.append(f"This takes {plain.one_point(-check.earned)}.")
    if check.twin:
        lines += ["Try it at home:", check.twin]
    return [line for line in lines if line]


def _question(question: QuestionReport) -> dict[str, Any]:
    entry = {**_entry("", question.title), "max_score": question.maximum, "score": question.points or 0}
    if question.points is None:
        return {**entry, "output": "This question is marked by hand and waits for its marker."}
    return {
        **entry,
        "status": "passed" if question.points >= question.maximum else "failed",
        "output": question.comment,
    }


def _entry(number: str, name: str) -> dict[str, Any]:
    entry = {"name": name, "name_format": "text", "output_format": "text", "visibility": "visible"}
    return {**entry, "number": number} if number else entry
