"""The same problem as one sparse linear programme, for solvers that know nothing of its structure.

    min cost' x    with    row_low <= matrix x <= row_high,    low <= x <= high

The rows come in parts: states from slot to slot, bands, capacities, the meter's balance, the peak.
It serves as a reference (tests compare optima, benchmarks compare times), and as the planner's next
best when the structured solver fails. Quadratic costs are left out.
"""

from dataclasses import dataclass, field

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ems.domain.errors import SolverError
from ems.optimizer.structured.pieces import Pieces, pieces
from ems.optimizer.structured.problem import (
    NONE,
    Agents,
    Batteries,
    DistrictProblem,
    Floats,
    Indices,
    Meter,
)


@dataclass(frozen=True, kw_only=True)
class AgentPlaces:
    """Where the agents of one kind stand; the bands in the order of those that are wished."""

    power: Indices
    """Columns of powers. Shape [T, n]."""
    band: Indices
    """Rows of wished bands."""
    wished: NDArray[np.bool_]
    """Which bands those are. Shape [T, n]."""


@dataclass(frozen=True, kw_only=True)
class BatteryPlaces:
    """Where the batteries stand. Shape [T, n] each."""

    charge: Indices
    """Columns."""
    discharge: Indices
    """Columns."""
    band: Indices
    """Rows."""


@dataclass(frozen=True, kw_only=True)
class Places:
    """Which column and row is what."""

    agents: tuple[AgentPlaces, ...]
    """By kind."""
    batteries: BatteryPlaces
    """At the meter."""
    pieces: Indices
    """Columns of the meter's pieces. Shape [K, T]."""
    balance: Indices
    """Rows. Shape [T]."""
    capacity: Indices
    """Rows. Shape [C, T]."""
    upper: Indices
    """Rows. Shape [V, T]."""
    peak: Indices
    """Rows; none when the highest import costs nothing. Shape [T]."""


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """A linear programme in columns."""

    matrix: sparse.csc_array = field(repr=False)
    """Shape [rows, columns]."""
    row_low: Floats = field(repr=False)
    """Shape [rows]."""
    row_high: Floats = field(repr=False)
    """Shape [rows]."""
    cost_eur: Floats = field(repr=False)
    """Shape [columns]."""
    low: Floats = field(repr=False)
    """Shape [columns]."""
    high: Floats = field(repr=False)
    """Shape [columns]."""
    offset_eur: float
    """Cost of nothing: what is paid whatever the plan."""
    places: Places = field(repr=False)
    """Which column and row is what."""


@dataclass(frozen=True, kw_only=True)
class Optimum:
    """What a general solver found."""

    cost_eur: float
    """Its objective."""
    status: str
    """Its word on it."""
    steps: int
    """Iterations."""
    version: str
    """Name and version of the solver, and the method."""
    values: Floats = field(repr=False)
    """Of the columns."""
    duals: Floats = field(repr=False)
    """Of the rows: what one more on their right costs, EUR."""


class _Rows:
    """Grows a matrix by blocks of columns and rows."""

    def __init__(self) -> None:
        self.entries: list[tuple[Indices, Indices, Floats]] = []
        self.bounds: list[tuple[Floats, Floats]] = []
        self.columns: list[tuple[Floats, Floats, Floats]] = []
        self.rows_so_far = 0
        self.columns_so_far = 0

    def add_columns(self, low: Floats | float, high: Floats | float, cost: Floats) -> Indices:
        """New columns with the shape of `cost`; their indices."""
        shape = cost.shape
        self.columns.append(
            (
                np.broadcast_to(low, shape).ravel(),
                np.broadcast_to(high, shape).ravel(),
                cost.ravel(),
            )
        )
        first = self.columns_so_far
        self.columns_so_far += cost.size
        return np.arange(first, first + cost.size).reshape(shape)

    def add_rows(
        self, low: Floats | float, high: Floats | float, shape: tuple[int, ...]
    ) -> Indices:
        """New rows; their indices."""
        size = int(np.prod(shape))
        self.bounds.append(
            (np.broadcast_to(low, shape).ravel(), np.broadcast_to(high, shape).ravel())
        )
        first = self.rows_so_far
        self.rows_so_far += size
        return np.arange(first, first + size).reshape(shape)

    def put(self, rows: Indices, columns: Indices, values: Floats | float) -> None:
        """Coefficients, shapes broadcast."""
        all_rows, all_columns, all_values = np.broadcast_arrays(rows, columns, values)
        self.entries.append((all_rows.ravel(), all_columns.ravel(), all_values.ravel()))

    def built(self, offset_eur: float, places: Places) -> Matrix:
        """The finished matrix."""
        rows, columns, values = (np.concatenate(part) for part in zip(*self.entries, strict=True))
        row_low, row_high = (np.concatenate(part) for part in zip(*self.bounds, strict=True))
        low, high, cost = (np.concatenate(part) for part in zip(*self.columns, strict=True))
        shape = (self.rows_so_far, self.columns_so_far)
        return Matrix(
            matrix=sparse.csc_array((values, (rows, columns)), shape=shape),
            row_low=row_low,
            row_high=row_high,
            cost_eur=cost,
            low=low,
            high=high,
            offset_eur=offset_eur,
            places=places,
        )


def matrix(problem: DistrictProblem) -> Matrix:
    """The linear programme of `problem`."""
    rows, parts, meter = _Rows(), pieces(problem), problem.meter
    closed = meter.sun_kw - meter.base_kw + parts.least_kw
    balance = rows.add_rows(closed, closed, (problem.slots,))
    capacity = rows.add_rows(-np.inf, problem.groups.capacity_kw, problem.groups.capacity_kw.shape)
    upper = rows.add_rows(-np.inf, problem.groups.upper_kw, problem.groups.upper_kw.shape)
    kinds = []
    for agents in problem.agents:
        kinds.append(_agents(rows, agents, problem.slots))
        power, groups, of = kinds[-1].power, problem.groups, agents.group
        rows.put(balance[:, None], power, groups.electric_per_kw[of].T)
        bound = groups.capacity[of] != NONE
        rows.put(capacity[groups.capacity[of][bound]].T, power[:, bound], 1.0)
        for row, counted in zip(upper, groups.upper_per_kw[of].T, strict=True):
            rows.put(row[:, None], power[:, counted != 0], counted[counted != 0])
    stores = _batteries(rows, problem.batteries, balance, problem.slot_h)
    flow, peak = _pieces(rows, parts, meter, balance, upper)
    places = Places(
        agents=tuple(kinds),
        batteries=stores,
        pieces=flow,
        balance=balance,
        capacity=capacity,
        upper=upper,
        peak=peak,
    )
    paid_eur = parts.least_eur + meter.peak_eur_per_kw * meter.peak_kw_min
    return rows.built(paid_eur + problem.start_value_eur, places)


def _agents(rows: _Rows, agents: Agents, slots: int) -> AgentPlaces:
    """The agents' powers, with their states and bands."""
    n, s = agents.count, agents.states
    power = rows.add_columns(0.0, agents.power_kw_max, agents.cost_eur)
    state_cost = np.zeros((slots, s, n))
    state_cost[-1] = -agents.end_value_eur
    state = rows.add_columns(-np.inf, np.inf, state_cost)
    fixed = agents.drift.copy()
    fixed[0] += np.einsum("ijn,jn->in", agents.transfer, agents.start)
    step = rows.add_rows(fixed, fixed, (slots, s, n))
    rows.put(step, state, 1.0)
    rows.put(step, power[:, None, :], -agents.gain)
    for i in range(s):
        for j in range(s):
            rows.put(step[1:, i], state[:-1, j], -agents.transfer[i, j])
    wished = (agents.low_price_eur > 0) | (agents.high_price_eur > 0)
    below = rows.add_columns(0.0, np.inf, agents.low_price_eur[wished])
    above = rows.add_columns(0.0, np.inf, agents.high_price_eur[wished])
    band = rows.add_rows(agents.low[wished], agents.high[wished], below.shape)
    rows.put(band, state[:, 0][wished], 1.0)
    rows.put(band, below, 1.0)
    rows.put(band, above, -1.0)
    return AgentPlaces(power=power, band=band, wished=wished)


def _batteries(rows: _Rows, batteries: Batteries, balance: Indices, slot_h: float) -> BatteryPlaces:
    shape = (balance.size, batteries.count)
    charge = rows.add_columns(0.0, batteries.charge_kw_max, np.zeros(shape))
    wear = np.broadcast_to(batteries.wear_eur_per_kwh * slot_h, shape)
    discharge = rows.add_columns(0.0, batteries.discharge_kw_max, wear)
    worth = np.zeros(shape)
    worth[-1] = -batteries.end_value_eur_per_kwh
    stored = rows.add_columns(-np.inf, np.inf, worth)
    outside = np.broadcast_to(batteries.outside_eur_per_kwh * slot_h, shape)
    below, above = (rows.add_columns(0.0, np.inf, outside) for _ in range(2))
    first = np.zeros(shape)
    first[0] = batteries.start_kwh
    step = rows.add_rows(first, first, shape)
    rows.put(step, stored, 1.0)
    rows.put(step[1:], stored[:-1], -1.0)
    rows.put(step, charge, -slot_h * batteries.charge_efficiency)
    rows.put(step, discharge, slot_h / batteries.discharge_efficiency)
    band = rows.add_rows(batteries.low_kwh, batteries.high_kwh, shape)
    rows.put(band, stored, 1.0)
    rows.put(band, below, 1.0)
    rows.put(band, above, -1.0)
    rows.put(balance[:, None], charge, 1.0)
    rows.put(balance[:, None], discharge, -1.0)
    return BatteryPlaces(charge=charge, discharge=discharge, band=band)


def _pieces(
    rows: _Rows, parts: Pieces, meter: Meter, balance: Indices, upper: Indices
) -> tuple[Indices, Indices]:
    """Columns of the meter's segments, of curtailment and exchanges; rows of the peak."""
    flow = rows.add_columns(0.0, parts.width_kw, parts.price_eur)
    rows.put(balance, flow, parts.on_meter)
    rows.put(upper, flow[parts.exchanges][:, None], parts.on_upper)
    if meter.peak_eur_per_kw > 0:
        excess = rows.add_columns(0.0, np.inf, np.array([meter.peak_eur_per_kw]))
        margin = meter.peak_spreads * meter.spread_kw + parts.least_kw
        row = rows.add_rows(-np.inf, meter.peak_kw_min - margin, balance.shape)
        rows.put(row, flow[: parts.segments], 1.0)
        rows.put(row, excess, -1.0)
        return flow, row
    return flow, np.zeros(0, dtype=np.intp)


def solve_highs(
    programme: Matrix,
    *,
    tolerance: float = 1e-7,
    crossover: bool = True,
    time_limit_s: float = np.inf,
) -> Optimum:
    """The optimum by HiGHS's interior point, one thread.

    Raises:
        SolverError: it found none in time.
    """
    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    options: dict[str, str | float | int | bool] = {
        "output_flag": False,
        "threads": 1,
        "solver": "ipm",
        "run_crossover": "on" if crossover else "off",
        "ipm_optimality_tolerance": tolerance,
        "time_limit": time_limit_s,
    }
    for name, value in options.items():
        highs.setOptionValue(name, value)
    highs.passModel(_model(programme))
    highs.run()
    status, info, found = highs.getModelStatus(), highs.getInfo(), highs.getSolution()
    if status not in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kUnknown):
        raise SolverError(
            f"HiGHS ended with {highs.modelStatusToString(status)}",
            fix="give it more time, or keep the problem: a certificate says which solver errs",
        )
    return Optimum(
        cost_eur=info.objective_function_value,
        status=highs.modelStatusToString(status),
        steps=info.ipm_iteration_count,
        version=f"HiGHS {highs.version()}, ipm{', crossover' if crossover else ''}, 1 thread",
        values=np.array(found.col_value),
        duals=np.array(found.row_dual),
    )


def _model(programme: Matrix) -> highspy.HighsLp:
    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = programme.matrix.shape
    lp.col_cost_ = programme.cost_eur
    lp.col_lower_, lp.col_upper_ = programme.low, programme.high
    lp.row_lower_, lp.row_upper_ = programme.row_low, programme.row_high
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = programme.matrix.indptr
    lp.a_matrix_.index_ = programme.matrix.indices
    lp.a_matrix_.value_ = programme.matrix.data
    lp.offset_ = programme.offset_eur
    return lp
