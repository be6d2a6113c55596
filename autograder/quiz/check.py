"""`quiz check`: can every template be asked?  Many variants of each are drawn and looked at as a student would see them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..errors import AnswerError, UnitError
from .numeric import Number, Numbers, Shape
from .options import LETTERS
from .question import Slip, Template
from .variant import Variant, draw

ANSWERS = 5  #: different answers that a template must have unless it is a fixed choice
ENOUGH = 100  #: variants after which so many must have been seen
#: What no reader should meet: a bare numpy value, a double sign, a machine's number, a placeholder.
_UGLY = re.compile(
    r"np\.|array\(|\bnan\b|\binf\b|\d{3}e[-+]?\d|\+ -|- -|\+-|--\d|\.\d{9,}|(?-i:\bNone\b(?! of| is))", re.IGNORECASE
)
_PLACEHOLDER = re.compile(r"\{[a-z_]+\}")  #: of an f-string without its f; in a formula braces are TeX
_MATH = re.compile(r"\$[^$]*\$")
_CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)


@dataclass(frozen=True)
class Checked:
    """What was seen of one template."""

    template: Template
    variants: int
    questions: int  #: different ones
    answers: int  #: different ones
    again: bool  #: whether its answer was computed a second time
    faults: tuple[str, ...]
    seconds: float


def check(template: Template, variants: int = 200, seed: int = 0) -> Checked:
    """Draw so many variants and look at each."""
    began, faults = time.perf_counter(), dict[str, None]()
    questions: set[str] = set()
    answers: set[str] = set()
    again = False
    for number in range(seed, seed + variants):
        try:
            variant = draw(template, number)
        except UnitError as error:
            faults[str(error)] = None
            break
        except Exception as error:  # a template may break in any way
            faults[f"seed {number}: {type(error).__name__}: {error}"] = None
            break
        again = again or variant.question.again is not None
        for fault in _faults(variant):
            if len(faults) < 5:
                faults[f"seed {number}: {fault}"] = None
        questions.add(variant.fingerprint)
        answers.add(repr(variant.question.answer.show(variant.question.answer.value)))
    spent = time.perf_counter() - began
    if not template.fixed and questions and variants >= ENOUGH and len(answers) < ANSWERS:
        faults[f"only {len(answers)} different answers in {variants} variants; {ANSWERS} are needed, or fixed=True"] = (
            None
        )
    return Checked(template, variants, len(questions), len(answers), again, tuple(faults), spent)


def check_all(
    templates: tuple[Template, ...], variants: int = 200, progress: Callable[[str], None] = lambda id: None
) -> Iterator[Checked]:
    """Each template's findings, as they come."""
    for template in templates:
        progress(template.id)
        yield check(template, variants)


def _faults(variant: Variant) -> Iterator[str]:
    question = variant.question
    answer = question.answer
    for name, text in (("prompt", question.prompt), ("explanation", question.explanation), *_slips(question.slips)):
        if not text.strip():
            yield f"the {name} is empty"
        bare = _CODE.sub("", text)
        if bare.count("$") % 2:
            yield f"the {name} has an odd number of dollar signs"
        ugly = _UGLY.search(bare) or _PLACEHOLDER.search(_MATH.sub("", bare))
        if ugly:
            yield f"the {name} shows {bare[max(0, ugly.start() - 15) : ugly.end() + 15]!r}"
    if question.again is not None and not answer.same(question.again, answer.value):
        yield f"computed again, the answer is {question.again!r}, not {answer.value!r}"
    yield from _judged(variant)


def _slips(slips: tuple[Slip, ...] | list[Slip]) -> Iterator[tuple[str, str]]:
    for number, slip in enumerate(slips, 1):
        yield f"feedback of slip {number}", slip.why


def _judged(variant: Variant) -> Iterator[str]:
    """The right answer, typed as the student would, gets full points; each slip less, and its own feedback."""
    right = typed(variant, variant.question.answer.value)
    try:
        if not variant.mark(variant.read(right)).right:
            yield f"the right answer, typed as {right!r}, is marked wrong"
    except AnswerError as error:
        yield f"the right answer, typed as {right!r}, cannot be read: {error}"
    for slip in variant.question.slips:
        given = typed(variant, (slip.gives,) if variant.question.answer.kind == "several" else slip.gives)
        try:
            mark = variant.mark(variant.read(given))
        except AnswerError as error:
            yield f"the slip {slip.gives!r}, typed as {given!r}, cannot be read: {error}"
            continue
        if mark.right:
            yield f"the slip {slip.gives!r} is marked right"
        elif mark.slip is not slip:
            yield f"the slip {slip.gives!r} is taken for another"


def typed(variant: Variant, value: object) -> str:
    """What a student would type for a value: letters of options, or numbers rounded as asked."""
    answer, options = variant.question.answer, list(variant.options)
    if options and answer.kind == "matching":
        assert isinstance(value, dict)
        return " ".join(f"{i}{LETTERS[options.index(right)]}" for i, right in enumerate(value.values(), 1))
    if options:
        several = value if isinstance(value, tuple) and answer.kind in ("several", "ordering") else (value,)
        return " ".join(LETTERS[options.index(each)] for each in several)
    match answer:
        case Number() | Numbers():
            return answer.typed(value)
        case Shape():
            return str(tuple(value))  # type: ignore[arg-type]
        case _:
            return str(value)
