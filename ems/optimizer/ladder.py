"""The planner's own ladder: solvers in their order, each answer proved before it counts.

    1. the structured interior point, every device on its own
    2. HiGHS on the matrix of the same problem, within a time limit

Below these the cycle carries on the plan in force, and below that plain rules hold. No solver is
believed: cost and bound of an answer are computed again from its controls and prices alone. The
structured one is imported when it is first asked: its compiler takes a second to load, and only the
planning process needs it.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version

from ems.domain.errors import SolverError
from ems.optimizer.structured.answer import Answer, Controls, Multipliers
from ems.optimizer.structured.by_matrix import solve_by_highs
from ems.optimizer.structured.certificate import Certificate, certify
from ems.optimizer.structured.generator import Size, district
from ems.optimizer.structured.problem import DistrictProblem
from ems.optimizer.structured.repair import repaired

GAP = 1e-3
"""The structured solver ends when it has proved this share of the cost."""
REFUSED_SHARE = 1e-2
"""An answer further than this share above its bound, and than `REFUSED_EUR`, is refused."""
REFUSED_EUR = 1.0
SMALL = Size(dwellings=6, cars=4, buildings=2, lines=1, batteries=1, slots=16)
"""A district that uses every kernel once."""
OUTSIDE_KW = 1e-3
"""Greatest excess of a power or a capacity that is taken for round-off."""


@dataclass(frozen=True, kw_only=True)
class Rung:
    """One solver."""

    name: str
    """What people call it, with its version."""
    solve: Callable[[DistrictProblem, float], Answer]
    """The best answer within so many seconds. Raises SolverError."""


@dataclass(frozen=True, kw_only=True)
class Best:
    """The answer that counts."""

    controls: Controls = field(repr=False)
    """What the devices are to do."""
    prices: Multipliers = field(repr=False)
    """What proves it, and what limits cost."""
    proof: Certificate
    """Cost and bound."""
    solver: str
    """Who found it, in how many steps."""
    passed_over: tuple[str, ...]
    """Why the rungs above were not used; empty for the first."""


@cache
def compile_kernels() -> None:
    """Compile the structured solver, or load what was compiled before; once in a process.

    It takes some twenty seconds the very first time on a machine, half a second later on, and is
    no part of any plan's time.
    """
    from ems.optimizer.structured.solve import solve

    solve(district(SMALL, seed=0), steps_max=2)


def structured(problem: DistrictProblem, time_limit_s: float) -> Answer:
    """By the interior point that knows the problem's structure.

    Its limit counts CPU seconds, so that the same inputs give the same plan on a busy machine; the
    cycle's own limit counts the wall's.
    """
    from ems.optimizer.structured.solve import solve

    compile_kernels()
    return solve(problem, gap=GAP, time_limit_s=time_limit_s, timer=time.process_time)


def by_matrix(problem: DistrictProblem, time_limit_s: float) -> Answer:
    """By HiGHS on the sparse matrix; a winter day of the whole district takes it most of a minute.

    Its limit counts seconds of the wall.
    """
    return solve_by_highs(problem, time_limit_s=time_limit_s)


RUNGS = (
    Rung(name=f"structured interior point {version('smartseille-ems')}", solve=structured),
    Rung(name=f"HiGHS {version('highspy')} on the matrix", solve=by_matrix),
)
"""The solvers, best first."""


def best_answer(
    problem: DistrictProblem, rungs: Sequence[Rung] = RUNGS, *, time_limit_s: float
) -> Best:
    """The answer of the first of `rungs` that has one that holds.

    Raises:
        SolverError: none has; says why of each.
    """
    why: list[str] = []
    for rung in rungs:
        try:
            return _proved(problem, rung, time_limit_s, tuple(why))
        except SolverError as error:
            why.append(f"{rung.name}: {error.message}")
    raise SolverError(
        "; ".join(why) or "there is no solver",
        fix="the next step of the ladder takes over; keep the inputs of this plan",
    )


def _proved(
    problem: DistrictProblem, rung: Rung, time_limit_s: float, passed_over: tuple[str, ...]
) -> Best:
    answer = rung.solve(problem, time_limit_s)
    controls = repaired(problem, answer.controls)
    proof = certify(problem, controls, answer.multipliers)
    gap = proof.cost_eur - proof.bound_eur
    allowed = max(REFUSED_EUR, REFUSED_SHARE * abs(proof.cost_eur))
    if not (gap <= allowed and proof.outside_kw <= OUTSIDE_KW):
        raise SolverError(
            f"its answer is {gap:.2g} EUR above its bound and {proof.outside_kw:.2g} kW outside"
        )
    return Best(
        controls=controls,
        prices=answer.multipliers,
        proof=proof,
        solver=f"{rung.name}, {answer.steps} steps",
        passed_over=passed_over,
    )
