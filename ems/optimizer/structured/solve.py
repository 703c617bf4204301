"""Steps of the interior point until a gap is proven or time is over; the best iterate is kept."""

import time
from collections.abc import Callable
from copy import copy

import numpy as np

from ems.domain.errors import SolverError
from ems.optimizer.structured.answer import Answer
from ems.optimizer.structured.beginning import Beginning
from ems.optimizer.structured.interior_point import Begin, InteriorPoint
from ems.optimizer.structured.problem import DistrictProblem

STEPS_MAX = 150
STALLED_STEPS = 15
"""So many steps without a gap less than `PROGRESS` of what it was: precision is reached."""
PROGRESS = 0.9
"""See `STALLED_STEPS`."""
FAR_EUR = 1.0
"""A first iterate with a greater gap for each of its products is begun again, with products of that
size: a district whose wishes contradict each other takes two thirds of the steps then."""
COST_EUR_MIN = 0.01
"""A gap is a share of the cost, or of this where the cost is less."""


def solve(
    problem: DistrictProblem,
    *,
    gap: float = 1e-3,
    time_limit_s: float = np.inf,
    timer: Callable[[], float] = time.perf_counter,
    steps_max: int = STEPS_MAX,
    begin: Begin = Beginning,
) -> Answer:
    """The best plan to a `gap` as a share of the cost, or what was reached in time.

    Agents are swept where `begin` puts them: in this process, or in parts elsewhere (`spread.py`).

    Raises:
        SolverError: the data are so far apart that not even the first iterate has a cost.
    """
    began = timer()
    point = _begun(problem, begin)
    best = _Best()
    if not best.look(point):
        raise SolverError(
            "the first plan has no finite cost",
            fix="look for inputs out of all proportion; the next step of the ladder takes over",
        )
    steps, ended = 0, "gap"
    while not best.within(gap):
        ended = _why_to_end(steps >= steps_max, timer() - began > time_limit_s, best.stalled)
        if ended or not _stepped(point, best):
            ended = ended or "numbers"
            break
        steps, ended = steps + 1, "gap"
    return best.answer(point, steps, ended)


def _begun(problem: DistrictProblem, begin: Begin) -> InteriorPoint:
    """The first iterate; a far one with products as large as its gap."""
    point = InteriorPoint(problem, begin)
    now = point.gap()
    far_eur = (now.cost - now.bound) / point.pairs
    return InteriorPoint(problem, begin, mu=far_eur) if far_eur > FAR_EUR else point


def _why_to_end(no_steps_left: bool, no_time_left: bool, stalled: int) -> str:
    """Why to stop short of the gap, or nothing."""
    reasons = {"steps": no_steps_left, "time": no_time_left, "numbers": stalled >= STALLED_STEPS}
    return next((why for why, holds in reasons.items() if holds), "")


def _stepped(point: InteriorPoint, best: "_Best") -> bool:
    """Whether one more step came to a finite cost."""
    try:
        point.step()
    except np.linalg.LinAlgError:
        return False
    return best.look(point)


class _Best:
    """The cheapest controls and the highest bound so far."""

    def __init__(self) -> None:
        self.cost = np.inf
        self.bound = -np.inf
        self.stalled = 0
        self._gap_before = np.inf

    def look(self, point: InteriorPoint) -> bool:
        """Keep what is better; false when the iterate is no number any more."""
        now = point.gap()
        if now.cost < self.cost:
            self.cost, self.controls = (
                now.cost,
                (point.everyone.keep("controls"), copy(point.coupling)),
            )
        if now.bound > self.bound:
            self.bound = now.bound
            self.multipliers = point.everyone.keep("multipliers"), copy(point.coupling)
        self._count_stalled()
        return bool(np.isfinite([now.cost, now.bound]).all())

    def _count_stalled(self) -> None:
        gap = self.cost - self.bound
        if gap <= PROGRESS * self._gap_before:
            self.stalled, self._gap_before = 0, gap
        else:
            self.stalled += 1

    def within(self, gap: float) -> bool:
        return self.cost - self.bound <= gap * max(abs(self.cost), COST_EUR_MIN)

    def answer(self, point: InteriorPoint, steps: int, ended: str) -> Answer:
        return Answer(
            controls=point.controls(*self.controls),
            multipliers=point.multipliers(*self.multipliers),
            cost_eur=self.cost,
            bound_eur=self.bound,
            steps=steps,
            ended=ended,
        )
