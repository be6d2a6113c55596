"""Quizzes: templates whose numbers are drawn, answers computed by the reference, wrong options that are known slips.

What a quiz.py needs is here:

    from autograder.quiz import Number, Question, Slip, template, tex
"""

from __future__ import annotations

from . import figures
from .answer import Answer, Read
from .formula import Formula
from .listing import line_options, numbered
from .numeric import Integer, Number, Numbers, Shape
from .options import Choice, Matching, Ordering, Output, Several
from .question import Question, Redraw, Slip, Template, template
from .shown import par, plain, plus, tex

__all__ = [
    "Answer",
    "Choice",
    "Formula",
    "Integer",
    "Matching",
    "Number",
    "Numbers",
    "Ordering",
    "Output",
    "Question",
    "Read",
    "Redraw",
    "Several",
    "Shape",
    "Slip",
    "Template",
    "figures",
    "line_options",
    "numbered",
    "par",
    "plain",
    "plus",
    "template",
    "tex",
]
