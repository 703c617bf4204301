"""The devices as rows of a list, and one device with all its points.

A row says whether the device answers, when it was last heard, and the one value that matters for
its kind. A faceplate says every point with its quality, and for written ones the setpoint in
force, why it is so, and what became of it at the device.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import isfinite

from ems.domain.district import Device, DeviceKind, District
from ems.domain.own_points import LATE_P50, LATE_P99
from ems.domain.plans import Dispatched, Outcome, Setpoint
from ems.domain.points import Quality, Reading, point_id
from ems.domain.snapshot import Snapshot
from ems.domain.vocabulary import POINTS, WRITTEN

KEY_POINT = {
    DeviceKind.DWELLING: "room_temp_c",
    DeviceKind.ZONE: "room_temp_c",
    DeviceKind.SUBSTATION: "tank_top_temp_c",
    DeviceKind.HEAT_PUMP: "electric_power_kw",
    DeviceKind.LOOP: "loop_supply_temp_c",
    DeviceKind.CHARGE_POINT: "power_kw",
    DeviceKind.PV_INVERTER: "power_kw",
    DeviceKind.BATTERY: "soc_pct",
    DeviceKind.METER: "power_kw",
}
"""The value that a row shows."""

_UNITS = {
    "_kwh": "kWh", "_kw": "kW", "_kvar": "kvar", "_temp_c": "°C", "_setpoint_c": "°C",
    "setpoint_c": "°C", "_k": "K", "_a": "A", "_v": "V", "_hz": "Hz", "_pct": "%",
    "_m3_per_h": "m³/h", "_m3": "m³", "_bar": "bar", "_ppm": "ppm", "_w_m2": "W/m²",
    "_min": "min", "_s": "s", "_h": "h",
}  # fmt: skip
"""A point's name ends with its unit; the longest ending counts."""


class Health(StrEnum):
    """How a device is doing, worst last."""

    GOOD = "good"
    """Every point that was read is usable."""
    PARTIAL = "partial"
    """Some points are not usable."""
    STALE = "stale"
    """Nothing usable: the values are too old."""
    SILENT = "silent"
    """Nothing usable: it does not answer, or not credibly."""
    UNSEEN = "unseen"
    """Never read."""


@dataclass(frozen=True, kw_only=True)
class DeviceRow:
    """One line of the list."""

    id: str
    """Its id."""

    kind: DeviceKind
    """What it is."""

    serves: str
    """What it belongs to."""

    protocol: str
    """What it speaks."""

    health: Health
    """How it is doing."""

    usable: int
    """Points with a usable value."""

    points: int
    """Points that it should have."""

    on_site: int
    """Of them, those that people on site hold."""

    seen_at: datetime | None
    """When it was last heard."""

    name: str
    """Name of the key point."""

    value: float | None
    """Its value."""

    unit: str
    """Its unit."""

    quality: Quality | None
    """How far it can be believed; None: never read."""


@dataclass(frozen=True, kw_only=True)
class Polling:
    """How late devices were asked in the last seconds, wall seconds; None: nobody says."""

    late_p50_s: float | None
    """Half of them were not later than this."""

    late_p99_s: float | None
    """All but one in a hundred."""


@dataclass(frozen=True, kw_only=True)
class PointRow:
    """One point of a faceplate."""

    name: str
    value: float | None
    unit: str
    quality: Quality | None
    at: datetime | None
    writable: bool
    setpoint: float | None = None
    """Wanted in the present slot; None: not written by the plan."""
    reason: str = ""
    """Why, for people."""
    outcome: Outcome | None = None
    """What became of it; None: not dispatched yet."""
    read_back: float | None = None
    """What the device really took."""


@dataclass(frozen=True, kw_only=True)
class Faceplate:
    """A device with all its points."""

    now: datetime
    """District time, for ages."""
    device: DeviceRow
    address: str
    """Where it answers."""
    points: tuple[PointRow, ...]


def unit_of(name: str) -> str:
    """The unit that a point's name ends with; empty for states and counts."""
    endings = [ending for ending in _UNITS if name.endswith(ending)]
    return _UNITS[max(endings, key=len)] if endings else ""


def polling(snapshot: Snapshot) -> Polling:
    """How late devices are asked."""
    p50, p99 = (snapshot.value(point) for point in (LATE_P50, LATE_P99))
    return Polling(
        late_p50_s=p50 if isfinite(p50) else None, late_p99_s=p99 if isfinite(p99) else None
    )


def device_rows(district: District, snapshot: Snapshot) -> list[DeviceRow]:
    """All devices, in the order of the description."""
    return [device_row(device, snapshot) for device in district.devices.values()]


def device_row(device: Device, snapshot: Snapshot) -> DeviceRow:
    """One device."""
    names = POINTS[device.kind]
    readings = [
        reading
        for name in names
        if (reading := snapshot.readings.get(point_id(device.id, name))) is not None
    ]
    key = snapshot.readings.get(point_id(device.id, KEY_POINT[device.kind]))
    return DeviceRow(
        id=device.id,
        kind=device.kind,
        serves=device.serves,
        protocol=device.protocol.value,
        health=health(readings),
        usable=sum(reading.quality.usable for reading in readings),
        points=len(names),
        on_site=sum(reading.quality is Quality.OVERRIDDEN for reading in readings),
        seen_at=max((r.at for r in readings if r.quality is not Quality.COMM_FAIL), default=None),
        name=KEY_POINT[device.kind],
        value=None if key is None else key.value,
        unit=unit_of(KEY_POINT[device.kind]),
        quality=None if key is None else key.quality,
    )


def health(readings: Iterable[Reading]) -> Health:
    """How a device with these readings is doing."""
    qualities = [reading.quality for reading in readings]
    if not qualities:
        return Health.UNSEEN
    if all(quality.usable for quality in qualities):
        return Health.GOOD
    if any(quality.usable for quality in qualities):
        return Health.PARTIAL
    return Health.STALE if Quality.STALE in qualities else Health.SILENT


def faceplate(
    device: Device,
    snapshot: Snapshot,
    setpoints: Mapping[str, Setpoint],
    dispatched: Mapping[str, Dispatched],
    reasons: Mapping[str, str],
) -> Faceplate:
    """A device with all its points; the mappings are by point id, `reasons` as texts."""

    def point_row(name: str) -> PointRow:
        point = point_id(device.id, name)
        reading, wanted, done = (
            snapshot.readings.get(point), setpoints.get(point), dispatched.get(point)
        )  # fmt: skip
        return PointRow(
            name=name,
            value=None if reading is None else reading.value,
            unit=unit_of(name),
            quality=None if reading is None else reading.quality,
            at=None if reading is None else reading.at,
            writable=name in WRITTEN[device.kind],
            setpoint=None if wanted is None else wanted.value,
            reason=reasons.get(point, ""),
            outcome=None if done is None else done.outcome,
            read_back=None if done is None else done.read_back,
        )

    return Faceplate(
        now=snapshot.taken_at,
        device=device_row(device, snapshot),
        address=address(device),
        points=tuple(point_row(name) for name in POINTS[device.kind]),
    )


def address(device: Device) -> str:
    """Where a device answers, for people."""
    routed = f" network {device.network} station {device.station}" if device.network else ""
    return f"{device.protocol.value} {device.line} unit {device.unit}{routed}"
