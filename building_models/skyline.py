"""What hills and neighbouring buildings take from a roof: the skyline by quarter of the compass.

The sun is hidden while it stands below the skyline of its quarter, and with it the ring around it
(as pvlib's example on horizons does for the beam). Of the diffuse light of an even sky a level
plane keeps the mean of cos²(height) over all directions: the sky view factor of J. Dozier and
J. Frew, IEEE Transactions on Geoscience and Remote Sensing 28(5), 1990, doi:10.1109/36.58986; roofs
are tilted by 15° at most. Light from walls around counts as none.
"""

import numpy as np
from numpy.typing import NDArray

from building_models.solar import PlaneLight, SunPosition
from ems.domain.district import PvRoof

Floats = NDArray[np.float64]

QUARTER_DEG = 90.0


def heights_deg(roof: PvRoof) -> Floats:
    """How high the skyline of a roof stands to the north, east, south and west. Shape [4]."""
    return np.array(
        [roof.skyline_n_deg, roof.skyline_e_deg, roof.skyline_s_deg, roof.skyline_w_deg]
    )


def sky_view(heights: Floats) -> float:
    """Share of an even sky's light that a level plane keeps under a skyline [deg] by quarter."""
    return float((np.cos(np.radians(heights)) ** 2).mean())


def sun_is_seen(heights: Floats, sun: SunPosition) -> NDArray[np.bool_]:
    """Whether the sun stands above the skyline. Shape [slots]."""
    quarter = np.floor((sun.azimuth_deg + QUARTER_DEG / 2) / QUARTER_DEG).astype(np.intp) % 4
    seen: NDArray[np.bool_] = 90.0 - sun.zenith_deg > heights[quarter]
    return seen


def kept_w_m2(light: PlaneLight, sun: SunPosition, heights: Floats) -> Floats:
    """Irradiance of a plane under a skyline [deg] by quarter. Shape [slots]."""
    kept: Floats = np.where(sun_is_seen(heights, sun), light.sun, 0.0)
    return kept + sky_view(heights) * light.sky + light.ground
