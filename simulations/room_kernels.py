"""All rooms through one step, compiled: what they ask for, then what they make of what they get.

Each room has four states (`building_models.fine_zone`) and an emitter. Leaks by wind and open
windows carry heat by the temperature at the step's start; everything else is exact over the step.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from building_models import emitter
from building_models.air_change import (
    OPEN_HEIGHT_M,
    TILTED_HEIGHT_M,
    leak_kw_per_k,
    opening_kw_per_k,
)
from building_models.compiled import compiled
from building_models.fine_zone import AIR, NODES, WALL
from simulations.control_kernels import room_power

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

GAINS_TO_AIR, SUN_TO_AIR = 0.6, 0.2
"""Shares that warm the air; the rest warms surfaces."""

OPEN_ABOVE_C, OPEN_RISE_K = 25.0, 0.5
"""Who has no cooling opens windows above this, when it is cooler outside."""

WINDOW_PATIENCE_K = 3.0
"""A window contact closes the valve until the room is this much under what is wanted."""

WANTED, COOL_WANTED, HEAT, COOL, EMITTED, VENTED, LOST, AIR_C, COLD, WARM = range(10)
"""Rows of flows: kW, but °C for the air and K for what is too cold or too warm."""
FLOWS = 10

MEAN_AIR, MEAN_WALL, BEFORE_C, CONDUCTANCE, KEPT = range(5)
"""Rows of what is known in the middle of a step: air and wall without heating, air at its start,
the emitter's conductance and what it keeps of its rise."""
BETWEEN = 5


class Bodies(NamedTuple):
    """What does not change. Every array has shape [rooms]."""

    building: NDArray[np.intp]
    heat_kw_max: Floats
    cool_kw_max: Floats
    exponent: Floats
    """Of the emitter's power."""
    emitter_kwh_per_k: Floats
    emitter_to_air: Floats
    leak_cm2: Floats
    mean_leak_kw_per_k: Floats
    """What the network's loss already has of it."""
    tilted_m2: Floats
    open_m2: Floats
    capacity_kwh_per_k: Floats
    """Of all nodes. [rooms, 4]"""
    outdoor_kw_per_k: Floats
    """[rooms, 4]"""


class States(NamedTuple):
    """What moves; changed in place."""

    nodes_c: Floats
    """[rooms, 4]"""
    emitter_c: Floats
    heat_integral_kw: Floats
    cool_integral_kw: Floats
    open: Flags
    """Windows that stand open."""


class Step(NamedTuple):
    """The exact step of the networks: heat goes into air and surfaces only."""

    a: Floats
    """[rooms, 4, 4]"""
    b: Floats
    """Inputs are heat into the air, into surfaces, and the outdoors. [rooms, 4, 3]"""
    mean_a: Floats
    """Mean air and wall. [rooms, 2, 4]"""
    mean_b: Floats
    """[rooms, 2, 3]"""


class Held(NamedTuple):
    """What holds over a slot. Arrays [rooms], the supply [buildings]."""

    outdoor_c: float
    wind_m_per_s: float
    gains_kw: Floats
    sun_kw: Floats
    airing: Flags
    """Windows tilted for fresh air."""
    may_open: Flags
    """Somebody is there and has no cooling."""
    heat_to_c: Floats
    cool_to_c: Floats
    supply_c: Floats
    stuck_share: Floats
    """Where a heating valve is stuck, 0 shut to 1 open; NaN where it moves."""
    sensor_error_k: Floats
    """What thermostats feel above the truth."""
    comfort_low_c: Floats
    comfort_high_c: Floats


@compiled
def ask(
    bodies: Bodies,
    states: States,
    step: Step,
    held: Held,
    flows: Floats,
    between: Floats,
    dt_h: float,
) -> None:
    """Move rooms on without heating and cooling, and say what they want of both.

    `flows` [FLOWS, rooms] takes the wishes, `between` [BETWEEN, rooms] what `take` goes on from.
    """
    _vent(bodies, states, held, flows, between)
    _drift(states, step, held, flows, between)
    _wish_heat(bodies, states, step, held, flows, between, dt_h)
    _wish_cold(bodies, states, step, held, flows, dt_h)


@compiled
def _vent(bodies: Bodies, states: States, held: Held, flows: Floats, between: Floats) -> None:
    """Heat carried out by leaks and windows, beyond what the network's loss has of it."""
    out, wind = held.outdoor_c, held.wind_m_per_s
    for i in range(len(bodies.leak_cm2)):
        air = states.nodes_c[i, AIR]
        rise = air - out
        wide = held.may_open[i] and air > OPEN_ABOVE_C and rise > OPEN_RISE_K
        conductance = leak_kw_per_k(bodies.leak_cm2[i], rise, wind) - bodies.mean_leak_kw_per_k[i]
        if held.airing[i]:
            conductance += opening_kw_per_k(bodies.tilted_m2[i], TILTED_HEIGHT_M, rise, wind)
        if wide:
            conductance += opening_kw_per_k(bodies.open_m2[i], OPEN_HEIGHT_M, rise, wind)
        states.open[i] = wide or held.airing[i]
        flows[VENTED, i] = conductance * rise
        between[BEFORE_C, i] = air


@compiled
def _drift(states: States, step: Step, held: Held, flows: Floats, between: Floats) -> None:
    """The exact step of all rooms without heating and cooling."""
    out = held.outdoor_c
    for i in range(len(held.gains_kw)):
        gains, sun = held.gains_kw[i], held.sun_kw[i]
        into_air = GAINS_TO_AIR * gains + SUN_TO_AIR * sun - flows[VENTED, i]
        into_surface = (1 - GAINS_TO_AIR) * gains + (1 - SUN_TO_AIR) * sun
        t0, t1 = states.nodes_c[i, 0], states.nodes_c[i, 1]
        t2, t3 = states.nodes_c[i, 2], states.nodes_c[i, 3]
        for row in range(2):
            mean = step.mean_a[i, row, 0] * t0 + step.mean_a[i, row, 1] * t1
            mean += step.mean_a[i, row, 2] * t2 + step.mean_a[i, row, 3] * t3
            mean += step.mean_b[i, row, 0] * into_air + step.mean_b[i, row, 1] * into_surface
            between[row, i] = mean + step.mean_b[i, row, 2] * out
        for j in range(NODES):
            end = step.a[i, j, 0] * t0 + step.a[i, j, 1] * t1
            end += step.a[i, j, 2] * t2 + step.a[i, j, 3] * t3
            end += step.b[i, j, 0] * into_air + step.b[i, j, 1] * into_surface
            states.nodes_c[i, j] = end + step.b[i, j, 2] * out


@compiled
def _wish_heat(
    bodies: Bodies,
    states: States,
    step: Step,
    held: Held,
    flows: Floats,
    between: Floats,
    dt_h: float,
) -> None:
    """What thermostats ask for; their valves know how emitters lag behind them."""
    for i in range(len(bodies.heat_kw_max)):
        felt = states.nodes_c[i, AIR] + held.sensor_error_k[i]
        temp, before, full = states.emitter_c[i], between[BEFORE_C, i], bodies.heat_kw_max[i]
        conductance = emitter.conductance_kw_per_k(full, bodies.exponent[i], temp - before)
        kept = emitter.keep(conductance, bodies.emitter_kwh_per_k[i], dt_h)
        share = bodies.emitter_to_air[i]
        gain = share * step.b[i, AIR, 0] + (1 - share) * step.b[i, AIR, 1]
        shut = held.airing[i] and felt > held.heat_to_c[i] - WINDOW_PATIENCE_K
        limit = 0.0 if shut else full
        heating = room_power(
            held.heat_to_c[i] - felt, gain, limit, states.heat_integral_kw[i], dt_h
        )
        most = emitter.most_kw(full, held.supply_c[bodies.building[i]], temp)
        wanted = 0.0
        if not np.isnan(held.stuck_share[i]):
            wanted = held.stuck_share[i] * most
        elif heating.power_kw > 0.0:
            needed = emitter.needed_kw(temp, before, heating.power_kw, conductance, kept)
            wanted = min(max(needed, 0.0), most)
        states.heat_integral_kw[i] = heating.integral_kw
        flows[WANTED, i] = wanted
        between[CONDUCTANCE, i], between[KEPT, i] = conductance, kept


@compiled
def _wish_cold(
    bodies: Bodies, states: States, step: Step, held: Held, flows: Floats, dt_h: float
) -> None:
    """What cooling thermostats ask for; nothing where a room is heated."""
    for i in range(len(bodies.cool_kw_max)):
        flows[COOL_WANTED, i] = 0.0
        limit = bodies.cool_kw_max[i]
        if limit > 0.0 and np.isfinite(held.cool_to_c[i]):
            error = states.nodes_c[i, AIR] + held.sensor_error_k[i] - held.cool_to_c[i]
            cooling = room_power(error, step.b[i, AIR, 0], limit, states.cool_integral_kw[i], dt_h)
            states.cool_integral_kw[i] = cooling.integral_kw
            flows[COOL_WANTED, i] = 0.0 if flows[WANTED, i] > 0.0 else cooling.power_kw


@compiled
def take(
    bodies: Bodies,
    states: States,
    step: Step,
    held: Held,
    flows: Floats,
    between: Floats,
    heat_share: Floats,
    cool_share: Floats,
    dt_h: float,
) -> None:
    """Add what rooms get; shares by building."""
    for i in range(len(bodies.heat_kw_max)):
        building = bodies.building[i]
        heat = flows[WANTED, i] * heat_share[building]
        cool = flows[COOL_WANTED, i] * cool_share[building]
        moved = emitter.step(
            states.emitter_c[i],
            between[BEFORE_C, i],
            heat,
            between[CONDUCTANCE, i],
            between[KEPT, i],
            bodies.emitter_kwh_per_k[i] / dt_h,
        )
        states.emitter_c[i] = moved.temp_c
        to_air = bodies.emitter_to_air[i] * moved.emitted_kw - cool
        to_surface = (1 - bodies.emitter_to_air[i]) * moved.emitted_kw
        for j in range(NODES):
            states.nodes_c[i, j] += step.b[i, j, 0] * to_air + step.b[i, j, 1] * to_surface
        air = (
            between[MEAN_AIR, i] + step.mean_b[i, 0, 0] * to_air + step.mean_b[i, 0, 1] * to_surface
        )
        wall = (
            between[MEAN_WALL, i]
            + step.mean_b[i, 1, 0] * to_air
            + step.mean_b[i, 1, 1] * to_surface
        )
        flows[HEAT, i], flows[COOL, i], flows[EMITTED, i] = heat, cool, moved.emitted_kw
        lost = bodies.outdoor_kw_per_k[i, AIR] * (air - held.outdoor_c)
        flows[LOST, i] = lost + bodies.outdoor_kw_per_k[i, WALL] * (wall - held.outdoor_c)
        now = states.nodes_c[i, AIR]
        flows[AIR_C, i] = now
        flows[COLD, i] = max(held.comfort_low_c[i] - now, 0.0)
        flows[WARM, i] = max(now - held.comfort_high_c[i], 0.0)
