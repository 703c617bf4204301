"""The `ems` command: every way to start, look at and check the system."""

from collections.abc import Mapping
from typing import ClassVar

import typer

from ems import __version__
from ems.commands.lazy import LazyGroup


class _Commands(LazyGroup):
    places: ClassVar[Mapping[str, str]] = {
        "demo": "ems.commands.demo:demo",
        "run": "ems.commands.run:run",
        "plan": "ems.commands.plans:app",
        "event": "ems.commands.event:app",
        "forecast": "ems.commands.forecast:app",
        "simulate": "ems.commands.simulate:simulate",
        "mode": "ems.commands.mode:mode",
        "stop-writing": "ems.commands.stop_writing:stop_writing",
        "alarms": "ems.commands.alarm_list:app",
        "doctor": "ems.commands.doctor:doctor",
        "devices": "ems.cli:devices",
        "config": "ems.commands.config:app",
        "export": "ems.commands.export:app",
        "backup": "ems.commands.backup:backup",
        "restore": "ems.commands.backup:restore",
        "residents": "ems.commands.residents:app",
        "share": "ems.commands.share:share",
    }


class _DeviceCommands(LazyGroup):
    places: ClassVar[Mapping[str, str]] = {
        "list": "ems.commands.devices:list_devices",
        "read": "ems.commands.devices:read",
        "discover": "ems.commands.discover:discover",
        "check": "ems.commands.check_devices:check",
        "write": "ems.commands.write_device:write",
        "release": "ems.commands.write_device:release",
        "watch": "ems.commands.watch_devices:watch",
        "schedule": "ems.commands.schedules:app",
        "alarms": "ems.commands.alarms:alarms",
        "record": "ems.commands.record_devices:record",
        "replay": "ems.commands.record_devices:replay",
        "maps": "ems.commands.device_maps:app",
    }


app = typer.Typer(
    name="ems",
    cls=_Commands,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    help="Energy management for an eco-district: measure, forecast, plan and control every quarter"
    " hour. Start with [bold]ems demo[/bold].",
)
devices = typer.Typer(
    cls=_DeviceCommands, no_args_is_help=True, help="The devices of the district."
)


@devices.callback()
def _devices() -> None:
    """The devices of the district."""


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and leave."
    ),
) -> None:
    """Energy management for an eco-district: measure, forecast, plan and control every quarter
    hour. Start with [bold]ems demo[/bold].
    """
