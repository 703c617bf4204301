"""`ems devices discover`: who answers at an address, and whether the description knows of it."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from ems.commands.common import DEFAULT_CONFIG, ConfigOption, JsonOption, out, print_json, told
from ems.commands.on_site import BESIDE, NetOption, district_at
from ems.devices.bacnet import BacnetNetwork
from ems.devices.ede import Entry, read_ede
from ems.devices.search import (
    Address,
    Sighting,
    addresses,
    described,
    lines,
    search_bacnet,
    search_modbus,
)
from ems.domain.district import District, Protocol
from ems.domain.errors import DeviceError

UNITS = "1-16"
UNITS_MAX = 256


def discover(
    address: Annotated[
        list[str] | None,
        typer.Argument(
            help="10.0.1.20, 10.0.1.20:1502, 10.0.1.1-30, or behind a BACnet router 10.0.1.1/1001.",
            metavar="ADDRESS...",
        ),
    ] = None,
    at: Annotated[
        list[str] | None,
        typer.Option(
            help="A Modbus line, gateway or TLS port as in devices.csv:"
            " rtu:/dev/ttyUSB0?baud=19200, rtu+tcp://10.0.1.20:4001, tls://10.0.1.20?cert=...",
        ),
    ] = None,
    protocol: Annotated[
        Protocol | None, typer.Option("--protocol", "-p", help="Ask in this protocol only.")
    ] = None,
    units: Annotated[str, typer.Option(help="Modbus units to ask for: 1-16, or 1,3,255.")] = UNITS,
    wait_s: Annotated[
        float, typer.Option("--wait", min=0.05, max=10, help="Seconds to wait for each answer.")
    ] = 0.5,
    ede: Annotated[
        Path | None, typer.Option(help="A BACnet point list (EDE 2.x): who of it is not heard?")
    ] = None,
    net: NetOption = 0,
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
) -> None:
    """Ask addresses who is there: a Who-Is, every Modbus unit, and what SunSpec devices say.

    Each address is asked directly and nothing is written. Modbus units are asked one after the
    other, [bold]--wait[/bold] for each that is silent. What answers is compared with the
    description, and with the integrator's list.
    """
    with told():
        district = district_at(config, net)
        asked, on = addresses(address or []), lines(at or [], Path.cwd())
        if not asked and not on:
            raise DeviceError("nobody is to be asked", fix="give an address, or a line with --at")
        listed = read_ede(ede) if ede else []
        found = asyncio.run(search(district, asked, on, protocol, unit_numbers(units), wait_s))
    if json:
        print_json([as_data(one, district) for one in found])
    else:
        show(found, district)
        for line in unheard(found, listed, district):
            out.print(line, highlight=False)


def unheard(
    found: Sequence[Sighting], listed: Sequence[Entry], district: District
) -> Iterator[str]:
    """A line for each BACnet device of a list that did not answer."""
    heard = {one.unit for one in found if one.protocol is Protocol.BACNET}
    names = {d.unit: d.id for d in district.devices.values() if d.protocol is Protocol.BACNET}
    for instance in dict.fromkeys(entry.device for entry in listed):
        if instance not in heard:
            yield f"listed, not heard: instance {instance} ({names.get(instance, 'not described')})"


def unit_numbers(words: str) -> list[int]:
    """The units that `1-16` or `1,3,255` mean.

    Raises:
        DeviceError: it means none.
    """
    try:
        found: list[int] = []
        for part in words.split(","):
            first, _, last = part.partition("-")
            found += range(int(first), min(int(last or first), UNITS_MAX) + 1)
    except ValueError as error:
        raise DeviceError(f"{words!r} are no units", fix="write 1-16 or 1,3,255") from error
    return found


async def search(
    district: District,
    asked: Sequence[Address],
    on: Sequence[str],
    protocol: Protocol | None,
    units: Sequence[int],
    wait_s: float,
) -> list[Sighting]:
    """Everything that answers, BACnet first."""
    found: list[Sighting] = []
    if asked and protocol in (None, Protocol.BACNET):
        station = district.station
        network = BacnetNetwork(station.host, station.port + BESIDE, instance=station.instance)
        try:
            found += await search_bacnet(network, asked, wait_s=wait_s)
        finally:
            network.close()
    if protocol is not Protocol.BACNET:
        seen = await search_modbus(asked, units, timeout_s=wait_s, lines=on)
        found += [one for one in seen if protocol in (None, Protocol.MODBUS, one.protocol)]
    return found


def as_data(one: Sighting, district: District) -> dict[str, Any]:
    """What answered, as plain data."""
    known = described(one, district.devices.values())
    return {**vars(one), "protocol": one.protocol.value, "described_as": known or None}


def show(found: Sequence[Sighting], district: District) -> None:
    """Print what answered, and how much of it is not described."""
    table = Table("protocol", "address", "unit or instance", "says", "described as")
    strangers = 0
    for one in found:
        known = described(one, district.devices.values())
        strangers += not known
        words = (one.protocol.value, one.where, str(one.unit), one.about, known or "-")
        table.add_row(*map(escape, words))
    out.print(table)
    out.print(f"{len(found)} answered, {strangers} of them not described")
