"""`quiz`: templates looked at and checked, practice, graded quizzes, exports, statistics."""

from __future__ import annotations

import click

from .verbs import Verbs

#: verb -> (module, what it does), in the order of work.
VERBS = {
    "practice": ("quiz_practice", "Practise with fresh variants; what you forget comes back."),
    "list": ("quiz_templates", "Every template: unit, technique, tags."),
    "show": ("quiz_templates", "Some variants of a template, with answers and slips."),
    "check": ("quiz_templates", "Prove the templates: many variants of each, looked at as a student would."),
    "take": ("quiz_graded", "Take a graded quiz in this terminal."),
    "open": ("quiz_graded", "Open an attempt and write its sheet (no answers in it)."),
    "answer": ("quiz_graded", "Answer one question of an attempt."),
    "hand-in": ("quiz_graded", "End an attempt: it is judged."),
    "collect": ("quiz_graded", "Hand in the attempts whose time is over."),
    "export": ("quiz_export", "Variants for Moodle, Canvas, GIFT or paper; results as CSV."),
    "stats": ("quiz_stats", "Difficulty, discrimination and slips of every template."),
}


@click.group(cls=Verbs, verbs=VERBS)
def quiz() -> None:
    """Questions whose numbers are drawn and whose answers the reference computes.

    \b
      autograder quiz practice                 # what is due today, then something new
      autograder quiz practice backprop        # a unit, a technique or a tag
      autograder quiz check --variants 200
      autograder quiz take quiz_backprop --student ada
      autograder quiz export --moodle backprop.xml backprop
    """
