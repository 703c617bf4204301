"""Weekly profiles on series whose answer is known."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from ems.domain.slots import Horizon, Slot, slots_of_local_day
from ems.forecast.local_time import likeness, local_time
from ems.forecast.profiles import expect
from ems.forecast.spread import around, quantiles_of

PARIS = ZoneInfo("Europe/Paris")


def split(begin: datetime, days: int, ahead: int = 96):
    past = Horizon(Slot.containing(begin), days * 96)
    return local_time(past, PARIS), local_time(Horizon(past.first + past.length, ahead), PARIS)


MONDAY = datetime(2026, 1, 4, 23, tzinfo=UTC)
"""Midnight of Monday 5 January in Paris."""


@pytest.mark.parametrize(
    ("days", "expected"), [(28, 100.0), (33, 20.0)], ids=["Monday", "Saturday"]
)
def test_a_week_that_repeats_is_forecast_exactly(days: int, expected: float) -> None:
    before, ahead = split(MONDAY, days)
    series = np.where(before.weekday < 5, 100.0, 20.0)
    result = expect(series[None, :], before, ahead, first_lead=1)
    assert result.values[0] == pytest.approx(np.full(96, expected), abs=0.5)


def test_a_deviation_that_lasts_is_carried_on_and_fades() -> None:
    rng = np.random.default_rng(1)
    before, ahead = split(MONDAY, 28)
    shocks = rng.normal(size=before.day.size)
    walk = np.zeros(before.day.size)
    for slot in range(1, walk.size):
        walk[slot] = 0.98 * walk[slot - 1] + shocks[slot]
    walk[-8:] += 30
    values = expect(100 + walk[None, :], before, ahead, first_lead=1).values[0]
    assert values[0] - values[-1] > 15
    assert (np.diff(values) < 3).all()


def test_noise_without_memory_is_not_carried_on() -> None:
    rng = np.random.default_rng(2)
    before, ahead = split(MONDAY, 28)
    noise = rng.normal(size=before.day.size)
    noise[-4:] = 10
    values = expect(100 + noise[None, :], before, ahead, first_lead=1).values[0]
    assert values == pytest.approx(np.full(96, 100), abs=2.5)


def test_quantiles_of_plain_noise_are_those_of_the_noise() -> None:
    rng = np.random.default_rng(3)
    before, ahead = split(MONDAY, 28)
    noise = rng.normal(size=before.day.size)
    result = expect(noise[None, :], before, ahead, first_lead=1)
    _, low, *_, high, _ = result.deviations[:, 0]
    assert low.mean() == pytest.approx(-1.28, abs=0.15)
    assert high.mean() == pytest.approx(1.28, abs=0.15)


def test_a_series_without_a_past_stays_unknown_and_touches_no_other() -> None:
    before, ahead = split(MONDAY, 28)
    series = np.vstack([np.full(before.day.size, np.nan), np.ones(before.day.size)])
    result = expect(series, before, ahead, first_lead=1)
    assert np.isnan(result.values[0]).all()
    assert result.days.tolist() == [0, 28]
    assert result.values[1] == pytest.approx(np.ones(96))


class TestLocalTime:
    def test_spring_skips_an_hour(self) -> None:
        day = slots_of_local_day(date(2026, 3, 29), PARIS)
        time = local_time(Horizon(Slot(day.start), len(day)), PARIS)
        assert len(set(time.day)) == 1
        assert sorted(set(range(96)) - set(time.quarter.tolist())) == [8, 9, 10, 11]

    def test_autumn_has_an_hour_twice(self) -> None:
        day = slots_of_local_day(date(2026, 10, 25), PARIS)
        time = local_time(Horizon(Slot(day.start), len(day)), PARIS)
        assert np.bincount(time.quarter)[8:12].tolist() == [2, 2, 2, 2]

    def test_days_are_alike_by_kind_and_age(self) -> None:
        monday = np.array([20458])  # 2026-01-05
        week = monday[0] - np.arange(15)
        weights = likeness(monday, week)[0]
        assert weights[0] == 0
        assert weights[7] > weights[14] > weights[3] > weights[1]


def test_quantiles_leave_nan_out() -> None:
    pool = np.array([[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, np.nan], [np.nan] * 12])
    assert quantiles_of(pool)[:, 0] == pytest.approx([0.5, 1, 2.5, 5, 7.5, 9, 9.5])
    assert quantiles_of(pool)[:, 1].tolist() == [0] * 7


def test_quantiles_around_a_value_stay_above_the_least() -> None:
    rows = around(np.array([1.0]), np.array([[-4.0], [-3], [-0.5], [0], [1], [2], [3]]))
    assert [float(rows[level][0]) for level in (0.1, 0.5, 0.9)] == [0.0, 1.0, 3.0]
