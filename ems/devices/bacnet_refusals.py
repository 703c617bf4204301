"""What bacpypes3 calls an error, a reject or an abort, as errors of the EMS.

DeviceUnreachableError      no answer in time, or no way there
DeviceReplyInvalidError     an error that says nothing
DeviceRejectedError         the device refused
  AnswerTooLongError        ask for less
  ServiceUnknownError       ask in another way
  ObjectUnknownError        the device has none of what was asked for
"""

from bacpypes3.apdu import (
    AbortPDU,
    AbortReason,
    ErrorPDU,
    ErrorRejectAbortNack,
    RejectPDU,
    RejectReason,
)
from bacpypes3.basetypes import ErrorClass, ErrorCode

from ems.devices.bacnet_peer import Peer
from ems.devices.bacnet_tags import Kind, Type, tags
from ems.domain.errors import (
    DeviceError,
    DeviceRejectedError,
    DeviceReplyInvalidError,
    DeviceUnreachableError,
)


class AnswerTooLongError(DeviceRejectedError):
    """The answer does not fit into what the device can send at once; ask for less."""


class ServiceUnknownError(DeviceRejectedError):
    """The device does not have this service."""


class ObjectUnknownError(DeviceRejectedError):
    """The device has none of the objects that were asked for."""


_TOO_LONG = (AbortReason.bufferOverflow, AbortReason.segmentationNotSupported)
_SILENCE = (AbortReason.tsmTimeout, AbortReason.noResponse)


def as_error(peer: Peer, refusal: ErrorRejectAbortNack) -> DeviceError:
    """The error of the EMS that says the same as the library's `refusal`."""
    match refusal:
        case AbortPDU() if refusal.apduAbortRejectReason in _SILENCE:
            return DeviceUnreachableError(
                f"{peer} did not answer", fix="check power and network, then the address"
            )
        case AbortPDU() if refusal.apduAbortRejectReason in _TOO_LONG:
            return AnswerTooLongError(f"{peer} can't send that much at once")
        case RejectPDU() if refusal.apduAbortRejectReason == RejectReason.unrecognizedService:
            return ServiceUnknownError(f"{peer} does not have this service")
        case AbortPDU() | RejectPDU():
            return DeviceRejectedError(f"{peer} refused: {refusal.apduAbortRejectReason}")
    return _error_of(peer, refusal)


def _error_of(peer: Peer, error: ErrorPDU) -> DeviceError:
    if hasattr(error, "errorClass"):  # made by the library itself, before anything was sent
        return DeviceUnreachableError(f"no way to {peer}: {error.errorCode}")
    codes = [
        int.from_bytes(tag.content, "big")
        for tag in tags(bytes(error.pduData))
        if tag.kind is Kind.APPLICATION and tag.number == Type.ENUMERATED
    ]
    if len(codes) < 2:
        return DeviceReplyInvalidError(f"{peer} answered with an error that has no code")
    if codes[1] == int(ErrorCode.unknownObject):
        return ObjectUnknownError(f"{peer} has no such object")
    return DeviceRejectedError(f"{peer} refused: {ErrorClass(codes[0])}, {ErrorCode(codes[1])}")
