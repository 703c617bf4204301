"""Finding devices: each address is asked directly, within bounds, and nothing is written.

BACnet: a Who-Is to the address, or to all stations of a network behind it. Modbus: one register of
each unit asked for; an answer and a refusal both show that the unit is there. A unit that has the
mark "SunS" is asked for its models, its maker and its type.
"""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from ipaddress import AddressValueError, IPv4Address

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
from ems.domain.modbus_address import TCP_PORT, TcpAddress

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
    port: int

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
    asked: Iterable[Address], units: Sequence[int], *, timeout_s: float
) -> list[Sighting]:
    """Which of `units` answer at the addresses; a host that takes no connection has none.

    Raises:
        DeviceError: a unit id does not exist.
    """
    if not units or min(units) < 0 or max(units) > 255:
        raise DeviceError(f"units {list(units)} do not exist", fix=f"ask for 1-{UNIT_MAX} or 255")
    turns = asyncio.Semaphore(AT_ONCE)

    async def at(address: Address) -> list[Sighting]:
        async with turns:
            return await _units_at(address, units, timeout_s)

    found = await asyncio.gather(*(at(a) for a in asked if not a.routed))
    return [sighting for part in found for sighting in part]


async def _units_at(address: Address, units: Sequence[int], timeout_s: float) -> list[Sighting]:
    port = address.port or TCP_PORT
    if not await _listens(address.host, port, timeout_s):
        return []
    link = ModbusLink(TcpAddress(host=address.host, port=port), timeout_s=timeout_s)
    found: list[Sighting] = []
    try:
        for unit in units:
            about = await _unit(link, unit)
            if about is not None:
                where = f"{address.host}:{port} unit {unit}"
                found.append(
                    Sighting(
                        protocol=Protocol.SUNSPEC if about else Protocol.MODBUS,
                        host=address.host,
                        port=port,
                        unit=unit,
                        where=where,
                        about=about,
                    )
                )
    finally:
        await link.close()
    return found


async def _listens(host: str, port: int, timeout_s: float) -> bool:
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), timeout_s)
    except (OSError, TimeoutError):
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True


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
    for device in devices:
        if (device.protocol is Protocol.BACNET) is not (sighting.protocol is Protocol.BACNET):
            continue
        if (device.host, device.port, device.unit) == (
            sighting.host,
            sighting.port,
            sighting.unit,
        ):
            return device.id
    return ""
