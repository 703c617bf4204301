"""The cycle always has a next best, and nothing unsound reaches a device."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from ems.cycle import Cycle, PlanRequest
from ems.cycle_checks import checked
from ems.cycle_steps import Budgets
from ems.domain.cycle_record import CycleRecord
from ems.domain.errors import ForecastError, PlanError, SolverError, SourceError
from ems.domain.forecasts import Forecasts
from ems.domain.plan_life import Claim, Refusal
from ems.domain.plans import (
    Dispatched,
    Mode,
    Origin,
    Outcome,
    Plan,
    Reason,
    ReasonCode,
    Setpoint,
    SetpointRow,
    SolveReport,
)
from ems.domain.points import Quality, Reading, Unit
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import History, QuarterHours, Snapshot
from ems.domain.weather import Outlook, Weather
from ems.service import LEAST_LEAD

SLOT = Slot.containing(datetime(2026, 1, 14, 12, tzinfo=UTC))
NOTHING = QuarterHours(points=(), horizon=Horizon(SLOT, 0), values=np.zeros((0, 0)))


def a_plan(origin: Origin, first: Slot, value: float = 20.0, message: str = "") -> Plan:
    horizon = Horizon(first, 4)
    row = SetpointRow(
        point="D1-0101/setpoint_c",
        unit=Unit.CELSIUS,
        low=15,
        high=25,
        values=np.full(4, value),
        reasons=(Reason(ReasonCode.COMFORT),) * 4,
    )
    report = SolveReport(solver="test", wall_s=0, cost_eur=1, bound_eur=1, message=message)
    return Plan(
        id=f"{origin}",
        issued_at=first.start,
        horizon=horizon,
        origin=origin,
        report=report,
        setpoints=(row,),
        series={},
    )


@dataclass
class Site:
    """A district of one dwelling, that fails as told."""

    fails: str = ""
    live: Plan | None = None
    in_mode: Mode = Mode.AUTOMATIC
    now_at: datetime = field(default_factory=lambda: SLOT.start - timedelta(minutes=3))
    committed: list[Plan] = field(default_factory=list)
    applied: list[Setpoint] = field(default_factory=list)
    released: int = 0
    refused: Refusal | None = None
    records: list[CycleRecord] = field(default_factory=list)

    def now(self) -> datetime:
        return self.now_at

    async def snapshot(self) -> Snapshot:
        old = self.now_at - timedelta(hours=2)
        readings = [
            Reading("D1-0101/room_temp_c", 20.0, Quality.GOOD, self.now_at),
            Reading("D1-0102/room_temp_c", 20.0, Quality.GOOD, old),
        ]
        return Snapshot(taken_at=self.now_at, readings={r.point: r for r in readings})

    async def history(self, before: Slot) -> History:
        return NOTHING

    async def outlook(self, horizon: Horizon, issued_at: datetime) -> Outlook:
        if self.fails == "weather":
            raise SourceError("the weather service is away")
        flat = np.zeros(horizon.length)
        names = ("outdoor_temp_c", "ghi_w_m2", "dni_w_m2", "dhi_w_m2", "wind_m_per_s", "sea_temp_c")
        weather = Weather(horizon=horizon, source="test", **dict.fromkeys(names, flat))
        return Outlook(weather=weather, day_ahead_eur_per_kwh=flat, price_source="test")

    async def forecast(self, request: PlanRequest, outlook: Outlook) -> Forecasts:
        if self.fails == "forecast":
            raise ForecastError("no load was measured")
        return Forecasts(horizon=request.horizon, issued_at=request.issued_at, series={})

    async def plan(self, request: PlanRequest, forecasts: Forecasts) -> Plan:
        if self.fails == "plan":
            raise SolverError("the solver stopped")
        return a_plan(Origin.OPTIMISED, request.horizon.first)

    def carried_on(self, plan: Plan, request: PlanRequest, why: str) -> Plan:
        if request.horizon.first not in plan.horizon:
            raise PlanError("the last plan has ended")
        return a_plan(Origin.PREVIOUS, request.horizon.first, message=why)

    def rules(self, request: PlanRequest, why: str) -> Plan:
        return a_plan(Origin.RULES, request.horizon.first, message=why)

    async def live_plan(self) -> Plan | None:
        return self.live

    async def mode(self) -> Mode:
        return self.in_mode

    async def commit(self, plan: Plan, forecasts: Forecasts | None) -> None:
        self.committed.append(plan)

    async def claim(self, slot: Slot) -> Claim:
        plan = self.live if self.in_mode is Mode.ADVISORY else self.committed[-1]
        if self.refused or plan is None:
            return Claim(slot=slot, plan_id="", refused=self.refused or Refusal.NO_PLAN)
        return Claim(slot=slot, plan_id=plan.id, authority="ana")

    async def record(
        self, plan: Plan, dispatched: Sequence[Dispatched], cycle: CycleRecord
    ) -> None:
        self.records.append(cycle)

    async def apply(self, setpoints: Sequence[Setpoint]) -> Sequence[Dispatched]:
        self.applied += setpoints
        return [
            Dispatched(
                setpoint=s, outcome=Outcome.OK, written=s.value, read_back=s.value, at=s.slot.start
            )
            for s in setpoints
        ]

    async def release(self) -> None:
        self.released += 1


def cycle_of(site: Site) -> Cycle:
    return Cycle(
        clock=site,
        measurements=site,
        outside=site,
        brain=site,
        ledger=site,
        dispatcher=site,
        new_plan_id=lambda: "plan-1",
    )


RUNNING = a_plan(Origin.OPTIMISED, Slot(SLOT.index - 2))
ENDED = a_plan(Origin.OPTIMISED, Slot(SLOT.index - 50))


@pytest.mark.parametrize(
    ("situation", "fails", "live", "origin", "says"),
    [
        ("all is well", "", RUNNING, Origin.OPTIMISED, ""),
        ("no weather", "weather", RUNNING, Origin.PREVIOUS, "weather service"),
        ("no forecast", "forecast", RUNNING, Origin.PREVIOUS, "no load"),
        ("no solution", "plan", RUNNING, Origin.PREVIOUS, "solver stopped"),
        ("no solution, last plan ended", "plan", ENDED, Origin.RULES, "last plan has ended"),
        ("no solution, never a plan", "plan", None, Origin.RULES, "solver stopped"),
    ],
)
async def test_the_ladder(
    situation: str, fails: str, live: Plan | None, origin: Origin, says: str
) -> None:
    site = Site(fails=fails, live=live)
    prepared = await cycle_of(site).prepare(SLOT)
    assert prepared.plan.origin is origin, situation
    assert says in prepared.plan.report.message
    assert site.committed == [prepared.plan]


async def test_a_reading_that_is_too_old_is_counted() -> None:
    prepared = await cycle_of(Site()).prepare(SLOT)
    assert prepared.stale_points == 1


@pytest.mark.parametrize(
    ("mode", "written", "released", "outcome"),
    [
        (Mode.AUTOMATIC, 1, 0, "ok"),
        (Mode.SHADOW, 0, 1, "withheld"),
        (Mode.ADVISORY, 0, 1, "withheld"),
        (Mode.MANUAL, 0, 1, "withheld"),
    ],
)
async def test_only_the_automatic_mode_writes_what_nobody_approved(
    mode: Mode, written: int, released: int, outcome: str
) -> None:
    site = Site(in_mode=mode)
    cycle = cycle_of(site)
    record = await cycle.dispatch(await cycle.prepare(SLOT))
    assert (len(site.applied), site.released) == (written, released)
    assert record.outcomes == {outcome: 1}


async def test_a_plan_that_is_late_for_its_slot_is_not_written_and_said_to_be_missed() -> None:
    site = Site()
    cycle = cycle_of(site)
    prepared = await cycle.prepare(SLOT)
    site.now_at = SLOT.end
    record = await cycle.dispatch(prepared)
    assert record.missed
    assert not site.applied
    assert "MISSED" in record.story


async def test_every_step_is_timed_in_order() -> None:
    cycle = cycle_of(Site())
    record = await cycle.dispatch(await cycle.prepare(SLOT))
    assert list(record.steps_s) == [
        "snapshot",
        "validate",
        "plan in force",
        "history",
        "forecast",
        "plan",
        "check",
        "commit",
        "claim",
        "dispatch",
    ]


async def test_a_slow_planner_is_cut_and_the_next_best_taken() -> None:
    class SlowSite(Site):
        async def plan(self, request: PlanRequest, forecasts: Forecasts) -> Plan:
            await asyncio.sleep(60)
            raise AssertionError("never comes")

    site = SlowSite(live=RUNNING)
    cycle = replace(cycle_of(site), budgets=Budgets(plan_s=0.01))
    prepared = await cycle.prepare(SLOT)
    assert prepared.plan.origin is Origin.PREVIOUS
    assert "took more than" in prepared.plan.report.message


async def test_in_the_advisory_mode_the_approved_plan_is_written_not_the_new_one() -> None:
    site = Site(in_mode=Mode.ADVISORY, live=replace(RUNNING, id="approved"))
    cycle = cycle_of(site)
    record = await cycle.dispatch(await cycle.prepare(SLOT))
    assert (record.plan_id, record.authority, record.outcomes) == ("approved", "ana", {"ok": 1})
    assert "plan approved advisory by ana" in record.story


@pytest.mark.parametrize("refused", [Refusal.TAKEN, Refusal.FENCED])
async def test_what_another_has_dispatched_is_left_alone(refused: Refusal) -> None:
    site = Site(refused=refused)
    cycle = cycle_of(site)
    record = await cycle.dispatch(await cycle.prepare(SLOT))
    assert (site.applied, site.released, site.records) == ([], 0, [])
    assert refused in record.story


async def test_a_plan_rejected_before_its_slot_is_not_written_and_devices_are_given_back() -> None:
    site = Site(refused=Refusal.NO_PLAN)
    cycle = cycle_of(site)
    record = await cycle.dispatch(await cycle.prepare(SLOT))
    assert (site.applied, site.released, record.outcomes) == ([], 1, {"withheld": 1})


async def test_a_past_that_takes_too_long_is_cut_and_the_one_before_serves() -> None:
    class SlowPast(Site):
        async def history(self, before: Slot) -> History:
            await asyncio.sleep(60)
            raise AssertionError("never comes")

    cycle = replace(cycle_of(SlowPast()), budgets=Budgets(history_s=0.01))
    record = await cycle.dispatch(await cycle.prepare(SLOT))
    assert record.cut == ("history",)
    assert record.origin is Origin.OPTIMISED
    assert "cut: history" in record.story


def test_all_steps_together_are_done_before_the_slot_begins() -> None:
    assert Budgets().all_s < LEAST_LEAD.total_seconds() / 2


def test_a_value_outside_its_bounds_is_clamped_and_said() -> None:
    sound = checked(a_plan(Origin.OPTIMISED, SLOT, value=40.0))
    assert sound.setpoints[0].values.tolist() == [25.0] * 4
    assert "left their bounds" in sound.report.message


def test_a_value_that_is_not_finite_is_never_written() -> None:
    sound = checked(a_plan(Origin.OPTIMISED, SLOT, value=float("nan")))
    assert sound.setpoints == ()
    assert "no finite value" in sound.report.message
