"""The plans of last resort: the plan in force carried on, and plain rules.

Rules are what a district without a planner does: thermostats at what people chose, tanks filled,
every car charged at once within what feeder and groups carry if all points were taken.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import numpy as np

from ems.domain.district import CarPark, DeviceKind, District
from ems.domain.errors import PlanError
from ems.domain.plans import Origin, Plan, ReasonCode, SetpointRow, SolveReport
from ems.domain.points import Unit
from ems.domain.slots import Horizon, Slot
from ems.optimizer.occupancy import occupied
from ems.optimizer.reasons import constant
from ems.optimizer.setpoint_rows import row
from ems.optimizer.setpoints import DWELLING_C, SUPPLY_C, ZONE_COOL_C, ZONE_HEAT_C
from ems.optimizer.supply import substation

AHEAD_SLOTS = 8
"""Plain schedules warm rooms two hours before they are used."""


def rule_plan(
    district: District, *, plan_id: str, issued_at: datetime, horizon: Horizon, why: str
) -> Plan:
    """Plain thermostats and plug-and-charge over `horizon`, because of `why`."""
    rows = (
        *_dwellings(district, horizon),
        *_zones(district, horizon),
        *_heat(district, horizon),
        *_power(district, horizon),
    )
    unknown = float("nan")
    return Plan(
        id=plan_id,
        issued_at=issued_at,
        horizon=horizon,
        origin=Origin.RULES,
        report=SolveReport(
            solver="plain rules", wall_s=0.0, cost_eur=unknown, bound_eur=unknown, message=why
        ),
        setpoints=rows,
        series={},
    )


def carried_on(plan: Plan, *, plan_id: str, issued_at: datetime, first: Slot, why: str) -> Plan:
    """What `plan` says from `first` on, as a plan of its own, because of `why`.

    Raises:
        PlanError: `plan` does not reach `first`.
    """
    if first not in plan.horizon:
        raise PlanError(
            f"the plan in force ends before {first.start:%Y-%m-%d %H:%M} UTC",
            fix="plain rules take over; see why no newer plan was made",
        )
    skipped = plan.horizon.offset(first)
    return replace(
        plan,
        id=plan_id,
        issued_at=issued_at,
        horizon=Horizon(first, plan.horizon.length - skipped),
        origin=Origin.PREVIOUS,
        report=replace(plan.report, message=why),
        setpoints=tuple(
            replace(r, values=r.values[skipped:], reasons=r.reasons[skipped:])
            for r in plan.setpoints
        ),
        series={name: values[skipped:] for name, values in plan.series.items()},
    )


def plain_current_a(district: District) -> float:
    """The current that all charge points can have at once, in whole amperes; at least the least."""
    park = district.car_park
    points = district.charge_points.values()
    per_ampere = {p.group: 0.0 for p in points}
    for point in points:
        per_ampere[point.group] += point.phases * park.voltage_v / 1000
    every = sum(per_ampere.values())
    limits = [park.group_kw / need for need in per_ampere.values()]
    most = min([*limits, park.feeder_kw / every]) if every else park.least_current_a
    return _at_least(float(np.floor(most)), park)


def _at_least(current_a: float, park: CarPark) -> float:
    return max(current_a, park.least_current_a)


def _dwellings(district: District, horizon: Horizon) -> Iterator[SetpointRow]:
    because, (low, high) = constant(ReasonCode.RULE, horizon.length), DWELLING_C
    for device in district.of_kind(DeviceKind.DWELLING):
        wish = district.dwellings[device.serves].heat_c + district.comfort.margin_k
        yield row(device.id, "setpoint_c", wish, because, unit=Unit.CELSIUS, low=low, high=high)


def _zones(district: District, horizon: Horizon) -> Iterator[SetpointRow]:
    because, margin = constant(ReasonCode.RULE, horizon.length), district.comfort.margin_k
    longer = Horizon(horizon.first, horizon.length + AHEAD_SLOTS)
    for device in district.of_kind(DeviceKind.ZONE):
        zone = district.zones[device.serves]
        profile = district.uses[zone.use]
        used = occupied(profile, longer, district.site.zone)
        soon = np.array([used[s : s + AHEAD_SLOTS + 1].any() for s in range(horizon.length)])
        heat = np.where(soon, profile.heat_c + margin, profile.heat_setback_c)
        low, high = ZONE_HEAT_C
        yield row(
            device.id, "heat_setpoint_c", heat, because, unit=Unit.CELSIUS, low=low, high=high
        )
        if zone.cool_kw_max > 0 and profile.cool_c is not None:
            idle = profile.cool_setback_c or profile.cool_c
            cool = np.where(soon, profile.cool_c - margin, idle)
            low, high = ZONE_COOL_C
            yield row(
                device.id, "cool_setpoint_c", cool, because, unit=Unit.CELSIUS, low=low, high=high
            )


def _heat(district: District, horizon: Horizon) -> Iterator[SetpointRow]:
    because = constant(ReasonCode.RULE, horizon.length)
    for device in district.of_kind(DeviceKind.SUBSTATION):
        spec = substation(district.buildings[device.serves])
        tank, most = spec.tank, spec.heat_kw_max
        warm, limits = (Unit.CELSIUS, *SUPPLY_C), (Unit.KILOWATT, 0.0, most)
        filled = (Unit.CELSIUS, tank.temp_low_c, tank.temp_high_c)
        charging = (Unit.KILOWATT, 0.0, tank.charge_kw_max)
        for name, value, (unit, low, high) in (
            ("heating_setpoint_c", district.plant.heating_supply_c, warm),
            ("heat_limit_kw", most, limits),
            ("tank_setpoint_c", tank.temp_high_c, filled),
            ("tank_charge_limit_kw", tank.charge_kw_max, charging),
        ):
            yield row(device.id, name, value, because, unit=unit, low=low, high=high)
    for device in district.of_kind(DeviceKind.HEAT_PUMP):
        yield row(device.id, "enable", 1.0, because, unit=Unit.NONE, low=0.0, high=1.0)
        percent = (Unit.PERCENT, 0.0, 100.0)
        unit, low, high = percent
        yield row(device.id, "heat_limit_pct", 100.0, because, unit=unit, low=low, high=high)


def _power(district: District, horizon: Horizon) -> Iterator[SetpointRow]:
    because, current = constant(ReasonCode.RULE, horizon.length), plain_current_a(district)
    for device in district.of_kind(DeviceKind.CHARGE_POINT):
        most = district.charge_points[device.serves].current_a_max
        yield row(
            device.id, "current_limit_a", current, because, unit=Unit.AMPERE, low=0.0, high=most
        )
    switch, percent = Unit.NONE, Unit.PERCENT
    for device in district.of_kind(DeviceKind.PV_INVERTER):
        yield row(device.id, "power_limit_pct", 100.0, because, unit=percent, low=0.0, high=100.0)
        yield row(device.id, "limit_enable", 0.0, because, unit=switch, low=0.0, high=1.0)
    for device in district.of_kind(DeviceKind.BATTERY):
        most = district.batteries[device.serves].power_kw
        yield row(
            device.id, "power_setpoint_kw", 0.0, because, unit=Unit.KILOWATT, low=-most, high=most
        )
        yield row(device.id, "setpoint_enable", 0.0, because, unit=switch, low=0.0, high=1.0)
