"""`doctor` and `image`: is this machine fit to grade, and making it so."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from ..errors import AutograderError, OurError
from ..sandbox import gpu, host, selftest
from ..sandbox import image as images
from ..sandbox.box import PROMISES
from ..sandbox.choose import choose
from .common import Desk, console, desk_of, errors, with_desk


@click.command()
@click.option("--box", "boxes", multiple=True, help="Test only this box (may be repeated).")
@click.option("--jail", "jails", multiple=True, help="Test only this kind of jail (may be repeated).")
@with_desk
def doctor(desk: Desk, boxes: tuple[str, ...], jails: tuple[str, ...]) -> None:
    """Measure what each box promises on this machine, and name the command that mends what is missing.

    \b
      autograder doctor
      autograder doctor --box docker --jail namespaces
    """
    for line in _machine(desk.state):
        console.print(line)
    fit = [_tested(name, jails or ("auto",), desk.state) for name in boxes or ("docker", "bubblewrap")]
    if not any(fit):
        raise OurError("no box is fit to grade here; the lines above name the cure of each.")


def _machine(state: Path) -> Iterator[Text]:
    yield Text(
        f"machine: {platform.machine()}, {os.cpu_count()} cores, Linux {platform.release()}, Python {platform.python_version()}"
    )
    for fact in host.facts(state):
        if fact.seen:
            yield Text.assemble(("✓ ", "green"), f"{fact.what}: {fact.seen}")
        else:
            yield Text.assemble(("✗ ", "red"), f"{fact.what}: missing. Cure: {fact.cure}")
    sizes = ", ".join(f"{card.memory_mb} MiB" for card in gpu.cards())
    yield Text(f"  graphics cards: {sizes or 'none (only units with gpu: need one)'}")


def _tested(name: str, jails: tuple[str, ...], state: Path) -> bool:
    """Whether a box keeps all it promises in one kind of jail at least; one column of the table for each kind."""
    try:
        kinds = [one for jail in jails for one in choose(name, state, jail).each()]
    except AutograderError as e:
        console.print(Text(f"\n{name}: not usable: {e}", style="red"))
        return False
    found: dict[str, dict[str, selftest.Finding]] = {}
    for choice in kinds:
        try:
            with console.status(f"{choice.title}: trying to break each promise"):
                found[choice.jail] = {f.promise: f for f in selftest.run(choice)}
        except AutograderError as e:
            console.print(Text(f"\n{choice.title}: not usable: {e}", style="red"))
    if found:
        console.print(_table(name, found))
    fit = [jail for jail, findings in found.items() if all(f.held for f in findings.values())]
    verdict = f"grades with the jail '{fit[0]}'" if fit else "is not fit to grade"
    console.print(Text(f"the {name} box {verdict}", style="green" if fit else "bold red"))
    return bool(fit)


def _table(name: str, found: dict[str, dict[str, selftest.Finding]]) -> Table:
    """What each jail of a box claims, what was tried, and what was seen."""
    table = Table("promise", "tried", *found, title=f"{name}, by jail", title_justify="left")
    for promise, sentence in PROMISES.items():
        findings = [found[jail].get(promise) for jail in found]
        tried = next((f.tried for f in findings if f), "")
        table.add_row(Text(sentence), Text(tried), *map(_seen, findings))
    return table


def _seen(finding: selftest.Finding | None) -> Text:
    if finding is None:
        return Text("not claimed", style="yellow")
    return Text("holds", style="green") if finding.held else Text(finding.seen, style="bold red")


@click.group()
def image() -> None:
    """Build what student code runs in."""


@image.command()
@click.option("--docker/--no-docker", default=None, help="Also the Docker image [default: if an engine answers].")
@click.pass_context
def build(context: click.Context, docker: bool | None) -> None:
    """Build the box's environment (bubblewrap, process) and, with an engine, its Docker image.

    What is there already is kept.

    \b
      autograder image build
      autograder image build --no-docker
    """
    state = desk_of(context).state
    path = images.build_environment(state, errors.print)
    console.print(Text(f"environment: {path}"))
    if docker is None:
        docker = images.engine(state) is not None
        if not docker:
            console.print("image: no Docker engine answers, so none is built (scripts/engine.sh start starts one)")
    if docker:
        console.print(Text(f"image: {images.build_image(state, errors.print)}"))
