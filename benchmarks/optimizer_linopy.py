"""A random district in linopy's words: labelled variables, states, sums over agents."""

from collections.abc import Sequence
from functools import reduce
from operator import add

import numpy as np
from linopy import LinearExpression, Model, Variable
from numpy.typing import NDArray
from xarray import DataArray

from ems.optimizer.structured.pieces import Pieces, pieces
from ems.optimizer.structured.problem import Agents, DistrictProblem, Floats

SLOT, AGENT = "slot", "agent"


def model_of(problem: DistrictProblem) -> tuple[Model, float]:
    """The model, and what is paid whatever the plan, EUR.

    Districts of `generator.district` are meant: nothing of the plant, no quadratic terms.
    """
    model, parts, meter = Model(), pieces(problem), problem.meter
    power = [_agents(model, agents, f"kind {k}") for k, agents in enumerate(problem.agents)]
    loads = [(of_kind, agents) for of_kind, agents in zip(power, problem.agents, strict=True)]
    _capacities(model, problem, loads)
    drawn = [
        (of_kind * _by_agent(problem.groups.electric_per_kw[agents.group].T)).sum(AGENT)
        for of_kind, agents in loads
    ]
    charge, discharge = _batteries(model, problem)
    drawn += [charge.sum("battery"), -1 * discharge.sum("battery")]
    _meter(model, problem, parts, drawn)
    paid = parts.least_eur + meter.peak_eur_per_kw * meter.peak_kw_min
    return model, paid + problem.start_value_eur


def _by_agent(values: Floats | NDArray[np.bool_]) -> DataArray:
    return DataArray(values, dims=(SLOT, AGENT))


def _sum(parts: Sequence[LinearExpression]) -> LinearExpression:
    return reduce(add, parts)


def _agents(model: Model, agents: Agents, kind: str) -> Variable:
    """Powers of a kind, its states and its band."""
    T, n = agents.power_kw_max.shape
    over = {SLOT: np.arange(T), AGENT: np.arange(n)}
    most = _by_agent(agents.power_kw_max)
    power = model.add_variables(0.0, most, coords=over, name=f"{kind} power")
    state = [
        model.add_variables(coords=over, name=f"{kind} state {i}") for i in range(agents.states)
    ]
    worth = []
    for i, own in enumerate(state):
        fixed = agents.drift[:, i].copy()
        fixed[0] += (agents.transfer[i] * agents.start).sum(axis=0)
        rise = own - DataArray(agents.gain[i], dims=AGENT) * power
        for j, other in enumerate(state):
            rise = rise - DataArray(agents.transfer[i, j], dims=AGENT) * other.shift(
                {SLOT: 1}
            ).fillna(0)
        model.add_constraints(rise == _by_agent(fixed), name=f"{kind} step {i}")
        worth.append(own.isel({SLOT: -1}) * DataArray(agents.end_value_eur[i], dims=AGENT))
    missed = _band(model, state[0], agents, kind)
    _add_cost(model, missed - _sum(worth).sum())
    return power


def _band(model: Model, first: Variable, agents: Agents, kind: str) -> LinearExpression:
    """What missing the band costs."""
    costs = []
    for side, limit, price in (
        ("below", agents.low, agents.low_price_eur),
        ("above", agents.high, agents.high_price_eur),
    ):
        wished = _by_agent(price > 0)
        missed = model.add_variables(
            0.0, coords=first.coords, name=f"{kind} {side}", mask=wished
        ).fillna(0)
        sign = 1.0 if side == "below" else -1.0
        model.add_constraints(
            sign * first + missed >= sign * _by_agent(limit), name=f"{kind} {side}", mask=wished
        )
        costs.append((missed * _by_agent(price)).sum())
    return _sum(costs)


def _add_cost(model: Model, cost: LinearExpression) -> None:
    before = model.objective.expression
    model.add_objective(cost if before.empty else before + cost, overwrite=True)


def _capacities(
    model: Model, problem: DistrictProblem, loads: list[tuple[Variable, Agents]]
) -> None:
    """Sums of the groups of each capacity, and weighed sums of the rows above."""
    groups = problem.groups
    for c, limit in enumerate(groups.capacity_kw):
        members = [_sum_of(power, groups.capacity[kind.group] == c) for power, kind in loads]
        _at_most(model, members, limit, f"capacity {c}")
    for v, limit in enumerate(groups.upper_kw):
        members = [_sum_of(power, groups.upper_per_kw[kind.group, v] == 1) for power, kind in loads]
        _at_most(model, members, limit, f"row {v}")


def _sum_of(power: Variable, which: NDArray[np.bool_]) -> LinearExpression | None:
    return power.isel({AGENT: np.flatnonzero(which)}).sum(AGENT) if which.any() else None


def _at_most(
    model: Model, members: list[LinearExpression | None], limit: Floats, name: str
) -> None:
    some = [member for member in members if member is not None]
    if some:
        model.add_constraints(_sum(some) <= DataArray(limit, dims=SLOT), name=name)


def _batteries(model: Model, problem: DistrictProblem) -> tuple[Variable, Variable]:
    batteries, h, T = problem.batteries, problem.slot_h, problem.slots
    over = {SLOT: np.arange(T), "battery": np.arange(batteries.count)}

    def each(values: Floats) -> DataArray:
        return DataArray(np.broadcast_to(values, (T, batteries.count)), dims=tuple(over))

    def variable(name: str, high: Floats | float = np.inf, low: float = 0.0) -> Variable:
        high_of_each = each(np.asarray(high))
        return model.add_variables(low, high_of_each, coords=over, name=f"battery {name}")

    charge = variable("charge", batteries.charge_kw_max)
    discharge = variable("discharge", batteries.discharge_kw_max)
    stored = variable("stored", low=-np.inf)
    below, above = variable("below"), variable("above")
    first = np.zeros((T, batteries.count))
    first[0] = batteries.start_kwh
    flow = charge * each(h * batteries.charge_efficiency)
    flow = flow - discharge * each(h / batteries.discharge_efficiency)
    model.add_constraints(
        stored - stored.shift({SLOT: 1}).fillna(0) - flow == each(first), name="stored"
    )
    model.add_constraints(stored + below >= each(batteries.low_kwh), name="stored, least")
    model.add_constraints(stored - above <= each(batteries.high_kwh), name="stored, most")
    wear = (discharge * each(h * batteries.wear_eur_per_kwh)).sum()
    outside = ((below + above) * each(h * batteries.outside_eur_per_kwh)).sum()
    worth = stored.isel({SLOT: -1}) * DataArray(batteries.end_value_eur_per_kwh, dims="battery")
    _add_cost(model, wear + outside - worth.sum())
    return charge, discharge


def _meter(
    model: Model, problem: DistrictProblem, parts: Pieces, drawn: list[LinearExpression]
) -> None:
    """Segments of the net load, sun that is not taken, and the peak."""
    meter, K = problem.meter, parts.segments
    over = {"segment": np.arange(K), SLOT: np.arange(problem.slots)}
    width = DataArray(parts.width_kw[:K], dims=tuple(over))
    segment = model.add_variables(0.0, width, coords=over, name="segment")
    lost = model.add_variables(
        0.0, DataArray(meter.sun_kw, dims=SLOT), coords={SLOT: over[SLOT]}, name="curtailed"
    )
    closed = meter.sun_kw - meter.base_kw + parts.least_kw
    net = segment.sum("segment")
    model.add_constraints(
        _sum([*drawn, 1 * lost, -1 * net]) == DataArray(closed, dims=SLOT), name="balance"
    )
    _add_cost(model, (segment * DataArray(parts.price_eur[:K], dims=tuple(over))).sum())
    if meter.peak_eur_per_kw > 0:
        excess = model.add_variables(0.0, name="excess")
        margin = meter.peak_spreads * meter.spread_kw + parts.least_kw
        least = DataArray(np.broadcast_to(meter.peak_kw_min - margin, problem.slots), dims=SLOT)
        model.add_constraints(net - excess <= least, name="peak")
        _add_cost(model, meter.peak_eur_per_kw * excess)
