"""Three plans that explain themselves: what binds, what gave way, what would have met it all."""

import itertools
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from synthetic_day import Day

from ems.domain.district import District
from ems.domain.plans import Plan, ReasonCode
from ems.optimizer import Planner

EVENING = datetime(2026, 1, 13, 16, tzinfo=UTC)
WEAK = 0.2
"""What is left of the failed substation's heat."""
NOON = datetime(2026, 4, 14, 9, tzinfo=UTC)


def reasons(plan: Plan, name: str) -> set[ReasonCode]:
    """Every reason that is given for a point of this name."""
    rows = [row for row in plan.setpoints if row.point.endswith(f"/{name}")]
    return {reason.code for row in rows for reason in row.reasons}


def limits(plan: Plan) -> dict[str, np.ndarray]:
    """Prices of the limits that bind, EUR/kWh by slot."""
    said = {name: re.fullmatch(r"limit/(.*)_eur_per_kwh", name) for name in plan.series}
    return {found[1]: plan.series[name] for name, found in said.items() if found}


def test_a_winter_evening_at_the_limit(
    planner: Planner, any_day: Callable[..., Day], district: District
) -> None:
    day = any_day(EVENING, outdoor_c=-3.0, cars=40)
    base = day.forecasts["district/base_load_kw"]
    plan = day.with_series({"district/base_load_kw": base + 250}).plan(planner)
    connection = limits(plan)["connection"]
    full = plan.series["import_kw"] > 0.9 * district.tariff.subscribed_kw
    assert connection[full].max() > 0.05, "a kW more of subscribed power would save this"
    assert connection[~full].max(initial=0.0) < 0.01
    assert ReasonCode.CONNECTION_FULL in reasons(plan, "current_limit_a")


def test_a_noon_with_surplus_sun(planner: Planner, any_day: Callable[..., Day]) -> None:
    day = any_day(NOON, outdoor_c=18.0, cars=10)
    plan = day.with_series(
        {"pv/available_kw": 4 * day.forecasts["pv/available_kw"], "district/base_load_kw": 120.0}
    ).plan(planner)
    sunny = plan.series["pv_kw"] > plan.series["base_kw"] + plan.series["heat_pump_kw"]
    charging = plan.series["ev_kw"] + np.maximum(plan.series["battery_kw"], 0)
    assert charging[sunny].mean() > 2 * charging[~sunny].mean()
    assert ReasonCode.SOLAR in reasons(plan, "current_limit_a")
    assert ReasonCode.SOLAR in reasons(plan, "power_setpoint_kw")
    assert "connection" not in limits(plan)


def unhurried(district: District, relief_limit_s: float = 60.0, took_s: float = 0.0) -> Planner:
    """A planner by whose clock each reading comes `took_s` after the one before."""
    clock = itertools.count()
    return Planner(district, relief_limit_s=relief_limit_s, timer=lambda: took_s * next(clock))


@pytest.fixture(scope="module")
def lame(district: District) -> District:
    """The substation of D1 gives a fifth of its heat."""
    building = district.buildings["D1"]
    assert building.substation
    weak = replace(building.substation, heat_kw_max=WEAK * building.substation.heat_kw_max)
    return replace(
        district, buildings={**district.buildings, "D1": replace(building, substation=weak)}
    )


@pytest.fixture(scope="module")
def failed(any_day: Callable[..., Day], lame: District) -> tuple[Day, Plan]:
    """A cold evening on which it does."""
    day = any_day(EVENING, outdoor_c=-3.0)
    return day, day.plan(unhurried(lame))


def test_a_failed_substation_says_who_is_cold_and_which_limit_it_is(
    failed: tuple[Day, Plan],
) -> None:
    _, plan = failed
    assert re.search(r"D1 dwelling: \d+ rooms up to [\d.]+ K below comfort", plan.report.message)
    prices = limits(plan)
    assert prices["D1 heat"].max() == max(price.max() for price in prices.values())
    assert ReasonCode.CAPACITY_FULL in reasons(plan, "heat_limit_kw")


def test_a_failed_substation_says_what_would_have_met_all_wishes(
    failed: tuple[Day, Plan], district: District
) -> None:
    _, plan = failed
    found = re.search(r"D1 heat: up to (\d+) kW more, (\d+) kWh", plan.report.message)
    assert found, plan.report.message
    more_kw, more_kwh = map(float, found.groups())
    substation = district.buildings["D1"].substation
    assert substation
    assert 0 < more_kw < substation.heat_kw_max
    assert more_kwh > 0.25 * more_kw


def test_the_named_relief_does_meet_the_wishes(
    failed: tuple[Day, Plan], district: District
) -> None:
    day, plan = failed
    found = re.search(r"D1 heat: up to (\d+) kW more", plan.report.message)
    assert found
    building = district.buildings["D1"]
    assert building.substation
    enough = WEAK * building.substation.heat_kw_max + float(found[1]) + 1.0
    wide = replace(building, substation=replace(building.substation, heat_kw_max=enough))
    healed = replace(district, buildings={**district.buildings, "D1": wide})
    again = day.plan(Planner(healed))
    assert again.series["discomfort_k"].max() < 0.4 * plan.series["discomfort_k"].max()


@pytest.mark.parametrize(
    ("relief_limit_s", "took_s", "said"),
    [
        (60.0, 9.0, "what would have met all wishes was left out: the plan took 9.0 s"),
        (0.0, 0.0, "what would have met all wishes was not found: "),
    ],
    ids=["a slow plan", "no time of its own"],
)
def test_a_plan_does_not_wait_for_its_explanation(
    failed: tuple[Day, Plan],
    lame: District,
    relief_limit_s: float,
    took_s: float,
    said: str,
) -> None:
    day, explained = failed
    plan = day.plan(unhurried(lame, relief_limit_s, took_s))
    assert said in plan.report.message
    assert "more, " not in plan.report.message
    assert plan.report.cost_eur == pytest.approx(explained.report.cost_eur)
