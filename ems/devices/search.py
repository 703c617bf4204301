"""Finding devices: each address is asked directly, within bounds, and nothing is written.

BACnet: a Who-Is to the address, or to all stations of a network behind it. Modbus: one register of
each unit asked for, also on a serial line, behind a gateway of serial frames, and by TLS; an answer
and a refusal both show that the unit is there. A unit that has the mark "SunS" is asked for its
models, its maker and its type.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from ipaddress import AddressValueError, IPv4Address
from pathlib import PurePath

from ems.devices.bacnet import BacnetNetwork
from ems.devices.bacnet_discovery import discover
from ems.devices.bacnet_peer import BACNET_PORT, Peer
from ems.devices.modbus_link import ModbusLink
from ems.devices.sunspec import ReadWords, model_points, walk
from ems.domain.district import Device, Protocol
from ems.domain.errors import (
    DeviceError,
    DeviceRejectedError,
    DeviceReplyInvalidError,
    DeviceUnreachableError,
)
from ems.domain.modbus_address import TCP_PORT, beside, has_scheme, modbus_address

ADDRESSES_MAX = 256
"""Addresses that one search may ask."""
UNIT_MAX = 247
AT_ONCE = 16
"""Modbus hosts asked at a time; each one unit after the other."""
NOBODY_THERE = (4, 10, 11)
"""Modbus exceptions of a gateway without such a unit: failure, path unavailable, target silent."""
_COMMON = 1


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """A device that answered."""

    protocol: Protocol
    """What it speaks."""

    host: str
    """As the column of `devices.csv` has it."""
    port: int
    """0: the host says it."""

    unit: int
    """Its Modbus unit, or its BACnet device instance."""

    where: str
    """Its address in words; BACnet behind a router: `1001:17`."""

    about: str = ""
    """What it says of itself."""


@dataclass(frozen=True, kw_only=True)
class Address:
    """An address to ask."""

    words: str
    """As given."""

    host: str
    port: int | None
    """None: the usual one of each protocol."""

    routed: str = ""
    """`1001` or `1001:17`: behind a BACnet router, so not asked by Modbus."""


def addresses(words: Sequence[str]) -> list[Address]:
    """The addresses that `10.0.1.20`, `10.0.1.20:1502`, `10.0.1.1-30`, `10.0.1.1/1001` mean.

    Raises:
        DeviceError: a word means none, or they are too many.
    """
    found = [address for word in words for address in _addresses(word)]
    if len(found) > ADDRESSES_MAX:
        raise DeviceError(
            f"{len(found)} addresses are too many at once", fix=f"ask {ADDRESSES_MAX} at a time"
        )
    return found


def _addresses(word: str) -> list[Address]:
    rest, _, routed = word.partition("/")
    hosts, _, port = rest.partition(":")
    first, _, last = hosts.partition("-")
    try:
        start = IPv4Address(first)
        end = int(last) if last else int(start) & 255
        count = end - (int(start) & 255) + 1
        if not (end <= 255 and count >= 1):
            raise ValueError
        at = int(port) if port else None
        return [
            Address(words=word, host=str(start + n), port=at, routed=routed) for n in range(count)
        ]
    except (AddressValueError, ValueError) as error:
        raise DeviceError(
            f"{word!r} is no address to ask",
            fix="write 10.0.1.20, 10.0.1.20:1502, 10.0.1.1-30 or router/network as 10.0.1.1/1001",
        ) from error


def lines(words: Sequence[str], folder: PurePath) -> list[str]:
    """The serial lines, gateways and TLS ports meant; relative files are sought in `folder`.

    Raises:
        DeviceError: a word means none.
    """
    for word in words:
        try:
            if not has_scheme(word):
                raise ValueError(f"{word} is a plain address: give it without --at")
            modbus_address(word, 0)
        except ValueError as error:
            raise DeviceError(
                str(error),
                fix="write rtu:/dev/ttyUSB0?baud=19200, rtu+tcp://HOST:PORT or tls://HOST",
            ) from error
    return [beside(word, folder) for word in words]


async def search_bacnet(
    network: BacnetNetwork, asked: Iterable[Address], *, wait_s: float
) -> list[Sighting]:
    """Who says I-Am at the addresses.

    Raises:
        DeviceError: an address can't be asked.
    """
    peers = [_peer(address) for address in asked]
    heard = await discover(network, peers, wait_s=wait_s)
    return [
        Sighting(
            protocol=Protocol.BACNET,
            host=peer.host,
            port=peer.port,
            unit=found.instance,
            where=found.address if peer.network else str(peer),
            about=f"vendor {found.vendor}",
        )
        for peer, answers in heard.items()
        for found in answers
    ]


def _peer(address: Address) -> Peer:
    routed = f"/{address.routed}" if address.routed else ""
    return Peer.parse(f"{address.host}:{address.port or BACNET_PORT}{routed}")


async def search_modbus(
    asked: Iterable[Address], units: Sequence[int], *, timeout_s: float, lines: Sequence[str] = ()
) -> list[Sighting]:
    """Which of `units` answer at the addresses and on the lines.

    An address that takes no connection has none; a line has to be there.

    Raises:
        DeviceError: a unit id does not exist, or a line can't be opened.
    """
    if not units or min(units) < 0 or max(units) > 255:
        raise DeviceError(f"units {list(units)} do not exist", fix=f"ask for 1-{UNIT_MAX} or 255")
    turns = asyncio.Semaphore(AT_ONCE)

    async def at(host: str, port: int) -> list[Sighting]:
        async with turns:
            return await _units_at(host, port, units, timeout_s)

    plain = [(address.host, address.port or TCP_PORT) for address in asked if not address.routed]
    found = await asyncio.gather(*(at(*one) for one in (*plain, *((line, 0) for line in lines))))
    return [sighting for part in found for sighting in part]


async def _units_at(host: str, port: int, units: Sequence[int], timeout_s: float) -> list[Sighting]:
    link = ModbusLink(modbus_address(host, port), timeout_s=timeout_s)
    found: list[Sighting] = []
    try:
        await link.open()
        for unit in units:
            about = await _unit(link, unit)
            if about is not None:
                found.append(
                    Sighting(
                        protocol=Protocol.SUNSPEC if about else Protocol.MODBUS,
                        host=host,
                        port=port,
                        unit=unit,
                        where=f"{link.key} unit {unit}",
                        about=about,
                    )
                )
        if not found:
            await link.open()  # by TLS 1.3 a refused certificate shows after the first question
    except DeviceUnreachableError:
        if has_scheme(host):
            raise
    finally:
        await link.close()
    return found


async def _unit(link: ModbusLink, unit: int) -> str | None:
    """What a unit says of itself by SunSpec; empty when it says nothing, None: nobody is there."""
    read: ReadWords = partial(link.read, unit, "holding")
    try:
        await read(0, 1)
    except DeviceRejectedError as refusal:
        if any(refusal.message.endswith(f"exception {code}") for code in NOBODY_THERE):
            return None
    except (DeviceUnreachableError, DeviceReplyInvalidError):
        return None
    try:
        return await _sunspec(read)
    except DeviceError:  # it is there, but no SunSpec device
        return ""


async def _sunspec(read: ReadWords) -> str:
    starts = await walk(read)
    maker, model, serial = "", "", ""
    if _COMMON in starts:
        maker, model, serial = [await _text(read, starts[_COMMON], n) for n in ("Mn", "Md", "SN")]
    return f"{maker} {model} {serial}, models {', '.join(map(str, starts))}".strip()


async def _text(read: ReadWords, start: int, name: str) -> str:
    place = model_points(_COMMON)[name]
    words = await read(start + place.offset, place.size)
    raw = b"".join(word.to_bytes(2, "big") for word in words)
    return raw.split(b"\0")[0].decode("ascii", "replace").strip()


def described(sighting: Sighting, devices: Iterable[Device]) -> str:
    """Id of the device of the description at this address; empty when there is none."""
    is_bacnet = sighting.protocol is Protocol.BACNET
    host, port = sighting.host, sighting.port
    line = f"{host}:{port}" if is_bacnet else modbus_address(host, port).line
    for device in devices:
        alike = (device.protocol is Protocol.BACNET) is is_bacnet
        if alike and (device.line, device.unit) == (line, sighting.unit):
            return device.id
    return ""
