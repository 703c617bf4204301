"""The course of a plan: the programme's answer laid over slots, as people and pages read it."""

from dataclasses import dataclass, field

import numpy as np

from ems.domain.district import District
from ems.domain.forecasts import Forecasts
from ems.domain.slots import SLOT_H
from ems.optimizer.blocks import Blocks
from ems.optimizer.columns import Columns
from ems.optimizer.currents import Headroom, car_currents_a, per_ampere_kw
from ems.optimizer.problem import Floats, PlanProblem
from ems.optimizer.sessions import cars_of, own_limit_series, presence
from ems.optimizer.statement import Statement


@dataclass(frozen=True, kw_only=True)
class Course:
    """What is to happen in each of S slots. Powers kW, signs as everywhere in the district."""

    heat_kw: Floats
    """Heat to each group of rooms. Shape [S, G]."""
    cool_kw: Floats
    """Cold to each group. Shape [S, G]."""
    air_c: Floats
    """Air of each group at the end of the slot. Shape [S, G]."""
    under_k: Floats
    """Air below its band at the end of each block. Shape [K, planned groups]."""
    over_k: Floats
    """Air above its band at the end of each block. Shape [K, planned groups]."""
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
    statement: Statement,
    district: District,
    forecasts: Forecasts,
    columns: Columns,
    values: Floats,
) -> Course:
    """The answer `values` [columns] of the programme over the slots of the plan."""
    problem, blocks = statement.problem, statement.problem.blocks
    current, car, left = _charging(statement, district, values[columns.car])
    pv = np.maximum(forecasts["pv/available_kw"], 0.0)
    return Course(
        heat_kw=blocks.held(_all_groups(statement, values[columns.heat])),
        cool_kw=blocks.held(_all_groups(statement, values[columns.cool])),
        air_c=blocks.between(statement.state.start_c[:, 0], _air_c(statement, columns, values)),
        under_k=values[columns.under],
        over_k=values[columns.over],
        tank_kw=blocks.held(values[columns.tank_charge]),
        tank_c=blocks.between(
            problem.tanks.start_c,
            problem.tanks.low_c + values[columns.tank_inside] - values[columns.tank_under],
        ),
        shared_heat_kw=blocks.held(values[columns.shared_heat] + values[columns.shared_hot_water]),
        heat_pump_kw=blocks.held(_heat_pump_kw(problem, columns, values)),
        current_a=current,
        car_kw=car,
        headroom=left,
        battery_kw=blocks.held(values[columns.charge] - values[columns.discharge]),
        stored_kwh=blocks.between(problem.batteries.start_kwh, values[columns.stored]),
        base_kw=forecasts["district/base_load_kw"] + forecasts["car_park/future_kw"],
        pv_kw=pv,
        curtailed_kw=_curtailed_kw(blocks, pv, values[columns.curtailed]),
    )


def _charging(
    statement: Statement, district: District, car_kw: Floats
) -> tuple[Floats, Floats, list[Headroom]]:
    """Currents, the powers they give, and what is left for other charge points."""
    blocks, park = statement.problem.blocks, district.car_park
    wanting = cars_of(statement.sessions)
    present = presence(wanting, Blocks.of_slots(blocks.slots))
    share = statement.problem.cars.present
    with np.errstate(invalid="ignore", divide="ignore"):
        while_there = np.nan_to_num(car_kw / share)
    planned = blocks.held(while_there) * present
    current, left = car_currents_a(planned, present, wanting, park)
    unit_kw = np.array([per_ampere_kw(session, park) for session in wanting])
    return current, current * unit_kw * present, left


def _all_groups(statement: Statement, planned: Floats) -> Floats:
    """Powers of the planned groups among all groups. Shape [K, G]."""
    every = np.zeros((len(planned), len(statement.state.group_floor_c)))
    every[:, statement.rooms.planned] = planned
    return every


def _air_c(statement: Statement, columns: Columns, values: Floats) -> Floats:
    air = statement.rooms.free_c.copy()
    at = statement.rooms.planned
    air[:, at] = (
        statement.problem.rooms.low_c
        + values[columns.inside]
        - values[columns.under]
        + values[columns.warm]
        + values[columns.over]
    )
    return air


def _heat_pump_kw(problem: PlanProblem, columns: Columns, values: Floats) -> Floats:
    """Electricity of the plant by block, after what shared heat saves. Shape [K]."""
    plant = problem.plant
    heat, cool = values[columns.heat].sum(axis=1), values[columns.cool].sum(axis=1)
    water = values[columns.tank_charge].sum(axis=1)
    alone = heat / plant.heating_cop + water / plant.hot_water_cop + cool / plant.cooling_eer
    electric: Floats = (
        alone
        - values[columns.shared_heat] * plant.saved_per_heat(plant.heating_cop, plant.shared_cop)
        - values[columns.shared_hot_water]
        * plant.saved_per_heat(plant.hot_water_cop, plant.shared_hot_cop)
    )
    return electric


def _curtailed_kw(blocks: Blocks, pv_kw: Floats, curtailed_kw: Floats) -> Floats:
    """PV not taken in each slot, with the energy of each block. Shape [slots]."""
    mean = blocks.held(blocks.mean(pv_kw))
    share = np.divide(blocks.held(curtailed_kw), mean, out=np.zeros_like(mean), where=mean > 1e-6)
    curtailed: Floats = pv_kw * np.clip(share, 0.0, 1.0)
    return curtailed


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
        "discomfort_k": problem.blocks.held((made.under_k + made.over_k).max(axis=1, initial=0.0)),
    }
    load = building_heat_kw(statement, made)
    for h, name in enumerate(problem.plant.buildings):
        by_name[f"{name}/heat_kw"] = load[:, h]
    for b, name in enumerate(problem.batteries.names):
        by_name[f"{name}/soc_kwh"] = made.stored_kwh[:, b]
    for c, name in enumerate(problem.cars.names):
        by_name[f"{name}/ev_kw"] = made.car_kw[:, c]
    for session in statement.sessions:
        if np.isfinite(session.own_kw):
            by_name[own_limit_series(session.point.id)] = np.full(shape, session.own_kw)
    return by_name
