"""The central plant as rows above the capacities: its capacity, recovered heat, running units.

Heat recovered from cold: a machine between the chilled circuit and a warm one gives z of heat for
z / COP of electricity and takes z (1 - 1 / COP) of cold, which needs no machine of its own. So

    z_h <= heat for rooms,   z_w <= heat for hot water,
    z_h (1 - 1/COP_h) + z_w (1 - 1/COP_w) <= cold

and each kWh saves 1 / COP alone + (1 - 1 / COP shared) / EER - 1 / COP shared of electricity.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from ems.optimizer.structured.problem import DistrictProblem, Exchanges, Floats, Indices
from ems.optimizer.structured.unit_course import Units

SPARE_KW = 0.01
"""Rows that balance two sides have this much room, so that an inside always exists."""
MISSING_EUR_PER_KWH = 5.0
"""Price of heat beyond what running units make."""
USELESS_EUR_PER_KWH = 1.0
"""Price of heat without use that a least load asks for, more than any heat costs."""


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """What recovered heat joins. COPs have shape [T]."""

    heating: Indices
    """Groups whose load is heat for rooms."""
    hot_water: Indices
    """Groups whose load is heat for hot water."""
    cold: Indices
    """Groups whose load is cold."""
    heating_cop: Floats = field(repr=False)
    """Heat of the heating circuit per electricity, from the loop."""
    hot_water_cop: Floats = field(repr=False)
    """The same of the hot-water circuit."""
    cooling_eer: Floats = field(repr=False)
    """Cold per electricity, heat rejected to the loop."""
    shared_cop: Floats = field(repr=False)
    """Heating per electricity when the chilled circuit is the source."""
    shared_hot_cop: Floats = field(repr=False)
    """Hot water per electricity when the chilled circuit is the source."""


def with_rows(
    problem: DistrictProblem, counted: Floats, limit_kw: Floats, exchanges: Exchanges
) -> DistrictProblem:
    """`problem` with N more rows: `counted` [G, N], `limit_kw` [N, T], exchanges over all rows.

    `exchanges.upper_per_kw` has shape [X, N, T]: what the new exchanges count in the new rows.
    """
    groups, old, T = problem.groups, problem.exchanges, problem.slots
    V, N = groups.upper_kw.shape[0], limit_kw.shape[0]
    before = np.zeros((old.count, V + N, T))
    before[:, :V] = old.upper_per_kw
    added = np.zeros((exchanges.count, V + N, T))
    added[:, V:] = exchanges.upper_per_kw

    def both(first: Floats, second: Floats) -> Floats:
        return np.concatenate([np.broadcast_to(first, (old.count, T)), second])

    return replace(
        problem,
        groups=replace(
            groups,
            upper_per_kw=np.concatenate([groups.upper_per_kw, counted], axis=1),
            upper_kw=np.concatenate([groups.upper_kw, limit_kw]),
        ),
        exchanges=Exchanges(
            kw_max=both(old.kw_max, exchanges.kw_max),
            cost_eur=both(old.cost_eur, exchanges.cost_eur),
            electric_per_kw=both(old.electric_per_kw, exchanges.electric_per_kw),
            upper_per_kw=np.concatenate([before, added]),
        ),
    )


def with_capacity(problem: DistrictProblem, groups: Indices, limit_kw: Floats) -> DistrictProblem:
    """`problem` with a capacity [T] that `groups` share above their own."""
    counted = _counted(problem, groups)[:, None]
    return with_rows(problem, counted, limit_kw[None], _no_exchange(problem))


def with_recovery(problem: DistrictProblem, recovery: Recovery) -> DistrictProblem:
    """`problem` with heat recovered from cold for rooms (exchange z_h) and hot water (z_w)."""
    T = problem.slots
    circuits = (recovery.heating, recovery.hot_water, recovery.cold)
    counted = -np.stack([_counted(problem, groups) for groups in circuits], axis=1)
    cops = np.stack([recovery.shared_cop, recovery.shared_hot_cop])
    alone = np.stack([recovery.heating_cop, recovery.hot_water_cop])
    saved = 1 / alone + (1 - 1 / cops) / recovery.cooling_eer - 1 / cops
    most = _most_kw(problem)
    heat = np.stack([most[recovery.heating].sum(axis=0), most[recovery.hot_water].sum(axis=0)])
    possible = (most[recovery.cold].sum(axis=0) > 0) & (saved > 0)
    on_rows = np.zeros((2, 3, T))
    on_rows[0, 0], on_rows[1, 1], on_rows[:, 2] = 1.0, 1.0, 1 - 1 / cops
    exchanges = Exchanges(
        kw_max=np.where(possible, heat, 0.0),
        cost_eur=np.zeros((2, T)),
        electric_per_kw=-saved,
        upper_per_kw=on_rows,
    )
    return with_rows(problem, counted, np.full((3, T), SPARE_KW), exchanges)


def with_running(problem: DistrictProblem, units: Units, running: Indices) -> DistrictProblem:
    """`problem` with greatest and least load of the `running` units [T] as its last two rows.

    Two exchanges give relief at a price: heat that no unit can make, heat below the least load that
    has no use. Both are dear enough to stay empty where there is a way.
    """
    T, counted = problem.slots, _counted(problem, units.heat)
    most = units.unit_kw * running
    price = np.array([[MISSING_EUR_PER_KWH], [USELESS_EUR_PER_KWH]]) * problem.slot_h
    relief = Exchanges(
        kw_max=np.full((2, T), 2.0 * units.count * units.unit_kw + 1.0),
        cost_eur=np.broadcast_to(price, (2, T)),
        electric_per_kw=np.zeros((2, T)),
        upper_per_kw=np.broadcast_to(-np.eye(2)[:, :, None], (2, 2, T)),
    )
    limits = np.stack([np.maximum(most, SPARE_KW), -units.least_share * most])
    return with_rows(problem, np.stack([counted, -counted], axis=1), limits, relief)


def _counted(problem: DistrictProblem, groups: Indices) -> Floats:
    """One for `groups`. Shape [G]."""
    counted = np.zeros(problem.groups.count)
    counted[groups] = 1.0
    return counted


def _most_kw(problem: DistrictProblem) -> Floats:
    """What the agents of each group can draw together. Shape [G, T]."""
    most = np.zeros((problem.groups.count, problem.slots))
    for agents in problem.agents:
        np.add.at(most, agents.group, agents.power_kw_max.T)
    return most


def _no_exchange(problem: DistrictProblem) -> Exchanges:
    nothing = np.zeros((0, problem.slots))
    return Exchanges(kw_max=nothing, cost_eur=nothing, electric_per_kw=nothing)
