"""The report as our own JSON, versioned: fields may be added to "autograder-feedback/1", none changes its meaning."""

from __future__ import annotations

import json
import math
from typing import Any

from .report import (
    CheckReport,
    CodeLine,
    ExerciseReport,
    LoadErrorReport,
    PictureReport,
    QuestionReport,
    Report,
)

FORMAT = "autograder-feedback/1"


def render(report: Report) -> str:
    """The report as JSON text. Points are null where our side failed; a number that is not finite is null."""
    return json.dumps(document(report), allow_nan=False, ensure_ascii=False, indent=1)


def document(report: Report) -> dict[str, Any]:
    """The same as plain dictionaries and lists."""
    return {
        "format": FORMAT,
        "unit": report.unit,
        "title": report.title,
        "student": report.student,
        "submission": report.submission,
        "attempt": report.attempt,
        "filename": report.filename,
        "received": report.received.isoformat(),
        "due": report.due.isoformat() if report.due else None,
        "graded": report.graded,
        "verdict": report.verdict.value,
        "points": _points(report),
        "late": {"days": report.late_days, "line": report.late},
        "summary": {
            "headline": report.summary.headline,
            "start": report.summary.start,
            "first": report.summary.first or None,
            "right": list(report.summary.right),
        },
        "exercises": [_exercise(exercise, report.graded) for exercise in report.exercises],
        "questions": [_question(question) for question in report.questions],
        "load_errors": [_load_error(error) for error in report.load_errors],
        "notes": list(report.notes),
        "output": report.output,
        "after_due": report.detail,
    }


def _points(report: Report) -> dict[str, float | None]:
    graded = report.graded
    return {
        "earned": report.summary.earned,
        "maximum": report.summary.maximum,
        "raw": report.raw if graded else None,
        "penalty": report.penalty if graded else None,
        "waiting": report.summary.waiting,
    }


def _exercise(exercise: ExerciseReport, graded: bool) -> dict[str, Any]:
    return {
        "id": exercise.id,
        "title": exercise.title,
        "verdict": exercise.verdict.value,
        "earned": exercise.earned if graded else None,
        "maximum": exercise.maximum,
        "checks": [_check(check) for check in exercise.checks],
        "pictures": [_picture(picture) for picture in exercise.pictures],
        "sources": list(exercise.sources),
    }


def _check(check: CheckReport) -> dict[str, Any]:
    return {
        "name": check.name,
        "sentence": check.sentence,
        "verdict": check.verdict.value,
        "points": check.points,
        "earned": check.earned,
        "takes": check.takes,
        "message": check.message,
        "diagnosis": check.diagnosis,
        "twin": check.twin,
        "code": _code(check.code),
    }


def _code(code: CodeLine | None) -> dict[str, Any] | None:
    return {"cell": code.cell, "line": code.number, "text": code.text} if code else None


def _question(question: QuestionReport) -> dict[str, Any]:
    return {
        "id": question.id,
        "title": question.title,
        "points": question.points,
        "maximum": question.maximum,
        "comment": question.comment,
    }


def _load_error(error: LoadErrorReport) -> dict[str, Any]:
    return {"cell": error.cell, "kind": error.kind, "message": error.message, "code": _code(error.code)}


def _picture(picture: PictureReport) -> dict[str, Any]:
    return {
        "caption": picture.caption,
        "kind": picture.kind,
        "x_label": picture.x_label,
        "y_label": picture.y_label,
        "yours": _matrix(picture.yours),
        "reference": _matrix(picture.reference),
    }


def _matrix(rows: tuple[tuple[float, ...], ...]) -> list[list[float | None]]:
    return [[value if math.isfinite(value) else None for value in row] for row in rows]
