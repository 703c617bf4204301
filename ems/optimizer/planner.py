"""The planner: state and forecasts in, a plan with its proof and its reasons out.

    state the problem -> solve and prove it -> course over slots -> setpoints with reasons

The whole district is one problem, so that a car waits for the hot water of a tower when that is
the cheaper order; `docs/optimizer.md` gives it in symbols.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from ems.domain.circumstances import NOTHING_SPECIAL, Circumstances
from ems.domain.district import District
from ems.domain.errors import SolverError
from ems.domain.forecasts import Forecasts
from ems.domain.plans import Origin, Plan, SolveReport
from ems.domain.slots import Horizon
from ems.domain.snapshot import History, Snapshot
from ems.optimizer.course import Course, course, series
from ems.optimizer.ladder import RUNGS, Best, Rung, best_answer
from ems.optimizer.learned import provenance, with_learned
from ems.optimizer.limits import in_words, limit_prices, smallest_relief
from ems.optimizer.messages import limits_kept_a_wish, message
from ems.optimizer.past_day import history_points
from ems.optimizer.problem import Floats
from ems.optimizer.reasons import Market
from ems.optimizer.setpoints import Order, setpoint_rows
from ems.optimizer.statement import Statement, state_problem
from ems.optimizer.stock import room_stock

RELIEF_LIMIT_S = 1.5
"""CPU seconds for the smallest change that would have met all wishes."""
RELIEF_AFTER_S = 4.0
"""It is left out when the plan itself has taken longer, seconds of the planner's timer."""


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
        relief_limit_s: float = RELIEF_LIMIT_S,
        co2_eur_per_kg: float = 0.0,
        rungs: Sequence[Rung] = RUNGS,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.slots = slots
        self._district = district
        self._stock = room_stock(district)
        self._time_limit_s = time_limit_s
        self._relief_limit_s = relief_limit_s
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
        circumstances: Circumstances = NOTHING_SPECIAL,
    ) -> Plan:
        """The cheapest plan over `horizon` that keeps every wish that can be kept.

        Of `previous`, the plan in force, it takes what that has learned of the cars, and of plans
        that cost the same the one that changes least. `circumstances` are what people and the
        month have set beside measurements and forecasts.

        Raises:
            ForecastError: an input is missing or not finite.
            SolverError: no answer in time, or one that does not hold.
        """
        began = self._timer()
        stock = with_learned(self._stock, circumstances.learned)
        statement = state_problem(
            stock,
            self._district,
            horizon=horizon,
            snapshot=snapshot,
            history=history,
            forecasts=forecasts,
            previous=previous,
            co2_eur_per_kg=self._co2_eur_per_kg,
            circumstances=circumstances,
        )
        best = best_answer(statement.agents.problem, self._rungs, time_limit_s=self._time_limit_s)
        made = course(statement, self._district, best.controls, best.prices)
        order = Order(
            district=self._district,
            stock=stock,
            statement=statement,
            made=made,
            market=Market.of(statement, made, forecasts),
        )
        took_s = self._timer() - began
        relief = self._relief(statement, made, best, took_s)
        said = [*best.passed_over, message(statement, made), *relief]
        return Plan(
            id=plan_id,
            issued_at=issued_at,
            horizon=horizon,
            origin=Origin.OPTIMISED,
            report=SolveReport(
                solver="; ".join(
                    filter(None, [best.solver, provenance(stock, circumstances.learned)])
                ),
                wall_s=self._timer() - began,
                cost_eur=best.proof.cost_eur,
                bound_eur=best.proof.bound_eur,
                message="; ".join(filter(None, said)),
            ),
            setpoints=setpoint_rows(order),
            series=series(statement, made, forecasts) | _limits(statement, best),
            forecasts_degraded=forecasts.degraded,
        )

    def _relief(
        self, statement: Statement, made: Course, best: Best, took_s: float
    ) -> Iterator[str]:
        """What would have met the wishes that limits kept from being met, where there is time."""
        if not limits_kept_a_wish(statement, made):
            return
        if took_s > RELIEF_AFTER_S:
            yield f"what would have met all wishes was left out: the plan took {took_s:.1f} s"
            return
        zone = self._district.site.zone
        begins = [f"{at.astimezone(zone):%H:%M}" for at in statement.horizon.starts]
        try:
            relief = smallest_relief(
                statement.agents, best, self._rungs, time_limit_s=self._relief_limit_s
            )
        except SolverError as error:
            yield f"what would have met all wishes was not found: {error.message}"
            return
        yield from in_words(relief, begins)


def _limits(statement: Statement, best: Best) -> dict[str, Floats]:
    """Prices of the limits that bind, as series of the plan."""
    prices = limit_prices(statement.agents, best.prices, statement.problem.grid)
    return {f"limit/{name}_eur_per_kwh": price for name, price in prices.items()}
