"""Commands that are imported only when they are asked for.

The virtual district and the solvers take seconds to import; `ems stop-writing` must not wait for
them. A group is a table of names and places, `module:attribute`, where the attribute is a function
or another `typer.Typer`.
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup

from ems.commands.languages import in_own_language


class LazyGroup(TyperGroup):
    """A group whose commands stand in a table."""

    places: ClassVar[Mapping[str, str]] = {}
    """Where each command is, by its name."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names of the commands, in the order of the table."""
        return list(self.places)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name; None when there is none."""
        place = self.places.get(cmd_name)
        return _loaded(cmd_name, place) if place else None


@cache
def _loaded(name: str, place: str) -> Any:
    module, _, attribute = place.partition(":")
    found = getattr(import_module(module), attribute)
    if isinstance(found, typer.Typer):
        group = typer.main.get_group(found)
        group.name = name
        return in_own_language(group)
    single = typer.Typer(add_completion=False)
    single.command(name=name)(found)
    return in_own_language(typer.main.get_command(single))
