"""What the meter is told of the forecasts' errors."""

import re
from dataclasses import replace

import numpy as np
import pytest
from synthetic_day import Day

from ems.domain.circumstances import Circumstances
from ems.domain.district import District
from ems.domain.forecasts import Forecasts
from ems.domain.overruns import Drawn
from ems.domain.tariff import TimeClass
from ems.optimizer import Planner
from ems.optimizer.connection import SPREAD_SHARE, grid


def with_quantiles(forecasts: Forecasts, spreads: dict[str, float]) -> Forecasts:
    """The same with normal errors of these standard deviations, kW."""
    series = dict(forecasts.series)
    for name, spread_kw in spreads.items():
        at, off = series[name], 1.2816 * spread_kw
        series[name] = replace(at, quantiles={0.1: at.values - off, 0.9: at.values + off})
    return replace(forecasts, series=series)


def test_errors_of_base_load_and_sun_meet_at_the_meter(winter_day: Day, district: District) -> None:
    errors = {"district/base_load_kw": 30.0, "pv/available_kw": 40.0}
    unsure = grid(district, with_quantiles(winter_day.forecasts, errors), 0.0)
    least = SPREAD_SHARE * district.tariff.subscribed_kw
    np.testing.assert_allclose(unsure.spread_kw, np.sqrt(50.0**2 + least**2), rtol=1e-6)


def test_a_forecast_without_quantiles_has_the_error_of_a_quarter_hour(
    winter_day: Day, district: District
) -> None:
    sure = grid(district, winter_day.forecasts, 0.0)
    assert sure.spread_kw == pytest.approx(SPREAD_SHARE * district.tariff.subscribed_kw)


def drawn(squares_kw2: float, peak_kw: float = 0.0) -> Circumstances:
    """A January of which each class has these squared overruns."""
    squares = dict.fromkeys(TimeClass, squares_kw2)
    return Circumstances(drawn=Drawn(month=(2026, 1), squares_kw2=squares, peak_kw=peak_kw))


def test_after_a_large_overrun_a_small_one_costs_less_and_a_larger_one_as_much_as_ever(
    winter_day: Day, district: District
) -> None:
    first = grid(district, winter_day.forecasts, 0.0, drawn(0.0))
    again = grid(district, winter_day.forecasts, 0.0, drawn(1.5 * 100.0**2))
    assert (again.overrun_eur_per_kwh < 0.5 * first.overrun_eur_per_kwh).all()
    dearest = again.overrun_eur_per_kwh + again.far_eur_per_kwh
    np.testing.assert_allclose(dearest, first.overrun_eur_per_kwh)
    np.testing.assert_allclose(again.far_kw, 100.0)
    assert (first.far_eur_per_kwh == 0).all()


def test_a_plan_says_what_the_month_s_overruns_cost(winter_day: Day, planner: Planner) -> None:
    late = replace(winter_day, circumstances=drawn(1.5 * 100.0**2, peak_kw=803.0))
    said = late.plan(planner).report.message
    assert re.search(r"overruns of this month cost \d+ EUR so far, its peak is 803 kW", said)


def test_where_the_tariff_charges_the_month_s_peak_a_plan_stays_below_it(
    winter_day: Day, district: District, planner: Planner
) -> None:
    highest = float(winter_day.plan(planner).series["import_kw"].max())
    charging = replace(district, tariff=replace(district.tariff, peak_eur_per_kw_month=10.0))
    reached = 0.8 * highest
    plan = replace(winter_day, circumstances=drawn(0.0, reached)).plan(Planner(charging))
    assert plan.series["import_kw"].max() < 0.95 * highest
    free = replace(winter_day, circumstances=drawn(0.0, 1.2 * highest)).plan(Planner(charging))
    assert free.series["import_kw"].max() > plan.series["import_kw"].max()
