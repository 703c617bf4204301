"""Photovoltaic roofs by pvlib: plane, skyline, cell temperature, modules, inverter."""

import numpy as np
import pvlib
from numpy.typing import NDArray

from building_models import skyline, solar
from ems.domain.district import PvRoof, Site
from ems.domain.slots import Horizon
from ems.domain.weather import Weather

Floats = NDArray[np.float64]

POWER_PER_K = -0.0037
"""Loss of power per kelvin of cell temperature, crystalline silicon."""

INVERTER_EFFICIENCY = 0.965
"""European efficiency of string inverters of this size."""


def power_kw(
    roof: PvRoof,
    site: Site,
    horizon: Horizon,
    ghi_w_m2: Floats,
    dni_w_m2: Floats,
    dhi_w_m2: Floats,
    outdoor_temp_c: Floats,
    wind_m_per_s: Floats,
) -> Floats:
    """Generation at the inverter's terminals, uncurtailed, positive. Arrays of shape [slots].

    Cell temperature by Faiman (doi 10.1002/pip.813), modules by PVWatts, clipped at the inverter.
    """
    light = solar.plane_light(
        site,
        horizon,
        ghi_w_m2=ghi_w_m2,
        dni_w_m2=dni_w_m2,
        dhi_w_m2=dhi_w_m2,
        tilt_deg=roof.tilt_deg,
        azimuth_deg=roof.azimuth_deg,
    )
    sun = solar.sun_position(site, horizon)
    plane = skyline.kept_w_m2(light, sun, skyline.heights_deg(roof))
    cell_c = pvlib.temperature.faiman(plane, outdoor_temp_c, wind_m_per_s)
    direct_kw = pvlib.pvsystem.pvwatts_dc(plane, cell_c, roof.peak_kw, POWER_PER_K)
    kept = np.asarray(direct_kw, dtype=np.float64) * (1.0 - roof.loss_share) * INVERTER_EFFICIENCY
    return np.clip(kept, 0.0, roof.inverter_kw)


def power_in(roof: PvRoof, site: Site, weather: Weather) -> Floats:
    """Generation of a roof in a weather. Shape [weather.horizon.length]."""
    return power_kw(
        roof,
        site,
        weather.horizon,
        ghi_w_m2=weather.ghi_w_m2,
        dni_w_m2=weather.dni_w_m2,
        dhi_w_m2=weather.dhi_w_m2,
        outdoor_temp_c=weather.outdoor_temp_c,
        wind_m_per_s=weather.wind_m_per_s,
    )
