"""The report as one page: no script, nothing fetched, readable on a phone, on paper and in the dark."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from importlib import resources

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from . import plain, svg
from .marks import MARKS
from .report import PictureReport, Report


def render(report: Report) -> str:
    """The page as text; everything of the report is escaped by the template."""
    style = Markup(_packaged("page.css"))  # ours, no data in it
    return _template().render(report=report, style=style, share=_share(report))


@cache
def _template() -> Template:
    # Autoescape for every name, whatever the file is called; a misspelt field is an error, not an empty string.
    page = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    page.filters.update(points=plain.points, one_point=plain.one_point, spans=plain.spans, day=_day)
    page.globals.update(marks=MARKS, drawing=_drawing)
    return page.from_string(_packaged("page.html"))


def _packaged(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _drawing(picture: PictureReport) -> tuple[Markup, str]:
    drawn = svg.draw(picture)
    return Markup(drawn.svg), drawn.note  # svg.py escapes every word and formats every number


def _share(report: Report) -> float:
    """How much of the ring is filled, between 0 and 1."""
    earned, maximum = report.summary.earned, report.summary.maximum
    return min(max(earned / maximum, 0.0), 1.0) if earned is not None and maximum > 0 else 0.0


def _day(moment: datetime) -> str:
    """Tuesday 3 March 2026, 14:05 CET; written out here, since strftime's names follow the machine's language."""
    weekday = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")[moment.weekday()]
    month = _MONTHS[moment.month - 1]
    zone = moment.tzname() or ""
    return f"{weekday} {moment.day} {month} {moment.year}, {moment:%H:%M} {zone}".strip()


_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
