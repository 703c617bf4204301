"""Commissioning: every mapped point of every device read once, and judged.

    no answer            the device is away, or its address is wrong
    no value             the device has no such register or object, or calls its own value invalid
    out of range         the register is another one, or scale and word order are wrong
    phases, sums         a meter's phases make up its power; the meters behind one make up what it
                         shows; the dwellings of a building draw no more than its meter shows - a
                         current transformer the wrong way round shows here

Nothing is written. One device of a connection is read at a time, and a bounded number in all.
"""

import asyncio
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from ems.devices.connection import Connection, Values, connection_key
from ems.devices.ede import Difference
from ems.devices.maps import map_of
from ems.domain.district import Device, DeviceKind, District
from ems.domain.errors import DeviceError
from ems.domain.points import Quality

AT_ONCE = 16
"""Connections that are read at a time."""
SUM_SHARE, SUM_KW = 0.05, 5.0
"""How far a sum may lie from what its meter shows: meters are not read in the same instant."""
PHASE_SHARE, PHASE_KW = 0.02, 0.3
DISTRICT_METER = "HTA"


class Verdict(StrEnum):
    """What was found of a point or a device."""

    GOOD = "good"
    NO_ANSWER = "no answer"
    NO_VALUE = "no value"
    OUT_OF_RANGE = "out of range"
    IMPLAUSIBLE = "implausible"

    @property
    def good(self) -> bool:
        """Whether nothing is to be done."""
        return self is Verdict.GOOD


@dataclass(frozen=True, kw_only=True)
class PointCheck:
    """One point, read once."""

    name: str
    value: float
    """In the point's unit; NaN when there is none."""
    unit: str
    verdict: Verdict
    fix: str = ""
    """What to look at; empty when it is good."""


@dataclass(frozen=True, kw_only=True)
class DeviceCheck:
    """One device, read once."""

    device: Device
    verdict: Verdict
    """The worst among its points."""
    what: str = ""
    """What was found when it is not good."""
    fix: str = ""
    points: tuple[PointCheck, ...] = field(default=(), repr=False)


@dataclass(frozen=True, kw_only=True)
class SumCheck:
    """What two ways of measuring the same thing say."""

    name: str
    shown_kw: float
    summed_kw: float
    verdict: Verdict
    fix: str = ""


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """All that was found."""

    devices: tuple[DeviceCheck, ...]
    sums: tuple[SumCheck, ...]
    listed: tuple[Difference, ...] = ()
    """Where the integrator's list and the description do not agree."""

    @property
    def good(self) -> bool:
        """Whether nothing is to be done."""
        verdicts = [one.verdict for one in self.devices] + [one.verdict for one in self.sums]
        return all(verdict.good for verdict in verdicts) and not self.listed


async def inspect(
    district: District, devices: Sequence[Device], connections: Mapping[str, Connection]
) -> Inspection:
    """Read and judge `devices` of `district`."""
    groups: dict[str, list[Device]] = {}
    for device in devices:
        groups.setdefault(connection_key(device), []).append(device)
    turns = asyncio.Semaphore(AT_ONCE)

    async def one_after_the_other(key: str) -> list[DeviceCheck]:
        async with turns:
            return [await checked(connections[key], device) for device in groups[key]]

    parts = await asyncio.gather(*map(one_after_the_other, groups))
    found = {check.device.id: check for part in parts for check in part}
    in_order = tuple(found[device.id] for device in devices)
    return Inspection(devices=in_order, sums=tuple(plausibility(district, in_order)))


async def checked(connection: Connection, device: Device) -> DeviceCheck:
    """Every mapped point of one device."""
    try:
        values = await connection.read(device, tuple(map_of(device).points.values()))
    except DeviceError as error:
        fix = error.fix or "check power, network and address"
        return DeviceCheck(device=device, verdict=Verdict.NO_ANSWER, what=error.message, fix=fix)
    points = tuple(_points(device, values))
    bad = [point for point in points if not point.verdict.good]
    if not bad:
        return DeviceCheck(device=device, verdict=Verdict.GOOD, points=points)
    return DeviceCheck(
        device=device,
        verdict=bad[0].verdict,
        what=", ".join(f"{point.name} {point.verdict}" for point in bad),
        fix=bad[0].fix,
        points=points,
    )


def _points(device: Device, values: Values) -> Iterator[PointCheck]:
    for spec in map_of(device).points.values():
        value, quality = values.get(spec.name, (math.nan, Quality.COMM_FAIL))
        verdict, fix = Verdict.GOOD, ""
        if quality is Quality.OUT_OF_RANGE:
            verdict = Verdict.OUT_OF_RANGE
            fix = f"{spec.low:g} to {spec.high:g} is believable: compare address, type and scale"
        elif not quality.usable:
            verdict, fix = Verdict.NO_VALUE, "look whether the device has it, and its sensor"
        unit = spec.unit.value
        yield PointCheck(name=spec.name, value=value, unit=unit, verdict=verdict, fix=fix)


def plausibility(district: District, checks: Iterable[DeviceCheck]) -> Iterator[SumCheck]:
    """What meters say of themselves and of each other, as far as all that is needed was read."""
    kw = {
        (check.device.kind, check.device.serves, point.name): point.value
        for check in checks
        for point in check.points
        if point.verdict.good
    }
    for kind, serves, name in kw:
        if kind is DeviceKind.METER and name == "power_kw":
            phases = [kw.get((kind, serves, f"power_l{n}_kw"), math.nan) for n in (1, 2, 3)]
            fix = "look at the current transformers: direction, phase, ratio"
            shown = kw[kind, serves, name]
            limits = PHASE_SHARE, PHASE_KW
            yield from _sum(f"phases of meter {serves}", shown, phases, limits, fix)
    yield from _dwelling_sums(district, kw)
    yield from _district_sum(district, kw)


def _dwelling_sums(
    district: District, kw: Mapping[tuple[DeviceKind, str, str], float]
) -> Iterator[SumCheck]:
    """Dwellings never draw more than their building's meter shows and its roof gives."""
    by_building: dict[str, list[float]] = {}
    for dwelling in district.dwellings.values():
        power_kw = kw.get((DeviceKind.DWELLING, dwelling.id, "electric_power_kw"), math.nan)
        by_building.setdefault(dwelling.building, []).append(power_kw)
    for building, powers_kw in by_building.items():
        roofs = [
            kw.get((DeviceKind.PV_INVERTER, roof.id, "power_kw"), math.nan)
            for roof in district.pv_roofs.values()
            if roof.building == building
        ]
        meter_kw = kw.get((DeviceKind.METER, building, "power_kw"), math.nan)
        supplied_kw, drawn_kw = math.fsum([meter_kw, *roofs]), math.fsum(powers_kw)
        if not math.isfinite(supplied_kw + drawn_kw):
            continue
        good = drawn_kw <= supplied_kw + max(SUM_SHARE * abs(supplied_kw), SUM_KW)
        yield SumCheck(
            name=f"meter {building} covers its dwellings",
            shown_kw=supplied_kw,
            summed_kw=drawn_kw,
            verdict=Verdict.GOOD if good else Verdict.IMPLAUSIBLE,
            fix=""
            if good
            else "compare the meter with its display; look whose dwellings these are",
        )


def _district_sum(
    district: District, kw: Mapping[tuple[DeviceKind, str, str], float]
) -> Iterator[SumCheck]:
    meters = [d.serves for d in district.of_kind(DeviceKind.METER) if d.serves != DISTRICT_METER]

    def of(kind: DeviceKind, names: Iterable[str]) -> list[float]:
        return [kw.get((kind, name, "power_kw"), math.nan) for name in names]

    parts = [
        *of(DeviceKind.METER, meters),
        *of(DeviceKind.BATTERY, district.batteries),
        *(-power for power in of(DeviceKind.PV_INVERTER, district.pv_roofs)),
    ]
    shown = kw.get((DeviceKind.METER, DISTRICT_METER, "power_kw"), math.nan)
    fix = "compare each meter with its display; one may be missing, reversed or of another ratio"
    name = f"meter {DISTRICT_METER} against all behind it"
    yield from _sum(name, shown, parts, (SUM_SHARE, SUM_KW), fix)


def _sum(
    name: str, shown_kw: float, parts: Sequence[float], limits: tuple[float, float], fix: str
) -> Iterator[SumCheck]:
    """The check, unless something that it needs was not read."""
    summed_kw = math.fsum(parts)
    if not math.isfinite(shown_kw + summed_kw) or not parts:
        return
    share, least_kw = limits
    good = abs(shown_kw - summed_kw) <= max(share * abs(shown_kw), least_kw)
    yield SumCheck(
        name=name,
        shown_kw=shown_kw,
        summed_kw=summed_kw,
        verdict=Verdict.GOOD if good else Verdict.IMPLAUSIBLE,
        fix="" if good else fix,
    )
