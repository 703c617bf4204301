"""The shells around a BACnet/IP message: link and network header; no sockets here.

After ASHRAE 135, Annex J for the link and clause 6 for the network. Both the EMS and the virtual
controllers use them; what they have in common is held against bacpypes3 and rusty-bacnet.
"""

from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address

from ems.devices.bacnet_tags import BadEncodingError

_LINK = 0x81
_VERSION = 1
EVERY_NETWORK = 0xFFFF
_NOT_MY_NETWORK = 1
_EXPECTING_REPLY = 0x04

WHO_IS_ROUTER = 0
I_AM_ROUTER = 1
REJECT_TO_NETWORK = 3

IpAddress = tuple[str, int]
"""Host and UDP port."""

RemoteAddress = tuple[int, bytes]
"""Network number and station; an empty station is all of them."""


class Link(IntEnum):
    """What a datagram is for."""

    RESULT = 0x00
    FORWARDED = 0x04
    REGISTER_FOREIGN_DEVICE = 0x05
    DISTRIBUTE_BROADCAST = 0x09
    UNICAST = 0x0A
    BROADCAST = 0x0B


_HEARD = (Link.UNICAST, Link.BROADCAST, Link.FORWARDED)


@dataclass(frozen=True, slots=True)
class Packet:
    """A network message, out of its link shell."""

    destination: RemoteAddress | None
    """Beyond a router; none: for the one who hears it."""

    source: RemoteAddress | None
    """From beyond a router; none: from the one who sent it."""

    network_message: int | None
    """Type of a message between routers; none: `body` is for an application."""

    body: bytes

    origin: IpAddress | None = None
    """Who sent it first, when a BBMD has forwarded it."""

    expects_reply: bool = False


def link_function(datagram: bytes) -> int:
    """What a datagram is for.

    Raises:
        BadEncodingError: it is no BACnet/IP datagram, or not as long as it says.
    """
    if len(datagram) < 4 or datagram[0] != _LINK:
        raise BadEncodingError("no BACnet/IP datagram")
    if int.from_bytes(datagram[2:4], "big") != len(datagram):
        raise BadEncodingError("a datagram of another length than it says")
    return datagram[1]


def unpacked(datagram: bytes) -> Packet:
    """What a datagram carries.

    Raises:
        BadEncodingError: it is no BACnet/IP message of a kind that a device hears.
    """
    function = link_function(datagram)
    if function not in _HEARD:
        raise BadEncodingError("a BACnet/IP datagram between BBMDs")
    forwarded = function == Link.FORWARDED
    start = 10 if forwarded else 4
    if len(datagram) < start + 2 or datagram[start] != _VERSION:
        raise BadEncodingError("another version of the network layer")
    return _network(datagram, start, _ip(datagram[4:10]) if forwarded else None)


def _network(datagram: bytes, start: int, origin: IpAddress | None) -> Packet:
    control, place = datagram[start + 1], start + 2
    destination = source = None
    try:
        if control & 0x20:
            destination, place = _address(datagram, place)
        if control & 0x08:
            source, place = _address(datagram, place)
        place += destination is not None  # the hop count
        if control & 0x80:
            kind = datagram[place]
            return Packet(destination, source, kind, datagram[place + 1 :], origin)
    except IndexError:
        raise BadEncodingError("a network header ends too early") from None
    wants = bool(control & _EXPECTING_REPLY)
    return Packet(destination, source, None, datagram[place:], origin, wants)


def _ip(octets: bytes) -> IpAddress:
    return str(IPv4Address(octets[:4])), int.from_bytes(octets[4:6], "big")


def _address(datagram: bytes, place: int) -> tuple[RemoteAddress, int]:
    network = int.from_bytes(datagram[place : place + 2], "big")
    end = place + 3 + datagram[place + 2]
    if end > len(datagram):
        raise BadEncodingError("a network address ends too early")
    return (network, datagram[place + 3 : end]), end


def packed(packet: Packet, function: Link = Link.UNICAST) -> bytes:
    """The datagram that carries a packet."""
    control = 0x80 if packet.network_message is not None else 0
    control |= (0x20 if packet.destination else 0) | (0x08 if packet.source else 0)
    control |= _EXPECTING_REPLY if packet.expects_reply else 0
    header = bytes((_VERSION, control))
    for address in (packet.destination, packet.source):
        if address is not None:
            network, station = address
            header += network.to_bytes(2, "big") + bytes((len(station),)) + station
    header += b"\xff" if packet.destination else b""
    header += b"" if packet.network_message is None else bytes((packet.network_message,))
    return _linked(function, header + packet.body)


def _linked(function: Link, content: bytes) -> bytes:
    return bytes((_LINK, function)) + (4 + len(content)).to_bytes(2, "big") + content


def register_foreign_device(lifetime_s: int) -> bytes:
    """The datagram that asks a BBMD to forward broadcasts for so long (Annex J.5)."""
    return _linked(Link.REGISTER_FOREIGN_DEVICE, lifetime_s.to_bytes(2, "big"))


def link_result(datagram: bytes) -> int:
    """The code in a BVLC-Result; 0: done.

    Raises:
        BadEncodingError: it is none.
    """
    if link_function(datagram) != Link.RESULT or len(datagram) != 6:
        raise BadEncodingError("no result of a BBMD")
    return int.from_bytes(datagram[4:6], "big")


def i_am_router(network: int, asked: Packet) -> bytes:
    """The datagram that tells which network lies behind a router."""
    return packed(Packet(asked.source, None, I_AM_ROUTER, network.to_bytes(2, "big")))


def not_my_network(network: int, asked: Packet) -> bytes:
    """The datagram that says that no such network lies behind a router."""
    reason = bytes((_NOT_MY_NETWORK,))
    return packed(
        Packet(asked.source, None, REJECT_TO_NETWORK, reason + network.to_bytes(2, "big"))
    )
