"""`doctor` and `image`: is this machine fit to grade, and making it so."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from ..errors import AutograderError, OurError
from ..sandbox import cgroup, selftest
from ..sandbox import image as images
from ..sandbox.choose import choose
from .common import Desk, console, desk_of, errors, with_desk


@click.command()
@click.option("--box", "boxes", multiple=True, help="Test only this box (may be repeated).")
@with_desk
def doctor(desk: Desk, boxes: tuple[str, ...]) -> None:
    """Measure what each box promises on this machine, and name the command that mends what is missing.

    \b
      autograder doctor
      autograder doctor --box docker
    """
    for line in _machine(desk.state):
        console.print(line)
    fit = [_tested(name, desk.state) for name in boxes or ("docker", "bubblewrap")]
    if not any(fit):
        raise OurError("no box is fit to grade here; the lines above name the cure of each.")


def _machine(state: Path) -> Iterator[Text]:
    yield Text(
        f"machine: {platform.machine()}, {os.cpu_count()} cores, Linux {platform.release()}, Python {platform.python_version()}"
    )
    yield _line("bubblewrap", shutil.which("bwrap"), "apt-get install bubblewrap")
    yield _line("Docker engine", images.engine(state) and "answers", "scripts/engine.sh start (or install docker.io)")
    yield _line("box environment", images.environment(state), "autograder image build")
    yield _line("Docker image", images.image(state), "autograder image build --docker")
    group = cgroup.create(64, 16)
    yield _line(
        "cgroup for memory", group and f"v{group.version}", "run as root, or rely on address-space limits (coarser)"
    )
    if group is not None:
        group.remove()


def _line(what: str, found: object, cure: str) -> Text:
    if found:
        return Text.assemble(("✓ ", "green"), f"{what}: {found}")
    return Text.assemble(("✗ ", "red"), f"{what}: missing. Cure: {cure}")


def _tested(name: str, state: Path) -> bool:
    try:
        choice = choose(name, state)
        findings = selftest.run(choice)
    except AutograderError as e:
        console.print(Text(f"\n{name}: not usable: {e}", style="red"))
        return False
    table = Table("promise", "tried", "seen", title=f"{name} (jail: {selftest.jail_of(choice)})", title_justify="left")
    for finding in findings:
        mark = "green" if finding.held else "bold red"
        table.add_row(Text(finding.sentence, style=mark), Text(finding.tried), Text(finding.seen))
    console.print(table)
    return all(f.held for f in findings)


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
