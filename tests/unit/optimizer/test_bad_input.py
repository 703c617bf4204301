"""Input that cannot be true is left out and named; the plan holds without it."""

import numpy as np
import pytest
from synthetic_day import Day

from ems.optimizer import Planner


@pytest.mark.parametrize(
    ("readings", "says"),
    [
        ({"BAT-1/soc_pct": 140.0}, "BAT-1: no state of charge"),
        ({"SST-D1/tank_top_temp_c": 200.0, "SST-D1/tank_bottom_temp_c": -40.0}, "D1 tank: no temp"),
        ({"D1-0304/room_temp_c": 99.0}, "no room temperature of D1-0304"),
        ({"CP-01/state": 1.0, "CP-01/energy_wanted_kwh": float("nan")}, "CP-01: a car that says"),
    ],
    ids=["battery", "tank", "room", "car"],
)
def test_a_state_that_cannot_be_is_named(
    planner: Planner, summer_day: Day, readings: dict[str, float], says: str
) -> None:
    plan = summer_day.with_readings(readings).plan(planner)
    assert says in plan.report.message
    assert all(np.isfinite(row.values).all() for row in plan.setpoints)
    assert plan.report.bound_eur == pytest.approx(plan.report.cost_eur, rel=1.001e-3)
