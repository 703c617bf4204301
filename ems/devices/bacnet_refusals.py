"""What a device answers instead of what was asked for, as errors of the EMS.

DeviceReplyInvalidError     an error that says nothing
DeviceRejectedError         the device refused
  AnswerTooLongError        ask for less
  ServiceUnknownError       ask in another way
  ObjectUnknownError        the device has none of what was asked for
"""

from bacpypes3.apdu import AbortReason, RejectReason
from bacpypes3.basetypes import ErrorClass, ErrorCode

from ems.devices.bacnet_apdu import Message, Pdu
from ems.devices.bacnet_peer import Peer
from ems.devices.bacnet_tags import Kind, Type, tags
from ems.domain.errors import DeviceError, DeviceRejectedError, DeviceReplyInvalidError


class AnswerTooLongError(DeviceRejectedError):
    """The answer does not fit into what the device can send at once; ask for less."""


class ServiceUnknownError(DeviceRejectedError):
    """The device does not have this service."""


class ObjectUnknownError(DeviceRejectedError):
    """The device has none of the objects that were asked for."""


_TOO_LONG = {
    Pdu.ABORT: {
        AbortReason.bufferOverflow,
        AbortReason.segmentationNotSupported,
        AbortReason.apduTooLong,
        AbortReason.outOfResources,
    },
    Pdu.REJECT: {RejectReason.bufferOverflow, RejectReason.tooManyArguments},
}


def refusal(peer: Peer, reply: Message) -> DeviceError | None:
    """The error that says the same as `reply`; none: it is what was asked for."""
    match reply.pdu:
        case Pdu.SIMPLE_ACK:
            return None
        case Pdu.COMPLEX_ACK:
            return AnswerTooLongError(f"{peer} answers in pieces") if reply.segmented else None
        case Pdu.ERROR:
            return _error(peer, reply.content)
    return _given_up(peer, reply)


def _given_up(peer: Peer, reply: Message) -> DeviceError:
    """An abort or a reject; `service` is its reason."""
    if reply.service in _TOO_LONG[Pdu(reply.pdu)]:
        return AnswerTooLongError(f"{peer} can't send that much at once")
    if reply.pdu == Pdu.ABORT:
        return DeviceRejectedError(f"{peer} refused: {AbortReason(reply.service)}")
    if reply.service == RejectReason.unrecognizedService:
        return ServiceUnknownError(f"{peer} does not have this service")
    return DeviceRejectedError(f"{peer} refused: {RejectReason(reply.service)}")


def _error(peer: Peer, content: bytes) -> DeviceError:
    codes = [
        int.from_bytes(tag.content, "big")
        for tag in tags(content)
        if tag.kind is Kind.APPLICATION and tag.number == Type.ENUMERATED
    ]
    if len(codes) < 2:
        return DeviceReplyInvalidError(f"{peer} answered with an error that has no code")
    if codes[1] == int(ErrorCode.unknownObject):
        return ObjectUnknownError(f"{peer} has no such object")
    if codes[1] == int(ErrorCode.rejectUnrecognizedService):  # some say so in an error
        return ServiceUnknownError(f"{peer} does not have this service")
    return DeviceRejectedError(f"{peer} refused: {ErrorClass(codes[0])}, {ErrorCode(codes[1])}")
