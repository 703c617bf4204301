"""The proof that comes with every answer."""

from dataclasses import replace

import numpy as np
import pytest
from small_districts import hamlet, solved, with_battery, with_cars, with_house

from ems.domain.errors import SolverError
from ems.optimizer.matrix import programme
from ems.optimizer.solve import bound_eur, solve


def test_the_bound_meets_the_cost_at_the_best_plan() -> None:
    problem = with_cars(with_battery(hamlet([0.1, 0.3, 0.2], base_kw=50)), [3.0], [3])
    solution = solved(problem).solution
    assert solution.bound_eur == pytest.approx(solution.cost_eur, abs=1e-6)


def test_any_multipliers_give_a_bound_that_is_not_above_the_best_cost() -> None:
    rng = np.random.default_rng(3)
    problem = with_house(with_battery(hamlet([0.1, 0.3, 0.2], base_kw=50)), **_WINTER)
    linear, _ = programme(problem)
    best = solve(linear, time_limit_s=5.0).cost_eur
    for _ in range(50):
        multipliers = rng.normal(0, 0.1, linear.matrix.shape[0])
        assert bound_eur(linear, multipliers) <= best + 1e-9


def test_a_programme_without_an_answer_is_refused() -> None:
    linear, _ = programme(hamlet([0.2]))
    impossible = replace(linear, row_low=linear.row_low + 1e6, row_high=linear.row_high + 1e6)
    with pytest.raises(SolverError, match="HiGHS ended with"):
        solve(impossible, time_limit_s=5.0)


_WINTER = {"outdoor_c": 0.0, "start_c": 20.0, "heat_kw_max": 60.0}
