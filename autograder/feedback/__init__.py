"""What a student is told: one report, and the same report for a terminal, as JSON, for Gradescope and as a page."""

from .build import build
from .policy import LoadError, ManualMark
from .report import Report

__all__ = ["LoadError", "ManualMark", "Report", "build"]
