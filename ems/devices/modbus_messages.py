"""Questions to a Modbus unit, and the one answer that each of them can have; no sockets here.

A question knows its answer beforehand: how long it is and how it begins. Whatever differs - another
function, one register too few, a byte count that lies - is no answer (Modbus application protocol
1.1b3, chapter 6).
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from ems.devices.registers import BIT_TABLES, Table

REFUSED = 0x80
"""Added to the function code of a refusal."""
_READ: dict[Table, int] = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}
_WRITE_COIL, _WRITE_REGISTER, _WRITE_COILS, _WRITE_REGISTERS = 5, 6, 15, 16
_ON, _OFF = 0xFF00, 0x0000
_REFUSAL_LENGTH = 2


class NotAReplyError(ValueError):
    """What was heard is no answer to the question; says why."""


@dataclass(frozen=True, slots=True)
class Question:
    """A request, and what its answer must look like."""

    pdu: bytes
    """Function code and what follows."""

    head: bytes
    """How the answer begins, with its function code."""

    length: int
    """Bytes of the answer from its function code on."""

    def length_by(self, function: int) -> int:
        """Bytes of an answer that begins with `function`.

        Raises:
            NotAReplyError: it is not the one that was asked.
        """
        if function == self.pdu[0]:
            return self.length
        if function == self.pdu[0] | REFUSED:
            return _REFUSAL_LENGTH
        raise NotAReplyError(f"answers to function {function}, not {self.pdu[0]}")

    def check(self, answer: bytes) -> None:
        """Look at a whole answer.

        Raises:
            NotAReplyError: it is neither the answer nor a refusal.
        """
        if not answer or len(answer) != self.length_by(answer[0]):
            raise NotAReplyError(f"answers with {len(answer)} bytes, not {self.length}")
        if answer[0] & REFUSED:
            if not answer[1]:
                raise NotAReplyError("refuses without saying why")
        elif not answer.startswith(self.head):
            raise NotAReplyError("answers for other registers, or another number of them")


def read_question(table: Table, address: int, count: int) -> Question:
    """Ask for `count` registers or bits of a table from `address` on."""
    function = _READ[table]
    size = -(-count // 8) if table in BIT_TABLES else 2 * count
    return Question(
        struct.pack(">BHH", function, address, count), bytes((function, size)), 2 + size
    )


def write_question(
    table: Table, address: int, words: Sequence[int], *, single: bool = False
) -> Question:
    """Write registers or coils from `address` on; `single` by function 6 or 5, the only one."""
    coils = table in BIT_TABLES
    if single:
        function = _WRITE_COIL if coils else _WRITE_REGISTER
        word = (_ON if words[0] else _OFF) if coils else words[0]
        pdu = struct.pack(">BHH", function, address, word)
        return Question(pdu, pdu, len(pdu))
    data = _packed_bits(words) if coils else struct.pack(f">{len(words)}H", *words)
    function = _WRITE_COILS if coils else _WRITE_REGISTERS
    head = struct.pack(">BHH", function, address, len(words))
    return Question(head + bytes((len(data),)) + data, head, len(head))


def refusal_of(answer: bytes) -> int:
    """The exception code of a checked answer; 0: it is none."""
    return answer[1] if answer[0] & REFUSED else 0


def words_in(answer: bytes, table: Table, count: int) -> list[int]:
    """The registers (0 to 65535) or bits (0, 1) of a checked answer to a read."""
    if table in BIT_TABLES:
        return [answer[2 + n // 8] >> n % 8 & 1 for n in range(count)]
    return list(struct.unpack_from(f">{count}H", answer, 2))


def _packed_bits(bits: Sequence[int]) -> bytes:
    number = sum(1 << n for n, bit in enumerate(bits) if bit)
    return number.to_bytes(-(-len(bits) // 8), "little")
