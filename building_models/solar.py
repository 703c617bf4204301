"""Sun and irradiance on tilted planes, by pvlib, at the middle of each slot."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
import pvlib
from numpy.typing import NDArray

from ems.domain.district import Site
from ems.domain.slots import SLOT, Horizon

Floats = NDArray[np.float64]

ALBEDO = 0.2
"""Of streets and roofs around."""

VERTICAL_DEG = 90.0


@dataclass(frozen=True, kw_only=True)
class SunPosition:
    """The sun at the middle of each slot. Every array has shape [slots]."""

    zenith_deg: Floats
    """Apparent: with refraction."""

    azimuth_deg: Floats
    """0 north, 90 east."""

    extra_w_m2: Floats
    """Normal irradiance outside the atmosphere."""

    @property
    def is_up(self) -> NDArray[np.bool_]:
        """Where the sun stands above the horizon."""
        return self.zenith_deg < 90.0


@lru_cache(maxsize=16)
def sun_position(site: Site, horizon: Horizon) -> SunPosition:
    """Where the sun stands, by NREL's algorithm.

    Source: Reda and Andreas, doi 10.1016/j.solener.2003.12.003.
    """
    middle = pd.DatetimeIndex(horizon.starts) + SLOT / 2
    sun = pvlib.solarposition.get_solarposition(
        middle, site.latitude, site.longitude, altitude=site.altitude_m
    )
    arrays = (sun["apparent_zenith"], sun["azimuth"], pvlib.irradiance.get_extra_radiation(middle))
    zenith, azimuth, extra = (np.asarray(array, dtype=np.float64) for array in arrays)
    for array in (zenith, azimuth, extra):
        array.setflags(write=False)
    return SunPosition(zenith_deg=zenith, azimuth_deg=azimuth, extra_w_m2=extra)


@dataclass(frozen=True, kw_only=True)
class PlaneLight:
    """What reaches a plane, by where it comes from. Every array has shape [slots], W/m2."""

    sun: Floats
    """Beam and the bright ring around the sun."""

    sky: Floats
    """Diffuse, alike from all of the sky."""

    ground: Floats
    """Reflected."""


def plane_light(
    site: Site,
    horizon: Horizon,
    ghi_w_m2: Floats,
    dni_w_m2: Floats,
    dhi_w_m2: Floats,
    tilt_deg: float,
    azimuth_deg: float,
) -> PlaneLight:
    """Light on a plane, Hay and Davies for the sky. Arrays of shape [slots].

    Nothing comes before the sun is up, whatever a weather file says.
    """
    sun = sun_position(site, horizon)
    incidence = pvlib.irradiance.aoi(tilt_deg, azimuth_deg, sun.zenith_deg, sun.azimuth_deg)
    sky = pvlib.irradiance.haydavies(
        tilt_deg,
        azimuth_deg,
        dhi_w_m2,
        dni_w_m2,
        sun.extra_w_m2,
        sun.zenith_deg,
        sun.azimuth_deg,
        return_components=True,
    )
    beam = dni_w_m2 * np.clip(np.cos(np.radians(incidence)), 0.0, None)
    ring = np.nan_to_num(np.asarray(sky["poa_circumsolar"], dtype=np.float64))
    plain = np.nan_to_num(np.asarray(sky["poa_isotropic"], dtype=np.float64))
    ground = ALBEDO * ghi_w_m2 * (1.0 - np.cos(np.radians(tilt_deg))) / 2
    by_day = [np.where(sun.is_up, part, 0.0) for part in (beam + ring, plain, ground)]
    return PlaneLight(sun=by_day[0], sky=by_day[1], ground=by_day[2])


def plane_w_m2(
    site: Site,
    horizon: Horizon,
    ghi_w_m2: Floats,
    dni_w_m2: Floats,
    dhi_w_m2: Floats,
    tilt_deg: float,
    azimuth_deg: float,
) -> Floats:
    """Global irradiance on a plane under a free sky. Arrays of shape [slots]."""
    light = plane_light(site, horizon, ghi_w_m2, dni_w_m2, dhi_w_m2, tilt_deg, azimuth_deg)
    return light.sun + light.sky + light.ground


def facade_w_m2(
    site: Site,
    horizon: Horizon,
    ghi_w_m2: Floats,
    dni_w_m2: Floats,
    dhi_w_m2: Floats,
    azimuth_deg: float,
) -> Floats:
    """Global irradiance on a vertical plane that faces `azimuth_deg`. Shape [slots]."""
    return plane_w_m2(
        site,
        horizon,
        ghi_w_m2=ghi_w_m2,
        dni_w_m2=dni_w_m2,
        dhi_w_m2=dhi_w_m2,
        tilt_deg=VERTICAL_DEG,
        azimuth_deg=azimuth_deg,
    )
