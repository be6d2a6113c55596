"""`new`: a working exercise of one's own, to be changed step by step."""

from __future__ import annotations

import shlex
from pathlib import Path

import click
from rich.text import Text

from .. import scaffold
from .common import console, desk_of


@click.command()
@click.argument("unit")
@click.option("--title", default="", help="For people [default: made from the name].")
@click.option("--due", default="", help="A date with a time, as '2027-03-05 23:59' [default: none].")
@click.option("--course-here", is_flag=True, help="Start a course in this folder (or --course's), with this unit.")
@click.pass_context
def new(context: click.Context, unit: str, title: str, due: str, course_here: bool) -> None:
    """Write a small working exercise, UNIT, into the course: yours to change.

    \b
    A notebook with one exercise and a question marked by hand, hidden tests, a wrong and two right solutions, and the
    reference; its audit is clean. Comments at the top of each file say how it is written.
      autograder new dropout --title "Dropout" --due "2027-03-05 23:59"
      autograder new first --course-here       # in a folder without a course.yaml
    """
    entry = scaffold.entry(unit, title, due)
    named = context.obj["course"]
    if course_here:
        root = Path(named or ".")
        written = scaffold.start_course(root, entry)
    else:
        root = desk_of(context).root
        written = scaffold.add_unit(root, entry)
    for place in written:
        console.print(Text(f"-> {place}"))
    typed = f"autograder --course {shlex.quote(named)}" if named else "autograder"
    console.print(Text(f"\nRead assignments/{unit}/notebook.py from the top and make it yours. What to do next:"))
    for command, why in (
        (f"audit {unit}", "can its tests be trusted? After every change"),
        (f"release {unit}", f"-> release/{unit}/{unit}.ipynb, for students"),
        ("grade submissions/", "what they hand in"),
    ):
        console.print(Text(f"  {typed} {command:<24}  # {why}"))
