"""PV ahead: each roof by the physics of its modules under the weather that is expected, corrected
by what its own inverter has lately given (`sun_learning`).
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from building_models import pv
from ems.domain.district import District
from ems.domain.weather import Weather
from ems.forecast.local_time import QUARTERS, local_time
from ems.forecast.outside import Ahead, sun_sigma_share
from ems.forecast.spread import normal


def pv_ahead(
    district: District,
    weather: Weather,
    leads_h: NDArray[np.float64],
    ratios: Mapping[str, NDArray[np.float64]],
) -> dict[str, Ahead]:
    """Generation of each roof, and of all of them, before any curtailment.

    `ratios` by roof: measured over physics for each quarter hour of the local day, shape [96].
    """
    quarter = local_time(weather.horizon, district.site.zone).quarter
    plain = np.ones(QUARTERS)
    sigma = sun_sigma_share(leads_h)
    roofs = district.pv_roofs.values()
    powers = {
        roof.id: np.minimum(
            pv.power_in(roof, district.site, weather) * ratios.get(roof.id, plain)[quarter],
            roof.inverter_kw,
        )
        for roof in roofs
    }
    limits = {roof.id: roof.inverter_kw for roof in roofs}
    series = {
        f"{roof}/pv_kw": _ahead(power, sigma, limits[roof], weather)
        for roof, power in powers.items()
    }
    total = np.sum([*powers.values(), np.zeros(weather.horizon.length)], axis=0)
    series["pv/available_kw"] = _ahead(total, sigma, sum(limits.values()), weather)
    return series


def _ahead(
    power_kw: NDArray[np.float64], sigma: NDArray[np.float64], limit_kw: float, weather: Weather
) -> Ahead:
    return Ahead(
        values=power_kw,
        quantiles=normal(power_kw, sigma * power_kw, 0.0, limit_kw),
        source=f"pvlib, own inverter, {weather.source}",
        degraded=weather.degraded,
    )
