"""Heat pumps and loop through one step, compiled.

The fewest units that carry the load run, alike; the loop brings the sea's heat through a pipe to
the plant and what is left of it back, so that what is drawn now is felt half an hour later.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from building_models import compressor, pipe, pumps
from building_models.compiled import compiled
from building_models.compressor import Machine
from building_models.layered_tank import outflow_c
from building_models.loop import EXCHANGER_EFFECTIVENESS, LOOP_KWH_PER_M3_K, SEAWATER_KWH_PER_M3_K

Floats = NDArray[np.float64]

GROUND_C = 16.0
PUMP_LEAST_FLOW = 0.35
DESIGN_DRAW_KW = 2000.0
"""Heat from the loop at which its pumps run at full flow."""

STANDBY_KW = 0.6
"""Of each unit: controls and oil heater."""

ELECTRIC, UNIT_HEAT, UNIT_HOT_WATER, UNIT_COOL, UNIT_SHARED = range(5)
"""Rows of flows by unit, kW."""
UNIT_FLOWS = 5

LOAD, FLOW, PUMP_KW, LOOP_C, RETURN_C, SEA_RETURN_C, DRAWN_KW, SEA_KW, GROUND_KW = range(9)
"""Places in flows of the loop; the last three are heat out of it, from the sea, to the ground."""
LOOP_FLOWS = 9


class Units(NamedTuple):
    """The machines and what holds over a slot."""

    machine: Machine
    heat_kw: Floats
    """What each may give. [units]"""
    cool_kw: Floats
    """[units]"""


class UnitStates(NamedTuple):
    """What moves; changed in place. [units]"""

    running: NDArray[np.bool_]
    starts: Floats
    run_h: Floats


class LoopBody(NamedTuple):
    """The loop; half of it leads to the plant."""

    flow_m3_per_h: float
    pump_kw: float
    half_m3: float
    half_loss_kw_per_k: float
    supply_c: Floats
    """From the sea to the plant; changed in place. [cells]"""
    return_c: Floats
    """From the plant to the sea; changed in place. [cells]"""


@compiled
def run(
    units: Units,
    states: UnitStates,
    loop: LoopBody,
    sea_c: float,
    heating_kw: float,
    hot_water_kw: float,
    cool_kw: float,
    flows: Floats,
    loop_flows: Floats,
    dt_h: float,
) -> None:
    """Give heat and cold within the capacity. `flows` [UNIT_FLOWS, units]."""
    heat_kw = heating_kw + hot_water_kw
    load = _choose(units, states, heat_kw, cool_kw, dt_h)
    loop_flows[LOAD] = load
    loop_c = loop.supply_c[len(loop.supply_c) - 1]
    power = compressor.serve(units.machine, loop_c, heating_kw, hot_water_kw, cool_kw, load)
    weights = 0.0
    for u in range(len(units.heat_kw)):
        weights += max(units.heat_kw[u], 1e-9) if states.running[u] else 0.0
    for u in range(len(units.heat_kw)):
        share = max(units.heat_kw[u], 1e-9) / weights if states.running[u] else 0.0
        flows[ELECTRIC, u] = share * power.electric_kw
        flows[ELECTRIC, u] += STANDBY_KW if units.cool_kw[u] > 0.0 else 0.0
        flows[UNIT_HEAT, u], flows[UNIT_HOT_WATER, u] = share * heat_kw, share * hot_water_kw
        flows[UNIT_COOL, u], flows[UNIT_SHARED, u] = share * cool_kw, share * power.shared_heat_kw
    _move_loop(loop, sea_c, power.loop_heat_kw, loop_flows, dt_h)


@compiled
def _choose(units: Units, states: UnitStates, heat_kw: float, cool_kw: float, dt_h: float) -> float:
    """Say which units run, and their load, 0 to 1."""
    heat, cool, enough = 0.0, 0.0, heat_kw + cool_kw <= 1e-6
    for u in range(len(units.heat_kw)):
        runs = not enough and units.cool_kw[u] > 0.0
        if runs:
            heat += units.heat_kw[u]
            cool += units.cool_kw[u]
            enough = heat >= heat_kw - 1e-6 and cool >= cool_kw - 1e-6
        if runs and not states.running[u]:
            states.starts[u] += 1.0
        states.running[u] = runs
        states.run_h[u] += dt_h if runs else 0.0
    if cool <= 0.0:
        return 0.0
    return min(1.0, max(heat_kw / max(heat, 1e-9), cool_kw / cool))


@compiled
def _move_loop(loop: LoopBody, sea_c: float, drawn_kw: float, flows: Floats, dt_h: float) -> None:
    share = min(max(abs(drawn_kw) / DESIGN_DRAW_KW, PUMP_LEAST_FLOW), 1.0)
    moved = loop.flow_m3_per_h * share
    parts = int(moved * dt_h / (0.9 * loop.half_m3)) + 1
    per_k = moved * LOOP_KWH_PER_M3_K
    sea_kw, ground_kwh = 0.0, 0.0
    for _ in range(parts):
        hours = dt_h / parts
        supply = outflow_c(loop.supply_c, moved * hours, loop.half_m3)
        back = pipe.step(
            loop.return_c,
            loop.half_m3,
            loop.half_loss_kw_per_k,
            LOOP_KWH_PER_M3_K,
            supply - drawn_kw / per_k,
            moved,
            GROUND_C,
            hours,
        )
        taken = EXCHANGER_EFFECTIVENESS * moved * SEAWATER_KWH_PER_M3_K * (sea_c - back.out_c)
        forth = pipe.step(
            loop.supply_c,
            loop.half_m3,
            loop.half_loss_kw_per_k,
            LOOP_KWH_PER_M3_K,
            back.out_c + taken / per_k,
            moved,
            GROUND_C,
            hours,
        )
        sea_kw += taken / parts
        ground_kwh += back.lost_kwh + forth.lost_kwh
        flows[RETURN_C] = supply - drawn_kw / per_k
    flows[FLOW], flows[PUMP_KW] = share, loop.pump_kw * pumps.power_share(share)
    flows[LOOP_C] = loop.supply_c[len(loop.supply_c) - 1]
    flows[SEA_RETURN_C] = sea_c - sea_kw / (moved * SEAWATER_KWH_PER_M3_K)
    flows[DRAWN_KW], flows[SEA_KW], flows[GROUND_KW] = drawn_kw, sea_kw, ground_kwh / dt_h
