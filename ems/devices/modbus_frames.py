"""How Modbus messages travel: after a header on TCP and TLS, before a checksum on serial lines.

Both wrap a question and take what was heard apart; only what is whole, from the unit asked and of
the length that the question calls for comes out. A header has a transaction number, so that an
answer that comes too late is told from the next one; on a serial line only silence tells them apart
(the link waits for it).
"""

import struct
from collections import deque
from dataclasses import dataclass
from typing import Protocol

from ems.devices.modbus_messages import NotAReplyError, Question

_HEADER = struct.Struct(">HHHB")
_LONGEST = 254
"""Bytes after the length field of a header: unit and a PDU of 253."""
_LATE_MAX = 8
_CHECKSUM = 2


@dataclass(frozen=True, slots=True)
class Asked:
    """A question on its way."""

    unit: int
    question: Question
    transaction: int = 0


class Frames(Protocol):
    """One way to travel."""

    def wrap(self, unit: int, question: Question) -> bytes:
        """The frame of a question; from now on its answer is waited for."""
        ...

    def unwrap(self, heard: bytearray) -> bytes | None:
        """The answer's bytes from the function code on; None: it is not all there yet.

        Raises:
            NotAReplyError: this can't become the answer.
        """
        ...

    def given_up(self) -> None:
        """No answer came in time."""
        ...


class HeaderFrames:
    """Modbus TCP and Modbus/TCP Security (Modbus messaging on TCP/IP 1.0b, 3.1.3)."""

    def __init__(self) -> None:
        self._last = 0
        self._asked: Asked | None = None
        self._late: deque[int] = deque(maxlen=_LATE_MAX)

    def wrap(self, unit: int, question: Question) -> bytes:
        """See `Frames.wrap`; 0 is no transaction, since careless devices answer with it."""
        self._last = self._last % 0xFFFF + 1
        self._asked = Asked(unit, question, self._last)
        return _HEADER.pack(self._last, 0, len(question.pdu) + 1, unit) + question.pdu

    def unwrap(self, heard: bytearray) -> bytes | None:
        """See `Frames.unwrap`; answers to earlier questions are passed over."""
        while self._asked and len(heard) > _HEADER.size:
            transaction, protocol, length, unit = _HEADER.unpack_from(heard)
            if protocol or not 3 <= length <= _LONGEST:
                raise NotAReplyError("sends what is no Modbus header")
            end = _HEADER.size - 1 + length
            if transaction not in self._late:
                return self._answer(self._asked, transaction, unit, heard, end)
            if len(heard) < end:
                return None
            del heard[:end]
        return None

    def given_up(self) -> None:
        """See `Frames.given_up`."""
        if self._asked is not None:
            self._late.append(self._asked.transaction)

    def _answer(
        self, asked: Asked, transaction: int, unit: int, heard: bytearray, end: int
    ) -> bytes | None:
        if (transaction, unit) != (asked.transaction, asked.unit):
            raise NotAReplyError("answers for another unit or request")
        expected = _HEADER.size + asked.question.length_by(heard[_HEADER.size])
        if end != expected or len(heard) > end:
            raise NotAReplyError(f"answers with {max(end, len(heard))} bytes, not {expected}")
        if len(heard) < end:
            return None
        answer = bytes(heard[_HEADER.size :])
        asked.question.check(answer)
        return answer


class SerialFrames:
    """Modbus RTU (Modbus over serial line 1.02, 2.5.1)."""

    def __init__(self) -> None:
        self._asked: Asked | None = None

    def wrap(self, unit: int, question: Question) -> bytes:
        """See `Frames.wrap`."""
        self._asked = Asked(unit, question)
        return with_checksum(bytes((unit,)) + question.pdu)

    def unwrap(self, heard: bytearray) -> bytes | None:
        """See `Frames.unwrap`."""
        asked = self._asked
        if asked is None or len(heard) < 2:
            return None
        if heard[0] != asked.unit:
            raise NotAReplyError(f"is heard as unit {heard[0]}")
        expected = 1 + asked.question.length_by(heard[1]) + _CHECKSUM
        if len(heard) < expected:
            return None
        if len(heard) > expected:
            raise NotAReplyError(f"answers with {len(heard)} bytes, not {expected}")
        if checksum(heard):
            raise NotAReplyError("answers with a wrong checksum")
        answer = bytes(heard[1:-_CHECKSUM])
        asked.question.check(answer)
        return answer

    def given_up(self) -> None:
        """See `Frames.given_up`; nothing in a frame would tell a late answer from the next."""


def with_checksum(body: bytes) -> bytes:
    """`body` and its checksum, low byte first."""
    return body + checksum(body).to_bytes(_CHECKSUM, "little")


def checksum(data: bytes | bytearray) -> int:
    """The CRC of serial frames; 0 for a frame whose checksum is right (6.2.2, reflected 8005h)."""
    register = 0xFFFF
    for byte in data:
        register = register >> 8 ^ _TABLE[(register ^ byte) & 0xFF]
    return register


def _entry(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0xA001 if byte & 1 else 0)
    return byte


_TABLE = tuple(map(_entry, range(256)))
