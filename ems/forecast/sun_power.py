"""PV ahead: each roof by the physics of its modules under the weather that is expected."""

import numpy as np
from numpy.typing import NDArray

from building_models import pv
from ems.domain.district import District
from ems.domain.weather import Weather
from ems.forecast.outside import Ahead, sun_sigma_share
from ems.forecast.spread import normal


def pv_ahead(
    district: District, weather: Weather, leads_h: NDArray[np.float64]
) -> dict[str, Ahead]:
    """Generation of each roof, and of all of them, before any curtailment."""
    sigma = sun_sigma_share(leads_h)
    roofs = district.pv_roofs.values()
    powers = {roof.id: pv.power_in(roof, district.site, weather) for roof in roofs}
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
        source=f"pvlib, {weather.source}",
        degraded=weather.degraded,
    )
