"""The head of an application message, as the EMS sends and hears it (ASHRAE 135, clause 20.1).

The EMS neither sends nor takes messages in pieces: a device that would have to cut its answer says
so, and is asked for less.
"""

from enum import IntEnum
from typing import NamedTuple

from ems.devices.bacnet_tags import BadEncodingError, enumerated

_UP_TO_1476_OCTETS = 5
_SEGMENTED = 0x08


class Pdu(IntEnum):
    """Kinds of application messages."""

    CONFIRMED = 0
    UNCONFIRMED = 1
    SIMPLE_ACK = 2
    COMPLEX_ACK = 3
    SEGMENT_ACK = 4
    ERROR = 5
    REJECT = 6
    ABORT = 7


class Service(IntEnum):
    """Confirmed services that the EMS asks for or is asked for."""

    ACKNOWLEDGE_ALARM = 0
    CONFIRMED_COV = 1
    CONFIRMED_EVENT = 2
    SUBSCRIBE_COV = 5
    READ_PROPERTY = 12
    READ_PROPERTY_MULTIPLE = 14
    WRITE_PROPERTY = 15
    WRITE_PROPERTY_MULTIPLE = 16
    GET_EVENT_INFORMATION = 29


class Notice(IntEnum):
    """Unconfirmed services that the EMS sends or hears."""

    I_AM = 0
    COV = 2
    EVENT = 3
    TIME_SYNCHRONIZATION = 6
    WHO_IS = 8
    UTC_TIME_SYNCHRONIZATION = 9


class Message(NamedTuple):
    """An application message."""

    pdu: int
    """Its kind."""

    invoke_id: int
    """Which request it is or answers; 0 when it is unconfirmed."""

    service: int
    """Its service; of a reject or an abort the reason."""

    content: bytes
    """What follows."""

    segmented: bool
    """Whether it is but a piece."""


def message(body: bytes) -> Message:
    """An application message taken apart.

    Raises:
        BadEncodingError: it ends within its head, or is of a kind that does not exist.
    """
    try:
        pdu, segmented = body[0] >> 4, bool(body[0] & _SEGMENTED)
        match pdu:
            case Pdu.COMPLEX_ACK | Pdu.SIMPLE_ACK | Pdu.ERROR:
                cut = pdu == Pdu.COMPLEX_ACK and segmented
                return Message(pdu, body[1], body[2], body[3:], cut)
            case Pdu.REJECT | Pdu.ABORT:
                return Message(pdu, body[1], body[2], b"", False)
            case Pdu.UNCONFIRMED:
                return Message(pdu, 0, body[1], body[2:], False)
            case Pdu.CONFIRMED:
                head = 5 if segmented else 3
                return Message(pdu, body[2], body[head], body[head + 1 :], segmented)
            case Pdu.SEGMENT_ACK:
                return Message(pdu, body[1], 0, b"", False)
    except IndexError:
        raise BadEncodingError("an application message ends within its head") from None
    raise BadEncodingError(f"no application message is of kind {pdu}")


def confirmed(invoke_id: int, service: int, parameters: bytes) -> bytes:
    """A request that takes answers of 1476 octets in one piece."""
    return bytes((0, _UP_TO_1476_OCTETS, invoke_id, service)) + parameters


def unconfirmed(notice: int, parameters: bytes) -> bytes:
    """A message that nobody answers."""
    return bytes((Pdu.UNCONFIRMED << 4, notice)) + parameters


def simple_ack(asked: Message) -> bytes:
    """Done."""
    return bytes((Pdu.SIMPLE_ACK << 4, asked.invoke_id, asked.service))


def error(asked: Message, error_class: int, code: int) -> bytes:
    """Not done, and why."""
    head = bytes((Pdu.ERROR << 4, asked.invoke_id, asked.service))
    return head + enumerated(error_class) + enumerated(code)
