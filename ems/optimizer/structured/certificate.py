"""Proof of a plan: its cost and a bound that no plan can be below, from controls and prices alone.

Nothing here comes from the solver: the devices are simulated again, the meter is settled again, and
the bound is the Lagrangian's: whatever the prices are (they are first made admissible), every
control then chooses the cheaper end of its range by itself, and the sum of what they pay at least
is a bound. Costs are convex in each control, so its slope at the planned point is enough.
"""

from dataclasses import dataclass

import numpy as np

from ems.optimizer.structured.answer import Controls, Multipliers
from ems.optimizer.structured.meter_cost import meter_cost
from ems.optimizer.structured.problem import (
    NONE,
    Agents,
    Batteries,
    DistrictProblem,
    Floats,
)

BISECTIONS = 80
"""Halvings of the range of net loads: down to machine precision."""


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """What was proved."""

    cost_eur: float
    """Cost of the controls, all devices simulated and the meter settled."""
    bound_eur: float
    """No plan costs less."""
    outside_kw: float
    """Most by which a control or a capacity is exceeded; a plan has zero."""

    @property
    def gap(self) -> float:
        """Cost above the bound, as a share of the cost."""
        return (self.cost_eur - self.bound_eur) / max(abs(self.cost_eur), 1e-9)


def certify(problem: DistrictProblem, controls: Controls, multipliers: Multipliers) -> Certificate:
    """Cost of `controls`, and the bound that `multipliers` prove."""
    prices = _admissible(problem, multipliers)
    cost, bound = problem.start_value_eur, problem.start_value_eur
    for k, agents in enumerate(problem.agents):
        per_kw = _price_of_groups(problem, prices)[agents.group].T
        power = controls.power_kw[k]
        own, least = _agents(agents, power, prices.below[k], prices.above[k], per_kw)
        cost, bound = cost + own, bound + least
    own, least = _batteries(problem, controls, prices)
    exchanged = (problem.exchanges.cost_eur * controls.exchanged_kw).sum()
    cost += own + exchanged + expected_eur(problem, net_kw(problem, controls))
    bound += least + _meter_bound(problem, prices)
    bound += _exchanges_bound(problem, prices)
    bound -= (prices.capacity * problem.groups.capacity_kw).sum()
    bound -= (prices.upper * problem.groups.upper_kw).sum()
    loads = loads_kw(problem, controls)
    outside = _outside(problem, controls, loads)
    return Certificate(cost_eur=float(cost), bound_eur=float(bound), outside_kw=outside)


def states(agents: Agents, power_kw: Floats) -> Floats:
    """States of `agents` after each slot under `power_kw` [T, n]. Shape [T, s, n]."""
    course = np.empty_like(agents.drift)
    state = agents.start
    for t, power in enumerate(power_kw):
        state = np.einsum("ijn,jn->in", agents.transfer, state)
        state = state + agents.gain * power + agents.drift[t]
        course[t] = state
    return course


def stored_kwh(batteries: Batteries, slot_h: float, controls: Controls) -> Floats:
    """Energy in `batteries` after each slot. Shape [T, n]."""
    flow = controls.charge_kw * batteries.charge_efficiency
    flow = flow - controls.discharge_kw / batteries.discharge_efficiency
    stored: Floats = batteries.start_kwh + slot_h * np.cumsum(flow, axis=0)
    return stored


def loads_kw(problem: DistrictProblem, controls: Controls) -> Floats:
    """Load of each group. Shape [G, T]."""
    loads = np.zeros((problem.groups.count, problem.slots))
    for agents, power in zip(problem.agents, controls.power_kw, strict=True):
        np.add.at(loads, agents.group, power.T)
    return loads


def net_kw(problem: DistrictProblem, controls: Controls) -> Floats:
    """Net load at the meter after the sun that is taken. Shape [T]."""
    net = problem.meter.base_kw - problem.meter.sun_kw + controls.curtailed_kw
    net = net + (controls.charge_kw - controls.discharge_kw).sum(axis=1)
    net = net + (problem.groups.electric_per_kw * loads_kw(problem, controls)).sum(axis=0)
    whole: Floats = net + (problem.exchanges.electric_per_kw * controls.exchanged_kw).sum(axis=0)
    return whole


def settled_eur(problem: DistrictProblem, net_kw: Floats) -> float:
    """What the meter costs at a net load of `net_kw` [T] as it happened, after the sun taken."""
    meter = problem.meter
    bought = np.maximum(net_kw, 0.0)
    sold = bought - net_kw
    shared = np.minimum(sold, meter.shared_kw)
    energy = bought * meter.buy_eur_per_kwh - (sold - shared) * meter.sell_eur_per_kwh
    energy = energy - shared * meter.shared_eur_per_kwh
    over = np.maximum(bought - meter.subscribed_kw, 0.0) * meter.overrun_eur_per_kwh
    for limit in meter.limits:
        over = over + np.maximum(bought - limit.kw, 0.0) * limit.eur_per_kwh
    return float(problem.slot_h * (energy + over).sum() + _peak_eur(problem, net_kw))


def expected_eur(problem: DistrictProblem, net_kw: Floats) -> float:
    """What the meter is expected to cost at a planned net load of `net_kw` [T]."""
    energy = float(meter_cost(problem).eur(net_kw).sum())
    meter = problem.meter
    return energy + _peak_eur(problem, net_kw + meter.peak_spreads * meter.spread_kw)


def _peak_eur(problem: DistrictProblem, net_kw: Floats) -> float:
    meter = problem.meter
    return meter.peak_eur_per_kw * max(float(net_kw.max()), meter.peak_kw_min)


def _admissible(problem: DistrictProblem, multipliers: Multipliers) -> Multipliers:
    """The nearest prices for which the Lagrangian is a bound."""
    outside = problem.slot_h * problem.batteries.outside_eur_per_kwh
    paid, wanted = multipliers.peak.clip(0.0), problem.meter.peak_eur_per_kw
    total = paid.sum()
    return Multipliers(
        below=_within(multipliers.below, [a.low_price_eur for a in problem.agents]),
        above=_within(multipliers.above, [a.high_price_eur for a in problem.agents]),
        battery_below=np.clip(multipliers.battery_below, 0.0, outside),
        battery_above=np.clip(multipliers.battery_above, 0.0, outside),
        capacity=multipliers.capacity.clip(0.0),
        upper=multipliers.upper.clip(0.0),
        electricity=multipliers.electricity,
        peak=paid * (wanted / total if total > wanted else 1.0),
    )


def _within(prices: tuple[Floats, ...], greatest: list[Floats]) -> tuple[Floats, ...]:
    return tuple(np.clip(p, 0.0, most) for p, most in zip(prices, greatest, strict=True))


def _price_of_groups(problem: DistrictProblem, prices: Multipliers) -> Floats:
    """What a kW costs each group. Shape [G, T]."""
    groups = problem.groups
    cost = groups.electric_per_kw * prices.electricity + groups.upper_per_kw @ prices.upper
    bound = groups.capacity != NONE
    cost[bound] += prices.capacity[groups.capacity[bound]]
    return cost


def _agents(
    agents: Agents, power: Floats, below: Floats, above: Floats, per_kw: Floats
) -> tuple[float, float]:
    """What agents cost by themselves, and at least when a kW costs `per_kw` [T, n]."""
    course = states(agents, power)
    first, off = course[:, 0], power - agents.reference_kw
    own = (agents.cost_eur * power + 0.5 * agents.curvature_eur * off**2).sum()
    own -= (agents.end_value_eur * course[-1]).sum() if course.size else 0.0
    missed = agents.low_price_eur * np.maximum(agents.low - first, 0.0)
    missed += agents.high_price_eur * np.maximum(first - agents.high, 0.0)
    pressed = below * (agents.low - first) + above * (first - agents.high)
    slope = agents.cost_eur + agents.curvature_eur * off + per_kw
    worth = agents.end_value_eur
    for t in range(power.shape[0] - 1, -1, -1):
        worth = worth.copy()
        worth[0] += below[t] - above[t]
        slope[t] -= (agents.gain * worth).sum(axis=0)
        worth = np.einsum("ijn,in->jn", agents.transfer, worth)
    least = own + pressed.sum() + (per_kw * power).sum()
    return float(own + missed.sum()), float(least - _saved(slope, power, agents.power_kw_max))


def _batteries(
    problem: DistrictProblem, controls: Controls, prices: Multipliers
) -> tuple[float, float]:
    batteries, h = problem.batteries, problem.slot_h
    stored = stored_kwh(batteries, h, controls)
    below, above = prices.battery_below, prices.battery_above
    per_kwh = np.maximum(batteries.low_kwh - stored, 0) + np.maximum(stored - batteries.high_kwh, 0)
    own = h * (batteries.wear_eur_per_kwh * controls.discharge_kw).sum()
    own -= (batteries.end_value_eur_per_kwh * stored[-1]).sum()
    missed = h * (batteries.outside_eur_per_kwh * per_kwh).sum()
    pressed = below * (batteries.low_kwh - stored) + above * (stored - batteries.high_kwh)
    worth = np.cumsum((below - above)[::-1], axis=0)[::-1] + batteries.end_value_eur_per_kwh
    meter = prices.electricity[:, None]
    charge = meter - h * batteries.charge_efficiency * worth
    discharge = h * batteries.wear_eur_per_kwh - meter + h / batteries.discharge_efficiency * worth
    paid = (meter * (controls.charge_kw - controls.discharge_kw)).sum()
    saved = _saved(charge, controls.charge_kw, batteries.charge_kw_max)
    saved += _saved(discharge, controls.discharge_kw, batteries.discharge_kw_max)
    return float(own + missed), float(own + pressed.sum() + paid - saved)


def _saved(slope: Floats, power: Floats, greatest: Floats) -> float:
    """What moving every control to the cheaper end of its range saves by its slope."""
    return float(np.maximum(slope * power, slope * (power - greatest)).sum())


def _meter_bound(problem: DistrictProblem, prices: Multipliers) -> float:
    """The least that the meter can cost by the prices of electricity and of the peak.

    Slot by slot the conjugate of the expected cost: where its slope meets the price, between the
    least and the greatest net load, by bisection, with what the tangent leaves below.
    """
    meter, cost = problem.meter, meter_cost(problem)
    price = prices.electricity - prices.peak
    low, high = -problem.greatest_export_kw, problem.greatest_import_kw
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        falls = cost.marginal_eur(middle) < price
        low, high = np.where(falls, middle, low), np.where(falls, high, middle)
    slope = cost.marginal_eur(low) - price
    least = cost.eur(low) - price * low + np.minimum(slope * (high - low), 0.0)
    kept = (meter.peak_eur_per_kw - prices.peak.sum()) * meter.peak_kw_min
    margin = prices.peak @ np.broadcast_to(meter.peak_spreads * meter.spread_kw, problem.slots)
    fixed = prices.electricity @ (meter.base_kw - meter.sun_kw)
    curtailed = (np.minimum(prices.electricity, 0.0) * meter.sun_kw).sum()
    return float(least.sum() + kept + margin + fixed + curtailed)


def _exchanges_bound(problem: DistrictProblem, prices: Multipliers) -> float:
    """The least that exchanges can cost."""
    exchanges = problem.exchanges
    cost = exchanges.cost_eur + exchanges.electric_per_kw * prices.electricity
    cost = cost + (exchanges.upper_per_kw * prices.upper).sum(axis=1)
    return float((np.minimum(cost, 0.0) * exchanges.kw_max).sum())


def _outside(problem: DistrictProblem, controls: Controls, loads: Floats) -> float:
    batteries, groups = problem.batteries, problem.groups
    pairs = [(a.power_kw_max, p) for a, p in zip(problem.agents, controls.power_kw, strict=True)]
    pairs.append((problem.meter.sun_kw, controls.curtailed_kw))
    pairs.append((batteries.charge_kw_max + 0.0 * controls.charge_kw, controls.charge_kw))
    pairs.append((batteries.discharge_kw_max + 0.0 * controls.discharge_kw, controls.discharge_kw))
    exchanges, exchanged = problem.exchanges, controls.exchanged_kw
    pairs.append((exchanges.kw_max + 0.0 * exchanged, exchanged))
    worst = [0.0]
    for greatest, power in pairs:
        worst.append(float(np.maximum(power - greatest, -power).max(initial=0.0)))
    sums, bound = np.zeros_like(groups.capacity_kw), groups.capacity != NONE
    np.add.at(sums, groups.capacity[bound], loads[bound])
    above = groups.upper_per_kw.T @ loads + (exchanges.upper_per_kw * exchanged[:, None]).sum(0)
    worst.append(float((sums - groups.capacity_kw).max(initial=0.0)))
    worst.append(float((above - groups.upper_kw).max(initial=0.0)))
    return max(worst)
