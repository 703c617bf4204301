"""One quarter hour of the district, from measurement to verified setpoint.

    `Cycle.prepare`, some minutes ahead: snapshot, validate, forecast, plan, check, commit
    `Cycle.dispatch`, at the slot's start: claim, dispatch, verify, record

Every decision of the quarter hour stands here; what it decides about comes through the protocols
below, so that the same cycle runs a real district, the demo and a closed loop in memory.

When a step fails, the next best is taken and named in the plan and in the cycle's record:

    1. a new optimised plan
    2. the last plan, carried on
    3. plain rules: thermostats and plug-and-charge
    4. nothing is written: each device falls back to its own control when its lease ends

A slot is claimed before anything of it is written. The claim is given once, to the instance that
leads, for the plan in force; which plan that is, a person may have decided.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from ems.cycle_checks import checked, withheld
from ems.cycle_steps import BUDGETS, Budgets, Steps
from ems.domain.circumstances import NOTHING_SPECIAL, Circumstances
from ems.domain.cycle_record import CycleRecord
from ems.domain.errors import EmsError, PlanError
from ems.domain.forecasts import Forecasts
from ems.domain.plan_life import Claim, Refusal
from ems.domain.plans import Dispatched, Mode, Origin, Plan, Setpoint
from ems.domain.slots import Clock, Horizon, Slot
from ems.domain.snapshot import Histories, History, Snapshot
from ems.domain.weather import Outlook
from ems.held_on_site import as_held

log = logging.getLogger("ems.cycle")

PLAN_SLOTS = 96
"""A plan looks 24 hours ahead."""
NO_HISTORY = Histories(pieces=())
"""What is known before the first quarter hour."""


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
        """Keep `plan` with what it was made of: in force, or proposed where a person decides."""
        ...

    async def claim(self, slot: Slot) -> Claim:
        """The right to write `slot`, given once, and which plan is in force for it."""
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


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A plan that waits for its slot."""

    plan: Plan
    slot: Slot
    started_at: datetime
    stale_points: int
    steps: Steps


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
    budgets: Budgets = BUDGETS
    """Wall seconds after which a step is cut, and the next best taken."""
    timer: Callable[[], float] = time.monotonic
    _last_plan: Plan | None = field(default=None, init=False)
    _last_history: History = field(default=NO_HISTORY, init=False)

    async def prepare(self, slot: Slot) -> Prepared:
        """Plan from `slot` on, and commit the plan."""
        steps, now = Steps(self.timer), self.clock.now()
        snapshot, previous = await self._present(steps)
        horizon = Horizon(slot, PLAN_SLOTS)
        past = self.measurements.history(Slot.containing(now))
        limit_s = self.budgets.history_s
        history = await steps.within_or(limit_s, "history", past, self._last_history)
        self._last_history = history
        request = PlanRequest(
            plan_id=self.new_plan_id(),
            issued_at=now,
            horizon=horizon,
            snapshot=snapshot,
            history=history,
            previous=previous,
            circumstances=await self.standing.circumstances(horizon),
        )
        plan, forecasts = await self._best_plan(request, steps)
        with steps.step("check"):
            plan = as_held(checked(plan), snapshot)
        with steps.step("commit"):
            await self.ledger.commit(plan, forecasts)
        self._last_plan = plan
        stale = sum(not reading.quality.usable for reading in snapshot.readings.values())
        return Prepared(plan=plan, slot=slot, started_at=now, stale_points=stale, steps=steps)

    async def dispatch(self, prepared: Prepared) -> CycleRecord:
        """Write the slot's setpoints, read them back, and record what each device took."""
        steps, slot, began = prepared.steps, prepared.slot, self.clock.now()
        with steps.step("claim"):
            mode, claim, plan = await self._right_to_write(prepared)
        missed = began >= slot.end
        outcomes: Sequence[Dispatched] = ()
        with steps.step("dispatch"):
            if not missed:
                outcomes = await self._written(mode, claim, plan.setpoints_at(slot))
        record = CycleRecord(
            slot=slot,
            started_at=prepared.started_at,
            origin=plan.origin,
            plan_id=plan.id,
            steps_s=steps.took_s,
            stale_points=prepared.stale_points,
            outcomes=Counter(outcome.outcome.value for outcome in outcomes),
            message="; ".join(filter(None, [plan.report.message, claim.refused])),
            missed=missed,
            mode=mode,
            authority=claim.authority,
            epoch=claim.epoch,
            late_s=(began - slot.start).total_seconds(),
            cut=tuple(steps.cut),
        )
        if not claim.of_another:
            await self.ledger.record(plan, outcomes, record)
        log.info("%s", record.story)
        return record

    async def _present(self, steps: Steps) -> tuple[Snapshot, Plan | None]:
        """The state of the district, too old readings marked, and the plan in force."""
        with steps.step("snapshot"):
            taken = await self.measurements.snapshot()
        with steps.step("validate"):
            snapshot = taken.aged(self.stale_after)
        live = self.ledger.live_plan()
        limit_s = self.budgets.snapshot_s
        return snapshot, await steps.within_or(limit_s, "plan in force", live, self._last_plan)

    async def _best_plan(self, request: PlanRequest, steps: Steps) -> tuple[Plan, Forecasts | None]:
        """The ladder: a new plan, else the last one, else plain rules."""
        forecasts: Forecasts | None = None
        try:
            forecast = self._forecast(request)
            forecasts = await steps.within(self.budgets.forecast_s, "forecast", forecast)
            plan = self.brain.plan(request, forecasts)
            return await steps.within(self.budgets.plan_s, "plan", plan), forecasts
        except EmsError as error:
            why = error.message
        log.warning("no new plan for slot %d: %s", request.horizon.first.index, why)
        with steps.step("next best"):
            return self._next_best(request, why), forecasts

    async def _forecast(self, request: PlanRequest) -> Forecasts:
        outlook = await self.outside.outlook(request.horizon, request.issued_at)
        return await self.brain.forecast(request, outlook)

    def _next_best(self, request: PlanRequest, why: str) -> Plan:
        previous = request.previous
        if previous and previous.origin is not Origin.RULES:
            try:
                return self.brain.carried_on(previous, request, why)
            except PlanError as error:
                why = f"{why}; {error.message}"
        return self.brain.rules(request, why)

    async def _right_to_write(self, prepared: Prepared) -> tuple[Mode, Claim, Plan]:
        """Who decides, the claim of the slot, and the plan in force: the new one, or another."""
        mode, claim = await self.ledger.mode(), await self.ledger.claim(prepared.slot)
        if claim.refused or claim.plan_id == prepared.plan.id:
            return mode, claim, prepared.plan
        plan = await self.ledger.live_plan()
        if plan is None or prepared.slot not in plan.horizon:
            return mode, replace(claim, refused=Refusal.NO_PLAN), prepared.plan
        return mode, claim, plan

    async def _written(
        self, mode: Mode, claim: Claim, setpoints: Sequence[Setpoint]
    ) -> Sequence[Dispatched]:
        """Written where the mode and the claim allow it; else devices go by their own control."""
        if claim.of_another:
            return ()
        if mode in (Mode.AUTOMATIC, Mode.ADVISORY) and not claim.refused:
            return await self.dispatcher.apply(setpoints)
        await self.dispatcher.release()
        now = self.clock.now()
        return [withheld(setpoint, now) for setpoint in setpoints]
