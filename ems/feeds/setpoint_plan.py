"""A building's setpoint plan, for its manager: what each of its devices is to do, and why."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ems.domain.district import Device, DeviceKind, District
from ems.domain.errors import EmsError
from ems.domain.plans import Plan, Reason, SetpointRow
from ems.feeds.reasons import reason_text
from ems.feeds.table import Cell, csv_text, json_text, times

SCHEMA = "smartseille-ems/setpoint-plan/1"
PLANT = "PLANT"
"""Stands for the building of the heat pumps and the loop."""

COLUMNS = (
    "start_utc", "start_local", "point", "setpoint", "unit", "reason_code", "reason_en",
    "reason_fr",
)  # fmt: skip

_PLACE: dict[DeviceKind, Callable[[District, str], str]] = {
    DeviceKind.DWELLING: lambda district, serves: district.dwellings[serves].building,
    DeviceKind.ZONE: lambda district, serves: district.zones[serves].building,
    DeviceKind.SUBSTATION: lambda _, serves: serves,
    DeviceKind.HEAT_PUMP: lambda _, __: PLANT,
    DeviceKind.LOOP: lambda _, __: PLANT,
    DeviceKind.CHARGE_POINT: lambda district, _: district.car_park.building,
    DeviceKind.PV_INVERTER: lambda district, serves: district.pv_roofs[serves].building,
    DeviceKind.BATTERY: lambda district, serves: district.batteries[serves].building,
    DeviceKind.METER: lambda _, serves: serves,
    DeviceKind.HEAT_METER: lambda _, serves: serves,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanRow:
    """One setpoint of one slot."""

    start: datetime
    """When the slot begins, UTC."""

    point: str
    """`<device>/<name>`."""

    setpoint: float
    """In `unit`."""

    unit: str
    """Of the setpoint; empty for numbers without one."""

    reason: Reason
    """Why."""


def building_of(district: District, device: Device) -> str:
    """The building that a device stands in; `PLANT` for the heat pumps and the loop."""
    return _PLACE[device.kind](district, device.serves)


def plan_rows(plan: Plan, district: District, building: str) -> tuple[PlanRow, ...]:
    """The setpoints of one building's devices, by time and then by point.

    `building` may be `PLANT` for the heat pumps.

    Raises:
        EmsError: there is no such building.
    """
    if building != PLANT and building not in district.buildings:
        raise EmsError(
            f"there is no building {building}",
            fix=f"one of {', '.join(district.buildings)} or {PLANT}",
        )
    rows = sorted(_rows_of(plan, district, building), key=lambda row: row.point)
    return tuple(
        PlanRow(
            start=start,
            point=row.point,
            setpoint=float(row.values[position]),
            unit=row.unit.value,
            reason=row.reasons[position],
        )
        for position, start in enumerate(plan.horizon.starts)
        for row in rows
    )


def plan_csv(rows: Sequence[PlanRow], district: District) -> str:
    """The rows as CSV with the columns `COLUMNS`."""
    return csv_text(COLUMNS, (_cells(row, district) for row in rows))


def plan_json(rows: Sequence[PlanRow], district: District, plan: Plan, building: str) -> str:
    """The rows as JSON, with what they are above them."""
    issued_utc, issued_local = times(plan.issued_at, district.site.zone)
    head = {
        "schema": SCHEMA,
        "site": district.site.id,
        "building": building,
        "plan": plan.id,
        "origin": plan.origin.value,
        "issued_utc": issued_utc,
        "issued_local": issued_local,
        "time_zone": district.site.time_zone,
        "slot_minutes": 15,
        "sign": "electric power + is consumed, battery power + charges, heat + into room or tank",
    }
    return json_text(head, COLUMNS, (_cells(row, district) for row in rows))


def _rows_of(plan: Plan, district: District, building: str) -> list[SetpointRow]:
    here = {d.id for d in district.devices.values() if building_of(district, d) == building}
    return [row for row in plan.setpoints if row.point.partition("/")[0] in here]


def _cells(row: PlanRow, district: District) -> tuple[Cell, ...]:
    return (
        *times(row.start, district.site.zone),
        row.point,
        row.setpoint,
        row.unit,
        row.reason.code.name.lower(),
        reason_text(row.reason, "en"),
        reason_text(row.reason, "fr"),
    )
