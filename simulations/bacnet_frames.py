"""The heads of a controller's application messages (ASHRAE 135, clause 20.1); no sockets here."""

from dataclasses import dataclass
from enum import IntEnum

from ems.devices.bacnet_tags import BadEncodingError, closing, context, enumerated, opening

MAX_APDU = 1476


class Reject(IntEnum):
    """Why a request was not understood."""

    INVALID_TAG = 4
    UNKNOWN_SERVICE = 9


class Abort(IntEnum):
    """Why a transaction ended."""

    NO_SEGMENTATION = 4


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
