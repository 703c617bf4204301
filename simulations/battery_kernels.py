"""A battery through some steps under one setpoint, compiled."""

import numpy as np
from numpy.typing import NDArray

from building_models import battery_losses
from building_models.compiled import compiled

Floats = NDArray[np.float64]


@compiled
def run(
    asked_kw: float,
    rated_kw: float,
    energy_kwh: float,
    low_kwh: float,
    high_kwh: float,
    power_kw: Floats,
    dt_h: float,
) -> float:
    """Energy in the cells after as many steps as `power_kw` is long, which takes the powers."""
    for place in range(len(power_kw)):
        power = battery_losses.step_kw(asked_kw, rated_kw, energy_kwh, low_kwh, high_kwh, dt_h)
        energy_kwh += battery_losses.cell_kw(power, rated_kw) * dt_h
        power_kw[place] = power
    return energy_kwh
