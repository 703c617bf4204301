"""Heat and cold of the whole district through the steps of a slot, compiled as one.

Rooms and tanks say what they want; substations and heat pumps say what there is; then everything
moves. Sums over the steps are kept for those who count, the last step's flows for those who look.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from building_models.compiled import compiled
from building_models.layered_tank import LayerStep
from simulations import room_kernels as rooms_
from simulations import station_kernels as stations_
from simulations import unit_kernels as units_

Floats = NDArray[np.float64]


class RoomSide(NamedTuple):
    """Everything of the rooms."""

    bodies: rooms_.Bodies
    states: rooms_.States
    step: rooms_.Step
    held: rooms_.Held


class StationSide(NamedTuple):
    """Everything of the substations."""

    stations: stations_.Stations
    tanks: stations_.TankStates
    step: LayerStep
    held: stations_.StationsHeld


class UnitSide(NamedTuple):
    """Everything of heat pumps and loop."""

    units: units_.Units
    states: units_.UnitStates
    loop: units_.LoopBody
    sea_c: float


class Flows(NamedTuple):
    """What flowed; the same shapes for the last step and for the sums over steps."""

    rooms: Floats
    """[room_kernels.FLOWS, rooms]"""
    stations: Floats
    """[station_kernels.FLOWS, buildings]"""
    units: Floats
    """[unit_kernels.UNIT_FLOWS, units]"""
    loop: Floats
    """[unit_kernels.LOOP_FLOWS]"""


def flows(rooms: int, stations: int, units: int) -> Flows:
    """Nothing flowed."""
    return Flows(
        np.zeros((rooms_.FLOWS, rooms)),
        np.zeros((stations_.FLOWS, stations)),
        np.zeros((units_.UNIT_FLOWS, units)),
        np.zeros(units_.LOOP_FLOWS),
    )


@compiled
def run(
    rooms: RoomSide,
    stations: StationSide,
    units: UnitSide,
    last: Flows,
    sums: Flows,
    plant_kw: Floats,
    dt_h: float,
) -> None:
    """Do as many steps of `dt_h` as `plant_kw` [steps] is long, which takes the plant's power."""
    count, buildings = len(rooms.bodies.heat_kw_max), len(stations.stations.volume_l)
    between = np.empty((rooms_.BETWEEN, count))
    charge = np.empty(buildings)
    for place in range(len(plant_kw)):
        rooms_.ask(rooms.bodies, rooms.states, rooms.step, rooms.held, last.rooms, between, dt_h)
        stations_.ask(
            stations.stations,
            stations.tanks,
            stations.step,
            stations.held,
            last.stations,
            charge,
            dt_h,
        )
        heat, cold = _by_building(rooms.bodies.building, last.rooms, buildings)
        heat_share, cold_share = np.empty(buildings), np.empty(buildings)
        stations_.share_heat(
            stations.stations, stations.held, heat, charge, units.units.heat_kw.sum(), heat_share
        )
        stations_.share_cold(stations.stations, cold, units.units.cool_kw.sum(), cold_share)
        rooms_.take(
            rooms.bodies,
            rooms.states,
            rooms.step,
            rooms.held,
            last.rooms,
            between,
            heat_share,
            cold_share,
            dt_h,
        )
        heat *= heat_share
        cold *= cold_share
        stations_.take(
            stations.stations,
            stations.tanks,
            stations.held,
            last.stations,
            heat,
            cold,
            charge,
            dt_h,
        )
        units_.run(
            units.units,
            units.states,
            units.loop,
            units.sea_c,
            heat.sum(),
            charge.sum(),
            cold.sum(),
            last.units,
            last.loop,
            dt_h,
        )
        plant_kw[place] = last.units[units_.ELECTRIC].sum() + last.loop[units_.PUMP_KW]
        _add(sums, last)


@compiled
def _by_building(
    building: NDArray[np.intp], room_flows: Floats, buildings: int
) -> tuple[Floats, Floats]:
    heat, cold = np.zeros(buildings), np.zeros(buildings)
    for i in range(len(building)):
        heat[building[i]] += room_flows[rooms_.WANTED, i]
        cold[building[i]] += room_flows[rooms_.COOL_WANTED, i]
    return heat, cold


@compiled
def _add(sums: Flows, flow: Flows) -> None:
    for row in range(sums.rooms.shape[0]):
        for i in range(sums.rooms.shape[1]):
            sums.rooms[row, i] += flow.rooms[row, i]
    for row in range(sums.stations.shape[0]):
        for b in range(sums.stations.shape[1]):
            sums.stations[row, b] += flow.stations[row, b]
    for row in range(sums.units.shape[0]):
        for u in range(sums.units.shape[1]):
            sums.units[row, u] += flow.units[row, u]
    for place in range(len(sums.loop)):
        sums.loop[place] += flow.loop[place]
