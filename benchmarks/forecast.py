"""Forecasts on public series: the last quarter is the test, settings were fixed before it.

Errors are mean absolute errors over the mean of the series, day-ahead, issued at midnight, learned
anew every seven days from all that came before.
"""

import time

import numpy as np

from benchmarks import forecast_speed, forecast_sun
from benchmarks.figures import Figure, Report
from benchmarks.forecast_public import BUILDINGS, city, homes
from ems.forecast.backtest import MIDDLE, OURS, Rolled, roll
from ems.forecast.model import Settings
from ems.forecast.rivals import boosted
from ems.forecast.shapes import Calendar, Floats

TEST_DAYS = (274, 365)
QUICK_DAYS = 14
LEADS_H = ((0, 1), (1, 3), (3, 8), (8, 24))
SIMPLE = ("yesterday", "last week", "mean of 7 days", "LightGBM")
SMOOTH_WEATHER_K, CLOUD_SHARE = 1.5, 0.25
"""Errors of the made-up weather forecast: spread of the air, and of the sun over its mean."""


def measure(quick: bool) -> Report:
    """Speed; the virtual roofs; ev2gym's homes; CityLearn's buildings by what weather is known."""
    figures = [*forecast_speed.measure(quick), *forecast_sun.measure(quick)]
    figures += [*_homes(quick), *_city(quick)]
    return Report(name="forecast", figures=figures)


def _issues(per_day: int, quick: bool) -> np.ndarray:
    first, end = TEST_DAYS
    return np.arange(first, first + QUICK_DAYS if quick else end) * per_day


def _homes(quick: bool) -> list[Figure]:
    values, calendar = homes()
    began_s = time.process_time()
    rolled = roll(
        values,
        calendar,
        _issues(96, quick),
        Settings(greatest_lead=96),
        rivals={"LightGBM": boosted},
    )
    took_s = time.process_time() - began_s
    title = "ev2gym, 24 homes"
    goal = None if quick else 0.172
    return [
        Figure(name=title, value=rolled.error(OURS, 0), unit="of mean", goal=goal),
        *(
            Figure(name=f"{title}: {name}", value=rolled.error(name, 0), unit="of mean")
            for name in (MIDDLE, *SIMPLE)
        ),
        Figure(name=f"{title}: pinball", value=rolled.pinball(0), unit="of mean"),
        *_bands(title, rolled),
        Figure(name=f"{title}: all of it", value=took_s, unit="s CPU"),
    ]


def _bands(title: str, rolled: Rolled) -> list[Figure]:
    """Coverage of P10 to P90 and error, by lead; mean of the series."""
    series, figures = range(len(rolled.names)), []
    whole = float(np.mean([rolled.coverage(row) for row in series]))
    figures.append(Figure(name=f"{title}: P10-P90", value=whole, unit="of truth"))
    for begin, end in LEADS_H:
        part = slice(begin * rolled.per_day // 24, end * rolled.per_day // 24)
        errors = [rolled.error(OURS, row, part) for row in series]
        name = f"{title}: {begin}-{end} h ahead"
        figures.append(Figure(name=name, value=float(np.mean(errors)), unit="of mean"))
        inside = float(np.mean([rolled.coverage(row, part) for row in series]))
        figures.append(Figure(name=f"{name}, P10-P90", value=inside, unit="of truth"))
    return figures


def _city(quick: bool) -> list[Figure]:
    series, calendar, actual, foretold = city()
    spread = np.random.default_rng(1)
    weathers = {
        "no weather": np.zeros((0, actual.shape[1])),
        "weather forecast with errors": _wrong(actual, spread),
        "the data set's own forecast": foretold,
        "true weather": actual,
    }
    figures = []
    for quantity, values in series.items():
        for told, weather in weathers.items():
            if told == "true weather" and np.allclose(foretold, actual):
                continue  # the data set's forecast is what came
            figures += _beside(f"CityLearn {quantity}, {told}", values, calendar, weather, quick)
    return figures


def _wrong(actual: Floats, rng: np.random.Generator) -> Floats:
    """True weather with errors that last for hours: air by its spread, sun by a factor."""
    shocks = rng.standard_normal((2, actual.shape[1] + 24))
    kept = 0.85 ** np.arange(24)
    kept /= np.sqrt((kept**2).sum())
    air, sun = (np.convolve(row, kept, mode="valid")[: actual.shape[1]] for row in shocks)
    factor = np.exp(CLOUD_SHARE * sun - CLOUD_SHARE**2 / 2)
    return np.array([actual[0] + SMOOTH_WEATHER_K * air, actual[1] / factor, actual[2] * factor])


def _beside(
    title: str, values: Floats, calendar: Calendar, weather: Floats, quick: bool
) -> list[Figure]:
    rolled = roll(
        values,
        calendar,
        _issues(24, quick),
        Settings(greatest_lead=24),
        weather=weather,
        rivals={"LightGBM": boosted},
    )
    figures = []
    for row, number in enumerate(BUILDINGS):
        best = min(SIMPLE, key=lambda name: rolled.error(name, row))
        goal = None if quick else rolled.error(best, row)
        name = f"{title}: building {number} (best of others: {best})"
        value = rolled.error(MIDDLE, row)
        figures.append(Figure(name=name, value=value, unit="of mean", goal=goal))
        name = f"{title}: building {number}, by the mean"
        figures.append(Figure(name=name, value=rolled.error(OURS, row), unit="of mean"))
    return [*figures, *_bands(title, rolled)]
