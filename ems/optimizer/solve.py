"""Solves the linear programme with HiGHS, and proves how good the answer is.

The bound does not trust the solver: any multipliers of the rows give a lower bound of the cost,
because every column has finite bounds (weak duality). It is computed here, from the multipliers
alone, in plain NumPy; a wrong or unfinished answer shows as a gap.
"""

from dataclasses import dataclass, field

import highspy
import numpy as np
from numpy.typing import NDArray

from ems.domain.errors import SolverError
from ems.optimizer.assembly import LinearProgram

Floats = NDArray[np.float64]

OPTIONS: dict[str, str | float | int | bool] = {
    "output_flag": False,
    "threads": 1,
    "solver": "simplex",
    "presolve": "on",
}
"""Options of HiGHS that were fastest on the whole district; see `docs/optimizer.md`."""

GAP_SHARE = 1e-2
"""A plan further than this share above its bound, and than `GAP_EUR`, is refused."""
GAP_EUR = 1.0
FEASIBLE = 1e-3
"""Greatest violation of a row that is taken for round-off, in the row's unit."""


@dataclass(frozen=True, kw_only=True)
class Solution:
    """An answer with its proof."""

    values: Floats = field(repr=False)
    """Shape [columns]."""
    cost_eur: float
    """Cost of `values`."""
    bound_eur: float
    """No answer can cost less."""
    solver: str
    """Name, version and method."""
    steps: int
    """Iterations."""


def solve(programme: LinearProgram, *, time_limit_s: float) -> Solution:
    """The least cost of `programme`.

    Raises:
        SolverError: no answer in time, or one that does not hold.
    """
    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    for name, value in {**OPTIONS, "time_limit": time_limit_s}.items():
        highs.setOptionValue(name, value)
    highs.passModel(_model(programme))
    highs.run()
    status = highs.getModelStatus()
    if status not in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kUnknown):
        ended = highs.modelStatusToString(status)
        raise SolverError(
            f"HiGHS ended with {ended} after {highs.getRunTime():.1f} s",
            fix="raise the planner's time limit, or look for inputs out of all proportion",
        )
    answer, info = highs.getSolution(), highs.getInfo()
    values = np.clip(np.array(answer.col_value), programme.low, programme.high)
    solution = Solution(
        values=values,
        cost_eur=float(programme.cost @ values) + programme.offset,
        bound_eur=bound_eur(programme, np.array(answer.row_dual)),
        solver=f"HiGHS {highs.version()}, {OPTIONS['solver']}",
        steps=info.ipm_iteration_count + info.simplex_iteration_count,
    )
    _check(programme, solution)
    return solution


def bound_eur(programme: LinearProgram, multipliers: Floats) -> float:
    """The least cost that the rows' `multipliers` [rows] prove, EUR.

    For any y: min c'x >= sum of y times the row's bound + sum over columns of the least of
    (c - A'y) x within the column's bounds. A multiplier whose row has no bound on its side is
    taken as zero.
    """
    y = multipliers.copy()
    y[(y > 0) & ~np.isfinite(programme.row_low)] = 0.0
    y[(y < 0) & ~np.isfinite(programme.row_high)] = 0.0
    side = np.where(y > 0, programme.row_low, programme.row_high)
    of_rows = float((y * np.where(y == 0, 0.0, side)).sum())
    reduced = programme.cost - programme.matrix.T @ y
    of_columns = np.minimum(reduced * programme.low, reduced * programme.high).sum()
    return of_rows + float(of_columns) + programme.offset


def _check(programme: LinearProgram, solution: Solution) -> None:
    activity = programme.matrix @ solution.values
    worst = float(
        np.maximum(programme.row_low - activity, activity - programme.row_high).max(initial=0.0)
    )
    gap = solution.cost_eur - solution.bound_eur
    if worst > FEASIBLE or gap > max(GAP_EUR, GAP_SHARE * abs(solution.cost_eur)):
        raise SolverError(
            f"the answer misses a balance by {worst:.2g} and its bound by {gap:.2g} EUR",
            fix="the next step of the ladder takes over; keep the inputs of this plan",
        )


def _model(programme: LinearProgram) -> highspy.HighsLp:
    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = programme.matrix.shape
    lp.col_cost_ = programme.cost
    lp.col_lower_, lp.col_upper_ = programme.low, programme.high
    lp.row_lower_, lp.row_upper_ = programme.row_low, programme.row_high
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = programme.matrix.indptr
    lp.a_matrix_.index_ = programme.matrix.indices
    lp.a_matrix_.value_ = programme.matrix.data
    lp.offset_ = programme.offset
    return lp
