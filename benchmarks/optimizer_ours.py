"""Our solver on random districts, timed and proven."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from ems.optimizer.structured import certificate
from ems.optimizer.structured.generator import Size, district
from ems.optimizer.structured.problem import DistrictProblem
from ems.optimizer.structured.solve import solve

REPEATS = 5
"""Plans of a district are timed so often, and the median is taken."""
SMALL = Size.of(20, slots=12)
"""What kernels are compiled with."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """A plan."""

    cpu_s: float
    """CPU seconds of the solver, median of its repeats."""
    steps: int
    """Newton steps."""
    gap: float
    """Certified."""
    cost_eur: float
    """Certified."""


def runs(size: Size, seeds: Sequence[int], gaps: Sequence[float]) -> list[list[Run]]:
    """For each of the `gaps`, a plan of each seed's district."""
    problems = [ready(size, seed) for seed in seeds]
    return [[_run(problem, gap) for problem in problems] for gap in gaps]


def ready(size: Size, seed: int) -> DistrictProblem:
    """The problem, with kernels compiled."""
    solve(district(SMALL, seed), gap=0.1)
    return district(size, seed)


def _run(problem: DistrictProblem, gap: float) -> Run:
    spent = []
    for _ in range(REPEATS):
        began = time.process_time()
        answer = solve(problem, gap=gap)
        spent.append(time.process_time() - began)
    proof = certificate.certify(problem, answer.controls, answer.multipliers)
    return Run(
        cpu_s=statistics.median(spent), steps=answer.steps, gap=proof.gap, cost_eur=proof.cost_eur
    )


def title_of(size: Size) -> str:
    """A size in words."""
    tanks = "a tank each" if size.tank_per_dwelling else "a tank a building"
    return f"{size.dwellings:,} dwellings, {size.cars:,} cars, {tanks}, T = {size.slots}"
