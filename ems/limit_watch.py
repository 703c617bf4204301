"""The light guard: holds the limits of connection and car park between two plans.

Each few seconds it looks at the latest readings and has cars and batteries that are under command
take less, or more again, as `ems/domain/limit_guard.py` says; and it gives a car that plugs in
where the plan foresaw none a share of what is free. What it writes goes through the writer like the
plan's own setpoints, with the limit as its reason, and is recorded under the plan in force.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from ems.domain.district import ChargePoint, DeviceKind, District
from ems.domain.errors import EmsError
from ems.domain.limit_guard import Limit, Load, RollingMean, share_a, shed
from ems.domain.plans import Dispatched, Plan, Reason, ReasonCode, Setpoint
from ems.domain.points import Reading, point_id
from ems.domain.slots import Clock, Slot

log = logging.getLogger("ems.cycle")

LOOK_S = 5.0
"""Wall seconds between two looks."""
LATER_SLOTS = 4
"""Cars that the plan lets rest in so many slots wait first."""
WITH_CAR = (1.0, 2.0)
"""States of a charge point with a car: idle and charging."""
CONNECTION = "connection"
FEEDER = "feeder"

Latest = Callable[[str], Reading | None]
Apply = Callable[[Sequence[Setpoint]], Awaitable[Sequence[Dispatched]]]
Record = Callable[[str, Sequence[Dispatched]], Awaitable[None]]


class LimitWatch:
    """Watches the limits of one district."""

    def __init__(
        self,
        district: District,
        clock: Clock,
        latest: Latest,
        held: Callable[[], Collection[str]],
        apply: Apply,
        record: Record,
    ) -> None:
        """`held` names the devices under command: no other is touched."""
        self._district, self._clock, self._latest = district, clock, latest
        self._held, self._apply, self._record = held, apply, record
        self._meter = next(
            (d.id for d in district.of_kind(DeviceKind.METER) if d.serves == "HTA"), ""
        )
        self._chargers = {
            point_id(device.id, "current_limit_a"): (device.id, point)
            for point in district.charge_points.values()
            if (device := district.device_of.get((DeviceKind.CHARGE_POINT, point.id)))
        }
        self._batteries = {
            point_id(device.id, "power_setpoint_kw"): device.id
            for device in district.of_kind(DeviceKind.BATTERY)
        }
        self._limits = tuple(self._all_limits())
        self._plan: Plan | None = None
        self._slot: Slot | None = None
        self._caps: dict[str, float] = {}
        self._guests: dict[str, float] = {}
        self._orders: dict[str, float] = {}
        self._with_car: frozenset[str] | None = None
        self.shed_kw = 0.0
        """What is kept from charge points and batteries at this moment."""

    def offer(self, plan: Plan | None) -> None:
        """Take the plan that was dispatched last; None: none is in force."""
        self._plan = plan

    @property
    def overrun(self) -> str:
        """By how much the connection's ten-minute mean is over what is subscribed, if it is."""
        whole = next(limit for limit in self._limits if limit.name == CONNECTION)
        over_kw = whole.mean.mean_kw(self._clock.now()) - whole.limit_kw
        return f"{over_kw:.0f} kW over {whole.limit_kw:g} kW" if over_kw > 0 else ""

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                await self.look()
            except EmsError as error:
                log.warning("limits between plans: %s", error.message)
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Measure, and write what has to change."""
        now = self._clock.now()
        self._measure(now)
        plan, slot = self._plan, Slot.containing(now)
        if plan is None or slot not in plan.horizon:
            return
        if slot != self._slot:  # the cycle has just written the plan's own values
            self._slot, self._caps, self._guests, self._orders = slot, {}, {}, {}
        wanted = self._wanted(plan, slot)
        loads = [self._load(setpoint, plan, slot) for setpoint in wanted.values()]
        caps = shed(self._limits, loads, self._caps, now)
        self._welcome(wanted, caps)
        orders = self._guests | {p: min(c, self._guests.get(p, c)) for p, c in caps.items()}
        changed = [
            self._order(wanted[point], orders.get(point), point in caps)
            for point in sorted(orders.keys() | self._orders.keys())
            if point in wanted and orders.get(point) != self._orders.get(point)
        ]
        self._caps, self._orders = caps, orders
        self.shed_kw = sum(
            max(0.0, load.planned - caps[load.point]) * load.unit_kw
            for load in loads
            if load.point in caps
        )
        if changed:
            await self._write(plan, changed)

    async def _write(self, plan: Plan, setpoints: Sequence[Setpoint]) -> None:
        told = ", ".join(f"{s.point} {s.value:g} {s.unit}" for s in setpoints)
        log.info("between plans: %s", told)
        await self._record(plan.id, await self._apply(setpoints))

    def _measure(self, now: datetime) -> None:
        for limit in self._limits:
            power_kw = self._power_kw(limit)
            if power_kw is not None:
                limit.mean.add(now, power_kw)

    def _power_kw(self, limit: Limit) -> float | None:
        """What goes through a limit; None where it is not measured."""
        if limit.name == CONNECTION:
            return self._value(self._meter, "power_kw")
        found = [self._value(self._chargers[point][0], "power_kw") for point in limit.members]
        return sum(kw for kw in found if kw is not None)

    def _value(self, device: str, name: str) -> float | None:
        reading = self._latest(point_id(device, name))
        return reading.value if reading is not None and reading.quality.usable else None

    def _all_limits(self) -> Iterator[Limit]:
        park, cars = self._district.car_park, frozenset(self._chargers)
        whole = cars | frozenset(self._batteries)
        groups: dict[str, set[str]] = {}
        for point, (_, charger) in self._chargers.items():
            groups.setdefault(charger.group, set()).add(point)
        for name, members in groups.items():
            yield _limit(name, park.group_kw, frozenset(members))
        yield _limit(FEEDER, park.feeder_kw, cars)
        yield _limit(CONNECTION, self._district.tariff.subscribed_kw, whole)

    def _wanted(self, plan: Plan, slot: Slot) -> dict[str, Setpoint]:
        """What the plan wants of what may be shed and is under command."""
        held = self._held()
        ours = self._chargers.keys() | self._batteries.keys()
        rows = (row for row in plan.setpoints if row.point in ours)
        return {
            row.point: row.at(slot, plan.horizon)
            for row in rows
            if row.point.partition("/")[0] in held
        }

    def _load(self, wanted: Setpoint, plan: Plan, slot: Slot) -> Load:
        if wanted.point in self._batteries:
            power_kw = self._value(self._batteries[wanted.point], "power_kw") or 0.0
            return Load(
                point=wanted.point,
                power_kw=power_kw,
                planned=wanted.value,
                least=wanted.low,
            )
        device, charger = self._chargers[wanted.point]
        return Load(
            point=wanted.point,
            power_kw=self._value(device, "power_kw") or 0.0,
            planned=self._guests.get(wanted.point, wanted.value),
            least=0.0,
            least_on=self._district.car_park.least_current_a,
            unit_kw=self._per_ampere_kw(charger),
            rank=self._rank(wanted, plan, slot),
        )

    def _per_ampere_kw(self, charger: ChargePoint) -> float:
        return charger.phases * self._district.car_park.voltage_v / 1000

    def _rank(self, wanted: Setpoint, plan: Plan, slot: Slot) -> int:
        """The plan's order: who rests soon waits first, who is in a hurry last."""
        if wanted.reason.code is ReasonCode.DEPARTURE:
            return 1000
        row = next(row for row in plan.setpoints if row.point == wanted.point)
        first = plan.horizon.offset(slot)
        return 1 + int(10 * row.values[first + 1 : first + 1 + LATER_SLOTS].sum() / row.high)

    def _welcome(self, wanted: dict[str, Setpoint], caps: dict[str, float]) -> None:
        """Cars that came since the last look get a share where the plan foresaw none."""
        with_car = frozenset(
            point
            for point, (device, _) in self._chargers.items()
            if self._value(device, "state") in WITH_CAR
        )
        came = with_car - (self._with_car if self._with_car is not None else with_car)
        self._with_car = with_car
        self._guests = {p: a for p, a in self._guests.items() if p in with_car}
        least_a = self._district.car_park.least_current_a
        coming = [p for p in came if p in wanted and wanted[p].value < least_a and p not in caps]
        for point in coming:
            charger = self._chargers[point][1]
            free_kw = min(
                limit.limit_kw - limit.mean.power_kw
                for limit in self._limits
                if point in limit.members
            )
            unit_kw = self._per_ampere_kw(charger)
            amperes = share_a(free_kw, len(coming), least_a, charger.current_a_max, unit_kw)
            if amperes:
                self._guests[point] = amperes

    def _order(self, wanted: Setpoint, value: float | None, capped: bool) -> Setpoint:
        """What is written instead of the plan's value; None: the plan's value again."""
        if value is None:
            return wanted
        if not capped:
            return replace(wanted, value=value, reason=Reason(ReasonCode.UNLIMITED))
        behind = (limit for limit in self._limits if wanted.point in limit.members)
        tight = max(behind, key=lambda limit: limit.mean.power_kw / limit.limit_kw)
        whole = tight.name == CONNECTION
        code = ReasonCode.CONNECTION_FULL if whole else ReasonCode.FEEDER_FULL
        return replace(wanted, value=value, reason=Reason(code, tight.limit_kw))


def _limit(name: str, limit_kw: float, members: frozenset[str]) -> Limit:
    return Limit(name=name, limit_kw=limit_kw, members=members, mean=RollingMean())
