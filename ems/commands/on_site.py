"""What the commands of commissioning share: the district as it answers, and beside whom."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer

from ems.config import load_district
from ems.devices.bus_log import BusLog
from ems.devices.connection import Connection, connection_key
from ems.devices.connections import Connections
from ems.domain.district import Device, District
from ems.domain.errors import DeviceError

BESIDE = 1
"""What is read beside a running EMS uses the BACnet port after its."""

NetOption = Annotated[
    int, typer.Option(help="The virtual district's devices answer on 127.NET.x.y; 0: as described.")
]


def district_at(config: Path, net: int) -> District:
    """The description, on the loopback net of a virtual district if one is given."""
    district = load_district(config)
    return district.on_loopback(net) if net else district


def device_of(district: District, name: str) -> Device:
    """The device `name`.

    Raises:
        DeviceError: there is none.
    """
    if name not in district.devices:
        raise DeviceError(f"there is no device {name}", fix="see `ems devices list`")
    return district.devices[name]


@asynccontextmanager
async def connected(
    district: District, devices: Sequence[Device], log: BusLog | None = None
) -> AsyncIterator[dict[str, Connection]]:
    """Connections to `devices` by device id, from a port beside the running EMS's."""
    port = district.station.port + BESIDE
    connections = Connections(district.with_devices(devices), port=port, log=log)
    try:
        yield {device.id: connections.by_key[connection_key(device)] for device in devices}
    finally:
        await connections.close()
