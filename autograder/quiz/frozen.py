"""A variant as plain data and back: what was asked is what is judged, however the templates change meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from .answer import Answer
from .figures import Figure
from .formula import Formula
from .numeric import Integer, Number, Numbers, Shape
from .options import Choice, Matching, Ordering, Output, Several
from .question import Question, Slip, Template
from .variant import Variant

_TYPES = {
    kind.kind: kind for kind in (Choice, Formula, Integer, Matching, Number, Numbers, Ordering, Output, Several, Shape)
}
_TUPLES = ("several", "ordering", "shape")  #: kinds whose values are tuples, which JSON does not know


def freeze(variant: Variant) -> dict[str, Any]:
    """With its answer: for the store, never for a student."""
    question, template = variant.question, variant.template
    found: dict[str, Any] = _plain(
        {
            "template": {k: v for k, v in vars(template).items() if k != "draw"},
            "seed": variant.seed,
            "prompt": question.prompt,
            "answer": {"kind": question.answer.kind, **asdict(question.answer)},  # type: ignore[call-overload]
            "slips": [[slip.gives, slip.why] for slip in question.slips],
            "explanation": question.explanation,
            "hints": list(question.hints),
            "figure": [question.figure.svg, question.figure.text] if question.figure else None,
            "options": list(variant.options),
        }
    )
    return found


def thaw(data: Mapping[str, Any]) -> Variant:
    """The variant that freeze wrote."""
    stated = dict(data["answer"])
    kind = stated.pop("kind")

    def value(found: Any) -> Any:
        return tuple(found) if kind in _TUPLES and isinstance(found, list) else found

    stated["value"] = value(stated["value"])
    if kind == "formula":
        stated["variables"] = {name: tuple(bound) for name, bound in stated["variables"].items()}
    answer: Answer = _TYPES[kind](**stated)
    question = Question(
        data["prompt"],
        answer,
        tuple(Slip(value(gives), why) for gives, why in data["slips"]),
        data["explanation"],
        tuple(data["hints"]),
        Figure(*data["figure"]) if data["figure"] else None,
    )
    described = {**data["template"], "tags": tuple(data["template"]["tags"])}
    return Variant(Template(**described, draw=_no_draw), data["seed"], question, tuple(map(value, data["options"])))


def _no_draw(rng: np.random.Generator, /) -> Question:
    raise NotImplementedError("a frozen variant is not drawn again")


def _plain(value: Any) -> Any:
    """Only what JSON knows; numpy's numbers as Python's."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, np.generic):
        return value.item()
    return value
