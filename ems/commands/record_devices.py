"""`ems devices record` and `replay`: a bus log of what devices say, and devices out of one."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from ems.commands.check_devices import chosen
from ems.commands.common import DEFAULT_CONFIG, ConfigOption, out, told
from ems.commands.on_site import NetOption, connected, district_at
from ems.devices.bus_log import BusLog, read_log
from ems.devices.connection import Connection
from ems.devices.maps import map_of
from ems.domain.district import Device, District
from ems.domain.errors import DeviceError
from simulations.replayed_devices import ReplayedDevices

FileArgument = Annotated[Path, typer.Argument(help="The bus log.", metavar="FILE")]


def record(
    file: FileArgument,
    device: Annotated[
        list[str] | None, typer.Argument(help="Only these devices; none: all.", metavar="DEVICE...")
    ] = None,
    for_s: Annotated[float, typer.Option("--for", min=0, help="Seconds; 0: one round.")] = 0.0,
    every_s: Annotated[
        float, typer.Option("--every", min=0.2, help="Seconds between two rounds.")
    ] = 5.0,
    net: NetOption = 0,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Read devices and write every message to and from them into a file.

    One JSON line a message, with a checksum; never overwrites. Nothing is written to devices.
    """
    with told():
        district = district_at(config, net)
        devices = chosen(district, device or [], None)
        log, silent = asyncio.run(recorded(district, devices, file, for_s, every_s))
    out.print(f"{log.entries} messages of {len(devices)} devices in {file}", soft_wrap=True)
    if silent:
        out.print(f"no usable answer: {', '.join(sorted(silent))}", soft_wrap=True)


async def recorded(
    district: District, devices: Sequence[Device], file: Path, for_s: float, every_s: float
) -> tuple[BusLog, set[str]]:
    """The log, and who gave no usable answer in the last round.

    Raises:
        DeviceError: the file exists, or can't be written.
    """
    try:
        with file.open("x", encoding="utf-8") as lines:
            log = BusLog(lines, time.monotonic)
            async with connected(district, devices, log) as connections:
                return log, await _rounds(connections, devices, for_s, every_s)
    except FileExistsError as error:
        raise DeviceError(f"{file} exists already", fix="name a new file") from error
    except OSError as error:
        raise DeviceError(
            f"{file} can't be written: {error.strerror}", fix="name another"
        ) from error


async def _rounds(
    connections: dict[str, Connection], devices: Sequence[Device], for_s: float, every_s: float
) -> set[str]:
    end_s = time.monotonic() + for_s
    while True:
        answered = await asyncio.gather(*(_answers(connections[d.id], d) for d in devices))
        if time.monotonic() + every_s > end_s:
            return {d.id for d, well in zip(devices, answered, strict=True) if not well}
        await asyncio.sleep(every_s)


async def _answers(connection: Connection, device: Device) -> bool:
    try:
        await connection.read(device, tuple(map_of(device).points.values()))
    except DeviceError:
        return False
    return True


def replay(
    file: FileArgument,
    net: Annotated[
        int, typer.Option(min=1, max=254, help="10.0.1.20 of the log answers on 127.NET.1.20.")
    ] = 120,
    for_s: Annotated[float, typer.Option("--for", min=0, help="Seconds; 0: until Ctrl-C.")] = 0.0,
) -> None:
    """Answer as the devices in a bus log did: Modbus on TCP, BACnet on UDP.

    Read them with [bold]ems devices read ID --net NET[/bold].
    """
    with told(), suppress(KeyboardInterrupt):
        asyncio.run(_replayed(file, net, for_s))


async def _replayed(file: Path, net: int, for_s: float) -> None:
    devices = ReplayedDevices(read_log(file), net)
    await devices.start()
    table = Table("of the log", "answers at")
    for line, (host, port) in devices.addresses.items():
        table.add_row(line, f"{host}:{port}")
    out.print(table)
    try:
        await (asyncio.sleep(for_s) if for_s else asyncio.Event().wait())
    finally:
        await devices.stop()
