"""Where the interior point begins: inside every bound and capacity, not far from wishes."""

import numpy as np

from ems.optimizer.structured import kernels
from ems.optimizer.structured.barrier import Agency
from ems.optimizer.structured.everyone import Everyone, Moved, Prices
from ems.optimizer.structured.fleet import Fleet, fleet_of_agents, fleet_of_batteries
from ems.optimizer.structured.lots import Lots
from ems.optimizer.structured.problem import DistrictProblem, Floats

FIRST_SHARES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 0.95)
"""Of what agents can, where one may begin."""
FIRST_AIM = 0.5
"""Of a band's width, where a state may be held at first."""
FIRST_SHARE_MAX = 0.9
"""Of what capacities hold, what is allowed at first."""


class Beginning:
    """Agents and batteries until their first iterate is laid out."""

    def __init__(self, problem: DistrictProblem) -> None:
        self._stores = fleet_of_batteries(problem.batteries, problem.slots, problem.slot_h)
        self._flow = first_flow(problem, self._stores)
        self._fleets = [fleet_of_agents(problem, states) for states in (2, 1)]
        self._powers: list[Floats] = []

    def demand(self) -> Floats:
        """What the agents of each group draw by themselves to meet wishes. Shape [G, T]."""
        self._powers = [_first_power(fleet) for fleet in self._fleets]
        return self._summed()

    def first(self, share: Floats) -> Moved:
        """First loads, when agents take `share` [G, T] of that."""
        for fleet, power in zip(self._fleets, self._powers, strict=True):
            power *= share[fleet.groups].T
        return Moved.of(self._summed(), (self._flow * self._stores.is_open).sum(axis=1))

    def _summed(self) -> Floats:
        pairs = zip(self._fleets, self._powers, strict=True)
        loads: Floats = np.sum([fleet.summed(power).T for fleet, power in pairs], axis=0)
        return loads

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
    """Of a `demand`, what agents take at most, so that no capacity is full. Shape [G, T]."""
    groups = problem.groups
    share = np.ones_like(demand)
    limits = FIRST_SHARE_MAX * groups.capacity_kw
    sums = np.zeros((limits.shape[0] + 1, problem.slots))
    np.add.at(sums, groups.capacity, demand)
    fits = np.ones_like(sums)
    fits[:-1] = np.minimum(1.0, limits / np.maximum(sums[:-1], 1e-9))
    share = np.minimum(share, fits[groups.capacity])
    for counted, limit in zip(groups.upper_per_kw.T, groups.upper_kw, strict=True):
        if (counted >= 0).all():
            load = np.maximum(counted @ demand, 1e-9)
            fits_row = np.minimum(1.0, FIRST_SHARE_MAX * limit / load)
            share = np.where(counted[:, None] > 0, np.minimum(share, fits_row), share)
    return share


def _first_power(fleet: Fleet) -> Floats:
    """Of steady powers and one that holds the band, where wishes cost least. Shape [T, n]."""
    power, cost = _kindest_share(fleet)
    held, cost_held = kernels.held(fleet, FIRST_AIM)
    return np.where(cost_held < cost, held, power)


def first_flow(problem: DistrictProblem, stores: Fleet) -> Floats:
    """A little of what batteries can, as much into the store as out of it. Shape [2 T, n]."""
    gain = np.abs(stores.gain[:, 0])
    throughput = (0.1 * stores.greatest[:2] * gain).min(axis=0, initial=np.inf)
    return np.tile(throughput / gain, (problem.slots, 1))


def _kindest_share(fleet: Fleet) -> tuple[Floats, Floats]:
    """Of some shares of all power, where each agent's wishes cost least [T, n]; that cost [n]."""
    moved, _ = kernels.respond(fleet, fleet.greatest)
    shares = np.array(FIRST_SHARES)
    costs = kernels.missed(fleet, moved, shares)
    return fleet.greatest * shares[np.argmin(costs, axis=0)], costs.min(axis=0)
