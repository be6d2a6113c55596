"""Small pictures of questions, each as SVG for pages and as text for a terminal: numbers in cells, curves, a network.

The SVG carries its own colours, so that it can go into any page, sheet or learning platform.  All words are escaped.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Any

import numpy as np

from .shown import plain

_INK, _GRID = "#1f2937", "#d1d5db"
_COLOURS = ("#1d4ed8", "#c2410c", "#047857", "#7c3aed")
_DASHES = ("", "6 3", "2 3", "8 3 2 3")
_CELL = 34


@dataclass(frozen=True)
class Figure:
    """A picture, and the same in characters."""

    svg: str
    text: str


def cells(
    values: Any,
    *,
    rows: Sequence[str] = (),
    columns: Sequence[str] = (),
    mark: Sequence[tuple[int, int]] = (),
    title: str = "",
    row_title: str = "",
    column_title: str = "",
) -> Figure:
    """A matrix of numbers, darker for larger; `mark`ed cells have a thick frame.  For images, kernels, maps, confusion."""
    array = np.atleast_2d(np.asarray(values, float))
    low, high = float(array.min()), float(array.max())
    names = [plain(v, 3) for v in array.ravel()]
    wide = max(_CELL, 9 * max(map(len, names)) + 10, *(8 * len(c) + 8 for c in columns), 0)
    left = 12 + 8 * max([len(r) for r in rows], default=0) + (18 if row_title else 0)
    top = 8 + (20 if title else 0) + (18 if column_title else 0) + (18 if columns else 0)
    parts = [_text(left + wide * array.shape[1] / 2, 18, title, weight="bold")] if title else []
    if column_title:
        parts.append(_text(left + wide * array.shape[1] / 2, top - (24 if columns else 6), column_title))
    if row_title:
        parts.append(_text(12, top + _CELL * array.shape[0] / 2, row_title, turn=True))
    for j, name in enumerate(columns):
        parts.append(_text(left + wide * (j + 0.5), top - 6, name))
    for i, j in np.ndindex(array.shape):
        if j == 0 and i < len(rows):
            parts.append(_text(left - 6, top + _CELL * (i + 0.62), rows[i], anchor="end"))
        shade = (array[i, j] - low) / (high - low) if high > low else 0.0
        fill = f"rgb({255 - int(150 * shade)},{255 - int(105 * shade)},255)"
        parts.append(
            f'<rect x="{left + wide * j}" y="{top + _CELL * i}" width="{wide}" height="{_CELL}" fill="{fill}" stroke="{_GRID}"/>'
        )
        parts.append(_text(left + wide * (j + 0.5), top + _CELL * (i + 0.62), names[i * array.shape[1] + j]))
    for i, j in mark:
        parts.append(
            f'<rect x="{left + wide * j + 1}" y="{top + _CELL * i + 1}" width="{wide - 2}" height="{_CELL - 2}" '
            f'fill="none" stroke="{_COLOURS[1]}" stroke-width="3"/>'
        )
    svg = _svg(left + wide * array.shape[1] + 12, top + _CELL * array.shape[0] + 10, parts, title or "numbers")
    return Figure(svg, _grid_text(array, rows, columns, mark, title, row_title, column_title))


def _grid_text(
    array: Any,
    rows: Sequence[str],
    columns: Sequence[str],
    mark: Sequence[tuple[int, int]],
    title: str,
    row_title: str,
    column_title: str,
) -> str:
    marked = set(mark)
    body = [
        [f"[{plain(v, 3)}]" if (i, j) in marked else f" {plain(v, 3)} " for j, v in enumerate(row)]
        for i, row in enumerate(array.tolist())
    ]
    head = [f" {c} " for c in columns] if columns else []
    width = max(len(cell) for row in [*body, head] for cell in row)
    side = max([len(r) for r in rows], default=0)
    lines = [title] if title else []
    if row_title or column_title:
        lines.append(
            " / ".join(
                filter(None, [f"rows: {row_title}" * bool(row_title), f"columns: {column_title}" * bool(column_title)])
            )
        )
    if head:
        lines.append(" " * side + " ".join(cell.rjust(width) for cell in head))
    for i, row in enumerate(body):
        name = rows[i] if i < len(rows) else ""
        lines.append(name.ljust(side) + " ".join(cell.rjust(width) for cell in row))
    return "\n".join(line.rstrip() for line in lines)


def curves(
    series: Mapping[str, Sequence[float]],
    *,
    x: Sequence[float] | None = None,
    x_label: str = "epoch",
    y_label: str = "loss",
) -> Figure:
    """Named curves over their index (or over x)."""
    width, height, left, top, right, bottom = 360, 220, 52, 14, 96, 40
    longest = max(map(len, series.values()))
    across = list(x) if x is not None else list(range(longest))
    finite = [v for curve in series.values() for v in curve if math.isfinite(v)]
    low, high = min(finite), max(finite)
    if high - low < 1e-12:
        low, high = low - 0.5, high + 0.5

    def place(i: int, value: float) -> tuple[float, float]:
        px = left + (across[i] - across[0]) / max(across[-1] - across[0], 1e-12) * (width - left - right)
        return px, height - bottom - (min(max(value, low), high) - low) / (high - low) * (height - top - bottom)

    parts = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = height - bottom - share * (height - top - bottom)
        parts.append(f'<line x1="{left}" x2="{width - right}" y1="{y:.1f}" y2="{y:.1f}" stroke="{_GRID}"/>')
        parts.append(_text(left - 6, y + 4, plain(low + share * (high - low), 2), anchor="end", size=11))
    for share in (0.0, 0.5, 1.0):
        px = left + share * (width - left - right)
        parts.append(_text(px, height - bottom + 16, plain(across[0] + share * (across[-1] - across[0]), 3), size=11))
    parts.append(_text((left + width - right) / 2, height - 6, x_label, size=12))
    parts.append(_text(12, (top + height - bottom) / 2, y_label, size=12, turn=True))
    for n, (name, curve) in enumerate(series.items()):
        points = " ".join("{:.1f},{:.1f}".format(*place(i, v)) for i, v in enumerate(curve) if math.isfinite(v))
        colour, dash = _COLOURS[n % 4], _DASHES[n % 4]
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>'
        )
        y = top + 12 + 18 * n
        parts.append(
            f'<line x1="{width - right + 6}" x2="{width - right + 26}" y1="{y}" y2="{y}" stroke="{colour}" '
            f'stroke-width="2" stroke-dasharray="{dash}"/>'
        )
        parts.append(_text(width - right + 30, y + 4, name, anchor="start", size=11))
    return Figure(
        _svg(width, height, parts, f"{y_label} over {x_label}"), _curves_text(series, x_label, y_label, low, high)
    )


def _curves_text(series: Mapping[str, Sequence[float]], x_label: str, y_label: str, low: float, high: float) -> str:
    """One line a curve, in eighths; and the values at five places, which is what one reads off a curve."""
    bars, lines = "▁▂▃▄▅▆▇█", [f"{y_label} over {x_label}, from {plain(low, 3)} to {plain(high, 3)}"]
    side = max(map(len, series))
    for name, curve in series.items():
        picked = [curve[round(k * (len(curve) - 1) / 39)] for k in range(40)] if len(curve) > 40 else list(curve)
        drawn = "".join(
            bars[round(7 * (min(max(v, low), high) - low) / (high - low))] if math.isfinite(v) else " " for v in picked
        )
        some = [curve[round(k * (len(curve) - 1) / 4)] for k in range(5)]
        lines.append(f"{name.ljust(side)} {drawn}  {'  '.join(plain(v, 2) for v in some)}")
    return "\n".join(lines)


def bars(shares: Mapping[str, float], title: str = "") -> Figure:
    """Shares from 0 to 1 as bars with their names: mastery of techniques, difficulty of templates."""
    left = 16 + 7 * max(map(len, shares), default=0)
    top, wide = (30 if title else 10), 240
    parts = [_text(left + wide / 2, 18, title, weight="bold")] if title else []
    for row, (name, share) in enumerate(shares.items()):
        y, full = top + 22 * row, max(0.0, min(1.0, share))
        parts.append(_text(left - 8, y + 13, name, anchor="end", size=12))
        parts.append(f'<rect x="{left}" y="{y}" width="{wide}" height="16" fill="#f3f4f6"/>')
        parts.append(f'<rect x="{left}" y="{y}" width="{wide * full:.1f}" height="16" fill="{_COLOURS[0]}"/>')
        parts.append(_text(left + wide + 8, y + 13, f"{share:.0%}", anchor="start", size=12))
    side = max(map(len, shares), default=0)
    lines = [
        f"{name.ljust(side)} {'█' * round(20 * share)}{'░' * (20 - round(20 * share))} {share:.0%}"
        for name, share in shares.items()
    ]
    return Figure(_svg(left + wide + 52, top + 22 * len(shares) + 8, parts, title or "shares"), "\n".join(lines))


def network(sizes: Sequence[int], labels: Sequence[str] = ()) -> Figure:
    """A multilayer perceptron: columns of units, all joined to the next; at most six units of a layer are drawn."""
    gap, width, height = 90, 60 + 90 * (len(sizes) - 1) + 20, 190
    columns = []
    for layer, size in enumerate(sizes):
        shown = min(size, 6)
        ys = [height / 2 - 12 + (i - (shown - 1) / 2) * 24 for i in range(shown)]
        columns.append([(40 + gap * layer, y) for y in ys])
    parts = [
        f'<line x1="{a[0]}" y1="{a[1]:.0f}" x2="{b[0]}" y2="{b[1]:.0f}" stroke="{_GRID}"/>'
        for one, other in pairwise(columns)
        for a in one
        for b in other
    ]
    for layer, column in enumerate(columns):
        parts += [f'<circle cx="{x}" cy="{y:.0f}" r="8" fill="#dbeafe" stroke="{_INK}"/>' for x, y in column]
        name = labels[layer] if layer < len(labels) else ""
        parts.append(_text(column[0][0], height - 8, f"{name} {sizes[layer]}".strip(), size=12))
    words = [f"{labels[i]} {size}".strip() if i < len(labels) else str(size) for i, size in enumerate(sizes)]
    return Figure(_svg(width, height, parts, "network"), " → ".join(words) + "  (units of each layer, fully connected)")


def side_by_side(*figures: Figure) -> Figure:
    """Pictures in a row: an image and a kernel."""
    x, height, parts = 0, 0, []
    for figure in figures:
        w, h = (int(float(v)) for v in _size(figure.svg))
        parts.append(f'<svg x="{x}" y="0" {figure.svg[len("<svg ") :]}')
        x, height = x + w + 12, max(height, h)
    return Figure(_svg(x, height, parts, "figures"), "\n\n".join(f.text for f in figures))


def _size(svg: str) -> tuple[str, str]:
    head = svg[: svg.index(">")]
    return head.split('width="')[1].split('"')[0], head.split('height="')[1].split('"')[0]


def _svg(width: float, height: float, parts: Sequence[str], title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img"><title>{escape(title)}</title>'
        f'<rect width="100%" height="100%" fill="#ffffff"/>{"".join(parts)}</svg>'
    )


def _text(
    x: float, y: float, words: str, anchor: str = "middle", size: int = 13, weight: str = "normal", turn: bool = False
) -> str:
    turned = f' transform="rotate(-90 {x:.0f} {y:.0f})"' if turn else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-family="sans-serif" text-anchor="{anchor}" '
        f'font-weight="{weight}" fill="{_INK}"{turned}>{escape(words)}</text>'
    )
