"""An event of demand response in the plan: kept, explained, and priced where it can't be kept."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from synthetic_day import Day

from ems.domain.demand_response import ImportCap, ImportEvent, joined
from ems.domain.plans import Plan, ReasonCode
from ems.domain.slots import Horizon
from ems.optimizer import Planner

NOON = datetime(2026, 1, 13, 11, tzinfo=UTC)
EVENING = NOON + timedelta(hours=6)


def event(begins: datetime, hours: float, import_kw: float, eur_per_kwh: float = 2.0) -> ImportCap:
    """A cap as an operator enters it."""
    ends = begins + timedelta(hours=hours)
    return ImportEvent(
        id=1, begins=begins, ends=ends, import_kw=import_kw, eur_per_kwh=eur_per_kwh
    ).cap


@pytest.fixture(scope="module")
def cold_day(any_day: Callable[..., Day]) -> Day:
    """A January noon with cars that stay over the evening."""
    return any_day(NOON, outdoor_c=0.0, cars=40)


@pytest.fixture(scope="module")
def free(cold_day: Day, planner: Planner) -> Plan:
    """Its plan when nobody asks for anything."""
    return cold_day.plan(planner)


def during(plan: Plan, cap: ImportCap) -> np.ndarray:
    """Which slots of `plan` the event holds in. Shape [slots]."""
    return np.isin(plan.horizon.slots, cap.horizon.slots)


def test_import_stays_below_the_cap_and_the_plan_says_so(
    cold_day: Day, free: Plan, planner: Planner
) -> None:
    at = during(free, event(EVENING, 5, 0))
    cap = event(EVENING, 5, 0.5 * float(free.series["import_kw"][at].max()))
    plan = cold_day.with_caps(cap).plan(planner)
    assert plan.series["import_kw"][at].max() <= cap.import_kw[0]
    assert plan.report.cost_eur > free.report.cost_eur
    said = f"event 18:00 to 23:00: import of at most {cap.import_kw[0]:.0f} kW is asked for, up to"
    assert said in plan.report.message
    assert plan.series["limit/event_eur_per_kwh"][at].max() > 0.005
    assert plan.series["limit/event_eur_per_kwh"][~at].max() == 0.0


def test_a_device_that_gives_way_says_that_the_grid_asked(
    cold_day: Day, free: Plan, planner: Planner
) -> None:
    at = during(free, event(EVENING, 5, 0))
    cap = event(EVENING, 5, 0.5 * float(free.series["import_kw"][at].max()))
    plan = cold_day.with_caps(cap).plan(planner)
    because = {why for row in plan.setpoints for why in row.reasons}
    asked = {why for why in because if why.code is ReasonCode.GRID_EVENT}
    assert asked
    assert {why.value for why in asked} == {round(float(cap.import_kw[0]), 4)}


def test_a_cap_that_cannot_be_kept_is_passed_by_as_little_as_its_price_is_worth(
    cold_day: Day, planner: Planner
) -> None:
    cap = event(EVENING, 5, 0.0)
    plan = cold_day.with_caps(cap).plan(planner)
    assert "is asked for, passed by" in plan.report.message
    dearer = cold_day.with_caps(event(EVENING, 5, 0.0, eur_per_kwh=20.0)).plan(planner)
    at = during(plan, cap)
    assert dearer.series["import_kw"][at].sum() <= plan.series["import_kw"][at].sum() + 1.0


def test_every_quarter_hour_of_which_a_part_is_asked_for_is_capped() -> None:
    cap = event(EVENING + timedelta(minutes=5), 0.5, 400.0)
    horizon = Horizon(cap.horizon.first + -1, 5)
    kw, price = joined([cap], horizon)
    np.testing.assert_array_equal(kw, [0, 400, 400, 400, 0])
    np.testing.assert_array_equal(price, [0, 2, 2, 2, 0])


def test_where_events_overlap_the_least_cap_holds_at_the_highest_price() -> None:
    long, short = event(EVENING, 1, 500.0, 1.0), event(EVENING, 0.5, 450.0, 3.0)
    kw, price = joined([long, short], long.horizon)
    np.testing.assert_array_equal(kw, [450, 450, 500, 500])
    np.testing.assert_array_equal(price, [3, 3, 1, 1])
