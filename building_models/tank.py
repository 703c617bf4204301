"""Hot-water tanks as one mixed state, discretised exactly; draws and cold water.

    C dT/dt = charge - draw - loss (T - T_room)

What people draw is counted in litres at 40 °C, as published figures are: mixing at the tap makes
the heat of a litre independent of the tank's temperature as long as that stays above 40 °C.
"""

from dataclasses import dataclass
from datetime import datetime
from math import cos, pi

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ems.domain.slots import Horizon

Floats = NDArray[np.float64]

WATER_KWH_PER_L_K = 4.186 / 3600
"""Heat capacity of water; a litre is taken as a kilogram."""

TAP_C = 40.0
"""Temperature at which drawn litres are counted."""


@dataclass(frozen=True, kw_only=True)
class TankStep:
    """One step of tanks. Every array has shape [tanks]."""

    keep: Floats
    """Share of the excess over the room that is left after a step."""

    gain_k_per_kw: Floats
    """Kelvin that one kW held over the step adds."""


def capacity_kwh_per_k(volume_l: ArrayLike) -> Floats:
    """Heat that warms the tank by one kelvin."""
    result: Floats = np.asarray(volume_l, dtype=np.float64) * WATER_KWH_PER_L_K
    return result


def energy_kwh(volume_l: ArrayLike, temp_c: ArrayLike, cold_c: ArrayLike) -> Floats:
    """Heat in a tank above the cold water that refills it."""
    rise_k: Floats = np.asarray(temp_c, dtype=np.float64) - np.asarray(cold_c, dtype=np.float64)
    return capacity_kwh_per_k(volume_l) * rise_k


def draw_kw(litres_per_h: ArrayLike, cold_c: ArrayLike) -> Floats:
    """Heat of water drawn, litres per hour at 40 °C."""
    rise_k: Floats = np.asarray(TAP_C - np.asarray(cold_c, dtype=np.float64))
    result: Floats = np.asarray(litres_per_h, dtype=np.float64) * rise_k * WATER_KWH_PER_L_K
    return result


def discretise(volume_l: ArrayLike, loss_w_per_k: ArrayLike, dt_h: float) -> TankStep:
    """The exact step over `dt_h` hours with powers held. Both arrays have shape [tanks]."""
    capacity = capacity_kwh_per_k(volume_l)
    loss_kw_per_k = np.asarray(loss_w_per_k, dtype=np.float64) / 1000.0
    x = loss_kw_per_k * dt_h / capacity
    with np.errstate(invalid="ignore"):
        used = np.where(x > 0, -np.expm1(-x) / x, 1.0)
    return TankStep(keep=np.exp(-x), gain_k_per_kw=used * dt_h / capacity)


def step(tank_step: TankStep, temp_c: Floats, net_kw: Floats, room_c: float) -> Floats:
    """Mean temperatures after one step with `net_kw` = charge - draw. Shape [tanks]."""
    return room_c + (temp_c - room_c) * tank_step.keep + net_kw * tank_step.gain_k_per_kw


def served_share(temp_c: Floats) -> Floats:
    """Share of a draw that a tank can serve: all above 42 °C, none below 38 °C."""
    return np.clip((temp_c - (TAP_C - 2)) / 4, 0.0, 1.0)


def cold_water_temp_c(moment: datetime) -> float:
    """Mains water near the Mediterranean coast at a moment of the year.

    A cosine from 11 °C in February to 20 °C in August, an assumption for buried city mains; the
    RT2012 file of EDF BuildSysPro for the coast (zone H3) spans 10 to 25 °C.
    """
    day = moment.timetuple().tm_yday
    return 15.5 - 4.5 * cos(2 * pi * (day - 40) / 365.25)


def cold_water_over(horizon: Horizon) -> Floats:
    """Mains water over slots. Shape [horizon.length]."""
    return np.array([cold_water_temp_c(start) for start in horizon.starts])
