"""Holding a plan to the one in force: of plans that cost about the same, the nearest.

Each agent pays w / 2 (u - reference)² in a slot, a proximal term: so small that the cost does not
notice, enough that what is worth the same stays where it was.
"""

from dataclasses import replace

import numpy as np

from ems.optimizer.structured.problem import DistrictProblem, Floats

NEAR_EUR_PER_KW2 = 3e-4
"""w, of several the least that keeps 24 of 25 car slots; the cost rises by less than 1e-4."""


def near_plan(
    problem: DistrictProblem, power_kw: tuple[Floats, ...], weight_eur: float = NEAR_EUR_PER_KW2
) -> DistrictProblem:
    """`problem` held near powers [T, n] of each kind, as far as `weight_eur` per kW² and slot."""
    held = tuple(
        replace(kind, curvature_eur=np.full(kind.count, weight_eur), reference_kw=reference)
        for kind, reference in zip(problem.agents, power_kw, strict=True)
    )
    return replace(problem, agents=held)


def slots_later(power_kw: Floats, slots: int = 1) -> Floats:
    """A plan's powers [T, n] as a plan that begins so many slots later sees them.

    Beyond its end it goes on as it ended.
    """
    beyond = np.arange(power_kw.shape[0]) + slots
    within = np.minimum(beyond, power_kw.shape[0] - 1)
    later: Floats = power_kw[within]
    return later
