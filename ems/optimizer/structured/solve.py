"""Steps of the interior point until a gap is proven or time is over; the best iterate is kept."""

import time
from collections.abc import Callable

import numpy as np

from ems.optimizer.structured.answer import Answer
from ems.optimizer.structured.interior_point import InteriorPoint
from ems.optimizer.structured.problem import DistrictProblem

STEPS_MAX = 150


def solve(
    problem: DistrictProblem,
    *,
    gap: float = 1e-3,
    time_limit_s: float = np.inf,
    timer: Callable[[], float] = time.perf_counter,
    steps_max: int = STEPS_MAX,
) -> Answer:
    """The best plan to a `gap` as a share of the cost, or what was reached in time."""
    began = timer()
    point = InteriorPoint(problem)
    best = _Best()
    best.look(point)
    steps, ended = 0, "gap"
    while not best.within(gap):
        if steps >= steps_max or timer() - began > time_limit_s:
            ended = "steps" if steps >= steps_max else "time"
            break
        try:
            point.step()
        except np.linalg.LinAlgError:
            ended = "numbers"
            break
        steps += 1
        if not best.look(point):
            ended = "numbers"
            break
    return best.answer(steps, ended)


class _Best:
    """The cheapest controls and the highest bound so far."""

    def __init__(self) -> None:
        self.cost = np.inf
        self.bound = -np.inf

    def look(self, point: InteriorPoint) -> bool:
        """Keep what is better; false when the iterate is no number any more."""
        now = point.gap()
        if now.cost < self.cost:
            self.cost, self.controls = now.cost, point.controls()
        if now.bound > self.bound:
            self.bound, self.multipliers = now.bound, point.multipliers()
        return bool(np.isfinite([now.cost, now.bound]).all())

    def within(self, gap: float) -> bool:
        return self.cost - self.bound <= gap * abs(self.cost)

    def answer(self, steps: int, ended: str) -> Answer:
        return Answer(
            controls=self.controls,
            multipliers=self.multipliers,
            cost_eur=self.cost,
            bound_eur=self.bound,
            steps=steps,
            ended=ended,
        )
