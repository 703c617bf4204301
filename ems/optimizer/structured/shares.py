"""A district dealt to several holders: each has the agents of some groups and nothing else.

What all share (capacities, meter, batteries) stays where the coupling is solved.
"""

from dataclasses import dataclass, field, fields, replace

import numpy as np

from ems.optimizer.structured.problem import Agents, Batteries, DistrictProblem, Indices


@dataclass(frozen=True, kw_only=True)
class Share:
    """Agents of some groups of a district."""

    groups: Indices
    """Which groups of the district. Shape [groups here]."""
    columns: tuple[Indices, ...] = field(repr=False)
    """Which agents of each kind of the district. Shape [n here] each."""
    problem: DistrictProblem = field(repr=False)
    """The district as if it had but these groups, and no battery."""


def dealt(problem: DistrictProblem, holders: int) -> list[Share]:
    """The agents of `problem` in at most so many shares, alike in number; no group is in two."""
    count = np.zeros(problem.groups.count)
    for kind in problem.agents:
        np.add.at(count, kind.group, kind.states)
    hands: list[list[int]] = [[] for _ in range(holders)]
    held = np.zeros(holders)
    for group in np.argsort(-count, kind="stable"):
        if count[group] > 0:
            lightest = int(np.argmin(held))
            hands[lightest].append(int(group))
            held[lightest] += count[group]
    return [_share(problem, np.array(sorted(hand), np.intp)) for hand in hands if hand]


def without_agents(problem: DistrictProblem) -> DistrictProblem:
    """The district with all its groups, and nobody in them."""
    nobody = np.zeros(0, np.intp)
    return replace(problem, agents=tuple(_some(kind, nobody) for kind in problem.agents))


def _share(problem: DistrictProblem, groups: Indices) -> Share:
    place = np.full(problem.groups.count, -1)
    place[groups] = np.arange(groups.size)
    columns = tuple(np.flatnonzero(place[kind.group] >= 0) for kind in problem.agents)
    some = [_some(kind, at) for kind, at in zip(problem.agents, columns, strict=True)]
    alone = replace(
        problem,
        agents=tuple(replace(kind, group=place[kind.group]) for kind in some),
        batteries=_no_battery(problem.batteries),
        groups=replace(
            problem.groups,
            electric_per_kw=problem.groups.electric_per_kw[groups],
            capacity=problem.groups.capacity[groups],
            upper_per_kw=problem.groups.upper_per_kw[groups],
        ),
    )
    return Share(groups=groups, columns=columns, problem=alone)


def _some(kind: Agents, columns: Indices) -> Agents:
    return Agents(**{item.name: getattr(kind, item.name)[..., columns] for item in fields(kind)})


def _no_battery(batteries: Batteries) -> Batteries:
    return Batteries(**{item.name: getattr(batteries, item.name)[:0] for item in fields(batteries)})
