"""`ems devices watch`: a few devices live in the terminal, read on the wire."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import typer
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from ems.commands.common import DEFAULT_CONFIG, ConfigOption, out, told
from ems.commands.on_site import NetOption, connected, device_of, district_at
from ems.devices.connection import Connection, Values
from ems.devices.maps import PointSpec, map_of
from ems.domain.district import Device, District
from ems.domain.errors import DeviceError

DEVICES_MAX = 20


@dataclass(frozen=True)
class Wanted:
    """What is watched of one device."""

    device: Device
    specs: tuple[PointSpec, ...]


@dataclass(frozen=True)
class Seen:
    """What one round found of one device."""

    values: Values
    error: str = ""
    """Why there are none."""


def watch(
    what: Annotated[
        list[str],
        typer.Argument(help="Devices or points: HP-1, D1-0304/room_temp_c.", metavar="WHAT..."),
    ],
    every_s: Annotated[
        float, typer.Option("--every", min=0.2, help="Seconds between two rounds.")
    ] = 2.0,
    rounds: Annotated[int, typer.Option(min=0, help="End after so many; 0: until Ctrl-C.")] = 0,
    net: NetOption = 0,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Show a few devices live, read on the wire beside whatever else is running.

    What changed since the round before is bold. Ends with Ctrl-C; nothing is written.
    """
    with told(), suppress(KeyboardInterrupt):
        district = district_at(config, net)
        asyncio.run(live(district, wanted(district, what), every_s, rounds))


def wanted(district: District, words: Sequence[str]) -> list[Wanted]:
    """What the words mean, by device.

    Raises:
        DeviceError: a word means nothing, or they are too many.
    """
    by_device: dict[str, dict[str, PointSpec]] = {}
    for word in words:
        name, _, point = word.partition("/")
        specs = map_of(device_of(district, name)).points
        if point and point not in specs:
            raise DeviceError(
                f"{name} has no point {point!r}", fix=f"see `ems devices read {name}`"
            )
        chosen = {point: specs[point]} if point else specs
        by_device.setdefault(name, {}).update(chosen)
    if len(by_device) > DEVICES_MAX:
        raise DeviceError(
            f"{len(by_device)} devices are too many to watch", fix=f"name {DEVICES_MAX} at most"
        )
    return [Wanted(district.devices[n], tuple(s.values())) for n, s in by_device.items()]


async def live(district: District, watched: Sequence[Wanted], every_s: float, rounds: int) -> None:
    """Read and show, round after round."""
    before: dict[str, Seen] = {}
    done = 0
    async with connected(district, [w.device for w in watched]) as connections:
        with Live(console=out, auto_refresh=False, vertical_overflow="crop") as screen:
            while True:
                found = await asyncio.gather(*(seen(connections[w.device.id], w) for w in watched))
                now = {w.device.id: one for w, one in zip(watched, found, strict=True)}
                screen.update(picture(watched, now, before), refresh=True)
                before, done = now, done + 1
                if done == rounds:
                    return
                await asyncio.sleep(every_s)


async def seen(connection: Connection, watched: Wanted) -> Seen:
    """One device, read now."""
    try:
        return Seen(await connection.read(watched.device, watched.specs))
    except DeviceError as error:
        return Seen({}, error.message)


def picture(
    watched: Sequence[Wanted], now: Mapping[str, Seen], before: Mapping[str, Seen]
) -> Table:
    """The table of one round."""
    title = f"{datetime.now().astimezone():%H:%M:%S}"
    table = Table("device", "point", "value", "unit", "quality", title=title)
    for one in watched:
        name = one.device.id
        if error := now[name].error:
            table.add_row(name, escape(error), "", "", "no answer")
        last = before[name].values if name in before else {}
        for spec in one.specs if not error else ():
            value, quality = now[name].values[spec.name]
            shown = f"{value:g}"
            if spec.name in last and last[spec.name] != (value, quality):
                shown = f"[bold]{shown}[/bold]"
            table.add_row(name, spec.name, shown, spec.unit.value, quality.name.lower())
    return table
