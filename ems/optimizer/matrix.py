"""The linear programme of a plan, part by part; `docs/optimizer.md` gives it in symbols.

Comfort bands and tank bands are written into the columns: an air temperature is
`low + inside - under + warm + over`, with `inside` between zero and the width of the band, so that
a band takes no row. What each part draws from or gives to the others passes through the balances of
substations, plant, feeder and meter.
"""

import numpy as np
from numpy.typing import NDArray

from ems.optimizer.assembly import Assembly, LinearProgram
from ems.optimizer.columns import Balances, Columns
from ems.optimizer.problem import PlanProblem

Indices = NDArray[np.intp]

FAR_K = 60.0
"""No temperature lies further than this outside its band; a finite box makes the bound a proof."""
FAR_KW = 20_000.0
"""No power of the district is greater."""
LATE_SHARE = 0.25
"""Price of charging in the time kept in hand, as a share of the price of a shortfall."""
LATER_EUR_PER_KWH = 0.01
"""Charging at the end of the horizon costs this much more than now: of equal times, the first."""
WARM_SHARE = 0.05
"""Part of the price of comfort for air above what heating may aim at: it stops preheating there,
and is no reason to leave people cold before."""
AIR = (("inside", 1.0), ("under", -1.0), ("warm", 1.0), ("over", 1.0))
"""Air is the low end of its band and these columns with these signs."""
STEADY_EUR_PER_KWH = 1e-4
"""Throughput of heat storage costs at least this, so that nothing is moved for nothing."""


def programme(problem: PlanProblem) -> tuple[LinearProgram, Columns]:
    """The linear programme of `problem`, and which column of it stands for what."""
    build = Assembly()
    balances = _balances(build, problem)
    parts: dict[str, Indices] = {}
    for part in (_rooms, _tanks, _plant, _cars, _batteries, _grid):
        parts |= part(build, problem, balances)
    return build.build(), Columns(**parts)


def _balances(build: Assembly, problem: PlanProblem) -> Balances:
    blocks, plant, cars = len(problem.blocks), problem.plant, problem.cars
    buildings = len(plant.buildings)
    return Balances(
        electricity=build.equal(blocks, to=problem.grid.pv_kw - problem.grid.base_kw),
        substation_heat=build.rows(blocks, buildings, high=plant.substation_heat_kw_max),
        substation_cool=build.rows(blocks, buildings, high=plant.substation_cool_kw_max),
        heat=build.rows(blocks, high=plant.heat_kw_max),
        cool=build.rows(blocks, high=plant.cool_kw_max),
        shared_heat=build.rows(blocks, high=0.0),
        shared_hot_water=build.rows(blocks, high=0.0),
        shared_cool=build.rows(blocks, high=0.0),
        group=build.rows(blocks, len(cars.groups), high=cars.group_kw_max),
        feeder=build.rows(blocks, high=cars.feeder_kw_max),
    )


def _rooms(build: Assembly, problem: PlanProblem, meet: Balances) -> dict[str, Indices]:
    rooms, hours = problem.rooms, problem.blocks.hours[:, None]
    shape = (len(problem.blocks), len(rooms.names))
    price = hours * rooms.comfort_eur_per_kh
    warm = np.minimum(rooms.ceiling_c - rooms.high_c, FAR_K)
    columns = {
        "heat": build.columns(*shape, high=rooms.heat_kw_max),
        "cool": build.columns(*shape, high=rooms.cool_kw_max),
        "inside": build.columns(*shape, high=rooms.high_c - rooms.low_c),
        "under": build.columns(*shape, high=FAR_K, cost=price),
        "warm": build.columns(*shape, high=warm, cost=WARM_SHARE * price),
        "over": build.columns(*shape, high=FAR_K, cost=price),
        "mass": build.columns(
            *shape, low=-FAR_K, high=2 * FAR_K, cost=_at_end(shape, -rooms.end_eur_per_k[:, 1])
        ),
    }
    _rooms_dynamics(build, problem, columns)
    _rooms_end(build, problem, columns)
    _rooms_load(build, problem, meet, columns)
    return columns


def _rooms_dynamics(build: Assembly, problem: PlanProblem, at: dict[str, Indices]) -> None:
    """One row for air, one for mass: x' - transfer x - per_kw heat + per_cool_kw cool = drift."""
    rooms = problem.rooms
    known = rooms.drift_c.copy()
    known[0] += np.einsum("gij,gj->gi", rooms.transfer[0], rooms.start_c)
    known[1:] += rooms.transfer[1:, :, :, 0] * rooms.low_c[:-1, :, None]
    known[:, :, 0] -= rooms.low_c
    rows = build.equal(*known.shape, to=known)
    for name, sign in AIR:
        build.put(rows[:, :, 0], at[name], sign)
        before = at[name][:-1, :, None]
        build.put(rows[1:], before, -sign * rooms.transfer[1:, :, :, 0])
    build.put(rows[:, :, 1], at["mass"])
    build.put(rows[1:], at["mass"][:-1, :, None], -rooms.transfer[1:, :, :, 1])
    build.put(rows, at["heat"][:, :, None], -rooms.per_kw)
    build.put(rows, at["cool"][:, :, None], rooms.per_cool_kw)


def _rooms_end(build: Assembly, problem: PlanProblem, at: dict[str, Indices]) -> None:
    """The worth of the air left at the end, against the present one."""
    rooms = problem.rooms
    worth = rooms.end_eur_per_k
    for name, sign in AIR:
        build.charge(at[name][-1], -sign * worth[:, 0])
    build.offset += float((worth * rooms.start_c).sum() - worth[:, 0] @ rooms.low_c[-1])


def _rooms_load(
    build: Assembly, problem: PlanProblem, meet: Balances, at: dict[str, Indices]
) -> None:
    plant, building = problem.plant, problem.rooms.building
    heat, cool = at["heat"], at["cool"]
    build.put(meet.substation_heat[:, building], heat)
    build.put(meet.substation_cool[:, building], cool)
    build.put(meet.heat[:, None], heat)
    build.put(meet.cool[:, None], cool)
    build.put(meet.shared_heat[:, None], heat, -1.0)
    build.put(meet.shared_cool[:, None], cool, -1.0)
    build.put(meet.electricity[:, None], heat, 1 / plant.heating_cop[:, None])
    build.put(meet.electricity[:, None], cool, 1 / plant.cooling_eer[:, None])


def _tanks(build: Assembly, problem: PlanProblem, meet: Balances) -> dict[str, Indices]:
    tanks, hours = problem.tanks, problem.blocks.hours[:, None]
    shape = (len(problem.blocks), len(tanks.names))
    highest = np.maximum(tanks.high_c, tanks.start_c)
    columns = {
        "tank_charge": build.columns(
            *shape, high=tanks.charge_kw_max, cost=hours * STEADY_EUR_PER_KWH
        ),
        "tank_inside": build.columns(
            *shape, high=highest - tanks.low_c, cost=_at_end(shape, -tanks.end_eur_per_k)
        ),
        "tank_under": build.columns(
            *shape,
            high=FAR_K,
            cost=hours * tanks.shortage_eur_per_kh + _at_end(shape, tanks.end_eur_per_k),
        ),
    }
    build.offset += float(tanks.end_eur_per_k @ (tanks.start_c - tanks.low_c))
    known = tanks.drift_c - tanks.low_c
    known[0] += tanks.keep[0] * tanks.start_c
    known[1:] += tanks.keep[1:] * tanks.low_c
    rows = build.equal(*shape, to=known)
    for name, sign in (("tank_inside", 1.0), ("tank_under", -1.0)):
        build.put(rows, columns[name], sign)
        build.put(rows[1:], columns[name][:-1], -sign * tanks.keep[1:])
    charge = columns["tank_charge"]
    build.put(rows, charge, -tanks.per_kw)
    build.put(meet.substation_heat[:, tanks.building], charge)
    build.put(meet.heat[:, None], charge)
    build.put(meet.shared_hot_water[:, None], charge, -1.0)
    build.put(meet.electricity[:, None], charge, 1 / problem.plant.hot_water_cop[:, None])
    return columns


def _plant(build: Assembly, problem: PlanProblem, meet: Balances) -> dict[str, Indices]:
    """Shared heat takes the place of heat made from the loop and of cold rejected to it."""
    plant = problem.plant
    circuits = (
        ("shared_heat", meet.shared_heat, plant.heating_cop, plant.shared_cop),
        ("shared_hot_water", meet.shared_hot_water, plant.hot_water_cop, plant.shared_hot_cop),
    )
    columns = {}
    for name, rows, alone, together in circuits:
        heat = build.columns(len(problem.blocks), high=FAR_KW)
        build.put(rows, heat)
        build.put(meet.shared_cool, heat, 1 - 1 / together)
        build.put(meet.electricity, heat, -plant.saved_per_heat(alone, together))
        columns[name] = heat
    return columns


def _cars(build: Assembly, problem: PlanProblem, meet: Balances) -> dict[str, Indices]:
    cars, blocks = problem.cars, problem.blocks
    hours = blocks.hours[:, None]
    later = LATER_EUR_PER_KWH * blocks.first[:, None] / blocks.slots
    later = later + LATE_SHARE * cars.shortfall_eur_per_kwh * cars.late
    power = build.columns(
        len(blocks), len(cars.names), high=cars.power_kw_max * cars.present, cost=hours * later
    )
    shortfall = build.columns(
        len(cars.names), high=cars.wanted_kwh, cost=cars.shortfall_eur_per_kwh
    )
    rows = build.equal(len(cars.names), to=cars.wanted_kwh)
    build.put(rows, power, np.broadcast_to(hours, power.shape))
    build.put(rows, shortfall)
    build.put(meet.group[:, cars.group], power)
    build.put(meet.feeder[:, None], power)
    build.put(meet.electricity[:, None], power)
    return {"car": power, "shortfall": shortfall}


def _batteries(build: Assembly, problem: PlanProblem, meet: Balances) -> dict[str, Indices]:
    batteries, hours = problem.batteries, problem.blocks.hours[:, None]
    shape = (len(problem.blocks), len(batteries.names))
    wear = hours * np.maximum(batteries.wear_eur_per_kwh, STEADY_EUR_PER_KWH)
    low = np.minimum(batteries.low_kwh, batteries.start_kwh)
    high = np.maximum(batteries.high_kwh, batteries.start_kwh)
    charge = build.columns(*shape, high=batteries.power_kw_max)
    discharge = build.columns(*shape, high=batteries.power_kw_max, cost=wear)
    stored = build.columns(
        *shape, low=low, high=high, cost=_at_end(shape, -batteries.end_eur_per_kwh)
    )
    build.offset += float(batteries.end_eur_per_kwh @ batteries.start_kwh)
    known = np.zeros(shape)
    known[0] = batteries.start_kwh
    rows = build.equal(*shape, to=known)
    build.put(rows, stored)
    build.put(rows[1:], stored[:-1], -1.0)
    build.put(rows, charge, -hours * batteries.efficiency_charge)
    build.put(rows, discharge, hours / batteries.efficiency_discharge)
    build.put(meet.electricity[:, None], charge)
    build.put(meet.electricity[:, None], discharge, -1.0)
    return {"charge": charge, "discharge": discharge, "stored": stored}


def _grid(build: Assembly, problem: PlanProblem, meet: Balances) -> dict[str, Indices]:
    """Import in three steps of price, export in two; the meter's balance closes the programme."""
    grid, hours = problem.grid, problem.blocks.hours
    blocks = len(problem.blocks)
    price = grid.import_eur_per_kwh
    columns = {
        "curtailed": build.columns(blocks, high=grid.pv_kw),
        "imported": build.columns(
            blocks, high=np.maximum(grid.subscribed_kw - grid.margin_kw, 0), cost=hours * price
        ),
        "margin": build.columns(
            blocks, high=grid.margin_kw, cost=hours * (price + grid.margin_eur_per_kwh)
        ),
        "overrun": build.columns(
            blocks, high=FAR_KW, cost=hours * (price + grid.overrun_eur_per_kwh)
        ),
        "shared": build.columns(
            blocks, high=grid.dwellings_kw, cost=-hours * grid.shared_eur_per_kwh
        ),
        "fed_in": build.columns(blocks, high=FAR_KW, cost=-hours * grid.feed_in_eur_per_kwh),
    }
    signs = {"curtailed": 1, "imported": -1, "margin": -1, "overrun": -1, "shared": 1, "fed_in": 1}
    for name, sign in signs.items():
        build.put(meet.electricity, columns[name], sign)
    return columns


def _at_end(shape: tuple[int, int], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Costs [K, n] that are zero but in the last block."""
    costs = np.zeros(shape)
    costs[-1] = values
    return costs
