"""What people on site have set is given: the plan reckons with it and says so."""

import numpy as np
import pytest
from synthetic_day import Day

from ems.domain.plans import ReasonCode
from ems.held_on_site import as_held
from ems.optimizer import Planner
from ems.optimizer.sessions import CONNECTED, Plug, sessions

HELD = {"BAT-1/power_setpoint_kw": 40.0, "HP-2/enable": 0.0, "D1-0101/setpoint_c": 25.0}


@pytest.fixture(scope="module")
def hands(winter_day: Day) -> Day:
    return winter_day.with_held(HELD)


def test_the_plan_is_made_around_what_is_held(
    planner: Planner, winter_day: Day, hands: Day
) -> None:
    plan = as_held(hands.plan(planner), hands.snapshot)
    rows = {row.point: row for row in plan.setpoints}
    for point, value in HELD.items():
        assert (rows[point].values == value).all()
        assert {reason.code for reason in rows[point].reasons} == {ReasonCode.ON_SITE}
    assert "BAT-1: held on site at 40 kW" in plan.report.message
    assert "HP-2 is switched off on site" in plan.report.message
    heat = plan.series["heat_kw"] + plan.series["hot_water_kw"]
    units = hands.district.plant.units - 1
    assert heat.max() <= units * hands.district.plant.heat_kw_per_unit + 1e-3
    usual = winter_day.plan(planner)
    assert as_held(usual, winter_day.snapshot) is usual


def test_a_car_is_planned_with_the_current_that_somebody_has_set(winter_day: Day) -> None:
    found, _ = sessions(winter_day.district, winter_day.snapshot, winter_day.horizon)
    car = next(one for one in found if one.plug is Plug.CAR and one.phases == 3)
    point = f"{car.device}/current_limit_a"
    less, none = (winter_day.with_held({point: current_a}) for current_a in (8.0, 0.0))
    assert winter_day.snapshot.value(f"{car.device}/state") in CONNECTED

    def now(day: Day) -> tuple[Plug, float]:
        again, _ = sessions(day.district, day.snapshot, day.horizon)
        one = next(one for one in again if one.device == car.device)
        return one.plug, one.power_kw_max

    assert now(less)[0] is Plug.CAR
    assert now(less)[1] <= 3 * 8 * 0.230 + 1e-9 < car.power_kw_max
    assert now(none)[0] is Plug.DONE


def test_a_held_value_outside_the_plans_bounds_is_shown_as_it_is(
    hands: Day, planner: Planner
) -> None:
    cold = hands.with_held({"D1-0102/setpoint_c": 8.0})
    plan = as_held(hands.plan(planner), cold.snapshot)
    row = next(row for row in plan.setpoints if row.point == "D1-0102/setpoint_c")
    assert np.unique(row.values).tolist() == [8.0]
    assert row.low == 8.0
