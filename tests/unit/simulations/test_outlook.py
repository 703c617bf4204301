"""The virtual weather service: errs more the further it looks, always alike, never in the sun."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from ems.domain.district import District
from ems.domain.errors import SourceError
from ems.domain.slots import Horizon, Slot
from ems.domain.weather import Weather
from ems.sources import builtin_weather
from simulations.outlook import ForecastWeather, known_prices

PARIS = ZoneInfo("Europe/Paris")
SPAN = Horizon(Slot.containing(datetime(2026, 5, 1, tzinfo=UTC)), 40 * 96)


@pytest.fixture(scope="module")
def truth(district: District) -> Weather:
    return builtin_weather(district.site, district.loop, SPAN, seed=5)


def errors_k(truth: Weather) -> np.ndarray:
    """Errors of the air temperature by issue and lead. Shape [issues, 96]."""
    service = ForecastWeather(truth, seed=1)
    rows = []
    for issue in range(0, 38 * 96, 24):
        horizon = Horizon(SPAN.first + issue, 96)
        forecast = service.outlook(horizon, horizon.first.start)
        rows.append(forecast.outdoor_temp_c - truth.over(horizon).outdoor_temp_c)
    return np.array(rows)


def test_errors_grow_with_lead(truth: Weather) -> None:
    spread = errors_k(truth).std(axis=0)
    assert spread[0] == 0
    assert spread[4] < spread[24] < spread[90]
    assert spread[90] == pytest.approx(1.4, rel=0.25)


def test_errors_hang_together(truth: Weather) -> None:
    errors = errors_k(truth)[:, 40:]
    assert np.corrcoef(errors[:, 0], errors[:, 4])[0, 1] > 0.8


def test_the_same_issue_errs_alike_whatever_horizon(truth: Weather) -> None:
    issued_at = SPAN.first.start + timedelta(hours=7)
    first = Slot.containing(issued_at)
    service = ForecastWeather(truth, seed=1)
    long = service.outlook(Horizon(first, 96), issued_at)
    part = service.outlook(Horizon(first + 10, 20), issued_at)
    again = ForecastWeather(truth, seed=1).outlook(Horizon(first, 96), issued_at)
    assert np.array_equal(long.ghi_w_m2, again.ghi_w_m2)
    assert np.array_equal(long.over(part.horizon).outdoor_temp_c, part.outdoor_temp_c)
    other = ForecastWeather(truth, seed=2).outlook(Horizon(first, 96), issued_at)
    assert not np.allclose(other.outdoor_temp_c, long.outdoor_temp_c)


def test_the_truth_beyond_the_horizon_changes_nothing(truth: Weather) -> None:
    horizon = Horizon(SPAN.first + 96, 96)
    short = truth.over(Horizon(SPAN.first, 2 * 96))
    ours, theirs = (
        ForecastWeather(known, seed=1).outlook(horizon, horizon.first.start)
        for known in (truth, short)
    )
    assert np.array_equal(ours.ghi_w_m2, theirs.ghi_w_m2)


def test_nights_stay_dark_and_days_credible(truth: Weather) -> None:
    service = ForecastWeather(truth, seed=1)
    for day in range(30):
        horizon = Horizon(SPAN.first + 96 * day, 96)
        forecast = service.outlook(horizon, horizon.first.start)
        night = truth.over(horizon).ghi_w_m2 == 0
        for light in (forecast.ghi_w_m2, forecast.dni_w_m2, forecast.dhi_w_m2):
            assert (light[night] == 0).all()
            assert (light >= -1e-9).all()
        assert forecast.ghi_w_m2.max() < 1100
        assert (forecast.dhi_w_m2 <= forecast.ghi_w_m2 + 1e-9).all()


def test_what_the_truth_does_not_cover_is_refused(truth: Weather) -> None:
    with pytest.raises(SourceError, match="covers"):
        ForecastWeather(truth, seed=1).outlook(
            Horizon(SPAN.first + SPAN.length, 96), SPAN.first.start
        )


@pytest.mark.parametrize(
    ("hour", "known"),
    [(0, 96), (12, 48), (13, 44 + 96)],
    ids=["at midnight", "at noon", "once tomorrow is out"],
)
def test_prices_are_known_to_the_end_of_a_local_day(hour: int, known: int) -> None:
    issued_at = datetime(2026, 5, 5, hour, tzinfo=PARIS)
    horizon = Horizon(Slot.containing(issued_at), 192)
    prices = known_prices(np.ones(192), horizon, issued_at, PARIS)
    assert np.isfinite(prices).sum() == known
    assert np.isfinite(prices[:known]).all()


def test_prices_of_the_short_day_end_at_its_midnight() -> None:
    issued_at = datetime(2026, 3, 29, 0, tzinfo=PARIS)
    horizon = Horizon(Slot.containing(issued_at), 96)
    assert np.isfinite(known_prices(np.ones(96), horizon, issued_at, PARIS)).sum() == 92


def test_prices_that_are_not_out_leave_no_trace() -> None:
    issued_at = datetime(2026, 5, 5, 9, tzinfo=PARIS)
    horizon = Horizon(Slot.containing(issued_at), 96)
    calm, wild = np.ones(96), np.where(np.arange(96) < 60, 1.0, 1e6)
    shown = [known_prices(prices, horizon, issued_at, PARIS) for prices in (calm, wild)]
    assert np.array_equal(*shown, equal_nan=True)


def test_errors_are_those_that_weather_services_publish(truth: Weather) -> None:
    """1 to 2 K and 20 to 35 % of the mean irradiance by day on the second day, without bias."""
    service = ForecastWeather(truth, seed=1)
    air, sun, mean = [], [], []
    for issue in range(0, 37 * 96, 48):
        horizon = Horizon(SPAN.first + issue, 192)
        forecast, came = service.outlook(horizon, horizon.first.start), truth.over(horizon)
        second = slice(96, 192)
        air.append((forecast.outdoor_temp_c - came.outdoor_temp_c)[second])
        day = came.ghi_w_m2[second] > 0
        sun.append((forecast.ghi_w_m2 - came.ghi_w_m2)[second][day])
        mean.append(came.ghi_w_m2[second][day])
    errors, usual = np.concatenate(sun), np.concatenate(mean).mean()
    assert 1.0 < np.sqrt(np.square(air).mean()) < 2.0
    assert 0.20 < np.sqrt(np.square(errors).mean()) / usual < 0.35
    assert abs(errors.mean()) / usual < 0.05


def test_the_sea_is_forecast_as_it_is_now(truth: Weather) -> None:
    horizon = Horizon(SPAN.first + 500, 96)
    forecast = ForecastWeather(truth, seed=1).outlook(horizon, horizon.first.start)
    assert np.ptp(forecast.sea_temp_c) == 0
    assert forecast.sea_temp_c[0] == truth.over(horizon).sea_temp_c[0]


def test_a_service_that_is_never_wrong_foretells_what_comes(truth: Weather) -> None:
    horizon = Horizon(SPAN.first + 500, 96)
    forecast = ForecastWeather(truth, seed=1, wrong=0).outlook(horizon, horizon.first.start)
    came = truth.over(horizon)
    for name in ("outdoor_temp_c", "ghi_w_m2", "dhi_w_m2", "sea_temp_c", "wind_m_per_s"):
        np.testing.assert_allclose(getattr(forecast, name), getattr(came, name), atol=1e-9)
