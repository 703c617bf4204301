"""Weather of Marseille made up from its climate, for a district without a weather source.

Irradiance: pvlib's clear sky (Ineichen) under a cloud cover that wanders with the weather of days
and of hours; global by F. Kasten and G. Czeplak, Solar Energy 24(2), 1980,
doi:10.1016/0038-092X(80)90391-6 (1 - 0.75 N^3.4), direct as the part of the sky that is free.
Temperature: the month's mean, a day cycle that clouds flatten, and a deviation that wanders.

All chance is drawn per UTC day from the seed, and blended over the days and hours before by fixed
weights: a slot has the same weather whatever horizon asks for it.
"""

from dataclasses import dataclass, field

import numpy as np
import pvlib
from numpy.typing import NDArray
from scipy.special import ndtr

from ems.domain.district import SeaLoop, Site
from ems.domain.slots import SLOT_S, Horizon
from ems.domain.weather import Weather
from ems.sources.calendar_year import FINE_S
from ems.sources.sea import day_of_year, sea_temp_c, through_the_year
from ems.sources.sun import DAY_S, sun_over

# Monthly means, January first.
TEMP_C = (7.1, 8.0, 11.0, 13.6, 17.6, 21.6, 24.3, 24.0, 20.4, 16.4, 11.0, 8.0)
"""Air temperature. Assumption: rounded normals of the Marseille coast."""
LINKE_TURBIDITY = (2.75, 3.3, 3.9, 3.55, 3.4, 3.55, 3.25, 3.55, 3.35, 3.1, 2.9, 2.65)
"""Source: SoDa's climatology at 43.3° N, 5.4° E, as pvlib distributes it."""
CLOUD_MEDIAN = (0.46, 0.42, 0.40, 0.42, 0.38, 0.28, 0.17, 0.20, 0.30, 0.42, 0.48, 0.48)
"""Part of the sky that is covered. Assumption: for some 1,600 kWh/m2 in a year."""
SWING_K = (3.6, 4.0, 4.4, 4.6, 4.8, 5.0, 5.2, 5.0, 4.6, 4.0, 3.6, 3.4)
"""Half the span between a clear day's afternoon and its dawn. Assumption."""

_WARMEST_H = 14.5
"""Solar hour of the day's greatest temperature. Assumption."""
_LOWEST_ZENITH_DEG = 89.9
"""The clear-sky model is not defined under the horizon; what it says there is set to 0."""
_DAY_MEMORY, _HOUR_MEMORY = 0.65, 0.8
"""How much of a deviation is left after a day, and after an hour. Assumption."""
_DAYS_BACK = 10
_DRAWS_PER_DAY = 3 + 3 * 24


@dataclass(frozen=True, kw_only=True)
class _Chance:
    """Wandering deviations of mean 0 and spread 1. Each of shape [3: temp, cloud, wind, slots]."""

    of_days: NDArray[np.float64] = field(repr=False)
    of_hours: NDArray[np.float64] = field(repr=False)


def builtin_weather(site: Site, loop: SeaLoop, horizon: Horizon, seed: int) -> Weather:
    """Plausible weather over `horizon`; the same slot always has the same weather."""
    begins = np.array(horizon.slots, dtype=np.float64) * SLOT_S
    day = day_of_year(horizon)
    chance = _chance(begins, seed)
    cloud = _cloud(day, chance)
    ghi, dni, dhi = _irradiance(site, begins, day, cloud)
    return Weather(
        horizon=horizon,
        source="built-in climate of Marseille",
        outdoor_temp_c=_temp_c(site, begins, day, cloud, chance),
        ghi_w_m2=ghi,
        dni_w_m2=dni,
        dhi_w_m2=dhi,
        wind_m_per_s=3.8 * np.exp(0.5 * chance.of_days[2] + 0.2 * chance.of_hours[2]),
        sea_temp_c=sea_temp_c(loop, horizon),
    )


def _chance(begins: NDArray[np.float64], seed: int) -> _Chance:
    middles = begins + SLOT_S / 2
    first = int(middles[0] // DAY_S) - _DAYS_BACK
    last = int(middles[-1] // DAY_S) + 2
    drawn = np.array([_drawn(seed, day) for day in range(first, last)])
    days = _wandering(drawn[:, :3], _DAY_MEMORY)
    hours = _wandering(drawn[:, 3:].reshape(-1, 3), _HOUR_MEMORY)
    noon_s = (np.arange(first, last) + 0.5) * DAY_S
    half_past_s = first * DAY_S + (np.arange(len(hours)) + 0.5) * 3600
    return _Chance(
        of_days=np.array([np.interp(middles, noon_s, column) for column in days.T]),
        of_hours=np.array([np.interp(middles, half_past_s, column) for column in hours.T]),
    )


def _drawn(seed: int, day: int) -> NDArray[np.float64]:
    return np.random.default_rng([seed, day]).standard_normal(_DRAWS_PER_DAY)


def _wandering(shocks: NDArray[np.float64], memory: float) -> NDArray[np.float64]:
    """Each row as a fading sum of its own shock and those of the eight before. Shape as given."""
    weights = memory ** np.arange(9)
    weights /= np.sqrt((weights**2).sum())
    columns = [np.convolve(column, weights)[: len(shocks)] for column in shocks.T]
    return np.stack(columns, axis=1)


def _cloud(day: NDArray[np.float64], chance: _Chance) -> NDArray[np.float64]:
    """Part of the sky that is covered, 0 to 1. Shape [slots]."""
    centre = 3.2 * (through_the_year(CLOUD_MEDIAN, day) - 0.5)
    return np.asarray(ndtr(centre + 1.35 * chance.of_days[1] + 0.55 * chance.of_hours[1]))


def _irradiance(
    site: Site, begins: NDArray[np.float64], day: NDArray[np.float64], cloud: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Global, direct and diffuse [W/m2], means over each slot."""
    fine_s = begins[:, None] + np.arange(FINE_S / 2, SLOT_S, FINE_S)
    height = sun_over(site, fine_s).sin_elevation
    zenith = np.minimum(np.degrees(np.arccos(height)), _LOWEST_ZENITH_DEG)
    pressure = pvlib.atmosphere.alt2pres(site.altitude_m)
    airmass = pvlib.atmosphere.get_relative_airmass(zenith)
    clear = pvlib.clearsky.ineichen(
        zenith,
        pvlib.atmosphere.get_absolute_airmass(airmass, pressure),
        through_the_year(LINKE_TURBIDITY, day)[:, None],
        altitude=site.altitude_m,
        dni_extra=pvlib.irradiance.get_extra_radiation(day)[:, None],
    )
    up = height > 0
    clear_ghi, clear_dni = (np.where(up, np.nan_to_num(clear[key]), 0) for key in ("ghi", "dni"))
    ghi = clear_ghi.mean(axis=1) * (1 - 0.75 * cloud**3.4)
    dni = clear_dni.mean(axis=1) * (1 - cloud)
    beam = (clear_dni * np.maximum(height, 0)).mean(axis=1) * (1 - cloud)
    return ghi, dni, np.maximum(ghi - beam, 0)


def _temp_c(
    site: Site,
    begins: NDArray[np.float64],
    day: NDArray[np.float64],
    cloud: NDArray[np.float64],
    chance: _Chance,
) -> NDArray[np.float64]:
    solar_s = begins + SLOT_S / 2 + site.longitude / 360 * DAY_S
    phase = 2 * np.pi * (solar_s / 3600 - _WARMEST_H) / 24
    shape = np.cos(phase) + 0.2 * np.cos(2 * phase)
    # the cover of the day, not of the hour: air forgets slowly
    cover = ndtr(1.35 * chance.of_days[1] - 0.5)
    swing = through_the_year(SWING_K, day) * (1.2 - 0.7 * cover)
    mean = through_the_year(TEMP_C, day) + 2.0 * chance.of_days[0] + 0.4 * chance.of_hours[0]
    return np.asarray(mean + swing * shape - 0.8 * (cloud - cover))
