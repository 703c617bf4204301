"""Holding a plan to the one in force: cars and tanks that gain nothing by a change do not change.

A plan's series tell what it had each car and tank do. The next plan pays a little for leaving that,
so that what is worth the same stays where it was and nothing is switched to and fro; a car that has
come since, or another at the same charge point, is free. Rooms are not held: what a thermostat is
told moves smoothly by itself.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ems.domain.plans import Plan
from ems.domain.slots import SLOT_H, Horizon
from ems.optimizer.agents import CARS, TANKS, AgentProblem
from ems.optimizer.problem import Floats, PlanProblem
from ems.optimizer.structured.in_force import slots_later
from ems.optimizer.structured.problem import Agents, DistrictProblem

NEAR_EUR_PER_KW = 6e-3
"""Leaving the plan in force by all of a device's power costs half of this a kW and slot: a
twentieth of what the energy costs."""
SAME_CAR_SHARE, SAME_CAR_KWH = 0.3, 1.0
"""A car that wants this much more or less than the plan in force gives is another one."""
STALE_SLOTS = 8
"""A plan that began longer ago says nothing about the next."""


def tank_series(building: str) -> str:
    """Name of the series that holds the charging of a building's tank."""
    return f"{building}/hot_water_kw"


def car_series(point: str) -> str:
    """Name of the series that holds the charging of the car at a charge point."""
    return f"{point}/ev_kw"


def steadied(
    agents: AgentProblem, problem: PlanProblem, horizon: Horizon, previous: Plan | None
) -> AgentProblem:
    """`agents` held near what `previous` has cars and tanks do over `horizon`."""
    if (
        previous is None
        or not 0 <= horizon.first.index - previous.horizon.first.index < STALE_SLOTS
    ):
        return agents
    tanks, held = _before([tank_series(n) for n in problem.tanks.names], horizon, previous)
    cars, known = _before([car_series(n) for n in problem.cars.names], horizon, previous)
    there = problem.cars.present > 0
    cars = np.where(there, cars, 0.0)
    off = np.abs(cars.sum(axis=0) * SLOT_H - problem.cars.wanted_kwh)
    known &= off < SAME_CAR_SHARE * problem.cars.wanted_kwh + SAME_CAR_KWH
    whole = _held(_held(agents.problem, TANKS, tanks, held), CARS, cars, known)
    return replace(agents, problem=whole)


def _before(names: list[str], horizon: Horizon, previous: Plan) -> tuple[Floats, NDArray[np.bool_]]:
    """Powers [T, n] of these series over `horizon`, and which of them there are [n]."""
    later, length = horizon.first.index - previous.horizon.first.index, horizon.length
    power = np.zeros((length, len(names)))
    known = np.array([name in previous.series for name in names], dtype=np.bool_)
    for position in np.flatnonzero(known):
        row = slots_later(previous.series[names[position]][:, None], later)[:length, 0]
        power[:, position] = np.pad(row, (0, length - row.size), mode="edge")
    return power, known


def _held(
    problem: DistrictProblem, kind: int, power_kw: Floats, known: NDArray[np.bool_]
) -> DistrictProblem:
    """`problem` with one kind of agents held near powers [T, n], those that are known."""
    agents: Agents = problem.agents[kind]
    most = np.maximum(agents.power_kw_max.max(axis=0, initial=0.0), 1e-6)
    near = replace(
        agents,
        curvature_eur=np.where(known, NEAR_EUR_PER_KW / most, 0.0),
        reference_kw=np.clip(power_kw, 0.0, agents.power_kw_max),
    )
    every = list(problem.agents)
    every[kind] = near
    return replace(problem, agents=tuple(every))
