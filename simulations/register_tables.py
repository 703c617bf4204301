"""The registers of one virtual Modbus device, served straight out of the process image.

A read encodes the image's present values as the device map says; an accepted write is decoded into
the image. A write to what is not written, or of what lies outside the device's range, is refused
as a device would.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from pymodbus.constants import ExcCodes

from ems.devices.codec import Located, raw_for, raw_of, saturated, value_of, words_of
from ems.devices.maps import DeviceMap
from ems.devices.registers import Register, Table
from ems.devices.sunspec import (
    BASE,
    END,
    MARK,
    ModelPoint,
    model_length,
    model_points,
    placed,
)
from ems.domain.district import DeviceKind
from ems.domain.points import Quality

SUNSPEC_MODELS = {
    DeviceKind.PV_INVERTER: (1, 103, 123),
    DeviceKind.BATTERY: (1, 701, 704, 713, 714),
}
"""Models that the virtual devices lay out, in their order."""

_POWERS: Mapping[tuple[int, str], int] = {
    (103, "A_SF"): -1,
    (103, "V_SF"): -1,
    (103, "W_SF"): 1,
    (103, "Hz_SF"): -2,
    (103, "WH_SF"): 0,
    (103, "DCW_SF"): 1,
    (103, "Tmp_SF"): -1,
    (123, "WMaxLimPct_SF"): -1,
    (701, "W_SF"): 1,
    (701, "A_SF"): -1,
    (701, "V_SF"): -1,
    (701, "Hz_SF"): -2,
    (701, "TotWh_SF"): 0,
    (704, "WSet_SF"): 0,
    (713, "WH_SF"): 2,
    (713, "Pct_SF"): -1,
}
"""Powers of ten of the virtual devices: 10 W, 0.1 A, 0.1 V, 0.01 Hz, 1 Wh, 0.1 %, 100 Wh rated."""

_FIXED: Mapping[tuple[int, str], int] = {(704, "WSetMod"): 1, (714, "NPrt"): 0}
"""Set at commissioning: power setpoints in watts; no DC ports of its own."""

_FACTOR_POWER = -1
"""What stands in the scale registers of virtual devices that are no SunSpec's: tenths."""

_PAD = 0x8000
_TEXTS: Mapping[str, str] = {"Mn": "Virtual", "Md": "Smartseille", "Vr": "1"}


@dataclass(frozen=True, kw_only=True)
class RegisterTable:
    """One table of a model of device; shared by all devices of the model."""

    words: Mapping[int, int]
    """All registers that exist, with what they hold where no point lies."""

    starts: tuple[int, ...]
    """First registers of the points that are read here, ascending."""

    read: tuple[Located, ...]
    """Those points."""

    written: tuple[Located, ...]
    """Points that are written here."""

    closed: frozenset[int]
    """Registers that take no write."""

    def points_in(self, address: int, count: int) -> tuple[Located, ...]:
        """The points that a read of `count` registers from `address` touches."""
        first = bisect_left(self.starts, address - 3)
        return self.read[first : bisect_right(self.starts, address + count - 1)]


def tables_of(device_map: DeviceMap, serial: str) -> dict[Table, RegisterTable]:
    """The tables of a Modbus or SunSpec map: `holding`, `input`, `coil`, `discrete`, if it has."""
    if device_map.kind in SUNSPEC_MODELS:
        return {"holding": _sunspec_table(device_map, serial)}
    points = [_with_factor(Located.by_map(spec)) for spec in device_map.points.values()]
    tables = {register.table for point in points for register in _registers(point)}
    return {
        table: _table(points, table, _holes_filled(points, table, device_map.gap))
        for table in tables
    }


def _with_factor(point: Located) -> Located:
    scaled = point.spec.scale_register is not None
    return replace(point, scale=point.scale * 10.0**_FACTOR_POWER) if scaled else point


def _registers(point: Located) -> list[Register]:
    factor = point.spec.scale_register
    return [point.register, point.write_register, *([factor] if factor else [])]


def _table(points: Iterable[Located], table: Table, words: Mapping[int, int]) -> RegisterTable:
    here = [p for p in points if p.register.table == table]
    read = sorted(here, key=lambda point: point.register.address)
    written = [p for p in points if p.spec.writable and p.write_register.table == table]
    open_words = {a for p in written for a in _addresses(p.write_register)}
    return RegisterTable(
        words=words,
        starts=tuple(point.register.address for point in read),
        read=tuple(read),
        written=tuple(written),
        closed=frozenset(words) - open_words,
    )


def _addresses(register: Register) -> range:
    return range(register.address, register.end)


def _holes_filled(points: Sequence[Located], table: Table, gap: int) -> dict[int, int]:
    """Zeros for every register of a table and for the holes that a device lets a read span."""
    here = [r for p in points for r in _registers(p) if r.table == table]
    used = sorted({address for register in here for address in _addresses(register)})
    filled = set(used)
    for low, high in pairwise(used):
        if high - low - 1 <= gap:
            filled.update(range(low, high))
    factors = [p.spec.scale_register for p in points if p.spec.scale_register is not None]
    given = {r.address: _FACTOR_POWER & 0xFFFF for r in factors if r.table == table}
    return dict.fromkeys(sorted(filled), 0) | given


def _sunspec_table(device_map: DeviceMap, serial: str) -> RegisterTable:
    starts, address = dict[int, int](), BASE + 2
    for model in SUNSPEC_MODELS[device_map.kind]:
        starts[model] = address
        address += 2 + model_length(model)
    words = [*MARK]
    for model in starts:
        words += _model_words(model, serial)
    words += [END, 0]
    points = [placed(spec, starts, _POWERS) for spec in device_map.points.values()]
    held = [point for point in points if point is not None]
    return _table(held, "holding", dict(enumerate(words, BASE)))


def _model_words(model: int, serial: str) -> list[int]:
    words: list[int] = []
    for point in model_points(model).values():
        words += _default_words(model, point, serial)
    return words


def _default_words(model: int, point: ModelPoint, serial: str) -> list[int]:
    """What stands in a point that the image does not feed."""
    if point.kind == "string":
        text = serial if point.name == "SN" else _TEXTS.get(point.name, "")
        padded = text.encode("ascii", "replace")[: 2 * point.size].ljust(2 * point.size, b"\0")
        return [int(word) for word in np.frombuffer(padded, ">u2")]
    if point.type is None:
        return [_PAD] * point.size
    own = {"ID": model, "L": model_length(model), "DA": 1}
    known = {**own, **_of(model, _POWERS), **_of(model, _FIXED)}
    raw = known.get(point.name, next(iter(point.sentinels), 0))
    return words_of(raw, Register(table="holding", address=0, type=point.type))


def _of(model: int, figures: Mapping[tuple[int, str], int]) -> dict[str, int]:
    return {name: figure for (owner, name), figure in figures.items() if owner == model}


def served(value: float, point: Located) -> list[int]:
    """The registers in which a device shows `value`; its sentinel when it can show none."""
    codes = {our for _, our in point.spec.translate}
    if np.isnan(value) or (codes and value not in codes):
        without = math.nan if point.register.type.is_float else 0.0
        return words_of(next(iter(point.sentinels), without), point.register)
    return words_of(saturated(raw_for(value, point), point.register), point.register)


def accepted(words: Sequence[int], point: Located) -> float | ExcCodes:
    """The value that written registers mean, or why the device refuses it."""
    value, quality = value_of(raw_of(words, point.write_register), point)
    return value if quality is Quality.GOOD else ExcCodes.ILLEGAL_VALUE
