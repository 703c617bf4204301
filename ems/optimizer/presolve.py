"""Leaves out of a problem what can never matter: limits above all that could be drawn, empty kinds.

A capacity that holds whatever its agents do has a price of zero in every plan; without it the plan
is the same, and the solver's coupling smaller.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from ems.optimizer.structured.problem import (
    NONE,
    DistrictProblem,
    Exchanges,
    Floats,
    Groups,
    Indices,
)


@dataclass(frozen=True, kw_only=True)
class Reduced:
    """A problem without its idle limits and exchanges, and how to get back."""

    problem: DistrictProblem
    """What is left, for the solver."""
    capacities: Indices = field(repr=False)
    """Which capacities are left."""
    rows: Indices = field(repr=False)
    """Which rows above the capacities are left."""
    exchanges: Indices = field(repr=False)
    """Which exchanges are left."""


def reduced(problem: DistrictProblem) -> Reduced:
    """`problem` without what can never bind."""
    groups, exchanges = problem.groups, problem.exchanges
    most = _most_kw(problem)
    on = np.zeros_like(groups.capacity_kw)
    bound = groups.capacity != NONE
    np.add.at(on, groups.capacity[bound], most[bound])
    capacities = np.flatnonzero((on > groups.capacity_kw).any(axis=1))
    used = np.flatnonzero((exchanges.kw_max > 0).any(axis=1))
    above = _above_kw(groups, most)
    passed = np.maximum(exchanges.upper_per_kw, 0.0) * exchanges.kw_max[:, None]
    rows = np.flatnonzero((above + passed[used].sum(axis=0) > groups.upper_kw).any(axis=1))
    return Reduced(
        problem=replace(
            problem,
            groups=_groups(groups, capacities, rows),
            exchanges=_exchanges(exchanges, used, rows),
        ),
        capacities=capacities,
        rows=rows,
        exchanges=used,
    )


def _most_kw(problem: DistrictProblem) -> Floats:
    """What each group could draw at most. Shape [G, T]."""
    most = np.zeros((problem.groups.count, problem.slots))
    for agents in problem.agents:
        np.add.at(most, agents.group, agents.power_kw_max.T)
    return most


def _above_kw(groups: Groups, most: Floats) -> Floats:
    """What could reach each row above through the capacities. Shape [V, T]."""
    weights = np.maximum(groups.upper_per_kw, 0.0).T
    above = np.empty((weights.shape[0], most.shape[1]))
    for row, by in enumerate(weights):
        alone = groups.capacity == NONE
        above[row] = by[alone] @ most[alone]
        for c, limit in enumerate(groups.capacity_kw):
            under = groups.capacity == c
            through = by[under].max(initial=0.0) * limit
            above[row] += np.minimum(by[under] @ most[under], through)
    return above


def _groups(groups: Groups, capacities: Indices, rows: Indices) -> Groups:
    place = np.full(groups.capacity_kw.shape[0] + 1, NONE, dtype=np.intp)
    place[capacities] = np.arange(capacities.size)
    return replace(
        groups,
        capacity=place[groups.capacity],
        upper_per_kw=groups.upper_per_kw[:, rows],
        capacity_kw=groups.capacity_kw[capacities],
        upper_kw=groups.upper_kw[rows],
    )


def _exchanges(exchanges: Exchanges, used: Indices, rows: Indices) -> Exchanges:
    return Exchanges(
        kw_max=exchanges.kw_max[used],
        cost_eur=exchanges.cost_eur[used],
        electric_per_kw=exchanges.electric_per_kw[used],
        upper_per_kw=exchanges.upper_per_kw[np.ix_(used, rows)],
    )
