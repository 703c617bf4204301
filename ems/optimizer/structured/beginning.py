"""Where the interior point begins: inside every bound and capacity, not far from wishes."""

import numpy as np

from ems.optimizer.structured import kernels
from ems.optimizer.structured.fleet import Fleet
from ems.optimizer.structured.problem import DistrictProblem, Floats

FIRST_SHARES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 0.95)
"""Of what capacities allow, where an agent may begin."""


def first_power(problem: DistrictProblem, fleets: list[Fleet]) -> list[Floats]:
    """Half of what agents can, less where a capacity would be more than half full. Shape [T, n]."""
    groups = problem.groups
    demand = np.zeros((groups.count, problem.slots))
    for fleet in fleets:
        demand += fleet.summed(fleet.greatest).T
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
    return [_first_power(fleet, 0.6 * fleet.greatest * share[fleet.groups].T) for fleet in fleets]


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
