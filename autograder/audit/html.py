"""An audit as one page: no script, nothing fetched; for whoever mends the tests."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources

from jinja2 import Environment, StrictUndefined

from .report import AuditReport


def render(reports: Sequence[AuditReport]) -> str:
    """The page as text; the template escapes everything."""
    page = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    text = resources.files(__package__).joinpath("page.html").read_text(encoding="utf-8")
    return page.from_string(text).render(reports=list(reports))
