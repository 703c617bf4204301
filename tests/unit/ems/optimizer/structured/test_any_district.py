"""Whatever a small district is like, the structured solver finds what HiGHS finds.

Districts are drawn by hypothesis, always the same ones: horizons of one slot, of odd lengths and of
the days when clocks change, groups without agents, a single agent, prices of zero and below,
wishes out of reach, states that begin at or far outside their bounds.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ems.optimizer.structured import certificate, matrix
from ems.optimizer.structured.generator import Size, district
from ems.optimizer.structured.generator_plant import with_limits
from ems.optimizer.structured.problem import DistrictProblem
from ems.optimizer.structured.solve import solve

SAME = 1e-6
"""Two solvers' objectives differ by less, as a share."""
Twist = Callable[[DistrictProblem], DistrictProblem]


def as_it_is(problem: DistrictProblem) -> DistrictProblem:
    return problem


def priced(buy: float, sell: float) -> Twist:
    def twist(problem: DistrictProblem) -> DistrictProblem:
        ones = np.ones(problem.slots)
        meter = replace(problem.meter, buy_eur_per_kwh=buy * ones, sell_eur_per_kwh=sell * ones)
        return replace(problem, meter=meter)

    return twist


def priced_below_nothing_at_noon(problem: DistrictProblem) -> DistrictProblem:
    noon = np.arange(problem.slots) % 24 > 12
    buy = np.where(noon, -0.03, problem.meter.buy_eur_per_kwh)
    sell = np.minimum(problem.meter.sell_eur_per_kwh, buy)
    return replace(
        problem, meter=replace(problem.meter, buy_eur_per_kwh=buy, sell_eur_per_kwh=sell)
    )


def without_peak(problem: DistrictProblem) -> DistrictProblem:
    return replace(problem, meter=replace(problem.meter, peak_eur_per_kw=0.0))


def warmer_than_possible(problem: DistrictProblem) -> DistrictProblem:
    agents = tuple(replace(kind, low=kind.low + 15, high=kind.high + 20) for kind in problem.agents)
    return replace(problem, agents=agents)


def begun_at_the_bounds(problem: DistrictProblem) -> DistrictProblem:
    batteries = replace(problem.batteries, start_kwh=problem.batteries.low_kwh)
    agents = tuple(
        replace(kind, start=0 * kind.start + kind.low[0]) if kind.count else kind
        for kind in problem.agents
    )
    return replace(problem, batteries=batteries, agents=agents)


def begun_cold_and_full(problem: DistrictProblem) -> DistrictProblem:
    batteries = replace(problem.batteries, start_kwh=problem.batteries.high_kwh)
    zones, *others = problem.agents
    return replace(
        problem, batteries=batteries, agents=(replace(zones, start=0 * zones.start + 5.0), *others)
    )


PRICES: list[Twist] = [
    as_it_is,
    priced(0.0, 0.0),
    priced(-0.05, -0.05),
    priced(0.2, 0.0),
    priced(0.1, -0.1),
    priced_below_nothing_at_noon,
    with_limits,
]
BEGINNINGS: list[Twist] = [as_it_is, begun_at_the_bounds, begun_cold_and_full]
WISHES: list[Twist] = [as_it_is, as_it_is, warmer_than_possible]
PEAKS: list[Twist] = [as_it_is, without_peak]
ONE_AGENT = [
    Size(dwellings=1, cars=0, buildings=1, lines=1, batteries=0, tank_per_dwelling=False),
    Size(dwellings=0, cars=1, buildings=1, lines=1, batteries=0, tank_per_dwelling=True),
    Size(dwellings=0, cars=0, buildings=1, lines=1, batteries=1, tank_per_dwelling=True),
]
SLOTS = [1, 2, 3, 7, 13, 24, 37, 92, 100]
"""One, odd ones, a day, days of 23 and 25 hours by the quarter."""


@st.composite
def sizes(draw: st.DrawFn) -> Size:
    """Sizes with empty groups, without cars or batteries, or with one agent only."""
    some = Size(
        dwellings=draw(st.integers(0, 5)),
        cars=draw(st.integers(0, 4)),
        buildings=draw(st.integers(1, 3)),
        lines=draw(st.integers(1, 2)),
        batteries=draw(st.integers(0, 2)),
        tank_per_dwelling=draw(st.booleans()),
    )
    size = draw(st.one_of(st.just(some), st.just(some), st.sampled_from(ONE_AGENT)))
    return replace(
        size, slots=draw(st.sampled_from(SLOTS)), slot_h=draw(st.sampled_from([0.25, 1.0]))
    )


@st.composite
def districts(draw: st.DrawFn) -> DistrictProblem:
    """Small random districts, made odd."""
    problem = district(draw(sizes()), draw(st.integers(0, 1000)))
    for twists in (PRICES, BEGINNINGS, WISHES, PEAKS):
        problem = draw(st.sampled_from(twists))(problem)
    return problem


@settings(
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(problem=districts())
def test_any_small_district_has_the_optimum_of_highs(problem: DistrictProblem) -> None:
    optimum = matrix.solve_highs(matrix.matrix(problem)).cost_eur
    answer = solve(problem, gap=1e-7)
    proof = certificate.certify(problem, answer.controls, answer.multipliers)
    close = SAME * max(abs(optimum), 1.0)
    assert proof.bound_eur <= optimum + 0.1 * close
    assert proof.cost_eur == pytest.approx(optimum, abs=close)
    assert proof.bound_eur == pytest.approx(optimum, abs=close)
    assert proof.outside_kw <= 1e-7
