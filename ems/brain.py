"""Forecasting and planning behind the cycle's `Brain`: in this process, or in a worker of its own.

The worker keeps a solver from holding up polls and heartbeats. It loads the description once; a
request travels to it whole. When it dies it is started again, and the plan of that quarter hour is
the next best one.
"""

import asyncio
import logging
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from typing import Any

from ems.cycle import PlanRequest
from ems.domain.district import District
from ems.domain.errors import EmsError, SolverError
from ems.domain.forecasts import Forecasts
from ems.domain.plans import Plan
from ems.domain.slots import Horizon
from ems.domain.snapshot import QuarterHours
from ems.domain.weather import Outlook
from ems.forecast.champions import Champion
from ems.forecast.forecaster import Forecaster
from ems.optimizer.ladder import compile_kernels
from ems.optimizer.past_day import PAST_SLOTS, history_points
from ems.optimizer.planner import Planner
from ems.optimizer.rules import carried_on, rule_plan
from ems.optimizer.stock import room_stock
from ems.processes import end_with_parent

log = logging.getLogger("ems.brain")


class Ladder:
    """The steps below a new plan; they need nothing but the description."""

    def __init__(self, district: District) -> None:
        self._district = district

    def carried_on(self, plan: Plan, request: PlanRequest, why: str) -> Plan:
        """The last plan once more, from the request's first slot on."""
        return carried_on(
            plan,
            plan_id=request.plan_id,
            issued_at=request.issued_at,
            first=request.horizon.first,
            why=why,
        )

    def rules(self, request: PlanRequest, why: str) -> Plan:
        """Plain rules as a plan."""
        return rule_plan(
            self._district,
            plan_id=request.plan_id,
            issued_at=request.issued_at,
            horizon=request.horizon,
            why=why,
        )


class LocalBrain(Ladder):
    """Forecaster and planner in this process: for simulations and for `ems plan`."""

    def __init__(self, district: District) -> None:
        super().__init__(district)
        self._forecaster = Forecaster(district)
        self._planner = Planner(district)

    def warm_up(self) -> None:
        """Compile what plans need, so that the first of them does not wait for it."""
        compile_kernels()

    async def forecast(self, request: PlanRequest, outlook: Outlook) -> Forecasts:
        """What is expected over the request's horizon."""
        return self.forecast_now(request, outlook)

    async def plan(self, request: PlanRequest, forecasts: Forecasts) -> Plan:
        """The best plan that can be found."""
        return self.plan_now(request, forecasts)

    def adopt(self, champion: Champion | None) -> None:
        """Forecast loads by a learned model from now on."""
        self._forecaster.adopt(champion)

    def forecast_now(self, request: PlanRequest, outlook: Outlook) -> Forecasts:
        """`forecast`, without an event loop."""
        return self._forecaster.forecast(
            horizon=request.horizon,
            issued_at=request.issued_at,
            history=request.history,
            snapshot=request.snapshot,
            outlook=outlook,
        )

    def plan_now(self, request: PlanRequest, forecasts: Forecasts) -> Plan:
        """`plan`, without an event loop."""
        return self._planner.plan(
            plan_id=request.plan_id,
            issued_at=request.issued_at,
            horizon=request.horizon,
            snapshot=request.snapshot,
            history=request.history,
            forecasts=forecasts,
            previous=request.previous,
            circumstances=request.circumstances,
        )


class WorkerBrain(Ladder):
    """The same in a worker process; `make` makes the brain there."""

    def __init__(
        self, district: District, make: Callable[[District], LocalBrain] = LocalBrain
    ) -> None:
        super().__init__(district)
        self._make = make
        self._planned_by = history_points(room_stock(district), district)
        self._champion: Champion | None = None
        self._pool = self._new_pool()

    async def forecast(self, request: PlanRequest, outlook: Outlook) -> Forecasts:
        """What is expected over the request's horizon."""
        forecasts: Forecasts = await self._run("forecast_now", request, outlook)
        return forecasts

    async def plan(self, request: PlanRequest, forecasts: Forecasts) -> Plan:
        """The best plan that can be found."""
        # Forecasts look back on weeks of loads; of ten megabytes the planner needs the last day.
        slots = Horizon(request.horizon.first + -PAST_SLOTS, PAST_SLOTS)
        values = request.history.quarter_hours(self._planned_by, slots)
        day = QuarterHours(points=self._planned_by, horizon=slots, values=values)
        plan: Plan = await self._run("plan_now", replace(request, history=day), forecasts)
        return plan

    async def adopt(self, champion: Champion | None) -> None:
        """Forecast loads by a learned model from now on, after a new start of the worker too."""
        self._champion = champion
        await self._run("adopt", champion)

    def close(self) -> None:
        """End the worker."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: str, *values: Any) -> Any:
        try:
            # A worker that still compiles is left to it: ended, it would begin once more.
            await asyncio.shield(asyncio.wrap_future(self._ready))
            return await self._asked(work, values)
        except BrokenProcessPool as error:
            self._pool = self._new_pool()
            raise SolverError("the planning process died and was started again") from error

    async def _asked(self, work: str, values: tuple[Any, ...]) -> Any:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._pool, _at_work, work, values)
        except asyncio.CancelledError:
            self._replace_stuck()
            raise

    def _new_pool(self) -> ProcessPoolExecutor:
        pool = ProcessPoolExecutor(
            max_workers=1,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_to_work,
            initargs=(self._make, self._district, self._champion),
        )
        self._ready = pool.submit(_present)
        return pool

    def _replace_stuck(self) -> None:
        """A worker over its time can't be told to stop: it is ended, and another is started."""
        stuck, self._pool = self._pool, self._new_pool()
        for process in list((stuck._processes or {}).values()):
            process.terminate()
        stuck.shutdown(wait=False, cancel_futures=True)


_brain: LocalBrain | None = None
"""The worker's own; set once when it starts."""


def _to_work(
    make: Callable[[District], LocalBrain], district: District, champion: Champion | None
) -> None:
    global _brain
    end_with_parent()
    _brain = make(district)
    _brain.adopt(champion)
    _brain.warm_up()


def _present() -> None:
    """Makes the pool start its worker, so that the first plan does not wait for it."""


def _at_work(work: str, values: tuple[Any, ...]) -> Any:
    assert _brain is not None, "the worker was not initialised"  # noqa: S101
    try:
        return getattr(_brain, work)(*values)
    except EmsError:
        raise
    except Exception as error:
        # A defect in a model must cost one plan, not the control of the district.
        log.exception("%s failed", work)
        raise SolverError(f"{work}: {type(error).__name__}: {error}") from error
