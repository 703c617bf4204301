"""The course of a plan: the solver's controls, as people, pages and devices read them."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ems.domain.district import District
from ems.domain.forecasts import Forecasts
from ems.domain.slots import SLOT_H
from ems.optimizer.agents import CARS, ROOMS, TANKS, heat_pump_kw
from ems.optimizer.currents import Headroom, car_currents_a, per_ampere_kw
from ems.optimizer.problem import Floats
from ems.optimizer.sessions import cars_of, own_limit_series
from ems.optimizer.statement import Statement
from ems.optimizer.steady import car_series, tank_series
from ems.optimizer.structured.answer import Controls, Multipliers
from ems.optimizer.structured.certificate import states, stored_kwh


@dataclass(frozen=True, kw_only=True)
class Course:
    """What is to happen in each of S slots. Powers kW, signs as everywhere in the district."""

    heat_kw: Floats
    """Heat to each room, its thermostat's own share included. Shape [S, n]."""
    cool_kw: Floats
    """Cold to each room, its thermostat's own share included. Shape [S, n]."""
    air_c: Floats
    """Air of each room at the end of the slot. Shape [S, n]."""
    under_k: Floats
    """Air below its band at the end of the slot. Shape [S, planned rooms]."""
    over_k: Floats
    """Air above its band at the end of the slot. Shape [S, planned rooms]."""
    tank_kw: Floats
    """Charging of each tank. Shape [S, N]."""
    tank_c: Floats
    """Each tank at the end of the slot. Shape [S, N]."""
    shared_heat_kw: Floats
    """Heat that comes from cooling. Shape [S]."""
    heat_pump_kw: Floats
    """Electricity of the plant. Shape [S]."""
    current_a: Floats
    """Current limit of each car. Shape [S, C]."""
    car_kw: Floats
    """Charging of each car by it, mean of the slot. Shape [S, C]."""
    headroom: list[Headroom] = field(repr=False)
    """What is left for other charge points."""
    battery_kw: Floats
    """Shape [S, B]."""
    stored_kwh: Floats
    """At the end of the slot. Shape [S, B]."""
    base_kw: Floats
    """Shape [S]."""
    pv_kw: Floats
    """Available. Shape [S]."""
    curtailed_kw: Floats
    """Shape [S]."""

    @property
    def net_kw(self) -> Floats:
        """Import less export at the district's meter. Shape [S]."""
        controlled = self.heat_pump_kw + self.car_kw.sum(axis=1) + self.battery_kw.sum(axis=1)
        net: Floats = self.base_kw + controlled - self.pv_kw + self.curtailed_kw
        return net

    @property
    def surplus_kw(self) -> Floats:
        """Sun beyond what base load and heat pumps take. Shape [S]."""
        return np.maximum(self.pv_kw - self.base_kw - self.heat_pump_kw, 0.0)


def course(
    statement: Statement, district: District, controls: Controls, prices: Multipliers
) -> Course:
    """What `controls` of the problem's agents come to at `prices`, over the slots of the plan."""
    problem, agents = statement.problem, statement.agents.problem
    rooms = problem.rooms
    air_c = states(agents.agents[ROOMS], controls.power_kw[ROOMS])[:, 0]
    cars = agents.agents[CARS]
    held_eur = cars.curvature_eur * cars.reference_kw
    per_kw = prices.electricity[:, None] + cars.cost_eur - held_eur
    current, car, left = _charging(statement, district, controls.power_kw[CARS], per_kw)
    ceiling = np.maximum(rooms.ceiling_c, rooms.low_c)
    return Course(
        heat_kw=_all_rooms(statement, controls, rooms.cooled) + statement.rooms.own_heat_kw,
        cool_kw=_all_rooms(statement, controls, ~rooms.cooled) + statement.rooms.own_cool_kw,
        air_c=_all_air_c(statement, air_c),
        under_k=np.maximum(rooms.low_c - air_c, 0.0),
        over_k=np.maximum(air_c - ceiling, 0.0),
        tank_kw=controls.power_kw[TANKS],
        tank_c=states(agents.agents[TANKS], controls.power_kw[TANKS])[:, 0],
        shared_heat_kw=controls.exchanged_kw.sum(axis=0),
        heat_pump_kw=heat_pump_kw(problem, statement.agents, controls),
        current_a=current,
        car_kw=car,
        headroom=left,
        battery_kw=controls.charge_kw - controls.discharge_kw,
        stored_kwh=stored_kwh(agents.batteries, SLOT_H, controls),
        base_kw=problem.grid.base_kw,
        pv_kw=problem.grid.pv_kw,
        curtailed_kw=controls.curtailed_kw,
    )


def _charging(
    statement: Statement, district: District, car_kw: Floats, price_eur: Floats
) -> tuple[Floats, Floats, list[Headroom]]:
    """Currents, the powers they give, and what is left for other charge points."""
    park, wanting = district.car_park, cars_of(statement.sessions)
    present = statement.problem.cars.present
    current, left = car_currents_a(car_kw, present, wanting, park, price_eur)
    unit_kw = np.array([per_ampere_kw(session, park) for session in wanting])
    taken_kw = np.minimum(current * unit_kw, statement.problem.cars.power_kw_max)
    return current, taken_kw * present, left


def _all_rooms(statement: Statement, controls: Controls, left_out: NDArray[np.bool_]) -> Floats:
    """Powers of the planned rooms of one service among all rooms. Shape [S, n]."""
    every = np.zeros_like(statement.rooms.free_c)
    every[:, statement.rooms.planned] = np.where(left_out, 0.0, controls.power_kw[ROOMS])
    return every


def _all_air_c(statement: Statement, planned_c: Floats) -> Floats:
    air = statement.rooms.free_c.copy()
    air[:, statement.rooms.planned] = planned_c
    return air


def building_heat_kw(statement: Statement, made: Course) -> Floats:
    """Heating and tank of each heated building. Shape [S, H]."""
    load = np.zeros((len(made.net_kw), len(statement.problem.plant.buildings)))
    np.add.at(load.T, statement.rooms.building, made.heat_kw.T)
    np.add.at(load.T, statement.problem.tanks.building, made.tank_kw.T)
    return load


def shortfall_kwh(statement: Statement, made: Course) -> Floats:
    """What each car leaves without. Shape [C]."""
    charged = made.car_kw.sum(axis=0) * SLOT_H
    left: Floats = np.maximum(statement.problem.cars.wanted_kwh - charged, 0.0)
    return left


def series(statement: Statement, made: Course, forecasts: Forecasts) -> dict[str, Floats]:
    """What is expected to happen, by name; each of shape [slots]."""
    problem, net = statement.problem, made.net_kw
    shape = net.shape
    by_name = {
        "import_kw": np.maximum(net, 0.0),
        "export_kw": np.maximum(-net, 0.0),
        "net_kw": net,
        "pv_kw": made.pv_kw,
        "curtailed_kw": made.curtailed_kw,
        "base_kw": made.base_kw,
        "heat_pump_kw": made.heat_pump_kw,
        "ev_kw": made.car_kw.sum(axis=1),
        "battery_kw": made.battery_kw.sum(axis=1),
        "heat_kw": made.heat_kw.sum(axis=1),
        "hot_water_kw": made.tank_kw.sum(axis=1),
        "cool_kw": made.cool_kw.sum(axis=1),
        "shared_heat_kw": made.shared_heat_kw,
        "import_price_eur_per_kwh": forecasts["price/import_eur_per_kwh"],
        "ev_shortfall_kwh": np.full(shape, shortfall_kwh(statement, made).sum()),
        "discomfort_k": (made.under_k + made.over_k).max(axis=1, initial=0.0),
    }
    load = building_heat_kw(statement, made)
    for h, name in enumerate(problem.plant.buildings):
        by_name[f"{name}/heat_kw"] = load[:, h]
    for n, name in enumerate(problem.tanks.names):
        by_name[tank_series(name)] = made.tank_kw[:, n]
    for b, name in enumerate(problem.batteries.names):
        by_name[f"{name}/soc_kwh"] = made.stored_kwh[:, b]
    for c, name in enumerate(problem.cars.names):
        by_name[car_series(name)] = made.car_kw[:, c]
    for session in statement.sessions:
        if np.isfinite(session.own_kw):
            by_name[own_limit_series(session.point.id)] = np.full(shape, session.own_kw)
    return by_name
