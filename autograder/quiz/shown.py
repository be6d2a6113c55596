"""Numbers as people read them: rounded for answers, exact for given numbers, in plain text and in TeX."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def unit_of(value: float, digits: int) -> float:
    """One unit in the last of `digits` significant places of a value."""
    return float(10.0 ** (math.floor(math.log10(abs(value))) - digits + 1)) if value else 10.0**-digits


def rounded(value: float, digits: int) -> float:
    """To so many significant digits; never -0."""
    return float(f"{float(value):.{digits - 1}e}") + 0.0


def plain(value: float, digits: int = 6) -> str:
    """`0.881`, `-3`, `1.2e-05`: what somebody would type."""
    value = rounded(value, digits)
    if not math.isfinite(value):
        return {math.inf: "inf", -math.inf: "-inf"}.get(value, "nan")
    if value == 0 or 1e-4 <= abs(value) < 1e7:
        places = max(0, digits - 1 - math.floor(math.log10(abs(value)))) if value else 0
        text = f"{value:.{places}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


def tex(value: Any, digits: int = 6) -> str:
    r"""A number, a vector `(1,\ 2)` or a matrix as TeX, for use between dollar signs."""
    array = np.asarray(value)
    if array.ndim == 0:
        return _number(array.item(), digits)
    if array.ndim == 1:
        return "(" + r",\ ".join(_number(each, digits) for each in array.tolist()) + ")"
    rows = [" & ".join(_number(each, digits) for each in row) for row in array.tolist()]
    return r"\begin{pmatrix} " + r" \\ ".join(rows) + r" \end{pmatrix}"


def _number(value: Any, digits: int) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, int)):
        return str(int(value))
    mantissa, _, exponent = plain(value, digits).partition("e")
    if not exponent:
        return {"inf": r"\infty", "-inf": r"-\infty"}.get(mantissa, mantissa)
    return rf"10^{{{exponent}}}" if mantissa == "1" else rf"{mantissa} \times 10^{{{exponent}}}"


def plus(value: Any, digits: int = 6) -> str:
    """With its sign, to stand after another term: `+ 3`, `- 3`."""
    return f"- {tex(-value, digits)}" if value < 0 else f"+ {tex(value, digits)}"


def par(value: Any, digits: int = 6) -> str:
    """In parentheses if it is negative, to stand behind a sign or as a factor: `(-3)`."""
    return f"({tex(value, digits)})" if value < 0 else tex(value, digits)
