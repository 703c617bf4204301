"""Weather of Marseille made up from its climate, for a district without a weather source.

Irradiance: pvlib's clear sky (Ineichen) under a cloud cover that wanders with the weather of days
and of hours, and with single clouds from quarter to quarter where the sky is broken; global by
F. Kasten and G. Czeplak, Solar Energy 24(2), 1980, doi:10.1016/0038-092X(80)90391-6
(1 - 0.75 N^3.4), direct as the part of the sky that is free. Temperature: the month's mean, a day
cycle that clouds flatten, and a deviation that wanders. The mistral clears the sky, cools the air
and brings up cold seawater (`mistral`).

How near it comes to the typical years of the RT 2012 on either side of Marseille (Nice and
Carpentras) is measured by `simulations.climate`.
"""

import numpy as np
import pvlib
from numpy.typing import NDArray
from scipy.special import ndtr

from ems.domain.district import SeaLoop, Site
from ems.domain.slots import SLOT_S, Horizon
from ems.domain.weather import Weather
from ems.sources import mistral
from ems.sources.calendar_year import FINE_S
from ems.sources.chance import Chance, chance
from ems.sources.sea import day_of_year, sea_temp_c, through_the_year
from ems.sources.sun import DAY_S, sun_over

# Monthly means, January first.
TEMP_C = (7.1, 8.0, 11.0, 13.6, 17.6, 21.6, 24.3, 24.0, 20.4, 16.4, 11.0, 8.0)
"""Air temperature. Assumption: rounded normals of the Marseille coast."""
LINKE_TURBIDITY = (2.75, 3.3, 3.9, 3.55, 3.4, 3.55, 3.25, 3.55, 3.35, 3.1, 2.9, 2.65)
"""Source: SoDa's climatology at 43.3° N, 5.4° E, as pvlib distributes it."""
CLOUD_MEDIAN = (0.58, 0.52, 0.42, 0.40, 0.35, 0.27, 0.15, 0.24, 0.36, 0.48, 0.56, 0.58)
"""Part of the sky that is covered. Fitted to the irradiance of the typical years."""
CLOUD_SPREAD = (1.9, 1.8, 1.8, 2.0, 1.8, 1.4, 1.4, 1.3, 1.6, 1.9, 2.0, 1.9)
"""Spread of the cover's normal score from day to day. Fitted as above."""
SWING_K = (3.8, 4.2, 4.6, 4.8, 5.0, 5.2, 5.4, 5.2, 4.8, 4.2, 3.8, 3.6)
"""Half the span between a clear day's afternoon and its dawn. Fitted as above."""
TEMP_SPREAD_K = 2.25
"""Of daily means around the season. Fitted as above."""
WIND_M_PER_S = 2.6
"""Median of the wind when no mistral blows. Assumption."""

_WARMEST_H = 14.5
"""Solar hour of the day's greatest temperature. Assumption."""
_BREEZE = 0.3
"""How much the wind follows the day. Assumption."""
_LOWEST_ZENITH_DEG = 89.9
"""The clear-sky model is not defined under the horizon; what it says there is set to 0."""


def builtin_weather(site: Site, loop: SeaLoop, horizon: Horizon, seed: int) -> Weather:
    """Plausible weather over `horizon`; the same slot always has the same weather."""
    begins = np.array(horizon.slots, dtype=np.float64) * SLOT_S
    day = day_of_year(horizon)
    luck = chance(begins, seed)
    blows = mistral.strength(luck.of_days[2])
    cloud = _cloud(day, luck, blows)
    ghi, dni, dhi = _irradiance(site, begins, day, cloud)
    return Weather(
        horizon=horizon,
        source="built-in climate of Marseille",
        outdoor_temp_c=_temp_c(site, begins, day, cloud, luck, blows),
        ghi_w_m2=ghi,
        dni_w_m2=dni,
        dhi_w_m2=dhi,
        wind_m_per_s=_wind_m_per_s(site, begins, luck, blows),
        sea_temp_c=sea_temp_c(loop, horizon) - mistral.upwelling_k(luck, begins + SLOT_S / 2, day),
    )


def _cloud(
    day: NDArray[np.float64], luck: Chance, blows: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Part of the sky that is covered, 0 to 1. Shape [slots]."""
    spread = through_the_year(CLOUD_SPREAD, day)
    centre = 3.2 * (through_the_year(CLOUD_MEDIAN, day) - 0.5)
    score = centre + spread * (luck.of_days[1] + 0.4 * luck.of_hours[1]) - 1.0 * blows
    cover = ndtr(score)
    # single clouds pass where the sky is neither free nor closed
    broken = 4 * cover * (1 - cover)
    return np.asarray(np.clip(cover + 0.16 * broken * luck.of_quarters, 0.0, 1.0))


def _wind_m_per_s(
    site: Site, begins: NDArray[np.float64], luck: Chance, blows: NDArray[np.float64]
) -> NDArray[np.float64]:
    calm = WIND_M_PER_S * np.exp(0.18 * luck.of_days[2] + 0.5 * luck.of_hours[2])
    breeze = 1 + _BREEZE * np.cos(_day_phase(site, begins))
    return np.asarray((calm + mistral.SPEED_M_PER_S * blows) * breeze)


def _day_phase(site: Site, begins: NDArray[np.float64]) -> NDArray[np.float64]:
    """Angle of the day, 0 at its warmest hour. Shape [slots]."""
    solar_s = begins + SLOT_S / 2 + site.longitude / 360 * DAY_S
    return np.asarray(2 * np.pi * (solar_s / 3600 - _WARMEST_H) / 24)


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
    luck: Chance,
    blows: NDArray[np.float64],
) -> NDArray[np.float64]:
    phase = _day_phase(site, begins)
    shape = np.cos(phase) + 0.2 * np.cos(2 * phase)
    # the cover of the day, not of the hour: air forgets slowly
    cover = ndtr(1.35 * luck.of_days[1] - 0.5)
    swing = through_the_year(SWING_K, day) * (1.2 - 0.7 * cover)
    mean = through_the_year(TEMP_C, day) + TEMP_SPREAD_K * luck.of_days[0]
    mean = mean + 0.4 * luck.of_hours[0] - mistral.COOLING_K * (blows - mistral.MEAN_SHARE)
    return np.asarray(mean + swing * shape - 0.8 * (cloud - cover))
