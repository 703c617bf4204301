"""The week that stands for a month is the one most like it."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from ems.domain.district import District
from ems.domain.weather import Weather
from ems.sources import builtin_weather
from simulations.catalogue import BY_NAME
from simulations.typical_weeks import days_of, distance, typical_start

JUNE = date(2023, 6, 1)


@pytest.fixture(scope="module")
def june(district: District) -> Weather:
    return builtin_weather(district.site, district.loop, days_of(JUNE, 30), 1)


def test_a_part_like_the_whole_is_at_no_distance() -> None:
    days = np.arange(28.0)[None]
    assert distance(days, days) == 0.0
    assert distance(np.repeat(days, 2, axis=1), days) == pytest.approx(0.0)


def test_the_statistic_by_hand() -> None:
    """One day of four, the greatest: shares 0, 0, 0, 1 beside 1/4, 1/2, 3/4, 1."""
    assert distance(np.array([[4.0]]), np.array([[1.0, 2.0, 3.0, 4.0]])) == pytest.approx(1.5 / 4)


def test_a_week_unlike_its_month_is_not_chosen(june: Weather) -> None:
    usual = typical_start(JUNE, 30, june)
    begin = (usual - JUNE).days * 96
    warmth = june.outdoor_temp_c.copy()
    warmth[begin : begin + 7 * 96] += 15.0
    assert abs(typical_start(JUNE, 30, replace(june, outdoor_temp_c=warmth)) - usual) >= timedelta(
        days=4
    )


def test_twelve_weeks_have_the_year_s_sun_and_warmth(district: District) -> None:
    year = builtin_weather(district.site, district.loop, days_of(date(2023, 1, 1), 365), 1)
    air = sun = 0.0
    for month in BY_NAME["year-in-twelve-weeks"].weeks:
        assert month.among_days is not None
        start = typical_start(month.start, month.among_days, year)
        week = year.over(days_of(start, 7))
        air += month.weight * week.outdoor_temp_c.sum()
        sun += month.weight * week.ghi_w_m2.sum()
    assert air == pytest.approx(year.outdoor_temp_c.sum(), rel=0.03)
    assert sun == pytest.approx(year.ghi_w_m2.sum(), rel=0.06)
