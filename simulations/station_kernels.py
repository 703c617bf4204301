"""Substations through one step, compiled: tanks, and how heat is shared.

In a substation hot water goes first; what the plant lacks is lacked by all alike.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from building_models import layered_tank
from building_models.compiled import compiled
from building_models.layered_tank import LayerStep
from building_models.tank import TAP_C, WATER_KWH_PER_L_K
from simulations.control_kernels import starts_charging, tank_charge_kw

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

PLANT_ROOM_C = 22.0

HEATING, COOLING, CHARGE, DRAW, MISSED, LOSS, TOP_C, SHORT_K = range(8)
"""Rows of flows: kW, but °C for the outlet and K for what a tank is too cold by."""
FLOWS = 8


class Stations(NamedTuple):
    """What does not change. Every array has shape [buildings]."""

    heat_kw_max: Floats
    cool_kw_max: Floats
    charge_kw_max: Floats
    volume_l: Floats
    loss_kw_per_k: Floats
    low_c: Floats
    high_c: Floats


class TankStates(NamedTuple):
    """What moves; changed in place."""

    layers_c: Floats
    """From the bottom. [buildings, layers]"""
    charging: Flags
    """Whether a tank's own hysteresis is on. [buildings]"""


class StationsHeld(NamedTuple):
    """What holds over a slot. Arrays [buildings]."""

    draws_l_per_h: Floats
    """At 40 °C."""
    cold_c: float
    supply_c: float
    """Of the plant's hot-water circuit."""
    commanded: Flags
    setpoint_c: Floats
    limit_kw: Floats
    heating_limit_kw: Floats


@compiled
def ask(
    stations: Stations,
    tanks: TankStates,
    made: LayerStep,
    held: StationsHeld,
    flows: Floats,
    charge_kw: Floats,
    dt_h: float,
) -> None:
    """Draw what people want, let tanks lose their heat, and say what they are to be charged with.

    `flows` [FLOWS, buildings]; `charge_kw` [buildings] takes the wish.
    """
    for b in range(len(stations.volume_l)):
        layers = tanks.layers_c[b]
        wanted = held.draws_l_per_h[b] * (TAP_C - held.cold_c) * WATER_KWH_PER_L_K
        drawn = layered_tank.draw(layers, stations.volume_l[b], wanted, held.cold_c, dt_h)
        mean = layered_tank.rest(
            layers, made.a[b], made.room[b], made.mean_a[b], made.mean_room[b], PLANT_ROOM_C
        )
        idle, gain = layers.mean(), dt_h / (stations.volume_l[b] * WATER_KWH_PER_L_K)
        tanks.charging[b] = starts_charging(
            tanks.charging[b], idle, stations.low_c[b], stations.high_c[b]
        )
        charge_kw[b] = tank_charge_kw(
            idle,
            gain,
            tanks.charging[b],
            held.commanded[b],
            stations.low_c[b],
            stations.high_c[b],
            held.setpoint_c[b],
            held.limit_kw[b],
            stations.charge_kw_max[b],
        )
        flows[DRAW, b], flows[MISSED, b] = drawn, max(wanted - drawn, 0.0)
        flows[LOSS, b] = stations.loss_kw_per_k[b] * (mean - PLANT_ROOM_C)


@compiled
def share_heat(
    stations: Stations,
    held: StationsHeld,
    rooms_kw: Floats,
    charge_kw: Floats,
    plant_kw: float,
    room_share: Floats,
) -> None:
    """Scale `charge_kw` down to what there is, and say which part rooms get. [buildings] each."""
    asked = 0.0
    for b in range(len(rooms_kw)):
        most = stations.heat_kw_max[b]
        charge_kw[b] = min(charge_kw[b], most)
        left = max(min(held.heating_limit_kw[b], most - charge_kw[b]), 0.0)
        room_share[b] = min(1.0, left / rooms_kw[b]) if rooms_kw[b] > 1e-9 else 1.0
        asked += rooms_kw[b] * room_share[b] + charge_kw[b]
    given = min(1.0, plant_kw / asked) if asked > 1e-9 else 1.0
    for b in range(len(rooms_kw)):
        room_share[b] *= given
        charge_kw[b] *= given


@compiled
def share_cold(stations: Stations, rooms_kw: Floats, plant_kw: float, room_share: Floats) -> None:
    """Which part of the cold that rooms want they get. [buildings] each."""
    asked = 0.0
    for b in range(len(rooms_kw)):
        wanted = rooms_kw[b]
        room_share[b] = min(1.0, stations.cool_kw_max[b] / wanted) if wanted > 1e-9 else 1.0
        asked += wanted * room_share[b]
    given = min(1.0, plant_kw / asked) if asked > 1e-9 else 1.0
    for b in range(len(rooms_kw)):
        room_share[b] *= given


@compiled
def take(
    stations: Stations,
    tanks: TankStates,
    held: StationsHeld,
    flows: Floats,
    heating_kw: Floats,
    cooling_kw: Floats,
    charge_kw: Floats,
    dt_h: float,
) -> None:
    """Charge the tanks, and keep what passed. [buildings] each."""
    for b in range(len(stations.volume_l)):
        layers = tanks.layers_c[b]
        supply = max(held.supply_c, held.setpoint_c[b])
        layered_tank.charge(layers, stations.volume_l[b], charge_kw[b], supply, dt_h)
        flows[HEATING, b], flows[COOLING, b], flows[CHARGE, b] = (
            heating_kw[b],
            cooling_kw[b],
            charge_kw[b],
        )
        flows[TOP_C, b] = layers[len(layers) - 1]
        flows[SHORT_K, b] = max(stations.low_c[b] - layers.mean(), 0.0)
