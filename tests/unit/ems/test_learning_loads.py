"""What a night of learning leaves: a champion that travels as bytes, and forecasts made by it."""

from dataclasses import replace

import numpy as np
import pytest

from ems.domain.district import District
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import QuarterHours, Snapshot
from ems.domain.weather import Outlook
from ems.forecast.forecaster import Forecaster
from ems.forecast.local_time import local_time
from ems.forecast.measured import MeasuredPoints
from ems.forecast.packing import packed, unpacked
from ems.learning_loads import challenged, names_of
from ems.sources import builtin_weather

DAYS = 35


@pytest.fixture(scope="module")
def past(district: District) -> QuarterHours:
    """Five weeks from a Parisian midnight: evenings whose size wanders from day to day."""
    points = MeasuredPoints(district)
    horizon = Horizon(Slot(1_840_412), DAYS * 96)
    time = local_time(horizon, district.site.zone)
    rng = np.random.default_rng(2)
    level = np.exp(np.cumsum(rng.normal(0, 0.15, DAYS + 1)))[time.day - time.day[0]]
    evening = (0.2 + np.exp(-(((time.quarter - 76) / 8) ** 2))) * level
    names = points.all
    values = np.zeros((len(names), horizon.length))
    values[names.index(points.district_meter)] = 300 * evening
    for row, name in enumerate(names):
        if name in points.dwellings.points or name in points.hot_water:
            values[row] = evening * rng.uniform(0.9, 1.1, evening.size)
    return QuarterHours(points=names, horizon=horizon, values=values)


@pytest.fixture(scope="module")
def verdict(district: District, past: QuarterHours):
    return challenged(district, past, None)


def test_a_first_night_makes_a_champion_of_all_loads(district: District, verdict) -> None:
    assert verdict.replaced
    assert verdict.champion.names == names_of(district)
    assert np.isfinite(verdict.champion.errors).all()


@pytest.mark.parametrize("used", [True, False], ids=["where it is better", "where it is not"])
def test_the_forecaster_goes_by_the_model_alone_where_it_is_better(
    district: District, verdict, past: QuarterHours, used: bool
) -> None:
    better = np.full(len(verdict.champion.names), used)
    forecaster = Forecaster(district)
    forecaster.adopt(replace(verdict.champion, better=better))
    horizon = Horizon(past.horizon.first + (past.horizon.length + 1), 96)
    weather = builtin_weather(district.site, district.loop, horizon, 1)
    issued_at = (horizon.first + -1).start
    forecasts = forecaster.forecast(
        horizon=horizon,
        issued_at=issued_at,
        history=past,
        snapshot=Snapshot(taken_at=issued_at, readings={}),
        outlook=Outlook(
            weather=weather, day_ahead_eur_per_kwh=np.full(96, np.nan), price_source="none"
        ),
    )
    load = forecasts.series["district/dwellings_kw"]
    assert (load.source == "learned model") == used
    assert load.values[64:84].mean() > 2 * load.values[:30].mean()
    assert len(load.quantiles) == 7


def test_a_champion_survives_the_store(verdict, past: QuarterHours) -> None:
    again = unpacked(packed(verdict.champion))
    assert again.names == verdict.champion.names
    assert again.fitted.settings == verdict.champion.fitted.settings
    assert np.array_equal(again.fitted.weights, verdict.champion.fitted.weights)
    assert np.array_equal(again.fitted.bands.levels, verdict.champion.fitted.bands.levels)
