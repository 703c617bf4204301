"""What a year of weather is like: the statistics by which the made-up climate is judged.

Marseille lies between Nice and Carpentras, of which the RT 2012 gives typical years; the made-up
years must lie between the two, or near the nearer one. `climate_references` carries over the
statistics of both, computed by `climate_of` here.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pvlib
from numpy.typing import NDArray

from building_models import solar
from ems.domain.district import Site
from ems.domain.weather import Weather

Floats = NDArray[np.float64]

CLEAR_INDEX = 0.9
"""Above this share of the clear sky's global irradiance an hour counts as clear."""
_SUN_UP_W_M2 = 80.0
"""Clear-sky irradiance from which on an hour is looked at."""
_SEASON_DAYS = 31


@dataclass(frozen=True, kw_only=True)
class Climate:
    """Statistics of one or several years. Monthly tuples begin with January."""

    temp_c: tuple[float, ...]
    """Monthly means of the air."""

    temp_range_k: tuple[float, ...]
    """Monthly means of a day's greatest less its least temperature."""

    ghi_kwh_m2: tuple[float, ...]
    """Monthly sums of global irradiance."""

    ghi_spread: tuple[float, ...]
    """Spread of the days' sums, of their mean, by month."""

    temp_spread_k: float
    """Spread of daily means around the season (mean of 31 days)."""

    temp_memory: float
    """Correlation of that deviation with the one of the day before."""

    sun_memory: float
    """Correlation of the deviation of daily irradiance with the one of the day before."""

    clear_share: float
    """Share of the sunny hours in which global irradiance is near the clear sky's."""

    diffuse_share: float
    """Of global irradiance."""

    wind_m_per_s: float
    """Mean of the year."""

    wind_hour_memory: float
    """Correlation of an hour's mean wind with the one of the hour before."""


def climate_of(weather: Weather, site: Site) -> Climate:
    """Statistics of a whole number of common years from 1 January (UTC), at `site`."""
    days = _Days.of(weather)
    clear = _clear_sky_w_m2(weather, site)
    ghi = _hours(weather.ghi_w_m2)
    seen = clear > _SUN_UP_W_M2
    temp, sun = days.around_season(days.temp_c), days.around_season(days.ghi_kwh)
    wind = _hours(weather.wind_m_per_s)
    return Climate(
        temp_c=days.by_month(days.temp_c),
        temp_range_k=days.by_month(days.range_k),
        ghi_kwh_m2=tuple(
            mean * length
            for mean, length in zip(days.by_month(days.ghi_kwh), _LENGTHS, strict=True)
        ),
        ghi_spread=days.spread_by_month(days.ghi_kwh),
        temp_spread_k=float(temp.std()),
        temp_memory=_memory(temp),
        sun_memory=_memory(sun),
        clear_share=float((ghi[seen] > CLEAR_INDEX * clear[seen]).mean()),
        diffuse_share=float(weather.dhi_w_m2.sum() / weather.ghi_w_m2.sum()),
        wind_m_per_s=float(wind.mean()),
        wind_hour_memory=_memory(wind),
    )


_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, kw_only=True)
class _Days:
    """Daily figures. Shape [days] each."""

    month: NDArray[np.int64] = field(repr=False)
    temp_c: Floats = field(repr=False)
    range_k: Floats = field(repr=False)
    ghi_kwh: Floats = field(repr=False)

    @classmethod
    def of(cls, weather: Weather) -> "_Days":
        temp = _hours(weather.outdoor_temp_c).reshape(-1, 24)
        years = len(temp) // 365
        return cls(
            month=np.tile(np.repeat(np.arange(12), _LENGTHS), years),
            temp_c=temp.mean(axis=1),
            range_k=temp.max(axis=1) - temp.min(axis=1),
            ghi_kwh=weather.ghi_w_m2.reshape(-1, 96).sum(axis=1) / 4000,
        )

    def by_month(self, values: Floats) -> tuple[float, ...]:
        return tuple(float(values[self.month == month].mean()) for month in range(12))

    def spread_by_month(self, values: Floats) -> tuple[float, ...]:
        parts = [values[self.month == month] for month in range(12)]
        return tuple(float(part.std() / part.mean()) for part in parts)

    def around_season(self, values: Floats) -> Floats:
        """Values less the mean of the 31 days around them."""
        ones = np.ones(_SEASON_DAYS)
        count = np.convolve(np.ones(len(values)), ones, mode="same")
        return np.asarray(values - np.convolve(values, ones, mode="same") / count)


def _hours(quarters: Floats) -> Floats:
    return np.asarray(quarters.reshape(-1, 4).mean(axis=1))


def _memory(values: Floats) -> float:
    return float(np.corrcoef(values[:-1], values[1:])[0, 1])


def _clear_sky_w_m2(weather: Weather, site: Site) -> Floats:
    """Global irradiance of a clear sky, hourly means. Shape [hours]."""
    sun = solar.sun_position(site, weather.horizon)
    clear = pvlib.clearsky.haurwitz(pd.Series(sun.zenith_deg))
    return _hours(clear["ghi"].to_numpy(dtype=np.float64))
