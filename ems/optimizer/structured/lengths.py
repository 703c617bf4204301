"""How far each part goes along a direction, so that capacities keep some slack."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ems.optimizer.structured.barrier import TRIFLE, fastest_fall
from ems.optimizer.structured.coupling import Coupling
from ems.optimizer.structured.coupling_step import CouplingStep
from ems.optimizer.structured.problem import NONE, Floats, Groups


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """How far to go along a direction: an agent kept x its own length + added."""

    kept: Floats = field(repr=False)
    """Of each group's agents. Shape [G]."""
    added: Floats = field(repr=False)
    """Shape [G]."""
    common: float
    """Prices and meter."""
    together: float
    """When all go equally far."""


def longest(coupling: Coupling, step: CouplingStep) -> float:
    """How far prices and pieces can go until something is zero."""
    rows = coupling.has_exchange
    pairs = [
        (coupling.capacity, step.capacity),
        (coupling.slack[rows], step.slack[rows]),
        (coupling.piece, step.piece),
        (coupling.room, -step.piece),
        (coupling.at_zero, step.at_zero),
        (coupling.at_most, step.at_most),
    ]
    if coupling.has_peak:
        pairs += [
            (coupling.below_peak, step.below_peak),
            (coupling.peak, step.peak),
            (np.array(coupling.excess_kw), np.array(step.excess)),
            (np.array(coupling.kept), np.array(step.kept)),
        ]
    falls = [fastest_fall(*pair).max() for pair in pairs if pair[0].size]
    return 1.0 / float(max(falls))


def longest_by_slack(coupling: Coupling, step: CouplingStep) -> Floats:
    """How far each capacity's load can go until no slack is left. Shape [C + V]."""
    falls: Floats = fastest_fall(coupling.slack, step.slack).max(axis=1, initial=TRIFLE)
    return 1.0 / falls


def blended(
    least: Floats,
    whole: Floats,
    far: Floats,
    groups: Groups,
    slack: Floats,
    by_slack: Floats,
    has_exchange: NDArray[np.bool_],
) -> tuple[Floats, Floats, Floats]:
    """Lengths between each agent's own and its capacity's common one, so that slack remains.

    `least` [G] is the shortest of a group's own lengths; `whole` and `far` [G, T] its load along
    all of the direction, and when each goes its own length; `slack` [C + V, T] is left, and
    `by_slack` [C + V] is how far the whole load may go. In rows that exchanges count in these give
    way.

    Returns:
        What is kept of own lengths and what is added [G], and the loads that come of it [G, T].
    """
    kept, added = np.ones_like(least), np.zeros_like(least)
    C = groups.capacity_kw.shape[0]
    has = np.flatnonzero(groups.capacity != NONE)
    of = groups.capacity[has]
    sums = np.zeros((2, C, whole.shape[1]))
    np.add.at(sums[0], of, whole[has])
    np.add.at(sums[1], of, far[has])
    common = by_slack[:C].copy()
    np.minimum.at(common, of, least[has])
    share = _share(sums[0], sums[1], common, slack[:C])
    kept[has], added[has] = 1.0 - share[of], share[of] * common[of]
    for row in np.flatnonzero(~has_exchange[C:]):
        counted = groups.upper_per_kw[:, row]
        bound = np.flatnonzero(counted)
        load = kept[bound, None] * far[bound] + added[bound, None] * whole[bound]
        shortest = float((kept[bound] * least[bound] + added[bound]).min(initial=1.0))
        shortest = min(shortest, float(by_slack[C + row]))
        sides = counted[bound] @ whole[bound], counted[bound] @ load
        share = _share(
            sides[0][None], sides[1][None], np.array([shortest]), slack[C + row : C + row + 1]
        )
        kept[bound] *= 1.0 - share
        added[bound] = (1.0 - share) * added[bound] + share * shortest
    return kept, added, kept[:, None] * far + added[:, None] * whole


def _share(whole: Floats, far: Floats, common: Floats, slack: Floats) -> Floats:
    """Least share of the `common` length that leaves slack. Shape [rows]."""
    alone, joint = slack - far, slack - common[:, None] * whole
    floor = np.minimum(0.1 * slack, 0.99 * joint)
    short = alone < floor
    needed = (floor - alone) / np.where(short, joint - alone, 1.0)
    share: Floats = np.where(short, needed, 0.0).max(axis=1, initial=0.0)
    return share
