"""Between numbers on the wire and values of points; no sockets here.

Registers hold a *raw* number (`int16`, `float32`, ...); a point's *value* is raw x scale + offset,
unless the raw number is a sentinel, an unknown code or not finite: then there is no value, only a
quality.
"""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from ems.devices.point_spec import PointSpec
from ems.devices.registers import Register, RegisterType
from ems.domain.errors import DeviceError
from ems.domain.points import Quality

FORMATS = {
    RegisterType.INT16: ">h",
    RegisterType.UINT16: ">H",
    RegisterType.INT32: ">i",
    RegisterType.UINT32: ">I",
    RegisterType.INT64: ">q",
    RegisterType.UINT64: ">Q",
    RegisterType.FLOAT32: ">f",
    RegisterType.FLOAT64: ">d",
}
"""Of the bytes of a number whose high word and byte come first."""
_LIMITS = {
    RegisterType.INT16: (-(2**15), 2**15 - 1),
    RegisterType.UINT16: (0, 2**16 - 1),
    RegisterType.INT32: (-(2**31), 2**31 - 1),
    RegisterType.UINT32: (0, 2**32 - 1),
    RegisterType.INT64: (-(2**63), 2**63 - 1),
    RegisterType.UINT64: (0, 2**64 - 1),
}


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class Located:
    """Where a point lies on one very device, and what its raw numbers mean there."""

    spec: PointSpec
    """The point, as the device map has it."""

    register: Register
    """Where it is read."""

    write_register: Register
    """Where it is written."""

    scale: float
    """Value = raw x scale + offset of the map."""

    sentinels: tuple[float, ...]
    """Raw numbers that mean "no value"."""

    @classmethod
    def by_map(cls, spec: PointSpec) -> "Located":
        """Where the device map says.

        Raises:
            DeviceError: the map gives no register.
        """
        if spec.register is None:
            raise DeviceError(f"{spec.name} has no register", fix="give `register` in the map")
        return cls(
            spec=spec,
            register=spec.register,
            write_register=spec.write_register or spec.register,
            scale=spec.scale,
            sentinels=spec.sentinels,
        )


def raw_of(words: Sequence[int], register: Register) -> float:
    """The raw number in `words` (16 bits each, as many as the type takes), or in a bit."""
    if register.type is RegisterType.BIT:
        return words[0]
    packed = struct.pack(f">{len(words)}H", *_ordered(words, register))
    raw: float = struct.unpack(FORMATS[register.type], packed)[0]
    return raw  # whole numbers stay int: a float has no room for the sentinel 2**64 - 1


def words_of(raw: float, register: Register) -> list[int]:
    """The registers that hold `raw`, rounded to a whole number where the type is one.

    Raises:
        DeviceError: it does not fit the type.
    """
    if register.type is RegisterType.BIT:
        if raw not in (0, 1):
            raise DeviceError(f"{raw:g} is no bit", fix="correct low, high or scale in the map")
        return [int(raw)]
    number = raw if register.type.is_float else round(raw)
    try:
        packed = struct.pack(FORMATS[register.type], number)
    except (struct.error, OverflowError) as error:
        raise DeviceError(
            f"{raw:g} does not fit {register.type}", fix="correct low, high or scale in the map"
        ) from error
    return _ordered(struct.unpack(f">{register.type.registers}H", packed), register)


def _ordered(words: Sequence[int], register: Register) -> list[int]:
    """From the order of the wire to that of the number, and back."""
    ordered = list(words) if register.word_order == "big" else list(words[::-1])
    if register.byte_order == "big":
        return ordered
    return [(word & 0xFF) << 8 | word >> 8 for word in ordered]


def value_of(raw: float, point: Located) -> tuple[float, Quality]:
    """The value that a raw number means, and how far it can be believed."""
    spec = point.spec
    if not math.isfinite(raw) or raw in point.sentinels:
        return math.nan, Quality.DEVICE_INVALID
    if spec.translate:
        ours = next((our for theirs, our in spec.translate if theirs == raw), None)
        return (math.nan, Quality.DEVICE_INVALID) if ours is None else (float(ours), Quality.GOOD)
    value = raw * point.scale + spec.offset
    inside = spec.low <= value <= spec.high
    return value, Quality.GOOD if inside else Quality.OUT_OF_RANGE


def raw_for(value: float, point: Located) -> float:
    """The raw number that means `value`; the inverse of `value_of`.

    Raises:
        DeviceError: no code of the device means `value`.
    """
    spec = point.spec
    if not spec.translate:
        return (value - spec.offset) / point.scale
    for theirs, our in spec.translate:
        if our == value:
            return float(theirs)
    raise DeviceError(f"{spec.name}: no code means {value:g}", fix="add it to `translate`")


def saturated(raw: float, register: Register) -> float:
    """`raw` brought into the range of its type, short of the usual sentinel at the end of it."""
    if register.type.is_float:
        return raw
    if register.type is RegisterType.BIT:
        return float(raw >= 0.5)
    low, high = _LIMITS[register.type]
    return min(max(raw, low + 1 if low else low), high if low else high - 1)


def decoded(words: Sequence[int], start: int, point: Located) -> tuple[float, Quality]:
    """The point's value out of a block of registers that begins at address `start`."""
    offset = point.register.address - start
    part = words[offset : offset + point.register.type.registers]
    return value_of(raw_of(part, point.register), point)


def encoded(value: float, point: Located) -> list[int]:
    """The registers to write for `value`.

    Raises:
        DeviceError: the value is not finite or does not fit.
    """
    if not math.isfinite(value):
        raise DeviceError(f"{point.spec.name}: {value} is no value", fix="write finite numbers")
    return words_of(raw_for(value, point), point.write_register)
