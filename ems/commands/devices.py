"""`ems devices`: what there is, how it fares, and one device read on the wire."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
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
from ems.commands.on_site import NetOption, connected, device_of, district_at
from ems.config import load_district
from ems.devices.connection import Values, connection_key
from ems.devices.fail_safe import fallback, not_fail_safe
from ems.devices.maps import map_of
from ems.domain.district import Device, DeviceKind, District
from ems.domain.points import Quality, point_id
from ems.domain.snapshot import Snapshot
from ems.domain.vocabulary import POINTS


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How one device fares, from its latest readings."""

    device: Device
    usable: int
    """Points with a usable value."""
    worst: Quality
    """The worst quality among its points."""
    last: datetime | None
    """When its youngest value was read."""


def standing(device: Device, snapshot: Snapshot) -> Standing:
    """How `device` fares in `snapshot`."""
    ids = [point_id(device.id, name) for name in POINTS[device.kind]]
    readings = [snapshot.readings[point] for point in ids if point in snapshot.readings]
    return Standing(
        device=device,
        usable=sum(reading.quality.usable for reading in readings),
        worst=max((reading.quality for reading in readings), default=Quality.COMM_FAIL),
        last=max((reading.at for reading in readings), default=None),
    )


def list_devices(
    kind: Annotated[DeviceKind | None, typer.Option(help="Only devices of this kind.")] = None,
    data: DataOption = None,
    dsn: DsnOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
) -> None:
    """List the devices with the quality and age of what was last read."""

    async def latest() -> Snapshot:
        async with opened_store(dsn, data) as store:
            return await store.latest()

    with told():
        district = load_district(config)
        snapshot = asyncio.run(latest())
    chosen = [d for d in district.devices.values() if kind in (None, d.kind)]
    standings = [standing(device, snapshot) for device in chosen]
    if json:
        print_json([as_data(one) for one in standings])
    else:
        show(standings, district)


def as_data(one: Standing) -> dict[str, Any]:
    """A standing as plain data."""
    return {
        "id": one.device.id,
        "kind": one.device.kind.value,
        "protocol": one.device.protocol.value,
        "address": connection_key(one.device),
        "points": len(POINTS[one.device.kind]),
        "usable": one.usable,
        "worst": one.worst.name.lower(),
        "last": one.last.isoformat() if one.last else None,
        "falls_back_by": fallback(map_of(one.device)).value,
    }


def show(standings: Sequence[Standing], district: District) -> None:
    """Print the list and a line that sums it up."""
    table = Table(
        "device", "kind", "protocol", "address", "points", "worst", "last read", "falls back by"
    )
    for one in standings:
        row = as_data(one)
        last = f"{one.last.astimezone(district.site.zone):%d.%m. %H:%M:%S}" if one.last else "never"
        points = f"{row['usable']} of {row['points']}"
        table.add_row(
            *(row[name] for name in ("id", "kind", "protocol", "address")),
            points,
            row["worst"],
            last,
            row["falls_back_by"],
        )
    out.print(table)
    worst = Counter(one.worst.name.lower() for one in standings)
    out.print(", ".join(f"{count} {name}" for name, count in worst.items()))
    if unsafe := not_fail_safe(district):
        out.print(f"not fail-safe, nobody brings them back: {', '.join(unsafe)}", soft_wrap=True)


def read(
    device: Annotated[str, typer.Argument(help="Its id, HP-1.")],
    net: NetOption = 0,
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
) -> None:
    """Read every point of one device on the wire, beside whatever else is running."""
    with told():
        district = district_at(config, net)
        found = device_of(district, device)
        values = asyncio.run(read_once(district, found))
    specs = map_of(found).points
    if json:
        print_json({name: {"value": v, "quality": q.name} for name, (v, q) in values.items()})
        return
    table = Table("point", "value", "unit", "quality")
    for name, (value, quality) in values.items():
        table.add_row(name, f"{value:g}", specs[name].unit.value, quality.name.lower())
    out.print(table)


async def read_once(district: District, device: Device) -> Values:
    """All mapped points of `device`, read now from a port beside the running EMS's."""
    async with connected(district, [device]) as connections:
        return await connections[device.id].read(device, tuple(map_of(device).points.values()))
