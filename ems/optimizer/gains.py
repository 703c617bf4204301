"""Heat that nobody asked for: sun, people and appliances, into the air and into the structure."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from building_models import solar
from ems.domain.district import District, Use, UseProfile
from ems.domain.forecasts import Forecasts
from ems.domain.slots import Horizon
from ems.optimizer.occupancy import occupied
from ems.optimizer.stock import RoomStock

Floats = NDArray[np.float64]

HOMES = (Use.DWELLING, Use.RESIDENCE)
"""Uses of rooms in which people live."""
HEAT_TO_AIR = 0.8
"""Share of heating that warms the air; the rest radiates into the structure. Cold is all air."""
PEOPLE_TO_AIR = 0.5
"""Share of the heat of people and appliances (EN ISO 13790: one half by convection)."""
SUN_TO_AIR = 0.3
"""Share of the sun that furniture gives to the air at once; an assumption."""


@dataclass(frozen=True, kw_only=True)
class Gains:
    """Heat into each room. Every array has shape [slots, n]."""

    people_kw: Floats = field(repr=False)
    """Of people, light and appliances."""
    sun_kw: Floats = field(repr=False)
    """Through the windows."""

    @property
    def air_kw(self) -> Floats:
        """What warms the air."""
        warmed: Floats = PEOPLE_TO_AIR * self.people_kw + SUN_TO_AIR * self.sun_kw
        return warmed

    @property
    def mass_kw(self) -> Floats:
        """What warms the structure."""
        warmed: Floats = self.people_kw + self.sun_kw - self.air_kw
        return warmed


def gains(stock: RoomStock, district: District, forecasts: Forecasts) -> Gains:
    """The gains of all rooms over the horizon of `forecasts`."""
    return Gains(
        people_kw=people_kw(stock, district, forecasts.horizon),
        sun_kw=_sun_kw(stock, district, forecasts),
    )


def people_kw(stock: RoomStock, district: District, horizon: Horizon) -> Floats:
    """Heat of people, light and appliances over any slots. Shape [slots, n]."""
    per_m2 = {u: _people_w_per_m2(p, district, horizon) for u, p in stock.uses.items()}
    powers: Floats = stock.by_profile(per_m2) * stock.area_m2 / 1000
    return powers


def _people_w_per_m2(profile: UseProfile, district: District, horizon: Horizon) -> Floats:
    """Homes by their mean, other zones by their hours of use. Shape [slots]."""
    at_use, idle = profile.gains_w_per_m2, profile.gains_idle_w_per_m2
    if profile.use in HOMES:
        return np.full(horizon.length, (at_use + idle) / 2)
    used = occupied(profile, horizon, district.site.zone)
    return np.where(used, at_use, idle)


def _sun_kw(stock: RoomStock, district: District, forecasts: Forecasts) -> Floats:
    total = np.zeros((forecasts.horizon.length, stock.count))
    for side in np.unique(stock.orientation_deg):
        facade = solar.facade_w_m2(
            district.site,
            forecasts.horizon,
            ghi_w_m2=forecasts["weather/ghi_w_m2"],
            dni_w_m2=forecasts["weather/dni_w_m2"],
            dhi_w_m2=forecasts["weather/dhi_w_m2"],
            azimuth_deg=float(side),
        )
        glass = np.where(stock.orientation_deg == side, stock.solar_m2, 0.0)
        total += facade[:, None] * glass / 1000
    return total
