"""One quarter hour of the district, from measurement to verified setpoint.

    `Cycle.prepare`, some minutes ahead: snapshot, validate, forecast, plan, check, commit
    `Cycle.dispatch`, at the slot's start: dispatch, verify, record

Every decision of the quarter hour stands here; what it decides about comes through the protocols
below, so that the same cycle runs a real district, the demo and a closed loop in memory.

When a step fails, the next best is taken and named in the plan and in the cycle's record:

    1. a new optimised plan
    2. the last plan, carried on
    3. plain rules: thermostats and plug-and-charge
    4. nothing is written: each device falls back to its own control when its lease ends
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

import numpy as np

from ems.domain.circumstances import NOTHING_SPECIAL, Circumstances
from ems.domain.cycle_record import CycleRecord
from ems.domain.errors import EmsError, PlanError, SolverError
from ems.domain.forecasts import Forecasts
from ems.domain.plans import Dispatched, Mode, Origin, Outcome, Plan, Setpoint, SetpointRow
from ems.domain.slots import Clock, Horizon, Slot
from ems.domain.snapshot import History, Snapshot
from ems.domain.weather import Outlook
from ems.held_on_site import as_held

log = logging.getLogger("ems.cycle")

T = TypeVar("T")

PLAN_SLOTS = 96
"""A plan looks 24 hours ahead."""


class Measurements(Protocol):
    """What the district measures."""

    async def snapshot(self) -> Snapshot:
        """The latest reading of every point, with its quality at this moment."""
        ...

    async def history(self, before: Slot) -> History:
        """The quarter hours that forecasting and planning look back on, all before `before`."""
        ...


class Outside(Protocol):
    """What is known from outside the district."""

    async def outlook(self, horizon: Horizon, issued_at: datetime) -> Outlook:
        """Weather and prices over `horizon`, as known at `issued_at`."""
        ...


class Standing(Protocol):
    """What people and the month have set."""

    async def circumstances(self, horizon: Horizon) -> Circumstances:
        """What holds for a plan over `horizon`."""
        ...


class NothingSet:
    """`Standing` of a district in which nobody asks for anything special."""

    async def circumstances(self, horizon: Horizon) -> Circumstances:
        """Nothing special."""
        return NOTHING_SPECIAL


@dataclass(frozen=True, kw_only=True)
class PlanRequest:
    """What a new plan starts from."""

    plan_id: str
    """The name that the plan will have."""

    issued_at: datetime
    """The present, district time."""

    horizon: Horizon
    """The slots to plan."""

    snapshot: Snapshot
    """The state of the district."""

    history: History
    """Its past."""

    previous: Plan | None
    """The plan in force."""

    circumstances: Circumstances = NOTHING_SPECIAL
    """What people and the month have set."""


class Brain(Protocol):
    """Forecasting and planning; in the running district they live in a worker process."""

    async def forecast(self, request: PlanRequest, outlook: Outlook) -> Forecasts:
        """What is expected over the request's horizon. Raises PlanError."""
        ...

    async def plan(self, request: PlanRequest, forecasts: Forecasts) -> Plan:
        """The best plan that can be found. Raises PlanError."""
        ...

    def carried_on(self, plan: Plan, request: PlanRequest, why: str) -> Plan:
        """The last plan once more, from the request's first slot on."""
        ...

    def rules(self, request: PlanRequest, why: str) -> Plan:
        """Plain rules as a plan."""
        ...


class Ledger(Protocol):
    """Where plans, what became of them, and the mode are kept."""

    async def live_plan(self) -> Plan | None:
        """The plan in force."""
        ...

    async def mode(self) -> Mode:
        """Who decides what is written."""
        ...

    async def commit(self, plan: Plan, forecasts: Forecasts | None) -> None:
        """Make `plan` the one in force, with what it was made of, or change nothing."""
        ...

    async def record(
        self, plan: Plan, dispatched: Sequence[Dispatched], cycle: CycleRecord
    ) -> None:
        """Keep what each device really took, and the story of the quarter hour."""
        ...

    async def tell(self, cycle: CycleRecord) -> None:
        """Keep the story of a quarter hour that was never run."""
        ...


class Dispatcher(Protocol):
    """Writes to the devices, reads back, and says what became of each setpoint."""

    async def apply(self, setpoints: Sequence[Setpoint]) -> Sequence[Dispatched]:
        """Write and verify; an unreachable device is an outcome, not an error."""
        ...

    async def release(self) -> None:
        """Give every device back to its own control."""
        ...


class Stopwatch:
    """Wall seconds of each step, in order."""

    def __init__(self, timer: Callable[[], float]) -> None:
        self._timer = timer
        self.steps_s: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Count the time of what is done inside as the step `name`."""
        began = self._timer()
        try:
            yield
        finally:
            self.steps_s[name] = self.steps_s.get(name, 0.0) + self._timer() - began


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A plan that waits for its slot."""

    plan: Plan
    slot: Slot
    started_at: datetime
    stale_points: int
    steps_s: dict[str, float]


@dataclass(kw_only=True)
class Cycle:
    """The district's quarter hour."""

    clock: Clock
    measurements: Measurements
    outside: Outside
    brain: Brain
    ledger: Ledger
    dispatcher: Dispatcher
    new_plan_id: Callable[[], str]
    standing: Standing = field(default_factory=NothingSet)
    stale_after: timedelta = timedelta(minutes=45)
    """A reading older than this never enters a plan, whatever its own poll class allows."""
    plan_budget_s: float = 20.0
    """Wall seconds after which a forecast or a plan counts as failed."""
    timer: Callable[[], float] = time.perf_counter

    async def prepare(self, slot: Slot) -> Prepared:
        """Plan from `slot` on, and make the plan the one in force."""
        watch = Stopwatch(self.timer)
        now = self.clock.now()
        with watch.step("snapshot"):
            taken = await self.measurements.snapshot()
            previous = await self.ledger.live_plan()
        with watch.step("validate"):
            snapshot = taken.aged(self.stale_after)
            stale = sum(not reading.quality.usable for reading in snapshot.readings.values())
        horizon = Horizon(slot, PLAN_SLOTS)
        with watch.step("history"):
            history = await self.measurements.history(Slot.containing(now))
            circumstances = await self.standing.circumstances(horizon)
        request = PlanRequest(
            plan_id=self.new_plan_id(),
            issued_at=now,
            horizon=horizon,
            snapshot=snapshot,
            history=history,
            previous=previous,
            circumstances=circumstances,
        )
        plan, forecasts = await self._best_plan(request, watch)
        with watch.step("check"):
            plan = as_held(checked(plan), snapshot)
        with watch.step("commit"):
            await self.ledger.commit(plan, forecasts)
        return Prepared(
            plan=plan, slot=slot, started_at=now, stale_points=stale, steps_s=watch.steps_s
        )

    async def dispatch(self, prepared: Prepared) -> CycleRecord:
        """Write the slot's setpoints, read them back, and record what each device took."""
        watch = Stopwatch(self.timer)
        missed = self.clock.now() >= prepared.slot.end
        setpoints = prepared.plan.setpoints_at(prepared.slot)
        with watch.step("dispatch"):
            outcomes = await self._written(setpoints) if not missed else ()
        record = CycleRecord(
            slot=prepared.slot,
            started_at=prepared.started_at,
            origin=prepared.plan.origin,
            plan_id=prepared.plan.id,
            steps_s=prepared.steps_s | watch.steps_s,
            stale_points=prepared.stale_points,
            outcomes=Counter(outcome.outcome.value for outcome in outcomes),
            message=prepared.plan.report.message,
            missed=missed,
        )
        await self.ledger.record(prepared.plan, outcomes, record)
        log.info("%s", story(record))
        return record

    async def _best_plan(
        self, request: PlanRequest, watch: Stopwatch
    ) -> tuple[Plan, Forecasts | None]:
        """The ladder: a new plan, else the last one, else plain rules."""
        forecasts: Forecasts | None = None
        try:
            with watch.step("forecast"):
                outlook = await self.outside.outlook(request.horizon, request.issued_at)
                forecasts = await self._in_time(self.brain.forecast(request, outlook), "forecast")
            with watch.step("plan"):
                return await self._in_time(self.brain.plan(request, forecasts), "plan"), forecasts
        except EmsError as error:
            why = error.message
        log.warning("no new plan for slot %d: %s", request.horizon.first.index, why)
        with watch.step("next best"):
            return self._next_best(request, why), forecasts

    def _next_best(self, request: PlanRequest, why: str) -> Plan:
        previous = request.previous
        if previous and previous.origin is not Origin.RULES:
            try:
                return self.brain.carried_on(previous, request, why)
            except PlanError as error:
                why = f"{why}; {error.message}"
        return self.brain.rules(request, why)

    async def _in_time(self, work: Awaitable[T], name: str) -> T:
        try:
            return await asyncio.wait_for(work, self.plan_budget_s)
        except TimeoutError as error:
            raise SolverError(f"the {name} took more than {self.plan_budget_s:g} s") from error

    async def _written(self, setpoints: Sequence[Setpoint]) -> Sequence[Dispatched]:
        mode = await self.ledger.mode()
        if mode is Mode.AUTOMATIC:
            return await self.dispatcher.apply(setpoints)
        await self.dispatcher.release()
        now = self.clock.now()
        return [withheld(setpoint, now) for setpoint in setpoints]


def withheld(setpoint: Setpoint, at: datetime) -> Dispatched:
    """A setpoint that the mode keeps from being written."""
    nothing = float("nan")
    return Dispatched(
        setpoint=setpoint, outcome=Outcome.WITHHELD, written=nothing, read_back=nothing, at=at
    )


def checked(plan: Plan) -> Plan:
    """The plan with every value inside its bounds; a row that is not finite is left out.

    What leaves its bounds never reaches a device: a planner that breaks this is wrong, and the
    plan's message says so.
    """
    sound = [row for row in plan.setpoints if np.isfinite(row.values).all()]
    rows = tuple(_within_bounds(row) for row in sound)
    changed = sum(a is not b for a, b in zip(sound, rows, strict=True))
    faults = []
    if dropped := len(plan.setpoints) - len(sound):
        faults.append(f"{dropped} setpoints had no finite value and were left out")
    if changed:
        faults.append(f"{changed} setpoints left their bounds and were clamped")
    if not faults:
        return plan
    message = "; ".join(filter(None, [plan.report.message, *faults]))
    return replace(plan, setpoints=rows, report=replace(plan.report, message=message))


def _within_bounds(row: SetpointRow) -> SetpointRow:
    clamped = np.clip(row.values, row.low, row.high)
    return row if np.array_equal(clamped, row.values) else replace(row, values=clamped)


def story(record: CycleRecord) -> str:
    """A quarter hour in one line, for the log."""
    steps = " ".join(f"{name} {seconds:.2f} s" for name, seconds in record.steps_s.items())
    outcomes = " ".join(f"{name} {count}" for name, count in record.outcomes.items())
    less_well = f"; {record.message}" if record.message else ""
    return (
        f"slot {record.slot.start:%Y-%m-%d %H:%M} {record.origin}"
        f"{' MISSED' if record.missed else ''}: {steps}; {outcomes}; "
        f"{record.stale_points} points without value{less_well}"
    )
