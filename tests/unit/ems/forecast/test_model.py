"""The load model on a made-up year's quarter of a house with habits, weekends and moods."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from ems.domain.slots import Horizon, Slot
from ems.forecast.backtest import OURS, roll
from ems.forecast.features import KeptDays
from ems.forecast.local_time import local_time
from ems.forecast.model import Fitted, Settings, fit
from ems.forecast.shapes import Calendar

PARIS = ZoneInfo("Europe/Paris")
DAYS, PER_DAY = 63, 24
SETTINGS = Settings(greatest_lead=48)
FIRST = Slot.containing(datetime(2026, 1, 25, 23, tzinfo=UTC))
"""A Monday at midnight in Paris; clocks change in the night to 29 March, day 62."""


def hourly_calendar(days: int = DAYS) -> Calendar:
    time = local_time(Horizon(FIRST, days * 96), PARIS)
    return Calendar(day=time.day[::4], step=time.quarter[::4] // 4, per_day=PER_DAY)


def houses(count: int, days: int = DAYS, seed: int = 3):
    """Evening peaks, long Sunday mornings, and moods that last for hours. [houses, hours]."""
    rng = np.random.default_rng(seed)
    calendar = hourly_calendar(days)
    weekday = (calendar.day + 3) % 7
    peak = np.exp(-(((calendar.step - 19) / 2.0) ** 2))
    morning = np.exp(-(((calendar.step - np.where(weekday >= 5, 10, 7)) / 1.5) ** 2))
    usual = 0.4 + 1.5 * peak + 1.0 * morning
    moods = np.zeros((count, len(usual)))
    for hour in range(1, len(usual)):
        moods[:, hour] = 0.85 * moods[:, hour - 1] + rng.normal(0, 0.12, count)
    return np.maximum(usual * rng.uniform(0.5, 2, (count, 1)) + moods, 0.05), calendar


@pytest.fixture(scope="module")
def past():
    return houses(6)


@pytest.fixture(scope="module")
def fitted(past) -> Fitted:
    values, calendar = past
    return fit(values[:, : 50 * PER_DAY], calendar.until(50 * PER_DAY), SETTINGS)


@pytest.fixture(scope="module")
def rolled(past):
    values, calendar = past
    issues = np.arange(45, 58) * PER_DAY
    return roll(values, calendar, issues, replace(SETTINGS, greatest_lead=24), learn_every=4)


def test_it_beats_every_simple_method(rolled) -> None:
    errors = {
        name: np.mean([rolled.error(name, row) for row in range(6)]) for name in rolled.methods
    }
    assert errors[OURS] < 0.95 * min(errors[name] for name in errors if not name.startswith(OURS))


def test_the_latest_hour_helps_the_next_most(rolled) -> None:
    """Beside a mean of days, which knows no mood, the gain fades with lead."""
    soon, late = (
        np.mean(
            [
                rolled.error(OURS, r, part) / rolled.error("mean of 7 days", r, part)
                for r in range(6)
            ]
        )
        for part in (slice(0, 2), slice(12, 24))
    )
    assert soon < 0.9 * late


def test_four_fifths_lie_between_p10_and_p90(rolled) -> None:
    assert 0.74 < np.mean([rolled.coverage(row) for row in range(6)]) < 0.87


def test_each_quantile_lies_below_the_next(rolled) -> None:
    assert (np.diff(rolled.quantiles, axis=0) >= 0).all()


def test_no_forecast_moves_when_the_future_changes(past, rolled) -> None:
    """All after the last issue is made absurd; every forecast, learned and issued, is the same."""
    values, calendar = past
    changed = values.copy()
    changed[:, rolled.issues[-1] :] = 1e5
    settings = replace(SETTINGS, greatest_lead=24)
    again = roll(changed, calendar, rolled.issues, settings, learn_every=4)
    assert np.array_equal(again.methods[OURS], rolled.methods[OURS])
    assert np.array_equal(again.quantiles, rolled.quantiles)


def test_only_later_forecasts_know_of_a_change(past, rolled) -> None:
    values, calendar = past
    changed = values.copy()
    changed[:, rolled.issues[6] :] *= 3
    settings = replace(SETTINGS, greatest_lead=24)
    again = roll(changed, calendar, rolled.issues, settings, learn_every=4)
    same = [
        np.array_equal(again.methods[OURS][:, n], rolled.methods[OURS][:, n]) for n in range(13)
    ]
    assert same == [True] * 7 + [False] * 6


@pytest.mark.parametrize("hours", [23, 24, 48], ids=["short day", "24 hours", "two days"])
def test_the_evening_peak_follows_the_clock_over_its_change(past, fitted, hours: int) -> None:
    """Issued at midnight before the clock goes forward: 19 h comes after 18 hours."""
    values, calendar = past
    issue = int(np.flatnonzero(calendar.day == calendar.day[0] + 62)[0])
    longer = hourly_calendar(DAYS + 2)
    expected = fitted.predict(values[:, :issue], longer.until(issue + hours))
    assert expected.values.shape == (6, hours)
    assert calendar.step[issue + 18] == 19
    assert (np.argmax(expected.values[:, 14:23], axis=1) == 4).sum() >= 5


def test_what_is_kept_of_past_days_changes_no_forecast(past, fitted) -> None:
    """Through two days, hour by hour, over the clock's change: as if each were the first."""
    values, _ = past
    kept, longer = KeptDays(), hourly_calendar(DAYS + 2)
    for issue in range(61 * PER_DAY - 4, 62 * PER_DAY + 8, 3):
        ahead = longer.until(issue + 48)
        alone = fitted.predict(values[:, :issue], ahead)
        again = fitted.predict(values[:, :issue], ahead, kept=kept)
        assert np.array_equal(again.values, alone.values)
        assert np.array_equal(again.quantiles, alone.quantiles)


def test_gaps_are_bridged(past, fitted) -> None:
    values, calendar = past
    holed = values[:, : 50 * PER_DAY].copy()
    holed[:, -30:] = np.nan
    holed[0, 200:400] = np.nan
    whole = fitted.predict(values[:, : 50 * PER_DAY], calendar.until(52 * PER_DAY))
    expected = fitted.predict(holed, calendar.until(52 * PER_DAY))
    assert np.isfinite(expected.values).all()
    assert np.abs(expected.values - whole.values).mean() < 0.2 * whole.values.mean()


def test_bands_widen_when_the_truth_leaves_them(past, fitted) -> None:
    values, calendar = past
    expected = fitted.predict(values[:, : 50 * PER_DAY], calendar.until(52 * PER_DAY))
    outside = expected.quantiles[-1] + 1
    wider = fitted
    for _ in range(5):
        wider = wider.updated(expected.quantiles, outside)
    assert (wider.width > 1.15 * fitted.width).all()
    unknown = np.full_like(outside, np.nan)
    assert np.array_equal(fitted.updated(expected.quantiles, unknown).width, fitted.width)


def test_scenarios_keep_to_the_bands_and_hang_together(past, fitted) -> None:
    """Half of the paths lie above the median; hours near each other are correlated."""
    values, calendar = past
    expected = fitted.predict(values[:, : 50 * PER_DAY], calendar.until(52 * PER_DAY))
    paths = fitted.bands.scenarios(expected.quantiles, 40, seed=1)
    assert paths.shape == (40, 6, 48)
    assert (paths >= expected.quantiles[0] - 1e-9).all()
    above = (paths > expected.quantiles[3]).mean()
    assert 0.4 < above < 0.6
    near = np.corrcoef(paths[:, 0, 20], paths[:, 0, 21])[0, 1]
    assert near > 0.2  # moods last for hours; independent hours would have none


def test_weather_that_matters_is_learned() -> None:
    """Solar power follows the irradiance of the coming day, not of yesterday."""
    rng = np.random.default_rng(5)
    step = np.arange(DAYS * PER_DAY)
    calendar = Calendar(day=20000 + step // 24, step=step % 24, per_day=24)
    clear = np.maximum(np.sin((calendar.step - 6) / 12 * np.pi), 0)
    sun = clear * np.repeat(rng.uniform(0.2, 1, DAYS), 24)
    power = (3 * sun + 0.05 * rng.normal(size=sun.size) * (clear > 0))[None]
    issues = np.arange(50, 60) * 24
    settings = Settings(greatest_lead=24)
    blind = roll(power, calendar, issues, settings)
    told = roll(power, calendar, issues, settings, weather=sun[None])
    assert told.error(OURS, 0) < 0.4 * blind.error(OURS, 0)
