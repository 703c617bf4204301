"""The `ems` command: every way to start, look at and check the system."""

import typer

from ems import __version__
from ems.commands import (
    check_devices,
    config,
    demo,
    device_maps,
    devices,
    discover,
    doctor,
    export,
    mode,
    plan,
    run,
    simulate,
    stop_writing,
    watch_devices,
    write_device,
)

app = typer.Typer(
    name="ems",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    help="Energy management for an eco-district: measure, forecast, plan and control every quarter"
    " hour. Start with [bold]ems demo[/bold].",
)
app.command(name="demo")(demo.demo)
app.command(name="run")(run.run)
app.command(name="plan")(plan.plan)
app.command(name="simulate")(simulate.simulate)
app.command(name="mode")(mode.mode)
app.command(name="stop-writing")(stop_writing.stop_writing)
app.command(name="doctor")(doctor.doctor)
devices.app.command(name="discover")(discover.discover)
devices.app.command(name="check")(check_devices.check)
devices.app.command(name="write")(write_device.write)
devices.app.command(name="release")(write_device.release)
devices.app.command(name="watch")(watch_devices.watch)
devices.app.add_typer(device_maps.app, name="maps")
app.add_typer(devices.app, name="devices")
app.add_typer(config.app, name="config")
app.add_typer(export.app, name="export")


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
    """Options before the command."""
