"""A made-up past of the district, with a weekly pattern and luck that lasts for hours."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pytest
from numpy.typing import NDArray

from ems.domain.district import DeviceKind, District
from ems.domain.forecasts import Forecasts
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import QuarterHours, Snapshot
from ems.domain.weather import Outlook
from ems.forecast.forecaster import Forecaster
from ems.forecast.local_time import local_time
from ems.sources import builtin_weather
from simulations.outlook import ForecastWeather, known_prices

FIRST = Slot.containing(datetime(2026, 2, 16, tzinfo=UTC))
"""A Monday six weeks before the clock changes in spring."""
SPAN = Horizon(FIRST, 45 * 96)


@dataclass(frozen=True, kw_only=True)
class Past:
    """History, and the truth that it is a part of."""

    history: QuarterHours
    base_load_kw: NDArray[np.float64]

    def row(self, point: str) -> NDArray[np.float64]:
        return self.history.values[self.history.points.index(point)]

    def changed(self, change: Callable[[NDArray[np.float64]], None]) -> "Past":
        values = self.history.values.copy()
        change(values)
        history = QuarterHours(
            points=self.history.points, horizon=self.history.horizon, values=values
        )
        return Past(history=history, base_load_kw=self.base_load_kw)


def lasting(rng: np.random.Generator, slots: int, spread: float, kept: float = 0.97):
    """Deviations that fade by `kept` in each slot."""
    shocks = rng.normal(size=slots + 200) * spread * np.sqrt(1 - kept**2)
    return np.convolve(shocks, kept ** np.arange(200), mode="full")[200 : 200 + slots]


@pytest.fixture(scope="session")
def forecaster(district: District) -> Forecaster:
    return Forecaster(district)


@pytest.fixture(scope="session")
def past(district: District, forecaster: Forecaster) -> Past:
    """45 days: offices on workdays, cars in the morning, a hot-water peak in the evening."""
    rng = np.random.default_rng(7)
    time = local_time(SPAN, district.site.zone)
    rows = {point: np.zeros(SPAN.length) for point in forecaster.points}
    working = (time.weekday < 5) & (time.quarter >= 32) & (time.quarter < 72)
    base = 250.0 + 200.0 * working + lasting(rng, SPAN.length, 15.0)
    for device in district.of_kind(DeviceKind.CHARGE_POINT):
        rows[f"{device.id}/power_kw"] = _sessions(rng, time.weekday)
    for device in district.of_kind(DeviceKind.DWELLING):
        evening = (time.quarter >= 72) & (time.quarter < 92)
        rows[f"{device.id}/electric_power_kw"] = 0.3 + 0.4 * evening
    for device in district.of_kind(DeviceKind.SUBSTATION):
        drawn = 10 + 20.0 * ((time.quarter >= 72) & (time.quarter < 84))
        rows[f"{device.id}/hot_water_draw_kw"] = drawn + lasting(rng, SPAN.length, 2.0, 0.5)
    for device in district.of_kind(DeviceKind.HEAT_PUMP):
        rows[f"{device.id}/electric_power_kw"] = 40.0 + rng.normal(size=SPAN.length)
    for device in district.of_kind(DeviceKind.PV_INVERTER):
        rows[f"{device.id}/power_kw"] = np.maximum(30 * np.sin((time.quarter - 24) / 48 * 3.14), 0)
    rows["M-HTA/power_kw"] = base + sum(
        (-1 if point.startswith("PV") else 1) * row
        for point, row in rows.items()
        if point.startswith(("CP", "HP", "PV", "BAT"))
    )
    values = np.array([rows[point] for point in forecaster.points])
    history = QuarterHours(points=forecaster.points, horizon=SPAN, values=values)
    return Past(history=history, base_load_kw=base)


def _sessions(rng: np.random.Generator, weekday: NDArray[np.int64]) -> NDArray[np.float64]:
    power = np.zeros(SPAN.length)
    for day in range(SPAN.length // 96):
        if weekday[day * 96 + 48] < 5 and rng.random() < 0.6:
            begin = day * 96 + int(rng.normal(34, 3))
            power[begin : begin + int(rng.integers(4, 16))] = 7.0
    return power


@pytest.fixture(scope="session")
def ask(district: District, forecaster: Forecaster, past: Past):
    """Asks for a forecast as the cycle would, some minutes before its first slot."""
    truth = builtin_weather(district.site, district.loop, Horizon(FIRST, 60 * 96), seed=3)
    service = ForecastWeather(truth, seed=4)
    prices = np.full(truth.horizon.length, 0.08)

    def forecast(
        issued_at: datetime,
        *,
        history: QuarterHours | None = None,
        snapshot: Snapshot | None = None,
        slots: int = 96,
        outlook: Outlook | None = None,
    ) -> Forecasts:
        horizon = Horizon(Slot.containing(issued_at) + 1, slots)
        begin = truth.horizon.offset(horizon.first)
        known = known_prices(prices[begin : begin + slots], horizon, issued_at, district.site.zone)
        return forecaster.forecast(
            horizon=horizon,
            issued_at=issued_at,
            history=history or past.history,
            snapshot=snapshot or Snapshot(taken_at=issued_at, readings={}),
            outlook=outlook
            or Outlook(
                weather=service.outlook(horizon, issued_at),
                day_ahead_eur_per_kwh=known,
                price_source="day-ahead",
            ),
        )

    return forecast
