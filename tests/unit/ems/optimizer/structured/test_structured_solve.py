"""The structured interior point against HiGHS, on small random districts of every odd shape."""

from dataclasses import replace

import numpy as np
import pytest

from ems.optimizer.structured import certificate, generator, matrix
from ems.optimizer.structured.answer import Controls
from ems.optimizer.structured.problem import DistrictProblem
from ems.optimizer.structured.solve import STEPS_MAX, solve
from ems.optimizer.structured.sound import ProblemError

SMALL = generator.Size(dwellings=6, cars=4, buildings=2, lines=2, batteries=1, slots=24)
SHAPES = {
    "as usual": SMALL,
    "a tank for each dwelling": replace(SMALL, tank_per_dwelling=True),
    "an odd horizon": replace(SMALL, slots=37),
    "a single slot": replace(SMALL, slots=1, cars=0),
    "no car": replace(SMALL, cars=0),
    "no battery": replace(SMALL, batteries=0),
    "no dwelling": replace(SMALL, dwellings=0),
    "more buildings than dwellings": replace(SMALL, dwellings=3, buildings=5),
    "hours instead of quarters": replace(SMALL, slot_h=1.0),
}


def with_prices(problem: DistrictProblem, buy: float, sell: float) -> DistrictProblem:
    ones = np.ones(problem.slots)
    meter = replace(problem.meter, buy_eur_per_kwh=buy * ones, sell_eur_per_kwh=sell * ones)
    return replace(problem, meter=meter)


def with_wishes_out_of_reach(problem: DistrictProblem) -> DistrictProblem:
    zones = replace(
        problem.agents[0], low=problem.agents[0].low + 15, high=problem.agents[0].high + 20
    )
    return replace(problem, agents=(zones, *problem.agents[1:]))


def cold_at_the_bounds(problem: DistrictProblem) -> DistrictProblem:
    batteries = replace(problem.batteries, start_kwh=problem.batteries.low_kwh)
    zones = replace(problem.agents[0], start=problem.agents[0].start * 0 + 12.0)
    return replace(problem, batteries=batteries, agents=(zones, *problem.agents[1:]))


def without_peak(problem: DistrictProblem) -> DistrictProblem:
    return replace(problem, meter=replace(problem.meter, peak_eur_per_kw=0.0))


TWISTS = {
    "zero prices": lambda p: with_prices(p, 0.0, 0.0),
    "negative prices": lambda p: with_prices(p, -0.05, -0.05),
    "export worth nothing": lambda p: with_prices(p, 0.2, 0.0),
    "wishes out of reach": with_wishes_out_of_reach,
    "cold, batteries empty": cold_at_the_bounds,
    "no price of the peak": without_peak,
}


def agrees_with_highs(problem: DistrictProblem) -> None:
    optimum = matrix.solve_highs(matrix.matrix(problem)).cost_eur
    answer = solve(problem, gap=1e-7)
    proof = certificate.certify(problem, answer.controls, answer.multipliers)
    scale = max(abs(optimum), 1.0)
    assert proof.bound_eur <= optimum + 1e-7 * scale
    assert proof.cost_eur >= optimum - 1e-7 * scale
    assert proof.cost_eur == pytest.approx(optimum, abs=1e-6 * scale)
    assert proof.bound_eur == pytest.approx(optimum, abs=1e-6 * scale)
    assert proof.outside_kw <= 1e-7


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
@pytest.mark.parametrize("seed", range(3))
def test_every_shape_has_the_optimum_of_highs(shape: generator.Size, seed: int) -> None:
    agrees_with_highs(generator.district(shape, seed))


@pytest.mark.parametrize("twist", TWISTS.values(), ids=TWISTS.keys())
@pytest.mark.parametrize("seed", range(3))
def test_every_twist_has_the_optimum_of_highs(twist, seed: int) -> None:
    agrees_with_highs(twist(generator.district(SMALL, seed)))


def test_batteries_alone_are_planned() -> None:
    problem = generator.district(SMALL, 1)
    agrees_with_highs(replace(problem, agents=()))


def test_a_district_that_costs_nothing_is_done() -> None:
    empty = replace(SMALL, dwellings=0, cars=0)
    answer = solve(generator.district(empty, 0), gap=1e-7)
    assert answer.ended == "gap"
    assert answer.cost_eur == pytest.approx(0.0, abs=1e-6)


def test_a_gap_beyond_machine_precision_ends_by_itself() -> None:
    answer = solve(generator.district(SMALL, 0), gap=1e-14)
    assert answer.steps < STEPS_MAX
    assert answer.gap < 1e-6


def test_a_plan_in_force_holds_the_next_one_near_it() -> None:
    problem = generator.district(SMALL, 1)
    before = solve(problem, gap=1e-2).controls.power_kw
    held = tuple(
        replace(kind, curvature_eur=kind.curvature_eur + 0.1, reference_kw=power)
        for kind, power in zip(problem.agents, before, strict=True)
    )
    free, near = (solve(p, gap=1e-6) for p in (problem, replace(problem, agents=held)))
    proof = certificate.certify(replace(problem, agents=held), near.controls, near.multipliers)
    assert proof.gap <= 2e-6

    def moved(controls: Controls) -> float:
        return sum(
            float(np.abs(a - b).sum()) for a, b in zip(controls.power_kw, before, strict=True)
        )

    assert moved(near.controls) < moved(free.controls)


def test_any_prices_prove_a_bound_below_the_optimum() -> None:
    problem = generator.district(SMALL, 5)
    optimum = matrix.solve_highs(matrix.matrix(problem)).cost_eur
    answer = solve(problem, gap=0.3)
    random = np.random.default_rng(1)
    for _ in range(10):
        prices = replace(
            answer.multipliers,
            electricity=answer.multipliers.electricity * random.uniform(-1, 3, problem.slots),
            capacity=answer.multipliers.capacity + random.normal(0, 0.1),
            peak=answer.multipliers.peak * random.uniform(0, 5, problem.slots),
        )
        assert certificate.certify(problem, answer.controls, prices).bound_eur <= optimum + 1e-9


def test_time_out_keeps_the_best_proven_plan() -> None:
    problem = generator.district(SMALL, 2)
    ticks = iter(range(1000))
    answer = solve(problem, gap=1e-9, time_limit_s=8, timer=lambda: next(ticks))
    proof = certificate.certify(problem, answer.controls, answer.multipliers)
    assert answer.ended == "time"
    assert proof.bound_eur <= proof.cost_eur <= answer.cost_eur + 1e-6
    assert proof.bound_eur == pytest.approx(answer.bound_eur, abs=1e-6 * abs(answer.bound_eur))


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("base_kw", np.nan),
        ("sell_eur_per_kwh", 9.0),
        ("sun_kw", -1.0),
        ("overrun_eur_per_kwh", -1.0),
    ],
)
def test_data_that_cannot_be_are_named(what: str, change: float) -> None:
    problem = generator.district(SMALL, 0)
    with pytest.raises(ProblemError):
        replace(problem, meter=replace(problem.meter, **{what: np.full(problem.slots, change)}))
