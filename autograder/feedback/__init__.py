"""What a student is told: one report, and the same report for a terminal, as JSON, for Gradescope and as a page."""

from .report import LoadError, ManualMark, Report, build

__all__ = ["LoadError", "ManualMark", "Report", "build"]
