"""The planner's ladder: each rung is taken when those above it fail, and says why."""

from dataclasses import replace

import numpy as np
import pytest
from small_districts import hamlet, with_battery, with_cars, with_house
from synthetic_day import Day

from ems.domain.district import District
from ems.domain.errors import SolverError
from ems.domain.plans import Origin
from ems.optimizer import Planner
from ems.optimizer.agents import agent_problem
from ems.optimizer.ladder import RUNGS, Rung, best_answer
from ems.optimizer.structured.answer import Answer
from ems.optimizer.structured.problem import DistrictProblem
from ems.optimizer.structured.solve import solve

PROBLEM = agent_problem(
    with_cars(
        with_battery(
            with_house(
                hamlet([0.1, 0.3, 0.2, 0.4] * 2, base_kw=60),
                outdoor_c=0.0,
                start_c=20.0,
                heat_kw_max=60.0,
            )
        ),
        [3.0],
        [3],
    )
).problem


def gives_up(problem: DistrictProblem, time_limit_s: float) -> Answer:
    raise SolverError("it gave up")


def lies(problem: DistrictProblem, time_limit_s: float) -> Answer:
    """An answer whose cost is not what it says, of a battery that is never used."""
    answer = solve(problem, gap=1e-4)
    idle = np.zeros_like(answer.controls.charge_kw)
    charge = idle + problem.batteries.charge_kw_max
    return replace(answer, controls=replace(answer.controls, charge_kw=charge, discharge_kw=idle))


def test_the_first_rung_that_holds_is_taken() -> None:
    best = best_answer(PROBLEM, time_limit_s=20.0)
    assert best.solver.startswith("structured interior point")
    assert not best.passed_over
    assert best.proof.gap < 1e-3


def test_the_matrix_takes_over_and_agrees() -> None:
    usual = best_answer(PROBLEM, time_limit_s=20.0)
    best = best_answer(PROBLEM, [Rung(name="first", solve=gives_up), RUNGS[1]], time_limit_s=20.0)
    assert best.solver.startswith("HiGHS")
    assert best.passed_over == ("first: it gave up",)
    assert best.proof.gap < 1e-3
    assert best.proof.bound_eur <= usual.proof.cost_eur + 1e-6
    assert usual.proof.bound_eur <= best.proof.cost_eur + 1e-6


def test_an_answer_that_is_not_what_it_says_is_passed_over() -> None:
    best = best_answer(PROBLEM, [Rung(name="liar", solve=lies), RUNGS[1]], time_limit_s=20.0)
    assert "above its bound" in best.passed_over[0]


def test_when_no_rung_holds_each_is_named() -> None:
    with pytest.raises(SolverError, match="a: it gave up; b: it gave up"):
        best_answer(PROBLEM, [Rung(name=n, solve=gives_up) for n in ("a", "b")], time_limit_s=20.0)


def test_the_plan_says_who_made_it_and_who_failed(district: District, summer_day: Day) -> None:
    planner = Planner(district, rungs=(Rung(name="first", solve=gives_up), RUNGS[1]))
    plan = summer_day.plan(planner)
    assert plan.origin is Origin.OPTIMISED
    assert plan.report.solver.startswith("HiGHS")
    assert plan.report.message.startswith("first: it gave up")
