"""The shells around a BACnet/IP message: link, network and application header; no sockets here.

Written apart from the EMS's BACnet library, so that the EMS meets a peer that is not itself
(ASHRAE 135: Annex J for the link, clause 6 for the network, clause 20.1 for the application).
"""

from dataclasses import dataclass
from enum import IntEnum

from ems.devices.bacnet_tags import BadEncodingError, closing, context, enumerated, opening

_LINK = 0x81
_UNICAST = 0x0A
_BROADCAST = 0x0B
_VERSION = 1
EVERY_NETWORK = 0xFFFF
MAX_APDU = 1476

WHO_IS_ROUTER = 0
I_AM_ROUTER = 1
REJECT_TO_NETWORK = 3
_NOT_MY_NETWORK = 1

RemoteAddress = tuple[int, bytes]
"""Network number and station; an empty station is all of them."""


class Reject(IntEnum):
    """Why a request was not understood."""

    INVALID_TAG = 4
    UNKNOWN_SERVICE = 9


class Abort(IntEnum):
    """Why a transaction ended."""

    NO_SEGMENTATION = 4


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


@dataclass(frozen=True, slots=True)
class Request:
    """A confirmed request."""

    invoke_id: int
    service: int
    parameters: bytes

    answer_limit: int
    """Greatest answer that the client takes, octets."""

    segmented: bool
    """Whether it is but a piece."""


def unpacked(datagram: bytes) -> Packet:
    """What a datagram carries.

    Raises:
        BadEncodingError: it is no BACnet/IP message of a kind that a device hears.
    """
    if len(datagram) < 6 or datagram[0] != _LINK or datagram[1] not in (_UNICAST, _BROADCAST):
        raise BadEncodingError("no BACnet/IP datagram")
    if datagram[4] != _VERSION:
        raise BadEncodingError("another version of the network layer")
    control, place = datagram[5], 6
    destination = source = None
    try:
        if control & 0x20:
            destination, place = _address(datagram, place)
        if control & 0x08:
            source, place = _address(datagram, place)
        place += destination is not None  # the hop count
        if control & 0x80:
            return Packet(destination, source, datagram[place], datagram[place + 1 :])
    except IndexError:
        raise BadEncodingError("a network header ends too early") from None
    return Packet(destination, source, None, datagram[place:])


def _address(datagram: bytes, place: int) -> tuple[RemoteAddress, int]:
    network = int.from_bytes(datagram[place : place + 2], "big")
    end = place + 3 + datagram[place + 2]
    return (network, datagram[place + 3 : end]), end


def packed(packet: Packet) -> bytes:
    """The datagram that carries a packet."""
    control = 0x80 if packet.network_message is not None else 0
    control |= (0x20 if packet.destination else 0) | (0x08 if packet.source else 0)
    header = bytes((_VERSION, control))
    for address in (packet.destination, packet.source):
        if address is not None:
            network, station = address
            header += network.to_bytes(2, "big") + bytes((len(station),)) + station
    header += b"\xff" if packet.destination else b""
    header += b"" if packet.network_message is None else bytes((packet.network_message,))
    length = 4 + len(header) + len(packet.body)
    return bytes((_LINK, _UNICAST)) + length.to_bytes(2, "big") + header + packet.body


def i_am_router(network: int, asked: Packet) -> bytes:
    """The datagram that tells which network lies behind a router."""
    return packed(Packet(asked.source, None, I_AM_ROUTER, network.to_bytes(2, "big")))


def not_my_network(network: int, asked: Packet) -> bytes:
    """The datagram that says that no such network lies behind a router."""
    reason = bytes((_NOT_MY_NETWORK,))
    return packed(
        Packet(asked.source, None, REJECT_TO_NETWORK, reason + network.to_bytes(2, "big"))
    )


_LIMITS = (50, 128, 206, 480, 1024, MAX_APDU)


def request(body: bytes) -> Request | None:
    """The confirmed request in an application message; none if it is another message.

    Raises:
        BadEncodingError: it ends too early.
    """
    if not body or body[0] >> 4 != 0:
        return None
    segmented = bool(body[0] & 0x08)
    service = 5 if segmented else 3
    if len(body) <= service:
        raise BadEncodingError("a request ends within its header")
    limit = _LIMITS[min(body[1] & 0x0F, len(_LIMITS) - 1)]
    return Request(body[2], body[service], body[service + 1 :], limit, segmented)


def who_is(body: bytes) -> bytes | None:
    """The parameters of a Who-Is; none if the application message is another."""
    return body[2:] if body[:2] == b"\x10\x08" else None


def i_am(parameters: bytes) -> bytes:
    """The application message I-Am."""
    return b"\x10\x00" + parameters


def simple_ack(asked: Request) -> bytes:
    """Done."""
    return bytes((0x20, asked.invoke_id, asked.service))


def complex_ack(asked: Request, answer: bytes) -> bytes:
    """Done, and here is the answer; an abort when that is more than the client takes."""
    if len(answer) + 3 > asked.answer_limit:
        return abort(asked, Abort.NO_SEGMENTATION)
    return bytes((0x30, asked.invoke_id, asked.service)) + answer


def error(asked: Request, error_class: int, code: int) -> bytes:
    """Not done, and why."""
    return (
        bytes((0x50, asked.invoke_id, asked.service)) + enumerated(error_class) + enumerated(code)
    )


def write_error(
    asked: Request, error_class: int, code: int, object_id: bytes, number: int
) -> bytes:
    """The first of several writes that was not done, and why."""
    why = opening(0) + enumerated(error_class) + enumerated(code) + closing(0)
    octets = number.to_bytes(max(1, (number.bit_length() + 7) // 8), "big")
    which = opening(1) + context(0, object_id) + context(1, octets) + closing(1)
    return bytes((0x50, asked.invoke_id, asked.service)) + why + which


def reject(asked: Request, reason: Reject) -> bytes:
    """Not understood."""
    return bytes((0x60, asked.invoke_id, reason))


def abort(asked: Request, reason: Abort) -> bytes:
    """Given up."""
    return bytes((0x71, asked.invoke_id, reason))
