"""Powers that cars can follow: none or the least and more, with the energy that was planned."""

from dataclasses import replace

import numpy as np
import pytest

from ems.optimizer.car_steps import Charging, in_order_of_departure, stepped_kw
from ems.optimizer.structured import certificate, generator
from ems.optimizer.structured.answer import Answer
from ems.optimizer.structured.problem import DistrictProblem
from ems.optimizer.structured.solve import solve

SIZE = generator.Size(dwellings=80, cars=40, buildings=2, lines=2, batteries=1)


def charging(problem: DistrictProblem, answer: Answer) -> Charging:
    cars, groups, prices = problem.agents[2], problem.groups, answer.multipliers
    per_kw = groups.electric_per_kw * prices.electricity + groups.upper_per_kw @ prices.upper
    line = groups.capacity[cars.group]
    three_phases = cars.power_kw_max.max(axis=0) > 8
    return Charging(
        planned_kw=answer.controls.power_kw[2],
        least_kw=np.where(three_phases, 4.14, 1.38) + 0 * cars.power_kw_max,
        most_kw=cars.power_kw_max,
        price_eur=(per_kw[cars.group] + prices.capacity[line]).T,
        line=line - line.min(),
        line_kw=groups.capacity_kw[line.min() :],
        feeder_kw=groups.upper_kw[0],
        waits=np.ones(cars.count, dtype=np.bool_),
    )


@pytest.mark.parametrize("seed", range(2))
def test_steps_of_cars_cost_little_more_than_the_bound(seed: int) -> None:
    problem = generator.district(SIZE, seed)
    answer = solve(problem, gap=1e-4)
    cars = charging(problem, answer)
    power = stepped_kw(cars)
    assert ((power < 1e-9) | (power >= cars.least_kw - 1e-9)).all()
    np.testing.assert_allclose(power.sum(axis=0), cars.planned_kw.sum(axis=0), atol=2.0)
    controls = replace(answer.controls, power_kw=(*answer.controls.power_kw[:2], power))
    proof = certificate.certify(problem, controls, answer.multipliers)
    assert proof.outside_kw <= 1e-9
    assert proof.gap < 3e-3


def one_car(
    planned_kw: list[float], price_eur: list[float] | None = None, *, waits: bool = True
) -> np.ndarray:
    planned = np.array(planned_kw)[:, None]
    alone = Charging(
        planned_kw=planned,
        least_kw=np.full_like(planned, 1.4),
        most_kw=np.full_like(planned, 7.0),
        price_eur=np.array(price_eur or [0.0] * len(planned))[:, None],
        line=np.zeros(1, dtype=np.intp),
        line_kw=np.full((1, len(planned)), 20.0),
        feeder_kw=np.full(len(planned), 20.0),
        waits=np.array([waits]),
    )
    return stepped_kw(alone)[:, 0]


def test_a_plan_that_can_be_followed_is_followed() -> None:
    np.testing.assert_allclose(one_car([7.0, 0.0, 3.0, 0.0]), [7.0, 0.0, 3.0, 0.0], atol=1e-4)


def test_energy_that_is_spread_too_thin_is_gathered_where_it_is_cheap() -> None:
    power = one_car([0.7, 0.7, 0.7, 0.7], [0.05, 0.05, 0.01, 0.05])
    assert power[2] >= 1.4
    assert power.sum() == pytest.approx(2.8)


def test_a_car_that_wants_less_than_the_least_of_a_slot_is_not_forgotten() -> None:
    power = one_car([0.3, 0.3, 0.3, 0.0], [0.05, 0.02, 0.05, 0.05])
    np.testing.assert_allclose(power, [0.0, 1.4, 0.0, 0.0])


def test_a_car_in_a_hurry_stays_as_planned() -> None:
    planned = [7.0, 6.0, 0.7, 0.0]
    np.testing.assert_allclose(one_car(planned, [1.0, 1.0, 1.0, 0.0], waits=False), planned)


def test_those_that_leave_first_are_looked_at_first() -> None:
    most = np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    assert list(in_order_of_departure(most)) == [0, 2, 1]
