"""The built-in climate: repeatable, plausible for Marseille, dark at night."""

from datetime import UTC, datetime

import numpy as np
import pytest

from ems.domain.district import District
from ems.domain.slots import Horizon, Slot
from ems.domain.weather import Weather
from ems.sources import builtin_weather
from ems.sources.builtin import TEMP_C
from ems.sources.sun import sun_over

YEAR = Horizon(Slot.containing(datetime(2026, 1, 1, tzinfo=UTC)), 365 * 96)


@pytest.fixture(scope="module")
def year(district: District) -> Weather:
    return builtin_weather(district.site, district.loop, YEAR, seed=1)


@pytest.mark.parametrize(("start", "length"), [(0, 1), (1000, 300), (5003, 97)])
def test_a_slot_has_one_weather_whatever_horizon_asks(
    year: Weather, district: District, start: int, length: int
) -> None:
    part = Horizon(YEAR.first + start, length)
    again, whole = builtin_weather(district.site, district.loop, part, seed=1), year.over(part)
    for name in ("outdoor_temp_c", "ghi_w_m2", "dni_w_m2", "dhi_w_m2", "wind_m_per_s"):
        assert np.array_equal(getattr(again, name), getattr(whole, name))


def test_another_seed_is_another_year(year: Weather, district: District) -> None:
    other = builtin_weather(district.site, district.loop, Horizon(YEAR.first, 96), seed=2)
    assert not np.allclose(other.outdoor_temp_c, year.outdoor_temp_c[:96], atol=0.1)


def test_the_year_is_as_sunny_as_marseille(district: District) -> None:
    annual = [
        builtin_weather(district.site, district.loop, YEAR, seed).ghi_w_m2.sum() / 4000
        for seed in range(3)
    ]
    # kWh/m2; the climate of the coast gives about 1,600
    assert np.mean(annual) == pytest.approx(1600, rel=0.06)


def test_the_months_are_as_warm_as_their_means(year: Weather) -> None:
    january, july = year.outdoor_temp_c[: 31 * 96], year.outdoor_temp_c[181 * 96 : 212 * 96]
    assert january.mean() == pytest.approx(TEMP_C[0], abs=2)
    assert july.mean() == pytest.approx(TEMP_C[6], abs=2)


def test_no_light_at_night_and_never_less_than_none(year: Weather, district: District) -> None:
    edges = np.array(YEAR.slots)[:, None] * 900.0 + [0, 450, 900]
    night = (sun_over(district.site, edges).sin_elevation < 0).all(axis=1)
    for light in (year.ghi_w_m2, year.dni_w_m2, year.dhi_w_m2):
        assert (light[night] == 0).all()
        assert (light >= 0).all()


def test_afternoons_are_warmer_than_dawns(year: Weather) -> None:
    by_hour = year.outdoor_temp_c.reshape(-1, 96).mean(axis=0)
    # UTC: dawn about 5 h, the warmest about 14 h
    assert by_hour[56] - by_hour[18] > 5


def test_the_sea_is_warmest_in_late_summer(year: Weather, district: District) -> None:
    assert 181 * 96 < np.argmax(year.sea_temp_c) < 260 * 96
    assert year.sea_temp_c.max() < max(district.loop.sea_temp_c_by_month) + 1.5
