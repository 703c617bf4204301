"""The problem of one plan as the structured solver takes it: agents, groups, capacities, meter.

Rooms, tanks and cars become agents; what joins them, groups:

    groups      heat to rooms of each building, cold to rooms, charging of its tank; lines of points
    capacities  a substation's heat (rooms and tank), its cold; a line's limit
    rows above  the plant's heat and cold, the car park's feeder, shared heat within what is heated,
                charged and cooled
    exchanges   heat for rooms, and for hot water, made with the chilled circuit as source
"""

from dataclasses import dataclass, replace

import numpy as np

from ems.domain.slots import SLOT_H
from ems.optimizer.presolve import reduced
from ems.optimizer.problem import Floats, Indices, PlanProblem, Plant, Rooms
from ems.optimizer.structured.answer import Controls
from ems.optimizer.structured.plant import Recovery, with_capacity, with_recovery
from ems.optimizer.structured.problem import (
    Agents,
    Batteries,
    DistrictProblem,
    Groups,
    Limit,
    Meter,
)

TRIFLE_KW = 1e-2
"""Capacities and rows are at least this much: the solver's first plan lies inside all of them."""
LATE_SHARE = 0.25
"""Price of charging in the time kept in hand, as a share of the price of a shortfall."""
LATER_EUR_PER_KWH = 0.01
"""Charging at the end of the horizon costs this much more than now: of equal times, the first."""
WARM_SHARE = 0.05
"""Part of the price of comfort for air above what heating may aim at: it stops preheating there,
and is no reason to leave people cold before."""
STEADY_EUR_PER_KWH = 1e-4
"""Moving heat or energy costs at least this, so that nothing is moved for nothing."""
OUTSIDE_EUR_PER_KWH = 20.0
"""Price of a battery's energy outside its bounds in a slot: dear enough that none ever is."""
OUTSIDE_PRICES = 20.0
"""So many prices of an event more, whose import a battery would else save beyond its bounds."""
EVENT = "event"
"""Name of the limit that demand response sets."""
FAR = "far overrun"
"""Name of the limit above which an overrun is at its dearest."""
ROOMS, TANKS, CARS = range(3)
"""Kinds of agents, in their order."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Which group, capacity and row is what, for H buildings and M lines of charge points."""

    buildings: int
    lines: int

    @property
    def heat(self) -> Indices:
        """Groups of heat to rooms, and capacities of heat, by building."""
        return np.arange(self.buildings)

    @property
    def cool(self) -> Indices:
        """Groups and capacities of cold to rooms, by building."""
        return self.buildings + np.arange(self.buildings)

    @property
    def tank(self) -> Indices:
        """Groups of tanks, by building."""
        return 2 * self.buildings + np.arange(self.buildings)

    @property
    def line(self) -> Indices:
        """Groups of charge points."""
        return 3 * self.buildings + np.arange(self.lines)

    @property
    def line_limit(self) -> Indices:
        """Capacities of charge points."""
        return 2 * self.buildings + np.arange(self.lines)


ROWS = ("plant heat", "plant cold", "feeder", "shared heat", "shared hot water", "shared cold")
"""What the rows above the capacities are called."""


def layout(problem: PlanProblem) -> Layout:
    """Where groups and capacities of `problem` stand."""
    return Layout(buildings=len(problem.plant.buildings), lines=len(problem.cars.groups))


@dataclass(frozen=True, kw_only=True)
class AgentProblem:
    """The problem for the solver, and what its limits are called."""

    problem: DistrictProblem
    """Without limits that can never bind."""
    capacities: tuple[str, ...]
    """Names of its capacities."""
    rows: tuple[str, ...]
    """Names of its rows above the capacities."""


def agent_problem(problem: PlanProblem) -> AgentProblem:
    """`problem` as the solver takes it."""
    left, plant = reduced(district_problem(problem)), problem.plant
    capacities = [
        *(f"{name} heat" for name in plant.buildings),
        *(f"{name} cold" for name in plant.buildings),
        *problem.cars.groups,
    ]
    return AgentProblem(
        problem=left.problem,
        capacities=tuple(capacities[c] for c in left.capacities),
        rows=tuple(ROWS[row] for row in left.rows),
    )


def district_problem(problem: PlanProblem) -> DistrictProblem:
    """`problem` with every room, tank, car and battery on its own."""
    at, plant = layout(problem), problem.plant
    alone = DistrictProblem(
        slot_h=SLOT_H,
        agents=(_rooms(problem, at), _tanks(problem, at), _cars(problem, at)),
        batteries=_batteries(problem),
        groups=_groups(problem, at),
        meter=_meter(problem),
    )
    own_heat, own_cool = problem.own_heat_kw.sum(axis=1), problem.own_cool_kw.sum(axis=1)
    for groups, limit in (
        (np.concatenate([at.heat, at.tank]), plant.heat_kw_max - own_heat),
        (at.cool, plant.cool_kw_max - own_cool),
        (at.line, problem.cars.feeder_kw_max),
    ):
        alone = with_capacity(alone, groups, _at_least_a_trifle(limit))
    whole = with_recovery(alone, _recovery(plant, at))
    known = np.zeros_like(whole.groups.upper_kw)
    known[ROWS.index("shared heat")], known[ROWS.index("shared cold")] = own_heat, own_cool
    return replace(whole, groups=replace(whole.groups, upper_kw=whole.groups.upper_kw + known))


def _recovery(plant: Plant, at: Layout) -> Recovery:
    return Recovery(
        heating=at.heat,
        hot_water=at.tank,
        cold=at.cool,
        heating_cop=plant.heating_cop,
        hot_water_cop=plant.hot_water_cop,
        cooling_eer=plant.cooling_eer,
        shared_cop=plant.shared_cop,
        shared_hot_cop=plant.shared_hot_cop,
    )


def _rooms(problem: PlanProblem, at: Layout) -> Agents:
    rooms = problem.rooms
    price = np.broadcast_to(SLOT_H * rooms.comfort_eur_per_kh, rooms.low_c.shape)
    return Agents(
        transfer=np.ascontiguousarray(rooms.transfer.transpose(1, 2, 0)),
        gain=np.ascontiguousarray(rooms.per_kw.T),
        drift=np.ascontiguousarray(rooms.drift_c.transpose(0, 2, 1)),
        start=np.ascontiguousarray(rooms.start_c.T),
        power_kw_max=rooms.power_kw_max,
        low=rooms.low_c,
        high=_highest_c(rooms),
        low_price_eur=price,
        high_price_eur=np.where(rooms.cooled, 1.0, WARM_SHARE) * price,
        end_value_eur=np.ascontiguousarray(rooms.end_eur_per_k.T),
        group=np.where(rooms.cooled, at.cool[rooms.building], at.heat[rooms.building]),
        **_no_extra(rooms.low_c.shape, SLOT_H * STEADY_EUR_PER_KWH),
    )


def _highest_c(rooms: Rooms) -> Floats:
    return np.where(rooms.cooled, np.maximum(rooms.ceiling_c, rooms.low_c), rooms.high_c)


def _tanks(problem: PlanProblem, at: Layout) -> Agents:
    tanks, shape = problem.tanks, problem.tanks.drift_c.shape
    price = np.broadcast_to(SLOT_H * tanks.shortage_eur_per_kh, shape)
    return Agents(
        transfer=tanks.keep[None, None],
        gain=tanks.per_kw[None],
        drift=np.ascontiguousarray(tanks.drift_c[:, None, :]),
        start=tanks.start_c[None],
        power_kw_max=np.tile(tanks.charge_kw_max, (shape[0], 1)),
        low=np.tile(tanks.low_c, (shape[0], 1)),
        high=np.tile(np.maximum(tanks.high_c, tanks.start_c), (shape[0], 1)),
        low_price_eur=price,
        high_price_eur=price,
        end_value_eur=tanks.end_eur_per_k[None],
        group=at.tank[tanks.building],
        **_no_extra(shape, SLOT_H * STEADY_EUR_PER_KWH),
    )


def _cars(problem: PlanProblem, at: Layout) -> Agents:
    """A car's state is the energy that it has been given; its wish holds when it leaves."""
    cars, shape = problem.cars, problem.cars.present.shape
    T, n = shape
    slot = np.arange(T)[:, None]
    last = np.maximum((cars.present > 0).sum(axis=0) - 1, 0)
    price = np.where(slot == last, cars.shortfall_eur_per_kwh, 0.0)
    later = LATER_EUR_PER_KWH * slot / T + LATE_SHARE * cars.shortfall_eur_per_kwh * cars.late
    wanted = np.tile(cars.wanted_kwh, (T, 1))
    return Agents(
        transfer=np.ones((1, 1, n)),
        gain=np.full((1, n), SLOT_H),
        drift=np.zeros((T, 1, n)),
        start=np.zeros((1, n)),
        power_kw_max=cars.power_kw_max * cars.present,
        low=np.where(slot == last, wanted, 0.0),
        high=wanted,
        low_price_eur=price,
        high_price_eur=price,
        end_value_eur=np.zeros((1, n)),
        group=at.line[cars.group],
        **_no_extra(shape, SLOT_H * later),
    )


def _no_extra(shape: tuple[int, ...], cost_eur: Floats | float) -> dict[str, Floats]:
    """Costs beside electricity and wishes: `cost_eur` of a kW in a slot."""
    return {
        "cost_eur": np.broadcast_to(cost_eur, shape).copy(),
        "curvature_eur": np.zeros(shape[1]),
        "reference_kw": np.zeros(shape),
    }


def _batteries(problem: PlanProblem) -> Batteries:
    units = problem.batteries
    return Batteries(
        start_kwh=units.start_kwh,
        low_kwh=np.minimum(units.low_kwh, units.start_kwh),
        high_kwh=np.maximum(units.high_kwh, units.start_kwh),
        charge_kw_max=units.power_kw_max,
        discharge_kw_max=units.power_kw_max,
        charge_efficiency=units.efficiency_charge,
        discharge_efficiency=units.efficiency_discharge,
        wear_eur_per_kwh=np.maximum(units.wear_eur_per_kwh, STEADY_EUR_PER_KWH),
        end_value_eur_per_kwh=units.end_eur_per_kwh,
        outside_eur_per_kwh=np.full(
            units.start_kwh.size,
            OUTSIDE_EUR_PER_KWH + OUTSIDE_PRICES * problem.grid.cap_eur_per_kwh.max(initial=0.0),
        ),
    )


def _groups(problem: PlanProblem, at: Layout) -> Groups:
    plant, cars, T = problem.plant, problem.cars, problem.slots
    H, M = at.buildings, at.lines
    circuits = [plant.heating_cop, plant.cooling_eer, plant.hot_water_cop]
    electric = np.concatenate(
        [*(np.broadcast_to(1 / cop, (H, T)) for cop in circuits), np.ones((M, T))]
    )
    own_heat, own_cool = problem.own_heat_kw.T, problem.own_cool_kw.T
    lines = np.full((M, T), cars.group_kw_max)
    return Groups(
        electric_per_kw=electric,
        capacity=np.concatenate([at.heat, at.cool, at.heat, at.line_limit]),
        upper_per_kw=np.zeros((3 * H + M, 0)),
        capacity_kw=_at_least_a_trifle(
            plant.substation_heat_kw_max[:, None] - own_heat,
            plant.substation_cool_kw_max[:, None] - own_cool,
            lines,
        ),
        upper_kw=np.zeros((0, T)),
    )


def _at_least_a_trifle(*parts: Floats) -> Floats:
    return np.maximum(np.concatenate(parts), TRIFLE_KW)


def _meter(problem: PlanProblem) -> Meter:
    grid, plant = problem.grid, problem.plant
    own = problem.own_heat_kw.sum(axis=1) / plant.heating_cop
    own = own + problem.own_cool_kw.sum(axis=1) / plant.cooling_eer
    T = problem.slots
    event = Limit(name=EVENT, kw=grid.cap_kw, eur_per_kwh=grid.cap_eur_per_kwh)
    far_kw = grid.subscribed_kw + grid.far_kw
    far = Limit(name=FAR, kw=far_kw, eur_per_kwh=grid.far_eur_per_kwh)
    return Meter(
        base_kw=grid.base_kw + own,
        sun_kw=grid.pv_kw,
        buy_eur_per_kwh=grid.import_eur_per_kwh,
        sell_eur_per_kwh=grid.feed_in_eur_per_kwh,
        shared_kw=grid.dwellings_kw,
        shared_eur_per_kwh=np.maximum(grid.shared_eur_per_kwh, grid.feed_in_eur_per_kwh),
        subscribed_kw=np.full(T, grid.subscribed_kw),
        overrun_eur_per_kwh=grid.overrun_eur_per_kwh,
        limits=(event, far),
        spread_kw=grid.spread_kw,
        peak_eur_per_kw=grid.peak_eur_per_kw,
        peak_kw_min=grid.peak_kw_min,
    )


def heat_pump_kw(problem: PlanProblem, agents: AgentProblem, controls: Controls) -> Floats:
    """Electricity of the plant, after what shared heat saves. Shape [T]."""
    plant, rooms = problem.plant, problem.rooms
    power = controls.power_kw[ROOMS]
    heat = power[:, ~rooms.cooled].sum(axis=1) + problem.own_heat_kw.sum(axis=1)
    cool = power[:, rooms.cooled].sum(axis=1) + problem.own_cool_kw.sum(axis=1)
    water = controls.power_kw[TANKS].sum(axis=1)
    alone = heat / plant.heating_cop + water / plant.hot_water_cop + cool / plant.cooling_eer
    shared = agents.problem.exchanges.electric_per_kw * controls.exchanged_kw
    electric: Floats = alone + shared.sum(axis=0)
    return electric
