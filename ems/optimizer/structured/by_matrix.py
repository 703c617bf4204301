"""An answer by a general solver on the matrix, in the terms of the structured one.

What HiGHS calls duals become the prices of the certificate, so that its answer is proved like any
other; what round-off leaves outside a control's range is taken back.
"""

import numpy as np

from ems.optimizer.structured.answer import Answer, Controls, Multipliers
from ems.optimizer.structured.matrix import AgentPlaces, Matrix, Optimum, matrix, solve_highs
from ems.optimizer.structured.pieces import pieces
from ems.optimizer.structured.problem import DistrictProblem, Floats


def solve_by_highs(problem: DistrictProblem, *, time_limit_s: float = np.inf) -> Answer:
    """The best plan by HiGHS's interior point.

    Raises:
        SolverError: none in time.
    """
    programme = matrix(problem)
    optimum = solve_highs(programme, crossover=False, time_limit_s=time_limit_s)
    return Answer(
        controls=_controls(problem, programme, optimum),
        multipliers=_prices(problem, programme, optimum),
        cost_eur=optimum.cost_eur,
        bound_eur=optimum.cost_eur,
        steps=optimum.steps,
        ended="gap",
    )


def _controls(problem: DistrictProblem, programme: Matrix, optimum: Optimum) -> Controls:
    values = np.clip(optimum.values, programme.low, programme.high)
    at, parts = programme.places, pieces(problem)
    return Controls(
        power_kw=tuple(values[kind.power] for kind in at.agents),
        charge_kw=values[at.batteries.charge],
        discharge_kw=values[at.batteries.discharge],
        curtailed_kw=values[at.pieces[parts.curtailed]],
        exchanged_kw=values[at.pieces[parts.exchanges]],
    )


def _prices(problem: DistrictProblem, programme: Matrix, optimum: Optimum) -> Multipliers:
    """A row's dual is what one more on its right side costs; a limit's is never above zero."""
    duals, at = optimum.duals, programme.places
    bands = [_bands(kind, duals) for kind in at.agents]
    stored = duals[at.batteries.band]
    peak = -duals[at.peak] if at.peak.size else np.zeros(problem.slots)
    return Multipliers(
        below=tuple(np.maximum(band, 0.0) for band in bands),
        above=tuple(np.maximum(-band, 0.0) for band in bands),
        battery_below=np.maximum(stored, 0.0),
        battery_above=np.maximum(-stored, 0.0),
        capacity=np.maximum(-duals[at.capacity], 0.0),
        upper=np.maximum(-duals[at.upper], 0.0),
        electricity=-duals[at.balance],
        peak=np.maximum(peak, 0.0),
    )


def _bands(kind: AgentPlaces, duals: Floats) -> Floats:
    bands = np.zeros(kind.power.shape)
    bands[kind.wished] = duals[kind.band]
    return bands
