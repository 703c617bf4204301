"""What limits cost: the price of each that binds, and the smallest relief that meets all wishes.

The price of a limit is what one more kWh through it would save, by the multipliers that prove the
plan. When wishes gave way at limits, the problem is solved once more with those limits open at a
price: far above any energy, far below the wishes, which then count tenfold. What is used of it is
the smallest change, in energy, that would have met them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ems.domain.slots import SLOT_H
from ems.optimizer.agents import EVENT, AgentProblem
from ems.optimizer.ladder import Best, Rung, best_answer
from ems.optimizer.problem import Floats, Grid
from ems.optimizer.structured.answer import Multipliers
from ems.optimizer.structured.plant import with_rows
from ems.optimizer.structured.problem import Agents, DistrictProblem, Exchanges

TRIFLE_EUR_PER_KWH = 5e-3
"""A limit whose price stays below this does not bind."""
RELIEF_EUR_PER_KWH = 2.0
"""Price of a kWh beyond a limit when the smallest relief is looked for."""
INSISTED = 10.0
"""By how much more wishes count then."""
OPENED = 3
"""Limits that are opened at most, the dearest ones."""
SPOKEN_KWH = 0.5
"""Less relief than this is not worth a word."""
NAMED_ROWS = ("plant heat", "plant cold", "feeder")
"""Rows above the capacities that are limits of things; the others are balances."""
CONNECTION = "connection"
"""The subscribed power, with the chance of an overrun."""


@dataclass(frozen=True, kw_only=True)
class Relief:
    """What one limit would have to give more."""

    limit: str
    """Its name."""
    kw: Floats = field(repr=False)
    """Beyond the limit, by slot. Shape [T]."""

    @property
    def kwh(self) -> float:
        """Energy of it."""
        return float(self.kw.sum() * SLOT_H)


def limit_prices(agents: AgentProblem, prices: Multipliers, grid: Grid) -> dict[str, Floats]:
    """EUR/kWh by slot of every limit that binds somewhere, by its name. Shape [T] each."""
    connection = np.maximum(prices.electricity / SLOT_H - grid.import_eur_per_kwh, 0.0)
    every = {
        **dict(zip(agents.capacities, prices.capacity / SLOT_H, strict=True)),
        **dict(zip(agents.rows, prices.upper / SLOT_H, strict=True)),
        CONNECTION: np.where(grid.asked, 0.0, connection),
        EVENT: np.where(grid.asked, connection, 0.0),
    }
    return {
        name: price
        for name, price in every.items()
        if price.max() > TRIFLE_EUR_PER_KWH and (name in NAMED_ROWS or name not in agents.rows)
    }


def smallest_relief(
    agents: AgentProblem, best: Best, rungs: Sequence[Rung], *, time_limit_s: float
) -> tuple[Relief, ...]:
    """What the dearest limits would have to give more, so that all wishes are met.

    Only the first of `rungs` is asked: the plan does not wait for its explanation.

    Raises:
        SolverError: the opened problem has no answer.
    """
    names = _dearest(agents, best.prices)
    if not names:
        return ()
    opened = _opened(agents, names)
    power = best_answer(opened, rungs[:1], time_limit_s=time_limit_s).controls.exchanged_kw
    relief = power[power.shape[0] - len(names) :]
    found = (Relief(limit=name, kw=kw) for name, kw in zip(names, relief, strict=True))
    return tuple(each for each in found if each.kwh > SPOKEN_KWH)


def _dearest(agents: AgentProblem, prices: Multipliers) -> list[str]:
    paid = {
        name: float(price.sum())
        for name, price in zip(agents.capacities, prices.capacity, strict=True)
    }
    paid |= {
        name: float(price.sum())
        for name, price in zip(agents.rows, prices.upper, strict=True)
        if name in NAMED_ROWS
    }
    binding = [name for name, eur in paid.items() if eur > TRIFLE_EUR_PER_KWH]
    return sorted(binding, key=lambda name: -paid[name])[:OPENED]


def _opened(agents: AgentProblem, names: list[str]) -> DistrictProblem:
    """The problem with these limits as rows that give way at a price, and wishes that insist."""
    problem, T = agents.problem, agents.problem.slots
    counted, limits, kept = [], [], problem.groups.capacity_kw.copy()
    above = problem.groups.upper_kw.copy()
    for name in names:
        if name in agents.capacities:
            at = agents.capacities.index(name)
            counted.append((problem.groups.capacity == at).astype(float))
            limits.append(problem.groups.capacity_kw[at])
            kept[at] = _all_kw(problem)
        else:
            at = agents.rows.index(name)
            counted.append(problem.groups.upper_per_kw[:, at])
            limits.append(problem.groups.upper_kw[at])
            above[at] = _all_kw(problem)
    count = len(names)
    relief = Exchanges(
        kw_max=np.full((count, T), _all_kw(problem)),
        cost_eur=np.full((count, T), RELIEF_EUR_PER_KWH * SLOT_H),
        electric_per_kw=np.zeros((count, T)),
        upper_per_kw=np.repeat(-np.eye(count)[:, :, None], T, axis=2),
    )
    free = replace(
        problem,
        agents=tuple(_insisting(kind) for kind in problem.agents),
        groups=replace(problem.groups, capacity_kw=kept, upper_kw=above),
    )
    return with_rows(free, np.stack(counted, axis=1), np.stack(limits), relief)


def _all_kw(problem: DistrictProblem) -> float:
    """More than all agents together can draw."""
    return 1.0 + sum(float(agents.power_kw_max.sum(axis=1).max()) for agents in problem.agents)


def _insisting(agents: Agents) -> Agents:
    return replace(agents, low_price_eur=INSISTED * agents.low_price_eur)


def in_words(relief: Sequence[Relief], begins: Sequence[str]) -> Iterator[str]:
    """Each relief as a person says it; `begins` names the slots."""
    for each in relief:
        used = np.flatnonzero(each.kw > 0.05 * each.kw.max())
        first, last = begins[used[0]], begins[min(used[-1] + 1, len(begins) - 1)]
        yield (
            f"{each.limit}: up to {each.kw.max():.0f} kW more, {each.kwh:.0f} kWh "
            f"from {first} to {last}, would have met all wishes"
        )
