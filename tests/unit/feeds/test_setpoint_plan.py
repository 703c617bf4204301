import csv
import json
from datetime import UTC, datetime

import numpy as np
import pytest

from ems.domain.district import DeviceKind, District
from ems.domain.errors import EmsError
from ems.domain.plans import Origin, Plan, Reason, ReasonCode, SetpointRow, SolveReport
from ems.domain.points import Unit
from ems.domain.slots import Horizon, Slot
from ems.feeds.setpoint_plan import COLUMNS, PLANT, building_of, plan_csv, plan_json, plan_rows

CLOCK_CHANGE = datetime(2026, 10, 25, 0, tzinfo=UTC)
"""02:00 local; an hour later it is 02:00 again."""


def _row(point: str, unit: Unit, values: list[float]) -> SetpointRow:
    reason = Reason(ReasonCode.PREHEAT, 0.25)
    return SetpointRow(
        point=point, unit=unit, low=0, high=50,
        values=np.array(values), reasons=(reason,) * len(values),
    )  # fmt: skip


@pytest.fixture(scope="module")
def plan(district: District) -> Plan:
    values = [19.0, 19.5, 20.0, 20.5, 21.0]
    return Plan(
        id="7d9e5f8e-0d5c-4a0b-9f0e-0a3f2f7f3f11",
        issued_at=CLOCK_CHANGE,
        horizon=Horizon(Slot.containing(CLOCK_CHANGE), 5),
        origin=Origin.OPTIMISED,
        report=SolveReport(solver="x", wall_s=1, cost_eur=1, bound_eur=1),
        setpoints=(
            _row("SST-D1/heating_setpoint_c", Unit.CELSIUS, values),
            _row("D1-0304/setpoint_c", Unit.CELSIUS, values),
            _row("CP-01/current_limit_a", Unit.AMPERE, values),
            _row("HP-1/heat_limit_pct", Unit.PERCENT, values),
        ),
        series={},
    )


@pytest.mark.parametrize(
    ("building", "points"),
    [
        ("D1", {"D1-0304/setpoint_c", "SST-D1/heating_setpoint_c"}),
        ("P1", {"CP-01/current_limit_a"}),
        (PLANT, {"HP-1/heat_limit_pct"}),
        ("A1", set()),
    ],
)
def test_a_manager_sees_the_devices_of_the_building(
    plan: Plan, district: District, building: str, points: set[str]
) -> None:
    assert {row.point for row in plan_rows(plan, district, building)} == points


def test_every_device_stands_somewhere(district: District) -> None:
    places = {building_of(district, device) for device in district.devices.values()}
    assert places >= {*district.buildings, PLANT}
    for device in district.of_kind(DeviceKind.SUBSTATION):
        assert building_of(district, device) == device.serves


def test_an_unknown_building_is_refused_with_those_there_are(
    plan: Plan, district: District
) -> None:
    with pytest.raises(EmsError, match="A1, A2"):
        plan_rows(plan, district, "Z9")


def test_the_hour_that_comes_twice_can_be_told_apart(plan: Plan, district: District) -> None:
    lines = csv.DictReader(plan_csv(plan_rows(plan, district, "P1"), district).splitlines())
    rows = list(lines)
    assert tuple(rows[0]) == COLUMNS
    assert [row["start_local"] for row in rows[::4]] == [
        "2026-10-25T02:00:00+02:00",
        "2026-10-25T02:00:00+01:00",
    ]
    assert rows[4] == {
        "start_utc": "2026-10-25T01:00:00Z",
        "start_local": "2026-10-25T02:00:00+01:00",
        "point": "CP-01/current_limit_a",
        "setpoint": "21.0",
        "unit": "A",
        "reason_code": "preheat",
        "reason_en": "Heats ahead of a dearer time (0.250 €/kWh)",
        "reason_fr": "Chauffe d'avance, avant une période plus chère (0,250 €/kWh)",
    }


def test_the_json_says_its_schema_and_holds_the_same_rows(plan: Plan, district: District) -> None:
    rows = plan_rows(plan, district, "D1")
    read = json.loads(plan_json(rows, district, plan, "D1"))
    assert read["schema"] == "smartseille-ems/setpoint-plan/1"
    assert (read["plan"], read["building"]) == (plan.id, "D1")
    assert [(r["point"], r["setpoint"]) for r in read["rows"]] == [
        (row.point, row.setpoint) for row in rows
    ]
