"""A buried pipe: what goes in comes out later and a little nearer to the ground's temperature.

Water moves as plugs (`water_column`), so that a temperature front arrives after volume / flow; each
plug approaches the ground as exp(-t / tau), tau = heat capacity over loss, of the same length. In
steady flow that is the textbook T_out = T_ground + (T_in - T_ground) exp(-U L / (m c)) (EN 13941).
"""

from math import exp
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from building_models import water_column
from building_models.compiled import compiled

Floats = NDArray[np.float64]


class PipeFlow(NamedTuple):
    """What a pipe did in one step."""

    out_c: float
    """Mean temperature of what left it."""

    lost_kwh: float
    """Heat given to the ground."""


@compiled
def step(
    cells_c: Floats,
    volume_m3: float,
    loss_kw_per_k: float,
    kwh_per_m3_k: float,
    entering_c: float,
    flow_m3_per_h: float,
    ground_c: float,
    dt_h: float,
) -> PipeFlow:
    """Move on by `dt_h`; `cells_c` [N], from the entry to the exit, changes in place."""
    count = len(cells_c)
    capacity = volume_m3 * kwh_per_m3_k
    out = water_column.push(cells_c, flow_m3_per_h * dt_h / volume_m3 * count, entering_c)
    keep = exp(-loss_kw_per_k * dt_h / capacity)
    lost = 0.0
    for place in range(count):
        rise = cells_c[place] - ground_c
        cells_c[place] = ground_c + rise * keep
        lost += rise * (1.0 - keep) * capacity / count
    return PipeFlow(out, lost)
