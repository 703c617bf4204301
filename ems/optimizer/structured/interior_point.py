"""A feasible primal-dual interior point for a district: Mehrotra's predictor and corrector.

Each step: factor every agent's Hessian along time, sum their inverses by group, factor the
coupling's complement, predict with products aimed at zero, choose the centring from what the
prediction gains, correct, and go. Cost and bound are known at every iterate, so it stops by gap or
time with the best.
"""

from copy import copy
from dataclasses import dataclass

import numpy as np

from ems.optimizer.structured import kernels, schur
from ems.optimizer.structured.answer import Controls, Multipliers
from ems.optimizer.structured.barrier import Agency, Aims, Direction
from ems.optimizer.structured.beginning import first_flow, first_power
from ems.optimizer.structured.coupling import Coupling
from ems.optimizer.structured.coupling_step import CouplingAims, CouplingStep, Loads
from ems.optimizer.structured.fleet import Fleet, fleet_of_agents, fleet_of_batteries
from ems.optimizer.structured.lengths import Lengths, blended
from ems.optimizer.structured.problem import NONE, DistrictProblem, Floats
from ems.optimizer.structured.sweeps import Factors

TOWARDS_END = 0.9
"""Part of the way to the nearest bound that a step goes at most."""
PEAK_SHARE_OF_GAP = 0.1
"""When re-deriving the peak would cost more than this share of the gap, all go equally far."""
CENTRING_MIN = 0.3
"""Share of the present products that is aimed at when the prediction gains all; of several the one
that took the fewest steps."""
CENTRING_MAX = 0.9
"""The same when it gains nothing."""
START_MU = 1.0
"""Products of the first iterate, EUR."""


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Where an iterate stands, EUR."""

    cost: float
    """Of the present controls."""
    bound: float
    """By the present prices."""


@dataclass(frozen=True, kw_only=True)
class Move:
    """A direction of everything."""

    agents: Direction
    """Of agents."""
    batteries: Direction
    """Of batteries."""
    coupling: CouplingStep
    """Of capacities and meter."""


@dataclass(frozen=True, kw_only=True)
class AllAims:
    """Products that a step aims at, everywhere."""

    agents: Aims
    """Of agents."""
    batteries: Aims
    """Of batteries."""
    coupling: CouplingAims
    """Of capacities and meter."""

    @classmethod
    def all_at(cls, mu: float, agents: Fleet, batteries: Fleet) -> "AllAims":
        """The same for every pair."""
        return cls(
            agents=Aims.all_at(mu, agents.greatest.shape),
            batteries=Aims.all_at(mu, batteries.greatest.shape),
            coupling=CouplingAims.all_at(mu),
        )


@dataclass(frozen=True, kw_only=True)
class Factored:
    """The Newton system at an iterate, ready for right-hand sides."""

    agents: Factors
    """Of agents' Hessians."""
    batteries: Factors
    """Of batteries' Hessians."""
    arrow: schur.Arrow
    """Of the coupling."""


class InteriorPoint:
    """The iterate of one problem, and its steps."""

    def __init__(self, problem: DistrictProblem) -> None:
        self.problem = problem
        self.fleet = fleet_of_agents(problem)
        self.stores = fleet_of_batteries(problem.batteries, problem.slots, problem.slot_h)
        power, flow = first_power(problem, self.fleet), first_flow(problem, self.stores)
        self.agents = Agency.centred(self.fleet, power, START_MU)
        self.batteries = Agency.centred(self.stores, flow, START_MU)
        self.loads = self._loads()
        self.coupling = Coupling.centred(problem, self.loads, START_MU)
        price, store_price = self._prices(self.coupling.capacity, self.coupling.electricity)
        self.agents.agree_with(price, START_MU)
        self.batteries.agree_with(store_price, START_MU)
        self.pairs = self.agents.pairs + self.batteries.pairs + self.coupling.pairs

    def gap(self) -> Gap:
        """Cost and lower bound of the present iterate."""
        price, store_price = self._prices(self.coupling.capacity, self.coupling.electricity)
        cost, bound = self.coupling.cost_eur(), self.coupling.added_to_bound()
        for agency, prices in ((self.agents, price), (self.batteries, store_price)):
            own, proven = agency.cost_and_bound(prices)
            cost, bound = cost + own, bound + proven
        return Gap(cost=cost, bound=bound)

    def step(self) -> None:
        """One predictor and corrector.

        Raises:
            numpy.linalg.LinAlgError: the numbers are exhausted.
        """
        factored = self._factor()
        mu = self._complementarity() / self.pairs
        affine = self._direction(factored, AllAims.all_at(0.0, self.fleet, self.stores))
        centring = self._centring(affine, mu)
        aims = AllAims.all_at(centring * mu, self.fleet, self.stores)
        corrected = AllAims(
            agents=aims.agents.less(self.agents.products(affine.agents)),
            batteries=aims.batteries.less(self.batteries.products(affine.batteries)),
            coupling=aims.coupling.less(self.coupling.products(affine.coupling)),
        )
        self._advance(self._direction(factored, corrected), mu * self.pairs)

    def _centring(self, affine: Move, mu: float) -> float:
        """How much of mu to aim at: little when the prediction gains much."""
        lengths = self._lengths(affine, 1.0)
        left = 0.0
        for part, move, length in (
            (self.agents, affine.agents, lengths.agents),
            (self.batteries, affine.batteries, lengths.batteries),
        ):
            now, second = part.complementarity(), part.products(move).total()
            left += float(((1.0 - length) * now + length**2 * second).sum())
        left += (1.0 - lengths.common) * self.coupling.complementarity()
        left += lengths.common**2 * self.coupling.products(affine.coupling).total()
        return float(np.clip((left / (mu * self.pairs)) ** 3, CENTRING_MIN, CENTRING_MAX))

    def _complementarity(self) -> float:
        agents = self.agents.complementarity().sum() + self.batteries.complementarity().sum()
        return float(agents) + self.coupling.complementarity()

    def _lengths(self, move: Move, share: float) -> Lengths:
        """How far to go: each agent by itself as far as capacities let, all else together."""
        common = min(
            1.0,
            share * self.coupling.longest(move.coupling),
        )
        batteries = np.minimum(1.0, share * self.batteries.longest(move.batteries))
        own = np.minimum(1.0, share * self.agents.longest(move.agents))
        by_slack = np.minimum(1.0, share * self.coupling.longest_by_slack(move.coupling))
        together = min(common, *(float(a.min(initial=1.0)) for a in (own, batteries, by_slack)))
        split = self.problem.groups.capacity_kw.shape[0]
        groups, slack = self.problem.groups, self.coupling.slack
        control, of_agents = move.agents.control, groups.capacity[self.fleet.groups]
        own = blended(own, control, of_agents, slack[:split], by_slack[:split])
        for row in np.flatnonzero(~self.coupling.has_exchange[split:]):
            counted = groups.upper_per_kw[self.fleet.groups, row]
            at = slice(split + row, split + row + 1)
            own = blended(own, control * counted, (counted == 0) * NONE, slack[at], by_slack[at])
        return Lengths(agents=own, batteries=batteries, common=common, together=together)

    def _advance(self, move: Move, gap_eur: float) -> None:
        """Go as far as each agent may; all together when that would raise the peak too much."""
        lengths = self._lengths(move, TOWARDS_END)
        before = copy(self.agents), copy(self.batteries), copy(self.coupling)
        before[0].low, before[0].high = copy(self.agents.low), copy(self.agents.high)
        before[1].low, before[1].high = copy(self.batteries.low), copy(self.batteries.high)
        if self._go(move, lengths) > PEAK_SHARE_OF_GAP * gap_eur:
            self.agents, self.batteries, self.coupling = before
            self._go(move, lengths.all_together())

    def _go(self, move: Move, lengths: Lengths) -> float:
        self.agents.advance(move.agents, lengths.agents)
        self.batteries.advance(move.batteries, lengths.batteries)
        self.loads = self._loads()
        return self.coupling.advance(move.coupling, lengths.common, self.loads)

    def _factor(self) -> Factored:
        groups = self.problem.groups
        agents = kernels.factor(self.fleet, self.agents.on_control, self.agents.on_state)
        stores = kernels.factor(self.stores, self.batteries.on_control, self.batteries.on_state)
        inverses = kernels.summed_inverses(self.fleet, agents)
        of_stores = kernels.summed_inverses(self.stores, stores)[0]
        charge, discharge = slice(0, None, 2), slice(1, None, 2)
        meter = (
            of_stores[charge, charge]
            - of_stores[charge, discharge]
            - of_stores[discharge, charge]
            + of_stores[discharge, discharge]
        )
        reduced = self.coupling.reduced(CouplingAims.all_at(0.0), self.loads)
        meter = meter + np.outer(reduced.edge, reduced.edge) / reduced.corner
        return Factored(
            agents=agents,
            batteries=stores,
            arrow=schur.arrow(groups, inverses, self.coupling.on_capacity, reduced.tip, meter),
        )

    def _direction(self, factored: Factored, aims: AllAims) -> Move:
        groups, coupling = self.problem.groups, self.coupling
        price, store_price = self._prices(coupling.capacity, coupling.electricity)
        lifts = self.agents.lifts(aims.agents)
        store_lifts = self.batteries.lifts(aims.batteries)
        sides = self.agents.sides(aims.agents, lifts, price)
        store_sides = self.batteries.sides(aims.batteries, store_lifts, store_price)
        free, _ = kernels.solve(self.fleet, factored.agents, *sides)
        store_free, _ = kernels.solve(self.stores, factored.batteries, *store_sides)
        reduced = coupling.reduced(aims.coupling, self.loads)
        moved = self._sums(free, store_free)
        on_capacities = moved.on_capacities + aims.coupling.capacity / coupling.capacity
        on_capacities = on_capacities - coupling.slack
        split = groups.capacity_kw.shape[0]
        tip = np.concatenate([on_capacities[split:], moved.net_kw[None]]) + reduced.rows
        of_capacities, of_tip = factored.arrow.solve(on_capacities[:split], tip)
        capacity, electricity = np.concatenate([of_capacities, of_tip[:-1]]), of_tip[-1]
        rise, store_rise = self._prices(capacity, electricity)
        agents = kernels.solve(self.fleet, factored.agents, sides[0] - rise, *sides[1:])
        stores = kernels.solve(
            self.stores, factored.batteries, store_sides[0] - store_rise, *store_sides[1:]
        )
        loads = self._sums(agents[0], stores[0]).on_capacities
        return Move(
            agents=self.agents.direction(aims.agents, lifts, agents),
            batteries=self.batteries.direction(aims.batteries, store_lifts, stores),
            coupling=coupling.direction(aims.coupling, reduced, capacity, electricity, loads),
        )

    def _prices(self, capacity: Floats, electricity: Floats) -> tuple[Floats, Floats]:
        """What a kW costs an agent [T, n] and a battery's steps [2 T, n] by these prices."""
        groups = self.problem.groups
        split = groups.capacity_kw.shape[0]
        missing = np.zeros((1, self.problem.slots))
        of_groups = groups.electric_per_kw * electricity
        of_groups = of_groups + np.concatenate([capacity[:split], missing])[groups.capacity]
        of_groups = of_groups + groups.upper_per_kw @ capacity[split:]
        both = np.stack([electricity, -electricity], axis=1).ravel()
        of_stores = np.repeat(both[:, None], self.stores.count, axis=1)
        return np.ascontiguousarray(of_groups[self.fleet.groups].T), of_stores

    def _loads(self) -> Loads:
        loads = self._sums(self.agents.power, self.batteries.power)
        meter = self.problem.meter
        return Loads(
            of_groups=loads.of_groups,
            on_capacities=loads.on_capacities,
            net_kw=loads.net_kw + meter.base_kw - meter.sun_kw,
        )

    def _sums(self, power: Floats, flow: Floats) -> Loads:
        """What controls of agents [T, n] and of batteries [2 T, n] add up to."""
        groups = self.problem.groups
        of_groups = self.fleet.summed(power).T
        net = (groups.electric_per_kw * of_groups).sum(axis=0)
        net = net + flow[0::2].sum(axis=1) - flow[1::2].sum(axis=1)
        sums = np.zeros((groups.capacity_kw.shape[0] + 1, self.problem.slots))
        np.add.at(sums, groups.capacity, of_groups)
        on = np.concatenate([sums[:-1], groups.upper_per_kw.T @ of_groups])
        return Loads(of_groups=of_groups, on_capacities=on, net_kw=net)

    def controls(self) -> Controls:
        """What the devices are to do by the present iterate."""
        power, flow = self.agents.power, self.batteries.power
        return Controls(
            power_kw=tuple(power[:, of_kind] for of_kind in self.fleet.source),
            charge_kw=flow[0::2].copy(),
            discharge_kw=flow[1::2].copy(),
            curtailed_kw=self.coupling.curtailed_kw,
            exchanged_kw=self.coupling.exchanged_kw,
        )

    def multipliers(self) -> Multipliers:
        """The present prices."""
        split = self.problem.groups.capacity_kw.shape[0]
        below, above = self.agents.low.pressed, self.agents.high.pressed
        return Multipliers(
            below=tuple(below[:, of_kind] for of_kind in self.fleet.source),
            above=tuple(above[:, of_kind] for of_kind in self.fleet.source),
            battery_below=self.batteries.low.pressed[1::2].copy(),
            battery_above=self.batteries.high.pressed[1::2].copy(),
            capacity=self.coupling.capacity[:split].copy(),
            upper=self.coupling.capacity[split:].copy(),
            electricity=self.coupling.electricity.copy(),
            peak=self.coupling.peak.copy(),
        )
