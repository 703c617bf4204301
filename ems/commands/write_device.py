"""`ems devices write` and `release`: one point written by hand, and a device given back."""

import asyncio
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ems.commands.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DataOption,
    JsonOption,
    out,
    print_json,
    told,
)
from ems.commands.on_site import NetOption, connected, device_of, district_at
from ems.devices.commands import came_back, command
from ems.devices.connection import Connection
from ems.devices.fail_safe import fallback
from ems.devices.holds import Hold
from ems.devices.maps import PointSpec, map_of
from ems.domain.district import Device
from ems.domain.errors import DeviceError
from ems.domain.plans import Reason, ReasonCode, Setpoint
from ems.domain.points import point_id
from ems.domain.slots import Slot
from ems.heart import FILE, last_beat
from ems.store.embedded import default_data_dir

YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Write although the EMS or a person on site holds it.")
]


def write(
    point: Annotated[str, typer.Argument(help="D1-0304/setpoint_c.")],
    value: Annotated[float, typer.Argument(help="In the point's unit.")],
    yes: YesOption = False,
    force: ForceOption = False,
    net: NetOption = 0,
    data: DataOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
) -> None:
    """Write one point, read it back, and say what became of it.

    Only what the device map marks as written, and within its bounds. Refused while the running
    EMS holds the device ([bold]ems stop-writing[/bold] first) or a person on site does, unless
    forced. The device's heartbeat is renewed once, so that it obeys for its lease; give it back
    with [bold]ems devices release[/bold].
    """
    with told():
        district = district_at(config, net)
        device = device_of(district, point.partition("/")[0])
        spec = written_point(device, point.partition("/")[2])
        wanted = on_step(device, spec, value)
        refuse_held(device, data, force=force)
        confirm(f"write {wanted:g} {spec.unit} to {point}?", yes)

        async def work() -> tuple[float, str]:
            async with connected(district, [device]) as connections:
                return await written(connections[device.id], device, spec, wanted, force=force)

        read_back, outcome = asyncio.run(work())
    tell(point, wanted, read_back, outcome, device, json)
    raise typer.Exit(0 if outcome == "ok" else 1)


def release(
    device: Annotated[str, typer.Argument(help="Its id, HP-1.")],
    yes: YesOption = False,
    force: ForceOption = False,
    net: NetOption = 0,
    data: DataOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Give a device back: on BACnet to the next in its priority array, else its safe values."""
    with told():
        district = district_at(config, net)
        found = device_of(district, device)
        specs = map_of(found).written
        if not specs:
            raise DeviceError(f"{device} takes no commands", fix="name a device that does")
        refuse_held(found, data, force=force)
        confirm(f"give back {', '.join(spec.name for spec in specs)} of {device}?", yes)

        async def work() -> None:
            async with connected(district, [found]) as connections:
                await connections[device].relinquish(found, specs)

        asyncio.run(work())
    out.print(f"{device} is given back", highlight=False)


def written_point(device: Device, name: str) -> PointSpec:
    """The written point `name` of a device.

    Raises:
        DeviceError: there is none.
    """
    names = [spec.name for spec in map_of(device).written]
    if name not in names:
        fix = f"name one of {', '.join(names)}" if names else "name a device that takes commands"
        raise DeviceError(f"{device.id} has no written point {name!r}", fix=fix)
    return map_of(device).points[name]


def on_step(device: Device, spec: PointSpec, value: float) -> float:
    """What would reach the device for `value`.

    Raises:
        DeviceError: it lies outside the bounds of the map.
    """
    if not (math.isfinite(value) and spec.low <= value <= spec.high):
        raise DeviceError(
            f"{value:g} lies outside the bounds of {spec.name}",
            fix=f"give {spec.low:g} to {spec.high:g} {spec.unit}".rstrip(),
        )
    setpoint = Setpoint(
        point=point_id(device.id, spec.name),
        slot=Slot(0),
        value=value,
        unit=spec.unit,
        low=spec.low,
        high=spec.high,
        reason=Reason(ReasonCode.RULE),
    )
    ready = command(setpoint, spec)
    return ready.value if ready is not None else value


def refuse_held(device: Device, data: Path | None, *, force: bool) -> None:
    """See that the running EMS does not hold the device.

    Raises:
        DeviceError: it does.
    """
    beat = last_beat((data or default_data_dir()).expanduser() / FILE)
    holds = beat is not None and beat.process_lives and device.id in beat.held
    if holds and not force:
        raise DeviceError(
            f"the running EMS holds {device.id}",
            fix="`ems stop-writing` first, or --force for a moment: its next plan writes again",
        )


def confirm(question: str, yes: bool) -> None:
    """Ask before anything is written; no ends the command."""
    if not yes and not typer.confirm(question):
        raise typer.Exit(1)


async def written(
    connection: Connection, device: Device, spec: PointSpec, value: float, *, force: bool
) -> tuple[float, str]:
    """Write with the heartbeat and read back: the value read, and `ok` or `mismatch`.

    Raises:
        DeviceError: the device does not answer or refuses, or a person on site holds the point.
    """
    if not force and await connection.held_on_site(device, [spec]):
        raise DeviceError(
            f"a person on site holds {spec.name} of {device.id}",
            fix="let it be released there, or --force to write below that priority",
        )
    now = datetime.now(UTC)
    await connection.write(device, {**Hold(device, now).due_beat(now), spec: value})
    read_back, _ = (await connection.read(device, [spec]))[spec.name]
    return read_back, "ok" if came_back(spec, value, read_back) else "mismatch"


def tell(
    point: str, wanted: float, read_back: float, outcome: str, device: Device, json: bool
) -> None:
    """Say what became of it."""
    falls_back = fallback(map_of(device)).value
    if json:
        read = read_back if math.isfinite(read_back) else None
        told_us: dict[str, Any] = {"point": point, "written": wanted, "read_back": read}
        print_json({**told_us, "outcome": outcome, "falls_back_by": falls_back})
        return
    out.print(f"{point}: wrote {wanted:g}, read back {read_back:g}: {outcome}", highlight=False)
    out.print(f"{device.id} falls back by: {falls_back}; `ems devices release {device.id}`")
