"""The plans of last resort."""

from datetime import UTC, datetime

import numpy as np
import pytest
from synthetic_day import Day

from ems.domain.district import District
from ems.domain.errors import PlanError
from ems.domain.plans import Origin, Plan, ReasonCode
from ems.domain.slots import Horizon, Slot
from ems.optimizer import Planner, carried_on, rule_plan

MONDAY = Slot.containing(datetime(2026, 1, 11, 23, tzinfo=UTC))


@pytest.fixture(scope="module")
def rules(district: District) -> Plan:
    return rule_plan(
        district,
        plan_id="r",
        issued_at=MONDAY.start,
        horizon=Horizon(MONDAY, 96),
        why="the solver gave up",
    )


@pytest.fixture(scope="module")
def optimised(planner: Planner, winter_day: Day) -> Plan:
    return winter_day.plan(planner)


def test_rules_command_the_same_points_as_a_plan(rules: Plan, optimised: Plan) -> None:
    assert {r.point for r in rules.setpoints} == {r.point for r in optimised.setpoints}


def test_rules_say_why(rules: Plan) -> None:
    assert rules.origin is Origin.RULES
    assert rules.report.message == "the solver gave up"
    assert {r.code for row in rules.setpoints for r in row.reasons} == {ReasonCode.RULE}


def test_rules_stay_inside_their_bounds(rules: Plan) -> None:
    for row in rules.setpoints:
        assert ((row.values >= row.low) & (row.values <= row.high)).all(), row.point


def test_rules_charge_every_car_within_the_car_parks_limits(
    rules: Plan, district: District
) -> None:
    power = {"all": 0.0}
    for row in rules.setpoints:
        device, name = row.point.split("/")
        if name == "current_limit_a":
            point = district.charge_points[district.devices[device].serves]
            kw = row.values.max() * point.phases * district.car_park.voltage_v / 1000
            power["all"] += kw
            power[point.group] = power.get(point.group, 0.0) + kw
            assert row.values.min() >= district.car_park.least_current_a
    assert power.pop("all") <= district.car_park.feeder_kw
    assert max(power.values()) <= district.car_park.group_kw


def test_offices_are_warmed_from_two_hours_before_opening(rules: Plan) -> None:
    row = next(r for r in rules.setpoints if r.point == "A1-Z01/heat_setpoint_c")
    assert (row.values[: 6 * 4] == 16).all()
    assert row.values[6 * 4 : 19 * 4] == pytest.approx(np.full(52, 20.2))
    assert (row.values[19 * 4 :] == 16).all()


def test_a_plan_is_carried_on_from_its_later_slots(optimised: Plan) -> None:
    first = optimised.horizon.first + 3
    later = carried_on(optimised, plan_id="c", issued_at=first.start, first=first, why="no sun")
    assert later.origin is Origin.PREVIOUS
    assert later.report.message == "no sun"
    assert later.horizon == Horizon(first, 93)
    before = {s.point: s.value for s in optimised.setpoints_at(first)}
    assert {s.point: s.value for s in later.setpoints_at(first)} == before
    assert later.series["import_kw"] == pytest.approx(optimised.series["import_kw"][3:])


def test_a_plan_that_has_run_out_is_not_carried_on(optimised: Plan) -> None:
    after = optimised.horizon.first + 96
    with pytest.raises(PlanError, match="ends before"):
        carried_on(optimised, plan_id="c", issued_at=after.start, first=after, why="")
