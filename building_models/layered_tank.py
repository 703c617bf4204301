"""Hot-water tanks in layers: cold enters below, hot leaves above, charged through an exchanger.

One step is split: the draw pushes the column up (`water_column.push`), losses and conduction act
by the exact step of a network, the exchanger takes water at the bottom and gives it back hot at the
top, and what is unstable mixes. Each part conserves heat to rounding, so the whole does. The
planner knows one mixed state (`tank`); with one layer this is that state.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from building_models import thermal_network, water_column
from building_models.compiled import compiled
from building_models.tank import WATER_KWH_PER_L_K

Floats = NDArray[np.float64]

LAYERS = 8

HEIGHT_M = 2.0
"""Of standing tanks of 1.5 to 4 m³."""

CONDUCTIVITY_KW_PER_K_M = 0.0012
"""Vertical, water at rest (0.0006) and the steel wall together; an assumption."""

LEAST_RISE_K = 2.0
"""The exchanger's pump runs no faster than for this rise."""

_KWH_PER_L_K = WATER_KWH_PER_L_K


class LayerStep(NamedTuple):
    """Losses and conduction over one step, of all tanks."""

    a: Floats
    """Shape [tanks, layers, layers]."""

    room: Floats
    """Effect of a kelvin around. Shape [tanks, layers]."""

    mean_a: Floats
    """For the mean over the step. Shape [tanks, layers, layers]."""

    mean_room: Floats
    """Shape [tanks, layers]."""


def discretise(
    volume_l: Floats, loss_w_per_k: Floats, dt_h: float, layers: int = LAYERS
) -> LayerStep:
    """The exact step over `dt_h` hours; both arrays have shape [tanks]."""
    volume = np.asarray(volume_l, dtype=np.float64)
    cell = volume * _KWH_PER_L_K / layers
    between = np.zeros((len(volume), layers, layers))
    joined = CONDUCTIVITY_KW_PER_K_M * (volume / 1000 / HEIGHT_M) / (HEIGHT_M / layers)
    for low in range(layers - 1):
        between[:, low, low + 1] = between[:, low + 1, low] = joined
    loss = np.asarray(loss_w_per_k, dtype=np.float64) / 1000 / layers
    network = thermal_network.Network(
        capacity_kwh_per_k=np.repeat(cell[:, None], layers, axis=1),
        between_kw_per_k=between,
        outdoor_kw_per_k=np.repeat(loss[:, None], layers, axis=1),
    )
    made = thermal_network.discretise(network, dt_h)
    return LayerStep(
        np.ascontiguousarray(made.a),
        made.b[:, :, -1].copy(),
        np.ascontiguousarray(made.mean_a),
        made.mean_b[:, :, -1].copy(),
    )


@compiled
def outflow_c(layers_c: Floats, litres: float, volume_l: float) -> float:
    """Mean temperature of the next `litres` that leave at the end of a column (at most all)."""
    count = len(layers_c)
    cells = min(max(litres / volume_l * count, 1e-9), float(count))
    left, total, place = cells, 0.0, count - 1
    while left > 1e-12 and place >= 0:
        taken = min(left, 1.0)
        total += taken * layers_c[place]
        left -= taken
        place -= 1
    return float(total / cells)


@compiled
def draw(layers_c: Floats, volume_l: float, wanted_kw: float, cold_c: float, dt_h: float) -> float:
    """Draw heat above `cold_c`, which refills the tank: the power that really came, kW.

    Taps mix down to 40 °C, so what is wanted is heat: all of it above 42 °C at the top, none
    below 38 °C. The heat is exactly what the column loses.
    """
    top = layers_c[len(layers_c) - 1]
    served = wanted_kw * min(max((top - 38.0) / 4.0, 0.0), 1.0)
    if served <= 0.0 or top <= cold_c + 1.0:
        return 0.0
    litres = served * dt_h / (_KWH_PER_L_K * (top - cold_c))
    mean = outflow_c(layers_c, litres, volume_l)
    litres = min(served * dt_h / (_KWH_PER_L_K * max(mean - cold_c, 1.0)), volume_l)
    out = water_column.push(layers_c, litres / volume_l * len(layers_c), cold_c)
    drawn: float = litres * _KWH_PER_L_K * (out - cold_c) / dt_h
    return drawn


@compiled
def charge(
    layers_c: Floats, volume_l: float, given_kw: float, supply_c: float, dt_h: float
) -> None:
    """Take water at the bottom, heat it by `given_kw` towards `supply_c`, give it back on top."""
    if given_kw > 0.0:
        column = layers_c[::-1]
        rise = max(supply_c - layers_c[0], LEAST_RISE_K)
        litres = min(given_kw * dt_h / (_KWH_PER_L_K * rise), volume_l)
        back = outflow_c(column, litres, volume_l)
        hot = back + given_kw * dt_h / (_KWH_PER_L_K * litres)
        water_column.push(column, litres / volume_l * len(layers_c), hot)
        water_column.settle(layers_c)


@compiled
def rest(
    layers_c: Floats, a: Floats, room: Floats, mean_a: Floats, mean_room: Floats, room_c: float
) -> float:
    """Losses and conduction of one tank over a step: its mean temperature over that step.

    The arrays are those of `LayerStep`, of one tank; `layers_c` changes in place.
    """
    count = len(layers_c)
    before = layers_c.copy()
    mean = 0.0
    for i in range(count):
        end, middle = room[i] * room_c, mean_room[i] * room_c
        for j in range(count):
            end += a[i, j] * before[j]
            middle += mean_a[i, j] * before[j]
        layers_c[i] = end
        mean += middle
    return mean / count
