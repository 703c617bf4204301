"""`ems devices schedule`: plans in the Schedules of building managers' controllers, by hand."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from ems.commands.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DataOption,
    DsnOption,
    JsonOption,
    opened_store,
    out,
    print_json,
    told,
)
from ems.commands.on_site import BESIDE, NetOption, device_of, district_at
from ems.commands.write_device import YesOption, confirm
from ems.devices.bacnet_schedule import NULL, SpecialEvent
from ems.devices.bacnet_values import decoded
from ems.devices.connections import Connections
from ems.devices.maps import map_of
from ems.devices.plan_schedules import Outcomes, PlanSchedules, first_day
from ems.domain.district import Device, District
from ems.domain.errors import DeviceError
from ems.domain.plans import Outcome, Plan

app = typer.Typer(no_args_is_help=True)

DeviceArgument = Annotated[str, typer.Argument(help="Id of a controller with Schedules, A1-Z01.")]


@app.callback()
def _schedules() -> None:
    """The plan's day in the Schedules of a building manager's controller."""


@app.command()
def show(
    device: DeviceArgument,
    net: NetOption = 0,
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
) -> None:
    """Show what the EMS has in a controller's Schedules, of whatever day."""
    with told():
        district = district_at(config, net)
        found = scheduled(district, device)
        events = asyncio.run(_events(district, found))
    if json:
        print_json({name: as_data(found, name, of_name) for name, of_name in events.items()})
        return
    table = Table("point", "day", "from", "value")
    for name, of_name in events.items():
        for row in as_data(found, name, of_name):
            value = "the site's own" if row["value"] is None else f"{row['value']:g}"
            table.add_row(name, row["day"], row["from"], value)
    out.print(table)


@app.command()
def write(
    device: DeviceArgument,
    yes: YesOption = False,
    net: NetOption = 0,
    data: DataOption = None,
    dsn: DsnOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
) -> None:
    """Write the day of the plan in force as a special event of that date, and read it back.

    Weekday lists and the events of the site's people stay. It ends by itself at midnight. Commands
    of the running EMS stand above it.
    """
    with told():
        district = district_at(config, net)
        found = scheduled(district, device)
        plan = asyncio.run(plan_in_force(dsn, data))
        day = first_day(plan, district.site.zone)
        confirm(
            f"write the plan of {plan.issued_at:%Y-%m-%d %H:%M} UTC for {day} to {device}?", yes
        )
        outcomes = asyncio.run(_put(district, found, plan))
        if not outcomes:
            raise DeviceError(f"the plan says nothing for {device}", fix="see `ems plan`")
    tell(device, outcomes, json)


@app.command()
def withdraw(
    device: DeviceArgument,
    yes: YesOption = False,
    net: NetOption = 0,
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
) -> None:
    """Take everything of the EMS out of a controller's Schedules."""
    with told():
        district = district_at(config, net)
        found = scheduled(district, device)
        confirm(f"withdraw the plans in the Schedules of {device}?", yes)
        outcomes = asyncio.run(_withdraw(district, found))
    tell(device, outcomes, json)


def scheduled(district: District, name: str) -> Device:
    """The device `name`, whose map names Schedules.

    Raises:
        DeviceError: there is none, or its map names none.
    """
    device = device_of(district, name)
    if not map_of(device).schedules:
        raise DeviceError(
            f"the map {device.map} of {name} names no Schedules",
            fix="say which Schedule commands which point with `schedules:` in the map",
        )
    return device


async def plan_in_force(dsn: str, data: Path | None) -> Plan:
    """The live plan of the store.

    Raises:
        DeviceError: there is none.
    """
    async with opened_store(dsn, data) as store:
        plan = await store.live_plan()
    if plan is None:
        raise DeviceError("there is no plan in force", fix="start `ems run`, which makes one")
    return plan


@asynccontextmanager
async def schedules_of(district: District, device: Device) -> AsyncIterator[PlanSchedules]:
    """The Schedules of a device, from a port beside the running EMS's."""
    port = district.station.port + BESIDE
    connections = Connections(district.with_devices([device]), port=port)
    try:
        yield connections.schedules()[device.id]
    finally:
        await connections.close()


async def _events(district: District, device: Device) -> Mapping[str, tuple[SpecialEvent, ...]]:
    async with schedules_of(district, device) as schedules:
        return await schedules.events()


async def _put(district: District, device: Device, plan: Plan) -> Outcomes:
    async with schedules_of(district, device) as schedules:
        return await schedules.put(plan)


async def _withdraw(district: District, device: Device) -> Outcomes:
    async with schedules_of(district, device) as schedules:
        return await schedules.withdraw()


def as_data(device: Device, name: str, events: tuple[SpecialEvent, ...]) -> list[dict[str, Any]]:
    """The entries of a written point as plain data; None where the site's own lists rule."""
    spec = map_of(device).points[name]
    return [
        {
            "day": event.day.isoformat(),
            "from": entry.at.isoformat(),
            "value": None if entry.encoded == NULL else decoded(spec, entry.encoded),
        }
        for event in sorted(events, key=lambda event: event.day)
        for entry in event.entries
    ]


def tell(device: str, outcomes: Outcomes, json: bool) -> None:
    """Say what became of each point; the command ends with 1 unless all is well."""
    if json:
        print_json({name: outcome.value for name, outcome in outcomes.items()})
    else:
        for name, outcome in outcomes.items():
            out.print(f"{device}/{name}: {outcome}", highlight=False)
    raise typer.Exit(0 if set(outcomes.values()) <= {Outcome.OK} else 1)
