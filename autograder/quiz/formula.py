"""Formulas that students type: read by a whitelist over Python's syntax tree, judged numerically at seeded points.

Nothing is ever evaluated by Python: the tree is walked here, node by node, and a node that is not on the list is an
AnswerError.  Length, depth, digits and exponents are capped before anything is computed.
"""

from __future__ import annotations

import ast
import keyword
import math
import re
import unicodedata
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, cast

import numpy as np

from ..errors import AnswerError
from .answer import Answer, Read, checked_text

LONGEST, DEEPEST, NODES, DIGITS, EXPONENT = 400, 24, 200, 30, 64
POINTS = 24  #: where two formulas are compared
_RTOL = 1e-6

FUNCTIONS: Mapping[str, tuple[int, Callable[..., float]]] = {
    "exp": (1, lambda x: math.exp(min(x, 700.0))),
    "log": (1, math.log),
    "sqrt": (1, math.sqrt),
    "sin": (1, math.sin),
    "cos": (1, math.cos),
    "tan": (1, math.tan),
    "tanh": (1, math.tanh),
    "sinh": (1, lambda x: math.sinh(max(-700.0, min(x, 700.0)))),
    "cosh": (1, lambda x: math.cosh(min(abs(x), 700.0))),
    "sigmoid": (1, lambda x: 1 / (1 + math.exp(-x)) if x > -700 else 0.0),
    "relu": (1, lambda x: max(x, 0.0)),
    "abs": (1, abs),
    "sign": (1, lambda x: float((x > 0) - (x < 0))),
    "max": (2, max),
    "min": (2, min),
}
CONSTANTS = {"pi": math.pi, "e": math.e}
_ALIASES = {"ln": "log", "σ": "sigmoid", "sigma": "sigmoid", "ReLU": "relu", "π": "pi"}
_GREEK = {c: unicodedata.name(c).split()[-1].lower().replace("lamda", "lambda") for c in "αβγδεζηθικλμνξρστυφχψω"}
_TOKEN = re.compile(r"\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([^\W\d]\w*)|(\*\*|[-+*/^(),]))")

Tree = ast.expr


def parse(text: str, names: Sequence[str]) -> Tree:
    """A formula in these variables as a checked tree.  `^` is a power, `2x` and `2(x+1)` are products."""
    typed = checked_text(text)
    if len(typed) > LONGEST:
        raise AnswerError(f"That is {len(typed)} characters; a formula has at most {LONGEST}. Simplify it.")
    source = _source(typed, names)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "3(x)" makes the compiler talk
            tree = ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise AnswerError(
            f"“{_short(typed)}” is not a formula. Are all parentheses closed and all signs there?"
        ) from None
    if sum(1 for _ in ast.walk(tree)) > 3 * NODES:
        raise AnswerError("The formula is too long. Simplify it.")
    _check(tree, tuple(_name(name, names) for name in names), DEEPEST)
    return tree


def _source(typed: str, names: Sequence[str]) -> str:
    """The same formula in Python's signs; depth is capped here, before any parser sees it."""
    depth, place, parts, last = 0, 0, [], ""
    while place < len(typed.rstrip()):
        match = _TOKEN.match(typed, place)
        if match is None:
            bad = typed[place:].lstrip()[0]
            raise AnswerError(
                f"The sign “{bad}” ({unicodedata.name(bad, 'unknown').lower()}) is not read in a formula."
            )
        number, name, sign = match.groups()
        if number and len(number) > DIGITS:
            raise AnswerError(f"A number of {len(number)} characters is too long. Round it.")
        if (number or name or sign == "(") and (
            last == "number" or last == ")" or (last == "name" and (number or name))
        ):
            parts.append("*")
        if name:
            name = _name(name, names)
            if not name.isascii():
                odd = next(c for c in name if not c.isascii())
                raise AnswerError(
                    f"The letter “{odd}” is a {unicodedata.name(odd, 'letter').lower()}. Type it on your keyboard."
                )
        depth += (sign == "(") - (sign == ")")
        if depth > DEEPEST:
            raise AnswerError(f"Parentheses are nested more than {DEEPEST} deep. Simplify the formula.")
        parts.append("**" if sign == "^" else number or name or sign)
        # A variable before "(" is a factor, a function is a call.
        variable = name and name not in FUNCTIONS
        last = "number" if number or variable else "name" if name else sign
        place = match.end()
    return "".join(f" {p} " if p.isidentifier() else p for p in parts).strip()


def _name(name: str, variables: Sequence[str]) -> str:
    """As the tree has it: Greek letters spelt out, other names of functions, and `lambda`, which Python keeps for itself."""
    spelt = "".join(_GREEK.get(c, c) for c in name)
    if spelt not in variables and name not in variables:
        spelt = _ALIASES.get(name, _ALIASES.get(spelt, spelt))
    return f"{spelt}_" if keyword.iskeyword(spelt) else spelt


def _check(node: ast.AST, names: tuple[str, ...], depth: int) -> None:
    """AnswerError unless every node is on the list."""
    if depth < 0:
        raise AnswerError("The formula is nested too deeply. Simplify it.")
    match node:
        case ast.Constant(value=value) if type(value) in (int, float):
            if not math.isfinite(float(cast(float, value))):
                raise AnswerError("A number in it is too large.")
        case ast.Name(id=name):
            if name not in names and name not in CONSTANTS:
                raise AnswerError(f"“{name.rstrip('_')}” is unknown here. {_product(name, names)}{_known(names)}")
        case ast.UnaryOp(op=ast.UAdd() | ast.USub(), operand=inner):
            # A sum is a chain to the left: as deep as it is long, and harmless.
            _check(inner, names, depth - 1)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div() | ast.Pow(), right=right):
            _check(left, names, depth if isinstance(left, ast.BinOp) else depth - 1)
            _check(right, names, depth - 1)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in FUNCTIONS:
            if len(args) != FUNCTIONS[name][0]:
                raise AnswerError(
                    f"{name} takes {FUNCTIONS[name][0]} argument{'s' * (FUNCTIONS[name][0] > 1)}, not {len(args)}."
                )
            for each in args:
                _check(each, names, depth - 1)
        case _:
            raise AnswerError(f"That is not read in a formula. {_known(names)}")


def _product(name: str, names: tuple[str, ...]) -> str:
    """What somebody may have meant who typed wx for w times x."""
    return f"Type {'*'.join(name)} for the product. " if len(name) > 1 and set(name) <= set(names) else ""


def _known(names: tuple[str, ...]) -> str:
    shown = ", ".join(name.rstrip("_") for name in names)
    variables = f"Variables: {shown}. " if names else ""
    return f"{variables}Functions: {', '.join(FUNCTIONS)}. Constants: pi, e."


def evaluate(tree: Tree, values: Mapping[str, float]) -> float:
    """The formula's value; nan where it has none."""
    try:
        found = _value(tree, values)
    except (ValueError, ZeroDivisionError, OverflowError):
        return math.nan
    return float(found)


def _value(node: ast.AST, values: Mapping[str, float]) -> float:
    match node:
        case ast.Constant(value=value):
            return float(cast(float, value))
        case ast.Name(id=name):
            return values[name] if name in values else CONSTANTS[name]
        case ast.UnaryOp(op=op, operand=inner):
            value = _value(inner, values)
            return -value if isinstance(op, ast.USub) else value
        case ast.Call(func=ast.Name(id=name), args=args):
            return float(FUNCTIONS[name][1](*(_value(each, values) for each in args)))
        case ast.BinOp(left=left, op=op, right=right):
            a, b = _value(left, values), _value(right, values)
            match op:
                case ast.Add():
                    return a + b
                case ast.Sub():
                    return a - b
                case ast.Mult():
                    return a * b
                case ast.Div():
                    return a / b
                case _:
                    return _power(a, b)
    raise AssertionError(node)


def _power(a: float, b: float) -> float:
    if abs(b) > EXPONENT:
        raise AnswerError(f"An exponent beyond {EXPONENT} is not computed. Simplify the formula.")
    found = a**b
    if isinstance(found, complex):
        raise ValueError("a root of a negative number")
    return float(found)


@dataclass(frozen=True)
class Formula(Answer):
    """A formula in named variables, each with the range in which it is compared."""

    value: str
    variables: Mapping[str, tuple[float, float]]
    kind: ClassVar[str] = "formula"

    @property
    def how(self) -> str:
        return f"a formula in {', '.join(self.variables)} (as 2*x*exp(-x^2); {', '.join(FUNCTIONS)} are known)"

    def read(self, text: str, options: Sequence[Any] = ()) -> Read:
        tree = parse(text, tuple(self.variables))
        values = self._at(text)
        if not any(math.isfinite(each) for each in values):
            raise AnswerError(
                "The formula has no value for the variables' usual values. Check divisions and logarithms."
            )
        return Read(checked_text(text), f"we read {ast.unparse(tree).replace('**', '^').replace('lambda_', 'lambda')}")

    def _at(self, formula: str) -> tuple[float, ...]:
        """Values at the seeded points."""
        return _values(formula, tuple((name, *map(float, bound)) for name, bound in self.variables.items()))

    def mark(self, value: Any, rivals: Sequence[Any] = ()) -> float:
        return float(not self.differ(value, self.value))

    def show(self, value: Any) -> str:
        return f"`{value}`"

    def differ(self, one: Any, other: Any) -> bool:
        pairs = [(a, b) for a, b in zip(self._at(one), self._at(other), strict=True) if math.isfinite(b)]
        if len(pairs) < POINTS // 2:
            return True
        return not all(abs(a - b) <= _RTOL * max(1e-3, abs(a), abs(b)) for a, b in pairs)

    def problems(self) -> list[str]:
        try:
            finite = sum(map(math.isfinite, self._at(self.value)))
        except AnswerError as error:
            return [f"the right formula cannot be read: {error}"]
        return [] if finite == POINTS else ["the right formula has no value at some points of the variables' ranges"]


@lru_cache(maxsize=512)  # a question is compared with each of its slips, and each of them again when it is judged
def _values(formula: str, variables: tuple[tuple[str, float, float], ...]) -> tuple[float, ...]:
    names = tuple(name for name, _, _ in variables)
    tree = parse(formula, names)
    spelt = [_name(name, names) for name in names]
    return tuple(evaluate(tree, dict(zip(spelt, point, strict=True))) for point in _points(variables))


@lru_cache(maxsize=64)
def _points(variables: tuple[tuple[str, float, float], ...]) -> tuple[tuple[float, ...], ...]:
    """Where formulas in these variables are compared."""
    rng = np.random.default_rng(POINTS)
    return tuple(tuple(float(rng.uniform(low, high)) for _, low, high in variables) for _ in range(POINTS))


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
