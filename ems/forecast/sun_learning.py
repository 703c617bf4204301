"""Each roof's own truth: what its inverter gave, over what physics made of the measured sun.

Dirt, shade that nobody described, a string that is off and modules that age show as a ratio that
depends on where the sun stands, that is, on the time of day. It is learned from the last two weeks
by quarter hour, smoothed over two hours and drawn towards 1 where little was measured. A silent
inverter does not speak; one that was held below what it could give is taken at its word.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pvlib
from numpy.typing import NDArray

from building_models import pv, solar
from ems.domain.district import District
from ems.domain.slots import SLOT, Horizon
from ems.domain.snapshot import History
from ems.domain.weather import Weather
from ems.forecast.local_time import QUARTERS, local_time
from ems.forecast.measured import MeasuredPoints

Floats = NDArray[np.float64]

DAYS = 14
_SUN_W_M2 = 30.0
"""Below this there is nothing to be learned."""
_SMOOTHED = 8
"""Quarter hours that are taken together."""
_DOUBT_H = 2.0
"""Hours at full power that weigh as much as the description."""
_LEAST, _GREATEST = 0.2, 1.5
_WIND_M_PER_S = 2.0
"""Where wind is not measured. Assumption."""


def ratios(
    district: District, points: MeasuredPoints, history: History, past: Horizon
) -> Mapping[str, Floats]:
    """By roof: measured over physics for each quarter hour of the local day. Shape [96] each."""
    horizon = Horizon(past.first + (past.length - DAYS * QUARTERS), DAYS * QUARTERS)
    none = np.full((2, horizon.length), np.nan)
    sky = history.quarter_hours(points.sky, horizon) if points.sky else none
    weather = _weather(district, horizon, sky[0], sky[1])
    given = history.quarter_hours(points.pv.points, horizon)
    quarter = local_time(horizon, district.site.zone).quarter
    by_device = {
        district.devices[point.partition("/")[0]].serves: row
        for point, row in zip(points.pv.points, given, strict=True)
    }
    return {
        roof.id: _ratio(
            by_device[roof.id],
            pv.power_in(roof, district.site, weather),
            quarter,
            np.isfinite(sky[0]) & (sky[0] > _SUN_W_M2),
            roof.peak_kw,
        )
        for roof in district.pv_roofs.values()
        if roof.id in by_device
    }


def _ratio(
    given_kw: Floats,
    physics_kw: Floats,
    quarter: NDArray[np.int64],
    sunny: NDArray[np.bool_],
    peak_kw: float,
) -> Floats:
    """By quarter hour of the day. Shape [96]."""
    used = sunny & np.isfinite(given_kw) & (physics_kw > 0.01 * peak_kw)
    around = np.ones(_SMOOTHED + 1)
    given, expected = (
        np.convolve(np.bincount(quarter[used], row[used], QUARTERS), around, mode="same")
        for row in (given_kw, physics_kw)
    )
    doubt = _DOUBT_H * 4 * peak_kw
    return np.clip((given + doubt) / (expected + doubt), _LEAST, _GREATEST)


def _weather(district: District, horizon: Horizon, ghi: Floats, outdoor_c: Floats) -> Weather:
    """The measured sky, its direct and diffuse parts after Erbs (10.1016/0038-092X(82)90302-4)."""
    sun = solar.sun_position(district.site, horizon)
    known = np.nan_to_num(ghi)
    moments = pd.DatetimeIndex(horizon.starts) + SLOT / 2
    parts = pvlib.irradiance.erbs(known, sun.zenith_deg, moments)
    mild = float(np.nanmean(outdoor_c)) if np.isfinite(outdoor_c).any() else 15.0
    return Weather(
        horizon=horizon,
        source="the loop's sensors",
        outdoor_temp_c=np.where(np.isfinite(outdoor_c), outdoor_c, mild),
        ghi_w_m2=known,
        dni_w_m2=np.nan_to_num(np.asarray(parts["dni"])),
        dhi_w_m2=np.nan_to_num(np.asarray(parts["dhi"])),
        wind_m_per_s=np.full(horizon.length, _WIND_M_PER_S),
        sea_temp_c=np.full(horizon.length, np.nan),
    )
