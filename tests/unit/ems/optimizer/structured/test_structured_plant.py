"""The plant, its recovered heat and its limits in the structured problem, against HiGHS."""

from dataclasses import replace

import numpy as np
import pytest

from ems.optimizer.structured import certificate, generator, generator_plant, matrix
from ems.optimizer.structured.answer import Answer
from ems.optimizer.structured.plant import with_running as with_running_units
from ems.optimizer.structured.problem import DistrictProblem, Limit
from ems.optimizer.structured.solve import solve
from ems.optimizer.structured.sound import ProblemError
from ems.optimizer.structured.unit_course import Units

SMALL = generator.Size(dwellings=6, cars=4, buildings=2, lines=2, batteries=1, slots=24)


def plain(seed: int) -> DistrictProblem:
    return generator.district(SMALL, seed)


def with_plant(seed: int) -> DistrictProblem:
    return generator_plant.with_plant(plain(seed), SMALL, seed)


def with_running(seed: int) -> DistrictProblem:
    running = np.array([2, 1, 0, 1] * 6)
    heat = np.arange(2 * SMALL.buildings)
    units = Units(heat=heat, count=2, unit_kw=20.0, least_share=0.3)
    return with_running_units(with_plant(seed), units, running)


DISTRICTS = {
    "recovered heat": with_plant,
    "named limits and shared export": lambda seed: generator_plant.with_limits(plain(seed)),
    "units with a least load": with_running,
    "all of it": lambda seed: generator_plant.with_limits(with_running(seed)),
}


def proven(problem: DistrictProblem, gap: float = 1e-7) -> tuple[Answer, certificate.Certificate]:
    answer = solve(problem, gap=gap)
    return answer, certificate.certify(problem, answer.controls, answer.multipliers)


@pytest.mark.parametrize("district", DISTRICTS.values(), ids=DISTRICTS.keys())
@pytest.mark.parametrize("seed", range(3))
def test_a_district_with_a_plant_has_the_optimum_of_highs(district, seed: int) -> None:
    problem = district(seed)
    optimum = matrix.solve_highs(matrix.matrix(problem)).cost_eur
    _, proof = proven(problem)
    assert proof.cost_eur == pytest.approx(optimum, rel=1e-6)
    assert proof.bound_eur == pytest.approx(optimum, rel=1e-6)
    assert proof.outside_kw <= 1e-6


def test_heat_is_recovered_up_to_what_both_sides_have() -> None:
    problem = with_plant(1)
    answer, _ = proven(problem)
    loads = np.zeros((problem.groups.count, problem.slots))
    for kind, power in zip(problem.agents, answer.controls.power_kw, strict=True):
        np.add.at(loads, kind.group, power.T)
    heating, hot_water, cold = loads[:2].sum(axis=0), loads[2:4].sum(axis=0), loads[-1]
    z_h, z_w = answer.controls.exchanged_kw
    taken = z_h * (1 - 1 / generator_plant.SHARED_COP)
    taken = taken + z_w * (1 - 1 / generator_plant.SHARED_HOT_COP)
    assert (z_h <= heating + 0.011).all()
    assert (z_w <= hot_water + 0.011).all()
    assert (taken <= cold + 0.011).all()
    assert taken.sum() > 0.5 * np.minimum(cold, heating + hot_water).sum()


def test_a_plant_runs_between_its_least_and_its_greatest_load() -> None:
    problem = with_running(2)
    answer, _ = proven(problem)
    heat = sum(power.sum(axis=1) for power in answer.controls.power_kw[:2])
    running = np.array([2, 1, 0, 1] * 6)
    missing, useless = answer.controls.exchanged_kw[-2:]
    assert (heat - missing <= np.maximum(20.0 * running, 0.01) + 1e-6).all()
    assert (heat + useless >= 6.0 * running - 1e-6).all()
    assert useless[running == 0].max() < 0.1


def test_a_wish_of_the_grid_is_kept_where_it_is_paid_for() -> None:
    problem = plain(4)
    free, _ = proven(problem, 1e-6)
    cap = np.full(problem.slots, 0.9 * problem.meter.base_kw.min())
    asked = np.arange(problem.slots) == 5
    event = Limit(name="event", kw=cap, eur_per_kwh=np.where(asked, 3.0, 0.0))
    held, _ = proven(replace(problem, meter=replace(problem.meter, limits=(event,))), 1e-6)
    assert imported_kw(problem, held)[5] < imported_kw(problem, free)[5] - 1.0


def imported_kw(problem: DistrictProblem, answer: Answer) -> np.ndarray:
    controls, groups = answer.controls, problem.groups
    net = problem.meter.base_kw - problem.meter.sun_kw + controls.curtailed_kw
    net = net + (controls.charge_kw - controls.discharge_kw).sum(axis=1)
    for kind, power in zip(problem.agents, controls.power_kw, strict=True):
        net = net + (groups.electric_per_kw[kind.group].T * power).sum(axis=1)
    return np.maximum(net, 0.0)


def test_a_row_that_cannot_hold_is_named() -> None:
    problem = plain(0)
    with pytest.raises(ProblemError, match="relief"):
        replace(problem, groups=replace(problem.groups, upper_kw=-problem.groups.upper_kw))
