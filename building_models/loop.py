"""The tempered loop between the sea and the heat pumps."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ems.domain.district import SeaLoop

Floats = NDArray[np.float64]

SEAWATER_KWH_PER_M3_K = 3.99 * 1025 / 3600
"""Heat capacity of seawater, 3.99 kJ/kgK and 1025 kg/m3."""

LOOP_KWH_PER_M3_K = 4.186 * 999 / 3600
"""Heat capacity of the loop's fresh water."""

EXCHANGER_EFFECTIVENESS = 0.75
"""Plate exchangers between sea and loop; an assumption."""


def source_temp_c(loop: SeaLoop, sea_temp_c: ArrayLike) -> Floats:
    """What heat pumps find as their source when they heat."""
    return np.asarray(sea_temp_c, dtype=np.float64) - loop.approach_k


def sink_temp_c(loop: SeaLoop, sea_temp_c: ArrayLike) -> Floats:
    """What heat pumps find as their sink when they cool."""
    return np.asarray(sea_temp_c, dtype=np.float64) + loop.approach_k


def exchange_kw_per_k(loop: SeaLoop) -> float:
    """Heat that the sea gives for each kelvin that the loop is colder."""
    return loop.sea_flow_m3_per_h * SEAWATER_KWH_PER_M3_K * EXCHANGER_EFFECTIVENESS


@dataclass(frozen=True, kw_only=True)
class LoopStep:
    """The loop as one mixed state, over one step."""

    keep: float
    """Share of the distance from rest that is left after a step."""

    conductance_kw_per_k: float
    """To sea and ground together."""

    sea_share: float
    """The sea's part of that."""


def discretise(loop: SeaLoop, dt_h: float) -> LoopStep:
    """The exact step over `dt_h` hours with heat and sea held."""
    sea = exchange_kw_per_k(loop)
    both = sea + loop.loss_w_per_k_m * loop.loop_length_m / 1000.0
    rate_per_h = both / (loop.loop_volume_m3 * LOOP_KWH_PER_M3_K)
    return LoopStep(
        keep=float(np.exp(-rate_per_h * dt_h)), conductance_kw_per_k=both, sea_share=sea / both
    )


def step(
    loop_step: LoopStep, temp_c: float, *, sea_temp_c: float, ground_c: float, drawn_kw: float
) -> float:
    """The loop's mean temperature after one step in which `drawn_kw` of heat is taken out."""
    around = loop_step.sea_share * sea_temp_c + (1 - loop_step.sea_share) * ground_c
    rest = around - drawn_kw / loop_step.conductance_kw_per_k
    return rest + (temp_c - rest) * loop_step.keep
