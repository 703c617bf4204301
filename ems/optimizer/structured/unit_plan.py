"""The plant's units chosen and the district planned with them, and a bound of the whole choice.

A plan without units gives the heat of each slot and its price; a dynamic programme chooses how many
units run; the district is planned again with their least and greatest load as rows. Where the
course pauses for hours, as on mild days, one with a unit always on is planned too, and the cheaper
of both is kept.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from ems.optimizer.structured import certificate, plant
from ems.optimizer.structured.answer import Answer
from ems.optimizer.structured.problem import DistrictProblem, Floats, Indices
from ems.optimizer.structured.solve import solve
from ems.optimizer.structured.unit_course import Storage, Units, least_eur, unit_course

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Parts of the rows' prices that are tried for the bound."""


@dataclass(frozen=True, kw_only=True)
class UnitPlan:
    """A plan with the units that run."""

    problem: DistrictProblem = field(repr=False)
    """With the rows of the units that run."""
    answer: Answer = field(repr=False)
    """Its plan."""
    running: Indices = field(repr=False)
    """Units in each slot. Shape [T]."""
    starts: int
    """How many."""
    cost_eur: float
    """Certified cost, starts included."""
    bound_eur: float
    """No choice of units and no plan with it costs less."""

    @property
    def gap(self) -> float:
        """Cost above the bound, as a share of the cost."""
        return (self.cost_eur - self.bound_eur) / max(abs(self.cost_eur), 1e-9)


def solve_with_units(
    problem: DistrictProblem,
    units: Units,
    *,
    gap: float = 1e-3,
    storages: tuple[Storage, ...] = (Storage(),),
) -> UnitPlan:
    """The cheapest of the plans that `storages` lead to.

    Raises:
        SolverError: as `solve`.
    """
    most_kw = np.full(problem.slots, units.count * units.unit_kw)
    free = plant.with_capacity(problem, units.heat, most_kw)
    relaxed = solve(free, gap=gap)
    heat, price = _heat(free, units, relaxed)
    bound = certificate.certify(free, relaxed.controls, relaxed.multipliers).bound_eur
    found = [unit_course(units, heat, price, problem.slot_h, storage) for storage in storages]
    courses = {tuple(c.tolist()) for course in found for c in (course, _without_pauses(course))}
    plans = [_planned(problem, units, np.array(course), gap) for course in sorted(courses)]
    best = min(plans, key=lambda plan: plan.cost_eur)
    proven = max(bound, *(_bound_eur(problem, units, plan) for plan in plans))
    return replace(best, bound_eur=proven)


def _without_pauses(running: Indices) -> Indices:
    """The same course with one unit always on until the last of all stops. Shape [T]."""
    on = np.flatnonzero(running)
    last = on[-1] + 1 if on.size else 0
    return np.concatenate([np.maximum(running[:last], 1), running[last:]])


def _planned(problem: DistrictProblem, units: Units, running: Indices, gap: float) -> UnitPlan:
    rows = plant.with_running(problem, units, running)
    answer = solve(rows, gap=gap)
    proof = certificate.certify(rows, answer.controls, answer.multipliers)
    starts = int(np.maximum(np.diff(running, prepend=units.running), 0).sum())
    return UnitPlan(
        problem=rows,
        answer=answer,
        running=running,
        starts=starts,
        cost_eur=proof.cost_eur + starts * units.start_eur,
        bound_eur=-np.inf,
    )


def _heat(problem: DistrictProblem, units: Units, answer: Answer) -> tuple[Floats, Floats]:
    """Heat of all units, and what a kW of it costs in each slot. Shape [T] each."""
    loads = np.zeros((problem.groups.count, problem.slots))
    for kind, power in zip(problem.agents, answer.controls.power_kw, strict=True):
        np.add.at(loads, kind.group, power.T)
    per_kw = problem.groups.electric_per_kw * answer.multipliers.electricity
    heat = loads[units.heat].sum(axis=0)
    paid = (loads * per_kw)[units.heat].sum(axis=0)
    return heat, np.where(heat > 0, paid / np.maximum(heat, 1e-9), per_kw[units.heat].mean(axis=0))


def _bound_eur(problem: DistrictProblem, units: Units, plan: UnitPlan) -> float:
    """The best bound of the whole choice by parts of the prices that the rows of `plan` have.

    With a price of heat between district and units, each does its best by itself; the units' best
    over all their courses takes the place of what the rows of one course cost.
    """
    prices = plan.answer.multipliers
    bounds = []
    for share in SHARES:
        upper = prices.upper.copy()
        upper[-2:] *= share
        earned = upper[-2] - upper[-1]
        own = certificate.certify(
            plan.problem, plan.answer.controls, replace(prices, upper=upper)
        ).bound_eur
        of_rows = float((upper[-2:] * plan.problem.groups.upper_kw[-2:]).sum())
        relief = _relief_eur(plan.problem, upper)
        bounds.append(own + of_rows - relief + least_eur(units, earned))
    return max(bounds)


def _relief_eur(problem: DistrictProblem, upper: Floats) -> float:
    """What the rows' relief adds to a bound: nothing but where its price is exceeded."""
    exchanges = problem.exchanges
    cost = exchanges.cost_eur[-2:] - upper[-2:]
    return float((np.minimum(cost, 0.0) * exchanges.kw_max[-2:]).sum())
