"""The command line: one file a group of verbs, loaded only when a verb of it is used.

`autograder --help` reads nothing but this file, verbs.py and click, because numpy, SQLAlchemy and Docker's SDK cost a second.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from ..errors import OurError, UserError
from .verbs import Verbs

#: Before numpy is imported: what is judged is small, and two workers with two threads each on two cores wait for each other
#: (a training of 5 s took 29).
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
#: verb -> (module, what it does); the order is the order of work.
VERBS = {
    "demo": ("demo", "Release a unit, grade 30 sample submissions and a dozen attacks, show the results."),
    "doctor": ("doctor", "Say what is there, what is missing, and the command that mends it."),
    "image": ("doctor", "Build what student code runs in: the box's environment and Docker image."),
    "new": ("new", "Write a small working exercise of your own into the course."),
    "audit": ("course", "Prove a unit's tests: right solutions pass, wrong ones lose points."),
    "release": ("course", "Write a unit's notebook and data for students."),
    "submit": ("grading", "Hand in a file: checked, kept for good, receipt given."),
    "grade": ("grading", "Grade a file, a folder or an nbgrader tree, in a sandbox."),
    "worker": ("serving", "Grade what waits in the queue, and what comes."),
    "status": ("results", "Who handed in what, and where it stands."),
    "feedback": ("results", "Show a student's feedback: terminal, JSON or a web page."),
    "export": ("export", "Write the class's grades: CSV, or a gradebook that nbgrader's formgrader opens."),
    "quiz": ("quiz", "Practise, check templates, give graded quizzes, export them."),
    "regrade": ("grading", "Grade again with today's tests."),
    "replay": ("grading", "Judge a stored grade's recorded answers again; it must come out the same."),
}


@click.group(cls=Verbs, verbs=VERBS, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--course", "-C", type=click.Path(), default=None, help="Folder of course.yaml [default: here or above].")
@click.option(
    "--state", type=click.Path(), default=None, help="Folder of database and boxes [default: COURSE/.autograder]."
)
@click.option(
    "--database",
    envvar="AUTOGRADER_DATABASE",
    default=None,
    metavar="URL",
    help="Grades in PostgreSQL: postgresql://user@host/name [default: a file in the state folder].",
)
@click.pass_context
def cli(context: click.Context, course: str | None, state: str | None, database: str | None) -> None:
    """Grade deep-learning notebooks in a sandbox, with hidden tests that stay hidden.

    \b
    A first round:
      autograder release backprop           # -> release/backprop/backprop.ipynb
      autograder grade submissions/         # ada.ipynb, ben.zip, ... -> a table of grades
      autograder feedback ada --html ada.html
      autograder export --csv grades.csv

    Exit codes: 0 done, 1 we failed (nobody lost a point), 2 something to mend in what you gave.
    """
    context.obj = {"course": course, "state": state, "database": database}


def main(arguments: list[str] | None = None) -> Any:
    """Entry point: every mistake is one line; exit 2 for the caller's, 1 for ours."""
    for name in THREADS:
        os.environ.setdefault(name, "1")
    try:
        return cli(arguments, standalone_mode=False, prog_name="autograder")
    except click.exceptions.Exit as e:
        sys.exit(e.exit_code)
    except click.exceptions.NoArgsIsHelpError as e:
        e.show()
        sys.exit(2)
    except click.UsageError as e:
        _fail(f"error: {e.format_message()} See: {e.ctx.command_path if e.ctx else 'autograder'} --help", 2)
    except click.ClickException as e:
        _fail(f"error: {e.format_message()}", 2)
    except (click.Abort, KeyboardInterrupt):
        _fail("stopped; what was done is kept. Run the same command again to go on.", 130)
    except UserError as e:
        _fail(f"error: {e}", 2)
    except OurError as e:
        _fail(f"we failed: {e}", 1)
    except BrokenPipeError:
        sys.exit(1)


def _fail(line: str, code: int) -> None:
    click.echo(" ".join(line.split()), err=True)
    sys.exit(code)
