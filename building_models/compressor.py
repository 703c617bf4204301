"""Large water-to-water machines as the virtual district runs them.

Full load after the regression of Jesper et al. over 33 market-available large heat pumps (doi
10.1016/j.rser.2020.110646): COP = a (lift + 2 b)^c with the lift from the source's inlet to the
sink's outlet, 10 to 78 K. The planner's plane through domestic-size units (`heat_pump`) lies 5 to
20 % lower; that difference is what an EMS meets on site. At part load the exchangers' approach
shrinks with the load, which shortens the lift; under its least load a unit cycles, and loses after
EN 14825 (degradation coefficient 0.9 of water-based units).
"""

from typing import NamedTuple

from building_models.compiled import compiled

A, B, C = 1.4480e12, 88.730, -4.9460
"""Coefficients for conventional machines, sinks to 100 °C."""

LIFT_LEAST_K = 10.0
COP_MOST = 9.0

APPROACH_K = 6.0
"""Evaporator and condenser together at full load, 2 to 4 K each; inside the regression's COP."""

DEGRADATION = 0.9


class Machine(NamedTuple):
    """Circuits that the units feed."""

    heating_supply_c: float
    hot_water_supply_c: float
    chilled_supply_c: float
    least_load: float


class Power(NamedTuple):
    """What the machines do for a load, kW."""

    electric_kw: float
    shared_heat_kw: float
    """Heat that came from cooling."""
    loop_heat_kw: float
    """Heat taken out of the loop, less heat put into it."""


@compiled
def cop(source_c: float, sink_c: float, load: float) -> float:
    """Heat per electricity of a unit that runs at `load`, 0 to 1 of its capacity."""
    lift: float = max(sink_c - source_c - APPROACH_K * (1.0 - load), LIFT_LEAST_K)
    full: float = A * (lift + 2.0 * B) ** C
    return min(full, COP_MOST)


@compiled
def cycling_factor(load: float, least_load: float) -> float:
    """What is left of the COP when a unit cycles: EN 14825, CR / (Cc CR + 1 - Cc)."""
    ratio = load / least_load
    if ratio >= 1.0:
        return 1.0
    return ratio / (DEGRADATION * ratio + 1.0 - DEGRADATION)


@compiled
def serve(
    machine: Machine,
    loop_c: float,
    heating_kw: float,
    hot_water_kw: float,
    cooling_kw: float,
    load: float,
) -> Power:
    """Electricity for heat and cold wanted at once by units at `load` of their capacity.

    Cooling's heat goes to the heating circuit first, then to hot water, each only where one machine
    between the two circuits takes less electricity than two apart.
    """
    running = max(load, machine.least_load)
    chilled = machine.chilled_supply_c
    cold_only = cop(chilled, loop_c + 5.0, running) - 1.0
    electric, shared, loop, cold = 0.0, 0.0, 0.0, cooling_kw
    for heat, sink in (
        (heating_kw, machine.heating_supply_c),
        (hot_water_kw, machine.hot_water_supply_c),
    ):
        apart, together = cop(loop_c, sink, running), cop(chilled, sink, running)
        per_heat = 1.0 - 1.0 / together
        both = 0.0
        if 1.0 / apart + per_heat / cold_only > 1.0 / together:
            both = min(heat, cold / per_heat)
        cold -= both * per_heat
        electric += both / together + (heat - both) / apart
        loop += (heat - both) * (1.0 - 1.0 / apart)
        shared += both
    electric += cold / cold_only
    loop -= cold + cold / cold_only
    used = electric / cycling_factor(load, machine.least_load) if electric > 0.0 else 0.0
    # what cycling loses ends as heat in the loop's water
    return Power(used, shared, loop - (used - electric))
