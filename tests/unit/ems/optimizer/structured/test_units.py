"""Units of the plant: their running and pausing times, starts, and the bound of the choice."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from ems.optimizer.structured import generator
from ems.optimizer.structured.unit_course import Storage, Units, least_eur, unit_course
from ems.optimizer.structured.unit_plan import UnitPlan, solve_with_units

SIZE = generator.Size(dwellings=20, cars=4, buildings=2, lines=1, batteries=1, slots=24)
FLAT = np.full(24, 0.01)


def units(**changes: object) -> Units:
    return replace(Units(heat=np.arange(4), count=3, unit_kw=100.0), **changes)


def runs(course: np.ndarray, slots: int) -> bool:
    """Whether nothing stops within so many slots of a start."""
    changes = np.diff(course)
    started = np.flatnonzero(changes > 0)
    return all((changes[s + 1 : s + slots] >= 0).all() for s in started)


def test_units_follow_the_heat() -> None:
    heat = np.repeat([80.0, 180.0, 280.0, 180.0], 6)
    course = unit_course(units(start_eur=0.1), heat, FLAT, 0.25, Storage())
    assert course[3] == 1
    assert course[15] == 3


@pytest.mark.parametrize("seed", range(5))
def test_a_unit_that_starts_runs_for_its_time(seed: int) -> None:
    random = np.random.default_rng(seed)
    heat = random.uniform(0.0, 300.0, 48)
    course = unit_course(units(start_eur=0.0), heat, np.full(48, 0.01), 0.25, Storage())
    assert runs(course, 4)


def test_dear_starts_are_fewer() -> None:
    heat = np.tile(np.repeat([20.0, 180.0], 8), 3)
    price = np.full(48, 0.01)
    cheap, dear = (
        unit_course(units(start_eur=eur), heat, price, 0.25, Storage()) for eur in (0.0, 50.0)
    )
    assert np.maximum(np.diff(dear), 0).sum() < np.maximum(np.diff(cheap), 0).sum()


@pytest.mark.parametrize("seed", range(4))
def test_the_least_cost_of_units_is_that_of_all_courses(seed: int) -> None:
    earned = np.random.default_rng(seed).normal(0.0, 0.05, 5)
    plant = units(count=2, start_eur=3.0)

    def cost(course: tuple[int, ...]) -> float:
        starts = np.maximum(np.diff(course, prepend=plant.running), 0).sum()
        most, least = 100.0 * np.array(course), 30.0 * np.array(course)
        return 3.0 * starts - np.maximum(earned * most, earned * least).sum()

    every = min(cost(course) for course in product(range(3), repeat=5))
    assert least_eur(plant, earned) == pytest.approx(every)


def planned(outdoor_c: float) -> UnitPlan:
    problem = generator.district(replace(SIZE, outdoor_c=outdoor_c), 1)
    return solve_with_units(problem, units(unit_kw=22.0, start_eur=0.3), gap=1e-4)


@pytest.mark.parametrize("outdoor_c", [0.0, 13.0], ids=["winter", "a mild day"])
def test_a_plan_with_units_stands_beside_its_bound(outdoor_c: float) -> None:
    plan = planned(outdoor_c)
    assert plan.bound_eur < plan.cost_eur
    assert plan.gap < 0.05
    assert plan.starts <= 3


def test_another_course_of_units_is_never_below_the_bound() -> None:
    problem, plan = generator.district(SIZE, 1), planned(3.0)
    for storage in (Storage(ahead_eur=0.1), Storage(owed_eur=0.001)):
        other = solve_with_units(
            problem, units(unit_kw=22.0, start_eur=0.3), gap=1e-4, storages=(storage,)
        )
        assert other.cost_eur >= plan.bound_eur - 1e-6
