"""What README and the help say is there: every verb, option, file and command that they name."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from autograder.checks.session import CheckSession
from autograder.cli import VERBS, cli
from autograder.course import load_course

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def commands() -> dict[str, click.Command]:
    context = click.Context(cli)
    return {name: command for name in VERBS if (command := cli.get_command(context, name)) is not None}


def options(command: click.Command) -> set[str]:
    own = {o for p in command.params for o in (*p.opts, *p.secondary_opts)} | {"--help"}
    return own.union(*map(options, below(command)))


def below(command: click.Command) -> list[click.Command]:
    """The verbs of a group."""
    if not isinstance(command, click.Group):
        return []
    context = click.Context(command)
    return [found for name in command.list_commands(context) if (found := command.get_command(context, name))]


def test_all_verbs_load():
    """Each verb of the help exists in the module that the table names."""
    assert set(commands()) == set(VERBS)


@pytest.mark.parametrize("name", VERBS)
def test_help_has_an_example(name):
    """Every verb's help shows how it is used."""
    command = commands()[name]
    texts = [command.help or "", *(c.help or "" for c in below(command))]
    assert any(f"autograder {name}" in text for text in texts), f"{name} has no example in its help"


def test_readme_starts_with_the_two_commands():
    """`make demo` and `make test` come before anything else, and both exist."""
    assert README.index("make demo") < README.index("make test") < README.index("##")
    makefile = (ROOT / "Makefile").read_text()
    assert {"demo", "test", "setup", "bench"} <= set(re.findall(r"^([a-z]+):", makefile, re.M))


def test_readme_names_real_verbs_and_options():
    """Every `autograder VERB --option` in README can be typed."""
    known = commands()
    for line in re.findall(r"^\s*(?:\.venv/bin/)?autograder ([^#\n]*)", README, re.M):
        words = line.split()
        assert words[0] in known, f"README names the verb {words[0]!r}"
        for word in words:
            if word.startswith("--"):
                assert word in options(known[words[0]]) | {"--help"}, f"README: autograder {words[0]} {word}"


def test_readme_map_is_the_tree():
    """Each file or folder in README's map exists, and each part of autograder/ is on the map."""
    section = README.split("## The map")[1].split("```")[1]
    for path in re.findall(r"^(\w[\w/.]*)(?:<unit>/)?\s", section, re.M):
        assert (ROOT / path).exists(), f"README's map names {path}"
    parts = {p.name for p in (ROOT / "autograder").iterdir() if not p.name.startswith("_")}
    for part in parts - {"course.schema.json", "__pycache__"}:
        assert part in section, f"autograder/{part} is not on README's map"


def test_ci_runs_the_test_command_of_readme():
    """CI calls what README tells a user to call."""
    assert "make test" in (ROOT / ".ci" / "run").read_text()


def test_readmes_template_is_ten_lines_and_can_be_asked():
    """What a teacher copies from README is a template without a fault."""
    from autograder import quiz
    from autograder.quiz.check import check
    from reference import optim

    code = README.split("A template is ten lines")[1].split("```python\n")[1].split("```")[0]
    assert len(code.splitlines()) == 10
    names = {"optim": optim, **{name: getattr(quiz, name) for name in quiz.__all__}}
    exec(code, names)
    assert check(names["step_decay"], 200).faults == ()


@pytest.mark.parametrize("unit", [unit.name for unit in load_course(ROOT).units])
def test_the_table_of_units_counts_what_is_there(unit):
    """Checks, wrong and other right solutions of each unit."""
    (row,) = [line for line in README.splitlines() if line.startswith(f"| `{unit}`:")]
    with CheckSession(ROOT, unit) as session:
        counts = [len(session.checks), len(session.wrong), len(session.right)]
    assert [int(cell) for cell in row.split("|")[6:9]] == counts
