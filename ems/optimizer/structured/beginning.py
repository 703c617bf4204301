"""Where the interior point begins: inside every bound and capacity, not far from wishes."""

import numpy as np

from ems.optimizer.structured import kernels
from ems.optimizer.structured.barrier import Agency
from ems.optimizer.structured.everyone import Everyone, Moved, Prices
from ems.optimizer.structured.fleet import Fleet, fleet_of_agents, fleet_of_batteries
from ems.optimizer.structured.lots import Lots
from ems.optimizer.structured.problem import DistrictProblem, Floats

FIRST_SHARES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 0.95)
"""Of what capacities allow, where an agent may begin."""
FIRST_SHARE_MAX = 0.6
"""Of what capacities hold, what is allowed at first."""


class Beginning:
    """Agents and batteries until their first iterate is laid out."""

    def __init__(self, problem: DistrictProblem) -> None:
        self._stores = fleet_of_batteries(problem.batteries, problem.slots, problem.slot_h)
        self._flow = first_flow(problem, self._stores)
        self._fleets = [fleet_of_agents(problem, states) for states in (2, 1)]
        self._powers: list[Floats] = []

    def demand(self) -> Floats:
        """What the agents of each group could draw together. Shape [G, T]."""
        sums = [fleet.summed(fleet.greatest).T for fleet in self._fleets]
        demand: Floats = np.sum(sums, axis=0)
        return demand

    def first(self, share: Floats) -> Moved:
        """First loads, when agents take at most `share` [G, T] of what they can."""
        self._powers = [
            _first_power(fleet, fleet.greatest * share[fleet.groups].T) for fleet in self._fleets
        ]
        pairs = zip(self._fleets, self._powers, strict=True)
        sums = [fleet.summed(power).T for fleet, power in pairs]
        return Moved.of(np.sum(sums, axis=0), (self._flow * self._stores.is_open).sum(axis=1))

    def laid_out(self, prices: Prices, mu: float) -> tuple[Everyone, int]:
        """All of them at the first loads, products near `mu`; and how many products there are."""
        found = []
        while self._fleets:  # one after the other: each takes much memory until it is laid out
            fleet, power = self._fleets.pop(0), self._powers.pop(0)
            found.append(_laid_out(fleet, power, prices.of_groups, mu))
        stores, pairs = _laid_out(self._stores, self._flow, prices.of_stores, mu)
        everyone = Everyone([lots for lots, _ in found], stores)
        return everyone, pairs + sum(pairs for _, pairs in found)


def _laid_out(fleet: Fleet, power: Floats, price: Floats, mu: float) -> tuple[Lots, int]:
    agency = Agency.centred(fleet, power, mu)
    agency.agree_with(np.ascontiguousarray(price[fleet.groups].T), mu)
    return Lots.of(agency), agency.pairs


def first_share(problem: DistrictProblem, demand: Floats) -> Floats:
    """Of what agents can, what they take at most, so that no capacity is full. Shape [G, T]."""
    groups = problem.groups
    share = np.ones_like(demand)
    limits = groups.capacity_kw
    sums = np.zeros((limits.shape[0] + 1, problem.slots))
    np.add.at(sums, groups.capacity, demand)
    fits = np.ones_like(sums)
    fits[:-1] = np.minimum(1.0, limits / np.maximum(sums[:-1], 1e-9))
    share = np.minimum(share, fits[groups.capacity])
    for counted, limit in zip(groups.upper_per_kw.T, groups.upper_kw, strict=True):
        if (counted >= 0).all():
            fits_row = np.minimum(1.0, limit / np.maximum(counted @ demand, 1e-9))
            share = np.where(counted[:, None] > 0, np.minimum(share, fits_row), share)
    return FIRST_SHARE_MAX * share


def _first_power(fleet: Fleet, most: Floats) -> Floats:
    return most * _kindest_share(fleet, most)


def first_flow(problem: DistrictProblem, stores: Fleet) -> Floats:
    """A little of what batteries can, as much into the store as out of it. Shape [2 T, n]."""
    gain = np.abs(stores.gain[:, 0])
    throughput = (0.1 * stores.greatest[:2] * gain).min(axis=0, initial=np.inf)
    return np.tile(throughput / gain, (problem.slots, 1))


def _kindest_share(fleet: Fleet, most: Floats) -> Floats:
    """Of some shares of `most` [T, n], where each agent's wishes cost least. Shape [n]."""
    moved, _ = kernels.respond(fleet, most)
    shares = np.array(FIRST_SHARES)
    kindest: Floats = shares[np.argmin(kernels.missed(fleet, moved, shares), axis=0)]
    return kindest
