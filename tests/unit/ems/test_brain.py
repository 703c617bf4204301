"""The planning process may die, hang or break: it costs one plan, and the next one is made."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
import pytest_asyncio
from faulty_brains import LOAD, ROOM, ScriptedBrain

from ems.brain import LocalBrain, WorkerBrain
from ems.cycle import PlanRequest
from ems.domain.district import District
from ems.domain.errors import ForecastError, SolverError
from ems.domain.forecasts import Forecasts
from ems.domain.plans import Origin, Plan
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import QuarterHours, Snapshot
from ems.domain.weather import Outlook
from ems.sources import builtin_weather

SLOT = Slot.containing(datetime(2026, 1, 14, 12, tzinfo=UTC))
PAST = Horizon(SLOT + -96, 96)
LONG_S = 60.0


def request_of(district: District, plan_id: str, previous: Plan | None = None) -> PlanRequest:
    """A request of a district of which nothing was ever measured."""
    nothing = QuarterHours(points=(), horizon=PAST, values=np.zeros((0, 96)))
    return PlanRequest(
        plan_id=plan_id,
        issued_at=SLOT.start,
        horizon=Horizon(SLOT, 96),
        snapshot=Snapshot(taken_at=SLOT.start, readings={}),
        history=nothing,
        previous=previous,
    )


def outlook_of(district: District) -> Outlook:
    horizon = Horizon(SLOT, 96)
    return Outlook(
        weather=builtin_weather(district.site, district.loop, horizon, 1),
        day_ahead_eur_per_kwh=np.full(96, np.nan),
        price_source="tariff",
    )


@pytest_asyncio.fixture
async def worker(district: District) -> AsyncIterator[WorkerBrain]:
    brain = WorkerBrain(district, ScriptedBrain)
    yield brain
    brain.close()


async def process_of(worker: WorkerBrain, district: District) -> int:
    """Process id of the worker that forecasts now."""
    work = worker.forecast(request_of(district, "ask"), outlook_of(district))
    forecasts = await asyncio.wait_for(work, LONG_S)
    return int(forecasts.series["district/base_load_kw"].source)


async def asked_for_ever(worker: WorkerBrain, district: District) -> None:
    while True:
        await process_of(worker, district)


async def plan(worker: WorkerBrain, district: District, plan_id: str) -> Plan:
    rules = worker.rules(request_of(district, "rules"), "a test")
    request = request_of(district, plan_id, rules)
    work = worker.forecast(request, outlook_of(district))
    return await worker.plan(request, await asyncio.wait_for(work, LONG_S))


async def test_a_district_never_measured_is_planned_all_the_same(district: District) -> None:
    brain = LocalBrain(district)
    request = request_of(district, "first")
    forecasts = await brain.forecast(request, outlook_of(district))
    made = await brain.plan(request, forecasts)
    assert made.origin is Origin.OPTIMISED
    assert made.forecasts_degraded
    assert all(np.isfinite(row.values).all() for row in made.setpoints)


async def test_a_plan_comes_back_from_the_worker_whole(
    district: District, worker: WorkerBrain
) -> None:
    made = await plan(worker, district, "well")
    rules = worker.rules(request_of(district, "rules"), "a test")
    assert [row.point for row in made.setpoints] == [row.point for row in rules.setpoints]
    assert await process_of(worker, district) != os.getpid()


async def test_a_worker_that_is_killed_costs_one_plan(
    district: District, worker: WorkerBrain
) -> None:
    first = await process_of(worker, district)
    os.kill(first, signal.SIGKILL)
    with pytest.raises(SolverError, match="started again"):
        await asked_for_ever(worker, district)
    assert await process_of(worker, district) != first


async def test_a_worker_over_its_time_is_replaced(district: District, worker: WorkerBrain) -> None:
    first = await process_of(worker, district)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(plan(worker, district, "hang"), 0.5)
    assert await process_of(worker, district) != first


async def test_a_defect_costs_one_plan_and_keeps_the_worker(
    district: District, worker: WorkerBrain
) -> None:
    first = await process_of(worker, district)
    with pytest.raises(SolverError, match="ZeroDivisionError: a model without mass"):
        await plan(worker, district, "defect")
    assert await process_of(worker, district) == first


async def test_an_expected_failure_keeps_its_kind_and_its_fix(
    district: District, worker: WorkerBrain
) -> None:
    with pytest.raises(ForecastError, match="no load") as raised:
        await plan(worker, district, "no forecast")
    assert raised.value.fix == "see the meters"


async def test_of_the_past_only_what_plans_look_back_on_travels_with_a_plan(
    district: District, worker: WorkerBrain
) -> None:
    weeks = Horizon(SLOT + -28 * 96, 28 * 96)
    values = np.arange(2.0 * weeks.length).reshape(2, -1)
    history = QuarterHours(points=(ROOM, LOAD), horizon=weeks, values=values)
    rules = worker.rules(request_of(district, "rules"), "a test")
    request = replace(request_of(district, "history", rules), history=history)
    forecasts = Forecasts(horizon=request.horizon, issued_at=SLOT.start, series={})
    made = await asyncio.wait_for(worker.plan(request, forecasts), LONG_S)
    np.testing.assert_array_equal(made.series[ROOM], values[0, -96:])
    assert np.isnan(made.series[LOAD]).all()


def test_the_steps_below_need_no_worker(district: District) -> None:
    brain = LocalBrain(district)
    rules = brain.rules(request_of(district, "rules"), "the solver is away")
    later = request_of(district, "carried")
    carried = brain.carried_on(rules, later, "the solver is away")
    assert (rules.origin, carried.origin) == (Origin.RULES, Origin.PREVIOUS)
    assert "the solver is away" in carried.report.message
