"""Central water-to-water heat pumps: coefficients of performance and the split of a load.

COP = base + per_source T_source - per_sink T_sink, a plane through the medians of ten water/water
units in hplib 1.9 (own fit, within 0.15 between 5 and 25 °C at the source, 35 and 60 °C at the
sink). Cooling is the same machine seen from its other side: the chilled circuit is the source, the
loop is the sink, and the cold is the heat less the electricity. When heat and cold are wanted at
once, one machine between the two circuits serves both.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ems.domain.district import HeatPumpPlant

Floats = NDArray[np.float64]

COP_LEAST = 1.2
"""Under this a fit is used far outside its range."""


def cop(plant: HeatPumpPlant, source_c: ArrayLike, sink_c: ArrayLike) -> Floats:
    """Heat per electricity from a source to a sink, both in °C."""
    plane = (
        plant.cop_base
        + plant.cop_per_source_k * np.asarray(source_c, dtype=np.float64)
        - plant.cop_per_sink_k * np.asarray(sink_c, dtype=np.float64)
    )
    return np.clip(plane, COP_LEAST, plant.cop_max)


def cop_cooling(plant: HeatPumpPlant, loop_c: ArrayLike) -> Floats:
    """Cold per electricity when the heat goes to a loop of `loop_c`."""
    sink_c = np.asarray(loop_c, dtype=np.float64) + plant.cooling_lift_k
    return cop(plant, plant.chilled_supply_c, sink_c) - 1.0


def cop_shared(plant: HeatPumpPlant, sink_c: ArrayLike) -> Floats:
    """Heat per electricity from the chilled circuit to a sink; the cold comes with it."""
    return cop(plant, plant.chilled_supply_c, sink_c)


@dataclass(frozen=True, kw_only=True)
class PlantPower:
    """What the plant does for a load. Arrays of the load's shape."""

    heating_electric_kw: Floats
    """For the heating circuit, shared part included."""

    hot_water_electric_kw: Floats
    """For the hot-water circuit, shared part included."""

    cooling_electric_kw: Floats
    """For cold whose heat goes to the loop."""

    shared_heat_kw: Floats
    """Heat that came from cooling."""

    loop_heat_kw: Floats
    """Heat taken out of the loop, less heat put into it."""

    @property
    def electric_kw(self) -> Floats:
        """All electricity of the compressors."""
        return self.heating_electric_kw + self.hot_water_electric_kw + self.cooling_electric_kw


def serve(
    plant: HeatPumpPlant,
    *,
    source_c: ArrayLike,
    sink_c: ArrayLike,
    heating_kw: ArrayLike,
    hot_water_kw: ArrayLike,
    cooling_kw: ArrayLike,
) -> PlantPower:
    """Electricity for heat and cold wanted at once; loop temperatures as a source and as a sink.

    Cooling's heat goes to the heating circuit first, then to hot water, each only where that takes
    less electricity than two separate machines.
    """
    heating = np.asarray(heating_kw, dtype=np.float64)
    hot_water = np.asarray(hot_water_kw, dtype=np.float64)
    cold = np.asarray(cooling_kw, dtype=np.float64)
    cooling_cop = cop_cooling(plant, sink_c)
    first = _shared(plant, source_c, plant.heating_supply_c, heating, cold, cooling_cop)
    cold_left = cold - first.cold_kw
    second = _shared(plant, source_c, plant.hot_water_supply_c, hot_water, cold_left, cooling_cop)
    cold_left = cold_left - second.cold_kw
    cooling_electric = cold_left / cooling_cop
    return PlantPower(
        heating_electric_kw=first.electric_kw,
        hot_water_electric_kw=second.electric_kw,
        cooling_electric_kw=cooling_electric,
        shared_heat_kw=first.heat_kw + second.heat_kw,
        loop_heat_kw=first.loop_kw + second.loop_kw - cold_left - cooling_electric,
    )


@dataclass(frozen=True, kw_only=True)
class _Shared:
    """One heat circuit beside the chilled one."""

    heat_kw: Floats
    cold_kw: Floats
    electric_kw: Floats
    loop_kw: Floats


def _shared(
    plant: HeatPumpPlant,
    source_c: ArrayLike,
    sink_c: float,
    heat: Floats,
    cold: Floats,
    cooling_cop: Floats,
) -> _Shared:
    alone = cop(plant, source_c, sink_c)
    together = cop_shared(plant, sink_c)
    cold_per_heat = 1.0 - 1.0 / together
    worth = 1.0 / alone + cold_per_heat / cooling_cop > 1.0 / together
    both = np.where(worth, np.minimum(heat, cold / cold_per_heat), 0.0)
    rest = heat - both
    return _Shared(
        heat_kw=both,
        cold_kw=both * cold_per_heat,
        electric_kw=both / together + rest / alone,
        loop_kw=rest * (1.0 - 1.0 / alone),
    )


def units_needed(plant: HeatPumpPlant, heat_kw: float, cool_kw: float, available: int) -> int:
    """How many units run for a load: the fewest that carry it."""
    load = max(heat_kw / plant.heat_kw_per_unit, cool_kw / plant.cool_kw_per_unit)
    return 0 if load <= 1e-6 else min(available, max(1, int(np.ceil(load - 1e-6))))


def part_load_factor(plant: HeatPumpPlant, load: ArrayLike) -> Floats:
    """What is left of the COP at `load`, 0 to 1 of a running unit.

    Best at 70 %, 4 % less at full load; below the least load a unit cycles, and the COP falls to
    80 % at nothing (EN 14825 gives cycling losses of this order, degradation coefficient 0.9).
    """
    x = np.asarray(load, dtype=np.float64)
    running = 1.0 - 0.44 * np.square(np.clip(x - 0.7, 0.0, 0.3)) - 0.1 * np.clip(0.7 - x, 0.0, 1.0)
    cycling = 0.14 * np.clip(1.0 - x / max(plant.least_load, 1e-9), 0.0, 1.0)
    return running - cycling
