"""Plans in a row: what gains nothing by a change stays, and nothing switches to and fro."""

from dataclasses import replace

import numpy as np
import pytest
from synthetic_day import Day

from ems.domain.plans import Plan
from ems.optimizer import Planner
from ems.optimizer.agents import CARS, ROOMS, TANKS
from ems.optimizer.statement import Statement, state_problem

NEWS = 1.02
"""Base load by which the next plan differs."""


@pytest.fixture(scope="module")
def first(planner: Planner, summer_day: Day) -> Plan:
    return summer_day.plan(planner)


def after(planner: Planner, day: Day, previous: Plan | None) -> Plan:
    """The plan of the same slots with some more base load."""
    base = day.forecasts["district/base_load_kw"]
    news = day.with_series({"district/base_load_kw": NEWS * base})
    return planner.plan(
        plan_id="3f0c4f0e-0000-4000-8000-000000000002",
        issued_at=news.horizon.first.start,
        horizon=news.horizon,
        snapshot=news.snapshot,
        history=news.history,
        forecasts=news.forecasts,
        previous=previous,
    )


def cars_kw(plan: Plan) -> np.ndarray:
    """Charging by car and slot."""
    return np.array([v for name, v in sorted(plan.series.items()) if name.endswith("/ev_kw")])


def moved(plan: Plan, other: Plan) -> float:
    """Part of all cars' slots in which charging differs by an ampere or more."""
    return float((np.abs(cars_kw(plan) - cars_kw(other)) > 0.23).mean())


def test_little_news_moves_few_cars(planner: Planner, summer_day: Day, first: Plan) -> None:
    assert moved(after(planner, summer_day, first), first) <= 0.04


def test_cars_and_tanks_are_not_switched_to_and_fro(first: Plan) -> None:
    for name, most in (("current_limit_a", 8), ("tank_charge_limit_kw", 12)):
        rows = [r for r in first.setpoints if r.point.endswith(f"/{name}")]
        switched = [np.count_nonzero(np.diff(r.values > 0)) for r in rows]
        assert np.mean(switched) <= most / 2
        assert max(switched) <= 2 * most


def stated(planner: Planner, day: Day, previous: Plan) -> Statement:
    return state_problem(
        planner._stock,
        day.district,
        horizon=day.horizon,
        snapshot=day.snapshot,
        history=day.history,
        forecasts=day.forecasts,
        previous=previous,
    )


def test_a_car_that_is_another_one_is_free(planner: Planner, summer_day: Day, first: Plan) -> None:
    point = next(iter(summer_day.district.charge_points))
    other = summer_day.with_readings({f"{point}/energy_wanted_kwh": 60.0})
    kinds = stated(planner, other, first).agents.problem.agents
    assert kinds[CARS].curvature_eur[0] == 0
    assert (kinds[CARS].curvature_eur[1:] > 0).mean() > 0.5
    assert (kinds[TANKS].curvature_eur > 0).all()
    assert (kinds[ROOMS].curvature_eur == 0).all()


def test_an_old_plan_holds_nothing(planner: Planner, summer_day: Day, first: Plan) -> None:
    long_ago = replace(first.horizon, first=first.horizon.first + -10)
    kinds = stated(planner, summer_day, replace(first, horizon=long_ago)).agents.problem.agents
    assert all((kind.curvature_eur == 0).all() for kind in kinds)
