"""A store in memory that shows the district on a November afternoon."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np

from ems.domain.alarm_life import Shelf
from ems.domain.alarms import DeviceAlarm
from ems.domain.cycle_record import CycleRecord
from ems.domain.district import DeviceKind, District
from ems.domain.forecasts import Forecast, Forecasts
from ems.domain.plan_life import PlanState
from ems.domain.plans import (
    Dispatched,
    Mode,
    Origin,
    Outcome,
    Plan,
    Reason,
    ReasonCode,
    SetpointRow,
    SolveReport,
)
from ems.domain.points import Quality, Reading, Unit, point_id
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import QuarterHours, Snapshot
from ems.domain.steps import Step
from ems.domain.vocabulary import POINTS
from ems.store.accounts import Role, Session, User
from ems.store.alarms import StoredAlarm
from ems.store.audit import AuditEntry
from ems.store.history import Curve
from ems.store.plan_standing import PlanStanding
from ems.store.residents import Purpose
from ems.store.stopping import GAVE_BACK, REQUEST

NOW = datetime(2026, 11, 18, 14, 7, 30, tzinfo=UTC)
"""A Wednesday, 15:07 in Marseille."""

PASSWORD = "correct horse"

PLAN_ID = "7d0c3c1e-0000-4000-8000-000000000001"

TYPICAL = {
    "room_temp_c": 20.6, "bedroom_temp_c": 20.1, "setpoint_c": 20.5, "heat_setpoint_c": 20.5,
    "cool_setpoint_c": 26.0, "soc_pct": 61.0, "tank_top_temp_c": 57.3, "loop_supply_temp_c": 16.4,
    "electric_power_kw": 118.0, "heat_power_kw": 455.0, "outdoor_temp_c": 12.5, "state": 0.0,
}  # fmt: skip


@dataclass
class StubClock:
    """Stands still until it is moved."""

    moment: datetime = NOW

    def now(self) -> datetime:
        return self.moment


@dataclass
class StoreInMemory:
    """The part of the store that the console reads."""

    district: District
    readings: dict[str, Reading] = field(default_factory=dict)
    plans: list[Plan] = field(default_factory=list)
    forecast: Forecasts | None = None
    past: QuarterHours | None = None
    chosen_mode: Mode = Mode.AUTOMATIC
    cycles: tuple[CycleRecord, ...] = ()
    results: tuple[Dispatched, ...] = ()
    wrong: Counter[tuple[str, str]] = field(default_factory=Counter)
    sessions: dict[str, Session] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    trail: list[AuditEntry] = field(default_factory=list)
    role: Role = Role.OPERATOR
    scope: str = ""
    alarms: list[StoredAlarm] = field(default_factory=list)
    shelves: dict[tuple[str, str], Shelf] = field(default_factory=dict)
    decisions: dict[str, dict[str, Any]] = field(default_factory=dict)
    feeds: dict[str, str] = field(default_factory=dict)
    allowed: dict[str, frozenset[Purpose]] = field(default_factory=dict)

    async def feed_access(self, token: str, purpose: Purpose) -> tuple[str, bool] | None:
        dwelling = self.feeds.get(token)
        if dwelling is None:
            return None
        return dwelling, purpose in self.allowed.get(dwelling, frozenset())

    def raise_alarm(self, alarm: DeviceAlarm, ended_at: datetime | None = None) -> int:
        """A device, or the EMS, says what is wrong: the alarm's number."""
        stored = StoredAlarm(
            id=len(self.alarms) + 1, alarm=alarm, ended_at=ended_at, acknowledged_at=None,
            acknowledged_by=None,
        )  # fmt: skip
        self.alarms.append(stored)
        return stored.id

    async def open_alarms(self) -> tuple[StoredAlarm, ...]:
        here = [one for one in self.alarms if one.ended_at is None]
        return tuple(sorted(here, key=lambda one: one.alarm.priority))

    async def past_alarms(self, limit: int = 100) -> tuple[StoredAlarm, ...]:
        return tuple(one for one in self.alarms if one.ended_at is not None)[:limit]

    async def acknowledge_alarm(self, number: int, by: str) -> None:
        at = self.alarms.index(next(one for one in self.alarms if one.id == number))
        seen = replace(self.alarms[at], acknowledged_at=NOW, acknowledged_by=by)
        self.alarms[at] = seen
        self.trail.append(entry(by, {"action": "alarm acknowledged", "alarm": number}))

    async def shelve_alarm(
        self, device: str, item: str, *, until: datetime | None, by: str, reason: str
    ) -> None:
        self.shelves[device, item] = Shelf(by=by, reason=reason, until=until)

    async def unshelve_alarm(self, device: str, item: str, *, by: str) -> bool:
        return self.shelves.pop((device, item), None) is not None

    async def alarm_shelves(self) -> dict[tuple[str, str], Shelf]:
        return dict(self.shelves)

    def measure(
        self, point: str, value: float, at: datetime = NOW, quality: Quality = Quality.GOOD
    ) -> None:
        self.readings[point] = Reading(point, value, quality, at)

    async def latest(self, taken_at: datetime | None = None) -> Snapshot:
        return Snapshot(taken_at=taken_at or NOW, readings=dict(self.readings))

    async def quarter_hours(self, points: Sequence[str], horizon: Horizon) -> QuarterHours:
        past = self.past or QuarterHours(points=(), horizon=horizon, values=np.empty((0, 0)))
        return QuarterHours(
            points=tuple(points), horizon=horizon, values=past.quarter_hours(points, horizon)
        )

    async def curve(
        self, points: Sequence[str], begin: datetime, end: datetime, step: Step
    ) -> Curve:
        zone = self.district.site.zone
        starts = step.starts(begin, end, zone)
        first = Slot.containing(begin)
        horizon = Horizon(first, Slot.containing(end).index - first.index)
        values = (await self.quarter_hours(points, horizon)).values
        edges = [Slot.containing(at).index - first.index for at in starts] + [horizon.length]
        parts = [values[:, a:b] for a, b in pairwise(edges)]
        slots = np.array([np.isfinite(part).sum(axis=1) for part in parts]).T
        means = np.array([np.nansum(part, axis=1) for part in parts]).T / np.maximum(slots, 1)
        return Curve(
            points=tuple(points), step=step, starts=starts,
            means=np.where(slots > 0, means, np.nan), slots=slots,
        )  # fmt: skip

    async def standings(self, *, limit: int = 96) -> tuple[PlanStanding, ...]:
        return tuple(self.standing(plan) for plan in self.plans[:limit])

    def standing(self, plan: Plan) -> PlanStanding:
        return replace(standing_of(plan), **self.decisions.get(plan.id, {}))

    async def live_standing(self) -> PlanStanding | None:
        return next((one for one in await self.standings() if one.live), None)

    async def approve_plan(self, plan_id: str, *, by: str, reason: str, now: datetime) -> bool:
        return self._decide(plan_id, {PlanState.PROPOSED}, PlanState.APPROVED, by, reason)

    async def reject_plan(self, plan_id: str, *, by: str, reason: str) -> bool:
        may_be = {PlanState.PROPOSED, PlanState.APPROVED, PlanState.LIVE}
        return self._decide(plan_id, may_be, PlanState.REJECTED, by, reason)

    def _decide(
        self, plan_id: str, may_be: set[PlanState], state: PlanState, by: str, reason: str
    ) -> bool:
        if not any(p.id == plan_id and self.standing(p).state in may_be for p in self.plans):
            return False
        self.decisions[plan_id] = {"state": state, "decided_by": by, "decision_reason": reason}
        self.trail.append(entry(by, {"action": state.value, "plan": plan_id, "reason": reason}))
        return True

    async def plan(self, plan_id: str) -> Plan | None:
        return next((plan for plan in self.plans if plan.id == plan_id), None)

    async def forecasts(self, plan_id: str) -> Forecasts | None:
        return self.forecast

    async def mode(self) -> Mode:
        return self.chosen_mode

    async def set_mode(self, mode: Mode, by: str) -> None:
        self.chosen_mode = mode
        self.trail.append(entry(by, {"action": "mode", "mode": mode.value}))

    async def setting(self, key: str, default: Any = None) -> Any:
        return self.settings.get(key, default)

    async def set_setting(self, key: str, value: Any, by: str) -> None:
        self.settings[key] = value

    async def audit_trail(
        self, *, before: int | None = None, limit: int = 100
    ) -> tuple[AuditEntry, ...]:
        numbered = [replace(one, id=number) for number, one in enumerate(self.trail, 1)]
        below = [one for one in numbered if before is None or one.id < before]
        return tuple(reversed(below[-limit:]))

    def service_says(self, devices: int, unreached: Sequence[str] = ()) -> None:
        """The service has given the devices back."""
        what = {"action": GAVE_BACK, "request": self.settings[REQUEST], "devices": devices}
        self.trail.append(entry("service", {**what, "unreached": list(unreached)}))

    async def last_cycles(self, limit: int = 96) -> tuple[CycleRecord, ...]:
        return self.cycles[:limit]

    async def dispatched(self, of: str | Slot) -> tuple[Dispatched, ...]:
        return self.results

    async def check_password(self, name: str, password: str) -> User | None:
        right = (name, password) == ("operator", PASSWORD)
        return User(name=name, role=Role.OPERATOR) if right else None

    async def note_failure(self, name: str, address: str) -> None:
        self.wrong[name, address] += 1

    async def failures(self, name: str, address: str) -> int:
        return self.wrong[name, address]

    async def open_session(self, name: str) -> str:
        token = f"token-{len(self.sessions)}"
        user = User(name=name, role=self.role, scope=self.scope)
        ends = datetime.now(UTC) + timedelta(hours=12)
        self.sessions[token] = Session(user=user, csrf=f"csrf of {token}", expires_at=ends)
        return token

    async def session(self, token: str) -> Session | None:
        return self.sessions.get(token)

    async def close_session(self, token: str) -> None:
        self.sessions.pop(token, None)


def entry(who: str, what: Mapping[str, Any]) -> AuditEntry:
    return AuditEntry(id=0, at=NOW, who=who, what=what)


def standing_of(plan: Plan) -> PlanStanding:
    return PlanStanding(
        id=plan.id,
        issued_at=plan.issued_at,
        horizon=plan.horizon,
        origin=plan.origin,
        mode=Mode.AUTOMATIC,
        state=PlanState.LIVE,
        decision="",
        decided_by="",
        decided_at=None,
        decision_reason="",
        report=plan.report,
        forecasts_degraded=plan.forecasts_degraded,
    )


def day_shape(horizon: Horizon, low: float, high: float, peak_h: float = 13.0) -> np.ndarray:
    """A smooth day: `high` at `peak_h` UTC, `low` twelve hours away. Shape [slots]."""
    hours = np.array([start.hour + start.minute / 60 for start in horizon.starts])
    return low + (high - low) * (1 + np.cos((hours - peak_h) / 24 * 2 * np.pi)) / 2


def sun_shape(horizon: Horizon, high: float) -> np.ndarray:
    hours = np.array([start.hour + start.minute / 60 for start in horizon.starts])
    return high * np.clip(np.cos((hours - 11.7) / 10 * np.pi), 0, None)


def make_plan(district: District, first: Slot, *, plan_id: str = PLAN_ID) -> Plan:
    """A plausible plan of 24 hours with setpoints for one dwelling and one charge point."""
    horizon = Horizon(first, 96)
    pv, ev = sun_shape(horizon, 230.0), day_shape(horizon, 20.0, 110.0, 18.0)
    base, heat_pump = day_shape(horizon, 190.0, 370.0), day_shape(horizon, 150.0, 290.0, 6.0)
    battery = 90.0 * -np.sin(np.arange(96) / 96 * 4 * np.pi)
    soc = 0.55 + 0.3 * (1 - np.cos(np.arange(96) / 96 * 4 * np.pi)) / 2
    series = {
        "net_kw": base + heat_pump + ev + battery - pv, "pv_kw": pv, "ev_kw": ev, "base_kw": base,
        "heat_pump_kw": heat_pump, "battery_kw": battery, "CP-02/ev_kw": np.full(96, 7.4),
    }  # fmt: skip
    for b in district.batteries.values():
        series[point_id(b.id, "soc_kwh")] = soc * b.capacity_kwh
    rows = (
        _row("D1-0304/setpoint_c", Unit.CELSIUS, 21.0, Reason(ReasonCode.PREHEAT, 0.2134)),
        _row("CP-02/current_limit_a", Unit.AMPERE, 32.0, Reason(ReasonCode.DEPARTURE, 1.5)),
    )
    report = SolveReport(solver="HiGHS", wall_s=1.9, cost_eur=842.0, bound_eur=838.1)
    return Plan(
        id=plan_id,
        issued_at=first.start - timedelta(minutes=4),
        horizon=horizon,
        origin=Origin.OPTIMISED,
        report=report,
        setpoints=rows,
        series=series,
    )


def _row(point: str, unit: Unit, value: float, reason: Reason) -> SetpointRow:
    return SetpointRow(
        point=point, unit=unit, low=0, high=60, values=np.full(96, value), reasons=(reason,) * 96
    )


def make_forecasts(district: District, horizon: Horizon) -> Forecasts:
    """Base load, PV and prices with bands."""

    def forecast(name: str, values: np.ndarray, spread: float) -> Forecast:
        band = {0.1: values * (1 - spread), 0.5: values, 0.9: values * (1 + spread)}
        return Forecast(
            name=name,
            horizon=horizon,
            issued_at=NOW,
            source="test",
            values=values,
            quantiles=band if spread else {},
        )

    price = district.tariff.import_eur_per_kwh(horizon.slots, district.site.zone)
    all_of_them = [
        forecast("district/base_load_kw", day_shape(horizon, 190.0, 370.0), 0.12),
        forecast("pv/available_kw", sun_shape(horizon, 240.0), 0.3),
        forecast("price/import_eur_per_kwh", price, 0.0),
    ]
    return Forecasts(horizon=horizon, issued_at=NOW, series={f.name: f for f in all_of_them})


def make_past(district: District, first: Slot) -> QuarterHours:
    """The day before `first`, for the chart."""
    horizon = Horizon(first + -96, 96)
    noise = np.random.default_rng(5).normal(0, 1, (200, 96))
    rows: dict[str, np.ndarray] = {}
    for kind, name, low, high, peak in (
        (DeviceKind.HEAT_PUMP, "electric_power_kw", 50.0, 97.0, 6.0),
        (DeviceKind.CHARGE_POINT, "power_kw", 0.4, 2.3, 18.0),
        (DeviceKind.BATTERY, "power_kw", -45.0, 45.0, 12.0),
        (DeviceKind.BATTERY, "soc_pct", 20.0, 85.0, 17.0),
    ):
        for device in district.of_kind(kind):
            shape = day_shape(horizon, low, high, peak)
            rows[point_id(device.id, name)] = shape + noise[len(rows)] * 0.03 * (high - low)
    for device in district.of_kind(DeviceKind.PV_INVERTER):
        rows[point_id(device.id, "power_kw")] = sun_shape(horizon, 27.0)
    rows["M-HTA/power_kw"] = day_shape(horizon, 300.0, 690.0, 9.0) + 14 * noise[0]
    return QuarterHours(points=tuple(rows), horizon=horizon, values=np.array(list(rows.values())))


def make_cycles(first: Slot) -> tuple[CycleRecord, ...]:
    """A few runs, one of them on the last good plan."""
    steps = {"snapshot": 0.06, "validate": 0.01, "history": 0.21, "forecast": 0.74, "plan": 1.92,
             "check": 0.02, "commit": 0.11, "dispatch": 3.35}  # fmt: skip
    good = CycleRecord(
        slot=first,
        started_at=first.start,
        origin=Origin.OPTIMISED,
        plan_id=PLAN_ID,
        steps_s=steps,
        stale_points=3,
        outcomes={"ok": 1187, "clamped": 2, "unreachable": 1},
    )
    failed = replace(
        good,
        slot=first + -1,
        origin=Origin.PREVIOUS,
        message="the solver found no plan in 5 s",
        steps_s={**steps, "plan": 5.02, "next best": 0.01},
    )
    return (good, failed, *(replace(good, slot=first + -n) for n in range(2, 12)))


def fill(store: StoreInMemory) -> StoreInMemory:
    """Everything in good order at NOW."""
    district = store.district
    for device in district.devices.values():
        for name in POINTS[device.kind]:
            store.measure(point_id(device.id, name), TYPICAL.get(name, 1.0))
    for device in district.of_kind(DeviceKind.PV_INVERTER):
        store.measure(point_id(device.id, "power_kw"), 12.4)
    store.measure("M-HTA/power_kw", 612.0)
    for zone in district.zones.values():
        store.measure(point_id(zone.id, "room_temp_c"), district.uses[zone.use].heat_c + 0.6)
    for dwelling in district.dwellings.values():
        store.measure(point_id(dwelling.id, "room_temp_c"), dwelling.heat_c + 0.4)
    store.alarms.clear()
    store.decisions.clear()
    store.trail.clear()
    store.shelves.clear()
    first = Slot.containing(NOW)
    store.plans = [make_plan(district, first)]
    store.forecast = make_forecasts(district, Horizon(first, 96))
    store.past = make_past(district, first)
    store.cycles = make_cycles(first)
    setpoint = store.plans[0].setpoints[0].at(first, store.plans[0].horizon)
    store.results = (
        Dispatched(
            setpoint=setpoint, outcome=Outcome.CLAMPED, written=20.5, read_back=20.5, at=NOW
        ),
    )
    return store


def plug_in(
    store: StoreInMemory, charge_point: str, *, wanted: float, charged: float, minutes: float
) -> None:
    """A car at a charge point."""
    values = {"state": 2.0, "energy_wanted_kwh": wanted, "session_energy_kwh": charged,
              "departure_min": minutes}  # fmt: skip
    for name, value in values.items():
        store.measure(point_id(charge_point, name), value)
