"""How time, steps and memory grow with the district."""

import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.figures import Curve, Figure, Picture
from benchmarks.optimizer_ours import ready, title_of
from benchmarks.pinned import pinned
from ems.optimizer.structured import certificate
from ems.optimizer.structured.generator import Size
from ems.optimizer.structured.solve import solve

SEED, GAP = 1, 1e-3
STEPS_GOAL, STEPS_GOAL_LARGE = 26, 40
"""To 400 dwellings, and at every size."""
LARGEST, WALL_GOAL_S, MEMORY_GOAL_GB = 40000, 30.0, 2.5
LINEAR_FROM, LINEAR_GOAL = 400, 1.2
"""From this size on time grows no more than so many times as the district."""
SMALL_REPEATS, SMALL = 5, 1600
"""Plans of smaller districts are timed so often, and the median is taken."""


@dataclass(frozen=True, kw_only=True)
class Grown:
    """A plan of one size, to 0.1 %."""

    size: Size
    """Which."""
    steps: int
    """Newton steps."""
    cpu_s: float
    """CPU seconds of the solver, all threads."""
    wall_s: float
    """By the clock."""
    memory_gb: float
    """Greatest memory of the process while planning, problem included."""
    gap: float
    """Certified."""


def growth(
    sizes: Sequence[int], peer_s: Callable[[int], float | None], *, up_to: int
) -> tuple[list[Figure], Picture]:
    """Figures of every size; their picture, beside a peer's CPU seconds for sizes `up_to` one."""
    grown = [pinned(plan_of, Size.of(dwellings)) for dwellings in sizes]
    figures = [figure for one in grown for figure in _figures(one)]
    first, last = _first(grown), grown[-1]
    times = last.size.dwellings / first.size.dwellings
    name = f"{first.size.dwellings:,} to {last.size.dwellings:,} dwellings: CPU time / linear"
    ratio = last.cpu_s / first.cpu_s / times
    figures.append(Figure(name=name, value=ratio, unit="", goal=LINEAR_GOAL))
    theirs = [(n, peer_s(n)) for n in sizes if n <= up_to]
    return figures, _picture(grown, [(n, spent) for n, spent in theirs if spent is not None])


def _first(grown: Sequence[Grown]) -> Grown:
    """The size from which on growth is to be linear."""
    return next(one for one in grown if one.size.dwellings >= LINEAR_FROM)


def plan_of(size: Size) -> Grown:
    """A plan in this process, which does nothing else."""
    problem = ready(size, SEED)
    spent = []
    for _ in range(1 if size.dwellings >= SMALL else SMALL_REPEATS):
        began, began_wall = time.process_time(), time.perf_counter()
        answer = solve(problem, gap=GAP)
        spent.append((time.process_time() - began, time.perf_counter() - began_wall))
    memory_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    proof = certificate.certify(problem, answer.controls, answer.multipliers)
    cpu_s, wall_s = sorted(spent)[len(spent) // 2]
    return Grown(
        size=size,
        steps=answer.steps,
        cpu_s=cpu_s,
        wall_s=wall_s,
        memory_gb=memory_gb,
        gap=proof.gap,
    )


def _figures(one: Grown) -> list[Figure]:
    title, is_largest = title_of(one.size), one.size.dwellings == LARGEST
    steps_goal = STEPS_GOAL if one.size.dwellings <= LINEAR_FROM else STEPS_GOAL_LARGE
    wall_goal, memory_goal = (WALL_GOAL_S, MEMORY_GOAL_GB) if is_largest else (None, None)
    figures = [
        Figure(name=f"{title}: to 0.1 %", value=one.cpu_s, unit="s CPU"),
        Figure(name=f"{title}: to 0.1 %", value=one.wall_s, unit="s wall", goal=wall_goal),
        Figure(name=f"{title}: steps", value=one.steps, unit="", goal=steps_goal),
        Figure(name=f"{title}: certified gap", value=one.gap, unit="", goal=GAP),
        Figure(name=f"{title}: greatest memory", value=one.memory_gb, unit="GB", goal=memory_goal),
    ]
    if is_largest:
        left = MEMORY_GOAL_GB - one.memory_gb
        figures.append(Figure(name=f"{title}: left to the limit", value=left, unit="GB"))
    return figures


def _picture(grown: Sequence[Grown], theirs: Sequence[tuple[float, float]]) -> Picture:
    def curve(name: str, what: str) -> Curve:
        return Curve(name=name, points=[(g.size.dwellings, getattr(g, what)) for g in grown])

    first = _first(grown)
    each_s = first.cpu_s / first.size.dwellings
    linear = [(g.size.dwellings, g.size.dwellings * each_s) for g in grown]
    return Picture(
        title="a plan to 0.1 %",
        across="dwellings",
        up="seconds",
        curves=[
            curve("CPU seconds", "cpu_s"),
            curve("by the clock", "wall_s"),
            Curve(name="linear", points=linear),
            Curve(name="HiGHS, CPU seconds", points=theirs),
        ],
    )
