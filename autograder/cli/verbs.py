"""A group of verbs whose modules are imported when a verb is used: help must not pay for numpy, SQLAlchemy or Docker."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click


class Verbs(click.Group):
    """verbs: name -> (module of this package, what it does), in the order of work."""

    def __init__(self, *args: Any, verbs: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.verbs = verbs

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.verbs)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self.verbs:
            return None
        module = importlib.import_module(f".{self.verbs[name][0]}", __package__)
        function = name.replace("-", "_")
        command: click.Command = getattr(module, f"{function}_" if function == "list" else function)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in self.verbs.items()])
