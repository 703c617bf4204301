"""The planner: state and forecasts in, a plan with its proof and its reasons out.

    state the problem -> solve and prove it -> course over slots -> setpoints with reasons

The whole district is one problem, so that a car waits for the hot water of a tower when that is
the cheaper order; `docs/optimizer.md` gives it in symbols.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime

from ems.domain.district import District
from ems.domain.forecasts import Forecasts
from ems.domain.plans import Origin, Plan, SolveReport
from ems.domain.slots import Horizon
from ems.domain.snapshot import History, Snapshot
from ems.optimizer.course import course, series
from ems.optimizer.ladder import RUNGS, Rung, best_answer
from ems.optimizer.messages import message
from ems.optimizer.past_day import history_points
from ems.optimizer.reasons import Market
from ems.optimizer.setpoints import Order, setpoint_rows
from ems.optimizer.statement import state_problem
from ems.optimizer.stock import room_stock


class Planner:
    """Plans one district."""

    points: tuple[str, ...]
    """Points of which it needs the last 24 h of history."""

    def __init__(
        self,
        district: District,
        *,
        slots: int = 96,
        time_limit_s: float = 12.0,
        co2_eur_per_kg: float = 0.0,
        rungs: Sequence[Rung] = RUNGS,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.slots = slots
        self._district = district
        self._stock = room_stock(district)
        self._time_limit_s = time_limit_s
        self._co2_eur_per_kg = co2_eur_per_kg
        self._rungs = rungs
        self._timer = timer
        self.points = history_points(self._stock, district)

    def plan(
        self,
        *,
        plan_id: str,
        issued_at: datetime,
        horizon: Horizon,
        snapshot: Snapshot,
        history: History,
        forecasts: Forecasts,
        previous: Plan | None,
    ) -> Plan:
        """The cheapest plan over `horizon` that keeps every wish that can be kept.

        Of `previous`, the plan in force, only what it has learned of the cars is used.

        Raises:
            ForecastError: an input is missing or not finite.
            SolverError: no answer in time, or one that does not hold.
        """
        began = self._timer()
        statement = state_problem(
            self._stock,
            self._district,
            horizon=horizon,
            snapshot=snapshot,
            history=history,
            forecasts=forecasts,
            previous=previous,
            co2_eur_per_kg=self._co2_eur_per_kg,
        )
        best = best_answer(statement.agents.problem, self._rungs, time_limit_s=self._time_limit_s)
        made = course(statement, self._district, best.controls, best.prices)
        order = Order(
            district=self._district,
            stock=self._stock,
            statement=statement,
            made=made,
            market=Market.of(statement, made, forecasts),
        )
        rows = setpoint_rows(order)
        return Plan(
            id=plan_id,
            issued_at=issued_at,
            horizon=horizon,
            origin=Origin.OPTIMISED,
            report=SolveReport(
                solver=best.solver,
                wall_s=self._timer() - began,
                cost_eur=best.proof.cost_eur,
                bound_eur=best.proof.bound_eur,
                message="; ".join(filter(None, [*best.passed_over, message(statement, made)])),
            ),
            setpoints=rows,
            series=series(statement, made, forecasts),
            forecasts_degraded=forecasts.degraded,
        )
