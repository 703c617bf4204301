"""A repaired plan: states stand inside their bounds, capacities hold, nothing is dearer."""

from dataclasses import replace

import numpy as np
import pytest

from ems.optimizer.structured import certificate, generator, generator_plant
from ems.optimizer.structured.repair import repaired
from ems.optimizer.structured.solve import solve

SMALL = generator.Size(dwellings=8, cars=4, buildings=2, lines=2, batteries=2, slots=24)


@pytest.mark.parametrize("seed", range(3))
def test_round_off_is_put_right_and_compromises_stay(seed: int) -> None:
    problem = generator_plant.with_plant(generator.district(SMALL, seed), SMALL, seed)
    answer = solve(problem, gap=1e-6)
    zones, power = problem.agents[0], answer.controls.power_kw[0]
    lifted = certificate.states(zones, power)[:, 0] + 1e-5
    lifted[:, 0] += 5.0
    missed = replace(zones, low=lifted, high=np.maximum(zones.high, lifted + 1.0))
    problem = replace(problem, agents=(missed, *problem.agents[1:]))
    better = repaired(problem, answer.controls)
    below = missed.low - certificate.states(missed, better.power_kw[0])[:, 0]
    has_room = (power < missed.power_kw_max - 1e-2).all(axis=0)
    assert has_room[1:].any()
    assert below[:, 1:][:, has_room[1:]].max() <= 0.0
    np.testing.assert_allclose(below[:, 0], 5.00001, atol=1e-6)
    proof = certificate.certify(problem, better, answer.multipliers)
    assert proof.outside_kw <= 1e-8


def test_batteries_are_brought_inside() -> None:
    problem = generator.district(SMALL, 3)
    answer = solve(problem, gap=1e-2)
    pushed = replace(answer.controls, charge_kw=answer.controls.charge_kw + 5.0)
    stored = certificate.stored_kwh(problem.batteries, problem.slot_h, repaired(problem, pushed))
    assert (stored <= problem.batteries.high_kwh + 1e-9).all()
    assert (stored >= problem.batteries.low_kwh - 1e-9).all()
