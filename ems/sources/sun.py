"""Where the sun stands, for laying irradiance on slots.

The low-precision almanac formulas (J. J. Michalsky, Solar Energy 40(3), 1988,
doi:10.1016/0038-092X(88)90045-X): 0.01° from 1950 to 2050, no refraction.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ems.domain.district import Site

DAY_S = 86400
_J2000_DAYS = 10957.5
"""The epoch J2000.0, 2000-01-01T12:00Z, in days since 1970."""


class Sun(NamedTuple):
    """The sun over a site at some moments. Arrays have the shape of the moments."""

    sin_elevation: NDArray[np.float64]
    """Sine of its height over the horizon; negative at night."""

    solar_ahead_s: NDArray[np.float64]
    """True solar time less UTC, seconds, -43200 to 43200."""


def sun_over(site: Site, unix_s: NDArray[np.float64]) -> Sun:
    """The sun over `site` at moments given in seconds since 1970-01-01T00:00Z."""
    days = unix_s / DAY_S - _J2000_DAYS
    declination, right_ascension_deg = _equatorial(days)
    sidereal_deg = 280.46062 + 360.98564737 * days + site.longitude
    hour_angle_deg = sidereal_deg - right_ascension_deg
    latitude = np.radians(site.latitude)
    sin_elevation = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(
        declination
    ) * np.cos(np.radians(hour_angle_deg))
    solar_s = (hour_angle_deg / 360 + 0.5) * DAY_S
    ahead_s = (solar_s - unix_s + DAY_S / 2) % DAY_S - DAY_S / 2
    return Sun(sin_elevation, ahead_s)


def _equatorial(days: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Declination [rad] and right ascension [°] at `days` since J2000.0."""
    anomaly = np.radians(357.528 + 0.9856003 * days)
    longitude = np.radians(
        280.460 + 0.9856474 * days + 1.915 * np.sin(anomaly) + 0.020 * np.sin(2 * anomaly)
    )
    obliquity = np.radians(23.439 - 4e-7 * days)
    declination = np.arcsin(np.sin(obliquity) * np.sin(longitude))
    ascension = np.arctan2(np.cos(obliquity) * np.sin(longitude), np.cos(longitude))
    return declination, np.degrees(ascension)
