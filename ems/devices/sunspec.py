"""SunSpec: devices that say themselves what they are made of.

From register 40000 (with a few makers 50000 or 0) stands "SunS", then one model after the other:
its number, its length, its points. Which points a model has, and of what type, the SunSpec Alliance
publishes as files (`sunspec2` carries them); where a model begins and which powers of ten its scale
factors hold, only the device knows. `walk` reads both once and gives places in registers.
"""

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from ems.devices.codec import Located
from ems.devices.point_spec import PointSpec
from ems.devices.registers import SENTINELS, Register, RegisterType
from ems.devices.scale_factors import factor, signed
from ems.domain.errors import DeviceError, DeviceRejectedError, DeviceReplyInvalidError

BASE = 40000
"""Where the map of models usually begins."""
_BASES = (BASE, 50000, 0)
"""Where it may begin (SunSpec device information model specification, 6.2)."""
MARK = (0x5375, 0x6E53)
"""`SunS`."""
END = 0xFFFF
"""The model number that ends the map."""
_MODELS_MAX = 64

_TYPES = {
    "int16": RegisterType.INT16,
    "sunssf": RegisterType.INT16,
    "uint16": RegisterType.UINT16,
    "acc16": RegisterType.UINT16,
    "enum16": RegisterType.UINT16,
    "bitfield16": RegisterType.UINT16,
    "count": RegisterType.UINT16,
    "int32": RegisterType.INT32,
    "uint32": RegisterType.UINT32,
    "acc32": RegisterType.UINT32,
    "enum32": RegisterType.UINT32,
    "bitfield32": RegisterType.UINT32,
    "int64": RegisterType.INT64,
    "uint64": RegisterType.UINT64,
    "acc64": RegisterType.UINT64,
    "bitfield64": RegisterType.UINT64,
    "float32": RegisterType.FLOAT32,
    "float64": RegisterType.FLOAT64,
}

ReadWords = Callable[[int, int], Awaitable[list[int]]]
"""Reads (address, count) holding registers of one device."""


@dataclass(frozen=True, kw_only=True)
class ModelPoint:
    """One point of a model, as published."""

    name: str
    """Its name; within a group `group.name`."""

    offset: int
    """Registers after the model's number."""

    size: int
    """Registers that it takes."""

    kind: str
    """SunSpec's own type: `int16`, `acc32`, `string`..."""

    factor: str | int | None
    """Where its power of ten stands: a point's name, or the power itself."""

    @property
    def type(self) -> RegisterType | None:
        """How its number lies in registers; None: it is no number (a string, padding)."""
        return _TYPES.get(self.kind)

    @property
    def sentinels(self) -> tuple[float, ...]:
        """Raw numbers that mean "not implemented"; accumulators have none here."""
        if self.type is None or self.kind.startswith("acc"):
            return ()
        return SENTINELS[self.type]


@cache
def model_points(model: int) -> Mapping[str, ModelPoint]:
    """The points of a model by name, groups of fixed number laid out, repeated ones left out.

    Raises:
        DeviceError: no such model is published.
    """
    file = resources.files("sunspec2") / "models" / "json" / f"model_{model}.json"
    if not file.is_file():
        raise DeviceError(f"SunSpec model {model} is not published", fix="correct the device map")
    points = _laid_out(json.loads(file.read_text(encoding="utf-8"))["group"], "", 0)
    return {point.name: point for point in points}


def model_length(model: int) -> int:
    """Registers of a model after its number and length."""
    last = list(model_points(model).values())[-1]
    return last.offset + last.size - 2


def _laid_out(group: Mapping[str, Any], prefix: str, offset: int) -> list[ModelPoint]:
    found: list[ModelPoint] = []
    for point in group["points"]:
        found.append(_point(point, prefix, offset))
        offset += point["size"]
    for inner in group.get("groups", []):
        if inner.get("count", 1) == 1:
            found += _laid_out(inner, f"{prefix}{inner['name']}.", offset)
            offset = found[-1].offset + found[-1].size
    return found


def _point(point: Mapping[str, Any], prefix: str, offset: int) -> ModelPoint:
    return ModelPoint(
        name=prefix + point["name"],
        offset=offset,
        size=point["size"],
        kind=point["type"],
        factor=point.get("sf"),
    )


async def walk(read: ReadWords) -> dict[int, int]:
    """Where each model of a device begins: address of its number, by number.

    Raises:
        DeviceReplyInvalidError: there is no SunSpec map, or it does not end.
    """
    address, found = await _base(read) + len(MARK), dict[int, int]()
    for _ in range(_MODELS_MAX):
        model, length = await read(address, 2)
        if model == END:
            return found
        found.setdefault(model, address)
        address += 2 + length
        if address > 65533:
            break
    raise DeviceReplyInvalidError("its SunSpec map does not end", fix="check its firmware")


async def _base(read: ReadWords) -> int:
    """Where the mark stands; a device may refuse to be asked where it does not."""
    for base in _BASES:
        with suppress(DeviceRejectedError):
            if tuple(await read(base, len(MARK))) == MARK:
                return base
    places = ", ".join(map(str, _BASES))
    raise DeviceReplyInvalidError(
        f"no SunSpec map at any of {places}", fix="check the device's settings"
    )


async def locate(read: ReadWords, specs: Iterable[PointSpec]) -> dict[str, Located]:
    """Places of `specs` on one device, by point name; what it does not have is left out.

    Raises:
        DeviceReplyInvalidError: there is no SunSpec map, or it does not hold.
    """
    starts = await walk(read)
    factors = await _factors(read, starts, specs)
    points = (placed(spec, starts, factors) for spec in specs)
    return {point.spec.name: point for point in points if point is not None}


async def _factors(
    read: ReadWords, starts: Mapping[int, int], specs: Iterable[PointSpec]
) -> dict[tuple[int, str], int]:
    """Powers of ten that the device gives, by model and name of the factor."""
    found: dict[tuple[int, str], int] = {}
    for model, point in map(_published, specs):
        key = (model, str(point.factor))
        if model in starts and isinstance(point.factor, str) and key not in found:
            place = model_points(model)[point.factor]
            (word,) = await read(starts[model] + place.offset, 1)
            found[key] = signed(word)
    return found


def _published(spec: PointSpec) -> tuple[int, ModelPoint]:
    if spec.sunspec is None:
        raise DeviceError(f"{spec.name} has no SunSpec point", fix="give `sunspec` in the map")
    points = model_points(spec.sunspec.model)
    if spec.sunspec.point not in points:
        raise DeviceError(
            f"{spec.name}: model {spec.sunspec.model} has no point {spec.sunspec.point}",
            fix="correct `sunspec.point` in the map",
        )
    return spec.sunspec.model, points[spec.sunspec.point]


def placed(
    spec: PointSpec, starts: Mapping[int, int], factors: Mapping[tuple[int, str], int]
) -> Located | None:
    """The place of a point, given where models start and the factors; None when it has none.

    Raises:
        DeviceReplyInvalidError: its factor is no power of ten.
    """
    model, point = _published(spec)
    power = _power(model, point, factors)
    if model not in starts or point.type is None:
        return None
    further = factor(power, str(point.factor))
    if further is None:
        return None
    address = starts[model] + point.offset
    register = Register(table="holding", address=address, type=point.type)
    return Located(
        spec=spec,
        register=register,
        write_register=register,
        scale=spec.scale * further,
        sentinels=point.sentinels,
    )


def _power(model: int, point: ModelPoint, factors: Mapping[tuple[int, str], int]) -> int:
    if isinstance(point.factor, str):
        return factors.get((model, point.factor), 0)
    return point.factor or 0
