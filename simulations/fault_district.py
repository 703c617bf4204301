"""The whole control of a district in memory, on a virtual clock, with faults drawn from a seed.

Days pass in seconds: the real `Cycle`, the real `LastingLedger` and the real slot bell, over a
store, devices, a solver and a machine's clock that fail as the seed says. After every step each
invariant is looked at; the first that does not hold ends the run with its seed, which replays
exactly.

    at most one plan is live          no slot is dispatched twice, over deaths and clock steps
    every command has its plan        every value written is finite and within its bounds
    nothing stale is taken as fresh   what waits for the store is bounded
"""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from ems.clock import Anchor, DistrictClock
from ems.cycle import Cycle, PlanRequest, Prepared
from ems.domain.cycle_record import CycleRecord
from ems.domain.errors import EmsError, PlanError, SolverError, SourceError, StoreAwayError
from ems.domain.forecasts import Forecasts
from ems.domain.plan_life import Claim, PlanState, Refusal, first_state
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
from ems.domain.snapshot import Histories, History, Snapshot
from ems.domain.weather import Outlook, Weather
from ems.lasting_ledger import WAITING, LastingLedger
from ems.quarters import SlotBell
from ems.slot_mark import SlotMark

BEGIN = datetime(2026, 10, 24, 12, tzinfo=UTC)
"""The day before winter time begins, so that a day of 100 slots is among those that pass."""
LEAD = timedelta(minutes=3)
DEVICES = 6
LOW, HIGH = 15.0, 25.0


class BrokenInvariantError(EmsError):
    """Something that must always hold did not."""


@dataclass
class Machine:
    """Time as the machine tells it: a count that nobody sets, and a clock that may be set."""

    count_s: float = 0.0
    set_by: timedelta = timedelta()

    def wall(self) -> datetime:
        """The clock that may be set."""
        return BEGIN + timedelta(seconds=self.count_s) + self.set_by


@dataclass
class Faults:
    """What is broken at this moment."""

    store: bool = False
    disk: bool = False
    """Full: nothing can be committed, everything can be read."""
    solver: str = ""
    """`error`, `slow`, `nan`, `wild` (outside its bounds) or nothing."""
    weather: bool = False
    silent: frozenset[int] = frozenset()
    """Devices that do not answer."""


@dataclass
class Book:
    """The store: plans with their states, slots that were claimed, stories."""

    faults: Faults
    mode_now: Mode = Mode.AUTOMATIC
    plans: dict[str, Plan] = field(default_factory=dict)
    states: dict[str, PlanState] = field(default_factory=dict)
    claims: dict[int, str] = field(default_factory=dict)
    stories: dict[int, CycleRecord] = field(default_factory=dict)
    commands: list[tuple[str, Dispatched]] = field(default_factory=list)

    def _there(self, *, writing: bool = False) -> None:
        if self.faults.store or (writing and self.faults.disk):
            raise StoreAwayError("the database does not answer")

    def live(self) -> list[str]:
        """Ids of live plans."""
        return [key for key, state in self.states.items() if state is PlanState.LIVE]

    async def live_plan(self) -> Plan | None:
        """The plan in force."""
        self._there()
        return next((self.plans[key] for key in self.live()), None)

    async def mode(self) -> Mode:
        """Who decides."""
        self._there()
        return self.mode_now

    async def commit(self, plan: Plan, forecasts: Forecasts | None) -> None:
        """Keep a plan; said twice it counts once."""
        self._there(writing=True)
        if plan.id in self.plans:
            return
        self.plans[plan.id] = plan
        self.states[plan.id] = PlanState.PROPOSED
        if first_state(self.mode_now) is PlanState.LIVE:
            self._take_over(plan.id)

    def _take_over(self, plan_id: str) -> None:
        for key in self.live():
            self.states[key] = PlanState.SUPERSEDED
        self.states[plan_id] = PlanState.LIVE

    def decide(self, *, yes: bool) -> None:
        """A person says yes to the newest proposal, or no to the live plan."""
        proposed = [k for k, state in self.states.items() if state is PlanState.PROPOSED]
        if yes and proposed:
            self._take_over(proposed[-1])
        elif not yes:
            for key in self.live():
                self.states[key] = PlanState.REJECTED

    async def claim(self, slot: Slot) -> Claim:
        """A slot, once."""
        self._there(writing=True)
        live = [key for key in self.live() if slot in self.plans[key].horizon]
        if not live:
            return Claim(slot=slot, plan_id="", refused=Refusal.NO_PLAN)
        if slot.index in self.claims:
            return Claim(slot=slot, plan_id=live[0], refused=Refusal.TAKEN)
        self.claims[slot.index] = live[0]
        return Claim(slot=slot, plan_id=live[0], authority="ana")

    async def record(
        self, plan: Plan, dispatched: Sequence[Dispatched], cycle: CycleRecord
    ) -> None:
        """Keep what was written."""
        self._there(writing=True)
        self.commands += [(plan.id, one) for one in dispatched]
        self.claims.setdefault(cycle.slot.index, plan.id)
        self.stories[cycle.slot.index] = cycle

    async def tell(self, cycle: CycleRecord) -> None:
        """Keep the story of a slot that was not run."""
        self._there(writing=True)
        self.stories.setdefault(cycle.slot.index, cycle)


@dataclass
class Devices:
    """Dwellings that take a temperature; every value that reaches one is kept."""

    clock: DistrictClock
    faults: Faults
    written: list[tuple[int, str, float]] = field(default_factory=list)
    """Slot, point and value of each write, over all restarts."""
    held: set[str] = field(default_factory=set)

    async def snapshot(self) -> Snapshot:
        """What they measure; silent ones keep their last value, hours old."""
        now = self.clock.now()
        readings = {}
        for k in range(DEVICES):
            at = now - timedelta(hours=3) if k in self.faults.silent else now
            point = f"D-{k}/room_temp_c"
            readings[point] = Reading(point, 20.0, Quality.GOOD, at)
        return Snapshot(taken_at=now, readings=readings)

    async def history(self, before: Slot) -> History:
        """Nothing: the solver here needs no past."""
        return Histories(pieces=())

    async def outlook(self, horizon: Horizon, issued_at: datetime) -> Outlook:
        """Weather, where there is any."""
        if self.faults.weather:
            raise SourceError("the weather service is away")
        flat = np.zeros(horizon.length)
        weather = Weather(
            horizon=horizon,
            source="simulated",
            outdoor_temp_c=flat,
            ghi_w_m2=flat,
            dni_w_m2=flat,
            dhi_w_m2=flat,
            wind_m_per_s=flat,
            sea_temp_c=flat,
        )
        return Outlook(weather=weather, day_ahead_eur_per_kwh=flat, price_source="simulated")

    async def apply(self, setpoints: Sequence[Setpoint]) -> Sequence[Dispatched]:
        """Take what is written."""
        return [self._take(setpoint) for setpoint in setpoints]

    def _take(self, setpoint: Setpoint) -> Dispatched:
        silent = int(setpoint.point[2 : setpoint.point.index("/")]) in self.faults.silent
        if not silent:
            self.written.append((setpoint.slot.index, setpoint.point, setpoint.value))
            self.held.add(setpoint.point)
        return Dispatched(
            setpoint=setpoint,
            outcome=Outcome.UNREACHABLE if silent else Outcome.OK,
            written=float("nan") if silent else setpoint.value,
            read_back=float("nan") if silent else setpoint.value,
            at=self.clock.now(),
        )

    async def release(self) -> None:
        """All go by their own control."""
        self.held.clear()


class Solver:
    """Plans one temperature for each dwelling whose reading is fresh, and fails as told."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self.deceived: list[str] = []
        """Readings hours old that it was given as usable."""

    async def forecast(self, request: PlanRequest, outlook: Outlook) -> Forecasts:
        """Nothing is needed."""
        return Forecasts(horizon=request.horizon, issued_at=request.issued_at, series={})

    async def plan(self, request: PlanRequest, forecasts: Forecasts) -> Plan:
        """A plan, or the fault of the moment."""
        silent = (f"D-{k}/room_temp_c" for k in self._faults.silent)
        self.deceived += [point for point in silent if request.snapshot.usable(point)]
        match self._faults.solver:
            case "error":
                raise SolverError("the solver stopped")
            case "slow":
                raise SolverError("the plan took more than 20 s")
            case "nan":
                return _plan(request, Origin.OPTIMISED, float("nan"))
            case "wild":
                return _plan(request, Origin.OPTIMISED, 80.0)
        return _plan(request, Origin.OPTIMISED, 20.0)

    def carried_on(self, plan: Plan, request: PlanRequest, why: str) -> Plan:
        """The last plan, while it covers the slot."""
        if request.horizon.first not in plan.horizon:
            raise PlanError("the last plan has ended")
        return _plan(request, Origin.PREVIOUS, 19.5, why)

    def rules(self, request: PlanRequest, why: str) -> Plan:
        """Plain rules."""
        return _plan(request, Origin.RULES, 19.0, why)


def _plan(request: PlanRequest, origin: Origin, value: float, why: str = "") -> Plan:
    slots = request.horizon.length
    points = [point for point in request.snapshot.readings if request.snapshot.usable(point)]
    rows = tuple(
        SetpointRow(
            point=f"{point.partition('/')[0]}/setpoint_c",
            unit=Unit.CELSIUS,
            low=LOW,
            high=HIGH,
            values=np.full(slots, value),
            reasons=(Reason(ReasonCode.COMFORT),) * slots,
        )
        for point in points
    )
    return Plan(
        id=request.plan_id,
        issued_at=request.issued_at,
        horizon=request.horizon,
        origin=origin,
        report=SolveReport(solver="simulated", wall_s=0, cost_eur=0, bound_eur=0, message=why),
        setpoints=rows,
        series={},
    )


@dataclass
class FaultDistrict:
    """One district and its faults, both from one seed."""

    seed: int
    machine: Machine = field(default_factory=Machine)
    faults: Faults = field(default_factory=Faults)
    happened: Counter[str] = field(default_factory=Counter)
    """Faults that began, by kind."""

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311 - drawn again from the same seed
        self.book, self.mark = Book(self.faults), SlotMark()
        self._numbers = 0
        self.clock = self._new_clock()
        self.devices = Devices(self.clock, self.faults)
        self._start()

    async def run(self, days: float) -> None:
        """Live through some days.

        Raises:
            BrokenInvariantError: something did not hold; the message has the seed.
        """
        end = self.clock.now() + timedelta(days=days)
        while self.clock.now() < end:
            self._draw()
            await self._quarter_hour()
            self._look()

    async def _quarter_hour(self) -> None:
        self._pass(max(0.0, self.bell.wait_s))
        slot = self.bell.ring()
        self._die_perhaps("before the plan")
        try:
            prepared = await self._prepared(slot)
            if prepared is not None:
                self._pass(max(0.0, self.clock.wall_s_until(slot.start)))
                await self.cycle.dispatch(prepared)
        except StoreAwayError:
            self.happened["nothing written"] += 1
        self._die_perhaps("after the dispatch")

    async def _prepared(self, slot: Slot) -> Prepared | None:
        prepared = await self.cycle.prepare(slot)
        return None if self._die_perhaps("between plan and dispatch") else prepared

    def _start(self) -> None:
        """The program starts: its memory is empty, the store and the devices are as they were."""
        self.clock = self._new_clock()
        self.devices.clock = self.clock
        self.ledger = LastingLedger(self.book, mark=self.mark, timer=lambda: self.machine.count_s)
        self.solver = Solver(self.faults)
        self.cycle = Cycle(
            clock=self.clock,
            measurements=self.devices,
            outside=self.devices,
            brain=self.solver,
            ledger=self.ledger,
            dispatcher=self.devices,
            new_plan_id=self._number,
            timer=lambda: self.machine.count_s,
        )
        self.bell = SlotBell(self.clock, -LEAD)

    def _new_clock(self) -> DistrictClock:
        anchor = Anchor(start=BEGIN, wall_start=BEGIN, speed=1.0)
        return DistrictClock(anchor, monotonic=lambda: self.machine.count_s, wall=self.machine.wall)

    def _number(self) -> str:
        self._numbers += 1
        return f"plan-{self._numbers:06}"

    def _pass(self, seconds: float) -> None:
        self.machine.count_s += seconds

    def _die_perhaps(self, when: str) -> bool:
        """The program is killed and started again, some seconds later."""
        if self.chance.random() >= 0.02:
            return False
        self.happened[f"killed {when}"] += 1
        self._pass(self.chance.uniform(1, 60))
        self._start()
        return True

    def _draw(self) -> None:
        """Let something break, or be well again."""
        chance, faults = self.chance, self.faults
        kind = chance.choice(["store", "disk", "solver", "weather", "devices", "clock", "people"])
        if chance.random() > 0.3:
            return
        match kind:
            case "store":
                faults.store = not faults.store
            case "disk":
                faults.disk = not faults.disk
            case "solver":
                faults.solver = chance.choice(["", "error", "slow", "nan", "wild"])
            case "weather":
                faults.weather = not faults.weather
            case "devices":
                some = chance.sample(range(DEVICES), chance.randint(0, DEVICES))
                faults.silent = frozenset(some)
            case "clock":
                self.machine.set_by += timedelta(hours=chance.choice([-1, 1]))
            case "people":
                self._people()
        self.happened[kind] += 1

    def _people(self) -> None:
        if self.chance.random() < 0.5:
            self.book.mode_now = self.chance.choice(list(Mode))
        else:
            self.book.decide(yes=self.chance.random() < 0.7)

    def _look(self) -> None:
        """Every invariant."""
        devices, book = self.devices, self.book
        self._holds(len(book.live()) <= 1, "two plans are live")
        twice = [key for key, n in Counter(w[:2] for w in devices.written).items() if n > 1]
        self._holds(not twice, f"dispatched twice: {twice[:1]}")
        wild = [w for w in devices.written if not LOW <= w[2] <= HIGH]
        self._holds(not wild, f"outside its bounds: {wild[:1]}")
        strange = [plan for plan, _ in book.commands if plan not in book.plans]
        self._holds(not strange, f"a command without a plan: {strange[:1]}")
        self._holds(not self.solver.deceived, f"stale as fresh: {self.solver.deceived[:1]}")
        self._holds(self.ledger.waiting <= WAITING, "more waits than may")

    def _holds(self, truth: bool, what: str) -> None:
        if not truth:
            raise BrokenInvariantError(
                f"seed {self.seed}, {self.clock.now():%Y-%m-%d %H:%M}: {what}",
                fix=f"replay it: python -m benchmarks.faults --seed {self.seed}",
            )


def lived_through(seed: int, days: float) -> FaultDistrict:
    """A district after some days.

    Raises:
        BrokenInvariantError: something did not hold.
    """
    found = FaultDistrict(seed)
    asyncio.run(found.run(days))
    return found
