"""What the meter is told of the forecasts' errors."""

from dataclasses import replace

import numpy as np
import pytest
from synthetic_day import Day

from ems.domain.district import District
from ems.domain.forecasts import Forecasts
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
