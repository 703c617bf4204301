"""What past forecasts of the sun teach: a service that is wrong, and one that is right."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from building_models import pv
from ems.domain.district import District
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import QuarterHours
from ems.domain.weather import Weather
from ems.forecast.measured import MeasuredPoints
from ems.forecast.outside import Ahead
from ems.forecast.sun_correction import usual_kw
from ems.forecast.sun_power import pv_ahead
from ems.forecast.sun_record import KEPT_EVERY, SunRecord
from ems.sources import builtin_weather

FIRST = Slot.containing(datetime(2026, 5, 1, tzinfo=UTC))
WHOLE = Horizon(FIRST, 58 * 96)
LAST = 54 * 96 + 20
"""The newest issue: a June morning before sunrise."""


@pytest.fixture(scope="module")
def sky(district: District) -> Weather:
    return builtin_weather(district.site, district.loop, WHOLE, 1)


@pytest.fixture(scope="module")
def given(district: District, sky: Weather) -> np.ndarray:
    points = MeasuredPoints(district).pv.points
    roofs = [district.devices[point.partition("/")[0]].serves for point in points]
    return np.array([pv.power_in(district.pv_roofs[roof], district.site, sky) for roof in roofs])


def last_issue(
    district: District, sky: Weather, given: np.ndarray, bright: float, days: int = 10
) -> tuple[dict[str, Ahead], dict[str, Ahead]]:
    """As told and as set right, by a service that tells `bright` times the sun, after `days`."""
    points = MeasuredPoints(district)
    record = SunRecord(district, points)
    history = QuarterHours(points=points.pv.points, horizon=WHOLE, values=given)
    kept = range(LAST - days * 96, LAST, KEPT_EVERY)
    for place in (*(place + late for place in kept for late in (0, 1)), LAST):
        horizon = Horizon(FIRST + place, 96)
        weather = sky.over(horizon)
        told = replace(
            weather,
            ghi_w_m2=bright * weather.ghi_w_m2,
            dni_w_m2=bright * weather.dni_w_m2,
            dhi_w_m2=bright * weather.dhi_w_m2,
        )
        leads = (np.arange(96) + 0.5) / 4
        plain = pv_ahead(district, told, leads, {})
        window = Horizon(FIRST + (place - 1 - 28 * 96), 28 * 96)
        right = record.corrected(plain, horizon, leads, history, window)
    return plain, right


def off(told: dict[str, Ahead], given: np.ndarray) -> float:
    truth = given[:, LAST : LAST + 96].sum(axis=0)
    return float(np.abs(told["pv/available_kw"].values - truth).mean())


def test_a_service_that_is_always_too_dark_is_set_right(district, sky, given) -> None:
    plain, right = last_issue(district, sky, given, bright=0.6)
    assert off(right, given) < 0.4 * off(plain, given)


def test_roofs_still_add_up_and_bands_stay_between_0_and_the_inverters(
    district, sky, given
) -> None:
    _, right = last_issue(district, sky, given, bright=0.8)
    total = right.pop("pv/available_kw")
    assert sum(roof.values for roof in right.values()) == pytest.approx(total.values)
    rows = np.array(list(total.quantiles.values()))
    assert (np.diff(rows, axis=0) >= 0).all()
    limit_kw = sum(roof.inverter_kw for roof in district.pv_roofs.values())
    assert (rows >= 0).all()
    assert (rows <= limit_kw).all()


def test_a_service_that_is_right_is_believed(district, sky, given) -> None:
    plain, right = last_issue(district, sky, given, bright=1.0)
    assert right["pv/available_kw"].values == pytest.approx(
        plain["pv/available_kw"].values, rel=0.03, abs=2.0
    )
    assert right["pv/available_kw"].source.endswith("set right by past forecasts")


def test_before_a_week_is_kept_physics_speaks_alone(district, sky, given) -> None:
    plain, right = last_issue(district, sky, given, bright=0.6, days=0)
    assert right is plain


def test_what_comes_later_moves_nothing(district, sky, given) -> None:
    later = given.copy()
    later[:, LAST - 1 :] = 1e4
    _, right = last_issue(district, sky, given, bright=0.8)
    _, again = last_issue(district, sky, later, bright=0.8)
    assert np.array_equal(right["pv/available_kw"].values, again["pv/available_kw"].values)


def test_the_usual_day_is_the_mean_of_the_newest_seven_that_are_over() -> None:
    days = np.repeat(np.arange(10.0), 96)
    assert usual_kw(days, 10 * 96, 96) == pytest.approx(np.full(96, 6.0))
    assert usual_kw(days, 11 * 96, 96) == pytest.approx(np.full(96, 6.0))
    # ten slots of the eleventh day are over: they stand in for the oldest day
    begun = np.append(days, np.full(10, 100.0))
    assert usual_kw(begun, 970 + 86, 10) == pytest.approx(np.full(10, 139 / 7))
