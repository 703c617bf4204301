"""Sun through windows: angle of incidence, what stands opposite, blinds.

Beam goes through each of two panes by the laws of Fresnel and Bouguer (pvlib's `iam.physical`,
after De Soto, doi 10.1016/j.solener.2005.06.010; refraction 1.526, extinction 4 per metre, 2 mm),
diffuse light by the same law integrated over sky and ground (Marion, doi
10.1016/j.solener.2017.02.055).
Buildings opposite hide the sun below their top and, of the sky's isotropic part that a facade
sees, the share sin(height), the view factor of a street canyon.
"""

import numpy as np
import pvlib
from numpy.typing import NDArray

from building_models import solar
from ems.domain.district import Site
from ems.domain.weather import Weather

Floats = NDArray[np.float64]

USUAL_SHADING = 0.8
"""What an aperture of the description counts for shade, dirt and angle: here they are computed."""

BLIND_FROM_W_M2, BLIND_FROM_C, BLIND_KEEPS = 200.0, 18.0, 0.35
"""Shutters are closed against strong sun on warm days; an assumption."""

OPPOSITE_HEIGHT_M, OPPOSITE_DISTANCE_M, FLOOR_HEIGHT_M = 24.0, 40.0, 3.0
"""Mean building opposite; assumptions."""


def skyline_deg(floor: int) -> float:
    """How high what stands opposite reaches over the horizon of a floor."""
    above_m = max(0.0, OPPOSITE_HEIGHT_M - FLOOR_HEIGHT_M * (floor + 0.5))
    return float(np.degrees(np.arctan2(above_m, OPPOSITE_DISTANCE_M)))


def glass_factor(incidence_deg: Floats) -> Floats:
    """Transmission at an angle of incidence, against that of a perpendicular beam."""
    pane: Floats = np.nan_to_num(np.asarray(pvlib.iam.physical(incidence_deg, 1.526, 4.0, 0.002)))
    return pane * pane


def diffuse_factor() -> float:
    """The same for light from the sky and from the ground in front of a vertical window."""
    parts = pvlib.iam.marion_diffuse("physical", 90.0, n=1.526, K=4.0, L=0.002)
    return float((0.5 * (parts["sky"] + parts["ground"])) ** 2)


class FacadeSun:
    """What reaches a facade in a weather, before what stands opposite is counted."""

    def __init__(self, site: Site, weather: Weather, azimuth_deg: float) -> None:
        sun = solar.sun_position(site, weather.horizon)
        light = solar.plane_light(
            site,
            weather.horizon,
            ghi_w_m2=weather.ghi_w_m2,
            dni_w_m2=weather.dni_w_m2,
            dhi_w_m2=weather.dhi_w_m2,
            tilt_deg=solar.VERTICAL_DEG,
            azimuth_deg=azimuth_deg,
        )
        incidence = pvlib.irradiance.aoi(90.0, azimuth_deg, sun.zenith_deg, sun.azimuth_deg)
        factor = diffuse_factor()
        self._beam = light.sun * glass_factor(np.asarray(incidence))
        self._height_deg = 90.0 - sun.zenith_deg
        self._sky, self._ground = factor * light.sky, factor * light.ground
        self._warm = weather.outdoor_temp_c > BLIND_FROM_C

    def through_glass_w_m2(self, skyline: float) -> Floats:
        """Transmitted over perpendicular transmission, W per m² of aperture. Shape [slots]."""
        hidden = float(np.sin(np.radians(skyline)))
        beam = np.where(self._height_deg > skyline, self._beam, 0.0)
        # a wall opposite reflects like the ground in front of it
        total = beam + (1 - hidden) * self._sky + (1 + hidden) * self._ground
        drawn = self._warm & (total > BLIND_FROM_W_M2)
        result: Floats = np.where(drawn, BLIND_KEEPS * total, total)
        return result
