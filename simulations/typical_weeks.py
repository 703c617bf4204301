"""The week that stands for a month: the one whose days are spread most as the month's are.

A candidate is judged by the Finkelstein-Schafer statistic, by which EN ISO 15927-4 and the typical
meteorological years choose their months (J. M. Finkelstein and R. E. Schafer, Biometrika 58(3),
1971, doi:10.1093/biomet/58.3.641): the mean distance of its cumulative distribution from that of
the whole, of daily means of air temperature, irradiance and wind alike. A week may begin on any
day: seven days in a row always hold five working days.
"""

from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from ems.domain.slots import Horizon, Slot
from ems.domain.weather import Weather

Floats = NDArray[np.float64]

WEEK_DAYS = 7
_DAY = 96


def days_of(first: date, count: int) -> Horizon:
    """The slots of some days (UTC)."""
    begin = Slot.containing(datetime.combine(first, datetime.min.time(), UTC))
    return Horizon(begin, count * _DAY)


def typical_start(first: date, days: int, weather: Weather) -> date:
    """The first day of the most typical week within `days` from `first`.

    Args:
        first: First day of the span.
        days: Length of the span, at least seven.
        weather: Covers `days_of(first, days)`.
    """
    daily = _daily_means(weather.over(days_of(first, days)))
    begins = range(days - WEEK_DAYS + 1)
    best = min(begins, key=lambda begin: distance(daily[:, begin : begin + WEEK_DAYS], daily))
    return first + timedelta(days=best)


def distance(part: Floats, whole: Floats) -> float:
    """Finkelstein-Schafer statistic of a part's days, mean over the quantities.

    Args:
        part: Shape [quantities, days].
        whole: Shape [quantities, more days].
    """
    apart = [
        np.abs(_share_up_to(some, every) - _share_up_to(every, every)).mean()
        for some, every in zip(part, whole, strict=True)
    ]
    return float(np.mean(apart))


def _share_up_to(values: Floats, marks: Floats) -> Floats:
    return np.asarray(np.searchsorted(np.sort(values), marks, side="right") / len(values))


def _daily_means(weather: Weather) -> Floats:
    """Air, sun and wind. Shape [3, days]."""
    quantities = (weather.outdoor_temp_c, weather.ghi_w_m2, weather.wind_m_per_s)
    return np.array([values.reshape(-1, _DAY).mean(axis=1) for values in quantities])
