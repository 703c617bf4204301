"""Powers of ten that a device gives in registers of its own, for the numbers in others.

SunSpec devices do, and many meters. They are read once, and again after the device was away.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace

from ems.devices.codec import Located
from ems.devices.registers import Register, Table
from ems.domain.errors import DeviceReplyInvalidError

_POWER_MAX = 10
_NO_FACTOR = -(2**15)

ReadTable = Callable[[Table, int, int], Awaitable[list[int]]]
"""Reads (table, address, count) of one device."""


def signed(word: int) -> int:
    """The power of ten in a register."""
    return word - 2**16 if word >= 2**15 else word


def factor(power: int, name: str) -> float | None:
    """Ten to the `power`; None: the device says that it has no such value.

    Raises:
        DeviceReplyInvalidError: it is no power of ten that a number can have.
    """
    if power == _NO_FACTOR:
        return None
    if abs(power) > _POWER_MAX:
        raise DeviceReplyInvalidError(
            f"its scale factor {name} is {power}", fix="check its firmware"
        )
    return 10.0**power


async def with_factors(read: ReadTable, points: Iterable[Located]) -> dict[str, Located]:
    """The same places by point name, their scales multiplied by what the device says.

    Raises:
        DeviceReplyInvalidError: a factor is no power of ten.
    """
    located = {point.spec.name: point for point in points}
    words = await _words(read, located)
    for name, point in list(located.items()):
        register = point.spec.scale_register
        if register is None:
            continue
        further = factor(signed(words[register]), f"at {register.table} {register.address}")
        if further is None:
            del located[name]
        else:
            located[name] = replace(point, scale=point.scale * further)
    return located


async def _words(read: ReadTable, points: Mapping[str, Located]) -> dict[Register, int]:
    registers = {p.spec.scale_register for p in points.values()} - {None}
    return {r: (await read(r.table, r.address, 1))[0] for r in registers if r is not None}
