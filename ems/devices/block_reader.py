"""A block of registers that is read again and again: its question, and its answer taken apart.

Numbers in the usual order leave the answer all at once; the few in other orders, bits and codes go
the way of `codec`. So does every number that is not plainly good.
"""

import struct

from ems.devices.blocks import Block
from ems.devices.codec import FORMATS, Located, decoded, value_of
from ems.devices.modbus_messages import read_question, words_in
from ems.devices.registers import Register, RegisterType
from ems.domain.points import Quality

_HEAD = 2
"""Bytes of an answer before its data: function and number of bytes."""


class BlockReader:
    """One block."""

    def __init__(self, block: Block) -> None:
        self._block = block
        self.question = read_question(block.table, block.address, block.count)
        usual = [point for point in block.points if _is_usual(point.register)]
        self._unusual = [point for point in block.points if not _is_usual(point.register)]
        self._layout = struct.Struct(_layout(usual, block.address))
        self._usual = [(p.spec.name, p.scale, p.spec.offset, p.sentinels, p) for p in usual]
        self._ranges = [_plain_range(point) for point in usual]

    def values(self, answer: bytes) -> dict[str, tuple[float, Quality]]:
        """By point name: the value and its quality in a checked answer."""
        good = Quality.GOOD
        found: dict[str, tuple[float, Quality]] = {}
        raws = self._layout.unpack_from(answer, _HEAD)
        for raw, (name, scale, offset, sentinels, point), (low, high) in zip(
            raws, self._usual, self._ranges, strict=True
        ):
            value = raw * scale + offset
            if low <= value <= high and raw not in sentinels:
                found[name] = value, good
            else:
                found[name] = value_of(raw, point)
        if self._unusual:
            block = self._block
            words = words_in(answer, block.table, block.count)
            for point in self._unusual:
                found[point.spec.name] = decoded(words, block.address, point)
        return found


def _is_usual(register: Register) -> bool:
    big_words = register.word_order == "big" or register.type.registers == 1
    return register.type is not RegisterType.BIT and big_words and register.byte_order == "big"


def _layout(points: list[Located], start: int) -> str:
    """The format of a block's data: numbers and the bytes between them."""
    layout, at = ">", start
    for point in points:
        layout += f"{2 * (point.register.address - at)}x{FORMATS[point.register.type][1]}"
        at = point.register.end
    return layout


def _plain_range(point: Located) -> tuple[float, float]:
    """What is good without a further look; nothing of a point with codes."""
    return (1.0, 0.0) if point.spec.translate else (point.spec.low, point.spec.high)
