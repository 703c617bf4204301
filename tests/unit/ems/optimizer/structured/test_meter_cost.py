"""The expected cost at the meter against errors drawn at random, and as the solver's segments."""

from dataclasses import replace

import numpy as np
import pytest

from ems.optimizer.structured import certificate, generator, generator_plant, matrix
from ems.optimizer.structured.meter_cost import meter_cost
from ems.optimizer.structured.pieces import pieces
from ems.optimizer.structured.problem import DistrictProblem
from ems.optimizer.structured.solve import solve

SMALL = generator.Size(dwellings=6, cars=4, buildings=2, lines=2, batteries=1, slots=24)


def uncertain(seed: int, share: float = 0.05, sun: float = 1.0) -> DistrictProblem:
    problem = generator_plant.with_limits(generator.district(SMALL, seed))
    sunny = replace(problem.meter, sun_kw=sun * problem.meter.sun_kw)
    return generator_plant.with_spread(replace(problem, meter=sunny), share)


@pytest.mark.parametrize("sun", [1.0, 6.0], ids=["a winter day", "a day of export"])
def test_expected_cost_is_the_mean_over_errors(sun: float) -> None:
    problem = uncertain(1, 0.1, sun)
    net = problem.meter.base_kw - problem.meter.sun_kw
    random = np.random.default_rng(7)
    errors = random.normal(0.0, 1.0, (4000, problem.slots)) * problem.meter.spread_kw
    errors = np.concatenate([errors, -errors])
    free_of_peak = replace(problem, meter=replace(problem.meter, peak_eur_per_kw=0.0))
    paid = [certificate.settled_eur(free_of_peak, net + error) for error in errors]
    assert meter_cost(problem).eur(net).sum() == pytest.approx(np.mean(paid), rel=1e-3)


def test_without_error_the_cost_is_what_is_settled() -> None:
    problem = uncertain(2, 0.0)
    free_of_peak = replace(problem, meter=replace(problem.meter, peak_eur_per_kw=0.0))
    for net in np.linspace(-50.0, 80.0, 14):
        course = np.full(problem.slots, net)
        expected = meter_cost(problem).eur(course).sum()
        assert expected == pytest.approx(certificate.settled_eur(free_of_peak, course))


def test_segments_lie_on_the_expected_cost_and_above_it_between() -> None:
    problem = uncertain(3, 0.1)
    parts, cost = pieces(problem), meter_cost(problem)
    width = parts.width_kw[: parts.segments]
    price = parts.price_eur[: parts.segments]
    ends = parts.least_kw + np.cumsum(width, axis=0)
    paid = cost.eur(parts.least_kw) + np.cumsum(width * price, axis=0)
    np.testing.assert_allclose(cost.eur(ends), paid, atol=1e-8)
    middle = ends - 0.5 * width
    above = paid - 0.5 * width * price - cost.eur(middle)
    assert (above >= -1e-9).all()
    assert (above <= 1e-3 * cost.eur(middle).max()).all()


@pytest.mark.parametrize("sun", [1.0, 6.0], ids=["a winter day", "a day of export"])
@pytest.mark.parametrize("seed", range(3))
def test_segments_are_solved_as_by_highs_and_the_true_cost_is_bounded(
    seed: int, sun: float
) -> None:
    problem = uncertain(seed, 0.05, sun)
    by_chords = matrix.solve_highs(matrix.matrix(problem)).cost_eur
    answer = solve(problem, gap=1e-7)
    proof = certificate.certify(problem, answer.controls, answer.multipliers)
    assert answer.cost_eur == pytest.approx(by_chords, rel=2e-6)
    assert proof.bound_eur <= proof.cost_eur <= by_chords * (1 + 1e-6)
    assert proof.gap < 1e-4


def test_an_error_makes_a_district_dearer() -> None:
    calm, uneasy = (solve(uncertain(1, share), gap=1e-5) for share in (0.0, 0.1))
    assert uneasy.cost_eur > calm.cost_eur
