"""Pictures of the feedback as inline SVG: curves over their index, or two matrices on one colour scale.

Colours come from the page's style sheet (classes), so that dark mode and printing work; yours and the reference's
differ in dash as well as in colour. All words are escaped here and all numbers formatted: nothing else gets in.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from .report import PictureReport

Curve = tuple[float, ...]
Matrix = tuple[Curve, ...]

_WIDTH, _HEIGHT = 460, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 20, 30, 42
# An inner svg cuts off what leaves it: a curve stays between the axes.
_INSIDE = (_LEFT - 2, _TOP, _WIDTH - _LEFT - _RIGHT + 4, _HEIGHT - _TOP - _BOTTOM)
_FRAME = '<svg x="{0}" y="{1}" width="{2}" height="{3}" viewBox="{0} {1} {2} {3}">'.format(*_INSIDE)
_DRAWN_POINTS = 400
_PANEL = 170  # side of a heatmap
_LEVELS = 32
# Viridis, of which a reader in grey or with any colour vision sees the order.
_SCALE = ("#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725")


@dataclass(frozen=True)
class Drawing:
    """An SVG element, safe to put into a page, and a sentence about what it cannot show."""

    svg: str
    note: str


def draw(picture: PictureReport) -> Drawing:
    """The picture, of either kind."""
    return heatmaps(picture) if picture.kind == "heatmap" else lines(picture)


def lines(picture: PictureReport) -> Drawing:
    """Your curves, whole, over the reference's, dashed."""
    low, high = _window(picture)
    longest = max((len(curve) for curve in picture.yours + picture.reference), default=0)
    across = _Axis(0.0, max(longest - 1, 1), _LEFT, _WIDTH - _RIGHT)
    up = _Axis(low, high, _HEIGHT - _BOTTOM, _TOP)
    parts = [
        *_axes(across, up, picture.x_label, picture.y_label),
        _FRAME,
        *(_curve(curve, across, up, "reference") for curve in picture.reference),
        *(_curve(curve, across, up, "yours") for curve in picture.yours),
        "</svg>",
        *_numbers_of_curves(picture.reference, across, up),
        *_legend(),
    ]
    return Drawing(_svg(parts, _WIDTH, _HEIGHT, picture.caption), _note(picture, low, high))


def heatmaps(picture: PictureReport) -> Drawing:
    """Your matrix beside the reference's, both on one colour scale; what is not a finite number stays empty."""
    low, high = _range([*picture.yours, *picture.reference])
    parts = [
        *_matrix(picture.yours, 46, low, high, "yours"),
        *_matrix(picture.reference, 46 + _PANEL + 20, low, high, "reference"),
        *_colour_bar(46 + 2 * _PANEL + 34, low, high),
        _text(46 + _PANEL / 2, 30 + _PANEL + 20, picture.x_label, "middle"),
        _text(46 + 1.5 * _PANEL + 20, 30 + _PANEL + 20, picture.x_label, "middle"),
        _sideways(34, 30 + _PANEL / 2, picture.y_label),
    ]
    return Drawing(_svg(parts, _WIDTH + 30, 30 + _PANEL + 32, picture.caption), _note(picture, -math.inf, math.inf))


@dataclass(frozen=True)
class _Axis:
    """Numbers from `low` to `high` laid out from pixel `start` to pixel `end`."""

    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self, most: int, finest: float = 0.0) -> Iterator[tuple[float, str]]:
        """Round numbers with their labels, `finest` apart at least."""
        step = max(_round_step((self.high - self.low) / most), finest)
        first = math.ceil(self.low / step - 1e-9)
        for count in range(first, first + most + 2):
            value = count * step
            if value > self.high + 1e-9 * step:
                return
            yield self.place(value), f"{float(f'{value:.6g}'):g}"


def _round_step(step: float) -> float:
    magnitude = 10.0 ** math.floor(math.log10(step))
    return next((factor * magnitude for factor in (1, 2, 5) if factor * magnitude >= step * (1 - 1e-9)), 10 * magnitude)


def _range(curves: Iterable[Curve]) -> tuple[float, float]:
    """Smallest and largest finite number, never equal. Beyond 1e200 a difference could overflow: left out."""
    finite = [value for curve in curves for value in curve if abs(value) < 1e200]
    low, high = min(finite, default=0.0), max(finite, default=1.0)
    if high - low > max(1e-12 * max(abs(low), abs(high)), 1e-200):
        return low, high
    margin = max(abs(low) / 2, 1e-100) if low else 0.5
    return low - margin, high + margin


def _window(picture: PictureReport) -> tuple[float, float]:
    """The height of the picture: all curves, unless yours run away so far that the reference would be a flat line."""
    low, high = _range([*picture.yours, *picture.reference])
    wanted_low, wanted_high = _range(picture.reference) if picture.reference else (low, high)
    if high - low > 8 * (wanted_high - wanted_low):
        span = wanted_high - wanted_low
        low, high = max(low, wanted_low - span), min(high, wanted_high + span)
    margin = 0.05 * (high - low)
    return low - margin, high + margin


def _note(picture: PictureReport, low: float, high: float) -> str:
    yours = [value for curve in picture.yours for value in curve]
    finite = [value for value in yours if math.isfinite(value)]
    if not yours:
        return "There is nothing of yours to draw."
    if not finite:
        return "None of your values is a finite number."
    if len(finite) < len(yours):
        return "Some of your values are not finite numbers; they are left out."
    if min(finite) < low or max(finite) > high:
        return "Part of your curve lies outside the picture."
    return ""


def _curve(curve: Curve, across: _Axis, up: _Axis, style: str) -> str:
    """One path, broken where a value is not finite or leaves the picture by far."""
    step = max(1, math.ceil(len(curve) / _DRAWN_POINTS))
    path, pen = [], "M"
    for x in range(0, len(curve), step):
        value = curve[x]
        if not math.isfinite(value):
            pen = "M"
            continue
        # One window beyond the border is enough for the slope; the frame hides the rest.
        value = min(max(value, 2 * up.low - up.high), 2 * up.high - up.low)
        path.append(f"{pen}{across.place(x):.1f} {up.place(value):.1f}")
        pen = "L"
    if len(path) == 1:
        path.append("h6")  # a lone point would not show
    return f'<path class="{style}" d="{"".join(path)}"/>' if path else ""


def _numbers_of_curves(curves: Matrix, across: _Axis, up: _Axis) -> Iterator[str]:
    """1, 2, 3 at the ends of several curves."""
    for number, curve in enumerate(curves, 1):
        if len(curves) > 1 and curve and math.isfinite(curve[-1]):
            yield _text(across.place(len(curve) - 1) + 5, up.place(curve[-1]) + 4, str(number))


def _axes(across: _Axis, up: _Axis, x_label: str, y_label: str) -> Iterator[str]:
    for y, label in up.ticks(5):
        yield f'<path class="grid" d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}"/>'
        yield _text(_LEFT - 7, y + 4, label, "end")
    for x, label in across.ticks(7, finest=1):
        yield _text(x, _HEIGHT - _BOTTOM + 17, label, "middle")
    yield f'<path class="axis" d="M{_LEFT} {_TOP}V{_HEIGHT - _BOTTOM}H{_WIDTH - _RIGHT}"/>'
    yield _text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 6, x_label, "middle")
    yield _sideways(13, (_TOP + _HEIGHT - _BOTTOM) / 2, y_label)


def _legend() -> Iterator[str]:
    for x, style, word in ((_LEFT + 4, "yours", "yours"), (_LEFT + 92, "reference", "reference")):
        yield f'<path class="{style}" d="M{x} 14h26"/>'
        yield _text(x + 33, 18, word)


def _matrix(matrix: Matrix, left: float, low: float, high: float, title: str) -> Iterator[str]:
    rows, columns = len(matrix), max((len(row) for row in matrix), default=0)
    yield _text(left + _PANEL / 2, 20, title, "middle")
    yield f'<rect class="empty" x="{left}" y="30" width="{_PANEL}" height="{_PANEL}"/>'
    if not rows or not columns:
        return
    wide, tall = _PANEL / columns, _PANEL / rows
    yield f'<g transform="translate({left} 30) scale({wide:.4f} {tall:.4f})" shape-rendering="crispEdges">'
    for level, cells in sorted(_levels(matrix, low, high).items()):
        yield f'<path fill="{_colour(level)}" d="{cells}"/>'
    yield "</g>"
    yield from _indices(left, rows, columns, wide, tall)


def _levels(matrix: Matrix, low: float, high: float) -> dict[int, str]:
    """The cells of each colour as one path."""
    cells: dict[int, list[str]] = {}
    for y, row in enumerate(matrix):
        for x, value in enumerate(row):
            if math.isfinite(value):
                share = min(max((value - low) / (high - low), 0.0), 1.0)
                cells.setdefault(round(share * (_LEVELS - 1)), []).append(f"M{x} {y}h1v1h-1z")
    return {level: "".join(path) for level, path in cells.items()}


def _indices(left: float, rows: int, columns: int, wide: float, tall: float) -> Iterator[str]:
    """First and last index of both axes."""
    for column in sorted({0, columns - 1}):
        yield _text(left + (column + 0.5) * wide, 30 + _PANEL + 14, str(column), "middle", "small")
    for row in sorted({0, rows - 1}):
        yield _text(left - 4, 30 + (row + 0.5) * tall + 4, str(row), "end", "small")


def _colour_bar(left: float, low: float, high: float) -> Iterator[str]:
    tall = _PANEL / _LEVELS
    for level in range(_LEVELS):
        y = 30 + _PANEL - (level + 1) * tall
        yield f'<rect x="{left}" y="{y:.2f}" width="14" height="{tall + 0.3:.2f}" fill="{_colour(level)}"/>'
    bar = _Axis(low, high, 30 + _PANEL, 30)
    for y, label in bar.ticks(6):
        yield _text(left + 19, y + 4, label)


def _colour(level: int) -> str:
    """A level's colour: the scale's, mixed between its two nearest stops."""
    place = level / (_LEVELS - 1) * (len(_SCALE) - 1)
    stop = min(int(place), len(_SCALE) - 2)
    pairs = zip(_channels(_SCALE[stop]), _channels(_SCALE[stop + 1]), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * (place - stop)):02x}" for a, b in pairs)


def _channels(colour: str) -> Sequence[int]:
    return [int(colour[start : start + 2], 16) for start in (1, 3, 5)]


def _text(x: float, y: float, words: str, anchor: str = "start", style: str = "label") -> str:
    if not words:
        return ""
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _sideways(x: float, y: float, words: str) -> str:
    if not words:
        return ""
    turned = f'transform="translate({x:.1f} {y:.1f}) rotate(-90)"'
    return f'<text class="label" {turned} text-anchor="middle">{escape(words)}</text>'


def _svg(parts: Iterable[str], width: float, height: float, caption: str) -> str:
    name = escape(f"{caption or 'Picture'} (your result and the reference's)", quote=True)
    return f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{name}">{"".join(parts)}</svg>'
